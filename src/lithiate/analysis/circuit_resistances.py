"""Resistances of interphase and charge transfer by the circuit of a spectrum, in place of those of the reading."""

from __future__ import annotations

import math
from typing import Any

from attrs import evolve

from lithiate.analysis.circuits.arcs import Arc
from lithiate.analysis.circuits.series import SeriesFit, SpectrumFit, leaves_noise
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.impedance_result import SpectrumResistances
from lithiate.analysis.spectrum_reading import BOTH
from lithiate.core.estimate import Estimate

DEFINITION = "the {which} of the two arcs above {tail:g} Hz of the circuit {circuit}, by least squares; {whose}"
NAMES = ("sei_resistance", "charge_transfer_resistance")
LEAST_SHARE = 0.9
"""Share of the spectra that a circuit must describe down to the noise."""
DISAGREEMENT = 0.1
"""Share by which the arcs' sum may leave the reading without a word."""


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
    """
    arcs = _above(fitted, tail_frequency)
    if fitted is None or len(arcs) != 2:
        return reading
    found: dict[str, Any] = {}
    for name, which, arc in zip(NAMES, ("faster", "slower"), arcs, strict=True):
        definition = DEFINITION.format(which=which, tail=tail_frequency, circuit=circuit, whose=BOTH)
        found[name] = _estimate(getattr(reading, name), fitted, arc, definition, 1.0 if area is None else area)
    return evolve(reading, **found)


def _above(fitted: SpectrumFit | None, tail_frequency: float) -> list[Arc]:
    return [arc for arc in (fitted.arcs if fitted else ()) if 2.0 * math.pi * tail_frequency * arc.time_constant < 1.0]


def _estimate(reading: Estimate, fitted: SpectrumFit, arc: Arc, definition: str, scale: float) -> Estimate:
    known = fitted.parameters[arc.resistance_name]
    if known.standard_uncertainty is None:
        text = coded("LI-W-ANA-021", f"not resolved by the circuit: {known.reason}")
        return Estimate(
            reading.quantity, None, reading.unit, definition, conditions=reading.conditions, warnings=(text,)
        )
    low, high = (_scaled(interval, scale) for interval in (known.interval, known.interval_80))
    return Estimate(
        reading.quantity,
        known.value * scale,
        reading.unit,
        definition,
        standard_uncertainty=known.standard_uncertainty * scale,
        interval=low,
        interval_80=high,
        interval_kind="sampling",
        conditions=reading.conditions,
    )


def _scaled(interval: tuple[float | None, float | None], scale: float) -> tuple[float | None, float | None]:
    low, high = (None if end is None else end * scale for end in interval)
    return low, high


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
