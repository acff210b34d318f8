"""What a study takes from an analysed record, simulated and measured alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.core.estimate import Estimate

_FULL_CELL = ("specific_capacity", "capacity_retention", "coulombic_efficiency", "energy_efficiency", "cycle_life")
_RESISTANCES = ("ohmic_resistance", "sei_resistance", "charge_transfer_resistance", "interfacial_resistance")

KIND_QUANTITIES: dict[str, tuple[str, ...]] = {
    "symmetric-cycling": (
        "voltage_hysteresis",
        "hysteresis_onset_time",
        "time_to_short_circuit",
        "time_to_soft_short",
        "plateau_overpotential",
    ),
    "nucleation": ("nucleation_overpotential", "plateau_overpotential"),
    "critical-current": ("voltage_hysteresis", "time_to_short_circuit"),
    "plating-efficiency": ("coulombic_efficiency", "nucleation_overpotential"),
    "full-cycling": _FULL_CELL,
    "rate": ("specific_capacity", "coulombic_efficiency", "energy_efficiency"),
    "anode-free": _FULL_CELL,
    "tafel": ("exchange_current_density",),
    "impedance": _RESISTANCES,
    "impedance-temperature": (*_RESISTANCES, "activation_energy"),
    "protocol": (
        "voltage_hysteresis",
        "time_to_short_circuit",
        "nucleation_overpotential",
        "plateau_overpotential",
        *_FULL_CELL,
    ),
}
"""Kind of experiment -> quantities of the analysis that a simulated cell is reported by."""

INVENTORY_KINDS = (
    "symmetric-cycling",
    "critical-current",
    "plating-efficiency",
    "full-cycling",
    "rate",
    "anode-free",
    "protocol",
)
"""Kinds whose simulated cells are also reported by what is left and lost at the end."""

# Quantity -> array in the table of cycles of a result.
_PER_CYCLE = {
    "voltage_hysteresis": "hysteresis",
    "coulombic_efficiency": "coulombic_efficiency",
    "specific_capacity": "specific_discharge_capacity",
}


EstimateKey = tuple[str, str, int]
"""Quantity, what it is of (`moment`), and which of those of one name.

An analysis gives the early level before the late one, whose last cycle differs from record to record: these are told
apart by their order alone. A value of a certain cycle is that of the same cycle in another record.
"""


@frozen(eq=False)
class CycleCurve:
    """A quantity of each cycle, in SI: `number` (n,), `time` (n,) of its start [s], `values` (n,)."""

    quantity: str
    number: NDArray[np.int64]
    time: NDArray[np.float64]
    values: NDArray[np.float64]


def cycle_curves(result: Any) -> tuple[CycleCurve, ...]:  # noqa: ANN401 - any result of an analysis
    """Return what an analysed record tells of each cycle; nothing for a result without a table of cycles.

    Cycles without a value are left out, and so is one that the record cuts off.
    """
    cycles = getattr(result, "cycles", None)
    curves = []
    for quantity, name in _PER_CYCLE.items():
        values = getattr(cycles, name, None)
        if cycles is not None and values is not None:
            known = np.isfinite(values) & getattr(cycles, "complete", True)
            curves.append(CycleCurve(quantity, cycles.number[known], cycles.start[known], values[known]))
    return tuple(curves)


def kind_estimates(result: Any, kind: str) -> list[Estimate]:  # noqa: ANN401 - any result of an analysis
    """Return the estimates of an analysed record as a study reports them for a kind of experiment.

    A level of late cycles carries its last cycle as the condition ``cycle``, which tells it from the early level. A
    nucleation test has no cycles, so its plateau is that of the first half cycle. A test of several rates is told by
    its rates, not by its cycles.
    """
    if kind == "nucleation":
        found = [estimate for estimate in result.estimates() if estimate.quantity == "nucleation_overpotential"]
        return [*found, *_first_plateau(result)]
    estimates: list[Estimate] = []
    given = list(result.estimates())
    if kind == "rate" and any("rate_order" in estimate.conditions for estimate in given):
        given = [estimate for estimate in given if "cycle" not in estimate.conditions]
    for estimate in given:
        late = any(earlier.quantity == estimate.quantity for earlier in estimates)
        ranged = "last_cycle" in estimate.conditions and "current_density" not in estimate.conditions
        if late and ranged:
            cycle = estimate.conditions["last_cycle"]
            estimate = evolve(estimate, conditions={**estimate.conditions, "cycle": cycle})
        estimates.append(estimate)
    return estimates


def _first_plateau(result: Any) -> Iterator[Estimate]:  # noqa: ANN401 - any result of an analysis
    half_cycles = getattr(result, "half_cycles", None)
    if half_cycles is None or not len(half_cycles.plateau):
        return
    yield Estimate(
        "plateau_overpotential",
        float(half_cycles.plateau[0]),
        "V",
        "median |V| over 25-75 % of the charge of the first half cycle (of its on-time without a current column)",
        conditions={"half_cycle": 1.0},
        warnings=("LI-W-STUDY-004 one half cycle gives one value: it has no sampling uncertainty",),
    )


def keyed(estimates: Sequence[Estimate]) -> dict[EstimateKey, Estimate]:
    """Return estimates by what they are of."""
    counts: dict[tuple[str, str], int] = {}
    table: dict[EstimateKey, Estimate] = {}
    for estimate in estimates:
        name = (estimate.quantity, moment(estimate.conditions))
        position = counts.get(name, 0)
        counts[name] = position + 1
        table[(*name, position)] = estimate
    return table


def moment(conditions: Mapping[str, float | str]) -> str:
    """Return the cycle, the run of a rate or the other quantity that a value is of; empty for the whole record."""
    if "of" in conditions:
        return f"value of {conditions['of']}"
    if "rate_order" in conditions:
        return f"rate {float(conditions['rate_order']):.0f}"
    if "cycle" in conditions and "last_cycle" not in conditions:
        return f"cycle {float(conditions['cycle']):.0f}"
    return ""
