"""What a fit of a circuit gives."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.analysis.circuits.circuit import Circuit
from lithiate.formulas.circuit import ComplexArray, FloatArray

ACCURACY = 1e-3
"""Share of |Z| that no instrument is better than: no fit counts as closer, and no uncertainty is smaller."""


@frozen(eq=False, kw_only=True)
class CircuitFit:
    """A circuit fitted to one spectrum.

    Parameters
    ----------
    circuit : Circuit
    frequency : (n,) float64, Hz
    measured, fitted : (n,) complex128, ohm or ohm m2
    used : (n,) bool
        Rows that count.
    values : (p,) float64
        Parameters in the order of `circuit.names`.
    logarithmic : (p,) bool
        Whether a parameter is fitted as its logarithm.
    held, fixed : (p,) bool
        Whether a parameter ended at a bound; whether the caller fixed it.
    lower, upper : (p,) float64
        Bounds.
    sum_of_squares : float
        Of the weighted residuals.
    freedom : int
        Real and imaginary parts that count, less the free parameters.
    inverse_curvature : (p, p) float64
        (J^T J)^-1 of what is fitted, 0 for parameters that are held or fixed, infinite for those that do not show.
    weight : (2n,) float64
        Of real and imaginary parts in turn; 0 where a row does not count.
    converged : bool
    agreeing_starts : int
        Of the starts that were followed to their minimum, those that came to this one.
    rival : (p,) float64, optional
        Where another start ended, if noise does not tell its sum of squares from this one's: mostly the same place.
    """

    circuit: Circuit
    frequency: FloatArray
    measured: ComplexArray
    fitted: ComplexArray
    used: NDArray[np.bool_]
    values: FloatArray
    logarithmic: NDArray[np.bool_]
    held: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    lower: FloatArray
    upper: FloatArray
    sum_of_squares: float
    freedom: int
    inverse_curvature: FloatArray
    weight: FloatArray
    converged: bool
    agreeing_starts: int
    rival: FloatArray | None = None

    def value(self, name: str) -> float:
        """Return a parameter by its name."""
        return float(self.values[self.circuit.names.index(name)])

    @property
    def residuals(self) -> ComplexArray:
        """Fitted minus measured, real and imaginary part times their weights, (n,)."""
        parts = np.ascontiguousarray(self.fitted - self.measured).view(np.float64)
        return np.asarray((parts * self.weight).view(np.complex128))

    @property
    def least_variance(self) -> float:
        """Mean square of a weighted residual that instruments cannot do better than, by `ACCURACY`."""
        size = np.repeat(np.abs(self.measured), 2) * self.weight
        return ACCURACY**2 * float(np.mean(size[np.repeat(self.used, 2)] ** 2))

    @property
    def variance(self) -> float:
        """Mean square of a weighted residual, by the degrees of freedom, and not below `least_variance`."""
        return max(self.sum_of_squares / self.freedom, self.least_variance)

    @property
    def spreads(self) -> FloatArray:
        """Standard deviations (p,) of what is fitted: of ln p, or of an exponent; NaN for what is held or fixed."""
        variance = np.diag(self.inverse_curvature) * self.variance
        return np.where(self.held | self.fixed, math.nan, np.sqrt(variance))

    @property
    def relative_residuals(self) -> ComplexArray:
        """Fitted minus measured over |Z|, (n,); NaN where Z is 0."""
        size = np.abs(self.measured)
        found = np.full(size.shape, math.nan, dtype=np.complex128)
        return np.divide(self.fitted - self.measured, size, out=found, where=size > 0.0)

    @property
    def root_mean_square(self) -> float:
        """Root mean square of |fitted - measured| / |Z| over the rows that count and are not 0."""
        rows = self.used & (self.measured != 0.0)
        return float(np.sqrt(np.mean(np.abs(self.relative_residuals[rows]) ** 2)))

    @property
    def akaike(self) -> float:
        """Akaike's information criterion, corrected for few data (Hurvich & Tsai, Biometrika 76, 297 (1989))."""
        rows = 2 * int(np.count_nonzero(self.used))
        parameters = int(np.count_nonzero(~self.fixed)) + 1
        misfit = self.sum_of_squares / rows + self.least_variance
        spare = max(rows - parameters - 1, 1)
        return rows * math.log(misfit) + 2.0 * parameters + 2.0 * parameters * (parameters + 1) / spare
