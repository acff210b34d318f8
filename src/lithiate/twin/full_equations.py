"""The right-hand side of a full cell: a lithium electrode, salt, a porous cathode, and what passes between them.

Charging: lithium leaves the particles and plates. A leak (a soft short, or a shuttle of dissolved side products that
are oxidised at the cathode and reduced at the lithium) carries current inside the cell: while it charges the electrodes
carry less than the applied current, while it discharges more, and at rest the leak alone discharges it.
"""

from __future__ import annotations

import math

from lithiate._jit import Vector, njit, njit_cached, njit_inner
from lithiate.constants import FARADAY
from lithiate.twin.electrode import plate, rest, strip
from lithiate.twin.elementary import exponential
from lithiate.twin.events import common_events
from lithiate.twin.full_salt import (
    CONCENTRATION,
    DIFFUSIVITY,
    FACTOR,
    FLUX,
    GAINED,
    LENGTH,
    LIQUID,
    SHARES,
    TRANSFERENCE,
    diffusion_rows,
    face_slope,
    fill_salt,
    lay_grid,
    lay_transport,
    path_of_potential,
)
from lithiate.twin.full_states import (
    ACTIVE,
    CATHODE_FILM,
    OUT_SPREAD,
    OUT_SURFACE,
    SHUTTLED,
    SIDE_PRODUCTS,
    TRAPPED,
    FullDrive,
    FullScratch,
)
from lithiate.twin.implicit import factor_blocks, solve_blocks
from lithiate.twin.nucleation import covered_share
from lithiate.twin.porous_electrode import (
    FACE_CURRENT,
    INVERSE_VOLUME,
    divide_current,
    factor_particles,
    lay_particles,
    look_up,
    particle_rates,
    solve_particles,
)
from lithiate.twin.salt import dead_layer_thickness
from lithiate.twin.sei import additive_cover, loss_factor
from lithiate.twin.short_circuit import birth_rate
from lithiate.twin.states import (
    ADDITIVE,
    CURRENT,
    ELECTROLYTE,
    HAZARD,
    LEAKED,
    OUT_CONCENTRATION,
    OUT_CURRENT,
    OUT_ELECTRODE_A,
    OUT_FACE_A,
    OUT_INTERIOR_SHARE,
    OUT_LEAK,
    OUT_LOWEST_SALT,
    OUT_OHMIC,
    OUT_PLATING,
    OUT_STRIPPING,
    OUT_THROUGH,
    OUT_VOLTAGE,
    PASSED,
    PER_ELECTRODE,
    REST,
    ROUGHNESS,
    SALT,
    SET_VOLTAGE,
    SHORT,
    VOLTAGE,
)
from lithiate.twin.transport import factor_tridiagonal, floored, solve_tridiagonal

ATTEMPTS = 40
"""Steps of the search for a current."""
SMALLEST_CURRENT, LARGEST_CURRENT = 1e-4, 1e5
"""Where a search for the current looks, and below which the lithium electrode counts as at rest [A/m2]."""
VOLTAGE_TOLERANCE = 1e-8
"""How well a set voltage is met [V]."""
NEARLY_FULL = 0.01
"""Room for lithium at the surface of the particles, as stoichiometry, below which a leak fades (assumed)."""
NO_SHORT = 1e-6
"""Conductance [S/m2] below which a healing short counts as healed."""


