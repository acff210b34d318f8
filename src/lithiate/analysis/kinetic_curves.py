"""From a record to a curve about its zero of the current, and what is odd about the record."""

from __future__ import annotations

import math

import numpy as np

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.kinetic_estimators import FEWEST_POINTS, Curve
from lithiate.analysis.kinetics_result import KineticsSettings
from lithiate.analysis.robust import FloatArray
from lithiate.constants import thermal_voltage
from lithiate.core.measurement import PolarisationCurve
from lithiate.errors import AnalysisError

NEAR_ZERO = 0.010
"""Overpotential [V] of one electrode within which rows must lie on both sides of zero current to tell where it is."""
LARGEST_LOOP = 0.05
"""Difference of forward and backward sweep, as a share of the current, that is not worth a word."""
_BINS = 8


def curve_of(record: PolarisationCurve, settings: KineticsSettings, temperature: float) -> tuple[Curve, list[str]]:
    """Return the curve about its zero of the current, and warnings about the record.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` where the current does not cross zero and the voltage does, the voltage never changes, or the
        current falls with it.
    """
    voltage, electrodes, warnings = _electrodes(record)
    # Without an area the current stands for its density: shapes and refusals are the same, and values are null.
    current = record.current / (record.specimen.area or 1.0)
    where = record.specimen.name
    span = float(np.ptp(voltage))
    if not span > 0.0:
        raise AnalysisError(
            "the voltage of the polarisation curve never changes",
            code="LI-ANA-001",
            where=where,
            got=f"{voltage[0]:.4g} V in {voltage.size} rows",
            expected="a sweep",
        )
    full = record.specimen.cell == "full"
    # Like electrodes are at rest at 0 V; where a full cell is, its record alone may know.
    known = record.conditions.get("open_circuit_voltage", None if full else 0.0)
    if settings.magnitudes:
        current = np.sign(voltage - (known or 0.0)) * np.abs(current)
    zero, told = _zero(voltage, current, known, electrodes, where)
    if not chord_slope(voltage - zero, current) > 0.0:
        raise AnalysisError(
            "the current of the polarisation curve falls with the voltage: its sign is that of another convention",
            code="LI-ANA-001",
            where=where,
            expected="a current that rises with the voltage; --set invert_current=true, a setting of the reader, turns "
            "its sign round, --set magnitudes=true gives it that of the voltage",
        )
    if not told:
        warnings.append(_without_zero(current, electrodes))
    rest = zero if known is None else known
    if told and abs(zero - rest) > 0.01 * span:
        text = f"the current is zero at {zero * 1e3:.4g} mV"
        text += f", {(zero - rest) * 1e3:+.3g} mV from open circuit" if rest else ""
        text += "; overpotentials count from there"
        warnings.append(coded("LI-W-ANA-046", text))
    loop = _loop(voltage, current)
    if loop is not None:
        text = (
            f"forward and backward sweep differ by {100.0 * loop:.2g} % of the current: the surface or the "
            "concentrations change during the sweep, and what is fitted is the mean of both"
        )
        warnings.append(coded("LI-W-ANA-124", text))
    return Curve(voltage - zero, current, electrodes, thermal_voltage(temperature), told), warnings


def chord_slope(voltage: FloatArray, current: FloatArray) -> float:
    """Return the slope V/j of the line through zero that least squares of the voltage give: large currents tell it."""
    return float(voltage @ current) / float(current @ current) if current.any() else math.inf


def less_drop(curve: Curve, resistance: float, where: str) -> Curve:
    """Return the curve with the drop over a given resistance [ohm m2] taken off.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` where the drop exceeds the voltage.
    """
    slope = chord_slope(curve.voltage, curve.current)
    if resistance >= slope:
        raise AnalysisError(
            "the drop over the setting 'ohmic_resistance' exceeds the voltage of the polarisation curve",
            code="LI-ANA-001",
            where=where,
            got=f"{resistance * 1e4:.4g} ohm cm2",
            expected=f"less than the curve's own slope, {slope * 1e4:.4g} ohm cm2: of the whole cell, with its unit",
        )
    return curve.less(resistance)


def _electrodes(record: PolarisationCurve) -> tuple[FloatArray, int, list[str]]:
    """Return the voltage, how many electrodes share it, and warnings."""
    if record.electrode_potential is not None:
        return record.electrode_potential, 1, []
    cell = record.specimen.cell
    if cell == "full":
        return record.voltage, 1, [coded("LI-W-ANA-047", "of a full cell: lithium and cathode as one electrode")]
    if cell is None:
        text = "the kind of cell is not stated; two like electrodes are taken to share the voltage"
        return record.voltage, 2, [coded("LI-W-ANA-003", text)]
    if cell != "symmetric":
        text = f"a {cell} cell without electrode potentials: its two electrodes are taken as alike"
        return record.voltage, 2, [coded("LI-W-ANA-003", text)]
    return record.voltage, 2, []


