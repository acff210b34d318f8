"""Figures of plating cells: coulombic efficiency against cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lithiate.figures.style import LineStyle, new_figure, shared_legend

_PERCENT = 100.0
_NARROWEST = 2.0

Array = NDArray[np.float64]


@frozen(eq=False)
class EfficiencyCurve:
    """Coulombic efficiency of each cycle of one cell.

    Parameters
    ----------
    anode, label : str
    measured : bool
    cycle : (n,) int64
    efficiency : (n,) float64
        0 to 1.
    band_cycle, low, high : (m,) arrays or None
        80 % interval of the members of an ensemble by cycle; None without one.
    """

    anode: str
    label: str
    measured: bool
    cycle: NDArray[np.int64]
    efficiency: Array
    band_cycle: NDArray[np.int64] | None = None
    low: Array | None = None
    high: Array | None = None


def plot_efficiency(curves: Sequence[EfficiencyCurve], styles: Mapping[str, LineStyle]) -> Figure:
    """Return coulombic efficiency [%] against cycle, each cell a line with points; shaded: 80 % of its ensemble.

    The axis shows nearly all points: single cycles far below the rest do not press the others together.
    """
    figure, (panel,) = new_figure(height=3.1)
    drawn = []
    for curve in curves:
        style = styles[curve.anode]
        if curve.band_cycle is not None and curve.low is not None and curve.high is not None:
            panel.fill_between(
                curve.band_cycle, curve.low * _PERCENT, curve.high * _PERCENT, color=style.colour, alpha=0.15, lw=0
            )
        panel.plot(
            curve.cycle,
            curve.efficiency * _PERCENT,
            color=style.colour,
            ls=":" if curve.measured else style.dashes,
            marker="o",
            ms=3.0,
            label=curve.label,
        )
        drawn.append(curve.efficiency * _PERCENT)
    values = np.concatenate(drawn) if drawn else np.empty(0)
    values = values[np.isfinite(values)]  # a cycle on a reservoir, or one cut off, has no efficiency of its own
    if values.size:
        low, high = float(np.quantile(values, 0.02)), float(values.max())
        margin = max(0.12 * (high - low), _NARROWEST / 2.0)
        panel.set_ylim(max(0.0, low - margin), high + margin)
        below = int(np.sum(values < low - margin))
        if below:
            text = f"{below} cycle{'s' if below > 1 else ''} below the axis, lowest {values.min():.3g} %"
            panel.annotate(text, (0.995, 0.03), xycoords="axes fraction", ha="right", va="bottom", fontsize=7.5)
    panel.axhline(_PERCENT, color="#888888", lw=0.7)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set(xlabel="Cycle", ylabel="Coulombic efficiency / %")
    shared_legend(figure, panel)
    return figure
