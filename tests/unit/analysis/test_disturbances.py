"""What happens to some rows of a record leaves the half cycles of all other rows as they were.

A clean square wave with tip, plateau and arc is disturbed in one way at places that a seed chooses. Every half cycle
that the disturbance does not touch must come out with the same numbers, at its time (moved with the clock, if it was).
"""

from __future__ import annotations

import numpy as np
import pytest
from attrs import frozen

from lithiate.analysis import analyse
from lithiate.analysis.cycling import HalfCycleFlag
from lithiate.analysis.half_cycle_table import half_cycle_table

from .conftest import CURRENT

HALVES, ROWS, STEP = 40, 120, 30.0
LEVEL = 0.05
COLUMNS = (
    "duration",
    "on_time",
    "tip",
    "plateau",
    "midpoint_voltage",
    "late_level",
    "end_voltage",
    "mean_absolute_voltage",
    "arc_height",
    "peaking_index",
    "arcing_index",
    "charge",
    "energy",
)


@frozen(eq=False)
class Disturbed:
    """Rows of a disturbed record, the half cycles that were touched, and by how much the clock moved at each one."""

    time: np.ndarray
    voltage: np.ndarray
    current: np.ndarray
    touched: frozenset[int] = frozenset()
    moved: np.ndarray = np.zeros(HALVES)  # noqa: RUF009 - never written to
    added: int = 0
    tolerance: float = 1e-6
    noise: float = 0.0


def clean(square_cell):
    cell = square_cell(half_cycles=HALVES, rows_per_half=ROWS, step=STEP, level=LEVEL)
    return cell.arrays(lambda share, half: 1.0 + np.exp(-share / 0.03) + 0.3 * share**4 + 0.002 * half)


def row_of(half, share=0.0):
    return int((half + share) * ROWS)


def inserted(arrays, at, time, voltage, current):
    """Insert rows, their times counted from the row before them, and move the clock of all that follow."""
    t, v, i = arrays
    span = time[-1]
    new = t[at - 1] + time
    return (
        np.concatenate([t[:at], new, t[at:] + span]),
        np.concatenate([v[:at], voltage, v[at:]]),
        np.concatenate([i[:at], current, i[at:]]),
        span,
    )


def moved_from(half, span):
    return np.where(np.arange(HALVES) >= half, span, 0.0)


def rest_rows(hours, level=0.0, step=STEP):
    time = step * np.arange(1, int(hours * 3600.0 / step) + 1)
    return time, level * np.exp(-time / 600.0), np.zeros(time.size)


def long_rest_between(arrays, random):
    half = int(random.integers(2, HALVES - 2))
    sign = 1.0 if half % 2 else -1.0
    t, v, i, span = inserted(arrays, row_of(half), *rest_rows(12.0, 0.08 * LEVEL * sign))
    return Disturbed(t, v, i, moved=moved_from(half, span))


def rest_within(arrays, random):
    half = int(random.integers(2, HALVES - 2))
    at = row_of(half, random.uniform(0.1, 0.9))
    t, v, i, span = inserted(arrays, at, *rest_rows(6.0))
    return Disturbed(t, v, i, frozenset({half}), moved_from(half + 1, span))


def begun_anew_with_the_same_sign(arrays, random):
    """The test stops after a half cycle, rests for ten hours, and begins with the sign that it stopped with."""
    half = int(random.integers(2, HALVES - 2))
    rest = rest_rows(10.0)
    again = slice(row_of(half - 1), row_of(half))
    time = np.concatenate([rest[0], rest[0][-1] + STEP * np.arange(1, ROWS + 1)])
    t, v, i, span = inserted(
        arrays,
        row_of(half),
        time,
        np.concatenate([rest[1], arrays[1][again]]),
        np.concatenate([rest[2], arrays[2][again]]),
    )
    return Disturbed(t, v, i, moved=moved_from(half, span), added=1)


def stopped_and_begun_anew(arrays, random):
    """A file ends within a half cycle; the next one, hours later, begins with a whole one of the same sign."""
    half = int(random.integers(2, HALVES - 2))
    share = random.uniform(0.2, 0.8)
    t, v, i = arrays
    at, later = row_of(half, share), 10.0 * 3600.0
    again = slice(row_of(half), None)
    time = np.concatenate([t[:at], t[again] - t[row_of(half)] + t[at] + later])
    # The half step before the first row of the second file is nobody's.
    moved = np.where(np.arange(HALVES) >= half, time[at] - t[row_of(half)], 0.0)
    return Disturbed(time, np.append(v[:at], v[again]), np.append(i[:at], i[again]), frozenset({half}), moved, added=1)


def stopped_at_rest_and_begun_anew(arrays, random):
    """The same, but the first file ends with rest rows and the second begins with some: the gap lies within a rest."""
    half = int(random.integers(2, HALVES - 2))
    t, v, i = arrays
    at = row_of(half, random.uniform(0.3, 0.8))
    rest = STEP * np.arange(1, 21)
    first = t[at - 1] + rest
    second = first[-1] + 9.0 * 3600.0 + rest
    again = slice(row_of(half), None)
    time = np.concatenate([t[:at], first, second, t[again] - t[row_of(half)] + second[-1] + STEP])
    zeros = np.zeros(40)
    moved = np.where(np.arange(HALVES) >= half, second[-1] + STEP - t[row_of(half)], 0.0)
    return Disturbed(
        time,
        np.concatenate([v[:at], zeros, v[again]]),
        np.concatenate([i[:at], zeros, i[again]]),
        frozenset(),
        moved,
        added=1,
    )


