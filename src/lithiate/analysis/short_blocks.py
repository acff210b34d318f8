"""A cycling record in blocks of like length: what the search for short circuits looks at."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.analysis.change_points import running_median
from lithiate.analysis.cycling import ONE_DIRECTIONAL, HalfCycles
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray, weighted_median_per_group

LONGEST_BLOCK = 7200.0
"""Longest half cycle [s] that is one block; of longer ones, and of cells plated one way, blocks are short."""

SHORT_BLOCK = 900.0
"""Duration of those [s]: soft shorts heal within minutes to hours."""

PARTS = 8
"""Parts of a block among which the onset of a fall is looked for."""

LEAST_ON_TIME = 0.5
"""Blocks with less than this share of the usual on-time are left out."""

_PROFILE_HALF_CYCLES = 6
_POLARITY_HALF_WIDTH = 30
_LARGEST_BEND = 10.0
_MEAN_TO_SIGMA = math.sqrt(math.pi / 2.0) / math.sqrt(6.0)


@frozen(eq=False, kw_only=True)
class Blocks:
    """Stretches of time with current, one row each, as arrays of length b in SI units.

    Parameters
    ----------
    start, end : (b,) float64, s
        Record time.
    first_row, last_row : (b,) int64
        In the record's numbering.
    half_cycle : (b,) int64
        Number of the half cycle (from 0) that the block lies in.
    polarity : (b,) int8
    mean_absolute_voltage : (b,) float64, V
        Level of |V|: of a whole half cycle the time-weighted mean, of a part of one the time-weighted median.
    relative_level : (b,) float64
        Logarithm of the level, less what is usual for its polarity and, where half cycles are cut, for its place.
    noise : (b,) float64, V
        Standard deviation of white noise that would bend the trace as much: from second differences of the rows.
    whole : bool
        Whether every block is a half cycle.
    """

    start: FloatArray
    end: FloatArray
    first_row: IntArray
    last_row: IntArray
    half_cycle: IntArray
    polarity: NDArray[np.int8]
    mean_absolute_voltage: FloatArray
    relative_level: FloatArray
    noise: FloatArray
    whole: bool

    def __len__(self) -> int:
        return int(self.start.size)

    @property
    def spacing(self) -> float:
        """Usual time from one block to the next [s], rests within it."""
        if len(self) < 2:
            return float(self.end[0] - self.start[0])
        return float(np.median(np.diff(self.start)))

    def until(self, time: float) -> int:
        """Return how many blocks end before a time [s]."""
        return int(np.searchsorted(self.end, time, side="right"))


def cut_blocks(half_cycles: HalfCycles, time: FloatArray, voltage: FloatArray) -> Blocks:
    """Cut a record into blocks: its half cycles, or stretches of 15 minutes.

    A half cycle is one block. Where half cycles are usually longer than 2 h, or all current flows one way, each is cut
    into blocks of nearly 15 minutes of on-time.

    Parameters
    ----------
    half_cycles : HalfCycles
    time : (n,) float64, s
    voltage : (n,) float64, V

    Returns
    -------
    Blocks
    """
    rows = half_cycles.rows
    one_way = half_cycles.direction == ONE_DIRECTIONAL
    whole = not one_way and float(np.median(half_cycles.on_time)) <= LONGEST_BLOCK
    starts, counts = rows.starts, rows.counts
    on_time = half_cycles.on_time
    if whole:
        half_cycle = np.arange(starts.size)
        level = half_cycles.mean_absolute_voltage
    else:
        starts, half_cycle = _cut(rows.weight, rows.starts, counts, half_cycles.on_time)
        on_time = np.add.reduceat(rows.weight, starts)
        magnitude = np.abs(voltage[rows.index])
        level = weighted_median_per_group(magnitude, np.maximum(rows.weight, 1e-9), starts)
        counts = np.diff(starts, append=rows.index.size)
    first, last = rows.index[starts], rows.index[starts + counts - 1]
    keep = (on_time >= LEAST_ON_TIME * np.median(on_time)) & (level > 0.0)
    log_level = np.log(np.where(level > 0.0, level, 1.0))
    if whole:
        log_level = log_level - _of_polarity(log_level, half_cycles.polarity)
    elif not one_way:
        log_level = log_level - _profile(log_level, half_cycle, half_cycles.polarity)
    smallest = max(half_cycles.resolution / math.sqrt(12.0), 1e-9)
    columns = {
        "start": half_cycles.start if whole else time[first],
        "end": half_cycles.end if whole else time[last],
        "first_row": first,
        "last_row": last,
        "half_cycle": half_cycle,
        "polarity": half_cycles.polarity[half_cycle],
        "mean_absolute_voltage": level,
        "relative_level": log_level,
        "noise": np.maximum(_noise(voltage[rows.index], starts, counts, rows.starts), smallest),
    }
    return Blocks(**{name: column[keep] for name, column in columns.items()}, whole=whole)


def _cut(weight: FloatArray, starts: IntArray, counts: IntArray, on_time: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the positions where blocks start, and the half cycle of each."""
    passed = np.cumsum(weight)
    before = np.repeat(passed[starts] - weight[starts], counts)
    share = (passed - 0.5 * weight - before) / np.repeat(on_time, counts)
    number = np.maximum(np.round(on_time / SHORT_BLOCK), 1.0)
    place = np.minimum(np.floor(share * np.repeat(number, counts)), np.repeat(number, counts) - 1.0)
    begins = np.append(True, np.diff(place) != 0.0)
    begins[starts] = True
    return np.flatnonzero(begins), np.repeat(np.arange(starts.size), counts)[begins]


