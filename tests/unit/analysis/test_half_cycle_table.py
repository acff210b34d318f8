"""Tables of half cycles and cycles: exact values on a square wave with tip and arc."""

from pathlib import Path

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.analysis.cycling import segment_half_cycles
from lithiate.analysis.half_cycle_table import arcing_index, cycle_table, half_cycle_table, peaking_index
from lithiate.analysis.tables import tables_of
from lithiate.core.store import PRINTED_UNITS

from .conftest import AREA, CURRENT


def table_of(record):
    result = analyse(record)
    return {
        name: values for name, (values, _unit) in half_cycle_table(result.half_cycles, record, result.cycles).items()
    }


def test_columns_rests_and_cumulative_charge(square_cell, make_record):
    cell = square_cell(half_cycles=10, rest_rows=30)
    time, voltage, current = cell.arrays()
    resting = current == 0.0
    voltage[resting] = 0.003
    table = table_of(make_record(time, voltage, current))
    inner = slice(1, -1)
    np.testing.assert_array_equal(table["half_cycle"], np.arange(1, 11))
    np.testing.assert_array_equal(table["cycle"], np.repeat(np.arange(1, 6), 2))
    assert table["rest_before"][0] == 0.0
    np.testing.assert_allclose(table["rest_before"][1:], 1800.0)
    assert np.isnan(table["rest_end_voltage"][0])
    np.testing.assert_array_equal(table["rest_end_voltage"][1:], 0.003)
    np.testing.assert_allclose(table["areal_capacity"][inner], 36000.0)
    np.testing.assert_allclose(table["cumulative_capacity"], np.cumsum(table["areal_capacity"]))
    np.testing.assert_allclose(table["cumulative_capacity_before"][1:], table["cumulative_capacity"][:-1])
    assert table["cumulative_capacity_before"][0] == 0.0
    assert not table["incomplete"].any()
    assert {"plain", "tip", "gap", "rested", "irregular"} - set(table) == {"plain"}


def test_without_current_or_area_there_are_no_columns_of_charge(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=6).arrays()
    assert "charge" not in table_of(make_record(time, voltage))
    table = table_of(make_record(time, voltage, current, area=None))
    assert "areal_capacity" not in table
    np.testing.assert_allclose(table["charge"][1:-1], CURRENT * 3600.0)


def test_a_rest_after_a_gap_is_not_known(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=20).arrays()
    keep = (np.arange(time.size) < 330) | (np.arange(time.size) >= 510)
    table = table_of(make_record(time[keep], voltage[keep], current[keep]))
    assert np.isnan(table["rest_before"][6])
    assert np.isnan(table["rest_end_voltage"][6])
    np.testing.assert_array_equal(np.delete(table["rest_before"], 6), 0.0)


def test_half_cycles_outside_of_cycles_have_none(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=9).arrays()
    table = table_of(make_record(time, voltage, current))
    np.testing.assert_array_equal(np.ma.getmaskarray(table["cycle"]), [False] * 8 + [True])


def test_indices_by_their_formulas(square_cell):
    # Plateau 1, a tip of 1.6 in the first tenth, 1.3 in the last tenth.
    cell = square_cell(half_cycles=4, rows_per_half=100)
    found = segment_half_cycles(
        *cell.arrays(lambda share, half: np.where(share < 0.1, 1.6, np.where(share > 0.9, 1.3, 1.0)))
    )
    inner = slice(1, -1)
    np.testing.assert_allclose(peaking_index(found)[0][inner], 0.6, rtol=1e-12)
    np.testing.assert_allclose(arcing_index(found)[0][inner], 0.3, rtol=1e-12)


def test_an_arc_is_told_from_a_flat_plateau_and_one_high_row_makes_none(square_cell):
    cell = square_cell(half_cycles=6, rows_per_half=120)
    noise = np.random.default_rng(0).normal(0.0, 2e-4, 720)

    def index(shape):
        time, voltage, current = cell.arrays(shape)
        return arcing_index(segment_half_cycles(time, voltage + noise, current))[0]

    assert np.isnan(index(lambda share, half: 1.0 + 0.0 * share)).all()
    assert np.isnan(index(lambda share, half: np.where(share > 0.995, 3.0, 1.0))).all()
    # sqrt(0.95) against sqrt(0.5): a half cycle that climbs as diffusion does.
    np.testing.assert_allclose(index(lambda share, half: np.sqrt(share)), np.sqrt(0.95 / 0.5) - 1.0, atol=0.02)
    assert (index(lambda share, half: 1.0 - 0.5 * share) < -0.2).all()


@pytest.mark.parametrize("noise", [1e-4, 1e-3])
def test_noise_alone_rarely_gives_an_index(square_cell, noise):
    time, voltage, current = square_cell(half_cycles=400, rows_per_half=120).arrays()
    found = segment_half_cycles(time, voltage + np.random.default_rng(0).normal(0.0, noise, time.size), current)
    for index, floor in (peaking_index(found), arcing_index(found)):
        assert np.count_nonzero(np.isfinite(index)) <= 12  # 3 standard deviations: 0.3 %, and some for a rough noise
        assert (floor > 0.0).all()


