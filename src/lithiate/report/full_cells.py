"""What a report draws of full cells: capacity and efficiency by cycle with their bands, profiles, Arrhenius lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from lithiate.analysis.arrhenius import FEWEST_TEMPERATURES, fit_arrhenius
from lithiate.core.measurement import CyclingRecord
from lithiate.errors import AnalysisError
from lithiate.figures.arrhenius import ArrheniusTrace
from lithiate.figures.full_cell import (
    CapacityCurve,
    VoltageProfile,
    capacity_curve,
    common_basis,
    shown_cycles,
    voltage_profiles,
)
from lithiate.report.folder import Cell, Curve, ExperimentContent
from lithiate.study.results import ResultRow

if TYPE_CHECKING:
    from lithiate.analysis.full_cell_result import FullCellResult

_RESISTANCE = 1e-4
"""ohm cm2 in ohm m2."""


def full_cell_results(experiment: ExperimentContent) -> list[tuple[Cell, FullCellResult]]:
    """Return the cycled full cells of an experiment with what their analysis says; a record that has none is left out.

    The records are those of the reported cells, whose numbers are in the results already: the tables behind the numbers
    are made again, in milliseconds, instead of being stored.
    """
    from lithiate.analysis.full_cell import analyse_full_cell

    found = []
    for cell in experiment.cells:
        if isinstance(cell.record, CyclingRecord):
            try:
                found.append((cell, analyse_full_cell(cell.record)))
            except AnalysisError:
                continue
    return found


def capacity_curves(
    experiment: ExperimentContent, results: list[tuple[Cell, FullCellResult]]
) -> tuple[CapacityCurve, ...]:
    """Return the curves of all cells, the band of an ensemble with the first cell of its anode."""
    basis = common_basis([result for _, result in results])
    curves = []
    banded: set[str] = set()
    for cell, result in results:
        curve = capacity_curve(result, anode=cell.row.anode, label=cell.label, measured=cell.measured, basis=basis)
        if not cell.measured and cell.row.anode not in banded:
            banded.add(cell.row.anode)
            curve = _with_band(curve, experiment, cell.row.anode)
        curves.append(curve)
    return tuple(curves)


def _with_band(curve: CapacityCurve, experiment: ExperimentContent, anode: str) -> CapacityCurve:
    capacity = experiment.bands.get(("specific_capacity", anode)) if curve.basis == "specific" else None
    efficiency = experiment.bands.get(("coulombic_efficiency", anode))
    if capacity is None:
        return curve
    cycle = capacity[1][0]
    ends = (None, None) if efficiency is None else (_at(efficiency[1], cycle), _at(efficiency[2], cycle))
    return evolve(
        curve,
        band_cycle=cycle,
        low=capacity[1][2],
        high=capacity[2][2],
        efficiency_low=ends[0],
        efficiency_high=ends[1],
    )


def _at(
    curve: Curve, cycle: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the values of a curve at other cycles; NaN where it has none."""
    table: Mapping[int, float] = dict(zip(curve[0].tolist(), curve[2].tolist(), strict=True))
    return np.array([table.get(number, np.nan) for number in cycle.tolist()])


def profiles(results: list[tuple[Cell, FullCellResult]]) -> list[VoltageProfile]:
    """Return charge and discharge of the cycles that tell the most, of every cell."""
    basis = common_basis([result for _, result in results])
    found: list[VoltageProfile] = []
    for cell, result in results:
        assert isinstance(cell.record, CyclingRecord)
        words = {"anode": cell.row.anode, "label": cell.label, "measured": cell.measured, "basis": basis}
        found += voltage_profiles(cell.record, result, shown_cycles(result), **words)  # type: ignore[arg-type]
    return found


def arrhenius_traces(experiment: ExperimentContent) -> Iterator[tuple[str, list[ArrheniusTrace]]]:
    """Yield each resistance that a temperature series tells, with its traces; the interphase first."""
    for quantity in ("sei_resistance", "interfacial_resistance", "charge_transfer_resistance"):
        traces = [
            trace
            for cell in experiment.cells
            if (trace := _arrhenius_trace(experiment.rows, cell, quantity)) is not None
        ]
        if traces:
            yield quantity, traces


def _arrhenius_trace(rows: tuple[ResultRow, ...], cell: Cell, quantity: str) -> ArrheniusTrace | None:
    own = [row for row in rows if row.measurement == cell.row.measurement]
    points = sorted(
        (float(row.conditions["temperature"]), row.value * _RESISTANCE, (row.uncertainty or 0.0) * _RESISTANCE)
        for row in own
        if row.quantity == quantity and row.value is not None and row.value > 0.0 and row.unit == "ohm cm^2"
    )
    if len(points) < 2:
        return None
    energy = next(
        (row.value for row in own if row.quantity == "activation_energy" and row.conditions.get("of") == quantity), None
    )
    kelvin, values, spreads = np.array(points).T
    known = bool((spreads > 0.0).all())
    trace = ArrheniusTrace(
        cell.row.anode,
        cell.label,
        cell.measured,
        kelvin,
        values,
        None if energy is None else 1e3 * energy,
        spreads if known else None,
    )
    if energy is None or np.unique(kelvin).size < FEWEST_TEMPERATURES:
        return trace
    return evolve(trace, fit=fit_arrhenius(kelvin, values, spreads if known else None))
