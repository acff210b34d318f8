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
from lithiate.core.cell import COIN_CELL_PRESSURE, DISC_AREA, Cell
from lithiate.core.composition import Composition
from lithiate.core.infusion import INFUSION_PARAMETERS
from lithiate.core.materials import Electrolyte, Separator
from lithiate.core.protocol import Step
from lithiate.core.validity import VALID_PRESSURE, VALID_TEMPERATURE, check_range
from lithiate.errors import SimulationError
from lithiate.twin.closures import MECHANISMS, ROUGHNESS_FEEDBACK, Choices, inverse_reorganisation
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


@frozen
class Described:
    """An electrode by its description: the anode and what it is made of."""

    anode: Anode
    composition: Composition


@frozen
class Model:
    """Everything that the integrator needs to know about a cell at a temperature.

    `rigid_share` (2,) is that of the load which rigid WN bears in each electrode.
    """

    electrodes: NDArray[np.void]
    cell: np.void
    initial_state: NDArray[np.float64]
    flaws: NDArray[np.float64]
    fatigue_rate: float
    fatigue_exponent: float
    fatigue_by_charge: bool
    rigid_share: tuple[float, float]
    salt_per_cell: float


def build_model(
    cell: Cell,
    electrodes: tuple[Described, Described],
    temperature: float,
    electrolyte: Electrolyte,
    separator: Separator,
    parameters: ParameterSet,
    choices: Choices | None = None,
) -> Model:
    """Assemble the model of a cell.

    Parameters
    ----------
    cell : Cell
    electrodes : (Described, Described)
        Working electrode and counter electrode.
    temperature : float, K
    electrolyte, separator, parameters
    choices : Choices, optional
        Closures and disabled mechanisms; by default the default ones and none.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` when a condition lies outside the range of validity.
    """
    check_range("temperature", temperature, VALID_TEMPERATURE, "K", 1.0)
    check_range("stack_pressure", cell.stack_pressure, VALID_PRESSURE, "MPa", 1e-6)
    choices = choices or Choices()
    used = choices.parameters(parameters)
    record = np.zeros(1, dtype=CELL)[0]
    fill_cell(record, cell, temperature, electrolyte, separator, used)
    records = np.zeros(2, dtype=ELECTRODE)
    for electrode, described in zip(records, electrodes, strict=True):
        fill_electrode(electrode, temperature, described, cell, used, choices)
    for name in choices.disabled_mechanisms:
        for key, value in MECHANISMS[name].electrode.items():
            records[key] = value
        for key, value in MECHANISMS[name].cell.items():
            record[key] = value
    state, salt = initial_state(records, record, cell, used)
    return Model(
        electrodes=records,
        cell=record,
        initial_state=state,
        flaws=flaw_factors(used["flaw_log_width"]),
        fatigue_rate=used["fatigue_rate"],
        fatigue_exponent=used["fatigue_exponent"],
        fatigue_by_charge=choices.chosen("fatigue") == "charge",
        rigid_share=(rigid_share(electrodes[0], choices), rigid_share(electrodes[1], choices)),
        salt_per_cell=salt,
    )


def rigid_share(described: Described, choices: Choices) -> float:
    """Return the share of the misfit stress that WN carries: only a WN that stays as it is can carry any."""
    host = described.anode.host
    if host is None or described.composition.host is None or not host.tungsten_nitride_inert:
        return 0.0
    if choices.chosen("load_sharing") == "displacement-control":
        return 0.0
    return described.composition.host.rigid_share


def loss_factors(step: Step, parameters: ParameterSet, choices: Choices) -> tuple[float, float]:
    """Return the factors on interphase and on dead lithium that the rate and the amount of a step make.

    xi_s ~ (i/i_0)^a (Q/Q_0)^-b on plating, xi_d ~ (i/i_0)^-d on stripping, with i_0 = 1 mA/cm2 and Q_0 = 1 mAh/cm2;
    exponents from nucleus size (Pei et al., Nano Lett. 17, 1132 (2017)) and from what fast stripping isolates (Werres
    et al., ACS Nano 17, 10218 (2023)). Steps at a set voltage count as at the reference.
    """
    if step.current_density is None or choices.chosen("loss") == "per-charge":
        return 1.0, 1.0
    rate = step.current_density / REFERENCE_CURRENT
    charge = step.areal_capacity
    if charge is None:
        charge = REFERENCE_CAPACITY if step.duration is None else step.current_density * step.duration
    plating: float = rate ** parameters["plating_current_exponent"]
    plating *= (charge / REFERENCE_CAPACITY) ** -parameters["plating_capacity_exponent"]
    return plating, rate ** -parameters["stripping_current_exponent"]


