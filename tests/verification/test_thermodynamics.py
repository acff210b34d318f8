"""No cell gives energy while it is cycled, and at small currents its voltage goes to zero."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.cell import SymmetricCell
from lithiate.core.protocol import Protocol
from lithiate.twin import solve
from lithiate.twin.states import OUT_CURRENT, OUT_VOLTAGE, PASSED

ANODES = ("Li foil", "HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "WN/Mo2N@HCN/Li")


def mean_voltages(solution, cycles):
    """Return the charge-weighted mean voltage along the polarity of the last cycles [V]."""
    start = solution.step_ends[-2 * cycles - 1]
    late = solution.samples[solution.samples[:, 0] > start]
    energy = np.trapezoid(late[:, 2 + OUT_VOLTAGE] * late[:, 2 + OUT_CURRENT], late[:, 0])
    return energy / (solution.states[-1, PASSED] - solution.states[-2 * cycles - 1, PASSED])


@pytest.mark.parametrize("anode", ANODES)
def test_cycling_costs_energy_at_every_current(cycling, anode):
    """The mean voltage is positive, rises with the current, and vanishes with it (RT/F is 26 mV)."""
    found = []
    for current in ("0.01 mA/cm^2", "0.05 mA/cm^2", "0.2 mA/cm^2", "1 mA/cm^2"):
        solution = solve(SymmetricCell(anode), cycling(15, current), chance=False)
        found.append(mean_voltages(solution, 3))
    assert np.all(np.array(found) > 0.0)
    assert np.all(np.diff(found) > 0.0)
    # a pitting barrier of the foil's native film stays at any current
    assert found[0] < (0.02 if anode == "Li foil" else 2e-3)


@pytest.mark.parametrize("anode", ["HCN/Li", "WN/Mo2N@HCN/Li"])
def test_no_row_of_a_cycled_host_gives_energy(cycling, anode):
    solution = solve(SymmetricCell(anode), cycling(10, "0.05 mA/cm^2"), chance=False)
    assert solution.samples[:, 2 + OUT_VOLTAGE].min() > 0.0


def test_a_cell_held_at_zero_only_evens_out():
    """Its electrodes differ after a cycle: a few uA/cm2 flow and fade, nothing else."""
    cycle = ["Plate at 1 mA/cm2 for 30 min", "Strip at 1 mA/cm2 for 30 min"]
    protocol = Protocol(steps=[*cycle, "Hold at 0 V for 1 hour"])
    solution = solve(SymmetricCell("WN/Mo2N@HCN/Li"), protocol, chance=False)
    held = solution.samples[solution.samples[:, 0] > solution.step_ends[1] + 600.0]
    current = np.abs(held[:, 2 + OUT_CURRENT])
    assert current.max() < 5e-2
    assert np.all(np.diff(current) <= 0.0)
    np.testing.assert_allclose(held[:, 2 + OUT_VOLTAGE], 0.0, atol=1e-8)
