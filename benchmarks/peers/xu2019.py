"""PyBaMM's parameter set "Xu2019" (a half cell: NMC against lithium, LiPF6 in EC:DMC) as objects of lithiate.

Every number is read from the installed PyBaMM when asked for, none stands here; what the set lacks and lithiate wants
is marked `ASSUMED` and drops out of the comparison.

Where the equations of the two differ, for this set:
    - lithium's exchange current goes with c^0.3 in the set and with c^0.5 in lithiate: equal at the initial
      concentration. `parameter_values(lithium_exponent=0.5)` gives PyBaMM lithiate's form, so that what it is worth can
      be told from what is wrong.
    - 1 C of the set is its nominal capacity, two thirds of what the cell really holds; `nominal_capacity` is that too.
    - PyBaMM's SPMe takes the conductivity at the mean concentration, our single particle kappa(c(x)): at 20 mg/cm2 and
      5 C that is 1.7 mV on discharge, 0.2 mV where the conductivity is made constant.
    - the set's equilibrium has PyBaMM's asymptotes added, as its models have; they are in the curve.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pybamm
from attrs import evolve
from numpy.typing import NDArray
from peers.full_cell_in_pybamm import HALF_CELL

from lithiate.core.curve import Curve
from lithiate.core.materials import Cathode, Electrolyte, Separator
from lithiate.twin import ParameterSet, load_parameters

ASSUMED_DENSITY = 4780.0
"""Of the active material [kg/m3], crystallographic for NCM811 [assumed]: it only turns thickness into loading."""
HIGHEST_CONCENTRATION = 4000.0
"""Up to which the electrolyte's curves are tabulated [mol/m3]."""
LOWEST_CONCENTRATION = 1.0
SET = "Xu2019"


def parameter_values(*, loading: float | None = None, lithium_exponent: float | None = None) -> pybamm.ParameterValues:
    """Return the set, with the cathode's thickness scaled to a loading.

    Parameters
    ----------
    loading : float, kg/m^2
        The nominal capacity is scaled with it, so that a C-rate stays what it is. Default: the set's own thickness.
    lithium_exponent : float
        Of the salt concentration in lithium's exchange current, in place of the set's 0.3; equal at the initial
        concentration.
    """
    values = pybamm.ParameterValues(SET)
    if loading is not None:
        thickness = loading / (ASSUMED_DENSITY * float(values["Positive electrode active material volume fraction"]))
        factor = thickness / float(values["Positive electrode thickness [m]"])
        values["Positive electrode thickness [m]"] = thickness
        values["Nominal cell capacity [A.h]"] = float(values["Nominal cell capacity [A.h]"]) * factor
    if lithium_exponent is not None:
        start, at_start = float(values["Initial concentration in electrolyte [mol.m-3]"]), lithium_exchange(values)

        def exchange(c_e: Any, c_lithium: Any, temperature: Any) -> Any:  # noqa: ANN401, ARG001 - PyBaMM's expressions
            return at_start * (c_e / start) ** lithium_exponent

        values["Exchange-current density for lithium metal electrode [A.m-2]"] = exchange
    return values


def _number(values: pybamm.ParameterValues, expression: Any) -> NDArray[np.float64]:  # noqa: ANN401 - PyBaMM's
    return np.asarray(values.process_symbol(expression).evaluate(), dtype=float).ravel()


def _parameters() -> Any:  # noqa: ANN401 - PyBaMM has no types
    return pybamm.LithiumIonParameters(HALF_CELL)


def _temperature(values: pybamm.ParameterValues) -> Any:  # noqa: ANN401 - PyBaMM's
    return pybamm.Scalar(float(values["Ambient temperature [K]"]))


def lithium_exchange(values: pybamm.ParameterValues) -> float:
    """Return lithium's exchange current density at the initial concentration [A/m2]."""
    start = pybamm.Scalar(float(values["Initial concentration in electrolyte [mol.m-3]"]))
    lithium = pybamm.Scalar(1.0 / float(values["Lithium metal partial molar volume [m3.mol-1]"]))
    return float(_number(values, _parameters().j0_Li_metal(start, lithium, _temperature(values)))[0])


