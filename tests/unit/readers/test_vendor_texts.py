"""Cyclers' texts, one by one, in files that the tests write."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers import arbin, pec, read
from lithiate.readers.source import Source

REST = RowFlag.REST


def stored(record, kind: str) -> dict:
    return record.provenance.details.get(kind, {})


def _seconds(*parts: int) -> float:
    return (datetime(*parts) - datetime(1970, 1, 1)).total_seconds()


NEWARE_ENGLISH = """DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current({I}),Voltage({V}),Cap.({I}h),Date
1,1,1,Rest,00:00:00,00:00:00,0,{v1},0,2022-05-18 16:27:52
2,1,1,Rest,00:01:00,00:01:00,0,{v1},0,2022-05-18 16:28:52
3,1,2,CC DChg,00:00:00,00:01:00,-{i},{v2},0,2022-05-18 16:28:52
4,2,3,CC Chg,01:00:00.500,101:01:00.500,{i},{v2},0,2022-05-22 21:28:52
"""
UNITS = {
    ("A", "V"): {"i": "0.001", "v1": "2.9", "v2": "0.05"},
    ("mA", "V"): {"i": "1", "v1": "2.9", "v2": "0.05"},
    ("uA", "mV"): {"i": "1000", "v1": "2900", "v2": "50"},
}


@pytest.mark.parametrize("units", UNITS)
def test_neware_flat(write_file, units) -> None:
    content = NEWARE_ENGLISH.format(I=units[0], V=units[1], **UNITS[units])
    record = read(write_file(content))
    assert record.provenance.reader == "neware-text"
    np.testing.assert_allclose(record.time, [0, 60, 60, 363660.5])
    np.testing.assert_allclose(record.voltage, [2.9, 2.9, 0.05, 0.05])
    np.testing.assert_allclose(record.current, [0, 0, -1e-3, 1e-3])
    assert (record.row_flags == REST).tolist() == [True, True, False, False]
    assert record.vendor_cycle_number.tolist() == [1, 1, 1, 2]
    assert record.provenance.details["start"] == _seconds(2022, 5, 18, 16, 27, 52)
    assert not any(text.startswith(("LI-W-UNIT", "LI-W-SIGN")) for text in record.warnings)


CHINESE = """记录序号,循环号,工步号,工步类型,时间,总时间,电流(mA),电压(V),容量(mAh),绝对时间
1,1,1,搁置,00:00:00,00:00:00,0,3.1,0,2021-01-02 03:04:05
2,1,1,静置,00:00:30,00:00:30,0,3.1,0,2021-01-02 03:04:35
3,1,2,恒流放电,00:00:00,00:00:30,{d},3.0,0,2021-01-02 03:04:35
4,1,2,恒流放电,00:10:00,00:10:30,{d},2.9,0.2,2021-01-02 03:14:35
5,2,3,恒流充电,00:00:00,00:10:30,1.2,3.0,0,2021-01-02 03:14:35
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("signed", [True, False])
def test_neware_chinese(write_file, encoding, signed) -> None:
    record = read(write_file(CHINESE.format(d="-1.2" if signed else "1.2"), encoding=encoding))
    assert record.provenance.reader == "neware-text"
    assert record.time.tolist() == [0, 30, 30, 630, 630]
    np.testing.assert_allclose(record.current, [0, 0, -1.2e-3, -1.2e-3, 1.2e-3])
    assert (record.row_flags == REST).tolist() == [True, True, False, False, False]
    assert any(text.startswith("LI-W-SIGN the current has no sign") for text in record.warnings) == (not signed)


