"""Vendors' texts of impedance spectra: how they are told apart, what is odd in them, d.c. data alone."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.errors import ReadError
from lithiate.readers import read

FREQUENCY = [1e4, 1e3, 1e2, 10.0]
IMPEDANCE = [10 - 1j, 12 - 4j, 20 - 9j, 31 - 5j]
POINTS = list(zip(FREQUENCY, IMPEDANCE, strict=True))
ZPLOT_NAMES = "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\n"
ZPLOT_HEAD = (
    "ZPLOT2 ASCII\n  Experiment Type:   Sweep Frequency, Control Voltage\n  Date:   {date}\n  Time:  12:32:21\n"
)


def zplot_rows(delimiter="\t", error=0):
    return "".join(
        delimiter.join(
            [f"{f:E}", "1.0E-02", "0.0E+00", f"{k}", f"{z.real:E}", f"{z.imag:E}", "0.0E+00", f"{error}", "4"]
        )
        + "\n"
        for k, (f, z) in enumerate(POINTS)
    )


def zplot(date="10-13-2018", points=4, error=0):
    return (
        ZPLOT_HEAD.format(date=date)
        + f"  Data Points:                {points}\n{ZPLOT_NAMES}End Comments\n"
        + zplot_rows(error=error)
    )


def old_zplot(first='"ZPlotW Data File: Version 3.2c"', points=4):
    empty = (
        '"Raw Data"\n""\nDate: 12-17-2019    Time: 16:24:35\n1.7 sccm CO, 1.50 sccm CO2, 800 C\n0,3,0,1,300000,0.005\n'
    )
    names = "\"  Freq(Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\"\n"
    return f"{first}\n{empty}{points}\n{names}" + zplot_rows(", ")


def versastudio(rows):
    names = "Segment #, Point #, E(V), I(A), Elapsed Time(s), Frequency(Hz), E Real, E Imag, Z Real, Z Imag, Ampl, 0"
    body = "".join(f"0,{k},0,1e-6,{k},{f},1,2,{z.real},{z.imag},0.02\n" for k, (f, z) in enumerate(rows))
    head = "<Application>\nName=VersaStudio\n</Application>\n\n<Action1>\nName=Potentiostatic EIS\n</Action1>\n"
    return f"{head}\n<Segment1>\nType=2\nDefinition={names}\n{body}</Segment1>\n<Graph1>\n0,1,2\n</Graph1>\n"


def chi(technique="A.C. Impedance", names="Freq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg", rows=None):
    head = f"Feb. 20, 2020   15:55:08\n{technique}\nFile: c:\\x\nInstrument Model:  CHI660E\nHeader: \nNote: \n\n"
    lines = rows or [
        f"{f:.3e}, {z.real:.3e}, {z.imag:.3e}, {abs(z):.3e}, {np.degrees(np.angle(z)):.1f}" for f, z in POINTS
    ]
    return f"{head}Init E (V) = 0\n\n{names}\n\n" + "".join(line + "\n" for line in lines)


def ivium(points=POINTS, announced=None):
    rows = "".join(f" {z.real:.5E}  {z.imag:.5E}  {f:.5E}\r\n" for f, z in points)
    count = len(points) if announced is None else announced
    block = f"primary_data        \r\n3\r\n{count}\r\n{rows}"
    return b"\x07\x00\x00\x00\r\nTitle=cell\r\nstarttime=x\r\n" + block.encode() + b"osc_data\r\n2\r\n1\r\n 1 2\r\n"


def fra(points=POINTS):
    return f"VERSION8.0\n {len(points)}\n 1\n" + "".join(
        f" {f}\n {z.real}\n {-z.imag}\n" + " 0\n" * 6 for f, z in points
    )


FILES = {
    "zplot": (zplot(), "zplot-text"),
    "zplot, old": (old_zplot(), "zplot-text"),
    "autolab": (b"\xef\xbb\xbf" + old_zplot('"Z60W Data File: Version 1.1"').encode(), "autolab-text"),
    "autolab fra": (fra(), "autolab-fra"),
    "nova": (
        "Index;Frequency (Hz);Z' (Ω);-Z'' (Ω);Z (Ω);-Phase (°)\n"
        + "".join(
            f"{k};{f};{z.real};{-z.imag};{abs(z)};{-np.degrees(np.angle(z))}\n" for k, (f, z) in enumerate(POINTS)
        ).replace(".", ","),
        "impedance-table",
    ),
    "versastudio": (versastudio([(0, 0j), *POINTS]), "versastudio-text"),
    "parstat": (
        "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\t|Vac| (V)\t|Iac| (A)\t\n"
        + "".join(f"3.4\t-0.1\t{k}\t0\t0\t0\t0\t0\t\n" for k in range(3))
        + "".join(f"3.4\t0\t{9 + k}\t{f}\t{z.real}\t{z.imag}\t0.005\t0.1\t\n" for k, (f, z) in enumerate(POINTS)),
        "parstat-text",
    ),
    "chi": (chi(), "chi-text"),
    "powersuite": (
        "Frequency\t Zre\t Zimg\r\r\n" + "".join(f"{f}\t {z.real}\t {z.imag}\r\r\n" for f, z in POINTS),
        "powersuite-text",
    ),
    "relaxis": (
        "RelaxIS 3.0 Spectrum export\nDate: 12/16/2025 2:29:15 PM\nData: Frequency\tData: Z'\tData: Z''\n"
        "DC=0, TM=3\tModel: none\t(WE/RE) cell.mpr\n" + "".join(f"{f}\t{z.real}\t{z.imag}\n" for f, z in POINTS),
        "relaxis-text",
    ),
    "ivium": (ivium(), "ivium"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_of_each_vendor(write_file, name, end) -> None:
    content, reader = FILES[name]
    if name not in ("ivium", "powersuite"):
        content = content.replace(b"\n", end.encode()) if isinstance(content, bytes) else content.replace("\n", end)
    record = read(write_file(content, "some.file"))
    assert record.provenance.reader == reader
    assert record.offsets.tolist() == [0, 4]
    np.testing.assert_allclose(record.frequency, FREQUENCY, rtol=1e-12)
    np.testing.assert_allclose(record.impedance, IMPEDANCE, rtol=1e-12)
    assert [text for text in record.warnings if not text.startswith(("LI-W-AREA", "LI-W-CELL"))] == []


@pytest.mark.parametrize("name", FILES)
def test_two_spectra_in_a_file(write_file, name) -> None:
    content, _reader = FILES[name]
    text = content if isinstance(content, str) else content.decode("utf-8")
    if name == "ivium":
        text += text[text.index("primary_data") :]
    elif name == "autolab fra":
        text = fra(POINTS * 2)
    elif name == "versastudio":
        text = versastudio(POINTS).replace("<Graph1>", "<Segment2>\n" + versastudio(POINTS).split("<Segment1>\n")[1])
    else:
        rows = [line for line in text.splitlines(keepends=True) if line.strip()][-4:]
        text = text.replace("Data Points:                4", "Data Points:                8").replace("\n4\n", "\n8\n")
        text += "".join(rows)
    record = read(write_file(text.encode(), "some.file"))
    assert record.offsets.tolist() == [0, 4, 8]
    np.testing.assert_allclose(record.impedance, IMPEDANCE * 2, rtol=1e-12)


def test_dates_are_used_where_they_read_in_one_way(write_file) -> None:
    assert read(write_file(zplot("10-13-2018"))).provenance.details["start"] == 1539433941.0
    assert "start" not in read(write_file(zplot("10-12-2018"))).provenance.details
    assert read(write_file(chi())).provenance.details["start"] == 1582214108.0


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (zplot(points=9), "LI-W-ABORTED", "announces 9 points and holds 4"),
        (old_zplot(points=9), "LI-W-ABORTED", "announces 9 points and holds 4"),
        (ivium(announced=9), "LI-W-ABORTED", "announces 9 points and holds 4"),
        (zplot(error=1), "LI-W-OVERLOAD", "4 of 4 rows"),
    ],
)
def test_what_is_odd_is_said(write_file, content, code, words) -> None:
    record = read(write_file(content))
    assert record.frequency.size == 4
    assert any(text.startswith(code) and words in text for text in record.warnings)


CHI_CV = chi("Cyclic Voltammetry", "Potential/V, Current/A", ["0.1, 1e-3", "0.2, 2e-3", "0.3, 3e-3"])
IVIUM_DC = ivium().replace(b"\r\n3\r\n4\r\n", b"\r\n2\r\n4\r\n")
REFUSED = {
    "versastudio d.c.": (versastudio([(0, 0j)] * 3), "LI-READ-009", "d.c. data alone"),
    "chi d.c.": (CHI_CV, "LI-READ-009", "d.c. data alone"),
    "ivium d.c.": (IVIUM_DC, "LI-READ-009", "d.c. techniques are not read"),
    "fra cut off": (fra()[:-12], "LI-READ-003", "nine numbers a point"),
    "zplot without names": (ZPLOT_HEAD.format(date="x") + zplot_rows(), "LI-READ-004", "no line names the columns"),
    "zplot comma": (old_zplot().replace("1.000000E+02", "1,000000E+02"), "LI-READ-003", "more fields"),
    "versastudio wide": (versastudio([(1e3, 1j)]).replace(",0.02\n", ",0.02,1,2,3\n"), "LI-READ-003", "more fields"),
    "empty of rows": (zplot().split("End Comments")[0] + "End Comments\n", "LI-READ-009", "0 rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_spectrum_or_is_damaged_is_refused(write_file, name) -> None:
    content, code, words = REFUSED[name]
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(content))
    assert error.value.code == code


def test_a_file_with_direct_current_and_a_spectrum_gives_the_spectrum(write_file) -> None:
    rest = (
        "<Segment0>\nType=1\nDefinition=Segment #, Point #, E(V), I(A), Elapsed Time(s), 0\n0,0,0.1,0,1\n0,1,0.1,0,2\n"
    )
    content = versastudio(POINTS).replace("<Segment1>", rest + "</Segment0>\n<Segment1>")
    record = read(write_file(content))
    assert record.technique == "impedance"
    assert record.frequency.tolist() == FREQUENCY


def test_a_record_of_chi_against_time_stays_a_cycling_record(write_file) -> None:
    text = chi("Chronopotentiometry", "Time/sec, Potential/V", [f"{k}, {0.1 if k % 2 else -0.1}" for k in range(9)])
    assert read(write_file(text)).technique == "cycling"
