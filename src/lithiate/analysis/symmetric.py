"""Symmetric cells, Li||Li: voltage hysteresis, the onset of its rise, and everything else a cycling record tells."""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import ONE_DIRECTIONAL, HalfCycleFlag, HalfCycles, segment_half_cycles
from lithiate.analysis.hysteresis import hysteresis_per_cycle
from lithiate.analysis.levels import level_estimate
from lithiate.analysis.linked_spectra import LinkedSpectra, link_spectra
from lithiate.analysis.nucleation import first_nucleation_overpotential
from lithiate.analysis.one_directional import count_interruptions, one_directional_warning, without_cycles
from lithiate.analysis.onset import onset_estimate
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray
from lithiate.analysis.short_blocks import Blocks, cut_blocks
from lithiate.analysis.short_circuit import (
    HardShort,
    check_soft_short_floor,
    find_hard_short,
    find_sudden_fall,
    time_to_short_circuit,
)
from lithiate.analysis.short_events import ShortEvents
from lithiate.analysis.soft_short import find_short_events, time_to_soft_short
from lithiate.analysis.symmetric_result import Cycles, SymmetricCyclingResult, SymmetricSettings
from lithiate.analysis.throughput import cumulative_capacity
from lithiate.core.estimate import Estimate
from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra
from lithiate.errors import AnalysisError

LARGEST_SYMMETRIC_VOLTAGE = 1.5
"""Median |V| [V] above which a voltage of one sign is that of a cell with two unlike electrodes."""

OTHER_SIGN = 0.05
"""A voltage has one sign when at most this share of its rows has the other: the first may be at rest, or a spike."""

NAMES_FULL = '--cell full, or cell="full" in Python, names a full cell'
NAMES_PLATING = '--cell plating, or cell="plating", one of Li||Cu or a half cell of an anode'


