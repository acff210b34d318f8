"""Current profiles within the steps of a study: ``{ profile = "drive.csv", repeat = 20 }``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from lithiate.core.protocol import Repeat, Step
from lithiate.core.toml_source import Location
from lithiate.core.validity import check_step
from lithiate.errors import LithiateError, nearest_match
from lithiate.readers.profile import read_profile
from lithiate.study.faults import Fault, words
from lithiate.study.spec_fields import CellKind


@frozen
class ProfileRepeat(Repeat):
    """The steps of a current profile, and where they come from."""

    source: str = field(kw_only=True)
    """Name of the file as the study has it, and the hash of its content."""

    def __str__(self) -> str:
        steps = [step for step in self.steps if isinstance(step, Step)]
        hours = sum(step.duration or 0.0 for step in steps) / 3600.0
        return f"{self.times} times: profile {self.source}, {len(steps)} steps, {hours:.6g} h"


def holds_profile(items: Sequence[Step | Repeat]) -> bool:
    """Return whether a current profile is among steps, within repeats too."""
    return any(
        isinstance(item, ProfileRepeat) or (isinstance(item, Repeat) and holds_profile(item.steps)) for item in items
    )


def is_profile(item: object) -> bool:
    """Return whether an entry among the steps names a profile."""
    return isinstance(item, Mapping) and "profile" in item


def with_profiles(items: Sequence[Any], folder: Path, cell: CellKind) -> tuple[Any, ...]:
    """Return steps with their profiles read; an entry that cannot be read stays, and `profile_faults` tells why."""
    found: list[Any] = []
    for item in items:
        if isinstance(item, Mapping) and isinstance(item.get("steps"), list):
            found.append({**item, "steps": list(with_profiles(item["steps"], folder, cell))})
        elif is_profile(item) and not any(profile_faults(item, (), folder, cell)):
            found.append(_read(item, folder, cell))
        else:
            found.append(item)
    return tuple(found)


def _read(item: Mapping[str, Any], folder: Path, cell: CellKind) -> ProfileRepeat:
    path = folder / item["profile"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ProfileRepeat(
        read_profile(path, cell=cell), item.get("repeat", 1), source=f"{item['profile']} (sha256 {digest[:12]})"
    )


def profile_faults(item: Mapping[str, Any], location: Location, folder: Path, cell: CellKind) -> Iterator[Fault]:
    """Yield what is wrong with ``{ profile = ..., repeat = ... }``: its keys, its file, or currents out of range."""
    name, times = item["profile"], item.get("repeat", 1)
    for key in item.keys() - {"profile", "repeat"}:
        yield Fault((*location, key), "unknown key; expected one of profile, repeat")
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        yield Fault((*location, "repeat"), f"must be a whole number of repeats, at least 1; got {times!r}")
    here = (*location, "profile")
    if not isinstance(name, str):
        yield Fault(here, f"must be the name of a file beside the study; got {name!r}")
        return
    path = folder / name
    if not path.is_file():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        match = nearest_match(path.name, siblings)
        hint = f"; did you mean {match!r}?" if match else ""
        yield Fault(here, f"there is no such file; got {name!r}{hint}")
        return
    try:
        for step in dict.fromkeys(read_profile(path, cell=cell)):
            check_step(step, full=cell == "full")
    except LithiateError as error:
        yield Fault(here, f"{error.where}: {words(error)}")
