"""Current profiles: a table of time and current density or C-rate becomes the steps of a protocol."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Literal, NoReturn

from attrs import frozen

from lithiate.core.protocol import Step
from lithiate.errors import ReadError, UnitError
from lithiate.readers.columns import Heading, find_column, parse_heading
from lithiate.readers.source import Source
from lithiate.readers.text import EMPTY, NUMBER, decode, split_line
from lithiate.units import convert

LARGEST_GAP = 10.0
"""Spacing of two rows over the median spacing beyond which rows are taken to be missing."""

CellKind = Literal["symmetric", "plating", "full"]

_C_RATE = ("c-rate", "crate")
_HEADER = "'Time / s,Current density / mA/cm2' or 'Time / s,C-rate'"


@frozen
class _Columns:
    """Where the two columns stand, what is a unit of each in SI (a C-rate in 1/h), and what the second one is."""

    time: int
    time_factor: float
    current: int
    current_factor: float
    quantity: Literal["current_density", "c_rate"]


def read_profile(path: str | os.PathLike[str], *, cell: CellKind = "full") -> tuple[Step, ...]:
    """Read a current profile as steps: each row holds until the next, and the last one only says when it ends.

    Parameters
    ----------
    path : str or path-like
        Text with one line of names with units, then rows: a time, and a current density or a C-rate (per hour).
        Current > 0 oxidises the working electrode: it charges a full cell, and strips the working electrode of
        another. Other columns are ignored, and so are lines that begin with ``#``.
    cell : {"full", "symmetric", "plating"}
        Steps of a full cell charge and discharge; those of the others strip and plate.

    Returns
    -------
    tuple of Step
        Rows of one value that follow one another are one step; a current of zero is a rest.

    Raises
    ------
    ReadError
        ``LI-SPEC-003`` when the file cannot be read, ``LI-READ-001/002`` when it is empty or no text, ``LI-READ-004``
        without the columns, ``LI-READ-005`` for an unknown unit, ``LI-READ-006`` for text among the numbers,
        ``LI-READ-007`` when times do not rise, ``LI-READ-008`` for missing values, ``LI-READ-009`` with fewer than two
        rows, ``LI-READ-010`` for a gap of more than 10 times the median spacing. Each names the line of the file.
    """
    source = Source(Path(path))
    lines = _lines(source)
    (header_line, header), *body = lines
    delimiter = _delimiter(header)
    columns = _columns([parse_heading(text) for text in split_line(header, delimiter)], source.name, header_line, cell)
    rows = [_row(line, delimiter, columns, f"{source.name}:{number}") for number, line in body]
    _check(rows, [number for number, _ in body], source.name)
    return _steps(rows, columns.quantity, full=cell == "full")


def _lines(source: Source) -> list[tuple[int, str]]:
    """Return the lines that say something with their numbers, from 1."""
    if not source.content.strip():
        _refuse("the file is empty", "LI-READ-001", source.name, "0 bytes", "a line of names, then rows")
    if decode(source.content) is None:
        _refuse("the file is no text", "LI-READ-002", source.name, None, "a table of time and current")
    # `decode` drops blank lines, which count here.
    text = source.content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    numbered = enumerate(text.split("\n"), start=1)
    return [(number, line) for number, line in numbered if line.strip(" ,;\t") and not line.lstrip().startswith("#")]


def _delimiter(header: str) -> str:
    return next((mark for mark in ("\t", ";") if mark in header), ",")


def _columns(headings: Sequence[Heading], name: str, line: int, cell: CellKind) -> _Columns:
    where = f"{name}:{line}"
    listed = ", ".join(heading.text for heading in headings)
    time, current = find_column(headings, "time"), find_column(headings, "current")
    rates = [index for index, heading in enumerate(headings) if heading.key in _C_RATE]
    if time is None:
        _refuse("no column is a time", "LI-READ-004", where, listed, _HEADER)
    if current is None and not rates:
        _refuse("no column is a current density or a C-rate", "LI-READ-004", where, listed, _HEADER)
    if len(rates) + (current is not None) > 1:
        _refuse("several columns could be the current", "LI-READ-004", where, listed, "one of them")
    time_factor = _factor(headings[time], "s", where)
    if current is not None:
        return _Columns(time, time_factor, current, _factor(headings[current], "A/m^2", where), "current_density")
    if cell != "full":
        wanted = f"a current density: a {cell} cell has no nominal capacity"
        _refuse("a C-rate means nothing here", "LI-READ-004", where, headings[rates[0]].text, wanted)
    unit = headings[rates[0]].unit
    # A C-rate is a number per hour by its name; "C" as its unit says the same.
    bare = unit is None or unit.strip() in ("C", "-", "1")
    factor = 1.0 if bare else _factor(headings[rates[0]], "1/h", where)
    return _Columns(time, time_factor, rates[0], factor, "c_rate")


def _factor(heading: Heading, si_unit: str, where: str) -> float:
    example = "mA/cm2" if si_unit == "A/m^2" else si_unit
    if heading.unit is None:
        wanted = f"a unit in the name, such as '{heading.text} / {example}'"
        _refuse("the unit of a column is missing", "LI-READ-005", where, heading.text, wanted)
    try:
        return float(convert(1.0, heading.unit, si_unit))
    except UnitError:
        wanted = f"a unit like {example}" + (", or a C-rate: a profile knows no area" if example == "mA/cm2" else "")
        _refuse("the unit of a column does not fit", "LI-READ-005", where, heading.text, wanted)


def _row(line: str, delimiter: str, columns: _Columns, where: str) -> tuple[float, float]:
    try:
        fields = split_line(line, delimiter)
    except csv.Error as error:
        _refuse("the row cannot be read", "LI-READ-003", where, str(error), None)
    values = []
    for index in (columns.time, columns.current):
        text = fields[index] if index < len(fields) else ""
        if text.lower() in EMPTY or text.lower().lstrip("+-") in ("inf", "infinity"):
            _refuse("a value is missing or not finite", "LI-READ-008", where, text or "an empty cell", "a number")
        plain = text if delimiter == "," else text.replace(",", ".")
        if not NUMBER.fullmatch(plain) or not math.isfinite(float(plain)):
            _refuse("a cell is not a number", "LI-READ-006", where, text, "a number")
        values.append(float(plain))
    return values[0] * columns.time_factor, values[1] * columns.current_factor


def _check(rows: Sequence[tuple[float, float]], lines: Sequence[int], name: str) -> None:
    """Refuse times that do not rise, and gaps."""
    if len(rows) < 2:
        got = "1 row" if rows else "no row"
        _refuse("a profile needs two rows", "LI-READ-009", name, got, "a last one that says when it ends")
    spacings = [after - before for (before, _), (after, _) in pairwise(rows)]
    usual = median(spacings)
    for row, spacing in enumerate(spacings, start=1):
        where = f"{name}:{lines[row]}"
        if not spacing > 0.0:
            got = f"{rows[row][0]:.10g} s after {rows[row - 1][0]:.10g} s"
            _refuse("the times do not rise", "LI-READ-007", where, got, "each time later than the one before")
    for row, spacing in enumerate(spacings, start=1):
        if spacing > LARGEST_GAP * usual:
            wanted = f"at most {LARGEST_GAP:g} times the usual spacing of {usual:.4g} s; put rows of what flowed there"
            where = f"{name}:{lines[row]}"
            _refuse("there is a gap in the profile", "LI-READ-010", where, f"{spacing:.6g} s without a row", wanted)


def _steps(rows: Sequence[tuple[float, float]], quantity: str, *, full: bool) -> tuple[Step, ...]:
    up, down = ("charge", "discharge") if full else ("strip", "plate")
    runs = [(value, next(run)[0]) for value, run in groupby(rows[:-1], key=itemgetter(1))]
    steps = []
    for (value, start), end in zip(runs, [*(start for _, start in runs[1:]), rows[-1][0]], strict=True):
        if value == 0.0:
            steps.append(Step(action="rest", duration=end - start))
        elif quantity == "c_rate":
            steps.append(Step(action=up if value > 0.0 else down, c_rate=abs(value), duration=end - start))
        else:
            steps.append(Step(action=up if value > 0.0 else down, current_density=abs(value), duration=end - start))
    return tuple(steps)


def _refuse(what: str, code: str, where: str, got: str | None, expected: str | None) -> NoReturn:
    raise ReadError(what, code=code, where=where, got=got, expected=expected)
