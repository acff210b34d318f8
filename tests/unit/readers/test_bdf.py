"""Battery Data Format: names, units, and the violations that published files hold."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.errors import ReadError
from lithiate.readers import read

ROWS = "0,3.0,0.1\n10,3.1,0.1\n20,3.2,-0.1\n30,3.1,-0.1\n"


@pytest.mark.parametrize(
    "names",
    [
        "Test Time / s,Voltage / V,Current / A",
        "test_time_second,voltage_volt,current_ampere",
        "test_time_s,voltage_v,current_a",
    ],
)
def test_spellings(write_file, names) -> None:
    record = read(write_file(names + "\n" + ROWS, "no suffix that helps.dat"))
    assert record.provenance.reader == "bdf-csv"
    assert record.time.tolist() == [0.0, 10.0, 20.0, 30.0]
    assert record.voltage.tolist() == [3.0, 3.1, 3.2, 3.1]
    assert record.current.tolist() == [0.1, 0.1, -0.1, -0.1]
    assert not any(text.startswith("LI-W-UNIT") for text in record.warnings)


def test_other_units_after_the_slash(write_file) -> None:
    record = read(write_file("Test Time / h,Voltage / mV,Current / mA\n0,3000,100\n0.5,3100,-100\n"))
    np.testing.assert_allclose(record.time, [0.0, 1800.0], rtol=1e-14)
    np.testing.assert_allclose(record.voltage, [3.0, 3.1], rtol=1e-14)
    np.testing.assert_allclose(record.current, [0.1, -0.1], rtol=1e-14)


def test_milliseconds_of_the_deprecated_name(write_file) -> None:
    record = read(write_file("test_time_millisecond,voltage_volt,current_ampere\n0,3,0\n2500,3,0\n"))
    assert record.time.tolist() == [0.0, 2.5]


def test_parquet(tmp_path) -> None:
    import polars as pl

    path = tmp_path / "anything.bin"
    pl.DataFrame({"test_time_second": [0.0, 1.0], "voltage_volt": [3.0, 3.1], "current_ampere": [0, 1]}).write_parquet(
        path
    )
    record = read(path)
    assert record.provenance.reader == "bdf-parquet"
    assert record.current.tolist() == [0.0, 1.0]


def test_parquet_of_something_else(tmp_path) -> None:
    import polars as pl

    path = tmp_path / "other.parquet"
    pl.DataFrame({"Zyklus": [0.0, 1.0], "Voltage(mV)": [3.0, 3.1]}).write_parquet(path)
    with pytest.raises(ReadError, match="requires a time.*'Zyklus', 'Voltage\\(mV\\)'.*JSON sidecar") as error:
        read(path)
    assert error.value.code == "LI-READ-004"


def test_parquet_that_is_cut_off(tmp_path) -> None:
    import polars as pl

    path = tmp_path / "cut.parquet"
    pl.DataFrame({"test_time_second": np.arange(1000.0)}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(ReadError, match="Parquet file is damaged") as error:
        read(path)
    assert error.value.code == "LI-READ-003"
    assert error.value.__cause__ is not None


TOO_LONG = "test_time_second,voltage_volt,current_ampere\n" + "".join(f"{3600 * 3600 * i},3,0.1\n" for i in range(120))


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("test_time_second,voltage_volt\n0,1\n1,1\n", "LI-READ-004", "requires a current"),
        ("Test Time / week,Voltage / V,Current / A\n" + ROWS, "LI-READ-005", "unit of the time column.*'week'"),
        ("test_time_second,voltage_volt,current_ampere\n0,x,1\n1,2,1\n2,2,1\n3,2,1\n", "LI-READ-006", "'x' in row 1"),
        (TOO_LONG, "LI-READ-010", "lasts 48.9 years.*--set time_unit=s"),
        (
            "Test Time / s,Voltage / V,Current / A\n0,3,0.1\n10,3,0.1\n0,3,0.1\n30,3,0.1\n",
            "LI-READ-007",
            "before that of an earlier row.*row 3",
        ),
        (
            "Test Time / s,Voltage / V,Current / A,Current\n0,3,1e-5,1e-2\n10,3,1e-5,1e-2\n20,3,1e-5,1e-2\n",
            "LI-READ-010",
            "two columns hold the current.*'Current / A' and 'Current'.*--set current_column",
        ),
        (
            "Test Time / s,Voltage / V,Current / A,current_ampere\n0,3,1,2\n10,3,1,2\n20,3,1,2\n",
            "LI-READ-010",
            "two columns hold the current",
        ),
        (
            "Test Time / s,Voltage / V,Current / A,Step Type / 1\n0,3,1,Discharge\n10,3,-1,Charge\n20,3,1,Discharge\n",
            "LI-READ-010",
            "positive in discharge steps.*invert_current",
        ),
        (
            "test_time_second,voltage_volt,current_ampere,charging_capacity_ah\n0,3,1,0\n3600000,3,1,0.5\n7200000,3,1,1\n",
            "LI-READ-010",
            "do not fit the capacity columns.*2000 Ah.*1 Ah counted",
        ),
    ],
)
def test_violations(write_file, content, code, words) -> None:
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(content, "cell.bdf.csv"))
    assert error.value.code == code


def test_times_of_years_are_corrected_on_request(write_file) -> None:
    record = read(write_file(TOO_LONG), settings={"time_unit": "s"})
    assert record.time[-1] == 119 * 3600.0
    assert any("LI-W-TIME times were divided by 3600" in text for text in record.warnings)


def test_one_time_of_years_is_no_factor_of_all(write_file) -> None:
    rows = "".join(f"{10 * i},3,0.1\n" for i in range(100))
    path = write_file("test_time_second,voltage_volt,current_ampere\n" + rows + "9e9,3,0.1\n")
    with pytest.raises(ReadError, match="lasts 285 years"):
        read(path, settings={"time_unit": "s"})


CAPACITIES = "test_time_second,voltage_volt,current_ampere,charging_capacity_ah\n"


@pytest.mark.parametrize(
    ("names", "rows", "factor", "evidence"),
    [
        (CAPACITIES, "0,3,1,0\n3600000,3,1,0.28\n7200000,3,1,0.56\n", 3600, "2000 Ah from current and time"),
        (CAPACITIES, "0,3,1,0\n60000,3,1,0.28\n120000,3,1,0.56\n", 60, "33.33 Ah from current and time"),
        (
            "test_time_second,voltage_volt,current_ampere,unix_time_second\n",
            "0,3,1,1700000000\n10000000,3,1,1700010000\n20000000,3,1,1700020000\n",
            1000,
            "the times run 1000 times as fast as the column of the clock",
        ),
    ],
)
def test_times_that_a_converter_multiplied(write_file, names, rows, factor, evidence) -> None:
    path = write_file(names + rows)
    with pytest.raises(ReadError, match=f"times are {factor} times too large.*{evidence}.*--set time_unit=s") as error:
        read(path)
    assert error.value.code == "LI-READ-010"
    record = read(path, settings={"time_unit": "s"})
    assert record.time[-1] == float(rows.splitlines()[-1].split(",")[0]) / factor
    assert any(f"LI-W-TIME times were divided by {factor}" in text and evidence in text for text in record.warnings)


def test_without_evidence_a_unit_of_seconds_changes_nothing(write_file) -> None:
    content = "test_time_second,voltage_volt,current_ampere,charging_capacity_ah,unix_time_second\n"
    content += "0,3,1,0,1700000000\n3600,3,1,1,1700003600\n7200,3,1,2,1700007200\n"
    record = read(write_file(content), settings={"time_unit": "s"})
    assert record.time.tolist() == [0.0, 3600.0, 7200.0]
    assert record.provenance.details["start"] == 1700000000.0
    assert not any(text.startswith("LI-W-TIME") for text in record.warnings)


def test_zero_times_in_mid_test_are_named_with_their_count(write_file) -> None:
    rows = "".join(f"{0 if i in (40, 41) else i},3,0.1\n" for i in range(100))
    path = write_file("test_time_second,voltage_volt,current_ampere\n" + rows)
    words = "time is 0 and lies before.* in 2 of 100 rows.*rows 41, 42 of the table, lines 42, 43 of the file"
    with pytest.raises(ReadError, match=words + ".*tolerate_bad_rows=true") as error:
        read(path)
    assert str(error.value).startswith("cell.txt:42: ")


@pytest.mark.parametrize("factor", [1e3, 1e-3])
def test_a_current_off_by_a_thousand_is_named_and_corrected(write_file, factor) -> None:
    rows = "".join(f"{1800 * i},3,{factor!r},{0.5 * i}\n" for i in range(3))
    path = write_file(CAPACITIES + rows)
    unit = "mA" if factor > 1 else "kA"
    with pytest.raises(
        ReadError, match=f"do not fit the capacity columns.*--set current_unit={unit} .*which fits here"
    ):
        read(path)
    np.testing.assert_allclose(read(path, settings={"current_unit": unit}).current, 1.0)


def test_a_sign_against_the_capacities_is_refused_and_turned(write_file) -> None:
    names = "Test Time / h,Voltage / V,Current / A,Charge Capacity / Ah,Discharge Capacity / Ah\n"
    path = write_file(names + "0,3,-1,0,0\n1,3,-1,1,0\n2,3,-1,2,0\n3,3,1,2,1\n4,3,1,2,2\n")
    with pytest.raises(ReadError, match="positive where the discharge is counted.*100%.*invert_current=true") as error:
        read(path)
    assert error.value.code == "LI-READ-010"
    assert read(path, settings={"invert_current": "true"}).current.tolist() == [1, 1, 1, -1, -1]


def test_rows_that_fall_back_in_time_are_left_out_on_request(write_file) -> None:
    rows = "".join(f"{0 if i in (40, 41) else i},3,0.1\n" for i in range(100))
    record = read(
        write_file("test_time_second,voltage_volt,current_ampere\n" + rows), settings={"tolerate_bad_rows": "true"}
    )
    assert record.time.size == 98
    assert any("LI-W-ROWS 2 of 100 rows" in text for text in record.warnings)


def test_equal_columns_of_one_quantity_are_no_contradiction(write_file) -> None:
    content = "Test Time / s,Voltage / V,Current / A,Current\n0,3,1e-5,1e-5\n10,3,1e-5,1e-5\n"
    assert read(write_file(content)).current.tolist() == [1e-5, 1e-5]


def test_another_column_by_setting(write_file) -> None:
    content = "Test Time / s,Voltage / V,Current / A,Current\n0,3,1e-8,1e-2\n10,3,1e-8,1e-2\n20,3,1e-8,1e-2\n"
    record = read(write_file(content), settings={"current_column": "Current", "current_unit": "mA"})
    assert record.current.tolist() == [1e-5, 1e-5, 1e-5]


def test_charge_that_is_a_little_off_is_said(write_file) -> None:
    content = "test_time_second,voltage_volt,current_ampere,charging_capacity_ah\n0,3,1,0\n1800,3,1,0.6\n3600,3,1,1.2\n"
    assert any("LI-W-CURRENT" in text and "ratio 0.8333" in text for text in read(write_file(content)).warnings)


def test_the_charge_of_a_restarted_record_is_that_of_all_its_parts(write_file) -> None:
    rows = "".join(f"{60 * i},3,1,{k + i / 60}\n" for k in range(20) for i in range(60))
    names = "test_time_second,voltage_volt,current_ampere,charging_capacity_ah\n"
    record = read(write_file(names + rows), settings={"join_restarts": "true"})
    assert record.time[-1] == 20 * 59 * 60.0
    assert not any("LI-W-CURRENT" in text for text in record.warnings)
