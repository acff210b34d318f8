"""Onset of the lasting rise of the voltage hysteresis, as a survival time."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.robust import FloatArray, normal_quantile, successive_scatter
from lithiate.analysis.short_circuit import HardShort, first_run
from lithiate.analysis.symmetric_result import SymmetricSettings
from lithiate.core.estimate import Estimate

DIP = 1.5
"""A cycle below the threshold by less than this many standard deviations of its noise does not break a run. Without it
noise delays one onset in forty by more than 2 %, with twice as much it brings others forward as often."""


def hysteresis_onset(hysteresis: FloatArray, early_level: float, *, ratio: float = 1.5, run: int = 10) -> int | None:
    """Return the position of the first cycle of the first run of `run` cycles above `ratio` x `early_level`, or None.

    Parameters
    ----------
    hysteresis : (c,) float64, V
    early_level : float, V
    ratio : float
    run : int
    """
    return first_run(hysteresis > ratio * early_level, run)


def onset_estimate(
    start: FloatArray,
    end: FloatArray,
    hysteresis: FloatArray,
    early: Estimate,
    short: HardShort,
    origin: float,
    settings: SymmetricSettings,
    noise: float = 0.0,
) -> Estimate:
    """Return the time from `origin` to the onset, with its interval, or its bound when there was none.

    Parameters
    ----------
    start, end : (c,) float64, s
        Of the complete cycles before the end of the record or a hard short.
    hysteresis : (c,) float64, V
    early : Estimate
        Early level of the hysteresis with its standard uncertainty.
    short : HardShort
        A hard short ends the observation.
    origin : float, s
        Record time that counts as zero.
    settings : SymmetricSettings
    noise : float, V
        Standard deviation that white noise of the voltage leaves in the hysteresis of a cycle. A cycle that is below
        the threshold by less than `DIP` times it may be above it, and does not break a run that has begun.

    Returns
    -------
    Estimate
        ``hysteresis_onset_time`` in s; None without bound when there are fewer cycles than the early level needs.

    Notes
    -----
    Standard uncertainty, in quadrature: one cycle, the resolution of the definition; and half of the way that the onset
    moves when the threshold moves by its standard uncertainty to both sides, which is that of the early level times
    the ratio, in quadrature with the scatter from cycle to cycle. The interval moves the threshold by its 95 %
    (80 %) interval and adds one cycle on both sides; it is open where the higher threshold is never passed.
    """
    definition = (
        f"time from the first row to the start of the first run of at least {settings.onset_cycles} cycles with a "
        f"voltage hysteresis ({settings.hysteresis_definition}) above {settings.onset_ratio:g} x its early level "
        f"(median over cycles {settings.first_early_cycle}-{settings.last_early_cycle}); a cycle below it by less than "
        f"{DIP:g} standard deviations of its noise does not break a run"
    )
    if early.value is None or hysteresis.size < settings.last_early_cycle:
        text = f"{hysteresis.size} complete cycles before the end or a hard short, {settings.last_early_cycle} needed"
        return Estimate("hysteresis_onset_time", None, "s", definition, warnings=(coded("LI-W-ANA-004", text),))
    early_spread = settings.onset_ratio * (early.standard_uncertainty or 0.0)
    crossing = _Crossing(
        start=start - origin,
        end=end - origin,
        hysteresis=hysteresis,
        run=settings.onset_cycles,
        threshold=settings.onset_ratio * early.value,
        spread=math.hypot(early_spread, successive_scatter(hysteresis)),
        dip=DIP * noise,
    )
    warnings = _fall(crossing, early.value, settings)
    value = crossing.time_above(0.0)
    if value is None:
        return _censored(crossing, definition, warnings, None if short.time is None else short.time - origin)
    if value <= crossing.start[settings.last_early_cycle - 1]:
        warnings = (*warnings, coded("LI-W-ANA-010", "the onset lies within the cycles of the early level"))
    return _dated(crossing, value, definition, warnings)


@frozen(eq=False, kw_only=True)
class _Crossing:
    """Cycles (times from the origin in s, hysteresis in V), the threshold with its standard uncertainty, and dips."""

    start: FloatArray
    end: FloatArray
    hysteresis: FloatArray
    run: int
    threshold: float
    spread: float
    dip: float

    def time_above(self, shift: float) -> float | None:
        """Return the onset when the threshold is moved by `shift` standard uncertainties."""
        level = self.threshold + shift * self.spread
        cycle = 0
        while cycle < self.hysteresis.size:
            # A run goes on through dips, but does not begin with one.
            first = first_run(self.hysteresis[cycle:] > level - self.dip, self.run)
            if first is None:
                return None
            cycle += first
            if self.hysteresis[cycle] > level:
                return float(self.start[cycle])
            cycle += 1
        return None

    @property
    def cycle_duration(self) -> float:
        return float(np.median(self.end - self.start))


def _dated(crossing: _Crossing, value: float, definition: str, warnings: tuple[str, ...]) -> Estimate:
    cycle = crossing.cycle_duration

    def interval(confidence: float) -> tuple[float, float | None]:
        shift = normal_quantile(confidence)
        sooner, later = crossing.time_above(-shift), crossing.time_above(shift)
        return max((value if sooner is None else sooner) - cycle, 0.0), None if later is None else later + cycle

    sooner, later = crossing.time_above(-1.0), crossing.time_above(1.0)
    moves = (value if later is None else later) - (value if sooner is None else sooner)
    wide = interval(0.95)
    if wide[1] is None:
        warnings = (*warnings, coded("LI-W-ANA-010", "the record ends before the upper end of the 95 % interval"))
    return Estimate(
        "hysteresis_onset_time",
        value,
        "s",
        definition,
        standard_uncertainty=math.hypot(cycle, 0.5 * moves),
        interval=wide,
        interval_80=interval(0.80),
        interval_kind="sampling",
        warnings=warnings,
    )


def _censored(crossing: _Crossing, definition: str, warnings: tuple[str, ...], short_time: float | None) -> Estimate:
    """Return the bound: the end of the last cycle, or the start of a run above the threshold that the end cut off."""
    above = crossing.hysteresis > crossing.threshold
    undecided = int(np.argmin(above[::-1])) if not above.all() else above.size
    bound = float(crossing.end[-1]) if short_time is None else short_time
    if undecided:
        bound = float(crossing.start[-undecided])
        text = f"the last {undecided} cycles are above the threshold; {crossing.run} make an onset"
        warnings = (*warnings, coded("LI-W-ANA-009", text))
    sooner = crossing.time_above(-normal_quantile(0.95))
    if sooner is not None:
        text = f"with the threshold at the lower end of its 95 % interval the onset is at {sooner / 3600.0:.4g} h"
        warnings = (*warnings, coded("LI-W-ANA-010", text))
    return Estimate(
        "hysteresis_onset_time",
        None,
        "s",
        definition,
        interval=(bound, None),
        interval_kind="censoring",
        warnings=warnings,
        censored="right",
        censored_by="end of test" if short_time is None else "short_circuit",
    )


def _fall(crossing: _Crossing, early_level: float, settings: SymmetricSettings) -> tuple[str, ...]:
    """Return a warning with the time of a lasting fall of the hysteresis below its early level."""
    first = first_run(crossing.hysteresis < settings.fall_ratio * early_level, crossing.run)
    if first is None:
        return ()
    text = (
        f"below {settings.fall_ratio:g} x its early level for at least {crossing.run} cycles "
        f"from {crossing.start[first] / 3600.0:.4g} h on"
    )
    return (coded("LI-W-ANA-008", text),)
