"""Bookkeeping of an anode: what it is made of, how much lithium it holds, how stiff it can be at most.

Everything is computed from the description of the anode and from the properties of its materials, which are arguments.
The electrode is taken as a void-free disc: lithium fills all space that the host's solid leaves, its pores included.
"""

from __future__ import annotations

import math

from attrs import frozen

from lithiate.constants import FARADAY
from lithiate.core.anode import Anode, Host
from lithiate.core.materials import Material
from lithiate.errors import DataError
from lithiate.formulas import elastic


@frozen
class HostMaterials:
    """Materials that a host and its lithium are made of, and what the nitrides turn into."""

    lithium: Material
    carbon: Material
    molybdenum_nitride: Material
    tungsten_nitride: Material
    lithium_nitride: Material
    molybdenum: Material
    tungsten: Material


@frozen
class HostComposition:
    """What a host is made of; fractions refer to the host without lithium.

    Parameters
    ----------
    molybdenum_nitride_mass_fraction, tungsten_nitride_mass_fraction, carbon_mass_fraction : float
        They sum to 1; carbon is the remainder, with its nitrogen and oxygen.
    tungsten_nitride_share : float
        Volume of WN over the volume of both nitrides; 0 without nitride.
    solid_density : float, kg/m^3
    nitride_volume : float, m^3/kg
        Volume of both nitrides per host mass.
    rigid_share : float
        phi_WN E_WN / (phi_WN E_WN + phi_Mo2N E_Mo2N): share of WN in the load that the nitrides bear at one strain;
        0 without nitride.
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
    tungsten_nitride_share: float
    solid_density: float
    nitride_volume: float
    rigid_share: float
    sphere_diameter: float
    sphere_volume: float
    sphere_area: float


@frozen
class ElasticBounds:
    """Bounds of Young's modulus of the electrode [Pa]; they are ordered as the fields are."""

    reuss: float
    hashin_shtrikman_lower: float
    hashin_shtrikman_upper: float
    voigt: float


@frozen
class Composition:
    """What an anode is made of. Host fields are 0 (`host` is None) for a foil.

    Parameters
    ----------
    host : HostComposition or None
    host_areal_mass, lithium_areal_mass : float, kg/m^2
    volume_fractions : mapping of str to float
        ``lithium``, ``carbon``, ``molybdenum_nitride``, ``tungsten_nitride``; they sum to 1.
    areal_capacity : float, C/m^2
        All lithium of the electrode.
    theoretical_specific_capacity : float, C/kg
        All lithium over the mass of the electrode.
    pore_volume_per_area : float, m
    pore_capacity : float, C/m^2
        Lithium that the host's pores hold.
    sphere_volume_fraction : float
        Sphere envelopes over the volume of the electrode.
    sphere_area_per_volume : float, 1/m
        Geometric outer area of the spheres per electrode volume, 6 phi / d.
    bounds : ElasticBounds
        With the nominal moduli of the materials.
    largest_voigt_modulus : float, Pa
        Voigt bound with every modulus at the top of its range.
    """

    host: HostComposition | None
    host_areal_mass: float
    lithium_areal_mass: float
    volume_fractions: dict[str, float]
    areal_capacity: float
    theoretical_specific_capacity: float
    pore_volume_per_area: float
    pore_capacity: float
    sphere_volume_fraction: float
    sphere_area_per_volume: float
    bounds: ElasticBounds
    largest_voigt_modulus: float

    @property
    def pore_share_of_lithium(self) -> float:
        """Lithium in the host's pores over all lithium."""
        return self.pore_capacity / self.areal_capacity


