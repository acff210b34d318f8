"""What the report says, as plain values for its template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lithiate.report.ablation import ablation_tables
from lithiate.report.compare import Comparison, compare
from lithiate.report.fade import fade_tables
from lithiate.report.folder import FolderContent
from lithiate.report.survival import survival_tables
from lithiate.report.wording import (
    BY_CONDITION,
    NOT_STATED,
    c_rate_text,
    cell_name,
    censoring_bound,
    interval_text,
    is_late,
    number,
    pretty_unit,
    quantity_text,
    value_text,
    warning_parts,
    with_unit,
)
from lithiate.study.results import ResultRow

_AT_A_GLANCE = (
    "specific_capacity",
    "capacity_retention",
    "cycle_life",
    "voltage_hysteresis",
    "hysteresis_onset_time",
    "time_to_short_circuit",
    "time_to_soft_short",
    "nucleation_overpotential",
    "coulombic_efficiency",
    "energy_efficiency",
    "ohmic_resistance",
    "interfacial_resistance",
    "exchange_current_density",
    "activation_energy",
    "dead_lithium",
    "electrolyte_left",
)
_EXTREMES = (
    "specific_capacity",
    "capacity_retention",
    "voltage_hysteresis",
    "nucleation_overpotential",
    "coulombic_efficiency",
    "energy_efficiency",
    "interfacial_resistance",
    "exchange_current_density",
    "activation_energy",
)
_OF_A_CYCLE = {"specific_capacity": 0, "capacity_retention": -1}
"""Quantities that are always of a cycle -> which of those that are reported stands for the cell: first or last."""
_ALIKE = 0.01
"""Values within this share of the lowest are not put into an order."""
_NOT_STATED_CELL = {"cell_id": None, "area": None, "reader": None}
# Said once in the section on intervals, not as a warning beside each number.
_ABOUT_INTERVALS = ("LI-W-STUDY-001", "LI-W-STUDY-002", "LI-W-STUDY-003")


def report_content(content: FolderContent) -> dict[str, Any]:
    """Return everything that the template prints, save figures and traces."""
    results, used = content.results, content.used
    comparisons = compare(results.rows, used)
    return {
        "title": results.study,
        "lithiate": results.lithiate,
        "summary": list(summary_sentences(results.rows, len(results.failures))),
        "experiments": [_experiment(entry) for entry in used.get("experiments", ())],
        "measured": [{**_NOT_STATED_CELL, **entry} for entry in used.get("measurements", ())],
        "anodes": [_anode(entry) for entry in used.get("anodes", ())],
        "glance": _glance(results.rows),
        "rows": [_row(row) for row in results.rows],
        "comparisons": comparisons,
        "tally": _tally(comparisons),
        "soft_short_checks": list(_soft_short_checks(content)),
        "warnings": _warnings(results.rows),
        "intervals": _about_intervals(results.rows, used),
        "failures": results.failures,
        "ablation": ablation_tables(content.ablation),
        "cycle_tables": fade_tables(content.experiments),
        "survival": survival_tables(content.experiments),
        "choices": _choices(used),
        "seed": used.get("seed"),
        "parameters": used.get("parameters"),
        "parameter_values": _parameter_values(used),
        "ensemble_size": used.get("ensemble_size", 0),
    }


def summary_sentences(rows: Sequence[ResultRow], failures: int = 0) -> Iterator[str]:
    """Yield what the numbers say, in sentences: lowest hysteresis, onsets, shorts, nucleation, failures."""
    if not rows:
        yield "The study gave no results: every one of its tasks failed."
    for experiment in dict.fromkeys(row.experiment for row in rows):
        for origin in ("simulated", "measured"):
            own = [row for row in rows if (row.experiment, row.origin) == (experiment, origin)]
            if own:
                yield from _sentences(f"{experiment} ({origin})", own)
    if failures:
        tasks = "1 task" if failures == 1 else f"{failures} tasks"
        yield f"{tasks} of the study failed and {'is' if failures == 1 else 'are'} listed below; the rest is complete."


def _sentences(name: str, rows: Sequence[ResultRow]) -> Iterator[str]:
    for quantity in _EXTREMES:
        known = [r for r in _early(rows) if r.quantity == quantity and r.value is not None]
        # Spectra are told one by one: a fresh cell has another film than a cycled one.
        spectra = [r for r in rows if r.kind == "impedance" and r.quantity == quantity and r.value is not None]
        for words in dict.fromkeys(quantity_text(row) for row in spectra):
            yield from _extremes(name, words, [row for row in spectra if quantity_text(row) == words])
        if not spectra:
            if quantity in _OF_A_CYCLE:
                known = _of_one_cycle(rows, quantity)
            words = quantity_text(known[0]) if known and quantity in _OF_A_CYCLE else quantity.replace("_", " ")
            yield from _extremes(name, words, known)
    rated = _first_runs(rows)
    if rated:
        highest = max(rated)
        yield from _extremes(name, f"specific capacity {highest[1]}", rated[highest])
    for quantity, event in (
        ("hysteresis_onset_time", "a lasting rise of its voltage"),
        ("time_to_short_circuit", "a hard short"),
        ("time_to_soft_short", "a soft short"),
        ("cycle_life", "a fall of its capacity below the threshold of cycle life"),
    ):
        happened = [row for row in rows if row.quantity == quantity and row.value is not None]
        spared = [row for row in rows if row.quantity == quantity and row.value is None and row.censored]
        if happened:
            first = min(happened, key=lambda row: row.value or 0.0)
            cells = f"{len(happened)} of {len(happened) + len(spared)} cells"
            yield f"{name}: {cells} showed {event}, {cell_name(first)} first at {value_text(first)}."
        elif spared:
            first = min(spared, key=lambda row: censoring_bound(row) or 0.0)
            bound = with_unit(number(censoring_bound(first)), first.unit)
            yield f"{name}: no cell showed {event} before its test ended (at {bound} or later)."


def _early(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Return the rows that stand for a cell: the first early one, an analysis' main one.

    Of a kind with rows by current density or temperature none stands for the whole cell.
    """
    found: dict[tuple[str | None, ...], list[ResultRow]] = {}
    for row in rows:
        if "rate_order" not in row.conditions and (row.quantity in _OF_A_CYCLE or not is_late(row)):
            name = (row.quantity, row.experiment, row.anode, row.cell_id or row.specimen, row.origin)
            found.setdefault(name, []).append(row)
    return [
        own[_OF_A_CYCLE.get(own[0].quantity, 0)]
        for own in found.values()
        if len(own) == 1 or own[0].kind not in BY_CONDITION or own[0].quantity == "activation_energy"
    ]


