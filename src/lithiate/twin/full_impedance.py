"""Impedance of a full cell at rest: the equations of the time domain, linearised, with double layers and capacities.

    Z = R_contact + R_ohm + Z_lithium + Z_(salt and cathode)

Per unit current that charges, with the current F_k in the pores at the faces of the cathode's cells, j_k = F_k - F_k+1:

    salt        (i w V + K) c = S F                     all cells of the grid and the excess electrolyte
    reaction    v_k = z_k j_k + (H c)_k + (W F)_k       the collector against the lithium, seen from cell k
    z_k         R_film || C_film  +  (R_ct + Z_sphere) || C_dl     R_ct = RT/(F i_0)

K is diffusion, S what migration and reactions bring, H the concentration potential from the lithium to a cell, W the
ohmic path in pores and solid. With a particle in each cell of the cathode all v_k are alike, which divides the current
at each frequency; one particle stands for uniform reaction, and Z is then the mean, as in the time domain.

At rest no reaction runs, so the effect of concentration on exchange currents, conductivity and transference number is
of second order: nothing is left out by that. Left out are: what side reactions and pores that open or dry do to the
salt, gradients that a cell not at rest has, a change of volume of the particles, and dispersion of sizes and time
constants (arcs are semicircles). A double layer is charged by lithium ions. A soft short and a shuttle carry a current
that does not rise with the voltage: neither has a conductance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lithiate._jit import Matrix, Vector, njit_cached
from lithiate.constants import FARADAY
from lithiate.formulas.circuit import finite_length_diffusion, parallel_resistor_capacitor, sphere_diffusion
from lithiate.twin.elementary import exponential
from lithiate.twin.full_model import FullModel, new_full_scratch
from lithiate.twin.full_salt import (
    CONCENTRATION,
    CONDUCTIVITY,
    DIFFUSIVITY,
    FACTOR,
    GAIN,
    LENGTH,
    LIQUID,
    TRANSFERENCE,
    face_slope,
    lay_grid,
    lay_transport,
    path_of_potential,
)
from lithiate.twin.full_states import ACTIVE, CATHODE_FILM, FullDrive, FullScratch
from lithiate.twin.impedance import (
    NUMBERS,
    STILL,
    ComplexArray,
    angular_frequencies,
    electrode_at_rest,
    electrode_impedance,
)
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.porous_electrode import EXCHANGE, lay_particles, look_up_slope, surface_stoichiometry
from lithiate.twin.states import ELECTROLYTE, SALT
from lithiate.twin.transport import floored

FloatArray = NDArray[np.float64]

AREA, SLOPE, RATE = range(3)
"""Rows of what a cell of the cathode is at rest: surface [m2/m2], dU/dx [V], diffusivity over squared radius [1/s]."""


@njit_cached
def full_cell_at_rest(
    y: Vector, drive: FullDrive, scratch: FullScratch, numbers: Vector, cathode: Matrix
) -> tuple[float, float, float]:
    """Fill what the impedance of a full cell needs.

    Parameters
    ----------
    y : (states,) float
    drive : FullDrive
    scratch : FullScratch
        Written: all rows of `salt` but fluxes, and POTENTIAL and EXCHANGE of `porous`.
    numbers : (NUMBERS,) float
        Written: see `electrode_at_rest`.
    cathode : (3, cathode cells) float
        Written: rows AREA, SLOPE and RATE.

    Returns
    -------
    (ohmic, face, slope)
        Ohmic resistance from the lithium to the cathode [ohm m2]; concentration at the lithium [mol/m3]; by how much it
        falls below that of the first cell per current [mol/(A m)].
    """
    cell, positive, sizes, work = drive.cell, drive.cathode, drive.sizes, scratch.salt
    wet, _, _ = lay_grid(y, drive, work)
    lay_transport(y, drive, work)
    face = floored(work[CONCENTRATION, 0], cell.concentration)
    ohmic, _ = path_of_potential(drive, face, work)
    lay_particles(y, drive, work[CONCENTRATION], wet, scratch.porous)
    electrode_at_rest(y, 0, drive.electrodes[0], cell, face, wet, numbers)
    first, scale = SALT + sizes.salt_cells, positive.stoichiometries_per_unit
    whole = positive.particle_capacity * y[ACTIVE] / sizes.particles
    for k in range(sizes.cathode):
        particle = min(k, sizes.particles - 1)
        x = surface_stoichiometry(y, first, (particle + 1) * sizes.shells - 1, drive.shells, whole)
        slow = exponential((x - positive.slow_above) / positive.slow_width)
        share = positive.slow_share + (1.0 - positive.slow_share) / (1.0 + slow)
        cathode[AREA, k] = positive.particle_surface * wet * y[ACTIVE] / sizes.cathode
        cathode[SLOPE, k] = look_up_slope(drive.potential, (x - positive.first_stoichiometry) * scale) * scale
        cathode[RATE, k] = positive.particle_diffusion_rate * share
    return ohmic, face, face_slope(drive, work)


def full_impedance(model: FullModel, y: FloatArray, parameters: ParameterSet, frequency: FloatArray) -> ComplexArray:
    """Return the impedance of a full cell at rest in a state.

    Parameters
    ----------
    model : FullModel
        With one particle the reaction is uniform, with one for each cell of the cathode it divides itself.
    y : (states,) float
        State. Its salt is taken to be even; let a cell rest first.
    parameters : ParameterSet
        Those of the model: ``double_layer_capacitance``, ``film_capacitance`` and ``film_resistance`` are read from it.
    frequency : (n,) float, Hz
        Above 0.

    Returns
    -------
    (n,) complex128, ohm m2
        Im Z < 0 is capacitive.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` when a frequency is not positive, or when no lithium touches the electrolyte.

    Notes
    -----
    Valid for amplitudes well below RT/F (25 mV), at the temperature of the model, where each particle is even inside.
    The film of the cathode is taken to be of the lithium film's material: same R C, that of the fresh film at 25 degC,
    since the twin gives its resistance no temperature. Above the frequency at which the reaction is squeezed into one
    cell of the cathode's grid, the pores of half a cell show as ohmic resistance.
    """
    angular = angular_frequencies(frequency)
    drive, scratch = model.drive(), new_full_scratch(model.sizes)
    numbers, cathode = np.empty(NUMBERS), np.empty((3, model.sizes.cathode))
    ohmic, face, slope = full_cell_at_rest(y, drive, scratch, numbers, cathode)
    double_layer, film = parameters["double_layer_capacitance"], parameters["film_capacitance"]
    total = electrode_impedance(numbers, "of lithium", double_layer, film, angular)
    reactions = reaction_impedances(
        model, y, cathode, scratch.porous[EXCHANGE, :-1], film * parameters["film_resistance"], angular
    )
    total += ohmic + float(model.cathode["contact_resistance"])
    total += salt_and_cathode(model, y, scratch.salt, reactions, (face, slope), angular)
    return total


def reaction_impedances(
    model: FullModel, y: FloatArray, cathode: FloatArray, exchange: FloatArray, film_time: float, angular: FloatArray
) -> ComplexArray:
    """Return the impedance of the reaction in each cell of the cathode (n, cells), per electrode area [ohm m2].

    `cathode` as in `full_cell_at_rest`, `exchange` (cells,) the exchange currents [A/m2], `film_time` the time constant
    of the film [s], `angular` (n,) [rad/s].
    """
    record, cells = model.cathode, model.sizes.cathode
    charge = float(record["particle_capacity"]) * y[ACTIVE] / cells
    found = np.empty((angular.size, cells), dtype=np.complex128)
    for k in range(cells):
        area, slope, rate = cathode[:, k].tolist()
        transfer = float(model.cell["thermal"]) / exchange[k]
        # dx = -j/q times 1/(3 D/r^2) tanh(nu)/(nu - tanh(nu))
        branch = transfer + sphere_diffusion(angular, -slope / (3.0 * charge * rate), 1.0 / rate)
        found[:, k] = branch / (1.0 + 1j * angular * float(record["cathode_double_layer"]) * area * branch)
        film = float(y[CATHODE_FILM]) / area
        if film > 0.0:
            found[:, k] += parallel_resistor_capacitor(angular, film, film_time / film)
    return found


def salt_and_cathode(
    model: FullModel,
    y: FloatArray,
    salt: FloatArray,
    reactions: ComplexArray,
    at_lithium: tuple[float, float],
    angular: FloatArray,
) -> ComplexArray:
    """Return what salt, the cathode's pores and solid, and its reactions make together (n,) [ohm m2].

    `salt` as in `FullScratch`, `reactions` (n, cells) as in `reaction_impedances`, `at_lithium` concentration and its
    slope as `full_cell_at_rest` returns them, `angular` (n,) [rad/s].
    """
    cells = model.sizes.cathode
    gained, face_weight = _concentration_potentials(model, salt, at_lithium[0])
    fixed, free = _currents(model)
    jumps = np.eye(cells, cells + 1) - np.eye(cells, cells + 1, 1)
    seen = reactions[:, :, None] * jumps + _ohmic_paths(model, salt) + _salt_response(model, y, salt, gained, angular)
    voltages = seen @ fixed
    if free.shape[1]:
        apart = np.eye(cells - 1, cells, 1) - np.eye(cells - 1, cells)
        found = np.linalg.solve(apart @ seen @ free, -(voltages @ apart.T)[:, :, None])
        voltages = voltages + (seen @ free @ found)[:, :, 0]
    # The half cell of the grid beside the lithium, whose drop the time domain takes as immediate, relaxes as a layer.
    half = 0.5 * salt[LENGTH, 0]
    time_constant = half * salt[FACTOR, 0] * 0.5 * salt[LIQUID, 0] / salt[DIFFUSIVITY, 0]
    layer = finite_length_diffusion(angular, face_weight * at_lithium[1], time_constant)
    return np.asarray(voltages.mean(axis=1) + layer, dtype=np.complex128)


def _currents(model: FullModel) -> tuple[FloatArray, FloatArray]:
    """Return the currents at the cathode's faces: F = fixed (cells + 1,) + free (cells + 1, m) @ unknown."""
    cells = model.sizes.cathode
    if model.sizes.particles == 1 or cells == 1:
        return np.linspace(1.0, 0.0, cells + 1), np.zeros((cells + 1, 0))
    return np.eye(cells + 1)[0], np.eye(cells + 1)[:, 1:-1]


def _salt_response(
    model: FullModel, y: FloatArray, salt: FloatArray, gained: FloatArray, angular: FloatArray
) -> ComplexArray:
    """Return the concentration potentials of the cathode's cells by F (n, cells, cells + 1) [ohm m2].

    The excess electrolyte is one more cell of the grid. With volumes V, V^-1/2 K V^-1/2 is symmetric and has real
    modes: H (i w V + K)^-1 S = H V^-1/2 Q (i w + lambda)^-1 Q^T V^-1/2 S.
    """
    sizes = model.sizes
    count, front = sizes.salt_cells, sizes.dead + sizes.separator
    volume = np.append(salt[LIQUID], max(float(y[ELECTROLYTE]) - float(salt[LIQUID].sum()), 1e-9))
    half = 0.5 * salt[LENGTH] * salt[FACTOR] / salt[DIFFUSIVITY]
    conductance = np.zeros((count + 1, count + 1))
    here = np.arange(count - 1)
    conductance[here, here + 1] = 1.0 / (half[:-1] + half[1:])
    conductance[:-1, -1] = float(model.cell["edge_exchange"]) * salt[LENGTH] / salt[FACTOR]
    conductance += conductance.T
    scale = 1.0 / np.sqrt(volume)
    rates, modes = np.linalg.eigh(scale[:, None] * (np.diag(conductance.sum(axis=1)) - conductance) * scale)
    moving = rates > STILL * rates[-1]
    rates, modes = rates[moving], scale[:, None] * modes[:, moving]
    # Migration t+ F over each inner face towards the lithium; what the reactions take and give.
    driven = np.zeros((count + 1, sizes.cathode + 1))
    face = np.maximum(here + 1 - front, 0)
    carried = 0.5 * (salt[TRANSFERENCE, :-1] + salt[TRANSFERENCE, 1:])
    np.add.at(driven, (here, face), carried)
    np.add.at(driven, (here + 1, face), -carried)
    driven[0, 0] -= 1.0
    cells = np.arange(sizes.cathode)
    driven[front + cells, cells] += 1.0
    driven[front + cells, cells + 1] -= 1.0
    excited = modes.T @ driven / FARADAY
    per_mode = 1.0 / (1j * angular[:, None] + rates)
    return np.asarray((gained @ modes * per_mode[:, None, :]) @ excited)


def _concentration_potentials(model: FullModel, salt: FloatArray, face: float) -> tuple[FloatArray, float]:
    """Return slopes of the cathode cells' concentration potential (cells, n + 1) [V m3/mol], and that of the face.

    The sum of (2RT/F) (1 - t+) (1 + dlnf/dlnc) ln(c_next/c) from the face of the lithium on; the face's own slope
    counts per concentration that it lies below the first cell.
    """
    sizes = model.sizes
    mean = float(model.cell["concentration"])
    logarithm = np.array([_logarithmic_slope(value, mean) for value in salt[CONCENTRATION]])
    gain = salt[GAIN]
    weight = 0.5 * (np.append(gain[0], gain[:-1]) + gain)
    steps = np.zeros((sizes.salt_cells, sizes.salt_cells + 1))
    place = np.arange(sizes.salt_cells)
    steps[place, place] = weight * logarithm
    steps[place[1:], place[:-1]] = -weight[1:] * logarithm[:-1]
    at_face = float(weight[0]) * _logarithmic_slope(face, mean)
    steps[0, 0] -= at_face
    front = sizes.dead + sizes.separator
    return np.cumsum(steps, axis=0)[front:], at_face


def _logarithmic_slope(concentration: float, mean: float) -> float:
    """Return d ln(floored c)/dc [m3/mol]."""
    half, found = 0.5 * concentration, floored(concentration, mean)
    return 0.5 * (1.0 + half / (found - half)) / found


def _ohmic_paths(model: FullModel, salt: FloatArray) -> FloatArray:
    """Return the ohmic drops from the separator's face through pores, and on through solid, by F (cells, cells + 1)."""
    sizes, record = model.sizes, model.cathode
    cells, front = sizes.cathode, sizes.dead + sizes.separator
    path = 0.5 * salt[LENGTH, front:] * salt[FACTOR, front:] / salt[CONDUCTIVITY, front:]
    solid = float(record["cathode_thickness"]) / cells / float(record["solid_conductivity"])
    drops = np.zeros((cells, cells + 1))
    for k in range(cells):
        drops[k, 0] = path[0] + 0.5 * solid + (cells - 1 - k) * solid
        drops[k, 1 : k + 1] = path[:k] + path[1 : k + 1]
        drops[k, k + 1 : cells] -= solid
    return drops


def relaxed(model: FullModel, y: FloatArray) -> FloatArray:
    """Return a state whose salt has evened out between the electrodes, as it does within minutes of rest.

    Only the grid evens out; the excess electrolyte at the edge takes days, and keeps what it has. Particles stay as
    they are: they even out during the rest of the experiment or not at all.
    """
    work = np.zeros((11, model.sizes.salt_cells))
    lay_grid(y, model.drive(), work)
    part = slice(SALT, SALT + model.sizes.salt_cells)
    found = y.copy()
    found[part] = y[part].sum() * work[LIQUID] / work[LIQUID].sum()
    return found
