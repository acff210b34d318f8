"""Plating cells by hand: every charge is known, so every efficiency is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from lithiate.analysis import analyse
from lithiate.analysis.plating_efficiency import analyse_plating_efficiency
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.errors import AnalysisError

AREA = 1.13e-4
CURRENT = 1.13e-3
HOUR = 3600.0


def codes(warnings):
    return {warning.split()[0] for warning in warnings}


def plate(hours=1.0, current=CURRENT, level=0.02):
    return (-current, hours * HOUR, level, None)


def strip(hours, current=CURRENT, level=0.02, cut_off=1.0):
    """Stripping that ends at a cut-off (None: by its charge)."""
    return (current, hours * HOUR, level, cut_off)


def rest(hours):
    return (0.0, hours * HOUR, 0.0, None)


def record(steps, *, interval=60.0, logs_switches=True, area=AREA, phase=0.0, fresh=False, cell="plating"):
    """A cycler's record: rows at an interval, and at the ends of steps where it logs those."""
    columns, begin = [], 0.0
    for number, (current, duration, level, cut_off) in enumerate(steps):
        if logs_switches:
            offsets = np.append(np.append(1e-3, np.arange(interval, duration - 1e-3, interval)), duration)
        else:
            first = np.ceil((begin - phase) / interval) * interval + phase - begin
            offsets = np.arange(first, duration, interval)
        voltage = np.full(offsets.size, np.sign(current) * level)
        if cut_off is not None:
            voltage[-1] = cut_off
        if fresh and number == 0:
            voltage += 2.5 * np.exp(-offsets / 60.0)
        columns.append(np.column_stack([begin + offsets, voltage, np.full(offsets.size, current)]))
        begin += duration
    rows = np.concatenate(columns)
    return CyclingRecord(
        specimen=Specimen("Li||Cu", cell=cell, area=area),
        provenance=Provenance("measured"),
        time=rows[:, 0],
        voltage=rows[:, 1],
        current=rows[:, 2],
    )


def cycles(efficiencies, pause=0.0):
    pauses = [rest(pause)] if pause else []
    return [step for e in efficiencies for step in (plate(), *pauses, strip(e))]


def reservoir(n=10, final=4.0, conditioning=4.6, filled=5.0):
    return [
        *([plate(filled), strip(conditioning)] if conditioning else []),
        plate(filled),
        *[step for _ in range(n) for step in (strip(1.0, cut_off=None), plate(1.0))],
        strip(final),
    ]


def test_efficiency_by_cycle_is_stripped_over_plated():
    known = np.array([0.80, 0.93, 0.95, 0.97, 0.96, 0.98, 0.99, 0.975, 0.985, 0.965])
    result = analyse(record(cycles(known)))
    assert result.method == "cycle"
    np.testing.assert_allclose(result.cycles.coulombic_efficiency, known, atol=3e-6)
    np.testing.assert_allclose(result.cycles.plated, 36000.0, rtol=1e-5)
    found = result.coulombic_efficiency
    assert found.value == pytest.approx(np.median(known[3:]), abs=3e-6)
    assert (found.conditions["method"], found.conditions["first_cycle"]) == ("cycle", 4.0)
    assert found.interval[0] <= 0.965
    assert found.interval[1] >= 0.985
    assert result.coulombic_efficiency_with_conditioning is None


@pytest.mark.parametrize("pause", [0.0, 0.5, 24.0])
def test_rests_and_slow_formation_do_not_disturb(pause):
    formation = [plate(1.0, 0.05 * CURRENT), strip(0.5, 0.05 * CURRENT)]
    result = analyse(record([*formation, *cycles([0.9] * 6, pause)], interval=30.0))
    np.testing.assert_allclose(result.cycles.coulombic_efficiency, [0.5, *[0.9] * 6], atol=1e-4)


def test_a_stripping_that_gives_back_next_to_nothing_is_a_cycle():
    result = analyse(record(cycles([0.9, 0.01, 0.9, 0.9]), interval=10.0))
    np.testing.assert_allclose(result.cycles.coulombic_efficiency, [0.9, 0.01, 0.9, 0.9], atol=1e-4)


