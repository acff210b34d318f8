"""Log-rank tests between groups of few cells: exact by permutation, corrected for the number of pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from attrs import evolve
from scipy import stats

from lithiate.analysis.robust import BoolArray, FloatArray
from lithiate.analysis.survival_result import LogRankComparison, SurvivalCurve, SurvivalTime

MOST_PERMUTATIONS = 20_000
"""Orders of the cells up to which the log-rank test is exact: 8 cells against 8 have 12,870."""

LEVEL = 0.05
"""Two-sided level at which two curves are said to differ, after Holm's correction."""

_ROUNDING = 1e-9


def compare_pairs(curves: Sequence[SurvivalCurve]) -> tuple[LogRankComparison, ...]:
    """Return the log-rank tests of all pairs of groups with at least two cells each, corrected by Holm's method."""
    several = [curve for curve in curves if curve.cells >= 2]
    return _with_holm([_log_rank(one, other) for one, other in combinations(several, 2)])


def too_few_cells(comparisons: Sequence[LogRankComparison]) -> str:
    """Return why no test can tell a difference, and how many cells could; empty where one can, or there is none."""
    if not comparisons or _can_tell(comparisons):
        return ""
    pairs = len(comparisons)
    needed = next(n for n in range(2, 100) if 2.0 * pairs / math.comb(2 * n, n) <= LEVEL)
    smallest = min(entry.smallest_p_value for entry in comparisons)
    return (
        f"no log-rank test of {pairs} pair(s) can reach p = {LEVEL:g}: the smallest p value that these cells can give "
        f"is {smallest:.2g}, and {min(1.0, smallest * pairs):.2g} after correction; {needed} cells of each group, all "
        "of them with an event, could"
    )


def permutation_p_value(first: Sequence[SurvivalTime], second: Sequence[SurvivalTime]) -> tuple[float, float, str]:
    """Return the two-sided p value of the log-rank test, the smallest that these cells can give, and the method.

    The statistic is observed less expected events of the first group, a sum of one score a cell (the event less the
    Nelson-Aalen hazard of all cells at its time). Exact: over all ways to choose the first group out of all cells, up
    to `MOST_PERMUTATIONS`; beyond, the normal approximation of `scipy.stats.logrank`.
    """
    at, happened = time_arrays([*first, *second])
    count, size = at.size, len(first)
    if not happened.any():
        return 1.0, 1.0, "exact permutation"
    ways = math.comb(count, size)
    if ways > MOST_PERMUTATIONS:
        found = stats.logrank(censored_data(*time_arrays(first)), censored_data(*time_arrays(second)))
        return float(found.pvalue), 2.0 / ways, "asymptotic"
    scores = log_rank_scores(at, happened)
    chosen = np.fromiter(combinations(range(count), size), dtype=np.dtype((np.intp, size)), count=ways)
    sums = np.abs(scores[chosen].sum(axis=1))
    observed = abs(float(scores[:size].sum()))
    return (
        float(np.mean(sums >= observed - _ROUNDING)),
        float(np.mean(sums >= sums.max() - _ROUNDING)),
        "exact permutation",
    )


def log_rank_scores(time: FloatArray, happened: BoolArray) -> FloatArray:
    """Return the log-rank score (n,) of each cell: its event less the Nelson-Aalen cumulative hazard at its time."""
    order = np.argsort(time, kind="stable")
    distinct, first = np.unique(time[order], return_index=True)
    events = np.add.reduceat(happened[order].astype(np.float64), first)
    hazard = np.cumsum(events / (time.size - first))
    return np.asarray(happened - hazard[np.searchsorted(distinct, time)], dtype=np.float64)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values corrected for their number by Holm's step-down method, in the order given."""
    count, largest = len(p_values), 0.0
    corrected = [0.0] * count
    for rank, index in enumerate(sorted(range(count), key=lambda k: p_values[k])):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def time_arrays(times: Sequence[SurvivalTime]) -> tuple[FloatArray, BoolArray]:
    """Return the times of cells and whether the event happened, as arrays (n,)."""
    return np.array([t.time for t in times], dtype=np.float64), np.array([t.happened for t in times], dtype=np.bool_)


def censored_data(at: FloatArray, happened: BoolArray) -> stats.CensoredData:
    """Return times (n,) and events (n,) as `scipy.stats` takes them."""
    return stats.CensoredData(uncensored=at[happened], right=at[~happened])


def _log_rank(one: SurvivalCurve, other: SurvivalCurve) -> LogRankComparison:
    p_value, smallest, method = permutation_p_value(one.times, other.times)
    statistic = None
    if one.events + other.events:
        with np.errstate(all="ignore"):
            found = stats.logrank(censored_data(*time_arrays(one.times)), censored_data(*time_arrays(other.times)))
        statistic = float(found.statistic) if math.isfinite(found.statistic) else None
    return LogRankComparison(
        groups=(one.group, other.group),
        cells=(one.cells, other.cells),
        events=(one.events, other.events),
        statistic=statistic,
        p_value=p_value,
        holm_p_value=p_value,
        smallest_p_value=smallest,
        method=method,
        outcome="",
    )


def _with_holm(comparisons: Sequence[LogRankComparison]) -> tuple[LogRankComparison, ...]:
    corrected = holm([comparison.p_value for comparison in comparisons])
    least = min((comparison.smallest_p_value for comparison in comparisons), default=1.0) * len(comparisons)
    return tuple(
        evolve(entry, holm_p_value=p_value, outcome=_outcome(entry, p_value, least, len(comparisons)))
        for entry, p_value in zip(comparisons, corrected, strict=True)
    )


def _outcome(entry: LogRankComparison, corrected: float, least: float, pairs: int) -> str:
    if sum(entry.events) == 0:
        return "nothing can be told: nothing happened in either group"
    if corrected <= LEVEL:
        sooner = entry.groups[0] if (entry.statistic or 0.0) > 0.0 else entry.groups[1]
        return f"they differ: {sooner} fails sooner"
    if entry.smallest_p_value > LEVEL:
        return f"nothing can be told: the smallest p value that these cells can give is {entry.smallest_p_value:.2g}"
    if least > LEVEL:
        return f"nothing can be told among {pairs} pairs: the smallest corrected p value would be {min(least, 1.0):.2g}"
    return "no difference is shown"


def _can_tell(comparisons: Sequence[LogRankComparison]) -> bool:
    return min(entry.smallest_p_value for entry in comparisons) * len(comparisons) <= LEVEL
