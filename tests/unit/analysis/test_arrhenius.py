"""Activation energies: exact lines, and the coverage of their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis.arrhenius import activation_energies, fit_arrhenius
from lithiate.core.estimate import Estimate
from lithiate.errors import AnalysisError

KELVIN = np.array([273.15, 283.15, 293.15, 303.15, 313.15, 323.15])


def resistance(energy, reference=5.0):
    return reference * np.exp(energy / 8.314462618 * (1.0 / KELVIN - 1.0 / 298.15))


def test_an_exact_line_gives_its_energy():
    fit = fit_arrhenius(KELVIN, resistance(52.95e3))
    assert fit.activation_energy == pytest.approx(52.95e3, rel=1e-9)
    assert fit.reference_value == pytest.approx(5.0, rel=1e-9)
    assert fit.standard_uncertainty < 1e-3
    assert fit_arrhenius(KELVIN, 1.0 / resistance(30e3)).activation_energy == pytest.approx(-30e3, rel=1e-9)


def test_intervals_cover_as_often_as_they_say():
    # 400 seeds from 0; the exact 99 % binomial bands of 95 % and 80 % of 400.
    covered = {"interval": 0, "interval_80": 0}
    for seed in range(400):
        noise = np.exp(0.05 * np.random.default_rng(seed).standard_normal(KELVIN.size))
        fit = fit_arrhenius(KELVIN, resistance(60e3) * noise)
        for name in covered:
            low, high = getattr(fit, name)
            covered[name] += low <= 60e3 <= high
    assert 368 <= covered["interval"] <= 390
    assert 299 <= covered["interval_80"] <= 340


@pytest.mark.parametrize(
    ("kelvin", "values"),
    [([300.0, 310.0], [1.0, 2.0]), ([300.0, 300.0, 310.0], [1.0, 1.0, 2.0]), ([290.0, 300.0, 310.0], [1.0, 0.0, 2.0])],
)
def test_what_makes_no_line_is_refused(kelvin, values):
    with pytest.raises(AnalysisError, match="LI-ANA-001"):
        fit_arrhenius(kelvin, values)


def test_uncertainties_weigh_values_and_bound_the_interval():
    values = resistance(50e3)
    wild = values * np.array([3.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    spreads = 0.01 * values * np.array([1e4, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert fit_arrhenius(KELVIN, wild, spreads).activation_energy == pytest.approx(50e3, rel=1e-4)
    # an exact line of uncertain values: ordinary least squares with sd 0.01 in the logarithm
    fit = fit_arrhenius(KELVIN, values, 0.01 * values)
    place = 1.0 / (8.314462618 * KELVIN)
    assert fit.standard_uncertainty == pytest.approx(0.01 / np.sqrt(((place - place.mean()) ** 2).sum()), rel=1e-6)
    # scatter beyond what the uncertainties say widens it
    noisy = values * np.exp(0.05 * np.random.default_rng(0).standard_normal(KELVIN.size))
    equal = fit_arrhenius(KELVIN, noisy, 1e-4 * noisy)
    plain = fit_arrhenius(KELVIN, noisy)
    assert equal.activation_energy == pytest.approx(plain.activation_energy, rel=1e-9)
    assert equal.standard_uncertainty == pytest.approx(plain.standard_uncertainty, rel=1e-9)


def test_the_two_forms_differ_by_the_thermal_energy():
    fit = fit_arrhenius(KELVIN, KELVIN * resistance(50e3), form="ln R/T")
    assert fit.activation_energy == pytest.approx(50e3, rel=1e-9)
    assert fit.reference_value == pytest.approx(298.15 * 5.0, rel=1e-9)
    assert fit_arrhenius(KELVIN, resistance(50e3), form="ln R/T").activation_energy - 50e3 == pytest.approx(
        8.314462618 * 298.15, rel=0.01
    )


def test_a_bend_is_told():
    two = resistance(80e3) + resistance(20e3, reference=10.0)
    bent = fit_arrhenius(KELVIN, two)
    assert bent.lacks_fit
    assert bent.bend_probability < 0.01
    assert not fit_arrhenius(KELVIN, resistance(50e3)).lacks_fit
    told = 0
    for seed in range(400):
        noise = np.exp(0.05 * np.random.default_rng(seed).standard_normal(KELVIN.size))
        told += fit_arrhenius(KELVIN, resistance(60e3) * noise).bend_probability < 0.05
    # 5 % of 400, the exact 99 % binomial band
    assert 10 <= told <= 32
    assert fit_arrhenius(KELVIN[:3], two[:3]).bend_probability is None


def series(quantity="sei_resistance", energy=50e3, cycle=5.0, bound=False):
    for temperature, value in zip(KELVIN.tolist(), resistance(energy, 1e-3).tolist(), strict=True):
        interval = (value, None) if bound and temperature < 280.0 else None
        shown = 0.1 * value if interval else value
        yield Estimate(
            quantity, shown, "ohm m^2", "d", interval=interval, conditions={"temperature": temperature, "cycle": cycle}
        )


def test_each_resistance_of_a_series_has_its_energy():
    two = [*series(), *series("ohmic_resistance", 8e3), Estimate("interfacial_resistance", None, "ohm m^2", "d")]
    found = list(activation_energies(two))
    assert [estimate.conditions for estimate in found] == [{"of": "sei_resistance"}, {"of": "ohmic_resistance"}]
    assert [estimate.value for estimate in found] == pytest.approx([50e3, 8e3], rel=1e-9)
    assert "6 temperatures from 0 to 50 degC" in found[0].definition
    # a lower bound does not count, two cycles are two series, two temperatures are none
    assert next(activation_energies(list(series(bound=True)))).value == pytest.approx(50e3, rel=1e-9)
    both = list(activation_energies([*series(), *series(energy=40e3, cycle=50.0)]))
    assert [(e.conditions["cycle"], round(e.value)) for e in both] == [(5.0, 50000), (50.0, 40000)]
    assert not list(activation_energies(list(series())[:2]))
