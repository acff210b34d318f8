"""Parquet tables with the columns of a vendor, read by the same rules as texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lithiate.readers import bdf, delimited, dialects, vendor_text
from lithiate.readers.columns import is_record, parse_heading
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, Reader, Source


def sniff(head: bytes, path: Path) -> bool:
    """Recognise a Parquet file whose columns name a time and a voltage, and not in the words of BDF."""
    import polars as pl

    if not head.startswith(bdf.PARQUET_MAGIC):
        return False
    try:
        names = list(pl.read_parquet_schema(path))
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return not bdf.is_bdf(names) and is_record([parse_heading(name) for name in names])


def read(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Read a Parquet table.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when the file is damaged, and what `delimited.assemble` raises.
    """
    import polars as pl

    frame = bdf.parquet_frame(source)
    headings = [parse_heading(name) for name in frame.columns]
    cells = [str(cell) for cell in frame.row(0)] if frame.height else []
    dialect = dialects.dialect_of(headings)
    choices = vendor_text.choose(headings, cells, dialect, settings, source.name)
    columns = dict(enumerate(frame.get_columns()))
    raw = delimited.record_of_columns(columns, choices, settings, source.name, habits=dialect.habits)
    return raw.changed(software=f"polars {pl.__version__}")


READER = Reader(
    name="parquet",
    title="Parquet with a vendor's columns",
    settings=(*delimited.TEXT_SETTINGS, *COMMON_SETTINGS),
    sniff=sniff,
    read=read,
)
