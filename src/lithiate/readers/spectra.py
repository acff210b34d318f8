"""Impedance spectra as instruments write them: one table for several spectra, rows without a frequency, doubts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers.source import RawSpectra, flag_setting

SIGN_SETTING = "invert_imaginary"
"""Setting of every reader of spectra: turn the sign of the imaginary part round."""

_TURN = 1.5
_EQUAL = 1.02
_MOST_POSITIVE = 0.8


def spectrum_starts(frequency: NDArray[np.float64], counters: Sequence[NDArray[np.float64]] = ()) -> NDArray[np.bool_]:
    """Return which rows (n,) begin a spectrum: a counter changes, or the frequency turns back.

    Within a spectrum the frequency runs one way, up or down. It turns back where it jumps against that way by more than
    1.5 times, or goes against it in two steps. A single small step back, and a frequency that stays (within 2 %), are
    points of the same spectrum. Rows whose frequency is 0 or not finite are no points and begin nothing.
    """
    starts = np.zeros(frequency.shape, dtype=bool)
    points = np.flatnonzero(np.isfinite(frequency) & (frequency > 0.0))
    if not points.size:
        starts[:1] = True
        return starts
    forced = np.zeros(points.shape, dtype=bool)
    forced[0] = True
    for counter in counters:
        forced[1:] |= np.diff(counter[points]) != 0
    ratio = np.log(frequency[points][1:]) - np.log(frequency[points][:-1])
    way = np.where(np.abs(ratio) > np.log(_EQUAL), np.sign(ratio), 0.0)
    jump = np.abs(ratio) > np.log(_TURN)
    begins = _begins(forced.tolist(), way.tolist(), jump.tolist())
    starts[points[begins]] = True
    return starts


def _begins(forced: list[bool], way: list[float], jump: list[bool]) -> list[int]:
    """Return the points that begin a spectrum; `way` and `jump` are those of the step to the next point."""
    found = []
    direction = 0.0
    for point, begins in enumerate(forced):
        step = way[point - 1] if point else 0.0
        if begins:
            found.append(point)
            direction = 0.0
        elif step * direction < 0.0 and (jump[point - 1] or _goes_on(way, forced, point, step)):
            # The turning point belongs to the sweep before; a jump leads to the first point of the next one.
            found.append(point)
            direction = 0.0 if jump[point - 1] else step
        elif direction == 0.0:
            direction = step
    return found


def _goes_on(way: list[float], forced: list[bool], point: int, step: float) -> bool:
    return point < len(way) and not forced[point + 1] and way[point] * step > 0.0


def without_frequency(columns: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """Return a warning for rows of a frequency of 0, which are no points; those without an impedance are d.c. rows."""
    there = (columns["frequency"] == 0.0) & ((columns["real"] != 0.0) | (columns["imaginary"] != 0.0))
    count = int(np.count_nonzero(there))
    if not count:
        return []
    return [f"LI-W-ROWS {count} of {there.size} rows have a frequency of 0 and were left out"]


def assembled_spectra(
    columns: Mapping[str, NDArray[np.float64]], starts: NDArray[np.bool_], where: str, *, drop: bool
) -> tuple[RawSpectra, NDArray[np.int64]]:
    """Return the spectra of a table, and the first row of each in the table.

    Rows without a frequency are no points of a spectrum and are left out. So are spectra of fewer than two frequencies,
    with a warning.

    Parameters
    ----------
    columns : mapping of str to (n,) float64
        ``frequency`` [Hz], ``real`` and ``imaginary`` [ohm] (imaginary < 0 capacitive), and ``time`` [s] where the
        table has one.
    starts : (n,) bool
        Rows that begin a spectrum.
    where : str
    drop : bool
        Leave out rows that hold no finite numbers, and say so, in place of an error.

    Raises
    ------
    ReadError
        ``LI-READ-008`` when a value is missing or an impedance is 0, ``LI-READ-009`` when no spectrum is left.
    """
    frequency = columns["frequency"]
    finite = np.isfinite(frequency) & np.isfinite(columns["real"]) & np.isfinite(columns["imaginary"])
    zero = finite & (columns["real"] == 0.0) & (columns["imaginary"] == 0.0)
    bad = (~finite | zero | (frequency < 0.0)) & (frequency != 0.0)
    if bad.any() and not drop:
        row = int(np.flatnonzero(bad)[0])
        what = "a frequency or an impedance is empty or no finite number"
        if finite[row]:
            what = "an impedance is exactly 0" if zero[row] else "a frequency is negative"
        raise ReadError(
            f"{what} in {int(bad.sum())} of {bad.size} rows",
            code="LI-READ-008",
            where=where,
            got=f"row {row + 1} of the table",
            expected="finite numbers, and frequencies above 0 (--set tolerate_bad_rows=true leaves such rows out and "
            "counts them)",
        )
    warnings = [f"LI-W-ROWS {int(bad.sum())} of {bad.size} rows were left out, as asked"] if bad.any() else []
    group = np.cumsum(starts) - 1
    keep = ~bad & (np.where(bad, 1.0, frequency) > 0.0)
    short = _distinct_frequencies(frequency, group, np.flatnonzero(keep)) == 1
    if short.any():
        warnings.append(f"LI-W-SPECTRUM {int(short.sum())} spectra of a single point or frequency were left out")
        keep &= ~short[group]
    kept = np.flatnonzero(keep)
    if not kept.size:
        found = np.unique(frequency[np.isfinite(frequency) & (frequency > 0.0)])
        one = f"all rows have one frequency, {found[0]:.6g} Hz" if found.size == 1 else "no two rows of one"
        raise ReadError("the table holds no spectrum", code="LI-READ-009", where=where, got=one)
    first = np.flatnonzero(np.diff(group[kept], prepend=-1))
    impedance = np.empty(kept.shape, dtype=np.complex128)
    impedance.real, impedance.imag = columns["real"][kept], columns["imaginary"][kept]
    time = columns.get("time")
    time = None if time is None or not np.isfinite(time).any() else time[kept]
    if time is not None and not (np.isfinite(time).all() and bool((np.diff(time) >= 0).all())):
        warnings.append("LI-W-TIME the times of the spectra do not follow one another, so they were left out")
        time = None
    raw = RawSpectra(
        frequency=frequency[kept],
        impedance=impedance,
        offsets=np.append(first, kept.size).astype(np.int64),
        time=time,
        warnings=tuple(warnings),
    )
    return raw, kept[first]


def _distinct_frequencies(
    frequency: NDArray[np.float64], group: NDArray[np.int64], rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many frequencies each group (m,) has in these rows."""
    order = rows[np.lexsort((frequency[rows], group[rows]))]
    new = np.ones(order.shape, dtype=bool)
    new[1:] = (np.diff(frequency[order]) != 0.0) | (np.diff(group[order]) != 0)
    return np.bincount(group[order[new]], minlength=max(int(group.max(initial=0)) + 1, 1))


