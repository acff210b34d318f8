"""The matrix of the W-method for a cell of two lithium electrodes: electrodes, dead layers, salt.

It is block triangular (electrodes, then salt), and its columns sum to zero over the stores of lithium and of salt, so
that these linear invariants are kept to rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lithiate._jit import Vector, njit_inner
from lithiate.twin.events import common_events
from lithiate.twin.salt import diffusion_drift, diffusion_matrix, grid, grid_rates
from lithiate.twin.states import (
    FAST,
    OUT_VOLTAGE,
    PER_ELECTRODE,
    Q_INTERIOR,
    Q_ON_CARBON,
    Q_ON_SITES,
    Q_PIT,
    Q_RESERVOIR,
    Q_TOP,
    SALT,
    SALT_CELLS,
    Drive,
    Scratch,
)
from lithiate.twin.transport import factor_tridiagonal, solve_tridiagonal

FAST_STATES = np.array([[Q_INTERIOR, Q_TOP, Q_ON_SITES, Q_ON_CARBON], [Q_INTERIOR, Q_TOP, Q_RESERVOIR, Q_PIT]])
"""States on which the rates of the electrode that plates depend at once, and of the one that strips."""


@njit_inner
def factor_blocks(shift: float, plating: int, blocks: NDArray[np.float64]) -> None:
    """Factor `shift` - J for the fast states of both electrodes, into the last rows of their blocks."""
    for e in range(blocks.shape[0]):
        role = 0 if e == plating else 1
        for i in range(FAST):
            for j in range(FAST):
                blocks[e, PER_ELECTRODE + i, j] = -blocks[e, FAST_STATES[role, i], j]
            blocks[e, PER_ELECTRODE + i, i] += shift
        for k in range(FAST):
            row = PER_ELECTRODE + k
            blocks[e, row, k] = 1.0 / blocks[e, row, k]
            for i in range(k + 1, FAST):
                blocks[e, PER_ELECTRODE + i, k] *= blocks[e, row, k]
                for j in range(k + 1, FAST):
                    blocks[e, PER_ELECTRODE + i, j] -= blocks[e, PER_ELECTRODE + i, k] * blocks[e, row, j]


@njit_inner
def solve_blocks(shift: float, plating: int, blocks: NDArray[np.float64], right: Vector, fast: Vector) -> None:
    """Solve (shift - W) x = right in place for the states of both electrodes."""
    for e in range(blocks.shape[0]):
        offset, role = PER_ELECTRODE * e, 0 if e == plating else 1
        for i in range(FAST):
            total = right[offset + FAST_STATES[role, i]]
            for j in range(i):
                total -= blocks[e, PER_ELECTRODE + i, j] * fast[j]
            fast[i] = total
        for i in range(FAST - 1, -1, -1):
            total = fast[i]
            for j in range(i + 1, FAST):
                total -= blocks[e, PER_ELECTRODE + i, j] * fast[j]
            fast[i] = total * blocks[e, PER_ELECTRODE + i, i]
        for i in range(PER_ELECTRODE):
            total = right[offset + i]
            for j in range(FAST):
                total += blocks[e, i, j] * fast[j]
            right[offset + i] = total / shift


@njit_inner
def prepare_lithium_step(y: Vector, shift: float, drive: Drive, scratch: Scratch) -> tuple[float, float]:
    """Factor `shift` - W at a state; return the slope of the saturated share and the pore volume [m3/m2]."""
    cell, electrodes, work, matrix = drive.cell, drive.electrodes, scratch.salt, scratch.matrix
    lower, diagonal, upper = matrix[0], matrix[1], matrix[2]
    wet, wet_slope, pores = grid(y, cell, electrodes, work[0], work[1], work[2])
    diffusion_matrix(cell, work[0], work[1], work[2], lower, diagonal, upper)
    diffusion_drift(y, cell, work, wet, scratch.drift)
    for k in range(SALT_CELLS):
        lower[k] = -lower[k]
        upper[k] = -upper[k]
        diagonal[k] = shift - diagonal[k]
    factor_tridiagonal(lower, diagonal, upper, matrix[3], matrix[4])
    factor_blocks(shift, drive.plating, scratch.blocks)
    return wet_slope, pores


@njit_inner
def solve_lithium_stage(
    y: Vector, shift: float, drive: Drive, scratch: Scratch, wet_slope: float, pores: float, stage: Vector, fast: Vector
) -> None:
    """Solve (`shift` - W) x = `stage` in place; `fast` is scratch."""
    solve_blocks(shift, drive.plating, scratch.blocks, stage, fast)
    for i in range(2 * PER_ELECTRODE, SALT):
        stage[i] /= shift
    growth_a, growth_b, drying = grid_rates(y, drive.electrodes, drive.cell, wet_slope, pores, stage)
    salt, drift, matrix = stage[SALT:], scratch.drift, scratch.matrix
    for k in range(SALT_CELLS):
        salt[k] += drift[0, k] * growth_a + drift[1, k] * growth_b + drift[2, k] * drying
    solve_tridiagonal(matrix[0], matrix[3], matrix[4], salt)


@njit_inner
def lithium_event_values(y: Vector, out: Vector, drive: Drive, limits: Vector, values: Vector) -> None:
    """Fill `values` (EVENTS,), as `common_events` says, for a cell of two lithium electrodes."""
    stripped = PER_ELECTRODE if drive.plating == 0 else 0
    common_events(y, out, limits[0] - out[OUT_VOLTAGE], stripped, limits, values)
