"""Delimited text of any cycler or spreadsheet: time, voltage and, where there is one, current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import clock, marks, text, values
from lithiate.readers.choices import NO_HABITS, Choices, Habits
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
    flag_setting,
)
from lithiate.readers.times import read_times
from lithiate.units import convert

if TYPE_CHECKING:
    import polars as pl

COLUMN_SETTINGS = tuple(
    f"{quantity}_{what}" for what in ("column", "unit") for quantity in ("time", "voltage", "current")
)
TEXT_SETTINGS = (*COLUMN_SETTINGS, marks.SETTING)


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
        columns,
        choices.of_numbers,
        sample,
        settings,
        where,
        counters=[index for index in (choices.cycle, choices.step) if index is not None],
        line=line,
        tolerate=tolerate,
    )
    raw = assemble(plain, choices, settings, where, line=line, habits=habits)
    return raw if warning is None else raw.changed(warning)


def choose(headings: Sequence[Heading], settings: Mapping[str, str], where: str) -> Choices:
    """Choose the columns of a cycling record among `headings`."""
    if not any(key.endswith("_column") for key in settings):
        _require_cycling(headings, where)
    clock_index = find_column(headings, "clock")
    time = choose_optional_column(headings, "time", settings, where)
    by_clock = time is None and clock_index is not None
    if time is None and clock_index is not None:
        time = Choice(clock_index, headings[clock_index].text, "time", "s")
    return Choices(
        time=time or choose_column(headings, "time", settings, where),
        voltage=choose_column(headings, "voltage", settings, where),
        current=choose_optional_column(headings, "current", settings, where),
        cycle=find_column(headings, "cycle"),
        step_type=find_column(headings, "step_type"),
        clock=clock_index,
        time_of_clock=by_clock,
    )


def _require_cycling(headings: Sequence[Heading], where: str) -> None:
    listed = "columns " + ", ".join(repr(heading.text) for heading in headings[:20])
    if any(heading.key in ("freq", "frequency") for heading in headings):
        raise ReadError(
            "the table has a frequency, and no impedance that is read here",
            code="LI-READ-002",
            where=where,
            got=listed,
            expected="a spectrum as text, or --set time_column=NAME and voltage_column=NAME for a cycling record",
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
    time, warnings = read_times(columns, choices, settings, options, habits)
    cycle = None if choices.cycle is None else columns[choices.cycle]
    raw = RawRecord(
        time=time,
        voltage=_quantity(columns, choices.voltage, options),
        vendor_cycle_number=None
        if cycle is None
        else values.cycle_numbers(cycle, decimal_comma=decimal_comma, fill=drop),
        warnings=warnings,
        start=None
        if choices.clock is None
        else clock.start_of(columns[choices.clock], time, habits.date_order, habits.day),
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
