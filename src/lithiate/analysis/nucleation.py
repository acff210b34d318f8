"""Nucleation overpotential: how far the voltage tip of a half cycle stands above its plateau."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import PLATEAU_WINDOW, HalfCycles
from lithiate.analysis.largest_row import excess_of_largest, hidden_height, smooth_tip, white_noise
from lithiate.analysis.robust import (
    FloatArray,
    normal_quantile,
    resolution_step,
    weighted_median_per_group,
)
from lithiate.core.estimate import Estimate
from lithiate.errors import AnalysisError

ROWS_ACROSS_TIP = 3
"""A tip with fewer rows than this above its half height is not resolved."""

DEFINITION = (
    "tip minus plateau of one half cycle: tip = largest |V| before 25 % of its charge (of its on-time without a "
    "current column) less what noise adds to the largest of many rows, plateau = median |V| over 25-75 % of it; 0 when "
    "no tip stands out of the noise"
)

TWO_ELECTRODES = coded(
    "LI-W-ANA-014",
    "cell quantity: the tip is plating nucleation plus the breakdown of the counter electrode's film (Wood 2016); "
    "only a reference electrode tells them apart",
)


@frozen
class _Tip:
    """What was seen of a tip: `top`, `left` and `right` are rows, the last two bounding those above its half height."""

    height: float
    rising: bool
    top: int
    left: int
    right: int
    early_rows: int

    @property
    def is_first_row(self) -> bool:
        return self.top == 0

    @property
    def rows_across(self) -> int:
        return self.right - self.left


def nucleation_overpotential(
    time: FloatArray,
    voltage: FloatArray,
    *,
    throughput: FloatArray | None = None,
    start: float | None = None,
    resolution: float | None = None,
    half_cycle: int = 1,
) -> Estimate:
    """Return the nucleation overpotential of one half cycle.

    Parameters
    ----------
    time : (n,) float64, s
        Of the rows in which current flows, n >= 3.
    voltage : (n,) float64, V
        Either sign.
    throughput : (n,) float64, optional
        Charge or time that each row stands for; by default the time to the middle of its neighbours.
    start : float, optional
        Instant at which the current was switched on [s]; None when nothing tells it.
    resolution : float, optional
        Step of a quantised voltage [V]; found from `voltage` when it is not given.
    half_cycle : int
        Number of the half cycle from 1, for the conditions of the estimate.

    Returns
    -------
    Estimate
        ``nucleation_overpotential`` in V. The value is 0 with the limit of detection as upper end of its interval when
        the voltage only rises, or nothing stands out of noise and resolution. When fewer than 3 rows lie above half of
        the tip's height, or the first row is already the highest, the value is a lower bound: the interval is open
        upwards and there is no standard uncertainty.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for fewer than three rows, or rows at one time.

    Notes
    -----
    The largest of many noisy rows is too large: its mean excess over the tip is taken off (`excess_of_largest`, for
    white noise and the shape of the tip as isotonic regression finds it). Standard uncertainty, in quadrature: spread
    of that excess; noise of the plateau, a median of m rows, ``1.25 s / sqrt(m)``; resolution of two values,
    ``q / sqrt(6)``, where noise does not carry the voltage over its steps (s < q/2); sampling, what a cusp may hide
    between two rows (`hidden_height`).
    It is not the overpotential of one electrode: Wood, Kazyak, Chadwick, Chen, Zhang, Thornton and Dasgupta,
    ACS Cent. Sci. 2016, 2, 790, 10.1021/acscentsci.6b00260.
    """
    if time.size < 3 or time[-1] <= time[0]:
        raise AnalysisError(
            "a nucleation tip needs at least three rows at different times", code="LI-ANA-001", got=f"{time.size} rows"
        )
    magnitude = np.abs(voltage)
    weight = _time_of_rows(time) if throughput is None else throughput
    step = resolution_step(voltage) if resolution is None else resolution
    after = np.cumsum(weight) / weight.sum()
    before = after - weight / weight.sum()
    within = np.minimum(after, PLATEAU_WINDOW[1]) - np.maximum(before, PLATEAU_WINDOW[0])
    inside = within > 0.0
    plateau = float(weighted_median_per_group(magnitude[inside], within[inside], np.array([0]))[0])
    noise = white_noise(magnitude[inside])
    tip = _find_tip(magnitude, plateau, int(np.count_nonzero(before < PLATEAU_WINDOW[0])))
    limit = noise * (1.0 + math.sqrt(2.0 * math.log(max(tip.early_rows, 1)))) + step
    conditions = {"half_cycle": float(half_cycle)}
    if tip.rising or tip.height <= limit:
        return _no_tip(max(limit, tip.height), float(np.median(np.diff(time))), conditions)
    excess, spread = _excess_and_spread(tip, time, magnitude, noise, step, int(np.count_nonzero(inside)))
    first_row_late = tip.is_first_row and (start is None or start < time[0])
    if first_row_late or (tip.rows_across < ROWS_ACROSS_TIP and not tip.is_first_row):
        return _lower_bound(tip, tip.height - excess, spread, first_row_late, conditions)
    return _resolved(tip.height - excess, spread, conditions)


def first_nucleation_overpotential(
    half_cycles: HalfCycles, time: FloatArray, voltage: FloatArray, current: FloatArray | None = None
) -> Estimate:
    """Return the nucleation overpotential of the first half cycle of a record, arrays as for its segmentation."""
    rows = half_cycles.rows
    part = rows.of(0)
    index, weight = rows.index[part], rows.weight[part]
    if index.size < 3 or time[index[-1]] <= time[index[0]]:
        return too_short_for_a_tip(index.size)
    return nucleation_overpotential(
        time[index],
        voltage[index],
        throughput=weight if current is None else weight * np.abs(current[index]),
        start=float(rows.start[0]) if index[0] > 0 else None,
        resolution=half_cycles.resolution,
    )


def _time_of_rows(time: FloatArray) -> FloatArray:
    half = 0.5 * np.diff(time)
    return np.asarray(np.append(half, 0.0) + np.insert(half, 0, 0.0), dtype=np.float64)


def _find_tip(magnitude: FloatArray, plateau: float, early_rows: int) -> _Tip:
    top = int(np.argmax(magnitude[:early_rows]))
    height = float(magnitude[top]) - plateau
    low = np.flatnonzero(magnitude <= plateau + 0.5 * height)
    left = int(low[low < top][-1]) if bool((low < top).any()) else -1
    right = int(low[low > top][0]) if bool((low > top).any()) else magnitude.size
    goes_on = top == early_rows - 1 and top + 1 < magnitude.size
    return _Tip(
        height=height,
        rising=goes_on and float(magnitude[top + 1]) >= float(magnitude[top]),
        top=top,
        left=left + 1,
        right=right,
        early_rows=early_rows,
    )


def _excess_and_spread(
    tip: _Tip, time: FloatArray, magnitude: FloatArray, noise: float, resolution: float, plateau_rows: int
) -> tuple[float, float]:
    """Return by how much the largest row is too large on average, and the standard uncertainty of the height [V]."""
    # Two rows beyond the half height on both sides: a tip of few rows has its slopes there.
    rows = slice(max(tip.left - 2, 0), tip.right + 2)
    top = tip.top - rows.start
    smooth = smooth_tip(magnitude[rows], top)
    excess, spread = excess_of_largest(smooth, noise)
    of_plateau = math.sqrt(0.5 * math.pi / max(plateau_rows, 1)) * noise
    # Noise that carries the voltage over the steps of the converter has the rounding in it.
    of_rounding = resolution / math.sqrt(6.0) if noise < 0.5 * resolution else 0.0
    smooth[top] = max(smooth[top], float(magnitude[tip.top]) - excess)
    hidden = hidden_height(time[rows], smooth, top, noise)
    return excess, math.hypot(spread, of_plateau, of_rounding, hidden)


def _resolved(height: float, spread: float, conditions: dict[str, float]) -> Estimate:
    wide, narrow = normal_quantile(0.95) * spread, normal_quantile(0.80) * spread
    return Estimate(
        "nucleation_overpotential",
        height,
        "V",
        DEFINITION,
        standard_uncertainty=spread,
        interval=(height - wide, height + wide),
        interval_80=(height - narrow, height + narrow),
        interval_kind="sampling",
        conditions=conditions,
        warnings=(TWO_ELECTRODES,),
    )


def _lower_bound(
    tip: _Tip, height: float, spread: float, first_row_late: bool, conditions: dict[str, float]
) -> Estimate:
    reason = (
        "the first row of the half cycle is already its highest"
        if first_row_late
        else f"only {tip.rows_across} row(s) lie above half of the tip's height, {ROWS_ACROSS_TIP} are needed"
    )
    return Estimate(
        "nucleation_overpotential",
        height,
        "V",
        DEFINITION,
        interval=(height - normal_quantile(0.95) * spread, None),
        interval_80=(height - normal_quantile(0.80) * spread, None),
        interval_kind="sampling",
        conditions=conditions,
        warnings=(
            TWO_ELECTRODES,
            coded("LI-W-ANA-015", f"{reason}: the value is a lower bound, and no standard uncertainty can be given"),
        ),
    )


def _no_tip(limit: float, interval_between_rows: float, conditions: dict[str, float]) -> Estimate:
    text = (
        f"no tip stands above the plateau (limit of detection {limit * 1e3:.2g} mV); one narrower than "
        f"{ROWS_ACROSS_TIP * interval_between_rows:.3g} s would not have been seen"
    )
    return Estimate(
        "nucleation_overpotential",
        0.0,
        "V",
        DEFINITION,
        # A rectangular distribution from 0 to the limit has this root mean square about 0.
        standard_uncertainty=limit / math.sqrt(3.0),
        interval=(0.0, 0.975 * limit),
        interval_80=(0.0, 0.9 * limit),
        interval_kind="sampling",
        conditions=conditions,
        warnings=(TWO_ELECTRODES, coded("LI-W-ANA-016", text)),
    )


def too_short_for_a_tip(rows: int) -> Estimate:
    """Return the estimate without a value for a first half cycle of fewer than three rows."""
    text = f"the first half cycle has {rows} row(s); a tip needs at least three"
    return Estimate(
        "nucleation_overpotential",
        None,
        "V",
        DEFINITION,
        conditions={"half_cycle": 1.0},
        warnings=(TWO_ELECTRODES, coded("LI-W-ANA-015", text)),
    )
