"""From descriptions to the numbers of the equations."""

import numpy as np
import pytest

from lithiate.core.anode import Anode
from lithiate.core.cell import PlatingCell, SymmetricCell
from lithiate.core.experiments import Nucleation, PlatingEfficiency, SymmetricCycling
from lithiate.core.infusion import INFUSION_PARAMETERS
from lithiate.errors import SimulationError
from lithiate.library import anode_with, load_anode, load_composition, load_infusion, load_substrate, without_lithium
from lithiate.twin import solve
from lithiate.twin.closures import Choices
from lithiate.twin.host import contact_share
from lithiate.twin.model import Described, fill_electrode
from lithiate.twin.parameters import load_parameters
from lithiate.twin.states import ADDITIVE, ELECTRODE, ELECTROLYTE, LITHIUM_VOLUME, OUT_VOLTAGE, Q_RESERVOIR

PARAMETERS = load_parameters("nominal")
CYCLING = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=2)
PLATING = PlatingEfficiency(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=3)


def electrode(anode, parameters=PARAMETERS):
    record = np.zeros(1, dtype=ELECTRODE)
    described = Described(anode, load_composition(anode))
    fill_electrode(record[0], 298.15, described, SymmetricCell(anode), parameters, Choices())
    return record[0]


@pytest.mark.parametrize("ratio", ["1:2", "1:3", "2:1"])
def test_electrode_is_what_the_infusion_made(ratio):
    anode = anode_with(load_anode("WN/Mo2N@HCN/Li"), {"host_to_lithium_mass_ratio": ratio})
    record, infusion = electrode(anode), load_infusion(anode)
    assert record["initial_reservoir"] == pytest.approx(infusion.available_capacity, rel=1e-12)
    assert record["initial_void"] == pytest.approx(infusion.void_capacity, rel=1e-12)
    assert record["lithiophilic_barrier"] == pytest.approx(infusion.sites.barrier, rel=1e-12)
    assert record["nitride_capture"] == pytest.approx(infusion.sites.loosening_capture, rel=1e-12)
    contact = contact_share(
        infusion.sphere_volume_fraction, PARAMETERS["percolation_threshold"], PARAMETERS["percolation_width"]
    )
    area = PARAMETERS["active_area_fraction"] * contact * infusion.sphere_area_per_volume
    assert record["area_density"] == pytest.approx(area, rel=1e-12)
    # Voids and lithium fill what solids leave: their charges stand for the space of the whole electrode.
    space = record["liquid_share"] * anode.thickness / LITHIUM_VOLUME
    stored = infusion.areal_capacity + infusion.void_capacity
    assert stored == pytest.approx(space, rel=2e-3)  # 13.0 cm3/mol against 534 kg/m3


def test_parameters_of_the_set_reach_the_infusion():
    anode = load_anode("HCN/Li")
    changed = PARAMETERS.with_values({"carbon_wetting_cosine": 0.2})
    assert electrode(anode, changed)["initial_void"] < 0.6 * electrode(anode)["initial_void"]
    values = {name: changed[name] for name in INFUSION_PARAMETERS}
    assert electrode(anode, changed)["initial_void"] == pytest.approx(load_infusion(anode, values).void_capacity)


@pytest.mark.parametrize("bare", ["Cu foil", "host"])
def test_a_symmetric_cell_needs_lithium(bare):
    anode = load_anode(bare) if bare == "Cu foil" else without_lithium(load_anode("WN/Mo2N@HCN/Li"))
    with pytest.raises(SimulationError, match="no lithium") as caught:
        solve(SymmetricCell(anode), CYCLING)
    assert caught.value.code == "LI-TWIN-001"


def test_interphase_on_exposed_carbon_is_debited_from_additive_and_electrolyte():
    solution = solve(SymmetricCell("HCN/Li"), CYCLING)
    model, start = solution.model, solution.initial_state
    formed = 2.0 * load_infusion(load_anode("HCN/Li")).sei_charge_on_exposed_carbon
    by_additive = float(model.cell["initial_additive"]) - start[ADDITIVE]
    assert by_additive == pytest.approx(float(model.cell["additive_share"]) * formed)
    used = solution.cell.electrolyte_volume - start[ELECTROLYTE]
    assert used == pytest.approx(float(model.cell["solvent_consumption"]) * (formed - by_additive))
    assert used > 0.0


@pytest.mark.parametrize("name", ["Cu foil", "Li foil", "WN/Mo2N@HCN/Li", "HCN/Li"])
def test_plating_cells_begin_without_lithium_and_lose_some(name):
    """What was plated and not stripped is dead, interphase or left; efficiencies lie between 0.9 and 1."""
    solution = solve(PlatingCell(name), PLATING, chance=False)
    assert solution.stopped_by == "end of test"
    assert solution.initial_state[Q_RESERVOIR] == 0.0
    durations = np.diff(solution.step_ends, prepend=0.0)
    efficiency = durations[1::2] / durations[0::2]
    assert np.all((efficiency > 0.9) & (efficiency < 1.0))
    last = solution.samples[-1]
    assert last[2 + OUT_VOLTAGE] == pytest.approx(1.0, rel=1e-4)


def test_a_rest_after_plating_costs_lithium_on_copper():
    """Galvanic corrosion and film growth go on at rest: the efficiency falls with a pause."""
    found = []
    for pause in (0.0, 86400.0):
        test = PlatingEfficiency(
            current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=1, rest_after_plating=pause
        )
        solution = solve(PlatingCell("Cu foil"), test, chance=False)
        durations = np.diff(solution.step_ends, prepend=0.0)
        found.append(durations[-1] / durations[0])
    assert found[1] < found[0] - 5e-4


def test_nucleation_follows_the_barrier_of_the_substrate():
    """Tips stand in the order of the library's barriers, from gold to copper."""
    test = Nucleation(current_density="0.5 mA/cm^2", areal_capacity="0.5 mAh/cm^2")
    names = ["Au", "Zn", "N-doped carbon", "Ni foil", "Cu foil"]
    barriers = [load_substrate(name).nucleation_barrier for name in names]
    tips = []
    for name in names:
        samples = solve(PlatingCell(name), test, chance=False).samples
        tips.append(samples[:, 2 + OUT_VOLTAGE].max())
    order = np.argsort(barriers, kind="stable")
    assert np.all(np.diff(np.array(tips)[order]) >= -1e-4)
    assert tips[-1] - tips[0] > 0.02


@pytest.mark.parametrize("ratio", ["1:2", "1:2.5", "1:3", "1:4"])
def test_every_ratio_runs(ratio):
    anode = anode_with(load_anode("WN/Mo2N@HCN/Li"), {"host_to_lithium_mass_ratio": ratio})
    assert isinstance(anode, Anode)
    solution = solve(SymmetricCell(anode), CYCLING)
    assert solution.stopped_by == "end of test"
    assert np.isfinite(solution.samples).all()
