"""Models of a whole polarisation curve: a law of charge transfer, a series resistance, a limiting current.

All are functions of one reduced overpotential x = F eta / 2RT, and give the current at a voltage by Newton's method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen

from lithiate.analysis.robust import FloatArray
from lithiate.formulas.electron_transfer import log_chidsey_integral

LAWS = ("butler-volmer", "marcus-hush", "marcus-hush-chidsey")
LIMITS = ("none", "cathodic", "both")
"""No limiting current; one of the reduction (of two like electrodes, at that which plates); one of either direction."""
EXCHANGE, ZERO, SERIES, LIMIT, BENDING = range(5)
"""Parameters of a model: ln(j0/scale), zero of the voltage over RT/F, R over its unit, scale/j_l, m = RT/Lambda."""
COUNT = 5

_NEWTON_STEPS = 60
_LARGEST = 300.0
_TABLE_STEP = 0.5
"""Step in F eta/RT of the table of ln G, which cubic Hermite interpolation follows to 1e-5."""
_LEAST_STEP = 1e-9
_LEAST_GAIN = 1e-9
_TOO_STEEP = 1e100

Rate = Callable[[FloatArray, float], tuple[FloatArray, FloatArray, FloatArray]]


@frozen(eq=False)
class Rows:
    """Rows to be fitted: voltage [V] about zero current, current density [A/m2], electrodes, RT/F [V].

    `scale` [A/m2] and `unit` [ohm m2] make parameters plain numbers.
    """

    voltage: FloatArray
    current: FloatArray
    electrodes: int
    thermal: float
    scale: float
    unit: float


def butler_volmer_rate(x: FloatArray, _bending: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return g = j/(2 j0) of Butler-Volmer kinetics, its slope in x and in m."""
    up, down = np.exp(x), np.exp(-x)
    return 0.5 * (up - down), 0.5 * (up + down), np.zeros_like(x)


