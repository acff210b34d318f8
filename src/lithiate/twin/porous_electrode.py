"""The porous cathode: particles that take up lithium, and how a current divides among them.

Charging counts positive: lithium leaves the particles, and current flows through the pores towards the lithium.

Source of the equations: Doyle, Fuller & Newman, J. Electrochem. Soc. 140, 1526 (1993); the uniform-reaction limit is
the single-particle model with electrolyte (Marquis et al., J. Electrochem. Soc. 166, A3693 (2019)).
"""

from __future__ import annotations

import math

from lithiate._jit import Matrix, Vector, njit, njit_inner
from lithiate.twin.elementary import exponential
from lithiate.twin.full_states import ACTIVE, CATHODE_FILM, FullDrive
from lithiate.twin.states import SALT
from lithiate.twin.transport import factor_tridiagonal, solve_tridiagonal

(
    FACE_CURRENT, POTENTIAL, EXCHANGE, REACTION, RESISTANCE, PATH, EXCESS, BELOW, MIDDLE, ABOVE, MOVE, STIFFNESS,
    COUPLING, INVERSE, RATIO
) = range(15)  # fmt: skip
"""Rows of `FullScratch.porous`."""
LOWER, DIAGONAL, UPPER, PIVOT, FACTOR, RESPONSE, STOICHIOMETRY, CONDUCTANCE, FLOW = range(9)
"""Rows of `FullScratch.radial`."""
GEOMETRY, INVERSE_VOLUME, AHEAD = range(3)
"""Rows of `FullDrive.shells`."""
SMALLEST_SHARE = 1e-5
"""x (1 - x) enters the exchange current through a smooth floor at this."""
NEWTON_STEPS = 60
LEAST_X, LARGEST_X = -0.05, 1.01
"""Surface stoichiometries beyond which a state counts as a step that went too far: its potential is no number."""
HALVINGS = 8
BALANCED = 1e-6
"""How well the potentials of neighbouring cells agree before the last step of Newton's method [V]; it squares that."""


@njit
def look_up(table: Matrix, position: float) -> float:
    """Return the value of a table (n, 2) of values and slopes at a position in units of its spacing.

    Cubic Hermite inside, straight lines outside.
    """
    last = table.shape[0] - 2
    k = int(min(max(position, 0.0), float(last)))
    t = position - k
    if t < 0.0:
        return float(table[0, 0] + table[0, 1] * t)
    if t > 1.0:
        return float(table[last + 1, 0] + table[last + 1, 1] * (t - 1.0))
    t2 = t * t
    u = 1.0 - t
    here = (1.0 + 2.0 * t) * u * u * table[k, 0] + t * u * u * table[k, 1]
    return float(here + t2 * (3.0 - 2.0 * t) * table[k + 1, 0] - t2 * u * table[k + 1, 1])


@njit_inner
def look_up_all(table: Matrix, position: float, out: Matrix, first: int, k: int) -> None:
    """Write four properties into column `k` of the rows from `first` on.

    `table` (n, 8) holds a value and a slope of each, at points side by side; inside as in `look_up`, outside constant.
    """
    last = table.shape[0] - 2
    index = int(min(max(position, 0.0), float(last)))
    t = min(max(position - index, 0.0), 1.0)
    t2, u = t * t, 1.0 - t
    here, slope_here = (1.0 + 2.0 * t) * u * u, t * u * u
    there, slope_there = t2 * (3.0 - 2.0 * t), -t2 * u
    for i in range(4):
        value = here * table[index, 2 * i] + slope_here * table[index, 2 * i + 1]
        out[first + i, k] = value + there * table[index + 1, 2 * i] + slope_there * table[index + 1, 2 * i + 1]


@njit
def look_up_slope(table: Matrix, position: float) -> float:
    """Return the slope of a table at a position, per spacing: linear between the slopes at its points."""
    last = table.shape[0] - 2
    k = int(min(max(position, 0.0), float(last)))
    t = min(max(position - k, 0.0), 1.0)
    return float((1.0 - t) * table[k, 1] + t * table[k + 1, 1])


