import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lithiate.formulas import elastic


def test_means_of_two_phases_by_hand():
    assert elastic.voigt([0.25, 0.75], [10.0, 2.0]) == 4.0
    assert elastic.reuss([0.5, 0.5], [6.0, 3.0]) == 4.0


def test_hashin_shtrikman_of_two_phases_is_the_published_closed_form():
    # Hashin and Shtrikman 1963, eqs. 4.1-4.4, written out for phase 1 softer than phase 2.
    f1, f2, k1, k2, g1, g2 = 0.7, 0.3, 10.0, 40.0, 4.0, 30.0
    bulk_low = k1 + f2 / (1 / (k2 - k1) + 3 * f1 / (3 * k1 + 4 * g1))
    bulk_high = k2 + f1 / (1 / (k1 - k2) + 3 * f2 / (3 * k2 + 4 * g2))
    shear_low = g1 + f2 / (1 / (g2 - g1) + 6 * (k1 + 2 * g1) * f1 / (5 * g1 * (3 * k1 + 4 * g1)))
    shear_high = g2 + f1 / (1 / (g1 - g2) + 6 * (k2 + 2 * g2) * f2 / (5 * g2 * (3 * k2 + 4 * g2)))
    bulk, shear = elastic.hashin_shtrikman([f1, f2], [k1, k2], [g1, g2])
    assert bulk == pytest.approx((bulk_low, bulk_high), rel=1e-13)
    assert shear == pytest.approx((shear_low, shear_high), rel=1e-13)


def test_phases_of_equal_shear_modulus_have_one_bulk_modulus():
    # Hill 1963: with equal G the bulk modulus is exact, so both bounds agree.
    (low, high), _ = elastic.hashin_shtrikman([0.2, 0.3, 0.5], [5.0, 20.0, 80.0], [7.0, 7.0, 7.0])
    assert low == pytest.approx(high, rel=1e-13)


@given(
    st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(0.1, 1000.0), st.floats(0.1, 1000.0)), min_size=1, max_size=5)
)
def test_bounds_are_ordered(phases):
    weights, bulk, shear = (np.array(column) for column in zip(*phases, strict=True))
    fractions = weights / weights.sum()
    (bulk_low, bulk_high), (shear_low, shear_high) = elastic.hashin_shtrikman(fractions, bulk, shear)
    for moduli, low, high in ((bulk, bulk_low, bulk_high), (shear, shear_low, shear_high)):
        chain = [
            moduli.min(),
            elastic.reuss(fractions, moduli),
            low,
            high,
            elastic.voigt(fractions, moduli),
            moduli.max(),
        ]
        for below, above in zip(chain, chain[1:], strict=False):
            assert below <= above * (1 + 1e-10)


@given(st.floats(1e6, 1e12), st.floats(-0.5, 0.49))
def test_moduli_of_an_isotropic_solid_go_there_and_back(modulus, poisson_ratio):
    bulk, shear = elastic.bulk_modulus(modulus, poisson_ratio), elastic.shear_modulus(modulus, poisson_ratio)
    assert elastic.youngs_modulus(bulk, shear) == pytest.approx(modulus, rel=1e-12)


@pytest.mark.parametrize(
    ("fractions", "moduli"), [([0.5, 0.4], [1.0, 2.0]), ([-0.5, 1.5], [1.0, 2.0]), ([1.0], [0.0]), ([1.0], [1.0, 2.0])]
)
def test_impossible_phases_are_refused(fractions, moduli):
    with pytest.raises(ValueError, match="fraction"):
        elastic.voigt(fractions, moduli)
