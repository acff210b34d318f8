"""The layout of a full cell's state vector, and the records that hold its constants.

State vector `y` (SI; charges in C per m2 of electrode), where the indices of one lithium electrode, of the cell and of
the first salt amount are those of `states`:

    lithium electrode   10 numbers from 0
    cathode             5 numbers from 10 (names below); 15 to 19 are not used
    cell                8 numbers from 20
    salt                amount in each cell of the grid, from the lithium to the cathode's collector, from 28 [mol/m2]
    particles           lithium in each shell, from the centre outwards, particle after particle [C/m2]
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lithiate._jit import Matrix, Record, Vector
from lithiate.twin.states import OUTPUTS, SALT

ACTIVE, TRAPPED, CATHODE_FILM, SIDE_PRODUCTS, SHUTTLED = range(10, 15)
CATHODE_STATES = ("active_share", "trapped_lithium", "cathode_film", "side_products", "shuttled_charge")
UNUSED = slice(15, 20)

OUT_SPREAD, OUT_SURFACE = OUTPUTS, OUTPUTS + 1
FULL_OUTPUTS = OUTPUTS + 2
"""Outputs of a full cell: those of `states`, where the voltage is the cell's own with its sign, and then the spread of
the potential over the cathode under uniform reaction (rms, V) and the mean stoichiometry at the particles' surface."""

CATHODE = np.dtype(
    [
        (name, np.float64)
        for name in (
            # per electrode area: C/m2 of a whole unit of stoichiometry and of 1 C, m2/m2 of particle surface
            "particle_capacity", "one_c_capacity", "particle_surface",
            "cathode_thickness", "cathode_porosity", "cathode_tortuosity", "solid_conductivity", "contact_resistance",
            # of the particles; 1/s is the diffusivity over the square of the radius
            "particle_diffusion_rate", "slow_above", "slow_share", "slow_width", "cathode_exchange_current",
            "cathode_double_layer",
            # where the tables begin, and the inverse of their spacing
            "first_stoichiometry", "stoichiometries_per_unit", "concentrations_per_unit",
            # fade
            "cathode_loss_rate", "cathode_loss_voltage", "cathode_loss_slope", "cathode_film_growth", "crosstalk",
            "shuttle_rate", "filament_voltage",
        )
    ]
)  # fmt: skip


class Sizes(NamedTuple):
    """Numbers of cells of the grid: dead layer, separator, cathode, all; of shells in a particle; of particles.

    One particle stands for the whole cathode (uniform reaction, SPMe); otherwise each cell of the cathode has its own.
    """

    dead: int
    separator: int
    cathode: int
    salt_cells: int
    shells: int
    particles: int


def make_sizes(dead: int = 5, separator: int = 6, cathode: int = 10, shells: int = 20, particles: int = 1) -> Sizes:
    """Return sizes whose sum is right."""
    return Sizes(dead, separator, cathode, dead + separator + cathode, shells, particles)


def number_of_states(sizes: Sizes) -> int:
    """Return the length of the state vector."""
    return SALT + sizes.salt_cells + sizes.shells * sizes.particles


class FullDrive(NamedTuple):
    """What is constant over a step of a full cell.

    The fields up to `stripping_loss` are those of `states.Drive`, for one lithium electrode: `plating` is 0 while it
    plates (the cell charges) and 1 while it strips. `cathode` is a record of `CATHODE`. `shells` (3, shells of
    all particles): 3 rho^2/d(rho) at the outer face, one over the share of the volume, the surface ahead. `potential`
    (n, 2) is the table of the open-circuit potential, `transport` (n, 8) that of conductivity, diffusivity,
    transference number and concentration potential per logarithm [V], each with its slope.
    """

    plating: int
    current: float
    electrodes: Record
    cell: Record
    intact: Vector
    noise: Vector
    control: int
    scan_rate: float
    plating_loss: float
    stripping_loss: float
    cathode: Record
    sizes: Sizes
    shells: Matrix
    potential: Matrix
    transport: Matrix


class FullScratch(NamedTuple):
    """Memory of the integrator for a full cell; fields as in `states.Scratch`, and those of the cathode.

    `salt` (11, salt cells): liquid, thickness, tau/(eps s^n), branches' shares, concentrations, flux, conductivity,
    diffusivity, transference number, concentration potential per logarithm, concentration potential from the lithium.
    `porous` (15, cathode cells + 1): current in the pores at the faces, potential of the particles, exchange current,
    reaction current, resistance of a reaction, ohmic resistance of half the cell, and the balance between cells (9).
    `radial` (9, shells of all particles): the matrix of diffusion, its factors, the response to a reaction,
    stoichiometry, conductance and flow.
    """

    guess: Vector
    branches: NDArray[np.float64]
    salt: Matrix
    matrix: Matrix
    blocks: NDArray[np.float64]
    stages: Matrix
    points: Matrix
    porous: Matrix
    radial: Matrix