@njit_inner
def diffusion(y: Vector, drive: FullDrive, radial: Matrix) -> None:
    """Fill STOICHIOMETRY of all shells, and CONDUCTANCE at their outer faces [1/s]; 0 where a particle ends.

    3 rho^2/d(rho) D/R^2, with D/R^2 = (s + (1 - s)/(1 + exp((x - x_slow)/w))) D_0/R^2 at the mean x of both sides.
    The loops do one thing each, so that the compiler does several shells at once.
    """
    cathode, sizes, shells = drive.cathode, drive.sizes, drive.shells
    count, first = sizes.shells * sizes.particles, SALT + sizes.salt_cells
    inverse = sizes.particles / (cathode.particle_capacity * y[ACTIVE])
    x, conductance = radial[STOICHIOMETRY], radial[CONDUCTANCE]
    for k in range(count):
        x[k] = y[first + k] * shells[INVERSE_VOLUME, k] * inverse
    rate, slow, fast = cathode.particle_diffusion_rate, cathode.slow_share, 1.0 - cathode.slow_share
    above, per_width = cathode.slow_above, 1.0 / cathode.slow_width
    for k in range(count - 1):
        share = slow + fast / (1.0 + exponential((0.5 * (x[k] + x[k + 1]) - above) * per_width))
        conductance[k] = rate * share * shells[GEOMETRY, k]
    conductance[count - 1] = 0.0


@njit_inner
def surface_stoichiometry(y: Vector, first: int, last: int, shells: Matrix, whole: float) -> float:
    """Return the stoichiometry at the surface of the particle whose outermost shell is `last` of all.

    From the two outer shells on a straight line; `whole` [C/m2] is the lithium of the particle at x = 1, and the shells
    stand in `y` from `first` on.
    """
    outer = y[first + last] * shells[INVERSE_VOLUME, last]
    inner = y[first + last - 1] * shells[INVERSE_VOLUME, last - 1]
    return (outer + (outer - inner) * shells[AHEAD, last]) / whole


@njit_inner
def lay_particles(y: Vector, drive: FullDrive, concentrations: Vector, wet: float, porous: Matrix) -> float:
    """Fill potentials and exchange currents of the cells of the cathode; return the mean surface stoichiometry.

    `porous` rows POTENTIAL [V] and EXCHANGE [A per m2 of electrode in the cell] are written.
    """
    cathode, sizes = drive.cathode, drive.sizes
    count, particles = sizes.cathode, sizes.particles
    front = sizes.dead + sizes.separator
    first = SALT + sizes.salt_cells
    whole = cathode.particle_capacity * y[ACTIVE] / particles
    area = cathode.particle_surface * wet * y[ACTIVE] / count
    mean, potential, share = 0.0, 0.0, 0.0
    for k in range(count):
        if k < particles:
            x = surface_stoichiometry(y, first, (k + 1) * sizes.shells - 1, drive.shells, whole)
            mean += x / particles
            position = (x - cathode.first_stoichiometry) * cathode.stoichiometries_per_unit
            potential = look_up(drive.potential, position) if LEAST_X < x < LARGEST_X else math.nan
            half = 0.5 * x * (1.0 - x)
            share = max(half + math.sqrt(half * half + SMALLEST_SHARE * SMALLEST_SHARE), 1e-6 * SMALLEST_SHARE)
        porous[POTENTIAL, k] = potential
        salt = concentrations[front + k] / drive.cell.concentration
        porous[EXCHANGE, k] = area * cathode.cathode_exchange_current * 2.0 * math.sqrt(share * salt)
    return mean


@njit_inner
def reaction(current: float, exchange: float, film: float, thermal: float) -> tuple[float, float]:
    """Return overpotential [V] and its slope [ohm m2] of a reaction with a film, all per electrode area.

    eta = (2RT/F) asinh(j/2j_0) + R j.
    """
    ratio = 0.5 * current / exchange
    root = math.sqrt(1.0 + ratio * ratio)
    size = math.log(abs(ratio) + root)
    eta = 2.0 * thermal * (size if ratio >= 0.0 else -size) + film * current
    return eta, thermal / (exchange * root) + film


