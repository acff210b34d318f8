"""The figure of the analysis of a polarisation curve: units, windows, the line of Tafel, the drop."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis import analyse
from lithiate.constants import thermal_voltage
from lithiate.core.measurement import PolarisationCurve, Provenance, Specimen
from lithiate.figures.kinetics import plot_kinetics

AREA = 1e-4


def swept(series=0.0, area=AREA):
    """One electrode of 1 mA/cm2 at 25 degC, swept to 0.2 V, behind a resistance in ohm m2."""
    eta = np.linspace(-0.2, 0.2, 641)
    density = 20.0 * np.sinh(eta / (2.0 * thermal_voltage(298.15)))
    voltage = eta + series * density
    return PolarisationCurve(
        specimen=Specimen("s", area=area),
        provenance=Provenance("measured"),
        conditions={"temperature": 298.15},
        voltage=voltage,
        electrode_potential=voltage,
        current=density * AREA,
    )


def labelled(panel):
    return dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True))


def test_windows_laws_and_the_line_of_tafel():
    linear, tafel = plot_kinetics(analyse(swept())).axes
    measured = labelled(linear)["measured"]
    assert measured.get_xdata().max() == pytest.approx(200.0)
    assert measured.get_ydata().max() == pytest.approx(2.0 * np.sinh(0.1 / thermal_voltage(298.15)))
    law = next(line for text, line in labelled(linear).items() if text.startswith("Butler-Volmer 1 mA/cm²"))
    assert np.interp(100.0, law.get_xdata(), law.get_ydata()) == pytest.approx(
        np.interp(100.0, measured.get_xdata(), measured.get_ydata()), rel=1e-3
    )
    window = labelled(linear)["window of the slope"].get_extents().transformed(linear.transData.inverted())
    assert (window.x0, window.x1) == pytest.approx((-10.0, 10.0))
    assert tafel.get_yscale() == "log"
    shade = tafel.patches[0].get_extents().transformed(tafel.transData.inverted())
    assert (shade.x0, shade.x1) == pytest.approx((77.0, 200.0))
    (intercept,) = [line for line in tafel.lines if line.get_marker() == "s"]
    assert intercept.get_ydata()[0] == pytest.approx(1.0, rel=0.06)
    assert [text.get_text() for text in tafel.texts] == ["Tafel window"]


def test_the_drop_is_visible():
    figure = plot_kinetics(analyse(swept(20e-4)))
    linear, tafel = figure.axes
    less = labelled(linear)["less 20 Ω cm²"]
    assert less.get_xdata().max() == pytest.approx(200.0, rel=1e-3)
    assert [text.get_text() for text in tafel.texts] == ["Tafel window: no value"]
    assert "linear 0.56" in figure.get_supxlabel()


def test_without_an_area_currents_are_in_milliampere():
    linear, _ = plot_kinetics(analyse(swept(area=None))).axes
    assert linear.get_ylabel() == "Current / mA"
    largest = 20.0 * np.sinh(0.1 / thermal_voltage(298.15)) * AREA
    assert labelled(linear)["measured"].get_ydata().max() == pytest.approx(1e3 * largest)


def test_few_rows_are_drawn_without_laws():
    record = swept()
    few = evolve(
        record, **{name: getattr(record, name)[::160] for name in ("voltage", "electrode_potential", "current")}
    )
    linear, _ = plot_kinetics(analyse(few)).axes
    assert not any("Butler" in text for text in labelled(linear))
