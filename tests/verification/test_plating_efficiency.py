"""Coulombic efficiencies of the twin's plating cells, against the lithium that its books say was lost."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.core.cell import PlatingCell
from lithiate.core.experiments import PlatingEfficiency
from lithiate.twin import solve
from lithiate.twin.states import METALLIC, PER_ELECTRODE, Q_DEAD, Q_SEI_INTERIOR, Q_SEI_TOP


def lost(solution):
    """Lithium that the working electrode has lost at the end of each step [C/m2]."""
    working = solution.states[:, :PER_ELECTRODE]
    return working[:, Q_DEAD] + working[:, Q_SEI_TOP] + working[:, Q_SEI_INTERIOR]


def simulate(anode, method, rest):
    test = PlatingEfficiency(
        current_density="0.5 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=6, method=method, rest_after_plating=rest
    )
    return solve(PlatingCell(anode), test, seed=1)


@pytest.mark.parametrize("anode", ["Li foil", "WN/Mo2N@HCN/Li"])
@pytest.mark.parametrize("rest", [0.0, 86400.0])
def test_the_reservoir_method_finds_what_was_lost(anode, rest):
    solution = simulate(anode, "reservoir", rest)
    result = analyse(solution.record())
    assert result.method == "reservoir"
    books = lost(solution)
    before = 2 if rest else 1  # plate, rest, strip; then the reservoir
    plated = result.cycles.plated[1:].sum()
    known = 1.0 - (books[-1] - books[before]) / plated
    assert result.coulombic_efficiency.value == pytest.approx(known, abs=1e-4)
    assert known < 0.9999


@pytest.mark.parametrize("anode", ["Li foil", "WN/Mo2N@HCN/Li"])
def test_the_cycle_method_finds_what_was_lost_in_each_cycle(anode):
    solution = simulate(anode, "cycle", 0.0)
    result = analyse(solution.record())
    assert result.method == "cycle"
    # A cut-off leaves some lithium (here up to 0.1 % of a plating), which the next cycle finds.
    left = solution.states[:, list(METALLIC)].sum(axis=1)
    assert left[1::2].max() < 1e-2 * 36000.0
    books = np.concatenate([[0.0], (lost(solution) + left)[1::2]])
    known = 1.0 - np.diff(books) / result.cycles.plated
    np.testing.assert_allclose(result.cycles.coulombic_efficiency, known, atol=1e-4)
    assert known.min() < 0.9999


def test_one_plating_of_a_plating_cell_has_a_nucleation_overpotential():
    result = analyse(simulate("WN/Mo2N@HCN/Li", "cycle", 0.0).record(), kind="nucleation")
    assert 0.0 < result.nucleation_overpotential.value < 0.2
