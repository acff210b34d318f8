"""Infusion and sites: hand computations, known figures, and what must hold for any description."""

import math

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lithiate.core.anode import Anode, Host
from lithiate.core.composition import compose
from lithiate.core.host import compose_host
from lithiate.core.infusion import INFUSION_PARAMETERS, fillable_share, infuse
from lithiate.core.sites import lithiophilic_sites, wetting_cosine
from lithiate.errors import DataError
from lithiate.library import (
    anode_with,
    infusion_parameters,
    list_names,
    load_anode,
    load_host_materials,
    load_infusion,
    load_melt,
    load_sites,
    without_lithium,
)
from lithiate.twin.parameters import load_parameters
from lithiate.units import convert

MATERIALS, MELT, NOMINAL = load_host_materials(), load_melt(), infusion_parameters()
COMPOSITE = load_anode("WN/Mo2N@HCN/Li")
HOSTS = ("WN/Mo2N@HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "HCN/Li")

# Hand computations have their own numbers, so that the nominal ones may move.
HAND = {
    "site_capture": 2.5,
    "tungsten_nitride_capture": 0.0225,
    "carbon_capture": 0.05,
    "lithiophilic_barrier": 2e-3,
    "carbon_barrier": 35e-3,
    "carbon_wetting_cosine": -0.4,
    "wetting_spread": 0.4,
    "packing_fraction": 0.6,
    "entry_radius": 1e-9,
    "entry_radius_log_width": 0.5,
    "agglomerate_size": 20e-6,
    "shell_open_fraction": 0.05,
    "unfed_shrinkage": 0.5,
    "reached_carbon_share": 0.02,
    "exposed_interphase_thickness": 5e-9,
    "sei_swelling": 2.0,
}
BY_HAND = infusion_parameters(HAND)

# No void at all: a melt that does not shrink, on a host that it wets everywhere.
FULL = attrs.evolve(MELT, density=MATERIALS.lithium.density)
WETTED = attrs.evolve(BY_HAND, carbon_wetting_cosine=1.0, wetting_spread=0.01)


def with_ratio(ratio, anode=COMPOSITE):
    return attrs.evolve(anode, host_to_lithium_mass_ratio=ratio)


def hosted(**changes):
    return attrs.evolve(load_anode("HCN/Li").host, **changes)


@pytest.mark.parametrize(("ratio", "host_mass"), [(1 / 2, 8.67), (1 / 3, 5.98), (1 / 4, 4.56)])
def test_without_voids_the_known_masses_come_out(ratio, host_mass):
    reactive = attrs.evolve(COMPOSITE.host, tungsten_nitride_inert=False)
    infusion = infuse(attrs.evolve(with_ratio(ratio), host=reactive), MATERIALS, FULL, WETTED)
    # What is left is rounded by `EVENNESS`: below 1e-5 at these ratios.
    assert infusion.void_fraction < 1e-5
    assert convert(infusion.host_areal_mass, "kg/m^2", "mg/cm^2") == pytest.approx(host_mass, abs=5e-3)
    dense = compose(with_ratio(ratio), MATERIALS)
    for name in ("lithium_areal_mass", "areal_capacity", "pore_capacity", "sphere_volume_fraction"):
        assert getattr(infusion, name) == pytest.approx(getattr(dense, name), rel=1e-5)


def test_library_and_twin_take_the_same_numbers():
    parameters = load_parameters("nominal")
    for name in INFUSION_PARAMETERS:
        assert getattr(NOMINAL, name) == pytest.approx(parameters[name], rel=1e-12)


def test_sites_of_the_library_anodes_by_hand():
    content = load_infusion(COMPOSITE, HAND)
    nitrides = compose_host(COMPOSITE.host, MATERIALS)
    molybdenum = nitrides.molybdenum_nitride_mass_fraction / 9460 / 2.25e-5
    tungsten = nitrides.tungsten_nitride_mass_fraction / 15940 / 2.25e-5
    assert molybdenum + tungsten == pytest.approx(1.0, abs=5e-3)
    assert content.sites.loosening_capture == pytest.approx(2.5 * molybdenum, rel=1e-12)
    assert content.sites.lasting_capture == pytest.approx(2.5 * tungsten * 0.0225 + 0.05, rel=1e-12)
    captures = content.sites.loosening_capture + content.sites.lasting_capture
    assert content.sites.share == pytest.approx(1 - math.exp(-captures), rel=1e-12)
    # WN's film stands at 18 mV between Mo2N's 12 and carbon's 20: 2 + (35 - 2) 6/8 mV.
    barrier = (2.5 * molybdenum + 0.05) * 2.0 + 2.5 * tungsten * 0.0225 * 26.75
    assert content.sites.barrier * 1e3 == pytest.approx(barrier / captures, rel=1e-9)
    plain = load_sites(load_anode("HCN/Li"), HAND)
    assert (plain.loosening_capture, plain.covered_share) == (0.0, 0.0)
    assert plain.barrier == pytest.approx(2e-3)


def test_strength_of_other_materials_follows_their_barrier():
    def capture(material, fraction):
        sites = lithiophilic_sites(hosted(particles={material: fraction}), MATERIALS, BY_HAND)
        number = 2.5 * fraction / MATERIALS.phase(material).density / 2.25e-5
        return (sites.loosening_capture + sites.lasting_capture - 0.05) / number, sites

    # ((20 - B) / (20 - 12))^3 with the film barriers of the library in mV.
    assert capture("Ag", 0.1)[0] == pytest.approx((15 / 8) ** 3, rel=1e-9)
    assert capture("ZnO", 0.1)[0] == pytest.approx(1.0, rel=1e-9)
    assert capture("Si", 0.1)[0] == pytest.approx((2 / 8) ** 3, rel=1e-9)
    assert capture("TiN", 0.1)[0] == pytest.approx(0.0, abs=1e-12)
    # A film of 5 mV lies below Mo2N's 12: in proportion. Silver loosens, VN lasts.
    silver = capture("Ag", 0.1)[1]
    assert silver.loosening_capture > 5.0
    weight = silver.loosening_capture
    assert silver.barrier * 1e3 == pytest.approx((weight * 2 * 5 / 12 + 0.05 * 2) / (weight + 0.05), rel=1e-9)
    assert capture("VN", 0.1)[1].loosening_capture == 0.0


def test_smaller_particles_make_more_sites():
    one = lithiophilic_sites(attrs.evolve(COMPOSITE.host, particle_diameter=5e-9), MATERIALS, NOMINAL)
    half = lithiophilic_sites(attrs.evolve(COMPOSITE.host, particle_diameter=2.5e-9), MATERIALS, NOMINAL)
    assert half.loosening_capture == pytest.approx(2 * one.loosening_capture, rel=1e-12)
    assert one == load_sites(COMPOSITE)


def test_angle_of_the_composite_by_hand():
    host, sites = compose_host(COMPOSITE.host, MATERIALS), load_sites(COMPOSITE, HAND)
    covered = 1 - math.exp(-2.5 * host.nitride_volume / 2.25e-5)
    on_nitride = (1 - host.tungsten_nitride_share) * math.cos(math.radians(30)) + host.tungsten_nitride_share * 0.5
    expected = covered * on_nitride - (1 - covered) * 0.4
    assert wetting_cosine(host, sites.covered_share, -0.4) == pytest.approx(expected, rel=1e-9)
    # WN that reacts is covered by Li3N, which lithium wets.
    reactive = compose_host(attrs.evolve(COMPOSITE.host, tungsten_nitride_inert=False), MATERIALS)
    assert wetting_cosine(reactive, sites.covered_share, -0.4) > expected


def test_time_and_pressure_do_not_decide_the_sign_does():
    """At 1 nm the capillary pressure is 100 MPa and more, flow takes below 1 kPa: f = Phi(cos / spread)."""
    host = compose_host(COMPOSITE.host, MATERIALS)
    pores = COMPOSITE.host.pore_volume / host.sphere_volume
    for cosine in (-0.4, 0.0, 0.3, 0.8):
        share = fillable_share(cosine, host, pores, MELT, BY_HAND)
        assert share == pytest.approx(0.5 * math.erfc(-cosine / 0.4 / math.sqrt(2)), abs=2e-3)
    nominal = fillable_share(0.3, host, pores, MELT, BY_HAND)
    # The ends of the ranges, one by one.
    slow = {"agglomerate_size": 360e-6, "shell_open_fraction": 0.003, "entry_radius": 0.3e-9}
    for name, value in slow.items():
        changed = attrs.evolve(BY_HAND, **{name: value})
        assert fillable_share(0.3, host, pores, MELT, changed) == pytest.approx(nominal, abs=1e-3)
    for change in ({"duration": 60.0}, {"pressure": 1e4}, {"pressure": 3e5}):
        assert fillable_share(0.3, host, pores, attrs.evolve(MELT, **change), BY_HAND) == pytest.approx(
            nominal, abs=1e-3
        )
    # All at once they do matter: the argument has a limit.
    worst = fillable_share(0.3, host, pores, attrs.evolve(MELT, duration=60.0), attrs.evolve(BY_HAND, **slow))
    assert 0.05 < nominal - worst < 0.3


def test_filled_share_rises_with_angle_time_and_pressure():
    host = compose_host(COMPOSITE.host, MATERIALS)
    # Conditions under which flow matters, so that the test can fail.
    slow = attrs.evolve(BY_HAND, agglomerate_size=360e-6, shell_open_fraction=0.003, entry_radius=0.3e-9)

    def share(cosine=0.2, **melt):
        return fillable_share(cosine, host, 0.46, attrs.evolve(MELT, **melt), slow)

    assert share(0.1) < share(0.2) < share(0.3)
    assert share(duration=1.0) < share(duration=10.0) < share(duration=100.0)
    assert share(pressure=1e5) < share(pressure=1e8) < share(pressure=1e9)
    assert share(viscosity=1e-2) < share(viscosity=1e-3)


def test_voids_of_the_composite_by_hand():
    infusion, host = load_infusion(COMPOSITE, HAND), compose_host(COMPOSITE.host, MATERIALS)
    room = 0.35e-3 + host.sphere_volume * (1 / 0.6 - 1)
    supply, shrinkage = 3 / 505, 1 - 505 / 534
    filled = infusion.filled_share
    assert filled == pytest.approx(0.5 * math.erfc(-infusion.wetting_cosine / 0.4 / math.sqrt(2)), abs=1e-3)
    # Of 5.94 cm3 of melt per gram of host, 0.81 lie in pores and gaps and shrink away there, half of the rest is fed.
    voids = (1 - filled) * room + shrinkage * (filled * room + 0.5 * (supply - filled * room))
    volume = 1 / host.solid_density + 3 / 534 + voids
    assert infusion.void_fraction == pytest.approx(voids / volume, rel=1e-9)
    assert infusion.host_areal_mass == pytest.approx(360e-6 / volume, rel=1e-9)
    assert infusion.bulk_density == pytest.approx(4 / volume, rel=1e-9)


def test_interphase_on_exposed_carbon_by_hand():
    """5 nm on the whole BET area would take 6 mAh/cm2; the share that liquid reaches takes far less."""
    infusion = load_infusion(COMPOSITE, HAND)
    area = 0.02 * 206e3 * infusion.host_areal_mass * (1 - infusion.filled_share)
    assert infusion.exposed_carbon_area_per_area == pytest.approx(area, rel=1e-12)
    charge = area * 5e-9 / 2.0 * 534 / 6.94e-3 * 96485.33212
    assert infusion.sei_charge_on_exposed_carbon == pytest.approx(charge, rel=1e-9)
    whole = charge / (0.02 * (1 - infusion.filled_share)) * 5.98e-2 / infusion.host_areal_mass
    assert convert(whole, "C/m^2", "mAh/cm^2") == pytest.approx(6.4, abs=0.1)
    rest = infusion.areal_capacity - infusion.sei_charge_on_exposed_carbon
    assert infusion.available_capacity == pytest.approx(rest, rel=1e-12)


def test_particles_that_react_take_lithium():
    assert load_infusion(COMPOSITE).reaction_charge == 0.0
    converted = attrs.evolve(COMPOSITE, host=attrs.evolve(COMPOSITE.host, molybdenum_nitride_converted=True))
    infusion = load_infusion(converted)
    # Mo2N + 3 Li: 390.5 mAh/g of 13.0 % of the host.
    expected = 390.5 * 3.6e3 * 0.1213 / (2 * 95.95 / 205.907) * infusion.host_areal_mass
    assert infusion.reaction_charge == pytest.approx(expected, rel=1e-3)
    silver = attrs.evolve(COMPOSITE, host=hosted(particles={"Ag": 0.1}))
    infusion = load_infusion(silver)
    assert infusion.reaction_charge == pytest.approx(
        0.1 / 0.107868 * 2.25 * 96485.33212 * infusion.host_areal_mass, rel=1e-9
    )


def test_hand_numbers_name_every_parameter():
    assert set(HAND) == set(INFUSION_PARAMETERS)


def test_wetting_orders_the_hosts():
    voids = {name: load_infusion(load_anode(name)).void_fraction for name in HOSTS}
    assert voids["Mo2N@HCN/Li"] < voids["WN/Mo2N@HCN/Li"] < voids["WN@HCN/Li"] < voids["HCN/Li"]


@pytest.mark.parametrize("name", HOSTS)
def test_both_directions_of_the_ratio_cost_something(name):
    """More host: more spheres, voids, exposed carbon, less lithium. Less host: fewer spheres, which lose contact."""
    more, middle, less = (load_infusion(anode_with(load_anode(name), {"host_to_lithium_mass_ratio": ratio}))
                          for ratio in ("1:2", "1:3", "1:4"))  # fmt: skip
    for field in ("void_fraction", "exposed_carbon_area_per_area", "sei_charge_on_exposed_carbon",
                  "sphere_volume_fraction", "sphere_area_per_volume", "host_areal_mass", "pore_capacity"):  # fmt: skip
        assert getattr(more, field) > getattr(middle, field) > getattr(less, field)
    assert more.areal_capacity < middle.areal_capacity < less.areal_capacity
    # What the particles are for lithium does not depend on the ratio.
    assert more.sites == middle.sites == less.sites


def test_too_much_host_leaves_voids_smoothly_until_lithium_no_longer_connects():
    ratios = [1.02**k for k in range(-60, 80)]
    infusions = [load_infusion(with_ratio(ratio), HAND) for ratio in ratios]
    voids = [infusion.void_fraction for infusion in infusions]
    assert all(one < other < one + 0.01 for one, other in zip(voids, voids[1:], strict=False))
    assert load_infusion(with_ratio(1.0), HAND).void_fraction < 0.06
    assert load_infusion(with_ratio(4.0), HAND).void_fraction > 0.25
    # By mass balance: spheres pack no closer than they can, to the shrinkage of the lithium between them.
    assert all(infusion.sphere_volume_fraction < 0.61 for infusion in infusions)
    with pytest.raises(DataError, match=r"WN/Mo2N@HCN/Li: too little lithium.*does not connect.*1:0.1.*at least 0.16"):
        load_infusion(with_ratio(10.0), HAND)


@pytest.mark.parametrize("anode", [load_anode("Li foil"), load_anode("Cu foil"), without_lithium(COMPOSITE)])
def test_what_was_not_infused_is_refused(anode):
    with pytest.raises(DataError, match="nothing was infused"):
        load_infusion(anode)
    assert (load_sites(anode) is None) == (anode.host is None)


def test_reactions_that_take_all_lithium_are_refused():
    greedy = attrs.evolve(BY_HAND, reached_carbon_share=0.9, exposed_interphase_thickness=200e-9)
    with pytest.raises(DataError, match="take more lithium than there is"):
        infuse(load_anode("HCN/Li"), MATERIALS, MELT, greedy)


OTHERS = [name for name in list_names("materials") if name in MATERIALS.particles]
descriptions = st.builds(
    Host,
    bet_area=st.floats(1e4, 6e5),
    pore_volume=st.floats(1e-4, 1.2e-3),
    cavity_diameter=st.floats(1e-8, 5e-7),
    molybdenum_mass_fraction=st.floats(0, 0.25),
    tungsten_mass_fraction=st.floats(0, 0.25),
    molybdenum_nitride_converted=st.booleans(),
    tungsten_nitride_inert=st.booleans(),
    particles=st.dictionaries(st.sampled_from(OTHERS), st.floats(0, 0.1), max_size=3),
    particle_diameter=st.none() | st.floats(1e-9, 5e-8),
)
drawn = st.fixed_dictionaries(
    {
        "carbon_wetting_cosine": st.floats(-0.9, 0.3),
        "wetting_spread": st.floats(0.15, 0.9),
        "packing_fraction": st.floats(0.5, 0.68),
        "unfed_shrinkage": st.floats(0, 1),
        "entry_radius": st.floats(3e-10, 1e-8),
        "agglomerate_size": st.floats(2e-6, 3.6e-4),
    }
)


def infuse_if_possible(anode, values):
    try:
        return load_infusion(anode, values)
    except DataError as error:
        assume(not any(words in str(error) for words in ("take more lithium", "does not connect", "thinner than")))
        raise


@settings(suppress_health_check=[HealthCheck.filter_too_much], deadline=None)
@given(descriptions, drawn, st.floats(0.1, 3.0), st.floats(1e-5, 1e-3))
def test_any_host_balances(host, values, ratio, thickness):
    anode = Anode("any", "host", thickness, ratio, host)
    infusion = infuse_if_possible(anode, values)
    fractions = infusion.volume_fractions
    assert sum(fractions.values()) == pytest.approx(1.0, abs=1e-9)
    assert min(fractions.values()) >= 0.0
    assert fractions["void"] == infusion.void_fraction
    solids = {name: share for name, share in fractions.items() if name != "void"}
    mass = sum(share * MATERIALS.phase(name).density for name, share in solids.items()) * thickness
    assert mass == pytest.approx(infusion.host_areal_mass + infusion.lithium_areal_mass, rel=1e-9)
    assert mass == pytest.approx(infusion.bulk_density * thickness, rel=1e-9)
    assert infusion.host_areal_mass / infusion.lithium_areal_mass == pytest.approx(ratio, rel=1e-9)
    for share in (infusion.filled_share, infusion.void_fraction, infusion.sites.share, infusion.sites.covered_share):
        assert 0.0 <= share <= 1.0
    assert 0.0 < infusion.available_capacity <= infusion.areal_capacity
    assert infusion.sphere_volume_fraction <= values["packing_fraction"] * (1 + 1e-9)


@settings(suppress_health_check=[HealthCheck.filter_too_much], deadline=None)
@given(descriptions, drawn, st.floats(0.1, 3.0))
def test_more_lithium_means_fewer_spheres_and_small_steps_small_changes(host, values, ratio):
    one = infuse_if_possible(Anode("any", "host", 3.6e-4, ratio, host), values)
    near = infuse_if_possible(Anode("any", "host", 3.6e-4, ratio * 0.9999, host), values)
    assert near.sphere_volume_fraction < one.sphere_volume_fraction
    assert near.host_areal_mass < one.host_areal_mass
    assert near.filled_share >= one.filled_share
    assert near.filled_share == pytest.approx(one.filled_share, abs=2e-4)
    assert near.void_fraction == pytest.approx(one.void_fraction, abs=2e-4)
    assert near.areal_capacity == pytest.approx(one.areal_capacity, rel=1e-3)


@settings(deadline=None)
@given(st.floats(0, 0.3), st.floats(0.001, 0.05))
def test_more_molybdenum_nitride_means_more_sites_and_fewer_voids(content, step):
    def of(fraction):
        return load_infusion(attrs.evolve(COMPOSITE, host=hosted(molybdenum_mass_fraction=fraction)))

    less, more = of(content), of(content + step)
    assert more.sites.share > less.sites.share
    assert more.wetting_cosine > less.wetting_cosine
    assert more.filled_share > less.filled_share
