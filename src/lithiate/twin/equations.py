"""The one right-hand side: two lithium electrodes, the salt between them, electrolyte and shorts.

The closures are in `kinetics`, `transport`, `nucleation`, `sei`, `host`, `short_circuit`; `electrode` and `salt`
assemble them, and this module puts the cell together. The charge passed is not a state: it is current times time, kept
outside the solver, and the tests compare it with what the stores sum to.
"""

from __future__ import annotations

import math

from lithiate._jit import Matrix, Record, Vector, njit, njit_inner
from lithiate.twin.electrode import plate, rest, strip
from lithiate.twin.salt import dead_layer_thickness, grid, salt_potentials, salt_states
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
    SALT_CELLS,
    SET_VOLTAGE,
    SHORT,
    VOLTAGE,
    Drive,
    Scratch,
)
from lithiate.twin.transport import floored

ATTEMPTS = 40
"""Steps of the search for a current."""
SMALLEST_CURRENT, LARGEST_CURRENT = 1e-4, 1e6
"""Where a search for the current at a set voltage looks [A/m2]."""
VOLTAGE_TOLERANCE = 1e-9
"""How well a set voltage is met [V]."""
NO_SHORT = 1e-6
"""Conductance [S/m2] below which a healing short counts as healed: it leaks some 1e-9 of the current."""


@njit
def right_hand_side(y: Vector, drive: Drive, dy: Vector, out: Vector, scratch: Scratch) -> None:
    """Write the derivatives of all states [per s] and the outputs, for a step as `drive` says.

    Parameters
    ----------
    y : (STATES,) float
    drive : Drive
        Under CURRENT the electrodes carry what soft shorts leave of its current; under VOLTAGE the current follows from
        the state `SET_VOLTAGE`; under REST there is none.
    dy : (STATES,) float;  out : (OUTPUTS,) float
        Written. Outputs are signed along the polarity: positive where the current meets resistance. The current in
        `out` is where the search for the present one starts.
    scratch : Scratch
    """
    cell, work = drive.cell, scratch.salt
    wet, wet_slope, pores = grid(y, cell, drive.electrodes, work[0], work[1], work[2])
    cover = additive_cover(y[ADDITIVE], cell.initial_additive, cell.additive_half_protection)
    losses = loss_factor(cover, cell.additive_protection)
    ohmic, half, c_a, slope_a, c_b, slope_b = salt_potentials(y, drive.plating, cell, work)
    faces = (c_a, slope_a, c_b, slope_b)
    short = y[SHORT] if y[SHORT] > NO_SHORT else 0.0
    if drive.control == REST:
        side = _rest(y, drive, faces, wet, losses, dy, out)
        total, through = 0.0, 0.0
    else:
        through, side = _find_current(y, drive, short, faces, ohmic, wet, losses, dy, out, scratch)
        if drive.control == VOLTAGE and not (math.isfinite(out[OUT_VOLTAGE]) and through > 1.01 * SMALLEST_CURRENT):
            # Nothing to strip, or no drive to plate: the electrode follows the set voltage without a current.
            side = _rest(y, drive, faces, wet, losses, dy, out)
            through = 0.0
            out[OUT_STRIPPING] += y[SET_VOLTAGE] - out[OUT_VOLTAGE]
            out[OUT_VOLTAGE] = y[SET_VOLTAGE]
        total = drive.current if drive.control == CURRENT else through + short * out[OUT_VOLTAGE]
    _cell_states(y, total - through, side, cell, cover, dy)
    dy[PASSED] = total
    dy[SET_VOLTAGE] = drive.scan_rate
    salt_states(y, drive.plating, through, drive.electrodes, cell, wet, wet_slope, pores, work, dy)
    out[OUT_THROUGH] = through
    out[OUT_CURRENT] = total
    out[OUT_LEAK] = (total - through) / total if total > 0.0 else 0.0
    out[OUT_OHMIC] = through * ohmic
    _electrode_potential(drive, work, y, through * half, out)


