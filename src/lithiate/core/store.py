"""Measurements on disk: one Parquet file with the arrays, one JSON sidecar with everything else.

The columns carry the words of the Battery Data Format (``Test Time / s``, ``Voltage / V``, ``Current / A``,
``Cycle Count / 1``) and two of lithiate's own: ``Electrode Potential / V`` (working electrode against the reference
electrode) and ``Row Flags / 1`` (bits of `lithiate.core.measurement.RowFlag`). Impedance spectra stand one below the
other, told apart by ``Spectrum Index / 1`` (from 0); what belongs to a whole spectrum is repeated in each of its rows.
Both directions are free of loss, bit for bit. Files are written beside their target and moved into place, so a reader
never meets half a file.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import asdict
from numpy.typing import DTypeLike, NDArray

from lithiate.core.measurement import (
    SCHEMA_VERSION,
    CyclingRecord,
    ImpedanceSpectra,
    Measurement,
    PolarisationCurve,
    Provenance,
    Specimen,
)
from lithiate.errors import DataError, ReadError, WriteError

if TYPE_CHECKING:
    import polars as pl

COLUMNS: dict[str, tuple[str, str, DTypeLike]] = {
    "time": ("Test Time / s", "s", np.float64),
    "voltage": ("Voltage / V", "V", np.float64),
    "current": ("Current / A", "A", np.float64),
    "electrode_potential": ("Electrode Potential / V", "V", np.float64),
    "vendor_cycle_number": ("Cycle Count / 1", "1", np.int64),
    "row_flags": ("Row Flags / 1", "1", np.uint8),
}
"""Field of `CyclingRecord` -> column in the file, its unit, its type."""

IMPEDANCE_COLUMNS: dict[str, tuple[str, str, DTypeLike]] = {
    "spectrum": ("Spectrum Index / 1", "1", np.int64),
    "frequency": ("Frequency / Hz", "Hz", np.float64),
    "real": ("Real Impedance / ohm", "ohm", np.float64),
    "imaginary": ("Imaginary Impedance / ohm", "ohm", np.float64),
    "time": ("Test Time / s", "s", np.float64),
    "cycle": ("Cycle Count / 1", "1", np.int64),
    "temperature": ("Temperature / K", "K", np.float64),
    "state": ("State / 1", "1", np.str_),
}
"""Array of `ImpedanceSpectra`, one entry a row -> column in the file, its unit, its type."""

POLARISATION_COLUMNS: dict[str, tuple[str, str, DTypeLike]] = {
    name: COLUMNS[name] for name in ("time", "voltage", "current", "electrode_potential")
}
"""Field of `PolarisationCurve` -> column in the file, its unit, its type."""

_LAYOUTS: dict[type[Measurement], tuple[dict[str, tuple[str, str, DTypeLike]], tuple[str, ...]]] = {
    CyclingRecord: (COLUMNS, ("time", "voltage", "row_flags")),
    ImpedanceSpectra: (IMPEDANCE_COLUMNS, ("spectrum", "frequency", "real", "imaginary")),
    PolarisationCurve: (POLARISATION_COLUMNS, ("voltage", "current")),
}
"""Type of a record -> its columns, and which of them must be there."""

_RECORDS: dict[str, type[Measurement]] = {
    "cycling": CyclingRecord,
    "impedance": ImpedanceSpectra,
    "polarisation": PolarisationCurve,
}

_SLUG_LENGTH = 60


def slug(name: str) -> str:
    """Return a portable file name for any `name`: readable words, then 8 hexadecimal digits of its SHA-256.

    Examples
    --------
    >>> slug("Li foil")
    'li-foil-887498db'
    """
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain)[:_SLUG_LENGTH].strip("-")
    return f"{words}-{digest}" if words else digest


def atomic_write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write `content` to `path` as a whole or not at all, and return the path.

    A temporary file in the same folder is moved over the target; the folder is made where it is missing.

    Raises
    ------
    WriteError
        ``LI-WRITE-001`` when the system refuses (no space, no permission, the target is a folder).
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as stream:
                stream.write(content)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(
            "the target cannot be written", code="LI-WRITE-001", where=str(target), got=error.strerror or str(error)
        ) from error
    return target


def atomic_write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write `text` as UTF-8 with plain line ends, as a whole or not at all (see `atomic_write_bytes`)."""
    return atomic_write_bytes(path, text.encode("utf-8"))


def record_frame(record: Measurement) -> pl.DataFrame:
    """Return the arrays of a record as a polars frame with the columns of its type; absent arrays have none."""
    import polars as pl

    columns, _required = _LAYOUTS[type(record)]
    arrays = _rows_of(record)
    return pl.DataFrame(
        {
            label: arrays[name].tolist() if dtype is np.str_ else np.ascontiguousarray(arrays[name], dtype=dtype)
            for name, (label, _unit, dtype) in columns.items()
            if name in arrays
        }
    )


