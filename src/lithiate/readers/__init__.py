"""Reading instrument files: the content of a file says its format, never its name.

`read` asks the readers in `READERS`, in their order, whether they recognise the file, and gives the record of the
technique that the file holds.
A format is one module with a `Reader`; adding one is adding it to the tuple.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload

from attrs import evolve

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Measurement
from lithiate.core.techniques import TECHNIQUES
from lithiate.errors import ReadError, nearest_match
from lithiate.readers import (
    advice,
    arbin,
    basytec,
    bdf,
    biologic_binary,
    biologic_companions,
    biologic_text,
    delimited,
    gamry_text,
    impedance_table,
    impedance_vendors,
    landt,
    maccor,
    neware,
    neware_text,
    novonix,
    own,
    parquet_table,
    pec,
    spreadsheet,
    sweep_table,
)
from lithiate.readers.cell_files import files_of_folder, on_one_clock, require_one_cell
from lithiate.readers.join import joined
from lithiate.readers.series import SERIES_SETTINGS, distributed, name_warning, with_series, with_stated
from lithiate.readers.sidecar import Stated, merged, read_sidecar, sidecar_paths
from lithiate.readers.single import measurements, recognised, require_file
from lithiate.readers.source import Reader, Source, check_settings, flag_setting
from lithiate.readers.specimen import described

__all__ = ["READERS", "read", "read_all"]

READERS: tuple[Reader, ...] = (
    own.READER,
    parquet_table.READER,
    bdf.PARQUET,
    spreadsheet.READER,
    neware.READER,
    arbin.DATABASE_READER,
    biologic_binary.READER,
    biologic_companions.READER,
    biologic_text.READER,
    gamry_text.READER,
    *impedance_vendors.READERS,
    bdf.CSV,
    arbin.READER,
    arbin.METADATA_READER,
    pec.READER,
    basytec.READER,
    novonix.READER,
    landt.READER,
    maccor.READER,
    neware_text.READER,
    impedance_table.READER,
    sweep_table.READER,
    delimited.READER,
    advice.READER,
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
    """Read an instrument's file, or the files of one cell, as a measurement.

    Parameters
    ----------
    path_or_paths : path, or sequence of paths
        A file, a folder with the files of one cell, or several of them. Files are parts of one cell and are joined in
        time. What a person states about a file stands in ``NAME.toml`` beside it (`lithiate.readers.sidecar`).
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
        Settings of the reader, as in ``--set time_unit=h``; see `READERS` for the names. ``same_cell=true`` joins files
        that seem to be of several cells. ``temperatures``, ``cycles`` and ``states`` say what each spectrum of a series
        was measured at, in the order of the files: ``"25 degC, 40 degC"``; ``temperatures=names`` takes the
        temperatures in the files' names.
    technique : str, optional
        One of `lithiate.core.techniques.TECHNIQUES`; without it the file says what it holds, and of several techniques
        the first of cycling, polarisation and impedance is given with a warning (`read_all` gives all). A sweep of the
        voltage can be read as a polarisation curve and as a cycling record, whatever the file calls it.

    Returns
    -------
    CyclingRecord, ImpedanceSpectra or PolarisationCurve
        With origin ``measured``, the reader, the file's name and its SHA-256. lithiate's own files keep their origin.

    Raises
    ------
    ReadError
        ``LI-SPEC-003`` when a file is missing, ``LI-READ-001`` when it is empty, ``LI-READ-002`` when its format is
        not known or it holds another technique, ``LI-READ-003...010`` for what is wrong within it, ``LI-READ-011``
        for a setting that is not known, ``LI-READ-012`` when the files are of several cells, ``LI-READ-013`` when an
        argument contradicts a sidecar, ``LI-READ-014/015`` for a file that holds no record or needs another program.
    SpecError
        ``LI-SPEC-001/002`` when a sidecar has faults.
    UnitError
        ``LI-UNIT-001/002`` when the area is no area, or the mass no mass.
    """
    records = read_all(
        path_or_paths,
        area=area,
        cell=cell,
        specimen=specimen,
        cell_id=cell_id,
        anode=anode,
        cathode_mass=cathode_mass,
        settings=settings,
        technique=technique,
    )
    if technique is not None:
        fitting = [record for record in records if record.technique == technique]
        if not fitting:
            raise ReadError(
                f"the file holds no {technique} record",
                code="LI-READ-002",
                where=records[0].provenance.source,
                got=f"a record of the technique {', '.join(record.technique for record in records)}",
            )
        return fitting[0]
    first, *others = records
    if not others:
        return first
    also = " and of ".join(record.technique for record in others)
    text = f"LI-W-TECHNIQUE the files also hold a record of {also}: read_all gives all, technique= chooses one"
    return evolve(first, warnings=(*first.warnings, text))


def read_all(
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
) -> tuple[Measurement, ...]:
    """Read everything that the files of one cell hold: at most one measurement a technique, on one clock.

    Parameters and errors are those of `read`; with a technique, records of others are given as well.

    Returns
    -------
    tuple of Measurement
        Cycling first, then polarisation, then impedance. Times of spectra are those of the cycling record.
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
    words = {"specimen": specimen, "cell": cell, "cell_id": cell_id, "anode": anode}
    numbers = {"area": _si(area, "m^2", "area"), "cathode_mass": _si(cathode_mass, "kg", "cathode_mass")}
    said = {key: value for key, value in {**words, **numbers}.items() if value is not None}
    return _read_cell([Path(path) for path in paths], Stated("the call", said, settings=settings or {}), technique)


