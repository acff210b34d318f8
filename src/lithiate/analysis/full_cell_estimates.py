"""The estimates of a full cell: capacities, retention, efficiencies, cycle life."""

from __future__ import annotations

import math

import numpy as np

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.full_cell_cycles import equal_rate
from lithiate.analysis.full_cell_half_cycles import HalfCycleTable
from lithiate.analysis.full_cell_result import FullCellCycles, FullCellRates, FullCellSettings
from lithiate.analysis.knee import Knee, find_knee
from lithiate.analysis.robust import (
    FloatArray,
    IntArray,
    normal_quantile,
    order_statistic_interval,
    successive_scatter,
)
from lithiate.core.estimate import Estimate

REPORTED_CYCLES = (50, 100, 200, 400, 1000)
"""Cycles at which capacity, retention and efficiency are reported, as far as the test goes, beside its last."""

FEWEST_FOR_SCATTER = 4
"""Cycles that tell how the capacity scatters from one to the next."""

MEDIAN_SPREAD = math.sqrt(0.5 * math.pi)
"""Standard error of a median over that of a mean, for a normal variable."""

Conditions = dict[str, float | str]


def reported_cycles(cycles: FullCellCycles) -> list[int]:
    """Return the positions in the table of the cycles that are reported: complete ones, the last included."""
    complete = np.flatnonzero(cycles.complete)
    last = set(complete[-1:].tolist())
    return sorted(last | {n - 1 for n in REPORTED_CYCLES if n <= len(cycles) and cycles.complete[n - 1]})


def specific_capacities(
    cycles: FullCellCycles, table: HalfCycleTable, settings: FullCellSettings, formation: int
) -> tuple[Estimate, ...]:
    """Return the specific capacity of the reference cycle and of the reported ones; one without value without mass."""
    definition = "charge of a discharge over the active mass of the cathode, which is taken as exact"
    definition += f"; current accurate to {settings.current_accuracy:g}"
    values = cycles.specific_discharge_capacity
    if values is None:
        text = "the cathode's mass is not stated: specific capacities are null"
        return (_without_value("specific_capacity", "C/kg", definition, {}, coded("LI-W-ANA-060", text)),)
    reference = formation + settings.reference_cycle - 1
    shown = reported_cycles(cycles)
    if reference < len(cycles) and cycles.complete[reference]:
        shown = sorted({reference, *shown})
    found = []
    for k in shown:
        share = table.charge_uncertainty(int(cycles.first_half_cycle[k]) + 1, settings.current_accuracy)
        conditions: Conditions = {"cycle": float(cycles.number[k])}
        value = float(values[k])
        found.append(_normal("specific_capacity", value, "C/kg", definition, share * value, conditions))
    return tuple(found)


def rate_capacities(
    cycles: FullCellCycles, rates: FullCellRates, table: HalfCycleTable, settings: FullCellSettings, basis: str
) -> tuple[Estimate, ...]:
    """Return the specific capacity at each rate of a test of several, in their order of appearance."""
    values = cycles.specific_discharge_capacity
    if values is None or len(rates) < 2:
        return ()
    definition = (
        "specific capacity at a rate: median of the discharges of one run of cycles at that rate but its first; "
        f"C-rate counted by the {basis}; the active mass of the cathode is taken as exact; current accurate to "
        f"{settings.current_accuracy:g}"
    )
    found = []
    for run in range(len(rates)):
        rows = np.flatnonzero(
            cycles.complete & (cycles.number >= rates.first_cycle[run]) & (cycles.number <= rates.last_cycle[run])
        )
        rows = rows[1:] if rows.size > 1 else rows
        value = float(np.median(values[rows]))
        shares = [
            table.charge_uncertainty(int(cycles.first_half_cycle[k]) + 1, settings.current_accuracy) for k in rows
        ]
        scatter = MEDIAN_SPREAD * float(np.std(values[rows], ddof=1)) / math.sqrt(rows.size) if rows.size > 1 else 0.0
        warnings = () if rows.size > 1 else (coded("LI-W-ANA-018", "one cycle at this rate: its scatter is not known"),)
        conditions: Conditions = {"c_rate": float(rates.c_rate[run]), "rate_order": float(rates.order[run])}
        total = math.hypot(float(np.median(shares)) * value, scatter)
        found.append(_normal("specific_capacity", value, "C/kg", definition, total, conditions, warnings))
    return tuple(found)


