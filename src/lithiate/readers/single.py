"""One file: which reader knows it, and the measurements that it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

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
from lithiate.errors import ReadError, nearest_match
from lithiate.readers import sweep_table
from lithiate.readers.rows import checked
from lithiate.readers.source import Raw, RawRecord, RawSpectra, RawSweep, Reader, Source
from lithiate.readers.spectra import judged_spectra


def require_file(path: Path) -> None:
    """Refuse a path that is no file (``LI-SPEC-003``)."""
    if path.is_file():
        return
    folder = path.parent
    names = [item.name for item in folder.iterdir()] if folder.is_dir() else []
    raise ReadError(
        "the file does not exist" if folder.is_dir() else "the file and its folder do not exist",
        code="LI-SPEC-003",
        where=str(path),
        nearest=nearest_match(path.name, names),
    )


def recognised(source: Source, readers: Sequence[Reader]) -> Reader:
    """Return the first reader that knows the content.

    Raises
    ------
    ReadError
        ``LI-READ-001`` when the file is empty, ``LI-READ-002`` when its format is not known.
    """
    if not source.content.strip():
        raise ReadError("the file is empty", code="LI-READ-001", where=source.name, got=f"{len(source.content)} bytes")
    for reader in readers:
        if reader.sniff(source.head, source.path):
            return reader
    raise ReadError(
        "the content is of no format that lithiate knows",
        code="LI-READ-002",
        where=source.name,
        got=_description(source.head),
        expected="; ".join(reader.title for reader in readers),
    )


def _description(head: bytes) -> str:
    if b"\x00" in head[:4096]:
        return f"binary content that begins with {head[:16]!r}"
    return f"text without a table of numbers that begins with {head[:60].decode('latin-1')!r}"


def measurements(
    source: Source, reader: Reader, settings: Mapping[str, str], area: float | None, technique: str | None
) -> list[Measurement]:
    """Return what a file holds, one measurement a part.

    `technique` turns a table of voltage and current against time into the record that is asked for: a slow sweep is
    both a polarisation curve and a cycling record.
    """
    found = reader.read(source, settings)
    if isinstance(found, Measurement):
        return [found]
    if isinstance(found, RawSweep):
        origin = Provenance("measured", source=source.name, reader=reader.name, sha256=source.sha256)
        return [sweep_table.measured(found, Specimen(name=source.path.stem, area=area), origin)]
    parts = found if isinstance(found, tuple) else (found,)
    return [_measurement(part, source, reader, settings, area, technique) for part in parts]


def _measurement(
    found: Raw, source: Source, reader: Reader, settings: Mapping[str, str], area: float | None, technique: str | None
) -> Measurement:
    specimen = Specimen(name=source.path.stem, area=area)
    stored = {"start": found.start, "identity": dict(found.identity), "stored": dict(found.details)}
    provenance = Provenance(
        origin="simulated" if found.simulated else "measured",
        source=source.name,
        reader=reader.name,
        sha256=source.sha256,
        software=found.software,
        details={name: value for name, value in stored.items() if value not in (None, {})},
    )
    if isinstance(found, RawSpectra):
        found = _with_impedance(judged_spectra(found, settings, source.name), area, source.name)
        return ImpedanceSpectra(
            specimen=specimen,
            provenance=provenance,
            warnings=found.warnings,
            frequency=found.frequency,
            impedance=found.impedance,
            offsets=found.offsets,
            time=found.time,
            cycle=found.cycle,
            temperature=found.temperature,
            state=found.state,
        )
    raw = _with_current(checked(found, settings, source.name), area, source.name)
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


def _with_impedance(raw: RawSpectra, area: float | None, where: str) -> RawSpectra:
    if not raw.areal:
        return raw
    if area is None:
        raise ReadError(
            "the file states impedances times an area, and without the electrode area there is none of the cell",
            code="LI-READ-004",
            where=where,
            got="no area",
            expected='--area "1.13 cm^2"',
        )
    return evolve(raw, impedance=raw.impedance / area, areal=False)
