"""Intervals of parameters by profile likelihood: how far one can go before the best fit of all others is refused.

An end of an interval is the point of the surface S(u) = S0 + s^2 F(1, dof) that lies furthest out in the quantity
asked for. Each step solves this for the quadratic model of S, all parameters, sides and levels of all spectra at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.analysis.circuits.circuit import Circuit
from lithiate.analysis.circuits.least_squares import Problem
from lithiate.analysis.circuits.result import CircuitFit
from lithiate.errors import AnalysisError, nearest_match
from lithiate.formulas.circuit import FloatArray

LEVELS = (0.95, 0.80)
PLUS = " + "
"""Between the names of parameters whose sum is asked for."""
_ITERATIONS = 60
_CLOSE = 0.01
"""Share of the allowed rise, and of the way gone, within which an end is found."""
_MISS = 0.5
"""Steps whose sum of squares exceeds that of the quadratic model by more than this share of the rise are taken back."""
_LARGEST_STEP, _LARGEST_EXPONENT_STEP = 2.0, 0.2
_UNBOUNDED = 1e300
_STILL = 1e-3
"""Steps of u below this are none."""
_STIFFNESS = 1e-4
"""Holds parameters that do not show in place, as a share of the allowed rise a unit of u."""


@frozen
class Profile:
    """Intervals of a parameter, or of a sum of parameters.

    Parameters
    ----------
    name : str
        ``R2.resistance`` or ``R2.resistance + R3.resistance``.
    value : float
    intervals : mapping of level to (low, high)
        None on a side where the sum of squares has not risen enough at the bound, or as far as it was followed: the
        interval is open there.
    """

    name: str
    value: float
    intervals: Mapping[float, tuple[float | None, float | None]]


def profile_intervals(
    fits: Sequence[CircuitFit],
    names: Sequence[str],
    *,
    levels: Sequence[float] = LEVELS,
    widening: Sequence[float] | None = None,
) -> list[dict[str, Profile]]:
    """Return profile-likelihood intervals of some parameters of fits of one circuit.

    Parameters
    ----------
    fits : sequence of CircuitFit
        Of one circuit, with spectra of one length.
    names : sequence of str
        Parameters, or sums of parameters that are not exponents: ``R2.resistance + R3.resistance``.
    levels : sequence of float
    widening : sequence of float, optional
        Factor of each fit by which its noise counts as larger, 1 without it.

    Returns
    -------
    list of dict of name to Profile, one for each fit

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for fits that are not alike, or a parameter that is none.

    Notes
    -----
    s^2 is the mean square of the residuals (`CircuitFit.variance`), F the quantile of Fisher's distribution, which is
    the square of Student's. Exact for parameters that enter linearly, however strongly the others bend (Bates & Watts,
    Nonlinear Regression Analysis (1988), section 6.1). The step is that of Venzon & Moolgavkar, Appl. Stat. 37, 87
    (1988), with J^T J for the second derivatives. A fixed parameter has its value at both ends.
    """
    if not fits:
        return []
    if any(str(fit.circuit) != str(fits[0].circuit) or fit.measured.size != fits[0].measured.size for fit in fits):
        raise AnalysisError("profiles are of fits of one circuit to spectra of one length", code="LI-ANA-001")
    circuit = fits[0].circuit
    members = np.array([_members(circuit, name) for name in names])
    shape = (len(fits), len(names), len(levels), 2)
    which, quantity, level, side = (axis.ravel() for axis in np.indices(shape))
    problem = fitted_problem(fits)
    point = np.clip(problem.point(np.array([fit.values for fit in fits])), problem.lower, problem.upper)
    rise = np.array([_rises(fit, levels) for fit in fits])
    if widening is not None:
        rise *= np.asarray(widening, dtype=np.float64)[:, None] ** 2
    sum_of_squares = np.array([fit.sum_of_squares for fit in fits])
    ends, known = _ends(
        problem.at(which),
        point[which],
        members[quantity],
        np.where(side == 1, 1.0, -1.0),
        sum_of_squares[which],
        rise[which, level],
    )
    ends, known = ends.reshape(shape), known.reshape(shape)
    start = _quantity(problem.values(point)[:, None, :], members)
    return [
        {
            name: Profile(
                name,
                float(start[k, j]),
                {
                    level: (
                        _or_none(ends[k, j, i, 0], known[k, j, i, 0]),
                        _or_none(ends[k, j, i, 1], known[k, j, i, 1]),
                    )
                    for i, level in enumerate(levels)
                },
            )
            for j, name in enumerate(names)
        }
        for k in range(len(fits))
    ]


def fitted_problem(fits: Sequence[CircuitFit]) -> Problem:
    """Return the problem that fits of one circuit to spectra of one length have solved."""
    w = 2.0 * math.pi * np.array([fit.frequency for fit in fits])
    lower, upper = np.array([fit.lower for fit in fits]), np.array([fit.upper for fit in fits])
    problem = Problem(
        fits[0].circuit,
        w[:1] if np.array_equal(w, np.broadcast_to(w[:1], w.shape)) else w,
        np.array([fit.measured for fit in fits]),
        np.array([fit.weight for fit in fits]),
        lower,
        upper,
    )
    lower[:], upper[:] = problem.point(lower), problem.point(upper)
    return problem


def summands(name: str) -> list[str]:
    """Return the names of the parameters of a sum, written with or without blanks around its plus signs."""
    return [part.strip() for part in name.split(PLUS.strip())]


def _members(circuit: Circuit, name: str) -> FloatArray:
    """Return 1 for each parameter that a quantity is the sum of, (p,)."""
    found = np.zeros(len(circuit.parameters))
    for part in summands(name):
        if part not in circuit.names:
            raise AnalysisError(
                f"{circuit} has no such parameter",
                code="LI-ANA-001",
                got=part,
                expected=", ".join(circuit.names),
                nearest=nearest_match(part, circuit.names),
            )
        found[circuit.names.index(part)] = 1.0
    return found


def _rises(fit: CircuitFit, levels: Sequence[float]) -> list[float]:
    """Return by how much the sum of squares may rise at each level."""
    from scipy.special import stdtrit

    return [fit.variance * float(stdtrit(fit.freedom, 0.5 + 0.5 * level)) ** 2 for level in levels]


def _or_none(value: float, known: bool) -> float | None:
    return float(value) if known else None


def _quantity(values: FloatArray, members: FloatArray) -> FloatArray:
    return np.asarray((values * members).sum(axis=-1))


def _direction(problem: Problem, point: FloatArray, members: FloatArray) -> FloatArray:
    """Return the derivatives after u of an exponent, or of the logarithm of any other quantity, (m, p)."""
    shares = problem.values(point) * members
    alone = members.sum(axis=1, keepdims=True) == 1.0
    return np.where(alone, members, shares / shares.sum(axis=1, keepdims=True))


def _ends(
    problem: Problem, start: FloatArray, members: FloatArray, side: FloatArray, lowest: FloatArray, rise: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the ends of intervals (m,), and whether they are ends: False where a bound was reached first."""
    point, target = start.copy(), lowest + rise
    active, current = np.arange(len(point)), problem
    pull, cap = np.full(len(point), _UNBOUNDED), np.ones(len(point))
    open_end = np.zeros(len(point), dtype=bool)
    residual, jacobian = problem.misfit(point)
    cost = np.einsum("mn,mn->m", residual, residual)
    curvature = jacobian @ jacobian.transpose(0, 2, 1)
    gradient = (jacobian @ residual[:, :, None])[:, :, 0]
    most = np.where(problem.logarithmic, _LARGEST_STEP, _LARGEST_EXPONENT_STEP)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(_ITERATIONS):
            toward = side[active, None] * _direction(current, point[active], members[active])
            back, along, pull[active], stuck = _outward(
                current, point[active], curvature[active], gradient[active], toward, pull[active],
                target[active] - cost[active], rise[active],
            )  # fmt: skip
            way = np.einsum("mi,mi->m", toward, along)
            gone = np.abs(_distance(problem, start[active], point[active], members[active]))
            settled = (np.abs(way) <= _CLOSE * gone) & (np.abs(cost[active] - target[active]) <= _CLOSE * rise[active])
            shut = stuck & (cost[active] <= target[active])
            open_end[active[shut]] = True
            left = ~(settled | shut)
            if not left.all():
                active, back, along = active[left], back[left], along[left]
                current = problem.at(active)
            if not active.size:
                break
            # Parameters that make up for one another must keep step: steps are shortened, not each component by itself.
            back, _ = _shortened(back / most, cap[active])
            along, tried = _shortened(along / most, cap[active])
            trial = np.clip(point[active] + (back + along) * most, current.lower, current.upper)
            change = trial - point[active]
            expected = cost[active] + np.einsum(
                "mi,mi->m", change, 2.0 * gradient[active] + (curvature[active] @ change[:, :, None])[:, :, 0]
            )
            residual, jacobian = current.misfit(trial)
            reached = np.einsum("mn,mn->m", residual, residual)
            miss = (reached - expected) / np.maximum(rise[active], cost[active] - expected)
            good = miss <= _MISS  # also False where it is no number
            moved = active[good]
            point[moved], cost[moved] = trial[good], reached[good]
            curvature[moved] = jacobian[good] @ jacobian[good].transpose(0, 2, 1)
            gradient[moved] = (jacobian[good] @ residual[good][:, :, None])[:, :, 0]
            wider = np.where(np.abs(miss) < 0.25 * _MISS, np.maximum(cap[active], 3.0 * tried), cap[active])
            cap[active] = np.where(good, np.minimum(wider, 1.0), 0.3 * tried)
    # Not found in so many steps, and still below: nothing says where the end would be.
    open_end[active[cost[active] < target[active]]] = True
    return _quantity(problem.values(point), members), ~open_end


