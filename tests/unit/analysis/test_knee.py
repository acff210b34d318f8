"""Knees of simulated retention curves: places known, coverage counted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binom

from lithiate.analysis.knee import find_knee


def fade(count=120, knee=70.0, before=-2e-4, after=-2e-3, *, noise=2e-3, seed=0, alike=0.0, run_in=None):
    cycle = np.arange(1.0, count + 1.0)
    retention = 1.0 + before * cycle + (after - before) * np.maximum(cycle - knee, 0.0)
    if run_in is not None:
        retention += run_in[1] * np.minimum(cycle - run_in[0], 0.0)
    scatter = np.random.default_rng(seed).normal(size=count)
    for k in range(1, count):
        scatter[k] = alike * scatter[k - 1] + np.sqrt(1.0 - alike**2) * scatter[k]
    return cycle, retention + noise * scatter


def holds(interval, value):
    low, high = interval
    return (low is None or low <= value) and (high is None or value <= high)


def test_an_exact_corner_is_found_exactly():
    knee = find_knee(*fade(noise=0.0, knee=70.3))
    assert knee.cycle == pytest.approx(70.3, abs=0.05)
    assert knee.slope_before == pytest.approx(-2e-4, rel=1e-3)
    assert knee.slope_after == pytest.approx(-2e-3, rel=1e-3)
    assert knee.retention == pytest.approx(1.0 - 2e-4 * 70.3, abs=1e-4)
    assert knee.transition == 0.0
    assert knee.run_in is None
    assert knee.reason is None
    json.dumps(knee.to_dict(), allow_nan=False)


def test_intervals_cover():
    """200 seeds fixed beforehand: counts within the exact 99 % band of 95 % and of 80 %."""
    found = [find_knee(*fade(seed=seed)) for seed in range(200)]
    assert all(knee.cycle is not None for knee in found)
    for name, share in (("interval", 0.95), ("interval_80", 0.80)):
        low, high = binom.interval(0.99, 200, share)
        inside = sum(holds(getattr(knee, name), 70.0) for knee in found)
        width = np.median(
            [b - a for a, b in (getattr(knee, name) for knee in found) if a is not None and b is not None]
        )
        said = f"{name}: {inside} of 200, median width {width:.2f} cycles"
        assert low <= inside <= high, said
        assert width < 4.0


def test_alike_residuals_widen_the_interval_and_it_covers():
    found = [find_knee(*fade(count=200, knee=120.0, alike=0.6, seed=seed)) for seed in range(40)]
    inside = sum(holds(knee.interval, 120.0) for knee in found if knee.cycle is not None)
    assert inside >= binom.ppf(0.005, 40, 0.95)
    plain = [find_knee(*fade(count=200, knee=120.0, seed=seed)) for seed in range(40)]
    widths = [np.median([k.interval[1] - k.interval[0] for k in knees if k.cycle]) for knees in (found, plain)]
    assert widths[0] > 1.5 * widths[1]


@pytest.mark.parametrize("alike", [0.0, 0.6])
def test_a_straight_fade_has_no_knee(alike):
    for seed in range(40):
        knee = find_knee(*fade(before=-5e-4, after=-5e-4, seed=seed, alike=alike))
        assert knee.cycle is None
        assert "straight line" in knee.reason
        assert knee.interval is None


def test_an_early_loss_before_the_knee_is_a_run_in():
    knee = find_knee(*fade(count=200, knee=120.0, run_in=(20.0, -3e-3), noise=1e-3))
    assert knee.cycle == pytest.approx(120.0, abs=3.0)
    assert knee.run_in == pytest.approx(20.0, abs=3.0)
    assert holds(knee.interval, 120.0)


def test_a_round_corner_is_a_knee_with_a_transition():
    """The slope goes from 10 to 90 % of its change within 2 ln 9 of the rounding."""
    cycle = np.arange(1.0, 201.0)
    for noise in (2e-4, 2e-3):
        retention = 1.0 - 2e-4 * cycle - 2e-3 * 8.0 * np.logaddexp(0.0, (cycle - 120.0) / 8.0)
        knee = find_knee(cycle, retention + noise * np.random.default_rng(2).normal(size=200))
        assert knee.cycle == pytest.approx(120.0, abs=2.0)
    assert find_knee(cycle, retention).transition == pytest.approx(2.0 * np.log(9.0) * 8.0, rel=0.1)


@pytest.mark.parametrize("noise", [0.0, 1e-3])
@pytest.mark.parametrize(
    ("curve", "words"),
    [
        (lambda c: 1.0 - 5e-6 * c**2, "smoothly"),
        (lambda c: 1.0 - 0.01 * np.sqrt(c), "slower"),
        (lambda c: 1.0 - 1e-4 * c - 1e-3 * np.exp(c / 40.0), "smoothly"),
        (lambda c: 1.0 + 1e-3 * np.minimum(c, 40.0) - 2e-4 * np.maximum(c - 40.0, 0.0), "rose until cycle 40"),
        (lambda c: 1.0 - 1e-3 * np.minimum(c, 60.0) - 1e-4 * np.maximum(c - 60.0, 0.0), "slower"),
    ],
)
def test_curves_without_a_knee_say_why(curve, words, noise):
    cycle = np.arange(1.0, 201.0)
    knee = find_knee(cycle, curve(cycle) + noise * np.random.default_rng(1).normal(size=200))
    assert knee.cycle is None
    assert words in knee.reason


def test_too_few_cycles_a_constant_and_missing_values():
    assert "12 are needed" in find_knee(*fade(count=11)).reason
    assert find_knee(np.arange(50.0), np.ones(50)).reason == "the capacity does not change"
    cycle, retention = fade(count=200, knee=120.0)
    retention[[10, 50, 51]] = np.nan
    assert find_knee(cycle, retention).cycle == pytest.approx(120.0, abs=3.0)


def test_single_odd_cycles_change_little():
    cycle, retention = fade(count=200, knee=120.0)
    odd = retention.copy()
    odd[[30, 90, 150]] -= 0.1
    assert find_knee(cycle, odd).cycle == pytest.approx(find_knee(cycle, retention).cycle, abs=1.0)


def test_a_long_test_is_looked_at_in_blocks():
    cycle, retention = fade(count=5000, knee=3000.0, before=-2e-5, after=-1.5e-4)
    knee = find_knee(cycle, retention)
    assert knee.cycle == pytest.approx(3000.0, abs=30.0)
    assert holds(knee.interval, 3000.0)
    assert knee.cycles == 5000
