"""Faults of a study file: found one by one, told all at once, each with its line and its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from attrs import frozen

from lithiate.core.toml_source import Location, TomlSource, dotted
from lithiate.errors import LithiateError, SpecError, nearest_match

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails


@frozen
class Fault:
    """What is wrong at one place of a study file."""

    location: Location
    text: str


def words(error: LithiateError) -> str:
    """Return what an error says without its place and its code, in one line."""
    # An error that lists several faults has one a line, below a heading that counts them.
    heading, *lines = [line.strip() for line in error.what.splitlines() if line.strip()]
    text = "; ".join(lines) if lines else heading
    text += f"; got {error.got!r}" if error.got is not None else ""
    text += f"; expected {error.expected}" if error.expected is not None else ""
    return text + (f"; did you mean {error.nearest!r}?" if error.nearest is not None else "")


def unknown_word(location: Location, word: str, known: Iterable[str], what: str) -> Fault:
    """Return the fault of a word that is none of those known."""
    choices = list(known)
    match = nearest_match(word, choices)
    text = f"{what}; got {word!r}; expected one of {', '.join(map(repr, choices)) or 'none, there are none'}"
    return Fault(location, text + (f"; did you mean {match!r}?" if match else ""))


def model_faults(
    details: Iterable[ErrorDetails],
    top: type[BaseModel],
    tables: Mapping[str, Mapping[str, type[BaseModel]]],
    planned: Sequence[str],
    foreign_key: Callable[[type[BaseModel], str], str | None] = lambda _model, _key: None,
) -> list[Fault]:
    """Return the faults that pydantic found, in words.

    Parameters
    ----------
    details : iterable of pydantic_core.ErrorDetails
    top : type of pydantic.BaseModel
        The model of the whole file.
    tables : mapping
        Key of an array of tables -> name of its kind (or "" where it has one form only) -> model.
    planned : sequence of str
        Kinds that are known but not available.
    foreign_key : callable
        Model and key -> why the key belongs elsewhere; None where it is known nowhere.
    """
    faults, known = [], list(details)
    for detail in known:
        where = detail["loc"]
        within = [other["loc"] for other in known if len(other["loc"]) > len(where)]
        if detail["type"] == "too_short" and any(loc[: len(where)] == where for loc in within):
            continue  # a list is too short for want of its faulty items
        location, model = _place(detail["loc"], top, tables)
        faults.append(Fault(location, _describe(detail, model, planned, foreign_key)))
    return faults


def _place(
    where: Location, top: type[BaseModel], tables: Mapping[str, Mapping[str, type[BaseModel]]]
) -> tuple[Location, type[BaseModel] | None]:
    """Return the place in the file and the model of the table there.

    pydantic puts the kind of a discriminated table into the path, where the file has no such key.
    """
    if len(where) <= 1:
        return where, top
    models = tables.get(str(where[0]), {})
    if len(where) > 2 and where[2] in models:
        return (*where[:2], *where[3:]), models[str(where[2])] if len(where) <= 4 else None
    return where, models.get("") if len(where) <= 3 else None


def _describe(
    detail: ErrorDetails,
    model: type[BaseModel] | None,
    planned: Sequence[str],
    foreign_key: Callable[[type[BaseModel], str], str | None],
) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return "a required key is missing"
    if kind == "union_tag_not_found":
        return "the key 'kind' is missing"
    if kind == "union_tag_invalid":
        return _describe_kind(context, planned)
    if kind == "extra_forbidden":
        keys = [] if model is None else list(model.model_fields)
        key = str(detail["loc"][-1])
        foreign = None if model is None else foreign_key(model, key)
        if foreign is not None:
            return foreign
        match = nearest_match(key, keys)
        return "unknown key" + (f"; did you mean {match!r}?" if match else f"; expected one of {', '.join(keys)}")
    message = detail["msg"].removeprefix("Value error, ")
    # A check of our own says all there is to say; pydantic's need the value beside them.
    return message if kind == "value_error" else f"{message[:1].lower()}{message[1:]}; got {detail['input']!r}"


def _describe_kind(context: Mapping[str, Any], planned: Sequence[str]) -> str:
    # Tags may say more than the kind; what is told are the kinds.
    kinds = dict.fromkeys(tag.split(" ")[0] for tag in str(context["expected_tags"]).replace("'", "").split(", "))
    got, available = str(context["tag"]), ", ".join(kinds)
    if got in planned:
        return f"the kind {got!r} is planned, not available in this version; available: {available}"
    match = nearest_match(got, [*available.split(", "), *planned])
    return f"unknown kind; got {got!r}; available: {available}" + (f"; did you mean {match!r}?" if match else "")


def raise_faults(source: TomlSource, faults: Sequence[Fault]) -> NoReturn:
    """Raise the one error that tells all faults in the order of the file.

    Raises
    ------
    SpecError
        ``LI-SPEC-002``, always.
    """
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: source.line(fault.location))
    lines = [f"  {source.where(fault.location)}: {dotted(fault.location)}: {fault.text}" for fault in ordered]
    count = "1 fault" if len(lines) == 1 else f"{len(lines)} faults"
    raise SpecError(f"{count}\n" + "\n".join(lines) + "\n ", code="LI-SPEC-002", where=source.path)
