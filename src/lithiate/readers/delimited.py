"""Delimited text of any cycler or spreadsheet: time, voltage and, where there is one, current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import clock, marks, text, values
from lithiate.readers.columns import (
    SI_UNITS,
    Choice,
    Heading,
    choose_column,
    choose_optional_column,
    find_column,
    is_record,
)
from lithiate.readers.source import (
    COMMON_SETTINGS,
    RawRecord,
    Reader,
    Source,
    converted_times,
    converted_times_error,
    flag_setting,
)
from lithiate.units import convert

if TYPE_CHECKING:
    import polars as pl

COLUMN_SETTINGS = tuple(
    f"{quantity}_{what}" for what in ("column", "unit") for quantity in ("time", "voltage", "current")
)
TEXT_SETTINGS = (*COLUMN_SETTINGS, marks.SETTING)


@frozen
class Choices:
    """The columns of a record: required ones, optional ones, and those that explain them."""

    time: Choice
    voltage: Choice
    current: Choice | None
    cycle: int | None
    step_type: int | None
    clock: int | None
    step: int | None = None
    time_of_step: bool = False

    @property
    def indices(self) -> list[int]:
        """All columns that are to be loaded."""
        chosen = [choice.index for choice in (self.time, self.voltage, self.current) if choice is not None]
        others = (self.cycle, self.step_type, self.clock, self.step)
        return chosen + [index for index in others if index is not None]

    @property
    def of_numbers(self) -> list[int]:
        """Columns of numbers that a record needs."""
        return [choice.index for choice in (self.time, self.voltage, self.current) if choice is not None]


@frozen
class Habits:
    """What is known of the instrument that wrote a table.

    Parameters
    ----------
    date_order : {"month", "day"} or None
        What stands first in dates that leave it open; None where nothing is known, and then they tell no start.
    magnitudes : bool
        It writes the current without a sign, so that a table without step types does not tell its direction.
    signed : bool
        It writes the current with its sign, so that one that is never negative is one of charge.
    time_by_clock : bool
        It writes times without a unit, which differs from file to file and is told by the clock.
    rest_words : frozenset of str
        Step types that are rests and do not say so in words.
    day : float or None, s since 1970
        Day on which a clock without dates began.
    """

    date_order: clock.Order | None = None
    magnitudes: bool = False
    signed: bool = False
    time_by_clock: bool = False
    rest_words: frozenset[str] = frozenset()
    day: float | None = None


NO_HABITS = Habits()


def sniff(head: bytes, path: Path) -> bool:
    """Recognise text that holds a table of numbers, or names of a time and a voltage without rows."""
    decoded = text.head_text(head)
    if decoded is None:
        return False
    lines = text.head_lines(decoded)
    return text.find_rows(lines) is not None or text.find_names_only(lines)


def read(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Read delimited text of any dialect.

    Raises
    ------
    ReadError
        ``LI-READ-002`` when the table is no cycling record, ``LI-READ-003...006`` for faults of the table,
        ``LI-READ-010`` when the direction of the current contradicts the step types.
    """
    import polars as pl

    decoded = text.decode(source.content)
    if decoded is None:
        raise ReadError("the text is damaged", code="LI-READ-003", where=source.name, got="bytes that are no text")
    layout = text.find_layout(text.head_lines(decoded), source.name, partial(text.line_in_file, source.content))
    choices = choose(layout.headings, settings, source.name)
    raw = record_of_text(source, decoded, layout, choices, settings)
    return raw.changed(software=f"polars {pl.__version__}")


def record_of_text(
    source: Source,
    decoded: str,
    layout: text.Layout,
    choices: Choices,
    settings: Mapping[str, str],
    habits: Habits = NO_HABITS,
) -> RawRecord:
    """Return the record in the chosen columns of a decoded text; errors name lines of the file."""
    line = text.row_lines(source.content, layout)
    tolerate = flag_setting(settings, "tolerate_bad_rows", source.name)
    columns = text.load_columns(decoded, layout, choices.indices, source.name, line=line, tolerate=tolerate)
    return record_of_columns(columns, choices, settings, source.name, layout.sample, line=line, habits=habits)


