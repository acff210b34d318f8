"""Quantities with units: text from the edges to SI numbers and back.

Numbers are SI in memory. Text such as ``"1 mA/cm^2"`` is parsed here and nowhere else. The common units of the trade
stand in a small table, so that reading a record never builds a pint registry (0.6-1.0 s); other units go through pint.

Readable beside pint's own spelling: ``cm2``, ``cm^2``, ``cm²``, ``mA cm-2``, ``%``, ``wt%``, ``µ`` and ``μ``, ``Ω``,
``Å``, ``°C``, ``mAh``. A temperature in degC is a point on the scale, so ``"25 degC"`` is 298.15 K.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any, TypeVar

from attrs import frozen
from numpy import float64
from numpy.typing import NDArray

from lithiate.constants import ZERO_CELSIUS
from lithiate.errors import UnitError, nearest_match

Number = TypeVar("Number", float, NDArray[float64])
Dimension = tuple[float, ...]

_BASES = ("[mass]", "[length]", "[time]", "[current]", "[temperature]", "[substance]", "[luminosity]")

# SI unit -> exponents of kg, m, s, A, K, mol, cd; then field unit -> (SI unit, factor).
_DIMENSIONS: dict[str, Dimension] = {
    "1": (0, 0, 0, 0, 0, 0, 0),
    "m": (0, 1, 0, 0, 0, 0, 0),
    "m^2": (0, 2, 0, 0, 0, 0, 0),
    "m^3": (0, 3, 0, 0, 0, 0, 0),
    "s": (0, 0, 1, 0, 0, 0, 0),
    "1/s": (0, 0, -1, 0, 0, 0, 0),
    "1/m": (0, -1, 0, 0, 0, 0, 0),
    "kg": (1, 0, 0, 0, 0, 0, 0),
    "K": (0, 0, 0, 0, 1, 0, 0),
    "A": (0, 0, 0, 1, 0, 0, 0),
    "A/m^2": (0, -2, 0, 1, 0, 0, 0),
    "C": (0, 0, 1, 1, 0, 0, 0),
    "C/m^2": (0, -2, 1, 1, 0, 0, 0),
    "C/kg": (-1, 0, 1, 1, 0, 0, 0),
    "V": (1, 2, -3, -1, 0, 0, 0),
    "V/s": (1, 2, -4, -1, 0, 0, 0),
    "ohm": (1, 2, -3, -2, 0, 0, 0),
    "ohm m^2": (1, 4, -3, -2, 0, 0, 0),
    "S/m": (-1, -3, 3, 2, 0, 0, 0),
    "S/m^2": (-1, -4, 3, 2, 0, 0, 0),
    "F/m^2": (-1, -4, 4, 2, 0, 0, 0),
    "m^2/C": (0, 2, -1, -1, 0, 0, 0),
    "Pa": (1, -1, -2, 0, 0, 0, 0),
    "J": (1, 2, -2, 0, 0, 0, 0),
    "J/mol": (1, 2, -2, 0, 0, -1, 0),
    "J/m^2": (1, 0, -2, 0, 0, 0, 0),
    "W": (1, 2, -3, 0, 0, 0, 0),
    "kg/m^3": (1, -3, 0, 0, 0, 0, 0),
    "kg/m^2": (1, -2, 0, 0, 0, 0, 0),
    "kg/mol": (1, 0, 0, 0, 0, -1, 0),
    "mol/m^3": (0, -3, 0, 0, 0, 1, 0),
    "m^2/s": (0, 2, -1, 0, 0, 0, 0),
    "m^2/kg": (-1, 2, 0, 0, 0, 0, 0),
    "m^3/kg": (-1, 3, 0, 0, 0, 0, 0),
    "m^3/C": (0, 3, -1, -1, 0, 0, 0),
}
_FIELD_UNITS: dict[str, tuple[str, float]] = {
    "%": ("1", 1e-2),
    "ppm": ("1", 1e-6),
    # A count; pint takes a cycle for a turn of 2 pi.
    "cycles": ("1", 1.0),
    "rad": ("1", 1.0),
    "deg": ("1", math.pi / 180.0),
    "cm": ("m", 1e-2),
    "mm": ("m", 1e-3),
    "um": ("m", 1e-6),
    "nm": ("m", 1e-9),
    "angstrom": ("m", 1e-10),
    "uL/cm^2": ("m", 1e-5),
    "cm^2": ("m^2", 1e-4),
    "mm^2": ("m^2", 1e-6),
    "cm^3": ("m^3", 1e-6),
    "L": ("m^3", 1e-3),
    "mL": ("m^3", 1e-6),
    "uL": ("m^3", 1e-9),
    "ms": ("s", 1e-3),
    "min": ("s", 60.0),
    "h": ("s", 3600.0),
    "d": ("s", 86400.0),
    "Hz": ("1/s", 1.0),
    "kHz": ("1/s", 1e3),
    "1/h": ("1/s", 1.0 / 3600.0),
    "1/um": ("1/m", 1e6),
    "g": ("kg", 1e-3),
    "mg": ("kg", 1e-6),
    "mA": ("A", 1e-3),
    "uA": ("A", 1e-6),
    "nA": ("A", 1e-9),
    "mA/cm^2": ("A/m^2", 10.0),
    "uA/cm^2": ("A/m^2", 1e-2),
    "mC": ("C", 1e-3),
    "Ah": ("C", 3600.0),
    "mAh": ("C", 3.6),
    "uAh": ("C", 3.6e-3),
    "mAh/cm^2": ("C/m^2", 3.6e4),
    "C/cm^2": ("C/m^2", 1e4),
    "mAh/g": ("C/kg", 3.6e3),
    "mV": ("V", 1e-3),
    "uV": ("V", 1e-6),
    "mV/s": ("V/s", 1e-3),
    "mohm": ("ohm", 1e-3),
    "kohm": ("ohm", 1e3),
    "ohm cm^2": ("ohm m^2", 1e-4),
    "mS/cm": ("S/m", 1e-1),
    "S/cm": ("S/m", 1e2),
    "mS/cm^2": ("S/m^2", 10.0),
    "uF/cm^2": ("F/m^2", 1e-2),
    "cm^2/mAh": ("m^2/C", 1.0 / 3.6e4),
    "kPa": ("Pa", 1e3),
    "MPa": ("Pa", 1e6),
    "GPa": ("Pa", 1e9),
    "kJ": ("J", 1e3),
    "Wh": ("J", 3600.0),
    "mWh": ("J", 3.6),
    "kJ/mol": ("J/mol", 1e3),
    "mJ/m^2": ("J/m^2", 1e-3),
    "mW": ("W", 1e-3),
    "g/cm^3": ("kg/m^3", 1e3),
    "mg/cm^2": ("kg/m^2", 1e-2),
    "g/mol": ("kg/mol", 1e-3),
    "mol/L": ("mol/m^3", 1e3),
    "cm^2/s": ("m^2/s", 1e-4),
    "m^2/g": ("m^2/kg", 1e3),
    "cm^3/g": ("m^3/kg", 1e-3),
    "uL/mg": ("m^3/kg", 1e-3),
    "uL/mAh": ("m^3/C", 1e-9 / 3.6),
}

_PREFERRED = {
    "V": "mV",
    "A": "mA",
    "A/m^2": "mA/cm^2",
    "C/m^2": "mAh/cm^2",
    "s": "h",
    "m": "um",
    "m^2": "cm^2",
    "K": "degC",
    "Pa": "GPa",
    "rad": "deg",
    "m^2/kg": "m^2/g",
    "m^3/kg": "cm^3/g",
    "ohm m^2": "ohm cm^2",
}

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_SPELLINGS = str.maketrans(
    {"µ": "u", "μ": "u", "Ω": "ohm", "\N{OHM SIGN}": "ohm", "Å": "angstrom", "\N{ANGSTROM SIGN}": "angstrom"}
    | {"¹": "1", "²": "2", "³": "3", "⁻": "-", "−": "-", "·": " ", "*": " "}
)
_PERCENT = re.compile(r"^(?:wt|vol|mol|at)\s?%$")
_POWER = re.compile(r"(?<=[A-Za-z])\^?(-?\d+)")
_UNIT_GRAMMAR = re.compile(r"(?:1|%|[A-Za-z_]+)(?:\^-?\d{1,2})?(?:[ /](?:%|[A-Za-z_]+)(?:\^-?\d{1,2})?)*")


@frozen
class _Unit:
    dimension: Dimension
    factor: float
    offset: float = 0.0


def parse_quantity(text: str | float, unit: str, *, where: str | None = None) -> float:
    """Parse a quantity such as ``"1 mA/cm^2"`` and return its value in `unit`.

    Parameters
    ----------
    text : str or float
        Number and unit. A bare number is accepted only when `unit` is ``"1"``.
    unit : str
        Unit of the result, by habit SI.
    where : str, optional
        ``file:line`` or dotted key, for the message of an error.

    Returns
    -------
    float
        Finite value in `unit`.

    Raises
    ------
    UnitError
        ``LI-UNIT-001`` when there is no finite number, no unit, or an unknown unit; ``LI-UNIT-002`` when the
        dimension is wrong.

    Examples
    --------
    >>> parse_quantity("1 mA/cm^2", "A/m^2")
    10.0
    >>> parse_quantity("25 degC", "K")
    298.15
    """
    number, unit_text = _split(text, unit, where)
    if unit_text is None:
        if unit != "1":
            raise UnitError(
                "a unit is missing",
                code="LI-UNIT-001",
                where=where,
                got=text,
                expected=f'a number with a unit of the dimension of {unit}, such as "{number:g} {_example(unit)}"',
            )
        return number
    try:
        return convert(number, unit_text, unit)
    except UnitError as error:
        raise UnitError(
            error.what, code=error.code, where=where, got=text, expected=error.expected, nearest=error.nearest
        ) from None


def split_quantity(text: str | float, *, where: str | None = None) -> tuple[float, str]:
    """Return the number and the unit of a quantity, ``"1"`` where there is no unit; the unit is not checked.

    Raises
    ------
    UnitError
        ``LI-UNIT-001`` when there is no finite number.

    Examples
    --------
    >>> split_quantity("400 um")
    (400.0, 'um')
    """
    number, unit = _split(text, "1", where)
    return number, unit or "1"


def _split(text: str | float, unit: str, where: str | None) -> tuple[float, str | None]:
    """Return the number and the unit's text, None where there is no unit."""
    expected = f'a finite number with its unit, such as "1 {_example(unit)}"' if unit != "1" else "a finite number"
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise UnitError("a quantity is missing", code="LI-UNIT-001", where=where, got=repr(text), expected=expected)
    stripped = str(text).strip().replace("−", "-")
    match = _NUMBER.match(stripped)
    rest = "" if match is None else stripped[match.end() :]
    # "1,5 V" and "1:3" start with a number, but are not one.
    if match is None or rest[:1] in {",", ".", ":", ";"} or not math.isfinite(float(match.group())):
        raise UnitError("not a finite number", code="LI-UNIT-001", where=where, got=text, expected=expected)
    return float(match.group()), rest.strip() or None