def test_old_neware_has_the_times_of_steps_only(write_file) -> None:
    content = (
        "Record ID\tCycle ID\tStep ID\tStatus\tRelative Time(h:min:s.ms)\tVoltage(V)\tCur(mA)\tCapaCity(mAh)\t"
        "Realtime\n"
        "1\t1\t1\tRest\t0:00:00.000\t3.1\t0\t0\t2019-01-02 00:00:00\n"
        "2\t1\t1\tRest\t0:00:30.000\t3.1\t0\t0\t2019-01-02 00:00:30\n"
        "3\t1\t2\tCC_DChg\t0:00:00.500\t3.0\t2\t0\t2019-01-02 00:00:30\n"
        "4\t1\t2\tCC_DChg\t0:00:10.500\t2.9\t2\t0\t2019-01-02 00:00:40\n"
        "5\t1\t3\tCC_Chg\t0:00:20.000\t3.0\t2\t0\t2019-01-02 00:01:00\n"
    )
    record = read(write_file(content))
    assert record.time.tolist() == [0, 30, 30.5, 40.5, 60.5]
    assert record.current.tolist() == [0, 0, -2e-3, -2e-3, 2e-3]
    assert any(text.startswith("LI-W-TIME the file has the times of steps") for text in record.warnings)


def test_neware_absolute_time_is_the_test_or_the_clock_by_its_cells(write_file) -> None:
    head = "Record Index,Step,State,Time,Absolute Time,Voltage(V),Current(mA)\n"
    of_test = read(write_file(head + "1,1,Rest,0:00:00,5:00:00,3,0\n2,1,Rest,0:01:00,5:01:00,3,0\n"))
    assert of_test.time.tolist() == [18000, 18060]
    clock = "1,1,Rest,0:00:00,2020-01-01 5:00:00,3,0\n2,1,Rest,0:01:00,2020-01-01 5:01:00,3,0\n"
    of_clock = read(write_file(head + clock))
    assert of_clock.time.tolist() == [0, 60]
    assert "start" in of_clock.provenance.details


LEVELS = """Cycle Index,Chg. Cap.(Ah),DChg. Cap.(Ah),Chg. Energy(Wh),DChg. Energy(Wh),Eff(%),Start,End,,,,
,Step Index,Step Number,Step Type,Step Time,Capacity(Ah),Energy(Wh)
,,DataPoint,Time,Total Time,Current(A),Voltage(V),Capacity(Ah),T1(?)
1,0.1,0.2,0.3,0.4,99,0,1,1,1,Rest,00:01:00,0,0
,,1,00:00:00,00:00:00,0.0000,3.9000,0,25
,,2,00:01:00,00:01:00,0.0000,3.9001,0,25
,2,2,CC Chg,00:01:00,0,0
,,3,00:00:00,00:01:00,0.5000,4.0,0,25
,,4,00:01:00,00:02:00,0.5000,4.1,0,25
2,0.1,0.2,0.3,0.4,99,0,1,3,3,CC DChg,00:01:00,0,0
,,5,00:00:00,00:02:00,-0.5000,4.0,0,25
,,6,00:01:00,00:03:00,-0.5000,3.9,0,25
"""


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_neware_multi_level(write_file, delimiter) -> None:
    record = read(write_file(LEVELS.replace(",", delimiter)))
    assert record.provenance.reader == "neware-text"
    assert record.time.tolist() == [0, 60, 60, 120, 120, 180]
    assert record.current.tolist() == [0, 0, 0.5, 0.5, -0.5, -0.5]
    assert record.vendor_cycle_number.tolist() == [1, 1, 1, 1, 2, 2]
    assert (record.row_flags == REST).tolist() == [True, True, False, False, False, False]


def test_neware_multi_level_names_the_line_of_a_fault(write_file) -> None:
    with pytest.raises(ReadError, match=r"^cell\.txt:11: .*'x' in row 5 of the table, line 11 of the file"):
        read(write_file(LEVELS.replace(",,5,00:00:00,00:02:00,-0.5000", ",,5,00:00:00,00:02:00,x")))


