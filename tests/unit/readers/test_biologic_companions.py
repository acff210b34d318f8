"""Files of BioLogic that accompany a record: told from records by their first words."""

from __future__ import annotations

import pytest

from lithiate.errors import ReadError
from lithiate.readers import read
from lithiate.readers.biologic_companions import is_companion

LOOP = b"VMP EXPERIMENT LOOP INDEXES\r\n0\r\n709\r\n1104\r\n"
SETTINGS = b"EC-LAB SETTING FILE\r\n\r\nNumber of linked techniques : 1\r\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LOOP, "_LOOP.txt"),
        (SETTINGS, ".mps"),
        (SETTINGS.replace(b"EC-LAB", b"BT-LAB"), ".mps"),
        (b"\xef\xbb\xbf" + SETTINGS, ".mps"),
    ],
)
def test_companions_are_refused_with_their_reason(write_file, content, words) -> None:
    assert words in is_companion(content)
    with pytest.raises(ReadError, match="a companion file, holds no data") as error:
        read(write_file(content, "cell.txt"))
    assert error.value.code == "LI-READ-014"
    assert words in error.value.what


@pytest.mark.parametrize(
    "content", [b"", b"EC-Lab ASCII FILE\nNb header lines : 3", b"time/s\tEwe/V\n0\t1\n", b"x" + LOOP, bytes(300)]
)
def test_anything_else_is_no_companion(content) -> None:
    assert is_companion(content) is None


def test_a_folder_skips_them(tmp_path) -> None:
    (tmp_path / "cell_LOOP.txt").write_bytes(LOOP)
    (tmp_path / "cell.mps").write_bytes(SETTINGS)
    (tmp_path / "cell.mpt").write_text("time/s\tEwe/V\n0\t1\n1\t2\n")
    record = read(tmp_path)
    assert record.voltage.tolist() == [1.0, 2.0]
    assert len([text for text in record.warnings if text.startswith("LI-W-FOLDER") and "holds no data" in text]) == 2
