"""Measurements on disk: no loss, no half files, no NaN in JSON."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.core.store import (
    atomic_write_bytes,
    atomic_write_text,
    load_measurement,
    save_measurement,
    save_table,
    slug,
)
from lithiate.errors import DataError, ReadError, WriteError
from lithiate.readers import read

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def record(**changes) -> CyclingRecord:
    plain = CyclingRecord(
        specimen=Specimen(name="WN/Mo2N@HCN/Li", anode="Li foil", cell="symmetric", cell_id="7", area=1.13e-4),
        provenance=Provenance(
            origin="simulated", source="twin", reader=None, sha256="ab", software="lithiate 0", details={"seed": [1, 2]}
        ),
        conditions={"temperature": 298.15},
        warnings=("LI-W-TEST µ and ΔE",),
        time=[0.0, 1.0, 2.0],
        voltage=[0.1, -0.0, 5e-324],
    )
    return evolve(plain, **changes)


def assert_same(one: CyclingRecord, other: CyclingRecord) -> None:
    for name in ("time", "voltage", "current", "electrode_potential", "vendor_cycle_number", "row_flags"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None), name
        if a is not None:
            assert a.dtype == b.dtype
            assert a.tobytes() == b.tobytes(), name
    for name in ("specimen", "provenance", "conditions", "warnings", "technique", "schema_version"):
        assert getattr(one, name) == getattr(other, name)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.integers(2, 40))
def test_round_trip_is_bit_for_bit(tmp_path, data, size) -> None:
    def column(elements=FINITE):
        return data.draw(st.lists(elements, min_size=size, max_size=size))

    def optional(elements=FINITE, dtype=np.float64):
        return np.array(column(elements), dtype=dtype) if data.draw(st.booleans()) else None

    original = record(
        time=np.sort(column()),
        voltage=column(),
        current=optional(),
        electrode_potential=optional(),
        vendor_cycle_number=optional(st.integers(-(2**63), 2**63 - 1), np.int64),
        row_flags=np.array(column(st.integers(0, 255)), dtype=np.uint8),
        warnings=tuple(data.draw(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=3))),
        conditions=data.draw(st.dictionaries(st.text("abc_", max_size=5), FINITE, max_size=3)),
    )
    save_measurement(original, tmp_path / "cell")
    assert_same(load_measurement(tmp_path / "cell"), original)


def test_every_path_of_the_pair_loads_it(tmp_path) -> None:
    original = record()
    parquet, sidecar = save_measurement(original, tmp_path / "deep" / "cell.v1")
    assert (parquet.name, sidecar.name) == ("cell.v1.parquet", "cell.v1.json")
    for path in (parquet, sidecar, str(parquet)):
        assert_same(load_measurement(path), original)
    assert_same(read(parquet), original)
    assert_same(read(sidecar), original)


def test_a_stated_area_replaces_the_remark_about_the_missing_one(tmp_path) -> None:
    original = record(specimen=Specimen(name="x", cell="full"), warnings=("LI-W-AREA missing", "LI-W-OTHER"))
    parquet, _sidecar = save_measurement(original, tmp_path / "cell")
    again = read(parquet, area="1 cm^2")
    assert again.specimen.area == pytest.approx(1e-4)
    assert again.warnings == ("LI-W-OTHER",)
    assert again.provenance.origin == "simulated"


def test_the_words_of_the_file(tmp_path) -> None:
    import polars as pl

    full = record(current=[1, 2, 3], electrode_potential=[1, 2, 3], vendor_cycle_number=np.array([1, 1, 2]))
    parquet, sidecar = save_measurement(full, tmp_path / "cell")
    names = [
        "Test Time / s",
        "Voltage / V",
        "Current / A",
        "Electrode Potential / V",
        "Cycle Count / 1",
        "Row Flags / 1",
    ]
    assert pl.read_parquet(parquet).columns == names
    content = json.loads(sidecar.read_text(encoding="utf-8"))
    assert content["schema_version"] == 1
    assert list(content["units"]) == names
    assert content["specimen"]["area"] == 1.13e-4


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
@pytest.mark.parametrize("where", ["conditions", "details"])
def test_no_nan_and_no_strangers_in_json(tmp_path, value, where) -> None:
    changes = (
        {"conditions": {"x": value}}
        if where == "conditions"
        else {"provenance": Provenance(origin="measured", details={"x": value})}
    )
    with pytest.raises(DataError, match="only finite numbers") as error:
        save_measurement(record(**changes), tmp_path / "cell")
    assert error.value.code == "LI-DATA-001"
    assert list(tmp_path.iterdir()) == []


def test_target_that_is_a_folder(tmp_path) -> None:
    (tmp_path / "cell.parquet").mkdir()
    with pytest.raises(WriteError, match="cannot be written") as error:
        save_measurement(record(), tmp_path / "cell")
    assert error.value.code == "LI-WRITE-001"
    assert [path.name for path in tmp_path.iterdir()] == ["cell.parquet"]


def test_folder_that_is_a_file(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError) as error:
        atomic_write_text(tmp_path / "file" / "a.txt", "x")
    assert error.value.code == "LI-WRITE-001"


def test_full_disk_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch) -> None:
    target = atomic_write_bytes(tmp_path / "a.bin", b"old")

    def no_space(*_args) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(WriteError, match="No space left on device") as error:
        atomic_write_bytes(target, b"new")
    assert error.value.code == "LI-WRITE-001"
    assert isinstance(error.value.__cause__, OSError)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.bin", b"old")]


def test_text_is_written_with_plain_line_ends(tmp_path) -> None:
    path = atomic_write_text(tmp_path / "new" / "a.txt", "µ\nx\n")
    assert path.read_bytes() == "µ\nx\n".encode()
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_missing_partner(tmp_path) -> None:
    parquet, sidecar = save_measurement(record(), tmp_path / "cell")
    content = sidecar.read_bytes()
    sidecar.unlink()
    with pytest.raises(ReadError, match="sidecar of a measurement is missing") as error:
        load_measurement(parquet)
    assert error.value.code == "LI-SPEC-003"
    sidecar.write_bytes(content)
    parquet.unlink()
    with pytest.raises(ReadError, match="arrays of a measurement are missing"):
        load_measurement(sidecar)


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b'{"schema_version": 1}', b'{"schema_version": 1, "specimen": 3}']
)
def test_damaged_sidecar(tmp_path, content) -> None:
    parquet, sidecar = save_measurement(record(), tmp_path / "cell")
    sidecar.write_bytes(content)
    with pytest.raises(ReadError, match="sidecar of a measurement is damaged") as error:
        read(parquet)
    assert error.value.code == "LI-READ-003"


def test_sidecar_of_the_future(tmp_path) -> None:
    parquet, sidecar = save_measurement(record(), tmp_path / "cell")
    sidecar.write_text(sidecar.read_text(encoding="utf-8").replace('"schema_version": 1', '"schema_version": 2'))
    with pytest.raises(ReadError, match="got 'schema_version 2'; expected schema_version 1") as error:
        load_measurement(parquet)
    assert error.value.code == "LI-READ-002"


def test_damaged_arrays(tmp_path) -> None:
    import polars as pl

    parquet, _sidecar = save_measurement(record(), tmp_path / "cell")
    pl.read_parquet(parquet).drop("Voltage / V").write_parquet(parquet)
    with pytest.raises(ReadError, match="'Voltage / V' is missing") as error:
        load_measurement(parquet)
    assert error.value.code == "LI-READ-004"
    parquet.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(ReadError, match="arrays of a measurement are damaged") as error:
        load_measurement(parquet)
    assert error.value.code == "LI-READ-003"


def test_slug() -> None:
    # The digits: printf '%s' 'WN/Mo2N@HCN/Li' | sha256sum
    assert slug("WN/Mo2N@HCN/Li") == "wn-mo2n-hcn-li-08d9e7c4"
    assert slug("a/b") != slug("a b")
    assert len(slug("锂")) == 8
    assert len(slug("x" * 500)) == 69


def test_a_table_is_saved_twice_with_units_in_its_headings(tmp_path) -> None:
    import polars as pl

    table = {
        "half_cycle": (np.arange(1, 4), "1"),
        "cycle": (np.ma.masked_equal(np.array([1, 1, 0]), 0), "1"),
        "start": (np.array([0.0, 3600.0, 7200.0]), "s"),
        "areal_capacity": (np.array([3.6e4, np.nan, 1.8e4]), "C/m^2"),
        "plateau": (np.array([0.05, -0.05, 0.0]), "V"),
        "gap": (np.array([True, False, True]), "1"),
        "kind": (np.array(["soft", "hard", "soft"]), "1"),
    }
    parquet, csv = save_table(table, tmp_path / "new" / "cell.1-half-cycles")
    assert (parquet.name, csv.name) == ("cell.1-half-cycles.parquet", "cell.1-half-cycles.csv")
    frame = pl.read_parquet(parquet)
    assert frame.columns == [
        "Half Cycle / 1",
        "Cycle / 1",
        "Start / h",
        "Areal Capacity / mAh/cm^2",
        "Plateau / mV",
        "Gap / 1",
        "Kind / 1",
    ]
    assert frame["Cycle / 1"].to_list() == [1, 1, None]
    assert frame["Areal Capacity / mAh/cm^2"].to_list() == [1.0, None, 0.5]
    assert frame["Plateau / mV"].to_list() == [50.0, -50.0, 0.0]
    assert frame["Gap / 1"].dtype == pl.Boolean
    assert frame["Half Cycle / 1"].dtype == pl.Int64
    assert csv.read_text().splitlines()[2] == "2,1,1.0,,-50.0,false,hard"
    assert pl.read_csv(csv).equals(frame)


def test_a_table_of_unequal_columns_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="differ in length"):
        save_table({"a": (np.zeros(2), "1"), "b": (np.zeros(3), "1")}, tmp_path / "t")
    assert not list(tmp_path.iterdir())


def test_an_empty_table_keeps_its_headings(tmp_path) -> None:
    _, csv = save_table({"start": (np.zeros(0), "s")}, tmp_path / "t")
    assert csv.read_text() == "Start / h\n"
