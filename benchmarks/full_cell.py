"""What full cells cost: CPU time of 400 cycles, of a rate test, and of an ensemble on two workers.

Lithium foil and the composite against NCM811 with the library's defaults, CPU time of one thread; compilation, which
the first run in a process pays or finds on disk, is measured apart. Each test runs with the cathode that the twin
chooses itself, and the 400 cycles with a porous electrode as well. There is no peer for these cells;
`full_cell_pybamm.py` has one on PyBaMM's parameters.

Claim: two workers take at most 0.6 of the wall time of one, with the same numbers. It means something only where two
cores are free: what they gave, CPU over wall time, is kept beside it.

Usage: python benchmarks/full_cell.py
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from lithiate.core.cell import FullCell
from lithiate.core.full_experiments import FullCycling, Rate
from lithiate.twin import Solution, draw_ensemble, load_parameters, solve
from lithiate.twin.batch import simulate_batch

PROJECT = Path(__file__).resolve().parents[1]
RESULT = PROJECT / "benchmarks/results/full_cell.json"
ANODES = ("Li foil", "WN/Mo2N@HCN/Li")
CYCLES = 400
C_RATES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
MEMBERS = 16
LIMIT = 0.6


def timed(anode: str, experiment: FullCycling | Rate, cathode: str) -> dict[str, Any]:
    """Return the CPU time of a test, and how far it came."""
    start = time.process_time()
    found = solve(FullCell(anode), experiment, closures={"cathode": cathode})
    used = time.process_time() - start
    return {
        "anode": anode,
        "kind": experiment.kind,
        "cathode": cathode,
        "seconds": used,
        "half_cycles": len(found.step_ends),
        "seconds_per_cycle": 2.0 * used / len(found.step_ends),
        "integrator_steps": found.integrator_steps,
        "particles": found.model.sizes.particles,
        "single_particle_error": found.single_particle_error,
        "stopped_by": found.stopped_by,
    }


def first_run() -> float:
    """Return the CPU time of the first cycle in this process [s]: compilation, or loading of what was compiled."""
    start = time.process_time()
    solve(FullCell(ANODES[0]), FullCycling(c_rate=1.0, cycles=1))
    return time.process_time() - start


def numbers(solution: Solution) -> np.ndarray:
    """Return what two runs are compared by: the ends of the half cycles and the voltages."""
    return np.concatenate([solution.step_ends, solution.voltage])


def ensemble(anode: str) -> dict[str, Any]:
    """Run an ensemble on one worker and on two."""
    cell, experiment = FullCell(anode), FullCycling(c_rate=1.0, cycles=CYCLES)
    sets = draw_ensemble(load_parameters(), MEMBERS, seed=1)
    wall, cpu, found = {}, {}, {}
    for workers in (1, 2):
        start, used = time.perf_counter(), time.process_time()
        found[workers] = simulate_batch(cell, experiment, sets, evaluate=numbers, workers=workers)
        wall[workers], cpu[workers] = time.perf_counter() - start, time.process_time() - used
    same = all(np.array_equal(one, two) for one, two in zip(found[1], found[2], strict=True))
    return {
        "anode": anode,
        "members": MEMBERS,
        "cycles": CYCLES,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "ratio": wall[2] / wall[1],
        "same_numbers": same,
    }


def main() -> int:
    """Run all; 0 when the claim holds, 1 when not."""
    load = os.getloadavg()
    compilation = first_run()
    print(f"first cycle in this process: {compilation:.1f} s")
    cycling = FullCycling(c_rate=1.0, cycles=CYCLES)
    rate = Rate(c_rates=C_RATES)
    rows = []
    for anode in ANODES:
        for experiment, cathode in ((cycling, "automatic"), (cycling, "porous-electrode"), (rate, "automatic")):
            solve(FullCell(anode), FullCycling(c_rate=1.0, cycles=1), closures={"cathode": cathode})
            row = timed(anode, experiment, cathode)
            rows.append(row)
            print(
                f"{anode}, {row['kind']}, {cathode}: {row['seconds']:.2f} s for {row['half_cycles'] / 2:g} cycles, "
                f"{1e3 * row['seconds_per_cycle']:.2f} ms a cycle; {row['particles']} particles at the end, error of "
                f"one {1e3 * row['single_particle_error']:.2f} mV; {row['stopped_by']}",
                flush=True,
            )
    ensembles = [ensemble(anode) for anode in ANODES]
    for row in ensembles:
        print(
            f"{row['anode']}: {MEMBERS} members of {CYCLES} cycles: wall {row['wall_seconds'][1]:.1f} s on one worker, "
            f"{row['wall_seconds'][2]:.1f} s on two ({row['ratio']:.2f}, limit {LIMIT}), CPU "
            f"{row['cpu_seconds'][1]:.1f} s, CPU over wall time of two "
            f"{row['cpu_seconds'][2] / row['wall_seconds'][2]:.2f}; "
            f"numbers {'equal' if row['same_numbers'] else 'differ'}"
        )
    holds = all(row["same_numbers"] and row["ratio"] <= LIMIT for row in ensembles)
    result = {
        "claim": f"two workers take at most {LIMIT} of the wall time of one, with the same numbers",
        "cores": os.cpu_count(),
        "load_average_before": load,
        "first_run_seconds": compilation,
        "tests": rows,
        "ensembles": ensembles,
        "holds": holds,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print("holds" if holds else "does not hold")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
