"""Leaps over equal cycles against the full run: what they may cost, what they must keep, when none may be taken."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.constants import FARADAY
from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import Nucleation, SymmetricCycling
from lithiate.core.measurement import RowFlag
from lithiate.errors import SimulationError
from lithiate.twin import load_parameters, solve
from lithiate.twin.extrapolation import Extrapolation, extrapolate
from lithiate.twin.states import EXCESS_SALT, LITHIUM_STORES, PASSED, PER_ELECTRODE, Q_DEAD, SALT

COMPOSITE = "WN/Mo2N@HCN/Li"


def test_weights_reproduce_a_parabola():
    """Three points of a + b n + c n^2 give every later one."""
    history = [np.array([2.0 + 3.0 * n - 0.5 * n * n]) for n in range(3)]
    assert extrapolate(history, 7)[0] == pytest.approx(2.0 + 3.0 * 9 - 0.5 * 81)


@pytest.fixture(scope="module", params=[COMPOSITE, "WN@HCN/Li"])
def pair(request, cycling):
    """The full run and the one with leaps, 300 cycles."""
    experiment = cycling(300)
    cell = SymmetricCell(request.param)
    full = solve(cell, experiment, chance=False)
    leapt = solve(cell, experiment, chance=False, extrapolation=Extrapolation(tolerance=0.003))
    return full, leapt


def test_leaps_save_most_cycles_and_stay_within_their_estimate(pair):
    full, leapt = pair
    assert leapt.leaps.cycles > 100
    assert len(leapt.states) == len(full.states)
    np.testing.assert_allclose(leapt.step_ends, full.step_ends, rtol=1e-9)
    levels = [analyse(solution.record()).voltage_hysteresis.value for solution in pair]
    assert levels[1] == pytest.approx(levels[0], rel=2e-3)
    late = [np.abs(s.record().voltage[-500:]).mean() for s in pair]
    assert late[1] == pytest.approx(late[0], rel=0.01)
    for store in (Q_DEAD, PER_ELECTRODE + Q_DEAD):
        # the estimate is over the scale of the state, 0.05 of the areal capacity for dead lithium
        assert abs(leapt.states[-1, store] - full.states[-1, store]) < leapt.leaps.error * 0.05 * 36000.0


def test_leaps_conserve_lithium_and_salt(pair):
    solution = pair[1]
    states = np.vstack([solution.initial_state, solution.states])
    a = states[:, list(LITHIUM_STORES)].sum(axis=1)
    b = states[:, [PER_ELECTRODE + k for k in LITHIUM_STORES]].sum(axis=1)
    salt = states[:, SALT:].sum(axis=1) + states[:, EXCESS_SALT]
    throughput = states[-1, PASSED]
    np.testing.assert_allclose(a + b, a[0] + b[0], rtol=0, atol=1e-9 * throughput)
    np.testing.assert_allclose(salt, salt[0], rtol=0, atol=1e-9 * throughput / FARADAY)
    assert throughput == pytest.approx(600 * 36000.0, rel=1e-9)


def test_rows_that_were_leapt_over_are_flagged_and_told(pair):
    full, leapt = pair
    record = leapt.record()
    flagged = (record.row_flags & RowFlag.INTERPOLATED) > 0
    share = leapt.leaps.cycles / 300
    assert flagged.mean() == pytest.approx(share, abs=0.02)
    assert any(warning.startswith("LI-W-TWIN-002") for warning in record.warnings)
    assert not any(warning.startswith("LI-W-TWIN-002") for warning in full.record().warnings)
    assert len(record.time) == len(full.record().time)


def test_nothing_is_leapt_while_shorts_are_born(cycling):
    """A cell with a soft short every few hours: each leap would pass a birth."""
    leaky = load_parameters().with_values(
        {"short_rate": 1.0 / 3600.0, "initial_roughness": 1.0, "dead_layer_initial_thickness": 2e-6}
    )
    full = solve(SymmetricCell("Li foil"), cycling(60), parameters=leaky, seed=4)
    leapt = solve(
        SymmetricCell("Li foil"), cycling(60), parameters=leaky, seed=4, extrapolation=Extrapolation(tolerance=1.0)
    )
    assert leapt.leaps.cycles < 60
    births = [np.count_nonzero(np.diff(s.samples[:, 2 + 5]) > 1e-6) for s in (full, leapt)]
    assert births[0] > 0
    assert births[1] > 0


def test_only_equal_cycles_can_be_leapt_over():
    with pytest.raises(SimulationError, match="equal cycles") as caught:
        solve(
            SymmetricCell("Li foil"),
            Nucleation(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2"),
            extrapolation=Extrapolation(),
        )
    assert caught.value.code == "LI-TWIN-001"


def test_an_odd_half_cycle_is_run_in_full():
    experiment = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", duration="41 h")
    solution = solve(SymmetricCell(COMPOSITE), experiment, chance=False, extrapolation=Extrapolation(tolerance=0.05))
    assert len(solution.step_ends) == 41
    assert solution.step_ends[-1] == pytest.approx(41 * 3600.0)