def test_efficiency_by_reservoir():
    result = analyse(record(reservoir()))
    found, conditioned = result.coulombic_efficiency, result.coulombic_efficiency_with_conditioning
    assert result.method == "reservoir"
    assert found.value == pytest.approx((10 * 1.0 + 4.0) / (10 * 1.0 + 5.0), abs=1e-6)
    assert conditioned.value == pytest.approx((4.6 + 10.0 + 4.0) / (5.0 + 10.0 + 5.0), abs=1e-6)
    assert found.conditions["method"] == "reservoir"
    assert found.conditions["cycles"] == 10.0
    assert found.conditions["reservoir_capacity"] == pytest.approx(5 * 36000.0, rel=1e-5)
    assert found.conditions["areal_capacity"] == pytest.approx(36000.0, rel=1e-5)
    assert (found.conditions["conditioning_included"], conditioned.conditions["conditioning_included"]) == (0.0, 1.0)
    # What is stripped from a reservoir is no efficiency of one cycle.
    assert np.isfinite(result.cycles.coulombic_efficiency).sum() == 1


@pytest.mark.parametrize(("n", "conditioning"), [(1, 4.6), (2, 0.0), (10, 0.0), (3, 4.6)])
def test_the_reservoir_is_found_with_few_cycles_and_without_conditioning(n, conditioning):
    result = analyse(record(reservoir(n, 4.5, conditioning)))
    assert result.method == "reservoir"
    assert result.coulombic_efficiency.value == pytest.approx((n + 4.5) / (n + 5.0), abs=1e-6)


def test_a_reservoir_of_the_size_of_a_cycle_is_found_by_the_ends_of_stripping():
    steps = [plate(), strip(0.9), plate(), *[s for _ in range(8) for s in (strip(0.3, cut_off=None), plate(0.3))]]
    result = analyse(record([*steps, strip(0.9)]))
    assert result.method == "reservoir"
    assert result.coulombic_efficiency.value == pytest.approx((8 * 0.3 + 0.9) / (8 * 0.3 + 1.0), abs=1e-5)


def test_a_reservoir_that_runs_out_is_told():
    steps = [plate(5.0), *[s for _ in range(5) for s in (strip(1.0, cut_off=None), plate(1.0))]]
    result = analyse(record([*steps, strip(0.7), plate(1.0), strip(0.8)]), method="reservoir")
    assert "LI-W-ANA-034" in codes(result.warnings)
    assert result.coulombic_efficiency.value == pytest.approx((5.0 + 0.7 + 0.8) / (5.0 + 5.0 + 1.0), abs=1e-5)
    assert "LI-W-ANA-034" not in codes(analyse(record(reservoir())).warnings)


def test_without_the_final_stripping_there_is_no_value_but_a_least_one():
    result = analyse(record([*reservoir()[:-1], strip(2.0, cut_off=None)]))
    assert result.coulombic_efficiency.value is None
    assert "at least 0.8" in next(w for w in result.warnings if w.startswith("LI-W-ANA-031"))
    assert result.steps.kind[-1] == "cycle stripping"
    assert result.method == "reservoir"
    assert "LI-W-ANA-031" in codes(result.warnings)


