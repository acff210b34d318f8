"""dQ/dV of sums of logistic steps, whose derivative is known."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from lithiate.analysis.density import charge_density, noise_along, row_noise
from lithiate.analysis.differential_capacity import curve_columns, differentiate_capacity, peak_columns

LOW, HIGH = 3.0, 4.3
CHARGES, PLACES, WIDTHS = (2.0, 5.0, 3.0), (3.6, 3.75, 4.0), (0.02, 0.012, 0.03)


def passed(voltage):
    """Charge below a voltage [C]: three logistic steps and a slope."""
    steps = zip(CHARGES, PLACES, WIDTHS, strict=True)
    return sum(q / (1.0 + np.exp(-(voltage - v) / w)) for q, v, w in steps) + 0.3 * (voltage - LOW)


def density(voltage):
    """Return the exact derivative of `passed` [C/V]."""
    steps = zip(CHARGES, PLACES, WIDTHS, strict=True)
    return sum(q / w / 4.0 / np.cosh((voltage - v) / 2.0 / w) ** 2 for q, v, w in steps) + 0.3


def exact():
    """Place, height and charge between valleys of the three peaks."""
    tops = [
        minimize_scalar(lambda v: -density(v), bounds=(v - 0.01, v + 0.01), method="bounded", options={"xatol": 1e-9}).x
        for v in PLACES
    ]
    valleys = [
        minimize_scalar(density, bounds=(a, b), method="bounded", options={"xatol": 1e-9}).x
        for a, b in zip(tops[:-1], tops[1:], strict=True)
    ]
    below = passed(np.array([LOW, *valleys, HIGH]))
    return np.array(tops), density(np.array(tops)), np.diff(below)


@cache
def fine_rows():
    fine = np.linspace(LOW, HIGH, 50_001)
    return fine, passed(fine) - passed(LOW)


def rows(count=3600, noise=0.0, seed=0, step=0.0, falling=False):
    """Rows at constant current, even in charge."""
    fine, total = fine_rows()
    charge = np.linspace(0.0, total[-1], count)
    voltage = np.interp(total[-1] - charge if falling else charge, total, fine)
    voltage = voltage + noise * np.random.default_rng(seed).normal(size=count)
    return charge, np.round(voltage / step) * step if step else voltage


@pytest.mark.parametrize(
    "sampling",
    [{}, {"noise": 1e-4}, {"noise": 1e-3}, {"noise": 1e-3, "falling": True}, {"step": 1e-3}, {"step": 5e-3}],
)
def test_peaks_of_logistic_steps_lie_where_they_are_said_to(sampling):
    curve = differentiate_capacity(*rows(**sampling))
    places, heights, charges = exact()
    assert len(curve.peaks) == 3
    for peak, place, height, charge in zip(curve.peaks, places, heights, charges, strict=True):
        assert abs(peak.voltage - place) < 3.0 * peak.voltage_uncertainty
        assert abs(peak.height - height) < 3.0 * peak.height_uncertainty
        assert peak.charge == pytest.approx(charge, rel=0.01)
        assert peak.voltage_uncertainty < 2e-3
        assert peak.height_uncertainty < 0.03 * height
        assert peak.resolved


@pytest.mark.parametrize("sampling", [{"noise": 2e-3}, {"count": 60}, {"step": 5e-3}, {"noise": 2e-2}])
def test_the_area_is_the_charge(sampling):
    charge, voltage = rows(**sampling)
    curve = differentiate_capacity(charge, voltage)
    area = curve.differential_capacity.sum() * (curve.voltage[1] - curve.voltage[0])
    assert area == pytest.approx(charge[-1], rel=1e-9)
    assert sum(peak.charge for peak in curve.peaks) == pytest.approx(charge[-1], rel=1e-9)
    assert (curve.differential_capacity >= 0.0).all()


def test_the_width_of_one_logistic_step_is_that_of_its_derivative():
    """cosh^-2 falls to one half at x = 2 arccosh(sqrt 2) widths."""
    width, fine = 0.02, np.linspace(3.0, 4.0, 200_001)
    total = 10.0 / (1.0 + np.exp(-(fine - 3.5) / width))
    charge = np.linspace(total[0], total[-1], 4000)
    (peak,) = differentiate_capacity(charge, np.interp(charge, total, fine)).peaks
    assert peak.width == pytest.approx(4.0 * np.arccosh(np.sqrt(2.0)) * width, rel=0.02)
    assert peak.height == pytest.approx(10.0 / (4.0 * width), rel=0.02)
    assert peak.charge == pytest.approx(10.0, rel=1e-3)
    assert peak.voltage == pytest.approx(3.5, abs=1e-4)


def test_intervals_of_places_cover():
    """200 seeds fixed beforehand: the count of each peak lies in the exact 99 % band of 95 %."""
    places, _, _ = exact()
    inside = np.zeros(3, dtype=int)
    for seed in range(200):
        peaks = differentiate_capacity(*rows(noise=1e-3, seed=seed)).peaks
        assert len(peaks) == 3
        inside += [abs(p.voltage - v) < 1.96 * p.voltage_uncertainty for p, v in zip(peaks, places, strict=True)]
    low, high = binom.interval(0.99, 200, 0.95)
    assert low <= inside.min() <= inside.max() <= high, inside


def test_rows_written_at_steps_of_the_voltage_give_the_same_peaks():
    """An instrument that writes a row every 2 mV: the rows are even in voltage, and noise is in their charge."""
    places, _, _ = exact()
    random = np.random.default_rng(5)
    voltage = np.arange(LOW, HIGH, 2e-3)
    late = voltage + random.normal(0.0, 2e-4, voltage.size)
    charge = np.maximum.accumulate(passed(late) - passed(LOW))
    curve = differentiate_capacity(charge - charge[0], voltage)
    assert [abs(p.voltage - v) < 3.0 * p.voltage_uncertainty for p, v in zip(curve.peaks, places, strict=True)] == [
        True
    ] * 3
    assert noise_along(charge, voltage) > 10.0 * row_noise(voltage)


def test_a_line_and_noise_have_no_peak():
    for seed in range(40):
        charge = np.linspace(0.0, 10.0, 2000)
        voltage = 3.0 + 0.1 * charge + 2e-3 * np.random.default_rng(seed).normal(size=charge.size)
        assert differentiate_capacity(charge, voltage).peaks == ()


def test_a_peak_sharper_than_the_rows_allow_is_said_not_to_be_resolved():
    fine = np.linspace(3.2, 3.6, 200_001)
    total = 10.0 / (1.0 + np.exp(np.clip((3.4 - fine) / 2e-4, -50.0, 50.0))) + fine - 3.2
    charge = np.linspace(0.0, total[-1], 3000)
    voltage = np.interp(charge, total, fine) + 2e-3 * np.random.default_rng(1).normal(size=charge.size)
    (peak,) = differentiate_capacity(charge, voltage).peaks
    assert not peak.resolved
    assert peak.voltage == pytest.approx(3.4, abs=3.0 * peak.voltage_uncertainty)


def test_a_hold_at_the_end_and_another_current_have_no_part():
    charge, voltage = rows()
    held = charge[-1] + np.cumsum(np.full(50, 0.02))
    current = np.concatenate([np.ones(charge.size), np.linspace(0.9, 0.05, 50)])
    with_hold = differentiate_capacity(np.append(charge, held), np.append(voltage, np.full(50, HIGH)), current)
    plain = differentiate_capacity(charge, voltage)
    assert with_hold.charge == pytest.approx(plain.charge, rel=1e-3)
    assert with_hold.other_charge == pytest.approx(1.0, rel=0.02)
    assert [p.voltage for p in with_hold.peaks] == pytest.approx([p.voltage for p in plain.peaks], abs=1e-4)
    faster = np.where(charge > 0.8 * charge[-1], 3.0, 1.0)
    assert differentiate_capacity(charge, voltage, faster).other_charge == pytest.approx(0.2 * charge[-1], rel=0.01)


@pytest.mark.parametrize("count", [2, 19])
def test_too_few_rows_or_a_flat_voltage_tell_nothing(count):
    charge = np.linspace(0.0, 1.0, count)
    assert differentiate_capacity(charge, 3.0 + charge) is None
    charge = np.linspace(0.0, 1.0, 200)
    assert differentiate_capacity(charge, np.full(200, 3.4)) is None
    assert differentiate_capacity(np.zeros(200), 3.0 + charge) is None


def test_scale_of_the_charge_changes_nothing_but_units():
    charge, voltage = rows(noise=5e-4)
    one, thousand = differentiate_capacity(charge, voltage), differentiate_capacity(1e-3 * charge, voltage)
    for a, b in zip(one.peaks, thousand.peaks, strict=True):
        assert b.voltage == pytest.approx(a.voltage, rel=1e-9)
        assert b.height == pytest.approx(1e-3 * a.height, rel=1e-6)
        assert b.charge_uncertainty == pytest.approx(1e-3 * a.charge_uncertainty, rel=1e-6)


def test_the_uncertainty_of_the_curve_is_its_scatter():
    """At one voltage, over 100 seeds, with the bandwidth as it is."""
    found, said = [], []
    for seed in range(100):
        charge, voltage = rows(noise=1e-3, seed=seed)
        curve = charge_density(charge, voltage, 1e-3, 0.0)
        cell = int(np.argmin(np.abs(curve.voltage - 3.9)))
        found.append(curve.smooth[cell])
        said.append(curve.deviations()[cell])
    assert np.std(found, ddof=1) == pytest.approx(np.mean(said), rel=0.25)


def test_columns_name_every_peak_and_every_row():
    curve = differentiate_capacity(*rows(), cycle=7, charging=False)
    peaks, points = peak_columns([curve, curve]), curve_columns([curve, curve])
    assert peaks["cycle"].tolist() == [7] * 6
    assert not peaks["charging"].any()
    assert points["voltage"].size == 2 * curve.voltage.size
    assert peak_columns([])["voltage"].size == 0
    assert curve_columns([])["voltage"].size == 0
