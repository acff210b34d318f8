"""Plating cells, Li||Cu and Li||host: coulombic efficiency by cycle and by reservoir, first nucleation, soft shorts.

Half cycles at negative current plate the working electrode, those at positive current strip it.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve

from lithiate.analysis.charge_errors import ChargeErrors
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import HalfCycleFlag, HalfCycles, segment_half_cycles
from lithiate.analysis.logged_switches import with_logged_switches
from lithiate.analysis.nucleation import nucleation_overpotential, too_short_for_a_tip
from lithiate.analysis.plating_estimates import (
    average_of_cycles,
    comparison,
    efficiency_by_cycle,
    efficiency_by_reservoir,
)
from lithiate.analysis.plating_result import PlatingCycles, PlatingEfficiencyResult, PlatingSettings
from lithiate.analysis.plating_steps import cumulative_losses, plating_steps
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray
from lithiate.analysis.settings import settings_from_keywords
from lithiate.analysis.short_circuit import check_soft_short_floor
from lithiate.core.estimate import Estimate
from lithiate.core.measurement import CyclingRecord
from lithiate.errors import AnalysisError

ON_SHARE = 0.01
"""Current flows from this share of the working level upwards: formation is often a tenth of the test's current."""

SHORTEST_SHARES = (0.0005, 0.002)
"""A stripping that gives back next to nothing is short, but no flicker."""

CUT_OFF_SHARE = 0.5
"""Stripping reached the cut-off when its last |V| is above this share of it: the voltage shoots up between two rows."""

CUT_OFF_RISE = (3.0, 0.1)
"""An end of stripping is a cut-off only above this multiple of the plateau, and above this voltage [V]."""

HOLE_SHARE = 0.5
"""A hole in the record is a gap from this share of a short half cycle (their lower quartile) upwards."""

RESERVOIR_RATIO = 1.2
"""A plating is a reservoir when it holds more than this times the charge of the last one."""

COLLAPSE_SHARE = 0.3
"""|V| below this share of the plateau, between 10 and 90 % of the charge, is a collapse."""

FEWEST_CYCLES = 3


