"""Figures of Kramers-Kronig residuals and of distributions of relaxation times show what the results hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lithiate.analysis.kramers_kronig import check_kramers_kronig
from lithiate.analysis.relaxation_times import fit_relaxation_times
from lithiate.figures.relaxation_times import RelaxationTrace, plot_relaxation_times
from lithiate.figures.residuals import plot_kramers_kronig, plot_residuals
from lithiate.figures.style import save
from lithiate.formulas.circuit import depressed_arc

FREQUENCY = np.geomspace(1e5, 0.1, 61)
ANGULAR = 2.0 * math.pi * FREQUENCY


@pytest.fixture(scope="module")
def impedance():
    rng = np.random.default_rng(0)
    z = 10.0 + depressed_arc(ANGULAR, 50.0, 1e-4, 0.9) + depressed_arc(ANGULAR, 20.0, 1e-1, 0.9)
    return z * (1.0 + 2e-3 * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size)))


def test_the_residuals_are_drawn_in_per_cent_and_offending_rows_ringed(impedance, tmp_path):
    wrong = impedance.copy()
    wrong[20] *= 1.05
    check = check_kramers_kronig(FREQUENCY, wrong)
    figure = plot_kramers_kronig(check)
    (panel,) = figure.axes
    lines = {line.get_label(): line for line in panel.lines}
    np.testing.assert_allclose(lines["real part"].get_ydata(), 100.0 * check.residual.real[::-1])
    np.testing.assert_allclose(lines["offending row"].get_xdata(), [FREQUENCY[20]] * 2)
    assert panel.get_xscale() == "log"
    assert save(figure, tmp_path / "residuals.svg").stat().st_size > 5000


def test_a_broken_end_is_shaded():
    figure = plot_residuals(FREQUENCY, np.zeros(61, complex), broken_below=1.0)
    assert [text.get_text() for text in figure.axes[0].texts] == ["breaks Kramers–Kronig"]
    whole = plot_residuals(FREQUENCY, np.zeros(61, complex))
    assert not whole.axes[0].texts


def test_a_distribution_is_drawn_with_its_resolved_peaks(impedance, tmp_path):
    result = fit_relaxation_times(FREQUENCY, impedance)
    figure = plot_relaxation_times([RelaxationTrace("cell", result, r"$\Omega$ cm$^2$", 1e4)])
    (panel,) = figure.axes
    np.testing.assert_allclose(panel.lines[0].get_ydata(), 1e4 * result.distribution)
    resolved = [peak for peak in result.peaks if peak.resolved]
    marks = [line for line in panel.lines if line.get_marker() == "v"]
    np.testing.assert_allclose([mark.get_xdata()[0] for mark in marks], [peak.time_constant for peak in resolved])
    assert ["kHz" in text.get_text() for text in panel.texts] == [True, False]
    assert save(figure, tmp_path / "times.svg").stat().st_size > 5000


def test_several_distributions_share_a_panel(impedance):
    results = [fit_relaxation_times(FREQUENCY, factor * impedance) for factor in (1.0, 2.0)]
    figure = plot_relaxation_times([RelaxationTrace(f"cycle {k}", result) for k, result in enumerate(results)])
    (panel,) = figure.axes
    assert not panel.texts
    assert panel.get_ylim()[1] == pytest.approx(1.25 * results[1].distribution.max(), rel=1e-6)
