"""Profile-likelihood intervals."""

import numpy as np
import pytest
from scipy.stats import t

from lithiate.analysis.circuits import fit_circuit, fit_circuits, parse_circuit, profile_intervals
from lithiate.errors import AnalysisError

FREQUENCY = np.logspace(5, -2, 60)
TEXT = "R-p(R,CPE)-p(R,CPE)-W"
TRUTH = (5.0, 50.0, 3e-5, 0.85, 80.0, 4e-4, 0.9, 8.0)
SLOW = "R3.resistance"


def noisy(text, values, *, noise=0.01, seed=0, count=1):
    impedance = parse_circuit(text).impedance(FREQUENCY, values)
    rng = np.random.default_rng(seed)
    scatter = rng.standard_normal((count, FREQUENCY.size)) + 1j * rng.standard_normal((count, FREQUENCY.size))
    return impedance + noise * np.abs(impedance) * scatter


def risen(fit, name, value):
    """By how much of the allowed rise the best fit with a parameter fixed lies above the best of all."""
    again = fit_circuit(TEXT, fit.frequency, fit.measured, fixed={name: value}, guess=fit.values)
    return (again.sum_of_squares - fit.sum_of_squares) / (fit.variance * t.ppf(0.975, fit.freedom) ** 2)


def test_of_a_resistor_it_is_that_of_student_in_closed_form():
    (spectrum,) = noisy("R", (10.0,), noise=0.05)
    fit = fit_circuit("R", FREQUENCY, spectrum, weights="unit")
    low, high = profile_intervals([fit], ["R1.resistance"])[0]["R1.resistance"].intervals[0.95]
    # The mean of Re Z, with Im Z among the residuals; real parts alone say something of the value.
    mean = spectrum.real.mean()
    squares = ((spectrum.real - mean) ** 2).sum() + (spectrum.imag**2).sum()
    half = t.ppf(0.975, 119) * np.sqrt(squares / 119 / 60)
    np.testing.assert_allclose([low, high], [mean - half, mean + half], rtol=1e-4)


@pytest.mark.parametrize("name", ["R3.resistance", "R2.resistance", "CPE2.exponent", "W1.coefficient"])
def test_at_both_ends_the_refitted_sum_of_squares_has_risen_by_the_quantile(name):
    for fit in fit_circuits(TEXT, FREQUENCY, noisy(TEXT, TRUTH, count=3)):
        for end in profile_intervals([fit], [name])[0][name].intervals[0.95]:
            assert risen(fit, name, end) == pytest.approx(1.0, abs=0.02)


def test_overlapping_arcs_have_ends_as_exact_and_far_from_symmetric():
    values = (5.0, 50.0, 3e-5, 0.85, 30.0, 4e-4, 0.85, 8.0)
    fit = fit_circuit(TEXT, FREQUENCY, noisy(TEXT, values, seed=2)[0])
    low, high = profile_intervals([fit], [SLOW])[0][SLOW].intervals[0.95]
    assert risen(fit, SLOW, low) == pytest.approx(1.0, abs=0.02)
    assert risen(fit, SLOW, high) == pytest.approx(1.0, abs=0.02)
    value = fit.value(SLOW)
    assert (high - value) / (value - low) > 1.2


def test_a_sum_has_the_interval_of_the_twin_circuit_in_which_it_is_one_resistor():
    (spectrum,) = noisy("R-p(R,CPE)", (30.0, 50.0, 1e-4, 0.9))
    total = "R1.resistance + R2.resistance"
    voigt = profile_intervals([fit_circuit("R-p(R,CPE)", FREQUENCY, spectrum)], [total])[0][total]
    # Maxwell's form has the same spectra, and the whole resistance as its first parameter.
    maxwell = fit_circuit("p(R,R-CPE)", FREQUENCY, spectrum)
    single = profile_intervals([maxwell], ["R1.resistance"])[0]["R1.resistance"]
    for level in (0.95, 0.80):
        width = single.intervals[level][1] - single.intervals[level][0]
        np.testing.assert_allclose(voigt.intervals[level], single.intervals[level], atol=0.01 * width)


def test_it_is_open_where_nothing_is_seen():
    fit = fit_circuit("R-ZARC-W", FREQUENCY, noisy("R-ZARC", (5.0, 50.0, 1e-3, 0.85))[0])
    low, high = profile_intervals([fit], ["W1.coefficient"])[0]["W1.coefficient"].intervals[0.95]
    assert low is None
    assert 0.0 < high < 0.1


def test_what_is_known_of_others_narrows_it():
    (spectrum,) = noisy(TEXT, TRUTH)
    free = fit_circuit(TEXT, FREQUENCY, spectrum)
    known = fit_circuit(TEXT, FREQUENCY, spectrum, fixed={"CPE2.exponent": 0.9, "W1.coefficient": 8.0})
    wide, narrow = (profile_intervals([fit], [SLOW])[0][SLOW].intervals[0.95] for fit in (free, known))
    assert narrow[1] - narrow[0] < 0.8 * (wide[1] - wide[0])


def test_widening_stretches_as_the_noise_would():
    fit = fit_circuit(TEXT, FREQUENCY, noisy(TEXT, TRUTH, noise=0.002)[0])
    plain, wide = (
        profile_intervals([fit], [SLOW], widening=[factor])[0][SLOW].intervals[0.95] for factor in (1.0, 2.0)
    )
    assert (wide[1] - wide[0]) / (plain[1] - plain[0]) == pytest.approx(2.0, rel=0.02)


def test_a_sum_may_be_written_without_blanks():
    fit = fit_circuit("R-p(R,CPE)", FREQUENCY, noisy("R-ZARC", (5.0, 50.0, 1e-3, 0.85))[0])
    wide, tight = "R1.resistance + R2.resistance", "R1.resistance+R2.resistance"
    found = profile_intervals([fit], [wide, tight])[0]
    assert found[tight].intervals == found[wide].intervals
    assert found[tight].value == pytest.approx(fit.value("R1.resistance") + fit.value("R2.resistance"))


def test_it_refuses_unknown_names_and_fits_that_are_not_alike():
    one = fit_circuit("R-p(R,CPE)", FREQUENCY, noisy("R-ZARC", (5.0, 50.0, 1e-3, 0.85))[0])
    with pytest.raises(AnalysisError, match="R2.resistance"):
        profile_intervals([one], ["R2.resistence"])
    other = fit_circuit("R-ZARC", FREQUENCY, one.measured)
    with pytest.raises(AnalysisError, match="one circuit"):
        profile_intervals([one, other], ["R1.resistance"])
