"""Delimited text of any dialect: encoding, delimiter, decimal mark, and where the table begins."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from lithiate.errors import ReadError
from lithiate.readers.columns import Heading, is_record, parse_heading

if TYPE_CHECKING:
    import polars as pl

NUMBER = re.compile(
    r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
    r"|[+-]?\d{1,3}(?:(?:,\d{3})+(?:\.\d*)?|(?:\.\d{3})+(?:,\d*)?)"  # with marks of thousands
)
CLOCK = re.compile(r"(?:\d+\s*[d-]?\s*)?\d+:\d{2}:\d{2}(?:[.,]\d+)?")
_QUOTED_LINE = re.compile(r'^"([^"\n]*,[^"\n]*)"$', re.MULTILINE)
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")
EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--", "#n/a"})
_CHINESE = ("时间", "电压", "电流", "循环", "工步")

_LINES_TO_SEARCH = 3000
_SAMPLE = 1 << 18
_RUN = 3
_GAP = 6


@frozen
class Layout:
    """Where the table of a text stands and how its lines are to be split.

    `first_row` counts the lines of the decoded text, from 0. `width` is the number of fields of a row, `sample` holds
    the cells of the first rows.
    """

    delimiter: str
    decimal_comma: bool
    first_row: int
    width: int
    headings: Sequence[Heading]
    sample: Sequence[str] = ()


def decode(content: bytes, *, final: bool = True) -> str | None:
    """Return the content as text with plain line ends and without blank lines, or None where it is no text.

    UTF-8 and UTF-16 (with a mark, or by its zero bytes) are recognised; what is neither is GB18030 where it then
    holds the words of a Chinese cycler, else Windows-1252. `final` is False for the head of a longer file.
    """
    text = _decoded(content, final=final)
    if text is None or "\x00" in text:
        return None
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > 0.002 * len(sample) + 8:  # a few stray bytes occur in real preambles
        return None
    text = text.lstrip("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"\n[ \t\n]*\n", "\n", text).lstrip("\n")
    # Old Novonix files quote every line as if it were one field.
    return _QUOTED_LINE.sub(r"\1", text) if '"' in sample else text


@lru_cache(maxsize=2)
def head_text(head: bytes) -> str | None:
    """Return the head of a file as `decode` does; remembered, because every reader of texts asks for it."""
    return decode(head, final=False)


def line_in_file(content: bytes, index: int) -> int:
    """Return the line of the file, from 1, of line `index` (from 0) of its decoded text, which has no blank lines."""
    lines = plain_text(content).split("\n")
    filled = (number for number, line in enumerate(lines, 1) if line.strip(" \t"))
    return next(islice(filled, index, None), len(lines))


def row_lines(content: bytes, layout: Layout) -> Callable[[int], int]:
    """Return the function that gives the line of the file, from 1, of a row of the table, from 0."""
    return lambda row: line_in_file(content, layout.first_row + row)


def plain_text(content: bytes) -> str:
    """Return the content as text with plain line ends, blank lines kept, for formats that count their lines."""
    return (_decoded(content, final=True) or "").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _decoded(content: bytes, *, final: bool) -> str | None:
    for encoding in _encodings(content):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(content, final)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or any(word in text for word in _CHINESE):
            return text
    return content.decode("latin-1")


def _encodings(content: bytes) -> Sequence[str]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    odd, even = content[1:4096:2], content[0:4096:2]
    if odd and odd.count(0) > 0.4 * len(odd) and even.count(0) == 0:
        return ("utf-16-le",)
    return ("utf-8", "gb18030", "cp1252")


def head_lines(text: str) -> list[str]:
    """Return the lines in which a table has to begin."""
    return text.rstrip("\n").split("\n", _LINES_TO_SEARCH)[:_LINES_TO_SEARCH]


def split_line(line: str, delimiter: str) -> list[str]:
    """Split one line into fields without surrounding blanks and quotes."""
    if delimiter == " ":
        fields = line.split()
    elif '"' in line:
        fields = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    else:
        fields = line.split(delimiter)
    return [text.strip().strip('"').strip() for text in fields]


def _is_number(text: str) -> bool:
    return bool(NUMBER.fullmatch(text) or CLOCK.fullmatch(text))


def _is_row(fields: Sequence[str]) -> bool:
    numbers = sum(_is_number(text) for text in fields)
    empty = sum(text.lower() in EMPTY for text in fields)
    return numbers >= 1 and numbers + empty >= 2 and 2 * (numbers + empty) >= len(fields)


def _find_run(lines: Sequence[str], delimiter: str) -> tuple[int, float] | None:
    """Return the first line of the first run of rows, and the share of numbers in it."""
    rows: list[list[str]] = []
    for index, line in enumerate(lines):
        fields = split_line(line, delimiter) if delimiter in line else []
        if not _is_row(fields):
            rows = []
            continue
        if rows and len(rows[0]) != len(fields):
            rows = []
        rows.append(fields)
        if len(rows) == _RUN or (index == len(lines) - 1 and len(lines) > 1):
            flat = [text for row in rows for text in row]
            return index - len(rows) + 1, sum(_is_number(text) for text in flat) / len(flat)
    return None


def find_rows(lines: Sequence[str]) -> tuple[str, int] | None:
    """Return the delimiter and the first line of a run of rows of numbers, or None where there is no table."""
    for delimiter in ("\t", ";"):
        found = _find_run(lines, delimiter)
        if found:
            return delimiter, found[0]
    # A comma may part fields or decimals, a blank fields or words: the better split is that with more numbers.
    runs = [(run[1], delimiter, run[0]) for delimiter in (",", " ") if (run := _find_run(lines, delimiter))]
    best = max(runs, key=lambda run: run[0], default=None)
    return None if best is None else (best[1], best[2])


def find_names_only(lines: Sequence[str]) -> bool:
    """Say whether a line names a time and a voltage although no rows follow."""
    return any(
        is_record([parse_heading(text) for text in split_line(line, delimiter)])
        for line in lines
        for delimiter in ("\t", ";", ",")
        if delimiter in line
    )


def find_layout(lines: Sequence[str], where: str, place: Callable[[int], int] | None = None) -> Layout:
    """Find the table of a text that has rows: its delimiter, headings and first row.

    `place` gives the line of the file of a line of the text.

    Raises
    ------
    ReadError
        ``LI-READ-004`` when no line of names stands above the rows, ``LI-READ-003`` when the names do not fit them,
        ``LI-READ-009`` when there are names and no rows.
    """
    found = find_rows(lines)
    if found is None:
        raise ReadError("the table has names and no rows", code="LI-READ-009", where=where, got="0 rows")
    delimiter, first = found
    rows = [split_line(line, delimiter) for line in lines[first : first + 50]]
    names_at = _names_line(lines, delimiter, first)
    if names_at is None:
        raise ReadError(
            "no line of names stands above the table, so nothing says what its columns are",
            code="LI-READ-004",
            where=where,
            got=f"rows such as {lines[first][:80]!r}",
            expected="a line such as 'Time / h;Voltage / V;Current / mA' above them",
        )
    at_row = where if place is None else f"{where}:{place(first)}"
    names, first = _names(lines, delimiter, names_at, rows[0], at_row)
    sample = [text for row in rows for text in row]
    return Layout(delimiter, False, first, len(rows[0]), [parse_heading(name) for name in names], sample)


def layout_below(lines: Sequence[str], names_at: int, delimiter: str, where: str) -> Layout:
    """Return the layout of a table whose line of names is known.

    Raises
    ------
    ReadError
        ``LI-READ-009`` when no rows follow, ``LI-READ-003`` when the names do not fit them.
    """
    first = names_at + 1
    if first >= len(lines) or not lines[first].strip():
        raise ReadError("the table has names and no rows", code="LI-READ-009", where=where, got="0 rows")
    rows = [split_line(line, delimiter) for line in lines[first : first + 50]]
    names = fitted_names(lines[names_at], delimiter, rows[0], where)
    sample = [text for row in rows for text in row]
    return Layout(delimiter, False, first, len(rows[0]), [parse_heading(name) for name in names], sample)


def _names_line(lines: Sequence[str], delimiter: str, first: int) -> int | None:
    """Return the nearest line above the run that is made of words; rows with empty cells may stand between."""
    for index in range(first - 1, max(first - 1 - _GAP, -1), -1):
        fields = split_line(lines[index], delimiter)
        words = [text for text in fields if text and not _is_number(text) and text.lower() not in EMPTY]
        if len(words) >= 2 and len(words) >= 0.5 * len([text for text in fields if text]):
            return index
    return None


def _names(lines: Sequence[str], delimiter: str, at: int, row: Sequence[str], where: str) -> tuple[list[str], int]:
    """Return the names, joined with a line of units where there is one, and the line of the first row."""
    names = fitted_names(lines[at], delimiter, row, where)
    above = split_line(lines[at - 1], delimiter) if at else []
    if not is_record([parse_heading(name) for name in names]) and len(above) == len(names):
        joined = [f"{name} ({unit})" if unit else name for name, unit in zip(above, names, strict=True)]
        if is_record([parse_heading(name) for name in joined]):
            names = joined
    if len(names) > 2 and not any(names[:2]):
        raise ReadError(
            "the names are shifted to the right, as in a multi-level export, and not as in Neware's",
            code="LI-READ-002",
            where=where,
            expected="the flat export (one line of names, one row a record)",
        )
    return names, at + 1


def fitted_names(line: str, delimiter: str, row: Sequence[str], where: str) -> list[str]:
    """Return the names above a row; lines of some cyclers end with a delimiter, in the names, in the rows, or in both.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when there are more or fewer names than fields, ``LI-READ-002`` when they are no record's.
    """
    names = split_line(line, delimiter)
    if delimiter == " " and len(names) != len(row):
        # "Time (h)  E (V)": blanks inside names, at least two between them.
        names = [name for name in re.split(r"\s{2,}", line.strip()) if name]
    while len(names) > len(row) and not names[-1]:
        names = names[:-1]
    if len(names) < len(row) and not any(row[len(names) :]):
        names = [*names, *[""] * (len(row) - len(names))]
    if len(names) != len(row):
        if not is_record([parse_heading(name) for name in names]):
            raise ReadError(
                "the text holds numbers, and no line of names that fits them",
                code="LI-READ-002",
                where=where,
                got=f"{line[:80]!r} above {len(row)} columns",
                expected="a table with a time and a voltage",
            )
        raise ReadError(
            "the line of names does not fit the rows: values would stand under wrong names",
            code="LI-READ-003",
            where=where,
            got=f"{len(names)} names and {len(row)} fields in a row",
        )
    return names


def load_columns(
    text: str,
    layout: Layout,
    indices: Sequence[int],
    where: str,
    *,
    line: Callable[[int], int] | None = None,
    tolerate: bool = False,
) -> dict[int, pl.Series]:
    """Return the columns of the table as text, by index; rows that are short are filled with nulls.

    `line` gives the line of the file of a row, where the text is the end of a file. With `tolerate` the cells of rows
    with too many fields, and of a last row that was cut off, are null.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when a row has more fields than the first one, or the last row was cut off.
    """
    import polars as pl

    body = text.split("\n", layout.first_row)[layout.first_row]
    if layout.delimiter == " ":
        body = re.sub(r"^ | $", "", re.sub(r"[ \t]+", " ", body), flags=re.MULTILINE)
    faults = _too_long(body, layout)
    faults += [row for row in ([] if line is None else _cut_off(body, layout, max(indices))) if row not in faults]
    if faults and not tolerate:
        raise _damaged_row(faults, body, layout, where, line)
    if faults:
        lines = body.rstrip("\n").split("\n")
        for row in faults:
            lines[row] = layout.delimiter * (layout.width - 1)
        body = "\n".join(lines)
    try:
        frame = _frame(body, layout, indices)
    except pl.exceptions.PolarsError as error:
        raise ReadError(
            "the table is damaged", code="LI-READ-003", where=where, got=str(error).splitlines()[0]
        ) from error
    return {index: frame[f"column_{index}"].str.strip_chars() for index in set(indices)}


def _frame(body: str, layout: Layout, indices: Sequence[int]) -> pl.DataFrame:
    import polars as pl

    return pl.read_csv(
        io.BytesIO(body.encode()),
        has_header=False,
        separator=layout.delimiter,
        schema={f"column_{index}": pl.String for index in range(layout.width)},
        columns=sorted(set(indices)),
        truncate_ragged_lines=False,
    )


def _cut_off(body: str, layout: Layout, last_needed: int) -> list[int]:
    """Return the last row where the text ends within a cell that is needed: its number may lack digits."""
    if not body or body.endswith("\n") or layout.delimiter == " ":
        return []
    fields = split_line(body[body.rfind("\n") + 1 :], layout.delimiter)
    return [body.count("\n")] if len(fields) < layout.width and len(fields) <= last_needed + 1 else []


def _too_long(body: str, layout: Layout) -> list[int]:
    """Return the rows that have more fields than the table, or a quote that nothing closes.

    The reader of tables is silent about fields behind the last column that it is asked for.
    """
    import polars as pl

    if not body.strip("\n"):
        return []
    # A separator that the text does not hold makes each line one field, without a list of all lines.
    plain = body.replace("\x1f", " ")
    options: dict[str, Any] = {"has_header": False, "quote_char": None, "schema": {"line": pl.String}}
    lines = pl.read_csv(io.BytesIO(plain.encode()), separator="\x1f", **options)["line"].fill_null("")
    fields = lines
    wrong = pl.repeat(value=False, n=lines.len(), eager=True)
    if '"' in body:
        wrong = lines.str.count_matches('"', literal=True) % 2 == 1
        fields = lines.str.replace_all('"[^"]*"', "")
    marks = fields.str.count_matches(layout.delimiter, literal=True)
    return (wrong | (marks >= layout.width)).arg_true().to_list()


def _damaged_row(
    faults: Sequence[int], body: str, layout: Layout, where: str, line: Callable[[int], int] | None
) -> ReadError:
    row = faults[0]
    content = body.split("\n", row + 1)[row]
    place = f"row {row + 1} of the table" if line is None else f"line {line(row)}"
    fields = len(split_line(content, layout.delimiter))
    short = fields < layout.width and '"' not in content
    return ReadError(
        "the last row is cut off"
        if short
        else "a row has more fields than the rows above it, or a quote without its end",
        code="LI-READ-003",
        where=where if line is None else f"{where}:{line(row)}",
        got=f"{fields} fields in {place}" + (f", and {len(faults) - 1} more such rows" if len(faults) > 1 else ""),
        expected=f"{layout.width} fields in a row (--set tolerate_bad_rows=true leaves such rows out and counts them)",
    )
