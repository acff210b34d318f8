"""Numbers and codes in words, as the report prints them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lithiate.core.techniques import QUANTITIES
from lithiate.study.results import Interval, ResultRow
from lithiate.units import convert

NOT_STATED = "–"
BY_CONDITION = ("critical-current", "impedance-temperature")
"""Kinds with several rows of a quantity, told apart by current density or temperature."""


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with `digits` significant digits, without an exponent where it can be read without one."""
    if value is None:
        return NOT_STATED
    if value != 0.0 and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.{digits - 1}e}"
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text else text


def pretty_unit(unit: str) -> str:
    """Return a unit as it is typeset: ``mA/cm²``, ``°C``, ``µm``; nothing for a plain number."""
    if unit == "1":
        return ""
    text = unit.replace("^2", "²").replace("^3", "³").replace("degC", "°C")
    return re.sub(r"\bu(?=[LmA])", "µ", text)


def with_unit(text: str, unit: str) -> str:
    """Return a number as text with its unit behind it."""
    return f"{text} {pretty_unit(unit)}".rstrip()


def value_text(row: ResultRow) -> str:
    """Return the value of a row with its unit; for a censored one, the bound; for none, a dash."""
    if row.value is not None:
        return with_unit(number(row.value), row.unit)
    if row.censored:
        bound = censoring_bound(row)
        return "not within the test" if bound is None else f"> {with_unit(number(bound), row.unit)}"
    return NOT_STATED


def censoring_bound(row: ResultRow) -> float | None:
    """Return the time up to which a censored row saw nothing, in its unit, or None."""
    if not row.censored:
        return None
    if "censored_at" in row.conditions:
        return float(convert(float(row.conditions["censored_at"]), QUANTITIES[row.quantity].si_unit, row.unit))
    return None if row.interval is None else row.interval[0]


def interval_text(interval: Interval | None) -> str:
    """Return an interval as text; an open end as a comparison."""
    if interval is None or interval == (None, None):
        return NOT_STATED
    low, high = interval
    if high is None:
        return f"> {number(low)}"
    return f"< {number(high)}" if low is None else f"{number(low)} … {number(high)}"


def quantity_text(row: ResultRow) -> str:
    """Return the quantity of a row in words, with what tells it from another of the same name."""
    return quantity_words(row.quantity, row.kind, row.conditions)


def quantity_words(quantity: str, kind: str, conditions: Mapping[str, float | str]) -> str:
    """Return a quantity in words, with cycles, temperature, current density or method where several are reported."""
    parts = [quantity.replace("_", " ")]
    named = [str(conditions[name]) for name in ("method", "estimator", "of") if name in conditions]
    named = [word.replace("sei_", "SEI ").replace("_", " ") for word in named]
    if conditions.get("conditioning_included"):
        named.append("conditioning included")
    if named:
        parts[0] += f" ({', '.join(named)})"
    if "rate_order" in conditions:
        parts.append(f"{c_rate_text(conditions)}, run {float(conditions['rate_order']):.0f}")
    elif not kind and "c_rate" in conditions:
        parts.append(c_rate_text(conditions))
    elif kind == "critical-current" and "current_density" in conditions:
        parts.append(f"at {number(0.1 * float(conditions['current_density']), 3)} mA/cm²")
    elif "first_cycle" in conditions:
        parts.append(f"cycles {float(conditions['first_cycle']):.0f}–{float(conditions['last_cycle']):.0f}")
    elif kind in ("impedance", "impedance-temperature") and "cycle" in conditions:
        cycle = float(conditions["cycle"])
        parts.append("fresh" if cycle == 0 else f"after {cycle:.0f} cycle{'s' if cycle > 1 else ''}")
    elif "cycle" in conditions:
        parts.append(f"cycle {float(conditions['cycle']):.0f}")
    if kind == "impedance-temperature" and "temperature" in conditions and quantity != "activation_energy":
        parts.append(f"at {float(conditions['temperature']) - 273.15:.4g} °C")
    return ", ".join(parts)


def c_rate_text(conditions: Mapping[str, float | str]) -> str:
    """Return at which C-rate a value was found."""
    return f"at {number(float(conditions['c_rate']), 3)} C"


def cell_name(row: ResultRow) -> str:
    """Return the anode of a row, or what a plating cell has in its place: its host or collector without lithium."""
    return row.specimen if row.origin == "simulated" else row.anode


def is_late(row: ResultRow) -> bool:
    """Return whether a row tells of a cell after cycles, beside which there is another of its beginning."""
    return float(row.conditions.get("cycle", 0.0)) > 0.0


def warning_parts(warning: str) -> tuple[str, str]:
    """Return code and text of a coded warning."""
    code, _, text = warning.partition(" ")
    return (code, text) if code.startswith("LI-W-") else ("", warning)
