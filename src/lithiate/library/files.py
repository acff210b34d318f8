"""The data files of the library."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lithiate.core.toml_source import TomlSource, parse_toml
from lithiate.errors import LibraryError, nearest_match

DATA = Path(__file__).parent / "data"


@cache
def read_data_file(name: str) -> TomlSource:
    """Read a data file of the library, once a process; `name` is its path below ``data``."""
    return parse_toml((DATA / name).read_text(encoding="utf-8"), f"library/{name}")


def unknown_name(name: str, section: str, names: Iterable[str]) -> LibraryError:
    """Return the error for a name that is not in a section of the library."""
    known = list(names)
    return LibraryError(
        f"the name is not in the library's {section}",
        code="LI-LIB-001",
        got=name,
        expected=f"one of {', '.join(known)}" if known else "nothing, the section is empty",
        nearest=nearest_match(name, known),
    )
