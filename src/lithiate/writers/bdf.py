"""Battery Data Format (ontology 1.3.0): CSV and Parquet with the preferred labels.

Beside the format's words stand lithiate's own ``Electrode Potential / V`` and, where a row carries a flag,
``Row Flags / 1``. Area, warnings and provenance have no place in the format: lithiate's own files keep them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lithiate.core.measurement import CyclingRecord
from lithiate.core.store import COLUMNS, atomic_write_bytes, parquet_bytes, record_frame
from lithiate.errors import WriteError

if TYPE_CHECKING:
    import polars as pl


def write_bdf_csv(record: CyclingRecord, path: str | os.PathLike[str]) -> Path:
    """Write a record as BDF CSV; numbers have all their digits, so that reading gives the same bits.

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when the record has no current, which the format requires; ``LI-WRITE-001`` when the target
        cannot be written.
    """
    return atomic_write_bytes(path, _frame(record, path).write_csv().encode())


def write_bdf_parquet(record: CyclingRecord, path: str | os.PathLike[str]) -> Path:
    """Write a record as BDF Parquet; raises as `write_bdf_csv` does."""
    return atomic_write_bytes(path, parquet_bytes(_frame(record, path)))


def _frame(record: CyclingRecord, path: str | os.PathLike[str]) -> pl.DataFrame:
    if record.current is None:
        raise WriteError(
            "the Battery Data Format requires a current, and this record has none",
            code="LI-WRITE-002",
            where=str(path),
            expected="a target of lithiate's own format, NAME.parquet",
        )
    frame = record_frame(record)
    return frame if record.row_flags.any() else frame.drop(COLUMNS["row_flags"][0])