def analyse_plating_efficiency(record: CyclingRecord, **settings: float | str) -> PlatingEfficiencyResult:
    """Analyse the cycling record of a plating cell.

    Parameters
    ----------
    record : CyclingRecord
        With a current column; plating at negative current.
    **settings
        Fields of `PlatingSettings`.

    Returns
    -------
    PlatingEfficiencyResult

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no current, no half cycle, no plating, or a setting is not valid.

    Notes
    -----
    By cycle, CE_k is the charge stripped over the charge plated before it. By reservoir (Aurbach's method in the
    protocol of Adams et al. 2018), ``CE = (n Q_C + Q_S) / (n Q_C + Q_T)`` with the reservoir Q_T, n cycles of Q_C on it
    and the final stripping Q_S, all as measured: the charge stripped from the reservoir on, over the charge plated.
    All charge counts, also what reduced the electrolyte before lithium plated: the first cycles are lower for it.
    Charge leaked through a soft short counts on both sides and hides losses; no efficiency shows it below 1.

    References
    ----------
    Adams, Zheng, Ren, Xu and Zhang, Adv. Energy Mater. 2018, 8, 1702097.
    """
    chosen = settings_from_keywords(PlatingSettings, "plating-efficiency", settings)
    half_cycles, charge = _half_cycles(record)
    errors = ChargeErrors(half_cycles, record.time, charge, chosen.current_accuracy / math.sqrt(6.0))
    cycles = _cycles(record, errors, chosen)
    fill = _reservoir_start(cycles, chosen.method)
    method = "cycle" if fill is None else "reservoir"
    with_conditioning = None
    if fill is None:
        efficiency = efficiency_by_cycle(cycles, errors, chosen)
    else:
        efficiency = efficiency_by_reservoir(cycles, errors, fill, chosen, conditioning=False)
        with_conditioning = (
            efficiency_by_reservoir(cycles, errors, fill, chosen, conditioning=True) if fill > 0 else None
        )
    of_cycles = average_of_cycles(cycles, errors, fill, chosen)
    plateaus = half_cycles.plateau[cycles.first_half_cycle] + half_cycles.plateau[cycles.first_half_cycle + 1]
    floor, below_floor = check_soft_short_floor(half_cycles, plateaus, area=record.specimen.area)
    nucleation = _nucleation(record, half_cycles)
    warnings = [*record.warnings, *_warnings(record, half_cycles, cycles, fill)]
    if below_floor:
        warnings.append(coded("LI-W-ANA-013", floor))
    for estimate in (efficiency, nucleation):
        warnings.extend(estimate.warnings)
    return PlatingEfficiencyResult(
        coulombic_efficiency=efficiency,
        coulombic_efficiency_with_conditioning=with_conditioning,
        coulombic_efficiency_of_cycles=of_cycles,
        efficiency_comparison=comparison(efficiency, of_cycles),
        nucleation_overpotential=nucleation,
        method=method,
        soft_short_floor=floor,
        cycles=cycles,
        steps=plating_steps(half_cycles, cycles, fill, area=record.specimen.area),
        losses=cumulative_losses(cycles, errors, area=record.specimen.area),
        half_cycles=half_cycles,
        settings=chosen,
        specimen=record.specimen.name,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _half_cycles(record: CyclingRecord) -> tuple[HalfCycles, FloatArray]:
    where = record.specimen.name
    if record.current is None or not record.current.any():
        raise AnalysisError(
            "a coulombic efficiency needs a current column",
            code="LI-ANA-001",
            where=where,
            got="none, or zero in every row",
        )
    found = segment_half_cycles(
        record.time,
        record.voltage,
        record.current,
        record.row_flags,
        area=record.specimen.area,
        on_share=ON_SHARE,
        shortest_shares=SHORTEST_SHARES,
    )
    if not bool((found.polarity < 0).any()):
        raise AnalysisError(
            "there is no plating in the record",
            code="LI-ANA-001",
            where=where,
            got="current > 0 throughout",
            expected="plating of the working electrode at current < 0",
        )
    found = with_logged_switches(_with_holes(found, record.time), record.time, record.current)
    assert found.charge is not None  # there is a current
    return found, found.charge


def _with_holes(half_cycles: HalfCycles, time: FloatArray) -> HalfCycles:
    """Return the half cycles with `HalfCycleFlag.GAP` where a hole lies that cycles may have been lost in.

    Segmentation bridges holes shorter than half of the typical half cycle. Beside a reservoir, which is the typical one
    by its length, whole cycles are shorter than that.
    """
    index, counts = half_cycles.rows.index, half_cycles.rows.counts
    step = np.diff(time[index])
    shortest = HOLE_SHARE * float(np.quantile(half_cycles.on_time, 0.25))
    hole = (np.diff(index) == 1) & (step > max(shortest, 5.0 * float(np.median(step))))
    of = np.repeat(np.arange(counts.size), counts)
    flags = half_cycles.flags.copy()
    flags[np.concatenate([of[:-1][hole], of[1:][hole]])] |= np.uint8(HalfCycleFlag.GAP)
    return evolve(half_cycles, flags=flags)


def _cycles(record: CyclingRecord, errors: ChargeErrors, settings: PlatingSettings) -> PlatingCycles:
    """Return the table of platings that a stripping follows without a gap between them."""
    half_cycles, charge, area = errors.half_cycles, errors.charge, record.specimen.area
    polarity, gap = half_cycles.polarity, half_cycles.rows.gap_after
    plating = np.flatnonzero((polarity[:-1] < 0) & (polarity[1:] > 0) & ~gap[:-1])
    stripping = plating + 1
    reached = _cut_off_reached(half_cycles, stripping, settings.cut_off_voltage)
    whole = (half_cycles.flags[plating] | half_cycles.flags[stripping]) & HalfCycleFlag.GAP == 0
    # Lithium that an earlier stripping left would count as this cycle's.
    emptied = np.concatenate([[True], reached[:-1]])[: reached.size]
    known = reached & whole & emptied
    efficiency = np.where(known, charge[stripping] / charge[plating], np.nan)
    spread = [
        math.hypot(*errors.of_ratio(plating[k : k + 1], stripping[k : k + 1])) if known[k] else math.nan
        for k in range(plating.size)
    ]
    return PlatingCycles(
        number=np.arange(1, plating.size + 1),
        first_half_cycle=plating,
        start=half_cycles.start[plating],
        end=half_cycles.end[stripping],
        plated_charge=charge[plating],
        stripped_charge=charge[stripping],
        plated=None if area is None else charge[plating] / area,
        stripped=None if area is None else charge[stripping] / area,
        coulombic_efficiency=efficiency,
        uncertainty=np.array(spread, dtype=np.float64),
        end_voltage=half_cycles.end_voltage[stripping],
        cut_off_reached=reached,
    )


def _cut_off_reached(half_cycles: HalfCycles, stripping: IntArray, declared: float | None) -> BoolArray:
    if stripping.size == 0:
        return np.zeros(0, dtype=np.bool_)
    end = half_cycles.end_voltage[stripping]
    if declared is not None:
        return np.asarray(end >= CUT_OFF_SHARE * declared, dtype=np.bool_)
    typical = float(np.median(half_cycles.plateau[stripping]))
    cut_off = float(end.max())
    if cut_off < max(CUT_OFF_RISE[0] * typical, CUT_OFF_RISE[1]):
        return np.zeros(stripping.size, dtype=np.bool_)
    return np.asarray(end >= CUT_OFF_SHARE * cut_off, dtype=np.bool_)


def _reservoir_start(cycles: PlatingCycles, method: str) -> int | None:
    """Return the row of the cycle whose plating is the reservoir, or None when efficiency is taken by cycle.

    It is the last plating that holds more than `RESERVOIR_RATIO` times the charge of the last cycle's, when at least
    half of the strippings from there to the last but one stop before the cut-off; else the first of at least three
    cycles in a row that do.
    """
    if method == "cycle" or len(cycles) == 0:
        return None
    partial = ~cycles.cut_off_reached
    large = np.flatnonzero(cycles.plated_charge > RESERVOIR_RATIO * cycles.plated_charge[-1])
    if large.size and (method == "reservoir" or float(np.mean(partial[large[-1] : -1])) >= 0.5):
        return int(large[-1])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], partial[:-1].astype(np.int64), [0]])))
    begins, lengths = edges[::2], np.diff(edges)[::2]
    if lengths.size and int(lengths.max()) >= FEWEST_CYCLES and bool(cycles.cut_off_reached[-1]):
        return int(begins[int(np.argmax(lengths))])
    return 0 if method == "reservoir" else None


