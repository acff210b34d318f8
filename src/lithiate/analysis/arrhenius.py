"""Activation energies from values at several temperatures: a straight line, its interval, and whether it is one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from lithiate.analysis.arrhenius_regimes import Regimes, bend_of, find_regimes
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.robust import FloatArray, normal_quantile
from lithiate.constants import GAS_CONSTANT, REFERENCE_TEMPERATURE, ZERO_CELSIUS
from lithiate.core.estimate import Estimate
from lithiate.errors import AnalysisError

LOWEST_TEMPERATURE = 120.0
"""Below it [K] nothing of a cell conducts: such temperatures are others in degC."""
FEWEST_TEMPERATURES = 3
"""Temperatures from which a straight line has an uncertainty."""
FORMS = ("ln R", "ln R/T")
"""What is straight over 1/(R T): the logarithm of a resistance, or of a resistance over the temperature."""
LEAST_PROBABILITY = 0.01
"""A bend that scatter makes more seldom than this is a lack of fit."""
LEAST_AGREEMENT = 0.05
"""A chi square that the uncertainties make more seldom than this widens the interval."""
SMALLEST_BEND = 0.02
"""Deviation from the line, as a share of the value, that is not worth a word: readings of spectra are no better."""
ACTIVATED = ("sei_resistance", "interfacial_resistance", "charge_transfer_resistance", "ohmic_resistance")
"""Resistances of a spectrum whose temperature series gives an activation energy, in the order of the results."""
_STEPS = 20


@frozen
class ArrheniusFit:
    """A straight line through logarithms over 1/(R T).

    Parameters
    ----------
    activation_energy : float, J/mol
    standard_uncertainty : float, J/mol
        From the scatter about the line, and never below what the uncertainties of values and temperatures make. Where
        the points bend (`lacks_fit`), the change of the slope over the range is in it, as a rectangular
        distribution.
    interval, interval_80 : (float, float), J/mol
        95 % and 80 %: by Student's t where the scatter decides, normal where the uncertainties do.
    reference_value : float
        Of the line at 25 degC, in the unit of the values.
    form : {"ln R", "ln R/T"}
    other_form_energy : float, J/mol
        Of the other form, on the same points: apart by RT at the middle of the range.
    largest_deviation : float
        Of a value from the line, as a share of it.
    bend_probability : float or None
        Of a bend as large as this or larger if the line is straight (t test of a quadratic term); None below four
        temperatures. Small: a lack of fit.
    chi_square, chi_square_probability : float or None
        Sum of squared deviations over their variances, and the probability of one as large or larger; None without
        uncertainties of the values.
    regimes : Regimes or None
        Two lines that describe the points better than one, with at least three temperatures each.
    conductance : bool
        The values are conductances.
    centre : float, mol/J
        Weighted mean of 1/(R T), where the line is known best.
    centre_uncertainty : float
        Standard, of the logarithm there; that of the slope is independent of it.
    """

    activation_energy: float
    standard_uncertainty: float
    interval: tuple[float, float]
    interval_80: tuple[float, float]
    reference_value: float
    form: str = FORMS[0]
    other_form_energy: float = math.nan
    largest_deviation: float = 0.0
    bend_probability: float | None = None
    chi_square: float | None = None
    chi_square_probability: float | None = None
    regimes: Regimes | None = None
    conductance: bool = False
    centre: float = math.nan
    centre_uncertainty: float = math.nan

    def predicted(self, kelvin: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the line at temperatures [K] and the ends of its 95 % band, in the unit of the values."""
        at = np.asarray(kelvin, dtype=np.float64)
        place = 1.0 / (GAS_CONSTANT * at)
        scale = 1.0 if self.form == FORMS[0] else REFERENCE_TEMPERATURE
        reference = math.log((1.0 / self.reference_value if self.conductance else self.reference_value) / scale)
        height = reference + self.activation_energy * (place - 1.0 / (GAS_CONSTANT * REFERENCE_TEMPERATURE))
        wide = (self.interval[1] - self.activation_energy) / self.standard_uncertainty
        half = wide * np.hypot(self.centre_uncertainty, self.standard_uncertainty * (place - self.centre))
        ends = [self._value(height + sign * half, at) for sign in (-1.0, 1.0)]
        return self._value(height, at), np.minimum(*ends), np.maximum(*ends)

    def predicted_by_regimes(self, kelvin: ArrayLike) -> FloatArray | None:
        """Return the two lines at temperatures [K], in the unit of the values; None where there is one."""
        if self.regimes is None:
            return None
        at = np.asarray(kelvin, dtype=np.float64)
        apart = 1.0 / (GAS_CONSTANT * at) - 1.0 / (GAS_CONSTANT * self.regimes.crossover_temperature)
        slope = np.where(apart > 0.0, self.regimes.cold_energy, self.regimes.warm_energy)
        return self._value(self.regimes.crossover_height + slope * apart, at)

    def _value(self, height: FloatArray, kelvin: FloatArray) -> FloatArray:
        value = np.exp(height) * (1.0 if self.form == FORMS[0] else kelvin)
        return np.asarray(1.0 / value if self.conductance else value)

    @property
    def lacks_fit(self) -> bool:
        """Whether the points bend more than their scatter explains, and by enough to matter."""
        seldom = self.bend_probability is not None and self.bend_probability < LEAST_PROBABILITY
        return (seldom or self.regimes is not None) and self.largest_deviation > SMALLEST_BEND

    @property
    def scatters(self) -> bool:
        """Whether the points lie further off the line than their uncertainties explain."""
        return self.chi_square_probability is not None and self.chi_square_probability < LEAST_PROBABILITY


