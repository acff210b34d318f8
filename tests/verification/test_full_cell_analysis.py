"""Analysis of simulated full cells against what the twin was told to do and knows."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis import analyse
from lithiate.core.cell import FullCell
from lithiate.core.full_experiments import FullCycling, Rate
from lithiate.twin import solve


@pytest.fixture(scope="module")
def slow_cycles():
    """Three cycles of NCM811 at 0.2 C."""
    return solve(FullCell("Li foil"), FullCycling(cycles=3, c_rate=0.2)).record()


def test_the_area_of_dq_dv_is_the_charge_of_the_twin(slow_cycles):
    result = analyse(slow_cycles)
    assert {curve.cycle for curve in result.differential_capacities} >= {1, 3}
    for curve in result.differential_capacities:
        spacing = curve.voltage[1] - curve.voltage[0]
        of_cycle = result.cycles.number == curve.cycle
        column = result.cycles.charge_capacity if curve.charging else result.cycles.discharge_capacity
        assert curve.differential_capacity.sum() * spacing + curve.other_charge == pytest.approx(
            float(column[of_cycle][0]), rel=0.01
        )


def test_peaks_lie_where_the_slope_of_the_clean_curve_has_its_maxima(slow_cycles):
    """A voltage noise of 1 mV on the twin's record, against the same record without."""
    clean = analyse(slow_cycles).differential_capacities
    noise = 1e-3 * np.random.default_rng(11).normal(size=slow_cycles.time.size)
    noisy = analyse(evolve(slow_cycles, voltage=slow_cycles.voltage + noise)).differential_capacities
    compared = 0
    for one, other in zip(clean, noisy, strict=True):
        for peak in other.peaks:
            nearest = min(one.peaks, key=lambda p: abs(p.voltage - peak.voltage))
            spread = np.hypot(peak.voltage_uncertainty, nearest.voltage_uncertainty)
            assert abs(peak.voltage - nearest.voltage) < 4.0 * spread
            compared += 1
    assert compared >= 2


def test_the_rates_of_a_rate_test_are_found():
    """Rates in the order in which they were run, the first of which comes back."""
    asked = (0.2, 1.0, 3.0, 0.2)
    result = analyse(solve(FullCell("Li foil"), Rate(c_rates=asked, cycles_per_rate=3)).record())
    rates = result.rates
    np.testing.assert_allclose(rates.c_rate, asked, rtol=0.01)
    assert (rates.last_cycle - rates.first_cycle + 1).tolist() == [3, 3, 3, 3]
    assert rates.specific_discharge_capacity[0] > rates.specific_discharge_capacity[1]
    assert rates.specific_discharge_capacity[1] > rates.specific_discharge_capacity[2]
    # The faster, the wider the gap.
    gap = rates.mean_charge_voltage - rates.mean_discharge_voltage
    assert (np.diff(gap[:3]) > 0.0).all()
