"""Measure what the search for shorts finds and raises in vain: ``python docs/measure_short_detection.py``.

Cells of the twin without soft shorts, each anode from three seeds, cycled at 1 mA/cm2 and 1 mAh/cm2 until they end or
for 1000 h, through an instrument's noise (0.2 mV) and a scatter of the voltage from half cycle to half cycle that
remembers the one before (first-order autoregressive; memory and size drawn for each record). Shorts are put in
afterwards: from a time on the voltage is multiplied by what is left of it, for good or until it recovers, or all
current passes a filament of 0.2 ohm cm2. Writes ``docs/short_detection.json``, which
`tests/verification/test_short_detection.py` measures again and judges.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.analysis.symmetric import analyse_symmetric_cycling
from lithiate.analysis.symmetric_result import SymmetricCyclingResult
from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import SymmetricCycling
from lithiate.core.measurement import CyclingRecord
from lithiate.twin import solve

ANODES = ("WN/Mo2N@HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "HCN/Li", "Li foil")
SEEDS = 30
CELLS = 3
"""Simulated cells of each anode; a record of seed s is of cell s modulo this."""

RESULT = Path(__file__).with_name("short_detection.json")
INSTRUMENT_NOISE = 2e-4
LARGEST_SCATTER = 0.03
HARSH_SCATTER = 0.15
"""Of records in which scatter alone reaches the least fall that counts."""

LARGEST_MEMORY = 0.95
HARD_SHORT_RESISTANCE = 2e-5
"""Filament of a hard short [ohm m2]."""

EDGES = (30.0, 20.0)
"""Hours at the start and at the end of a record in which no short is put."""

HEALS_AFTER = (4.0, 40.0)
FALLS = {"15-20 %": (0.15, 0.20), "20-25 %": (0.20, 0.25), "25-70 %": (0.25, 0.70)}
NOISE_FACTOR = (5.0, 20.0)
NEAR = 3.0
"""Hours between a short and the event that is counted as its finding."""

_HOUR = 3600.0


@frozen(eq=False)
class Case:
    """A record with what was put into it: from when to when [s], and how much of |V| it cost."""

    record: CyclingRecord
    onset: float
    until: float
    fall: float


def simulate(duration: str = "1000 h", cells: int = CELLS) -> dict[tuple[str, int], CyclingRecord]:
    """Return the clean records by anode and cell."""
    experiment = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", duration=duration)
    return {
        (anode, cell): solve(SymmetricCell(anode), experiment, seed=cell, disabled_mechanisms=("soft_shorts",)).record()
        for anode in ANODES
        for cell in range(cells)
    }


def with_noise(
    record: CyclingRecord, rng: np.random.Generator, largest_scatter: float = LARGEST_SCATTER
) -> CyclingRecord:
    """Return a record with scatter from half cycle to half cycle that remembers, and an instrument's noise."""
    change = np.flatnonzero(np.diff(np.sign(record.current)) != 0.0) + 1
    half_cycle = np.zeros(record.time.size, dtype=np.int64)
    half_cycle[change] = 1
    half_cycle = np.cumsum(half_cycle)
    memory, size = LARGEST_MEMORY * rng.random(), largest_scatter * rng.random()
    steps = rng.standard_normal(int(half_cycle[-1]) + 1) * size * math.sqrt(1.0 - memory**2)
    scatter = np.zeros(steps.size)
    for k in range(1, steps.size):
        scatter[k] = memory * scatter[k - 1] + steps[k]
    noise = INSTRUMENT_NOISE * rng.standard_normal(record.time.size)
    return evolve(record, voltage=record.voltage * np.exp(scatter[half_cycle]) + noise)


def when(record: CyclingRecord, rng: np.random.Generator) -> float:
    """Return a time at which a short may be put [s]."""
    return float(rng.uniform(EDGES[0] * _HOUR, record.time[-1] - EDGES[1] * _HOUR))


def soft(clean: CyclingRecord, rng: np.random.Generator, falls: tuple[float, float], *, heals: bool) -> Case:
    """Return a record with a soft short that takes a share of |V|, for good or for some hours."""
    onset, fall = when(clean, rng), float(rng.uniform(*falls))
    until = onset + rng.uniform(*HEALS_AFTER) * _HOUR if heals else math.inf
    shorted = (clean.time >= onset) & (clean.time < until)
    left = evolve(clean, voltage=np.where(shorted, 1.0 - fall, 1.0) * clean.voltage)
    return Case(with_noise(left, rng), onset, until, fall)


