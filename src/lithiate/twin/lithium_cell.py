"""Run a cell with lithium electrodes, symmetric or plating: step after step, with its chance events.

Between steps the interpreter is in charge, so that a run can report progress, be cancelled and be interrupted; the
integrator holds it for milliseconds only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from lithiate.core.anode import Anode
from lithiate.core.cell import DISC_AREA, Cell, FullCell, PlatingCell
from lithiate.core.experiments import Experiment
from lithiate.core.full_experiments import FullCellExperiment
from lithiate.core.protocol import Protocol, Step
from lithiate.core.validity import check_steps
from lithiate.errors import SimulationError
from lithiate.twin.closures import Choices
from lithiate.twin.events import EXHAUSTION_CHARGE, HARD_SHORT_SHARE, no_limits
from lithiate.twin.extrapolation import Extrapolation, Leaps, Marks, run_with_leaps
from lithiate.twin.host import interior_capacity
from lithiate.twin.instrument import Sampling
from lithiate.twin.kinetics import BRANCH_COLUMNS
from lithiate.twin.mechanics import fatigue_by_charge, fatigue_increment, intact_sites
from lithiate.twin.model import Described, Model, build_model
from lithiate.twin.parameters import ParameterSet, load_parameters
from lithiate.twin.solution import Solution
from lithiate.twin.solver import (
    COMPLETE,
    CURRENT_LIMIT,
    EXHAUSTED,
    PAUSED,
    SALT_DEPLETED,
    SHORT_BORN,
    SHORT_CIRCUIT,
    STAGES,
    STEP_FAILED,
    VOLTAGE_LIMIT,
    error_scale,
    half_cycle,
)
from lithiate.twin.states import (
    BRANCHES,
    CURRENT,
    FAST,
    HAZARD,
    METALLIC,
    OUT_VOLTAGE,
    OUTPUTS,
    PER_ELECTRODE,
    Q_ON_CARBON,
    Q_ON_SITES,
    Q_PIT,
    Q_RESERVOIR,
    Q_SEI_INTERIOR,
    REST,
    SALT_CELLS,
    SET_VOLTAGE,
    SHORT,
    STATES,
    Drive,
    Scratch,
)
from lithiate.twin.step_parts import Part, step_parts, step_scales

STOP_REASONS = {
    COMPLETE: "end of test",
    VOLTAGE_LIMIT: "voltage limit",
    EXHAUSTED: "lithium exhausted",
    SALT_DEPLETED: "salt depletion",
    SHORT_CIRCUIT: "short circuit",
}
DEFAULT_TOLERANCE = 1e-5
"""Error per step, over the scale of each state: at 1 mA/cm2 and 1 mAh/cm2 all agrees with SUNDIALS to 1e-4."""
FULL_CELL_TOLERANCE = 3e-5
"""The same for a full cell: voltages hold to 0.3 mV (rms) and capacities to 3e-4 against a hundredth of it."""
FIRST_STEP = 0.01
"""First step of a half cycle [s]: the current has just changed, and salt near the lithium follows within a second."""
NOISE_MEMORY = 0.6
"""Correlation of the top's area disturbance from one half cycle to the next [assumed]."""
HARD_SHORT_CONDUCTANCE = 2.0e4
"""Conductance of a hard short [S/m2]: 0.5 ohm cm2 [assumed]; it does not heal."""
MOST_CALLS = 200
"""Calls of the integrator for one step, beyond which it counts as stuck."""
HALF_CYCLES_AFTER_SHORT = 6
"""How long a test goes on after a hard short, so that its record shows it."""
SLOW_SHARE = 0.05
"""Share of the areal capacity against which leaps measure the change of metallic lithium."""
PLATING_CUT_OFF = 1.0
"""Voltage at which a strip of a plating cell ends where the step names none [V]."""
MORE_THAN_ALL = 1.2
"""A step that only its voltage ends takes no more than this times all lithium of the electrode that strips."""


