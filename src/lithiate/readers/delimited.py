"""Delimited text of any cycler or spreadsheet: time, voltage and, where there is one, current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import text, values
from lithiate.readers.columns import (
    SI_UNITS,
    Choice,
    Heading,
    choose_column,
    choose_optional_column,
    find_column,
    is_record,
)
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, Reader, Source, flag_setting
from lithiate.units import convert

if TYPE_CHECKING:
    import polars as pl

COLUMN_SETTINGS = tuple(
    f"{quantity}_{what}" for what in ("column", "unit") for quantity in ("time", "voltage", "current")
)


@frozen
class Choices:
    """The columns of a record: required ones, optional ones, and those that explain them."""

    time: Choice
    voltage: Choice
    current: Choice | None
    cycle: int | None
    step_type: int | None
    clock: int | None

    @property
    def indices(self) -> list[int]:
        """All columns that are to be loaded."""
        chosen = [choice.index for choice in (self.time, self.voltage, self.current) if choice is not None]
        return chosen + [index for index in (self.cycle, self.step_type, self.clock) if index is not None]


def sniff(head: bytes, path: Path) -> bool:
    """Recognise text that holds a table of numbers, or names of a time and a voltage without rows."""
    decoded = text.decode(head, final=False)
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
    layout = text.find_layout(text.head_lines(decoded), source.name)
    choices = choose(layout.headings, settings, source.name)
    columns = text.load_columns(decoded, layout, choices.indices, source.name)
    raw = assemble(columns, choices, settings, source.name, decimal_comma=layout.decimal_comma)
    return raw.changed(software=f"polars {pl.__version__}")


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
) -> RawRecord:
    """Turn chosen columns into a record in SI units."""
    columns = _without_empty_end(columns, choices)
    options: dict[str, Any] = {
        "decimal_comma": decimal_comma,
        "drop": flag_setting(settings, "tolerate_bad_rows", where),
        "where": where,
    }
    time = values.times(columns[choices.time.index], choices.time, **options)
    if choices.time.assumed and choices.clock is not None:
        values.check_time_unit(time, columns[choices.clock], choices.time, where)
    raw = RawRecord(
        time=time,
        voltage=_quantity(columns, choices.voltage, options),
        vendor_cycle_number=None if choices.cycle is None else values.cycle_numbers(columns[choices.cycle]),
        warnings=_unit_warnings(choices, time_is_text=values.is_clock(columns[choices.time.index])),
    )
    if choices.current is not None:
        raw = raw.changed(None, **{choices.current.quantity: _quantity(columns, choices.current, options)})
    steps = None if choices.step_type is None else columns[choices.step_type]
    return _with_sign_warning(raw) if steps is None else _with_step_types(raw, steps, settings, where)


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


def _with_step_types(raw: RawRecord, steps: pl.Series, settings: Mapping[str, str], where: str) -> RawRecord:
    """Mark rests, give an unsigned current the sign of its step, and refuse signs that contradict the steps."""
    sign, rest = values.directions(steps)
    raw = raw.changed(row_flags=values.rest_flags(rest))
    name = "current" if raw.current is not None else "current_density"
    current = getattr(raw, name)
    if current is None:
        return raw
    flowing = np.isfinite(current) & (current != 0.0)
    discharged, charged = flowing & (sign < 0), flowing & (sign > 0)
    if not discharged.any():
        return raw if charged.any() else _with_sign_warning(raw)
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
    settings=(*COLUMN_SETTINGS, *COMMON_SETTINGS),
    sniff=sniff,
    read=read,
)
