"""Gamry's EXPLAIN text (``.DTA``): cycling and sweeps as CURVE tables, impedance as ZCURVE.

A file holds the settings that a record knows. Of impedance spectra the cycle, the temperature and the state have no
place in it.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Measurement, PolarisationCurve
from lithiate.core.store import atomic_write_bytes
from lithiate.writers.layout import (
    comment,
    find_steps,
    refuse_electrode_potential,
    required_current,
    sweep_times,
    text_rows,
)

_CURVE = (
    "\tPt\tT\tVf\tIm\tVu\tSig\tAch\tIERange\tOver\n\t#\ts\tV vs. Ref.\tA\tV\tV\tV\t#\tbits\n",
    "\t%d\t%.12g\t%.9E\t%.9E\t0.00000E+000\t0.00000E+000\t0.00000E+000\t0\t...........",
)
_ZCURVE = "\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\n\t#\ts\tHz\tohm\tohm\tV\tohm\t°\n"
_ZROW = "\t%d\t%s\t%.10g\t%.10g\t%.10g\t1\t%.10g\t%.10g"


def write_gamry_dta(record: Measurement, path: str | os.PathLike[str]) -> Path:
    """Write a cycling record, impedance spectra or a polarisation curve as Gamry's Framework does.

    Cycling: one ``CURVEk`` a cycle, the times going on. Impedance: one ``ZCURVE`` a spectrum, the time empty where it
    is not known. Current > 0 is anodic, Zimag < 0 capacitive.

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when there is no current, a separate electrode potential, or a sweep without times and rate;
        ``LI-WRITE-001`` when the target cannot be written.
    """
    layout = "Gamry's text"
    if isinstance(record, ImpedanceSpectra):
        tag, title, settings, tables = "EISPOT", "Potentiostatic EIS", "", _spectra(record)
    elif isinstance(record, PolarisationCurve):
        refuse_electrode_potential(record, layout, path)
        rate = record.conditions.get("sweep_rate")
        time = sweep_times(record.time, record.voltage, rate, path)
        tag, title = "CV", "Cyclic Voltammetry"
        settings = "" if rate is None else f"SCANRATE\tQUANT\t{rate * 1e3:.9g}\tScan Ra&te (mV/s)\n"
        tables = _curve("CURVE1", time, record.voltage, record.current)
    else:
        assert isinstance(record, CyclingRecord)
        refuse_electrode_potential(record, layout, path)
        tag, title, settings = "CHRONOP", "Chronopotentiometry Scan", ""
        tables = _cycling(record, required_current(record, layout, path))
    content = f"EXPLAIN\nTAG\t{tag}\nTITLE\tLABEL\t{title}\tTest &Identifier\n{_header(record)}{settings}{tables}"
    return atomic_write_bytes(path, content.encode("cp1252", errors="replace"))


def _header(record: Measurement) -> str:
    specimen = record.specimen
    notes = [comment(record), *(f"{word}" for word in (specimen.name, specimen.anode, specimen.electrolyte) if word)]
    lines = [" ".join(note.split()) for note in notes if note]
    area = 1.0 if specimen.area is None else specimen.area * 1e4
    return (
        f"NOTES\tNOTES\t{len(lines)}\t&Notes...\n"
        + "".join(f"\t{line}\n" for line in lines)
        + f"AREA\tQUANT\t{area:.5E}\t&Area (cm^2)\nCONVENTION\tIQUANT\t1\tCurrent Convention\n"
    )


def _curve(name: str, time: NDArray[np.float64], voltage: NDArray[np.float64], current: NDArray[np.float64]) -> str:
    heads, row = _CURVE
    rows = text_rows(row, [np.arange(time.size), time, voltage, current])
    return f"{name}\tTABLE\t{time.size}\n{heads}{rows}"


def _cycling(record: CyclingRecord, current: NDArray[np.float64]) -> str:
    cycle = find_steps(record, current).cycle
    bounds = [*np.flatnonzero(np.diff(cycle, prepend=cycle[0] - 1)).tolist(), cycle.size]
    tables = []
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        rows = slice(start, end)
        tables.append(_curve(f"CURVE{cycle[start]}", record.time[rows], record.voltage[rows], current[rows]))
    return "".join(tables)


def _spectra(record: ImpedanceSpectra) -> str:
    tables = []
    for spectrum in range(len(record)):
        rows = record.rows(spectrum)
        impedance = record.impedance[rows]
        times = [""] * impedance.size if record.time is None else [f"{time:.12g}" for time in record.time[rows]]
        lines = text_rows(
            _ZROW,
            [
                np.arange(impedance.size),
                times,
                record.frequency[rows],
                impedance.real,
                impedance.imag,
                np.abs(impedance),
                np.degrees(np.angle(impedance)),
            ],
        )
        tables.append(f"ZCURVE\tTABLE\n{_ZCURVE}{lines}")
    return "".join(tables)
