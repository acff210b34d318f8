"""What ``lithiate analyse`` prints of impedance spectra beside their numbers: circuit, validity, relaxation times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from lithiate.cli.console import print_table
from lithiate.core.number_text import hertz, short_number

MOST_ALONE = 6
"""Spectra up to which the numbers of each are printed; of more, how they change."""
_MOST_CANDIDATES = 3
_MOST_COLUMNS = 3

# Unit of a parameter of a circuit in ohm of the cell -> unit per area, and the power of ohm in it.
_AREAL = {
    "ohm": ("ohm cm^2", 1),
    "ohm s": ("H cm^2", 1),
    "ohm/s^0.5": ("ohm cm^2/s^0.5", 1),
    "s/ohm": ("F/cm^2", -1),
    "s^n/ohm": ("s^n/(ohm cm^2)", -1),
}
_PLAIN = {"ohm s": "H", "s/ohm": "F"}
_OHM_CM2 = 1e4

Columns = Mapping[str, Sequence[Any]]


def print_impedance(content: Mapping[str, Any]) -> None:
    """Print circuit, parameters, candidates, validity, relaxation times, the series and its collapse to stdout."""
    tables = content["tables"]
    if content["spectrum_count"] > MOST_ALONE:
        _print_series(content, tables["spectra"])
    elif content["interfaces"] is not None:
        _print_share(content, tables["spectra"])
    circuit = content["circuit"]
    if circuit is None:
        typer.echo("circuit: none fitted")
    else:
        _print_circuit(circuit)
        if "circuit-parameters" in tables:
            _print_parameters(content, tables["circuit-parameters"])
        if "circuit-candidates" in tables:
            _print_candidates(tables["circuit-candidates"])
    for line in _validity(tables):
        typer.echo(line)
    for line in _peaks(content, tables.get("relaxation-times")):
        typer.echo(line)
    if content["collapse"] is not None:
        typer.echo(content["collapse"]["text"])


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _resistance_unit(content: Mapping[str, Any]) -> tuple[str, float]:
    """Return the unit in which resistances are printed, and the factor from ohm of the cell."""
    area = content["area"]
    return ("ohm", 1.0) if area is None else ("ohm cm^2", area * _OHM_CM2)


def _print_share(content: Mapping[str, Any], spectra: Columns) -> None:
    """Print what each of several like interfaces has of the interfacial resistance."""
    unit, factor = ("ohm", 1.0) if content["area"] is None else ("ohm cm^2", _OHM_CM2)
    values = [value for value in spectra["interfacial_resistance_per_interface"] if value is not None]
    count = content["interfaces"]
    if values and count > 1:
        each = ", ".join(f"{value * factor:.4g}" for value in values)
        typer.echo(f"{count} interfaces share the interfacial resistance: {each} {unit} each")


def _print_series(content: Mapping[str, Any], spectra: Columns) -> None:
    """Print one line a quantity: first, last, lowest and highest of those that are known."""
    areal = content["area"] is not None
    unit, factor = ("ohm cm^2", _OHM_CM2) if areal else ("ohm", 1.0)
    wanted: list[tuple[str, str, str, float]] = [
        (name, name, unit, factor)
        for name in ("ohmic_resistance", "interfacial_resistance", "sei_resistance", "charge_transfer_resistance")
    ]
    if content["interfaces"] is not None and content["interfaces"] > 1:
        words = f"interfacial_resistance, each of {content['interfaces']}"
        wanted.insert(2, ("interfacial_resistance_per_interface", words, unit, factor))
    wanted.append(("width", "Re Z, end to end", unit, factor))
    arc = 1
    while f"arc_{arc}_resistance" in spectra:
        wanted.append((f"arc_{arc}_resistance", _arc_words(spectra, arc), unit, factor))
        arc += 1
    wanted += [("misfit", "misfit of the circuit", "%", 100.0), ("noise", "noise", "% of |Z|", 100.0)]
    lines, silent = [], []
    for column, words, its, scale in wanted:
        known = [value * scale for value in spectra.get(column, ()) if value is not None]
        if not known:
            silent.append(words)
            continue
        values = (known[0], known[-1], min(known), max(known))
        lines.append((words, *map(_text, values), str(len(known)), its))
    print_table(("quantity", "first", "last", "lowest", "highest", "known in", "unit"), lines)
    if silent:
        typer.echo(f"known in no spectrum: {', '.join(silent)}")


def _arc_words(spectra: Columns, arc: int) -> str:
    times = sorted(value for value in spectra[f"arc_{arc}_time_constant"] if value is not None)
    if not times:
        return f"arc {arc}"
    return f"arc {arc}, near {hertz(1.0 / (2.0 * math.pi * times[len(times) // 2]))}"


def _print_circuit(circuit: Mapping[str, Any]) -> None:
    misfits = [value for value in circuit["misfit"] if value is not None]
    misfit = f"{100.0 * misfits[0]:.2g} %" if len(misfits) == 1 else ""
    if len(misfits) > 1:
        misfit = f"{100.0 * min(misfits):.2g} to {100.0 * max(misfits):.2g} %"
    name = "" if circuit["name"] == circuit["text"] else f"{circuit['name']}, "
    typer.echo(f"circuit: {name}{circuit['text']}; misfit {misfit} of |Z|")
    typer.echo(f"  chosen: {circuit['reason']}")


def _printed(unit: str, area: float | None) -> tuple[str, float]:
    """Return the unit of print of a parameter of the cell, and its factor."""
    if area is None or unit not in _AREAL:
        return _PLAIN.get(unit, "" if unit == "1" else unit), 1.0
    words, power = _AREAL[unit]
    return words, (area * _OHM_CM2) ** power


def _print_parameters(content: Mapping[str, Any], table: Columns) -> None:
    """Print the parameters: of one spectrum with their intervals; of several side by side, first, middle and last."""
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    numbers = list(dict.fromkeys(row["spectrum"] for row in rows))
    shown = numbers
    if len(numbers) > _MOST_COLUMNS:
        shown = [numbers[0], numbers[len(numbers) // 2], numbers[-1]]
    by_name: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        if row["spectrum"] in shown:
            by_name.setdefault(row["parameter"], {})[row["spectrum"]] = row
    lines = []
    for name, of in by_name.items():
        unit, factor = _printed(next(iter(of.values()))["unit"], content["area"])
        cells = [_cells(of.get(number), factor, alone=len(shown) == 1) for number in shown]
        lines.append((name, *(cell for group in cells for cell in group), unit))
    if len(shown) == 1:
        print_table(("parameter", "value", "uncertainty", "95 % interval", "unit"), lines)
    else:
        print_table(("parameter", *(f"spectrum {number}" for number in shown), "unit"), lines)


def _cells(row: Mapping[str, Any] | None, factor: float, *, alone: bool) -> tuple[str, ...]:
    """Return value, uncertainty and interval; in one cell where spectra stand side by side."""
    if row is None:
        return ("-", "-", "-") if alone else ("-",)

    def scaled(name: str) -> str:
        value = row[name]
        return _text(None if value is None else value * factor)

    if not alone:
        if row["uncertainty"] is None:
            return (f"{scaled('value')} (not told)",)
        return (f"{scaled('value')} +/- {short_number(row['uncertainty'] * factor)}",)
    low, high = row["interval_low"], row["interval_high"]
    if low is None and high is None:
        interval = "open on both sides"
    elif low is None:
        interval = f"< {scaled('interval_high')}"
    elif high is None:
        interval = f"> {scaled('interval_low')}"
    else:
        interval = f"{scaled('interval_low')} ... {scaled('interval_high')}"
    return scaled("value"), scaled("uncertainty"), interval


def _print_candidates(table: Columns) -> None:
    columns = ("circuit", "text", "parameters", "akaike_difference", "seen")
    rows = list(zip(*(table[name] for name in columns), strict=True))
    lines = [(name, text, str(count), f"{gain:.1f}", f"{seen:.0%}") for name, text, count, gain, seen in rows]
    typer.echo(f"circuits tried: {len(lines)}; those of the lowest criterion (AICc):")
    heads = ("circuit", "text", "parameters", "above the lowest", "all parts seen in")
    print_table(heads, lines[:_MOST_CANDIDATES])


def _validity(tables: Mapping[str, Columns]) -> Iterator[str]:
    """Yield how many spectra obey the Kramers-Kronig relations, and the rows that do not."""
    verdicts = Counter(tables["spectra"]["kramers_kronig"])
    parts = ", ".join(f"{verdict} {count}" for verdict, count in verdicts.most_common())
    if sum(verdicts.values()) == 1:
        parts = next(iter(verdicts))
    line = f"Kramers-Kronig: {parts}"
    rows = tables.get("kramers-kronig")
    if rows is not None:
        of = [number for number, wrong in zip(rows["spectrum"], rows["offending"], strict=True) if wrong]
        if of:
            line += f"; {len(of)} offending row{'s' if len(of) > 1 else ''}"
            if sum(verdicts.values()) > 1:
                line += f" in {len(set(of))} of the spectra"
    yield line


def _peaks(content: Mapping[str, Any], table: Columns | None) -> Iterator[str]:
    """Yield the resolved peaks of the relaxation times of the first and the last spectrum."""
    if table is None:
        return
    unit, factor = _resistance_unit(content)
    by_spectrum: dict[int, list[str]] = {}
    names = ("spectrum", "frequency", "resistance", "standard_uncertainty", "resolved")
    for number, frequency, resistance, spread, resolved in zip(*(table[name] for name in names), strict=True):
        found = by_spectrum.setdefault(number, [])
        if resolved:
            value, uncertainty = short_number(resistance * factor), short_number(spread * factor)
            found.append(f"{hertz(frequency)} {value} +/- {uncertainty} {unit}")
    numbers = list(by_spectrum)
    for number in dict.fromkeys((numbers[0], numbers[-1])):
        of = f" of spectrum {number}" if content["spectrum_count"] > 1 else ""
        yield f"peaks of relaxation times{of}: {', '.join(by_spectrum[number]) or 'none resolved'}"
