"""Settings of an analysis from names and values, with one kind of error for what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import fields

from lithiate.errors import AnalysisError, nearest_match

Settings = TypeVar("Settings")


def settings_from_keywords(cls: type[Settings], analysis: str, values: Mapping[str, Any]) -> Settings:
    """Return settings of class `cls` from names and values (numbers, or text as a command line gives it).

    Parameters
    ----------
    cls : attrs class
    analysis : str
        What the analysis is called in errors.
    values : mapping

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for a name that is not known or a value that does not fit.
    """
    names = [entry.name for entry in fields(cls)]  # type: ignore[arg-type]
    for name in values:
        if name not in names:
            raise AnalysisError(
                f"unknown setting {name!r} of the {analysis} analysis",
                code="LI-ANA-001",
                expected=", ".join(names),
                nearest=nearest_match(name, names),
            )
    try:
        return cls(**values)
    except (ValueError, TypeError) as error:
        raise AnalysisError(
            f"a setting of the {analysis} analysis is not a number", code="LI-ANA-001", got=str(error)
        ) from error


def setting_error(analysis: str, name: str, got: object, expected: str) -> AnalysisError:
    """Return the error for a setting whose value is out of its range."""
    return AnalysisError(
        f"setting '{name}' of the {analysis} analysis is not valid", code="LI-ANA-001", got=got, expected=expected
    )
