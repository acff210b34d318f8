"""The description of an anode: lithium foil, or a host that was infused with molten lithium."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import Attribute, field, frozen

from lithiate.core.sourced import Sourced
from lithiate.errors import DataError


def _positive(instance: object, attribute: Attribute[Any], value: float | None) -> None:
    # `not >` refuses NaN as well.
    if value is not None and not value > 0:
        raise DataError(f"'{attribute.name}' must be positive", code="LI-DATA-001", got=value)


def _fraction(instance: object, attribute: Attribute[Any], value: float) -> None:
    if not 0 <= value <= 1:
        raise DataError(f"'{attribute.name}' must lie between 0 and 1", code="LI-DATA-001", got=value)


@frozen
class Host:
    """A host of nitride particles in hollow carbon nanospheres; every number refers to the host without lithium.

    Parameters
    ----------
    bet_area : float, m^2/kg
    pore_volume : float, m^3/kg
    cavity_diameter : float, m
        Inner diameter of a sphere.
    molybdenum_mass_fraction, tungsten_mass_fraction : float
        Metal contents, as elemental analysis gives them.
    molybdenum_nitride_converted : bool
        Whether the Mo2N has reacted to Mo and Li3N.
    tungsten_nitride_inert : bool
        Whether the WN stays as it is. The reaction with lithium is downhill, so inertness is kinetic and assumed.
    """

    bet_area: float = field(validator=_positive)
    pore_volume: float = field(validator=_positive)
    cavity_diameter: float = field(validator=_positive)
    molybdenum_mass_fraction: float = field(validator=_fraction)
    tungsten_mass_fraction: float = field(validator=_fraction)
    molybdenum_nitride_converted: bool = False
    tungsten_nitride_inert: bool = True


@frozen
class Anode:
    """An anode as it stands before it is put into a cell.

    Parameters
    ----------
    name : str
    kind : {"host", "foil"}
    thickness : float, m
    host_to_lithium_mass_ratio : float or None
        None for a foil.
    host : Host or None
        None for a foil.
    rms_surface_potential : float or None, V
        Root mean square of the surface potential map; None where it was not measured.
    youngs_modulus : float or None, Pa
        Contact modulus of the surface; None where it was not measured.
    contact_angle : float or None, rad
        Of molten lithium or electrolyte, as the source of the number says; None where it was not measured.
    sources : mapping of str to Sourced
        Dotted field name (``"host.bet_area"``) -> the number with its range, source and status. Not compared: anodes of
        the same numbers are equal.

    Raises
    ------
    DataError
        ``LI-DATA-001`` when a number is out of its range, or when host and kind do not agree.
    """

    name: str
    kind: Literal["host", "foil"]
    thickness: float = field(validator=_positive)
    host_to_lithium_mass_ratio: float | None = field(default=None, validator=_positive)
    host: Host | None = None
    rms_surface_potential: float | None = field(default=None, validator=_positive)
    youngs_modulus: float | None = field(default=None, validator=_positive)
    contact_angle: float | None = field(default=None, validator=_positive)
    sources: Mapping[str, Sourced] = field(factory=dict, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        described = self.host is not None and self.host_to_lithium_mass_ratio is not None
        bare = self.host is None and self.host_to_lithium_mass_ratio is None
        if not (described if self.kind == "host" else bare and self.kind == "foil"):
            raise DataError(
                "kind, host and host_to_lithium_mass_ratio do not agree",
                code="LI-DATA-001",
                where=self.name,
                got=f"kind {self.kind!r}",
                expected="'host' with both of the others, or 'foil' with neither",
            )
