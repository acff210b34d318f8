"""What ``lithiate analyse`` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from lithiate.cli.console import print_table
from lithiate.cli.impedance_text import MOST_ALONE, print_impedance

_COUNTS = {
    "half_cycle_count": ("half cycle", "half cycles"),
    "cycle_count": ("cycle", "cycles"),
    "spectrum_count": ("spectrum", "spectra"),
}

_MOST_LINES = 24
_ELECTRONVOLT = 1.0 / 96485.33212
"""J/mol -> eV a particle."""
_MOST_ALIKE, _MOST_SPECTRA = 2, 8
"""Texts of one code that are printed one by one, and numbers of spectra that are spelled out."""
_OF_SPECTRUM = re.compile(r" \(spectrum (\d+)\)$")


def _is_known(estimate: Mapping[str, Any]) -> bool:
    return estimate["value"] is not None or bool(estimate["censored"])


def print_result(content: Mapping[str, Any]) -> None:
    """Print what an analysis found to stdout: one line a number, and its tables."""
    counts = [f"{content[name]} {words[content[name] != 1]}" for name, words in _COUNTS.items() if name in content]
    typer.echo(f"{content['specimen']}: {', '.join(counts) or content['technique']}")
    estimates = content["estimates"]
    of_impedance = content.get("analysis") == "impedance"
    if of_impedance and content["spectrum_count"] > MOST_ALONE:
        # Their spectra are a table of how they change.
        estimates = [estimate for estimate in estimates if "spectrum" not in estimate["conditions"]]
    shown = [estimate for estimate in estimates if len(estimates) <= _MOST_LINES or _is_known(estimate)]
    lines = [_line(estimate) for estimate in shown]
    if lines:
        print_table(("quantity", "value", "uncertainty", "95 % interval", "unit"), lines)
    if len(shown) < len(estimates):
        typer.echo(f"{len(estimates) - len(shown)} numbers have no value; the warnings say why")
    if "soft_short_floor" in content:
        typer.echo(f"soft-short check: {content['soft_short_floor']}")
    if "rates" in content:
        _print_rates(content)
    if of_impedance:
        print_impedance(content)
    if content.get("models"):
        _print_laws(content)
    for line in _lines_of_tables(content):
        typer.echo(line)


def _print_laws(content: Mapping[str, Any]) -> None:
    """Print one line a law of charge transfer, and what an ohmic drop does to the estimators that leave it in."""

    def text(value: float | None, scale: float) -> str:
        return "-" if value is None else f"{value * scale:.3g}"

    # Without an area what is known is of the cell.
    areal = any(model["exchange_current_density"] is not None for model in content["models"])
    lines = [
        (
            model["law"],
            text(model["exchange_current_density"], 0.1),
            text(model["series_resistance"], 1e4) if areal else text(model["cell_resistance"], 1.0),
            text(model["limiting_current_density"], 0.1) if areal else text(model["limiting_current"], 1e3),
            text(model["reorganisation_energy"], _ELECTRONVOLT),
            text(model["difference"], 1.0),
            text(model["weight"], 1.0),
            text(model["misfit"], 100.0),
        )
        for model in content["models"]
    ]
    clear = "clear" if content["preference_is_clear"] else "not clear"
    typer.echo(f"laws of charge transfer, the best by AICc first (the preference is {clear}):")
    of_area = ("R / ohm cm^2", "limit / mA/cm^2") if areal else ("R / ohm", "limit / mA")
    heads = ("law", "j0 / mA/cm^2", *of_area, "Lambda / eV", "dAICc", "weight", "misfit / %")
    print_table(heads, lines)
    for name, factor in content["ohmic_bias"].items():
        typer.echo(f"ohmic drop: with it {name} gives {factor:.3g} of what it gives without")


# Column of the table of rates -> SI value of the unit of print, and its name; the first that is known is printed.
_CAPACITIES = {
    "specific_discharge_capacity": (3600.0, "mAh/g"),
    "areal_discharge_capacity": (3.6e4, "mAh/cm^2"),
    "discharge_capacity": (3.6, "mAh"),
}


def _print_rates(content: Mapping[str, Any]) -> None:
    """Print one line a run of cycles at one rate."""
    rates = content["rates"]
    column = next(name for name in _CAPACITIES if rates[name] is not None)
    scale, unit = _CAPACITIES[column]
    lines = [
        (
            f"{rates['c_rate'][run]:.3g} C",
            f"{rates['first_cycle'][run]}-{rates['last_cycle'][run]}",
            f"{rates[column][run] / scale:.4g}",
            f"{rates['coulombic_efficiency'][run]:.4f}",
            f"{rates['energy_efficiency'][run]:.4f}",
            f"{rates['mean_charge_voltage'][run]:.4g}",
            f"{rates['mean_discharge_voltage'][run]:.4g}",
        )
        for run in range(len(rates["order"]))
    ]
    typer.echo(f"medians by rate (the first cycle of each run left out; C-rates by the {content['rate_basis']}):")
    heads = ("rate", "cycles", f"discharge / {unit}", "CE", "energy eff.", "charge / V", "discharge / V")
    print_table(heads, lines)


def _lines_of_tables(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each of the comparisons, events, knees and steps that were found."""
    if "efficiency_comparison" in content:
        yield f"methods: {content['efficiency_comparison']}"
    for number, event in enumerate(content.get("short_events", {}).get("events", ())):
        low, high = (f"{time / 3600.0:.4g}" for time in event["interval"])
        text = f"event {number + 1}: {event['kind']} at {event['onset'] / 3600.0:.4g} h ({low} ... {high} h)"
        yield f"{text}; {', '.join(event['evidence'])}"
    linked = content.get("linked_spectra")
    if linked:
        yield f"spectra tied to the record: {len(linked['spectra']['number'])} (table linked-spectra)"
    knee = content.get("knee")
    if knee:
        found = knee["cycle"] is not None
        yield f"knee: cycle {knee['cycle']:.0f}" if found else f"knee: none told, {knee['reason']}"
    steps = content.get("current_steps")
    if steps and steps["resistance"]:
        yield f"current steps: {len(steps['resistance'])} with a resistance (table current-steps)"