def fit_arrhenius(
    temperature: ArrayLike,
    value: ArrayLike,
    uncertainty: ArrayLike | None = None,
    *,
    temperature_uncertainty: ArrayLike | None = None,
    shared_temperature_uncertainty: float = 0.0,
    conductance: bool = False,
    form: str = FORMS[0],
) -> ArrheniusFit:
    """Fit the activation energy of a resistance by least squares, ``ln R = ln R_0 + E_a / (R T)``.

    Parameters
    ----------
    temperature : (n,) array-like, K
        At least three different ones.
    value : (n,) array-like
        Resistances, above 0, in any unit. Of a conductance or a rate the energy comes out with the other sign, unless
        `conductance` says so.
    uncertainty : (n,) array-like, optional
        Standard uncertainties of the values, above 0, in their unit. They set how much each counts, and the interval is
        never narrower than they say; it is wider where the points scatter more (Birge, Phys. Rev. 40, 207 (1932)).
        Without them every temperature counts alike, and the scatter is taken to be a share of the value.
    temperature_uncertainty : (n,) array-like or float, K, optional
        Standard uncertainties of the temperatures, each on its own. They count by the slope (effective variance):
        ``u^2(ln R) = (u_R/R)^2 + (E_a u_T / (R T^2))^2``. 1 K adds 1.7 kJ/mol to 53 kJ/mol over 25 to 65 degC.
    shared_temperature_uncertainty : float, K
        Of an offset that all temperatures share, which no number of them averages out; 1 K is 0.3 kJ/mol there.
    conductance : bool
        The values are conductances or conductivities: their inverse is fitted, so that ``ln R/T`` is the straight line
        of ln(sigma T).
    form : {"ln R", "ln R/T"}
        ``ln R`` (the default, as ln(1/R) against 1/T is plotted for interphases), or ``ln R/T``, which holds where the
        pre-exponential factor of a conductivity goes as 1/T (hopping). The energy by ``ln R/T`` is larger, by RT:
        2.5 kJ/mol at 25 degC.

    Notes
    -----
    Not valid across a change of the process that limits, which a curved plot shows (`ArrheniusFit.lacks_fit`,
    ``regimes``).

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for fewer than three temperatures, numbers that are not above 0, or another form.

    References
    ----------
    Orear, Am. J. Phys. 50, 912 (1982), for the effective variance.
    """
    kelvin, values = np.asarray(temperature, dtype=np.float64), np.asarray(value, dtype=np.float64)
    spreads = None if uncertainty is None else np.asarray(uncertainty, dtype=np.float64)
    of_kelvin = np.zeros(kelvin.shape)
    if temperature_uncertainty is not None:
        of_kelvin = of_kelvin + np.asarray(temperature_uncertainty, dtype=np.float64)
    _require(kelvin, values, spreads, of_kelvin, shared_temperature_uncertainty, form)
    shares = None if spreads is None else spreads / values
    resistance = 1.0 / values if conductance else values
    line = _line(kelvin, resistance, shares, of_kelvin, form)
    other = _line(kelvin, resistance, shares, of_kelvin, FORMS[1] if form == FORMS[0] else FORMS[0])
    offset = 0.0
    if shared_temperature_uncertainty > 0.0:
        shift = shared_temperature_uncertainty
        moved = [_line(kelvin + sign * shift, resistance, shares, of_kelvin, form).energy for sign in (1.0, -1.0)]
        offset = 0.5 * abs(moved[0] - moved[1])
    place = 1.0 / (GAS_CONSTANT * kelvin)
    bend_probability, bend = bend_of(place, line.height, line.weight)
    regimes = find_regimes(place, line.height, line.weight)
    largest = float(np.abs(np.expm1(line.residual)).max())
    deviation = math.hypot(line.deviation, offset)
    lacking = largest > SMALLEST_BEND and (
        regimes is not None or (bend_probability is not None and bend_probability < LEAST_PROBABILITY)
    )
    apart = 0.0
    if lacking:
        ends = [] if regimes is None else [regimes.cold_energy, regimes.warm_energy]
        apart = max((abs(line.energy - end) for end in ends), default=0.5 * bend)
    # The slope is anywhere between those of the ends: a rectangular distribution.
    wide, narrow = (math.hypot(line.quantile(level) * deviation, apart) for level in (0.95, 0.80))
    deviation = math.hypot(deviation, apart / math.sqrt(3.0))
    at_reference = math.exp(line.at_reference) * (1.0 if form == FORMS[0] else REFERENCE_TEMPERATURE)
    return ArrheniusFit(
        activation_energy=line.energy,
        standard_uncertainty=deviation,
        interval=(line.energy - wide, line.energy + wide),
        interval_80=(line.energy - narrow, line.energy + narrow),
        reference_value=1.0 / at_reference if conductance else at_reference,
        form=form,
        other_form_energy=other.energy,
        largest_deviation=largest,
        bend_probability=bend_probability,
        chi_square=line.chi_square,
        chi_square_probability=line.probability,
        regimes=regimes if largest > SMALLEST_BEND else None,
        conductance=conductance,
        centre=line.centre,
        centre_uncertainty=line.centre_deviation,
    )


