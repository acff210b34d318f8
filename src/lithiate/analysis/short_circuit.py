"""Short circuits: a confirmed hard short, the floor below which a hysteresis cannot be honest, and a sudden fall.

A soft short that is there from the first cycle on and leaves the hysteresis above the floor cannot be seen in a
voltage: the cell looks like one that is cycled at less current. Soft shorts that form during a test are found, at a
stated rate of false alarms, by `lithiate.analysis.soft_short`.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from attrs import frozen
from scipy.special import stdtrit

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray, successive_scatter
from lithiate.core.estimate import Estimate

REFERENCE_HALF_CYCLES = 48
"""Half cycles (to the end of the early cycles) whose median |V| a collapse is measured against."""

SEPARATOR_RESISTANCE = (0.9e-4, 2.8e-4)
"""Least and greatest resistance [ohm m2] of one Celgard separator in an ether electrolyte (0.9-2.8 ohm cm2)."""

RECTANGULAR_SHARE = 0.1
"""A half cycle without tip or arc: its highest |V| is above the plateau by less than this share of it, and noise."""

SMALLEST_FALL = 0.15
"""A sudden fall is at least this share of the hysteresis; scatter from cycle to cycle reaches 10 % in foils."""

FALL_WINDOW = 3
"""Cycles on both sides of a sudden fall whose medians are compared: a short that heals within them is not lasting."""

FALSE_ALARMS = 0.01
"""Share of records without a fall in which scatter alone, independent and normal, would pass for one."""

MEDIAN_OF_THREE = 0.449
"""Variance of the median of three normal values, over that of one (David and Nagaraja 2003, section 3.2)."""

SCATTER_EFFICIENCY = 0.25
"""Degrees of freedom of the scatter per value: 0.37 for a median deviation (Rousseeuw and Croux, J. Am. Stat. Assoc.
1993, 88, 1273) times 2/3 for successive differences (von Neumann, Ann. Math. Stat. 1941, 12, 367)."""


class Stretches(Protocol):
    """What a hard short is looked for in: half cycles, or blocks of a cell that is plated one way."""

    @property
    def start(self) -> FloatArray: ...  # noqa: D102 - as in `HalfCycles`

    @property
    def end(self) -> FloatArray: ...  # noqa: D102

    @property
    def first_row(self) -> IntArray: ...  # noqa: D102

    @property
    def last_row(self) -> IntArray: ...  # noqa: D102

    @property
    def mean_absolute_voltage(self) -> FloatArray: ...  # noqa: D102


@frozen
class HardShort:
    """A confirmed hard short: when it began [s, record time], between which two rows, and what else was seen."""

    time: float | None
    not_before: float | None
    observed_until: float
    warnings: tuple[str, ...] = ()


def find_hard_short(
    half_cycles: Stretches, time: FloatArray, voltage: FloatArray, *, ratio: float = 0.1, run: int = 3
) -> HardShort:
    """Find the onset of a lasting collapse of the voltage while the cell is still cycled.

    A hard short is confirmed when the time-weighted mean |V| of the last `run` or more half cycles of the record stays
    below `ratio` times its early level, without one half cycle above. The early level is the median over the first 48
    half cycles that are not themselves below `ratio` times the median of the first ten. The onset is the first row
    after the last one at or above the threshold, looked for from the half cycle before the collapse on, in the running
    median of three rows.

    Parameters
    ----------
    half_cycles : HalfCycles or Blocks
        Blocks where all current flows one way.
    time : (n,) float64, s
    voltage : (n,) float64, V
    ratio : float
        Share of the early level.
    run : int
        Half cycles that confirm the collapse.

    Returns
    -------
    HardShort
        `time` is None when there is none; `warnings` tell of a collapse that came back or was not confirmed.

    Notes
    -----
    A cell that opens again (a soft short) is not a hard short. Without a current column a collapse below noise ends
    the half cycles and cannot be told from a rest.
    """
    level = half_cycles.mean_absolute_voltage
    observed_until = float(half_cycles.end[-1])
    threshold = ratio * _early_level(level, ratio)
    low = level < threshold
    trailing = int(np.argmin(low[::-1])) if not low.all() else low.size
    warnings = _recovered(half_cycles, low[: low.size - trailing], run, ratio)
    if trailing < run:
        if trailing:
            text = (
                f"the last {trailing} half cycle(s) are below {ratio:g} x the early level; {run} confirm a hard short"
            )
            warnings = (*warnings, coded("LI-W-ANA-012", text))
        return HardShort(None, None, observed_until, warnings)
    first = low.size - trailing
    # Every row, also what passes for a rest where there is no current column: a collapse looks just like one.
    begin, stop = int(half_cycles.first_row[max(first - 1, 0)]), int(half_cycles.last_row[first])
    above = np.flatnonzero(_median_of_three(np.abs(voltage[begin : stop + 1])) >= threshold)
    last_above = begin + (int(above[-1]) if above.size else 0)
    return HardShort(float(time[min(last_above + 1, stop)]), float(time[last_above]), observed_until, warnings)


def _median_of_three(values: FloatArray) -> FloatArray:
    """Return the median of each value and both neighbours: a row of noise is gone, a step stays where it is."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1), dtype=np.float64)


