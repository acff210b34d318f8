import json

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis import analyse
from lithiate.analysis.cycling import segment_half_cycles
from lithiate.analysis.hysteresis import voltage_hysteresis_per_cycle
from lithiate.analysis.levels import level_estimate
from lithiate.analysis.onset import hysteresis_onset
from lithiate.analysis.symmetric import pair_half_cycles
from lithiate.analysis.symmetric_result import SymmetricSettings
from lithiate.core.measurement import Measurement, Provenance, Specimen
from lithiate.errors import AnalysisError


def codes(warnings):
    return {warning.split()[0] for warning in warnings}


def values(result):
    return [(e.quantity, e.value, e.standard_uncertainty, e.interval, e.interval_80) for e in result.estimates()]


@pytest.mark.parametrize("with_current", [True, False])
def test_square_wave_gives_twice_its_level(square_cell, make_record, with_current):
    time, voltage, current = square_cell(half_cycles=80, rest_rows=6).arrays()
    result = analyse(make_record(time, voltage, current if with_current else None))
    assert result.voltage_hysteresis.value == pytest.approx(0.1, rel=1e-12)
    assert result.voltage_hysteresis_late.value == pytest.approx(0.1, rel=1e-12)
    assert result.plateau_overpotential.value == pytest.approx(0.05, rel=1e-12)
    assert result.voltage_hysteresis.conditions == {"first_cycle": 5.0, "last_cycle": 24.0}
    assert result.voltage_hysteresis_late.conditions == {"first_cycle": 21.0, "last_cycle": 40.0}
    assert len(result.cycles) == 40
    assert "2|V|" in result.voltage_hysteresis.definition
    assert "cycles 5-24" in result.voltage_hysteresis.definition


def test_the_other_definition_of_hysteresis_is_half_and_says_so(square_cell, make_record):
    record = make_record(*square_cell().arrays())
    result = analyse(record, hysteresis_definition="|V|")
    assert result.voltage_hysteresis.value == pytest.approx(0.05, rel=1e-12)
    assert result.voltage_hysteresis.definition.startswith("|V|: 1 x")


def test_hysteresis_weighs_both_halves_by_their_on_time(square_cell):
    # 40 rows at 60 mV, then 60 rows at 50 mV: 2 (40 x 60 + 60 x 50) / 100 = 108 mV.
    sign = np.tile(np.repeat([1.0, -1.0], [40, 60]), 20)
    level = np.tile(np.repeat([0.06, 0.05], [40, 60]), 20)
    found = segment_half_cycles((np.arange(2000) + 0.5) * 60.0, sign * level, sign)
    hysteresis = voltage_hysteresis_per_cycle(found, pair_half_cycles(found))
    np.testing.assert_allclose(hysteresis[1:-1], 0.108, rtol=1e-12)


