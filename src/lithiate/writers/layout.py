"""What the vendors' text layouts share: the steps of a record, rows of text, what a layout cannot hold.

Numbers carry at least eight digits, more than some vendors print: the resolution of an instrument belongs to the
record, and a layout adds no rounding of its own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from lithiate.core.measurement import SIMULATED_MARK, CyclingRecord, Measurement, RowFlag
from lithiate.errors import WriteError


@frozen(eq=False)
class Steps:
    """What a cycler counts row by row.

    Parameters
    ----------
    direction : (n,) int8
        1 where the current charges (oxidises the working electrode), -1 where it discharges, 0 at rest.
    first : (n,) bool
        Row that begins a step.
    step, cycle : (n,) int64
        Running numbers from 1. A cycle begins with each step in the direction of the record's first current, unless
        the record has the instrument's own count.
    passed : (n,) float64, C
        Charge since the start, with the sign of the current, by the trapezoidal rule within each step.
    """

    direction: NDArray[np.int8]
    first: NDArray[np.bool_]
    step: NDArray[np.int64]
    cycle: NDArray[np.int64]
    passed: NDArray[np.float64]

    def since_step_start(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return running values (n,) less their value where the step of each row began."""
        return values - values[np.flatnonzero(self.first)][self.step - 1]


def find_steps(record: CyclingRecord, current: NDArray[np.float64]) -> Steps:
    """Return the steps of a record with its current (n,) [A]."""
    direction = np.sign(current).astype(np.int8)
    direction[(record.row_flags & RowFlag.REST) != 0] = 0
    first = np.diff(direction, prepend=np.int8(2)) != 0
    step = np.cumsum(first)
    if record.vendor_cycle_number is None:
        flowing = direction[direction != 0]
        begins = first & (direction == flowing[0]) if flowing.size else np.zeros(first.shape, dtype=bool)
        cycle = np.maximum(np.cumsum(begins), 1)
    else:
        cycle = record.vendor_cycle_number
    # Between the last row of a step and the first of the next the current is switched: nothing is interpolated there.
    charge = np.diff(record.time, prepend=record.time[0]) * (current + np.roll(current, 1)) / 2.0
    charge[first] = 0.0
    return Steps(direction, first, step.astype(np.int64), cycle.astype(np.int64), np.cumsum(charge))


def text_rows(template: str, columns: Sequence[ArrayLike]) -> str:
    """Return one line a row: `template` filled by the columns, which all have the length of the table."""
    filled: list[Any] = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns]
    return "".join(template % row + "\n" for row in zip(*filled, strict=True))


def required_current(record: CyclingRecord, layout: str, path: str | os.PathLike[str]) -> NDArray[np.float64]:
    """Return the current [A] of a record, which the layout needs.

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when there is none.
    """
    if record.current is None:
        raise WriteError(
            f"{layout} has a column for the current, and this record has none",
            code="LI-WRITE-002",
            where=str(path),
            expected="a target of lithiate's own format, NAME.parquet",
        )
    return record.current


def refuse_electrode_potential(record: Any, layout: str, path: str | os.PathLike[str]) -> None:  # noqa: ANN401 - two types
    """Refuse a record whose electrode potential the layout would lose (``LI-WRITE-002``)."""
    if record.electrode_potential is not None:
        raise WriteError(
            f"{layout} has one voltage, and this record has an electrode potential beside it",
            code="LI-WRITE-002",
            where=str(path),
            expected="a target of lithiate's own format, NAME.parquet, or of BioLogic's, NAME.mpt",
        )


def comment(record: Measurement) -> str:
    """Return the words by which the readers know a simulated record, empty for a measured one."""
    return SIMULATED_MARK if record.provenance.origin == "simulated" else ""


def sweep_times(
    time: NDArray[np.float64] | None, voltage: NDArray[np.float64], rate: float | None, path: str | os.PathLike[str]
) -> NDArray[np.float64]:
    """Return the times (n,) [s] of a sweep, which potentiostats always write: recorded, or from its rate [V/s].

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when neither is known.
    """
    if time is not None:
        return time
    if rate is None:
        raise WriteError(
            "the layout has a column for the time, and this curve has neither times nor a sweep rate",
            code="LI-WRITE-002",
            where=str(path),
            expected="a target of lithiate's own format, NAME.parquet",
        )
    return np.cumsum(np.abs(np.diff(voltage, prepend=voltage[0]))) / rate
