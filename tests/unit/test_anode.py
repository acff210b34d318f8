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
    assert Anode("foil", "foil", 360e-6).host_to_lithium_mass_ratio is None


@pytest.mark.parametrize(
    ("kind", "ratio", "host"),
    [("host", None, None), ("host", 1 / 3, None), ("foil", 1 / 3, HOST), ("foil", None, HOST), ("x", None, None)],
)
def test_kind_and_host_must_agree(kind, ratio, host):
    with pytest.raises(DataError, match=r"composite: kind, host .*LI-DATA-001"):
        Anode("composite", kind, 360e-6, ratio, host)


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


def test_sourced_number_is_printed_in_its_unit():
    number = Sourced(360e-6, "m", "paper", "measured", "um", range=(350e-6, 370e-6))
    assert number.printed_value == pytest.approx(360.0, rel=1e-14)
    assert number.printed_range == pytest.approx((350.0, 370.0), rel=1e-14)
    assert attrs.evolve(number, range=None).printed_range is None
