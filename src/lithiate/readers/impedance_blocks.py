"""Where the tables of a text of impedances stand: names, rows, and the lines of the file that they are in."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from attrs import evolve, frozen

from lithiate.errors import ReadError
from lithiate.readers.columns import is_record, parse_heading
from lithiate.readers.impedance_headings import is_spectrum, named_columns, plain_unit
from lithiate.readers.text import EMPTY, NUMBER, split_line

Lines = Sequence[tuple[int, str]]
"""The lines of a file that are not blank, with their numbers from 1."""

_LINES_FOR_NAMES = 1500
_LONGEST_LINE = 20_000
_MAY_NAME = re.compile(r"freq|fr[ée]q|\bf\b|\blog|\blg|omega|ω|频率", re.IGNORECASE)
_KINDS = ("frequency", "impedance", "phase", "time", "temperature")
_COMMENT = ("#", "%")


@frozen
class Block:
    """One table: names, rows of cells, the line of the file of each row, the announced number of rows."""

    names: Sequence[str]
    rows: Sequence[list[str]]
    lines: Sequence[int]
    announced: int | None = None


@frozen
class Table:
    """The tables of a file, and what had to be said while they were found."""

    blocks: Sequence[Block]
    warnings: tuple[str, ...] = ()


@frozen
class Names:
    """A line of names: its index among the lines, its delimiter, its names."""

    index: int
    delimiter: str
    names: tuple[str, ...]


def find_names(lines: Lines) -> Names | None:
    """Return the first line that names a frequency and an impedance, else the first that names a frequency at all."""
    unsure: Names | None = None
    for index, (_number, line) in enumerate(lines[:_LINES_FOR_NAMES]):
        if len(line) > _LONGEST_LINE or not _MAY_NAME.search(line):
            continue
        for found in _readings(lines, index):
            columns = named_columns(found.names)
            if is_spectrum(columns):
                return found
            if unsure is None and any(c.quantity == "frequency" for c in columns) and _heads_rows(lines, found):
                unsure = found
    return unsure


def _heads_rows(lines: Lines, found: Names) -> bool:
    """Say whether names alone stand right above a row of as many cells, and are no cycling record's."""
    below = lines[found.index + 1 : found.index + 2]
    fits = any(
        _is_row(line, found.delimiter) and len(_cells(line, found.delimiter)) == len(found.names) for _, line in below
    )
    words = len(found.names) > 2 and not any(_is_number(name) for name in found.names)
    return fits and words and not is_record([parse_heading(name) for name in found.names])


def _readings(lines: Lines, index: int) -> list[Names]:
    """Return the names in a line by each delimiter that parts the row below into as many fields."""
    line = lines[index][1].lstrip("#% ")
    found = []
    for delimiter in ("\t", ";", ",", " "):
        if delimiter not in line.strip():
            continue
        widths = [
            len(_cells(below, delimiter)) for _n, below in lines[index + 1 : index + 4] if _is_row(below, delimiter)
        ]
        options = [_names(line, delimiter)]
        if delimiter == " ":
            options.append([name for name in re.split(r"\s{2,}", line.strip()) if name])
        for names in options:
            if len(names) >= 2 and (not widths or any(len(names) <= width for width in widths)):
                found.append(Names(index, delimiter, tuple(names)))
    return found


def _names(line: str, delimiter: str) -> list[str]:
    """Split a line of names; unlike in rows, a double quote at an end may be two primes (``Z"``)."""
    if delimiter == " ":
        return line.split()
    quoted = re.search(rf'"[^"]*{re.escape(delimiter)}[^"]*"', line) and line.count('"') % 2 == 0
    fields = _split(line, delimiter) if quoted else line.split(delimiter)
    names = [re.sub(r'^"(.*)"$', r"\1", name.strip()).strip() for name in fields]
    while names and not names[-1]:
        names.pop()
    return names


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return split_line(line, delimiter)
    except csv.Error:
        return [line]


def _cells(line: str, delimiter: str) -> list[str]:
    cells = _split(line, delimiter)
    return cells[:-1] if len(cells) > 2 and not cells[-1] and line.rstrip(" ").endswith(delimiter) else cells


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell) is not None


def _is_row(line: str, delimiter: str) -> bool:
    return any(_is_number(cell) for cell in _cells(line, delimiter)[:3])


