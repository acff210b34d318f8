"""The twin: lithium electrodes and cells, simulated.

`solve` integrates a cell through an experiment; `simulate` returns the record that an instrument would have made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lithiate.core.cell import Cell
from lithiate.core.experiments import Experiment
from lithiate.core.measurement import Measurement
from lithiate.twin.closures import CLOSURES, MECHANISMS
from lithiate.twin.instrument import Instrument, Sampling
from lithiate.twin.lithium_cell import solve
from lithiate.twin.parameters import ParameterSet, draw_ensemble, load_parameters
from lithiate.twin.solution import Solution

__all__ = [
    "CLOSURES",
    "MECHANISMS",
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
    cell: Cell,
    experiment: Experiment,
    *,
    parameters: ParameterSet | str = "nominal",
    seed: int = 0,
    instrument: Instrument | None = None,
    sampling: Sampling | None = None,
    progress: Callable[[float], None] | None = None,
    closures: Mapping[str, str] | None = None,
    disabled_mechanisms: Sequence[str] = (),
) -> Measurement:
    """Simulate a cell through an experiment and return what its technique records; see `solve` for the parameters.

    Returns
    -------
    CyclingRecord, ImpedanceSpectra or PolarisationCurve
    """
    solution = solve(
        cell,
        experiment,
        parameters=parameters,
        seed=seed,
        sampling=sampling,
        progress=progress,
        closures=closures,
        disabled_mechanisms=disabled_mechanisms,
    )
    return solution.measurement(instrument)
