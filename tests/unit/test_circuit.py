"""Elements of impedance against sums, ladders and limits."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.formulas.circuit import (
    depressed_arc,
    finite_length_diffusion,
    parallel_resistor_capacitor,
    porous_line,
    sphere_diffusion,
)

W = np.logspace(-4, 6, 31)


def test_resistor_beside_capacitor():
    expected = 1.0 / (1.0 / 30.0 + 1j * W * 2e-5)
    np.testing.assert_allclose(parallel_resistor_capacitor(W, 30.0, 2e-5), expected, rtol=1e-14)
    np.testing.assert_allclose(depressed_arc(W, 30.0, 30.0 * 2e-5, 1.0), expected, rtol=1e-12)


def test_a_depressed_arc_keeps_its_ends_and_its_angle():
    arc = depressed_arc(np.array([1e-8, 1e-3, 1e8]), 5.0, 1e3, 0.7)
    assert arc[0].real == pytest.approx(5.0, rel=1e-3)
    assert abs(arc[2]) < 1e-6
    # at w tau = 1 it is R/2 (1 - i tan(pi a/4))
    assert arc[1] == pytest.approx(2.5 * (1.0 - 1j * np.tan(0.25 * np.pi * 0.7)), rel=1e-12)
    assert np.angle(arc[2]) == pytest.approx(-0.7 * np.pi / 2, abs=1e-6)


def test_finite_length_diffusion_is_the_sum_of_its_modes():
    """Tanh(s)/s = sum of 2/(s^2 + (k - 1/2)^2 pi^2); the rest of the sum, for large k, is 2/(pi^2 K)."""
    tau, count = 3.0, 200_000
    rates = ((np.arange(1, count + 1) - 0.5) * np.pi) ** 2
    w = np.array([1e-3, 0.1, 1.0, 10.0, 100.0])
    expected = np.array([(2.0 / (1j * x * tau + rates)).sum() for x in w]) + 2.0 / (np.pi**2 * count)
    np.testing.assert_allclose(finite_length_diffusion(w, 1.0, tau), expected, rtol=1e-9)


@pytest.mark.parametrize("line", [1e-3, 1.0, 30.0])
def test_a_pore_is_a_ladder(line):
    """Richardson's extrapolation of ladders of 200 and 400 rungs, each half a rail, a rung, half a rail."""
    wall = parallel_resistor_capacitor(W, 2.0, 1e-3) + 0.5
    area = 4.0

    def ladder(rungs):
        seen = np.full(W.shape, np.inf, dtype=complex)
        rail, rung = line / rungs / 2.0, wall * rungs / area
        for _ in range(rungs):
            beyond = rail + seen
            with np.errstate(invalid="ignore"):
                joined = np.where(np.isinf(beyond), rung, rung * beyond / (rung + beyond))
            seen = rail + joined
        return seen

    coarse, fine = ladder(200), ladder(400)
    np.testing.assert_allclose(porous_line(wall, area, line), fine + (fine - coarse) / 3.0, rtol=1e-6)


def test_a_shallow_pore_has_a_third_of_its_line():
    wall = np.full(1, 1.0 + 0j)
    assert porous_line(wall, 2.0, 1e-3)[0] == pytest.approx(0.5 + 1e-3 / 3.0, rel=1e-6)


def test_sphere_diffusion_is_the_sum_of_its_modes():
    """tanh(s)/(s - tanh(s)) = 3/s^2 + sum of 2/(s^2 + k^2), the k being the roots of tan(k) = k."""
    count = np.arange(1, 200_001)
    roots = (count + 0.5) * np.pi
    for _ in range(6):
        roots = (count * np.pi) + np.arctan(roots)
    tau, w = 3.0, np.array([1e-3, 0.1, 1.0, 10.0, 100.0])
    rest = 2.0 / (np.pi**2 * (count[-1] + 1.0))
    expected = np.array([3.0 / (1j * x * tau) + (2.0 / (1j * x * tau + roots**2)).sum() for x in w]) + rest
    np.testing.assert_allclose(sphere_diffusion(w, 1.0, tau), expected, rtol=1e-8)


def test_a_slow_sphere_is_a_capacitor_behind_a_fifth_of_its_resistance():
    slow = sphere_diffusion(np.array([1e-4]), 5.0, 2.0)[0]
    assert slow.real == pytest.approx(1.0, rel=1e-4)
    assert slow.imag == pytest.approx(-3.0 * 5.0 / (1e-4 * 2.0), rel=1e-4)
    assert np.angle(sphere_diffusion(np.array([1e9]), 5.0, 2.0)[0]) == pytest.approx(-np.pi / 4, abs=1e-4)