def capacity_retentions(cycles: FullCellCycles, settings: FullCellSettings, formation: int) -> tuple[Estimate, ...]:
    """Return the capacity retention at the reported cycles."""
    reference = formation + settings.reference_cycle
    definition = f"discharge capacity over that of cycle {reference}{_formation_words(formation)}"
    if reference > len(cycles) or not cycles.complete[reference - 1]:
        text = f"cycle {reference}, which retention refers to, is not in the record, or not complete"
        return (_without_value("capacity_retention", "1", definition, {}, coded("LI-W-ANA-004", text)),)
    found = []
    for k in reported_cycles(cycles):
        warnings: tuple[str, ...] = ()
        if not equal_rate(cycles, k, reference - 1):
            text = (
                f"cycle {int(cycles.number[k])} ran at {cycles.c_rate[k]:.3g} C and cycle {reference} at "
                f"{cycles.c_rate[reference - 1]:.3g} C: the capacity falls with the rate as well (formation_cycles and "
                "reference_cycle choose another)"
            )
            warnings = (coded("LI-W-ANA-064", text),)
        conditions: Conditions = {"cycle": float(cycles.number[k])}
        value, spread = float(cycles.capacity_retention[k]), float(cycles.retention_uncertainty[k])
        found.append(_normal("capacity_retention", value, "1", definition, spread, conditions, warnings))
    return tuple(found)


def coulombic_efficiencies(cycles: FullCellCycles, settings: FullCellSettings) -> tuple[Estimate, ...]:
    """Return the coulombic efficiency at the first and at the reported cycles."""
    definition = _efficiency_words("coulombic", "charge") + f"; {_accuracy_words(settings)}"
    first = {0} if len(cycles) and cycles.complete[0] else set()
    found = []
    for k in sorted(first | set(reported_cycles(cycles))):
        conditions: Conditions = {"method": "full-cell", "cycle": float(cycles.number[k])}
        value, spread = float(cycles.coulombic_efficiency[k]), float(cycles.uncertainty[k])
        found.append(_normal("coulombic_efficiency", value, "1", definition, spread, conditions))
    return tuple(found)


def median_coulombic_efficiency(cycles: FullCellCycles, settings: FullCellSettings, formation: int) -> Estimate:
    """Return the median coulombic efficiency from the setting `first_cycle` on."""
    return _median(
        "coulombic_efficiency",
        cycles.coulombic_efficiency,
        cycles.uncertainty,
        cycles,
        settings,
        formation,
        _efficiency_words("coulombic", "charge"),
        {"method": "full-cell"},
    )


def median_energy_efficiency(cycles: FullCellCycles, settings: FullCellSettings, formation: int) -> Estimate:
    """Return the median energy efficiency from the setting `first_cycle` on."""
    return _median(
        "energy_efficiency",
        cycles.energy_efficiency,
        cycles.energy_uncertainty,
        cycles,
        settings,
        formation,
        _efficiency_words("energy", "energy"),
        {},
    )


def median_voltage_hysteresis(cycles: FullCellCycles, settings: FullCellSettings, formation: int) -> Estimate:
    """Return the median gap between the mean voltages of charge and discharge from the setting `first_cycle` on."""
    words = (
        "voltage hysteresis of the full cell: mean voltage of a charge (energy over charge, holds included) less "
        "that of the discharge after it"
    )
    values, spreads = cycles.voltage_hysteresis, cycles.hysteresis_uncertainty
    return _median("voltage_hysteresis", values, spreads, cycles, settings, formation, words, {}, unit="V")


def knee(cycles: FullCellCycles, settings: FullCellSettings, formation: int) -> Knee:
    """Return the knee of the discharge capacity over that of the cycle life's reference, of cycles at its rate."""
    judged = _judged(cycles, formation + settings.life_reference_cycle - 1)
    if judged.size == 0:
        return Knee(None, reason="the reference cycle is not in the record, or not complete")
    ratio = cycles.discharge_capacity[judged] / cycles.discharge_capacity[judged[0]]
    return find_knee(cycles.number[judged].astype(np.float64), ratio)


