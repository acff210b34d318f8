"""Electrolytes of the library, by name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from lithiate.core.curve import Curve
from lithiate.core.materials import Electrolyte
from lithiate.core.sourced import Sourced
from lithiate.errors import SpecError
from lithiate.library.files import read_data_file
from lithiate.library.materials import load_table, numbers

if TYPE_CHECKING:
    from lithiate.library.schema import ElectrolyteTable

PROPERTY_OF = {
    "conductivity_curve": "conductivity",
    "diffusivity_curve": "diffusivity",
    "transference_curve": "transference_number",
    "thermodynamic_factor_curve": "thermodynamic_factor",
}
"""Field of a curve over the concentration -> the property."""


@cache
def load_electrolyte(name: str) -> Electrolyte:
    """Return an electrolyte of the library; raises `LibraryError` ``LI-LIB-001`` when there is none of that name.

    Where its transport was measured over the concentration, the four numbers are those of the curves at the salt's
    concentration. Where another electrolyte stands in for it, they are that one's, and assumed.
    """
    table = _table(name)
    found, sources = numbers(table)
    values: dict[str, Any] = dict(found)
    curves, at_salt = transport_of(table, name)
    sources |= at_salt
    values |= {key: number.value for key, number in at_salt.items()} | curves
    return Electrolyte(
        name,
        **values,
        additive=table.additive,
        measured_set=table.measured_set,
        family=table.family,
        sources=sources,
    )


def _table(name: str) -> ElectrolyteTable:
    from lithiate.library.schema import ElectrolyteTable

    return load_table("electrolytes", name, ElectrolyteTable)


def transport_of(table: ElectrolyteTable, name: str) -> tuple[dict[str, Curve], dict[str, Sourced]]:
    """Return the curves of a table by field, and their values at the salt's concentration; nothing without curves.

    Raises
    ------
    SpecError
        ``LI-SPEC-002`` when another electrolyte stands in that has no curves.
    """
    owner = table if table.stand_in is None else _table(table.stand_in)
    transport = owner.transport
    if transport is None:
        if table.stand_in is None:
            return {}, {}
        raise SpecError(
            "an electrolyte without curves cannot stand in",
            code="LI-SPEC-002",
            where=read_data_file("electrolytes.toml").where((name, "stand_in")),
            got=table.stand_in,
        )
    concentration = table.salt_concentration.sourced().value
    status, source = transport.status, transport.source
    if table.stand_in is not None:
        status, source = "assumed", f"{table.stand_in} stands in: {source}"
    note = f"at the salt's concentration, of a curve at 25 degC. {transport.note or ''}".strip()
    curves, at_salt = {}, {}
    for field, key in PROPERTY_OF.items():
        entry = getattr(transport, key)
        curves[field] = entry.curve()
        at_salt[key] = entry.sourced(concentration, source, status, note)
    return curves, at_salt
