"""What `read` does for every format: faults of the file itself, specimen, settings, several files."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from lithiate.errors import DataError, ReadError, UnitError
from lithiate.readers import READERS, read
from lithiate.readers.specimen import (
    looks_full,
    looks_like_cathode,
    looks_plated_and_stripped,
    looks_plated_one_way,
    looks_symmetric,
)

TABLE = "Time (h);Voltage (V);Current (mA)\n0;0,05;1\n0,5;-0,05;-1\n1;0,06;1\n1,5;-0,06;-1\n"


def code(error: pytest.ExceptionInfo[Exception]) -> str:
    return error.value.code  # type: ignore[attr-defined]


def test_missing_file_names_the_nearest_one(write_file) -> None:
    path = write_file(TABLE, "cell7.csv")
    with pytest.raises(ReadError, match="does not exist.*did you mean 'cell7.csv'") as error:
        read(path.with_name("cel7.csv"))
    assert code(error) == "LI-SPEC-003"


def test_missing_folder(tmp_path) -> None:
    with pytest.raises(ReadError, match="the file and its folder do not exist") as error:
        read(tmp_path / "nowhere" / "cell.csv")
    assert code(error) == "LI-SPEC-003"


def test_no_path_at_all() -> None:
    with pytest.raises(ReadError, match="no file is named"):
        read([])


@pytest.mark.parametrize("content", [b"", b" \r\n\n"])
def test_empty_file(write_file, content) -> None:
    with pytest.raises(ReadError, match="the file is empty; got '[04] bytes'") as error:
        read(write_file(content))
    assert code(error) == "LI-READ-001"


@pytest.mark.parametrize("name", ["image.png", "image.ndax", "image.csv", "image.parquet"])
def test_binary_is_refused_whatever_its_name(write_file, name) -> None:
    with pytest.raises(ReadError, match=r"no format that lithiate knows.*binary content.*Neware \.nda") as error:
        read(write_file(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), name))
    assert code(error) == "LI-READ-002"


def test_prose_is_refused(write_file) -> None:
    with pytest.raises(ReadError, match="text without a table of numbers.*Dear colleague") as error:
        read(write_file("Dear colleague,\nthe cell died after 300 h.\nYours\n", "cell.ndax"))
    assert code(error) == "LI-READ-002"


def test_other_zip_is_refused(tmp_path) -> None:
    import zipfile

    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.txt", "<document/>")
        archive.writestr("more.txt", "")
    with pytest.raises(ReadError, match="no format that lithiate knows") as error:
        read(path)
    assert code(error) == "LI-READ-002"


def test_content_decides_not_the_name(write_file) -> None:
    record = read(write_file(TABLE, "cell.ndax"))
    assert record.provenance.reader == "delimited"
    assert record.time.tolist() == [0.0, 1800.0, 3600.0, 5400.0]


def test_unknown_setting_names_the_nearest(write_file) -> None:
    with pytest.raises(ReadError, match="'time_units' is not known.*did you mean 'time_unit'") as error:
        read(write_file(TABLE), settings={"time_units": "h"})
    assert code(error) == "LI-READ-011"


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"tolerate_bad_rows": "perhaps"}, "is true or false"), ({"decimal_mark": "dot"}, "is comma or point")],
)
def test_wrong_value_of_a_setting(write_file, settings, words) -> None:
    with pytest.raises(ReadError, match=words) as error:
        read(write_file(TABLE), settings=settings)
    assert code(error) == "LI-READ-011"


def test_unknown_technique(write_file) -> None:
    with pytest.raises(ReadError, match="technique cannot be read.*did you mean 'cycling'"):
        read(write_file(TABLE), technique="cycle")


def test_provenance(write_file) -> None:
    path = write_file(TABLE)
    record = read(path, technique="cycling")
    assert record.provenance.origin == "measured"
    assert record.provenance.source == "cell.txt"
    assert record.provenance.reader == "delimited"
    assert record.provenance.sha256 == hashlib.sha256(TABLE.encode()).hexdigest()
    assert record.provenance.software.startswith("polars ")


def test_specimen_as_stated(write_file) -> None:
    record = read(write_file(TABLE), area="1.13 cm^2", cell="plating", specimen="S1", cell_id="7", anode="Li foil")
    specimen = record.specimen
    assert (specimen.name, specimen.cell, specimen.cell_id, specimen.anode) == ("S1", "plating", "7", "Li foil")
    assert specimen.area == pytest.approx(1.13e-4, rel=1e-12)
    assert record.warnings == ()
    np.testing.assert_allclose(record.areal_current, np.array([1, -1, 1, -1]) * 1e-3 / 1.13e-4, rtol=1e-12)


def test_missing_area_is_loud(write_file) -> None:
    record = read(write_file(TABLE))
    assert record.areal_current is None
    assert any(text.startswith("LI-W-AREA") and "ALL AREAL NUMBERS ARE NULL" in text for text in record.warnings)


def test_bare_number_as_area_is_square_metres(write_file) -> None:
    assert read(write_file(TABLE), area=1.13e-4, cell="symmetric").warnings == ()
    assert any("larger than a laboratory electrode" in text for text in read(write_file(TABLE), area=1.13).warnings)


@pytest.mark.parametrize("area", ["1.13 cm", "1.13", "large"])
def test_area_that_is_none(write_file, area) -> None:
    with pytest.raises(UnitError):
        read(write_file(TABLE), area=area)


@pytest.mark.parametrize("area", [0.0, -1e-4, float("nan")])
def test_area_must_be_positive(write_file, area) -> None:
    with pytest.raises(DataError, match="area must be positive"):
        read(write_file(TABLE), area=area)


def test_unknown_cell(write_file) -> None:
    with pytest.raises(DataError, match="unknown kind of cell"):
        read(write_file(TABLE), cell="coin")


def test_symmetric_cell_is_inferred_with_a_warning(write_file) -> None:
    record = read(write_file(TABLE))
    assert record.specimen.cell == "symmetric"
    assert any(text.startswith("LI-W-CELL") and "inferred" in text for text in record.warnings)


def test_unknown_cell_is_said(write_file) -> None:
    record = read(write_file("time/s,Ewe/V\n0,3.1\n1,3.2\n2,3.3\n"))
    assert record.specimen.cell is None
    assert any(text.startswith("LI-W-CELL nothing says what the cell is") for text in record.warnings)


@pytest.mark.parametrize(
    ("voltage", "expected"),
    [
        ([0.05, -0.05, 0.06, -0.06], True),
        ([0.05, 0.0, -0.05, 0.0, 0.05], True),
        ([3.0, 4.2, 3.0], False),  # full cell
        ([-0.05, 1.0, -0.05, 1.0], False),  # Li||Cu with its stripping limit
        ([0.5, -0.5], False),  # one change of sign
        ([2.5, -2.5, 2.5], False),  # above 2 V
    ],
)
def test_looks_symmetric(voltage, expected) -> None:
    assert looks_symmetric(np.array(voltage)) is expected


@pytest.mark.parametrize(
    ("voltage", "expected"),
    [
        ([0.3, 0.1, 0.09, 0.05], True),
        ([-0.3, -0.1, -0.09, -0.05], True),
        ([0.0] + 200 * [0.1] + [2.0], True),  # single rows at rest and beyond
        ([0.05, -0.05, 0.06, -0.06], False),
        ([0.3, 0.9, 1.2, 1.4], False),
        ([0.0, 0.0, 0.0], False),
    ],
)
def test_looks_plated_one_way(voltage, expected) -> None:
    assert looks_plated_one_way(np.array(voltage)) is expected


def test_plating_one_way_is_not_inferred_but_told(write_file) -> None:
    record = read(write_file("time/s,Ewe/V\n0,0.3\n1,0.1\n2,0.09\n3,0.08\n"))
    assert record.specimen.cell is None
    (text,) = [text for text in record.warnings if text.startswith("LI-W-CELL")]
    assert "--cell symmetric" in text
    assert "--cell plating" in text


@pytest.mark.parametrize(
    ("voltage", "current", "expected"),
    [
        ([2.8, 3.7, 4.3, 4.2, 3.5, 2.8], [1, 1, 1, -1, -1, -1], True),
        ([2.8, 3.7, 4.3, 4.2, 3.5, 2.8], [1, 1, 1, 0, 0, 0], False),  # charged only
        ([0.05, 0.2, 1.5, 1.2, 0.5, 0.05], [1, 1, 1, -1, -1, -1], False),  # graphite against lithium
        ([1.6, 2.0, 2.4, 2.4, 2.1, 1.6], [1, 1, 1, -1, -1, -1], False),  # sulfur
        ([2.8, 3.7, 4.3, 4.2, 3.5, 2.8], None, False),
    ],
)
def test_looks_full(voltage, current, expected) -> None:
    assert looks_full(np.array(voltage), None if current is None else np.array(current, dtype=float)) is expected


@pytest.mark.parametrize(
    ("voltage", "current", "expected"),
    [
        ([1.6, 2.0, 2.4, 2.4, 2.1, 1.6], [1, 1, 1, -1, -1, -1], True),  # sulfur
        ([2.0, 2.9, 3.8, 3.7, 2.9, 2.0], [1, 1, 1, -1, -1, -1], True),  # iron phosphate in a wide window
        ([1.6, 2.0, 2.4, 2.4, 2.1, 1.6], [-1, -1, -1, 1, 1, 1], False),  # the other sign of current
        ([1.6, 2.0, 2.4, 2.4, 2.1, 1.6], [1, 1, 1, 1, 1, 1], False),
        ([1.6, 2.0, 2.4, 2.4, 2.1, 1.6], None, False),
        ([1.1, 2.0, 2.4, 2.4, 2.1, 1.1], [1, 1, 1, -1, -1, -1], False),
        ([1.5, 1.55, 1.6, 1.58, 1.5, 1.45], [1, 1, 1, -1, -1, -1], False),
        ([0.05, 0.2, 1.5, 1.2, 0.5, 0.05], [1, 1, 1, -1, -1, -1], False),  # graphite against lithium
        ([6.0, 9.0, 12.0, 11.0, 8.0, 6.0], [1, 1, 1, -1, -1, -1], False),  # a module
    ],
)
def test_looks_like_cathode(voltage, current, expected) -> None:
    given = None if current is None else np.array(current, dtype=float)
    assert looks_like_cathode(np.array(voltage), given) is expected


def test_a_cathode_of_low_voltage_is_inferred_with_a_warning_that_says_by_what(write_file) -> None:
    path = write_file("time/s,Ewe/V,I/mA\n0,1.6,1\n10,2.0,1\n20,2.4,1\n30,2.3,-1\n40,2.0,-1\n50,1.7,-1\n")
    record = read(path)
    assert record.specimen.cell == "full"
    (text,) = [text for text in record.warnings if text.startswith("LI-W-CELL")]
    assert "inferred from a voltage (1.6 to 2.4 V) above 1.2 V that rises while current > 0 flows" in text
    assert read(path, cell="plating").specimen.cell == "plating"


def plated_and_stripped(cut_offs, plateau=0.03):
    """Plated at minus `plateau` [V], stripped at plus it, up to these cut-offs [V]."""
    voltage = np.concatenate([[-plateau] * 5 + [plateau] * 4 + [end] for end in cut_offs])
    return voltage, np.tile([-1e-3] * 5 + [1e-3] * 5, len(cut_offs))


@pytest.mark.parametrize(
    ("cut_offs", "plateau", "expected"),
    [
        ([1.0, 1.0, 1.0], 0.03, True),
        ([0.3, 0.3, 0.3], 0.03, True),
        ([1.0, 1.0, 0.03], 0.03, True),  # the last stripping is cut off by the end of the record
        ([1.0, 0.03, 1.0], 0.03, False),
        ([0.2, 0.2, 0.2], 0.03, False),
        ([0.4, 0.4, 0.4], 0.1, False),  # a symmetric cell of large overpotential
        ([1.0, 1.0], -0.03, False),  # a half cell
    ],
)
def test_looks_plated_and_stripped(cut_offs, plateau, expected) -> None:
    voltage, current = plated_and_stripped(cut_offs, plateau)
    assert looks_plated_and_stripped(voltage, current) is expected
    assert looks_plated_and_stripped(voltage, -current) is expected  # the other sign convention
    assert looks_plated_and_stripped(voltage, None) is False
    assert looks_plated_and_stripped(voltage, np.abs(current)) is False


def test_lithium_on_copper_that_nothing_names_is_told_its_name(write_file) -> None:
    rows = zip(*plated_and_stripped([1.0, 1.0, 1.0]), strict=True)
    path = write_file("time/s,Ewe/V,I/A\n" + "".join(f"{60 * k},{v},{i}\n" for k, (v, i) in enumerate(rows)))
    record = read(path)
    assert record.specimen.cell is None
    (text,) = [text for text in record.warnings if text.startswith("LI-W-CELL")]
    assert "--cell plating" in text


def test_a_full_cell_is_inferred_with_a_warning_and_told_its_mass(write_file) -> None:
    path = write_file("time/s,Ewe/V,I/mA\n0,3.1,1\n10,4.2,1\n20,4.1,-1\n30,3.0,-1\n")
    record = read(path, cathode_mass="2.26 mg", area="1.13 cm^2")
    assert record.specimen.cell == "full"
    assert record.specimen.cathode_mass == pytest.approx(2.26e-6)
    assert [text for text in record.warnings if text.startswith("LI-W-CELL")] == [
        "LI-W-CELL the cell is taken as full, inferred from a voltage between 2.5 and 5 V"
    ]
    assert read(path, cell="symmetric").specimen.cell == "symmetric"
    assert read(path, cathode_mass=2e-6).specimen.cathode_mass == 2e-6
    with pytest.raises(UnitError, match="cathode_mass"):
        read(path, cathode_mass="2.26 cm")
    with pytest.raises(DataError, match="cathode mass must be positive"):
        read(path, cathode_mass="0 mg")


def test_files_that_follow_one_another_are_put_in_order(write_file) -> None:
    first = write_file("time/s,V/V,I/A\n0,1,0.1\n10,2,0.1\n", "a.csv")
    second = write_file("time/s,V/V,I/A\n10,3,0.2\n30,4,0.2\n", "b.csv")
    record = read([second, first])
    assert record.time.tolist() == [0.0, 10.0, 10.0, 30.0]
    assert record.voltage.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert record.provenance.source == "a.csv + b.csv"
    assert any("LI-W-JOIN 2 files were joined (a.csv, b.csv): their times follow" in text for text in record.warnings)


def test_files_that_begin_anew_are_moved_in_the_order_given(write_file) -> None:
    first = write_file("time/s,V/V,cycle\n5,1,1\n10,2,1\n", "b.csv")
    second = write_file("time/s,V/V,cycle\n5,3,2\n20,4,2\n", "a.csv")
    record = read([str(first), str(second)])
    assert record.time.tolist() == [5.0, 10.0, 10.0, 25.0]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2, 2]
    assert record.provenance.details["files"][1]["time_offset"] == 5.0
    assert any("each was moved to begin where the one before it ends" in text for text in record.warnings)


def test_a_current_that_only_some_files_have_is_left_out_with_a_warning(write_file) -> None:
    first = write_file("time/s,V/V,I/A\n0,1,0.1\n10,2,0.1\n", "a.csv")
    second = write_file("time/s,V/V\n10,3\n30,4\n", "b.csv")
    record = read([first, second])
    assert record.current is None
    assert any("the current of 1 of 2 files is LEFT OUT, since b.csv has none" in text for text in record.warnings)


def test_names_of_the_readers_are_distinct() -> None:
    names = [reader.name for reader in READERS]
    assert len(names) == len(set(names))


def test_importing_the_readers_is_cheap() -> None:
    heavy = "polars pint pydantic matplotlib fastnda"
    program = f"import lithiate.readers, lithiate.writers, sys; print([m for m in {heavy.split()} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
