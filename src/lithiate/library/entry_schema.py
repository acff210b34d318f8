"""Numbers as they stand in the library's files: value, unit, range, source, status."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from lithiate.core.sourced import Sourced, Status
from lithiate.errors import LithiateError, UnitError
from lithiate.units import convert, parse_ratio

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(strict=True, min_length=1)]


class Table(BaseModel):
    """A table that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(Table):
    """A number as it stands in a file: ``{ value, unit, range, source, status, note }``."""

    si_unit: ClassVar[str] = "1"
    lowest: ClassVar[float] = 0.0
    highest: ClassVar[float] = math.inf
    lowest_allowed: ClassVar[bool] = False

    # The unit stands first: pydantic checks in this order, and the limits of a value need its unit.
    unit: Text
    value: Number
    range: tuple[Number, Number] | None = None
    source: Text
    status: Status
    note: Text | None = None

    @field_validator("unit")
    @classmethod
    def _check_unit(cls, unit: str) -> str:
        try:
            convert(1.0, unit, cls.si_unit)
        except UnitError as error:
            raise ValueError(words(error)) from None
        return unit

    @field_validator("value")
    @classmethod
    def _check_value(cls, value: float, info: ValidationInfo) -> float:
        return cls._within_limits(value, info)

    @field_validator("range")
    @classmethod
    def _check_range(cls, bounds: tuple[float, float] | None, info: ValidationInfo) -> tuple[float, float] | None:
        if bounds is None:
            return None
        low, high = (cls._within_limits(bound, info) for bound in bounds)
        value = info.data.get("value")
        if low > high or (value is not None and not low <= value <= high):
            raise ValueError(f"the range must be [low, high] around the value; got {[low, high]}")
        return low, high

    @classmethod
    def _within_limits(cls, value: float, info: ValidationInfo) -> float:
        unit = info.data.get("unit")
        if unit is None:
            return value
        si_value = convert(value, unit, cls.si_unit)
        if cls.lowest < si_value <= cls.highest or (cls.lowest_allowed and si_value == cls.lowest):
            return value
        low = f"{'at least' if cls.lowest_allowed else 'more than'} {cls.lowest:g}"
        high = "" if math.isinf(cls.highest) else f" and at most {cls.highest:g}"
        got, expected = (
            f"{text} {of}".removesuffix(" 1") for text, of in ((f"{value:g}", unit), (low + high, cls.si_unit))
        )
        raise ValueError(f"the value is out of its limits; got {got}; expected {expected}")

    def sourced(self) -> Sourced:
        """Return the number in SI units with its source."""
        bounds = None
        if self.range is not None:
            low, high = (convert(bound, self.unit, self.si_unit) for bound in self.range)
            bounds = (low, high)
        value = convert(self.value, self.unit, self.si_unit)
        return Sourced(value, self.si_unit, self.source, self.status, self.unit, bounds, self.note)


def words(error: LithiateError) -> str:
    """Return what an error says, without where and code."""
    text = f"{error.what}; got {error.got!r}"
    text += f"; expected {error.expected}" if error.expected else ""
    return text + (f"; did you mean {error.nearest!r}?" if error.nearest else "")


class Length(Entry):
    """A length."""

    si_unit = "m"


class Area(Entry):
    """An area per mass."""

    si_unit = "m^2/kg"


class Volume(Entry):
    """A volume per mass."""

    si_unit = "m^3/kg"


class Fraction(Entry):
    """A fraction between 0 and 1, both included."""

    highest = 1.0
    lowest_allowed = True


class PoissonRatio(Entry):
    """A Poisson ratio of an isotropic solid."""

    lowest = -1.0
    highest = 0.5


class Potential(Entry):
    """An electric potential."""

    si_unit = "V"


class Barrier(Potential):
    """An overpotential of nucleation; 0 where there is none."""

    lowest_allowed = True


class CurrentDensity(Entry):
    """A current per area."""

    si_unit = "A/m^2"


class SurfaceTension(Entry):
    """A force per length."""

    si_unit = "J/m^2"


class Viscosity(Entry):
    """A dynamic viscosity."""

    si_unit = "Pa s"


class Temperature(Entry):
    """An absolute temperature."""

    si_unit = "K"


class Duration(Entry):
    """A time."""

    si_unit = "s"


class Pressure(Entry):
    """A pressure."""

    si_unit = "Pa"


class Modulus(Entry):
    """An elastic modulus."""

    si_unit = "Pa"


class Angle(Entry):
    """An angle between 0 and 180 degrees."""

    si_unit = "rad"
    highest = math.pi
    lowest_allowed = True


class Density(Entry):
    """A mass per volume."""

    si_unit = "kg/m^3"


class MolarMass(Entry):
    """A mass per amount."""

    si_unit = "kg/mol"


class Concentration(Entry):
    """An amount per volume."""

    si_unit = "mol/m^3"


class Conductivity(Entry):
    """An ionic conductivity."""

    si_unit = "S/m"


class Diffusivity(Entry):
    """A diffusivity."""

    si_unit = "m^2/s"


class MolarEnergy(Entry):
    """An activation energy."""

    si_unit = "J/mol"


class VolumePerCharge(Entry):
    """A volume per charge."""

    si_unit = "m^3/C"


class SpecificCapacity(Entry):
    """A charge per mass."""

    si_unit = "C/kg"


class Capacitance(Entry):
    """A capacitance per area."""

    si_unit = "F/m^2"


class PlainNumber(Entry):
    """A positive number without unit."""


class MassRatio(Entry):
    """A ratio of masses, written ``"1:3"``; a plain number is the ratio itself."""

    unit: Literal["1"] = "1"

    @field_validator("value", mode="before")
    @classmethod
    def _parse_value(cls, value: Any) -> Any:  # noqa: ANN401 - before validation it may be anything
        return _ratio(value)

    @field_validator("range", mode="before")
    @classmethod
    def _parse_range(cls, bounds: Any) -> Any:  # noqa: ANN401 - before validation it may be anything
        return [_ratio(bound) for bound in bounds] if isinstance(bounds, list) else bounds


def _ratio(value: Any) -> Any:  # noqa: ANN401 - before validation it may be anything
    if not isinstance(value, str):
        return value
    try:
        return parse_ratio(value)
    except UnitError as error:
        raise ValueError(words(error)) from None
