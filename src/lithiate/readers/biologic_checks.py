"""What must hold in a BioLogic ``.mpr`` table that was decoded rightly: each check gives the words of its failure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_MOST_SEQUENCES = 1000
_IMPEDANCE_MISFIT = 1e-6
_PHASE_MISFIT = 1e-4
_CHARGE_MISFIT = 1e-5
_RANGE_MARGIN = 0.05

CHECKED = (1, 4, 6, 7, 13, 32, 35, 36, 37, 38, 131, 174, 468)
"""Ids of the columns that the checks look at."""

Columns = Mapping[int, NDArray[np.float64]]


def failed_checks(columns: Columns, control_range: tuple[float, float] | None) -> list[str]:
    """Return what is wrong, one text a check; empty for every sound file.

    Parameters
    ----------
    columns : mapping of int to (n,) float64
        Columns by id in SI, those of `CHECKED` that the table has; n >= 1.
    control_range : (float, float) or None, V
        Range of Ewe from the log.
    """
    checks = (
        _time(columns),
        _mode(columns),
        _impedance(columns),
        _range(columns, control_range),
        _charge(columns),
        _half_cycle(columns),
        _sequence(columns),
    )
    return [text for text in checks if text is not None]


def _time(columns: Columns) -> str | None:
    time = columns.get(4)
    if time is None:
        return None
    if not np.isfinite(time).all():
        return "a time is no finite number"
    if time.min() < 0.0:
        return f"a time is {time.min():g} s"
    return "the time decreases" if (time[1:] < time[:-1]).any() else None


def _mode(columns: Columns) -> str | None:
    mode = columns.get(1)
    return "a control mode is none of 1, 2, 3" if mode is not None and (mode == 0.0).any() else None


def _impedance(columns: Columns) -> str | None:
    if not all(number in columns for number in (32, 36, 37, 38)):
        return None
    points = columns[32] > 0.0
    modulus, real, minus_imaginary = (columns[number][points] for number in (36, 37, 38))
    with np.errstate(invalid="ignore", over="ignore"):
        misfit = np.abs(np.hypot(real, minus_imaginary) - modulus)
        if not (misfit <= _IMPEDANCE_MISFIT * np.abs(modulus)).all():
            return "|Z| is not the modulus of Re(Z) and Im(Z)"
        if 35 not in columns:
            return None
        turn = np.angle(np.exp(1j * (columns[35][points] + np.arctan2(minus_imaginary, real))))
    fits = (np.abs(turn) <= _PHASE_MISFIT) | (modulus == 0.0)
    return None if fits.all() else "the phase is not that of Re(Z) and Im(Z)"


def _range(columns: Columns, control_range: tuple[float, float] | None) -> str | None:
    potential = columns.get(6, columns.get(174))
    if potential is None or control_range is None:
        return None
    low, high = control_range
    margin = _RANGE_MARGIN * (high - low)
    if low - margin <= potential.min() and potential.max() <= high + margin:
        return None
    return f"Ewe leaves its control range of {low:g} to {high:g} V: {potential.min():g} to {potential.max():g} V"


def _charge(columns: Columns) -> str | None:
    if not (7 in columns and 13 in columns):
        return None
    charge = columns[13]
    with np.errstate(invalid="ignore", over="ignore"):
        sums = np.cumsum(columns[7])
        sums -= charge
        # A file of linked techniques may go on from the charge of the one before.
        sums -= sums[0]
        scale = max(float(charge.max()), -float(charge.min()))
        fits = max(float(sums.max()), -float(sums.min())) <= _CHARGE_MISFIT * scale
    return None if fits else "the increments of charge do not add up to (Q-Qo)"


def _half_cycle(columns: Columns) -> str | None:
    half = columns.get(468)
    return "the half cycle decreases" if half is not None and (half[1:] < half[:-1]).any() else None


def _sequence(columns: Columns) -> str | None:
    sequence = columns.get(131)
    if sequence is None or sequence.max() < _MOST_SEQUENCES:
        return None
    return f"the number of a sequence is {sequence.max():.0f}"
