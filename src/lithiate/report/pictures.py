"""The figures of a report, with their captions, and the data of its zoomable trace."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.measurement import CyclingRecord
from lithiate.core.store import slug
from lithiate.figures.cycling import (
    envelope,
    first_half_cycle_capacity,
    plot_first_cycles,
    plot_hysteresis,
    plot_nucleation,
    plot_voltage,
)
from lithiate.figures.style import LineStyle, anode_styles, save
from lithiate.library import published_values
from lithiate.report.folder import ExperimentContent, FolderContent
from lithiate.study.layout import FIGURES
from lithiate.units import convert

FIRST_CYCLES = 5
WINDOW_CYCLES = 10
_TRACE_COLUMNS = 1200
_HOUR = 3600.0


@frozen
class Picture:
    """A figure of the report: its title, caption, the file it lies in, and the same as a data address."""

    experiment: str
    title: str
    caption: str
    path: Path
    address: str


def make_pictures(content: FolderContent) -> list[Picture]:
    """Draw and save all figures of a study.

    Raises
    ------
    WriteError
        When a figure cannot be written.
    """
    styles = anode_styles([*(anode["name"] for anode in content.used.get("anodes", ())), *_anodes(content)])
    pictures = []
    for experiment in content.experiments:
        if not experiment.cells:
            continue
        drawing = _nucleation if experiment.kind == "nucleation" else _cycling
        for word, title, caption, figure in drawing(content, experiment, styles):
            path = content.folder / FIGURES / f"{slug(experiment.name)}-{word}.svg"
            save(figure, path)
            address = "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
            pictures.append(Picture(experiment.name, title, caption, path, address))
    return pictures


def _anodes(content: FolderContent) -> Iterator[str]:
    for experiment in content.experiments:
        yield from (cell.row.anode for cell in experiment.cells)


def _cycling(
    content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    traces = [cell.trace for cell in experiment.cells]
    onsets = _published_onsets(content.used, experiment.name)
    if experiment.curves and any(curve.time.size for curve in experiment.curves):
        band = any(curve.low is not None for curve in experiment.curves)
        caption = "Voltage hysteresis of each cycle, 2 × time-weighted mean |V|, on a logarithmic axis."
        if band:
            caption += (
                " Shaded: 80 % of the ensemble, cycle by cycle, over the members that still run; dashed: its median."
                " Solid: the nominal cell, which is not one of the members."
            )
        if onsets:
            caption += " Dotted uprights: published onset of the rise, where the test is that long."
        if any(curve.measured for curve in experiment.curves):
            caption += " Dotted lines: measured cells."
        yield "hysteresis", "Hysteresis against time", caption, plot_hysteresis(experiment.curves, styles, onsets)
    yield (
        "voltage",
        "Voltage against time",
        "Each panel is one cell with its own axis of voltage. A long test is drawn as the envelope of its extremes.",
        plot_voltage(traces, styles),
    )
    yield (
        "first-cycles",
        "First cycles",
        f"The first {FIRST_CYCLES} cycles. A nucleation tip shows at the start of the first half cycle.",
        plot_first_cycles(traces, styles, FIRST_CYCLES * cycle_period(experiment)),
    )


def _nucleation(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    traces = [cell.trace for cell in experiment.cells]
    half_cycle = min(float(trace.record.time[-1] - trace.record.time[0]) for trace in traces)
    known = [trace for trace in traces if first_half_cycle_capacity(trace.record, half_cycle) is not None]
    if known:
        caption = (
            "|Voltage| of the first plating against plated capacity. The nucleation overpotential is the tip minus the "
            "plateau; in a cell with two electrodes it includes the counter electrode's film."
        )
        yield "nucleation", "First plating", caption, plot_nucleation(known, styles, half_cycle)


def _published_onsets(used: Mapping[str, Any], experiment: str) -> dict[str, tuple[float, bool]]:
    labels = [entry.get("published") for entry in used.get("experiments", ()) if entry["name"] == experiment]
    changed = {anode["name"] for anode in used.get("anodes", ()) if anode["changed"]}
    onsets: dict[str, tuple[float, bool]] = {}
    for value in published_values(labels[0]) if labels and labels[0] else ():
        level = value.at_least if value.value is None else value.value
        if value.quantity == "hysteresis_onset_time" and level is not None:
            time = float(convert(level, value.unit, "s"))
            onsets |= {anode: (time, value.value is None) for anode in value.anodes if anode not in changed}
    return onsets


def cycle_period(experiment: ExperimentContent) -> float:
    """Return the usual time from cycle to cycle [s]; a record without two cycles counts as one cycle."""
    for curve in experiment.curves:
        if curve.time.size > 1:
            return float(np.median(np.diff(curve.time)))
    return max(float(cell.record.time[-1] - cell.record.time[0]) for cell in experiment.cells)


def zoomable_traces(content: FolderContent) -> list[dict[str, Any]]:
    """Return the traces of all cycled cells: the whole of each as extremes, its first and last cycles in full.

    Time is in h, voltage in mV.
    """
    traces = []
    for experiment in content.experiments:
        if experiment.kind != "symmetric-cycling":
            continue
        window = WINDOW_CYCLES * cycle_period(experiment)
        for cell in experiment.cells:
            name = f"{experiment.name}: {cell.label}"
            traces.append({"name": name, "views": _views(cell.record, window)})
    return traces


def _views(record: CyclingRecord, window: float) -> list[dict[str, Any]]:
    time, voltage = record.time, record.voltage
    if time.size <= 2 * _TRACE_COLUMNS:
        return [_view("whole test", time, voltage)]
    centre, low, high = envelope(time, voltage, _TRACE_COLUMNS)
    extremes = np.column_stack([low, high]).ravel()
    whole = _view("whole test (extremes)", np.repeat(centre, 2), extremes)
    first = time <= time[0] + window
    last = time >= time[-1] - window
    return [
        whole,
        _view(f"first {WINDOW_CYCLES} cycles", time[first], voltage[first]),
        _view(f"last {WINDOW_CYCLES} cycles", time[last], voltage[last]),
    ]


def _view(name: str, time: NDArray[np.float64], voltage: NDArray[np.float64]) -> dict[str, Any]:
    return {"name": name, "time": _rounded(time / _HOUR, 6), "voltage": _rounded(voltage * 1e3, 4)}


def _rounded(values: NDArray[np.float64], digits: int) -> list[float]:
    # Fewer digits halve the size of the page; a screen shows three.
    return [float(f"{value:.{digits}g}") for value in values]