def _require(
    kelvin: FloatArray,
    values: FloatArray,
    spreads: FloatArray | None,
    of_kelvin: FloatArray,
    shared: float,
    form: str,
) -> None:
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
    above = (values, kelvin) if spreads is None else (values, kelvin, spreads)
    fits = all(x.shape == kelvin.shape for x in (*above, of_kelvin))
    if not fits or not all(bool((x > 0.0).all() and np.isfinite(x).all()) for x in above):
        lowest = f"{values.min():g}, {kelvin.min():g} K" + ("" if spreads is None else f", {spreads.min():g}")
        raise AnalysisError(
            "values, temperatures and uncertainties must be above 0, as many of each", code="LI-ANA-001", got=lowest
        )
    if float(kelvin.min()) < LOWEST_TEMPERATURE:
        raise AnalysisError(
            "a temperature is too low for any electrolyte: it may be one in degC",
            code="LI-ANA-001",
            got=f"{kelvin.min():g} K",
            expected=f"kelvin, at least {LOWEST_TEMPERATURE:g} K",
        )
    if not (bool((of_kelvin >= 0.0).all()) and bool(np.isfinite(of_kelvin).all()) and shared >= 0.0):
        raise AnalysisError(
            "uncertainties of temperatures must not be below 0",
            code="LI-ANA-001",
            got=f"{of_kelvin.min():g} K, {shared:g} K",
        )


