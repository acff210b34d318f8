"""Writing measurements, and reading them back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lithiate.core.measurement import CyclingRecord, Provenance, RowFlag, Specimen
from lithiate.errors import WriteError
from lithiate.readers import read
from lithiate.writers import write, write_bdf_csv, write_bdf_parquet

VALUES = st.floats(-9, 9)


def record(**changes) -> CyclingRecord:
    arrays = {"time": [0.0, 1.0, 2.0], "voltage": [0.1, -0.1, 0.1], "current": [1e-3, -1e-3, 0.0], **changes}
    return CyclingRecord(specimen=Specimen("cell"), provenance=Provenance("measured"), **arrays)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.integers(2, 30), suffix=st.sampled_from([".bdf.csv", ".bdf.parquet", ".parquet"]))
def test_round_trip(tmp_path, data, size, suffix) -> None:
    def column(elements=VALUES):
        return np.array(data.draw(st.lists(elements, min_size=size, max_size=size)))

    optional = data.draw(st.booleans())
    original = record(
        time=np.cumsum(column(st.floats(1e-6, 1e6))),
        voltage=column(),
        current=column(),
        electrode_potential=column() if optional else None,
        vendor_cycle_number=column(st.integers(0, 2**31)) if optional else None,
        row_flags=column(st.integers(0, 7)).astype(np.uint8),
    )
    (path, *_more) = write(original, tmp_path / f"cell{suffix}")
    again = read(path)
    for name in ("time", "voltage", "current", "electrode_potential", "vendor_cycle_number", "row_flags"):
        a, b = getattr(original, name), getattr(again, name)
        assert (a is None) == (b is None), name
        if a is not None:
            np.testing.assert_array_equal(a, b, err_msg=name)


def test_the_words_of_the_format(tmp_path) -> None:
    path = write_bdf_csv(record(vendor_cycle_number=np.array([1, 1, 2])), tmp_path / "cell.bdf.csv")
    assert path.read_text().splitlines()[:2] == [
        "Test Time / s,Voltage / V,Current / A,Cycle Count / 1",
        "0.0,0.1,0.001,1",
    ]


def test_flags_are_written_where_there_are_any(tmp_path) -> None:
    flags = np.array([0, RowFlag.REST, 0], dtype=np.uint8)
    path = write_bdf_parquet(record(row_flags=flags), tmp_path / "cell.bdf.parquet")
    assert read(path).row_flags.tolist() == [0, 2, 0]


@pytest.mark.parametrize("suffix", [".bdf.csv", ".bdf.parquet"])
def test_the_format_requires_a_current(tmp_path, suffix) -> None:
    with pytest.raises(WriteError, match="requires a current.*NAME.parquet") as error:
        write(record(current=None), tmp_path / f"cell{suffix}")
    assert error.value.code == "LI-WRITE-002"
    assert list(tmp_path.iterdir()) == []


def test_own_format_holds_a_record_without_current(tmp_path) -> None:
    paths = write(record(current=None), tmp_path / "cell.parquet")
    assert [path.name for path in paths] == ["cell.parquet", "cell.json"]
    assert read(paths[0]).current is None


@pytest.mark.parametrize(("name", "nearest"), [("cell.parqet", ".parquet"), ("cell.bdf.cvs", ".bdf.csv")])
def test_unknown_suffix(tmp_path, name, nearest) -> None:
    with pytest.raises(WriteError, match=f"names no format.*did you mean '{nearest}'") as error:
        write(record(), tmp_path / name)
    assert error.value.code == "LI-WRITE-002"


def test_no_suffix(tmp_path) -> None:
    with pytest.raises(WriteError, match="got 'no suffix'"):
        write(record(), tmp_path / "cell")
