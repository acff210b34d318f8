"""The figure of a series of spectra: resistances over what changes, with the collapse marked."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis.impedance_series import ArcCollapse, ImpedanceSeries
from lithiate.figures.impedance_series import plot_impedance_series, series_axis
from lithiate.figures.style import save

COUNT = 8
NUMBER = np.arange(COUNT)
ARC = np.where(NUMBER < 5, 4e-3, 1e-3)


def series(unit="ohm m^2", arcs=1, **columns):
    nothing = np.full(COUNT, np.nan)
    found = {
        "spectrum": (NUMBER + 1, "1"),
        "ohmic_resistance": (np.full(COUNT, 1e-3), unit),
        "ohmic_resistance_uncertainty": (np.full(COUNT, 1e-4), unit),
        "interfacial_resistance": (ARC, unit),
        "interfacial_resistance_uncertainty": (nothing, unit),
        "width": (ARC + 1e-4, unit),
    }
    for k in range(1, arcs + 1):
        found[f"arc_{k}_resistance"] = (np.where(NUMBER == 2, np.nan, 0.9 * ARC), unit)
        found[f"arc_{k}_resistance_uncertainty"] = (np.full(COUNT, 2e-4), unit)
    return ImpedanceSeries(found | {name: (values, "") for name, values in columns.items()}, None, arcs)


def drawn(figure):
    (panel,) = figure.axes
    return {container.get_label(): container for container in panel.containers}


def test_resistances_have_bars_of_twice_their_uncertainty(tmp_path):
    figure = plot_impedance_series(series())
    found = drawn(figure)
    assert set(found) == {"ohmic", "interfacial", "arc 1 of the circuit"}
    line, _, (bars,) = found["ohmic"].lines
    np.testing.assert_allclose(line.get_ydata(), 10.0)
    assert bars.get_segments()[0][:, 1].tolist() == pytest.approx([8.0, 12.0])
    # The third spectrum does not tell its arc: nothing joins its neighbours across it.
    arc = found["arc 1 of the circuit"].lines[0].get_ydata()
    assert np.flatnonzero(np.isnan(arc)).tolist() == [2]
    assert figure.axes[0].get_xlabel() == "Spectrum"
    assert "cm" in figure.axes[0].get_ylabel()
    assert figure.axes[0].get_yscale() == "linear"
    assert save(figure, tmp_path / "x.svg").stat().st_size > 5000


def test_a_collapse_lies_between_two_spectra_and_says_from_what_to_what():
    collapse = ArcCollapse(5, 4e-3, 1e-3, "interfacial_resistance", "it collapsed")
    (panel,) = plot_impedance_series(series(), collapse).axes
    (band,) = panel.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (5.0, 6.0)
    (text,) = panel.texts
    assert text.get_text().startswith("collapse: interfacial 40 → 10")


def test_the_width_stands_in_where_no_arc_is_known():
    known = series().columns
    unknown = known | {"interfacial_resistance": (np.full(COUNT, np.nan), "ohm m^2")}
    found = drawn(plot_impedance_series(ImpedanceSeries(unknown, None, 0)))
    assert set(found) == {"ohmic", "Re Z, end to end"}
    fallen = ArcCollapse(5, 4.1e-3, 1.1e-3, "width", "")
    assert "Re Z, end to end" in drawn(plot_impedance_series(series(), fallen))


def test_far_apart_resistances_share_a_logarithmic_axis_in_plain_numbers():
    far = ImpedanceSeries(series("ohm").columns | {"ohmic_resistance": (np.full(COUNT, 1e-5), "ohm")}, None, 1)
    figure = plot_impedance_series(far)
    (panel,) = figure.axes
    assert panel.get_yscale() == "log"
    assert "cm" not in panel.get_ylabel()
    figure.canvas.draw()
    assert "0.001" in [label.get_text() for label in panel.get_yticklabels()]


@pytest.mark.parametrize(
    ("columns", "name", "last"),
    [
        ({"time": 3600.0 * NUMBER}, "Time / h", 7.0),
        ({"time": 3600.0 * NUMBER, "cycle": 10 * NUMBER}, "Cycle", 70),
        ({"time": 3600.0 * NUMBER, "cycle": NUMBER // 2}, "Time / h", 7.0),
        ({"temperature": 273.15 + 5.0 * NUMBER, "cycle": NUMBER}, "Temperature / °C", 35.0),
        ({"temperature": np.full(COUNT, 298.15)}, "Spectrum", 8),
    ],
)
def test_a_series_is_drawn_over_what_changes(columns, name, last):
    values, found = series_axis(series(**columns))
    assert found == name
    assert values[-1] == pytest.approx(last)
