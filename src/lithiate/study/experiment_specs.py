"""What a study file may say about an experiment: one model a kind, text with units in, SI numbers out."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from attrs import fields_dict
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lithiate.core.anode import Anode
from lithiate.core.cell import Cell, PlatingCell, SymmetricCell
from lithiate.core.experiments import (
    CriticalCurrent,
    Experiment,
    Impedance,
    ImpedanceTemperature,
    Nucleation,
    PlatingEfficiency,
    SymmetricCycling,
    Tafel,
)
from lithiate.core.protocol import Protocol
from lithiate.core.validity import VALID_CAPACITY, VALID_CURRENT, VALID_PRESSURE, VALID_TEMPERATURE, VALID_VOLTAGE
from lithiate.errors import SpecError, UnitError
from lithiate.study.faults import words
from lithiate.units import convert, parse_quantity


def _quantity(
    si_unit: str, valid: tuple[float, float] | None = None, unit: str | None = None, *, zero: bool = False
) -> BeforeValidator:
    """Return a check of text with a unit: above zero (or also zero), and within what the twin is valid for.

    `valid` is in SI, `unit` the one in which it is told.
    """

    def parse(value: object) -> float:
        try:
            number = parse_quantity(value, si_unit)  # type: ignore[arg-type]  # other types are refused there
        except UnitError as error:
            raise ValueError(words(error)) from None
        if not (number > 0 or (zero and number == 0)):
            raise ValueError(f"must {'not be negative' if zero else 'be positive'}; got {value!r}")
        if valid is not None and not valid[0] * (1 - _ROUNDING) <= number <= valid[1] * (1 + _ROUNDING):
            low, high = (f"{convert(limit, si_unit, unit or si_unit):.4g}" for limit in valid)
            raise ValueError(f"the twin is not valid there; got {value!r}; expected {low} ... {high} {unit or si_unit}")
        # A limit that was stated in another unit may come out a digit beyond it.
        return number if valid is None else min(max(number, valid[0]), valid[1])

    return BeforeValidator(parse)


_ROUNDING = 1e-12

CurrentDensity = Annotated[float, _quantity("A/m^2", VALID_CURRENT, "mA/cm^2")]
ArealCapacity = Annotated[float, _quantity("C/m^2", VALID_CAPACITY, "mAh/cm^2")]
Duration = Annotated[float, _quantity("s")]
Pause = Annotated[float, _quantity("s", zero=True)]
Temperature = Annotated[float, _quantity("K", VALID_TEMPERATURE, "degC")]
ArealVolume = Annotated[float, _quantity("m")]
Voltage = Annotated[float, _quantity("V")]
SweptVoltage = Annotated[float, _quantity("V", (0.0, VALID_VOLTAGE))]
ScanRate = Annotated[float, _quantity("V/s")]
Frequency = Annotated[float, _quantity("1/s")]
Pressure = Annotated[float, _quantity("Pa", VALID_PRESSURE, "MPa")]
Area = Annotated[float, _quantity("m^2")]
Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
CountFromZero = Annotated[int, Field(ge=0)]
CellKind = Literal["symmetric", "plating"]

_CELLS: dict[str, type[SymmetricCell] | type[PlatingCell]] = {"symmetric": SymmetricCell, "plating": PlatingCell}


class SpecModel(BaseModel):
    """A table of a study file: unknown keys and other types are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CellExperimentSpec(SpecModel):
    """What every experiment on a cell may say; None is the default of the cell or the experiment."""

    does: ClassVar[type]
    """What the kind does to a cell; its fields are keys of the file."""

    name: Name
    electrolyte: str | None = None
    separator: str | None = None
    area: Area | None = None
    electrolyte_volume: ArealVolume | None = None
    stack_pressure: Pressure | None = None
    reference_electrode: bool | None = None
    temperature: Temperature | None = None
    voltage_limit: Voltage | None = None
    replicates: Annotated[int, Field(ge=1, le=1000)] = 1
    published: str | None = None
    anodes: tuple[str, ...] | None = Field(default=None, strict=False, min_length=1)

    @property
    def cell_kind(self) -> CellKind:
        """The kind of cell that the experiment is done with."""
        return getattr(self, "cell", None) or "symmetric"

    def protocol(self) -> Experiment:
        """Return what is done to the cell; what is not stated keeps the default of the experiment."""
        experiment: Experiment = self.does(**self._stated(self.does))
        return experiment

    def make_cell(self, anode: Anode) -> Cell:
        """Return the cell of an anode; what is not stated keeps the default of the cell."""
        kind = _CELLS[self.cell_kind]
        return kind(anode, **self._stated(kind))

    def _stated(self, kind: type) -> dict[str, Any]:
        values = {name: getattr(self, name, None) for name in fields_dict(kind)}
        return {name: value for name, value in values.items() if value is not None}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        try:
            self.protocol()
        except SpecError as error:
            raise ValueError(words(error)) from None
        return self


