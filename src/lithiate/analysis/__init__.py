"""Analyses of measurements: one technique, one function; the twin's and the instrument's data alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from lithiate.analysis.impedance_result import ImpedanceResult
    from lithiate.analysis.symmetric_result import SymmetricCyclingResult
    from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Measurement


@overload
def analyse(
    measurement: CyclingRecord, *, technique: str | None = None, **settings: float | str
) -> SymmetricCyclingResult: ...


@overload
def analyse(
    measurement: ImpedanceSpectra, *, technique: str | None = None, **settings: float | str
) -> ImpedanceResult: ...


@overload
def analyse(
    measurement: Measurement, *, technique: str | None = None, **settings: float | str
) -> SymmetricCyclingResult | ImpedanceResult: ...


def analyse(
    measurement: Measurement, *, technique: str | None = None, **settings: float | str
) -> SymmetricCyclingResult | ImpedanceResult:
    """Analyse a measurement by the technique that recorded it and the kind of cell.

    Parameters
    ----------
    measurement : Measurement
        Simulated or measured: the analysis does not know which.
    technique : str, optional
        By default the technique of the measurement.
    **settings
        Settings of the analysis, such as ``hysteresis_definition="|V|"``; see
        `lithiate.analysis.symmetric_result.SymmetricSettings` and `ImpedanceSettings` of `impedance_result`.

    Returns
    -------
    SymmetricCyclingResult or ImpedanceResult

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no analysis for the technique or the kind of cell, when the measurement does not
        fit, or when a setting is not known.
    """
    from lithiate.analysis.impedance import analyse_impedance
    from lithiate.analysis.symmetric import analyse_symmetric_cycling
    from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra
    from lithiate.core.techniques import TECHNIQUES
    from lithiate.errors import AnalysisError, nearest_match

    wanted = measurement.technique if technique is None else technique
    if wanted not in TECHNIQUES:
        raise AnalysisError(
            "there is no analysis for this technique",
            code="LI-ANA-001",
            where=measurement.specimen.name,
            got=wanted,
            expected=", ".join(TECHNIQUES),
            nearest=nearest_match(wanted, TECHNIQUES),
        )
    if wanted == "impedance" and isinstance(measurement, ImpedanceSpectra):
        return analyse_impedance(measurement, **settings)
    if wanted != "cycling" or not isinstance(measurement, CyclingRecord):
        raise AnalysisError(
            f"there is no analysis of technique {wanted!r} for this measurement",
            code="LI-ANA-001",
            where=measurement.specimen.name,
            got=type(measurement).__name__,
            expected="a CyclingRecord for 'cycling', ImpedanceSpectra for 'impedance'",
        )
    if measurement.specimen.cell not in (None, "symmetric"):
        raise AnalysisError(
            "there is no analysis yet for cycling records of this kind of cell",
            code="LI-ANA-001",
            where=measurement.specimen.name,
            got=measurement.specimen.cell,
            expected="symmetric (or a record that does not state its cell)",
        )
    return analyse_symmetric_cycling(measurement, **settings)


__all__ = ["analyse"]
