import math

import numpy as np
import pytest

from lithiate.analysis.robust import (
    noise_level,
    normal_quantile,
    order_statistic_interval,
    resolution_step,
    successive_scatter,
    weighted_median_per_group,
    working_level,
)


def test_weighted_median_of_equal_weights_is_the_median():
    random = np.random.default_rng(0)
    groups = [random.normal(size=n) for n in (1, 2, 3, 10, 101)]
    starts = np.cumsum([0, 1, 2, 3, 10])
    found = weighted_median_per_group(np.concatenate(groups), np.ones(117), starts)
    np.testing.assert_allclose(found, [np.median(group) for group in groups], rtol=1e-12)


def test_weighted_median_does_not_change_when_an_entry_is_split():
    whole = weighted_median_per_group(np.array([1.0, 2.0, 5.0]), np.array([1.0, 4.0, 1.0]), np.array([0]))
    split = weighted_median_per_group(np.array([2.0, 5.0, 2.0, 1.0]), np.array([1.5, 1.0, 2.5, 1.0]), np.array([0]))
    assert whole[0] == split[0] == 2.0


def test_weighted_median_of_a_line_sampled_unevenly_is_its_middle():
    edges = np.sort(np.random.default_rng(1).uniform(size=400))
    edges[[0, -1]] = 0.0, 1.0
    middle = 0.5 * (edges[1:] + edges[:-1])
    assert weighted_median_per_group(middle, np.diff(edges), np.array([0]))[0] == pytest.approx(0.5, abs=1e-12)


def test_order_statistic_interval_of_twenty_values_is_the_sixth_and_the_fifteenth():
    low, high, confidence = order_statistic_interval(np.arange(1.0, 21.0), 0.95)
    assert (low, high) == (6.0, 15.0)
    assert confidence == pytest.approx(0.9586105346679688, abs=1e-15)  # 1 - 2 P(Binomial(20, 1/2) <= 5), exact


@pytest.mark.parametrize(("count", "expected"), [(5, None), (6, 0.96875)])
def test_order_statistic_interval_needs_six_values(count, expected):
    found = order_statistic_interval(np.arange(float(count)), 0.95)
    assert (found if found is None else found[2]) == expected


def test_order_statistic_interval_of_many_values_stays_finite():
    low, high, confidence = order_statistic_interval(np.arange(3000.0), 0.95)
    # Normal approximation: 1500 +/- 1.96 sqrt(3000) / 2 = 1500 +/- 53.7
    assert (low, high) == (pytest.approx(1446.0, abs=2), pytest.approx(1553.0, abs=2))
    assert 0.95 <= confidence < 0.96


def test_normal_quantile():
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054, rel=1e-12)


@pytest.mark.parametrize("slope", [0.0, 1e-3])
def test_noise_level_sees_noise_and_not_slope(slope):
    signal = slope * np.arange(20_000.0) + np.random.default_rng(2).normal(0.0, 2e-4, 20_000)
    assert noise_level(signal) == pytest.approx(2e-4, rel=0.03)


def test_successive_scatter_sees_scatter_and_not_drift():
    values = 1e-6 * np.arange(5000.0) + np.random.default_rng(3).normal(0.0, 1e-3, 5000)
    assert successive_scatter(values) == pytest.approx(1e-3, rel=0.05)


@pytest.mark.parametrize("step", [1e-4, 1e-3, 5e-6])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_resolution_step_of_a_quantised_signal(step, dtype):
    signal = 0.05 * np.sin(np.linspace(0.0, 60.0, 30_000))
    quantised = (np.round(signal / step) * step).astype(dtype).astype(np.float64)
    assert resolution_step(quantised) == pytest.approx(step, rel=0.05)


def test_resolution_step_is_zero_without_a_grid_and_for_a_square_wave():
    assert resolution_step(np.random.default_rng(4).normal(size=1000)) == 0.0
    assert resolution_step(np.tile([0.1, -0.1], 100)) == 0.0


def test_short_signals_have_neither_noise_nor_scatter():
    assert noise_level(np.array([1.0, 2.0])) == successive_scatter(np.array([1.0, 2.0])) == 0.0
    assert math.isfinite(resolution_step(np.array([1.0])))


def test_working_level_is_blind_to_rests_and_spikes():
    signal = np.concatenate([np.full(100, 0.05), np.full(100, -0.05), np.zeros(5000), [5.0]])
    assert working_level(signal) == 0.05
