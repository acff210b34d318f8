"""Soft shorts of a critical-current test: a voltage that falls while the current is raised."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from lithiate.analysis.robust import FloatArray, IntArray

LARGEST_FALL = 0.25
"""The hysteresis may lie below the least expected by this share: a surface that grows takes some per cent."""

SCATTERS = 3.0
"""The fall is beyond the scatter of the cycles when it is larger than this many of its standard deviations."""

SAME_CURRENT = 0.05
"""The current was raised when it grew by more than this share."""

NORMAL_DEVIATION = 1.4826
"""Standard deviation of a normal variable over its median absolute deviation."""


@frozen(kw_only=True)
class SteppedFall:
    """The steps (from 0) before and after a fall, their currents [A] and hysteresis [V], and the least expected [V]."""

    before: int
    after: int
    currents: tuple[float, float]
    hysteresis: tuple[float, float]
    least: float

    @property
    def share(self) -> float:
        """By which share the hysteresis per current fell."""
        per_current = [v / i for v, i in zip(self.hysteresis, self.currents, strict=True)]
        return 1.0 - per_current[1] / per_current[0]


def find_stepped_falls(current: FloatArray, hysteresis: FloatArray, step: IntArray) -> list[SteppedFall]:
    """Find the steps to a higher current at which the hysteresis is too low for any cell that is not shorted.

    Parameters
    ----------
    current : ndarray, shape (c,), A
        Of each cycle, its magnitude.
    hysteresis : ndarray, shape (c,), V
    step : ndarray of int, shape (c,)
        Number of the current step of each cycle.

    Returns
    -------
    list of SteppedFall

    Notes
    -----
    Of an ohmic cell, of Butler-Volmer kinetics (``V ~ asinh(i)``) and of the sum of both, ``dV/d ln i`` never falls and
    never exceeds V. So V of the next step is at least ``V_2 + min(s, V_2) ln(i_3 / i_2)`` with
    ``s = (V_2 - V_1) / ln(i_2 / i_1)`` where the two steps before rose, and at least V_2 where they did not. V/i
    itself cannot tell: it falls as 1/i in the limit of a Tafel line. A fall is told when the median of a step lies
    more than `LARGEST_FALL` and `SCATTERS` standard deviations of its cycles below that, which implies that V/i fell
    by more than `LARGEST_FALL`. Not valid where the temperature rises or the surface grows fast.
    """
    numbers = list(dict.fromkeys(step.tolist()))
    currents = [float(np.median(current[step == n])) for n in numbers]
    values = [float(np.median(hysteresis[step == n])) for n in numbers]
    scatters = [_scatter(hysteresis[step == n]) for n in numbers]
    found = []
    for k in range(1, len(numbers)):
        if not _raised(currents[k - 1], currents[k]):
            continue
        slope = 0.0
        if k > 1 and _raised(currents[k - 2], currents[k - 1]):
            slope = (values[k - 1] - values[k - 2]) / math.log(currents[k - 1] / currents[k - 2])
        slope = min(max(slope, 0.0), values[k - 1])
        least = values[k - 1] + slope * math.log(currents[k] / currents[k - 1])
        scatter = math.hypot(scatters[k - 1], scatters[k])
        if values[k] < (1.0 - LARGEST_FALL) * least and least - values[k] > SCATTERS * scatter:
            found.append(
                SteppedFall(
                    before=numbers[k - 1],
                    after=numbers[k],
                    currents=(currents[k - 1], currents[k]),
                    hysteresis=(values[k - 1], values[k]),
                    least=least,
                )
            )
    return found


def _raised(before: float, after: float) -> bool:
    return after > (1.0 + SAME_CURRENT) * before


def _scatter(values: FloatArray) -> float:
    return NORMAL_DEVIATION * float(np.median(np.abs(values - np.median(values))))
