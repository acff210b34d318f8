"""The results beside values that they can be judged by: published ones, and measured cells of the same study."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from attrs import frozen

from lithiate.errors import UnitError
from lithiate.library import PublishedValue, published_values
from lithiate.report.wording import (
    BY_CONDITION,
    NOT_STATED,
    interval_text,
    is_late,
    number,
    quantity_text,
    quantity_words,
    value_text,
    with_unit,
)
from lithiate.study.beside import is_beside
from lithiate.study.estimates import moment
from lithiate.study.results import ResultRow
from lithiate.units import convert

Verdict = Literal["inside interval", "outside", "not comparable"]

IN_WORDS = "a statement in words; see the figures"
_ROLES = {"calibrate": "calibrated", "check": "check", "input": "input", "analysis": "check"}


@frozen
class Comparison:
    """One line of the comparison table, ready to print.

    `role` says what the reference is to the twin: ``input``, ``calibrated`` (its parameters were set with it, so that
    agreement proves nothing), ``check`` (they were not), or ``measured`` (a cell of this study).
    """

    experiment: str
    anode: str
    quantity: str
    role: str
    value: str
    interval: str
    reference: str
    verdict: Verdict
    reason: str


def compare(rows: Sequence[ResultRow], used: Mapping[str, Any]) -> list[Comparison]:
    """Return the simulated rows beside their published values, then beside the measured cells.

    Parameters
    ----------
    rows : sequence of ResultRow
    used : mapping
        Content of study.lock.toml.
    """
    simulated = [row for row in rows if row.origin == "simulated"]
    lines: list[Comparison] = []
    changed = {anode["name"] for anode in used.get("anodes", ()) if anode["changed"]}
    for experiment in used.get("experiments", ()):
        label = experiment.get("published")
        own = [row for row in simulated if row.experiment == experiment["name"] and row.anode not in changed]
        for value in published_values(label) if label else ():
            lines += _beside_published(own, value)
    measured = [row for row in rows if row.origin == "measured"]
    return lines + list(_beside_measured(simulated, measured))


def _beside_published(rows: Sequence[ResultRow], published: PublishedValue) -> Iterator[Comparison]:
    role = _ROLES.get(published.role, published.role)
    for anode in published.anodes:
        of_anode = [row for row in rows if row.anode == anode]
        same = [row for row in of_anode if is_beside(published, row.quantity, row.conditions)]
        if "c_rate" in published.conditions or published.quantity == "activation_energy":
            # A C-rate that comes back later tells of an aged cell: the first run of each cell is the published one. The
            # published activation energy is that of the film; where its arc cannot be told, of film and transfer.
            same = [row for n, row in enumerate(same) if row.cell_id not in {earlier.cell_id for earlier in same[:n]}]
        for row in same:
            verdict, reason = judge(row, published.value, published.at_least, published.unit)
            yield _line(row, role, _published_text(published), verdict, reason)
        if of_anode and not same:
            name = quantity_words(published.quantity, "", published.conditions)
            words = (of_anode[0].experiment, anode, name, role, NOT_STATED, NOT_STATED, _published_text(published))
            said = published.value is None and published.at_least is None
            reason = IN_WORDS if said else "the simulated test has no such value"
            yield Comparison(*words, "not comparable", reason)


def _beside_measured(simulated: Sequence[ResultRow], measured: Sequence[ResultRow]) -> Iterator[Comparison]:
    for reference in measured:
        for row in simulated:
            same = (row.experiment, row.anode) == (reference.experiment, reference.anode)
            if same and row.quantity == reference.quantity and _alike(row, reference):
                bound = None if reference.interval is None or not reference.censored else reference.interval[0]
                verdict, reason = judge(row, reference.value, bound, reference.unit)
                text = f"{value_text(reference)} ({reference.cell_id or reference.specimen})"
                yield _line(row, "measured", text, verdict, reason)


def _alike(row: ResultRow, reference: ResultRow) -> bool:
    """Return whether two rows of a quantity tell of the same: both late or both early, by the same method."""
    # A late level is that of each record's own last cycles; a spectrum belongs to its own cycle and temperature.
    same_time = is_late(row) == is_late(reference)
    if row.kind in ("impedance", "impedance-temperature"):
        same_time = row.conditions.get("cycle", 0.0) == reference.conditions.get("cycle", 0.0)
    elif moment(row.conditions) or moment(reference.conditions):
        same_time = moment(row.conditions) == moment(reference.conditions)
    names: tuple[str, ...] = ("current_density", "temperature") if row.kind in BY_CONDITION else ()
    equal = all(_close(row.conditions.get(name), reference.conditions.get(name)) for name in names)
    words = ("method", "estimator", "conditioning_included")
    return same_time and equal and all(row.conditions.get(word) == reference.conditions.get(word) for word in words)


def _close(one: float | str | None, other: float | str | None) -> bool:
    if one is None or other is None:
        return one is None and other is None
    return math.isclose(float(one), float(other), rel_tol=1e-3)


def _line(row: ResultRow, role: str, reference: str, verdict: Verdict, reason: str) -> Comparison:
    name = row.anode if row.cell_id in (None, "cell 1") else f"{row.anode}, {row.cell_id}"
    words = (row.experiment, name, quantity_text(row), role, value_text(row), interval_text(row.interval), reference)
    return Comparison(*words, verdict, reason)


def _published_text(published: PublishedValue) -> str:
    if published.value is not None:
        return with_unit(number(published.value), published.unit)
    if published.at_least is not None:
        return f"≥ {with_unit(number(published.at_least), published.unit)}"
    return f"“{published.statement}”"


def judge(row: ResultRow, value: float | None, at_least: float | None, unit: str) -> tuple[Verdict, str]:
    """Return whether a reference value lies in the interval of a row, and why it cannot be told where it cannot.

    A lower bound lies in the interval when a part of the interval is above it.
    """
    level = at_least if value is None else value
    if level is None:
        return "not comparable", IN_WORDS
    if row.interval_kind not in ("posterior", "censoring") or row.interval is None:
        return "not comparable", "the simulation has no interval without an ensemble"
    wanted, remark = _in_unit_of(row, level, unit)
    if wanted is None:
        return "not comparable", "the units differ in dimension"
    low, high = row.interval
    if row.interval_kind == "censoring" and low is not None and low < wanted:
        return "not comparable", f"the simulated test ended at {with_unit(number(low), row.unit)}"
    above_low = low is None or low <= wanted or value is None
    below_high = high is None or wanted <= high
    return ("inside interval" if above_low and below_high else "outside"), remark


def _in_unit_of(row: ResultRow, level: float, unit: str) -> tuple[float | None, str]:
    """Return a level in the unit of a row, and what had to be assumed for it; None where nothing makes one of it."""
    try:
        return float(convert(level, unit, row.unit)), ""
    except UnitError:
        area = row.conditions.get("area")
    if unit != "ohm" or area is None:
        return None, ""
    # A resistance of a cell whose area is not published: the simulated cell's stands in for it.
    remark = (
        f"per area of the simulated cell, {with_unit(number(1e4 * float(area), 3), 'cm^2')}: the publication has none"
    )
    return float(convert(level * float(area), "ohm m^2", row.unit)), remark
