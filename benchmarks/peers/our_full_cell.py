"""Our full cell on PyBaMM's parameters: what stands beside `full_cell_in_pybamm` in a comparison."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from peers import xu2019
from peers.full_cell_in_pybamm import HalfCycle

from lithiate.core.cell import FullCell
from lithiate.core.protocol import Protocol, Repeat, Step
from lithiate.twin import Sampling, solve

WITHOUT_EDGE = 1e6
"""Electrode area [m2] so large that no salt comes from the electrolyte at its edge: PyBaMM's cell has none."""
SAMPLES = 4000


@contextmanager
def library_with(values: Any) -> Iterator[None]:  # noqa: ANN401 - PyBaMM's parameter values
    """Let the library have the electrolyte and the separator of the set, whatever the name."""
    liquid, membrane = xu2019.electrolyte(values), xu2019.separator(values)
    with (
        patch("lithiate.library.load_electrolyte", lambda _: liquid),
        patch("lithiate.library.load_separator", lambda _: membrane),
    ):
        yield


def solution(values: Any, closure: str, c_rate: float, cycles: int, sampling: Sampling, **settings: Any) -> Any:  # noqa: ANN401
    """Simulate cycles from the charged state, discharge first; `closure` of the cathode, `settings` those of `solve`."""
    cathode = xu2019.cathode(values)
    low, high = cathode.voltage_window
    cell = FullCell(
        "Li foil",
        cathode=cathode,
        cathode_loading=xu2019.loading(values),
        area=WITHOUT_EDGE,
        electrolyte="of the set",
        separator="of the set",
    )
    steps = (
        Step(action="discharge", c_rate=c_rate, until_voltage=low),
        Step(action="charge", c_rate=c_rate, until_voltage=high),
    )
    with library_with(values):
        return solve(
            cell,
            Protocol(steps=(Repeat(steps, cycles),)),
            parameters=xu2019.plain_lithium(values),
            sampling=sampling,
            chance=False,
            closures={"cathode": closure},
            **settings,
        )


def half_cycles(values: Any, closure: str, c_rate: float, **settings: Any) -> tuple[HalfCycle, HalfCycle]:  # noqa: ANN401
    """Return the first discharge from the charged state, and the charge after it."""
    found = solution(values, closure, c_rate, 1, Sampling(points=SAMPLES), **settings)
    current = c_rate * found.model.one_c
    runs, begin = [], 0.0
    for end in found.step_ends:
        times = found.samples[:, 0]
        rows = (times > begin) & (times <= end) if begin > 0.0 else times <= end
        runs.append(
            HalfCycle(
                charge=np.asarray((times[rows] - begin) * current),
                voltage=np.asarray(found.voltage[rows]),
                ended_by=found.stopped_by,
            )
        )
        begin = float(end)
    return runs[0], runs[1]


def cpu_of_cycles(values: Any, closure: str, cycles: int) -> float:  # noqa: ANN401 - PyBaMM's parameter values
    """Return the CPU time of a cycle at 1 C [s], with the usual sampling; compilation comes before."""
    solution(values, closure, 1.0, 1, Sampling())
    start = time.process_time()
    found = solution(values, closure, 1.0, cycles, Sampling())
    used = time.process_time() - start
    if len(found.step_ends) != 2 * cycles:
        raise RuntimeError(f"{len(found.step_ends)} of {2 * cycles} half cycles: {found.stopped_by}")
    return used / cycles
