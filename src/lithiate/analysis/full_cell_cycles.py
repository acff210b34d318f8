"""Cycles and rates of a full cell's record, as tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.full_cell_half_cycles import HalfCycleTable
from lithiate.analysis.full_cell_result import ANALYSIS, FullCellCycles, FullCellRates, FullCellSettings
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray, weighted_median_per_group
from lithiate.core.measurement import CyclingRecord
from lithiate.errors import AnalysisError

EQUAL_RATE = 0.05
"""Discharge currents that differ by less than this share are of one rate."""

CUT_OFF_SHARE = 0.1
"""The last discharge of a record reached its cut-off when it ended within this share of the cell's window above it."""

EQUAL_CAPACITY = 0.98
"""It is complete as well when it gave this share of the discharge before it: such a test ends by charge or time."""

MOST_SHOWN = 10
"""Cycles whose profiles are shown, at most."""

SECONDS_PER_HOUR = 3600.0


def tabulate_cycles(
    record: CyclingRecord, table: HalfCycleTable, settings: FullCellSettings, formation: int
) -> tuple[FullCellCycles, str]:
    """Return the table of charges that a discharge follows without a gap between, and what C-rates are counted by.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when no discharge follows a charge.
    """
    half = table.half_cycles
    cut = _cut_after(record, half)
    charge = np.flatnonzero((half.polarity[:-1] > 0) & (half.polarity[1:] < 0) & ~cut[:-1])
    if charge.size == 0:
        raise AnalysisError(
            "the record holds no cycle of a full cell",
            code="LI-ANA-001",
            where=record.specimen.name,
            got=f"{len(half)} half cycle(s), none of which is a discharge that follows a charge",
            expected="a charge (current > 0) and the discharge after it",
        )
    discharge = charge + 1
    complete = _complete(record, half, table.charge, charge, cut) & ~(table.bridged[charge] | table.bridged[discharge])
    area, mass = record.specimen.area, record.specimen.cathode_mass
    taken, given = table.charge[charge], table.charge[discharge]
    energy_in, energy_out = table.energy[charge], table.energy[discharge]
    efficiency, energy_efficiency = given / taken, energy_out / energy_in
    spread = table.relative_uncertainty(charge, discharge, table.charge_curvature)
    energy_spread = table.relative_uncertainty(charge, discharge, table.energy_curvature)
    retention, retention_spread = _retention(table, discharge, complete, formation + settings.reference_cycle - 1)
    current = _discharge_current(record, half)[discharge]
    charging = _largest_current(record, half)[charge]
    gap_spread = np.hypot(table.mean_voltage_curvature[charge], table.mean_voltage_curvature[discharge])
    vendor = record.vendor_cycle_number
    basis, capacity = _rate_basis(record, settings, given[complete] if complete.any() else given)
    cycles = FullCellCycles(
        number=np.arange(1, charge.size + 1),
        first_half_cycle=charge,
        start=half.start[charge],
        end=half.end[discharge],
        charge_capacity=taken,
        discharge_capacity=given,
        charge_energy=energy_in,
        discharge_energy=energy_out,
        areal_charge_capacity=_per(taken, area),
        areal_discharge_capacity=_per(given, area),
        specific_charge_capacity=_per(taken, mass),
        specific_discharge_capacity=_per(given, mass),
        coulombic_efficiency=np.where(complete, efficiency, np.nan),
        uncertainty=np.where(complete, spread * efficiency, np.nan),
        energy_efficiency=np.where(complete, energy_efficiency, np.nan),
        energy_uncertainty=np.where(complete, energy_spread * np.abs(energy_efficiency), np.nan),
        mean_charge_voltage=energy_in / taken,
        mean_discharge_voltage=energy_out / given,
        capacity_retention=retention,
        retention_uncertainty=retention_spread,
        voltage_hysteresis=np.where(complete, energy_in / taken - energy_out / given, np.nan),
        hysteresis_uncertainty=np.where(complete, gap_spread, np.nan),
        discharge_current=current,
        charge_current=charging,
        c_rate=current / capacity * SECONDS_PER_HOUR,
        charge_c_rate=charging / capacity * SECONDS_PER_HOUR,
        charge_end_voltage=record.voltage[half.last_row[charge]],
        discharge_end_voltage=record.voltage[half.last_row[discharge]],
        vendor_number=None if vendor is None else vendor[half.first_row[discharge]],
        complete=complete,
    )
    return cycles, basis