MIMS = (
    "Today's Date 09/01/2020  Date of Test:\t12/16/2019\t Filename:\tE:\\cell 7.034 Procedure: Pre.000\t"
    "Comment/Barcode: 000229\r\n"
    "Rec#\tCyc#\tStep\t{name}\tStep (Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\r\n"
    "1\t0\t1\t{t[0]}\t0\t0\t0\t0.0\t3.45\tR\t0\t{c[0]}\r\n"
    "2\t0\t2\t{t[1]}\t0\t0\t0\t0.5\t3.55\tC\t1\t{c[1]}\r\n"
    "3\t1\t3\t{t[2]}\t0\t0\t0\t-0.5\t3.35\tD\t1\t{c[2]}\r\n"
)
DATES = ["12/16/2019 14:00:00", "12/16/2019 14:01:00", "12/16/2019 14:02:00"]


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("Test (Sec)", ["0.00", "60.00", "120.00"]),
        ("Test (Min)", ["0.0000", "1.0000", "2.0000"]),
        ("TestTime", ["  0d 00:00:00.00", "  0d 00:01:00.00", "  0d 00:02:00.00"]),
    ],
)
def test_maccor_mims(write_file, name, times) -> None:
    record = read(write_file(MIMS.format(name=name, t=times, c=DATES), "cell.034"))
    assert record.provenance.reader == "maccor"
    np.testing.assert_allclose(record.time, [0, 60, 120])
    assert record.current.tolist() == [0, 0.5, -0.5]
    assert record.vendor_cycle_number.tolist() == [0, 0, 1]
    assert (record.row_flags == REST).tolist() == [True, False, False]
    assert stored(record, "identity") == {"cell_id": "000229"}
    assert stored(record, "stored") == {"test_name": "E:\\cell 7.034", "procedure": "Pre.000"}
    assert record.provenance.details["start"] == _seconds(2019, 12, 16, 14)


def test_maccor_clock_without_dates_begins_on_the_date_of_the_test(write_file) -> None:
    content = MIMS.format(name="Test (Sec)", t=["0", "60", "120"], c=["23:59:30", "00:00:30", "00:01:30"])
    assert read(write_file(content)).provenance.details["start"] == _seconds(2019, 12, 16, 23, 59, 30)


def test_maccor_unit_in_the_name_that_the_clock_contradicts(write_file) -> None:
    content = MIMS.format(name="Test (Sec)", t=["0", "1", "2"], c=DATES)
    with pytest.raises(
        ReadError, match="unit s of the time column.*contradicts the clock.*--set time_unit=min"
    ) as error:
        read(write_file(content))
    assert error.value.code == "LI-READ-005"
    assert read(write_file(content), settings={"time_unit": "min"}).time.tolist() == [0, 60, 120]


MACCOR_DATA = (
    "Name:\tcell-7.053\nChannel:\t53\nTester\tMaccor #4\nProcedure\tCT.000\nStarted\t5/11/2021 3:40:24 PM\n"
    "SCap\t0.017\n\n"
    "Rec\tCycle P\tCycle C\tStep\tTestTime\tStepTime\tCap. [Ah]\tEner. [Wh]\tCurrent [A]\tVoltage [V]\tMd\tES\t"
    "{dpt}\n\n"
    "1\t0\t1\t1\t0.000000\t0\t0\t0\t0.0\t0.18\tR\t0\t5/11/2021 3:40:24 PM\t\n"
    "2\t0\t1\t2\t1.000000\t1\t0\t0\t0.002\t0.19\tC\t1\t5/11/2021 3:41:24 PM\t\n"
    "3\t0\t2\t3\t2.000000\t1\t0\t0\t0.002\t0.17\tD\t1\t5/11/2021 3:42:24 PM\t\n"
)


def test_maccor_data_text_has_bare_minutes_and_no_sign(write_file) -> None:
    record = read(write_file(MACCOR_DATA.format(dpt="DPT Time"), "cell.txt"))
    assert record.time.tolist() == [0, 60, 120]
    assert record.current.tolist() == [0, 0.002, -0.002]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2]
    assert any("by the clock it is min" in text for text in record.warnings)
    assert any("the current has no sign in the file" in text for text in record.warnings)
    assert stored(record, "identity") == {"channel": "53"}
    assert stored(record, "stored")["tester"] == "Maccor #4"
    assert record.provenance.details["start"] == _seconds(2021, 5, 11, 15, 40, 24)


def test_maccor_bare_time_that_no_clock_tells_is_refused(write_file) -> None:
    path = write_file(MACCOR_DATA.format(dpt="DPT Time").replace("5/11/2021", "?"))
    with pytest.raises(ReadError, match="the clock column does not tell it.*--set time_unit=s, min or h") as error:
        read(path)
    assert error.value.code == "LI-READ-005"
    assert read(path, settings={"time_unit": "min"}).time.tolist() == [0, 60, 120]


