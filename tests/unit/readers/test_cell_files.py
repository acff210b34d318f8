"""Folders, several files of one cell, and what tells cells apart."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Provenance, Specimen
from lithiate.errors import ReadError
from lithiate.readers import read, read_all
from lithiate.readers.cell_files import natural_order, on_one_clock, require_one_cell
from lithiate.readers.join import joined


def code(caught: pytest.ExceptionInfo[ReadError]) -> str:
    return caught.value.code


def table(start: float, stop: float, level: float = 0.1) -> str:
    rows = "".join(f"{t},{level if k % 2 else -level}\n" for k, t in enumerate(np.linspace(start, stop, 20)))
    return "time/s,V/V\n" + rows


def record(name: str, *, start: float | None, span: float = 3600.0, **identity: str) -> CyclingRecord:
    details = {"start": start, "identity": identity}
    return CyclingRecord(
        specimen=Specimen(name=name),
        provenance=Provenance(
            origin="measured", source=name, details={k: v for k, v in details.items() if v is not None}
        ),
        time=np.linspace(0.0, span, 11),
        voltage=np.linspace(0.1, 0.2, 11) + len(name),
    )


def test_a_folder_is_read_in_the_order_of_its_clock(write_file, tmp_path) -> None:
    write_file(table(100, 200), "z.csv")
    write_file(table(0, 99), "part10.csv")
    write_file("read me\n", "README.md")
    write_file("", "empty.csv")
    write_file(b"\x89PNG\r\n\x1a\n\x00\x00", "photo.png")
    found = read(tmp_path)
    assert found.provenance.source == "part10.csv + z.csv"
    assert found.specimen.name == tmp_path.name
    skipped = [text for text in found.warnings if text.startswith("LI-W-FOLDER")]
    assert [text.split()[1] for text in skipped] == ["empty.csv", "photo.png", "README.md"]


def test_a_damaged_record_in_a_folder_is_not_skipped(write_file, tmp_path) -> None:
    write_file(table(0, 99), "a.csv")
    write_file("time/s,V/V\n100,0.1\n101,broken\n102,0.1\n103,0.1\n", "b.csv")
    with pytest.raises(ReadError, match="b.csv"):
        read(tmp_path)


def test_a_folder_without_files(tmp_path) -> None:
    with pytest.raises(ReadError, match="holds no files of a cell") as error:
        read(tmp_path)
    assert code(error) == "LI-SPEC-003"


def test_a_folder_of_other_things(write_file, tmp_path) -> None:
    write_file("read me\n", "README.md")
    with pytest.raises(ReadError, match="none of the files holds a record; got 'README.md was skipped") as error:
        read(tmp_path)
    assert code(error) == "LI-READ-002"


def test_two_cells_in_one_folder_without_clocks(write_file, tmp_path) -> None:
    write_file(table(0, 3600), "cell1.csv")
    write_file(table(0, 7200, 0.2), "cell2.csv")
    with pytest.raises(ReadError, match=r"or of several cells: their times overlap.*same_cell=true") as error:
        read(tmp_path)
    assert code(error) == "LI-READ-012"
    assert read(tmp_path, settings={"same_cell": "true"}).time.size == 40
    assert read([tmp_path / "cell1.csv", tmp_path / "cell2.csv"]).time.size == 40


def test_cells_of_two_kinds_are_not_joined(write_file, tmp_path) -> None:
    full = "".join(f"{k},{3.0 + 0.1 * (k % 10)},{0.1 if k % 2 else -0.1}\n" for k in range(4000, 4040))
    symmetric = "".join(f"{k},{0.1 if k % 2 else -0.1},{0.1 if k % 2 else -0.1}\n" for k in range(40))
    write_file("time/s,V/V,I/A\n" + full, "b.csv")
    write_file("time/s,V/V,I/A\n" + symmetric, "a.csv")
    with pytest.raises(ReadError, match="the kind of cell, by its voltage differs") as error:
        read(tmp_path)
    assert code(error) == "LI-READ-012"


@pytest.mark.parametrize("key", ["channel", "cell_id"])
def test_identities_that_differ(key) -> None:
    with pytest.raises(ReadError, match="are not of one cell") as error:
        require_one_cell([record("a", start=None, **{key: "1"}), record("b", start=None, **{key: "2"})], folder=False)
    assert code(error) == "LI-READ-012"
    require_one_cell([record("a", start=None, **{key: "1"}), record("b", start=None)], folder=False)


def test_records_of_the_same_time_are_of_two_cells() -> None:
    with pytest.raises(ReadError, match="recorded at the same time; got 'an overlap of 0.5 h'") as error:
        require_one_cell([record("a", start=0.0), record("b", start=1800.0)], folder=False)
    assert code(error) == "LI-READ-012"
    require_one_cell([record("a", start=0.0), record("b", start=3500.0)], folder=False)


def test_files_that_lie_half_a_year_apart_are_hardly_of_one_cell() -> None:
    day = 86400.0
    far = [record("bb", start=185.0 * day), record("a", start=0.0)]
    with pytest.raises(ReadError, match=r"^a, bb: .*more than half a year apart.*185 days.*same_cell=true") as error:
        require_one_cell(far, folder=False)
    assert code(error) == "LI-READ-012"
    require_one_cell([record("bb", start=180.0 * day), record("a", start=0.0)], folder=False)


def test_starts_put_files_on_one_clock() -> None:
    second, first = record("bb", start=1e6), record("a", start=1e6 - 7200.0)
    (together,) = joined(on_one_clock([second, first]))
    assert together.provenance.source == "a + bb"
    assert together.time[11] - together.time[0] == 7200.0  # the hour between them is kept


def test_spectra_are_moved_to_the_clock_of_the_cycling_record() -> None:
    spectra = ImpedanceSpectra(
        specimen=Specimen(name="s"),
        provenance=Provenance(origin="measured", source="s", details={"start": 400.0}),
        frequency=[10.0, 1.0],
        impedance=[1.0 - 1j, 2.0 - 1j],
        time=[0.0, 5.0],
    )
    _cycling, moved = on_one_clock([record("a", start=1000.0), spectra])
    assert moved.time.tolist() == [-600.0, -595.0]


def test_one_record_in_two_formats(write_file) -> None:
    rows = [(float(t), 0.1 + 1e-3 * t) for t in range(30)]
    comma = write_file("time/s,V/V\n" + "".join(f"{t},{v}\n" for t, v in rows), "a.csv")
    tab = write_file("Time (s)\tVoltage (mV)\n" + "".join(f"{t}\t{1e3 * v}\n" for t, v in rows), "a.txt")
    with pytest.raises(ReadError, match="two files hold the same record") as error:
        read([comma, tab])
    assert code(error) == "LI-READ-010"


def test_parts_of_one_cell_keep_their_own_records() -> None:
    a, b = record("a", start=None), record("bb", start=None)
    b = evolve(b, time=b.time + 1e4)
    (together,) = joined(on_one_clock([a, b]))
    assert together.time.size == 22


def test_natural_order() -> None:
    names = ["cell10", "cell2", "Cell1_b", "cell1_a"]
    assert sorted(names, key=natural_order) == ["cell1_a", "Cell1_b", "cell2", "cell10"]


def test_read_all_gives_one_measurement_a_technique(write_file) -> None:
    (only,) = read_all(write_file(table(0, 99)))
    assert only.technique == "cycling"


def test_a_setting_need_be_known_to_one_reader_only(write_file) -> None:
    bdf = "test_time_second,voltage_volt,current_ampere\n" + "".join(f"{t},3,0.1\n" for t in range(9))
    plain = "t,U/V,I/A\n" + "".join(f"{t},3,0.1\n" for t in range(9, 20))
    record = read([write_file(bdf, "a.csv"), write_file(plain, "b.csv")], settings={"time_unit": "s"})
    assert record.time[-1] == 19.0
    with pytest.raises(ReadError, match="'time_unt' is not known.*did you mean 'time_unit'") as error:
        read([write_file(bdf, "a.csv"), write_file(plain, "b.csv")], settings={"time_unt": "s"})
    assert code(error) == "LI-READ-011"


def test_a_file_named_twice_is_told_with_both_names(write_file, tmp_path) -> None:
    (tmp_path / "copy").mkdir()
    first, renamed = write_file(table(0, 99), "a.csv"), write_file(table(0, 99), "b.csv")
    with pytest.raises(ReadError, match=r"^a\.csv, b\.csv: the same content is named more than once") as error:
        read([first, renamed])
    assert code(error) == "LI-READ-010"
    copied = write_file(table(0, 99), "copy/a.csv")
    with pytest.raises(ReadError, match="^[^:]*a.csv, [^:]*copy.a.csv: the same content"):
        read([first, copied])
