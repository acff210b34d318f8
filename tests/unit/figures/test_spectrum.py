"""The figure of one spectrum shows what was measured, what was fitted and what is wrong with it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lithiate.analysis.circuits import fit_circuit
from lithiate.analysis.impedance import analyse_impedance
from lithiate.analysis.kramers_kronig import check_kramers_kronig
from lithiate.analysis.relaxation_times import fit_relaxation_times
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen
from lithiate.figures.spectrum import SpectrumView, decade_rows, plot_spectrum, spectrum_view
from lithiate.figures.style import save
from lithiate.formulas.circuit import depressed_arc

FREQUENCY = np.geomspace(1e5, 0.1, 61)
AREA = 2e-4
WRONG = 35


@pytest.fixture(scope="module")
def view():
    rng = np.random.default_rng(0)
    impedance = 10.0 + depressed_arc(2.0 * math.pi * FREQUENCY, 50.0, 1e-3, 0.9)
    impedance *= 1.0 + 2e-3 * (rng.standard_normal(61) + 1j * rng.standard_normal(61))
    impedance[WRONG] *= 1.05
    check = check_kramers_kronig(FREQUENCY, impedance)
    assert np.flatnonzero(check.offending).tolist() == [WRONG]
    return SpectrumView(
        label="cell 7",
        frequency=FREQUENCY,
        impedance=impedance,
        area=AREA,
        fit=fit_circuit("R-p(R,CPE)", FREQUENCY, impedance),
        check=check,
        times=fit_relaxation_times(FREQUENCY, impedance),
    )


@pytest.fixture(scope="module")
def panels(view):
    nyquist, size, phase, fit, check, times = plot_spectrum(view).axes
    return {"nyquist": nyquist, "size": size, "phase": phase, "fit": fit, "check": check, "times": times}


def test_the_nyquist_plot_has_equal_axes_points_fit_and_marked_rows(view, panels):
    panel = panels["nyquist"]
    assert panel.get_aspect() == 1.0
    assert panel.get_title() == "cell 7"
    assert "cm" in panel.get_xlabel()
    lines = {line.get_label(): line for line in panel.lines}
    areal = view.impedance * AREA * 1e4
    np.testing.assert_allclose(lines["data"].get_xdata(), areal.real)
    np.testing.assert_allclose(lines["data"].get_ydata(), -areal.imag)
    fitted = lines["fit of R1-p(R2,CPE1)"]
    assert fitted.get_xdata()[-1] == pytest.approx(2.0 * view.fit.fitted[-1].real, rel=1e-9)
    assert len(fitted.get_xdata()) > view.frequency.size
    np.testing.assert_allclose(lines["offending row"].get_xdata(), areal.real[[WRONG]])


def test_points_near_decades_carry_their_frequencies(view, panels):
    written = {text.get_text(): text.xy for text in panels["nyquist"].texts}
    # 100 kHz and 10 kHz lie on one another at the left end, 1 Hz and 100 mHz at the right one.
    assert "100 Hz" in written
    row = int(np.argmin(abs(FREQUENCY - 100.0)))
    assert written["100 Hz"][0] == pytest.approx(2.0 * view.impedance[row].real)
    assert len(written) < 7
    assert decade_rows(FREQUENCY) == [60, 50, 40, 30, 20, 10, 0]
    assert decade_rows(np.array([150.0, 12.0, 8.5])) == [2, 0]


def test_the_bode_plot_has_size_and_phase_with_the_fit(view, panels):
    size, phase = panels["size"], panels["phase"]
    assert (size.get_xscale(), size.get_yscale(), phase.get_yscale()) == ("log", "log", "linear")
    np.testing.assert_allclose(size.lines[0].get_xdata(), FREQUENCY)
    np.testing.assert_allclose(size.lines[0].get_ydata(), 2.0 * np.abs(view.impedance))
    np.testing.assert_allclose(phase.lines[0].get_ydata(), -np.degrees(np.angle(view.impedance)))
    assert len(size.lines) == len(phase.lines) == 3
    assert size.lines[2].get_xdata() == [FREQUENCY[WRONG]]


def test_residuals_are_measured_minus_fitted_in_per_cent(view, panels):
    lines = {line.get_label(): line for line in panels["fit"].lines}
    wanted = 100.0 * (view.impedance - view.fit.fitted).real / np.abs(view.impedance)
    np.testing.assert_allclose(lines["real part"].get_ydata(), wanted[::-1])
    of_check = {line.get_label(): line for line in panels["check"].lines}
    np.testing.assert_allclose(of_check["imaginary part"].get_ydata(), 100.0 * view.check.residual.imag[::-1])
    assert view.check.verdict in panels["check"].get_title()


def test_the_relaxation_times_are_per_area(view, panels):
    np.testing.assert_allclose(panels["times"].lines[0].get_ydata(), 2.0 * view.times.distribution)


def test_what_was_not_found_has_no_panel(view, tmp_path, caplog):
    bare = SpectrumView(label="bare", frequency=view.frequency, impedance=view.impedance)
    figure = plot_spectrum(bare)
    assert len(figure.axes) == 3
    assert "cm" not in figure.axes[0].get_xlabel()
    assert len(plot_spectrum(SpectrumView("", FREQUENCY, view.impedance, check=view.check)).axes) == 4
    assert save(figure, tmp_path / "x.svg").stat().st_size > 5000
    assert caplog.records == []


def test_a_view_is_taken_from_a_record_and_its_result(view):
    record = ImpedanceSpectra(
        specimen=Specimen(name="a", area=AREA),
        provenance=Provenance("measured"),
        frequency=np.concatenate([FREQUENCY, FREQUENCY[::-1]]),
        impedance=np.concatenate([view.impedance, 2.0 * view.impedance[::-1]]),
        offsets=np.array([0, 61, 122]),
    )
    result = analyse_impedance(record, circuit="R-p(R,CPE)", relaxation_times="false")
    found = spectrum_view(record, result, 1, "second")
    np.testing.assert_allclose(found.impedance, 2.0 * view.impedance)
    np.testing.assert_allclose(found.frequency, FREQUENCY)
    assert found.fit is result.circuit.spectra[1].fit
    assert np.flatnonzero(found.offending).tolist() == [WRONG]
    assert found.times is None
