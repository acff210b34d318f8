"""Salt and liquid between the electrodes: the grid, diffusion, and what flows as pores grow and dry."""

from __future__ import annotations

from lithiate._jit import Matrix, Record, Vector, njit, njit_cached, njit_inner
from lithiate.constants import FARADAY
from lithiate.twin.host import electrode_capacity
from lithiate.twin.states import (
    DEAD_CELLS,
    ELECTROLYTE,
    EXCESS_SALT,
    LITHIUM_VOLUME,
    PER_ELECTRODE,
    Q_DEAD,
    Q_INTERIOR,
    Q_RESERVOIR,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
    SALT,
    SALT_CELLS,
    SEPARATOR_CELLS,
)
from lithiate.twin.transport import conductivity_ratio, floored, saturation


@njit_inner
def dead_layer_thickness(y: Vector, offset: int, cell: Record) -> float:
    """Return the dead layer's thickness [m], L_0 + (v_Li q_dead + v_SEI q_SEI)/(1 - eps)."""
    solid = LITHIUM_VOLUME * (y[offset + Q_DEAD] + cell.sei_swelling * y[offset + Q_SEI_TOP])
    return cell.dead_layer_initial_thickness + max(solid, 0.0) / (1.0 - cell.dead_layer_porosity)


@njit_inner
def host_liquid(y: Vector, offset: int, electrode: Record, cell: Record) -> float:
    """Return the liquid that fills the opened interior [m3/m2]."""
    if electrode.is_host <= 0.0:
        return 0.0
    capacity = electrode_capacity(y, offset, electrode, cell)
    return LITHIUM_VOLUME * max(capacity - y[offset + Q_INTERIOR], 0.0)


