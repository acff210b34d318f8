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
    assert [estimate.conditions["of"] for estimate in found] == ["sei_resistance", "ohmic_resistance"]
    assert found[0].conditions["form"] == "ln R"
    other = found[0].conditions["by_ln_r_over_t"]
    assert other - 50e3 == pytest.approx(8.314462618 * 298.15, rel=0.01)
    assert f"by ln(R/T) it is {other * 1e-3:.4g} kJ/mol" in found[0].definition
    assert [estimate.value for estimate in found] == pytest.approx([50e3, 8e3], rel=1e-9)
    assert "6 temperatures from 0 to 50 degC" in found[0].definition
    # a lower bound does not count, two cycles are two series, two temperatures are none
    assert next(activation_energies(list(series(bound=True)))).value == pytest.approx(50e3, rel=1e-9)
    both = list(activation_energies([*series(), *series(energy=40e3, cycle=50.0)]))
    assert [(e.conditions["cycle"], round(e.value)) for e in both] == [(5.0, 50000), (50.0, 40000)]
    assert not list(activation_energies(list(series())[:2]))


def test_the_other_form_stands_beside():
    plain, over = (fit_arrhenius(KELVIN, resistance(50e3), form=form) for form in ("ln R", "ln R/T"))
    assert plain.other_form_energy == pytest.approx(over.activation_energy, rel=1e-12)
    assert over.other_form_energy == pytest.approx(plain.activation_energy, rel=1e-12)


def test_conductivities_have_the_same_energy():
    conductivity = 1.0 / resistance(50e3)
    fit = fit_arrhenius(KELVIN, conductivity, 0.02 * conductivity, conductance=True)
    assert fit.activation_energy == pytest.approx(50e3, rel=1e-9)
    assert fit.reference_value == pytest.approx(0.2, rel=1e-9)
    hopping = fit_arrhenius(KELVIN, conductivity / KELVIN, conductance=True, form="ln R/T")
    assert hopping.activation_energy == pytest.approx(50e3, rel=1e-9)


WARM = np.array([25.0, 35.0, 45.0, 55.0, 65.0]) + 273.15


def line(energy, kelvin):
    return 5.0 * np.exp(energy / 8.314462618 * (1.0 / kelvin - 1.0 / 298.15))


def test_one_kelvin_costs_as_much_as_it_should():
    """Random: 1.7 kJ/mol over 25 to 65 degC; shared: 2/T of the energy."""
    values = line(53e3, WARM)
    random = fit_arrhenius(WARM, values, 1e-9 * values, temperature_uncertainty=1.0)
    assert random.standard_uncertainty == pytest.approx(1.7e3, rel=0.02)
    shared = fit_arrhenius(WARM, values, 1e-9 * values, shared_temperature_uncertainty=1.0)
    assert shared.standard_uncertainty == pytest.approx(53e3 * 2.0 / 318.0, rel=0.02)
    unweighted = fit_arrhenius(WARM, values, temperature_uncertainty=1.0)
    assert unweighted.standard_uncertainty == pytest.approx(1.7e3, rel=0.05)


def drawn(seed):
    """A series with known uncertainties: energy, number of temperatures, noise and errors of temperature drawn."""
    draw = np.random.default_rng(seed)
    energy, count = draw.uniform(20e3, 80e3), int(draw.integers(5, 10))
    kelvin = np.linspace(0.0, 65.0, count) + 273.15
    of_kelvin = float(draw.choice([0.0, 0.3, 1.0]))
    share = draw.uniform(0.01, 0.06, count)
    values = line(energy, kelvin + of_kelvin * draw.standard_normal(count)) * np.exp(
        share * draw.standard_normal(count)
    )
    return energy, kelvin, values, share * values, of_kelvin


def test_stated_uncertainties_cover_as_often_as_they_say():
    # 400 seeds from 0; the exact 99 % binomial bands of 95 % and 80 % of 400.
    covered = {"interval": 0, "interval_80": 0}
    for seed in range(400):
        energy, kelvin, values, spreads, of_kelvin = drawn(seed)
        fit = fit_arrhenius(kelvin, values, spreads, temperature_uncertainty=of_kelvin)
        for name in covered:
            low, high = getattr(fit, name)
            covered[name] += low <= energy <= high
    assert 368 <= covered["interval"] <= 390
    assert 299 <= covered["interval_80"] <= 340


