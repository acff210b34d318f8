"""Every fault of a file in one message: dotted key, line, what is wrong, what was got, the nearest match."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from lithiate.core.toml_source import Location, TomlSource, dotted
from lithiate.errors import SpecError, nearest_match

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

    Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], data: Mapping[str, Any], *, source: TomlSource | str, prefix: Location = ()) -> Model:
    """Validate data against a pydantic model and report all faults at once.

    Parameters
    ----------
    model : type of pydantic.BaseModel
    data : mapping
        The part of the document that the model describes.
    source : TomlSource or str
        The file that the data come from, or words that say what they are.
    prefix : Location
        Where `data` stands in the document.

    Raises
    ------
    SpecError
        ``LI-SPEC-002``, one line a fault.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _spec_error(error, model, source, prefix) from None


def _spec_error(
    error: ValidationError, model: type[BaseModel], source: TomlSource | str, prefix: Location
) -> SpecError:
    lines = []
    for detail in error.errors(include_url=False):
        location = (*prefix, *detail["loc"])
        where = "" if isinstance(source, str) else f"{source.where(location)}: "
        lines.append(f"{where}{dotted(location)}: {_describe(detail, model)}")
    name = source if isinstance(source, str) else source.path
    count = "1 fault" if len(lines) == 1 else f"{len(lines)} faults"
    return SpecError(f"{count}\n  " + "\n  ".join(lines) + "\n ", code="LI-SPEC-002", where=name)


def _describe(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Return what is wrong with one key, in words."""
    *parents, key = detail["loc"] or ("",)
    if detail["type"] == "missing":
        return "a required key is missing"
    if detail["type"] == "extra_forbidden":
        keys = _keys(model, parents)
        match = nearest_match(str(key), keys)
        return "unknown key" + (f"; did you mean {match!r}?" if match else f"; expected one of {', '.join(keys)}")
    # A check of our own says all there is to say; pydantic's need the value beside them.
    own = detail["type"] == "value_error"
    message = detail["msg"].removeprefix("Value error, ")
    return message if own else f"{message[:1].lower()}{message[1:]}; got {detail['input']!r}"


def _keys(model: type[BaseModel] | None, location: list[str | int]) -> list[str]:
    """Return the keys that the table at a location may have."""
    parts = iter(location)
    for part in parts:
        field = None if model is None else model.model_fields.get(str(part))
        if field is not None and get_origin(field.annotation) is dict:
            # The next part is a name of the user's; the values are all of one kind.
            next(parts, None)
            model = get_args(field.annotation)[1]
        else:
            model = table_model(model, str(part))
    return [] if model is None else list(model.model_fields)


def table_model(model: type[BaseModel] | None, key: str) -> type[BaseModel] | None:
    """Return the model of the table under a key, or None when no table belongs there."""
    from pydantic import BaseModel

    field = None if model is None else model.model_fields.get(key)
    if field is None:
        return None
    candidates = get_args(field.annotation) if isinstance(field.annotation, types.UnionType) else (field.annotation,)
    for candidate in candidates:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
