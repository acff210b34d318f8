"""Fits of circuits: truth recovered, what the caller may set, what a fit says when it does not know."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lithiate.analysis.circuits import fit_circuit, fit_circuits, identifiability, parse_circuit
from lithiate.analysis.circuits.fit import CHUNK
from lithiate.errors import AnalysisError

FREQUENCY = np.logspace(5, -2, 60)

CASES = {
    "R": [3.0],
    "R-C": [3.0, 1e-3],
    "R-L": [3.0, 1e-6],
    "R-CPE": [5.0, 1e-3, 0.8],
    "R-W": [3.0, 2.0],
    "p(R,C)": [50.0, 1e-4],
    "R-p(R,C)": [5.0, 50.0, 1e-5],
    "R-p(R,CPE)": [5.0, 50.0, 1e-5, 0.85],
    "R-p(CPE,R)": [5.0, 1e-5, 0.85, 50.0],
    "R-p(R-W,CPE)": [5.0, 50.0, 8.0, 2e-5, 0.85],
    "R-p(R-Wo,CPE)": [5.0, 50.0, 30.0, 20.0, 2e-5, 0.85],
    "R-p(R-Ws,C)": [5.0, 50.0, 30.0, 20.0, 2e-5],
    "R-p(R-p(R,C),CPE)": [5.0, 30.0, 50.0, 1e-3, 2e-6, 0.9],
    "L-R-ZARC-Ws": [1e-6, 5.0, 50.0, 1e-3, 0.85, 80.0, 10.0],
    "L-R-p(R,CPE)-p(R,CPE)-W": [1e-6, 5.0, 50.0, 2e-6, 0.85, 80.0, 2e-4, 0.8, 3.0],
    "R-TLM": [5.0, 60.0, 40.0, 1e-2, 0.9],
    "R-TLMo": [5.0, 60.0, 5e-3, 0.9],
    "R-p(TLM,C)": [5.0, 60.0, 40.0, 1e-2, 0.9, 1e-7],
    "R-p(R,C)-Wo": [5.0, 50.0, 1e-5, 30.0, 10.0],
    "R-Ws": [5.0, 40.0, 3.0],
    "R-G": [5.0, 50.0, 0.01],
    "R-ZARC-G": [5.0, 30.0, 1e-4, 0.85, 50.0, 0.1],
    "R-ZARC-CPE": [5.0, 50.0, 1e-3, 0.85, 0.1, 0.6],
    "R-p(R,L)-p(R,C)": [5.0, 3.0, 1e-6, 40.0, 1e-4],
    "R-p(R,C)-p(R,C)-p(R,C)": [5.0, 30.0, 1e-6, 50.0, 1e-4, 40.0, 1e-2],
    "R-ZARC-ZARC-ZARC": [5.0, 30.0, 1e-5, 0.85, 50.0, 1e-3, 0.9, 40.0, 0.1, 0.8],
}
TWO = "R-p(R,C)-p(R,C)"
TWO_VALUES = [5.0, 50.0, 1e-6, 20.0, 1e-3]
ARC = "R-p(R,CPE)"
ARC_VALUES = [5.0, 50.0, 1e-5, 0.85]


def exact(text, values, frequency=FREQUENCY):
    return parse_circuit(text).impedance(frequency, values)


def noisy(spectrum, share=0.01, seed=0):
    draw = np.random.default_rng(seed)
    parts = draw.standard_normal((2, *spectrum.shape))
    return spectrum + share * np.abs(spectrum) * (parts[0] + 1j * parts[1])


@pytest.fixture(scope="module")
def measured_arc():
    return noisy(exact(ARC, ARC_VALUES))


@pytest.mark.parametrize("text", CASES)
def test_truth_is_recovered_from_exact_data(text):
    fit = fit_circuit(text, FREQUENCY, exact(text, CASES[text]))
    np.testing.assert_allclose(fit.values, CASES[text], rtol=1e-6)
    assert fit.converged
    assert fit.root_mean_square < 1e-7
    assert not fit.held.any()


@pytest.mark.parametrize("text", [text for text in CASES if text not in ("R", "R-C", "R-L", "R-W")])
def test_truth_is_recovered_across_scales_of_time(text):
    """The same spectra a thousand times faster, and a thousand times slower: frequencies move with them."""
    circuit = parse_circuit(text)
    for factor in (1e3, 1e-3):
        spectrum = exact(text, CASES[text])
        fit = fit_circuit(circuit, FREQUENCY * factor, spectrum)
        assert fit.root_mean_square < 1e-7


@pytest.mark.parametrize("text", ["R-p(R,C)-p(R,C)-p(R,C)", "R-ZARC-ZARC-ZARC"])
def test_arcs_come_in_the_order_of_their_time_constants(text):
    values = np.array(CASES[text])
    size = (values.size - 1) // 3
    for order in ([2, 1, 0], [1, 2, 0]):
        mixed = np.concatenate([values[:1], *(values[1 + size * k : 1 + size * (k + 1)] for k in order)])
        np.testing.assert_allclose(fit_circuit(text, FREQUENCY, exact(text, mixed)).values, values, rtol=1e-6)


@pytest.mark.parametrize("text", ["R-p(CPE,R)-p(CPE,R)", "R-p(C,R)-p(C,R)"])
def test_arcs_come_in_order_whichever_branch_is_named_first(text):
    inside = {"R-p(CPE,R)-p(CPE,R)": [1e-6, 0.9, 50.0, 1e-3, 0.8, 20.0], "R-p(C,R)-p(C,R)": [1e-6, 50.0, 1e-3, 20.0]}
    values = [5.0, *inside[text]]
    half = len(values) // 2
    swapped = [5.0, *values[1 + half :], *values[1 : 1 + half]]
    # The guess is the truth with its arcs exchanged, and wins: the order is that of the result.
    fit = fit_circuit(text, FREQUENCY, exact(text, values), guess=swapped, starts=1)
    np.testing.assert_allclose(fit.values, values, rtol=1e-6)


def test_uncertainties_move_with_their_arcs():
    spectrum = noisy(exact(TWO, TWO_VALUES))
    fit = fit_circuit(TWO, FREQUENCY, spectrum)
    turned = fit_circuit(TWO, FREQUENCY, spectrum, guess=fit.values[[0, 3, 4, 1, 2]], starts=1)
    np.testing.assert_allclose(turned.values, fit.values, rtol=1e-3)
    np.testing.assert_allclose(turned.inverse_curvature, fit.inverse_curvature, rtol=0.05, atol=1e-3)


def test_bounds_of_an_arc_stay_with_it():
    spectrum = exact(TWO, TWO_VALUES)
    fit = fit_circuit(
        TWO, FREQUENCY, spectrum, bounds={"R2.resistance": (15.0, 30.0)}, guess=[5.0, 20.0, 1e-3, 50.0, 1e-6], starts=1
    )
    assert 15.0 <= fit.value("R2.resistance") <= 30.0
    np.testing.assert_allclose(fit.values, [5.0, 20.0, 1e-3, 50.0, 1e-6], rtol=1e-6)


def test_fixed_values_stay_and_have_no_spread(measured_arc):
    fit = fit_circuit(ARC, FREQUENCY, measured_arc, fixed={"CPE1.exponent": 0.8, "R1.resistance": 5.5})
    assert fit.value("CPE1.exponent") == pytest.approx(0.8, rel=1e-14)
    assert fit.value("R1.resistance") == pytest.approx(5.5, rel=1e-14)
    np.testing.assert_array_equal(fit.fixed, [True, False, False, True])
    np.testing.assert_array_equal(np.isnan(fit.spreads), fit.fixed)
    assert not fit.held.any()
    assert fit.freedom == 120 - 2
    free = fit_circuit(ARC, FREQUENCY, measured_arc)
    assert free.sum_of_squares < fit.sum_of_squares


def test_a_value_fixed_at_the_truth_gives_the_truth():
    for text, name in (("R-p(R-W,CPE)", "CPE1.exponent"), ("R-TLM", "TLM1.line_resistance"), (TWO, "C2.capacitance")):
        values = CASES.get(text, TWO_VALUES)
        place = parse_circuit(text).names.index(name)
        fit = fit_circuit(text, FREQUENCY, exact(text, values), fixed={name: values[place]})
        np.testing.assert_allclose(fit.values, values, rtol=1e-6)


def test_all_parameters_may_be_fixed(measured_arc):
    names = parse_circuit(ARC).names
    fit = fit_circuit(ARC, FREQUENCY, measured_arc, fixed=dict(zip(names, ARC_VALUES, strict=True)))
    np.testing.assert_allclose(fit.values, ARC_VALUES, rtol=1e-14)
    assert fit.freedom == 120
    residual = (exact(ARC, ARC_VALUES) - measured_arc) / np.abs(measured_arc)
    assert fit.sum_of_squares == pytest.approx(np.sum(np.abs(residual) ** 2), rel=1e-9)


def test_bounds_hold_and_say_so(measured_arc):
    fit = fit_circuit(ARC, FREQUENCY, measured_arc, bounds={"R2.resistance": (None, 45.0), "R1.resistance": (1.0, 9.0)})
    assert fit.value("R2.resistance") == pytest.approx(45.0, rel=1e-12)
    np.testing.assert_array_equal(fit.held, [False, True, False, False])
    assert math.isnan(fit.spreads[1])
    assert fit.freedom == 120 - 3
    np.testing.assert_allclose(fit.lower[0], 1.0)
    np.testing.assert_allclose(fit.upper[:2], [9.0, 45.0])
    # A bound that does not bite changes nothing.
    wide = fit_circuit(ARC, FREQUENCY, measured_arc, bounds={"R2.resistance": (10.0, 90.0)})
    np.testing.assert_allclose(wide.values, fit_circuit(ARC, FREQUENCY, measured_arc).values, rtol=1e-4)


@pytest.mark.parametrize("weights", ["modulus", "proportional", "unit", "given"])
def test_the_sum_of_squares_is_that_of_the_residuals(weights, measured_arc):
    size = np.abs(measured_arc)
    deviations = 0.3 * size**0.5
    scales = {
        "modulus": (size, size),
        "unit": (np.full(60, size.max()),) * 2,
        "given": (deviations, deviations),
        "proportional": tuple(np.maximum(np.abs(part), 0.01 * size) for part in (measured_arc.real, measured_arc.imag)),
    }[weights]
    fit = fit_circuit(ARC, FREQUENCY, measured_arc, weights=deviations if weights == "given" else weights)
    np.testing.assert_allclose(fit.fitted, exact(ARC, fit.values), rtol=1e-12)

    def cost(values):
        miss = exact(ARC, values) - measured_arc
        return float(np.sum((miss.real / scales[0]) ** 2 + (miss.imag / scales[1]) ** 2))

    assert fit.sum_of_squares == pytest.approx(cost(fit.values), rel=1e-9)
    assert np.sum(np.abs(fit.residuals) ** 2) == pytest.approx(fit.sum_of_squares, rel=1e-9)
    # A minimum: no step along a parameter, up or down, is better.
    for k in range(4):
        for share in (0.99, 1.01):
            moved = fit.values.copy()
            moved[k] *= share
            assert cost(moved) > fit.sum_of_squares
    assert fit.root_mean_square == pytest.approx(
        math.sqrt(np.mean(np.abs(fit.fitted - measured_arc) ** 2 / size**2)), rel=1e-12
    )


def test_sizes_of_weights_do_not_matter_but_their_ratios_do(measured_arc):
    size = np.abs(measured_arc)
    one = fit_circuit(ARC, FREQUENCY, measured_arc, weights=size)
    other = fit_circuit(ARC, FREQUENCY, measured_arc, weights=100 * size)
    named = fit_circuit(ARC, FREQUENCY, measured_arc)
    np.testing.assert_allclose(one.values, named.values, rtol=1e-12)
    np.testing.assert_allclose(other.values, named.values, rtol=1e-6)
    np.testing.assert_allclose(other.spreads, named.spreads, rtol=1e-4)
    assert not np.allclose(fit_circuit(ARC, FREQUENCY, measured_arc, weights="unit").values, named.values, rtol=1e-3)


@pytest.mark.parametrize("nothing", [0.0, np.inf])
def test_rows_without_weight_do_not_count(nothing, measured_arc):
    spoilt, weights = measured_arc.copy(), np.abs(measured_arc)
    rows = [0, 7, 30, 59]
    spoilt[rows] *= 20.0
    weights[rows] = nothing
    fit = fit_circuit(ARC, FREQUENCY, spoilt, weights=weights)
    kept = np.setdiff1d(np.arange(60), rows)
    without = fit_circuit(ARC, FREQUENCY[kept], measured_arc[kept])
    np.testing.assert_allclose(fit.values, without.values, rtol=1e-5)
    np.testing.assert_allclose(fit.spreads, without.spreads, rtol=1e-3)
    assert fit.sum_of_squares == pytest.approx(without.sum_of_squares, rel=1e-6)
    assert fit.freedom == without.freedom == 2 * 56 - 4
    assert fit.root_mean_square == pytest.approx(without.root_mean_square, rel=1e-5)
    assert fit.akaike == pytest.approx(without.akaike, abs=1e-4)
    np.testing.assert_array_equal(np.flatnonzero(~fit.used), rows)


def test_a_point_of_zero_is_left_out_by_relative_weights(measured_arc):
    spoilt = measured_arc.copy()
    spoilt[5] = 0.0
    fit = fit_circuit(ARC, FREQUENCY, spoilt)
    assert not fit.used[5]
    assert math.isfinite(fit.root_mean_square)
    assert np.isnan(fit.relative_residuals[5])
    np.testing.assert_allclose(fit.values, ARC_VALUES, rtol=0.05)


@pytest.mark.parametrize("factor", [1e-9, 1e-4, 1e6])
@pytest.mark.parametrize("text", [ARC, TWO, "R-TLM", "L-R-ZARC-Ws"])
def test_the_unit_of_the_impedance_does_not_matter(text, factor):
    spectrum = noisy(exact(text, CASES.get(text, TWO_VALUES)), 0.003)
    one, other = (fit_circuit(text, FREQUENCY, spectrum * size) for size in (1.0, factor))
    np.testing.assert_allclose(other.values, one.values * factor**one.circuit.scales, rtol=1e-4)
    np.testing.assert_allclose(other.spreads, one.spreads, rtol=1e-2)
    assert other.sum_of_squares == pytest.approx(one.sum_of_squares, rel=1e-6)
    assert other.akaike == pytest.approx(one.akaike, abs=1e-3)


def test_the_order_of_the_frequencies_does_not_matter(measured_arc):
    one = fit_circuit(ARC, FREQUENCY, measured_arc)
    for order in (np.arange(60)[::-1], np.random.default_rng(0).permutation(60)):
        other = fit_circuit(ARC, FREQUENCY[order], measured_arc[order])
        np.testing.assert_allclose(other.values, one.values, rtol=1e-6)
        np.testing.assert_allclose(other.fitted, one.fitted[order], rtol=1e-6)


def test_many_spectra_at_once_are_those_one_by_one():
    draw = np.random.default_rng(3)
    values = np.array(ARC_VALUES) * np.append(10 ** draw.uniform(-0.5, 0.5, (CHUNK + 3, 3)), np.ones((CHUNK + 3, 1)), 1)
    spectra = noisy(exact(ARC, values))
    together = fit_circuits(ARC, FREQUENCY, spectra)
    assert len(together) == CHUNK + 3
    for k in (0, 17, CHUNK - 1, CHUNK, CHUNK + 2):
        np.testing.assert_allclose(together[k].values, fit_circuit(ARC, FREQUENCY, spectra[k]).values, rtol=1e-6)
        np.testing.assert_array_equal(together[k].measured, spectra[k])


def test_each_spectrum_may_have_its_own_frequencies():
    frequencies = FREQUENCY[None] * np.array([[1.0], [0.3], [5.0]])
    spectra = np.array([exact(ARC, ARC_VALUES, each) for each in frequencies])
    for fit, frequency in zip(fit_circuits(ARC, frequencies, spectra), frequencies, strict=True):
        np.testing.assert_allclose(fit.values, ARC_VALUES, rtol=1e-6)
        np.testing.assert_array_equal(fit.frequency, frequency)
        np.testing.assert_allclose(fit.fitted, exact(ARC, fit.values, frequency), rtol=1e-12)


def test_a_guess_is_a_start_and_cannot_hurt(measured_arc):
    one = fit_circuit(ARC, FREQUENCY, measured_arc)
    for guess in (ARC_VALUES, [1e-3, 1e6, 1.0, 0.3], [1e3, 1e-3, 1e-12, 1.0]):
        other = fit_circuit(ARC, FREQUENCY, measured_arc, guess=guess)
        assert other.sum_of_squares <= one.sum_of_squares * (1 + 1e-6)
    many = fit_circuits(ARC, FREQUENCY, [measured_arc] * 2, guess=[ARC_VALUES, [1e-3, 1e6, 1.0, 0.3]])
    np.testing.assert_allclose(many[0].values, one.values, rtol=1e-4)
    np.testing.assert_allclose(many[1].values, one.values, rtol=1e-4)


def test_no_spectra_give_no_fits():
    assert fit_circuits(ARC, FREQUENCY, np.empty((0, 60))) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"impedance": np.full(60, np.nan)}, "no finite number"),
        ({"impedance": np.zeros(60)}, "zero throughout"),
        ({"impedance": np.ones(59)}, "differ in number"),
        ({"impedance": np.ones((2, 60))}, "one spectrum"),
        ({"impedance": 3.0}, "one spectrum"),
        ({"frequency": -FREQUENCY}, "not above 0"),
        ({"frequency": FREQUENCY * np.inf}, "no finite number"),
        ({"frequency": [], "impedance": []}, "no rows"),
        ({"impedance": []}, "no rows"),
        ({"frequency": [1.0, 2.0], "impedance": [1.0, 2.0]}, "too few"),
        ({"weights": "modulos"}, "no such weights"),
        ({"weights": np.ones(7)}, "differ in number"),
        ({"weights": -np.ones(60)}, "not numbers from 0 up"),
        ({"weights": np.full(60, np.nan)}, "not numbers from 0 up"),
        ({"weights": np.zeros(60)}, "too few"),
        ({"bounds": {"R3.resistance": (1.0, 2.0)}}, "no such parameter"),
        ({"bounds": {"R2.resistance": (3.0, 2.0)}}, "leave no room"),
        ({"bounds": {"R2.resistance": (0.0, 2.0)}}, "makes no sense"),
        ({"bounds": {"CPE1.exponent": (0.5, 1.5)}}, "makes no sense"),
        ({"fixed": {"R2.resistance": -1.0}}, "makes no sense"),
        ({"fixed": {"R2.resistance": math.nan}}, "makes no sense"),
        ({"fixed": {"CPE1.exponent": 2.0}}, "makes no sense"),
        ({"guess": [1.0, 2.0]}, "guess does not fit"),
        ({"guess": [1.0, 0.0, 1.0, 1.0]}, "not above 0"),
        ({"guess": [1.0, math.nan, 1.0, 1.0]}, "not above 0"),
        ({"starts": 0}, "needs a start"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, what, measured_arc):
    asked = {"frequency": FREQUENCY, "impedance": measured_arc} | change
    with pytest.raises(AnalysisError, match=what) as caught:
        fit_circuit(ARC, **asked)
    assert caught.value.code == "LI-ANA-001"


def test_a_misspelt_setting_is_refused_by_the_function_that_was_called(measured_arc):
    with pytest.raises(TypeError, match=r"fit_circuit\(\) got an unexpected keyword argument 'weigths'"):
        fit_circuit(ARC, FREQUENCY, measured_arc, weigths="unit")


def test_one_spectrum_is_fitted_with_the_settings_of_many(measured_arc):
    settings = {
        "weights": "proportional",
        "bounds": {"R2.resistance": (1.0, 1e4)},
        "fixed": {"CPE1.exponent": 0.9},
        "starts": 3,
        "guess": ARC_VALUES,
    }
    one = fit_circuit(ARC, FREQUENCY, measured_arc, **settings)
    many = fit_circuits(ARC, FREQUENCY, [measured_arc], **settings)[0]
    for name in ("values", "weight", "lower", "upper", "fixed"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name))
    default = fit_circuit(ARC, FREQUENCY, measured_arc)
    assert not np.array_equal(one.weight, default.weight)
    assert one.value("CPE1.exponent") == 0.9


def test_a_string_that_is_no_circuit_is_refused(measured_arc):
    with pytest.raises(AnalysisError) as caught:
        fit_circuit("R-p(R", FREQUENCY, measured_arc)
    assert caught.value.code == "LI-ANA-002"


def test_what_the_spectrum_does_not_tell_has_a_wide_spread(measured_arc):
    # Only the sum of two resistors in series shows.
    fit = fit_circuit("R-R-p(R,CPE)", FREQUENCY, measured_arc)
    assert min(fit.spreads[0], fit.spreads[1]) > 10.0
    assert fit.values[0] + fit.values[1] == pytest.approx(5.0, rel=0.05)
    assert fit.spreads[2] < 0.05
    # An arc a thousand times too fast to show.
    unseen = noisy(exact(ARC, ARC_VALUES))[30:]
    fit = fit_circuit("R-p(R,C)-p(R,CPE)", FREQUENCY[30:], unseen)
    fast = fit.spreads[[1, 2]]
    assert np.isnan(fast).any() or (fast > 0.3).any()


def test_flags_are_for_what_is_not_seen(measured_arc):
    """Series resistors, whose impedance is one number, included."""
    assert identifiability(fit_circuit(ARC, FREQUENCY, measured_arc)) == ()
    flags = identifiability(fit_circuit("R-R-p(R,CPE)", FREQUENCY, measured_arc))
    assert {name for flag in flags for name in flag.parameters} >= {"R1.resistance", "R2.resistance"}
    assert "R3.resistance" not in {name for flag in flags for name in flag.parameters}


def test_spreads_are_those_of_repeated_measurements():
    """200 noisy copies of one spectrum: scatter of each parameter against the spread that the fits state.

    The standard deviation of 200 draws is known to 5 %; the limits are 3.5 of it.
    """
    spectrum = exact(ARC, ARC_VALUES)
    draw = np.random.default_rng(0)
    parts = draw.standard_normal((2, 200, 60))
    fits = fit_circuits(ARC, FREQUENCY, spectrum + 0.01 * np.abs(spectrum) * (parts[0] + 1j * parts[1]))
    found = np.array([np.where(fit.logarithmic, np.log(fit.values), fit.values) for fit in fits])
    truth = np.where(fits[0].logarithmic, np.log(ARC_VALUES), ARC_VALUES)
    stated = np.sqrt(np.mean([fit.spreads**2 for fit in fits], axis=0))
    np.testing.assert_allclose(found.std(axis=0, ddof=1), stated, rtol=3.5 * 0.05)
    np.testing.assert_array_less(np.abs(found.mean(axis=0) - truth), 5.0 * stated / math.sqrt(200))


SYNTHETIC = "R-p(R,CPE)-p(R,CPE)-W"
W_COEFFICIENT = math.sqrt(2 * math.pi * 0.01)


def synthetic_spectra(ratio, count=100, seed=5):
    """Spectra of two arcs and a Warburg element with 1 % noise; `ratio` bounds that of the time constants."""
    draw = np.random.default_rng(seed)

    def spread(low, high):
        return math.exp(draw.uniform(math.log(low), math.log(high)))

    truths, spectra = [], []
    for _ in range(count):
        first = spread(2e-5, 3e-4)
        second = first * spread(*ratio)
        one, other = spread(10, 300), spread(10, 300)
        ohmic, exponent = spread(1, 10), draw.uniform(0.75, 0.95)
        later = draw.uniform(0.75, 0.95)
        warburg = spread(0.05, 0.5) * (one + other) * W_COEFFICIENT
        truth = [ohmic, one, first**exponent / one, exponent, other, second**later / other, later, warburg]
        spectrum = exact(SYNTHETIC, truth)
        spectra.append(spectrum + 0.01 * np.abs(spectrum) * (draw.standard_normal(60) + 1j * draw.standard_normal(60)))
        truths.append(truth)
    return np.array(truths), np.array(spectra)


@pytest.mark.parametrize("ratio", [(30, 1000), (4, 20)], ids=["separated", "overlapping"])
def test_minima_are_found_without_a_guess(ratio):
    truths, spectra = synthetic_spectra(ratio)
    ours = np.array([fit.sum_of_squares for fit in fit_circuits(SYNTHETIC, FREQUENCY, spectra)])
    started = fit_circuits(SYNTHETIC, FREQUENCY, spectra, guess=truths, starts=1)
    best = np.minimum(ours, [fit.sum_of_squares for fit in started])
    at_truth = np.sum(np.abs((exact(SYNTHETIC, truths) - spectra) / spectra) ** 2, axis=1)
    assert (best <= at_truth).all()
    assert np.count_nonzero(ours <= 1.05 * best) >= 99


@pytest.mark.parametrize("arcs", [7, 12])
def test_many_arcs_of_one_kind_are_fitted(arcs):
    fit = fit_circuit("R" + "-p(R,C)" * arcs, FREQUENCY, exact(TWO, TWO_VALUES))
    assert fit.root_mean_square < 1e-3


def test_bounds_may_put_the_slow_arc_first():
    fit = fit_circuit(TWO, FREQUENCY, exact(TWO, TWO_VALUES), bounds={"R2.resistance": (None, 30.0)})
    np.testing.assert_allclose(fit.values, [5.0, 20.0, 1e-3, 50.0, 1e-6], rtol=1e-6)


def test_what_is_lost_between_two_circuits_of_one_response_is_held():
    """R-p(R,C-R) has a parameter more than its impedance can tell: a fit either spreads widely or ends at a bound."""
    spectrum = noisy(exact("R-p(R,C)", [5.0, 50.0, 1e-5]))
    fit = fit_circuit("R-p(R,C-R)", FREQUENCY, spectrum)
    assert fit.held.any() or (fit.spreads > 1.0).any()


BEHIND = {
    "R-p(CPE,R-Ws)": [13.9, 3.57e-6, 0.765, 136.0, 8.64, 2.22],
    "R-p(R-Ws,CPE)": [13.9, 136.0, 8.64, 2.22, 3.57e-6, 0.765],
}


@pytest.mark.parametrize("text", ["R-p(CPE,R-Ws)", "R-p(R-Ws,CPE)"])
def test_the_order_of_branches_does_not_matter(text):
    fit = fit_circuit(text, FREQUENCY, exact(text, BEHIND[text]))
    np.testing.assert_allclose(fit.values, BEHIND[text], rtol=1e-5)
