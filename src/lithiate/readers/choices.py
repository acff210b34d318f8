"""Which columns of a table make up a record, and what is known of the instrument that wrote them."""

from __future__ import annotations

from attrs import frozen

from lithiate.readers.clock import Order
from lithiate.readers.columns import Choice


@frozen
class Choices:
    """The columns of a record: required ones, optional ones, and those that explain them.

    `time_of_clock` says that no column is a time, and that the column of the clock stands for it.
    """

    time: Choice
    voltage: Choice
    current: Choice | None
    cycle: int | None
    step_type: int | None
    clock: int | None
    step: int | None = None
    time_of_step: bool = False
    time_of_clock: bool = False

    @property
    def indices(self) -> list[int]:
        """All columns that are to be loaded."""
        chosen = [choice.index for choice in (self.time, self.voltage, self.current) if choice is not None]
        others = (self.cycle, self.step_type, self.clock, self.step)
        return chosen + [index for index in others if index is not None]

    @property
    def of_numbers(self) -> list[int]:
        """Columns of numbers that a record needs."""
        needed = (None if self.time_of_clock else self.time, self.voltage, self.current)
        return [choice.index for choice in needed if choice is not None]


@frozen
class Habits:
    """What is known of the instrument that wrote a table.

    Parameters
    ----------
    date_order : {"month", "day"} or None
        What stands first in dates that leave it open; None where nothing is known, and then they tell no start.
    magnitudes : bool
        It writes the current without a sign, so that a table without step types does not tell its direction.
    signed : bool
        It writes the current with its sign, so that one that is never negative is one of charge.
    time_by_clock : bool
        It writes times without a unit, which differs from file to file and is told by the clock.
    rest_words : frozenset of str
        Step types that are rests and do not say so in words.
    day : float or None, s since 1970
        Day on which a clock without dates began.
    """

    date_order: Order | None = None
    magnitudes: bool = False
    signed: bool = False
    time_by_clock: bool = False
    rest_words: frozenset[str] = frozenset()
    day: float | None = None


NO_HABITS = Habits()
