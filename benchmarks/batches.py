"""Claim: two workers simulate many parameter sets at least 1.8 times as fast as one, with the same numbers.

64 sets drawn from the priors, each the composite through 100 h at 1 mA/cm2 and 1 mAh/cm2, by
`lithiate.twin.batch.simulate_batch`. Wall time, one worker and two in turn; the ratio is the median of the pairs. It
means something only where two cores are free, so the load of the machine is kept beside it, and what the cores gave:
CPU time over wall time.

Usage: python benchmarks/batches.py
"""

from __future__ import annotations

import json
import os
import statistics
import time
from pathlib import Path

import numpy as np

from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import SymmetricCycling
from lithiate.twin import Solution, draw_ensemble, load_parameters
from lithiate.twin.batch import simulate_batch

PROJECT = Path(__file__).resolve().parents[1]
RESULT = PROJECT / "benchmarks/results/batches.json"
ANODE = "WN/Mo2N@HCN/Li"
SETS = 64
CYCLES = 50
PAIRS = 3
LIMIT = 1.8


def numbers(solution: Solution) -> np.ndarray:
    """Return what the two runs are compared by: all end states, and all samples."""
    return np.concatenate([solution.states.ravel(), solution.samples.ravel()])


def main() -> int:
    """Run the comparison; 0 when the limit holds and the numbers are equal, 1 when not."""
    cell = SymmetricCell(ANODE)
    experiment = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=CYCLES)
    sets = draw_ensemble(load_parameters(), SETS, seed=1)
    simulate_batch(cell, experiment, sets[:2], evaluate=numbers, workers=2)  # compilation
    load = os.getloadavg()
    wall: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[float]] = {1: [], 2: []}
    same = True
    for _ in range(PAIRS):
        found = {}
        for workers in (1, 2):
            start, used = time.perf_counter(), time.process_time()
            found[workers] = simulate_batch(cell, experiment, sets, evaluate=numbers, workers=workers)
            wall[workers].append(time.perf_counter() - start)
            cpu[workers].append(time.process_time() - used)
        same = same and all(np.array_equal(one, two) for one, two in zip(found[1], found[2], strict=True))
    ratio = statistics.median(one / two for one, two in zip(wall[1], wall[2], strict=True))
    given = {workers: statistics.median(np.divide(cpu[workers], wall[workers])) for workers in (1, 2)}
    result = {
        "claim": f"two workers are at least {LIMIT} x as fast as one, with the same numbers",
        "anode": ANODE,
        "sets": SETS,
        "cycles": CYCLES,
        "cores": os.cpu_count(),
        "load_average_before": load,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "cores_that_were_given": given,
        "ratio_median": ratio,
        "same_numbers": same,
        "holds": same and ratio >= LIMIT,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(
        f"{SETS} sets of {CYCLES} cycles: one worker {statistics.median(wall[1]):.2f} s, two "
        f"{statistics.median(wall[2]):.2f} s, {ratio:.2f} x as fast (limit {LIMIT}); numbers "
        f"{'equal' if same else 'differ'}; CPU over wall time {given[1]:.2f} and {given[2]:.2f}, "
        f"load before {load[0]:.1f}"
    )
    return 0 if result["holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
