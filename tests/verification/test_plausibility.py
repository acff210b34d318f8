"""Nominal parameters, 1 mA/cm2 and 1 mAh/cm2: the five anodes stand in the order that the literature gives.

No comparison with published numbers: those are in tests/validation.
"""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.cell import SymmetricCell
from lithiate.core.experiments import Nucleation
from lithiate.twin import solve
from lithiate.twin.states import OUT_PLATING, OUT_VOLTAGE

FOIL, CARBON, TUNGSTEN, MOLYBDENUM, COMPOSITE = "Li foil", "HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "WN/Mo2N@HCN/Li"
NAMES = (FOIL, CARBON, TUNGSTEN, MOLYBDENUM, COMPOSITE)


@pytest.fixture(scope="module")
def hysteresis(cycling):
    """Return 2<|V|> [V] of cycles 3 to 5."""
    found = {}
    for name in NAMES:
        solution = solve(SymmetricCell(name), cycling(5), chance=False)
        time, voltage = solution.samples[:, 0], solution.samples[:, 2 + OUT_VOLTAGE]
        late = time >= 4 * 3600.0
        found[name] = 2.0 * np.trapezoid(voltage[late], time[late]) / np.ptp(time[late])
    return found


@pytest.fixture(scope="module")
def nucleation():
    """Return tip minus plateau [V] of the first plating: (of the plating electrode alone, of the cell)."""
    found = {}
    for name in NAMES:
        solution = solve(
            SymmetricCell(name), Nucleation(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2"), chance=False
        )
        time = solution.samples[:, 0]
        found[name] = tuple(
            solution.samples[time < 600.0, 2 + index].max() - np.median(solution.samples[time > 1800.0, 2 + index])
            for index in (OUT_PLATING, OUT_VOLTAGE)
        )
    return found


def test_foil_has_the_largest_hysteresis(hysteresis):
    assert all(hysteresis[FOIL] > hysteresis[name] for name in NAMES if name != FOIL)


def test_composite_has_the_smallest_hysteresis_or_ties_with_molybdenum_nitride(hysteresis):
    """A tie is 10 %: both hold the same nitride volume, the composite trades lithiophilic for rigid nitride."""
    assert hysteresis[COMPOSITE] <= 1.1 * hysteresis[MOLYBDENUM]
    assert all(hysteresis[COMPOSITE] < hysteresis[name] for name in (FOIL, CARBON, TUNGSTEN))


def test_nucleation_overpotential_falls_with_lithiophilic_sites(nucleation):
    alone = {name: values[0] for name, values in nucleation.items()}
    assert alone[FOIL] > max(alone[CARBON], alone[TUNGSTEN])
    assert min(alone[CARBON], alone[TUNGSTEN]) > max(alone[COMPOSITE], alone[MOLYBDENUM])


def test_tungsten_nitride_nucleates_clearly_above_molybdenum_nitride(nucleation):
    """The failed check of the second prototype: WN came out nearly as lithiophilic as Mo2N."""
    assert nucleation[TUNGSTEN][0] > nucleation[MOLYBDENUM][0] + 2e-3
    assert nucleation[TUNGSTEN][0] > 2.0 * nucleation[MOLYBDENUM][0]
