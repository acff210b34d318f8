"""Failure as a survival time, right-censored: Kaplan-Meier over replicate cells, log-rank tests between anodes.

The estimator, its variance and the log-rank statistic are those of `scipy.stats`; what is done here is what few cells
ask for: exact permutation, the smallest p value that can be reached, the confidence that an interval really has.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from attrs import evolve
from scipy import stats

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.log_rank import censored_data, compare_pairs, time_arrays, too_few_cells
from lithiate.analysis.robust import BoolArray, FloatArray
from lithiate.analysis.survival_result import (
    FAILURE,
    Bounds,
    SurvivalCurve,
    SurvivalResult,
    SurvivalSteps,
    SurvivalTime,
)
from lithiate.core.estimate import Estimate
from lithiate.errors import AnalysisError, nearest_match

EVENTS = ("hysteresis_onset_time", "time_to_short_circuit", "time_to_soft_short", "cycle_life")
"""Quantities that are the time of an event; the combined failure is the first of those in hours that all cells have."""

_ROUNDING = 1e-9


def analyse_survival(
    cells: Mapping[str, Sequence[Iterable[Estimate]]], *, quantity: str = "hysteresis_onset_time"
) -> SurvivalResult:
    """Analyse when an event befell replicate cells, group by group, and whether the groups differ.

    Parameters
    ----------
    cells : mapping of str to sequence of iterables of Estimate
        Group (an anode) -> its cells, each by the estimates of its record, such as ``result.estimates()``.
    quantity : str
        One of `EVENTS`, or ``failure`` for the first of those events that all cells have, in time.

    Returns
    -------
    SurvivalResult

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for a quantity that is no event, or when no cell has a time or a bound of it.

    Notes
    -----
    - A cell in which nothing happened is right-censored at its bound. A hard short ends the observation of the onset of
      the hysteresis and so censors it: the curve is that of the onset if there were no shorts, and needs both to be
      independent, which is doubtful (`LI-W-ANA-082`). The combined failure needs no such assumption.
    - Dates are intervals as wide as a cycle or more. Curves and tests take each at its value; the interval of a median
      takes all dates at their early ends for its lower end, and at their late ends for its upper one.
    - The test is exact when cells of both groups could have been observed equally long.

    References
    ----------
    Kaplan and Meier, J. Am. Stat. Assoc. 1958, 53, 457; Brookmeyer and Crowley, Biometrics 1982, 38, 29 (interval of
    the median, here on the log-log scale); Holm, Scand. J. Stat. 1979, 6, 65.
    """
    if quantity not in (*EVENTS, FAILURE):
        raise _not_an_event(quantity)
    found = {group: [list(estimates) for estimates in own] for group, own in cells.items()}
    every = [estimates for own in found.values() for estimates in own]
    names = _combined_events(every) if quantity == FAILURE else (quantity,)
    definition = _definition(quantity, names, every)
    times: dict[str, list[SurvivalTime]] = {}
    left_out: list[str] = []
    for group, own in found.items():
        for number, estimates in enumerate(own, start=1):
            time = _cell_time(f"cell {number}", estimates, names)
            if time is None:
                left_out.append(f"{group}, cell {number}")
            else:
                times.setdefault(group, []).append(time)
    return compare_survival(times, quantity=quantity, definition=definition, left_out=left_out)


def compare_survival(
    times: Mapping[str, Sequence[SurvivalTime]], *, quantity: str, definition: str, left_out: Sequence[str] = ()
) -> SurvivalResult:
    """Return the curves of groups of cells and the log-rank tests of all pairs; see `analyse_survival`.

    Parameters
    ----------
    times : mapping of str to sequence of SurvivalTime
    quantity : str
        One of `EVENTS`, or ``failure``.
    definition : str
        Of the event.
    left_out : sequence of str
        Cells that have no time, to be named.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no cell.
    """
    if not any(times.values()):
        raise AnalysisError(
            f"no cell has a time or a bound of {quantity!r}",
            code="LI-ANA-001",
            got=", ".join(left_out) or "no cells",
            expected="at least one cell with a value, or a censored one with its bound",
        )
    curves = tuple(
        kaplan_meier(own, group=group, quantity=quantity, definition=definition) for group, own in times.items() if own
    )
    comparisons = compare_pairs(curves)
    told = [warning for curve in curves for warning in curve.warnings]
    if left_out:
        text = f"{len(left_out)} cell(s) have neither a time nor a bound and are left out: {'; '.join(left_out)}"
        told.append(coded("LI-W-ANA-081", text))
    too_few = too_few_cells(comparisons)
    if too_few:
        told.append(coded("LI-W-ANA-080", too_few))
    return SurvivalResult(
        quantity=quantity,
        unit=_unit(quantity),
        definition=definition,
        curves=curves,
        comparisons=comparisons,
        left_out=tuple(left_out),
        warnings=tuple(dict.fromkeys(told)),
    )


def survival_time(estimate: Estimate, *, cell: str = "", short: Estimate | None = None) -> SurvivalTime | None:
    """Return the survival time of one cell, or None when it has neither a value nor a bound.

    Parameters
    ----------
    estimate : Estimate
        Of an event; censored where it did not happen.
    cell : str
    short : Estimate, optional
        `time_to_short_circuit` of the cell: it ends the observation of a cell that shorted too early for `estimate`.
    """
    if estimate.value is not None:
        low, high = estimate.interval or (estimate.value, estimate.value)
        # The interval of an ensemble is that of other cells, not the date of this one.
        if estimate.interval_kind != "sampling":
            low, high = estimate.value, estimate.value
        earliest = estimate.value if low is None else min(low, estimate.value)
        latest = None if high is None else max(high, estimate.value)
        return SurvivalTime(
            cell=cell,
            time=estimate.value,
            happened=True,
            earliest=earliest,
            latest=latest,
            ended_by=estimate.quantity,
        )
    bound = estimate.conditions.get("censored_at")
    if bound is None and estimate.interval is not None:
        bound = estimate.interval[0]
    if estimate.censored and bound is not None:
        return _censored(cell, float(bound), estimate.censored_by or "end of test")
    if short is not None and short.value is not None:
        return _censored(cell, short.value, "short_circuit")
    return None


def first_failure(estimates: Iterable[Estimate], *, cell: str = "") -> SurvivalTime | None:
    """Return the first of several events of one cell, or the time up to which none of them happened.

    An event that was observed for less long than until the first one may have come before it: the date then reaches
    back to the end of that observation. Events without value and bound are not looked at. None when nothing is known.
    """
    known = [time for estimate in estimates if (time := survival_time(estimate, cell=cell)) is not None]
    happened = [time for time in known if time.happened]
    bounds = [time for time in known if not time.happened]
    if not known:
        return None
    if not happened:
        return min(bounds, key=lambda time: time.time)
    first = min(happened, key=lambda time: time.time)
    earliest = min([time.earliest for time in happened] + [time.time for time in bounds])
    return evolve(first, earliest=min(earliest, first.time))


def kaplan_meier(
    times: Sequence[SurvivalTime], *, group: str = "", quantity: str = FAILURE, definition: str = ""
) -> SurvivalCurve:
    """Return the Kaplan-Meier curve of a group of cells with its log-log band and its median.

    Parameters
    ----------
    times : sequence of SurvivalTime
        At least one.
    group, quantity, definition : str

    Notes
    -----
    The band is Greenwood's on the scale ``log(-log S)``. With few cells it is an approximation: the definition of the
    median states in how many cases its interval would hold it if no cell were censored, exactly. Where no cell failed,
    the bound is the time that at least 6 cells passed (a median before it has a probability of 2 %), else 0.
    """
    ordered = tuple(sorted(times, key=lambda time: (time.time, not time.happened)))
    at, happened = time_arrays(ordered)
    median = _first_at_or_below(*_survival(at, happened))
    wide, narrow = (_median_interval(ordered, level) for level in (0.95, 0.80))
    return SurvivalCurve(
        group=group,
        quantity=quantity,
        unit=_unit(quantity),
        definition=_median_definition(definition, ordered),
        times=ordered,
        steps=_steps(at, happened),
        median=median,
        interval=wide,
        interval_80=narrow,
        warnings=_curve_warnings(group, ordered, median, _unit(quantity)),
    )


@lru_cache
def median_confidence(cells: int, level: float = 0.95) -> float:
    """Return the exact confidence of the log-log interval of a median, for `cells` without censoring.

    The interval lies between two order statistics, so that its confidence is a sum of binomial probabilities.
    """
    at = np.arange(1.0, cells + 1.0)
    _, low, high = _band(at, np.ones(cells, dtype=np.bool_), level)
    below, above = (_first_at_or_below(at, end) for end in (low, high))
    first = 1 if below is None else int(below)
    last = cells if above is None else int(above) - 1
    return sum(math.comb(cells, k) for k in range(first, last + 1)) / 2.0**cells


def _cell_time(cell: str, estimates: Sequence[Estimate], names: Sequence[str]) -> SurvivalTime | None:
    own = {name: next((e for e in estimates if e.quantity == name), None) for name in (*names, "time_to_short_circuit")}
    chosen = [estimate for name in names if (estimate := own[name]) is not None]
    if len(names) > 1:
        return first_failure(chosen, cell=cell)
    short = None if names[0] == "time_to_short_circuit" else own["time_to_short_circuit"]
    return survival_time(chosen[0], cell=cell, short=short) if chosen else None


def _combined_events(cells: Sequence[Sequence[Estimate]]) -> tuple[str, ...]:
    """Return the events in time that every cell has an estimate of."""
    names = [name for name in EVENTS if _unit(name) == "s"]
    return tuple(n for n in names if cells and all(any(e.quantity == n for e in own) for own in cells)) or (names[0],)


def _definition(quantity: str, names: Sequence[str], cells: Sequence[Sequence[Estimate]]) -> str:
    found = {e.quantity: e.definition for own in cells for e in own if e.quantity in names}
    texts = [f"{name.replace('_', ' ')}: {found[name]}" for name in names if name in found]
    if quantity == FAILURE:
        return f"the first of {len(texts)} event(s) of a cell: {'; '.join(texts)}"
    return texts[0] if texts else quantity.replace("_", " ")


def _not_an_event(quantity: str) -> AnalysisError:
    names = [*EVENTS, FAILURE]
    return AnalysisError(
        "a survival analysis needs the time of an event",
        code="LI-ANA-001",
        got=quantity,
        expected=", ".join(names),
        nearest=nearest_match(quantity, names),
    )


def _unit(quantity: str) -> str:
    return "1" if quantity == "cycle_life" else "s"


def _censored(cell: str, bound: float, ended_by: str) -> SurvivalTime:
    return SurvivalTime(cell=cell, time=bound, happened=False, earliest=bound, latest=bound, ended_by=ended_by)


def _survival(at: FloatArray, happened: BoolArray) -> tuple[FloatArray, FloatArray]:
    curve = stats.ecdf(censored_data(at, happened)).sf
    return np.asarray(curve.quantiles, dtype=np.float64), np.asarray(curve.probabilities, dtype=np.float64)


def _band(at: FloatArray, happened: BoolArray, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return times, lower and upper end of the log-log band; NaN at a survival of 1 or 0, where it is not defined."""
    curve = stats.ecdf(censored_data(at, happened)).sf
    survival = np.asarray(curve.probabilities, dtype=np.float64)
    inside = (survival > 0.0) & (survival < 1.0)
    low, high = np.full(survival.size, np.nan), np.full(survival.size, np.nan)
    if inside.any():
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
            ends = curve.confidence_interval(level, method="log-log")
        low[inside] = np.asarray(ends.low.probabilities)[inside]
        high[inside] = np.asarray(ends.high.probabilities)[inside]
    return np.asarray(curve.quantiles, dtype=np.float64), low, high


