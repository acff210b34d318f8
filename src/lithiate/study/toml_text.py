"""TOML out of plain values: as much of it as a lock file needs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(document: Mapping[str, Any]) -> str:
    """Return a document as TOML.

    Parameters
    ----------
    document : mapping
        Text, numbers, truth values, lists, mappings, and lists of mappings. A key whose value is None is left out. A
        mapping that holds another mapping becomes a table, a mapping of plain values an inline table on one line.

    Raises
    ------
    TypeError
        When a value is of another type.
    ValueError
        When a number is not finite.

    Examples
    --------
    >>> print(toml_text({"seed": 1, "used": {"thickness": {"value": 360.0, "unit": "um"}}}), end="")
    seed = 1
    <BLANKLINE>
    [used]
    thickness = { value = 360.0, unit = "um" }
    """
    return "".join(_table(document, ())).lstrip("\n")


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    given = {key: value for key, value in table.items() if value is not None}
    plain = {key: value for key, value in given.items() if not _is_table(value, path) and not _is_array(value)}
    parts = [f"{_key(key)} = {_value(value)}\n" for key, value in plain.items()]
    for key, value in given.items():
        name = ".".join(map(_key, (*path, key)))
        if _is_array(value):
            for item in value:
                parts += [f"\n[[{name}]]\n", *_table(item, (*path, key))]
        elif _is_table(value, path):
            parts += [f"\n[{name}]\n", *_table(value, (*path, key))]
    return parts


def _is_table(value: object, path: tuple[str, ...]) -> bool:
    return isinstance(value, Mapping) and (not path or any(isinstance(inner, Mapping) for inner in value.values()))


def _is_array(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    # JSON escapes are TOML escapes, save for DEL, which JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number")
        return repr(float(value))
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items() if item is not None)
        return f"{{ {pairs} }}" if pairs else "{}"
    raise TypeError(f"{type(value).__name__} has no place in TOML")