def _early_level(level: FloatArray, ratio: float) -> float:
    begin = level[:REFERENCE_HALF_CYCLES]
    return float(np.median(begin[begin >= ratio * np.median(level[:10])]))


def _recovered(half_cycles: Stretches, low: BoolArray, run: int, ratio: float) -> tuple[str, ...]:
    """Return a warning when `run` half cycles in a row were low and the voltage came back."""
    first = first_run(low, run)
    if first is None:
        return ()
    hours = (float(half_cycles.start[first]) - float(half_cycles.start[0])) / 3600.0
    text = (
        f"below {ratio:g} x the early level from {hours:.4g} h after the first half cycle on, then back: a soft short?"
    )
    return (coded("LI-W-ANA-011", text),)


def first_run(flags: BoolArray, length: int) -> int | None:
    """Return where the first run of at least `length` true entries starts, or None."""
    if flags.size < length:
        return None
    true_within = np.convolve(flags.astype(np.int64), np.ones(length, dtype=np.int64), mode="valid")
    found = np.flatnonzero(true_within == length)
    return int(found[0]) if found.size else None


def time_to_short_circuit(short: HardShort, origin: float, *, ratio: float = 0.1, run: int = 3) -> Estimate:
    """Return the time from `origin` [s] to a hard short as an estimate, right-censored when there was none."""
    definition = (
        f"time from the first row to the onset of a confirmed hard short: mean |V| below {ratio:g} x its early level "
        f"in at least {run} half cycles in a row, to the end of the record"
    )
    if short.time is None or short.not_before is None:
        return Estimate(
            "time_to_short_circuit",
            None,
            "s",
            definition,
            interval=(short.observed_until - origin, None),
            interval_kind="censoring",
            warnings=short.warnings,
            censored="right",
            censored_by="end of test",
        )
    value, early = short.time - origin, short.not_before - origin
    return Estimate(
        "time_to_short_circuit",
        value,
        "s",
        definition,
        standard_uncertainty=(value - early) / math.sqrt(12.0),
        interval=(early, value),
        interval_80=(early + 0.1 * (value - early), value - 0.1 * (value - early)),
        interval_kind="sampling",
        warnings=short.warnings,
    )


