"""The one right-hand side: two lithium electrodes, the salt between them, electrolyte and shorts.

The closures are in `kinetics`, `transport`, `nucleation`, `sei`, `host`, `short_circuit`; `electrode` and `salt`
assemble them, and this module puts the cell together. The charge passed is not a state: it is current times time, kept
outside the solver, and the tests compare it with what the stores sum to.
"""

from __future__ import annotations

import math

from lithiate._jit import Record, Vector, njit
from lithiate.twin.electrode import plate, strip
from lithiate.twin.salt import dead_layer_thickness, grid, salt_potentials, salt_states
from lithiate.twin.sei import additive_cover, loss_factor
from lithiate.twin.short_circuit import birth_rate
from lithiate.twin.states import (
    ADDITIVE,
    ELECTROLYTE,
    HAZARD,
    LEAKED,
    OUT_CONCENTRATION,
    OUT_INTERIOR_SHARE,
    OUT_LEAK,
    OUT_LOWEST_SALT,
    OUT_OHMIC,
    OUT_PLATING,
    OUT_STRIPPING,
    OUT_VOLTAGE,
    PER_ELECTRODE,
    ROUGHNESS,
    SHORT,
    Drive,
    Scratch,
)
from lithiate.twin.transport import floored

LEAK_ATTEMPTS = 20
NO_SHORT = 1e-6
"""Conductance [S/m2] below which a healing short counts as healed: it leaks some 1e-9 of the current."""


@njit
def right_hand_side(y: Vector, drive: Drive, dy: Vector, out: Vector, scratch: Scratch) -> None:
    """Write the derivatives of all states [per s] and the voltage of the cell, at constant applied current density.

    Parameters
    ----------
    y : (STATES,) float
    drive : Drive
        The electrodes carry what soft shorts leave of its current.
    dy : (STATES,) float;  out : (OUTPUTS,) float
        Written. Outputs are signed along the half cycle: positive where the current meets resistance. The leak in
        `out` is where the search for the present one starts.
    scratch : Scratch
    """
    current, electrodes, cell = drive.current, drive.electrodes, drive.cell
    guess, branches, work = scratch.guess, scratch.branches, scratch.salt
    liquid, length, factor = work[0], work[1], work[2]
    shares = work[3]
    wet, wet_slope, pores = grid(y, cell, electrodes, liquid, length, factor)
    ohmic, c_a, slope_a, c_b, slope_b = salt_potentials(y, drive.plating, cell, work)
    cover = additive_cover(y[ADDITIVE], cell.initial_additive, cell.additive_half_protection)
    losses = loss_factor(cover, cell.additive_protection)
    concentration_gain = 2.0 * cell.thermal * (1.0 - cell.transference) * cell.thermodynamic_factor

    a_plates = drive.plating == 0
    into, out_of = (0, 1) if a_plates else (1, 0)
    short = y[SHORT] if y[SHORT] > NO_SHORT else 0.0
    through = current
    if short > 0.0 and math.isfinite(out[OUT_LEAK]):  # start from the last leak that was found
        through = current * (1.0 - min(out[OUT_LEAK], 1.0 - 1e-6))
    voltage = 0.0
    eta_plating = 0.0
    eta_stripping = 0.0
    side_plating = 0.0
    side_stripping = 0.0
    interior = 0.0
    concentration_drop = 0.0
    face_plating = cell.concentration
    face_stripping = cell.concentration
    for attempt in range(LEAK_ATTEMPTS):
        face_a = floored(c_a + slope_a * through, cell.concentration)
        face_b = floored(c_b + slope_b * through, cell.concentration)
        face_plating, face_stripping = (face_a, face_b) if a_plates else (face_b, face_a)
        eta_plating, g_plating, side_plating, interior = plate(
            y, into * PER_ELECTRODE, through, electrodes[into], cell, (face_plating, wet, losses), drive.intact[into],
            drive.noise[into], guess[into], dy, branches[0], shares,
        )  # fmt: skip
        eta_stripping, g_stripping, side_stripping = strip(
            y, out_of * PER_ELECTRODE, through, electrodes[out_of], cell, (face_stripping, wet, losses),
            drive.intact[out_of], drive.noise[out_of], guess[out_of], dy, branches[1], shares,
        )  # fmt: skip
        guess[into] = eta_plating + electrodes[into].capillary_potential
        guess[out_of] = eta_stripping
        concentration_drop = concentration_gain * math.log(face_stripping / face_plating)
        voltage = eta_plating + eta_stripping + concentration_drop + through * ohmic
        # Newton's method for the current that soft shorts leave: through + G V(through) = current.
        excess = through + short * voltage - current
        # The last attempt stands as it is, so that the charges below belong to the current that was found.
        if abs(excess) <= 1e-9 * current or attempt == LEAK_ATTEMPTS - 1:
            break
        through -= excess / (1.0 + short * (1.0 / g_plating + 1.0 / g_stripping + ohmic))
        through = min(max(through, 1e-6 * current), 2.0 * current)

    _cell_states(y, current - through, side_plating + side_stripping, cell, cover, dy)
    salt_states(y, drive.plating, through, electrodes, cell, wet, wet_slope, pores, work, dy)
    out[OUT_VOLTAGE] = voltage
    out[OUT_PLATING] = eta_plating
    out[OUT_STRIPPING] = eta_stripping
    out[OUT_OHMIC] = through * ohmic
    out[OUT_CONCENTRATION] = concentration_drop
    out[OUT_LEAK] = (current - through) / current
    out[OUT_LOWEST_SALT] = min(face_plating, face_stripping) / cell.concentration
    out[OUT_INTERIOR_SHARE] = interior


@njit
def _cell_states(y: Vector, leak: float, side: float, cell: Record, cover: float, dy: Vector) -> None:
    """Fill `dy` for electrolyte, additive and shorts; `side` is the side current of both electrodes [A/m2]."""
    by_additive = cell.additive_share * cover * side
    dy[ADDITIVE] = -by_additive
    dy[ELECTROLYTE] = -cell.solvent_consumption * (side - by_additive)
    dy[SHORT] = -y[SHORT] / cell.short_healing_time
    dy[HAZARD] = birth_rate(
        cell.short_rate,
        y[ROUGHNESS] * dead_layer_thickness(y, 0, cell),
        y[PER_ELECTRODE + ROUGHNESS] * dead_layer_thickness(y, PER_ELECTRODE, cell),
        cell.separator_thickness,
    )
    dy[LEAKED] = leak
