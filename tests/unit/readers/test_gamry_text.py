"""Gamry's text: tables, settings, notes, signs."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.errors import ReadError
from lithiate.readers import read

HEAD = "EXPLAIN\nTAG\t{tag}\nNOTES\tNOTES\t2\t&Notes...\n\tZCURVE\tTABLE\n\tfree text\nAREA\tQUANT\t1.0\t&Area (cm^2)\n"
OCV = "OCVCURVE\tTABLE\t99\n\tPt\tT\tVf\tVm\tAch\tOver\n\t#\ts\tV vs. Ref.\tV\tV\tbits\n\t0\t0.2\t-0.3\t-0.3\t0\t...a\n"
Z_NAMES = "\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\n\t#\ts\tHz\tohm\tohm\tV\tohm\t\N{DEGREE SIGN}\n"
CURVE_NAMES = "\tPt\tT\tVf\tIm\tVu\tOver\n\t#\ts\tV vs. Ref.\tA\tV\tbits\n"


def zcurve(points, name="ZCURVE"):
    rows = []
    for k, (frequency, z) in enumerate(points):
        angle = np.degrees(np.angle(z))
        rows.append(f"\t{k}\t{k + 1}\t{frequency}\t{z.real}\t{z.imag}\t1\t{abs(z)}\t{angle}\n")
    return f"{name}\tTABLE\n{Z_NAMES}{''.join(rows)}"


def curve(rows, name="CURVE", over="...."):
    return f"{name}\tTABLE\t99999\n{CURVE_NAMES}" + "".join(
        f"\t{k}\t{t}\t{v}\t{i}\t0\t{over}\n" for k, (t, v, i) in enumerate(rows)
    )


SPECTRUM = [(1e3, 10 - 2j), (1e2, 11 - 3j), (10.0, 12 + 0.5j)]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("comma", [False, True])
def test_spectrum(write_file, encoding, end, comma) -> None:
    content = HEAD.format(tag="EISPOT") + OCV + zcurve(SPECTRUM)
    content = content.replace(".", ",") if comma else content
    spectra = read(write_file(content.replace("\n", end), "cell.txt", encoding=encoding))
    assert spectra.provenance.reader == "gamry-text"
    assert spectra.technique == "impedance"
    assert spectra.frequency.tolist() == [1e3, 1e2, 10.0]
    assert spectra.impedance.tolist() == [10 - 2j, 11 - 3j, 12 + 0.5j]
    assert spectra.time.tolist() == [1.0, 2.0, 3.0]


def test_an_aborted_run_keeps_its_points(write_file) -> None:
    end = "EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted\nFRACURVE\tTABLE\t1\n\tPt\tT\n\t#\ts\n\t0\t1\n"
    spectra = read(write_file(HEAD.format(tag="EISPOT") + zcurve(SPECTRUM) + end))
    assert spectra.frequency.size == 3
    assert any(text.startswith("LI-W-ABORTED") for text in spectra.warnings)


def test_the_temperature_of_the_rest_is_kept_and_not_used(write_file) -> None:
    names = "\tPt\tT\tVf\tOver\tTemp\n\t#\ts\tV vs. Ref.\tbits\tdeg C\n"
    for celsius, stored in (((25.1, 25.3), "25.2 degC"), ((-327.67, -327.67), None)):
        rest = f"OCVCURVE\tTABLE\t2\n{names}" + "".join(f"\t{k}\t{k}\t0.1\t...a\t{t}\n" for k, t in enumerate(celsius))
        spectra = read(write_file(HEAD.format(tag="EISPOT") + rest + zcurve(SPECTRUM)))
        assert spectra.provenance.details["stored"].get("stored_temperature") == stored
        assert spectra.temperature is None


def test_a_frequency_that_stands_twice_is_of_the_same_spectrum(write_file) -> None:
    points = [*SPECTRUM[:2], (1e2, 11 - 3.1j), SPECTRUM[2]]
    spectra = read(write_file(HEAD.format(tag="EISPOT") + zcurve(points)))
    assert spectra.offsets.tolist() == [0, 4]
    assert any("1 frequencies stand more than once in one spectrum" in text for text in spectra.warnings)


def test_an_imaginary_part_of_the_other_sign_is_questioned(write_file) -> None:
    path = write_file(HEAD.format(tag="EISPOT") + zcurve([(f, z.conjugate()) for f, z in SPECTRUM[:2]]))
    assert any(text.startswith("LI-W-SIGN") for text in read(path).warnings)
    assert read(path, settings={"invert_imaginary": "true"}).impedance.tolist() == [10 - 2j, 11 - 3j]


def test_several_spectra(write_file) -> None:
    spectra = read(write_file(HEAD.format(tag="EISPOT") + zcurve(SPECTRUM) + zcurve(SPECTRUM[:2], "ZCURVE1")))
    assert spectra.offsets.tolist() == [0, 3, 5]
    assert spectra.time is None  # each began anew
    assert any(text.startswith("LI-W-TIME the times of the spectra") for text in spectra.warnings)


def test_a_phase_of_the_other_sign_is_refused(write_file) -> None:
    content = HEAD.format(tag="EISPOT") + zcurve(SPECTRUM).replace("\t-2.0\t", "\t2.0\t")
    with pytest.raises(ReadError, match="phase contradicts the impedance.*row 1") as error:
        read(write_file(content))
    assert error.value.code == "LI-READ-010"


def test_cycling(write_file) -> None:
    rows = [(0, -0.05, -1e-3), (10, -0.05, -1e-3), (20, 0.05, 1e-3)]
    record = read(write_file(HEAD.format(tag="CHRONOP") + OCV + curve(rows)))
    assert record.technique == "cycling"
    assert record.time.tolist() == [0.0, 10.0, 20.0]
    assert record.voltage.tolist() == [-0.05, -0.05, 0.05]
    assert record.current.tolist() == [-1e-3, -1e-3, 1e-3]
    assert record.vendor_cycle_number is None
    assert record.specimen.area is None


def test_tables_of_cycles(write_file) -> None:
    tables = curve([(0, 1, 1), (10, 2, 1)], "CURVE1") + curve([(20, 3, 1), (30, 4, 1)], "CURVE2")
    record = read(write_file(HEAD.format(tag="CHRONOP") + tables))
    assert record.time.tolist() == [0.0, 10.0, 20.0, 30.0]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2, 2]
    anew = tables.replace("\t0\t20\t", "\t0\t0\t").replace("\t1\t30\t", "\t1\t5\t")
    record = read(write_file(HEAD.format(tag="CHRONOP") + anew))
    assert record.time.tolist() == [0.0, 10.0, 10.0, 15.0]
    assert any(text.startswith("LI-W-TIME the time begins anew in 1 of 2 tables") for text in record.warnings)


def test_sweep(write_file) -> None:
    content = (
        HEAD.format(tag="CV")
        + "SCANRATE\tQUANT\t5.0\tScan Ra&te (mV/s)\n"
        + curve([(0, 0, 0), (1, 0.005, 1e-4)], "CURVE1")
    )
    polarisation = read(write_file(content))
    assert polarisation.technique == "polarisation"
    assert polarisation.voltage.tolist() == [0.0, 0.005]
    assert polarisation.conditions == {"sweep_rate": 0.005}
    assert read(write_file(content), technique="cycling").technique == "cycling"


def test_open_circuit_has_no_current(write_file) -> None:
    table = "CURVE\tTABLE\t99999\n\tPt\tT\tVf\tVm\tAch\tOver\n\t#\ts\tV vs. Ref.\tV\tV\tbits\n"
    record = read(write_file(HEAD.format(tag="CORPOT") + table + "\t0\t0\t0.5\t0\t0\t....\n\t1\t1\t0.75\t0\t0\t....\n"))
    assert record.technique == "cycling"
    assert record.voltage.tolist() == [0.5, 0.75]
    assert record.current is None


@pytest.mark.parametrize(("date", "known"), [("4/23/2018", True), ("23.4.2018", True), ("10-2-2020", False)])
def test_the_start_where_its_date_reads_in_one_way(write_file, date, known) -> None:
    head = (
        HEAD.format(tag="CHRONOP")
        + f"TITLE\tLABEL\tcell 7\tTest\nDATE\tLABEL\t{date}\tDate\nTIME\tLABEL\t16:43:15\tTime\n"
    )
    details = read(write_file(head + curve([(0, 1, 1), (1, 2, 1)]))).provenance.details
    assert details.get("start") == (1524501795.0 if known else None)
    assert details["stored"] == {"technique": "CHRONOP", "test_name": "cell 7", "stored_area": "1.0"}


def test_other_column_by_its_plain_name(write_file) -> None:
    content = HEAD.format(tag="CHRONOP") + curve([(0, 1, 1), (1, 2, 1)])
    assert read(write_file(content), settings={"voltage_column": "Vu"}).voltage.tolist() == [0.0, 0.0]


def test_remarks(write_file) -> None:
    content = HEAD.format(tag="CHRONOP") + "CONVENTION\tIQUANT\t0\tx\n" + curve([(0, 1, 1), (1, 2, 1)], over="..a.")
    warnings = read(write_file(content)).warnings
    assert any(text.startswith("LI-W-OVERLOAD 2 of 2 rows") for text in warnings)
    assert any(text.startswith("LI-W-SIGN the file was recorded with the cathodic convention") for text in warnings)
    assert read(write_file(content), settings={"invert_current": "true"}).current.tolist() == [-1.0, -1.0]


def test_rows_with_missing_fields_at_their_end(write_file) -> None:
    content = HEAD.format(tag="CHRONOP") + curve([(0, 1, 1), (1, 2, 1)]) + "\t2\t2\t3\t1\n"
    assert read(write_file(content)).voltage.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (
            HEAD.format(tag="EISPOT") + OCV,
            "LI-READ-004",
            r"no table of the file holds a record; got 'tables OCVCURVE \(1 rows\)'",
        ),
        (HEAD.format(tag="EISPOT"), "LI-READ-004", "got 'no table'"),
        (HEAD.format(tag="EISPOT") + zcurve(SPECTRUM).replace("Zimag", "Zother"), "LI-READ-004", "no Zimag"),
        (
            HEAD.format(tag="CV") + curve([(0, 1, 1)], "CURVE1") + curve([(0, 1, 1)], "CURVE2").replace("Vu", "X"),
            "LI-READ-003",
            "CURVE1 and CURVE2 have different columns",
        ),
        (HEAD.format(tag="CV") + curve([(0, 1, 1), (1, "x", 1)]), "LI-READ-006", "not a number"),
    ],
)
def test_refusals(write_file, content, code, words) -> None:
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(content))
    assert error.value.code == code


def test_a_last_number_that_may_lack_digits_is_not_read_in_silence(write_file) -> None:
    whole = HEAD.format(tag="EISPOT") + zcurve([*SPECTRUM, (1.0, 13 - 11.5j)])
    at_the_imaginary_part = whole[: whole.rindex("-11.5") + 3]
    with pytest.raises(ReadError, match="the last row is cut off.*6 fields in line") as error:
        read(write_file(at_the_imaginary_part))
    assert error.value.code == "LI-READ-003"
    kept = read(write_file(at_the_imaginary_part, "left-out.dta"), settings={"tolerate_bad_rows": "true"})
    assert kept.frequency.tolist() == [1e3, 1e2, 10.0]
    in_the_phase = read(write_file(whole[: whole.rindex("\t") + 4], "phase.dta"))
    assert any("may lack digits" in text for text in in_the_phase.warnings)
    without_end = read(write_file(whole.rstrip("\n"), "whole.dta"))
    assert not any("LI-W-ROWS" in text for text in without_end.warnings)


def test_a_cycling_record_that_is_cut_off_is_refused(write_file) -> None:
    content = HEAD.format(tag="CHARGE") + curve([(0.0, 0.1, 1e-3), (1.0, 0.2, 1e-3), (2.0, 0.3, 1.25e-3)])
    with pytest.raises(ReadError, match="the last row is cut off"):
        read(write_file(content[: content.rindex("0.00125") + 4]))
    assert read(write_file(content.rstrip("\n"), "whole.dta")).current[-1] == 1.25e-3
