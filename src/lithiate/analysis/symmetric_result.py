"""What the analysis of a symmetric cell's cycling record gives: settings, cycles and the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from attrs import field, fields, frozen
from numpy.typing import NDArray

from lithiate.analysis.cycling import HalfCycles
from lithiate.analysis.hysteresis import DEFINITIONS
from lithiate.analysis.linked_spectra import LinkedSpectra
from lithiate.analysis.plain import columns_to_dict as _columns
from lithiate.analysis.robust import FloatArray, IntArray
from lithiate.analysis.settings import setting_error, settings_from_keywords
from lithiate.analysis.short_events import ShortEvents
from lithiate.core.estimate import Estimate
from lithiate.core.techniques import QUANTITIES
from lithiate.errors import AnalysisError

HYSTERESIS_FACTORS = {name: factor for name, (factor, measure) in DEFINITIONS.items() if measure == "mean"}
"""Definition of the voltage hysteresis by a mean -> factor on the mean |V| of a cycle."""


@frozen(kw_only=True)
class SymmetricSettings:
    """Settings of the analysis; every definition that a result prints names those it used.

    Parameters
    ----------
    hysteresis_definition : {"2|V|", "|V|", "2|V| median", "2|V| mid-point", "2|V| end"}
        Of the mean, the median, the middle or the end of |V|; see `lithiate.analysis.hysteresis`.
    first_early_cycle, last_early_cycle : int
        Cycles whose median is the early level.
    late_cycles : int
        Number of last complete cycles whose median is the late level.
    onset_ratio, onset_cycles : float, int
        Onset: this many cycles in a row above this multiple of the early level.
    fall_ratio : float
        A fall: as many cycles in a row below this multiple.
    short_ratio, short_half_cycles : float, int
        Hard short: at least this many half cycles, to the end, below this share of the early |V|.
    false_alarms_per_1000_h, smallest_soft_fall : float
        Soft short: a sudden fall of |V| by at least this share, at this rate of false alarms where there is none.
    """

    hysteresis_definition: str = "2|V|"
    first_early_cycle: int = field(default=5, converter=int)
    last_early_cycle: int = field(default=24, converter=int)
    late_cycles: int = field(default=20, converter=int)
    onset_ratio: float = field(default=1.5, converter=float)
    onset_cycles: int = field(default=10, converter=int)
    fall_ratio: float = field(default=0.67, converter=float)
    short_ratio: float = field(default=0.1, converter=float)
    short_half_cycles: int = field(default=3, converter=int)
    false_alarms_per_1000_h: float = field(default=1.0, converter=float)
    smallest_soft_fall: float = field(default=0.15, converter=float)

    def __attrs_post_init__(self) -> None:
        if self.hysteresis_definition not in DEFINITIONS:
            raise _setting_error("hysteresis_definition", self.hysteresis_definition, " or ".join(DEFINITIONS))
        if not 1 <= self.first_early_cycle <= self.last_early_cycle:
            got = f"{self.first_early_cycle} to {self.last_early_cycle}"
            raise _setting_error("first_early_cycle", got, "1 <= first_early_cycle <= last_early_cycle")
        for name in ("late_cycles", "onset_cycles", "short_half_cycles"):
            if getattr(self, name) < 1:
                raise _setting_error(name, getattr(self, name), "at least 1")
        if not (self.onset_ratio > 1.0 > self.fall_ratio > self.short_ratio > 0.0):
            got = f"{self.onset_ratio:g}, {self.fall_ratio:g}, {self.short_ratio:g}"
            raise _setting_error("onset_ratio", got, "onset_ratio > 1 > fall_ratio > short_ratio > 0")
        if not 0.0 < self.false_alarms_per_1000_h <= 10.0:
            raise _setting_error("false_alarms_per_1000_h", self.false_alarms_per_1000_h, "above 0, up to 10")
        if not 0.0 < self.smallest_soft_fall < 1.0:
            raise _setting_error("smallest_soft_fall", self.smallest_soft_fall, "between 0 and 1")

    @property
    def hysteresis_factor(self) -> float:
        """Factor on the |V| of a cycle."""
        return DEFINITIONS[self.hysteresis_definition][0]

    @classmethod
    def from_keywords(cls, settings: Mapping[str, Any]) -> SymmetricSettings:
        """Build settings from names and values (numbers, or text as a command line gives it).

        Raises
        ------
        AnalysisError
            ``LI-ANA-001`` for a name that is not known or a value that does not fit.
        """
        return settings_from_keywords(cls, "symmetric-cell", settings)


def _setting_error(name: str, got: object, expected: str) -> AnalysisError:
    return setting_error("symmetric-cell", name, got, expected)


@frozen(eq=False, kw_only=True)
class Cycles:
    """One row a complete cycle, as arrays of length c, in SI units.

    Parameters
    ----------
    number : (c,) int64
        From 1, from the first complete half cycle on.
    vendor_number : (c,) int64 or None
        The instrument's counter in the cycle's first row.
    first_half_cycle : (c,) int64
        Position in the half cycles of the first half; the second one follows it.
    start, end : (c,) float64, s
        Record time.
    hysteresis, hysteresis_uncertainty : (c,) float64, V
        Voltage hysteresis and its standard uncertainty from sampling, resolution and noise.
    tip, plateau : (c, 2) float64, V
        Of the first and the second half.
    """

    number: IntArray
    vendor_number: NDArray[np.int64] | None
    first_half_cycle: IntArray
    start: FloatArray
    end: FloatArray
    hysteresis: FloatArray
    hysteresis_uncertainty: FloatArray
    tip: FloatArray
    plateau: FloatArray

    def __len__(self) -> int:
        return int(self.number.size)


@frozen(eq=False, kw_only=True)
class SymmetricCyclingResult:
    """Numbers of a Li||Li cycling record, each an `Estimate`, and the arrays that they come from.

    Parameters
    ----------
    voltage_hysteresis, voltage_hysteresis_late : Estimate
        Median over the early and over the last cycles.
    hysteresis_onset_time : Estimate
        Start of the lasting rise of the hysteresis; right-censored when there was none.
    time_to_short_circuit : Estimate
        Onset of a confirmed hard short; right-censored when there was none.
    time_to_soft_short : Estimate
        Onset of the first soft short; right-censored when there was none.
    nucleation_overpotential : Estimate
        Of the first half cycle.
    plateau_overpotential, plateau_overpotential_late : Estimate
    cumulative_capacity : Estimate
        Charge per area that was plated, to the end of the record or a hard short.
    soft_short_floor : str
        The soft-short floor test and its outcome in words.
    short_events : ShortEvents
        Hard and soft shorts and what looks alike, in the order of time.
    linked_spectra : LinkedSpectra or None
        Spectra of the cell on the clock of the record, where they were given.
    cycles : Cycles
    half_cycles : HalfCycles
    settings : SymmetricSettings
    specimen : str
        Name of the specimen.
    warnings : tuple of str
        Coded warnings of the record and of the analysis as a whole.
    """

    voltage_hysteresis: Estimate
    voltage_hysteresis_late: Estimate
    hysteresis_onset_time: Estimate
    time_to_short_circuit: Estimate
    time_to_soft_short: Estimate
    nucleation_overpotential: Estimate
    plateau_overpotential: Estimate
    plateau_overpotential_late: Estimate
    cumulative_capacity: Estimate
    soft_short_floor: str
    short_events: ShortEvents = field(repr=False)
    linked_spectra: LinkedSpectra | None = field(repr=False)
    cycles: Cycles = field(repr=False)
    half_cycles: HalfCycles = field(repr=False)
    settings: SymmetricSettings
    specimen: str
    warnings: tuple[str, ...]

    @property
    def direction(self) -> str:
        """``alternating``, or ``one-directional`` for a cell that was plated one way: it has no cycles."""
        return self.half_cycles.direction

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates, in the order of the attributes."""
        for entry in fields(type(self)):
            value = getattr(self, entry.name)
            if isinstance(value, Estimate):
                yield value

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain types for JSON: SI numbers, and beside them the units of the contract.

        Never NaN or Infinity; what is not known is None. The table of cycles is given in SI as columns.
        """
        duration = float(np.median(self.half_cycles.duration))
        return {
            "schema_version": 1,
            "technique": "cycling",
            "analysis": "symmetric",
            "specimen": self.specimen,
            "half_cycle_count": len(self.half_cycles),
            "half_cycle_duration": {"value": duration / 3600.0, "unit": "h", "si_value": duration, "si_unit": "s"},
            "cycle_count": len(self.cycles),
            "direction": self.direction,
            "estimates": [estimate_to_dict(estimate) for estimate in self.estimates()],
            "soft_short_floor": self.soft_short_floor,
            "short_events": self.short_events.to_dict(),
            "linked_spectra": None if self.linked_spectra is None else self.linked_spectra.to_dict(),
            "cycles": _columns(self.cycles),
            "settings": {entry.name: getattr(self.settings, entry.name) for entry in fields(SymmetricSettings)},
            "warnings": list(self.warnings),
        }


def estimate_to_dict(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as plain types for JSON, in the unit of the contract and in SI.

    A resistance of a cell whose area is not known stays in ohm.
    """
    from lithiate.units import convert

    word = QUANTITIES[estimate.quantity]
    unit = word.unit if estimate.unit == word.si_unit else estimate.unit

    def printed(value: float | None) -> float | None:
        return None if value is None else float(convert(value, estimate.unit, unit))

    def pair(interval: tuple[float | None, float | None] | None) -> list[float | None] | None:
        return None if interval is None else [printed(interval[0]), printed(interval[1])]

    return {
        "quantity": estimate.quantity,
        "value": printed(estimate.value),
        "unit": unit,
        "uncertainty": printed(estimate.standard_uncertainty),
        "interval": pair(estimate.interval),
        "interval_80": pair(estimate.interval_80),
        "interval_kind": estimate.interval_kind,
        "si_value": estimate.value,
        "si_unit": estimate.unit,
        "si_uncertainty": estimate.standard_uncertainty,
        "definition": estimate.definition,
        "conditions": dict(estimate.conditions),
        "warnings": list(estimate.warnings),
        "censored": estimate.censored,
        "censored_by": estimate.censored_by,
    }
