"""Texts of cyclers by description: a `Dialect` says what a vendor's table looks like, and one engine reads them all.

A format is one module with a `Dialect` and the `Reader` that `reader_of` makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, field, frozen

from lithiate.errors import ReadError
from lithiate.readers import clock, delimited, text
from lithiate.readers.capacities import compared_charges, numeric, with_rounding_warning
from lithiate.readers.choices import NO_HABITS, Choices, Habits
from lithiate.readers.columns import (
    Choice,
    Heading,
    choose_column,
    choose_optional_column,
    find_column,
    parse_heading,
    with_unit,
)
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, Reader, Source, chosen_part, flag_setting

if TYPE_CHECKING:
    import polars as pl

_LINES_FOR_NAMES = 400
_QUANTITIES = ("time", "voltage", "current")


def words(text_of_words: str) -> tuple[str, ...]:
    """Return keys of headings, best first, from one text with blanks between them."""
    return tuple(text_of_words.split())


@frozen(kw_only=True)
class Dialect:
    """What the table of a vendor looks like.

    Parameters
    ----------
    name, title : str
    names : tuple of tuple of str
        Keys of headings (lower case, without blanks, `_`, `.`); a line of names has at least one of each group.
    mark : str or None
        Pattern that has to be found in the text from its first line to the line of names.
    row : str or None
        Pattern that has to be found in the first row.
    columns : mapping of str to tuple of str
        Quantity (time, voltage, current, cycle, step_type, step, clock) -> keys of headings, best first. What is not
        found goes by the rules for any table.
    step_time : tuple of str
        Keys of the time within a step, from which the time of the test is built where the table has no other.
    units : mapping of str to str
        Units of columns whose headings have none.
    header : mapping of str to str
        ``identity.NAME``, ``details.NAME``, ``start`` or ``day`` -> pattern whose first group is the value, in the
        lines above the names.
    identity_columns : mapping of str to tuple of str
        Name of an identity -> keys of the columns that make it up.
    capacities : tuple of str
        Keys of the counters of charge and discharge [Ah], against which the current is checked where all are there.
    split_by : tuple of str
        Keys of the columns that part a table into tests.
    habits : Habits
    """

    name: str
    title: str
    names: tuple[tuple[str, ...], ...] = ()
    mark: str | None = None
    row: str | None = None
    columns: Mapping[str, tuple[str, ...]] = field(factory=dict)
    step_time: tuple[str, ...] = ()
    units: Mapping[str, str] = field(factory=dict)
    header: Mapping[str, str] = field(factory=dict)
    identity_columns: Mapping[str, tuple[str, ...]] = field(factory=dict)
    capacities: tuple[str, ...] = ()
    split_by: tuple[str, ...] = ()
    habits: Habits = NO_HABITS

    def fits(self, keys: frozenset[str]) -> bool:
        """Say whether headings are those of the dialect."""
        return bool(self.names) and all(keys.intersection(group) for group in self.names)


@frozen
class NamesLine:
    """A line of words that may name columns: its index, its delimiter, the keys of its headings."""

    index: int
    delimiter: str
    keys: frozenset[str]


@lru_cache(maxsize=2)
def names_lines(decoded: str) -> tuple[NamesLine, ...]:
    """Return the lines near the start of a text that may name columns."""
    return tuple(_names_lines(decoded.split("\n", _LINES_FOR_NAMES)[:_LINES_FOR_NAMES]))


def _names_lines(lines: Sequence[str]) -> Iterator[NamesLine]:
    for index, line in enumerate(lines):
        delimiter = max("\t;,", key=line.count)
        if line.count(delimiter) < 2 or len(line) > 20_000:
            continue
        fields = text.split_line(line, delimiter)
        filled = [item for item in fields if item]
        numbers = sum(text.NUMBER.fullmatch(item) is not None for item in filled)
        if len(filled) >= 3 and 4 * numbers <= len(filled):
            yield NamesLine(index, delimiter, frozenset(parse_heading(item).key for item in filled))


def find_names(decoded: str, dialect: Dialect) -> NamesLine | None:
    """Return the line of names of a dialect, or None where the text is not of it."""
    for found in names_lines(decoded):
        if not dialect.fits(found.keys):
            continue
        lines = decoded.split("\n", found.index + 2)
        above, below = "\n".join(lines[: found.index + 1]), lines[found.index + 1 : found.index + 2]
        if dialect.mark is not None and not re.search(dialect.mark, above, re.MULTILINE):
            continue
        if dialect.row is not None and below and not re.search(dialect.row, below[0]):
            continue
        return found
    return None


def sniff(head: bytes, path: Path, dialect: Dialect) -> bool:
    """Recognise the line of names of a dialect."""
    decoded = text.head_text(head)
    return decoded is not None and find_names(decoded, dialect) is not None


def read(source: Source, settings: Mapping[str, str], dialect: Dialect) -> RawRecord | tuple[RawRecord, ...]:
    """Read a text of the dialect; several records where the table holds several tests.

    Settings: ``part``, the number of the test to read, where a dialect has several in a file.

    Raises
    ------
    ReadError
        ``LI-READ-003...006`` and ``009`` for faults of the table, ``LI-READ-010`` when columns contradict each other.
    """
    import polars as pl

    decoded = text.decode(source.content)
    names = None if decoded is None else find_names(decoded, dialect)
    if decoded is None or names is None:
        raise ReadError("the text is damaged", code="LI-READ-003", where=source.name, got="bytes that are no text")
    lines = text.head_lines(decoded)
    layout = text.layout_below(lines, names.index, names.delimiter, source.name)
    stated = header_values(lines[: names.index], dialect)
    dialect = _with_day(dialect, stated)
    choices = choose(layout.headings, first_cells(layout), dialect, settings, source.name)
    groups = identity_indices(layout.headings, dialect)
    counters = _counters(layout.headings, dialect)
    more = sorted({*counters, *(index for indices in groups.values() for index in indices)})
    line = text.row_lines(source.content, layout)
    tolerate = flag_setting(settings, "tolerate_bad_rows", source.name)
    columns = text.load_columns(decoded, layout, [*choices.indices, *more], source.name, line=line, tolerate=tolerate)
    parts = _parts(columns, groups.pop("", ()))
    records = []
    for rows in parts:
        own = columns if rows is None else {index: series.gather(rows) for index, series in columns.items()}
        lines_of_rows = line if rows is None else partial(_line_of_part, line, rows)
        raw = delimited.record_of_columns(
            own, choices, settings, source.name, layout.sample, line=lines_of_rows, habits=dialect.habits
        )
        raw = with_charge_check(raw, [own[index] for index in counters])
        records.append(evolve(with_header(raw, stated, own, groups, dialect), software=f"polars {pl.__version__}"))
    tests = [", ".join(record.identity.values()) for record in records]
    return chosen_part(records, tests, settings, source.name)


def _counters(headings: Sequence[Heading], dialect: Dialect) -> list[int]:
    """Return the columns that count the charge in Ah, none where one of them is missing."""
    known = {heading.key: index for index, heading in enumerate(headings) if heading.unit in (None, "Ah")}
    found = [known[key] for key in dialect.capacities if key in known]
    return found if len(found) == len(dialect.capacities) else []


def with_charge_check(raw: RawRecord, counters: Sequence[pl.Series]) -> RawRecord:
    """Return the record with a warning where its current does not fit the counters of the charge [Ah].

    Nothing is refused: a vendor's own export rounds, and counts from step to step in ways of its own.
    """
    arrays = [numeric(series, raw.time.size) for series in counters]
    known = [array for array in arrays if array is not None]
    charges = compared_charges(raw, known) if len(known) == len(arrays) else None
    return raw if charges is None else with_rounding_warning(raw, charges)


def _line_of_part(line: Any, rows: Sequence[int], row: int) -> int:  # noqa: ANN401 - a function of a row
    return int(line(rows[row]))


def first_cells(layout: text.Layout) -> Sequence[str]:
    """Return the cells of the first row."""
    return list(layout.sample[: layout.width])


def _with_day(dialect: Dialect, stated: Mapping[str, str]) -> Dialect:
    day = clock.parse_instant(stated.get("day", ""), dialect.habits.date_order or "month")
    return evolve(dialect, habits=evolve(dialect.habits, day=day)) if np.isfinite(day) else dialect


def choose(
    headings: Sequence[Heading], cells: Sequence[str], dialect: Dialect, settings: Mapping[str, str], where: str
) -> Choices:
    """Choose the columns of a record: the caller's, else those of the dialect, else those of any table.

    `cells` is the first row: a column of dates is no time, whatever it is called.
    """
    if not dialect.columns:
        return delimited.choose(headings, settings, where)
    chosen: dict[str, Choice | None] = {}
    dates = {index for index, cell in enumerate(cells[: len(headings)]) if clock.is_date(cell)}
    of_step = False
    for quantity in _QUANTITIES:
        if f"{quantity}_column" in settings:
            continue
        index = _first(headings, dialect.columns.get(quantity, ()), dates)
        if index is None and quantity == "time":
            index = _first(headings, dialect.step_time, dates)
            of_step = index is not None
        if index is not None:
            otherwise = dialect.units.get(quantity)
            chosen[quantity] = with_unit(headings[index], index, quantity, settings, where, otherwise=otherwise)
    time = chosen.get("time") or choose_column(headings, "time", settings, where)

    def other(quantity: str) -> int | None:
        index = _first(headings, dialect.columns.get(quantity, ()), {time.index})
        return find_column(headings, quantity) if index is None and quantity != "step" else index

    clock_index = other("clock")
    return Choices(
        time=time,
        voltage=chosen.get("voltage") or choose_column(headings, "voltage", settings, where),
        current=chosen.get("current") or choose_optional_column(headings, "current", settings, where),
        cycle=other("cycle"),
        step_type=other("step_type"),
        clock=None if clock_index == time.index else clock_index,
        step=other("step") if of_step else None,
        time_of_step=of_step,
    )


def _first(headings: Sequence[Heading], keys: Sequence[str], skipped: set[int]) -> int | None:
    for key in keys:
        for index, heading in enumerate(headings):
            if heading.key == key and index not in skipped:
                return index
    return None


def header_values(lines: Sequence[str], dialect: Dialect) -> dict[str, str]:
    """Return what the lines above the names say, by the words of `Dialect.header`; what is empty is left out."""
    above = "\n".join(lines)
    found = {key: re.search(pattern, above, re.MULTILINE) for key, pattern in dialect.header.items()}
    values = {key: match[1].strip().strip(",;").strip() for key, match in found.items() if match}
    return {key: value for key, value in values.items() if value}


def identity_indices(headings: Sequence[Heading], dialect: Dialect) -> dict[str, tuple[int, ...]]:
    """Return the columns that make up each identity, and under the empty name those that part the table."""
    keys = [heading.key for heading in headings]
    wanted = {**dialect.identity_columns, "": dialect.split_by}
    return {name: tuple(keys.index(key) for key in columns if key in keys) for name, columns in wanted.items()}


def _parts(columns: Mapping[int, pl.Series], split_by: Sequence[int]) -> list[list[int] | None]:
    """Return the rows of each test, in the order of their first rows; None stands for all rows."""
    if not split_by:
        return [None]
    import polars as pl

    joined = pl.DataFrame({str(index): columns[index].fill_null("") for index in split_by}).select(
        pl.concat_str(pl.all(), separator="\x1f")
    )
    names = joined.to_series()
    tests = [test for test in names.unique(maintain_order=True).to_list() if test.strip("\x1f")]
    return [None] if len(tests) < 2 else [(names == test).arg_true().to_list() for test in tests]


def with_header(
    raw: RawRecord,
    stated: Mapping[str, str],
    columns: Mapping[int, pl.Series],
    identities: Mapping[str, Sequence[int]],
    dialect: Dialect,
) -> RawRecord:
    """Return the record with what the header and constant columns say about the cell and the test."""
    kinds: dict[str, dict[str, str]] = {"identity": {}, "details": {}}
    for key, value in stated.items():
        kind, _dot, name = key.partition(".")
        if kind in kinds:
            kinds[kind][name] = value
    for name, indices in identities.items():
        values = [str(columns[index][0] or "") for index in indices if columns[index].len()]
        if any(values):
            kinds["identity"][name] = "/".join(values)
    start = raw.start
    if start is None and "start" in stated:
        found = clock.parse_instant(stated["start"], dialect.habits.date_order or "month")
        start = float(found) if np.isfinite(found) else None
    return evolve(
        raw, start=start, identity={**raw.identity, **kinds["identity"]}, details={**raw.details, **kinds["details"]}
    )


def reader_of(dialect: Dialect) -> Reader:
    """Return the reader of a dialect."""
    return Reader(
        name=dialect.name,
        title=dialect.title,
        settings=(*delimited.TEXT_SETTINGS, *COMMON_SETTINGS, *(["part"] if dialect.split_by else [])),
        sniff=partial(sniff, dialect=dialect),
        read=partial(read, dialect=dialect),
    )