def _per(values: FloatArray, divisor: float | None) -> FloatArray | None:
    return None if divisor is None else values / divisor


def _cut_after(record: CyclingRecord, half: HalfCycles) -> BoolArray:
    """Tell after which half cycles something is missing.

    A long hole in the record where the sign changes is a rest without rows, and nothing is missing, when the half cycle
    before it ended and the one after it began where such half cycles usually do.
    """
    gap = half.rows.gap_after.copy()
    gap[:-1] |= half.rows.gap_before[1:]
    if half.start.size < 2 or not gap[:-1].any():
        return gap
    # Along the current: a charge that is missing its end ends too low, a discharge too high.
    ends, begins = (half.polarity * record.voltage[rows] for rows in (half.last_row, half.first_row))
    ended, begun = np.zeros(gap.size, dtype=np.bool_), np.zeros(gap.size, dtype=np.bool_)
    window = CUT_OFF_SHARE * float(np.ptp(record.voltage[half.rows.index]))
    for sign in (1, -1):
        of_sign = half.polarity == sign
        ended[of_sign] = ends[of_sign] >= np.median(ends[of_sign]) - window
        begun[of_sign] = begins[of_sign] <= np.median(begins[of_sign]) + window
    rests = (half.polarity[:-1] != half.polarity[1:]) & ended[:-1] & begun[1:]
    gap[:-1] &= ~rests
    return gap


def _complete(
    record: CyclingRecord, half: HalfCycles, charge: FloatArray, first: IntArray, cut: BoolArray
) -> BoolArray:
    """Tell which cycles were recorded from end to end.

    A discharge that other rows follow was ended by the instrument. The last one of a record is judged by the cut-offs
    of the others, and by their charge.
    """
    discharge = first + 1
    cut_before = np.append(False, cut[:-1])
    complete = ~(cut_before[first] | cut[first] | cut[discharge])
    last = int(discharge[-1])
    if discharge.size < 2 or int(half.last_row[last]) < record.time.size - 1:
        return complete
    low = float(np.median(record.voltage[half.last_row[discharge[:-1]]]))
    high = float(np.median(record.voltage[half.last_row[first[:-1]]]))
    reached = float(record.voltage[half.last_row[last]]) <= low + CUT_OFF_SHARE * (high - low)
    complete[-1] &= reached or float(charge[last]) >= EQUAL_CAPACITY * float(charge[discharge[-2]])
    return complete


def _retention(
    table: HalfCycleTable, discharge: IntArray, complete: BoolArray, reference: int
) -> tuple[FloatArray, FloatArray]:
    retention, spread = np.full(discharge.size, np.nan), np.full(discharge.size, np.nan)
    if reference >= discharge.size or not complete[reference]:
        return retention, spread
    known = np.flatnonzero(complete)
    other = known[known != reference]
    base = np.full(other.size, discharge[reference])
    retention[known] = table.charge[discharge[known]] / table.charge[discharge[reference]]
    spread[reference] = 0.0
    spread[other] = retention[other] * table.relative_uncertainty(base, discharge[other], table.charge_curvature)
    return retention, spread


def _discharge_current(record: CyclingRecord, half: HalfCycles) -> FloatArray:
    """Return the median |current| of each half cycle over its charge [A]."""
    assert record.current is not None  # _current has looked
    magnitude = np.abs(record.current[half.rows.index])
    return weighted_median_per_group(magnitude, half.rows.weight * magnitude, half.rows.starts)


def _largest_current(record: CyclingRecord, half: HalfCycles) -> FloatArray:
    """Return the largest |current| of each half cycle that two neighbouring rows hold [A]; of one row, its own."""
    assert record.current is not None  # _current has looked
    magnitude, rows = np.abs(record.current[half.rows.index]), half.rows
    held = np.append(np.minimum(magnitude[1:], magnitude[:-1]), 0.0)
    held[rows.starts + rows.counts - 1] = np.where(rows.counts > 1, 0.0, magnitude[rows.starts])
    return np.maximum.reduceat(held, rows.starts)


