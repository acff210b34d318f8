"""Whether the charge by current and time is that which the instrument counted in its capacity columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.readers.restarts import without_restarts
from lithiate.readers.source import RawRecord

if TYPE_CHECKING:
    import polars as pl

_ROUNDING = 0.1


@frozen
class Charges:
    """The charge [C] in both directions by current and time, and that of the capacity columns."""

    flowed: float
    counted: float

    @property
    def ratio(self) -> float:
        """The charge that flowed over the one that was counted."""
        return self.flowed / self.counted

    @property
    def words(self) -> str:
        """Both charges in Ah, and their ratio."""
        return (
            f"{self.flowed / 3600.0:.4g} Ah from current and time, {self.counted / 3600.0:.4g} Ah counted "
            f"(ratio {self.ratio:.4g})"
        )


def numeric(series: pl.Series, size: int) -> NDArray[np.float64] | None:
    """Return the first cells of a column as float64, None where one of them is no number."""
    import polars as pl

    found = series.head(size).cast(pl.Float64, strict=False)
    return None if found.null_count() else found.to_numpy()


def compared_charges(raw: RawRecord, capacities: Sequence[NDArray[np.float64]]) -> Charges | None:
    """Return both charges of a record, None where it has no current or its counters (n,) [Ah] never rise.

    The rises of all counters are added; resets do not count.
    """
    if raw.current is None:
        return None
    counted = 3600.0 * sum(float(np.maximum(np.diff(array), 0.0).sum()) for array in capacities)
    if not counted > 0.0:
        return None
    # A time that falls back for a row must not count the way back to it as a long step.
    steps = np.diff(np.maximum.accumulate(without_restarts(raw.time)))
    return Charges(float(np.nansum(np.abs(raw.current[:-1]) * steps)), counted)


def with_rounding_warning(raw: RawRecord, charges: Charges) -> RawRecord:
    """Return the record with a warning where both charges differ by more than 10 %."""
    if abs(charges.ratio - 1.0) <= _ROUNDING:
        return raw
    return raw.changed(f"LI-W-CURRENT the current is rounded or incomplete: {charges.words}")
