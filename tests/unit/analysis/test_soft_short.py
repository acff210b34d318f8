"""Soft and hard shorts of synthetic records, put in by hand, and what looks like one and is none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis import analyse
from lithiate.analysis.short_blocks import SHORT_BLOCK
from lithiate.errors import AnalysisError

HOUR = 3600.0


def arc(share, half):
    """Tip, plateau and arc."""
    return 1.0 + 0.5 * np.exp(-20.0 * share) + 0.3 * share**4


@pytest.fixture
def cycled(square_cell, make_record):
    """Return a record of 80 half cycles of an hour, with `shorted(time) -> factor on the voltage`."""

    def make(shorted=None, *, scatter=0.01, current=True, seed=0, **cell):
        bench = square_cell(**cell)
        time, voltage, flowing = bench.arrays(arc)
        rng = np.random.default_rng(seed)
        half = (time // (bench.half_duration + bench.rest_rows * bench.step)).astype(int)
        voltage = voltage * np.exp(scatter * rng.standard_normal(half.max() + 1))[half]
        if shorted is not None:
            voltage = voltage * shorted(time)
        voltage = voltage + 1e-4 * rng.standard_normal(time.size)
        return make_record(time, voltage, flowing if current else None)

    return make


def between(start, end, factor):
    return lambda time: np.where((time >= start * HOUR) & (time < end * HOUR), factor, 1.0)


@pytest.mark.parametrize("current", [True, False])
def test_a_lasting_soft_short_is_dated(cycled, current):
    result = analyse(cycled(between(50.37, np.inf, 0.7), current=current))
    (event,) = result.short_events
    assert event.kind == "soft"
    assert event.not_before <= 50.37 * HOUR <= event.not_after
    assert event.onset == pytest.approx(50.37 * HOUR, abs=0.2 * HOUR)
    assert event.not_after - event.not_before < 0.5 * HOUR
    assert event.fall == pytest.approx(0.3, abs=0.03)
    assert not event.recovered
    estimate = result.time_to_soft_short
    assert estimate.censored is None
    assert estimate.interval == pytest.approx((event.not_before - 30.0, event.not_after - 30.0))  # from the first row
    assert "LI-W-ANA-112" in estimate.warnings[0]
    assert result.time_to_short_circuit.value is None


def test_a_soft_short_that_heals_is_told_with_its_recovery(cycled):
    (event,) = analyse(cycled(between(40.5, 47.5, 0.6))).short_events
    assert event.recovered
    assert event.recovered_at == pytest.approx(48.0 * HOUR, abs=HOUR)


def test_no_short_is_right_censored_where_one_would_no_longer_be_seen(cycled):
    result = analyse(cycled())
    assert len(result.short_events) == 0
    estimate = result.time_to_soft_short
    assert (estimate.value, estimate.censored, estimate.censored_by) == (None, "right", "end of test")
    assert estimate.interval == pytest.approx((78.0 * HOUR - 30.0, None))


def test_a_hard_short_is_one_event_and_ends_the_observation(cycled):
    result = analyse(cycled(between(60.2, np.inf, 0.01)))
    (event,) = result.short_events
    assert event.kind == "hard"
    assert event.onset == pytest.approx(60.2 * HOUR, abs=120.0)
    assert event.fall > 0.95
    assert result.time_to_soft_short.censored_by == "short_circuit"
    assert result.time_to_soft_short.interval[0] <= 60.2 * HOUR


def test_a_soft_short_before_a_hard_one_is_kept(cycled):
    def both(time):
        return between(45.0, np.inf, 0.6)(time) * between(65.0, np.inf, 0.02)(time)

    assert [event.kind for event in analyse(cycled(both)).short_events] == ["soft", "hard"]


def test_a_fall_after_an_unusual_pause_is_no_soft_short(cycled):
    record = cycled(between(50.0, np.inf, 0.7))
    paused = evolve(record, time=np.where(record.time >= 50.0 * HOUR, record.time + 10.0 * HOUR, record.time))
    result = analyse(paused)
    assert [event.kind for event in result.short_events] == ["fall"]
    assert "pause of 10" in " ".join(result.short_events.events[0].evidence)
    assert result.time_to_soft_short.censored == "right"


def test_rests_in_every_half_cycle_are_usual(cycled):
    result = analyse(cycled(between(50.37, np.inf, 0.7), rest_rows=10, rows_per_half=50))
    assert [event.kind for event in result.short_events] == ["soft"]


def test_electrodes_that_differ_are_no_scatter(cycled):
    record = cycled(between(50.0, np.inf, 0.7))
    unlike = evolve(record, voltage=np.where(record.current > 0.0, 1.3, 1.0) * record.voltage)
    assert [event.kind for event in analyse(unlike).short_events] == ["soft"]
    intact = cycled()
    intact = evolve(intact, voltage=np.where(intact.current > 0.0, 1.3, 1.0) * intact.voltage)
    assert len(analyse(intact).short_events) == 0


def test_noise_that_grows_is_an_event_of_its_own(cycled):
    record = cycled()
    rng = np.random.default_rng(5)
    more = np.where(record.time >= 50.0 * HOUR, 1e-3, 0.0) * rng.standard_normal(record.time.size)
    result = analyse(evolve(record, voltage=record.voltage + more))
    (event,) = result.short_events
    assert event.kind == "noise"
    assert event.not_before <= 50.0 * HOUR <= event.not_after
    # A tip and an arc bend the trace too.
    assert 3.0 < event.level_after / event.level_before < 10.1
    assert result.time_to_soft_short.censored == "right"


def test_a_slow_fall_below_two_thirds_is_an_event_and_no_soft_short(cycled):
    result = analyse(cycled(lambda time: np.clip(1.5 - 0.01 * time / HOUR, 0.4, 1.0), half_cycles=120))
    (event,) = result.short_events
    assert event.kind == "fall"
    # 1.5 - 0.01 t/h is 0.67 at 83 h.
    assert event.onset == pytest.approx(83.0 * HOUR, abs=3.0 * HOUR)
    assert result.time_to_soft_short.censored == "right"


def test_a_cell_that_is_plated_one_way_is_cut_into_blocks(make_record):
    time = np.arange(0.0, 40.0 * HOUR, 20.0)
    rng = np.random.default_rng(2)
    voltage = 0.1 * (1.0 + 0.2 * np.sin(time / (9.0 * HOUR))) * np.exp(0.02 * rng.standard_normal(time.size))
    shorted = make_record(time, np.where(time >= 23.1 * HOUR, 0.5, 1.0) * voltage)
    result = analyse(shorted)
    (event,) = result.short_events
    assert event.kind == "soft"
    assert event.not_before <= 23.1 * HOUR <= event.not_after
    assert event.not_after - event.not_before <= 3.0 * SHORT_BLOCK
    assert len(analyse(make_record(time, voltage)).short_events) == 0
    # Without a current a collapse is a rest; with it, a hard short.
    current = np.full(time.size, 1e-3)
    hard = analyse(make_record(time, np.where(time >= 30.0 * HOUR, 0.01, 1.0) * voltage, current))
    assert [event.kind for event in hard.short_events] == ["hard"]
    assert hard.time_to_short_circuit.value == pytest.approx(30.0 * HOUR, abs=40.0)


def test_long_half_cycles_are_cut_and_their_shape_is_no_fall(cycled, square_cell, make_record):
    bench = square_cell(half_cycles=24, rows_per_half=300, step=120.0)
    time, voltage, current = bench.arrays(lambda share, half: arc(share, half) + 3.0 * np.exp(-30.0 * share))
    rng = np.random.default_rng(3)
    voltage = voltage * (1.0 + 0.01 * rng.standard_normal(time.size))
    assert len(analyse(make_record(time, voltage, current)).short_events) == 0
    shorted = np.where((time >= 103.0 * HOUR) & (time < 108.0 * HOUR), 0.6, 1.0)
    (event,) = analyse(make_record(time, shorted * voltage, current)).short_events
    assert event.kind == "soft"
    assert event.not_before <= 103.0 * HOUR <= event.not_after
    assert event.recovered


def test_a_short_record_is_not_judged_and_says_so(cycled):
    estimate = analyse(cycled(half_cycles=30)).time_to_soft_short
    assert (estimate.value, estimate.censored) == (None, None)
    assert "LI-W-ANA-111" in estimate.warnings[0]


def test_fewer_false_alarms_cost_small_falls(cycled):
    record = cycled(between(50.0, np.inf, 0.82), scatter=0.03)
    many, few = (analyse(record, false_alarms_per_1000_h=rate).short_events for rate in ("10", "0.001"))
    assert few.score_threshold > many.score_threshold
    assert len(many) == 1
    assert len(few) == 0


@pytest.mark.parametrize("setting", [{"false_alarms_per_1000_h": 0}, {"smallest_soft_fall": 1.0}])
def test_settings_are_checked(cycled, setting):
    with pytest.raises(AnalysisError, match=next(iter(setting))):
        analyse(cycled(), **setting)


def test_the_table_has_a_row_an_event_and_goes_into_json(cycled):
    result = analyse(cycled(between(50.0, 60.0, 0.6)))
    table = result.short_events.table()
    assert {values.shape for values, _unit in table.values()} == {(1,)}
    assert table["onset"][1] == "s"
    assert table["onset"][0][0] == pytest.approx(result.time_to_soft_short.value)
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["short_events"]["events"][0]["onset"] == pytest.approx(result.time_to_soft_short.value)
    assert plain["linked_spectra"] is None
    assert all(values.size == 0 for values, _unit in analyse(cycled()).short_events.table().values())


def test_a_record_without_a_voltage_to_judge_has_no_blocks_and_no_events(cycled):
    """EC-Lab exports with a column of zeros exist."""
    record = cycled(half_cycles=40)
    events = analyse(evolve(record, voltage=np.zeros_like(record.voltage))).short_events
    assert len(events) == 0
