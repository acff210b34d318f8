"""Cells of a table of impedances to numbers in SI: real and imaginary part, whatever the columns hold them as."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import marks, values
from lithiate.readers.impedance_blocks import Block
from lithiate.readers.impedance_headings import ImpedanceColumns
from lithiate.readers.source import flag_setting
from lithiate.readers.spectra import SIGN_SETTING

if TYPE_CHECKING:
    import polars as pl

Arrays = dict[str, NDArray[np.float64]]
"""Numbers of the rows of a block by their quantity, in SI."""

_PHASE_TOLERANCE = 2.0
_MAGNITUDE_TOLERANCE = 0.02
_LARGEST_PHASE_IN_RAD = 3.2
_COMPLEX = re.compile(r"\(?[+-]?[\d.]+(?:[eE][+-]?\d+)?[+-][\d.]+(?:[eE][+-]?\d+)?[ij]\)?")


def block_arrays(
    block: Block, columns: ImpedanceColumns, settings: Mapping[str, str], where: str
) -> tuple[Arrays, list[str]]:
    """Return the numbers of a block in SI by their quantities, with the parts of the impedance, and warnings."""
    import polars as pl

    drop = flag_setting(settings, "tolerate_bad_rows", where)
    series = {
        column.index: pl.Series([row[column.index].strip() for row in block.rows], dtype=pl.String)
        for column in columns.chosen.values()
    }
    parts: Arrays = {}
    if "complex" in columns and "real" not in columns and _is_complex(series[columns["complex"].index]):
        parts = _complex_parts(series.pop(columns["complex"].index), columns, block, where, drop=drop)
    wanted = [q for q in columns.chosen if columns[q].index in series and q not in ("complex", "state")]
    line = _line_of(block)
    sample = [cell for row in block.rows[:50] for cell in row]
    plain, warning = marks.numbers_with_points(
        series, [columns[q].index for q in wanted], sample, settings, where, line=line, tolerate=drop
    )
    needed = {"frequency", "real", "imaginary"} if "real" in columns else {"frequency", "magnitude", "phase"}
    arrays: Arrays = {}
    for quantity in wanted:
        column = columns[quantity]
        tolerant = drop or quantity not in needed
        numbers = values.numbers(
            plain[column.index], column.text, decimal_comma=False, drop=tolerant, where=where, line=line
        )
        arrays[quantity] = _si(
            numbers, -column.factor if column.negative else column.factor, column.zero, column.logarithm
        )
        if quantity in ("time", "temperature") and column.unit is None:
            del arrays[quantity]
    if not arrays.get("time", np.ones(1)).any():  # a column that was not filled
        del arrays["time"]
    arrays.update(parts)
    warnings = [] if warning is None else [warning]
    return {**arrays, **_impedance(arrays, columns, settings, where, warnings)}, warnings


def _si(numbers: NDArray[np.float64], factor: float, zero: float, logarithm: bool) -> NDArray[np.float64]:
    with np.errstate(over="ignore", invalid="ignore"):
        return (10.0**numbers if logarithm else numbers) * factor + zero


def _line_of(block: Block) -> Callable[[int], int]:
    return lambda row: block.lines[row]


def _is_complex(series: pl.Series) -> bool:
    first = next((cell for cell in series.to_list() if cell), "")
    return _COMPLEX.fullmatch(first.replace(" ", "")) is not None


def _complex_parts(series: pl.Series, columns: ImpedanceColumns, block: Block, where: str, *, drop: bool) -> Arrays:
    column = columns["complex"]
    found = np.full(series.len(), np.nan, dtype=np.complex128)
    for row, cell in enumerate(series.to_list()):
        plain = cell.replace(" ", "").strip("()").replace("i", "j")
        try:
            found[row] = complex(plain) if plain else np.nan
        except ValueError:
            if drop:
                continue
            raise ReadError(
                f"a cell of the column {column.text!r} is no complex number",
                code="LI-READ-006",
                where=f"{where}:{block.lines[row]}",
                got=repr(cell),
                expected="numbers such as 12.3-4.5j",
            ) from None
    found *= -column.factor if column.negative else column.factor
    return {"real": found.real.copy(), "imaginary": found.imag.copy()}


def _impedance(
    arrays: Arrays, columns: ImpedanceColumns, settings: Mapping[str, str], where: str, warnings: list[str]
) -> Arrays:
    """Return real and imaginary part [ohm], checked against magnitude and phase where those are there too."""
    phase = arrays.pop("phase", None)
    magnitude = arrays.pop("magnitude", None)
    if phase is not None and columns["phase"].unit is None:
        phase = _phase_without_unit(phase, where, needed="real" not in arrays)
    if "real" in arrays and "imaginary" in arrays:
        parts = {name: arrays[name] for name in ("real", "imaginary")}
        if SIGN_SETTING not in settings and phase is not None:
            _check_phase(phase, parts, where)
        if magnitude is not None:
            warnings += _magnitude_warning(magnitude, parts)
        return parts
    if magnitude is None or phase is None:
        raise ReadError(
            "the column of the impedance holds no complex numbers, and no other column its phase",
            code="LI-READ-004",
            where=where,
            got="columns " + ", ".join(repr(column.text) for column in columns.chosen.values()),
            expected="Z' and Z'', |Z| and a phase, or numbers such as 12.3-4.5j",
        )
    return {"real": magnitude * np.cos(phase), "imaginary": magnitude * np.sin(phase)}


def _phase_without_unit(phase: NDArray[np.float64], where: str, *, needed: bool) -> NDArray[np.float64] | None:
    """Return a phase whose heading has no unit [rad]; more than pi of it are degrees."""
    if np.nanmax(np.abs(phase), initial=0.0) > _LARGEST_PHASE_IN_RAD:
        return np.radians(phase)
    if not needed:
        return None
    raise ReadError(
        "nothing tells whether the phase is in degrees or in radians",
        code="LI-READ-005",
        where=where,
        got=f"at most {float(np.nanmax(np.abs(phase), initial=0.0)):.4g}",
        expected="--set phase_unit=deg, or --set phase_unit=rad",
    )


def _check_phase(phase: NDArray[np.float64], parts: Arrays, where: str) -> None:
    # Two zeros side by side are a column that was not filled.
    known = np.isfinite(phase) & np.isfinite(parts["real"]) & np.isfinite(parts["imaginary"])
    known &= np.hypot(parts["real"], parts["imaginary"]) > 0.0
    if not known.any() or not phase[known].any():
        return
    found = np.degrees(np.arctan2(parts["imaginary"], parts["real"]))
    difference = np.where(known, np.abs((np.degrees(phase) - found + 180.0) % 360.0 - 180.0), 0.0)
    if np.mean(difference[known] > _PHASE_TOLERANCE) > 0.1:
        row = int(np.argmax(difference))
        raise ReadError(
            "the phase contradicts the impedance, so the sign of its imaginary part is in doubt",
            code="LI-READ-010",
            where=where,
            got=f"a phase of {np.degrees(phase[row]):.4g} deg and an impedance at {found[row]:.4g} deg, row {row + 1}",
            expected=f"--set {SIGN_SETTING}=true, which turns the sign of the imaginary part round, or =false, which "
            "keeps it",
        )


def _magnitude_warning(magnitude: NDArray[np.float64], parts: Arrays) -> list[str]:
    found = np.hypot(parts["real"], parts["imaginary"])
    known = np.isfinite(magnitude) & np.isfinite(found) & (magnitude > 0.0) & (found > 0.0)
    off = np.abs(magnitude[known] / found[known] - 1.0)
    if not off.size or float(np.median(off)) <= _MAGNITUDE_TOLERANCE:
        return []
    return [f"LI-W-SUSPECT |Z| and the parts of the impedance differ by {float(np.median(off)):.0%} in the median"]
