"""Events of a cell's short circuits: what happened, when, how surely, and what else speaks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

KINDS = ("hard", "soft", "fall", "noise")
"""Hard short; soft short; a fall that has another reason or comes slowly; noise that grew with no fall beside it."""


@frozen(kw_only=True)
class ShortEvent:
    """One event, in SI units; None where something does not apply or is not known.

    Parameters
    ----------
    kind : {"hard", "soft", "fall", "noise"}
    onset : float, s
        Record time.
    not_before, not_after : float, s
        Interval in which the onset lies.
    recovered_at : float or None, s
        When |V| was back by two thirds of the fall.
    fall : float or None
        Share of |V| that was lost; of a noise event None.
    level_before, level_after : float or None, V
        Of |V|; of a noise event of the noise.
    score : float or None
        Of the change in units of its usual scatter, see `lithiate.analysis.change_points`.
    evidence : tuple of str
        What speaks for the event, in words.
    """

    kind: str
    onset: float
    not_before: float
    not_after: float
    recovered_at: float | None = None
    fall: float | None = None
    level_before: float | None = None
    level_after: float | None = None
    score: float | None = None
    evidence: tuple[str, ...] = ()

    @property
    def recovered(self) -> bool:
        """Whether the voltage came back."""
        return self.recovered_at is not None


@frozen(kw_only=True)
class ShortEvents:
    """All events of a record in the order of time.

    Parameters
    ----------
    events : tuple of ShortEvent
    observed_from, observed_until : float, s
        Stretch of record time in which a soft short would have been seen; both are equal when there was none.
    false_alarms_per_1000_h : float
        Accepted on a record without shorts, by the null model.
    score_threshold : float or None
        Score from which a change counts; None when the record is too short to judge.
    origin : float, s
        Record time from which the table counts.
    """

    events: tuple[ShortEvent, ...]
    observed_from: float
    observed_until: float
    false_alarms_per_1000_h: float
    score_threshold: float | None
    origin: float = 0.0

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[ShortEvent]:
        return iter(self.events)

    def of(self, kind: str) -> tuple[ShortEvent, ...]:
        """Return the events of one kind."""
        return tuple(event for event in self.events if event.kind == kind)

    def table(self) -> dict[str, tuple[NDArray[Any], str]]:
        """Return the events as columns with their SI units, NaN where there is no number; times from the first row."""

        def numbers(name: str, unit: str, offset: float = 0.0) -> tuple[NDArray[Any], str]:
            values = [getattr(event, name) for event in self.events]
            return np.array([np.nan if v is None else v - offset for v in values], dtype=np.float64), unit

        return {
            "kind": (np.array([event.kind for event in self.events], dtype=np.str_), "1"),
            "onset": numbers("onset", "s", self.origin),
            "not_before": numbers("not_before", "s", self.origin),
            "not_after": numbers("not_after", "s", self.origin),
            "recovered": (np.array([event.recovered for event in self.events], dtype=np.bool_), "1"),
            "recovered_at": numbers("recovered_at", "s", self.origin),
            "fall": numbers("fall", "1"),
            "level_before": numbers("level_before", "V"),
            "level_after": numbers("level_after", "V"),
            "score": numbers("score", "1"),
            "evidence": (np.array(["; ".join(event.evidence) for event in self.events], dtype=np.str_), "1"),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the events as plain types for JSON, in SI; times from the first row of the record."""

        def plain(value: float | None, offset: float = 0.0) -> float | None:
            return None if value is None else float(value) - offset

        rows = [
            {
                "kind": event.kind,
                "onset": plain(event.onset, self.origin),
                "interval": [plain(event.not_before, self.origin), plain(event.not_after, self.origin)],
                "recovered": event.recovered,
                "recovered_at": plain(event.recovered_at, self.origin),
                "fall": plain(event.fall),
                "level_before": plain(event.level_before),
                "level_after": plain(event.level_after),
                "score": plain(event.score),
                "evidence": list(event.evidence),
            }
            for event in self.events
        ]
        return {
            "events": rows,
            "observed": [self.observed_from - self.origin, self.observed_until - self.origin],
            "false_alarms_per_1000_h": self.false_alarms_per_1000_h,
            "score_threshold": self.score_threshold,
        }
