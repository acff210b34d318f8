"""Run a symmetric cell: half cycle after half cycle, with its chance events.

Between half cycles the interpreter is in charge, so that a run can report progress, be cancelled and be interrupted;
the integrator holds it for milliseconds only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lithiate.core.cell import DISC_AREA, SymmetricCell
from lithiate.core.protocol import Experiment
from lithiate.errors import SimulationError
from lithiate.twin.host import interior_capacity
from lithiate.twin.instrument import Sampling
from lithiate.twin.kinetics import BRANCH_COLUMNS
from lithiate.twin.mechanics import fatigue_increment, intact_sites
from lithiate.twin.model import Model, build_model
from lithiate.twin.parameters import ParameterSet, load_parameters
from lithiate.twin.solution import Solution
from lithiate.twin.solver import (
    COMPLETE,
    EXHAUSTED,
    HARD_SHORT_SHARE,
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
    FAST,
    HAZARD,
    OUT_VOLTAGE,
    OUTPUTS,
    PER_ELECTRODE,
    Q_ON_CARBON,
    Q_ON_SITES,
    Q_PIT,
    Q_RESERVOIR,
    Q_SEI_INTERIOR,
    SALT_CELLS,
    SHORT,
    STATES,
    Drive,
    Scratch,
)

STOP_REASONS = {
    COMPLETE: "end of test",
    VOLTAGE_LIMIT: "voltage limit",
    EXHAUSTED: "lithium exhausted",
    SALT_DEPLETED: "salt depletion",
    SHORT_CIRCUIT: "short circuit",
}
DEFAULT_TOLERANCE = 1e-5
"""Error per step, over the scale of each state: states and voltage then agree with SUNDIALS to 1e-4."""
FIRST_STEP = 0.01
"""First step of a half cycle [s]: the current has just changed, and salt near the lithium follows within a second."""
NOISE_MEMORY = 0.6
"""Correlation of the top's area disturbance from one half cycle to the next [assumed]."""
HARD_SHORT_CONDUCTANCE = 2.0e4
"""Conductance of a hard short [S/m2]: 0.5 ohm cm2 [assumed]; it does not heal."""
MOST_CALLS = 200
"""Calls of the integrator for one half cycle, beyond which it counts as stuck."""
HALF_CYCLES_AFTER_SHORT = 6
"""How long a test goes on after a hard short, so that its record shows it."""


def solve(
    cell: SymmetricCell,
    experiment: Experiment,
    *,
    parameters: ParameterSet | str = "nominal",
    seed: int = 0,
    sampling: Sampling | None = None,
    progress: Callable[[float], None] | None = None,
    tolerance: float = DEFAULT_TOLERANCE,
    fixed_step: float = 0.0,
    chance: bool = True,
) -> Solution:
    """Simulate a cell through an experiment.

    Parameters
    ----------
    cell : SymmetricCell
    experiment : SymmetricCycling or Nucleation
    parameters : ParameterSet or str
        A set, or the name of one.
    seed : int
        Of everything that is left to chance: births and sizes of soft shorts, disturbance of the top's area.
    sampling : Sampling, optional
        When the instrument records; default by the experiment (`Sampling.default`).
    progress : callable, optional
        Called with the share that is done; raise `Cancelled` in it to stop.
    tolerance : float
        Relative error per step of each state.
    fixed_step : float, s
        Above 0: no error control, steps of this length (for measuring orders of convergence).
    chance : bool
        False leaves out soft shorts and the disturbance of the area.

    Returns
    -------
    Solution

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` outside the range of validity, or when a limit is met at once, ``LI-TWIN-002`` when the
        integrator cannot go on.
    LibraryError
        For a name that the library does not have.
    """
    from lithiate.library import load_anode, load_composition, load_electrolyte, load_separator

    used = load_parameters(parameters) if isinstance(parameters, str) else parameters
    anode = load_anode(cell.anode) if isinstance(cell.anode, str) else cell.anode
    model = build_model(
        cell,
        experiment,
        anode,
        load_composition(anode),
        load_electrolyte(cell.electrolyte),
        load_separator(cell.separator),
        used,
    )
    run = _Run(model, cell, experiment, used, seed, tolerance, fixed_step, chance)
    plan = sampling or Sampling.default(experiment)
    run.cycle(plan, progress)
    samples = run.samples()
    if len(samples) < 2:
        raise SimulationError(
            "the test ends as soon as it begins",
            code="LI-TWIN-001",
            where=f"{experiment.kind}, {anode.name}",
            got=f"{STOP_REASONS[run.reason]}, at {run.out[OUT_VOLTAGE]:.3g} V",
            expected=f"a cell that carries the current; its voltage limit is {experiment.voltage_limit:g} V",
        )
    return Solution(
        cell=cell,
        anode=anode,
        experiment=experiment,
        parameters=used,
        seed=seed,
        samples=samples,
        half_cycle_ends=np.array(run.ends),
        states=np.array(run.states),
        initial_state=model.initial_state,
        intact_sites=np.array(run.intact_history),
        stopped_by=STOP_REASONS[run.reason],
        steps=run.steps,
    )


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