def impedance_loop_at_rest(arrays, random):
    half = int(random.integers(2, HALVES - 2))
    time = np.cumsum(random.uniform(2.0, 40.0, 200))
    wave = np.sin(2.0 * np.pi * time / 97.0)
    t, v, i, span = inserted(arrays, row_of(half), time, 0.2 * LEVEL * wave, 0.3 * CURRENT * wave)
    return Disturbed(t, v, i, frozenset({half - 1, half}), moved_from(half, span))


def impedance_loop_within(arrays, random):
    half = int(random.integers(2, HALVES - 2))
    at = row_of(half, random.uniform(0.3, 0.7))
    time = np.cumsum(random.uniform(2.0, 10.0, 100))
    wave = np.sin(2.0 * np.pi * time / 37.0)
    t, v, i, span = inserted(arrays, at, time, 0.3 * LEVEL * wave, 0.3 * CURRENT * wave)
    return Disturbed(t, v, i, frozenset({half}), moved_from(half + 1, span))


def impedance_holes_with_excursions(arrays, random):
    """No rows during a spectrum; the row after it is one of the other sign, or close to zero."""
    t, v, i = (array.copy() for array in arrays)
    touched = set()
    for half in random.choice(np.arange(2, HALVES - 2), 6, replace=False):
        at = row_of(half, random.uniform(0.3, 0.7))
        t[at:] += 40.0
        v[at] *= random.choice([-0.5, 0.02, -3.0])
        touched.add(int(half))
    clock = np.cumsum([40.0 if half - 1 in touched else 0.0 for half in range(HALVES)])
    return Disturbed(t, v, i, frozenset(touched), clock)


def gap(arrays, random):
    first = int(random.integers(3, 20))
    from_row, to_row = row_of(first, random.uniform(0.2, 0.8)), row_of(first + 4, random.uniform(0.2, 0.8))
    keep = np.ones(arrays[0].size, dtype=bool)
    keep[from_row:to_row] = False
    return Disturbed(*(array[keep] for array in arrays), frozenset(range(first, first + 5)), added=-3)


def small_hole(arrays, random):
    half = int(random.integers(2, HALVES - 2))
    at = row_of(half, random.uniform(0.3, 0.6))
    keep = np.ones(arrays[0].size, dtype=bool)
    keep[at : at + 10] = False
    return Disturbed(*(array[keep] for array in arrays), frozenset({half}))


def repeated_rows(arrays, random):
    repeats = 1 + (random.uniform(size=arrays[0].size) < 0.3) * random.integers(1, 5, arrays[0].size)
    return Disturbed(*(np.repeat(array, repeats) for array in arrays), tolerance=1e-12)


def clock_jumps_within(arrays, random):
    half = int(random.integers(2, HALVES - 2))
    t = arrays[0].copy()
    t[row_of(half, random.uniform(0.2, 0.8)) :] += 5.0 * 3600.0
    return Disturbed(t, *arrays[1:], frozenset({half}), moved_from(half + 1, 5.0 * 3600.0), added=1)


def clock_jumps_at_a_switch(arrays, random):
    half = int(random.integers(2, HALVES - 2))
    t = arrays[0].copy()
    t[row_of(half) :] += 5.0 * 3600.0
    # Nobody knows when the switch was: both half cycles lose the half step behind their last row.
    return Disturbed(t, *arrays[1:], frozenset({half - 1, half}), moved_from(half, 5.0 * 3600.0))


def clock_stands_still(arrays, random):
    half = int(random.integers(2, HALVES - 2))
    t = arrays[0].copy()
    at = row_of(half, random.uniform(0.3, 0.7))
    t[at : at + 12] = t[at]
    return Disturbed(t, *arrays[1:], frozenset({half}))


def clock_stands_still_for_a_half_cycle(arrays, random):
    half = int(random.integers(3, HALVES - 3))
    t = arrays[0].copy()
    t[row_of(half) : row_of(half + 1)] = t[row_of(half) - 1]
    return Disturbed(t, *arrays[1:], frozenset({half - 1, half, half + 1}), added=-1)


def spikes(arrays, random):
    v = arrays[1].copy()
    halves = random.choice(np.arange(2, HALVES - 2), 5, replace=False)
    for half in halves:
        v[row_of(half, random.uniform(0.05, 0.95))] *= random.choice([-1.0, 20.0, 0.0])
    return Disturbed(arrays[0], v, arrays[2], frozenset(int(half) for half in halves))


def noise(arrays, random):
    rows = arrays[0].size
    v = arrays[1] + random.normal(0.0, 2e-4, rows)
    i = arrays[2] + random.normal(0.0, 1e-3 * CURRENT, rows)
    return Disturbed(arrays[0], v, i, tolerance=2e-3, noise=2e-4)


