"""A property as a function of one variable, held as points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from lithiate.errors import LibraryError


def _numbers(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


@frozen
class Curve:
    """A function through points: between them a monotone cubic (PCHIP), outside its end slopes go on.

    Parameters
    ----------
    x : sequence of float
        Rising, at least two, SI.
    y : sequence of float
        As many, SI.

    Raises
    ------
    LibraryError
        ``LI-LIB-002`` when the points make no function.
    """

    x: tuple[float, ...] = field(converter=_numbers)
    y: tuple[float, ...] = field(converter=_numbers)

    def __attrs_post_init__(self) -> None:
        points = np.array([self.x, self.y]) if len(self.x) == len(self.y) else np.empty((2, 0))
        if points.shape[1] < 2 or not np.isfinite(points).all() or not (np.diff(points[0]) > 0.0).all():
            raise LibraryError(
                "the points of a curve make no function",
                code="LI-LIB-002",
                got=f"{len(self.x)} x, {len(self.y)} y",
                expected="two or more finite points with rising x",
            )

    @classmethod
    def constant(cls, value: float) -> Curve:
        """Return the curve that is `value` everywhere."""
        return cls((0.0, 1.0), (value, value))

    def __call__(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return y at `x`, of any shape."""
        from scipy.interpolate import PchipInterpolator

        inside = PchipInterpolator(self.x, self.y)
        slope = inside.derivative()
        at = np.asarray(x, dtype=np.float64)
        within = np.clip(at, self.x[0], self.x[-1])
        return np.asarray(inside(within) + slope(within) * (at - within))

    def table(self, low: float, high: float, count: int) -> NDArray[np.float64]:
        """Return values and slopes on an even grid, for compiled look-ups by cubic Hermite: (count, 2).

        Column 1 holds the slopes times the spacing of the grid, so that both have the unit of y.
        """
        from scipy.interpolate import PchipInterpolator

        grid = np.linspace(low, high, count)
        values = self(grid)
        slopes = PchipInterpolator(grid, values).derivative()(grid)
        return np.ascontiguousarray(np.column_stack([values, slopes * (grid[1] - grid[0])]))