def electrolyte(values: pybamm.ParameterValues) -> Electrolyte:
    """Return the electrolyte with its four curves."""
    parameters, temperature = _parameters(), _temperature(values)
    start = float(values["Initial concentration in electrolyte [mol.m-3]"])
    # Dense where the curves bend, with the initial concentration among the points, so that values there are exact.
    points = np.unique(
        np.concatenate(
            [np.geomspace(LOWEST_CONCENTRATION, HIGHEST_CONCENTRATION, 200), np.arange(20, 4001, 20), [start]]
        )
    )
    curves, here = {}, {}
    for name, function in (
        ("conductivity", parameters.kappa_e),
        ("diffusivity", parameters.D_e),
        ("transference", parameters.t_plus),
        ("thermodynamic_factor", parameters.thermodynamic_factor),
    ):
        found = np.broadcast_to(_number(values, function(pybamm.Vector(points), temperature)), points.shape)
        curves[name] = Curve(points.tolist(), found.tolist())
        here[name] = float(found[np.searchsorted(points, start)])
    return Electrolyte(
        name=f"electrolyte of {SET}",
        salt_concentration=start,
        conductivity=here["conductivity"],
        conductivity_activation_energy=0.0,
        diffusivity=here["diffusivity"],
        transference_number=here["transference"],
        thermodynamic_factor=here["thermodynamic_factor"],
        density=1200.0,  # not in the set, and not used: the volume of electrolyte is given
        solvent_consumption=0.0,
        family="carbonate",
        conductivity_curve=curves["conductivity"],
        diffusivity_curve=curves["diffusivity"],
        transference_curve=curves["transference"],
        thermodynamic_factor_curve=curves["thermodynamic_factor"],
    )


def separator(values: pybamm.ParameterValues) -> Separator:
    """Return the separator; tau = eps^(1 - b) gives kappa eps^b."""
    porosity = float(values["Separator porosity"])
    bruggeman = float(values["Separator Bruggeman coefficient (electrolyte)"])
    return Separator(
        name=f"separator of {SET}",
        thickness=float(values["Separator thickness [m]"]),
        porosity=porosity,
        tortuosity_factor=porosity ** (1.0 - bruggeman),
    )


def cathode(values: pybamm.ParameterValues) -> Cathode:
    """Return the cathode, charged as the set has it at its start."""
    parameters, temperature = _parameters().p.prim, _temperature(values)
    highest = float(values["Maximum concentration in positive electrode [mol.m-3]"])
    start = float(values["Initial concentration in electrolyte [mol.m-3]"])
    porosity = float(values["Positive electrode porosity"])
    active = float(values["Positive electrode active material volume fraction"])
    x = np.unique(np.concatenate([np.linspace(0.0, 1.0, 501), np.linspace(0.9, 1.0, 401), np.linspace(0.0, 0.01, 101)]))
    half = pybamm.Scalar(0.5 * highest)
    # Without PyBaMM's regularised powers, which change j0 by less than 1e-6 at x = 1/2: 2 sqrt(x (1 - x)) is 1 there.
    exchange = _number(values, parameters.j0(pybamm.Scalar(start), half, temperature))[0]
    conductivity = float(values["Positive electrode conductivity [S.m-1]"])
    solid = (1.0 - porosity) ** float(values["Positive electrode Bruggeman coefficient (electrode)"])
    charge = float(pybamm.constants.F.value)
    thickness = float(values["Positive electrode thickness [m]"])
    area = float(values["Electrode height [m]"]) * float(values["Electrode width [m]"])
    mass = ASSUMED_DENSITY * active * thickness * area
    return Cathode(
        name=f"cathode of {SET}",
        density=ASSUMED_DENSITY,
        capacity=highest * charge / ASSUMED_DENSITY,
        nominal_capacity=3600.0 * float(values["Nominal cell capacity [A.h]"]) / mass,
        voltage_window=(float(values["Lower voltage cut-off [V]"]), float(values["Upper voltage cut-off [V]"])),
        open_circuit_potential=Curve(x.tolist(), _number(values, parameters.U(pybamm.Vector(x), temperature)).tolist()),
        diffusivity=float(values["Positive particle diffusivity [m2.s-1]"]),
        diffusivity_activation_energy=0.0,
        particle_radius=float(values["Positive particle radius [m]"]),
        exchange_current_density=float(exchange),
        charge_transfer_activation_energy=0.0,
        active_volume_fraction=active,
        porosity=porosity,
        tortuosity_factor=porosity ** (1.0 - float(values["Positive electrode Bruggeman coefficient (electrolyte)"])),
        conductivity=conductivity * solid,
        double_layer_capacitance=float(values["Positive electrode double-layer capacity [F.m-2]"]),
        initial_stoichiometry=float(values["Initial concentration in positive electrode [mol.m-3]"]) / highest,
    )


