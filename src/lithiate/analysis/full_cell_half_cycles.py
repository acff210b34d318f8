"""Half cycles of a full cell's record: where they are, and what their integrals inherit from the rows."""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve, frozen

from lithiate.analysis.charge_errors import ChargeErrors
from lithiate.analysis.cycling import HalfCycles, measure_half_cycles
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray, noise_level, working_level
from lithiate.analysis.segmentation import CURRENT_ON_SHARE, HalfCycleRows, find_half_cycle_rows
from lithiate.core.measurement import CyclingRecord
from lithiate.errors import AnalysisError

ON_SHARE = 0.002
"""Current flows from this share of the working level upwards: a hold may end at a fiftieth of the current of a fast
rate. Where the current is noisy, from `NOISE_MARGIN` times its noise, but never above `CURRENT_ON_SHARE`."""

NOISE_MARGIN = 5.0

BRIDGED_SHARE = 0.5
"""A half cycle of more than `FEWEST_ROWS` rows is not complete when this share of its charge passed between two."""

FEWEST_ROWS = 10

SHORTEST_SHARE = 1e-6
"""Only single rows are flicker: at a rate that is too fast for the cell a half cycle may last a second."""


@frozen(eq=False)
class HalfCycleTable:
    """The half cycles of a full cell's record, and what their integrals inherit from the distance of the rows.

    Parameters
    ----------
    half_cycles : HalfCycles
    charge, energy : (h,) float64, C and J
        Both positive.
    errors : ChargeErrors
    charge_curvature, energy_curvature : (h,) float64
        Relative error of the integrals between the rows; see `_halved_rows`.
    mean_voltage_curvature : (h,) float64, V
        The same for the mean voltage, energy over charge, in which much of both cancels.
    bridged : (h,) bool
        A hole in the record lies in the half cycle, over which more charge was interpolated than was recorded.
    flicker : int
        Number of single rows with current that are no half cycle.
    unrecorded : int
        Number of switches around which the time between two rows is far longer than within the half cycle.
    """

    half_cycles: HalfCycles
    charge: FloatArray
    energy: FloatArray
    errors: ChargeErrors
    charge_curvature: FloatArray
    energy_curvature: FloatArray
    mean_voltage_curvature: FloatArray
    bridged: BoolArray
    flicker: int
    unrecorded: int

    def relative_uncertainty(self, below: IntArray, above: IntArray, curvature: FloatArray) -> FloatArray:
        """Return the relative uncertainty of quotients of two half cycles (p,), whose currents may be of one sign."""
        time, offset = self.errors.of_quotients(below, above)
        opposite = self.half_cycles.polarity[below] != self.half_cycles.polarity[above]
        quotient = self.charge[above] / self.charge[below]
        accuracy = np.hypot(time, np.where(opposite, offset, 0.0)) / quotient
        return np.hypot(accuracy, np.hypot(curvature[below], curvature[above]))

    def charge_uncertainty(self, half_cycle: int, current_accuracy: float) -> float:
        """Return the relative uncertainty of the charge of one half cycle, the accuracy of the current included."""
        k, time = half_cycle, self.errors.time
        rows = self.half_cycles.rows
        before = float(time[self.half_cycles.first_row[k]] - rows.start[k])
        after = float(rows.end[k] - time[self.half_cycles.last_row[k]])
        # The distance of two rows is twice the way to the middle between them; a switch lies anywhere between.
        instants = 2.0 * math.hypot(before, after) / math.sqrt(12.0) / float(self.half_cycles.on_time[k])
        return math.hypot(instants, current_accuracy / math.sqrt(3.0), float(self.charge_curvature[k]))


def find_half_cycles(record: CyclingRecord, current_accuracy: float) -> HalfCycleTable:
    """Return the charges and discharges of a record.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no current, or it has one sign throughout, or when the voltage is zero.
    """
    current = _current(record)
    level = working_level(current)
    share = max(ON_SHARE, min(NOISE_MARGIN * noise_level(current) / level, CURRENT_ON_SHARE))
    rows = find_half_cycle_rows(
        record.time,
        record.voltage,
        current,
        record.row_flags,
        on_share=share,
        shortest_shares=(SHORTEST_SHARE,),
    )
    rows, unrecorded = _without_unrecorded_rests(rows, record.time)
    found = measure_half_cycles(rows, record.time, record.voltage, current, area=record.specimen.area)
    assert found.charge is not None  # there is a current
    assert found.energy is not None
    power = current * record.voltage
    beside_mean = np.zeros_like(power)
    mean = np.repeat(found.energy * found.polarity / found.charge, rows.counts)
    beside_mean[rows.index] = current[rows.index] * (record.voltage[rows.index] - mean)
    of_charge, of_energy, of_mean = _halved_rows(rows, (current, power, beside_mean))
    return HalfCycleTable(
        half_cycles=found,
        charge=found.charge,
        energy=found.energy * found.polarity,
        errors=ChargeErrors(found, record.time, found.charge, current_accuracy / math.sqrt(6.0)),
        charge_curvature=of_charge / found.charge,
        energy_curvature=of_energy / np.abs(found.energy),
        mean_voltage_curvature=of_mean / found.charge,
        bridged=_bridged(rows, record.time, np.abs(current)),
        flicker=_flicker(record, current, share * level, rows),
        unrecorded=unrecorded,
    )


