"""Spectra of one cell fitted together."""

import numpy as np
import pytest
from scipy.stats import binom

from lithiate.analysis.circuits import fit_circuits, fit_shared, parse_circuit
from lithiate.errors import AnalysisError

FREQUENCY = np.logspace(5, -2, 60)
TEXT = "R-p(R,CPE)-p(R,CPE)-W"
GROWING = np.array([[5.0, 50.0, 3e-5, 0.85, slow, 4e-4, 0.9, 8.0] for slow in np.geomspace(20.0, 60.0, 8)])
COMMON = ("R1.resistance", "CPE1.exponent", "CPE2.coefficient", "CPE2.exponent")
GAS = 8.314462618
ACTIVATION = 5e4
WARMTH = 1.0 / (GAS * np.linspace(273.0, 333.0, 8))


def noisy(text, values, *, noise=0.01, seed=0):
    impedance = parse_circuit(text).impedance(FREQUENCY, values)
    rng = np.random.default_rng(seed)
    scatter = rng.standard_normal(impedance.shape) + 1j * rng.standard_normal(impedance.shape)
    return impedance + noise * np.abs(impedance) * scatter


@pytest.fixture(scope="module")
def series():
    return noisy(TEXT, GROWING)


@pytest.fixture(scope="module")
def together(series):
    return fit_shared(TEXT, FREQUENCY, series, COMMON)


def test_with_nothing_shared_it_is_the_fit_of_each_alone(series):
    alone = fit_circuits(TEXT, FREQUENCY, series)
    joint = fit_shared(TEXT, FREQUENCY, series)
    assert joint.names == ()
    for one, other in zip(alone, joint.fits, strict=True):
        np.testing.assert_allclose(other.values, one.values, rtol=1e-3)
        np.testing.assert_allclose(other.spreads, one.spreads, rtol=1e-3)
        assert other.sum_of_squares == pytest.approx(one.sum_of_squares, rel=1e-5)
        assert other.freedom == one.freedom


def test_what_is_shared_is_the_same_and_true(together):
    assert together.converged
    assert together.names == COMMON
    for name, value, spread in zip(COMMON, together.values, together.spreads, strict=True):
        k = together.fits[0].circuit.names.index(name)
        np.testing.assert_allclose([fit.value(name) for fit in together.fits], value, rtol=1e-12)
        error = value - GROWING[0, k] if name.endswith("exponent") else np.log(value / GROWING[0, k])
        assert abs(error) < 3.5 * spread, name


def test_what_is_not_shared_is_true_within_smaller_spreads(series, together):
    alone = fit_circuits(TEXT, FREQUENCY, series)
    errors = []
    for one, other, truth in zip(alone, together.fits, GROWING, strict=True):
        free = [1, 2, 4, 7]
        assert (other.spreads[free] < 1.001 * one.spreads[free]).all()
        assert other.spreads[4] < 0.8 * one.spreads[4]
        errors.append(np.log(other.values[4] / truth[4]) / other.spreads[4])
    assert np.abs(errors).max() < 3.5
    assert 0.3 < np.sqrt(np.mean(np.square(errors))) < 1.8


def test_the_sum_of_squares_is_a_minimum(series, together):
    from scipy.optimize import least_squares

    circuit = parse_circuit(TEXT)
    shared = [circuit.names.index(name) for name in COMMON]
    own = [k for k in range(8) if k not in shared]
    exponents = np.array([name.endswith("exponent") for name in circuit.names])
    noise = np.sqrt([fit.variance for fit in fit_circuits(TEXT, FREQUENCY, series)])

    def residuals(point):
        u = np.empty((8, 8))
        u[:, shared] = point[: len(shared)]
        u[:, own] = point[len(shared) :].reshape(8, -1)
        values = np.where(exponents, u, np.exp(np.where(exponents, 0.0, u)))
        misfit = (circuit.impedance(FREQUENCY, values) - series) / np.abs(series) / noise[:, None]
        return misfit.view(np.float64).ravel()

    points = np.array([np.where(exponents, fit.values, np.log(fit.values)) for fit in together.fits])
    start = np.concatenate([points[0, shared], points[:, own].ravel()])
    assert together.sum_of_squares == pytest.approx((residuals(start) ** 2).sum(), rel=1e-10)
    lowest = least_squares(residuals, start, x_scale="jac", xtol=1e-12, ftol=1e-12)
    assert together.sum_of_squares <= 2.0 * lowest.cost * (1.0 + 1e-6)
    # Its Jacobian, by differences, gives the same covariance of what is shared.
    covariance = np.linalg.inv(lowest.jac.T @ lowest.jac)[: len(shared), : len(shared)]
    factor = max(1.0, together.sum_of_squares / together.freedom)
    np.testing.assert_allclose(together.covariance, factor * covariance, rtol=0.01, atol=1e-3 * covariance.max())