def marcus_hush_rate(x: FloatArray, bending: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return g of Marcus-Hush kinetics, with m = RT/Lambda, its slope in x and in m."""
    square = x * x
    up, down = np.exp(x - bending * square), np.exp(-x - bending * square)
    sine = 0.5 * (up - down)
    return sine, 0.5 * (up + down) - 2.0 * bending * x * sine, -square * sine


class ChidseyRate:
    """g of Marcus-Hush-Chidsey kinetics from a table of the integral, made anew when m changes."""

    def __init__(self, highest: float) -> None:
        self._nodes = np.arange(0.0, min(highest, _LARGEST) + 2.0 * _TABLE_STEP, _TABLE_STEP)
        self._bending = math.nan
        self._table: tuple[FloatArray, FloatArray, FloatArray]

    def __call__(self, x: FloatArray, bending: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return g = sinh(x) G(2x)/G(0), its slope in x and in m."""
        if bending != self._bending:
            value, slope, by_bending = log_chidsey_integral(self._nodes, bending)
            self._bending, self._table = bending, (value - value[0], slope, by_bending - by_bending[0])
        value, slope, by_bending = self._table
        h = np.minimum(2.0 * np.abs(x), self._nodes[-1])
        k = np.minimum((h / _TABLE_STEP).astype(np.int64), value.size - 2)
        t = h / _TABLE_STEP - k
        rise = value[k + 1] - value[k]
        left, right = slope[k] * _TABLE_STEP - rise, rise - slope[k + 1] * _TABLE_STEP
        bend = value[k] + t * rise + t * (1.0 - t) * ((1.0 - t) * left + t * right)
        inclination = slope[k] + t * (slope[k + 1] - slope[k])
        up, down = np.exp(x + bend), np.exp(-x + bend)
        sine = 0.5 * (up - down)
        turned = 2.0 * np.sign(x) * inclination
        return sine, 0.5 * (up + down) + turned * sine, sine * (by_bending[k] + t * (by_bending[k + 1] - by_bending[k]))


def rate_of(law: str, highest: float) -> Rate:
    """Return the function g(x, m) of a law for overpotentials of an electrode up to `highest` [RT/F]."""
    if law == "marcus-hush-chidsey":
        return ChidseyRate(highest)
    return {"butler-volmer": butler_volmer_rate, "marcus-hush": marcus_hush_rate}[law]


@frozen(eq=False)
class Predicted:
    """Current density of a model at the voltages of rows [A/m2], its slope in the voltage and in each parameter."""

    current: FloatArray
    slope: FloatArray
    by_parameter: FloatArray
    reduced: FloatArray


def predict(p: FloatArray, rows: Rows, rate: Rate, limit: str, start: FloatArray | None = None) -> Predicted:
    """Return what a model gives at the voltages of `rows`.

    Solves ``V - V0 = W(x)`` for x by Newton's method within a bracket, where W = n (2RT/F) x + j(x) R, or with the
    counter electrode's own ``asinh(j / 2 j0)`` where only plating is limited; ``j = 2 j0 g / (1 + (j0/j_l) e)``, with
    e = e^-x (cathodic, one electrode), e^|x| (of two, that which plates), 2 cosh x (both).

    Parameters
    ----------
    p : (5,) float64
        See `EXCHANGE` and those beside it.
    rows : Rows
    rate : callable
        Of `rate_of`.
    limit : {"none", "cathodic", "both"}
    start : (n,) float64, optional
        x to begin with.
    """
    voltage = rows.voltage - p[ZERO] * rows.thermal
    exchange, series = rows.scale * math.exp(p[EXCHANGE]), p[SERIES] * rows.unit
    pair = rows.electrodes == 2 and limit == "cathodic"
    rise = 2.0 * rows.thermal * (1 if pair else rows.electrodes)
    # A resistance that comes out below zero leaves more than all of the voltage to the electrodes.
    far = np.clip((1.0 if series >= 0.0 else 2.0) * voltage / rise, -_LARGEST, _LARGEST)
    low, high = np.minimum(far, 0.0), np.maximum(far, 0.0)
    x = np.arcsinh(rows.current / (2.0 * exchange)) if start is None else start
    x = np.clip(x, low, high)
    for _ in range(_NEWTON_STEPS):
        parts = _parts(x, p, rows, rate, limit, exchange)
        current, by_x = parts[0], parts[1]
        drop, drop_by_x = _drop(x, current, by_x, exchange, rise, pair, rows)
        excess = drop + series * current - voltage
        above = excess > 0.0
        high, low = np.where(above, x, high), np.where(above, low, x)
        slope = drop_by_x + series * by_x
        trial = x - excess / np.where(slope > 0.0, slope, 1.0)
        inside = (trial >= low) & (trial <= high) & (slope > 0.0)
        trial = np.where(inside, trial, 0.5 * (low + high))
        moved = float(np.abs(trial - x).max())
        x = trial
        if moved < _LEAST_STEP:
            break
    return _predicted(x, p, rows, rate, limit, pair, exchange, series)


def _parts(
    x: FloatArray, p: FloatArray, rows: Rows, rate: Rate, limit: str, exchange: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return j, its slopes in x and in m, and how j falls with scale/j_l, as a share of it."""
    g, slope, by_bending = rate(x, p[BENDING])
    j, by_x, by_m = 2.0 * exchange * g, 2.0 * exchange * slope, 2.0 * exchange * by_bending
    if limit == "none":
        return j, by_x, by_m, np.zeros_like(x)
    if limit == "both":
        e, e_by_x = 2.0 * np.cosh(x), 2.0 * np.sinh(x)
    else:
        sign = np.sign(x) if rows.electrodes == 2 else -1.0
        e = np.exp(np.abs(x) if rows.electrodes == 2 else -x)
        e_by_x = sign * e
    ratio = exchange / rows.scale
    hindered = 1.0 + ratio * p[LIMIT] * e
    j = j / hindered
    return j, (by_x - j * ratio * p[LIMIT] * e_by_x) / hindered, by_m / hindered, ratio * e / hindered


def _drop(
    x: FloatArray, current: FloatArray, by_x: FloatArray, exchange: float, rise: float, pair: bool, rows: Rows
) -> tuple[FloatArray, FloatArray]:
    """Return the overpotentials of all electrodes together, and their slope in x."""
    if not pair:
        return rise * x, np.full_like(x, rise)
    ratio = current / (2.0 * exchange)
    root = np.sqrt(1.0 + ratio**2)
    unit = 2.0 * rows.thermal
    return unit * (x + np.arcsinh(ratio)), unit * (1.0 + by_x / (2.0 * exchange * root))


def _predicted(
    x: FloatArray, p: FloatArray, rows: Rows, rate: Rate, limit: str, pair: bool, exchange: float, series: float
) -> Predicted:
    """Return the current with its derivatives at fixed voltage, by the implicit function theorem."""
    current, by_x, by_m, taken = _parts(x, p, rows, rate, limit, exchange)
    rise = 2.0 * rows.thermal * (1 if pair else rows.electrodes)
    _, drop_by_x = _drop(x, current, by_x, exchange, rise, pair, rows)
    direct = np.zeros((x.size, COUNT))
    direct[:, EXCHANGE] = current * (1.0 - p[LIMIT] * taken)
    direct[:, LIMIT] = -current * taken
    direct[:, BENDING] = by_m
    of_voltage = series * direct
    if pair:
        ratio = current / (2.0 * exchange)
        root = np.sqrt(1.0 + ratio**2)
        of_voltage += (rows.thermal / (exchange * root))[:, None] * direct
        of_voltage[:, EXCHANGE] -= 2.0 * rows.thermal * ratio / root
    of_voltage[:, SERIES] += current * rows.unit
    of_voltage[:, ZERO] += rows.thermal
    whole = by_x / np.maximum(drop_by_x + series * by_x, 1e-300)
    return Predicted(current, whole, direct - whole[:, None] * of_voltage, x)


@frozen(eq=False)
class Minimum:
    """Where the sum of squares of a model is least.

    `residual` is weighted, `jacobian` that of the free parameters, `predicted` what the model gives there.
    """

    parameters: FloatArray
    cost: float
    residual: FloatArray
    jacobian: FloatArray
    predicted: Predicted
    at_bound: tuple[int, ...]


@frozen(eq=False)
class Residuals:
    """How a current counts: on an asinh scale that is a logarithm above `bend`, divided by `spread`.

    ``r = (asinh(j / 2 bend) - asinh(j_model / 2 bend)) / spread``; plain differences where `bend` is infinite.
    """

    bend: float
    spread: FloatArray

    def scaled(self, current: FloatArray) -> FloatArray:
        """Return the currents on the scale."""
        return current if math.isinf(self.bend) else np.arcsinh(current / (2.0 * self.bend))

    def slope(self, current: FloatArray) -> FloatArray:
        """Return the derivative of the scale."""
        return np.ones_like(current) if math.isinf(self.bend) else 1.0 / np.hypot(current, 2.0 * self.bend)


def minimise(
    start: FloatArray,
    free: Sequence[int],
    bounds: tuple[FloatArray, FloatArray],
    rows: Rows,
    rate: Rate,
    limit: str,
    residuals: Residuals,
) -> Minimum:
    """Find the free parameters that leave the least squares, by Levenberg and Marquardt within bounds.

    References
    ----------
    Nocedal and Wright, *Numerical Optimization*, 2nd ed., 2006, section 10.3.
    """
    chosen = list(free)
    low, high = bounds
    p = start.copy()
    p[chosen] = np.clip(p[chosen], low[chosen], high[chosen])
    target = residuals.scaled(rows.current)

    def evaluated(p: FloatArray, x: FloatArray | None) -> tuple[float, FloatArray, FloatArray, Predicted]:
        # Far from the data currents may overflow: such a trial has an infinite cost.
        with np.errstate(all="ignore"):
            found = predict(p, rows, rate, limit, x)
            residual = (residuals.scaled(found.current) - target) / residuals.spread
            jacobian = found.by_parameter[:, chosen] * (residuals.slope(found.current) / residuals.spread)[:, None]
            cost = float(residual @ residual)
            cost += 0.0 if float(np.abs(jacobian).max()) < _TOO_STEEP else math.inf
        return (cost if math.isfinite(cost) else math.inf), residual, jacobian, found

    cost, residual, jacobian, found = evaluated(p, None)
    if math.isinf(cost):
        return Minimum(p, cost, residual, np.zeros_like(jacobian), found, tuple(chosen))
    damping = 1e-3
    for _ in range(80):
        gradient, normal = jacobian.T @ residual, jacobian.T @ jacobian
        # A parameter at its bound that wants out stays there.
        moving = ~(((p[chosen] <= low[chosen]) & (gradient > 0.0)) | ((p[chosen] >= high[chosen]) & (gradient < 0.0)))
        step = np.zeros(len(chosen))
        if moving.any():
            part = normal[np.ix_(moving, moving)]
            part = part + damping * np.diag(np.maximum(np.diag(part), 1e-12 * float(np.diag(part).max()) + 1e-300))
            step[moving] = -_solved(part, gradient[moving])
        trial = p.copy()
        trial[chosen] = np.clip(p[chosen] + np.clip(step, -3.0, 3.0), low[chosen], high[chosen])
        moved = float(np.abs(trial[chosen] - p[chosen]).max())
        new = evaluated(trial, found.reduced)
        if new[0] < cost:
            # A gain of 1e-9 moves no parameter by a hundredth of its uncertainty.
            settled = cost - new[0] <= _LEAST_GAIN * cost
            p, (cost, residual, jacobian, found) = trial, new
            damping = max(0.2 * damping, 1e-12)
            if settled:
                break
        else:
            damping *= 6.0
        if moved < 1e-10 or damping > 1e10:
            break
    held = tuple(k for k in chosen if p[k] <= low[k] + 1e-9 or p[k] >= high[k] - 1e-9)
    return Minimum(p, cost, residual, jacobian, found, held)


def _solved(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Return the solution of linear equations, that of least size where they are singular."""
    size = np.sqrt(np.diag(matrix))
    scaled = matrix / np.outer(size, size)
    try:
        return np.asarray(np.linalg.solve(scaled, vector / size) / size)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(scaled, vector / size, rcond=None)[0] / size)
