"""Whether current charges a cell, told from its voltage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def voltage_follows_current(voltage: FloatArray, current: FloatArray) -> bool:
    """Say whether the voltage rises while current > 0 flows and falls while current < 0 flows.

    Parameters
    ----------
    voltage, current : ndarray, shape (n,), V, A
        Row by row. From one row of a sign to the next the rises must outnumber the falls, or the falls the rises, which
        is the median sign of the change; rows that repeat the voltage before them do not count.

    Returns
    -------
    bool
        False as well where current of a sign flows in no two neighbouring rows. Not valid where noise from row to row
        outweighs the slope, or for a flat profile.
    """
    change = np.sign(np.diff(voltage))
    balance = [float(change[(sign * current[1:] > 0.0) & (sign * current[:-1] > 0.0)].sum()) for sign in (1.0, -1.0)]
    return balance[0] > 0.0 and balance[1] < 0.0
