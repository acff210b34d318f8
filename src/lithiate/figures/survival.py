"""Figures of survival: share of cells in which an event has not happened, against time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lithiate.analysis.survival_result import SurvivalCurve, SurvivalResult
from lithiate.figures.style import LineStyle, new_figure, shared_legend

_HOUR = 3600.0
_LINE = 11.0
"""Height of a line of the table of cells at risk [point]."""
_TABLE_TOP = 42.0
_TICKS = 6

Array = NDArray[np.float64]


def plot_survival(result: SurvivalResult, styles: Mapping[str, LineStyle]) -> Figure:
    """Return step curves, one a group, with their pointwise 95 % bands; uprights mark cells that were censored.

    The band is not defined at a survival of 1 or 0 and is not drawn there. Below the axis: cells still observed.

    Parameters
    ----------
    result : SurvivalResult
    styles : mapping of str to LineStyle
        Group -> its style.
    """
    unit = _HOUR if result.unit == "s" else 1.0
    end = max(float(curve.steps.time[-1]) for curve in result.curves) / unit
    lines = len(result.curves)
    figure, (panel,) = new_figure(height=2.9 + 0.16 * lines)
    for curve in result.curves:
        _draw(panel, curve, styles[curve.group], unit)
    panel.set(xlim=(0.0, 1.02 * end), ylim=(-0.03, 1.05))
    panel.xaxis.set_major_locator(MaxNLocator(_TICKS, integer=result.unit == "1"))
    panel.set_xlabel("Time / h" if result.unit == "s" else "Cycle")
    panel.set_ylabel("Share of cells without the event")
    _cells_at_risk(panel, result, styles, unit, 1.02 * end)
    shared_legend(figure, panel)
    return figure


def _draw(panel: Axes, curve: SurvivalCurve, style: LineStyle, unit: float) -> None:
    steps = curve.steps
    time = np.concatenate([[0.0], steps.time / unit])
    survival = np.concatenate([[1.0], steps.survival])
    low, high = (np.concatenate([[np.nan], ends]) for ends in (steps.low, steps.high))
    panel.fill_between(time, low, high, step="post", color=style.colour, alpha=0.13, lw=0)
    label = f"{curve.group} ({curve.events} of {curve.cells})"
    panel.plot(time, survival, drawstyle="steps-post", color=style.colour, ls=style.dashes, label=label)
    ended = steps.censored > 0
    panel.plot(steps.time[ended] / unit, steps.survival[ended], ls="", marker="|", ms=8, mew=1.3, color=style.colour)


def _cells_at_risk(
    panel: Axes, result: SurvivalResult, styles: Mapping[str, LineStyle], unit: float, end: float
) -> None:
    """Write how many cells of each group are observed at the ticks of the axis, below it."""
    ticks = [tick for tick in panel.get_xticks() if 0.0 <= tick <= end]
    words: dict[str, Any] = {"fontsize": 7.5, "va": "top", "annotation_clip": False, "textcoords": "offset points"}
    place = ("axes fraction", "axes fraction")
    panel.annotate("Cells observed", (0.0, 0.0), xytext=(0.0, -_TABLE_TOP + _LINE), xycoords=place, ha="left", **words)
    for line, curve in enumerate(result.curves):
        last = np.array([time.time for time in curve.times]) / unit
        for tick in ticks:
            below = -_TABLE_TOP - _LINE * line
            panel.annotate(
                str(int(np.count_nonzero(last >= tick))),
                (float(tick), 0.0),
                xytext=(0.0, below),
                xycoords=("data", "axes fraction"),
                ha="center",
                color=styles[curve.group].colour,
                **words,
            )
