"""Many parameter sets in one call, and what each parameter moves."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from lithiate.core.cell import Cell
from lithiate.core.experiments import Experiment
from lithiate.errors import SimulationError
from lithiate.twin.lithium_cell import solve
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.solution import Solution

Result = TypeVar("Result")
RELATIVE_STEP = 0.02
"""Step of a difference quotient, over the parameter; the smallest that noise of the integrator cannot reach."""


def simulate_batch(
    cell: Cell,
    experiment: Experiment,
    parameters: Sequence[ParameterSet],
    *,
    evaluate: Callable[[Solution], Result],
    seeds: Sequence[int] | None = None,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
    **settings: Any,  # noqa: ANN401 - what `solve` takes
) -> list[Result]:
    """Simulate a cell with many parameter sets on all cores; return what `evaluate` makes of each solution, in order.

    The sets run in threads: the compiled integrator holds no interpreter lock. A set that the twin cannot simulate
    raises, with its number.

    Parameters
    ----------
    cell, experiment
    parameters : sequence of ParameterSet
    evaluate : callable
        Called with each `Solution`; keep numbers, not solutions, where there are many.
    seeds : sequence of int, optional
        One for each set; by default 0 for all (common random numbers).
    workers : int, optional
        Threads; by default one a core.
    progress : callable, optional
        Called with the share of sets that are done.
    **settings
        Passed on to `solve` (tolerance, sampling, closures, ...).
    """
    chosen = list(seeds) if seeds is not None else [0] * len(parameters)
    done, lock = 0, threading.Lock()

    def one(task: tuple[int, ParameterSet, int]) -> Result:
        nonlocal done
        number, drawn, seed = task
        try:
            result = evaluate(solve(cell, experiment, parameters=drawn, seed=seed, **settings))
        except SimulationError as error:
            error.add_note(f"in parameter set {number + 1} of {len(parameters)} ({drawn.origin})")
            raise
        with lock:
            done += 1
            share = done / len(parameters)
        if progress is not None:
            progress(share)
        return result

    tasks = list(zip(range(len(parameters)), parameters, chosen, strict=True))
    count = min(workers or os.cpu_count() or 1, max(len(tasks), 1))
    if count == 1:
        return [one(task) for task in tasks]
    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(one, tasks))


def sensitivities(
    cell: Cell,
    experiment: Experiment,
    parameters: ParameterSet,
    *,
    evaluate: Callable[[Solution], Mapping[str, float]],
    names: Iterable[str] | None = None,
    relative_step: float = RELATIVE_STEP,
    **settings: Any,  # noqa: ANN401 - what `simulate_batch` takes
) -> dict[str, dict[str, float]]:
    """Return the logarithmic sensitivities d ln(quantity) / d ln(parameter) by central differences over one batch.

    Both ends of a difference see the same random numbers, and are cut to the parameter's range. Not to be trusted for a
    quantity that jumps (a time of a short, a censored time): it is NaN where either end is not finite or not positive.

    Parameters
    ----------
    evaluate : callable
        Makes numbers by name of a `Solution`.
    names : iterable of str, optional
        Parameters to vary; by default all that are not zero.
    relative_step : float
        Step to either side, over the value.

    Returns
    -------
    mapping of parameter name to (mapping of quantity to float)
    """
    import math

    wanted = list(names) if names is not None else [n for n, p in parameters.parameters.items() if p.value != 0.0]
    pairs, sets = [], []
    for name in wanted:
        known = parameters.parameters[name]
        low = max(known.value * (1.0 - relative_step), known.low)
        high = min(known.value * (1.0 + relative_step), known.high)
        pairs.append((name, low, high))
        sets += [parameters.with_values({name: low}), parameters.with_values({name: high})]
    found = simulate_batch(cell, experiment, sets, evaluate=evaluate, **settings)
    table: dict[str, dict[str, float]] = {}
    for k, (name, low, high) in enumerate(pairs):
        below, above = found[2 * k], found[2 * k + 1]
        table[name] = {
            quantity: math.log(above[quantity] / below[quantity]) / math.log(high / low)
            if below[quantity] > 0.0 and above[quantity] > 0.0 and math.isfinite(above[quantity] / below[quantity])
            else math.nan
            for quantity in below
        }
    return table
