"""Tables and settings of results as plain types, for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attrs import fields
from numpy.typing import NDArray


def columns_to_dict(table: Any) -> dict[str, Any]:  # noqa: ANN401 - any attrs class of arrays
    """Return the columns of a table (arrays, or tuples of words) as lists by name; what JSON lacks becomes None."""
    return plain_columns({entry.name: getattr(table, entry.name) for entry in fields(type(table))})


def plain_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns (arrays, or tuples of words) by name as lists; what JSON has no word for becomes None."""
    return {name: None if column is None else _finite(_as_list(column)) for name, column in columns.items()}


def _as_list(column: Any) -> list[object]:  # noqa: ANN401 - an array or a tuple
    return list(column) if isinstance(column, tuple) else list(column.tolist())


def finite_list(values: NDArray[Any]) -> list[Any]:
    """Return an array as a list; what JSON has no word for becomes None."""
    return [_finite(value) for value in values.tolist()]


def settings_to_dict(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any attrs class of plain values
    """Return settings by name."""
    return {entry.name: getattr(settings, entry.name) for entry in fields(type(settings))}


def _finite(value: object) -> object:
    """Replace what JSON has no word for by None, in lists of any depth."""
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