def _distance(problem: Problem, start: FloatArray, point: FloatArray, members: FloatArray) -> FloatArray:
    """Return how far a quantity has come, in its logarithm unless it is an exponent, (m,)."""
    first, last = _quantity(problem.values(start), members), _quantity(problem.values(point), members)
    exponent = (members * ~problem.logarithmic).any(axis=1)
    return np.where(exponent, last - first, np.log(last / first))


def _outward(
    problem: Problem,
    point: FloatArray,
    curvature: FloatArray,
    gradient: FloatArray,
    toward: FloatArray,
    pull: FloatArray,
    room: FloatArray,
    rise: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.bool_]]:
    """Return the step furthest along `toward` on the quadratic model, its multiplier (m,), and who is at a bound.

    max toward . d with 2 gradient . d + d H d = room has d = H^-1 (pull toward - gradient). It is given in two parts
    (m, p): to the bottom of the valley, as far out as before, and along the valley.
    """
    driven = gradient - pull[:, None] * toward
    held = ((point <= problem.lower) & (driven >= 0.0)) | ((point >= problem.upper) & (driven <= 0.0))
    matrix = np.where(held[:, :, None] | held[:, None, :], 0.0, curvature)
    places = np.arange(point.shape[1])
    stiffness = _STIFFNESS * rise[:, None] + 1e-10 * np.einsum("mii->mi", curvature)
    matrix[:, places, places] += np.where(held, 1.0, stiffness)
    sides = np.where(held[:, :, None], 0.0, np.stack([gradient, toward], axis=2))
    downhill, uphill = np.moveaxis(np.linalg.solve(matrix, sides), 2, 0)
    room = room + np.einsum("mi,mi->m", np.where(held, 0.0, gradient), downhill)
    reach = np.einsum("mi,mi->m", np.where(held, 0.0, toward), uphill)
    stuck = ~(reach > 0.0)
    found = np.sqrt(np.divide(np.maximum(room, 0.0), reach, out=np.zeros_like(room), where=~stuck))
    level = np.divide(np.einsum("mi,mi->m", toward, downhill), reach, out=np.zeros_like(room), where=~stuck)
    along = np.where(stuck, 0.0, found - level)[:, None] * uphill
    back = np.where(stuck, 0.0, level)[:, None] * uphill - downhill
    # A bound that the quantity itself runs into keeps it as long as there is room.
    found = np.where(stuck, np.where(room > 0.0, _UNBOUNDED, 0.0), found)
    return np.nan_to_num(back), np.nan_to_num(along), found, stuck & (np.abs(back).max(axis=1) < _STILL)


def _shortened(step: FloatArray, most: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return steps (m, p) no component of which is above `most`, and their largest components (m,)."""
    length = np.abs(step).max(axis=1)
    kept = np.minimum(length, most)
    return step * (kept / np.maximum(length, 1e-300))[:, None], kept
