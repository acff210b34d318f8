"""The names in a study: of anodes, experiments, files, library entries; resolved, or reported as faults.

These checks read the file as it was parsed, so that they find their faults beside those of the form of the file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from lithiate.core.anode import Anode
from lithiate.core.fields import to_si
from lithiate.core.protocol import parse_step
from lithiate.core.toml_source import Location
from lithiate.core.validity import check_step
from lithiate.errors import LithiateError, nearest_match
from lithiate.library import anode_with, list_names, load_anode, published_values
from lithiate.library.published import PUBLISHED_CONDITIONS
from lithiate.study.faults import Fault, unknown_word, words
from lithiate.study.full_cell_faults import cell_of, full_cell_faults
from lithiate.study.profiles import is_profile, profile_faults
from lithiate.study.spec_fields import CellKind

Document = Mapping[str, Any]


def resolve_anodes(document: Document, folder: Path) -> tuple[dict[str, Anode], dict[str, str], list[Fault]]:
    """Load all anodes of a study, apply its overrides, and derive its variants.

    Returns
    -------
    anodes : dict of str to Anode
        By name, in the order of the study.
    references : dict of str to str
        What the file may call an anode (its name, or its file as written) -> its name.
    faults : list of Fault
    """
    anodes: dict[str, Anode] = {}
    references: dict[str, str] = {}
    faults: list[Fault] = []
    for index, entry in _texts(document.get("anodes")):
        try:
            anode = load_anode(folder / entry if entry.endswith(".toml") else entry)
        except LithiateError as error:
            faults.append(Fault(("anodes", index), words(error)))
            continue
        if anode.name in anodes:
            faults.append(
                Fault(("anodes", index), f"the anode {anode.name!r} is there already; give the file another `name`")
            )
        anodes[anode.name] = anode
        references |= {entry: anode.name, anode.name: anode.name}
    _apply_overrides(document, anodes, references, faults)
    _add_variants(document, anodes, references, faults)
    return anodes, references, faults


def _apply_overrides(
    document: Document, anodes: dict[str, Anode], references: Mapping[str, str], faults: list[Fault]
) -> None:
    overrides = document.get("anode_overrides")
    for reference, changes in overrides.items() if isinstance(overrides, dict) else ():
        location = ("anode_overrides", reference)
        if reference not in references:
            faults.append(unknown_word(location, reference, references, "not an anode of this study"))
        elif isinstance(changes, dict):
            name = references[reference]
            anodes[name] = _changed(anodes[name], changes, location, faults)


def _add_variants(
    document: Document, anodes: dict[str, Anode], references: dict[str, str], faults: list[Fault]
) -> None:
    for index, variant in _tables(document, "anode_variants"):
        base, name, changes = variant.get("base"), variant.get("name"), variant.get("overrides")
        if not (isinstance(base, str) and isinstance(name, str) and isinstance(changes, dict)):
            continue
        if base not in references:
            location = ("anode_variants", index, "base")
            faults.append(unknown_word(location, base, references, "not an anode of this study"))
            continue
        if name in references:
            faults.append(Fault(("anode_variants", index, "name"), f"the anode {name!r} is there already"))
        changed = _changed(anodes[references[base]], changes, ("anode_variants", index, "overrides"), faults)
        anodes[name] = attrs.evolve(changed, name=name)
        references[name] = name


def _changed(anode: Anode, changes: Mapping[str, Any], location: Location, faults: list[Fault]) -> Anode:
    """Return the anode with changes; where they are faulty, each is tried alone so that its own line can be told."""
    try:
        return anode_with(anode, changes)
    except LithiateError as error:
        found = []
        for key, value in changes.items():
            try:
                anode_with(anode, {key: value})
            except LithiateError as single:
                found.append(Fault((*location, key), words(single)))
        faults.extend(found or [Fault(location, words(error))])
        return anode


def unresolved_references(document: Document, references: Mapping[str, str], folder: Path) -> list[Fault]:
    """Return the faults of all names that stand for something else: a word that is not known, a name given twice."""
    faults: list[Fault] = []
    experiments = [entry["name"] for _, entry in _tables(document, "experiments") if isinstance(entry.get("name"), str)]
    labels = list(dict.fromkeys(value.experiment for value in published_values()))
    known = {
        "electrolyte": (list_names("electrolytes"), "not in the library's electrolytes"),
        "cathode": (list_names("cathodes"), "not in the library's cathodes"),
        "separator": (list_names("separators"), "not in the library's separators"),
        "published": (labels, "not the label of published values"),
    }
    seen: list[object] = []
    for index, entry in _tables(document, "experiments"):
        location: Location = ("experiments", index)
        name = entry.get("name")
        if name in seen:
            faults.append(Fault((*location, "name"), f"the experiment {name!r} is there already"))
        seen.append(name)
        for key, (choices, what) in known.items():
            if isinstance(entry.get(key), str) and entry[key] not in choices:
                faults.append(unknown_word((*location, key), entry[key], choices, what))
        faults += _anode_faults(entry.get("anodes"), location, references)
        faults += _published_faults(entry, location)
        faults += full_cell_faults(entry, location)
        if entry.get("kind") == "protocol" and isinstance(entry.get("steps"), list):
            faults += _step_faults(entry["steps"], (*location, "steps"), folder, cell_of(entry))
    for index, entry in _tables(document, "measurements"):
        faults += _measurement_faults(entry, ("measurements", index), references, experiments, folder)
    faults += _ablation_faults(document.get("ablation"), references, experiments)
    faults += _choice_faults(document)
    if not document.get("experiments") and not document.get("measurements"):
        faults.append(Fault((), "the study has nothing to do; expected at least one experiment or measurement"))
    return faults


def _published_faults(entry: Document, location: Location) -> Iterator[Fault]:
    """Yield where an experiment is not what the published values of its label were measured under."""
    for key, published in PUBLISHED_CONDITIONS.get(str(entry.get("published")), {}).items():
        stated = cell_of(entry) if key == "cell" else entry.get(key, published)
        if stated == published or key not in ("current_density", "areal_capacity"):
            same = stated == published
        else:
            try:
                same = math.isclose(_areal(key, stated), _areal(key, published), rel_tol=1e-9)
            except LithiateError:
                same = True  # that it cannot be read is a fault of its own
        if not same:
            text = f"the published values were measured at {published!r}; got {stated!r}; leave `published` out"
            yield Fault((*location, key), text)


def _areal(key: str, text: object) -> float:
    unit = "A/m^2" if key == "current_density" else "C/m^2"
    return to_si(text if isinstance(text, str) else 0.0, unit)


_OTHER_ACTIONS = {"charge": "strip", "discharge": "plate", "plate": "discharge", "strip": "charge"}
_ACTIONS_ELSEWHERE = dict.fromkeys(("symmetric", "plating"), ("charge", "discharge")) | {"full": ("plate", "strip")}


def _step_faults(items: list[Any], location: Location, folder: Path, cell: CellKind) -> Iterator[Fault]:
    """Yield what is wrong with the steps of a protocol, each with its own line."""
    for index, item in enumerate(items):
        here = (*location, index)
        if isinstance(item, str):
            yield from _text_faults(item, here, cell)
        elif is_profile(item):
            yield from profile_faults(item, here, folder, cell)
        elif isinstance(item, dict) and set(item) == {"repeat", "steps"}:
            times, steps = item["repeat"], item["steps"]
            if isinstance(times, bool) or not isinstance(times, int) or times < 1:
                yield Fault((*here, "repeat"), f"must be a whole number of repeats, at least 1; got {times!r}")
            if isinstance(steps, list) and steps:
                yield from _step_faults(steps, (*here, "steps"), folder, cell)
            else:
                yield Fault((*here, "steps"), f"must be a list of steps; got {steps!r}")
        else:
            forms = 'a step in words, { repeat = 10, steps = [...] } nor { profile = "drive.csv", repeat = 20 }'
            yield Fault(here, f"is neither {forms}; got {item!r}")


def _text_faults(text: str, location: Location, cell: CellKind) -> Iterator[Fault]:
    try:
        step = parse_step(text)
        if step.action in _ACTIONS_ELSEWHERE[cell]:
            yield _foreign_action(text, step.action, location, cell)
        else:
            check_step(step, full=cell == "full")
    except LithiateError as error:
        yield Fault(location, words(error))


def _foreign_action(text: str, action: str, location: Location, cell: CellKind) -> Fault:
    """Return the fault of a step that belongs to another kind of cell."""
    verb = "charges and discharges" if cell == "full" else "plates and strips"
    end = "" if cell == "full" else '; cell = "full" makes it one with a cathode'
    return Fault(location, f"a {cell} cell {verb}; got {text!r}; expected {_OTHER_ACTIONS[action]!r}{end}")


def _choice_faults(document: Document) -> Iterator[Fault]:
    """Yield closures and mechanisms that the twin does not know."""
    closures, mechanisms = document.get("closures"), document.get("disabled_mechanisms")
    if not closures and not mechanisms:
        return
    # Importing the twin costs a third of a second: studies that choose nothing do without.
    from lithiate.twin.closures import CLOSURES, MECHANISMS

    for name, alternative in closures.items() if isinstance(closures, dict) else ():
        if name not in CLOSURES:
            yield unknown_word(("closures", name), name, CLOSURES, "not a closure of the twin")
        elif isinstance(alternative, str) and alternative not in CLOSURES[name]:
            yield unknown_word(("closures", name), alternative, CLOSURES[name], "not an alternative of this closure")
    for index, name in _texts(mechanisms):
        if name not in MECHANISMS:
            yield unknown_word(("disabled_mechanisms", index), name, MECHANISMS, "not a mechanism of the twin")


def _ablation_faults(entry: object, references: Mapping[str, str], experiments: list[str]) -> Iterator[Fault]:
    if not isinstance(entry, dict):
        return
    yield from _anode_faults(entry.get("anodes"), ("ablation",), references)
    for index, name in _texts(entry.get("experiments")):
        if name not in experiments:
            location = ("ablation", "experiments", index)
            yield unknown_word(location, name, experiments, "not an experiment of this study")


def _anode_faults(entries: object, location: Location, references: Mapping[str, str]) -> Iterator[Fault]:
    for position, reference in _texts(entries):
        if reference not in references:
            yield unknown_word((*location, "anodes", position), reference, references, "not an anode of this study")


def _measurement_faults(
    entry: Document, location: Location, references: Mapping[str, str], experiments: list[str], folder: Path
) -> Iterator[Fault]:
    anode, experiment = entry.get("anode"), entry.get("experiment")
    if isinstance(anode, str) and anode not in references:
        yield unknown_word((*location, "anode"), anode, references, "not an anode of this study")
    if isinstance(experiment, str) and experiment not in experiments:
        yield unknown_word((*location, "experiment"), experiment, experiments, "not an experiment of this study")
    for position, name in _texts(entry.get("files")):
        path = folder / name
        if not path.exists():
            siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
            match = nearest_match(path.name, siblings)
            hint = f"; did you mean {match!r}?" if match else ""
            yield Fault((*location, "files", position), f"there is no such file or folder; got {name!r}{hint}")


def _tables(document: Document, key: str) -> Iterator[tuple[int, Document]]:
    entries = document.get(key)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield index, entry


def _texts(entries: object) -> Iterator[tuple[int, str]]:
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, str):
            yield index, entry
