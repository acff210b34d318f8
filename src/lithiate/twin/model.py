"""From descriptions and parameters to the numbers that the equations use.

An anode's numbers derive from its *description* (composition, geometry, maps) wherever there is an argument; nothing
here knows an anode by its name. Parameters are shared by all anodes.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.constants import FARADAY, REFERENCE_TEMPERATURE, thermal_voltage
from lithiate.core.anode import Anode
from lithiate.core.cell import DISC_AREA, SymmetricCell
from lithiate.core.composition import Composition
from lithiate.core.infusion import INFUSION_PARAMETERS
from lithiate.core.materials import Electrolyte, Separator
from lithiate.core.protocol import Experiment
from lithiate.errors import SimulationError
from lithiate.library import load_infusion
from lithiate.twin.host import contact_share
from lithiate.twin.kinetics import arrhenius
from lithiate.twin.mechanics import flaw_factors
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.salt import grid
from lithiate.twin.states import (
    ADDITIVE,
    CELL,
    ELECTRODE,
    ELECTROLYTE,
    EXCESS_SALT,
    LITHIUM_VOLUME,
    PER_ELECTRODE,
    Q_INTERIOR,
    Q_RESERVOIR,
    ROUGHNESS,
    SALT,
    SALT_CELLS,
    STATES,
)

REFERENCE_CURRENT = 10.0
"""Current density [A/m2] to which loss and roughness laws refer: 1 mA/cm2."""
REFERENCE_CAPACITY = 36000.0
"""Areal capacity [C/m2] to which loss laws refer: 1 mAh/cm2."""
LARGEST_SURFACE_POTENTIAL = 0.0707
SMALLEST_SURFACE_POTENTIAL = 0.0357
"""Range of rms surface potentials [V] within which unmeasured ones are assumed: the foil's and the composite's."""
EDGE_FACTOR = 5.783
"""Square of the first zero of J0: slowest mode of diffusion into a disc from its edge."""

VALID_CURRENT = (0.1, 200.0)
VALID_CAPACITY = (1800.0, 720000.0)
VALID_TEMPERATURE = (273.15, 333.15)


@frozen
class Model:
    """Everything that the integrator needs to know about a cell and an experiment."""

    electrodes: NDArray[np.void]
    cell: np.void
    initial_state: NDArray[np.float64]
    flaws: NDArray[np.float64]
    fatigue_rate: float
    fatigue_exponent: float
    rigid_share: float
    salt_per_cell: float


def build_model(
    cell: SymmetricCell,
    experiment: Experiment,
    anode: Anode,
    composition: Composition,
    electrolyte: Electrolyte,
    separator: Separator,
    parameters: ParameterSet,
) -> Model:
    """Assemble the model of a symmetric cell.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` when a condition lies outside the range of validity.
    """
    _check_range("current_density", experiment.current_density, VALID_CURRENT, "A/m^2", "mA/cm^2", 0.1)
    _check_range("areal_capacity", experiment.areal_capacity, VALID_CAPACITY, "C/m^2", "mAh/cm^2", 1 / 36000)
    _check_range("temperature", experiment.temperature, VALID_TEMPERATURE, "K", "K", 1.0)
    record = np.zeros(1, dtype=CELL)
    fill_cell(record[0], cell, experiment, electrolyte, separator, parameters)
    electrodes = np.zeros(2, dtype=ELECTRODE)
    for electrode in electrodes:
        fill_electrode(electrode, experiment, anode, composition, parameters)
    state, salt = initial_state(electrodes, record[0], cell, parameters)
    # Only a WN that stays as it is can carry stress for the Mo2N beside it.
    rigid = composition.host is not None and anode.host is not None and anode.host.tungsten_nitride_inert
    return Model(
        electrodes=electrodes,
        cell=record[0],
        initial_state=state,
        flaws=flaw_factors(parameters["flaw_log_width"]),
        fatigue_rate=parameters["fatigue_rate"],
        fatigue_exponent=parameters["fatigue_exponent"],
        rigid_share=composition.host.rigid_share if rigid and composition.host is not None else 0.0,
        salt_per_cell=salt,
    )


def _check_range(name: str, value: float, limits: tuple[float, float], si_unit: str, unit: str, factor: float) -> None:
    if not limits[0] <= value <= limits[1]:
        raise SimulationError(
            "the twin is not valid there",
            code="LI-TWIN-001",
            where=name,
            got=f"{value * factor:g} {unit}",
            expected=f"{limits[0] * factor:g} ... {limits[1] * factor:g} {unit}",
        )


def fill_electrode(
    record: np.void, experiment: Experiment, anode: Anode, composition: Composition, parameters: ParameterSet
) -> None:
    """Fill a record of `ELECTRODE` for an anode, at the temperature of the experiment."""
    temperature = experiment.temperature
    for name in ELECTRODE.names or ():
        if name in parameters.parameters:
            record[name] = parameters[name]
    for name in ("film_resistance", "native_film_resistance"):
        record[name] = 1.0 / arrhenius(
            1.0 / parameters[name], parameters["film_activation_energy"], temperature, REFERENCE_TEMPERATURE
        )
    record["exchange_current_density"] = arrhenius(
        parameters["exchange_current_density"],
        parameters["charge_transfer_activation_energy"],
        temperature,
        REFERENCE_TEMPERATURE,
    )
    rate = experiment.current_density / REFERENCE_CURRENT
    amount = experiment.areal_capacity / REFERENCE_CAPACITY
    plating = rate ** parameters["plating_current_exponent"] * amount ** -parameters["plating_capacity_exponent"]
    record["sei_loss_top"] = parameters["sei_loss_top"] * plating
    record["sei_loss_interior"] = parameters["sei_loss_interior"] * plating
    record["dead_loss"] = parameters["dead_loss"] * rate ** -parameters["stripping_current_exponent"]
    record["initial_reservoir"] = composition.areal_capacity
    potential = anode.rms_surface_potential
    if composition.host is not None and anode.host is not None:
        sites = _fill_host(record, anode, parameters)
        if potential is None:
            potential = assumed_surface_potential(sites)
    elif potential is None:
        potential = LARGEST_SURFACE_POTENTIAL
    if composition.host is None:
        record["capillary_potential"] = 0.0
        record["unwetted_capillary_potential"] = 0.0
    heterogeneity = parameters["surface_potential_transfer"] * potential
    record["barrier_width_carbon"] = math.hypot(parameters["barrier_width"], heterogeneity)
    record["roughness_drive"] = parameters["roughness_source"] * heterogeneity / thermal_voltage(temperature)


def _fill_host(record: np.void, anode: Anode, parameters: ParameterSet) -> float:
    """Fill what a host adds to a record of `ELECTRODE`; return the initial share of lithiophilic sites."""
    infusion = load_infusion(anode, {name: parameters[name] for name in INFUSION_PARAMETERS})
    sites = infusion.sites
    record["is_host"] = 1.0
    record["nitride_capture"] = sites.loosening_capture
    record["other_capture"] = sites.lasting_capture
    record["lithiophilic_barrier"] = sites.barrier
    envelope = infusion.sphere_volume_fraction
    contact = contact_share(envelope, parameters["percolation_threshold"], parameters["percolation_width"])
    record["area_density"] = parameters["active_area_fraction"] * contact * infusion.sphere_area_per_volume
    # What lithium does not fill of the space between the solids is void, and void is room.
    record["liquid_share"] = infusion.volume_fractions["lithium"] + infusion.void_fraction
    record["capacity_density"] = record["liquid_share"] / LITHIUM_VOLUME
    record["initial_void"] = infusion.void_capacity
    record["initial_reservoir"] = infusion.available_capacity
    return sites.share


def assumed_surface_potential(lithiophilic: float) -> float:
    """Return the rms surface potential [V] assumed for a host whose map was not measured.

    Between the foil's and the composite's, falling with the share of lithiophilic sites: 70.7 mV - 35 mV theta/0.7,
    cut to that range. An assumption: surface potential is a proxy for heterogeneity, and the prior of its
    transfer factor reaches down to 0.
    """
    span = LARGEST_SURFACE_POTENTIAL - SMALLEST_SURFACE_POTENTIAL
    return LARGEST_SURFACE_POTENTIAL - span * min(1.0, lithiophilic / 0.7)


def fill_cell(
    record: np.void,
    cell: SymmetricCell,
    experiment: Experiment,
    electrolyte: Electrolyte,
    separator: Separator,
    parameters: ParameterSet,
) -> None:
    """Fill a record of `CELL`, at the temperature of the experiment."""
    temperature = experiment.temperature
    for name in CELL.names or ():
        if name in parameters.parameters:
            record[name] = parameters[name]
    warm = arrhenius(1.0, electrolyte.conductivity_activation_energy, temperature, REFERENCE_TEMPERATURE)
    record["thermal"] = thermal_voltage(temperature)
    record["reference_current"] = REFERENCE_CURRENT
    record["conductivity"] = electrolyte.conductivity * parameters["conductivity_factor"] * warm
    # Conductivity and diffusivity share the solvent's viscosity, hence one activation energy [assumed].
    record["diffusivity"] = electrolyte.diffusivity * parameters["diffusivity_factor"] * warm
    record["transference"] = electrolyte.transference_number * parameters["transference_factor"]
    record["thermodynamic_factor"] = electrolyte.thermodynamic_factor * parameters["thermodynamic_factor_factor"]
    record["concentration"] = electrolyte.salt_concentration
    record["separator_thickness"] = separator.thickness
    record["separator_porosity"] = separator.porosity
    record["separator_tortuosity"] = separator.tortuosity_factor
    record["solvent_consumption"] = electrolyte.solvent_consumption * parameters["solvent_consumption_factor"]
    record["initial_additive"] = max(
        electrolyte.additive_concentration
        * electrolyte.additive_electrons
        * parameters["additive_amount_factor"]
        * FARADAY
        * cell.electrolyte_volume,
        1e-6,
    )
    if electrolyte.additive is None:
        record["additive_protection"] = 0.0
    # Births happen all over the area; the conductance of one is spread over it.
    record["short_rate"] *= cell.area / DISC_AREA
    record["edge_exchange"] = EDGE_FACTOR * record["diffusivity"] * math.pi / cell.area


def initial_state(
    electrodes: NDArray[np.void], record: np.void, cell: SymmetricCell, parameters: ParameterSet
) -> tuple[NDArray[np.float64], float]:
    """Return the state of a fresh cell, and the mean amount of salt in a cell of the grid [mol/m2].

    The interior is empty at the start: what the infusion left is void, and void is room.
    """
    state = np.zeros(STATES)
    for k in range(2):
        state[PER_ELECTRODE * k + Q_INTERIOR] = 0.0
        state[PER_ELECTRODE * k + Q_RESERVOIR] = electrodes[k]["initial_reservoir"]
        state[PER_ELECTRODE * k + ROUGHNESS] = parameters["initial_roughness"]
    state[ELECTROLYTE] = cell.electrolyte_volume
    state[ADDITIVE] = record["initial_additive"]
    liquid, length, factor = np.zeros(SALT_CELLS), np.zeros(SALT_CELLS), np.zeros(SALT_CELLS)
    wet, _, _ = grid(state, record, electrodes, liquid, length, factor)
    if wet < 0.5:
        raise SimulationError(
            "the electrolyte does not fill the pores",
            code="LI-TWIN-001",
            where="electrolyte_volume",
            got=f"{cell.electrolyte_volume * 1e5:.3g} uL/cm^2, which wets {100 * wet:.0f} % of the pores",
        )
    state[SALT:] = record["concentration"] * liquid
    state[EXCESS_SALT] = record["concentration"] * (cell.electrolyte_volume - float(liquid.sum()))
    return state, float(state[SALT:].mean())