def test_early_and_late_level_are_medians_of_their_cycles(square_cell, make_record):
    rise = 1.0 + 0.01 * np.arange(50)
    time, voltage, current = square_cell(half_cycles=100).arrays(lambda share, half: rise[half // 2])
    result = analyse(make_record(time, voltage, current))
    assert result.voltage_hysteresis.value == pytest.approx(0.1 * np.median(rise[4:24]), rel=1e-12)
    assert result.voltage_hysteresis_late.value == pytest.approx(0.1 * np.median(rise[30:]), rel=1e-12)
    low, high = result.voltage_hysteresis.interval
    # The sixth and the fifteenth of the twenty values: ranks of the exact 95.9 % interval.
    rounding = 1.96 * result.half_cycles.resolution * 2.0 / np.sqrt(12.0)
    median = np.median(rise[4:24])
    assert low == pytest.approx(0.1 * median - np.hypot(0.1 * (median - rise[9]), rounding), rel=1e-4)
    assert high == pytest.approx(0.1 * median + np.hypot(0.1 * (rise[18] - median), rounding), rel=1e-4)


def test_early_level_interval_covers_as_often_as_it_says():
    settings = SymmetricSettings()
    random = np.random.default_rng(0)
    hits = wide = 0
    for _ in range(400):
        estimate = level_estimate("voltage_hysteresis", random.normal(0.1, 1e-3, 24), settings, 0.0, late=False)
        hits += estimate.interval[0] <= 0.1 <= estimate.interval[1]
        wide += abs(estimate.value - 0.1) <= 2.0 * estimate.standard_uncertainty
    assert 368 <= hits <= 396  # exact 99 % band of 400 at 95.9 %, lower end that of 95 %
    assert wide >= 368


def test_resolution_is_part_of_the_uncertainty(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=80).arrays(lambda share, half: 1.0 + 0.2 * share)
    result = analyse(make_record(time, np.round(voltage / 2e-3) * 2e-3, current))
    assert result.half_cycles.resolution == pytest.approx(2e-3)
    assert result.voltage_hysteresis.standard_uncertainty >= 2.0 * 2e-3 / np.sqrt(12.0) * 0.999
    assert abs(result.voltage_hysteresis.value - 0.11) < 2.0 * result.voltage_hysteresis.standard_uncertainty


@pytest.mark.parametrize("with_current", [True, False])
def test_the_onset_is_the_first_cycle_of_the_lasting_rise(square_cell, make_record, with_current):
    # 1 to cycle 60, then 3 % of the level more in each cycle: above 1.5 from the 17th cycle of the rise on (cycle 77).
    growth = 1.0 + 0.03 * np.maximum(np.arange(1, 121) - 60, 0)
    time, voltage, current = square_cell(half_cycles=240).arrays(lambda share, half: growth[half // 2])
    result = analyse(make_record(time, voltage, current if with_current else None))
    onset = result.hysteresis_onset_time
    assert onset.value == pytest.approx(76 * 7200.0 - 30.0)  # the record's first row is 30 s after its first switch
    assert onset.standard_uncertainty >= 7200.0
    assert onset.interval[0] <= onset.value - 7200.0
    assert onset.interval[1] >= onset.value + 7200.0
    assert onset.interval[0] <= onset.interval_80[0] <= onset.interval_80[1] <= onset.interval[1]
    assert onset.censored is None


def test_a_short_excursion_is_no_onset(square_cell, make_record):
    factor = np.ones(120)
    factor[50:59] = 2.0  # nine cycles
    time, voltage, current = square_cell(half_cycles=240).arrays(lambda share, half: factor[half // 2])
    onset = analyse(make_record(time, voltage, current)).hysteresis_onset_time
    assert (onset.value, onset.censored, onset.censored_by) == (None, "right", "end of test")
    assert onset.interval == (pytest.approx(240 * 3600.0 - 60.0), None)
    assert onset.interval_kind == "censoring"


def test_a_rise_that_the_end_cuts_off_bounds_the_onset(square_cell, make_record):
    factor = np.ones(60)
    factor[54:] = 2.0  # six cycles to the end
    time, voltage, current = square_cell(half_cycles=120).arrays(lambda share, half: factor[half // 2])
    onset = analyse(make_record(time, voltage, current)).hysteresis_onset_time
    assert onset.value is None
    assert onset.interval == (pytest.approx(54 * 7200.0 - 30.0), None)
    assert "LI-W-ANA-009" in codes(onset.warnings)


def test_with_fewer_than_24_cycles_there_is_no_onset(square_cell, make_record):
    result = analyse(make_record(*square_cell(half_cycles=46).arrays()))
    assert result.hysteresis_onset_time.value is None
    assert result.hysteresis_onset_time.censored is None
    assert "LI-W-ANA-004" in codes(result.hysteresis_onset_time.warnings)
    assert result.voltage_hysteresis.value == pytest.approx(0.1)  # over 19 cycles, and it says so
    assert result.voltage_hysteresis.conditions["last_cycle"] == 23.0
    assert "LI-W-ANA-004" in codes(result.voltage_hysteresis.warnings)


def test_a_fall_of_the_hysteresis_is_an_event_of_its_own(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=160).arrays(lambda share, half: np.where(half < 100, 1.0, 0.6))
    result = analyse(make_record(time, voltage, current))
    (fall,) = [text for text in result.warnings if text.startswith("LI-W-ANA-008")]
    assert "from 99.99 h on" in fall
    assert result.hysteresis_onset_time.censored == "right"


def test_a_hard_short_ends_the_observation(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=160).arrays(lambda share, half: np.where(half < 120, 1.0, 0.01))
    result = analyse(make_record(time, voltage, current))
    short = result.time_to_short_circuit
    assert short.value == pytest.approx(120 * 3600.0)
    assert result.hysteresis_onset_time.censored_by == "short_circuit"
    assert result.hysteresis_onset_time.interval == (pytest.approx(short.value), None)
    assert result.voltage_hysteresis_late.conditions["last_cycle"] == 60.0
    assert result.voltage_hysteresis_late.value == pytest.approx(0.1)


def test_the_analysis_does_not_look_at_provenance_or_conditions(square_cell, make_record):
    time, voltage, current = square_cell().arrays(lambda share, half: 1.0 + 0.5 * np.exp(-share / 0.05))
    voltage = voltage + np.random.default_rng(0).normal(0.0, 1e-4, voltage.size)
    record = make_record(time, voltage, current)
    twin = evolve(
        record, provenance=Provenance("simulated", source="twin"), conditions={"current_density": 1.0, "true": 9.0}
    )
    one, other = analyse(record).to_dict(), analyse(twin).to_dict()
    assert json.dumps(one) == json.dumps(other)
    assert values(analyse(record)) == values(analyse(twin))


def test_cycles_are_counted_from_the_first_complete_half_cycle(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=60).arrays()
    vendor = np.repeat(np.arange(60) // 2 + 100, 60)
    late = slice(40, None)  # the record begins late within the first half cycle
    record = make_record(time[late], voltage[late], current[late], vendor_cycle_number=vendor[late])
    cycles = analyse(record).cycles
    np.testing.assert_array_equal(cycles.number, np.arange(1, 30))
    assert cycles.first_half_cycle[0] == 1
    np.testing.assert_array_equal(cycles.vendor_number, np.arange(100, 129))


def test_an_incomplete_end_is_left_out_of_the_cycles(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=60).arrays()
    result = analyse(make_record(time[:-30], voltage[:-30], current[:-30]))
    assert len(result.cycles) == 29
    assert len(result.half_cycles) == 60
    assert "LI-W-ANA-005" in codes(result.warnings)


def test_no_cycle_spans_a_gap(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=60).arrays()
    keep = (np.arange(time.size) < 21 * 60) | (np.arange(time.size) >= 30 * 60)  # between two complete half cycles
    result = analyse(make_record(time[keep], voltage[keep], current[keep]))
    assert len(result.cycles) == 10 + 15
    np.testing.assert_allclose((result.cycles.end - result.cycles.start)[1:-1], 7200.0, atol=60.0)
    assert "LI-W-ANA-006" in codes(result.warnings)


def test_what_is_missing_is_said(square_cell, make_record):
    time, voltage, current = square_cell().arrays()
    result = analyse(make_record(time, voltage, np.zeros_like(current), area=None, cell=None, warnings=("LI-W-X y",)))
    assert {"LI-W-X", "LI-W-ANA-001", "LI-W-ANA-002", "LI-W-ANA-003"} <= codes(result.warnings)
    assert result.half_cycles.areal_charge is None


def test_the_record_that_goes_on_without_half_cycles_is_told(square_cell, make_record):
    time, voltage, _ = square_cell(half_cycles=60).arrays(lambda share, half: np.where(half < 50, 1.0, 0.0))
    result = analyse(make_record(time, voltage + np.random.default_rng(0).normal(0.0, 1e-4, time.size)))
    assert "LI-W-ANA-019" in codes(result.warnings)
    assert result.time_to_short_circuit.interval[0] == pytest.approx(50 * 3600.0, abs=120.0)


def test_result_as_json(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=80).arrays(lambda share, half: 1.0 + np.exp(-share / 0.05))
    result = analyse(make_record(time, voltage, current)).to_dict()
    again = json.loads(json.dumps(result, allow_nan=False))
    assert again == result
    assert result["half_cycle_count"] == 80
    assert result["half_cycle_duration"]["value"] == pytest.approx(1.0)
    rows = {(row["quantity"], row["conditions"].get("first_cycle")): row for row in result["estimates"]}
    early = rows["voltage_hysteresis", 5.0]
    assert early["unit"] == "mV"
    assert early["value"] == pytest.approx(1e3 * early["si_value"], rel=1e-12)
    assert early["interval"][0] <= early["value"] <= early["interval"][1]
    onset = rows["hysteresis_onset_time", None]
    assert (onset["value"], onset["unit"], onset["interval"][1]) == (None, "h", None)
    assert onset["interval"][0] == pytest.approx(80.0, abs=0.1)
    assert len(result["cycles"]["hysteresis"]) == result["cycle_count"] == 40


def test_estimates_are_iterated_in_order(square_cell, make_record):
    result = analyse(make_record(*square_cell().arrays()))
    assert [estimate.quantity for estimate in result.estimates()] == [
        "voltage_hysteresis",
        "voltage_hysteresis",
        "hysteresis_onset_time",
        "time_to_short_circuit",
        "time_to_soft_short",
        "nucleation_overpotential",
        "plateau_overpotential",
        "plateau_overpotential",
        "cumulative_capacity",
    ]


def test_settings_may_come_as_text_and_are_checked(square_cell, make_record):
    record = make_record(*square_cell().arrays())
    assert "at least 12 cycles" in analyse(record, onset_cycles="12").hysteresis_onset_time.definition
    with pytest.raises(AnalysisError, match="did you mean 'onset_ratio'"):
        analyse(record, onset_ration=2.0)
    with pytest.raises(AnalysisError, match="not a number"):
        analyse(record, onset_ratio="much")
    for wrong in (
        {"hysteresis_definition": "3|V|"},
        {"onset_ratio": 0.5},
        {"late_cycles": 0},
        {"first_early_cycle": 30},
    ):
        with pytest.raises(AnalysisError, match=next(iter(wrong))):
            analyse(record, **wrong)


def test_what_has_no_analysis_is_refused(square_cell, make_record):
    time, voltage, current = square_cell().arrays()
    with pytest.raises(AnalysisError, match="three-electrode"):
        analyse(make_record(time, voltage, current, cell="three-electrode"))
    with pytest.raises(AnalysisError, match="did you mean 'cycling'"):
        analyse(make_record(time, voltage, current), technique="cycle")
    with pytest.raises(AnalysisError, match="no analysis of technique 'cycling' for this"):
        analyse(Measurement(specimen=Specimen("x"), provenance=Provenance("measured")))


def test_a_full_cell_that_nothing_names_is_refused(square_cell, make_record):
    time, voltage, current = square_cell().arrays()
    with pytest.raises(AnalysisError, match="does not look like a symmetric cell"):
        analyse(make_record(time, 3.7 + voltage, current, cell=None))
    # Current of the other sign convention is no reason.
    assert analyse(make_record(time, -voltage, current, cell=None)).voltage_hysteresis.value == pytest.approx(0.1)


@pytest.mark.parametrize(("flags", "expected"), [("0111011110", 5), ("0111", None), ("1111", 0), ("", None)])
def test_hysteresis_onset_finds_the_first_run(flags, expected):
    hysteresis = np.array([2.0 if flag == "1" else 1.0 for flag in flags])
    assert hysteresis_onset(hysteresis, 1.0, run=4) == expected


def test_a_dip_within_its_noise_does_not_break_a_run(square_cell, make_record):
    """One cycle of the run lies 0.3 % below the threshold, where noise leaves 0.5 % in the mean of a cycle."""

    def shape(share, half):
        cycle = half // 2
        return np.where(cycle < 40, 1.0, np.where(cycle == 45, 1.4955, 1.53))

    cell = square_cell(half_cycles=140, rows_per_half=60)
    time, voltage, current = cell.arrays(shape)
    noise = np.random.default_rng(0).normal(0.0, 0.06 * cell.level, voltage.size)
    # The noise shows to the analysis, and moves no mean.
    pairs = noise.reshape(-1, cell.rows_per_half)
    quiet = (pairs - pairs.mean(axis=1, keepdims=True)).ravel()
    broken = analyse(make_record(time, voltage, current)).hysteresis_onset_time
    kept = analyse(make_record(time, voltage + quiet, current)).hysteresis_onset_time
    assert broken.value / 3600.0 == pytest.approx(2 * 46, abs=0.02)
    assert kept.value / 3600.0 == pytest.approx(2 * 40, abs=0.02)