def analyse_symmetric_cycling(
    record: CyclingRecord, spectra: ImpedanceSpectra | None = None, **settings: float | str
) -> SymmetricCyclingResult:
    """Analyse the cycling record of a symmetric cell.

    Parameters
    ----------
    record : CyclingRecord
        With or without a current column. Its provenance and conditions are not looked at.
    spectra : ImpedanceSpectra, optional
        Of the same cell, on the clock of the record.
    **settings
        Fields of `SymmetricSettings`.

    Returns
    -------
    SymmetricCyclingResult
        Times count from the first row of the record.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no half cycle in the record, a setting is not valid, or a cell that is not stated
        gives back energy every other half cycle.

    Notes
    -----
    It is not for records with changing current (rate or critical-current tests): one early level has no meaning there,
    and half cycles are judged against one typical duration.
    """
    chosen = SymmetricSettings.from_keywords(settings)
    _refuse_high_voltages(record)
    current = _usable_current(record)
    half_cycles = segment_half_cycles(
        record.time, record.voltage, current, record.row_flags, area=record.specimen.area, alike=True
    )
    _refuse_other_cells(record, half_cycles)
    cycles = _cycles(record, half_cycles, chosen)
    blocks = cut_blocks(half_cycles, record.time, record.voltage)
    one_way = half_cycles.direction == ONE_DIRECTIONAL
    short = find_hard_short(
        blocks if one_way else half_cycles,
        record.time,
        record.voltage,
        ratio=chosen.short_ratio,
        run=chosen.short_half_cycles,
    )
    seen = cycles.end <= (math.inf if short.time is None else short.time)
    floor, below_floor = check_soft_short_floor(
        half_cycles, cycles.hysteresis[seen], area=record.specimen.area, factor=chosen.hysteresis_factor
    )
    linked = None if spectra is None else link_spectra(spectra, record, half_cycles)
    events = _short_events(record, blocks, short, linked, chosen)
    estimates = _estimates(record, current, half_cycles, cycles, seen, short, chosen)
    warnings = [*record.warnings, *_record_warnings(record, current, half_cycles)]
    if below_floor:
        warnings.append(coded("LI-W-ANA-013", floor))
    warnings.extend(() if linked is None else linked.warnings)
    estimates["time_to_soft_short"] = time_to_soft_short(events, smallest_fall=chosen.smallest_soft_fall)
    warnings.extend(_fall_warning(cycles, seen, float(record.time[0]), chosen))
    for estimate in estimates.values():
        warnings.extend(estimate.warnings)
    return SymmetricCyclingResult(
        **estimates,
        soft_short_floor=floor,
        short_events=events,
        linked_spectra=linked,
        cycles=cycles,
        half_cycles=half_cycles,
        settings=chosen,
        specimen=record.specimen.name,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _short_events(
    record: CyclingRecord,
    blocks: Blocks,
    short: HardShort,
    linked: LinkedSpectra | None,
    settings: SymmetricSettings,
) -> ShortEvents:
    return find_short_events(
        blocks,
        record.time,
        record.voltage,
        short,
        origin=float(record.time[0]),
        false_alarms_per_1000_h=settings.false_alarms_per_1000_h,
        smallest_fall=settings.smallest_soft_fall,
        fall_ratio=settings.fall_ratio,
        spectra=linked,
    )


def _fall_warning(cycles: Cycles, seen: BoolArray, origin: float, settings: SymmetricSettings) -> list[str]:
    fall = find_sudden_fall(cycles.hysteresis[seen], first=settings.first_early_cycle - 1)
    if fall is None:
        return []
    hours = (float(cycles.start[fall[0]]) - origin) / 3600.0
    text = (
        f"the hysteresis fell by {fall[1]:.0%} from one cycle to the next at cycle {fall[0] + 1} ({hours:.4g} h) and "
        "stayed low: a soft short may have formed, or the surface or the temperature changed"
    )
    return [coded("LI-W-ANA-051", text)]


def _estimates(
    record: CyclingRecord,
    current: FloatArray | None,
    half_cycles: HalfCycles,
    cycles: Cycles,
    seen: BoolArray,
    short: HardShort,
    settings: SymmetricSettings,
) -> dict[str, Estimate]:
    """Return the estimates by their names in the result, from the cycles that were `seen` before a hard short."""
    resolution, origin = half_cycles.resolution, float(record.time[0])
    hysteresis, plateau = cycles.hysteresis[seen], cycles.plateau[seen].mean(axis=1)
    early = level_estimate("voltage_hysteresis", hysteresis, settings, resolution, late=False)
    estimates = {
        "voltage_hysteresis": early,
        "voltage_hysteresis_late": level_estimate("voltage_hysteresis", hysteresis, settings, resolution, late=True),
        "hysteresis_onset_time": onset_estimate(
            cycles.start[seen],
            cycles.end[seen],
            hysteresis,
            early,
            short,
            origin,
            settings,
            noise=_noise_of_a_cycle(half_cycles, settings.hysteresis_factor),
        ),
        "time_to_short_circuit": time_to_short_circuit(
            short, origin, ratio=settings.short_ratio, run=settings.short_half_cycles
        ),
        "nucleation_overpotential": _nucleation(half_cycles, record.time, record.voltage, current),
        "plateau_overpotential": level_estimate("plateau_overpotential", plateau, settings, resolution, late=False),
        "plateau_overpotential_late": level_estimate("plateau_overpotential", plateau, settings, resolution, late=True),
        "cumulative_capacity": cumulative_capacity(
            half_cycles, record.time, current, area=record.specimen.area, until=short.time
        ),
    }
    if half_cycles.direction == ONE_DIRECTIONAL:
        return without_cycles(estimates, half_cycles, record.time, record.voltage)
    return estimates


def _noise_of_a_cycle(half_cycles: HalfCycles, factor: float) -> float:
    """Return the standard deviation [V] that white noise leaves in the mean |V| of a cycle, times `factor`."""
    rows = 2.0 * float(np.median(half_cycles.rows.counts))
    return factor * half_cycles.noise / math.sqrt(rows)


def pair_half_cycles(half_cycles: HalfCycles) -> IntArray:
    """Return the position of the first half of every cycle.

    A cycle is two complete half cycles of opposite polarity that follow one another without a gap between them.
    """
    rows = half_cycles.rows
    complete = half_cycles.complete
    linked = (
        complete[:-1] & complete[1:] & (half_cycles.polarity[:-1] != half_cycles.polarity[1:]) & ~rows.gap_after[:-1]
    )
    position = np.arange(len(half_cycles))
    stretch = np.maximum.accumulate(np.where(np.append(True, ~linked), position, 0))
    return np.flatnonzero(linked & ((position - stretch)[:-1] % 2 == 0))


def _refuse_other_cells(record: CyclingRecord, half_cycles: HalfCycles) -> None:
    """Raise when a cell that nothing names delivers energy every other half cycle, as only a full cell does."""
    if record.specimen.cell is not None:
        return
    if half_cycles.energy is None or len(half_cycles) < 2:
        return
    dissipating = float(np.mean(half_cycles.energy > 0.0))
    # Two or three half cycles tell only where all of them have a voltage of one sign.
    of_one_sign = np.unique(np.sign(half_cycles.energy) * half_cycles.polarity).size == 1
    if 0.25 < dissipating < 0.75 and (len(half_cycles) >= 4 or of_one_sign):
        raise AnalysisError(
            "this does not look like a symmetric cell",
            code="LI-ANA-001",
            where=record.specimen.name,
            got=f"voltage and current of one sign in {dissipating:.0%} of {len(half_cycles)} half cycles",
            expected=(
                f"a voltage that changes its sign with the current ({NAMES_FULL}; {NAMES_PLATING}; --cell symmetric "
                'or cell="symmetric" analyses it as one all the same)'
            ),
        )


def _refuse_high_voltages(record: CyclingRecord) -> None:
    """Raise when nothing names a cell whose voltage has one sign and is as high as two unlike electrodes make it."""
    high = float(np.median(np.abs(record.voltage))) > LARGEST_SYMMETRIC_VOLTAGE
    positive, negative = np.count_nonzero(record.voltage > 0.0), np.count_nonzero(record.voltage < 0.0)
    if record.specimen.cell is None and high and min(positive, negative) <= OTHER_SIGN * record.voltage.size:
        raise AnalysisError(
            "this does not look like a symmetric cell",
            code="LI-ANA-001",
            where=record.specimen.name,
            got=f"a voltage of one sign, {np.median(record.voltage):.3g} V in the middle",
            expected=f"a voltage about zero ({NAMES_FULL}; {NAMES_PLATING})",
        )


def _usable_current(record: CyclingRecord) -> FloatArray | None:
    # A column that is zero throughout was not recorded, whatever its name says.
    return record.current if record.current is not None and bool(record.current.any()) else None


def _cycles(record: CyclingRecord, half_cycles: HalfCycles, settings: SymmetricSettings) -> Cycles:
    first = pair_half_cycles(half_cycles)
    second = first + 1
    hysteresis, uncertainty = hysteresis_per_cycle(half_cycles, first, record.voltage, settings.hysteresis_definition)
    vendor = record.vendor_cycle_number
    return Cycles(
        number=np.arange(1, first.size + 1),
        vendor_number=None if vendor is None else vendor[half_cycles.first_row[first]],
        first_half_cycle=first,
        start=half_cycles.start[first],
        end=half_cycles.end[second],
        hysteresis=hysteresis,
        hysteresis_uncertainty=uncertainty,
        tip=np.column_stack([half_cycles.tip[first], half_cycles.tip[second]]),
        plateau=np.column_stack([half_cycles.plateau[first], half_cycles.plateau[second]]),
    )


def _nucleation(half_cycles: HalfCycles, time: FloatArray, voltage: FloatArray, current: FloatArray | None) -> Estimate:
    estimate = first_nucleation_overpotential(half_cycles, time, voltage, current)
    if half_cycles.complete[0]:
        return estimate
    share = float(half_cycles.on_time[0] / np.median(half_cycles.on_time))
    text = f"the first half cycle has {share:.0%} of the usual duration: the record may begin after the tip"
    return evolve(estimate, warnings=(*estimate.warnings, coded("LI-W-ANA-017", text)))


def _record_warnings(record: CyclingRecord, current: FloatArray | None, half_cycles: HalfCycles) -> list[str]:
    """Return what is worth knowing about the record as a whole."""
    warnings = []
    if record.specimen.cell is None:
        warnings.append(coded("LI-W-ANA-003", "the kind of cell is not stated; it was analysed as a symmetric cell"))
    if record.specimen.area is None:
        warnings.append(coded("LI-W-ANA-001", "the electrode area is not known: areal numbers are null"))
    if current is None:
        why = "there is no current column" if record.current is None else "the current is zero in every row"
        warnings.append(coded("LI-W-ANA-002", f"{why}: half cycles and on-time come from the voltage alone"))
    if half_cycles.direction == ONE_DIRECTIONAL:
        interruptions = count_interruptions(half_cycles, record.time, record.voltage)
        warnings.append(one_directional_warning(half_cycles, interruptions, with_current=current is not None))
    return warnings + _half_cycle_warnings(record, current, half_cycles)


def _half_cycle_warnings(record: CyclingRecord, current: FloatArray | None, half_cycles: HalfCycles) -> list[str]:
    warnings = []
    incomplete = int(np.count_nonzero(~half_cycles.complete))
    if incomplete:
        text = f"{incomplete} half cycle(s) are cut off and left out of the values per cycle"
        warnings.append(coded("LI-W-ANA-005", text))
    gaps = int(np.count_nonzero(half_cycles.rows.gap_after[:-1] | half_cycles.rows.gap_before[1:]))
    if gaps:
        text = f"{gaps} gap(s) in the record; cycles that were not recorded are not counted"
        warnings.append(coded("LI-W-ANA-006", text))
    if current is None and bool((half_cycles.flags & HalfCycleFlag.RESTED).any()):
        text = "rests were told by |V| below 10 % of the half cycle's level; a slow relaxation counts as on-time"
        warnings.append(coded("LI-W-ANA-007", text))
    rest_of_record = float(record.time[-1] - half_cycles.end[-1])
    if current is None and rest_of_record > 2.0 * float(np.median(half_cycles.duration)):
        text = (
            f"the record goes on for {rest_of_record / 3600.0:.4g} h after the last half cycle: a rest or a short "
            "circuit, which the voltage alone does not tell apart"
        )
        warnings.append(coded("LI-W-ANA-019", text))
    return warnings
