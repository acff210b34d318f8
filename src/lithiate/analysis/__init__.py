"""Analyses of measurements: one technique, one function; the twin's and the instrument's data alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lithiate.analysis.critical_current import CriticalCurrentResult
    from lithiate.analysis.full_cell_result import FullCellResult
    from lithiate.analysis.impedance_result import ImpedanceResult
    from lithiate.analysis.kinetics_result import KineticsResult
    from lithiate.analysis.plating_result import PlatingEfficiencyResult
    from lithiate.analysis.symmetric_result import SymmetricCyclingResult
    from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Measurement, PolarisationCurve

    CyclingResult = SymmetricCyclingResult | PlatingEfficiencyResult | CriticalCurrentResult | FullCellResult
    Result = CyclingResult | ImpedanceResult | KineticsResult


_USUAL_KIND = {"symmetric": "symmetric-cycling", "plating": "plating-efficiency", "full": "full-cycling"}
_CELL_OF_KIND = {"plating-efficiency": "plating", "full-cycling": "full", "rate": "full", "anode-free": "full"}


@overload
def analyse(
    measurement: CyclingRecord,
    *,
    technique: str | None = None,
    kind: str | None = None,
    spectra: ImpedanceSpectra | None = None,
    progress: Callable[[float], None] | None = None,
    **settings: float | str,
) -> CyclingResult: ...


@overload
def analyse(
    measurement: ImpedanceSpectra,
    *,
    technique: str | None = None,
    kind: str | None = None,
    spectra: None = None,
    progress: Callable[[float], None] | None = None,
    **settings: float | str,
) -> ImpedanceResult: ...


@overload
def analyse(
    measurement: PolarisationCurve,
    *,
    technique: str | None = None,
    kind: str | None = None,
    spectra: None = None,
    progress: Callable[[float], None] | None = None,
    **settings: float | str,
) -> KineticsResult: ...


@overload
def analyse(
    measurement: Measurement,
    *,
    technique: str | None = None,
    kind: str | None = None,
    spectra: ImpedanceSpectra | None = None,
    progress: Callable[[float], None] | None = None,
    **settings: float | str,
) -> Result: ...


def analyse(
    measurement: Measurement,
    *,
    technique: str | None = None,
    kind: str | None = None,
    spectra: ImpedanceSpectra | None = None,
    progress: Callable[[float], None] | None = None,
    **settings: float | str,
) -> Result:
    """Analyse a measurement by the technique that recorded it and by what was done to the cell.

    Parameters
    ----------
    measurement : Measurement
        Simulated or measured: the analysis does not know which.
    technique : str, optional
        By default the technique of the measurement.
    kind : str, optional
        What was done to the cell, a name of `lithiate.core.techniques.KINDS`. By default the usual one: cycling of a
        symmetric cell (also of one that is not stated) is ``symmetric-cycling``, of a plating cell
        ``plating-efficiency``, of a full cell ``full-cycling``; a polarisation curve is ``tafel``. A
        ``critical-current`` test must be named.
    spectra : ImpedanceSpectra, optional
        Of the same symmetric cell, on the clock of its cycling record: they are tied to it (`LinkedSpectra`).
    progress : callable, optional
        Is given the share, 0 to 1, that is done of the analysis of spectra; the others take no time.
    **settings
        Settings of the analysis, such as ``hysteresis_definition="|V|"``; see `SymmetricSettings`, `PlatingSettings`,
        `CriticalCurrentSettings`, `FullCellSettings`, `KineticsSettings` and `ImpedanceSettings`, each in the module
        of its result.

    Returns
    -------
    SymmetricCyclingResult, PlatingEfficiencyResult, CriticalCurrentResult, FullCellResult, KineticsResult or
    ImpedanceResult
        Each has ``specimen``, ``warnings``, ``estimates()`` and ``to_dict()``.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no analysis for the technique, the kind or the cell, when the measurement does not
        fit, or when a setting is not known.
    """
    from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, PolarisationCurve
    from lithiate.core.techniques import TECHNIQUES

    wanted = _known("technique", technique or measurement.technique, TECHNIQUES, measurement)
    chosen = _kind(measurement, wanted, kind)
    if wanted == "impedance" and isinstance(measurement, ImpedanceSpectra):
        from lithiate.analysis.impedance import analyse_impedance

        return analyse_impedance(measurement, progress=progress, **settings)
    if wanted == "polarisation" and isinstance(measurement, PolarisationCurve):
        from lithiate.analysis.kinetics import analyse_kinetics

        return analyse_kinetics(measurement, **settings)
    if wanted == "cycling" and isinstance(measurement, CyclingRecord):
        return _analyse_cycling(measurement, chosen, settings, spectra)
    raise _no_analysis(
        f"there is no analysis of technique {wanted!r} for this measurement",
        measurement,
        type(measurement).__name__,
        "a CyclingRecord for 'cycling', ImpedanceSpectra for 'impedance', a PolarisationCurve for 'polarisation'",
    )


def analyse_cell(
    records: Sequence[Measurement],
    *,
    technique: str | None = None,
    kind: str | None = None,
    progress: Callable[[float], None] | None = None,
    **settings: float | str,
) -> list[tuple[Measurement, Result]]:
    """Analyse all that was measured on one cell, as `lithiate.readers.read_all` gives it.

    Parameters
    ----------
    records : sequence of Measurement
        At most one a technique, on one clock.
    technique : str, optional
        Analyse the record of this technique only.
    kind : str, optional
        What was done to the cell in the first record.
    progress : callable, optional
        As for `analyse`.
    **settings
        Of any of the analyses; each gets those that it knows.

    Returns
    -------
    list of (Measurement, result)
        In the order of `records`. A record after the first whose analysis does not apply is left out, and a warning of
        the first result says why.

    Raises
    ------
    AnalysisError
        As `analyse` does, for the first record.
    """
    from attrs import evolve

    from lithiate.analysis.coded_warnings import coded
    from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra
    from lithiate.errors import AnalysisError

    chosen = [record for record in records if technique is None or record.technique == technique] or list(records)
    if len(chosen) == 1:
        (record,) = chosen
        return [(record, analyse(record, technique=technique, kind=kind, spectra=None, progress=progress, **settings))]
    spectra = next((record for record in chosen if isinstance(record, ImpedanceSpectra)), None)
    analysed: list[tuple[Measurement, Result]] = []
    failures: list[str] = []
    for number, record in enumerate(chosen):
        own = {key: value for key, value in settings.items() if key in _names_for(record)}
        done = kind if number == 0 else None
        try:
            beside = spectra if isinstance(record, CyclingRecord) else None
            found = analyse(record, technique=None, kind=done, spectra=beside, progress=progress, **own)
            analysed.append((record, found))
        except AnalysisError as error:
            if number == 0:
                raise
            failures.append(coded("LI-W-ANA-090", f"the {record.technique} was not analysed: {error}"))
    record, result = analysed[0]
    return [(record, evolve(result, warnings=(*result.warnings, *failures))), *analysed[1:]]


def _analyse_cycling(
    record: CyclingRecord, kind: str, settings: dict[str, float | str], spectra: ImpedanceSpectra | None
) -> CyclingResult:
    """Analyse a cycling record by its kind, which must fit the cell."""
    cell = record.specimen.cell
    if cell not in (None, *_USUAL_KIND):
        raise _no_analysis(
            "there is no analysis yet for cycling records of this kind of cell",
            record,
            cell,
            "symmetric, plating or full (or a record that does not state its cell)",
        )
    if kind == "protocol" or (kind == "nucleation" and cell != "full"):
        kind = _USUAL_KIND[cell or "symmetric"]
    needed = _CELL_OF_KIND.get(kind, "symmetric")
    if cell not in (None, needed):
        raise _no_analysis(f"the analysis of kind {kind!r} is not for this cell", record, cell, needed)
    if kind == "plating-efficiency":
        from lithiate.analysis.plating_efficiency import analyse_plating_efficiency

        return analyse_plating_efficiency(record, **settings)
    if kind == "critical-current":
        from lithiate.analysis.critical_current import analyse_critical_current

        return analyse_critical_current(record, **settings)
    if needed == "full":
        from lithiate.analysis.full_cell import analyse_full_cell

        return analyse_full_cell(record, **settings)
    from lithiate.analysis.symmetric import analyse_symmetric_cycling

    return analyse_symmetric_cycling(record, spectra, **settings)


def _kind(measurement: Measurement, technique: str, kind: str | None) -> str:
    """Return the kind that was given, if it belongs to the technique, or else the usual one."""
    from lithiate.core.techniques import KINDS

    if kind is None:
        if technique == "cycling":
            return _USUAL_KIND.get(measurement.specimen.cell or "symmetric", "symmetric-cycling")
        return next(name for name, of in KINDS.items() if of == technique)
    _known("kind of experiment", kind, tuple(KINDS), measurement)
    if KINDS[kind] != technique:
        belonging = ", ".join(name for name, of in KINDS.items() if of == technique)
        raise _no_analysis(f"kind {kind!r} is not recorded by technique {technique!r}", measurement, kind, belonging)
    return kind


def _known(what: str, word: str, words: tuple[str, ...], measurement: Measurement) -> str:
    from lithiate.errors import AnalysisError, nearest_match

    if word not in words:
        raise AnalysisError(
            f"there is no analysis for this {what}",
            code="LI-ANA-001",
            where=measurement.specimen.name,
            got=word,
            expected=", ".join(words),
            nearest=nearest_match(word, words),
        )
    return word


def _no_analysis(what: str, measurement: Measurement, got: object, expected: str) -> Exception:
    from lithiate.errors import AnalysisError

    return AnalysisError(what, code="LI-ANA-001", where=measurement.specimen.name, got=got, expected=expected)


def setting_names() -> frozenset[str]:
    """Return the names of the settings of all analyses."""
    return frozenset(name for names in _setting_names().values() for name in names)


def _names_for(record: Measurement) -> frozenset[str]:
    return _setting_names()[record.technique]


def _setting_names() -> dict[str, frozenset[str]]:
    """Return the names of the settings by technique."""
    from attrs import fields_dict

    from lithiate.analysis.critical_current import CriticalCurrentSettings
    from lithiate.analysis.full_cell_result import FullCellSettings
    from lithiate.analysis.impedance_result import ImpedanceSettings
    from lithiate.analysis.kinetics_result import KineticsSettings
    from lithiate.analysis.plating_result import PlatingSettings
    from lithiate.analysis.symmetric_result import SymmetricSettings

    classes: dict[str, tuple[type, ...]] = {
        "cycling": (SymmetricSettings, PlatingSettings, CriticalCurrentSettings, FullCellSettings),
        "polarisation": (KineticsSettings,),
        "impedance": (ImpedanceSettings,),
    }
    return {
        technique: frozenset(name for settings in known for name in fields_dict(settings))
        for technique, known in classes.items()
    }


__all__ = ["analyse", "analyse_cell", "setting_names"]