@pytest.mark.parametrize("slow", ["reservoir", "cycles"])
@pytest.mark.parametrize("factor", [5.0, 10.0])
@pytest.mark.parametrize("pause", [0.0, 0.5])
@pytest.mark.parametrize("conditioning", [0.0, 4.6])
def test_steps_are_found_at_other_currents_with_rests(slow, factor, pause, conditioning):
    """Reservoir and final stripping at one current, cycles at another."""
    large, small = (CURRENT / factor, CURRENT) if slow == "reservoir" else (CURRENT, CURRENT / factor)
    per_large, per_small = CURRENT / large, CURRENT / small
    plan = [(plate(5.0 * per_large, large), "reservoir plating", -5.0)]
    if conditioning:
        first = (plate(5.0 * per_large, large), "conditioning plating", -5.0)
        plan = [first, (strip(4.6 * per_large, large), "conditioning stripping", 4.6), *plan]
    for _ in range(6):
        plan.append((strip(1.0 * per_small, small, cut_off=None), "cycle stripping", 1.0))
        plan.append((plate(1.0 * per_small, small), "cycle plating", -1.0))
    plan.append((strip(4.3 * per_large, large), "final stripping", 4.3))
    steps = [part for step, _, _ in plan for part in ((step, rest(pause)) if pause else (step,))]
    result = analyse(record(steps))
    assert result.coulombic_efficiency.value == pytest.approx((6 + 4.3) / (6 + 5.0), abs=1e-6)
    table = result.steps
    flowing = table.half_cycle >= 0
    assert [kind for kind in table.kind if kind not in ("rest", "gap")] == [kind for _, kind, _ in plan]
    np.testing.assert_allclose(table.charge[flowing] / (CURRENT * HOUR), [hours for _, _, hours in plan], rtol=1e-4)
    np.testing.assert_allclose(table.current[flowing], [step[0] for step, _, _ in plan], rtol=1e-6)
    np.testing.assert_allclose(table.current_density[flowing] * AREA, table.current[flowing])
    assert table.kind.count("rest") == (len(plan) - 1 if pause else 0)
    assert (table.start[1:] >= table.end[:-1] - 1.0).all()


@pytest.mark.parametrize("hours", [0.7, 1.3, 3.2, 6.5])
def test_a_gap_in_the_cycles_on_a_reservoir_takes_its_value(hours):
    """Cycles of an hour are lost in it, unseen where the current has the same sign on both sides."""
    plain = record(reservoir())
    begin = plain.time[0] + (5.0 + 4.6 + 5.0 + 3.2) * HOUR
    kept = (plain.time < begin) | (plain.time > begin + hours * HOUR)
    columns = {name: getattr(plain, name)[kept] for name in ("time", "voltage", "current", "row_flags")}
    result = analyse(evolve(plain, **columns))
    assert result.coulombic_efficiency.value is None
    assert "LI-W-ANA-006" in codes(result.warnings)
    assert np.isfinite(result.losses.plated_charge).tolist()[:2] == [True, True]
    assert np.isnan(result.losses.plated_charge[-1])
    json.dumps(result.to_dict(), allow_nan=False)
    if hours > 5.0:
        assert np.isnan(result.steps.charge[result.steps.kind.index("gap")])


def test_a_hole_in_a_long_half_cycle_is_bridged():
    plain = record(reservoir())
    kept = (plain.time < 1.0 * HOUR) | (plain.time > 1.3 * HOUR)
    columns = {name: getattr(plain, name)[kept] for name in ("time", "voltage", "current", "row_flags")}
    result = analyse(evolve(plain, **columns))
    assert result.coulombic_efficiency.value == pytest.approx(14.0 / 15.0, abs=1e-6)
    assert "LI-W-ANA-006" not in codes(result.warnings)


def test_losses_by_hand():
    known = np.array([0.80, 0.93, 0.95, 0.97])
    result = analyse(record(cycles(known)))
    lost = np.cumsum(1.0 - known)
    np.testing.assert_allclose(result.losses.plated, 36000.0 * np.arange(1, 5), rtol=1e-5)
    np.testing.assert_allclose(result.losses.lost, 36000.0 * lost, rtol=1e-4)
    np.testing.assert_allclose(result.losses.lost_lithium, CURRENT * HOUR * lost / 96485.33212, rtol=1e-4)
    # An offset of the current moves both charges, in opposite ways.
    moved = analyse(
        evolve(record(cycles(known)), current=record(cycles(known)).current + 1e-3 / np.sqrt(6.0) * CURRENT)
    )
    change = result.losses.lost_charge - moved.losses.lost_charge
    np.testing.assert_allclose(np.abs(change), result.losses.lost_charge_uncertainty, rtol=0.05)
    without = analyse(record(cycles(known), area=None)).losses
    assert without.lost is None
    np.testing.assert_allclose(without.lost_charge, result.losses.lost_charge)


