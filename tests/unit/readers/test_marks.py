"""Decimal marks: never a silent factor of 1000."""

from __future__ import annotations

import pytest

from lithiate.errors import ReadError
from lithiate.readers import read

NAMES = "time/s;Ewe/V;I/mA\n"


def rows(*lines: str) -> str:
    return NAMES + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("content", "voltage", "current"),
    [
        # A comma that can only be a decimal one decides for the cells beside it.
        (rows("0;0,050;1,234", "1;0,051;12,5", "2;0,052;1,5"), [0.050, 0.051, 0.052], [1.234e-3, 12.5e-3, 1.5e-3]),
        (rows("0;0,05;1,234", "1;0,06;1,235", "2;0,07;1,236"), [0.05, 0.06, 0.07], [1.234e-3, 1.235e-3, 1.236e-3]),
        # Thousands beside decimal points.
        (rows("0;3.7;1,234.5", "1;3.71;1,000.0", "2;3.72;999.5"), [3.7, 3.71, 3.72], [1.2345, 1.0, 0.9995]),
        (rows("0;3.7;1,234", "1;3.71;999.5", "2;3.72;998.5"), [3.7, 3.71, 3.72], [1.234, 0.9995, 0.9985]),
        (rows("0;3.7;1,234,567.0", "1;3.71;1", "2;3.72;2"), [3.7, 3.71, 3.72], [1234.567, 1e-3, 2e-3]),
        # The other way round.
        (rows("0;3,7;1.234,5", "1;3,71;999,5", "2;3,72;998,5"), [3.7, 3.71, 3.72], [1.2345, 0.9995, 0.9985]),
        (rows("0;3,7;1.234", "1;3,71;999,5", "2;3,72;998,5"), [3.7, 3.71, 3.72], [1.234, 0.9995, 0.9985]),
        (rows("0;3,7e0;1,234E-05", "1;3,71;2E-05", "2;3,72;3E-05"), [3.7, 3.71, 3.72], [1.234e-8, 2e-8, 3e-8]),
        # Each column by itself.
        (rows("0;3,7;1.5", "1;3,71;1.6", "2;3,72;1.7"), [3.7, 3.71, 3.72], [1.5e-3, 1.6e-3, 1.7e-3]),
    ],
)
def test_decided_from_evidence(write_file, content, voltage, current) -> None:
    record = read(write_file(content))
    assert record.voltage.tolist() == pytest.approx(voltage, rel=1e-12)
    assert record.current.tolist() == pytest.approx(current, rel=1e-12)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (rows("0;1,001;1,234", "1;1,002;1,235", "2;1,003;1,236"), "1,001 in line 2"),
        (rows("0;3;1", "1;3;1", "2;3;1,236"), "1,236 in line 4"),
        (rows("0;3,7;1.234", "1;3,71;1.235", "2;3,72;1.236"), "1.234 in line 2"),
    ],
)
def test_undecided_is_refused_with_file_line_and_setting(write_file, content, place) -> None:
    words = f"reads in two ways, a factor of 1000 apart; got '{place}'.*--set decimal_mark=comma.*decimal_mark=point"
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(content))
    assert error.value.code == "LI-READ-006"
    assert str(error.value).startswith(f"cell.txt:{place.split()[-1]}: ")


@pytest.mark.parametrize(("mark", "factor"), [("comma", 1.0), ("point", 1000.0)])
def test_the_callers_word(write_file, mark, factor) -> None:
    path = write_file(rows("0;1,001;1,234", "1;1,002;1,235", "2;1,003;1,236"))
    settings = {"decimal_mark": mark, "voltage_unit": "mV"}
    record = read(path, settings=settings)
    assert record.current.tolist() == pytest.approx([1.234e-3 * factor, 1.235e-3 * factor, 1.236e-3 * factor])


def test_a_number_that_contradicts_the_callers_word(write_file) -> None:
    path = write_file(rows("0;3.7;1", "1;3.71;1", "2;3.72;1"))
    with pytest.raises(ReadError, match="does not fit the decimal comma.*3.7 in line 2.*decimal_mark=point"):
        read(path, settings={"decimal_mark": "comma"})


def test_both_marks_in_one_column(write_file) -> None:
    with pytest.raises(ReadError, match="numbers with decimal commas and numbers with decimal points.*3,71 in line 3"):
        read(write_file(rows("0;3.7;1", "1;3,71;1", "2;3.72;1")))


def test_points_of_thousands_beside_decimal_points(write_file) -> None:
    with pytest.raises(ReadError, match=r"numbers with decimal points.*1\.234\.567 in line 3"):
        read(write_file(rows("0;3.7;1.5", "1;3.71;1.234.567", "2;3.72;1,234")))


def test_thousands_that_were_inferred_are_said(write_file) -> None:
    record = read(write_file(rows("0;3.7;1,234", "1;3.71;999.5", "2;3.72;998.5")))
    assert any(text.startswith("LI-W-DECIMAL cells such as '1,234' were read as thousands") for text in record.warnings)


def test_a_counter_follows_the_file(write_file) -> None:
    record = read(
        write_file("time/s;Ewe/V;I/mA;cycle number\n0,5;3,7;1,25;1,000\n1,5;3,8;1,26;2,000\n2,5;3,8;1,2;2,000\n")
    )
    assert record.vendor_cycle_number.tolist() == [1, 2, 2]


def test_bdf_with_quoted_decimal_commas(write_file) -> None:
    names = "test_time_second,voltage_volt,current_ampere\n"
    record = read(write_file(names + '"0,5","3,7","1,25"\n"1,5","3,8","1,26"\n'))
    assert record.time.tolist() == [0.5, 1.5]
    assert record.current.tolist() == [1.25, 1.26]