def _steps(at: FloatArray, happened: BoolArray) -> SurvivalSteps:
    time, survival = _survival(at, happened)
    _, low, high = _band(at, happened, 0.95)
    events = np.array([np.count_nonzero(happened & (at == moment)) for moment in time], dtype=np.int64)
    ended = np.array([np.count_nonzero(~happened & (at == moment)) for moment in time], dtype=np.int64)
    at_risk = np.array([np.count_nonzero(at >= moment) for moment in time], dtype=np.int64)
    return SurvivalSteps(
        time=time, at_risk=at_risk, events=events, censored=ended, survival=survival, low=low, high=high
    )


def _first_at_or_below(time: FloatArray, survival: FloatArray) -> float | None:
    """Return the first time at which a curve is at or below one half."""
    below = np.flatnonzero(survival <= 0.5 + _ROUNDING)
    return float(time[below[0]]) if below.size else None


def _median_interval(times: Sequence[SurvivalTime], level: float) -> Bounds:
    """Return the interval of the median: all dates at their early ends for the lower end, at their late ends above."""
    happened = np.array([time.happened for time in times], dtype=np.bool_)
    early = np.array([time.earliest for time in times], dtype=np.float64)
    # An event whose date is open above is known to have happened, not when: it counts as observed until its value.
    dated = happened & np.array([time.latest is not None for time in times], dtype=np.bool_)
    late = np.array([time.time if time.latest is None else time.latest for time in times], dtype=np.float64)
    time, lower, _ = _band(early, happened, level)
    low = _first_at_or_below(time, lower)
    time, _, upper = _band(late, dated, level)
    high = _first_at_or_below(time, upper)
    if low is None:
        low = max(_passed_by_enough(times, level), float(early[happened].min()) if happened.any() else 0.0)
    return low, high


