"""Distributions of relaxation times against those that are known: arcs, diffusion, and what must not be told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import nnls

from lithiate.analysis.relaxation_times import fit_relaxation_times, solve_not_negative
from lithiate.errors import AnalysisError
from lithiate.formulas.circuit import depressed_arc, finite_length_diffusion

FREQUENCY = np.geomspace(1e6, 0.1, 70)
ANGULAR = 2.0 * math.pi * FREQUENCY


def _arcs(*arcs, series=10.0):
    return series + sum(depressed_arc(ANGULAR, *arc) for arc in arcs)


def _noisy(impedance, share, seed=0):
    rng = np.random.default_rng(seed)
    draw = rng.standard_normal(impedance.size) + 1j * rng.standard_normal(impedance.size)
    return impedance + share * np.abs(impedance) * draw


def _resolved(found):
    return [peak for peak in found.peaks if peak.resolved]


def _exact_distribution(tau, resistance, time_constant, exponent):
    """Cole and Cole's distribution of a depressed arc."""
    x, rest = exponent * np.log(tau / time_constant), (1.0 - exponent) * math.pi
    return resistance / (2.0 * math.pi) * math.sin(rest) / (np.cosh(x) - math.cos(rest))


@pytest.mark.parametrize("exponent", [0.8, 0.9, 1.0])
@pytest.mark.parametrize("share", [1e-3, 1e-2])
def test_separated_arcs_have_their_places_and_resistances(exponent, share):
    found = fit_relaxation_times(FREQUENCY, _noisy(_arcs((50.0, 1e-5, exponent), (80.0, 1e-2, exponent)), share))
    fast, slow = _resolved(found)
    assert abs(math.log10(fast.time_constant / 1e-5)) < 0.05
    assert abs(math.log10(slow.time_constant / 1e-2)) < 0.05
    assert fast.resistance == pytest.approx(50.0, rel=0.03)
    assert slow.resistance == pytest.approx(80.0, rel=0.03)
    whole = found.polarisation_resistance + found.fast_tail + found.slow_tail
    assert whole == pytest.approx(130.0, rel=0.01)
    assert fast.frequency == pytest.approx(1.0 / (2.0 * math.pi * fast.time_constant))
    # The line of an ideal arc comes out wider, so that a misfit joins the noise.
    assert np.median(found.noise) == pytest.approx(share, rel=0.3 if exponent < 1.0 else 1.0)


def test_the_distribution_of_a_depressed_arc_is_that_of_cole_and_cole():
    found = fit_relaxation_times(FREQUENCY, _noisy(_arcs((60.0, 1e-3, 0.75)), 1e-3))
    exact = _exact_distribution(found.time_constant, 60.0, 1e-3, 0.75)
    assert np.abs(found.distribution - exact).max() < 0.07 * exact.max()


