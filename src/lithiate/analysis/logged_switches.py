"""Switches of the current that an instrument logged: a row off its usual interval stands at the end of a step."""

from __future__ import annotations

import numpy as np
from attrs import evolve

from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.robust import BoolArray, FloatArray

REGULAR_SHARE = 0.8
"""A half cycle was logged by time when at least this share of its rows follow at one interval."""

OFF_INTERVAL = 0.02
"""A row is off the interval when it follows sooner by more than this share of it."""


def with_logged_switches(half_cycles: HalfCycles, time: FloatArray, current: FloatArray) -> HalfCycles:
    """Return the half cycles with their ends at rows that were logged for being ends, and their charges after it.

    A switch lies anywhere between two rows, and half-way is the best guess, unless the last row before it follows its
    neighbour sooner than all others do: such a row is the last of a step. Without this, a cycler that logs ends but not
    beginnings gives each stripping half an interval too much, always to the same side.

    Parameters
    ----------
    half_cycles : HalfCycles
        With a charge.
    time, current : (n,) float64, s and A
        Of the record.
    """
    assert half_cycles.charge is not None  # there is a current
    logged = _logged_ends(half_cycles, time)
    rows, last, first = half_cycles.rows, half_cycles.last_row, half_cycles.first_row
    end = np.where(logged, time[last], rows.end)
    shared = rows.end[:-1] == rows.start[1:]
    start = rows.start.copy()
    start[1:] = np.where(shared & logged[:-1], end[:-1], rows.start[1:])
    shorter, longer = rows.end - end, rows.start - start
    charge = half_cycles.charge - shorter * np.abs(current[last]) + longer * np.abs(current[first])
    area = None if half_cycles.areal_charge is None else half_cycles.charge / half_cycles.areal_charge
    return evolve(
        half_cycles,
        start=start,
        end=end,
        duration=end - start,
        on_time=half_cycles.on_time - shorter + longer,
        charge=charge,
        areal_charge=None if area is None else charge / area,
        rows=evolve(rows, start=start, end=end),
    )


def _logged_ends(half_cycles: HalfCycles, time: FloatArray) -> BoolArray:
    """Tell of which half cycles the last row was logged because the step ended there."""
    rows = half_cycles.rows
    found = np.zeros(len(half_cycles), dtype=np.bool_)
    for k in range(len(half_cycles)):
        step = np.diff(time[rows.index[rows.of(k)]])
        if step.size < 3:
            continue
        usual = float(np.median(step[:-1]))
        regular = np.abs(step[:-1] - usual) <= OFF_INTERVAL * usual
        found[k] = float(np.mean(regular)) >= REGULAR_SHARE and float(step[-1]) < (1.0 - OFF_INTERVAL) * usual
    return found
