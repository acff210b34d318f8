"""Critical-current tests of a cell that is a resistor: every hysteresis is 2 i R."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis import analyse
from lithiate.analysis.stepped_fall import find_stepped_falls
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.errors import AnalysisError

AREA = 1.13e-4
RESISTANCE = 10e-4
CHARGE = 36000.0


def codes(warnings):
    return {warning.split()[0] for warning in warnings}


def record(densities, *, cycles=3, constant="charge", leak_from=None, leak=0.02, limit=None, area=AREA, rest=0.0):
    """Rows of a resistive cell; half cycles from number `leak_from` on keep a share `leak` of their voltage.

    With a `limit` [V], the voltage of the last half cycle climbs to it and the record ends there.
    """
    columns, begin = [], 0.0
    halves = [(i, sign) for i in densities for _ in range(cycles) for sign in (-1.0, 1.0)]
    for k, (i, sign) in enumerate(halves):
        duration = CHARGE / i if constant == "charge" else 3600.0
        share = np.concatenate([[1e-6], np.linspace(0.0, 1.0, 61)[1:]])
        voltage = np.full(share.size, i * RESISTANCE)
        if leak_from is not None and k >= leak_from:
            voltage *= leak
        if limit is not None and k == len(halves) - 1:
            kept = share <= 0.4
            share = share[kept]
            voltage = np.geomspace(i * RESISTANCE, limit, share.size)
        columns.append(np.column_stack([begin + share * duration, sign * voltage, np.full(share.size, sign * i)]))
        begin += duration
        if rest:
            columns.append(np.column_stack([begin + rest * np.array([1e-3, 0.5, 1.0]), np.zeros(3), np.zeros(3)]))
            begin += rest
    rows = np.concatenate(columns)
    return CyclingRecord(
        specimen=Specimen("cell", cell="symmetric", area=area),
        provenance=Provenance("measured"),
        time=rows[:, 0],
        voltage=rows[:, 1],
        current=rows[:, 2] * AREA,
    )


def analysed(found, **settings):
    return analyse(found, kind="critical-current", **settings)


@pytest.mark.parametrize("constant", ["charge", "time"])
@pytest.mark.parametrize("rest", [0.0, 600.0])
def test_one_hysteresis_a_current_density_over_two_decades(constant, rest):
    densities = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
    result = analysed(record(densities, constant=constant, rest=rest))
    found = [(e.conditions["current_density"], e.value) for e in result.voltage_hysteresis]
    np.testing.assert_allclose(found, [(i, 2.0 * i * RESISTANCE) for i in densities], rtol=2e-3)
    assert len(result.cycles) == 21
    assert (result.ended_by, result.critical_current_density) == ("end of test", None)
    time = result.time_to_short_circuit
    assert (time.value, time.censored) == (None, "right")
    assert time.conditions["current_density"] == pytest.approx(100.0)


def test_the_order_of_the_currents_is_kept_and_a_current_may_come_back():
    densities = [5.0, 10.0, 5.0]
    result = analysed(record(densities))
    found = [e.conditions["current_density"] for e in result.voltage_hysteresis]
    assert found == pytest.approx(densities)


def test_six_cycles_at_a_current_have_an_uncertainty():
    few, many = (analysed(record([5.0, 10.0], cycles=n)).voltage_hysteresis[0] for n in (3, 8))
    assert few.standard_uncertainty is None
    assert "LI-W-ANA-018" in codes(few.warnings)
    assert many.interval == pytest.approx((0.01, 0.01), rel=1e-3)


@pytest.mark.parametrize("leak_from", [13, 16])
def test_a_hard_short_is_dated_and_named_by_its_current(leak_from):
    """Third step, half cycles 12 to 17 of 24: |V| at 20 A/m2 falls to 4 % of what it should be."""
    result = analysed(record([5.0, 10.0, 20.0, 40.0], leak_from=leak_from))
    assert result.ended_by == "short circuit"
    assert result.critical_current_density == pytest.approx(20.0)
    begin = 6 * CHARGE / 5.0 + 6 * CHARGE / 10.0 + (leak_from - 12) * CHARGE / 20.0
    assert result.time_to_short_circuit.value == pytest.approx(begin, abs=120.0)
    assert result.time_to_short_circuit.conditions["ended_by"] == "short circuit"
    assert all(e.conditions["current_density"] < 40.0 for e in result.voltage_hysteresis)


def test_a_rise_of_the_current_does_not_hide_a_short():
    """At 20 times the current a shorted cell shows as much voltage as it did before: |V|/|I| tells."""
    result = analysed(record([5.0, 100.0], leak_from=6, leak=0.05))
    assert result.ended_by == "short circuit"
    assert result.critical_current_density == pytest.approx(100.0)


def test_the_voltage_limit_is_an_end_but_no_short():
    stopped = record([5.0, 10.0, 20.0], limit=5.0)
    for result in (analysed(stopped), analysed(stopped, voltage_limit="5 V")):
        assert result.ended_by == "voltage limit"
        assert result.critical_current_density == pytest.approx(20.0)
        assert result.time_to_short_circuit.censored == "right"
        assert "LI-W-ANA-050" in codes(result.warnings)
    assert analysed(stopped, voltage_limit="10 V").ended_by == "end of test"


def test_a_record_below_the_floor_is_told():
    result = analysed(record([5.0, 10.0], leak_from=0, leak=0.05))
    assert "LI-W-ANA-013" in codes(result.warnings)
    assert "LI-W-ANA-013" not in codes(analysed(record([5.0, 10.0])).warnings)


def test_noise_at_rest_is_no_half_cycle():
    plain = record([1.0, 10.0, 100.0], rest=600.0)
    draw = np.random.default_rng(0)
    noisy = evolve(plain, current=plain.current + draw.normal(0.0, 1e-5 * AREA * 100.0, plain.time.size))
    assert len(analysed(noisy).half_cycles) == 18


def test_without_an_area_there_are_no_densities():
    result = analysed(record([5.0, 10.0], area=None))
    assert all("current_density" not in e.conditions for e in result.voltage_hysteresis)
    assert result.voltage_hysteresis[1].value == pytest.approx(0.02)
    assert result.critical_current_density is None


def test_what_cannot_be_analysed_is_refused():
    with pytest.raises(AnalysisError, match="current column"):
        analysed(evolve(record([5.0]), current=None))
    with pytest.raises(AnalysisError, match="short_ratio"):
        analysed(record([5.0]), short_ratio=2.0)


def test_the_result_is_plain_types():
    content = analysed(record([5.0, 10.0])).to_dict()
    assert [e["conditions"].get("current_density") for e in content["estimates"]][:2] == pytest.approx([5.0, 10.0])
    assert content["ended_by"] == "end of test"


def stepped(densities, voltage, *, cycles=3):
    """Rows of a cell whose |V| [V] at each current density is given."""
    plain = record(densities, cycles=cycles)
    at = np.array([voltage[densities.index(round(i, 6))] for i in np.abs(plain.current) / AREA])
    return evolve(plain, voltage=np.sign(plain.voltage) * at)


def falls(found):
    return [text for text in analysed(found).warnings if text.startswith("LI-W-ANA-052")]


def test_a_voltage_that_falls_while_the_current_rises_is_a_soft_short():
    """As a cell that keeps 12 % of its resistance from 22.5 A/m2 on: above the tenth that makes a hard short."""
    densities = [2.5 * k for k in range(1, 13)]
    found = stepped(densities, [i * RESISTANCE * (1.0 if i < 21.0 else 0.12) for i in densities])
    assert analysed(found).ended_by == "end of test"
    (text,) = falls(found)
    assert "current step 9, 2.25 mA/cm2" in text
    assert "from cycle 25 on" in text
    assert "by 88%" in text


@pytest.mark.parametrize("exchange", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("ohmic", [0.0, 1e-3])
@pytest.mark.parametrize("densities", [[2.5 * k for k in range(1, 13)], [1.0, 2.0, 5.0, 10.0, 100.0], [1.0, 100.0]])
def test_tafel_kinetics_and_resistance_are_no_soft_short(exchange, ohmic, densities):
    """V/i falls by up to 97 % from one step to the next, and nothing is wrong with the cell."""
    voltage = [0.0514 * np.arcsinh(i / (2.0 * exchange)) + ohmic * i for i in densities]
    assert falls(stepped(densities, voltage)) == []


@pytest.mark.parametrize(("loss", "told"), [(0.45, True), (0.1, False)])
def test_a_short_at_a_doubled_current_is_seen_by_the_slope_before_it(loss, told):
    """V still grows from 20 to 40 A/m2, but by less than the logarithm of the current allows."""
    densities = [5.0, 10.0, 20.0, 40.0]
    voltage = [i * RESISTANCE for i in densities]
    voltage[-1] *= 1.0 - loss
    assert bool(falls(stepped(densities, voltage))) is told


def test_a_current_that_is_lowered_again_is_no_short():
    assert falls(stepped([5.0, 10.0, 20.0], [5e-3, 10e-3, 20e-3])) == []
    assert falls(record([5.0, 20.0, 5.0])) == []


def test_a_fall_within_the_scatter_of_the_cycles_is_not_told():
    rng = np.random.default_rng(3)
    current, step = np.repeat([1.0, 1.1], 9), np.repeat([0, 1], 9)
    quiet = np.repeat([0.1, 0.06], 9) * (1.0 + 0.01 * rng.standard_normal(18))
    noisy = np.repeat([0.1, 0.06], 9) + 0.05 * np.tile(np.linspace(-1.0, 1.0, 9), 2)
    assert len(find_stepped_falls(current, quiet, step)) == 1
    assert find_stepped_falls(current, noisy, step) == []
