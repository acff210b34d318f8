"""Infusion of a host with molten lithium: what it fills, what it leaves empty, what the electrolyte will reach.

Argued: at nanometres the sign of the local contact angle decides whether a pore fills, not time or pressure, because
capillary pressures are 100 MPa and more; the angle follows from the composition; volumes and masses balance; lithium
shrinks as it freezes. Assumed: the angles, their scatter, packing, agglomerates, and how much of the shrinkage is fed.
No parameter belongs to a ratio or to an anode.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import field, fields, frozen

from lithiate.constants import FARADAY
from lithiate.core.anode import Anode, Host
from lithiate.core.composition import Composition, compose
from lithiate.core.host import HostComposition, HostMaterials
from lithiate.core.materials import Melt
from lithiate.core.sites import SiteParameters, Sites, lithiophilic_sites, wetting_cosine
from lithiate.errors import DataError
from lithiate.formulas.wetting import infiltration_pressure, normal_distribution, smooth_minimum_ratio

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
EVENNESS = 8.0
"""Sharpness of the change from pores that take what they can to pores that share what lithium there is."""
PERCOLATION_THRESHOLD = 0.16
"""Volume fraction of lithium outside the spheres below which it no longer connects (Scher & Zallen 1970)."""


@frozen
class InfusionParameters(SiteParameters):
    """Parameters of the infusion, shared by all anodes; names as in the twin's parameter sets.

    Parameters
    ----------
    carbon_wetting_cosine : float
        Of the contact angle of molten lithium on the carbon of the shells.
    wetting_spread : float
        Standard deviation of the local cosine from cavity to cavity.
    packing_fraction : float
        Sphere envelopes over the volume inside an agglomerate.
    entry_radius : float, m
        Median radius of the pores through which a cavity fills.
    entry_radius_log_width : float
        Standard deviation of its logarithm.
    agglomerate_size : float, m
        Half of it is the way into the powder.
    shell_open_fraction : float
        Cross-section of the shell's pores over that of the cavities that they feed.
    unfed_shrinkage : float
        Share of the shrinkage of lithium beyond the packed spheres that stays void; the rest lets the disc get thinner.
    reached_carbon_share : float
        Share of the BET area that the electrolyte reaches where lithium does not cover it.
    exposed_interphase_thickness : float, m
        Interphase that forms on such carbon.
    sei_swelling : float
        Volume of the interphase per volume of the lithium in it.
    """

    carbon_wetting_cosine: float = field(metadata={"unit": "1"})
    wetting_spread: float = field(metadata={"unit": "1"})
    packing_fraction: float = field(metadata={"unit": "1"})
    entry_radius: float = field(metadata={"unit": "m"})
    entry_radius_log_width: float = field(metadata={"unit": "1"})
    agglomerate_size: float = field(metadata={"unit": "m"})
    shell_open_fraction: float = field(metadata={"unit": "1"})
    unfed_shrinkage: float = field(metadata={"unit": "1"})
    reached_carbon_share: float = field(metadata={"unit": "1"})
    exposed_interphase_thickness: float = field(metadata={"unit": "m"})
    sei_swelling: float = field(metadata={"unit": "1"})


INFUSION_PARAMETERS: tuple[str, ...] = tuple(entry.name for entry in fields(InfusionParameters))
"""Names of the parameters that `infuse` takes."""


@frozen
class Infusion:
    """What the infusion made of a host and its lithium.

    Parameters
    ----------
    sites : Sites
    wetting_cosine : float
        Mean cosine of the contact angle of molten lithium on the host.
    filled_share : float
        Share of the space in cavities and between packed spheres that the melt filled.
    void_fraction : float
        Voids of the finished electrode over its volume.
    bulk_density : float, kg/m^3
    volume_fractions : mapping of str to float
        As in `Composition`, with ``void``; they sum to 1.
    host_areal_mass, lithium_areal_mass : float, kg/m^2
    areal_capacity : float, C/m^2
        All lithium of the electrode.
    reaction_charge : float, C/m^2
        Lithium that the melt lost to particles that converted or alloyed.
    exposed_carbon_area_per_area : float
        Carbon that the electrolyte reaches, over the area of the electrode.
    sei_charge_on_exposed_carbon : float, C/m^2
        Lithium in the interphase that forms on it.
    void_capacity : float, C/m^2
        Lithium that would fit into the voids.
    pore_capacity : float, C/m^2
        Lithium that the cavities hold when full.
    sphere_volume_fraction : float
        Sphere envelopes over the volume of the electrode.
    sphere_area_per_volume : float, 1/m
        Geometric outer area of the spheres per electrode volume.
    """

    sites: Sites
    wetting_cosine: float
    filled_share: float
    void_fraction: float
    bulk_density: float
    volume_fractions: dict[str, float]
    host_areal_mass: float
    lithium_areal_mass: float
    areal_capacity: float
    reaction_charge: float
    exposed_carbon_area_per_area: float
    sei_charge_on_exposed_carbon: float
    void_capacity: float
    pore_capacity: float
    sphere_volume_fraction: float
    sphere_area_per_volume: float

    @property
    def available_capacity(self) -> float:
        """Lithium that is left as metal [C/m2]: all, less reactions of particles and interphase on exposed carbon."""
        return self.areal_capacity - self.reaction_charge - self.sei_charge_on_exposed_carbon


def infuse(anode: Anode, materials: HostMaterials, melt: Melt, parameters: InfusionParameters) -> Infusion:
    """Compute what molten lithium makes of a host, at the anode's thickness and ratio.

    Notes
    -----
    Per host mass, with pores V_p in spheres of envelope v_s, and gaps V_g = v_s (1/packing - 1) between packed ones:

    - the melt would fill the share f (`fillable_share`) of V_p + V_g, as far as it goes (`smooth_minimum_ratio`);
    - on freezing it shrinks by s = 1 - rho_melt / rho_Li: all of it stays void in pores and gaps, which are stiff,
      `unfed_shrinkage` of it elsewhere;
    - the electrode has the volume 1/rho_h + x/rho_Li + voids, which with the thickness gives the host mass per area.

    The melt shares itself between cavities
    and gaps in proportion to what each would take (assumed). Swelling of particles that react is not counted.

    Raises
    ------
    DataError
        ``LI-DATA-001`` for an anode that was not infused, when there is too little lithium to connect the electrode, or
        when reactions and interphase take more lithium than there is.
    """
    if anode.host is None or anode.host_to_lithium_mass_ratio is None:
        raise DataError(
            "nothing was infused: this anode is no host with lithium in it",
            code="LI-DATA-001",
            where=anode.name,
            got=f"kind {anode.kind!r}" + ("" if anode.host is None else " without host_to_lithium_mass_ratio"),
            expected="a host with host_to_lithium_mass_ratio",
        )
    dense = compose(anode, materials)
    host = dense.host
    assert host is not None
    sites = lithiophilic_sites(anode.host, materials, parameters)
    cosine = wetting_cosine(host, sites.covered_share, parameters.carbon_wetting_cosine)
    filled, voids, outside = _volumes(anode, host, cosine, materials, melt, parameters)
    volume = 1.0 / host.solid_density + 1.0 / (anode.host_to_lithium_mass_ratio * materials.lithium.density) + voids
    if outside / volume < PERCOLATION_THRESHOLD:
        raise DataError(
            "too little lithium for this host: outside the spheres it does not connect",
            code="LI-DATA-001",
            where=anode.name,
            got=f"host to lithium 1:{1.0 / anode.host_to_lithium_mass_ratio:g}, {outside / volume:.2f} of the volume",
            expected=f"at least {PERCOLATION_THRESHOLD:g}: more lithium per host mass",
        )
    host_mass = anode.thickness / volume
    # The carbon that lithium does not cover, as far as liquid comes.
    exposed = parameters.reached_carbon_share * anode.host.bet_area * (1.0 - filled) * host_mass
    fit = _Fit(sites, cosine, filled, voids / volume, host_mass, exposed)
    return _result(anode.thickness, dense, fit, materials.lithium.density, parameters)


def fillable_share(cosine: float, host: HostComposition, host_void: float, melt: Melt, p: InfusionParameters) -> float:
    """Return the share of cavities and gaps that the melt enters, whatever lithium there is.

    Parameters
    ----------
    cosine : float
        Mean cosine of the contact angle.
    host : HostComposition
    host_void : float
        Pores over the volume of the spheres' envelopes.
    melt : Melt
    p : InfusionParameters

    Notes
    -----
    A pore behind an entry of radius r fills when capillary and outer pressure drive the front through half an
    agglomerate in time, 2 gamma cos(theta)/r + p_0 > p_flow(r) (`infiltration_pressure`, through the shell's pores), so
    when the local cosine exceeds c*(r) = r (p_flow - p_0) / (2 gamma). Local cosines are normal about the mean, entry
    radii lognormal: f = < Phi((cos - c*(r)) / spread) >, by Gauss-Hermite quadrature. It rises with the cosine, the
    time and the pressure. Isothermal, Newtonian, inert melt: oxide skins and reaction at the contact line, which slow
    real infusions, are in the angle and its scatter only.
    """
    # Flow has to squeeze through shells on a part of the way only: two of them in each diameter.
    shells = 1.0 - math.cbrt(host_void)
    open_share = p.shell_open_fraction / (host_void * shells)
    shares = []
    for node in _NODES:
        radius = p.entry_radius * math.exp(p.entry_radius_log_width * float(node))
        flow = infiltration_pressure(melt.viscosity, 0.5 * p.agglomerate_size, melt.duration, radius, open_share)
        critical = radius * (flow - melt.pressure) / (2.0 * melt.surface_tension)
        shares.append(normal_distribution((cosine - critical) / p.wetting_spread))
    return float(np.dot(_WEIGHTS, shares) / _WEIGHTS.sum())


def _volumes(
    anode: Anode,
    host: HostComposition,
    cosine: float,
    materials: HostMaterials,
    melt: Melt,
    parameters: InfusionParameters,
) -> tuple[float, float, float]:
    """Return (filled share, voids per host mass [m3/kg], lithium outside the spheres per host mass [m3/kg])."""
    description, ratio = anode.host, anode.host_to_lithium_mass_ratio
    assert isinstance(description, Host)
    assert ratio is not None
    pores = description.pore_volume
    gaps = host.sphere_volume * (1.0 / parameters.packing_fraction - 1.0)
    supply = 1.0 / (ratio * melt.density)
    fillable = fillable_share(cosine, host, pores / host.sphere_volume, melt, parameters)
    filled = fillable * smooth_minimum_ratio(fillable * (pores + gaps) / supply, EVENNESS)
    shrinkage = max(1.0 - melt.density / materials.lithium.density, 0.0)
    room = pores + gaps
    # Packed spheres are stiff: lithium among them shrinks away from them. The rest may be fed.
    unfed = shrinkage * (filled * room + parameters.unfed_shrinkage * (supply - filled * room))
    outside = (supply - filled * pores) * (1.0 - shrinkage)
    return filled, (1.0 - filled) * room + unfed, outside


@frozen
class _Fit:
    """What `infuse` found before it is put on the scale of the electrode."""

    sites: Sites
    cosine: float
    filled: float
    void: float
    host_mass: float
    exposed: float


def _result(
    thickness: float, dense: Composition, fit: _Fit, lithium_density: float, parameters: InfusionParameters
) -> Infusion:
    """Put the infusion together from the disc of least voids `dense` and what was found about its voids."""
    # All that goes with the host mass shrinks alike.
    host, solid = dense.host, fit.host_mass / dense.host_areal_mass
    assert host is not None
    charge_per_volume = dense.areal_capacity / dense.lithium_areal_mass * lithium_density
    lithium_mass = solid * dense.lithium_areal_mass
    fractions = {name: solid * share for name, share in dense.volume_fractions.items()} | {"void": fit.void}
    sei_volume = fit.exposed * parameters.exposed_interphase_thickness
    sei = sei_volume / parameters.sei_swelling * charge_per_volume
    reaction = fit.host_mass * _bound_charge(host)
    capacity = solid * dense.areal_capacity
    if reaction + sei >= capacity:
        raise DataError(
            "reactions of the particles and interphase on the carbon take more lithium than there is",
            code="LI-DATA-001",
            got=f"{(reaction + sei) / 36000:.3g} of {capacity / 36000:.3g} mAh/cm^2",
        )
    return Infusion(
        sites=fit.sites,
        wetting_cosine=fit.cosine,
        filled_share=fit.filled,
        void_fraction=fit.void,
        bulk_density=(fit.host_mass + lithium_mass) / thickness,
        volume_fractions=fractions,
        host_areal_mass=fit.host_mass,
        lithium_areal_mass=lithium_mass,
        areal_capacity=capacity,
        reaction_charge=reaction,
        exposed_carbon_area_per_area=fit.exposed,
        sei_charge_on_exposed_carbon=sei,
        void_capacity=fit.void * thickness * charge_per_volume,
        pore_capacity=solid * dense.pore_capacity,
        sphere_volume_fraction=solid * dense.sphere_volume_fraction,
        sphere_area_per_volume=solid * dense.sphere_area_per_volume,
    )


def _bound_charge(host: HostComposition) -> float:
    """Return the lithium that particles which reacted with the melt bind, as a charge per host mass [C/kg]."""
    bound = 0.0
    for particles in host.particles:
        material = particles.material
        if particles.reacted and material.lithium_per_formula and material.molar_mass:
            bound += particles.mass_fraction * material.lithium_per_formula / material.molar_mass
    return FARADAY * bound
