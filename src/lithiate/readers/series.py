"""A series of spectra: temperature, cycle and state of each, as a call, a sidecar or the names of the files say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve

from lithiate.constants import ZERO_CELSIUS
from lithiate.core.measurement import ImpedanceSpectra, Measurement
from lithiate.errors import ReadError, UnitError
from lithiate.units import convert, parse_quantity

SERIES_SETTINGS = {"temperatures": "temperature", "cycles": "cycle", "states": "state"}
"""Setting of a call -> what it states of each spectrum, in the order of the files as given."""

BY_NAME = "names"

TEMPERATURES = (100.0, 1500.0)
"""Temperatures [K] of spectra that are plausible."""

# "140deg", "25°C", "413K"; a bare C, which is a rate as often, with a sign or two digits. A minus behind a word only
# parts it from the number.
_IN_NAME = re.compile(
    r"(?:(?<=[\s_(\[=,])(?P<minus>[-−])|(?<![A-Za-z\d.,]))(?P<number>\d+(?:[.,]\d+)?)\s?"
    r"(?P<unit>[Dd]eg(?:rees?)?(?:[ _]?C)?|°\s?C|K|C)(?![A-Za-z\d])"
)


def temperature_in_name(name: str) -> float | None:
    """Return the temperature [K] that a file's name states, None where it states none, or more than one."""
    found = set()
    for match in _IN_NAME.finditer(" " + name.rsplit(".", 1)[0]):
        number, unit = match["number"], match["unit"]
        if unit == "C" and not match["minus"] and not (number.isdigit() and len(number) > 1):
            continue
        value = float(number.replace(",", ".")) * (-1.0 if match["minus"] else 1.0)
        found.add(value if unit == "K" else value + ZERO_CELSIUS)
    (only,) = found if len(found) == 1 else (None,)
    return only if only is not None and only > 0.0 else None


def with_series(records: Sequence[Measurement], settings: Mapping[str, str]) -> list[Measurement]:
    """Return the records with what the settings ``temperatures``, ``cycles`` and ``states`` state of their spectra.

    A list has one value a spectrum, in the order of the files as given. ``temperatures=names`` takes those in the
    files' names.

    Raises
    ------
    ReadError
        ``LI-READ-011`` when there are no spectra, or another number of them, or a value is none or not plausible;
        ``LI-READ-013`` when a file states another one.
    """
    given = {key: settings[key] for key in SERIES_SETTINGS if key in settings}
    spectra = [record for record in records if isinstance(record, ImpedanceSpectra)]
    together = list(records)
    for setting, text in given.items():
        if not spectra:
            raise ReadError(
                f"the setting {setting!r} is one of spectra, and the files hold none",
                code="LI-READ-011",
                where=", ".join(record.provenance.source for record in records),
                got=text,
            )
        by_name = setting == "temperatures" and text.strip() == BY_NAME
        values = _of_names(spectra) if by_name else _listed(setting, text, sum(len(record) for record in spectra))
        together = distributed(together, SERIES_SETTINGS[setting], values, f"the setting {setting}")
    return together


def distributed(records: Sequence[Measurement], name: str, values: Sequence[Any], where: str) -> list[Measurement]:
    """Return the records with one value of a list for each of their spectra, or with a single value for all of them.

    Raises ``LI-READ-010`` when the number of values is another one, ``LI-READ-013`` as `with_stated` does.
    """
    found: list[Measurement] = []
    spectra = sum(len(record) for record in records if isinstance(record, ImpedanceSpectra))
    if len(values) not in (1, spectra):
        raise _wrong_number(name, len(values), spectra, where)
    at = 0
    for record in records:
        if isinstance(record, ImpedanceSpectra):
            part = values if len(values) == 1 else values[at : at + len(record)]
            at += len(record)
            record = with_stated(record, {name: part}, where)
        found.append(record)
    return found


def _wrong_number(name: str, values: int, spectra: int, where: str) -> ReadError:
    return ReadError(
        f"{values} values of {name!r} are stated for {spectra} spectra",
        code="LI-READ-010",
        where=where,
        expected="one value, or one a spectrum",
    )


