"""Replicate cells in the report: median and band of each anode that has several."""

from __future__ import annotations

import numpy as np

from lithiate.figures.cycling import HysteresisCurve
from lithiate.figures.efficiency import EfficiencyCurve
from lithiate.report.folder import ExperimentContent
from lithiate.report.replicates import replicate_pictures


def content(curves=(), efficiencies=()):
    return ExperimentContent("e", "symmetric-cycling", (), (), tuple(curves), tuple(efficiencies), None, {})


def hysteresis(anode, level, *, measured=False, cycles=20):
    time = 7200.0 * np.arange(cycles)
    return HysteresisCurve(anode, anode, measured, time, np.full(cycles, level))


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_median_and_band_of_each_anode_with_several_cells():
    cells = [hysteresis("Li foil", level) for level in (0.02, 0.03, 0.05)]
    alone = hysteresis("HCN/Li", 0.04)
    real = [hysteresis("Li foil", level, measured=True) for level in (0.06, 0.08)]
    ((word, title, _caption, figure),) = replicate_pictures(content([*cells, alone, *real]))
    assert (word, title) == ("replicates-hysteresis", "Replicate cells: voltage hysteresis")
    assert legend(figure) == [
        "Li foil (median, min-max of 3 cells)",
        "Li foil, measured (median, min-max of 2 cells)",
    ]
    medians = [line.get_ydata()[0] for line in figure.axes[0].get_lines()]
    np.testing.assert_allclose(medians, [30.0, 70.0])
    assert figure.axes[0].get_xlim()[1] > 2 * 19


def test_efficiencies_are_shares_in_percent():
    curves = [
        EfficiencyCurve("a", f"a {k}", False, np.arange(1, 9), np.full(8, efficiency))
        for k, efficiency in enumerate((0.97, 0.98, 0.99))
    ]
    ((word, _title, _caption, figure),) = replicate_pictures(content(efficiencies=curves))
    assert word == "replicates-efficiency"
    np.testing.assert_allclose(figure.axes[0].get_lines()[0].get_ydata(), 98.0)


def test_single_cells_have_no_such_picture():
    assert list(replicate_pictures(content([hysteresis("a", 0.1), hysteresis("b", 0.1)]))) == []
