"""Charge that a symmetric cell has passed."""

from __future__ import annotations

import math

import numpy as np

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.robust import FloatArray
from lithiate.core.estimate import Estimate

DEFINITION = (
    "charge per electrode area that passed in all half cycles, to the end of the record or a confirmed hard short: "
    "what was plated on either electrode, nothing taken off for side reactions or soft shorts; the uncertainty is "
    "that of the instants of switching, without the accuracy of current and area"
)


def cumulative_capacity(
    half_cycles: HalfCycles,
    time: FloatArray,
    current: FloatArray | None,
    *,
    area: float | None,
    until: float | None = None,
) -> Estimate:
    """Return the cumulative capacity of a symmetric cell: sum of |I| dt over area [C/m2].

    Parameters
    ----------
    half_cycles : HalfCycles
    time : (n,) float64, s
    current : (n,) float64 or None, A
        Of the record; without it there is no charge.
    area : float or None, m2
    until : float, optional
        Record time of a hard short [s]: what passes later plates nothing.

    Returns
    -------
    Estimate
        None with a reason without current or area. Charge that passed in gaps of the record is not in it.
    """
    warnings: list[str] = []
    if current is None:
        warnings.append(coded("LI-W-ANA-002", "there is no usable current column, so there is no charge"))
    if area is None:
        warnings.append(coded("LI-W-ANA-001", "the electrode area is not known: areal numbers are null"))
    if current is None or area is None:
        return Estimate("cumulative_capacity", None, "C/m^2", DEFINITION, warnings=tuple(warnings))
    rows = half_cycles.rows
    passed = rows.weight * np.abs(current[rows.index])
    counted = np.ones(passed.size, dtype=np.bool_) if until is None else time[rows.index] < until
    gaps = int(np.count_nonzero(rows.gap_after[:-1] | rows.gap_before[1:]))
    if gaps:
        text = f"what passed in {gaps} gap(s) of the record is not counted: a lower bound of what the cell has seen"
        warnings.append(coded("LI-W-ANA-006", text))
    value = float(passed[counted].sum()) / area
    spread = _switching_uncertainty(half_cycles, time, passed) / area
    return Estimate(
        "cumulative_capacity",
        value,
        "C/m^2",
        DEFINITION,
        standard_uncertainty=spread,
        interval=(value - 1.96 * spread, value + 1.96 * spread),
        interval_80=(value - 1.2816 * spread, value + 1.2816 * spread),
        interval_kind="sampling",
        warnings=tuple(warnings),
    )


def _switching_uncertainty(half_cycles: HalfCycles, time: FloatArray, passed: FloatArray) -> float:
    """Return the standard uncertainty of the charge [C] from the instants of switching.

    Each lies anywhere between two rows (rectangular). A switch straight from one half cycle to the next takes from one
    what it gives to the other.
    """
    rows = half_cycles.rows
    per_second = np.add.reduceat(passed, rows.starts) / half_cycles.on_time
    before = (time[half_cycles.first_row] - rows.start) * per_second
    after = (rows.end - time[half_cycles.last_row]) * per_second
    shared = rows.end[:-1] == rows.start[1:]
    # Both sides of a shared switch move by the same time: what is left is the difference of their currents.
    after[:-1] = np.where(shared, after[:-1] - before[1:], after[:-1])
    before[1:] = np.where(shared, 0.0, before[1:])
    # The distance of two rows is twice the way to the middle between them.
    return math.sqrt(float(np.sum(before**2 + after**2)) * 4.0 / 12.0)
