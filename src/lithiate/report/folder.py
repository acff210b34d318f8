"""What an output folder holds, read back for the report."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from lithiate.core.measurement import CyclingRecord
from lithiate.core.store import load_cycling_record
from lithiate.errors import SpecError
from lithiate.figures.cycling import CellTrace, HysteresisCurve
from lithiate.study.layout import CURVES_PARQUET, MEASUREMENTS, SCHEMA_VERSION, USED_VALUES
from lithiate.study.results import ResultRow, StudyResults, load_results


@frozen(eq=False)
class Cell:
    """One cell of an experiment: a row of it for the names, its record, and its curve."""

    row: ResultRow
    label: str
    record: CyclingRecord

    @property
    def trace(self) -> CellTrace:
        """The cell as figures want it."""
        return CellTrace(self.row.anode, self.label, self.row.origin == "measured", self.record)


@frozen(eq=False)
class ExperimentContent:
    """All cells of one experiment, and their curves of hysteresis."""

    name: str
    kind: str
    cells: tuple[Cell, ...]
    curves: tuple[HysteresisCurve, ...]


@frozen(eq=False)
class FolderContent:
    """Results, used values, and experiments of an output folder."""

    folder: Path
    results: StudyResults
    used: Mapping[str, Any]
    experiments: tuple[ExperimentContent, ...]


def read_folder(folder: Path) -> FolderContent:
    """Read what a study left.

    Raises
    ------
    SpecError
        ``LI-SPEC-003`` when results or used values are missing, ``LI-SPEC-001/002`` when they are damaged.
    ReadError
        When a measurement is missing or damaged.
    """
    results = load_results(folder)
    try:
        used = tomllib.loads((folder / USED_VALUES).read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError("the used values are missing", code="LI-SPEC-003", where=str(folder / USED_VALUES)) from error
    except ValueError as error:
        where = str(folder / USED_VALUES)
        raise SpecError("not valid TOML", code="LI-SPEC-001", where=where, got=str(error)) from error
    if used.get("schema_version") != SCHEMA_VERSION:
        got = f"schema_version {used.get('schema_version')}"
        raise SpecError("used values of another schema", code="LI-SPEC-002", where=str(folder / USED_VALUES), got=got)
    curves = _read_curves(folder)
    names = dict.fromkeys(row.experiment for row in results.rows)
    experiments = tuple(_experiment(folder, name, results.select(experiment=name), curves) for name in names)
    return FolderContent(folder, results, used, experiments)


def _read_curves(folder: Path) -> Mapping[tuple[str, str, str], tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Return time and hysteresis by experiment, measurement or anode, and series."""
    import polars

    path = folder / CURVES_PARQUET
    if not path.is_file():
        raise SpecError("the curves of hysteresis are missing", code="LI-SPEC-003", where=str(path))
    table = {}
    frame = polars.read_parquet(path)
    for keys, part in frame.group_by(["experiment", "anode", "measurement", "series"], maintain_order=True):
        experiment, anode, measurement, series = (None if key is None else str(key) for key in keys)
        values = (part["time"].to_numpy(), part["voltage_hysteresis"].to_numpy())
        table[str(experiment), str(measurement or anode), str(series)] = values
    return table


def _experiment(
    folder: Path, name: str, rows: Sequence[ResultRow], curves: Mapping[tuple[str, str, str], Any]
) -> ExperimentContent:
    by_measurement = {row.measurement: row for row in rows if row.measurement}
    several = len({row.anode for row in by_measurement.values()}) < len(by_measurement)
    cells, drawn, banded = [], [], set()
    for stem, row in by_measurement.items():
        label = _label(row, several=several)
        cells.append(Cell(row, label, load_cycling_record(folder / MEASUREMENTS / str(stem))))
        curve = curves.get((name, str(stem), "cell"))
        if curve is not None:
            # The band belongs to the anode: it is drawn once, with its first cell.
            band = {} if row.anode in banded else _band(curves, name, row.anode)
            banded |= {row.anode} if band else set()
            drawn.append(HysteresisCurve(row.anode, label, row.origin == "measured", *curve, **band))
    kind = rows[0].kind if rows else ""
    return ExperimentContent(name, kind, tuple(cells), tuple(drawn))


def _label(row: ResultRow, *, several: bool) -> str:
    if row.origin == "measured":
        return f"{row.anode}, measured ({row.cell_id or row.specimen})"
    return f"{row.anode}, {row.cell_id}" if several else row.anode


def _band(curves: Mapping[tuple[str, str, str], Any], experiment: str, anode: str) -> dict[str, Any]:
    names = ("median", "low", "high")
    found = {series: curves[experiment, anode, series] for series in names if (experiment, anode, series) in curves}
    if len(found) < len(names):
        return {}
    return {"ensemble_time": found["median"][0], **{series: curve[1] for series, curve in found.items()}}
