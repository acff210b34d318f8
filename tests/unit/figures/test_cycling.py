"""Figures of symmetric cells: what is drawn, and that it is drawn the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.errors import WriteError
from lithiate.figures.cycling import (
    CellTrace,
    HysteresisCurve,
    envelope,
    first_half_cycle_capacity,
    plot_first_cycles,
    plot_hysteresis,
    plot_nucleation,
    plot_voltage,
)
from lithiate.figures.style import anode_styles, save

STYLES = anode_styles(["a", "b"])


def record(n=400, level=0.01, *, area=1e-4, current=1e-3):
    time = np.linspace(0.0, 36000.0, n)
    sign = np.where((time // 3600) % 2 == 0, -1.0, 1.0)
    return CyclingRecord(
        specimen=Specimen("s", area=area),
        provenance=Provenance("simulated"),
        time=time,
        voltage=level * sign,
        current=None if current is None else current * sign,
    )


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=300), st.integers(1, 50))
def test_an_envelope_loses_no_extreme(values, columns):
    values = np.array(values)
    centre, low, high = envelope(np.arange(values.size, dtype=float), values, columns)
    assert low.min() == values.min()
    assert high.max() == values.max()
    assert np.all(low <= high)
    assert centre.size <= columns


def test_voltage_is_drawn_in_millivolt_against_hours():
    figure = plot_voltage([CellTrace("a", "a", False, record())], STYLES)
    (panel,) = figure.axes
    line = panel.lines[0]
    assert line.get_xdata()[-1] == pytest.approx(10.0)
    assert line.get_ydata().max() == pytest.approx(10.0)
    assert panel.get_xlabel() == "Time / h"


def test_a_spike_beyond_the_axis_is_told():
    spiked = record()
    spiked.voltage[200] = 5.0
    figure = plot_voltage([CellTrace("a", "a", False, spiked)], STYLES)
    (panel,) = figure.axes
    assert panel.get_ylim()[1] < 100.0
    assert [text.get_text() for text in panel.texts] == ["beyond the axis: up to 5e+03 mV"]


def test_a_long_record_is_an_envelope_and_a_short_one_a_line():
    long = plot_voltage([CellTrace("a", "a", False, record(20000))], STYLES).axes[0]
    assert len(long.collections) == 1
    assert not long.lines
    short = plot_voltage([CellTrace("a", "a", False, record(500))], STYLES).axes[0]
    assert len(short.lines) == 1


def test_published_onsets_are_marked():
    time = np.arange(701) * 7200.0
    curve = HysteresisCurve(
        "a", "a", False, time, np.full(701, 0.016), time, *(np.full(701, x) for x in (1e-2, 8e-3, 2e-2))
    )
    (panel,) = plot_hysteresis([curve], STYLES, {"a": (1400 * 3600.0, True), "unknown": (1.0, False)}).axes
    assert [text.get_text() for text in panel.texts] == ["published ≥ 1400 h"]
    assert len(panel.collections) == 1
    assert panel.get_yscale() == "log"


def test_an_onset_beyond_the_test_is_not_marked(tmp_path):
    curve = HysteresisCurve("a", "a", False, np.arange(30) * 7200.0, np.full(30, 0.016))
    figure = plot_hysteresis([curve], STYLES, {"a": (1400 * 3600.0, True)})
    assert not figure.axes[0].texts
    save(figure, tmp_path / "x.svg")


def test_first_cycles_end_where_they_should():
    (panel,) = plot_first_cycles([CellTrace("b", "b", True, record())], STYLES, 7200.0).axes
    assert panel.get_xlim() == (0.0, 2.0)
    assert panel.lines[0].get_linestyle() == ":"


def test_capacity_of_the_first_half_cycle():
    # 1 mA on 1 cm2 for 1 h is 1 mAh/cm2, 36000 C/m2.
    capacity = first_half_cycle_capacity(record(3601), 3600.0)
    assert capacity[0] == 0.0
    assert capacity[-1] == pytest.approx(36000.0, rel=0.01)
    assert first_half_cycle_capacity(record(area=None), 3600.0) is None
    assert first_half_cycle_capacity(record(current=None), 3600.0) is None


def test_nucleation_shows_the_whole_and_the_first_tenth():
    whole, start = plot_nucleation([CellTrace("a", "a", False, record(3601))], STYLES, 3600.0).axes
    assert start.get_xlim()[1] == pytest.approx(0.1, rel=0.02)
    assert whole.lines[0].get_ydata().max() == pytest.approx(10.0)


def test_an_anode_keeps_its_colour_and_ten_differ():
    names = [f"anode {k}" for k in range(10)]
    styles = anode_styles([*names, "anode 0"])
    assert len({(style.colour, style.dashes) for style in styles.values()}) == 10
    assert anode_styles(names[:3])["anode 2"] == styles["anode 2"]


def test_an_svg_is_the_same_each_time_and_needs_no_fonts(tmp_path):
    paths = [tmp_path / "1.svg", tmp_path / "2.svg"]
    for path in paths:
        save(plot_voltage([CellTrace("a", "Li foil", False, record())], STYLES), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert b"<text" not in first
    assert b"dc:date" not in first


def test_a_figure_that_cannot_be_saved(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(WriteError, match="LI-WRITE-001"):
        save(plot_voltage([CellTrace("a", "a", False, record())], STYLES), tmp_path / "file" / "x.svg")