def record_of_columns(
    columns: Mapping[int, pl.Series],
    choices: Choices,
    settings: Mapping[str, str],
    where: str,
    sample: Sequence[str] = (),
    *,
    line: values.Lines | None = None,
    habits: Habits = NO_HABITS,
) -> RawRecord:
    """Return the record in columns of text or numbers, their decimal marks told from evidence."""
    tolerate = flag_setting(settings, "tolerate_bad_rows", where)
    plain, warning = marks.numbers_with_points(
        columns, choices.of_numbers, sample, settings, where, line=line, tolerate=tolerate
    )
    raw = assemble(plain, choices, settings, where, line=line, habits=habits)
    return raw if warning is None else raw.changed(warning)


def choose(headings: Sequence[Heading], settings: Mapping[str, str], where: str) -> Choices:
    """Choose the columns of a cycling record among `headings`."""
    if not any(key.endswith("_column") for key in settings):
        _require_cycling(headings, where)
    return Choices(
        time=choose_column(headings, "time", settings, where),
        voltage=choose_column(headings, "voltage", settings, where),
        current=choose_optional_column(headings, "current", settings, where),
        cycle=find_column(headings, "cycle"),
        step_type=find_column(headings, "step_type"),
        clock=find_column(headings, "clock"),
    )


def _require_cycling(headings: Sequence[Heading], where: str) -> None:
    listed = "columns " + ", ".join(repr(heading.text) for heading in headings[:20])
    if any(heading.key in ("freq", "frequency") for heading in headings):
        raise ReadError(
            "the table has a frequency: an impedance spectrum, which this version cannot read from such a text",
            code="LI-READ-002",
            where=where,
            got=listed,
            expected="a text of BioLogic (.mpt) or Gamry (.DTA)",
        )
    if not is_record(headings) and not any(
        find_column(headings, quantity) is not None for quantity in ("time", "voltage")
    ):
        raise ReadError(
            "the table is no cycling record: no column is a time or a voltage",
            code="LI-READ-002",
            where=where,
            got=listed,
            expected="a time and a voltage (--set time_column=NAME and voltage_column=NAME, whatever they are called)",
        )


def assemble(
    columns: Mapping[int, pl.Series],
    choices: Choices,
    settings: Mapping[str, str],
    where: str,
    *,
    decimal_comma: bool = False,
    line: values.Lines | None = None,
    habits: Habits = NO_HABITS,
) -> RawRecord:
    """Turn chosen columns into a record in SI units; `line` gives the line of the file of a row."""
    columns = _without_empty_end(columns, choices)
    drop = flag_setting(settings, "tolerate_bad_rows", where)
    options: dict[str, Any] = {"decimal_comma": decimal_comma, "drop": drop, "where": where, "line": line}
    time, warnings = _times(columns, choices, settings, options, habits)
    cycle = None if choices.cycle is None else columns[choices.cycle]
    raw = RawRecord(
        time=time,
        voltage=_quantity(columns, choices.voltage, options),
        vendor_cycle_number=None
        if cycle is None
        else values.cycle_numbers(cycle, decimal_comma=decimal_comma, fill=drop),
        warnings=warnings,
        start=None if choices.clock is None else _start(columns[choices.clock], time, habits),
        line=line,
    )
    if choices.current is not None:
        raw = raw.changed(None, **{choices.current.quantity: _quantity(columns, choices.current, options)})
    steps = None if choices.step_type is None else columns[choices.step_type]
    if steps is None:
        if habits.magnitudes:
            _require_direction(raw, settings, where)
        return raw if habits.signed else _with_sign_warning(raw)
    return _with_step_types(raw, steps, settings, where, habits)


def _start(column: pl.Series, time: NDArray[np.float64], habits: Habits) -> float | None:
    return clock.start_of(column, time, habits.date_order, habits.day)