@njit
def full_right_hand_side(y: Vector, drive: FullDrive, dy: Vector, out: Vector, scratch: FullScratch) -> None:
    """Write the derivatives of all states [per s] and the outputs, for a step as `drive` says.

    Parameters
    ----------
    y : (states,) float
    drive : FullDrive
        Under CURRENT the electrodes carry its current less (charging) or plus (discharging) the leak; under VOLTAGE the
        current follows from the state `SET_VOLTAGE`; under REST they carry the leak.
    dy : (states,) float;  out : (FULL_OUTPUTS,) float
        Written. The voltage is the cell's; overpotentials and currents are magnitudes.
    scratch : FullScratch
    """
    cell, cathode, work, porous = drive.cell, drive.cathode, scratch.salt, scratch.porous
    wet, wet_slope, pores = lay_grid(y, drive, work)
    lay_transport(y, drive, work)
    cover = additive_cover(y[ADDITIVE], cell.initial_additive, cell.additive_half_protection)
    losses = loss_factor(cover, cell.additive_protection)
    surface = lay_particles(y, drive, work[CONCENTRATION], wet, porous)
    products = max(y[SIDE_PRODUCTS], 0.0) / max(y[ELECTROLYTE], 1e-9)
    shuttle = cathode.shuttle_rate * products
    # A filament that touches the cathode dissolves at its contact: what it carries does not rise with 4 V.
    shorted = cathode.filament_voltage * y[SHORT] if y[SHORT] > NO_SHORT else 0.0
    # A leak brings lithium to the cathode; one that is full takes no more.
    room = covered_share(max(1.0 - surface, 0.0), NEARLY_FULL)
    shorted, shuttle = room * shorted, room * shuttle
    leak = shorted + shuttle
    charging = 1.0 if drive.plating == 0 and drive.control != REST else -1.0
    through, side = _find_current(y, drive, leak, wet, losses, dy, out, scratch)
    applied = 0.0 if drive.control == REST else through + charging * leak
    if drive.control == CURRENT:
        applied = drive.current
    # States of the cell.
    by_additive = cell.additive_share * cover * side
    dy[ADDITIVE] = -by_additive
    dy[ELECTROLYTE] = -cell.solvent_consumption * (side - by_additive)
    dy[SHORT] = -y[SHORT] / cell.short_healing_time
    reach = y[ROUGHNESS] * dead_layer_thickness(y, 0, cell)
    dy[HAZARD] = birth_rate(cell.short_rate, reach, 0.0, cell.separator_thickness)
    dy[LEAKED] = shorted
    dy[PASSED] = applied
    dy[SET_VOLTAGE] = drive.scan_rate
    # States of the cathode: its loss goes with what passes, at a surface potential, among side products.
    position = (surface - cathode.first_stoichiometry) * cathode.stoichiometries_per_unit
    excess = look_up(drive.potential, position) - cathode.cathode_loss_voltage
    severity = exponential(excess / cathode.cathode_loss_slope) * (1.0 + cathode.crosstalk * products)
    severity *= abs(porous[FACE_CURRENT, 0]) / (2.0 * cathode.one_c_capacity)
    lost = cathode.cathode_loss_rate * severity
    dy[ACTIVE] = -lost * y[ACTIVE]
    dy[CATHODE_FILM] = cathode.cathode_film_growth * severity
    dy[SIDE_PRODUCTS] = side
    dy[SHUTTLED] = shuttle
    for k in range(SHUTTLED + 1, ADDITIVE - 1):
        dy[k] = 0.0
    dy[TRAPPED] = particle_rates(y, drive, porous, scratch.radial, lost, dy)
    fill_salt(y, drive, porous[FACE_CURRENT, 0], porous[FACE_CURRENT], wet, wet_slope, pores, work, dy)
    if through <= 0.0 and drive.control != VOLTAGE:  # what the electrodes do not carry does not leak
        taken = min(applied / leak, 1.0) if leak > 0.0 else 0.0
        dy[LEAKED] *= taken
        dy[SHUTTLED] *= taken
    out[OUT_THROUGH] = through
    out[OUT_CURRENT] = applied
    # The short alone, which may harden; a step at a set voltage passes through zero current without one.
    shared = applied if drive.control == CURRENT else max(applied, drive.current)
    out[OUT_LEAK] = dy[LEAKED] / shared if drive.control != REST else 0.0
    out[OUT_SURFACE] = surface


