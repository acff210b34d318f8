"""One impedance spectrum as arrays: what every method that takes one asks of it."""

from __future__ import annotations

import numpy as np

from lithiate.analysis.robust import FloatArray, IntArray
from lithiate.errors import AnalysisError
from lithiate.formulas.circuit import ComplexArray

FEWEST_ROWS = 8
"""A spectrum with fewer rows has no shape to judge."""


def falling_order(frequency: FloatArray, impedance: ComplexArray, what: str) -> IntArray:
    """Return the order that sorts a spectrum from its highest frequency to its lowest, after checking it.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        In any order.
    impedance : (n,) complex128
    what : str
        What the spectrum is needed for, named in errors.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when shapes differ, there are fewer than `FEWEST_ROWS` rows, a value is not finite, a frequency
        is not positive or occurs twice, or an impedance is zero.
    """

    def refuse(problem: str, got: object, expected: str) -> AnalysisError:
        return AnalysisError(f"{what}: {problem}", code="LI-ANA-001", got=got, expected=expected)

    if frequency.ndim != 1 or frequency.shape != impedance.shape:
        shapes = f"{frequency.shape} and {impedance.shape}"
        raise refuse("frequency and impedance do not fit together", shapes, "two arrays (n,)")
    if frequency.size < FEWEST_ROWS:
        raise refuse("the spectrum is too short", f"{frequency.size} rows", f"at least {FEWEST_ROWS}")
    broken = np.flatnonzero(~(np.isfinite(frequency) & np.isfinite(impedance)))
    if broken.size:
        raise refuse("a value is not finite", f"row {broken[0]}", "numbers")
    if not frequency.min() > 0.0:
        raise refuse("a frequency is not positive", float(frequency.min()), "more than 0 Hz")
    order = np.argsort(-frequency, kind="stable")
    ratio = frequency[order][:-1] / frequency[order][1:]
    if ratio.min() < 1.0 + 1e-9:
        repeated = float(frequency[order][int(np.argmin(ratio))])
        raise refuse("a frequency occurs twice", f"{repeated:g} Hz", "one row a frequency")
    if not np.abs(impedance).min() > 0.0:
        raise refuse("an impedance is zero", f"row {int(np.argmin(np.abs(impedance)))}", "values other than 0")
    return order
