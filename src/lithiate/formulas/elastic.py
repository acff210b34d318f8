"""Bounds of the elastic moduli of a composite of isotropic phases, whatever their arrangement.

Hill, Proc. Phys. Soc. A 65, 349 (1952), 10.1088/0370-1298/65/5/307; Hashin and Shtrikman, J. Mech. Phys. Solids 11, 127
(1963), 10.1016/0022-5096(63)90060-7, in the form of Mavko, Mukerji and Dvorkin, The Rock Physics Handbook, section 4.1.
All fractions sum to one and all moduli are positive; the functions raise `ValueError` where they do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def voigt(fractions: ArrayLike, moduli: ArrayLike) -> float:
    """Return the Voigt bound sum f_i M_i [Pa]: the phases share one strain.

    Parameters
    ----------
    fractions : (n,), volume fractions
    moduli : (n,), Pa
        Bulk or shear moduli.
    """
    volume_fractions, values = _phases(fractions, moduli)
    return float(volume_fractions @ values)


def reuss(fractions: ArrayLike, moduli: ArrayLike) -> float:
    """Return the Reuss bound 1 / sum(f_i / M_i) [Pa]: the phases share one stress.

    Parameters
    ----------
    fractions : (n,), volume fractions
    moduli : (n,), Pa
        Bulk or shear moduli.
    """
    volume_fractions, values = _phases(fractions, moduli)
    return float(1.0 / (volume_fractions @ (1.0 / values)))


def hashin_shtrikman(
    fractions: ArrayLike, bulk_moduli: ArrayLike, shear_moduli: ArrayLike
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the Hashin-Shtrikman bounds of the bulk and of the shear modulus, each (lower, upper) [Pa].

    Parameters
    ----------
    fractions : (n,), volume fractions
    bulk_moduli, shear_moduli : (n,), Pa

    Notes
    -----
    K(z) = [sum f_i / (K_i + 4 z / 3)]^-1 - 4 z / 3 at the smallest and the largest G;
    G(z) = [sum f_i / (G_i + z)]^-1 - z with z = G (9 K + 8 G) / (6 (K + 2 G)) of the smallest and the largest K and G.
    The closest bounds that need no geometry. Where the stiffest phase in K is not the stiffest in G they are still
    bounds, only wider (Walpole's).
    """
    volume_fractions, bulk = _phases(fractions, bulk_moduli)
    _, shear = _phases(fractions, shear_moduli)

    def softened_mean(values: NDArray[np.float64], offset: float) -> float:
        return reuss(volume_fractions, values + offset) - offset

    def zeta(bulk_modulus: float, shear_modulus: float) -> float:
        return shear_modulus / 6.0 * (9.0 * bulk_modulus + 8.0 * shear_modulus) / (bulk_modulus + 2.0 * shear_modulus)

    ends = ((float(bulk.min()), float(shear.min())), (float(bulk.max()), float(shear.max())))
    bulk_low, bulk_high = (softened_mean(bulk, 4.0 / 3.0 * shear_end) for _, shear_end in ends)
    shear_low, shear_high = (softened_mean(shear, zeta(*end)) for end in ends)
    return (bulk_low, bulk_high), (shear_low, shear_high)


def bulk_modulus(youngs_modulus: float, poisson_ratio: float) -> float:
    """Return K = E / (3 (1 - 2 nu)) [Pa] of an isotropic solid."""
    return youngs_modulus / (3.0 * (1.0 - 2.0 * poisson_ratio))


def shear_modulus(youngs_modulus: float, poisson_ratio: float) -> float:
    """Return G = E / (2 (1 + nu)) [Pa] of an isotropic solid."""
    return youngs_modulus / (2.0 * (1.0 + poisson_ratio))


def youngs_modulus(bulk_modulus: float, shear_modulus: float) -> float:
    """Return E = 9 K G / (3 K + G) [Pa]; it rises with K and with G, so bounds of both give bounds of E."""
    return 9.0 * bulk_modulus * shear_modulus / (3.0 * bulk_modulus + shear_modulus)


def _phases(fractions: ArrayLike, moduli: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    volume_fractions = np.asarray(fractions, dtype=np.float64)
    values = np.asarray(moduli, dtype=np.float64)
    if volume_fractions.shape != values.shape or volume_fractions.ndim != 1:
        raise ValueError("one modulus for each fraction is needed")
    if not (np.all(volume_fractions >= 0) and abs(volume_fractions.sum() - 1.0) < 1e-9 and np.all(values > 0)):
        raise ValueError("fractions must sum to one and moduli must be positive")
    return volume_fractions, values