@njit_inner
def divide_current(y: Vector, drive: FullDrive, current: float, wet: float, salt: Matrix, porous: Matrix) -> tuple[
    float, float, float
]:  # fmt: skip
    """Divide a current [A/m2] among the particles of the cathode.

    Returns
    -------
    (potential, resistance, spread)
        Of the collector against the electrolyte at the separator's face, concentration potentials from the lithium on
        included [V]; its slope [ohm m2]; rms spread of the cells' balances under uniform reaction [V].

    Notes
    -----
    With the current F in the pores at the faces, j_k = F_k - F_(k+1), all cells must see one collector potential:
    U_k + eta_k(j_k) + phi_k + (drop in the solid) alike. Newton's method; its matrix is tridiagonal, symmetric and
    diagonally dominant. One particle stands for uniform reaction: the potential is then the mean over the cells.
    """
    cathode, sizes, thermal = drive.cathode, drive.sizes, drive.cell.thermal
    count = sizes.cathode
    front = sizes.dead + sizes.separator
    film = y[CATHODE_FILM] * count / (cathode.particle_surface * wet * y[ACTIVE])
    solid = cathode.cathode_thickness / count / cathode.solid_conductivity
    lengths, factors, conductivities, gained = salt[1], salt[2], salt[6], salt[10]
    faces = porous[FACE_CURRENT]
    for k in range(count):
        here = 0.5 * lengths[front + k] * factors[front + k] / conductivities[front + k]
        porous[PATH, k] = here
    # The search starts from the division that was found last, scaled to the current; uniform at first, and where a step
    # that went too far left no numbers.
    before, found = faces[0], 0.0
    for k in range(count):
        found += faces[k]
    uniform = sizes.particles == 1 or (current != 0.0 and not current * before > 0.0) or not math.isfinite(found)
    scale = current / before if before != 0.0 else 1.0
    for k in range(count + 1):
        faces[k] = current * (1.0 - k / count) if uniform else faces[k] * scale
    if sizes.particles > 1 and count > 1:
        _balance(drive, current, film, solid, gained, porous)
    total, square, slope = 0.0, 0.0, 0.0
    drop, left = faces[0] * porous[PATH, 0], 0.5 * solid * current
    for k in range(1, count):
        left += solid * (current - faces[k])
    for k in range(count):
        porous[REACTION, k] = faces[k] - faces[k + 1]
        eta, r = reaction(porous[REACTION, k], porous[EXCHANGE, k], film, thermal)
        porous[RESISTANCE, k] = r
        if k > 0:
            drop += faces[k] * (porous[PATH, k - 1] + porous[PATH, k])
            left -= solid * (current - faces[k])
        balance = porous[POTENTIAL, k] + eta + gained[front + k] + drop + left
        total += balance
        square += balance * balance
        slope += 1.0 / r
    mean = total / count
    spread = math.sqrt(max(square / count - mean * mean, 0.0))
    return mean + current * cathode.contact_resistance, 1.0 / slope + cathode.contact_resistance, spread


@njit_inner
def _excesses(drive: FullDrive, current: float, film: float, solid: float, gained: Vector, porous: Matrix) -> float:
    """Fill what neighbouring cells differ by, row EXCESS, and the slopes of the reactions; return the largest [V]."""
    count, front = drive.sizes.cathode, drive.sizes.dead + drive.sizes.separator
    faces, worst, total, before = porous[FACE_CURRENT], 0.0, 0.0, 0.0
    for k in range(count):
        eta, porous[RESISTANCE, k] = reaction(faces[k] - faces[k + 1], porous[EXCHANGE, k], film, drive.cell.thermal)
        here = porous[POTENTIAL, k] + eta + gained[front + k]
        if k > 0:
            path = porous[PATH, k - 1] + porous[PATH, k]
            excess = here - before + faces[k] * path - solid * (current - faces[k])
            porous[EXCESS, k - 1] = excess
            worst = max(worst, abs(excess))
            total += excess
        before = here
    return worst if math.isfinite(total) else math.inf


