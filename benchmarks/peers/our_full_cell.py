"""Our full cell on PyBaMM's parameters: what stands beside `full_cell_in_pybamm` in a comparison."""

from __future__ import annotations

import time
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


class Cell:
    """Our cell of the set, with one closure of the cathode; everything that can be made before a run is made."""

    def __init__(self, values: Any, closure: str) -> None:  # noqa: ANN401 - PyBaMM's parameter values
        self.values, self.closure = values, closure
        cathode = xu2019.cathode(values)
        self.low, self.high = cathode.voltage_window
        self.parameters = xu2019.plain_lithium(values)
        self.electrolyte, self.separator = xu2019.electrolyte(values), xu2019.separator(values)
        self.cell = FullCell(
            "Li foil",
            cathode=cathode,
            cathode_loading=xu2019.loading(values),
            area=WITHOUT_EDGE,
            electrolyte="of the set",
            separator="of the set",
        )

    def solve(self, c_rate: float, cycles: int, sampling: Sampling, **settings: Any) -> Any:  # noqa: ANN401 - a solution
        """Simulate cycles from the charged state, discharge first; `settings` as `lithiate.twin.solve` takes them."""
        steps = (
            Step(action="discharge", c_rate=c_rate, until_voltage=self.low),
            Step(action="charge", c_rate=c_rate, until_voltage=self.high),
        )
        protocol = Protocol(steps=(Repeat(steps, cycles),))
        # The library has the electrolyte and the separator of the set, whatever the name.
        with (
            patch("lithiate.library.load_electrolyte", lambda _: self.electrolyte),
            patch("lithiate.library.load_separator", lambda _: self.separator),
        ):
            return solve(
                self.cell,
                protocol,
                parameters=self.parameters,
                sampling=sampling,
                chance=False,
                closures={"cathode": self.closure},
                **settings,
            )

    def half_cycles(self, c_rate: float, **settings: Any) -> tuple[HalfCycle, HalfCycle]:  # noqa: ANN401
        """Return the first discharge from the charged state, and the charge after it."""
        found = self.solve(c_rate, 1, Sampling(points=SAMPLES), **settings)
        current, times = c_rate * found.model.one_c, found.samples[:, 0]
        runs, begin = [], 0.0
        for end in found.step_ends:
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

    def cpu(self, cycles: int) -> float:
        """Return the CPU time of a cycle at 1 C [s], with the usual sampling, the twin's own preparations included."""
        start = time.process_time()
        found = self.solve(1.0, cycles, Sampling())
        used = time.process_time() - start
        if len(found.step_ends) != 2 * cycles:
            raise RuntimeError(f"{len(found.step_ends)} of {2 * cycles} half cycles: {found.stopped_by}")
        return used / cycles
