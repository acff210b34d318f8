"""Impedance spectra: what they tell without a circuit, the circuit that describes them, and how they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from attrs import evolve

from lithiate.analysis.arrhenius import activation_energies
from lithiate.analysis.circuit_resistances import disagreements, slow_arcs, speaks_of_two_arcs, with_arcs
from lithiate.analysis.circuits.identifiability import Flag
from lithiate.analysis.circuits.series import SeriesFit, Spectrum, fit_series, leaves_noise
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.impedance_result import ImpedanceResult, ImpedanceSettings, SpectrumResistances
from lithiate.analysis.impedance_series import find_arc_collapse, impedance_series
from lithiate.analysis.kramers_kronig import check_kramers_kronig
from lithiate.analysis.kramers_kronig_result import KramersKronigCheck
from lithiate.analysis.relaxation_times import RelaxationTimes, fit_relaxation_times
from lithiate.analysis.settings import settings_from_keywords
from lithiate.analysis.spectrum_reading import BOTH, read_spectrum
from lithiate.core.measurement import ImpedanceSpectra
from lithiate.errors import AnalysisError

LARGEST_MISFIT = 0.05
"""Root mean square of a fit's residuals over |Z| above which its circuit is not said to describe a spectrum."""
OF_FULL_CELL = {
    "sei_resistance": "taken for the lithium's film, with all else that is as fast, such as charge transfer of lithium",
    "charge_transfer_resistance": "taken for charge transfer of cathode and lithium, of either what is as slow",
}
_CHECKED, _FITTED = 0.2, 0.8
"""Shares of the time of an analysis after which spectra are checked, and circuits fitted; the rest is relaxation."""


def analyse_impedance(
    record: ImpedanceSpectra, *, progress: Callable[[float], None] | None = None, **settings: float | str
) -> ImpedanceResult:
    """Analyse impedance spectra: ohmic and interfacial resistance, validity, a circuit, relaxation times, the series.

    Parameters
    ----------
    record : ImpedanceSpectra
        Its provenance is not looked at.
    progress : callable, optional
        Is given the share, 0 to 1, that is done.
    **settings
        Fields of `ImpedanceSettings`.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when a setting is not valid, ``LI-ANA-002`` for a circuit that cannot be read.

    Notes
    -----
    Ohmic and interfacial resistance assume no circuit (`lithiate.analysis.spectrum_reading`). Standard uncertainties
    join noise, the distance of rows, what is extrapolated, and what arc and tail hide of each other where they meet:
    -Im Z at the minimum with its noise, and half the range of Re Z over the rows in which the arcs may end, both taken
    as half widths of rectangular distributions.

    The circuit is fitted in ohm of the cell, one for all spectra of the record (`lithiate.analysis.circuits.series`).
    """
    from threadpoolctl import threadpool_limits

    chosen = settings_from_keywords(ImpedanceSettings, "impedance", settings)
    # Matrices of a spectrum are small: threads cost more time than they save, and give other last digits.
    with threadpool_limits(1):
        return _analysed(record, chosen, progress)


