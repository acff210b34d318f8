"""Impedance spectra and polarisation curves: what fits together, and files without loss."""

from __future__ import annotations

import json

import numpy as np
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lithiate.core.measurement import ImpedanceSpectra, PolarisationCurve, Provenance, Specimen
from lithiate.core.store import load_cycling_record, load_measurement, save_measurement
from lithiate.errors import DataError, ReadError
from lithiate.readers import read

FINITE = st.floats(allow_nan=False, allow_infinity=False)
COMMON = {"specimen": Specimen(name="x", cell="symmetric", area=2e-4), "provenance": Provenance("measured")}


def spectra(**changes) -> ImpedanceSpectra:
    fields = {
        "frequency": [1e5, 1e3, 10.0, 1e5, 1.0],
        "impedance": [1 - 1j, 2 - 3j, 4 - 1j, 1 - 2j, 6 - 5j],
        "offsets": [0, 3, 5],
        "time": [0.0, 1.0, 2.0, 60.0, 61.0],
        "cycle": [0, 50],
        "temperature": [298.15, 313.15],
        "state": ("fresh", "after plating"),
    }
    return ImpedanceSpectra(**COMMON, **(fields | changes))


def curve(**changes) -> PolarisationCurve:
    return PolarisationCurve(**COMMON, **({"voltage": [-0.1, 0.0, 0.1], "current": [-1.0, 0.0, 1.0]} | changes))


def test_spectra_know_their_rows_and_areal_values():
    record = spectra()
    assert (record.technique, len(record)) == ("impedance", 2)
    assert record.frequency[record.rows(1)].tolist() == [1e5, 1.0]
    np.testing.assert_array_equal(record.areal_impedance, record.impedance * 2e-4)
    assert evolve(record, specimen=Specimen(name="x")).areal_impedance is None
    assert curve().areal_current.tolist() == [-5e3, 0.0, 5e3]
    assert curve().technique == "polarisation"


def test_rows_are_one_spectrum_unless_said():
    record = ImpedanceSpectra(**COMMON, frequency=[2.0, 1.0], impedance=[1.0, 2.0])
    assert record.offsets.tolist() == [0, 2]
    assert record.impedance.dtype == np.complex128


@pytest.mark.parametrize(
    ("changes", "error", "code", "words"),
    [
        ({"impedance": [1.0]}, DataError, "LI-DATA-001", "'impedance' does not fit 'frequency'"),
        ({"time": [1.0]}, DataError, "LI-DATA-001", "'time' does not fit"),
        ({"cycle": [1, 2, 3]}, DataError, "LI-DATA-001", "'cycle' does not fit 'offsets'"),
        ({"temperature": [298.0]}, DataError, "LI-DATA-001", "'temperature' does not fit"),
        ({"state": ("fresh",)}, DataError, "LI-DATA-001", "'state' does not fit"),
        ({"cycle": [-1, 2]}, DataError, "LI-DATA-001", "before cycle 0"),
        ({"offsets": [0, 3]}, DataError, "LI-DATA-001", "must run from 0 to the number of rows"),
        ({"offsets": [1, 3, 5]}, DataError, "LI-DATA-001", "must run from 0"),
        ({"offsets": [0, 4, 5]}, ReadError, "LI-READ-009", "spectrum 2 of 2 has fewer than two rows"),
        ({"offsets": [0, 4, 3, 5]}, ReadError, "LI-READ-009", "fewer than two rows"),
        ({"frequency": [1e5, 0.0, 10.0, 1e5, 1.0]}, ReadError, "LI-READ-008", "'frequency' is not positive"),
        ({"frequency": [1e5, np.inf, 10.0, 1e5, 1.0]}, ReadError, "LI-READ-008", "not a finite number"),
        ({"impedance": [1, 2, complex(0, np.nan), 1, 1]}, ReadError, "LI-READ-008", "'impedance' is not a finite"),
        ({"time": [0.0, 2.0, 1.0, 3.0, 4.0]}, ReadError, "LI-READ-007", "time decreases"),
        ({"temperature": [298.0, -1.0]}, ReadError, "LI-READ-008", "'temperature' is not positive"),
    ],
)
def test_spectra_that_do_not_fit(changes, error, code, words):
    with pytest.raises(error, match=words) as caught:
        spectra(**changes)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"current": [1.0]}, DataError, "LI-DATA-001"),
        ({"voltage": [0.0], "current": [0.0]}, ReadError, "LI-READ-009"),
        ({"current": [0.0, np.nan, 1.0]}, ReadError, "LI-READ-008"),
        ({"time": [0.0, 2.0, 1.0]}, ReadError, "LI-READ-007"),
        ({"electrode_potential": [0.0, np.inf, 1.0]}, ReadError, "LI-READ-008"),
    ],
)
def test_curves_that_do_not_fit(changes, error, code):
    with pytest.raises(error) as caught:
        curve(**changes)
    assert caught.value.code == code