def _passed_by_enough(times: Sequence[SurvivalTime], level: float) -> float:
    """Return the time that so many cells passed that a median before it is less likely than a tail of the level; or 0.

    It bounds a median where the band never comes down to one half, so that the number that passed is all that tells.
    """
    needed = math.ceil(math.log2(2.0 / (1.0 - level)))
    ends = sorted((time.time for time in times), reverse=True)
    return ends[needed - 1] if len(ends) >= needed else 0.0


def _median_definition(definition: str, times: Sequence[SurvivalTime]) -> str:
    return (
        f"median survival over {len(times)} cell(s) by Kaplan-Meier, first time at which the curve is at or below one "
        "half; 95 % interval where the log-log band holds one half, all dates at their early (late) ends for its lower "
        f"(upper) end; if none of {len(times)} cells were censored it would hold the median in "
        f"{median_confidence(len(times)):.1%} of cases. Event: {definition}"
    )


def _curve_warnings(group: str, times: Sequence[SurvivalTime], median: float | None, unit: str) -> tuple[str, ...]:
    found = []
    name = f"{group}: " if group else ""
    shorted = sum(not time.happened and time.ended_by == "short_circuit" for time in times)
    if shorted:
        text = (
            f"{name}a hard short ended the observation of {shorted} of {len(times)} cells; the curve takes them as "
            "censored, as if the short told nothing about the event that it hid"
        )
        found.append(coded("LI-W-ANA-082", text))
    confidence = median_confidence(len(times))
    if median is not None and confidence < 0.93:
        text = (
            f"{name}{len(times)} cells are too few for a 95 % interval of a median: that given would hold it in "
            f"{confidence:.1%} of cases if none were censored"
        )
        found.append(coded("LI-W-ANA-083", text))
    if not any(time.happened for time in times):
        least = min(time.time for time in times)
        observed = f"{least / 3600.0:.4g} h" if unit == "s" else f"{least:.0f} cycles"
        sure = 1.0 - 0.5 ** len(times)
        text = (
            f"{name}nothing happened in {len(times)} cell(s), the shortest observed for {observed}; that "
            f"the median is later has a confidence of {sure:.1%}"
        )
        found.append(coded("LI-W-ANA-084", text))
    return tuple(found)