def table_blocks(lines: Lines, where: str) -> Table:
    """Return the tables below lines of names; a line of names that stands there again begins the next one."""
    names = find_names(lines)
    return Table(()) if names is None else table_below(lines, names)


def table_below(lines: Lines, found: Names) -> Table:
    """Return the tables below a line of names.

    Lines below the names without a number are units or titles. Lines of text among the rows are counted in a warning,
    since one of them may be a damaged row; lines below the last row are the file's end.
    """
    names, at = _with_units(lines, found)
    blocks: list[Block] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    heading = lines[found.index][1].strip()
    skipped = waiting = 0

    def close() -> None:
        if rows:
            blocks.append(Block(names, list(rows), list(numbers)))
        rows.clear()
        numbers.clear()

    for number, line in lines[at:]:
        if line.lstrip().startswith(_COMMENT):
            continue
        cells = _cells(line, found.delimiter)
        damaged = len(cells) >= max(len(names), 2) and bool(rows)
        if line.strip() == heading:
            close()
            waiting = 0
        elif any(_is_number(cell) for cell in cells) and len(cells) > 1 or damaged:
            skipped, waiting = skipped + (waiting if rows else 0), 0
            rows.append(cells)
            numbers.append(number)
        elif not all(cell.lower() in EMPTY for cell in cells):
            waiting += 1
    close()
    warnings = (
        (f"LI-W-ROWS {skipped} lines among the rows are no rows of the table and were skipped",) if skipped else ()
    )
    blocks = blocks or [Block(names, [], [])]
    return Table([part for block in blocks for part in _side_by_side(block)], warnings)


def _with_units(lines: Lines, found: Names) -> tuple[tuple[str, ...], int]:
    """Return the names, joined with a line of units where one follows, and the index of the first line below."""
    names, at = found.names, found.index + 1
    while at < len(lines) and at < found.index + 4 and not _is_row(lines[at][1], found.delimiter):
        units = _names(lines[at][1], found.delimiter)
        if len(units) == len(names) and sum(any(plain_unit(u, kind) for kind in _KINDS) for u in units) >= 2:
            names = tuple(f"{name} ({unit.strip('()[]')})" for name, unit in zip(names, units, strict=True))
        at += 1
    return names, at


def _side_by_side(block: Block) -> list[Block]:
    """Return the spectra of a table that has several side by side, its headings repeated for each."""
    times = list(block.names).count(block.names[0])
    width = len(block.names) // times
    if times < 2 or list(block.names) != list(block.names[:width]) * times:
        return [block]
    parts = []
    for part in range(times):
        cells = slice(part * width, (part + 1) * width)
        kept = [(row[cells], line) for row, line in zip(block.rows, block.lines, strict=True) if any(row[cells])]
        parts.append(Block(block.names[:width], [row for row, _ in kept], [line for _, line in kept]))
    return parts


def unfinished(block: Block) -> list[str]:
    """Return a warning where the text ends within a cell that is shorter than all others of its column."""
    *above, last = [row[len(block.names) - 1].strip() for row in block.rows if len(row) >= len(block.names)] or [""]
    if len(above) < 2 or not last or len(last) >= min(map(len, above)):
        return []
    return [f"LI-W-ROWS the file ends in the middle of a line, and its last number {last!r} may lack digits"]


def whole_block(block: Block, where: str, *, drop: bool, cut: bool) -> Block:
    """Return the block with rows of one width; short ones get empty cells, too long ones are refused."""
    width = len(block.names)
    rows, lines = [], []
    for number, (row, line) in enumerate(zip(block.rows, block.lines, strict=True)):
        fields = row if len(row) <= width else row[:width] if not any(row[width:]) else None
        short = number == len(block.rows) - 1 and cut and len(row) < width
        if fields is None or short:
            if drop:
                fields = [""] * width
            else:
                raise ReadError(
                    "the last row is cut off" if short else "a row has more fields than the line of names",
                    code="LI-READ-003",
                    where=f"{where}:{line}",
                    got=f"{len(row)} fields in line {line}",
                    expected=f"{width} fields in a row (--set tolerate_bad_rows=true leaves such rows out and counts "
                    "them)",
                )
        rows.append([*(fields or []), *[""] * (width - len(fields or []))])
        lines.append(line)
    return evolve(block, rows=rows, lines=lines)
