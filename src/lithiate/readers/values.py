"""Columns of text or numbers to SI arrays: decimal commas, clock texts, step types, cycle counters."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers.columns import SI_UNITS, Choice
from lithiate.readers.text import CLOCK, EMPTY
from lithiate.units import convert

if TYPE_CHECKING:
    import polars as pl

_CLOCK_GROUPS = r"^(?:(\d+)\s*[d-]?\s*)??(\d+):(\d{2}):(\d{2}(?:\.\d+)?)$"
_DISCHARGE = re.compile(r"^d$|dchg|dis|放电|entlad")
_CHARGE = re.compile(r"^c$|chg|charge|充电|laden")
_REST = re.compile(r"^r$|^p$|rest|pause|^ocv$|^opencircuit|^idle$|搁置|静置")
_CLOCK_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y %H:%M:%S",
    "%d-%b-%y %I:%M:%S %p",
)
_EPOCH = datetime(1970, 1, 1)
_UNIT_FACTORS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_CLOCK_TOLERANCE = 0.02


def numbers(series: pl.Series, name: str, *, decimal_comma: bool, drop: bool, where: str) -> NDArray[np.float64]:
    """Return a column as float64, NaN where a cell is empty.

    Raises
    ------
    ReadError
        ``LI-READ-006`` when a cell holds other text, unless `drop` leaves such rows to be dropped.
    """
    import polars as pl

    if series.dtype != pl.String:
        return series.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    plain = series.str.replace(",", ".", literal=True) if decimal_comma else series
    values = plain.cast(pl.Float64, strict=False)
    _refuse_text(series, values, name, drop=drop, where=where)
    return values.fill_null(float("nan")).to_numpy()


def times(series: pl.Series, choice: Choice, *, decimal_comma: bool, drop: bool, where: str) -> NDArray[np.float64]:
    """Return a column of times in s; ``hh:mm:ss``, with days and fractions too, is read whatever the unit says."""
    import polars as pl

    if not is_clock(series):
        values = numbers(series, choice.text, decimal_comma=decimal_comma, drop=drop, where=where)
        return convert(values, choice.unit, SI_UNITS["time"])
    groups = series.str.replace(",", ".", literal=True).str.extract_groups(_CLOCK_GROUPS).struct.unnest()
    days, hours, minutes, seconds = (groups[name].cast(pl.Float64) for name in groups.columns)
    total = days.fill_null(0.0) * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds
    _refuse_text(series, total, choice.text, drop=drop, where=where)
    return total.fill_null(float("nan")).to_numpy()


def is_clock(series: pl.Series) -> bool:
    """Say whether a column of times is text of hours, minutes and seconds, by its first cell that is not empty."""
    import polars as pl

    first = next((text for text in series.head(20) if text), None) if series.dtype == pl.String else None
    return first is not None and CLOCK.fullmatch(first) is not None


def _refuse_text(series: pl.Series, values: pl.Series, name: str, *, drop: bool, where: str) -> None:
    faults = values.is_null() & series.is_not_null() & ~series.str.to_lowercase().is_in(list(EMPTY))
    if faults.any() and not drop:
        row = faults.arg_true()[0]
        raise ReadError(
            f"a cell of the column {name!r} is not a number ({faults.sum()} of {faults.len()} rows)",
            code="LI-READ-006",
            where=where,
            got=f"{series[row]!r} in row {row + 1} of the table",
            expected="numbers (--set tolerate_bad_rows=true leaves such rows out and counts them)",
        )


def cycle_numbers(series: pl.Series) -> NDArray[np.int64] | None:
    """Return a column as the instrument's cycle counter, or None where it is not whole numbers throughout."""
    import polars as pl

    values = series.cast(pl.Float64, strict=False)
    if values.null_count() or not ((values == values.round(0)).all() and values.is_finite().all()):
        return None
    return values.cast(pl.Int64).to_numpy()


def directions(step_types: pl.Series) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return +1 (charge), -1 (discharge) or 0 for every row, and whether it is a rest, from step types in words.

    Each distinct word is judged once, so that long columns cost nothing.
    """
    import polars as pl

    words = step_types.cast(pl.String).fill_null("")
    sign: dict[str, int] = {}
    rest: dict[str, bool] = {}
    for word in words.unique():
        key = re.sub(r"[\s_]+", "", word).lower()
        sign[word] = -1 if _DISCHARGE.search(key) else 1 if _CHARGE.search(key) else 0
        rest[word] = bool(_REST.search(key))
    return (
        words.replace_strict(sign, return_dtype=pl.Int8).to_numpy(),
        words.replace_strict(rest, return_dtype=pl.Boolean).to_numpy(),
    )


def rest_flags(rest: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return row flags with the rest bit where `rest` is true."""
    return np.where(rest, np.uint8(RowFlag.REST), np.uint8(0)).astype(np.uint8)


def check_time_unit(time: NDArray[np.float64], clock: pl.Series, choice: Choice, where: str) -> None:
    """Refuse a time without a unit when the clock column says that it is no second.

    Raises
    ------
    ReadError
        ``LI-READ-005``: Maccor writes minutes under the bare name ``TestTime``.
    """
    span = float(time[-1] - time[0]) if time.size > 1 else 0.0
    if not span > 0:
        return
    first, last = str(clock[0]).strip(), str(clock[-1]).strip()
    elapsed = [b - a for a, b in zip(_instants(first), _instants(last), strict=True)]
    fitting = {
        unit
        for unit, factor in _UNIT_FACTORS.items()
        for seconds in elapsed
        if abs(seconds / (span * factor) - 1.0) < _CLOCK_TOLERANCE
    }
    if fitting and "s" not in fitting:
        raise ReadError(
            f"nothing states the unit of the time column {choice.text!r}, and the clock column says it is not s",
            code="LI-READ-005",
            where=where,
            got=f"{span:.6g} from the first to the last row, between {first} and {last}",
            expected=" or ".join(f"--set time_unit={unit}" for unit in sorted(fitting)),
        )


def _instants(text: str) -> list[float]:
    """Return the instant [s] that a clock text means in each known notation; NaN where it does not fit."""
    found = []
    for notation in _CLOCK_FORMATS:
        try:
            found.append((datetime.strptime(text, notation) - _EPOCH).total_seconds())
        except ValueError:
            found.append(math.nan)
    try:
        found.append(float(text))  # seconds since 1970
    except ValueError:
        found.append(math.nan)
    return found
