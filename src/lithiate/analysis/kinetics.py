"""Polarisation curves: the exchange current density by named estimators, each with what it leaves uncorrected.

What an estimator returns is *apparent*: it does not tell electron transfer from the film on the electrode.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.kinetic_curves import curve_of, less_drop
from lithiate.analysis.kinetic_estimators import (
    FEWEST_POINTS,
    LEAST_RUNS_PROBABILITY,
    Curve,
    Fit,
    fit_curve,
    fit_linear,
    fit_tafel,
    reorganisation_energy,
)
from lithiate.analysis.kinetic_fits import CurveFit, LawFits, akaike_weights, fit_laws
from lithiate.analysis.kinetic_models import BENDING, LAWS
from lithiate.analysis.kinetics_result import ESTIMATORS, KineticCurves, KineticModel, KineticsResult, KineticsSettings
from lithiate.analysis.settings import settings_from_keywords
from lithiate.constants import FARADAY, REFERENCE_TEMPERATURE
from lithiate.core.estimate import Estimate
from lithiate.core.measurement import PolarisationCurve

SMALLEST_MISFIT = 1e-3
"""A systematic misfit below this share is not worth a word."""
CLEAR = 0.95
"""Akaike weight from which the preference for a law is clear."""
GRID = 400
"""Voltages at which the lines of the laws are given."""
LEAST_UNCERTAINTY = 1e-3
"""Least standard uncertainty of ln j0 [assumed]: nobody knows current and area better, however smooth a curve."""
APART = 0.05
"""Difference of two exchange currents that is worth a word, where laws describe a curve alike."""

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
        ``LI-ANA-001`` for a curve that does not cross zero current (but for one branch of a curve whose zero is that of
        its voltage), whose current falls with the voltage, with or without the given ohmic drop, or a setting that is
        not valid.

    Notes
    -----
    Overpotentials count from the voltage at which the current of the record itself is zero, where rows lie near it; of
    a curve without such rows from the record's own zero. In a full cell the zero moves away from the open-circuit
    voltage before the sweep as the sweep moves the state of charge; a record that states ``open_circuit_voltage`` has
    the difference in a warning.

    n electrodes share the voltage, with a law of charge transfer at each and R in series:

    - ``linear``: ``j0 = n (RT/F) / (dV/dj)`` at zero current.
    - ``tafel``: ``ln|j| = ln j0 + a |eta|``, eta = V/n, the intercept of each branch, averaged over both. The slope a
      is free; it is printed as the transfer coefficient ``a RT/F``.
    - ``butler-volmer``: the whole curve, ``V = n (2RT/F) asinh(j / 2 j0) + j R`` with ln j0, R (unless given) and a
      zero of the voltage free, and a limiting current where AICc asks for it.
    - ``marcus-hush``: the same with ``j = 2 j0 sinh(F eta/2RT) exp(-(F eta)^2 / 4 Lambda RT)``, the reorganisation
      energy Lambda free, and R where AICc asks for it.
    - ``marcus-hush-chidsey``: the same with the integral over all levels of the metal.

    The last three are fitted with one likelihood, and compared by AICc (`KineticsResult.models`, ``preferred``).
    Without the drop taken off, linear gives ``j0 / (1 + j0 R F / (n R T))``, Tafel bends; ``ohmic_bias`` says by how
    much with the R of the joint fit. R and Lambda bend a curve alike: a preference between them is worth something
    where the ohmic drop is known (``ohmic_resistance``, 0 for data that have none).

    Not valid where salt depletes by more than a limiting current says, or where the surface changes during the sweep.
    Where a model misses the curve by a few per cent or less, that misfit is added to the uncertainty of ln j0; beyond
    it there is no value. The standard uncertainty of ln j0 is 0.001 at least.

    References
    ----------
    Bard and Faulkner, *Electrochemical Methods*, 2nd ed., 2001, section 3.4; Boyle et al., ACS Energy Lett. 5, 701
    (2020).
    """
    chosen = settings_from_keywords(KineticsSettings, "kinetics", settings)
    temperature, warnings = _temperature(record, chosen)
    curve, of_record = curve_of(record, chosen, temperature)
    warnings += of_record
    given = chosen.ohmic_resistance
    if given is not None:
        curve = less_drop(curve, given, record.specimen.name)
    fits = _fit_laws(record, curve, chosen)
    found_fits = {law: fit_curve(fit, given=given is not None) for law, fit in fits.by_law.items()}
    # What the joint fit finds in series shows how far those are off that do not know of it.
    joint = found_fits.get(LAWS[0])
    series = _number(joint, "series_resistance") if joint is not None and joint.refused is None else 0.0
    area = record.specimen.area
    found: dict[str, Estimate] = {}
    bias: dict[str, float] = {}
    for name in ESTIMATORS:
        if name in LAWS:
            fit = found_fits.get(name) or _without_fit(curve)
            found[name] = _estimate(name, fit, chosen, temperature, area)
            continue
        found[name], factor = _biased(name, curve, series, chosen, temperature, area)
        if factor is not None:
            bias[name] = factor
    models = _models(fits, found_fits, area)
    if record.specimen.cell == "full" and record.electrode_potential is None:
        found = {name: evolve(one, definition=f"{one.definition}; {OF_FULL_CELL}") for name, one in found.items()}
    if area is None:
        warnings.append(coded("LI-W-ANA-001", "the electrode area is not known: areal numbers are null"))
    found = {name: _compared(name, one, models, fits) for name, one in found.items()}
    main = found[chosen.estimator]
    return KineticsResult(
        exchange_current_density=main,
        by_estimator=found,
        electrodes=curve.electrodes,
        models=models,
        ohmic_bias=bias,
        curves=_curves(curve, fits, areal=area is not None),
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


def _fit_laws(record: PolarisationCurve, curve: Curve, settings: KineticsSettings) -> LawFits:
    if curve.current.size < FEWEST_POINTS:
        return LawFits()
    return fit_laws(
        curve.voltage,
        curve.current,
        electrodes=curve.electrodes,
        thermal=curve.thermal,
        residuals=settings.residuals,
        series_free=settings.ohmic_resistance is None,
        shift_free=curve.zero_told,
        one_limit=record.specimen.cell == "full" and record.electrode_potential is None,
    )


def _without_fit(curve: Curve) -> Fit:
    """Return why a law was not fitted."""
    count = curve.current.size
    text = "the law cannot follow the curve"
    if count < FEWEST_POINTS:
        text = f"{count} points lie in the window, {FEWEST_POINTS} are needed"
    return Fit(refused=text, points=count)


def _number(fit: Fit, name: str) -> float:
    return float(fit.conditions.get(name, 0.0))


def _biased(
    name: str, curve: Curve, series: float, settings: KineticsSettings, temperature: float, area: float | None
) -> tuple[Estimate, float | None]:
    """Return the estimate of an estimator that does not know of series resistance, and the factor which that costs."""
    estimator = {"linear": fit_linear, "tafel": fit_tafel}[name]
    fit = estimator(curve, settings)
    estimate = _estimate(name, fit, settings, temperature, area)
    if settings.ohmic_resistance is not None:
        return estimate, None
    text, factor = f"{name}: the ohmic drop is in it (ohmic_resistance takes it off)", None
    if series > 0.0 and area is not None:
        text += f"; the joint fit finds {series * 1e4:.3g} ohm cm2 in series"
        corrected = estimator(curve.less(series), settings)
        if math.isfinite(fit.log_value) and math.isfinite(corrected.log_value):
            factor = math.exp(fit.log_value - corrected.log_value)
            text += f", with which {name} gives {factor:.3g} of its corrected value"
    conditions = estimate.conditions if factor is None else {**estimate.conditions, "ohmic_bias": factor}
    warnings = (*estimate.warnings, coded("LI-W-ANA-043", text))
    return evolve(estimate, conditions=conditions, warnings=warnings), factor


def _curves(curve: Curve, fits: LawFits, *, areal: bool) -> KineticCurves:
    """Return the curve and what the laws give at as many voltages as a line needs."""
    grid = np.unique(np.append(np.linspace(float(curve.voltage.min()), float(curve.voltage.max()), GRID), 0.0))
    laws = {law: fit.current(grid) for law, fit in fits.by_law.items()}
    n = curve.electrodes
    return KineticCurves(
        overpotential=curve.voltage / n, current_density=curve.current, areal=areal, grid=grid / n, laws=laws
    )


def _models(fits: LawFits, found: dict[str, Fit], area: float | None) -> tuple[KineticModel, ...]:
    """Return the laws that were fitted, the best first; densities only where the area is known."""
    names = sorted(fits.by_law, key=lambda law: fits.by_law[law].aicc)
    weights = akaike_weights([fits.by_law[law].aicc for law in names]) if names else []
    models = []
    for law, weight in zip(names, weights, strict=True):
        fit = fits.by_law[law]
        energy = reorganisation_energy(fit)
        # Without an area the curve, and so what was fitted to it, is in A in place of A/m2.
        limit = fit.limiting_current_density
        least = fits.by_law[names[0]].aicc
        models.append(
            KineticModel(
                law=law,
                exchange_current_density=math.exp(fit.log_exchange) if area is not None else None,
                series_resistance=fit.series_resistance if area is not None else None,
                cell_resistance=fit.series_resistance / (area or 1.0),
                limiting_current_density=limit if area is not None else None,
                limiting_current=None if limit is None else limit * (area or 1.0),
                limited=fit.limit,
                reorganisation_energy=None if energy is None else energy[0],
                parameters=len(fit.free),
                aicc=fit.aicc if math.isfinite(fit.aicc) else None,
                difference=fit.aicc - least if math.isfinite(fit.aicc) else None,
                weight=weight,
                misfit=found[law].misfit,
                refused=found[law].refused,
            )
        )
    return tuple(models)


def _compared(name: str, estimate: Estimate, models: tuple[KineticModel, ...], fits: LawFits) -> Estimate:
    """Return the estimate of a law with its place among the others, and with warnings about it."""
    own = next((model for model in models if model.law == name), None)
    if own is None or own.difference is None:
        return estimate
    # The law's own likelihood stands with its value, so that a row of a table can be judged alone.
    conditions = {**estimate.conditions, "aicc_difference": own.difference, "akaike_weight": own.weight}
    warnings = [*estimate.warnings, *_about_fit(fits.by_law[name])]
    others = [model for model in models if model.law != name and model.exchange_current_density is not None]
    for other in others:
        assert other.exchange_current_density is not None
        value = f"{other.law} gives {other.exchange_current_density / 10.0:.3g} mA/cm2"
        if other is models[0] and other.weight > CLEAR:
            text = f"{name}: AICc prefers {other.law}, by {own.difference:.3g}: {value}"
            warnings.append(coded("LI-W-ANA-121", text))
        elif own.exchange_current_density and other.difference is not None and own.weight < CLEAR:
            ratio = other.exchange_current_density / own.exchange_current_density
            alike = abs(other.difference - own.difference) < 6.0 and max(own.difference, other.difference) < 6.0
            if alike and abs(math.log(ratio)) > APART:
                text = f"{name}: {value}, and AICc does not tell them apart ({own.difference - other.difference:+.2g})"
                warnings.append(coded("LI-W-ANA-122", text))
    return evolve(estimate, conditions=conditions, warnings=tuple(warnings))


def _about_fit(fit: CurveFit) -> list[str]:
    """Return warnings about what a fit has in it, or could not have."""
    found = []
    if fit.limiting_current_density is not None:
        where = "at the electrode that plates" if fit.limit == "cathodic" else "in either direction"
        text = (
            f"{fit.law}: a limiting current of {fit.limiting_current_density / 10.0:.3g} mA/cm2 {where} is in the fit"
        )
        found.append(coded("LI-W-ANA-126", text))
    if fit.resistance_hidden:
        text = (
            f"{fit.law}: a series resistance would better the fit, and the curve does not tell it from the "
            "reorganisation energy: it was left out (ohmic_resistance gives it)"
        )
        found.append(coded("LI-W-ANA-127", text))
    if BENDING in fit.free and reorganisation_energy(fit) is None:
        text = f"{fit.law}: no reorganisation energy is told, the curve is as Butler-Volmer's"
        value = fit.reorganisation_voltage or math.inf
        if BENDING in fit.minimum.at_bound and value < 10.0:
            text = f"{fit.law}: the reorganisation energy ended at its bound, {value:.3g} eV: the law does not fit"
        found.append(coded("LI-W-ANA-120", text))
    return found


_DEFINITIONS = {
    "linear": "linear estimator: n (RT/F) over the slope dV/dj within {0.linear_window:g} V an electrode",
    "tafel": (
        "Tafel estimator: intercept of ln|j| over |eta| from {0.tafel_window_low:g} to {0.tafel_window_high:g} V an "
        "electrode, mean of both branches, over at least {0.least_decades:g} decade(s)"
    ),
    "butler-volmer": (
        "joint fit of V = n (2RT/F) asinh(j / 2 j0) + j R + V0, with a limiting current where AICc asks for one, to "
        "the whole curve"
    ),
    "marcus-hush": "fit of symmetric Marcus-Hush kinetics with a free reorganisation energy to the whole curve",
    "marcus-hush-chidsey": (
        "fit of symmetric Marcus-Hush-Chidsey kinetics with a free reorganisation energy to the whole curve"
    ),
}
_RESIDUALS = {"log": "residuals of ln|j|", "linear": "residuals of j"}


def _definition(name: str, fit: Fit, settings: KineticsSettings, temperature: float) -> str:
    text = f"exchange current density, {_DEFINITIONS[name].format(settings)}"
    if name in LAWS:
        text += f", {_RESIDUALS[settings.residuals]}"
    if fit.conditions.get("branches") == 1.0:
        text = text.replace("mean of both branches", "of the one branch that was recorded")
    energy = fit.conditions.get("reorganisation_energy")
    if energy is not None:
        spread = float(fit.conditions["reorganisation_energy_uncertainty"]) / FARADAY
        text += f"; reorganisation energy {float(energy) / FARADAY:.3g} +/- {spread:.2g} eV, of this law"
    given = settings.ohmic_resistance
    if given is not None:
        drop = f"{given * 1e4:.3g} ohm cm2 of the cell taken off before"
    elif name in LAWS:
        drop = "R free" if _number(fit, "series_resistance") != 0.0 else "no R, which AICc does not ask for"
    else:
        drop = "ohmic drop not taken off"
    return f"{text}; {drop}; at {temperature:.2f} K"


def _estimate(name: str, fit: Fit, settings: KineticsSettings, temperature: float, area: float | None) -> Estimate:
    from scipy.special import stdtrit

    definition = _definition(name, fit, settings, temperature)
    conditions: dict[str, float | str] = {
        "estimator": name,
        "temperature": temperature,
        "ohmic_drop_corrected": float(settings.ohmic_resistance is not None or name in LAWS),
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
    spread = max(fit.uncertainty, LEAST_UNCERTAINTY)
    factors = [math.exp(float(stdtrit(max(fit.freedom, 1), share)) * spread) for share in (0.975, 0.9)]
    return Estimate(
        "exchange_current_density",
        value,
        "A/m^2",
        definition,
        standard_uncertainty=value * spread,
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
