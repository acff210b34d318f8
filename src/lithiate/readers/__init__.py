"""Reading instrument files: the content of a file says its format, never its name.

`read` asks the readers in `READERS`, in their order, whether they recognise the file, and gives the record of the
technique that the file holds.
A format is one module with a `Reader`; adding one is adding it to the tuple.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, overload

import numpy as np
from attrs import evolve

from lithiate.core.measurement import (
    CyclingRecord,
    ImpedanceSpectra,
    Measurement,
    PolarisationCurve,
    Provenance,
    Specimen,
)
from lithiate.core.techniques import TECHNIQUES
from lithiate.errors import ReadError, nearest_match
from lithiate.readers import bdf, biologic_binary, biologic_text, delimited, gamry_text, neware, own
from lithiate.readers.join import joined
from lithiate.readers.rows import checked
from lithiate.readers.source import RawRecord, RawSpectra, Reader, Source, check_settings
from lithiate.readers.specimen import described

__all__ = ["READERS", "read"]

READERS: tuple[Reader, ...] = (
    own.READER,
    bdf.PARQUET,
    neware.READER,
    biologic_binary.READER,
    biologic_text.READER,
    gamry_text.READER,
    bdf.CSV,
    delimited.READER,
)
"""All readers, the more particular before the more general."""

PathLike = str | os.PathLike[str]


@overload
def read(
    path_or_paths: PathLike | Sequence[PathLike],
    *,
    area: str | float | None = ...,
    cell: str | None = ...,
    specimen: str | None = ...,
    cell_id: str | None = ...,
    anode: str | None = ...,
    cathode_mass: str | float | None = ...,
    settings: Mapping[str, str] | None = ...,
    technique: Literal["cycling"],
) -> CyclingRecord: ...


@overload
def read(
    path_or_paths: PathLike | Sequence[PathLike],
    *,
    area: str | float | None = ...,
    cell: str | None = ...,
    specimen: str | None = ...,
    cell_id: str | None = ...,
    anode: str | None = ...,
    cathode_mass: str | float | None = ...,
    settings: Mapping[str, str] | None = ...,
    technique: str | None = ...,
) -> Measurement: ...


def read(
    path_or_paths: PathLike | Sequence[PathLike],
    *,
    area: str | float | None = None,
    cell: str | None = None,
    specimen: str | None = None,
    cell_id: str | None = None,
    anode: str | None = None,
    cathode_mass: str | float | None = None,
    settings: Mapping[str, str] | None = None,
    technique: str | None = None,
) -> Measurement:
    """Read an instrument's file, or several files of one cell, as a measurement.

    Parameters
    ----------
    path_or_paths : path, or sequence of paths
        Several files are parts of the record of one cell and are joined in time; spectra follow in the order given.
    area : str or float, optional
        Electrode area: text with its unit (``"1.13 cm^2"``), or a number in m2. Without it areal numbers are null,
        and a warning says so. Default areas that cyclers write into their files are never used.
    cell : {"symmetric", "plating", "full", "three-electrode"}, optional
        What the cell is. Without it a symmetric or a full cell is inferred from its voltage, with a warning.
    specimen, cell_id, anode : str, optional
        Name of the specimen (else the file's name), of the cell, of the anode.
    cathode_mass : str or float, optional
        Active material of the cathode of a full cell: text with its unit (``"2.26 mg"``), or a number in kg. Without it
        specific capacities are null. Masses that cyclers write into their files are never used.
    settings : mapping of str to str, optional
        Settings of the reader, as in ``--set time_unit=h``. See `READERS` for the names.
    technique : str, optional
        One of `lithiate.core.techniques.TECHNIQUES`; without it the file says what it holds. A sweep of the voltage
        can be read as a polarisation curve and as a cycling record, whatever the file calls it.

    Returns
    -------
    CyclingRecord, ImpedanceSpectra or PolarisationCurve
        With origin ``measured``, the reader, the file's name and its SHA-256. lithiate's own files keep their origin.

    Raises
    ------
    ReadError
        ``LI-SPEC-003`` when a file is missing, ``LI-READ-001`` when it is empty, ``LI-READ-002`` when its format is
        not known or it holds another technique, ``LI-READ-003...010`` for what is wrong within it, ``LI-READ-011``
        for a setting that is not known.
    UnitError
        ``LI-UNIT-001/002`` when the area is no area, or the mass no mass.
    """
    if technique is not None and technique not in TECHNIQUES:
        raise ReadError(
            "this technique cannot be read",
            code="LI-READ-011",
            got=technique,
            expected=", ".join(TECHNIQUES),
            nearest=nearest_match(technique, TECHNIQUES),
        )
    paths = [path_or_paths] if isinstance(path_or_paths, str | os.PathLike) else list(path_or_paths)
    if not paths:
        raise ReadError("no file is named", code="LI-SPEC-003", expected="at least one path")
    area_si, mass_si = _si(area, "m^2", "area"), _si(cathode_mass, "kg", "cathode_mass")
    records = [_read_one(Path(path), settings or {}, area_si, technique) for path in paths]
    record = records[0] if len(records) == 1 else joined(records)
    given = {"name": specimen, "cell": cell, "cell_id": cell_id, "anode": anode, "area": area_si}
    given["cathode_mass"] = mass_si
    return described(record, {key: value for key, value in given.items() if value is not None})


def _si(value: str | float | None, unit: str, where: str) -> float | None:
    if isinstance(value, str):
        from lithiate.units import parse_quantity

        return parse_quantity(value, unit, where=where)
    return value


def _read_one(path: Path, settings: Mapping[str, str], area: float | None, technique: str | None) -> Measurement:
    _require_file(path)
    source = Source(path)
    reader = _recognised(source)
    check_settings(settings, reader, source.name)
    found = reader.read(source, settings)
    record = found if isinstance(found, Measurement) else _measurement(found, source, reader, settings, area, technique)
    if technique is not None and record.technique != technique:
        raise ReadError(
            f"the file holds no {technique} record",
            code="LI-READ-002",
            where=source.name,
            got=f"a record of the technique {record.technique}",
        )
    return record


def _measurement(
    found: RawRecord | RawSpectra,
    source: Source,
    reader: Reader,
    settings: Mapping[str, str],
    area: float | None,
    technique: str | None,
) -> Measurement:
    specimen = Specimen(name=source.path.stem, area=area)
    provenance = Provenance(
        origin="simulated" if found.simulated else "measured",
        source=source.name,
        reader=reader.name,
        sha256=source.sha256,
        software=found.software,
    )
    if isinstance(found, RawSpectra):
        return ImpedanceSpectra(
            specimen=specimen,
            provenance=provenance,
            warnings=found.warnings,
            frequency=found.frequency,
            impedance=found.impedance,
            offsets=found.offsets,
            time=found.time,
            cycle=found.cycle,
        )
    raw = _with_current(checked(found, settings, source.name), area, source.name)
    # One table serves both: a slow sweep is a record of voltage and current against time.
    wanted = technique if technique in ("cycling", "polarisation") else raw.technique
    if wanted == "polarisation" and raw.current is not None:
        return PolarisationCurve(
            specimen=specimen,
            provenance=provenance,
            conditions=raw.conditions,
            warnings=raw.warnings,
            voltage=raw.voltage,
            current=raw.current,
            electrode_potential=raw.electrode_potential,
            time=raw.time,
        )
    return CyclingRecord(
        specimen=specimen,
        provenance=provenance,
        conditions=raw.conditions,
        warnings=raw.warnings,
        time=raw.time,
        voltage=raw.voltage,
        current=raw.current,
        electrode_potential=raw.electrode_potential,
        vendor_cycle_number=raw.vendor_cycle_number,
        row_flags=np.zeros(raw.time.shape, dtype=np.uint8) if raw.row_flags is None else raw.row_flags,
    )


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise ReadError(
            "this is a folder", code="LI-SPEC-003", where=str(path), expected="a file, or the files of one cell"
        )
    if not path.exists():
        folder = path.parent
        names = [item.name for item in folder.iterdir()] if folder.is_dir() else []
        raise ReadError(
            "the file does not exist" if folder.is_dir() else "the file and its folder do not exist",
            code="LI-SPEC-003",
            where=str(path),
            nearest=nearest_match(path.name, names),
        )


def _recognised(source: Source) -> Reader:
    if not source.content.strip():
        raise ReadError("the file is empty", code="LI-READ-001", where=source.name, got=f"{len(source.content)} bytes")
    for reader in READERS:
        if reader.sniff(source.head, source.path):
            return reader
    raise ReadError(
        "the content is of no format that lithiate knows",
        code="LI-READ-002",
        where=source.name,
        got=_description(source.head),
        expected="; ".join(reader.title for reader in READERS),
    )


def _description(head: bytes) -> str:
    if b"\x00" in head[:4096]:
        return f"binary content that begins with {head[:16]!r}"
    return f"text without a table of numbers that begins with {head[:60].decode('latin-1')!r}"


def _with_current(raw: RawRecord, area: float | None, where: str) -> RawRecord:
    if raw.current_density is None:
        return raw
    if area is None:
        raise ReadError(
            "the file states a current density, and without the electrode area there is no current",
            code="LI-READ-004",
            where=where,
            got="no area",
            expected='--area "1.13 cm^2"',
        )
    return evolve(raw, current=raw.current_density * area, current_density=None)
