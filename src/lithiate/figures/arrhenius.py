"""Figures of temperature series: logarithm of a resistance against the inverse temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter
from numpy.typing import NDArray

from lithiate.analysis.arrhenius import ArrheniusFit
from lithiate.constants import GAS_CONSTANT, REFERENCE_TEMPERATURE, ZERO_CELSIUS
from lithiate.figures.style import LineStyle, new_figure, shared_legend

Array = NDArray[np.float64]
_OHM_CM2 = 1e4
_CLOSEST = 0.04
"""Distance of two labels of temperatures, as a share of the axis."""


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
    uncertainty : (n,) float64 or None, ohm m2
        Standard, drawn as bars.
    fit : ArrheniusFit or None
        Its line with the 95 % band, and both lines where there are two regimes, in place of a line by the energy alone.
    """

    anode: str
    label: str
    measured: bool
    temperature: Array
    resistance: Array
    activation_energy: float | None
    uncertainty: Array | None = None
    fit: ArrheniusFit | None = None


def plot_arrhenius(traces: Sequence[ArrheniusTrace], styles: Mapping[str, LineStyle], quantity: str) -> Figure:
    """Return a resistance [ohm cm2, logarithmic] against 1000/T [1/K]: points, and the fitted lines.

    The measured temperatures stand on the upper axis in degC.
    """
    figure, (panel,) = new_figure(height=3.7)
    for trace in traces:
        style = styles[trace.anode]
        inverse, values = 1e3 / trace.temperature, trace.resistance * _OHM_CM2
        label = trace.label + "".join(_energies(trace))
        dashes = ":" if trace.measured else style.dashes
        if trace.fit is not None:
            _fitted(panel, trace.fit, inverse, style.colour, dashes)
        elif trace.activation_energy is not None:
            grid = np.linspace(inverse.min(), inverse.max(), 50)
            # With the slope of the fit, through the mean of the points.
            exponent = trace.activation_energy / GAS_CONSTANT * 1e-3 * (grid - inverse.mean())
            line = np.exp(np.log(values).mean() + exponent)
            panel.plot(grid, line, color=style.colour, ls=dashes)
        if trace.uncertainty is not None:
            bars = trace.uncertainty * _OHM_CM2
            panel.errorbar(inverse, values, bars, color=style.colour, ls="", elinewidth=0.8, capsize=2.0)
        panel.plot(inverse, values, color=style.colour, ls="", marker="o", ms=4, label=label)
    panel.set_yscale("log")
    panel.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2.0, 0.5)))
    inverse = np.concatenate([1e3 / trace.temperature for trace in traces])
    room = 1e3 / REFERENCE_TEMPERATURE
    if inverse.min() <= room <= inverse.max():
        panel.axvline(room, color="#888888", lw=0.7)
        panel.annotate(" 25 °C", (room, 0.98), xycoords=("data", "axes fraction"), va="top", fontsize=7.5)
    words = quantity.replace("sei", "SEI").replace("_", " ")
    panel.set(xlabel=r"1000 K / $T$", ylabel=f"{words[:1].upper()}{words[1:]} / $\\Omega$ cm$^2$")
    _temperatures(panel, np.unique(np.concatenate([trace.temperature for trace in traces])))
    shared_legend(figure, panel, 1 if any(trace.fit is not None for trace in traces) else 3)
    return figure


def _energies(trace: ArrheniusTrace) -> list[str]:
    """Return what the legend says of the energy: by both forms, and of two regimes where there are two."""
    if trace.fit is None:
        return [] if trace.activation_energy is None else [f", {1e-3 * trace.activation_energy:.1f} kJ/mol"]
    fit = trace.fit
    low, high = (1e-3 * end for end in fit.interval)
    found = [f", {1e-3 * fit.activation_energy:.1f} ({low:.1f} to {high:.1f}) kJ/mol"]
    found.append(f", {1e-3 * fit.other_form_energy:.1f} by ln(R/T)" if fit.form == "ln R" else "")
    if fit.regimes is not None:
        two = fit.regimes
        at = two.crossover_temperature - ZERO_CELSIUS
        found.append(f"; {1e-3 * two.cold_energy:.1f} below, {1e-3 * two.warm_energy:.1f} above {at:.0f} °C")
    return found


def _fitted(panel: Axes, fit: ArrheniusFit, inverse: Array, colour: str, dashes: str) -> None:
    """Draw a line with its band; where there are two regimes, those, and the one line thinly."""
    grid = np.linspace(inverse.min(), inverse.max(), 80)
    line, low, high = (values * _OHM_CM2 for values in fit.predicted(1e3 / grid))
    two = fit.predicted_by_regimes(1e3 / grid)
    if two is None:
        panel.fill_between(grid, low, high, color=colour, alpha=0.15, lw=0.0)
    panel.plot(grid, line, color=colour, ls=dashes, lw=1.2 if two is None else 0.6)
    if two is not None:
        panel.plot(grid, two * _OHM_CM2, color=colour, ls="-")
        assert fit.regimes is not None
        panel.axvline(1e3 / fit.regimes.crossover_temperature, color=colour, ls="--", lw=0.7)


def _temperatures(panel: Axes, kelvin: Array) -> None:
    """Put the measured temperatures on the upper axis, as many as have room."""
    left, right = panel.get_xlim()
    ticks: list[float] = []
    for value in kelvin.tolist():
        room = all(abs(1e3 / value - 1e3 / other) > _CLOSEST * (right - left) for other in ticks)
        if room:
            ticks.append(value)
    upper = panel.secondary_xaxis("top")
    upper.set_xticks([1e3 / value for value in ticks], [f"{value - ZERO_CELSIUS:.4g}" for value in ticks])
    upper.tick_params(labelsize=7.5)
    upper.set_xlabel("Temperature / °C", fontsize=8)
    panel.set_xlim(left, right)
