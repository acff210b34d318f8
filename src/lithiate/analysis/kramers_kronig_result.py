"""What the Kramers-Kronig check of a spectrum gives."""

from __future__ import annotations

from attrs import frozen

from lithiate.analysis.robust import BoolArray, FloatArray
from lithiate.formulas.circuit import ComplexArray


@frozen(eq=False, kw_only=True)
class DriftEstimate:
    """How much a spectrum changed while it was recorded, and its standard uncertainty.

    `change` is that of Re Z at the lowest frequency from first to last row, over |Z| there; None with a `reason` where
    the spectrum does not tell. `size` is its magnitude as fitted. `probability` is that of a change of Re Z or of
    all of Z as significant by noise alone.
    """

    size: float
    change: float | None
    standard_uncertainty: float | None
    probability: float
    reason: str | None = None


@frozen(eq=False, kw_only=True)
class KramersKronigCheck:
    """How a spectrum fits elements that obey the Kramers-Kronig relations; rows by falling frequency.

    Parameters
    ----------
    frequency : (n,) float64, Hz
    impedance, fitted : (n,) complex128
        As given, and of the elements fitted to the rows that are not offending.
    residual : (n,) complex128
        (measured - fitted)/|fitted|.
    noise : (n,) float64
        Standard deviation of real and of imaginary part over |fitted|, from the residuals and their degrees of freedom;
        one share of |Z| for all rows, or one size for all rows, whichever the residuals look like.
    elements : int
        Number of resistor-capacitor elements.
    mu : float
        1 - sum |R_k < 0| / sum |R_k >= 0| of these; below 0.85 counts as overfitted for a fit of one part.
    elements_by_mu : int or None
        The number that the rule of mu alone takes; None when no number of elements tried falls below 0.85.
    offending : (n,) bool
        Rows that do not go together with the others.
    systematic : float
        Largest smooth part of the residuals, in the sense of `probability`; about half of what is wrong with Z.
    probability : float
        That noise alone makes a smooth part of Re Z that Im Z does not explain as significant as the one found.
    drift : DriftEstimate
    broken_below, broken_above : float or None, Hz
        Where a smooth violation lies at one end: without the rows beyond, the others pass.
    verdict : {"consistent", "offending rows", "low-frequency end", "high-frequency end", "inconsistent"}
    warnings : tuple of str
    """

    frequency: FloatArray
    impedance: ComplexArray
    fitted: ComplexArray
    residual: ComplexArray
    noise: FloatArray
    elements: int
    mu: float
    elements_by_mu: int | None
    offending: BoolArray
    systematic: float
    probability: float
    drift: DriftEstimate
    broken_below: float | None
    broken_above: float | None
    verdict: str
    warnings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all rows go together."""
        return self.verdict == "consistent"
