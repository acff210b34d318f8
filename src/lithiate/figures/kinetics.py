"""Figures of the analysis of a polarisation curve: the laws that were fitted, the windows, the ohmic drop."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithiate.analysis.kinetics_result import KineticsResult
from lithiate.constants import FARADAY, GAS_CONSTANT
from lithiate.figures.style import COLOURS, new_figure, shared_legend, tint

_MILLI = 1e3
_MILLIAMPERE_PER_CM2 = 0.1
_DECADES = 3.5
_MOST_POINTS = 400
_NAMES = {
    "butler-volmer": "Butler-Volmer",
    "marcus-hush": "Marcus-Hush",
    "marcus-hush-chidsey": "Marcus-Hush-Chidsey",
}
_DASHES = {"butler-volmer": "-", "marcus-hush": "--", "marcus-hush-chidsey": "-."}


def plot_kinetics(result: KineticsResult) -> Figure:
    """Return the current against the overpotential (left), and as a Tafel plot (right), with the fitted laws.

    Current densities where the area is known. The window of the linear estimator is shaded on the left, that of the
    Tafel line on the right with the line itself; rows less the drop over the series resistance that the joint fit finds
    are drawn as crosses.
    """
    figure, (linear, tafel) = new_figure(1, 2, height=3.9)
    curves = result.curves
    scale = _MILLIAMPERE_PER_CM2 if curves.areal else _MILLI
    step = 1 + curves.overpotential.size // _MOST_POINTS
    eta, current = curves.overpotential[::step] * _MILLI, curves.current_density[::step] * scale
    resistance = _series_resistance(result)
    less = eta - resistance * curves.current_density[::step] / result.electrodes * _MILLI
    grey = tint("#000000", 0.45)
    for panel, size in ((linear, False), (tafel, True)):
        x, y = (np.abs(eta), np.abs(current)) if size else (eta, current)
        if resistance > 0.0:
            word = f"less {resistance * 1e4:.3g} Ω cm²"
            panel.plot(np.abs(less) if size else less, y, color=grey, ls="", marker="x", ms=3, mew=0.7, label=word)
        if size:
            _points(panel, x, y, eta)
        else:
            panel.plot(x, y, color="black", ls="", marker="o", ms=3, mfc="none", mew=0.8, label="measured")
    _laws(linear, tafel, result, scale)
    _windows(linear, tafel, result, scale)
    largest = float(np.abs(current).max())
    smallest = float(np.abs(current[current != 0.0]).min()) if bool((current != 0.0).any()) else largest
    tafel.set_yscale("log")
    tafel.set_ylim(max(0.5 * smallest, largest * 10.0**-_DECADES), 2.0 * largest)
    tafel.set_xlim(0.0, 1.03 * float(np.abs(eta).max()))
    unit = "mA cm$^{-2}$" if curves.areal else "mA"
    word = "Current density" if curves.areal else "Current"
    linear.set(xlabel="Overpotential of an electrode / mV", ylabel=f"{word} / {unit}")
    tafel.set(xlabel="|Overpotential| of an electrode / mV", ylabel=f"|{word}| / {unit}")
    shared_legend(figure, linear, 2)
    if result.ohmic_bias:
        text = "; ".join(f"{name} {factor:.3g}" for name, factor in sorted(result.ohmic_bias.items()))
        figure.supxlabel(f"estimate with the ohmic drop over that without it: {text}", fontsize=7.5, x=0.99, ha="right")
    return figure


def _points(panel: Axes, x: np.ndarray, y: np.ndarray, eta: np.ndarray) -> None:
    """Draw rows of both branches, those that strip filled."""
    for strips, fill in ((True, "black"), (False, "none")):
        kept = ((eta > 0.0) == strips) & (y > 0.0)
        word = "strips" if strips else "plates"
        panel.plot(x[kept], y[kept], color="black", ls="", marker="o", ms=3, mfc=fill, mew=0.8, label=word)


def _series_resistance(result: KineticsResult) -> float:
    """Return what the joint fit finds in series [ohm m2], 0 where the drop was taken off before."""
    estimate = result.by_estimator["butler-volmer"]
    return max(float(estimate.conditions.get("series_resistance", 0.0)), 0.0) if estimate.value is not None else 0.0


def _laws(linear: Axes, tafel: Axes, result: KineticsResult, scale: float) -> None:
    """Draw what the laws give, with their exchange currents and weights in the legend."""
    grid = result.curves.grid * _MILLI
    for colour, (law, values) in zip(COLOURS, result.curves.laws.items(), strict=False):
        dashes = _DASHES[law]
        linear.plot(grid, values * scale, color=colour, ls=dashes, lw=1.1, label=" ".join(_label(result, law, scale)))
        positive, negative = grid > 0.0, grid < 0.0
        for side in (positive, negative):
            tafel.plot(np.abs(grid[side]), np.abs(values[side]) * scale, color=colour, ls=dashes, lw=1.1)


def _label(result: KineticsResult, law: str, scale: float) -> Iterator[str]:
    model = next((one for one in result.models if one.law == law), None)
    yield _NAMES[law]
    if model is not None:
        if model.exchange_current_density is not None:
            yield f"{model.exchange_current_density * scale:.3g} mA/cm²,"
        yield f"weight {model.weight:.2g}"


def _windows(linear: Axes, tafel: Axes, result: KineticsResult, scale: float) -> None:
    """Shade the windows of the linear and the Tafel estimator, and draw the Tafel line."""
    settings = result.settings
    width = settings.linear_window * _MILLI
    linear.axvspan(-width, width, color=tint(COLOURS[4], 0.75), lw=0.0, zorder=0, label="window of the slope")
    low = settings.tafel_window_low * _MILLI
    high = min(settings.tafel_window_high, float(np.abs(result.curves.overpotential).max())) * _MILLI
    one = result.by_estimator["tafel"]
    if high > low:
        tafel.axvspan(low, high, color=tint(COLOURS[3], 0.75), lw=0.0, zorder=0)
        known = one.value is not None
        word = "Tafel window" if known else "Tafel window: no value"
        tafel.annotate(word, (low, 0.02), xycoords=("data", "axes fraction"), fontsize=7.5, va="bottom")
    coefficient = one.conditions.get("transfer_coefficient")
    if one.value is not None and coefficient is not None:
        thermal = GAS_CONSTANT * float(one.conditions["temperature"]) / FARADAY
        eta = np.array([0.0, high])
        values = np.exp(math.log(one.value * scale) + float(coefficient) / thermal * eta / _MILLI)
        tafel.plot(eta, values, color=COLOURS[3], ls=":", lw=1.3)
        tafel.plot([0.0], values[:1], color=COLOURS[3], marker="s", ms=5, ls="", clip_on=False)
