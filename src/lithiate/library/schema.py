"""The form of the library's files, and of a user's anode file: every number with unit, source and status."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, StrictBool, model_validator

from lithiate.core.materials import Family, Reaction
from lithiate.core.sourced import Status
from lithiate.library.curve_schema import (
    ConductivityCurve,
    DiffusivityCurve,
    EntropicCoefficient,
    OpenCircuitPotential,
    ThermodynamicFactorCurve,
    TransferenceCurve,
)
from lithiate.library.entry_schema import (
    Angle,
    Area,
    Barrier,
    Capacitance,
    Concentration,
    Conductivity,
    CurrentDensity,
    Density,
    Diffusivity,
    Duration,
    Entry,
    Fraction,
    Length,
    MassRatio,
    Modulus,
    MolarEnergy,
    MolarMass,
    PlainNumber,
    PoissonRatio,
    Potential,
    Pressure,
    SpecificCapacity,
    SurfaceTension,
    Table,
    Temperature,
    Text,
    Viscosity,
    Volume,
    VolumePerCharge,
)

SCHEMA_VERSION = 1


class HostTable(Table):
    """The table ``[host]`` of an anode's file."""

    bet_area: Area
    pore_volume: Volume
    cavity_diameter: Length
    molybdenum_mass_fraction: Fraction | None = None
    tungsten_mass_fraction: Fraction | None = None
    molybdenum_nitride_converted: StrictBool = False
    tungsten_nitride_inert: StrictBool = True
    particle_diameter: Length | None = None
    particles: dict[Text, Fraction] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_contents(self) -> Self:
        metals = (self.molybdenum_mass_fraction, self.tungsten_mass_fraction)
        total = sum(entry.sourced().value for entry in (*metals, *self.particles.values()) if entry is not None)
        if total >= 1:
            raise ValueError(f"metals and particles leave no room for carbon; got {total:g} together; expected below 1")
        return self


class _AnodeFile(Table):
    schema_version: Literal[1]
    name: Text
    description: Text | None = None
    thickness: Length
    rms_surface_potential: Potential | None = None
    youngs_modulus: Modulus | None = None
    contact_angle: Angle | None = None


class HostAnodeFile(_AnodeFile):
    """A file that describes a host: infused when it has a ratio; free of lithium when it stands on a material."""

    # Foils and substrates have models of their own; the words stand here for the message about a wrong kind.
    kind: Literal["host", "foil", "substrate"]
    host_to_lithium_mass_ratio: MassRatio | None = None
    material: Text | None = None
    host: HostTable

    @model_validator(mode="after")
    def _check_lithium(self) -> Self:
        if (self.host_to_lithium_mass_ratio is None) == (self.material is None):
            raise ValueError(
                "a host has either host_to_lithium_mass_ratio or, when it is free of lithium, "
                "the material that it stands on; got " + ("neither" if self.material is None else "both")
            )
        return self


class FoilAnodeFile(_AnodeFile):
    """A file that describes a foil."""

    kind: Literal["foil"]


class SubstrateAnodeFile(_AnodeFile):
    """A file that describes a bare current collector or a coating."""

    kind: Literal["substrate"]
    material: Text


class MaterialTable(Table):
    """One table of ``materials.toml``."""

    description: Text
    density: Density
    molar_mass: MolarMass | None = None
    youngs_modulus: Modulus | None = None
    poisson_ratio: PoissonRatio | None = None
    bulk_modulus: Modulus | None = None
    molten_lithium_angle: Angle | None = None


class SubstrateTable(Table):
    """One table of ``substrates.toml``."""

    description: Text
    material: Text | None = None
    thickness: Length
    nucleation_barrier: Barrier
    current_density: CurrentDensity
    low_current_barrier: Barrier | None = None
    reaction: Reaction
    lithium_per_formula: PlainNumber | None = None
    note: Text | None = None


class MeltTable(Table):
    """The table ``[melt]`` of ``infusion.toml``."""

    description: Text
    temperature: Temperature
    surface_tension: SurfaceTension
    viscosity: Viscosity
    density: Density
    duration: Duration
    pressure: Pressure


TRANSPORT = ("conductivity", "diffusivity", "transference_number", "thermodynamic_factor")
"""What carries salt and current in an electrolyte; numbers of different works do not mix."""


class TransportTable(Table):
    """The table ``transport`` of an electrolyte: its four properties over the concentration, all of one work."""

    source: Text
    status: Status
    note: Text | None = None
    conductivity: ConductivityCurve
    diffusivity: DiffusivityCurve
    transference_number: TransferenceCurve
    thermodynamic_factor: ThermodynamicFactorCurve