def _median(
    quantity: str,
    values: FloatArray,
    spreads: FloatArray,
    cycles: FullCellCycles,
    settings: FullCellSettings,
    formation: int,
    words: str,
    conditions: Conditions,
    unit: str = "1",
) -> Estimate:
    first = formation + settings.first_cycle
    definition = f"{words}; median from cycle {first} on{_formation_words(formation)}"
    # The accuracy of the current cancels in a mean voltage.
    definition += "" if unit == "V" else f"; {_accuracy_words(settings)}"
    counted = np.flatnonzero(cycles.complete & (cycles.number >= first))
    if counted.size == 0:
        text = f"the record holds no complete cycle from number {first} on"
        return _without_value(quantity, unit, definition, conditions, coded("LI-W-ANA-004", text))
    numbers = cycles.number[counted]
    conditions = conditions | {"first_cycle": float(numbers[0]), "last_cycle": float(numbers[-1])}
    value = float(np.median(values[counted]))
    # Accuracy and the way rows are logged err alike in every cycle, so their part does not fall with their number.
    common = float(np.median(spreads[counted]))
    interval = order_statistic_interval(values[counted], 0.95)
    if interval is None:
        text = f"{counted.size} cycle(s) are too few for the scatter of a median: accuracy and time resolution only"
        return _normal(quantity, value, unit, definition, common, conditions, (coded("LI-W-ANA-018", text),))
    narrow = order_statistic_interval(values[counted], 0.80) or interval
    total = math.hypot((interval[1] - interval[0]) / (2.0 * normal_quantile(interval[2])), common)
    return Estimate(
        quantity,
        value,
        unit,
        definition,
        standard_uncertainty=total,
        interval=_widened(value, interval, normal_quantile(0.95) * common),
        interval_80=_widened(value, narrow, normal_quantile(0.80) * common),
        interval_kind="sampling",
        conditions=conditions,
    )


def _widened(value: float, interval: tuple[float, float, float], by: float) -> tuple[float, float]:
    return value - math.hypot(value - interval[0], by), value + math.hypot(interval[1] - value, by)


def cycle_life(cycles: FullCellCycles, settings: FullCellSettings, formation: int, stopped_in: int | None) -> Estimate:
    """Return the first cycle below the threshold, or the cycle in which the voltage stopped the test.

    Parameters
    ----------
    stopped_in : int or None
        Number of the cycle in which the voltage limit ended the record.
    """
    reference = formation + settings.life_reference_cycle
    share = settings.life_threshold
    definition = (
        f"first cycle whose discharge capacity is below {share:g} of that of cycle {reference}"
        f"{_formation_words(formation)}, or in which |V| reached {settings.voltage_limit:g} V; cycles at another rate "
        "than the reference are left out"
    )
    judged = _judged(cycles, reference - 1)
    numbers = cycles.number[judged]
    ratio = cycles.discharge_capacity[judged] / cycles.discharge_capacity[judged[:1]]
    first = _first_below(numbers, ratio, share)
    if first is not None:
        return _life_with_interval(definition, numbers, ratio, share, stopped_in, _scatter(cycles, judged, ratio))
    if stopped_in is not None:
        warning = coded("LI-W-ANA-018", "a cycle life that the voltage ended has no uncertainty")
        return Estimate("cycle_life", float(stopped_in), "1", definition, warnings=(warning,))
    if judged.size == 0:
        text = f"cycle {reference}, which the cycle life refers to, is not in the record, or not complete"
        return _without_value("cycle_life", "1", definition, {}, coded("LI-W-ANA-004", text))
    if judged.size < 2 and len(cycles) > reference:
        text = (
            f"no later cycle ran at the rate of cycle {reference}, which the cycle life refers to (formation_cycles "
            "and life_reference_cycle choose another)"
        )
        return _without_value("cycle_life", "1", definition, {}, coded("LI-W-ANA-064", text))
    return Estimate(
        "cycle_life",
        None,
        "1",
        definition,
        interval=(float(numbers[-1]), None),
        interval_80=(float(numbers[-1]), None),
        interval_kind="censoring",
        censored="right",
        censored_by="end of test",
    )