@njit_cached
def grid(
    y: Vector, cell: Record, electrodes: Record, liquid: Vector, length: Vector, resistance_factor: Vector
) -> tuple[float, float, float]:
    """Lay the salt grid for a state.

    Fills, per cell of the grid, the liquid volume [m3/m2], the thickness [m] and tau/(eps s^n) [1]; returns the
    saturated share, its slope, and the pore volume [m3/m2].
    """
    thickness_a, thickness_b = 0.0, 0.0
    pores = cell.separator_porosity * cell.separator_thickness + cell.bound_electrolyte
    for e in range(2):  # a loop, since numba compiles anew for every offset that is written as a number
        thickness_a, thickness_b = thickness_b, dead_layer_thickness(y, e * PER_ELECTRODE, cell)
        pores += cell.dead_layer_porosity * thickness_b + host_liquid(y, e * PER_ELECTRODE, electrodes[e], cell)
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
def salt_potentials(
    y: Vector, plating: int, cell: Record, work: Matrix
) -> tuple[float, float, float, float, float, float]:
    """Return ohmic resistances [ohm m2] and the face concentrations' cell value and slope per current, at A and at B.

    The resistances are that of the whole path, and that from electrode A to the middle of the separator. Rows 0 to 2 of
    `work` hold what `grid` fills; row 4 receives the concentrations [mol/m3]. The loops do one thing
    each, so that the compiler does several cells at once.
    """
    liquid, length, resistance_factor, concentrations, parts = work[0], work[1], work[2], work[4], work[5]
    mean, reference, maximum = cell.concentration, cell.concentration, cell.concentration_of_maximum
    for k in range(SALT_CELLS):
        concentrations[k] = y[SALT + k] / liquid[k]
    for k in range(SALT_CELLS):
        ratio = conductivity_ratio(floored(concentrations[k], mean), reference, maximum)
        parts[k] = length[k] * resistance_factor[k] / ratio
    half, other = 0.0, 0.0
    for k in range(SALT_CELLS // 2):
        half += parts[k]
        other += parts[SALT_CELLS // 2 + k]
    half /= cell.conductivity
    resistance = half + other / cell.conductivity
    pull = (1.0 - cell.transference) / (FARADAY * cell.diffusivity) * 0.5
    last = SALT_CELLS - 1
    sign = 1.0 if plating == 1 else -1.0
    slope_a = sign * pull * length[0] * resistance_factor[0]
    slope_b = -sign * pull * length[last] * resistance_factor[last]
    return resistance, half, concentrations[0], slope_a, concentrations[last], slope_b


@njit_inner
def host_liquid_rate(offset: int, electrode: Record, cell: Record, dy: Vector) -> float:
    """Return the rate at which liquid enters the opened interior [m/s]."""
    if electrode.is_host <= 0.0:
        return 0.0
    opening = -electrode.opened_fraction * dy[offset + Q_RESERVOIR] - cell.sei_swelling * dy[offset + Q_SEI_INTERIOR]
    return LITHIUM_VOLUME * (opening - dy[offset + Q_INTERIOR])


@njit_inner
def grid_rates(
    y: Vector, electrodes: Record, cell: Record, wet_slope: float, pores: float, dy: Vector
) -> tuple[float, float, float]:
    """Return how fast the dead layers grow (A, B) [m/s] and the saturated share changes [1/s]; linear in `dy`."""
    volume = LITHIUM_VOLUME / (1.0 - cell.dead_layer_porosity)
    growth_a, growth_b, pore_rate = 0.0, 0.0, 0.0
    for e in range(2):
        offset = e * PER_ELECTRODE
        growth_a, growth_b = growth_b, volume * (dy[offset + Q_DEAD] + cell.sei_swelling * dy[offset + Q_SEI_TOP])
        pore_rate += cell.dead_layer_porosity * growth_b + host_liquid_rate(offset, electrodes[e], cell, dy)
    return growth_a, growth_b, wet_slope * (dy[ELECTROLYTE] - y[ELECTROLYTE] / pores * pore_rate) / pores


@njit_inner
def diffusion_drift(y: Vector, cell: Record, work: Matrix, wet: float, drift: Matrix) -> None:
    """Fill what diffusion changes by when the grid does: `drift` (3, SALT_CELLS).

    Rows: d(dN/dt)/d(thickness of A), of B [mol/(m3 s)], d(dN/dt)/d(saturated share) [mol/(m2 s)]. Each sums to zero.
    """
    liquid, length, factor = work[0], work[1], work[2]
    for row in range(3):
        for k in range(SALT_CELLS):
            drift[row, k] = 0.0
    for k in range(SALT_CELLS - 1):
        here, there = length[k] * factor[k], length[k + 1] * factor[k + 1]
        conductance = 2.0 * cell.diffusivity / (here + there)
        c_here, c_there = y[SALT + k] / liquid[k], y[SALT + k + 1] / liquid[k + 1]
        flux = conductance * (c_here - c_there)
        for row in range(3):
            (thinner, longer), (thinner_there, longer_there) = (
                _grid_change(row, k, cell, length, wet),
                _grid_change(row, k + 1, cell, length, wet),
            )
            change = conductance * (c_there * thinner_there - c_here * thinner) - flux * (
                here * longer + there * longer_there
            ) / (here + there)
            drift[row, k] -= change
            drift[row, k + 1] += change


@njit_inner
def _grid_change(row: int, k: int, cell: Record, length: Vector, wet: float) -> tuple[float, float]:
    """Return d ln(liquid) and d ln(length tau/(eps s^n)) of a cell per thickness of A, of B, or saturated share."""
    if row == 2:
        return 1.0 / wet, -cell.saturation_exponent / wet
    if (row == 0 and k >= DEAD_CELLS) or (row == 1 and k < DEAD_CELLS + SEPARATOR_CELLS):
        return 0.0, 0.0
    thickness = length[k] * DEAD_CELLS
    growth = cell.dead_layer_tortuosity_growth
    return 1.0 / thickness, 1.0 / thickness + growth / (cell.dead_layer_tortuosity + growth * thickness)


@njit
def salt_states(
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
    liquid, length, factor, concentrations, flux = work[0], work[1], work[2], work[4], work[5]
    growth_a, growth_b, wet_rate = grid_rates(y, electrodes, cell, wet_slope, pores, dy)
    in_grid = 0.0
    for k in range(SALT_CELLS):
        in_grid += liquid[k]
    excess = y[EXCESS_SALT] / max(y[ELECTROLYTE] - in_grid, 1e-9)
    dy[EXCESS_SALT] = 0.0
    widening = wet * cell.dead_layer_porosity / DEAD_CELLS
    drying = wet_rate / wet
    for k in range(SALT_CELLS):
        stretch = growth_a if k < DEAD_CELLS else (growth_b if k >= DEAD_CELLS + SEPARATOR_CELLS else 0.0)
        inflow = drying * liquid[k] + widening * stretch
        moved = inflow * (excess if inflow > 0.0 else concentrations[k])
        moved += cell.edge_exchange / factor[k] * length[k] * (excess - concentrations[k])
        dy[SALT + k] = moved
    total = 0.0
    for k in range(SALT_CELLS):
        total += dy[SALT + k]
    dy[EXCESS_SALT] = -total
    for k in range(SALT_CELLS - 1):
        path = 0.5 * (length[k] * factor[k] + length[k + 1] * factor[k + 1])
        flux[k] = cell.diffusivity / path * (concentrations[k] - concentrations[k + 1])
    for k in range(SALT_CELLS - 1):
        dy[SALT + k] -= flux[k]
        dy[SALT + k + 1] += flux[k]
    source = (1.0 - cell.transference) * through / FARADAY * (1.0 if plating == 1 else -1.0)
    dy[SALT] += source
    dy[SALT + SALT_CELLS - 1] -= source
