"""What a ratio of two charges inherits from the accuracy of the current and the resolution in time."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.robust import FloatArray, IntArray


@frozen(eq=False)
class ChargeErrors:
    """What a ratio of charges inherits: the half cycles, and the standard uncertainty of an offset of the current.

    The limits +/-a of the current's relative error make a standard uncertainty a/sqrt(3). Half of its variance is taken
    as gain, common to both signs, which cancels in a ratio of charges; the other half as offset, which adds to one sign
    and takes from the other [assumed: data sheets do not part the two].

    Parameters
    ----------
    half_cycles : HalfCycles
    time : (n,) float64, s
        Of the record.
    charge : (h,) float64, C
        Magnitude, of each half cycle.
    offset : float
        Standard uncertainty of the offset over the current.
    """

    half_cycles: HalfCycles
    time: FloatArray
    charge: FloatArray
    offset: float

    def of_ratio(self, below: IntArray, above: IntArray) -> tuple[float, float]:
        """Return the uncertainty of sum(charge[above])/sum(charge[below]) from time and from an offset of the current.

        From time: each switch lies anywhere between two rows (rectangular), those of one kind independently of one
        another, unless they follow at one distance: then rows and switches keep step, and all are off alike. Kinds that
        keep step may do so together (a rest of whole intervals between them), so what they do is added up. A switch
        straight from one of the half cycles to another is one instant: what it takes from one charge it gives to the
        other. The offset is that of half cycles of opposite sign; between those of one sign it cancels.
        """
        divisor, dividend = float(self.charge[below].sum()), float(self.charge[above].sum())
        rows = self.half_cycles.rows
        slope = np.zeros(len(self.half_cycles))
        slope[below], slope[above] = -dividend / divisor**2, 1.0 / divisor
        first, last = self.half_cycles.first_row, self.half_cycles.last_row
        per_second = slope * self.charge / self.half_cycles.on_time
        before, after = self.time[first] - rows.start, rows.end - self.time[last]
        shared = rows.end[:-1] == rows.start[1:]
        at_start, at_end = -per_second, per_second.copy()
        at_end[:-1] += np.where(shared, at_start[1:], 0.0)
        at_start[1:] = np.where(shared, 0.0, at_start[1:])
        switches = [(at_start[side] * before[side], self.time[first[side]]) for side in (below, above)]
        switches += [(at_end[side] * after[side], self.time[last[side]]) for side in (below, above)]
        in_step = sum(abs(float(parts.sum())) for parts, time in switches if _keep_step(time))
        apart = sum(float(np.sum(parts**2)) for parts, time in switches if not _keep_step(time))
        # The distance of two rows is twice the way to the middle between them.
        variance = (in_step**2 + apart) * 4.0 / 12.0
        return math.sqrt(variance), 2.0 * dividend / divisor * self.offset

    def of_quotients(self, below: IntArray, above: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the same for many quotients ``charge[above] / charge[below]`` of two half cycles each.

        Parameters
        ----------
        below, above : (p,) int64
            Positions of half cycles; the two of a pair differ.
        """
        half, rows = self.half_cycles, self.half_cycles.rows
        quotient = self.charge[above] / self.charge[below]
        before, after = self.time[half.first_row] - rows.start, rows.end - self.time[half.last_row]
        # d(quotient)/dt of an instant at which the current of the one or of the other is switched.
        of_below, of_above = -quotient / half.on_time[below], quotient / half.on_time[above]
        switched = (above == below + 1) & (rows.end[below] == rows.start[above])
        at_end = np.where(switched, of_below - of_above, of_below)
        at_start = np.where(switched, 0.0, of_above)
        moved = np.hypot(of_below * before[below], at_end * after[below])
        moved = np.hypot(moved, np.hypot(at_start * before[above], of_above * after[above]))
        return moved * 2.0 / math.sqrt(12.0), 2.0 * quotient * self.offset


SAME_DISTANCE = 0.8
"""Switches keep step with the rows when at least this share of their distances is one and the same."""


def _keep_step(time: FloatArray) -> bool:
    """Tell from the rows (p,) beside switches of one kind [s] whether all of them follow at one distance."""
    distance = np.diff(time)
    if distance.size < 2:
        return False
    usual = float(np.median(distance))
    return float(np.mean(np.abs(distance - usual) <= 1e-4 * abs(usual))) >= SAME_DISTANCE
