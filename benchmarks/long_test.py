"""Claim: the cost of a test is linear in its cycles, and its memory grows with its record alone.

The composite through 500, 700, 1000, 2000 and 4000 cycles at 1 mA/cm2 and 1 mAh/cm2 (700 are the 1400 h of the
reference study), each in a process of its own. Cost is the CPU time of `solve` after compilation, the median of
repetitions; what is judged is the slope of its logarithm over that of the cycles. Memory is the peak resident size of
the process; the record of a cycle is its samples and end states, which `Solution` keeps. Without chance events, so that
no short ends a test; one that ends for another reason counts with the cycles that it did. An old cell needs more steps
a half cycle than a fresh one, so the slope over the steps is given too.

Usage: python benchmarks/long_test.py
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import SymmetricCycling
from lithiate.twin import solve

PROJECT = Path(__file__).resolve().parents[1]
RESULT = PROJECT / "benchmarks/results/long_test.json"
ANODE = "WN/Mo2N@HCN/Li"
CYCLES = (500, 700, 1000, 2000, 4000)
REPETITIONS = 3
SLOPE = (0.9, 1.1)


def experiment(cycles: int) -> SymmetricCycling:
    """Return a test of so many cycles."""
    return SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=cycles)


def run(cycles: int) -> dict[str, object]:
    """Return CPU time [s], peak memory [byte], and what the test did."""
    cell = SymmetricCell(ANODE)
    solve(cell, experiment(1), chance=False)  # compilation
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds = []
    for _ in range(REPETITIONS):
        start = time.process_time()
        solution = solve(cell, experiment(cycles), chance=False)
        seconds.append(time.process_time() - start)
        made = {
            "cycles": cycles,
            "half_cycles": len(solution.step_ends),
            "stopped_by": solution.stopped_by,
            "record_bytes": solution.samples.nbytes + solution.states.nbytes,
            "steps": solution.integrator_steps,
        }
        del solution
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {**made, "seconds": seconds, "memory_before": before, "memory_peak": peak}


def slope(x: list[float], y: list[float]) -> float:
    """Return the slope of the least-squares line."""
    mean_x, mean_y = statistics.mean(x), statistics.mean(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


def main() -> int:
    """Run all lengths; 0 when the cost is linear, 1 when it is not."""
    rows = []
    for planned in CYCLES:
        done = subprocess.run([sys.executable, __file__, str(planned)], check=True, capture_output=True, text=True)
        rows.append(json.loads(done.stdout))
        row = rows[-1]
        print(
            f"{planned} cycles: {statistics.median(row['seconds']):.3f} CPU s, peak {row['memory_peak'] / 1e6:.1f} MB "
            f"({row['memory_before'] / 1e6:.1f} before), record {row['record_bytes'] / 1e6:.2f} MB, "
            f"{row['half_cycles']} half cycles of {row['steps'] / row['half_cycles']:.1f} steps, {row['stopped_by']}"
        )
    cycles = [0.5 * row["half_cycles"] for row in rows]
    cost = [math.log(statistics.median(row["seconds"])) for row in rows]
    found = slope([math.log(count) for count in cycles], cost)
    over_steps = slope([math.log(row["steps"]) for row in rows], cost)
    growth = slope(cycles, [row["memory_peak"] for row in rows])
    record = slope(cycles, [row["record_bytes"] for row in rows])
    holds = SLOPE[0] <= found <= SLOPE[1]
    result = {
        "claim": "the CPU time of a test is proportional to its cycles",
        "anode": ANODE,
        "tests": rows,
        "slope_of_logarithms": found,
        "slope_over_steps": over_steps,
        "memory_bytes_per_cycle": growth,
        "record_bytes_per_cycle": record,
        "holds": holds,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(
        f"slope of log cost over log cycles {found:.3f} (limits {SLOPE[0]} to {SLOPE[1]}), over log steps "
        f"{over_steps:.3f}; peak memory grows by {growth:.0f} bytes a cycle, the record by {record:.0f}"
    )
    return 0 if holds else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(run(int(sys.argv[1]))))
        raise SystemExit(0)
    raise SystemExit(main())
