"""What must not change the results: repeated rows, the time origin, the sign of the record, finer sampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lithiate.analysis import analyse


def shape(share, half):
    """A tip, a plateau and an arc that grow from cycle to cycle and pass 1.5 x in the second half of the record."""
    tip = 0.5 * np.exp(-4.0 * np.log(2.0) * ((share - 0.05) / 0.06) ** 2)
    return (1.0 + tip + 0.2 * share**2) * (1.0 + 0.01 * half)


@pytest.fixture(scope="session")
def trace(square_cell):
    return square_cell(half_cycles=160).arrays(shape)


def numbers(result):
    found = []
    for estimate in result.estimates():
        bounds = [bound for pair in (estimate.interval, estimate.interval_80) for bound in (pair or ())]
        found += [estimate.value, estimate.standard_uncertainty, *bounds]
    return [np.nan if number is None else number for number in found]


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.01, 1.0), with_current=st.booleans())
def test_repeated_rows_change_nothing_bit_for_bit(trace, make_record, seed, share, with_current):
    time, voltage, current = trace
    repeats = 1 + (np.random.default_rng(seed).uniform(size=time.size) < share)
    once = analyse(make_record(time, voltage, current if with_current else None))
    often = analyse(
        make_record(
            np.repeat(time, repeats),
            np.repeat(voltage, repeats),
            np.repeat(current, repeats) if with_current else None,
        )
    )
    np.testing.assert_array_equal(numbers(once), numbers(often))


@settings(deadline=None, max_examples=20)
@given(offset=st.floats(0.0, 1e8), with_current=st.booleans())
def test_the_time_origin_changes_nothing(trace, make_record, offset, with_current):
    time, voltage, current = trace
    chosen = current if with_current else None
    here, there = (analyse(make_record(time + shift, voltage, chosen)) for shift in (0.0, offset))
    np.testing.assert_allclose(numbers(here), numbers(there), rtol=1e-7, atol=1e-9)


@settings(deadline=None, max_examples=10)
@given(with_current=st.booleans(), seed=st.integers(0, 1000))
def test_the_sign_of_the_record_changes_nothing(trace, make_record, with_current, seed):
    time, voltage, current = trace
    voltage = voltage + np.random.default_rng(seed).normal(0.0, 2e-4, voltage.size)
    one = analyse(make_record(time, voltage, current if with_current else None))
    other = analyse(make_record(time, -voltage, -current if with_current else None))
    np.testing.assert_allclose(numbers(one), numbers(other), rtol=1e-12)
    np.testing.assert_array_equal(one.half_cycles.polarity, -other.half_cycles.polarity)


@settings(deadline=None, max_examples=15)
@given(rows=st.integers(40, 200), with_current=st.booleans())
def test_finer_sampling_changes_results_only_within_their_uncertainty(square_cell, make_record, rows, with_current):
    def analysed(rows_per_half):
        cell = square_cell(half_cycles=80, rows_per_half=rows_per_half, step=3600.0 / rows_per_half)
        time, voltage, current = cell.arrays(shape)
        return analyse(make_record(time, voltage, current if with_current else None))

    coarse, fine = analysed(rows), analysed(1000)
    cycles = slice(1, -1)  # the record begins and ends half a row from a switch
    error = np.abs(coarse.cycles.hysteresis - fine.cycles.hysteresis)
    assert (error <= 3.0 * coarse.cycles.hysteresis_uncertainty + 1e-9)[cycles].all()
    for name in ("voltage_hysteresis", "voltage_hysteresis_late", "plateau_overpotential", "nucleation_overpotential"):
        one, other = getattr(coarse, name), getattr(fine, name)
        spread = one.standard_uncertainty
        if spread is None:  # a lower bound
            assert one.value <= other.value + 2.0 * other.standard_uncertainty
        else:
            assert abs(one.value - other.value) <= 3.0 * spread
