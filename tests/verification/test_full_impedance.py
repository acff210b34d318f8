"""Impedance of full cells: the Jacobian of the compiled equations, limits, grids, causality."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lithiate.core.cell import FullCell
from lithiate.library import load_cathode, load_electrolyte, load_separator
from lithiate.twin.full_equations import full_right_hand_side
from lithiate.twin.full_impedance import full_cell_at_rest, full_impedance, relaxed
from lithiate.twin.full_model import build_full_model, new_full_scratch
from lithiate.twin.full_states import CATHODE_FILM, FULL_OUTPUTS, make_sizes
from lithiate.twin.impedance import NUMBERS, electrode_impedance
from lithiate.twin.lithium_cell import describe_full_anode
from lithiate.twin.parameters import load_parameters
from lithiate.twin.states import (
    EXCESS_SALT,
    OUT_PLATING,
    OUT_STRIPPING,
    OUT_VOLTAGE,
    Q_TOP,
    REST,
    SALT,
)

PARAMETERS = load_parameters().in_electrolyte("carbonate")
STOICHIOMETRY = 0.55
PROBE = 1e-2
"""Current density of the linear response [A/m2], and the step of numerical derivatives over the size of a state."""


class Bench:
    """A full cell with even salt and particles, taken apart; side reactions are off, so that no pore changes."""

    def __init__(self, particles=1, shells=20, cathode_cells=10, anode="Li foil", **cell):
        cell = FullCell(anode, **cell)
        electrolyte = load_electrolyte(cell.electrolyte)
        sizes = make_sizes(shells=shells, cathode=cathode_cells)
        model = build_full_model(
            cell, describe_full_anode(cell), load_cathode(cell.cathode), 298.15, electrolyte,
            load_separator(cell.separator), PARAMETERS, sizes=sizes,
        )  # fmt: skip
        self.model = model.with_particles(particles)
        for name in ("calendar_current", "galvanic_current"):
            self.model.electrodes[0][name] = 0.0
        self.model.cathode["cathode_loss_rate"] = self.model.cathode["shuttle_rate"] = 0.0
        self.sizes = self.model.sizes
        self.y = self.model.initial_state.copy()
        self.first = SALT + self.sizes.salt_cells
        whole = float(self.model.cathode["particle_capacity"]) / particles
        self.y[self.first :] = STOICHIOMETRY * whole / self.model.shells[1]
        self.y[Q_TOP] = 4000.0
        self.y[CATHODE_FILM] = 20e-4
        self.y = relaxed(self.model, self.y)

    def evaluate(self, y, current=0.0):
        """Return derivatives, and the voltage less what the lithium electrode takes, at a current that charges."""
        drive = self.model.drive(
            plating=0 if current > 0.0 else 1, current=abs(current), plating_loss=0.0, stripping_loss=0.0
        )
        if current == 0.0:
            drive = drive._replace(control=REST)
        dy, out, scratch = np.zeros(y.size), np.zeros(FULL_OUTPUTS), new_full_scratch(self.sizes)
        for _ in range(2):
            full_right_hand_side(y, drive, dy, out, scratch)
        return dy, out[OUT_VOLTAGE] - out[OUT_PLATING] + out[OUT_STRIPPING]

    def reference(self, frequency):
        """Return c (i w - J)^-1 b + d from numerical derivatives of the compiled equations: salt and cathode alone."""
        states = np.append(EXCESS_SALT, np.arange(SALT, self.y.size))
        jacobian, seen = np.empty((states.size, states.size)), np.empty(states.size)
        for k, state in enumerate(states):
            step = 1e-5 * self.y[state]
            sides = []
            for sign in (1.0, -1.0):
                moved = self.y.copy()
                moved[state] += sign * step
                sides.append(self.evaluate(moved))
            jacobian[:, k] = (sides[0][0] - sides[1][0])[states] / (2.0 * step)
            seen[k] = (sides[0][1] - sides[1][1]) / (2.0 * step)
        up, down = self.evaluate(self.y, PROBE), self.evaluate(self.y, -PROBE)
        driven, direct = (up[0] - down[0])[states] / (2.0 * PROBE), (up[1] - down[1]) / (2.0 * PROBE)
        one = np.eye(states.size)
        return np.array([seen @ np.linalg.solve(2j * math.pi * f * one - jacobian, driven) + direct for f in frequency])

    def at_rest(self):
        scratch, numbers = new_full_scratch(self.sizes), np.empty(NUMBERS)
        cathode = np.empty((3, self.sizes.cathode))
        ohmic, _, _ = full_cell_at_rest(self.y, self.model.drive(), scratch, numbers, cathode)
        return ohmic, numbers, scratch

    def without_lithium(self, frequency):
        """Return the impedance less that of the lithium electrode."""
        frequency = np.asarray(frequency)
        layer, film = PARAMETERS["double_layer_capacitance"], PARAMETERS["film_capacitance"]
        lithium = electrode_impedance(self.at_rest()[1], "", layer, film, 2.0 * math.pi * frequency)
        return full_impedance(self.model, self.y, PARAMETERS, frequency) - lithium


SLOW = np.logspace(-4, -1, 7)
"""Hz, well below the arcs."""


@pytest.mark.parametrize("particles", [1, 10])
def test_slow_impedance_is_that_of_the_compiled_equations(particles):
    cell = Bench(particles)
    found, expected = cell.without_lithium(SLOW), cell.reference(SLOW)
    print(np.abs(found / expected - 1.0))
    assert np.abs(found / expected - 1.0).max() < 1e-3
