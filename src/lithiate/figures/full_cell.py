"""Figures of full cells: capacity and coulombic efficiency against cycle, capacity by rate, voltage profiles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lithiate.analysis.full_cell_half_cycles import half_cycle_profile
from lithiate.analysis.full_cell_result import FullCellResult
from lithiate.analysis.knee import Knee
from lithiate.core.measurement import CyclingRecord
from lithiate.figures.style import LIGHTEST, LineStyle, new_figure, shared_legend, tint

_PERCENT = 100.0
_NARROWEST = 2.0
_EQUAL_RATE = 0.05
_MOST_MARKED = 80
_MOST_COLUMNS = 3
# SI value of the unit of print, and its name.
_UNITS = {
    "specific": (3600.0, "mAh g$^{-1}$"),
    "areal": (3.6e4, "mAh cm$^{-2}$"),
    "total": (3.6, "mAh"),
}

Array = NDArray[np.float64]


@frozen(eq=False)
class CapacityCurve:
    """Discharge capacity and coulombic efficiency of each cycle of one cell.

    Parameters
    ----------
    anode, label : str
    measured : bool
    cycle : (n,) int64
    capacity : (n,) float64
        In C/kg where `basis` is ``specific``, in C/m2 where it is ``areal``, in C where it is ``total``.
    efficiency : (n,) float64
        0 to 1; NaN where a cycle has none.
    c_rate : (n,) float64 or None, 1/h
        Of each cycle; the figure of a rate test writes it over the runs.
    basis : {"specific", "areal", "total"}
        The same for all curves of a figure.
    band_cycle : (m,) int64 or None
    low, high : (m,) float64 or None
        80 % interval of the capacity over the members of an ensemble, in the unit of `capacity`.
    efficiency_low, efficiency_high : (m,) float64 or None
        The same for the coulombic efficiency.
    knee : Knee or None
        Marked where it has a cycle, with its 95 % interval.
    """

    anode: str
    label: str
    measured: bool
    cycle: NDArray[np.int64]
    capacity: Array
    efficiency: Array
    c_rate: Array | None = None
    basis: str = "specific"
    band_cycle: NDArray[np.int64] | None = None
    low: Array | None = None
    high: Array | None = None
    efficiency_low: Array | None = None
    efficiency_high: Array | None = None
    knee: Knee | None = None


@frozen(eq=False)
class VoltageProfile:
    """Voltage against capacity of one charge or discharge of one cell.

    Parameters
    ----------
    anode, label : str
    measured : bool
    cycle : int
    charging : bool
    capacity : (n,) float64
        From 0, in the unit of `basis` as in `CapacityCurve`.
    voltage : (n,) float64, V
    basis : {"specific", "areal", "total"}
    c_rate : float or None, 1/h
        Of the discharge; written beside the cycle where it is not the same for all cycles of a cell.
    """

    anode: str
    label: str
    measured: bool
    cycle: int
    charging: bool
    capacity: Array
    voltage: Array
    basis: str = "specific"
    c_rate: float | None = None


def common_basis(results: Sequence[FullCellResult]) -> str:
    """Return the basis of capacity that all results know: per active mass, else per area, else of the whole cell."""
    cycles = [result.cycles for result in results]
    if all(table.specific_discharge_capacity is not None for table in cycles):
        return "specific"
    return "areal" if all(table.areal_discharge_capacity is not None for table in cycles) else "total"


def capacity_curve(result: FullCellResult, *, anode: str, label: str, measured: bool, basis: str) -> CapacityCurve:
    """Return what an analysed record tells of each complete cycle; `basis` as `common_basis` gives it."""
    cycles = result.cycles
    columns = {
        "specific": cycles.specific_discharge_capacity,
        "areal": cycles.areal_discharge_capacity,
        "total": cycles.discharge_capacity,
    }
    capacity = columns[basis]
    assert capacity is not None  # the basis is one that the result knows
    known = cycles.complete
    return CapacityCurve(
        anode=anode,
        label=label,
        measured=measured,
        cycle=cycles.number[known],
        capacity=capacity[known],
        efficiency=cycles.coulombic_efficiency[known],
        c_rate=cycles.c_rate[known],
        basis=basis,
        knee=result.knee,
    )


def voltage_profiles(
    record: CyclingRecord,
    result: FullCellResult,
    numbers: Sequence[int],
    *,
    anode: str,
    label: str,
    measured: bool,
    basis: str,
) -> list[VoltageProfile]:
    """Return charge and discharge of the cycles `numbers` that the record holds."""
    cycles, specimen = result.cycles, record.specimen
    divisor = {"specific": specimen.cathode_mass, "areal": specimen.area, "total": 1.0}[basis]
    assert divisor is not None  # the basis is one that the result knows
    found = []
    for number in dict.fromkeys(numbers):
        if not 1 <= number <= len(cycles):
            continue
        first = int(cycles.first_half_cycle[number - 1])
        for half_cycle in (first, first + 1):
            charge, voltage = half_cycle_profile(record, result.half_cycles, half_cycle)
            charging = half_cycle == first
            rate = float(cycles.c_rate[number - 1])
            profile = VoltageProfile(anode, label, measured, number, charging, charge / divisor, voltage, basis, rate)
            found.append(profile)
    return found


def shown_cycles(result: FullCellResult) -> list[int]:
    """Return the numbers of cycles whose profiles tell the most; see `lithiate.analysis.full_cell_cycles`."""
    from lithiate.analysis.full_cell_cycles import shown_cycles as chosen

    return chosen(result.cycles, result.rates)


def plot_capacity(curves: Sequence[CapacityCurve], styles: Mapping[str, LineStyle]) -> Figure:
    """Return discharge capacity (above) and coulombic efficiency [%] (below) against cycle.

    Shaded: 80 % of the ensemble. A knee is a triangle, its 95 % interval a bar. The axis of the efficiency shows nearly
    all points: single cycles far below the rest, such as the first, do not press the others together.
    """
    figure, (above, below) = new_figure(2, height=4.6, shared_x=True)
    scale, unit = capacity_unit(curves)
    for curve in curves:
        style = styles[curve.anode]
        _band(above, curve, curve.low, curve.high, 1.0 / scale, style.colour)
        _band(below, curve, curve.efficiency_low, curve.efficiency_high, _PERCENT, style.colour)
        _line(above, curve, curve.capacity / scale, style)
        _line(below, curve, curve.efficiency * _PERCENT, style)
        _mark_knee(above, curve, style, scale)
    drawn = [array for curve in curves for array in (curve.capacity, curve.high) if array is not None and array.size]
    above.set_ylim(0.0, 1.12 * max((float(np.nanmax(array)) for array in drawn), default=scale) / scale)
    above.set_ylabel(f"Discharge capacity / {unit}")
    _limit_efficiency(below, [curve.efficiency * _PERCENT for curve in curves])
    below.axhline(_PERCENT, color="#888888", lw=0.7)
    below.set(xlabel="Cycle", ylabel="Coulombic efficiency / %")
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    below.set_xlim(left=0.0)
    shared_legend(figure, above)
    return figure


def plot_rate_capacity(curves: Sequence[CapacityCurve], styles: Mapping[str, LineStyle]) -> Figure:
    """Return discharge capacity against cycle of a rate test, the rate written over each run of cycles.

    The runs and their rates are those of the first curve that has rates. Shaded: 80 % of the ensemble.
    """
    figure, (panel,) = new_figure(height=3.4)
    scale, unit = capacity_unit(curves)
    drawn = [array for curve in curves for array in (curve.capacity, curve.high) if array is not None and array.size]
    top = max((float(np.nanmax(array)) for array in drawn), default=scale) / scale
    panel.set_ylim(0.0, 1.22 * top)
    for curve in curves:
        style = styles[curve.anode]
        _band(panel, curve, curve.low, curve.high, 1.0 / scale, style.colour)
        # Runs are not joined: what lies between two rates was not measured.
        for position, (run, _) in enumerate(_runs(curve) or [(slice(0, curve.cycle.size), math.nan)]):
            panel.plot(
                curve.cycle[run],
                curve.capacity[run] / scale,
                color=style.colour,
                ls=":" if curve.measured else style.dashes,
                lw=0.8,
                marker="o",
                ms=3.2,
                mfc="white" if curve.measured else style.colour,
                label=curve.label if position == 0 else None,
            )
    named = next((curve for curve in curves if curve.c_rate is not None), None)
    if named is not None:
        _name_runs(panel, named, 1.2 * top)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set_xlim(left=0.0)
    panel.set(xlabel="Cycle", ylabel=f"Discharge capacity / {unit}")
    shared_legend(figure, panel)
    return figure


def plot_voltage_profiles(profiles: Sequence[VoltageProfile], styles: Mapping[str, LineStyle]) -> Figure:
    """Return voltage against capacity of chosen cycles, charge and discharge from zero.

    Cells of which one cycle is given share a panel; where a cell has several, each cell has its own panel and its
    cycles grow darker in their order.
    """
    cells = list(dict.fromkeys((profile.anode, profile.label) for profile in profiles))
    several = any(len({p.cycle for p in profiles if (p.anode, p.label) == cell}) > 1 for cell in cells)
    count = len(cells) if several else 1
    columns = min(_MOST_COLUMNS, max(1, count))
    rows = max(1, math.ceil(count / columns))
    figure, panels = new_figure(rows, columns, height=3.4 if rows == 1 else 0.4 + 2.4 * rows)
    scale, unit = capacity_unit(profiles)
    for index, (anode, label) in enumerate(cells):
        own = [profile for profile in profiles if (profile.anode, profile.label) == (anode, label)]
        panel = panels[index if several else 0]
        _draw_profiles(panel, own, styles[anode], scale, several=several)
        if several:
            panel.set_title(label, fontsize=9)
            panel.legend(fontsize=7, loc="lower left", title="cycle", title_fontsize=7, handlelength=1.2)
    for panel in panels[count:]:
        panel.set_visible(False)
    for panel in panels[:count]:
        panel.set_xlim(left=0.0)
        panel.set(xlabel=f"Capacity / {unit}", ylabel="Voltage / V")
    if not several:
        shared_legend(figure, panels[0])
    return figure


def _draw_profiles(
    panel: Axes, profiles: Sequence[VoltageProfile], style: LineStyle, scale: float, *, several: bool
) -> None:
    """Draw charge and discharge of each cycle of one cell; one of them has the label."""
    numbers = sorted({profile.cycle for profile in profiles})
    rates = np.array([profile.c_rate for profile in profiles if profile.c_rate is not None])
    rated = rates.size == len(profiles) and bool(np.ptp(rates) > _EQUAL_RATE * rates.min())
    labelled: set[int] = set()
    for profile in sorted(profiles, key=lambda p: p.cycle):
        shade = 1.0 if len(numbers) == 1 else numbers.index(profile.cycle) / (len(numbers) - 1)
        text = str(profile.cycle) + (f", {profile.c_rate:.3g} C" if rated else "") if several else profile.label
        panel.plot(
            profile.capacity / scale,
            profile.voltage,
            color=tint(style.colour, LIGHTEST * (1.0 - shade)),
            ls=":" if profile.measured else style.dashes,
            label=None if profile.cycle in labelled else text,
        )
        labelled.add(profile.cycle)


def capacity_unit(drawn: Sequence[CapacityCurve] | Sequence[VoltageProfile]) -> tuple[float, str]:
    """Return the SI value of the unit in which capacities are printed, and its words, by the basis of what is drawn."""
    return _UNITS[drawn[0].basis if drawn else "specific"]


def _band(panel: Axes, curve: CapacityCurve, low: Array | None, high: Array | None, factor: float, colour: str) -> None:
    if curve.band_cycle is not None and low is not None and high is not None:
        panel.fill_between(curve.band_cycle, low * factor, high * factor, color=colour, alpha=0.15, lw=0)


def _line(panel: Axes, curve: CapacityCurve, values: Array, style: LineStyle) -> None:
    panel.plot(
        curve.cycle,
        values,
        color=style.colour,
        ls=":" if curve.measured else style.dashes,
        # Points of a long test would hide one another.
        marker="o" if curve.cycle.size <= _MOST_MARKED else None,
        ms=3.0,
        label=curve.label,
    )


def _mark_knee(panel: Axes, curve: CapacityCurve, style: LineStyle, scale: float) -> None:
    """Mark the knee a little above the curve, with its interval; an open end reaches to the end of the curve."""
    knee = curve.knee
    if knee is None or knee.cycle is None or curve.cycle.size == 0:
        return
    height = float(np.interp(knee.cycle, curve.cycle, curve.capacity)) / scale * 1.03
    low, high = knee.interval or (None, None)
    ends = [float(curve.cycle[0]) if low is None else low, float(curve.cycle[-1]) if high is None else high]
    panel.plot(ends, [height, height], color=style.colour, lw=2.0, solid_capstyle="butt")
    panel.plot(knee.cycle, height, marker="v", ms=6, color=style.colour, ls="")
    text = f"knee {knee.cycle:.0f}"
    panel.annotate(text, (knee.cycle, height), (0, 6), textcoords="offset points", ha="center", fontsize=7.5)


def _limit_efficiency(panel: Axes, drawn: Sequence[Array]) -> None:
    values = np.concatenate([array[np.isfinite(array)] for array in drawn]) if drawn else np.empty(0)
    if values.size == 0:
        return
    low, high = float(np.quantile(values, 0.02)), float(np.quantile(values, 0.98))
    margin = max(0.12 * (high - low), _NARROWEST / 2.0)
    low, high = max(0.0, low - margin), high + margin
    panel.set_ylim(low, high)
    for words, place, count, extreme in (
        ("below", 0.03, int(np.sum(values < low)), f"lowest {values.min():.3g} %"),
        ("above", 0.97, int(np.sum(values > high)), f"highest {values.max():.3g} %"),
    ):
        if count:
            text = f"{count} cycle{'s' if count > 1 else ''} {words} the axis, {extreme}"
            side = "bottom" if words == "below" else "top"
            panel.annotate(text, (0.995, place), xycoords="axes fraction", ha="right", va=side, fontsize=7.5)


def _runs(curve: CapacityCurve) -> list[tuple[slice, float]]:
    """Return the rows of each run of cycles at one rate, and that rate [1/h]."""
    return [] if curve.c_rate is None else list(_equal(curve.c_rate))


def _equal(rates: Array) -> Iterator[tuple[slice, float]]:
    begin = 0
    for row in range(1, rates.size + 1):
        if row == rates.size or abs(rates[row] / rates[begin] - 1.0) > _EQUAL_RATE:
            yield slice(begin, row), float(np.median(rates[begin:row]))
            begin = row


def _name_runs(panel: Axes, curve: CapacityCurve, height: float) -> None:
    """Write the rate over each run, with a line between two runs."""
    for run, rate in _runs(curve):
        first, last = float(curve.cycle[run][0]), float(curve.cycle[run][-1])
        panel.annotate(f"{rate:.3g} C", (0.5 * (first + last), height), ha="center", va="top", fontsize=8)
        if run.start > 0:
            panel.axvline(first - 0.5, color="#b0b0b0", lw=0.7, ls=(0, (2, 2)))
