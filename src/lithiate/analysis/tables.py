"""The tables of the results of cycling records: columns by name, each with its SI unit, to be saved."""

from __future__ import annotations

from lithiate.analysis import full_cell_result
from lithiate.analysis.critical_current import CriticalCurrentResult
from lithiate.analysis.full_cell_result import FullCellResult
from lithiate.analysis.half_cycle_table import Table, cycle_table, half_cycle_table
from lithiate.analysis.plating_result import PlatingEfficiencyResult
from lithiate.analysis.symmetric_result import SymmetricCyclingResult
from lithiate.core.measurement import CyclingRecord

CyclingResult = SymmetricCyclingResult | PlatingEfficiencyResult | CriticalCurrentResult | FullCellResult

_ENDINGS = {
    "capacity": "C",
    "charge": "C",
    "spread": "C",
    "energy": "J",
    "voltage": "V",
    "voltage_before": "V",
    "hysteresis": "V",
    "current": "A",
    "current_before": "A",
    "current_after": "A",
    "c_rate": "1/h",
    "resistance": "ohm",
    "second": "ohm",
    "seconds": "ohm",
    "start": "s",
    "end": "s",
    "time": "s",
    "delay": "s",
    "direction": "",
}
"""How the name of a column of a full cell's tables ends -> its SI unit."""

_EXACT = {
    "differential_capacity": "C/V",
    "height": "C/V",
    "height_uncertainty": "C/V",
    "width": "V",
    "width_uncertainty": "V",
    "voltage_uncertainty": "V",
    "charge_uncertainty": "C",
    "hysteresis_uncertainty": "V",
}


def tables_of(result: CyclingResult, record: CyclingRecord) -> dict[str, Table]:
    """Return the tables of a result by the words that end the names of their files.

    Parameters
    ----------
    result : result of the analysis of a cycling record
    record : CyclingRecord
        That it is of.

    Returns
    -------
    dict of str to Table
        ``half-cycles`` of every result; ``cycles``, ``short-events`` and ``linked-spectra`` of a symmetric cell;
        ``cycles``, ``steps`` and ``losses`` of a plating cell; ``cycles``, ``rates``, ``current-steps`` and
        ``differential-capacity`` of a full one. A table without a row is left out.
    """
    cycles = result.cycles if isinstance(result, SymmetricCyclingResult) else None
    found = {"half-cycles": half_cycle_table(result.half_cycles, record, cycles)}
    if isinstance(result, SymmetricCyclingResult):
        found["cycles"] = cycle_table(result.cycles, result.half_cycles)
        found["short-events"] = result.short_events.table()
        if result.linked_spectra is not None:
            found["linked-spectra"] = result.linked_spectra.table()
    elif isinstance(result, PlatingEfficiencyResult):
        found |= result.tables()
    elif isinstance(result, FullCellResult):
        found |= {
            name.replace("_", "-"): {column: (values, _unit(column, name)) for column, values in table.items()}
            for name, table in full_cell_result.tables(result).items()
        }
    return {name: table for name, table in found.items() if _rows(table)}


def _rows(table: Table) -> int:
    return len(next(iter(table.values()))[0]) if table else 0


def _unit(column: str, table: str) -> str:
    """Return the SI unit of a column of a full cell's tables; what has none of the words is a plain number."""
    if column == "uncertainty":
        return {"current_steps": "ohm", "differential_capacity_curves": "C/V"}.get(table, "1")
    if column in _EXACT:
        return _EXACT[column]
    unit = next((unit for ending, unit in _ENDINGS.items() if column == ending or column.endswith(f"_{ending}")), "1")
    per = {"areal": "/m^2", "specific": "/kg"}.get(column.split("_", 1)[0], "")
    return unit + per
