"""Types of the keys of a study file: text with a unit in, SI numbers out, and what is refused."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lithiate.core.full_experiments import HIGHEST_C_RATE, LOWEST_C_RATE
from lithiate.core.validity import VALID_CAPACITY, VALID_CURRENT, VALID_PRESSURE, VALID_TEMPERATURE, VALID_VOLTAGE
from lithiate.errors import UnitError
from lithiate.study.faults import words
from lithiate.units import convert, parse_quantity

_ROUNDING = 1e-12


def _quantity(
    si_unit: str, valid: tuple[float, float] | None = None, unit: str | None = None, *, zero: bool = False
) -> BeforeValidator:
    """Return a check of text with a unit: above zero (or also zero), and within what the twin is valid for.

    `valid` is in SI, `unit` the one in which it is told.
    """

    def parse(value: object) -> float:
        try:
            number = parse_quantity(value, si_unit)  # type: ignore[arg-type]  # other types are refused there
        except UnitError as error:
            raise ValueError(words(error)) from None
        if not (number > 0 or (zero and number == 0)):
            raise ValueError(f"must {'not be negative' if zero else 'be positive'}; got {value!r}")
        if valid is not None and not valid[0] * (1 - _ROUNDING) <= number <= valid[1] * (1 + _ROUNDING):
            low, high = (f"{convert(limit, si_unit, unit or si_unit):.4g}" for limit in valid)
            raise ValueError(f"the twin is not valid there; got {value!r}; expected {low} ... {high} {unit or si_unit}")
        # A limit that was stated in another unit may come out a digit beyond it.
        return number if valid is None else min(max(number, valid[0]), valid[1])

    return BeforeValidator(parse)


def _c_rate(value: object) -> float:
    """Return a C-rate: a plain number, since "1 C" is a coulomb to anyone who reads units."""
    plain = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not plain or not LOWEST_C_RATE <= value <= HIGHEST_C_RATE:  # type: ignore[operator]  # a number, as was checked
        limits = f"{LOWEST_C_RATE:g} to {HIGHEST_C_RATE:g}"
        raise ValueError(f"is not a C-rate; got {value!r}; expected a number of {limits} (per hour), such as 0.5")
    return float(value)  # type: ignore[arg-type]


CurrentDensity = Annotated[float, _quantity("A/m^2", VALID_CURRENT, "mA/cm^2")]
ArealCapacity = Annotated[float, _quantity("C/m^2", VALID_CAPACITY, "mAh/cm^2")]
Duration = Annotated[float, _quantity("s")]
Pause = Annotated[float, _quantity("s", zero=True)]
Temperature = Annotated[float, _quantity("K", VALID_TEMPERATURE, "degC")]
ArealVolume = Annotated[float, _quantity("m")]
Voltage = Annotated[float, _quantity("V")]
SweptVoltage = Annotated[float, _quantity("V", (0.0, VALID_VOLTAGE))]
ScanRate = Annotated[float, _quantity("V/s")]
Frequency = Annotated[float, _quantity("1/s")]
Pressure = Annotated[float, _quantity("Pa", VALID_PRESSURE, "MPa")]
Area = Annotated[float, _quantity("m^2")]
Mass = Annotated[float, _quantity("kg")]
Loading = Annotated[float, _quantity("kg/m^2")]
VolumePerMass = Annotated[float, _quantity("m^3/kg")]
CRate = Annotated[float, BeforeValidator(_c_rate)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
CountFromZero = Annotated[int, Field(ge=0)]
CellKind = Literal["symmetric", "plating", "full"]


class SpecModel(BaseModel):
    """A table of a study file: unknown keys and other types are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