def solve(
    cell: Cell,
    experiment: Experiment,
    *,
    parameters: ParameterSet | str = "nominal",
    seed: int = 0,
    sampling: Sampling | None = None,
    progress: Callable[[float], None] | None = None,
    tolerance: float | None = None,
    fixed_step: float = 0.0,
    chance: bool = True,
    closures: Mapping[str, str] | None = None,
    disabled_mechanisms: Sequence[str] = (),
    extrapolation: Extrapolation | None = None,
) -> Solution:
    """Simulate a cell through an experiment.

    Parameters
    ----------
    cell : SymmetricCell, PlatingCell or FullCell
    experiment : Experiment
        A kind of `lithiate.experiments`, or a `Protocol`.
    parameters : ParameterSet or str
        A set, or the name of one.
    seed : int
        Of everything that is left to chance: births and sizes of soft shorts, disturbance of the top's area.
    sampling : Sampling, optional
        When the instrument records; default by the experiment (`Sampling.default`).
    progress : callable, optional
        Called with the share that is done; raise `Cancelled` in it to stop.
    tolerance : float, optional
        Relative error per step of each state; default `DEFAULT_TOLERANCE`, for a full cell `FULL_CELL_TOLERANCE`.
    fixed_step : float, s
        Above 0: no error control, steps of this length (for measuring orders of convergence).
    chance : bool
        False leaves out soft shorts and the disturbance of the area.
    closures : mapping of str to str, optional
        Closure -> alternative, see `lithiate.twin.closures.CLOSURES`.
    disabled_mechanisms : sequence of str
        See `lithiate.twin.closures.MECHANISMS`.
    extrapolation : Extrapolation, optional
        Leap over cycles that hardly differ; only for symmetric cycling, and never by default.

    Returns
    -------
    Solution

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` outside the range of validity, or when a limit is met at once, ``LI-TWIN-002`` when the
        integrator cannot go on, ``LI-TWIN-004`` for a closure or a mechanism that is not known.
    LibraryError
        For a name that the library does not have.
    """
    from lithiate.library import load_electrolyte, load_separator

    used = load_parameters(parameters) if isinstance(parameters, str) else parameters
    choices = Choices(closures=closures or {}, disabled_mechanisms=tuple(disabled_mechanisms))
    if tolerance is None:
        tolerance = FULL_CELL_TOLERANCE if isinstance(cell, FullCell) else DEFAULT_TOLERANCE
    if not (tolerance > 0.0 and fixed_step >= 0.0 and seed >= 0):
        raise SimulationError(
            "settings of the integrator must be positive",
            code="LI-TWIN-001",
            where="tolerance, fixed_step, seed",
            got=f"{tolerance:g}, {fixed_step:g}, {seed}",
        )
    _check_kinds(cell, experiment)
    if isinstance(cell, FullCell):
        from lithiate.twin.full_cell import solve_full

        if extrapolation is not None:
            raise SimulationError(
                "leaps over cycles are for symmetric cells",
                code="LI-TWIN-001",
                where="extrapolation",
                got="a full cell",
            )
        return solve_full(cell, experiment, used, choices, seed, sampling, progress, tolerance, fixed_step, chance)
    distinct = check_steps(experiment)
    electrodes = describe_electrodes(cell)
    electrolyte = load_electrolyte(cell.electrolyte)
    of_surface = used.in_electrolyte(electrolyte.family)
    separator = load_separator(cell.separator)
    model = build_model(cell, electrodes, experiment.temperature, electrolyte, separator, of_surface, choices)
    run = Run(model, cell, experiment, distinct, choices.parameters(of_surface), choices, seed, chance)
    run.settings = np.array([tolerance, fixed_step])
    plan, leaps = sampling or Sampling.default(experiment), Leaps()
    if extrapolation is None:
        run.run(plan, progress)
    else:
        leaps = run_with_leaps(run, experiment, plan, extrapolation, progress)
    samples = run.samples()
    if (len(samples) < 2 or run.time <= 0.0) and experiment.number_of_steps > 0:
        raise SimulationError(
            "the test ends as soon as it begins",
            code="LI-TWIN-001",
            where=f"{experiment.kind}, {electrodes[0].anode.name}",
            got=f"{STOP_REASONS[run.reason]}, at {run.out[OUT_VOLTAGE]:.3g} V",
            expected=f"a cell that carries the current; its voltage limit is {experiment.voltage_limit:g} V",
        )
    return Solution(
        cell=cell,
        anode=electrodes[0].anode,
        experiment=experiment,
        parameters=used,
        choices=choices,
        seed=seed,
        model=model,
        samples=samples,
        step_ends=np.array(run.ends),
        step_sides=np.array(run.sides, dtype=np.int64),
        states=np.array(run.states).reshape(-1, STATES),
        intact_sites=np.array(run.intact_history).reshape(-1, 2),
        stopped_by=STOP_REASONS[run.reason],
        integrator_steps=run.steps,
        leaps=leaps,
    )


