"""The layout of the state vector, of the outputs, and of the records that hold the constants of a run.

State vector `y` (SI; charges in C per m2 of electrode):

    electrode A   10 numbers from 0, electrode B   10 numbers from 10   (names below)
    cell          8 numbers from 20
    salt          amount in each cell of the grid, from A to B, from 28 [mol/m2]
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lithiate._jit import Matrix, Record, Vector
from lithiate.constants import FARADAY

# states of one electrode
Q_INTERIOR, Q_TOP, Q_RESERVOIR, Q_DEAD, Q_SEI_TOP, Q_SEI_INTERIOR, ROUGHNESS, Q_PIT, Q_ON_SITES, Q_ON_CARBON = range(10)
ELECTRODE_STATES = (
    "interior_lithium",
    "top_lithium",
    "reservoir_lithium",
    "dead_lithium",
    "top_sei_lithium",
    "interior_sei_lithium",
    "roughness",
    "pitted_charge",
    "charge_on_sites",
    "charge_on_carbon",
)
METALLIC = (Q_INTERIOR, Q_TOP, Q_RESERVOIR)
LITHIUM_STORES = (Q_INTERIOR, Q_TOP, Q_RESERVOIR, Q_DEAD, Q_SEI_TOP, Q_SEI_INTERIOR)
PER_ELECTRODE = len(ELECTRODE_STATES)

# states of the cell
ELECTROLYTE, ADDITIVE, SHORT, HAZARD, LEAKED, EXCESS_SALT, PASSED, SET_VOLTAGE = range(20, 28)
CELL_STATES = (
    "electrolyte_volume",
    "additive",
    "short_conductance",
    "hazard",
    "leaked_charge",
    "excess_salt",
    "passed_charge",
    "set_voltage",
)
SALT = 28
DEAD_CELLS = 5
SEPARATOR_CELLS = 6
SALT_CELLS = 2 * DEAD_CELLS + SEPARATOR_CELLS
STATES = SALT + SALT_CELLS

FAST = 4
"""States of an electrode on which its own rates depend at once."""
BRANCHES = 5
LITHIUM_VOLUME = 1.3e-5 / FARADAY
"""Volume of lithium per charge [m3/C] (13.0 cm3/mol)."""

# what the right-hand side reports beside the derivatives, all at the present state
(
    OUT_VOLTAGE,
    OUT_PLATING,
    OUT_STRIPPING,
    OUT_OHMIC,
    OUT_CONCENTRATION,
    OUT_LEAK,
    OUT_LOWEST_SALT,
    OUT_INTERIOR_SHARE,
    OUT_CURRENT,
    OUT_ELECTRODE_A,
    OUT_THROUGH,
    OUT_FACE_A,
) = range(12)
OUTPUTS = 12

CURRENT, REST, VOLTAGE = range(3)
"""What a step controls: the current; nothing (no current flows); the voltage of the cell, held or swept."""

ELECTRODE = np.dtype(
    [
        (name, np.float64)
        for name in (
            # from the description
            "is_host", "nitride_capture", "other_capture", "area_density", "initial_void", "initial_reservoir",
            "capacity_density", "liquid_share", "roughness_drive", "barrier_width_carbon",
            # from the parameter set, at the temperature of the run
            "burying_charge", "opened_fraction", "capillary_potential", "unwetted_capillary_potential",
            "carbon_barrier", "carbon_barrier_persistence", "lithiophilic_barrier", "nucleation_charge",
            "covering_charge", "exhaustion_charge", "filling_exponent", "roughness_current_exponent",
            "roughness_levelling", "roughness_limit", "roughness_area", "loss_roughness_exponent",
            "area_noise", "pitting_barrier", "pitting_area", "film_resistance", "native_film_resistance",
            "exchange_current_density", "sei_loss_top", "sei_loss_interior", "dead_loss", "interior_film_doubling",
            "top_film_doubling", "calendar_current", "galvanic_current", "bare_share", "growth_film_charge",
            "exposed_interphase",
            "inverse_reorganisation", "mean_barrier", "roughness_feedback",
        )
    ]
)  # fmt: skip

CELL = np.dtype(
    [
        (name, np.float64)
        for name in (
            "thermal", "reference_current", "conductivity", "diffusivity", "transference", "thermodynamic_factor",
            "concentration", "concentration_of_maximum", "separator_thickness", "separator_porosity",
            "separator_tortuosity", "dead_layer_porosity", "dead_layer_tortuosity", "dead_layer_tortuosity_growth",
            "dead_layer_initial_thickness", "sei_swelling", "bound_electrolyte", "saturation_exponent",
            "edge_exchange", "initial_additive", "additive_protection", "additive_half_protection", "additive_share",
            "solvent_consumption", "short_rate", "short_healing_time",
        )
    ]
)  # fmt: skip


class Drive(NamedTuple):
    """What is constant over a step.

    `plating` is 0 when electrode A plates and 1 when B does; `current` [A/m2] is the applied current density, positive.
    `electrodes` (2,) are records of `ELECTRODE`, `cell` is a record of `CELL`. `intact` (2,) is the share of intact
    sites, `noise` (2,) the draw that disturbs the top's area. `control` is CURRENT, REST or VOLTAGE; under VOLTAGE the
    state `SET_VOLTAGE` [V, along the polarity] moves at `scan_rate` [V/s] and `current` is only a scale.
    `plating_loss` and `stripping_loss` are the factors on losses that the rate and the amount of the step make.
    """

    plating: int
    current: float
    electrodes: Record
    cell: Record
    intact: Vector
    noise: Vector
    control: int = CURRENT
    scan_rate: float = 0.0
    plating_loss: float = 1.0
    stripping_loss: float = 1.0


class Scratch(NamedTuple):
    """Memory that the integrator works in, allocated once a run.

    `guess` (2,): overpotentials from which the scalar solves start. `branches` (2, BRANCHES, BRANCH_COLUMNS) of the
    side that plates and of the one that strips. `salt` (6, SALT_CELLS): liquid volume, thickness and tau/(eps s^n) of
    the cells of the grid, the branches' shares, concentrations, and a spare row.
    `matrix` (5, SALT_CELLS), `blocks` (2, PER_ELECTRODE + FAST, FAST), `drift` (3, SALT_CELLS), `stages`
    (7, STATES) and `points` (6, STATES): of the integrator.
    """

    guess: Vector
    branches: NDArray[np.float64]
    salt: Matrix
    matrix: Matrix
    blocks: NDArray[np.float64]
    drift: Matrix
    stages: Matrix
    points: Matrix
