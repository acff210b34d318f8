"""Figures of symmetric cells: voltage, hysteresis, first cycles, nucleation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from lithiate.core.measurement import CyclingRecord
from lithiate.figures.style import LineStyle, new_figure, shared_legend

COLUMNS = 900
"""Pixel columns of an envelope: more than a figure of 7 inch shows in print or on a screen."""

_HOUR = 3600.0
_MILLI = 1e3
_MILLIAMPERE_HOUR_PER_CM2 = 3.6e4
# An event such as the voltage limit at 5 V would press a trace of 20 mV into a line.
_SHOWN_QUANTILE = 0.98
_HEADROOM = 1.5

Array = NDArray[np.float64]


@frozen
class CellTrace:
    """One cell of a figure: the anode (its colour), what the legend calls it, whether it was measured, its record."""

    anode: str
    label: str
    measured: bool
    record: CyclingRecord


@frozen(eq=False)
class HysteresisCurve:
    """Hysteresis of each cycle of one cell.

    Parameters
    ----------
    anode, label : str
    measured : bool
    time : (n,) float64, s
        Start of each cycle.
    hysteresis : (n,) float64, V
    ensemble_time, median, low, high : (m,) float64 or None
        Start of each cycle [s], median and 80 % interval of the members [V]; None without an ensemble.
    """

    anode: str
    label: str
    measured: bool
    time: Array
    hysteresis: Array
    ensemble_time: Array | None = None
    median: Array | None = None
    low: Array | None = None
    high: Array | None = None


def envelope(time: Array, values: Array, columns: int = COLUMNS) -> tuple[Array, Array, Array]:
    """Return the smallest and the largest value in each of equal columns of time, so that no extreme is lost.

    Parameters
    ----------
    time, values : (n,) float64
        `time` never decreases.
    columns : int

    Returns
    -------
    centre, low, high : (m,) float64
        Columns without a value are left out; m <= `columns`.
    """
    edges = np.linspace(time[0], time[-1], columns + 1)
    first = np.searchsorted(time, edges[:-1], side="left")
    filled = np.flatnonzero(np.diff(np.append(first, time.size)) > 0)
    starts = first[filled]
    centre = 0.5 * (edges[filled] + edges[filled + 1])
    return centre, np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def plot_voltage(traces: Sequence[CellTrace], styles: Mapping[str, LineStyle]) -> Figure:
    """Return voltage against time, one panel a cell; each has its own axis of voltage, for levels differ widely.

    A long record is drawn as the envelope of its extremes per pixel column. Where a record leaves the shown range, the
    panel says how far.
    """
    figure, panels = new_figure(len(traces), height=0.6 + 1.15 * len(traces), shared_x=True)
    for panel, trace in zip(panels, traces, strict=True):
        limit = _limit([trace.record.voltage])
        _draw_voltage(panel, trace, styles[trace.anode])
        panel.set_ylim(-limit, limit)
        panel.set_title(trace.label, loc="left", pad=3, fontsize=9)
        beyond = float(np.abs(trace.record.voltage).max()) * _MILLI
        if beyond > limit:
            text = f"beyond the axis: up to {beyond:.3g} mV"
            panel.annotate(text, (0.995, 0.95), xycoords="axes fraction", ha="right", va="top", fontsize=7.5)
    figure.supylabel("Voltage / mV", fontsize=9)
    panels[-1].set_xlabel("Time / h")
    panels[-1].set_xlim(0.0, max(float(trace.record.time[-1]) for trace in traces) / _HOUR)
    return figure


def plot_first_cycles(traces: Sequence[CellTrace], styles: Mapping[str, LineStyle], duration: float) -> Figure:
    """Return voltage against time of the first `duration` [s] since the current came on, all records in one panel."""
    figure, (panel,) = new_figure(height=2.9)
    cuts = []
    for trace in traces:
        start = first_current(trace.record)
        shown = (trace.record.time >= start) & (trace.record.time <= start + duration)
        time = trace.record.time[shown] - start
        cuts.append(trace.record.voltage[shown])
        _line(panel, trace, styles, time / _HOUR, trace.record.voltage[shown] * _MILLI)
    limit = _limit(cuts, quantile=1.0)
    panel.set(xlim=(0.0, duration / _HOUR), ylim=(-limit, limit), xlabel="Time / h", ylabel="Voltage / mV")
    shared_legend(figure, panel)
    return figure


def plot_hysteresis(
    curves: Sequence[HysteresisCurve],
    styles: Mapping[str, LineStyle],
    published_onsets: Mapping[str, tuple[float, bool]],
) -> Figure:
    """Return hysteresis against time of all cells, with the ensemble's band and the published onsets.

    Onsets that were published for later than the longest test are not drawn.

    The axis is logarithmic, because an onset is a ratio to the early level.

    Parameters
    ----------
    curves : sequence of HysteresisCurve
    styles : mapping of anode to LineStyle
    published_onsets : mapping of anode to (time in s, is a lower bound)
    """
    figure, (panel,) = new_figure(height=3.6)
    for curve in curves:
        style = styles[curve.anode]
        if curve.ensemble_time is not None and curve.low is not None and curve.high is not None:
            time = curve.ensemble_time / _HOUR
            panel.fill_between(time, curve.low * _MILLI, curve.high * _MILLI, color=style.colour, alpha=0.15, lw=0)
            if curve.median is not None:
                panel.plot(time, curve.median * _MILLI, color=style.colour, lw=0.8, ls=(0, (4, 2)))
        dashes = ":" if curve.measured else style.dashes
        panel.plot(
            curve.time / _HOUR, curve.hysteresis * _MILLI, color=style.colour, ls=dashes, label=curve.label, lw=1.6
        )
    panel.set_yscale("log")
    panel.set_ylim(*_hysteresis_limits(curves))
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.set(xlabel="Time / h", ylabel="Voltage hysteresis / mV")
    longest = max((float(curve.time[-1]) for curve in curves if curve.time.size), default=_HOUR) / _HOUR
    panel.set_xlim(0.0, 1.03 * longest)
    for anode, (onset, bound) in published_onsets.items():
        if anode in styles and onset / _HOUR <= 1.03 * longest:
            _mark_onset(panel, styles[anode].colour, onset / _HOUR, bound)
    shared_legend(figure, panel)
    return figure


def plot_nucleation(traces: Sequence[CellTrace], styles: Mapping[str, LineStyle], half_cycle: float) -> Figure:
    """Return |voltage| of the first half cycle against areal capacity: the whole of it, and its first tenth.

    Records without current or area are left out, for they have no areal capacity.

    Parameters
    ----------
    half_cycle : float
        Duration of the first half cycle [s].
    """
    figure, (whole, start) = new_figure(1, 2, height=3.1)
    for trace in traces:
        capacity = first_half_cycle_capacity(trace.record, half_cycle)
        if capacity is None:
            continue
        voltage = np.abs(trace.record.voltage[: capacity.size]) * _MILLI
        for panel in (whole, start):
            _line(panel, trace, styles, capacity / _MILLIAMPERE_HOUR_PER_CM2, voltage)
        start.set_xlim(0.0, 0.1 * capacity[-1] / _MILLIAMPERE_HOUR_PER_CM2)
    whole.set(xlabel="Plated capacity / mAh cm$^{-2}$", ylabel="|Voltage| / mV")
    start.set(xlabel="Plated capacity / mAh cm$^{-2}$")
    whole.set_title("First half cycle", fontsize=9)
    start.set_title("Its first tenth", fontsize=9)
    for panel in (whole, start):
        panel.set_xlim(left=0.0)
        panel.set_ylim(bottom=0.0)
    shared_legend(figure, whole)
    return figure


def first_current(record: CyclingRecord) -> float:
    """Return the time of the last row before the current comes on [s]; the start of a record that does not tell."""
    on = np.array([]) if record.current is None else np.flatnonzero(record.current)
    return float(record.time[max(int(on[0]) - 1, 0) if on.size else 0])


def first_half_cycle_capacity(record: CyclingRecord, half_cycle: float) -> Array | None:
    """Return the charge per area [C/m2] since the current came on in the first half cycle, or None when unknown."""
    areal_current = record.areal_current
    if areal_current is None:
        return None
    on = np.flatnonzero(areal_current)
    if on.size < 2:
        return None
    end = int(np.searchsorted(record.time, record.time[on[0]] + half_cycle * (1.0 - 1e-9), side="right"))
    steps = np.diff(record.time[:end]) * np.abs(areal_current[1:end])
    return np.concatenate(([0.0], np.cumsum(steps)))


def _line(panel: Axes, trace: CellTrace, styles: Mapping[str, LineStyle], x: Array, y: Array) -> None:
    style = styles[trace.anode]
    panel.plot(x, y, color=style.colour, ls=":" if trace.measured else style.dashes, label=trace.label)


def _draw_voltage(panel: Axes, trace: CellTrace, style: LineStyle) -> None:
    record = trace.record
    if record.time.size <= 2 * COLUMNS:
        panel.plot(record.time / _HOUR, record.voltage * _MILLI, color=style.colour, lw=0.8)
        return
    centre, low, high = envelope(record.time, record.voltage)
    # The outline keeps a column visible whose extremes are closer together than a pixel.
    panel.fill_between(
        centre / _HOUR, low * _MILLI, high * _MILLI, facecolor=style.colour, edgecolor=style.colour, lw=0.3, step="mid"
    )


def _limit(voltages: Sequence[Array], quantile: float = _SHOWN_QUANTILE) -> float:
    """Return a limit [mV] of an axis that shows nearly all of every record."""
    largest = max(float(np.quantile(np.abs(voltage), quantile)) for voltage in voltages)
    headroom = 1.1 if quantile == 1.0 else _HEADROOM
    return max(headroom * largest * _MILLI, 1e-3)


def _hysteresis_limits(curves: Sequence[HysteresisCurve]) -> tuple[float, float]:
    """Return limits [mV] of a logarithmic axis around all curves and bands, of a factor 4 at least."""
    drawn = [array for curve in curves for array in (curve.hysteresis, curve.low, curve.high) if array is not None]
    positive = np.concatenate([array[array > 0.0] for array in drawn]) * _MILLI
    if positive.size == 0:
        return 1.0, 100.0
    low, high = float(positive.min()) / 1.2, float(positive.max()) * 1.2
    widening = max(1.0, np.sqrt(4.0 * low / high))
    return low / widening, high * widening


def _mark_onset(panel: Axes, colour: str, onset: float, bound: bool) -> None:
    panel.axvline(onset, color=colour, lw=0.8, ls=(0, (1, 2)))
    panel.annotate(
        f"published {'≥ ' if bound else ''}{onset:g} h",
        (onset, 0.985),
        xycoords=("data", "axes fraction"),
        rotation=90,
        ha="right",
        va="top",
        fontsize=7.5,
        color=colour,
    )
