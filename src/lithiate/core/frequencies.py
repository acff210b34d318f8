"""Frequencies of spectra."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.fields import count, quantity
from lithiate.errors import SpecError


@frozen(kw_only=True, slots=False)
class FrequencyGrid:
    """Frequencies of a spectrum; a part of an experiment, beside its kind of cell.

    Parameters
    ----------
    highest_frequency, lowest_frequency : str or float, 1/s
        Default 1 MHz to 10 mHz.
    points_per_decade : int
    """

    highest_frequency: float = quantity("1/s", 1e6)
    lowest_frequency: float = quantity("1/s", 1e-2)
    points_per_decade: int = count(10)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()  # type: ignore[misc]  # of the kind of cell beside it
        if not self.highest_frequency > self.lowest_frequency:
            raise SpecError(
                "the highest frequency must lie above the lowest",
                code="LI-SPEC-002",
                where="highest_frequency",
                got=f"{self.highest_frequency:g} 1/s, lowest {self.lowest_frequency:g} 1/s",
            )

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Frequencies, falling [1/s]."""
        return frequency_grid(self.highest_frequency, self.lowest_frequency, self.points_per_decade)


def frequency_grid(highest: float, lowest: float, points_per_decade: int) -> NDArray[np.float64]:
    """Return frequencies from `highest` to `lowest`, evenly spaced in the logarithm, both included [1/s]."""
    count = max(2, round(points_per_decade * float(np.log10(highest / lowest))) + 1)
    return np.asarray(np.geomspace(highest, lowest, count))