def fill_electrode(
    record: np.void,
    temperature: float,
    described: Described,
    cell: Cell,
    parameters: ParameterSet,
    choices: Choices,
) -> None:
    """Fill a record of `ELECTRODE` for an electrode, at a temperature [K]."""
    anode, composition = described.anode, described.composition
    for name in ELECTRODE.names or ():
        if name in parameters.parameters:
            record[name] = parameters[name]
    film_energy = parameters["film_activation_energy"]
    if anode.host is not None and "host_film_activation_energy" in parameters.parameters:
        film_energy = parameters["host_film_activation_energy"]
    for name in ("film_resistance", "native_film_resistance"):
        record[name] = 1.0 / arrhenius(1.0 / parameters[name], film_energy, temperature, REFERENCE_TEMPERATURE)
    record["exchange_current_density"] = arrhenius(
        parameters["exchange_current_density"],
        parameters["charge_transfer_activation_energy"],
        temperature,
        REFERENCE_TEMPERATURE,
    )
    record["dead_loss"] = parameters["dead_loss"] * contact_loss(cell.stack_pressure, parameters["dead_loss_pressure"])
    record["initial_reservoir"] = composition.areal_capacity
    potential = anode.rms_surface_potential
    if composition.host is not None and anode.host is not None:
        sites = _fill_host(record, described, parameters)
        if potential is None:
            potential = assumed_surface_potential(sites)
    elif potential is None:
        potential = LARGEST_SURFACE_POTENTIAL
    if composition.host is None:
        record["capillary_potential"] = 0.0
        record["unwetted_capillary_potential"] = 0.0
    if anode.kind == "substrate":
        from lithiate.library import load_substrate

        assert anode.material is not None
        record["carbon_barrier"] = load_substrate(anode.material).nucleation_barrier
    # Of a surface with lithium, what is not lithium is bare; a foil has none, a surface without lithium is all bare.
    record["bare_share"] = 1.0 - composition.volume_fractions.get("lithium", 0.0) if anode.holds_lithium else 1.0
    heterogeneity = parameters["surface_potential_transfer"] * potential
    record["barrier_width_carbon"] = math.hypot(parameters["barrier_width"], heterogeneity)
    record["roughness_drive"] = parameters["roughness_source"] * heterogeneity / thermal_voltage(temperature)
    if choices.chosen("sei_growth") == "reaction-limited":
        record["growth_film_charge"] = math.inf
    record["inverse_reorganisation"] = inverse_reorganisation(choices, parameters["reorganisation_energy"])
    record["mean_barrier"] = float(choices.chosen("site_mixing") == "mean-barrier")
    record["roughness_feedback"] = ROUGHNESS_FEEDBACK[choices.chosen("roughness")]


def _fill_host(record: np.void, described: Described, parameters: ParameterSet) -> float:
    """Fill what a host adds to a record of `ELECTRODE`; return the initial share of lithiophilic sites."""
    from lithiate.library import load_infusion, load_sites

    anode, composition = described.anode, described.composition
    values = {name: parameters[name] for name in INFUSION_PARAMETERS}
    if anode.host_to_lithium_mass_ratio is None:  # without lithium: all that is not solid is room
        sites = load_sites(anode, values)
        assert sites is not None
        fractions, spheres = composition.volume_fractions, composition.sphere_volume_fraction
        area = composition.sphere_area_per_volume
        room = 1.0 - sum(share for name, share in fractions.items() if name not in ("lithium", "void"))
        void, reservoir = room * anode.thickness / LITHIUM_VOLUME, 0.0
    else:
        infusion = load_infusion(anode, values)
        sites, spheres, area = infusion.sites, infusion.sphere_volume_fraction, infusion.sphere_area_per_volume
        room = infusion.volume_fractions["lithium"] + infusion.void_fraction
        void, reservoir = infusion.void_capacity, infusion.available_capacity
        record["exposed_interphase"] = infusion.sei_charge_on_exposed_carbon
    record["is_host"] = 1.0
    record["nitride_capture"] = sites.loosening_capture
    record["other_capture"] = sites.lasting_capture
    record["lithiophilic_barrier"] = sites.barrier
    contact = contact_share(spheres, parameters["percolation_threshold"], parameters["percolation_width"])
    record["area_density"] = parameters["active_area_fraction"] * contact * area
    # What lithium does not fill of the space between the solids is void, and void is room.
    record["liquid_share"] = room
    record["capacity_density"] = room / LITHIUM_VOLUME
    record["initial_void"] = void
    record["initial_reservoir"] = reservoir
    return sites.share