def test_on_a_reservoir_the_loss_is_known_where_it_is_empty():
    losses = analyse(record(reservoir())).losses
    assert np.isfinite(losses.lost_charge).tolist() == [True, *[False] * 10, True]
    assert losses.lost[-1] / 36000.0 == pytest.approx(5.0 - 4.6 + 5.0 - 4.0, abs=1e-4)
    assert losses.not_stripped[1] / 36000.0 == pytest.approx(0.4 + 4.0, abs=1e-4)


def test_methods_stand_beside_one_another():
    result = analyse(record(reservoir()))
    (conditioning,) = result.coulombic_efficiency_of_cycles
    assert conditioning.value == pytest.approx(4.6 / 5.0, abs=1e-6)
    assert conditioning.conditions["cycles"] == 1.0
    assert "by reservoir 0.93333" in result.efficiency_comparison
    assert "empty to empty 0.92000" in result.efficiency_comparison
    assert conditioning not in list(result.estimates())
    assert analyse(record(reservoir(conditioning=0.0))).coulombic_efficiency_of_cycles == ()
    known = [0.80, 0.93, 0.95, 0.97, 0.96, 0.98]
    (mean,) = analyse(record(cycles(known))).coulombic_efficiency_of_cycles
    assert mean.value == pytest.approx(np.mean(known[3:]), abs=1e-5)
    assert mean.standard_uncertainty > np.std(known[3:], ddof=1) / np.sqrt(3.0)


def test_tables_have_si_units():
    tables = analyse(record(reservoir())).tables()
    assert set(tables) == {"cycles", "steps", "losses"}
    assert tables["losses"]["lost"][1] == "C/m^2"
    assert tables["steps"]["kind"][1] == ""
    for columns in tables.values():
        assert len({len(values) for values, _ in columns.values()}) == 1
    assert "lost" not in analyse(record(reservoir(), area=None)).tables()["losses"]


def test_the_method_can_be_given():
    assert analyse(record(reservoir()), method="cycle").method == "cycle"
    assert analyse(record(cycles([0.9] * 5)), method="reservoir").coulombic_efficiency.value == pytest.approx(0.9)


def test_lithium_that_is_left_gives_no_value_to_this_cycle_and_the_next():
    steps = cycles([0.9, 0.9, 0.9])
    result = analyse(record([*steps, plate(), strip(0.5, cut_off=None), plate(), strip(1.3), *steps]))
    known = np.isfinite(result.cycles.coulombic_efficiency)
    assert known.tolist() == [True, True, True, False, False, True, True, True]
    assert "LI-W-ANA-031" in codes(result.warnings)


def test_a_symmetric_swing_has_no_efficiency():
    steps = [s for _ in range(6) for s in (plate(), strip(1.0, cut_off=None))]
    result = analyse(record(steps))
    assert result.coulombic_efficiency.value is None
    assert "LI-W-ANA-031" in codes(result.warnings)


def test_a_declared_cut_off_decides():
    quiet = [s for _ in range(6) for s in (plate(), strip(0.9, cut_off=0.05))]
    assert analyse(record(quiet)).coulombic_efficiency.value is None
    assert analyse(record(quiet), cut_off_voltage="50 mV").coulombic_efficiency.value == pytest.approx(0.9, abs=1e-5)


def test_the_first_cycles_stand_in_where_there_are_no_others():
    found = analyse(record(cycles([0.9, 0.92]))).coulombic_efficiency
    assert found.value == pytest.approx(0.91, abs=1e-5)
    assert codes(found.warnings) == {"LI-W-ANA-004", "LI-W-ANA-018"}
    assert "LI-W-ANA-035" in codes(analyse(record(cycles([0.9, 0.92]))).warnings)


def test_more_out_than_in_is_a_short_or_lithium_that_was_there():
    assert "LI-W-ANA-032" in codes(analyse(record(cycles([0.99, 0.99, 1.05, 0.99]))).warnings)
    assert "LI-W-ANA-032" not in codes(analyse(record(cycles([0.99] * 4))).warnings)
    endless = [*cycles([0.99] * 3), plate(), strip(3.0, cut_off=None)]
    assert "LI-W-ANA-032" in codes(analyse(record(endless)).warnings)