def _details(conditions: Mapping[str, Any]) -> str:
    """Return what tells apart the estimates of one quantity."""
    parts = [str(conditions[name]) for name in ("method", "estimator") if name in conditions]
    if "of" in conditions:
        parts.append(str(conditions["of"]).replace("_", " "))
    if "by_ln_r_over_t" in conditions:
        parts.append(f"ln R; {conditions['by_ln_r_over_t'] * 1e-3:.4g} kJ/mol by ln(R/T)")
    if conditions.get("conditioning_included"):
        parts.append("with conditioning")
    if "current_density" in conditions:
        parts.append(f"{conditions['current_density'] / 10.0:.4g} mA/cm^2")
    if "cycle" in conditions:
        parts.append(f"cycle {conditions['cycle']:.0f}")
    if "spectrum" in conditions:
        parts.append(f"spectrum {conditions['spectrum']:.0f}")
    if "c_rate" in conditions:
        parts.append(f"{conditions['c_rate']:.3g} C")
    if "first_cycle" in conditions:
        parts.append(f"cycles {conditions['first_cycle']:.0f}-{conditions['last_cycle']:.0f}")
    return f" ({', '.join(parts)})" if parts else ""


def _line(estimate: Mapping[str, Any]) -> tuple[str, ...]:
    def text(value: float | None) -> str:
        return "-" if value is None else f"{value:.4g}"

    name = estimate["quantity"] + _details(estimate["conditions"])
    low, high = estimate["interval"] or (None, None)
    if low is None and high is None:
        interval = "-"
    else:
        interval = f"> {text(low)}" if high is None else f"{text(low)} ... {text(high)}"
    value = "not within the record" if estimate["censored"] else text(estimate["value"])
    return name, value, text(estimate["uncertainty"]), interval, estimate["unit"]


def all_warnings(content: Mapping[str, Any]) -> list[str]:
    """Return the warnings of a result and of its numbers, each once; those of many spectra in one.

    In a record of more than `_MOST_SPECTRA` spectra the first text stands for all where one code has more than
    `_MOST_ALIKE`, which differ in their numbers.
    """
    own = [warning for estimate in content["estimates"] for warning in estimate["warnings"]]
    spectra: dict[str, list[int]] = {}
    for warning in dict.fromkeys([*content["warnings"], *own]):
        found = _OF_SPECTRUM.search(warning)
        spectra.setdefault(_OF_SPECTRUM.sub("", warning), []).extend([int(found[1])] if found else [])
    by_code: dict[str, list[str]] = {}
    for text in spectra:
        by_code.setdefault(text.split(" ", 1)[0], []).append(text)
    long = content.get("spectrum_count", 0) > _MOST_SPECTRA
    return [
        line
        for texts in by_code.values()
        for line in _joined({text: spectra[text] for text in texts}, most=_MOST_ALIKE if long else len(texts))
    ]


def _joined(spectra: Mapping[str, Sequence[int]], most: int) -> Iterator[str]:
    """Yield the warnings of one code, given as text -> spectra; one line for all texts where there are more."""
    alike = [text for text, numbers in spectra.items() if numbers]
    left = list(spectra)
    if len(alike) > most:
        first = alike[0]
        of = sorted({number for numbers in spectra.values() for number in numbers})
        yield f"{first} (spectrum {spectra[first][0]}); such in {_numbers(of)}"
        left = [text for text in left if text not in alike]
    for text in left:
        numbers = sorted(set(spectra[text]))
        yield f"{text} ({_numbers(numbers)})" if numbers else text


def _numbers(of: Sequence[int]) -> str:
    """Return the numbers of spectra in words, the first of many."""
    if len(of) == 1:
        return f"spectrum {of[0]}"
    if len(of) <= _MOST_SPECTRA:
        return f"spectra {', '.join(map(str, of))}"
    return f"spectra {', '.join(map(str, of[:_MOST_SPECTRA]))} ... ({len(of)} in all)"
