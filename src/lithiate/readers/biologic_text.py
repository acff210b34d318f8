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
from lithiate.errors import ReadError
from lithiate.readers import delimited, values
from lithiate.readers.columns import parse_heading
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, RawSpectra, Reader, Source, flag_setting
from lithiate.readers.spectra import assembled_spectra, spectrum_starts
from lithiate.readers.text import NUMBER, Layout, load_columns, plain_text
from lithiate.units import convert

_MAGIC = re.compile(rb"(?:EC|BT)-Lab ASCII FILE")
_COUNT = re.compile(r"Nb header lines\s*:\s*(\d+)")
_LOOP = re.compile(r"Loop \d+ from point number (\d+) to \d+")
_SWEEP_RATE = re.compile(r"^dE/dt\s+([\d.,Ee+-]+)\s.*?^dE/dt unit\s+(mV/s|V/s)\s", re.MULTILINE | re.DOTALL)
_HEADER = 4096
_REST = 3.0
_MOST_ZEROS = 0.5
# The cell's voltage before the working electrode's potential; I before <I>, which EC-Lab computes from the charge.
_VOLTAGES = ("ecell", "ewe-ece", "ewe")
_LAST_STORED = "-Im(Zwe-ce)"


@frozen
class _Table:
    """The header, the names of the columns that can be trusted, and where the rows are."""

    header: str
    names: Sequence[str]
    layout: Layout
    decimal_comma: bool
    warnings: tuple[str, ...]

    def find(self, pattern: str) -> int | None:
        """Return the first column whose name fits; angle brackets, which mean an average, do not count."""
        plain = (name.replace("<", "").replace(">", "") for name in self.names)
        return next((index for index, name in enumerate(plain) if re.fullmatch(pattern, name)), None)


def sniff(head: bytes, path: Path) -> bool:
    """Recognise the first line of EC-Lab and BT-Lab, or a table of an impedance without a header."""
    start = head[:_HEADER].removeprefix(b"\xef\xbb\xbf").lstrip()
    return _MAGIC.match(start) is not None or b"freq/Hz" in start.split(b"\n", 1)[0].strip().split(b"\t")


def read(source: Source, settings: Mapping[str, str]) -> RawRecord | RawSpectra:
    """Read an export: spectra where it has frequencies, else voltage and current against time.

    The columns are told by their names. ``Ecell`` (or ``Ewe-Ece``) is the voltage where it was recorded, and ``Ewe``
    then the potential of the working electrode; else ``Ewe`` is the voltage. Rows of mode 3 are rests. A loop, a change
    of the cycle number and a frequency that turns back begin a new spectrum. The area in the header is not used: by
    default it is 0.001 cm2.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when names and fields do not fit, ``LI-READ-004`` when a column is missing, ``LI-READ-009`` when
        there are no rows, ``LI-READ-006/008`` for cells that are no numbers.
    """
    text = plain_text(source.content)
    table = _table(text, source.name)
    raw = (_spectra if _holds_spectra(text, table, source.name) else _record)(text, table, settings, source.name)
    return evolve(
        raw, warnings=(*table.warnings, *raw.warnings), simulated=SIMULATED_MARK in table.header, software="EC-Lab text"
    )


def _table(text: str, where: str) -> _Table:
    lines = text.split("\n", 4000)[:4000]
    at = _names_line(lines, where)
    names = [name.strip() for name in lines[at].split("\t")]
    rows = [line for line in lines[at + 1 : at + 2] if line.strip()]
    if not rows:
        raise ReadError("the table has names and no rows", code="LI-READ-009", where=where, got="0 rows")
    row = rows[0].split("\t")
    if len(names) > 1 and not names[-1]:
        names = names[:-1]
    width = len(row)
    fields = width - 1 if width == len(names) + 1 and not row[-1].strip() else width
    names, warnings = _fitted(names, fields, where)
    layout = Layout("\t", "," in rows[0], at + 1, width, [parse_heading(name) for name in names])
    return _Table("\n".join(lines[:at]), names, layout, "," in rows[0], warnings)


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


