"""What ends a step or a test: limits, and the values whose change of sign marks an event."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lithiate._jit import Vector, njit_inner
from lithiate.twin.states import (
    HAZARD,
    OUT_CURRENT,
    OUT_LEAK,
    OUT_LOWEST_SALT,
    OUT_VOLTAGE,
    Q_INTERIOR,
    Q_RESERVOIR,
    Q_TOP,
)

EVENTS = 6
EXHAUSTION_CHARGE = 36.0
"""Lithium [C/m2] below which an electrode counts as exhausted: 1 uAh/cm2."""
DEPLETION_SHARE = 0.02
"""Salt at a face, over the mean, below which the salt counts as depleted; twice what the smooth floor distorts."""
HARD_SHORT_SHARE = 0.5
"""Share of the current through filaments above which a short is hard: it then heats and thickens."""


def no_limits() -> NDArray[np.float64]:
    """Return limits of a step that never happen, (5,).

    In order: voltage along the polarity [V], hazard at which the next soft short is born, share of leaked current above
    which a short is hard, lithium below which the stripped electrode is exhausted [C/m2], current density below which a
    hold ends [A/m2].
    """
    return np.array([np.inf, np.inf, np.inf, -np.inf, -np.inf])


@njit_inner
def common_events(y: Vector, out: Vector, to_limit: float, stripped: int, limits: Vector, values: Vector) -> None:
    """Fill `values` (EVENTS,): each is positive until its event.

    Voltage (`to_limit` is what is left to its limit), lithium of the electrode at the offset `stripped`, salt, hard
    short, current of a hold, birth of a short; limits that are infinite never happen.
    """
    metallic = y[stripped + Q_INTERIOR] + y[stripped + Q_TOP] + y[stripped + Q_RESERVOIR]
    values[0] = to_limit
    if not math.isfinite(out[OUT_VOLTAGE]):
        values[0] = -1.0
    values[1] = (metallic - limits[3]) / EXHAUSTION_CHARGE
    values[2] = out[OUT_LOWEST_SALT] - DEPLETION_SHARE
    values[3] = limits[2] - out[OUT_LEAK]
    values[4] = out[OUT_CURRENT] - limits[4]
    values[5] = limits[1] - y[HAZARD]
