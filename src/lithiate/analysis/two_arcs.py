"""One arc or two in an impedance spectrum: least squares and an information criterion decide."""

from __future__ import annotations

import math

from attrs import frozen

from lithiate.analysis.circuits.arcs import arcs_of
from lithiate.analysis.circuits.circuit import parse_circuit
from lithiate.analysis.circuits.fit import fit_circuit
from lithiate.analysis.circuits.identifiability import autoregressive_widening, correlation_of_rows
from lithiate.analysis.circuits.result import ACCURACY, CircuitFit
from lithiate.analysis.robust import FloatArray
from lithiate.formulas.circuit import ComplexArray

EVIDENCE = 10.0
"""Difference of the Bayesian information criterion above which two arcs are preferred ("very strong")."""
LARGEST_SPREAD = 0.25
"""Standard uncertainty of ln R of either arc above which it is not resolved."""
SMALLEST_RATIO = 3.0
"""Ratio of time constants below which two arcs are one."""
_LOWEST_EXPONENT = 0.6


@frozen
class TwoArcs:
    """Resistances of the faster and the slower arc and their standard uncertainties, in the unit of the spectrum."""

    resistances: tuple[float, float]
    uncertainties: tuple[float, float]


def resolve_two_arcs(frequency: FloatArray, impedance: ComplexArray, *, width: float, tail: bool) -> TwoArcs | None:
    """Return two arcs where a spectrum shows two, else None.

    Fits R-ZARC and R-ZARC-ZARC (with W where a tail follows), residuals relative to |Z|.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        Rows of the arcs, without the tail.
    impedance : (n,) complex128
    width : float
        Of the arcs, in the unit of `impedance`: what two arcs must nearly add up to, and not exceed.
    tail : bool

    Notes
    -----
    A single depressed arc is the rival, so that a spread of time constants alone does not pass for two arcs. Two
    electrodes that differ can look like two arcs: the fit knows of no electrode.
    """
    rows = 2 * frequency.size
    if rows < 24 or not width > 0.0:
        return None
    tail_of = "-W" if tail else ""
    one, two = (_fitted(f"R{arcs}{tail_of}", frequency, impedance) for arcs in ("-ZARC", "-ZARC-ZARC"))
    gain = rows * math.log((one.sum_of_squares / rows + ACCURACY**2) / (two.sum_of_squares / rows + ACCURACY**2))
    if gain - (two.values.size - one.values.size) * math.log(rows) < EVIDENCE:
        return None
    fast, slow = arcs_of(two)
    # Two arcs are rarely all that there is: what they leave is smooth, and counts as fewer rows, however small it is.
    wider = autoregressive_widening(correlation_of_rows(two), frequency.size)
    spreads = [wider * float(two.spreads[two.circuit.names.index(arc.resistance_name)]) for arc in (fast, slow)]
    # NaN of a resistance at its bound is no small spread.
    if not max(spreads) <= LARGEST_SPREAD or slow.time_constant < SMALLEST_RATIO * fast.time_constant:
        return None
    if min(fast.resistance, slow.resistance) < 0.02 * width or fast.resistance + slow.resistance > 1.5 * width:
        return None
    return TwoArcs((fast.resistance, slow.resistance), (fast.resistance * spreads[0], slow.resistance * spreads[1]))


def _fitted(text: str, frequency: FloatArray, impedance: ComplexArray) -> CircuitFit:
    circuit = parse_circuit(text)
    bounds = {name: (_LOWEST_EXPONENT, 1.0) for name in circuit.names if name.endswith(".exponent")}
    return fit_circuit(circuit, frequency, impedance, bounds=bounds)
