"""Fits of circuits to spectra with known answers (`docs/measure_circuit_fits.py`).

Seeds were fixed before the first run. The small version of the fast suite is judged by the same rules.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from scipy.stats import binom

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("circuit_fits", DOCS / "measure_circuit_fits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def band(count, level):
    """Return the exact 99 % binomial band of the intervals that hold the truth."""
    return binom.ppf(0.005, count, level), binom.ppf(0.995, count, level)


def assert_honest(found):
    low, high = band(found["spectra"], 0.95)
    assert low <= found["held"] <= high
    low, high = band(found["spectra"], 0.80)
    assert low <= found["held_80"] <= high


def test_intervals_hold_the_truth_as_often_as_they_say(study):
    for name in study.RATIOS:
        assert_honest(study.measure_intervals(name, 100))


def test_preferred_circuits_are_those_that_spectra_are_made_of(study):
    for name in ("one arc", "two arcs", "two arcs, diffusion"):
        found = study.measure_choice(name, 0.01, 20)
        assert found["preferred"].get(name, 0) >= binom.ppf(0.01, 20, 0.95), name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["separated", "overlapping"])
def test_intervals_of_a_thousand_spectra(study, name):
    found = study.measure_intervals(name)
    assert_honest(found)
    # The median of the square of 1000 normal variables is within 0.82 and 1.20 of its own in 99 % of trials.
    assert all(0.82 < each < 1.20 for each in found["median_squared_error_over_bound"].values())
    if name == "separated":
        assert found["open"] == 0
        assert found["flagged"] < 10


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.01, 0.003])
def test_preferred_circuits_of_two_hundred_spectra(study, noise):
    for name in ("one arc", "two arcs", "two arcs, diffusion"):
        found = study.measure_choice(name, noise)
        assert found["preferred"].get(name, 0) >= binom.ppf(0.01, found["of"], 0.95), name
    randles = study.measure_choice("Randles", noise)["preferred"]
    alike = randles.get("Randles", 0) + randles.get("one arc, diffusion", 0)
    assert alike >= binom.ppf(0.01, 200, 0.95)
