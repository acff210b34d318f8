"""Salt and liquid of a full cell: dead layer | separator | pores of the cathode, with measured transport properties.

As in `salt` the states are amounts, and liquid that flows is exchanged with the excess electrolyte.
"""

from __future__ import annotations

import math

from lithiate._jit import Matrix, Vector, njit_cached, njit_inner
from lithiate.constants import FARADAY
from lithiate.twin.full_states import FullDrive
from lithiate.twin.porous_electrode import look_up_all
from lithiate.twin.salt import dead_layer_thickness, host_liquid, host_liquid_rate
from lithiate.twin.states import (
    ELECTROLYTE,
    EXCESS_SALT,
    LITHIUM_VOLUME,
    Q_DEAD,
    Q_SEI_TOP,
    SALT,
)
from lithiate.twin.transport import floored, saturation

LIQUID, LENGTH, FACTOR, SHARES, CONCENTRATION, FLUX, CONDUCTIVITY, DIFFUSIVITY, TRANSFERENCE, GAIN, GAINED = range(11)
"""Rows of `FullScratch.salt`."""


@njit_cached
def lay_grid(y: Vector, drive: FullDrive, work: Matrix) -> tuple[float, float, float]:
    """Lay the salt grid: fill LIQUID, LENGTH, FACTOR; return saturated share, its slope, and pore volume [m3/m2]."""
    cell, cathode, sizes = drive.cell, drive.cathode, drive.sizes
    electrode = drive.electrodes[0]
    dead = dead_layer_thickness(y, 0, cell)
    pores = cell.separator_porosity * cell.separator_thickness + cell.bound_electrolyte
    pores += cathode.cathode_porosity * cathode.cathode_thickness
    pores += cell.dead_layer_porosity * dead + host_liquid(y, 0, electrode, cell)
    wet, slope = saturation(max(y[ELECTROLYTE], 1e-12) / pores)
    drying = wet**cell.saturation_exponent
    for k in range(sizes.salt_cells):
        if k < sizes.dead:
            porosity, length = cell.dead_layer_porosity, dead / sizes.dead
            tortuosity = cell.dead_layer_tortuosity + cell.dead_layer_tortuosity_growth * dead
        elif k < sizes.dead + sizes.separator:
            porosity, length = cell.separator_porosity, cell.separator_thickness / sizes.separator
            tortuosity = cell.separator_tortuosity
        else:
            porosity, length = cathode.cathode_porosity, cathode.cathode_thickness / sizes.cathode
            tortuosity = cathode.cathode_tortuosity
        work[LIQUID, k] = wet * porosity * length
        work[LENGTH, k] = length
        work[FACTOR, k] = tortuosity / (porosity * drying)
    return wet, slope, pores


@njit_inner
def lay_transport(y: Vector, drive: FullDrive, work: Matrix) -> None:
    """Fill concentrations and transport properties of the cells of the grid; `lay_grid` has filled the rest."""
    mean, scale = drive.cell.concentration, drive.cathode.concentrations_per_unit
    count = drive.sizes.salt_cells
    for k in range(count):
        work[CONCENTRATION, k] = y[SALT + k] / work[LIQUID, k]
    for k in range(count):
        look_up_all(drive.transport, floored(work[CONCENTRATION, k], mean) * scale, work, CONDUCTIVITY, k)


@njit_inner
def face_slope(drive: FullDrive, work: Matrix) -> float:
    """Return by how much the concentration at the lithium is above that of the first cell, per current [mol/(A m)].

    Current counts positive while the lithium strips.
    """
    pull = (1.0 - work[TRANSFERENCE, 0]) / (FARADAY * work[DIFFUSIVITY, 0])
    return 0.5 * pull * work[LENGTH, 0] * work[FACTOR, 0]