def _read_cell(paths: Sequence[Path], said: Stated, technique: str | None) -> tuple[Measurement, ...]:
    folders = [path for path in paths if path.is_dir()]
    files = [item for path in paths for item in (files_of_folder(path) if path.is_dir() else [path])]
    shared = merged(
        [said, *(_overruled(read_sidecar(path), said) for folder in folders for path in sidecar_paths(folder))]
    )
    beside = {path: merged([read_sidecar(name) for name in sidecar_paths(path)]) for path in files}
    stated = merged([shared, *(_of_the_cell(one, several=len(files) > 1) for one in beside.values())])
    records, skipped = _read_files(files, beside, shared.settings, stated, technique, in_folder=bool(folders))
    records = with_series(records, shared.settings)
    for name, values in shared.spectra.items():
        records = distributed(records, name, values, shared.where)
    unused = name_warning(records, stated.conditions)
    skipped = skipped if unused is None else [*skipped, unused]
    if len(records) > 1 and not flag_setting(shared.settings, "same_cell", "settings"):
        require_one_cell(records, folder=bool(folders))
    together = joined(on_one_clock(records)) if len(records) > 1 else records
    specimen = {("name" if key == "specimen" else key): value for key, value in stated.values.items()}
    if folders and "name" not in specimen:
        specimen["name"] = folders[0].resolve().name
    return tuple(described(_with(record, stated.conditions, skipped), specimen) for record in together)


def _overruled(stated: Stated, said: Stated) -> Stated:
    """Return a sidecar without the settings of a reader that the call gives; of the cell nothing is overruled."""
    return evolve(stated, settings={key: value for key, value in stated.settings.items() if key not in said.settings})


def _of_the_cell(stated: Stated, *, several: bool) -> Stated:
    """Return what a file's sidecar states about the cell; the parts of one cell may have names of their own."""
    left_out = {"specimen"} if several else set()
    values = {key: value for key, value in stated.values.items() if key not in left_out}
    return evolve(stated, values=values, settings={}, spectra={})


def _with_spectra(record: Measurement, stated: Stated) -> Measurement:
    """Return the record with what a sidecar states of its spectra."""
    return with_stated(record, stated.spectra, stated.where) if isinstance(record, ImpedanceSpectra) else record


