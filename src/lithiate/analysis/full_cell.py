"""Full cells: capacity, efficiencies, retention, cycle life, and capacity by rate, of a cycling record.

The cathode is the working electrode: half cycles at positive current charge the cell, those at negative discharge it.
"""

from __future__ import annotations

import numpy as np
from attrs import evolve

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.current_steps import find_current_steps
from lithiate.analysis.differential_capacity import find_differential_capacities
from lithiate.analysis.full_cell_cycles import EQUAL_RATE, shown_cycles, tabulate_cycles, tabulate_rates
from lithiate.analysis.full_cell_estimates import (
    capacity_retentions,
    coulombic_efficiencies,
    cycle_life,
    knee,
    median_coulombic_efficiency,
    median_energy_efficiency,
    median_voltage_hysteresis,
    rate_capacities,
    specific_capacities,
)
from lithiate.analysis.full_cell_half_cycles import HalfCycleTable, find_half_cycles
from lithiate.analysis.full_cell_result import ANALYSIS, FullCellCycles, FullCellResult, FullCellSettings
from lithiate.analysis.robust import BoolArray
from lithiate.analysis.settings import settings_from_keywords
from lithiate.core.measurement import CyclingRecord
from lithiate.core.polarity import voltage_follows_current

STOP_SHARE = 0.995
"""The voltage limit stopped the record when its last |V| is above this share of the limit."""

LITTLE_CAPACITY = 0.05
"""Discharges below this share of the largest are told of."""

HALF_CELL_VOLTAGE = 1.0
"""Graphite, silicon and copper work below this voltage [V] against lithium, cathodes above it."""

HALF_CELL_SHARE = 0.03
"""A half cell begins with a discharge, and spends at least this share of the rows with current below that voltage."""

EXCESS = 2.0
"""More charge came back than went in when the efficiency is above 1 by this many standard uncertainties."""