@pytest.mark.parametrize("step", [6, 7])
def test_a_collapse_while_current_flows_is_told(step):
    plain = record(cycles([0.95] * 6))
    begin = step // 2 * 1.95 * HOUR + (step % 2) * HOUR
    inside = (plain.time > begin + 0.4 * HOUR) & (plain.time < begin + 0.6 * HOUR)
    collapsed = evolve(plain, voltage=np.where(inside, 0.1 * plain.voltage, plain.voltage))
    assert "LI-W-ANA-033" in codes(analyse(collapsed).warnings)
    assert "LI-W-ANA-033" not in codes(analyse(plain).warnings)


def test_a_reversed_sign_is_suspected():
    plain = record(cycles([0.95] * 6))
    reversed_sign = evolve(plain, voltage=-plain.voltage, current=-plain.current)
    (text,) = [text for text in analyse(reversed_sign).warnings if text.startswith("LI-W-ANA-030")]
    assert "--set invert_current=true" in text


def test_a_gap_takes_the_value_of_its_cycle():
    plain = record(cycles([0.95] * 8))
    kept = (plain.time < 4.1 * HOUR) | (plain.time > 4.8 * HOUR)
    result = analyse(
        evolve(
            plain,
            time=plain.time[kept],
            voltage=plain.voltage[kept],
            current=plain.current[kept],
            row_flags=plain.row_flags[kept],
        )
    )
    assert np.nanmax(np.abs(result.cycles.coulombic_efficiency - 0.95)) < 1e-4
    assert "LI-W-ANA-006" in codes(result.warnings)


def test_the_first_nucleation_leaves_out_the_fall_from_open_circuit():
    shape = record(cycles([0.9] * 4), interval=5.0, fresh=True)
    tip = -0.05 * np.exp(-(((shape.time - 600.0) / 60.0) ** 2))
    tipped = evolve(shape, voltage=shape.voltage + np.where(shape.time < HOUR, tip, 0.0))
    found = analyse(tipped).nucleation_overpotential
    assert found.value == pytest.approx(0.05, abs=1e-3)
    assert "fell below zero" in found.definition


@pytest.mark.parametrize("interval", [20.0, 60.0])
def test_coarse_rows_are_covered_by_the_uncertainty(interval):
    """Rows at an interval only, switches between them anywhere: 200 phases, seeds fixed."""
    inside = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        # Durations that are no whole intervals, or the errors of the switches would cancel.
        plated, stripped = draw.uniform(0.97, 1.03, (2, 4)) * [[2.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.4]]
        known = stripped.sum() / plated.sum()
        halves = [(plate(p), strip(s, cut_off=None)) for p, s in zip(plated, stripped, strict=True)]
        steps = [*[step for pair in halves for step in pair], rest(0.2)]
        coarse = record(steps, interval=interval, logs_switches=False, phase=draw.uniform(0, interval))
        voltage = coarse.voltage.copy()
        voltage[np.flatnonzero(coarse.current)[-1]] = 1.0
        found = analyse(evolve(coarse, voltage=voltage), current_accuracy=0.0).coulombic_efficiency
        inside += abs(found.value - known) <= 2.0 * found.standard_uncertainty
    # 95.4 % of 200 for a normal error: the exact 99 % band is 182 to 197.
    assert 182 <= inside <= 197


def test_ends_that_were_logged_are_where_the_current_was_switched():
    """Rows a minute apart and at the ends of stripping: half an interval each would be 2 % of a cycle too much."""
    whole = record(cycles([0.953, 0.962, 0.971, 0.957, 0.968, 0.959]), interval=1.0)
    at = np.arange(17.0, whole.time[-1], 60.0)
    ends = np.flatnonzero((whole.current[:-1] > 0.0) & (whole.current[1:] < 0.0))
    rows = np.unique([*(np.searchsorted(whole.time, at, side="right") - 1), *ends, whole.time.size - 1])
    columns = {name: getattr(whole, name)[rows] for name in ("time", "voltage", "current", "row_flags")}
    found, known = analyse(evolve(whole, **columns)).cycles, analyse(whole).cycles
    error = found.coulombic_efficiency - known.coulombic_efficiency
    assert (np.abs(error) <= 2.0 * found.uncertainty)[1:].all()
    np.testing.assert_allclose(found.end, known.end, atol=1.5)


