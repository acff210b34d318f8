"""What is done to a cell: the experiments, with their defaults."""

from __future__ import annotations

from typing import Any

from attrs import Attribute, field, frozen

from lithiate.constants import REFERENCE_TEMPERATURE
from lithiate.errors import SpecError


def to_si(value: str | float, unit: str) -> float:
    """Return text with a unit as a number in the SI unit `unit`; a number is taken as SI already."""
    if isinstance(value, str):
        from lithiate.units import parse_quantity

        return parse_quantity(value, unit)
    return float(value)


def _current_density(value: str | float) -> float:
    return to_si(value, "A/m^2")


def _areal_capacity(value: str | float) -> float:
    return to_si(value, "C/m^2")


def _duration(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "s")


def _temperature(value: str | float) -> float:
    return to_si(value, "K")


def _voltage(value: str | float) -> float:
    return to_si(value, "V")


def positive(instance: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - attrs validates any field
    """Refuse what is not above zero; None passes."""
    if value is not None and not value > 0:
        raise SpecError("must be positive", code="LI-SPEC-002", where=attribute.name, got=value, expected="> 0")


@frozen(kw_only=True)
class SymmetricCycling:
    """Plating and stripping of a symmetric cell at constant current.

    Parameters
    ----------
    current_density : str or float, A/m2
        Text with its unit, or a number in SI.
    areal_capacity : str or float, C/m2
        Charge of each half cycle.
    duration : str or float, s, or cycles : int
        Length of the test: one of the two, never both. The last half cycle is whole.
    temperature : str or float, K
        Default 25 degC.
    voltage_limit : str or float, V
        The test ends when |V| reaches it (the range of a common cycler, assumed).
    """

    kind = "symmetric-cycling"

    current_density: float = field(converter=_current_density, validator=positive)
    areal_capacity: float = field(converter=_areal_capacity, validator=positive)
    duration: float | None = field(default=None, converter=_duration, validator=positive)
    cycles: int | None = field(default=None, validator=positive)
    temperature: float = field(default=REFERENCE_TEMPERATURE, converter=_temperature, validator=positive)
    voltage_limit: float = field(default=5.0, converter=_voltage, validator=positive)

    def __attrs_post_init__(self) -> None:
        if (self.duration is None) == (self.cycles is None):
            raise SpecError(
                "give either 'duration' or 'cycles'",
                code="LI-SPEC-002",
                where=self.kind,
                got="both" if self.cycles is not None else "neither",
            )

    @property
    def half_cycle_duration(self) -> float:
        """Duration of a half cycle [s]."""
        return self.areal_capacity / self.current_density

    @property
    def half_cycles(self) -> int:
        """Number of half cycles, at least 1."""
        if self.cycles is not None:
            return 2 * self.cycles
        assert self.duration is not None
        return max(1, round(self.duration / self.half_cycle_duration))


@frozen(kw_only=True)
class Nucleation:
    """The first plating of a symmetric cell: one half cycle at constant current.

    Parameters are those of `SymmetricCycling`, without a length.
    """

    kind = "nucleation"

    current_density: float = field(converter=_current_density, validator=positive)
    areal_capacity: float = field(converter=_areal_capacity, validator=positive)
    temperature: float = field(default=REFERENCE_TEMPERATURE, converter=_temperature, validator=positive)
    voltage_limit: float = field(default=5.0, converter=_voltage, validator=positive)
    half_cycles = 1

    @property
    def half_cycle_duration(self) -> float:
        """Duration of the half cycle [s]."""
        return self.areal_capacity / self.current_density


Experiment = SymmetricCycling | Nucleation
