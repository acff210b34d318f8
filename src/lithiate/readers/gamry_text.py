"""Gamry's EXPLAIN text (``.DTA``): impedance, cycling at constant current, voltammetry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.core.measurement import SIMULATED_MARK
from lithiate.errors import ReadError
from lithiate.readers import clock, delimited, values
from lithiate.readers.columns import parse_heading
from lithiate.readers.impedance_blocks import Block, unfinished, whole_block
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, RawSpectra, Reader, Source, flag_setting
from lithiate.readers.spectra import SIGN_SETTING, assembled_spectra, spectrum_starts, without_frequency
from lithiate.readers.text import Layout, load_columns, plain_text
from lithiate.units import convert

_SWEEPS = frozenset({"CV", "LSV", "POTENTIODYNAMIC", "TAFEL", "LPR", "POLRES", "CYCPOL"})
"""Experiments that sweep the voltage; CV was seen in files, the others are recalled."""

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_TEMPERATURE = re.compile(r"[+-]?\d{1,4}(?:[.,]\d{1,9})?")
_NO_SENSOR = -200.0
_PHASE_TOLERANCE = 1.0


@frozen
class _Table:
    """One table: its name, its columns with their units, the lines of its rows, and where the last one ends.

    `line` is the number of the last row in the file; `cut` says that the text ends in it, without a line's end.
    """

    name: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[str, ...]
    line: int = 0
    cut: bool = False


@frozen
class _File:
    """The settings of the experiment by their keys, its notes, its tables."""

    settings: Mapping[str, Sequence[str]]
    notes: str
    tables: Sequence[_Table]

    def called(self, pattern: str) -> list[_Table]:
        """Return the tables with rows whose name fits."""
        return [table for table in self.tables if re.fullmatch(pattern, table.name) and table.rows]

    @property
    def tag(self) -> str:
        """Word for the experiment."""
        fields = self.settings.get("TAG", ())
        return fields[1].strip() if len(fields) > 1 else ""

    def value(self, key: str) -> str:
        """Return the value of a setting, empty where there is none."""
        fields = self.settings.get(key, ())
        return fields[2].strip() if len(fields) > 2 else ""


def sniff(head: bytes, path: Path) -> bool:
    """Recognise the first line."""
    start = head[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"EXPLAIN") and start[7:8] in (b"", b"\r", b"\n", b"\t", b" ")


def read(source: Source, settings: Mapping[str, str]) -> RawRecord | RawSpectra:
    """Read a file: its ``ZCURVE`` where it has one, else its ``CURVE``, ``CURVE1`` ... one after the other.

    ``Vf`` is the voltage, ``Im`` the current; the number of a ``CURVEk`` is the instrument's cycle number. The rest
    before an experiment (``OCVCURVE``) is left out. The area in the file is not used: by default it is 1 cm2.

    Raises
    ------
    ReadError
        ``LI-READ-004`` when no table holds a record, ``LI-READ-003`` when tables do not fit together or
        the last row was cut off, ``LI-READ-006``
        and ``008`` for cells that are no numbers, ``LI-READ-010`` when phase and imaginary part contradict.
    """
    file = _parsed(plain_text(source.content))
    spectra, curves = file.called(r"ZCURVE\d*"), file.called(r"CURVE\d*")
    if not spectra and not curves:
        names = [f"{table.name} ({len(table.rows)} rows)" for table in file.tables]
        raise ReadError(
            "no table of the file holds a record",
            code="LI-READ-004",
            where=source.name,
            got="tables " + ", ".join(names) if names else "no table",
            expected="ZCURVE (impedance) or CURVE (voltage and current)",
        )
    raw = _spectra(spectra, settings, source.name) if spectra else _record(file, curves, settings, source.name)
    warnings = list(raw.warnings)
    if file.value("EXPERIMENTABORTED") == "T":
        warnings.append("LI-W-ABORTED the experiment was aborted; the points before are kept")
    stored = {
        "technique": file.tag,
        "test_name": file.value("TITLE"),
        "stored_area": file.value("AREA"),
        "stored_temperature": _rest_temperature(file),
    }
    return evolve(
        raw,
        warnings=tuple(warnings),
        simulated=SIMULATED_MARK in file.notes,
        software="Gamry text",
        start=_start(file),
        details={name: value for name, value in stored.items() if value},
    )


def _rest_temperature(file: _File) -> str:
    """Return the mean temperature of the rest before the experiment, empty where there was no sensor (-327 degC)."""
    found = []
    for table in file.called("OCVCURVE"):
        at = table.names.index("Temp") + 1 if "Temp" in table.names else None
        cells = [row.split("\t")[at] for row in table.rows if at is not None and row.count("\t") >= at]
        found += [float(cell.replace(",", ".")) for cell in cells if _TEMPERATURE.fullmatch(cell.strip())]
    return f"{np.mean(found):.4g} degC" if found and min(found) > _NO_SENSOR else ""


def _start(file: _File) -> float | None:
    """Return the start of the experiment [s since 1970], None where its date reads in two ways: locales differ."""
    text = f"{file.value('DATE')} {file.value('TIME')}"
    found = clock.parse_instant(text, clock.date_order([text]) or "month")
    return None if clock.needs_order(text) or not np.isfinite(found) else float(found)


def _parsed(text: str) -> _File:
    lines = text.split("\n")
    found: dict[str, Sequence[str]] = {}
    notes: list[str] = []
    tables: list[_Table] = []
    at = 0
    while at < len(lines):
        fields = lines[at].split("\t")
        at += 1
        kind = fields[1].strip() if len(fields) > 1 else ""
        if kind == "NOTES":
            # Free text may look like anything, so it is taken by its count.
            count = int(fields[2]) if len(fields) > 2 and fields[2].strip().isdigit() else 0
            notes += lines[at : at + count]
            at += count
        elif kind == "TABLE":
            end = at
            while end < len(lines) and lines[end].startswith("\t") and lines[end].strip():
                end += 1
            names, units, rows = lines[at : at + 1], lines[at + 1 : min(at + 2, end)], lines[at + 2 : end]
            if units:
                cut = end == len(lines)  # a text that ends with a line's end has an empty line behind it
                tables.append(_Table(fields[0].strip(), _cells(names[0]), _cells(units[0]), tuple(rows), end, cut))
            at = end
        elif fields[0].strip():
            found[fields[0].strip()] = fields
    return _File(found, "\n".join(notes), tables)


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("\n").split("\t")[1:])


def _layout(table: _Table) -> Layout:
    """Return how the lines of a table are split; its first field is empty, since each line begins with a tab."""
    units = (*table.units, *[""] * len(table.names))
    names = [f"{name} ({unit})" if unit else name for name, unit in zip(table.names, units, strict=False)]
    comma = any(_DECIMAL_COMMA.fullmatch(cell) for row in table.rows[:50] for cell in row.split("\t"))
    width = max(len(table.names) + 1, len(table.rows[0].split("\t")))
    return Layout("\t", comma, 0, width, [parse_heading(name) for name in ["", *names]])


def _ended(table: _Table, where: str, *, drop: bool) -> tuple[_Table, list[str]]:
    """Return the table with a last row that is whole, empty where it was cut off and is to be left out; warnings.

    Raises ``LI-READ-003`` where the last row was cut off.
    """
    if not table.cut or len(table.rows) < 2:
        return table, []
    above = table.rows[-2].split("\t")
    names = ["", *table.names][: len(above)]
    last = whole_block(Block(names, [table.rows[-1].split("\t")], [table.line]), where, drop=drop, cut=True).rows[0]
    warnings = unfinished(Block(names, [*(row.split("\t") for row in table.rows[:-1]), last], []))
    return evolve(table, rows=(*table.rows[:-1], "\t".join(last))), warnings


def _spectra(tables: Sequence[_Table], settings: Mapping[str, str], where: str) -> RawSpectra:
    drop = flag_setting(settings, "tolerate_bad_rows", where)
    ended = [_ended(table, where, drop=drop) for table in tables]
    parts = [_spectrum(table, where, drop=drop) for table, _warnings in ended]
    names = [name for name in parts[0] if all(name in part for part in parts)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    number = np.repeat(np.arange(len(parts), dtype=np.float64), [part["frequency"].size for part in parts])
    starts = spectrum_starts(columns["frequency"], [number])
    raw = assembled_spectra(columns, starts, where, drop=drop)[0]
    of_ends = [text for _table, warnings in ended for text in warnings]
    return evolve(raw, warnings=(*of_ends, *without_frequency(columns), *raw.warnings))


def _spectrum(table: _Table, where: str, *, drop: bool) -> dict[str, NDArray[np.float64]]:
    words = {"frequency": "Freq", "real": "Zreal", "imaginary": "Zimag", "time": "Time", "phase": "Zphz"}
    indices = {name: table.names.index(word) + 1 for name, word in words.items() if word in table.names}
    missing = [words[name] for name in ("frequency", "real", "imaginary") if name not in indices]
    if missing:
        raise ReadError(
            f"the table {table.name} has no {' and no '.join(missing)}",
            code="LI-READ-004",
            where=where,
            got="columns " + ", ".join(table.names),
        )
    layout = _layout(table)
    series = load_columns("\n".join(table.rows), layout, list(indices.values()), where)
    columns = {
        name: values.numbers(series[index], words[name], decimal_comma=layout.decimal_comma, drop=drop, where=where)
        for name, index in indices.items()
    }
    phase = columns.pop("phase", None)
    if phase is not None:
        _check_phase(phase, columns, table.name, where)
    return columns


def _check_phase(phase: NDArray[np.float64], columns: Mapping[str, NDArray[np.float64]], name: str, where: str) -> None:
    found = np.degrees(np.arctan2(columns["imaginary"], columns["real"]))
    difference = np.abs((phase - found + 180.0) % 360.0 - 180.0)
    if bool(np.nanmax(difference, initial=0.0) > _PHASE_TOLERANCE):
        row = int(np.nanargmax(difference))
        raise ReadError(
            f"the phase contradicts the impedance in {name}, so the sign of its imaginary part is in doubt",
            code="LI-READ-010",
            where=where,
            got=f"Zphz {phase[row]:.4g} deg and an impedance at {found[row]:.4g} deg in row {row + 1}",
        )


def _record(file: _File, tables: Sequence[_Table], settings: Mapping[str, str], where: str) -> RawRecord:
    for table in tables[1:]:
        if table.names != tables[0].names:
            raise ReadError(
                f"the tables {tables[0].name} and {table.name} have different columns, so they are not one record",
                code="LI-READ-003",
                where=where,
                got=", ".join(table.names),
                expected=", ".join(tables[0].names),
            )
    ended = [_ended(table, where, drop=flag_setting(settings, "tolerate_bad_rows", where)) for table in tables]
    tables = [table for table, _warnings in ended]
    layout = _layout(tables[0])
    chosen = _preferred(layout, settings)
    choices = delimited.choose(layout.headings, chosen, where)
    over = tables[0].names.index("Over") + 1 if "Over" in tables[0].names else None
    body = "\n".join("\n".join(table.rows) for table in tables)
    series = load_columns(body, layout, [*choices.indices, *([] if over is None else [over])], where)
    raw = delimited.assemble(series, choices, chosen, where, decimal_comma=layout.decimal_comma)
    for text in (text for _table, warnings in ended for text in warnings):
        raw = raw.changed(text)
    if over is not None:
        overloads = int(series[over].str.contains(r"[^.\s]").sum())
        if overloads:
            raw = raw.changed(f"LI-W-OVERLOAD {overloads} of {raw.time.size} rows carry an overload mark")
    if file.value("CONVENTION") == "0":
        raw = raw.changed(
            "LI-W-SIGN the file was recorded with the cathodic convention of the current; its numbers are kept "
            "(--set invert_current=true turns the sign round)"
        )
    raw = _numbered(raw, tables)
    if file.tag in _SWEEPS:
        raw = evolve(raw, technique="polarisation", conditions=_sweep_conditions(file))
    return raw


def _preferred(layout: Layout, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with the columns Vf and Im, and names that the caller gave without their unit."""
    found = dict(settings)
    for quantity, name in (("time", "T"), ("voltage", "Vf"), ("current", "Im")):
        wanted = settings.get(f"{quantity}_column", name)
        text = next((item.text for item in layout.headings if item.text.split(" (")[0] == wanted), None)
        if text is not None:
            found[f"{quantity}_column"] = text
    return found