@njit_inner
def _find_current(
    y: Vector,
    drive: Drive,
    short: float,
    faces: tuple[float, float, float, float],
    ohmic: float,
    wet: float,
    losses: float,
    dy: Vector,
    out: Vector,
    scratch: Scratch,
) -> tuple[float, float]:
    """Find the current density through the electrodes; return it and the side current of both electrodes [A/m2].

    Newton's method inside a bracket, since the voltage V(i) rises with the current i: under CURRENT i + G V(i) is the
    applied current, G the conductance of soft shorts (no iteration without one); under VOLTAGE V(i) is the set voltage,
    and the current counts as `SMALLEST_CURRENT` where the cell would drive it backwards.
    """
    free = drive.control == VOLTAGE
    low, high = (SMALLEST_CURRENT, LARGEST_CURRENT) if free else (1e-6 * drive.current, 2.0 * drive.current)
    through = drive.current
    if (free or short > 0.0) and low < out[OUT_THROUGH] < high:
        through = out[OUT_THROUGH]
    side = 0.0
    for attempt in range(ATTEMPTS):
        side, resistance = _at_current(y, drive, through, faces, ohmic, wet, losses, dy, out, scratch)
        if free:
            excess, slope = out[OUT_VOLTAGE] - y[SET_VOLTAGE], resistance
            small = VOLTAGE_TOLERANCE
        else:
            excess, slope = through + short * out[OUT_VOLTAGE] - drive.current, 1.0 + short * resistance
            small = 1e-9 * drive.current
        # The last attempt stands as it is, so that the charges belong to the current that was found.
        if abs(excess) <= small or attempt == ATTEMPTS - 1 or high - low <= 1e-12 * high:
            break
        if excess < 0.0:
            low = through
        else:
            high = through
        through -= excess / slope
        if not low < through < high:
            through = math.sqrt(low * high)
    return through, side


@njit_inner
def _at_current(
    y: Vector,
    drive: Drive,
    through: float,
    faces: tuple[float, float, float, float],
    ohmic: float,
    wet: float,
    losses: float,
    dy: Vector,
    out: Vector,
    scratch: Scratch,
) -> tuple[float, float]:
    """Fill `dy` of both electrodes and the voltages in `out` at a current; return (side current, dV/di [ohm m2])."""
    cell, electrodes, guess, shares = drive.cell, drive.electrodes, scratch.guess, scratch.salt[3]
    c_a, slope_a, c_b, slope_b = faces
    face_a = floored(c_a + slope_a * through, cell.concentration)
    face_b = floored(c_b + slope_b * through, cell.concentration)
    a_plates = drive.plating == 0
    face_plating, face_stripping = (face_a, face_b) if a_plates else (face_b, face_a)
    into, out_of = (0, 1) if a_plates else (1, 0)
    eta_plating, g_plating, side_plating, interior = plate(
        y, into * PER_ELECTRODE, through, electrodes[into], cell, (face_plating, wet, losses), drive.intact[into],
        drive.noise[into], drive.plating_loss, guess[into], dy, scratch.branches[0], shares,
    )  # fmt: skip
    eta_stripping, g_stripping, side_stripping = strip(
        y, out_of * PER_ELECTRODE, through, electrodes[out_of], cell, (face_stripping, wet, losses),
        drive.intact[out_of], drive.noise[out_of], drive.stripping_loss, guess[out_of], dy, scratch.branches[1], shares,
    )  # fmt: skip
    guess[into] = eta_plating + electrodes[into].capillary_potential
    guess[out_of] = eta_stripping
    out[OUT_PLATING] = eta_plating
    out[OUT_STRIPPING] = eta_stripping
    out[OUT_CONCENTRATION] = concentration_gain(cell) * math.log(face_stripping / face_plating)
    out[OUT_VOLTAGE] = eta_plating + eta_stripping + out[OUT_CONCENTRATION] + through * ohmic
    out[OUT_LOWEST_SALT] = min(face_plating, face_stripping) / cell.concentration
    out[OUT_INTERIOR_SHARE] = interior
    out[OUT_FACE_A] = face_a
    return side_plating + side_stripping, 1.0 / g_plating + 1.0 / g_stripping + ohmic


