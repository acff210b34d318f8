"""Transport, nucleation, interphase, host, mechanics and shorts: each closure against an independent oracle."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize_scalar

from lithiate.twin.host import contact_share, interior_capacity, lithiophilic_share, open_share, penetration
from lithiate.twin.mechanics import FLAW_CLASSES, fatigue_increment, flaw_factors, intact_sites
from lithiate.twin.nucleation import covered_share, fading_barrier
from lithiate.twin.sei import (
    LARGEST_LOSS,
    additive_cover,
    bounded_loss,
    film_resistance,
    loss_factor,
    roughness_factor,
)
from lithiate.twin.short_circuit import birth_rate
from lithiate.twin.transport import (
    FLOOR,
    conductivity_ratio,
    factor_tridiagonal,
    floored,
    saturation,
    solve_tridiagonal,
)

compiled = settings(deadline=None)
"""The first call of a compiled function takes seconds."""

# ------------------------------------------------------------------------------------------------------- transport


@compiled
@given(st.floats(-1e4, 1e4))
def test_floor_is_a_smooth_positive_maximum(concentration):
    mean = 1000.0
    value = floored(concentration, mean)
    assert value > 0.0 or concentration < -1e3 * mean
    # x = c/2 + sqrt(c^2/4 + f^2) solves x (x - c) = f^2
    assert value * (value - concentration) == pytest.approx((FLOOR * mean) ** 2, rel=1e-6)
    assert value >= max(concentration, 0.0)
    if concentration > 0.1 * mean:
        assert value == pytest.approx(concentration, rel=2.0 * (FLOOR * mean / concentration) ** 2)


def test_conductivity_is_highest_at_the_stated_concentration():
    found = minimize_scalar(lambda c: -conductivity_ratio(c, 1000.0, 1200.0), bounds=(100.0, 4000.0), method="bounded")
    assert found.x == pytest.approx(1200.0, rel=1e-4)
    assert conductivity_ratio(1000.0, 1000.0, 1200.0) == 1.0
    # (1200/1000) exp(-200/1200), by hand
    assert -found.fun == pytest.approx(1.2 * math.exp(-1.0 / 6.0), rel=1e-9)


@compiled
@given(st.floats(0.01, 20.0))
def test_saturation_and_its_slope(fill):
    share, slope = saturation(fill)
    step = 1e-5 * fill
    difference = (saturation(fill + step)[0] - saturation(fill - step)[0]) / (2.0 * step)
    assert slope == pytest.approx(difference, rel=1e-6, abs=1e-9)
    assert 0.0 < share <= min(fill, 1.0)


def test_saturation_limits():
    assert saturation(0.01)[0] == pytest.approx(0.01, rel=1e-12)
    assert saturation(20.0)[0] == pytest.approx(1.0, rel=1e-8)


@compiled
@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_tridiagonal_solver(size, seed):
    random = np.random.default_rng(seed)
    lower, upper, right = random.normal(size=(3, size))
    diagonal = 0.1 + np.abs(lower) + np.abs(upper)
    matrix = np.diag(diagonal) + np.diag(lower[1:], -1) + np.diag(upper[:-1], 1)
    solution = right.copy()
    inverse, ratio = np.zeros(size), np.zeros(size)
    factor_tridiagonal(lower, diagonal, upper, inverse, ratio)
    solve_tridiagonal(lower, inverse, ratio, solution)
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, right), rtol=1e-10, atol=1e-12)


# ------------------------------------------------------------------------------------------------------ nucleation


@compiled
@given(st.floats(0.0, 0.07), st.floats(0.0, 1.0), st.floats(0.0, 1e4))
def test_barrier_fades_from_its_start_to_what_persists(initial, persistent, deposited):
    barrier = fading_barrier(initial, persistent, deposited, 720.0)
    assert fading_barrier(initial, persistent, 0.0, 720.0) == pytest.approx(initial, rel=1e-12)
    assert fading_barrier(initial, persistent, 1e6, 720.0) == pytest.approx(initial * persistent, rel=1e-12)
    # It solves db/dq = -(b - f b_0)/q_n: the distance from the end falls to exp(-1) over each q_n.
    later = fading_barrier(initial, persistent, deposited + 720.0, 720.0)
    floor = initial * persistent
    assert later - floor == pytest.approx((barrier - floor) / math.e, rel=1e-9, abs=1e-15)


@compiled
@given(st.floats(0.0, 1e5), st.floats(1.0, 1e4))
def test_cover_multiplies_what_is_bare(deposit, more):
    bare = 1.0 - covered_share(deposit, 5400.0)
    assert 1.0 - covered_share(deposit + more, 5400.0) == pytest.approx(bare * math.exp(-more / 5400.0), abs=1e-15)
    assert covered_share(-more, 5400.0) == 0.0


# ------------------------------------------------------------------------------------------------------ interphase


def test_additive_protects_half_at_its_half_amount():
    assert additive_cover(0.13 * 2000.0, 2000.0, 0.13) == pytest.approx(0.5)
    assert additive_cover(0.0, 2000.0, 0.13) == 0.0
    assert additive_cover(-1.0, 2000.0, 0.13) == 0.0
    assert additive_cover(2000.0, 2000.0, 0.13) == pytest.approx(1.0 / 1.13)


def test_losses_rise_by_the_protection_when_the_additive_is_gone():
    assert loss_factor(1.0, 4.5) == 1.0
    assert loss_factor(0.0, 4.5) == 5.5


def test_roughness_factor_is_one_at_unit_roughness():
    assert roughness_factor(1.0, 1.5) == 1.0
    assert roughness_factor(2.3, 1.5) == pytest.approx(2.0**1.5)
    assert roughness_factor(-1.0, 1.5) == roughness_factor(0.0, 1.5)


def test_loss_is_bounded():
    assert bounded_loss(0.01) == 0.01
    assert bounded_loss(3.0) == LARGEST_LOSS


@compiled
@given(st.floats(0.0, 1e6))
def test_film_resistance_is_linear_in_interphase(interphase):
    fresh = 7.5e-4
    assert film_resistance(fresh, interphase, 24000.0) - fresh == pytest.approx(fresh * interphase / 24000.0, rel=1e-9)
    assert film_resistance(fresh, -1.0, 24000.0) == fresh
    assert film_resistance(fresh, 24000.0, 24000.0) == 2.0 * fresh


# ------------------------------------------------------------------------------------------------------------ host


def test_poisson_capture_against_particles_placed_at_random():
    captures, intact, other, buried = 1.2, 0.7, 0.3, 0.25
    mean = (captures * intact + other) * math.exp(-buried)
    hits = np.random.default_rng(0).poisson(mean, size=400_000)
    standard_error = 0.5 / math.sqrt(hits.size)
    assert lithiophilic_share(captures, intact, other, buried) == pytest.approx(
        np.mean(hits > 0), abs=4 * standard_error
    )


@compiled
@given(st.floats(0.0, 8.0), st.floats(0.0, 1.0), st.floats(0.0, 8.0), st.floats(-1.0, 50.0))
def test_sites_are_a_share_that_damage_and_interphase_lower(nitride, intact, other, buried):
    share = lithiophilic_share(nitride, intact, other, buried)
    assert 0.0 <= share <= 1.0
    assert lithiophilic_share(nitride, 0.5 * intact, other, buried) <= share
    assert lithiophilic_share(nitride, intact, other, max(buried, 0.0) + 1.0) <= share


def test_interior_capacity():
    assert interior_capacity(1000.0, 0.9, 500.0, 2.0, 100.0) == pytest.approx(1000.0 + 450.0 - 200.0)
    assert interior_capacity(1000.0, 0.9, -500.0, 2.0, -100.0) == 1000.0
    assert interior_capacity(0.0, 0.9, 0.0, 2.0, 100.0) == 1.0


def test_contact_share_is_a_logistic():
    assert contact_share(0.12, 0.12, 0.03) == 0.5
    assert contact_share(0.15, 0.12, 0.03) == pytest.approx(math.e / (1.0 + math.e))
    assert contact_share(0.09, 0.12, 0.03) == pytest.approx(1.0 - contact_share(0.15, 0.12, 0.03))


@pytest.mark.parametrize("depth", [1e-6, 3e-5, 3e-4])
def test_penetration_against_a_resistor_ladder(depth):
    """Pores in `n` slices: half a slice of electrolyte, a surface element, half a slice; the far end is closed."""
    area_density, conductivity, resistance, n = 3e5, 0.3, 1.0e-3, 4000
    slice_resistance = depth / n / conductivity
    shunt = resistance / (area_density * depth / n)
    impedance = math.inf
    for k in range(n):
        behind = impedance + slice_resistance if k else math.inf
        impedance = 1.0 / (1.0 / shunt + 1.0 / behind)
    impedance += 0.5 * slice_resistance
    share = resistance / (area_density * depth) / impedance
    assert penetration(depth, area_density, conductivity, resistance) == pytest.approx(share, rel=1e-5)


def test_penetration_is_whole_in_a_thin_interior():
    assert penetration(1e-12, 1e5, 1.0, 1e-3) == 1.0
    # 1 - nu^2/3 where it just is not, nu = 1e-3
    assert penetration(1e-4, 0.1, 1.0, 1e-3) == pytest.approx(1.0 - 1e-6 / 3.0, rel=1e-9)


def test_open_share_closes_when_full():
    assert open_share(0.0, 7.0) == open_share(-0.1, 7.0) == 1.0
    assert open_share(1.0, 7.0) == open_share(1.2, 7.0) == 0.0
    assert open_share(0.5, 7.0) == pytest.approx(1.0 - 0.5**7)


# ------------------------------------------------------------------------------------------------------- mechanics


@settings(deadline=None, max_examples=10)
@given(st.floats(0.01, 1.5))
def test_flaws_have_mean_one_and_are_lognormal(width):
    factors = flaw_factors(width)
    assert factors.shape == (FLAW_CLASSES,)
    assert factors.mean() == pytest.approx(1.0, rel=1e-12)
    # each class is the mean of a lognormal variable of mean 1 between two of its quantiles, by numerical integration
    ranks = (np.arange(FLAW_CLASSES * 40) + 0.5) / (FLAW_CLASSES * 40)
    normal = NormalDist()
    drawn = np.exp(width * np.array([normal.inv_cdf(rank) for rank in ranks]) - 0.5 * width * width)
    means = drawn.reshape(FLAW_CLASSES, -1).mean(axis=1)
    np.testing.assert_allclose(factors[1:-1], means[1:-1], rtol=1e-4)
    np.testing.assert_allclose(factors[[0, -1]], means[[0, -1]], rtol=0.03)
    assert np.all(np.diff(factors) > 0.0)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 4.0])
@pytest.mark.parametrize("exposure", [0.0, 0.01, 0.05, 0.1, 0.3])
def test_intact_sites_against_integration(exposure, exponent):
    """dD/dX = f (1 - D)^-m, integrated as dX/dD = (1 - D)^m / f, which is smooth up to the loss of a class at D = 1."""
    run = solve_ivp(
        lambda damage, _: [(1.0 - damage) ** exponent], (0.0, 1.0), [0.0], rtol=1e-12, atol=1e-14, dense_output=True
    )
    remaining = []
    for factor in flaw_factors(0.45):
        target = factor * exposure
        if target >= run.y[0, -1]:
            remaining.append(0.0)
        else:
            remaining.append(1.0 - brentq(lambda damage, x=target: run.sol(damage)[0] - x, 0.0, 1.0))
    assert intact_sites(exposure, flaw_factors(0.45), exponent) == pytest.approx(np.mean(remaining), abs=1e-6)


def test_all_sites_are_lost_in_the_end():
    assert intact_sites(100.0, flaw_factors(0.45), 3.0) == 0.0


def test_fatigue_increment():
    assert fatigue_increment(0.28, 0.0, 1.0, 3.0) == 0.28
    assert fatigue_increment(0.28, 0.5, 1.0, 3.0) == pytest.approx(0.28 / 8.0)
    assert fatigue_increment(0.28, 0.0, 0.5, 3.0) == pytest.approx(0.28 / 8.0)
    assert fatigue_increment(0.28, 0.0, 7.0, 3.0) == 0.28
    assert fatigue_increment(0.28, 0.0, -1.0, 3.0) == 0.0


# ---------------------------------------------------------------------------------------------------------- shorts


def test_shorts_are_born_as_the_square_of_the_reach():
    # Both deposits reach across: the rate itself; a quarter when they reach half way, also as a mean of the two.
    assert birth_rate(3e-6, 25e-6, 25e-6, 25e-6) == pytest.approx(3e-6)
    assert birth_rate(3e-6, 25e-6, 0.0, 25e-6) == pytest.approx(0.75e-6)
    assert birth_rate(3e-6, 0.0, 0.0, 25e-6) == 0.0
