"""One lithium electrode: what plates and strips where, and what it costs.

The branches that carry current side by side are laid out here from the closures of `host`, `nucleation` and `sei`;
`kinetics` solves them. Every store has its own equation; none is got by difference.
"""

from __future__ import annotations

import math

from lithiate._jit import Matrix, Record, Vector, njit_inner
from lithiate.constants import FARADAY
from lithiate.twin.elementary import exponential
from lithiate.twin.host import electrode_capacity, lithiophilic_share, open_share, penetration
from lithiate.twin.kinetics import BRANCH_INPUTS, solve_parallel_branches
from lithiate.twin.nucleation import covered_share, fading_barrier, mean_barrier
from lithiate.twin.roughness import roughness_growth, roughness_levelling
from lithiate.twin.sei import bounded_loss, film_growth, film_resistance, roughness_factor
from lithiate.twin.states import (
    BRANCHES,
    PER_ELECTRODE,
    Q_DEAD,
    Q_INTERIOR,
    Q_ON_CARBON,
    Q_ON_SITES,
    Q_PIT,
    Q_RESERVOIR,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
    Q_TOP,
    ROUGHNESS,
)
from lithiate.twin.transport import conductivity_ratio

BARE_POTENTIAL = 2.5
"""Potential of a surface that never saw lithium, against lithium [V]: a fresh collector's, 2-3 V [assumed]."""


@njit_inner
def _clear(branches: Matrix) -> None:
    """Take all branches away (a slice assignment would cost seconds of compilation)."""
    for k in range(BRANCHES):
        for i in range(BRANCH_INPUTS):
            branches[k, i] = 0.0


@njit_inner
def _interior(
    y: Vector, offset: int, electrode: Record, cell: Record, kinetics: tuple[float, float, float], intact: float
) -> tuple[float, float, float, float]:
    """Return what the interior offers to a current.

    `kinetics` = (surface salt concentration, saturated share, loss factor).

    Returns
    -------
    (theta, resistance, capacity, area)
        Share of lithiophilic sites, resistance of film and diffusion into the depth per interior area [ohm m2], lithium
        that fits [C/m2], area per electrode area that carries current before it is shared among sites.
    """
    concentration, wet, _ = kinetics
    sei = y[offset + Q_SEI_INTERIOR]
    theta = lithiophilic_share(
        electrode.nitride_capture, intact, electrode.other_capture, sei / electrode.burying_charge
    )
    resistance = film_resistance(electrode.film_resistance, sei, electrode.interior_film_doubling)
    capacity = electrode_capacity(y, offset, electrode, cell)
    depth = capacity / electrode.capacity_density
    fill = min(max(y[offset + Q_INTERIOR] / capacity, 0.0), 1.0)
    porosity = max(electrode.liquid_share * (1.0 - fill), 0.05)
    factor = porosity * math.sqrt(porosity) * wet**cell.saturation_exponent
    ratio = conductivity_ratio(concentration, cell.concentration, cell.concentration_of_maximum)
    area = electrode.area_density * depth
    exchange = _exchange_current(electrode, cell, concentration)
    surface = resistance + cell.thermal / exchange
    reached = area * penetration(depth, electrode.area_density, cell.conductivity * factor * ratio, surface)
    # Diffusion into the depth costs RT/F per limiting current, i_lim = 2 F c D / ((1 - t) L), in series with the film.
    limit = 2.0 * FARADAY * concentration * cell.diffusivity * factor / ((1.0 - cell.transference) * depth)
    return theta, resistance + reached * cell.thermal / limit, capacity, reached * wet


@njit_inner
def _exchange_current(electrode: Record, cell: Record, concentration: float) -> float:
    """Return the exchange current density [A/m2], which goes with the square root of the salt concentration."""
    return electrode.exchange_current_density * math.sqrt(concentration / cell.concentration)


@njit_inner
def _top_deposit(y: Vector, offset: int, electrode: Record, noise: float) -> float:
    """Return the area of the top deposit per electrode area: its cover, its roughness, its chance disturbance."""
    roughness = y[offset + ROUGHNESS]
    area = covered_share(y[offset + Q_TOP], electrode.covering_charge) * (1.0 + electrode.roughness_area * roughness)
    return area * exponential(electrode.area_noise * roughness * noise)


