"""Bookkeeping of an anode: what it is made of, how much lithium it holds, how stiff it can be at most.

Everything is computed from the description of the anode and from the properties of its materials, which are arguments.
`compose` takes an electrode with lithium as a disc of the least voids, none in general: lithium fills all space that
the host's solid leaves, its pores included. What the infusion leaves empty is the matter of `lithiate.core.infusion`.
"""

from __future__ import annotations

from attrs import frozen

from lithiate.constants import FARADAY
from lithiate.core.anode import Anode
from lithiate.core.host import HostComposition, HostMaterials, compose_host, known
from lithiate.core.materials import Material
from lithiate.core.sourced import Sourced
from lithiate.formulas import elastic


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
        ``lithium``, ``carbon``, ``molybdenum_nitride``, ``tungsten_nitride``, other particles by name, ``void`` where
        there is too little lithium for the pores, ``substrate``; they sum to 1.
    areal_capacity : float, C/m^2
        All lithium of the electrode; 0 where there is none.
    theoretical_specific_capacity : float, C/kg
        All lithium over the mass of the electrode.
    pore_volume_per_area : float, m
    pore_capacity : float, C/m^2
        Lithium that the host's pores hold.
    sphere_volume_fraction : float
        Sphere envelopes over the volume of the electrode.
    sphere_area_per_volume : float, 1/m
        Geometric outer area of the spheres per electrode volume, 6 phi / d.
    bounds : ElasticBounds or None
        With the nominal moduli of the materials; None where there are voids, and for a bare substrate.
    largest_voigt_modulus : float or None, Pa
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
    bounds: ElasticBounds | None
    largest_voigt_modulus: float | None

    @property
    def pore_share_of_lithium(self) -> float:
        """Lithium that the host's pores hold over all lithium; 0 without lithium."""
        return self.pore_capacity / self.areal_capacity if self.areal_capacity else 0.0


def compose(anode: Anode, materials: HostMaterials, packing_fraction: float = 0.6) -> Composition:
    """Compute the composition of an anode, with lithium in it as a disc of the least voids.

    That is none at all where the lithium fills at least the host's pores.

    Parameters
    ----------
    anode : Anode
    materials : HostMaterials
        Density of every material; molar masses of metals, nitrides and lithium; moduli of all phases.
    packing_fraction : float
        Sphere envelopes over the volume of a host without lithium.

    Raises
    ------
    DataError
        ``LI-DATA-001`` when particles leave no room for carbon, when a shell is thinner than a layer of atoms, or when
        a property is missing.

    Notes
    -----
    With the lithium-to-host mass ratio x: L = m_h (1/rho_h + x/rho_Li) gives the host mass per area m_h, at most
    L / v_s with the volume v_s of spheres per host mass. A lithium-free host is a bed of spheres,
    L = m_h v_s / packing_fraction.
    """
    lithium_capacity = FARADAY / known(materials.lithium, "molar_mass")
    if anode.host is None:
        return _without_host(anode, materials, lithium_capacity)
    host = compose_host(anode.host, materials)
    if anode.host_to_lithium_mass_ratio is None:
        lithium_per_host, host_mass = 0.0, anode.thickness * packing_fraction / host.sphere_volume
    else:
        lithium_per_host = 1.0 / anode.host_to_lithium_mass_ratio
        host_mass = anode.thickness / (1.0 / host.solid_density + lithium_per_host / materials.lithium.density)
    # Spheres whose pores the lithium does not fill still need their room.
    host_mass = min(host_mass, anode.thickness / host.sphere_volume)
    lithium_mass = host_mass * lithium_per_host
    pore_volume = anode.host.pore_volume * host_mass
    sphere_fraction = host.sphere_volume * host_mass / anode.thickness
    fractions = _solid_fractions(host, host_mass / anode.thickness, materials)
    lithium = lithium_mass / materials.lithium.density / anode.thickness
    void = 1.0 - lithium - sum(fractions.values())
    dense = void < 1e-9
    if dense:
        fractions = {"lithium": 1.0 - sum(fractions.values()), **fractions}
    else:
        fractions = {"lithium": lithium, **fractions, "void": void}
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
        bounds=elastic_bounds(fractions, materials) if dense else None,
        largest_voigt_modulus=elastic_bounds(fractions, materials, range_end=1).voigt if dense else None,
    )