class _Run:
    """The moving parts of one simulation."""

    def __init__(
        self,
        model: Model,
        cell: SymmetricCell,
        experiment: Experiment,
        parameters: ParameterSet,
        seed: int,
        tolerance: float,
        fixed_step: float,
        chance: bool,
    ) -> None:
        self.model, self.experiment, self.parameters = model, experiment, parameters
        self.settings = np.array([tolerance, fixed_step])
        self.y = model.initial_state.copy()
        self.dy = np.zeros(STATES)
        self.scale = error_scale(
            experiment.areal_capacity,
            model.salt_per_cell,
            cell.electrolyte_volume,
            float(model.cell["initial_additive"]),
        )
        self.scratch = new_scratch()
        self.out = np.zeros(OUTPUTS)
        self.area = cell.area
        self.exposure = np.zeros(2)
        self.intact = np.ones(2)
        self.noise = np.zeros(2)
        # Two streams: the number of shorts must not change the disturbances that follow.
        self.noise_draws = np.random.default_rng([seed, 1])
        self.short_draws = np.random.default_rng([seed, 2])
        self.chance = chance
        self.limits = np.array([experiment.voltage_limit, np.inf, HARD_SHORT_SHARE])
        if chance:
            self.limits[1] = self.short_draws.standard_exponential()
        self.hard = False
        self.reason = COMPLETE
        self.steps = 0
        self.time = 0.0
        self.ends: list[float] = []
        self.states: list[NDArray[np.float64]] = []
        self.intact_history: list[NDArray[np.float64]] = []
        self._samples: list[NDArray[np.float64]] = []

    def samples(self) -> NDArray[np.float64]:
        """Return the sampled outputs (n, 2 + OUTPUTS): time, side that plates, outputs."""
        return np.concatenate(self._samples) if self._samples else np.zeros((0, 2 + OUTPUTS))

    def cycle(self, sampling: Sampling, progress: Callable[[float], None] | None) -> None:
        """Run all half cycles, or as many as the cell lasts."""
        count = self.experiment.half_cycles
        duration = self.experiment.half_cycle_duration
        first, later = sampling.offsets(0, duration), sampling.offsets(1, duration)
        last = count
        for k in range(count):
            if k >= last:
                break
            hard_before = self.hard
            ended = self._half_cycle(k % 2, later if k else first, progress)
            self.ends.append(self.time)
            self.states.append(self.y.copy())
            self.intact_history.append(self.intact.copy())
            if self.hard and not hard_before:
                last = min(count, k + 1 + HALF_CYCLES_AFTER_SHORT)
            if progress is not None:
                progress((k + 1) / count)
            if ended:
                return
        if self.hard:
            self.reason = SHORT_CIRCUIT

    def _half_cycle(self, plating: int, offsets: NDArray[np.float64], progress: Callable[[float], None] | None) -> bool:
        """Run one half cycle with electrode A (0) or B (1) plating; return whether the test ends with it."""
        duration = self.experiment.half_cycle_duration
        for offset in (0, PER_ELECTRODE):
            self.y[offset + Q_PIT] = self.y[offset + Q_ON_SITES] = self.y[offset + Q_ON_CARBON] = 0.0
        if self.chance:
            self.noise = NOISE_MEMORY * self.noise + 0.8 * self.noise_draws.standard_normal(2)
        drive = Drive(
            plating,
            self.experiment.current_density,
            self.model.electrodes,
            self.model.cell,
            self.intact,
            self.noise,
        )
        sampled = np.zeros((offsets.size, 1 + OUTPUTS))
        t, h, first, reason = 0.0, FIRST_STEP, 0, SHORT_BORN
        calls = 0
        while reason in (SHORT_BORN, PAUSED):
            calls += 1
            if calls > MOST_CALLS:
                reason = STEP_FAILED
                break
            if reason == PAUSED and progress is not None:
                progress(len(self.ends) / self.experiment.half_cycles)
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
                where=f"half cycle {len(self.ends) + 1}, {t:.6g} s",
                got=f"{h:.2g} s",
            )
        block = np.empty((first, 2 + OUTPUTS))
        block[:, 0] = self.time + sampled[:first, 0]
        block[:, 1] = plating
        block[:, 2:] = sampled[:first, 1:]
        if reason != COMPLETE:
            # the instrument records the moment at which it stops
            block = np.vstack([block, [self.time + t, plating, *self.out]])
        self._samples.append(block)
        self.time += duration if reason == COMPLETE else t
        self._fatigue(plating)
        if reason != COMPLETE:
            self.reason = reason
        return bool(reason != COMPLETE)

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
        self.limits[1:] = np.inf

    def _fatigue(self, plating: int) -> None:
        """Add what this half cycle did to the sites of the electrode that plated."""
        electrode = self.model.electrodes[plating]
        if electrode["is_host"] == 0.0:
            return
        y = self.y[PER_ELECTRODE * plating : PER_ELECTRODE * (plating + 1)]
        # as Python: handing records to compiled code costs more than this
        capacity = interior_capacity.py_func(
            float(electrode["initial_void"]),
            float(electrode["opened_fraction"]),
            float(electrode["initial_reservoir"] - y[Q_RESERVOIR]),
            float(self.model.cell["sei_swelling"]),
            float(y[Q_SEI_INTERIOR]),
        )
        amplitude = (y[Q_ON_SITES] + y[Q_ON_CARBON]) / capacity
        self.exposure[plating] += fatigue_increment(
            self.model.fatigue_rate, self.model.rigid_share, amplitude, self.model.fatigue_exponent
        )
        self.intact[plating] = intact_sites(self.exposure[plating], self.model.flaws, self.model.fatigue_exponent)
