"""Lithiophilic sites of a host: how many its particles make, and what barrier lithium meets on them.

One rule for every material of the library; nothing here knows an anode by its name. What is argued is the form, what is
assumed are the barriers of the materials and the capture of the reference host.
"""

from __future__ import annotations

from attrs import field, frozen

from lithiate.core.anode import Host
from lithiate.core.host import HostComposition, HostMaterials, Particles, compose_host
from lithiate.core.materials import Material
from lithiate.errors import DataError
from lithiate.formulas.wetting import poisson_share

REFERENCE_NITRIDE_VOLUME = 2.25e-5
"""Nitride volume per host mass [m3/kg] to which the capture numbers refer: that of the composite's ICP contents."""
REFERENCE_PARTICLE_DIAMETER = 5e-9
"""Diameter of particles [m] that is assumed where none was measured; captures go with the inverse diameter."""
DENSITY_EXPONENT = 3.0
"""Nuclei per area grow with this power of the overpotential (Pei et al., Nano Lett. 17, 1132 (2017))."""


@frozen
class SiteParameters:
    """Parameters of the sites, shared by all anodes; names as in the twin's parameter sets.

    Parameters
    ----------
    site_capture : float
        Mean number of captures of a spot at the reference nitride volume, all of it Mo2N.
    tungsten_nitride_capture : float
        Strength of WN relative to Mo2N.
    carbon_capture : float
        Mean number of captures by N-doped carbon alone.
    lithiophilic_barrier : float, V
        Nucleation barrier on Mo2N.
    carbon_barrier : float, V
        Nucleation barrier on carbon.
    """

    site_capture: float = field(metadata={"unit": "1"})
    tungsten_nitride_capture: float = field(metadata={"unit": "1"})
    carbon_capture: float = field(metadata={"unit": "1"})
    lithiophilic_barrier: float = field(metadata={"unit": "V"})
    carbon_barrier: float = field(metadata={"unit": "V"})


@frozen
class Sites:
    """What the particles of a host are for lithium.

    Parameters
    ----------
    loosening_capture : float
        Mean number of captures by particles that loosen as lithium comes and goes (Mo2N, alloys, what converts).
    lasting_capture : float
        The same by rigid particles and by the carbon itself.
    share : float
        Share of the surface that draws lithium to lithiophilic sites, 1 - exp(-captures).
    barrier : float, V
        Capture-weighted nucleation barrier of the sites.
    covered_share : float
        Share of the surface that particles serve by their number alone, whatever their strength: what molten lithium
        finds.
    """

    loosening_capture: float
    lasting_capture: float
    share: float
    barrier: float
    covered_share: float


def lithiophilic_sites(host: Host, materials: HostMaterials, parameters: SiteParameters) -> Sites:
    """Compute the sites of a host from its particles.

    Notes
    -----
    Poisson capture: N particles per host mass, each serving an area about its own size, leave exp(-X) of the surface
    unserved, X = sum_k X_k. N_k goes as v_k / d^3 and the area served as d^2, so that

        X_k = site_capture (v_k / v_ref) (d_ref / d) s_k.

    The strength s_k is 1 for Mo2N and `tungsten_nitride_capture` for WN; for any other material it is
    ((B_C - B_k) / (B_C - B_Mo2N))^3, at least 0: a particle nucleates lithium before the carbon does, at the drive
    B_C - B_k, and the number of nuclei goes with the cube of the drive (Pei 2017). B are the barriers of the
    substrates. Areas served are taken as independent; valid while particles are far smaller than spheres.

    Raises
    ------
    DataError
        ``LI-DATA-001`` when the host is faulty, or the barrier of a material is not known.
    """
    composition = compose_host(host, materials)
    reach = REFERENCE_PARTICLE_DIAMETER / (host.particle_diameter or REFERENCE_PARTICLE_DIAMETER)
    captures = {True: 0.0, False: 0.0}
    covering = weighted = 0.0
    for particles in composition.particles:
        number = parameters.site_capture * particles.volume / REFERENCE_NITRIDE_VOLUME * reach
        capture = number * capture_strength(particles, materials, parameters)
        covering += number
        captures[particles.rigid] += capture
        weighted += capture * site_barrier(particles.material, materials, parameters)
    total = captures[True] + captures[False] + parameters.carbon_capture
    # The carbon's own sites are its most lithiophilic spots, taken as good as Mo2N.
    weighted += parameters.carbon_capture * parameters.lithiophilic_barrier
    return Sites(
        loosening_capture=captures[False],
        lasting_capture=captures[True] + parameters.carbon_capture,
        share=poisson_share(total),
        barrier=weighted / total if total > 0.0 else parameters.carbon_barrier,
        covered_share=poisson_share(covering),
    )


def capture_strength(particles: Particles, materials: HostMaterials, parameters: SiteParameters) -> float:
    """Return the capture of a particle relative to one of Mo2N of its size; see `lithiophilic_sites`."""
    if particles.phase == "molybdenum_nitride":
        return 1.0
    if particles.phase == "tungsten_nitride":
        return parameters.tungsten_nitride_capture
    carbon, reference = _barrier(materials.carbon), _barrier(materials.molybdenum_nitride)
    drive = (carbon - _barrier(particles.material)) / (carbon - reference)
    return float(max(drive, 0.0) ** DENSITY_EXPONENT)


def site_barrier(material: Material, materials: HostMaterials, parameters: SiteParameters) -> float:
    """Return the nucleation barrier of sites on a material [V].

    Barriers of the library hold for planar films at 0.5 mA/cm2 with all that belongs to a first plating; the two
    parameters are barriers inside a host. Linear in between: 0 at 0, `lithiophilic_barrier` at the film barrier of
    Mo2N, `carbon_barrier` at that of carbon, and on with the last slope.
    """
    film = _barrier(material)
    carbon, reference = _barrier(materials.carbon), _barrier(materials.molybdenum_nitride)
    if film <= reference:
        return parameters.lithiophilic_barrier * film / reference
    slope = (parameters.carbon_barrier - parameters.lithiophilic_barrier) / (carbon - reference)
    return parameters.lithiophilic_barrier + slope * (film - reference)


def wetting_cosine(composition: HostComposition, covered_share: float, carbon_cosine: float) -> float:
    """Return the cosine of molten lithium's contact angle on a host, mixed after Cassie and Baxter by area.

    Particles share the covered part by volume; the rest is carbon.
    """
    volume = sum(particles.volume for particles in composition.particles)
    if volume == 0.0:
        return carbon_cosine
    on_particles = sum(particles.volume * particles.wetting_cosine for particles in composition.particles) / volume
    return covered_share * on_particles + (1.0 - covered_share) * carbon_cosine


def _barrier(material: Material) -> float:
    if material.nucleation_barrier is None:
        raise DataError("the nucleation barrier of a material is not known", code="LI-DATA-001", where=material.name)
    return material.nucleation_barrier