def hard(clean: CyclingRecord, rng: np.random.Generator) -> Case:
    """Return a record with a filament that carries nearly all current from a time on."""
    onset = when(clean, rng)
    remains = np.sign(clean.voltage) * np.minimum(
        np.abs(clean.voltage), np.abs(clean.areal_current) * HARD_SHORT_RESISTANCE
    )
    voltage = np.where(clean.time >= onset, remains, clean.voltage)
    return Case(with_noise(evolve(clean, voltage=voltage), rng), onset, math.inf, 1.0)


def noisy(clean: CyclingRecord, rng: np.random.Generator) -> Case:
    """Return a record whose noise grows from a time on, while its level stays."""
    onset, factor = when(clean, rng), float(rng.uniform(*NOISE_FACTOR))
    record = with_noise(clean, rng)
    more = INSTRUMENT_NOISE * math.sqrt(factor**2 - 1.0) * rng.standard_normal(clean.time.size)
    return Case(evolve(record, voltage=record.voltage + np.where(clean.time >= onset, more, 0.0)), onset, math.inf, 0.0)


def records(
    cells: dict[tuple[str, int], CyclingRecord], purpose: int, seeds: int
) -> Iterator[tuple[str, CyclingRecord, np.random.Generator]]:
    """Iterate over the records of all seeds and anodes, each with its own stream of chance."""
    count = 1 + max(cell for _, cell in cells)
    for seed in range(seeds):
        for number, anode in enumerate(ANODES):
            yield anode, cells[anode, seed % count], np.random.default_rng([seed, number, purpose])


def count_false_alarms(
    cells: dict[tuple[str, int], CyclingRecord], seeds: int = SEEDS, largest_scatter: float = LARGEST_SCATTER
) -> dict[str, Any]:
    """Return how many shorts were told in records without any, by kind, and in how many hours."""
    found: dict[str, Any] = {"hours": 0.0, "hard": 0, "soft": 0, "noise": 0, "fall": 0, "records": 0}
    for _, clean, rng in records(cells, 0, seeds):
        record = with_noise(clean, rng, largest_scatter)
        result = analyse_symmetric_cycling(record)
        found["records"] += 1
        found["hours"] += float(record.time[-1] - record.time[0]) / _HOUR
        for event in result.short_events:
            found[event.kind] += 1
    return found


def is_found(result: SymmetricCyclingResult, case: Case, kind: str) -> NDArray[np.bool_]:
    """Return whether an event of a kind lies near the short, and whether its interval holds it."""
    events = [event for event in result.short_events.of(kind) if abs(event.onset - case.onset) <= NEAR * _HOUR]
    inside = [event for event in events if event.not_before <= case.onset <= event.not_after]
    return np.array([bool(events), bool(inside)])


def count_found(
    cells: dict[tuple[str, int], CyclingRecord], seeds: int = SEEDS, only: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """Return for each kind of short how many there were, were found, and with an interval that holds them."""
    kinds: dict[str, Any] = {
        f"soft, {name}{', heals' if heals else ''}": ("soft", partial(soft, falls=falls, heals=heals))
        for name, falls in FALLS.items()
        for heals in (False, True)
    }
    kinds["hard"] = ("hard", hard)
    kinds["noise"] = ("noise", noisy)
    return {
        name: _count(cells, seeds, purpose, kind, inject)
        for purpose, (name, (kind, inject)) in enumerate(kinds.items(), start=1)
        if only is None or name in only
    }


def _count(
    cells: dict[tuple[str, int], CyclingRecord],
    seeds: int,
    purpose: int,
    kind: str,
    inject: Callable[[CyclingRecord, np.random.Generator], Case],
) -> dict[str, Any]:
    """Return what came of one kind of short."""
    hits, missed, errors = np.zeros(2, dtype=np.int64), [], []
    for anode, clean, rng in records(cells, purpose, seeds):
        case = inject(clean, rng)
        result = analyse_symmetric_cycling(case.record)
        hit = is_found(result, case, kind)
        hits += hit
        if hit[0]:
            nearest = min(result.short_events.of(kind), key=lambda event: abs(event.onset - case.onset))
            errors.append(abs(nearest.onset - case.onset) / _HOUR)
        else:
            missed.append([anode, round(case.onset / _HOUR, 1), round(case.fall, 3)])
    return {
        "of": seeds * len(ANODES),
        "found": int(hits[0]),
        "interval holds it": int(hits[1]),
        "median error of the onset / h": round(float(np.median(errors)), 3) if errors else None,
        "missed": missed,
    }


def main() -> None:
    """Measure, print, write."""
    cells = simulate()
    content = {
        "false_alarms": count_false_alarms(cells),
        "false_alarms_harsh": count_false_alarms(cells, largest_scatter=HARSH_SCATTER),
        "found": count_found(cells),
    }
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(content["false_alarms"], content["false_alarms_harsh"])
    for name, row in content["found"].items():
        print(name, row)


if __name__ == "__main__":
    main()
