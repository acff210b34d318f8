"""Figures of what takes a full cell's capacity: shares lost by each cause, stacked, at chosen cycles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lithiate.figures.style import COLOURS, new_figure

_PERCENT = 100.0
_MOST_COLUMNS = 3
_LOWEST_TOP = 0.1


@frozen
class FadeSplit:
    """What one cell has lost by some of its cycles.

    Parameters
    ----------
    label : str
    cycles : tuple of int
    lost : mapping of str to tuple of float
        Cause in words -> share of the first discharge capacity that it has taken by each of `cycles`; below 0 where it
        gave some back.
    """

    label: str
    cycles: tuple[int, ...]
    lost: Mapping[str, tuple[float, ...]]


def plot_fade(splits: Sequence[FadeSplit]) -> Figure:
    """Return stacked bars, a panel a cell: lost shares [%] by cause at each cycle; what was gained lies below zero.

    Each panel has its own axis: a cell that died would press the others into a line.
    """
    causes = list(dict.fromkeys(cause for split in splits for cause in split.lost))
    colours = {cause: COLOURS[index % len(COLOURS)] for index, cause in enumerate(causes)}
    columns = min(_MOST_COLUMNS, len(splits))
    rows = math.ceil(len(splits) / columns)
    figure, panels = new_figure(rows, columns, height=0.7 + 2.2 * rows)
    for panel, split in zip(panels, splits, strict=False):
        up, down = np.zeros(len(split.cycles)), np.zeros(len(split.cycles))
        places = np.arange(len(split.cycles))
        for cause in causes:
            values = _PERCENT * np.array(split.lost.get(cause, (0.0,) * len(split.cycles)))
            panel.bar(places, values, bottom=np.where(values < 0.0, down, up), width=0.7, color=colours[cause])
            up, down = up + np.maximum(values, 0.0), down + np.minimum(values, 0.0)
        panel.set_ylim(1.08 * float(down.min()), 1.08 * max(float(up.max()), _LOWEST_TOP))
        panel.set_xticks(places, [str(cycle) for cycle in split.cycles])
        panel.set_title(split.label, fontsize=9)
        panel.axhline(0.0, color="#444444", lw=0.7)
        panel.grid(visible=False, axis="x")
        panel.set(xlabel="Cycle", ylabel="Lost capacity / %")
    for panel in panels[len(splits) :]:
        panel.set_visible(False)
    handles = [Patch(color=colours[cause], label=cause) for cause in causes]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    return figure
