"""Sudden changes of a series that drifts and whose scatter is correlated, at a stated rate of false alarms.

The statistic is a likelihood ratio for a step, with medians for means: the median of some values before a place less
that of some after it. It is judged against the same statistic everywhere else in the record, so that slow drift,
correlation and the size of the scatter calibrate themselves. How often it passes a threshold where nothing happened
was measured on a null model (`docs/measure_short_false_alarms.py`) and stands here as a table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from attrs import frozen

from lithiate.analysis.robust import BoolArray, FloatArray, IntArray, successive_scatter

BEFORE = 6
"""Values before a change whose median is compared."""

AFTER = (2, 6)
"""Values after it: the first finds what heals soon, the second what is small and lasts."""

LEAST_VALUES = 32
"""Fewer values cannot show what their scatter is."""

_NEAR = 3
"""Of candidates within so many values the largest counts."""

_DRIFT_HALF_WIDTH = 60
"""Values to each side that tell the drift, and 30 the local scatter."""

_MAD_TO_SIGMA = 1.4826

_MEDIAN_VARIANCE = {2: 0.5, 6: 0.215}
"""Variance of the median of so many independent normal values, over that of one (David and Nagaraja 2003, 3.2)."""

NULL_SIZES = (32, 48, 96, 300, 1000)
"""Numbers of values for which the null model was run."""

NULL_ALARMS = (10.0, 3.0, 1.0, 0.3, 0.1)
"""False alarms in 1,000 values of the columns of `NULL_SCORES`."""

NULL_SCORES: tuple[tuple[float, ...], ...] = (
    (4.8, 7.5, 10.1, 14.9, 17.9),
    (4.0, 6.2, 8.0, 10.2, 13.0),
    (2.5, 3.6, 4.6, 5.8, 7.3),
    (2.4, 3.2, 3.9, 4.8, 5.6),
    (2.4, 3.1, 3.8, 4.6, 5.4),
)
"""Score that the worst null model passes so often: one row for each of `NULL_SIZES`."""


@frozen
class Fall:
    """One of `Falls`."""

    position: int
    size: float
    score: float
    after: int


@frozen(eq=False)
class Falls:
    """Places where a series falls: position of the first value after, size of the fall, score and window after it."""

    position: IntArray
    size: FloatArray
    score: FloatArray
    after: IntArray

    def __len__(self) -> int:
        return int(self.position.size)

    def __iter__(self) -> Iterator[Fall]:
        for row in zip(self.position, self.size, self.score, self.after, strict=True):
            yield Fall(int(row[0]), float(row[1]), float(row[2]), int(row[3]))

    def only(self, keep: BoolArray | IntArray) -> Falls:
        """Return some of them."""
        return Falls(self.position[keep], self.size[keep], self.score[keep], self.after[keep])


def find_falls(values: FloatArray, *, least: float, false_alarms_per_1000: float) -> Falls:
    """Find sudden falls of a series.

    Parameters
    ----------
    values : (n,) float64
        Evenly spaced in what they stand for; a logarithm where changes are shares.
    least : float
        Smaller falls are no event, however sure they are.
    false_alarms_per_1000 : float
        Accepted in 1,000 values without a fall, by the null model.

    Returns
    -------
    Falls
        In order of position; none in fewer than `LEAST_VALUES` values.
    """
    if values.size < LEAST_VALUES:
        return Falls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    scored = score_falls(values, least=least)
    found = scored.only(scored.score >= score_threshold(values.size, false_alarms_per_1000))
    position = [_least_squares_step(values, fall) for fall in found]
    return Falls(np.array(position, dtype=np.int64), found.size, found.score, found.after)


def _least_squares_step(values: FloatArray, fall: Fall) -> int:
    """Return where two levels fit best around a fall: medians of six do not move by two values at their edge."""
    first = fall.position - BEFORE
    window = values[first : fall.position + fall.after]
    split = np.arange(1, window.size)
    before = np.cumsum(window)[:-1]
    after = float(window.sum()) - before
    explained = before**2 / split + after**2 / (window.size - split)
    explained[before / split <= after / (window.size - split)] = -np.inf
    return first + int(split[int(np.argmax(explained))])


def score_threshold(size: int, false_alarms_per_1000: float) -> float:
    """Return the score that is passed so often in 1,000 values of series of a `size` without a fall.

    Between the sizes and rates of the table by straight lines in their logarithms; beyond its rates by the last line.
    """
    column = [float(np.interp(math.log(size), np.log(NULL_SIZES), row)) for row in zip(*NULL_SCORES, strict=True)]
    rate = math.log(false_alarms_per_1000)
    known = np.log(NULL_ALARMS)
    place = int(np.clip(np.searchsorted(-known, -rate) - 1, 0, known.size - 2))
    slope = (column[place + 1] - column[place]) / (known[place + 1] - known[place])
    return float(column[place] + slope * (rate - known[place]))


def score_falls(values: FloatArray, *, least: float = 0.0) -> Falls:
    """Return the falls of at least `least` with their scores, the larger of two that are near one another alone.

    The score is the fall less the usual one nearby (the drift), over the robust scatter of falls in the rest of the
    record, times how much larger the scatter is nearby than in the record.
    """
    found = [_window_falls(values, after, least) for after in AFTER]
    joined = Falls(
        np.concatenate([falls.position for falls in found]),
        np.concatenate([falls.size for falls in found]),
        np.concatenate([falls.score for falls in found]),
        np.concatenate([falls.after for falls in found]),
    )
    kept: list[int] = []
    for place in np.argsort(-joined.score, kind="stable"):
        if all(abs(int(joined.position[place] - joined.position[other])) > BEFORE for other in kept):
            kept.append(int(place))
    chosen = np.array(kept, dtype=np.int64)
    return joined.only(chosen[np.argsort(joined.position[chosen])])


def _window_falls(values: FloatArray, after: int, least: float) -> Falls:
    """Return the falls from the median of `BEFORE` values to that of `after` values."""
    before_median = _sliding_median(values, BEFORE)
    fall = before_median[: values.size - BEFORE - after + 1] - _sliding_median(values, after)[BEFORE:]
    candidates = _peaks(fall, least)
    step = np.abs(values[2:] - values[:-2])
    usual_step = max(float(np.median(step)), 1e-12)
    drift = running_median(fall, _DRIFT_HALF_WIDTH)
    unusual = fall - drift
    reach = BEFORE + after
    # Never below what independent values would give: short records hold few places to compare with.
    independent = successive_scatter(values) * math.sqrt(_MEDIAN_VARIANCE[BEFORE] + _MEDIAN_VARIANCE[after])
    scores = np.zeros(candidates.size)
    for number, place in enumerate(candidates):
        apart = np.abs(np.arange(fall.size) - place) >= reach
        if not apart.any():
            apart[:] = True
        near = apart.copy()
        near[: max(place - reach - _DRIFT_HALF_WIDTH, 0)] = False
        near[place + reach + _DRIFT_HALF_WIDTH :] = False
        centre = float(np.median(fall[near] if near.any() else fall[apart]))
        scatter = max(_MAD_TO_SIGMA * float(np.median(np.abs(unusual[apart]))), independent)
        middle = place + BEFORE
        local = step[max(middle - _DRIFT_HALF_WIDTH // 2, 0) : middle + _DRIFT_HALF_WIDTH // 2]
        louder = max(float(np.median(local)) / usual_step, 1.0)
        scores[number] = (fall[place] - centre) / max(scatter * louder, 1e-9)
    return Falls(candidates + BEFORE, fall[candidates], scores, np.full(candidates.size, after, dtype=np.int64))


def _sliding_median(values: FloatArray, width: int) -> FloatArray:
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=1), dtype=np.float64)


def running_median(values: FloatArray, half_width: int) -> FloatArray:
    """Return the median (n,) of each value and its neighbours; the windows of both ends stay within the series."""
    width = min(2 * half_width + 1, values.size)
    medians = _sliding_median(values, width)
    first = np.clip(np.arange(values.size) - width // 2, 0, medians.size - 1)
    return medians[first]


def _peaks(fall: FloatArray, least: float) -> IntArray:
    """Return where a fall is positive, at least `least`, and not below any other within a few values."""
    padded = np.pad(fall, _NEAR, constant_values=-np.inf)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEAR + 1).max(axis=1)
    return np.flatnonzero((fall >= max(least, 1e-12)) & (fall == highest))