def _judged(cycles: FullCellCycles, reference: int) -> IntArray:
    """Return the complete cycles from the reference on at its rate, as positions in the table; none without it."""
    if reference >= len(cycles) or not cycles.complete[reference]:
        return np.empty(0, dtype=np.int64)
    rows = np.flatnonzero(cycles.complete[reference:]) + reference
    return np.array([k for k in rows.tolist() if equal_rate(cycles, k, reference)], dtype=np.int64)


def _scatter(cycles: FullCellCycles, judged: IntArray, ratio: FloatArray) -> float | None:
    """Return the standard deviation of the capacity over that of the reference from one cycle to the next, or None."""
    if ratio.size < FEWEST_FOR_SCATTER:
        return None
    resolved = cycles.retention_uncertainty[judged]
    resolved = resolved[resolved > 0.0]
    return math.hypot(successive_scatter(ratio), float(np.median(resolved)) if resolved.size else 0.0)


def _first_below(numbers: IntArray, ratio: FloatArray, threshold: float) -> int | None:
    below = np.flatnonzero(ratio < threshold)
    return int(numbers[below[0]]) if below.size else None


def _life_with_interval(
    definition: str, numbers: IntArray, ratio: FloatArray, share: float, stopped_in: int | None, scatter: float | None
) -> Estimate:
    """Return the life with the cycles at which the threshold might have been crossed but for scatter.

    The share of the reference's capacity scatters by s from cycle to cycle; the interval reaches from the first cycle
    below the threshold plus z s to the first below the threshold minus z s.
    """
    first = _first_below(numbers, ratio, share)
    assert first is not None  # the caller has looked
    if scatter is None:
        text = f"{numbers.size} cycles do not show how the capacity scatters from one to the next"
        return Estimate("cycle_life", float(first), "1", definition, warnings=(coded("LI-W-ANA-018", text),))
    bounds = {}
    for confidence in (0.6827, 0.80, 0.95):
        reach = normal_quantile(confidence) * scatter
        early = _first_below(numbers, ratio, share + reach)
        late = _first_below(numbers, ratio, share - reach) or stopped_in
        bounds[confidence] = (float(early or first), None if late is None else float(late))
    low, high = bounds[0.6827]
    warnings = []
    if high is None:
        text = "the record ends before the scatter allows a latest cycle of the end of life"
        warnings.append(coded("LI-W-ANA-010", text))
    above = int(np.count_nonzero((numbers > first) & (ratio >= share)))
    if above:
        text = f"{above} cycle(s) after cycle {first} are above {share:g} of the reference again"
        warnings.append(coded("LI-W-ANA-067", text))
    return Estimate(
        "cycle_life",
        float(first),
        "1",
        f"{definition}; interval from the scatter of the capacity from cycle to cycle",
        standard_uncertainty=None if high is None else 0.5 * (high - low),
        interval=bounds[0.95],
        interval_80=bounds[0.80],
        interval_kind="sampling",
        warnings=tuple(warnings),
    )


def _normal(
    quantity: str,
    value: float,
    unit: str,
    definition: str,
    spread: float,
    conditions: Conditions,
    warnings: tuple[str, ...] = (),
) -> Estimate:
    wide, narrow = normal_quantile(0.95) * spread, normal_quantile(0.80) * spread
    return Estimate(
        quantity,
        value,
        unit,
        definition,
        standard_uncertainty=spread,
        interval=(value - wide, value + wide),
        interval_80=(value - narrow, value + narrow),
        interval_kind="sampling",
        conditions=conditions,
        warnings=warnings,
    )


def _without_value(quantity: str, unit: str, definition: str, conditions: Conditions, warning: str) -> Estimate:
    return Estimate(quantity, None, unit, definition, conditions=conditions, warnings=(warning,))


def _efficiency_words(name: str, what: str) -> str:
    return f"{name} efficiency of the full cell: {what} of a discharge over that of the charge before it"


def _accuracy_words(settings: FullCellSettings) -> str:
    return f"current accurate to {settings.current_accuracy:g}, half of that variance common to both signs"


def _formation_words(formation: int) -> str:
    return f", after {formation} of formation" if formation else ""