class _Prelude(CellExperimentSpec):
    """What comes before the experiment proper."""

    rest_after_assembly: Pause | None = None
    formation_cycles: CountFromZero | None = None
    formation_rate: CurrentDensity | None = None


class _Plating(_Prelude):
    current_density: CurrentDensity
    areal_capacity: ArealCapacity


class _AfterCycles(_Prelude):
    """Cycles before a spectrum or a sweep."""

    current_density: CurrentDensity | None = None
    areal_capacity: ArealCapacity | None = None


class _Spectra(_AfterCycles):
    highest_frequency: Frequency | None = None
    lowest_frequency: Frequency | None = None
    points_per_decade: Annotated[int, Field(ge=1, le=100)] | None = None


class SymmetricCyclingSpec(_Plating):
    """An experiment of kind ``symmetric-cycling``: a length is given as `duration` or as `cycles`."""

    does = SymmetricCycling

    kind: Literal["symmetric-cycling"]
    duration: Duration | None = None
    cycles: Count | None = None
    stripping_current_density: CurrentDensity | None = None
    rest: Pause | None = None
    cut_off_voltage: Voltage | None = None


class NucleationSpec(_Plating):
    """An experiment of kind ``nucleation``: the first plating alone."""

    does = Nucleation

    kind: Literal["nucleation"]
    cell: CellKind | None = None


class CriticalCurrentSpec(_Prelude):
    """An experiment of kind ``critical-current``: cycling at stepped current densities."""

    does = CriticalCurrent

    kind: Literal["critical-current"]
    current_densities: tuple[CurrentDensity, ...] = Field(strict=False, min_length=1)
    areal_capacity: ArealCapacity | None = None
    half_cycle_duration: Duration | None = None
    cycles_per_step: Count | None = None


class PlatingEfficiencySpec(_Plating):
    """An experiment of kind ``plating-efficiency``: coulombic efficiency of Li||Cu and Li||host."""

    does = PlatingEfficiency

    kind: Literal["plating-efficiency"]
    cycles: Count | None = None
    method: Literal["cycle", "reservoir"] | None = None
    reservoir_capacity: ArealCapacity | None = None
    cut_off_voltage: Voltage | None = None
    rest_after_plating: Pause | None = None

    @property
    def cell_kind(self) -> CellKind:
        """Always a plating cell."""
        return "plating"


class TafelSpec(_AfterCycles):
    """An experiment of kind ``tafel``: a slow sweep of a cell, fresh or cycled."""

    does = Tafel

    kind: Literal["tafel"]
    cell: CellKind | None = None
    scan_rate: ScanRate | None = None
    voltage_window: SweptVoltage | None = None
    after_cycles: CountFromZero | None = None


class ImpedanceSpec(_Spectra):
    """An experiment of kind ``impedance``: spectra of a cell, fresh and after cycles."""

    does = Impedance

    kind: Literal["impedance"]
    cell: CellKind | None = None
    after_cycles: tuple[CountFromZero, ...] | None = Field(default=None, strict=False, min_length=1)


class ImpedanceTemperatureSpec(_Spectra):
    """An experiment of kind ``impedance-temperature``: spectra at several temperatures."""

    does = ImpedanceTemperature

    kind: Literal["impedance-temperature"]
    cell: CellKind | None = None
    temperatures: tuple[Temperature, ...] | None = Field(default=None, strict=False, min_length=1)
    after_cycles: CountFromZero | None = None


class ProtocolSpec(CellExperimentSpec):
    """An experiment of kind ``protocol``: steps in words, and repeats of them.

    The steps are checked one by one by `lithiate.study.references`, so that each fault has its line.
    """

    does = Protocol

    kind: Literal["protocol"]
    cell: CellKind | None = None
    steps: tuple[Any, ...] = Field(strict=False, min_length=1)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        return self


ExperimentSpec = (
    SymmetricCyclingSpec
    | NucleationSpec
    | CriticalCurrentSpec
    | PlatingEfficiencySpec
    | TafelSpec
    | ImpedanceSpec
    | ImpedanceTemperatureSpec
    | ProtocolSpec
)

EXPERIMENT_SPECS: dict[str, type[CellExperimentSpec]] = {
    "symmetric-cycling": SymmetricCyclingSpec,
    "nucleation": NucleationSpec,
    "critical-current": CriticalCurrentSpec,
    "plating-efficiency": PlatingEfficiencySpec,
    "tafel": TafelSpec,
    "impedance": ImpedanceSpec,
    "impedance-temperature": ImpedanceTemperatureSpec,
    "protocol": ProtocolSpec,
}
"""Kind -> what a study file may say about it."""
