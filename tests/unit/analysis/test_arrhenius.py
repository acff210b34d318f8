"""Activation energies: exact lines, and the coverage of their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis.arrhenius import fit_arrhenius
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
