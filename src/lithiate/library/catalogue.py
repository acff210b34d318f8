"""The library as lists and tables, for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import frozen

from lithiate.core.materials import Electrolyte, Material, Separator
from lithiate.core.sourced import Sourced
from lithiate.core.toml_source import Location, dotted
from lithiate.errors import LibraryError, nearest_match
from lithiate.library.anodes import ANODE_FILES, load_anode
from lithiate.library.files import DATA, read_data_file, unknown_name
from lithiate.library.materials import load_electrolyte, load_material, load_separator, names_of

_LOADERS: dict[str, Callable[[str], Material | Electrolyte | Separator]] = {
    "materials": load_material,
    "electrolytes": load_electrolyte,
    "separators": load_separator,
}
SECTIONS = ("anodes", "materials", "electrolytes", "separators", "studies")


@frozen
class Row:
    """One line of a description; value and range in `unit`, the unit of print."""

    field: str
    value: float | bool | str
    unit: str = ""
    range: tuple[float, float] | None = None
    status: str = ""
    source: str = ""
    note: str | None = None


def list_names(section: str) -> list[str]:
    """Return the names in a section of the library.

    Raises
    ------
    LibraryError
        ``LI-LIB-001`` when there is no such section.
    """
    if section == "anodes":
        return list(ANODE_FILES)
    if section == "studies":
        return sorted(path.stem for path in (DATA / "studies").glob("*.toml"))
    if section in SECTIONS:
        return names_of(section)
    raise LibraryError(
        "there is no such section of the library",
        code="LI-LIB-001",
        got=section,
        expected=f"one of {', '.join(SECTIONS)}",
        nearest=nearest_match(section, SECTIONS),
    )


def describe(section: str, name: str) -> list[Row]:
    """Return what the library says about one name: its numbers in units of print, then words and switches.

    Raises
    ------
    LibraryError
        ``LI-LIB-001`` when there is no such section or name.
    """
    names = list_names(section)
    if name not in names:
        raise unknown_name(name, section, names)
    if section == "studies":
        return list(_leaves(read_data_file(f"studies/{name}.toml").data))
    if section == "anodes":
        sources, table = load_anode(name).sources, read_data_file(ANODE_FILES[name]).data
    else:
        sources, table = _LOADERS[section](name).sources, read_data_file(f"{section}.toml").data[name]
    numbers = [_number_row(field, number) for field, number in sources.items()]
    words = [row for row in _leaves(table) if not row.field.startswith(tuple(f"{field}." for field in sources))]
    return numbers + words


def _number_row(field: str, number: Sourced) -> Row:
    return Row(
        field,
        number.printed_value,
        number.printed_unit,
        number.printed_range,
        number.status,
        number.source,
        number.note,
    )


def _leaves(table: Mapping[str, Any], prefix: Location = ()) -> Iterator[Row]:
    """Yield every plain value of a document."""
    for key, value in table.items():
        location = (*prefix, key)
        if isinstance(value, Mapping):
            yield from _leaves(value, location)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for index, item in enumerate(value):
                yield from _leaves(item, (*location, index))
        else:
            yield Row(dotted(location), ", ".join(map(str, value)) if isinstance(value, list) else value)
