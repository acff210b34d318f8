"""What experiments refuse, and that formation is not the test."""

from __future__ import annotations

import pytest

from lithiate.analysis import analyse
from lithiate.core.cell import PlatingCell, SymmetricCell
from lithiate.core.experiments import Impedance, Nucleation, PlatingEfficiency, SymmetricCycling, Tafel
from lithiate.core.protocol import Protocol, Repeat
from lithiate.errors import LithiateError, SimulationError, SpecError
from lithiate.twin import Instrument, Sampling, simulate, solve
from lithiate.twin.extrapolation import Extrapolation

ONE = {"current_density": "1 mA/cm^2", "areal_capacity": "1 mAh/cm^2"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: SymmetricCycling(**ONE, cycles=1.5),
        lambda: SymmetricCycling(**ONE, cycles=True),
        lambda: SymmetricCycling(**ONE, cycles="5"),
        lambda: SymmetricCycling(**ONE, cycles=0),
        lambda: Impedance(after_cycles=[0.5]),
        lambda: Impedance(after_cycles=[-1]),
        lambda: PlatingEfficiency(**ONE, method="aurbach"),
        lambda: Sampling(points=-3),
        lambda: Sampling(interval=-1.0),
        lambda: Instrument(voltage_noise=-1.0),
        lambda: Instrument(voltage_noise=float("nan")),
        lambda: Extrapolation(tolerance=0.0),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(SpecError) as caught:
        make()
    assert caught.value.code == "LI-SPEC-002"


def test_units_are_read_wherever_there_is_a_quantity():
    assert Sampling(interval="1 min").interval == 60.0
    assert Instrument(voltage_noise="1 mV").voltage_noise == pytest.approx(1e-3)
    assert Impedance(after_cycles=3).after_cycles == (3,)


@pytest.mark.parametrize("settings", [{"tolerance": -1.0}, {"tolerance": float("nan")}, {"seed": -1}])
def test_settings_of_the_integrator_are_checked(settings):
    with pytest.raises(SimulationError):
        solve(SymmetricCell("Li foil"), SymmetricCycling(**ONE, cycles=1), **settings)


def test_a_test_that_is_too_long_is_refused_at_once():
    endless = Protocol(steps=[Repeat([Repeat(["Rest for 1 h"], 100_000)], 100_000)])
    for experiment in (endless, SymmetricCycling(**ONE, cycles=10**12)):
        with pytest.raises(SimulationError, match="too long"):
            solve(SymmetricCell("Li foil"), experiment)


def test_formation_is_not_the_test():
    """The record begins with the test proper, so that its levels are those of the stated current."""
    formed = SymmetricCycling(**ONE, cycles=3, formation_cycles=2, rest_after_assembly="1 h")
    solution = solve(SymmetricCell("Li foil"), formed, chance=False)
    record = solution.record()
    assert record.time[0] < 1.0
    assert abs(record.areal_current).min() == pytest.approx(10.0)
    assert record.time[-1] == pytest.approx(6 * 3600.0)
    assert solution.step_ends[-1] > 10 * 3600.0
    assert len(analyse(record).half_cycles.number if hasattr(analyse(record).half_cycles, "number") else [0] * 6) == 6
    first = analyse(simulate(SymmetricCell("Li foil"), Nucleation(**ONE, formation_cycles=1)))
    assert first.nucleation_overpotential.value > 0.0


@pytest.mark.parametrize("experiment", [Impedance(after_cycles=[2]), Tafel(after_cycles=2, voltage_window="0.05 V")])
def test_plating_cells_are_cycled_by_voltage(experiment):
    """Strips of a surface without lithium of its own end at the cut-off, so that its cycles can go on."""
    if isinstance(experiment, Tafel):
        assert simulate(PlatingCell("Cu foil"), experiment).technique == "polarisation"
        return
    solution = solve(PlatingCell("Cu foil"), experiment)
    assert solution.stopped_by == "end of test"
    assert len(solution.step_ends) == 4


def test_a_fresh_collector_has_no_impedance():
    with pytest.raises(LithiateError, match="no lithium touches"):
        simulate(PlatingCell("Cu foil"), Impedance())
