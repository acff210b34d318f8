"""Writing measurements: the suffixes of the target say the format."""

from __future__ import annotations

import os
from pathlib import Path

from lithiate.core.measurement import CyclingRecord
from lithiate.core.store import save_measurement
from lithiate.errors import WriteError, nearest_match
from lithiate.writers.bdf import write_bdf_csv, write_bdf_parquet

__all__ = ["SUFFIXES", "write", "write_bdf_csv", "write_bdf_parquet"]

SUFFIXES = {
    ".bdf.csv": "Battery Data Format, CSV",
    ".bdf.parquet": "Battery Data Format, Parquet",
    ".parquet": "lithiate's own Parquet and JSON",
}
"""Suffixes of a target -> the format that is written."""


def write(record: CyclingRecord, path: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Write a record in the format that the suffixes of `path` name, and return the files that were written.

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when the suffixes name no format or the format cannot hold the record; ``LI-WRITE-001`` when
        the target cannot be written.
    """
    target = Path(path)
    name = target.name.lower()
    if name.endswith(".bdf.csv"):
        return (write_bdf_csv(record, target),)
    if name.endswith(".bdf.parquet"):
        return (write_bdf_parquet(record, target),)
    if name.endswith(".parquet"):
        return save_measurement(record, target.with_suffix(""))
    suffixes = "".join(target.suffixes[-2:])
    raise WriteError(
        "the suffix of the target names no format that lithiate writes",
        code="LI-WRITE-002",
        where=str(target),
        got=suffixes or "no suffix",
        expected=", ".join(f"{suffix} ({title})" for suffix, title in SUFFIXES.items()),
        nearest=nearest_match(suffixes, SUFFIXES),
    )
