"""Neware's flat text export of the record layer (BTSDA): one line of names, one row a record."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lithiate.core.measurement import CyclingRecord
from lithiate.core.store import atomic_write_text
from lithiate.errors import WriteError
from lithiate.writers.layout import find_steps, refuse_electrode_potential, required_current, text_rows

_NAMES = (
    "DataPoint,Cycle Index,Step Index,Step Type,Time,Cumulative Time,Current(A),Voltage(V),Capacity(Ah),"
    "Chg. Cap.(Ah),DChg. Cap.(Ah),Energy(Wh),Power(W)"
)
_ROW = "%d,%d,%d,%s,%s,%s,%.10g,%.9g,%.8g,%.8g,%.8g,%.8g,%.8g"
_STEP_TYPES = np.array(["CC DChg", "Rest", "CC Chg"])
_HOUR = 3600.0


def write_neware_csv(record: CyclingRecord, path: str | os.PathLike[str]) -> Path:
    """Write a cycling record in the layout of Neware's flat export.

    Plating of a Li||Li or Li||Cu cell is ``CC DChg``, stripping ``CC Chg``: the current is positive in charge. Times
    are ``hh:mm:ss.ffffff``. The clock, flags other than rests, area and provenance have no place in it: the file does
    not say that a record was simulated.

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when there is no current, a separate electrode potential, or a time below zero;
        ``LI-WRITE-001`` when the target cannot be written.
    """
    layout = "Neware's export"
    current = required_current(record, layout, path)
    refuse_electrode_potential(record, layout, path)
    if record.time[0] < 0.0:
        raise WriteError(
            "a clock of hours, minutes and seconds begins at 0",
            code="LI-WRITE-002",
            where=str(path),
            got=f"{record.time[0]:g} s",
        )
    steps = find_steps(record, current)
    power = current * record.voltage
    energy = np.diff(record.time, prepend=record.time[0]) * (power + np.roll(power, 1)) / 2.0
    energy[steps.first] = 0.0
    rows = text_rows(
        _ROW,
        [
            np.arange(1, record.time.size + 1),
            steps.cycle,
            steps.step,
            _STEP_TYPES[steps.direction + 1],
            _clock(steps.since_step_start(record.time)),
            _clock(record.time),
            current,
            record.voltage,
            np.abs(steps.since_step_start(steps.passed)) / _HOUR,
            *(
                _within_cycle(np.maximum(sign * np.diff(steps.passed, prepend=0.0), 0.0), steps.cycle)
                for sign in (1, -1)
            ),
            np.abs(steps.since_step_start(np.cumsum(energy))) / _HOUR,
            power,
        ],
    )
    return atomic_write_text(path, f"{_NAMES}\n{rows}")


def _within_cycle(increments: NDArray[np.float64], cycle: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the running sum [A h] of charges (n,) [C], begun anew in each cycle."""
    total = np.cumsum(increments)
    starts = np.flatnonzero(np.diff(cycle, prepend=cycle[0] - 1))
    before = (total - increments)[starts]
    return np.asarray(total - np.repeat(before, np.diff(np.append(starts, cycle.size)))) / _HOUR


def _clock(time: NDArray[np.float64]) -> list[str]:
    """Return times [s] as ``hh:mm:ss.ffffff``; hours may exceed 24."""
    micro = np.rint(time * 1e6).astype(np.int64)
    seconds, fraction = np.divmod(micro, 1_000_000)
    minutes, second = np.divmod(seconds, 60)
    hours, minute = np.divmod(minutes, 60)
    return text_rows("%02d:%02d:%02d.%06d", [hours, minute, second, fraction]).split("\n")[:-1]
