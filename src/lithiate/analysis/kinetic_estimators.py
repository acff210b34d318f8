"""Estimators of the exchange current density, as fits of a curve about its zero, without a view on records."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from attrs import evolve, field, frozen
from scipy.optimize import least_squares

from lithiate.analysis.kinetics_result import KineticsSettings
from lithiate.analysis.robust import FloatArray

FEWEST_POINTS = 6
"""Points that an estimator needs in its window."""

LEAST_RUNS_PROBABILITY = 1e-3
"""Runs of one sign in the residuals that are less likely than this are a systematic misfit."""

LEAST_BEND = 0.5
"""Largest current over 2 j0 below which a curve is straight to 4 %, and anything may make such a bend."""


@frozen(eq=False)
class Curve:
    """Overpotential [V] of all electrodes together against current density [A/m2], about zero current."""

    voltage: FloatArray
    current: FloatArray
    electrodes: int
    thermal: float

    def less(self, resistance: float) -> Curve:
        """Return the curve with the drop over a resistance [ohm m2] taken off."""
        return evolve(self, voltage=self.voltage - resistance * self.current)


@frozen(kw_only=True)
class Fit:
    """What an estimator found: ln j0 with its uncertainty, or a reason why there is no value.

    `misfit` is the share by which the data leave the model, `probability` that of so few runs in the residuals.
    """

    log_value: float = math.nan
    uncertainty: float = math.nan
    points: int = 0
    refused: str | None = None
    misfit: float = 0.0
    probability: float = 1.0
    conditions: Mapping[str, float] = field(factory=dict)


def fit_linear(curve: Curve, settings: KineticsSettings) -> Fit:
    """Fit ``V = V0 + slope j``; the misfit is what a bend or a kink at zero adds at the window's edge."""
    inside = np.abs(curve.voltage) <= curve.electrodes * settings.linear_window
    current, voltage = curve.current[inside], curve.voltage[inside]
    if current.size < FEWEST_POINTS or not current.min() < 0.0 < current.max():
        return Fit(refused=_too_few(current.size), points=current.size)
    scale = float(np.abs(current).max())
    x = current / scale
    ones = np.ones_like(x)
    solution, spread, residual = _solve(np.column_stack([x, ones]), voltage)
    if not solution[0] > 0.0:
        return Fit(refused="the current falls with the voltage", points=current.size)
    bent, of_bend, _ = _solve(np.column_stack([x, ones, np.abs(x), x**3]), voltage)
    # Bends within their own noise are none.
    bend = max(abs(bent[k]) - 3.0 * of_bend[k] for k in (2, 3))
    slope = float(solution[0]) / scale
    return Fit(
        log_value=math.log(curve.electrodes * curve.thermal / slope),
        uncertainty=math.hypot(float(spread[0] / solution[0]), max(bend, 0.0) / float(solution[0])),
        points=current.size,
        misfit=max(bend, 0.0) / float(solution[0]),
        probability=runs_probability(residual),
        conditions={"window_low": 0.0, "window_high": settings.linear_window, "polarisation_resistance": slope},
    )


def fit_tafel(curve: Curve, settings: KineticsSettings) -> Fit:
    """Fit each branch by a line; the misfit is how much the slope changes over the window, as a share of it."""
    branches = [_tafel_branch(curve, sign, settings) for sign in (1.0, -1.0)]
    for branch in branches:
        if branch.refused is not None:
            return branch
    values = np.array([branch.log_value for branch in branches])
    decades = min(branch.conditions["decades"] for branch in branches)
    inner = 0.5 * math.hypot(*(branch.uncertainty for branch in branches))
    short = decades < settings.least_decades
    return Fit(
        log_value=float(values.mean()),
        uncertainty=math.hypot(inner, 0.5 * abs(float(values[0] - values[1]))),
        points=sum(branch.points for branch in branches),
        refused=f"the Tafel region spans {decades:.2g} decades of current" if short else None,
        misfit=max(branch.misfit for branch in branches),
        probability=min(branch.probability for branch in branches),
        conditions={
            "window_low": settings.tafel_window_low,
            "window_high": max(branch.conditions["window_high"] for branch in branches),
            "decades": decades,
            "transfer_coefficient": float(np.mean([branch.conditions["transfer_coefficient"] for branch in branches])),
        },
    )


def _tafel_branch(curve: Curve, sign: float, settings: KineticsSettings) -> Fit:
    eta, current = sign * curve.voltage / curve.electrodes, sign * curve.current
    inside = (eta >= settings.tafel_window_low) & (eta <= settings.tafel_window_high) & (current > 0.0)
    x, y = eta[inside], np.log(current[inside])
    if x.size < FEWEST_POINTS or float(np.ptp(x)) == 0.0:
        return Fit(refused=_too_few(x.size), points=x.size)
    ones = np.ones_like(x)
    solution, spread, residual = _solve(np.column_stack([x, ones]), y)
    if not solution[0] > 0.0:
        return Fit(refused="the current falls with the overpotential", points=x.size)
    centred = (x - x.mean()) / float(np.ptp(x))
    bent, of_bend, _ = _solve(np.column_stack([centred, ones, centred**2]), y)
    change = 2.0 * max(abs(float(bent[2])) - 3.0 * float(of_bend[2]), 0.0)
    return Fit(
        log_value=float(solution[1]),
        uncertainty=math.hypot(float(spread[1]), _upper_half_shift(x, y, float(solution[1]))),
        points=x.size,
        # A tenth of a change of slope counts like a residual of one hundredth.
        misfit=0.1 * change / float(solution[0] * np.ptp(x)),
        probability=runs_probability(residual[np.argsort(x)]),
        conditions={
            "window_high": float(x.max()),
            "decades": float(solution[0] * np.ptp(x)) / math.log(10.0),
            "transfer_coefficient": float(solution[0]) * curve.thermal,
        },
    )