def _nucleation(record: CyclingRecord, half_cycles: HalfCycles) -> Estimate:
    """Return the nucleation overpotential of the first plating.

    The voltage of a fresh cell starts far above zero (2-3 V for Li||Cu) and falls through it: those rows belong to the
    surface's reduction and are left out, or their |V| would be taken for the tip.
    """
    first = int(np.flatnonzero(half_cycles.polarity < 0)[0])
    part = half_cycles.rows.of(first)
    index, weight = half_cycles.rows.index[part], half_cycles.rows.weight[part]
    positive = np.flatnonzero(record.voltage[index] >= 0.0)
    kept = index[int(positive[-1]) + 1 :] if positive.size else index
    if kept.size < 3 or record.time[kept[-1]] <= record.time[kept[0]]:
        return too_short_for_a_tip(kept.size)
    assert record.current is not None  # _half_cycles has looked
    estimate = nucleation_overpotential(
        record.time[kept],
        record.voltage[kept],
        throughput=(weight * np.abs(record.current[index]))[-kept.size :],
        start=float(half_cycles.rows.start[first]) if positive.size == 0 and index[0] > 0 else None,
        resolution=half_cycles.resolution,
        half_cycle=first + 1,
    )
    if positive.size == 0:
        return estimate
    return evolve(estimate, definition=f"{estimate.definition}; rows before the voltage fell below zero are left out")


