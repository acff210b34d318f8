"""Spectra of a cell that was simulated: after how many cycles, at which temperatures and state of charge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.core.experiments import Impedance, ImpedanceTemperature
from lithiate.core.full_experiments import FullImpedance, FullImpedanceTemperature, FullSpectra
from lithiate.core.validity import VALID_TEMPERATURE, check_range
from lithiate.errors import SimulationError
from lithiate.twin.full_impedance import full_impedance, relaxed
from lithiate.twin.full_model import FullModel, build_full_model, spread_particles
from lithiate.twin.impedance import impedance
from lithiate.twin.lithium_cell import describe_electrodes, describe_full_anode
from lithiate.twin.model import Model, build_model
from lithiate.twin.salt import grid
from lithiate.twin.states import SALT, SALT_CELLS

if TYPE_CHECKING:
    from lithiate.twin.full_solution import FullSolution
    from lithiate.twin.solution import Solution


@frozen(eq=False, kw_only=True)
class Point:
    """One spectrum: (n,) frequencies [1/s] and impedances [ohm m2], taken after `cycle` cycles at `temperature` [K].

    `state` says in words what the cell was like.
    """

    cycle: int
    temperature: float
    state: str
    frequency: NDArray[np.float64]
    impedance: NDArray[np.complex128]


def spectra_points(solution: Solution) -> list[Point]:
    """Return the spectra that the experiment of a solution asks for, of a cell of two lithium electrodes."""
    experiment = solution.experiment
    if isinstance(experiment, Impedance):
        wanted = [(cycle, experiment.temperature) for cycle in sorted(set(experiment.after_cycles))]
    elif isinstance(experiment, ImpedanceTemperature):
        wanted = [(experiment.after_cycles, temperature) for temperature in experiment.temperatures]
    else:
        raise _without_spectra(solution)
    points = []
    for cycle, temperature in wanted:
        state = _state_after(solution, experiment, cycle)
        if state is None:
            continue
        model = _at_temperature(solution, temperature)
        found = impedance(model, state, solution.parameters, experiment.frequencies)
        points.append(
            Point(
                cycle=cycle,
                temperature=temperature,
                state="fresh" if cycle == 0 else "after stripping",
                frequency=experiment.frequencies,
                impedance=found,
            )
        )
    return _at_least_one(points, solution)


def full_spectra_points(solution: FullSolution) -> list[Point]:
    """Return the spectra that the experiment of a full cell asks for.

    The state is that after the rest of the experiment, its salt evened out. Each cell of the cathode has its own
    particle, also where one stood for all in the time domain: at high frequency the reaction is not uniform.
    """
    experiment = solution.experiment
    if isinstance(experiment, FullImpedance):
        temperatures: tuple[float, ...] = (experiment.temperature,)
    elif isinstance(experiment, FullImpedanceTemperature):
        temperatures = experiment.temperatures
    else:
        raise _without_spectra(solution)
    used = solution.choices.parameters(solution.used_parameters)
    models = [full_model_at_temperature(solution, temperature) for temperature in temperatures]
    points = []
    for cycle, steps in zip(experiment.probed_cycles, experiment.probe_steps, strict=True):
        if steps > len(solution.states):
            break
        for temperature, model in zip(temperatures, models, strict=True):
            state = spread_particles(solution.states[steps - 1], solution.model.sizes, model.sizes.particles)
            found = full_impedance(model, relaxed(model, state), used, experiment.frequencies)
            points.append(
                Point(
                    cycle=cycle,
                    temperature=temperature,
                    state=_state_of_charge(experiment),
                    frequency=experiment.frequencies,
                    impedance=found,
                )
            )
    return _at_least_one(points, solution)


def _state_of_charge(experiment: FullSpectra) -> str:
    return f"{100.0 * experiment.state_of_charge:.3g} % state of charge"


def _without_spectra(solution: Solution) -> SimulationError:
    return SimulationError(
        "this kind of experiment has no spectra",
        code="LI-TWIN-001",
        where=solution.anode.name,
        got=solution.experiment.kind,
        expected=f"{Impedance.kind} or {ImpedanceTemperature.kind}",
    )


def _at_least_one(points: list[Point], solution: Solution) -> list[Point]:
    if not points:
        raise SimulationError(
            "the cell did not live to see a spectrum",
            code="LI-TWIN-001",
            where=solution.anode.name,
            got=f"{solution.stopped_by} after {len(solution.step_ends)} steps",
        )
    return points


def _state_after(
    solution: Solution, experiment: Impedance | ImpedanceTemperature, cycle: int
) -> NDArray[np.float64] | None:
    """Return the state after a number of cycles, its salt at rest; None where the test ended before."""
    steps = experiment.prelude_steps + 2 * cycle
    if steps > len(solution.states):
        return None
    return _rested(solution, solution.states[steps - 1]) if steps else solution.initial_state


def _rested(solution: Solution, state: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a state whose salt has evened out between the electrodes, as it does within minutes of rest."""
    liquid, length, factor = np.zeros(SALT_CELLS), np.zeros(SALT_CELLS), np.zeros(SALT_CELLS)
    grid(state, solution.model.cell, solution.model.electrodes, liquid, length, factor)
    rested = state.copy()
    rested[SALT:] = state[SALT:].sum() * liquid / liquid.sum()
    return rested


def _at_temperature(solution: Solution, temperature: float) -> Model:
    """Return the model of the solution at another temperature: the state is kept, the properties change."""
    if temperature == solution.experiment.temperature:
        return solution.model
    from lithiate.library import load_electrolyte, load_separator

    check_range("temperatures", temperature, VALID_TEMPERATURE, "K", 1.0)
    cell = solution.cell
    electrolyte = load_electrolyte(cell.electrolyte)
    other = build_model(
        cell,
        describe_electrodes(cell),
        temperature,
        electrolyte,
        load_separator(cell.separator),
        solution.parameters.in_electrolyte(electrolyte.family),
        solution.choices,
    )
    return evolve(other, initial_state=solution.model.initial_state)


def full_model_at_temperature(solution: FullSolution, temperature: float) -> FullModel:
    """Return the model of a full cell at a temperature [K], with a particle in each cell of the cathode.

    A state of the solution is kept, the properties change.
    """
    cells = solution.model.sizes.cathode
    if temperature == solution.experiment.temperature:
        return solution.model.with_particles(cells)
    from lithiate.library import load_electrolyte, load_separator

    check_range("temperatures", temperature, VALID_TEMPERATURE, "K", 1.0)
    cell = solution.cell
    other = build_full_model(
        cell,
        describe_full_anode(cell),
        solution.cathode,
        temperature,
        load_electrolyte(cell.electrolyte),
        load_separator(cell.separator),
        solution.used_parameters,
        solution.choices,
        solution.model.sizes._replace(particles=1),
    )
    return other.with_particles(cells)
