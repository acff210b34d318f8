"""Writing measurements: the suffixes of the target, or the name of a format, say how.

Numbers in the vendors' layouts have more digits than the vendors print, so that a record that goes through one of them
is rounded by the `Instrument` alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

from lithiate.core.measurement import Measurement
from lithiate.core.store import save_measurement
from lithiate.errors import WriteError, nearest_match
from lithiate.writers.bdf import write_bdf_csv, write_bdf_parquet
from lithiate.writers.biologic import write_biologic_mpt
from lithiate.writers.gamry import write_gamry_dta
from lithiate.writers.impedance import write_spectra_csv, write_zplot
from lithiate.writers.neware import write_neware_csv

__all__ = [
    "FORMATS",
    "Format",
    "format_of",
    "write",
    "write_bdf_csv",
    "write_bdf_parquet",
    "write_biologic_mpt",
    "write_gamry_dta",
    "write_neware_csv",
    "write_spectra_csv",
    "write_zplot",
]


@frozen
class Format:
    """A format that is written: its name, its suffix, what it is, and the techniques that it holds.

    `complete` says that it has a place for everything that a record is.
    """

    name: str
    suffix: str
    title: str
    techniques: tuple[str, ...]
    write: Callable[[Any, Path], Path | tuple[Path, ...]]
    complete: bool = False


def _write_own(record: Measurement, path: Path) -> tuple[Path, ...]:
    return save_measurement(record, path.with_suffix("") if path.suffix.lower() == ".parquet" else path)


_ALL = ("cycling", "impedance", "polarisation")

FORMATS: tuple[Format, ...] = (
    Format("bdf-csv", ".bdf.csv", "Battery Data Format, CSV", ("cycling",), write_bdf_csv),
    Format("bdf-parquet", ".bdf.parquet", "Battery Data Format, Parquet", ("cycling",), write_bdf_parquet),
    Format("neware", ".neware.csv", "Neware's flat export", ("cycling",), write_neware_csv),
    Format("biologic", ".mpt", "BioLogic EC-Lab text", _ALL, write_biologic_mpt),
    Format("gamry", ".dta", "Gamry text", _ALL, write_gamry_dta),
    Format("lithiate", ".parquet", "lithiate's own Parquet and JSON", _ALL, _write_own, complete=True),
    Format("zplot", ".z", "ZPlot and ZView text", ("impedance",), write_zplot),
    Format("impedance-csv", ".csv", "table of impedances", ("impedance",), write_spectra_csv),
)
"""All formats; where two suffixes fit a target, the first one is meant."""


def write(record: Measurement, path: str | os.PathLike[str], *, format: str | None = None) -> tuple[Path, ...]:  # noqa: A002 - the field's word
    """Write a record in the format that the suffixes of `path` name, and return the files that were written.

    Parameters
    ----------
    record : CyclingRecord, ImpedanceSpectra or PolarisationCurve
    path : path
        Target; its folder is made where it is missing.
    format : str, optional
        Name of one of `FORMATS`, whatever the target is called.

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when the suffixes or the name mean no format, or the format cannot hold the record;
        ``LI-WRITE-001`` when the target cannot be written.
    """
    target = Path(path)
    chosen = format_of(target) if format is None else _by_name(format, target)
    if record.technique not in chosen.techniques:
        raise WriteError(
            f"the format ({chosen.title}) does not hold this technique",
            code="LI-WRITE-002",
            where=str(target),
            got=record.technique,
            expected=", ".join(item.suffix for item in FORMATS if record.technique in item.techniques),
        )
    written = chosen.write(record, target)
    return written if isinstance(written, tuple) else (written,)


def format_of(target: Path) -> Format:
    """Return the format that the suffixes of a target name (else ``LI-WRITE-002``)."""
    name = target.name.lower()
    for item in FORMATS:
        if name.endswith(item.suffix):
            return item
    suffixes = "".join(target.suffixes[-2:])
    raise WriteError(
        "the suffix of the target names no format that lithiate writes",
        code="LI-WRITE-002",
        where=str(target),
        got=suffixes or "no suffix",
        expected=", ".join(f"{item.suffix} ({item.title})" for item in FORMATS),
        nearest=nearest_match(suffixes, [item.suffix for item in FORMATS]),
    )


def _by_name(name: str, target: Path) -> Format:
    for item in FORMATS:
        if item.name == name:
            return item
    raise WriteError(
        "no format of this name is written",
        code="LI-WRITE-002",
        where=str(target),
        got=name,
        expected=", ".join(item.name for item in FORMATS),
        nearest=nearest_match(name, [item.name for item in FORMATS]),
    )
