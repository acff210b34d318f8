"""A real Li||Li record with a gel polymer electrolyte: voltage against time, no current column, no area."""

import numpy as np
import pytest

import lithiate.readers
from lithiate.analysis import analyse

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def record(shared_data):
    (path,) = (shared_data / "lithium_symmetric" / "gel_polymer").glob("*.csv")
    return lithiate.readers.read(path)


@pytest.fixture(scope="module")
def result(record):
    return analyse(record)


def test_the_record_is_the_one_that_is_described(record):
    assert record.time.size == 57820
    assert record.current is None
    # The description's numbers are medians over rows, which crowd where the voltage changes fast.
    magnitude, hours = np.abs(record.voltage), record.time / 3600.0
    assert np.median(magnitude[hours < 100.0]) == pytest.approx(0.1749, rel=0.03)
    assert np.median(magnitude[hours > 600.0]) == pytest.approx(0.1842, rel=0.03)


def test_half_cycles(result):
    assert abs(len(result.half_cycles) - 1400) <= 2
    assert np.median(result.half_cycles.duration) / 3600.0 == pytest.approx(0.5, rel=1e-3)
    assert len(result.cycles) == pytest.approx(700, abs=1)
    np.testing.assert_array_equal(result.half_cycles.polarity[:4], [1, -1, 1, -1])


@pytest.mark.parametrize(
    ("name", "cycles"), [("plateau_overpotential", slice(4, 24)), ("plateau_overpotential_late", slice(-20, None))]
)
def test_plateaus_equal_a_plain_computation(record, result, name, cycles):
    """The same definition the long way: interpolate each half cycle between its sign changes on an even grid."""
    switch = np.flatnonzero(np.diff(np.sign(record.voltage)) != 0)
    edges = np.concatenate([[0], switch + 1, [record.time.size]])
    plateau = []
    for first, end in zip(edges[:-1], edges[1:], strict=True):
        time, voltage = record.time[first:end], np.abs(record.voltage[first:end])
        grid = time[0] + (time[-1] - time[0]) * np.linspace(0.25, 0.75, 2001)
        plateau.append(np.median(np.interp(grid, time, voltage)))
    expected = np.median(np.reshape(plateau[:1400], (-1, 2)).mean(axis=1)[cycles])
    assert getattr(result, name).value == pytest.approx(expected, rel=2e-3)


def test_hysteresis_equals_a_plain_trapezoid(record, result):
    whole = (record.time >= result.cycles.start[4]) & (record.time <= result.cycles.end[23])
    time, magnitude = record.time[whole], np.abs(record.voltage[whole])
    mean = np.sum(0.5 * (magnitude[1:] + magnitude[:-1]) * np.diff(time)) / (time[-1] - time[0])
    assert result.voltage_hysteresis.value == pytest.approx(2.0 * mean, rel=3e-3)


def test_nothing_fails_within_the_record(result):
    for event in (result.hysteresis_onset_time, result.time_to_short_circuit):
        assert (event.value, event.censored, event.censored_by) == (None, "right", "end of test")
        assert event.interval[0] / 3600.0 == pytest.approx(700.0, abs=1.0)


def test_what_needs_an_area_or_a_current_is_null(result):
    assert result.half_cycles.charge is None
    assert result.half_cycles.areal_charge is None
    assert "not tested" in result.soft_short_floor
    assert result.nucleation_overpotential.value == 0.0  # the voltage only rises
