"""Input that no fit can do anything with, and input that only looks like it."""

import numpy as np
import pytest

from lithiate.analysis.circuits import choose_circuit, fit_circuit, fitted_parameters, identifiability, parse_circuit
from lithiate.errors import AnalysisError

FREQUENCY = np.logspace(5, -2, 40)
TEXT = "R-p(R,CPE)"
VALUES = (5.0, 50.0, 1e-4, 0.9)


def noisy(values=VALUES, noise=0.01, frequency=FREQUENCY):
    impedance = parse_circuit(TEXT).impedance(frequency, values)
    rng = np.random.default_rng(0)
    scatter = rng.standard_normal(frequency.size) + 1j * rng.standard_normal(frequency.size)
    return impedance + noise * np.abs(impedance) * scatter


@pytest.mark.parametrize("function", [lambda f, z: fit_circuit(TEXT, f, z), choose_circuit])
@pytest.mark.parametrize(
    ("frequency", "impedance", "match"),
    [
        (FREQUENCY, np.where(FREQUENCY > 1e4, np.nan, noisy()), "no finite number"),
        (FREQUENCY, np.where(FREQUENCY > 1e4, np.inf, noisy()), "no finite number"),
        (FREQUENCY, np.zeros(40), "zero throughout"),
        (np.where(FREQUENCY > 1e4, 0.0, FREQUENCY), noisy(), "not above 0"),
        (-FREQUENCY, noisy(), "not above 0"),
        ([], [], "no rows"),
        (FREQUENCY[:-1], noisy(), "differ in number"),
    ],
)
def test_refused_with_a_reason(function, frequency, impedance, match):
    with pytest.raises(AnalysisError, match=match) as caught:
        function(frequency, impedance)
    assert caught.value.code == "LI-ANA-001"


def test_three_points_carry_one_arc_but_not_two():
    rows = slice(None, None, 16)
    frequency, impedance = FREQUENCY[rows], noisy()[rows]
    assert frequency.size == 3
    with pytest.raises(AnalysisError, match="too few"):
        fit_circuit("R-p(R,CPE)-p(R,CPE)", frequency, impedance)
    fit = fit_circuit(TEXT, frequency, impedance)
    assert fit.freedom == 2
    choice = choose_circuit(frequency, impedance)
    assert len(choice.preferred.fit.circuit.parameters) < 5
    found = fitted_parameters([fit], ["R2.resistance"])[0]["R2.resistance"]
    low, high = found.interval
    assert (low or 0.0) < fit.value("R2.resistance")
    assert high is None or high > fit.value("R2.resistance")


def test_rows_given_twice_weigh_twice():
    spectrum = noisy()
    twice = fit_circuit(TEXT, np.repeat(FREQUENCY, 2), np.repeat(spectrum, 2))
    once = fit_circuit(TEXT, FREQUENCY, spectrum)
    np.testing.assert_allclose(twice.values, once.values, rtol=1e-4)
    assert twice.sum_of_squares == pytest.approx(2.0 * once.sum_of_squares, rel=1e-6)
    # They say nothing new, and show it: neighbours go together, so that spreads are widened back.
    assert "correlated residuals" in {flag.kind for flag in identifiability(twice)}
    wide, narrow = (
        fitted_parameters([fit], ["R2.resistance"])[0]["R2.resistance"].standard_uncertainty for fit in (twice, once)
    )
    assert wide > 0.9 * narrow


def test_rows_in_any_order_give_the_same_values_and_flags():
    spectrum = noisy()
    order = np.random.default_rng(1).permutation(FREQUENCY.size)
    straight, mixed = fit_circuit(TEXT, FREQUENCY, spectrum), fit_circuit(TEXT, FREQUENCY[order], spectrum[order])
    np.testing.assert_allclose(mixed.values, straight.values, rtol=1e-4)
    missing = fit_circuit("R-CPE", FREQUENCY, spectrum), fit_circuit("R-CPE", FREQUENCY[order], spectrum[order])
    assert {flag.kind for flag in identifiability(missing[0])} == {flag.kind for flag in identifiability(missing[1])}


def test_a_pure_resistance_shows_no_arc():
    spectrum = np.full(FREQUENCY.size, 10.0 + 0.0j)
    fit = fit_circuit(TEXT, FREQUENCY, spectrum)
    assert identifiability(fit)
    found = fitted_parameters([fit], ["R2.resistance"])[0]["R2.resistance"]
    assert found.standard_uncertainty is None
    assert found.reason
    assert choose_circuit(FREQUENCY, spectrum).preferred.name == "resistor"


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_spectra_of_any_size(factor):
    plain, scaled = noisy(), factor * noisy()
    one, other = fit_circuit(TEXT, FREQUENCY, plain), fit_circuit(TEXT, FREQUENCY, scaled)
    np.testing.assert_allclose(other.values, one.values * factor**one.circuit.scales, rtol=1e-4)
    name = "R2.resistance"
    low, high = fitted_parameters([one], [name])[0][name].interval
    np.testing.assert_allclose(
        fitted_parameters([other], [name])[0][name].interval, (factor * low, factor * high), rtol=1e-3
    )


def test_one_outlying_row_is_a_misfit_not_an_arc():
    spectrum = noisy(noise=0.001)
    spectrum[20] *= 1.5
    choice = choose_circuit(FREQUENCY, spectrum)
    assert choice.preferred.name == "one arc"
