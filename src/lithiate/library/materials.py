"""Materials, substrates and separators of the library, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from lithiate.core.materials import Material, Melt, Reaction, Separator, Substrate
from lithiate.core.sourced import Sourced
from lithiate.library.faults import validate
from lithiate.library.files import read_data_file, unknown_name

if TYPE_CHECKING:
    from lithiate.library.entry_schema import Table

    AnyTable = TypeVar("AnyTable", bound=Table)


_ON_SUBSTRATE = ("nucleation_barrier", "lithium_per_formula")
"""What a material takes from the substrate that is made of it."""


def names_of(section: str) -> list[str]:
    """Return the names in the file of a section (``materials``, ``electrolytes``, ...)."""
    return [name for name in read_data_file(f"{section}.toml").data if name != "schema_version"]


def load_table(section: str, name: str, model: type[AnyTable]) -> AnyTable:
    """Return the validated table of one name.

    Raises
    ------
    LibraryError
        ``LI-LIB-001`` when the name is not in the library.
    SpecError
        ``LI-SPEC-002`` when the entry is faulty.
    """
    document = read_data_file(f"{section}.toml")
    if name not in names_of(section):
        raise unknown_name(name, section, names_of(section))
    return validate(model, document.data[name], source=document, prefix=(name,))


def numbers(table: Table) -> tuple[dict[str, float], dict[str, Sourced]]:
    """Return the SI values of a table by name, and the same with their sources."""
    from lithiate.library.schema import entries

    sources = {name: entry.sourced() for name, entry in entries(table).items()}
    return {name: number.value for name, number in sources.items()}, sources


def load_material(name: str) -> Material:
    """Return a material of the library; raises `LibraryError` ``LI-LIB-001`` when there is none of that name.

    How lithium nucleates on it and reacts with it comes from the substrate of that material, where there is one.
    """
    from lithiate.library.schema import MaterialTable

    values, sources = numbers(load_table("materials", name, MaterialTable))
    reaction: Reaction | None = None
    substrate = _substrate_of(name)
    if substrate is not None:
        reaction = substrate.reaction
        for key in _ON_SUBSTRATE:
            if key in substrate.sources:
                sources[key] = substrate.sources[key]
                values[key] = sources[key].value
    return Material(name, reaction=reaction, sources=sources, **values)


def particle_materials() -> list[str]:
    """Return the materials that a host's particles may be made of: lithium's angle and barrier on them are known."""
    with_barrier = {table.get("material") for _, table in _tables("substrates")}
    return [
        name
        for name, table in _tables("materials")
        if name in with_barrier and {"molten_lithium_angle", "youngs_modulus", "poisson_ratio"} <= table.keys()
    ]


def _tables(section: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, read_data_file(f"{section}.toml").data[name]) for name in names_of(section)]


def _substrate_of(material: str) -> Substrate | None:
    """Return the substrate that is made of a material, or None."""
    for name, table in _tables("substrates"):
        if table.get("material") == material:
            return load_substrate(name)
    return None


def load_substrate(name: str) -> Substrate:
    """Return a substrate of the library; raises `LibraryError` ``LI-LIB-001`` when there is none of that name."""
    from lithiate.library.schema import SubstrateTable

    table = load_table("substrates", name, SubstrateTable)
    values, sources = numbers(table)
    return Substrate(name, **values, reaction=table.reaction, material=table.material, sources=sources)


@cache
def load_melt() -> Melt:
    """Return molten lithium and how hosts are held in it."""
    from lithiate.library.schema import MeltTable

    document = read_data_file("infusion.toml")
    values, sources = numbers(validate(MeltTable, document.data["melt"], source=document, prefix=("melt",)))
    return Melt(**values, sources=sources)


def load_separator(name: str) -> Separator:
    """Return a separator of the library; raises `LibraryError` ``LI-LIB-001`` when there is none of that name."""
    from lithiate.library.schema import SeparatorTable

    values, sources = numbers(load_table("separators", name, SeparatorTable))
    return Separator(name, **values, sources=sources)
