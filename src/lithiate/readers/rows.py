"""Rows that cannot be, and records that are not plausible: refused, or left out and counted when asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers.source import RawRecord, flag_setting, number_setting

YEAR = 365.25 * 86400.0
LONGEST_TEST = 10 * YEAR
HIGHEST_VOLTAGE = 100.0
HIGHEST_CURRENT = 1e4
_MOST_BAD_ROWS = 0.05


def checked(raw: RawRecord, settings: Mapping[str, str], where: str) -> RawRecord:
    """Apply the common settings, then refuse bad rows and implausible values.

    Settings: ``time_divisor`` (times are divided by it), ``invert_current``, ``tolerate_bad_rows`` (rows with a value
    that is no number, and rows whose time lies before that of an earlier row, are left out; a warning counts them).

    Raises
    ------
    ReadError
        ``LI-READ-007/008`` for bad rows, ``LI-READ-009`` when fewer than two rows remain, ``LI-READ-010`` for values
        that are not plausible.
    """
    divisor = number_setting(settings, "time_divisor", where)
    if divisor is not None:
        raw = raw.changed(f"LI-W-TIME times were divided by {divisor:g}, as asked", time=raw.time / divisor)
    if flag_setting(settings, "invert_current", where):
        raw = raw.changed("LI-W-SIGN the sign of the current was inverted, as asked", **_inverted(raw))
    raw = _without_bad_rows(raw, drop=flag_setting(settings, "tolerate_bad_rows", where), where=where)
    _require_plausible(raw, where)
    return raw


def _inverted(raw: RawRecord) -> dict[str, NDArray[np.float64]]:
    # Taken from zero, and not negated: the 0.0 of a rest stays 0.0.
    arrays = {"current": raw.current, "current_density": raw.current_density}
    return {name: 0.0 - array for name, array in arrays.items() if array is not None}


def _without_bad_rows(raw: RawRecord, *, drop: bool, where: str) -> RawRecord:
    bad = np.zeros(raw.time.shape, dtype=bool)
    for name in ("time", "voltage", "current", "current_density", "electrode_potential"):
        values = getattr(raw, name)
        if values is None:
            continue
        faults = ~np.isfinite(values)
        if faults.any() and not drop:
            code = "LI-READ-007" if name == "time" else "LI-READ-008"
            raise _bad_rows(f"the {name.replace('_', ' ')} is empty or no finite number", faults, code, where)
        bad |= faults
    falls = _falls(raw.time, bad)
    if falls.any() and not drop:
        raise _bad_rows("the time lies before that of an earlier row", falls, "LI-READ-007", where)
    bad |= falls
    if not bad.any():
        return raw
    if falls.sum() > max(_MOST_BAD_ROWS * bad.size, 1):
        raise ReadError(
            "too many times lie before those of earlier rows to leave them out: the record starts anew within the "
            "file, or one time is far too high",
            code="LI-READ-007",
            where=where,
            got=f"{int(falls.sum())} of {bad.size} rows",
            expected="one record, in the order of its times",
        )
    return _kept(raw, ~bad)


def _falls(time: NDArray[np.float64], bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the rows whose time lies before that of any earlier good row."""
    if not bad.any() and not (np.diff(time) < 0).any():  # nearly every record; half the cost of what follows
        return bad
    return ~bad & (time < np.maximum.accumulate(np.where(bad, -np.inf, time)))


def _kept(raw: RawRecord, keep: NDArray[np.bool_]) -> RawRecord:
    names = ("time", "voltage", "current", "current_density", "electrode_potential", "vendor_cycle_number", "row_flags")
    arrays = {name: getattr(raw, name)[keep] for name in names if getattr(raw, name) is not None}
    dropped = np.flatnonzero(~keep)
    text = f"LI-W-ROWS {dropped.size} of {keep.size} rows were left out, as asked ({_row_numbers(~keep)})"
    return evolve(raw, warnings=(*raw.warnings, text), **arrays)


def _row_numbers(mask: NDArray[np.bool_]) -> str:
    rows = np.flatnonzero(mask) + 1
    shown = ", ".join(str(row) for row in rows[:5])
    return f"row{'s' if rows.size > 1 else ''} {shown}{' ...' if rows.size > 5 else ''} of the table"


def _bad_rows(what: str, mask: NDArray[np.bool_], code: str, where: str) -> ReadError:
    count = int(mask.sum())
    return ReadError(
        f"{what} in {count} of {mask.size} rows",
        code=code,
        where=where,
        got=_row_numbers(mask),
        expected="finite numbers in order of time (--set tolerate_bad_rows=true leaves such rows out and counts them)",
    )


def _require_plausible(raw: RawRecord, where: str) -> None:
    if raw.time.size < 2:
        raise ReadError(
            "a cycling record needs at least two rows", code="LI-READ-009", where=where, got=f"{raw.time.size} rows"
        )
    span = float(raw.time[-1] - raw.time[0])
    if span > LONGEST_TEST:
        raise _implausible(
            f"the test lasts {span / YEAR:.3g} years",
            f"less than {LONGEST_TEST / YEAR:g} years; seconds that a converter took for hours are corrected by "
            "--set time_divisor=3600, other units by --set time_unit=UNIT where the format has no unit",
            where,
        )
    if span == 0.0:
        raise _implausible("the time never advances", "times of a test", where)
    size = np.abs(raw.voltage)
    level = float(np.median(size)) if size.max() > HIGHEST_VOLTAGE else 0.0
    if level > HIGHEST_VOLTAGE:
        raise _implausible(
            f"the median |voltage| is {level:.4g} V",
            f"less than {HIGHEST_VOLTAGE:g} V; if the numbers are millivolt, --set voltage_unit=mV",
            where,
        )
    strongest = 0.0 if raw.current is None else float(np.abs(raw.current).max())
    if strongest > HIGHEST_CURRENT:
        raise _implausible(
            f"the current reaches {strongest:.4g} A",
            f"less than {HIGHEST_CURRENT:g} A; if the numbers are milliampere, --set current_unit=mA",
            where,
        )


def _implausible(got: str, expected: str, where: str) -> ReadError:
    return ReadError("the record is not plausible", code="LI-READ-010", where=where, got=got, expected=expected)