@pytest.mark.parametrize("energy", [52.95e3, 60.38e3])
def test_energies_come_back_from_noisy_resistances(energy):
    """25 to 65 degC, 1 % noise: within 1.5 kJ/mol in 99 of 100 at least; 0.26 kJ/mol is one standard deviation."""
    worst = 0.0
    for seed in range(100):
        values = line(energy, WARM) * (1.0 + 0.01 * np.random.default_rng(seed).standard_normal(WARM.size))
        worst = max(worst, abs(fit_arrhenius(WARM, values, 0.01 * values).activation_energy - energy))
    assert worst < 1.5e3


def test_scatter_beyond_the_uncertainties_is_told():
    told = 0
    for seed in range(400):
        _, kelvin, values, spreads, of_kelvin = drawn(seed)
        told += fit_arrhenius(kelvin, values, spreads, temperature_uncertainty=of_kelvin).scatters
    # 1 % of 400, the exact 99 % binomial band
    assert told <= 10
    rough = line(50e3, WARM) * np.array([1.0, 1.1, 0.9, 1.1, 1.0])
    fit = fit_arrhenius(WARM, rough, 0.005 * rough)
    assert fit.scatters
    assert fit.chi_square > 100.0
    assert fit.interval[1] - fit.interval[0] > 10e3


def two_lines(cold, warm, kelvin, crossover=303.15):
    """Resistances of two energies that meet."""
    apart = 1.0 / kelvin - 1.0 / crossover
    return 5.0 * np.exp(np.where(apart > 0.0, cold, warm) / 8.314462618 * apart)


def test_two_regimes_are_found():
    kelvin = np.linspace(263.15, 343.15, 9)
    draw = np.random.default_rng(0)
    values = two_lines(35e3, 70e3, kelvin) * (1.0 + 0.01 * draw.standard_normal(9))
    fit = fit_arrhenius(kelvin, values, 0.01 * values)
    assert fit.lacks_fit
    assert fit.regimes.cold_energy == pytest.approx(35e3, abs=2e3)
    assert fit.regimes.warm_energy == pytest.approx(70e3, abs=2e3)
    assert fit.regimes.crossover_temperature == pytest.approx(303.15, abs=2.0)
    # one energy is given, with an interval that holds both
    assert fit.interval[0] < 35e3 < 70e3 < fit.interval[1]
    estimates = [
        Estimate("sei_resistance", v, "ohm m^2", "d", 0.01 * v, conditions={"temperature": t})
        for t, v in zip(kelvin.tolist(), values.tolist(), strict=True)
    ]
    found = next(activation_energies(estimates, temperature_uncertainty=0.2))
    assert {text.split()[0] for text in found.warnings} == {"LI-W-ANA-024", "LI-W-ANA-128"}
    assert found.conditions["crossover_temperature"] == pytest.approx(303.15, abs=2.0)
    assert "temperatures to 0.2 K" in found.definition


def test_one_regime_is_not_two_and_a_smooth_bend_is_none():
    kelvin = np.linspace(263.15, 343.15, 9)
    false = 0
    for seed in range(400):
        noise = 1.0 + 0.05 * np.random.default_rng(seed).standard_normal(9)
        false += fit_arrhenius(kelvin, line(50e3, kelvin) * noise).regimes is not None
    # 1 % was asked for; the knot is looked for as well, which the F test counts as one parameter
    assert false <= 12
    smooth = np.exp(600.0 / (kelvin - 180.0))  # Vogel-Fulcher-Tammann
    fit = fit_arrhenius(kelvin, smooth * (1.0 + 0.005 * np.random.default_rng(1).standard_normal(9)))
    assert fit.lacks_fit
    assert fit.regimes is None
    assert fit_arrhenius(KELVIN[:5], resistance(50e3)[:5]).regimes is None


@pytest.mark.parametrize(
    "wrong",
    [{"temperature_uncertainty": -1.0}, {"uncertainty": np.full(5, np.nan)}, {"form": "ln T"}, {"uncertainty": [1.0]}],
)
def test_uncertainties_that_are_none_are_refused(wrong):
    with pytest.raises(AnalysisError, match="LI-ANA-001"):
        fit_arrhenius(WARM, line(50e3, WARM), **wrong)


def test_degrees_celsius_are_no_kelvin():
    with pytest.raises(AnalysisError, match="may be one in degC"):
        fit_arrhenius([10.0, 25.0, 40.0, 60.0], [4.0, 3.0, 2.0, 1.0])
