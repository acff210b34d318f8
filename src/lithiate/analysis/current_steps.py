"""Resistances at steps of the current: the change of voltage over that of current, at once and after some seconds."""

from __future__ import annotations

import math

import numpy as np
from attrs import field, fields, frozen
from numpy.typing import NDArray

from lithiate.analysis.density import SAMPLE, row_noise
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray, resolution_step, working_level
from lithiate.core.measurement import CyclingRecord
from lithiate.errors import AnalysisError

DELAYS = (1.0, 10.0, 30.0)
"""Times after a step at which resistances are told, where they are recorded [s]."""

STEP_SHARE = 0.02
"""A step of the current is at least this share of its working level ..."""

NOISE_MARGIN = 8.0
"""... and this many times its noise."""

STEADY_SHARE = 0.05
"""The current stays within this share of a step before it and after it."""

FEWEST_LEVELS = 20
"""Distinct values that tell how a signal is rounded when they lie on no grid."""

HELD_MARGIN = 5.0
"""The voltage answers a step when the resistance is this many times its uncertainty."""

FALLING_SHARE = 0.2
"""Before a step the current may fall by this share of it from one row to the next, as at the end of a hold."""

MOST_ROWS = 3
"""An instrument that ramps needs at most so many rows for a step."""

NEAR = 0.5
"""A resistance after a delay needs rows on both sides of it, no further apart than this share of the delay."""

AT_ONCE = 0.1
"""A row this share of a delay beside it stands for it."""