MACCOR_CSV = (
    "Today's Date,09/01/2020\nx,y\n"
    "Rec,Cycle C,Step,Test Time (sec),Step Time (sec),Capacity,Energy,Current,Voltage,DPT Time,Temp 1\n"
    "1,1,1,0.0,0.0,0,0,0.0,3.668,23-Nov-23 3:56:11 PM,25\n"
    "2,1,1,10.0,0.0,0,0,28.8,3.7,23-Nov-23 3:56:21 PM,25\n"
    "3,1,1,20.0,0.0,0,0,28.8,3.7,23-Nov-23 3:56:31 PM,25\n"
)


def test_maccor_csv_does_not_tell_the_direction(write_file) -> None:
    path = write_file(MACCOR_CSV, "cell.csv")
    with pytest.raises(ReadError, match="writes magnitudes.*--set invert_current=false .charge.") as error:
        read(path)
    assert error.value.code == "LI-READ-010"
    assert read(path, settings={"invert_current": "false"}).current.tolist() == [0, 28.8, 28.8]
    assert read(path, settings={"invert_current": "true"}).current.tolist() == [0, -28.8, -28.8]


@pytest.mark.parametrize(("name", "words"), [("cell.034", "Maccor.*MIMS"), ("cell.cex", "LANDT.*LANDdt")])
def test_raw_files_are_refused_with_advice(write_file, name, words) -> None:
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(b"\x01\x00\x02\x00MACCOR\x00" * 20, name))
    assert error.value.code == "LI-READ-002"


LANDT_CSV = (
    "cell model:,,,\ncell id: C7,,,\ntest: formation,,,\ncheckpoint:,,,\n"
    "Nominal capacity used:Ah,,,\nNominal energy: Wh,,,\n"
    "channel_index,cycle_index,step_index,date_time_iso_string,test_time_s,step_time_s,current_A,voltage_V,step_name\n"
    "1,1,1,04/30/2024 14:33:19,0.02,0.02,0,2.9,rest,\n"
    "2,1,2,04/30/2024 14:33:34,15.02,0.02,-0.0002,2.8,discharge CC,\n"
    "3,2,3,04/30/2024 14:33:49,30.02,0.02,0.0002,2.9,charge CC,\n"
)


def test_landt_csv(write_file) -> None:
    record = read(write_file(LANDT_CSV))
    assert record.provenance.reader == "landt"
    assert record.time.tolist() == [0.02, 15.02, 30.02]
    assert record.current.tolist() == [0, -0.0002, 0.0002]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2]
    assert stored(record, "identity") == {"cell_id": "C7"}  # and no channel: its numbers are those of records
    assert stored(record, "stored") == {"test_name": "formation"}
    assert record.provenance.details["start"] == pytest.approx(_seconds(2024, 4, 30, 14, 33, 19) - 0.02)


