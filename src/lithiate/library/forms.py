"""Named formulas of the literature, in the units of their sources; a file of the library gives their coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, signature

import numpy as np
from numpy.typing import NDArray

from lithiate.constants import REFERENCE_TEMPERATURE

Array = NDArray[np.float64]
Coefficients = Sequence[float]


def landesfeind_conductivity(c: Array, p: Coefficients, *, temperature: float = REFERENCE_TEMPERATURE) -> Array:
    """Return the conductivity [mS/cm] of a salt solution.

    p1 (1 + T - p2) c (1 + p3 c^1/2 + p4 (1 + p5 e^(1000/T)) c) / (1 + p6 c^4 e^(1000/T)); measured for 0.1-3 mol/L and
    -10 to 50 degC. Landesfeind and Gasteiger, J. Electrochem. Soc. 166, A3079 (2019).

    Parameters
    ----------
    c : (n,) float, mol/L
    p : six floats
    temperature : float, K
    """
    p1, p2, p3, p4, p5, p6 = p
    boltzmann = np.exp(1000.0 / temperature)
    rise = p1 * (1.0 + temperature - p2) * c * (1.0 + p3 * np.sqrt(c) + p4 * (1.0 + p5 * boltzmann) * c)
    return np.asarray(rise / (1.0 + p6 * boltzmann * c**4))


def landesfeind_diffusivity(c: Array, p: Coefficients, *, temperature: float = REFERENCE_TEMPERATURE) -> Array:
    """Return the salt diffusivity [m^2/s]: p1 e^(p2 c) e^(p3/T) e^(p4 c/T) 1e-10.

    Parameters, range and source as for `landesfeind_conductivity`, with four coefficients.
    """
    p1, p2, p3, p4 = p
    return np.asarray(1e-10 * p1 * np.exp(p2 * c + (p3 + p4 * c) / temperature))


def landesfeind_polynomial(c: Array, p: Coefficients, *, temperature: float = REFERENCE_TEMPERATURE) -> Array:
    """Return a transference number or a thermodynamic factor, a polynomial of concentration and temperature.

    p1 + p2 c + p3 T + p4 c^2 + p5 c T + p6 T^2 + p7 c^3 + p8 c^2 T + p9 c T^2; parameters, range and source as for
    `landesfeind_conductivity`, with nine coefficients. The transference number is known to 0.05-0.1.
    """
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = p
    t = temperature
    terms = (p1 + p3 * t + p6 * t**2) + (p2 + p5 * t + p9 * t**2) * c + (p4 + p8 * t) * c**2 + p7 * c**3
    return np.asarray(terms)


def polynomial_and_exponentials(
    x: Array, polynomial: Coefficients, factors: Coefficients, rates: Coefficients, offsets: Coefficients
) -> Array:
    """Return sum_i a_i x^i + sum_j f_j e^(r_j x + o_j) [V], lowest power first."""
    exponentials = sum(f * np.exp(r * x + o) for f, r, o in zip(factors, rates, offsets, strict=True))
    return np.asarray(np.polynomial.polynomial.polyval(x, polynomial) + exponentials, dtype=np.float64)


def polynomial_and_knee(x: Array, polynomial: Coefficients, factor: float, rate: float, power: float) -> Array:
    """Return sum_i a_i x^i + f e^(r x^n) [V], lowest power first: the exponential is the knee towards x = 1."""
    return np.asarray(np.polynomial.polynomial.polyval(x, polynomial) + factor * np.exp(rate * x**power))


def even_rational(x: Array, numerator: Coefficients, denominator: Coefficients) -> Array:
    """Return sum_i n_i x^2i / sum_i d_i x^2i [V], lowest power first."""
    value = np.polynomial.polynomial.polyval
    return np.asarray(value(x**2, numerator) / value(x**2, denominator))


FORMS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        landesfeind_conductivity,
        landesfeind_diffusivity,
        landesfeind_polynomial,
        polynomial_and_exponentials,
        polynomial_and_knee,
        even_rational,
    )
}
"""Name in the files -> formula; what it takes beside its variable are the coefficients."""


def coefficient_names(form: str) -> list[str]:
    """Return the names of a formula's coefficients."""
    _, *others = signature(FORMS[form]).parameters.values()
    return [entry.name for entry in others if entry.kind is Parameter.POSITIONAL_OR_KEYWORD]
