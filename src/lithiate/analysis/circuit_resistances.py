"""Resistances of interphase and charge transfer by the circuit of a spectrum, in place of those of the reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve

from lithiate.analysis.circuits.arcs import Arc, arcs_of
from lithiate.analysis.circuits.identifiability import (
    LARGEST_SPREAD,
    FittedParameter,
    fitted_parameters,
    widening,
)
from lithiate.analysis.circuits.profile import LEVELS, PLUS
from lithiate.analysis.circuits.result import CircuitFit
from lithiate.analysis.circuits.series import LEAST_WEIGHT, SeriesFit, SpectrumFit, leaves_noise
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.impedance_result import SpectrumResistances
from lithiate.analysis.spectrum_reading import BOTH
from lithiate.core.estimate import Estimate

DEFINITION = "the {which} of the two arcs above {tail:g} Hz of the circuit {circuit}, by least squares; {whose}"
SUM = "sum of the two arcs above {tail:g} Hz of the circuit {circuit}, by least squares; {whose}"
NAMES = ("sei_resistance", "charge_transfer_resistance")
SMALL = 0.05
"""Share of all arcs below which an arc that counts as diffusion is not worth a word."""
LEAST_SHARE = 0.9
"""Share of the spectra that a circuit must describe down to the noise."""
DISAGREEMENT = 0.1
"""Share by which the arcs' sum may leave the reading without a word."""
OF_TAIL = 0.06
"""Share of the resistance of a layer's diffusion that the slowest arc may hold.

A layer is never as even as the element. Of the twin's cells, whose tail is that of a separator between films, the arc
holds 2 to 6 % of the tail (docs/verification.md).
"""


def speaks_of_two_arcs(fitted: SeriesFit, tail_frequency: float) -> bool:
    """Return whether a series has interphase and charge transfer by its circuit.

    So it does where the circuit has two arcs above the tail and leaves nothing but noise, in nearly all spectra. What a
    circuit does not describe it puts into its parts; the reading looks at the arcs alone, and stands then. It is one or
    the other for a whole series: a temperature series of both would bend. A circuit that was asked for is taken at its
    word.
    """
    known = [each for each in fitted.spectra if each is not None]
    asked = not fitted.scores
    good = [len(_above(each, tail_frequency)) == 2 and (asked or leaves_noise(each.flags)) for each in known]
    return sum(good) >= LEAST_SHARE * len(known)


def with_arcs(
    reading: SpectrumResistances, fitted: SpectrumFit | None, area: float | None, tail_frequency: float, circuit: str
) -> SpectrumResistances:
    """Return the resistances of a spectrum, those of interphase and charge transfer by its circuit if it has two arcs.

    Parameters
    ----------
    reading : SpectrumResistances
    fitted : SpectrumFit or None
        In ohm of the cell.
    area : float or None, m2
    tail_frequency : float, Hz
        Arcs that peak below it are diffusion.
    circuit : str

    Notes
    -----
    The value is that of the circuit. Its uncertainty joins three things: the fit's own; what other circuits that
    describe the series as well say of the same arc, by Akaike's weights (Burnham & Anderson, Model Selection and
    Multimodel Inference, 2nd ed. (2002), section 4.3): where noise hides the tail, an arc that has swallowed it is too
    large by half of it; and what the tail's element, an even layer, leaves to the slower arc (`OF_TAIL`).
    """
    arcs = _above(fitted, tail_frequency)
    if fitted is None or len(arcs) != 2:
        return reading
    found: dict[str, Any] = {}
    scale = 1.0 if area is None else area
    of_tail = OF_TAIL / math.sqrt(3.0) * _tail(fitted)
    for place, (name, which, arc) in enumerate(zip(NAMES, ("faster", "slower"), arcs, strict=True)):
        definition = DEFINITION.format(which=which, tail=tail_frequency, circuit=circuit, whose=BOTH)
        known = fitted.parameters[arc.resistance_name]
        of_others = _of_other_circuits(fitted, known, [place], tail_frequency)
        more = math.hypot(of_others, of_tail if place == 1 else 0.0)
        found[name] = _estimate(getattr(reading, name), known, fitted.fit.freedom, definition, scale, more=more)
    both = PLUS.join(arc.resistance_name for arc in arcs)
    (whole,) = fitted_parameters([fitted.fit], [both], flags=[fitted.flags])
    if whole[both].standard_uncertainty is not None:
        definition = SUM.format(tail=tail_frequency, circuit=circuit, whose=BOTH)
        without = reading.interfacial_resistance
        more = math.hypot(_of_other_circuits(fitted, whole[both], [0, 1], tail_frequency), of_tail)
        found[without.quantity] = _estimate(without, whole[both], fitted.fit.freedom, definition, scale, more=more)
    return evolve(reading, **found)


