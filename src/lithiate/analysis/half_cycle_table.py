"""The half cycles and the cycles of a symmetric cell as tables: columns by name, each with its SI unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lithiate.analysis.cycling import HalfCycleFlag, HalfCycles
from lithiate.analysis.one_directional import count_interruptions
from lithiate.analysis.robust import FloatArray, IntArray
from lithiate.analysis.symmetric_result import Cycles
from lithiate.core.measurement import CyclingRecord

Table = dict[str, tuple[NDArray[Any], str]]
"""Name of a column -> values (one a row) and their SI unit; NaN, or masked, where a value is not known."""

_MEDIAN_EFFICIENCY = math.sqrt(0.5 * math.pi)
"""Standard deviation of a median of many normal values, over that of their mean."""

_DETECTION = 3.0
"""Standard deviations that the difference of two levels must reach to be one."""


def peaking_index(half_cycles: HalfCycles) -> tuple[FloatArray, FloatArray]:
    """Return how far the tip of each half cycle stands above its plateau, as a share, and the least that can be told.

    ``(tip - plateau) / plateau``. The floor is what noise alone puts on the highest of the m rows of the first quarter,
    and the resolution: ``(s (1 + sqrt(2 ln m)) + q) / plateau``, as for the nucleation overpotential. What is not above
    it is NaN: no tip, or one that noise hides.

    Returns
    -------
    index, floor : (h,) float64

    Notes
    -----
    The index is that of the cell. In two-electrode cells the tip at the start is nucleation on one electrode and the
    break-down of the film on the other; Wood et al., ACS Cent. Sci. 2, 790 (2016), read the shape of the trace so. The
    number is ours. A row logged too late misses the tip, and the index is then too small.
    """
    early_rows = np.maximum(half_cycles.rows.counts // 4, 2)
    highest_of = half_cycles.noise * (1.0 + np.sqrt(2.0 * np.log(early_rows)))
    return _over_plateau(half_cycles, half_cycles.tip - half_cycles.plateau, highest_of + half_cycles.resolution, 1)


def arcing_index(half_cycles: HalfCycles) -> tuple[FloatArray, FloatArray]:
    """Return how far the end of each half cycle lies above its plateau, as a share, and the least that can be told.

    ``(late level - plateau) / plateau``, with the median |V| over the last tenth of the charge as the late level. Two
    medians, so one row at the end, noise or a spike does not make an arc; a flat plateau gives NaN, a voltage that
    falls a negative number. The floor is three standard deviations of the difference of the two medians for white
    noise, and the resolution.

    Returns
    -------
    index, floor : (h,) float64

    Notes
    -----
    A voltage that climbs through the half cycle instead of staying level is what a layer of dead lithium does to
    transport (Chen, Wood, Kazyak, LePage, Davis, Sanchez and Dasgupta, J. Mater. Chem. A 5, 11671 (2017)); from them is
    the idea alone. Other limits of transport, and a tip at the end where stripping moves to a fresh surface, raise the
    end of a half cycle as well.
    """
    rows = half_cycles.rows.counts
    late, middle = np.maximum(rows / 10.0, 1.0), np.maximum(rows / 2.0, 1.0)
    spread = _MEDIAN_EFFICIENCY * half_cycles.noise * np.sqrt(1.0 / late + 1.0 / middle)
    floor = _DETECTION * spread + half_cycles.resolution
    return _over_plateau(half_cycles, half_cycles.late_level - half_cycles.plateau, floor, 0)


def _over_plateau(
    half_cycles: HalfCycles, difference: FloatArray, floor: FloatArray, sign: int
) -> tuple[FloatArray, FloatArray]:
    """Return a difference and its floor over the plateau; NaN below it (of either sign where `sign` is 0)."""
    plateau = np.where(half_cycles.plateau > 0.0, half_cycles.plateau, np.nan)
    # An exact trace has a floor of zero, which rounding must not pass.
    least = np.maximum(floor, 1e-9 * plateau)
    seen = (difference if sign else np.abs(difference)) > least
    return np.where(seen, difference / plateau, np.nan), least / plateau


def half_cycle_table(half_cycles: HalfCycles, record: CyclingRecord, cycles: Cycles | None = None) -> Table:
    """Return one row a half cycle, with everything that is known of it.

    Parameters
    ----------
    half_cycles : HalfCycles
    record : CyclingRecord
        That they are of: its rows tell the rests, its area the areal numbers.
    cycles : Cycles, optional
        For the cycle that each half cycle belongs to.

    Returns
    -------
    Table
        Values of length h in SI, by names that `docs/nomenclature.md` lists. ``rest_before`` is the time without
        current since the half cycle before (since the first row for the first one), NaN after a gap;
        ``rest_end_voltage`` the voltage, with its sign, in the last row of that rest, NaN where no row was recorded.
    """
    flags = half_cycles.flags
    peaking, peaking_floor = peaking_index(half_cycles)
    arcing, arcing_floor = arcing_index(half_cycles)
    rest_before, rest_end_voltage = _rests(half_cycles, record)
    table: Table = {
        "half_cycle": (np.arange(1, len(half_cycles) + 1), "1"),
        "cycle": (_cycle_of_half_cycles(half_cycles, cycles), "1"),
        "polarity": (half_cycles.polarity.astype(np.int64), "1"),
        "start": (half_cycles.start, "s"),
        "end": (half_cycles.end, "s"),
        "duration": (half_cycles.duration, "s"),
        "on_time": (half_cycles.on_time, "s"),
        "rest_before": (rest_before, "s"),
        "rest_end_voltage": (rest_end_voltage, "V"),
        "interruptions": (count_interruptions(half_cycles, record.time, record.voltage), "1"),
        "tip": (half_cycles.tip, "V"),
        "plateau": (half_cycles.plateau, "V"),
        "midpoint_voltage": (half_cycles.midpoint_voltage, "V"),
        "late_level": (half_cycles.late_level, "V"),
        "end_voltage": (half_cycles.end_voltage, "V"),
        "mean_absolute_voltage": (half_cycles.mean_absolute_voltage, "V"),
        "mean_sampling_uncertainty": (half_cycles.mean_sampling_uncertainty, "V"),
        "arc_height": (half_cycles.arc_height, "V"),
        "peaking_index": (peaking, "1"),
        "peaking_floor": (peaking_floor, "1"),
        "arcing_index": (arcing, "1"),
        "arcing_floor": (arcing_floor, "1"),
        **_charges(half_cycles),
        "first_row": (half_cycles.first_row, "1"),
        "last_row": (half_cycles.last_row, "1"),
    }
    for flag in HalfCycleFlag:  # PLAIN, which is 0, is not among them
        table[str(flag.name).lower()] = ((flags & flag) != 0, "1")
    return table


def cycle_table(cycles: Cycles, half_cycles: HalfCycles) -> Table:
    """Return one row a complete cycle.

    Parameters
    ----------
    cycles : Cycles
    half_cycles : HalfCycles

    Returns
    -------
    Table
        Values of length c in SI, by names that `docs/nomenclature.md` lists.
    """
    first, second = cycles.first_half_cycle, cycles.first_half_cycle + 1
    table: Table = {"cycle": (cycles.number, "1")}
    if cycles.vendor_number is not None:
        table["vendor_cycle"] = (cycles.vendor_number, "1")
    table |= {
        "first_half_cycle": (first + 1, "1"),
        "start": (cycles.start, "s"),
        "end": (cycles.end, "s"),
        "voltage_hysteresis": (cycles.hysteresis, "V"),
        "voltage_hysteresis_uncertainty": (cycles.hysteresis_uncertainty, "V"),
    }
    (peaking, _), (arcing, _) = peaking_index(half_cycles), arcing_index(half_cycles)
    for place, half in (("first", first), ("second", second)):
        table[f"{place}_tip"] = (half_cycles.tip[half], "V")
        table[f"{place}_plateau"] = (half_cycles.plateau[half], "V")
        table[f"{place}_end_voltage"] = (half_cycles.end_voltage[half], "V")
        table[f"{place}_peaking_index"] = (peaking[half], "1")
        table[f"{place}_arcing_index"] = (arcing[half], "1")
    for name, (values, unit) in _charges(half_cycles).items():
        if name in ("cumulative_charge", "cumulative_capacity"):
            table[name] = (values[second], unit)
    if half_cycles.energy is not None:
        table["energy"] = (half_cycles.energy[first] + half_cycles.energy[second], "J")
    return table


def _charges(half_cycles: HalfCycles) -> Table:
    """Return charge and energy of each half cycle, and the charge of all of them up to its start and its end."""
    table: Table = {}
    for charge, name, total, unit in (
        (half_cycles.charge, "charge", "cumulative_charge", "C"),
        (half_cycles.areal_charge, "areal_capacity", "cumulative_capacity", "C/m^2"),
    ):
        if charge is not None:
            passed = np.cumsum(charge)
            table[name] = (charge, unit)
            table[f"{total}_before"] = (np.append(0.0, passed[:-1]), unit)
            table[total] = (passed, unit)
    if half_cycles.energy is not None:
        table["energy"] = (half_cycles.energy, "J")
    return table


def _cycle_of_half_cycles(half_cycles: HalfCycles, cycles: Cycles | None) -> NDArray[Any]:
    number = np.zeros(len(half_cycles), dtype=np.int64)
    if cycles is not None:
        for second in (0, 1):
            number[cycles.first_half_cycle + second] = cycles.number
    return np.ma.masked_equal(number, 0)


def _rests(half_cycles: HalfCycles, record: CyclingRecord) -> tuple[FloatArray, FloatArray]:
    """Return the time without current before each half cycle [s], and the voltage in its last row [V]."""
    first: IntArray = half_cycles.first_row
    before = np.append(record.time[0], half_cycles.end[:-1])
    rest = np.maximum(half_cycles.start - before, 0.0)
    # Half-way between two rows is known to rounding alone.
    rest[rest <= 1e-9 * np.maximum(np.abs(half_cycles.start), 1.0)] = 0.0
    gap = half_cycles.rows.gap_before
    last_of_rest = np.maximum(first - 1, 0)
    recorded = (rest > 0.0) & ~gap & (last_of_rest > np.append(-1, half_cycles.last_row[:-1])) & (first > 0)
    return np.where(gap, np.nan, rest), np.where(recorded, record.voltage[last_of_rest], np.nan)