@frozen(eq=False)
class _Line:
    """A weighted straight line, without regard to bends.

    `quantile` takes the share that an interval is to hold; `weight` is one over the standard deviation of each row.
    """

    energy: float
    deviation: float
    at_reference: float
    residual: FloatArray
    height: FloatArray
    weight: FloatArray
    freedom: int
    by_scatter: bool
    chi_square: float | None
    probability: float | None
    centre: float
    centre_deviation: float

    def quantile(self, share: float) -> float:
        """Return the half width of an interval in standard uncertainties."""
        from scipy.special import stdtrit

        if not self.by_scatter:
            return normal_quantile(share)
        return float(stdtrit(self.freedom, 0.5 + 0.5 * share))


def _line(kelvin: FloatArray, values: FloatArray, shares: FloatArray | None, of_kelvin: FloatArray, form: str) -> _Line:
    """Fit the line, with the variance that temperatures have by its own slope."""
    from scipy.special import chdtrc

    place = 1.0 / (GAS_CONSTANT * kelvin) - 1.0 / (GAS_CONSTANT * REFERENCE_TEMPERATURE)
    height = np.log(values if form == FORMS[0] else values / kelvin)
    scale = float(np.ptp(place))
    columns = [np.ones_like(place), place / scale]
    freedom = kelvin.size - 2
    energy = 0.0
    weight = np.ones_like(place) if shares is None else 1.0 / shares
    for _ in range(_STEPS if bool(of_kelvin.any()) else 1):
        of_slope = (energy / (GAS_CONSTANT * kelvin**2) + (0.0 if form == FORMS[0] else 1.0 / kelvin)) * of_kelvin
        if shares is not None:
            weight = 1.0 / np.hypot(shares, of_slope)
        line, spread, residual = weighted_line(columns, height, weight)
        before, energy = energy, line[1] / scale
        if abs(energy - before) <= 1e-9 * abs(energy):
            break
    chi_square = float(((weight * residual) ** 2).sum())
    # Variance of what is weighted: 1 if the uncertainties are right; without them what the rows themselves show.
    variance = chi_square / max(freedom, 1)
    probability = None
    if shares is not None:
        probability = float(chdtrc(freedom, chi_square))
        by_scatter = probability < LEAST_AGREEMENT
        variance = max(variance, 1.0) if by_scatter else 1.0
    else:
        by_scatter = True
        variance = max(variance, float(np.mean(of_slope**2)))
    return _Line(
        energy=energy,
        deviation=spread[1] / scale * math.sqrt(variance),
        at_reference=line[0],
        residual=residual,
        height=height,
        weight=weight,
        freedom=freedom,
        by_scatter=by_scatter,
        chi_square=None if shares is None else chi_square,
        probability=probability,
        centre=float(np.average(1.0 / (GAS_CONSTANT * kelvin), weights=weight**2)),
        centre_deviation=math.sqrt(variance / float((weight**2).sum())),
    )


def weighted_line(
    columns: Sequence[FloatArray], height: FloatArray, weight: FloatArray
) -> tuple[list[float], FloatArray, FloatArray]:
    """Return coefficients, their standard uncertainties for a unit variance of what is weighted, and the residuals."""
    design = np.column_stack(columns)
    found, *_ = np.linalg.lstsq(weight[:, None] * design, weight * height, rcond=None)
    inverse = np.linalg.inv((weight[:, None] * design).T @ (weight[:, None] * design))
    return found.tolist(), np.sqrt(np.diag(inverse)), np.asarray(height - design @ found)


def activation_energies(
    estimates: Sequence[Estimate], *, temperature_uncertainty: float | None = None
) -> Iterator[Estimate]:
    """Yield the activation energy of each resistance that has values at three temperatures or more, cycle by cycle.

    Parameters
    ----------
    estimates : sequence of Estimate
        Resistances with the conditions ``temperature`` [K] and, where there are several, ``cycle``. A lower bound does
        not count. Where each value has a standard uncertainty, values count by it.
    temperature_uncertainty : float, K, optional
        Standard uncertainty of each temperature.

    Yields
    ------
    Estimate
        ``activation_energy`` [J/mol] by ``ln R``, with the conditions ``of``, the resistance, ``form`` and
        ``by_ln_r_over_t``, the energy of the other form [J/mol]. Where two lines describe the values better:
        ``cold_energy``, ``warm_energy`` [J/mol] and ``crossover_temperature`` [K].
    """
    cycles = dict.fromkeys(estimate.conditions.get("cycle") for estimate in estimates if estimate.value is not None)
    for quantity in ACTIVATED:
        for cycle in cycles:
            points = activated_points(estimates, quantity, cycle)
            if len({point[0] for point in points}) >= FEWEST_TEMPERATURES:
                conditions: dict[str, float | str] = {"of": quantity}
                if len(cycles) > 1 and cycle is not None:
                    conditions["cycle"] = cycle
                yield _activation_energy(quantity, points, conditions, temperature_uncertainty)


