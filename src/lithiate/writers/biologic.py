"""BioLogic's text export of EC-Lab (``.mpt``): cycling (GCPL), impedance (PEIS), a sweep of the voltage (LSV).

The header holds what a record knows; settings that only a real instrument has are left out. Of impedance spectra the
temperature and the state have no place in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Measurement, PolarisationCurve
from lithiate.core.store import atomic_write_bytes
from lithiate.writers.layout import comment, find_steps, required_current, sweep_times, text_rows

_DEFAULT_AREA = 0.001
_HOUR = 3600.0
_GALVANOSTATIC, _POTENTIOSTATIC, _REST = 1, 2, 3
_DOUBLE, _SINGLE, _COUNT = "%.15E", "%.9E", "%d"
# mA.h in coulomb
_MILLIAMPERE_HOUR = 3.6


def write_biologic_mpt(record: Measurement, path: str | os.PathLike[str]) -> Path:
    """Write a cycling record, impedance spectra or a polarisation curve as EC-Lab exports them.

    A record with an electrode potential has it as ``Ewe``, and the voltage as ``Ecell``; without one the voltage is
    ``Ewe``. Several spectra stand in one table as loops; ``cycle number`` counts from 1.

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when there is no current, or a sweep has neither times nor a rate; ``LI-WRITE-001`` when the
        target cannot be written.
    """
    if isinstance(record, ImpedanceSpectra):
        title, settings, columns = "Potentio Electrochemical Impedance Spectroscopy", _loops(record), _impedance(record)
    elif isinstance(record, PolarisationCurve):
        title, settings, columns = "Linear Sweep Voltammetry", _sweep_settings(record), _sweep(record, path)
    else:
        assert isinstance(record, CyclingRecord)
        title, settings, columns = "Galvanostatic Cycling with Potential Limitation", [], _cycling(record, path)
    header = _header(record, title, settings)
    names = "\t".join(columns)
    rows = text_rows("\t".join(form for form, _values in columns.values()), [column for _, column in columns.values()])
    lines = [*header, names]
    lines[1] = f"Nb header lines : {len(lines):<28d}"
    content = "\n".join(lines) + "\n" + rows
    return atomic_write_bytes(path, content.encode("cp1252", errors="replace"))


def _header(record: Measurement, title: str, settings: list[str]) -> list[str]:
    specimen = record.specimen
    area = _DEFAULT_AREA if specimen.area is None else specimen.area * 1e4

    def one_line(text: str | None) -> str:
        return " ".join((text or "").split())

    return [
        "EC-Lab ASCII FILE",
        "",  # the count of header lines
        "",
        title,
        "",
        "Run on channel : 1",
        f"Electrode material : {one_line(specimen.anode)}",
        f"Electrolyte : {one_line(specimen.electrolyte)}",
        f"Comments : {comment(record)}",
        f"Electrode surface area : {area:.6g} cm²",
        "Cycle Definition : Charge/Discharge alternance",
        *settings,
        "",
    ]


def _potentials(
    voltage: NDArray[np.float64], electrode_potential: NDArray[np.float64] | None
) -> dict[str, tuple[str, ArrayLike]]:
    if electrode_potential is None:
        return {"Ewe/V": (_SINGLE, voltage)}
    return {"Ewe/V": (_SINGLE, electrode_potential), "Ecell/V": (_SINGLE, voltage)}


def _cycling(record: CyclingRecord, path: str | os.PathLike[str]) -> Mapping[str, tuple[str, ArrayLike]]:
    current = required_current(record, "EC-Lab's export", path)
    steps = find_steps(record, current)
    # The sequence of the schedule: rest, the first direction, the other one.
    flowing = steps.direction[steps.direction != 0]
    lead = flowing[0] if flowing.size else 1
    sequence = np.where(steps.direction == 0, 0, np.where(steps.direction == lead, 1, 2))
    return {
        "mode": (_COUNT, np.where(steps.direction == 0, _REST, _GALVANOSTATIC)),
        "ox/red": (_COUNT, (current > 0.0).astype(np.int64)),
        "error": (_COUNT, np.zeros(current.size, dtype=np.int64)),
        "control changes": (_COUNT, steps.first.astype(np.int64)),
        "Ns changes": (_COUNT, steps.first.astype(np.int64)),
        "counter inc.": (_COUNT, np.zeros(current.size, dtype=np.int64)),
        "Ns": (_COUNT, sequence),
        "time/s": (_DOUBLE, record.time),
        "control/V/mA": (_SINGLE, current * 1e3),
        **_potentials(record.voltage, record.electrode_potential),
        "(Q-Qo)/mA.h": (_DOUBLE, steps.passed / _MILLIAMPERE_HOUR),
        "half cycle": (_COUNT, np.maximum(np.cumsum(steps.first & (steps.direction != 0)) - 1, 0)),
        "cycle number": (_DOUBLE, steps.cycle.astype(np.float64)),
        "I/mA": (_SINGLE, current * 1e3),
    }


def _impedance(record: ImpedanceSpectra) -> Mapping[str, tuple[str, ArrayLike]]:
    impedance = record.impedance
    counts = np.diff(record.offsets)
    cycle = np.arange(counts.size) if record.cycle is None else record.cycle
    columns: dict[str, tuple[str, ArrayLike]] = {
        "freq/Hz": (_SINGLE, record.frequency),
        "Re(Z)/Ohm": (_SINGLE, impedance.real),
        "-Im(Z)/Ohm": (_SINGLE, -impedance.imag),
        "|Z|/Ohm": (_SINGLE, np.abs(impedance)),
        "Phase(Z)/deg": (_SINGLE, np.degrees(np.angle(impedance))),
    }
    if record.time is not None:
        columns["time/s"] = (_DOUBLE, record.time)
    columns["cycle number"] = (_DOUBLE, np.repeat(cycle + 1.0, counts))
    return columns


def _loops(record: ImpedanceSpectra) -> list[str]:
    if len(record) == 1:
        return []
    rows = [record.rows(spectrum) for spectrum in range(len(record))]
    loops = [f"Loop {k} from point number {row.start} to {row.stop - 1}" for k, row in enumerate(rows)]
    return [f"Number of loops : {len(record)}", *loops]


def _sweep_settings(record: PolarisationCurve) -> list[str]:
    rate = record.conditions.get("sweep_rate")
    if rate is None:
        return []
    return [f"{'dE/dt':<20s}{rate * 1e3:<20.9g}", f"{'dE/dt unit':<20s}{'mV/s':<20s}"]


def _sweep(record: PolarisationCurve, path: str | os.PathLike[str]) -> Mapping[str, tuple[str, ArrayLike]]:
    time = sweep_times(record.time, record.voltage, record.conditions.get("sweep_rate"), path)
    return {
        "mode": (_COUNT, np.full(time.size, _POTENTIOSTATIC)),
        "ox/red": (_COUNT, (record.current > 0.0).astype(np.int64)),
        "error": (_COUNT, np.zeros(time.size, dtype=np.int64)),
        "time/s": (_DOUBLE, time),
        **_potentials(record.voltage, record.electrode_potential),
        "<I>/mA": (_SINGLE, record.current * 1e3),
    }