def test_cycle_table(square_cell, make_record):
    record = make_record(*square_cell(half_cycles=10).arrays(lambda share, half: 1.0 + 0.5 * (share < 0.1)))
    result = analyse(record)
    table = {name: values for name, (values, _unit) in cycle_table(result.cycles, result.half_cycles).items()}
    np.testing.assert_array_equal(table["cycle"], np.arange(1, 6))
    np.testing.assert_array_equal(table["first_half_cycle"], [1, 3, 5, 7, 9])
    np.testing.assert_allclose(table["voltage_hysteresis"], result.cycles.hysteresis)
    np.testing.assert_allclose(table["second_peaking_index"][:-1], 0.5)
    np.testing.assert_allclose(np.diff(table["cumulative_capacity"])[:-1], 72000.0)
    assert set(tables_of(result, record)) == {"half-cycles", "cycles"}


def test_every_column_stands_in_the_nomenclature(square_cell, make_record):
    text = (Path(__file__).parents[3] / "docs" / "nomenclature.md").read_text(encoding="utf-8")
    time, voltage, current = square_cell(half_cycles=6).arrays()
    record = make_record(time, voltage, current, vendor_cycle_number=np.ones(time.size, dtype=np.int64))
    for table in tables_of(analyse(record), record).values():
        for name, (_, unit) in table.items():
            assert f"`{name.replace('_', ' ').title()} / {PRINTED_UNITS.get(unit, unit)}`" in text, name


def test_cumulative_capacity_of_a_square_wave(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=40).arrays()
    estimate = analyse(make_record(time, voltage, current)).cumulative_capacity
    assert estimate.value == pytest.approx(CURRENT / AREA * (time[-1] - time[0]))
    assert estimate.standard_uncertainty == 0.0  # a square current: what a switch takes from one half, the next one has
    assert estimate.to("mAh/cm^2") == pytest.approx(40.0, abs=0.02)


def test_cumulative_capacity_ends_with_a_hard_short(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=60).arrays(lambda share, half: np.where(half < 40, 1.0, 0.01))
    result = analyse(make_record(time, voltage, current))
    assert result.time_to_short_circuit.value is not None
    assert result.cumulative_capacity.to("mAh/cm^2") == pytest.approx(40.0, abs=0.02)


def test_cumulative_capacity_says_what_is_missing(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=20).arrays()
    for record, code in (
        (make_record(time, voltage), "LI-W-ANA-002"),
        (make_record(time, voltage, current, area=None), "LI-W-ANA-001"),
    ):
        estimate = analyse(record).cumulative_capacity
        assert estimate.value is None
        assert [text.split()[0] for text in estimate.warnings] == [code]
    keep = (np.arange(time.size) < 330) | (np.arange(time.size) >= 510)
    gapped = analyse(make_record(time[keep], voltage[keep], current[keep])).cumulative_capacity
    assert gapped.to("mAh/cm^2") == pytest.approx(17.0, abs=0.05)
    assert gapped.warnings[0].startswith("LI-W-ANA-006")


@pytest.mark.parametrize(
    ("definition", "expected", "words"),
    [
        ("2|V|", 2.0 * 0.05 * 1.454, "mean"),
        ("|V|", 0.05 * 1.454, "mean"),
        ("2|V| median", 2.0 * 0.05 * 1.4, "median"),
        ("2|V| mid-point", 2.0 * 0.05 * 1.4, "50 %"),
        ("2|V| end", 2.0 * 0.05 * 1.99, "last row"),
    ],
)
@pytest.mark.parametrize("with_current", [True, False])
def test_definitions_of_the_hysteresis(square_cell, make_record, definition, expected, words, with_current):
    # Up along a line to 1.64, then level at 1.99: mean, middle and end differ.
    def shape(share, half):
        return np.where(share < 0.8, 1.0 + 0.8 * share, 1.99)

    time, voltage, current = square_cell(half_cycles=60, rows_per_half=100).arrays(shape)
    result = analyse(
        make_record(time, voltage, current if with_current else None), hysteresis_definition=definition
    ).voltage_hysteresis
    assert result.value == pytest.approx(expected, rel=2e-3)
    assert result.definition.startswith(f"{definition}: ")
    assert words in result.definition


def test_the_uncertainty_of_a_mid_point_is_that_of_single_rows(square_cell, make_record):
    time, voltage, current = square_cell(half_cycles=400).arrays(lambda share, half: 1.0 + 0.2 * share)
    voltage = voltage + np.random.default_rng(0).normal(0.0, 1e-3, voltage.size)
    for definition in ("2|V|", "2|V| median", "2|V| mid-point", "2|V| end"):
        cycles = analyse(make_record(time, voltage, current), hysteresis_definition=definition).cycles
        scatter = float(np.std(cycles.hysteresis))
        assert 0.5 * scatter < float(np.median(cycles.hysteresis_uncertainty)) < 2.0 * scatter, definition
