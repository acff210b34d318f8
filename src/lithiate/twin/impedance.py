"""Impedance of a cell at rest: the equations of the time domain, linearised, with double layers and film capacities.

    Z = R_ohm + Z_A + Z_B + c^T (i w - J)^-1 b + d,      beside it the conductance of a soft short

Per electrode, the branches that hold lithium in contact with liquid stand side by side:

    top deposit   z / a_top                              reservoir   z_native / a_bare
    interior      a porous line of the opened depth, its wall z, and diffusion into that depth
    z             R_sei || C_sei  +  R_ct || C_dl        R_ct = RT/(F j0(c))

Nothing is biased, so no branch has a barrier: lithium that is there exchanges with the liquid (in the time domain a
barrier keeps a reservoir closed until a current pulls it open). J is the matrix of salt diffusion on the grid of the
time domain, with the edge. The half cell of the grid next to each lithium face, whose drop the time domain takes as
immediate, relaxes as a layer of finite length: above its frequency the grid would see a resistance that is none.

Not in it: the capacity of carbon that holds no lithium, dispersion of time constants over a surface (arcs are
semicircles), and rearrangement of lithium between branches at rest.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lithiate._jit import Matrix, Record, Vector, njit_cached
from lithiate.constants import FARADAY
from lithiate.errors import SimulationError
from lithiate.formulas.circuit import finite_length_diffusion, parallel_resistor_capacitor, porous_line
from lithiate.twin.host import electrode_capacity
from lithiate.twin.model import Model
from lithiate.twin.nucleation import covered_share
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.salt import grid, salt_potentials
from lithiate.twin.sei import film_resistance
from lithiate.twin.states import (
    ELECTROLYTE,
    PER_ELECTRODE,
    Q_INTERIOR,
    Q_PIT,
    Q_RESERVOIR,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
    Q_TOP,
    ROUGHNESS,
    SALT_CELLS,
    SHORT,
)
from lithiate.twin.transport import conductivity_ratio, floored

ComplexArray = NDArray[np.complex128]

NO_SHORT = 1e-6
"""Conductance [S/m2] below which a short counts as healed, as in the time domain."""
STILL = 1e-12
"""Modes of diffusion slower than this share of the fastest are those that conserve salt; a current excites none."""

# numbers of one electrode at rest
(
    TOP_AREA,
    TOP_FILM,
    BARE_AREA,
    NATIVE_FILM,
    FRESH_FILM,
    TRANSFER,
    INTERIOR_AREA,
    INTERIOR_FILM,
    INTERIOR_SHARE,
    LINE_RESISTANCE,
    DEPTH_RESISTANCE,
    DEPTH_TIME,
) = range(12)
NUMBERS = 12


@njit_cached
def electrode_at_rest(
    y: Vector, offset: int, electrode: Record, cell: Record, face: float, wet: float, out: Vector
) -> None:
    """Fill `out` (NUMBERS,) for one electrode: areas per electrode area, resistances per own area [ohm m2].

    `face` is the salt concentration at the lithium [mol/m3], `wet` the saturated share. The closures are those of
    stripping, without barriers.
    """
    for k in range(NUMBERS):
        out[k] = 0.0
    cover = covered_share(y[offset + Q_TOP], electrode.covering_charge)
    out[TOP_AREA] = wet * cover * (1.0 + electrode.roughness_area * y[offset + ROUGHNESS])
    out[TOP_FILM] = film_resistance(electrode.film_resistance, y[offset + Q_SEI_TOP], electrode.top_film_doubling)
    left = covered_share(y[offset + Q_RESERVOIR], 0.1 * electrode.exhaustion_charge)
    out[BARE_AREA] = wet * (1.0 - cover) * left * (1.0 + electrode.pitting_area * y[offset + Q_PIT])
    out[NATIVE_FILM] = electrode.native_film_resistance
    out[FRESH_FILM] = electrode.film_resistance
    out[TRANSFER] = cell.thermal / (electrode.exchange_current_density * math.sqrt(face / cell.concentration))
    if electrode.is_host <= 0.0:
        return
    capacity = electrode_capacity(y, offset, electrode, cell)
    depth = capacity / electrode.capacity_density
    fill = min(max(y[offset + Q_INTERIOR] / capacity, 0.0), 1.0)
    porosity = max(electrode.liquid_share * (1.0 - fill), 0.05)
    factor = porosity**1.5 * wet**cell.saturation_exponent
    ratio = conductivity_ratio(face, cell.concentration, cell.concentration_of_maximum)
    out[INTERIOR_AREA] = electrode.area_density * depth
    sei = y[offset + Q_SEI_INTERIOR]
    out[INTERIOR_FILM] = film_resistance(electrode.film_resistance, sei, electrode.interior_film_doubling)
    out[INTERIOR_SHARE] = wet * covered_share(y[offset + Q_INTERIOR], electrode.exhaustion_charge)
    out[LINE_RESISTANCE] = depth / (cell.conductivity * factor * ratio)
    limit = 2.0 * FARADAY * face * cell.diffusivity * factor / ((1.0 - cell.transference) * depth)
    out[DEPTH_RESISTANCE] = cell.thermal / limit
    out[DEPTH_TIME] = depth * depth * porosity * wet / (cell.diffusivity * factor)


@njit_cached
def cell_at_rest(y: Vector, electrodes: Record, cell: Record, numbers: Matrix, faces: Vector, layers: Matrix) -> float:
    """Fill what the impedance of a cell needs, and return its ohmic resistance [ohm m2].

    Parameters
    ----------
    y : (STATES,) float
    electrodes, cell : records
    numbers : (2, NUMBERS) float
        Written: see `electrode_at_rest`.
    faces : (4,) float
        Written: d(ln c)/dc [m3/mol] at the faces of A and B, and the drop of concentration over the half cell of the
        grid there per current density [mol/(m A)], positive.
    layers : (6, SALT_CELLS) float
        Written, rows 0 to 2: liquid volume [m3/m2], thickness [m] and tau/(eps s^n) [1] of the cells of the grid.
    """
    liquid, length, factor = layers[0], layers[1], layers[2]
    wet, _, _ = grid(y, cell, electrodes, liquid, length, factor)
    # B plates: the slope is positive at A, which gives off salt, and negative at B
    ohmic, _, c_a, slope_a, c_b, slope_b = salt_potentials(y, 1, cell, layers)
    for k in range(2):
        plain = c_a if k == 0 else c_b
        face = floored(plain, cell.concentration)
        half = 0.5 * plain
        faces[k] = 0.5 * (1.0 + half / (face - half)) / face
        electrode_at_rest(y, k * PER_ELECTRODE, electrodes[k], cell, face, wet, numbers[k])
    faces[2], faces[3] = slope_a, -slope_b
    return ohmic


def impedance(
    model: Model, y: NDArray[np.float64], parameters: ParameterSet, frequency: NDArray[np.float64]
) -> ComplexArray:
    """Return the impedance of a cell of two lithium electrodes at rest in a state.

    Parameters
    ----------
    model : Model
        Its electrodes may differ.
    y : (STATES,) float
        State. Its salt profile is taken as it stands; let a cell rest to see it relaxed.
    parameters : ParameterSet
        Those of the model: ``double_layer_capacitance`` and ``film_capacitance`` are read from it.
    frequency : (n,) float, Hz
        Above 0.

    Returns
    -------
    (n,) complex128, ohm m2
        Im Z < 0 is capacitive.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` when a frequency is not positive, or when no lithium of an electrode touches the electrolyte.

    Notes
    -----
    Valid for amplitudes well below RT/F (25 mV) and at the temperature of the model. Film capacities go with the
    inverse of the thickness, C_sei = C_film R_fresh/R_sei: all film is of one material.
    """
    angular = angular_frequencies(frequency)
    numbers, faces, layers = np.empty((2, NUMBERS)), np.empty(4), np.empty((6, SALT_CELLS))
    ohmic = cell_at_rest(y, model.electrodes, model.cell, numbers, faces, layers)
    double_layer, film = parameters["double_layer_capacitance"], parameters["film_capacitance"]
    total = ohmic + salt_impedance(model.cell, y, faces, layers, angular)
    for electrode, name in zip(numbers, "AB", strict=True):
        total += electrode_impedance(electrode, name, double_layer, film, angular)
    short = float(y[SHORT])
    return total / (1.0 + short * total) if short > NO_SHORT else total


def angular_frequencies(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 2 pi f [rad/s]; raises ``LI-TWIN-001`` when a frequency [Hz] is not positive."""
    frequency = np.asarray(frequency, dtype=np.float64)
    if not bool(np.all(np.isfinite(frequency) & (frequency > 0.0))):
        raise SimulationError(
            "frequencies must be positive", code="LI-TWIN-001", where="frequency", got=f"{frequency.min():g} Hz"
        )
    return np.asarray(2.0 * math.pi * frequency)


def electrode_impedance(
    numbers: NDArray[np.float64], name: str, double_layer: float, film: float, angular: NDArray[np.float64]
) -> ComplexArray:
    """Return the impedance of one lithium electrode (n,) [ohm m2].

    Parameters
    ----------
    numbers : (NUMBERS,) float
        As `electrode_at_rest` fills them.
    name : str
        Of the electrode, for the error.
    double_layer, film : float, F/m2
        Capacities per real area: of the double layer, and of the fresh film.
    angular : (n,) float, rad/s
        Above 0.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` when no lithium touches the electrolyte.
    """
    numbers = numbers.tolist()
    transfer = parallel_resistor_capacitor(angular, numbers[TRANSFER], double_layer)

    def wall(resistance: float) -> ComplexArray:
        return transfer + parallel_resistor_capacitor(angular, resistance, film * numbers[FRESH_FILM] / resistance)

    admittance = np.zeros(angular.shape, dtype=np.complex128)
    for area, resistance in ((TOP_AREA, TOP_FILM), (BARE_AREA, NATIVE_FILM)):
        if numbers[area] > 0.0:
            admittance += numbers[area] / wall(numbers[resistance])
    if numbers[INTERIOR_SHARE] > 0.0:
        line = porous_line(wall(numbers[INTERIOR_FILM]), numbers[INTERIOR_AREA], numbers[LINE_RESISTANCE])
        line += finite_length_diffusion(angular, numbers[DEPTH_RESISTANCE], numbers[DEPTH_TIME])
        admittance += numbers[INTERIOR_SHARE] / line
    if not admittance.any():
        raise SimulationError(
            "no lithium touches the electrolyte, so there is no impedance at rest",
            code="LI-TWIN-001",
            where=f"electrode {name}",
        )
    return 1.0 / admittance


def salt_impedance(
    cell: np.void,
    y: NDArray[np.float64],
    faces: NDArray[np.float64],
    layers: NDArray[np.float64],
    angular: NDArray[np.float64],
) -> ComplexArray:
    """Return what diffusion of salt in dead layers and separator adds to the impedance [ohm m2].

    The excess electrolyte at the edge is one more cell of the grid. With the volumes V, dn/dt = -K V^-1 n and K
    symmetric, so that V^-1/2 K V^-1/2 has real modes: Z = sum_m r_m / (i w + lambda_m). `faces` and `layers` as in
    `cell_at_rest`.
    """
    liquid, length, factor = layers[:3]
    volume = np.append(liquid, max(float(y[ELECTROLYTE]) - float(liquid.sum()), 1e-9))
    diffusivity = float(cell["diffusivity"])
    path = 0.5 * (length[:-1] * factor[:-1] + length[1:] * factor[1:])
    conductance = np.zeros((SALT_CELLS + 1, SALT_CELLS + 1))
    first = np.arange(SALT_CELLS - 1)
    conductance[first, first + 1] = diffusivity / path
    conductance[:-1, -1] = float(cell["edge_exchange"]) * length / factor
    conductance += conductance.T
    scale = 1.0 / np.sqrt(volume)
    laplacian = np.diag(conductance.sum(axis=1)) - conductance
    rates, modes = np.linalg.eigh(scale[:, None] * laplacian * scale)
    moving = rates > STILL * rates[-1]
    rates, modes = rates[moving], modes[:, moving]
    transference = float(cell["transference"])
    gain = 2.0 * float(cell["thermal"]) * (1.0 - transference) * float(cell["thermodynamic_factor"])
    source = (1.0 - transference) / FARADAY
    last = SALT_CELLS - 1
    seen = gain * (faces[0] * scale[0] * modes[0] - faces[1] * scale[last] * modes[last])
    driven = source * (scale[0] * modes[0] - scale[last] * modes[last])
    total = (seen * driven / (1j * angular[:, None] + rates)).sum(axis=1)
    for k, row in ((0, 0), (1, last)):
        half = 0.5 * length[row]
        time_constant = half * factor[row] * 0.5 * liquid[row] / diffusivity
        total += finite_length_diffusion(angular, gain * faces[k] * faces[2 + k], time_constant)
    return np.asarray(total, dtype=np.complex128)
