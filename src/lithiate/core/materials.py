"""Materials, electrolytes and separators: plain SI numbers on the fields, their sources beside them."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from lithiate.core.sourced import Sourced


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
    sources : mapping of str to Sourced
        Field name -> the number with its range, source and status.
    """

    name: str
    density: float
    molar_mass: float | None = None
    youngs_modulus: float | None = None
    poisson_ratio: float | None = None
    bulk_modulus: float | None = None
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
