"""SUNDIALS (CVODE, BDF) integrates the same right-hand side; our integrator must agree.

Compared on a common grid, all half cycles: the voltage at the default sampling (our interpolant included), the
states at eight times of each half cycle. The measure is the largest difference over the largest value of the reference;
a state that is zero throughout is measured against the areal capacity.
"""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.twin import Sampling, solve
from lithiate.twin.lithium_cell import DEFAULT_TOLERANCE
from lithiate.twin.solver import COMPLETE
from lithiate.twin.states import CELL_STATES, ELECTRODE_STATES, OUT_VOLTAGE, PER_ELECTRODE, ROUGHNESS, SALT_CELLS

cvode = pytest.importorskip("sksundae.cvode")

CYCLES = 10
NAMES = [
    *(f"{name} of {electrode}" for electrode in "AB" for name in ELECTRODE_STATES),
    *CELL_STATES,
    *(f"salt {k}" for k in range(SALT_CELLS)),
    "voltage",
]


class Trace:
    """States (n, STATES) and voltages (m,) on the common grid."""

    def __init__(self):
        self.states, self.voltages = [], []

    def arrays(self):
        return np.array(self.states), np.concatenate(self.voltages)


def common_grid(experiment):
    """Return the sampling times of a half cycle [s], and which of them the states are compared at."""
    times = Sampling.default(experiment).offsets("plate", experiment.half_cycle_duration, first=False)
    return times, [1, 3, 6, 10, 13, 20, 30, len(times) - 1]


def slopes(cell, plating):
    """Return the right-hand side in the form that SUNDIALS calls."""

    def fill(_t, y, dy):
        # a copy, since SUNDIALS hands out read-only memory, for which the code would be compiled anew
        dy[:] = cell.evaluate(y.copy(), plating)[0]

    return fill


def reference(bench, name, experiment):
    """Integrate by SUNDIALS, half cycle by half cycle."""
    times, marks = common_grid(experiment)
    cell, trace = bench(name, experiment), Trace()
    for k in range(experiment.half_cycles):
        plating = k % 2
        cell.begin()
        run = cvode.CVODE(slopes(cell, plating), rtol=1e-9, atol=1e-10 * cell.scale, max_num_steps=100_000)
        found = run.solve(np.concatenate([[0.0], times]), cell.y)
        assert found.success, found.message
        states = np.ascontiguousarray(found.y[1:])
        trace.states += [states[i] for i in marks]
        trace.voltages.append([cell.evaluate(y, plating)[1][OUT_VOLTAGE] for y in states])
        cell.y = states[-1].copy()
        cell.fatigue(plating)
    return trace.arrays()


def ours(bench, name, experiment, tolerance):
    """Integrate by the twin's own half cycle; states in between come from runs that end there."""
    times, marks = common_grid(experiment)
    cell, trace = bench(name, experiment), Trace()
    for k in range(experiment.half_cycles):
        plating = k % 2
        cell.begin()
        for i in marks[:-1]:
            y = cell.y.copy()
            cell.advance(y, plating, times[i], tolerance=tolerance, guess=cell.guess.copy())
            trace.states.append(y)
        reason, samples, _ = cell.advance(cell.y, plating, cell.duration, times, tolerance=tolerance)
        assert reason == COMPLETE
        trace.states.append(cell.y.copy())
        trace.voltages.append(samples[:, 1 + OUT_VOLTAGE])
        cell.fatigue(plating)
    return trace.arrays()


LEAST_STORE = 0.01
"""Share of the areal capacity: what an electrode's store never holds more of is measured against this."""


def ratios(experiment, found, expected):
    """Return the largest difference over the largest value, (STATES + 1,), the voltage last.

    Stores of an electrode that never hold a hundredth of the areal capacity (lithium on top of the composite: a
    ten-thousandth) are measured against that hundredth.
    """
    difference = np.append(np.abs(found[0] - expected[0]).max(axis=0), np.abs(found[1] - expected[1]).max())
    size = np.append(np.abs(expected[0]).max(axis=0), np.abs(expected[1]).max())
    charges = [offset + k for offset in (0, PER_ELECTRODE) for k in range(PER_ELECTRODE) if k != ROUGHNESS]
    size[charges] = np.maximum(size[charges], LEAST_STORE * experiment.areal_capacity)
    # the linear algebra of SUNDIALS leaves traces of the order of 1e-300 in what is zero
    return difference / np.where(size > 1e-12, size, experiment.areal_capacity)


@pytest.fixture(scope="module")
def references(bench, cycling):
    made = {}

    def get(name, cycles=CYCLES):
        if (name, cycles) not in made:
            made[name, cycles] = reference(bench, name, cycling(cycles))
        return made[name, cycles]

    return get


def report(name, tolerance, found):
    worst = np.argsort(found)[::-1][:4]
    text = ", ".join(f"{NAMES[i]} {found[i]:.1e}" for i in worst)
    return f"{name}, tolerance {tolerance:g}: voltage {found[-1]:.1e}; worst: {text}"


def test_bench_is_the_twin(bench, cycling, anode):
    """The bench that the other tests drive gives what `solve` gives, bit for bit in the states."""
    experiment = cycling(3)
    cell = bench(anode, experiment)
    times = [Sampling.default(experiment).offsets("plate", cell.duration, first=k == 0) for k in range(6)]
    states = []
    for k in range(6):
        cell.begin()
        cell.advance(cell.y, k % 2, cell.duration, times[k])
        states.append(cell.y.copy())
        cell.fatigue(k % 2)
    np.testing.assert_array_equal(states, solve(cell.cell, experiment, chance=False).states)


def test_shipped_tolerance_agrees_with_sundials(bench, cycling, references, anode, record_property):
    found = ratios(cycling(CYCLES), ours(bench, anode, cycling(CYCLES), DEFAULT_TOLERANCE), references(anode))
    record_property("agreement", report(anode, DEFAULT_TOLERANCE, found))
    assert found.max() <= 1e-4, report(anode, DEFAULT_TOLERANCE, found)


def test_tight_tolerance_agrees_to_five_digits(bench, cycling, references, anode):
    """The equations and the method are right: what is left at the shipped tolerance is its own choice."""
    found = ratios(cycling(CYCLES), ours(bench, anode, cycling(CYCLES), 1e-8), references(anode))
    assert found.max() <= 1e-5, report(anode, 1e-8, found)


def test_error_falls_with_the_tolerance(bench, cycling, references, anode):
    """A tenth of the tolerance leaves at most a third of the error, over four decades."""
    errors = [
        ratios(cycling(2), ours(bench, anode, cycling(2), tolerance), references(anode, 2)).max()
        for tolerance in (1e-4, 1e-5, 1e-6, 1e-7)
    ]
    for coarse, fine in zip(errors, errors[1:], strict=False):
        assert fine <= coarse / 3.0, errors


@pytest.mark.slow
def test_shipped_tolerance_agrees_with_sundials_over_fifty_cycles(bench, cycling, anode, record_property):
    """The error does not pile up: five times as long, the same bound."""
    experiment = cycling(50)
    found = ratios(experiment, ours(bench, anode, experiment, DEFAULT_TOLERANCE), reference(bench, anode, experiment))
    record_property("agreement", report(anode, DEFAULT_TOLERANCE, found))
    assert found.max() <= 1e-4, report(anode, DEFAULT_TOLERANCE, found)
