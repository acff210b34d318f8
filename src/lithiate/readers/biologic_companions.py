"""Files that EC-Lab and BT-Lab write beside a record, and that hold none: they are refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from lithiate.errors import ReadError
from lithiate.readers.source import Reader, Source

# First words of the file, whatever its name -> what it is.
_COMPANIONS = {
    r"VMP EXPERIMENT LOOP INDEXES": "a list of the first rows of loops (_LOOP.txt)",
    r"(?:EC|BT)-LAB SETTING FILE": "the settings of an experiment (.mps)",
}


def is_companion(head: bytes) -> str | None:
    """Return what a file is that BioLogic's programs write beside a record, or None for anything else."""
    start = head[:256].removeprefix(b"\xef\xbb\xbf").lstrip().decode("latin-1")
    return next((what for words, what in _COMPANIONS.items() if re.match(words, start, re.IGNORECASE)), None)


def sniff(head: bytes, path: Path) -> bool:
    """Recognise the first words of a companion file."""
    return is_companion(head) is not None


def read(source: Source, settings: Mapping[str, str]) -> NoReturn:
    """Refuse the file.

    Raises
    ------
    ReadError
        ``LI-READ-014`` with what the file is.
    """
    raise ReadError(
        f"a companion file, holds no data: {is_companion(source.head)}",
        code="LI-READ-014",
        where=source.name,
        expected="the record beside it (.mpr or .mpt)",
    )


READER = Reader(
    name="biologic-companion",
    title="companion files of BioLogic (no record)",
    settings=(),
    sniff=sniff,
    read=read,
)
