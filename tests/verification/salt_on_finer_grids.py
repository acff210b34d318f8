"""Salt diffusion of the twin on finer grids, uncompiled: run in a process of its own by `test_space.py`.

The number of cells is a constant of the compiled code, so that it has to be set before anything else is imported, and
the compiler switched off. Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import numpy as np
from scipy.linalg import expm

import lithiate

# a bare package, whose own __init__ would import everything before the number of cells is set
package = types.ModuleType("lithiate.twin")
package.__path__ = [str(Path(lithiate.__file__).parent / "twin")]
sys.modules["lithiate.twin"] = package

import lithiate.twin.states as layout  # noqa: E402

FINER = int(sys.argv[1])
layout.DEAD_CELLS *= FINER
layout.SEPARATOR_CELLS *= FINER
layout.SALT_CELLS *= FINER
layout.STATES = layout.SALT + layout.SALT_CELLS
# uncompiled code reads fields as attributes only of records of this class
layout.CELL, layout.ELECTRODE = np.dtype((np.record, layout.CELL)), np.dtype((np.record, layout.ELECTRODE))

from lithiate.constants import FARADAY  # noqa: E402
from lithiate.core.cell import SymmetricCell  # noqa: E402
from lithiate.library import load_anode, load_composition, load_electrolyte, load_separator  # noqa: E402
from lithiate.twin.model import Described, build_model  # noqa: E402
from lithiate.twin.parameters import load_parameters  # noqa: E402
from lithiate.twin.salt import grid, salt_potentials, salt_states  # noqa: E402
from lithiate.twin.states import DEAD_CELLS, EXCESS_SALT, PER_ELECTRODE, Q_DEAD, SALT, SALT_CELLS, STATES  # noqa: E402

CURRENT = 20.0
DEAD_LITHIUM = 20000.0


def at_rest(thickness, area):
    """Return model and state of a foil cell with dead layers, salt even."""
    from attrs import evolve

    anode = load_anode("Li foil")
    described = Described(anode, load_composition(anode))
    separator = evolve(load_separator("Celgard 2400"), thickness=thickness)
    cell = SymmetricCell(anode, area=area, electrolyte_volume=max(3.5e-4, 3.0 * thickness))
    model = build_model(
        cell, (described, described), 298.15, load_electrolyte(cell.electrolyte), separator, load_parameters()
    )
    return model, model.initial_state.copy()


def with_dead_layers(model, state, amount):
    """Give both electrodes a dead layer, filled at the mean concentration."""
    state[[Q_DEAD, PER_ELECTRODE + Q_DEAD]] = amount
    work = np.zeros((6, SALT_CELLS))
    wet, slope, pores = grid(state, model.cell, model.electrodes, work[0], work[1], work[2])
    state[SALT:] = float(model.cell["concentration"]) * work[0]
    return work, (wet, slope, pores)


def operator(model, state, work, saturation, current):
    """Return matrix and source of the linear system of the salt and the excess."""

    def slopes(salt):
        y, dy = state.copy(), np.zeros(STATES)
        y[SALT:], y[EXCESS_SALT] = salt[:-1], salt[-1]
        salt_potentials(y, 1, model.cell, work)  # leaves the concentrations in `work`
        salt_states(y, 1, current, model.electrodes, model.cell, *saturation, work, dy)
        return np.append(dy[SALT:], dy[EXCESS_SALT])

    size = SALT_CELLS + 1
    source = slopes(np.zeros(size))
    matrix = np.column_stack([slopes(unit) - source for unit in np.eye(size)])
    return matrix, source


def evolve_salt(matrix, source, start, time):
    """Return exp(matrix t) start + integral of the source."""
    size = len(source)
    whole = np.zeros((size + 1, size + 1))
    whole[:size, :size], whole[:size, -1] = matrix * time, source * time
    return (expm(whole) @ np.append(start, 1.0))[:size]


def face_ratio(model, state, work, salt):
    """Return concentration at the faces of A and B over the mean, as the voltage uses it."""
    y = state.copy()
    y[SALT:] = salt[:-1]
    _, _, c_a, slope_a, c_b, slope_b = salt_potentials(y, 1, model.cell, work)
    mean = float(model.cell["concentration"])
    return (c_a + slope_a * CURRENT) / mean, (c_b + slope_b * CURRENT) / mean


def short_cell():
    """Transient and steady polarisation of an ordinary cell with dead layers."""
    model, state = at_rest(25e-6, 1.0)
    work, saturation = with_dead_layers(model, state, DEAD_LITHIUM)
    matrix, source = operator(model, state, work, saturation, CURRENT)
    start = np.append(state[SALT:], state[EXCESS_SALT])
    found = {}
    for time in (2.0, 5.0, 10.0, 100.0, 1e5):
        found[f"{time:g}"] = face_ratio(model, state, work, evolve_salt(matrix, source, start, time))
    return found


def long_cell():
    """Concentration at the face that plates in a cell so long that its other end is not felt, against Sand's law."""
    model, state = at_rest(4e-3, 1.0)
    work, saturation = with_dead_layers(model, state, 0.0)
    matrix, source = operator(model, state, work, saturation, CURRENT)
    start = np.append(state[SALT:], state[EXCESS_SALT])
    cell = model.cell
    porosity, tortuosity = float(cell["separator_porosity"]), float(cell["separator_tortuosity"])
    effective = float(cell["diffusivity"]) * porosity / tortuosity * saturation[0] ** float(cell["saturation_exponent"])
    storage = porosity * saturation[0]
    pull = (1.0 - float(cell["transference"])) * CURRENT / FARADAY
    sand = np.pi * effective * storage * (float(cell["concentration"]) / (2.0 * pull)) ** 2
    times = sand * np.array([0.05, 0.2, 0.5, 0.9])
    found = [face_ratio(model, state, work, evolve_salt(matrix, source, start, t))[1] for t in times]
    return {"sand": sand, "share": [0.05, 0.2, 0.5, 0.9], "face": found}


print(json.dumps({"cells": SALT_CELLS, "dead": DEAD_CELLS, "short": short_cell(), "long": long_cell()}))  # noqa: T201