def _zero(
    voltage: FloatArray, current: FloatArray, known: float | None, electrodes: int, where: str
) -> tuple[float, bool]:
    """Return the voltage of zero current, and whether rows near it tell it.

    The median over all crossings, each interpolated. Where no row lies near a crossing, or there is one branch only, it
    is the voltage at which the cell is known to rest.
    """
    if not float(current.min()) < 0.0 < float(current.max()):
        rest = known or 0.0
        one_sided = bool((voltage >= rest).all() or (voltage <= rest).all())
        if known is not None and one_sided and bool(current.any()):
            return known, False
        raise AnalysisError(
            "the polarisation curve does not cross zero current",
            code="LI-ANA-001",
            where=where,
            got=f"{current.min():.3g} to {current.max():.3g} A/m^2",
            expected="a sweep through the equilibrium; --set magnitudes=true gives currents without a sign that of "
            "the voltage",
        )
    crossing = np.flatnonzero(np.sign(current[:-1]) != np.sign(current[1:]))
    share = current[crossing] / (current[crossing] - current[crossing + 1])
    zero = float(np.median(voltage[crossing] + share * (voltage[crossing + 1] - voltage[crossing])))
    reach = NEAR_ZERO * electrodes
    beside = [voltage[current > 0.0], voltage[current < 0.0]]
    near = all(side.size and float(np.abs(side - zero).min()) <= reach for side in beside)
    return (zero, True) if near or known is None else (known, False)


def _without_zero(current: FloatArray, electrodes: int) -> str:
    if not float(current.min()) < 0.0 < float(current.max()):
        direction = "oxidises (strips)" if float(current.max()) > 0.0 else "reduces (plates)"
        text = f"one branch only, that {direction}: the zero of its voltage is taken as that of the overpotential"
        return coded("LI-W-ANA-123", text)
    text = (
        f"no rows within {NEAR_ZERO * electrodes * 1e3:g} mV of zero current on both sides: overpotentials count from "
        "the record's own zero"
    )
    return coded("LI-W-ANA-125", text)


def _loop(voltage: FloatArray, current: FloatArray) -> float | None:
    """Return the difference of forward and backward sweep as a share of the current, None where it is small.

    Both are averaged in bins of the voltage that they share; the root mean square over the bins counts, less what the
    scatter within them makes.
    """
    step = np.diff(voltage, prepend=voltage[0])
    forward, backward = step > 0.0, step < 0.0
    if min(np.count_nonzero(forward), np.count_nonzero(backward)) < FEWEST_POINTS:
        return None
    low = max(float(voltage[part].min()) for part in (forward, backward))
    high = min(float(voltage[part].max()) for part in (forward, backward))
    if not high > low:
        return None
    bins = np.clip(((voltage - low) / (high - low) * _BINS).astype(np.int64), 0, _BINS - 1)
    apart, level, noise = [], [], []
    for k in range(_BINS):
        sides = [part & (bins == k) & (voltage >= low) & (voltage <= high) for part in (forward, backward)]
        if min(np.count_nonzero(side) for side in sides) < 2:
            continue
        lines = [_line_at(voltage[side], current[side], low + (k + 0.5) * (high - low) / _BINS) for side in sides]
        apart.append(lines[0][0] - lines[1][0])
        level.append(0.5 * (lines[0][0] + lines[1][0]))
        noise.append(math.hypot(lines[0][1], lines[1][1]))
    if not apart:
        return None
    size, scatter = float(np.sqrt(np.mean(np.square(level)))), float(np.sqrt(np.mean(np.square(noise))))
    found = float(np.sqrt(np.mean(np.square(apart))))
    return found / size if found > 3.0 * scatter and found > LARGEST_LOOP * size else None


def _line_at(voltage: FloatArray, current: FloatArray, at: float) -> tuple[float, float]:
    """Return the value of a straight line through rows, and its standard uncertainty from their scatter."""
    if voltage.size < 3 or float(np.ptp(voltage)) == 0.0:
        return float(current.mean()), float(np.ptp(current))
    design = np.column_stack([np.ones_like(voltage), voltage - at])
    solution, *_ = np.linalg.lstsq(design, current, rcond=None)
    residual = current - design @ solution
    return float(solution[0]), float(np.sqrt(residual @ residual / max(voltage.size - 2, 1) / voltage.size))
