"""BioLogic's binary ``.mpr`` of EC-Lab and BT-Lab: cycling, impedance, voltammetry, and both in one file."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import biologic_modules as modules
from lithiate.readers import values
from lithiate.readers.biologic_checks import CHECKED, failed_checks
from lithiate.readers.biologic_columns import Table, row_layout
from lithiate.readers.biologic_rows import (
    DERIVED,
    cycles_before,
    derived_current,
    direct_rows,
    spectrum_starts,
)
from lithiate.readers.source import COMMON_SETTINGS, Raw, RawRecord, RawSpectra, Reader, Source, flag_setting
from lithiate.readers.spectra import SIGN_SETTING, assembled_spectra

_MARK = b"BIO-LOGIC MODULAR FILE"
# Version of the data module -> where its number of columns stands, its type, that of an id, where the rows begin.
# The list of ids follows the number; the byte before the rows is 1 from version 3 on.
_VERSIONS = {
    0: (4, "B", "B", 100),
    2: (4, "B", "H", 405),
    3: (4, "B", "H", 406),
    10: (4, "H", "H", 1007),
    11: (4, "H", "H", 1007),
}
_POTENTIALS = (6, 174, 77)
_COUNTER_POTENTIALS = (9, 441, 471)
_CURRENTS = (8, 11, 76)
_COUNTERS = {24: "cycle number", 468: "half cycle"}
_IMPEDANCE = (32, 37, 38)
_REST, _GALVANOSTATIC = 3.0, 1.0
_MOST_SET_CURRENTS = 50

_Columns = dict[int, NDArray[np.float64]]


@frozen
class File:
    """A decoded file: its table, what its other modules state, and what was found wrong."""

    table: Table
    settings: Mapping[str, Any]
    log: modules.Log
    loops: NDArray[np.int64]
    analog_names: tuple[str | None, ...]
    warnings: tuple[str, ...]

    def column_name(self, number: int) -> str:
        """Return EC-Lab's name of a column; analog inputs have the name that the user gave them, with its unit."""
        given = dict(zip((16, 17), self.analog_names, strict=False)).get(number)
        return given or self.table.layout.columns[number].name


def sniff(head: bytes, path: Path) -> bool:
    """Recognise the first words of the format."""
    return head.startswith(_MARK)


def read(source: Source, settings: Mapping[str, str]) -> Raw | tuple[Raw, ...]:
    """Read a file: its d.c. rows as a record, its rows with a frequency as spectra; both where it holds both.

    Where Ece was recorded the voltage is Ewe - Ece, and Ewe the potential of the working electrode; else the voltage is
    Ewe. Files without a current have it from the charge, as EC-Lab's own export: 3600 dq / (t - t of the row before), 0
    in the first row. Rows of mode 3 are rests. A loop, a change of a counter and a frequency that turns back begin a
    new spectrum. Areas and masses in the file are kept as details and never used.

    Settings: ``tolerate_bad_rows`` reads the whole rows of a file that is cut off, with a warning.

    Raises
    ------
    ReadError
        ``LI-READ-001`` when the test holds no rows, ``LI-READ-002`` when version or columns are not known,
        ``LI-READ-003`` when the file is damaged, ``LI-READ-004`` when a column is missing.
    """
    tolerant = flag_setting(settings, "tolerate_bad_rows", source.name)
    file = read_file(source.content, source.name, tolerant=tolerant)
    return _records(file, source.name, tolerant=tolerant)


def read_file(content: bytes, where: str, *, tolerant: bool = False) -> File:
    """Decode the modules of a file; `tolerant` takes the whole rows of one that is cut off.

    Raises
    ------
    ReadError
        As `read`, but for missing columns.
    """
    chain = modules.read_chain(content, where)
    data = chain.find(modules.DATA)
    if len(data) > 1:
        raise ReadError("the file has several tables", code="LI-READ-002", where=where, got=f"{len(data)} data modules")
    if not data:
        reason = chain.fault or "modules " + ", ".join(module.name for module in chain.modules)
        raise ReadError("the file has no table", code="LI-READ-003", where=where, got=reason)
    table, warnings = _table(content, data[0], chain.fault, where, tolerant=tolerant)

    def first(name: str) -> tuple[modules.Module, memoryview] | None:
        found = chain.find(name)
        return (found[0], modules.payload(content, found[0])) if found else None

    stated, log, loop, external = (
        first(name) for name in (modules.SETTINGS, modules.LOG, modules.LOOP, modules.EXTERNAL)
    )
    return File(
        table=table,
        settings=modules.read_settings(stated[1]) if stated else {},
        log=modules.read_log(log[1]) if log else modules.Log(),
        loops=modules.read_loop(loop[1], table.rows) if loop else np.zeros(0, dtype=np.int64),
        analog_names=modules.read_analog_names(*external) if external else (),
        warnings=(*table.layout.warnings, *warnings),
    )


