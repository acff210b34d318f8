"""A quantity of each cycle of every cell, with the band of its ensemble: the tables behind the report's figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lithiate.core.store import parquet_bytes
from lithiate.study.collect import MeasuredCell, SimulatedCells, measurement_stem
from lithiate.study.estimates import CycleCurve

COLUMNS = ("experiment", "anode", "measurement", "series", "cycle", "time")
"""And one of the quantity. SI units. `series` is ``cell``, or of an ensemble ``median``, ``low``, ``high`` (80 %),
which has no measurement."""

_BAND = {"low": 0.1, "median": 0.5, "high": 0.9}


def ensemble_band(curves: Sequence[CycleCurve]) -> dict[str, CycleCurve]:
    """Return median and 80 % interval over the members, cycle by cycle.

    Cycles that fewer than half of the members reach are left out; members that stopped are missing from the others, so
    the band tells of the cells that still run.
    """
    longest = max((int(curve.number.max()) for curve in curves if curve.number.size), default=0)
    table = np.full((len(curves), longest), np.nan)
    time = np.full((len(curves), longest), np.nan)
    for row, curve in enumerate(curves):
        table[row, curve.number - 1] = curve.values
        time[row, curve.number - 1] = curve.time
    counts = np.isfinite(table).sum(axis=0)
    shown = np.flatnonzero((counts > 0) & (2 * counts >= len(curves)))
    start = np.nanmedian(time[:, shown], axis=0) if shown.size else np.empty(0)
    quantity = curves[0].quantity if curves else ""
    quantile = {name: _quantile(table[:, shown], share) for name, share in _BAND.items()}
    return {name: CycleCurve(quantity, shown + 1, start, values) for name, values in quantile.items()}


def _quantile(table: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    if table.shape[1] == 0:
        return np.empty(0)
    return np.asarray(np.nanquantile(table, share, axis=0), dtype=np.float64)


def curves_parquet(quantity: str, simulated: Sequence[SimulatedCells], measured: Sequence[MeasuredCell]) -> bytes:
    """Return the curves of a quantity of all cells and ensembles as a Parquet file with `COLUMNS`."""
    import polars

    frames = [_frame("", "", None, "", CycleCurve(quantity, np.empty(0, np.int64), np.empty(0), np.empty(0)))]
    for cells in simulated:
        name = cells.experiment.name
        for task, outcome in cells.nominal:
            for curve in _of(quantity, outcome.curves):
                frames.append(_frame(name, cells.anode, measurement_stem(task), "cell", curve))
        members = [curve for member in cells.members for curve in _of(quantity, member.curves)]
        if members:
            frames += [_frame(name, cells.anode, None, series, c) for series, c in ensemble_band(members).items()]
    for cell in measured:
        frames += [_frame(cell.experiment, cell.anode, cell.stem, "cell", c) for c in _of(quantity, cell.curves)]
    return parquet_bytes(polars.concat(frames))


def _of(quantity: str, curves: Sequence[CycleCurve]) -> Iterator[CycleCurve]:
    return (curve for curve in curves if curve.quantity == quantity)


def _frame(experiment: str, anode: str, measurement: str | None, series: str, curve: CycleCurve) -> Any:  # noqa: ANN401 - polars is imported when used
    import polars

    words = {"experiment": experiment, "anode": anode, "measurement": measurement, "series": series}
    numbers = {"cycle": curve.number, "time": curve.time, curve.quantity: curve.values}
    frame = polars.DataFrame(numbers, schema_overrides={"cycle": polars.Int64})
    literals = [polars.lit(value, dtype=polars.String).alias(name) for name, value in words.items()]
    return frame.with_columns(literals).select(*COLUMNS, curve.quantity)