def _warnings(record: CyclingRecord, half_cycles: HalfCycles, cycles: PlatingCycles, fill: int | None) -> list[str]:
    found = []
    if record.specimen.area is None:
        found.append(coded("LI-W-ANA-001", "the electrode area is not known: areal numbers are null"))
    if half_cycles.polarity[0] > 0:
        text = (
            "the record begins with stripping; if the first half cycle is the first plating, the sign of the current "
            "is reversed (current < 0 plates the working electrode; --set invert_current=true turns it round)"
        )
        found.append(coded("LI-W-ANA-030", text))
    if len(cycles) < FEWEST_CYCLES:
        found.append(coded("LI-W-ANA-035", f"the record holds {len(cycles)} cycle(s) of plating and stripping"))
    beside_gaps = int(np.count_nonzero(half_cycles.flags & HalfCycleFlag.GAP))
    if beside_gaps:
        text = f"the record has gaps in or beside {beside_gaps} half cycle(s); cycles with them have no value"
        found.append(coded("LI-W-ANA-006", text))
    left = np.flatnonzero(~cycles.cut_off_reached) if fill is None else np.zeros(0, dtype=np.int64)
    if left.size:
        text = f"stripping ended before the cut-off in {left.size} of {len(cycles)} cycles: lithium was left"
        found.append(coded("LI-W-ANA-031", text))
    if fill is not None and bool(cycles.cut_off_reached[fill:-1].any()):
        early = int(np.argmax(cycles.cut_off_reached[fill:-1]))
        text = f"stripping {early + 1} of {len(cycles) - fill} on the reservoir already reached the cut-off"
        found.append(coded("LI-W-ANA-034", text))
    return found + _soft_short_warnings(record, half_cycles, cycles)


def _soft_short_warnings(record: CyclingRecord, half_cycles: HalfCycles, cycles: PlatingCycles) -> list[str]:
    found = []
    excess = cycles.coulombic_efficiency - 1.0 > 2.0 * cycles.uncertainty
    # Where stripping does not end, a short may be why: it gives back more than was ever plated.
    balance = np.cumsum(cycles.stripped_charge - cycles.plated_charge)
    excess |= balance > 0.01 * cycles.plated_charge
    if excess.any():
        text = (
            f"more charge was stripped than plated in {int(excess.sum())} of {len(cycles)} cycles, first in cycle "
            f"{int(cycles.number[np.argmax(excess)])}: a soft short, or lithium that was there before"
        )
        found.append(coded("LI-W-ANA-032", text))
    collapsed = [k for k in range(len(half_cycles)) if _collapses(record, half_cycles, k)]
    if collapsed:
        hours = (float(half_cycles.start[collapsed[0]]) - float(record.time[0])) / 3600.0
        text = (
            f"|V| falls below {COLLAPSE_SHARE:g} x the plateau within {len(collapsed)} half cycle(s), first in the one "
            f"that starts at {hours:.4g} h: a soft short is likely"
        )
        found.append(coded("LI-W-ANA-033", text))
    return found


def _collapses(record: CyclingRecord, half_cycles: HalfCycles, k: int) -> bool:
    """Tell whether |V| collapses between 10 and 90 % of the charge of a half cycle, in three rows at least."""
    part = half_cycles.rows.of(k)
    weight = half_cycles.rows.weight[part]
    share = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    # Signed along the current, so that the fall of a fresh cell from its open-circuit voltage is none.
    along = float(half_cycles.polarity[k]) * record.voltage[half_cycles.rows.index[part]]
    inside = (share > 0.1) & (share < 0.9) & (along > 0.0)
    plateau = float(half_cycles.plateau[k])
    if half_cycles.noise > 0.1 * plateau:
        return False
    return int(np.count_nonzero(along[inside] < COLLAPSE_SHARE * plateau)) >= 3
