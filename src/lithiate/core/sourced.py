"""A number of the library with its range, its source and its status."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from lithiate.units import convert

Status = Literal["measured", "assumed"]


@frozen
class Sourced:
    """A value in SI units, and where it comes from.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        SI unit.
    source : str
        Publication, data sheet or argument that the value comes from.
    status : {"measured", "assumed"}
        ``measured`` where the number was read in its source; ``assumed`` where it was recalled, estimated or chosen.
    printed_unit : str
        Unit in which the value is shown.
    range : (float, float) or None
        Lowest and highest plausible value, in `unit`.
    note : str or None
        What a user of the number should know.
    """

    value: float
    unit: str
    source: str
    status: Status
    printed_unit: str
    range: tuple[float, float] | None = None
    note: str | None = None

    @property
    def printed_value(self) -> float:
        """The value in `printed_unit`."""
        return convert(self.value, self.unit, self.printed_unit)

    @property
    def printed_range(self) -> tuple[float, float] | None:
        """The range in `printed_unit`, or None."""
        if self.range is None:
            return None
        low, high = (convert(bound, self.unit, self.printed_unit) for bound in self.range)
        return low, high
