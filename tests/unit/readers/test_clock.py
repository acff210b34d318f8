"""Date texts of instruments."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from lithiate.readers.clock import date_order, fitting_units, from_ole, parse_instant, start_of


def seconds(*parts: int) -> float:
    return (datetime(*parts) - datetime(1970, 1, 1)).total_seconds()


@pytest.mark.parametrize(
    ("text", "order", "parts"),
    [
        ("2022-05-18 16:27:52", "month", (2022, 5, 18, 16, 27, 52)),
        ("2022-04-11 10:58:07 PM", "month", (2022, 4, 11, 22, 58, 7)),
        ("2022-04-11 12:58:07 AM", "month", (2022, 4, 11, 0, 58, 7)),
        ("12/16/2019 14:03:25", "month", (2019, 12, 16, 14, 3, 25)),
        ("5/11/2021 3:40:24 PM", "month", (2021, 5, 11, 15, 40, 24)),
        ("5/11/2021 3:40:24 PM", "day", (2021, 11, 5, 15, 40, 24)),
        ("23-Nov-23 3:56:11 PM", "month", (2023, 11, 23, 15, 56, 11)),
        ("19.06.2023 17:56:53", "month", (2023, 6, 19, 17, 56, 53)),
        ("12/16/2019", "month", (2019, 12, 16)),
        ("\t09/20/2024 08:32:34", "month", (2024, 9, 20, 8, 32, 34)),
    ],
)
def test_notations(text, order, parts) -> None:
    assert parse_instant(text, order) == seconds(*parts)


def test_fractions_unix_seconds_and_days_of_access() -> None:
    assert parse_instant("09/20/2024 08:32:34.558") == pytest.approx(seconds(2024, 9, 20, 8, 32, 34) + 0.558)
    assert parse_instant("1499006353") == 1499006353.0
    assert from_ole(42587.6815162037) == pytest.approx(seconds(2016, 8, 5, 16, 21, 23), abs=0.01)


@pytest.mark.parametrize("text", ["", "12:30:00", "13/13/2020", "45 mV", "00-Foo-2020 1:00:00", "3.7"])
def test_what_names_no_instant(text) -> None:
    assert math.isnan(parse_instant(text))


def test_the_order_of_a_date() -> None:
    assert date_order(["01/31/2024 0:00:00"]) == "month"
    assert date_order(["31/01/2024 0:00:00"]) == "day"
    assert date_order(["01/08/2026 23:00:00", "01/09/2026 01:00:00"]) is None
    # Read with the day first, the second would lie months before the first.
    assert date_order(["02/12/2024 0:00:00", "03/01/2024 0:00:00"]) == "month"


def test_a_start_whose_date_is_unsure_is_none() -> None:
    clock, time = pl.Series(["01/08/2026 17:00:10", "01/08/2026 17:00:20"]), np.array([10.0, 20.0])
    assert start_of(clock, time, None) is None
    assert start_of(clock, time, "month") == seconds(2026, 1, 8, 17)
    assert start_of(clock, time, "day") == seconds(2026, 8, 1, 17)


def test_a_clock_without_dates_takes_the_day_of_the_test() -> None:
    clock, time = pl.Series(["23:59:50", "00:00:10", "00:00:30"]), np.array([0.0, 20.0, 40.0])
    assert start_of(clock, time, "month", seconds(2016, 4, 1)) == seconds(2016, 4, 1, 23, 59, 50)
    assert start_of(clock, time, "month") is None
    assert fitting_units(time, clock) == {"s"}


def test_a_pause_is_on_the_clock_and_not_in_the_test() -> None:
    clock = pl.Series(
        [f"2024-01-01 0{h}:{m:02d}:00" for h, m in [(0, i) for i in range(30)] + [(8, i) for i in range(30)]]
    )
    assert fitting_units(np.arange(60.0), clock) == {"min"}
    assert fitting_units(np.arange(60.0) * 7.0, clock) == set()
    assert fitting_units(np.arange(60.0), pl.Series(["?"] * 60)) is None
