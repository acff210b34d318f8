"""Critical-current tests: a symmetric cell at stepped current densities, until it shorts or meets the voltage limit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import COMPLETE_SHARE, HalfCycleFlag, HalfCycles, segment_half_cycles
from lithiate.analysis.hysteresis import voltage_hysteresis_per_cycle
from lithiate.analysis.plain import columns_to_dict, settings_to_dict
from lithiate.analysis.robust import FloatArray, IntArray, normal_quantile, order_statistic_interval
from lithiate.analysis.settings import setting_error, settings_from_keywords
from lithiate.analysis.short_circuit import HardShort, check_soft_short_floor, find_hard_short, time_to_short_circuit
from lithiate.analysis.stepped_fall import find_stepped_falls
from lithiate.analysis.symmetric import pair_half_cycles
from lithiate.analysis.symmetric_result import HYSTERESIS_FACTORS, estimate_to_dict
from lithiate.core.estimate import Estimate
from lithiate.core.fields import to_si
from lithiate.core.measurement import CyclingRecord, RowFlag
from lithiate.errors import AnalysisError

ANALYSIS = "critical-current"

ON_SHARE = 0.002
"""Current flows above this share of the largest |I|: the first steps are often a hundredth of the last."""

SAME_CURRENT = 0.05
"""Half cycles whose |I| differ by less than this share were run at one current density."""

SHORTEST_SHARES = (1e-4, 1e-3)
"""At constant charge a half cycle at a hundred times the current is a hundred times shorter, and no flicker."""

LIMIT_RISE = 2.0
"""A half cycle that is cut short at the end of the record, at more than this times the plateau, met a limit."""


def _voltage(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "V")


@frozen(kw_only=True)
class CriticalCurrentSettings:
    """Settings of the analysis of a critical-current test.

    Parameters
    ----------
    hysteresis_definition : {"2|V|", "|V|"}
    short_ratio, short_half_cycles : float, int
        Hard short: at least this many half cycles, to the end, whose |V|/|I| is below this share of its early level.
    voltage_limit : str or float, V, optional
        Where the test ends; by default it is told from the end of the record.
    """

    hysteresis_definition: str = "2|V|"
    short_ratio: float = field(default=0.1, converter=float)
    short_half_cycles: int = field(default=3, converter=int)
    voltage_limit: float | None = field(default=None, converter=_voltage)

    def __attrs_post_init__(self) -> None:
        if self.hysteresis_definition not in HYSTERESIS_FACTORS:
            expected = " or ".join(HYSTERESIS_FACTORS)
            raise setting_error(ANALYSIS, "hysteresis_definition", self.hysteresis_definition, expected)
        if not 0.0 < self.short_ratio < 1.0:
            raise setting_error(ANALYSIS, "short_ratio", self.short_ratio, "a share between 0 and 1")
        if self.short_half_cycles < 1:
            raise setting_error(ANALYSIS, "short_half_cycles", self.short_half_cycles, "at least 1")


@frozen(eq=False, kw_only=True)
class SteppedCycles:
    """One row a complete cycle, as arrays of length c: `current_density` in A/m2 (None without an area)."""

    number: IntArray
    start: FloatArray
    end: FloatArray
    current_density: FloatArray | None
    hysteresis: FloatArray

    def __len__(self) -> int:
        return int(self.number.size)


@frozen(eq=False, kw_only=True)
class CriticalCurrentResult:
    """Numbers of a critical-current test, each an `Estimate`, and the arrays that they come from.

    Parameters
    ----------
    voltage_hysteresis : tuple of Estimate
        One a current density, which is its condition ``current_density``, in the order in which they were run.
    time_to_short_circuit : Estimate
        Right-censored when there was no hard short; its conditions say at which ``current_density`` the record ends,
        and by what (``ended_by``).
    critical_current_density : float or None, A/m2
        The first at which the cell failed, by a short or by the voltage limit; None when it did not, or without an
        area.
    ended_by : {"short circuit", "voltage limit", "end of test"}
    soft_short_floor : str
        Of the current density that comes nearest to the floor.
    """

    voltage_hysteresis: tuple[Estimate, ...]
    time_to_short_circuit: Estimate
    critical_current_density: float | None
    ended_by: str
    soft_short_floor: str
    cycles: SteppedCycles = field(repr=False)
    half_cycles: HalfCycles = field(repr=False)
    settings: CriticalCurrentSettings
    specimen: str
    warnings: tuple[str, ...]

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates: the hysteresis of each current density, then the time to a short."""
        yield from self.voltage_hysteresis
        yield self.time_to_short_circuit

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain types for JSON: SI numbers, and beside them the units of the contract."""
        return {
            "schema_version": 1,
            "technique": "cycling",
            "analysis": ANALYSIS,
            "specimen": self.specimen,
            "half_cycle_count": len(self.half_cycles),
            "cycle_count": len(self.cycles),
            "critical_current_density": self.critical_current_density,
            "ended_by": self.ended_by,
            "estimates": [estimate_to_dict(estimate) for estimate in self.estimates()],
            "soft_short_floor": self.soft_short_floor,
            "cycles": columns_to_dict(self.cycles),
            "settings": settings_to_dict(self.settings),
            "warnings": list(self.warnings),
        }


def analyse_critical_current(record: CyclingRecord, **settings: float | str) -> CriticalCurrentResult:
    """Analyse the cycling record of a symmetric cell at stepped currents.

    Parameters
    ----------
    record : CyclingRecord
        With a current column.
    **settings
        Fields of `CriticalCurrentSettings`.

    Returns
    -------
    CriticalCurrentResult

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there is no current, no half cycle, or a setting is not valid.

    Notes
    -----
    The voltage grows with the current, so a collapse is looked for in |V|/|I|: the record is scaled to one current, and
    then treated as any other. A current density belongs to one sweep of one cell; it depends on capacity, on cycles
    a step and on the steps before, which the definition of each estimate does not fix.
    """
    chosen = settings_from_keywords(CriticalCurrentSettings, ANALYSIS, settings)
    half_cycles, current = _half_cycles(record)
    level = _levels(half_cycles, record, current)
    step = _steps(level)
    half_cycles = _judge_edges(half_cycles, step)
    cycles, first = _cycles(half_cycles, level, record.specimen.area, HYSTERESIS_FACTORS[chosen.hysteresis_definition])
    short = _hard_short(half_cycles, level, record, chosen)
    ended_by, end_step, warnings = _end(half_cycles, step, short, record, chosen)
    per_step = _hysteresis_per_step(cycles, step[first], short, half_cycles.resolution, chosen)
    area = record.specimen.area
    density = None if area is None else float(np.median(level[step == end_step])) / area
    time = _time_to_short(short, record, chosen, ended_by, density)
    floor, below = _floor(half_cycles, cycles, step[first], step, area, chosen)
    warnings += [coded("LI-W-ANA-013", floor)] if below else []
    warnings += _fall_warning(cycles, level[first], step[first], short, area)
    warnings += [] if area is not None else [coded("LI-W-ANA-001", "the electrode area is not known: no densities")]
    for estimate in (*per_step, time):
        warnings.extend(estimate.warnings)
    return CriticalCurrentResult(
        voltage_hysteresis=per_step,
        time_to_short_circuit=time,
        critical_current_density=None if ended_by == "end of test" else density,
        ended_by=ended_by,
        soft_short_floor=floor,
        cycles=cycles,
        half_cycles=half_cycles,
        settings=chosen,
        specimen=record.specimen.name,
        warnings=tuple(dict.fromkeys([*record.warnings, *warnings])),
    )


def _half_cycles(record: CyclingRecord) -> tuple[HalfCycles, FloatArray]:
    if record.current is None or not record.current.any():
        raise AnalysisError(
            "a critical-current test needs a current column", code="LI-ANA-001", where=record.specimen.name, got="none"
        )
    flags = record.row_flags | np.where(
        np.abs(record.current) > ON_SHARE * np.abs(record.current).max(), 0, RowFlag.REST
    ).astype(np.uint8)
    found = segment_half_cycles(
        record.time,
        record.voltage,
        record.current,
        flags,
        area=record.specimen.area,
        on_share=0.0,
        shortest_shares=SHORTEST_SHARES,
    )
    return found, record.current


def _levels(half_cycles: HalfCycles, record: CyclingRecord, current: FloatArray) -> FloatArray:
    """Return the median |I| of each half cycle [A]."""
    rows = half_cycles.rows
    return np.array([float(np.median(np.abs(current[rows.index[rows.of(k)]]))) for k in range(len(half_cycles))])


def _steps(level: FloatArray) -> IntArray:
    """Return the number of the current step of each half cycle, from 0: a new one wherever |I| changes."""
    changed = np.abs(level[1:] / level[:-1] - 1.0) > SAME_CURRENT
    return np.concatenate([[0], np.cumsum(changed)]).astype(np.int64)


def _judge_edges(half_cycles: HalfCycles, step: IntArray) -> HalfCycles:
    """Return the half cycles with those at an edge or a gap judged against the others of their own step."""
    flags: NDArray[np.uint8] = half_cycles.flags & np.uint8(255 - HalfCycleFlag.INCOMPLETE - HalfCycleFlag.IRREGULAR)
    edges = (flags & HalfCycleFlag.GAP) != 0
    edges[[0, -1]] = True
    for k in np.flatnonzero(edges):
        typical = float(np.median(half_cycles.on_time[step == step[k]]))
        if half_cycles.on_time[k] < COMPLETE_SHARE * typical:
            flags[k] |= np.uint8(HalfCycleFlag.INCOMPLETE)
    return evolve(half_cycles, flags=flags)


def _cycles(
    half_cycles: HalfCycles, level: FloatArray, area: float | None, factor: float
) -> tuple[SteppedCycles, IntArray]:
    first = pair_half_cycles(half_cycles)
    alike = np.abs(level[first + 1] / level[first] - 1.0) <= SAME_CURRENT
    first = first[alike]
    return SteppedCycles(
        number=np.arange(1, first.size + 1),
        start=half_cycles.start[first],
        end=half_cycles.end[first + 1],
        current_density=None if area is None else level[first] / area,
        hysteresis=voltage_hysteresis_per_cycle(half_cycles, first, factor=factor),
    ), first


def _hard_short(
    half_cycles: HalfCycles, level: FloatArray, record: CyclingRecord, settings: CriticalCurrentSettings
) -> HardShort:
    """Look for a hard short in the record scaled to the current of its first half cycle."""
    scale = level[0] / level
    # A row between two half cycles goes with the one before it.
    of_row = np.maximum(np.searchsorted(half_cycles.first_row, np.arange(record.time.size), side="right") - 1, 0)
    scaled = evolve(half_cycles, mean_absolute_voltage=half_cycles.mean_absolute_voltage * scale)
    return find_hard_short(
        scaled,
        record.time,
        record.voltage * scale[of_row],
        ratio=settings.short_ratio,
        run=settings.short_half_cycles,
    )


def _end(
    half_cycles: HalfCycles,
    step: IntArray,
    short: HardShort,
    record: CyclingRecord,
    settings: CriticalCurrentSettings,
) -> tuple[str, int, list[str]]:
    """Return by what the test ended, the step at which it did, and warnings."""
    if short.time is not None:
        at = int(np.searchsorted(half_cycles.end, short.time))
        return "short circuit", int(step[min(at, step.size - 1)]), []
    last = len(half_cycles) - 1
    peak = float(np.abs(record.voltage[half_cycles.first_row[last] :]).max())
    if settings.voltage_limit is not None:
        met = peak >= 0.98 * settings.voltage_limit
        text = f"the voltage limit of {settings.voltage_limit:g} V ended the test"
    else:
        before = half_cycles.plateau[:last][step[:last] >= step[last] - 1]
        usual = float(np.median(before)) if before.size else math.inf
        share = float(half_cycles.on_time[last] / np.median(half_cycles.on_time[step == step[last]]))
        alone = int(np.count_nonzero(step == step[last])) == 1
        met = peak > LIMIT_RISE * usual and (alone or share < COMPLETE_SHARE)
        text = (
            f"the last half cycle is cut short at {peak:.3g} V: taken for a voltage limit (voltage_limit declares it)"
        )
    if met:
        return "voltage limit", int(step[last]), [coded("LI-W-ANA-050", text)]
    return "end of test", int(step[last]), []


def _fall_warning(
    cycles: SteppedCycles, current: FloatArray, step: IntArray, short: HardShort, area: float | None
) -> list[str]:
    """Return a warning of the first current at which the hysteresis fell though the current was raised."""
    seen = cycles.end <= (math.inf if short.time is None else short.time)
    falls = find_stepped_falls(current[seen], cycles.hysteresis[seen], step[seen])
    if not falls:
        return []
    fall = falls[0]
    low, high = (f"{1e3 * i:.4g} mA" if area is None else f"{0.1 * i / area:.4g} mA/cm2" for i in fall.currents)
    cycle = int(cycles.number[seen][np.argmax(step[seen] == fall.after)])
    others = "" if len(falls) == 1 else f"; so it did at {len(falls) - 1} later step(s)"
    text = (
        f"at current step {fall.after + 1}, {high} (from cycle {cycle} on), the hysteresis fell from "
        f"{1e3 * fall.hysteresis[0]:.4g} to {1e3 * fall.hysteresis[1]:.4g} mV though the current rose from {low}, per "
        f"current by {fall.share:.0%}; at least {1e3 * fall.least:.4g} mV is expected of a cell that is not shorted: a "
        f"soft short is likely, which critical_current_density does not count{others}"
    )
    return [coded("LI-W-ANA-052", text)]


def _hysteresis_per_step(
    cycles: SteppedCycles,
    step: IntArray,
    short: HardShort,
    resolution: float,
    settings: CriticalCurrentSettings,
) -> tuple[Estimate, ...]:
    factor = HYSTERESIS_FACTORS[settings.hysteresis_definition]
    definition = (
        f"{settings.hysteresis_definition}: {factor:g} x time-weighted mean |V| over the current-on time of both "
        "halves of a cycle; median over the complete cycles at one current density, those after a hard short left out"
    )
    seen = cycles.end <= (math.inf if short.time is None else short.time)
    found = []
    for number in dict.fromkeys(step[seen].tolist()):
        chosen = (step == number) & seen
        conditions: dict[str, float | str] = {
            "first_cycle": float(cycles.number[chosen][0]),
            "last_cycle": float(cycles.number[chosen][-1]),
        }
        if cycles.current_density is not None:
            conditions["current_density"] = float(np.median(cycles.current_density[chosen]))
        rounding = factor * resolution / math.sqrt(12.0)
        found.append(_median(cycles.hysteresis[chosen], definition, conditions, rounding))
    return tuple(found)


def _median(values: FloatArray, definition: str, conditions: dict[str, float | str], rounding: float) -> Estimate:
    """Return the median with its distribution-free interval, where there are values enough for one."""
    estimate = Estimate("voltage_hysteresis", float(np.median(values)), "V", definition, conditions=conditions)
    spread = order_statistic_interval(values, 0.95)
    if spread is None:
        text = f"{values.size} cycle(s) at a current density are too few for the scatter of a median (6 are needed)"
        return evolve(estimate, warnings=(coded("LI-W-ANA-018", text),))
    narrow = order_statistic_interval(values, 0.80) or spread
    scatter = (spread[1] - spread[0]) / (2.0 * normal_quantile(spread[2]))
    return evolve(
        estimate,
        standard_uncertainty=math.hypot(scatter, rounding),
        interval=(spread[0], spread[1]),
        interval_80=(narrow[0], narrow[1]),
        interval_kind="sampling",
    )


def _time_to_short(
    short: HardShort, record: CyclingRecord, settings: CriticalCurrentSettings, ended_by: str, density: float | None
) -> Estimate:
    estimate = time_to_short_circuit(
        short, float(record.time[0]), ratio=settings.short_ratio, run=settings.short_half_cycles
    )
    conditions: dict[str, float | str] = {"ended_by": ended_by}
    if density is not None:
        conditions["current_density"] = density
    definition = estimate.definition.replace("mean |V|", "mean |V|/|I|")
    return evolve(estimate, definition=definition, conditions=conditions)


def _floor(
    half_cycles: HalfCycles,
    cycles: SteppedCycles,
    step_of_cycle: IntArray,
    step: IntArray,
    area: float | None,
    settings: CriticalCurrentSettings,
) -> tuple[str, bool]:
    """Return the floor test of the first step that fails it, else of the last step with a cycle."""
    text, below = (
        "soft-short floor: not tested, it needs a current column, an electrode area and complete cycles",
        False,
    )
    factor = HYSTERESIS_FACTORS[settings.hysteresis_definition]
    for number in dict.fromkeys(step_of_cycle.tolist()):
        part = step == number
        text, below = check_soft_short_floor(
            half_cycles, cycles.hysteresis[step_of_cycle == number], area=area, factor=factor, only=part
        )
        if below:
            break
    return text, below
