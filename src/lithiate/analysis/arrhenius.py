"""Activation energies from values at several temperatures: a straight line, its interval, and whether it is one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from lithiate.analysis.coded_warnings import coded
from lithiate.constants import GAS_CONSTANT, REFERENCE_TEMPERATURE, ZERO_CELSIUS
from lithiate.core.estimate import Estimate
from lithiate.errors import AnalysisError

FEWEST_TEMPERATURES = 3
"""Temperatures from which a straight line has an uncertainty."""
FORMS = ("ln R", "ln R/T")
"""What is straight over 1/(R T): the logarithm of a resistance, or of a resistance over the temperature."""
LEAST_PROBABILITY = 0.01
"""A bend that scatter makes more seldom than this is a lack of fit."""
SMALLEST_BEND = 0.02
"""Deviation from the line, as a share of the value, that is not worth a word: readings of spectra are no better."""
ACTIVATED = ("sei_resistance", "interfacial_resistance", "charge_transfer_resistance", "ohmic_resistance")
"""Resistances of a spectrum whose temperature series gives an activation energy, in the order of the results."""


@frozen
class ArrheniusFit:
    """A straight line through logarithms over 1/(R T).

    Parameters
    ----------
    activation_energy : float, J/mol
    standard_uncertainty : float, J/mol
        From the scatter about the line, and never below what the uncertainties of the values make.
    interval, interval_80 : (float, float), J/mol
        95 % and 80 %, by Student's t.
    reference_value : float
        Of the line at 25 degC, in the unit of the values.
    form : {"ln R", "ln R/T"}
    largest_deviation : float
        Of a value from the line, as a share of it.
    bend_probability : float or None
        Of a bend as large as this or larger if the line is straight (t test of a quadratic term); None below four
        temperatures. Small: a lack of fit.
    """

    activation_energy: float
    standard_uncertainty: float
    interval: tuple[float, float]
    interval_80: tuple[float, float]
    reference_value: float
    form: str = FORMS[0]
    largest_deviation: float = 0.0
    bend_probability: float | None = None

    @property
    def lacks_fit(self) -> bool:
        """Whether the points bend more than their scatter explains, and by enough to matter."""
        seldom = self.bend_probability is not None and self.bend_probability < LEAST_PROBABILITY
        return seldom and self.largest_deviation > SMALLEST_BEND


def fit_arrhenius(
    temperature: ArrayLike, value: ArrayLike, uncertainty: ArrayLike | None = None, *, form: str = FORMS[0]
) -> ArrheniusFit:
    """Fit the activation energy of a resistance by least squares, ``ln R = ln R_0 + E_a / (R T)``.

    Parameters
    ----------
    temperature : (n,) array-like, K
        At least three different ones.
    value : (n,) array-like
        Resistances, above 0, in any unit. Of a conductance or a rate the energy comes out with the other sign.
    uncertainty : (n,) array-like, optional
        Standard uncertainties of the values, above 0, in their unit. They set how much each counts, and the interval is
        never narrower than they say (Birge, Phys. Rev. 40, 207 (1932)): smooth series of readings that are all off
        scatter little. Without them every temperature counts alike, and the scatter is taken to be a share of the
        value.
    form : {"ln R", "ln R/T"}
        ``ln R`` (the default, as ln(1/R) against 1/T is plotted for interphases), or ``ln R/T``, which holds where the
        pre-exponential factor of a conductivity goes as 1/T (hopping). The energy by ``ln R/T`` is larger, by RT:
        2.5 kJ/mol at 25 degC.

    Notes
    -----
    Not valid across a change of the process that limits, which a curved plot shows (`ArrheniusFit.lacks_fit`).

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for fewer than three temperatures, numbers that are not above 0, or another form.
    """
    from scipy.stats import t as student

    kelvin, values = np.asarray(temperature, dtype=np.float64), np.asarray(value, dtype=np.float64)
    if kelvin.shape != values.shape or np.unique(kelvin).size < FEWEST_TEMPERATURES:
        raise AnalysisError(
            "an activation energy needs several temperatures",
            code="LI-ANA-001",
            got=f"{np.unique(kelvin).size} temperatures, {values.size} values",
            expected=f"at least {FEWEST_TEMPERATURES} temperatures, one value each",
        )
    if form not in FORMS:
        raise AnalysisError(
            "there is no such form of an Arrhenius line", code="LI-ANA-001", got=form, expected=" or ".join(FORMS)
        )
    spreads = values if uncertainty is None else np.asarray(uncertainty, dtype=np.float64)
    if spreads.shape != values.shape or not all(bool((x > 0.0).all()) for x in (values, kelvin, spreads)):
        raise AnalysisError(
            "values, temperatures and uncertainties must be above 0, as many of each",
            code="LI-ANA-001",
            got=f"{values.min():g}, {kelvin.min():g} K, {spreads.min():g}",
        )
    place = 1.0 / (GAS_CONSTANT * kelvin) - 1.0 / (GAS_CONSTANT * REFERENCE_TEMPERATURE)
    height = np.log(values if form == FORMS[0] else values / kelvin)
    weight, least = values / spreads, 0.0 if uncertainty is None else 1.0
    scale = float(np.ptp(place))
    line, spread, residual = _weighted([np.ones_like(place), place / scale], height, weight, least)
    slope, deviation, freedom = line[1] / scale, spread[1] / scale, kelvin.size - 2
    bend_probability = None
    if np.unique(kelvin).size > FEWEST_TEMPERATURES:
        bent, of_bend, _ = _weighted([np.ones_like(place), place / scale, (place / scale) ** 2], height, weight, 0.0)
        size = abs(bent[2]) / of_bend[2] if of_bend[2] > 0.0 else math.inf
        bend_probability = float(2.0 * student.sf(size, freedom - 1))
    wide, narrow = (float(student.ppf(level, freedom)) * deviation for level in (0.975, 0.9))
    at_reference = math.exp(line[0]) * (1.0 if form == FORMS[0] else REFERENCE_TEMPERATURE)
    return ArrheniusFit(
        activation_energy=slope,
        standard_uncertainty=deviation,
        interval=(slope - wide, slope + wide),
        interval_80=(slope - narrow, slope + narrow),
        reference_value=at_reference,
        form=form,
        largest_deviation=float(np.abs(np.expm1(residual)).max()),
        bend_probability=bend_probability,
    )


def _weighted(
    columns: Sequence[np.ndarray], height: np.ndarray, weight: np.ndarray, least: float
) -> tuple[list[float], list[float], np.ndarray]:
    """Return coefficients, their standard uncertainties, and the residuals of a weighted fit.

    The variance of what is weighted is that of the residuals, at least `least`.
    """
    design = np.column_stack(columns)
    found, *_ = np.linalg.lstsq(weight[:, None] * design, weight * height, rcond=None)
    residual = height - design @ found
    inverse = np.linalg.inv((weight[:, None] * design).T @ (weight[:, None] * design))
    freedom = max(height.size - design.shape[1], 1)
    spread = np.sqrt(np.diag(inverse) * max(float(((weight * residual) ** 2).sum()) / freedom, least))
    return found.tolist(), spread.tolist(), residual


def activation_energies(estimates: Sequence[Estimate]) -> Iterator[Estimate]:
    """Yield the activation energy of each resistance that has values at three temperatures or more, cycle by cycle.

    Parameters
    ----------
    estimates : sequence of Estimate
        Resistances with the conditions ``temperature`` [K] and, where there are several, ``cycle``. A lower bound does
        not count. Where each value has a standard uncertainty, values count by it.

    Yields
    ------
    Estimate
        ``activation_energy`` [J/mol] by ``ln R``, with the condition ``of``, the resistance.
    """
    cycles = dict.fromkeys(estimate.conditions.get("cycle") for estimate in estimates if estimate.value is not None)
    for quantity in ACTIVATED:
        for cycle in cycles:
            points = [
                (float(e.conditions["temperature"]), e.value, e.standard_uncertainty)
                for e in estimates
                if e.quantity == quantity
                and e.conditions.get("cycle") == cycle
                and e.value is not None
                and e.value > 0.0
                and "temperature" in e.conditions
                and (e.interval is None or None not in e.interval)
            ]
            if len({point[0] for point in points}) >= FEWEST_TEMPERATURES:
                conditions = {"of": quantity}
                if len(cycles) > 1 and cycle is not None:
                    conditions = {**conditions, "cycle": cycle}  # type: ignore[dict-item]  # words and numbers
                yield _activation_energy(quantity, points, conditions)


def _activation_energy(
    quantity: str, points: Sequence[tuple[float, float, float | None]], conditions: dict[str, str]
) -> Estimate:
    kelvin, values, spreads = zip(*points, strict=True)
    weighted = all(spread is not None and spread > 0.0 for spread in spreads)
    fit = fit_arrhenius(kelvin, values, spreads if weighted else None)
    low, high = (limit(kelvin) - ZERO_CELSIUS for limit in (min, max))
    warnings: tuple[str, ...] = ()
    if fit.lacks_fit:
        text = f"the {quantity.replace('_', ' ')} leaves a straight line by {100.0 * fit.largest_deviation:.2g} %"
        warnings = (coded("LI-W-ANA-024", f"{text} (t test of a bend, p = {fit.bend_probability:.1g})"),)
    return Estimate(
        "activation_energy",
        fit.activation_energy,
        "J/mol",
        f"slope of the logarithm of the {quantity.replace('_', ' ')} over 1/(R T), least squares over "
        f"{len(points)} temperatures from {low:.4g} to {high:.4g} degC"
        + (", each counted by its uncertainty" if weighted else ""),
        standard_uncertainty=fit.standard_uncertainty,
        interval=fit.interval,
        interval_80=fit.interval_80,
        interval_kind="sampling",
        conditions=dict(conditions),
        warnings=warnings,
    )
