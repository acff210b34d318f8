"""Wetting of porous solids by a liquid: pressures of menisci, mixed surfaces, flow into pores, covered shares.

The functions raise nothing: they hold for any positive radius, time and tension.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def capillary_pressure(surface_tension: float, cosine: float, radius: float) -> float:
    """Return the pressure [Pa] that draws a liquid into a round pore; below 0 it keeps the liquid out.

    Young-Laplace, p = 2 gamma cos(theta) / r. Continuum theory: at radii of about 1 nm its magnitude is a guide, its
    sign holds.

    Parameters
    ----------
    surface_tension : float, N/m
    cosine : float
        Of the contact angle.
    radius : float, m
    """
    return 2.0 * surface_tension * cosine / radius


def mixed_cosine(shares: Iterable[float], cosines: Iterable[float]) -> float:
    """Return the cosine of the contact angle on a surface of patches, sum f_k cos(theta_k).

    Cassie and Baxter, Trans. Faraday Soc. 40, 546 (1944), 10.1039/tf9444000546. Holds for patches far smaller than the
    meniscus; for patches of its size it is a mean about which the local angle scatters. The shares sum to 1.
    """
    return sum(share * cosine for share, cosine in zip(shares, cosines, strict=True))


def infiltration_pressure(viscosity: float, distance: float, time: float, radius: float, open_share: float) -> float:
    """Return the pressure [Pa] that drives a front through `distance` of porous solid in `time`.

    Washburn, Phys. Rev. 17, 273 (1921), 10.1103/PhysRev.17.273, with flow through a share of the cross-section alone:
    p = 4 mu L^2 / (f r^2 t). Laminar flow at constant pressure, no inertia.

    Parameters
    ----------
    viscosity : float, Pa s
    distance : float, m
    time : float, s
    radius : float, m
        Of the narrowest pores on the way.
    open_share : float
        Cross-section of those pores over the cross-section of the pores that they feed.
    """
    return 4.0 * viscosity * distance**2 / (open_share * radius**2 * time)


def poisson_share(captures: float) -> float:
    """Return the share of a surface that is served when each spot has `captures` on the mean at random, 1 - exp(-X)."""
    return -math.expm1(-captures)


def normal_distribution(z: float) -> float:
    """Return the cumulative normal distribution."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def smooth_minimum_ratio(ratio: float, sharpness: float) -> float:
    """Return min(1, 1/ratio) with its corner rounded, (1 + ratio^m)^(-1/m); always below both.

    `ratio` is demand over supply, `sharpness` is m.
    """
    if ratio <= 1.0:
        return float((1.0 + ratio**sharpness) ** (-1.0 / sharpness))
    return float((1.0 + ratio**-sharpness) ** (-1.0 / sharpness) / ratio)