def _rate_basis(record: CyclingRecord, settings: FullCellSettings, given: FloatArray) -> tuple[str, float]:
    """Return by what C-rates are counted, and that capacity [C]."""
    nominal = settings.nominal_capacity or record.conditions.get("nominal_capacity")
    if nominal is not None and record.specimen.area is not None:
        return "nominal capacity", nominal * record.specimen.area
    if settings.nominal_capacity is not None:
        raise AnalysisError(
            f"setting 'nominal_capacity' of the {ANALYSIS} analysis needs the electrode area",
            code="LI-ANA-001",
            where=record.specimen.name,
            got="no area",
            expected='--area "1.13 cm^2"',
        )
    return "largest discharge capacity", float(given.max())


def tabulate_rates(cycles: FullCellCycles) -> FullCellRates:
    """Return one row a run of complete cycles at one current: of discharge, or of charge where only that changes."""
    runs = list(_runs(cycles))
    counted = [run[1:] if run.size > 1 else run for run in runs]

    def medians(column: FloatArray) -> FloatArray:
        return np.array([np.median(column[rows]) for rows in counted], dtype=np.float64)

    def known(column: FloatArray | None) -> FloatArray | None:
        return None if column is None else medians(column)

    deviations = [np.std(cycles.discharge_capacity[rows], ddof=1) if rows.size > 1 else np.nan for rows in counted]
    return FullCellRates(
        order=np.arange(1, len(runs) + 1),
        c_rate=medians(cycles.c_rate),
        charge_c_rate=medians(cycles.charge_c_rate),
        discharge_current=medians(cycles.discharge_current),
        charge_current=medians(cycles.charge_current),
        first_cycle=np.array([cycles.number[run[0]] for run in runs], dtype=np.int64),
        last_cycle=np.array([cycles.number[run[-1]] for run in runs], dtype=np.int64),
        counted_cycles=np.array([rows.size for rows in counted], dtype=np.int64),
        charge_capacity=medians(cycles.charge_capacity),
        discharge_capacity=medians(cycles.discharge_capacity),
        capacity_spread=np.array(deviations, dtype=np.float64),
        areal_discharge_capacity=known(cycles.areal_discharge_capacity),
        specific_discharge_capacity=known(cycles.specific_discharge_capacity),
        coulombic_efficiency=medians(cycles.coulombic_efficiency),
        energy_efficiency=medians(cycles.energy_efficiency),
        mean_charge_voltage=medians(cycles.mean_charge_voltage),
        mean_discharge_voltage=medians(cycles.mean_discharge_voltage),
    )


def _runs(cycles: FullCellCycles) -> Iterator[IntArray]:
    """Iterate over the runs of complete cycles of one current, as positions in the table."""
    rows = np.flatnonzero(cycles.complete)
    current = cycles.discharge_current[rows]
    if current.size and np.ptp(current) <= EQUAL_RATE * float(current.min()):
        current = cycles.charge_current[rows]
    begin = 0
    for position in range(1, rows.size + 1):
        if position == rows.size or abs(current[position] / current[begin] - 1.0) > EQUAL_RATE:
            yield rows[begin:position]
            begin = position


def shown_cycles(cycles: FullCellCycles, rates: FullCellRates) -> list[int]:
    """Return the numbers of cycles whose profiles tell the most: the first, the middle and the last complete ones.

    In a test of several rates: the last of each run, of at most `MOST_SHOWN` runs spread evenly.
    """
    if len(rates) > 1:
        numbers = sorted(set(rates.last_cycle.tolist()))
        places = np.unique(np.linspace(0, len(numbers) - 1, min(len(numbers), MOST_SHOWN)).round().astype(int))
        return [numbers[place] for place in places]
    complete = cycles.number[cycles.complete].tolist()
    return sorted({complete[0], complete[len(complete) // 2], complete[-1]}) if complete else []


def equal_rate(cycles: FullCellCycles, one: int, other: int) -> bool:
    """Tell whether two cycles (positions in the table) discharge at one rate."""
    current = cycles.discharge_current
    return bool(abs(current[one] / current[other] - 1.0) <= EQUAL_RATE)
