"""Figures of cells at stepped current densities: hysteresis against current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lithiate.figures.style import LineStyle, new_figure, shared_legend

Array = NDArray[np.float64]


@frozen(eq=False)
class CurrentSteps:
    """Hysteresis of one cell at each current density.

    Parameters
    ----------
    anode, label : str
    measured : bool
    current_density : (n,) float64, A/m2
    hysteresis, low, high : (n,) float64, V
        Value and 95 % interval; NaN where there is none.
    shorted : bool
        Whether the test ended in a hard short; the last point is then the last that the cell carried.
    """

    anode: str
    label: str
    measured: bool
    current_density: Array
    hysteresis: Array
    low: Array
    high: Array
    shorted: bool


def plot_current_steps(steps: Sequence[CurrentSteps], styles: Mapping[str, LineStyle]) -> Figure:
    """Return hysteresis [mV] against current density [mA/cm2], 95 % intervals as bars; a cross is a short."""
    figure, (panel,) = new_figure(height=3.2)
    for cell in steps:
        style = styles[cell.anode]
        current, value = 0.1 * cell.current_density, 1e3 * cell.hysteresis
        dashes = ":" if cell.measured else style.dashes
        panel.plot(current, value, color=style.colour, ls=dashes, marker="o", ms=3.5, label=cell.label)
        known = np.isfinite(cell.low) & np.isfinite(cell.high)
        panel.vlines(current[known], 1e3 * cell.low[known], 1e3 * cell.high[known], color=style.colour, lw=0.9)
        if cell.shorted and value.size:
            panel.plot(current[-1:], value[-1:], color=style.colour, marker="x", ms=9, mew=1.8, ls="")
    panel.set(xlabel="Current density / mA cm$^{-2}$", ylabel="Voltage hysteresis / mV")
    panel.set_xlim(left=0.0)
    panel.set_ylim(bottom=0.0)
    shared_legend(figure, panel)
    return figure