def _rows_of(record: Measurement) -> dict[str, NDArray[Any]]:
    """Return the arrays that a record has, one entry a row of the file, by the names of its columns."""
    if not isinstance(record, ImpedanceSpectra):
        columns, _required = _LAYOUTS[type(record)]
        return {name: getattr(record, name) for name in columns if getattr(record, name) is not None}
    counts = np.diff(record.offsets)
    arrays: dict[str, NDArray[Any]] = {
        "spectrum": np.repeat(np.arange(counts.size), counts),
        "frequency": record.frequency,
        "real": record.impedance.real,
        "imaginary": record.impedance.imag,
    }
    if record.time is not None:
        arrays["time"] = record.time
    for name in ("cycle", "temperature", "state"):
        if getattr(record, name) is not None:
            arrays[name] = np.repeat(np.array(getattr(record, name)), counts)
    return arrays


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """Return a frame as the content of a Parquet file."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


PRINTED_UNITS = {
    "s": "h",
    "V": "mV",
    "A": "mA",
    "A/m^2": "mA/cm^2",
    "C": "mAh",
    "C/m^2": "mAh/cm^2",
    "C/kg": "mAh/g",
    "J": "mWh",
    "ohm m^2": "ohm cm^2",
    "F/m^2": "F/cm^2",
}
"""SI unit -> unit in which `save_table` writes it; what is not here stays as it is."""


def save_table(columns: Mapping[str, tuple[NDArray[Any], str]], path_stem: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Save a table as ``path_stem.parquet`` and ``path_stem.csv`` in the units of print, and return the two paths.

    The heading of a column is its name in words and its unit, ``Areal Capacity / mAh/cm^2``; a number without a unit
    has ``1``, words have nothing. Both files hold the same numbers. What is not known (NaN or masked) is null in one,
    empty in the other. Times are in h, time constants in s.

    Parameters
    ----------
    columns : mapping of str to (array, str)
        Name in snake_case -> values, all of one length, and their SI unit.
    path_stem : path
        Folder and name without a suffix.

    Raises
    ------
    DataError
        ``LI-DATA-001`` when columns differ in length.
    WriteError
        ``LI-WRITE-001`` when the folder cannot be written.

    """
    import polars as pl

    from lithiate.units import convert

    lengths = {name: len(values) for name, (values, _unit) in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            "the columns of a table differ in length", code="LI-DATA-001", where=str(path_stem), got=str(lengths)
        )
    series: list[pl.Series] = []
    for name, (values, unit) in columns.items():
        # Hours are for the clock of a test.
        printed = unit if name.endswith("time_constant") else PRINTED_UNITS.get(unit, unit)
        plain = np.ma.getdata(values)
        if printed != unit:
            plain = np.asarray(convert(plain.astype(np.float64), unit, printed))
        words = name.replace("_", " ").title()
        column = pl.Series(f"{words} / {printed}" if printed else words, plain, nan_to_null=True)
        unknown = np.flatnonzero(np.ma.getmaskarray(values))
        series.append(column.scatter(unknown, None) if unknown.size else column)
    frame = pl.DataFrame(series)
    stem = Path(path_stem)
    parquet_path, csv_path = (stem.with_name(f"{stem.name}{suffix}") for suffix in (".parquet", ".csv"))
    text = frame.write_csv()
    return atomic_write_bytes(parquet_path, parquet_bytes(frame)), atomic_write_text(csv_path, text)


