"""Figures of dQ/dV: charge upwards, discharge downwards, peaks marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.figure import Figure

from lithiate.analysis.differential_capacity import DifferentialCapacity
from lithiate.analysis.full_cell_result import FullCellResult
from lithiate.core.measurement import Specimen
from lithiate.figures.style import LIGHTEST, LineStyle, new_figure, shared_legend, tint

_MOST_COLUMNS = 3
# SI value of the unit of print (C/V, C/(V kg), C/(V m2)), and its name.
_UNITS = {
    "specific": (3600.0, "mAh g$^{-1}$ V$^{-1}$"),
    "areal": (3.6e4, "mAh cm$^{-2}$ V$^{-1}$"),
    "total": (3.6, "mAh V$^{-1}$"),
}


@frozen(eq=False)
class DifferentialTrace:
    """dQ/dV of one charge or discharge of one cell.

    Parameters
    ----------
    anode, label : str
    measured : bool
    curve : DifferentialCapacity
    per : float
        What the capacity is divided by [kg, m2 or 1], as `basis` says.
    basis : {"specific", "areal", "total"}
        The same for all traces of a figure; `lithiate.figures.full_cell.common_basis` finds it.
    """

    anode: str
    label: str
    measured: bool
    curve: DifferentialCapacity
    per: float = 1.0
    basis: str = "total"


def differential_traces(
    specimen: Specimen, result: FullCellResult, *, anode: str, label: str, measured: bool, basis: str
) -> list[DifferentialTrace]:
    """Return the curves of an analysed record; `basis` as `lithiate.figures.full_cell.common_basis` gives it."""
    per = {"specific": specimen.cathode_mass, "areal": specimen.area, "total": 1.0}[basis]
    assert per is not None  # the basis is one that the result knows
    return [DifferentialTrace(anode, label, measured, curve, per, basis) for curve in result.differential_capacities]


def plot_differential_capacity(traces: Sequence[DifferentialTrace], styles: Mapping[str, LineStyle]) -> Figure:
    """Return dQ/dV against voltage: above zero in charge, below in discharge, with a dot on each peak.

    Cells of which one cycle is given share a panel; where a cell has several, each cell has its own panel and its
    cycles grow darker in their order. Shaded: the standard uncertainty.
    """
    cells = list(dict.fromkeys((trace.anode, trace.label) for trace in traces))
    several = any(len({t.curve.cycle for t in traces if (t.anode, t.label) == cell}) > 1 for cell in cells)
    count = len(cells) if several else 1
    columns = min(_MOST_COLUMNS, max(1, count))
    rows = max(1, math.ceil(count / columns))
    figure, panels = new_figure(rows, columns, height=3.6 if rows == 1 else 0.4 + 2.6 * rows)
    scale, unit = _UNITS[traces[0].basis if traces else "total"]
    for index, cell in enumerate(cells):
        own = [trace for trace in traces if (trace.anode, trace.label) == cell]
        panel, numbers = panels[index if several else 0], sorted({trace.curve.cycle for trace in own})
        labelled: set[int] = set()
        for trace in own:
            curve, sign = trace.curve, 1.0 if trace.curve.charging else -1.0
            shade = 1.0 if len(numbers) == 1 else numbers.index(curve.cycle) / (len(numbers) - 1)
            colour = tint(styles[trace.anode].colour, LIGHTEST * (1.0 - shade))
            factor = sign / (scale * trace.per)
            height, spread = curve.differential_capacity * factor, np.abs(curve.uncertainty * factor)
            panel.fill_between(curve.voltage, height - spread, height + spread, color=colour, alpha=0.25, lw=0)
            panel.plot(
                curve.voltage,
                height,
                color=colour,
                ls=":" if trace.measured and not several else styles[trace.anode].dashes,
                lw=1.0,
                label=None if curve.cycle in labelled else (str(curve.cycle) if several else trace.label),
            )
            labelled.add(curve.cycle)
            places = np.array([peak.voltage for peak in curve.peaks])
            panel.plot(places, np.interp(places, curve.voltage, height), ls="", marker="o", ms=2.5, color=colour)
        if several:
            panel.set_title(cell[1], fontsize=9)
            panel.legend(fontsize=7, title="cycle", title_fontsize=7, handlelength=1.2)
    for panel in panels[:count]:
        panel.axhline(0.0, color="#888888", lw=0.7)
        panel.set(xlabel="Voltage / V", ylabel=f"|dQ/dV| / {unit}\n(discharge downwards)")
    for panel in panels[count:]:
        panel.set_visible(False)
    if not several:
        shared_legend(figure, panels[0])
    return figure
