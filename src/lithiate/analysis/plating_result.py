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
class PlatingEfficiencyResult:
    """Numbers of the cycling record of a plating cell, each an `Estimate`, and the arrays that they come from.

    Parameters
    ----------
    coulombic_efficiency : Estimate
        By the method that its condition ``method`` names.
    coulombic_efficiency_with_conditioning : Estimate or None
        Method ``reservoir`` where cycles came before the reservoir: all charge stripped over all charge plated.
    nucleation_overpotential : Estimate
        Of the first plating.
    method : str
        ``cycle`` or ``reservoir``.
    soft_short_floor : str
        The soft-short floor test and its outcome in words.
    cycles : PlatingCycles
    half_cycles : HalfCycles
    settings : PlatingSettings
    specimen : str
    warnings : tuple of str
        Coded warnings of the record and of the analysis as a whole.
    """

    coulombic_efficiency: Estimate
    coulombic_efficiency_with_conditioning: Estimate | None
    nucleation_overpotential: Estimate
    method: str
    soft_short_floor: str
    cycles: PlatingCycles = field(repr=False)
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
            "soft_short_floor": self.soft_short_floor,
            "cycles": columns_to_dict(self.cycles),
            "settings": settings_to_dict(self.settings),
            "warnings": list(self.warnings),
        }
