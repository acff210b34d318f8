"""From the description of a full cell and parameters to the numbers that its equations use."""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.constants import REFERENCE_TEMPERATURE
from lithiate.core.cell import FullCell
from lithiate.core.materials import Cathode, Electrolyte, Separator
from lithiate.core.validity import VALID_PRESSURE, VALID_TEMPERATURE, check_range
from lithiate.errors import SimulationError
from lithiate.twin.closures import MECHANISMS, Choices
from lithiate.twin.full_salt import LIQUID, lay_grid
from lithiate.twin.full_states import (
    ACTIVE,
    CATHODE,
    FullDrive,
    FullScratch,
    Sizes,
    make_sizes,
    number_of_states,
)
from lithiate.twin.kinetics import BRANCH_COLUMNS, arrhenius
from lithiate.twin.mechanics import flaw_factors
from lithiate.twin.model import Described, fill_cell, fill_electrode, rigid_share
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.solver import STAGES
from lithiate.twin.states import (
    ADDITIVE,
    BRANCHES,
    CELL,
    CURRENT,
    ELECTRODE,
    ELECTROLYTE,
    EXCESS_SALT,
    FAST,
    PER_ELECTRODE,
    Q_RESERVOIR,
    ROUGHNESS,
    SALT,
)
from lithiate.twin.transport import conductivity_ratio

POTENTIAL_POINTS = 4001
TRANSPORT_POINTS = 241
HIGHEST_CONCENTRATION = 6000.0
"""Where the tables of transport properties end [mol/m3]; beyond, straight lines."""
LEAST_SHARE_OF_PROPERTY = 1e-3
"""Transport properties never fall below this share of their largest: outside what was measured a fit may cross zero."""
LOSS_VOLTAGE = 4.3
"""Surface potential [V] to which the rates of cathode loss and film growth refer."""
SURFACE_CROWDING = 0.6
"""How much finer shells are at the surface than at the centre, 0 for even: rho(u) = u (1 + g (1 - u))."""
LEAST_WET = 0.02
"""Saturated share of the pores below which a cell cannot be simulated."""


@frozen
class FullModel:
    """Everything that the integrator needs to know about a full cell at a temperature.

    As `Model`, with one lithium electrode; `cathode` is a record of `CATHODE`, `sizes`, `shells`, `potential` and
    `transport` as in `FullDrive`. `one_c` is the current density of 1 C [A/m2], `initial_wet` the share of the pores
    that the electrolyte fills at the start.
    """

    electrodes: NDArray[np.void]
    cell: np.void
    cathode: np.void
    sizes: Sizes
    shells: NDArray[np.float64]
    potential: NDArray[np.float64]
    transport: NDArray[np.float64]
    initial_state: NDArray[np.float64]
    flaws: NDArray[np.float64]
    fatigue_rate: float
    fatigue_exponent: float
    fatigue_by_charge: bool
    rigid_share: tuple[float]
    salt_per_cell: float
    one_c: float
    initial_wet: float

    def drive(self, **changes: object) -> FullDrive:
        """Return a drive of this cell at rest, with changes."""
        plain = FullDrive(
            0, 1.0, self.electrodes, self.cell, np.ones(1), np.zeros(1), CURRENT, 0.0, 1.0, 1.0, self.cathode,
            self.sizes, self.shells, self.potential, self.transport,
        )  # fmt: skip
        return plain._replace(**changes)  # type: ignore[arg-type]  # fields of different types by name

    def with_particles(self, particles: int) -> FullModel:
        """Return the model with another number of particles: 1, or one for each cell of the cathode."""
        sizes = self.sizes._replace(particles=particles)
        state = spread_particles(self.initial_state, self.sizes, particles)
        return evolve(self, sizes=sizes, shells=shell_geometry(sizes), initial_state=state)


