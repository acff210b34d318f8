"""The description of an anode: lithium foil, a host with or without lithium in it, or a bare substrate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def _fractions(instance: object, attribute: Attribute[Any], pairs: tuple[tuple[str, float], ...]) -> None:
    for material, value in pairs:
        if not 0 <= value <= 1:
            raise DataError(f"'{attribute.name}.{material}' must lie between 0 and 1", code="LI-DATA-001", got=value)


def _sorted_pairs(particles: Mapping[str, float] | Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Keep a mapping as sorted pairs, so that hosts can be hashed and compared."""
    return tuple(sorted(dict(particles).items()))


@frozen
class Host:
    """A host of particles in hollow carbon nanospheres; every number refers to the host without lithium.

    Parameters
    ----------
    bet_area : float, m^2/kg
    pore_volume : float, m^3/kg
    cavity_diameter : float, m
        Inner diameter of a sphere.
    molybdenum_mass_fraction, tungsten_mass_fraction : float
        Metal contents, as elemental analysis gives them; all Mo is Mo2N and all W is WN.
    particles : mapping of str to float, or pairs
        Material of the library -> mass fraction of its particles (``{"Ag": 0.1}``), beside the two nitrides.
    particle_diameter : float or None, m
        Of the particles; None where it was not measured.
    molybdenum_nitride_converted : bool
        Whether the Mo2N has reacted to Mo and Li3N.
    tungsten_nitride_inert : bool
        Whether the WN stays as it is. The reaction with lithium is downhill, so inertness is kinetic and assumed.
    """

    bet_area: float = field(validator=_positive)
    pore_volume: float = field(validator=_positive)
    cavity_diameter: float = field(validator=_positive)
    molybdenum_mass_fraction: float = field(default=0.0, validator=_fraction)
    tungsten_mass_fraction: float = field(default=0.0, validator=_fraction)
    molybdenum_nitride_converted: bool = False
    tungsten_nitride_inert: bool = True
    particles: tuple[tuple[str, float], ...] = field(default=(), converter=_sorted_pairs, validator=_fractions)
    particle_diameter: float | None = field(default=None, validator=_positive)


@frozen
class Anode:
    """An anode as it stands before it is put into a cell.

    Parameters
    ----------
    name : str
    kind : {"host", "foil", "substrate"}
        A host with a ratio was infused with lithium; a host without one is free of lithium, on a current collector, for
        Li||host cells. A substrate is a bare current collector or a coating, for Li||Cu cells.
    thickness : float, m
    host_to_lithium_mass_ratio : float or None
        None where there is no host, or no lithium in it.
    host : Host or None
        None for a foil and for a substrate.
    rms_surface_potential : float or None, V
        Root mean square of the surface potential map; None where it was not measured.
    youngs_modulus : float or None, Pa
        Contact modulus of the surface; None where it was not measured.
    contact_angle : float or None, rad
        Of molten lithium or electrolyte, as the source of the number says; None where it was not measured.
    material : str or None
        Substrate of the library (``"Cu foil"``): what a substrate is, or what a lithium-free host stands on.
    sources : mapping of str to Sourced
        Dotted field name (``"host.bet_area"``) -> the number with its range, source and status. Not compared: anodes of
        the same numbers are equal.

    Raises
    ------
    DataError
        ``LI-DATA-001`` when a number is out of its range, or when kind, host, ratio and material do not agree.
    """

    name: str
    kind: Literal["host", "foil", "substrate"]
    thickness: float = field(validator=_positive)
    host_to_lithium_mass_ratio: float | None = field(default=None, validator=_positive)
    host: Host | None = None
    rms_surface_potential: float | None = field(default=None, validator=_positive)
    youngs_modulus: float | None = field(default=None, validator=_positive)
    contact_angle: float | None = field(default=None, validator=_positive)
    material: str | None = None
    sources: Mapping[str, Sourced] = field(factory=dict, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        has_host, has_ratio = self.host is not None, self.host_to_lithium_mass_ratio is not None
        has_material = self.material is not None
        fits = {
            # With a ratio the host is infused; without one it stands on a current collector.
            "host": has_host and has_ratio != has_material,
            "foil": not (has_host or has_ratio or has_material),
            "substrate": has_material and not (has_host or has_ratio),
        }
        if not fits.get(self.kind, False):
            raise DataError(
                "kind, host and its ratio or material do not agree",
                code="LI-DATA-001",
                where=self.name,
                got=f"kind {self.kind!r}",
                expected="'host' with a host and either the ratio or, free of lithium, the material it stands on; "
                "'foil' with none of them; or 'substrate' with a material alone",
            )

    @property
    def holds_lithium(self) -> bool:
        """Whether there is lithium in the anode before the first plating."""
        return self.kind == "foil" or self.host_to_lithium_mass_ratio is not None
