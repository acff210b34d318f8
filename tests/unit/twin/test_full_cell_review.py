"""Cycles of full cells with holds, rests and formation; what takes capacity where no lithium is spare; wrong cells."""

from __future__ import annotations

import numpy as np
import pytest

import lithiate as li
from lithiate import experiments as ex
from lithiate.errors import SimulationError, SpecError
from lithiate.twin import solve
from lithiate.twin.fade import _cycles
from lithiate.twin.full_solution import cycle_of_step


def test_a_cycle_is_the_last_step_of_a_charge_and_of_the_discharge_after_it():
    assert _cycles(np.array([1, 1, -1, 0, -1, 1, 1, -1, 0, -1]), 0) == [(1, 3), (6, 8)]
    assert _cycles(np.array([0, 1, 0, 0, 1]), 0) == [(1, 3)]
    assert _cycles(np.array([1, 0, 1, 0]), 2) == [(2, 3)]


def test_steps_of_holds_rests_and_formation_belong_to_their_cycle():
    sides = np.array([-1, 1, 1, -1, 0, -1, 1, 1, -1, 0, -1, 1, 1, -1, 0, -1])
    assert [cycle_of_step(sides, 6, step) for step in (3, 6, 9, 10, 11, 14)] == [1, 1, 1, 1, 2, 2]


def test_resistances_of_held_cells_are_those_of_their_own_cycle():
    held = solve(li.FullCell("Li foil"), ex.FullCycling(cycles=6, hold_until_c_rate=0.1), chance=False)
    film = held.cycle_table()["sei_resistance"]
    last = solve(li.FullCell("Li foil"), ex.FullCycling(cycles=4, hold_until_c_rate=0.1), chance=False)
    assert film[:4] == pytest.approx(last.cycle_table()["sei_resistance"], rel=1e-6)
    assert np.ptp(film / solve(li.FullCell("Li foil"), ex.FullCycling(cycles=6)).cycle_table()["sei_resistance"]) < 0.02


def test_lost_lithium_is_named_where_the_anode_has_none_of_its_own():
    cell = li.FullCell("Li foil", anode_free=True)
    table = solve(cell, ex.AnodeFree(cycles=10), chance=False).cycle_table()
    shares = {name: values[-1] for name, values in table.items() if name.startswith("lost_")}
    assert max(shares, key=shares.__getitem__) == "lost_lithium"
    assert shares["lost_lithium"] > 0.2
    assert abs(shares["lost_interplay"]) < 0.05


def test_a_guarding_time_does_not_change_what_a_step_loses():
    found = [
        solve(li.FullCell("Li foil"), ex.Protocol(steps=[step]), chance=False).inventory()["sei_lithium"]
        for step in ("Charge at 1C until 4.3 V", "Charge at 1C for 10 h or until 4.3 V")
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-3)


@pytest.mark.parametrize(
    ("cell", "experiment"),
    [
        (li.FullCell("Li foil"), ex.Tafel()),
        (li.FullCell("Li foil"), ex.Impedance()),
        (li.SymmetricCell("Li foil"), ex.FullCycling(cycles=1)),
    ],
)
def test_experiments_of_another_kind_of_cell_are_refused(cell, experiment):
    with pytest.raises(SimulationError, match="another kind of cell"):
        solve(cell, experiment)


def test_a_state_of_charge_is_a_number():
    with pytest.raises(SpecError, match="must be a share"):
        ex.FullTafel(state_of_charge="50 %")
