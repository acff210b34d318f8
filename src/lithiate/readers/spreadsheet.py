"""Spreadsheets (``.xlsx``, ``.xls``): Arbin's channels, LANDT's and Neware's records, any sheet with a record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen

from lithiate.errors import ReadError, nearest_match
from lithiate.readers import delimited, vendor_text
from lithiate.readers.columns import Heading, is_record, parse_heading
from lithiate.readers.dialects import dialect_of
from lithiate.readers.impedance_blocks import Block, Table
from lithiate.readers.impedance_headings import is_spectrum, named_columns
from lithiate.readers.impedance_text import SETTINGS as SPECTRUM_SETTINGS
from lithiate.readers.impedance_text import spectra_of_table
from lithiate.readers.source import COMMON_SETTINGS, Raw, RawRecord, RawSpectra, Reader, Source

if TYPE_CHECKING:
    import polars as pl

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOKS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_PARTS = (b"[Content_Types].xml", b"xl/", b"_rels/")
_ROWS_FOR_NAMES = 60
_CHANNEL = re.compile(r"Channel[_ ]?(\d+(?:-\d+)?)(?:_(\d+))?")
_ABOUT = "Global_Info"
_ABOUT_DETAILS = {
    "test_name": "Test Name",
    "procedure": "Schedule File Name",
    "creator": "Creator",
    "comments": "Comments",
    "instrument_software": "Software Version",
}


@frozen
class _Sheet:
    """A sheet with a record: its name, the row of its names (from 0), its headings."""

    name: str
    names_row: int
    headings: Sequence[Heading]


def sniff(head: bytes, path: Path) -> bool:
    """Recognise a spreadsheet by the parts of its archive, or the container of the older format."""
    return (head.startswith(_ZIP) and any(part in head[:4096] for part in _PARTS)) or head.startswith(_OLE)


def read(source: Source, settings: Mapping[str, str]) -> Raw | tuple[Raw, ...]:
    """Read the sheets that have a time and a voltage, and those that have a frequency and an impedance.

    Arbin's sheets ``Channel_<n>_<k>`` are parts of one channel each, and so are sheets with the same names where one
    goes on in time behind the other. Setting ``sheet``: the one to read, where several are no parts of each other.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when the file is damaged, ``LI-READ-002`` when no sheet is a record, ``LI-READ-004`` when
        several are, ``LI-READ-003...010`` for what is wrong in them.
    """
    import fastexcel

    try:
        book = fastexcel.read_excel(source.content)
    except fastexcel.FastExcelError as error:
        raise _damaged(source, error) from error
    spectra = _spectra(book, settings, source.name)
    sheets = [sheet for name in book.sheet_names if (sheet := _sheet(book, name)) is not None]
    if spectra is not None and not [sheet for sheet in sheets if settings.get("sheet") in (None, sheet.name)]:
        return spectra
    record = _records(book, sheets, settings, source)
    if spectra is None:
        return record
    return (*record, spectra) if isinstance(record, tuple) else (record, spectra)


def _records(
    book: Any,  # noqa: ANN401
    sheets: Sequence[_Sheet],
    settings: Mapping[str, str],
    source: Source,
) -> RawRecord | tuple[RawRecord, ...]:
    """Return the record of the sheets that are of one channel, or one a channel."""
    import fastexcel

    chosen = _chosen(sheets, book.sheet_names, settings, source.name)
    about = _about(book) if _ABOUT in book.sheet_names else {}
    software = f"fastexcel {fastexcel.__version__}"
    records = []
    for group in _groups(chosen):
        parts = [_record(book, sheet, settings, source.name) for sheet in group]
        channel = _channel_of(group[0].name)
        records.append(
            evolve(_with_about(_together(parts, group, source.name), about.get(channel, {})), software=software)
        )
    if len(records) > 1 and not all(_CHANNEL.fullmatch(sheet.name) for sheet in chosen):
        together = _continued(records)
        if together is None:
            raise ReadError(
                "several sheets hold a record",
                code="LI-READ-004",
                where=source.name,
                got=", ".join(repr(sheet.name) for sheet in chosen),
                expected="one of them, chosen with --set sheet=NAME",
            )
        return together
    return records[0] if len(records) == 1 else tuple(records)


def _damaged(source: Source, error: Exception) -> ReadError:
    # Many programs use the container of the older format: only a spreadsheet has a workbook in it.
    if source.content.startswith(_OLE) and not any(name in source.content for name in _WORKBOOKS):
        return ReadError(
            "the content is a container of Microsoft's older formats, and no spreadsheet",
            code="LI-READ-002",
            where=source.name,
            expected="a spreadsheet, or an export as text",
        )
    reason = str(error).strip().splitlines()
    return ReadError(
        "the spreadsheet is damaged",
        code="LI-READ-003",
        where=source.name,
        got=reason[0] if reason else "no reason given",
    )


def _frame(book: Any, name: str, rows: int | None) -> pl.DataFrame | None:  # noqa: ANN401 - fastexcel has no types
    """Return a sheet as text, None where it is a chart or cannot be read."""
    import fastexcel

    try:
        frame: pl.DataFrame = book.load_sheet(name, header_row=None, n_rows=rows, dtypes="string").to_polars()
    except fastexcel.FastExcelError:
        return None
    return frame


def _cells(row: Sequence[str | None]) -> list[str]:
    return ["" if cell is None else str(cell).strip() for cell in row]


def _spectra(book: Any, settings: Mapping[str, str], where: str) -> RawSpectra | None:  # noqa: ANN401
    """Return the spectra in the sheets that name a frequency and an impedance, None without any."""
    import fastexcel

    blocks = []
    for name in book.sheet_names:
        if settings.get("sheet") not in (None, name):
            continue
        head = _frame(book, name, _ROWS_FOR_NAMES)
        rows = [] if head is None else [_cells(row) for row in head.iter_rows()]
        at = next((i for i, row in enumerate(rows) if is_spectrum(named_columns(row))), None)
        whole = None if at is None else _frame(book, name, None)
        if at is None or whole is None:
            continue
        below = [(_cells(row), line) for line, row in enumerate(whole.iter_rows(), 1) if line > at + 1]
        kept = [(row, line) for row, line in below if any(row)]
        blocks.append(Block(rows[at], [row for row, _ in kept], [line for _, line in kept]))
    if not blocks:
        return None
    return evolve(spectra_of_table(Table(blocks), settings, where), software=f"fastexcel {fastexcel.__version__}")


def _sheet(book: Any, name: str) -> _Sheet | None:  # noqa: ANN401
    frame = _frame(book, name, _ROWS_FOR_NAMES)
    for index, row in enumerate([] if frame is None else frame.iter_rows()):
        headings = [parse_heading(cell) for cell in _cells(row)]
        if is_record(headings) and not is_spectrum(named_columns(_cells(row))):
            return _Sheet(name, index, headings)
    return None


def _chosen(
    sheets: Sequence[_Sheet], names: Sequence[str], settings: Mapping[str, str], where: str
) -> Sequence[_Sheet]:
    if not sheets:
        raise ReadError(
            "no sheet has a time and a voltage",
            code="LI-READ-002",
            where=where,
            got="sheets " + ", ".join(repr(name) for name in names),
            expected="a sheet whose columns are named, such as 'Time / h', 'Voltage / V', 'Current / mA'",
        )
    wanted = settings.get("sheet")
    if wanted is None:
        return sheets
    found = [sheet for sheet in sheets if sheet.name == wanted]
    if not found:
        known = [sheet.name for sheet in sheets]
        raise ReadError(
            "the setting 'sheet' names no sheet that holds a record",
            code="LI-READ-011",
            where=where,
            got=wanted,
            expected=", ".join(known),
            nearest=nearest_match(wanted, known),
        )
    return found


def _channel_of(name: str) -> str:
    match = _CHANNEL.fullmatch(name)
    return "" if match is None else match[1]


def _groups(sheets: Sequence[_Sheet]) -> list[list[_Sheet]]:
    """Return the sheets of each channel of Arbin in the order of their parts; any other sheet stands alone."""
    groups: dict[str, list[_Sheet]] = {}
    for sheet in sheets:
        groups.setdefault(_channel_of(sheet.name) or f"\n{sheet.name}", []).append(sheet)

    def part(sheet: _Sheet) -> int:
        match = _CHANNEL.fullmatch(sheet.name)
        return int(match[2]) if match and match[2] else 0

    return [sorted(group, key=part) for group in groups.values()]


def _record(book: Any, sheet: _Sheet, settings: Mapping[str, str], where: str) -> RawRecord:  # noqa: ANN401
    import polars as pl

    frame = _frame(book, sheet.name, None)
    body = pl.DataFrame() if frame is None else frame.slice(sheet.names_row + 1)
    place = f"{where}, sheet {sheet.name!r}"
    if not body.height:
        raise ReadError("the table has names and no rows", code="LI-READ-009", where=place, got="0 rows")
    dialect = dialect_of(sheet.headings)
    sample = [cell for row in body.head(50).iter_rows() for cell in _cells(row)]
    choices = vendor_text.choose(sheet.headings, sample[: len(sheet.headings)], dialect, settings, place)
    columns = {index: body.to_series(index).str.strip_chars() for index in range(len(sheet.headings))}
    return delimited.record_of_columns(
        columns, choices, settings, place, sample, line=lambda row: sheet.names_row + 2 + row, habits=dialect.habits
    )


def _together(parts: Sequence[RawRecord], sheets: Sequence[_Sheet], where: str) -> RawRecord:
    """Return the parts of one channel, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {}
    for name in ("time", "voltage", "current", "vendor_cycle_number", "row_flags"):
        arrays = [getattr(part, name) for part in parts]
        present = [array is not None for array in arrays]
        if any(present) != all(present):
            raise ReadError(
                f"only some sheets of a channel have the {name.replace('_', ' ')}",
                code="LI-READ-004",
                where=where,
                got=", ".join(repr(sheet.name) for sheet in sheets),
            )
        columns[name] = np.concatenate(arrays) if all(present) else None
    warnings = tuple(dict.fromkeys(text for part in parts for text in part.warnings))
    return evolve(parts[0], warnings=warnings, line=None, **columns)


