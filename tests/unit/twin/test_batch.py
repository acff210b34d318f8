"""Batches and sensitivities."""

from __future__ import annotations

import math

import pytest

from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import Nucleation, SymmetricCycling
from lithiate.errors import Cancelled, SimulationError
from lithiate.twin import draw_ensemble, load_parameters, solve
from lithiate.twin.batch import sensitivities, simulate_batch
from lithiate.twin.states import OUT_VOLTAGE, Q_SEI_INTERIOR

CELL = SymmetricCell("WN/Mo2N@HCN/Li")
SHORT = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=2)


def end(solution):
    return tuple(solution.states[-1])


def test_a_batch_gives_what_single_runs_give_in_order():
    members = draw_ensemble(load_parameters(), 6, 11)
    seeds = list(range(6))
    shares = []
    found = simulate_batch(CELL, SHORT, members, evaluate=end, seeds=seeds, workers=2, progress=shares.append)
    for member, seed, one in zip(members, seeds, found, strict=True):
        assert one == end(solve(CELL, SHORT, parameters=member, seed=seed))
    assert sorted(shares) == pytest.approx([(k + 1) / 6 for k in range(6)])
    assert simulate_batch(CELL, SHORT, members, evaluate=end, seeds=seeds, workers=1) == found


def test_no_sets_give_no_results():
    assert simulate_batch(CELL, SHORT, [], evaluate=end) == []


def test_a_set_that_fails_says_which():
    dry = SymmetricCell("Li foil", electrolyte_volume="1 uL/cm^2")
    with pytest.raises(SimulationError) as caught:
        simulate_batch(dry, SHORT, [load_parameters()], evaluate=end, workers=1)
    assert "parameter set 1 of 1" in caught.value.__notes__[0]


def test_a_batch_can_be_cancelled():
    def stop(_share):
        raise Cancelled

    with pytest.raises(Cancelled):
        simulate_batch(CELL, SHORT, [load_parameters()] * 3, evaluate=end, workers=2, progress=stop)


def test_sensitivities_of_known_powers():
    """Interior interphase goes with its loss share to the power one; nothing goes with what is switched off."""
    found = sensitivities(
        CELL,
        SHORT,
        load_parameters(),
        evaluate=lambda solution: {"interphase": float(solution.states[-1, Q_SEI_INTERIOR])},
        names=["sei_loss_interior", "short_healing_time"],
        chance=False,
        disabled_mechanisms=["film_growth", "galvanic_corrosion", "site_burial", "film_resistance_rise"],
    )
    assert found["sei_loss_interior"]["interphase"] == pytest.approx(1.0, abs=0.01)
    assert found["short_healing_time"]["interphase"] == pytest.approx(0.0, abs=1e-9)


def test_sensitivity_of_what_has_no_value_is_no_number():
    found = sensitivities(
        CELL,
        Nucleation(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2"),
        load_parameters(),
        evaluate=lambda solution: {"never": math.nan, "tip": float(solution.samples[:, 2 + OUT_VOLTAGE].max())},
        names=["pitting_barrier"],
        chance=False,
    )
    assert math.isnan(found["pitting_barrier"]["never"])
    assert 0.2 < found["pitting_barrier"]["tip"] < 1.0
