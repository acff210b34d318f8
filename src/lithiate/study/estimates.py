"""What a study takes from an analysed record, simulated and measured alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.core.estimate import Estimate

KIND_QUANTITIES: dict[str, tuple[str, ...]] = {
    "symmetric-cycling": (
        "voltage_hysteresis",
        "hysteresis_onset_time",
        "time_to_short_circuit",
        "plateau_overpotential",
    ),
    "nucleation": ("nucleation_overpotential", "plateau_overpotential"),
}
"""Kind of experiment -> quantities of the analysis that a simulated cell is reported by."""


@frozen(eq=False)
class CycleCurve:
    """Hysteresis of each cycle: `number` (n,), `time` (n,) of its start [s], `hysteresis` (n,) [V]."""

    number: NDArray[np.int64]
    time: NDArray[np.float64]
    hysteresis: NDArray[np.float64]


def cycle_curve(result: Any) -> CycleCurve:  # noqa: ANN401 - any result of an analysis with `cycles`
    """Return the hysteresis of each cycle of an analysed record; cycles without a value are left out."""
    cycles = result.cycles
    known = np.isfinite(cycles.hysteresis)
    return CycleCurve(cycles.number[known], cycles.start[known], cycles.hysteresis[known])


def kind_estimates(result: Any, kind: str) -> list[Estimate]:  # noqa: ANN401 - any result of an analysis
    """Return the estimates of an analysed record as a study reports them for a kind of experiment.

    A level of late cycles carries its last cycle as the condition ``cycle``, which tells it from the early level. A
    nucleation test has no cycles, so its plateau is that of the first half cycle.
    """
    if kind == "nucleation":
        return [result.nucleation_overpotential, _first_plateau(result)]
    estimates: list[Estimate] = []
    for estimate in result.estimates():
        late = any(earlier.quantity == estimate.quantity for earlier in estimates)
        if late and "last_cycle" in estimate.conditions:
            cycle = estimate.conditions["last_cycle"]
            estimate = evolve(estimate, conditions={**estimate.conditions, "cycle": cycle})
        estimates.append(estimate)
    return estimates


def _first_plateau(result: Any) -> Estimate:  # noqa: ANN401 - any result of an analysis
    return Estimate(
        "plateau_overpotential",
        float(result.half_cycles.plateau[0]),
        "V",
        "median |V| over 25-75 % of the charge of the first half cycle (of its on-time without a current column)",
        conditions={"half_cycle": 1.0},
        warnings=("LI-W-STUDY-004 one half cycle gives one value: it has no sampling uncertainty",),
    )
