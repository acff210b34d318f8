"""What a study file may say about experiments on cells without a cathode: symmetric cells and plating cells."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from attrs import fields_dict
from pydantic import Field, ValidationInfo, field_validator, model_validator

from lithiate.core.anode import Anode
from lithiate.core.cell import Cell, FullCell, PlatingCell, SymmetricCell
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
from lithiate.errors import SpecError
from lithiate.study.faults import words
from lithiate.study.profiles import with_profiles
from lithiate.study.spec_fields import (
    Area,
    ArealCapacity,
    ArealVolume,
    CellKind,
    Count,
    CountFromZero,
    CurrentDensity,
    Duration,
    Frequency,
    Name,
    Pause,
    Pressure,
    ScanRate,
    SpecModel,
    SweptVoltage,
    Temperature,
    Voltage,
)

CELLS: dict[str, type[SymmetricCell] | type[PlatingCell] | type[FullCell]] = {
    "symmetric": SymmetricCell,
    "plating": PlatingCell,
    "full": FullCell,
}


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
        experiment: Experiment = self._experiment()
        return experiment

    def make_cell(self, anode: Anode) -> Cell:
        """Return the cell of an anode; what is not stated keeps the default of the cell."""
        kind = CELLS[self.cell_kind]
        return kind(anode, **self._stated(kind))

    def _experiment(self) -> Any:  # noqa: ANN401 - each kind has its own
        return self.does(**self._stated(self.does))

    def _stated(self, kind: type) -> dict[str, Any]:
        values = {name: getattr(self, name, None) for name in fields_dict(kind)}
        return {name: value for name, value in values.items() if value is not None}

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        try:
            self._experiment()
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
    cell: Literal["symmetric", "plating"] | None = None


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


class FreeProtocolSpec(CellExperimentSpec):
    """What experiments of kind ``protocol`` have in common: steps in words, repeats of them, and current profiles.

    The steps are checked one by one by `lithiate.study.references`, so that each fault has its line. Profiles are read
    where the folder of the study is known (``context={"folder": ...}``).
    """

    does = Protocol

    kind: Literal["protocol"]
    cell: CellKind | None = None
    steps: tuple[Any, ...] = Field(strict=False, min_length=1)

    @field_validator("steps", mode="after")
    @classmethod
    def _profiles(cls, steps: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        folder = (info.context or {}).get("folder")
        return steps if folder is None else with_profiles(steps, folder, info.data.get("cell") or "symmetric")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        return self


class ProtocolSpec(FreeProtocolSpec):
    """An experiment of kind ``protocol`` on a symmetric or a plating cell."""
