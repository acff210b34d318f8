"""Tables of impedances of anyone: columns in any order, units, signs, decimal marks, and every kind of bad input."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.errors import ReadError
from lithiate.readers import read
from lithiate.readers.impedance_headings import named_columns

FREQUENCY = np.array([1e4, 1e3, 1e2, 1e1, 1.0, 0.1])
IMPEDANCE = np.array([10 - 1j, 12 - 4j, 20 - 9j, 31 - 5j, 35 - 2.5j, 40 - 8j])


def rows(*columns, delimiter=",") -> str:
    return "".join(delimiter.join(f"{value:.17g}" for value in row) + "\n" for row in zip(*columns, strict=True))


def table(names, *columns, delimiter=",") -> str:
    return names + "\n" + rows(*columns, delimiter=delimiter)


PLAIN = table("freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag)


def codes(record) -> set[str]:
    return {text.split()[0] for text in record.warnings} - {"LI-W-AREA", "LI-W-CELL"}


LAYOUTS = {
    "plain": PLAIN,
    "tabs": PLAIN.replace(",", "\t"),  # names like EC-Lab's, but for the sign
    "german": table(
        "Frequenz (Hz);Realteil (Ohm);-Imaginärteil (Ohm)", FREQUENCY, IMPEDANCE.real, -IMPEDANCE.imag, delimiter=";"
    ),
    "order": table("Z''/ohm,Frequency (Hz),Z'/ohm", IMPEDANCE.imag, FREQUENCY, IMPEDANCE.real),
    "minus": table("f;Z' (Ω);-Z'' (Ω)", FREQUENCY, IMPEDANCE.real, -IMPEDANCE.imag, delimiter=";"),
    "primes": table("Freq, Z', Z\"", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag),
    "typographic": table(
        "Freq\tZ′ [kΩ]\t−Z″ [kΩ]", FREQUENCY, IMPEDANCE.real / 1e3, -IMPEDANCE.imag / 1e3, delimiter="\t"
    ),
    "units": table("f (kHz),Zreal (mOhm),Zimag (mOhm)", FREQUENCY / 1e3, IMPEDANCE.real * 1e3, IMPEDANCE.imag * 1e3),
    "line of units": table("f,Zre,Zim\nkHz,mOhm,mOhm", FREQUENCY / 1e3, IMPEDANCE.real * 1e3, IMPEDANCE.imag * 1e3),
    "logarithm": table("log10(f/Hz),Re,Im", np.log10(FREQUENCY), IMPEDANCE.real, IMPEDANCE.imag),
    "angular": table("omega (rad/s),Re,Im", 2 * np.pi * FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag),
    "polar": table("f/Hz,|Z|/Ohm,Phase(Z)/deg", FREQUENCY, abs(IMPEDANCE), np.degrees(np.angle(IMPEDANCE))),
    "polar rad": table("f/Hz,-phase (rad),Zmod (ohm)", FREQUENCY, -np.angle(IMPEDANCE), abs(IMPEDANCE)),
    "blanks": table("# f  Re  Im", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag, delimiter=" "),
    "names with blanks": table(
        "Frequency (Hz)   Z' (ohm)   Z'' (ohm)", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag, delimiter="  "
    ),
    "preamble": "Sample 7\nfixed at 35 mV\n\n" + PLAIN,
    "index": table(",Freq,Real,Imag", range(6), FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag),
    "complex": "f/Hz,Z\n" + "".join(f"{f},{z.real}{z.imag:+}j\n" for f, z in zip(FREQUENCY, IMPEDANCE, strict=True)),
    "complex in brackets": "frequency\timpedance (kohm)\n"
    + "".join(f"{f}\t({z.real / 1e3}{z.imag / 1e3:+}i)\n" for f, z in zip(FREQUENCY, IMPEDANCE, strict=True)),
    "comment below": PLAIN + "# end\n",
    "decimal comma": table("f;Z';Z''", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag, delimiter=";").replace(".", ","),
    "trailing delimiter": PLAIN.replace("\n", ",\n"),
    "quoted": PLAIN.replace("freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm", '"freq/Hz","Re(Z)/Ohm","Im(Z)/Ohm"'),
    "other columns": table(
        "f/Hz,Re(Z)/Ohm,Im(Z)/Ohm,<Ewe>/V,<I>/mA", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag, *[range(6)] * 2
    ),
}


WITHOUT_UNITS = {"minus", "primes", "typographic", "blanks", "index", "complex in brackets", "decimal comma"}
"""Layouts whose frequency states no unit."""


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_layouts(write_file, layout, encoding) -> None:
    record = read(write_file(LAYOUTS[layout], "cell.txt", encoding=encoding))
    assert record.technique == "impedance"
    assert codes(record) == ({"LI-W-COLUMNS"} if layout in WITHOUT_UNITS else set())
    np.testing.assert_allclose(record.frequency, FREQUENCY, rtol=1e-12)
    np.testing.assert_allclose(record.impedance, IMPEDANCE, rtol=1e-12)


def test_three_columns_without_names_are_taken_with_a_warning(write_file) -> None:
    record = read(write_file(rows(FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag)))
    np.testing.assert_array_equal(record.impedance, IMPEDANCE)
    assert codes(record) == {"LI-W-COLUMNS"}
    # Times run evenly and not over decades: such a table is none of impedances.
    with pytest.raises(ReadError, match="no line of names") as error:
        read(write_file(rows(np.arange(1.0, 300.0), np.full(299, 0.1), np.full(299, 1e-3))))
    assert error.value.code == "LI-READ-004"


def test_a_column_of_times_and_cycles_and_temperatures(write_file) -> None:
    names = "Cycle,Temperature (degC),Time (min),f/Hz,Re,Im"
    cycle, temperature = np.repeat([0, 10], 6), np.repeat([25.0, 60.0], 6)
    time = np.arange(12.0)
    twice = np.tile(FREQUENCY, 2), np.tile(IMPEDANCE.real, 2), np.tile(IMPEDANCE.imag, 2)
    record = read(write_file(table(names, cycle, temperature, time, *twice)))
    assert record.offsets.tolist() == [0, 6, 12]
    assert record.cycle.tolist() == [0, 10]
    np.testing.assert_allclose(record.temperature, [298.15, 333.15])
    np.testing.assert_allclose(record.time, time * 60.0)


def test_spectra_one_below_the_other_and_side_by_side(write_file) -> None:
    below = read(write_file(PLAIN + PLAIN))
    assert below.offsets.tolist() == [0, 6, 12]
    names = "f/Hz\tRe\tIm\tf/Hz\tRe\tIm"
    columns = FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag
    beside = read(write_file(table(names, *columns, *columns, delimiter="\t")))
    assert beside.offsets.tolist() == [0, 6, 12]
    np.testing.assert_array_equal(beside.impedance, np.tile(IMPEDANCE, 2))


@pytest.mark.parametrize(
    ("frequency", "offsets"),
    [
        ([100, 10, 1, 100, 10, 1], [0, 3, 6]),
        ([1, 10, 100, 1, 10, 100], [0, 3, 6]),
        ([100, 10, 1, 10, 100, 1000], [0, 3, 6]),  # there and back
        ([8, 7, 6, 5, 6, 7, 8], [0, 4, 7]),  # in small steps too
        ([100, 10, 10, 1, 0.1, 0.01], [0, 6]),  # a repeated frequency is of the same spectrum
        ([100, 50, 55, 20, 10, 1], [0, 6]),  # and so is a small step back
    ],
)
def test_where_a_spectrum_begins(write_file, frequency, offsets) -> None:
    z = np.arange(1.0, len(frequency) + 1.0)
    record = read(write_file(table("f/Hz,Re,Im", frequency, z, -z)))
    assert record.offsets.tolist() == offsets


def test_rows_without_order_are_said(write_file) -> None:
    frequency = np.random.default_rng(0).permutation(np.logspace(5, -1, 25))
    record = read(write_file(table("f/Hz,Re,Im", frequency, frequency**-0.5, -(frequency**-0.5))))
    assert any("the frequency turns back so often that" in text for text in record.warnings)


def test_a_positive_imaginary_part_is_kept_and_questioned(write_file) -> None:
    path = write_file(table("f/Hz,Re,Im", FREQUENCY, IMPEDANCE.real, -IMPEDANCE.imag))
    record = read(path)
    assert (record.impedance.imag > 0).all()
    (text,) = [text for text in record.warnings if text.startswith("LI-W-SIGN")]
    assert "--set invert_imaginary=true" in text
    np.testing.assert_array_equal(read(path, settings={"invert_imaginary": "true"}).impedance, IMPEDANCE)
    kept = read(path, settings={"invert_imaginary": "false"})
    assert codes(kept) == set()
    assert (kept.impedance.imag > 0).all()


def test_a_phase_that_contradicts_the_sign_is_refused_until_the_sign_is_stated(write_file) -> None:
    phase = np.degrees(np.angle(IMPEDANCE))
    path = write_file(table("f/Hz,Re,Im,Phase (deg)", FREQUENCY, IMPEDANCE.real, -IMPEDANCE.imag, phase))
    with pytest.raises(ReadError, match="phase contradicts the impedance.*invert_imaginary=true") as error:
        read(path)
    assert error.value.code == "LI-READ-010"
    np.testing.assert_array_equal(read(path, settings={"invert_imaginary": "true"}).impedance, IMPEDANCE)


def test_a_magnitude_of_another_unit_is_questioned(write_file) -> None:
    names = "f/Hz,Re (ohm),Im (ohm),|Z| (ohm)"
    record = read(write_file(table(names, FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag, abs(IMPEDANCE) / 1e3)))
    assert codes(record) == {"LI-W-SUSPECT"}


def test_a_frequency_that_stands_twice_is_said(write_file) -> None:
    frequency = FREQUENCY.copy()
    frequency[3] = frequency[2]
    record = read(write_file(table("f/Hz,Re,Im", frequency, IMPEDANCE.real, IMPEDANCE.imag)))
    assert record.frequency.size == 6
    assert any("1 frequencies stand more than once in one spectrum, the first 100 Hz" in w for w in record.warnings)


def test_a_run_that_was_stopped_keeps_its_points(write_file) -> None:
    for end in ("0.01,,\n0.001,nan,nan\n", "0.01,0,0\n0.001,0,0\n"):
        record = read(write_file(PLAIN + end))
        np.testing.assert_array_equal(record.impedance, IMPEDANCE)
        assert any(text.startswith("LI-W-ABORTED the last 2 rows") for text in record.warnings)


def test_an_impedance_times_an_area_needs_the_area(write_file) -> None:
    names = "f/Hz,Z' (Ohm cm²),Z'' (Ohm cm²)"
    path = write_file(table(names, FREQUENCY, IMPEDANCE.real * 1.13, IMPEDANCE.imag * 1.13))
    with pytest.raises(ReadError, match="without the electrode area") as error:
        read(path)
    assert error.value.code == "LI-READ-004"
    np.testing.assert_allclose(read(path, area="1.13 cm^2").impedance, IMPEDANCE, rtol=1e-12)


LINES = PLAIN.splitlines(keepends=True)
BAD = {
    "nan": (PLAIN.replace("20,-9", "nan,-9"), "LI-READ-008", "row 3 of the table"),
    "infinite": (PLAIN.replace("20,-9", "inf,-9"), "LI-READ-008", "row 3 of the table"),
    "empty cell": (PLAIN.replace("20,-9", "20,"), "LI-READ-008", "row 3 of the table"),
    "zero": (PLAIN.replace("20,-9", "0,0"), "LI-READ-008", "an impedance is exactly 0 in 1 of 6 rows"),
    "negative frequency": (PLAIN.replace("100,20", "-100,20"), "LI-READ-008", "row 3 of the table"),
    "empty": (" \n\n", "LI-READ-001", "empty"),
    "text": (PLAIN.replace("20,-9", "overload,-9"), "LI-READ-006", r"cell.txt:4.*'overload' in row 3"),
    "no rows": (LINES[0], "LI-READ-009", "0 rows"),
    "one row": ("".join(LINES[:2]), "LI-READ-009", "no spectrum"),
    "one frequency": (table("f,Re,Im", [50.0] * 4, [1.0] * 4, [-1.0] * 4), "LI-READ-009", "no spectrum"),
    "d.c. alone": (table("f,Re,Im", [0] * 4, [1.0] * 4, [-1.0] * 4), "LI-READ-009", "d.c. data alone"),
    "cut off": (PLAIN[: PLAIN.rindex(",")], "LI-READ-003", "last row is cut off"),
    "too long": (PLAIN.replace("20,-9", "20,-9,4"), "LI-READ-003", "more fields"),
    "no impedance": (table("f/Hz,Y' (S),Y'' (S)", *[FREQUENCY] * 3), "LI-READ-004", "parts of an impedance"),
    "no imaginary part": (table("f/Hz,Re,x", FREQUENCY, FREQUENCY, FREQUENCY), "LI-READ-004", "imaginary_column"),
    "two": (table("f,Zre,Re(Z),Im(Z)", FREQUENCY, FREQUENCY, FREQUENCY, FREQUENCY), "LI-READ-004", "real_column=NAME"),
    "unit": (PLAIN.replace("Re(Z)/Ohm", "Re(Z)/furlong"), "LI-READ-005", "impedance_unit=UNIT"),
    "phase without a unit": (table("f,|Z|,phase", *[FREQUENCY] * 2, [-0.5] * 6), "LI-READ-005", "phase_unit=deg"),
    "no number": ("f/Hz,Z\n1e3,1-2j\n1e2,ten\n1e1,1-3j\n", "LI-READ-006", "no complex number"),
    "two marks": (PLAIN.replace(",", ";").replace("20;", "20,5;").replace("12;", "1.5;"), "LI-READ-006", "commas and"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_a_reason(write_file, case) -> None:
    content, code, words = BAD[case]
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(content))
    assert error.value.code == code


def test_bad_rows_are_left_out_as_asked(write_file) -> None:
    for case in ("nan", "zero", "text", "too long", "cut off"):
        record = read(write_file(BAD[case][0]), settings={"tolerate_bad_rows": "true"})
        assert record.frequency.size == 5, case
        assert "LI-W-ROWS" in codes(record) or "LI-W-ABORTED" in codes(record), case


def test_a_number_that_may_lack_digits_is_said(write_file) -> None:
    short = table("f,Re,Im", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag * 1e3)[:-4]
    assert short.endswith("40,-8")
    assert any("last number '-8' may lack digits" in text for text in read(write_file(short)).warnings)
    whole = table("f,Re,Im", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag * 1e3)[:-1]
    assert codes(read(write_file(whole))) == {"LI-W-COLUMNS"}


def test_lines_of_text_among_the_rows_are_counted(write_file) -> None:
    record = read(write_file("".join([*LINES[:3], "paused here\n", *LINES[3:]])))
    assert any("LI-W-ROWS 1 lines among the rows" in text for text in record.warnings)
    assert record.offsets.tolist() == [0, 6]


def test_settings_name_columns_and_units(write_file) -> None:
    path = write_file(table("f,Y1,Y2", FREQUENCY, IMPEDANCE.real / 1e3, IMPEDANCE.imag / 1e3))
    named = {"real_column": "Y1", "imaginary_column": "Y2", "impedance_unit": "kohm"}
    np.testing.assert_allclose(read(path, settings=named).impedance, IMPEDANCE, rtol=1e-12)
    with pytest.raises(ReadError, match="names no column.*did you mean 'Y1'") as error:
        read(path, settings={**named, "real_column": "Y1 "[:2] + "x"})
    assert error.value.code == "LI-READ-004"


def test_a_cycling_record_below_a_line_with_a_frequency_stays_one(write_file) -> None:
    rows_below = "".join(f"{k};{0.1 if k % 2 else -0.1}\n" for k in range(9))
    assert read(write_file("Frequency;10\nTime / s;Voltage / V\n" + rows_below)).technique == "cycling"


def test_a_cycling_record_with_a_frequency_of_recording_stays_one(write_file) -> None:
    text = "Time (s),Voltage (V),Current (A),Frequency (Hz)\n0,0.1,1e-3,10\n1,0.1,1e-3,10\n2,-0.1,-1e-3,10\n"
    with pytest.raises(ReadError) as error:  # as before: a table with a frequency is left to the caller's settings
        read(write_file(text))
    assert error.value.code == "LI-READ-002"
    named = {"time_column": "Time (s)", "voltage_column": "Voltage (V)"}
    assert read(write_file(text), settings=named).technique == "cycling"


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("Zs''[ohm]", ("imaginary", False, "ohm")),
        ("-Im(Z)/Ohm", ("imaginary", True, "ohm")),
        ("minus Zimag", ("imaginary", True, None)),
        ("Z' (Ohm cm²)", ("real", False, "ohm cm2")),
        ("ω/rad s-1", ("frequency", False, "rad/s")),
        ("frequency_hz", ("frequency", False, "Hz")),
        ("-Phase (°)", ("phase", True, "deg")),
        ("Data: Theta (Z)", ("phase", False, None)),
        ("Zreal[MΩ]", ("real", False, "Mohm")),
    ],
)
def test_headings(heading, meaning) -> None:
    column = named_columns([heading])[0]
    assert (column.quantity, column.negative, column.unit) == meaning


@pytest.mark.parametrize(
    "heading", ["E Real", "Z2 Real", "Current (A)", "Voltage", "E (V)", "Re(Y)/Ohm-1", "Cycle count", "Status"]
)
def test_headings_of_something_else(heading) -> None:
    assert named_columns([heading]) == []


def test_rows_of_a_frequency_of_zero_are_counted(write_file) -> None:
    frequency = np.array([*FREQUENCY[:3], 0.0, *FREQUENCY[4:]])
    record = read(write_file(table("f/Hz,Re(Z)/Ohm,Im(Z)/Ohm", frequency, IMPEDANCE.real, IMPEDANCE.imag)))
    assert record.frequency.tolist() == [1e4, 1e3, 1e2, 1.0, 0.1]
    assert "LI-W-ROWS 1 of 6 rows have a frequency of 0 and were left out" in record.warnings


def test_a_frequency_without_a_unit_is_said_to_be_taken_in_hertz(write_file) -> None:
    path = write_file(table("Frequency,Z real,Z imag", FREQUENCY, IMPEDANCE.real, IMPEDANCE.imag))
    record = read(path)
    text = "LI-W-COLUMNS the heading 'Frequency' states no unit: Hz is taken (--set frequency_unit=kHz says another)"
    assert text in record.warnings
    stated = read(path, settings={"frequency_unit": "kHz"})
    assert stated.frequency == pytest.approx(1e3 * record.frequency)
    assert "LI-W-COLUMNS" not in codes(stated)
    assert "LI-W-COLUMNS" not in codes(read(write_file(PLAIN, "plain.csv")))


@pytest.mark.parametrize(
    ("frequency", "words"),
    [
        ([1e4, 1e3, -1e2, 1e1, 1.0, 0.1], "a frequency is negative in 1 of 6 rows; got 'row 3 of the table'"),
        ([1e3] * 6, "all rows have one frequency, 1000 Hz"),
    ],
)
def test_frequencies_that_make_no_spectrum_are_named(write_file, frequency, words) -> None:
    with pytest.raises(ReadError, match=words):
        read(write_file(table("f/Hz,Re(Z)/Ohm,Im(Z)/Ohm", frequency, IMPEDANCE.real, IMPEDANCE.imag)))