class ElectrolyteTable(Table):
    """One table of ``electrolytes.toml``.

    Transport is given by four numbers, by the table ``transport``, or by the name of an electrolyte that stands in.
    """

    description: Text
    note: Text | None = None
    family: Family
    measured_set: StrictBool
    salt_concentration: Concentration
    transport: TransportTable | None = None
    stand_in: Text | None = None
    conductivity: Conductivity | None = None
    conductivity_activation_energy: MolarEnergy
    diffusivity: Diffusivity | None = None
    transference_number: Fraction | None = None
    thermodynamic_factor: PlainNumber | None = None
    density: Density
    solvent_consumption: VolumePerCharge
    additive: Text | None = None
    additive_concentration: Concentration | None = None
    additive_electrons: PlainNumber | None = None

    @model_validator(mode="after")
    def _check_transport(self) -> Self:
        plain = [name for name in TRANSPORT if getattr(self, name) is not None]
        ways = (len(plain) == len(TRANSPORT), self.transport is not None, self.stand_in is not None)
        if sum(ways) != 1 or len(plain) not in (0, len(TRANSPORT)):
            raise ValueError(f"give either {', '.join(TRANSPORT)} or 'transport' or 'stand_in', one of the three alone")
        if self.measured_set and self.transport is None:
            raise ValueError("a measured set has a table 'transport' of its own")
        additive = (self.additive, self.additive_concentration, self.additive_electrons)
        if len({part is None for part in additive}) != 1:
            raise ValueError("give additive, additive_concentration and additive_electrons together, or none of them")
        return self


class CathodeTable(Table):
    """One table of ``cathodes.toml``."""

    description: Text
    note: Text | None = None
    density: Density
    capacity: SpecificCapacity
    nominal_capacity: SpecificCapacity
    lower_voltage: Potential
    upper_voltage: Potential
    open_circuit_potential: OpenCircuitPotential
    entropic_coefficient: EntropicCoefficient | None = None
    initial_stoichiometry: Fraction
    diffusivity: Diffusivity
    diffusivity_activation_energy: MolarEnergy
    slow_above: Fraction | None = None
    slow_share: Fraction | None = None
    slow_width: PlainNumber | None = None
    particle_radius: Length
    exchange_current_density: CurrentDensity
    charge_transfer_activation_energy: MolarEnergy
    active_volume_fraction: Fraction
    porosity: Fraction
    tortuosity_factor: PlainNumber
    conductivity: Conductivity
    double_layer_capacitance: Capacitance

    @model_validator(mode="after")
    def _check_electrode(self) -> Self:
        active, pores = self.active_volume_fraction.sourced().value, self.porosity.sourced().value
        if active <= 0.0 or pores <= 0.0 or active + pores > 1.0:
            raise ValueError(
                "active material and pores make no electrode; "
                f"got {active:g} and {pores:g}; expected both above 0 and at most 1 together"
            )
        if self.tortuosity_factor.sourced().value < 1.0:
            raise ValueError(f"a tortuosity factor is at least 1; got {self.tortuosity_factor.sourced().value:g}")
        if len({part is None for part in (self.slow_above, self.slow_share, self.slow_width)}) != 1:
            raise ValueError("give slow_above, slow_share and slow_width together, or none of them")
        if self.slow_share is not None and self.slow_share.sourced().value <= 0.0:
            raise ValueError("slow_share must be more than 0: without diffusion no lithium moves")
        return self

    @model_validator(mode="after")
    def _check_potentials(self) -> Self:
        curve = self.open_circuit_potential.curve()
        start = self.initial_stoichiometry.sourced().value
        if not curve.x[0] <= start <= curve.x[-1] or start == 1.0:
            # At x = 1 no place is free: the rate law has no current there.
            raise ValueError(
                "the initial stoichiometry is outside the open-circuit potential; "
                f"got {start:g}; expected {curve.x[0]:g} to {curve.x[-1]:g}, below 1"
            )
        low, high = self.lower_voltage.sourced().value, self.upper_voltage.sourced().value
        # The ends of a potential are steep: a cut-off may lie a thousandth of lithium beyond the last point.
        floor, ceiling = (float(curve(end)) for end in (curve.x[-1] + 1e-3, curve.x[0] - 1e-3))
        if not floor <= low < high <= ceiling:
            raise ValueError(
                "the voltage window is outside the open-circuit potential; "
                f"got {low:g} to {high:g} V; expected within {floor:.4g} to {ceiling:.4g} V"
            )
        return self


class SeparatorTable(Table):
    """One table of ``separators.toml``."""

    description: Text
    thickness: Length
    porosity: Fraction
    tortuosity_factor: PlainNumber


def entries(table: Table) -> dict[str, Entry]:
    """Return the numbers of a table and of the tables in it, by dotted name."""
    found: dict[str, Entry] = {}
    for name in type(table).model_fields:
        value = getattr(table, name)
        if isinstance(value, Entry):
            found[name] = value
        elif isinstance(value, Table):
            found |= {f"{name}.{key}": entry for key, entry in entries(value).items()}
        elif isinstance(value, dict):
            found |= {f"{name}.{key}": entry for key, entry in value.items() if isinstance(entry, Entry)}
    return found
