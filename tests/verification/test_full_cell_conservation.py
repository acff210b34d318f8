"""A full cell: lithium, salt and charge, with losses, shuttle, shorts, holds and rests; every store on its own."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.constants import FARADAY
from lithiate.core.cell import FullCell
from lithiate.core.full_experiments import FullCycling
from lithiate.core.protocol import Protocol
from lithiate.twin import load_parameters, solve
from lithiate.twin.full_states import SHUTTLED, SIDE_PRODUCTS, TRAPPED
from lithiate.twin.solver import COMPLETE
from lithiate.twin.states import (
    ELECTROLYTE,
    EXCESS_SALT,
    LEAKED,
    LITHIUM_STORES,
    OUT_CURRENT,
    PASSED,
    Q_DEAD,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
    SALT,
    SHORT,
)

SHARE_OF_THROUGHPUT = 1e-10
FOIL, COMPOSITE = "Li foil", "WN/Mo2N@HCN/Li"


def stores(solution):
    """Return lithium of the anode, of the cathode, and the states, the fresh cell first."""
    begin = solution.initial_state
    assert begin.size == solution.states.shape[1]
    states = np.vstack([begin, solution.states])
    first = SALT + solution.model.sizes.salt_cells
    anode = states[:, list(LITHIUM_STORES)].sum(axis=1)
    return anode, states[:, first:].sum(axis=1) + states[:, TRAPPED], states


def check(solution):
    """Compare the sums with what theory says; return the throughput [C/m2]."""
    anode, cathode, states = stores(solution)
    throughput = np.abs(np.diff(states[:, PASSED])).sum()
    assert np.abs(anode + cathode - anode[0] - cathode[0]).max() <= SHARE_OF_THROUGHPUT * throughput
    first = SALT + solution.model.sizes.salt_cells
    salt = states[:, SALT:first].sum(axis=1) + states[:, EXCESS_SALT]
    assert np.abs(salt - salt[0]).max() <= SHARE_OF_THROUGHPUT * (salt[0] + throughput / FARADAY)
    # charging takes lithium out of the cathode, a leak brings it back
    sign = np.where(solution.step_sides == 1, -1.0, 1.0)
    leaked = np.diff(states[:, LEAKED] + states[:, SHUTTLED])
    expected = np.cumsum(sign * np.diff(states[:, PASSED]) + leaked)
    assert np.abs(cathode[1:] - cathode[0] - expected).max() <= SHARE_OF_THROUGHPUT * throughput
    for store in (Q_DEAD, Q_SEI_TOP, Q_SEI_INTERIOR, SIDE_PRODUCTS, SHUTTLED, TRAPPED):
        assert np.diff(states[:, store]).min() >= -1e-9
    assert np.diff(states[:, ELECTROLYTE]).max() <= 0.0
    return throughput


def current_outside(solution, steps):
    """Charge of the steps at constant current, current x time outside the solver [C/m2]."""
    durations = np.diff(solution.step_ends, prepend=0.0)
    return np.array([durations[k] for k in steps])


@pytest.mark.parametrize("anode", [FOIL, COMPOSITE])
@pytest.mark.parametrize("cathode", ["single-particle", "porous-electrode"])
@pytest.mark.parametrize("conditions", [{}, {"hold_until_c_rate": 0.05, "rest": "10 min"}])
def test_twenty_cycles(anode, cathode, conditions):
    cell = FullCell(anode, cathode_loading="4 mg/cm^2")
    solution = solve(cell, FullCycling(cycles=20, **conditions), closures={"cathode": cathode})
    assert solution.stopped_by == "end of test"
    check(solution)
    if not conditions:
        passed = np.diff(solution.states[:, PASSED], prepend=0.0)
        outside = solution.model.one_c * current_outside(solution, range(40))
        np.testing.assert_allclose(passed, outside, rtol=1e-10)
    _, _, states = stores(solution)
    assert states[-1, TRAPPED] > 0.0
    assert states[-1, SHUTTLED] > 0.0


def test_the_sampled_current_integrates_to_the_charge_of_a_hold():
    """A hold, whose current falls: the trapezoid of the record against the state that the solver integrates."""
    steps = ["Charge at 1 C until 4.3 V", "Hold at 4.3 V until 0.05 C"]
    solution = solve(FullCell(FOIL, cathode_loading="4 mg/cm^2"), Protocol(steps=steps))
    begin = solution.step_ends[0]
    rows = solution.samples[:, 0] >= begin
    time, current = solution.samples[rows, 0], solution.samples[rows, 2 + OUT_CURRENT]
    passed = solution.states[1, PASSED] - solution.states[0, PASSED]
    assert passed > 100.0
    fine = solve(FullCell(FOIL, cathode_loading="4 mg/cm^2"), Protocol(steps=steps), tolerance=1e-7)
    assert passed == pytest.approx(fine.states[1, PASSED] - fine.states[0, PASSED], rel=2e-3)
    held = current[1:]
    assert np.all(np.diff(held) < 0.0)
    assert held[-1] == pytest.approx(0.05 * solution.model.one_c, rel=1e-3)
    assert time[-1] == solution.step_ends[1]


@pytest.mark.parametrize("one", [True, False])
def test_a_soft_short_that_heals(full_bench, one):
    """It leaks while the cell charges, rests and discharges: the cathode gains what it takes."""
    cell = full_bench(one=one, cathode_loading="20 mg/cm^2")
    first = SALT + cell.sizes.salt_cells
    cell.y[SHORT] = 10.0

    def cathode():
        return cell.y[first:].sum() + cell.y[TRAPPED]

    total = cathode() + cell.y[list(LITHIUM_STORES)].sum()
    for step, sign, duration in (
        ("Charge at 1 C until 4.3 V", -1.0, 1800.0),
        ("Rest for 1 hour", 0.0, 3600.0),
        ("Discharge at 1 C until 2.8 V", 1.0, 900.0),
    ):
        before, held = cell.y.copy(), cathode()
        assert cell.advance(cell.y, cell.begin(step), duration)[0] == COMPLETE
        change = cell.y - before
        assert change[LEAKED] > 1.0
        assert change[PASSED] == pytest.approx(abs(sign) * cell.model.one_c * duration, rel=1e-12)
        leaked = change[LEAKED] + change[SHUTTLED]
        assert cathode() - held == pytest.approx(sign * change[PASSED] + leaked, abs=1e-10 * 72000.0)
        assert cathode() + cell.y[list(LITHIUM_STORES)].sum() == pytest.approx(total, abs=1e-10 * 72000.0)
    assert 0.0 < cell.y[SHORT] < 1.0


def test_a_leak_too_small_for_the_electrodes_is_not_counted_at_rest():
    """The composite's shuttle lies below what an electrode carries at all: a day at rest takes nothing from it."""
    steps = ["Charge at 1 C until 4.3 V", "Rest for 24 hours"]
    solution = solve(FullCell(COMPOSITE), Protocol(steps=steps))
    _, cathode, states = stores(solution)
    assert states[2, SHUTTLED] - states[1, SHUTTLED] == pytest.approx(cathode[2] - cathode[1], abs=1e-6)


def test_a_foil_discharges_itself_at_rest_by_its_shuttle_alone():
    shuttling = load_parameters().with_values({"shuttle_rate": 1e-8})
    steps = ["Charge at 1 C until 4.3 V", "Rest for 24 hours", "Discharge at 1 C until 2.8 V", "Rest for 24 hours"]
    solution = solve(FullCell(FOIL), Protocol(steps=steps), parameters=shuttling, chance=False)
    _, cathode, states = stores(solution)
    gained = cathode[2] - cathode[1]
    assert gained == pytest.approx(states[2, SHUTTLED] - states[1, SHUTTLED], rel=1e-9)
    assert gained > 10.0
    assert solution.integrator_steps < 1000
    check(solution)
