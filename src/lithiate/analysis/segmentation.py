"""Which rows of a cycling record belong to which half cycle.

Times between rows are shared: a row stands for the time from half-way to the row before it to half-way to the row after
it, so means over time are trapezoidal, and the switch between two half cycles lies midway between the rows on both
sides of it.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.analysis.robust import BoolArray, FloatArray, IntArray, noise_level, resolution_step, working_level
from lithiate.core.measurement import RowFlag
from lithiate.errors import AnalysisError

CURRENT_ON_SHARE = 0.05
"""Current flows where |I| is above this share of the record's `working_level`."""

SIGN_SHARE = 0.001
"""Without a current column: a sign counts from this share of the working level of |V| upwards, or from the noise."""

REST_SHARE = 0.1
"""Without a current column: rest where |V| is below this share of the half cycle's own level."""

SHORTEST_SHARES = (0.005, 0.05)
"""Runs of one sign shorter than this share of the typical run are flicker; applied one after the other."""

GAP_SHARE = 0.5
"""A hole between two rows is a gap when it is longer than this share of the typical half cycle.

A shorter one is bridged by a straight line: instruments that log on change leave such holes on a flat plateau.
"""

PARTING_SHARE = 1.1
"""A long pause between two runs of one sign parts them when they take together more than this share of a half cycle.

Less is one half cycle that was interrupted and resumed; more is a half cycle, and the next one begun anew.
"""

SMALL_SHARES = (0.25, 0.05)
"""Where half cycles are alike, a run is small when its rows stand for less than the first share of the typical run's
time, and for less than the second of its time times magnitude: a slow wave of an impedance spectrum, no half cycle."""

HOLE_RATIO = 20.0
"""In a record of one sign, a hole is an interruption when it is longer than this times the usual distance of rows.

Usual is the distance in which the middle second of the record lies, so that crowded rows do not change it.
"""


@frozen(eq=False)
class HalfCycleRows:
    """Which rows of a record belong to which half cycle.

    Parameters
    ----------
    index : (m,) int64
        Rows in which current flows, in the record's numbering; repeated rows and flicker are left out.
    starts : (h,) int64
        Position in `index` of the first row of each half cycle.
    weight : (m,) float64, s
        Time that each row stands for.
    start, end : (h,) float64, s
    polarity : (h,) int8
        Sign of the current, or of the voltage when there is no current.
    gap_before, gap_after : (h,) bool
        The record has a gap at this edge of the half cycle.
    paused : (m,) bool
        Rows of `index` before which rows without current, flicker or an unrecorded hole interrupt the half cycle.
    """

    index: IntArray
    starts: IntArray
    weight: FloatArray
    start: FloatArray
    end: FloatArray
    polarity: NDArray[np.int8]
    gap_before: BoolArray
    gap_after: BoolArray
    paused: BoolArray

    @property
    def counts(self) -> IntArray:
        """Number of rows of each half cycle."""
        return np.diff(self.starts, append=self.index.size)

    def of(self, half_cycle: int) -> slice:
        """Return the slice of `index` and `weight` that belongs to one half cycle (counted from 0)."""
        first = int(self.starts[half_cycle])
        return slice(first, first + int(self.counts[half_cycle]))


