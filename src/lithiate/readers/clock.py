"""Clocks of instruments: date texts in their notations, which one a file uses, and what its clock tells of times."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Order = Literal["month", "day"]
"""What stands first in a date such as 03/04/2024, where the year does not."""

_EPOCH = datetime(1970, 1, 1)
_OLE_EPOCH = datetime(1899, 12, 30)
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?\s*(?P<half>[AaPp][Mm])?"
_DATE = re.compile(
    rf"(?P<a>\d{{1,4}})(?P<mark>[-/.])(?P<b>\d{{1,2}}|[A-Za-z]{{3,9}})[-/.](?P<c>\d{{2,4}})(?:[T\s]+{_TIME})?"
)
_TIME_ALONE = re.compile(_TIME)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNIX = (1e8, 1e11)
_UNIT_FACTORS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_TOLERANCE = 0.02
_RESOLUTION = 1.5
_SAMPLE = 400
CONVERTED = (3600.0, 60.0, 1000.0)
_MOST_TOLERANCE = 0.5


def parse_instant(text: str, order: Order = "month") -> float:
    """Return seconds from 1970-01-01 to the instant that a text names on its own clock, NaN where it names none.

    Known are dates with the year first, with points (day first), with names of months, with slashes or dashes in the
    given `order`, each with or without a time of 24 or 12 hours, and seconds since 1970.
    """
    clean = text.strip()
    match = _DATE.fullmatch(clean)
    if match is None:
        try:
            number = float(clean)
        except ValueError:
            return math.nan
        return number if _UNIX[0] < number < _UNIX[1] else math.nan
    try:
        day = datetime(*_date(match["a"], match["b"], match["c"], match["mark"], order))
    except ValueError:
        return math.nan
    return (day - _EPOCH).total_seconds() + _time_of_day(match)


def _date(a: str, b: str, c: str, mark: str, order: Order) -> tuple[int, int, int]:
    if not b.isdigit():
        month = _MONTHS.index(b[:3].lower()) + 1  # a word that is no month raises ValueError
        return (int(a), month, int(c)) if len(a) == 4 else (_year(c), month, int(a))
    if len(a) == 4:
        return int(a), int(b), int(c)
    if mark == "." or order == "day":
        return _year(c), int(b), int(a)
    return _year(c), int(a), int(b)


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _time_of_day(match: re.Match[str]) -> float:
    if match["hour"] is None:
        return 0.0
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    return 3600.0 * hour + 60.0 * int(match["minute"]) + float((match["second"] or "0").replace(",", "."))


def is_date(text: str) -> bool:
    """Say whether a text names a day."""
    return _DATE.fullmatch(text.strip()) is not None


def from_ole(days: float) -> float:
    """Return seconds from 1970-01-01 of an instant in days since 1899-12-30, as Access and Excel store it."""
    return (_OLE_EPOCH + timedelta(days=days) - _EPOCH).total_seconds()


def date_order(texts: Sequence[str]) -> Order | None:
    """Return what stands first in dates whose year does not: what no month can be tells, else what runs backwards.

    None where both orders fit; also where the texts leave no question (year or name of the month in them), for which
    any order will do.
    """
    found = [match for text in texts if (match := _DATE.fullmatch(text.strip())) and match["b"].isdigit()]
    open_ones = [match for match in found if len(match["a"]) < 4 and match["mark"] != "."]
    if not open_ones:
        return None
    if any(int(match["a"]) > 12 for match in open_ones):
        return "day"
    if any(int(match["b"]) > 12 for match in open_ones):
        return "month"
    orders: tuple[Order, ...] = ("month", "day")
    rising = [o for o in orders if not (np.diff([parse_instant(text, o) for text in texts]) < 0).any()]
    return rising[0] if len(rising) == 1 else None


def needs_order(text: str) -> bool:
    """Say whether a date reads in two ways."""
    match = _DATE.fullmatch(text.strip())
    if match is None or not match["b"].isdigit() or len(match["a"]) == 4 or match["mark"] == ".":
        return False
    return int(match["a"]) <= 12 and int(match["b"]) <= 12 and match["a"] != match["b"]


def all_instants(clock: pl.Series, order: Order | None = None) -> tuple[NDArray[np.float64], Order | None]:
    """Return the instants (n,) [s since 1970] of all rows of a clock, and the order of dates where it had to be chosen.

    Where the texts leave the order open and `order` does not say it, it is the one in which the clock never falls, and
    of two such the one in which the record is shorter.
    """
    texts = [] if clock.dtype.is_temporal() else [str(text) for text in clock.fill_null("").to_list()]
    sure = order is not None or date_order(texts) is not None or not any(needs_order(text) for text in texts)
    if sure:
        return instants(clock, order, clock.len())[1], None
    found: list[tuple[tuple[bool, float], Order, NDArray[np.float64]]] = []
    for candidate in ("month", "day"):
        ticks = instants(clock, candidate, clock.len())[1]
        known = ticks[np.isfinite(ticks)]
        falls = bool((np.diff(known) < 0.0).any())
        found.append(((falls, float(np.ptp(known))), candidate, ticks))
    _key, best, ticks = min(found, key=lambda one: one[0])
    return ticks, best


def instants(
    clock: pl.Series, order: Order | None = None, most: int = _SAMPLE
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return rows of a clock column, evenly spread, and their instants [s since 1970]; NaN where a cell names none.

    There are at most `most` rows. `order` is what stands first where the texts leave it open. A clock without dates
    counts from its own midnight and rolls over.
    """
    import polars as pl

    rows = np.unique(np.linspace(0, max(clock.len() - 1, 0), min(clock.len(), most)).astype(np.int64))
    if clock.dtype.is_temporal():
        micro = clock.gather(rows.tolist()).cast(pl.Datetime("us")).dt.epoch("us")
        return rows, micro.cast(pl.Float64).fill_null(math.nan).to_numpy() / 1e6
    texts = [str(text).strip() for text in clock.gather(rows.tolist()).fill_null("").to_list()]
    times = [_TIME_ALONE.fullmatch(text) for text in texts]
    if texts and all(times):
        of_day = np.array([_time_of_day(match) for match in times if match])
        return rows, of_day + 86400.0 * np.cumsum(np.diff(of_day, prepend=of_day[0]) < -43200.0)
    first = date_order(texts) or order or "month"
    return rows, np.array([parse_instant(text, first) for text in texts])


