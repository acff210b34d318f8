"""What a report says of replicate cells: how long they last, and whether anodes differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import frozen

from lithiate.analysis.log_rank import LEVEL
from lithiate.analysis.survival import EVENTS, analyse_survival
from lithiate.analysis.survival_result import FAILURE, LogRankComparison, SurvivalCurve, SurvivalResult
from lithiate.core.estimate import Estimate
from lithiate.core.techniques import QUANTITIES
from lithiate.report.folder import ExperimentContent
from lithiate.report.wording import NOT_STATED, cell_name, interval_text, number, warning_parts, with_unit
from lithiate.study.results import Interval, ResultRow
from lithiate.units import convert

FEWEST_CELLS = 2
"""Cells of one anode from which a survival is told."""

_HOUR = 3600.0
_WORDS = {FAILURE: "first failure"}


@frozen(eq=False)
class ExperimentSurvival:
    """The survival of the cells of one experiment and one origin."""

    experiment: str
    origin: str
    result: SurvivalResult

    @property
    def event(self) -> str:
        """The event in words."""
        quantity = self.result.quantity
        return _WORDS.get(quantity, quantity.replace("_", " "))


def experiment_survivals(experiment: ExperimentContent) -> list[ExperimentSurvival]:
    """Return the survival of each event that an experiment tells, where some anode has at least two cells.

    Simulated and measured cells are not put into one test. The first failure is told where events of two kinds are.
    """
    found = []
    for origin in ("simulated", "measured"):
        cells = _cells([row for row in experiment.rows if row.origin == origin])
        if max((len(own) for own in cells.values()), default=0) < FEWEST_CELLS:
            continue
        told = [name for name in EVENTS if any(e.quantity == name for own in cells.values() for c in own for e in c)]
        timed = [name for name in told if name != "cycle_life"]
        for quantity in [*told, *([FAILURE] if len(timed) > 1 else [])]:
            known = {
                group: [c for c in own if any(_is_known(e) for e in c if quantity in (e.quantity, FAILURE))]
                for group, own in cells.items()
            }
            if max((len(own) for own in known.values()), default=0) >= FEWEST_CELLS:
                result = analyse_survival(cells, quantity=quantity)
                found.append(ExperimentSurvival(experiment.name, origin, result))
    return found


def survival_tables(experiments: Sequence[ExperimentContent]) -> list[dict[str, Any]]:
    """Return for each event of replicate cells a line a group and a line a pair of groups, in words."""
    return [_table(survival) for experiment in experiments for survival in experiment_survivals(experiment)]


def _is_known(estimate: Estimate) -> bool:
    return estimate.value is not None or estimate.censored is not None


def _cells(rows: Sequence[ResultRow]) -> dict[str, list[list[Estimate]]]:
    """Return the events of each cell by the name of its anode; a cell without one is left out."""
    found: dict[tuple[str, str], list[Estimate]] = {}
    for row in rows:
        if row.quantity in EVENTS:
            key = (cell_name(row), row.measurement or row.cell_id or row.specimen)
            found.setdefault(key, []).append(_estimate(row))
    groups: dict[str, list[list[Estimate]]] = {}
    for (group, _), estimates in found.items():
        groups.setdefault(group, []).append(estimates)
    return groups


def _estimate(row: ResultRow) -> Estimate:
    """Return a row as an estimate in SI; the interval of an ensemble, which is not this cell's own, is left out."""
    unit = QUANTITIES[row.quantity].si_unit

    def si(value: float | None) -> float | None:
        return None if value is None else float(convert(value, row.unit, unit))

    own = row.interval is not None and row.interval_kind != "posterior"
    interval = (si(row.interval[0]), si(row.interval[1])) if own and row.interval is not None else None
    return Estimate(
        row.quantity,
        si(row.value),
        unit,
        row.definition,
        interval=interval,
        interval_kind=row.interval_kind if own else None,
        conditions={k: v for k, v in row.conditions.items() if k == "censored_at"},
        censored=row.censored,
        censored_by=row.censored_by,
    )


def _table(survival: ExperimentSurvival) -> dict[str, Any]:
    result = survival.result
    return {
        "experiment": survival.experiment,
        "origin": survival.origin,
        "event": survival.event,
        "definition": result.definition,
        "groups": [_group(curve) for curve in result.curves],
        "pairs": [_pair(entry) for entry in result.comparisons],
        "sentences": list(_sentences(survival)),
        "warnings": [dict(zip(("code", "text"), warning_parts(text), strict=True)) for text in result.warnings],
    }


def _group(curve: SurvivalCurve) -> dict[str, str]:
    ends: Interval = (_printed(curve.interval[0], curve.unit), _printed(curve.interval[1], curve.unit))
    unit = "h" if curve.unit == "s" else "cycles"
    if curve.median is None:
        lower = ends[0]
        median = "not reached" if not lower else f"> {with_unit(number(lower), unit)}"
        interval = NOT_STATED
    else:
        median = with_unit(number(_printed(curve.median, curve.unit)), unit)
        interval = interval_text(ends)
    cells = f"{curve.events} of {curve.cells}"
    return {"name": curve.group, "cells": cells, "median": median, "interval": interval}


def _pair(entry: LogRankComparison) -> dict[str, str]:
    return {
        "name": " and ".join(entry.groups),
        "p_value": number(entry.p_value, 2),
        "holm": number(entry.holm_p_value, 2),
        "smallest": number(entry.smallest_p_value, 2),
        "method": entry.method,
        "outcome": entry.outcome,
    }


def _sentences(survival: ExperimentSurvival) -> Iterator[str]:
    differing = [entry for entry in survival.result.comparisons if entry.holm_p_value <= LEVEL]
    for entry in differing:
        p_value = number(entry.holm_p_value, 2)
        yield f"{' and '.join(entry.groups)}: {entry.outcome} (log-rank, corrected p = {p_value})."
    pairs = len(survival.result.comparisons)
    if pairs and not differing:
        text = "1 pair shows no difference" if pairs == 1 else f"None of {pairs} pairs shows a difference"
        yield f"{text} in {survival.event} at a corrected p of {LEVEL:g}; that is no evidence that there is none."


def _printed(value: float | None, unit: str) -> float | None:
    return None if value is None else value / (_HOUR if unit == "s" else 1.0)
