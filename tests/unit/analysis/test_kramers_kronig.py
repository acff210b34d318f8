"""The Kramers-Kronig check: faultless spectra pass at the stated rate, broken ones are flagged where they break."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from lithiate.analysis.impedance_drift import estimate_drift
from lithiate.analysis.kramers_kronig import FALSE_ALARMS, check_kramers_kronig, row_scales
from lithiate.errors import AnalysisError

SCRIPT = Path(__file__).parents[3] / "docs" / "measure_kramers_kronig.py"


def _script():
    spec = importlib.util.spec_from_file_location("measure_kramers_kronig", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STUDY = _script()


def _noisy(impedance, share, *seed):
    return STUDY.with_noise(impedance, share, np.random.default_rng(seed))


def test_faultless_spectra_fail_no_more_often_than_stated():
    alarms = sum(sum(counts.values()) for counts in STUDY.count_false_alarms(2).values())
    spectra = 2 * len(STUDY.NOISE) * len(STUDY.faultless())
    # Exact upper end of the 99 % binomial band.
    below = np.cumsum(
        [math.comb(spectra, k) * FALSE_ALARMS**k * (1 - FALSE_ALARMS) ** (spectra - k) for k in range(40)]
    )
    assert alarms <= int(np.argmax(below >= 0.995))


@pytest.mark.parametrize("name", STUDY.faultless())
def test_exact_spectra_pass_and_are_fitted_to_the_elements_own_shape(name):
    frequency, impedance = STUDY.faultless()[name]
    check = check_kramers_kronig(frequency, impedance)
    assert check.passed
    assert np.abs(check.residual).max() < 1e-3
    assert check.warnings == ()


@pytest.mark.parametrize("share", [1e-3, 1e-2])
def test_the_noise_is_estimated(share):
    levels = [
        float(np.median(check_kramers_kronig(STUDY.FAST, _noisy(STUDY.two_arcs(), share, seed)).noise))
        for seed in range(20)
    ]
    assert np.mean(levels) == pytest.approx(share, rel=0.05)


def test_the_number_of_elements_does_not_underfit_where_the_rule_of_mu_does():
    z = 10.0 + 50.0 / (1.0 + 2j * math.pi * STUDY.FAST * 1e-4)
    check = check_kramers_kronig(STUDY.FAST, _noisy(z, 1e-3, 0))
    assert check.elements_by_mu < 8 < check.elements
    assert np.abs(check.residual).max() < 6e-3


@pytest.mark.parametrize("row", [5, 30, 60])
def test_a_wrong_row_is_named_by_its_frequency(row):
    z = _noisy(STUDY.two_arcs(), 1e-3, row)
    z[row] *= 1.02
    check = check_kramers_kronig(STUDY.FAST, z)
    assert check.verdict == "offending rows"
    assert np.flatnonzero(check.offending).tolist() == [row]
    assert f"{STUDY.FAST[row]:.4g} Hz" in check.warnings[0]
    keep = ~check.offending
    assert check_kramers_kronig(STUDY.FAST[keep], z[keep]).passed


def test_several_wrong_rows_are_named_and_nothing_else():
    z = _noisy(STUDY.two_arcs(), 1e-3, 1)
    z[[10, 25, 50]] *= np.array([1.03, 0.96, 1.0 + 0.04j])
    check = check_kramers_kronig(STUDY.FAST, z)
    assert np.flatnonzero(check.offending).tolist() == [10, 25, 50]


def test_drift_is_found_at_the_low_frequency_end_and_estimated():
    checks = [check_kramers_kronig(STUDY.SLOW, _noisy(STUDY.drifting(0.1), 1e-3, seed)) for seed in range(10)]
    true = 60.0 * 0.1 / abs(STUDY.drifting(0.1)[-1])
    for check in checks:
        assert check.verdict == "low-frequency end"
        assert check.broken_below < 1.0
        assert "drift" in check.warnings[0]
    # Where chance adds another disagreement there is a reason and no number.
    told = [check.drift for check in checks if check.drift.change is not None]
    assert len(told) >= 7
    assert all(drift.reason is not None for drift in (check.drift for check in checks) if drift not in told)
    assert np.mean([drift.change for drift in told]) == pytest.approx(true, rel=0.1)


def test_without_drift_the_estimate_holds_zero():
    drifts = [check_kramers_kronig(STUDY.SLOW, _noisy(STUDY.drifting(0.0), 3e-3, seed)).drift for seed in range(40)]
    scores = [abs(drift.change) / drift.standard_uncertainty for drift in drifts if drift.change is not None]
    assert len(scores) >= 38
    assert np.median(scores) < 1.0
    assert max(scores) < 4.5


def test_times_take_the_place_of_assumed_ones():
    frequency, z = STUDY.SLOW, _noisy(STUDY.drifting(0.1), 1e-3, 3)
    assumed = check_kramers_kronig(frequency, z)
    timed = check_kramers_kronig(frequency, z, time=100.0 + np.cumsum(2.0 / frequency))
    assert timed.drift.change == pytest.approx(assumed.drift.change, rel=1e-5)
    still = check_kramers_kronig(frequency, z, time=np.full(frequency.size, 5.0))
    assert (still.drift.change, still.drift.reason) == (None, "no time passes")


def test_a_violation_at_the_high_frequency_end_is_told_from_drift():
    z = _noisy(STUDY.two_arcs(), 1e-3, 4)
    z *= np.where(STUDY.FAST > 1e5, 1.0 + 0.03 * np.log10(np.maximum(STUDY.FAST, 1e5) / 1e5), 1.0)
    check = check_kramers_kronig(STUDY.FAST, z)
    assert check.verdict == "high-frequency end"
    assert check.broken_above > 1e4


def test_a_step_of_the_real_part_in_the_middle_fails():
    z = STUDY.two_arcs()
    z[35:] += 0.02 * z[35:].real
    assert not check_kramers_kronig(STUDY.FAST, _noisy(z, 1e-3, 0)).passed


def test_the_imaginary_part_of_another_spectrum_is_inconsistent():
    z = STUDY.two_arcs().real + 1.1j * STUDY.two_arcs().imag
    check = check_kramers_kronig(STUDY.FAST, _noisy(z, 1e-3, 0))
    assert check.verdict == "inconsistent"
    assert check.warnings[-1].startswith("LI-W-ANA-133")


def test_order_and_unit_make_no_difference():
    z = _noisy(STUDY.two_arcs(), 3e-3, 8)
    one, other = check_kramers_kronig(STUDY.FAST, z), check_kramers_kronig(STUDY.FAST[::-1], 1e-4 * z[::-1])
    assert one.verdict == other.verdict
    np.testing.assert_allclose(one.residual, other.residual, atol=1e-9)
    assert one.frequency[0] > one.frequency[-1]


def test_constant_noise_is_recognised_and_does_not_accuse_the_small_rows():
    z = STUDY.two_arcs()
    failed = recognised = 0
    for seed in range(20):
        rng = np.random.default_rng([seed, 1])
        noisy = z + 0.5 * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size))
        recognised += np.ptp(row_scales(STUDY.FAST, noisy)) == 0.0
        failed += not check_kramers_kronig(STUDY.FAST, noisy).passed
    assert recognised >= 17
    assert failed <= 2
    assert np.ptp(row_scales(STUDY.FAST, _noisy(z, 5e-3, 0))) > 0.0


def test_eight_rows_are_judged_as_a_whole_and_it_says_so():
    frequency = np.geomspace(1e4, 1.0, 8)
    check = check_kramers_kronig(frequency, 10.0 + 50.0 / (1.0 + 2j * math.pi * frequency * 1e-3))
    assert check.warnings[0].startswith("LI-W-ANA-137")


def test_a_resistor_passes():
    check = check_kramers_kronig(STUDY.FAST, np.full(STUDY.FAST.size, 12.0 + 0j))
    assert check.passed
    np.testing.assert_allclose(check.fitted, 12.0, rtol=1e-6)


BAD = {
    "too short": (np.geomspace(1e3, 1.0, 3), np.ones(3, complex)),
    "do not fit together": (np.geomspace(1e3, 1.0, 9), np.ones(8, complex)),
    "occurs twice": (np.array([9.0, 8, 7, 6, 5, 4, 3, 3, 2]), np.ones(9, complex)),
    "not finite": (np.geomspace(1e3, 1.0, 9), np.array([1.0] * 8 + [complex(math.nan, 1.0)])),
    "an impedance is zero": (np.geomspace(1e3, 1.0, 9), np.zeros(9, complex)),
    "not positive": (np.linspace(0.0, 8.0, 9), np.ones(9, complex)),
}


@pytest.mark.parametrize("problem", BAD)
def test_what_is_no_spectrum_is_refused(problem):
    with pytest.raises(AnalysisError, match=problem) as caught:
        check_kramers_kronig(*BAD[problem])
    assert caught.value.code == "LI-ANA-001"


def test_spectra_that_change_linearly_in_time_are_brought_to_one_instant_exactly():
    frequency = np.geomspace(1e3, 1e-1, 20)
    first, rate = 10.0 + 50.0 / (1.0 + 2j * math.pi * frequency * 1e-2), (0.01 - 0.002j) * np.arange(1.0, 21.0)
    time = np.cumsum(5.0 / frequency) + 500.0 * np.arange(3)[:, None]
    found = estimate_drift(frequency, first + rate * time, time)
    ends = time[:-1, -1]
    np.testing.assert_allclose(found.instant, ends)
    np.testing.assert_allclose(found.impedance, first + rate * ends[:, None], rtol=1e-12)
    assert found.change.shape == (2,)
    lowest = first[-1] + rate[-1] * time[:2, -1]
    expected = (np.abs(lowest + rate[-1] * 500.0) / np.abs(lowest) - 1.0) * np.ptp(time[0]) / 500.0
    np.testing.assert_allclose(found.change, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("impedance", "time", "problem"),
    [
        (np.ones((1, 9), complex), np.ones((1, 9)), "several"),
        (np.ones((2, 9), complex), np.tile(np.arange(9.0), (2, 1)), "overlap"),
        (np.ones((2, 9), complex), np.ones((2, 8)), "several"),
    ],
)
def test_drift_between_spectra_needs_spectra_one_after_the_other(impedance, time, problem):
    with pytest.raises(AnalysisError, match=problem):
        estimate_drift(np.geomspace(1e3, 1.0, 9), impedance, time)


@pytest.mark.realdata
def test_real_spectra_of_a_battery_are_fitted_to_their_noise(shared_data):
    spectra = np.load(shared_data / "impedance/battery_series/battery_data.npy")
    for frequency, impedance in spectra[::13]:
        check = check_kramers_kronig(frequency.real, impedance)
        assert 3e-4 < np.median(check.noise) < 3e-3
        assert np.abs(check.residual[~check.offending]).max() < 0.015