def convert(value: Number, from_unit: str, to_unit: str) -> Number:
    """Convert a number or an array from one unit to another of the same dimension.

    Parameters
    ----------
    value : float or (...) float64 array
        In `from_unit`.
    from_unit, to_unit : str
        Any units that `parse_quantity` reads. degC and K are points on their scales, not differences.

    Returns
    -------
    float or (...) float64 array
        In `to_unit`, a new array.

    Raises
    ------
    UnitError
        ``LI-UNIT-001`` for an unknown unit, ``LI-UNIT-002`` when the dimensions differ.

    Examples
    --------
    >>> convert(0.016, "V", "mV")
    16.0
    """
    source, target = _resolve(from_unit), _resolve(to_unit)
    if source.dimension != target.dimension:
        raise UnitError(
            "the unit has the wrong dimension",
            code="LI-UNIT-002",
            got=from_unit,
            expected=f"a unit of the dimension of {to_unit}",
        )
    if source == target:
        return value * 1.0
    if source.offset or target.offset:
        return (value * source.factor + (source.offset - target.offset)) / target.factor
    # Multiplying or dividing by a number above one keeps decimals: 0.7 V is 700 mV, and 360 um is 0.00036 m.
    if source.factor >= target.factor:
        return value * (source.factor / target.factor)
    return value / (target.factor / source.factor)


