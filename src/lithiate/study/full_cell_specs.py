"""What a study file may say about experiments on full cells."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from attrs import fields_dict
from pydantic import Field

from lithiate.core.cell import FullCell
from lithiate.core.experiments import Experiment
from lithiate.core.full_experiments import (
    AnodeFree,
    FullCycling,
    FullImpedance,
    FullImpedanceTemperature,
    FullTafel,
    Rate,
)
from lithiate.library import load_cathode
from lithiate.study.cell_specs import CellExperimentSpec, FreeProtocolSpec
from lithiate.study.spec_fields import (
    CellKind,
    Count,
    CountFromZero,
    CRate,
    Duration,
    Frequency,
    Loading,
    Pause,
    ScanRate,
    Share,
    SweptVoltage,
    Temperature,
    Voltage,
    VolumePerMass,
)


class _FullCellSpec(CellExperimentSpec):
    """What every experiment on a full cell may say about the cell."""

    cell: Literal["full"] | None = None
    cathode: str | None = None
    cathode_loading: Loading | None = None
    electrolyte_to_cathode_ratio: VolumePerMass | None = None

    @property
    def cell_kind(self) -> CellKind:
        """Always a full cell."""
        return "full"

    @property
    def cathode_name(self) -> str:
        """The cathode of the library that is used."""
        return self.cathode or str(fields_dict(FullCell)["cathode"].default)


class _Cycled(_FullCellSpec):
    """What every experiment may say that charges and discharges between two voltages."""

    lower_voltage: Voltage | None = None
    upper_voltage: Voltage | None = None
    charge_c_rate: CRate | None = None
    hold_until_c_rate: CRate | None = None
    rest: Pause | None = None
    rest_after_assembly: Pause | None = None
    formation_cycles: CountFromZero | None = None
    formation_rate: CRate | None = None

    def protocol(self) -> Experiment:
        """Return what is done to the cell; cut-offs that are not stated are those of the cathode's usual window."""
        experiment: Experiment = self._experiment().in_window(load_cathode(self.cathode_name).voltage_window)
        return experiment


class FullCyclingSpec(_Cycled):
    """An experiment of kind ``full-cycling``."""

    does = FullCycling

    kind: Literal["full-cycling"]
    c_rate: CRate | None = None
    cycles: Count | None = None


class AnodeFreeSpec(_Cycled):
    """An experiment of kind ``anode-free``: the part of the anode that holds no lithium against a cathode."""

    does = AnodeFree
    anode_free: ClassVar[bool] = True

    kind: Literal["anode-free"]
    c_rate: CRate | None = None
    cycles: Count | None = None


class RateSpec(_Cycled):
    """An experiment of kind ``rate``: one C-rate after the other."""

    does = Rate

    kind: Literal["rate"]
    c_rates: tuple[CRate, ...] = Field(strict=False, min_length=1)
    cycles_per_rate: Count | None = None


class _Probed(_Cycled):
    """Cycles before a spectrum or a sweep, and the state in which it is taken."""

    cell: Literal["full"]
    c_rate: CRate | None = None
    state_of_charge: Share | None = None
    rest_before_probe: Duration | None = None


class _FullSpectra(_Probed):
    highest_frequency: Frequency | None = None
    lowest_frequency: Frequency | None = None
    points_per_decade: Annotated[int, Field(ge=1, le=100)] | None = None


class FullImpedanceSpec(_FullSpectra):
    """An experiment of kind ``impedance`` on a full cell."""

    does = FullImpedance

    kind: Literal["impedance"]
    after_cycles: tuple[CountFromZero, ...] | None = Field(default=None, strict=False, min_length=1)


class FullImpedanceTemperatureSpec(_FullSpectra):
    """An experiment of kind ``impedance-temperature`` on a full cell."""

    does = FullImpedanceTemperature

    kind: Literal["impedance-temperature"]
    temperatures: tuple[Temperature, ...] | None = Field(default=None, strict=False, min_length=1)
    after_cycles: CountFromZero | None = None


class FullTafelSpec(_Probed):
    """An experiment of kind ``tafel`` on a full cell: a sweep about its open-circuit voltage."""

    does = FullTafel

    kind: Literal["tafel"]
    scan_rate: ScanRate | None = None
    voltage_window: SweptVoltage | None = None
    after_cycles: CountFromZero | None = None


class FullProtocolSpec(_FullCellSpec, FreeProtocolSpec):
    """An experiment of kind ``protocol`` on a full cell: steps that charge and discharge."""

    cell: Literal["full"]
