"""From descriptions to the numbers of the equations."""

import numpy as np
import pytest

from lithiate.core.infusion import INFUSION_PARAMETERS
from lithiate.core.protocol import SymmetricCycling
from lithiate.errors import DataError
from lithiate.library import anode_with, load_anode, load_composition, load_infusion, without_lithium
from lithiate.twin.host import contact_share
from lithiate.twin.model import fill_electrode
from lithiate.twin.parameters import load_parameters
from lithiate.twin.states import ELECTRODE, LITHIUM_VOLUME

PARAMETERS = load_parameters("nominal")
CYCLING = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=1)


def electrode(anode, parameters=PARAMETERS):
    record = np.zeros(1, dtype=ELECTRODE)
    fill_electrode(record[0], CYCLING, anode, load_composition(anode), parameters)
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


def test_host_without_lithium_is_no_electrode_of_a_symmetric_cell():
    with pytest.raises(DataError, match="nothing was infused"):
        electrode(without_lithium(load_anode("WN/Mo2N@HCN/Li")))
