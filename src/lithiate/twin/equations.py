"""The one right-hand side: two lithium electrodes and the salt between them.

State vector `y` (SI; charges in C per m2 of electrode):

    electrode A   10 numbers from 0, electrode B   10 numbers from 10   (names below)
    cell          6 numbers from 20
    salt          amount in each cell of the grid, from A to B, from 26 [mol/m2]

The closures are in `kinetics`, `transport`, `nucleation`, `sei`, `host`, `short_circuit`; this module only assembles
them. Every store has its own equation; none is got by difference. The charge passed is not a state: it is current
times time, kept outside the solver, and the tests compare it with what the stores sum to.
"""

from __future__ import annotations

import math

import numpy as np

from lithiate._jit import Matrix, Record, Vector, njit
from lithiate.constants import FARADAY
from lithiate.twin.host import interior_capacity, lithiophilic_share, open_share, penetration
from lithiate.twin.kinetics import solve_parallel_branches
from lithiate.twin.nucleation import covered_share, fading_barrier
from lithiate.twin.sei import additive_cover, bounded_loss, film_resistance, loss_factor, roughness_factor
from lithiate.twin.short_circuit import birth_rate
from lithiate.twin.transport import conductivity_ratio, floored, saturation

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
ELECTROLYTE, ADDITIVE, SHORT, HAZARD, LEAKED, EXCESS_SALT = range(20, 26)
CELL_STATES = ("electrolyte_volume", "additive", "short_conductance", "hazard", "leaked_charge", "excess_salt")
SALT = 26
DEAD_CELLS = 5
SEPARATOR_CELLS = 6
SALT_CELLS = 2 * DEAD_CELLS + SEPARATOR_CELLS
STATES = SALT + SALT_CELLS

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
) = range(8)
OUTPUTS = 8