def find_half_cycle_rows(
    time: FloatArray,
    voltage: FloatArray,
    current: FloatArray | None = None,
    row_flags: NDArray[np.uint8] | None = None,
    *,
    on_share: float = CURRENT_ON_SHARE,
    shortest_shares: tuple[float, ...] = SHORTEST_SHARES,
    alike: bool = False,
) -> HalfCycleRows:
    """Return the rows of each half cycle; see `lithiate.analysis.cycling.segment_half_cycles`."""
    kept = _distinct_rows(time, voltage, current)
    kept_time, signal = time, voltage if current is None else current
    if kept.size < time.size:
        kept_time, signal = kept_time[kept], signal[kept]
    threshold = _voltage_threshold(signal) if current is None else on_share * working_level(signal)
    on = np.abs(signal) > threshold
    if row_flags is not None:
        on &= (row_flags[kept] & RowFlag.REST) == 0
    index = np.flatnonzero(on)
    index, typical = _drop_flicker(index, signal, kept_time, shortest_shares)
    if alike:
        index = _drop_small(index, signal, kept_time, typical)
    hole = np.diff(kept_time)
    is_gap = hole > max(GAP_SHARE * typical, 5.0 * float(np.median(np.diff(kept_time[index]))))
    positive = signal > 0
    starts = _run_starts(index, positive, is_gap)
    one_way = bool((positive[index[starts]] == positive[index[0]]).all())
    is_hole = is_gap | (hole > HOLE_RATIO * usual_distance(hole)) if alike and one_way else is_gap
    half_hole = np.multiply(hole, 0.5, out=hole)
    half_hole[is_hole] = 0.0
    weight = _both_sides(half_hole)[index]
    timed = np.repeat(np.add.reduceat(weight, starts) > 0.0, np.diff(starts, append=index.size))
    if not timed.any():
        raise _no_half_cycle()
    index, starts, weight = _only(timed, index, starts, weight)
    if current is None:
        working = _not_relaxed(np.abs(signal[index]), starts, weight)
        index, starts, weight = _only(working, index, starts, weight)
    if alike:
        starts = _part_at_pauses(kept_time[index], positive[index], weight, starts, typical)
    first, last = index[starts], index[np.append(starts[1:], index.size) - 1]
    paused = np.append(False, (np.diff(index) > 1) | is_hole[index[:-1]])
    paused[starts] = False
    return HalfCycleRows(
        index=kept[index],
        starts=starts,
        weight=weight,
        start=kept_time[first] - np.where(first > 0, half_hole[first - 1], 0.0),
        end=kept_time[last] + np.where(last < half_hole.size, half_hole[np.minimum(last, half_hole.size - 1)], 0.0),
        polarity=np.where(signal[first] > 0, 1, -1).astype(np.int8),
        gap_before=np.insert(is_gap, 0, False)[first],
        gap_after=np.append(is_gap, False)[last],
        paused=paused,
    )


def _distinct_rows(time: FloatArray, voltage: FloatArray, current: FloatArray | None) -> IntArray:
    """Return the rows that differ from the row before them; repeated rows carry nothing."""
    differs = (time[1:] != time[:-1]) | (voltage[1:] != voltage[:-1])
    if current is not None:
        differs |= current[1:] != current[:-1]
    return np.flatnonzero(np.append(True, differs))


def _voltage_threshold(voltage: FloatArray) -> float:
    level = working_level(voltage)
    smallest = max(5.0 * noise_level(voltage), resolution_step(voltage), SIGN_SHARE * level)
    # However noisy the record is, a quarter of its usual voltage is a sign.
    return min(smallest, 0.25 * level)


def _run_starts(index: IntArray, positive: BoolArray, is_gap: BoolArray | None = None) -> IntArray:
    """Return where in `index` the sign changes, or a gap lies between two rows that follow one another."""
    change = positive[index[1:]] != positive[index[:-1]]
    if is_gap is not None:
        change |= is_gap[index[:-1]] & (np.diff(index) == 1)
    return np.append(0, np.flatnonzero(change) + 1)


def _both_sides(hole: FloatArray) -> FloatArray:
    """Return for each row the sum of what lies between it and the rows before and after it."""
    total = np.zeros(hole.size + 1)
    total[:-1] = hole
    total[1:] += hole
    return total


def usual_distance(hole: FloatArray) -> float:
    """Return the distance of two rows [s] in which the middle second of all time lies."""
    ordered = np.sort(hole)
    passed = np.cumsum(ordered)
    return float(ordered[min(int(np.searchsorted(passed, 0.5 * passed[-1])), ordered.size - 1)])