LANDT_CHINESE = (
    "记录序号\t循环序号\t工步序号\t测试时间/Sec\t工步时间/Sec\t电流/mA\t电压/V\t容量/mAh\t状态\n"
    "1\t1\t1\t0\t0\t0\t3.1\t0\t静置\n2\t1\t2\t10\t0\t-1.5\t3.0\t0\t恒流放电\n3\t1\t3\t20\t0\t1.5\t3.2\t0\t恒流充电\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_landt_chinese(write_file, encoding) -> None:
    record = read(write_file(LANDT_CHINESE, encoding=encoding))
    assert record.provenance.reader == "landt"
    assert record.time.tolist() == [0, 10, 20]
    assert record.current.tolist() == [0, -0.0015, 0.0015]
    assert (record.row_flags == REST).tolist() == [True, False, False]


def test_landt_text(write_file) -> None:
    content = (
        "Rec#\tCyc#\tStep\tTest(Sec)\tStep(Sec)\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tDPt-Time\n"
        "1\t1\t1\t0\t0\t0\t0\t0.001\t3\tC\t2024-01-02 03:04:05\n2\t1\t1\t5\t5\t0\t0\t0.001\t3\tC\t2024-01-02 03:04:10\n"
    )
    record = read(write_file(content))
    assert record.provenance.reader == "landt"
    assert record.provenance.details["start"] == _seconds(2024, 1, 2, 3, 4, 5)


BASYTEC = (
    "~Resultfile from Basytec Battery Test System\n~Date and Time of Data Converting: 07.07.2023 10:55:58\n~\n"
    "~Name of Test: formation\n~Battery: C7\n~Testplan: plan.pln\n~Testchannel: CH14\n"
    "~Start of Test: 02.06.2023 17:56:53\n~\n"
    "~Time[{unit}]\tDataSet\tt-Step[{unit}]\tLine\tCommand\tU[V]\tI[A]\tAh[Ah]\tT1[°C]\tCyc-Count\tState\n"
    "0\t1\t0\t3\t{w[0]}\t3.525\t0\t0\t25.5\t0\t3\n"
    "{t}\t2\t0\t4\t{w[1]}\t3.625\t0.25\t0\t25.5\t1\t3\n"
    "{t2}\t3\t0\t5\t{w[2]}\t3.425\t-0.25\t0\t25.5\t1\t3\n"
)


@pytest.mark.parametrize("german", [False, True])
@pytest.mark.parametrize(("unit", "factor"), [("s", 1.0), ("h", 3600.0)])
def test_basytec(write_file, german, unit, factor) -> None:
    words = ("Pause", "Laden", "Entladen") if german else ("Pause", "Charge", "Discharge")
    content = BASYTEC.format(unit=unit, w=words, t="0.5", t2="1.5")
    if german:
        head, rows = content.split("State\n")
        content = head + "State\n" + rows.replace(".", ",")
    record = read(write_file(content, encoding="cp1252"))
    assert record.provenance.reader == "basytec"
    np.testing.assert_allclose(record.time, [0, 0.5 * factor, 1.5 * factor])
    assert record.voltage.tolist() == [3.525, 3.625, 3.425]
    assert record.current.tolist() == [0, 0.25, -0.25]
    assert (record.row_flags == REST).tolist() == [True, False, False]
    assert stored(record, "identity") == {"channel": "CH14", "cell_id": "C7"}
    assert record.provenance.details["start"] == _seconds(2023, 6, 2, 17, 56, 53)  # day first


NOVONIX = [
    "[Summary]",
    "Novonix HPC data file",
    "Channel: 01",
    "Mass (g): 1.000",
    "Area (cm2): 1.000",
    "CellID: C7",
    "Started: 2022-04-11 10:58:07 AM",
    "[End Summary]",
    "[Protocol]",
    '[1: Constant_current_charge, "x"]',
    "[End Protocol]",
    "[Data]",
    "Date and Time,Cycle Number,Step Type,Run Time (h),Step Time (h),Current (A),Potential (V),Capacity (Ah)",
    "2022-04-11 10:58:07 AM,1,0,0,0,0,3.0,0",
    "2022-04-11 11:58:07 AM,1,1,1,1,0.25,3.5,0",
    "2022-04-11 12:58:07 PM,1,8,2,2,0.125,3.6,0",
]


@pytest.mark.parametrize("quoted", [False, True])
def test_novonix(write_file, quoted) -> None:
    lines = NOVONIX[:12] + [f'"{line}"' if quoted else line for line in NOVONIX[12:]]
    record = read(write_file("\r\n".join(lines) + "\r\n"))
    assert record.provenance.reader == "novonix"
    assert record.time.tolist() == [0, 3600, 7200]
    assert record.current.tolist() == [0, 0.25, 0.125]
    assert (record.row_flags == REST).tolist() == [True, False, False]
    assert stored(record, "identity") == {"channel": "01", "cell_id": "C7"}
    assert record.specimen.area is None  # 1.000 is a default
    assert record.provenance.details["start"] == _seconds(2022, 4, 11, 10, 58, 7)
    assert not any(text.startswith("LI-W-SIGN") for text in record.warnings)


PEC_HEAD = (
    "Request Year:,2026\nTest:,25205\nTest Description:,\nTestRegime Name:,OCV\nNumber Of Cells:,{count}\n"
    "Start Time:,01/08/2026 17:40:39\n"
    "Test,Cell,Rack,Shelf,Position,Cell ID,Step,Instruction Name,Cycle,Total Time (Hours in hh:mm:ss.xxx),"
    "Step Time (Seconds),Real Time,Voltage (mV),Current (mA),Charge Capacity (mAh),ReasonCode,\n"
)
PEC_ROW = "25205,{cell},ACT4,014,{cell},id-{cell},{step},{word},0,{time},0,01/08/2026 {clock},{v},{i},0,1,\n"


def pec_rows(*cells: int) -> str:
    rows = [(0, "Idle", "00:00:00.500", "17:45:00", 3682.5, 0), (1, "Charge CC", "00:00:10.500", "17:45:10", 3700, 50)]
    return "".join(
        PEC_ROW.format(cell=cell, step=step, word=word, time=time, clock=clock, v=v + cell, i=i)
        for step, word, time, clock, v, i in rows
        for cell in cells
    )


def test_pec_one_cell(write_file) -> None:
    record = read(write_file(PEC_HEAD.format(count=1) + pec_rows(1)))
    assert record.provenance.reader == "pec"
    assert record.time.tolist() == [0.5, 10.5]
    np.testing.assert_allclose(record.voltage, [3.6835, 3.701])
    assert record.current.tolist() == [0, 0.05]
    assert stored(record, "identity") == {"cell_id": "id-1", "channel": "ACT4/014/1"}
    assert record.provenance.details["start"] == _seconds(2026, 1, 8, 17, 44, 59) + 0.5


def test_pec_two_cells_are_two_records(write_file) -> None:
    path = write_file(PEC_HEAD.format(count=2) + pec_rows(1, 2))
    first, second = pec.READER.read(Source(path), {})
    assert first.identity["cell_id"] == "id-1"
    assert second.identity["cell_id"] == "id-2"
    np.testing.assert_allclose(second.voltage, [3.6845, 3.702])
    assert second.line(1) == 11  # the rows of the cells alternate


def test_pec_one_of_two_cells_by_its_number(write_file) -> None:
    path = write_file(PEC_HEAD.format(count=2) + pec_rows(1, 2))
    record = read(path, settings={"part": "2"})
    np.testing.assert_allclose(record.voltage, [3.6845, 3.702])
    with pytest.raises(
        ReadError, match=r"number of a test.*got '3'; expected 1 \(id-1, ACT4/014/1\); 2 \(id-2"
    ) as error:
        read(path, settings={"part": "3"})
    assert error.value.code == "LI-READ-011"
    with pytest.raises(ReadError) as error:
        read(path)
    assert error.value.code == "LI-READ-012"


def test_pec_names_the_line_of_a_fault_in_the_file(write_file) -> None:
    path = write_file((PEC_HEAD.format(count=2) + pec_rows(1, 2)).replace("3702,", "?,"))
    with pytest.raises(ReadError, match=r"^cell\.txt:11: "):
        pec.READER.read(Source(path), {})


MITS_X = (
    "\ufeffData Point,Date Time,Test Time (s),Cycle Index,Step Index,Current (A),Voltage (V),"
    "Charge Capacity (Ah),ACR (Ohm)\n"
)
ARBIN = {
    "dump": (
        "Data_Point,Test_Time,DateTime,Step_Time,Step_Index,Cycle_Index,Current,Voltage,Charge_Capacity,Discharge_Capacity\n",
        [
            "1,0,1499006353,0,1,1,-9E-05,3.25,0,0",
            "2,5.5,1499006358,5,2,1,1.5,3.5,0,0",
            "3,9,1499006362,5,2,2,-1.5,3,0,0",
        ],
        1499006353.0,
    ),
    "MITS 7": (
        "Date_Time,Test_Time(s),Step_Time(s),Step_Index,Cycle_Index,Voltage(V),Current(A),Charge_Capacity(Ah)\n",
        [
            "10/19/2020 11:31:46.500,0,0,1,1,3.25,-9E-05,0",
            "10/19/2020 11:31:52.000,5.5,0,2,1,3.5,1.5,0",
            "10/19/2020 11:31:55.500,9,0,2,2,3,-1.5,0",
        ],
        _seconds(2020, 10, 19, 11, 31, 46) + 0.5,
    ),
    "MITS X": (
        MITS_X,
        [
            "1,\t09/20/2024 08:32:34.500,0,1,1,-9E-05,3.25,0,",
            "2,\t09/20/2024 08:32:40.000,5.5,1,2,1.5,3.5,0,",
            "3,\t09/20/2024 08:32:43.500,9,2,2,-1.5,3,0,",
        ],
        _seconds(2024, 9, 20, 8, 32, 34) + 0.5,
    ),
}


@pytest.mark.parametrize("dialect", ARBIN)
def test_arbin_csv(write_file, dialect) -> None:
    names, rows, begin = ARBIN[dialect]
    record = read(write_file(names + "\n".join(rows) + "\n"))
    assert record.provenance.reader == "arbin"
    assert record.time.tolist() == [0, 5.5, 9]
    assert record.voltage.tolist() == [3.25, 3.5, 3]
    assert record.current.tolist() == [-9e-05, 1.5, -1.5]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2]
    assert record.provenance.details["start"] == pytest.approx(begin)
    assert not any(text.startswith("LI-W-UNIT") for text in record.warnings)


