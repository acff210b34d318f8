"""Run a full cell: step after step, with its chance events, with one particle or with one in each cell of the grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from lithiate.core.cell import FullCell
from lithiate.core.experiments import Experiment
from lithiate.core.full_experiments import FullCellExperiment
from lithiate.core.materials import Cathode
from lithiate.core.protocol import Step
from lithiate.core.validity import check_steps
from lithiate.errors import SimulationError
from lithiate.twin.closures import Choices
from lithiate.twin.extrapolation import Leaps
from lithiate.twin.full_equations import steady_potential
from lithiate.twin.full_model import FullModel, build_full_model, new_full_scratch, spread_particles
from lithiate.twin.full_solution import FullSolution
from lithiate.twin.full_states import (
    ACTIVE,
    CATHODE_FILM,
    FULL_OUTPUTS,
    SHUTTLED,
    SIDE_PRODUCTS,
    TRAPPED,
    FullDrive,
    number_of_states,
)
from lithiate.twin.instrument import Sampling
from lithiate.twin.lithium_cell import STOP_REASONS, Run, describe_full_anode
from lithiate.twin.model import loss_factors
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.solver import SHORT_CIRCUIT, VOLTAGE_LIMIT, error_scale
from lithiate.twin.states import (
    CURRENT,
    OUT_VOLTAGE,
    PER_ELECTRODE,
    SALT,
    VOLTAGE,
)
from lithiate.twin.step_parts import Part, step_parts

LARGEST_SINGLE_PARTICLE_ERROR = 5e-3
"""Estimated error of the voltage [V] beyond which one particle no longer stands for the cathode."""
UNEVEN_FILLING = 0.2
"""By how much stoichiometries differ over a cathode that fills unevenly, for the estimate of that error."""
PARTICLE_SCALE = 5.0
"""The error of a shell is measured against this many times what it can hold: capacities then hold to 1e-4."""
FADE_SCALE = 2e-3
"""The error of cathode loss and film is measured against this share of the whole: a cycle takes some 1e-5 of it."""
ZERO_CURRENT = 1e-3
"""Current density [A/m2] at which a sweep changes its direction."""
LONGEST_HOLD = 72000.0
"""A hold without a time ends after this [s] whatever its current does."""
LEAST_CAPACITY = 0.01
"""Share of the 1 C capacity below which a half cycle counts as failed."""
FAILED_HALF_CYCLES = 2
"""Failed half cycles in a row that end a test: the cell no longer takes or gives charge."""
OVER_ALL = 1.05
"""A step that only its voltage ends takes no more than this times what the cathode can hold."""


def solve_full(
    cell: FullCell,
    experiment: Experiment,
    parameters: ParameterSet,
    choices: Choices,
    seed: int,
    sampling: Sampling | None,
    progress: Callable[[float], None] | None,
    tolerance: float,
    fixed_step: float,
    chance: bool,
) -> FullSolution:
    """Simulate a full cell through an experiment; parameters, returns and errors as those of `solve`."""
    from lithiate.library import load_cathode, load_electrolyte, load_separator

    cathode = load_cathode(cell.cathode) if isinstance(cell.cathode, str) else cell.cathode
    window = cathode.voltage_window
    if isinstance(experiment, FullCellExperiment):
        experiment = experiment.in_window(window)
        window = (experiment.lower_voltage or 0.0, experiment.upper_voltage or 0.0)
    check_window(window, cathode)
    electrolyte = load_electrolyte(cell.electrolyte)
    used = parameters.in_electrolyte(electrolyte.family)
    electrode = describe_full_anode(cell)
    model = build_full_model(
        cell, electrode, cathode, experiment.temperature, electrolyte, load_separator(cell.separator), used, choices
    )
    if choices.chosen("cathode") == "porous-electrode":
        model = model.with_particles(model.sizes.cathode)
    distinct = {at_current(step, model.one_c) for step in check_steps(experiment, full=True)}
    for step in distinct:
        check_voltages(step, cathode)
    run = FullRun(model, cell, experiment, distinct, choices.parameters(used), choices, seed, chance)
    run.window = window
    run.settings = np.array([tolerance, fixed_step])
    run.run(sampling or Sampling.default(experiment), progress)
    samples = run.samples()
    if (len(samples) < 2 or run.time <= 0.0) and experiment.number_of_steps > 0:
        raise SimulationError(
            "the test ends as soon as it begins",
            code="LI-TWIN-001",
            where=f"{experiment.kind}, {electrode.anode.name}",
            got=f"{run.stopped_by}, at {run.out[OUT_VOLTAGE]:.3g} V",
            expected="a cell that carries the current between its cut-offs",
        )
    return FullSolution(
        cell=cell,
        cathode=cathode,
        anode=electrode.anode,
        experiment=experiment,
        parameters=parameters,
        choices=choices,
        seed=seed,
        model=run.model,
        samples=samples,
        step_ends=np.array(run.ends),
        step_sides=np.array(run.sides, dtype=np.int64),
        states=run.all_states(),
        intact_sites=np.array(run.intact_history).reshape(-1, 2),
        stopped_by=run.stopped_by,
        integrator_steps=run.steps,
        leaps=Leaps(),
        used_parameters=used,
        single_particle_error=run.single_particle_error,
    )


def check_window(window: tuple[float, float], cathode: Cathode) -> None:
    """Raise ``LI-TWIN-001`` where cut-offs [V] lie outside what the open-circuit potential of a cathode covers."""
    low, high = cathode.open_circuit_potential.y[-1], cathode.open_circuit_potential.y[0]
    if not (
        window[0] < high and low < window[1] <= high + 1e-3 and window[0] < window[1] and window[0] >= min(low, 2.0)
    ):
        raise SimulationError(
            "the voltage window leaves what is known of the cathode",
            code="LI-TWIN-001",
            where=f"{cathode.name}, lower_voltage, upper_voltage",
            got=f"{window[0]:g} ... {window[1]:g} V",
            expected=f"between {min(low, 2.0):.3g} and {high:.3g} V",
        )


def check_voltages(step: Step, cathode: Cathode) -> None:
    """Raise ``LI-TWIN-001`` for a voltage of a step [V] outside what cut-offs may be (`check_window`)."""
    low, high = min(cathode.open_circuit_potential.y[-1], 2.0), cathode.open_circuit_potential.y[0]
    for name in ("until_voltage", "voltage"):
        value = getattr(step, name)
        if value is not None and not low <= value <= high + 1e-3:
            raise SimulationError(
                "the voltage of a step leaves what is known of the cathode",
                code="LI-TWIN-001",
                where=f"{cathode.name}, {step}",
                got=f"{value:g} V",
                expected=f"between {low:.3g} and {high:.3g} V",
            )


def at_current(step: Step, one_c: float) -> Step:
    """Return a step with its current densities in place of C-rates; `one_c` is that of 1 C [A/m2]."""
    if step.c_rate is not None:
        step = evolve(step, c_rate=None, current_density=step.c_rate * one_c)
    if step.until_c_rate is not None:
        limits = [step.until_c_rate * one_c]
        if step.until_current_density is not None:
            limits.append(step.until_current_density)
        step = evolve(step, until_c_rate=None, until_current_density=max(limits))
    return step


class FullRun(Run):
    """The moving parts of one simulation of a full cell."""

    model: FullModel  # type: ignore[assignment]  # one lithium electrode and a cathode
    window: tuple[float, float]

    def __init__(
        self,
        model: FullModel,
        cell: FullCell,
        experiment: Experiment,
        steps: set[Step],
        parameters: ParameterSet,
        choices: Choices,
        seed: int,
        chance: bool,
    ) -> None:
        super().__init__(model, cell, experiment, steps, parameters, choices, seed, chance)  # type: ignore[arg-type]
        self.switches = choices.chosen("cathode") == "automatic"
        self.single_particle_error = 0.0
        self.failed_half_cycles = 0
        self._errors: dict[float, float] = {}

    @classmethod
    def of_solution(cls, solution: FullSolution, model: FullModel, experiment: Experiment) -> FullRun:
        """Return a run of the cell of a solution from the state of a model, without chance."""
        steps = {at_current(step, model.one_c) for step in experiment.flatten()}
        parameters = solution.choices.parameters(solution.used_parameters)
        run = cls(model, solution.cell, experiment, steps, parameters, solution.choices, 0, False)
        assert isinstance(experiment, FullCellExperiment)
        run.window = (experiment.lower_voltage or 0.0, experiment.upper_voltage or 0.0)
        return run

    @property
    def stopped_by(self) -> str:
        """Why the test ended, in words."""
        if self.hard:  # a shorted cell also fails to charge, but that is not why
            return STOP_REASONS[SHORT_CIRCUIT]
        if self.failed_half_cycles >= FAILED_HALF_CYCLES:
            return "capacity lost"
        return STOP_REASONS[self.reason]

    def all_states(self) -> NDArray[np.float64]:
        """Return the states at the ends of the steps, all of one length (steps, states)."""
        if not self.states:
            return np.empty((0, self.y.size))
        sizes = self.model.sizes
        return np.array([spread_particles(state, sizes, sizes.particles) for state in self.states])

    def _begin_at(self, state: NDArray[np.float64]) -> None:
        sizes = self.model.sizes
        self.y, self.dy = state.copy(), np.zeros(number_of_states(sizes))
        common = error_scale(
            self.charge_scale,
            self.model.salt_per_cell,
            self.electrolyte_volume,
            float(self.model.cell["initial_additive"]),
        )
        cathode = self.model.cathode
        capacity, surface = float(cathode["particle_capacity"]), float(cathode["particle_surface"])
        scale = np.empty(number_of_states(sizes))
        scale[:SALT] = common[:SALT]
        scale[PER_ELECTRODE : 2 * PER_ELECTRODE] = 1.0
        scale[ACTIVE], scale[TRAPPED] = FADE_SCALE, FADE_SCALE * capacity
        scale[CATHODE_FILM] = FADE_SCALE * surface * float(self.model.cell["thermal"]) / self.model.one_c
        scale[SIDE_PRODUCTS] = scale[SHUTTLED] = self.charge_scale
        first = SALT + sizes.salt_cells
        scale[SALT:first] = 6.0 * self.model.salt_per_cell
        scale[SALT] = scale[first - 1] = 2.0 * self.model.salt_per_cell
        scale[first:] = PARTICLE_SCALE * capacity / sizes.particles / self.model.shells[1]
        self.scale = scale
        self.scratch = new_full_scratch(sizes)
        self.out = np.zeros(FULL_OUTPUTS)

    def _parts_of(self, step: Step) -> Iterable[Part]:
        if step.action in ("charge", "discharge"):
            if step not in self._parts:
                self._parts[step] = (self._at_current(at_current(step, self.model.one_c)),)
            yield from self._parts[step]
            return
        step = at_current(step, self.model.one_c)
        if step.action == "hold":
            yield self._hold(step)
        elif step.action == "sweep":
            yield from self._sweep(step)
        else:
            yield from step_parts(step, self.current_scale, self.parameters, self.choices)

    def _at_current(self, step: Step) -> Part:
        assert step.current_density is not None
        charging = step.action == "charge"
        ends = [math.inf if step.duration is None else step.duration]
        if step.areal_capacity is not None:
            ends.append(step.areal_capacity / step.current_density)
        limit = self.window[1] if charging else self.window[0]
        if step.until_voltage is not None:
            limit = step.until_voltage
        return Part(
            action=step.action,
            control=CURRENT,
            plating=0 if charging else 1,
            current=step.current_density,
            duration=min(ends),
            voltage_limit=limit,
            losses=self._losses(step),
        )

    def _losses(self, step: Step) -> tuple[float, float]:
        """Return the factors of rate and amount on losses; the amount is always that of 1 C.

        A charge may come in pieces (a profile, a charge that pauses), which go on with one deposit.
        """
        whole = float(self.model.cathode["one_c_capacity"])
        return loss_factors(evolve(step, areal_capacity=whole), self.parameters, self.choices)

    def _hold(self, step: Step) -> Part:
        assert step.voltage is not None
        return Part(
            action="hold",
            control=VOLTAGE,
            plating=0 if step.voltage >= self.out[OUT_VOLTAGE] - 1e-3 else 1,
            current=self.current_scale,
            duration=LONGEST_HOLD if step.duration is None else step.duration,
            set_voltage=step.voltage,
            current_limit=ZERO_CURRENT if step.until_current_density is None else step.until_current_density,
        )

    def _sweep(self, step: Step) -> Iterator[Part]:
        """Iterate over the parts of a sweep about the open-circuit voltage: its current changes sign on the way."""
        assert step.start_voltage is not None
        assert step.end_voltage is not None
        assert step.scan_rate is not None
        about, began = float(self.out[OUT_VOLTAGE]), self.time
        rising = step.end_voltage > step.start_voltage
        rate = math.copysign(step.scan_rate, step.end_voltage - step.start_voltage)
        whole = abs(step.end_voltage - step.start_voltage) / step.scan_rate
        against = step.start_voltage < 0.0 if rising else step.start_voltage > 0.0
        first = 1 if rising else 0
        for plating in (first, 1 - first) if against else (1 - first,):
            passed = self.time - began
            if whole - passed > 1e-6 * whole:
                yield Part(
                    action="sweep",
                    control=VOLTAGE,
                    plating=plating,
                    current=self.current_scale,
                    duration=whole - passed,
                    set_voltage=about + step.start_voltage + rate * passed,
                    scan_rate=rate,
                    current_limit=ZERO_CURRENT if plating == first and against else -math.inf,
                )

    def _side(self) -> int:
        return 0 if self.plating == 1 else 1

    def _begin(self, part: Part) -> None:
        super()._begin(part)
        self.limits[0] = part.voltage_limit
        if not math.isfinite(part.voltage_limit):
            self.limits[0] = math.inf if max(part.plating, self.plating, 0) == 0 else -math.inf
        self.limits[3] = -math.inf  # an empty electrode shows in the voltage
        if part.control == CURRENT:
            self._choose_particles(part.current)

    def _choose_particles(self, current: float) -> None:
        """Give each cell of the cathode its own particle once uniform reaction is too far from the truth."""
        if self.model.sizes.particles > 1:
            return
        if current not in self._errors:
            self._errors[current] = single_particle_error(self.model, self.y, current)
        error = self._errors[current]
        if self.switches and error > LARGEST_SINGLE_PARTICLE_ERROR:
            before = self.model.sizes
            self.model = self.model.with_particles(before.cathode)
            state = spread_particles(self.y, before, before.cathode)
            limits = self.limits.copy()
            self._begin_at(state)
            self.limits[:] = limits
            return
        self.single_particle_error = max(self.single_particle_error, error)

    def _drive(self, part: Part) -> FullDrive:
        return FullDrive(
            max(self.plating, 0), part.current, self.model.electrodes, self.model.cell, self.intact, self.noise,
            part.control, part.scan_rate, *part.losses, self.model.cathode, self.model.sizes, self.model.shells,
            self.model.potential, self.model.transport,
        )  # fmt: skip

    def _duration(self, part: Part) -> float:
        if math.isfinite(part.duration):
            return part.duration
        return OVER_ALL * float(self.model.cathode["particle_capacity"]) / part.current

    def _ends_test(self, part: Part, reason: int) -> bool:
        if reason == VOLTAGE_LIMIT and np.isfinite(self.y).all():
            return self._hardly_cycles(part)  # where the voltage is no number, it has left its window on the way
        return super()._ends_test(part, reason)

    def _hardly_cycles(self, part: Part) -> bool:
        """Return whether the cell has failed: half cycles that its voltage ends at once, one after the other."""
        passed = (self.time - self.began) * part.current
        failed = passed < LEAST_CAPACITY * float(self.model.cathode["one_c_capacity"])
        self.failed_half_cycles = self.failed_half_cycles + 1 if failed else 0
        return self.failed_half_cycles >= FAILED_HALF_CYCLES

    def _fatigue(self) -> None:
        if self.plating == 0:
            super()._fatigue()


def single_particle_error(model: FullModel, state: NDArray[np.float64], current: float) -> float:
    """Return an estimate of the largest error of the voltage that uniform reaction makes in a discharge [V].

    Parameters
    ----------
    model : FullModel
    state : (states,) float
        Of a cell with as many particles as the model's.
    current : float, A/m2

    Notes
    -----
    2 (d + s^2/(s + dU)). d is what uniform reaction costs at once: the difference between one particle and one in each
    cell of the cathode, all alike and half full, in steady salt (`steady_potential`). s is the spread of the cells'
    balances under uniform reaction: it fills the particles unevenly until their potentials balance, and where these
    fall little (dU, the least fall over a fifth of the stoichiometry) the whole spread appears in the voltage. The
    factor is from runs of both models (docs/measure_single_particle.py), as is the fifth. Infinite where the salt
    would run out before it is steady.
    """
    found = []
    for particles in (1, model.sizes.cathode):
        whole = model.with_particles(particles)
        spread = spread_particles(state, model.sizes, particles)
        found.append(steady_potential(spread, whole.drive(), current, new_full_scratch(whole.sizes)))
    (uniform, unevenness), (balanced, _) = found
    near = round(UNEVEN_FILLING * float(model.cathode["stoichiometries_per_unit"]))
    fall = float((model.potential[:-near, 0] - model.potential[near:, 0]).min())
    error = 2.0 * (abs(balanced - uniform) + unevenness**2 / (unevenness + max(fall, 0.0)))
    return float(error) if math.isfinite(error) else math.inf