def analyse_full_cell(record: CyclingRecord, **settings: float | str) -> FullCellResult:
    """Analyse the cycling record of a full cell: cycling, a rate test, an anode-free cell, a protocol of both.

    Parameters
    ----------
    record : CyclingRecord
        With a current column; the cathode works, so charging is at positive current. Its condition
        ``nominal_capacity`` [C/m2] is used where it is stated.
    **settings
        Fields of `FullCellSettings`.

    Returns
    -------
    FullCellResult

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no current, no discharge that follows a charge, or a setting is not valid.

    Notes
    -----
    A cycle is a charge with the discharge that follows it; a hold and rests belong to their half cycle, and a discharge
    before the first charge to no cycle. Within a cycle ``CE = Q_d / Q_c`` and ``eta = E_d / E_c`` with the charges and
    energies of discharge and charge, ``Q = int |I| dt``, ``E = int V |I| dt``, by the trapezoidal rule; a switch lies
    midway between the rows on both sides. Mean voltages are ``E / Q``, the voltage
    hysteresis is their difference. The C-rate is the discharge current over the
    nominal capacity in an hour; where that is not known, over the largest discharge capacity of the record.

    Not valid where a half cycle holds current of both signs, as in a drive profile with braking or in pulse tests:
    each run of one sign then counts, and a warning says so. Efficiencies of cycles in which the rate changes mix two
    states of the cell; `FullCellRates` leaves the first cycle of each run out.
    """
    chosen = settings_from_keywords(FullCellSettings, ANALYSIS, settings)
    table = find_half_cycles(record, chosen.current_accuracy)
    formation = chosen.formation_cycles
    cycles, basis = tabulate_cycles(record, table, chosen, formation)
    rates = tabulate_rates(cycles)
    efficiency = median_coulombic_efficiency(cycles, chosen, formation)
    energy_efficiency = median_energy_efficiency(cycles, chosen, formation)
    hysteresis = median_voltage_hysteresis(cycles, chosen, formation)
    life = cycle_life(cycles, chosen, formation, _stopped_in(record, table, cycles, chosen))
    specific = specific_capacities(cycles, table, chosen, formation)
    retentions = capacity_retentions(cycles, chosen, formation)
    other_cell = _half_cell_warning(record, table)
    efficiency, *efficiencies = (
        evolve(found, warnings=(*found.warnings, *other_cell))
        for found in (efficiency, *coulombic_efficiencies(cycles, chosen))
    )
    warnings = [*record.warnings, *_warnings(record, table, cycles, basis)]
    for estimate in (efficiency, energy_efficiency, hysteresis, life, *specific, *retentions):
        warnings.extend(estimate.warnings)
    return FullCellResult(
        coulombic_efficiency=efficiency,
        energy_efficiency=energy_efficiency,
        voltage_hysteresis=hysteresis,
        cycle_life=life,
        specific_capacities=specific,
        rate_capacities=rate_capacities(cycles, rates, table, chosen, basis),
        capacity_retentions=retentions,
        coulombic_efficiencies=tuple(efficiencies),
        rate_basis=basis,
        cycles=cycles,
        rates=rates,
        knee=knee(cycles, chosen, formation),
        current_steps=find_current_steps(record, cycles.start, cycles.end),
        differential_capacities=find_differential_capacities(
            record, table.half_cycles, cycles.first_half_cycle, shown_cycles(cycles, rates)
        ),
        half_cycles=table.half_cycles,
        settings=chosen,
        specimen=record.specimen.name,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _stopped_in(
    record: CyclingRecord, table: HalfCycleTable, cycles: FullCellCycles, settings: FullCellSettings
) -> int | None:
    """Return the number of the cycle in which the voltage limit ended the record, or None."""
    if abs(float(record.voltage[-1])) < STOP_SHARE * settings.voltage_limit:
        return None
    discharging = len(table.half_cycles) - 1 == int(cycles.first_half_cycle[-1]) + 1
    return len(cycles) if discharging else len(cycles) + 1


def _warnings(record: CyclingRecord, table: HalfCycleTable, cycles: FullCellCycles, basis: str) -> list[str]:
    found = []
    if record.specimen.area is None:
        found.append(coded("LI-W-ANA-001", "the electrode area is not known: areal numbers are null"))
    if basis != "nominal capacity":
        text = f"the nominal capacity is not known: C-rates are counted by the {basis} (setting nominal_capacity)"
        found.append(coded("LI-W-ANA-061", text))
    if _turned_round(record, cycles):
        text = (
            "the mean voltage of charge lies below that of discharge: the sign of the current may be reversed (current "
            "> 0 charges; --set invert_current=true turns it round)"
        )
        found.append(coded("LI-W-ANA-063", text))
    return found + _warnings_of_rows(record, table, cycles) + _warnings_of_cycles(cycles)


def _half_cell_warning(record: CyclingRecord, table: HalfCycleTable) -> tuple[str, ...]:
    """Return a warning where a record is that of an electrode that takes lithium up first, below any cathode."""
    half = table.half_cycles
    share = float(np.mean(record.voltage[half.rows.index] < HALF_CELL_VOLTAGE))
    if half.polarity[0] > 0 or share < HALF_CELL_SHARE:
        return ()
    text = (
        f"the record begins with a discharge and lies below {HALF_CELL_VOLTAGE:g} V in {share:.0%} of its rows with "
        "current, as a half cell of graphite, silicon or copper against lithium: the efficiency of such a cell is a "
        "charge over the discharge before it, not the discharge over the charge before it that a full cell has; "
        "--cell plating gives that (with --set cut_off_voltage=V where charging ends without a steep rise)"
    )
    return (coded("LI-W-ANA-073", text),)


def _turned_round(record: CyclingRecord, cycles: FullCellCycles) -> bool:
    """Tell whether complete cycles charge below their discharge, and the voltage does not follow the current either.

    A discharge that is cut off stops at a high mean voltage, and a half cell's first one begins at the voltage of an
    empty electrode: neither says anything of the sign.
    """
    assert record.current is not None  # find_half_cycles has looked
    if not cycles.complete.any() or voltage_follows_current(record.voltage, record.current):
        return False
    charge, discharge = (v[cycles.complete] for v in (cycles.mean_charge_voltage, cycles.mean_discharge_voltage))
    return float(np.median(charge)) < float(np.median(discharge))


def _warnings_of_rows(record: CyclingRecord, table: HalfCycleTable, cycles: FullCellCycles) -> list[str]:
    """Return warnings about what is missing from the record, or belongs to no cycle."""
    found = []
    half = table.half_cycles
    if half.polarity[0] < 0:
        found.append(coded("LI-W-ANA-062", "the record begins with a discharge, which belongs to no cycle"))
    cut = int(np.count_nonzero(~cycles.complete))
    loose = len(half) - 2 * len(cycles) - int(half.polarity[0] < 0)
    if cut or loose:
        text = (
            f"{cut} cycle(s) were cut off by the end of the record or by a gap, and {loose} half cycle(s) stand alone"
        )
        found.append(coded("LI-W-ANA-005", f"{text}: they are left out of the values"))
    gaps = int(np.count_nonzero(half.rows.gap_after[:-1] | half.rows.gap_before[1:]))
    within = int(table.bridged.sum())
    if gaps or within:
        text = (
            f"{gaps} gap(s) in the record between half cycles and {within} within one; cycles that were not recorded "
            "are not counted"
        )
        found.append(coded("LI-W-ANA-006", text))
    if table.unrecorded:
        text = (
            f"around {table.unrecorded} half cycle(s) the rows lie far apart, as where rests were not recorded: no "
            "current is assumed there"
        )
        found.append(coded("LI-W-ANA-069", text))
    if table.flicker:
        text = f"{table.flicker} single row(s) with current are too short for a half cycle and were left out"
        found.append(coded("LI-W-ANA-070", text))
    ends_with_record = int(half.last_row[int(cycles.first_half_cycle[-1]) + 1]) == record.time.size - 1
    if len(cycles) == 1 and ends_with_record:
        text = "the record ends with its only discharge: whether that reached its cut-off cannot be told"
        found.append(coded("LI-W-ANA-068", text))
    return found


def _warnings_of_cycles(cycles: FullCellCycles) -> list[str]:
    """Return warnings about what cycles say of the cell."""
    found = []
    excess = cycles.coulombic_efficiency - 1.0 > EXCESS * cycles.uncertainty
    excess &= ~_after_another_rate(cycles)
    if excess.any():
        text = (
            f"more charge came back than went in in {int(excess.sum())} of {len(cycles)} cycles, first in number "
            f"{int(cycles.number[np.argmax(excess)])}: charge of an earlier cycle, or a current that is not as recorded"
        )
        found.append(coded("LI-W-ANA-065", text))
    little = cycles.complete & (cycles.discharge_capacity < LITTLE_CAPACITY * cycles.discharge_capacity.max())
    if little.any():
        text = (
            f"{int(little.sum())} of {len(cycles)} cycles hold less than {LITTLE_CAPACITY:.0%} of the largest, first "
            f"cycle {int(cycles.number[np.argmax(little)])}: a rate at which the cell gives nothing, or pulses, each "
            "of which counts as a cycle"
        )
        found.append(coded("LI-W-ANA-066", text))
    return found


def _after_another_rate(cycles: FullCellCycles) -> BoolArray:
    """Tell the cycles before which the cell was discharged at another rate, and so not to the same state."""
    current = cycles.discharge_current
    changed = np.abs(current[1:] / current[:-1] - 1.0) > EQUAL_RATE
    return np.append(False, changed)
