import attrs
import pytest

from lithiate.core.anode import Anode, Host
from lithiate.core.sourced import Sourced
from lithiate.errors import DataError

HOST = Host(206e3, 0.35e-3, 24e-9, 0.1213, 0.1303)


def test_host_and_foil_are_described():
    anode = Anode("composite", "host", 360e-6, 1 / 3, HOST)
    assert anode.host.tungsten_nitride_inert
    assert not anode.host.molybdenum_nitride_converted
    assert anode.rms_surface_potential is None
    assert anode.holds_lithium
    assert Anode("foil", "foil", 360e-6).host_to_lithium_mass_ratio is None
    assert not Anode("scaffold", "host", 75e-6, host=HOST, material="Cu foil").holds_lithium
    assert not Anode("collector", "substrate", 10e-6, material="Cu foil").holds_lithium


@pytest.mark.parametrize(
    ("kind", "ratio", "host", "material"),
    [
        ("host", None, None, None),
        ("host", 1 / 3, None, None),
        ("host", None, HOST, None),
        ("host", 1 / 3, HOST, "Cu foil"),
        ("foil", 1 / 3, HOST, None),
        ("foil", None, HOST, None),
        ("foil", None, None, "Cu foil"),
        ("substrate", None, None, None),
        ("substrate", None, HOST, "Cu foil"),
        ("substrate", 1 / 3, None, "Cu foil"),
        ("x", None, None, None),
    ],
)
def test_kind_and_host_must_agree(kind, ratio, host, material):
    with pytest.raises(DataError, match=r"composite: kind, host .*LI-DATA-001"):
        Anode("composite", kind, 360e-6, ratio, host, material=material)


@pytest.mark.parametrize(
    "change",
    [
        {"thickness": 0.0},
        {"thickness": -1.0},
        {"thickness": float("nan")},
        {"youngs_modulus": -1.0},
        {"host_to_lithium_mass_ratio": 0.0},
    ],
)
def test_impossible_anode_is_refused(change):
    with pytest.raises(DataError, match=f"'{next(iter(change))}' must be positive"):
        attrs.evolve(Anode("composite", "host", 360e-6, 1 / 3, HOST), **change)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_impossible_host_is_refused(fraction):
    with pytest.raises(DataError, match="'tungsten_mass_fraction' must lie between 0 and 1"):
        attrs.evolve(HOST, tungsten_mass_fraction=fraction)


def test_particles_are_kept_in_order_and_hashable():
    one = attrs.evolve(HOST, particles={"ZnO": 0.1, "Ag": 0.2})
    other = attrs.evolve(HOST, particles=(("Ag", 0.2), ("ZnO", 0.1)))
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(DataError, match=r"'particles.Ag' must lie between 0 and 1"):
        attrs.evolve(HOST, particles={"Ag": -0.1})
    with pytest.raises(DataError, match="'particle_diameter' must be positive"):
        attrs.evolve(HOST, particle_diameter=0.0)


def test_sourced_number_is_printed_in_its_unit():
    number = Sourced(360e-6, "m", "paper", "measured", "um", range=(350e-6, 370e-6))
    assert number.printed_value == pytest.approx(360.0, rel=1e-14)
    assert number.printed_range == pytest.approx((350.0, 370.0), rel=1e-14)
    assert attrs.evolve(number, range=None).printed_range is None