def assumed_surface_potential(lithiophilic: float) -> float:
    """Return the rms surface potential [V] assumed for a host whose map was not measured.

    Between the foil's and the composite's, falling with the share of lithiophilic sites: 70.7 mV - 35 mV theta/0.7,
    cut to that range. An assumption: surface potential is a proxy for heterogeneity, and the prior of its
    transfer factor reaches down to 0.
    """
    span = LARGEST_SURFACE_POTENTIAL - SMALLEST_SURFACE_POTENTIAL
    return LARGEST_SURFACE_POTENTIAL - span * min(1.0, lithiophilic / 0.7)


def contact_loss(pressure: float, scale: float) -> float:
    """Return the factor of stack pressure P [Pa] on dead lithium, (1 + P_c/P_1)/(1 + P/P_1), 1 in a coin cell.

    Lithium under pressure loses contact less often (Fang et al., Nat. Energy 6, 987 (2021), recalled); the form is
    assumed. `scale` is P_1 [Pa].
    """
    return (1.0 + COIN_CELL_PRESSURE / scale) / (1.0 + pressure / scale)


def pressed_porosity(porosity: float, pressure: float, scale: float) -> float:
    """Return the porosity of a dead layer under stack pressure P [Pa], eps exp(-(P - P_c)/P_0), at least 0.2 eps.

    `porosity` is that in a coin cell, `scale` P_0 [Pa]. Denser deposits under pressure: Fang et al., Nature 572, 511
    (2019), recalled; the form is assumed. At low pressure never above 0.95.
    """
    factor = math.exp(-(pressure - COIN_CELL_PRESSURE) / scale)
    return min(max(factor, 0.2) * porosity, 0.95)


def fill_cell(
    record: np.void,
    cell: Cell,
    temperature: float,
    electrolyte: Electrolyte,
    separator: Separator,
    parameters: ParameterSet,
) -> None:
    """Fill a record of `CELL`, at a temperature [K]."""
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
    record["dead_layer_porosity"] = pressed_porosity(
        parameters["dead_layer_porosity"], cell.stack_pressure, parameters["porosity_pressure"]
    )
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
    electrodes: NDArray[np.void], record: np.void, cell: Cell, parameters: ParameterSet
) -> tuple[NDArray[np.float64], float]:
    """Return the state of a fresh cell, and the mean amount of salt in a cell of the grid [mol/m2].

    The interior is empty at the start: what the infusion left is void, and void is room.
    """
    state = np.zeros(STATES)
    for k in range(2):
        state[PER_ELECTRODE * k + Q_INTERIOR] = 0.0
        state[PER_ELECTRODE * k + Q_RESERVOIR] = electrodes[k]["initial_reservoir"]
        state[PER_ELECTRODE * k + ROUGHNESS] = parameters["initial_roughness"]
    # The interphase on carbon that the electrolyte reaches forms as the cell is filled.
    interphase = float(sum(electrode["exposed_interphase"] for electrode in electrodes))
    by_additive = min(record["additive_share"] * interphase, 0.99 * record["initial_additive"])
    state[ELECTROLYTE] = cell.electrolyte_volume - record["solvent_consumption"] * (interphase - by_additive)
    state[ADDITIVE] = record["initial_additive"] - by_additive
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
    state[EXCESS_SALT] = record["concentration"] * (state[ELECTROLYTE] - float(liquid.sum()))
    return state, float(state[SALT:].mean())