@pytest.mark.parametrize("phase", [1.0, 20.0, 45.0, 59.0])
def test_rows_that_keep_step_with_the_cycles_are_off_alike(phase):
    """Cycles of whole minutes and a row each minute: each switch is missed by the same time, to the same side."""
    steps = [s for _ in range(12) for s in (plate(1.0), strip(0.5, cut_off=None))]
    coarse = record([*steps, rest(0.2)], logs_switches=False, phase=phase)
    voltage = coarse.voltage.copy()
    voltage[np.flatnonzero(coarse.current)[-1]] = 1.0
    found = analyse(evolve(coarse, voltage=voltage), current_accuracy=0.0, method="reservoir").coulombic_efficiency
    # Between a switch and the middle of its rows lie at most 30 s, of each 1.5 h cycle.
    assert found.standard_uncertainty > 0.5 * 60.0 / np.sqrt(12.0) / 3600.0
    assert abs(found.value - 0.5) <= 2.0 * found.standard_uncertainty


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.5, 2.0))
def test_a_gain_of_the_current_cancels(gain):
    plain = record(cycles([0.9, 0.95, 0.97, 0.98]), interval=300.0)
    scaled = evolve(plain, current=gain * plain.current)
    np.testing.assert_allclose(
        analyse(scaled).cycles.coulombic_efficiency, analyse(plain).cycles.coulombic_efficiency, rtol=1e-12
    )


def test_an_offset_of_the_current_does_not_cancel():
    """Of limits +/-a, half the variance is offset: a / sqrt(6), twice of it in a ratio near 1."""
    plain = record(cycles([0.98] * 8))
    for accuracy in (1e-3, 5e-3):
        found = analyse(plain, current_accuracy=accuracy).coulombic_efficiency
        assert found.standard_uncertainty == pytest.approx(2 * 0.98 * accuracy / np.sqrt(6.0), rel=0.02)
    offset = evolve(plain, current=plain.current + 1e-3 / np.sqrt(6.0) * CURRENT * (plain.current != 0))
    moved = analyse(offset).coulombic_efficiency.value - 0.98
    assert moved == pytest.approx(2 * 0.98 * 1e-3 / np.sqrt(6.0), rel=0.01)


def test_the_area_is_needed_for_areal_numbers_only():
    result = analyse(record(cycles([0.9] * 6), area=None))
    assert result.coulombic_efficiency.value == pytest.approx(0.9, abs=1e-5)
    assert result.cycles.plated is None
    assert "LI-W-ANA-001" in codes(result.warnings)


def test_the_analysis_does_not_look_at_provenance_or_conditions():
    plain = record(reservoir())
    other = evolve(plain, provenance=Provenance("simulated", source="twin"), conditions={"areal_capacity": 1.0})
    assert analyse(plain).to_dict() == analyse(other).to_dict()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"current": None}, "current column"),
        ({"current": np.abs(record(cycles([0.9])).current)}, "no plating"),
    ],
)
def test_what_cannot_be_analysed_is_refused(change, word):
    with pytest.raises(AnalysisError, match=word):
        analyse_plating_efficiency(evolve(record(cycles([0.9])), **change))


@pytest.mark.parametrize(
    "setting", [{"method": "aurbach"}, {"first_cycle": 0}, {"current_accuracy": 1.0}, {"cut_off_voltage": "0 V"}]
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(AnalysisError, match=next(iter(setting))):
        analyse(record(cycles([0.9])), **setting)


def test_one_plating_alone_has_a_nucleation_overpotential_and_no_efficiency():
    result = analyse(record([plate()]), kind="nucleation")
    assert result.coulombic_efficiency.value is None
    assert result.nucleation_overpotential.value is not None
