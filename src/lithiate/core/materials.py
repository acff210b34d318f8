"""Materials, substrates, electrolytes, separators: plain SI numbers on the fields, their sources beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from lithiate.core.curve import Curve
from lithiate.core.sourced import Sourced

Reaction = Literal["inert", "converts", "alloys"]
"""What lithium does to a solid near 0 V: nothing, a reaction that runs once, or an alloy."""
Family = Literal["ether", "carbonate"]
"""Kind of solvent: the parameters of a lithium surface belong to it."""


@frozen
class Material:
    """A solid. Fields that the library does not know are None.

    Parameters
    ----------
    name : str
    density : float, kg/m^3
    molar_mass : float or None, kg/mol
        Per formula unit.
    youngs_modulus : float or None, Pa
    poisson_ratio : float or None
    bulk_modulus : float or None, Pa
    molten_lithium_angle : float or None, rad
        Contact angle of molten lithium on it, after any reaction at the contact line.
    nucleation_barrier : float or None, V
        Nucleation overpotential of lithium on it, at the condition that all substrates of the library share.
    reaction : {"inert", "converts", "alloys"} or None
    lithium_per_formula : float or None
        Lithium that the reaction binds per formula unit; 0 for an inert one.
    sources : mapping of str to Sourced
        Field name -> the number with its range, source and status.
    """

    name: str
    density: float
    molar_mass: float | None = None
    youngs_modulus: float | None = None
    poisson_ratio: float | None = None
    bulk_modulus: float | None = None
    molten_lithium_angle: float | None = None
    nucleation_barrier: float | None = None
    reaction: Reaction | None = None
    lithium_per_formula: float | None = None
    sources: Mapping[str, Sourced] = field(factory=dict, repr=False, eq=False)


@frozen
class Substrate:
    """A surface that lithium is plated on: a foil, or a coating that decides nucleation.

    Parameters
    ----------
    name : str
    thickness : float, m
        Of the foil or the coating.
    nucleation_barrier : float, V
        Tip minus plateau of the first plating at `current_density`, in the ether of the library.
    current_density : float, A/m^2
    reaction : {"inert", "converts", "alloys"}
    lithium_per_formula : float
        Lithium that the reaction binds per formula unit near 0 V; 0 for an inert one.
    low_current_barrier : float or None, V
        The same on planar films at 0.01 mA/cm2 in a carbonate, where it is known.
    material : str or None
        Name of the solid in the library's materials.
    sources : mapping of str to Sourced
    """

    name: str
    thickness: float
    nucleation_barrier: float
    current_density: float
    reaction: Reaction
    lithium_per_formula: float = 0.0
    low_current_barrier: float | None = None
    material: str | None = None
    sources: Mapping[str, Sourced] = field(factory=dict, repr=False, eq=False)


@frozen
class Melt:
    """Molten lithium and how a host is held in it; the infusion is the same for all anodes that do not say otherwise.

    Parameters
    ----------
    temperature : float, K
        To which tension, viscosity and density refer.
    surface_tension : float, N/m
    viscosity : float, Pa s
    density : float, kg/m^3
    duration : float, s
    pressure : float, Pa
        That presses the melt into pores from outside.
    sources : mapping of str to Sourced
    """

    temperature: float
    surface_tension: float
    viscosity: float
    density: float
    duration: float
    pressure: float
    sources: Mapping[str, Sourced] = field(factory=dict, repr=False, eq=False)


@frozen
class Electrolyte:
    """A liquid electrolyte at 25 degC.

    Parameters
    ----------
    name : str
    salt_concentration : float, mol/m^3
    conductivity : float, S/m
    conductivity_activation_energy : float, J/mol
        Slope of an Arrhenius line around 25 degC.
    diffusivity : float, m^2/s
        Of the salt, in the concentrated-solution sense.
    transference_number : float
        Of the lithium ion.
    thermodynamic_factor : float
        1 + d ln f / d ln c.
    density : float, kg/m^3
    solvent_consumption : float, m^3/C
        Solvent volume that a side reaction consumes per charge.
    additive : str or None
        Name of the additive that forms the interphase.
    additive_concentration : float, mol/m^3
        0 without additive.
    additive_electrons : float
        Electrons that reduce one formula unit of the additive; 0 without additive.
    measured_set : bool
        Whether conductivity, diffusivity, transference number and thermodynamic factor come from one measurement.
    family : {"ether", "carbonate"}
    conductivity_curve, diffusivity_curve, transference_curve, thermodynamic_factor_curve : Curve or None
        The four as functions of the salt concentration [mol/m^3] at 25 degC, where they were measured, all of one work;
        their values at `salt_concentration` are those of the fields without ``_curve``. None: the twin's own forms.
    sources : mapping of str to Sourced
    """

    name: str
    salt_concentration: float
    conductivity: float
    conductivity_activation_energy: float
    diffusivity: float
    transference_number: float
    thermodynamic_factor: float
    density: float
    solvent_consumption: float
    additive: str | None = None
    additive_concentration: float = 0.0
    additive_electrons: float = 0.0
    measured_set: bool = True
    family: Family = "ether"
    conductivity_curve: Curve | None = field(default=None, repr=False)
    diffusivity_curve: Curve | None = field(default=None, repr=False)
    transference_curve: Curve | None = field(default=None, repr=False)
    thermodynamic_factor_curve: Curve | None = field(default=None, repr=False)
    sources: Mapping[str, Sourced] = field(factory=dict, repr=False, eq=False)


@frozen
class Separator:
    """A porous separator.

    Parameters
    ----------
    name : str
    thickness : float, m
    porosity : float
    tortuosity_factor : float
        tau in kappa_eff = kappa porosity / tau.
    sources : mapping of str to Sourced
    """

    name: str
    thickness: float
    porosity: float
    tortuosity_factor: float
    sources: Mapping[str, Sourced] = field(factory=dict, repr=False, eq=False)


@frozen
class Cathode:
    """A porous electrode of particles that take up lithium, at 25 degC; stoichiometry x is lithium per formula unit.

    Parameters
    ----------
    name : str
    density : float, kg/m^3
        Of the active material.
    capacity : float, C/kg
        Of the active material over a whole unit of x.
    nominal_capacity : float, C/kg
        Of the active material, by which a C-rate is counted: 1 C is this in an hour.
    voltage_window : (float, float), V
        Usual cut-offs against lithium; within what `open_circuit_potential` covers.
    open_circuit_potential : Curve
        Potential against lithium [V] over x, falling.
    entropic_coefficient : Curve or None
        dU/dT [V/K] over x; None where it is not known (0 is then used).
    initial_stoichiometry : float
        Of the electrode as it is assembled.
    diffusivity : float, m^2/s
        Of lithium in the particles.
    diffusivity_activation_energy : float, J/mol
    slow_above : float or None
        Stoichiometry about which diffusion slows down towards full lithiation; None where it does not.
    slow_share : float
        Share of the diffusivity that is left beyond it.
    slow_width : float
        Width of the change: D(x) = D (s + (1 - s) / (1 + exp((x - x_slow)/w))).
    particle_radius : float, m
    exchange_current_density : float, A/m^2
        Per particle surface at x = 1/2 and the reference concentration: i_0 = i_ref (c_e/c_ref)^1/2 2 (x (1 - x))^1/2.
    charge_transfer_activation_energy : float, J/mol
    active_volume_fraction, porosity : float
        Of the electrode: active material, and pores.
    tortuosity_factor : float
        tau in kappa_eff = kappa porosity / tau, of the pores.
    conductivity : float, S/m
        Effective, of the solid.
    double_layer_capacitance : float, F/m^2
        Per particle surface.
    sources : mapping of str to Sourced
    """

    name: str
    density: float
    capacity: float
    nominal_capacity: float
    voltage_window: tuple[float, float]
    open_circuit_potential: Curve = field(repr=False)
    diffusivity: float
    diffusivity_activation_energy: float
    particle_radius: float
    exchange_current_density: float
    charge_transfer_activation_energy: float
    active_volume_fraction: float
    porosity: float
    tortuosity_factor: float
    conductivity: float
    double_layer_capacitance: float
    initial_stoichiometry: float = 1.0
    entropic_coefficient: Curve | None = field(default=None, repr=False)
    slow_above: float | None = None
    slow_share: float = 1.0
    slow_width: float = 0.03
    sources: Mapping[str, Sourced] = field(factory=dict, repr=False, eq=False)

    def thickness(self, loading: float) -> float:
        """Return the thickness [m] of an electrode with a loading of active material [kg/m^2]."""
        return loading / (self.density * self.active_volume_fraction)
