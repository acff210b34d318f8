"""BioLogic's text exports of EC-Lab and BT-Lab (``.mpt``, ``.txt``): cycling, impedance, voltammetry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.core.measurement import SIMULATED_MARK
from lithiate.errors import ReadError, UnitError
from lithiate.readers import delimited, values
from lithiate.readers.biologic_header import Header, read_header
from lithiate.readers.biologic_rows import DERIVED, cycles_before, derived_current, direct_rows, spectrum_starts
from lithiate.readers.columns import parse_heading
from lithiate.readers.source import COMMON_SETTINGS, Raw, RawRecord, RawSpectra, Reader, Source, flag_setting
from lithiate.readers.spectra import SIGN_SETTING, assembled_spectra
from lithiate.readers.text import NUMBER, Layout, load_columns, plain_text
from lithiate.units import convert

_MAGIC = re.compile(rb"(?:EC|BT)-Lab ASCII FILE")
_COUNT = re.compile(r"Nb header lines\s*:\s*(\d{1,6})")
_LOOP = re.compile(r"Loop \d+ from point number (\d+) to \d+")
_SWEEP_RATE = re.compile(r"^dE/dt\s+([\d.,Ee+-]+)\s.*?^dE/dt unit\s+(mV/s|V/s)\s", re.MULTILINE | re.DOTALL)
_POTENTIAL = re.compile(rb"<?E(?:we|cell|ce|we-ece)>?/(?:V>?|mV)", re.IGNORECASE)
_HEADER = 4096
_REST = 3.0
_MOST_ZEROS = 0.5
# The cell's voltage before the working electrode's potential; I before <I>, which EC-Lab computes from the charge.
_VOLTAGES = ("ecell", "ewe-ece", "ewe")
_LAST_STORED = "-Im(Zwe-ce)"


@frozen
class _Table:
    """The header, the names of the columns that can be trusted, and where the rows are."""

    header: Header
    names: Sequence[str]
    layout: Layout
    decimal_comma: bool
    warnings: tuple[str, ...]

    def line(self, row: int) -> int:
        """Return the line of the file, from 1, of a row of the table, from 0."""
        return self.layout.first_row + row + 1

    def find(self, pattern: str) -> int | None:
        """Return the first column whose name fits; angle brackets, which mean an average, do not count."""
        plain = (name.replace("<", "").replace(">", "") for name in self.names)
        return next((index for index, name in enumerate(plain) if re.fullmatch(pattern, name)), None)


def sniff(head: bytes, path: Path) -> bool:
    """Recognise the first line of EC-Lab and BT-Lab, or a table of theirs without a header."""
    start = head[:_HEADER].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _MAGIC.match(start):
        return True
    names = [name.strip() for name in start.split(b"\n", 1)[0].split(b"\t")]
    return (b"freq/Hz" in names and b"-Im(Z)/Ohm" in names) or (
        b"time/s" in names and any(_POTENTIAL.fullmatch(name) for name in names)
    )


def read(source: Source, settings: Mapping[str, str]) -> Raw | tuple[Raw, ...]:
    """Read an export: rows with a frequency as spectra, the others as voltage and current against time, or both.

    The columns are told by their names. ``Ecell`` (or ``Ewe-Ece``, or the difference of ``Ewe`` and ``Ece``) is the
    voltage where it was recorded, and ``Ewe`` then the potential of the working electrode; else ``Ewe`` is the voltage.
    Rows of mode 3 are rests. A loop, a change of a counter and a frequency that turns back begin a new spectrum. Areas
    and masses in the header are kept as details and not used: by default the area is 0.001 cm2.

    Raises
    ------
    ReadError
        ``LI-READ-001`` when there are no rows, ``LI-READ-003`` when names and fields do not fit, ``LI-READ-004`` when a
        column is missing, ``LI-READ-006/008`` for cells that are no numbers, ``LI-READ-009`` when no spectrum is left.
    """
    text = plain_text(source.content)
    table = _table(text, source.name)
    header = table.header
    found = tuple(
        evolve(
            part,
            warnings=(*table.warnings, *part.warnings),
            simulated=SIMULATED_MARK in header.text,
            software="EC-Lab text",
            start=header.start,
            identity=header.identity,
            details={**header.details, **part.details},
        )
        for part in _parts(text, table, settings, source.name)
    )
    return found[0] if len(found) == 1 else found


def _parts(text: str, table: _Table, settings: Mapping[str, str], where: str) -> list[Raw]:
    """Return the record of the d.c. rows and the spectra of the others, as far as there are any."""
    wanted = {"frequency": table.find(r"freq/Hz"), "time": table.find(r"time/s")}
    if wanted["frequency"] is None and table.find(r"Re\(Z\)/.*") is None:
        return [_with_zero_warning(_record(text, table, settings, where))]
    columns = _numbers(text, table, {name: index for name, index in wanted.items() if index is not None}, True, where)
    frequency, time = columns.get("frequency"), columns.get("time")
    # A program of many steps may write frequencies of 0 throughout.
    if frequency is not None and time is not None and not frequency.any():
        return [_with_zero_warning(_record(text, table, settings, where))]
    direct = None if frequency is None else direct_rows(frequency, time)
    if direct is None or table.find(r"E(we|cell|we-ece)/V") is None:
        return [_spectra(text, table, settings, where)]
    record = _with_zero_warning(_rows(_record(text, table, settings, where), direct))
    try:
        return [record, _spectra(text, table, settings, where)]
    except ReadError as error:
        if error.code != "LI-READ-009":
            raise
        return [record]  # impedances at one frequency each


def _rows(raw: RawRecord, rows: NDArray[np.bool_]) -> RawRecord:
    names = ("time", "voltage", "current", "electrode_potential", "vendor_cycle_number", "row_flags")
    kept = np.flatnonzero(rows[: raw.time.size])
    arrays = {name: getattr(raw, name)[kept] for name in names if getattr(raw, name) is not None}
    line = raw.line
    return raw.changed(None, line=None if line is None else lambda row: line(int(kept[row])), **arrays)


def _table(text: str, where: str) -> _Table:
    count = _COUNT.match(text.split("\n", 2)[1]) if text.count("\n", 0, _HEADER) > 1 else None
    most = max(4000, int(count[1]) + 2 if count else 0)
    lines = text.split("\n", most)[:most]
    at = _names_line(lines, where)
    names = [name.strip() for name in lines[at].split("\t")]
    rows = [line for line in lines[at + 1 : at + 2] if line.strip()]
    if not rows:
        raise ReadError("the test holds no rows", code="LI-READ-001", where=where, got="0 rows")
    row = rows[0].split("\t")
    if len(names) > 1 and not names[-1]:
        names = names[:-1]
    width = len(row)
    fields = width - 1 if width == len(names) + 1 and not row[-1].strip() else width
    names, warnings = _fitted(names, fields, where)
    layout = Layout("\t", "," in rows[0], at + 1, width, [parse_heading(name) for name in names])
    return _Table(read_header("\n".join(lines[:at])), names, layout, "," in rows[0], warnings)


def _names_line(lines: Sequence[str], where: str) -> int:
    """Return the line of names: the last of the header's, or the first that names a time or a frequency."""

    def fits(index: int) -> bool:
        names = [name.strip() for name in lines[index].split("\t")]
        if not ("time/s" in names or "freq/Hz" in names) or len(names) < 2:
            # A file that lost its frequencies still has the names of an impedance.
            return "Re(Z)/Ohm" in names
        below = lines[index + 1].split("\t") if index + 1 < len(lines) else []
        return not below or not below[0].strip() or NUMBER.fullmatch(below[0].strip()) is not None

    count = _COUNT.match(lines[1]) if len(lines) > 1 else None
    stated: list[int] = [int(count[1]) - 1] if count and 1 < int(count[1]) <= len(lines) else []
    for index in stated + list(range(len(lines))):
        if fits(index):
            return index
    raise ReadError(
        "no line names the columns of the table",
        code="LI-READ-004",
        where=where,
        got=f"{len(lines)} lines",
        expected="a line with time/s or freq/Hz, its names parted by tabs",
    )