@njit_inner
def _rest(
    y: Vector,
    drive: Drive,
    faces: tuple[float, float, float, float],
    wet: float,
    losses: float,
    dy: Vector,
    out: Vector,
) -> float:
    """Fill `dy` of both electrodes and the voltages in `out` without current; return the side current [A/m2]."""
    cell, electrodes = drive.cell, drive.electrodes
    face_a, face_b = floored(faces[0], cell.concentration), floored(faces[2], cell.concentration)
    potential_a, potential_b, side_a, side_b = 0.0, 0.0, 0.0, 0.0
    for e in range(2):
        face, intact, noise = face_b if e else face_a, drive.intact[e], drive.noise[e]
        potential_a, side_a = potential_b, side_b
        potential_b, side_b = rest(y, e * PER_ELECTRODE, electrodes[e], cell, (face, wet, losses), intact, noise, dy)
    a_plates = drive.plating == 0
    face_plating, face_stripping = (face_a, face_b) if a_plates else (face_b, face_a)
    out[OUT_PLATING] = -potential_a if a_plates else -potential_b
    out[OUT_STRIPPING] = potential_b if a_plates else potential_a
    out[OUT_CONCENTRATION] = concentration_gain(cell) * math.log(face_stripping / face_plating)
    out[OUT_VOLTAGE] = out[OUT_PLATING] + out[OUT_STRIPPING] + out[OUT_CONCENTRATION]
    out[OUT_LOWEST_SALT] = min(face_a, face_b) / cell.concentration
    out[OUT_INTERIOR_SHARE] = 0.0
    out[OUT_FACE_A] = face_a
    return side_a + side_b


@njit_inner
def concentration_gain(cell: Record) -> float:
    """Return the concentration potential per logarithm of a concentration ratio [V], (2RT/F)(1 - t+) chi."""
    return 2.0 * cell.thermal * (1.0 - cell.transference) * cell.thermodynamic_factor


@njit_inner
def _electrode_potential(drive: Drive, work: Matrix, y: Vector, ohmic: float, out: Vector) -> None:
    """Write the potential of A against a lithium reference in the middle of the separator, along the polarity [V]."""
    middle = SALT_CELLS // 2
    amount = 0.5 * (y[SALT + middle - 1] / work[0][middle - 1] + y[SALT + middle] / work[0][middle])
    here = concentration_gain(drive.cell) * math.log(out[OUT_FACE_A] / floored(amount, drive.cell.concentration))
    if drive.plating == 0:
        out[OUT_ELECTRODE_A] = out[OUT_PLATING] + ohmic - here
    else:
        out[OUT_ELECTRODE_A] = out[OUT_STRIPPING] + ohmic + here


@njit_inner
def _cell_states(y: Vector, leak: float, side: float, cell: Record, cover: float, dy: Vector) -> None:
    """Fill `dy` for electrolyte, additive and shorts; `side` is the side current of both electrodes [A/m2]."""
    by_additive = cell.additive_share * cover * side
    dy[ADDITIVE] = -by_additive
    dy[ELECTROLYTE] = -cell.solvent_consumption * (side - by_additive)
    dy[SHORT] = -y[SHORT] / cell.short_healing_time
    reach_a, reach_b = 0.0, 0.0
    for e in range(2):
        offset = e * PER_ELECTRODE
        reach_a, reach_b = reach_b, y[offset + ROUGHNESS] * dead_layer_thickness(y, offset, cell)
    dy[HAZARD] = birth_rate(cell.short_rate, reach_a, reach_b, cell.separator_thickness)
    dy[LEAKED] = leak
