"""Polarisation curves: the exchange current density by named estimators, each with what it leaves uncorrected.

What an estimator returns is *apparent*: it does not tell electron transfer from the film on the electrode.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.kinetic_estimators import (
    LEAST_RUNS_PROBABILITY,
    Curve,
    Fit,
    fit_butler_volmer,
    fit_linear,
    fit_tafel,
)
from lithiate.analysis.kinetics_result import KineticsResult, KineticsSettings
from lithiate.analysis.robust import FloatArray, normal_quantile
from lithiate.analysis.settings import settings_from_keywords
from lithiate.constants import REFERENCE_TEMPERATURE, thermal_voltage
from lithiate.core.estimate import Estimate
from lithiate.core.measurement import PolarisationCurve
from lithiate.errors import AnalysisError

SMALLEST_MISFIT = 1e-3
"""A systematic misfit below this share is not worth a word."""

OF_FULL_CELL = "apparent, of a full cell as one electrode: lithium, cathode and all that lies between are in it"
APPARENT = coded(
    "LI-W-ANA-040",
    "i0_apparent, not the exchange current of electron transfer: a film acts like a slower reaction in the linear and "
    "Tafel estimators, and as series resistance in the joint fit as far as it is ohmic",
)


def analyse_kinetics(record: PolarisationCurve, **settings: float | str) -> KineticsResult:
    """Analyse a polarisation curve.

    Parameters
    ----------
    record : PolarisationCurve
        Of a symmetric cell, whose two like electrodes share the voltage, or of one electrode where the record has its
        potential against a reference. A full cell without one counts as one electrode: the value is that of lithium,
        cathode and what lies between them in one number, good to compare cells that are alike but for one part.
    **settings
        Fields of `KineticsSettings`.

    Returns
    -------
    KineticsResult

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for a curve that does not cross zero current, or a setting that is not valid.

    Notes
    -----
    Overpotentials count from the voltage at which the current of the record itself is zero. In a full cell that moves
    away from the open-circuit voltage before the sweep as the sweep moves the state of charge; a record that states
    ``open_circuit_voltage`` has the difference in a warning.

    n electrodes share the voltage, with symmetric Butler-Volmer kinetics at each and R in series:
    ``V = n (2RT/F) asinh(j / 2 j0) + j R``.

    - ``linear``: ``j0 = n (RT/F) / (dV/dj)`` at zero current.
    - ``tafel``: ``ln|j| = ln j0 + a |eta|``, eta = V/n, the intercept of each branch, averaged over both. The slope a
      is free; it is printed as the transfer coefficient ``a RT/F``.
    - ``butler-volmer``: the whole curve, with ln j0, R (unless given) and a zero of the voltage free.

    Without the drop taken off, linear gives ``j0 / (1 + j0 R F / (n R T))``, Tafel bends. Not valid where salt
    depletes, where the surface changes during the sweep, or where overpotentials leave symmetric Butler-Volmer kinetics
    (above some 100 mV an electrode; Marcus-Hush bends the other way). Where a model misses the curve by a few per cent
    or less, that misfit is added to the uncertainty of ln j0; beyond it there is no value.

    References
    ----------
    Bard and Faulkner, *Electrochemical Methods*, 2nd ed., 2001, section 3.4.
    """
    chosen = settings_from_keywords(KineticsSettings, "kinetics", settings)
    temperature, warnings = _temperature(record, chosen)
    curve, of_record = _curve(record, temperature)
    warnings += of_record
    given = chosen.ohmic_resistance
    if given is not None:
        curve = curve.less(given)
    joint = fit_butler_volmer(curve, chosen)
    # What the joint fit finds in series shows how far the other two are off.
    series = joint.conditions.get("series_resistance", 0.0) if joint.refused is None and given is None else 0.0
    found = {
        "butler-volmer": _estimate("butler-volmer", joint, chosen, temperature, record.specimen.area),
        "tafel": _biased("tafel", curve, series, chosen, temperature, record.specimen.area),
        "linear": _biased("linear", curve, series, chosen, temperature, record.specimen.area),
    }
    if record.specimen.cell == "full" and record.electrode_potential is None:
        found = {name: evolve(one, definition=f"{one.definition}; {OF_FULL_CELL}") for name, one in found.items()}
    main = found[chosen.estimator]
    if record.specimen.area is None:
        warnings.append(coded("LI-W-ANA-001", "the electrode area is not known: areal numbers are null"))
    return KineticsResult(
        exchange_current_density=main,
        by_estimator=found,
        electrodes=curve.electrodes,
        settings=chosen,
        specimen=record.specimen.name,
        warnings=tuple(dict.fromkeys([*record.warnings, *warnings, *main.warnings])),
    )


def _temperature(record: PolarisationCurve, settings: KineticsSettings) -> tuple[float, list[str]]:
    stated = settings.temperature or record.conditions.get("temperature")
    if stated is not None:
        return stated, []
    text = "the temperature is not stated: 25 degC is assumed, and 1 K changes RT/F by 0.34 %"
    return REFERENCE_TEMPERATURE, [coded("LI-W-ANA-044", text)]


def _curve(record: PolarisationCurve, temperature: float) -> tuple[Curve, list[str]]:
    """Return the curve about its zero of the current, and warnings about the record."""
    warnings = []
    if record.electrode_potential is not None:
        voltage, electrodes = record.electrode_potential, 1
    else:
        voltage, electrodes = record.voltage, 2
        if record.specimen.cell == "full":
            electrodes = 1
            warnings.append(coded("LI-W-ANA-047", "of a full cell: lithium and cathode as one electrode"))
        elif record.specimen.cell is None:
            text = "the kind of cell is not stated; two like electrodes are taken to share the voltage"
            warnings.append(coded("LI-W-ANA-003", text))
        elif record.specimen.cell != "symmetric":
            text = f"a {record.specimen.cell} cell without electrode potentials: its two electrodes are taken as alike"
            warnings.append(coded("LI-W-ANA-003", text))
    # Without an area the current stands for its density: shapes and refusals are the same, and values are null.
    current = record.current / (record.specimen.area or 1.0)
    zero = _zero_crossing(voltage, current, record.specimen.name)
    span = float(np.ptp(voltage))
    # Like electrodes are at rest at 0 V; where a full cell is, its record alone may know.
    rest = record.conditions.get("open_circuit_voltage", zero if record.specimen.cell == "full" else 0.0)
    if abs(zero - rest) > 0.01 * span:
        text = f"the current is zero at {zero * 1e3:.4g} mV"
        text += f", {(zero - rest) * 1e3:+.3g} mV from open circuit" if rest else ""
        text += "; overpotentials count from there"
        warnings.append(coded("LI-W-ANA-046", text))
    return Curve(voltage - zero, current, electrodes, thermal_voltage(temperature)), warnings


def _zero_crossing(voltage: FloatArray, current: FloatArray, where: str) -> float:
    """Return the voltage at zero current: the median over all crossings, each interpolated."""
    crossing = np.flatnonzero(np.sign(current[:-1]) != np.sign(current[1:]))
    if crossing.size == 0:
        raise AnalysisError(
            "the polarisation curve does not cross zero current",
            code="LI-ANA-001",
            where=where,
            got=f"{current.min():.3g} to {current.max():.3g} A/m^2",
            expected="a sweep through the equilibrium",
        )
    share = current[crossing] / (current[crossing] - current[crossing + 1])
    return float(np.median(voltage[crossing] + share * (voltage[crossing + 1] - voltage[crossing])))


def _biased(
    name: str, curve: Curve, series: float, settings: KineticsSettings, temperature: float, area: float | None
) -> Estimate:
    """Return the estimate of an estimator that does not know of series resistance, and what that costs."""
    estimator = {"linear": fit_linear, "tafel": fit_tafel}[name]
    fit = estimator(curve, settings)
    estimate = _estimate(name, fit, settings, temperature, area)
    if settings.ohmic_resistance is not None:
        return estimate
    text = "the ohmic drop is in it (ohmic_resistance takes it off)"
    if series > 0.0 and area is not None:
        text += f"; the joint fit finds {series * 1e4:.3g} ohm cm2 in series"
        corrected = estimator(curve.less(series), settings)
        if fit.refused is None and corrected.refused is None:
            factor = math.exp(fit.log_value - corrected.log_value)
            text += f", with which this estimator gives {factor:.3g} of its corrected value"
    return evolve(estimate, warnings=(*estimate.warnings, coded("LI-W-ANA-043", text)))


_DEFINITIONS = {
    "linear": "linear estimator: n (RT/F) over the slope dV/dj within {0.linear_window:g} V an electrode",
    "tafel": (
        "Tafel estimator: intercept of ln|j| over |eta| from {0.tafel_window_low:g} to {0.tafel_window_high:g} V an "
        "electrode, mean of both branches, over at least {0.least_decades:g} decade(s)"
    ),
    "butler-volmer": "joint fit of V = n (2RT/F) asinh(j / 2 j0) + j R + V0 to the whole curve",
}


def _estimate(name: str, fit: Fit, settings: KineticsSettings, temperature: float, area: float | None) -> Estimate:
    given = settings.ohmic_resistance
    corrected = given is not None or name == "butler-volmer"
    drop = (
        f"{given * 1e4:.3g} ohm cm2 of the cell taken off before"
        if given is not None
        else ("R free" if corrected else "ohmic drop not taken off")
    )
    definition = f"exchange current density, {_DEFINITIONS[name].format(settings)}; {drop}; at {temperature:.2f} K"
    conditions: dict[str, float | str] = {
        "estimator": name,
        "temperature": temperature,
        "ohmic_drop_corrected": float(corrected),
        "points": float(fit.points),
        **fit.conditions,
    }
    reason, warnings = _refusal(fit, settings), [APPARENT]
    if reason is not None:
        code = "LI-W-ANA-041" if "decades" in reason else "LI-W-ANA-045" if "points" in reason else "LI-W-ANA-042"
        if math.isfinite(fit.log_value) and area is not None:
            reason += f"; it would have given {math.exp(fit.log_value) / 10.0:.3g} mA/cm2"
        warnings.append(coded(code, f"{name}: {reason}"))
    elif fit.probability < LEAST_RUNS_PROBABILITY and fit.misfit > SMALLEST_MISFIT:
        text = (
            f"{name}: the residuals are systematic (runs test, p = {fit.probability:.1g}), {fit.misfit:.2g} of what is "
            "fitted, which is in the uncertainty"
        )
        warnings.append(coded("LI-W-ANA-042", text))
    if reason is not None or area is None:
        return Estimate(
            "exchange_current_density", None, "A/m^2", definition, conditions=conditions, warnings=tuple(warnings)
        )
    value = math.exp(fit.log_value)
    factors = [math.exp(normal_quantile(share) * fit.uncertainty) for share in (0.95, 0.80)]
    return Estimate(
        "exchange_current_density",
        value,
        "A/m^2",
        definition,
        standard_uncertainty=value * fit.uncertainty,
        interval=(value / factors[0], value * factors[0]),
        interval_80=(value / factors[1], value * factors[1]),
        interval_kind="sampling",
        conditions=conditions,
        warnings=tuple(warnings),
    )


def _refusal(fit: Fit, settings: KineticsSettings) -> str | None:
    if fit.refused is not None:
        return fit.refused
    if fit.misfit > settings.largest_misfit:
        return f"it misses the curve by {fit.misfit:.2g} of what is fitted, {settings.largest_misfit:g} at most"
    return None
