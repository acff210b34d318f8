"""Spreadsheets that the tests write with xlsxwriter, and Parquet tables of vendors."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers import read, read_all, spreadsheet
from lithiate.readers.source import Source

xlsxwriter = pytest.importorskip("xlsxwriter")

NAMES = ["Time / h", "Voltage / V", "Current / mA"]


@pytest.fixture
def write_book(tmp_path):
    def write(sheets, name="cell.xlsx"):
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as book:
            date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
            for title, rows in sheets.items():
                sheet = book.add_worksheet(title)
                for r, row in enumerate(rows):
                    for c, cell in enumerate(row):
                        if isinstance(cell, datetime):
                            sheet.write_datetime(r, c, cell, date)
                        elif cell is not None:
                            sheet.write(r, c, cell)
        return path

    return write


def test_any_sheet_with_a_time_and_a_voltage(write_book) -> None:
    rows = [["cell 7"], [], NAMES, [0, 3.0, 1], [0.5, 3.125, 1.5], [1, 3.25, -2]]
    record = read(write_book({"Notes": [["made by hand"]], "Data": rows}))
    assert record.provenance.reader == "spreadsheet"
    assert record.time.tolist() == [0, 1800, 3600]
    assert record.voltage.tolist() == [3.0, 3.125, 3.25]
    np.testing.assert_allclose(record.current, [1e-3, 1.5e-3, -2e-3], rtol=1e-14)


SPECTRUM = [["Frequency (Hz)", "Z' (ohm)", "-Z'' (ohm)"], [1e3, 10.0, 1.0], [1e2, 12.0, 4.0], [10.0, 20.0, 9.0]]


def test_sheets_with_spectra(write_book) -> None:
    record = read(write_book({"Notes": [["made by hand"]], "A": [["cell 7"], [], *SPECTRUM], "B": SPECTRUM}))
    assert record.technique == "impedance"
    assert record.offsets.tolist() == [0, 3, 6]
    assert record.impedance.tolist() == [10 - 1j, 12 - 4j, 20 - 9j] * 2
    path = write_book(
        {"A": SPECTRUM, "B": [[*row[:2], 2.0 * row[2] if k else row[2]] for k, row in enumerate(SPECTRUM)]}
    )
    assert read(path, settings={"sheet": "B"}).impedance.imag.tolist() == [-2.0, -8.0, -18.0]


def test_a_record_and_a_spectrum_in_one_book(write_book) -> None:
    path = write_book({"Cycling": [NAMES, [0, 3.0, 1], [1, 3.1, 1]], "EIS": SPECTRUM})
    assert [record.technique for record in read_all(path)] == ["cycling", "impedance"]
    assert read(path, settings={"sheet": "EIS"}).technique == "impedance"
    damaged = [*SPECTRUM[:2], [1e2, "overload", 4.0], SPECTRUM[3]]
    with pytest.raises(ReadError, match=r"cell\.xlsx:3.*'overload'") as error:
        read(write_book({"EIS": damaged}))
    assert error.value.code == "LI-READ-006"


def test_several_sheets_are_listed_and_one_is_chosen(write_book) -> None:
    path = write_book({"A": [NAMES, [0, 3.0, 1], [1, 3.1, 1]], "B": [NAMES, [0, 4.0, 1], [1, 4.1, 1]]})
    with pytest.raises(ReadError, match="several sheets hold a record; got \"'A', 'B'\".*--set sheet=NAME") as error:
        read(path)
    assert error.value.code == "LI-READ-004"
    assert read(path, settings={"sheet": "B"}).voltage.tolist() == [4.0, 4.1]
    with pytest.raises(ReadError, match="names no sheet that holds a record; got 'C'"):
        read(path, settings={"sheet": "C"})


def test_sheets_that_go_on_in_time_are_one_record(write_book) -> None:
    record = read(write_book({"1": [NAMES, [0, 3.0, 1], [1, 3.1, 1]], "2": [NAMES, [2, 4.0, 1], [3, 4.1, 1]]}))
    assert record.voltage.tolist() == [3.0, 3.1, 4.0, 4.1]
    assert any(text.startswith("LI-W-JOIN 2 sheets") for text in record.warnings)


def test_a_fault_names_the_row_of_the_sheet(write_book) -> None:
    path = write_book({"Data": [["cell"], NAMES, [0, 3.0, 1], [1, "?", 1], [2, 3.0, 1]]})
    with pytest.raises(ReadError, match=r"^cell\.xlsx, sheet 'Data':4: .*'\?' in row 2 of the table, line 4"):
        read(path)


def test_no_sheet_with_a_record(write_book) -> None:
    with pytest.raises(ReadError, match="no sheet has a time and a voltage; got \"sheets 'A'\"") as error:
        read(write_book({"A": [["x", "y"], [1, 2]]}))
    assert error.value.code == "LI-READ-002"


def test_a_spreadsheet_that_is_cut_off(write_book) -> None:
    path = write_book({"Data": [NAMES, [0, 3.0, 1], [1, 3.1, 1]]})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ReadError, match="the spreadsheet is damaged") as error:
        read(path)
    assert error.value.code == "LI-READ-003"


def test_another_container_is_no_spreadsheet(tmp_path) -> None:
    path = tmp_path / "cell.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000)
    with pytest.raises(ReadError, match="older formats, and no spreadsheet") as error:
        read(path)
    assert error.value.code == "LI-READ-002"


ARBIN = [
    "Date_Time",
    "Test_Time(s)",
    "Step_Time(s)",
    "Step_Index",
    "Cycle_Index",
    "Voltage(V)",
    "Current(A)",
    "Charge_Capacity(Ah)",
]


def arbin_rows(first: int, count: int) -> list:
    start = datetime(2020, 10, 19, 11, 31, 46)
    return [
        [start + timedelta(seconds=10 * k), 10.0 * k, 0.0, 1, 1 + k // 3, 3.0 + k / 8, -0.5 if k else 0, 0.0]
        for k in range(first, first + count)
    ]


def about(*channels: int) -> list:
    names = [None, "Channel", "Start DateTime", "Schedule File Name", "Creator", "Item ID"]
    rows = [[None, n, "2020-10-19 11:33:31", "a.sdu", "me", f"C{n}"] for n in channels]
    return [[None, None, None, "TEST REPORT"], [], [], names, *rows]


def test_arbin_channels_are_put_together_in_order(write_book) -> None:
    sheets = {
        "Global_Info": about(11),
        "Channel_11_2": [ARBIN, *arbin_rows(3, 2)],
        "Channel_11_1": [ARBIN, *arbin_rows(0, 3)],
        "StatisticByCycle_11": [["Cycle_Index", "Charge_Capacity(Ah)"], [1, 0.5]],
    }
    record = read(write_book(sheets))
    assert record.time.tolist() == [0, 10, 20, 30, 40]
    assert record.voltage.tolist() == [3.0, 3.125, 3.25, 3.375, 3.5]
    assert record.vendor_cycle_number.tolist() == [1, 1, 1, 2, 2]
    details = record.provenance.details
    assert details["identity"] == {"channel": "11", "cell_id": "C11"}
    assert details["stored"] == {"procedure": "a.sdu", "creator": "me"}
    # The start in the header is later than the first record, and not used.
    assert details["start"] == (datetime(2020, 10, 19, 11, 31, 46) - datetime(1970, 1, 1)).total_seconds()


def test_arbin_with_two_channels_gives_two_records(write_book) -> None:
    sheets = {"Global_Info": about(1, 2), **{f"Channel_{n}_1": [ARBIN, *arbin_rows(0, 3)] for n in (1, 2)}}
    path = write_book(sheets)
    first, second = spreadsheet.READER.read(Source(path), {})
    assert (first.identity["channel"], second.identity["channel"]) == ("1", "2")
    assert read(path, settings={"sheet": "Channel_2_1"}).provenance.details["identity"]["channel"] == "2"


def test_landt_spreadsheet(write_book) -> None:
    names = [
        "Record",
        "Cycle-Index",
        "Step-Index",
        "StepTime/Sec",
        "TestTime/Sec",
        "Current/mA",
        "Capacity/mAh",
        "Voltage/V",
        "State",
    ]
    rows = [
        [1, 1, 1, 0, 0, 0, 0, 3.0, "Rest"],
        [2, 1, 2, 0, 10, -1.5, 0, 2.9, "D_CC"],
        [3, 2, 3, 0, 20, 1.5, 0, 3.1, "C_CC"],
    ]
    record = read(write_book({"Record": [names, *rows]}))
    assert record.time.tolist() == [0, 10, 20]
    assert record.current.tolist() == [0, -1.5e-3, 1.5e-3]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2]
    assert (record.row_flags == RowFlag.REST).tolist() == [True, False, False]


def test_neware_spreadsheet(write_book) -> None:
    names = [
        "DataPoint",
        "Cycle Index",
        "Step Index",
        "Step Type",
        "Time",
        "Total Time",
        "Current(mA)",
        "Voltage(V)",
        "Date",
    ]
    rows = [
        [1, 1, 1, "Rest", "00:00:00", "00:00:00", 0, 3.0, "2024-01-01 00:00:00"],
        [2, 1, 2, "CC DChg", "00:00:00", "30:00:00", -1, 2.0, "2024-01-02 06:00:00"],
    ]
    record = read(write_book({"unit": [["Device", 1]], "record": [names, *rows]}))
    assert record.time.tolist() == [0, 108000]
    assert record.current.tolist() == [0, -1e-3]


def test_parquet_with_the_columns_of_a_vendor(tmp_path) -> None:
    path = tmp_path / "cell.parquet"
    start = datetime(2024, 5, 27, 10, 2, 53)
    frame = pl.DataFrame(
        {
            "Cycle Index": [1, 1, 2],
            "Step Type": ["Rest", "CC DChg", "CC Chg"],
            "Time": [0.0, 0.0, 0.0],
            "Total Time": [0.0, 100.0, 250.0],
            "Current(uA)": [0.0, -250.0, 250.0],
            "Voltage(mV)": [3000.0, 2900.0, 3100.0],
            "Capacity(mAs)": [0.0, 0.0, 0.0],
            "Date": [start, start + timedelta(seconds=100), start + timedelta(seconds=250)],
        }
    )
    frame.with_columns(pl.col("Step Type").cast(pl.Categorical)).write_parquet(path)
    record = read(path)
    assert record.provenance.reader == "parquet"
    assert record.time.tolist() == [0, 100, 250]
    np.testing.assert_allclose(record.current, [0, -2.5e-4, 2.5e-4], rtol=1e-12)
    np.testing.assert_allclose(record.voltage, [3.0, 2.9, 3.1], rtol=1e-12)
    assert (record.row_flags == RowFlag.REST).tolist() == [True, False, False]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2]
    assert record.provenance.details["start"] == (start - datetime(1970, 1, 1)).total_seconds()
    assert not any(text.startswith("LI-W-UNIT") for text in record.warnings)  # the clock says that these are seconds
