"""Charge transfer: one branch, barriers that are distributions, branches in parallel.

All functions work in SI units on scalars and are compiled. Overpotentials and currents are magnitudes: positive in the
direction in which the electrode is driven (plating or stripping).
"""

from __future__ import annotations

import math

from lithiate._jit import Matrix, Vector, njit, njit_inline, njit_inner
from lithiate.constants import GAS_CONSTANT
from lithiate.twin.elementary import exponential

_SQRT_HALF = math.sqrt(0.5)
_INVERSE_SQRT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
_NEWTON_STEPS = 60
BRANCH_INPUTS = 5
_CLOSED_COLUMN, _SLOPE_COLUMN, _CURVATURE_COLUMN, _RATIO_COLUMN, _INTEGRAL_COLUMN = range(BRANCH_INPUTS, 10)
BRANCH_COLUMNS = 10
RAMP = 1e-4
"""Width [V] over which a branch opens above its equilibrium; one-sided, so that nothing flows below it."""
_SMALLEST_AREA = 1e-14
"""Share of the electrode's area below which a branch takes no part."""
_BRANCH_TOLERANCE = 1e-4
_TOLERANCE = 1e-3
"""Steps below these shares end the iterations: they cube their error, and the step itself is still made."""
_MARCUS_TOLERANCE = 1e-9
_SERIES = 0.25
"""Below it the power series of asinh, to the 17th power, is exact to 2e-13."""
_SHARPEST = 1e-9
_CLOSED = -8.0
"""Standard deviations below its barrier at which a site counts as closed: 1e-15 of it is open."""
_OPEN = 8.5
"""Standard deviations above its barrier at which all of a site is open to rounding."""


@njit
def closed_share(mean: float, width: float) -> float:
    """Return the part of `drive_over_barrier` that depends on the barrier alone [V].

    The drive is counted from zero overpotential: this is the integral of Phi((x - mean)/width) from minus infinity to
    0.
    """
    if width < _SHARPEST or mean > -_CLOSED * width:
        return 0.0
    return width * _normal_integral(-mean / width)[0]


@njit_inline
def _fill_closed_share(branches: Matrix, k: int) -> None:
    """Write `closed_share` of a branch; the integral depends on mean over width alone, which seldom changes."""
    mean, width = branches[k, 2], branches[k, 3]
    branches[k, _CLOSED_COLUMN] = 0.0
    if width < _SHARPEST or mean > -_CLOSED * width:
        return
    ratio = mean / width
    if ratio != branches[k, _RATIO_COLUMN] or not branches[k, _INTEGRAL_COLUMN] > 0.0:
        branches[k, _RATIO_COLUMN] = ratio
        branches[k, _INTEGRAL_COLUMN] = _normal_integral(-ratio)[0]
    branches[k, _CLOSED_COLUMN] = width * branches[k, _INTEGRAL_COLUMN]


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
    drive, slope, _ = _drive(overpotential, mean, width, closed)
    return drive, slope


@njit_inline
def _drive(overpotential: float, mean: float, width: float, closed: float) -> tuple[float, float, float]:
    """Return `drive_over_barrier` and the derivative of its slope [1/V]."""
    if width < _SHARPEST:
        if overpotential > mean:
            return overpotential - mean, 1.0, 0.0
        return 0.0, 0.0, 0.0
    z = (overpotential - mean) / width
    if z < _CLOSED:
        return 0.0, 0.0, 0.0
    if z > _OPEN:
        return max(overpotential - mean - closed, 0.0), 1.0, 0.0
    upper, phi, density = _normal_integral(z)
    return max(width * upper - closed, 0.0), phi, density / width


@njit_inner
def _normal_integral(z: float) -> tuple[float, float, float]:
    """Return the integral of Phi from minus infinity to z, z Phi(z) + phi(z), Phi(z) and phi(z)."""
    share = 0.5 * math.erfc(-z * _SQRT_HALF)
    density = _INVERSE_SQRT_TWO_PI * exponential(-0.5 * z * z)
    return z * share + density, share, density


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
    if drive <= 0.0:
        return 0.0, 1.0 / (resistance + thermal / exchange)
    y, slope, _ = _branch(0.5 * drive / thermal, exchange * resistance / thermal)
    return 2.0 * exchange * y, exchange / thermal * slope


