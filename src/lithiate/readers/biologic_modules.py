"""The modules of a BioLogic ``.mpr`` file: their chain, and what settings, log, loop and external devices state.

Layouts: derived from files and their text exports; no parser of others was used. All integers are little-endian, a
"pstring" is a byte of length and as many bytes of Windows-1252.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.units import convert

MAGIC = b"BIO-LOGIC MODULAR FILE\x1a" + b" " * 25 + b"\x00" * 4
SETTINGS, EXTERNAL, DATA, LOG, LOOP = "VMP Set", "VMP ExtDev", "VMP data", "VMP LOG", "VMP loop"

TECHNIQUES = {
    0x04: "GCPL",
    0x06: "CV",
    0x0B: "OCV",
    0x18: "CA",
    0x19: "CP",
    0x1C: "WAIT",
    0x1D: "PEIS",
    0x1E: "GEIS",
    0x25: "GCPL5",
    0x32: "ZIR",
    0x33: "CVA",
    0x6C: "LSV",
    0x75: "COV",
    0x76: "COC",
    0x7F: "MB",
    0x88: "BCD",
}
"""Code of the technique in the settings -> EC-Lab's short name."""

SWEEPS = ("CV", "CVA", "LSV")
"""Techniques that sweep the potential."""

_WORD = b"MODULE"
_NEW_HEADER = 0xFFFFFFFF
_OLD_SIZE, _NEW_SIZE = 57, 65
_AREA_UNITS = {2: "cm^2", 3: "mm^2"}
_MASS_UNITS = {1: "g", 2: "mg"}
# Layouts of the log: offset of the start, shift of the fields against the older layout, first number of a channel.
_LOGS = ((585, 112, 1), (473, 0, 0))
_FIRST_DAY, _LAST_DAY, _DAYS_TO_1970 = 30000.0, 60000.0, 25569.0
_LOOP_REST = 260
_ANALOG_NAMES = {0: (54, 99), 10: (55, 100)}


@frozen
class Module:
    """One block: its short name, its version, where its payload starts in the file, the length that it states."""

    name: str
    version: int
    start: int
    length: int


@frozen
class Chain:
    """The modules of a file, and what is wrong with the chain: None where it ends exactly at the end of the file."""

    modules: Sequence[Module]
    fault: str | None

    def find(self, name: str) -> list[Module]:
        """Return the modules of a name."""
        return [module for module in self.modules if module.name == name]


@frozen
class Log:
    """What the log states: start (seconds since 1970 on the PC's clock), control range of Ewe [V], who recorded it."""

    start: float | None = None
    control_range: tuple[float, float] | None = None
    identity: Mapping[str, str] = {}
    software: str | None = None


def read_chain(content: bytes, where: str) -> Chain:
    """Walk the modules of a file by their lengths; the word MODULE is never searched, it may stand in a payload.

    A chain that breaks is given with its fault, and the module that it breaks in stands last.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when the first 52 bytes are not those of the format.
    """
    if not content.startswith(MAGIC):
        raise ReadError("the head of the file is damaged", code="LI-READ-003", where=where, got=repr(content[:52]))
    modules: list[Module] = []
    at = len(MAGIC)
    while at < len(content):
        module = _module(content, at)
        if module is None:
            return Chain(modules, f"no module begins at byte {at} of {len(content)}")
        modules.append(module)
        at = module.start + module.length
    if at > len(content):
        last = modules[-1]
        fault = f"the module {last.name!r} has {len(content) - last.start} of {last.length} bytes"
        return Chain(modules, fault)
    return Chain(modules, None if modules else "the file ends behind its head")


def _module(content: bytes, at: int) -> Module | None:
    head = content[at : at + _NEW_SIZE]
    if len(head) < _OLD_SIZE or not head.startswith(_WORD):
        return None
    name = head[6:16].decode("cp1252", "replace").strip()
    length, version = struct.unpack_from("<II", head, 41)
    if length != _NEW_HEADER:
        return Module(name, version, at + _OLD_SIZE, length)
    if len(head) < _NEW_SIZE:
        return None
    length, _, version = struct.unpack_from("<III", head, 45)
    return Module(name, version, at + _NEW_SIZE, length)


def payload(content: bytes, module: Module) -> memoryview:
    """Return the bytes of a module, without a copy; fewer than stated where the file is cut off."""
    return memoryview(content)[module.start : module.start + module.length]