def parse_ratio(text: str | float, *, where: str | None = None) -> float:
    """Parse a ratio such as ``"1:3"`` and return its value (1/3); a positive bare number is itself the ratio.

    Raises
    ------
    UnitError
        ``LI-UNIT-003`` when the text is no ratio, or when a side is zero, negative or not finite.

    Examples
    --------
    >>> parse_ratio("1:4")
    0.25
    """
    sides = str(text).split(":")
    try:
        if isinstance(text, bool) or len(sides) > 2:
            raise ValueError
        numbers = [float(side) for side in sides]
        valid = all(math.isfinite(number) and number > 0 for number in numbers)
    except ValueError:
        valid = False
    if not valid:
        raise UnitError(
            "not a ratio of positive numbers", code="LI-UNIT-003", where=where, got=text, expected='text such as "1:3"'
        )
    return numbers[0] / numbers[1] if len(numbers) == 2 else numbers[0]


def parse_c_rate(text: str | float, *, where: str | None = None) -> float:
    """Parse a C-rate (``0.5``, ``"0.5C"``, ``"C/5"``, ``"0.5 1/h"``) and return it [1/h].

    1 C is one full charge per hour. This C is not the coulomb, so a C-rate never goes through `parse_quantity`.

    Raises
    ------
    UnitError
        ``LI-UNIT-001`` when the text is no positive finite C-rate.

    Examples
    --------
    >>> parse_c_rate("C/5")
    0.2
    """
    number = r"(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    stripped = str(text).strip()
    multiple = re.fullmatch(rf"{number}\s*(?:C|1/h)?", stripped)
    fraction = re.fullmatch(rf"C\s*/\s*{number}", stripped)
    rate = 0.0
    if multiple:
        rate = float(multiple.group(1))
    elif fraction and float(fraction.group(1)) > 0:
        rate = 1.0 / float(fraction.group(1))
    if not (math.isfinite(rate) and rate > 0):
        raise UnitError(
            "not a C-rate", code="LI-UNIT-001", where=where, got=text, expected='a positive number, "0.5C" or "C/5"'
        )
    return rate


