"""What an ablation changes: one mechanism switched off, or one closure replaced by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from lithiate.twin.closures import CLOSURES, MECHANISMS


@frozen
class Change:
    """One change of the twin.

    Parameters
    ----------
    kind : {"mechanism", "closure"}
        A mechanism is switched off, a closure replaced.
    name : str
        Of the mechanism or the closure.
    alternative : str or None
        What a closure is replaced by.
    meaning : str
        What the mechanism does, or what the alternative says.
    """

    kind: str
    name: str
    alternative: str | None
    meaning: str

    @property
    def label(self) -> str:
        """The change in words."""
        words = self.name.replace("_", " ")
        return f"without {words}" if self.alternative is None else f"{words}: {self.alternative}"

    def closures(self, stated: Mapping[str, str]) -> dict[str, str]:
        """Return the closures of a study with this change."""
        return dict(stated) if self.alternative is None else {**stated, self.name: self.alternative}

    def disabled_mechanisms(self, stated: Sequence[str]) -> tuple[str, ...]:
        """Return the disabled mechanisms of a study with this change."""
        return tuple(stated) if self.alternative is not None else (*stated, self.name)


def all_changes(closures: Mapping[str, str], disabled_mechanisms: Sequence[str]) -> list[Change]:
    """Return every mechanism that is on and every alternative that is not used, in the order of the twin's tables."""
    found = [
        Change("mechanism", name, None, mechanism.meaning)
        for name, mechanism in MECHANISMS.items()
        if name not in disabled_mechanisms
    ]
    for name, alternatives in CLOSURES.items():
        found += [
            Change("closure", name, alternative, meaning)
            for alternative, meaning in alternatives.items()
            if alternative != closures.get(name, next(iter(alternatives)))
        ]
    return found
