"""Full cells by hand: straight voltage profiles at constant current, so every charge and energy is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from lithiate.analysis import analyse
from lithiate.analysis.full_cell_half_cycles import half_cycle_profile
from lithiate.analysis.full_cell_result import tables
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.core.techniques import QUANTITIES
from lithiate.errors import AnalysisError

AREA, MASS, CURRENT = 1.13e-4, 2.26e-6, 4e-4
HOUR = 3600.0
NOMINAL = CURRENT * HOUR / AREA
LOW, HIGH = 2.8, 4.3


def codes(warnings):
    return {warning.split()[0] for warning in warnings}


def charge(hours=1.0, current=CURRENT, voltage=(3.4, HIGH)):
    return (current, hours * HOUR, voltage)


def discharge(hours=1.0, current=CURRENT, voltage=(4.2, LOW)):
    return (-current, hours * HOUR, voltage)


def rest(hours=0.5, voltage=(3.9, 3.9)):
    return (0.0, hours * HOUR, voltage)


def hold(hours=0.5, ends=(CURRENT, 0.05 * CURRENT)):
    """A hold at the upper cut-off, in which the current falls along a straight line."""
    return (ends, hours * HOUR, (HIGH, HIGH))


def rows_of(steps, *, interval=60.0, phase=None):
    """Time, voltage, current: rows at an interval and at both ends of each step; with a phase, on one clock alone."""
    columns, begin = [], 0.0
    for current, duration, (first, last) in steps:
        at = np.append(np.arange(0.0, duration * (1.0 - 1e-9), interval), duration)
        if phase is not None:
            start = np.ceil((begin - phase) / interval) * interval + phase - begin
            at = np.arange(start, duration, interval)
        share = at / duration
        ends = current if isinstance(current, tuple) else (current, current)
        flowing = ends[0] + (ends[1] - ends[0]) * share
        columns.append(np.column_stack([begin + at, first + (last - first) * share, flowing]))
        begin += duration
    return np.concatenate(columns).T


def record(steps, *, area=AREA, mass=MASS, cell="full", conditions=None, **sampling):
    time, voltage, current = rows_of(steps, **sampling)
    return CyclingRecord(
        specimen=Specimen("Li||NCM", cell=cell, area=area, cathode_mass=mass),
        provenance=Provenance("measured"),
        conditions={"nominal_capacity": NOMINAL} if conditions is None else conditions,
        time=time,
        voltage=voltage,
        current=current,
    )


def cycling(capacities, efficiency=0.98, between=()):
    """Return cycles at one current whose discharges hold these charges in hours of the current."""
    return [s for q in capacities for s in (charge(q / efficiency), *between, discharge(q), *between)]


def test_every_number_of_straight_profiles_is_exact():
    capacities = np.linspace(1.0, 0.9, 11)
    result = analyse(record(cycling(capacities)))
    cycles = result.cycles
    given = capacities * CURRENT * HOUR
    exact = {
        "number": np.arange(1, 12),
        "discharge_capacity": given,
        "charge_capacity": given / 0.98,
        "areal_discharge_capacity": given / AREA,
        "specific_discharge_capacity": given / MASS,
        "specific_charge_capacity": given / 0.98 / MASS,
        "coulombic_efficiency": 0.98,
        "mean_charge_voltage": 3.85,
        "mean_discharge_voltage": 3.5,
        "discharge_energy": given * 3.5,
        "energy_efficiency": 0.98 * 3.5 / 3.85,
        "capacity_retention": capacities,
        "discharge_current": CURRENT,
        "c_rate": 1.0,
        "charge_end_voltage": HIGH,
        "discharge_end_voltage": LOW,
    }
    for name, expected in exact.items():
        np.testing.assert_allclose(getattr(cycles, name), expected, rtol=1e-9, err_msg=name)
    assert cycles.complete.all()
    assert result.rate_basis == "nominal capacity"
    assert result.coulombic_efficiency.value == pytest.approx(0.98, rel=1e-9)
    assert result.energy_efficiency.value == pytest.approx(0.98 * 3.5 / 3.85, rel=1e-9)
    assert result.warnings == ()


def test_estimates_are_of_the_fixed_words_and_say_of_which_cycle():
    result = analyse(record(cycling(np.linspace(1.0, 0.9, 120)), interval=600.0))
    estimates = list(result.estimates())
    assert all(QUANTITIES[estimate.quantity].si_unit == estimate.unit for estimate in estimates)
    found = {}
    for estimate in estimates:
        found.setdefault(estimate.quantity, []).append(estimate.conditions)
    assert [c["cycle"] for c in found["specific_capacity"]] == [1, 50, 100, 120]
    assert [c["cycle"] for c in found["capacity_retention"]] == [50, 100, 120]
    median, *single = found["coulombic_efficiency"]
    assert median == {"method": "full-cell", "first_cycle": 2.0, "last_cycle": 120.0}
    assert [(c["method"], c["cycle"]) for c in single] == [("full-cell", n) for n in (1, 50, 100, 120)]
    assert found["energy_efficiency"] == [{"first_cycle": 2.0, "last_cycle": 120.0}]
    retention = result.capacity_retentions[1]
    assert retention.value == pytest.approx(1.0 - 0.1 * 99 / 119, rel=1e-9)
    assert "cycle 1" in retention.definition
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert content["analysis"] == "full-cycling"
    assert len(content["cycles"]["number"]) == 120
    assert len(content["estimates"]) == len(estimates)


def test_rests_change_nothing():
    capacities = np.linspace(1.0, 0.9, 5)
    plain, rested = (analyse(record(cycling(capacities, between=pause))) for pause in ((), (rest(),)))
    parted = []
    for q in capacities:
        half = charge(q / 0.98 / 2, voltage=(3.4, 3.85)), rest(), charge(q / 0.98 / 2, voltage=(3.85, HIGH))
        parted += [rest(), *half, rest(), discharge(q)]
    for other in (rested, analyse(record(parted))):
        for name in ("charge_capacity", "discharge_capacity", "energy_efficiency", "mean_charge_voltage"):
            np.testing.assert_allclose(getattr(other.cycles, name), getattr(plain.cycles, name), rtol=1e-9)
        assert other.coulombic_efficiency.value == pytest.approx(0.98, rel=1e-9)
        assert other.coulombic_efficiency.standard_uncertainty == pytest.approx(
            plain.coulombic_efficiency.standard_uncertainty, rel=1e-6
        )


def test_a_hold_belongs_to_its_charge():
    steps = [s for _ in range(4) for s in (charge(0.8), hold(0.5), rest(), discharge(1.0))]
    cycles = analyse(record(steps)).cycles
    held = 0.5 * 1.05 / 2.0
    np.testing.assert_allclose(cycles.charge_capacity, (0.8 + held) * CURRENT * HOUR, rtol=1e-9)
    np.testing.assert_allclose(cycles.charge_energy, (0.8 * 3.85 + held * HIGH) * CURRENT * HOUR, rtol=1e-9)
    np.testing.assert_allclose(cycles.mean_charge_voltage, (0.8 * 3.85 + held * HIGH) / (0.8 + held), rtol=1e-9)


def test_what_the_distance_of_the_rows_costs_is_stated_and_covers():
    """Rows on one clock that knows nothing of the switches: the errors are as large as the uncertainties say.

    The first cycle is not looked at: what the record missed of its first charge, no row tells.
    """
    random = np.random.default_rng(7)
    ratios = {"discharge": [], "efficiency": []}
    for _ in range(60):
        taken, given, *pauses = np.array([1.0, 0.97, 0.3, 0.2]) + random.uniform(0.0, 60.0 / HOUR, 4)
        steps = [charge(taken), rest(pauses[0]), discharge(given), rest(pauses[1])]
        result = analyse(record(steps * 2, phase=random.uniform(0.0, 60.0)))
        cycles = result.cycles
        accuracy = 2.0 * cycles.coulombic_efficiency[1] * 1e-3 / np.sqrt(6.0)
        in_time = np.sqrt(cycles.uncertainty[1] ** 2 - accuracy**2)
        ratios["efficiency"].append((cycles.coulombic_efficiency[1] - given / taken) / in_time)
        capacity = result.specific_capacities[-1]
        gain = capacity.value * 1e-3 / np.sqrt(3.0)
        in_time = np.sqrt(capacity.standard_uncertainty**2 - gain**2)
        ratios["discharge"].append((capacity.value - given * CURRENT * HOUR / MASS) / in_time)
    for name, ratio in ratios.items():
        assert 0.5 < np.sqrt(np.mean(np.square(ratio))) < 1.5, name
        assert np.abs(ratio).max() < 3.5, name


def test_noise_moves_the_numbers_less_than_their_uncertainty():
    clean = record(cycling(np.linspace(1.0, 0.95, 20), between=(rest(),)))
    random = np.random.default_rng(3)
    noisy = evolve(
        clean,
        voltage=clean.voltage + random.normal(0.0, 2e-3, clean.time.size),
        current=clean.current + random.normal(0.0, 2e-3 * CURRENT, clean.time.size),
    )
    before, after = analyse(clean), analyse(noisy)
    assert len(after.cycles) == 20
    assert after.cycles.complete.all()
    np.testing.assert_allclose(after.cycles.discharge_capacity, before.cycles.discharge_capacity, rtol=2e-3)
    for name in ("coulombic_efficiency", "energy_efficiency"):
        one, other = getattr(before, name), getattr(after, name)
        assert abs(other.value - one.value) < 2.0 * other.standard_uncertainty


def test_repeated_rows_and_the_time_origin_change_nothing():
    once = record(cycling([1.0, 0.97, 0.95, 0.9, 0.7]))
    often = evolve(once, **{n: np.repeat(getattr(once, n), 2) for n in ("time", "voltage", "current", "row_flags")})
    late = evolve(once, time=once.time + 1e7)
    for other in (often, late):
        for one, two in zip(analyse(once).estimates(), analyse(other).estimates(), strict=True):
            assert two.value == pytest.approx(one.value, rel=1e-7)
            if one.standard_uncertainty is not None:
                assert two.standard_uncertainty == pytest.approx(one.standard_uncertainty, rel=1e-5, abs=1e-9)


def test_an_incomplete_last_cycle_is_left_out():
    steps = cycling([1.0, 0.98, 0.96])
    within = analyse(record([*steps, charge(0.9), discharge(0.3, voltage=(4.2, 3.9))]))
    assert within.cycles.complete.tolist() == [True, True, True, False]
    assert np.isnan(within.cycles.coulombic_efficiency[-1])
    assert within.capacity_retentions[-1].conditions["cycle"] == 3
    assert "LI-W-ANA-005" in codes(within.warnings)
    before = analyse(record([*steps, charge(0.5)]))
    assert len(before.cycles) == 3
    assert "1 half cycle(s) stand alone" in "".join(before.warnings)
    # A discharge that ends by its charge, at another voltage than the others, is no cut.
    by_charge = analyse(record([*steps, charge(0.97), discharge(0.96, voltage=(4.1, 3.3))]))
    assert by_charge.cycles.complete.all()


def test_one_discharge_at_the_end_of_the_record_is_not_judged():
    result = analyse(record(cycling([1.0])))
    assert result.cycles.coulombic_efficiency == pytest.approx([0.98])
    assert "LI-W-ANA-068" in codes(result.warnings)
    assert result.coulombic_efficiency.value is None
    assert "LI-W-ANA-068" not in codes(analyse(record([*cycling([1.0]), rest()])).warnings)


def test_a_discharge_before_the_first_charge_is_no_cycle():
    steps = cycling([1.0, 0.99, 0.98])
    plain, led = analyse(record(steps)), analyse(record([discharge(0.2), rest(), *steps]))
    np.testing.assert_allclose(led.cycles.discharge_capacity, plain.cycles.discharge_capacity, rtol=1e-9)
    assert led.cycles.number.tolist() == [1, 2, 3]
    assert codes(led.warnings) - codes(plain.warnings) == {"LI-W-ANA-062"}


def formed(count=2, cycles=8):
    slow = [charge(11.0, 0.1 * CURRENT), discharge(10.0, 0.1 * CURRENT)]
    return slow * count + cycling(np.linspace(0.95, 0.75, cycles))


def test_formation_is_counted_but_nothing_refers_to_it():
    result = analyse(record(formed()), formation_cycles="2")
    assert len(result.cycles) == 10
    assert result.cycles.capacity_retention[2] == 1.0
    assert result.capacity_retentions[-1].value == pytest.approx(0.75 / 0.95, rel=1e-9)
    assert "cycle 3, after 2 of formation" in result.capacity_retentions[-1].definition
    assert result.coulombic_efficiency.conditions["first_cycle"] == 4
    assert "LI-W-ANA-064" not in codes(result.warnings)
    unstated = analyse(record(formed()))
    assert unstated.capacity_retentions[-1].value == pytest.approx(0.75, rel=1e-9)
    assert "LI-W-ANA-064" in codes(unstated.capacity_retentions[-1].warnings)
    assert unstated.rates.first_cycle.tolist() == [1, 3]


def test_cycle_life_is_the_first_cycle_below_the_threshold():
    capacities = 1.0 - 0.01 * np.arange(40)
    life = analyse(record(cycling(capacities))).cycle_life
    # 80 % of cycle 3 (0.98) is 0.784: cycle 23 holds 0.78, cycle 22 holds 0.79.
    assert life.value == 23
    assert life.interval[0] <= 23 <= life.interval[1]
    assert 0.0 < life.standard_uncertainty < 2.0
    stricter = analyse(record(cycling(capacities)), life_threshold=0.9, life_reference_cycle=1).cycle_life
    assert stricter.value == 12
    survived = analyse(record(cycling(capacities[:20]))).cycle_life
    assert (survived.value, survived.censored, survived.interval) == (None, "right", (20.0, None))
    assert survived.censored_by == "end of test"
    short = analyse(record(cycling(capacities[:2]))).cycle_life
    assert (short.value, short.censored) == (None, None)
    assert "LI-W-ANA-004" in codes(short.warnings)


def test_a_count_of_cycles_is_printed_as_it_is():
    content = analyse(record(cycling(1.0 - 0.01 * np.arange(40)))).to_dict()
    life = next(row for row in content["estimates"] if row["quantity"] == "cycle_life")
    assert (life["value"], life["unit"]) == (23, "cycles")


def test_a_capacity_that_comes_back_is_told():
    result = analyse(record(cycling([1.0, 1.0, 1.0, 0.7, 0.98, 0.97])))
    assert result.cycle_life.value == 4
    assert "LI-W-ANA-067" in codes(result.warnings)


def test_the_voltage_limit_ends_the_life():
    steps = cycling([1.0, 0.99, 0.98, 0.97])
    in_charge = analyse(record([*steps, charge(0.1, voltage=(3.4, 5.0))])).cycle_life
    assert (in_charge.value, in_charge.censored) == (5, None)
    assert analyse(record([*steps, charge(1.0), discharge(0.1, voltage=(4.2, -5.0))])).cycle_life.value == 5
    assert analyse(record([*steps, charge(0.1, voltage=(3.4, 4.9))])).cycle_life.censored == "right"
    assert analyse(record([*steps, charge(0.1, voltage=(3.4, 4.9))]), voltage_limit="4.9 V").cycle_life.value == 5


RATES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 0.2)
CAPACITIES = (1.05, 1.0, 0.95, 0.9, 0.75, 0.5, 1.04)


def rate_test(each=4, first_of_run=1.1):
    steps = []
    for rate, capacity in zip(RATES, CAPACITIES, strict=True):
        for cycle in range(each):
            held = capacity * (first_of_run if cycle == 0 else 1.0 + 0.002 * (cycle - 2))
            steps += [charge(held / rate, rate * CURRENT), rest(0.1), discharge(held / rate, rate * CURRENT)]
    return steps


def test_rates_are_found_with_the_median_of_all_but_their_first_cycle():
    result = analyse(record(rate_test(), interval=30.0))
    rates = result.rates
    np.testing.assert_allclose(rates.c_rate, RATES, rtol=1e-9)
    assert rates.order.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert rates.first_cycle.tolist() == [1, 5, 9, 13, 17, 21, 25]
    assert rates.counted_cycles.tolist() == [3] * 7
    np.testing.assert_allclose(rates.specific_discharge_capacity, np.array(CAPACITIES) * CURRENT * HOUR / MASS)
    np.testing.assert_allclose(rates.capacity_spread, 0.002 * np.array(CAPACITIES) * CURRENT * HOUR, rtol=1e-6)
    by_rate = result.rate_capacities
    assert [e.conditions["rate_order"] for e in by_rate] == [1, 2, 3, 4, 5, 6, 7]
    assert [e.conditions["c_rate"] for e in by_rate] == pytest.approx(RATES)
    assert [e.value * MASS / CURRENT / HOUR for e in by_rate] == pytest.approx(CAPACITIES)
    # Cycle 3 ran at 0.2 C: the cycles at other rates say nothing about the life.
    assert result.cycle_life.interval == (28.0, None)


def test_without_a_nominal_capacity_rates_are_counted_by_the_largest_discharge():
    result = analyse(record(rate_test(first_of_run=1.0), conditions={}))
    assert result.rate_basis == "largest discharge capacity"
    np.testing.assert_allclose(result.rates.c_rate, np.array(RATES) / (1.05 * 1.002), rtol=1e-9)
    assert "LI-W-ANA-061" in codes(result.warnings)
    chosen = analyse(record(rate_test(), conditions={}), nominal_capacity=f"{2.0 * NOMINAL} C/m^2")
    np.testing.assert_allclose(chosen.rates.c_rate, np.array(RATES) / 2.0, rtol=1e-9)
    with pytest.raises(AnalysisError, match="needs the electrode area"):
        analyse(record(rate_test(), area=None), nominal_capacity=NOMINAL)


def test_cycles_at_a_rate_that_gives_nothing_are_not_lost():
    fast = [charge(0.0005, 10.0 * CURRENT), discharge(0.0004, 10.0 * CURRENT)]
    result = analyse(record([*cycling([5.0] * 3), *fast * 3, *cycling([4.9] * 2)]))
    assert result.cycles.number.size == 8
    np.testing.assert_allclose(result.cycles.discharge_capacity[3:6], 10.0 * CURRENT * 0.0004 * HOUR, rtol=1e-6)
    assert "LI-W-ANA-066" in codes(result.warnings)
    assert result.rates.c_rate == pytest.approx([1.0, 10.0, 1.0])


def test_a_gap_takes_only_its_own_cycle():
    whole = record(cycling([1.0, 0.99, 0.98, 0.97, 0.96, 0.95], between=(rest(0.1),)))
    start = analyse(whole).cycles.start[2]
    kept = (whole.time < start + 600.0) | (whole.time > start + 3000.0)
    names = ("time", "voltage", "current", "row_flags")
    result = analyse(evolve(whole, **{name: getattr(whole, name)[kept] for name in names}))
    assert result.cycles.complete.tolist() == [True, True, False, True, True, True]
    np.testing.assert_allclose(result.cycles.discharge_capacity, analyse(whole).cycles.discharge_capacity, rtol=1e-9)
    assert {"LI-W-ANA-005", "LI-W-ANA-006"} <= codes(result.warnings)


def test_a_gap_that_is_short_beside_the_slow_cycles_is_no_charge_of_a_fast_one():
    """At a fast rate a hole of an hour swallows cycles, and what is left on both sides of it may be of one sign."""
    fast = [charge(0.1, 10.0 * CURRENT), discharge(0.1, 10.0 * CURRENT)]
    whole = record([*cycling([10.0] * 3), *fast * 8], interval=20.0)
    start = analyse(whole).cycles.start[3:]
    kept = (whole.time < start[1] + 200.0) | (whole.time > start[6] + 200.0)
    names = ("time", "voltage", "current", "row_flags")
    result = analyse(evolve(whole, **{name: getattr(whole, name)[kept] for name in names}))
    assert result.cycles.complete.tolist() == [True, True, True, True, False, True]
    assert "and 1 within one" in "".join(result.warnings)
    assert result.rates.discharge_capacity == pytest.approx([10.0 * CURRENT * HOUR, CURRENT * HOUR])


@pytest.mark.parametrize("pause", [0.3, 5.0])
def test_rests_without_rows_are_no_charge(pause):
    whole = record(cycling([1.0, 0.99, 0.98, 0.97], between=(rest(pause),)))
    flowing = whole.current != 0.0
    names = ("time", "voltage", "current", "row_flags")
    result = analyse(evolve(whole, **{name: getattr(whole, name)[flowing] for name in names}))
    assert result.cycles.complete.all()
    # At most one distance of rows (60 s) at each end of a half cycle of an hour.
    np.testing.assert_allclose(
        result.cycles.discharge_capacity, analyse(whole).cycles.discharge_capacity, rtol=2.1 * 60 / 3500
    )
    assert ("LI-W-ANA-069" if pause < 1.0 else "LI-W-ANA-006") in codes(result.warnings)


def test_a_current_of_the_wrong_sign_is_told():
    right = record(cycling([1.0, 0.99, 0.98, 0.97]))
    wrong = analyse(evolve(right, current=-right.current))
    assert "LI-W-ANA-063" in codes(wrong.warnings)
    assert "LI-W-ANA-063" not in codes(analyse(right).warnings)


def test_more_charge_than_went_in_is_told():
    assert "LI-W-ANA-065" in codes(analyse(record(cycling([1.0] * 4, efficiency=1.02))).warnings)


def test_what_nobody_stated_is_null():
    result = analyse(record(cycling([1.0, 0.99, 0.98, 0.97]), area=None, mass=None))
    assert result.cycles.specific_discharge_capacity is None
    assert result.cycles.areal_charge_capacity is None
    (specific,) = result.specific_capacities
    assert specific.value is None
    assert result.rate_capacities == ()
    assert {"LI-W-ANA-001", "LI-W-ANA-060", "LI-W-ANA-061"} <= codes(result.warnings)


@pytest.mark.parametrize(
    ("current", "words"),
    [(None, "needs a current column.*current_column"), (0.0, "zero in every row"), (1.0, "one sign throughout")],
)
def test_records_without_a_usable_current_are_refused(current, words):
    whole = record(cycling([1.0, 0.9]))
    column = None if current is None else current * np.abs(whole.current)
    with pytest.raises(AnalysisError, match=words) as caught:
        analyse(evolve(whole, current=column))
    assert caught.value.code == "LI-ANA-001"


def test_a_record_that_lost_its_voltage_is_refused():
    whole = record(cycling([1.0, 0.9]))
    with pytest.raises(AnalysisError, match="zero in every row.*voltage_column") as caught:
        analyse(evolve(whole, voltage=np.zeros_like(whole.voltage)))
    assert caught.value.code == "LI-ANA-001"


def test_a_record_without_a_cycle_is_refused():
    with pytest.raises(AnalysisError, match="no cycle of a full cell"):
        analyse(record([discharge(1.0), rest(), charge(1.0)]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference_cycle": 0},
        {"first_cycle": 1.5},
        {"life_threshold": 1.0},
        {"formation_cycles": -1},
        {"current_accuracy": 0.6},
        {"voltage_limit": 0.0},
        {"nominal_capacity": -1.0},
        {"reference_cicle": 2},
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong):
    with pytest.raises(AnalysisError, match=next(iter(wrong)) if "1.5" not in str(wrong) else "whole number"):
        analyse(record(cycling([1.0, 0.9])), **wrong)


def test_a_reference_cycle_that_is_missing_leaves_no_retention():
    result = analyse(record(cycling([1.0, 0.9])), reference_cycle="5")
    (retention,) = result.capacity_retentions
    assert retention.value is None
    assert "cycle 5" in retention.warnings[0]
    assert np.isnan(result.cycles.capacity_retention).all()


@settings(deadline=None, max_examples=25)
@given(
    count=st.integers(1, 8),
    efficiency=st.floats(0.5, 1.0),
    interval=st.floats(1.0, 900.0),
    paused=st.booleans(),
    half=st.booleans(),
)
def test_the_sum_of_the_charges_is_that_of_the_record(count, efficiency, interval, paused, half):
    """Whatever the sampling, rests and the end of the record: no charge appears or is lost."""
    steps = cycling([1.0] * count, efficiency=efficiency, between=(rest(0.2),) if paused else ())
    steps += [charge(0.5, voltage=(3.4, 3.8))] if half else []
    found = analyse(record(steps, interval=interval)).half_cycles
    expected = count * (1.0 + 1.0 / efficiency) + 0.5 * half
    assert float(found.charge.sum()) == pytest.approx(expected * CURRENT * HOUR, rel=1e-9)


def test_a_profile_runs_from_zero_to_the_charge_of_the_half_cycle():
    whole = record(
        [charge(0.5, voltage=(3.4, 3.85)), rest(), charge(0.5, voltage=(3.85, HIGH)), discharge(1.0), rest()]
    )
    result = analyse(whole)
    passed, voltage = half_cycle_profile(whole, result.half_cycles, 1)
    np.testing.assert_allclose(voltage, 4.2 - 1.4 * passed / (CURRENT * HOUR), rtol=1e-9)
    assert passed[-1] == pytest.approx(CURRENT * HOUR)
    passed, voltage = half_cycle_profile(whole, result.half_cycles, 0)
    assert passed[-1] == pytest.approx(CURRENT * HOUR, rel=2 * 60 / 3600)


def test_the_hysteresis_is_the_gap_of_the_mean_voltages():
    result = analyse(record(cycling(np.linspace(1.0, 0.9, 11))))
    np.testing.assert_allclose(result.cycles.voltage_hysteresis, 3.85 - 3.5, rtol=1e-9)
    estimate = result.voltage_hysteresis
    assert (estimate.quantity, estimate.unit) == ("voltage_hysteresis", "V")
    assert estimate.value == pytest.approx(0.35, rel=1e-9)
    assert "mean voltage of a charge" in estimate.definition
    assert estimate.conditions == {"first_cycle": 2.0, "last_cycle": 11.0}
    # A hold counts with its charge at the voltage that it holds.
    held = analyse(record([s for _ in range(4) for s in (charge(0.8), hold(0.5), discharge(1.0))]))
    share = 0.5 * 1.05 / 2.0
    expected = (0.8 * 3.85 + share * HIGH) / (0.8 + share) - 3.5
    np.testing.assert_allclose(held.cycles.voltage_hysteresis, expected, rtol=1e-9)


def test_the_uncertainty_of_the_hysteresis_covers_what_sparse_rows_cost():
    """A bent voltage in rows far apart, against the same in rows close together."""

    def bent(interval):
        plain = record(cycling([1.0] * 4), interval=interval)
        return analyse(evolve(plain, voltage=plain.voltage + 0.3 * (plain.voltage - 3.5) ** 3))

    fine, coarse = bent(10.0), bent(600.0)
    error = np.abs(coarse.cycles.voltage_hysteresis - fine.cycles.voltage_hysteresis)
    assert (error > 1e-5).all()
    assert (error < 2.0 * coarse.cycles.hysteresis_uncertainty).all()
    assert (coarse.cycles.hysteresis_uncertainty < 20.0 * error).all()


def test_the_vendors_counter_stands_beside_ours():
    plain = record([discharge(0.5), *cycling([1.0] * 4)])
    # This vendor begins a cycle with a discharge, and from 1.
    falls = np.flatnonzero((plain.current[1:] < 0.0) & (plain.current[:-1] >= 0.0)) + 1
    vendor = 1 + np.searchsorted(falls, np.arange(plain.time.size), side="right")
    result = analyse(evolve(plain, vendor_cycle_number=vendor))
    assert result.cycles.number.tolist() == [1, 2, 3, 4]
    assert result.cycles.vendor_number.tolist() == [2, 3, 4, 5]
    assert result.to_dict()["cycles"]["vendor_number"] == [2, 3, 4, 5]
    assert analyse(plain).cycles.vendor_number is None


def test_rates_of_unequal_numbers_of_cycles_that_come_back():
    """0.2 C x 5, 1 C x 3, 5 C x 7, 0.2 C x 2, all charged at 0.5 C."""
    runs = ((0.2, 5, 1.0), (1.0, 3, 0.9), (5.0, 7, 0.5), (0.2, 2, 0.95))
    steps = []
    for rate, count, capacity in runs:
        for _ in range(count):
            steps += [charge(capacity / 0.5, 0.5 * CURRENT), rest(0.1), discharge(capacity / rate, rate * CURRENT)]
    rates = analyse(record(steps, interval=20.0)).rates
    np.testing.assert_allclose(rates.c_rate, [0.2, 1.0, 5.0, 0.2], rtol=1e-9)
    np.testing.assert_allclose(rates.charge_c_rate, 0.5, rtol=1e-9)
    assert rates.first_cycle.tolist() == [1, 6, 9, 16]
    assert rates.last_cycle.tolist() == [5, 8, 15, 17]
    assert rates.counted_cycles.tolist() == [4, 2, 6, 1]
    np.testing.assert_allclose(rates.discharge_capacity, np.array([1.0, 0.9, 0.5, 0.95]) * CURRENT * HOUR, rtol=1e-9)


def test_a_test_of_charge_rates_is_told_by_its_charges():
    """Discharges at 1 C throughout, charges at 0.5, 2 and 0.5 C that end in a hold."""
    steps = []
    for rate in (0.5, 2.0, 0.5):
        for _ in range(3):
            ends = (rate * CURRENT, 0.05 * CURRENT)
            steps += [charge(0.7 / rate, rate * CURRENT), hold(0.3, ends), discharge(0.75)]
    rates = analyse(record(steps, interval=20.0)).rates
    np.testing.assert_allclose(rates.charge_c_rate, [0.5, 2.0, 0.5], rtol=1e-9)
    np.testing.assert_allclose(rates.c_rate, 1.0, rtol=1e-9)
    assert rates.first_cycle.tolist() == [1, 4, 7]


def test_a_knee_is_found_in_the_record_and_told_as_plain_types():
    number = np.arange(60)
    capacities = 1.0 - 5e-4 * number - 6e-3 * np.maximum(number - 35, 0)
    scatter = 2e-4 * np.random.default_rng(4).normal(size=60)
    result = analyse(record(cycling(capacities + scatter), interval=600.0))
    # Cycle 36 is number 35 from 0.
    assert result.knee.cycle == pytest.approx(36.0, abs=0.5)
    assert result.knee.interval[0] < result.knee.cycle < result.knee.interval[1]
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert content["knee"]["cycle"] == result.knee.cycle
    assert len(content["current_steps"]["time"]) == len(result.current_steps) == 119
    straight = analyse(record(cycling(1.0 - 5e-4 * number + scatter), interval=600.0)).knee
    assert straight.cycle is None
    assert "straight" in straight.reason
    assert "reference" in analyse(record(cycling([1.0, 1.0]))).knee.reason


def test_tables_hold_every_column_that_is_known():
    result = analyse(record(cycling([1.0] * 6)))
    found = tables(result)
    assert set(found) == {
        "cycles",
        "rates",
        "current_steps",
        "differential_capacity",
        "differential_capacity_curves",
    }
    assert "vendor_number" not in found["cycles"]
    for name, columns in found.items():
        assert len({column.shape for column in columns.values()}) == 1, name
    # Straight profiles: dQ/dV is the charge over the window, and has no peak.
    curves = found["differential_capacity_curves"]
    assert found["differential_capacity"]["voltage"].size == 0
    rising = curves["charging"]
    np.testing.assert_allclose(curves["differential_capacity"][rising], CURRENT * HOUR / 0.98 / (HIGH - 3.4), rtol=0.02)
    assert sorted(set(curves["cycle"].tolist())) == [1, 4, 6]


@pytest.mark.parametrize(
    "steps",
    [
        # A half cell between 0.01 and 2 V that begins with a discharge; a record cut off at its start and its end.
        [(-CURRENT, HOUR, (2.0, 0.01)), *[(CURRENT, HOUR, (0.02, 1.5)), (-CURRENT, HOUR, (1.4, 0.01))] * 3],
        [discharge(0.3), rest(), *cycling([1.0] * 3), charge(0.2, voltage=(3.4, 3.6))],
        [rest(2.0), *[s for _ in range(3) for s in (charge(0.8), hold(0.3), rest(), discharge(0.9), rest())]],
    ],
)
def test_records_that_begin_and_end_anyhow_are_analysed(steps):
    result = analyse(record(steps))
    assert len(result.cycles) == 3
    json.dumps(result.to_dict(), allow_nan=False)
    assert result.voltage_hysteresis.value is not None
    for curve in result.differential_capacities:
        area = curve.differential_capacity.sum() * (curve.voltage[1] - curve.voltage[0])
        assert area == pytest.approx(curve.charge, rel=1e-9)


def test_a_last_discharge_that_is_cut_off_does_not_turn_the_current_round():
    """The mean voltage of a discharge that has only begun lies above that of its charge."""
    right = analyse(record([charge(), discharge(0.2, voltage=(4.2, 4.0))]))
    assert right.cycles.mean_charge_voltage < right.cycles.mean_discharge_voltage
    assert "LI-W-ANA-063" not in codes(right.warnings)


def test_a_half_cell_that_charges_below_its_first_discharge_has_no_wrong_sign():
    steps = [discharge(voltage=(2.9, 0.01)), charge(voltage=(0.02, 0.3)), discharge(0.4, voltage=(2.9, 0.1))]
    right = record(steps)
    assert "LI-W-ANA-063" not in codes(analyse(right).warnings)
    # A flat profile that jumps at the switch tells nothing by its slope: the mean voltages do.
    flat = [charge(voltage=(3.4, 3.4)), discharge(voltage=(3.6, 3.6))] * 3
    assert "LI-W-ANA-063" in codes(analyse(record(flat)).warnings)


def half_cell():
    """Lithium taken up at 0.9 to 0.07 V, nine tenths of it given back at 0.1 to 1 V."""
    return record([discharge(voltage=(0.9, 0.07)), charge(0.9, voltage=(0.1, 1.0))] * 6)


def test_a_half_cell_is_told_where_its_efficiency_is_had():
    found = half_cell()
    result = analyse(found)
    assert result.coulombic_efficiency.value == pytest.approx(1.0 / 0.9)
    assert "LI-W-ANA-073" in codes(result.warnings)
    for estimate in (result.coulombic_efficiency, *result.coulombic_efficiencies):
        assert "LI-W-ANA-073" in codes(estimate.warnings)
    (text,) = [text for text in result.warnings if text.startswith("LI-W-ANA-073")]
    assert "--cell plating" in text
    plating = analyse(evolve(found, specimen=evolve(found.specimen, cell="plating")), cut_off_voltage="1 V")
    assert plating.coulombic_efficiency.value == pytest.approx(0.9)


def test_a_cathode_that_is_discharged_first_is_no_half_cell_of_an_anode():
    result = analyse(record([discharge(), *cycling([1.0, 0.99, 0.98, 0.97])]))
    assert "LI-W-ANA-062" in codes(result.warnings)
    assert "LI-W-ANA-073" not in codes(result.warnings)
    anode_free = [charge(voltage=(0.1, 1.0)), discharge(0.9, voltage=(0.9, 0.07))] * 6
    assert "LI-W-ANA-073" not in codes(analyse(record(anode_free)).warnings)
