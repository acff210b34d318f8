"""A stand-in for the twin: square waves of known height, so that studies can be tested in milliseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.errors import SimulationError

LEVELS = {"WN/Mo2N@HCN/Li": 8e-3, "Li foil": 20e-3}
"""Plateau |V| of the stand-in by anode [V] at the nominal parameters."""

STUDY = """\
schema_version = 1
title = "Stand-in"
seed = 3
anodes = ["WN/Mo2N@HCN/Li", "Li foil"]
ensemble_size = 3

[[experiments]]
name = "symmetric 1 mA"
kind = "symmetric-cycling"
current_density = "1 mA/cm^2"
areal_capacity = "1 mAh/cm^2"
cycles = 30
published = "symmetric 1 mA/cm2, 1 mAh/cm2, ether"

[[experiments]]
name = "first plating"
kind = "nucleation"
current_density = "1 mA/cm^2"
areal_capacity = "1 mAh/cm^2"
"""


class FakeSolution:
    """What the tests need of `lithiate.twin.Solution`."""

    def __init__(self, cell, experiment, parameters, seed):
        self.cell, self.experiment, self.parameters, self.seed = cell, experiment, parameters, seed
        self.stopped_by = "end of test"

    def record(self, instrument=None, *, cell_id=None):
        if self.cell.kind == "full":
            return full_record(self, cell_id)
        points, halves = 40, self.experiment.half_cycles
        duration = self.experiment.half_cycle_duration
        offsets = np.linspace(0.0, duration, points, endpoint=False) + 0.5 * duration / points
        time = (np.arange(halves)[:, None] * duration + offsets).ravel()
        sign = np.repeat(np.where(np.arange(halves) % 2 == 0, -1.0, 1.0), points)
        resistance = self.parameters["film_resistance"] / self.parameters.nominal_film_resistance
        voltage = LEVELS[self.cell.anode.name] * resistance * np.ones(time.size)
        voltage[:4] += 5e-3
        return CyclingRecord(
            specimen=Specimen(self.cell.anode.name, self.cell.anode.name, "symmetric", cell_id, self.cell.area),
            provenance=Provenance("simulated"),
            time=np.concatenate([[0.0], time, [halves * duration]]),
            voltage=np.concatenate([[sign[0] * voltage[0]], sign * voltage, [sign[-1] * voltage[-1]]]),
            current=np.concatenate([[sign[0]], sign, [sign[-1]]]) * self.experiment.current_density * self.cell.area,
        )

    def measurement(self, instrument=None, *, cell_id=None):
        return self.record(instrument, cell_id=cell_id)

    def __getattr__(self, name):
        if name == "cycle_table" and self.cell.kind == "full":
            return self._cycle_table
        raise AttributeError(name)

    def _cycle_table(self):
        number = np.arange(1.0, getattr(self.experiment, "cycles", 12) + 1.0)
        lost = FADE * (number - 1.0)
        film = np.full(number.size, 2e-3)
        return {"cycle": number, "lost_cathode": 0.75 * lost, "lost_polarisation": 0.25 * lost, "sei_resistance": film}

    def inventory(self):
        return {"dead_lithium": 36.0, "electrolyte_left": 3.0e-4}

    def used(self):
        return {"film_resistance": {"value": 1.0, "unit": "ohm cm^2", "status": "assumed", "source": "a test"}}


FULL_CAPACITY, FADE, CHARGE_LOST = 180.0, 1e-3, 0.01
"""The stand-in's first discharge [mAh/g], what each cycle loses of it, and what a charge takes in beyond it."""


def full_record(solution, cell_id):
    """Return square currents at the C-rates of the experiment: each cycle gives a known share of the first capacity.

    A cell whose film is more than nominal gives less, and ends after 45 cycles.
    """
    cell, experiment = solution.cell, solution.experiment
    share = solution.parameters["film_resistance"] / solution.parameters.nominal_film_resistance
    rates = [r for r in getattr(experiment, "c_rates", ()) for _ in range(experiment.cycles_per_rate)]
    rates = rates or [getattr(experiment, "c_rate", 1.0)] * getattr(experiment, "cycles", 2)
    rates = rates[:45] if share > 1.0 else rates
    one_c = cell.cathode_loading * 200.0 * cell.area
    time, voltage, current = [], [], []
    start = 0.0
    for number, rate in enumerate(rates):
        hours = FULL_CAPACITY / min(share, 1.05) * (1.0 - FADE * number) / 200.0 / rate
        for sign, length in ((1.0, hours / (1.0 - CHARGE_LOST)), (-1.0, hours)):
            part = np.linspace(0.0, 1.0, 40)
            time.append(start + 3600.0 * length * part)
            voltage.append(np.interp(sign * part, [-1.0, 0.0, 1.0], [3.0, 4.1, 4.3]) - (0.7 * (sign > 0) * (1 - part)))
            current.append(np.full(40, sign * rate * one_c))
            start = time[-1][-1] + 1e-3
    return CyclingRecord(
        specimen=Specimen(
            cell.anode.name,
            cell.anode.name,
            "full",
            cell_id,
            cell.area,
            cathode="NCM811",
            cathode_mass=cell.cathode_loading * cell.area,
        ),
        provenance=Provenance("simulated"),
        conditions={"nominal_capacity": cell.cathode_loading * 720000.0},
        time=np.concatenate(time),
        voltage=np.concatenate(voltage),
        current=np.concatenate(current),
    )


class _Parameters:
    """The nominal set beside one that was drawn: heights are their ratio."""

    def __init__(self, drawn, nominal):
        self.drawn, self.nominal_film_resistance = drawn, nominal["film_resistance"]

    def __getitem__(self, name):
        return self.drawn[name]


@pytest.fixture
def fake_twin(monkeypatch):
    """Replace the twin of studies; ``failing`` holds (anode, kind) that raise, ``calls`` the seeds by task."""
    return _install(monkeypatch)


@pytest.fixture(scope="module")
def fake_twin_of_module():
    """Replace the twin of studies for all tests of a module, which share one run."""
    with pytest.MonkeyPatch.context() as patch:
        yield _install(patch)


def _install(monkeypatch):
    from lithiate.twin.parameters import load_parameters

    class Twin:
        failing: set[tuple[str, str]] = set()
        calls: list[tuple[str, str, int]] = []

    twin = Twin()
    twin.failing, twin.calls = set(), []
    nominal = load_parameters("nominal")

    def solve(
        cell,
        experiment,
        *,
        parameters="nominal",
        seed=0,
        progress=None,
        tolerance=2e-5,
        sampling=None,
        closures=None,
        disabled_mechanisms=(),
    ):
        twin.calls.append((cell.anode.name, experiment.kind, seed))
        if (cell.anode.name, experiment.kind) in twin.failing:
            raise SimulationError("the step size fell below its limit", code="LI-TWIN-002", where="half cycle 1")
        if progress is not None:
            progress(0.5)
        return FakeSolution(cell, experiment, _Parameters(parameters, nominal), seed)

    monkeypatch.setattr("lithiate.study.simulate.solve", solve)
    return twin


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """A small study, valid as it stands."""
    path = tmp_path / "stand-in.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path
