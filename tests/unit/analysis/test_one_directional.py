"""A cell that was plated one way: one long half cycle with interruptions, and no cycles."""

import json

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.analysis.one_directional import count_interruptions
from lithiate.errors import AnalysisError

from .conftest import AREA, CURRENT


def plating(hours=20, sign=1.0, tip=2.0):
    """Rows each 10 s; every hour a spectrum of 8 s without rows, after which |V| begins anew at a quarter."""
    time, level = [], []
    for hour in range(hours):
        inside = np.arange(0.0, 3590.0, 10.0)
        time.append(hour * 3600.0 + inside)
        fresh = np.array([0.25, 0.7, 0.9]) if hour else np.array([0.5, tip, tip])
        level.append(np.append(fresh, np.ones(inside.size - 3)))
    return np.concatenate(time) + 1000.0, sign * 0.1 * np.concatenate(level)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("with_current", [True, False])
def test_plating_with_interruptions_is_one_half_cycle(make_record, sign, with_current):
    time, voltage = plating(sign=sign)
    current = np.full(time.size, sign * CURRENT)
    result = analyse(make_record(time, voltage, current if with_current else None))
    assert result.direction == result.to_dict()["direction"] == "one-directional"
    assert len(result.half_cycles) == 1
    assert len(result.cycles) == 0
    assert result.half_cycles.polarity[0] == sign
    assert result.half_cycles.complete[0]
    assert count_interruptions(result.half_cycles, time, voltage).tolist() == [19]
    (text,) = [text for text in result.warnings if "one sign throughout" in text]
    assert text.startswith("LI-W-ANA-071")
    assert "interrupted 19 times" in text
    json.dumps(result.to_dict(), allow_nan=False)


def test_what_needs_cycles_is_null_by_reason_and_the_plateau_is_given(make_record):
    time, voltage = plating()
    result = analyse(make_record(time, voltage, np.full(time.size, CURRENT)))
    for name in (
        "voltage_hysteresis",
        "voltage_hysteresis_late",
        "hysteresis_onset_time",
        "plateau_overpotential_late",
    ):
        estimate = getattr(result, name)
        assert estimate.value is None
        assert [warning.split()[0] for warning in estimate.warnings] == ["LI-W-ANA-071"]
    assert result.plateau_overpotential.value == pytest.approx(0.1)
    assert result.plateau_overpotential.conditions == {"half_cycle": 1.0}
    assert result.nucleation_overpotential.value == pytest.approx(0.1)
    assert result.time_to_short_circuit.censored == "right"
    assert result.cumulative_capacity.value == pytest.approx(CURRENT / AREA * (time[-1] - time[0]))


@pytest.mark.parametrize("with_current", [True, False])
def test_a_long_hole_is_no_on_time(make_record, with_current):
    time, voltage = plating()
    keep = (time < 1000.0 + 7 * 3600.0) | (time > 1000.0 + 10 * 3600.0)  # three hours of twenty are not recorded
    current = np.full(time.size, CURRENT)[keep] if with_current else None
    result = analyse(make_record(time[keep], voltage[keep], current))
    assert len(result.half_cycles) == 1
    assert result.half_cycles.on_time[0] == pytest.approx(17 * 3600.0, abs=60.0)
    assert result.half_cycles.duration[0] == pytest.approx(20 * 3600.0, abs=60.0)


def test_sparse_rows_of_a_flat_plateau_are_on_time(make_record):
    # Logged on change: crowded at the start, then a row an hour.
    time = np.append(np.linspace(0.0, 60.0, 500), 3600.0 * np.arange(1, 21))
    voltage = 0.05 + 0.05 * np.exp(-time / 10.0)
    result = analyse(make_record(time, voltage, np.full(time.size, CURRENT)))
    assert result.half_cycles.on_time[0] == pytest.approx(20 * 3600.0)


def test_recorded_rests_interrupt_one_plating(make_record):
    current = CURRENT * np.tile(np.repeat([1.0, 0.0], [50, 10]), 6)
    time = 60.0 * np.arange(current.size)
    voltage = np.where(current > 0.0, 0.1, 0.01)
    result = analyse(make_record(time, voltage, current))
    assert len(result.half_cycles) == 1
    assert count_interruptions(result.half_cycles, time, voltage).tolist() == [5]


def test_a_late_spike_is_no_nucleation_tip(make_record):
    time, voltage = plating(tip=1.0)
    spike = np.searchsorted(time, 1000.0 + 3.5 * 3600.0)
    voltage[spike] = 0.7
    estimate = analyse(make_record(time, voltage)).nucleation_overpotential
    assert estimate.value is None
    (text,) = [text for text in estimate.warnings if text.startswith("LI-W-ANA-072")]
    assert "3.5 h after the start" in text


def test_a_soft_short_that_returns_slowly_is_no_interruption(make_record):
    time, voltage = plating(hours=10)
    late = (time >= 1000.0 + 5.5 * 3600.0) & (time < 1000.0 + 5.8 * 3600.0)
    voltage[late] *= 0.4
    result = analyse(make_record(time, voltage))
    assert count_interruptions(result.half_cycles, time, voltage).tolist() == [9]


def test_a_cell_that_nothing_names_is_analysed_and_told(make_record):
    time, voltage = plating()
    result = analyse(make_record(time, voltage, cell=None))
    assert {"LI-W-ANA-003", "LI-W-ANA-071"} <= {text.split()[0] for text in result.warnings}


@pytest.mark.parametrize("half_cycles", [2, 3, 6])
def test_a_voltage_of_one_sign_under_current_of_both_is_refused(square_cell, make_record, half_cycles):
    # Graphite against lithium at 0.2 V: few half cycles tell it as well.
    time, voltage, current = square_cell(half_cycles=half_cycles).arrays()
    with pytest.raises(AnalysisError, match="does not look like a symmetric cell"):
        analyse(make_record(time, 0.2 + voltage, current, cell=None))
    assert analyse(make_record(time, 0.2 + voltage, current)).direction == "alternating"


@pytest.mark.parametrize("rows", [3, 10, 30, 1000])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("first", [3.7, 0.0, -0.01])
def test_a_high_voltage_of_one_sign_is_refused_however_short(make_record, rows, sign, first):
    time = 60.0 * np.arange(rows)
    voltage = np.full(rows, 3.7)
    voltage[0] = first if rows >= 30 else 3.7
    for current in (None, np.full(rows, 1e-3)):
        with pytest.raises(AnalysisError, match="does not look like a symmetric cell") as caught:
            analyse(make_record(time, sign * voltage, current, cell=None))
        assert "--cell full" in str(caught.value)
        assert 'cell="full" in Python' in str(caught.value)
        assert "symmetric analyses" not in str(caught.value)


def test_cycling_is_alternating(square_cell, make_record):
    result = analyse(make_record(*square_cell(half_cycles=2).arrays()))
    assert result.direction == "alternating"
    assert not [text for text in result.warnings if "LI-W-ANA-071" in text]
