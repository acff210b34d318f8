"""Impedance spectra as texts that others read: ZPlot and ZView (``.z``), and a plain table (``.csv``)."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from lithiate.core.measurement import ImpedanceSpectra
from lithiate.core.store import atomic_write_bytes
from lithiate.errors import WriteError
from lithiate.writers.layout import comment, text_rows

_TURN = 1.5
_ZPLOT_NAMES = "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange"
_ZPLOT_ROW = "%.12E\t0.0000E+00\t0.0000E+00\t%.12E\t%.12E\t%.12E\t0.0000E+00\t0\t0"


def write_zplot(record: ImpedanceSpectra, path: str | os.PathLike[str]) -> Path:
    """Write spectra as ZPlot does, in ohm, Z'' < 0 capacitive; times are 0 where they are not known.

    Several spectra stand one below the other in one table: each runs one way, and the next begins where the frequency
    jumps back. Cycles, temperatures and states have no place in it.

    Raises
    ------
    WriteError
        ``LI-WRITE-002`` when spectra of such a table could not be told apart; ``LI-WRITE-001`` when the target cannot
        be written.
    """
    _require_turns(record, path)
    area = [] if record.specimen.area is None else [f"  Surface Area:               {record.specimen.area * 1e4:.9g}"]
    remark = [f"  Comment:                    {comment(record)}"] if comment(record) else []
    header = [
        "ZPLOT2 ASCII",
        "  Experiment Type:            Sweep Frequency, Control Voltage",
        *remark,
        *area,
        f"  Data Points:                {record.frequency.size}",
        _ZPLOT_NAMES,
        "End Comments",
    ]
    time = np.zeros(record.frequency.shape) if record.time is None else record.time
    rows = text_rows(_ZPLOT_ROW, [record.frequency, time, record.impedance.real, record.impedance.imag])
    return atomic_write_bytes(path, ("\n".join(header) + "\n" + rows).encode("cp1252", errors="replace"))


def _require_turns(record: ImpedanceSpectra, path: str | os.PathLike[str]) -> None:
    """Refuse spectra that a table without a column for their number would run together."""
    steps = [np.diff(np.log(record.frequency[record.rows(k)])) for k in range(len(record))]
    falls = all(bool((step <= 0.0).all()) for step in steps)
    rises = all(bool((step >= 0.0).all()) for step in steps)
    ends = record.offsets[1:-1]
    jumps = np.log(record.frequency[ends]) - np.log(record.frequency[ends - 1])
    back = jumps > np.log(_TURN) if falls else jumps < -np.log(_TURN)
    if not (falls or rises) or not bool(back.all()):
        raise WriteError(
            "in this layout a spectrum begins where the frequency jumps back, and these would run together",
            code="LI-WRITE-002",
            where=str(path),
            got=f"{len(record)} spectra",
            expected="a target NAME.csv or NAME.parquet",
        )


def write_spectra_csv(record: ImpedanceSpectra, path: str | os.PathLike[str]) -> Path:
    """Write spectra as one table with a line of names, all digits kept; Z'' < 0 is capacitive.

    Its columns: the number of the spectrum, then cycle, temperature, state and time where they are known, frequency
    and the two parts of the impedance.
    """
    counts = np.diff(record.offsets)
    columns: dict[str, ArrayLike] = {"Spectrum": np.repeat(np.arange(1, counts.size + 1), counts)}
    if record.cycle is not None:
        columns["Cycle"] = np.repeat(record.cycle, counts)
    if record.temperature is not None:
        columns["Temperature (K)"] = np.repeat(record.temperature, counts)
    if record.state is not None:
        columns["State"] = np.repeat([" ".join(word.split()) for word in record.state], counts)
    if record.time is not None:
        columns["Time (s)"] = record.time
    columns |= {
        "Frequency (Hz)": record.frequency,
        "Z' (ohm)": record.impedance.real,
        "Z'' (ohm)": record.impedance.imag,
    }
    stream = io.StringIO()
    if comment(record):
        stream.write(f"# {comment(record)}\n")
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(columns)
    table.writerows(zip(*(np.asarray(column).tolist() for column in columns.values()), strict=True))
    return atomic_write_bytes(path, stream.getvalue().encode())
