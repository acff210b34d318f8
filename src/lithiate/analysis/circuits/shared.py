"""Spectra of one cell fitted together, with some parameters in common or on a straight line.

The normal equations have the shape of an arrow: each spectrum's own parameters meet only those that are shared. They
are eliminated spectrum by spectrum (Schur complement), so that the work grows with the number of spectra, not with its
cube.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import ArrayLike, NDArray

from lithiate.analysis.circuits.circuit import Circuit
from lithiate.analysis.circuits.fit import STARTS, fit_circuits, least_inverse, place_of, prepared, search
from lithiate.analysis.circuits.least_squares import (
    LARGEST_EXPONENT_STEP,
    LARGEST_STEP,
    Problem,
    held_at_bound,
)
from lithiate.analysis.circuits.result import CircuitFit
from lithiate.errors import AnalysisError
from lithiate.formulas.circuit import FloatArray

_ITERATIONS, _TOLERANCE = 200, 1e-9
_FIRST_DAMPING, _LOWEST_DAMPING, _HIGHEST_DAMPING = 1e-3, 1e-9, 1e8
_UP, _DOWN = 8.0, 0.2
SLOPE = " slope"
"""Behind the name of a parameter that follows a line, for its slope."""


@frozen(eq=False, kw_only=True)
class SharedFit:
    """Spectra fitted together.

    Parameters
    ----------
    fits : tuple of CircuitFit
        Of each spectrum. Their spreads are those of the fit of all; profiles of them would be those of each alone.
    names : tuple of str
        What is shared: parameters, and slopes of those that follow a line (``ZARC1.time_constant slope``).
    values : (s,) float64
        In SI units; of a parameter that follows a line its value at the mean of x.
    covariance : (s, s) float64
        Of what is fitted: ln p, an exponent, a slope of either.
    sum_of_squares : float
        Of residuals over the noise of their spectrum, as each alone shows it.
    freedom : int
    converged : bool
    """

    fits: tuple[CircuitFit, ...]
    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    sum_of_squares: float
    freedom: int
    converged: bool

    @property
    def spreads(self) -> FloatArray:
        """Standard deviations (s,) of ln p, of an exponent, or of a slope."""
        return np.sqrt(np.diag(self.covariance))


def fit_shared(
    circuit: Circuit | str,
    frequency: ArrayLike,
    impedance: ArrayLike,
    shared: Sequence[str] = (),
    *,
    follows: Mapping[str, ArrayLike] | None = None,
    weights: str | ArrayLike = "modulus",
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed: Mapping[str, float] | None = None,
) -> SharedFit:
    """Fit a circuit to spectra of one cell, some parameters being the same in all, or following a line.

    Parameters
    ----------
    circuit, frequency, impedance, weights, bounds, fixed
        As of `fit_circuits`.
    shared : sequence of str
        Parameters with one value for all spectra: ``CPE1.exponent``.
    follows : mapping of str to (m,) array-like, optional
        Parameters on a line in x, ln p = ln p0 + slope (x - mean x), or the same of an exponent; x = 1/(R T) makes the
        slope an activation energy. Bounds do not hold for them.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` as `fit_circuits`; for a parameter that is both shared and fixed or following, for bounds that
        leave a shared one no room, and for x of another length than the spectra, or the same in all.

    Notes
    -----
    Each spectrum counts by the noise that its own fit shows. The fit starts from the fits of each alone: what is shared
    from their mean, weighted by their spreads, the rest from a search with that held. Levenberg-Marquardt as in
    `least_squares`, with one damping for all.

    References
    ----------
    Schur complement of block-arrow normal equations: Triggs et al., Bundle adjustment - a modern synthesis (2000),
    section 6.
    """
    frequencies, problem = prepared(circuit, frequency, impedance, weights, bounds, fixed)
    alone = fit_circuits(circuit, frequencies, problem.impedance, weights=weights, bounds=bounds, fixed=fixed)
    noise = np.sqrt([fit.variance for fit in alone])
    joint = _joint(evolve(problem, weight=problem.weight / noise[:, None]), shared, follows or {}, fixed or {})
    theta, own = _start(joint, alone)
    solved = _minimise(joint, theta, own)
    return _result(joint, solved, alone, noise)


@frozen(eq=False)
class _Joint:
    """Spectra whose parameters are u = own + design theta."""

    problem: Problem
    names: tuple[str, ...]
    design: FloatArray  # (m, p, s)
    lower: FloatArray  # (s,)
    upper: FloatArray
    common: NDArray[np.bool_] = field(init=False)  # (p,)

    @common.default
    def _common(self) -> NDArray[np.bool_]:
        return np.asarray((self.design != 0.0).any(axis=(0, 2)))

    def point(self, theta: FloatArray, own: FloatArray) -> FloatArray:
        """Return the points (m, p) of all spectra."""
        return np.where(self.common, self.design @ theta, own)


def _joint(
    problem: Problem, shared: Sequence[str], follows: Mapping[str, ArrayLike], fixed: Mapping[str, float]
) -> _Joint:
    circuit, count = problem.circuit, len(problem.impedance)
    columns: list[tuple[str, int, FloatArray]] = []
    for name in dict.fromkeys([*shared, *follows]):
        k = place_of(circuit, name)
        if name in fixed or (name in shared and name in follows):
            raise AnalysisError("a parameter is shared in two ways, or shared and fixed", code="LI-ANA-001", got=name)
        columns.append((name, k, np.ones(count)))
        if name in follows:
            x = np.asarray(follows[name], dtype=np.float64)
            if x.shape != (count,) or not np.isfinite(x).all() or not np.ptp(x) > 0.0:
                raise AnalysisError(
                    f"what {name} follows is no line",
                    code="LI-ANA-001",
                    got=f"{x.size} values from {x.min(initial=math.inf):g} to {x.max(initial=-math.inf):g}",
                    expected=f"{count} numbers that differ",
                )
            columns.append((name + SLOPE, k, x - x.mean()))
    design = np.zeros((count, len(circuit.parameters), len(columns)))
    lower, upper = np.full(len(columns), -np.inf), np.full(len(columns), np.inf)
    for place, (name, k, column) in enumerate(columns):
        design[:, k, place] = column
        if name in shared:
            lower[place], upper[place] = problem.lower[:, k].max(), problem.upper[:, k].min()
            if lower[place] > upper[place]:
                raise AnalysisError(f"the bounds of {name} leave no room in all spectra", code="LI-ANA-001")
    return _Joint(problem, tuple(name for name, _, _ in columns), design, lower, upper)


def _start(joint: _Joint, alone: Sequence[CircuitFit]) -> tuple[FloatArray, FloatArray]:
    """Return what is shared, as lines through the fits of each alone, and the rest, searched with that held."""
    problem = joint.problem
    points = problem.point(np.array([fit.values for fit in alone]))
    spreads = np.array([fit.spreads for fit in alone])
    theta = np.zeros(len(joint.names))
    for k in np.flatnonzero(joint.common):
        columns = np.flatnonzero((joint.design[:, k] != 0.0).any(axis=0))
        spread = np.where(np.isfinite(spreads[:, k]), spreads[:, k], 10.0)
        weight = 1.0 / np.maximum(spread, 1e-4)
        line = joint.design[:, k][:, columns] * weight[:, None]
        theta[columns] = np.linalg.lstsq(line, points[:, k] * weight, rcond=None)[0]
    theta = np.clip(theta, joint.lower, joint.upper)
    start = joint.point(theta, points)
    held = evolve(
        problem,
        lower=np.where(joint.common, start, problem.lower),
        upper=np.where(joint.common, start, problem.upper),
    )
    minimum, _, _ = search(held, STARTS, start)
    return theta, minimum.point


@frozen(eq=False)
class _Equations:
    """Normal equations of all spectra, and what eliminating their own parameters leaves.

    Parameters
    ----------
    inverse : (m, p, p) float64
        Of the block of each spectrum's own parameters.
    coupling : (m, p, s) float64
    schur : (s, s) float64
    """

    inverse: FloatArray
    coupling: FloatArray
    schur: FloatArray


@frozen(eq=False)
class _Solved:
    theta: FloatArray
    point: FloatArray
    costs: FloatArray
    held: NDArray[np.bool_]
    equations: _Equations
    converged: bool


def _minimise(joint: _Joint, theta: FloatArray, own: FloatArray) -> _Solved:
    """Return the minimum of the sum over all spectra."""
    problem, damping, converged = joint.problem, _FIRST_DAMPING, False
    point = joint.point(theta, own)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        costs, curvature, gradient = _evaluated(problem, point)
        for _ in range(_ITERATIONS):
            held = _held(joint, point, gradient)
            step, change = _step(joint, theta, curvature, gradient, held, damping)
            next_theta = np.clip(theta + step, joint.lower, joint.upper)
            moved = np.clip(point + change, problem.lower, problem.upper)
            trial = joint.point(next_theta, moved)
            reached, next_curvature, next_gradient = _evaluated(problem, trial)
            if not reached.sum() < costs.sum():
                damping *= _UP
                if damping > _HIGHEST_DAMPING:
                    converged = True
                    break
                continue
            gain = 1.0 - reached.sum() / costs.sum()
            theta, point, costs, curvature, gradient = next_theta, trial, reached, next_curvature, next_gradient
            damping = max(_DOWN * damping, _LOWEST_DAMPING)
            if gain < _TOLERANCE:
                converged = True
                break
        held = _held(joint, point, gradient)
        equations = _eliminated(joint, curvature, held, 0.0)
    return _Solved(theta, point, costs, held, equations, converged)


def _evaluated(problem: Problem, point: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return sums of squares (m,), J^T J (m, p, p) and gradients (m, p)."""
    residual, jacobian = problem.misfit(point)
    costs = np.einsum("mn,mn->m", residual, residual)
    return costs, jacobian @ jacobian.transpose(0, 2, 1), (jacobian @ residual[:, :, None])[:, :, 0]


def _held(joint: _Joint, point: FloatArray, gradient: FloatArray) -> NDArray[np.bool_]:
    """Return which parameters (m, p) take no part of their own: shared, fixed, or at a bound."""
    return held_at_bound(joint.problem, point, gradient) | joint.common


def _eliminated(joint: _Joint, curvature: FloatArray, held: NDArray[np.bool_], damping: float) -> _Equations:
    diagonal = np.einsum("mii->mi", curvature)
    scaling = np.maximum(diagonal, 1e-12 * diagonal.max(axis=1, keepdims=True))
    block = curvature.copy()
    block[held[:, :, None] | held[:, None, :]] = 0.0
    inverse: FloatArray
    if damping > 0.0:
        np.einsum("mii->mi", block)[:] += damping * scaling + held
        inverse = np.asarray(np.linalg.inv(block), dtype=np.float64)
        inverse[held[:, :, None] | held[:, None, :]] = 0.0
    else:
        found = np.array([least_inverse(own, ~out) for own, out in zip(curvature, held, strict=True)])
        inverse = np.asarray(np.where(np.isfinite(found), found, 1e12))
    reach = curvature @ joint.design
    coupling = np.where(held[:, :, None], 0.0, reach)
    corner = np.einsum("mps,mpt->st", joint.design, reach)
    schur: FloatArray = (
        corner + damping * np.diag(np.diag(corner)) - np.einsum("mps,mpq,mqt->st", coupling, inverse, coupling)
    )
    return _Equations(inverse, coupling, schur)


def _step(
    joint: _Joint,
    theta: FloatArray,
    curvature: FloatArray,
    gradient: FloatArray,
    held: NDArray[np.bool_],
    damping: float,
) -> tuple[FloatArray, FloatArray]:
    """Return the step of what is shared (s,), and of each spectrum's own parameters (m, p)."""
    equations = _eliminated(joint, curvature, held, damping)
    own = np.where(held, 0.0, gradient)
    pull = np.einsum("mps,mp->s", joint.design, gradient) - np.einsum(
        "mps,mpq,mq->s", equations.coupling, equations.inverse, own
    )
    shut = ((theta <= joint.lower) & (pull >= 0.0)) | ((theta >= joint.upper) & (pull <= 0.0))
    matrix = np.where(shut[:, None] | shut[None, :], 0.0, equations.schur) + np.diag(shut.astype(np.float64))
    step = -np.linalg.solve(matrix, np.where(shut, 0.0, pull))
    change = -np.einsum("mpq,mq->mp", equations.inverse, own + equations.coupling @ step)
    most = np.where(joint.problem.logarithmic, LARGEST_STEP, LARGEST_EXPONENT_STEP)
    return step, np.clip(change, -most, most)


def _result(joint: _Joint, solved: _Solved, alone: Sequence[CircuitFit], noise: FloatArray) -> SharedFit:
    problem, equations = joint.problem, solved.equations
    count, shared = len(alone), len(joint.names)
    fixed = problem.lower == problem.upper
    rows = 2 * sum(int(np.count_nonzero(fit.used)) for fit in alone)
    freedom = max(rows - int(np.count_nonzero(~solved.held)) - shared, 1)
    total = float(solved.costs.sum())
    variance = max(1.0, total / freedom)
    free = ~((solved.theta <= joint.lower) | (solved.theta >= joint.upper))
    inverse = least_inverse(equations.schur, free)
    values = problem.values(solved.point)
    # What a spectrum's own parameters do when the shared ones move.
    moves = joint.design - equations.inverse @ equations.coupling
    covariance = variance * (equations.inverse + moves @ inverse @ moves.transpose(0, 2, 1))
    fitted = [problem.circuit.impedance(fit.frequency, own) for fit, own in zip(alone, values, strict=True)]
    fits = [
        evolve(
            fit,
            fitted=fitted[k],
            values=values[k],
            held=solved.held[k] & ~joint.common & ~fixed[k],
            lower=problem.values(problem.lower[k]),
            upper=problem.values(problem.upper[k]),
            sum_of_squares=float(solved.costs[k]) * noise[k] ** 2,
            freedom=max(round(freedom / count), 1),
            converged=solved.converged,
            rival=None,
        )
        for k, fit in enumerate(alone)
    ]
    return SharedFit(
        fits=tuple(
            evolve(fit, inverse_curvature=own / fit.variance) for fit, own in zip(fits, covariance, strict=True)
        ),
        names=joint.names,
        values=_shared_values(joint, solved.theta),
        covariance=variance * inverse,
        sum_of_squares=total,
        freedom=freedom,
        converged=solved.converged,
    )


def _shared_values(joint: _Joint, theta: FloatArray) -> FloatArray:
    exponent = np.array([SLOPE in name or name.endswith(".exponent") for name in joint.names], dtype=bool)
    return np.where(exponent, theta, np.exp(np.where(exponent, 0.0, theta)))