def _holds_spectra(text: str, table: _Table, where: str) -> bool:
    """Say whether the table is one of impedances; a program of many steps may write frequencies of 0 throughout."""
    frequency = table.find(r"freq/Hz")
    if frequency is None:
        return table.find(r"Re\(Z\)/.*") is not None
    found = _numbers(text, table, {"frequency": frequency}, True, where)["frequency"]
    return bool((found > 0.0).any()) or table.find(r"time/s") is None


def _spectra(text: str, table: _Table, settings: Mapping[str, str], where: str) -> RawSpectra:
    wanted = {
        "frequency": table.find(r"freq/Hz"),
        "real": table.find(r"Re\(Z\)/.*"),
        "imaginary": table.find(r"-Im\(Z\)/.*"),
        "time": table.find(r"time/s"),
        "cycle": table.find(r"cycle number"),
        "z_cycle": table.find(r"z cycle"),
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
        unit = table.names[wanted[name] or 0].split("/")[-1].replace("Ohm", "ohm")
        columns[name] = sign * convert(columns[name], unit, "ohm")
    # Between two spectra EC-Lab may write a row at frequency 0: it is no point, and no turn of the frequency.
    points = columns["frequency"] > 0.0
    counters = [columns[name][points] for name in ("cycle", "z_cycle") if name in columns]
    starts = np.zeros(points.shape, dtype=bool)
    starts[points] = spectrum_starts(columns["frequency"][points], counters)
    loops = [int(match[1]) for match in _LOOP.finditer(table.header)]
    starts[[row for row in loops if row < starts.size]] = True
    raw, first = assembled_spectra(columns, starts, where, drop=drop)
    return evolve(raw, cycle=_cycles(columns["cycle"][first]) if "cycle" in columns else None)


def _cycles(counter: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Return the complete cycles before each spectrum, None where the instrument's counter never left its start."""
    if not np.isfinite(counter).all() or counter.max() <= 1.0:
        return None
    return (counter - (1.0 if counter.min() >= 1.0 else 0.0)).astype(np.int64)


def _numbers(
    text: str, table: _Table, wanted: Mapping[str, int], drop: bool, where: str
) -> dict[str, NDArray[np.float64]]:
    series = load_columns(text, table.layout, list(wanted.values()), where)
    return {
        name: values.numbers(
            series[index], table.names[index], decimal_comma=table.decimal_comma, drop=drop, where=where
        )
        for name, index in wanted.items()
    }


def _record(text: str, table: _Table, settings: Mapping[str, str], where: str) -> RawRecord:
    chosen = _preferred(table, settings)
    choices = delimited.choose(table.layout.headings, chosen, where)
    potential = table.find(r"Ewe/V") if "voltage_column" not in settings else None
    mode = table.find(r"mode")
    extra = [index for index in (potential, mode) if index is not None]
    series = load_columns(text, table.layout, [*choices.indices, *extra], where)
    raw = delimited.assemble(series, choices, chosen, where, decimal_comma=table.decimal_comma)
    options: dict[str, Any] = {
        "decimal_comma": table.decimal_comma,
        "drop": flag_setting(settings, "tolerate_bad_rows", where),
        "where": where,
    }
    rows = raw.time.size
    if potential is not None and potential != choices.voltage.index:
        found = values.numbers(series[potential].head(rows), table.names[potential], **options)
        raw = raw.changed(None, electrode_potential=found)
    if mode is not None:
        found = values.numbers(series[mode].head(rows), "mode", **options)
        raw = raw.changed(None, row_flags=values.rest_flags(found == _REST))
    raw = _with_zero_warning(raw)
    if "Voltammetry" in _technique(table.header):
        raw = evolve(raw, technique="polarisation", conditions=_sweep_conditions(table.header))
    return raw


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


def _technique(header: str) -> str:
    """Return the technique in EC-Lab's words: the first line that is not empty below the count of header lines."""
    return next((line.strip() for line in header.split("\n")[2:] if line.strip()), "")


def _sweep_conditions(header: str) -> dict[str, float]:
    match = _SWEEP_RATE.search(header + "\n")
    if match is None:
        return {}
    return {"sweep_rate": convert(float(match[1].replace(",", ".")), match[2], "V/s")}


READER = Reader(
    name="biologic-text",
    title="BioLogic EC-Lab and BT-Lab text (.mpt)",
    settings=(*delimited.COLUMN_SETTINGS, *COMMON_SETTINGS),
    sniff=sniff,
    read=read,
)
