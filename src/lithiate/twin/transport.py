"""Salt in the pores: dead layer | separator | dead layer, in one dimension.

The state is the *amount* of salt in each cell of the grid [mol/m2], so that salt is conserved to rounding while dead
layers grow and the electrolyte recedes. Potentials follow from concentrated-solution theory (Newman & Thomas-Alyea,
Electrochemical Systems, 3rd ed., ch. 12).
"""

from __future__ import annotations

import math

from lithiate._jit import Vector, njit
from lithiate.twin.elementary import exponential

FLOOR = 1e-3
"""Concentrations enter logarithms and conductivity through a smooth floor at this share of the mean [1]."""


@njit
def floored(concentration: float, mean: float) -> float:
    """Return a positive concentration: sqrt-smoothed maximum of `concentration` and 0, in mol/m3."""
    half = 0.5 * concentration
    return half + math.sqrt(half * half + (FLOOR * mean) ** 2)


@njit
def conductivity_ratio(concentration: float, reference: float, at_maximum: float) -> float:
    """Return kappa(c)/kappa(c_ref) for a conductivity with one maximum.

    kappa ~ c exp(-c/c_max). The position of the maximum of LiTFSI in DOL/DME mixtures is 1.0-1.4 mol/L (Dharavath
    2019); the form is assumed. Parameters in mol/m3.
    """
    return concentration / reference * exponential((reference - concentration) / at_maximum)


@njit
def saturation(fill: float) -> tuple[float, float]:
    """Return the saturated share of the pores and its slope, from electrolyte volume over pore volume.

    s = x / (1 + x^6)^(1/6): 1 with liquid in excess, x when liquid is short, smooth between [assumed form].
    """
    cube = fill * fill * fill
    sixth = cube * cube
    root = (1.0 + sixth) ** (1.0 / 6.0)
    share = fill / root
    return share, 1.0 / (root * (1.0 + sixth))


@njit
def factor_tridiagonal(lower: Vector, diagonal: Vector, upper: Vector, inverse: Vector, ratio: Vector) -> None:
    """Factor a tridiagonal matrix (Thomas algorithm; no pivoting: the matrices here are diagonally dominant).

    `lower[k]` couples row k to k - 1, `upper[k]` row k to k + 1. `inverse` (n,) and `ratio` (n,) receive what
    `solve_tridiagonal` needs: one over the pivots, and the rows above the diagonal over their pivot.
    """
    n = diagonal.shape[0]
    inverse[0] = 1.0 / diagonal[0]
    ratio[0] = upper[0] * inverse[0]
    for k in range(1, n):
        inverse[k] = 1.0 / (diagonal[k] - lower[k] * ratio[k - 1])
        ratio[k] = upper[k] * inverse[k]


@njit
def solve_tridiagonal(lower: Vector, inverse: Vector, ratio: Vector, right: Vector) -> None:
    """Solve a factored tridiagonal system in place: `right` (n,) holds the solution on return."""
    n = right.shape[0]
    right[0] *= inverse[0]
    for k in range(1, n):
        right[k] = (right[k] - lower[k] * right[k - 1]) * inverse[k]
    for k in range(n - 2, -1, -1):
        right[k] -= ratio[k] * right[k + 1]