def spread_particles(state: NDArray[np.float64], sizes: Sizes, particles: int) -> NDArray[np.float64]:
    """Return a state of one particle as one of several: each takes its share, so that all are alike."""
    first = SALT + sizes.salt_cells
    if len(state) == first + sizes.shells * particles:
        return state
    return np.concatenate([state[:first], np.tile(state[first:] / particles, particles)])


def new_full_scratch(sizes: Sizes) -> FullScratch:
    """Return memory for one run."""
    states = number_of_states(sizes)
    return FullScratch(
        guess=np.array([0.01, 0.01]),
        branches=np.zeros((1, BRANCHES, BRANCH_COLUMNS)),
        salt=np.zeros((11, sizes.salt_cells)),
        matrix=np.zeros((5, sizes.salt_cells)),
        blocks=np.zeros((1, PER_ELECTRODE + FAST, FAST)),
        stages=np.zeros((STAGES + 3, states)),
        points=np.zeros((6, states)),
        porous=np.zeros((15, sizes.cathode + 1)),
        radial=np.zeros((9, sizes.shells * sizes.particles)),
    )


def build_full_model(
    cell: FullCell,
    electrode: Described,
    cathode: Cathode,
    temperature: float,
    electrolyte: Electrolyte,
    separator: Separator,
    parameters: ParameterSet,
    choices: Choices | None = None,
    sizes: Sizes | None = None,
) -> FullModel:
    """Assemble the model of a full cell.

    Parameters
    ----------
    cell : FullCell
    electrode : Described
        The lithium electrode.
    cathode, electrolyte, separator
    temperature : float, K
    parameters : ParameterSet
        Those of the family of the electrolyte (`ParameterSet.in_electrolyte`).
    choices : Choices, optional
        Closures and disabled mechanisms; by default the default ones and none.
    sizes : Sizes, optional
        Of the grids.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` when a condition lies outside the range of validity.
    """
    check_range("temperature", temperature, VALID_TEMPERATURE, "K", 1.0)
    check_range("stack_pressure", cell.stack_pressure, VALID_PRESSURE, "MPa", 1e-6)
    choices = choices or Choices()
    used = choices.parameters(parameters)
    sizes = sizes or make_sizes()
    record = np.zeros(1, dtype=CELL)[0]
    fill_cell(record, cell, temperature, electrolyte, separator, used)
    records = np.zeros(1, dtype=ELECTRODE)
    fill_electrode(records[0], temperature, electrode, cell, used, choices)
    positive = np.zeros(1, dtype=CATHODE)[0]
    fill_cathode(positive, cell, cathode, temperature, used)
    for name in choices.disabled_mechanisms:
        for target, values in (
            (records, MECHANISMS[name].electrode),
            (record, MECHANISMS[name].cell),
            (positive, MECHANISMS[name].cathode),
        ):
            for key, value in values.items():
                target[key] = value
    model = FullModel(
        electrodes=records,
        cell=record,
        cathode=positive,
        sizes=sizes,
        shells=shell_geometry(sizes),
        potential=_potential_table(positive, cathode, temperature),
        transport=_transport_tables(positive, record, electrolyte, used, temperature),
        initial_state=np.zeros(number_of_states(sizes)),
        flaws=flaw_factors(used["flaw_log_width"]),
        fatigue_rate=used["fatigue_rate"],
        fatigue_exponent=used["fatigue_exponent"],
        fatigue_by_charge=choices.chosen("fatigue") == "charge",
        rigid_share=(rigid_share(electrode, choices),),
        salt_per_cell=0.0,
        one_c=float(positive["one_c_capacity"]) / 3600.0,
        initial_wet=1.0,
    )
    state, wet = _initial_state(model, cell, cathode, used)
    return evolve(
        model, initial_state=state, initial_wet=wet, salt_per_cell=float(state[SALT:][: sizes.salt_cells].mean())
    )