def _check_kinds(cell: Cell, experiment: Experiment) -> None:
    """Raise ``LI-TWIN-001`` for an experiment of another kind of cell; free protocols are checked step by step."""
    if isinstance(experiment, Protocol) or isinstance(experiment, FullCellExperiment) == isinstance(cell, FullCell):
        return
    same = {"impedance": "FullImpedance", "impedance-temperature": "FullImpedanceTemperature", "tafel": "FullTafel"}
    other = same.get(experiment.kind, "FullCycling, Rate") if isinstance(cell, FullCell) else "SymmetricCycling, Tafel"
    raise SimulationError(
        f"this experiment is of another kind of cell than a {cell.kind} cell",
        code="LI-TWIN-001",
        where=experiment.kind,
        got=type(experiment).__name__,
        expected=f"one of `lithiate.experiments` for it, such as {other}",
    )


def describe_electrodes(cell: Cell) -> tuple[Described, Described]:
    """Return working and counter electrode of a cell by their descriptions.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` when an electrode that has to give lithium has none.
    """
    from lithiate.library import load_anode, load_composition, without_lithium

    if isinstance(cell, PlatingCell):
        bare = without_lithium(load_anode(cell.anode) if isinstance(cell.anode, str) else cell.anode)
        return Described(bare, load_composition(bare)), _with_lithium(cell.counter)
    both = _with_lithium(cell.anode)
    return both, both


def _with_lithium(anode: Anode | str) -> Described:
    from lithiate.library import load_anode, load_composition

    found = load_anode(anode) if isinstance(anode, str) else anode
    if not found.holds_lithium:
        raise SimulationError(
            "this electrode has no lithium",
            code="LI-TWIN-001",
            where=found.name,
            got=f"kind {found.kind!r}",
            expected="lithium foil or a host with lithium; a plating cell takes a surface without",
        )
    return Described(found, load_composition(found))


def describe_full_anode(cell: FullCell) -> Described:
    """Return the lithium electrode of a full cell by its description."""
    from lithiate.library import load_anode, load_composition, without_lithium

    found = load_anode(cell.anode) if isinstance(cell.anode, str) else cell.anode
    if not cell.anode_free:
        return _with_lithium(found)
    bare = without_lithium(found)
    return Described(bare, load_composition(bare))


def new_scratch() -> Scratch:
    """Return memory for one run."""
    return Scratch(
        guess=np.array([0.01, 0.01]),
        branches=np.zeros((2, BRANCHES, BRANCH_COLUMNS)),
        salt=np.zeros((6, SALT_CELLS)),
        matrix=np.zeros((5, SALT_CELLS)),
        blocks=np.zeros((2, PER_ELECTRODE + FAST, FAST)),
        drift=np.zeros((3, SALT_CELLS)),
        stages=np.zeros((STAGES + 3, STATES)),
        points=np.zeros((6, STATES)),
    )


