"""Activation energies from values at several temperatures."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike

from lithiate.constants import GAS_CONSTANT, REFERENCE_TEMPERATURE
from lithiate.errors import AnalysisError

FEWEST_TEMPERATURES = 3
"""Temperatures from which a straight line has an uncertainty."""


@frozen
class ArrheniusFit:
    """A straight line through logarithms over 1/(R T).

    Parameters
    ----------
    activation_energy : float, J/mol
    standard_uncertainty : float, J/mol
        From the scatter about the line.
    interval, interval_80 : (float, float), J/mol
        95 % and 80 %, by Student's t.
    reference_value : float
        Of the line at 25 degC, in the unit of the values.
    """

    activation_energy: float
    standard_uncertainty: float
    interval: tuple[float, float]
    interval_80: tuple[float, float]
    reference_value: float


def fit_arrhenius(temperature: ArrayLike, value: ArrayLike) -> ArrheniusFit:
    """Fit the activation energy of a resistance by ordinary least squares, ``ln R = ln R_0 + E_a / (R T)``.

    Parameters
    ----------
    temperature : (n,) array-like, K
        At least three different ones.
    value : (n,) array-like
        Resistances, above 0, in any unit. Of a conductance or a rate the energy comes out with the other sign.

    Notes
    -----
    Every temperature counts alike: the scatter about the line is taken to be a share of the value. Not valid across a
    change of the process that limits, which a curved plot shows.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for fewer than three temperatures, or values that are not above 0.
    """
    from scipy.stats import t as student

    kelvin, values = np.asarray(temperature, dtype=np.float64), np.asarray(value, dtype=np.float64)
    if kelvin.shape != values.shape or np.unique(kelvin).size < FEWEST_TEMPERATURES:
        raise AnalysisError(
            "an activation energy needs several temperatures",
            code="LI-ANA-001",
            got=f"{np.unique(kelvin).size} temperatures, {values.size} values",
            expected=f"at least {FEWEST_TEMPERATURES} temperatures, one value each",
        )
    if not (np.isfinite(values).all() and (values > 0.0).all() and (kelvin > 0.0).all()):
        raise AnalysisError("values and temperatures must be above 0", code="LI-ANA-001", got=f"{values.min():g}")
    place = 1.0 / (GAS_CONSTANT * kelvin) - 1.0 / (GAS_CONSTANT * REFERENCE_TEMPERATURE)
    centred, height = place - place.mean(), np.log(values)
    width = float(centred @ centred)
    slope = float(centred @ height) / width
    intercept = float(height.mean()) - slope * float(place.mean())
    freedom = kelvin.size - 2
    spread = math.sqrt(float(((height - intercept - slope * place) ** 2).sum()) / freedom / width)
    wide, narrow = (float(student.ppf(share, freedom)) * spread for share in (0.975, 0.9))
    return ArrheniusFit(
        activation_energy=slope,
        standard_uncertainty=spread,
        interval=(slope - wide, slope + wide),
        interval_80=(slope - narrow, slope + narrow),
        reference_value=math.exp(intercept),
    )
