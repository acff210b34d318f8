"""Rows that cannot be, and records that are not plausible: refused, or left out and counted when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers.restarts import restarts, without_restarts
from lithiate.readers.source import RawRecord, converted_times, flag_setting

YEAR = 365.25 * 86400.0
LONGEST_TEST = 10 * YEAR
HIGHEST_VOLTAGE = 10.0
HIGHEST_CURRENT = 1e4
LONGEST_STEP = 3600.0
"""Where half of the steps between rows last longer [s], the times may have been multiplied."""

_FEW_ROWS = 20
_MOST_BAD_ROWS = 0.05
_SHARE_BEFORE_HALF = 0.05


def checked(raw: RawRecord, settings: Mapping[str, str], where: str) -> RawRecord:
    """Apply the common settings, then refuse bad rows and implausible values.

    Settings: ``invert_current``, ``tolerate_bad_rows`` (rows with a value that is no number, and rows whose time lies
    before that of an earlier row, are left out; a warning counts them), ``join_restarts`` (where the time begins anew
    within the file, the rows from there on are moved to begin where those before them end), ``time_unit=s`` (where the
    times as read would last longer than any test, or half of the rows lie more than 1 h apart, the seconds of the
    instrument were multiplied by 3600 by a converter, and are divided).

    Raises
    ------
    ReadError
        ``LI-READ-007/008`` for bad rows, ``LI-READ-009`` when fewer than two rows remain, ``LI-READ-010`` for values
        that are not plausible.
    """
    raw = _with_seconds_of_instrument(raw, settings)
    if flag_setting(settings, "invert_current", where):
        raw = raw.changed("LI-W-SIGN the sign of the current was inverted, as asked", **_inverted(raw))
    if flag_setting(settings, "join_restarts", where):
        raw = _with_joined_restarts(raw)
    raw = _without_bad_rows(raw, drop=flag_setting(settings, "tolerate_bad_rows", where), where=where)
    _require_plausible(raw, where)
    return _with_step_warning(raw, settings)


def _with_seconds_of_instrument(raw: RawRecord, settings: Mapping[str, str]) -> RawRecord:
    finite = raw.time[np.isfinite(raw.time)]
    if settings.get("time_unit") != "s" or not finite.size:
        return raw
    if float(np.ptp(finite)) <= LONGEST_TEST:
        step = float(np.median(np.diff(finite))) if finite.size > _FEW_ROWS else 0.0
        if step <= LONGEST_STEP:
            return raw
        evidence = f"as read half of the rows lie more than {step / 3600.0:.4g} h apart"
        return raw.changed(converted_times(3600.0, evidence), time=raw.time / 3600.0)
    if float(np.median(finite) - finite.min()) < _SHARE_BEFORE_HALF * LONGEST_TEST:
        return raw  # a few times are far too high: no factor of all
    years = float(np.ptp(finite)) / YEAR
    return raw.changed(converted_times(3600.0, f"as read the test lasts {years:.3g} years"), time=raw.time / 3600.0)


def _inverted(raw: RawRecord) -> dict[str, NDArray[np.float64]]:
    # Taken from zero, and not negated: the 0.0 of a rest stays 0.0.
    arrays = {"current": raw.current, "current_density": raw.current_density}
    return {name: 0.0 - array for name, array in arrays.items() if array is not None}


def _with_joined_restarts(raw: RawRecord) -> RawRecord:
    starts = restarts(raw.time)
    if not starts.size:
        return raw
    mask = np.zeros(raw.time.shape, dtype=bool)
    mask[starts] = True
    text = (
        f"LI-W-TIME the time begins anew {_times(starts.size)} within the file ({_row_numbers(mask, raw.line)}): as "
        "asked, each part was moved to begin where the rows before it end; what passed between them is not in the file"
    )
    return raw.changed(text, time=without_restarts(raw.time))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _require_no_restarts(raw: RawRecord, where: str) -> None:
    starts = restarts(raw.time)
    if not starts.size:
        return
    mask = np.zeros(raw.time.shape, dtype=bool)
    mask[starts] = True
    raise ReadError(
        f"the time begins anew {_times(starts.size)} within the file",
        code="LI-READ-007",
        where=where if raw.line is None else f"{where}:{raw.line(int(starts[0]))}",
        got=_row_numbers(mask, raw.line),
        expected="one record, in the order of its times (--set join_restarts=true moves each part to begin where the "
        "rows before it end)",
    )


def _without_bad_rows(raw: RawRecord, *, drop: bool, where: str) -> RawRecord:
    bad = np.zeros(raw.time.shape, dtype=bool)
    for name in ("time", "voltage", "current", "current_density", "electrode_potential"):
        values = getattr(raw, name)
        if values is None:
            continue
        faults = ~np.isfinite(values)
        if faults.any() and not drop:
            code = "LI-READ-007" if name == "time" else "LI-READ-008"
            what = f"the {name.replace('_', ' ')} is empty or no finite number"
            raise _bad_rows(what, faults, code, where, raw.line)
        bad |= faults
    falls = _falls(raw.time, bad)
    if falls.any() and not drop:
        _require_no_restarts(raw, where)
        zero = bool((raw.time[falls] == 0.0).all())
        what = f"the time {'is 0 and ' if zero else ''}lies before that of an earlier row"
        raise _bad_rows(what, falls, "LI-READ-007", where, raw.line)
    bad |= falls
    if not bad.any():
        return raw
    if falls.sum() > max(_MOST_BAD_ROWS * bad.size, 1):
        _require_no_restarts(raw, where)
        raise ReadError(
            "too many times lie before those of earlier rows to leave them out: the rows are not in the order of their "
            "times, or one time is far too high",
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
    count = int((~keep).sum())
    text = f"LI-W-ROWS {count} of {keep.size} rows were left out, as asked ({_row_numbers(~keep, raw.line)})"
    return evolve(raw, warnings=(*raw.warnings, text), line=None, **arrays)


def _row_numbers(mask: NDArray[np.bool_], line: Callable[[int], int] | None) -> str:
    rows = np.flatnonzero(mask)
    many, more = "s" if rows.size > 1 else "", " ..." if rows.size > 5 else ""
    text = f"row{many} {', '.join(str(row + 1) for row in rows[:5])}{more} of the table"
    if line is None:
        return text
    return f"{text}, line{many} {', '.join(str(line(int(row))) for row in rows[:5])}{more} of the file"


def _bad_rows(
    what: str, mask: NDArray[np.bool_], code: str, where: str, line: Callable[[int], int] | None
) -> ReadError:
    first = int(np.flatnonzero(mask)[0])
    return ReadError(
        f"{what} in {int(mask.sum())} of {mask.size} rows",
        code=code,
        where=where if line is None else f"{where}:{line(first)}",
        got=_row_numbers(mask, line),
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
            f"less than {LONGEST_TEST / YEAR:g} years; --set time_unit=s says that the instrument's were seconds, "
            "whatever a converter or a heading made of them",
            where,
        )
    if span == 0.0:
        raise _implausible("the time never advances", "times of a test", where)
    size = np.abs(raw.voltage)
    level = float(np.median(size)) if size.max() > HIGHEST_VOLTAGE else 0.0
    if level > HIGHEST_VOLTAGE:
        raise _implausible(
            f"the median |voltage| is {level:.4g} V",
            f"less than {HIGHEST_VOLTAGE:g} V, as of a lithium cell; if the numbers are millivolt, whatever the "
            "heading says, --set voltage_unit=mV",
            where,
        )
    strongest = 0.0 if raw.current is None else float(np.abs(raw.current).max())
    if strongest > HIGHEST_CURRENT:
        raise _implausible(
            f"the current reaches {strongest:.4g} A",
            f"less than {HIGHEST_CURRENT:g} A; if the numbers are milliampere, --set current_unit=mA",
            where,
        )


def _with_step_warning(raw: RawRecord, settings: Mapping[str, str]) -> RawRecord:
    step = float(np.median(np.diff(raw.time)))
    if raw.time.size <= _FEW_ROWS or step <= LONGEST_STEP or "time_unit" in settings:
        return raw
    return raw.changed(
        f"LI-W-TIME half of the rows lie more than {step / 3600.0:.4g} h apart: the times may have been multiplied; "
        "--set time_unit=s says that the instrument's were seconds, whatever a heading or a converter made of them"
    )


def _implausible(got: str, expected: str, where: str) -> ReadError:
    return ReadError("the record is not plausible", code="LI-READ-010", where=where, got=got, expected=expected)
