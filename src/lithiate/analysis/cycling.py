"""Half cycles of a cycling record: where they are, and one row of numbers for each.

A *half cycle* is the time in which the current keeps one sign; rests within it do not end it. It is found from the
current, or from the voltage alone where no current was recorded.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.analysis.robust import (
    BoolArray,
    FloatArray,
    IntArray,
    noise_level,
    resolution_step,
    weighted_median_per_group,
)
from lithiate.analysis.segmentation import CURRENT_ON_SHARE, SHORTEST_SHARES, HalfCycleRows, find_half_cycle_rows

COMPLETE_SHARE = 0.9
"""A half cycle at an edge of the record or a gap is complete from this share of the median on-time upwards."""

PLATEAU_WINDOW = (0.25, 0.75)
"""Share of a half cycle's charge (of its on-time without current) over which the plateau is taken."""

LATE_WINDOW = (0.9, 1.0)
"""Share of a half cycle's charge (of its on-time without current) over which its late level is taken."""

BLOCK_ROWS = 200_000
"""Rows that are measured at a time; half cycles are never cut."""

ALTERNATING, ONE_DIRECTIONAL = "alternating", "one-directional"
"""What `HalfCycles.direction` may be."""


class HalfCycleFlag(enum.IntFlag):
    """Bits of `HalfCycles.flags`; 0 is a plain half cycle."""

    PLAIN = 0
    INCOMPLETE = 1
    GAP = 2
    RESTED = 4
    IRREGULAR = 8


@frozen(eq=False, kw_only=True)
class HalfCycles:
    """One row a half cycle, as arrays of length h, in SI units.

    Parameters
    ----------
    start, end, duration, on_time : (h,) float64, s
        `duration` is end - start; `on_time` is less by the rests and flicker between them.
    first_row, last_row : (h,) int64
        In the record's numbering, from 0.
    polarity : (h,) int8
        +1 or -1: sign of the current, or of the voltage when there is no current.
    charge : (h,) float64 or None, C
        Magnitude of the charge passed; None without a current column.
    areal_charge : (h,) float64 or None, C/m2
        None without current or area.
    tip : (h,) float64, V
        Largest |V| before 25 % of the charge (of the on-time without current).
    plateau : (h,) float64, V
        Median |V|, weighted by charge (time without current), from 25 to 75 % of it.
    midpoint_voltage : (h,) float64, V
        |V| where half of the charge (of the on-time without current) has passed, on the line between two rows.
    late_level : (h,) float64, V
        Median |V| over the last tenth of the charge, as the plateau is over its middle half.
    end_voltage : (h,) float64, V
        |V| of the last row with current.
    mean_absolute_voltage : (h,) float64, V
        Time-weighted mean |V| over the on-time.
    mean_sampling_uncertainty : (h,) float64, V
        Standard uncertainty of that mean from the distance of the rows and the unknown instants of switching.
    arc_height : (h,) float64, V
        Largest |V| after 25 % of the charge, less the plateau.
    energy : (h,) float64 or None, J
        Integral of V I over the on-time; None without a current column.
    flags : (h,) uint8
        Bits of `HalfCycleFlag`.
    noise, resolution : float, V
        Of the voltage while current flows, over the whole record; see `noise_level` and `resolution_step`.
    rows : HalfCycleRows
    """

    start: FloatArray
    end: FloatArray
    duration: FloatArray
    on_time: FloatArray
    first_row: IntArray
    last_row: IntArray
    polarity: NDArray[np.int8]
    charge: FloatArray | None
    areal_charge: FloatArray | None
    tip: FloatArray
    plateau: FloatArray
    midpoint_voltage: FloatArray
    late_level: FloatArray
    end_voltage: FloatArray
    mean_absolute_voltage: FloatArray
    mean_sampling_uncertainty: FloatArray
    arc_height: FloatArray
    energy: FloatArray | None
    flags: NDArray[np.uint8]
    noise: float
    resolution: float
    rows: HalfCycleRows

    def __len__(self) -> int:
        return int(self.start.size)

    @property
    def complete(self) -> BoolArray:
        """Half cycles that were recorded from end to end."""
        return np.asarray((self.flags & HalfCycleFlag.INCOMPLETE) == 0, dtype=np.bool_)

    @property
    def direction(self) -> str:
        """``alternating``, or ``one-directional`` where current (or voltage) has one sign in the whole record."""
        return ALTERNATING if bool((self.polarity != self.polarity[0]).any()) else ONE_DIRECTIONAL


