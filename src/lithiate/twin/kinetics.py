"""Charge transfer: one branch, barriers that are distributions, branches in parallel.

All functions work in SI units on scalars and are compiled. Overpotentials and currents are magnitudes: positive in the
direction in which the electrode is driven (plating or stripping).
"""

from __future__ import annotations

import math

from lithiate._jit import Matrix, Vector, njit
from lithiate.constants import GAS_CONSTANT

_SQRT_HALF = math.sqrt(0.5)
_INVERSE_SQRT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
_NEWTON_STEPS = 60
_CLOSED_COLUMN, _SLOPE_COLUMN = 4, 5
BRANCH_COLUMNS = 6
_NEWTON_TOLERANCE = 1e-5
_SHARPEST = 1e-9
_CLOSED = -8.0
"""Standard deviations below its barrier at which a site counts as closed: 1e-15 of it is open."""


@njit
def closed_share(mean: float, width: float) -> float:
    """Return the part of `drive_over_barrier` that depends on the barrier alone [V].

    The drive is counted from zero overpotential: this is the integral of Phi((x - mean)/width) from minus infinity to
    0.
    """
    if width < _SHARPEST or mean > -_CLOSED * width:
        return 0.0
    return width * _normal_integral(-mean / width)[0]


@njit
def drive_over_barrier(overpotential: float, mean: float, width: float, closed: float) -> tuple[float, float]:
    """Return the mean drive over a distribution of barriers, and its slope.

    The barrier b is normal with `mean` and standard deviation `width`; sites with b below the overpotential are open.
    The mean of their drive, counted from zero overpotential, is

        U(eta) = integral_0^eta Phi((x - mean) / width) dx

    which is smooth, convex, U(0) = 0, U -> eta - mean well above the barrier, dU/deta = Phi((eta - mean) / width).
    Taking the current at the mean drive instead of the mean of the currents is exact for a linear branch, and good to
    second order in width / (2RT/F) otherwise.

    Parameters
    ----------
    overpotential, mean, width : float, V
        `width` may be zero (a sharp threshold).
    closed : float, V
        `closed_share(mean, width)`, which a solver computes once.

    Returns
    -------
    (drive, slope) : (float, float), V and 1
        `drive` >= 0, `slope` in 0-1.
    """
    if width < _SHARPEST:
        if overpotential > mean:
            return overpotential - mean, 1.0
        return 0.0, 0.0
    z = (overpotential - mean) / width
    if z < _CLOSED:
        return 0.0, 0.0
    upper, phi = _normal_integral(z)
    return max(width * upper - closed, 0.0), phi


@njit
def _normal_integral(z: float) -> tuple[float, float]:
    """Return the integral of Phi from minus infinity to z, z Phi(z) + phi(z), and Phi(z)."""
    phi = 0.5 * math.erfc(-z * _SQRT_HALF)
    return z * phi + _INVERSE_SQRT_TWO_PI * math.exp(-0.5 * z * z), phi


@njit
def branch_current(drive: float, resistance: float, exchange: float, thermal: float) -> tuple[float, float]:
    """Return the current density of one branch under a drive, and its slope.

    Solves u = j R + (2RT/F) asinh(j / (2 j0)) for j: film resistance in series with symmetric Butler-Volmer kinetics
    (transfer coefficients 1/2). Valid for |eta| below about 0.1 V, beyond which Marcus-Hush kinetics bend away.

    Parameters
    ----------
    drive : float, V, >= 0
    resistance : float, ohm m2
    exchange : float, A/m2
    thermal : float, V
        RT/F.

    Returns
    -------
    (current_density, slope) : A/m2 and A/(m2 V)
    """
    small_signal = resistance + thermal / exchange
    if drive <= 0.0:
        return 0.0, 1.0 / small_signal
    current = drive / small_signal
    slope = small_signal
    for _ in range(_NEWTON_STEPS):
        y = current / (2.0 * exchange)
        slope = resistance + thermal / exchange / math.sqrt(1.0 + y * y)
        step = (current * resistance + 2.0 * thermal * math.asinh(y) - drive) / slope
        current -= step
        if abs(step) <= 1e-7 * current:  # the error is now of the order of its square
            break
    return current, 1.0 / slope


@njit
def solve_parallel_branches(
    current: float, branches: Matrix, exchange: float, thermal: float, guess: float, shares: Vector
) -> tuple[float, float]:
    """Find the overpotential at which parallel branches carry a current density together.

    Solves sum_k a_k j(U(eta; mean_k, width_k), R_k) = i for eta by Newton's method inside a bracket; the left side
    rises monotonically, so the solution is the only one.

    Parameters
    ----------
    current : float, A/m2, > 0
    branches : (n, 6) float
        Area per electrode area [1], resistance [ohm m2], mean barrier [V], barrier width [V] of each branch; the last
        two columns are scratch. A branch without area takes no part.
    exchange : float, A/m2
    thermal : float, V
    guess : float, V
        Where to start.
    shares : (n,) float
        Receives the current density of each branch [A/m2]; they sum to `current` exactly, so that charge is conserved.

    Returns
    -------
    (overpotential, slope) : V and A/(m2 V)
        NaN for the overpotential when no branch can carry the current.
    """
    low, high = -1.0, 1.0e3
    overpotential = min(max(guess, low), high) if math.isfinite(guess) else 0.0
    n = branches.shape[0]
    total = 0.0
    slope = 0.0
    for k in range(n):
        branches[k, _CLOSED_COLUMN] = closed_share(branches[k, 2], branches[k, 3])
    for _ in range(_NEWTON_STEPS):
        total = 0.0
        slope = 0.0
        for k in range(n):
            shares[k] = 0.0
            branches[k, _SLOPE_COLUMN] = 0.0
            if branches[k, 0] > 0.0:
                drive, opening = drive_over_barrier(
                    overpotential, branches[k, 2], branches[k, 3], branches[k, _CLOSED_COLUMN]
                )
                if drive > 0.0:
                    density, density_slope = branch_current(drive, branches[k, 1], exchange, thermal)
                    shares[k] = branches[k, 0] * density
                    branches[k, _SLOPE_COLUMN] = branches[k, 0] * density_slope * opening
                    total += shares[k]
                    slope += branches[k, _SLOPE_COLUMN]
        excess = total - current
        if excess > 0.0:
            high = overpotential
        else:
            low = overpotential
        if abs(excess) <= _NEWTON_TOLERANCE * current:
            # Newton squares the error: this correction leaves 1e-10, and needs no new evaluation.
            step = excess / slope
            overpotential -= step
            total = 0.0
            for k in range(n):
                shares[k] = max(shares[k] - branches[k, _SLOPE_COLUMN] * step, 0.0)
                total += shares[k]
            break
        trial = overpotential - excess / slope if slope > 0.0 else math.inf
        if not (low < trial < high):
            trial = 0.5 * (low + min(high, 2.0 * abs(low) + 0.05))
        if trial == overpotential:
            break
        overpotential = trial
    if not total > 0.0:
        return math.nan, 0.0
    for k in range(n):
        shares[k] *= current / total
    return overpotential, slope


def arrhenius(value: float, activation_energy: float, temperature: float, reference: float) -> float:
    """Return a quantity that rises with temperature, stated at `reference`, at `temperature`.

    value x exp(E_a/R (1/T_ref - 1/T)), with `activation_energy` in J/mol and temperatures in K.
    A resistance falls: use it on the conductance.
    """
    return value * math.exp(activation_energy / GAS_CONSTANT * (1.0 / reference - 1.0 / temperature))