def slow_arcs(fitted: SpectrumFit | None, tail_frequency: float) -> list[str]:
    """Return a warning for each arc of a circuit that is known, and that counts as diffusion by its frequency."""
    if fitted is None:
        return []
    total = sum(arc.resistance for arc in fitted.arcs)
    above = _above(fitted, tail_frequency)
    texts = []
    for arc in fitted.arcs:
        known = fitted.parameters[arc.resistance_name].standard_uncertainty is not None
        if arc in above or not known or arc.resistance < SMALL * total:
            continue
        peak = 1.0 / (2.0 * math.pi * arc.time_constant)
        text = (
            f"{arc.part}, {arc.resistance:.3g} ohm, peaks at {peak:.2g} Hz, below tail_frequency "
            f"({tail_frequency:g} Hz): it counts as diffusion and is in no resistance; "
            f"--set tail_frequency={0.3 * peak:.1g} counts it as an arc"
        )
        texts.append(coded("LI-W-ANA-153", text))
    return texts


def _of_other_circuits(
    fitted: SpectrumFit, own: FittedParameter, places: Sequence[int], tail_frequency: float
) -> float:
    """Return the standard uncertainty of the sum of some arcs from other circuits with two arcs, beyond the fit's own.

    The mean square of their distance and of their own uncertainty, by their weights, less the variance of the fit.
    """
    if own.standard_uncertainty is None:
        return 0.0
    variance = own.standard_uncertainty**2
    total = max(1.0 - math.fsum(weight for weight, _ in fitted.others), LEAST_WEIGHT)
    square = total * variance
    for weight, fit in fitted.others:
        arcs = _faster(arcs_of(fit), tail_frequency)
        if len(arcs) != 2:
            continue
        value, spread = _sum(fit, [arcs[place] for place in places])
        if spread <= LARGEST_SPREAD * value:
            square += weight * ((value - own.value) ** 2 + spread**2)
            total += weight
    return math.sqrt(max(square / total - variance, 0.0))


def _sum(fit: CircuitFit, arcs: Sequence[Arc]) -> tuple[float, float]:
    """Return the sum of the resistances of arcs and its standard uncertainty by the covariance; NaN at a bound."""
    places = [fit.circuit.names.index(arc.resistance_name) for arc in arcs]
    if fit.held[places].any():
        return math.fsum(arc.resistance for arc in arcs), math.nan
    values = fit.values[places]
    variance = float(values @ fit.inverse_curvature[np.ix_(places, places)] @ values) * fit.variance
    return float(values.sum()), math.sqrt(max(variance, 0.0)) * widening(fit)


def _tail(fitted: SpectrumFit) -> float:
    """Return the resistance of diffusion through a layer, 0 where the circuit has none."""
    return math.fsum(
        fitted.fit.value(name) for name in fitted.fit.circuit.names if name.startswith("Ws") and "resistance" in name
    )


def _above(fitted: SpectrumFit | None, tail_frequency: float) -> list[Arc]:
    return _faster(fitted.arcs if fitted else (), tail_frequency)


def _faster(arcs: Sequence[Arc], tail_frequency: float) -> list[Arc]:
    return [arc for arc in arcs if 2.0 * math.pi * tail_frequency * arc.time_constant < 1.0]


def _estimate(
    reading: Estimate, known: FittedParameter, freedom: int, definition: str, scale: float, *, more: float
) -> Estimate:
    from scipy.special import stdtrit

    if known.standard_uncertainty is None:
        text = coded("LI-W-ANA-021", f"not resolved by the circuit: {known.reason}")
        return Estimate(
            reading.quantity, None, reading.unit, definition, conditions=reading.conditions, warnings=(text,)
        )
    low, high = (
        _widened(interval, known.value, float(stdtrit(freedom, 0.5 + 0.5 * level)) * more, scale)
        for level, interval in zip(LEVELS, (known.interval, known.interval_80), strict=True)
    )
    return Estimate(
        reading.quantity,
        known.value * scale,
        reading.unit,
        definition,
        standard_uncertainty=math.hypot(known.standard_uncertainty, more) * scale,
        interval=low,
        interval_80=high,
        interval_kind="sampling",
        conditions=reading.conditions,
    )


def _widened(
    interval: tuple[float | None, float | None], value: float, more: float, scale: float
) -> tuple[float | None, float | None]:
    """Return an interval with a further half width in each of its own; not below 0."""
    low, high = interval
    return (
        None if low is None else max(value - math.hypot(value - low, more), 0.0) * scale,
        None if high is None else (value + math.hypot(high - value, more)) * scale,
    )


def disagreements(reading: SpectrumResistances, shown: SpectrumResistances, area: float | None) -> list[str]:
    """Return a warning where a circuit's arcs add up to something else than the reading without a circuit.

    They differ by more than three standard uncertainties of the reading, and by a tenth.
    """
    without, by_circuit = reading.interfacial_resistance, shown.interfacial_resistance
    if without is by_circuit or without.value is None or by_circuit.value is None:
        return []
    spread = without.standard_uncertainty or 0.0
    if abs(by_circuit.value - without.value) < max(3.0 * spread, DISAGREEMENT * without.value):
        return []
    unit, factor = ("ohm", 1.0) if area is None else ("ohm cm2", 1e4)
    total, read = (f"{estimate.value * factor:.4g}" for estimate in (by_circuit, without) if estimate.value is not None)
    return [coded("LI-W-ANA-151", f"the arcs add up to {total} {unit}; without a circuit {read} is read")]