def _table(
    content: bytes, module: modules.Module, fault: str | None, where: str, *, tolerant: bool
) -> tuple[Table, list[str]]:
    data = modules.payload(content, module)
    rows, ids, first = _data_header(data, module, where)
    # The length is that of the whole module, whatever is left of it.
    size, rest = divmod(module.length - first, rows) if rows else (0, module.length - first)
    if rest and fault is None:
        raise ReadError(
            "the table does not part into its rows",
            code="LI-READ-003",
            where=where,
            got=f"{module.length - first} bytes for {rows} rows",
        )
    if not rows and fault is None:
        raise ReadError("the test holds no rows", code="LI-READ-001", where=where, got="0 rows")
    layout = row_layout(ids, None if rest or not rows else size, where)
    whole = min(rows or len(data), (len(data) - first) // layout.size)
    if fault is not None and not tolerant:
        raise ReadError(
            "the file is cut off or damaged",
            code="LI-READ-003",
            where=where,
            got=f"{fault}; {whole} of {rows or 'an unknown number of'} rows are there as a whole",
            expected="an intact file (--set tolerate_bad_rows=true reads the whole rows)",
        )
    if not whole:
        raise ReadError("no whole row is left of the table", code="LI-READ-003", where=where, got=fault)
    raw = np.frombuffer(data, np.uint8, whole * layout.size, first)
    cut = (
        [f"LI-W-ROWS {whole} of {rows or 'an unknown number of'} rows were read of a file that is cut off, as asked"]
        if fault
        else []
    )
    return Table(layout, raw), cut


def _data_header(data: memoryview, module: modules.Module, where: str) -> tuple[int, tuple[int, ...], int]:
    """Return the number of rows, the ids of the columns, and the offset of the first row."""
    if module.version not in _VERSIONS:
        raise ReadError(
            "this version of the table is not known",
            code="LI-READ-002",
            where=where,
            got=f"version {module.version}",
            expected=", ".join(str(version) for version in _VERSIONS),
        )
    at, of_count, of_id, first = _VERSIONS[module.version]
    if len(data) < first:
        raise ReadError(
            "the file is cut off before its first row", code="LI-READ-003", where=where, got=f"{len(data)} bytes"
        )
    rows = int(struct.unpack_from("<I", data)[0])
    count = int(struct.unpack_from("<" + of_count, data, at)[0])
    begin = at + struct.calcsize(of_count)
    end = begin + count * struct.calcsize(of_id)
    mark = first - 1 if module.version > 2 else first
    if not count or end > mark:
        raise ReadError("the list of columns is damaged", code="LI-READ-003", where=where, got=f"{count} columns")
    if any(data[end:mark]) or any(byte != 1 for byte in data[mark:first]):
        raise ReadError(
            "the list of columns is damaged",
            code="LI-READ-003",
            where=where,
            got="bytes behind the last column",
            expected="zeros",
        )
    return rows, struct.unpack_from(f"<{count}{of_id}", data, begin), first


def _records(file: File, where: str, *, tolerant: bool) -> Raw | tuple[Raw, ...]:
    table = file.table
    chosen = (4, 7, 1, 5, *_IMPEDANCE, 24, 469, *_POTENTIALS, *_COUNTER_POTENTIALS, *_CURRENTS, 27)
    columns = table.load([number for number in {*chosen, *CHECKED} if table.has(number)])
    wrong = failed_checks(columns, file.log.control_range)
    if wrong and table.layout.assumed:
        raise ReadError(
            "columns of the table are not known, and their assumed widths do not stand the checks",
            code="LI-READ-002",
            where=where,
            got=f"ids {', '.join(str(number) for number in table.layout.assumed)}; {'; '.join(wrong)}",
        )
    parts = _parts(file, columns, where, tolerant=tolerant)
    suspect = [f"LI-W-SUSPECT the file may have been misread: {text}" for text in wrong]
    details = {
        **file.settings,
        "recorded_with": file.log.software,
        "analog_inputs": [n for n in file.analog_names if n],
    }
    found = tuple(
        evolve(
            part,
            warnings=(*file.warnings, *suspect, *part.warnings),
            details={name: value for name, value in {**details, **part.details}.items() if value not in (None, [])},
            start=file.log.start,
            identity=file.log.identity,
            software="BioLogic binary",
        )
        for part in parts
    )
    return found[0] if len(found) == 1 else found


def _parts(file: File, columns: _Columns, where: str, *, tolerant: bool) -> list[Raw]:
    """Return the record of the d.c. rows and the spectra of the others, as far as there are any."""
    table = file.table
    if not (table.has(*_IMPEDANCE) and columns[32].any()):
        return [_record(file, columns, None, where)]
    direct = direct_rows(columns[32], columns.get(4))
    if direct is None or table.first(*_POTENTIALS, 27) is None:
        return [_spectra(file, columns, where, tolerant=tolerant)]
    record = _record(file, columns, direct, where)
    try:
        return [record, _spectra(file, columns, where, tolerant=tolerant)]
    except ReadError as error:
        if error.code != "LI-READ-009":
            raise
        return [record]  # impedances at one frequency each


def _spectra(file: File, columns: _Columns, where: str, *, tolerant: bool) -> RawSpectra:
    named = {"frequency": columns[32], "real": columns[37], "imaginary": -columns[38]}
    if 4 in columns:
        named["time"] = columns[4]
    counters = [columns[number] for number in (24, 469, 131) if number in columns]
    starts = spectrum_starts(columns[32], counters, file.loops.tolist())
    raw, first = assembled_spectra(named, starts, where, drop=tolerant)
    return evolve(raw, cycle=cycles_before(columns[24][first]) if 24 in columns else None)


def _record(file: File, columns: _Columns, rows: NDArray[np.bool_] | None, where: str) -> RawRecord:
    """Return the record of all rows, or of those that `rows` names."""
    table = file.table
    voltage, potential = _voltage(table, columns, where)
    found: dict[str, Any] = {"time": columns[4], "voltage": voltage, "electrode_potential": potential}
    found["current"], warnings = _current(table, columns)
    counter = table.first(*_COUNTERS)
    if counter is not None and (np.abs(columns[counter]) < values.LARGEST_COUNTER).all():
        found["vendor_cycle_number"] = columns[counter].astype(np.int64)
    if 1 in columns:
        found["row_flags"] = values.rest_flags(columns[1] == _REST)
    if rows is not None:
        found = {name: None if array is None else array[rows] for name, array in found.items()}
    sweeps = file.settings.get("technique") in modules.SWEEPS
    details: dict[str, Any] = {"set_currents": _set_currents(columns)}
    if counter is not None:
        details["vendor_cycle_number"] = _COUNTERS[counter]
    return RawRecord(technique="polarisation" if sweeps else "cycling", warnings=warnings, details=details, **found)


def _voltage(table: Table, columns: _Columns, where: str) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the voltage of the cell, and the potential of the working electrode where a reference was recorded."""
    ewe, ece = table.earliest(*_POTENTIALS), table.earliest(*_COUNTER_POTENTIALS)  # as in the text export
    if 4 not in columns or (ewe is None and 27 not in columns):
        raise ReadError(
            f"the table has no {'voltage' if 4 in columns else 'time'}",
            code="LI-READ-004",
            where=where,
            got="columns " + ", ".join(repr(column.name) for column in table.layout.columns.values()),
        )
    if ewe is None:
        return columns[27], None
    # A counter electrode at exactly 0 V throughout is the reference itself.
    if ece is None or not columns[ece].any():
        return columns[ewe], None
    with np.errstate(invalid="ignore"):
        return columns[ewe] - columns[ece], columns[ewe]


def _current(table: Table, columns: _Columns) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    stored = table.first(*_CURRENTS)
    if stored is not None:
        return columns[stored], ()
    if not table.has(4, 7):
        return None, ()
    return derived_current(columns[4], columns[7]), (DERIVED,)


def _set_currents(columns: _Columns) -> list[float]:
    """Return the distinct set currents [A] of the galvanostatic rows, in their order."""
    if not (1 in columns and 5 in columns):
        return []
    mode, control = columns[1], columns[5]
    steps = np.append(0, np.flatnonzero((control[1:] != control[:-1]) | (mode[1:] != mode[:-1])) + 1)
    steps = steps[mode[steps] == _GALVANOSTATIC]
    distinct = dict.fromkeys(
        float(f"{1e-3 * value:.7g}") for value in control[steps[: 100 * _MOST_SET_CURRENTS]] if np.isfinite(value)
    )
    return list(distinct)[:_MOST_SET_CURRENTS]


READER = Reader(
    name="biologic-binary",
    title="BioLogic EC-Lab and BT-Lab binary (.mpr)",
    settings=(*COMMON_SETTINGS, SIGN_SETTING),
    sniff=sniff,
    read=read,
)