def _profile(log_level: FloatArray, half_cycle: IntArray, polarity: NDArray[np.int8]) -> FloatArray:
    """Return what is usual at each place of a half cycle, from half cycles with as many blocks, by polarity."""
    profile = np.zeros(log_level.size)
    counts = np.bincount(half_cycle)
    usual = int(np.bincount(counts).argmax())
    for sign in (-1, 1):
        members = np.flatnonzero((counts == usual) & (polarity == sign))
        if members.size < _PROFILE_HALF_CYCLES // 2:
            continue
        chosen = np.flatnonzero(np.isin(half_cycle, members))
        table = log_level[chosen].reshape(members.size, usual)
        shape = np.median(table - np.median(table, axis=1, keepdims=True), axis=0)
        profile[chosen] = np.tile(shape, members.size)
    return profile


def _of_polarity(log_level: FloatArray, polarity: NDArray[np.int8]) -> FloatArray:
    """Return how far plating and stripping lie from their mean, which may drift: the two electrodes differ."""
    if log_level.size < 3:
        return np.zeros(log_level.size)
    between = (polarity[1:-1] != polarity[:-2]) & (polarity[1:-1] != polarity[2:])
    half_gap = 0.5 * polarity[1:-1] * (log_level[1:-1] - 0.5 * (log_level[:-2] + log_level[2:]))
    if np.count_nonzero(between) < _PROFILE_HALF_CYCLES:
        return np.zeros(log_level.size)
    inner = running_median(half_gap[between], _POLARITY_HALF_WIDTH)
    return np.asarray(polarity * np.interp(np.arange(log_level.size), np.flatnonzero(between) + 1, inner))


def _noise(voltage: FloatArray, starts: IntArray, counts: IntArray, half_cycle_starts: IntArray) -> FloatArray:
    """Return the noise of each block from the mean second difference of its rows [V]."""
    bend = np.zeros(voltage.size)
    if voltage.size > 2:
        bend[1:-1] = np.abs(voltage[:-2] - 2.0 * voltage[1:-1] + voltage[2:])
    bend[half_cycle_starts] = 0.0
    bend[half_cycle_starts[1:] - 1] = 0.0
    # One jump, such as the onset of a short, is no noise.
    usual = float(np.median(bend)) or float(np.mean(bend))
    bend = np.minimum(bend, _LARGEST_BEND * usual)
    return np.asarray(_MEAN_TO_SIGMA * np.add.reduceat(bend, starts) / counts, dtype=np.float64)


def part_levels(
    time: FloatArray, voltage: FloatArray, rows: slice, polarity: int
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return the middle [s] and the mean |V| [V] of each of the parts of a block, and which parts have rows."""
    at, magnitude = time[rows], polarity * voltage[rows]
    span = max(float(at[-1] - at[0]), 1e-9)
    part = np.minimum((PARTS * (at - at[0]) / span).astype(np.int64), PARTS - 1)
    count = np.bincount(part, minlength=PARTS)
    level = np.bincount(part, weights=magnitude, minlength=PARTS) / np.maximum(count, 1)
    middle = at[0] + span * (np.arange(PARTS) + 0.5) / PARTS
    return middle, np.maximum(level, 1e-9), count > 0
