"""Leaps over cycles that hardly differ, for very long tests: off unless asked for.

Three whole cycles give the change per cycle, d2, and its change, d2 - d1; a leap of N cycles goes to

    y + N d2 + N (N + 1)/2 (d2 - d1)

The weights of the three states sum to one, so that every linear invariant (lithium, salt) is kept as exactly as by the
integrator. N is the largest number for which the second-order term, taken as the error, stays within a tolerance of the
scale of each state; no leap is taken while a soft short conducts or beyond the birth of the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from lithiate.core.experiments import Experiment, SymmetricCycling
from lithiate.core.fields import count, quantity
from lithiate.errors import SimulationError
from lithiate.twin.equations import NO_SHORT
from lithiate.twin.states import ADDITIVE, ELECTROLYTE, HAZARD, LITHIUM_STORES, PER_ELECTRODE, ROUGHNESS, SHORT, STATES

if TYPE_CHECKING:
    from lithiate.core.protocol import Step
    from lithiate.twin.instrument import Sampling
    from lithiate.twin.lithium_cell import Run

HISTORY = 3
SHORTEST = 2
"""A leap over fewer cycles than this saves nothing."""


@frozen(kw_only=True)
class Extrapolation:
    """How far a run may leap.

    Parameters
    ----------
    tolerance : float
        Largest second-order term of a leap, over the scale of each state (the integrator's own scales).
    longest : int
        Most cycles in one leap.
    """

    tolerance: float = quantity("1", 0.01)
    longest: int = count(50)


@frozen
class Leaps:
    """What was left out: cycles, and the sum of the leaps' error estimates over the scale of the worst state."""

    cycles: int = 0
    error: float = 0.0
    spans: tuple[tuple[float, float], ...] = field(factory=tuple)
    """Start and end of each leap [s]."""


def run_with_leaps(
    run: Run,
    experiment: Experiment,
    sampling: Sampling,
    settings: Extrapolation,
    progress: Callable[[float], None] | None,
) -> Leaps:
    """Run a test of equal cycles with leaps; the rows that were leapt over are interpolated in time.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` for an experiment that is not made of equal cycles.
    """
    if not isinstance(experiment, SymmetricCycling):
        raise SimulationError(
            "only equal cycles can be extrapolated", code="LI-TWIN-001", where="extrapolation", got=experiment.kind
        )
    steps = experiment.flatten()
    for _ in range(experiment.prelude_steps):
        if run.step(next(steps), sampling, progress):
            return Leaps()
    cycle = _first_cycle(experiment)
    cycles, odd = divmod(experiment.half_cycles, 2)
    leaps, done = Leaps(), 0
    history: list[NDArray[np.float64]] = []
    pending: tuple[int, Marks] | None = None
    while done < cycles:
        before = run.marks()
        for step in cycle:
            if run.step(step, sampling, progress):
                if pending is not None:
                    run.fill(pending[0], pending[1], before)
                return leaps
        if pending is not None:
            run.fill(pending[0], pending[1], before)
            pending = None
        done += 1
        history = [*history, run.slow_state()][-HISTORY:]
        most = min(settings.longest, cycles - 1 - done)
        count, error = leap_length(history, run, settings.tolerance, most) if len(history) == HISTORY else (0, 0.0)
        if count < SHORTEST:
            continue
        span = run.time - before.time
        leaps = Leaps(leaps.cycles + count, leaps.error + error, (*leaps.spans, (run.time, run.time + count * span)))
        run.set_slow_state(extrapolate(history, count))
        run.time += count * span
        pending = (count, before)
        history, done = [], done + count
    for step in cycle[: len(cycle) // 2] if odd else ():
        run.step(step, sampling, progress)
    return leaps


def _first_cycle(experiment: SymmetricCycling) -> tuple[Step, ...]:
    """Return the steps of one cycle."""
    steps = list(experiment.flatten())[experiment.prelude_steps :]
    return tuple(steps[: 4 if experiment.rest > 0.0 else 2])


@frozen
class Marks:
    """Where a run stood: its time, and how many steps and sample blocks it had kept."""

    time: float
    steps: int
    blocks: int


def extrapolate(history: list[NDArray[np.float64]], count: int) -> NDArray[np.float64]:
    """Return the state `count` cycles after the last of three states at the ends of successive cycles."""
    first, second, last = history
    change, bend = last - second, last - 2.0 * second + first
    return np.asarray(last + count * change + 0.5 * count * (count + 1) * bend)


def leap_length(history: list[NDArray[np.float64]], run: Run, tolerance: float, most: int) -> tuple[int, float]:
    """Return how many cycles to leap, and the estimate of the leap's error over the scales."""
    first, second, last = history
    if most < SHORTEST or last[SHORT] > NO_SHORT:
        return 0, 0.0
    bend = float(np.max(np.abs(last - 2.0 * second + first) / run.slow_scale()))
    count = most if bend == 0.0 else min(most, int(0.5 * (np.sqrt(1.0 + 8.0 * tolerance / bend) - 1.0)))
    while count >= SHORTEST and not _allowed(extrapolate(history, count), last, run):
        count //= 2
    return count, 0.5 * count * (count + 1) * bend


def _allowed(target: NDArray[np.float64], last: NDArray[np.float64], run: Run) -> bool:
    """Return whether a state can be leapt to: stores not negative, no birth of a short on the way."""
    stores = [offset + k for offset in (0, PER_ELECTRODE) for k in (*LITHIUM_STORES, ROUGHNESS)]
    kept = np.array([*stores, ELECTROLYTE, ADDITIVE])
    shrinks = target[kept] < 0.5 * last[kept]
    return not bool(shrinks.any()) and bool(target[HAZARD] < run.limits[1]) and bool((target[:STATES] >= -1e-6).all())
