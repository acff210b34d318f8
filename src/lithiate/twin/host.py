"""The interior of a host: its sites, its space, how far current reaches into it."""

from __future__ import annotations

import math

from lithiate._jit import Record, Vector, njit, njit_inner
from lithiate.twin.elementary import exponential
from lithiate.twin.states import Q_RESERVOIR, Q_SEI_INTERIOR

_SHALLOW = 0.01
"""Below it the power series of tanh(nu)/nu is exact to 1e-13."""


@njit
def lithiophilic_share(nitride_capture: float, intact: float, other_capture: float, buried: float) -> float:
    """Return the share of the host's surface that draws lithium to lithiophilic sites.

    Poisson capture: particles placed at random, each serving an area around it, leave exp(-X) unserved,
    theta = 1 - exp(-(X_Mo2N <1-D> + X_other) exp(-buried)).

    Parameters
    ----------
    nitride_capture : float
        Mean number of Mo2N captures, X_Mo2N.
    intact : float
        Share of those sites that fatigue has left, <1 - D>.
    other_capture : float
        Captures that do not fatigue here (WN, nitrogen in the carbon).
    buried : float
        Interior interphase charge over the charge that buries the sites.
    """
    return 1.0 - exponential(-(nitride_capture * intact + other_capture) * exponential(-max(buried, 0.0)))


@njit
def interior_capacity(
    initial_void: float, opened_share: float, opened_charge: float, swelling: float, interphase: float
) -> float:
    """Return the lithium that the interior can hold [C/m2].

    q_cap = q_void0 + f_open q_opened - (swelling) q_sei: lithium is the matrix and the host its filler, so a fully
    infused host has no room; stripping the reservoir opens it, interior interphase closes it again.
    """
    return max(initial_void + opened_share * max(opened_charge, 0.0) - swelling * max(interphase, 0.0), 1.0)


@njit_inner
def electrode_capacity(y: Vector, offset: int, electrode: Record, cell: Record) -> float:
    """Return `interior_capacity` for the electrode whose states begin at `offset` [C/m2]."""
    return interior_capacity(
        electrode.initial_void,
        electrode.opened_fraction,
        electrode.initial_reservoir - y[offset + Q_RESERVOIR],
        cell.sei_swelling,
        y[offset + Q_SEI_INTERIOR],
    )


def contact_share(envelope_fraction: float, threshold: float, width: float) -> float:
    """Return the share of a stripped skeleton that keeps contact, logistic in the spheres' envelope volume fraction.

    The threshold is near 0.16 for random contacts (Scher & Zallen, J. Chem. Phys. 53, 3759 (1970)).
    """
    return 1.0 / (1.0 + math.exp(-(envelope_fraction - threshold) / width))


@njit
def penetration(depth: float, area_density: float, conductivity: float, resistance: float) -> float:
    """Return the share of the interior area that carries current, tanh(nu)/nu with nu = L sqrt(a / (kappa R)).

    Transmission line of a porous electrode with ideal electronic conduction (Newman & Tobias, J. Electrochem. Soc. 109,
    1183 (1962)). `depth` L [m], `area_density` a [1/m], `conductivity` kappa of the pores [S/m], `resistance` R of the
    surface [ohm m2].
    """
    nu = depth * math.sqrt(area_density / (conductivity * resistance))
    if nu < _SHALLOW:
        return 1.0 - nu * nu * (1.0 / 3.0 - nu * nu * (2.0 / 15.0))
    decay = exponential(-2.0 * nu)
    return (1.0 - decay) / ((1.0 + decay) * nu)


@njit
def open_share(fill: float, exponent: float) -> float:
    """Return the share of the interior area that a partly filled interior still offers, 1 - fill^p."""
    if fill <= 0.0:
        return 1.0
    return max(1.0 - fill**exponent, 0.0)
