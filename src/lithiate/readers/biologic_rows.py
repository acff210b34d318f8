"""What the rows of BioLogic's tables mean, binary or text: spectra, d.c. rows among them, a current from the charge."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lithiate.readers.values import LARGEST_COUNTER

DERIVED = "LI-W-CURRENT the file has no current: it is derived from dq/dt, and 0 in the first row"
_TURN = 1.5


def spectrum_starts(
    frequency: NDArray[np.float64], counters: Sequence[NDArray[np.float64]], loops: Sequence[int]
) -> NDArray[np.bool_]:
    """Return which rows (n,) begin a spectrum.

    A loop begins, a counter (cycle, z cycle, sequence) changes, or the frequency turns back by more than 1.5 times.
    Counters alone are not enough: BT-Lab leaves the cycle number at 0, and not every file lists its loops.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        0 in d.c. rows, which are no points of a spectrum and no turn of the frequency.
    counters : sequence of (n,) float64
    loops : sequence of int
        First row of each loop.
    """
    starts = np.zeros(frequency.shape, dtype=bool)
    rows = np.flatnonzero(frequency != 0.0)
    points = np.zeros(rows.shape, dtype=bool)
    points[:1] = True
    for counter in counters:
        count = counter[rows]
        points[1:] |= count[1:] != count[:-1]
    firsts = [row for row in loops if row < starts.size]
    places = np.searchsorted(rows, firsts)
    points[places[places < rows.size]] = True
    # What lies between two such starts runs one way, most often down.
    for first, last in pairwise([*np.flatnonzero(points).tolist(), rows.size]):
        points[first:last] |= _turns(frequency[rows[first:last]])
    starts[rows[points]] = True
    return starts


def _turns(frequency: NDArray[np.float64]) -> NDArray[np.bool_]:
    turns = np.zeros(frequency.shape, dtype=bool)
    before, after = frequency[:-1], frequency[1:]
    upwards = np.count_nonzero(after > before) > np.count_nonzero(after < before)
    with np.errstate(over="ignore"):
        turns[1:] = before > _TURN * after if upwards else after > _TURN * before
    return turns


def cycles_before(counter: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Return the complete cycles before each spectrum, None where the instrument's counter never left its start."""
    if not (np.isfinite(counter).all() and counter.min() >= 0.0 and 1.0 < counter.max() < LARGEST_COUNTER):
        return None
    return (counter - (1.0 if counter.min() >= 1.0 else 0.0)).astype(np.int64)


def direct_rows(frequency: NDArray[np.float64], time: NDArray[np.float64] | None) -> NDArray[np.bool_] | None:
    """Return which rows (n,) of a table with spectra are d.c. rows, None where those are no record.

    A record has two rows at least and goes on in time; a single row without a frequency is what EC-Lab may write
    between two spectra.
    """
    direct: NDArray[np.bool_] = frequency == 0.0
    if time is None or np.count_nonzero(direct) < 2:
        return None
    times = time[direct]
    return direct if times.max() > times.min() else None


def derived_current(time: NDArray[np.float64], charge: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the current [A] of rows (n,) that hold the charge [C] since the row before, at times [s].

    ``I = dq / (t - t of the row before)``, 0 in the first row, as EC-Lab's export of the same files has it. Where two
    rows have one time, the second takes the current of the first.
    """
    current = np.zeros(time.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        step = np.diff(time)
    moves = step > 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        np.divide(charge[1:], step, out=current[1:], where=moves)
    if not moves.all():
        last = np.maximum.accumulate(np.where(np.append(True, moves), np.arange(time.size), 0))
        current = current[last]
    return current