def check_soft_short_floor(
    half_cycles: HalfCycles,
    hysteresis: FloatArray,
    *,
    area: float | None,
    factor: float = 2.0,
    only: BoolArray | None = None,
) -> tuple[str, bool]:
    """Compare the hysteresis of all cycles with what electrolyte and separator alone need.

    Current crosses one separator in a Li||Li cell, in both half cycles, so |V| is at least i R and a hysteresis of
    ``factor |V|`` at least ``factor i R``, with i the current density and R the area resistance of *one* separator
    with its electrolyte: 0.9-2.8 ohm cm2 for Celgard in an ether (Menkin 2024). Below the lower end a soft short is
    likely whatever the trace looks like; between both ends it is possible where the trace is rectangular, without tip
    or arc.

    Parameters
    ----------
    half_cycles : HalfCycles
    hysteresis : (c,) float64, V
    area : float or None, m2
    factor : float
        2 when the hysteresis is 2|V|, 1 when it is |V|.
    only : (h,) bool, optional
        The half cycles at the current of these cycles; by default all.

    Returns
    -------
    (str, bool)
        The test and its outcome in words, and whether a soft short is likely or possible.
    """
    if half_cycles.charge is None or area is None or hysteresis.size == 0:
        return "soft-short floor: not tested, it needs a current column, an electrode area and complete cycles", False
    chosen = np.ones(len(half_cycles), dtype=np.bool_) if only is None else only
    density = float(np.median((half_cycles.charge / half_cycles.on_time)[chosen])) / area
    least, greatest = (factor * density * resistance for resistance in SEPARATOR_RESISTANCE)
    surely = int(np.count_nonzero(hysteresis < least))
    perhaps = int(np.count_nonzero(hysteresis < greatest))
    test = (
        f"soft-short floor {factor:g} i R of one separator (0.9-2.8 ohm cm2, Celgard in an ether) at "
        f"{density / 10.0:.3g} mA/cm2 = {least * 1e3:.3g} to {greatest * 1e3:.3g} mV: "
    )
    if perhaps == 0:
        return f"{test}the hysteresis of all {hysteresis.size} cycles is above it", False
    outcome = f"{surely} of {hysteresis.size} cycles are below its lower end, {perhaps} below its upper end"
    rise = rise_above_plateau(half_cycles, chosen)
    shape = f"tips and arcs rise by {rise:.2g} of the plateau"
    if surely:
        return f"{test}{outcome}; {shape}; a soft short is likely", True
    if rise < RECTANGULAR_SHARE:
        return f"{test}{outcome}; {shape}: rectangular, a soft short is possible", True
    return f"{test}{outcome}; {shape}: not rectangular, as a short would be", False


def rise_above_plateau(half_cycles: HalfCycles, only: BoolArray) -> float:
    """Return how far the highest |V| of a half cycle stands above its plateau and noise, as a share: the median."""
    plateau = half_cycles.plateau[only]
    highest = np.maximum(half_cycles.tip[only], plateau + half_cycles.arc_height[only])
    rows = half_cycles.rows.counts[only]
    of_noise = half_cycles.noise * np.sqrt(2.0 * np.log(np.maximum(rows, 2))) + half_cycles.resolution
    above = np.maximum(highest - plateau - of_noise, 0.0)[plateau > 0.0]
    return float(np.median(above / plateau[plateau > 0.0])) if above.size else 0.0


def find_sudden_fall(hysteresis: FloatArray, *, first: int = 4) -> tuple[int, float] | None:
    """Find where the hysteresis falls from one cycle to the next and stays low, as when a lasting soft short forms.

    The medians of three cycles before and after are compared, in the logarithm. A fall counts when it is at least 15 %,
    at least half of it happens in one step, and it is beyond what the scatter from cycle to cycle makes of any place
    of the record in 1 % of records (Bonferroni; Student's t, scatter independent and normal).

    Parameters
    ----------
    hysteresis : (c,) float64, V
    first : int
        Cycles at the start that are left out (index): the surface settles in them.

    Returns
    -------
    (int, float) or None
        Index of the first cycle after the largest fall, and the fall as a share.

    Notes
    -----
    It does not say why: a soft short, a fresh surface after a pause, or a warmer room fall alike.
    """
    level = np.log(hysteresis[first:][hysteresis[first:] > 0.0])
    count = level.size - 2 * FALL_WINDOW + 1
    if count < 1:
        return None
    medians = np.median(np.lib.stride_tricks.sliding_window_view(level, FALL_WINDOW), axis=1)
    fall = medians[:count] - medians[FALL_WINDOW:]
    step = -np.diff(level)[FALL_WINDOW - 1 : FALL_WINDOW - 1 + count]
    scatter = successive_scatter(level) * math.sqrt(2.0 * MEDIAN_OF_THREE)
    freedom = max(SCATTER_EFFICIENCY * (level.size - 1), 2.0)
    quantile = float(stdtrit(freedom, 1.0 - FALSE_ALARMS / count))
    limit = max(-math.log1p(-SMALLEST_FALL), scatter * quantile)
    sudden = np.where((fall >= limit) & (step >= 0.5 * fall), fall, 0.0)
    largest = int(np.argmax(sudden))
    if sudden[largest] == 0.0:
        return None
    return first + largest + FALL_WINDOW, 1.0 - math.exp(-float(sudden[largest]))