def test_arbin_with_empty_counters_keeps_them_missing(write_file) -> None:
    names = "Data_Point,Test_Time,DateTime,Step_Time,Step_Index,Cycle_Index,Current,Voltage,Charge_Capacity\n"
    record = read(write_file(names + "1,0,1499006353,0,,,0.5,3,0\n2,5,1499006358,5,,,0.5,3,0\n"))
    assert record.vendor_cycle_number is None


def test_arbin_metadata_holds_no_record(write_file) -> None:
    content = "Test_ID,Device_ID,Schedule_File_Name,Item_ID,Creator,Comments\n1,2,a.sdu,7,me,\n"
    with pytest.raises(ReadError, match="file of metadata holds no record") as error:
        read(write_file(content, "cell_Metadata.csv"))
    assert error.value.code == "LI-READ-014"


RES = b"\x00\x01\x00\x00Standard Jet DB\x00" + b"\x00" * 100


def test_arbin_result_file(write_file, monkeypatch) -> None:
    tables = {
        "Channel_Normal_Table": "Test_ID,Data_Point,Test_Time,DateTime,Cycle_Index,Current,Voltage\n"
        "1,10,9,45131.5,2,-1.5,3\n1,2,5.5,45131.5,1,1.5,3.5\n1,1,0.5,45131.25,1,0,3.25\n{more}",
        "Global_Table": 'Test_ID,Test_Name,Channel_Index,Item_ID,MASS\n1,"a, b",12,C7,0.00085\n2,second,13,,\n',
    }
    more = complaint = ""

    def run(command, where):
        text = "\n".join(tables) if command[0] == "mdb-tables" else tables[command[2]].replace("{more}", more)
        return text, complaint if command[2] == "Channel_Normal_Table" else ""

    monkeypatch.setattr(arbin, "_run", run)
    monkeypatch.setattr(arbin.shutil, "which", lambda name: name)
    path = write_file(RES, "cell.res")
    record = read(path)
    assert record.provenance.reader == "arbin-res"
    assert record.time.tolist() == [0.5, 5.5, 9]  # the export was in another order, and 10 comes behind 2
    assert record.current.tolist() == [0, 1.5, -1.5]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2]
    assert record.provenance.details["start"] == _seconds(2023, 7, 24, 6) - 0.5
    assert stored(record, "identity") == {"channel": "12", "cell_id": "C7"}
    assert stored(record, "stored") == {"test_name": "a, b", "stored_mass": "0.00085"}
    assert record.specimen.cathode_mass is None
    more = "2,1,0,45132,1,0.5,3\n2,2,1,45132,1,0.5,3\n"
    first, second = arbin.DATABASE_READER.read(Source(path), {})
    assert (first.identity["channel"], second.identity["channel"]) == ("12", "13")
    assert second.time.tolist() == [0, 1]
    assert read(path, settings={"part": "2"}).time.tolist() == [0, 1]
    more, complaint = "", "error: reading page 118 failed."
    with pytest.raises(
        ReadError, match="damaged; got 'error: reading page 118 failed., after 3 rows'.*ignore_damage=true"
    ):
        read(path)
    left = read(path, settings={"ignore_damage": "true"})
    assert left.time.tolist() == [0.5, 5.5, 9]
    assert any(text.startswith("LI-W-DAMAGE a part of the file is lost") for text in left.warnings)