def _without_host(anode: Anode, materials: HostMaterials, lithium_capacity: float) -> Composition:
    """Return the composition of a foil, or of a bare substrate."""
    foil = anode.kind == "foil"
    lithium_mass = anode.thickness * materials.lithium.density if foil else 0.0
    lithium = {"lithium": 1.0, "carbon": 0.0, "molybdenum_nitride": 0.0, "tungsten_nitride": 0.0}
    return Composition(
        host=None,
        host_areal_mass=0.0,
        lithium_areal_mass=lithium_mass,
        volume_fractions=lithium if foil else {"substrate": 1.0},
        areal_capacity=lithium_mass * lithium_capacity,
        theoretical_specific_capacity=lithium_capacity if foil else 0.0,
        pore_volume_per_area=0.0,
        pore_capacity=0.0,
        sphere_volume_fraction=0.0,
        sphere_area_per_volume=0.0,
        bounds=elastic_bounds(lithium, materials) if foil else None,
        largest_voigt_modulus=elastic_bounds(lithium, materials, range_end=1).voigt if foil else None,
    )


def without_lithium(anode: Anode, materials: HostMaterials, packing_fraction: float, collector: Anode) -> Anode:
    """Return the host of an infused anode alone, or the bare collector for a lithium foil.

    Parameters
    ----------
    anode : Anode
    materials : HostMaterials
    packing_fraction : float
        Sphere envelopes over the volume of the bed that the host forms without its lithium.
    collector : Anode
        Substrate that stands in for a foil, and on which a host stands.

    Notes
    -----
    The host mass per area is kept, so the bed is thinner than the disc was: L = m_h v_s / packing_fraction. Maps and
    moduli of the surface with lithium are dropped. An anode without lithium is returned as it is.
    """
    if not anode.holds_lithium:
        return anode
    if anode.host is None:
        return collector
    composition = compose(anode, materials)
    assert composition.host is not None
    thickness = composition.host_areal_mass * composition.host.sphere_volume / packing_fraction
    argument = f"computed: the host mass per area of {anode.name}, spheres packed to {packing_fraction:g}"
    sources = {name: number for name, number in anode.sources.items() if name.startswith("host.")}
    return Anode(
        f"{anode.name} without lithium",
        "host",
        thickness,
        host=anode.host,
        material=collector.material,
        sources={"thickness": Sourced(thickness, "m", argument, "assumed", "um"), **sources},
    )


def _solid_fractions(host: HostComposition, host_density: float, materials: HostMaterials) -> dict[str, float]:
    """Return volume fractions of the host's solid; `host_density` is host mass per electrode volume."""
    carbon = host_density * host.carbon_mass_fraction / materials.carbon.density
    solid = {"carbon": carbon, "molybdenum_nitride": 0.0, "tungsten_nitride": 0.0}
    return solid | {kind.phase: host_density * kind.volume for kind in host.particles}


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
    moduli = [_modulus(materials.phase(name), range_end) for name in phases]
    ratios = [known(materials.phase(name), "poisson_ratio") for name in phases]
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
    largest = composition.largest_voigt_modulus
    return largest is not None and youngs_modulus > largest


def _modulus(material: Material, range_end: int | None) -> float:
    nominal = known(material, "youngs_modulus")
    source = material.sources.get("youngs_modulus")
    if range_end is None or source is None or source.range is None:
        return nominal
    return source.range[range_end]


def _molar_volume(material: Material) -> float:
    return known(material, "molar_mass") / material.density