def fill_cathode(
    record: np.void, cell: FullCell, cathode: Cathode, temperature: float, parameters: ParameterSet
) -> None:
    """Fill a record of `CATHODE`, at a temperature [K]."""
    for name in CATHODE.names or ():
        if name in parameters.parameters:
            record[name] = parameters[name]

    def at_temperature(value: float, activation_energy: float) -> float:
        return float(arrhenius(value, activation_energy, temperature, REFERENCE_TEMPERATURE))

    loading = cell.cathode_loading
    record["particle_capacity"] = loading * cathode.capacity * parameters["cathode_capacity_share"]
    record["one_c_capacity"] = loading * cathode.nominal_capacity
    record["particle_surface"] = 3.0 * loading / (cathode.density * cathode.particle_radius)
    record["cathode_thickness"] = cathode.thickness(loading)
    record["cathode_porosity"] = cathode.porosity
    record["cathode_tortuosity"] = cathode.tortuosity_factor
    record["solid_conductivity"] = cathode.conductivity
    rate = cathode.diffusivity / cathode.particle_radius**2 * parameters["particle_diffusion_factor"]
    record["particle_diffusion_rate"] = at_temperature(rate, cathode.diffusivity_activation_energy)
    shift = parameters["slow_above_shift"]
    record["slow_above"] = math.inf if cathode.slow_above is None else cathode.slow_above + shift
    record["slow_share"] = (
        min(cathode.slow_share * parameters["slow_share_factor"], 1.0) if cathode.slow_above is not None else 1.0
    )
    record["slow_width"] = cathode.slow_width
    current = cathode.exchange_current_density * parameters["cathode_exchange_current_factor"]
    record["cathode_exchange_current"] = at_temperature(current, cathode.charge_transfer_activation_energy)
    record["cathode_double_layer"] = cathode.double_layer_capacitance
    record["cathode_loss_voltage"] = LOSS_VOLTAGE


