"""Resistances at steps of the current of an R-RC circuit, whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis.current_steps import find_current_steps
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.errors import AnalysisError

OHMIC, SLOW, TIME_CONSTANT, REST_VOLTAGE = 0.05, 0.03, 8.0, 3.7


def record(time, voltage, current):
    return CyclingRecord(
        specimen=Specimen("cell", cell="full"),
        provenance=Provenance("measured"),
        time=time,
        voltage=voltage,
        current=current,
    )


def circuit(levels, *, interval=1.0, noise=0.0, seed=0):
    """A cell of one resistance and one RC; each level is (current, duration), rows at both ends of each."""
    times, voltages, currents, begin, slow = [], [], [], 0.0, 0.0
    for current, duration in levels:
        at = np.append(np.arange(0.0, duration * (1.0 - 1e-9), interval), duration)
        decay = np.exp(-at / TIME_CONSTANT)
        branch = slow * decay + SLOW * current * (1.0 - decay)
        times.append(begin + at)
        voltages.append(REST_VOLTAGE + OHMIC * current + branch)
        currents.append(np.full(at.size, current))
        begin, slow = begin + duration, float(branch[-1])
    voltage = np.concatenate(voltages)
    voltage = voltage + noise * np.random.default_rng(seed).normal(size=voltage.size)
    return record(np.concatenate(times), voltage, np.concatenate(currents))


LEVELS = ((0.0, 120.0), (1.0, 120.0), (0.0, 120.0), (-2.0, 120.0), (-1.0, 120.0), (0.0, 120.0))


def test_every_step_of_a_circuit_has_its_resistances():
    steps = find_current_steps(circuit(LEVELS))
    assert steps.direction.tolist() == [
        "rest to charge",
        "charge to rest",
        "rest to discharge",
        "discharge to discharge",
        "discharge to rest",
    ]
    np.testing.assert_allclose(steps.time, [120.0, 240.0, 360.0, 480.0, 600.0])
    np.testing.assert_allclose(steps.current_before, [0.0, 1.0, 0.0, -2.0, -1.0])
    np.testing.assert_allclose(steps.current_after, [1.0, 0.0, -2.0, -1.0, 0.0])
    np.testing.assert_allclose(steps.sampling_delay, 0.0)
    np.testing.assert_allclose(steps.resistance, OHMIC, rtol=1e-6)
    later = (
        (1.0, steps.resistance_after_one_second),
        (10.0, steps.resistance_after_ten_seconds),
        (30.0, steps.resistance_after_thirty_seconds),
    )
    for delay, found in later:
        np.testing.assert_allclose(found, OHMIC + SLOW * (1.0 - np.exp(-delay / TIME_CONSTANT)), rtol=1e-5)
    assert (steps.cycle == 0).all()


def test_a_late_first_row_says_how_late_it_is():
    """Rows every 20 s, the switch in between: no value is told for 1 and 10 s."""
    whole = circuit(LEVELS, interval=1.0)
    kept = np.flatnonzero((whole.time - 10.0) % 20.0 == 0.0)
    steps = find_current_steps(record(whole.time[kept], whole.voltage[kept], whole.current[kept]))
    assert len(steps) == 5
    np.testing.assert_allclose(steps.sampling_delay, 20.0)
    np.testing.assert_allclose(steps.resistance, OHMIC + SLOW * (1.0 - np.exp(-10.0 / TIME_CONSTANT)), rtol=0.01)
    assert np.isnan(steps.resistance_after_one_second).all()
    assert np.isnan(steps.resistance_after_ten_seconds).all()


def test_the_uncertainty_is_the_scatter():
    errors, said = [], []
    for seed in range(60):
        steps = find_current_steps(circuit(LEVELS, noise=1e-3, seed=seed))
        assert len(steps) == 5
        errors.append(steps.resistance - OHMIC)
        said.append(steps.uncertainty)
    ratio = np.array(errors) / np.array(said)
    assert 0.85 < np.sqrt(np.mean(ratio**2)) < 1.15
    assert (np.abs(ratio) < 1.96).mean() == pytest.approx(0.95, abs=0.03)


def test_a_switch_to_a_limit_of_the_voltage_is_no_step():
    """A charge goes over into a hold, whose current falls; then a rest, which is a step."""
    hold = np.arange(0.0, 601.0, 20.0)
    falling = np.exp(-hold / 200.0)
    time = np.concatenate([np.arange(0.0, 600.0, 20.0), 600.0 + hold, 1200.0 + np.arange(0.0, 61.0, 1.0)])
    current = np.concatenate([np.ones(30), falling, np.zeros(61)])
    voltage = np.concatenate([np.linspace(4.0, 4.2, 30), np.full(31, 4.2), np.full(61, 4.2 - OHMIC * falling[-1])])
    steps = find_current_steps(record(time, voltage, current))
    assert steps.direction.tolist() == ["charge to rest"]
    assert steps.resistance[0] == pytest.approx(OHMIC, rel=1e-6)


def test_pulses_of_one_row_are_steps():
    """Two rows a period, as of a pulse test that writes the end of each level: 200 periods, 1.7 and 0.1 A."""
    current = np.tile([-0.1, -1.7], 200)
    time = 0.5 * np.arange(400.0)
    voltage = 4.0 - 1e-5 * time + OHMIC * current
    steps = find_current_steps(record(time, voltage, current))
    assert len(steps) > 390
    np.testing.assert_allclose(steps.resistance, OHMIC, rtol=1e-3)
    assert set(steps.direction.tolist()) == {"discharge to discharge"}


def test_noise_of_the_current_makes_no_steps():
    time = np.arange(5000.0)
    current = 1.0 + 5e-3 * np.random.default_rng(2).normal(size=time.size)
    assert len(find_current_steps(record(time, 3.5 + 1e-4 * time, current))) == 0


def test_an_instrument_that_ramps_makes_one_step_of_a_few_rows():
    time = np.concatenate([np.arange(0.0, 60.0), 60.0 + np.array([0.0, 0.1, 0.2]), 61.0 + np.arange(0.0, 60.0)])
    current = np.concatenate([np.zeros(60), [0.3, 0.7, 1.0], np.ones(60)])
    steps = find_current_steps(record(time, REST_VOLTAGE + OHMIC * current, current))
    assert len(steps) == 1
    assert steps.current_after[0] == 1.0
    assert steps.resistance[0] == pytest.approx(OHMIC, rel=1e-6)


def test_steps_belong_to_the_cycle_that_they_begin_or_lie_in():
    whole = circuit([(0.0, 60.0), *[(1.0, 100.0), (-1.0, 100.0)] * 3, (0.0, 60.0)])
    start, end = np.array([60.0, 260.0, 460.0]), np.array([260.0, 460.0, 660.0])
    steps = find_current_steps(whole, start, end)
    assert steps.cycle.tolist() == [1, 1, 2, 2, 3, 3, 3]


def test_records_without_steps_or_current():
    time = np.arange(100.0)
    assert len(find_current_steps(record(time, np.full(100, 3.7), np.ones(100)))) == 0
    assert len(find_current_steps(record(time, np.full(100, 3.7), np.zeros(100)))) == 0
    with pytest.raises(AnalysisError, match="current column"):
        find_current_steps(evolve(record(time, np.full(100, 3.7), np.ones(100)), current=None))
