"""One arc or two in an impedance spectrum: least squares and an information criterion decide."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from lithiate.analysis.robust import FloatArray
from lithiate.formulas.circuit import ComplexArray, depressed_arc

ACCURACY = 1e-3
"""Share of |Z| that no instrument is better than: no fit counts as closer, and no uncertainty is smaller."""
EVIDENCE = 10.0
"""Difference of the Bayesian information criterion above which two arcs are preferred ("very strong")."""
LARGEST_SPREAD = 0.25
"""Standard uncertainty of ln R of either arc above which it is not resolved."""
SMALLEST_RATIO = 3.0
"""Ratio of time constants below which two arcs are one."""
_STARTS = ((0.1, 1.0), (1.0, 10.0), (0.3, 3.0), (0.03, 1.0), (1.0, 100.0))
_LOWEST_EXPONENT = 0.6


@frozen
class TwoArcs:
    """Resistances of the faster and the slower arc and their standard uncertainties, in the unit of the spectrum."""

    resistances: tuple[float, float]
    uncertainties: tuple[float, float]


def resolve_two_arcs(
    frequency: FloatArray, impedance: ComplexArray, *, start: float, width: float, peak: float, tail: bool
) -> TwoArcs | None:
    """Return two arcs where a spectrum shows two, else None.

    Fits R0 + R1/(1 + (i w tau1)^a1) (+ the same again) (+ A (i w)^-1/2 where a tail follows), residuals relative to
    |Z|, by trust-region least squares in logarithms from several starts.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        Rows of the arcs, without the tail.
    impedance : (n,) complex128
    start, width : float
        Ohmic intercept and width of the arcs, in the unit of `impedance`, to start from.
    peak : float, Hz
        Frequency of the highest -Im Z.
    tail : bool

    Notes
    -----
    A single depressed arc is the rival, so that a spread of time constants alone does not pass for two arcs. Two
    electrodes that differ can look like two arcs: the fit knows of no electrode.
    """
    rows = 2 * frequency.size
    if rows < 24 or not width > 0.0:
        return None
    angular, tau = 2.0 * math.pi * frequency, 1.0 / (2.0 * math.pi * peak)
    foot = max(start, 1e-3 * width)
    extra = [math.log(1e-2 * width * math.sqrt(angular.min()))] if tail else []
    one = _best([[math.log(foot), math.log(width), math.log(tau), 0.9, *extra]], angular, impedance, 1)
    pairs = [[math.log(0.5 * width), math.log(tau * a), 0.95, math.log(0.5 * width), math.log(tau * b), 0.95]
             for a, b in _STARTS]  # fmt: skip
    two = _best([[math.log(foot), *pair, *extra] for pair in pairs], angular, impedance, 2)
    if one is None or two is None:
        return None
    (sum_one, point_one, _), (sum_two, point, jacobian) = one, two
    gain = rows * math.log((sum_one / rows + ACCURACY**2) / (sum_two / rows + ACCURACY**2))
    if gain - (point.size - point_one.size) * math.log(rows) < EVIDENCE:
        return None
    scatter = max(math.sqrt(sum_two / (rows - point.size)), ACCURACY)
    misfit = (_model(point, angular, 2) - impedance) / np.abs(impedance)
    spread = scatter * _correlation(misfit) * _spread_of_parameters(jacobian)
    arcs = sorted((point[k + 1], math.exp(point[k]), float(spread[k])) for k in (1, 4))
    (tau_fast, fast, spread_fast), (tau_slow, slow, spread_slow) = arcs
    if max(spread_fast, spread_slow) > LARGEST_SPREAD or tau_slow - tau_fast < math.log(SMALLEST_RATIO):
        return None
    if min(fast, slow) < 0.02 * width or fast + slow > 1.5 * width:
        return None
    return TwoArcs((fast, slow), (fast * spread_fast, slow * spread_slow))


def _model(point: FloatArray, angular: FloatArray, arcs: int) -> ComplexArray:
    total = np.full(angular.shape, math.exp(point[0]), dtype=np.complex128)
    for k in range(1, 1 + 3 * arcs, 3):
        total += depressed_arc(angular, math.exp(point[k]), math.exp(point[k + 1]), point[k + 2])
    if point.size > 1 + 3 * arcs:
        total += math.exp(point[-1]) / np.sqrt(1j * angular)
    return total


def _correlation(misfit: ComplexArray) -> float:
    """Return by how much residuals that go together from row to row widen the uncertainty of a parameter.

    sqrt((1 + r)/(1 - r)) with the correlation r of neighbours, at least 1: a first-order autoregressive process. What a
    circuit leaves of a spectrum that is not made like it is smooth, and counts as fewer rows than there are.
    """
    power = float((np.abs(misfit) ** 2).sum())
    if not power > 0.0:
        return 1.0
    together = float((misfit[1:] * misfit[:-1].conj()).real.sum()) / power
    together = min(max(together, 0.0), 1.0 - 1.0 / misfit.size)
    return math.sqrt((1.0 + together) / (1.0 - together))


def _spread_of_parameters(jacobian: FloatArray) -> FloatArray:
    """Return the standard deviations of the parameters for unit noise; infinite where the fit leaves one undetermined.

    A tail of next to no size takes no part.
    """
    spread = np.full(jacobian.shape[1], math.inf)
    sizes = np.linalg.norm(jacobian, axis=0)
    seen = sizes > 1e-9 * sizes.max()
    _, singular, right = np.linalg.svd(jacobian[:, seen], full_matrices=False)
    if singular[-1] > 1e-9 * singular[0]:
        spread[seen] = np.linalg.norm(right / singular[:, None], axis=0)
    return spread


def _slopes(point: FloatArray, angular: FloatArray, arcs: int) -> ComplexArray:
    """Return the derivatives of `_model` after each parameter, (p, n)."""
    slopes = np.zeros((point.size, angular.size), dtype=np.complex128)
    slopes[0] = math.exp(point[0])
    for k in range(1, 1 + 3 * arcs, 3):
        slopes[k] = depressed_arc(angular, math.exp(point[k]), math.exp(point[k + 1]), point[k + 2])
        logarithm = np.log(1j * angular) + point[k + 1]
        power = np.exp(point[k + 2] * logarithm)
        slopes[k + 1] = -slopes[k] * point[k + 2] * power / (1.0 + power)
        slopes[k + 2] = -slopes[k] * logarithm * power / (1.0 + power)
    if point.size > 1 + 3 * arcs:
        slopes[-1] = math.exp(point[-1]) / np.sqrt(1j * angular)
    return slopes


def _best(
    starts: list[list[float]], angular: FloatArray, impedance: ComplexArray, arcs: int
) -> tuple[float, FloatArray, FloatArray] | None:
    """Return (sum of squares, parameters, Jacobian) of the best fit from several starts, None when none converges."""
    from scipy.optimize import least_squares

    size = np.abs(impedance)

    def residuals(point: FloatArray) -> FloatArray:
        misfit = (_model(point, angular, arcs) - impedance) / size
        return np.concatenate([misfit.real, misfit.imag])

    def slopes(point: FloatArray) -> FloatArray:
        relative = _slopes(point, angular, arcs) / size
        return np.concatenate([relative.real, relative.imag], axis=1).T

    lower, upper = np.full(len(starts[0]), -60.0), np.full(len(starts[0]), 60.0)
    exponents = slice(3, 1 + 3 * arcs, 3)
    lower[exponents], upper[exponents] = _LOWEST_EXPONENT, 1.0 + 1e-9
    fits = [
        least_squares(residuals, start, slopes, bounds=(lower, upper), x_scale="jac", max_nfev=100) for start in starts
    ]
    done = [fit for fit in fits if fit.status > 0]
    if not done:
        return None
    best = min(done, key=lambda fit: fit.cost)
    return 2.0 * float(best.cost), best.x, best.jac
