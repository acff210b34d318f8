"""What an output folder holds, read back for the report."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.measurement import CyclingRecord, Measurement
from lithiate.core.store import load_measurement
from lithiate.errors import SpecError
from lithiate.figures.cycling import CellTrace, HysteresisCurve
from lithiate.figures.efficiency import EfficiencyCurve
from lithiate.report.wording import cell_name
from lithiate.study.ablation import AblationResults, load_ablation
from lithiate.study.cycle_tables import CycleTable, load_cycle_table
from lithiate.study.layout import CURVE_FILES, MEASUREMENTS, SCHEMA_VERSION, USED_VALUES
from lithiate.study.results import ResultRow, StudyResults, load_results

Curve = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
"""Cycle, time, values."""
Band = tuple[Curve, Curve, Curve]
"""Median, low, high."""
_Curves = Mapping[tuple[str, str, str, str], Curve]
"""Quantity, experiment, measurement or anode, series -> its curve."""


@frozen(eq=False)
class Cell:
    """One cell of an experiment: a row of it for the names, its record, and what the twin knows of its cycles."""

    row: ResultRow
    label: str
    record: Measurement
    cycle_table: CycleTable | None = None

    @property
    def measured(self) -> bool:
        """Whether it is a real cell."""
        return self.row.origin == "measured"

    @property
    def trace(self) -> CellTrace | None:
        """The cell as figures of cycling want it; None when it was not cycled."""
        if not isinstance(self.record, CyclingRecord):
            return None
        return CellTrace(self.row.anode, self.label, self.measured, self.record)


@frozen(eq=False)
class ExperimentContent:
    """All cells of one experiment, its rows, the curves of hysteresis and efficiency, and the bands of ensembles.

    `period` is the usual time from cycle to cycle [s], None where nothing was cycled. `bands` has median, low and high
    of a quantity by its name and the anode's.
    """

    name: str
    kind: str
    rows: tuple[ResultRow, ...]
    cells: tuple[Cell, ...]
    curves: tuple[HysteresisCurve, ...]
    efficiencies: tuple[EfficiencyCurve, ...]
    period: float | None
    bands: Mapping[tuple[str, str], Band]

    @property
    def traces(self) -> list[CellTrace]:
        """The cells that were cycled, as figures want them."""
        return [trace for cell in self.cells if (trace := cell.trace) is not None]


@frozen(eq=False)
class FolderContent:
    """Results, used values, experiments and ablation of an output folder."""

    folder: Path
    results: StudyResults
    used: Mapping[str, Any]
    experiments: tuple[ExperimentContent, ...]
    ablation: AblationResults | None = None


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
    return FolderContent(folder, results, used, experiments, load_ablation(folder))


def _read_curves(folder: Path) -> _Curves:
    import polars

    table = {}
    for quantity, name in CURVE_FILES.items():
        path = folder / name
        if not path.is_file():
            if quantity == "voltage_hysteresis":
                raise SpecError("the curves of hysteresis are missing", code="LI-SPEC-003", where=str(path))
            continue
        frame = polars.read_parquet(path)
        for keys, part in frame.group_by(["experiment", "anode", "measurement", "series"], maintain_order=True):
            experiment, anode, measurement, series = (None if key is None else str(key) for key in keys)
            values = (part["cycle"].to_numpy(), part["time"].to_numpy(), part[quantity].to_numpy())
            table[quantity, str(experiment), str(measurement or anode), str(series)] = values
    return table


def _experiment(folder: Path, name: str, rows: Sequence[ResultRow], curves: _Curves) -> ExperimentContent:
    by_measurement = {row.measurement: row for row in rows if row.measurement}
    several = len({row.anode for row in by_measurement.values()}) < len(by_measurement)
    cells = tuple(
        Cell(
            row,
            _label(row, several=several),
            load_measurement(folder / MEASUREMENTS / str(stem)),
            load_cycle_table(folder / MEASUREMENTS, str(stem)),
        )
        for stem, row in by_measurement.items()
    )
    kind = rows[0].kind if rows else ""
    drawn, efficiencies = [], []
    banded: set[str] = set()
    for cell in cells:
        # The band belongs to the anode: it is drawn once, with its first cell.
        first = cell.row.anode not in banded
        banded.add(cell.row.anode)
        keys = (name, str(cell.row.measurement))
        curve = curves.get(("voltage_hysteresis", *keys, "cell"))
        if curve is not None:
            drawn.append(_hysteresis(cell, curve, _band(curves, "voltage_hysteresis", cell.row) if first else None))
        curve = curves.get(("coulombic_efficiency", *keys, "cell"))
        if curve is not None:
            band = _band(curves, "coulombic_efficiency", cell.row) if first else None
            efficiencies.append(_efficiency(cell, curve, band))
    bands = {
        (quantity, cell.row.anode): band
        for quantity in CURVE_FILES
        for cell in cells
        if (band := _band(curves, quantity, cell.row)) is not None
    }
    period = _period(curves, name, cells)
    return ExperimentContent(name, kind, tuple(rows), cells, tuple(drawn), tuple(efficiencies), period, bands)


def _period(curves: _Curves, name: str, cells: Sequence[Cell]) -> float | None:
    for cell in cells:
        for quantity in CURVE_FILES:
            curve = curves.get((quantity, name, str(cell.row.measurement), "cell"))
            if curve is not None and curve[1].size > 1:
                return float(np.median(np.diff(curve[1])))
    return None


def _label(row: ResultRow, *, several: bool) -> str:
    if row.origin == "measured":
        return f"{row.anode}, measured ({row.cell_id or row.specimen})"
    return f"{cell_name(row)}, {row.cell_id}" if several else cell_name(row)


def _hysteresis(cell: Cell, curve: Curve, band: Band | None) -> HysteresisCurve:
    median, low, high = band or (None, None, None)
    return HysteresisCurve(
        cell.row.anode,
        cell.label,
        cell.measured,
        *curve[1:],
        ensemble_time=None if median is None else median[1],
        median=None if median is None else median[2],
        low=None if low is None else low[2],
        high=None if high is None else high[2],
    )


def _efficiency(cell: Cell, curve: Curve, band: Band | None) -> EfficiencyCurve:
    _, low, high = band or (None, None, None)
    return EfficiencyCurve(
        cell.row.anode,
        cell.label,
        cell.measured,
        curve[0],
        curve[2],
        band_cycle=None if low is None else low[0],
        low=None if low is None else low[2],
        high=None if high is None else high[2],
    )


def _band(curves: _Curves, quantity: str, row: ResultRow) -> Band | None:
    """Return median, low and high of an ensemble."""
    found = [curves.get((quantity, row.experiment, row.anode, series)) for series in ("median", "low", "high")]
    known = [curve for curve in found if curve is not None]
    return (known[0], known[1], known[2]) if len(known) == 3 else None
