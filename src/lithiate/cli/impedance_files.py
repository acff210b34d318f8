"""What ``lithiate analyse --out`` leaves of impedance spectra: figures and tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lithiate.analysis.impedance_result import ImpedanceResult
    from lithiate.core.measurement import ImpedanceSpectra
    from lithiate.figures.arrhenius import ArrheniusTrace
    from lithiate.figures.impedance import SpectraTrace

MOST_SPECTRA = 6
"""Spectra of a series that have a figure of their own, evenly spaced from the first to the last."""


def shown_spectra(count: int, most: int = MOST_SPECTRA) -> tuple[int, ...]:
    """Return up to `most` numbers from 0 to `count` - 1, evenly spaced, first and last among them."""
    return tuple(dict.fromkeys(np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist()))


def save_impedance(record: ImpedanceSpectra, result: ImpedanceResult, folder: Path, stem: str, label: str) -> None:
    """Save a figure of each shown spectrum; of a series also Nyquist plots, resistances, and those over 1/T."""
    from lithiate.figures.impedance import SpectraTrace, plot_nyquist
    from lithiate.figures.impedance_series import plot_impedance_series
    from lithiate.figures.spectrum import plot_spectrum, spectrum_view
    from lithiate.figures.style import anode_styles, save

    shown = shown_spectra(len(record))
    trace = SpectraTrace(label, label, record.provenance.origin == "measured", record, shown)
    for spectrum in shown:
        words = label if len(record) == 1 else f"{label}: {_words(trace, spectrum)}"
        end = "spectrum" if len(record) == 1 else f"spectrum-{spectrum + 1}"
        save(plot_spectrum(spectrum_view(record, result, spectrum, words)), folder / f"{stem}-{end}.svg")
    if len(record) > 1:
        save(plot_nyquist([trace], anode_styles([label])), folder / f"{stem}-nyquist.svg")
        save(plot_impedance_series(result.series, result.collapse), folder / f"{stem}-series.svg")
    traces = list(arrhenius_traces(record, result))
    if traces:
        from lithiate.figures.arrhenius import plot_arrhenius

        styles = anode_styles([each.anode for each in traces])
        figure = plot_arrhenius(traces, styles, "resistance", areal=record.specimen.area is not None)
        save(figure, folder / f"{stem}-arrhenius.svg")


def _words(trace: SpectraTrace, spectrum: int) -> str:
    number, words = f"spectrum {spectrum + 1}", trace.spectrum_label(spectrum)
    return number if words == number else f"{number}, {words}"


def arrhenius_traces(record: ImpedanceSpectra, result: ImpedanceResult) -> Iterator[ArrheniusTrace]:
    """Yield the points of each activation energy with their fit; resistances take the place of anodes."""
    from lithiate.analysis.arrhenius import activated_points, fit_arrhenius
    from lithiate.figures.arrhenius import ArrheniusTrace

    estimates = [estimate for spectrum in result.spectra for estimate in spectrum.estimates()]
    of_kelvin = result.settings.temperature_uncertainty
    for energy in result.activation_energies:
        cycles = {estimate.conditions.get("cycle") for estimate in estimates}
        cycle = energy.conditions.get("cycle", next(iter(cycles)) if len(cycles) == 1 else None)
        quantity = str(energy.conditions["of"])
        points = activated_points(estimates, quantity, cycle)
        kelvin, values = (np.array([point[place] for point in points], dtype=np.float64) for place in (0, 1))
        spreads = [point[2] for point in points]
        known = None if None in spreads else np.array(spreads, dtype=np.float64)
        weights = known if known is not None and (known > 0.0).all() else None
        words = quantity.removesuffix("_resistance").replace("sei", "SEI").replace("_", " ")
        if "cycle" in energy.conditions:
            words += f", cycle {cycle:g}"
        yield ArrheniusTrace(
            anode=words,
            label=words,
            measured=record.provenance.origin == "measured",
            temperature=kelvin,
            resistance=values,
            activation_energy=energy.value,
            uncertainty=known,
            fit=fit_arrhenius(kelvin, values, weights, temperature_uncertainty=of_kelvin),
        )
