"""What a host is made of: its particles, its carbon, its spheres; every number refers to the host without lithium."""

from __future__ import annotations

import math
from collections.abc import Mapping

from attrs import field, frozen

from lithiate.core.anode import Host
from lithiate.core.materials import Material
from lithiate.errors import DataError, nearest_match

THINNEST_SHELL = 0.34e-9
"""Thickness of a layer of carbon atoms [m], the spacing of graphite's layers."""


@frozen
class HostMaterials:
    """Materials that a host and its lithium are made of, what the nitrides turn into, and other particles by name."""

    lithium: Material
    carbon: Material
    molybdenum_nitride: Material
    tungsten_nitride: Material
    lithium_nitride: Material
    molybdenum: Material
    tungsten: Material
    particles: Mapping[str, Material] = field(factory=dict)

    def phase(self, name: str) -> Material:
        """Return the material of a phase of an electrode: a field's name, or a particle's."""
        if name in self.particles:
            return self.particles[name]
        found: Material = getattr(self, name)
        return found


@frozen
class Particles:
    """All particles of one material in a host.

    Parameters
    ----------
    phase : str
        Name of the phase in `HostMaterials`.
    material : Material
    mass_fraction : float
    volume : float, m^3/kg
        Per host mass.
    rigid : bool
        Whether they stay as they are while lithium comes and goes; the others loosen.
    reacted : bool
        Whether the melt has turned them into what they turn into with lithium.
    wetting_cosine : float
        Of the contact angle of molten lithium on them.
    """

    phase: str
    material: Material
    mass_fraction: float
    volume: float
    rigid: bool
    reacted: bool
    wetting_cosine: float


@frozen
class HostComposition:
    """What a host is made of; fractions refer to the host without lithium.

    Parameters
    ----------
    molybdenum_nitride_mass_fraction, tungsten_nitride_mass_fraction, carbon_mass_fraction : float
        With other particles they sum to 1; carbon is the remainder, with its nitrogen and oxygen.
    particles : tuple of Particles
        All particles, the nitrides among them.
    tungsten_nitride_share : float
        Volume of WN over the volume of both nitrides; 0 without nitride.
    solid_density : float, kg/m^3
    nitride_volume : float, m^3/kg
        Volume of both nitrides per host mass.
    rigid_share : float
        sum over rigid particles of phi E / sum over all particles of phi E: share of the rigid ones in the load that
        the particles bear at one strain; 0 without particles. WN counts as rigid where it is declared inert.
    sphere_diameter : float, m
        Outer diameter of a sphere whose cavity makes up all of the pore volume.
    sphere_volume : float, m^3/kg
        Volume inside the spheres' outer surfaces per host mass, cavities included.
    sphere_area : float, m^2/kg
        Geometric outer area of the spheres per host mass.
    """

    molybdenum_nitride_mass_fraction: float
    tungsten_nitride_mass_fraction: float
    carbon_mass_fraction: float
    particles: tuple[Particles, ...]
    tungsten_nitride_share: float
    solid_density: float
    nitride_volume: float
    rigid_share: float
    sphere_diameter: float
    sphere_volume: float
    sphere_area: float