def _number(data: memoryview, kind: str, at: int) -> float | None:
    """Return the number at an offset, None beyond the end or where it is not finite."""
    if at < 0 or at + struct.calcsize(kind) > len(data):
        return None
    value = float(struct.unpack_from("<" + kind, data, at)[0])
    if not math.isfinite(value):
        return None
    return float(f"{value:.7g}") if kind == "f" else value  # the digits that were entered, not those of 24 bits


def _text(data: memoryview, at: int) -> str | None:
    """Return the pstring at an offset, None where it is empty or no text."""
    if at >= len(data) or at + 1 + data[at] > len(data):
        return None
    text = bytes(data[at + 1 : at + 1 + data[at]]).decode("cp1252", "replace").strip("\x00 ")
    return text if text and text.isprintable() else None


def read_settings(data: memoryview) -> dict[str, Any]:
    """Return what the settings state, in SI; a number that EC-Lab writes where none was entered is left out.

    Keys: ``technique``, ``technique_code``, ``comment``, ``electrode_material``, ``electrolyte``,
    ``reference_electrode``, ``stored_area`` [m2], ``stored_characteristic_mass``, ``stored_active_mass`` [kg],
    ``stored_battery_capacity`` [C]. Areas and masses are for the record and are never used.
    """
    found: dict[str, Any] = {}
    if len(data):
        found["technique_code"] = int(data[0])
        found["technique"] = TECHNIQUES.get(int(data[0]))
    words = {"comment": 7, "electrode_material": 286, "electrolyte": 448, "reference_electrode": 533}
    found.update({name: _text(data, at) for name, at in words.items()})
    area, mass = _coded_unit(data, 592, _AREA_UNITS), _coded_unit(data, 593, _MASS_UNITS)
    found["stored_area"] = entered(_number(data, "f", 529), area, "m^2")
    found["stored_characteristic_mass"] = entered(_number(data, "f", 588), mass, "kg")
    found["stored_active_mass"] = entered(_number(data, "f", 263), "mg", "kg")
    capacity = _number(data, "f", 604)
    found["stored_battery_capacity"] = capacity * 3.6 if capacity else None
    return {name: value for name, value in found.items() if value is not None}


def _coded_unit(data: memoryview, at: int, units: Mapping[int, str]) -> str | None:
    return units.get(int(data[at])) if at < len(data) else None


def entered(value: float | None, unit: str | None, si_unit: str) -> float | None:
    """Return a number that the user entered, in SI; None for 0.001, which EC-Lab writes where nobody entered one."""
    if value is None or unit is None or value <= 0.0 or math.isclose(value, 1e-3, rel_tol=1e-6):
        return None
    return float(convert(value, unit, si_unit))


def read_log(data: memoryview) -> Log:
    """Return what the log states; empty where neither of its two layouts has a date at its place."""
    for at, shift, first_channel in _LOGS:
        day = _number(data, "d", at)
        if day is None or not _FIRST_DAY < day < _LAST_DAY:
            continue
        low, high = _number(data, "f", 392 + shift), _number(data, "f", 396 + shift)
        channel, serial = _number(data, "B", 9), _number(data, "H", 59 + shift)
        word = channel_word(None if channel is None else str(int(channel) + first_channel), serial)
        return Log(
            start=round((day - _DAYS_TO_1970) * 86400.0, 3),
            control_range=(low, high) if low is not None and high is not None and low < high else None,
            identity={} if word is None else {"channel": word},
            software=_text(data, 839 + shift),
        )
    return Log()


def channel_word(number: str | None, serial: float | None) -> str | None:
    """Return what identifies a channel: the serial number of its board, else its number.

    The number of one channel is ``32`` in a BT-Lab binary and ``D8`` in the text export of the same run.
    """
    return f"SN {int(serial)}" if serial else number


def read_loop(data: memoryview, rows: int) -> NDArray[np.int64]:
    """Return the first row of each loop; empty where the module does not fit the table."""
    count = int(_number(data, "I", 0) or 0)
    none = np.zeros(0, dtype=np.int64)
    if not 0 < count <= len(data) // 4 - 1:
        return none
    starts = np.frombuffer(data, "<u4", count, 4).astype(np.int64)
    fits = starts[0] == 0 and starts[-1] == rows and bool((np.diff(starts) >= 0).all())
    return starts[:-1] if fits else none


def read_analog_names(module: Module, data: memoryview) -> tuple[str | None, ...]:
    """Return the names of the analog inputs 1 and 2 with their units, as ``Force/N``; None where there is none."""
    return tuple(_text(data, at) for at in _ANALOG_NAMES.get(module.version, ()))