def shell_volumes(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return faces rho of the shells (count + 1,) and their shares of the volume; shells crowd at the surface."""
    u = np.linspace(0.0, 1.0, count + 1)
    faces = u * (1.0 + SURFACE_CROWDING * (1.0 - u))
    return faces, np.diff(faces**3)


def shell_geometry(sizes: Sizes) -> NDArray[np.float64]:
    """Return the table of all shells (3, shells of all particles) that `FullDrive.shells` is.

    3 rho^2/d(rho) at the outer face, 0 where a particle ends, with d(rho) between centroids; one over the share of the
    particle's volume; and how far the surface lies ahead, over the distance of the two outer centroids.
    """
    faces, volume = shell_volumes(sizes.shells)
    centroid = 0.75 * np.diff(faces**4) / volume
    conductance = np.append(3.0 * faces[1:-1] ** 2 / np.diff(centroid), 0.0)
    ahead = np.full(sizes.shells, (1.0 - centroid[-1]) / (centroid[-1] - centroid[-2]))
    return np.ascontiguousarray(np.tile([conductance, 1.0 / volume, ahead], sizes.particles))


def _potential_table(record: np.void, cathode: Cathode, temperature: float) -> NDArray[np.float64]:
    curve = cathode.open_circuit_potential
    low, high = curve.x[0], curve.x[-1]
    record["first_stoichiometry"] = low
    record["stoichiometries_per_unit"] = (POTENTIAL_POINTS - 1) / (high - low)
    table = curve.table(low, high, POTENTIAL_POINTS)
    if cathode.entropic_coefficient is not None:
        entropic = cathode.entropic_coefficient
        within = np.clip(np.linspace(low, high, POTENTIAL_POINTS), entropic.x[0], entropic.x[-1])
        shift = (temperature - REFERENCE_TEMPERATURE) * entropic(within)
        table[:, 0] += shift
        table[:, 1] += np.gradient(shift)
    return table


def _transport_tables(
    record: np.void, cell: np.void, electrolyte: Electrolyte, parameters: ParameterSet, temperature: float
) -> NDArray[np.float64]:
    """Return the table of `FullDrive.transport`: conductivity, diffusivity, transference number, potential (n, 8)."""
    spacing = HIGHEST_CONCENTRATION / (TRANSPORT_POINTS - 1)
    record["concentrations_per_unit"] = 1.0 / spacing
    grid = np.linspace(0.0, HIGHEST_CONCENTRATION, TRANSPORT_POINTS)
    reference, maximum = electrolyte.salt_concentration, float(cell["concentration_of_maximum"])
    ratio = np.array([conductivity_ratio(c, reference, maximum) for c in grid])
    ones = np.ones_like(grid)

    def over(curve: object, constant: float, form: NDArray[np.float64], here: str) -> NDArray[np.float64]:
        """Return the property on the grid, so scaled that it is the cell's at the reference concentration."""
        if curve is None:
            return float(cell[here]) * form
        scale = float(cell[here]) / constant
        return np.asarray(scale * curve(np.clip(grid, curve.x[0], curve.x[-1])))  # type: ignore[operator, attr-defined]

    conductivity = over(electrolyte.conductivity_curve, electrolyte.conductivity, ratio, "conductivity")
    curve = electrolyte.conductivity_curve
    if curve is not None and curve.x[0] > 0.0:  # towards no salt, no conductivity
        conductivity *= np.minimum(grid / curve.x[0], 1.0)
    diffusivity = over(electrolyte.diffusivity_curve, electrolyte.diffusivity, ones, "diffusivity")
    transference = over(electrolyte.transference_curve, electrolyte.transference_number, ones, "transference")
    factor = over(
        electrolyte.thermodynamic_factor_curve, electrolyte.thermodynamic_factor, ones, "thermodynamic_factor"
    )
    gain = 2.0 * float(cell["thermal"]) * (1.0 - transference) * factor
    rows = []
    for values in (
        np.maximum(conductivity, LEAST_SHARE_OF_PROPERTY * conductivity.max()),
        np.maximum(diffusivity, LEAST_SHARE_OF_PROPERTY * diffusivity.max()),
        transference,
        gain,
    ):
        rows += [values, np.gradient(values)]
    return np.ascontiguousarray(np.column_stack(rows))


def _initial_state(
    model: FullModel, cell: FullCell, cathode: Cathode, parameters: ParameterSet
) -> tuple[NDArray[np.float64], float]:
    """Return the state of a fresh cell, and the saturated share of its pores."""
    state = np.zeros(number_of_states(model.sizes))
    electrode, record, sizes = model.electrodes[0], model.cell, model.sizes
    state[Q_RESERVOIR] = electrode["initial_reservoir"]
    state[ROUGHNESS] = parameters["initial_roughness"]
    state[ACTIVE] = 1.0
    interphase = float(electrode["exposed_interphase"])
    by_additive = min(record["additive_share"] * interphase, 0.99 * record["initial_additive"])
    state[ELECTROLYTE] = cell.electrolyte_volume - record["solvent_consumption"] * (interphase - by_additive)
    state[ADDITIVE] = record["initial_additive"] - by_additive
    first = SALT + sizes.salt_cells
    lithium = model.cathode["particle_capacity"] * cathode.initial_stoichiometry / sizes.particles
    state[first:] = lithium / model.shells[1]
    work = np.zeros((11, sizes.salt_cells))
    wet, _, _ = lay_grid(state, model.drive(), work)
    if not wet > LEAST_WET or not math.isfinite(wet):
        raise SimulationError(
            "the electrolyte hardly wets the pores",
            code="LI-TWIN-001",
            where="electrolyte_to_cathode_ratio" if cell.electrolyte_to_cathode_ratio else "electrolyte_volume",
            got=f"{cell.electrolyte_volume * 1e5:.3g} uL/cm^2, which wets {100 * wet:.0f} % of the pores",
        )
    state[SALT:first] = record["concentration"] * work[LIQUID]
    state[EXCESS_SALT] = record["concentration"] * (state[ELECTROLYTE] - float(work[LIQUID].sum()))
    return state, float(wet)