def _of_one_cycle(rows: Sequence[ResultRow], quantity: str) -> list[ResultRow]:
    """Return the rows of the cycle that most cells have, of several such the first or the last.

    Cells that ended in different cycles cannot be compared at their own last ones.
    """
    found: dict[float, list[ResultRow]] = {}
    for row in rows:
        if row.quantity == quantity and row.value is not None and "rate_order" not in row.conditions:
            found.setdefault(float(row.conditions.get("cycle", 0.0)), []).append(row)
    most = max((len(own) for own in found.values()), default=0)
    common = sorted(cycle for cycle, own in found.items() if len(own) == most)
    return found[common[_OF_A_CYCLE[quantity]]] if common else []


def _first_runs(rows: Sequence[ResultRow]) -> dict[tuple[float, str], list[ResultRow]]:
    """Return the rows of rate tests by C-rate, rising, in number and words; of each cell the first run at each."""
    found: dict[tuple[float, str], list[ResultRow]] = {}
    for row in sorted(
        (r for r in rows if "rate_order" in r.conditions), key=lambda r: float(r.conditions["rate_order"])
    ):
        text = c_rate_text(row.conditions)
        own = found.setdefault((float(text.split(" ")[1]), text), [])
        if row.value is not None and all(_cell(row) != _cell(earlier) for earlier in own):
            own.append(row)
    return dict(sorted((key, own) for key, own in found.items() if own))


def _cell(row: ResultRow) -> tuple[str, ...]:
    return (row.experiment, row.anode, row.cell_id or row.specimen, row.origin)


def _extremes(name: str, quantity: str, rows: Sequence[ResultRow]) -> Iterator[str]:
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: row.value or 0.0)
    low, high = ordered[0], ordered[-1]
    if len(rows) == 1:
        yield f"{name}: the {quantity} of {cell_name(low)} is {value_text(low)}."
        return
    if low.value is not None and high.value is not None and abs(high.value - low.value) <= _ALIKE * abs(low.value):
        yield f"{name}: the {quantity} is alike in all cells, {value_text(low)} to {value_text(high)}."
        return
    text = f"{name}: the {quantity} is lowest for {cell_name(low)} ({value_text(low)})"
    text += f" and highest for {cell_name(high)} ({value_text(high)})"
    yield text + (", but their intervals overlap." if _overlap(low, high) else ".")


