"""Fields of cells and experiments: text with a unit or an SI number, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from attrs import NOTHING, Attribute, field

from lithiate.errors import SpecError


def to_si(value: str | float, unit: str) -> float:
    """Return text with a unit as a number in the SI unit `unit`; a number is taken as SI already."""
    if isinstance(value, str):
        from lithiate.units import parse_quantity

        return parse_quantity(value, unit)
    return float(value)


def positive(instance: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - attrs validates any field
    """Refuse what is not above zero, or not finite; None passes."""
    for number in value if isinstance(value, tuple) else (value,):
        if number is not None and not 0 < number < math.inf:
            raise SpecError("must be positive", code="LI-SPEC-002", where=attribute.name, got=number, expected="> 0")


def not_negative(instance: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - as above
    """Refuse what is below zero, or not finite; None passes."""
    for number in value if isinstance(value, tuple) else (value,):
        if number is not None and not 0 <= number < math.inf:
            raise SpecError(
                "must not be negative", code="LI-SPEC-002", where=attribute.name, got=number, expected=">= 0"
            )


def count(default: Any = NOTHING, *, least: int = 1) -> Any:  # noqa: ANN401 - attrs types its fields by the annotation
    """Return a field for a whole number of at least `least`; None only as a default."""

    def check(instance: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - attrs validates any field
        if value is None and default is None:
            return
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
                raise SpecError(
                    "must be a whole number",
                    code="LI-SPEC-002",
                    where=attribute.name,
                    got=number,
                    expected=f">= {least}",
                )

    return field(default=default, validator=check)


def counts(default: Any = NOTHING) -> Any:  # noqa: ANN401 - attrs types its fields by the annotation
    """Return a field for several whole numbers from 0, as a tuple; one number is taken as a tuple of one."""
    plain = count(default, least=0)
    return field(
        default=default,
        converter=lambda value: tuple(value) if isinstance(value, Iterable) else (value,),
        validator=plain._validator,
    )


def one_of(*words: str) -> Any:  # noqa: ANN401 - attrs types its fields by the annotation
    """Return a field whose value is one of some words, by default the first."""

    def check(instance: object, attribute: Attribute[Any], value: str) -> None:
        if value not in words:
            raise SpecError(
                "unknown word", code="LI-SPEC-002", where=attribute.name, got=value, expected=", ".join(words)
            )

    return field(default=words[0], validator=check)


def quantity(unit: str, default: Any = NOTHING, *, zero: bool = False) -> Any:  # noqa: ANN401 - attrs types its fields by the annotation
    """Return a field for a quantity in the SI unit `unit`: above zero, or also zero; None only as a default."""
    return field(
        default=default,
        converter=lambda value: None if value is None else to_si(value, unit),
        validator=not_negative if zero else positive,
    )


def quantities(unit: str, default: Any = NOTHING) -> Any:  # noqa: ANN401 - attrs types its fields by the annotation
    """Return a field for several quantities above zero, as a tuple in the SI unit `unit`."""
    return field(default=default, converter=lambda values: tuple(to_si(v, unit) for v in values), validator=positive)