@pytest.mark.parametrize("exponent", [0.7, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("share", [1e-3, 1e-2])
def test_one_arc_is_one_peak(exponent, share):
    for seed in range(3):
        found = fit_relaxation_times(FREQUENCY, _noisy(_arcs((50.0, 1e-3, exponent)), share, seed))
        assert len(_resolved(found)) == 1


@pytest.mark.parametrize(
    "arcs",
    [
        ((5.0, 1e-5, 0.9), (50.0, 1e-2, 0.9)),
        ((50.0, 1e-4, 0.9), (50.0, 1e-3, 0.9)),
        ((50.0, 1e-4, 0.9), (5.0, 1e-2, 0.9)),
    ],
)
def test_two_arcs_are_two_peaks(arcs):
    found = fit_relaxation_times(FREQUENCY, _noisy(_arcs(*arcs), 3e-3))
    assert len(_resolved(found)) == 2


def test_leads_and_a_blocking_electrode_are_in_series():
    z = _arcs((100.0, 1e-4, 0.95), series=20.0) + 1j * ANGULAR * 1e-6 + 5.0 / (1j * ANGULAR)
    found = fit_relaxation_times(FREQUENCY, _noisy(z, 1e-3))
    assert found.inductance == pytest.approx(1e-6, rel=0.02)
    assert found.elastance == pytest.approx(5.0, rel=0.05)
    assert found.series_resistance == pytest.approx(20.0, rel=0.01)
    assert found.polarisation_resistance == pytest.approx(100.0, rel=0.01)


def test_a_tail_of_diffusion_beyond_the_range_is_told_as_not_resolved():
    z = _arcs((40.0, 1e-3, 0.9), series=5.0) + 60.0 / np.sqrt(1j * ANGULAR)
    found = fit_relaxation_times(FREQUENCY, _noisy(z, 3e-3))
    assert found.slow_tail > 10.0
    assert found.warnings[0].startswith("LI-W-ANA-134")
    assert [peak.time_constant for peak in _resolved(found)][0] == pytest.approx(1e-3, rel=0.15)


def test_diffusion_through_a_layer_has_its_slowest_time_constant():
    frequency = np.geomspace(1e4, 1e-2, 60)
    z = 5.0 + finite_length_diffusion(2.0 * math.pi * frequency, 60.0, 5.0)
    found = fit_relaxation_times(frequency, _noisy(z, 1e-3))
    slowest = _resolved(found)[-1]
    # tanh(sqrt(s))/sqrt(s) has its poles at 4/((2 k + 1)^2 pi^2).
    assert slowest.time_constant == pytest.approx(5.0 * 4.0 / math.pi**2, rel=0.03)
    assert found.polarisation_resistance == pytest.approx(60.0, rel=0.01)


def test_an_inductive_loop_is_no_distribution_and_it_says_so():
    z = _arcs((40.0, 1e-4, 1.0), series=5.0) - depressed_arc(ANGULAR, 8.0, 0.3, 1.0)
    found = fit_relaxation_times(FREQUENCY, _noisy(z, 1e-3))
    assert found.warnings[-1].startswith("LI-W-ANA-136")


def test_a_resistor_has_no_peaks():
    found = fit_relaxation_times(FREQUENCY, np.full(70, 7.0 + 0j))
    assert found.series_resistance == pytest.approx(7.0, rel=1e-3)
    assert _resolved(found) == []
    assert found.warnings == ()


def test_order_and_unit_make_no_difference():
    z = _noisy(_arcs((50.0, 1e-4, 0.9)), 3e-3)
    one, other = fit_relaxation_times(FREQUENCY, z), fit_relaxation_times(FREQUENCY[::-1], 1e-4 * z[::-1])
    assert one.strength == other.strength
    np.testing.assert_allclose(one.distribution, 1e4 * other.distribution, atol=1e-4 * one.distribution.max())


def test_a_given_strength_is_used_and_smooths():
    z = _noisy(_arcs((50.0, 1e-4, 1.0)), 3e-3)
    rough, smooth = (fit_relaxation_times(FREQUENCY, z, strength=value) for value in (1e-5, 1e-1))
    assert (rough.strength, smooth.strength, smooth.chosen_by) == (1e-5, 1e-1, "given")
    assert rough.distribution.max() > 1.5 * smooth.distribution.max()


@pytest.mark.parametrize("strength", [0.0, -1.0, math.nan, math.inf])
def test_a_strength_must_be_positive(strength):
    with pytest.raises(AnalysisError, match="strength"):
        fit_relaxation_times(FREQUENCY, _arcs((50.0, 1e-4, 1.0)), strength=strength)


def test_three_rows_are_refused():
    with pytest.raises(AnalysisError, match="too short"):
        fit_relaxation_times(FREQUENCY[:3], np.ones(3, complex))


def test_the_solver_agrees_with_lawson_and_hanson():
    rng = np.random.default_rng(0)
    for size in (5, 20, 60):
        design, target = rng.standard_normal((2 * size, size)), rng.standard_normal(2 * size)
        values, free = solve_not_negative(design.T @ design, design.T @ target, np.ones(size, dtype=bool))
        expected = nnls(design, target)[0]
        np.testing.assert_allclose(values, expected, atol=1e-9)
        np.testing.assert_array_equal(free, expected > 0.0)


# Least squares of the circuit R + ZARCs on the files gave these values; they are what the files were made of.
REAL = {"1ZARC": [(50.0, 0.1)], "2ZARC0": [(50.0, 1e-4), (10.0, 0.1)], "2ZARC3": [(50.0, 1e-4), (50.0, 0.1)]}


@pytest.mark.realdata
@pytest.mark.parametrize("name", REAL)
def test_the_synthetic_arcs_of_another_program_are_found(shared_data, name):
    rows = np.loadtxt(shared_data / f"impedance/drt/{name}.csv", delimiter=",", skiprows=1)
    found = fit_relaxation_times(rows[:, 1], rows[:, 2] + 1j * rows[:, 3])
    peaks = _resolved(found)
    assert len(peaks) == len(REAL[name])
    for peak, (resistance, time_constant) in zip(peaks, REAL[name], strict=True):
        assert abs(math.log10(peak.time_constant / time_constant)) < 0.06
        # The noise is 0.8 ohm in every row.
        assert peak.resistance == pytest.approx(resistance, rel=0.05, abs=0.8)
    whole = found.polarisation_resistance + found.fast_tail + found.series_resistance
    assert whole == pytest.approx(10.0 + sum(resistance for resistance, _ in REAL[name]), rel=0.01)