def _times(
    columns: Mapping[int, pl.Series],
    choices: Choices,
    settings: Mapping[str, str],
    options: dict[str, Any],
    habits: Habits,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the times of the test [s], and warnings about their unit."""
    choice, where = choices.time, str(options["where"])
    series = columns[choice.index]
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


def _require_direction(raw: RawRecord, settings: Mapping[str, str], where: str) -> None:
    current = raw.current
    if current is None or "invert_current" in settings or (current < 0).any() or not (current > 0).any():
        return
    raise ReadError(
        "this instrument writes magnitudes of the current, and no column tells charge from discharge",
        code="LI-READ-010",
        where=where,
        got=f"currents from {float(np.nanmin(current)):.4g} to {float(np.nanmax(current)):.4g} A",
        expected="an export with the column State or Md; a record of one direction is read with "
        "--set invert_current=false (charge) or --set invert_current=true (discharge)",
    )


def _quantity(columns: Mapping[int, pl.Series], choice: Choice, options: dict[str, Any]) -> NDArray[np.float64]:
    array = values.numbers(columns[choice.index], choice.text, **options)
    return convert(array, choice.unit, SI_UNITS[choice.quantity])


def _without_empty_end(columns: Mapping[int, pl.Series], choices: Choices) -> Mapping[int, pl.Series]:
    import polars as pl

    # Spreadsheets save rows of mere delimiters below the table; inside it, empty cells stay and are refused.
    needed = [columns[choice.index] for choice in (choices.time, choices.voltage, choices.current) if choice]
    filled = np.zeros(needed[0].len(), dtype=bool)
    for series in needed:
        filled |= (series.is_not_null() & (series.cast(pl.String) != "")).fill_null(value=False).to_numpy()
    length = int(np.flatnonzero(filled)[-1]) + 1 if filled.any() else 0
    return {index: series.head(length) for index, series in columns.items()}


def _unit_warnings(choices: Choices, *, time_is_text: bool) -> tuple[str, ...]:
    assumed = [choice for choice in (choices.time, choices.voltage, choices.current) if choice and choice.assumed]
    if time_is_text:  # hh:mm:ss says what it is
        assumed = [choice for choice in assumed if choice is not choices.time]
    return tuple(
        f"LI-W-UNIT nothing states the unit of the {choice.quantity} column {choice.text!r}: {choice.unit} is assumed "
        f"(--set {choice.quantity}_unit=UNIT corrects it)"
        for choice in assumed
    )


def _with_step_types(
    raw: RawRecord, steps: pl.Series, settings: Mapping[str, str], where: str, habits: Habits
) -> RawRecord:
    """Mark rests, give an unsigned current the sign of its step, and refuse signs that contradict the steps."""
    sign, rest = values.directions(steps, habits.rest_words)
    raw = raw.changed(row_flags=values.rest_flags(rest))
    name = "current" if raw.current is not None else "current_density"
    current = getattr(raw, name)
    if current is None:
        return raw
    flowing = np.isfinite(current) & (current != 0.0)
    discharged, charged = flowing & (sign < 0), flowing & (sign > 0)
    if not discharged.any():
        return raw if charged.any() or habits.signed else _with_sign_warning(raw)
    if not (current[flowing] < 0).any():
        return raw.changed(
            "LI-W-SIGN the current has no sign in the file: rows of discharge steps were given a negative one",
            **{name: np.where(discharged, -current, current)},
        )
    wrong = np.mean(current[discharged] > 0), np.mean(current[charged] < 0) if charged.any() else 1.0
    if min(wrong) > 0.9 and not flag_setting(settings, "invert_current", where):
        raise ReadError(
            "the current is positive in discharge steps and negative in charge steps",
            code="LI-READ-010",
            where=where,
            got=f"{wrong[0]:.0%} of the discharge rows above zero",
            expected="current > 0 that charges; --set invert_current=true turns it round",
        )
    return raw


def _with_sign_warning(raw: RawRecord) -> RawRecord:
    current = raw.current if raw.current is not None else raw.current_density
    if current is None or (current < 0).any() or not (current > 0).any():
        return raw
    return raw.changed(
        "LI-W-SIGN the current is never negative, and no step type tells its direction: right for a record of one "
        "direction, wrong where the instrument writes magnitudes"
    )


READER = Reader(
    name="delimited",
    title="delimited text (time, voltage, optional current)",
    settings=(*TEXT_SETTINGS, *COMMON_SETTINGS),
    sniff=sniff,
    read=read,
)
