"""The integrator: coefficients against the order conditions, and orders of convergence as they are measured."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.twin import solver
from lithiate.twin.states import (
    ADDITIVE,
    OUT_VOLTAGE,
    Q_INTERIOR,
    Q_ON_CARBON,
    Q_SEI_TOP,
    Q_TOP,
    ROUGHNESS,
    SALT,
    SALT_CELLS,
    STATES,
)

ALPHA, GAMMA = solver._ALPHA, solver._GAMMA_MATRIX
WEIGHTS, EMBEDDED = solver._WEIGHTS, solver._EMBEDDED
ONES = np.ones(solver.STAGES)
A, G = ALPHA @ ONES, GAMMA @ ONES


def order_conditions(weights, order):
    """Residuals of the order conditions of a W-method, any matrix (Hairer & Wanner II, sec. IV.7)."""
    residuals = [weights @ ONES - 1.0]
    if order >= 2:
        residuals += [weights @ A - 1.0 / 2.0, weights @ G]
    if order >= 3:
        residuals += [weights @ A**2 - 1.0 / 3.0, weights @ ALPHA @ A - 1.0 / 6.0]
        residuals += [weights @ ALPHA @ G, weights @ GAMMA @ A, weights @ GAMMA @ G]
    return np.abs(residuals).max()


def test_coefficients_have_order_three_with_any_matrix():
    assert order_conditions(WEIGHTS, 3) < 1e-15


def test_embedded_weights_have_order_two_and_no_more():
    assert order_conditions(EMBEDDED, 2) < 1e-15
    assert order_conditions(EMBEDDED, 3) > 1e-2


def test_method_is_stiffly_accurate_and_damps_what_is_infinitely_stiff():
    # R(inf) = 1 - b^T (alpha + Gamma)^-1 1
    assert abs(1.0 - WEIGHTS @ np.linalg.solve(ALPHA + GAMMA, ONES)) < 1e-14
    assert abs(1.0 - EMBEDDED @ np.linalg.solve(ALPHA + GAMMA, ONES)) < 1.0
    np.testing.assert_allclose((ALPHA + GAMMA)[-1], WEIGHTS, atol=1e-15)
    assert A[-1] == 1.0


def test_method_is_stable_on_the_left_half_plane():
    """|R(z)| <= 1 on the imaginary axis; no pole lies left of it, so that the maximum principle does the rest."""
    z = 1j * np.logspace(-3, 6, 400)
    matrix = np.eye(solver.STAGES)[None] - z[:, None, None] * (ALPHA + GAMMA)[None]
    growth = 1.0 + z * (np.linalg.solve(matrix, np.tile(ONES, (z.size, 1))[:, :, None])[:, :, 0] @ WEIGHTS)
    assert np.abs(growth).max() <= 1.0 + 1e-12


def test_dense_output_has_order_two_with_any_matrix_and_ends_at_the_step():
    first = solver.DENSE_WEIGHTS @ GAMMA
    assert first @ ONES == pytest.approx(1.0, abs=1e-13)
    assert abs(first @ A) < 1e-13
    assert abs(first @ G) < 1e-13
    # At the end, weights p + (b - p) are those of the step; their transform is what the solver uses.
    np.testing.assert_allclose(solver.STEP_WEIGHTS @ GAMMA, WEIGHTS, atol=1e-13)
    np.testing.assert_allclose(solver.ERROR_WEIGHTS @ GAMMA, WEIGHTS - EMBEDDED, atol=1e-13)


def test_dense_output_of_the_compiled_function_is_a_polynomial_of_the_stages():
    """Both ends, and a cubic in time that Hermite interpolation must give back exactly."""
    random = np.random.default_rng(3)
    h = 7.0
    coefficients = random.normal(size=(4, STATES))

    def cubic(t):
        return coefficients[0] + t * (coefficients[1] + t * (coefficients[2] + t * coefficients[3]))

    def slope(t):
        return coefficients[1] + t * (2.0 * coefficients[2] + 3.0 * t * coefficients[3])

    stages = random.normal(size=(solver.STAGES + 3, STATES))
    end = cubic(h)
    end[SALT:] = cubic(0.0)[SALT:] + solver.STEP_WEIGHTS @ stages[: solver.STAGES, SALT:]
    for theta in (0.0, 0.3, 1.0):
        point = np.zeros(STATES)
        solver.interpolate(theta, h, cubic(0.0), slope(0.0), end, slope(h), stages, point)
        np.testing.assert_allclose(point[:SALT], cubic(theta * h)[:SALT], rtol=1e-10, atol=1e-10)
        if theta in (0.0, 1.0):
            np.testing.assert_allclose(point[SALT:], (cubic(0.0) if theta == 0.0 else end)[SALT:], atol=1e-12)


def measured_orders(bench, experiment, name, start, span, counts, finest):
    """Errors at the end of a segment with fixed steps, against `finest` steps; return (orders, relative errors).

    The segment begins `start` seconds into the first half cycle, at an accurate state. Index STATES is the voltage.
    """
    cell = bench(name, experiment)
    cell.begin()
    cell.advance(cell.y, 0, start, tolerance=1e-9)

    def end(count):
        y = cell.y.copy()
        reason, _, steps = cell.advance(y, 0, span, fixed_step=span / count, guess=cell.guess.copy())
        assert reason == solver.COMPLETE
        assert steps == count
        return np.append(y, cell.evaluate(y, 0)[1][OUT_VOLTAGE])

    exact = end(finest)
    errors = np.abs([end(count) - exact for count in counts])
    steps = np.log(span / np.array(counts))
    with np.errstate(divide="ignore"):
        logs = np.log(errors)
    orders = np.array(
        [np.polyfit(steps, logs[:, i], 1)[0] if errors[:, i].min() > 0.0 else np.nan for i in range(STATES + 1)]
    )
    return orders, errors[0] / np.maximum(np.abs(exact), 1e-300)


def test_order_three_of_salt_and_voltage_where_steps_resolve_diffusion(bench, cycling):
    """20 ms after 20 ms of plating, steps of 1.3 ms to 40 us: the salt still moves, its fastest mode is resolved."""
    counts = (16, 32, 64, 128, 256, 512)
    orders, sizes = measured_orders(bench, cycling(), "Li foil", 0.02, 0.02, counts, 4096)
    for index in (SALT, SALT + SALT_CELLS - 1, STATES):
        assert orders[index] == pytest.approx(3.0, abs=0.3)
        assert sizes[index] > 1e-10


@pytest.mark.parametrize(
    ("name", "start", "span", "states"),
    [
        ("Li foil", 60.0, 600.0, (Q_TOP, Q_SEI_TOP, ROUGHNESS)),
        ("Li foil", 600.0, 2400.0, (Q_TOP, Q_SEI_TOP, ROUGHNESS, ADDITIVE)),
        ("WN@HCN/Li", 600.0, 1200.0, (Q_INTERIOR, Q_TOP, Q_SEI_TOP, ROUGHNESS, Q_ON_CARBON)),
    ],
)
def test_order_three_of_lithium_at_the_steps_that_are_used(bench, cycling, name, start, span, states):
    counts = (6, 8, 12, 16, 24, 32, 48) if name == "Li foil" else (8, 12, 16, 24, 32, 48, 64)
    orders, _ = measured_orders(bench, cycling(), name, start, span, counts, 512)
    for index in states:
        assert orders[index] == pytest.approx(3.0, abs=0.3), index


@pytest.mark.parametrize(("name", "start", "span"), [("Li foil", 1200.0, 1800.0), ("WN@HCN/Li", 600.0, 1200.0)])
def test_order_three_of_salt_and_voltage_where_steps_skip_diffusion(bench, cycling, name, start, span):
    """No order reduction: over steps of a minute the salt is in a steady state that drifts as the dead layer grows.

    The matrix of the method holds how dead layers and drying change diffusion; without that a W-method of order 3 keeps
    order 2 for such a drift. The host is one with lithium on top and a dead layer that grows; in the composite both are
    so small that what is left of the error is rounding.
    """
    counts = (6, 8, 12, 16, 24, 32, 48)
    orders, sizes = measured_orders(bench, cycling(), name, start, span, counts, 512)
    for index in (SALT, STATES):
        assert orders[index] == pytest.approx(3.0, abs=0.3)
        assert sizes[index] < 3e-3