@njit_inner
def _balance(drive: FullDrive, current: float, film: float, solid: float, gained: Vector, porous: Matrix) -> None:
    """Find the currents in the pores at the inner faces, so that all cells see one collector potential.

    The currents are where a convex function (the dissipation) is least, and the excesses its gradient: a step of
    Newton's method that overshoots along its own direction is halved.
    """
    faces, slopes, moves = porous[FACE_CURRENT], porous[RESISTANCE], porous[MOVE]
    inner = drive.sizes.cathode - 1
    worst = _excesses(drive, current, film, solid, gained, porous)
    for _ in range(NEWTON_STEPS):
        if not worst < math.inf:  # a step that went too far; its error will say so
            return
        for k in range(inner):
            porous[BELOW, k], porous[ABOVE, k] = -slopes[k], -slopes[k + 1]
            porous[MIDDLE, k] = slopes[k] + slopes[k + 1] + porous[PATH, k] + porous[PATH, k + 1] + solid
            moves[k] = -porous[EXCESS, k]
        _thomas(porous[BELOW], porous[MIDDLE], porous[ABOVE], moves, inner)
        falling, step = 0.0, 1.0
        for k in range(inner):
            falling += porous[EXCESS, k] * moves[k]
            faces[k + 1] += moves[k]
        done = worst <= BALANCED
        for _ in range(HALVINGS):
            worst = _excesses(drive, current, film, solid, gained, porous)
            along = 0.0
            for k in range(inner):
                along += porous[EXCESS, k] * moves[k]
            if done or abs(along) <= -0.9 * falling:
                break
            step *= 0.5
            for k in range(inner):
                faces[k + 1] -= step * moves[k]
        if done:
            return
    faces[1] = math.nan  # no balance was found: the step is refused, and the next search begins anew


@njit_inner
def _thomas(lower: Vector, diagonal: Vector, upper: Vector, right: Vector, n: int) -> None:
    """Solve a tridiagonal system of n rows in place; `diagonal` and `right` are overwritten."""
    for k in range(1, n):
        ratio = lower[k] / diagonal[k - 1]
        diagonal[k] -= ratio * upper[k - 1]
        right[k] -= ratio * right[k - 1]
    right[n - 1] /= diagonal[n - 1]
    for k in range(n - 2, -1, -1):
        right[k] = (right[k] - upper[k] * right[k + 1]) / diagonal[k]


@njit_inner
def particle_rates(y: Vector, drive: FullDrive, porous: Matrix, radial: Matrix, lost: float, dy: Vector) -> float:
    """Fill `dy` for the shells; return the lithium that goes with lost material [A/m2].

    dN/dt = 3 rho^2/d(rho) (D/R^2) (x_outer - x_inner) over each face, less the reaction at the surface, less the share
    `lost` [1/s] of all.
    """
    cathode, sizes = drive.cathode, drive.sizes
    count, first = sizes.shells * sizes.particles, SALT + sizes.salt_cells
    whole = cathode.particle_capacity * y[ACTIVE] / sizes.particles
    diffusion(y, drive, radial)
    x, conductance, flow = radial[STOICHIOMETRY], radial[CONDUCTANCE], radial[FLOW]
    for k in range(count - 1):
        flow[k] = whole * conductance[k] * (x[k + 1] - x[k])
    held = 0.0
    for k in range(count):
        held += y[first + k]
        dy[first + k] = -lost * y[first + k]
    for k in range(count - 1):
        dy[first + k] += flow[k]
    for k in range(count - 1):
        dy[first + k + 1] -= flow[k]
    if sizes.particles > 1:
        for p in range(sizes.particles):
            dy[first + (p + 1) * sizes.shells - 1] -= porous[REACTION, p]
    else:
        dy[first + count - 1] -= porous[FACE_CURRENT, 0]
    return lost * held