def test_arbin_result_file_without_mdbtools(write_file, monkeypatch) -> None:
    monkeypatch.setattr(arbin.shutil, "which", lambda name: None)
    with pytest.raises(ReadError, match="apt-get install mdbtools; macOS: brew install mdbtools") as error:
        read(write_file(RES, "cell.res"))
    assert error.value.code == "LI-READ-015"


def test_arbin_result_file_that_mdbtools_cannot_read(write_file) -> None:
    if arbin.shutil.which("mdb-export") is None:
        pytest.skip("mdbtools is not installed")
    with pytest.raises(ReadError) as error:
        read(write_file(RES, "cell.res"))
    assert error.value.code in ("LI-READ-002", "LI-READ-003")


def test_a_bad_line_is_named_and_left_out_on_request(write_file) -> None:
    rows = [f"{i},1,{i % 2},{i}.5,0,0.25,3.5,0" for i in range(60)]
    rows[30] += ",7,8,9"
    rows[40] = "40,1,0,40.5,0,0.25"
    names = "Data_Point,Cycle_Index,Step_Index,Test_Time(s),Step_Time(s),Current(A),Voltage(V),Charge_Capacity(Ah)\n"
    path = write_file(names + "\n".join(rows) + "\n", "cell.csv")
    with pytest.raises(ReadError, match=r"^cell\.csv:32: .*11 fields in line 32.*tolerate_bad_rows=true") as error:
        read(path)
    assert error.value.code == "LI-READ-003"
    record = read(path, settings={"tolerate_bad_rows": "true"})
    assert record.time.tolist() == [i + 0.5 for i in range(60) if i not in (30, 40)]
    assert record.vendor_cycle_number.tolist() == [1] * 58
    assert any(
        "LI-W-ROWS 2 of 60 rows were left out, as asked (rows 31, 41 of the table, lines 32, 42" in text
        for text in record.warnings
    )


