"""Sidecars: what a person states beside a file."""

from __future__ import annotations

import pytest

from lithiate.errors import ReadError, SpecError
from lithiate.readers import read
from lithiate.readers.sidecar import read_sidecar

TABLE = "t;U/V\n" + "".join(f"{k};{0.1 if k % 2 else -0.1}\n" for k in range(20))
FULL = """
area = "1.13 cm^2"
cell = "symmetric"
cell_id = "cell 7"
anode = "Li foil"
electrolyte = "LiTFSI-DOL-DME-LiNO3"
specimen = "seven"

[conditions]
temperature = "25 degC"
cycles = 12

[settings]
time_unit = "h"
tolerate_bad_rows = true
"""


def test_a_sidecar_says_what_the_file_does_not(write_file) -> None:
    write_file(FULL, "cell7.toml")
    record = read(write_file(TABLE, "cell7.csv"))
    specimen = record.specimen
    assert (specimen.name, specimen.cell, specimen.cell_id) == ("seven", "symmetric", "cell 7")
    assert (specimen.anode, specimen.electrolyte) == ("Li foil", "LiTFSI-DOL-DME-LiNO3")
    assert specimen.area == pytest.approx(1.13e-4)
    assert record.conditions == {"temperature": pytest.approx(298.15), "cycles": 12.0}
    assert record.time[-1] == 19 * 3600.0
    assert not [text for text in record.warnings if text.startswith(("LI-W-AREA", "LI-W-CELL", "LI-W-UNIT"))]


@pytest.mark.parametrize("name", ["cell7.toml", "cell7.bdf.toml", "cell7.bdf.csv.toml"])
def test_names_of_sidecars(write_file, name) -> None:
    write_file('area = "2 cm^2"', name)
    assert read(write_file(TABLE, "cell7.bdf.csv")).specimen.area == pytest.approx(2e-4)


def test_the_sidecar_of_a_folder(write_file, tmp_path) -> None:
    write_file('area = "2 cm^2"\ncell = "symmetric"', "cell.toml")
    write_file(TABLE, "a.csv")
    assert read(tmp_path).specimen.area == pytest.approx(2e-4)


def test_an_area_stated_twice_and_differently(write_file, tmp_path) -> None:
    write_file('area = "1.13 cm^2"', "cell7.toml")
    path = write_file(TABLE, "cell7.csv")
    with pytest.raises(ReadError, match="the call and cell7.toml: area is stated twice, and differently") as error:
        read(path, area="1.54 cm^2")
    assert error.value.code == "LI-READ-013"
    assert read(path, area="113 mm^2").specimen.area == pytest.approx(1.13e-4)
    write_file('area = "2 cm^2"', "cell.toml")
    with pytest.raises(ReadError, match="cell.toml and cell7.toml: area"):
        read(tmp_path)


def test_settings_of_the_call_overrule_the_sidecar(write_file) -> None:
    write_file('[settings]\ntime_unit = "h"', "cell7.toml")
    assert read(write_file(TABLE, "cell7.csv"), settings={"time_unit": "min"}).time[-1] == 19 * 60.0


def test_all_faults_of_a_sidecar_are_told(write_file) -> None:
    path = write_file(
        'are = "1 cm^2"\narea = 1.13\ncell = "round"\nanode = 3\ncathode_mass = "2 cm"\n'
        '[conditions]\ntemperature = "warm"\ncolour = "red"\n',
        "cell7.toml",
    )
    with pytest.raises(SpecError, match="7 fault") as error:
        read_sidecar(path)
    text = str(error.value)
    assert error.value.code == "LI-SPEC-002"
    for words in (
        "cell7.toml:1: 'are' is not known here",
        "did you mean 'area'",
        "cell7.toml:2: area is text with its unit",
        "cell7.toml:3: cell is one of symmetric",
        "cell7.toml:4: anode is text",
        "cathode_mass",
        "conditions.temperature",
        "conditions.colour is an SI number",
    ):
        assert words in text


def test_a_sidecar_that_is_no_toml(write_file) -> None:
    write_file("area: 1 cm2", "cell7.toml")
    with pytest.raises(SpecError) as error:
        read(write_file(TABLE, "cell7.csv"))
    assert error.value.code == "LI-SPEC-001"
