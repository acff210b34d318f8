"""Quantiles of an ensemble with censored members."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lithiate.core.estimate import Estimate
from lithiate.study.ensemble import linear_quantile, summarise_members


def member(value, bound=None):
    if value is None:
        return Estimate("hysteresis_onset_time", None, "s", "d", interval=(bound, None), censored="right")
    return Estimate("hysteresis_onset_time", value, "s", "d")


@pytest.mark.parametrize("probability", [0.0, 0.025, 0.1, 0.5, 0.9, 0.975, 1.0])
@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_linear_quantile_is_numpys_for_finite_values(probability, count):
    values = sorted(np.random.default_rng(count).normal(size=count))
    assert linear_quantile(values, probability) == pytest.approx(np.quantile(values, probability), abs=1e-14)


def test_linear_quantile_reaches_infinity_between_members():
    assert linear_quantile([1.0, 2.0, math.inf], 0.5) == 2.0
    assert linear_quantile([1.0, 2.0, math.inf], 0.75) == math.inf


def test_few_members_give_their_range_and_say_so():
    summary = summarise_members([member(value) for value in (3.0, 1.0, 2.0)])
    assert summary.interval == (1.0, 3.0)
    assert summary.interval_80 == pytest.approx((1.2, 2.8))
    assert summary.median == 2.0
    assert summary.standard_deviation == 1.0
    assert summary.interval_kind == "posterior"
    assert any("LI-W-STUDY-001" in warning and "no posterior" in warning for warning in summary.warnings)
    assert any("3 members" in warning for warning in summary.warnings)


def test_many_members_give_quantiles():
    summary = summarise_members([member(float(value)) for value in range(41)])
    assert summary.interval == (1.0, 39.0)
    assert summary.interval_80 == (4.0, 36.0)
    assert not any("LI-W-STUDY-002" in warning for warning in summary.warnings)


def test_censored_members_count_as_later_than_any_other():
    summary = summarise_members([member(10.0), member(20.0), member(None, 50.0)])
    assert summary.interval == (10.0, None)
    assert summary.median == 20.0
    assert summary.standard_deviation is None
    assert any("1 of 3 members" in warning for warning in summary.warnings)
    assert summarise_members([member(10.0), member(None, 50.0), member(None, 40.0)]).median is None


def test_all_members_censored_give_the_earliest_bound():
    summary = summarise_members([member(None, 50.0), member(None, 40.0)])
    assert summary.interval == (40.0, None)
    assert summary.interval_80 == (40.0, None)
    assert summary.interval_kind == "censoring"
    assert summary.median is None


def test_members_that_tell_nothing_are_left_out():
    nothing = Estimate("hysteresis_onset_time", None, "s", "d")
    assert summarise_members([nothing]) is None
    assert summarise_members([nothing, member(1.0)]) is None  # one value has no spread
    assert summarise_members([nothing, member(1.0), member(2.0)]).count == 2