@njit_inner
def _standing_losses(y: Vector, offset: int, electrode: Record, losses: float) -> tuple[float, float]:
    """Return the side currents that flow at rest and always [A/m2], as the reservoir and as the top pay them.

    Film growth on the real area, and galvanic corrosion of lithium that touches bare carbon or collector. The reservoir
    pays as long as there is one, then the top; where neither is left, nothing flows.
    """
    film = y[offset + Q_SEI_TOP] + y[offset + Q_SEI_INTERIOR]
    cover = covered_share(y[offset + Q_TOP], electrode.covering_charge)
    growth = film_growth(electrode.calendar_current * losses, film, electrode.growth_film_charge)
    total = growth * (1.0 + electrode.roughness_area * y[offset + ROUGHNESS] * cover)
    total += electrode.galvanic_current * electrode.bare_share * (1.0 - cover)
    reservoir = covered_share(y[offset + Q_RESERVOIR], 0.1 * electrode.exhaustion_charge)
    return total * reservoir, total * (1.0 - reservoir) * cover


@njit_inner
def _book_standing(dy: Vector, offset: int, electrode: Record, standing: tuple[float, float]) -> float:
    """Add standing losses to the derivatives; return their sum [A/m2]."""
    from_reservoir, from_top = standing
    total = from_reservoir + from_top
    dy[offset + Q_RESERVOIR] -= from_reservoir
    dy[offset + Q_TOP] -= from_top
    if electrode.is_host > 0.0:
        dy[offset + Q_SEI_INTERIOR] += total
    else:
        dy[offset + Q_SEI_TOP] += total
    return total


@njit_inner
def _lay_interior(
    y: Vector,
    offset: int,
    electrode: Record,
    cell: Record,
    kinetics: tuple[float, float, float],
    intact: float,
    branches: Matrix,
) -> float:
    """Lay the branches 0 and 1 of an interior that plates; return the share of lithiophilic sites."""
    theta, r_in, capacity, area = _interior(y, offset, electrode, cell, kinetics, intact)
    area *= open_share(y[offset + Q_INTERIOR] / capacity, electrode.filling_exponent)
    charge = electrode.nucleation_charge
    b_site = fading_barrier(electrode.lithiophilic_barrier, 0.0, y[offset + Q_ON_SITES], charge)
    on_carbon = y[offset + Q_ON_CARBON]
    if electrode.mean_barrier > 0.0:  # all that was deposited is booked as on sites
        on_carbon += y[offset + Q_ON_SITES]
    b_carbon = theta * electrode.capillary_potential + electrode.unwetted_capillary_potential
    b_carbon += fading_barrier(electrode.carbon_barrier, electrode.carbon_barrier_persistence, on_carbon, charge)
    branches[0, 0], branches[0, 1], branches[0, 2], branches[0, 3] = area * theta, r_in, b_site, 0.5 * b_site
    branches[1, 0], branches[1, 1], branches[1, 2] = area * (1.0 - theta), r_in, b_carbon
    branches[1, 3] = electrode.barrier_width_carbon
    branches[0, 4] = branches[1, 4] = (1.0 - theta) * electrode.capillary_potential
    if electrode.mean_barrier > 0.0:
        branches[0, 2], branches[0, 3] = mean_barrier(
            theta, b_site, 0.5 * b_site, b_carbon, electrode.barrier_width_carbon
        )
        branches[0, 0], branches[1, 0] = area, 0.0
    return theta