class Run:
    """The moving parts of one simulation."""

    def __init__(
        self,
        model: Model,
        cell: Cell,
        experiment: Experiment,
        steps: set[Step],
        parameters: ParameterSet,
        choices: Choices,
        seed: int,
        chance: bool,
    ) -> None:
        self.model, self.experiment, self.parameters, self.choices = model, experiment, parameters, choices
        self.settings = np.array([DEFAULT_TOLERANCE, 0.0])
        self.current_scale, self.charge_scale = step_scales(steps)
        self.plating_cell = isinstance(cell, PlatingCell)
        self.electrolyte_volume = cell.electrolyte_volume
        self._begin_at(model.initial_state)
        self.area = cell.area
        self.exposure = np.zeros(2)
        self.phase_exposure = np.zeros(2)
        self.intact = np.ones(2)
        self.noise = np.zeros(2)
        # Two streams: the number of shorts must not change the disturbances that follow.
        self.noise_draws = np.random.default_rng([seed, 1])
        self.short_draws = np.random.default_rng([seed, 2])
        self.chance = chance
        self.limits = no_limits()
        self.limits[2] = HARD_SHORT_SHARE
        if chance:
            self.limits[1] = self.short_draws.standard_exponential()
        self.hard = False
        self.reason = COMPLETE
        self.steps = 0
        self.time = self.began = 0.0
        self.plating = -1
        self.ends: list[float] = []
        self.sides: list[int] = []
        self.states: list[NDArray[np.float64]] = []
        self.intact_history: list[NDArray[np.float64]] = []
        self._samples: list[NDArray[np.float64]] = []
        self._parts: dict[Step, tuple[Part, ...]] = {}
        self._offsets: dict[Part, NDArray[np.float64]] = {}
        self._steps_after_short = HALF_CYCLES_AFTER_SHORT

    def _begin_at(self, state: NDArray[np.float64]) -> None:
        """Make what belongs to a state vector: scales of errors, memory."""
        model = self.model
        self.y, self.dy = state.copy(), np.zeros(STATES)
        additive = float(model.cell["initial_additive"])
        self.scale = error_scale(self.charge_scale, model.salt_per_cell, self.electrolyte_volume, additive)
        self.scratch: Any = new_scratch()
        self.out = np.zeros(OUTPUTS)

    def samples(self) -> NDArray[np.float64]:
        """Return the sampled outputs (n, 2 + outputs): time, side that plates, outputs."""
        return np.concatenate(self._samples) if self._samples else np.zeros((0, 2 + self.out.size))

    def run(self, sampling: Sampling, progress: Callable[[float], None] | None) -> None:
        """Run all steps, or as many as the cell lasts."""
        for step in self.experiment.flatten():
            if self.step(step, sampling, progress):
                return

    def step(self, step: Step, sampling: Sampling, progress: Callable[[float], None] | None) -> bool:
        """Run a step and keep its end; return whether the test ends with it."""
        ended = False
        for part in self._parts_of(step):
            ended = ended or self._part(part, sampling, progress)
        self.ends.append(self.time)
        self.sides.append(-1 if step.action == "rest" else self._side())
        self.states.append(self.y.copy())
        self.intact_history.append(self.intact.copy())
        if progress is not None:
            progress(min(len(self.ends) / self.experiment.number_of_steps, 1.0))
        if ended:
            return True
        if self.hard:
            self.reason = SHORT_CIRCUIT
            self._steps_after_short -= 1
        return self._steps_after_short < 0

    def _parts_of(self, step: Step) -> Iterable[Part]:
        """Return the parts of a step; they are made as they are asked for, since one may depend on how another ends."""
        if step not in self._parts:
            self._parts[step] = tuple(step_parts(self._ended(step), self.current_scale, self.parameters, self.choices))
        return self._parts[step]

    def _side(self) -> int:
        """Return the side that plates: 0 the working electrode, 1 the counter electrode."""
        return max(self.plating, 0)

    def _ended(self, step: Step) -> Step:
        """Return a step as this cell can do it: a strip of a surface without lithium of its own ends by voltage."""
        if self.plating_cell and step.action == "strip" and step.until_voltage is None:
            return evolve(step, until_voltage=PLATING_CUT_OFF)
        return step

    def marks(self) -> Marks:
        """Return where the run stands."""
        return Marks(self.time, len(self.ends), len(self._samples))

    def slow_state(self) -> NDArray[np.float64]:
        """Return what changes from cycle to cycle (STATES + 2,): the state and the exposure of the sites."""
        return np.concatenate([self.y, self.exposure])

    def slow_scale(self) -> NDArray[np.float64]:
        """Return the scales of `slow_state`: coarser than the integrator's, infinite for what begins anew each time."""
        scale = self.scale.copy()
        for offset in (0, PER_ELECTRODE):
            for k in METALLIC:
                scale[offset + k] = max(scale[offset + k], SLOW_SHARE * self.charge_scale)
            scale[[offset + Q_PIT, offset + Q_ON_SITES, offset + Q_ON_CARBON]] = np.inf
        return np.append(scale, [1.0 / (1.0 + self.model.fatigue_exponent)] * 2)

    def set_slow_state(self, state: NDArray[np.float64]) -> None:
        """Go on from another `slow_state`."""
        self.y[:] = state[:STATES]
        self.exposure[:] = state[STATES:]
        for k in range(2):
            if self.model.electrodes[k]["is_host"] > 0.0:
                self.intact[k] = intact_sites(self.exposure[k], self.model.flaws, self.model.fatigue_exponent)

    def fill(self, count: int, before: Marks, after: Marks) -> None:
        """Put `count` interpolated cycles between the cycle that began at `before` and the one that began at `after`.

        Samples and states of the two whole cycles are interpolated linearly, phase by phase; where the later cycle has
        other samples (an event cut it short) the earlier one is repeated.
        """
        span = (after.time - before.time) / (count + 1)
        blocks = self._samples[before.blocks : after.blocks], self._samples[after.blocks :]
        states = self.states[before.steps : after.steps], self.states[after.steps :]
        intact = self.intact_history[before.steps : after.steps], self.intact_history[after.steps :]
        ends, sides = self.ends[before.steps : after.steps], self.sides[before.steps : after.steps]
        made: list[list[Any]] = [[], [], [], [], []]
        for k in range(1, count + 1):
            weight = k / (count + 1)
            for one, other in zip(*blocks, strict=True):
                block = _between(one, other, weight)
                block[:, 0] = one[:, 0] + k * span
                made[0].append(block)
            made[1] += [_between(one, other, weight) for one, other in zip(*states, strict=True)]
            made[2] += [_between(one, other, weight) for one, other in zip(*intact, strict=True)]
            made[3] += [end + k * span for end in ends]
            made[4] += sides
        self._samples[after.blocks : after.blocks] = made[0]
        self.states[after.steps : after.steps] = made[1]
        self.intact_history[after.steps : after.steps] = made[2]
        self.ends[after.steps : after.steps] = made[3]
        self.sides[after.steps : after.steps] = made[4]

    def _begin(self, part: Part) -> None:
        """Set the state for a part: where the polarity turns, nucleation and pitting begin anew."""
        if part.control != REST and part.plating != self.plating:
            for offset in (0, PER_ELECTRODE):
                self.y[offset + Q_PIT] = self.y[offset + Q_ON_SITES] = self.y[offset + Q_ON_CARBON] = 0.0
            if self.chance:
                self.noise = NOISE_MEMORY * self.noise + 0.8 * self.noise_draws.standard_normal(self.noise.size)
            self.phase_exposure = self.exposure.copy()
            self.plating = part.plating
        self.y[SET_VOLTAGE] = part.set_voltage
        self.limits[0] = min(part.voltage_limit, self.experiment.voltage_limit)
        runs_out = part.control == CURRENT and not math.isfinite(part.voltage_limit)
        self.limits[3] = EXHAUSTION_CHARGE if runs_out else -math.inf
        self.limits[4] = part.current_limit

    def _drive(self, part: Part) -> Any:  # noqa: ANN401 - each kind of cell has its own drive
        return Drive(
            max(self.plating, 0),
            part.current,
            self.model.electrodes,
            self.model.cell,
            self.intact,
            self.noise,
            part.control,
            part.scan_rate,
            *part.losses,
        )

    def _duration(self, part: Part) -> float:
        """Return how long a part may take at most [s]."""
        if math.isfinite(part.duration):
            return part.duration
        offset = PER_ELECTRODE if part.plating == 0 else 0
        slowest = part.current_limit if math.isfinite(part.current_limit) else part.current
        return MORE_THAN_ALL * max(float(sum(self.y[offset + k] for k in METALLIC)), EXHAUSTION_CHARGE) / slowest

    def _part(self, part: Part, sampling: Sampling, progress: Callable[[float], None] | None) -> bool:
        """Run a part of a step; return whether the test ends with it."""
        self._begin(part)
        self.began = self.time
        duration = self._duration(part)
        offsets = self._offsets.get(part)
        if offsets is None:
            offsets = sampling.offsets(part.action, duration, first=not self._samples)
            if self._samples and math.isfinite(part.duration):
                self._offsets[part] = offsets
        drive = self._drive(part)
        sampled = np.zeros((offsets.size, 1 + self.out.size))
        t, h, first, reason = 0.0, FIRST_STEP, 0, SHORT_BORN
        calls = 0
        while reason in (SHORT_BORN, PAUSED):
            calls += 1
            if calls > MOST_CALLS:
                reason = STEP_FAILED
                break
            if reason == PAUSED and progress is not None:
                progress(len(self.ends) / self.experiment.number_of_steps)
            reason, t, h, first, steps = half_cycle(
                self.y, self.dy, t, duration, h, self.settings, self.limits, drive, self.scale, offsets, first, sampled,
                self.out, self.scratch,
            )  # fmt: skip
            self.steps += steps
            if reason in (SHORT_BORN, SHORT_CIRCUIT):
                h = min(h, FIRST_STEP)  # the conductance has just jumped
            if reason == SHORT_BORN:
                self._soft_short()
            elif reason == SHORT_CIRCUIT:
                self._hard_short()
                reason = SHORT_BORN
        if reason == STEP_FAILED:
            raise SimulationError(
                "the integrator does not get on",
                code="LI-TWIN-002",
                where=f"step {len(self.ends) + 1}, {t:.6g} s",
                got=f"{h:.2g} s",
            )
        self._keep(sampled[:first], sampling, t if reason != COMPLETE else None)
        self.time += duration if reason == COMPLETE else t
        self._fatigue()
        return self._ends_test(part, reason)

    def _ends_test(self, part: Part, reason: int) -> bool:
        """Return whether what ended a part ends the test: a limit of its own does not."""
        if reason in (COMPLETE, CURRENT_LIMIT):
            return False
        if reason == VOLTAGE_LIMIT and part.voltage_limit <= self.experiment.voltage_limit:
            return not math.isfinite(self.out[OUT_VOLTAGE])
        self.reason = reason
        return True

    def _keep(self, sampled: NDArray[np.float64], sampling: Sampling, end: float | None) -> None:
        """Keep the samples of a part; an instrument records also the moment `end` at which an event ends it."""
        block = np.empty((len(sampled) + (end is not None), 2 + self.out.size))
        block[: len(sampled), 0] = self.time + sampled[:, 0]
        block[: len(sampled), 2:] = sampled[:, 1:]
        if end is not None:
            block[-1, 0] = self.time + end
            block[-1, 2:] = self.out
            if not np.isfinite(self.out).all():  # no branch carries the current: an instrument would read its limit
                block = block[:-1]
        block[:, 1] = self._side()
        self._samples.append(sampling.thin(block[:, 0], block[:, 2 + OUT_VOLTAGE], block))

    def _soft_short(self) -> None:
        """Give birth to a soft short, and draw when the next one comes."""
        size = self.short_draws.lognormal(0.0, self.parameters["short_conductance_log_width"])
        self.y[SHORT] += self.parameters["short_conductance"] * size * DISC_AREA / self.area
        self.y[HAZARD] = 0.0
        self.limits[1] = self.short_draws.standard_exponential()

    def _hard_short(self) -> None:
        """Make the short permanent."""
        self.hard = True
        self.y[SHORT] = HARD_SHORT_CONDUCTANCE
        self.model.cell["short_healing_time"] = np.inf
        self.limits[1:3] = np.inf

    def _fatigue(self) -> None:
        """Add what the present plating has done so far to the sites of the electrode that plates."""
        plating = self.plating
        if plating < 0 or self.model.electrodes[plating]["is_host"] == 0.0:
            return
        electrode, model = self.model.electrodes[plating], self.model
        y = self.y[PER_ELECTRODE * plating : PER_ELECTRODE * (plating + 1)]
        charge = float(y[Q_ON_SITES] + y[Q_ON_CARBON])
        if model.fatigue_by_charge:
            added = fatigue_by_charge(model.fatigue_rate, model.rigid_share[plating], charge, model.fatigue_exponent)
        else:
            # as Python: handing records to compiled code costs more than this
            capacity = interior_capacity.py_func(
                float(electrode["initial_void"]),
                float(electrode["opened_fraction"]),
                float(electrode["initial_reservoir"] - y[Q_RESERVOIR]),
                float(model.cell["sei_swelling"]),
                float(y[Q_SEI_INTERIOR]),
            )
            amplitude = charge / capacity
            added = fatigue_increment(model.fatigue_rate, model.rigid_share[plating], amplitude, model.fatigue_exponent)
        self.exposure[plating] = self.phase_exposure[plating] + added
        self.intact[plating] = intact_sites(self.exposure[plating], model.flaws, model.fatigue_exponent)


def _between(one: NDArray[np.float64], other: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return (1 - weight) one + weight other, or a copy of `one` where the shapes differ."""
    if one.shape != other.shape:
        return one.copy()
    return np.asarray((1.0 - weight) * one + weight * other)
