"""What the analysis of a plating cell's cycling record gives: settings, table of cycles, result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import field, fields, frozen

from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.plain import columns_to_dict, settings_to_dict
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray
from lithiate.analysis.settings import setting_error
from lithiate.analysis.symmetric_result import estimate_to_dict
from lithiate.core.estimate import Estimate
from lithiate.core.fields import to_si

METHODS = ("auto", "cycle", "reservoir")
ANALYSIS = "plating-efficiency"


def _voltage(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "V")


@frozen(kw_only=True)
class PlatingSettings:
    """Settings of the analysis of a plating cell.

    Parameters
    ----------
    method : {"auto", "cycle", "reservoir"}
        How the coulombic efficiency is taken; ``auto`` tells it from the charges and the ends of stripping.
    first_cycle : int
        Method ``cycle``: the median begins with this cycle.
    current_accuracy : float
        Limits of the relative error of the current, as a data sheet states them (0.001 for 0.1 %).
    cut_off_voltage : str or float, V, optional
        Where stripping ends; by default the highest voltage at which any stripping ended.
    """

    method: str = "auto"
    first_cycle: int = field(default=4, converter=int)
    current_accuracy: float = field(default=1e-3, converter=float)
    cut_off_voltage: float | None = field(default=None, converter=_voltage)

    def __attrs_post_init__(self) -> None:
        if self.method not in METHODS:
            raise setting_error(ANALYSIS, "method", self.method, " or ".join(METHODS))
        if self.first_cycle < 1:
            raise setting_error(ANALYSIS, "first_cycle", self.first_cycle, "at least 1")
        if not 0.0 <= self.current_accuracy < 0.5:
            raise setting_error(ANALYSIS, "current_accuracy", self.current_accuracy, "a share from 0 to 0.5")
        if self.cut_off_voltage is not None and not self.cut_off_voltage > 0.0:
            raise setting_error(ANALYSIS, "cut_off_voltage", self.cut_off_voltage, "a voltage above 0")


@frozen(eq=False, kw_only=True)
class PlatingCycles:
    """One row a plating with the stripping that follows it, as arrays of length c, in SI units.

    Parameters
    ----------
    number : (c,) int64
        From 1.
    first_half_cycle : (c,) int64
        Position of the plating in the half cycles; the stripping follows it.
    start, end : (c,) float64, s
        Record time.
    plated_charge, stripped_charge : (c,) float64, C
    plated, stripped : (c,) float64 or None, C/m2
        None without an area.
    coulombic_efficiency, uncertainty : (c,) float64
        Stripped over plated, and its standard uncertainty from accuracy of the current and resolution in time. NaN
        where this or the last stripping did not reach the cut-off, or a gap lies in the cycle.
    end_voltage : (c,) float64, V
        |V| of the last row of stripping.
    cut_off_reached : (c,) bool
    """

    number: IntArray
    first_half_cycle: IntArray
    start: FloatArray
    end: FloatArray
    plated_charge: FloatArray
    stripped_charge: FloatArray
    plated: FloatArray | None
    stripped: FloatArray | None
    coulombic_efficiency: FloatArray
    uncertainty: FloatArray
    end_voltage: FloatArray
    cut_off_reached: BoolArray

    def __len__(self) -> int:
        return int(self.number.size)


@frozen(eq=False, kw_only=True)
class PlatingSteps:
    """One row a step that was found, in the order of time, as arrays of length s, in SI units.

    Parameters
    ----------
    kind : tuple of str
        By reservoir: ``conditioning plating``, ``conditioning stripping``, ``reservoir plating``, ``cycle stripping``,
        ``cycle plating``, ``final stripping``. Else ``plating`` and ``stripping``, as is what belongs to no cycle.
        Between them ``rest`` and ``gap``.
    half_cycle : (s,) int64
        Position in the half cycles; -1 for rests and gaps.
    start, end : (s,) float64, s
        Record time.
    charge : (s,) float64, C
        Signed as the current; NaN in a gap.
    current : (s,) float64, A
        Mean while it flowed.
    areal_charge, current_density : (s,) float64 or None, C/m2, A/m2
        None without an area.
    """

    kind: tuple[str, ...]
    half_cycle: IntArray
    start: FloatArray
    end: FloatArray
    charge: FloatArray
    current: FloatArray
    areal_charge: FloatArray | None
    current_density: FloatArray | None


@frozen(eq=False, kw_only=True)
class CumulativeLosses:
    """Sums from the first cycle to each, as arrays of length c, in SI units; NaN where they are not known.

    Parameters
    ----------
    number : (c,) int64
    plated_charge, stripped_charge, not_stripped_charge : (c,) float64, C
    lost_charge, lost_charge_uncertainty : (c,) float64, C
        What was not stripped, where stripping reached the cut-off; its standard uncertainty.
    lost_lithium : (c,) float64, mol
        Its equivalent, charge over the Faraday constant.
    plated, stripped, not_stripped, lost : (c,) float64 or None, C/m2
        None without an area.
    """

    number: IntArray
    plated_charge: FloatArray
    stripped_charge: FloatArray
    not_stripped_charge: FloatArray
    lost_charge: FloatArray
    lost_charge_uncertainty: FloatArray
    lost_lithium: FloatArray
    plated: FloatArray | None
    stripped: FloatArray | None
    not_stripped: FloatArray | None
    lost: FloatArray | None


_UNITS = {
    "start": "s",
    "end": "s",
    "charge": "C",
    "plated_charge": "C",
    "stripped_charge": "C",
    "not_stripped_charge": "C",
    "lost_charge": "C",
    "lost_charge_uncertainty": "C",
    "lost_lithium": "mol",
    "plated": "C/m^2",
    "stripped": "C/m^2",
    "not_stripped": "C/m^2",
    "lost": "C/m^2",
    "areal_charge": "C/m^2",
    "current": "A",
    "current_density": "A/m^2",
    "end_voltage": "V",
    "kind": "",
}
"""Column of a table -> its SI unit; those that are not named are plain numbers."""


@frozen(eq=False, kw_only=True)
class PlatingEfficiencyResult:
    """Numbers of the cycling record of a plating cell, each an `Estimate`, and the arrays that they come from.

    Parameters
    ----------
    coulombic_efficiency : Estimate
        By the method that its condition ``method`` names.
    coulombic_efficiency_with_conditioning : Estimate or None
        Method ``reservoir`` where cycles came before the reservoir: all charge stripped over all charge plated.
    coulombic_efficiency_of_cycles : tuple of Estimate
        The mean over cycles from empty to empty, for comparison with a reservoir; empty where there is no such cycle.
        It is no part of `estimates`.
    efficiency_comparison : str
        What the methods give beside one another, in words.
    nucleation_overpotential : Estimate
        Of the first plating.
    method : str
        ``cycle`` or ``reservoir``.
    soft_short_floor : str
        The soft-short floor test and its outcome in words.
    cycles : PlatingCycles
    steps : PlatingSteps
        The steps of the test, as found.
    losses : CumulativeLosses
    half_cycles : HalfCycles
    settings : PlatingSettings
    specimen : str
    warnings : tuple of str
        Coded warnings of the record and of the analysis as a whole.
    """

    coulombic_efficiency: Estimate
    coulombic_efficiency_with_conditioning: Estimate | None
    coulombic_efficiency_of_cycles: tuple[Estimate, ...]
    efficiency_comparison: str
    nucleation_overpotential: Estimate
    method: str
    soft_short_floor: str
    cycles: PlatingCycles = field(repr=False)
    steps: PlatingSteps = field(repr=False)
    losses: CumulativeLosses = field(repr=False)
    half_cycles: HalfCycles = field(repr=False)
    settings: PlatingSettings
    specimen: str
    warnings: tuple[str, ...]

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates, in the order of the attributes."""
        for entry in fields(type(self)):
            value = getattr(self, entry.name)
            if isinstance(value, Estimate):
                yield value

    def tables(self) -> dict[str, dict[str, tuple[Any, str]]]:
        """Return the tables to save: name -> column -> (values in SI, unit); words have the unit ``""``."""
        return {"cycles": _columns(self.cycles), "steps": _columns(self.steps), "losses": _columns(self.losses)}

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain types for JSON: SI numbers, and beside them the units of the contract."""
        return {
            "schema_version": 1,
            "technique": "cycling",
            "analysis": ANALYSIS,
            "specimen": self.specimen,
            "half_cycle_count": len(self.half_cycles),
            "cycle_count": len(self.cycles),
            "method": self.method,
            "estimates": [estimate_to_dict(estimate) for estimate in self.estimates()],
            "coulombic_efficiency_of_cycles": [estimate_to_dict(e) for e in self.coulombic_efficiency_of_cycles],
            "efficiency_comparison": self.efficiency_comparison,
            "soft_short_floor": self.soft_short_floor,
            "cycles": columns_to_dict(self.cycles),
            "steps": columns_to_dict(self.steps),
            "losses": columns_to_dict(self.losses),
            "settings": settings_to_dict(self.settings),
            "warnings": list(self.warnings),
        }


def _columns(table: Any) -> dict[str, tuple[Any, str]]:  # noqa: ANN401 - any attrs class of columns
    """Return the columns of a table that are known, with their units."""
    found = {entry.name: getattr(table, entry.name) for entry in fields(type(table))}
    return {name: (values, _UNITS.get(name, "1")) for name, values in found.items() if values is not None}
