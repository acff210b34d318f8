"""What the twin knows of each cycle of a full cell: resistances, amounts, and what has taken the capacity.

The split asks the twin itself: the cell is taken as it is before a cycle, the states of one cause are put back to what
they were before the first cycle, and the cycle is run. What that gives back is what the cause has taken. Causes need
not add up (two that act in series give back little alone): the rest is ``lost_interplay``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from lithiate.core.full_experiments import FullCycling
from lithiate.core.protocol import Step
from lithiate.twin.full_model import FullModel
from lithiate.twin.full_salt import LIQUID, lay_grid
from lithiate.twin.full_states import ACTIVE, CATHODE_FILM, SIDE_PRODUCTS, TRAPPED
from lithiate.twin.host import penetration
from lithiate.twin.impedance import (
    BARE_AREA,
    FRESH_FILM,
    INTERIOR_AREA,
    INTERIOR_FILM,
    INTERIOR_SHARE,
    LINE_RESISTANCE,
    NATIVE_FILM,
    NUMBERS,
    TOP_AREA,
    TOP_FILM,
    TRANSFER,
    electrode_at_rest,
)
from lithiate.twin.instrument import Sampling
from lithiate.twin.states import (
    ADDITIVE,
    ELECTROLYTE,
    EXCESS_SALT,
    METALLIC,
    Q_DEAD,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
    Q_TOP,
    ROUGHNESS,
    SALT,
    SHORT,
)

if TYPE_CHECKING:
    from lithiate.twin.full_cell import FullRun
    from lithiate.twin.full_solution import FullSolution

State = NDArray[np.float64]

SPLIT_CYCLES = (1, 10, 25, 50, 100, 200, 300, 400, 600, 800, 1000)
"""Cycles at which the loss is split, and the last."""


def cycle_table(solution: FullSolution) -> dict[str, NDArray[np.float64]]:
    """Return one value a cycle of each number, SI; those of the split are NaN but at `SPLIT_CYCLES` and the last.

    `cycle` counts charges that a discharge follows, after formation. Resistances are of the charged cell: the film of
    the lithium, and charge transfer of lithium and cathode, the latter at x = 1/2. Amounts are at the end of the cycle.
    ``lost_...`` are shares of the first discharge capacity.
    """
    begin = getattr(solution.experiment, "prelude_steps", 0)
    pairs = _cycles(solution.step_sides, begin)
    table: dict[str, Any] = {"cycle": np.arange(1.0, len(pairs) + 1.0)}
    resistances = np.array([_resistances(solution.model, solution.states[up]) for up, _ in pairs]).reshape(-1, 2)
    table["sei_resistance"], table["charge_transfer_resistance"] = resistances.T
    end = solution.states[[down for _, down in pairs]]
    table["electrolyte_left"] = end[:, ELECTROLYTE]
    table["lithium_left"] = end[:, list(METALLIC)].sum(axis=1)
    table["dead_lithium"] = end[:, Q_DEAD]
    table["sei_lithium"] = end[:, Q_SEI_TOP] + end[:, Q_SEI_INTERIOR]
    if isinstance(solution.experiment, FullCycling) and pairs:
        table |= _split(solution, pairs)
    return table


def _cycles(sides: NDArray[np.int64], begin: int) -> list[tuple[int, int]]:
    """Return the last steps of charge and discharge of each cycle, from a step on.

    A half cycle may have several steps, such as a hold; a discharge before the first charge belongs to no cycle.
    """
    pairs: list[tuple[int, int]] = []
    charged = -1
    for k in range(begin, len(sides)):
        if sides[k] == 1:
            charged = k
        elif sides[k] == 0 and charged >= 0:
            if pairs and pairs[-1][0] == charged:
                pairs.pop()
            pairs.append((charged, k))
    return pairs


def _resistances(model: FullModel, state: State) -> tuple[float, float]:
    """Return film and charge-transfer resistance of a charged cell [ohm m2]."""
    numbers, work = np.zeros(NUMBERS), np.zeros((11, model.sizes.salt_cells))
    wet, _, _ = lay_grid(state, model.drive(), work)
    electrode, cell, cathode = model.electrodes[0], model.cell, model.cathode
    electrode_at_rest(state, 0, electrode, cell, float(cell["concentration"]), wet, numbers)
    interior = numbers[INTERIOR_AREA] * numbers[INTERIOR_SHARE]
    if interior > 0.0:
        wall = numbers[INTERIOR_FILM] + numbers[TRANSFER]
        # a line of depth 1 whose pores have the resistance of the whole: the same ratio, tanh(nu)/nu
        interior *= penetration(1.0, numbers[INTERIOR_AREA], 1.0 / numbers[LINE_RESISTANCE], wall)
    areas = np.array([numbers[TOP_AREA], numbers[BARE_AREA], interior])
    films = np.array([numbers[TOP_FILM], numbers[NATIVE_FILM], numbers[INTERIOR_FILM] or numbers[FRESH_FILM]])
    conductance, area = float((areas / films).sum()), float(areas.sum())
    exchange = cathode["cathode_exchange_current"] * cathode["particle_surface"] * wet * state[ACTIVE]
    at_cathode = cell["thermal"] / exchange + state[CATHODE_FILM] / (cathode["particle_surface"] * wet * state[ACTIVE])
    if not conductance > 0.0:
        return np.nan, np.nan
    return 1.0 / conductance, float(numbers[TRANSFER] / area + at_cathode)


def _put_back(model: FullModel, fresh: State) -> Mapping[str, Callable[[State], None]]:
    """Return the causes of fade: name -> what puts its states back to those of the fresh state, in place."""
    first = SALT + model.sizes.salt_cells

    def copy(*indices: int) -> Callable[[State], None]:
        def put(state: State) -> None:
            state[list(indices)] = fresh[list(indices)]

        return put

    def material(state: State) -> None:
        state[first:] *= fresh[ACTIVE] / state[ACTIVE]
        state[[ACTIVE, TRAPPED]] = fresh[[ACTIVE, TRAPPED]]

    def electrolyte(state: State) -> None:
        copy(ELECTROLYTE, ADDITIVE)(state)
        work = np.zeros((11, model.sizes.salt_cells))
        lay_grid(state, model.drive(), work)
        concentration = float(model.cell["concentration"])
        state[SALT:first] = concentration * work[LIQUID]
        state[EXCESS_SALT] = concentration * max(state[ELECTROLYTE] - float(work[LIQUID].sum()), 0.0)

    def lithium(state: State) -> None:
        # Without lithium of its own, an anode has lost what the cathode no longer gets back.
        if model.electrodes[0]["initial_reservoir"] > 0.0:
            copy(*METALLIC)(state)
            return
        before, now = (each[list(METALLIC)].sum() + each[first:].sum() + each[TRAPPED] for each in (fresh, state))
        state[Q_TOP] += max(float(before - now), 0.0)

    def leak(state: State) -> None:
        state[SHORT] = 0.0
        state[SIDE_PRODUCTS] = fresh[SIDE_PRODUCTS]

    return {
        "cathode_loss": material,
        "cathode_film": copy(CATHODE_FILM),
        "anode_interphase": copy(Q_SEI_TOP, Q_SEI_INTERIOR, Q_DEAD, ROUGHNESS),
        "electrolyte": electrolyte,
        "lithium": lithium,
        "leak": leak,
    }


def _split(solution: FullSolution, pairs: Sequence[tuple[int, int]]) -> dict[str, NDArray[np.float64]]:
    count = len(pairs)
    wanted = sorted({n for n in SPLIT_CYCLES if n <= count} | {count})
    steps = list(solution.experiment.flatten())
    begin = getattr(solution.experiment, "prelude_steps", 0)
    per_cycle = solution.experiment.steps_per_cycle if isinstance(solution.experiment, FullCycling) else 2
    cycle = steps[begin : begin + per_cycle]
    fresh = solution.states[begin - 1] if begin else solution.initial_state
    causes = _put_back(solution.model, fresh)
    lost = {f"lost_{name}": np.full(count, np.nan) for name in (*causes, "interplay")}
    first = None
    for number in wanted:
        before = begin + (number - 1) * per_cycle
        state = solution.states[before - 1] if before else solution.initial_state
        intact = solution.intact_sites[before - 1] if before else np.ones(2)
        plain = _capacity(solution, state, intact, cycle)
        first = plain if first is None else first
        if first <= 0.0:
            break
        rest = first - plain
        for name, put in causes.items():
            other = state.copy()
            put(other)
            gained = _capacity(solution, other, intact, cycle) - plain
            lost[f"lost_{name}"][number - 1] = gained / first
            rest -= gained
        lost["lost_interplay"][number - 1] = rest / first
    return lost


def _capacity(solution: FullSolution, state: State, intact: NDArray[np.float64], cycle: Sequence[Step]) -> float:
    """Return the charge that one cycle discharges from a state, without chance [C/m2]."""
    from lithiate.twin.full_cell import FullRun, at_current

    assert isinstance(solution.experiment, FullCycling)
    model = evolve(solution.model, initial_state=state)
    one_cycle = evolve(solution.experiment, cycles=1)
    run: FullRun = FullRun.of_solution(solution, model, one_cycle)
    run.intact[:] = intact
    sampling, discharged = Sampling(points=2), 0.0
    for step in cycle:
        began = run.time
        ended = run.step(step, sampling, None)
        if step.action == "discharge":
            discharged += (run.time - began) * (at_current(step, model.one_c).current_density or 0.0)
        if ended:
            break
    return discharged
