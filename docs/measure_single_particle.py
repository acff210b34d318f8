"""Measure what one particle costs that stands for the whole cathode: ``python docs/measure_single_particle.py``.

The same discharge by both models of the cathode, over a grid of loadings and C-rates, beside the estimate by which the
twin chooses between them. Up to nine tenths of the capacity the difference is one of voltage; near the cut-off, where
all curves plunge, it is one of capacity. Prints the table and writes ``docs/single_particle.json``, from which
`docs/generate.py` makes the table of verification.md; `tests/verification/test_full_cell_single_particle.py` judges
the same numbers.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lithiate.core.cell import FullCell
from lithiate.core.protocol import Protocol
from lithiate.twin import Sampling, solve
from lithiate.twin.full_cell import single_particle_error
from lithiate.twin.full_solution import FullSolution
from lithiate.twin.states import OUT_CURRENT

LOADINGS = (2, 5, 10, 20, 40)
"""mg/cm2."""
C_RATES = (0.2, 1.0, 2.0, 5.0, 10.0)
COMPARED = 0.9
"""Share of the capacity up to which voltages are compared."""
FIRST = 0.02
"""And from which: before, the salt is not yet steady."""
RESULT = Path(__file__).with_name("single_particle.json")

Row = dict[str, float | str]


def discharge(loading: float, rate: float, cathode: str) -> FullSolution:
    """Charge slowly and discharge at a rate, with a model of the cathode; tolerances so that only the models differ."""
    cell = FullCell("Li foil", cathode_loading=f"{loading:g} mg/cm^2")
    steps = ["Charge at 0.2 C until 4.3 V", f"Discharge at {rate:g} C until 2.8 V"]
    found = solve(
        cell,
        Protocol(steps=steps),
        chance=False,
        closures={"cathode": cathode},
        sampling=Sampling(points=300),
        tolerance=1e-7,
    )
    assert isinstance(found, FullSolution)
    return found


def curve(solution: FullSolution) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return charge over the 1 C capacity and voltage [V] of the discharge."""
    rows = solution.samples[:, 0] > solution.step_ends[0]
    current = float(solution.samples[rows, 2 + OUT_CURRENT][0])
    time = solution.samples[rows, 0] - solution.step_ends[0]
    return time * current / float(solution.model.cathode["one_c_capacity"]), solution.voltage[rows]


def compare(loading: float, rate: float) -> Row:
    """Return estimate and differences of voltage [mV], capacities over that of 1 C, and why the discharge ended."""
    one, many = discharge(loading, rate, "single-particle"), discharge(loading, rate, "porous-electrode")
    (q_one, v_one), (q_many, v_many) = curve(one), curve(many)
    charge = np.linspace(FIRST, COMPARED, 200) * min(q_one[-1], q_many[-1])
    difference = np.interp(charge, q_one, v_one) - np.interp(charge, q_many, v_many)
    estimate = single_particle_error(one.model, one.states[0], rate * one.model.one_c)
    return {
        "loading": loading,
        "c_rate": rate,
        "estimate": 1e3 * estimate,
        "largest": 1e3 * float(np.abs(difference).max()),
        "rms": 1e3 * float(np.sqrt((difference**2).mean())),
        "capacity_single_particle": float(q_one[-1]),
        "capacity_porous_electrode": float(q_many[-1]),
        "ended_by": many.stopped_by,
    }


def main() -> None:
    """Measure, print, write."""
    rows = []
    for loading in LOADINGS:
        for rate in C_RATES:
            try:
                row = compare(loading, rate)
            except IndexError:  # the discharge ends at once
                continue
            rows.append(row)
            print(
                ", ".join(
                    f"{key} {value if isinstance(value, str) else format(value, '.4g')}" for key, value in row.items()
                )
            )
    RESULT.write_text(json.dumps(rows, indent=1).replace("Infinity", "null") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