def _overlap(low: ResultRow, high: ResultRow) -> bool:
    if low.interval is None or high.interval is None:
        return False
    top, bottom = low.interval[1], high.interval[0]
    return top is None or bottom is None or top >= bottom


def _experiment(entry: Mapping[str, Any]) -> dict[str, Any]:
    values = []
    for name, value in entry["values"].items():
        unit = value.get("unit", "1")
        text = f"{_shown(value['value'])} C" if unit == "1/h" else with_unit(_shown(value["value"]), unit)
        values.append({"name": name.replace("_", " "), "text": text, "status": value["status"]})
    return {"published": None, **entry, "numbers": values}


def _shown(value: object) -> str:
    """Return a value that was used, as it is read: a list with commas, its texts one a line."""
    if isinstance(value, list):
        texts = any(isinstance(item, str) for item in value)
        return ("; " if texts else ", ").join(_shown(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else str(value)


def _anode(entry: Mapping[str, Any]) -> dict[str, Any]:
    values = [
        {
            "name": name.removeprefix("host.").replace("_", " "),
            "text": with_unit(number(value["value"]), value["unit"]),
            "status": value["status"],
            "source": value["source"],
        }
        for name, value in entry["values"].items()
    ]
    return {"name": entry["name"], "kind": entry["kind"], "changed": entry["changed"], "numbers": values}


def _glance(rows: Sequence[ResultRow]) -> list[dict[str, Any]]:
    """Return small tables: one line a cell, one column a quantity; experiments with the same columns share a table."""
    early = [(row.quantity, row) for row in _early(rows) if row.quantity in _AT_A_GLANCE]
    runs = _first_runs(rows)
    rated = [(f"specific capacity {words}", row) for (_, words), own in runs.items() for row in own]
    order = [*(f"specific capacity {words}" for _, words in runs), *_AT_A_GLANCE]
    shown = rated + early
    tables: dict[tuple[str, ...], list[str]] = {}
    for experiment in dict.fromkeys(row.experiment for row in rows):
        found = {column for column, row in shown if row.experiment == experiment}
        if found:
            tables.setdefault(tuple(name for name in order if name in found), []).append(experiment)
    return [
        _glance_table([(column, row) for column, row in shown if row.experiment in names], columns)
        for columns, names in tables.items()
    ]


def _glance_table(shown: Sequence[tuple[str, ResultRow]], columns: Sequence[str]) -> dict[str, Any]:
    lines: dict[tuple[str, ...], dict[str, ResultRow]] = {}
    for column, row in shown:
        key = (row.experiment, cell_name(row), row.cell_id or row.specimen, row.origin)
        lines.setdefault(key, {})[column] = row
    heads = []
    for name in columns:
        unit = next(row.unit for column, row in shown if column == name)
        heads.append(name.replace("_", " ") + ("" if unit == "1" else f" / {pretty_unit(unit)}"))
    body = [{"key": key, "cells": [_glance_cell(found.get(name)) for name in columns]} for key, found in lines.items()]
    return {"heads": heads, "lines": body}


def _glance_cell(row: ResultRow | None) -> dict[str, str]:
    if row is None:
        return {"value": "", "interval": ""}
    bound = censoring_bound(row)
    digits = 4 if row.unit == "1" else 3
    if row.value is not None:
        value = number(row.value, digits)
    else:
        value = NOT_STATED if bound is None else f"> {number(bound, digits)}"
    interval = "" if row.interval is None or row.interval_kind == "censoring" else interval_text(row.interval)
    if row.quantity in _OF_A_CYCLE and "cycle" in row.conditions:
        interval = f"cycle {float(row.conditions['cycle']):.0f}" + (f": {interval}" if interval else "")
    return {"value": value, "interval": interval}


def _row(row: ResultRow) -> dict[str, Any]:
    return {
        "group": f"{row.experiment}: {cell_name(row)}, {row.cell_id or row.specimen}",
        "quantity": quantity_text(row),
        "value": value_text(row),
        "uncertainty": number(row.uncertainty, 2) if row.uncertainty is not None else NOT_STATED,
        "median": number(row.median) if row.median is not None else NOT_STATED,
        "interval": interval_text(row.interval),
        "interval_80": interval_text(row.interval_80),
        "interval_kind": _interval_kind(row),
        "badge": row.role or row.origin,
        "definition": row.definition,
    }


def _interval_kind(row: ResultRow) -> str:
    # results.json has one word for every ensemble; without a posterior's name it is one of the prior.
    prior = row.interval_kind == "posterior" and row.posterior is None
    return "prior ensemble" if prior else row.interval_kind or ""


def _tally(comparisons: Sequence[Comparison]) -> dict[str, int]:
    """Return how many checks hit and missed; what the twin was set with does not count."""
    judged = [line for line in comparisons if line.role in ("check", "measured")]
    return {
        "hits": sum(line.verdict == "inside interval" for line in judged),
        "misses": sum(line.verdict == "outside" for line in judged),
        "open": sum(line.verdict == "not comparable" for line in judged),
    }


def _soft_short_checks(content: FolderContent) -> Iterator[dict[str, str]]:
    checks = {entry["measurement"]: entry["soft_short_check"] for entry in content.used.get("tasks", ())}
    checks |= {entry["measurement"]: entry["soft_short_check"] for entry in content.used.get("measurements", ())}
    for experiment in content.experiments:
        for cell in experiment.cells:
            text = checks.get(cell.row.measurement or "")
            if text:
                yield {"experiment": experiment.name, "cell": cell.label, "text": text}


def _warnings(rows: Sequence[ResultRow]) -> list[dict[str, Any]]:
    """Return each warning once, with the cells that it is about."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        for warning in row.warnings:
            if warning_parts(warning)[0] not in _ABOUT_INTERVALS:
                about = f"{cell_name(row)} ({row.cell_id or row.specimen}, {row.experiment})"
                found.setdefault(warning, {})[about] = None
    parts = [(*warning_parts(warning), list(about)) for warning, about in found.items()]
    return [{"code": code, "text": text, "about": about} for code, text, about in parts]


def _about_intervals(rows: Sequence[ResultRow], used: Mapping[str, Any]) -> list[str]:
    texts = []
    size = used.get("ensemble_size", 0)
    simulated = any(row.origin == "simulated" for row in rows)
    if simulated and size:
        texts.append(
            f"Simulated intervals are the spread of {size} members of an ensemble. Its parameters are drawn from the "
            "library's stated ranges, with a stated scatter from cell to cell. It is a prior ensemble, no posterior: "
            "nothing was fitted to data; the interval covers neither other model structures nor other definitions."
        )
        if size < 40:
            texts.append(
                f"With {size} members the 95 % interval runs from the smallest to the largest member; fewer than 40 "
                "members cannot tell more. The 80 % interval interpolates linearly between members."
            )
        texts.append(
            "The value is that of the nominal parameters, which are no member of the ensemble, so it may lie outside. "
            "A member in which an event did not happen within the test counts as later than any other: an interval "
            "that reaches beyond the test is open."
        )
    elif simulated:
        texts.append(
            "The study asked for no ensemble (ensemble_size = 0): what stands beside a simulated value is the scatter "
            "of its own cycles, which says nothing about how well the twin knows the anode."
        )
    if any(row.origin == "measured" for row in rows):
        texts.append(
            "Intervals of measured cells are sampling intervals of that one record: scatter of its cycles and "
            "resolution of its instrument. Other cells of the same make scatter more."
        )
    return texts


def _choices(used: Mapping[str, Any]) -> dict[str, Any]:
    """Return the closures that were used and the mechanisms that were off, in words."""
    closures = [f"{name.replace('_', ' ')}: {choice}" for name, choice in used.get("closures", {}).items()]
    return {
        "closures": closures if any(used.get("experiments", ())) else [],
        "disabled": [name.replace("_", " ") for name in used.get("disabled_mechanisms", ())],
    }


def _parameter_values(used: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the twin's parameters of the first task without cell scatter; all cells share them."""
    tasks = used.get("tasks", ())
    chosen = next((task for task in tasks if "scatter_seed" not in task), tasks[0] if tasks else None)
    if chosen is None:
        return []
    return [
        {
            "name": name.replace("_", " "),
            "text": with_unit(number(value["value"]), value["unit"]),
            "status": value["status"],
            "meaning": value.get("meaning", ""),
            "source": value["source"],
        }
        for name, value in chosen["used"].items()
    ]