def _current(record: CyclingRecord) -> FloatArray:
    where = record.specimen.name
    if record.current is None or not record.current.any():
        raise AnalysisError(
            "the capacity of a full cell needs a current column",
            code="LI-ANA-001",
            where=where,
            got="none, or zero in every row",
            expected=(
                "the current in A, charging at > 0 (--set current_column=NAME names a column of the file; where it was "
                "constant and is known, write it into one, 0 at rest and < 0 while the cell discharges)"
            ),
        )
    if not (bool((record.current > 0.0).any()) and bool((record.current < 0.0).any())):
        raise AnalysisError(
            "the current of the full cell has one sign throughout",
            code="LI-ANA-001",
            where=where,
            got="> 0 only" if bool((record.current > 0.0).any()) else "< 0 only",
            expected="a record of charge (current > 0) and discharge (current < 0)",
        )
    if not record.voltage.any():
        raise AnalysisError(
            "the voltage of the full cell is zero in every row",
            code="LI-ANA-001",
            where=where,
            got="0 V throughout, as where an export lost its voltage",
            expected="the voltage of the cell (--set voltage_column=NAME names another column of the file)",
        )
    return record.current


def _without_unrecorded_rests(rows: HalfCycleRows, time: FloatArray) -> tuple[HalfCycleRows, int]:
    """Shorten half cycles that reach further beyond their rows than the rows lie apart: nobody saw current there.

    A file without the rows of its rests has a hole of an hour at a switch, and half an hour of current is not charge.
    """
    starts = rows.starts
    last = starts + rows.counts - 1
    before, after = time[rows.index[starts]] - rows.start, rows.end - time[rows.index[last]]
    within = np.add.reduceat(rows.weight, starts) - before - after
    spacing = within / np.maximum(rows.counts - 1, 1)
    early, late = np.maximum(before - spacing, 0.0), np.maximum(after - spacing, 0.0)
    weight = rows.weight.copy()
    weight[starts] -= early
    weight[last] -= late
    shortened = evolve(rows, weight=weight, start=rows.start + early, end=rows.end - late)
    return shortened, int(np.count_nonzero((early > 1e-9 * before) | (late > 1e-9 * after)))


def _halved_rows(rows: HalfCycleRows, signals: tuple[FloatArray, ...]) -> list[FloatArray]:
    """Return the error of each half cycle's trapezoidal integral of each signal that leaving out every other row shows.

    The whole change, not the third of it that Richardson takes where rows are close: the current of a hold may fall
    within a few rows. Times are those with current, so that a rest within a half cycle counts for nothing.
    """
    place = np.arange(rows.index.size) - np.repeat(rows.starts, rows.counts)
    # Triples of rows that begin at an even place and end within the half cycle.
    first = np.flatnonzero((place % 2 == 0) & (place + 2 < np.repeat(rows.counts, rows.counts)))
    at = np.cumsum(rows.weight) - 0.5 * rows.weight
    one, two = at[first + 1] - at[first], at[first + 2] - at[first + 1]
    found = []
    for signal in signals:
        height = signal[rows.index]
        low, middle, high = height[first], height[first + 1], height[first + 2]
        change = np.zeros(rows.index.size)
        change[first] = 0.5 * ((low + middle) * one + (middle + high) * two - (low + high) * (one + two))
        found.append(np.asarray(np.abs(np.add.reduceat(change, rows.starts)), dtype=np.float64))
    return found


def _bridged(rows: HalfCycleRows, time: FloatArray, magnitude: FloatArray) -> BoolArray:
    """Tell the half cycles of which most of the charge passed between two rows."""
    total = np.add.reduceat(rows.weight * magnitude[rows.index], rows.starts)
    step = np.append(_steps(rows.index, rows.weight, time, magnitude), 0.0)
    step[rows.starts + rows.counts - 1] = 0.0
    largest = np.maximum.reduceat(step, rows.starts)
    return np.asarray((largest > BRIDGED_SHARE * total) & (rows.counts > FEWEST_ROWS), dtype=np.bool_)


def _steps(index: IntArray, weight: FloatArray, time: FloatArray, magnitude: FloatArray) -> FloatArray:
    """Return the charge between rows that follow one another.

    Neighbours stand for at least the time between them, unless a rest lies there, in which nothing passes.
    """
    passed = np.minimum(np.diff(time[index]), weight[1:] + weight[:-1])
    return np.asarray(0.5 * (magnitude[index[1:]] + magnitude[index[:-1]]) * passed, dtype=np.float64)


def _flicker(record: CyclingRecord, current: FloatArray, threshold: float, rows: HalfCycleRows) -> int:
    """Return how many distinct rows with current stand in no half cycle."""
    differs = np.append(
        True, (np.diff(record.time) != 0.0) | (np.diff(record.voltage) != 0.0) | (np.diff(current) != 0.0)
    )
    flowing = (np.abs(current) > threshold) & differs
    flowing[rows.index] = False
    return int(np.count_nonzero(flowing))


def half_cycle_profile(
    record: CyclingRecord, half_cycles: HalfCycles, half_cycle: int
) -> tuple[FloatArray, FloatArray]:
    """Return the charge passed before each row of one half cycle, and the voltage there.

    Parameters
    ----------
    record : CyclingRecord
        With a current.
    half_cycles : HalfCycles
        Of this record.
    half_cycle : int
        From 0.

    Returns
    -------
    charge : (m,) float64, C
        Magnitude, from 0 at the first row.
    voltage : (m,) float64, V
    """
    assert record.current is not None
    part = half_cycles.rows.of(half_cycle)
    index, weight = half_cycles.rows.index[part], half_cycles.rows.weight[part]
    passed = np.cumsum(_steps(index, weight, record.time, np.abs(record.current)))
    return np.append(0.0, passed), record.voltage[index]
