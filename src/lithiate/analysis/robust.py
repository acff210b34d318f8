"""Medians, intervals and the resolution of a signal, as pure array functions."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_SAMPLE = 100_000
"""Rows looked at to find noise and resolution; more rows do not change the answer."""

_MAD_TO_SIGMA = 1.4826
"""Median absolute deviation of a normal variable, times this, is its standard deviation."""


def weighted_median_per_group(values: FloatArray, weights: FloatArray, starts: IntArray) -> FloatArray:
    """Return the weighted median of each group of consecutive entries.

    Every entry stands in the middle of its weight on the cumulative axis, and the median is interpolated linearly
    at half of the group's weight, so that it does not jump when a trace is sampled a little differently.

    Parameters
    ----------
    values : (n,) float64
    weights : (n,) float64
        Positive.
    starts : (g,) int64
        Index of the first entry of each group, increasing, ``starts[0] == 0``.

    Returns
    -------
    (g,) float64
    """
    counts = np.diff(starts, append=values.size)
    spread = float(np.ptp(values)) or 1.0
    # One float key sorts all groups at once; two groups are 2 apart while values within one are at most 1 apart.
    key = 2.0 * np.repeat(np.arange(starts.size), counts) + (values - values.min()) / spread
    order = np.argsort(key)
    ordered, weight = values[order], weights[order]
    cumulative = np.cumsum(weight)
    middle = cumulative - 0.5 * weight
    last = starts + counts - 1
    before = cumulative[starts] - weight[starts]
    target = 0.5 * (before + cumulative[last])
    upper = np.clip(np.searchsorted(middle, target), starts, last)
    lower = np.maximum(upper - 1, starts)
    step = middle[upper] - middle[lower]
    share = np.divide(target - middle[lower], step, out=np.zeros_like(step), where=step > 0)
    share = np.clip(share, 0.0, 1.0)
    return np.asarray(ordered[lower] + share * (ordered[upper] - ordered[lower]), dtype=np.float64)


def order_statistic_interval(values: FloatArray, confidence: float) -> tuple[float, float, float] | None:
    """Return a distribution-free interval of the median of independent `values`, and its exact confidence.

    The interval between the j-th smallest and the j-th largest of n values holds the median with probability
    ``1 - 2 P(Binomial(n, 1/2) < j)``; j is the largest for which this is at least `confidence`.

    Returns
    -------
    (low, high, confidence) or None
        None when there are too few values (fewer than 6 for 95 %).

    References
    ----------
    David and Nagaraja, *Order Statistics*, 3rd ed., 2003, section 7.1.
    """
    count = values.size
    tail, rank, reached = 0.0, 0, 0.0
    for below in range(count // 2):
        tail += math.comb(count, below) / 2**count
        if 1.0 - 2.0 * tail < confidence:
            break
        rank, reached = below + 1, 1.0 - 2.0 * tail
    if rank == 0:
        return None
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[count - rank]), reached


def normal_quantile(confidence: float) -> float:
    """Return the half width of a two-sided normal interval in standard deviations (1.96 for 95 %)."""
    return NormalDist().inv_cdf(0.5 + 0.5 * confidence)


def working_level(signal: FloatArray) -> float:
    """Return the magnitude at which a signal works, blind to rests and to spikes.

    The median of |x| weighted by |x| itself: rests add next to nothing however long they are, and spikes are few.
    """
    magnitude = np.sort(np.abs(signal[:: 1 + signal.size // _SAMPLE]))
    passed = np.cumsum(magnitude)
    return float(magnitude[min(int(np.searchsorted(passed, 0.5 * passed[-1])), magnitude.size - 1)])


def noise_level(signal: FloatArray) -> float:
    """Return the standard deviation of white noise on a smooth signal, in the signal's unit.

    ``1.4826 median|x[i-1] - 2 x[i] + x[i+1]| / sqrt(6)``: the second difference removes level and slope, the median
    ignores jumps. A curve that bends from row to row is taken for noise, so this is an upper bound there.
    """
    if signal.size < 3:
        return 0.0
    middle = np.arange(1, signal.size - 1, 1 + signal.size // _SAMPLE)
    bend = signal[middle - 1] - 2.0 * signal[middle] + signal[middle + 1]
    return float(_MAD_TO_SIGMA * np.median(np.abs(bend)) / math.sqrt(6.0))


def successive_scatter(values: FloatArray) -> float:
    """Return the standard deviation from one value to the next, without the drift: robust, from first differences."""
    if values.size < 3:
        return 0.0
    return float(_MAD_TO_SIGMA * np.median(np.abs(np.diff(values))) / math.sqrt(2.0))


def resolution_step(signal: FloatArray) -> float:
    """Return the step of a quantised signal in its unit, or 0 when the values do not lie on a grid.

    The step is the smallest distance between two distinct values; it counts only when at least five distinct values
    all lie whole steps apart (to 5 % of the step).
    """
    levels = np.unique(signal[:: 1 + signal.size // _SAMPLE])
    distances = np.diff(levels)
    # Closer values are one value that was stored in single precision.
    distances = distances[distances > 1e-6 * float(np.abs(levels).max())]
    if distances.size < 4:
        return 0.0
    # Steps between neighbours are few and can be counted; the smallest distance alone may be off by rounding.
    step = float(distances.sum() / np.round(distances / distances.min()).sum())
    multiple = distances / step
    return step if bool((np.abs(multiple - np.round(multiple)) < 0.05).all()) else 0.0
