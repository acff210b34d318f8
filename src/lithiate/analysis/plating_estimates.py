"""Coulombic efficiencies of a plating cell from the charges of its cycles: by reservoir, by cycle, side by side."""

from __future__ import annotations

import math

import numpy as np

from lithiate.analysis.charge_errors import ChargeErrors
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import HalfCycleFlag
from lithiate.analysis.plating_result import PlatingCycles, PlatingSettings
from lithiate.analysis.robust import normal_quantile, order_statistic_interval
from lithiate.core.estimate import Estimate


def efficiency_by_reservoir(
    cycles: PlatingCycles, errors: ChargeErrors, fill: int, settings: PlatingSettings, *, conditioning: bool
) -> Estimate:
    """Return the efficiency by reservoir, `fill` being the row of the cycle whose plating it is."""
    first = 0 if conditioning else fill
    plating = cycles.first_half_cycle[first:]
    count = len(cycles) - 1 - fill
    form = "no cycle before the reservoir (method 2)"
    if conditioning:
        form = "all charge stripped over all charge plated, the conditioning cycles before the reservoir included"
    elif fill > 0:
        form = f"{fill} conditioning cycle(s) before the reservoir left out (modified method, 3)"
    definition = (
        "coulombic efficiency by reservoir: (n Q_C + Q_S) / (n Q_C + Q_T) with the charges as measured, n "
        f"= {count} cycles on the reservoir Q_T, final stripping Q_S to the cut-off (Adams 2018); {form}; current "
        f"accurate to {settings.current_accuracy:g}, half of that variance common to both signs; the area cancels"
    )
    conditions: dict[str, float | str] = {
        "method": "reservoir",
        "cycles": float(count),
        "conditioning_included": float(conditioning),
    }
    if cycles.plated is not None:
        conditions["reservoir_capacity"] = float(cycles.plated[fill])
        if count > 0:
            conditions["areal_capacity"] = float(np.median(cycles.plated[fill + 1 :]))
    if not cycles.cut_off_reached[-1]:
        known = float(errors.charge[plating + 1].sum() / errors.charge[plating].sum())
        text = (
            "the last stripping did not reach the cut-off, so the lithium that was left is not known; the efficiency "
            f"is at least {known:.4g}, what was stripped until then over what was plated"
        )
        return _without_value(definition, conditions, coded("LI-W-ANA-031", text))
    # Of a pair that a gap parts nothing is left in the table of cycles.
    flags = errors.half_cycles.flags[plating[0] : plating[-1] + 2]
    if bool((flags & HalfCycleFlag.GAP != 0).any()):
        return _without_value(definition, conditions, coded("LI-W-ANA-006", "a gap lies in the reservoir's cycles"))
    value = float(errors.charge[plating + 1].sum() / errors.charge[plating].sum())
    spread = math.hypot(*errors.of_ratio(plating, plating + 1))
    wide, narrow = normal_quantile(0.95) * spread, normal_quantile(0.80) * spread
    return Estimate(
        "coulombic_efficiency",
        value,
        "1",
        definition,
        standard_uncertainty=spread,
        interval=(value - wide, value + wide),
        interval_80=(value - narrow, value + narrow),
        interval_kind="sampling",
        conditions=conditions,
    )


