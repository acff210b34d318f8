"""Hand computations of each formula."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lithiate.formulas import wetting


def test_capillary_pressure_of_molten_lithium_in_a_cavity():
    # 2 x 0.39 N/m x cos 60 deg / 12 nm = 32.5 MPa; water in 1 um at 0 deg: 2 x 0.072 / 1e-6 = 144 kPa.
    assert wetting.capillary_pressure(0.39, 0.5, 12e-9) == pytest.approx(32.5e6, rel=1e-12)
    assert wetting.capillary_pressure(0.072, 1.0, 1e-6) == pytest.approx(144e3, rel=1e-12)
    assert wetting.capillary_pressure(0.39, -0.5, 12e-9) < 0


def test_mixed_angle():
    assert wetting.mixed_cosine((0.25, 0.75), (1.0, -1.0)) == -0.5
    with pytest.raises(ValueError, match="longer"):
        wetting.mixed_cosine((1.0,), (1.0, 0.0))


def test_front_of_washburn():
    """With all of the cross-section open, L^2 = gamma r cos(theta) t / (2 mu)."""
    tension, cosine, radius, viscosity, time = 0.39, 0.6, 7e-9, 5e-4, 600.0
    length = math.sqrt(tension * radius * cosine * time / (2 * viscosity))
    needed = wetting.infiltration_pressure(viscosity, length, time, radius, 1.0)
    assert needed == pytest.approx(wetting.capillary_pressure(tension, cosine, radius), rel=1e-12)
    assert wetting.infiltration_pressure(viscosity, length, time, radius, 0.1) == pytest.approx(10 * needed, rel=1e-12)


def test_served_share():
    assert wetting.poisson_share(0.0) == 0.0
    assert wetting.poisson_share(math.log(2)) == pytest.approx(0.5, rel=1e-14)
    # Where 1 - exp(-x) has no digits left.
    assert wetting.poisson_share(1e-18) == 1e-18


def test_normal_distribution():
    assert wetting.normal_distribution(0.0) == 0.5
    assert wetting.normal_distribution(1.959963984540054) == pytest.approx(0.975, abs=1e-12)


@given(st.floats(0, 1e3), st.floats(1, 20))
def test_smooth_minimum_lies_below_both(ratio, sharpness):
    found = wetting.smooth_minimum_ratio(ratio, sharpness)
    assert 0 < found <= min(1.0, 1.0 / ratio if ratio else 1.0)
    assert found >= min(1.0, 1.0 / ratio if ratio else 1.0) * 2 ** (-1 / sharpness) * (1 - 1e-12)
