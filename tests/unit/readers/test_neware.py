"""Neware files that are none: the format is recognised by content, damage is said, nothing leaks."""

from __future__ import annotations

import io
import logging
import zipfile

import polars as pl
import pytest

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers import read


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


NDAX = archive(**{"data.ndc": b"\xee" * 4096, "VersionInfo.xml": b"<root/>"})


@pytest.mark.parametrize(
    "content",
    [
        b"NEWARE" + bytes(3000),
        NDAX,
        NDAX[:-40],  # the directory of the archive is cut off
        archive(**{"cell.nda": b"NEWARE" + bytes(3000)}),
    ],
)
@pytest.mark.parametrize("name", ["cell.nda", "cell.ndax", "cell.txt"])
def test_damaged_files(write_file, content, name, capfd) -> None:
    with pytest.raises(ReadError, match=f"{name}: the Neware file is damaged; got") as error:
        read(write_file(content, name))
    assert error.value.code == "LI-READ-003"
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_the_reason_of_fastnda_is_chained(write_file) -> None:
    with pytest.raises(ReadError) as error:
        read(write_file(NDAX, "cell.ndax"))
    assert error.value.__cause__ is not None


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "voltage_V": pl.Series([0.1, -0.1, 0.0], dtype=pl.Float32),
            "current_mA": pl.Series([1.5, -1.5, 0.0], dtype=pl.Float32),
            "total_time_s": [0.0, 1.0, 2.0],
            "unix_time_s": [1.7e9, 1.7e9 + 1.0, 1.7e9 + 2.0],
            "cycle_count": pl.Series([1, 1, 2], dtype=pl.UInt32),
            "step_type": pl.Series(["CC_Chg", "CC_DChg", "Rest"], dtype=pl.Categorical),
        }
    )


def test_units_signs_rests_and_remarks(write_file, frame, monkeypatch, capfd) -> None:
    def answer(path, cycle_mode):
        assert path.suffix == ".nda"  # the suffix fits the content, whatever the file is called
        assert cycle_mode == "raw"
        logging.getLogger("fastnda.nda").warning("a remark")
        return frame

    monkeypatch.setattr("fastnda.read", answer)
    record = read(write_file(b"NEWARE", "cell.dat"))
    assert record.current.tolist() == [1.5e-3, -1.5e-3, 0.0]
    assert record.vendor_cycle_number.tolist() == [1, 1, 2]
    assert record.row_flags.tolist() == [0, 0, RowFlag.REST]
    assert "LI-W-VENDOR a remark" in record.warnings
    assert capfd.readouterr().err == ""
    assert logging.getLogger("fastnda").propagate


def test_no_cycle_counter_is_none_and_not_an_invented_one(write_file, frame, monkeypatch) -> None:
    def answer(path, cycle_mode):
        logging.getLogger("fastnda").warning("Raw cycle column missing for this file type, using 'auto'.")
        return frame

    monkeypatch.setattr("fastnda.read", answer)
    record = read(write_file(b"NEWARE", "cell.nda"))
    assert record.vendor_cycle_number is None
    assert not any(text.startswith("LI-W-VENDOR") for text in record.warnings)


def test_a_damaged_part_is_refused_or_ignored_on_request(write_file, frame, monkeypatch, capfd) -> None:
    def answer(path, cycle_mode):
        try:
            raise UnicodeError("bad byte")
        except UnicodeError:
            logging.getLogger("fastnda.ndax").exception("could not read TestInfo.xml!")
        return frame

    monkeypatch.setattr("fastnda.read", answer)
    path = write_file(b"NEWARE", "cell.nda")
    with pytest.raises(ReadError, match="a part of the Neware file is damaged.*TestInfo.xml.*bad byte") as error:
        read(path)
    assert error.value.code == "LI-READ-003"
    record = read(path, settings={"ignore_damage": "true"})
    assert record.time.size == 3
    assert "LI-W-VENDOR could not read TestInfo.xml!" in record.warnings
    assert capfd.readouterr().err == ""


def test_a_test_without_rows(write_file, frame, monkeypatch) -> None:
    monkeypatch.setattr("fastnda.read", lambda path, cycle_mode: frame.clear())
    with pytest.raises(ReadError, match="the test holds no rows") as error:
        read(write_file(b"NEWARE", "cell.nda"))
    assert error.value.code == "LI-READ-001"
