"""``lithiate library``: what is known, and where it comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from lithiate.cli.console import print_table


def library(
    section: Annotated[
        str | None,
        typer.Argument(help="anodes, cathodes, materials, substrates, electrolytes, separators, protocols or studies."),
    ] = None,
    name: Annotated[str | None, typer.Argument(help="One entry of the section.")] = None,
) -> None:
    """Print the sections of the library, the names in one, or what is known about one name."""
    from lithiate.library import SECTIONS, list_names

    if section is None:
        from lithiate.study.experiment_specs import EXPERIMENT_SPECS

        lines = [(word, ", ".join(list_names(word))) for word in SECTIONS]
        print_table(("section", "names"), [*lines, ("protocols", ", ".join(EXPERIMENT_SPECS))])
    elif section == "protocols":
        _print_protocols(name)
    elif name is None:
        for entry in list_names(section):
            typer.echo(entry)
    else:
        _print_entry(section, name)


def _print_entry(section: str, name: str) -> None:
    from lithiate.library import describe

    lines = []
    for row in describe(section, name):
        value = f"{row.value:.6g}" if isinstance(row.value, float) else str(row.value)
        limits = "" if row.range is None else f"{row.range[0]:.4g} ... {row.range[1]:.4g}"
        lines.append((row.field, value, row.unit, limits, row.status, row.source))
    print_table(("field", "value", "unit", "range", "status", "source"), lines)


def _print_protocols(name: str | None) -> None:
    """Print the kinds of experiment that a study may name, with the defaults of their keys."""
    from attrs import NOTHING, fields

    from lithiate.core.cell import FullCell, LithiumCell
    from lithiate.errors import LibraryError, nearest_match
    from lithiate.study.experiment_specs import ALL_SPECS, FULL_CELL, is_full

    known = ALL_SPECS
    if name is not None and name not in known:
        raise LibraryError(
            "there is no such kind of experiment",
            code="LI-LIB-001",
            got=name,
            expected=f"one of {', '.join(known)}",
            nearest=nearest_match(name, known),
        )
    lines = []
    wanted = known if name is None else [kind for kind in known if kind in (name, f"{name}{FULL_CELL}")]
    for kind in wanted:
        cell = fields(FullCell if is_full(known[kind]) else LithiumCell)
        own = [entry for entry in cell if entry.name not in ("anode", "anode_free")]
        for entry in (*fields(known[kind].does), *own):
            needed = entry.default is NOTHING
            default = "required" if needed else _default_text(entry.name, entry.default, full_cell=is_full(known[kind]))
            lines.append((kind, entry.name, default))
    print_table(("kind", "key", "default"), lines)


def _default_text(name: str, value: object, *, full_cell: bool) -> str:
    from lithiate.study.layout import PRINTED_UNITS, is_c_rate
    from lithiate.units import convert

    if value is None:
        return "none"
    several = isinstance(value, tuple)
    numbers = value if isinstance(value, tuple) else (value,)
    if is_c_rate(name, full_cell=full_cell):
        return f"{value} 1/h"
    if name not in PRINTED_UNITS or not all(isinstance(number, float) for number in numbers):
        return ", ".join(map(str, numbers)) if several else str(value)
    si_unit, unit = PRINTED_UNITS[name]
    return f"{', '.join(f'{convert(float(number), si_unit, unit):.4g}' for number in numbers)} {unit}"
