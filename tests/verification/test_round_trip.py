"""Simulated records through noise, a vendor's layout and a reader: the analyses find what the twin did."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from scipy import stats

SCRIPT = Path(__file__).parents[2] / "docs" / "measure_round_trip.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("measure_round_trip", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def band(count):
    """Return the exact 99 % band of how many of `count` 95 % intervals hold the truth."""
    low, high = stats.binom.interval(0.99, count, 0.95)
    return int(low), int(high)


@pytest.mark.slow
def test_onsets_are_within_two_percent_of_the_truth(script):
    rows = script.each_anode(script.onsets)
    assert len(rows) == 150
    for row in rows:
        assert (row["found"] is None) == (row["truth"] is None), row
        if row["truth"] is not None:
            assert abs(row["found"] - row["truth"]) <= 0.02 * row["truth"], row
    assert sum(row["truth"] is not None for row in rows) >= 140


@pytest.mark.slow
def test_nucleation_intervals_hold_the_truth_as_often_as_they_say(script):
    rows = script.each_anode(script.nucleations)
    low, high = band(len(rows))
    assert len(rows) == 150
    assert low <= script.covered(rows) <= high


@pytest.mark.slow
def test_efficiency_intervals_hold_the_truth_as_often_as_they_say(script):
    rows = script.each_anode(script.efficiencies)
    low, high = band(len(rows))
    assert len(rows) == 150
    assert low <= script.covered(rows) <= high


def test_the_counts_of_the_document_are_those_that_are_asked_for():
    content = json.loads((SCRIPT.with_name("round_trip.json")).read_text(encoding="utf-8"))
    low, high = band(150)
    for name in ("nucleation", "efficiency"):
        assert content[name]["all"]["records"] == 150
        assert low <= content[name]["all"]["covered"] <= high
    assert content["onset"]["all"]["worst_error"] <= 2.0


def test_a_nucleation_tip_goes_through_both_layouts(script, tmp_path):
    rows = script.nucleations("Li foil", tmp_path, seeds=(0, 3))
    assert [row["truth"] for row in rows] == [rows[0]["truth"]] * 2
    for row in rows:
        assert row["found"] == pytest.approx(row["truth"], abs=1.0)
        assert row["found"] != row["truth"]


def test_an_efficiency_through_both_layouts_is_off_by_what_the_channel_is(script, tmp_path):
    rows = script.efficiencies("Li foil", tmp_path, seeds=(0, 1))
    for row in rows:
        assert 0.0 < abs(row["found"] - row["truth"]) < 2.5 * script.CURRENT_ACCURACY
        assert row["low"] < row["found"] < row["high"]
