"""Figure of half cycles: units, panels, what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.figures.half_cycles import plot_half_cycles
from lithiate.figures.style import save


def record(half_cycles=40, *, one_way=False, cut=0):
    row = np.arange(half_cycles * 100)
    half, share = row // 100, (row % 100 + 0.5) / 100
    sign = np.ones(row.size) if one_way else np.where(half % 2 == 0, 1.0, -1.0)
    voltage = sign * 0.05 * (1.0 + 0.6 * (share < 0.1) + 0.3 * (share > 0.9))
    stop = row.size - cut
    return CyclingRecord(
        specimen=Specimen("cell", cell="symmetric", area=1e-4),
        provenance=Provenance("measured"),
        time=(36.0 * (row + 0.5))[:stop],
        voltage=voltage[:stop],
        current=(1e-4 * sign)[:stop],
    )


def lines(panel):
    return {line.get_label(): line for line in panel.lines if not line.get_label().startswith("_")}


def test_panels_show_levels_in_millivolts_against_hours(tmp_path) -> None:
    figure = plot_half_cycles(analyse(record(cut=50)))
    levels, ends, hysteresis, shape = figure.axes
    plateau = lines(levels)["plateau"]
    np.testing.assert_allclose(plateau.get_ydata(), 50.0)
    np.testing.assert_allclose(plateau.get_xdata(), np.arange(39.0), atol=0.01)  # the last half cycle was cut off
    np.testing.assert_allclose(lines(levels)["tip"].get_ydata(), 80.0)
    np.testing.assert_allclose(lines(ends)["last tenth"].get_ydata(), 65.0)
    assert lines(hysteresis)["2|V|"].get_ydata().size == 19
    np.testing.assert_allclose(lines(shape)["peaking"].get_ydata(), 0.6)
    np.testing.assert_allclose(lines(shape)["arcing"].get_ydata(), 0.3)
    assert levels.get_ylabel() == "|Voltage| / mV"
    assert shape.get_xlabel() == "Time / h"
    assert shape.get_xlim() == pytest.approx((0.0, 39.5), abs=0.02)
    one, other = (
        save(plot_half_cycles(analyse(record())), tmp_path / name).read_bytes() for name in ("a.svg", "b.svg")
    )
    assert one == other


def test_a_cell_plated_one_way_has_no_hysteresis_and_says_so() -> None:
    _, _, hysteresis, _ = plot_half_cycles(analyse(record(one_way=True))).axes
    assert [text.get_text() for text in hysteresis.texts] == ["no cycles (one-directional)"]
    assert list(lines(hysteresis)) == ["2|V|: none"]