def compose(anode: Anode, materials: HostMaterials) -> Composition:
    """Compute the composition of an anode as a void-free disc.

    Parameters
    ----------
    anode : Anode
    materials : HostMaterials
        Density of every material; molar masses of metals, nitrides and lithium; moduli of the four phases.

    Raises
    ------
    DataError
        ``LI-DATA-001`` when the metals leave no room for carbon, when the electrode's lithium does not fill the host's
        pores, or when a property is missing.

    Notes
    -----
    With the lithium-to-host mass ratio x: L = m_h (1/rho_h + x/rho_Li) gives the host mass per area m_h.
    """
    lithium_capacity = FARADAY / _known(materials.lithium, "molar_mass")
    if anode.host is None or anode.host_to_lithium_mass_ratio is None:
        return _foil(anode, materials, lithium_capacity)
    host = compose_host(anode.host, materials)
    lithium_per_host = 1.0 / anode.host_to_lithium_mass_ratio
    host_mass = anode.thickness / (1.0 / host.solid_density + lithium_per_host / materials.lithium.density)
    lithium_mass = host_mass * lithium_per_host
    fractions = _volume_fractions(host, host_mass / anode.thickness, materials)
    pore_volume = anode.host.pore_volume * host_mass
    if host.sphere_volume * host_mass > anode.thickness:
        raise DataError(
            "the lithium does not fill the pores of the host, so a void-free disc does not exist",
            code="LI-DATA-001",
            where=anode.name,
            got=f"host to lithium 1:{lithium_per_host:g}",
            expected="more lithium per host mass",
        )
    sphere_fraction = host.sphere_volume * host_mass / anode.thickness
    return Composition(
        host=host,
        host_areal_mass=host_mass,
        lithium_areal_mass=lithium_mass,
        volume_fractions=fractions,
        areal_capacity=lithium_mass * lithium_capacity,
        theoretical_specific_capacity=lithium_mass / (lithium_mass + host_mass) * lithium_capacity,
        pore_volume_per_area=pore_volume,
        pore_capacity=pore_volume * materials.lithium.density * lithium_capacity,
        sphere_volume_fraction=sphere_fraction,
        sphere_area_per_volume=6.0 * sphere_fraction / host.sphere_diameter,
        bounds=elastic_bounds(fractions, materials),
        largest_voigt_modulus=elastic_bounds(fractions, materials, range_end=1).voigt,
    )


def _foil(anode: Anode, materials: HostMaterials, lithium_capacity: float) -> Composition:
    lithium_mass = anode.thickness * materials.lithium.density
    fractions = {"lithium": 1.0, "carbon": 0.0, "molybdenum_nitride": 0.0, "tungsten_nitride": 0.0}
    return Composition(
        host=None,
        host_areal_mass=0.0,
        lithium_areal_mass=lithium_mass,
        volume_fractions=fractions,
        areal_capacity=lithium_mass * lithium_capacity,
        theoretical_specific_capacity=lithium_capacity,
        pore_volume_per_area=0.0,
        pore_capacity=0.0,
        sphere_volume_fraction=0.0,
        sphere_area_per_volume=0.0,
        bounds=elastic_bounds(fractions, materials),
        largest_voigt_modulus=elastic_bounds(fractions, materials, range_end=1).voigt,
    )


def compose_host(host: Host, materials: HostMaterials) -> HostComposition:
    """Compute what a host is made of from its metal contents, its pore volume and the diameter of its cavities.

    Notes
    -----
    All molybdenum is Mo2N and all tungsten is WN. All pore volume V_p is cavity:
    (cavity / d)^3 = V_p / (V_p + 1/rho_h).

    Raises
    ------
    DataError
        ``LI-DATA-001`` when the nitrides weigh more than the host.
    """
    nitride, other = materials.molybdenum_nitride, materials.tungsten_nitride
    metal_share = 2.0 * _known(materials.molybdenum, "molar_mass") / _known(nitride, "molar_mass")
    molybdenum_nitride = host.molybdenum_mass_fraction / metal_share
    metal_share = _known(materials.tungsten, "molar_mass") / _known(other, "molar_mass")
    tungsten_nitride = host.tungsten_mass_fraction / metal_share
    carbon = 1.0 - molybdenum_nitride - tungsten_nitride
    if carbon < 0:
        raise DataError(
            "the nitrides weigh more than the host", code="LI-DATA-001", got=f"{1.0 - carbon:g} of the host's mass"
        )
    volumes = (molybdenum_nitride / nitride.density, tungsten_nitride / other.density)
    nitride_volume = sum(volumes)
    solid_volume = nitride_volume + carbon / materials.carbon.density
    stiffness = (volumes[0] * _known(nitride, "youngs_modulus"), volumes[1] * _known(other, "youngs_modulus"))
    sphere_volume = host.pore_volume + solid_volume
    sphere_diameter = host.cavity_diameter * math.cbrt(sphere_volume / host.pore_volume)
    return HostComposition(
        molybdenum_nitride_mass_fraction=molybdenum_nitride,
        tungsten_nitride_mass_fraction=tungsten_nitride,
        carbon_mass_fraction=carbon,
        tungsten_nitride_share=volumes[1] / nitride_volume if nitride_volume else 0.0,
        solid_density=1.0 / solid_volume,
        nitride_volume=nitride_volume,
        rigid_share=stiffness[1] / sum(stiffness) if nitride_volume else 0.0,
        sphere_diameter=sphere_diameter,
        sphere_volume=sphere_volume,
        sphere_area=6.0 * sphere_volume / sphere_diameter,
    )