def _part_at_pauses(
    time: FloatArray, positive: BoolArray, weight: FloatArray, starts: IntArray, typical: float
) -> IntArray:
    """Return the starts of half cycles with those that begin after a long pause between runs of one sign.

    A pause longer than `GAP_SHARE` of a half cycle, be it a rest, a gap within a rest or time that stood still, parts
    two runs that together take more than `PARTING_SHARE` of it: a cell that stopped after a half cycle, and began
    again with one of the same sign.
    """
    # A pause ends before the row it is counted at, and a run of the other sign is parted already.
    paused = np.append(False, (np.diff(time) > GAP_SHARE * typical) & (positive[1:] == positive[:-1]))
    paused[starts] = False
    found = np.flatnonzero(paused)
    if found.size == 0:
        return starts
    edges = np.union1d(starts, found)
    of_piece = np.add.reduceat(weight, edges)
    begins_run = np.isin(edges, starts, assume_unique=True)
    keep = np.ones(edges.size, dtype=np.bool_)
    so_far = 0.0
    for piece in range(edges.size):
        if begins_run[piece] or so_far + of_piece[piece] > PARTING_SHARE * typical:
            so_far = float(of_piece[piece])
        else:
            keep[piece] = False
            so_far += float(of_piece[piece])
    return np.asarray(edges[keep], dtype=np.int64)


def _drop_flicker(
    index: IntArray, signal: FloatArray, time: FloatArray, shortest_shares: tuple[float, ...]
) -> tuple[IntArray, float]:
    """Leave out runs of one sign that are far too short; return the rows left and the typical duration of a run [s].

    Typical is the duration of the run in which the middle second of all run time lies, so that any number of short
    runs does not change it. The shortest go first: without them, the pieces that they cut are whole again.
    """
    typical = 0.0
    for share in shortest_shares:
        if index.size == 0:
            break
        starts = _run_starts(index, signal > 0)
        counts = np.diff(starts, append=index.size)
        duration = time[index[starts + counts - 1]] - time[index[starts]]
        ordered = np.sort(duration)
        passed = np.cumsum(ordered)
        typical = float(ordered[min(int(np.searchsorted(passed, 0.5 * passed[-1])), ordered.size - 1)])
        index = index[np.repeat(duration >= share * typical, counts)]
    if typical == 0.0:
        raise _no_half_cycle()
    return index, typical


def _drop_small(index: IntArray, signal: FloatArray, time: FloatArray, typical: float) -> IntArray:
    """Leave out runs that are both short and weak, until there are none; see `SMALL_SHARES`."""
    weight = 0.5 * _both_sides(np.diff(time))
    while True:
        starts = _run_starts(index, signal > 0)
        small = np.add.reduceat(weight[index], starts) < SMALL_SHARES[0] * typical
        if small.any():
            magnitude = np.abs(signal[index])
            weak = SMALL_SHARES[1] * typical * float(np.median(magnitude))
            small &= np.add.reduceat(weight[index] * magnitude, starts) < weak
        if not small.any():
            return index
        # What a small run parted is one run again, and may be small as well.
        index = index[np.repeat(~small, np.diff(starts, append=index.size))]


def _no_half_cycle() -> AnalysisError:
    return AnalysisError(
        "the record holds no half cycle",
        code="LI-ANA-001",
        got="no run of rows with one sign of the current (of the voltage where there is no current)",
        expected="current that flows in one direction for some rows",
    )


def _only(
    keep: BoolArray, index: IntArray, starts: IntArray, weight: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the rows to keep; half cycles without any are gone."""
    counts = np.add.reduceat(keep, starts, dtype=np.int64)
    return index[keep], (np.cumsum(counts) - counts)[counts > 0], weight[keep]


def _not_relaxed(magnitude: FloatArray, starts: IntArray, weight: FloatArray) -> BoolArray:
    """Tell the rows of each half cycle in which the voltage has not relaxed to a rest (no current column)."""
    moment = weight * magnitude
    # The contraharmonic mean is blind to time spent near zero, and is the plateau itself for a square wave.
    level = np.add.reduceat(moment * magnitude, starts) / np.add.reduceat(moment, starts)
    keep = magnitude >= REST_SHARE * np.repeat(level, np.diff(starts, append=magnitude.size))
    return np.asarray(keep, dtype=np.bool_)
