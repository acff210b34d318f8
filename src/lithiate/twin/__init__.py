"""The twin: lithium electrodes and cells, simulated.

`solve` integrates a cell through an experiment; `simulate` returns the record that an instrument would have made.
"""

from __future__ import annotations

from collections.abc import Callable

from lithiate.core.cell import SymmetricCell
from lithiate.core.measurement import CyclingRecord
from lithiate.core.protocol import Experiment
from lithiate.twin.instrument import Instrument, Sampling
from lithiate.twin.parameters import ParameterSet, draw_ensemble, load_parameters
from lithiate.twin.solution import Solution
from lithiate.twin.symmetric_cell import solve

__all__ = [
    "Instrument",
    "ParameterSet",
    "Sampling",
    "Solution",
    "draw_ensemble",
    "load_parameters",
    "simulate",
    "solve",
]


def simulate(
    cell: SymmetricCell,
    experiment: Experiment,
    *,
    parameters: ParameterSet | str = "nominal",
    seed: int = 0,
    instrument: Instrument | None = None,
    progress: Callable[[float], None] | None = None,
) -> CyclingRecord:
    """Simulate a cell through an experiment and return the record; see `solve` for the parameters."""
    return solve(cell, experiment, parameters=parameters, seed=seed, progress=progress).record(instrument)
