"""BioLogic's text: headers, encodings, decimal commas, columns, spectra."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers import read, read_all

NAMES = "mode\tNs\ttime/s\tEwe/V\tcycle number\t<I>/mA"
ROWS = ["3\t0\t0\t1.5\t0\t0", "1\t1\t10\t-5.0E-002\t1.0E+000\t-1.1", "1\t2\t20\t5.0E-002\t1.0E+000\t1.1"]
PEIS = "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\ttime/s\tcycle number\t"


def export(names=NAMES, rows=ROWS, technique="Galvanostatic Cycling with Potential Limitation", count=None, more=()):
    lines = ["EC-Lab ASCII FILE", "", "", technique, "", "Electrode surface area : 0.001 cm²", *more, "", names]
    lines[1] = f"Nb header lines : {len(lines) if count is None else count}      "
    return "\n".join([*lines, *rows]) + "\n"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cycling(write_file, encoding, end) -> None:
    record = read(write_file(export().replace("\n", end), "cell.csv", encoding=encoding))
    assert record.provenance.reader == "biologic-text"
    assert record.provenance.origin == "measured"
    assert record.time.tolist() == [0.0, 10.0, 20.0]
    assert record.voltage.tolist() == [1.5, -0.05, 0.05]
    np.testing.assert_allclose(record.current, [0.0, -1.1e-3, 1.1e-3], rtol=1e-15)
    assert record.vendor_cycle_number.tolist() == [0, 1, 1]
    assert record.row_flags.tolist() == [RowFlag.REST, 0, 0]
    assert record.specimen.area is None  # 0.001 cm2 is the program's default


def test_decimal_comma_and_a_trailing_tab(write_file) -> None:
    content = export(names=NAMES + "\t", rows=[row.replace(".", ",") for row in ROWS])
    assert read(write_file(content)).voltage.tolist() == [1.5, -0.05, 0.05]


@pytest.mark.parametrize("count", [3, 9, 400])
def test_a_wrong_count_of_header_lines(write_file, count) -> None:
    assert read(write_file(export(count=count))).time.tolist() == [0.0, 10.0, 20.0]


def test_cell_voltage_beside_electrode_potential(write_file) -> None:
    content = export("time/s\tEwe/V\tEcell/V\tI/mA\t<I>/mA", ["0\t0.1\t3.5\t1\t2", "1\t0.2\t3.6\t1\t2"])
    record = read(write_file(content))
    assert record.voltage.tolist() == [3.5, 3.6]
    assert record.electrode_potential.tolist() == [0.1, 0.2]
    assert record.current.tolist() == [1e-3, 1e-3]
    chosen = read(write_file(content), settings={"voltage_column": "Ewe/V", "current_column": "<I>/mA"})
    assert (chosen.voltage[0], chosen.current[0], chosen.electrode_potential) == (0.1, 2e-3, None)


def test_without_current(write_file) -> None:
    assert read(write_file(export("time/s\t<Ewe/V>", ["0\t1", "1\t2"]))).current is None


def test_a_program_without_an_impedance(write_file) -> None:
    content = export("time/s\tEwe/V\tI/mA\tfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm", ["0\t1\t1\t0\t0\t0", "1\t2\t1\t0\t0\t0"])
    assert read(write_file(content)).voltage.tolist() == [1.0, 2.0]


def test_sweep(write_file) -> None:
    more = [
        "Ei (V)              0.000               ",
        "dE/dt               0,500               ",
        "dE/dt unit          mV/s                ",
    ]
    content = export(
        "time/s\tEwe/V\t<I>/mA", ["0\t0\t0", "1\t0.1\t1", "2\t0.2\t2"], "Linear Sweep Voltammetry", more=more
    )
    curve = read(write_file(content))
    assert curve.technique == "polarisation"
    assert curve.current.tolist() == [0.0, 1e-3, 2e-3]
    assert curve.conditions == {"sweep_rate": 5e-4}
    assert read(write_file(content), technique="cycling").time.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(ReadError, match="holds no impedance record; got 'a record of the technique polarisation'"):
        read(write_file(content), technique="impedance")


def test_spectrum_and_its_sign(write_file) -> None:
    spectra = read(write_file(export(PEIS, ["1e3\t10\t2\t0.5\t1", "1e2\t11\t3\t0.7\t1", "10\t12\t-1\t0.9\t1"])))
    assert spectra.technique == "impedance"
    assert spectra.impedance.tolist() == [10 - 2j, 11 - 3j, 12 + 1j]
    assert spectra.time.tolist() == [0.5, 0.7, 0.9]
    assert spectra.cycle is None  # a counter that never left 1 says nothing
    assert any(text.startswith("LI-W-CELL nothing says what the cell is: give --cell") for text in spectra.warnings)


def test_headless_table_of_an_impedance(write_file) -> None:
    spectra = read(write_file("freq/Hz\tRe(Z)/kOhm\t-Im(Z)/kOhm\n1,0E3\t1,5\t0,5\n1,0E2\t2,5\t0,5\n"))
    assert spectra.impedance.tolist() == [1500 - 500j, 2500 - 500j]


@pytest.mark.parametrize(
    ("frequency", "cycle", "more", "offsets"),
    [
        ([100, 10, 1, 100, 10, 1], [0] * 6, (), [0, 3, 6]),  # the frequency turns back
        ([1, 10, 100, 1, 10, 100], [0] * 6, (), [0, 3, 6]),  # upwards
        ([100, 10, 9, 8, 7, 6], [1, 1, 1, 2, 2, 2], (), [0, 3, 6]),  # the counter
        (
            [100, 10, 9, 8, 7, 6],
            [1] * 6,
            ("Loop 0 from point number 0 to 1", "Loop 1 from point number 2 to 5"),
            [0, 2, 6],
        ),
        ([100, 10, 0, 100, 10, 1], [0] * 6, (), [0, 2, 5]),  # a row without a frequency
        ([100, 10, 1, 100, 10, 100], [0] * 6, (), [0, 3, 5]),  # a spectrum of a single point
    ],
)
def test_several_spectra(write_file, frequency, cycle, more, offsets) -> None:
    rows = [f"{f}\t10\t1\t{k}\t{c}" for k, (f, c) in enumerate(zip(frequency, cycle, strict=True))]
    spectra = read(write_file(export(PEIS, rows, more=more)))
    assert spectra.offsets.tolist() == offsets
    assert any("LI-W-SPECTRUM 1 spectra" in text for text in spectra.warnings) == (
        frequency[-1] == 100 and offsets[-1] == 5
    )


@pytest.mark.parametrize(
    ("counter", "expected"), [([1, 5], [0, 4]), ([0, 3], [0, 3]), ([51, 51], [50, 50]), ([0, 0], None)]
)
def test_cycles_before_a_spectrum(write_file, counter, expected) -> None:
    rows = [f"{f}\t10\t1\t0\t{c}" for c in counter for f in (100, 10)]
    cycle = read(write_file(export(PEIS, rows))).cycle
    assert (None if cycle is None else cycle.tolist()) == expected


@pytest.mark.parametrize(
    ("names", "rows", "code", "words"),
    [
        ("time/s\tEwe/V", ["0\t1\t2", "1\t1\t2"], "LI-READ-003", "2 names and 3 fields"),
        ("time/s\tEwe/V\tI/mA\tQ/C", ["0\t1", "1\t1"], "LI-READ-003", "4 names and 2 fields"),
        ("time/s\tEwe/V", [], "LI-READ-001", "holds no rows"),
        ("time/s\tEwe/V\tI/mA", ["0\t1\t0", "1\tx\t0"], "LI-READ-006", "not a number"),
        ("freq/Hz\tRe(Z)/Ohm", ["100\t1", "10\t1"], "LI-READ-004", "column of the imaginary part is missing"),
        (PEIS, ["100\t1\t2\t0\t1", "10\t\t2\t0\t1"], "LI-READ-008", "impedance is empty"),
        (PEIS, ["0\t1\t2\t0\t1", "1\t1\t2\t0\t1"], "LI-READ-009", "holds no spectrum"),
        ("freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm", ["0\t1\t2", "0\t1\t2"], "LI-READ-009", "holds no spectrum"),
        ("Ewe/V\tI/mA", ["0\t1", "1\t1"], "LI-READ-004", "no line names the columns"),
        ("freq/Hz\tRe(Z)/Ofm\t-Im(Z)/Ohm", ["100\t1\t2", "10\t1\t2"], "LI-READ-005", r"the column 'Re\(Z\)/Ofm'"),
    ],
)
def test_refusals(write_file, names, rows, code, words) -> None:
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(export(names, rows)))
    assert error.value.code == code


def test_bad_rows_of_a_spectrum_can_be_left_out(write_file) -> None:
    content = export(PEIS, ["100\t1\t2\t0\t1", "10\t\t2\t0\t1", "1\t3\t1\t0\t1"])
    spectra = read(write_file(content), settings={"tolerate_bad_rows": "true"})
    assert spectra.frequency.tolist() == [100.0, 1.0]
    assert any("LI-W-ROWS 1 of 3 rows were left out" in text for text in spectra.warnings)


def test_more_names_than_fields_keeps_what_is_stored(write_file) -> None:
    names = "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tRe(Zwe-ce)/Ohm\t-Im(Zwe-ce)/Ohm\tx\ty\tz"
    spectra = read(write_file(export(names, ["100\t1\t2\t3\t4\t5", "10\t1\t2\t3\t4\t5"])))
    assert spectra.impedance.tolist() == [1 - 2j, 1 - 2j]
    assert any(text.startswith("LI-W-COLUMNS 8 names stand above 6 fields") for text in spectra.warnings)


def test_zeros_in_place_of_a_voltage(write_file) -> None:
    record = read(write_file(export("time/s\tEwe/V\tI/mA", [f"{t}\t{0 if t else 1}\t1" for t in range(9)])))
    assert any(text.startswith("LI-W-ZERO the voltage is exactly 0 in 89%") for text in record.warnings)


def test_spectra_of_several_files(write_file) -> None:
    rows = ["1e3\t10\t2\t0.5\t1", "1e2\t11\t3\t0.7\t1"]
    first, second = write_file(export(PEIS, rows), "a.mpt"), write_file(export(PEIS, [*rows, "1\t2\t3\t4\t1"]), "b.mpt")
    spectra = read([second, first], cell="symmetric")
    assert spectra.offsets.tolist() == [0, 3, 5]
    assert spectra.time is None
    assert spectra.provenance.source == "b.mpt + a.mpt"
    cycling = write_file(export(), "c.mpt")
    both = read_all([first, cycling], cell="symmetric")
    assert [record.technique for record in both] == ["cycling", "impedance"]
    assert any("also hold a record of impedance" in text for text in read([first, cycling], cell="symmetric").warnings)


HEADER = (
    "Run on channel : D8 (SN 0892)",
    "Acquisition started on : 09/10/2015 16:17:59.430",
    "EC-Lab for windows v11.32 (software)",
    "Mass of active material : 7,000 mg",
    "Characteristic mass : 0.001 g",
    "Battery capacity : 2413.000 µA.h",
    "Comments : spring",
    "Modify on : 09/11/2015 16:17:59.430",
    "Comments : summer",
)


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250", "utf-8"])
def test_what_the_header_states(write_file, encoding) -> None:
    content = export(more=HEADER).replace("0.001 cm²", "0,785 cm²" if encoding != "cp1250" else "0,785 cm˛")
    record = read(write_file(content, encoding=encoding))
    details = record.provenance.details
    assert details["start"] == pytest.approx(1441901879.430)  # 2015-09-10 16:17:59.430, the month first
    assert details["identity"] == {"channel": "SN 892"}
    assert details["stored"] == {
        "technique": "GCPL",
        "recorded_with": "11.32",
        "comment": "spring",
        "stored_area": pytest.approx(0.785e-4),
        "stored_active_mass": pytest.approx(7e-6),
        "stored_battery_capacity": pytest.approx(2.413 * 3.6),
    }
    assert record.specimen.area is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("04.29.2015 11:07:38", 1430305658.0),
        ("11-08-23 00:00:01", 1699401601.0),
        ("03/02/2021 16:17:59,5", 1614701879.5),
        ("DD/MM/YYYY HH:MM:SS", None),
        ("29.04.2015 11:07:38", None),  # the day first does not occur, and is not guessed
    ],
)
def test_starts(write_file, text, expected) -> None:
    content = export(more=(f"Acquisition started on : {text}", "Technique started on : 01/01/2020 00:00:00"))
    assert read(write_file(content)).provenance.details.get("start") == expected


def test_two_columns_without_a_header(write_file) -> None:
    record = read(write_file("time/s\tEwe/V\t\r\n9.07E+002\t2.4E-002\t\r\n9.08E+002\t8.7E-002\t\r\n"))
    assert record.provenance.reader == "biologic-text"
    assert record.voltage.tolist() == [0.024, 0.087]
    assert record.current is None


def test_a_table_without_a_header(write_file) -> None:
    record = read(write_file("time/s\tEcell/V\tI/mA\n281672\t2,9344\t1,5\n281793\t2,9814\t1,5\n"))
    assert record.provenance.reader == "biologic-text"
    assert record.current.tolist() == [1.5e-3, 1.5e-3]


def test_working_and_counter_electrode(write_file) -> None:
    record = read(write_file(export("time/s\tEwe/V\tEce/V", ["0\t0.5\t-0.25", "1\t0.75\t0.125"])))
    assert record.voltage.tolist() == [0.75, 0.625]
    assert record.electrode_potential.tolist() == [0.5, 0.75]
    record = read(write_file(export("time/s\tEwe/V\tEce/V", ["0\t0.5\t0", "1\t0.75\t0"])))
    assert record.voltage.tolist() == [0.5, 0.75]
    assert record.electrode_potential is None


def test_a_current_from_the_charge(write_file) -> None:
    rows = ["1\t0\t0\t1\t0", "1\t10\t0.01\t1\t0", "1\t20\t-0.02\t1\t1"]
    record = read(write_file(export("mode\ttime/s\tdq/mA.h\tEwe/V\thalf cycle", rows)))
    np.testing.assert_allclose(record.current, [0.0, 3.6e-3, -7.2e-3], rtol=1e-12)
    assert any("derived from dq/dt" in text for text in record.warnings)
    assert record.vendor_cycle_number.tolist() == [0, 0, 1]


def test_a_program_with_impedances_and_direct_current(write_file) -> None:
    names = "time/s\tEwe/V\tI/mA\tNs\tfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm"
    rows = ["0\t1\t2\t0\t0\t\t", "1\t2\t2\t0\t0\t\t", "2\t1\t0\t1\t100\t10\t1", "3\t1\t0\t1\t10\t11\t2"]
    rows += ["4\t3\t-2\t2\t0\t\t", "5\t1\t0\t3\t90\t12\t1", "6\t1\t0\t3\t80\t13\t1"]
    record, spectra = read_all(write_file(export(names, rows, technique="Modulo Bat")), cell="symmetric")
    assert record.time.tolist() == [0.0, 1.0, 4.0]
    assert record.voltage.tolist() == [1.0, 2.0, 3.0]
    assert record.current.tolist() == [2e-3, 2e-3, -2e-3]
    assert spectra.offsets.tolist() == [0, 2, 4]
    assert spectra.time.tolist() == [2.0, 3.0, 5.0, 6.0]


def test_a_header_with_more_lines_than_most(write_file) -> None:
    more = [f"Loop {k} from point number {k} to {k}" for k in range(6000)]
    assert read(write_file(export(more=more))).time.tolist() == [0.0, 10.0, 20.0]
    assert read(write_file(export(count=10**40))).time.tolist() == [0.0, 10.0, 20.0]


def test_a_counter_beyond_all_cycles_is_none(write_file) -> None:
    record = read(write_file(export(rows=[*ROWS, "1\t2\t30\t5.0E-002\t1.0E+021\t1.1"])))
    assert record.vendor_cycle_number is None


def test_a_last_row_that_is_cut_off_is_named_by_its_line(write_file) -> None:
    path = write_file(export()[: -len("\t1.0E+000\t1.1\n")])
    line = export().count("\n")
    with pytest.raises(ReadError, match=rf"^cell.txt:{line}: the last row is cut off.*tolerate_bad_rows=true") as error:
        read(path)
    assert error.value.code == "LI-READ-003"
    assert read(path, settings={"tolerate_bad_rows": "true"}).time.tolist() == [0.0, 10.0]


def test_a_bad_row_among_spectra_is_named_by_its_line(write_file) -> None:
    rows = ["100\t1\t-1\t0\t0\t0", "0\t0\t0\t5\t0\t1", "0\t0\t0\t6\t0\t", "0\t0\t0\t7\t0\t1"]
    content = export(PEIS + "Ewe/V", rows)
    line = content.count("\n") - 1
    with pytest.raises(ReadError, match=f"^cell.txt:{line}: the voltage is empty") as error:
        read(write_file(content))
    assert error.value.code == "LI-READ-008"
