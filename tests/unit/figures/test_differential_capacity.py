"""Figures of dQ/dV, of resistances at steps, of knees and of replicates: units, places, legends."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis.current_steps import find_current_steps
from lithiate.analysis.differential_capacity import differentiate_capacity
from lithiate.analysis.full_cell import analyse_full_cell
from lithiate.analysis.knee import Knee
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.figures.current_steps import StepTrace, plot_step_resistances
from lithiate.figures.differential_capacity import (
    DifferentialTrace,
    differential_traces,
    plot_differential_capacity,
)
from lithiate.figures.full_cell import CapacityCurve, plot_capacity
from lithiate.figures.replicates import plot_replicates, replicate_band
from lithiate.figures.style import anode_styles, save

STYLES = anode_styles(["a", "b"])


def curve(cycle=1, charging=True):
    fine = np.linspace(3.0, 4.2, 20_001)
    total = 7.2 / (1.0 + np.exp(-(fine - 3.7) / 0.02))
    charge = np.linspace(total[0], total[-1], 2000)
    return differentiate_capacity(charge, np.interp(charge, total, fine), cycle=cycle, charging=charging)


def trace(anode="a", **more):
    return DifferentialTrace(anode, anode, False, curve(**more), per=2e-6, basis="specific")


def test_charge_stands_above_zero_and_discharge_below(tmp_path, caplog):
    figure = plot_differential_capacity([trace(), trace(charging=False)], STYLES)
    (panel,) = figure.axes
    up, dot, down = panel.lines[0], panel.lines[1], panel.lines[2]
    # 7.2 C over 4 widths of 0.02 V, over 2 mg, in mAh/g per V.
    expected = 7.2 / 0.08 / 2e-6 / 3600.0
    assert up.get_ydata().max() == pytest.approx(expected, rel=0.02)
    assert down.get_ydata().min() == pytest.approx(-expected, rel=0.02)
    assert dot.get_xdata() == pytest.approx([3.7], abs=1e-3)
    assert "mAh g" in panel.get_ylabel()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a"]
    save(figure, tmp_path / "x.svg")
    assert caplog.records == []


def test_cells_of_several_cycles_have_panels_of_their_own():
    figure = plot_differential_capacity([trace(cycle=n) for n in (1, 50)] + [trace("b", cycle=1)], STYLES)
    shown = [panel for panel in figure.axes if panel.get_visible()]
    assert [panel.get_title() for panel in shown] == ["a", "b"]
    assert [text.get_text() for text in shown[0].get_legend().get_texts()] == ["1", "50"]
    assert plot_differential_capacity([], STYLES).axes


def test_the_curves_of_a_result_are_divided_as_the_basis_says():
    share = np.linspace(0.0, 1.0, 200)
    time = np.concatenate([3600.0 * share, 3600.0 + 3600.0 * share])
    voltage = np.concatenate([3.4 + 0.9 * share, 4.2 - 1.4 * share])
    record = CyclingRecord(
        specimen=Specimen("a", cell="full", area=1e-4, cathode_mass=2e-6),
        provenance=Provenance("measured"),
        time=np.concatenate([time, time + 7200.0]),
        voltage=np.tile(voltage, 2),
        current=np.tile(np.repeat([1e-3, -1e-3], 200), 2),
    )
    result = analyse_full_cell(record)
    for basis, value in (("specific", 3.6 / 2e-6 / 3600.0), ("areal", 3.6 / 1e-4 / 3.6e4), ("total", 1.0)):
        words = {"anode": "a", "label": "a", "measured": True, "basis": basis}
        traces = differential_traces(record.specimen, result, **words)
        assert [(trace.curve.cycle, trace.curve.charging) for trace in traces][:2] == [(1, True), (1, False)]
        (panel, *_) = plot_differential_capacity(traces[:1], STYLES).axes
        # 3.6 C = 1 mAh over 0.9 V.
        assert np.median(panel.lines[0].get_ydata()) == pytest.approx(value / 0.9, rel=0.02)


def steps():
    current = np.concatenate([np.zeros(60), np.ones(60), np.zeros(60), -np.ones(60)])
    time = np.arange(240.0)
    return find_current_steps(
        CyclingRecord(
            specimen=Specimen("a"),
            provenance=Provenance("measured"),
            time=time,
            voltage=3.7 + 0.05 * current,
            current=current,
        )
    )


def test_each_direction_of_a_step_has_a_panel_in_ohm_or_per_area():
    for area, value, unit in ((None, 0.05, "Ω"), (1e-3, 0.5, "Ω cm")):
        figure = plot_step_resistances([StepTrace("a", "a", steps(), area)], STYLES)
        shown = [panel for panel in figure.axes if panel.get_visible()]
        assert sorted(p.get_title() for p in shown) == ["charge to rest", "rest to charge", "rest to discharge"]
        assert shown[0].lines[0].get_ydata() == pytest.approx([value])
        assert shown[0].lines[1].get_ydata() == pytest.approx([value])
        assert unit in shown[0].get_ylabel()
        assert shown[0].get_xlabel() == "Time / h"


def test_a_knee_is_marked_on_the_capacity():
    cycle = np.arange(1, 101)
    drawn = CapacityCurve(
        "a", "a", False, cycle, np.full(100, 3600.0), np.full(100, 0.99), knee=Knee(60.0, interval=(55.0, None))
    )
    above, _ = plot_capacity([drawn], STYLES).axes
    bar, mark = above.lines[1], above.lines[2]
    # The open end of the interval reaches to the last cycle.
    assert bar.get_xdata() == pytest.approx([55.0, 100.0])
    assert mark.get_xdata() == pytest.approx([60.0])
    assert [text.get_text() for text in above.texts] == ["knee 60"]
    without = CapacityCurve("a", "a", False, cycle, np.full(100, 3600.0), np.full(100, 0.99), knee=Knee(None))
    assert len(plot_capacity([without], STYLES).axes[0].lines) == 1


def test_few_replicates_show_all_and_many_show_their_middle():
    x = np.arange(1.0, 6.0)
    three = replicate_band([(x, np.full(5, value)) for value in (1.0, 2.0, 4.0)])
    assert (three.median[0], three.low[0], three.high[0]) == (2.0, 1.0, 4.0)
    assert three.words == "min-max of 3 cells"
    values = np.linspace(0.0, 1.0, 101)
    many = replicate_band([(x, np.full(5, value)) for value in values])
    assert (many.median[0], many.low[0], many.high[0]) == pytest.approx((0.5, 0.16, 0.84))
    assert many.words == "16-84 % of 101 cells"
    assert replicate_band([(x, x)]).words == "min-max of 1 cell"


def test_replicates_end_one_by_one_and_may_lie_at_other_times():
    long, short = np.arange(1.0, 11.0), np.arange(1.0, 5.0)
    band = replicate_band([(long, np.full(10, 1.0)), (short, np.full(4, 3.0))])
    assert band.x.tolist() == long.tolist()
    assert band.cells.tolist() == [2] * 4 + [1] * 6
    assert band.median.tolist() == [2.0] * 4 + [1.0] * 6
    slope = replicate_band(
        [(np.array([0.0, 10.0]), np.array([0.0, 1.0])), (np.array([0.0, 5.0]), np.array([0.0, 0.5]))]
    )
    assert slope.x.tolist() == [0.0, 5.0, 10.0]
    assert slope.median == pytest.approx([0.0, 0.5, 1.0])
    given = replicate_band([(long, np.where(long == 3.0, np.nan, 2.0))], x=np.array([0.0, 3.0, 20.0]))
    assert given.cells.tolist() == [0, 1, 0]
    assert np.isnan(given.median[[0, 2]]).all()
    with pytest.raises(ValueError, match="at least one curve"):
        replicate_band([])


def test_the_legend_says_what_the_band_is():
    x = np.arange(1.0, 6.0)
    bands = {name: replicate_band([(x, value * x) for value in (1.0, 2.0)]) for name in ("a", "b")}
    figure = plot_replicates(bands, STYLES, x_label="Time / h", y_label="Hysteresis / mV", factor=1e3)
    (panel,) = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        f"{name} (median, min-max of 2 cells)" for name in ("a", "b")
    ]
    assert panel.lines[0].get_ydata() == pytest.approx(1500.0 * x)
    assert panel.collections[0].get_datalim(panel.transData).y1 == pytest.approx(1e4)
