"""Laws of electron transfer: the current density of one electrode against its overpotential, and back.

Overpotentials in V, positive where the electrode is oxidised; current densities in A/m2 with the same sign. All laws
have the exchange current density j0 as their rate at equilibrium: ``j -> j0 F eta / (R T)`` at small overpotentials.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lithiate.constants import FARADAY, thermal_voltage

FloatArray = NDArray[np.float64]

CHIDSEY_STEP = 1.0
"""Step of the trapezoidal rule [kT]: it errs by exp(-2 pi^2 / step), 3e-9, as sech(x/2) has its poles at +-i pi."""
_CHIDSEY_REACH = 60.0


def butler_volmer_current(
    overpotential: ArrayLike,
    exchange_current_density: float,
    temperature: float,
    *,
    transfer_coefficient: float = 0.5,
    anodic_limit: float = math.inf,
    cathodic_limit: float = math.inf,
) -> FloatArray:
    """Return the current density of Butler-Volmer kinetics behind layers that the reactants diffuse through.

    ``j = j0 (e^(a f eta) - e^(-(1 - a) f eta)) / (1 + (j0/j_a) e^(a f eta) + (j0/j_c) e^(-(1 - a) f eta))``

    with f = F/(RT): what ``j = j0 ((1 - j/j_a) e^(a f eta) - (1 + j/j_c) e^(-(1 - a) f eta))`` gives for j.

    Parameters
    ----------
    overpotential : (n,) array-like, V
        Without the ohmic drop.
    exchange_current_density : float, A/m2
    temperature : float, K
    transfer_coefficient : float
        a of the oxidation, in 0-1; the reduction has 1 - a.
    anodic_limit, cathodic_limit : float, A/m2
        Magnitudes of the limiting current densities; infinite where nothing limits. Plating is cathodic.

    Returns
    -------
    (n,) float64, A/m2

    Notes
    -----
    Not valid for lithium above some 0.1 V, where the rate bends below the exponential.

    References
    ----------
    Bard and Faulkner, *Electrochemical Methods*, 2nd ed., 2001, eq. 3.4.10.
    """
    reduced = np.asarray(overpotential, dtype=np.float64) / thermal_voltage(temperature)
    forward = np.exp(transfer_coefficient * reduced)
    backward = np.exp(-(1.0 - transfer_coefficient) * reduced)
    shares = 1.0 / anodic_limit, 1.0 / cathodic_limit
    hindered = 1.0 + exchange_current_density * (shares[0] * forward + shares[1] * backward)
    return np.asarray(exchange_current_density * (forward - backward) / hindered, dtype=np.float64)


def butler_volmer_overpotential(
    current_density: ArrayLike,
    exchange_current_density: float,
    temperature: float,
    *,
    anodic_limit: float = math.inf,
    cathodic_limit: float = math.inf,
) -> FloatArray:
    """Return the overpotential of symmetric Butler-Volmer kinetics (a = 1/2), explicit in the current density.

    ``eta = (2RT/F) ln[(j/j0 + sqrt((j/j0)^2 + 4 (1 - j/j_a) (1 + j/j_c))) / (2 (1 - j/j_a))]``

    which is ``(2RT/F) asinh(j / 2 j0)`` without limits. Other transfer coefficients have no explicit form.

    Parameters
    ----------
    current_density : (n,) array-like, A/m2
        Between minus the cathodic and the anodic limit; NaN outside of them.
    exchange_current_density, temperature, anodic_limit, cathodic_limit
        As in `butler_volmer_current`.

    Returns
    -------
    (n,) float64, V
    """
    current = np.asarray(current_density, dtype=np.float64)
    forward, backward = 1.0 - current / anodic_limit, 1.0 + current / cathodic_limit
    inside = (forward > 0.0) & (backward > 0.0)
    ratio = current / exchange_current_density
    root = np.sqrt(ratio**2 + 4.0 * np.where(inside, forward * backward, 1.0))
    # Either form of the root of a quadratic, by which one does not take the difference of like numbers.
    upper = np.where(ratio >= 0.0, ratio + root, 4.0 * np.where(inside, forward * backward, 1.0) / (root - ratio))
    eta = 2.0 * thermal_voltage(temperature) * np.log(upper / (2.0 * np.where(inside, forward, 1.0)))
    return np.where(inside, eta, math.nan)


def marcus_hush_current(
    overpotential: ArrayLike, exchange_current_density: float, reorganisation_energy: float, temperature: float
) -> FloatArray:
    """Return the current density of symmetric Marcus-Hush kinetics, with electrons of the Fermi level alone.

    ``j = 2 j0 sinh(F eta / 2RT) exp(-(F eta)^2 / (4 Lambda R T))``

    Parameters
    ----------
    overpotential : (n,) array-like, V
    exchange_current_density : float, A/m2
    reorganisation_energy : float, J/mol
        Lambda of this law; that of Marcus-Hush-Chidsey is another number on the same data (0.18-0.22 eV where this has
        0.29-0.34 eV, lithium).
    temperature : float, K

    Returns
    -------
    (n,) float64, A/m2

    Notes
    -----
    From F eta = Lambda on the rate falls again, which no metal electrode does: not valid from about 0.8 Lambda on.

    References
    ----------
    Boyle et al., ACS Energy Lett. 5, 701 (2020), doi:10.1021/acsenergylett.0c00031.
    """
    reduced = np.asarray(overpotential, dtype=np.float64) / thermal_voltage(temperature)
    energy = reorganisation_energy / (FARADAY * thermal_voltage(temperature))
    # In one exponent each, so that neither factor overflows alone.
    bend = reduced**2 / (4.0 * energy)
    return np.asarray(exchange_current_density * (np.exp(0.5 * reduced - bend) - np.exp(-0.5 * reduced - bend)))


def marcus_hush_chidsey_current(
    overpotential: ArrayLike, exchange_current_density: float, reorganisation_energy: float, temperature: float
) -> FloatArray:
    """Return the current density of symmetric Marcus-Hush-Chidsey kinetics: electrons of all levels of a metal.

    With x the energy of an electron from the Fermi level over RT, h = F eta/(RT), L = Lambda/(RT),

    ``k(s) = int exp(-(x - L + s)^2 / (4L)) / (1 + e^x) dx``, ``j = j0 (k(h) - k(-h)) / k(0)``;

    completing the square, ``j = 2 j0 sinh(h/2) G(h)/G(0)``, ``G(h) = int exp(-(x - h)^2 / (4L)) sech(x/2) dx``, which
    the trapezoidal rule gives to 1e-8.

    Parameters
    ----------
    overpotential : (n,) array-like, V
    exchange_current_density : float, A/m2
    reorganisation_energy : float, J/mol
        Lambda of this law, at least RT.
    temperature : float, K

    Returns
    -------
    (n,) float64, A/m2

    Notes
    -----
    Constant density of states, adiabatic or not alike. The current saturates where F eta is above Lambda.

    References
    ----------
    Chidsey, Science 251, 919 (1991); Zeng et al., J. Electroanal. Chem. 735, 77 (2014), eq. 6.
    """
    reduced = np.asarray(overpotential, dtype=np.float64) / thermal_voltage(temperature)
    bending = FARADAY * thermal_voltage(temperature) / reorganisation_energy
    logarithm, _, _ = log_chidsey_integral(np.append(np.abs(reduced).ravel(), 0.0), bending)
    bend = logarithm[:-1].reshape(reduced.shape) - logarithm[-1]
    return np.asarray(exchange_current_density * (np.exp(0.5 * reduced + bend) - np.exp(-0.5 * reduced + bend)))


def log_chidsey_integral(reduced: FloatArray, bending: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return ln G of `marcus_hush_chidsey_current`, its slope in h, and its slope in m.

    Parameters
    ----------
    reduced : (n,) float64
        h = F eta/(RT), at least 0.
    bending : float
        m = RT/Lambda, from 0 (Butler-Volmer) to 1.

    Returns
    -------
    (n,) float64, three times
    """
    x = np.arange(-_CHIDSEY_REACH, _CHIDSEY_REACH + float(reduced.max(initial=0.0)) + CHIDSEY_STEP, CHIDSEY_STEP)
    apart = x - reduced[:, None]
    size = np.abs(x)
    # ln sech(x/2) without overflow.
    exponent = -0.25 * bending * apart**2 - 0.5 * size - np.log1p(np.exp(-size))
    highest = exponent.max(axis=1, keepdims=True)
    terms = np.exp(exponent - highest)
    total = terms.sum(axis=1)
    slope = 0.5 * bending * (terms * apart).sum(axis=1) / total
    by_bending = -0.25 * (terms * apart**2).sum(axis=1) / total
    return highest[:, 0] + np.log(2.0 * CHIDSEY_STEP * total), slope, by_bending
