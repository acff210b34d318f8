"""Quantiles of an ensemble of simulated cells, some of which never showed what was waited for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import frozen

from lithiate.core.estimate import Estimate

FEW_MEMBERS = 40
"""Below this number the outermost 2.5 % of the members is less than one member."""

PRIOR_ENSEMBLE = (
    "LI-W-STUDY-001 the interval is the spread of an ensemble drawn from the library's stated ranges "
    "and a stated scatter from cell to cell; it is no posterior: nothing was fitted to data"
)
FEW_MEMBERS_TEXT = (
    "LI-W-STUDY-002 the ensemble has {count} members, fewer than 40: "
    "the 95 % interval runs from the smallest to the largest member"
)
CENSORED_MEMBERS = (
    "LI-W-STUDY-003 {censored} of {count} members did not show it within the test; they count as later than "
    "any other, an interval that is open above has no upper end, and no standard deviation is given"
)
ENDED_MEMBERS = (
    "LI-W-STUDY-006 {ended} of {count} members have no {moment}: their tests ended before it, and the interval is that "
    "of the members that reached it"
)

FEWEST_MEMBERS = 2
"""Members below which there is no spread to speak of."""


@frozen(kw_only=True)
class EnsembleSummary:
    """Median, intervals and spread of the members, in the members' unit.

    `median` is None when half of the members or more are censored; an end of an interval is None when it lies beyond
    the censoring. `standard_deviation` is None with a censored member or fewer than two.
    """

    count: int
    median: float | None
    interval: tuple[float | None, float | None]
    interval_80: tuple[float | None, float | None]
    standard_deviation: float | None
    interval_kind: str
    warnings: tuple[str, ...]


def linear_quantile(ordered: Sequence[float], probability: float) -> float:
    """Return a quantile by linear interpolation of sorted values, of which the last may be infinite.

    ``x[k] + f (x[k+1] - x[k])`` with ``k + f = p (n - 1)`` (Hyndman and Fan 1996, type 7). Where f is not zero and
    x[k+1] is infinite, so is the quantile; `numpy.quantile` gives NaN there.
    """
    position = probability * (len(ordered) - 1)
    lower = min(int(position), len(ordered) - 1)
    fraction = position - lower
    if fraction == 0.0:
        return ordered[lower]
    if math.isinf(ordered[lower + 1]):
        return math.inf
    return ordered[lower] + fraction * (ordered[lower + 1] - ordered[lower])


def summarise_members(members: Sequence[Estimate]) -> EnsembleSummary | None:
    """Return the summary of one quantity over the members of an ensemble; None when fewer than two tell anything.

    Parameters
    ----------
    members : sequence of Estimate
        The same quantity in the same unit. A member that is right-censored counts as infinitely late; a member without
        a value for another reason is left out.

    Notes
    -----
    A lower end of an interval that is infinite (so many members are censored) is the earliest time at which a member
    was censored: the quantity is larger than that in each of them.
    """
    values = sorted(
        math.inf if member.value is None else member.value
        for member in members
        if member.value is not None or member.censored == "right"
    )
    if len(values) < FEWEST_MEMBERS:
        return None
    bounds = [m.interval[0] for m in members if m.censored and m.interval and m.interval[0] is not None]
    few = len(values) < FEW_MEMBERS
    outer = (values[0], values[-1]) if few else (linear_quantile(values, 0.025), linear_quantile(values, 0.975))
    inner = (linear_quantile(values, 0.1), linear_quantile(values, 0.9))
    finite = all(math.isfinite(value) for value in values)
    median = linear_quantile(values, 0.5)
    return EnsembleSummary(
        count=len(values),
        median=median if math.isfinite(median) else None,
        interval=_close(outer, bounds),
        interval_80=_close(inner, bounds),
        standard_deviation=float(np.std(values, ddof=1)) if finite and len(values) > 1 else None,
        interval_kind="censoring" if math.isinf(values[0]) else "posterior",
        warnings=_warnings(values),
    )


def _close(pair: tuple[float, float], bounds: Sequence[float]) -> tuple[float | None, float | None]:
    lower = pair[0] if math.isfinite(pair[0]) else min(bounds, default=None)
    return lower, pair[1] if math.isfinite(pair[1]) else None


def _warnings(values: Sequence[float]) -> tuple[str, ...]:
    count, censored = len(values), sum(math.isinf(value) for value in values)
    warnings = [PRIOR_ENSEMBLE]
    if count < FEW_MEMBERS:
        warnings.append(FEW_MEMBERS_TEXT.format(count=count))
    if censored:
        warnings.append(CENSORED_MEMBERS.format(censored=censored, count=count))
    return tuple(warnings)
