"""Series of spectra: temperatures, cycles and states by settings, sidecars and names; the order of the files."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen
from lithiate.errors import ReadError, SpecError
from lithiate.readers import read, read_all
from lithiate.readers.join import joined
from lithiate.readers.series import temperature_in_name


def spectrum(scale=1.0, count=1) -> str:
    rows = "".join(f"{f},{10 * scale},{-scale}\n" for f in (1000.0, 100.0, 10.0))
    return "f/Hz,Re(Z)/Ohm,Im(Z)/Ohm\n" + rows * count


@pytest.fixture
def files(write_file):
    return [write_file(spectrum(k), f"cell-{t}deg.txt") for k, t in ((1, 140), (2, 150), (3, 160))]


def named(record, code):
    return [text for text in record.warnings if text.startswith(code)]


@pytest.mark.parametrize(
    ("name", "celsius"),
    [
        ("s04147-140deg.txt", 140.0),
        ("PEIS_-25C.mpt", -25.0),
        ("-25C.mpt", -25.0),
        ("cell_60C_2.csv", 60.0),
        ("cell 25 degC.csv", 25.0),
        ("cell_T=37.5°C.csv", 37.5),
        ("x_413K.z", 139.85),
        ("cell_0.5C.csv", None),  # rates and channels
        ("cell_2C.csv", None),
        ("cell_C01.mpt", None),
        ("25C_to_60C.csv", None),
        ("sample12.csv", None),
        ("100k.csv", None),
        ("B25C.csv", None),
    ],
)
def test_temperatures_in_names(name, celsius) -> None:
    found = temperature_in_name(name)
    assert found == (None if celsius is None else pytest.approx(celsius + 273.15))


def test_files_with_one_spectrum_each_are_one_series_in_the_order_given(files) -> None:
    record = read(files[::-1])
    assert record.offsets.tolist() == [0, 3, 6, 9]
    assert record.impedance.real[::3].tolist() == [30.0, 20.0, 10.0]
    assert record.temperature is None
    (text,) = named(record, "LI-W-TEMPERATURE")
    assert "names of 3 of 3 files seem to state temperatures (160, 150, 140 degC)" in text
    assert "--set temperatures=names" in text


def test_temperatures_of_names_are_taken_on_demand(files, write_file) -> None:
    record = read(files, settings={"temperatures": "names"})
    np.testing.assert_allclose(record.temperature, [413.15, 423.15, 433.15])
    assert named(record, "LI-W-TEMPERATURE") == []
    with pytest.raises(ReadError, match=r"cold\.txt: the names of 1 of 4 files state no temperature") as error:
        read([*files, write_file(spectrum(5), "cold.txt")], settings={"temperatures": "names"})
    assert error.value.code == "LI-READ-011"


def test_settings_state_one_value_a_spectrum(files, write_file) -> None:
    settings = {
        "temperatures": "140 degC, 423.15 K, 160 °C",
        "cycles": "0, 10,50",
        "states": "fresh, aged, after plating",
    }
    record = read(files, settings=settings)
    np.testing.assert_allclose(record.temperature, [413.15, 423.15, 433.15])
    assert record.cycle.tolist() == [0, 10, 50]
    assert record.state == ("fresh", "aged", "after plating")
    two = write_file(spectrum(7, count=2), "two.txt")
    assert read(two, settings={"cycles": "3,4"}).cycle.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"temperatures": "140 degC, 150 degC"}, "states 2 values for 3 spectra"),
        ({"temperatures": "140, 150, 160"}, "temperatures with their unit"),
        ({"temperatures": "140 K, 60 K, 160 K"}, "of which 60 K.*100 to 1500 K"),
        ({"temperatures": "140 degC, 150 degC, 1600 degC"}, "of which 1873.15 K"),
        ({"cycles": "1, 2, three"}, "'cycles' cannot be read"),
        ({"states": "fresh"}, "states 1 values for 3 spectra"),
    ],
)
def test_settings_that_do_not_fit_are_refused(files, settings, words) -> None:
    with pytest.raises(ReadError, match=words) as error:
        read(files, settings=settings)
    assert error.value.code == "LI-READ-011"


def test_settings_of_spectra_are_refused_for_a_cycling_record(write_file) -> None:
    path = write_file("t/s;U/V\n" + "".join(f"{k};{0.1 if k % 2 else -0.1}\n" for k in range(20)))
    with pytest.raises(ReadError, match="one of spectra, and the files hold none") as error:
        read(path, settings={"temperatures": "25 degC"})
    assert error.value.code == "LI-READ-011"
    path.with_suffix(".toml").write_text('temperature = "25 degC"\n')
    with pytest.raises(ReadError, match=r"the sidecar states the temperature of spectra") as error:
        read(path)
    assert error.value.code == "LI-READ-010"


def test_sidecars_state_what_each_file_was_measured_at(files) -> None:
    for path, celsius, cycle, state in zip(files, (140, 150, 160), (0, 10, 20), ("fresh", "a", "b"), strict=True):
        path.with_suffix(".toml").write_text(f'temperature = "{celsius} degC"\ncycle = {cycle}\nstate = "{state}"\n')
    record = read(files)
    np.testing.assert_allclose(record.temperature, [413.15, 423.15, 433.15])
    assert record.cycle.tolist() == [0, 10, 20]
    assert record.state == ("fresh", "a", "b")
    assert named(record, "LI-W-TEMPERATURE") == []
    with pytest.raises(ReadError, match="temperature of a spectrum is stated twice, and differently") as error:
        read(files, settings={"temperatures": "140 degC, 150 degC, 170 degC"})
    assert error.value.code == "LI-READ-013"
    assert read(files, settings={"temperatures": "names"}).temperature is not None
    files[2].with_suffix(".toml").unlink()
    part = read(files)
    assert part.temperature is None
    assert "the temperature of 2 of 3 files is LEFT OUT, since cell-160deg.txt has none" in named(part, "LI-W-JOIN")[0]


def test_a_sidecar_of_a_file_with_several_spectra(write_file) -> None:
    path = write_file(spectrum(count=3), "cell.txt")
    sidecar = path.with_suffix(".toml")
    sidecar.write_text('temperature = "25 degC"\ncycle = [0, 5, 10]\n')
    record = read(path)
    np.testing.assert_allclose(record.temperature, [298.15] * 3)
    assert record.cycle.tolist() == [0, 5, 10]
    sidecar.write_text('state = ["a", "b"]\n')
    with pytest.raises(ReadError, match="2 values of 'state' are stated for 3 spectra"):
        read(path)
    sidecar.write_text('temperature = 25\ncycle = -1\nstate = ["a", 2]\n')
    with pytest.raises(SpecError, match="3 fault") as error:
        read(path)
    assert all(word in str(error.value) for word in ("140 degC", "a whole number from 0", "state is text"))


def test_the_sidecar_of_a_folder_states_the_series(write_file, tmp_path) -> None:
    for k in range(3):
        write_file(spectrum(k + 1), f"part{k}.txt")
    write_file('temperature = "25 degC"\ncycle = [0, 5, 10]\n', "cell.toml")
    (record,) = read_all(tmp_path)
    np.testing.assert_allclose(record.temperature, [298.15] * 3)
    assert record.cycle.tolist() == [0, 5, 10]


def test_conditions_of_files_that_differ_name_the_way_out(files) -> None:
    for path, celsius in zip(files, (140, 150, 160), strict=True):
        path.with_suffix(".toml").write_text(f'[conditions]\ntemperature = "{celsius} degC"\n')
    with pytest.raises(ReadError, match=r"above \[conditions\]") as error:
        read(files)
    assert error.value.code == "LI-READ-013"


def test_spectra_stand_in_the_order_of_the_clock_where_all_have_one() -> None:
    def one(start, temperature, time=None):
        return ImpedanceSpectra(
            specimen=Specimen("cell"),
            provenance=Provenance("measured", source=f"{start}", details={} if start is None else {"start": start}),
            frequency=[10.0, 1.0],
            impedance=[1 - 1j, 2 - 1j],
            temperature=[temperature],
            time=time,
        )

    (record,) = joined([one(500.0, 320.0), one(100.0, 300.0)])
    assert record.temperature.tolist() == [300.0, 320.0]
    assert any("their spectra follow in time" in text for text in record.warnings)
    (record,) = joined([one(500.0, 320.0), one(None, 300.0)])
    assert record.temperature.tolist() == [320.0, 300.0]
    # Times alone do not put files in order: each may count from its own start.
    (record,) = joined([one(None, 320.0, [5.0, 6.0]), one(None, 300.0, [1.0, 2.0])])
    assert record.temperature.tolist() == [320.0, 300.0]
    assert record.time is None
    assert evolve(record, time=[1.0, 2.0, 3.0, 4.0]).time is not None
