"""Resistances of interphase and charge transfer by the circuit of a spectrum, in place of those of the reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from attrs import evolve

from lithiate.analysis.circuits.arcs import Arc, arcs_of
from lithiate.analysis.circuits.identifiability import LARGEST_SPREAD, widening
from lithiate.analysis.circuits.profile import LEVELS
from lithiate.analysis.circuits.series import LEAST_WEIGHT, SpectrumFit
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.impedance_result import SpectrumResistances
from lithiate.analysis.spectrum_reading import BOTH
from lithiate.core.estimate import Estimate

DEFINITION = "the {which} of the two arcs above {tail:g} Hz of the circuit {circuit}, by least squares; {whose}"
DISAGREEMENT = 0.1
"""Share by which the arcs' sum may leave the reading without a word."""
OF_TAIL = 0.06
"""Share of the resistance of a layer's diffusion that the slowest arc may hold.

A layer is never as even as the element. Of the twin's cells, whose tail is that of a separator between films, the arc
holds 2 to 6 % of the tail (docs/verification.md).
"""


def with_arcs(
    reading: SpectrumResistances, fitted: SpectrumFit | None, area: float | None, tail_frequency: float, circuit: str
) -> SpectrumResistances:
    """Return the resistances of a spectrum, those of interphase and charge transfer by the circuit if it has two arcs.

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
    names = ("sei_resistance", "charge_transfer_resistance")
    for place, (name, which, arc) in enumerate(zip(names, ("faster", "slower"), arcs, strict=True)):
        definition = DEFINITION.format(which=which, tail=tail_frequency, circuit=circuit, whose=BOTH)
        more = _of_other_circuits(fitted, arc, place, tail_frequency)
        if place == 1:
            more = math.hypot(more, OF_TAIL / math.sqrt(3.0) * _tail(fitted))
        found[name] = _estimate(
            getattr(reading, name), fitted, arc, definition, 1.0 if area is None else area, more=more
        )
    return evolve(reading, **found)


def _of_other_circuits(fitted: SpectrumFit, arc: Arc, place: int, tail_frequency: float) -> float:
    """Return the standard uncertainty of an arc's resistance from other circuits with two arcs, beyond the fit's own.

    The mean square of their distance and of their own uncertainty, by their weights, less the variance of the fit.
    """
    own = fitted.parameters[arc.resistance_name].standard_uncertainty
    if own is None:
        return 0.0
    total = max(1.0 - math.fsum(weight for weight, _ in fitted.others), LEAST_WEIGHT)
    square = total * own**2
    for weight, fit in fitted.others:
        arcs = _faster(arcs_of(fit), tail_frequency)
        if len(arcs) != 2:
            continue
        other = arcs[place]
        spread = float(fit.spreads[fit.circuit.names.index(other.resistance_name)]) * widening(fit)
        if spread <= LARGEST_SPREAD:
            square += weight * ((other.resistance - arc.resistance) ** 2 + (spread * other.resistance) ** 2)
            total += weight
    return math.sqrt(max(square / total - own**2, 0.0))


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
    reading: Estimate, fitted: SpectrumFit, arc: Arc, definition: str, scale: float, *, more: float
) -> Estimate:
    from scipy.special import stdtrit

    known = fitted.parameters[arc.resistance_name]
    if known.standard_uncertainty is None:
        text = coded("LI-W-ANA-021", f"not resolved by the circuit: {known.reason}")
        return Estimate(
            reading.quantity, None, reading.unit, definition, conditions=reading.conditions, warnings=(text,)
        )
    low, high = (
        _widened(interval, known.value, float(stdtrit(fitted.fit.freedom, 0.5 + 0.5 * level)) * more, scale)
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


def disagreements(reading: SpectrumResistances, fitted: SpectrumFit | None, area: float | None) -> list[str]:
    """Return a warning where the sum of a circuit's two arcs and the reading without a circuit are not the same.

    They differ by more than three standard uncertainties of the reading, and by a tenth.
    """
    whole = reading.interfacial_resistance
    parts = (reading.sei_resistance.value, reading.charge_transfer_resistance.value)
    if fitted is None or whole.value is None or whole.standard_uncertainty is None or None in parts:
        return []
    total = sum(part for part in parts if part is not None)
    if abs(total - whole.value) < max(3.0 * whole.standard_uncertainty, DISAGREEMENT * whole.value):
        return []
    unit, factor = ("ohm", 1.0) if area is None else ("ohm cm2", 1e4)
    text = (
        f"the arcs add up to {total * factor:.4g} {unit}, the reading without a circuit is {whole.value * factor:.4g}"
    )
    return [coded("LI-W-ANA-151", text)]
