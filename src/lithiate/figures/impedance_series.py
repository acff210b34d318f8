"""Figure of a series of impedance spectra: resistances over cycles, time, temperature or the number of the spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithiate.analysis.impedance_series import ArcCollapse, ImpedanceSeries
from lithiate.analysis.robust import FloatArray
from lithiate.core.number_text import short_number
from lithiate.figures.style import COLOURS, PlainLogFormatter, new_figure, shared_legend

LOGARITHMIC_FROM = 20.0
"""Ratio of the largest resistance to the smallest from which the axis is logarithmic."""
_WARMED = 2.0
"""Range of temperatures [K] from which they are what changes."""

_OHM_CM2 = 1e4
_HOUR = 3600.0
_READ = (
    ("ohmic_resistance", "ohmic", "#404040", "s"),
    ("interfacial_resistance", "interfacial", COLOURS[0], "o"),
)
_ARCS = (COLOURS[1], COLOURS[2], COLOURS[3], COLOURS[4])


def series_axis(series: ImpedanceSeries) -> tuple[FloatArray, str]:
    """Return what a series is drawn against and its name: temperature, cycle, time, else the number of the spectrum.

    Cycles must differ from spectrum to spectrum: where several belong to one, the time tells them apart.
    """
    columns = series.columns
    if "temperature" in columns and np.ptp(series.values("temperature")) > _WARMED:
        return series.values("temperature") - 273.15, "Temperature / °C"
    if "cycle" in columns and np.unique(series.values("cycle")).size == len(series):
        return series.values("cycle"), "Cycle"
    if "time" in columns and np.ptp(series.values("time")) > 0.0:
        return series.values("time") / _HOUR, "Time / h"
    return series.values("spectrum"), "Spectrum"


def plot_impedance_series(series: ImpedanceSeries, collapse: ArcCollapse | None = None) -> Figure:
    """Return ohmic and interfacial resistance and those of the arcs, with twice their standard uncertainty.

    In ohm cm2 where the area is known, else in ohm; on a logarithmic axis where they differ by more than
    `LOGARITHMIC_FROM`. A collapse is a line between the spectra that it lies between, with what was measured before and
    after it. The width of the spectra (Re Z from end to end) is drawn where the collapse was found in it, or where no
    interfacial resistance is known.
    """
    figure, (panel,) = new_figure(height=3.6)
    places, name = series_axis(series)
    areal = series.columns["ohmic_resistance"][1] == "ohm m^2"
    factor, unit = (_OHM_CM2, r"$\Omega$ cm$^2$") if areal else (1.0, r"$\Omega$")
    shown = list(_READ)
    if (collapse is not None and collapse.measure == "width") or not _known(series, "interfacial_resistance"):
        shown.append(("width", "Re Z, end to end", COLOURS[5], "^"))
    arcs = range(1, series.arcs + 1)
    shown += [(f"arc_{k}_resistance", f"arc {k} of the circuit", _ARCS[(k - 1) % len(_ARCS)], "D") for k in arcs]
    drawn = [values for entry in shown if (values := _draw(panel, series, places, factor, *entry)).size]
    positive = np.concatenate([values[values > 0.0] for values in drawn]) if drawn else np.zeros(0)
    if positive.size and positive.max() > LOGARITHMIC_FROM * positive.min():
        panel.set_yscale("log")
        panel.yaxis.set_minor_formatter(PlainLogFormatter(minor_thresholds=(2.0, 0.5)))
        panel.yaxis.set_major_formatter(PlainLogFormatter())
        panel.set_ylim(0.7 * positive.min(), 2.2 * positive.max())
    elif positive.size:
        panel.set_ylim(0.0, 1.25 * positive.max())
    if collapse is not None:
        words = next(label for column, label, *_ in shown if column == collapse.measure)
        change = f"{short_number(factor * collapse.before)} → {short_number(factor * collapse.after)} {unit}"
        _mark_collapse(panel, collapse, places, f"collapse: {words} {change}")
    panel.set(xlabel=name, ylabel=f"Resistance / {unit}")
    shared_legend(figure, panel)
    return figure


def _known(series: ImpedanceSeries, name: str) -> bool:
    return bool(np.isfinite(series.values(name)).any())


def _draw(
    panel: Axes,
    series: ImpedanceSeries,
    places: FloatArray,
    factor: float,
    name: str,
    label: str,
    colour: str,
    mark: str,
) -> FloatArray:
    """Draw a column with its uncertainty, and return what was drawn."""
    values = series.values(name) * factor
    known = np.isfinite(values)
    spread = np.zeros(values.shape)
    if f"{name}_uncertainty" in series.columns:
        spread = 2.0 * factor * np.nan_to_num(series.values(f"{name}_uncertainty"))
    if known.any():
        # NaN stays in: a line across spectra that tell nothing would tell something.
        style: dict[str, Any] = {
            "color": colour,
            "marker": mark,
            "ms": 3.5,
            "lw": 0.7,
            "elinewidth": 0.7,
            "label": label,
        }
        if name == "interfacial_resistance":
            # A single arc that is as large would hide it.
            style |= {"ms": 6.5, "mfc": "none"}
        panel.errorbar(places, values, yerr=spread, **style)
    return values[known]


def _mark_collapse(panel: Axes, collapse: ArcCollapse, places: FloatArray, text: str) -> None:
    """Mark where the arcs collapsed: between the last spectrum before and the first after it."""
    before, after = sorted((float(places[collapse.spectrum - 1]), float(places[collapse.spectrum])))
    panel.axvspan(before, after, color=COLOURS[1], alpha=0.25, lw=0.0, zorder=0.5)
    right = after > float(np.mean(panel.get_xlim()))
    panel.annotate(
        text,
        (before if right else after, 0.98),
        xycoords=("data", "axes fraction"),
        xytext=(-3 if right else 3, 0),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        fontsize=8,
    )
