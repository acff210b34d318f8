"""A real soft short: Li||Li in TEGDME, plated one way for 44 h, with a loop of impedance every hour.

The record and the spectra (datalab-app-plugin-insitu, 8adb092a) lie beside the project. What must be found follows from
their medians: 0.132 V at 18-21 h, 0.079 V at 24-27 h, and an arc that falls from 63 to 2.7 ohm.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest

import lithiate
from lithiate.analysis import analyse
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen

pytestmark = pytest.mark.realdata

HOUR = 3600.0


def spectra_of(path):
    """Return the spectra of this one file: 45 loops of 9 frequencies, rows of 60 bytes behind its list of columns."""
    content = path.read_bytes()
    start = content.index(b"MODULEVMP data") + 57
    rows, columns = struct.unpack_from("<IB", content, start)
    assert (rows, columns) == (405, 16)
    layout = np.dtype({"names": ["f", "re", "im", "t"], "formats": ["<f4"] * 3 + ["<f8"], "offsets": [0, 4, 8, 20]})
    length = struct.unpack_from("<I", content, start - 16)[0]
    width = (length - 406) // rows
    table = np.ndarray(rows, layout, content, start + 406, (width,))
    return ImpedanceSpectra(
        specimen=Specimen("TEGDME", cell="symmetric"),
        provenance=Provenance("measured", source=path.name),
        frequency=table["f"],
        impedance=table["re"] - 1j * table["im"],
        offsets=np.arange(0, rows + 1, 9),
        time=table["t"],
    )


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
    return spectra_of(path)


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
