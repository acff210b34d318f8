"""Figures of distributions of relaxation times."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithiate.analysis.relaxation_times import RelaxationTimes
from lithiate.figures.style import COLOURS, LIGHTEST, new_figure, shared_legend, tint


@frozen(eq=False)
class RelaxationTrace:
    """One distribution: its label, the result, and the unit in which to show it.

    `factor` turns the unit of the result into `unit`, as 1e4 does for ohm m2 into ohm cm2.
    """

    label: str
    result: RelaxationTimes
    unit: str = r"$\Omega$"
    factor: float = 1.0


def plot_relaxation_times(traces: Sequence[RelaxationTrace], colour: str = COLOURS[0]) -> Figure:
    """Return g = dR/d ln tau against the time constant, darker in the order of the traces; resolved peaks are marked.

    Grey fields lie beyond the frequencies of every spectrum: what is drawn there is not resolved. With one trace the
    band of twice the standard uncertainty by noise is drawn, and the marks carry frequency and resistance.
    """
    figure, (panel,) = new_figure(height=3.4)
    for index, trace in enumerate(traces):
        shade = 1.0 if len(traces) == 1 else index / (len(traces) - 1)
        _draw(panel, trace, tint(colour, LIGHTEST * (1.0 - shade)), alone=len(traces) == 1)
    panel.set_xscale("log")
    low = min(float(trace.result.time_constant[0]) for trace in traces)
    high = max(float(trace.result.time_constant[-1]) for trace in traces)
    fastest = min(1.0 / (2.0 * math.pi * trace.result.frequency[0]) for trace in traces)
    slowest = max(1.0 / (2.0 * math.pi * trace.result.frequency[-1]) for trace in traces)
    for start, end in ((low, fastest), (slowest, high)):
        panel.axvspan(start, end, color="#eeeeee", zorder=0.5)
    panel.set_xlim(low, high)
    # Tails beyond the frequencies may be far higher than all peaks.
    top = max(_highest(trace) for trace in traces)
    panel.set_ylim(0.0, 1.25 * top if top > 0.0 else 1.0)
    panel.set(xlabel=r"Time constant $\tau$ / s", ylabel=rf"$g = \mathrm{{d}}R/\mathrm{{d}}\ln\tau$ / {traces[0].unit}")
    shared_legend(figure, panel)
    return figure


def _draw(panel: Axes, trace: RelaxationTrace, colour: tuple[float, float, float], *, alone: bool) -> None:
    result = trace.result
    g, spread = result.distribution * trace.factor, result.standard_uncertainty * trace.factor
    panel.plot(result.time_constant, g, color=colour, label=trace.label)
    if alone:
        lower = np.maximum(g - 2.0 * spread, 0.0)
        panel.fill_between(result.time_constant, lower, g + 2.0 * spread, color=colour, alpha=0.2, lw=0)
    for peak in result.peaks:
        if not peak.resolved:
            continue
        height = float(np.interp(math.log(peak.time_constant), np.log(result.time_constant), g))
        panel.plot([peak.time_constant], [height], color=colour, marker="v", ms=5)
        if alone:
            resistance = peak.resistance * trace.factor
            text = f"{_hertz(peak.frequency)}\n{resistance:.3g} {trace.unit}"
            place = (peak.time_constant, height)
            panel.annotate(text, place, (0, 6), textcoords="offset points", ha="center", fontsize=7.5)


def _hertz(frequency: float) -> str:
    """Return a frequency in mHz, Hz, kHz or MHz."""
    for scale, unit in ((1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz")):
        if frequency >= scale:
            return f"{frequency / scale:.3g} {unit}"
    return f"{1e3 * frequency:.3g} mHz"


def _highest(trace: RelaxationTrace) -> float:
    """Return the highest value within the frequencies."""
    result = trace.result
    tau = 1.0 / (2.0 * math.pi * result.frequency[[0, -1]])
    inside = (result.time_constant >= tau[0]) & (result.time_constant <= tau[1])
    return float(result.distribution[inside].max(initial=0.0)) * trace.factor
