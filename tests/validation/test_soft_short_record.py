"""A real soft short: Li||Li in TEGDME, plated one way for 44 h, with a loop of impedance every hour.

The record and the spectra (datalab-app-plugin-insitu, 8adb092a) lie beside the project. What must be found follows from
their medians: 0.132 V at 18-21 h, 0.079 V at 24-27 h, and an arc that falls from 63 to 2.7 ohm.
"""

from __future__ import annotations

import numpy as np
import pytest

import lithiate
from lithiate.analysis import analyse, analyse_cell
from lithiate.readers import read_all

pytestmark = pytest.mark.realdata

HOUR = 3600.0


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "lithium_symmetric/tegdme_soft_short"


@pytest.fixture(scope="module")
def record(folder):
    (path,) = folder.glob("*_03_GCPL_C05.txt")
    return lithiate.read(path, cell="symmetric")


@pytest.fixture(scope="module")
def spectra(folder):
    (path,) = folder.glob("*_02_GEIS_C05.mpr")
    return lithiate.read(path, cell="symmetric")


@pytest.fixture(scope="module")
def result(record, spectra):
    return analyse(record, spectra=spectra)


def test_the_spectra_are_those_that_are_described(spectra):
    arc = [spectra.impedance.real[9 * k + 8] - spectra.impedance.real[9 * k] for k in (0, 44)]
    assert arc == pytest.approx([63.0, 2.7], abs=0.1)
    assert spectra.time[[0, -1]] == pytest.approx([900.739, 159643.0], abs=1.0)


def test_the_soft_short_is_found_between_21_and_27_hours(result):
    estimate = result.time_to_soft_short
    clock = result.short_events.origin
    (event,) = result.short_events.of("soft")
    assert 21.0 * HOUR < event.not_before < event.onset < event.not_after < 27.0 * HOUR
    assert event.not_after - event.not_before < HOUR
    assert estimate.value == pytest.approx(event.onset - clock)
    assert result.time_to_short_circuit.value is None
    assert event.fall == pytest.approx(0.5, abs=0.1)


def test_the_arc_collapses_with_it(result):
    (event,) = result.short_events.of("soft")
    words = " ".join(event.evidence)
    assert "arc of the spectra collapsed" in words
    assert "Re Z at the lowest frequency fell" in words


def test_nothing_is_told_of_the_hours_before(record):
    before = record.time < 22.0 * HOUR
    quiet = type(record)(
        specimen=record.specimen, provenance=record.provenance, time=record.time[before], voltage=record.voltage[before]
    )
    estimate = analyse(quiet).time_to_soft_short
    assert (estimate.value, estimate.censored) == (None, "right")


def test_each_loop_is_tied_to_the_record(result, record):
    linked = result.linked_spectra
    assert len(linked) == 45
    assert linked.warnings == ()
    assert np.all(linked.time[1:] > record.time[0])
    assert np.all(np.isfinite(linked.voltage_before[1:]))
    at = [np.flatnonzero(linked.time / HOUR > hour)[0] for hour in (19.0, 44.0)]
    assert linked.voltage_before[at] == pytest.approx([0.131, 0.049], abs=0.005)
    assert linked.low_frequency_resistance[at] == pytest.approx([255.0, 99.0], abs=1.0)


def test_700_real_hours_without_a_short_raise_no_alarm(shared_data):
    """The gel polymer cell: no current column, 1,400 half cycles, nothing fails (`test_gel_polymer.py`)."""
    (path,) = (shared_data / "lithium_symmetric" / "gel_polymer").glob("*.csv")
    quiet = analyse(lithiate.read(path))
    assert [event.kind for event in quiet.short_events] == []
    assert quiet.time_to_soft_short.censored == "right"
    assert quiet.time_to_soft_short.interval[0] / HOUR > 690.0


def test_the_folder_as_it_lies_there_says_the_same(folder, result):
    """All files of the experiment: the start, the spectrum before it, and the loops find their places by clock."""
    record, spectra = read_all(folder, cell="symmetric")
    whole = analyse_cell([record, spectra])[0][1]
    assert record.time[0] == 0.0
    assert len(whole.linked_spectra) == 46
    assert whole.linked_spectra.half_cycle[:2].tolist() == [0, 1]
    assert whole.linked_spectra.arc[1:] == pytest.approx(result.linked_spectra.arc)
    (event,), (alone,) = (each.short_events.of("soft") for each in (whole, result))
    assert event.onset == pytest.approx(alone.onset, abs=1800.0)
    assert any("arc of the spectra collapsed" in words for words in event.evidence)
