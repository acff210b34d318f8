"""What no cell can be or do: it is refused, or ends as a physical event with its reason; never a NaN, never a hang."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lithiate.core.anode import Anode
from lithiate.core.cell import PlatingCell, SymmetricCell
from lithiate.core.experiments import (
    CriticalCurrent,
    Impedance,
    ImpedanceTemperature,
    PlatingEfficiency,
    SymmetricCycling,
)
from lithiate.core.protocol import Protocol
from lithiate.errors import DataError, LithiateError, SimulationError, SpecError
from lithiate.library import anode_with, load_anode
from lithiate.twin import simulate, solve

FOIL = SymmetricCell("Li foil")
COMPOSITE = "WN/Mo2N@HCN/Li"


def cycling(**changes):
    return SymmetricCycling(**{"current_density": "1 mA/cm^2", "areal_capacity": "1 mAh/cm^2", "cycles": 2, **changes})


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: solve(FOIL, cycling(current_density="5 A/cm^2")), SimulationError),
        (lambda: solve(FOIL, cycling(temperature="-200 degC")), SimulationError),
        (lambda: solve(FOIL, cycling(temperature="-300 degC")), LithiateError),
        (lambda: cycling(current_density=math.nan), SpecError),
        (lambda: cycling(areal_capacity=-1.0), SpecError),
        (lambda: cycling(current_density=math.inf), SpecError),
        (lambda: SymmetricCell("Li foil", electrolyte_volume="0 uL/cm^2"), SpecError),
        (lambda: SymmetricCell("Li foil", area="-1 cm^2"), SpecError),
        (lambda: solve(SymmetricCell("Li foil", electrolyte_volume="0.01 uL/cm^2"), cycling()), SimulationError),
        (lambda: solve(SymmetricCell("Li foil", stack_pressure="1 GPa"), cycling()), SimulationError),
        (lambda: solve(SymmetricCell("Li foil", electrolyte="water"), cycling()), LithiateError),
        (lambda: solve(SymmetricCell("Cu foil"), cycling()), SimulationError),
        (lambda: solve(SymmetricCell("gold"), cycling()), LithiateError),
        (lambda: anode_with(load_anode(COMPOSITE), {"host.pore_volume": "50 cm^3/g"}) and simulate_pores(), DataError),
        (lambda: CriticalCurrent(current_densities=[], areal_capacity="1 mAh/cm^2"), SpecError),
        (lambda: Impedance(highest_frequency="1 Hz", lowest_frequency="1 kHz"), SpecError),
        (lambda: simulate(FOIL, ImpedanceTemperature(temperatures=["25 degC", "200 degC"])), SimulationError),
        (lambda: Protocol(steps=["Plate at 0 mA/cm2 for 1 hour"]), SpecError),
        (lambda: Protocol(steps=["Dance for 1 hour"]), SpecError),
        (lambda: solve(FOIL, Protocol(steps=["Hold at 20 V for 1 hour"])), SimulationError),
    ],
)
def test_nonsense_is_refused(make, error):
    with pytest.raises(error) as caught:
        make()
    assert caught.value.code.startswith("LI-")


def simulate_pores():
    host = anode_with(load_anode(COMPOSITE), {"host.pore_volume": "50 cm^3/g"})
    return solve(SymmetricCell(host), cycling())


@pytest.mark.parametrize(
    ("cell", "experiment", "reasons"),
    [
        (SymmetricCell(Anode(name="thin", kind="foil", thickness=1e-6)), cycling(), {"lithium exhausted"}),
        (
            SymmetricCell("Li foil", separator="Celgard 2400"),
            cycling(current_density="10 mA/cm^2", areal_capacity="20 mAh/cm^2", temperature="10 degC", cycles=20),
            {"voltage limit", "salt depletion", "short circuit", "lithium exhausted", "end of test"},
        ),
        (FOIL, cycling(voltage_limit="1 mV"), None),
        (
            SymmetricCell(COMPOSITE, electrolyte_volume="4 uL/cm^2"),
            cycling(current_density="10 mA/cm^2", areal_capacity="10 mAh/cm^2", cycles=100),
            {"voltage limit", "salt depletion", "short circuit", "lithium exhausted", "end of test"},
        ),
        (
            PlatingCell("Cu foil", counter=Anode(name="thin", kind="foil", thickness=2e-6)),
            PlatingEfficiency(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=2),
            {"lithium exhausted", "voltage limit"},
        ),
    ],
)
def test_the_impossible_ends_with_its_reason(cell, experiment, reasons):
    """Inside the range of validity: an end that is an event, finite numbers up to it."""
    if reasons is None:
        with pytest.raises(SimulationError, match="ends as soon as it begins"):
            solve(cell, experiment)
        return
    solution = solve(cell, experiment)
    assert solution.stopped_by in reasons
    assert np.isfinite(solution.samples).all()
    assert np.isfinite(solution.states).all()
    assert np.isfinite(solution.record().voltage).all()


def test_a_sweep_of_a_cell_without_lithium_carries_no_current():
    """A copper electrode that never saw lithium: stripping gives nothing, plating does."""
    bare = PlatingCell("Cu foil")
    stripped = solve(bare, Protocol(steps=["Sweep from 0 V to 0.2 V at 1 mV/s"]))
    plated = solve(bare, Protocol(steps=["Sweep from 0 V to -0.2 V at 1 mV/s"]))
    assert np.isfinite(stripped.samples).all()
    assert np.abs(stripped.record().areal_current).max() < 1e-3
    assert np.abs(plated.record().areal_current).max() > 1.0