def _fitted(names: list[str], fields: int, where: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the names that stand above their own values."""
    if len(names) == fields:
        return names, ()
    stored = next((index + 1 for index, name in enumerate(names) if name.startswith(_LAST_STORED)), None)
    if len(names) < fields or stored is None or stored > fields:
        raise ReadError(
            "the line of names does not fit the rows: values would stand under wrong names",
            code="LI-READ-003",
            where=where,
            got=f"{len(names)} names and {fields} fields in a row",
        )
    text = f"LI-W-COLUMNS {len(names)} names stand above {fields} fields: the computed columns at the end are left out"
    return names[:stored], (text,)


def _spectra(text: str, table: _Table, settings: Mapping[str, str], where: str) -> RawSpectra:
    wanted = {
        "frequency": table.find(r"freq/Hz"),
        "real": table.find(r"Re\(Z\)/.*"),
        "imaginary": table.find(r"-Im\(Z\)/.*"),
        "time": table.find(r"time/s"),
        "cycle": table.find(r"cycle number"),
        "z_cycle": table.find(r"z cycle"),
        "sequence": table.find(r"Ns"),
    }
    for name in ("frequency", "real", "imaginary"):
        if wanted[name] is None:
            raise ReadError(
                f"the column of the {name}{'' if name == 'frequency' else ' part'} is missing",
                code="LI-READ-004",
                where=where,
                got="columns " + ", ".join(repr(name) for name in table.names),
                expected="freq/Hz, Re(Z)/Ohm and -Im(Z)/Ohm",
            )
    drop = flag_setting(settings, "tolerate_bad_rows", where)
    columns = _numbers(text, table, {name: index for name, index in wanted.items() if index is not None}, drop, where)
    for name, sign in (("real", 1.0), ("imaginary", -1.0)):
        heading = table.names[wanted[name] or 0]
        try:
            columns[name] = sign * convert(columns[name], heading.split("/")[-1].replace("Ohm", "ohm"), "ohm")
        except UnitError as error:
            raise ReadError(
                f"the unit of the column {heading!r} is not known", code="LI-READ-005", where=where, expected="Ohm"
            ) from error
    counters = [columns[name] for name in ("cycle", "z_cycle", "sequence") if name in columns]
    loops = [int(match[1]) for match in _LOOP.finditer(table.header.text)]
    starts = spectrum_starts(columns["frequency"], counters, loops)
    raw, first = assembled_spectra(columns, starts, where, drop=drop)
    return evolve(raw, cycle=cycles_before(columns["cycle"][first]) if "cycle" in columns else None)


def _numbers(
    text: str, table: _Table, wanted: Mapping[str, int], drop: bool, where: str
) -> dict[str, NDArray[np.float64]]:
    series = load_columns(text, table.layout, list(wanted.values()), where, line=table.line, tolerate=drop)
    options: dict[str, Any] = {
        "decimal_comma": table.decimal_comma,
        "drop": drop,
        "where": where,
        "line": table.line,
    }
    return {name: values.numbers(series[index], table.names[index], **options) for name, index in wanted.items()}


def _record(text: str, table: _Table, settings: Mapping[str, str], where: str) -> RawRecord:
    chosen = _preferred(table, settings)
    choices = delimited.choose(table.layout.headings, chosen, where)
    extra = {"mode": table.find(r"mode")}
    if "voltage_column" not in settings:
        extra.update(potential=table.find(r"Ewe/V"), counter_potential=table.find(r"Ece/V"))
    if choices.current is None:
        extra["charge"] = table.find(r"dq/mA\.h")
    if choices.cycle is None:
        extra["half_cycle"] = table.find(r"half cycle")
    more = {name: index for name, index in extra.items() if index is not None}
    drop = flag_setting(settings, "tolerate_bad_rows", where)
    indices = [*choices.indices, *more.values()]
    series = load_columns(text, table.layout, indices, where, line=table.line, tolerate=drop)
    raw = delimited.assemble(series, choices, chosen, where, decimal_comma=table.decimal_comma, line=table.line)
    options: dict[str, Any] = {
        "decimal_comma": table.decimal_comma,
        "drop": drop,
        "where": where,
        "line": table.line,
    }
    rows = raw.time.size
    columns = {n: values.numbers(series[i].head(rows), table.names[i], **options) for n, i in more.items()}
    raw = _with_electrodes(raw, columns, is_ewe=more.get("potential") == choices.voltage.index)
    if "mode" in columns:
        raw = raw.changed(None, row_flags=values.rest_flags(columns["mode"] == _REST))
    if "charge" in columns:
        raw = raw.changed(DERIVED, current=derived_current(raw.time, columns["charge"] * convert(1.0, "mA h", "C")))
    if "half_cycle" in more:
        half = values.cycle_numbers(series[more["half_cycle"]].head(rows), decimal_comma=table.decimal_comma)
        raw = raw.changed(None, vendor_cycle_number=half, details={"vendor_cycle_number": "half cycle"})
    if "Voltammetry" in table.header.technique:
        raw = evolve(raw, technique="polarisation", conditions=_sweep_conditions(table.header.text))
    return raw


def _with_electrodes(raw: RawRecord, columns: Mapping[str, NDArray[np.float64]], *, is_ewe: bool) -> RawRecord:
    """Return the record with the potential of the working electrode, where a reference was recorded."""
    potential, counter = columns.get("potential"), columns.get("counter_potential")
    if potential is None:
        return raw
    if not is_ewe:
        return raw.changed(None, electrode_potential=potential)
    # A counter electrode at exactly 0 V throughout is the reference itself.
    if counter is None or not counter.any():
        return raw
    return raw.changed(None, voltage=potential - counter, electrode_potential=potential)


def _preferred(table: _Table, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with the columns that EC-Lab's names single out, where the caller named none."""
    keys: dict[str, str] = {}
    for heading in table.layout.headings:
        if heading.unit:
            keys.setdefault(heading.key, heading.text)
    found = {}
    voltage = next((keys[key] for key in _VOLTAGES if key in keys), None)
    if voltage is not None:
        found["voltage_column"] = voltage
    if table.names.count("I/mA") == 1:
        found["current_column"] = "I/mA"
    return {**found, **settings}


def _with_zero_warning(raw: RawRecord) -> RawRecord:
    if raw.current is None or not raw.current.any():
        return raw
    zeros = float(np.mean(raw.voltage == 0.0))
    if zeros <= _MOST_ZEROS:
        return raw
    return raw.changed(f"LI-W-ZERO the voltage is exactly 0 in {zeros:.0%} of the rows: the export may have lost it")


def _sweep_conditions(header: str) -> dict[str, float]:
    match = _SWEEP_RATE.search(header + "\n")
    if match is None:
        return {}
    return {"sweep_rate": convert(float(match[1].replace(",", ".")), match[2], "V/s")}


READER = Reader(
    name="biologic-text",
    title="BioLogic EC-Lab and BT-Lab text (.mpt)",
    settings=(*delimited.COLUMN_SETTINGS, *COMMON_SETTINGS, SIGN_SETTING),
    sniff=sniff,
    read=read,
)