def _of_names(spectra: Sequence[ImpedanceSpectra]) -> list[float]:
    found = [(record, temperature_in_name(record.provenance.source)) for record in spectra]
    missing = [record.provenance.source for record, value in found if value is None]
    if missing:
        raise ReadError(
            f"the names of {len(missing)} of {len(found)} files state no temperature",
            code="LI-READ-011",
            where=", ".join(missing),
            got=f"temperatures={BY_NAME}",
            expected="names such as 'cell-25degC.txt', or --set temperatures='25 degC, 40 degC'",
        )
    return [value for record, value in found if value is not None for _spectrum in range(len(record))]


def _listed(setting: str, text: str, count: int) -> list[Any]:
    words = [word.strip() for word in text.split(",")]
    if len(words) != count:
        raise ReadError(
            f"the setting {setting!r} states {len(words)} values for {count} spectra",
            code="LI-READ-011",
            where="settings",
            got=text,
            expected="one value a spectrum, parted by commas, in the order of the files",
        )
    try:
        if setting == "temperatures":
            return _plausible([parse_quantity(word, "K") for word in words], text)
        if setting == "cycles":
            return [int(word) for word in words]
    except (UnitError, ValueError) as error:
        wanted = (
            "temperatures with their unit ('25 degC, 40 degC'), or names" if setting == "temperatures" else "numbers"
        )
        raise ReadError(
            f"a value of the setting {setting!r} cannot be read",
            code="LI-READ-011",
            where="settings",
            got=text,
            expected=wanted,
        ) from error
    return words


def _plausible(kelvin: list[float], text: str) -> list[float]:
    low, high = TEMPERATURES
    odd = [value for value in kelvin if not low <= value <= high]
    if odd:
        raise ReadError(
            "a value of the setting 'temperatures' is no temperature of a cell",
            code="LI-READ-011",
            where="settings",
            got=f"{text}, of which {odd[0]:g} K",
            expected=f"{low:g} to {high:g} K, with their unit ('25 degC, 40 degC')",
        )
    return kelvin


def with_stated(record: ImpedanceSpectra, stated: Mapping[str, Sequence[Any]], where: str) -> ImpedanceSpectra:
    """Return the spectra with what is stated of them: one value, which is that of all, or one a spectrum.

    Raises
    ------
    ReadError
        ``LI-READ-010`` when the number of values is another one, ``LI-READ-013`` when the file states another value.
    """
    for name, values in stated.items():
        if len(values) not in (1, len(record)):
            raise _wrong_number(name, len(values), len(record), f"{where}, {record.provenance.source}")
        found = list(values) * (len(record) if len(values) == 1 else 1)
        known = getattr(record, name)
        if known is not None and not _same(known, found):
            raise ReadError(
                f"the {name} of a spectrum is stated twice, and differently",
                code="LI-READ-013",
                where=f"{record.provenance.source} and {where}",
                got=f"{list(known)} and {found}",
                expected="one value, or the same value twice",
            )
        changes: dict[str, Any] = {name: found}
        record = evolve(record, **changes)
    return record


def _same(known: Sequence[Any], stated: Sequence[Any]) -> bool:
    if isinstance(known[0], str):
        # A table of text has no place for more than one blank.
        return [word.split() for word in known] == [word.split() for word in stated]
    return bool(np.allclose(np.asarray(known, dtype=np.float64), stated, rtol=1e-6))


def name_warning(records: Sequence[Measurement], conditions: Mapping[str, float]) -> str | None:
    """Return the warning for temperatures that stand in the names of files and are not used, None without any."""
    if "temperature" in conditions:
        return None
    found = [
        temperature_in_name(record.provenance.source)
        for record in records
        if isinstance(record, ImpedanceSpectra)
        and record.temperature is None
        and "temperature" not in record.conditions
    ]
    known = [value for value in found if value is not None]
    if not known:
        return None
    listed = ", ".join(f"{convert(value, 'K', 'degC'):.4g}" for value in known[:12])
    return (
        f"LI-W-TEMPERATURE the names of {len(known)} of {len(found)} files seem to state temperatures ({listed} degC), "
        f"which are not used; --set temperatures=names takes them"
    )
