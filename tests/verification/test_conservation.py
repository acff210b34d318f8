"""Lithium, salt and charge: every store is integrated on its own, and their sums must be what theory says.

The charge passed is the current times the time outside the solver, less what soft shorts leaked.
"""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.constants import FARADAY
from lithiate.core.cell import SymmetricCell
from lithiate.twin import load_parameters, solve
from lithiate.twin.lithium_cell import DEFAULT_TOLERANCE
from lithiate.twin.states import (
    ADDITIVE,
    ELECTROLYTE,
    EXCESS_SALT,
    LEAKED,
    LITHIUM_STORES,
    PER_ELECTRODE,
    Q_DEAD,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
    SALT,
)

HALF_CYCLES = 70
SHARE_OF_THROUGHPUT = 1e-10


def check_lithium(solution):
    """Compare what each electrode gained in each half cycle with the charge that passed through it."""
    current = solution.experiment.current_density
    states = np.vstack([solution.initial_state, solution.states])
    durations = np.diff(solution.step_ends, prepend=0.0)
    passed = current * durations - np.diff(states[:, LEAKED])
    throughput = current * solution.step_ends
    for electrode in range(2):
        lithium = states[:, [PER_ELECTRODE * electrode + store for store in LITHIUM_STORES]].sum(axis=1)
        plates = np.arange(len(durations)) % 2 == electrode
        expected = lithium[0] + np.cumsum(np.where(plates, passed, -passed))
        assert np.all(np.abs(lithium[1:] - expected) <= SHARE_OF_THROUGHPUT * throughput)


def check_salt(solution):
    """Salt in the grid and in the excess electrolyte: constant."""
    states = np.vstack([solution.initial_state, solution.states])
    salt = states[:, SALT:].sum(axis=1) + states[:, EXCESS_SALT]
    throughput = solution.experiment.current_density * solution.step_ends[-1] / FARADAY
    assert np.abs(salt - salt[0]).max() <= SHARE_OF_THROUGHPUT * (salt[0] + throughput)


@pytest.fixture(scope="module")
def solutions(cycling):
    """One run of each anode, chance on, made when it is first asked for."""
    made = {}

    def get(name):
        if name not in made:
            made[name] = solve(SymmetricCell(name), cycling(HALF_CYCLES // 2), seed=4)
            assert len(made[name].states) == HALF_CYCLES
        return made[name]

    return get


def test_lithium_of_each_electrode_changes_by_the_charge_passed(anode, solutions):
    check_lithium(solutions(anode))


def test_salt_is_conserved(anode, solutions):
    check_salt(solutions(anode))


def smallest_store(solution):
    both = [offset + store for offset in (0, PER_ELECTRODE) for store in LITHIUM_STORES]
    return solution.states[:, both].min()


def test_stores_stay_positive_within_the_error_per_step(anode, solutions):
    """A step that ends the interior's or the top's lithium may overshoot by its error; closures count it as 0."""
    solution = solutions(anode)
    assert smallest_store(solution) >= -2.0 * DEFAULT_TOLERANCE * solution.experiment.areal_capacity
    assert solution.states[:, SALT:].min() > 0.0
    assert solution.states[:, [ELECTROLYTE, ADDITIVE, EXCESS_SALT]].min() > 0.0


def test_overshoot_of_a_store_goes_to_zero_with_the_tolerance(anode, cycling):
    solution = solve(SymmetricCell(anode), cycling(10), seed=4, tolerance=1e-9)
    assert smallest_store(solution) >= -1e-7 * solution.experiment.areal_capacity


def test_losses_only_grow(anode, solutions):
    """Dead lithium and interphase never come back; electrolyte and additive are only consumed."""
    states = np.vstack([solutions(anode).initial_state, solutions(anode).states])
    for offset in (0, PER_ELECTRODE):
        for store in (Q_DEAD, Q_SEI_TOP, Q_SEI_INTERIOR):
            assert np.diff(states[:, offset + store]).min() >= -1e-9  # rounding of a store that hardly exists
    assert np.diff(states[:, ELECTROLYTE]).max() < 0.0
    assert np.diff(states[:, ADDITIVE]).max() < 0.0


def test_conservation_holds_through_soft_and_hard_shorts(cycling):
    # Every parameter at the edge where shorts are most likely, so that births, healing and leakage all take part.
    leaky = load_parameters().with_values(
        {
            "short_rate": 1.0 / 3600.0,
            "short_conductance": 200.0,
            "short_conductance_log_width": 1.0,
            "short_healing_time": 36000.0,
            "initial_roughness": 1.0,
            "dead_layer_initial_thickness": 2e-6,
        }
    )
    solution = solve(SymmetricCell("Li foil"), cycling(300), parameters=leaky, seed=0)
    assert solution.stopped_by == "short circuit"
    throughput = solution.experiment.current_density * solution.step_ends[-1]
    assert 0.01 * throughput < solution.states[-1, LEAKED] < throughput
    check_lithium(solution)
    check_salt(solution)