def judged_spectra(raw: RawSpectra, settings: Mapping[str, str], where: str) -> RawSpectra:
    """Return the spectra with the sign that the caller wants, and warnings for what is doubtful in them.

    ``invert_imaginary=true`` turns the sign of the imaginary part round; a sign is never turned in silence, and with
    ``invert_imaginary=false`` nothing is asked. ``LI-W-SIGN`` for a spectrum whose imaginary part is positive nearly
    throughout, ``LI-W-SPECTRUM`` for negative real parts and for frequencies that stand twice in one spectrum.
    """
    warnings = list(raw.warnings)
    bounds = list(zip(raw.offsets[:-1].tolist(), raw.offsets[1:].tolist(), strict=True))
    if flag_setting(settings, SIGN_SETTING, where):
        raw = evolve(raw, impedance=np.conj(raw.impedance))
    elif SIGN_SETTING not in settings:
        positive = [a for a, b in bounds if np.mean(raw.impedance.imag[a:b] > 0.0) >= _MOST_POSITIVE]
        if positive:
            warnings.append(
                f"LI-W-SIGN the imaginary part is positive, which is inductive, nearly throughout {len(positive)} of "
                f"{len(bounds)} spectra; most cells are capacitive, so the column may hold -Im Z "
                f"(--set {SIGN_SETTING}=true turns its sign round, {SIGN_SETTING}=false says that it is right)"
            )
    negative = int(np.count_nonzero(raw.impedance.real < 0.0))
    if negative:
        warnings.append(
            f"LI-W-SPECTRUM {negative} of {raw.frequency.size} points have a negative real part, as no passive cell"
        )
    twice = [frequency for a, b in bounds for frequency in _repeated(raw.frequency[a:b])]
    if twice:
        warnings.append(
            f"LI-W-SPECTRUM {len(twice)} frequencies stand more than once in one spectrum, the first "
            f"{twice[0]:.6g} Hz; all their points are kept"
        )
    return evolve(raw, warnings=tuple(warnings))


def _repeated(frequency: NDArray[np.float64]) -> list[float]:
    found, counts = np.unique(frequency, return_counts=True)
    return [float(value) for value in found[counts > 1]]