@njit_inner
def _lay_top(
    y: Vector, offset: int, electrode: Record, wet: float, noise: float, theta: float, branches: Matrix
) -> None:
    """Lay the branches 2-4 of a top that plates: on its deposit, on bare lithiophilic sites, on bare surface."""
    b_w = electrode.capillary_potential
    cover = covered_share(y[offset + Q_TOP], electrode.covering_charge)
    branches[2, 0] = wet * _top_deposit(y, offset, electrode, noise)
    branches[3, 0] = wet * (1.0 - cover) * theta
    branches[3, 2], branches[3, 3] = electrode.lithiophilic_barrier, 0.5 * electrode.lithiophilic_barrier
    branches[4, 0] = wet * (1.0 - cover) * (1.0 - theta)
    branches[4, 2] = electrode.carbon_barrier
    branches[4, 3] = electrode.barrier_width_carbon
    resistance = film_resistance(electrode.film_resistance, y[offset + Q_SEI_TOP], electrode.top_film_doubling)
    for k in range(2, BRANCHES):
        branches[k, 1] = resistance
        branches[k, 4] = b_w


@njit_inner
def plate(
    y: Vector,
    offset: int,
    current: float,
    electrode: Record,
    cell: Record,
    kinetics: tuple[float, float, float],
    intact: float,
    noise: float,
    step_loss: float,
    guess: float,
    dy: Vector,
    branches: Matrix,
    shares: Vector,
) -> tuple[float, float, float, float]:
    """Fill `dy` for the electrode that plates; return (overpotential V, slope, side current A/m2, interior share).

    `kinetics` = (surface salt concentration, saturated share, loss factor); `step_loss` is the factor that the rate and
    the amount of the step put on the interphase.
    """
    concentration, wet, losses = kinetics
    _clear(branches)
    theta = 0.0
    if electrode.is_host > 0.0:
        theta = _lay_interior(y, offset, electrode, cell, kinetics, intact, branches)
    _lay_top(y, offset, electrode, wet, noise, theta, branches)
    exchange = _exchange_current(electrode, cell, concentration)
    kinetics_law = (exchange, cell.thermal, electrode.inverse_reorganisation)
    eta, slope = solve_parallel_branches(current, branches, kinetics_law, guess, shares)

    inside = shares[0] + shares[1]
    top = shares[2] + shares[3] + shares[4]
    roughness = y[offset + ROUGHNESS]
    rough = roughness_factor(roughness, electrode.loss_roughness_exponent)
    sei_inside = bounded_loss(electrode.sei_loss_interior * step_loss * losses) * inside
    sei_top = bounded_loss(electrode.sei_loss_top * step_loss * losses * rough) * top
    dy[offset + Q_INTERIOR] = inside - sei_inside
    dy[offset + Q_TOP] = top - sei_top
    dy[offset + Q_RESERVOIR] = 0.0
    dy[offset + Q_DEAD] = 0.0
    dy[offset + Q_SEI_TOP] = sei_top
    dy[offset + Q_SEI_INTERIOR] = sei_inside
    dy[offset + ROUGHNESS] = roughness_growth(
        electrode.roughness_drive, top, cell.reference_current, electrode.roughness_current_exponent, roughness,
        electrode.roughness_feedback, electrode.roughness_limit,
    )  # fmt: skip
    dy[offset + Q_PIT] = 0.0
    dy[offset + Q_ON_SITES] = shares[0]
    dy[offset + Q_ON_CARBON] = shares[1]
    standing = _book_standing(dy, offset, electrode, _standing_losses(y, offset, electrode, losses))
    return eta - electrode.capillary_potential, slope, sei_inside + sei_top + standing, inside / current


