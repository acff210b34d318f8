"""The figures of a report, with their captions, and the data of its zoomable trace."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, PolarisationCurve
from lithiate.core.store import slug
from lithiate.figures.ablation import plot_ablation
from lithiate.figures.arrhenius import plot_arrhenius
from lithiate.figures.critical_current import CurrentSteps, plot_current_steps
from lithiate.figures.cycling import (
    CellTrace,
    envelope,
    first_half_cycle_capacity,
    plot_first_cycles,
    plot_hysteresis,
    plot_nucleation,
    plot_voltage,
)
from lithiate.figures.efficiency import plot_efficiency
from lithiate.figures.fade import plot_fade
from lithiate.figures.full_cell import CapacityCurve, plot_capacity, plot_rate_capacity, plot_voltage_profiles
from lithiate.figures.full_cell_traces import plot_full_potentials, plot_full_voltage
from lithiate.figures.impedance import SpectraTrace, plot_nyquist
from lithiate.figures.polarisation import PolarisationTrace, plot_polarisation
from lithiate.figures.potentials import plot_electrode_potentials
from lithiate.figures.style import LineStyle, anode_styles, save
from lithiate.figures.survival import plot_survival
from lithiate.library import published_values
from lithiate.report.ablation import ablation_panels
from lithiate.report.fade import fade_splits
from lithiate.report.folder import Cell, ExperimentContent, FolderContent
from lithiate.report.full_cells import arrhenius_traces, capacity_curves, full_cell_results, profiles
from lithiate.report.replicates import replicate_pictures
from lithiate.report.survival import experiment_survivals
from lithiate.study.layout import FIGURES
from lithiate.units import convert

if TYPE_CHECKING:
    from lithiate.analysis.full_cell_result import FullCellResult

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
        if experiment.cells:
            for word, title, caption, figure in _DRAWINGS[experiment.kind](content, experiment, styles):
                pictures.append(_picture(content, experiment.name, word, title, caption, figure))
            for word, title, caption, figure in (*replicate_pictures(experiment), *_survivals(experiment)):
                pictures.append(_picture(content, experiment.name, word, title, caption, figure))
    return pictures


def _survivals(experiment: ExperimentContent) -> Iterator[tuple[str, str, str, Any]]:
    for survival in experiment_survivals(experiment):
        curves = survival.result.curves
        if not any(curve.events for curve in curves):
            continue
        caption = (
            f"Share of the {survival.origin} cells of each anode without the event ({survival.event}), Kaplan-Meier. "
            "Shaded: pointwise 95 % band, where it is defined. Uprights: cells whose observation ended. In the legend: "
            "events of cells."
        )
        word = f"survival-{survival.result.quantity.replace('_', '-')}-{survival.origin}"
        styles = anode_styles(curve.group for curve in curves)
        yield word, f"Survival: {survival.event}", caption, plot_survival(survival.result, styles)


def make_ablation_pictures(content: FolderContent) -> list[Picture]:
    """Draw and save the bars of an ablation, one figure for each experiment and anode.

    Raises
    ------
    WriteError
        When a figure cannot be written.
    """
    pictures = []
    for experiment, anode, panels in ablation_panels(content.ablation):
        caption = (
            "Change over the nominal value, the largest first; bars beyond the axis are cut, their text is not. "
            "A bound stands where an event did not happen within a test."
        )
        name = f"{experiment}, {anode}"
        pictures.append(_picture(content, name, "ablation", "Ablation", caption, plot_ablation(panels)))
    return pictures


def _picture(content: FolderContent, name: str, word: str, title: str, caption: str, figure: Any) -> Picture:  # noqa: ANN401 - matplotlib stays in figures
    path = content.folder / FIGURES / f"{slug(name)}-{word}.svg"
    save(figure, path)
    address = "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
    return Picture(name, title, caption, path, address)


def _anodes(content: FolderContent) -> Iterator[str]:
    for experiment in content.experiments:
        yield from (cell.row.anode for cell in experiment.cells)


def _cycling(
    content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    traces = experiment.traces
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
    yield _voltage(traces, styles)
    yield (
        "first-cycles",
        "First cycles",
        f"The first {FIRST_CYCLES} cycles. A nucleation tip shows at the start of the first half cycle.",
        plot_first_cycles(traces, styles, FIRST_CYCLES * cycle_period(experiment)),
    )
    yield from _potentials(traces, styles, FIRST_CYCLES * cycle_period(experiment))


def _potentials(
    traces: Sequence[CellTrace], styles: Mapping[str, LineStyle], duration: float
) -> Iterator[tuple[str, str, str, Any]]:
    if all(trace.record.electrode_potential is None for trace in traces):
        return
    if all(trace.record.specimen.cell == "full" for trace in traces):
        caption = (
            "Potentials of cathode and anode against a lithium reference in the separator. The potential of the anode "
            "is that of the cathode less the voltage."
        )
        yield "potentials", "Electrode potentials", caption, plot_full_potentials(traces, styles, duration)
    else:
        caption = (
            "Voltage and the potentials of both electrodes against a lithium reference in the separator. The potential "
            "of the counter electrode is that of the working electrode less the voltage."
        )
        yield "potentials", "Electrode potentials", caption, plot_electrode_potentials(traces, styles, duration)


def _voltage(traces: Sequence[CellTrace], styles: Mapping[str, LineStyle]) -> tuple[str, str, str, Any]:
    if all(trace.record.specimen.cell == "full" for trace in traces):
        caption = "A long test is the envelope of its extremes."
        return "voltage", "Voltage against time", caption, plot_full_voltage(traces, styles)
    caption = "Each panel is one cell with its own axis of voltage. A long test is the envelope of its extremes."
    return "voltage", "Voltage against time", caption, plot_voltage(traces, styles)


def _free(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    traces = experiment.traces
    # What no analysis could count has no capacity by cycle.
    counted = not any(text.startswith("LI-W-STUDY-005") for row in experiment.rows for text in row.warnings)
    if counted and all(trace.record.specimen.cell == "full" for trace in traces):
        yield from _capacities(experiment, styles)
    yield _voltage(traces, styles)
    yield from _potentials(traces, styles, _longest(traces))


def _longest(traces: Sequence[CellTrace]) -> float:
    return max(float(trace.record.time[-1] - trace.record.time[0]) for trace in traces)


def _stepped(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    steps = [_current_steps(experiment, cell) for cell in experiment.cells]
    if any(cell.current_density.size for cell in steps):
        caption = (
            "Voltage hysteresis at each current density, with the 95 % interval of the row. A cross marks the last "
            "current density of a cell that shorted."
        )
        yield "currents", "Hysteresis against current", caption, plot_current_steps(steps, styles)
    yield _voltage(experiment.traces, styles)
    yield from _potentials(experiment.traces, styles, _longest(experiment.traces))


def _current_steps(experiment: ExperimentContent, cell: Cell) -> CurrentSteps:
    own = [row for row in experiment.rows if row.measurement == cell.row.measurement]
    rows = [
        row
        for row in own
        if row.quantity == "voltage_hysteresis" and row.value is not None and "current_density" in row.conditions
    ]
    ends = [row.interval or (None, None) for row in rows]
    return CurrentSteps(
        cell.row.anode,
        cell.label,
        cell.measured,
        current_density=np.array([float(row.conditions["current_density"]) for row in rows]),
        hysteresis=_volts([row.value for row in rows]),
        low=_volts([end[0] for end in ends]),
        high=_volts([end[1] for end in ends]),
        shorted=any(row.quantity == "time_to_short_circuit" and row.value is not None for row in own),
    )


def _volts(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return millivolts of rows in V, NaN where there is none."""
    return np.array([np.nan if value is None else 1e-3 * value for value in values], dtype=np.float64)


