"""What ``lithiate analyse --out`` leaves: measurements, figures, tables, and the rows of the results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lithiate.cli.console import message

if TYPE_CHECKING:
    from lithiate.analysis import Result
    from lithiate.analysis.full_cell_result import FullCellResult
    from lithiate.analysis.kinetics_result import KineticsResult
    from lithiate.core.measurement import CyclingRecord, Measurement
    from lithiate.study.results import ResultRow

_LONGEST_LABEL = 36
_KINDS = {"symmetric": "symmetric-cycling", "kinetics": "tafel"}


def save_analysis(analysed: Sequence[tuple[Measurement, Result]], folder: Path, kind: str | None) -> None:
    """Save records, figures, tables and rows of the analyses of one cell.

    Raises
    ------
    WriteError
        ``LI-WRITE-001`` when the folder holds a study, or cannot be written.
    """
    from lithiate import __version__
    from lithiate.core.store import save_measurement, slug
    from lithiate.errors import WriteError
    from lithiate.study.layout import FIGURES, MEASUREMENTS, RESULTS_JSON, TABLES, USED_VALUES
    from lithiate.study.results import StudyResults, save_results

    if (folder / USED_VALUES).exists():
        raise WriteError(
            "the folder holds the results of a study",
            code="LI-WRITE-001",
            where=str(folder),
            expected="another folder (--out)",
        )
    rows: list[ResultRow] = []
    for number, (record, result) in enumerate(analysed):
        name = record.specimen.name
        stem = slug(name if number == 0 else f"{name} {record.technique}")
        save_measurement(record, folder / MEASUREMENTS / stem)
        _save_figures(record, result, folder / FIGURES, stem)
        _save_tables(record, result, folder / TABLES, stem)
        rows.extend(_rows(record, result, stem, kind if number == 0 else None))
    study = analysed[0][0].specimen.name
    save_results(StudyResults(study=study, lithiate=__version__, rows=tuple(rows), folder=folder))
    message(f"saved: {folder / RESULTS_JSON}")


def _rows(record: Measurement, result: Result, stem: str, kind: str | None) -> list[ResultRow]:
    from lithiate.analysis.full_cell_result import FullCellResult
    from lithiate.study.estimates import kind_estimates
    from lithiate.study.results import Subject, make_row

    specimen = record.specimen
    analysis = result.to_dict()["analysis"]
    done = kind if kind and isinstance(result, FullCellResult) else _KINDS.get(analysis, analysis)
    subject = Subject(
        anode=specimen.anode or specimen.name,
        specimen=specimen.name,
        cell_id=specimen.cell_id,
        experiment="analysis",
        kind=done,
        measurement=stem,
        origin=record.provenance.origin,
    )
    conditions = dict(record.conditions) | ({} if specimen.area is None else {"area": specimen.area})
    estimates = kind_estimates(result, done) if done == "symmetric-cycling" else result.estimates()
    return [make_row(estimate, subject, conditions=conditions, warnings=result.warnings) for estimate in estimates]


def _save_figures(record: Measurement, result: Result, folder: Path, stem: str) -> None:
    from lithiate.analysis.full_cell_result import FullCellResult
    from lithiate.analysis.kinetics_result import KineticsResult
    from lithiate.analysis.plating_result import PlatingEfficiencyResult
    from lithiate.analysis.symmetric_result import SymmetricCyclingResult
    from lithiate.core.measurement import CyclingRecord
    from lithiate.figures.cycling import CellTrace, plot_voltage
    from lithiate.figures.style import anode_styles, save

    if isinstance(result, KineticsResult):
        _save_kinetics(result, folder, stem)
    if not isinstance(record, CyclingRecord):
        return
    if isinstance(result, FullCellResult):
        _save_full_cell(record, result, folder, stem)
        return
    name = _label(record.specimen.name)
    trace = CellTrace(name, name, record.provenance.origin == "measured", record)
    save(plot_voltage([trace], anode_styles([name])), folder / f"{stem}-voltage.svg")
    if isinstance(result, SymmetricCyclingResult):
        from lithiate.figures.half_cycles import plot_half_cycles
        from lithiate.figures.shorts import plot_shorts

        if len(result.half_cycles) > 1:
            save(plot_half_cycles(result), folder / f"{stem}-half-cycles.svg")
        if len(result.short_events) or result.linked_spectra is not None:
            figure = plot_shorts(record, result.short_events, result.linked_spectra)
            save(figure, folder / f"{stem}-shorts.svg")
    elif isinstance(result, PlatingEfficiencyResult) and any(map(math.isfinite, result.cycles.coulombic_efficiency)):
        from lithiate.figures.efficiency import EfficiencyCurve, plot_efficiency

        cycles = result.cycles
        curve = EfficiencyCurve(name, name, trace.measured, cycles.number, cycles.coulombic_efficiency)
        save(plot_efficiency([curve], anode_styles([name])), folder / f"{stem}-efficiency.svg")


def _save_kinetics(result: KineticsResult, folder: Path, stem: str) -> None:
    """Save the polarisation curve with the laws that were fitted and the windows of the estimators."""
    from lithiate.figures.kinetics import plot_kinetics
    from lithiate.figures.style import save

    save(plot_kinetics(result), folder / f"{stem}-kinetics.svg")


def _label(name: str) -> str:
    """Return the name of a specimen as a legend has room for it; files have long names, and their ends differ."""
    half = _LONGEST_LABEL // 2
    return name if len(name) <= _LONGEST_LABEL else f"{name[:half]}…{name[-half:]}"


def _save_tables(record: Measurement, result: Result, folder: Path, stem: str) -> None:
    from lithiate.analysis.impedance_result import ImpedanceResult
    from lithiate.analysis.kinetics_result import KineticsResult
    from lithiate.analysis.tables import tables_of
    from lithiate.core.measurement import CyclingRecord
    from lithiate.core.store import save_table

    if isinstance(result, KineticsResult):
        save_table(result.curves.table(), folder / f"{stem}-kinetics")
        save_table(result.model_table(), folder / f"{stem}-kinetic-models")
    if isinstance(record, CyclingRecord) and not isinstance(result, ImpedanceResult | KineticsResult):
        for word, table in tables_of(result, record).items():
            save_table(table, folder / f"{stem}-{word}")


def _save_full_cell(record: CyclingRecord, result: FullCellResult, folder: Path, stem: str) -> None:
    """Save capacity against cycle, by rate where there is more than one, voltage profiles, dQ/dV and resistances."""
    from lithiate.figures import full_cell as figures
    from lithiate.figures.current_steps import StepTrace, plot_step_resistances
    from lithiate.figures.differential_capacity import differential_traces, plot_differential_capacity
    from lithiate.figures.style import anode_styles, save

    name, measured = _label(record.specimen.name), record.provenance.origin == "measured"
    styles, basis = anode_styles([name]), figures.common_basis([result])
    curve = figures.capacity_curve(result, anode=name, label=name, measured=measured, basis=basis)
    save(figures.plot_capacity([curve], styles), folder / f"{stem}-capacity.svg")
    if len(result.rates) > 1:
        save(figures.plot_rate_capacity([curve], styles), folder / f"{stem}-rate.svg")
    shown = figures.shown_cycles(result)
    profiles = figures.voltage_profiles(record, result, shown, anode=name, label=name, measured=measured, basis=basis)
    save(figures.plot_voltage_profiles(profiles, styles), folder / f"{stem}-profiles.svg")
    if result.differential_capacities:
        traces = differential_traces(record.specimen, result, anode=name, label=name, measured=measured, basis=basis)
        save(plot_differential_capacity(traces, styles), folder / f"{stem}-differential-capacity.svg")
    if len(result.current_steps):
        step_trace = StepTrace(name, name, result.current_steps, record.specimen.area)
        save(plot_step_resistances([step_trace], styles), folder / f"{stem}-step-resistances.svg")
