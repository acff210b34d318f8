"""Real files of BioLogic's binary format: rows and ranges as the format notes state them, and a text export beside one.

The notes were derived from 168 pairs of binary and text that are not beside the project; what is here are their rows,
times and ranges, printed by a parser that was written apart from the product's.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers import read, read_all
from lithiate.readers.biologic_binary import read_file

pytestmark = pytest.mark.realdata

KIGR = "cycler/biologic/250116_kigr_gen6_01"
LILI = "lithium_symmetric/tegdme_soft_short/jr862_11_08_23_insitu-impedance-LiLi_1MLiTFSI_TEGDME-1mA"
LPSCL = "impedance/one_spectrum_three_formats/PEIS_LPSCl_IonBlocking_-25C"
JDB = "cycler/biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr"
# Name: rows, first and last time [s], lowest and highest potential [V], rest rows, start (PC's clock, seconds of 1970).
CYCLING = {
    f"{KIGR}_01_GCPL_CD8.mpr": (392, 0, 43213.8, 0.288285, 2.00171, 372, 1737036354.213),
    f"{KIGR}_02_GCPL_CD8.mpr": (3791, 43213.8, 81716.5, 0.288285, 4.90065, 34, 1737036354.213),
    JDB: (46102, 0, 456310, 1.9999, 3.80006, 361, 1603716598.0),
    "cycler/biologic/test_C01.mpr": (18001, 1, 18000, 0.0470855, 0.0475431, 18001, 1760718406.960),
    f"{LILI}_01_GCPL_C05.mpr": (109, 0, 900, 0.00136, 0.29838, 31, 1691757615.0),
}
# Name: rows of each spectrum, first and last time [s], lowest and highest frequency [Hz], lowest and highest <Ewe> [V].
IMPEDANCE = {
    "cycler/biologic/PEIS.mpr": ([61] * 4, 304583, 6.43011e6, 0.0100092, 10002.2, 3.75098, 3.77894),
    f"{LPSCL}.mpr": ([79], 4.709, 139.961, 0.100022, 7000018.5, -0.0800821, -0.0800114),
    f"{LILI}-prerun_C05.mpr": ([15], 0.5616, 41.7186, 0.0999041, 10002.2, 0.001766, 0.001923),
    f"{LILI}_02_GEIS_C05.mpr": ([9] * 45, 900.739, 159643, 0.7998, 500.16, 0.00338, 0.04275),
}


def missing(warnings):
    return [text for text in warnings if text.startswith(("LI-W-SUSPECT", "LI-W-COLUMNS", "LI-W-ROWS"))]


@pytest.mark.parametrize("name", CYCLING)
def test_cycling(shared_data, name) -> None:
    rows, start, end, low, high, rests, clock = CYCLING[name]
    record = read(shared_data / name)
    assert record.provenance.reader == "biologic-binary"
    assert record.time.size == rows
    found = (record.time[0], record.time[-1], record.voltage.min(), record.voltage.max())
    np.testing.assert_allclose(found, (start, end, low, high), rtol=3e-6, atol=1e-5)
    assert int((record.row_flags == RowFlag.REST).sum()) == rests
    assert record.provenance.details["start"] == clock
    assert record.specimen.area is None
    assert missing(record.warnings) == []


@pytest.mark.parametrize("name", IMPEDANCE)
def test_impedance(shared_data, name) -> None:
    counts, start, end, low, high, least, most = IMPEDANCE[name]
    spectra = read(shared_data / name)
    assert np.diff(spectra.offsets).tolist() == counts
    np.testing.assert_allclose((spectra.time[0], spectra.time[-1]), (start, end), rtol=3e-6, atol=1e-3)
    # The notes have four to six digits.
    np.testing.assert_allclose((spectra.frequency.min(), spectra.frequency.max()), (low, high), rtol=2e-5)
    table = read_file((shared_data / name).read_bytes(), name).table
    potential = table.load([77])[77]
    np.testing.assert_allclose((potential.min(), potential.max()), (least, most), rtol=3e-6, atol=5e-6)
    assert missing(spectra.warnings) == []


@pytest.mark.parametrize("name", [*CYCLING, *IMPEDANCE])
def test_without_its_end_a_file_is_refused_and_its_rows_are_counted(shared_data, tmp_path, name) -> None:
    content = (shared_data / name).read_bytes()
    whole = read_file(content, name).table.rows
    (tmp_path / "cut.mpr").write_bytes(content[: 7500 + (len(content) - 7500) // 4])
    with pytest.raises(ReadError, match=f"of {whole} rows are there as a whole") as error:
        read(tmp_path / "cut.mpr")
    assert error.value.code == "LI-READ-003"
    left, full = (
        read_all(path, settings={"tolerate_bad_rows": "true"}) for path in (tmp_path / "cut.mpr", shared_data / name)
    )
    size = left[0].time.size
    assert 2 <= size <= whole
    np.testing.assert_array_equal(left[0].time, full[0].time[:size])


def test_the_text_export_of_the_same_spectrum(shared_data) -> None:
    """Every number of the text is the stored one, to its last printed digit."""
    table = read_file((shared_data / f"{LPSCL}.mpr").read_bytes(), LPSCL).table
    lines = (shared_data / f"{LPSCL}.txt").read_text(encoding="cp1252").splitlines()
    count = int(lines[1].split(":")[1])
    names, rows = lines[count - 1].rstrip("\t").split("\t"), [line.split("\t") for line in lines[count:]]
    by_name = {column.name: number for number, column in table.layout.columns.items()}
    assert len(rows) == table.rows == 79
    assert set(names) <= set(by_name)
    for column, name in enumerate(names):
        for text, value in zip((row[column] for row in rows), table.stored(by_name[name]).tolist(), strict=True):
            printed = Decimal(text)
            last_digit = Decimal(1).scaleb(printed.as_tuple().exponent)
            assert abs(printed - Decimal(value)) <= last_digit / 2, (name, text)


def test_binary_and_text_of_one_spectrum_are_read_alike(shared_data) -> None:
    binary, text = (read(shared_data / f"{LPSCL}.{suffix}") for suffix in ("mpr", "txt"))
    np.testing.assert_allclose(binary.frequency, text.frequency, rtol=1e-7)
    np.testing.assert_allclose(binary.impedance, text.impedance, rtol=1e-7)
    np.testing.assert_allclose(binary.time, text.time, rtol=5e-16)  # printed with 16 digits
    assert binary.cycle is None is text.cycle
    for key in ("start", "identity"):
        assert binary.provenance.details[key] == text.provenance.details[key]
    stored = [record.provenance.details["stored"] for record in (binary, text)]
    assert stored[0]["technique"] == stored[1]["technique"] == "PEIS"
    assert stored[0]["recorded_with"] == stored[1]["recorded_with"] == "11.61"
    assert "stored_area" not in {**stored[0], **stored[1]}  # the default of 0.001 cm2 is no area


def test_the_derived_current_is_the_one_that_was_set(shared_data) -> None:
    """+-0.088796 mA, as the file's own column of the control has it; its charge adds up to the stored one."""
    record = read(shared_data / JDB)
    assert any("derived from dq/dt" in text for text in record.warnings)
    assert sorted(record.provenance.details["stored"]["set_currents"]) == [-8.8796e-5, 8.8796e-5]
    on = record.row_flags != RowFlag.REST
    np.testing.assert_allclose(np.median(np.abs(record.current[on])), 8.8796e-5, rtol=1e-3)
    table = read_file((shared_data / JDB).read_bytes(), JDB).table
    charge = np.cumsum(record.current[1:] * np.diff(record.time))
    np.testing.assert_allclose(charge, table.load([13])[13][1:], atol=1e-5 * np.abs(charge).max())


def test_linked_techniques_are_one_record_and_its_spectra(shared_data) -> None:
    parts = [f"{LILI}_01_GCPL_C05.mpr", f"{LILI}_02_GEIS_C05.mpr", f"{LILI}_03_GCPL_C05.txt"]
    record, spectra = read_all([shared_data / part for part in parts], cell="symmetric")
    assert record.time.size == 109 + 76807
    # The impedance loops lie within the cycling, on one clock.
    assert record.time[108] < spectra.time[0] < spectra.time[-1] < record.time[-1]
    assert spectra.cycle.tolist() == list(range(45))


def test_companions(shared_data) -> None:
    paths = [*(shared_data / LILI).parent.glob("*_LOOP.txt"), *(shared_data / LILI).parent.glob("*.mps")]
    assert len(paths) == 5
    for path in paths:
        with pytest.raises(ReadError, match="a companion file, holds no data") as error:
            read(path)
        assert error.value.code == "LI-READ-014"
