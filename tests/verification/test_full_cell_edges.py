"""The edges of a full cell: what ends with its reason, what is refused, what a protocol in words can do."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.anode import Anode
from lithiate.core.cell import FullCell, SymmetricCell
from lithiate.core.full_experiments import AnodeFree, FullCycling, FullTafel, Rate
from lithiate.core.protocol import Protocol
from lithiate.errors import SimulationError, SpecError
from lithiate.twin import load_parameters, solve
from lithiate.twin.solver import ATTEMPTS_PER_CALL
from lithiate.twin.states import LEAKED, OUT_CURRENT, OUT_VOLTAGE, PASSED, SHORT

FOIL, COMPOSITE = "Li foil", "WN/Mo2N@HCN/Li"
REASONS = {"end of test", "capacity lost", "salt depletion", "lithium exhausted", "short circuit", "voltage limit"}
HALF_CYCLE_STEPS = 1000
"""Steps of the integrator that no half cycle here needs."""


def run(cell, experiment, **settings):
    """Solve, and hold the run to what every run must be: finite, ended by a reason, and not crawling."""
    solution = solve(cell, experiment, **settings)
    assert solution.stopped_by in REASONS
    assert np.isfinite(solution.states).all()
    assert np.isfinite(solution.samples).all()
    assert np.isfinite(solution.record().voltage).all()
    assert np.all(np.diff(solution.samples[:, 0]) >= 0.0)
    assert solution.integrator_steps < HALF_CYCLE_STEPS * max(len(solution.step_ends), 1) < HALF_CYCLE_STEPS * 10_000
    assert ATTEMPTS_PER_CALL > HALF_CYCLE_STEPS
    return solution


def codes(solution):
    return {warning.split()[0] for warning in solution.warnings()}


def protocol(*steps):
    return Protocol(steps=list(steps))


@pytest.mark.parametrize("loading", ["0.1 mg/cm^2", "40 mg/cm^2"])
@pytest.mark.parametrize("rate", [0.2, 1.0])
def test_loadings(loading, rate):
    solution = run(FullCell(FOIL, cathode_loading=loading), FullCycling(cycles=2, c_rate=rate), chance=False)
    assert len(solution.step_ends) >= 3
    # automatic: 8 mAh/cm2 at 1 C takes a particle for each cell of the cathode, 20 uAh/cm2 never does
    assert (solution.model.sizes.particles > 1) == (loading == "40 mg/cm^2" and rate == 1.0)


def test_fifty_c_gives_less_than_one_c():
    cell = FullCell(FOIL, cathode_loading="0.5 mg/cm^2")
    slow, fast = (run(cell, FullCycling(cycles=2, c_rate=rate)) for rate in (1.0, 50.0))
    passed = [solution.states[-1, PASSED] - solution.states[-2, PASSED] for solution in (slow, fast)]
    assert 0.0 < passed[1] < 0.95 * passed[0]


def test_a_current_that_the_cell_cannot_carry_is_told_as_such():
    with pytest.raises(SimulationError, match="ends as soon as it begins"):
        solve(FullCell(FOIL, cathode_loading="10 mg/cm^2"), FullCycling(cycles=2, c_rate=50.0))


@pytest.mark.parametrize(("ratio", "partially"), [(0.1, True), (0.3, True), (1.0, True), (3.0, False), (10.0, False)])
def test_electrolyte_ratios(ratio, partially):
    cell = FullCell(FOIL, cathode_loading="4 mg/cm^2", electrolyte_to_cathode_ratio=f"{ratio} uL/mg")
    solution = run(cell, FullCycling(cycles=3))
    assert ("LI-W-TWIN-003" in codes(solution)) == partially


def test_hardly_wet_pores_are_refused():
    cell = FullCell(FOIL, cathode_loading="0.5 mg/cm^2", electrolyte_to_cathode_ratio="0.1 uL/mg")
    with pytest.raises(SimulationError, match="hardly wets") as caught:
        solve(cell, FullCycling(cycles=1))
    assert caught.value.code == "LI-TWIN-001"
    assert caught.value.where == "electrolyte_to_cathode_ratio"


@pytest.mark.parametrize(("low", "high"), [(1.0, 4.3), (2.8, 4.6), (2.0, 2.1), (4.5, 4.6)])
def test_windows_beyond_the_open_circuit_potential_are_refused(low, high):
    with pytest.raises(SimulationError, match="voltage window") as caught:
        solve(FullCell(FOIL), FullCycling(cycles=1, lower_voltage=f"{low} V", upper_voltage=f"{high} V"))
    assert caught.value.code == "LI-TWIN-001"


@pytest.mark.parametrize(
    "steps",
    [
        ("Charge at 1 C until 6 V",),
        ("Charge at 1 C until 4.3 V", "Discharge at 1 C until 0 V"),
        ("Hold at 10 V for 1 hour",),
        ("Hold at -1 V for 1 hour",),
    ],
)
def test_voltages_of_steps_beyond_it_are_refused_too(steps):
    with pytest.raises(SimulationError, match="voltage of a step") as caught:
        solve(FullCell(FOIL), protocol(*steps))
    assert caught.value.code == "LI-TWIN-001"


@pytest.mark.parametrize(("low", "high"), [(4.2, 4.3), (3.8, 3.81), (4.299, 4.3)])
def test_tiny_windows_run_or_end(low, high):
    solution = run(FullCell(FOIL), FullCycling(cycles=5, lower_voltage=f"{low} V", upper_voltage=f"{high} V"))
    assert solution.stopped_by in ("end of test", "capacity lost")
    assert solution.voltage.max() <= high + 5e-3  # the first voltage of a charge may lie beyond


@pytest.mark.parametrize("anode", [FOIL, COMPOSITE])
def test_constant_voltage_takes_over_and_adds_charge(anode):
    cell = FullCell(anode, cathode_loading="10 mg/cm^2")
    with_hold = run(cell, FullCycling(cycles=2, hold_until_c_rate=0.05), chance=False)
    without = run(cell, FullCycling(cycles=2), chance=False)
    start, end = with_hold.step_ends[0], with_hold.step_ends[1]
    rows = (with_hold.samples[:, 0] > start) & (with_hold.samples[:, 0] <= end)
    current = with_hold.samples[rows, 2 + OUT_CURRENT]
    assert np.all(np.diff(current) < 0.0)
    assert current[-1] == pytest.approx(0.05 * with_hold.model.one_c, rel=1e-3)
    np.testing.assert_allclose(with_hold.samples[rows, 2 + OUT_VOLTAGE], 4.3, atol=1e-6)
    assert with_hold.states[1, PASSED] > without.states[0, PASSED]
    discharged = with_hold.states[2, PASSED] - with_hold.states[1, PASSED]
    assert discharged > without.states[1, PASSED] - without.states[0, PASSED]


def test_a_hold_below_the_open_circuit_voltage_discharges():
    solution = run(FullCell(FOIL), protocol("Charge at 1 C until 4.3 V", "Hold at 3.7 V until 0.05 C"))
    assert list(solution.step_sides) == [1, 0]
    assert solution.voltage[-1] == pytest.approx(3.7, abs=1e-6)


@pytest.mark.parametrize("anode", [FOIL, COMPOSITE])
def test_a_day_at_rest_is_quick_and_continuous(anode):
    """The voltage relaxes: no jump at the start beyond the drop of the current, none later."""
    solution = run(
        FullCell(anode),
        protocol("Charge at 1 C until 4.3 V", "Rest for 24 hours", "Discharge at 1 C until 2.8 V", "Rest for 24 hours"),
    )
    assert solution.integrator_steps < 500
    for k in (1, 3):
        rows = (solution.samples[:, 0] > solution.step_ends[k - 1]) & (solution.samples[:, 0] <= solution.step_ends[k])
        voltage = solution.voltage[rows]
        assert np.abs(np.diff(voltage)[6:]).max() < 5e-3


def test_a_month_at_rest_with_a_strong_shuttle_does_not_crawl():
    shuttling = load_parameters().with_values({"shuttle_rate": 2e-8})
    steps = ("Charge at 1 C until 4.3 V", "Rest for 720 hours", "Discharge at 1 C until 2.8 V")
    solution = run(FullCell(FOIL), protocol(*steps), parameters=shuttling, chance=False)
    assert solution.integrator_steps < 1500
    plain = run(FullCell(FOIL), protocol(*steps), chance=False)
    assert solution.states[2, PASSED] - solution.states[1, PASSED] < plain.states[2, PASSED] - plain.states[1, PASSED]


@pytest.mark.parametrize("anode", [FOIL, COMPOSITE])
def test_without_lithium_of_its_own_the_anode_ends_by_what_it_loses(anode):
    solution = run(FullCell(anode, anode_free=True), AnodeFree(cycles=150), chance=False)
    passed = np.diff(solution.states[:, PASSED], prepend=0.0)
    discharged = passed[1::2]
    assert discharged[-1] < discharged[0]
    if anode == FOIL:
        assert solution.stopped_by == "capacity lost"
        assert discharged[len(discharged) // 2] < discharged[0]


@pytest.mark.parametrize("temperature", ["0 degC", "60 degC"])
@pytest.mark.parametrize("anode", [FOIL, COMPOSITE])
def test_cold_and_warm(temperature, anode):
    assert len(run(FullCell(anode), FullCycling(cycles=2, temperature=temperature)).step_ends) == 4


@pytest.mark.parametrize("cathode", ["NCM811", "NMC532", "LCO", "NCA", "LFP"])
def test_all_cathodes_of_the_library(cathode):
    for model in ("single-particle", "porous-electrode"):
        solution = run(FullCell(FOIL, cathode=cathode), Rate(c_rates=[0.2, 5.0], cycles_per_rate=2),
                       closures={"cathode": model})  # fmt: skip
        assert solution.stopped_by == "end of test"
        window = solution.cathode.voltage_window
        assert window[0] - 1e-4 <= solution.voltage.min() < solution.voltage.max() <= window[1] + 1e-4


def test_thin_lithium_runs_out_and_says_so():
    thin = Anode(name="thin", kind="foil", thickness=20e-6)
    solution = run(FullCell(thin, cathode_loading="20 mg/cm^2"), FullCycling(cycles=300, c_rate=0.5), chance=False)
    assert solution.stopped_by == "capacity lost"
    assert "LI-W-TWIN-004" in codes(solution)


def test_a_hard_short_ends_the_test_and_is_named():
    leaky = load_parameters().with_values(
        {
            "short_rate": 1.0 / 3600.0,
            "short_conductance": 200.0,
            "short_healing_time": 36000.0,
            "initial_roughness": 1.0,
            "dead_layer_initial_thickness": 2e-6,
        }
    )
    solution = run(FullCell(FOIL), FullCycling(cycles=100), parameters=leaky, seed=0)
    assert solution.stopped_by == "short circuit"
    assert solution.states[-1, SHORT] > 0.0
    assert solution.states[-1, LEAKED] > 0.0


def test_a_sweep_through_zero_current_is_no_short():
    """The shuttle alone leaks; as the current of a sweep passes through zero its share is all, and nothing is short."""
    for model in ("single-particle", "porous-electrode"):
        solution = solve(FullCell(FOIL), FullTafel(), closures={"cathode": model})
        assert solution.stopped_by == "end of test"
        assert solution.states[-1, SHORT] == 0.0
        assert np.isfinite(solution.samples).all()


@pytest.mark.parametrize("model", ["single-particle", "porous-electrode", "automatic"])
def test_same_seed_same_bits(model):
    one, other = (
        solve(FullCell(FOIL, cathode_loading="20 mg/cm^2"), FullCycling(cycles=4), seed=5, closures={"cathode": model})
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.states, other.states)
    np.testing.assert_array_equal(one.samples, other.samples)


def test_protocols_in_words():
    solution = run(
        FullCell(FOIL, reference_electrode=True),
        protocol(
            "Charge at 0.5 C until 4.2 V", "Rest for 10 minutes", "Sweep from 0 V to 0.05 V at 1 mV/s",
            "Sweep from 0.05 V to -0.1 V at 1 mV/s", "Discharge at 1 mA/cm2 until 3 V or for 20 minutes",
            "Hold at 3.5 V for 5 minutes",
        ),
    )  # fmt: skip
    assert len(solution.step_ends) == 6
    record = solution.record()
    assert record.electrode_potential is not None
    assert np.isfinite(record.electrode_potential).all()
    # the reference in the separator: between the cathode and the lithium
    rest = solution.samples[:, 2 + OUT_CURRENT] == 0.0
    assert rest.any()
    np.testing.assert_allclose(record.electrode_potential[rest], record.voltage[rest], atol=5e-3)


@pytest.mark.parametrize("model", ["single-particle", "porous-electrode"])
def test_a_profile_of_a_thousand_one_second_steps(model):
    profile = {"repeat": 500, "steps": ["Discharge at 2 C for 1 second", "Charge at 1 C for 1 second"]}
    solution = run(
        FullCell(FOIL), protocol("Charge at 1 C for 30 minutes", profile), closures={"cathode": model}, chance=False
    )
    assert len(solution.step_ends) == 1001
    assert solution.step_ends[-1] == pytest.approx(2800.0)
    assert solution.integrator_steps < 15_000


def test_steps_of_the_other_kind_of_cell_are_refused():
    for cell, step in (
        (FullCell(FOIL), "Plate at 1 mA/cm2 for 1 hour"),
        (SymmetricCell(FOIL), "Charge at 1 C until 4 V"),
    ):
        with pytest.raises(SimulationError, match="another kind of cell"):
            solve(cell, protocol(step))
    with pytest.raises(SpecError):
        FullCycling(lower_voltage="3.8 V", upper_voltage="3.8 V")