@njit_inner
def path_of_potential(drive: FullDrive, face: float, work: Matrix) -> tuple[float, float]:
    """Fill GAINED; return the ohmic resistance from the lithium to the cathode, and to the separator's middle [ohm m2].

    GAINED is the concentration potential of each cell of the grid against the face of the lithium [V], the sum of
    (2RT/F) (1 - t+) (1 + dlnf/dlnc) ln(c_next/c). `face` is the concentration there [mol/m3].
    """
    cell, sizes = drive.cell, drive.sizes
    before, gain, gained = face, work[GAIN, 0], 0.0
    for k in range(sizes.salt_cells):
        here = floored(work[CONCENTRATION, k], cell.concentration)
        gained += 0.5 * (gain + work[GAIN, k]) * math.log(here / before)
        work[GAINED, k] = gained
        before, gain = here, work[GAIN, k]
    resistance, half = 0.0, 0.0
    middle = sizes.dead + sizes.separator // 2
    for k in range(sizes.dead + sizes.separator):
        part = work[LENGTH, k] * work[FACTOR, k] / work[CONDUCTIVITY, k]
        resistance += part
        if k < middle:
            half += part
    return resistance, half


@njit_inner
def fill_salt(
    y: Vector, drive: FullDrive, current: float, faces: Vector, wet: float, wet_slope: float, pores: float,
    work: Matrix, dy: Vector,
) -> None:  # fmt: skip
    """Fill `dy` for the salt: diffusion, migration, what the electrodes give and take, liquid that flows.

    `current` [A/m2] counts positive while the cell charges; `faces` is the current in the pores of the cathode. The
    flux of lithium ions towards the cathode is -D dc/dx - t+ i/F; its ends are the reactions, which balance.
    """
    cell, sizes = drive.cell, drive.sizes
    electrode, count, front = drive.electrodes[0], sizes.salt_cells, sizes.dead + sizes.separator
    growth = LITHIUM_VOLUME / (1.0 - cell.dead_layer_porosity)
    growth *= dy[Q_DEAD] + cell.sei_swelling * dy[Q_SEI_TOP]
    pore_rate = cell.dead_layer_porosity * growth + host_liquid_rate(0, electrode, cell, dy)
    drying = wet_slope * (dy[ELECTROLYTE] - y[ELECTROLYTE] / pores * pore_rate) / pores / wet
    in_grid = 0.0
    for k in range(count):
        in_grid += work[LIQUID, k]
    excess = y[EXCESS_SALT] / max(y[ELECTROLYTE] - in_grid, 1e-9)
    widening = wet * cell.dead_layer_porosity / sizes.dead * growth
    moved_all = 0.0
    for k in range(count):
        inflow = drying * work[LIQUID, k] + (widening if k < sizes.dead else 0.0)
        moved = inflow * (excess if inflow > 0.0 else work[CONCENTRATION, k])
        moved += cell.edge_exchange / work[FACTOR, k] * work[LENGTH, k] * (excess - work[CONCENTRATION, k])
        dy[SALT + k] = moved
        moved_all += moved
    dy[EXCESS_SALT] = -moved_all
    dy[SALT] -= current / FARADAY
    for k in range(count):
        work[FLUX, k] = 0.5 * work[LENGTH, k] * work[FACTOR, k] / work[DIFFUSIVITY, k]
    for k in range(count - 1):
        flux = (work[CONCENTRATION, k] - work[CONCENTRATION, k + 1]) / (work[FLUX, k] + work[FLUX, k + 1])
        in_pores = current if k + 1 < front else faces[k + 1 - front]
        flux -= 0.5 * (work[TRANSFERENCE, k] + work[TRANSFERENCE, k + 1]) * in_pores / FARADAY
        dy[SALT + k] -= flux
        dy[SALT + k + 1] += flux
    for k in range(sizes.cathode):
        dy[SALT + front + k] += (faces[k] - faces[k + 1]) / FARADAY


@njit_inner
def diffusion_rows(y: Vector, shift: float, drive: FullDrive, work: Matrix, matrix: Matrix) -> None:
    """Fill `shift` - W for the diffusion of salt: rows below, on and above the diagonal of `matrix`."""
    lower, diagonal, upper = matrix[0], matrix[1], matrix[2]
    count = drive.sizes.salt_cells
    for k in range(count):
        lower[k], diagonal[k], upper[k] = 0.0, shift, 0.0
    for k in range(count):
        work[FLUX, k] = 0.5 * work[LENGTH, k] * work[FACTOR, k] / work[DIFFUSIVITY, k]
    for k in range(count - 1):
        path = work[FLUX, k] + work[FLUX, k + 1]
        out_of, into = 1.0 / (path * work[LIQUID, k]), 1.0 / (path * work[LIQUID, k + 1])
        diagonal[k] += out_of
        upper[k] = -into
        lower[k + 1] = -out_of
        diagonal[k + 1] += into
