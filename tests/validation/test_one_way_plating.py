"""A real Li||Li cell that was plated one way for 45 h, interrupted each hour by a spectrum: voltage against time."""

import numpy as np
import pytest
from attrs import evolve

import lithiate.readers
from lithiate.analysis import analyse
from lithiate.analysis.one_directional import count_interruptions

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def path(shared_data):
    (found,) = (shared_data / "lithium_symmetric" / "tegdme_soft_short").glob("*_03_GCPL_C05.txt")
    return found


@pytest.fixture(scope="module")
def result(path):
    return analyse(lithiate.readers.read(path, cell="symmetric", area="1 cm^2"))


def test_nothing_is_inferred_and_both_readings_are_named(path):
    record = lithiate.readers.read(path)
    assert record.specimen.cell is None
    assert any(text.startswith("LI-W-CELL") and "--cell symmetric" in text for text in record.warnings)
    assert analyse(record).direction == "one-directional"


def test_it_is_one_plating_of_45_hours(result):
    half_cycles = result.half_cycles
    assert len(half_cycles) == 1
    assert len(result.cycles) == 0
    assert result.direction == "one-directional"
    assert half_cycles.duration[0] / 3600.0 == pytest.approx(45.1, abs=0.1)
    assert half_cycles.on_time[0] / half_cycles.duration[0] > 0.99
    assert result.voltage_hysteresis.value is None
    assert result.voltage_hysteresis.warnings[0].startswith("LI-W-ANA-071")


def test_the_spectra_count_as_interruptions(path, result):
    """The instrument's own list of loops has 44 restarts; brief collapses after the soft short look alike."""
    record = lithiate.readers.read(path, cell="symmetric")
    (loops,) = path.parent.glob("*_03_GCPL_C05_LOOP.txt")
    first_rows = np.array(loops.read_text(encoding="latin-1").split("INDEXES")[1].split(), dtype=int)[1:]
    assert first_rows.size == 44
    whole = count_interruptions(result.half_cycles, record.time, record.voltage)[0]
    assert 44 <= whole <= 60
    # Until the short, at 20 h, the loops are all there is.
    flags = record.row_flags
    before = record.time <= record.time[0] + 19.0 * 3600.0
    first = analyse(evolve(record, time=record.time[before], voltage=record.voltage[before], row_flags=flags[before]))
    expected = int(np.count_nonzero(first_rows < np.count_nonzero(before)))
    assert count_interruptions(first.half_cycles, record.time[before], record.voltage[before]).tolist() == [expected]


def test_the_plateau_is_that_of_a_plain_computation(path, result):
    record = lithiate.readers.read(path, cell="symmetric")
    middle = record.time[0] + (record.time[-1] - record.time[0]) * np.linspace(0.25, 0.75, 20001)
    plain = float(np.median(np.interp(middle, record.time, record.voltage)))
    assert result.plateau_overpotential.value == pytest.approx(plain, rel=0.01)


def test_a_spike_is_no_nucleation(result):
    assert result.nucleation_overpotential.value is None
    assert any(text.startswith("LI-W-ANA-072") for text in result.nucleation_overpotential.warnings)
