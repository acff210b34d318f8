"""Levenberg-Marquardt for many spectra and starts at once, in logarithms, within bounds."""

from __future__ import annotations

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from lithiate.analysis.circuits.circuit import Circuit
from lithiate.formulas.circuit import ComplexArray, FloatArray

LARGEST_STEP = 2.0
"""Of a logarithm in one iteration."""
LARGEST_EXPONENT_STEP = 0.2
_FIRST_DAMPING, _LOWEST_DAMPING, _HIGHEST_DAMPING = 1e-2, 1e-9, 1e8
_UP, _DOWN = 8.0, 0.2
_PROBE, _MOST_BEND = 0.1, 0.375


@frozen(eq=False)
class Problem:
    """Spectra to be fitted, each with its weights and bounds.

    A parameter is fitted as u = ln p, an exponent as it is.

    Parameters
    ----------
    circuit : Circuit
    w : (1, n) or (m, n) float64, rad/s
    impedance : (m, n) complex128
    weight : (m, 2n) float64
        Of real and imaginary parts in turn; 0 takes a row out.
    lower, upper : (m, p) float64
        Bounds of u; a parameter whose bounds meet is fixed.
    """

    circuit: Circuit
    w: FloatArray
    impedance: ComplexArray
    weight: FloatArray
    lower: FloatArray
    upper: FloatArray
    log_iw: ComplexArray = field(init=False)
    logarithmic: NDArray[np.bool_] = field(init=False)

    @log_iw.default
    def _log_iw(self) -> ComplexArray:
        return np.asarray(np.log(1j * self.w))

    @logarithmic.default
    def _logarithmic(self) -> NDArray[np.bool_]:
        return np.array([parameter.of_element.name != "exponent" for parameter in self.circuit.parameters])

    def values(self, point: FloatArray) -> FloatArray:
        """Return parameters of points u, both (..., p)."""
        return np.where(self.logarithmic, np.exp(np.where(self.logarithmic, point, 0.0)), point)

    def point(self, values: FloatArray) -> FloatArray:
        """Return points u of parameters, both (..., p)."""
        return np.where(self.logarithmic, np.log(np.where(self.logarithmic, values, 1.0)), values)

    def at(self, spectra: NDArray[np.int64]) -> Problem:
        """Return the problem of some of the spectra, in the order of their numbers, which may repeat."""
        one = self.w.shape[0] == 1
        rows = {name: getattr(self, name)[spectra] for name in ("impedance", "weight", "lower", "upper")}
        return evolve(self, w=self.w if one else self.w[spectra], **rows)

    def residual(self, point: FloatArray) -> FloatArray:
        """Return weighted residuals (m, 2n), model minus measured."""
        impedance, _ = self.circuit.response(self.w, self.log_iw, self.values(point))
        return (impedance - self.impedance).view(np.float64) * self.weight

    def misfit(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return weighted residuals (m, 2n), model minus measured, and their derivatives after u (m, p, 2n)."""
        values = self.values(point)
        impedance, slopes = self.circuit.response(self.w, self.log_iw, values)
        residual = (impedance - self.impedance).view(np.float64) * self.weight
        jacobian = slopes.view(np.float64)
        jacobian *= self.weight[:, None, :]
        jacobian *= np.where(self.logarithmic, values, 1.0)[:, :, None]
        return residual, jacobian


@frozen(eq=False)
class Minimum:
    """Where the minimisation of m problems ended.

    Parameters
    ----------
    point : (m, p) float64
        Parameters u.
    cost : (m,) float64
        Sum of squared weighted residuals.
    curvature : (m, p, p) float64
        J^T J there.
    gradient : (m, p) float64
        J^T r there.
    converged : (m,) bool
    """

    point: FloatArray
    cost: FloatArray
    curvature: FloatArray
    gradient: FloatArray
    converged: NDArray[np.bool_]

    def at(self, rows: NDArray[np.int64]) -> Minimum:
        """Return some of the minima."""
        return Minimum(
            self.point[rows], self.cost[rows], self.curvature[rows], self.gradient[rows], self.converged[rows]
        )


def minimise(
    problem: Problem, start: FloatArray, *, iterations: int, tolerance: float, accelerate: bool = False
) -> Minimum:
    """Minimise the sums of squares of m problems from one start each.

    Parameters
    ----------
    problem : Problem
    start : (m, p) float64
        Parameters u; moved into the bounds.
    iterations : int
        At most.
    tolerance : float
        A problem is done when an accepted step lowers its sum of squares by less than this share.
    accelerate : bool
        Bend each step along the valley it lies in, by the second derivative in its direction. That costs an evaluation
        a step, and saves many where parameters make up for one another (arcs that overlap).

    Notes
    -----
    Marquardt's scaling; steps are cut to `LARGEST_STEP` and to the bounds, and a parameter at a bound from which the
    gradient would drive it out is held there. Problems that are done are left out of further iterations.

    References
    ----------
    Marquardt, J. Soc. Ind. Appl. Math. 11, 431 (1963); geodesic acceleration: Transtrum and Sethna, arXiv:1201.5885.
    """
    point = np.clip(start, problem.lower, problem.upper)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        residual, jacobian = problem.misfit(point)
        cost = np.einsum("mn,mn->m", residual, residual)
        curvature, gradient = _normal(residual, jacobian)
        damping = np.full(cost.shape, _FIRST_DAMPING)
        converged = np.zeros(cost.shape, dtype=bool)
        active, current = np.arange(point.shape[0]), problem
        for _ in range(iterations):
            if not active.size:
                break
            here = point[active]
            matrix, driven = _damped(current, here, curvature[active], gradient[active], damping[active])
            change = np.asarray(-np.linalg.solve(matrix, driven[:, :, None])[:, :, 0])
            if accelerate:
                change = _bent(current, here, change, matrix, residual[active], jacobian[active])
            trial = _within(current, here, change)
            tried, slopes = current.misfit(trial)
            reached = np.einsum("mn,mn->m", tried, tried)
            better = reached < cost[active]  # also False where it is no number
            moved = active[better]
            gain = np.zeros(active.shape)
            gain[better] = 1.0 - reached[better] / cost[moved]
            point[moved], cost[moved] = trial[better], reached[better]
            damping[moved] = np.maximum(_DOWN * damping[moved], _LOWEST_DAMPING)
            damping[active[~better]] *= _UP
            if accelerate:
                residual[moved], jacobian[moved] = tried[better], slopes[better]
            curvature[moved], gradient[moved] = _normal(tried[better], slopes[better])
            still = np.all(trial == here, axis=1) & ~better
            done = (better & (gain < tolerance)) | (damping[active] > _HIGHEST_DAMPING) | still | (cost[active] == 0.0)
            if done.any():
                converged[active[done]] = True
                active = active[~done]
                current = problem.at(active)
    return Minimum(point, cost, curvature, gradient, converged)


def _normal(residual: FloatArray, jacobian: FloatArray) -> tuple[FloatArray, FloatArray]:
    return jacobian @ jacobian.transpose(0, 2, 1), (jacobian @ residual[:, :, None])[:, :, 0]


def _damped(
    problem: Problem, point: FloatArray, curvature: FloatArray, gradient: FloatArray, damping: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return J^T J with Marquardt's damping, and the gradient; rows of parameters that are held are those of 1."""
    held = held_at_bound(problem, point, gradient)
    diagonal = np.einsum("mii->mi", curvature)
    scaling = np.maximum(diagonal, 1e-12 * diagonal.max(axis=1, keepdims=True)) + 1e-300
    matrix, driven = curvature.copy(), gradient
    if held.any():
        matrix[held[:, :, None] | held[:, None, :]] = 0.0
        driven = np.where(held, 0.0, gradient)
    np.einsum("mii->mi", matrix)[:] += damping[:, None] * scaling + held
    return matrix, driven


def _within(problem: Problem, point: FloatArray, change: FloatArray) -> FloatArray:
    """Return where a step leads, cut to the longest step and to the bounds."""
    most = np.where(problem.logarithmic, LARGEST_STEP, LARGEST_EXPONENT_STEP)
    return np.clip(point + np.clip(change, -most, most), problem.lower, problem.upper)


def _bent(
    problem: Problem,
    point: FloatArray,
    change: FloatArray,
    matrix: FloatArray,
    residual: FloatArray,
    jacobian: FloatArray,
) -> FloatArray:
    """Return the step with half the acceleration added, where that is small beside the step."""
    ahead = problem.residual(point + _PROBE * change)
    along = (change[:, None, :] @ jacobian)[:, 0, :]
    bend = (2.0 / _PROBE) * ((ahead - residual) / _PROBE - along)
    bend[~np.isfinite(bend).all(axis=1)] = 0.0
    pull = (jacobian @ bend[:, :, None])[:, :, 0]
    pull[change == 0.0] = 0.0  # held parameters stay
    acceleration = -np.linalg.solve(matrix, pull[:, :, None])[:, :, 0]
    scale = np.sqrt(np.einsum("mii->mi", matrix))
    small = np.linalg.norm(scale * acceleration, axis=1) <= _MOST_BEND * np.linalg.norm(scale * change, axis=1)
    return np.where(small[:, None], change + 0.5 * acceleration, change)


def held_at_bound(problem: Problem, point: FloatArray, gradient: FloatArray) -> NDArray[np.bool_]:
    """Return which parameters (m, p) are fixed, or at a bound that the gradient would drive them out of."""
    low = (point <= problem.lower) & (gradient >= 0.0)
    high = (point >= problem.upper) & (gradient <= 0.0)
    return low | high
