"""Claim: what the soft-short checks find, and what they cannot, in cells of the twin with a known leak.

A cell is cycled 40 times at 1 mAh/cm2, intact and with a lasting conductance beside it, from the first cycle on or from
cycle 21 on. The conductance is chosen so that it takes the given share of the current of the intact cell's median
voltage; the share that it takes in the end is less, since the voltage falls. Found is what a warning names: F the floor
(LI-W-ANA-013), S the sudden fall (LI-W-ANA-051), L the lasting low level (LI-W-ANA-008), H a hard short; - is nothing.

Usage: python benchmarks/soft_short_limits.py [SEEDS]     (prints the table of docs/theory/symmetric_analysis.md)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

import lithiate.twin.lithium_cell as lithium_cell
from lithiate.analysis import analyse
from lithiate.analysis.symmetric_result import SymmetricCyclingResult
from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import SymmetricCycling
from lithiate.twin.states import SHORT

ANODES = ("Li foil", "HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "WN/Mo2N@HCN/Li")
CURRENTS = ("0.5 mA/cm^2", "1 mA/cm^2", "3 mA/cm^2")
LEAKS = (0.3, 0.6, 0.95)
CYCLES = 40


@contextmanager
def permanent_short(conductance: float, from_step: int) -> Iterator[None]:
    """Give the cells that are simulated within a lasting conductance [S/m2] from a step on, that is never 'hard'."""
    begin, share = lithium_cell.Run._begin, lithium_cell.HARD_SHORT_SHARE

    def begin_with_short(self, part):  # noqa: ANN001, ANN202 - stands in for a method
        begin(self, part)
        if conductance > 0.0 and len(self.ends) >= from_step:
            self.y[SHORT] = conductance
            self.model.cell["short_healing_time"] = np.inf

    lithium_cell.Run._begin, lithium_cell.HARD_SHORT_SHARE = begin_with_short, 9.0
    try:
        yield
    finally:
        lithium_cell.Run._begin, lithium_cell.HARD_SHORT_SHARE = begin, share


def run(anode: str, current: str, conductance: float, from_step: int, seed: int) -> SymmetricCyclingResult:
    """Return the analysis of one cell."""
    test = SymmetricCycling(current_density=current, areal_capacity="1 mAh/cm^2", cycles=CYCLES)
    with permanent_short(conductance, from_step):
        return analyse(lithium_cell.solve(SymmetricCell(anode), test, seed=seed).record())


def found(result: SymmetricCyclingResult) -> str:
    """Return the letters of what was found."""
    codes = {warning.split()[0] for warning in result.warnings}
    letters = {"F": "LI-W-ANA-013", "S": "LI-W-ANA-051", "L": "LI-W-ANA-008"}
    hard = "H" if result.time_to_short_circuit.value is not None else ""
    return "".join(letter for letter, code in letters.items() if code in codes) + hard or "-"


def row(anode: str, current: str) -> str:
    """Return a row of the table: what is found in the intact and in the leaking cells of seed 0."""
    intact = run(anode, current, 0.0, 0, 0)
    density = float(np.median(intact.half_cycles.areal_charge / intact.half_cycles.on_time))
    resistance = float(np.median(intact.cycles.hysteresis)) / 2.0 / density
    cells = [anode, current.replace("^2", "²"), f"{resistance * 1e4:.1f}", found(intact)]
    for from_step in (0, CYCLES):
        for share in LEAKS:
            cells.append(found(run(anode, current, share / ((1.0 - share) * resistance), from_step, 0)))
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table, and how many of the intact cells were flagged."""
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
    heads = [f"{share:.0%} {when}" for when in ("from the start", "from cycle 21") for share in LEAKS]
    print(f"| anode | current | intact, ohm cm² | intact | {' | '.join(heads)} |")
    print("| --- " * (4 + len(heads)) + "|")
    for anode in ANODES:
        for current in CURRENTS:
            print(row(anode, current), flush=True)
    intact = [found(run(anode, current, 0.0, 0, seed)) for anode in ANODES for current in CURRENTS for seed in seeds]
    print(f"\n{sum(letters != '-' for letters in intact)} of {len(intact)} intact cells are flagged.")


if __name__ == "__main__":
    main()