def activated_points(
    estimates: Sequence[Estimate], quantity: str, cycle: object = None
) -> list[tuple[float, float, float | None]]:
    """Return temperature [K], value and standard uncertainty of the resistances that an activation energy is of."""
    return [
        (float(e.conditions["temperature"]), e.value, e.standard_uncertainty)
        for e in estimates
        if e.quantity == quantity
        and e.conditions.get("cycle") == cycle
        and e.value is not None
        and e.value > 0.0
        and "temperature" in e.conditions
        and (e.interval is None or None not in e.interval)
    ]


def _activation_energy(
    quantity: str,
    points: Sequence[tuple[float, float, float | None]],
    conditions: dict[str, float | str],
    of_kelvin: float | None,
) -> Estimate:
    kelvin, values, spreads = zip(*points, strict=True)
    weighted = all(spread is not None and spread > 0.0 for spread in spreads)
    fit = fit_arrhenius(kelvin, values, spreads if weighted else None, temperature_uncertainty=of_kelvin)
    low, high = (limit(kelvin) - ZERO_CELSIUS for limit in (min, max))
    definition = (
        f"slope of the logarithm of the {quantity.replace('_', ' ')} over 1/(R T), least squares over "
        f"{len(points)} temperatures from {low:.4g} to {high:.4g} degC"
    )
    if weighted:
        definition += ", each counted by its uncertainty"
    if of_kelvin:
        definition += f", temperatures to {of_kelvin:g} K"
    definition += f"; by ln(R/T) it is {fit.other_form_energy * 1e-3:.4g} kJ/mol"
    conditions = {**conditions, "form": fit.form, "by_ln_r_over_t": fit.other_form_energy}
    if fit.regimes is not None:
        conditions |= {
            "cold_energy": fit.regimes.cold_energy,
            "warm_energy": fit.regimes.warm_energy,
            "crossover_temperature": fit.regimes.crossover_temperature,
        }
    return Estimate(
        "activation_energy",
        fit.activation_energy,
        "J/mol",
        definition,
        standard_uncertainty=fit.standard_uncertainty,
        interval=fit.interval,
        interval_80=fit.interval_80,
        interval_kind="sampling",
        conditions=conditions,
        warnings=tuple(arrhenius_warnings(fit, quantity.replace("_", " "))),
    )


def arrhenius_warnings(fit: ArrheniusFit, words: str) -> Iterator[str]:
    """Yield what speaks against one activation energy of the quantity that `words` name."""
    if fit.lacks_fit:
        text = f"the {words} leaves a straight line by {100.0 * fit.largest_deviation:.2g} %"
        if fit.bend_probability is not None:
            text += f" (t test of a bend, p = {fit.bend_probability:.1g})"
        yield coded("LI-W-ANA-024", f"{text}; the change of the slope is in the uncertainty")
    if fit.regimes is not None:
        two = fit.regimes
        yield coded(
            "LI-W-ANA-128",
            f"the {words} has two energies, {two.cold_energy * 1e-3:.4g} kJ/mol below and "
            f"{two.warm_energy * 1e-3:.4g} kJ/mol above {two.crossover_temperature - ZERO_CELSIUS:.3g} degC "
            f"(F test, p = {two.probability:.1g})",
        )
    elif fit.scatters and fit.chi_square_probability is not None:
        yield coded(
            "LI-W-ANA-129",
            f"the {words} scatters about the line by more than its uncertainties say (chi square {fit.chi_square:.3g}, "
            f"p = {fit.chi_square_probability:.1g}): the interval is by the scatter",
        )