def current_with_an_offset(arrays, random):
    return Disturbed(arrays[0], arrays[1], arrays[2] + 1e-3 * CURRENT, tolerance=1.1e-3)


def crowded_rows(arrays, random):
    """One half cycle is logged twenty times as densely, on the lines between its rows."""
    half = int(random.integers(2, HALVES - 2))
    t, v, i = arrays
    first, last = row_of(half), row_of(half + 1) - 1
    dense = np.linspace(t[first], t[last], 20 * (ROWS - 1) + 1)
    time = np.concatenate([t[:first], dense, t[last + 1 :]])
    at = np.interp(time, t, v)
    sign = np.concatenate([i[:first], np.full(dense.size, i[first]), i[last + 1 :]])
    return Disturbed(time, at, sign, frozenset({half}))


DISTURBANCES = [
    long_rest_between,
    rest_within,
    begun_anew_with_the_same_sign,
    stopped_and_begun_anew,
    stopped_at_rest_and_begun_anew,
    impedance_loop_at_rest,
    impedance_loop_within,
    impedance_holes_with_excursions,
    gap,
    small_hole,
    repeated_rows,
    clock_jumps_within,
    clock_jumps_at_a_switch,
    clock_stands_still,
    clock_stands_still_for_a_half_cycle,
    spikes,
    noise,
    current_with_an_offset,
    crowded_rows,
]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("with_current", [True, False], ids=["current", "voltage alone"])
@pytest.mark.parametrize("disturb", DISTURBANCES, ids=lambda function: function.__name__)
def test_half_cycles_that_were_not_touched_stay_as_they_were(square_cell, make_record, disturb, with_current, seed):
    arrays = clean(square_cell)
    changed = disturb(arrays, np.random.default_rng(seed))
    before = table_of(make_record(*arrays[:2], arrays[2] if with_current else None))
    after = table_of(make_record(changed.time, changed.voltage, changed.current if with_current else None))
    assert after["start"][0].size == HALVES + changed.added
    untouched = np.array(sorted(set(range(1, HALVES - 1)) - changed.touched))
    wanted = before["start"][0][untouched] + changed.moved[untouched]
    found = np.abs(after["start"][0][None, :] - wanted[:, None]).argmin(axis=1)
    np.testing.assert_allclose(after["start"][0][found], wanted, atol=STEP)
    np.testing.assert_array_equal(after["polarity"][0][found], before["polarity"][0][untouched])
    assert not after["incomplete"][0][found].any()
    for name in COLUMNS:
        if name in before:
            wanted_values, found_values = before[name][0][untouched], after[name][0][found]
            atol = allowed_for_noise(name, changed.noise)
            np.testing.assert_allclose(found_values, wanted_values, rtol=changed.tolerance, atol=atol, err_msg=name)


def allowed_for_noise(name, noise):
    """Return five standard deviations of a column for white noise.

    A median on a slope follows few rows, so plateau and late level count as one row like tip and end; an index is the
    difference of two over the level; a mean is one of 120 rows. The noise of the current is in the relative tolerance.
    """
    if name in ("duration", "on_time", "charge", "energy"):
        return 0.0
    if name == "mean_absolute_voltage":
        return 5.0 * noise / np.sqrt(ROWS)
    return 5.0 * noise * (np.sqrt(2.0) / LEVEL if name.endswith("index") else np.sqrt(2.0))


def table_of(record):
    result = analyse(record)
    return half_cycle_table(result.half_cycles, record, result.cycles)


@pytest.mark.parametrize("with_current", [True, False], ids=["current", "voltage alone"])
def test_a_half_cycle_that_was_resumed_is_one(square_cell, make_record, with_current):
    # 30 % of it, ten hours of rest, the other 70 %: interrupted, not begun anew.
    t, v, i = clean(square_cell)
    t, v, i, _ = inserted((t, v, i), row_of(7, 0.3), *rest_rows(10.0))
    result = analyse(make_record(t, v, i if with_current else None))
    assert len(result.half_cycles) == HALVES
    assert result.half_cycles.flags[7] & HalfCycleFlag.RESTED
    assert result.half_cycles.on_time[7] == pytest.approx(ROWS * STEP, abs=STEP)


def test_a_stopped_half_cycle_is_incomplete_and_in_no_cycle(square_cell, make_record):
    changed = stopped_at_rest_and_begun_anew(clean(square_cell), np.random.default_rng(0))
    result = analyse(make_record(changed.time, changed.voltage, changed.current))
    cut = np.flatnonzero(~result.half_cycles.complete)
    assert cut.size == 1
    assert result.half_cycles.polarity[cut[0]] == result.half_cycles.polarity[cut[0] + 1]
    paired = np.concatenate([result.cycles.first_half_cycle, result.cycles.first_half_cycle + 1])
    assert cut[0] not in paired
    polarity = result.half_cycles.polarity
    np.testing.assert_array_equal(
        polarity[result.cycles.first_half_cycle], -polarity[result.cycles.first_half_cycle + 1]
    )