@njit_inline
def _branch(drive: float, film: float) -> tuple[float, float, float]:
    """Solve v = r y + asinh(y) for y, by Chebyshev's method from the first two terms of the series; return y, y', y''.

    With y = j/(2 j0), v = u F/(2RT) and r = j0 R F/(RT) this is `branch_current`. Divisions are what costs here.
    """
    inverse = 1.0 / (film + 1.0)
    y = drive * inverse
    y += y * min(y * y * inverse * (1.0 / 6.0), 1.0)
    bend = 0.0
    for _ in range(_NEWTON_STEPS):
        square = y * y
        hypotenuse = math.sqrt(1.0 + square)
        root = 1.0 / hypotenuse
        arc = y * _asinh_series(square) if y < _SERIES else math.log(y + hypotenuse)
        inverse = 1.0 / (film + root)
        bend = -y * root * root * root
        newton = (y * film + arc - drive) * inverse
        step = newton * (1.0 + min(0.5 * newton * bend * inverse, 1.0))
        y -= step
        if abs(step) <= _BRANCH_TOLERANCE * y:
            shift = bend * step * inverse
            inverse *= 1.0 + shift + shift * shift
            break
    return y, inverse, -bend * inverse * inverse * inverse


@njit_inline
def _branch_of_marcus(drive: float, film: float, bending: float) -> tuple[float, float, float]:
    """Solve v = r y + x with y = sinh(x) exp(-m x^2), as `_branch` does for m = 0; return y, y', y''.

    x = eta F/(2RT) and m = RT/Lambda, Lambda the reorganisation energy. Beyond 0.8 of the x at which the rate would
    fall again (eta about Lambda/F) it goes on straight: nothing is claimed there.
    """
    end = 0.4 / bending
    x = min(drive / (1.0 + film), end)
    rate, slope, curve = 0.0, 1.0, 0.0
    for _ in range(_NEWTON_STEPS):
        inside = min(x, end)
        damping = exponential(-bending * inside * inside)
        up, down = 0.5 * exponential(inside) * damping, 0.5 * exponential(-inside) * damping
        sine, cosine = up - down, up + down
        slope = cosine - 2.0 * bending * inside * sine
        curve = sine * (1.0 - 2.0 * bending + 4.0 * (bending * inside) ** 2) - 4.0 * bending * inside * cosine
        if x > end:
            curve = 0.0
        rate = sine + slope * (x - inside)
        excess = film * rate + x - drive
        step = excess / (1.0 + film * slope)
        x = max(x - step, 0.0)
        if abs(step) <= _MARCUS_TOLERANCE * x:
            break
    inverse = 1.0 / (1.0 + film * slope)
    return rate, slope * inverse, curve * inverse * inverse * inverse


@njit_inline
def _asinh_series(square: float) -> float:
    """Return asinh(y)/y from y^2 below `_SERIES`^2."""
    s2 = square * square
    s4 = s2 * s2
    low = (1.0 - square * (1.0 / 6.0)) + s2 * (3.0 / 40.0 - square * (15.0 / 336.0))
    high = (105.0 / 3456.0 - square * (945.0 / 42240.0)) + s2 * (10395.0 / 599040.0 - square * (135135.0 / 9676800.0))
    return low + s4 * (high + s4 * (2027025.0 / 175472640.0))


