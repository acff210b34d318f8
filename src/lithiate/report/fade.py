"""What a report says of the inside of full cells: lost capacity by cause, resistances and amounts by cycle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lithiate.core.techniques import QUANTITIES
from lithiate.figures.fade import FadeSplit
from lithiate.report.folder import ExperimentContent
from lithiate.report.wording import number, pretty_unit
from lithiate.study.cycle_tables import LOST, CycleTable
from lithiate.units import convert

_SHOWN = (1, 10, 50, 100, 200, 400, 1000)
_MOST_SHOWN = 6


def fade_splits(experiment: ExperimentContent) -> list[FadeSplit]:
    """Return what takes the capacity of each cell of an experiment; nothing for cells without such a table."""
    splits = []
    for cell in experiment.cells:
        table = cell.cycle_table
        causes = [] if table is None else [name for name in table if name.startswith(LOST)]
        if table is None or not causes:
            continue
        # The twin splits the loss at some cycles only, and not once the cell gives nothing.
        rows = [row for row in shown_rows(table) if all(np.isfinite(table[name][row]) for name in causes)]
        if not rows:
            continue
        lost = {_words(name.removeprefix(LOST)): tuple(table[name][rows].tolist()) for name in causes}
        splits.append(FadeSplit(cell.label, tuple(int(cycle) for cycle in table["cycle"][rows]), lost))
    return splits


def shown_rows(table: CycleTable) -> list[int]:
    """Return the rows of a table of cycles that are shown: some fixed cycles, and the last."""
    cycle = table["cycle"].astype(int)
    if not cycle.size:
        return []
    wanted = {int(np.searchsorted(cycle, n)) for n in _SHOWN if n <= cycle[-1]} | {cycle.size - 1}
    # Of a long test the early cycles tell least.
    return sorted(wanted)[-_MOST_SHOWN:]


def fade_tables(experiments: Sequence[ExperimentContent]) -> list[dict[str, Any]]:
    """Return one table for each simulated full cell: a line a number, a column a cycle."""
    tables = []
    for experiment in experiments:
        for cell in experiment.cells:
            table = cell.cycle_table
            rows = [] if table is None else shown_rows(table)
            if table is None or not rows:
                continue
            lines = [_line(name, values, rows) for name, values in table.items() if name != "cycle"]
            heads = [f"cycle {int(cycle)}" for cycle in table["cycle"][rows]]
            tables.append({"experiment": experiment.name, "cell": cell.label, "heads": heads, "lines": lines})
    return tables


def _line(name: str, values: np.ndarray[Any, np.dtype[np.float64]], rows: Sequence[int]) -> dict[str, Any]:
    if name.startswith(LOST):
        return {"name": f"lost: {_words(name.removeprefix(LOST))} / %", "cells": _texts(100.0 * values[rows])}
    if name in QUANTITIES:
        unit = QUANTITIES[name].unit
        head = _words(name) + ("" if unit == "1" else f" / {pretty_unit(unit)}")
        return {"name": head, "cells": _texts(convert(values[rows], QUANTITIES[name].si_unit, unit))}
    return {"name": _words(name), "cells": _texts(values[rows])}


def _texts(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[str]:
    return [number(float(value), 3) if np.isfinite(value) else "–" for value in values]


def _words(name: str) -> str:
    return name.replace("sei_", "SEI ").replace("_", " ")