def compose_host(host: Host, materials: HostMaterials) -> HostComposition:
    """Compute what a host is made of from its contents, its pore volume and the diameter of its cavities.

    Notes
    -----
    All molybdenum is Mo2N and all tungsten is WN. All pore volume V_p is cavity:
    (cavity / d)^3 = V_p / (V_p + 1/rho_h).

    Raises
    ------
    DataError
        ``LI-DATA-001`` when the particles weigh more than the host, when a material of theirs is missing or lacks a
        property, or when the shell of a sphere would be thinner than a layer of carbon atoms.
    """
    particles = _particles(host, materials)
    masses = dict.fromkeys(("molybdenum_nitride", "tungsten_nitride"), 0.0)
    masses |= {kind.phase: kind.mass_fraction for kind in particles}
    volumes = dict.fromkeys(masses, 0.0) | {kind.phase: kind.volume for kind in particles}
    carbon = 1.0 - sum(masses.values())
    if carbon < 0:
        raise DataError(
            "the particles weigh more than the host", code="LI-DATA-001", got=f"{1.0 - carbon:g} of the host's mass"
        )
    solid_volume = sum(volumes.values()) + carbon / materials.carbon.density
    nitride_volume = volumes["molybdenum_nitride"] + volumes["tungsten_nitride"]
    loads = [(kind.volume * known(kind.material, "youngs_modulus"), kind.rigid) for kind in particles]
    load = sum(part for part, _ in loads)
    sphere_volume = host.pore_volume + solid_volume
    sphere_diameter = host.cavity_diameter * math.cbrt(sphere_volume / host.pore_volume)
    shell = 0.5 * (sphere_diameter - host.cavity_diameter)
    if shell < THINNEST_SHELL:
        raise DataError(
            "the host has more pores than its solid can enclose: its shells are thinner than a layer of carbon atoms",
            code="LI-DATA-001",
            got=f"a shell of {shell * 1e9:.2g} nm",
            expected=f"at least {THINNEST_SHELL * 1e9:g} nm: less pore volume, or larger cavities",
        )
    return HostComposition(
        molybdenum_nitride_mass_fraction=masses["molybdenum_nitride"],
        tungsten_nitride_mass_fraction=masses["tungsten_nitride"],
        carbon_mass_fraction=carbon,
        particles=particles,
        tungsten_nitride_share=volumes["tungsten_nitride"] / nitride_volume if nitride_volume else 0.0,
        solid_density=1.0 / solid_volume,
        nitride_volume=nitride_volume,
        rigid_share=sum(part for part, rigid in loads if rigid) / load if load else 0.0,
        sphere_diameter=sphere_diameter,
        sphere_volume=sphere_volume,
        sphere_area=6.0 * sphere_volume / sphere_diameter,
    )


def _particles(host: Host, materials: HostMaterials) -> tuple[Particles, ...]:
    """Return the kinds of particles of a host: the nitrides by their metals, then the others by name."""
    shares = (
        2.0 * known(materials.molybdenum, "molar_mass") / known(materials.molybdenum_nitride, "molar_mass"),
        known(materials.tungsten, "molar_mass") / known(materials.tungsten_nitride, "molar_mass"),
    )
    contents = {
        "molybdenum_nitride": host.molybdenum_mass_fraction / shares[0],
        "tungsten_nitride": host.tungsten_mass_fraction / shares[1],
    }
    same = {
        materials.molybdenum_nitride.name: "molybdenum_nitride",
        materials.tungsten_nitride.name: "tungsten_nitride",
    }
    for name, fraction in host.particles:
        phase = same.get(name, name)
        if phase == name and name not in materials.particles:
            raise DataError(
                "the material of a particle is not known",
                code="LI-DATA-001",
                where=f"host.particles.{name}",
                expected=f"one of {', '.join([*same, *materials.particles])}",
                nearest=nearest_match(name, [*same, *materials.particles]),
            )
        contents[phase] = contents.get(phase, 0.0) + fraction
    found = []
    for phase, fraction in contents.items():
        if fraction > 0.0:
            material = materials.phase(phase)
            inert, reacted = _behaviour(phase, material, host)
            # A WN that reacts is wetted as the Li3N that covers it.
            wetted = materials.lithium_nitride if phase == "tungsten_nitride" and not inert else material
            cosine = math.cos(known(wetted, "molten_lithium_angle"))
            volume = fraction / material.density
            found.append(Particles(phase, material, fraction, volume, inert, reacted, cosine))
    return tuple(found)


def _behaviour(phase: str, material: Material, host: Host) -> tuple[bool, bool]:
    """Return whether particles are inert (hence rigid), and whether the melt has turned them into something else."""
    if phase == "tungsten_nitride":
        return host.tungsten_nitride_inert, not host.tungsten_nitride_inert
    if phase == "molybdenum_nitride":
        return False, host.molybdenum_nitride_converted
    return material.reaction == "inert", material.reaction in ("converts", "alloys")


def known(material: Material, name: str) -> float:
    """Return a property of a material; raises `DataError` ``LI-DATA-001`` when the library does not know it."""
    value: float | None = getattr(material, name)
    if value is None:
        raise DataError("a property of a material is missing", code="LI-DATA-001", where=f"{material.name}.{name}")
    return value