@njit
def solve_parallel_branches(
    current: float, branches: Matrix, law: tuple[float, float, float], guess: float, shares: Vector
) -> tuple[float, float]:
    """Find the overpotential at which parallel branches carry a current density together.

    Solves sum_k a_k j(U(eta; mean_k, width_k), R_k) = i for eta by Halley's method inside a bracket; the left side
    rises monotonically, so the solution is the only one.

    Parameters
    ----------
    current : float, A/m2, > 0
    branches : (n, BRANCH_COLUMNS) float
        Area per electrode area [1], resistance [ohm m2], mean barrier [V], barrier width [V] and equilibrium [V] of
        each branch; the last five columns are scratch, of which the last two remember from call to call. A branch
        without area takes no part. The drive of a branch counts from its equilibrium e, over x^2/(x + `RAMP`) with
        x = eta - e where e is above 0, so that a branch never runs against its own equilibrium.
    law : (float, float, float)
        Exchange current density [A/m2], RT/F [V], and F over the reorganisation energy [1/V], 0 for Butler-Volmer.
    guess : float, V
        Where to start.
    shares : (n,) float
        Receives the current density of each branch [A/m2]; they sum to `current` exactly, so that charge is conserved.

    Returns
    -------
    (overpotential, slope) : V and A/(m2 V)
        NaN for the overpotential when no branch can carry the current.
    """
    exchange, thermal, inverse_reorganisation = law
    low, high = -1.0, 1.0e3
    overpotential = min(max(guess, low), high) if math.isfinite(guess) else 0.0
    n = branches.shape[0]
    inverse = 1.0 / thermal
    bending = thermal * inverse_reorganisation
    total = 0.0
    slope = 0.0
    for k in range(n):
        if branches[k, 0] > _SMALLEST_AREA:
            _fill_closed_share(branches, k)
    for _ in range(_NEWTON_STEPS):
        total, slope, curvature = _evaluate_branches(overpotential, branches, exchange, inverse, bending, shares)
        excess = total - current
        if excess > 0.0:
            high = overpotential
        else:
            low = overpotential
        newton = excess / slope
        step = newton / max(1.0 - 0.5 * newton * curvature / slope, 0.5)
        if abs(excess) <= _TOLERANCE * current:
            # Halley cubes the error: this correction leaves 1e-11, and needs no new evaluation.
            overpotential -= step
            total = 0.0
            for k in range(n):
                change = step * (branches[k, _SLOPE_COLUMN] - 0.5 * step * branches[k, _CURVATURE_COLUMN])
                shares[k] = max(shares[k] - change, 0.0)
                total += shares[k]
            break
        trial = overpotential - step if slope > 0.0 else math.inf
        if not (low < trial < high):
            trial = 0.5 * (low + min(high, 2.0 * abs(low) + 0.05))
        if trial == overpotential:
            break
        overpotential = trial
    if not total > 0.0:
        return math.nan, 0.0
    for k in range(n):
        shares[k] = shares[k] / total * current  # in this order: one branch alone carries all to the last bit
    return overpotential, slope


@njit_inline
def _evaluate_branches(
    overpotential: float, branches: Matrix, exchange: float, inverse: float, bending: float, shares: Vector
) -> tuple[float, float, float]:
    """Fill the branches' currents and derivatives at an overpotential; return their sums (A/m2, per V, per V2).

    `inverse` is F/(RT) [1/V], `bending` RT over the reorganisation energy, 0 for Butler-Volmer.
    """
    total, slope, curvature = 0.0, 0.0, 0.0
    for k in range(branches.shape[0]):
        shares[k] = 0.0
        branches[k, _SLOPE_COLUMN] = 0.0
        branches[k, _CURVATURE_COLUMN] = 0.0
        area = branches[k, 0]
        above = overpotential - branches[k, 4]
        if area > _SMALLEST_AREA and above > 0.0:
            first, second = 1.0, 0.0
            if branches[k, 4] > 0.0:
                inverse_sum = 1.0 / (above + RAMP)
                first = above * (above + 2.0 * RAMP) * inverse_sum * inverse_sum
                second = 2.0 * RAMP * RAMP * inverse_sum * inverse_sum * inverse_sum
                above *= above * inverse_sum
            drive, opening, bend = _drive(above, branches[k, 2], branches[k, 3], branches[k, _CLOSED_COLUMN])
            bend = bend * first * first + opening * second
            opening *= first
            if drive > 0.0:
                film = exchange * inverse * branches[k, 1]
                if bending > 0.0:
                    y, rise, curve = _branch_of_marcus(0.5 * drive * inverse, film, bending)
                else:
                    y, rise, curve = _branch(0.5 * drive * inverse, film)
                rise *= exchange * inverse
                curve *= 0.5 * exchange * inverse * inverse
                shares[k] = 2.0 * exchange * area * y
                branches[k, _SLOPE_COLUMN] = area * rise * opening
                branches[k, _CURVATURE_COLUMN] = area * (curve * opening * opening + rise * bend)
                total += shares[k]
                slope += branches[k, _SLOPE_COLUMN]
                curvature += branches[k, _CURVATURE_COLUMN]
    return total, slope, curvature


def arrhenius(value: float, activation_energy: float, temperature: float, reference: float) -> float:
    """Return a quantity that rises with temperature, stated at `reference`, at `temperature`.

    value x exp(E_a/R (1/T_ref - 1/T)), with `activation_energy` in J/mol and temperatures in K.
    A resistance falls: use it on the conductance.
    """
    return value * math.exp(activation_energy / GAS_CONSTANT * (1.0 / reference - 1.0 / temperature))
