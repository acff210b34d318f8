"""Differential capacity dQ/dV of charges and discharges: curves, and peaks with their uncertainties.

The charge that passed between two rows is spread evenly over the voltages between them, and the density of charge over
the voltage is smoothed by a Gaussian. Nothing is divided by a difference of two noisy voltages, so plateaus, noise that
goes back and forth, and rows logged by voltage or by time need no care, and the area of the curve is the charge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import field, frozen

from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.density import Density, charge_density, noise_along, row_noise
from lithiate.analysis.full_cell_half_cycles import half_cycle_profile
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray, resolution_step
from lithiate.core.measurement import CyclingRecord

OWN_KERNEL = 0.125
"""Share of a peak's width that its own kernel has as standard deviation, where that is more than the curve's."""

FEWEST_ROWS = 20
"""A half cycle of fewer rows has no differential capacity."""

NARROWEST_WINDOW = 12.0
"""Nor has one whose voltages span fewer widths of the smoothing kernel."""

LEAST_PROMINENCE = 0.02
"""A peak stands out by this share of the highest point of the curve ..."""

SURE_PROMINENCE = 6.0
"""... and by this many standard deviations of the difference of two points: of the highest and the lowest of a hundred
that hold noise alone, four and a half are usual."""

EQUAL_CURRENT = 0.1
"""The longest run of rows counts whose current is within this share of the usual one ..."""

LEAST_CHARGE = 0.4
"""... if this share of the charge passed in it."""

FEW_WIDTHS = 1.5
"""A peak no wider than this many times the resolution ..."""

SHARP_PROMINENCE = 0.1
"""... stands out by this share of the highest point at least: the converter of an instrument has spikes of its own."""

END_NOISE, END_WIDTHS = 4.0, 2.5
"""No peak is looked for within so much noise and so many bandwidths of an end of the window."""

HELD_CURRENT = 0.95
"""A hold: the voltage stays, and the current ends below this share of where it began."""


@frozen(kw_only=True)
class CapacityPeak:
    """One peak of dQ/dV; uncertainties are standard ones, from noise and resolution of the voltage.

    Parameters
    ----------
    voltage, voltage_uncertainty : float, V
        Of the maximum.
    height, height_uncertainty : float, C/V
    width, width_uncertainty : float, V
        Full width at half of the height over the higher of the two valleys beside the peak; NaN where a flank leaves
        the window before.
    charge, charge_uncertainty : float, C
        Between the valleys; all peaks of a curve share its whole charge.
    resolved : bool
        Whether the peak is wider than twice the resolution of the curve, so that its width and height are its own.
    """

    voltage: float
    voltage_uncertainty: float
    height: float
    height_uncertainty: float
    width: float
    width_uncertainty: float
    charge: float
    charge_uncertainty: float
    resolved: bool


@frozen(eq=False, kw_only=True)
class DifferentialCapacity:
    """dQ/dV of one charge or discharge at constant current.

    Parameters
    ----------
    cycle : int
    charging : bool
    voltage : (n,) float64, V
        Rising, evenly spaced.
    differential_capacity, uncertainty : (n,) float64, C/V
        Magnitude of dQ/dV, above 0 in a discharge too, and its standard uncertainty.
    charge : float, C
        Area of the curve: what passed at constant current.
    other_charge : float, C
        What passed in a hold of the voltage at the end, which has no dQ/dV, or at another current.
    resolution : float, V
        Full width at half maximum that an infinitely narrow peak would have.
    noise : float, V
        Standard deviation of the voltage from row to row, rounding included.
    peaks : tuple of CapacityPeak
        By rising voltage.
    """

    cycle: int
    charging: bool
    voltage: FloatArray = field(repr=False)
    differential_capacity: FloatArray = field(repr=False)
    uncertainty: FloatArray = field(repr=False)
    charge: float
    other_charge: float
    resolution: float
    noise: float
    peaks: tuple[CapacityPeak, ...]


def find_differential_capacities(
    record: CyclingRecord, half_cycles: HalfCycles, first_half_cycle: IntArray, numbers: Sequence[int]
) -> tuple[DifferentialCapacity, ...]:
    """Return dQ/dV of charge and discharge of some cycles; one that has none is left out.

    Parameters
    ----------
    record : CyclingRecord
        With a current.
    half_cycles : HalfCycles
        Of this record.
    first_half_cycle : (c,) int64
        Position of the charge of each cycle among the half cycles, as in `FullCellCycles`; its discharge follows.
    numbers : sequence of int
        Numbers of the cycles, from 1.
    """
    assert record.current is not None
    found = []
    for number in numbers:
        first = int(first_half_cycle[number - 1])
        for half_cycle in (first, first + 1):
            charge, voltage = half_cycle_profile(record, half_cycles, half_cycle)
            rows = half_cycles.rows.index[half_cycles.rows.of(half_cycle)]
            charging = bool(half_cycles.polarity[half_cycle] > 0)
            curve = differentiate_capacity(
                charge, voltage, np.abs(record.current[rows]), cycle=number, charging=charging
            )
            if curve is not None:
                found.append(curve)
    return tuple(found)


def differentiate_capacity(
    charge: FloatArray,
    voltage: FloatArray,
    current: FloatArray | None = None,
    *,
    cycle: int = 1,
    charging: bool = True,
) -> DifferentialCapacity | None:
    """Return dQ/dV with its peaks, or None where the rows do not tell any.

    Parameters
    ----------
    charge : (n,) float64, C
        Passed before each row, never decreasing.
    voltage : (n,) float64, V
    current : (n,) float64, A, optional
        Magnitude; with it a hold of the voltage at the end is left out.
    cycle : int
    charging : bool

    Notes
    -----
    ``dQ/dV(v) = sum_i dQ_i K_h(v - V_i)``, K_h a Gaussian of standard deviation h, mirrored at both ends of the window.
    h is the largest of: what makes the noise of a mean density 2 %, ``h^3 = s sigma^2 / (4 sqrt(pi) 0.02^2)`` with s
    the window over the number of rows; 2 sigma; 0.75 steps of a rounded voltage; the distance of the rows in voltage,
    median by charge; a thousandth of the window. Numbers of a peak are those of a curve that two kernels extrapolate to
    h = 0 (its bias falls as h^4), h being an eighth of the peak's width where that is more. Noise is propagated row by
    row; half of what the extrapolation moves a number by, all of it for a peak that is not resolved, is counted beside
    it, and so is what leaving out every other row changes where the rows lie far apart.

    Only the longest run of rows at one current counts. Limits: noise that is independent from row to row (rounding is
    counted as such); a peak that is not ``resolved`` is smoothed beyond repair; pulses and GITT, whose voltages go up
    and down, give the density of all voltages they passed; an overpotential is not taken off.
    """
    if charge.size < FEWEST_ROWS:
        return None
    step = resolution_step(voltage)
    # Each is blind to something: even rows to noise of the charge, pairs of rows that lie close to noise at all.
    noise = math.hypot(max(row_noise(voltage), noise_along(charge, voltage)), step / math.sqrt(12.0))
    kept = slice(0, voltage.size)
    if current is not None:
        end = _hold_begins(voltage, current, max(4.0 * noise, 1.5 * step, 1e-3))
        kept = _one_current(charge[:end], current[:end])
    passed, at = charge[kept], voltage[kept]
    total = float(charge[-1] - charge[0])
    if passed.size < FEWEST_ROWS or not np.ptp(passed) > LEAST_CHARGE * total or not np.ptp(at) > 0.0:
        return None
    density = charge_density(passed, at, noise, step)
    if np.ptp(at) < NARROWEST_WINDOW * density.bandwidth:
        return None
    resolution = math.sqrt(8.0 * math.log(2.0)) * math.hypot(density.bandwidth, noise)
    spread = density.deviations()
    return DifferentialCapacity(
        cycle=cycle,
        charging=charging,
        voltage=density.voltage,
        differential_capacity=density.smooth,
        uncertainty=spread,
        charge=float(passed[-1] - passed[0]),
        other_charge=total - float(passed[-1] - passed[0]),
        resolution=resolution,
        noise=noise,
        peaks=_peaks(density, spread, resolution),
    )


def _hold_begins(voltage: FloatArray, current: FloatArray, tolerance: float) -> int:
    """Return how many rows come before a hold of the voltage at the end; all where there is none."""
    away = np.flatnonzero(np.abs(voltage - voltage[-1]) > tolerance)
    begin = int(away[-1]) + 1 if away.size else 0
    if voltage.size - begin < 3 or current[-1] >= HELD_CURRENT * current[begin]:
        return int(voltage.size)
    # The voltage may come near its limit while the current is still whole.
    falling = np.flatnonzero(current[begin:] < HELD_CURRENT * current[begin])
    return begin + int(falling[0])


def _one_current(charge: FloatArray, current: FloatArray) -> slice:
    """Return the run of rows at the usual current, median by charge, over which most charge passed."""
    passed = np.diff(charge, prepend=charge[:1])
    order = np.argsort(current)
    total = np.cumsum(passed[order])
    usual = float(current[order[min(int(np.searchsorted(total, 0.5 * total[-1])), order.size - 1)]])
    near = np.abs(current - usual) <= EQUAL_CURRENT * usual
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]])))
    begins, ends = edges[::2], edges[1::2]
    if begins.size == 0:
        return slice(0, 0)
    longest = int(np.argmax(charge[ends - 1] - charge[begins]))
    return slice(int(begins[longest]), int(ends[longest]))


def _peaks(density: Density, spread: FloatArray, resolution: float) -> tuple[CapacityPeak, ...]:
    from scipy.signal import find_peaks, peak_widths

    smooth = density.smooth
    # Noise blurs both ends of the window, where the curve falls to nothing: no peak and no valley is told there.
    blurred = round((END_NOISE * density.noise + END_WIDTHS * density.bandwidth) / density.spacing)
    inner = smooth[blurred : smooth.size - blurred]
    if inner.size < 3:
        return ()
    tops, of = find_peaks(inner, prominence=LEAST_PROMINENCE * float(smooth.max()))
    widths = peak_widths(inner, tops)[0] * density.spacing
    tops = tops + blurred
    # The valley beside a peak has noise as well, less than the peak.
    stands_out = of["prominences"]
    sure = stands_out > SURE_PROMINENCE * math.sqrt(2.0) * spread[tops]
    tops = tops[sure & ((widths > FEW_WIDTHS * resolution) | (stands_out > SHARP_PROMINENCE * float(smooth.max())))]
    if tops.size == 0:
        return ()
    between = [int(a + np.argmin(smooth[a:b])) for a, b in zip(tops[:-1], tops[1:], strict=True)]
    rough = [blurred, *between, smooth.size - 1 - blurred]
    # Each peak has a kernel of its own: a wide one is flat at its top, where fine noise makes maxima of its own.
    local = []
    for k, top in enumerate(tops):
        width = _measure(smooth, int(top), rough[k], rough[k + 1])[2] * density.spacing
        wanted = OWN_KERNEL * width if math.isfinite(width) else 0.0
        local.append(density.at_bandwidth(max(density.bandwidth, wanted)))
    valleys = [(0.0, 0.0)]
    for k in range(tops.size - 1):
        finer = min(local[k], local[k + 1], key=lambda one: one.bandwidth)
        valleys.append(_valley(finer, int(tops[k]), int(tops[k + 1])))
    valleys.append((float(density.cells.sum()), 0.0))
    return tuple(
        _peak(local[k], int(top), (rough[k], rough[k + 1]), (valleys[k], valleys[k + 1]), resolution)
        for k, top in enumerate(tops)
    )


def _valley(density: Density, begin: int, end: int) -> tuple[float, float]:
    """Return the charge below the lowest point between two maxima, and its standard uncertainty [C].

    Anywhere that the curve cannot be told from its lowest point (by two standard deviations) the valley may be.
    """
    below, found = np.cumsum(density.cells) - 0.5 * density.cells, []
    for curve in (density.extrapolated, density.smooth):
        lowest = begin + int(np.argmin(curve[begin:end]))
        found.append(float(below[lowest]))
    lowest = begin + int(np.argmin(density.extrapolated[begin:end]))
    bound = float(density.extrapolated[lowest]) + 2.0 * density.deviation_at(lowest, 0)
    low, high = lowest, lowest
    while low > begin and density.extrapolated[low - 1] <= bound:
        low -= 1
    while high < end and density.extrapolated[high + 1] <= bound:
        high += 1
    other = density.of_every_other_row()
    sparse = 0.0 if other is None else float((np.cumsum(other.cells) - 0.5 * other.cells)[lowest]) - found[0]
    spread = float(below[high] - below[low]) + density.spacing * float(density.smooth[lowest])
    return found[0], math.hypot(spread / math.sqrt(12.0), 0.5 * (found[0] - found[1]), sparse)


def _peak(
    density: Density,
    near: int,
    edges: tuple[int, int],
    valleys: tuple[tuple[float, float], tuple[float, float]],
    resolution: float,
) -> CapacityPeak:
    """Return the peak near a cell, between two edges; `valleys` are the charges below them with their uncertainties."""
    spacing = density.spacing
    place, height, width = _measure(density.extrapolated, near, *edges, reach=density.bandwidth / spacing)
    plain = _measure(density.smooth, near, *edges, reach=density.bandwidth / spacing)
    other = density.of_every_other_row()
    sparse = None if other is None else _measure(other.extrapolated, near, *edges, reach=density.bandwidth / spacing)
    resolved = bool(width * spacing > 2.0 * resolution)
    # What the extrapolation, and rows that lie far apart, may have left of their errors.
    left = 0.5 if resolved else 1.0
    doubts = [
        math.hypot(left * (ours - smooth), 0.0 if sparse is None else ours - sparse[k])
        for k, (ours, smooth) in enumerate(zip((place, height, width), plain, strict=True))
    ]
    at = min(max(round(place), 1), density.smooth.size - 2)
    position = density.deviation_at(at, 1) / max(_bend(density.extrapolated, at, density), 1e-300)
    (low, low_doubt), (high, high_doubt) = valleys
    return CapacityPeak(
        voltage=float(density.voltage[0]) + place * spacing,
        voltage_uncertainty=math.hypot(position, doubts[0] * spacing, spacing / math.sqrt(12.0)),
        height=height,
        height_uncertainty=math.hypot(density.deviation_at(at, 0), doubts[1]),
        width=width * spacing,
        width_uncertainty=math.hypot(_width_noise(density, near, edges), doubts[2] * spacing, spacing / math.sqrt(6.0)),
        charge=high - low,
        charge_uncertainty=math.hypot(low_doubt, high_doubt),
        resolved=resolved,
    )


def _measure(curve: FloatArray, near: int, left: int, right: int, *, reach: float = 0.0) -> tuple[float, float, float]:
    """Return place and width (in cells) and height of the maximum near a cell, between two valleys."""
    step = max(1, round(2.0 * reach))
    low, high = max(left, near - step), min(right, near + step)
    top = low + int(np.argmax(curve[low : high + 1]))
    place, height = _vertex(curve, top)
    level = _half_height(curve, height, left, right)
    return place, height, _crossing(curve, top, level, right, 1) - _crossing(curve, top, level, left, -1)


def _half_height(curve: FloatArray, height: float, left: int, right: int) -> float:
    base = max(float(curve[left]), float(curve[right]))
    return base + 0.5 * (height - base)


def _vertex(curve: FloatArray, at: int) -> tuple[float, float]:
    """Return place (in cells) and height of the parabola through a maximum and its neighbours."""
    if not 0 < at < curve.size - 1:
        return float(at), float(curve[at])
    before, middle, after = (float(value) for value in curve[at - 1 : at + 2])
    bend = before - 2.0 * middle + after
    if bend >= 0.0:
        return float(at), middle
    shift = float(np.clip(0.5 * (before - after) / bend, -1.0, 1.0))
    return at + shift, middle - 0.25 * (before - after) * shift


def _bend(curve: FloatArray, at: int, density: Density) -> float:
    """Return minus the second derivative at a maximum [C/V3], over about a bandwidth."""
    reach = max(1, min(round(0.5 * density.bandwidth / density.spacing), at, curve.size - 1 - at))
    return float(2.0 * curve[at] - curve[at - reach] - curve[at + reach]) / (reach * density.spacing) ** 2


def _crossing(curve: FloatArray, top: int, level: float, edge: int, sign: int) -> float:
    """Return where (in cells) the curve first falls to a level on the way from a maximum to an edge, or NaN."""
    path = curve[top : edge + 1] if sign > 0 else curve[edge : top + 1][::-1]
    below = np.flatnonzero(path <= level)
    if below.size == 0 or below[0] == 0:
        return math.nan
    k = int(below[0])
    return top + sign * (k - 1 + float((path[k - 1] - level) / (path[k - 1] - path[k])))


def _width_noise(density: Density, near: int, edges: tuple[int, int]) -> float:
    """Return the standard uncertainty of a width [V]: noise of each flank and of the level over the flank's slope."""
    curve = density.extrapolated
    step = max(1, round(2.0 * density.bandwidth / density.spacing))
    low, high = max(edges[0], near - step), min(edges[1], near + step)
    top = low + int(np.argmax(curve[low : high + 1]))
    level = _half_height(curve, float(curve[top]), *edges)
    variance = steepness = 0.0
    reach = max(1, round(0.5 * density.bandwidth / density.spacing))
    for edge, sign in ((edges[0], -1), (edges[1], 1)):
        side = _crossing(curve, top, level, edge, sign)
        if not math.isfinite(side):
            return math.nan
        cell = min(max(round(side), reach), curve.size - 1 - reach)
        slope = abs(float(curve[cell + reach] - curve[cell - reach])) / (2.0 * reach * density.spacing)
        variance += (density.deviation_at(cell, 0) / max(slope, 1e-300)) ** 2
        steepness += 1.0 / max(slope, 1e-300)
    # The level moves both flanks at once.
    return math.hypot(math.sqrt(variance), 0.5 * density.deviation_at(top, 0) * steepness)