@njit_inner
def strip(
    y: Vector,
    offset: int,
    current: float,
    electrode: Record,
    cell: Record,
    kinetics: tuple[float, float, float],
    intact: float,
    noise: float,
    step_loss: float,
    guess: float,
    dy: Vector,
    branches: Matrix,
    shares: Vector,
) -> tuple[float, float, float]:
    """Fill `dy` for the electrode that strips; return (overpotential V, slope A/(m2 V), side current A/m2).

    `kinetics` and `step_loss` as in `plate`; here the factor is on lithium that goes dead.
    """
    concentration, wet, losses = kinetics
    exchange = _exchange_current(electrode, cell, concentration)
    roughness = y[offset + ROUGHNESS]
    _clear(branches)
    if electrode.is_host > 0.0:
        theta, r_in, _, area = _interior(y, offset, electrode, cell, kinetics, intact)
        held = covered_share(y[offset + Q_INTERIOR], electrode.exhaustion_charge)
        branches[0, 0], branches[0, 1], branches[0, 4] = area * held, r_in, theta * electrode.capillary_potential
    branches[1, 0] = wet * _top_deposit(y, offset, electrode, noise)
    branches[1, 1] = film_resistance(electrode.film_resistance, y[offset + Q_SEI_TOP], electrode.top_film_doubling)
    branches[2, 0] = wet * (1.0 + electrode.pitting_area * y[offset + Q_PIT])
    branches[2, 0] *= covered_share(y[offset + Q_RESERVOIR], 0.1 * electrode.exhaustion_charge)
    branches[2, 1] = electrode.native_film_resistance
    branches[2, 2], branches[2, 3] = electrode.pitting_barrier, 0.4 * electrode.pitting_barrier
    kinetics_law = (exchange, cell.thermal, electrode.inverse_reorganisation)
    eta, slope = solve_parallel_branches(current, branches, kinetics_law, guess, shares)

    rough = roughness_factor(roughness, electrode.loss_roughness_exponent)
    lost = bounded_loss(electrode.dead_loss * step_loss * losses * rough)
    dy[offset + Q_INTERIOR] = -shares[0]
    dy[offset + Q_TOP] = -shares[1] * (1.0 + lost)
    dy[offset + Q_RESERVOIR] = -shares[2]
    dy[offset + Q_DEAD] = shares[1] * lost
    dy[offset + Q_SEI_TOP] = 0.0
    dy[offset + Q_SEI_INTERIOR] = 0.0
    dy[offset + ROUGHNESS] = roughness_levelling(electrode.roughness_levelling, roughness, shares[1])
    dy[offset + Q_PIT] = shares[2]
    dy[offset + Q_ON_SITES] = 0.0
    dy[offset + Q_ON_CARBON] = 0.0
    return eta, slope, _book_standing(dy, offset, electrode, _standing_losses(y, offset, electrode, losses))


@njit_inner
def rest(
    y: Vector,
    offset: int,
    electrode: Record,
    cell: Record,
    kinetics: tuple[float, float, float],
    intact: float,
    noise: float,
    dy: Vector,
) -> tuple[float, float]:
    """Fill `dy` for an electrode without current; return (potential against lithium V, side current A/m2).

    Lithium on the top stands at 0 V, lithium in wetted cavities b_w above it: where both are, the difference drives a
    current from the top into the interior through the small-signal resistances of both.
    """
    concentration, wet, losses = kinetics
    for k in range(PER_ELECTRODE):
        dy[offset + k] = 0.0
    top = covered_share(y[offset + Q_TOP], electrode.covering_charge)
    reservoir = covered_share(y[offset + Q_RESERVOIR], 0.1 * electrode.exhaustion_charge)
    held, b_held = 0.0, 0.0
    if electrode.is_host > 0.0:
        theta, r_in, capacity, area = _interior(y, offset, electrode, cell, kinetics, intact)
        held = covered_share(y[offset + Q_INTERIOR], electrode.exhaustion_charge)
        b_held = theta * electrode.capillary_potential
        transfer = cell.thermal / _exchange_current(electrode, cell, concentration)
        film = film_resistance(electrode.film_resistance, y[offset + Q_SEI_TOP], electrode.top_film_doubling)
        inside = area * theta * open_share(y[offset + Q_INTERIOR] / capacity, electrode.filling_exponent)
        inside /= r_in + transfer
        outside = wet * _top_deposit(y, offset, electrode, noise) / (film + transfer)
        if inside > 0.0 and outside > 0.0:
            moved = b_held * inside * outside / (inside + outside)
            dy[offset + Q_TOP] = -moved
            dy[offset + Q_INTERIOR] = moved
    side = _book_standing(dy, offset, electrode, _standing_losses(y, offset, electrode, losses))
    without = (1.0 - top) * (1.0 - reservoir)
    return without * (held * b_held + (1.0 - held) * BARE_POTENTIAL), side
