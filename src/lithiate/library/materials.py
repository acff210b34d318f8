"""Materials, electrolytes and separators of the library, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lithiate.core.materials import Electrolyte, Material, Separator
from lithiate.core.sourced import Sourced
from lithiate.library.faults import validate
from lithiate.library.files import read_data_file, unknown_name

if TYPE_CHECKING:
    from lithiate.library.schema import Table

    AnyTable = TypeVar("AnyTable", bound=Table)


def names_of(section: str) -> list[str]:
    """Return the names in the file of a section (``materials``, ``electrolytes`` or ``separators``)."""
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
    """Return a material of the library; raises `LibraryError` ``LI-LIB-001`` when there is none of that name."""
    from lithiate.library.schema import MaterialTable

    values, sources = numbers(load_table("materials", name, MaterialTable))
    return Material(name, **values, sources=sources)


def load_electrolyte(name: str) -> Electrolyte:
    """Return an electrolyte of the library; raises `LibraryError` ``LI-LIB-001`` when there is none of that name."""
    from lithiate.library.schema import ElectrolyteTable

    table = load_table("electrolytes", name, ElectrolyteTable)
    values, sources = numbers(table)
    return Electrolyte(name, **values, additive=table.additive, measured_set=table.measured_set, sources=sources)


def load_separator(name: str) -> Separator:
    """Return a separator of the library; raises `LibraryError` ``LI-LIB-001`` when there is none of that name."""
    from lithiate.library.schema import SeparatorTable

    values, sources = numbers(load_table("separators", name, SeparatorTable))
    return Separator(name, **values, sources=sources)
