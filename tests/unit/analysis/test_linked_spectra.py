"""Spectra on the clock of a cycling record: which half cycle, which resistances, which voltage."""

from __future__ import annotations

import json

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis import analyse, analyse_cell
from lithiate.analysis.linked_spectra import link_spectra, spectra_evidence
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen

HOUR = 3600.0
FREQUENCY = np.array([1e3, 1e1, 1e-1])


@pytest.fixture
def record(square_cell, make_record):
    """80 half cycles of an hour at 50 mV and 1.13 mA, 44.2 ohm."""
    return make_record(*square_cell().arrays())


def series(times, high, arc, **more):
    """Return spectra of three points, 2 s apart, that start at `times`."""
    impedance = np.concatenate([h + a * np.array([0.0, 0.5 - 0.5j, 1.0]) for h, a in zip(high, arc, strict=True)])
    return ImpedanceSpectra(
        specimen=Specimen("cell", cell="symmetric"),
        provenance=Provenance("measured"),
        frequency=np.tile(FREQUENCY, len(high)),
        impedance=impedance,
        offsets=np.arange(0, 3 * len(high) + 1, 3),
        time=None if times is None else np.add.outer(times, [0.0, 2.0, 4.0]).ravel(),
        **more,
    )


def test_each_spectrum_has_its_half_cycle_and_its_numbers(record):
    linked = link_spectra(series([10.0, 5.5 * HOUR, 79.99 * HOUR], [30.0, 20.0, 10.0], [40.0, 30.0, 5.0]), record)
    assert linked.number.tolist() == [1, 2, 3]
    # The first half cycle begins with the first row, at 30 s.
    assert linked.half_cycle.tolist() == [0, 6, 80]
    assert linked.within.tolist() == [False, True, True]
    assert linked.time == pytest.approx([12.0, 5.5 * HOUR + 2.0, 79.99 * HOUR + 2.0])
    assert linked.high_frequency_resistance == pytest.approx([30.0, 20.0, 10.0])
    assert linked.low_frequency_resistance == pytest.approx([70.0, 50.0, 15.0])
    assert linked.arc == pytest.approx([40.0, 30.0, 5.0])
    assert linked.voltage_before[1:] == pytest.approx(0.05)
    assert linked.dc_resistance[1:] == pytest.approx(0.05 / 1.13e-3)
    assert np.isnan(linked.voltage_before[0])
    assert linked.warnings == ()


def test_the_order_of_frequencies_does_not_matter(record):
    spectra = series([HOUR, 2 * HOUR], [30.0, 20.0], [40.0, 30.0])
    turned = evolve(spectra, frequency=np.tile(FREQUENCY[::-1], 2), impedance=spectra.impedance[[2, 1, 0, 5, 4, 3]])
    assert link_spectra(turned, record).arc == pytest.approx(link_spectra(spectra, record).arc)


def test_without_a_current_there_is_no_resistance_of_the_plating(record):
    linked = link_spectra(series([5.5 * HOUR], [30.0], [40.0]), evolve(record, current=None))
    assert linked.voltage_before == pytest.approx(0.05)
    assert np.isnan(linked.dc_resistance).all()


def test_clocks_that_do_not_overlap_are_told_and_not_mended(record):
    linked = link_spectra(series([1e6, 1e6 + HOUR], [30.0, 20.0], [40.0, 30.0]), record)
    assert "LI-W-ANA-110 2 of 2 spectra lie outside" in linked.warnings[0]
    assert linked.start == pytest.approx([1e6, 1e6 + HOUR])
    assert np.isnan(linked.voltage_before).all()


def test_spectra_without_times_stand_after_their_cycle(record):
    spectra = series(None, [30.0, 20.0], [40.0, 30.0], cycle=np.array([0, 10]))
    linked = link_spectra(spectra, record)
    assert linked.time == pytest.approx([0.0, 20 * HOUR], abs=60.0)
    assert "LI-W-ANA-110" in linked.warnings[0]
    nowhere = link_spectra(evolve(spectra, cycle=None), record)
    assert np.isnan(nowhere.time).all()
    assert nowhere.half_cycle.tolist() == [0, 0]
    json.dumps(nowhere.to_dict(), allow_nan=False)


def test_a_collapsing_arc_is_evidence_for_the_event_beside_it(record):
    shorted = evolve(record, voltage=np.where(record.time > 50.0 * HOUR, 0.6, 1.0) * record.voltage)
    times = (np.arange(8.0, 80.0, 8.0) + 0.5) * HOUR
    arc = np.where(times < 50.0 * HOUR, 40.0, 8.0)
    spectra = series(times, np.full(times.size, 30.0), arc)
    result = analyse(shorted, spectra=spectra)
    (event,) = result.short_events
    words = " ".join(event.evidence)
    assert "arc of the spectra collapsed from 40 to 8 ohm" in words
    assert "Re Z at the lowest frequency fell from 70 to 38 ohm" in words
    assert result.to_dict()["linked_spectra"]["spectra"]["arc"] == pytest.approx(arc)
    assert spectra_evidence(result.linked_spectra, 20.0 * HOUR, 21.0 * HOUR) == ()


def test_a_voltage_far_below_what_the_spectrum_saw_is_evidence(record):
    times = (np.arange(8.0, 80.0, 8.0) + 0.5) * HOUR
    linked = link_spectra(series(times, np.full(9, 60.0), np.full(9, 40.0)), record)
    assert spectra_evidence(linked, 20.0 * HOUR, 21.0 * HOUR) == ("|V|/|I| is 0.44 of Re Z at the lowest frequency",)


def test_the_records_of_one_cell_are_tied_together(record):
    spectra = series([5.5 * HOUR, 10.5 * HOUR], [30.0, 20.0], [40.0, 30.0])
    results = [result for _record, result in analyse_cell([record, spectra])]
    assert len(results[0].linked_spectra) == 2


def test_the_table_has_units_and_one_row_a_spectrum(record):
    table = link_spectra(series([HOUR, 2 * HOUR], [30.0, 20.0], [40.0, 30.0]), record).table()
    assert {values.shape for values, _unit in table.values()} == {(2,)}
    units = {name: unit for name, (_values, unit) in table.items()}
    assert units["arc"] == units["dc_resistance"] == "ohm"
    assert (units["time"], units["high_frequency"], units["half_cycle"]) == ("s", "Hz", "1")
