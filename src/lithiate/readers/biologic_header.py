"""What the header of a BioLogic text export states: technique, start, channel, and what the user entered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from lithiate.readers.biologic_modules import channel_word, entered
from lithiate.units import convert

# Full name in the header -> EC-Lab's short name; the longer names first.
_TECHNIQUES = {
    "Galvanostatic Cycling with Potential Limitation": "GCPL",
    "Potentio Electrochemical Impedance Spectroscopy": "PEIS",
    "Galvano Electrochemical Impedance Spectroscopy": "GEIS",
    "Battery Capacity Determination": "BCD",
    "Cyclic Voltammetry Advanced": "CVA",
    "Open Circuit Voltage": "OCV",
    "Linear Sweep Voltammetry": "LSV",
    "IR compensation": "ZIR",
    "Cyclic Voltammetry": "CV",
    "Chronopotentiometry": "CP",
    "Chronoamperometry": "CA",
    "Constant Voltage": "COV",
    "Constant Current": "COC",
    "Modulo Bat": "MB",
    "Wait": "WAIT",
}
_START = re.compile(
    r"^Acquisition started on\s*:\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})\s+"
    r"(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,6}))?",
    re.MULTILINE,
)
_CHANNEL = re.compile(r"^Run on channel\s*:\s*(\w+)(?:\s*\(SN\s*(\d+)\))?", re.MULTILINE)
_SOFTWARE = re.compile(r"^(?:EC|BT)-Lab for windows v([\d.]+)", re.MULTILINE | re.IGNORECASE)
_WORDS = {
    "comment": "Comments",
    "electrode_material": "Electrode material",
    "electrolyte": "Electrolyte",
    "reference_electrode": "Reference electrode",
}
# The letters of a unit alone count: the signs for square and micro depend on the code page of the computer.
_NUMBERS = {
    "stored_area": ("Electrode surface area", r"(cm|mm)", {"cm": "cm^2", "mm": "mm^2"}, "m^2"),
    "stored_characteristic_mass": ("Characteristic mass", r"(mg|g)\b", {"g": "g", "mg": "mg"}, "kg"),
    "stored_active_mass": ("Mass of active material", r"(mg|g)\b", {"g": "g", "mg": "mg"}, "kg"),
}
_CAPACITY = re.compile(r"^Battery capacity\s*:\s*([\d.,Ee+-]+)\s*(\S?)A\.h", re.MULTILINE)
_PREFIXES = {"": 1.0, "m": 1e-3}
_EPOCH = datetime(1970, 1, 1)


@frozen
class Header:
    """The text above the table, and what it states: see `RawRecord` for `start`, `identity` and `details`."""

    text: str = ""
    technique: str = ""
    start: float | None = None
    identity: Mapping[str, str] = field(factory=dict)
    details: Mapping[str, Any] = field(factory=dict)


def read_header(text: str) -> Header:
    """Return what a header states; later ``Modify on`` blocks repeat settings, and the first of each counts."""
    technique = next((line.strip() for line in text.split("\n")[2:] if line.strip()), "")
    details: dict[str, Any] = {
        "technique": next((short for words, short in _TECHNIQUES.items() if technique.startswith(words)), None),
        "recorded_with": _first(_SOFTWARE, text),
        "stored_battery_capacity": _capacity(text),
    }
    for name, label in _WORDS.items():
        details[name] = _first(re.compile(rf"^{label} : (.*\S)", re.MULTILINE), text)
    for name, (label, pattern, units, si_unit) in _NUMBERS.items():
        found = re.search(rf"^{label}\s*:\s*([\d.,Ee+-]+)\s*{pattern}", text, re.MULTILINE)
        details[name] = entered(_number(found[1]), units[found[2]], si_unit) if found else None
    channel = _CHANNEL.search(text)
    word = channel_word(channel[1], float(channel[2] or 0)) if channel else None
    return Header(
        text=text,
        technique=technique,
        start=_start(text),
        identity={} if word is None else {"channel": word},
        details={name: value for name, value in details.items() if value is not None},
    )


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _capacity(text: str) -> float | None:
    found = _CAPACITY.search(text)
    value = _number(found[1]) if found else None
    if not found or not value:
        return None
    # Any other sign before "A.h" is the micro of some code page.
    return float(convert(value * _PREFIXES.get(found[2], 1e-6), "A h", "C"))


def _start(text: str) -> float | None:
    """Return the start in seconds since 1970 on the PC's clock: month, day, year, whatever the separator."""
    found = _START.search(text)
    if found is None:
        return None
    month, day, year, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        instant = datetime(year + 2000 if year < 100 else year, month, day, hour, minute, second)
    except ValueError:
        return None
    return (instant - _EPOCH).total_seconds() + float(f"0.{found[7] or 0}")