def measurement_paths(stem: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Return the Parquet and the JSON path of a measurement called `stem` (its name may hold dots)."""
    stem = Path(stem)
    return stem.with_name(f"{stem.name}.parquet"), stem.with_name(f"{stem.name}.json")


def save_measurement(record: Measurement, stem: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Save a measurement as ``stem.parquet`` and ``stem.json``, and return the two paths.

    Parameters
    ----------
    record : CyclingRecord, ImpedanceSpectra or PolarisationCurve
        Simulated and measured alike.
    stem : path
        Folder and name without a suffix.

    Raises
    ------
    DataError
        ``LI-DATA-001`` when conditions or details of the provenance are not finite numbers or plain JSON values.
    WriteError
        ``LI-WRITE-001`` when the folder cannot be written.
    """
    parquet_path, json_path = measurement_paths(stem)
    # Both contents exist before either file is touched: a faulty sidecar never leaves arrays without a meaning.
    sidecar = _sidecar_text(record)
    arrays = parquet_bytes(record_frame(record))
    return atomic_write_bytes(parquet_path, arrays), atomic_write_text(json_path, sidecar)


def _sidecar_text(record: Measurement) -> str:
    columns, _required = _LAYOUTS[type(record)]
    present = _rows_of(record)
    content = {
        "schema_version": record.schema_version,
        "technique": record.technique,
        "specimen": asdict(record.specimen),
        "provenance": {**asdict(record.provenance, recurse=False), "details": dict(record.provenance.details)},
        "conditions": dict(record.conditions),
        "warnings": list(record.warnings),
        "units": {label: unit for name, (label, unit, _type) in columns.items() if name in present},
    }
    try:
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise DataError(
            "the sidecar of a measurement holds only finite numbers, text, lists and mappings",
            code="LI-DATA-001",
            where=record.provenance.source or record.specimen.name,
            got=str(error),
        ) from error


def load_measurement(path: str | os.PathLike[str]) -> Measurement:
    """Load what `save_measurement` saved, as the type of record that its technique has.

    Parameters
    ----------
    path : path
        Either of the two files, or their common stem.

    Raises
    ------
    ReadError
        ``LI-SPEC-003`` when one of the files is missing, ``LI-READ-003`` when one is damaged, ``LI-READ-002`` when a
        newer lithiate wrote them or the technique is not known, ``LI-READ-004`` when a required column is missing.
    """
    path = Path(path)
    stem = path.with_suffix("") if path.suffix in (".parquet", ".json") else path
    parquet_path, json_path = measurement_paths(stem)
    sidecar = _load_sidecar(json_path)
    frame = _load_frame(parquet_path)
    try:
        specimen = Specimen(**sidecar["specimen"])
        provenance = Provenance(**sidecar["provenance"])
        conditions, warnings = dict(sidecar["conditions"]), tuple(sidecar["warnings"])
        technique = str(sidecar["technique"])
    except (KeyError, TypeError, ValueError) as error:
        raise ReadError(
            "the sidecar of a measurement is damaged", code="LI-READ-003", where=str(json_path), got=repr(error)
        ) from error
    kind = _RECORDS.get(technique)
    if kind is None:
        raise ReadError(
            "the measurement is of a technique that this lithiate does not know",
            code="LI-READ-002",
            where=str(json_path),
            got=technique,
            expected=", ".join(_RECORDS),
        )
    arrays = _arrays(frame, parquet_path, kind)
    fields = _spectra(arrays) if kind is ImpedanceSpectra else arrays
    return kind(
        specimen=specimen,
        provenance=provenance,
        conditions=conditions,
        warnings=warnings,
        technique=technique,
        **fields,
    )


def load_cycling_record(path: str | os.PathLike[str]) -> CyclingRecord:
    """Load a measurement that must be a cycling record; see `load_measurement`.

    Raises
    ------
    ReadError
        ``LI-READ-002`` when it is of another technique.
    """
    record = load_measurement(path)
    if not isinstance(record, CyclingRecord):
        raise ReadError(
            "the measurement is no cycling record", code="LI-READ-002", where=str(path), got=record.technique
        )
    return record


def _load_sidecar(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ReadError(
            "the sidecar of a measurement is missing", code="LI-SPEC-003", where=str(path), expected="a JSON file"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReadError(
            "the sidecar of a measurement is damaged", code="LI-READ-003", where=str(path), got=str(error)
        ) from error
    sidecar: dict[str, Any] = content if isinstance(content, dict) else {}
    version = sidecar.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ReadError(
            "the measurement has a layout that this lithiate does not know",
            code="LI-READ-002",
            where=str(path),
            got=f"schema_version {version}",
            expected=f"schema_version {SCHEMA_VERSION}",
        )
    return sidecar


def _load_frame(path: Path) -> pl.DataFrame:
    import polars as pl

    if not path.is_file():
        raise ReadError(
            "the arrays of a measurement are missing", code="LI-SPEC-003", where=str(path), expected="a Parquet file"
        )
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ReadError(
            "the arrays of a measurement are damaged", code="LI-READ-003", where=str(path), got=str(error)
        ) from error


def _arrays(frame: pl.DataFrame, path: Path, kind: type[Measurement]) -> dict[str, Any]:
    columns, required = _LAYOUTS[kind]
    arrays: dict[str, Any] = {}
    for name, (label, _unit, dtype) in columns.items():
        if label in frame.columns:
            arrays[name] = frame[label].to_numpy().astype(dtype)
        elif name in required:
            raise ReadError(
                f"the column {label!r} is missing",
                code="LI-READ-004",
                where=str(path),
                got=", ".join(frame.columns),
            )
    return arrays


def _spectra(arrays: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `ImpedanceSpectra` from the rows of its file."""
    first = np.flatnonzero(np.diff(arrays["spectrum"], prepend=-1))
    impedance = np.empty(arrays["frequency"].shape, dtype=np.complex128)
    # part by part: a sum with 1j would lose the sign of a zero
    impedance.real, impedance.imag = arrays["real"], arrays["imaginary"]
    fields = {
        "frequency": arrays["frequency"],
        "impedance": impedance,
        "offsets": np.append(first, impedance.size),
        "time": arrays.get("time"),
    }
    for name in ("cycle", "temperature"):
        fields[name] = arrays[name][first] if name in arrays else None
    fields["state"] = tuple(str(word) for word in arrays["state"][first]) if "state" in arrays else None
    return fields
