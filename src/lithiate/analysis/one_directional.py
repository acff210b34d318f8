"""A symmetric cell that was plated one way: no cycles, one long half cycle with interruptions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import evolve

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.robust import FloatArray, IntArray
from lithiate.analysis.segmentation import usual_distance
from lithiate.core.estimate import Estimate

FALL_SHARE = 0.5
"""An interruption that left no rows: |V| comes back from it below this share of what it was."""

RETURN_SHARE = 0.8
"""It is over when |V| is above this share of what it was, within `RETURN_ROWS` rows."""

RETURN_ROWS = 10

SHORTEST_HOLE = 0.5
"""It left a hole of at least this share of the usual distance between rows."""

SPIKE_SHARE = 0.1
"""A tip narrower than this share of the time since the start is a spike on the plateau."""

_NEEDS_CYCLES = ("voltage_hysteresis", "voltage_hysteresis_late", "hysteresis_onset_time", "plateau_overpotential_late")


def count_interruptions(half_cycles: HalfCycles, time: FloatArray, voltage: FloatArray) -> IntArray:
    """Return how often each half cycle was interrupted.

    An interruption takes at least half of the usual distance between rows. Two kinds count: where rows without
    current, flicker or an unrecorded hole lie between two rows of the half cycle; and holes after which |V| begins
    anew, below half of what it was and back above 80 % within ten rows, as after an impedance spectrum that the file
    does not hold. A short circuit that heals as fast looks the same.

    Parameters
    ----------
    half_cycles : HalfCycles
    time : (n,) float64, s
    voltage : (n,) float64, V
        Of the record.

    Returns
    -------
    (h,) int64
    """
    rows = half_cycles.rows
    of_half = np.repeat(np.arange(len(half_cycles)), rows.counts)
    at, magnitude = time[rows.index], np.abs(voltage[rows.index])
    hole = np.diff(at)
    if hole.size == 0:
        return np.zeros(len(half_cycles), dtype=np.int64)
    long_enough = (hole >= SHORTEST_HOLE * usual_distance(hole)) & (of_half[1:] == of_half[:-1])
    fell = np.flatnonzero(long_enough & ~rows.paused[1:] & (magnitude[1:] < FALL_SHARE * magnitude[:-1]))
    came_back = np.zeros(fell.size, dtype=np.bool_)
    for ahead in range(2, RETURN_ROWS + 2):
        came_back |= magnitude[np.minimum(fell + ahead, at.size - 1)] >= RETURN_SHARE * magnitude[fell]
    found = np.append(np.flatnonzero(long_enough & rows.paused[1:]), fell[came_back])
    return np.asarray(np.bincount(of_half[found], minlength=len(half_cycles)), dtype=np.int64)


def one_directional_warning(half_cycles: HalfCycles, interruptions: IntArray, *, with_current: bool) -> str:
    """Return what a record of one sign is, as a coded warning."""
    hours = float(half_cycles.end[-1] - half_cycles.start[0]) / 3600.0
    of_what = "current" if with_current else "voltage"
    return coded(
        "LI-W-ANA-071",
        f"the {of_what} has one sign throughout {hours:.4g} h, interrupted {int(interruptions.sum())} times (rests, "
        "spectra or brief collapses): taken as a symmetric cell that was plated one way. There are no cycles, so what "
        "is counted by cycles is null. A cell with two unlike electrodes (Li||Cu that is only plated) may look alike",
    )


def without_cycles(
    estimates: Mapping[str, Estimate], half_cycles: HalfCycles, time: FloatArray, voltage: FloatArray
) -> dict[str, Estimate]:
    """Return the estimates of a record of one sign: null by reason where they need cycles, a plateau of the plating.

    Parameters
    ----------
    estimates : mapping of str to Estimate
        By their names in the result.
    half_cycles : HalfCycles
    time, voltage : (n,) float64, s, V
        Of the record.

    Returns
    -------
    dict of str to Estimate
    """
    reason = coded("LI-W-ANA-071", "current flowed one way only: there are no cycles")
    found = {
        name: evolve(estimate, value=None, warnings=(reason,)) if name in _NEEDS_CYCLES else estimate
        for name, estimate in estimates.items()
    }
    longest = int(np.argmax(half_cycles.on_time))
    found["plateau_overpotential"] = Estimate(
        "plateau_overpotential",
        float(half_cycles.plateau[longest]),
        "V",
        "median |V| over 25-75 % of the charge of the longest plating (of its on-time without a current column)",
        conditions={"half_cycle": float(longest + 1)},
        warnings=(coded("LI-W-ANA-018", "one plating gives one value: it has no scatter from cycle to cycle"),),
    )
    spike = _spike(half_cycles, time, voltage)
    if spike is not None:
        tip = found["nucleation_overpotential"]
        found["nucleation_overpotential"] = evolve(
            tip,
            value=None,
            standard_uncertainty=None,
            interval=None,
            interval_80=None,
            interval_kind=None,
            warnings=(*tip.warnings, spike),
        )
    return found


def _spike(half_cycles: HalfCycles, time: FloatArray, voltage: FloatArray) -> str | None:
    """Return a warning when the highest early |V| is a spike long after the start, which is no nucleation.

    The first quarter of a long plating holds more than its beginning. A nucleation tip is about as wide as it is late;
    a spike is narrower, across half of its height, than `SPIKE_SHARE` of the time since the start.
    """
    part = half_cycles.rows.of(0)
    at, magnitude = time[half_cycles.rows.index[part]], np.abs(voltage[half_cycles.rows.index[part]])
    top = int(np.flatnonzero(magnitude >= half_cycles.tip[0])[0])
    low = magnitude <= 0.5 * (half_cycles.plateau[0] + magnitude[top])
    before, after = np.flatnonzero(low[:top]), np.flatnonzero(low[top:])
    if before.size == 0 or after.size == 0:
        return None
    width = float(at[top + after[0]] - at[before[-1]])
    late = float(at[top] - half_cycles.start[0])
    if width >= SPIKE_SHARE * late:
        return None
    return coded(
        "LI-W-ANA-072",
        f"the highest |V| of the first quarter, {magnitude[top] * 1e3:.4g} mV, stands {late / 3600.0:.3g} h after the "
        f"start and is {width:.3g} s wide: a spike, no nucleation tip",
    )
