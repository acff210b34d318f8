"""Figures of resistances at steps of the current."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lithiate.analysis.current_steps import CurrentSteps
from lithiate.figures.style import LineStyle, new_figure

_MOST_DIRECTIONS = 4
_CENTI = 1e4
_MARKS = (("resistance", "o", "first row"), ("resistance_after_ten_seconds", "s", "10 s"))


@frozen(eq=False)
class StepTrace:
    """Steps of one cell.

    Parameters
    ----------
    anode, label : str
    steps : CurrentSteps
    area : float or None, m2
        Where all traces have one, resistances are drawn per area.
    """

    anode: str
    label: str
    steps: CurrentSteps
    area: float | None = None


def plot_step_resistances(traces: Sequence[StepTrace], styles: Mapping[str, LineStyle]) -> Figure:
    """Return the resistance against cycle (against time [h] where steps lie in no cycle), one panel a direction.

    Round: at the first row after the step. Square: after 10 s, where recorded. Directions of which there are most are
    drawn, four at most.
    """
    joined = np.concatenate([trace.steps.direction for trace in traces]) if traces else np.empty(0, dtype=np.str_)
    names, counts = np.unique(joined, return_counts=True)
    drawn = names[np.argsort(-counts, kind="stable")][:_MOST_DIRECTIONS].tolist()
    figure, panels = new_figure(
        max(1, (len(drawn) + 1) // 2), 2 if len(drawn) > 1 else 1, height=2.6 + 1.4 * (len(drawn) > 2)
    )
    areal = all(trace.area is not None for trace in traces)
    by_cycle = any(bool((trace.steps.cycle > 0).any()) for trace in traces)
    for panel, direction in zip(panels, drawn, strict=False):
        for trace in traces:
            steps = trace.steps
            rows = steps.direction == direction
            place = steps.cycle[rows] if by_cycle else steps.time[rows] / 3600.0
            scale = _CENTI * trace.area if areal and trace.area is not None else 1.0
            colour = styles[trace.anode].colour
            for name, marker, words in _MARKS:
                panel.plot(
                    place,
                    getattr(steps, name)[rows] * scale,
                    ls="",
                    marker=marker,
                    ms=3.0,
                    color=colour,
                    mfc=colour if marker == "o" else "white",
                    label=f"{trace.label}, {words}",
                )
        panel.set_title(direction, fontsize=9)
        panel.margins(y=0.12)
        panel.set_ylim(bottom=0.0)
        panel.set(xlabel="Cycle" if by_cycle else "Time / h", ylabel="Resistance / " + ("Ω cm$^{2}$" if areal else "Ω"))
        if by_cycle:
            panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            low, high = panel.get_xlim()
            panel.set_xlim(min(low, math.floor(low + 0.5) - 0.5), max(high, math.ceil(high - 0.5) + 0.5))
    for panel in panels[len(drawn) :]:
        panel.set_visible(False)
    if drawn:
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside upper center", ncols=min(4, len(handles)), frameon=False, fontsize=8
        )
    return figure
