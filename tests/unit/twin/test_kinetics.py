"""Closures of charge transfer, each against an oracle that shares no code with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from lithiate.constants import GAS_CONSTANT, thermal_voltage
from lithiate.twin.kinetics import (
    BRANCH_COLUMNS,
    arrhenius,
    branch_current,
    closed_share,
    drive_over_barrier,
    solve_parallel_branches,
)

THERMAL = thermal_voltage(298.15)

compiled = settings(deadline=None)
"""The first call of a compiled function takes seconds."""

overpotentials = st.floats(-0.05, 0.3)
means = st.floats(0.0, 0.07)
widths = st.floats(1e-4, 0.02)
resistances = st.floats(1e-5, 1e-1)
exchanges = st.floats(1.0, 500.0)


def drive_over(overpotential, mean, width):
    return drive_over_barrier(overpotential, mean, width, closed_share(mean, width))


@compiled
@given(overpotentials, means, widths)
def test_drive_is_the_integral_of_the_open_share(overpotential, mean, width):
    drive, slope = drive_over(overpotential, mean, width)
    # the integrand rises from 0 to 1 within a few widths about the mean: say so, or the quadrature may step over it
    edges = (mean + k * width for k in (-8.0, -2.0, 0.0, 2.0, 8.0))
    points = sorted({min(max(edge, 0.0), max(overpotential, 0.0)) for edge in edges})
    expected = quad(
        lambda x: norm.cdf((x - mean) / width), 0.0, overpotential, points=points, epsabs=1e-14, epsrel=1e-12, limit=200
    )[0]
    assert drive == pytest.approx(max(expected, 0.0), abs=1e-12, rel=1e-9)
    # 8 standard deviations below the barrier the function is cut to zero
    assert slope == pytest.approx(norm.cdf((overpotential - mean) / width), abs=1e-15, rel=1e-12)


@compiled
@given(means, widths)
def test_no_drive_without_overpotential(mean, width):
    assert drive_over(0.0, mean, width)[0] == 0.0


@compiled
@given(st.floats(0.0, 0.07), st.floats(1e-4, 5e-3))
def test_drive_far_above_the_barrier_is_the_overpotential_less_its_mean(mean, width):
    # What of the normal distribution lies below zero counts from zero: width (phi(z) - z Phi(-z)), z = mean/width.
    z = mean / width
    below = width * (norm.pdf(z) - z * norm.cdf(-z))
    drive, slope = drive_over(0.3, mean, width)
    assert drive == pytest.approx(0.3 - mean - below, rel=1e-12)
    assert slope == pytest.approx(1.0, abs=1e-12)


@compiled
@given(overpotentials, means)
def test_sharp_barrier_is_the_limit_of_a_narrow_one(overpotential, mean):
    sharp, _ = drive_over(overpotential, mean, 0.0)
    narrow, _ = drive_over(overpotential, mean, 1e-8)
    assert sharp == max(overpotential - mean, 0.0)
    assert narrow == pytest.approx(sharp, abs=1e-8)


@compiled
@given(st.floats(1e-6, 0.3), resistances, exchanges)
def test_branch_current_is_the_root_of_film_and_charge_transfer(drive, resistance, exchange):
    def imbalance(j):
        return j * resistance + 2.0 * THERMAL * math.asinh(j / (2.0 * exchange)) - drive

    density, slope = branch_current(drive, resistance, exchange, THERMAL)
    expected = brentq(imbalance, 0.0, drive / resistance, xtol=1e-15 * drive / resistance, rtol=1e-15)
    assert density == pytest.approx(expected, rel=1e-11)
    # by the inverse function theorem, dj/du = 1 / (R + (2RT/F) / sqrt(j^2 + 4 j0^2))
    assert slope == pytest.approx(1.0 / (resistance + 2.0 * THERMAL / math.hypot(expected, 2.0 * exchange)), rel=1e-6)


@compiled
@given(resistances, exchanges)
def test_branch_is_linear_at_small_drive(resistance, exchange):
    drive = 1e-7
    density, slope = branch_current(drive, resistance, exchange, THERMAL)
    assert density == pytest.approx(drive / (resistance + THERMAL / exchange), rel=1e-9)
    assert slope == pytest.approx(1.0 / (resistance + THERMAL / exchange), rel=1e-9)


@pytest.mark.parametrize("drive", [0.0, -0.01])
def test_branch_carries_nothing_without_drive(drive):
    assert branch_current(drive, 1e-3, 80.0, THERMAL) == (0.0, 1.0 / (1e-3 + THERMAL / 80.0))


def solve(current, branches, exchange=80.0, guess=0.01):
    shares = np.empty(len(branches))
    table = np.zeros((len(branches), BRANCH_COLUMNS))
    table[:, :4] = branches
    eta, slope = solve_parallel_branches(float(current), table, (float(exchange), THERMAL, 0.0), float(guess), shares)
    return eta, slope, shares


@compiled
@given(st.floats(0.1, 200.0), st.floats(0.5, 5.0), resistances, exchanges)
def test_single_branch_is_the_asinh_formula(current, area, resistance, exchange):
    eta, _, shares = solve(current, [[area, resistance, 0.0, 0.0]], exchange)
    density = current / area
    expected = density * resistance + 2.0 * THERMAL * math.asinh(density / (2.0 * exchange))
    assert eta == pytest.approx(expected, rel=1e-9)
    assert shares[0] == pytest.approx(current, rel=4e-16)  # to rounding


branch_tables = st.lists(
    st.tuples(st.floats(0.1, 50.0), resistances, st.floats(0.0, 0.06), st.floats(0.0, 0.012)), min_size=1, max_size=5
)


@compiled
@given(st.floats(0.1, 200.0), branch_tables, st.floats(-0.2, 2.0))
def test_branches_share_the_current_from_any_guess(current, branches, guess):
    eta, slope, shares = solve(current, branches, guess=guess)
    assert math.isfinite(eta)
    assert slope > 0.0
    assert math.fsum(shares) == pytest.approx(current, rel=4e-16 * len(branches))
    for share, (area, resistance, mean, width) in zip(shares, branches, strict=True):
        drive, _ = drive_over(eta, mean, width)
        expected = area * branch_current(drive, resistance, 80.0, THERMAL)[0]
        assert share == pytest.approx(expected, rel=1e-6, abs=3e-7 * current)


@compiled
@given(st.floats(0.1, 150.0), st.floats(1.001, 2.0), branch_tables)
def test_overpotential_rises_with_current(current, factor, branches):
    low, _, small = solve(current, branches)
    high, _, large = solve(current * factor, branches)
    assert high > low
    assert np.all(large >= small * (1.0 - 1e-6))


@compiled
@given(st.floats(0.1, 200.0), branch_tables, st.randoms(use_true_random=False))
def test_order_of_branches_does_not_matter(current, branches, random):
    order = list(range(len(branches)))
    random.shuffle(order)
    eta, _, shares = solve(current, branches)
    other, _, shuffled = solve(current, [branches[k] for k in order])
    assert other == pytest.approx(eta, rel=1e-11)
    np.testing.assert_allclose(shuffled, shares[order], rtol=1e-6, atol=3e-7 * current)


def test_slope_is_that_of_the_current():
    branches = [[3.0, 7.5e-4, 0.002, 0.001], [1.0, 2e-3, 0.03, 0.006]]
    eta, slope, _ = solve(10.0, branches)
    step = 1e-4
    difference = (solve(10.0 + step, branches)[0] - solve(10.0 - step, branches)[0]) / (2.0 * step)
    assert slope == pytest.approx(1.0 / difference, rel=1e-6)
    assert eta > 0.0


def test_branch_without_area_takes_no_part():
    with_closed = solve(10.0, [[1.0, 1e-3, 0.0, 0.0], [0.0, 1e-3, 0.0, 0.0]])
    alone = solve(10.0, [[1.0, 1e-3, 0.0, 0.0]])
    assert with_closed[0] == alone[0]
    assert with_closed[2][1] == 0.0


def test_no_branch_gives_no_overpotential():
    eta, slope, _ = solve(10.0, [[0.0, 1e-3, 0.0, 0.0]])
    assert math.isnan(eta)
    assert slope == 0.0


@compiled
@given(st.floats(1e3, 1e5), st.floats(273.15, 333.15))
def test_arrhenius_has_its_slope(energy, temperature):
    assert arrhenius(2.5, energy, 298.15, 298.15) == 2.5
    if abs(temperature - 298.15) < 1.0:
        temperature += 5.0
    ratio = math.log(arrhenius(2.5, energy, temperature, 298.15) / 2.5)
    assert ratio / (1.0 / 298.15 - 1.0 / temperature) == pytest.approx(energy / GAS_CONSTANT, rel=1e-9)
