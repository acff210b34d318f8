"""Figures of studies of full cells: what is drawn has the values and units that its axes say."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis.arrhenius import fit_arrhenius
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.figures.arrhenius import ArrheniusTrace, plot_arrhenius
from lithiate.figures.cycling import CellTrace
from lithiate.figures.fade import FadeSplit, plot_fade
from lithiate.figures.full_cell_traces import plot_full_potentials, plot_full_voltage
from lithiate.figures.style import anode_styles

STYLES = anode_styles(["a", "b"])


def trace(anode, rows=100):
    time = np.linspace(0.0, 7200.0, rows)
    record = CyclingRecord(
        specimen=Specimen(anode, anode, "full", "1", 1e-4),
        provenance=Provenance("simulated"),
        time=time,
        voltage=np.linspace(3.0, 4.2, rows),
        current=np.full(rows, 1e-3),
        electrode_potential=np.linspace(2.99, 4.19, rows),
    )
    return CellTrace(anode, anode, False, record)


@pytest.mark.parametrize("rows", [100, 5000])
def test_a_full_cell_has_an_axis_of_its_own_range_in_volt(rows):
    figure = plot_full_voltage([trace("a", rows), trace("b", rows)], STYLES)
    for panel in figure.axes:
        low, high = panel.get_ylim()
        assert 2.8 < low < 3.0
        assert 4.2 < high < 4.4
    assert figure.axes[1].get_xlim() == (0.0, 2.0)


def test_the_anode_is_the_cathode_less_the_voltage_in_millivolt():
    figure = plot_full_potentials([trace("a")], STYLES, 3600.0)
    above, below = figure.axes
    assert above.lines[0].get_ydata()[0] == 2.99
    assert below.lines[0].get_ydata() == pytest.approx(-10.0)
    assert above.lines[0].get_xdata()[-1] <= 1.0


def test_bars_of_fade_are_stacked_and_gains_lie_below():
    split = FadeSplit("a", (1, 100), {"cathode": (0.0, 0.1), "film": (0.0, 0.05), "rest": (0.0, -0.02)})
    (panel,) = plot_fade([split]).axes
    tops = [(round(bar.get_y(), 9), round(bar.get_height(), 9)) for bar in panel.patches]
    assert tops == [(0.0, 0.0), (0.0, 10.0), (0.0, 0.0), (10.0, 5.0), (0.0, 0.0), (0.0, -2.0)]
    assert panel.get_ylim()[0] < -2.0
    assert panel.get_ylim()[1] > 15.0


def test_an_arrhenius_line_goes_through_points_that_lie_on_it():
    kelvin = np.array([273.15, 298.15, 323.15])
    values = 1e-3 * np.exp(50e3 / 8.314462618 * (1.0 / kelvin - 1.0 / 298.15))
    figure = plot_arrhenius([ArrheniusTrace("a", "a", False, kelvin, values, 50e3)], STYLES, "sei_resistance")
    line, points = figure.axes[0].lines[:2]
    assert points.get_ydata()[1] == pytest.approx(10.0)
    drawn = np.exp(np.interp(points.get_xdata()[1], line.get_xdata(), np.log(line.get_ydata())))
    assert drawn == pytest.approx(10.0, rel=1e-6)
    assert points.get_label() == "a, 50.0 kJ/mol"


def test_an_arrhenius_fit_has_its_band_its_regimes_and_temperatures_above():
    kelvin = np.linspace(263.15, 343.15, 9)
    apart = 1.0 / kelvin - 1.0 / 303.15
    values = 5e-4 * np.exp(np.where(apart > 0.0, 35e3, 70e3) / 8.314462618 * apart)
    straight = 5e-4 * np.exp(50e3 / 8.314462618 * apart)
    spread = 0.02 * values
    traces = [
        ArrheniusTrace("a", "a", False, kelvin, values, None, spread, fit_arrhenius(kelvin, values, spread)),
        ArrheniusTrace("b", "b", False, kelvin, straight, None, None, fit_arrhenius(kelvin, straight, 0.02 * straight)),
    ]
    panel = plot_arrhenius(traces, STYLES, "sei_resistance").axes[0]
    labels = panel.get_legend_handles_labels()[1]
    assert "35.0 below, 70.0 above 30 °C" in labels[0]
    assert "50.0 (" in labels[1]
    assert "by ln(R/T)" in labels[1]
    # a line of one regime has a band, which holds its points; bars and both regimes stand for the other
    (band,) = [
        found for found in panel.collections if type(found).__name__ in ("PolyCollection", "FillBetweenPolyCollection")
    ]
    assert band.get_datalim(panel.transData).y0 < 1e4 * straight.min()
    above = next(child for child in panel.child_axes)
    assert [tick.get_text() for tick in above.get_xticklabels()][:2] == ["-10", "0"]