def _plating(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    if any(curve.cycle.size for curve in experiment.efficiencies):
        caption = "Charge stripped over charge plated, cycle by cycle."
        if any(curve.low is not None for curve in experiment.efficiencies):
            caption += " Shaded: 80 % of the ensemble, over the members that still run."
        yield "efficiency", "Coulombic efficiency", caption, plot_efficiency(experiment.efficiencies, styles)
    yield _voltage(experiment.traces, styles)
    yield from _potentials(experiment.traces, styles, _longest(experiment.traces))


def _spectra(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    traces = [
        SpectraTrace(cell.row.anode, cell.label, cell.measured, cell.record)
        for cell in experiment.cells
        if isinstance(cell.record, ImpedanceSpectra)
    ]
    if traces:
        low = min(float(trace.record.frequency.min()) for trace in traces)
        high = max(float(trace.record.frequency.max()) for trace in traces)
        caption = (
            f"Impedance of the cell, both electrodes, on equal axes, {low:.3g} to {high:.3g} Hz; points mark whole "
            "decades of the frequency."
        )
        yield "nyquist", "Nyquist plot", caption, plot_nyquist(traces, styles)


def _temperatures(
    content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    yield from _spectra(content, experiment, styles)
    for quantity, traces in arrhenius_traces(experiment):
        words = quantity.replace("sei", "SEI").replace("_", " ")
        caption = f"{words[:1].upper()}{words[1:]} on a logarithmic axis against the inverse temperature."
        if any(trace.activation_energy is not None for trace in traces):
            caption += " Lines: least squares; their slope is the activation energy."
        word = "arrhenius-" + quantity.removesuffix("_resistance").replace("_", "-")
        yield word, "Arrhenius plot", caption, plot_arrhenius(traces, styles, quantity)


def _full_cycling(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    yield from _capacities(experiment, styles)
    yield from _potentials(experiment.traces, styles, FIRST_CYCLES * cycle_period(experiment))


def _capacities(experiment: ExperimentContent, styles: Mapping[str, LineStyle]) -> Iterator[tuple[str, str, str, Any]]:
    results = full_cell_results(experiment)
    if results:
        curves = capacity_curves(experiment, results)
        caption = "Discharge capacity, and discharge over charge of the cathode within the cycle."
        caption += _of_ensemble(curves)
        yield "capacity", "Capacity and coulombic efficiency", caption, plot_capacity(curves, styles)
        yield _profiles(results, styles)
    splits = fade_splits(experiment)
    if splits:
        caption = (
            "Share of the first discharge capacity that each cause has taken, as the twin keeps its books: a statement "
            "of the model, which no record of the cell holds. Each panel has its own axis; gains lie below 0."
        )
        yield "fade", "Causes of fade", caption, plot_fade(splits)


def _rate(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    results = full_cell_results(experiment)
    if results:
        curves = capacity_curves(experiment, results)
        caption = "Discharge capacity of each cycle, with the C-rate over each run of cycles." + _of_ensemble(curves)
        yield "rate", "Capacity by rate", caption, plot_rate_capacity(curves, styles)
        yield _profiles(results, styles)
    yield from _potentials(experiment.traces, styles, _longest(experiment.traces))


def _of_ensemble(curves: Sequence[CapacityCurve]) -> str:
    text = ""
    if any(curve.low is not None for curve in curves):
        text += " Shaded: 80 % of the ensemble, cycle by cycle, over the members that still run."
    return text + (" Dotted lines: measured cells." if any(curve.measured for curve in curves) else "")


def _profiles(results: list[tuple[Cell, FullCellResult]], styles: Mapping[str, LineStyle]) -> tuple[str, str, str, Any]:
    caption = "Voltage against capacity, charge and discharge each from zero, of the cycles that are named."
    return "profiles", "Voltage profiles", caption, plot_voltage_profiles(profiles(results), styles)


def _polarisation(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    traces = [
        PolarisationTrace(cell.row.anode, cell.label, cell.measured, cell.record)
        for cell in experiment.cells
        if isinstance(cell.record, PolarisationCurve)
    ]
    if traces:
        caption = (
            "Current against the voltage of the cell as swept, and its magnitude on a logarithmic axis. Both "
            "electrodes and the ohmic drop are in the voltage."
        )
        yield "polarisation", "Polarisation curve", caption, plot_polarisation(traces, styles)


def _nucleation(
    _content: FolderContent, experiment: ExperimentContent, styles: Mapping[str, LineStyle]
) -> Iterator[tuple[str, str, str, Any]]:
    traces = experiment.traces
    half_cycle = min(float(trace.record.time[-1] - trace.record.time[0]) for trace in traces)
    known = [trace for trace in traces if first_half_cycle_capacity(trace.record, half_cycle) is not None]
    if known:
        caption = (
            "|Voltage| of the first plating against plated capacity. The nucleation overpotential is the tip minus the "
            "plateau; in a cell with two electrodes it includes the counter electrode's film."
        )
        yield "nucleation", "First plating", caption, plot_nucleation(known, styles, half_cycle)


_DRAWINGS = {
    "symmetric-cycling": _cycling,
    "nucleation": _nucleation,
    "critical-current": _stepped,
    "plating-efficiency": _plating,
    "impedance": _spectra,
    "impedance-temperature": _temperatures,
    "full-cycling": _full_cycling,
    "anode-free": _full_cycling,
    "rate": _rate,
    "tafel": _polarisation,
    "protocol": _free,
}
"""Kind of experiment -> its figures."""


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
    return experiment.period or _longest(experiment.traces)


def zoomable_traces(content: FolderContent) -> list[dict[str, Any]]:
    """Return the traces of all cycled cells: the whole of each as extremes, its first and last cycles in full.

    Time is in h, voltage in mV.
    """
    traces = []
    for experiment in content.experiments:
        if experiment.kind == "nucleation" or not experiment.traces:
            continue
        window = WINDOW_CYCLES * cycle_period(experiment)
        for trace in experiment.traces:
            name = f"{experiment.name}: {trace.label}"
            traces.append({"name": name, "views": _views(trace.record, window)})
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
