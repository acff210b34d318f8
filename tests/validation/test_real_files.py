"""Real files of real cyclers: rows and ranges as the format notes state them, and refusals that say why."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers import read

pytestmark = pytest.mark.realdata

# Name: rows, first and last time [s], lowest and highest voltage [V], lowest and highest current [A], rest rows.
# Rows and ranges: fastnda 1.3.1 and the format notes beside the files.
NEWARE = {
    "2-1-6_61_07005012.nda.zip": (15567, 0.463075, 3602.11755, 3.9667, 4.08831, -1.7001, -0.0996891, 0),
    "21_10_7_85.ndax": (141, 0, 140, -0.00004, 0, 0, 0, 141),
    "BTS85-36-6-5-110-20240424.ndax": (699677, 0, 692462.7, 1.39901, 3.40006, -0.002658, 0.002658, 662),
    "SIM.nda.zip": (108642, 0, 1085.41, 3.2840, 3.4108, -200.0124, 200.0124, 542),
    "SINTEF__G20M7_BTS91.nda.zip": (17587, 0, 175734.133, 2.99993, 4.20016, -0.165027, 0.165051, 727),
    "TestFile.nda.zip": (6670, 0.01, 72373.26, 1.72059, 4.20006, -3.00096, 1.20077, 1719),
    "Unit27_Example_Data_File.ndax": (301, 0, 300, 2.9827, 2.98305, 0, 0, 301),
    "nda8.nda.zip": (46805, 0, 46803, 0.846, 2.7759, -2.6e-5, 0, 43201),
    "nda_v22.nda.zip": (1380, 0, 41298.9, 1.8102, 2.4001, 0, 0.0105, 11),
    "nda_v23.nda.zip": (2706, 0, 2703, 2.85, 4.1706, -5.8835, 0, 807),
    "nda_v8.nda.zip": (21, 0, 543, 1.7469, 2.1217, -0.002297, 0, 3),
    "nw4-120-1-6-53.ndax": (18700, 0, 173045.9, 1.64613, 4.99997, -0.00194012, 0.00194016, 0),
    "test.nda": (439, 0, 721.6, -0.101, -0.0849, -5.05e-5, 5.05e-5, 286),
    "test.ndax": (1464, 0, 43800, 1.4995, 4.3998, -0.0001199, 0.00012, 22),
}


@pytest.mark.parametrize("name", NEWARE)
def test_neware(shared_data, name, capfd) -> None:
    rows, start, end, low, high, least, most, rests = NEWARE[name]
    record = read(shared_data / "cycler/neware" / name)
    assert record.provenance.reader == "neware"
    assert record.time.size == rows
    found = (record.time[0], record.time[-1], record.voltage.min(), record.voltage.max())
    np.testing.assert_allclose(found, (start, end, low, high), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose((record.current.min(), record.current.max()), (least, most), rtol=1e-4, atol=1e-9)
    assert int((record.row_flags == RowFlag.REST).sum()) == rests
    assert not record.current[record.row_flags == RowFlag.REST].any()
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize(("name", "rounding"), [("TestFile", 0.0502), ("nda8", 0.0502), ("nw4-120-1-6-53", 0.5002)])
def test_neware_against_the_exports_of_the_vendor(shared_data, name, rounding) -> None:
    import polars as pl

    folder = shared_data / "cycler/neware"
    reference = pl.read_parquet(folder / f"{name}.parquet")
    path = next(path for path in (folder / f"{name}.nda.zip", folder / f"{name}.ndax") if path.exists())
    record = read(path)
    np.testing.assert_allclose(record.time, reference["Total Time"].to_numpy(), atol=1e-3)
    # The vendor's software rounds to 0.1 mV and to 0.1 or 1 uA; the file holds more digits.
    np.testing.assert_allclose(record.voltage * 1e3, reference["Voltage(mV)"].to_numpy(), rtol=1e-7, atol=0.0502)
    np.testing.assert_allclose(record.current * 1e6, reference["Current(uA)"].to_numpy(), rtol=1e-7, atol=rounding)
    steps = reference["Step Type"].cast(pl.String).str.to_lowercase() == "rest"
    np.testing.assert_array_equal(record.row_flags == RowFlag.REST, steps.to_numpy())


def test_neware_by_content_whatever_the_name(shared_data, tmp_path) -> None:
    shutil.copy(shared_data / "cycler/neware/test.nda", tmp_path / "a.csv")
    shutil.copy(shared_data / "cycler/neware/test.ndax", tmp_path / "b.nda")
    assert read(tmp_path / "a.csv").time.size == 439
    assert read(tmp_path / "b.nda").time.size == 1464


def test_neware_in_parts_of_one_cell(shared_data) -> None:
    folder = shared_data / "cycler/neware"
    record = read([folder / "test.ndax", folder / "test.nda"], settings={"same_cell": "true"})
    assert record.time.size == 1464 + 439
    # Their clocks say which was first, and how long the cell (if it was one) lay between them.
    assert record.provenance.source == "test.nda + test.ndax"
    assert record.time[0] == 0.0
    assert record.time[439] == pytest.approx(1706819063.0 - 1585135010.0, abs=1.0)
    assert record.time[-1] - record.time[439] == pytest.approx(43800.0)
    assert any("with up to 3.38e+04 h between two files" in text for text in record.warnings)


def test_neware_that_is_corrupt(shared_data, capfd) -> None:
    path = shared_data / "cycler/neware/Unit27_Example_Corrupt.ndax"
    with pytest.raises(ReadError, match=r"part of the Neware file is damaged.*TestInfo\.xml.*ignore_damage") as error:
        read(path)
    assert error.value.code == "LI-READ-003"
    # What is left is the record of its intact twin.
    left, twin = read(path, settings={"ignore_damage": "true"}), read(path.with_name("Unit27_Example_Data_File.ndax"))
    np.testing.assert_array_equal(left.voltage, twin.voltage)
    np.testing.assert_array_equal(left.time, twin.time)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_neware_that_is_empty(shared_data) -> None:
    with pytest.raises(ReadError, match="the test holds no rows") as error:
        read(shared_data / "cycler/neware/empty.ndax")
    assert error.value.code == "LI-READ-001"


@pytest.mark.parametrize("part", [0.2, 0.6, 0.99])
def test_neware_that_is_cut_off(shared_data, tmp_path, part) -> None:
    content = (shared_data / "cycler/neware/nw4-120-1-6-53.ndax").read_bytes()
    (tmp_path / "cut.ndax").write_bytes(content[: int(part * len(content))])
    with pytest.raises(ReadError, match="cut off") as error:
        read(tmp_path / "cut.ndax")
    assert error.value.code == "LI-READ-003"


def test_neware_with_wrong_bytes(shared_data, tmp_path) -> None:
    with zipfile.ZipFile(shared_data / "cycler/neware/test.ndax") as archive:
        members = {item: archive.read(item) for item in archive.namelist()}
    members["data.ndc"] = b"\xee" * len(members["data.ndc"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for item, content in members.items():
            archive.writestr(item, content)
    (tmp_path / "wrong.ndax").write_bytes(buffer.getvalue())
    with pytest.raises(ReadError, match="damaged") as error:
        read(tmp_path / "wrong.ndax")
    assert error.value.code == "LI-READ-003"
    assert error.value.__cause__ is not None


def test_gel_polymer(shared_data) -> None:
    record = read(next((shared_data / "lithium_symmetric/gel_polymer").glob("*.csv")))
    assert record.time.size == 57820
    assert record.time[0] == pytest.approx(0.00332 * 3600)
    assert record.time[-1] == pytest.approx(699.98249 * 3600)
    assert record.current is None
    assert record.voltage[0] == 0.0522  # the sign is as written
    assert record.voltage[-1] == -0.2367
    signs = np.sign(record.voltage[record.voltage != 0])
    assert np.count_nonzero(np.diff(signs)) == 1399
    early, late = record.time < 100 * 3600, record.time > 600 * 3600
    assert np.median(np.abs(record.voltage[early])) == pytest.approx(0.1749, abs=0.005)
    assert np.median(np.abs(record.voltage[late])) == pytest.approx(0.1842, abs=0.005)
    assert record.specimen.cell == "symmetric"


def test_tegdme_two_columns(shared_data) -> None:
    folder = shared_data / "lithium_symmetric/tegdme_soft_short"
    record = read(next(folder.glob("*03_GCPL_C05.txt")))
    assert record.time.size == 76807
    hours = record.time / 3600
    medians = [np.median(record.voltage[(hours >= a) & (hours < b)]) for a, b in ((18, 21), (24, 27))]
    np.testing.assert_allclose(medians, [0.132, 0.079], atol=0.001)


# Name: rows, first and last time [s], lowest and highest voltage [V], lowest and highest current [A], rest rows.
LANDT = "SINTEF__LiGrR2032__2024-04-30__25degC__Landt"
TEXTS = {
    "arbin/20160805_test001_45_cc_01.res": (10261, 300.01, 859077, 0.0498939, 3.11671, -3.0527e-4, 3.0624e-4, 0),
    "arbin/arbin_example.res": (2150, 0.0726, 345733.4, 2.99992, 4.30006, -8.658e-5, 8.653e-5, 0),
    "arbin/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx": (
        4526,
        1.001,
        1204815.81,
        0.0499935,
        2.640909,
        -5.0027e-5,
        5.2616e-5,
        0,
    ),
    "maccor/maccor_002.txt": (7446, 0, 228590.51, 0.0345, 3.8, -1.619e-4, 1.6152e-4, 361),
    "neware/TestFile.parquet": (6670, 0.01, 72373.26, 1.7206, 4.2001, -3.000958, 1.200774, 1719),
    "neware/nda8.parquet": (46805, 0, 46803, 0.846, 2.7759, -2.6e-5, 0, 43201),
    "neware/nw4-120-1-6-53.parquet": (18700, 0, 173045.9, 1.6461, 5.0, -0.00194, 0.00194, 0),
    "arbin/arbin_example.csv": (2142, 0, 6308.48, 1.99956, 3.60036, -4.40052, 6.64194, 0),
    "biologic/Sample_data_biologic_CA1.txt": (1397, 0, 139.524, 3.48545, 3.51805, -0.900063, 0, 0),
    f"landt/{LANDT}.csv": (
        25162,
        0.02,
        262657.764,
        0.01,
        2.9215,
        -2e-4,
        2e-4,
        2881,
    ),
    f"landt/{LANDT}.bdf.csv": (
        25162,
        0.02,
        262657.764,
        0.01,
        2.9215,
        -2e-4,
        2e-4,
        0,
    ),
    "maccor/PreDiag_000229_000229_truncated.034": (4061, 0, 82621.28, 2.70001, 4.20005, -0.6986, 4.8455, 425),
    "maccor/maccor_example.001": (8, 0, 70.002, 3.30571, 3.30678, 0, 0, 8),
    "maccor/maccor_example.002": (8, 0, 70.002, 3.30571, 3.30678, 0, 0, 8),
    "neware/neware_uio.csv": (9065, 0, 518538, 0.05, 2.957, -0.0009918, 0.00099174, 989),
    "others/Test25205.csv": (489, 0.002, 70918.98, 0.0639655, 3.68283, -1e-6, 0, 489),
    "others/sample_data_basytec.txt": (74, 0, 70.2358, 3.52556, 3.53285, 0, 0.453506, 62),
    "others/sample_data_novonix.csv": (207, 0, 12287.5, 3.84318, 4.12865, 0, 0.499995, 0),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_of_cyclers(shared_data, name) -> None:
    rows, start, end, low, high, least, most, rests = TEXTS[name]
    record = read(shared_data / "cycler" / name)
    assert record.time.size == rows
    found = (record.time[0], record.time[-1], record.voltage.min(), record.voltage.max())
    np.testing.assert_allclose(found, (start, end, low, high), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose((record.current.min(), record.current.max()), (least, most), rtol=1e-4, atol=1e-9)
    assert int((record.row_flags == RowFlag.REST).sum()) == rests


def test_biologic_text_by_its_own_reader(shared_data) -> None:
    record = read(shared_data / "cycler/biologic/Sample_data_biologic_CA1.txt")
    assert record.provenance.reader == "biologic-text"
    assert record.electrode_potential is None


def _seconds(*parts: int) -> float:
    return (datetime(*parts) - datetime(1970, 1, 1)).total_seconds()


# Reader, instant of time zero (by the clock of the first row), what tells the cell from others.
ABOUT = {
    # The first record is of 16:21:23, 300.01 s after time zero.
    "arbin/20160805_test001_45_cc_01.res": ("arbin-res", (2016, 8, 5, 16, 16, 22), {"channel": "3"}),
    "arbin/arbin_example.res": ("arbin-res", (2023, 7, 24, 18, 49, 59), {"channel": "12"}),
    # The header says 11:33:31, later than the first record.
    "arbin/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx": (
        "spreadsheet",
        (2020, 10, 19, 11, 31, 45),
        {"channel": "11"},
    ),
    f"landt/{LANDT}.csv": ("landt", (2024, 4, 30, 14, 33, 18), {}),
    "maccor/PreDiag_000229_000229_truncated.034": ("maccor", (2019, 12, 16, 14, 3, 25), {"cell_id": "000229"}),
    "maccor/maccor_002.txt": ("maccor", (2021, 5, 11, 15, 40, 24), {"channel": "53"}),
    "neware/neware_uio.csv": ("neware-text", (2022, 5, 18, 16, 27, 52), {}),
    "others/Test25205.csv": (
        "pec",
        (2026, 1, 8, 17, 45, 7),
        {"cell_id": "345626_9356111_33_6", "channel": "ACT4/014/1"},
    ),
    "others/sample_data_basytec.txt": (
        "basytec",
        (2023, 6, 19, 17, 56, 53),
        {"channel": "1814 CH14 XCTS_40", "cell_id": "cell"},
    ),
    "others/sample_data_novonix.csv": ("novonix", (2025, 7, 19, 15, 26, 20), {"channel": "01"}),
}


@pytest.mark.parametrize("name", ABOUT)
def test_what_vendors_say_of_cell_and_clock(shared_data, name) -> None:
    reader, parts, identity = ABOUT[name]
    provenance = read(shared_data / "cycler" / name).provenance
    assert provenance.reader == reader
    assert 0.0 <= provenance.details["start"] - _seconds(*parts) < 1.0
    assert provenance.details.get("identity", {}) == identity


def test_a_clock_of_maccor_without_dates(shared_data) -> None:
    dated, bare = (read(shared_data / f"cycler/maccor/maccor_example.00{k}") for k in (1, 2))
    assert dated.provenance.details["start"] == _seconds(2016, 3, 31, 16, 5, 31)
    assert bare.provenance.details["start"] == _seconds(2016, 4, 1, 16, 5, 31)


def test_maccor_with_bare_minutes(shared_data) -> None:
    record = read(shared_data / "cycler/maccor/maccor_002.txt")
    assert int((record.current > 0).sum()) == 3668  # the notes count 3668 charge and 3417 discharge rows
    assert int((record.current < 0).sum()) == 3417
    assert any("by the clock it is min" in text for text in record.warnings)
    assert any(text.startswith("LI-W-SIGN the current has no sign") for text in record.warnings)
    assert sorted(set(record.vendor_cycle_number.tolist())) == [1, 2]


def test_an_arbin_file_that_is_cut_off(shared_data, tmp_path) -> None:
    content = (shared_data / "cycler/arbin/arbin_example.res").read_bytes()
    (tmp_path / "cut.res").write_bytes(content[: int(0.9 * len(content))])
    with pytest.raises(ReadError, match="damaged; got .*after 1760 rows.*ignore_damage=true"):
        read(tmp_path / "cut.res")


def test_bdf_with_times_of_years(shared_data) -> None:
    path = next((shared_data / "cycler/bdf").glob("*POCV*.bdf.csv"))
    with pytest.raises(ReadError, match="lasts 16.8 years.*--set time_unit=s") as error:
        read(path)
    assert error.value.code == "LI-READ-010"
    record = read(path, settings={"time_unit": "s"})
    assert record.time.size == 17860
    assert record.time[-1] == pytest.approx(5.30432e8 / 3600, rel=1e-5)
    assert np.median(np.diff(record.time)) == pytest.approx(10.0, rel=1e-3)  # a row every 10 s
    assert any(text.startswith("LI-W-TIME times were divided by 3600") for text in record.warnings)


def test_bdf_with_a_rounded_current_says_so(shared_data) -> None:
    record = read(next((shared_data / "cycler/landt").glob("*.bdf.csv")))
    assert any(text.startswith("LI-W-CURRENT the current is rounded") for text in record.warnings)


# Name under "impedance": rows of each spectrum, first and last frequency [Hz], first and last impedance [ohm].
# From the format notes and the files themselves; Im Z < 0 is capacitive in all of them.
GAMRY = ([72], (200015.6, 0.0158898), (825.8584 - 1367.239j, 17007.49 - 6635.557j))
IMPEDANCE = {
    "vendors/exampleDataGamry.DTA": GAMRY,
    "vendors/exampleDataGamryABORT.DTA": GAMRY,
    "vendors/exampleDataBioLogic.mpt": (
        [43],
        (1000.3201, 0.01689554),
        (65.470886 - 0.38998979j, 110.97003 - 2.3458567j),
    ),
    "biologic_multi/case-multiple-spectra.mpt": ([29] * 3, (1e4, 1.0), (109.00918 - 26.55568j, 645.4787 - 90.618128j)),
    "one_spectrum_three_formats/PEIS_LPSCl_IonBlocking_-25C.txt": (
        [79],
        (7000018.5, 0.10002181),
        (359.24146 - 290.92038j, 1799427.6 - 8093785.5j),
    ),
    "battery_series/test_data.txt": ([67], (200019.48, 9.9990517e-4), (130.4171 - 34.680012j, 5170240.5 - 2345775.5j)),
}


@pytest.mark.parametrize("name", IMPEDANCE)
def test_impedance(shared_data, name) -> None:
    counts, frequencies, impedances = IMPEDANCE[name]
    spectra = read(shared_data / "impedance" / name)
    assert spectra.technique == "impedance"
    assert spectra.provenance.origin == "measured"
    assert np.diff(spectra.offsets).tolist() == counts
    np.testing.assert_allclose(spectra.frequency[[0, -1]], frequencies, rtol=1e-6)
    np.testing.assert_allclose(spectra.impedance[[0, -1]], impedances, rtol=1e-6)
    for k in range(len(spectra)):
        assert (np.diff(spectra.frequency[spectra.rows(k)]) < 0).all()
    assert any(text.startswith("LI-W-ABORTED") for text in spectra.warnings) == ("ABORT" in name)
    assert read(shared_data / "impedance" / name, technique="impedance").frequency.size == sum(counts)
    with pytest.raises(ReadError, match="holds no cycling record"):
        read(shared_data / "impedance" / name, technique="cycling")


def test_biologic_with_names_for_other_columns(shared_data) -> None:
    with pytest.raises(ReadError, match="17 names and 18 fields") as error:
        read(shared_data / "impedance/vendors/exampleDataBioLogic_MissingFreq.mpt")
    assert error.value.code == "LI-READ-003"


# test_real_impedance.py
READ_ELSEWHERE = (
    "dummy_circuits/*.z",
    "drt/*.csv",
    "temperature_series/s04147-*.txt",
    "one_spectrum_three_formats/*_RelaxIS.txt",
    *(
        f"vendors/exampleData{name}"
        for name in (
            ".csv",
            "Autolab.txt",
            "CHInstruments.txt",
            "Parstat.txt",
            "Powersuite.txt",
            "VersaStudio.par",
            "ZPlot.z",
            "ZPlot_noComments.z",
        )
    ),
)


def _other_files(folder: Path) -> list[Path]:
    known = {
        *NEWARE,
        *(name.split("/")[1] for name in IMPEDANCE),
        *(name.split("/")[1] for name in TEXTS),
        "Unit27_Example_Corrupt.ndax",
    }
    known.update(path.name for path in folder.rglob("*.mpr"))  # test_real_biologic.py
    known.update(path.name for name in READ_ELSEWHERE for path in (folder / "impedance").glob(name))
    cyclers = [path for path in (folder / "cycler").rglob("*") if path.is_file() and path.name not in known]
    others = ("impedance", "sorption", "xps", "xrd", "maps", "contact_angle", "lithium_kinetics")
    more = [path for name in others for path in (folder / name).rglob("*") if path.is_file() and path.name not in known]
    return cyclers + more


def test_every_other_file_is_refused_with_a_reason(shared_data, capfd) -> None:
    answers = {}
    for path in _other_files(shared_data):
        try:
            record = read(path)
        except ReadError as error:
            answers[path.name] = str(error)
        else:
            answers[path.name] = f"read as {record.provenance.reader}"
    assert len(answers) > 40
    # A fault of a table also names its line: "name:17: ".
    refusals = {
        name
        for name, answer in answers.items()
        if re.match(rf"{re.escape(name)}(:\d+)?: ", answer) and "[LI-READ-0" in answer
    }
    assert set(answers) - refusals == set()
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
