"""Early and late level of what is known per cycle."""

from __future__ import annotations

import math

import numpy as np

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.hysteresis import describe_hysteresis
from lithiate.analysis.robust import FloatArray, normal_quantile, order_statistic_interval
from lithiate.analysis.symmetric_result import SymmetricSettings
from lithiate.core.estimate import Estimate


def level_estimate(
    quantity: str, per_cycle: FloatArray, settings: SymmetricSettings, resolution: float, *, late: bool
) -> Estimate:
    """Return the early or the late level of a quantity: the median over some cycles.

    Parameters
    ----------
    quantity : {"voltage_hysteresis", "plateau_overpotential"}
    per_cycle : (c,) float64, V
        Of the cycles that count, in order.
    settings : SymmetricSettings
    resolution : float, V
        Step of a quantised voltage, 0 when there is none; it does not average out (the trace of every cycle is alike).
    late : bool
        Whether the last cycles are meant, or the early ones.

    Returns
    -------
    Estimate
        With a distribution-free (order-statistic) interval, widened by the resolution. It takes cycles for
        independent: a drift within them widens it, a slow wander makes it too narrow.
    """
    first = max(per_cycle.size - settings.late_cycles, 0) if late else settings.first_early_cycle - 1
    values = per_cycle[first:] if late else per_cycle[first : settings.last_early_cycle]
    definition = f"{_per_cycle_definition(quantity, settings)}; median over {_which_cycles(settings, late=late)}"
    asked = settings.late_cycles if late else settings.last_early_cycle - settings.first_early_cycle + 1
    few = coded("LI-W-ANA-004", f"{values.size} of the {asked} cycles that the definition asks for were recorded")
    warnings = (few,) if values.size < asked else ()
    if values.size == 0:
        return Estimate(quantity, None, "V", definition, warnings=warnings)
    factor = settings.hysteresis_factor if quantity == "voltage_hysteresis" else 1.0
    value = float(np.median(values))
    rounding = factor * resolution / math.sqrt(12.0)
    conditions = {"first_cycle": float(first + 1), "last_cycle": float(first + values.size)}
    spread = order_statistic_interval(values, 0.95)
    if spread is None:
        text = f"{values.size} cycles are too few for a distribution-free interval of a median (6 are needed)"
        warnings = (*warnings, coded("LI-W-ANA-018", text))
        return Estimate(quantity, value, "V", definition, conditions=conditions, warnings=warnings)
    scatter = (spread[1] - spread[0]) / (2.0 * normal_quantile(spread[2]))
    narrow = order_statistic_interval(values, 0.80) or spread
    return Estimate(
        quantity,
        value,
        "V",
        definition,
        standard_uncertainty=math.hypot(scatter, rounding),
        interval=_widen(value, spread, normal_quantile(0.95) * rounding),
        interval_80=_widen(value, narrow, normal_quantile(0.80) * rounding),
        interval_kind="sampling",
        conditions=conditions,
        warnings=warnings,
    )


def _widen(value: float, interval: tuple[float, float, float], by: float) -> tuple[float, float]:
    """Add an independent half width to both sides of an interval, in quadrature."""
    return value - math.hypot(value - interval[0], by), value + math.hypot(interval[1] - value, by)


def _per_cycle_definition(quantity: str, settings: SymmetricSettings) -> str:
    if quantity == "voltage_hysteresis":
        return describe_hysteresis(settings.hysteresis_definition)
    return (
        "median |V| over 25-75 % of a half cycle's charge (of its on-time without a current column), "
        "mean of both halves of a cycle"
    )


def _which_cycles(settings: SymmetricSettings, *, late: bool) -> str:
    if late:
        return f"the last {settings.late_cycles} complete cycles before the end of the record or a hard short"
    return f"cycles {settings.first_early_cycle}-{settings.last_early_cycle}"