def segment_half_cycles(
    time: FloatArray,
    voltage: FloatArray,
    current: FloatArray | None = None,
    row_flags: NDArray[np.uint8] | None = None,
    *,
    area: float | None = None,
    on_share: float = CURRENT_ON_SHARE,
    shortest_shares: tuple[float, ...] = SHORTEST_SHARES,
    alike: bool = False,
) -> HalfCycles:
    """Find the half cycles of a record and measure each.

    Parameters
    ----------
    time : (n,) float64, s
        Never decreasing.
    voltage : (n,) float64, V
    current : (n,) float64, A, optional
        Without it half cycles are found from the sign of the voltage.
    row_flags : (n,) uint8, optional
        Rows flagged `RowFlag.REST` count as rest whatever their current is.
    area : float, optional
        Electrode area [m2].
    on_share : float
        Current flows where |I| is above this share of the record's working level.
    shortest_shares : tuple of float
        Runs of one sign shorter than this share of the typical run are flicker; smaller for records whose half cycles
        differ in length on purpose.
    alike : bool
        The half cycles are meant to be alike, as those of a symmetric cell. Then a pause longer than half a half cycle
        parts two runs of one sign that together are longer than one half cycle (a test that was begun anew), and in a
        record of one sign a hole in the rows is no on-time.

    Returns
    -------
    HalfCycles

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no half cycle in the record.

    Notes
    -----
    Every threshold comes from the data: see the constants of `lithiate.analysis.segmentation`. From the voltage alone,
    a sign counts beyond ``max(5 noise, resolution, 0.1 % of the working level of |V|)``, so noise near zero changes
    nothing, while a cell that alternates at 1 % of its former voltage is still followed. Rests are then the rows below
    10 % of the half cycle's own level ``sum(w V^2) / sum(w |V|)``. The limits of this: a voltage that still relaxes
    above 10 % counts as on-time, and a rest between two half cycles of one sign does not part them unless `alike`.
    """
    rows = find_half_cycle_rows(
        time, voltage, current, row_flags, on_share=on_share, shortest_shares=shortest_shares, alike=alike
    )
    return measure_half_cycles(rows, time, voltage, current, area=area)


def measure_half_cycles(
    rows: HalfCycleRows,
    time: FloatArray,
    voltage: FloatArray,
    current: FloatArray | None = None,
    *,
    area: float | None = None,
) -> HalfCycles:
    """Measure every half cycle of `rows`; parameters as in `segment_half_cycles`."""
    on_voltage = voltage[rows.index]
    noise, resolution = noise_level(np.abs(on_voltage)), resolution_step(on_voltage)
    del on_voltage
    parts = [_measured(part, time, voltage, current) for part in _blocks(rows)]
    column = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    throughput = column.pop("throughput")
    charge = None if current is None else throughput
    energy = column.pop("energy", None)
    return HalfCycles(
        start=rows.start,
        end=rows.end,
        duration=rows.end - rows.start,
        first_row=rows.index[rows.starts],
        last_row=rows.index[rows.starts + rows.counts - 1],
        polarity=rows.polarity,
        charge=charge,
        areal_charge=None if charge is None or area is None else charge / area,
        energy=energy,
        flags=_flags(rows, column["on_time"]),
        noise=noise,
        resolution=resolution,
        rows=rows,
        **column,
    )


def _blocks(rows: HalfCycleRows) -> Iterator[HalfCycleRows]:
    """Yield the half cycles in blocks of some `BLOCK_ROWS` rows, so that what is computed from them stays small."""
    block = rows.starts // BLOCK_ROWS
    edges = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), rows.starts.size]
    for first, stop in pairwise(edges):
        of_rows = slice(rows.starts[first], rows.starts[stop] if stop < rows.starts.size else None)
        of_half_cycles = slice(first, stop)
        yield HalfCycleRows(
            index=rows.index[of_rows],
            starts=rows.starts[of_half_cycles] - rows.starts[first],
            weight=rows.weight[of_rows],
            start=rows.start[of_half_cycles],
            end=rows.end[of_half_cycles],
            polarity=rows.polarity[of_half_cycles],
            gap_before=rows.gap_before[of_half_cycles],
            gap_after=rows.gap_after[of_half_cycles],
            paused=rows.paused[of_rows],
        )


def _measured(
    rows: HalfCycleRows, time: FloatArray, voltage: FloatArray, current: FloatArray | None
) -> dict[str, FloatArray]:
    """Return what the rows of each half cycle give, by the fields of `HalfCycles`, and their `throughput`."""
    starts, counts, weight = rows.starts, rows.counts, rows.weight
    last = starts + counts - 1
    on_voltage = voltage[rows.index]
    magnitude = np.abs(on_voltage)
    flowing = None if current is None else current[rows.index]
    throughput = weight if flowing is None else weight * np.abs(flowing)
    on_time = np.add.reduceat(weight, starts)
    mean = np.add.reduceat(weight * magnitude, starts) / on_time
    total = np.add.reduceat(throughput, starts)
    share_before, share_after = _shares(throughput, total, starts, counts)
    plateau = _level(magnitude, share_before, share_after, starts, PLATEAU_WINDOW)
    # A row that begins at the edge of the window but for rounding is not before it.
    early, late = share_before < PLATEAU_WINDOW[0] - 1e-9, share_after > PLATEAU_WINDOW[0]
    found = {
        "on_time": on_time,
        "throughput": total,
        "tip": np.maximum.reduceat(np.where(early, magnitude, 0.0), starts),
        "plateau": plateau,
        "midpoint_voltage": _at_half(magnitude, 0.5 * (share_before + share_after), starts, last),
        "late_level": _level(magnitude, share_before, share_after, starts, LATE_WINDOW),
        "end_voltage": magnitude[last],
        "mean_absolute_voltage": mean,
        "mean_sampling_uncertainty": _sampling_uncertainty(rows, time, magnitude, mean),
        "arc_height": np.maximum.reduceat(np.where(late, magnitude, 0.0), starts) - plateau,
    }
    if flowing is not None:
        found["energy"] = np.add.reduceat(weight * flowing * on_voltage, starts)
    return found


