"""Sudden falls of a series: sizes, places, thresholds and their table."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import pytest

from lithiate.analysis.change_points import (
    AFTER,
    LEAST_VALUES,
    NULL_ALARMS,
    NULL_SCORES,
    NULL_SIZES,
    find_falls,
    running_median,
    score_falls,
    score_threshold,
)

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def null_model():
    spec = importlib.util.spec_from_file_location("null_model", DOCS / "measure_short_false_alarms.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stepped(size, place, step, scatter=0.01, seed=0):
    values = scatter * np.random.default_rng(seed).standard_normal(size)
    values[place:] -= step
    return values


def test_a_step_is_found_where_it_is_and_as_large_as_it_is():
    found = find_falls(stepped(200, 120, 0.4), least=0.15, false_alarms_per_1000=1.0)
    assert found.position.tolist() == [120]
    assert found.size[0] == pytest.approx(0.4, abs=0.03)
    assert found.score[0] > 20.0
    assert int(found.after[0]) in AFTER


def test_a_rise_is_no_fall():
    assert len(find_falls(stepped(200, 120, -0.4), least=0.15, false_alarms_per_1000=1.0)) == 0


@pytest.mark.parametrize(("width", "depth", "expected"), [(1, 0.25, 0), (1, 0.5, 1), (2, 0.25, 1), (3, 0.25, 1)])
def test_what_lasts_one_value_counts_with_half_of_its_depth(width, depth, expected):
    values = stepped(200, 200, 0.0)
    values[100 : 100 + width] -= depth
    assert len(find_falls(values, least=0.15, false_alarms_per_1000=1.0)) == expected


def test_two_shorts_apart_are_two_events():
    values = stepped(300, 100, 0.3) + stepped(300, 200, 0.3, seed=1)
    assert find_falls(values, least=0.15, false_alarms_per_1000=1.0).position.tolist() == [100, 200]


def test_a_slow_drift_is_no_sudden_fall():
    values = stepped(300, 300, 0.0) - np.linspace(0.0, 3.0, 300)
    assert len(find_falls(values, least=0.05, false_alarms_per_1000=1.0)) == 0


def test_a_fall_below_the_least_is_left_out():
    assert len(find_falls(stepped(200, 120, 0.1), least=0.15, false_alarms_per_1000=1.0)) == 0
    assert len(find_falls(stepped(200, 120, 0.1), least=0.05, false_alarms_per_1000=1.0)) == 1


def test_a_short_series_is_not_judged():
    values = stepped(LEAST_VALUES, 20, 2.0)
    assert len(find_falls(values[:-1], least=0.15, false_alarms_per_1000=1.0)) == 0
    assert len(find_falls(values, least=0.15, false_alarms_per_1000=1.0)) == 1


def test_scatter_that_does_not_change_with_the_unit_of_the_series():
    values = stepped(200, 120, 0.4)
    assert score_falls(7.0 * values).score == pytest.approx(score_falls(values).score)


def test_the_threshold_is_the_table_at_its_points_and_rises_with_what_is_asked():
    for size, row in zip(NULL_SIZES, NULL_SCORES, strict=True):
        for rate, score in zip(NULL_ALARMS, row, strict=True):
            assert score_threshold(size, rate) == pytest.approx(score)
    asked = [score_threshold(200, rate) for rate in (10.0, 2.0, 1.0, 0.5, 0.1, 0.02)]
    assert np.all(np.diff(asked) > 0.0)
    assert score_threshold(40, 1.0) > score_threshold(400, 1.0)
    assert score_threshold(5000, 1.0) == pytest.approx(score_threshold(1000, 1.0))


def test_the_table_is_what_the_null_model_gave():
    """Of each size the worst model sets the score, rounded up."""
    scores = json.loads((DOCS / "short_false_alarms.json").read_text("utf-8"))["scores"]
    for size, row in zip(NULL_SIZES, NULL_SCORES, strict=True):
        worst = np.max(list(scores[str(size)].values()), axis=0)
        assert row == pytest.approx([math.ceil(10.0 * score) / 10.0 for score in worst])


@pytest.mark.parametrize("name", ["memory 0, normal", "memory 0.9, heavy tails", "random walk", "end of life"])
def test_the_null_model_keeps_the_stated_rate(null_model, name):
    """With other seeds than those of the table: alarms at 3 in 1,000 values, against twice that many."""
    rng = np.random.default_rng(12345)
    count = sum(
        int(np.count_nonzero(score_falls(null_model.MODELS[name](rng, 300)).score >= score_threshold(300, 3.0)))
        for _ in range(20)
    )
    # 18 are accepted in 6,000 values; 30 or more come by chance in less than 1 % of such trials.
    assert count < 30


def test_running_median_keeps_its_length_and_straight_lines():
    line = np.linspace(0.0, 1.0, 50)
    assert running_median(line, 5)[5:-5] == pytest.approx(line[5:-5])
    assert running_median(line, 5).size == running_median(line[:4], 5).size + 46
