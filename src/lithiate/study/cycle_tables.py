"""What the twin knows of each cycle of a full cell: a table beside the record, which no instrument would have made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lithiate.core.store import atomic_write_bytes, parquet_bytes
from lithiate.errors import ReadError

SUFFIX = "-cycles.parquet"
"""Of the file, behind the name of the record's files."""

LOST = "lost_"
"""Columns that begin so are shares of the first discharge capacity that a cause has taken; all others are in SI."""

CycleTable = Mapping[str, NDArray[np.float64]]
"""Name -> values (c,), one of them ``cycle``."""


def save_cycle_table(table: CycleTable, folder: Path, stem: str) -> Path:
    """Write a table of cycles as Parquet.

    Raises
    ------
    WriteError
        ``LI-WRITE-001`` when the folder cannot be written.
    """
    import polars

    return atomic_write_bytes(folder / f"{stem}{SUFFIX}", parquet_bytes(polars.DataFrame(dict(table))))


def load_cycle_table(folder: Path, stem: str) -> CycleTable | None:
    """Return the table of cycles of a record; None where it has none.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when the file is damaged.
    """
    import polars

    path = folder / f"{stem}{SUFFIX}"
    if not path.is_file():
        return None
    try:
        frame = polars.read_parquet(path)
        return {name: frame[name].cast(polars.Float64).to_numpy() for name in frame.columns}
    except polars.exceptions.PolarsError as error:
        raise ReadError(
            "the table of cycles is damaged", code="LI-READ-003", where=path.name, got=str(error)
        ) from error