def _with(record: Measurement, conditions: Mapping[str, float], warnings: Sequence[str]) -> Measurement:
    together = tuple(dict.fromkeys((*record.warnings, *warnings)))
    return evolve(record, conditions={**record.conditions, **conditions}, warnings=together)


def _as_before(record: Measurement, provenance: Mapping[str, Any]) -> Measurement:
    """Return the record with the origin, the clock and the warnings of the one that its file was converted from."""
    if not provenance:
        return record
    before = {key: value for key, value in provenance.items() if key != "warnings"}
    details: dict[str, Any] = {**record.provenance.details, "converted_from": before}
    details |= {key: before[key] for key in ("start", "identity") if key in before}
    origin = before.get("origin", record.provenance.origin)
    warnings = tuple(dict.fromkeys((*provenance.get("warnings", ()), *record.warnings)))
    return evolve(record, provenance=evolve(record.provenance, origin=origin, details=details), warnings=warnings)


def _read_files(
    files: Sequence[Path],
    beside: Mapping[Path, Stated],
    shared_settings: Mapping[str, str],
    stated: Stated,
    technique: str | None,
    *,
    in_folder: bool,
) -> tuple[list[Measurement], list[str]]:
    """Return the records of all files, and a warning for each file of a folder that holds none."""
    settings = {key: value for key, value in shared_settings.items() if key not in ("same_cell", *SERIES_SETTINGS)}
    opened: list[tuple[Source, Reader]] = []
    skipped: list[str] = []
    for path in files:
        require_file(path)
        source = Source(path)
        try:
            opened.append((source, recognised(source, READERS)))
        except ReadError as error:
            # In a folder other things may lie about; a damaged record is not among them, for its reader knows it.
            if not in_folder or error.code not in ("LI-READ-001", "LI-READ-002"):
                raise
            skipped.append(f"LI-W-FOLDER {source.name} was skipped: {error.what}")
    _require_distinct([source for source, _reader in opened])
    check_settings(settings, [reader for _source, reader in opened], ", ".join(source.name for source, _ in opened))
    records: list[Measurement] = []
    for source, reader in opened:
        of_file = beside[source.path]
        check_settings(of_file.settings, [reader], of_file.where)
        # What the call and the folder say of a reader's settings overrules the sidecar of a file.
        own = {**of_file.settings, **{key: value for key, value in settings.items() if key in reader.settings}}
        try:
            found = measurements(source, reader, own, stated.values.get("area"), technique)
        except ReadError as error:
            # A companion of a record, or a step of a test that recorded nothing.
            if not in_folder or error.code not in ("LI-READ-001", "LI-READ-014"):
                raise
            skipped.append(f"LI-W-FOLDER {source.name} was skipped: {error.what}")
            continue
        records.extend(_with_spectra(_as_before(record, of_file.provenance), of_file) for record in found)
        if of_file.spectra and not any(isinstance(record, ImpedanceSpectra) for record in found):
            raise ReadError(
                f"the sidecar states the {', '.join(of_file.spectra)} of spectra, and the file holds none",
                code="LI-READ-010",
                where=of_file.where,
                expected="the temperature of a cycling record under [conditions]",
            )
    if not records:
        raise ReadError(
            "none of the files holds a record",
            code="LI-READ-002",
            where=str(files[0].parent),
            got="; ".join(text.removeprefix("LI-W-FOLDER ") for text in skipped),
        )
    return records, skipped


def _require_distinct(sources: Sequence[Source]) -> None:
    seen: dict[str, Source] = {}
    for source in sources if len(sources) > 1 else ():
        first = seen.setdefault(source.sha256, source)
        if first is not source:
            raise ReadError(
                "the same content is named more than once for one cell",
                code="LI-READ-010",
                where=f"{first.path}, {source.path}" if first.name == source.name else f"{first.name}, {source.name}",
                expected="each file of a cell once",
            )


def _si(value: str | float | None, unit: str, where: str) -> float | None:
    if isinstance(value, str):
        from lithiate.units import parse_quantity

        return parse_quantity(value, unit, where=where)
    return value