def assert_same(one, other) -> None:
    assert type(one) is type(other)
    for name in type(one).__attrs_attrs__:
        a, b = getattr(one, name.name), getattr(other, name.name)
        if isinstance(a, np.ndarray):
            assert (a.dtype, a.tobytes()) == (b.dtype, b.tobytes()), name.name
        else:
            assert a == b, name.name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), counts=st.lists(st.integers(2, 6), min_size=1, max_size=4))
def test_round_trip_is_bit_for_bit(tmp_path, data, counts):
    rows = sum(counts)

    def column(size, elements=FINITE):
        return data.draw(st.lists(elements, min_size=size, max_size=size))

    def optional(size, elements):
        return column(size, elements) if data.draw(st.booleans()) else None

    positive = st.floats(1e-300, 1e300)
    impedance = np.empty(rows, dtype=complex)
    impedance.real, impedance.imag = column(rows), column(rows)
    time = optional(rows, FINITE)
    state = optional(len(counts), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5))
    original = spectra(
        frequency=column(rows, positive),
        impedance=impedance,
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        time=None if time is None else np.sort(time),
        cycle=optional(len(counts), st.integers(0, 2**63 - 1)),
        temperature=optional(len(counts), positive),
        state=state,
    )
    save_measurement(original, tmp_path / "cell")
    assert_same(load_measurement(tmp_path / "cell"), original)


@pytest.mark.parametrize("changes", [{}, {"time": [0.0, 1.0, 2.0], "electrode_potential": [0.1, 0.2, -0.0]}])
def test_curves_round_trip(tmp_path, changes):
    original = curve(**changes)
    save_measurement(original, tmp_path / "cell")
    assert_same(load_measurement(tmp_path / "cell"), original)


def test_the_words_of_the_file(tmp_path):
    import polars as pl

    parquet, sidecar = save_measurement(spectra(), tmp_path / "cell")
    frame = pl.read_parquet(parquet)
    assert frame.columns == [
        "Spectrum Index / 1",
        "Frequency / Hz",
        "Real Impedance / ohm",
        "Imaginary Impedance / ohm",
        "Test Time / s",
        "Cycle Count / 1",
        "Temperature / K",
        "State / 1",
    ]
    assert frame["Spectrum Index / 1"].to_list() == [0, 0, 0, 1, 1]
    assert frame["State / 1"].to_list()[2:4] == ["fresh", "after plating"]
    content = json.loads(sidecar.read_text(encoding="utf-8"))
    assert content["technique"] == "impedance"
    assert content["units"]["Frequency / Hz"] == "Hz"
    frame.drop("Real Impedance / ohm").write_parquet(parquet)
    with pytest.raises(ReadError, match="'Real Impedance / ohm' is missing"):
        load_measurement(parquet)


def test_a_technique_of_the_future_and_the_wrong_one(tmp_path):
    _parquet, sidecar = save_measurement(spectra(), tmp_path / "cell")
    with pytest.raises(ReadError, match="no cycling record; got 'impedance'"):
        load_cycling_record(tmp_path / "cell.parquet")
    with pytest.raises(ReadError, match="the file holds no cycling record"):
        read(tmp_path / "cell.parquet", technique="cycling")
    assert len(read(tmp_path / "cell.parquet")) == len(spectra())
    sidecar.write_text(sidecar.read_text(encoding="utf-8").replace('"impedance"', '"telepathy"'), encoding="utf-8")
    with pytest.raises(ReadError, match="technique that this lithiate does not know; got 'telepathy'"):
        load_measurement(tmp_path / "cell")