def _volume_fractions(host: HostComposition, host_density: float, materials: HostMaterials) -> dict[str, float]:
    """Return volume fractions of the electrode; `host_density` is host mass per electrode volume."""
    carbon = host_density * host.carbon_mass_fraction / materials.carbon.density
    molybdenum = host_density * host.molybdenum_nitride_mass_fraction / materials.molybdenum_nitride.density
    tungsten = host_density * host.tungsten_nitride_mass_fraction / materials.tungsten_nitride.density
    lithium = 1.0 - carbon - molybdenum - tungsten
    return {"lithium": lithium, "carbon": carbon, "molybdenum_nitride": molybdenum, "tungsten_nitride": tungsten}


def conversion_volume_change(nitride: Material, metal: Material, metal_atoms: int, lithium_nitride: Material) -> float:
    """Return the relative change of volume when a nitride turns into metal and Li3N: M_xN + 3 Li -> x M + Li3N.

    The lithium that is consumed is not counted. The linear strain of a free particle is ``(1 + change)**(1/3) - 1``.
    """
    volumes = (_molar_volume(metal), _molar_volume(lithium_nitride), _molar_volume(nitride))
    return (metal_atoms * volumes[0] + volumes[1]) / volumes[2] - 1.0


def elastic_bounds(
    volume_fractions: dict[str, float], materials: HostMaterials, range_end: int | None = None
) -> ElasticBounds:
    """Return the bounds of Young's modulus of an electrode.

    Parameters
    ----------
    volume_fractions : mapping of str to float
        Name of a phase in `materials` -> its volume fraction.
    materials : HostMaterials
        Young's modulus and Poisson ratio of each phase that is there.
    range_end : {0, 1} or None
        Take the moduli at the low (0) or the high (1) end of their ranges; None for the nominal ones.
    """
    phases = {name: fraction for name, fraction in volume_fractions.items() if fraction > 0}
    fractions = list(phases.values())
    moduli = [_modulus(getattr(materials, name), range_end) for name in phases]
    ratios = [_known(getattr(materials, name), "poisson_ratio") for name in phases]
    bulk = [elastic.bulk_modulus(modulus, ratio) for modulus, ratio in zip(moduli, ratios, strict=True)]
    shear = [elastic.shear_modulus(modulus, ratio) for modulus, ratio in zip(moduli, ratios, strict=True)]
    (bulk_low, bulk_high), (shear_low, shear_high) = elastic.hashin_shtrikman(fractions, bulk, shear)
    return ElasticBounds(
        reuss=elastic.youngs_modulus(elastic.reuss(fractions, bulk), elastic.reuss(fractions, shear)),
        hashin_shtrikman_lower=elastic.youngs_modulus(bulk_low, shear_low),
        hashin_shtrikman_upper=elastic.youngs_modulus(bulk_high, shear_high),
        voigt=elastic.youngs_modulus(elastic.voigt(fractions, bulk), elastic.voigt(fractions, shear)),
    )


def exceeds_bounds(youngs_modulus: float, composition: Composition) -> bool:
    """Tell whether a modulus [Pa] lies above every bound of a bulk composite, even with the stiffest constituents.

    Such a modulus is a value of the surface (a contact value), and may not be used for the bulk of the electrode.
    """
    return youngs_modulus > composition.largest_voigt_modulus


def _modulus(material: Material, range_end: int | None) -> float:
    nominal = _known(material, "youngs_modulus")
    source = material.sources.get("youngs_modulus")
    if range_end is None or source is None or source.range is None:
        return nominal
    return source.range[range_end]


def _molar_volume(material: Material) -> float:
    return _known(material, "molar_mass") / material.density


def _known(material: Material, name: str) -> float:
    value: float | None = getattr(material, name)
    if value is None:
        raise DataError("a property of a material is missing", code="LI-DATA-001", where=f"{material.name}.{name}")
    return value
