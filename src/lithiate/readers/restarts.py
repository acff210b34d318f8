"""Times that begin anew within one file, as when a test was started again and its rows were appended."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_NEAR = 0.2
_JUMP = 0.5


def restarts(time: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rows (m,) at which times (n,) [s] begin anew: they fall to near the first one, and rise again.

    A time that falls for a few rows and then jumps back to where it was (a row of zeros) is a bad row, and no restart.
    Times that are not finite are passed over.
    """
    rows = np.flatnonzero(np.isfinite(time))
    known = time[rows]
    falls = np.flatnonzero(np.diff(known) < 0.0) + 1
    ends = np.append(falls, known.size)
    found = [first for first, last in pairwise(ends.tolist()) if _begins_anew(known, first, last)]
    return rows[np.array(found, dtype=np.int64)]


def _begins_anew(time: NDArray[np.float64], first: int, last: int) -> bool:
    before, part = time[first - 1], time[first:last]
    height = before - part[0]
    if part[0] - time[0] > _NEAR * height or not part[-1] > part[0]:
        return False
    passes = (part[:-1] < before) & (part[1:] >= before)
    return not bool((np.diff(part)[passes] > _JUMP * height).any())


def without_restarts(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return times (n,) [s] in which each restart is moved to begin where the rows before it end."""
    starts = restarts(time)
    if not starts.size:
        return time
    shift = np.zeros(time.shape)
    rows = np.flatnonzero(np.isfinite(time))
    before = rows[np.searchsorted(rows, starts) - 1]
    shift[starts] = time[before] - time[starts]
    return np.asarray(time + np.cumsum(shift))
