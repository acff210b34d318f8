"""One task: simulate a cell, look at it as an instrument would, analyse what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from lithiate.analysis import analyse
from lithiate.core.estimate import Estimate
from lithiate.core.experiments import Experiment
from lithiate.core.measurement import CyclingRecord
from lithiate.core.techniques import QUANTITIES
from lithiate.study.estimates import KIND_QUANTITIES, CycleCurve, cycle_curve, kind_estimates
from lithiate.study.plan import Task
from lithiate.twin import Sampling, solve
from lithiate.twin.parameters import ParameterSet

MEMBER_TOLERANCE = 3e-3
"""Tolerance of the integrator for members of an ensemble: what it loses is small against their spread."""

MEMBER_SAMPLES = 15
"""Samples in each half cycle of a member of an ensemble, of which no record is kept."""


@frozen(eq=False, kw_only=True)
class Outcome:
    """What a task gave.

    Parameters
    ----------
    estimates : tuple of Estimate
    curve : CycleCurve
    record : CyclingRecord or None
        Kept for the nominal cells only: those of an ensemble would fill the memory.
    warnings : tuple of str
        Coded, about the whole cell.
    soft_short_check : str
        The test for a soft short and its outcome in words.
    used : mapping of str to mapping
        Every parameter value that the simulation used.
    """

    estimates: tuple[Estimate, ...]
    curve: CycleCurve
    record: CyclingRecord | None
    warnings: tuple[str, ...]
    soft_short_check: str
    used: Mapping[str, Mapping[str, Any]]


def simulate_task(task: Task, parameters: ParameterSet, progress: Callable[[float], None]) -> Outcome:
    """Return what the cell of a task does.

    Raises
    ------
    SimulationError
        When the twin cannot simulate the cell.
    AnalysisError
        When nothing can be read from its record.
    Cancelled
        When `progress` raises it.
    """
    if task.scatter_seed is not None:
        parameters = parameters.with_cell_scatter(task.scatter_seed)
    settings = {} if task.member is None else _member_settings(task.protocol)
    solution = solve(task.cell, task.protocol, parameters=parameters, seed=task.seed, progress=progress, **settings)
    record = solution.record(cell_id=f"cell {task.replicate}")
    result = analyse(record)
    wanted = KIND_QUANTITIES[task.protocol.kind]
    estimates = [estimate for estimate in kind_estimates(result, task.protocol.kind) if estimate.quantity in wanted]
    if task.protocol.kind == "symmetric-cycling":
        estimates += _inventory(solution.inventory(), float(record.time[-1]))
    nominal = task.member is None
    return Outcome(
        estimates=tuple(estimates),
        curve=cycle_curve(result),
        record=record if nominal else None,
        warnings=result.warnings,
        soft_short_check=result.soft_short_floor,
        used=solution.used() if nominal else {},
    )


def _member_settings(protocol: Experiment) -> dict[str, Any]:
    """Return how a member of an ensemble is simulated: faster than the cell whose record is kept."""
    if protocol.kind in ("nucleation", "tafel"):
        return {"tolerance": MEMBER_TOLERANCE}
    return {"tolerance": MEMBER_TOLERANCE, "sampling": Sampling(points=MEMBER_SAMPLES)}


def _inventory(amounts: Mapping[str, float], time: float) -> list[Estimate]:
    return [
        Estimate(
            name,
            amount,
            QUANTITIES[name].si_unit,
            f"{QUANTITIES[name].description}, as the twin keeps its books, at the end of the simulated test",
            conditions={"time": time},
        )
        for name, amount in amounts.items()
    ]