@njit_inner
def full_electrode_rates(y: Vector, drive: FullDrive, dy: Vector, out: Vector, scratch: FullScratch) -> None:
    """Write the derivatives of the lithium electrode alone, at the current that was found last.

    Only the electrode's own stores are disturbed here, which move that current little.
    """
    cell, work = drive.cell, scratch.salt
    wet, _, _ = lay_grid(y, drive, work)
    lay_transport(y, drive, work)
    cover = additive_cover(y[ADDITIVE], cell.initial_additive, cell.additive_half_protection)
    losses = loss_factor(cover, cell.additive_protection)
    sign = 1.0 if drive.plating == 0 and drive.control != REST else -1.0
    through = out[OUT_THROUGH]
    if not through < LARGEST_CURRENT:  # the step before went too far
        through = drive.current
    face = floored(work[CONCENTRATION, 0] - sign * through * face_slope(drive, work), cell.concentration)
    if through <= SMALLEST_CURRENT:
        rest(y, 0, drive.electrodes[0], cell, (face, wet, losses), drive.intact[0], drive.noise[0], dy)
    else:
        _electrode(y, drive, sign, through, (face, wet, losses), dy, scratch)


@njit_inner
def _electrode(
    y: Vector, drive: FullDrive, sign: float, through: float, kinetics: tuple[float, float, float], dy: Vector,
    scratch: FullScratch,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Fill `dy` of the lithium electrode; return (overpotential V, slope, side current A/m2, interior share)."""
    guess, shares, interior = scratch.guess, scratch.salt[SHARES], 0.0
    if sign > 0.0:
        eta, slope, side, interior = plate(
            y, 0, through, drive.electrodes[0], drive.cell, kinetics, drive.intact[0], drive.noise[0],
            drive.plating_loss, guess[0], dy, scratch.branches[0], shares,
        )  # fmt: skip
        guess[0] = eta + drive.electrodes[0].capillary_potential
    else:
        eta, slope, side = strip(
            y, 0, through, drive.electrodes[0], drive.cell, kinetics, drive.intact[0], drive.noise[0],
            drive.stripping_loss, guess[0], dy, scratch.branches[0], shares,
        )  # fmt: skip
        guess[0] = eta
    return eta, slope, side, interior


@njit_inner
def _find_current(
    y: Vector, drive: FullDrive, leak: float, wet: float, losses: float, dy: Vector, out: Vector, scratch: FullScratch
) -> tuple[float, float]:
    """Find the current density through the electrodes, a magnitude; return it and the side current [A/m2].

    With the sign s (+1 while the cell charges) it is the applied current less s times the leak under CURRENT, and the
    leak at rest. Under VOLTAGE it is where the voltage V(i) is the set one: Newton's method inside a bracket. Below
    `SMALLEST_CURRENT` nothing flows.
    """
    sign = 1.0 if drive.plating == 0 and drive.control != REST else -1.0
    if drive.control != VOLTAGE:
        applied = 0.0 if drive.control == REST else drive.current
        through = applied - sign * leak
        if through <= SMALLEST_CURRENT:
            return 0.0, _at_rest(y, drive, wet, losses, dy, out, scratch)
        side, _ = _at_current(y, drive, sign, through, wet, losses, dy, out, scratch)
        return through, side
    low, high = SMALLEST_CURRENT, LARGEST_CURRENT
    through = out[OUT_THROUGH] if low < out[OUT_THROUGH] < high else drive.current
    side = 0.0
    for attempt in range(ATTEMPTS):
        side, resistance = _at_current(y, drive, sign, through, wet, losses, dy, out, scratch)
        excess = sign * (out[OUT_VOLTAGE] - y[SET_VOLTAGE])
        if abs(excess) <= VOLTAGE_TOLERANCE or attempt == ATTEMPTS - 1 or high - low <= 1e-12 * high:
            break
        if excess < 0.0:
            low = through
        else:
            high = through
        through -= excess / resistance
        if not low < through < high:
            through = math.sqrt(low * high)
    if through <= 1.01 * SMALLEST_CURRENT:  # the cell would drive it backwards
        return 0.0, _at_rest(y, drive, wet, losses, dy, out, scratch)
    return through, side


@njit_inner
def _at_current(
    y: Vector, drive: FullDrive, sign: float, through: float, wet: float, losses: float, dy: Vector, out: Vector,
    scratch: FullScratch,
) -> tuple[float, float]:  # fmt: skip
    """Fill `dy` of the lithium electrode and the voltages in `out`; return (side current, s dV/di [ohm m2])."""
    cell, work = drive.cell, scratch.salt
    first = work[CONCENTRATION, 0]
    face = floored(first - sign * through * face_slope(drive, work), cell.concentration)
    eta, slope, side, interior = _electrode(y, drive, sign, through, (face, wet, losses), dy, scratch)
    out[OUT_PLATING], out[OUT_STRIPPING] = (eta, 0.0) if sign > 0.0 else (0.0, eta)
    ohmic, potential, resistance = _cathode(y, drive, sign * through, face, wet, out, scratch)
    out[OUT_VOLTAGE] = potential + sign * (through * ohmic + eta)
    out[OUT_OHMIC] = through * ohmic
    out[OUT_INTERIOR_SHARE] = interior
    return side, 1.0 / slope + ohmic + resistance


@njit_inner
def _at_rest(
    y: Vector, drive: FullDrive, wet: float, losses: float, dy: Vector, out: Vector, scratch: FullScratch
) -> float:
    """Fill `dy` of the lithium electrode and the voltages in `out` without current; return the side current [A/m2]."""
    cell, work = drive.cell, scratch.salt
    face = floored(work[CONCENTRATION, 0], cell.concentration)
    potential, side = rest(
        y, 0, drive.electrodes[0], cell, (face, wet, losses), drive.intact[0], drive.noise[0], dy
    )  # fmt: skip
    _, at_cathode, _ = _cathode(y, drive, 0.0, face, wet, out, scratch)
    out[OUT_PLATING], out[OUT_STRIPPING], out[OUT_OHMIC], out[OUT_INTERIOR_SHARE] = 0.0, 0.0, 0.0, 0.0
    out[OUT_VOLTAGE] = at_cathode - potential
    return side


@njit_inner
def _cathode(
    y: Vector, drive: FullDrive, current: float, face: float, wet: float, out: Vector, scratch: FullScratch
) -> tuple[float, float, float]:
    """Divide a signed current in the cathode; return (ohmic resistance to it, its potential, its resistance)."""
    cell, sizes, work = drive.cell, drive.sizes, scratch.salt
    ohmic, half = path_of_potential(drive, face, work)
    potential, resistance, spread = divide_current(y, drive, current, wet, work, scratch.porous)
    last = sizes.salt_cells - 1
    lowest = face
    for k in (0, last):
        lowest = min(lowest, work[CONCENTRATION, k])
    middle = sizes.dead + sizes.separator // 2
    out[OUT_LOWEST_SALT] = lowest / cell.concentration
    out[OUT_CONCENTRATION] = work[GAINED, last]
    out[OUT_FACE_A] = face
    out[OUT_SPREAD] = spread
    here = 0.5 * (work[GAINED, middle - 1] + work[GAINED, middle])
    out[OUT_ELECTRODE_A] = potential + current * (ohmic - half) - here
    return ohmic, potential, resistance


@njit_inner
def prepare_full_step(y: Vector, shift: float, drive: FullDrive, scratch: FullScratch) -> tuple[float, float]:
    """Factor `shift` - W at a state; return the slope of the saturated share and the pore volume [m3/m2]."""
    work, matrix = scratch.salt, scratch.matrix
    wet, wet_slope, pores = lay_grid(y, drive, work)
    lay_transport(y, drive, work)
    diffusion_rows(y, shift, drive, work, matrix)
    factor_tridiagonal(matrix[0], matrix[1], matrix[2], matrix[3], matrix[4])
    factor_particles(y, shift, drive, wet, work, scratch.radial, scratch.porous)
    factor_blocks(shift, drive.plating, scratch.blocks)
    return wet_slope, pores


@njit_inner
def solve_full_stage(
    y: Vector, shift: float, drive: FullDrive, scratch: FullScratch, wet_slope: float, pores: float, stage: Vector,
    fast: Vector,
) -> None:  # fmt: skip
    """Solve (`shift` - W) x = `stage` in place; `fast` is scratch."""
    matrix, first = scratch.matrix, SALT + drive.sizes.salt_cells
    solve_blocks(shift, drive.plating, scratch.blocks, stage, fast)
    for i in range(PER_ELECTRODE, SALT):
        stage[i] /= shift
    solve_tridiagonal(matrix[0], matrix[3], matrix[4], stage[SALT:first])
    solve_particles(y, drive, scratch.radial, scratch.porous, stage[first:])


@njit_inner
def full_event_values(y: Vector, out: Vector, drive: FullDrive, limits: Vector, values: Vector) -> None:
    """Fill `values` (EVENTS,), as `common_events` says: a charge ends above its voltage, a discharge below."""
    left = limits[0] - out[OUT_VOLTAGE] if drive.plating == 0 else out[OUT_VOLTAGE] - limits[0]
    common_events(y, out, left, 0, limits, values)


@njit_cached
def steady_potential(y: Vector, drive: FullDrive, current: float, scratch: FullScratch) -> tuple[float, float]:
    """Return the potential of the cathode of a cell that discharges in steady salt, and the spread of its cells [V].

    `current` [A/m2]. The state is taken but for its particles, which are half full (where the exchange current is
    largest, and the reaction least even), and for its salt, which is laid so that every face carries what migration
    does not. With one particle the reaction is uniform, with one for each cell it is where the potentials balance:
    their difference is what uniform reaction costs before the particles have come to differ. The spread is that of
    `divide_current`. No number where the salt would run out on the way.
    """
    sizes, work, point = drive.sizes, scratch.salt, scratch.points[0]
    front, first = sizes.dead + sizes.separator, SALT + sizes.salt_cells
    for i in range(y.shape[0]):
        point[i] = y[i]
    half = 0.5 * drive.cathode.particle_capacity * y[ACTIVE] / sizes.particles
    for k in range(sizes.shells * sizes.particles):
        point[first + k] = half / drive.shells[INVERSE_VOLUME, k]
    wet, _, _ = lay_grid(point, drive, work)
    lay_transport(point, drive, work)
    salt, liquid, moment, fall = 0.0, 0.0, 0.0, 0.0
    for k in range(sizes.salt_cells):
        if k > 0:
            path = 0.5 * (
                work[LENGTH, k - 1] * work[FACTOR, k - 1] / work[DIFFUSIVITY, k - 1]
                + work[LENGTH, k] * work[FACTOR, k] / work[DIFFUSIVITY, k]
            )
            share = 1.0 if k <= front else 1.0 - (k - front) / sizes.cathode
            fall += path * (1.0 - 0.5 * (work[TRANSFERENCE, k - 1] + work[TRANSFERENCE, k])) * current * share / FARADAY
        salt += point[SALT + k]
        liquid += work[LIQUID, k]
        moment += fall * work[LIQUID, k]
        work[FLUX, k] = fall
    for k in range(sizes.salt_cells):
        point[SALT + k] = work[LIQUID, k] * ((salt + moment) / liquid - work[FLUX, k])
    lay_transport(point, drive, work)
    lay_particles(point, drive, work[CONCENTRATION], wet, scratch.porous)
    face = floored(work[CONCENTRATION, 0] + current * face_slope(drive, work), drive.cell.concentration)
    path_of_potential(drive, face, work)
    potential, _, spread = divide_current(point, drive, -current, wet, work, scratch.porous)
    return potential, spread
