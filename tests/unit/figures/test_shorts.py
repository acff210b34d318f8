"""Figure of short circuits: what is drawn and what it says."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis.linked_spectra import LinkedSpectra
from lithiate.analysis.short_events import ShortEvent, ShortEvents
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.figures.shorts import MOST_IN_LEGEND, plot_shorts
from lithiate.figures.style import save

HOUR = 3600.0


def record(sign=-1.0, n=4000):
    time = 900.0 + np.linspace(0.0, 100.0 * HOUR, n)
    half = np.where((time // HOUR) % 2 == 0, 1.0, sign)
    return CyclingRecord(
        specimen=Specimen("s", cell="symmetric"), provenance=Provenance("measured"), time=time, voltage=0.05 * half
    )


def events(*found):
    return ShortEvents(
        events=found,
        observed_from=900.0,
        observed_until=100.0 * HOUR,
        false_alarms_per_1000_h=1.0,
        score_threshold=4.0,
        origin=900.0,
    )


def soft(hour, recovered=None):
    onset = 900.0 + hour * HOUR
    return ShortEvent(
        kind="soft",
        onset=onset,
        not_before=onset - 600.0,
        not_after=onset + 600.0,
        fall=0.4,
        recovered_at=None if recovered is None else 900.0 + recovered * HOUR,
    )


def spectra():
    time = 900.0 + np.arange(10.0, 100.0, 10.0) * HOUR
    ones = np.ones(time.size)
    return LinkedSpectra(
        number=np.arange(1, time.size + 1), time=time, start=time, end=time,
        half_cycle=np.arange(time.size), within=ones > 0, high_frequency=500.0 * ones, low_frequency=0.8 * ones,
        high_frequency_resistance=200.0 * ones, low_frequency_resistance=250.0 * ones, arc=50.0 * ones,
        voltage_before=0.05 * ones, current_before=np.nan * ones, dc_resistance=np.nan * ones,
    )  # fmt: skip


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_events_are_marked_on_the_clock_of_the_record_and_spelled_out():
    hard = ShortEvent(
        kind="hard", onset=900.0 + 80.0 * HOUR, not_before=900.0 + 79.0 * HOUR, not_after=900.0 + 80.0 * HOUR
    )
    figure = plot_shorts(record(), events(soft(50.0, recovered=60.0), hard))
    (panel,) = figure.axes
    assert [line.get_xdata()[0] for line in panel.lines] == pytest.approx([50.0, 80.0])
    assert legend_of(figure) == ["1 soft short, 50 h, −40%, back at 60 h", "2 hard short, 80 h"]
    assert [text.get_text() for text in panel.texts] == ["1", "2"]
    assert panel.get_ylim()[0] < 0.0


def test_spectra_stand_beneath_on_the_same_clock():
    figure = plot_shorts(record(sign=1.0), events(soft(50.0)), spectra())
    voltage, resistance = figure.axes
    assert voltage.get_ylim()[0] == 0.0
    assert resistance.get_xlim() == voltage.get_xlim() == pytest.approx((0.0, 100.0))
    assert resistance.lines[0].get_xdata() == pytest.approx(np.arange(10.0, 100.0, 10.0))
    assert resistance.lines[0].get_ydata() == pytest.approx(250.0)
    assert legend_of(figure)[1:] == ["Re Z at 0.8 Hz", "Re Z at 500 Hz"]


def test_a_record_without_events_and_one_with_many_are_drawn():
    assert plot_shorts(record(), events()).legends == []
    figure = plot_shorts(record(), events(*(soft(5.0 + 4.0 * k) for k in range(12))))
    assert legend_of(figure)[-1] == f"and {12 - MOST_IN_LEGEND} more"


def test_the_figure_is_the_same_each_time(tmp_path):
    paths = [save(plot_shorts(record(), events(soft(50.0)), spectra()), tmp_path / f"{k}.svg") for k in range(2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()
