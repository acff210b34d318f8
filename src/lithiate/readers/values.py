"""Columns of text or numbers to SI arrays: decimal commas, clock texts, step types, cycle counters."""

from __future__ import annotations

import re
from collections.abc import Callable
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

LARGEST_COUNTER = 2.0**53
"""Whole numbers below this are whole in a float64 too."""

_CLOCK_GROUPS = r"^(?:(\d+)\s*[d-]?\s*)??(\d+):(\d{2}):(\d{2}(?:\.\d+)?)$"
_DISCHARGE = re.compile(r"^d$|dchg|dis|放电|entlad")
_CHARGE = re.compile(r"^c$|chg|charge|充电|laden")
_REST = re.compile(r"^r$|^p$|rest|pause|^ocv$|^opencircuit|^idle$|搁置|静置")


Lines = Callable[[int], int]
"""Gives the line of the file, from 1, of a row of the table, from 0."""


def numbers(
    series: pl.Series, name: str, *, decimal_comma: bool, drop: bool, where: str, line: Lines | None = None
) -> NDArray[np.float64]:
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
    _refuse_text(series, values, name, drop=drop, where=where, line=line)
    return values.fill_null(float("nan")).to_numpy()


def times(
    series: pl.Series, choice: Choice, *, decimal_comma: bool, drop: bool, where: str, line: Lines | None = None
) -> NDArray[np.float64]:
    """Return a column of times in s; ``hh:mm:ss``, with days and fractions too, is read whatever the unit says."""
    import polars as pl

    if series.dtype == pl.Duration:
        return series.dt.total_microseconds().cast(pl.Float64).fill_null(float("nan")).to_numpy() / 1e6
    if not is_clock(series):
        values = numbers(series, choice.text, decimal_comma=decimal_comma, drop=drop, where=where, line=line)
        return convert(values, choice.unit, SI_UNITS["time"])
    groups = series.str.replace(",", ".", literal=True).str.extract_groups(_CLOCK_GROUPS).struct.unnest()
    days, hours, minutes, seconds = (groups[name].cast(pl.Float64) for name in groups.columns)
    total = days.fill_null(0.0) * 86400.0 + hours * 3600.0 + minutes * 60.0 + seconds
    _refuse_text(series, total, choice.text, drop=drop, where=where, line=line)
    return total.fill_null(float("nan")).to_numpy()


def is_clock(series: pl.Series) -> bool:
    """Say whether a column of times is text of hours, minutes and seconds, by its first cell that is not empty."""
    import polars as pl

    first = next((text for text in series.head(20) if text), None) if series.dtype == pl.String else None
    return first is not None and CLOCK.fullmatch(first) is not None


def _refuse_text(
    series: pl.Series, values: pl.Series, name: str, *, drop: bool, where: str, line: Lines | None
) -> None:
    faults = values.is_null() & series.is_not_null()
    if drop or not faults.any():
        return
    faults &= ~series.str.to_lowercase().is_in(list(EMPTY))
    if faults.any():
        row = faults.arg_true()[0]
        raise ReadError(
            f"a cell of the column {name!r} is not a number ({faults.sum()} of {faults.len()} rows)",
            code="LI-READ-006",
            where=where if line is None else f"{where}:{line(row)}",
            got=f"{series[row]!r} in row {row + 1} of the table" + (f", line {line(row)} of the file" if line else ""),
            expected="numbers (--set tolerate_bad_rows=true leaves such rows out and counts them)",
        )


def cycle_numbers(series: pl.Series, *, decimal_comma: bool = False, fill: bool = False) -> NDArray[np.int64] | None:
    """Return a column as the instrument's cycle counter, or None where it is not whole numbers throughout.

    With `fill` a row without a number has that of the row before, for rows that will be left out.
    """
    import polars as pl

    if decimal_comma and series.dtype == pl.String:
        series = series.str.replace(",", ".", literal=True)
    values = series.cast(pl.Float64, strict=False)
    if fill:
        values = values.forward_fill().backward_fill()
    if values.null_count() or not ((values == values.round(0)).all() and (values.abs() < LARGEST_COUNTER).all()):
        return None
    return values.cast(pl.Int64).to_numpy()


def directions(
    step_types: pl.Series, rest_words: frozenset[str] = frozenset()
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return +1 (charge), -1 (discharge) or 0 for every row, and whether it is a rest, from step types in words.

    Each distinct word is judged once, so that long columns cost nothing. `rest_words` are rests beside the words that
    speak for themselves.
    """
    import polars as pl

    words = step_types.cast(pl.String).fill_null("")
    sign: dict[str, int] = {}
    rest: dict[str, bool] = {}
    for word in words.unique():
        key = re.sub(r"[\s_]+", "", word).lower()
        sign[word] = -1 if _DISCHARGE.search(key) else 1 if _CHARGE.search(key) else 0
        rest[word] = key in rest_words or bool(_REST.search(key))
    return (
        words.replace_strict(sign, return_dtype=pl.Int8).to_numpy(),
        words.replace_strict(rest, return_dtype=pl.Boolean).to_numpy(),
    )


def running_time(of_step: NDArray[np.float64], step: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Return the time of the test [s] from the time in each step (n,) [s], which begins anew with every step.

    A step begins where its number changes or its time falls; what passed between two steps is not in the file.
    """
    begins = np.zeros(of_step.shape, dtype=bool)
    begins[1:] = np.diff(of_step) < 0.0
    if step is not None:
        begins[1:] |= np.diff(step) != 0
    last = np.concatenate([[0.0], of_step[:-1]])
    return np.asarray(of_step + np.cumsum(np.where(begins, last, 0.0)))


def rest_flags(rest: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return row flags with the rest bit where `rest` is true."""
    return np.where(rest, np.uint8(RowFlag.REST), np.uint8(0)).astype(np.uint8)