def _continued(records: Sequence[RawRecord]) -> RawRecord | None:
    """Return sheets that go on in time one behind the other as one record, None where they do not."""
    ends = [(float(record.time[0]), float(record.time[-1])) for record in records if record.time.size]
    goes_on = len(ends) == len(records) and all(a[1] <= b[0] for a, b in zip(ends, ends[1:], strict=False))
    if not goes_on or len({record.current is None for record in records}) > 1:
        return None
    text = f"LI-W-JOIN {len(records)} sheets go on in time one behind the other and were joined"
    return _together(records, (), "").changed(text)


def _about(book: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401
    """Return what Arbin's first sheet says of each channel."""
    frame = _frame(book, _ABOUT, None)
    rows = [] if frame is None else [_cells(row) for row in frame.iter_rows()]
    at = next((i for i, row in enumerate(rows) if "Channel" in row), None)
    if at is None:
        return {}
    place = rows[at].index("Channel")
    return {
        row[place]: {name: cell for name, cell in zip(rows[at], row, strict=True) if name and cell}
        for row in rows[at + 1 :]
        if row[place]
    }


def _with_about(raw: RawRecord, about: Mapping[str, str]) -> RawRecord:
    identity = {name: about[word] for name, word in (("channel", "Channel"), ("cell_id", "Item ID")) if word in about}
    details = {name: about[word] for name, word in _ABOUT_DETAILS.items() if word in about}
    return evolve(raw, identity={**raw.identity, **identity}, details={**raw.details, **details})


READER = Reader(
    name="spreadsheet",
    title="spreadsheet (.xlsx, .xls: Arbin, LANDT, Neware, or any sheet with a record or a spectrum)",
    settings=tuple(dict.fromkeys(("sheet", *delimited.TEXT_SETTINGS, *COMMON_SETTINGS, *SPECTRUM_SETTINGS))),
    sniff=sniff,
    read=read,
)
