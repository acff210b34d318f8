import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.analysis.nucleation import nucleation_overpotential
from lithiate.errors import AnalysisError

PLATEAU, HEIGHT, PEAK_AT, WIDTH = 0.04, 0.03, 90.0, 120.0


def smooth_tip(time):
    """Plateau with a Gaussian tip of known height, time and full width at half maximum."""
    return PLATEAU + HEIGHT * np.exp(-4.0 * np.log(2.0) * ((time - PEAK_AT) / WIDTH) ** 2)


def cusp(time):
    """Fast linear rise to a sharp tip, then exponential decay to the plateau."""
    decay = PLATEAU + HEIGHT * np.exp(-(time - PEAK_AT) / WIDTH)
    return np.where(time < PEAK_AT, 0.01 + (PLATEAU + HEIGHT - 0.01) * time / PEAK_AT, decay)


def codes(estimate):
    return {warning.split()[0] for warning in estimate.warnings}


@pytest.mark.parametrize("shape", [smooth_tip, cusp])
@pytest.mark.parametrize("step", [1.0, 5.0, 10.0, 20.0, 30.0])
@pytest.mark.parametrize("shift", [0.0, 0.37, 0.8])
def test_a_resolved_tip_is_found_within_its_uncertainty(shape, step, shift):
    time = np.arange(step * (0.01 + shift), 7200.0, step)
    found = nucleation_overpotential(time, shape(time))
    assert "LI-W-ANA-015" not in codes(found)
    assert abs(found.value - HEIGHT) <= 2.0 * found.standard_uncertainty + 2e-5
    assert found.standard_uncertainty < 0.3 * HEIGHT


def test_a_finely_sampled_tip_is_exact():
    time = np.arange(0.0, 7200.0, 0.5)
    found = nucleation_overpotential(time, -smooth_tip(time))  # the sign of the half cycle does not matter
    assert found.value == pytest.approx(HEIGHT, rel=1e-5)
    assert found.standard_uncertainty < 1e-4


@pytest.mark.parametrize("step", [90.0, 180.0])
def test_a_tip_that_is_not_resolved_is_a_lower_bound(step):
    time = np.arange(0.5 * step, 7200.0, step)
    found = nucleation_overpotential(time, smooth_tip(time))
    assert "LI-W-ANA-015" in codes(found)
    assert found.standard_uncertainty is None
    assert found.interval[1] is None
    assert found.interval[0] <= HEIGHT + 1e-9
    assert found.value <= HEIGHT + 1e-9


def test_a_tip_that_only_decays_is_a_lower_bound_unless_its_start_is_known():
    time = np.arange(0.0, 7200.0, 5.0)
    decay = PLATEAU + HEIGHT * np.exp(-time / WIDTH)
    unknown = nucleation_overpotential(time, decay)
    late = nucleation_overpotential(time, decay, start=-30.0)
    known = nucleation_overpotential(time, decay, start=0.0)
    for found in (unknown, late):
        assert "LI-W-ANA-015" in codes(found)
        assert found.interval[1] is None
    assert known.value == pytest.approx(HEIGHT, rel=1e-6)
    assert known.standard_uncertainty < 1e-3


@pytest.mark.parametrize("noise", [0.0, 5e-4])
def test_without_a_tip_the_value_is_zero_with_a_limit_of_detection(noise):
    time = np.arange(0.0, 7200.0, 10.0)
    flat = np.full(time.size, PLATEAU) + np.random.default_rng(0).normal(0.0, 1.0, time.size) * noise
    found = nucleation_overpotential(time, flat)
    assert found.value == 0.0
    assert found.interval[0] == 0.0
    assert found.interval[1] <= 6.0 * noise
    assert "LI-W-ANA-016" in codes(found)


def test_a_monotone_rise_has_no_tip():
    time = np.arange(0.0, 7200.0, 10.0)
    found = nucleation_overpotential(time, 0.02 + 0.02 * time / 7200.0)
    assert found.value == 0.0
    assert "LI-W-ANA-016" in codes(found)


def test_no_tip_is_claimed_in_noise():
    time = np.arange(0.0, 7200.0, 10.0)
    claimed = 0
    for seed in range(200):
        flat = PLATEAU + np.random.default_rng(seed).normal(0.0, 5e-4, time.size)
        claimed += nucleation_overpotential(time, flat).value > 0.0
    assert claimed <= 4


def test_noise_and_resolution_widen_the_uncertainty():
    time = np.arange(0.0, 7200.0, 5.0)
    clean = nucleation_overpotential(time, smooth_tip(time))
    noisy = nucleation_overpotential(time, smooth_tip(time) + np.random.default_rng(1).normal(0.0, 1e-3, time.size))
    coarse = nucleation_overpotential(time, np.round(smooth_tip(time) / 5e-3) * 5e-3, resolution=5e-3)
    assert 1e-3 > noisy.standard_uncertainty > 3.0 * clean.standard_uncertainty
    assert coarse.standard_uncertainty >= 5e-3 / np.sqrt(6.0)
    for found in (noisy, coarse):
        assert abs(found.value - HEIGHT) <= 2.0 * found.standard_uncertainty


@pytest.mark.parametrize("shape", [smooth_tip, cusp])
@pytest.mark.parametrize("noise", [2e-4, 1e-3])
def test_the_largest_of_noisy_rows_is_not_taken_for_the_tip(shape, noise):
    """Mean error over 40 seeds below a half of the standard uncertainty, where that of the largest row is above it.

    The error counts from the highest row without noise: what lies between two rows is another matter.
    """
    time = np.arange(0.3, 7200.0, 2.0)
    raw, error, spread = [], [], []
    for seed in range(40):
        voltage = shape(time) + np.random.default_rng(seed).normal(0.0, noise, time.size)
        found = nucleation_overpotential(time, voltage)
        raw.append(voltage[:900].max() - np.median(voltage[900:2700]) - HEIGHT)
        error.append(found.value - (shape(time).max() - PLATEAU))
        spread.append(found.standard_uncertainty or np.nan)
    assert abs(np.mean(error)) < 0.5 * np.nanmean(spread)
    if shape is smooth_tip:
        assert np.mean(raw) > np.nanmean(spread)


@pytest.mark.parametrize("with_current", [True, False])
def test_the_record_gives_the_tip_of_its_first_half_cycle(square_cell, make_record, with_current):
    def shape(share, half):
        height = np.where(half == 0, 0.6, 0.2)
        return 1.0 + height * np.exp(-4.0 * np.log(2.0) * ((share - 0.02) / 0.02) ** 2)

    cell = square_cell(half_cycles=60, rows_per_half=720, step=5.0)
    time, voltage, current = cell.arrays(shape)
    found = analyse(make_record(time, voltage, current if with_current else None)).nucleation_overpotential
    assert found.value == pytest.approx(0.03, abs=2.0 * found.standard_uncertainty)
    assert found.conditions == {"half_cycle": 1.0}
    assert "LI-W-ANA-014" in codes(found)


def test_a_record_that_begins_late_says_that_the_tip_may_be_missing(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=60).arrays()
    found = analyse(make_record(time[20:], voltage[20:], current[20:])).nucleation_overpotential
    assert "LI-W-ANA-017" in codes(found)


def test_two_rows_are_too_few():
    with pytest.raises(AnalysisError, match="three rows"):
        nucleation_overpotential(np.array([0.0, 1.0]), np.array([1.0, 1.0]))