def _shares(
    throughput: FloatArray, total: FloatArray, starts: IntArray, counts: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the share of its half cycle's throughput that has passed before and after each row."""
    after, of_half_cycle = np.cumsum(throughput), np.repeat(total, counts)
    share_after = (after - np.repeat(after[starts] - throughput[starts], counts)) / of_half_cycle
    return share_after - throughput / of_half_cycle, share_after


def _level(
    magnitude: FloatArray, before: FloatArray, after: FloatArray, starts: IntArray, window: tuple[float, float]
) -> FloatArray:
    """Return the median of |V| weighted by the part of each row that lies in a window of the half cycle."""
    inside = (after > window[0]) & (before < window[1])
    # The last row of a half cycle belongs to its end, whatever rounding makes of its share.
    last = np.append(starts[1:], magnitude.size) - 1
    inside[last] |= window[1] == 1.0
    chosen = np.flatnonzero(inside)
    within = np.minimum(after[chosen], window[1]) - np.maximum(before[chosen], window[0])
    counts = np.add.reduceat(inside, starts, dtype=np.int64)
    inside_starts = np.append(0, np.cumsum(counts)[:-1])
    return weighted_median_per_group(magnitude[chosen], np.maximum(within, 1e-12), inside_starts)


def _at_half(magnitude: FloatArray, middle: FloatArray, starts: IntArray, last: IntArray) -> FloatArray:
    """Return |V| where the share `middle` of each row passes one half, on the line between the rows around it."""
    # One rising axis for all half cycles: their number, and the share within.
    key = middle + np.repeat(np.arange(starts.size), last - starts + 1)
    upper = np.clip(np.searchsorted(key, np.arange(starts.size) + 0.5), starts, last)
    lower = np.maximum(upper - 1, starts)
    step = middle[upper] - middle[lower]
    share = np.clip(np.divide(0.5 - middle[lower], step, out=np.zeros_like(step), where=step > 0.0), 0.0, 1.0)
    return np.asarray(magnitude[lower] + share * (magnitude[upper] - magnitude[lower]), dtype=np.float64)


def _sampling_uncertainty(rows: HalfCycleRows, time: FloatArray, magnitude: FloatArray, mean: FloatArray) -> FloatArray:
    """Return the standard uncertainty [V] of the mean |V| of each half cycle from where its rows lie.

    Two parts. Between rows: what the mean would change by if every row were replaced by the straight line between its
    neighbours, which bounds the error of the trapezoidal rule for smooth traces and for tips that one row caught.
    At both edges: the switch lies anywhere between two rows (rectangular distribution).
    """
    starts, last = rows.starts, rows.starts + rows.counts - 1
    at = time[rows.index]
    on_time = np.add.reduceat(rows.weight, starts)
    bend = np.zeros_like(magnitude)
    if magnitude.size > 2:
        span = at[2:] - at[:-2]
        share = np.divide(at[1:-1] - at[:-2], span, out=np.full_like(span, 0.5), where=span > 0)
        bend[1:-1] = magnitude[1:-1] - magnitude[:-2] - share * (magnitude[2:] - magnitude[:-2])
    bend[starts] = 0.0
    bend[last] = 0.0
    between = np.abs(np.add.reduceat(rows.weight * bend, starts)) / on_time
    before = (at[starts] - rows.start) * (magnitude[starts] - mean)
    behind = (rows.end - at[last]) * (magnitude[last] - mean)
    return np.asarray(np.hypot(between, np.hypot(before, behind) / (np.sqrt(3.0) * on_time)), dtype=np.float64)


def _flags(rows: HalfCycleRows, on_time: FloatArray) -> NDArray[np.uint8]:
    median = float(np.median(on_time))
    at_gap = rows.gap_before | rows.gap_after
    # Two half cycles of one sign in a row: the first was stopped, or the second was begun anew.
    of_one_sign = rows.polarity[1:] == rows.polarity[:-1]
    at_edge = at_gap.copy()
    at_edge[:-1] |= of_one_sign
    at_edge[1:] |= of_one_sign
    at_edge[[0, -1]] = True
    cases = {
        HalfCycleFlag.INCOMPLETE: at_edge & (on_time < COMPLETE_SHARE * median),
        HalfCycleFlag.GAP: at_gap,
        HalfCycleFlag.RESTED: (rows.end - rows.start) > 1.001 * on_time,
        HalfCycleFlag.IRREGULAR: np.abs(on_time / median - 1.0) > 1.0 - COMPLETE_SHARE,
    }
    flags = np.zeros(on_time.size, dtype=np.uint8)
    for flag, where in cases.items():
        flags[where] |= np.uint8(flag)
    return flags
