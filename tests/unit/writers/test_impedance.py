"""ZPlot's text and the plain table of impedances: what is written is read back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lithiate as li
from lithiate.core.experiments import ImpedanceTemperature
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen
from lithiate.core.store import save_measurement
from lithiate.errors import WriteError
from lithiate.readers import read
from lithiate.writers import write

AREA = 1.131e-4
SPECIMEN = Specimen("cell 7", anode="Li foil", cell="symmetric", area=AREA)


def spectra(count=3, origin="simulated", **changes) -> ImpedanceSpectra:
    frequency = np.tile(np.logspace(5, -1, 12), count)
    scale = np.repeat(np.arange(1.0, count + 1.0), 12)
    arrays = {
        "frequency": frequency,
        "impedance": 5.0 + 30.0 * scale / (1.0 + 2j * np.pi * frequency * 1e-3),
        "offsets": np.arange(count + 1) * 12,
        **changes,
    }
    return ImpedanceSpectra(specimen=SPECIMEN, provenance=Provenance(origin), **arrays)


@pytest.fixture(scope="module")
def twin_series() -> ImpedanceSpectra:
    cell = li.SymmetricCell(li.load_anode("Li foil"), electrolyte="LiTFSI-DOL-DME-LiNO3")
    return li.simulate(cell, ImpedanceTemperature(temperatures=("10 degC", "25 degC", "40 degC")))


SERIES = {
    "cycle": [0, 10, 50],
    "temperature": [298.15, 313.15, 1 / 3 + 333.0],
    "state": ["fresh", "after, plating", 'said "x"\nµ'],
    "time": np.arange(36.0) * 7.0,
}


@pytest.mark.parametrize("suffix", [".z", ".csv"])
@pytest.mark.parametrize("names", [[], ["time"], ["cycle"], list(SERIES)])
def test_a_conversion_there_and_back_loses_nothing(tmp_path, suffix, names) -> None:
    record = spectra(**{name: SERIES[name] for name in names})
    save_measurement(record, tmp_path / "own")
    li.convert(tmp_path / "own.parquet", tmp_path / f"there{suffix}")
    again = read(tmp_path / f"there{suffix}")
    assert again.offsets.tolist() == record.offsets.tolist()
    np.testing.assert_allclose(again.frequency, record.frequency, rtol=1e-12)
    np.testing.assert_allclose(again.impedance, record.impedance, rtol=1e-11)
    for name in SERIES:
        before, after = getattr(record, name), getattr(again, name)
        assert (before is None) == (after is None), name
        if name == "state":
            assert before == after
        elif before is not None:
            np.testing.assert_allclose(after, before, rtol=1e-12)
    assert again.specimen == record.specimen
    assert again.provenance.origin == "simulated"
    assert again.warnings == ()


@pytest.mark.parametrize("suffix", [".z", ".csv"])
@pytest.mark.parametrize("origin", ["simulated", "measured"])
def test_a_simulated_record_stays_one_without_its_sidecar(tmp_path, suffix, origin) -> None:
    (path,) = write(spectra(origin=origin), tmp_path / f"cell{suffix}")
    assert read(path).provenance.origin == origin
    assert read(path).offsets.tolist() == [0, 12, 24, 36]


def test_the_table_holds_all_but_the_specimen(tmp_path) -> None:
    record = spectra(**SERIES)
    again = read(*write(record, tmp_path / "cell.csv"))
    assert again.frequency.tobytes() == record.frequency.tobytes()
    assert again.impedance.tobytes() == record.impedance.tobytes()
    assert again.cycle.tolist() == [0, 10, 50]
    assert again.temperature.tolist() == record.temperature.tolist()
    assert again.state == ("fresh", "after, plating", 'said "x" µ')
    np.testing.assert_array_equal(again.time, record.time)


def test_spectra_that_would_run_together_are_refused_in_zplot(tmp_path) -> None:
    alternating = spectra(2, frequency=np.concatenate([np.logspace(5, 1, 12), np.logspace(0, -3, 12)]))
    with pytest.raises(WriteError, match=r"would run together.*NAME\.csv") as error:
        write(alternating, tmp_path / "cell.z")
    assert error.value.code == "LI-WRITE-002"
    assert not (tmp_path / "cell.z").exists()
    assert read(*write(alternating, tmp_path / "cell.csv")).offsets.tolist() == [0, 12, 24]


def test_rising_sweeps(tmp_path) -> None:
    rising = spectra(2, frequency=np.tile(np.logspace(-1, 5, 12), 2))
    assert read(*write(rising, tmp_path / "cell.z")).offsets.tolist() == [0, 12, 24]


@pytest.mark.parametrize("suffix", [".z", ".csv", ".mpt", ".dta"])
def test_a_temperature_series_of_the_twin_goes_through_every_layout(tmp_path, twin_series, suffix) -> None:
    save_measurement(twin_series, tmp_path / "own")
    li.convert(tmp_path / "own.parquet", tmp_path / f"there{suffix}")
    again = read(tmp_path / f"there{suffix}")
    assert again.offsets.tolist() == twin_series.offsets.tolist()
    np.testing.assert_allclose(again.frequency, twin_series.frequency, rtol=1e-6)
    np.testing.assert_allclose(again.impedance, twin_series.impedance, rtol=1e-6)
    np.testing.assert_allclose(again.temperature, [283.15, 298.15, 313.15], rtol=1e-6)
    assert again.cycle.tolist() == twin_series.cycle.tolist()


PARTS = st.floats(1e-3, 1e9) | st.floats(-1e9, -1e-3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), counts=st.lists(st.integers(3, 12), min_size=1, max_size=4), suffix=st.sampled_from([".z", ".csv"])
)
def test_any_sweeps_round_trip(tmp_path, data, counts, suffix) -> None:
    def column(elements, size):
        return np.array(data.draw(st.lists(elements, min_size=size, max_size=size)))

    # Each spectrum ends at least threefold below the start of the next.
    frequency = np.concatenate([1e6 / np.cumprod([1.0, *column(st.floats(2.0, 10.0), n - 1)]) for n in counts])
    impedance = column(PARTS, frequency.size) + 1j * column(PARTS, frequency.size)
    record = spectra(frequency=frequency, impedance=impedance, offsets=np.cumsum([0, *counts]))
    again = read(write(record, tmp_path / f"cell{suffix}")[0])
    assert again.offsets.tolist() == record.offsets.tolist()
    np.testing.assert_allclose(again.frequency, frequency, rtol=1e-9)
    np.testing.assert_allclose(again.impedance.real, impedance.real, rtol=1e-9)
    np.testing.assert_allclose(again.impedance.imag, impedance.imag, rtol=1e-9)