@frozen(eq=False, kw_only=True)
class CurrentSteps:
    """One row a step of the current, as arrays of length s, in SI units.

    Parameters
    ----------
    time : (s,) float64, s
        Of the last row before the step.
    cycle : (s,) int64
        Number of the cycle in which it lies; 0 where it lies in none.
    direction : (s,) str
        From what to what: ``rest``, ``charge``, ``discharge``, as in ``rest to discharge``.
    voltage_before : (s,) float64, V
        Of the last row before: the state in which the cell was.
    current_before, current_after : (s,) float64, A
    sampling_delay : (s,) float64, s
        From the last row before to the first row after: the switch lies between.
    resistance, uncertainty : (s,) float64, ohm
        At the first row after the step, and its standard uncertainty from noise and resolution of both signals.
    resistance_after_one_second, resistance_after_ten_seconds, resistance_after_thirty_seconds : (s,) float64, ohm
        Counted from `time`; NaN where no row is near, or the current did not last. Their uncertainty is `uncertainty`.
    """

    time: FloatArray
    cycle: IntArray
    direction: NDArray[np.str_]
    voltage_before: FloatArray
    current_before: FloatArray
    current_after: FloatArray
    sampling_delay: FloatArray
    resistance: FloatArray
    uncertainty: FloatArray
    resistance_after_one_second: FloatArray = field()
    resistance_after_ten_seconds: FloatArray = field()
    resistance_after_thirty_seconds: FloatArray = field()

    def __len__(self) -> int:
        return int(self.time.size)

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """Return the columns by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(type(self))}


def find_current_steps(
    record: CyclingRecord, start: FloatArray | None = None, end: FloatArray | None = None
) -> CurrentSteps:
    """Return the steps of the current of a record, with the resistances that they show.

    Parameters
    ----------
    record : CyclingRecord
        With a current.
    start, end : (c,) float64, s, optional
        Of the cycles, rising, to tell in which one a step lies.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` without a current.

    Notes
    -----
    ``R(t) = (V(t) - V_0) / (I_1 - I_0)``, V_0 and I_0 of the last row before the step, t from then; V(t) is
    interpolated between two rows. ``u(R)^2 = 2 (u(V)^2 + R^2 u(I)^2) / (I_1 - I_0)^2``, each u from noise and rounding.
    The current must be steady on both sides, or step back at once (a pulse), so a switch to a limit of the voltage (a
    hold, whose current falls from row to row) is no step. What the cell relaxes from is not taken off: after a short
    rest, R holds its drift as well. A first row that comes late tells of more than the ohmic drop: `sampling_delay`
    says how late.
    """
    if record.current is None:
        raise AnalysisError(
            "resistances at steps need a current column", code="LI-ANA-001", where=record.specimen.name, got="none"
        )
    time, voltage, current = _distinct(record.time, record.voltage, record.current)
    if time.size < MOST_ROWS or not current.any():
        return _table(np.empty((7 + len(DELAYS), 0)), 0.0, None, None)
    level = working_level(current)
    current_noise, voltage_noise = _noise(current), _noise(voltage)
    smallest = max(STEP_SHARE * level, NOISE_MARGIN * current_noise)
    found = _steps(current, smallest)
    until = [*(before for before, _ in found[1:]), current.size - 1]
    kept = []
    for (before, after), stop in zip(found, until[: len(found)], strict=True):
        step = float(current[after] - current[before])
        bound = max(STEADY_SHARE * abs(step), NOISE_MARGIN * current_noise)
        last = _last_steady(time, current, after, stop, bound)
        if _steady_before(current, before, step, bound) and (last > after or _turns(current, after, step)):
            kept.append((before, after, last))
    rows = np.array(kept, dtype=np.int64).reshape(len(kept), 3)
    columns = _measured(time, voltage, current, rows, voltage_noise, current_noise)
    return _table(columns, level, start, end)


def _noise(signal: FloatArray) -> float:
    """Return the standard deviation of noise and of rounding together, in the signal's unit."""
    step = resolution_step(signal)
    if step == 0.0:
        # No common grid, as behind a calibration: a small distance of neighbouring values that were read.
        apart = np.diff(np.unique(signal[:: 1 + signal.size // SAMPLE]))
        step = float(np.quantile(apart, 0.1)) if apart.size >= FEWEST_LEVELS else 0.0
    # Pulses of one row each way look like noise, but not to every other row.
    noise = min(row_noise(rows) for rows in (signal, signal[::2], signal[1::2]))
    return math.hypot(noise, step / math.sqrt(12.0))


def _distinct(time: FloatArray, voltage: FloatArray, current: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the rows that differ from the one before."""
    differs: BoolArray = np.append(True, (np.diff(time) != 0.0) | (np.diff(voltage) != 0.0) | (np.diff(current) != 0.0))
    return time[differs], voltage[differs], current[differs]


def _steps(current: FloatArray, smallest: float) -> list[tuple[int, int]]:
    """Return the last row before and the first row after each step; neighbouring changes of one sign are one step."""
    change = np.diff(current)
    large = np.flatnonzero(np.abs(change) > smallest)
    found: list[tuple[int, int]] = []
    for k in large.tolist():
        if found and found[-1][1] == k and change[k] * change[k - 1] > 0.0:
            found[-1] = (found[-1][0], k + 1)
        else:
            found.append((k, k + 1))
    return [(before, after) for before, after in found if after - before <= MOST_ROWS]


def _steady_before(current: FloatArray, before: int, step: float, bound: float) -> bool:
    """Tell whether the current stood still before a step, or had stepped the other way (a pulse of one row)."""
    if before == 0:
        return True
    change = float(current[before] - current[before - 1])
    return abs(change) <= max(bound, FALLING_SHARE * abs(step)) or change * step < 0.0


def _turns(current: FloatArray, after: int, step: float) -> bool:
    """Tell whether the row after a step is a pulse of its own: the current then goes back, and does not fall on."""
    return after + 1 < current.size and float(current[after + 1] - current[after]) * step < 0.0


def _last_steady(time: FloatArray, current: FloatArray, after: int, end: int, bound: float) -> int:
    """Return the last row up to `end` until which the current stays what it became, as far as the delays ask."""
    enough = int(np.searchsorted(time, time[after] + 2.0 * max(DELAYS), side="right"))
    stop = min(max(enough, after + 2), end + 1)
    away = np.flatnonzero(np.abs(current[after:stop] - current[after]) > bound)
    return after + int(away[0]) - 1 if away.size else max(stop - 1, after)


def _measured(
    time: FloatArray,
    voltage: FloatArray,
    current: FloatArray,
    rows: IntArray,
    voltage_noise: float,
    current_noise: float,
) -> FloatArray:
    """Return the columns of the table for the rows before, after and last of each step, but for those of a hold.

    Where the current falls because the voltage is held, the voltage does not answer.
    """
    before, after, last = rows.T
    step = current[after] - current[before]
    resistance = (voltage[after] - voltage[before]) / step
    spread = math.sqrt(2.0) * np.hypot(voltage_noise, resistance * current_noise) / np.abs(step)
    falls = (current[after] * current[before] > 0.0) & (np.abs(current[after]) < np.abs(current[before]))
    told = ~(falls & (resistance < HELD_MARGIN * spread))
    later = [(_voltage_at(time, voltage, rows, delay) - voltage[before]) / step for delay in DELAYS]
    columns = [
        time[before],
        voltage[before],
        current[before],
        current[after],
        time[after] - time[before],
        resistance,
        spread,
        *later,
    ]
    return np.array(columns, dtype=np.float64)[:, told]


def _voltage_at(time: FloatArray, voltage: FloatArray, rows: IntArray, delay: float) -> FloatArray:
    """Return the voltage some time after each step, or NaN where no rows are near enough."""
    before, after, last = rows.T
    wanted = time[before] + delay
    right = np.clip(np.searchsorted(time, wanted), after, last)
    left = np.maximum(right - 1, after)
    gap = time[right] - time[left]
    share = np.divide(wanted - time[left], gap, out=np.zeros_like(gap), where=gap > 0.0)
    between = (gap > 0.0) & (gap <= NEAR * delay) & (share <= 1.0)
    nearest = np.where(np.abs(time[right] - wanted) <= np.abs(time[left] - wanted), right, left)
    near = np.abs(time[nearest] - wanted) <= AT_ONCE * delay
    found = np.where(near, voltage[nearest], np.nan)
    return np.where(between, voltage[left] + share * (voltage[right] - voltage[left]), found)


def _table(columns: FloatArray, level: float, start: FloatArray | None, end: FloatArray | None) -> CurrentSteps:
    time, voltage, before, after, delay, resistance, spread, *later = (np.ascontiguousarray(c) for c in columns)
    words = np.array(["discharge", "rest", "charge"])

    def named(current: FloatArray) -> NDArray[np.str_]:
        return words[1 + np.sign(np.where(np.abs(current) < 0.5 * STEP_SHARE * level, 0.0, current)).astype(np.int64)]

    return CurrentSteps(
        time=time,
        cycle=_cycle_of(time, time + delay, start, end),
        direction=np.char.add(np.char.add(named(before), " to "), named(after)),
        voltage_before=voltage,
        current_before=before,
        current_after=after,
        sampling_delay=delay,
        resistance=resistance,
        uncertainty=spread,
        resistance_after_one_second=later[0],
        resistance_after_ten_seconds=later[1],
        resistance_after_thirty_seconds=later[2],
    )


def _cycle_of(before: FloatArray, after: FloatArray, start: FloatArray | None, end: FloatArray | None) -> IntArray:
    """Return the number of the cycle that each step begins or lies in, or 0; the step that ends it counts as well."""
    if start is None or end is None or start.size == 0:
        return np.zeros(before.size, dtype=np.int64)
    number = np.searchsorted(start, after, side="right")
    return np.where((number > 0) & (before <= end[np.maximum(number - 1, 0)]), number, 0).astype(np.int64)