def _normalise(unit: str) -> str:
    """Spell a unit in one way: ``"mA cm-2"`` -> ``"mA cm^-2"``, ``"wt%"`` -> ``"%"``, ``"°C"`` -> ``"degC"``."""
    spelled = unit.strip().replace("°C", "degC").replace("**", "^").translate(_SPELLINGS)
    spelled = re.sub(r"\s*/\s*", "/", re.sub(r"\s+", " ", spelled)).strip()
    if _PERCENT.match(spelled):
        return "%"
    return _POWER.sub(r"^\1", spelled)


@cache
def _resolve(unit: str) -> _Unit:
    """Look a unit up in the table, else ask pint."""
    unit = _normalise(unit)
    if unit in _DIMENSIONS:
        return _Unit(_DIMENSIONS[unit], 1.0)
    if unit in _FIELD_UNITS:
        si_unit, factor = _FIELD_UNITS[unit]
        return _Unit(_DIMENSIONS[si_unit], factor)
    if unit == "degC":
        return _Unit(_DIMENSIONS["K"], 1.0, ZERO_CELSIUS)
    return _resolve_with_pint(unit)


def _resolve_with_pint(unit: str) -> _Unit:
    import pint

    # The grammar keeps anything but a product of units from pint's expression parser.
    if not _UNIT_GRAMMAR.fullmatch(unit):
        raise _unknown(unit)
    expression = unit.replace("%", "percent").replace(" ", "*")
    try:
        base = _registry().Quantity(1.0, expression).to_base_units()
        dimensionality = dict(base.dimensionality)
        factor = float(base.magnitude)
    # pint leaves KeyError and others to its callers for powers such as m^0.
    except (pint.PintError, ArithmeticError, LookupError, TypeError, ValueError):
        raise _unknown(unit) from None
    if not math.isfinite(factor) or factor <= 0 or not set(dimensionality) <= set(_BASES):
        raise _unknown(unit)
    return _Unit(tuple(float(dimensionality.get(base, 0)) for base in _BASES), factor)


def _unknown(unit: str) -> UnitError:
    known = (*_DIMENSIONS, *_FIELD_UNITS, "degC")
    return UnitError("the unit is not known", code="LI-UNIT-001", got=unit, nearest=nearest_match(unit, known))


@cache
def _registry() -> Any:  # noqa: ANN401 - pint is not imported at module level, and its registry is untyped
    """Build the one pint registry, with the charge units of the trade added."""
    import pint

    registry: Any = pint.UnitRegistry()
    registry.define("ampere_hour = 3600 * coulomb = Ah")
    registry.define("cycles = 1")  # a count, not a turn of 2 pi
    return registry


def _example(unit: str) -> str:
    """Return a unit that people use for the dimension of `unit`."""
    return _PREFERRED.get(unit, unit)
