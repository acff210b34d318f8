"""Sidecars: what a person states about a file or a folder of one cell, in a small TOML file beside it.

``cell7.toml`` stands beside ``cell7.ndax`` (``cell7.ndax.toml`` does as well), ``cell.toml`` in a folder of one cell::

    area = "1.13 cm^2"
    cell = "symmetric"
    cell_id = "cell 7"
    anode = "Li foil"
    electrolyte = "LiTFSI-DOL-DME-LiNO3"

    [conditions]              # SI numbers, or text with a unit where the condition has one
    temperature = "25 degC"

    [settings]                # of the reader, as with --set
    time_unit = "h"

Of a file with impedance spectra it may also state ``temperature = "140 degC"``, ``cycle = 10`` and
``state = "charged"``: one value for all of them, or a list with one a spectrum.

``lithiate convert`` writes such a file beside a format that has no place for the specimen, with a table
``[provenance]`` of its own, so that nothing is lost on the way back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from lithiate.core.measurement import CELLS
from lithiate.core.toml_source import TomlSource, dotted, read_toml
from lithiate.errors import LithiateError, ReadError, SpecError, nearest_match
from lithiate.units import parse_quantity

FOLDER_SIDECAR = "cell.toml"

QUANTITIES = {"area": "m^2", "cathode_mass": "kg"}
"""Stated number -> its SI unit."""

_WORDS = ("specimen", "cell", "cell_id", "anode", "electrolyte", "cathode")
_CONDITION_UNITS = {
    "temperature": "K",
    "current_density": "A/m^2",
    "areal_capacity": "C/m^2",
    "nominal_capacity": "C/m^2",
    "stack_pressure": "Pa",
    "rest": "s",
    "duration": "s",
    "scan_rate": "V/s",
    "lower_voltage": "V",
    "upper_voltage": "V",
    "cut_off_voltage": "V",
}
_SPECTRA = ("temperature", "cycle", "state")
_TABLES = ("conditions", "settings", "provenance")
_PROVENANCE = ("origin", "source", "reader", "sha256", "software", "start", "identity", "warnings")


@frozen
class Stated:
    """What is stated about a record, and where.

    Parameters
    ----------
    where : str
        File of the sidecar, or the words for the caller's arguments.
    values : mapping
        ``area`` [m2], ``cathode_mass`` [kg], and the words of the specimen.
    conditions : mapping of str to float
        SI numbers by name.
    settings : mapping of str to str
        Of the reader.
    spectra : mapping of str to list
        ``temperature`` [K], ``cycle`` and ``state``: one value for all spectra of the file, or one each.
    provenance : mapping of str to plain value
        Of the record that the file was converted from, with its warnings.
    """

    where: str
    values: Mapping[str, Any] = field(factory=dict)
    conditions: Mapping[str, float] = field(factory=dict)
    settings: Mapping[str, str] = field(factory=dict)
    spectra: Mapping[str, Any] = field(factory=dict)
    provenance: Mapping[str, Any] = field(factory=dict)


def sidecar_paths(path: Path) -> list[Path]:
    """Return the sidecars of a file or a folder that exist."""
    if path.is_dir():
        names = [path / FOLDER_SIDECAR]
    else:
        # NAME.bdf.csv: NAME.toml, NAME.bdf.toml and NAME.bdf.csv.toml are all plain enough.
        stems = dict.fromkeys((path.name.split(".", 1)[0], path.stem, path.name))
        names = [path.with_name(f"{stem}.toml") for stem in stems if stem]
    return [name for name in names if name.is_file() and name != path]


def read_sidecar(path: Path) -> Stated:
    """Read a sidecar; all its faults are told at once.

    Raises
    ------
    SpecError
        ``LI-SPEC-001`` when it is no TOML, ``LI-SPEC-002`` with every fault of its content, each with key and line.
    """
    source = read_toml(path)
    faults: list[str] = []
    values = {key: _value(source, key, faults) for key in source.data if key not in (*_TABLES, *_SPECTRA)}
    spectra = {key: _of_spectra(source, key, faults) for key in _SPECTRA if key in source.data}
    conditions = _table(source, "conditions", faults)
    settings = {key: _setting_text(value) for key, value in _table(source, "settings", faults).items()}
    numbers = {key: _condition(source, key, value, faults) for key, value in conditions.items()}
    provenance = _provenance(source, faults)
    if faults:
        raise SpecError("\n  ".join([f"{path.name} has {len(faults)} fault(s):", *faults]), code="LI-SPEC-002")
    return Stated(path.name, values, numbers, settings, spectra, provenance)


def _provenance(source: TomlSource, faults: list[str]) -> dict[str, Any]:
    table = dict(_table(source, "provenance", faults))
    for key, value in table.items():
        if key not in _PROVENANCE or not _is_provenance(key, value):
            faults.append(f"{source.where(('provenance', key))}: {key!r} is no value of {', '.join(_PROVENANCE)}")
    if table.get("origin", "measured") not in ("measured", "simulated"):
        faults.append(f"{source.where(('provenance', 'origin'))}: origin is measured or simulated")
    return table


def _setting_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(source: TomlSource, name: str, faults: list[str]) -> Mapping[str, Any]:
    table = source.data.get(name, {})
    if isinstance(table, Mapping):
        return table
    faults.append(f"{source.where((name,))}: {name} is a table, [{name}]")
    return {}


def _value(source: TomlSource, key: str, faults: list[str]) -> Any:  # noqa: ANN401 - a number or a word
    value, where = source.data[key], source.where((key,))
    known = (*QUANTITIES, *_WORDS, *_SPECTRA)
    if key not in known:
        nearest = nearest_match(key, (*known, *_TABLES))
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        faults.append(f"{where}: {key!r} is not known here; known: {', '.join((*known, *_TABLES))}{hint}")
        return None
    if key in QUANTITIES:
        return _number(value, QUANTITIES[key], f"{where}: {key}", faults, text_only=True)
    if not isinstance(value, str):
        faults.append(f"{where}: {key} is text, got {value!r}")
        return None
    if key == "cell" and value not in CELLS:
        faults.append(f"{where}: cell is one of {', '.join(CELLS)}, got {value!r}")
    return value


def _of_spectra(source: TomlSource, key: str, faults: list[str]) -> list[Any]:
    """Return one value, or one a spectrum, as a list."""
    where = f"{source.where((key,))}: {key}"
    given = source.data[key]
    found = list(given) if isinstance(given, list) else [given]
    if not found:
        faults.append(f"{where} is an empty list")
    if key == "temperature":
        kelvin = [_number(value, "K", where, faults, text_only=True, example="140 degC") for value in found]
        faults.extend(f"{where} lies below absolute zero, got {v:g} K" for v in kelvin if v <= 0.0)
        return kelvin
    kind, words = (int, "a whole number from 0") if key == "cycle" else (str, "text")
    for value in found:
        if not isinstance(value, kind) or isinstance(value, bool) or (isinstance(value, int) and value < 0):
            faults.append(f"{where} is {words}, got {value!r}")
    return found


def _condition(source: TomlSource, key: str, value: object, faults: list[str]) -> float:
    where = f"{source.where(('conditions', key))}: {dotted(('conditions', key))}"
    unit = _CONDITION_UNITS.get(key)
    if unit is None and not isinstance(value, int | float):
        faults.append(f"{where} is an SI number, got {value!r} (text with a unit: {', '.join(_CONDITION_UNITS)})")
        return math.nan
    return _number(value, unit or "1", where, faults)


def _number(
    value: object, unit: str, where: str, faults: list[str], *, text_only: bool = False, example: str = "1.13 cm^2"
) -> float:
    if isinstance(value, str):
        try:
            return parse_quantity(value, unit)
        except LithiateError as error:
            faults.append(f"{where}: {error}")
            return math.nan
    if text_only or isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        faults.append(f"{where} is text with its unit, such as {example!r}, got {value!r}")
        return math.nan
    return float(value)


def _is_provenance(key: str, value: object) -> bool:
    if key == "start":
        return isinstance(value, float) and math.isfinite(value)
    if key == "warnings":
        return isinstance(value, list) and all(isinstance(text, str) for text in value)
    if key == "identity":
        return isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values())
    return isinstance(value, str)


def merged(statements: Sequence[Stated]) -> Stated:
    """Return what several statements say together; each keeps the provenance of its own file to itself.

    Raises
    ------
    ReadError
        ``LI-READ-013`` when two of them say different things of one key.
    """
    together = {
        part: _merged([(one.where, getattr(one, part)) for one in statements])
        for part in ("values", "conditions", "settings", "spectra")
    }
    provenance = next((one.provenance for one in statements if one.provenance), {})
    return Stated(", ".join(one.where for one in statements), **together, provenance=provenance)


def _merged(parts: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    for where, values in parts:
        for key, value in values.items():
            if key in table and not _same(table[key], value):
                raise ReadError(
                    f"{key} is stated twice, and differently",
                    code="LI-READ-013",
                    where=f"{said_by[key]} and {where}",
                    got=f"{table[key]!r} and {value!r} (SI)"
                    if isinstance(value, float)
                    else f"{table[key]!r}, {value!r}",
                    expected="one value, or the same value twice"
                    + ("; of spectra: temperature above [conditions], in each sidecar" * (key == "temperature")),
                )
            table.setdefault(key, value)
            said_by.setdefault(key, where)
    return table


def _same(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-6)
    return a == b
