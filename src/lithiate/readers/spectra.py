"""Impedance spectra as instruments write them: one table for several spectra, rows without a frequency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers.source import RawSpectra


def spectrum_starts(frequency: NDArray[np.float64], counters: Sequence[NDArray[np.float64]] = ()) -> NDArray[np.bool_]:
    """Return which rows (n,) begin a spectrum: a counter changes, or the frequency turns back.

    Within a spectrum the frequency runs one way, most often down; where it steps against that way, or stays, the next
    spectrum begins.
    """
    starts = np.zeros(frequency.shape, dtype=bool)
    starts[:1] = True
    for counter in counters:
        starts[1:] |= np.diff(counter) != 0
    steps = np.sign(np.diff(frequency))
    way = 1.0 if np.count_nonzero(steps > 0) > np.count_nonzero(steps < 0) else -1.0
    starts[1:] |= steps != way
    return starts


def assembled_spectra(
    columns: dict[str, NDArray[np.float64]], starts: NDArray[np.bool_], where: str, *, drop: bool
) -> tuple[RawSpectra, NDArray[np.int64]]:
    """Return the spectra of a table, and the first row of each in the table.

    Rows without a frequency are no points of a spectrum and are left out, and so are spectra of a single point, with a
    warning.

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
        ``LI-READ-008`` when a value is missing, ``LI-READ-009`` when no spectrum is left.
    """
    frequency = columns["frequency"]
    finite = np.isfinite(frequency) & np.isfinite(columns["real"]) & np.isfinite(columns["imaginary"])
    bad = ~finite & (frequency != 0.0)
    if bad.any() and not drop:
        raise ReadError(
            f"a frequency or an impedance is empty or no finite number in {int(bad.sum())} of {bad.size} rows",
            code="LI-READ-008",
            where=where,
            got=f"row {int(np.flatnonzero(bad)[0]) + 1} of the table",
            expected="finite numbers (--set tolerate_bad_rows=true leaves such rows out and counts them)",
        )
    warnings = [f"LI-W-ROWS {int(bad.sum())} of {bad.size} rows were left out, as asked"] if bad.any() else []
    group = np.cumsum(starts) - 1
    keep = ~bad & (np.where(bad, 1.0, frequency) > 0.0)
    counts = np.bincount(group[keep], minlength=1) if keep.any() else np.zeros(1, dtype=np.int64)
    single = counts == 1
    if single.any():
        warnings.append(f"LI-W-SPECTRUM {int(single.sum())} spectra of a single point were left out")
        keep &= ~single[np.minimum(group, counts.size - 1)]
    kept = np.flatnonzero(keep)
    if not kept.size:
        raise ReadError("the table holds no spectrum", code="LI-READ-009", where=where, got="no two rows of one")
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
