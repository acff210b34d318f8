"""Times of a table: their unit by heading, caller or clock; times of steps; times that a converter multiplied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import clock, values
from lithiate.readers.choices import Choices, Habits
from lithiate.readers.columns import Choice
from lithiate.readers.source import converted_times, converted_times_error
from lithiate.units import convert

if TYPE_CHECKING:
    import polars as pl


def read_times(
    columns: Mapping[int, pl.Series],
    choices: Choices,
    settings: Mapping[str, str],
    options: dict[str, Any],
    habits: Habits,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the times of the test [s], and warnings about their unit.

    Raises
    ------
    ReadError
        ``LI-READ-005`` when the clock of the file contradicts the unit, or has to tell it and does not; ``LI-READ-010``
        when the times run faster than the clock by the factor of a converter; ``LI-READ-006`` for other text.
    """
    choice, where = choices.time, str(options["where"])
    series = columns[choice.index]
    if choices.time_of_clock:
        return _times_of_clock(series, choice, habits)
    time = values.times(series, choice, **options)
    is_text = values.is_clock(series)
    warnings = _unit_warnings(choices, time_is_text=is_text)
    if choices.time_of_step:
        step = None if choices.step is None else values.cycle_numbers(columns[choices.step], fill=True)
        warning = "LI-W-TIME the file has the times of steps and none of the test: they were put one behind the other"
        return values.running_time(time, step), (*warnings, warning)
    if choices.clock is None or is_text or not time.size:
        return time, warnings
    multiplied = clock.converted_factor(time, columns[choices.clock])
    if multiplied is not None and settings.get("time_unit", "s") == "s":
        if "time_unit" not in settings:
            raise converted_times_error(*multiplied, where)
        return time / multiplied[0], (*warnings, converted_times(*multiplied))
    if "time_unit" in settings:
        return time, warnings
    fits = clock.fitting_units(time, columns[choices.clock])
    if fits == {"s"} and choice.assumed:  # the clock states it
        return time, tuple(text for text in warnings if repr(choice.text) not in text)
    if fits is None and choice.assumed and habits.time_by_clock:
        raise _wrong_unit(time, columns[choices.clock], choice, set(), where)
    if fits is None or "s" in fits:
        return time, warnings
    if choice.assumed and habits.time_by_clock and len(fits) == 1:
        unit = next(iter(fits))
        warnings = tuple(text for text in warnings if repr(choice.text) not in text)
        said = f"LI-W-UNIT nothing states the unit of the time column {choice.text!r}: by the clock it is {unit}"
        return convert(time, unit, "s"), (*warnings, said)
    if not choice.assumed and not fits:  # pauses are on the clock and not in the test: no contradiction
        return time, warnings
    if not fits and not habits.time_by_clock:
        return time, warnings
    raise _wrong_unit(time, columns[choices.clock], choice, fits, where)


def _times_of_clock(series: pl.Series, choice: Choice, habits: Habits) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the seconds since the first row on the clock, and the warning that it stands for the time."""
    ticks, order = clock.all_instants(series, habits.date_order)
    known = ticks[np.isfinite(ticks)]
    read_as = "" if order is None else f"; its dates read in two ways, and are taken with the {order} first"
    warning = (
        f"LI-W-TIME no column is a time: the clock in the column {choice.text!r} stands for it, in seconds since the "
        f"first row{read_as}"
    )
    return (ticks - known[0] if known.size else ticks), (warning,)


def _wrong_unit(
    time: NDArray[np.float64], clock_column: pl.Series, choice: Choice, fits: set[str], where: str
) -> ReadError:
    stated = f"the unit {choice.unit} of the time column {choice.text!r} contradicts the clock column"
    bare = f"nothing states the unit of the time column {choice.text!r}, and the clock column "
    bare += "says it is not s" if fits else "does not tell it"
    return ReadError(
        bare if choice.assumed else stated,
        code="LI-READ-005",
        where=where,
        got=f"{float(time[-1] - time[0]):.6g} {'' if choice.assumed else 's '}from the first to the last row, between "
        f"{clock_column[0]} and {clock_column[-1]}",
        expected=" or ".join(f"--set time_unit={unit}" for unit in sorted(_units_of(choice, fits)))
        or "--set time_unit=s, min or h",
    )


def _units_of(choice: Choice, fits: set[str]) -> set[str]:
    """Return the units of the numbers in the column, where the times as read advance in `fits`."""
    if choice.unit == "s":
        return fits
    seconds = {"s": 1.0, "min": 60.0, "h": 3600.0}
    of_numbers = {unit: seconds[unit] for unit in fits}
    read_in = seconds.get(choice.unit, 1.0)
    return {name for name, size in seconds.items() if any(size == read_in * factor for factor in of_numbers.values())}


def _unit_warnings(choices: Choices, *, time_is_text: bool) -> tuple[str, ...]:
    assumed = [choice for choice in (choices.time, choices.voltage, choices.current) if choice and choice.assumed]
    if time_is_text:  # hh:mm:ss says what it is
        assumed = [choice for choice in assumed if choice is not choices.time]
    return tuple(
        f"LI-W-UNIT nothing states the unit of the {choice.quantity} column {choice.text!r}: {choice.unit} is assumed "
        f"(--set {choice.quantity}_unit=UNIT corrects it)"
        for choice in assumed
    )
