"""What the analysis of a full cell's cycling record gives: settings, tables of cycles and of rates, result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import field, fields, frozen
from numpy.typing import NDArray

from lithiate.analysis.current_steps import CurrentSteps
from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.differential_capacity import DifferentialCapacity, curve_columns, peak_columns
from lithiate.analysis.knee import Knee
from lithiate.analysis.plain import columns_to_dict, plain_columns, settings_to_dict
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray
from lithiate.analysis.settings import setting_error
from lithiate.analysis.symmetric_result import estimate_to_dict
from lithiate.core.estimate import Estimate
from lithiate.core.fields import to_si

ANALYSIS = "full-cycling"


def _whole_number(value: str | float) -> int:
    number = float(value)
    if not number.is_integer():
        raise ValueError(f"{value!r} is not a whole number")
    return int(number)


def _nominal(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "C/m^2")


def _voltage(value: str | float) -> float:
    return to_si(value, "V")


@frozen(kw_only=True)
class FullCellSettings:
    """Settings of the analysis of a full cell. Cycles are counted from the first after formation.

    Parameters
    ----------
    reference_cycle : int
        Retention is over the discharge capacity of this cycle.
    life_reference_cycle : int
        Cycle life is counted against the discharge capacity of this cycle.
    life_threshold : float
        Share of it below which the life has ended.
    first_cycle : int
        The medians of the efficiencies begin with this cycle.
    formation_cycles : int
        Cycles of formation at the beginning of the record, before the first.
    nominal_capacity : str or float, C/m^2, optional
        By which a C-rate is counted (1 C is this in an hour); by default what the record states.
    current_accuracy : float
        Limits of the relative error of the current, as a data sheet states them (0.001 for 0.1 %).
    voltage_limit : str or float, V
        A record that ends at this |V| was stopped by it (the range of a common cycler, assumed).
    """

    reference_cycle: int = field(default=1, converter=_whole_number)
    life_reference_cycle: int = field(default=3, converter=_whole_number)
    life_threshold: float = field(default=0.8, converter=float)
    first_cycle: int = field(default=2, converter=_whole_number)
    formation_cycles: int = field(default=0, converter=_whole_number)
    nominal_capacity: float | None = field(default=None, converter=_nominal)
    current_accuracy: float = field(default=1e-3, converter=float)
    voltage_limit: float = field(default=5.0, converter=_voltage)

    def __attrs_post_init__(self) -> None:
        for name in ("reference_cycle", "life_reference_cycle", "first_cycle"):
            if getattr(self, name) < 1:
                raise setting_error(ANALYSIS, name, getattr(self, name), "at least 1")
        if self.formation_cycles < 0:
            raise setting_error(ANALYSIS, "formation_cycles", self.formation_cycles, "at least 0")
        if not 0.0 < self.life_threshold < 1.0:
            raise setting_error(ANALYSIS, "life_threshold", self.life_threshold, "a share between 0 and 1")
        if not 0.0 <= self.current_accuracy < 0.5:
            raise setting_error(ANALYSIS, "current_accuracy", self.current_accuracy, "a share from 0 to 0.5")
        for name in ("nominal_capacity", "voltage_limit"):
            value = getattr(self, name)
            if value is not None and not value > 0.0:
                raise setting_error(ANALYSIS, name, value, "above 0")


@frozen(eq=False, kw_only=True)
class FullCellCycles:
    """One row a charge with the discharge that follows it, as arrays of length c, in SI units.

    Parameters
    ----------
    number : (c,) int64
        From 1, formation included.
    first_half_cycle : (c,) int64
        Position of the charge in the half cycles; the discharge follows it.
    start, end : (c,) float64, s
        Record time.
    charge_capacity, discharge_capacity : (c,) float64, C
    charge_energy, discharge_energy : (c,) float64, J
        Taken in and given back, both positive.
    areal_charge_capacity, areal_discharge_capacity : (c,) float64 or None, C/m2
        None without an electrode area.
    specific_charge_capacity, specific_discharge_capacity : (c,) float64 or None, C/kg
        Per active mass of the cathode; None where that is not stated.
    coulombic_efficiency, uncertainty : (c,) float64
        Discharge over charge of the cathode within the cycle, and its standard uncertainty from the accuracy of the
        current and the resolution in time. NaN where the cycle is not complete.
    energy_efficiency, energy_uncertainty : (c,) float64
        The same for the energies.
    mean_charge_voltage, mean_discharge_voltage : (c,) float64, V
        Energy over charge.
    capacity_retention, retention_uncertainty : (c,) float64
        Discharge capacity over that of the reference cycle; NaN where either is not complete.
    voltage_hysteresis, hysteresis_uncertainty : (c,) float64, V
        Mean voltage of charge less that of discharge, and its standard uncertainty from the resolution in time; NaN
        where the cycle is not complete.
    discharge_current : (c,) float64, A
        Median over the charge of the discharge, positive.
    charge_current : (c,) float64, A
        The largest that two rows of the charge in a row held, positive: a hold at its end has less.
    c_rate, charge_c_rate : (c,) float64, 1/h
        These currents over the capacity that `FullCellResult.rate_basis` names.
    charge_end_voltage, discharge_end_voltage : (c,) float64, V
        Of the last row with current: the cut-offs that were reached.
    vendor_number : (c,) int64 or None
        The instrument's own cycle counter at the first row of the discharge; it may count otherwise.
    complete : (c,) bool
        Recorded from end to end: no gap in it, and not cut off by the end of the record.
    """

    number: IntArray
    first_half_cycle: IntArray
    start: FloatArray
    end: FloatArray
    charge_capacity: FloatArray
    discharge_capacity: FloatArray
    charge_energy: FloatArray
    discharge_energy: FloatArray
    areal_charge_capacity: FloatArray | None
    areal_discharge_capacity: FloatArray | None
    specific_charge_capacity: FloatArray | None
    specific_discharge_capacity: FloatArray | None
    coulombic_efficiency: FloatArray
    uncertainty: FloatArray
    energy_efficiency: FloatArray
    energy_uncertainty: FloatArray
    mean_charge_voltage: FloatArray
    mean_discharge_voltage: FloatArray
    capacity_retention: FloatArray
    retention_uncertainty: FloatArray
    voltage_hysteresis: FloatArray
    hysteresis_uncertainty: FloatArray
    discharge_current: FloatArray
    charge_current: FloatArray
    c_rate: FloatArray
    charge_c_rate: FloatArray
    charge_end_voltage: FloatArray
    discharge_end_voltage: FloatArray
    vendor_number: IntArray | None
    complete: BoolArray

    def __len__(self) -> int:
        return int(self.number.size)


@frozen(eq=False, kw_only=True)
class FullCellRates:
    """One row a run of complete cycles at one current, as arrays of length r, in SI units.

    One current of discharge; where that is one throughout the record, of charge.

    Parameters
    ----------
    order : (r,) int64
        Of appearance, from 1; a rate that comes back later has a row of its own.
    c_rate, charge_c_rate : (r,) float64, 1/h
    discharge_current, charge_current : (r,) float64, A
    first_cycle, last_cycle : (r,) int64
        Numbers of the run's cycles.
    counted_cycles : (r,) int64
        Cycles that the medians are taken over: all but the first of the run, or that alone.
    charge_capacity, discharge_capacity : (r,) float64, C
        Medians, as the columns below.
    capacity_spread : (r,) float64, C
        Standard deviation of the discharge capacity over these cycles; NaN for one cycle.
    areal_discharge_capacity : (r,) float64 or None, C/m2
    specific_discharge_capacity : (r,) float64 or None, C/kg
    coulombic_efficiency, energy_efficiency : (r,) float64
    mean_charge_voltage, mean_discharge_voltage : (r,) float64, V
    """

    order: IntArray
    c_rate: FloatArray
    charge_c_rate: FloatArray
    discharge_current: FloatArray
    charge_current: FloatArray
    first_cycle: IntArray
    last_cycle: IntArray
    counted_cycles: IntArray
    charge_capacity: FloatArray
    discharge_capacity: FloatArray
    capacity_spread: FloatArray
    areal_discharge_capacity: FloatArray | None
    specific_discharge_capacity: FloatArray | None
    coulombic_efficiency: FloatArray
    energy_efficiency: FloatArray
    mean_charge_voltage: FloatArray
    mean_discharge_voltage: FloatArray

    def __len__(self) -> int:
        return int(self.order.size)


@frozen(eq=False, kw_only=True)
class FullCellResult:
    """Numbers of the cycling record of a full cell, each an `Estimate`, and the arrays that they come from.

    Parameters
    ----------
    coulombic_efficiency : Estimate
        Median over the cycles from the setting `first_cycle` on.
    energy_efficiency : Estimate
        The same for energies.
    voltage_hysteresis : Estimate
        Median over the same cycles of the mean voltage of charge less that of discharge.
    cycle_life : Estimate
    specific_capacities : tuple of Estimate
        Of discharge, with the condition ``cycle``; one without a value where the cathode's mass is not stated.
    rate_capacities : tuple of Estimate
        Where there is more than one rate: with the conditions ``c_rate`` and ``rate_order``.
    capacity_retentions, coulombic_efficiencies : tuple of Estimate
        With the condition ``cycle``.
    rate_basis : {"nominal capacity", "largest discharge capacity"}
        The capacity by which C-rates are counted.
    cycles : FullCellCycles
    rates : FullCellRates
    knee : Knee
        Of the discharge capacity of the cycles that count for the cycle life.
    current_steps : CurrentSteps
        With the resistance at each.
    differential_capacities : tuple of DifferentialCapacity
        Charge and discharge of the cycles that `shown_cycles` chooses.
    half_cycles : HalfCycles
    settings : FullCellSettings
    specimen : str
    warnings : tuple of str
        Coded warnings of the record and of the analysis as a whole.
    """

    coulombic_efficiency: Estimate
    energy_efficiency: Estimate
    voltage_hysteresis: Estimate
    cycle_life: Estimate
    specific_capacities: tuple[Estimate, ...]
    rate_capacities: tuple[Estimate, ...]
    capacity_retentions: tuple[Estimate, ...]
    coulombic_efficiencies: tuple[Estimate, ...]
    rate_basis: str
    cycles: FullCellCycles = field(repr=False)
    rates: FullCellRates = field(repr=False)
    knee: Knee
    current_steps: CurrentSteps = field(repr=False)
    differential_capacities: tuple[DifferentialCapacity, ...] = field(repr=False)
    half_cycles: HalfCycles = field(repr=False)
    settings: FullCellSettings
    specimen: str
    warnings: tuple[str, ...]

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates, in the order of the attributes."""
        for entry in fields(type(self)):
            value = getattr(self, entry.name)
            if isinstance(value, Estimate):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Estimate))

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain types for JSON: SI numbers, and beside them the units of the contract."""
        return {
            "schema_version": 1,
            "technique": "cycling",
            "analysis": ANALYSIS,
            "specimen": self.specimen,
            "half_cycle_count": len(self.half_cycles),
            "cycle_count": len(self.cycles),
            "rate_basis": self.rate_basis,
            "estimates": [estimate_to_dict(estimate) for estimate in self.estimates()],
            "cycles": columns_to_dict(self.cycles),
            "rates": columns_to_dict(self.rates),
            "knee": self.knee.to_dict(),
            "current_steps": columns_to_dict(self.current_steps),
            "differential_capacity": plain_columns(peak_columns(self.differential_capacities)),
            "settings": settings_to_dict(self.settings),
            "warnings": list(self.warnings),
        }


def tables(result: FullCellResult) -> dict[str, dict[str, NDArray[Any]]]:
    """Return the tables of a result: columns in SI by name, by the name of the table.

    ``cycles``, ``rates``, ``current_steps``, ``differential_capacity`` (one row a peak) and
    ``differential_capacity_curves`` (voltage, dQ/dV and its uncertainty, curves one below the other). A column that is
    not known, such as one per mass without a mass, is left out.
    """
    return {
        "cycles": _known_columns(result.cycles),
        "rates": _known_columns(result.rates),
        "current_steps": _known_columns(result.current_steps),
        "differential_capacity": dict(peak_columns(result.differential_capacities)),
        "differential_capacity_curves": dict(curve_columns(result.differential_capacities)),
    }


def _known_columns(table: FullCellCycles | FullCellRates | CurrentSteps) -> dict[str, NDArray[Any]]:
    columns = {entry.name: getattr(table, entry.name) for entry in fields(type(table))}
    return {name: column for name, column in columns.items() if column is not None}
