"""Synthetic records of symmetric cells with exactly known answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from attrs import frozen

from lithiate.core.measurement import CyclingRecord, Provenance, Specimen

AREA = 1.13e-4
CURRENT = 1.13e-3


@frozen
class SquareCell:
    """A cell that is cycled with a square current; rows lie in the middle of equal steps, so means are exact."""

    half_cycles: int = 80
    rows_per_half: int = 60
    step: float = 60.0
    rest_rows: int = 0
    level: float = 0.05

    @property
    def half_duration(self) -> float:
        return self.rows_per_half * self.step

    def arrays(
        self, shape: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return time, voltage, current; `shape(share of the half cycle, half cycle)` multiplies the level."""
        per_half = self.rows_per_half + self.rest_rows
        row = np.arange(self.half_cycles * per_half)
        half, place = np.divmod(row, per_half)
        on = place < self.rows_per_half
        sign = np.where(half % 2 == 0, 1.0, -1.0)
        factor = np.ones(row.size) if shape is None else shape((place + 0.5) / self.rows_per_half, half)
        voltage = np.where(on, sign * self.level * factor, 0.0)
        return (row + 0.5) * self.step, voltage, np.where(on, sign * CURRENT, 0.0)


def _record(
    time: np.ndarray,
    voltage: np.ndarray,
    current: np.ndarray | None = None,
    *,
    area: float | None = AREA,
    cell: str | None = "symmetric",
    **more: object,
) -> CyclingRecord:
    return CyclingRecord(
        specimen=Specimen("cell", cell=cell, area=area),
        provenance=Provenance("measured", source="bench"),
        time=time,
        voltage=voltage,
        current=current,
        **more,
    )


@pytest.fixture(scope="session")
def square_cell() -> type[SquareCell]:
    return SquareCell


@pytest.fixture(scope="session")
def make_record() -> Callable[..., CyclingRecord]:
    return _record
