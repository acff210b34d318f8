"""Whether the points of an Arrhenius plot bend, or lie on two lines."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from lithiate.analysis.robust import FloatArray
from lithiate.constants import GAS_CONSTANT

FEWEST_EACH = 3
"""Temperatures that each of two lines must have."""
LEAST_PROBABILITY = 0.01
"""Two lines must better one by more than scatter does once in a hundred times."""
_PLACES = 400


@frozen
class Regimes:
    """Two straight lines that meet.

    Parameters
    ----------
    cold_energy, warm_energy : float, J/mol
        Slopes below and above the crossover.
    cold_uncertainty, warm_uncertainty : float, J/mol
        Standard, for the crossover as it is.
    crossover_temperature : float, K
        Where the lines meet.
    crossover_height : float
        Logarithm of the resistance (over the temperature, in that form) there.
    probability : float
        Of so much less scatter about two lines if there is one (F test with two more parameters).
    """

    cold_energy: float
    warm_energy: float
    cold_uncertainty: float
    warm_uncertainty: float
    crossover_temperature: float
    crossover_height: float
    probability: float


def bend_of(place: FloatArray, height: FloatArray, weight: FloatArray) -> tuple[float | None, float]:
    """Return the probability of a bend this large on a straight line, and the change of the slope over the range.

    Parameters
    ----------
    place : (n,) float64, mol/J
        1/(R T).
    height, weight : (n,) float64
        Logarithms, and one over their standard deviations up to a factor.

    Returns
    -------
    (float or None, float)
        By a t test of a quadratic term, None below four temperatures; and J/mol.
    """
    from scipy.special import stdtr

    if np.unique(place).size < 4:
        return None, 0.0
    scale = float(np.ptp(place))
    x = (place - place.mean()) / scale
    solution, spread, _ = _solve([np.ones_like(x), x, x**2], height, weight)
    size = abs(solution[2]) / spread[2] if spread[2] > 0.0 else math.inf
    return float(2.0 * stdtr(place.size - 3, -size)), 2.0 * abs(float(solution[2])) / scale


def find_regimes(place: FloatArray, height: FloatArray, weight: FloatArray) -> Regimes | None:
    """Return two lines that meet, where they describe the points better than one line and than a parabola.

    ``ln R = a + b x + c max(x - x0, 0)``, x = 1/(R T): x0 from a grid between the third temperature from either end;
    at least `FEWEST_EACH` temperatures on each side. Better than one line by an F test with two more parameters, and
    than a parabola by more than one parameter is worth (Akaike).
    """
    from scipy.special import fdtrc

    levels = np.unique(place)
    if levels.size < 2 * FEWEST_EACH or place.size <= 5:
        return None
    scale = float(np.ptp(place))
    x = (place - place.mean()) / scale
    ordered = np.unique(x)
    plain = [np.ones_like(x), x]
    one = _squares(plain, height, weight)
    knots = np.linspace(ordered[FEWEST_EACH - 1], ordered[-FEWEST_EACH], _PLACES)
    # What a kink takes off the squares, for all places at once: its part that is not in the line.
    basis, _ = np.linalg.qr(weight[:, None] * np.column_stack(plain))
    kinks = weight[:, None] * np.maximum(x[:, None] - knots, 0.0)
    kinks -= basis @ (basis.T @ kinks)
    gain = ((weight * height) @ kinks) ** 2 / (kinks**2).sum(axis=0)
    at = float(knots[int(np.argmax(gain))])
    best = _squares([*plain, np.maximum(x - at, 0.0)], height, weight)
    freedom = place.size - 4
    floor = 1e-24 * float(((weight * height) ** 2).sum())
    ratio = 0.5 * (one - best) / max(best / freedom, floor)
    probability = float(fdtrc(2.0, freedom, max(ratio, 0.0)))
    parabola = _squares([*plain, x**2], height, weight)
    smooth = place.size * math.log(max(parabola, floor) / max(best, floor)) < 2.0
    if probability >= LEAST_PROBABILITY or smooth:
        return None
    columns = [*plain, np.maximum(x - at, 0.0)]
    solution, spread, covariance = _solve(columns, height, weight)
    # 1/(R T) grows towards the cold: the slope beyond the knot is the cold one.
    warm, cold = float(solution[1]), float(solution[1] + solution[2])
    of_cold = math.sqrt(max(float(covariance[1, 1] + covariance[2, 2] + 2.0 * covariance[1, 2]), 0.0))
    crossover = 1.0 / (GAS_CONSTANT * (at * scale + float(place.mean())))
    return Regimes(
        cold_energy=cold / scale,
        warm_energy=warm / scale,
        cold_uncertainty=of_cold / scale,
        warm_uncertainty=float(spread[1]) / scale,
        crossover_temperature=crossover,
        crossover_height=float(solution[0] + solution[1] * at),
        probability=probability,
    )


def _solve(
    columns: list[FloatArray], height: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return coefficients, their standard uncertainties and covariance, the variance from the scatter."""
    design = weight[:, None] * np.column_stack(columns)
    solution, *_ = np.linalg.lstsq(design, weight * height, rcond=None)
    residual = weight * height - design @ solution
    freedom = max(height.size - design.shape[1], 1)
    covariance = np.linalg.pinv(design.T @ design) * float(residual @ residual) / freedom
    return np.asarray(solution), np.sqrt(np.diag(covariance)), np.asarray(covariance)


def _squares(columns: list[FloatArray], height: FloatArray, weight: FloatArray) -> float:
    design = weight[:, None] * np.column_stack(columns)
    solution, *_ = np.linalg.lstsq(design, weight * height, rcond=None)
    residual = weight * height - design @ solution
    return float(residual @ residual)
