"""Figures of temperature series: logarithm of a resistance against the inverse temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter
from numpy.typing import NDArray

from lithiate.constants import GAS_CONSTANT, REFERENCE_TEMPERATURE
from lithiate.figures.style import LineStyle, new_figure, shared_legend

Array = NDArray[np.float64]
_OHM_CM2 = 1e4


@frozen(eq=False)
class ArrheniusTrace:
    """A resistance of one cell at several temperatures.

    Parameters
    ----------
    anode, label : str
    measured : bool
    temperature : (n,) float64, K
    resistance : (n,) float64, ohm m2
    activation_energy : float or None, J/mol
        Slope of the line that is drawn; None draws none.
    """

    anode: str
    label: str
    measured: bool
    temperature: Array
    resistance: Array
    activation_energy: float | None


def plot_arrhenius(traces: Sequence[ArrheniusTrace], styles: Mapping[str, LineStyle], quantity: str) -> Figure:
    """Return a resistance [ohm cm2, logarithmic] against 1000/T [1/K]: points, and the fitted lines."""
    figure, (panel,) = new_figure(height=3.4)
    for trace in traces:
        style = styles[trace.anode]
        inverse, values = 1e3 / trace.temperature, trace.resistance * _OHM_CM2
        label = trace.label
        if trace.activation_energy is not None:
            label += f", {1e-3 * trace.activation_energy:.1f} kJ/mol"
            grid = np.linspace(inverse.min(), inverse.max(), 50)
            # With the slope of the fit, through the mean of the points.
            exponent = trace.activation_energy / GAS_CONSTANT * 1e-3 * (grid - inverse.mean())
            line = np.exp(np.log(values).mean() + exponent)
            panel.plot(grid, line, color=style.colour, ls=":" if trace.measured else style.dashes)
        panel.plot(inverse, values, color=style.colour, ls="", marker="o", ms=4, label=label)
    panel.set_yscale("log")
    panel.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2.0, 0.5)))
    panel.axvline(1e3 / REFERENCE_TEMPERATURE, color="#888888", lw=0.7)
    panel.annotate(
        " 25 °C", (1e3 / REFERENCE_TEMPERATURE, 0.98), xycoords=("data", "axes fraction"), va="top", fontsize=7.5
    )
    words = quantity.replace("sei", "SEI").replace("_", " ")
    panel.set(xlabel=r"1000 K / $T$", ylabel=f"{words[:1].upper()}{words[1:]} / $\\Omega$ cm$^2$")
    shared_legend(figure, panel)
    return figure
