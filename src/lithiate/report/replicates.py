"""Replicate cells of a report: the median of each anode and the band of its cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lithiate.figures.full_cell import capacity_unit
from lithiate.figures.replicates import ReplicateBand, plot_replicates, replicate_band
from lithiate.figures.style import anode_styles
from lithiate.report.folder import ExperimentContent
from lithiate.report.full_cells import capacity_curves, full_cell_results

Array = NDArray[np.float64]
_Curve = tuple[str, bool, Array, Array]

_CAPTION = (
    "Median of the cells of each anode; shaded: the lowest to the highest of them, from 5 cells on the middle 68 %. "
    "Where a cell has ended, of those that are left."
)


def replicate_pictures(experiment: ExperimentContent) -> Iterator[tuple[str, str, str, Any]]:
    """Yield word, title, caption and figure of every quantity that several cells of one anode have by cycle."""
    hysteresis = [(c.anode, c.measured, c.time / 3600.0, c.hysteresis) for c in experiment.curves]
    yield from _picture("hysteresis", hysteresis, "Time / h", "Voltage hysteresis / mV", 1e3)
    efficiency = [(c.anode, c.measured, _numbers(c.cycle), c.efficiency) for c in experiment.efficiencies]
    yield from _picture("efficiency", efficiency, "Cycle", "Coulombic efficiency / %", 100.0, from_zero=False)
    full = bool(experiment.cells) and all(cell.record.specimen.cell == "full" for cell in experiment.cells)
    results = full_cell_results(experiment) if full else []
    if results:
        curves = capacity_curves(experiment, results)
        scale, unit = capacity_unit(curves)
        capacity = [(c.anode, c.measured, _numbers(c.cycle), c.capacity) for c in curves]
        yield from _picture("capacity", capacity, "Cycle", f"Discharge capacity / {unit}", 1.0 / scale)


def _numbers(cycle: NDArray[np.int64]) -> Array:
    return np.asarray(cycle, dtype=np.float64)


def _picture(
    word: str, curves: Iterable[_Curve], x_label: str, y_label: str, factor: float, *, from_zero: bool = True
) -> Iterator[tuple[str, str, str, Any]]:
    cells: dict[str, list[tuple[Array, Array]]] = {}
    for anode, measured, x, y in curves:
        if x.size:
            cells.setdefault(f"{anode}, measured" if measured else anode, []).append((x, y))
    bands: dict[str, ReplicateBand] = {name: replicate_band(of) for name, of in cells.items() if len(of) > 1}
    if bands:
        figure = plot_replicates(
            bands, anode_styles(bands), x_label=x_label, y_label=y_label, factor=factor, from_zero=from_zero
        )
        yield f"replicates-{word}", f"Replicate cells: {y_label.split(' /')[0].lower()}", _CAPTION, figure
