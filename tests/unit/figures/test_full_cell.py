"""Figures of full cells: units, bands, names of rates, panels."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.figures.full_cell import (
    CapacityCurve,
    capacity_curve,
    common_basis,
    plot_capacity,
    plot_rate_capacity,
    plot_voltage_profiles,
    shown_cycles,
    voltage_profiles,
)
from lithiate.figures.style import anode_styles, save

STYLES = anode_styles(["a", "b"])
MAH_PER_GRAM = 3600.0


def curve(capacity, efficiency=0.99, **more):
    capacity = np.asarray(capacity, dtype=float) * MAH_PER_GRAM
    given = {"anode": "a", "label": "a", "measured": False, "cycle": np.arange(1, capacity.size + 1)}
    return CapacityCurve(**{**given, **more}, capacity=capacity, efficiency=np.broadcast_to(efficiency, capacity.shape))


def test_capacity_and_efficiency_stand_one_above_the_other_with_bands(tmp_path, caplog):
    cycle = np.arange(1, 201)
    band = {"band_cycle": cycle, "low": np.full(200, 150.0) * MAH_PER_GRAM, "high": np.full(200, 190.0) * MAH_PER_GRAM}
    band |= {"efficiency_low": np.full(200, 0.985), "efficiency_high": np.full(200, 0.995)}
    efficiency = np.append(0.88, np.full(199, 0.99))
    first = curve(np.linspace(180, 160, 200), efficiency, **band)
    second = curve(np.linspace(175, 170, 20), anode="b", label="b", measured=True)
    figure = plot_capacity([first, second], STYLES)
    above, below = figure.axes
    assert above.lines[0].get_ydata()[[0, -1]] == pytest.approx([180.0, 160.0])
    assert below.lines[0].get_ydata()[1] == pytest.approx(99.0)
    assert len(above.collections) == len(below.collections) == 1
    assert above.collections[0].get_datalim(above.transData).y1 == pytest.approx(190.0)
    # One cycle of 200 far below does not press the others together, and the panel says that it is there.
    assert below.get_ylim()[0] > 95.0
    assert [text.get_text() for text in below.texts] == ["1 cycle below the axis, lowest 88 %"]
    assert above.get_ylim()[0] == 0.0
    assert "mAh g" in above.get_ylabel()
    # Points of a short test, a line alone for a long one.
    assert [line.get_marker() for line in above.lines] == ["None", "o"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    save(figure, tmp_path / "x.svg")
    assert caplog.records == []


def test_the_rate_is_written_over_each_run():
    rates = np.repeat([0.2, 1.0, 10.0, 0.2], 3)
    figure = plot_rate_capacity([curve(200.0 - 10.0 * rates, c_rate=rates)], STYLES)
    (panel,) = figure.axes
    assert [text.get_text() for text in panel.texts] == ["0.2 C", "1 C", "10 C", "0.2 C"]
    assert [text.xy[0] for text in panel.texts] == [2.0, 5.0, 8.0, 11.0]
    assert all(text.xy[1] < panel.get_ylim()[1] for text in panel.texts)
    runs = [line for line in panel.lines if len(line.get_xdata()) == 3]
    assert [line.get_ydata()[0] for line in runs] == pytest.approx([198.0, 190.0, 100.0, 198.0])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a"]


def test_a_curve_without_rates_is_drawn_without_names():
    (panel,) = plot_rate_capacity([curve([3.0, 2.0, 1.0])], STYLES).axes
    assert not panel.texts
    assert panel.lines[0].get_xdata().tolist() == [1, 2, 3]


def full_record(rates, mass=2e-6, area=1e-4):
    """Cycles of 0.9 mAh after charges of 1 mAh at these currents in mA; 11 rows a half cycle."""
    parts, time = [], 0.0
    for rate in rates:
        for held, sign, (first, last) in ((1.0, 1.0, (3.5, 4.3)), (0.9, -1.0, (4.2, 2.8))):
            share, duration = np.linspace(0.0, 1.0, 11), 3600.0 * held / rate
            current = np.full(11, sign * rate * 1e-3)
            parts.append(np.column_stack([time + share * duration, first + (last - first) * share, current]))
            time += duration
    rows = np.concatenate(parts).T
    specimen = Specimen("cell", cell="full", area=area, cathode_mass=mass)
    return CyclingRecord(
        specimen=specimen, provenance=Provenance("measured"), time=rows[0], voltage=rows[1], current=rows[2]
    )


def test_the_basis_is_what_all_cells_know():
    known, no_mass, nothing = (
        analyse(full_record([1.0, 1.0], **given)) for given in ({}, {"mass": None}, {"mass": None, "area": None})
    )
    assert common_basis([known]) == "specific"
    assert common_basis([known, no_mass]) == "areal"
    assert common_basis([known, no_mass, nothing]) == "total"
    names = {"anode": "a", "label": "a", "measured": True}
    for basis, expected in (("specific", 450.0), ("areal", 0.9), ("total", 0.9)):
        (above, _) = plot_capacity([capacity_curve(known, basis=basis, **names)], STYLES).axes
        assert above.lines[0].get_ydata() == pytest.approx([expected] * 2)


def test_voltage_profiles_run_from_zero_and_name_their_cycles():
    record = full_record([1.0, 1.0, 1.0])
    result = analyse(record)
    assert shown_cycles(result) == [1, 2, 3]
    names = {"anode": "a", "label": "a", "measured": False, "basis": "total"}
    profiles = voltage_profiles(record, result, [1, 3, 3, 7], **names)
    assert [(p.cycle, p.charging) for p in profiles] == [(1, True), (1, False), (3, True), (3, False)]
    (panel,) = plot_voltage_profiles(profiles, STYLES).axes
    up, down = panel.lines[:2]
    assert (up.get_xdata()[0], up.get_xdata()[-1]) == pytest.approx((0.0, 1.0))
    assert (down.get_xdata()[-1], down.get_ydata()[-1]) == pytest.approx((0.9, 2.8))
    np.testing.assert_allclose(up.get_ydata(), 3.5 + 0.8 * up.get_xdata())
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["1", "3"]


def test_profiles_of_several_rates_name_them_and_one_cycle_each_shares_a_panel():
    record = full_record([1.0, 1.0, 2.0, 2.0])
    result = analyse(record)
    assert shown_cycles(result) == [2, 4]
    names = {"measured": False, "basis": "specific"}
    of_a = voltage_profiles(record, result, shown_cycles(result), anode="a", label="a", **names)
    of_b = voltage_profiles(record, result, [1], anode="b", label="b", **names)
    panels = plot_voltage_profiles([*of_a, *of_b], STYLES).axes
    assert [panel.get_title() for panel in panels] == ["a", "b"]
    assert [text.get_text() for text in panels[0].get_legend().get_texts()] == ["2, 1.11 C", "4, 2.22 C"]
    figure = plot_voltage_profiles([*of_a[:2], *of_b], STYLES)
    assert len(figure.axes) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
