"""Fatigue of the lithiophilic sites, over a distribution of flaws.

The electrode stays within about 0.1 V of lithium, so that Mo2N either converts once or not at all: conversion strain
cannot fatigue it. What repeats is the filling and emptying of the interior.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FLAW_CLASSES = 512
"""Classes that stand for the lognormal distribution of flaws; each dies at once, so that there must be many."""

REFERENCE_CHARGE = 36000.0
"""Interior charge [C/m2] to which fatigue by charge refers: 1 mAh/cm2."""


def flaw_factors(log_width: float) -> NDArray[np.float64]:
    """Return the rate factors (FLAW_CLASSES,) of equally likely flaw classes, lognormal, mean 1.

    Each class stands for its mean: n [Phi(z_k+1 - w) - Phi(z_k - w)] with the quantiles z_k of n classes and the width
    w of the logarithm.
    """
    normal = NormalDist()
    edges = [normal.inv_cdf(k / FLAW_CLASSES) - log_width for k in range(1, FLAW_CLASSES)]
    shares = np.array([0.0, *(normal.cdf(edge) for edge in edges), 1.0])
    return FLAW_CLASSES * np.diff(shares)


def fatigue_increment(rate: float, rigid_share: float, amplitude: float, exponent: float) -> float:
    """Return what one half cycle adds to the fatigue exposure X [1].

    dX = k_D [(1 - chi) dphi]^m, with dphi the interior charge per half cycle over the interior's capacity and chi the
    share of the misfit stress that rigid WN carries (load control).
    """
    return float(rate * ((1.0 - rigid_share) * min(max(amplitude, 0.0), 1.0)) ** exponent)


def fatigue_by_charge(rate: float, rigid_share: float, charge: float, exponent: float) -> float:
    """Return what one half cycle adds to the fatigue exposure X [1], in proportion to its interior charge [C/m2].

    dX = k_D (1 - chi)^m q/q_0 with q_0 = 1 mAh/cm2: the alternative to fatigue by amplitude. At the same throughput it
    says the same of small and large half cycles, which the other does not.
    """
    return float(rate * (1.0 - rigid_share) ** exponent * max(charge, 0.0) / REFERENCE_CHARGE)


def intact_sites(exposure: float, factors: NDArray[np.float64], exponent: float) -> float:
    """Return the mean share <1 - D> of sites that are intact after an exposure X.

    dD/dX = f (1 - D)^-m has the solution (1 - D)^(m+1) = 1 - (m + 1) f X, so that no integration is needed; a class is
    lost when the right side reaches zero.
    """
    remaining = np.maximum(1.0 - (exponent + 1.0) * factors * exposure, 0.0)
    return float((remaining ** (1.0 / (exponent + 1.0))).sum()) / FLAW_CLASSES
