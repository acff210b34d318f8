"""Steps of a plating-efficiency test as they are found in its record, and what was lost up to each cycle."""

from __future__ import annotations

import numpy as np

from lithiate.analysis.charge_errors import ChargeErrors
from lithiate.analysis.cycling import HalfCycleFlag, HalfCycles
from lithiate.analysis.plating_result import CumulativeLosses, PlatingCycles, PlatingSteps
from lithiate.constants import FARADAY

SHORTEST_REST = 1.0
"""Time without current between two half cycles that counts as a rest [s]; a switch takes less."""


def plating_steps(
    half_cycles: HalfCycles, cycles: PlatingCycles, fill: int | None, *, area: float | None
) -> PlatingSteps:
    """Return the steps of the test: what each half cycle was for, and the rests and gaps between them.

    Parameters
    ----------
    half_cycles : HalfCycles
        With a charge.
    cycles : PlatingCycles
    fill : int or None
        Row of `cycles` whose plating is the reservoir; None where there is none.
    area : float or None, m2
    """
    assert half_cycles.charge is not None  # the analysis has looked
    kinds = _kinds(half_cycles, cycles, fill)
    gap = half_cycles.rows.gap_after
    rows: list[tuple[str, int, float, float, float]] = []
    for k, kind in enumerate(kinds):
        start, end = float(half_cycles.start[k]), float(half_cycles.end[k])
        rows.append((kind, k, start, end, float(half_cycles.polarity[k]) * float(half_cycles.charge[k])))
        following = float(half_cycles.start[k + 1]) if k + 1 < len(half_cycles) else end
        if following - end > SHORTEST_REST or (gap[k] and following > end):
            rows.append(("gap" if gap[k] else "rest", -1, end, following, 0.0))
    position = np.array([row[1] for row in rows], dtype=np.int64)
    charge = np.array([row[4] for row in rows], dtype=np.float64)
    on_time = np.where(position >= 0, half_cycles.on_time[np.maximum(position, 0)], np.nan)
    current = np.where(position >= 0, charge / on_time, 0.0)
    # What flowed in a gap was not recorded.
    unknown = np.array([row[0] == "gap" for row in rows])
    charge, current = np.where(unknown, np.nan, charge), np.where(unknown, np.nan, current)
    return PlatingSteps(
        kind=tuple(row[0] for row in rows),
        half_cycle=position,
        start=np.array([row[2] for row in rows], dtype=np.float64),
        end=np.array([row[3] for row in rows], dtype=np.float64),
        charge=charge,
        current=current,
        areal_charge=None if area is None else charge / area,
        current_density=None if area is None else current / area,
    )


def _kinds(half_cycles: HalfCycles, cycles: PlatingCycles, fill: int | None) -> list[str]:
    kinds = ["plating" if polarity < 0 else "stripping" for polarity in half_cycles.polarity]
    last = len(cycles) - 1
    for row, plating in enumerate(cycles.first_half_cycle.tolist()):
        if fill is None:
            continue
        if row < fill:
            kinds[plating], kinds[plating + 1] = "conditioning plating", "conditioning stripping"
            continue
        kinds[plating] = "reservoir plating" if row == fill else "cycle plating"
        final = row == last and bool(cycles.cut_off_reached[row])
        kinds[plating + 1] = "final stripping" if final else "cycle stripping"
    return kinds


def cumulative_losses(cycles: PlatingCycles, errors: ChargeErrors, *, area: float | None) -> CumulativeLosses:
    """Return the charge plated, stripped and lost from the first cycle to each, and the loss as lithium.

    It is lost where stripping reached the cut-off; before that it may still be on the electrode, and nothing says how
    much of it. From the first gap in the record on nothing is known. Charge that reduced the electrolyte counts as
    plated, so that lithium is the equivalent of the charge, ``Q / F``, whatever became of it.

    Parameters
    ----------
    cycles : PlatingCycles
    errors : ChargeErrors
    area : float or None, m2
    """
    flags = errors.half_cycles.flags
    plating = cycles.first_half_cycle
    first_gap = int(np.argmax(np.append(flags & HalfCycleFlag.GAP, HalfCycleFlag.GAP) != 0))
    known = plating + 1 < first_gap
    plated = np.where(known, np.cumsum(cycles.plated_charge), np.nan)
    stripped = np.where(known, np.cumsum(cycles.stripped_charge), np.nan)
    remaining = plated - stripped
    # A difference of charges keeps the gain of the current, which a ratio does not; the offset adds to one of them and
    # takes from the other.
    of_current = errors.offset * np.hypot(plated + stripped, remaining)
    times = [errors.of_ratio(plating[: k + 1], plating[: k + 1] + 1)[0] for k in range(plating.size)]
    spread = np.hypot(of_current, plated * np.array(times, dtype=np.float64))
    lost = np.where(cycles.cut_off_reached, remaining, np.nan)
    return CumulativeLosses(
        number=cycles.number,
        plated_charge=plated,
        stripped_charge=stripped,
        not_stripped_charge=remaining,
        lost_charge=lost,
        lost_charge_uncertainty=np.where(np.isfinite(lost), spread, np.nan),
        lost_lithium=lost / FARADAY,
        plated=None if area is None else plated / area,
        stripped=None if area is None else stripped / area,
        not_stripped=None if area is None else remaining / area,
        lost=None if area is None else lost / area,
    )
