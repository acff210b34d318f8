"""Delimited text in the dialects of cyclers, spreadsheets and languages."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers import read
from lithiate.readers.columns import parse_heading

TIME = [0.0, 1800.0, 3600.0, 5400.0]
VOLTAGE = [0.05, -0.05, 0.0625, -0.06]
CURRENT = [1e-3, -1e-3, 1e-3, -1e-3]


def assert_reference(record, *, current: bool = True) -> None:
    np.testing.assert_allclose(record.time, TIME, rtol=1e-12)
    np.testing.assert_allclose(record.voltage, VOLTAGE, rtol=1e-12)
    if current:
        np.testing.assert_allclose(record.current, CURRENT, rtol=1e-12)
    else:
        assert record.current is None


def table(names: str, separator: str, *, hours: bool = False, comma: bool = False, milli: bool = False) -> str:
    time = [value / 3600 for value in TIME] if hours else TIME
    current = [value * 1e3 for value in CURRENT] if milli else CURRENT
    rows = [separator.join(repr(value) for value in row) for row in zip(time, VOLTAGE, current, strict=True)]
    body = "\n".join(rows)
    return names + "\n" + (body.replace(".", ",") if comma else body) + "\n"


GERMAN = table("Zeit (h);Spannung (V);Strom (mA)", ";", hours=True, comma=True, milli=True)
QUOTED = re.sub(r"([^;\n]+)", r'"\1"', GERMAN).replace(";", ",")
DIALECTS = {
    "comma": (table("time/s,Ewe/V,I/A", ","), "utf-8"),
    "semicolon, decimal comma, BOM": (GERMAN, "utf-8-sig"),
    "tabs": (table("Test Time / s\tVoltage / V\tCurrent / mA", "\t", milli=True), "utf-8"),
    "tabs, decimal comma": (table("t [h]\tE [V]\tI [mA]", "\t", hours=True, comma=True, milli=True), "utf-8"),
    "blanks": (table("time/s  Ewe/V  I/A", "   "), "utf-8"),
    "blanks in names": (table("Time (s)   Cell Voltage (V)   Current (A)", "  "), "utf-8"),
    "blanks, decimal comma": (table("time/s Ewe/V I/mA", " ", comma=True, milli=True), "utf-8"),
    "UTF-16 with mark": (GERMAN, "utf-16"),
    "UTF-16 without mark": (GERMAN, "utf-16-le"),
    "UTF-16 big end first": ("\ufeff" + GERMAN, "utf-16-be"),
    "Windows-1252": ("T1[°C];Größe\n\n" + GERMAN, "cp1252"),
    "GB18030": (table("测试时间/s,电压/V,电流/mA", ",", milli=True), "gb18030"),
    "line ends of Windows": (table("Time(h),Voltage(V),Current(A)", ",", hours=True).replace("\n", "\r\n"), "utf-8"),
    "units in names": (table("test_time_s,voltage_V,current_A", ","), "utf-8"),
    "line of units": ("Time,Voltage,Current\n" + table("h,V,mA", ",", hours=True, milli=True), "utf-8"),
    "angle brackets": (table("time/s\t<Ewe/V>\t<I>/mA", "\t", milli=True), "utf-8"),
    "quotes": (table('"Time (s)","Voltage (V)","Current (A)"', ","), "utf-8"),
    "decimal commas in quotes": (QUOTED, "utf-8"),
    "commas within quotes": (
        'time/s,Ewe/V,I/A,note\n0,0.05,1e-3,"a, b"\n1800,-0.05,-1e-3,c\n3600,0.0625,1e-3,\n5400,-0.06,-1e-3,\n',
        "utf-8",
    ),
    "comment sign": (table("# time/s\tU[V]\tI[A]", "\t"), "utf-8"),
    "trailing delimiter": (table("time/s,Ewe/V,I/A", ",").replace("\n", ",\n"), "utf-8"),
    "rows of delimiters below": (GERMAN + ";;\n;;\n", "utf-8"),
    "micro": (table("time/s,Ewe/V,I/µA", ",").replace("0.001\n", "1000\n"), "utf-8"),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_dialects(write_file, name) -> None:
    content, encoding = DIALECTS[name]
    record = read(write_file(content, encoding=encoding))
    assert_reference(record)
    assert not any(text.startswith("LI-W-UNIT") for text in record.warnings)


def test_header_in_line_seven(write_file) -> None:
    preamble = "cell model:,,\ncell id: 7,,\n\nNominal capacity: 2,3,4\n[Data]\nAnalyst: Dr. Li, Lab 3\n"
    assert_reference(read(write_file(preamble + table("Test_Time(s),Voltage(V),Current(A)", ","))))


def test_header_after_a_hundred_lines_and_one_long_line(write_file) -> None:
    preamble = "".join(f"Parameter {i} : value {i}\n" for i in range(100)) + '{"list": [' + "1, 2, 3, " * 1500 + "0]}\n"
    assert_reference(read(write_file(preamble + table("time/s\tEcell/V\tI/A", "\t"))))


def test_voltage_without_current_is_a_normal_record(write_file) -> None:
    record = read(write_file("\ufeffTime (h);ΔE (V)\r\n0;0.05\r\n0.5;-0.05\r\n1;0.0625\r\n1.5;-0.06\r\n"))
    assert_reference(record, current=False)
    assert [text.split()[0] for text in record.warnings] == ["LI-W-AREA", "LI-W-CELL"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["00:00:00", "00:30:00.500", "100:00:01"], [0.0, 1800.5, 360001.0]),
        (["0d 00:00:00", "0d 00:30:00,25", "1d 02:03:04"], [0.0, 1800.25, 93784.0]),
        (["0-00:00:00", "0-12:00:00", "1-02:03:04"], [0.0, 43200.0, 93784.0]),
    ],
)
def test_clock_texts(write_file, texts, expected) -> None:
    rows = "".join(f"{text};0.1\n" for text in texts)
    record = read(write_file("Total Time;Voltage(V)\n" + rows))
    np.testing.assert_allclose(record.time, expected, rtol=1e-14)
    assert not any(text.startswith("LI-W-UNIT") for text in record.warnings)


def test_times_that_a_converter_multiplied(write_file) -> None:
    path = write_file("time/s,V/V,Date\n" + "".join(f"{216000 * i},3,2024-01-01 00:{i:02d}:00\n" for i in range(9)))
    with pytest.raises(ReadError, match="times are 3600 times too large.*--set time_unit=s") as error:
        read(path)
    assert error.value.code == "LI-READ-010"
    record = read(path, settings={"time_unit": "s"})
    assert record.time.tolist() == [60.0 * i for i in range(9)]
    assert any("times were divided by 3600" in text for text in record.warnings)


def test_units_that_nothing_states_are_assumed_aloud_and_corrected(write_file) -> None:
    path = write_file("Time,Voltage,Current\n0,50,1\n0.5,-50,-1\n1,62.5,1\n1.5,-60,-1\n")
    units = {"time_unit": "h", "voltage_unit": "mV", "current_unit": "mA"}
    assert_reference(read(path, settings=units))
    path = write_file("Time,Voltage,Current\n0,5,1\n0.5,-5,-1\n1,6.25,1\n1.5,-6,-1\n")
    warnings = [text for text in read(path).warnings if text.startswith("LI-W-UNIT")]
    assert len(warnings) == 3
    assert "time column 'Time': s is assumed (--set time_unit=UNIT" in warnings[0]


def test_current_density_needs_an_area(write_file) -> None:
    path = write_file("time/s,Ewe/V,j / mA cm-2\n0,0.1,1\n1,0.1,1\n2,0.1,-2\n")
    record = read(path, area="2 cm^2")
    np.testing.assert_allclose(record.current, [2e-3, 2e-3, -4e-3], rtol=1e-12)
    with pytest.raises(ReadError, match='current density.*--area "1.13 cm\\^2"') as error:
        read(path)
    assert error.value.code == "LI-READ-004"


def test_test_time_beats_step_time(write_file) -> None:
    record = read(write_file("Time,Total Time,Step Time(s),Voltage(V)\n0,5,0,1\n1,6,1,1\n0,7,0,1\n"))
    assert record.time.tolist() == [5.0, 6.0, 7.0]


def test_ambiguous_columns_are_named(write_file) -> None:
    path = write_file("time/s,Ewe/V,Ecell/V\n0,1,2\n1,1,2\n2,1,2\n")
    with pytest.raises(ReadError, match="several columns could be the voltage; got \"'Ewe/V', 'Ecell/V'\"") as error:
        read(path)
    assert error.value.code == "LI-READ-004"
    assert read(path, settings={"voltage_column": "Ecell/V"}).voltage.tolist() == [2.0, 2.0, 2.0]


def test_columns_by_other_names(write_file) -> None:
    path = write_file("clock,bias,flow\n0,1,2\n1,1,2\n2,1,2\n")
    chosen = {"time_column": "clock", "voltage_column": "bias", "current_column": "flow", "current_unit": "mA"}
    assert read(path, settings=chosen).current.tolist() == [0.002, 0.002, 0.002]
    with pytest.raises(ReadError, match="names no column.*did you mean 'clock'"):
        read(path, settings={**chosen, "time_column": "clok"})


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("time/s,T/degC\n0,1\n1,1\n2,1\n", "LI-READ-004", "no column is a voltage.*'T/degC'"),
        ("h,Voltage (V)\n0,1\n1,1\n2,1\n", "LI-READ-004", "no column is a time"),
        ("x,y\n0,1\n1,1\n2,1\n", "LI-READ-002", "no cycling record.*'x', 'y'"),
        (
            "freq/Hz,time/s,Ewe/V\n9,0,1\n8,1,1\n7,2,1\n",
            "LI-READ-002",
            "has a frequency, and no impedance",
        ),
        ("0,1\n1,1\n2,1\n", "LI-READ-004", "no line of names"),
        ("time/s,V/V\n", "LI-READ-009", "names and no rows"),
        ("time/s,V/V\n0,1\n", "LI-READ-009", "at least two rows"),
        ("time (week),V/V\n0,1\n1,1\n2,1\n", "LI-READ-005", "unit of the time column.*got 'week'.*--set time_unit"),
        ("time/s,Voltage (MV)\n0,1\n1,1\n2,1\n", "LI-READ-005", "got 'MV'.*did you mean 'mV'"),
        ("time/s,V/V,j\n0,1,1\n1,1,1\n2,1,1\n", "LI-READ-005", "unit of the current column 'j'"),
        (
            "time/s,V/V\n0,1\n1,one\n2,1\n",
            "LI-READ-006",
            "^cell.txt:3: .*'one' in row 2 of the table, line 3 of the file.*tolerate_bad_rows=true",
        ),
        ("time/s,V/V\n0,1\n1,1\n2,1\nend,1\n", "LI-READ-006", "'time/s'.*'end' in row 4"),
        ("time/s,V/V,I/A\n0,1,\n1,1,0\n2,,0\n3,1,0\n", "LI-READ-008", "voltage is empty.*row 3"),
        ("time/s,V/V\n0,1\n1,nan\n2,1\n", "LI-READ-008", "voltage is empty or no finite number in 1 of 3 rows"),
        ("time/s,V/V\n0,1\n,1\n2,1\n", "LI-READ-007", "time is empty.*row 2"),
        ("time/s,V/V\n0,1\n5,1\n2,1\n9,1\n", "LI-READ-007", "before that of an earlier row.*row 3.*tolerate_bad_rows"),
        ("time/s,V/V\n0,150\n1,150\n2,150\n", "LI-READ-010", "median .voltage. is 150 V.*voltage_unit=mV"),
        ("time/h,V/V\n0,1\n1,1\n400000,1\n", "LI-READ-010", "lasts 45.6 years.*--set time_unit=s"),
        ("time/s,V/V\n7,1\n7,1\n7,1\n", "LI-READ-010", "time never advances"),
        ("time/s,V/V,I/A\n0,1,2e5\n1,1,0\n2,1,0\n", "LI-READ-010", "current reaches 2e\\+05 A.*current_unit=mA"),
        ("time/s,V/V\n0,1,2\n1,1,2\n2,1,2\n", "LI-READ-003", "^cell.txt:2: .*2 names and 3 fields"),
        ("time/s,V/V,I/mA\n0,3.7,999.5\n1,3.7,999.9\n2,3.7,1,000.2\n", "LI-READ-003", "^cell.txt:4: .*3 names and 4"),
        ("time/s,V/V\n0,1\n1,1\n2,1\n3,1,5\n", "LI-READ-003", "^cell.txt:5: .*more fields.*3 fields in line 5"),
        ("a,b\n\n\ntime/s,V/V\n0,1\n \n1,1\n2,1\n3,1,5\n", "LI-READ-003", "^cell.txt:9: .*3 fields in line 9"),
        ('time/s,V/V\n0,1\n1,1\n2,"1\n3,1\n', "LI-READ-003", "^cell.txt:4: "),
        (
            "time/s,V/V,I/A\n0,1,1\n1,1,1\n2,1,1\n3,1",
            "LI-READ-003",
            "^cell.txt:5: the last row is cut off; got '2 fields",
        ),
        ("Cycle Index,,\n,Step Index,\n,,Time(s),Voltage(V)\n,,0,1\n,,1,1\n,,2,1\n", "LI-READ-002", "multi-level"),
    ],
)
def test_bad_tables(write_file, content, code, words) -> None:
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(content))
    assert error.value.code == code
    assert "cell.txt" in str(error.value)


def test_bad_rows_are_left_out_when_asked_and_counted(write_file) -> None:
    rows = [f"{i},{0.1 * i:.1f}" for i in range(60)]
    rows[7], rows[20], rows[30] = "7,", "3,9.9", "30,overload"
    record = read(write_file("time/s,V/V\n" + "\n".join(rows) + "\n"), settings={"tolerate_bad_rows": "true"})
    assert record.time.tolist() == [float(i) for i in range(60) if i not in (7, 20, 30)]
    assert any("LI-W-ROWS 3 of 60 rows were left out, as asked (rows 8, 21, 31" in text for text in record.warnings)


def test_a_restart_is_refused_by_name_and_joined_when_asked(write_file) -> None:
    times = [*range(30), *range(20), *range(1, 15)]
    path = write_file("time/s,V/V\n" + "".join(f"{i},1\n" for i in times))
    for asked in ({}, {"tolerate_bad_rows": "true"}):
        words = r"cell.txt:32: the time begins anew 2 times.*rows 31, 51 of .* lines 32, 52 .*--set join_restarts=true"
        with pytest.raises(ReadError, match=words) as error:
            read(path, settings=asked)
        assert error.value.code == "LI-READ-007"
    record = read(path, settings={"join_restarts": "true"})
    assert record.time.tolist() == [*range(30), *range(29, 49), *range(48, 62)]
    (told,) = [text for text in record.warnings if text.startswith("LI-W-TIME")]
    assert "begins anew 2 times within the file (rows 31, 51 of the table" in told


def test_rows_of_zeros_are_no_restart(write_file) -> None:
    times = [0 if i in (40, 41) else i for i in range(100)]
    path = write_file("time/s,V/V\n" + "".join(f"{i},1\n" for i in times))
    with pytest.raises(ReadError, match="time is 0 and lies before.*rows 41, 42") as error:
        read(path, settings={"join_restarts": "true"})
    assert error.value.code == "LI-READ-007"
    both = read(path, settings={"join_restarts": "true", "tolerate_bad_rows": "true"})
    assert both.time.tolist() == [i for i in range(100) if i not in (40, 41)]


def test_rows_out_of_order_are_not_left_out_one_by_one(write_file) -> None:
    rows = "".join(f"{i},1\n" for i in [*range(30), *range(10, 30)])
    with pytest.raises(ReadError, match="not in the order of their times.*19 of 50 rows") as error:
        read(write_file("time/s,V/V\n" + rows), settings={"tolerate_bad_rows": "true"})
    assert error.value.code == "LI-READ-007"


def test_rests_and_cycles_are_kept(write_file) -> None:
    content = "time/s,V/V,I/A,Step Type,Cycle Index\n0,1,0,Rest,1\n1,1,1,CC Chg,1\n2,1,-1,CC DChg,1\n3,1,0,rest,2\n"
    record = read(write_file(content))
    assert (record.row_flags == RowFlag.REST).tolist() == [True, False, False, True]
    assert record.vendor_cycle_number.tolist() == [1, 1, 1, 2]


def test_unsigned_current_takes_the_sign_of_its_step(write_file) -> None:
    record = read(write_file("time/s,V/V,I/A,State\n0,1,0,R\n1,1,2,C\n2,1,3,D\n3,1,0,R\n"))
    assert record.current.tolist() == [0.0, 2.0, -3.0, 0.0]
    assert any(text.startswith("LI-W-SIGN the current has no sign") for text in record.warnings)


def test_unsigned_current_without_a_step_type_is_doubted(write_file) -> None:
    record = read(write_file("time/s,V/V,I/A\n0,1,0\n1,1,2\n2,1,3\n"))
    assert any(text.startswith("LI-W-SIGN the current is never negative") for text in record.warnings)


def test_inverted_current_is_refused_and_turned(write_file) -> None:
    path = write_file("time/s,V/V,I/A,State\n0,1,0,R\n1,1,-2,charge\n2,1,3,discharge\n3,1,0,R\n")
    with pytest.raises(ReadError, match="positive in discharge steps.*invert_current=true") as error:
        read(path)
    assert error.value.code == "LI-READ-010"
    record = read(path, settings={"invert_current": "true"})
    assert record.current.tolist() == [0.0, 2.0, -3.0, 0.0]
    assert not np.signbit(record.current[0])


def test_bare_time_that_the_clock_calls_minutes(write_file) -> None:
    rows = "".join(f"{i}\t1\t5/11/2021 3:4{i}:24 PM\n" for i in range(3))
    path = write_file("TestTime\tVoltage [V]\tDPT Time\n" + rows)
    with pytest.raises(ReadError, match="the clock column says it is not s.*--set time_unit=min") as error:
        read(path)
    assert error.value.code == "LI-READ-005"
    assert read(path, settings={"time_unit": "min"}).time.tolist() == [0.0, 60.0, 120.0]


@pytest.mark.parametrize(
    ("text", "key", "unit"),
    [
        ("Time (h)", "time", "h"),
        ("time/s", "time", "s"),
        ("Ewe/V", "ewe", "V"),
        ("E [mV]", "e", "mV"),
        ("ΔE (V)", "δe", "V"),
        ("∆E (V)", "δe", "V"),
        ("I / mA", "i", "mA"),
        ("Test Time / s", "testtime", "s"),
        ("Current(A)", "current", "A"),
        ("j / mA/cm2", "j", "mA/cm2"),
        ("control/V/mA", "control", "V/mA"),
        ("test_time_s", "testtime", "s"),
        ("step_time_s", "steptimes", None),
        ("~Time[s]", "time", "s"),
        ("Amps", "amps", None),
        ("Time in h", "time", "h"),
        ("Potential (V vs. Li/Li+)", "potential", "V vs. Li/Li+"),
    ],
)
def test_headings(text, key, unit) -> None:
    heading = parse_heading(text)
    assert (heading.key, heading.unit) == (key, unit)


# Within what is plausible for a voltage in volts.
FINITE = st.floats(-9, 9, allow_nan=False).map(lambda x: x + 0.0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=30),
    separator=st.sampled_from([",", ";", "\t", " "]),
    comma=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    preamble=st.integers(0, 5),
    data=st.data(),
)
def test_any_table_reads_back_bit_for_bit(tmp_path, steps, separator, comma, encoding, preamble, data) -> None:
    comma = comma and separator != ","
    time = np.cumsum(steps)
    voltage = np.array(data.draw(st.lists(FINITE, min_size=len(steps), max_size=len(steps))))
    current = np.array(data.draw(st.lists(FINITE, min_size=len(steps), max_size=len(steps))))
    rows = [separator.join(repr(float(x)) for x in row) for row in zip(time, voltage, current, strict=True)]
    body = "\n".join(rows)
    text = "Some words here\n" * preamble + separator.join(["time/s", "Ewe/V", "I/A"]) + "\n"
    path = tmp_path / "table.txt"
    path.write_bytes((text + (body.replace(".", ",") if comma else body) + "\n").encode(encoding))
    record = read(path)
    np.testing.assert_array_equal(record.time, time)
    np.testing.assert_array_equal(record.voltage, voltage)
    np.testing.assert_array_equal(record.current, current)


def test_stray_control_characters_are_no_separators(write_file) -> None:
    rows = "".join(f"{k},0.1\n" for k in range(9))
    with pytest.raises(ReadError, match="is not a number") as error:
        read(write_file(f"time/s,V/V\n{rows}9\x1f9,0.1\n10,0.1\n"))
    assert error.value.code == "LI-READ-006"


def test_millivolt_under_a_heading_of_volt_are_refused_and_corrected(write_file) -> None:
    rows = "".join(f"{60 * k},{20.5 if k % 2 else -20.5}\n" for k in range(20))
    path = write_file("Time(s),Voltage(V)\n" + rows, "cell.csv")
    with pytest.raises(ReadError, match=r"median \|voltage\| is 20.5 V.*--set voltage_unit=mV") as error:
        read(path)
    assert error.value.code == "LI-READ-010"
    np.testing.assert_allclose(np.abs(read(path, settings={"voltage_unit": "mV"}).voltage), 0.0205, rtol=1e-12)


def test_rows_hours_apart_are_told_and_divided_when_asked(write_file) -> None:
    rows = "".join(f"{216000 * k},{0.02 if k % 2 else -0.02}\n" for k in range(21))
    path = write_file("Time / s,V/V\n" + rows, "cell.csv")
    (told,) = [text for text in read(path).warnings if text.startswith("LI-W-TIME")]
    assert "half of the rows lie more than 60 h apart" in told
    assert "--set time_unit=s" in told
    divided = read(path, settings={"time_unit": "s"})
    assert divided.time.tolist() == [60.0 * k for k in range(21)]
    (said,) = [text for text in divided.warnings if text.startswith("LI-W-TIME")]
    assert "divided by 3600" in said
    # Few rows prove nothing, and steps of an hour are those of a slow test.
    few = write_file("Time / s,V/V\n" + "".join(f"{216000 * k},0.02\n" for k in range(20)), "few.csv")
    slow = write_file("Time / s,V/V\n" + "".join(f"{3600 * k},0.02\n" for k in range(40)), "slow.csv")
    for plain in (few, slow):
        assert not [text for text in read(plain).warnings if text.startswith("LI-W-TIME")]
        assert read(plain, settings={"time_unit": "s"}).time[1] in (216000.0, 3600.0)


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["2024-03-05 23:59:00", "2024-03-06 00:00:00", "2024-03-06 00:02:30"], None),
        (["05.03.2024 23:59:00", "06.03.2024 00:00:00", "06.03.2024 00:02:30"], None),
        (["03/31/2024 11:59:00 PM", "04/01/2024 12:00:00 AM", "04/01/2024 12:02:30 AM"], None),
        (["03/05/2024 23:59:00", "03/06/2024 00:00:00", "03/06/2024 00:02:30"], "month"),
        (["05/03/2024 23:59:00", "06/03/2024 00:00:00", "06/03/2024 00:02:30"], "day"),
    ],
)
def test_a_clock_stands_for_a_time_that_is_missing(write_file, dates, order) -> None:
    rows = "".join(f"{date},{0.05 if k else -0.05},1.13\n" for k, date in enumerate(dates))
    record = read(write_file("Date,Voltage(V),Current(mA)\n" + rows, "cell.csv"))
    assert record.time.tolist() == [0.0, 60.0, 210.0]
    assert record.voltage.tolist() == [-0.05, 0.05, 0.05]
    (told,) = [text for text in record.warnings if text.startswith("LI-W-TIME")]
    assert "no column is a time: the clock in the column 'Date' stands for it" in told
    assert (f"taken with the {order} first" in told) == (order is not None)


def test_a_row_without_its_date_is_refused(write_file) -> None:
    rows = "2024-03-05 09:00:00,1,1\n2024-03-05 09:01:00,1,1\n,1,1\n2024-03-05 09:03:00,1,1\n"
    with pytest.raises(ReadError, match="the time is empty.*row 3 of the table, line 4") as error:
        read(write_file("Date,Voltage(V),Current(mA)\n" + rows, "cell.csv"))
    assert error.value.code == "LI-READ-007"
