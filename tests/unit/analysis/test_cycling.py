import numpy as np
import pytest

from lithiate.analysis.cycling import HalfCycleFlag, segment_half_cycles
from lithiate.core.measurement import RowFlag
from lithiate.errors import AnalysisError

from .conftest import AREA, CURRENT


def test_square_wave_gives_exact_numbers(square_cell):
    cell = square_cell(half_cycles=10)
    time, voltage, current = cell.arrays()
    found = segment_half_cycles(time, voltage, current, area=AREA)
    assert len(found) == 10
    inner = slice(1, -1)
    np.testing.assert_array_equal(found.polarity, np.tile([1, -1], 5))
    np.testing.assert_allclose(found.duration[inner], 3600.0, rtol=1e-12)
    np.testing.assert_allclose(found.start[inner], 3600.0 * np.arange(1, 9), rtol=1e-12)
    np.testing.assert_allclose(found.charge[inner], CURRENT * 3600.0, rtol=1e-12)
    np.testing.assert_allclose(found.areal_charge[inner], 36000.0, rtol=1e-12)  # 1 mAh/cm2
    np.testing.assert_allclose(found.energy[inner], CURRENT * 0.05 * 3600.0, rtol=1e-12)
    for name in ("mean_absolute_voltage", "plateau", "tip", "end_voltage"):
        np.testing.assert_allclose(getattr(found, name), 0.05, rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(found.arc_height, 0.0, atol=1e-15)
    np.testing.assert_allclose(found.mean_sampling_uncertainty, 0.0, atol=1e-15)
    np.testing.assert_array_equal(found.first_row, 60 * np.arange(10))
    np.testing.assert_array_equal(found.last_row, 60 * np.arange(10) + 59)
    assert not found.flags.any()


def test_without_current_or_area_what_needs_them_is_none(square_cell):
    time, voltage, current = square_cell(half_cycles=4).arrays()
    no_current = segment_half_cycles(time, voltage, area=AREA)
    assert (no_current.charge, no_current.areal_charge, no_current.energy) == (None, None, None)
    no_area = segment_half_cycles(time, voltage, current)
    assert no_area.areal_charge is None
    assert no_area.charge is not None


@pytest.mark.parametrize("with_current", [True, False])
def test_a_tent_has_its_tip_plateau_arc_and_mean(square_cell, with_current):
    # Height 1 + share: the tip is taken before 25 %, the plateau is the middle, the arc is the end over the plateau.
    cell = square_cell(half_cycles=6, rows_per_half=100)
    time, voltage, current = cell.arrays(lambda share, half: 1.0 + share)
    found = segment_half_cycles(time, voltage, current if with_current else None)
    inner = slice(1, -1)
    np.testing.assert_allclose(found.mean_absolute_voltage[inner], 0.05 * 1.5, rtol=1e-12)
    np.testing.assert_allclose(found.plateau[inner], 0.05 * 1.5, rtol=1e-9)
    np.testing.assert_allclose(found.tip[inner], 0.05 * 1.245, rtol=1e-12)
    np.testing.assert_allclose(found.arc_height[inner], 0.05 * 0.495, rtol=1e-9)
    np.testing.assert_allclose(found.end_voltage[inner], 0.05 * 1.995, rtol=1e-12)


@pytest.mark.parametrize("with_current", [True, False])
def test_plateau_and_mean_do_not_depend_on_where_the_rows_lie(with_current):
    # A line from 50 to 100 mV in each half cycle, logged in rows that crowd at its beginning, with a row at each edge.
    share = np.linspace(0.0, 1.0, 61) ** 3
    time = np.concatenate([3600.0 * (half + share) for half in range(8)])
    sign = np.repeat(np.tile([1.0, -1.0], 4), share.size)
    voltage = sign * np.tile(0.05 * (1.0 + share), 8)
    found = segment_half_cycles(time, voltage, sign * CURRENT if with_current else None)
    assert len(found) == 8
    np.testing.assert_allclose(found.duration, 3600.0, rtol=1e-12)
    np.testing.assert_allclose(found.mean_absolute_voltage, 0.075, rtol=1e-12)
    np.testing.assert_allclose(found.plateau, 0.075, rtol=1e-3)


@pytest.mark.parametrize("with_current", [True, False])
def test_rests_do_not_count_as_on_time(square_cell, with_current):
    cell = square_cell(half_cycles=12, rest_rows=20)
    time, voltage, current = cell.arrays()
    found = segment_half_cycles(time, voltage, current if with_current else None)
    assert len(found) == 12
    np.testing.assert_allclose(found.on_time[1:], 3600.0, rtol=1e-12)
    np.testing.assert_allclose(found.mean_absolute_voltage, 0.05, rtol=1e-12)
    assert not (found.flags & HalfCycleFlag.RESTED).any()


def test_a_relaxing_voltage_is_a_rest_without_a_current_column(square_cell):
    cell = square_cell(half_cycles=12, rest_rows=60)
    time, voltage, current = cell.arrays()
    resting = np.flatnonzero(current == 0.0)
    since = (resting % 120 - 60) * 60.0
    sign = np.where((resting // 120) % 2 == 0, 1.0, -1.0)
    voltage[resting] = sign * 0.02 * np.exp(-since / 300.0) + np.random.default_rng(0).normal(0.0, 1e-5, resting.size)
    found = segment_half_cycles(time, voltage)
    assert len(found) == 12
    # 20 mV falls below 10 % of 48 mV within 300 ln 4.2 = 430 s, to the next row: so much of the rest cannot be told.
    np.testing.assert_allclose(found.on_time[1:-1], 3600.0 + 430.0, atol=60.0)


def test_a_rest_within_a_half_cycle_does_not_end_it(square_cell):
    time, voltage, current = square_cell(half_cycles=8).arrays()
    for half in range(8):
        voltage[60 * half + 20 : 60 * half + 30] = 0.0
        current[60 * half + 20 : 60 * half + 30] = 0.0
    found = segment_half_cycles(time, voltage, current)
    assert len(found) == 8
    np.testing.assert_allclose(found.duration[1:-1], 3600.0)
    np.testing.assert_allclose(found.on_time[1:-1], 3000.0)
    assert (found.flags & HalfCycleFlag.RESTED).all()


def test_rows_flagged_as_rest_are_no_half_cycle(square_cell):
    time, voltage, current = square_cell(half_cycles=8).arrays()
    flags = np.zeros(time.size, dtype=np.uint8)
    flags[: 2 * 60] = RowFlag.REST
    assert len(segment_half_cycles(time, voltage, current, flags)) == 6


@pytest.mark.parametrize("with_current", [True, False])
def test_noise_and_sign_flicker_near_zero_make_no_half_cycles(square_cell, with_current):
    random = np.random.default_rng(1)
    cell = square_cell(half_cycles=40, rest_rows=30)
    time, voltage, current = cell.arrays()
    voltage += random.normal(0.0, 5e-4, time.size)
    current += random.normal(0.0, 1e-6, time.size)
    for row in (100, 1000, 2000):  # single rows of the wrong sign within a half cycle
        voltage[row], current[row] = -voltage[row], -current[row]
    found = segment_half_cycles(time, voltage, current if with_current else None)
    assert len(found) == 40
    np.testing.assert_allclose(found.plateau, 0.05, atol=5e-4)


@pytest.mark.parametrize("with_current", [True, False])
def test_repeated_rows_change_nothing(square_cell, with_current):
    time, voltage, current = square_cell(half_cycles=10).arrays(lambda share, half: 1.0 + np.exp(-share / 0.1))
    repeats = np.random.default_rng(2).integers(1, 4, time.size)
    repeated = [np.repeat(array, repeats) for array in (time, voltage, current)]
    if not with_current:
        current, repeated[2] = None, None
    once, often = segment_half_cycles(time, voltage, current), segment_half_cycles(*repeated)
    for name in ("start", "end", "on_time", "tip", "plateau", "mean_absolute_voltage", "arc_height"):
        np.testing.assert_array_equal(getattr(once, name), getattr(often, name), err_msg=name)


@pytest.mark.parametrize("with_current", [True, False])
def test_a_gap_cuts_half_cycles_and_marks_them(square_cell, with_current):
    time, voltage, current = square_cell(half_cycles=20).arrays()
    keep = (np.arange(time.size) < 330) | (np.arange(time.size) >= 510)  # from half of number 5 to half of number 8
    found = segment_half_cycles(time[keep], voltage[keep], current[keep] if with_current else None)
    assert len(found) == 18
    cut = np.flatnonzero(found.flags & HalfCycleFlag.GAP)
    np.testing.assert_array_equal(cut, [5, 6])
    assert (found.flags[cut] & HalfCycleFlag.INCOMPLETE).all()
    assert found.on_time[5] == pytest.approx(1800.0 - 30.0)  # nothing is credited within the gap
    assert int((~found.complete).sum()) == 2


def test_a_gap_between_rows_of_one_sign_parts_them(square_cell):
    time, voltage, current = square_cell(half_cycles=20).arrays()
    keep = (np.arange(time.size) < 330) | (np.arange(time.size) >= 450)  # two half cycles on: the same sign again
    found = segment_half_cycles(time[keep], voltage[keep], current[keep])
    assert len(found) == 19
    assert found.polarity[5] == found.polarity[6]
    assert found.duration.max() <= 3600.0 + 1e-6


def test_a_small_hole_is_bridged(square_cell):
    time, voltage, current = square_cell(half_cycles=20).arrays()
    keep = (np.arange(time.size) < 310) | (np.arange(time.size) >= 330)
    found = segment_half_cycles(time[keep], voltage[keep], current[keep])
    assert found.on_time[5] == pytest.approx(3600.0)
    assert not found.flags.any()


def test_an_interrupted_last_half_cycle_is_incomplete(square_cell):
    time, voltage, current = square_cell(half_cycles=10).arrays()
    found = segment_half_cycles(time[:-30], voltage[:-30], current[:-30])
    np.testing.assert_array_equal(found.complete, [True] * 9 + [False])


def test_a_formation_step_is_a_half_cycle_of_its_own(square_cell):
    time, voltage, current = square_cell(half_cycles=20).arrays()
    formation = np.arange(0.5, 600.0) * 60.0
    time = np.concatenate([formation, time + 36000.0])
    voltage = np.concatenate([np.full(600, -0.006), voltage])
    current = np.concatenate([np.full(600, -0.1 * CURRENT), current])
    for chosen in (current, None):
        found = segment_half_cycles(time, voltage, chosen)
        assert len(found) == 21
        assert found.flags[0] == HalfCycleFlag.IRREGULAR
        assert found.plateau[0] == pytest.approx(0.006)
        assert not found.flags[1:].any()


def test_quantised_voltage_keeps_the_half_cycles_and_the_plateau(square_cell):
    time, voltage, _ = square_cell(half_cycles=40).arrays(lambda share, half: 1.0 + 0.2 * share)
    voltage += np.random.default_rng(3).normal(0.0, 1e-3, time.size)
    found = segment_half_cycles(time, np.round(voltage / 5e-3) * 5e-3)
    assert len(found) == 40
    assert found.resolution == pytest.approx(5e-3)
    np.testing.assert_allclose(found.plateau, 0.055, atol=5e-3)


def test_half_cycles_are_followed_after_a_collapse_to_one_percent(square_cell):
    time, voltage, _ = square_cell(half_cycles=40).arrays(lambda share, half: np.where(half < 30, 1.0, 0.01))
    found = segment_half_cycles(time, voltage + np.random.default_rng(4).normal(0.0, 1e-5, time.size))
    assert len(found) == 40
    np.testing.assert_allclose(found.plateau[30:], 5e-4, rtol=0.05)


def test_the_sampling_uncertainty_covers_a_tip_that_coarse_rows_miss(square_cell):
    def shape(share, half):
        return 1.0 + 2.0 * np.exp(-share / 0.02)

    exact = 0.05 * (1.0 + 2.0 * 0.02 * (1.0 - np.exp(-50.0)))
    for rows in (30, 60, 120, 1200):
        cell = square_cell(half_cycles=6, rows_per_half=rows, step=3600.0 / rows)
        time, voltage, current = cell.arrays(shape)
        found = segment_half_cycles(time, voltage, current)
        error = np.abs(found.mean_absolute_voltage - exact)
        # The record begins half a row after the first half cycle does, which no analysis can know.
        assert (error <= 2.0 * found.mean_sampling_uncertainty + 1e-12)[1:].all()


@pytest.mark.parametrize("with_current", [True, False])
def test_a_record_that_mostly_rests_keeps_its_half_cycles(square_cell, with_current):
    random = np.random.default_rng(5)
    time, voltage, current = square_cell(half_cycles=30, rest_rows=1740).arrays()  # one hour in thirty
    voltage += random.normal(0.0, 1e-4, time.size)
    current += random.normal(0.0, 1e-7, time.size)
    found = segment_half_cycles(time, voltage, current if with_current else None)
    assert len(found) == 30
    np.testing.assert_allclose(found.on_time[1:-1], 3600.0)
    np.testing.assert_allclose(found.plateau, 0.05, atol=1e-4)


@pytest.mark.parametrize("with_current", [True, False])
def test_a_pulse_train_of_an_impedance_loop_is_no_half_cycle(square_cell, with_current):
    time, voltage, current = square_cell(half_cycles=40, rest_rows=60).arrays()
    loop = current == 0.0
    wave = np.sin(2.0 * np.pi * time[loop] / 270.0)
    voltage[loop], current[loop] = 0.01 * wave, 0.2 * CURRENT * wave
    found = segment_half_cycles(time, voltage, current if with_current else None)
    assert len(found) == 40
    np.testing.assert_allclose(found.plateau, 0.05, rtol=0.01)


@pytest.mark.parametrize("voltage", [np.zeros(100), np.zeros(2)])
def test_a_record_without_half_cycles_says_so(voltage):
    with pytest.raises(AnalysisError, match="no half cycle") as caught:
        segment_half_cycles(np.arange(voltage.size, dtype=float), voltage)
    assert caught.value.code == "LI-ANA-001"


def test_a_row_alone_between_two_gaps_is_left_out(square_cell):
    time, voltage, current = square_cell(half_cycles=20).arrays()
    row = np.arange(time.size)
    keep = (row < 300) | (row == 390) | (row >= 480)
    found = segment_half_cycles(time[keep], voltage[keep], current[keep])
    assert len(found) == 17
    assert np.isfinite(found.plateau).all()
