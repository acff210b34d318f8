"""Tables of voltage and current without a time."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.core.measurement import CyclingRecord, PolarisationCurve
from lithiate.errors import ReadError
from lithiate.readers import read

PAIRS = (
    "PC,,10 % FEC,\n"
    '"Overpotential,V","Current Density, mA/cm^2","Overpotential,V","Current Density, mA/cm^2"\n'
    "-0.2,20,-0.21,30\n-0.1,8,-0.1,12\n0.1,8,0.11,13\n0.2,20,,\n"
)


def written(tmp_path, content, name="sweep.csv"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("heading", "voltage", "current"),
    [
        ("Voltage / mV,Current / uA", 1e-3, 1e-6),
        ("E (V vs. Li/Li+);I (mA)", 1.0, 1e-3),
        ("Overpotential [mV]\tCurrent Density [A m-2]", 1e-3, 1e-4),
        ("Potential/V;j/mA cm-2", 1.0, 1e-3),
    ],
)
def test_units_of_headings(tmp_path, heading, voltage, current):
    mark = next(sign for sign in (";", "\t", ",") if sign in heading)
    rows = "".join(f"{10 * k}{mark}{k}\n" for k in range(-3, 4))
    record = read(written(tmp_path, f"{heading}\n{rows}"))
    assert isinstance(record, PolarisationCurve)
    assert record.voltage == pytest.approx(10.0 * voltage * np.arange(-3, 4))
    assert record.current == pytest.approx(current * np.arange(-3, 4))
    assert record.time is None
    assert (record.electrode_potential is None) is ("Overpotential" not in heading)


def test_densities_count_for_the_stated_area_or_for_one_square_centimetre(tmp_path):
    path = written(tmp_path, "Overpotential / V,Current density / mA/cm^2\n-0.1,-2\n0.0,0\n0.1,2\n")
    unstated, stated = read(path), read(path, area="2 cm^2")
    assert unstated.areal_current == pytest.approx([-20.0, 0.0, 20.0])
    assert stated.areal_current == pytest.approx([-20.0, 0.0, 20.0])
    assert stated.current == pytest.approx([-4e-3, 0.0, 4e-3])
    assert any("those of 1 cm^2" in text for text in unstated.warnings)
    assert not any("those of 1 cm^2" in text for text in stated.warnings)


def test_one_of_several_curves_is_chosen(tmp_path):
    path = written(tmp_path, PAIRS)
    with pytest.raises(ReadError, match=r"1 \(PC\); 2 \(10 % FEC\).*LI-READ-004"):
        read(path)
    record = read(path, settings={"curve": "PC"})
    assert record.voltage == pytest.approx([-0.2, -0.1, 0.1, 0.2])
    assert record.specimen.name == "sweep PC"
    second = read(path, settings={"curve": "2"})
    # the rows of the longer curve beside it are not its own
    assert second.areal_current == pytest.approx([300.0, 120.0, 130.0])
    with pytest.raises(ReadError, match="LI-READ-011"):
        read(path, settings={"curve": "DMC"})


def test_decimal_commas(tmp_path):
    record = read(written(tmp_path, "Voltage / V;Current / mA\n-0,1;-1,5\n0,0;0,0\n0,1;1,5\n"))
    assert record.current == pytest.approx([-1.5e-3, 0.0, 1.5e-3])


@pytest.mark.parametrize(
    ("rows", "code"),
    [("-0.1,1\n0.1,\n0.2,2\n0.3,4\n", "LI-READ-008"), ("0.1,1\n0.2,nan\n0.3,2\n", "LI-READ-008")],
)
def test_cells_that_are_no_numbers_are_refused(tmp_path, rows, code):
    with pytest.raises(ReadError, match=code):
        read(written(tmp_path, f"Voltage / V,Current / mA\n{rows}"))


def test_a_table_with_a_time_is_a_record(tmp_path):
    rows = "".join(f"{k},{0.01 * (-1) ** k},{(-1) ** k}\n" for k in range(30))
    assert isinstance(read(written(tmp_path, f"Time / s,Voltage / V,Current / mA\n{rows}"), area=1e-4), CyclingRecord)


def test_a_table_with_another_column_is_none(tmp_path):
    with pytest.raises(ReadError, match="no column is a time"):
        read(written(tmp_path, "Voltage / V,Current / mA,Remark / 1\n0,1,2\n1,1,2\n2,1,2\n"))


@pytest.mark.realdata
def test_boyle_from_file_to_value(shared_data):
    path = shared_data / "lithium_kinetics/boyle2020/Boyle Figure 4a.csv"
    record = read(path, settings={"curve": "PC"})
    assert record.voltage.size == 12
    result = analyse(record, magnitudes=True, ohmic_resistance=0.0, residuals="linear", largest_misfit=0.2)
    assert result.by_estimator["marcus-hush"].value / 10.0 == pytest.approx(1.90, rel=0.02)


def test_a_row_with_more_fields_than_names_is_refused(tmp_path):
    lying = "Voltage / V,Current / mA\n" + ",".join(map(str, range(-5, 6))) + "\n" + ",".join(["1"] * 11) + "\n"
    with pytest.raises(ReadError, match=r"sweep.csv:2: a row has more fields .*11 fields.*2 fields.*LI-READ-003"):
        read(written(tmp_path, lying))


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Voltage,Current", "the heading of the voltage and that of the current states no unit"),
        ("Voltage / V,Current", "the heading of the current states no unit"),
    ],
)
def test_units_that_are_missing_are_named(tmp_path, heading, words):
    with pytest.raises(ReadError, match=f"{words}.*'Current / mA'.*LI-READ-005"):
        read(written(tmp_path, f"{heading}\n-1,-2\n0,0\n1,2\n"))


def test_the_sign_of_the_current_is_turned_where_it_is_asked_for(tmp_path):
    path = written(tmp_path, "Voltage / V,Current / A\n-1,2\n0,0\n1,-2\n")
    assert read(path).current.tolist() == [2.0, 0.0, -2.0]
    assert read(path, settings={"invert_current": "true"}).current.tolist() == [-2.0, 0.0, 2.0]
