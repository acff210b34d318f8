"""Figures of spectra, sweeps, efficiencies, potentials, current steps and ablations."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, PolarisationCurve, Provenance, Specimen
from lithiate.figures.ablation import Bar, plot_ablation
from lithiate.figures.critical_current import CurrentSteps, plot_current_steps
from lithiate.figures.cycling import CellTrace, plot_first_cycles
from lithiate.figures.efficiency import EfficiencyCurve, plot_efficiency
from lithiate.figures.impedance import SpectraTrace, plot_nyquist
from lithiate.figures.polarisation import PolarisationTrace, plot_polarisation
from lithiate.figures.potentials import plot_electrode_potentials
from lithiate.figures.style import anode_styles, save

STYLES = anode_styles(["a", "b"])
SIMULATED = Provenance("simulated")


def spectra(count=1, area=1e-4, **series):
    frequency = np.geomspace(1e5, 1e-1, 61)
    one = 10.0 + 50.0 / (1.0 + 1j * frequency / 100.0)
    return ImpedanceSpectra(
        specimen=Specimen("s", area=area),
        provenance=SIMULATED,
        frequency=np.tile(frequency, count),
        impedance=np.concatenate([one * (k + 1) for k in range(count)]),
        offsets=np.arange(count + 1) * frequency.size,
        **series,
    )


def test_a_nyquist_plot_has_equal_axes_in_ohm_cm2(tmp_path, caplog):
    figure = plot_nyquist([SpectraTrace("a", "a", False, spectra())], STYLES)
    (panel,) = figure.axes
    line, decades = panel.lines
    # 10 to 60 ohm on 1 cm2; the arc is 25 ohm high.
    assert line.get_xdata().max() == pytest.approx(60.0, rel=1e-3)
    assert line.get_ydata().max() == pytest.approx(25.0, rel=1e-3)
    assert len(decades.get_xdata()) == 7
    assert panel.get_aspect() == 1.0
    assert "cm" in panel.get_xlabel()
    save(figure, tmp_path / "x.svg")
    assert caplog.records == []


def test_without_an_area_a_nyquist_plot_is_in_ohm():
    known, unknown = spectra(), spectra(area=None)
    figure = plot_nyquist([SpectraTrace("a", "a", False, known), SpectraTrace("b", "b", True, unknown)], STYLES)
    (panel,) = figure.axes
    assert "cm" not in panel.get_xlabel()
    assert {round(line.get_xdata().max()) for line in panel.lines} == {60}
    # Spectra that coincide must both be seen.
    assert panel.lines[0].get_linewidth() > panel.lines[2].get_linewidth()


def test_several_spectra_have_a_panel_a_cell_and_say_which_they_are():
    record = spectra(3, cycle=[0, 1, 50], temperature=[298.15] * 3)
    warm = spectra(2, temperature=[273.15, 298.15])
    figure = plot_nyquist([SpectraTrace("a", "a", False, record), SpectraTrace("b", "b", False, warm)], STYLES)
    first, second = (panel for panel in figure.axes if panel.get_visible())
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["fresh", "1 cycle", "50 cycles"]
    assert [text.get_text() for text in second.get_legend().get_texts()] == ["0 °C", "25 °C"]
    assert first.get_title() == "a"


def test_a_polarisation_curve_is_shown_linear_and_logarithmic():
    voltage = np.linspace(-0.1, 0.1, 201)
    curve = PolarisationCurve(
        specimen=Specimen("s", area=1e-4), provenance=SIMULATED, voltage=voltage, current=1e-3 * voltage / 0.1
    )
    linear, logarithmic = plot_polarisation([PolarisationTrace("a", "a", False, curve)], STYLES).axes
    assert linear.lines[0].get_ydata().max() == pytest.approx(1.0)
    assert logarithmic.get_yscale() == "log"
    assert np.all(logarithmic.lines[0].get_ydata() > 0.0)
    assert logarithmic.get_ylim()[0] > 1e-4


def test_efficiency_is_in_percent_and_tells_what_lies_below_the_axis():
    cycle = np.arange(1, 101)
    efficiency = np.full(100, 0.99)
    efficiency[0] = 0.5
    (panel,) = plot_efficiency([EfficiencyCurve("a", "a", False, cycle, efficiency)], STYLES).axes
    assert panel.lines[0].get_ydata()[1] == pytest.approx(99.0)
    assert panel.get_ylim()[0] > 90.0
    assert [text.get_text() for text in panel.texts] == ["1 cycle below the axis, lowest 50 %"]


def test_efficiency_of_cycles_on_a_reservoir_has_gaps_and_the_axis_shows_the_rest():
    efficiency = np.array([0.95, np.nan, np.nan, 0.97])
    (panel,) = plot_efficiency([EfficiencyCurve("a", "a", True, np.arange(1, 5), efficiency)], STYLES).axes
    low, high = panel.get_ylim()
    assert low < 95.0 < 97.0 < high


def rested(potential):
    time = np.arange(0.0, 20 * 3600.0, 600.0)
    current = np.where(time < 10 * 3600.0, 0.0, -1e-3)
    voltage = np.where(current < 0.0, -0.03, 0.0)
    record = CyclingRecord(
        specimen=Specimen("s", area=1e-4),
        provenance=SIMULATED,
        time=time,
        voltage=voltage,
        current=current,
        electrode_potential=0.4 * voltage if potential else None,
    )
    return CellTrace("a", "a", False, record)


def test_potentials_begin_with_the_current_and_add_up_to_the_voltage():
    (panel,) = plot_electrode_potentials([rested(True), rested(False)], STYLES, 3600.0).axes
    voltage, working, counter = (line.get_ydata() for line in panel.lines)
    assert voltage.min() == pytest.approx(-30.0)
    assert working - counter == pytest.approx(voltage)
    assert counter.max() == pytest.approx(18.0)


def test_first_cycles_leave_out_the_rest_before_them():
    (panel,) = plot_first_cycles([rested(False)], STYLES, 7200.0).axes
    assert panel.lines[0].get_ydata().min() == pytest.approx(-30.0)


def test_current_steps_mark_a_short():
    values = [np.array(v) for v in ([5.0, 10.0], [0.01, 0.02], [0.009, np.nan], [0.012, np.nan])]
    steps = {shorted: CurrentSteps("a", "a", False, *values, shorted) for shorted in (False, True)}
    (panel,) = plot_current_steps([steps[True]], STYLES).axes
    assert panel.lines[0].get_xdata() == pytest.approx([0.5, 1.0])
    assert panel.lines[0].get_ydata() == pytest.approx([10.0, 20.0])
    assert len(panel.lines) == 2
    assert len(plot_current_steps([steps[False]], STYLES).axes[0].lines) == 1
    assert len(panel.collections[0].get_segments()) == 1


def test_ablation_bars_cut_the_largest_and_keep_its_text(tmp_path):
    bars = [Bar("mechanism", f"without {k}", 10.0, "+10 %") for k in range(9)]
    bars.append(Bar("closure", "other", 900.0, "+900 %"))
    bars.append(Bar("mechanism", "censored", None, "< -780 h"))
    figure = plot_ablation([("voltage hysteresis", bars), ("onset", bars)])
    panel = figure.axes[0]
    assert [text.get_text() for text in panel.texts][-2:] == ["+900 %", "< -780 h"]
    widths = [patch.get_width() for patch in panel.patches]
    assert max(widths) < 900.0
    assert widths[0] == pytest.approx(10.0)
    assert [label.get_text() for label in panel.get_yticklabels()][-1] == "censored"
    save(figure, tmp_path / "x.svg")