def test_a_line_gives_the_activation_energy():
    factor = np.exp(ACTIVATION * (WARMTH - WARMTH.mean()))
    truth = np.array([[5.0, 50.0, 1e-4, 0.85, 80.0 * f, 1e-2 * f, 0.9, 8.0] for f in factor])
    spectra = noisy("R-ZARC-ZARC-W", truth)
    follows = {"ZARC2.resistance": WARMTH, "ZARC2.time_constant": WARMTH}
    joint = fit_shared("R-ZARC-ZARC-W", FREQUENCY, spectra, ["ZARC2.exponent"], follows=follows)
    found = dict(zip(joint.names, zip(joint.values, joint.spreads, strict=True), strict=True))
    for name in follows:
        slope, spread = found[name + " slope"]
        assert spread < 0.01 * ACTIVATION
        assert abs(slope - ACTIVATION) < 3.5 * spread
    value, spread = found["ZARC2.resistance"]
    assert abs(np.log(value / 80.0)) < 3.5 * spread
    for fit, f in zip(joint.fits, factor, strict=True):
        assert fit.value("ZARC2.resistance") == pytest.approx(80.0 * f, rel=0.05)


def test_fixed_values_and_bounds_hold(series):
    joint = fit_shared(
        TEXT,
        FREQUENCY,
        series,
        ["CPE2.exponent"],
        fixed={"W1.coefficient": 8.0},
        bounds={"CPE2.exponent": (0.92, None)},
    )
    np.testing.assert_allclose([fit.value("W1.coefficient") for fit in joint.fits], 8.0, rtol=1e-12)
    assert joint.values[0] == pytest.approx(0.92, rel=1e-9)
    assert all(fit.fixed[7] for fit in joint.fits)


@pytest.mark.parametrize(
    ("shared", "more", "match"),
    [
        (["R9.resistance"], {}, "R1.resistance"),
        (["R1.resistance"], {"fixed": {"R1.resistance": 5.0}}, "shared and fixed"),
        (["R1.resistance"], {"follows": {"R1.resistance": WARMTH}}, "two ways"),
        ([], {"follows": {"R1.resistance": WARMTH[:3]}}, "no line"),
        ([], {"follows": {"R1.resistance": np.ones(8)}}, "no line"),
    ],
)
def test_it_refuses_what_makes_no_sense(series, shared, more, match):
    with pytest.raises(AnalysisError, match=match) as caught:
        fit_shared(TEXT, FREQUENCY, series, shared, **more)
    assert caught.value.code == "LI-ANA-001"


@pytest.mark.slow
def test_intervals_of_what_is_shared_and_what_is_not_hold_the_truth():
    # 120 series; 95 % intervals of a shared and of an own parameter, exact 99 % binomial bands.
    truth = GROWING[[0, 3, 5, 7]]
    shared = own = 0
    for seed in range(120):
        joint = fit_shared(TEXT, FREQUENCY, noisy(TEXT, truth, seed=seed), COMMON)
        shared += abs(joint.values[3] - 0.9) < 1.97 * joint.spreads[3]
        own += abs(np.log(joint.fits[0].values[4] / truth[0, 4])) < 1.97 * joint.fits[0].spreads[4]
    low, high = binom.ppf([0.005, 0.995], 120, 0.95)
    assert low <= shared <= high
    assert low <= own <= high


def test_spectra_may_have_frequencies_of_their_own():
    frequencies = FREQUENCY * np.linspace(1.0, 1.2, 8)[:, None]
    circuit = parse_circuit(TEXT)
    spectra = np.array([circuit.impedance(f, values) for f, values in zip(frequencies, GROWING, strict=True)])
    joint = fit_shared(TEXT, frequencies, spectra, COMMON)
    np.testing.assert_allclose([fit.values for fit in joint.fits], GROWING, rtol=1e-3)