def _numbered(raw: RawRecord, tables: Sequence[_Table]) -> RawRecord:
    """Return the record with the numbers of its tables as cycle numbers, and times that go on from table to table."""
    if len(tables) == 1 and tables[0].name == "CURVE":
        return raw
    counts = [len(table.rows) for table in tables]
    if sum(counts) != raw.time.size:  # rows of mere tabs at an end: no telling which row is whose
        return raw
    numbers = [int(re.sub(r"\D", "", table.name) or index + 1) for index, table in enumerate(tables)]
    raw = raw.changed(None, vendor_cycle_number=np.repeat(np.array(numbers, dtype=np.int64), counts))
    time, starts = raw.time.copy(), np.cumsum(counts[:-1])
    moved = 0
    for start in starts:
        if time[start] < time[start - 1]:
            time[start:] += time[start - 1] - time[start]
            moved += 1
    if not moved:
        return raw
    text = f"LI-W-TIME the time begins anew in {moved} of {len(tables)} tables: each was moved behind the one before"
    return raw.changed(text, time=time)


def _sweep_conditions(file: _File) -> dict[str, float]:
    fields = file.settings.get("SCANRATE", ())
    if len(fields) < 4 or "mV/s" not in fields[-1]:
        return {}
    try:
        rate = float(fields[2].replace(",", "."))
    except ValueError:
        return {}
    return {"sweep_rate": convert(rate, "mV/s", "V/s")} if rate > 0 else {}


READER = Reader(
    name="gamry-text",
    title="Gamry text (.DTA)",
    settings=(*delimited.COLUMN_SETTINGS, *COMMON_SETTINGS, SIGN_SETTING),
    sniff=sniff,
    read=read,
)
