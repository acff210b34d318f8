"""The knee of a capacity that fades: where the loss per cycle becomes larger, if it does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from attrs import fields, frozen

from lithiate.analysis.robust import BoolArray, FloatArray

FEWEST_CYCLES = 12
"""Fewer cycles tell no knee."""

SHORTEST_SIDE = 4
"""Cycles on each side of a knee, or this share of all, whichever is more."""

SHORTEST_SHARE = 0.04

MOST_POINTS = 1000
"""Longer tests are looked at as means of as many blocks of cycles."""

GRID = 60
"""Places at which a knee is tried before it is refined."""

COARSE_GRID = 24
"""Places of the end of a run-in."""

ROUNDINGS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
"""Lengths over which the corner may be rounded, as shares of the test."""

ROUNDEST = 0.08
"""A corner that is rounder than this share of the test is no knee."""

SURE = 1e-3
"""Probability at which a knee is believed over the simpler curve, places tried counted."""

ROUNDING_GAIN = 6.63
"""Gain of a rounded corner in twice the logarithm of the likelihood: 1 % of the chi-squared distribution."""

MOST_ALIKE = 0.9
"""Correlation of neighbouring residuals that is believed at most; more is a misfit, not scatter."""

SMALLEST = 1e-6
"""Scatter that no record is free of, as a share of the capacity."""

OUTLIER = 6.0
"""A cycle this many standard deviations from the median of its neighbours is left out."""


@frozen
class Knee:
    """Where a capacity begins to fade faster, or why no such cycle is told.

    Parameters
    ----------
    cycle : float or None
        Where two straight lines meet.
    interval, interval_80 : (float or None, float or None) or None
        95 % and 80 %, by profile likelihood; an end that the record does not bound is None.
    slope_before, slope_after : float or None, 1/cycle
        Change of the retention per cycle on both sides, below 0 where capacity is lost.
    slope_before_uncertainty, slope_after_uncertainty : float or None, 1/cycle
    retention : float or None
        At the knee.
    transition : float or None
        Cycles within which the slope goes from 10 to 90 % of its change; 0 where a sharp corner fits as well.
    run_in : float or None
        Cycle at which an early loss or gain ended that a line of its own describes.
    cycles : int
        How many cycles were looked at.
    reason : str or None
        Why there is no knee.
    """

    cycle: float | None
    interval: tuple[float | None, float | None] | None = None
    interval_80: tuple[float | None, float | None] | None = None
    slope_before: float | None = None
    slope_after: float | None = None
    slope_before_uncertainty: float | None = None
    slope_after_uncertainty: float | None = None
    retention: float | None = None
    transition: float | None = None
    run_in: float | None = None
    cycles: int = 0
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain types."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(type(self))}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def find_knee(cycle: FloatArray, retention: FloatArray) -> Knee:
    """Return the knee of a retention curve.

    Parameters
    ----------
    cycle : (n,) float64
        Numbers of the cycles, rising; cycles may be missing. All at one rate.
    retention : (n,) float64
        Capacity over that of a reference cycle; entries that are not finite are left out.

    Notes
    -----
    Least squares of a straight line and of two lines that meet at the knee k,
    ``y = a + b t + c g ln(1 + exp((t - k)/g))``, sharp (g = 0) or rounded where that fits better; a third line before
    them is a run-in: an early loss that slows down, or a gain. A knee is told when the corner beats the straight line
    by the F test (level 1e-3 over about the number of independent places), is not rounder than `ROUNDEST` of the test,
    lies within the record, and the fade becomes faster. The interval holds the places at which the residual sum of
    squares, the other numbers fitted anew, stays below ``RSS (1 + F(1, m - p) / (m - p))``; m is the number of cycles,
    less where residuals of neighbours are alike: ``m = n (1 - r) / (1 + r)`` with their correlation r.

    Limits: scatter of one size in all cycles; at most one knee. A fade that grows smoothly has no knee.

    Source: D. W. Bacon, D. G. Watts, Biometrika 58 (1971) 525, for two lines with a rounded corner (recalled).
    """
    known = np.isfinite(retention)
    at, value = np.asarray(cycle, dtype=np.float64)[known], np.asarray(retention, dtype=np.float64)[known]
    kept = ~_outliers(value)
    at, value = at[kept], value[kept]
    count = int(at.size)
    if count < FEWEST_CYCLES:
        return Knee(None, cycles=count, reason=f"{count} cycles at the reference's rate: {FEWEST_CYCLES} are needed")
    at, value = _blocks(at, value)
    if not np.ptp(value) > 0.0:
        return Knee(None, cycles=count, reason="the capacity does not change")
    return _told(at, value, count)


def _told(at: FloatArray, value: FloatArray, count: int) -> Knee:
    two = _best(at, value, ())
    if two is None:
        return Knee(None, cycles=count, reason="the cycles are too few on both sides of any knee")
    two = _rounded(at, value, two)
    three = _with_run_in(at, value)
    if three is not None:
        three = _rounded(at, value, three)
    best, base = two, _Fit(at, value, ())
    if three is not None and _beats(three, two):
        best, base = three, _Fit(at, value, three.places[:1])
    reason = _why_not(at, best, base)
    if reason is not None:
        return Knee(None, cycles=count, reason=reason)
    deviations = best.slope_deviations()
    return Knee(
        cycle=best.places[-1],
        interval=_interval(at, value, best, 0.95),
        interval_80=_interval(at, value, best, 0.80),
        slope_before=best.slopes[-2],
        slope_after=best.slopes[-1],
        slope_before_uncertainty=deviations[-2],
        slope_after_uncertainty=deviations[-1],
        retention=best.at_last_place(),
        transition=2.0 * math.log(9.0) * best.rounding,
        run_in=best.places[0] if len(best.places) > 1 else None,
        cycles=count,
    )


def _why_not(at: FloatArray, best: _Fit, base: _Fit) -> str | None:
    """Return why a corner is no knee, or None when it is one."""
    smooth = "the fade grows smoothly, without a corner"
    if not _beats(best, base):
        # Lines through a smooth curve leave residuals that hang together, however small they are.
        hang_together = best.effective < 0.25 * best.residuals.size and base.rss > 4.0 * best.rss
        return smooth if hang_together else "a straight line fits as well"
    before, after = best.slopes[-2], best.slopes[-1]
    if after >= before:
        return "the fade becomes slower, not faster"
    if best.rounding > ROUNDEST * (at[-1] - at[0]):
        return smooth
    if before > 2.0 * best.slope_deviations()[-2]:
        return f"the capacity rose until cycle {best.places[-1]:.0f}: that is no knee"
    room = _room(at)
    assert room is not None  # there is a fit
    if best.places[-1] >= room[1]:
        return "the fade becomes faster at the very end of the record"
    return None


class _Fit:
    """Least squares of lines that meet at given places (none: one line); the last corner may be rounded."""

    def __init__(self, at: FloatArray, value: FloatArray, places: tuple[float, ...], rounding: float = 0.0) -> None:
        self.places, self.rounding = places, rounding
        self._design = np.column_stack([np.ones_like(at), at, *self._corners(at)])
        self._numbers, *_ = np.linalg.lstsq(self._design, value, rcond=None)
        self.residuals = value - self._design @ self._numbers
        # Numbers that are exact leave rounding only.
        self.rss = float(self.residuals @ self.residuals) + value.size * (SMALLEST * float(np.abs(value).max())) ** 2
        self.parameters = 2 + 2 * len(places) + int(rounding > 0.0)

    def _corners(self, at: FloatArray) -> list[FloatArray]:
        last = len(self.places) - 1
        return [_corner(at - place, self.rounding if k == last else 0.0) for k, place in enumerate(self.places)]

    @property
    def effective(self) -> float:
        """Number of independent cycles that the scatter is worth."""
        count = self.residuals.size
        alike = float(self.residuals[1:] @ self.residuals[:-1]) / self.rss
        # The correlation of fitted residuals is too low by about as many parameters as were fitted.
        alike = min(max(alike + self.parameters / count, 0.0), MOST_ALIKE)
        # Chance alone gives correlations of this size.
        alike = alike if alike > 2.0 / math.sqrt(count) else 0.0
        return float(max(count * (1.0 - alike) / (1.0 + alike), self.parameters + 1.0))

    @property
    def slopes(self) -> tuple[float, ...]:
        """Slopes of the lines [1/cycle]."""
        return tuple(float(step) for step in np.cumsum(self._numbers[1:]))

    def slope_deviations(self) -> tuple[float, ...]:
        """Return the standard uncertainties of the slopes, the places as they are [1/cycle]."""
        inverse = np.linalg.pinv(self._design.T @ self._design)
        size = self.effective
        variance = self.rss / self.residuals.size * size / max(size - self.parameters, 1.0)
        variance *= self.residuals.size / size
        found = []
        for k in range(1, self._design.shape[1]):
            along = np.zeros(self._design.shape[1])
            along[1 : k + 1] = 1.0
            found.append(math.sqrt(float(along @ inverse @ along) * variance))
        return tuple(found)

    def at_last_place(self) -> float:
        """Return the fitted value at the last place."""
        place = np.array([self.places[-1]])
        row = np.concatenate([[1.0], place, *self._corners(place)])
        return float(row @ self._numbers)


def _corner(beyond: FloatArray, rounding: float) -> FloatArray:
    """Return ``max(x, 0)``, or ``g ln(1 + exp(x/g))`` where it is rounded."""
    if rounding == 0.0:
        return np.maximum(beyond, 0.0)
    return np.asarray(rounding * np.logaddexp(0.0, beyond / rounding), dtype=np.float64)


def _beats(richer: _Fit, simpler: _Fit) -> bool:
    """Tell whether a corner is worth its parameters by the F test, the places tried counted (Bonferroni)."""
    from scipy.stats import f as f_distribution

    size, more = richer.effective, max(richer.parameters - simpler.parameters, 1)
    left = size - richer.parameters
    if left < 1.0:
        return False
    gain = (simpler.rss / richer.rss - 1.0) * left / more
    # Neighbouring places are much the same test: about as many independent ones as the logarithm of the cycles.
    tried = max(1.0, math.log2(richer.residuals.size))
    return bool(f_distribution.sf(gain, more, left) < SURE / tried)


def _profile(
    at: FloatArray, value: FloatArray, places: FloatArray, fixed: tuple[float, ...], rounding: float = 0.0
) -> FloatArray:
    """Return the residual sum of squares for a corner at each of some places, beside corners that are fixed."""
    columns = [np.ones_like(at), at, *(np.maximum(at - place, 0.0) for place in fixed)]
    basis, _ = np.linalg.qr(np.column_stack(columns))
    rest = value - basis @ (basis.T @ value)
    corners = _corner(at[:, None] - places[None, :], rounding)
    size = np.einsum("ij,ij->j", corners, corners)
    corners -= basis @ (basis.T @ corners)
    square = np.einsum("ij,ij->j", corners, corners)
    gain = np.divide((rest @ corners) ** 2, square, out=np.zeros_like(square), where=square > 1e-12 * size)
    floor = value.size * (SMALLEST * float(np.abs(value).max())) ** 2
    return np.asarray(float(rest @ rest) - gain + floor, dtype=np.float64)


def _rounded(at: FloatArray, value: FloatArray, sharp: _Fit) -> _Fit:
    """Return the fit with a rounded corner where that is surely better, else the one that was given."""
    fixed = sharp.places[:-1]
    room = _room(at, fixed[-1] if fixed else None)
    if room is None:
        return sharp
    places = np.linspace(*room, COARSE_GRID)
    roundings = [share * float(at[-1] - at[0]) for share in ROUNDINGS]
    least = [float(_profile(at, value, places, fixed, rounding).min()) for rounding in roundings]
    rounding = roundings[int(np.argmin(least))]
    place = _best_place(at, value, fixed, *room, rounding)
    best = _Fit(at, value, (*fixed, place), rounding)
    if best.rss >= sharp.rss:
        return sharp
    gain = best.effective * math.log(sharp.rss / best.rss)
    return best if gain > ROUNDING_GAIN else sharp


def _room(at: FloatArray, after: float | None = None) -> tuple[float, float] | None:
    """Return the first and last place at which a knee may lie, behind another one."""
    side = max(SHORTEST_SIDE, math.ceil(SHORTEST_SHARE * at.size))
    first = 0 if after is None else int(np.searchsorted(at, after))
    low, high = first + side - 1, at.size - side
    return (float(at[low]), float(at[high])) if low < high else None


def _best(at: FloatArray, value: FloatArray, fixed: tuple[float, ...]) -> _Fit | None:
    """Return the fit with the best corner beside those that are fixed, behind them."""
    room = _room(at, fixed[-1] if fixed else None)
    if room is None:
        return None
    place = _best_place(at, value, fixed, *room)
    return _Fit(at, value, (*fixed, place))


def _best_place(
    at: FloatArray, value: FloatArray, fixed: tuple[float, ...], low: float, high: float, rounding: float = 0.0
) -> float:
    """Return the place between two with the least residuals, in three passes of finer steps."""
    places = np.linspace(low, high, GRID)
    for _ in range(3):
        k = int(np.argmin(_profile(at, value, places, fixed, rounding)))
        places = np.linspace(places[max(k - 1, 0)], places[min(k + 1, places.size - 1)], 21)
    return float(places[int(np.argmin(_profile(at, value, places, fixed, rounding)))])


def _with_run_in(at: FloatArray, value: FloatArray) -> _Fit | None:
    """Return the best three lines of which the first is a run-in: an early loss that slows down, or a gain that ends.

    Both corners are tried on a coarse grid, and then each in turn with the other as it is.
    """
    room = _room(at)
    if room is None:
        return None
    best, least = None, math.inf
    for place in np.linspace(*room, COARSE_GRID):
        behind = _room(at, float(place))
        if behind is None:
            break
        places = np.linspace(*behind, COARSE_GRID)
        rss = _profile(at, value, places, (float(place),))
        k = int(np.argmin(rss))
        if rss[k] < least:
            fit = _Fit(at, value, (float(place), float(places[k])))
            first, second, _ = fit.slopes
            if second > first or first > 0.0:
                best, least = fit, float(rss[k])
    if best is None:
        return None
    run_in, knee = best.places
    step = (room[1] - room[0]) / COARSE_GRID
    for _ in range(4):
        run_in = _best_place(at, value, (knee,), max(run_in - step, room[0]), min(run_in + step, 0.5 * (run_in + knee)))
        knee = _best_place(at, value, (run_in,), max(knee - step, 0.5 * (run_in + knee)), min(knee + step, room[1]))
    fit = _Fit(at, value, (run_in, knee))
    slopes, deviations = fit.slopes, fit.slope_deviations()
    slower = slopes[1] - slopes[0] > 2.0 * math.hypot(deviations[0], deviations[1])
    return fit if slower or slopes[0] > 2.0 * deviations[0] else None


def _interval(at: FloatArray, value: FloatArray, best: _Fit, confidence: float) -> tuple[float | None, float | None]:
    """Return the places at which the residuals are not too much larger, by profile likelihood; None at an open end."""
    from scipy.stats import f as f_distribution

    size = best.effective
    left = max(size - best.parameters, 1.0)
    bound = best.rss * (1.0 + float(f_distribution.ppf(confidence, 1, left)) / left)
    knee, fixed = best.places[-1], best.places[:-1]
    ends: list[float | None] = []
    for edge in (at[0] if not fixed else fixed[-1], at[-1]):
        places, found = np.linspace(knee, edge, GRID)[:-1], None
        for _ in range(2):
            outside = np.flatnonzero(_profiled(at, value, places, best) > bound)
            if outside.size == 0:
                break
            found = float(places[outside[0]])
            places = np.linspace(places[max(int(outside[0]) - 1, 0)], found, 21)
        ends.append(found)
    return ends[0], ends[1]


def _profiled(at: FloatArray, value: FloatArray, places: FloatArray, best: _Fit) -> FloatArray:
    """Return the least residual sum of squares for a knee at each place, wherever a run-in ends and however round."""
    fixed = best.places[:-1]
    roundings = [0.0]
    if best.rounding > 0.0:
        roundings += [factor * best.rounding for factor in (0.5, 0.7, 1.0, 1.4, 2.0)]
    if not fixed:
        found = [_profile(at, value, places, (), rounding) for rounding in roundings]
        return np.asarray(np.min(found, axis=0), dtype=np.float64)
    others = np.linspace(at[1], min(2.0 * fixed[0] - at[0], float(places.min())), COARSE_GRID)
    found = [_profile(at, value, places, (float(other),), best.rounding) for other in (fixed[0], *others)]
    return np.asarray(np.min(found, axis=0), dtype=np.float64)


def _blocks(at: FloatArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    size = math.ceil(at.size / MOST_POINTS)
    whole = at.size // size * size
    # What does not fill a block is at the beginning, where a knee cannot be.
    first = at.size - whole
    return at[first:].reshape(-1, size).mean(axis=1), value[first:].reshape(-1, size).mean(axis=1)


def _outliers(value: FloatArray) -> BoolArray:
    """Tell single cycles that stand apart from their neighbours, as after a rest or a check."""
    found = np.zeros(value.size, dtype=np.bool_)
    if value.size < FEWEST_CYCLES:
        return found
    padded = np.pad(value, 2, mode="reflect", reflect_type="odd")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    away = np.abs(value - middle)
    scale = 1.4826 * float(np.median(np.abs(np.diff(value)))) / math.sqrt(2.0)
    found = away > max(OUTLIER * scale, 1e-9 * float(np.abs(value).max()))
    return found if int(found.sum()) <= 0.1 * value.size else np.zeros(value.size, dtype=np.bool_)