def _analysed(
    record: ImpedanceSpectra, chosen: ImpedanceSettings, progress: Callable[[float], None] | None
) -> ImpedanceResult:
    warnings = list(record.warnings)
    if record.specimen.area is None:
        warnings.append(coded("LI-W-ANA-020", "the area is not known: resistances are those of the cell, in ohm"))
    spectra = _sorted_spectra(record)
    checks = [_checked(record, k, spectrum) for k, spectrum in _reported(spectra, progress, 0.0, _CHECKED)]
    warnings += _named(check.warnings if check else () for check in checks)
    if chosen.leave_out_offending:
        spectra = [_without_offending(spectrum, check) for spectrum, check in zip(spectra, checks, strict=True)]
    readings = [
        _reading(record, k, spectrum, check, chosen)
        for k, (spectrum, check) in enumerate(zip(spectra, checks, strict=True))
    ]
    fitted = _fitted(spectra, chosen, progress)
    if fitted is not None:
        if speaks_of_two_arcs(fitted, chosen.tail_frequency):
            area, without = record.specimen.area, readings
            readings = [
                with_arcs(reading, each, area, chosen.tail_frequency, fitted.text)
                for reading, each in zip(without, fitted.spectra, strict=True)
            ]
            warnings += _named(map(disagreements, without, readings, [area] * len(readings)))
        warnings += _named(_texts(each.flags) if each else () for each in fitted.spectra)
        warnings += _of_misfit(fitted)
        warnings += _named(slow_arcs(each, chosen.tail_frequency) for each in fitted.spectra)
    warnings += _named([text for e in reading.estimates() for text in e.warnings] for reading in readings)
    if record.specimen.cell == "full":
        readings = [_of_full_cell(reading) for reading in readings]
        if any(reading.sei_resistance.value is not None for reading in readings):
            text = "the faster arc counts as the lithium's film, the slower as charge transfer of both electrodes"
            warnings.append(coded("LI-W-ANA-025", f"{text}: the fit knows time constants alone"))
    times: list[RelaxationTimes | None] = []
    if chosen.relaxation_times:
        times = [_relaxation_times(spectrum) for _, spectrum in _reported(spectra, progress, _FITTED, 1.0)]
    warnings += _named(each.warnings if each else () for each in times)
    series = impedance_series(record, readings, fitted, checks, chosen.interfaces_of(record.specimen.cell))
    collapse = find_arc_collapse(series)
    if collapse is not None:
        warnings.append(coded("LI-W-ANA-150", collapse.text))
    estimates = [e for reading in readings for e in reading.estimates()]
    energies = tuple(activation_energies(estimates, temperature_uncertainty=chosen.temperature_uncertainty))
    warnings += [text for energy in energies for text in energy.warnings]
    return ImpedanceResult(
        specimen=record.specimen.name,
        area=record.specimen.area,
        spectra=tuple(readings),
        activation_energies=energies,
        series=series,
        circuit=fitted,
        checks=tuple(checks),
        relaxation_times=tuple(times),
        collapse=collapse,
        settings=chosen,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _named(spectra: Iterable[Sequence[str]]) -> list[str]:
    """Return warnings of spectra, each with the number of its spectrum."""
    return [f"{text} (spectrum {k + 1})" for k, texts in enumerate(spectra) for text in texts]


def _of_misfit(fitted: SeriesFit) -> list[str]:
    """Return a warning where the circuit leaves more than a twentieth of |Z| in half of the spectra."""
    known = [each for each in fitted.spectra if each is not None]
    misfit = float(np.median([each.fit.root_mean_square for each in known]))
    noisy = sum(leaves_noise(each.flags) for each in known) > 0.5 * len(known)
    if misfit <= LARGEST_MISFIT or noisy:
        return []
    text = f"the circuit {fitted.text} leaves {100.0 * misfit:.2g} % of |Z| (median): it does not describe the spectra"
    return [coded("LI-W-ANA-152", f"{text}; --set leave_out_offending=true leaves rows out that break Kramers-Kronig")]


def _texts(flags: Sequence[Flag]) -> list[str]:
    return [flag.warning for flag in flags]


def _sorted_spectra(record: ImpedanceSpectra) -> list[Spectrum]:
    """Return frequencies, falling, and impedances [ohm] of each spectrum."""
    found = []
    for k in range(len(record)):
        rows = record.rows(k)
        order = np.argsort(-record.frequency[rows], kind="stable")
        found.append((record.frequency[rows][order], record.impedance[rows][order]))
    return found


def _checked(record: ImpedanceSpectra, k: int, spectrum: Spectrum) -> KramersKronigCheck | None:
    """Return the Kramers-Kronig check of a spectrum, None where it has too few rows, or one frequency twice."""
    rows = record.rows(k)
    time = None
    if record.time is not None:
        time = record.time[rows][np.argsort(-record.frequency[rows], kind="stable")]
    try:
        return check_kramers_kronig(*spectrum, time=time)
    except AnalysisError:
        return None


def _without_offending(spectrum: Spectrum, check: KramersKronigCheck | None) -> Spectrum:
    if check is None or not check.offending.any():
        return spectrum
    return spectrum[0][~check.offending], spectrum[1][~check.offending]


def _relaxation_times(spectrum: Spectrum) -> RelaxationTimes | None:
    try:
        return fit_relaxation_times(*spectrum)
    except AnalysisError:
        return None


def _reading(
    record: ImpedanceSpectra,
    k: int,
    spectrum: Spectrum,
    check: KramersKronigCheck | None,
    settings: ImpedanceSettings,
) -> SpectrumResistances:
    """Return the resistances of a spectrum, per area where that is known, with what they belong to."""
    area = record.specimen.area
    unit, scale = ("ohm", 1.0) if area is None else ("ohm m^2", area)
    conditions = {"spectrum": float(k + 1)}
    if record.cycle is not None:
        conditions["cycle"] = float(record.cycle[k])
    if record.temperature is not None:
        conditions["temperature"] = float(record.temperature[k])
    elif "temperature" in record.conditions:
        conditions["temperature"] = record.conditions["temperature"]
    smooth = check is not None and check.verdict not in ("consistent", "offending rows")
    violation = check.systematic if check is not None and smooth else 0.0
    found = read_spectrum(spectrum[0], spectrum[1] * scale, settings.tail_frequency, violation)
    named = {e.quantity: evolve(e, unit=unit, conditions=conditions) for e in found}
    return SpectrumResistances(state=None if record.state is None else record.state[k], **named)


def _of_full_cell(spectrum: SpectrumResistances) -> SpectrumResistances:
    """Return the resistances of a full cell with definitions that say whose they are: its electrodes are unlike."""
    return evolve(
        spectrum,
        **{
            name: evolve(found, definition=found.definition.replace(BOTH, whose))
            for name, whose in OF_FULL_CELL.items()
            for found in (getattr(spectrum, name),)
        },
    )


def _fitted(
    spectra: Sequence[Spectrum], settings: ImpedanceSettings, progress: Callable[[float], None] | None
) -> SeriesFit | None:
    if settings.circuit == "none":
        return None

    def report(share: float) -> None:
        if progress is not None:
            progress(_CHECKED + (_FITTED - _CHECKED) * share)

    return fit_series(
        spectra,
        settings.circuit,
        weights=settings.weights,
        fixed=settings.fixed,
        shared=settings.shared,
        progress=report,
    )


def _reported(
    spectra: Sequence[Spectrum], progress: Callable[[float], None] | None, begin: float, end: float
) -> Iterator[tuple[int, Spectrum]]:
    """Yield the spectra with their numbers, and report after each how far the analysis is, from `begin` to `end`."""
    for k, spectrum in enumerate(spectra):
        yield k, spectrum
        if progress is not None:
            progress(begin + (end - begin) * (k + 1) / len(spectra))
