"""What ends a run, and when; what is refused; and that a run can be stopped."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.anode import Anode
from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import SymmetricCycling
from lithiate.errors import Cancelled, SimulationError
from lithiate.twin import draw_ensemble, load_parameters, solve
from lithiate.twin.events import DEPLETION_SHARE, EXHAUSTION_CHARGE
from lithiate.twin.lithium_cell import HALF_CYCLES_AFTER_SHORT
from lithiate.twin.states import (
    LITHIUM_STORES,
    METALLIC,
    OUT_LOWEST_SALT,
    OUT_VOLTAGE,
    PER_ELECTRODE,
    Q_RESERVOIR,
    Q_TOP,
)

THIN = SymmetricCell(Anode(name="thin foil", kind="foil", thickness=4e-6))


def test_thin_foil_is_exhausted_when_its_lithium_has_passed(cycling):
    """Metallic lithium left over equals what there was, less current x time, less the calendar loss."""
    solution = solve(THIN, cycling(3), chance=False)
    assert solution.stopped_by == "lithium exhausted"
    assert len(solution.states) == 1
    b = solution.states[0][PER_ELECTRODE:]
    before = solution.initial_state[PER_ELECTRODE + Q_RESERVOIR]
    assert before < 36000.0
    passed = 10.0 * solution.step_ends[0]
    assert sum(b[k] for k in LITHIUM_STORES) == pytest.approx(before - passed, abs=1e-8)
    assert sum(b[k] for k in METALLIC) == pytest.approx(EXHAUSTION_CHARGE, abs=1e-2)
    assert solution.step_ends[0] == pytest.approx((before - EXHAUSTION_CHARGE) / 10.0, abs=0.5)
    assert solution.samples[-1, 0] == solution.step_ends[0]
    assert solution.record().warnings == ("LI-W-STOP the simulated test ended early after 0.8 h: lithium exhausted",)


def test_exhaustion_comes_cycles_later_where_lithium_is_lost(cycling):
    """A foil with a reserve of a tenth: it lasts some half cycles, until losses have eaten the reserve."""
    cell = SymmetricCell(Anode(name="thin foil", kind="foil", thickness=5.5e-6))
    solution = solve(cell, cycling(200), chance=False)
    assert solution.stopped_by == "lithium exhausted"
    assert 2 <= len(solution.states) < 400
    poorer = PER_ELECTRODE if len(solution.states) % 2 else 0
    left = sum(solution.states[-1][poorer + k] for k in METALLIC)
    assert left == pytest.approx(EXHAUSTION_CHARGE, abs=1.0)


def test_voltage_limit_is_located(cycling):
    """As the thin foil runs out its voltage rises through 0.3 V, before its lithium is exhausted."""
    solution = solve(THIN, cycling(3, voltage_limit="0.3 V"), chance=False)
    assert solution.stopped_by == "voltage limit"
    voltage = solution.samples[:, 2 + OUT_VOLTAGE]
    assert voltage[-1] == pytest.approx(0.3, rel=1e-3)
    assert voltage[:-1].max() < 0.3
    exact = solve(THIN, cycling(3, voltage_limit="0.3 V"), chance=False, tolerance=1e-8)
    assert solution.step_ends[0] == pytest.approx(exact.step_ends[0], abs=0.05)


def test_voltage_limit_below_the_first_voltage_is_an_error_that_says_so(cycling):
    with pytest.raises(SimulationError, match="voltage limit") as caught:
        solve(SymmetricCell("Li foil"), cycling(1, voltage_limit="1 mV"))
    assert caught.value.code == "LI-TWIN-001"


@pytest.fixture(scope="module")
def sluggish():
    """Parameters, each within its range, that make the limiting current small."""
    return load_parameters().with_values(
        {
            "diffusivity_factor": 0.4,
            "transference_factor": 0.7,
            "dead_layer_initial_thickness": 2e-6,
            "dead_layer_tortuosity": 12.0,
        }
    )


def test_salt_is_depleted_at_a_high_current(cycling, sluggish):
    fast = cycling(1, current_density="20 mA/cm^2", temperature=283.15)
    solution = solve(SymmetricCell("Li foil"), fast, parameters=sluggish, chance=False)
    assert solution.stopped_by == "salt depletion"
    # the event is on the interpolant, its end state on a step of its own: they agree to the tolerance
    assert solution.samples[-1, 2 + OUT_LOWEST_SALT] == pytest.approx(DEPLETION_SHARE, abs=2e-3)
    exact = solve(SymmetricCell("Li foil"), fast, parameters=sluggish, chance=False, tolerance=1e-8)
    assert solution.step_ends[0] == pytest.approx(exact.step_ends[0], rel=5e-3)


def test_salt_is_not_depleted_at_a_tenth_of_that_current(cycling, sluggish):
    slow = cycling(1, current_density="2 mA/cm^2", temperature=283.15)
    assert solve(SymmetricCell("Li foil"), slow, parameters=sluggish, chance=False).stopped_by == "end of test"


def test_hard_short_ends_the_run_after_it_has_shown_itself(cycling):
    leaky = load_parameters().with_values(
        {
            "short_rate": 1.0 / 3600.0,
            "short_conductance": 200.0,
            "short_healing_time": 36000.0,
            "initial_roughness": 1.0,
            "dead_layer_initial_thickness": 2e-6,
        }
    )
    solution = solve(SymmetricCell("Li foil"), cycling(300), parameters=leaky, seed=0)
    assert solution.stopped_by == "short circuit"
    half_cycles = len(solution.states)
    assert HALF_CYCLES_AFTER_SHORT < half_cycles < 600
    first, last = 0.0, solution.step_ends[-HALF_CYCLES_AFTER_SHORT - 1]
    time, voltage = solution.samples[:, 0], solution.samples[:, 2 + OUT_VOLTAGE]
    before = voltage[(time >= first) & (time < 36000.0)].mean()
    assert voltage[time > last].max() < 0.5 * before


def test_progress_rises_to_one_and_can_cancel(cycling):
    seen = []
    solve(SymmetricCell("Li foil"), cycling(3), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0

    def stop(share):
        if share >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled) as caught:
        solve(SymmetricCell("Li foil"), cycling(3), progress=stop)
    assert caught.value.code == "LI-GEN-001"


@pytest.mark.parametrize(
    ("where", "conditions"),
    [
        ("current_density", {"current_density": "0.005 mA/cm^2"}),
        ("current_density", {"current_density": "30 mA/cm^2"}),
        ("areal_capacity", {"areal_capacity": "0.01 mAh/cm^2"}),
        ("areal_capacity", {"areal_capacity": "30 mAh/cm^2"}),
        ("temperature", {"temperature": 250.0}),
        ("temperature", {"temperature": 350.0}),
    ],
)
def test_conditions_out_of_validity_are_refused(cycling, where, conditions):
    with pytest.raises(SimulationError, match=where) as caught:
        solve(SymmetricCell("Li foil"), cycling(1, **conditions))
    assert caught.value.code == "LI-TWIN-001"
    assert caught.value.expected is not None


def test_too_little_electrolyte_is_refused(cycling):
    with pytest.raises(SimulationError, match="electrolyte does not fill") as caught:
        solve(SymmetricCell("Li foil", electrolyte_volume="1 uL/cm^2"), cycling(1))
    assert caught.value.code == "LI-TWIN-001"
    assert caught.value.where == "electrolyte_volume"


def test_a_trial_step_without_an_answer_does_not_poison_the_leak():
    """A drawn cell whose healing short met a failed trial step: it must go on, whatever ends it later."""
    drawn = draw_ensemble(load_parameters(), 40, 7)[35]
    cell = SymmetricCell("WN@HCN/Li", electrolyte_volume="100 uL/cm^2")
    experiment = SymmetricCycling(
        current_density="5 mA/cm^2", areal_capacity="20 mAh/cm^2", cycles=40, temperature="60 degC"
    )
    solution = solve(cell, experiment, parameters=drawn, seed=612, tolerance=1e-3)
    assert np.isfinite(solution.states).all()
    assert np.isfinite(solution.samples).all()


def test_an_empty_reservoir_pays_no_calendar_loss(bench, cycling):
    cell = bench("Li foil", cycling(1))
    cell.y[Q_RESERVOIR] = 0.0
    cell.y[Q_TOP] = 36000.0
    assert cell.evaluate(cell.y, 0)[0][Q_RESERVOIR] == 0.0
