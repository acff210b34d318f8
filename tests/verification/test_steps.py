"""Steps of every kind: rests, set voltages, sweeps, cut-offs, asymmetric half cycles; what they must keep and show."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.constants import FARADAY
from lithiate.core.anode import Anode
from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import CriticalCurrent, Nucleation, SymmetricCycling, Tafel
from lithiate.core.protocol import Protocol
from lithiate.errors import SimulationError
from lithiate.twin import Sampling, load_parameters, solve
from lithiate.twin.states import (
    EXCESS_SALT,
    LITHIUM_STORES,
    OUT_CURRENT,
    OUT_VOLTAGE,
    PASSED,
    PER_ELECTRODE,
    Q_INTERIOR,
    Q_RESERVOIR,
    Q_SEI_TOP,
    Q_TOP,
    SALT,
)

EVERYTHING = Protocol(
    steps=[
        "Rest for 2 h",
        {
            "repeat": 2,
            "steps": [
                "Plate at 1 mA/cm2 for 30 min",
                "Rest for 10 min",
                "Plate at 0.5 mA/cm2 until 0.5 mAh/cm2",
                "Hold at -20 mV for 10 minutes",
                "Strip at 2 mA/cm2 for 1 hour or until 0.3 V",
                "Hold at 30 mV for 10 minutes",
                "Rest for 24 h",
                "Sweep from -0.05 V to 0.05 V at 1 mV/s",
            ],
        },
    ]
)
COMPOSITE = "WN/Mo2N@HCN/Li"
THIN = Anode(name="thin foil", kind="foil", thickness=4e-6)


@pytest.fixture(scope="module")
def mixed():
    return {name: solve(SymmetricCell(name), EVERYTHING, seed=3) for name in ("Li foil", COMPOSITE)}


@pytest.mark.parametrize("name", ["Li foil", COMPOSITE])
def test_lithium_and_salt_are_conserved_through_every_kind_of_step(mixed, name):
    """What electrode A gained is what electrode B lost; the salt of the cell is what it was; to 1e-10 of throughput."""
    solution = mixed[name]
    states = np.vstack([solution.initial_state, solution.states])
    a = states[:, list(LITHIUM_STORES)].sum(axis=1)
    b = states[:, [PER_ELECTRODE + k for k in LITHIUM_STORES]].sum(axis=1)
    salt = states[:, SALT:].sum(axis=1) + states[:, EXCESS_SALT]
    throughput = states[-1, PASSED]
    assert throughput > 36000.0
    np.testing.assert_allclose(a + b, a[0] + b[0], rtol=0, atol=1e-10 * throughput)
    np.testing.assert_allclose(salt, salt[0], rtol=0, atol=1e-10 * throughput / FARADAY)


def test_charge_is_the_integral_of_the_recorded_current(mixed):
    """Under set voltages too, where the current is an outcome (trapezoids over the samples, hence 1 %)."""
    solution = mixed[COMPOSITE]
    samples = solution.samples
    recorded = np.trapezoid(samples[:, 2 + OUT_CURRENT], samples[:, 0])
    assert recorded == pytest.approx(solution.states[-1, PASSED], rel=0.01)


def test_held_and_swept_voltages_are_what_was_set(mixed):
    solution = mixed[COMPOSITE]
    record = solution.record()
    ends = np.concatenate([[0.0], solution.step_ends])
    hold = (record.time > ends[4] + 1.0) & (record.time <= ends[5])
    np.testing.assert_allclose(record.voltage[hold], -0.020, atol=1e-8)
    sweep = (record.time > ends[8]) & (record.time <= ends[9])
    expected = -0.05 + 1e-3 * (record.time[sweep] - ends[8])
    np.testing.assert_allclose(record.voltage[sweep], expected, atol=2e-5)
    assert np.all(np.diff(record.voltage[sweep]) > 0)


def test_a_hold_ends_when_its_current_has_fallen():
    """A thin foil is stripped at 30 mV until its lithium runs out and the current falls."""
    protocol = Protocol(steps=["Plate at 1 mA/cm2 for 30 min", "Hold at 30 mV until 0.1 mA/cm2"])
    solution = solve(SymmetricCell(THIN), protocol, chance=False)
    assert solution.stopped_by == "end of test"
    held = solution.samples[solution.samples[:, 0] > solution.step_ends[0]]
    assert held[-1, 2 + OUT_CURRENT] == pytest.approx(1.0, rel=1e-3)
    assert held[1:-1, 2 + OUT_CURRENT].min() > 1.0


def test_a_cut_off_ends_the_step_and_not_the_test():
    """A foil of 0.8 mAh/cm2 that is asked for 1: each half cycle ends where the electrode that strips has no more."""
    experiment = SymmetricCycling(
        current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=3, cut_off_voltage="0.3 V"
    )
    solution = solve(SymmetricCell(THIN), experiment, chance=False)
    assert solution.stopped_by == "end of test"
    assert len(solution.step_ends) == 6
    first = solution.samples[solution.samples[:, 0] <= solution.step_ends[0]]
    assert first[-1, 2 + OUT_VOLTAGE] == pytest.approx(0.3, rel=1e-4)
    assert 2700.0 < solution.step_ends[0] < 3600.0


def test_rest_changes_nothing_but_what_rests_change():
    """Salt evens out to nothing of a gradient, the voltage goes to zero, film growth alone takes lithium."""
    solution = solve(SymmetricCell("Li foil"), Protocol(steps=["Plate at 1 mA/cm2 for 1 h", "Rest for 24 h"]))
    before, after = solution.states
    assert abs(solution.record().voltage[-1]) < 1e-6
    assert after[Q_TOP] == before[Q_TOP]
    grown = after[Q_SEI_TOP] - before[Q_SEI_TOP]
    assert grown > 0.0
    assert before[Q_RESERVOIR] - after[Q_RESERVOIR] == pytest.approx(grown, rel=1e-9)


def test_film_growth_at_rest_is_its_closed_form():
    """i = i_0 losses/(1 + q/q_f) from a bare start: q + q^2/(2 q_f) = i_0 t, as long as the additive hardly falls."""
    nominal = load_parameters()
    parameters = nominal.with_values({"additive_protection": nominal.parameters["additive_protection"].low})
    days = 20.0 * 86400.0
    solution = solve(SymmetricCell("Li foil"), Protocol(steps=[f"Rest for {days:g} s"]), parameters=parameters)
    model = solution.model
    film, start = float(model.electrodes[0]["growth_film_charge"]), float(model.electrodes[0]["calendar_current"])
    found = solution.states[-1, Q_SEI_TOP]
    cover = 1.0 / (1.0 + float(model.cell["additive_half_protection"]))
    losses = 1.0 + float(model.cell["additive_protection"]) * (1.0 - cover)
    exact = film * (np.sqrt(1.0 + 2.0 * start * losses * days / film) - 1.0)
    assert found == pytest.approx(exact, rel=2e-2)
    assert found < 0.8 * start * losses * days  # the film has slowed itself


def test_lithium_moves_from_the_top_into_wetted_cavities_at_rest():
    protocol = Protocol(steps=["Plate at 5 mA/cm2 for 12 min", "Rest for 24 h"])
    moved = solve(SymmetricCell(COMPOSITE), protocol, chance=False)
    still = solve(SymmetricCell(COMPOSITE), protocol, chance=False, disabled_mechanisms=["capillary_stabilisation"])
    top = [s.states[1, Q_TOP] - s.states[0, Q_TOP] for s in (moved, still)]
    inside = moved.states[1, Q_INTERIOR] - moved.states[0, Q_INTERIOR]
    assert top[0] < -100.0
    assert inside == pytest.approx(-top[0], rel=0.1)
    assert top[1] == 0.0


def test_a_pause_within_a_plating_needs_no_new_nucleation():
    """Plating in two halves with a pause has one tip; stripping in between has two."""
    halves = ["Plate at 1 mA/cm2 for 30 min", "Rest for 10 min", "Plate at 1 mA/cm2 for 30 min"]
    turned = [halves[0], "Strip at 1 mA/cm2 for 40 min", halves[0]]
    starts = []
    for steps in (halves, turned):
        solution = solve(SymmetricCell("Li foil"), Protocol(steps=steps), chance=False, disabled_mechanisms=["pitting"])
        samples = solution.samples
        last = samples[samples[:, 0] > solution.step_ends[1]]
        starts.append(last[:, 2 + OUT_VOLTAGE].max() - last[-1, 2 + OUT_VOLTAGE])
    assert starts[1] > starts[0] + 5e-3


def test_a_slow_sweep_through_zero_has_the_steady_resistance():
    """Around zero a sweep and small constant currents see one resistance, once lithium covers both electrodes."""
    ready = ["Plate at 1 mA/cm2 for 1 h", "Strip at 1 mA/cm2 for 30 min"]
    swept = solve(
        SymmetricCell("Li foil"), Protocol(steps=[*ready, "Sweep from 0 V to 0.004 V at 0.02 mV/s"]), chance=False
    )
    held = solve(SymmetricCell("Li foil"), Protocol(steps=[*ready, "Hold at 0.002 V for 10 minutes"]), chance=False)
    samples = swept.samples[swept.samples[:, 0] > swept.step_ends[1] + 1.0]
    current = np.interp(0.002, samples[:, 2 + OUT_VOLTAGE], samples[:, 2 + OUT_CURRENT])
    assert held.samples[-1, 2 + OUT_CURRENT] == pytest.approx(current, rel=0.03)


@pytest.mark.parametrize("name", ["Li foil", COMPOSITE])
def test_tafel_sweep_rises_with_voltage_and_vanishes_at_zero(name):
    curve = solve(SymmetricCell(name), Tafel(), chance=False).measurement()
    assert curve.technique == "polarisation"
    assert np.abs(curve.voltage).max() == pytest.approx(0.2, abs=1e-6)
    plating = curve.voltage < 0.0
    assert np.all(np.diff(curve.areal_current[plating]) > 0.0)
    clear = np.abs(curve.voltage) > 0.02
    assert np.all(np.sign(curve.current[clear]) == np.sign(curve.voltage[clear]))
    assert abs(np.interp(0.0, curve.voltage, curve.areal_current)) < 0.02 * np.abs(curve.areal_current).max()


def test_electrode_potentials_add_up_to_the_voltage_of_the_cell(cycling):
    """With a reference in the middle of a symmetric cell that has not been cycled, each electrode has its own part."""
    cell = SymmetricCell("Li foil", reference_electrode=True)
    record = solve(cell, cycling(2), chance=False).record()
    assert record.electrode_potential is not None
    other = record.electrode_potential - record.voltage  # counter electrode against the reference
    plating = record.current < 0
    assert np.all(record.electrode_potential[plating] < 0.0)
    assert np.all(other[plating] > 0.0)
    plain = solve(SymmetricCell("Li foil"), cycling(2), chance=False).record()
    assert plain.electrode_potential is None
    np.testing.assert_array_equal(plain.voltage, record.voltage)


def test_asymmetric_currents_pass_the_same_charge():
    experiment = SymmetricCycling(
        current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=2, stripping_current_density="2 mA/cm^2"
    )
    solution = solve(SymmetricCell("Li foil"), experiment)
    durations = np.diff(solution.step_ends, prepend=0.0)
    np.testing.assert_allclose(durations, [3600.0, 1800.0, 3600.0, 1800.0])
    assert solution.states[-1, PASSED] == pytest.approx(4 * 36000.0, rel=1e-12)


def test_stepped_currents_go_on_until_a_hard_short_or_the_limit():
    experiment = CriticalCurrent(
        current_densities=["1 mA/cm^2", "2 mA/cm^2", "4 mA/cm^2"], areal_capacity="1 mAh/cm^2", cycles_per_step=1
    )
    solution = solve(SymmetricCell("Li foil"), experiment, chance=False)
    record = solution.record()
    assert sorted({round(float(c), 6) for c in np.abs(record.areal_current)}) == [10.0, 20.0, 40.0]


def test_formation_and_rest_come_first(cycling):
    experiment = cycling(1, rest_after_assembly="2 h", formation_cycles=1, formation_rate="0.2 mA/cm^2")
    solution = solve(SymmetricCell("Li foil"), experiment)
    assert list(solution.step_sides) == [-1, 0, 1, 0, 1]
    np.testing.assert_allclose(np.diff(solution.step_ends, prepend=0.0), [7200.0, 18000.0, 18000.0, 3600.0, 3600.0])


def test_voltage_steps_record_where_the_voltage_moves():
    """A cycler with dV = 1 mV: neighbours never differ by more than that plus what the dense grid misses."""
    test = Nucleation(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2")
    plan = Sampling(interval=600.0, dense_interval=1.0, voltage_step=1e-3)
    found = solve(SymmetricCell("Li foil"), test, sampling=plan, chance=False).record()
    full = solve(
        SymmetricCell("Li foil"), test, sampling=Sampling(interval=1.0, dense_interval=1.0), chance=False
    ).record()
    assert len(found.time) < 0.1 * len(full.time)
    jumps = np.abs(np.diff(found.voltage))[1:]
    assert jumps.max() < 1e-3 + np.abs(np.diff(full.voltage))[1:].max()
    assert np.diff(found.time).max() <= 600.0 + 1.0


def test_a_sweep_that_is_too_wide_is_refused():
    with pytest.raises(SimulationError, match="voltage") as caught:
        solve(SymmetricCell("Li foil"), Protocol(steps=["Sweep from 0 V to 2 V at 1 mV/s"]))
    assert caught.value.code == "LI-TWIN-001"