def start_of(
    clock: pl.Series, time: NDArray[np.float64], order: Order | None, day: float | None = None
) -> float | None:
    """Return the instant [s since 1970] of time zero, by the first row of the clock; None where its date is unsure.

    `day` [s since 1970] is the day on which a clock without dates began.
    """
    if not clock.len() or not time.size or not np.isfinite(time[0]):
        return None
    rows, found = instants(clock, order)
    if not clock.dtype.is_temporal():
        first = str(clock[0]).strip()
        if _TIME_ALONE.fullmatch(first):
            return None if day is None else day - day % 86400.0 + float(found[0]) - float(time[0])
        texts = [str(text) for text in clock.gather(rows.tolist()).fill_null("").to_list()]
        if order is None and needs_order(first) and date_order(texts) is None:
            return None
    return float(found[0] - time[0]) if np.isfinite(found[0]) else None


def clock_ratios(time: NDArray[np.float64], clock: pl.Series) -> list[tuple[list[float], float]]:
    """Return how much faster than `time` (n,) the clock runs, for each order of dates that can be, and a tolerance.

    The first ratio is that of the ends of the record; the second, since a paused test falls behind its clock, the
    median of the steps between rows.
    """
    found: list[tuple[list[float], float]] = []
    for order in ("month", "day"):
        rows, ticks = instants(clock, order)
        known = np.isfinite(ticks) & np.isfinite(time[rows])
        rows, ticks = rows[known], ticks[known]
        span = float(ticks[-1] - ticks[0]) if ticks.size > 1 else 0.0
        if span <= _RESOLUTION / _MOST_TOLERANCE or not time[rows[-1]] > time[rows[0]]:
            continue
        ratios = [span / float(time[rows[-1]] - time[rows[0]])]
        steps, gaps = np.diff(time[rows]), np.diff(ticks)
        moving = (steps > 0) & (gaps > 2.0 * _RESOLUTION)
        if moving.any():
            ratios.append(float(np.median(gaps[moving] / steps[moving])))
        found.append((ratios, max(_TOLERANCE, _RESOLUTION / span)))
    return found


def converted_factor(time: NDArray[np.float64], clock: pl.Series) -> tuple[float, str] | None:
    """Return the factor (3600, 60 or 1000) by which times run faster than their clock, and words for it, else None.

    Converters multiply seconds by such a factor when they take them for hours, minutes or milliseconds.
    """
    for ratios, tolerance in clock_ratios(time, clock):
        for factor in CONVERTED:
            if any(abs(ratio * factor - 1.0) < tolerance for ratio in ratios):
                return factor, f"the times run {1.0 / ratios[0]:.5g} times as fast as the column of the clock"
    return None


def fitting_units(time: NDArray[np.float64], clock: pl.Series) -> set[str] | None:
    """Return the units of time (s, min, h) in which `time` (n,) advances as the clock does; None where none can tell.

    The empty set says that the clock contradicts all three.
    """
    judged = clock_ratios(time, clock)
    for ratios, tolerance in judged:
        fits = {
            unit
            for unit, factor in _UNIT_FACTORS.items()
            if any(abs(ratio / factor - 1.0) < tolerance for ratio in ratios)
        }
        if fits:
            return fits
    return set() if judged else None
