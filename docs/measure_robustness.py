"""Measure what is arbitrary in the twin's headline numbers: ``python docs/measure_robustness.py`` (some minutes).

Numerical choices (tolerance, flaw classes, sampling) must not move them; definitions (onset factor) may, and are shown
apart. Without chance, so that nothing else differs. Prints the tables and writes ``docs/robustness.json``, from which
`docs/generate.py` makes the tables of verification.md; `tests/verification/test_robustness.py` judges the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lithiate.analysis import analyse
from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import SymmetricCycling
from lithiate.twin import Sampling, draw_ensemble, load_parameters, mechanics, solve
from lithiate.twin.lithium_cell import DEFAULT_TOLERANCE
from lithiate.twin.solution import Solution

ANODES = ("WN/Mo2N@HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "HCN/Li", "Li foil")
MEMBERS = 16
STUDY = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", duration="1400 h")
RESULT = Path(__file__).with_name("robustness.json")

Numbers = dict[str, float | None]


def run(anode: str, **settings: Any) -> Solution:  # noqa: ANN401 - what `solve` takes
    """Simulate the long test of an anode without chance."""
    return solve(SymmetricCell(anode), STUDY, chance=False, **settings)


def headline(solution: Solution, **definitions: float | str) -> Numbers:
    """Return early hysteresis [mV] and onset [h]; None where it does not come within the test."""
    result = analyse(solution.record(), **definitions)
    onset = result.hysteresis_onset_time.value
    return {
        "voltage_hysteresis": 1e3 * float(result.voltage_hysteresis.value),
        "hysteresis_onset_time": None if onset is None else onset / 3600.0,
    }


@contextmanager
def doubled_flaw_classes() -> Iterator[None]:
    """Let twice as many quantiles stand for the distribution of flaws."""
    before = mechanics.FLAW_CLASSES
    mechanics.FLAW_CLASSES = 2 * before
    try:
        yield
    finally:
        mechanics.FLAW_CLASSES = before


def each_anode(measure: Callable[[str], Numbers]) -> dict[str, Numbers]:
    """Return the numbers of all anodes, two at a time."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(ANODES, pool.map(measure, ANODES), strict=True))


def numerical() -> dict[str, dict[str, Numbers]]:
    """Return the numbers by numerical choice and anode; the first is what ships."""
    found = {
        "as shipped": each_anode(lambda anode: headline(run(anode))),
        "tolerance / 10": each_anode(lambda anode: headline(run(anode, tolerance=0.1 * DEFAULT_TOLERANCE))),
        "samples x 3": each_anode(lambda anode: headline(run(anode, sampling=Sampling(points=90)))),
    }
    with doubled_flaw_classes():
        found["flaw classes x 2"] = each_anode(lambda anode: headline(run(anode)))
    return found


def definitions() -> dict[str, dict[str, Numbers]]:
    """Return the numbers by definition and anode."""
    solutions = each_solution()
    chosen: dict[str, dict[str, float | str]] = {
        "onset at 1.3 x": {"onset_ratio": 1.3},
        "onset at 1.5 x (default)": {},
        "onset at 2 x": {"onset_ratio": 2.0},
        "hysteresis as |V|": {"hysteresis_definition": "|V|"},
    }
    return {
        name: {anode: headline(solution, **settings) for anode, solution in solutions.items()}
        for name, settings in chosen.items()
    }


def each_solution() -> dict[str, Solution]:
    """Return the long test of all anodes."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(ANODES, pool.map(run, ANODES), strict=True))


def intervals() -> dict[str, dict[str, tuple[float, float]]]:
    """Return the 80 % intervals of an ensemble of priors; a member that lasts counts with the length of the test."""
    members = draw_ensemble(load_parameters(), MEMBERS, 1)
    hours = STUDY.half_cycles * STUDY.half_cycle_duration / 3600.0
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for anode in ANODES:
        with ThreadPoolExecutor(max_workers=2) as pool:
            rows = list(pool.map(partial(_member, anode), members))
        found[anode] = {}
        for name in rows[0]:
            values = [hours if row[name] is None else row[name] for row in rows]
            low, high = np.quantile(values, [0.1, 0.9])
            found[anode][name] = (float(low), float(high))
    return found


def _member(anode: str, parameters: Any) -> Numbers:  # noqa: ANN401 - a ParameterSet
    return headline(run(anode, parameters=parameters, tolerance=1e-4))


def main() -> None:
    """Measure, print, write."""
    content = {"numerical": numerical(), "definitions": definitions(), "intervals": intervals(), "members": MEMBERS}
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for section in ("numerical", "definitions"):
        for choice, anodes in content[section].items():
            for anode, numbers in anodes.items():
                print(section, choice, anode, numbers)
    print("80 % intervals", content["intervals"])


if __name__ == "__main__":
    main()