def test_a_last_line_that_is_cut_off(write_file) -> None:
    path = write_file(LANDT_CSV.rstrip("\n").rsplit(",", 4)[0])
    with pytest.raises(ReadError, match=r"^cell\.txt:10: the last row is cut off"):
        read(path)
    assert read(path, settings={"tolerate_bad_rows": "true"}).time.tolist() == [0.02, 15.02]


LANDT_COUNTERS = (
    "channel_index,cycle_index,date_time_iso_string,test_time_s,current_A,voltage_V,"
    "discharge_capacity_Ah,charge_capacity_Ah,step_name"
)
ARBIN_COUNTERS = (
    "Data_Point,Cycle_Index,DateTime,Test_Time(s),Current(A),Voltage(V),Discharge_Capacity(Ah),Charge_Capacity(Ah),Step"
)


@pytest.mark.parametrize(("names", "reader"), [(LANDT_COUNTERS, "landt"), (ARBIN_COUNTERS, "arbin")])
def test_a_current_that_was_rounded_is_told_by_the_counters(write_file, names, reader) -> None:
    def content(current: float) -> str:
        rows = [
            f"{k + 1},1,03/05/2024 09:{k:02d}:00,{60 * k},{current},3.5,{0.0},{0.0014 * k / 60:.7f},x"
            for k in range(60)
        ]
        return names + "\n" + "\n".join(rows) + "\n"

    rounded = read(write_file(content(0.001)))
    assert rounded.provenance.reader == reader
    (told,) = [text for text in rounded.warnings if text.startswith("LI-W-CURRENT")]
    assert "rounded or incomplete: 0.0009833 Ah from current and time, 0.001377 Ah counted (ratio 0.7143)" in told
    lost = read(write_file(content(0.0)))
    assert any(text.startswith("LI-W-CURRENT") and "ratio 0)" in text for text in lost.warnings)
    exact = read(write_file(content(0.0014)))
    assert not any(text.startswith("LI-W-CURRENT") for text in exact.warnings)