def _upper_half_shift(x: FloatArray, y: FloatArray, intercept: float) -> float:
    """Return how far the intercept moves when only the upper half of the window is fitted: what a bend costs."""
    upper = x >= 0.5 * (x.min() + x.max())
    if int(np.count_nonzero(upper)) < 3 or float(np.ptp(x[upper])) == 0.0:
        return 0.0
    solution, *_ = _solve(np.column_stack([x[upper], np.ones(int(np.count_nonzero(upper)))]), y[upper])
    return abs(float(solution[1]) - intercept)


def fit_butler_volmer(curve: Curve, settings: KineticsSettings) -> Fit:
    """Fit the whole curve; the misfit is the root mean square residual as a share of that of the voltage."""
    current, voltage = curve.current, curve.voltage
    if current.size < FEWEST_POINTS:
        return Fit(refused=_too_few(current.size), points=current.size)
    free = settings.ohmic_resistance is None
    rate = 2.0 * curve.thermal * curve.electrodes
    scale = float(np.abs(current).max())
    unit = float(np.ptp(voltage)) / (2.0 * scale)

    def misfit(p: FloatArray) -> FloatArray:
        series = p[2] * unit * current if free else 0.0
        return np.asarray(rate * np.arcsinh(0.5 * current / (scale * np.exp(p[0]))) + p[1] + series - voltage)

    def slopes(p: FloatArray) -> FloatArray:
        x = 0.5 * current / (scale * np.exp(p[0]))
        columns = [-rate * x / np.sqrt(1.0 + x * x), np.ones_like(x), *([unit * current] if free else [])]
        return np.column_stack(columns)

    # Small and large exchange currents are two valleys where R is free: begin in both, keep the deeper.
    starts = [np.array([log_rate, 0.0, *([share] if free else [])]) for log_rate, share in ((-3.0, 0.1), (0.5, 0.5))]
    limits = np.array([40.0, np.inf, *([10.0] if free else [])])
    best = min(
        (
            least_squares(misfit, start, bounds=(-limits, limits), x_scale="jac", xtol=1e-12, ftol=1e-12)
            for start in starts
        ),
        key=lambda result: float(result.cost),
    )
    residual = np.asarray(best.fun)
    freedom = max(current.size - best.x.size, 1)
    try:
        covariance = np.linalg.inv(best.jac.T @ best.jac) * float(residual @ residual) / freedom
        spread = math.sqrt(max(float(covariance[0, 0]), 0.0))
    except np.linalg.LinAlgError:
        spread = math.inf
    conditions = {"window_low": 0.0, "window_high": float(np.abs(voltage).max()) / curve.electrodes}
    if free:
        conditions["series_resistance"] = float(best.x[2]) * unit
    relative = float(np.sqrt(np.mean(residual**2)) / np.sqrt(np.mean(voltage**2)))
    probability = runs_probability(residual[np.argsort(current)])
    systematic = relative if probability < LEAST_RUNS_PROBABILITY else 0.0
    return Fit(
        log_value=float(best.x[0]) + math.log(scale),
        uncertainty=math.hypot(spread, systematic),
        points=current.size,
        refused=_undetermined(float(best.x[0]), spread, float(best.x[2]) if free else None),
        misfit=relative,
        probability=probability,
        conditions=conditions,
    )


def _undetermined(log_ratio: float, spread: float, series: float | None) -> str | None:
    """Return why a joint fit tells nothing, from ln(j0 / largest current), its uncertainty, and R as a share."""
    if not spread < 1.0 or (series is not None and 0.5 * math.exp(-log_ratio) < LEAST_BEND):
        return "the curve does not tell the exchange current from a series resistance"
    if series is not None and series < -0.05:
        return f"the fit asks for a negative series resistance, {-series:.2g} of the whole: the curve bends upwards"
    return None


def _solve(design: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return least-squares coefficients, their standard uncertainties and the residuals."""
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    residual = target - design @ solution
    freedom = max(target.size - solution.size, 1)
    inverse = np.linalg.pinv(design.T @ design)
    spread = np.sqrt(np.diag(inverse) * float(residual @ residual) / freedom)
    return np.asarray(solution), np.asarray(spread), np.asarray(residual)


def runs_probability(residual: FloatArray) -> float:
    """Return the probability of so few runs of one sign, or fewer, in residuals that are independent.

    Wald and Wolfowitz, Ann. Math. Stat. 1940, 11, 147, in the normal approximation; 1 where one sign is all there is
    of fewer than ten residuals.
    """
    sign = np.sign(residual)
    sign = sign[sign != 0.0]
    up, down = float(np.count_nonzero(sign > 0)), float(np.count_nonzero(sign < 0))
    if up + down < 10.0 or min(up, down) == 0.0:
        return 1.0
    runs = 1.0 + float(np.count_nonzero(sign[1:] != sign[:-1]))
    mean = 2.0 * up * down / (up + down) + 1.0
    variance = (mean - 1.0) * (mean - 2.0) / (up + down - 1.0)
    return 0.5 * math.erfc((mean - runs) / math.sqrt(2.0 * variance))


def _too_few(count: int) -> str:
    return f"{count} points lie in the window, {FEWEST_POINTS} on both sides of zero are needed"
