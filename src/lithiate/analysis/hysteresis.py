"""Voltage hysteresis of each cycle, by any of its definitions."""

from __future__ import annotations

import math

import numpy as np

from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.robust import FloatArray, IntArray, weighted_median_per_group

DEFINITIONS: dict[str, tuple[float, str]] = {
    "2|V|": (2.0, "mean"),
    "|V|": (1.0, "mean"),
    "2|V| median": (2.0, "median"),
    "2|V| mid-point": (2.0, "mid-point"),
    "2|V| end": (2.0, "end"),
}
"""Definition of the voltage hysteresis of a cycle -> factor, and what of |V| it takes."""

WORDS = {
    "mean": (
        "time-weighted mean |V| over the current-on time of both halves of a cycle (no current column: the half cycles "
        "less rests)"
    ),
    "median": (
        "the mean of both halves' time-weighted median |V| over the current-on time (no current column: the half cycle "
        "less rests)"
    ),
    "mid-point": "the mean of both halves' |V| at 50 % of the charge (of the on-time without a current column)",
    "end": "the mean of both halves' |V| in the last row with current",
}
"""What of |V| -> its definition, which a factor stands before."""

_MEDIAN_EFFICIENCY = math.sqrt(0.5 * math.pi)
"""Standard deviation of a median of many normal values, over that of their mean."""


def describe_hysteresis(definition: str) -> str:
    """Return a definition of the hysteresis of a cycle in words, as an estimate prints it."""
    factor, measure = DEFINITIONS[definition]
    return f"{definition}: {factor:g} x {WORDS[measure]}"


def hysteresis_per_cycle(
    half_cycles: HalfCycles, first_half_cycle: IntArray, voltage: FloatArray, definition: str
) -> tuple[FloatArray, FloatArray]:
    """Return the hysteresis of each cycle by a definition, and its standard uncertainty.

    Parameters
    ----------
    half_cycles : HalfCycles
    first_half_cycle : (c,) int64
        From `lithiate.analysis.symmetric.pair_half_cycles`.
    voltage : (n,) float64, V
        Of the record.
    definition : str
        A name of `DEFINITIONS`.

    Returns
    -------
    hysteresis, uncertainty : (c,) float64, V

    Notes
    -----
    The uncertainty is that of noise, resolution and, for a mean or a median, of the distance of the rows and the
    unknown instants of switching. A mid-point or an end is one row, or two: noise does not average out there.
    """
    factor, measure = DEFINITIONS[definition]
    first, second = first_half_cycle, first_half_cycle + 1
    rounding = half_cycles.resolution / math.sqrt(12.0)
    if measure in ("mid-point", "end"):
        of_half = half_cycles.midpoint_voltage if measure == "mid-point" else half_cycles.end_voltage
        spread = np.full(first.size, math.hypot(half_cycles.noise / math.sqrt(2.0), rounding))
        return factor * 0.5 * (of_half[first] + of_half[second]), factor * spread
    if measure == "median":
        of_half, share = median_absolute_voltage(half_cycles, voltage), np.full(first.size, 0.5)
        value, noise = factor * 0.5 * (of_half[first] + of_half[second]), _MEDIAN_EFFICIENCY * half_cycles.noise
    else:
        share = half_cycles.on_time[first] / (half_cycles.on_time[first] + half_cycles.on_time[second])
        value, noise = voltage_hysteresis_per_cycle(half_cycles, first, factor=factor), half_cycles.noise
    sampling = half_cycles.mean_sampling_uncertainty
    rows = half_cycles.rows.counts[first] + half_cycles.rows.counts[second]
    between = np.hypot(share * sampling[first], (1.0 - share) * sampling[second])
    return value, factor * np.hypot(np.hypot(between, noise / np.sqrt(rows)), rounding)


def voltage_hysteresis_per_cycle(
    half_cycles: HalfCycles, first_half_cycle: IntArray, *, factor: float = 2.0
) -> FloatArray:
    """Return `factor` times the time-weighted mean |V| over the on-time of both halves of each cycle.

    Parameters
    ----------
    half_cycles : HalfCycles
    first_half_cycle : (c,) int64
        From `lithiate.analysis.symmetric.pair_half_cycles`.
    factor : float
        2 for the gap between stripping and plating (the default definition), 1 for the mean |V|.

    Returns
    -------
    (c,) float64, V
    """
    first, second = first_half_cycle, first_half_cycle + 1
    moment = half_cycles.mean_absolute_voltage * half_cycles.on_time
    on_time = half_cycles.on_time[first] + half_cycles.on_time[second]
    return np.asarray(factor * (moment[first] + moment[second]) / on_time, dtype=np.float64)


def median_absolute_voltage(half_cycles: HalfCycles, voltage: FloatArray) -> FloatArray:
    """Return the time-weighted median |V| of each half cycle over its on-time.

    Parameters
    ----------
    half_cycles : HalfCycles
    voltage : (n,) float64, V
        Of the record.

    Returns
    -------
    (h,) float64, V
    """
    rows = half_cycles.rows
    return weighted_median_per_group(np.abs(voltage[rows.index]), rows.weight, rows.starts)