def loading(values: pybamm.ParameterValues) -> float:
    """Return the loading of active material [kg/m2] that gives the set's thickness."""
    return (
        float(values["Positive electrode thickness [m]"])
        * ASSUMED_DENSITY
        * float(values["Positive electrode active material volume fraction"])
    )


NO_FILM = 1e-12
"""Resistance of a film that does nothing [ohm m2]; the twin takes none for a fault."""
PLAIN = {
    "film_resistance": NO_FILM,
    "native_film_resistance": NO_FILM,
    "pitting_barrier": 0.0,
    "pitting_area": 0.0,
    "carbon_barrier": 0.0,
    "lithiophilic_barrier": 0.0,
    "barrier_width": 0.0,
    "surface_potential_transfer": 0.0,
    "roughness_source": 0.0,
    "roughness_area": 0.0,
    "initial_roughness": 0.0,
    "area_noise": 0.0,
    "sei_loss_top": 0.0,
    "sei_loss_interior": 0.0,
    "dead_loss": 0.0,
    "calendar_current": 0.0,
    "galvanic_current": 0.0,
    "additive_protection": 0.0,
    "additive_share": 0.0,
    "dead_layer_initial_thickness": 1e-9,
    "dead_layer_tortuosity": 1.0,
    "dead_layer_tortuosity_growth": 0.0,
    "short_rate": 0.0,
    "cell_scatter": 0.0,
    "conductivity_factor": 1.0,
    "diffusivity_factor": 1.0,
    "transference_factor": 1.0,
    "thermodynamic_factor_factor": 1.0,
    "solvent_consumption_factor": 0.0,
    "cathode_capacity_share": 1.0,
    "particle_diffusion_factor": 1.0,
    "cathode_exchange_current_factor": 1.0,
    "contact_resistance": 0.0,
    "cathode_loss_rate": 0.0,
    "cathode_film_growth": 0.0,
    "crosstalk": 0.0,
    "shuttle_rate": 0.0,
}
"""Parameters of the twin that make its foil plain planar lithium, one surface of one unit of area, without film or
loss, and its cathode one that does not age."""


def plain_lithium(values: pybamm.ParameterValues, parameters: ParameterSet | str = "nominal") -> ParameterSet:
    """Return the twin's parameters with lithium as the set has it: planar, without film or loss, at its j0.

    Ranges of priors are left aside: no foil is like that.
    """
    used = load_parameters(parameters) if isinstance(parameters, str) else parameters
    table = dict(used.parameters)
    wanted = {**PLAIN, "exchange_current_density": lithium_exchange(values)}
    for name, value in wanted.items():
        for key in (name, f"{name}_carbonate"):
            if key in table:
                table[key] = evolve(table[key], value=value)
    return evolve(used, parameters=table, origin=f"plain lithium of {SET}")
