"""A bench that drives the twin's own functions: the right-hand side, and half cycles at the shipped tolerance."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.cell import FullCell, SymmetricCell
from lithiate.core.experiments import SymmetricCycling
from lithiate.core.protocol import Protocol, parse_step
from lithiate.library import load_anode, load_cathode, load_composition, load_electrolyte, load_separator
from lithiate.twin.closures import Choices
from lithiate.twin.equations import right_hand_side
from lithiate.twin.events import EXHAUSTION_CHARGE, HARD_SHORT_SHARE
from lithiate.twin.full_cell import FullRun, at_current
from lithiate.twin.full_model import build_full_model, new_full_scratch
from lithiate.twin.host import interior_capacity
from lithiate.twin.lithium_cell import (
    DEFAULT_TOLERANCE,
    FIRST_STEP,
    FULL_CELL_TOLERANCE,
    describe_full_anode,
    new_scratch,
)
from lithiate.twin.mechanics import fatigue_increment, intact_sites
from lithiate.twin.model import Described, build_model, loss_factors
from lithiate.twin.parameters import load_parameters
from lithiate.twin.solver import PAUSED, error_scale, half_cycle
from lithiate.twin.states import (
    CURRENT,
    OUTPUTS,
    PER_ELECTRODE,
    Q_ON_CARBON,
    Q_ON_SITES,
    Q_PIT,
    Q_RESERVOIR,
    Q_SEI_INTERIOR,
    STATES,
    Drive,
)

collect_ignore = ["salt_on_finer_grids.py"]
"""A script that `test_space.py` runs in a process of its own."""

ANODES = ("Li foil", "HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "WN/Mo2N@HCN/Li")


class Bench:
    """One cell, taken apart: state and buffers in the open, no chance events.

    Between half cycles it does what the twin's documentation says: the progress of nucleation and pitting begins anew,
    and the sites of the electrode that plated fatigue by what went into the interior.
    """

    def __init__(self, anode, experiment, parameters="nominal", **cell):
        self.cell = SymmetricCell(load_anode(anode) if isinstance(anode, str) else anode, **cell)
        self.experiment = experiment
        if isinstance(parameters, str):
            parameters = load_parameters(parameters)
        described = Described(self.cell.anode, load_composition(self.cell.anode))
        self.model = build_model(
            self.cell,
            (described, described),
            experiment.temperature,
            load_electrolyte(self.cell.electrolyte),
            load_separator(self.cell.separator),
            parameters,
        )
        self.losses = loss_factors(next(experiment.flatten()), parameters, Choices())
        self.current = experiment.current_density
        self.duration = experiment.half_cycle_duration
        self.scale = error_scale(
            experiment.areal_capacity,
            self.model.salt_per_cell,
            self.cell.electrolyte_volume,
            float(self.model.cell["initial_additive"]),
        )
        self.y = self.model.initial_state.copy()
        self.intact, self.exposure, self.noise = np.ones(2), np.zeros(2), np.zeros(2)
        self.guess = np.array([0.01, 0.01])
        self._dy, self._out = np.zeros(STATES), np.zeros(OUTPUTS)
        self._scratch = new_scratch()._replace(guess=self.guess)

    def drive(self, plating, current=None):
        """Return what is constant over a half cycle."""
        return Drive(
            plating,
            float(current or self.current),
            self.model.electrodes,
            self.model.cell,
            self.intact,
            self.noise,
            CURRENT,
            0.0,
            *self.losses,
        )

    def evaluate(self, y, plating, current=None):
        """Return derivatives (STATES,) and outputs (OUTPUTS,) at a state.

        The scalar solves stop at a share of the current and correct once more. A second call starts at the first one's
        solution, so that an oracle sees a right-hand side that is exact to rounding.
        """
        for _ in range(2):
            right_hand_side(y, self.drive(plating, current), self._dy, self._out, self._scratch)
        return self._dy.copy(), self._out.copy()

    def begin(self):
        """Reset what begins anew in each half cycle."""
        for offset in (0, PER_ELECTRODE):
            self.y[[offset + Q_PIT, offset + Q_ON_SITES, offset + Q_ON_CARBON]] = 0.0

    def advance(self, y, plating, duration, offsets=(), *, tolerance=DEFAULT_TOLERANCE, fixed_step=0.0, guess=None):
        """Integrate `y` in place through a half cycle; return (reason, samples (n, 1 + OUTPUTS), steps)."""
        offsets = np.array(offsets, dtype=float)
        sampled = np.zeros((offsets.size, 1 + OUTPUTS))
        t, h, filled, steps, reason = 0.0, FIRST_STEP, 0, 0, PAUSED
        dy, out = np.zeros(STATES), np.zeros(OUTPUTS)
        scratch = self._scratch if guess is None else self._scratch._replace(guess=guess)
        while reason == PAUSED:
            reason, t, h, filled, done = half_cycle(
                y, dy, t, float(duration), h, np.array([tolerance, fixed_step]),
                np.array([self.experiment.voltage_limit, np.inf, HARD_SHORT_SHARE, EXHAUSTION_CHARGE, -np.inf]),
                self.drive(plating), self.scale,
                offsets, filled, sampled, out, scratch,
            )  # fmt: skip
            steps += done
        return reason, sampled[:filled], steps

    def fatigue(self, plating):
        """Add what a half cycle did to the sites of the electrode that plated."""
        electrode = self.model.electrodes[plating]
        if electrode["is_host"] == 0.0:
            return
        y = self.y[PER_ELECTRODE * plating : PER_ELECTRODE * (plating + 1)]
        capacity = interior_capacity(
            float(electrode["initial_void"]),
            float(electrode["opened_fraction"]),
            float(electrode["initial_reservoir"] - y[Q_RESERVOIR]),
            float(self.model.cell["sei_swelling"]),
            float(y[Q_SEI_INTERIOR]),
        )
        exponent = self.model.fatigue_exponent
        amplitude = float(y[Q_ON_SITES] + y[Q_ON_CARBON]) / capacity
        self.exposure[plating] += fatigue_increment(
            self.model.fatigue_rate, self.model.rigid_share[plating], amplitude, exponent
        )
        self.intact[plating] = intact_sites(self.exposure[plating], self.model.flaws, exponent)


class FullBench:
    """A full cell, taken apart: the run that `solve` would make, with its state in the open and no chance events.

    `one` says whether one particle stands for the cathode; `change` is called with the model before the run is made.
    """

    def __init__(self, anode="Li foil", *, one=True, sizes=None, off=(), change=None, temperature=298.15, **cell):
        cell = FullCell(anode, **cell)
        parameters = load_parameters().in_electrolyte(load_electrolyte(cell.electrolyte).family)
        choices = Choices(disabled_mechanisms=off)
        cathode = load_cathode(cell.cathode) if isinstance(cell.cathode, str) else cell.cathode
        model = build_full_model(
            cell, describe_full_anode(cell), cathode, temperature,
            load_electrolyte(cell.electrolyte), load_separator(cell.separator), parameters, choices, sizes,
        )  # fmt: skip
        if change is not None:
            change(model)
        self.model = model if one else model.with_particles(model.sizes.cathode)
        self.sizes, self.cathode = self.model.sizes, cathode
        steps = [parse_step("Charge at 1 C until 4.3 V"), parse_step("Discharge at 1 C until 2.8 V")]
        distinct = {at_current(step, model.one_c) for step in steps}
        usual = choices.parameters(parameters)
        self.run = FullRun(self.model, cell, Protocol(steps=steps), distinct, usual, choices, 0, False)
        self.run.switches, self.run.window = False, cathode.voltage_window
        self.y, self.scale = self.run.y, self.run.scale

    def begin(self, text):
        """Begin a step in words: what begins anew in each half cycle is reset; return its part."""
        (part,) = self.run._parts_of(parse_step(text))
        self.run._begin(part)
        return part

    def evaluate(self, y, part):
        """Return derivatives and outputs at a state; twice, since a search may stop at a share and correct once more.

        A half cycle of no length is one evaluation, of the very code that integrates.
        """
        run, state, dy, nothing = self.run, y.copy(), np.zeros_like(y), np.zeros((0, 1 + self.run.out.size))
        for _ in range(2):
            half_cycle(
                state, dy, 0.0, 0.0, FIRST_STEP, run.settings, run.limits, run._drive(part), self.scale, nothing[:, 0],
                0, nothing, run.out, run.scratch,
            )  # fmt: skip
        return dy, run.out.copy()

    def advance(self, y, part, duration, offsets=(), *, tolerance=FULL_CELL_TOLERANCE, fixed_step=0.0):
        """Integrate `y` in place; return (reason, time, samples (n, 1 + outputs), steps)."""
        run, offsets = self.run, np.array(offsets, dtype=float)
        sampled = np.zeros((offsets.size, 1 + run.out.size))
        t, h, filled, steps, reason = 0.0, FIRST_STEP, 0, 0, PAUSED
        dy, guess = np.zeros_like(y), run.scratch.guess.copy()
        while reason == PAUSED:
            reason, t, h, filled, done = half_cycle(
                y, dy, t, float(duration), h, np.array([tolerance, fixed_step]), run.limits, run._drive(part),
                self.scale, offsets, filled, sampled, run.out, run.scratch,
            )  # fmt: skip
            steps += done
        run.scratch.guess[:] = guess
        return reason, t, sampled[:filled], steps

    def fresh_scratch(self):
        """Return memory that belongs to nobody."""
        return new_full_scratch(self.sizes)


@pytest.fixture(scope="session")
def full_bench():
    """Return the maker of benches of full cells."""
    return FullBench


@pytest.fixture(scope="session")
def bench():
    """Return the maker of benches: `bench(anode, experiment, parameters="nominal", **cell)`."""
    return Bench


@pytest.fixture(scope="session")
def cycling():
    """Return the maker of experiments: cycles at 1 mA/cm2 and 1 mAh/cm2 unless said otherwise."""

    def make(cycles=10, current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", **conditions):
        return SymmetricCycling(
            current_density=current_density, areal_capacity=areal_capacity, cycles=cycles, **conditions
        )

    return make


@pytest.fixture(params=ANODES)
def anode(request):
    """Name of each of the five anodes."""
    return request.param