def peak_columns(curves: Sequence[DifferentialCapacity]) -> dict[str, FloatArray | IntArray | BoolArray]:
    """Return the peaks of several curves as columns in SI: one row a peak, with its cycle and direction."""
    rows = [(curve, peak) for curve in curves for peak in curve.peaks]
    columns: dict[str, FloatArray | IntArray | BoolArray] = {
        "cycle": np.array([curve.cycle for curve, _ in rows], dtype=np.int64),
        "charging": np.array([curve.charging for curve, _ in rows], dtype=np.bool_),
    }
    for name in CapacityPeak.__annotations__:
        kind = np.bool_ if name == "resolved" else np.float64
        columns[name] = np.array([getattr(peak, name) for _, peak in rows], dtype=kind)
    return columns


def curve_columns(curves: Sequence[DifferentialCapacity]) -> dict[str, FloatArray | IntArray | BoolArray]:
    """Return several curves as columns in SI, one below the other."""
    lengths = [curve.voltage.size for curve in curves]

    def joined(arrays: list[FloatArray]) -> FloatArray:
        return np.concatenate(arrays) if arrays else np.empty(0)

    return {
        "cycle": np.repeat(np.array([curve.cycle for curve in curves], dtype=np.int64), lengths),
        "charging": np.repeat(np.array([curve.charging for curve in curves], dtype=np.bool_), lengths),
        "voltage": joined([curve.voltage for curve in curves]),
        "differential_capacity": joined([curve.differential_capacity for curve in curves]),
        "uncertainty": joined([curve.uncertainty for curve in curves]),
    }