ELECTRODE = np.dtype(
    [
        (name, np.float64)
        for name in (
            # from the description
            "is_host", "nitride_capture", "other_capture", "area_density", "initial_void", "initial_reservoir",
            "capacity_density", "liquid_share", "roughness_drive", "barrier_width_carbon",
            # from the parameter set, at the temperature of the run
            "burying_charge", "opened_fraction", "capillary_potential", "unwetted_capillary_potential",
            "carbon_barrier", "carbon_barrier_persistence", "lithiophilic_barrier", "nucleation_charge", "covering_charge",
            "exhaustion_charge", "filling_exponent", "roughness_current_exponent", "roughness_levelling",
            "roughness_limit", "roughness_area", "loss_roughness_exponent", "area_noise", "pitting_barrier",
            "pitting_area", "film_resistance", "native_film_resistance", "exchange_current_density", "sei_loss_top",
            "sei_loss_interior", "dead_loss", "interior_film_doubling", "top_film_doubling", "calendar_current",
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


@njit
def _clear(branches: Matrix) -> None:
    """Take all branches away (a slice assignment would cost seconds of compilation)."""
    for k in range(BRANCHES):
        for i in range(4):
            branches[k, i] = 0.0


@njit
def _interior_area(
    y: Vector,
    offset: int,
    electrode: Record,
    cell: Record,
    capacity: float,
    resistance: float,
    concentration: float,
    saturated: float,
) -> float:
    """Return the interior area per electrode area that carries current, before it is shared among sites [1]."""
    depth = capacity / electrode.capacity_density
    fill = min(max(y[offset + Q_INTERIOR] / capacity, 0.0), 1.0)
    porosity = max(electrode.liquid_share * (1.0 - fill), 0.05)
    factor = porosity**1.5 * saturated**cell.saturation_exponent
    conductivity = (
        cell.conductivity
        * factor
        * conductivity_ratio(concentration, cell.concentration, cell.concentration_of_maximum)
    )
    # Diffusion into the depth adds to the surface's resistance what the limiting current 2 F c D / ((1 - t) L) allows.
    area = electrode.area_density * depth
    limit = 2.0 * FARADAY * concentration * cell.diffusivity * factor / ((1.0 - cell.transference) * depth)
    share = penetration(depth, electrode.area_density, conductivity, resistance + area * cell.thermal / limit)
    return area * share


@njit
def plate(
    y: Vector,
    offset: int,
    current: float,
    electrode: Record,
    cell: Record,
    kinetics: tuple[float, float, float],
    intact: float,
    noise: float,
    guess: float,
    dy: Vector,
    branches: Matrix,
    shares: Vector,
) -> tuple[float, float, float, float]:
    """Fill `dy` for the electrode that plates; return (overpotential V, slope, side current A/m2, interior share).

    `kinetics` = (surface salt concentration, saturated share, loss factor).
    """
    concentration, wet, losses = kinetics
    exchange = electrode.exchange_current_density * math.sqrt(concentration / cell.concentration)
    r_top = film_resistance(electrode.film_resistance, y[offset + Q_SEI_TOP], electrode.top_film_doubling)
    b_w = electrode.capillary_potential
    _clear(branches)
    theta = 0.0
    if electrode.is_host > 0.0:
        sei = y[offset + Q_SEI_INTERIOR]
        theta = lithiophilic_share(
            electrode.nitride_capture, intact, electrode.other_capture, sei / electrode.burying_charge
        )
        r_in = film_resistance(electrode.film_resistance, sei, electrode.interior_film_doubling)
        capacity = interior_capacity(
            electrode.initial_void,
            electrode.opened_fraction,
            electrode.initial_reservoir - y[offset + Q_RESERVOIR],
            cell.sei_swelling,
            sei,
        )
        area = _interior_area(y, offset, electrode, cell, capacity, r_in + cell.thermal / exchange, concentration, wet)
        area *= wet * open_share(y[offset + Q_INTERIOR] / capacity, electrode.filling_exponent)
        b_site = fading_barrier(
            electrode.lithiophilic_barrier, 0.0, y[offset + Q_ON_SITES], electrode.nucleation_charge
        )
        b_carbon = fading_barrier(
            electrode.carbon_barrier,
            electrode.carbon_barrier_persistence,
            y[offset + Q_ON_CARBON],
            electrode.nucleation_charge,
        )
        branches[0, 0], branches[0, 1], branches[0, 2], branches[0, 3] = area * theta, r_in, b_site, 0.5 * b_site
        branches[1, 0], branches[1, 1] = area * (1.0 - theta), r_in
        branches[1, 2] = b_w + electrode.unwetted_capillary_potential + b_carbon
        branches[1, 3] = electrode.barrier_width_carbon
    cover = covered_share(y[offset + Q_TOP], electrode.covering_charge)
    roughness = y[offset + ROUGHNESS]
    branches[2, 0] = wet * cover * (1.0 + electrode.roughness_area * roughness)
    branches[2, 0] *= math.exp(electrode.area_noise * roughness * noise)
    branches[2, 2], branches[2, 3] = b_w, 0.5 * b_w
    branches[3, 0] = wet * (1.0 - cover) * theta
    branches[3, 2] = b_w + electrode.lithiophilic_barrier
    branches[3, 3] = 0.5 * math.hypot(b_w, electrode.lithiophilic_barrier)
    branches[4, 0] = wet * (1.0 - cover) * (1.0 - theta)
    branches[4, 2] = b_w + electrode.carbon_barrier
    branches[4, 3] = electrode.barrier_width_carbon
    for k in range(2, BRANCHES):
        branches[k, 1] = r_top
    eta, slope = solve_parallel_branches(current, branches, exchange, cell.thermal, guess, shares)

    inside = shares[0] + shares[1]
    top = shares[2] + shares[3] + shares[4]
    rough = roughness_factor(roughness, electrode.loss_roughness_exponent)
    sei_inside = bounded_loss(electrode.sei_loss_interior * losses) * inside
    sei_top = bounded_loss(electrode.sei_loss_top * losses * rough) * top
    calendar = electrode.calendar_current * losses
    dy[offset + Q_INTERIOR] = inside - sei_inside
    dy[offset + Q_TOP] = top - sei_top
    dy[offset + Q_RESERVOIR] = -calendar
    dy[offset + Q_DEAD] = 0.0
    dy[offset + Q_SEI_TOP] = sei_top + (0.0 if electrode.is_host > 0.0 else calendar)
    dy[offset + Q_SEI_INTERIOR] = sei_inside + (calendar if electrode.is_host > 0.0 else 0.0)
    dy[offset + ROUGHNESS] = (
        electrode.roughness_drive
        * (top / cell.reference_current) ** electrode.roughness_current_exponent
        * (1.0 - roughness / electrode.roughness_limit)
        * top
    )
    dy[offset + Q_PIT] = 0.0
    dy[offset + Q_ON_SITES] = shares[0]
    dy[offset + Q_ON_CARBON] = shares[1]
    return eta - b_w, slope, sei_inside + sei_top + calendar, inside / current


@njit
def strip(
    y: Vector,
    offset: int,
    current: float,
    electrode: Record,
    cell: Record,
    kinetics: tuple[float, float, float],
    intact: float,
    noise: float,
    guess: float,
    dy: Vector,
    branches: Matrix,
    shares: Vector,
) -> tuple[float, float, float]:
    """Fill `dy` for the electrode that strips; return (overpotential V, slope A/(m2 V), side current A/m2)."""
    concentration, wet, losses = kinetics
    exchange = electrode.exchange_current_density * math.sqrt(concentration / cell.concentration)
    roughness = y[offset + ROUGHNESS]
    _clear(branches)
    if electrode.is_host > 0.0:
        sei = y[offset + Q_SEI_INTERIOR]
        theta = lithiophilic_share(
            electrode.nitride_capture, intact, electrode.other_capture, sei / electrode.burying_charge
        )
        r_in = film_resistance(electrode.film_resistance, sei, electrode.interior_film_doubling)
        capacity = interior_capacity(
            electrode.initial_void,
            electrode.opened_fraction,
            electrode.initial_reservoir - y[offset + Q_RESERVOIR],
            cell.sei_swelling,
            sei,
        )
        area = _interior_area(y, offset, electrode, cell, capacity, r_in + cell.thermal / exchange, concentration, wet)
        held = covered_share(y[offset + Q_INTERIOR], electrode.exhaustion_charge)
        b_held = theta * electrode.capillary_potential
        branches[0, 0], branches[0, 1], branches[0, 2], branches[0, 3] = wet * area * held, r_in, b_held, 0.5 * b_held
    branches[1, 0] = wet * (1.0 + electrode.roughness_area * roughness)
    branches[1, 0] *= covered_share(y[offset + Q_TOP], electrode.covering_charge)
    branches[1, 0] *= math.exp(electrode.area_noise * roughness * noise)
    branches[1, 1] = film_resistance(electrode.film_resistance, y[offset + Q_SEI_TOP], electrode.top_film_doubling)
    branches[2, 0] = wet * (1.0 + electrode.pitting_area * y[offset + Q_PIT])
    branches[2, 0] *= covered_share(y[offset + Q_RESERVOIR], 0.1 * electrode.exhaustion_charge)
    branches[2, 1] = electrode.native_film_resistance
    branches[2, 2], branches[2, 3] = electrode.pitting_barrier, 0.4 * electrode.pitting_barrier
    eta, slope = solve_parallel_branches(current, branches, exchange, cell.thermal, guess, shares)

    lost = bounded_loss(electrode.dead_loss * losses * roughness_factor(roughness, electrode.loss_roughness_exponent))
    calendar = electrode.calendar_current * losses
    dy[offset + Q_INTERIOR] = -shares[0]
    dy[offset + Q_TOP] = -shares[1] * (1.0 + lost)
    dy[offset + Q_RESERVOIR] = -shares[2] - calendar
    dy[offset + Q_DEAD] = shares[1] * lost
    dy[offset + Q_SEI_TOP] = 0.0 if electrode.is_host > 0.0 else calendar
    dy[offset + Q_SEI_INTERIOR] = calendar if electrode.is_host > 0.0 else 0.0
    dy[offset + ROUGHNESS] = -electrode.roughness_levelling * roughness * shares[1]
    dy[offset + Q_PIT] = shares[2]
    dy[offset + Q_ON_SITES] = 0.0
    dy[offset + Q_ON_CARBON] = 0.0
    return eta, slope, calendar


@njit
def dead_layer_thickness(y: Vector, offset: int, cell: Record) -> float:
    """Return the dead layer's thickness [m], L_0 + (v_Li q_dead + v_SEI q_SEI)/(1 - eps)."""
    solid = LITHIUM_VOLUME * (y[offset + Q_DEAD] + cell.sei_swelling * y[offset + Q_SEI_TOP])
    return cell.dead_layer_initial_thickness + max(solid, 0.0) / (1.0 - cell.dead_layer_porosity)


@njit
def _host_liquid(y: Vector, offset: int, electrode: Record, cell: Record) -> float:
    """Return the liquid that fills the opened interior [m3/m2]."""
    if electrode.is_host <= 0.0:
        return 0.0
    capacity = interior_capacity(
        electrode.initial_void,
        electrode.opened_fraction,
        electrode.initial_reservoir - y[offset + Q_RESERVOIR],
        cell.sei_swelling,
        y[offset + Q_SEI_INTERIOR],
    )
    return LITHIUM_VOLUME * max(capacity - y[offset + Q_INTERIOR], 0.0)


@njit
def grid(
    y: Vector, cell: Record, electrodes: Record, liquid: Vector, length: Vector, resistance_factor: Vector
) -> tuple[float, float, float]:
    """Lay the salt grid for a state.

    Fills, per cell of the grid, the liquid volume [m3/m2], the thickness [m] and tau/(eps s^n) [1]; returns the
    saturated share, its slope, and the pore volume [m3/m2].
    """
    thickness_a = dead_layer_thickness(y, 0, cell)
    thickness_b = dead_layer_thickness(y, PER_ELECTRODE, cell)
    pores = (
        cell.separator_porosity * cell.separator_thickness
        + cell.dead_layer_porosity * (thickness_a + thickness_b)
        + _host_liquid(y, 0, electrodes[0], cell)
        + _host_liquid(y, PER_ELECTRODE, electrodes[1], cell)
        + cell.bound_electrolyte
    )
    wet, slope = saturation(max(y[ELECTROLYTE], 1e-12) / pores)
    drying = wet**cell.saturation_exponent
    for k in range(SALT_CELLS):
        if k < DEAD_CELLS or k >= DEAD_CELLS + SEPARATOR_CELLS:
            thickness = thickness_a if k < DEAD_CELLS else thickness_b
            porosity = cell.dead_layer_porosity
            tortuosity = cell.dead_layer_tortuosity + cell.dead_layer_tortuosity_growth * thickness
            length[k] = thickness / DEAD_CELLS
        else:
            porosity = cell.separator_porosity
            tortuosity = cell.separator_tortuosity
            length[k] = cell.separator_thickness / SEPARATOR_CELLS
        liquid[k] = wet * porosity * length[k]
        resistance_factor[k] = tortuosity / (porosity * drying)
    return wet, slope, pores


@njit
def diffusion_matrix(
    cell: Record,
    liquid: Vector,
    length: Vector,
    resistance_factor: Vector,
    lower: Vector,
    diagonal: Vector,
    upper: Vector,
) -> None:
    """Fill the tridiagonal matrix of salt diffusion, d(amount)/dt = A amount [1/s]; its columns sum to zero."""
    for k in range(SALT_CELLS):
        lower[k], diagonal[k], upper[k] = 0.0, 0.0, 0.0
    for k in range(SALT_CELLS - 1):
        path = 0.5 * (length[k] * resistance_factor[k] + length[k + 1] * resistance_factor[k + 1])
        conductance = cell.diffusivity / path
        lower[k + 1] += conductance / liquid[k]
        diagonal[k] -= conductance / liquid[k]
        upper[k] += conductance / liquid[k + 1]
        diagonal[k + 1] -= conductance / liquid[k + 1]


@njit
def _salt_potentials(
    y: Vector, plating: int, cell: Record, liquid: Vector, length: Vector, resistance_factor: Vector
) -> tuple[float, float, float, float, float]:
    """Return (ohmic resistance ohm m2, face concentration's cell value and slope per current, at A and at B)."""
    resistance = 0.0
    for k in range(SALT_CELLS):
        concentration = floored(y[SALT + k] / liquid[k], cell.concentration)
        kappa = cell.conductivity * conductivity_ratio(concentration, cell.concentration, cell.concentration_of_maximum)
        resistance += length[k] * resistance_factor[k] / kappa
    pull = (1.0 - cell.transference) / (FARADAY * cell.diffusivity) * 0.5
    last = SALT_CELLS - 1
    sign = 1.0 if plating == 1 else -1.0
    slope_a = sign * pull * length[0] * resistance_factor[0]
    slope_b = -sign * pull * length[last] * resistance_factor[last]
    return resistance, y[SALT] / liquid[0], slope_a, y[SALT + last] / liquid[last], slope_b


@njit
def right_hand_side(
    y: Vector,
    plating: int,
    current: float,
    electrodes: Record,
    cell: Record,
    intact: Vector,
    noise: Vector,
    guess: Vector,
    dy: Vector,
    out: Vector,
    branches: Matrix,
    work: Matrix,
) -> None:
    """Write the derivatives of all states [per s] and the voltage of the cell, at constant applied current density.

    Parameters
    ----------
    y : (STATES,) float
    plating : int
        0 when electrode A plates, 1 when B does.
    current : float, A/m2, > 0
        Applied current density. The electrodes carry what soft shorts leave of it.
    electrodes : (2,) record array of `ELECTRODE`;  cell : record of `CELL`
    intact, noise : (2,) float
        Share of intact sites and the draw that disturbs the top's area, constant over a half cycle.
    guess : (2,) float
        Overpotentials to start the two scalar solves from; updated.
    dy : (STATES,) float;  out : (OUTPUTS,) float
        Written. Outputs are magnitudes in the direction of the half cycle.
    branches : (BRANCHES, 4) float;  work : (4, SALT_CELLS) float
        Scratch.
    """
    liquid, length, factor = work[0], work[1], work[2]
    shares = work[3]
    wet, wet_slope, pores = grid(y, cell, electrodes, liquid, length, factor)
    ohmic, c_a, slope_a, c_b, slope_b = _salt_potentials(y, plating, cell, liquid, length, factor)
    cover = additive_cover(y[ADDITIVE], cell.initial_additive, cell.additive_half_protection)
    losses = loss_factor(cover, cell.additive_protection)
    concentration_gain = 2.0 * cell.thermal * (1.0 - cell.transference) * cell.thermodynamic_factor

    a_plates = plating == 0
    into, out_of = (0, 1) if a_plates else (1, 0)
    short = max(y[SHORT], 0.0)
    through = current
    voltage = 0.0
    eta_plating = 0.0
    eta_stripping = 0.0
    side_plating = 0.0
    side_stripping = 0.0
    interior = 0.0
    concentration_drop = 0.0
    face_plating = cell.concentration
    face_stripping = cell.concentration
    for _ in range(20):
        face_a = floored(c_a + slope_a * through, cell.concentration)
        face_b = floored(c_b + slope_b * through, cell.concentration)
        face_plating, face_stripping = (face_a, face_b) if a_plates else (face_b, face_a)
        eta_plating, g_plating, side_plating, interior = plate(
            y, into * PER_ELECTRODE, through, electrodes[into], cell, (face_plating, wet, losses), intact[into],
            noise[into], guess[into], dy, branches, shares,
        )  # fmt: skip
        eta_stripping, g_stripping, side_stripping = strip(
            y, out_of * PER_ELECTRODE, through, electrodes[out_of], cell, (face_stripping, wet, losses), intact[out_of],
            noise[out_of], guess[out_of], dy, branches, shares,
        )  # fmt: skip
        guess[into] = eta_plating + electrodes[into].capillary_potential
        guess[out_of] = eta_stripping
        concentration_drop = concentration_gain * math.log(face_stripping / face_plating)
        voltage = eta_plating + eta_stripping + concentration_drop + through * ohmic
        # Newton's method for the current that soft shorts leave: through + G V(through) = current.
        excess = through + short * max(voltage, 0.0) - current
        if abs(excess) <= 1e-12 * current:
            break
        through -= excess / (1.0 + short * (1.0 / g_plating + 1.0 / g_stripping + ohmic))
        through = min(max(through, 1e-6 * current), current)

    _cell_states(y, current - through, side_plating + side_stripping, cell, cover, dy)
    _salt_states(y, plating, through, electrodes, cell, wet, wet_slope, pores, work, dy)
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


@njit
def _host_liquid_rate(offset: int, electrode: Record, cell: Record, dy: Vector) -> float:
    """Return the rate at which liquid enters the opened interior [m/s]."""
    if electrode.is_host <= 0.0:
        return 0.0
    opening = -electrode.opened_fraction * dy[offset + Q_RESERVOIR] - cell.sei_swelling * dy[offset + Q_SEI_INTERIOR]
    return LITHIUM_VOLUME * (opening - dy[offset + Q_INTERIOR])


@njit
def _salt_states(
    y: Vector,
    plating: int,
    through: float,
    electrodes: Record,
    cell: Record,
    wet: float,
    wet_slope: float,
    pores: float,
    work: Matrix,
    dy: Vector,
) -> None:
    """Fill `dy` for the salt: diffusion, sources at the lithium, liquid that flows in or out, exchange at the edge.

    Liquid that a cell of the grid takes up or gives off comes from and goes to the excess electrolyte, at the
    concentration of where it comes from; both sides change by the same amount, so that salt is conserved.
    """
    liquid, length, factor = work[0], work[1], work[2]
    solid = 1.0 - cell.dead_layer_porosity
    growth_a = LITHIUM_VOLUME * (dy[Q_DEAD] + cell.sei_swelling * dy[Q_SEI_TOP]) / solid
    b = PER_ELECTRODE
    growth_b = LITHIUM_VOLUME * (dy[b + Q_DEAD] + cell.sei_swelling * dy[b + Q_SEI_TOP]) / solid
    pore_rate = (
        cell.dead_layer_porosity * (growth_a + growth_b)
        + _host_liquid_rate(0, electrodes[0], cell, dy)
        + _host_liquid_rate(b, electrodes[1], cell, dy)
    )
    wet_rate = wet_slope * (dy[ELECTROLYTE] - y[ELECTROLYTE] / pores * pore_rate) / pores
    in_grid = 0.0
    for k in range(SALT_CELLS):
        in_grid += liquid[k]
    excess = y[EXCESS_SALT] / max(y[ELECTROLYTE] - in_grid, 1e-9)
    dy[EXCESS_SALT] = 0.0
    for k in range(SALT_CELLS):
        if k < DEAD_CELLS:
            stretch = growth_a / DEAD_CELLS * cell.dead_layer_porosity
        elif k < DEAD_CELLS + SEPARATOR_CELLS:
            stretch = 0.0
        else:
            stretch = growth_b / DEAD_CELLS * cell.dead_layer_porosity
        inflow = wet_rate * liquid[k] / wet + wet * stretch
        concentration = y[SALT + k] / liquid[k]
        moved = inflow * (excess if inflow > 0.0 else concentration)
        moved += cell.edge_exchange / factor[k] * length[k] * (excess - concentration)
        dy[SALT + k] = moved
        dy[EXCESS_SALT] -= moved
    for k in range(SALT_CELLS - 1):
        path = 0.5 * (length[k] * factor[k] + length[k + 1] * factor[k + 1])
        flux = cell.diffusivity / path * (y[SALT + k] / liquid[k] - y[SALT + k + 1] / liquid[k + 1])
        dy[SALT + k] -= flux
        dy[SALT + k + 1] += flux
    source = (1.0 - cell.transference) * through / FARADAY * (1.0 if plating == 1 else -1.0)
    dy[SALT] += source
    dy[SALT + SALT_CELLS - 1] -= source
