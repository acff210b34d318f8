"""Estimators of the exchange current density, as fits of a curve about its zero, without a view on records."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from attrs import evolve, field, frozen

from lithiate.analysis.kinetic_fits import CurveFit
from lithiate.analysis.kinetic_models import BENDING, EXCHANGE, SERIES
from lithiate.analysis.kinetics_result import KineticsSettings
from lithiate.analysis.robust import FloatArray
from lithiate.constants import FARADAY

FEWEST_POINTS = 6
"""Points that an estimator needs in its window."""

LEAST_RUNS_PROBABILITY = 1e-3
"""Runs of one sign in the residuals that are less likely than this are a systematic misfit."""

LEAST_KNOWN = 0.5
"""Standard uncertainty of a reorganisation energy, as a share of it, above which it is not told."""

LEAST_BEND = 0.5
"""Largest current over 2 j0 below which a curve is straight to 4 %, and anything may make such a bend."""


@frozen(eq=False)
class Curve:
    """Overpotential [V] of all electrodes together against current density [A/m2], about zero current.

    `zero_told` says that rows near zero current show where it is.
    """

    voltage: FloatArray
    current: FloatArray
    electrodes: int
    thermal: float
    zero_told: bool = True

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
    conditions: Mapping[str, float | str] = field(factory=dict)
    freedom: int = 1


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
        freedom=current.size - 2,
    )


def fit_tafel(curve: Curve, settings: KineticsSettings) -> Fit:
    """Fit each branch by a line; the misfit is how much the slope changes over the window, as a share of it.

    A curve that was recorded on one side of zero only has the value of that branch.
    """
    signs = [sign for sign in (1.0, -1.0) if bool((sign * curve.current > 0.0).any())]
    branches = [_tafel_branch(curve, sign, settings) for sign in signs]
    for branch in branches:
        if branch.refused is not None:
            return branch
    values = np.array([branch.log_value for branch in branches])
    decades = min(float(branch.conditions["decades"]) for branch in branches)
    inner = math.hypot(*(branch.uncertainty for branch in branches)) / len(branches)
    short = decades < settings.least_decades
    return Fit(
        log_value=float(values.mean()),
        uncertainty=math.hypot(inner, 0.5 * float(np.ptp(values))),
        points=sum(branch.points for branch in branches),
        refused=f"the Tafel region spans {decades:.2g} decades of current" if short else None,
        misfit=max(branch.misfit for branch in branches),
        probability=min(branch.probability for branch in branches),
        conditions={
            "window_low": settings.tafel_window_low,
            "window_high": max(float(branch.conditions["window_high"]) for branch in branches),
            "decades": decades,
            "transfer_coefficient": float(
                np.mean([float(branch.conditions["transfer_coefficient"]) for branch in branches])
            ),
            "branches": float(len(branches)),
        },
        freedom=sum(branch.freedom for branch in branches),
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
        freedom=x.size - 2,
    )


def _upper_half_shift(x: FloatArray, y: FloatArray, intercept: float) -> float:
    """Return how far the intercept moves when only the upper half of the window is fitted: what a bend costs."""
    upper = x >= 0.5 * (x.min() + x.max())
    if int(np.count_nonzero(upper)) < 3 or float(np.ptp(x[upper])) == 0.0:
        return 0.0
    solution, *_ = _solve(np.column_stack([x[upper], np.ones(int(np.count_nonzero(upper)))]), y[upper])
    return abs(float(solution[1]) - intercept)


def fit_curve(fit: CurveFit, *, given: bool) -> Fit:
    """Return what a law that was fitted to the whole curve says; `given` that its ohmic drop was taken off before.

    The misfit is the root mean square distance of the rows from the curve: along the voltage as a share of its root
    mean square, and along the current as a share of the current, whichever is closer.
    """
    rows, predicted = fit.rows, fit.minimum.predicted
    spread = math.hypot(fit.uncertainty(EXCHANGE) or 0.0, fit.spread_of_choice)
    apart = (rows.current - predicted.current) / np.hypot(
        predicted.slope * float(np.sqrt(np.mean(rows.voltage**2))), predicted.current
    )
    misfit = float(np.sqrt(np.mean(apart**2)))
    probability = runs_probability(fit.minimum.residual[np.argsort(rows.voltage)])
    systematic = misfit if probability < LEAST_RUNS_PROBABILITY else 0.0
    conditions: dict[str, float | str] = {
        "window_low": 0.0,
        "window_high": float(np.abs(rows.voltage).max()) / rows.electrodes,
    }
    if not given:
        conditions["series_resistance"] = fit.series_resistance
    if fit.limiting_current_density is not None:
        conditions |= {"limiting_current_density": fit.limiting_current_density, "limited": fit.limit}
    energy = reorganisation_energy(fit)
    if energy is not None:
        conditions |= {"reorganisation_energy": energy[0], "reorganisation_energy_uncertainty": energy[1]}
    return Fit(
        log_value=fit.log_exchange,
        uncertainty=math.hypot(spread, systematic),
        points=rows.current.size,
        refused=_undetermined(fit, spread),
        misfit=misfit,
        probability=probability,
        conditions=conditions,
        freedom=fit.freedom,
    )


def reorganisation_energy(fit: CurveFit) -> tuple[float, float] | None:
    """Return the reorganisation energy and its standard uncertainty [J/mol], or None where the curve tells none."""
    value, spread = fit.reorganisation_voltage, fit.uncertainty(BENDING)
    if value is None or spread is None or BENDING in fit.minimum.at_bound:
        return None
    share = spread / float(fit.minimum.parameters[BENDING])
    return (value * FARADAY, value * FARADAY * share) if share < LEAST_KNOWN else None


def _undetermined(fit: CurveFit, spread: float) -> str | None:
    """Return why a fit of the whole curve tells nothing."""
    log_ratio, series = (float(fit.minimum.parameters[k]) for k in (EXCHANGE, SERIES))
    free = SERIES in fit.free
    if not spread < 1.0 or (free and 0.5 * math.exp(-log_ratio) < LEAST_BEND):
        return "the curve does not tell the exchange current from a series resistance"
    if free and series < -0.05 and series + 2.0 * (fit.uncertainty(SERIES) or 0.0) < 0.0:
        return f"the fit asks for a negative series resistance, {-series:.2g} of the whole: the curve bends upwards"
    if any(k in fit.minimum.at_bound for k in (EXCHANGE, SERIES)):
        return "the fit ends at its bounds"
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
