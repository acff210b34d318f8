"""One task: simulate a cell, look at it as an instrument would, analyse what was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from lithiate.analysis import analyse
from lithiate.core.estimate import Estimate
from lithiate.core.measurement import CyclingRecord, Measurement
from lithiate.core.protocol import Protocol
from lithiate.core.techniques import KINDS, QUANTITIES
from lithiate.errors import AnalysisError
from lithiate.study.cycle_tables import CycleTable
from lithiate.study.estimates import INVENTORY_KINDS, KIND_QUANTITIES, CycleCurve, cycle_curves, kind_estimates
from lithiate.study.faults import words
from lithiate.study.plan import Task
from lithiate.study.profiles import holds_profile
from lithiate.twin import Sampling, Solution, solve
from lithiate.twin.parameters import ParameterSet

MEMBER_TOLERANCE = 1e-3
"""Tolerance of the integrator for members of an ensemble: what it loses is small against their spread."""

MEMBER_SAMPLES = 15
"""Samples in each half cycle of a member of an ensemble, of which no record is kept."""


_NO_CYCLES = "LI-W-STUDY-005 no analysis applies to this protocol: a current profile has no half cycles to count"


@frozen(eq=False, kw_only=True)
class Outcome:
    """What a task gave.

    Parameters
    ----------
    estimates : tuple of Estimate
    curves : tuple of CycleCurve
    record : Measurement or None
        Kept for the nominal cells only: those of an ensemble would fill the memory.
    warnings : tuple of str
        Coded, about the whole cell.
    soft_short_check : str
        The test for a soft short and its outcome in words; empty where there is none.
    used : mapping of str to mapping
        Every parameter value that the simulation used.
    cycle_table : mapping of str to array
        What the twin knows of each cycle of a full cell (`lithiate.study.cycle_tables`); empty for another, and for
        members of an ensemble.
    """

    estimates: tuple[Estimate, ...]
    curves: tuple[CycleCurve, ...]
    record: Measurement | None
    warnings: tuple[str, ...]
    soft_short_check: str
    used: Mapping[str, Mapping[str, Any]]
    cycle_table: CycleTable = field(factory=dict)


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
    kind = task.protocol.kind
    solution = solve(
        task.cell,
        task.protocol,
        parameters=parameters,
        seed=task.seed,
        progress=progress,
        closures=task.closures,
        disabled_mechanisms=task.disabled_mechanisms,
        **({} if task.member is None else _member_settings(task)),
    )
    record = solution.measurement(cell_id=f"cell {task.replicate}")
    driven = isinstance(task.protocol, Protocol) and holds_profile(task.protocol.steps)
    if driven:
        result, warnings = None, (*record.warnings, _NO_CYCLES)
    else:
        result, warnings = analyse_record(record, kind)
    estimates = [e for e in kind_estimates(result, kind) if e.quantity in KIND_QUANTITIES[kind]] if result else []
    if kind in INVENTORY_KINDS and isinstance(record, CyclingRecord):
        estimates += _inventory(solution.inventory(), float(record.time[-1]))
    return Outcome(
        estimates=tuple(estimates),
        curves=cycle_curves(result),
        record=record if task.nominal else None,
        warnings=warnings,
        soft_short_check=getattr(result, "soft_short_floor", ""),
        used=solution.used() if task.nominal else {},
        cycle_table=_cycle_table(solution) if task.nominal and not driven else {},
    )


def _cycle_table(solution: Solution) -> CycleTable:
    """Return what the twin knows of each cycle; only full cells have such a table."""
    make: Callable[[], CycleTable] | None = getattr(solution, "cycle_table", None)
    return {} if make is None or KINDS[solution.experiment.kind] != "cycling" else make()


def analyse_record(record: Measurement, kind: str) -> tuple[Any, tuple[str, ...]]:
    """Return the result of the analysis that belongs to a kind of experiment, and its warnings.

    A free protocol need not be anything that an analysis knows: it then has no result, and a warning says why.

    Raises
    ------
    AnalysisError
        When nothing can be read from the record of another kind.
    """
    try:
        result = analyse(record, kind=kind)
    except AnalysisError as error:
        if kind != "protocol":
            raise
        return None, (*record.warnings, f"LI-W-STUDY-005 no analysis applies to this protocol: {words(error)}")
    return result, tuple(dict.fromkeys((*record.warnings, *result.warnings)))


def _member_settings(task: Task) -> dict[str, Any]:
    """Return how a member of an ensemble is simulated: faster than the cell whose record is kept.

    Where a voltage ends steps, the tolerance stays: a coarse step overshoots the cut-off by volts. A full cell keeps
    its samples: 15 of them make its energy efficiency half a percent too low.
    """
    protocol = task.protocol
    settings: dict[str, Any] = {}
    if task.cell.kind == "full":
        return settings
    if all(step.until_voltage is None for step in set(protocol.flatten())):
        settings["tolerance"] = MEMBER_TOLERANCE
    if KINDS[protocol.kind] == "cycling" and protocol.kind != "nucleation":
        settings["sampling"] = Sampling(points=MEMBER_SAMPLES)
    return settings


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