@njit_inner
def factor_particles(
    y: Vector, shift: float, drive: FullDrive, wet: float, salt: Matrix, radial: Matrix, porous: Matrix
) -> None:
    """Factor `shift` - W for the particles: diffusion in each, and how the reaction moves between them.

    Diffusion is one tridiagonal matrix. With g = (shift - T)^-1 e, e the outermost shell, a reaction current dj changes
    the surface potential of its particle by S dj, S = -dU/dN . g > 0: it acts as a resistance in series with that of
    the reaction, in the same balance between cells that divides the current. The resistances are those of uniform
    reaction, which a W-method allows.
    """
    cathode, sizes, shells = drive.cathode, drive.sizes, drive.shells
    count = sizes.shells * sizes.particles
    lower, diagonal, upper, response = radial[LOWER], radial[DIAGONAL], radial[UPPER], radial[RESPONSE]
    diffusion(y, drive, radial)
    conductance, inverse = radial[CONDUCTANCE], shells[INVERSE_VOLUME]
    for k in range(count):
        diagonal[k], response[k] = shift + conductance[k] * inverse[k], 0.0
    lower[0] = upper[count - 1] = 0.0
    for k in range(count - 1):
        upper[k] = -conductance[k] * inverse[k + 1]
        lower[k + 1] = -conductance[k] * inverse[k]
    for k in range(count - 1):
        diagonal[k + 1] += conductance[k] * inverse[k + 1]
    for p in range(sizes.particles):
        response[(p + 1) * sizes.shells - 1] = 1.0
    factor_tridiagonal(lower, diagonal, upper, radial[PIVOT], radial[FACTOR])
    if sizes.particles == 1:
        return
    solve_tridiagonal(lower, radial[PIVOT], radial[FACTOR], response)
    for p in range(sizes.particles):
        porous[STIFFNESS, p] = -_potential_change(y, drive, p, response)
    below, middle, above = porous[COUPLING], porous[MIDDLE], porous[ABOVE]
    solid = cathode.cathode_thickness / sizes.cathode / cathode.solid_conductivity
    inner = sizes.cathode - 1
    lay_particles(y, drive, salt[4], wet, porous)
    film = y[CATHODE_FILM] * sizes.cathode / (cathode.particle_surface * wet * y[ACTIVE])
    for k in range(sizes.cathode):
        half_way = sizes.dead + sizes.separator + k
        porous[PATH, k] = 0.5 * salt[1, half_way] * salt[2, half_way] / salt[6, half_way]
        _, r = reaction(drive.current / sizes.cathode, porous[EXCHANGE, k], film, drive.cell.thermal)
        porous[RESISTANCE, k] = r
    for k in range(inner):
        here = porous[RESISTANCE, k] + porous[STIFFNESS, k]
        there = porous[RESISTANCE, k + 1] + porous[STIFFNESS, k + 1]
        below[k], above[k] = -here, -there
        middle[k] = here + there + porous[PATH, k] + porous[PATH, k + 1] + solid
    factor_tridiagonal(below[:inner], middle[:inner], above[:inner], porous[INVERSE], porous[RATIO])


@njit_inner
def _potential_change(y: Vector, drive: FullDrive, particle: int, change: Vector) -> float:
    """Return by how much a `change` of the shells of all particles [C/m2] moves the potential of one [V]."""
    cathode, sizes, shells = drive.cathode, drive.sizes, drive.shells
    whole = cathode.particle_capacity * y[ACTIVE] / sizes.particles
    last = (particle + 1) * sizes.shells - 1
    x = surface_stoichiometry(y, SALT + sizes.salt_cells, last, shells, whole)
    moved = surface_stoichiometry(change, 0, last, shells, whole)
    scale = cathode.stoichiometries_per_unit
    return look_up_slope(drive.potential, (x - cathode.first_stoichiometry) * scale) * scale * moved


@njit_inner
def solve_particles(y: Vector, drive: FullDrive, radial: Matrix, porous: Matrix, right: Vector) -> None:
    """Solve the system that `factor_particles` factored, in place."""
    solve_tridiagonal(radial[LOWER], radial[PIVOT], radial[FACTOR], right)
    particles, count = drive.sizes.particles, drive.sizes.shells
    if particles == 1:
        return
    moved, inner = porous[REACTION], particles - 1
    before = _potential_change(y, drive, 0, right)
    for k in range(inner):
        here = _potential_change(y, drive, k + 1, right)
        moved[k] = before - here
        before = here
    solve_tridiagonal(porous[COUPLING, :inner], porous[INVERSE], porous[RATIO], moved[:inner])
    for p in range(particles):
        current = (moved[p - 1] if p > 0 else 0.0) - (moved[p] if p < inner else 0.0)
        for r in range(count):
            right[p * count + r] -= radial[RESPONSE, p * count + r] * current