def efficiency_by_cycle(cycles: PlatingCycles, errors: ChargeErrors, settings: PlatingSettings) -> Estimate:
    """Return the efficiency by cycle, a median over cycles from empty to empty."""
    definition = (
        "coulombic efficiency by cycle: charge stripped to the cut-off over the charge plated before, median from "
        f"cycle {settings.first_cycle} on; current accurate to {settings.current_accuracy:g}, half of that variance "
        "common to both signs; the area cancels"
    )
    known = np.isfinite(cycles.coulombic_efficiency)
    counted = known & (cycles.number >= settings.first_cycle)
    warnings: tuple[str, ...] = ()
    if not counted.any() and known.any():
        counted = known
        text = f"no cycle from number {settings.first_cycle} on has a value: the median is over all {int(known.sum())}"
        warnings = (coded("LI-W-ANA-004", text),)
    conditions: dict[str, float | str] = {"method": "cycle"}
    if not counted.any():
        return _without_value(definition, conditions, coded("LI-W-ANA-031", "no stripping reached a cut-off voltage"))
    numbers = cycles.number[counted]
    conditions |= {"first_cycle": float(numbers[0]), "last_cycle": float(numbers[-1])}
    if cycles.plated is not None:
        conditions["areal_capacity"] = float(np.median(cycles.plated[counted]))
    values = cycles.coulombic_efficiency[counted]
    value = float(np.median(values))
    offset = 2.0 * value * errors.offset
    spread = order_statistic_interval(values, 0.95)
    if spread is None:
        text = f"{values.size} cycles are too few for the scatter of a median: accuracy and time resolution only"
        warnings = (*warnings, coded("LI-W-ANA-018", text))
        total = float(np.median(cycles.uncertainty[counted]))
        wide, narrow = (2 * (normal_quantile(share) * total,) for share in (0.95, 0.80))
    else:
        total = math.hypot((spread[1] - spread[0]) / (2.0 * normal_quantile(spread[2])), offset)
        wide = _sides(value, spread, normal_quantile(0.95) * offset)
        narrow = _sides(value, order_statistic_interval(values, 0.80) or spread, normal_quantile(0.80) * offset)
    return Estimate(
        "coulombic_efficiency",
        value,
        "1",
        definition,
        standard_uncertainty=total,
        interval=(value - wide[0], value + wide[1]),
        interval_80=(value - narrow[0], value + narrow[1]),
        interval_kind="sampling",
        conditions=conditions,
        warnings=warnings,
    )


def average_of_cycles(
    cycles: PlatingCycles, errors: ChargeErrors, fill: int | None, settings: PlatingSettings
) -> tuple[Estimate, ...]:
    """Return the mean efficiency of cycles from empty to empty (method 1 of Adams 2018), if there is one.

    Beside a reservoir these are the conditioning cycles.
    """
    known = np.isfinite(cycles.coulombic_efficiency)
    counted = (
        known & (cycles.number >= settings.first_cycle) if fill is None else known & (np.arange(known.size) < fill)
    )
    counted = counted if counted.any() or fill is not None else known
    if not counted.any():
        return ()
    values = cycles.coulombic_efficiency[counted]
    value = float(values.mean())
    definition = (
        "coulombic efficiency by cycle: charge stripped to the cut-off over the charge plated before, mean over "
        f"{values.size} cycle(s) from empty to empty (method 1 of Adams 2018); the area cancels"
    )
    # The offset is that of one instrument, common to all cycles; times and scatter are each cycle's own.
    offset = 2.0 * value * errors.offset
    own = cycles.uncertainty[counted]
    time = math.sqrt(float(np.mean(np.maximum(own**2 - (2.0 * values * errors.offset) ** 2, 0.0))) / values.size)
    scatter = float(values.std(ddof=1)) / math.sqrt(values.size) if values.size > 1 else 0.0
    spread = math.hypot(offset, max(scatter, time))
    numbers = cycles.number[counted]
    wide, narrow = normal_quantile(0.95) * spread, normal_quantile(0.80) * spread
    return (
        Estimate(
            "coulombic_efficiency",
            value,
            "1",
            definition,
            standard_uncertainty=spread,
            interval=(value - wide, value + wide),
            interval_80=(value - narrow, value + narrow),
            interval_kind="sampling",
            conditions={
                "method": "cycle",
                "first_cycle": float(numbers[0]),
                "last_cycle": float(numbers[-1]),
                "cycles": float(values.size),
            },
        ),
    )


def comparison(efficiency: Estimate, of_cycles: tuple[Estimate, ...]) -> str:
    """Return what the methods give beside one another, in words."""
    parts = []
    if efficiency.value is not None:
        how = "by reservoir" if efficiency.conditions["method"] == "reservoir" else "median of cycles"
        parts.append(f"{how} {efficiency.value:.5f}")
    parts += [f"mean of {e.conditions['cycles']:.0f} cycle(s) from empty to empty {e.value:.5f}" for e in of_cycles]
    if len(parts) < 2:
        return "; ".join(parts) or "no method gives an efficiency"
    text = "; ".join(parts)
    if efficiency.conditions["method"] == "reservoir":
        text += ". Cycles from empty begin on the bare substrate and lose what its first film takes: they tell another"
        text += " thing than cycles on a reservoir of lithium"
    return text


def _sides(value: float, interval: tuple[float, float, float], by: float) -> tuple[float, float]:
    return math.hypot(value - interval[0], by), math.hypot(interval[1] - value, by)


def _without_value(definition: str, conditions: dict[str, float | str], warning: str) -> Estimate:
    return Estimate("coulombic_efficiency", None, "1", definition, conditions=conditions, warnings=(warning,))
