"""Soft shorts: sudden losses of voltage, growth of noise, and what else tells of them, at a stated false-alarm rate.

A soft short is a filament that carries part of the current: |V| falls, the cell goes on, and the filament may burn
out again. A voltage alone cannot tell it from a fresh surface or a warmer room; falls after an unusual pause are
therefore told apart, and spectra, noise and the level of the record are looked at beside.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve

from lithiate.analysis.change_points import AFTER, BEFORE, LEAST_VALUES, Fall, Falls, find_falls, score_threshold
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.linked_spectra import LinkedSpectra, spectra_evidence
from lithiate.analysis.robust import FloatArray
from lithiate.analysis.short_blocks import PARTS, Blocks, part_levels
from lithiate.analysis.short_circuit import HardShort, first_run
from lithiate.analysis.short_events import ShortEvent, ShortEvents
from lithiate.core.estimate import Estimate

NOISE_GROWTH = 2.0
"""Noise that grows suddenly by at least this factor is an event."""

RECOVERY_BLOCKS = 48
"""Blocks after a fall within which a recovery is looked for: later, an honest rise looks alike."""

RECOVERED_SHARE = 2.0 / 3.0
"""Share of the fall, in the logarithm, that must come back."""

LONG_FALL_BLOCKS = 20
"""Blocks in a row below the fall ratio that are a fall of their own, as 10 cycles are in a table of cycles."""

EARLY_BLOCKS = 40
"""Blocks after the first ones whose median is the early level of that fall."""

SETTLING_BLOCKS = {True: 8, False: 4}
"""Blocks at the start that are left out, while the surface settles: whole half cycles, and stretches of 15 minutes."""

UNUSUAL_PAUSE = 3.0
"""A pause is unusual when it is longer than this many usual ones and a tenth of a block."""

_HOUR = 3600.0


def find_short_events(
    blocks: Blocks,
    time: FloatArray,
    voltage: FloatArray,
    short: HardShort,
    *,
    origin: float = 0.0,
    false_alarms_per_1000_h: float = 1.0,
    smallest_fall: float = 0.15,
    fall_ratio: float = 0.67,
    spectra: LinkedSpectra | None = None,
) -> ShortEvents:
    """Find the soft shorts of a record, and put them beside its hard short.

    The levels of |V| and the noise of the blocks are searched for sudden changes
    (`lithiate.analysis.change_points`); both searches share the accepted false alarms. The onset of a fall is then
    looked for among eighths of the blocks around it (for blocks of 15 minutes: among blocks).

    Parameters
    ----------
    blocks : Blocks
    time, voltage : (n,) float64, s, V
        Of the record.
    short : HardShort
        It ends the observation.
    origin : float, s
        Record time from which results count.
    false_alarms_per_1000_h : float
        Accepted where there is no short.
    smallest_fall : float
        Share of |V|; smaller falls are no event.
    fall_ratio : float
        Below this share of the early level for 20 blocks is an event, sudden or not.
    spectra : LinkedSpectra, optional

    Returns
    -------
    ShortEvents

    Notes
    -----
    It needs 32 blocks after the first ones; a short in the last two, or one that is there from the start and stays,
    is not seen.
    """
    count = len(blocks) if short.not_before is None else blocks.until(short.not_before)
    first = min(SETTLING_BLOCKS[blocks.whole], count)
    hard = _hard_event(short, blocks)
    if count - first < LEAST_VALUES:
        end = float(blocks.start[0]) if len(blocks) else origin
        return ShortEvents(
            events=hard,
            observed_from=end,
            observed_until=end,
            false_alarms_per_1000_h=false_alarms_per_1000_h,
            score_threshold=None,
            origin=origin,
        )
    # A half of the false alarms for each of both searches.
    rate = 0.5 * false_alarms_per_1000_h * blocks.spacing / _HOUR
    falls = find_falls(
        blocks.relative_level[first:count], least=-math.log1p(-smallest_fall), false_alarms_per_1000=rate
    )
    noises = find_falls(-np.log(blocks.noise[first:count]), least=math.log(NOISE_GROWTH), false_alarms_per_1000=rate)
    events = [_fall_event(blocks, time, voltage, first, count, one, noises) for one in falls]
    events += [_noise_event(blocks, first, one) for one in noises if not any(_beside(one, fall) for fall in falls)]
    events = _with_long_fall(events, blocks, first, count, fall_ratio)
    if spectra is not None:
        events = [_with_spectra(event, spectra) for event in events]
    return ShortEvents(
        events=tuple(sorted((*events, *hard), key=lambda event: event.onset)),
        observed_from=float(blocks.start[first]),
        observed_until=float(blocks.start[count - AFTER[0]]),
        false_alarms_per_1000_h=false_alarms_per_1000_h,
        score_threshold=score_threshold(count - first, rate),
        origin=origin,
    )


def _hard_event(short: HardShort, blocks: Blocks) -> tuple[ShortEvent, ...]:
    if short.time is None or short.not_before is None:
        return ()
    collapsed = blocks.end > short.time
    level = blocks.mean_absolute_voltage
    before = float(np.median(level[~collapsed][-BEFORE:])) if not collapsed.all() else None
    after = float(np.median(level[collapsed])) if collapsed.any() else None
    return (
        ShortEvent(
            kind="hard",
            onset=short.time,
            not_before=short.not_before,
            not_after=short.time,
            fall=None if before is None or after is None else 1.0 - after / before,
            level_before=before,
            level_after=after,
            evidence=("|V| collapsed and stayed low to the end of the record",),
        ),
    )


def _fall_event(
    blocks: Blocks, time: FloatArray, voltage: FloatArray, first: int, count: int, found: Fall, noises: Falls
) -> ShortEvent:
    """Return a sudden fall as an event: a soft short, unless an unusual pause lies before it."""
    place = first + found.position
    level = blocks.mean_absolute_voltage
    before = float(np.median(level[place - BEFORE : place]))
    after = before * math.exp(-found.size)
    onset, not_before, not_after = _onset(blocks, time, voltage, place, found.after, found.size)
    evidence = [
        f"|V| fell by {1.0 - after / before:.0%} to {after * 1e3:.3g} mV, {found.score:.1f} times its usual scatter"
    ]
    pause = _unusual_pause(blocks, not_before, not_after)
    if pause > 0.0:
        evidence.append(f"after an unusual pause of {pause / _HOUR:.3g} h: a fresh surface falls alike")
    evidence += [f"noise grew {math.exp(n.size):.2g} times" for n in noises if _beside(n, found)]
    recovered_at = _recovery(blocks, place, count, found)
    if recovered_at is not None:
        evidence.append(f"back after {(recovered_at - onset) / _HOUR:.3g} h")
    return ShortEvent(
        kind="fall" if pause > 0.0 else "soft",
        onset=onset,
        not_before=not_before,
        not_after=not_after,
        recovered_at=recovered_at,
        fall=1.0 - after / before,
        level_before=before,
        level_after=after,
        score=found.score,
        evidence=tuple(evidence),
    )


def _onset(
    blocks: Blocks, time: FloatArray, voltage: FloatArray, place: int, after: int, size: float
) -> tuple[float, float, float]:
    """Return when a fall began and the interval in which it did [s].

    The step that leaves the least squares, in the logarithm of |V| over what it was in the same part of the blocks
    before; the interval runs from the last part before it that has fallen by less than a quarter, to the first after it
    that has fallen by three quarters.
    """
    start, stop = max(place - 3, 0), min(place + after, len(blocks))
    middle, trace = _trace(blocks, time, voltage, start, stop)
    split = np.arange(1, trace.size)
    left, total = np.cumsum(trace)[:-1], float(trace.sum())
    gain = left**2 / split + (total - left) ** 2 / (trace.size - split)
    gain[left / split < (total - left) / (trace.size - split)] = -np.inf
    step = int(split[int(np.argmax(gain))])
    high, low = float(np.median(trace[:step])), float(np.median(trace[step:]))
    drop = max(high - low, 0.5 * size)
    not_fallen = np.flatnonzero(trace[:step] > high - 0.25 * drop)
    fallen = np.flatnonzero(trace[step:] < high - 0.75 * drop)
    lower = int(not_fallen[-1]) if not_fallen.size else 0
    upper = step + (int(fallen[0]) if fallen.size else trace.size - step - 1)
    return float(0.5 * (middle[step - 1] + middle[step])), float(middle[lower]), float(middle[upper])


def _trace(
    blocks: Blocks, time: FloatArray, voltage: FloatArray, start: int, stop: int
) -> tuple[FloatArray, FloatArray]:
    """Return the middle [s] of each part of some blocks, and log |V| over that of the same part of those before."""
    if not blocks.whole:
        chosen = slice(start, stop)
        return 0.5 * (blocks.start[chosen] + blocks.end[chosen]), blocks.relative_level[chosen]

    def parts(block: int) -> tuple[FloatArray, FloatArray]:
        rows = slice(int(blocks.first_row[block]), int(blocks.last_row[block]) + 1)
        middle, level, filled = part_levels(time, voltage, rows, int(blocks.polarity[block]))
        return middle, np.where(filled, np.log(level), np.nan)

    history = range(max(start - BEFORE, 0), max(start, 1))
    usual = {}
    for sign in (-1, 1):
        table = np.array([parts(block)[1] for block in history if blocks.polarity[block] == sign] or [np.zeros(PARTS)])
        known = np.isfinite(table)
        usual[sign] = np.array(
            [np.median(column[k]) if k.any() else 0.0 for column, k in zip(table.T, known.T, strict=True)]
        )
    pieces = [parts(block) for block in range(start, stop)]
    signs = [int(blocks.polarity[block]) for block in range(start, stop)]
    middle = np.concatenate([piece[0] for piece in pieces])
    trace = np.concatenate([piece[1] - usual[sign] for piece, sign in zip(pieces, signs, strict=True)])
    known = np.isfinite(trace)
    return middle[known], trace[known]


def _unusual_pause(blocks: Blocks, not_before: float, not_after: float) -> float:
    """Return the longest pause between blocks in an interval [s], 0 when none is unusual."""
    pauses = blocks.start[1:] - blocks.end[:-1]
    inside = (blocks.start[1:] >= not_before) & (blocks.end[:-1] <= not_after)
    if not inside.any():
        return 0.0
    longest = float(pauses[inside].max())
    usual = float(np.median(pauses))
    return longest if longest > UNUSUAL_PAUSE * usual + 0.1 * blocks.spacing else 0.0


def _recovery(blocks: Blocks, place: int, count: int, found: Fall) -> float | None:
    """Return when two thirds of a fall were back for two blocks [s], or None."""
    level = blocks.relative_level
    back = float(np.median(level[place - BEFORE : place])) - (1.0 - RECOVERED_SHARE) * found.size
    later = level[place : min(place + RECOVERY_BLOCKS, count)]
    if later.size < 2:
        return None
    again = first_run(later >= back, 2)
    return None if again is None else float(blocks.start[place + again])


def _beside(one: Fall, other: Fall) -> bool:
    return abs(one.position - other.position) <= BEFORE


def _noise_event(blocks: Blocks, first: int, found: Fall) -> ShortEvent:
    place = first + found.position
    before = float(np.median(blocks.noise[place - BEFORE : place]))
    factor = math.exp(found.size)
    return ShortEvent(
        kind="noise",
        onset=float(blocks.start[place]),
        not_before=float(blocks.start[max(place - 2, 0)]),
        not_after=float(blocks.end[min(place + 1, len(blocks) - 1)]),
        level_before=before,
        level_after=factor * before,
        score=found.score,
        evidence=(f"noise grew {factor:.2g} times ({found.score:.1f} scatters), |V| did not fall",),
    )


def _with_long_fall(events: list[ShortEvent], blocks: Blocks, first: int, count: int, ratio: float) -> list[ShortEvent]:
    """Add the event of a level that stays below a share of its early one; a sudden fall before it explains it."""
    level = blocks.mean_absolute_voltage[first:count]
    early = float(np.median(level[:EARLY_BLOCKS]))
    low = first_run(level < ratio * early, LONG_FALL_BLOCKS)
    if low is None:
        return events
    begins = float(blocks.start[first + low])
    words = f"below {ratio:g} x its early level for at least {LONG_FALL_BLOCKS} blocks from {{:.4g}} h on"
    text = words.format((begins - float(blocks.start[0])) / _HOUR)
    causes = [n for n, event in enumerate(events) if event.kind == "soft" and event.not_before <= begins]
    if causes:
        last = max(causes, key=lambda n: events[n].onset)
        return [evolve(e, evidence=(*e.evidence, text)) if n == last else e for n, e in enumerate(events)]
    lower = float(blocks.start[first + low - 1]) if low else begins
    after = float(np.median(level[low : low + LONG_FALL_BLOCKS]))
    slow = ShortEvent(
        kind="fall",
        onset=begins,
        not_before=lower,
        not_after=float(blocks.end[first + low]),
        fall=1.0 - after / early,
        level_before=early,
        level_after=after,
        evidence=(text, "no sudden fall before it"),
    )
    return [*events, slow]


def _with_spectra(event: ShortEvent, spectra: LinkedSpectra) -> ShortEvent:
    words = spectra_evidence(spectra, event.not_before, event.not_after)
    return evolve(event, evidence=(*event.evidence, *words))


def time_to_soft_short(events: ShortEvents, *, smallest_fall: float = 0.15) -> Estimate:
    """Return the time from the first row to the first soft short as an estimate.

    Right-censored with the last time at which one would have been seen when there is none; without any value when the
    record is too short to judge.
    """
    definition = (
        f"time from the first row to the onset of the first sudden fall of |V| by at least {smallest_fall:.0%}, by the "
        f"median of {BEFORE} blocks before and {AFTER[0]} or {AFTER[1]} after it, at no more than "
        f"{events.false_alarms_per_1000_h:g} false alarm(s) in 1,000 h without a short (null model of "
        "docs/theory/short_circuits.md); falls after an unusual pause apart"
    )
    if events.score_threshold is None:
        text = f"fewer than {LEAST_VALUES} half cycles or blocks after the first ones: soft shorts are not looked for"
        return Estimate("time_to_soft_short", None, "s", definition, warnings=(coded("LI-W-ANA-111", text),))
    soft = events.of("soft")
    if not soft:
        ended_by_short = bool(events.of("hard"))
        return Estimate(
            "time_to_soft_short",
            None,
            "s",
            definition,
            interval=(events.observed_until - events.origin, None),
            interval_kind="censoring",
            censored="right",
            censored_by="short_circuit" if ended_by_short else "end of test",
        )
    first = soft[0]
    value, lower, upper = (t - events.origin for t in (first.onset, first.not_before, first.not_after))
    told = "; ".join(first.evidence)
    return Estimate(
        "time_to_soft_short",
        value,
        "s",
        definition,
        standard_uncertainty=(upper - lower) / math.sqrt(12.0),
        interval=(lower, upper),
        interval_80=(lower + 0.1 * (upper - lower), upper - 0.1 * (upper - lower)),
        interval_kind="sampling",
        warnings=(coded("LI-W-ANA-112", f"{len(soft)} soft short(s), the first at {value / _HOUR:.4g} h: {told}"),),
    )
