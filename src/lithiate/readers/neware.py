"""Neware ``.nda`` and ``.ndax``, also inside a ZIP file of one member, decoded by fastnda."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lithiate.core.measurement import RowFlag
from lithiate.errors import ReadError
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, Reader, Source, flag_setting

if TYPE_CHECKING:
    import polars as pl

_NDA = b"NEWARE"
_ZIP = b"PK"
# A damaged archive shows in many ways: wrong lengths, names that are no text, methods that do not exist; and fastnda
# puts isal in the place of zlib inside zipfile, whose error is of a type of its own.
_ZIP_FAULTS = (Exception,)
_NO_CYCLES = "Raw cycle column missing"


def sniff(head: bytes, path: Path) -> bool:
    """Recognise the two formats; a ZIP file is looked into, because a spreadsheet begins in the same way."""
    if head.startswith(_NDA):
        return True
    return head.startswith(_ZIP) and _zip_kind(path) is not None


def _zip_kind(path: Path) -> str | None:
    """Return ``.ndax``, ``zipped`` (one Neware file inside), ``damaged``, or None for any other ZIP file."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
            if any(item.filename.endswith(".ndc") for item in members):
                return ".ndax"
            if len(members) != 1:
                return None
            with archive.open(members[0]) as stream:
                start = stream.read(len(_NDA))
            return "zipped" if start == _NDA or start.startswith(_ZIP) else None
    except _ZIP_FAULTS:
        return "damaged"


def read(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Read a Neware file with the instrument's own cycle numbers.

    `total_time_s` is the time (the clock may jump back); mA become A once; rows of rest steps are marked. The sign of
    the current is the format's: charge above zero.

    Settings: ``ignore_damage`` reads a file whose description of auxiliary channels is damaged, with a warning.

    Raises
    ------
    ReadError
        ``LI-READ-001`` when the test holds no rows, ``LI-READ-003`` with the reason of fastnda when it is damaged.
    """
    import fastnda

    with _unpacked(source) as path:
        frame, notes = _decoded(path, source.name, ignore_damage=flag_setting(settings, "ignore_damage", source.name))
        channel = _channel(path)
    if frame.height == 0:
        raise ReadError("the test holds no rows", code="LI-READ-001", where=source.name, got="0 records")
    numbered = not any(_NO_CYCLES in note for note in notes)
    if not numbered:
        # Without a counter in the file fastnda counts by itself and says so; an own count is not the vendor's.
        notes = [note for note in notes if "cycle" not in note]
    time = _floats(frame["total_time_s"])
    rest = (frame["step_type"] == "Rest").fill_null(value=False).to_numpy()
    return RawRecord(
        time=time,
        voltage=_floats(frame["voltage_V"]),
        current=_floats(frame["current_mA"]) / 1000.0,
        vendor_cycle_number=frame["cycle_count"].to_numpy().astype(np.int64) if numbered else None,
        row_flags=rest.astype(np.uint8) * np.uint8(RowFlag.REST),
        warnings=tuple(f"LI-W-VENDOR {note}" for note in notes),
        software=f"fastnda {fastnda.__version__}",
        start=float(frame["unix_time_s"][0]) - float(time[0]) if frame["unix_time_s"][0] else None,
        identity={} if channel is None else {"channel": channel},
    )


def _channel(path: Path) -> str | None:
    """Return device, unit and channel of an ``.ndax``, None where the file does not state them."""
    import fastnda

    if path.suffix != ".ndax":
        return None
    try:
        stated = fastnda.read_metadata(path)["TestInfo"]["TestInfo"]
        return "-".join(str(stated[name]) for name in ("DevID", "UnitID", "ChlID"))
    except Exception:  # a description may be missing or damaged in any way, and nothing depends on it
        return None


def _floats(series: pl.Series) -> np.typing.NDArray[np.float64]:
    return series.to_numpy().astype(np.float64)


@contextlib.contextmanager
def _unpacked(source: Source) -> Iterator[Path]:
    """Give a path whose suffix fits the content, because fastnda goes by the suffix."""
    content, suffix = source.content, ".nda"
    if content.startswith(_ZIP):
        suffix = ".ndax"
        kind = _zip_kind(source.path)
        if kind == "damaged":
            raise _damaged(source.name, "the ZIP archive cannot be opened: it is cut off, overwritten or locked")
        if kind == "zipped":
            content = _only_member(source)
            suffix = ".nda" if content.startswith(_NDA) else ".ndax"
    if content is source.content and source.path.suffix.lower() == suffix:
        yield source.path
        return
    with tempfile.TemporaryDirectory(prefix="lithiate-") as folder:
        path = Path(folder) / f"record{suffix}"
        path.write_bytes(content)
        yield path


def _only_member(source: Source) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
            return archive.read(next(item for item in archive.infolist() if not item.is_dir()))
    except _ZIP_FAULTS as error:
        raise _damaged(source.name, str(error)) from error


def _damaged(where: str, reason: str) -> ReadError:
    return ReadError("the Neware file is damaged", code="LI-READ-003", where=where, got=reason)


class _Notes(logging.Handler):
    """Collects what fastnda logs, which else would go to the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)


def _decoded(path: Path, where: str, *, ignore_damage: bool) -> tuple[pl.DataFrame, list[str]]:
    """Return the frame of fastnda and its remarks; its exceptions become one `ReadError`."""
    import fastnda
    import polars as pl

    notes, logger = _Notes(), logging.getLogger("fastnda")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(notes)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            frame = fastnda.read(path, cycle_mode="raw")
    except (Exception, pl.exceptions.PanicException) as error:
        reason = str(error).strip().splitlines()
        raise _damaged(where, f"{type(error).__name__}: {reason[0] if reason else 'no reason given'}") from error
    finally:
        logger.removeHandler(notes)
        logger.propagate = propagate
    faults = [record for record in notes.records if record.exc_info]
    if faults and not ignore_damage:
        cause = faults[0].exc_info[1] if faults[0].exc_info else None
        raise ReadError(
            "a part of the Neware file is damaged",
            code="LI-READ-003",
            where=where,
            got=f"{faults[0].getMessage()} ({cause})",
            expected="an intact file; --set ignore_damage=true reads the voltage and current that are left",
        ) from cause
    return frame, [record.getMessage() for record in notes.records] + [str(item.message) for item in caught]


READER = Reader(
    name="neware",
    title="Neware .nda and .ndax (also one in a ZIP file)",
    settings=(*COMMON_SETTINGS, "ignore_damage"),
    sniff=sniff,
    read=read,
)
