"""Arbin: csv in three dialects, spreadsheets of channels, and result files (``.res``) through mdbtools."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve

from lithiate.errors import ReadError
from lithiate.readers import clock, text
from lithiate.readers.choices import Habits
from lithiate.readers.columns import parse_heading
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, Reader, Source, chosen_part, flag_setting
from lithiate.readers.vendor_text import Dialect, reader_of, words

if TYPE_CHECKING:
    import polars as pl

DIALECT = Dialect(
    name="arbin",
    title="Arbin csv",
    names=(words("testtime"), words("chargecapacity"), words("current"), words("voltage")),
    columns={
        "time": words("testtime"),
        "voltage": words("voltage"),
        "current": words("current"),
        "cycle": words("cycleindex"),
        "step": words("stepindex"),
        "clock": words("datetime"),
    },
    units={"time": "s", "voltage": "V", "current": "A"},
    identity_columns={"channel": words("channelindex channelid")},
    capacities=words("chargecapacity dischargecapacity"),
    habits=Habits(date_order="month", signed=True),
)
"""Dump of the database (no units; seconds since 1970), MITS 7 and MITS X; the clock has the month first."""

READER = reader_of(DIALECT)

_METADATA = (
    words("schedulefilename scheduleversion"),
    words("itemid creator comments"),
    words("testid deviceid testname"),
)
METADATA = Dialect(name="arbin-metadata", title="Arbin's file of metadata", names=_METADATA)

_MAGIC = b"Standard Jet DB"
_TABLE = "Channel_Normal_Table"
_TIMEOUT = 600.0
_DETAILS = {
    "test_name": "Test_Name",
    "procedure": "Schedule_File_Name",
    "creator": "Creator",
    "comments": "Comments",
    "stored_mass": "MASS",
    "stored_specific_capacity": "Specific_Capacity",
    "instrument_software": "Software_Version",
}


def read_metadata(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Say that the file holds no record (``LI-READ-014``)."""
    raise ReadError(
        "Arbin's file of metadata holds no record",
        code="LI-READ-014",
        where=source.name,
        expected="the csv beside it, with Test_Time and Voltage",
    )


def sniff_metadata(head: bytes, path: Path) -> bool:
    """Recognise the names of the metadata, without those of a record."""
    decoded = text.head_text(head)
    first = "" if decoded is None else decoded.split("\n", 1)[0]
    keys = frozenset(parse_heading(name).key for name in text.split_line(first, ","))
    return METADATA.fits(keys) and "testtime" not in keys


def sniff_database(head: bytes, path: Path) -> bool:
    """Recognise a database of Microsoft Access."""
    return head[4:19] == _MAGIC


def read_database(source: Source, settings: Mapping[str, str]) -> RawRecord | tuple[RawRecord, ...]:
    """Read a result file through ``mdb-export``, a program of mdbtools, which runs on its own.

    Rows are put in the order of Test_ID and Data_Point, for the order of an export is not that of the measurement.
    Each test is a record; masses in the file are kept as details and not used. Of pages that are missing mdbtools tells
    on its stream of errors, and not by its exit code: such a file is damaged.

    Settings: ``ignore_damage`` reads the rows that are left of a damaged file, with a warning; ``part`` is the number
    of the test to read, where the file has several.

    Raises
    ------
    ReadError
        ``LI-READ-015`` when mdbtools is not installed, ``LI-READ-003`` when it cannot read the file,
        ``LI-READ-002`` when the database is not Arbin's, ``LI-READ-009`` when the table holds no rows.
    """
    import polars as pl

    _require_tools(source.name)
    tables = _run(["mdb-tables", "-1", str(source.path.resolve())], source.name)[0].split()
    if _TABLE not in tables:
        raise ReadError(
            "the database is not one of Arbin",
            code="LI-READ-002",
            where=source.name,
            got="tables " + ", ".join(tables[:20]),
            expected=_TABLE,
        )
    frame, complaint = _table(source, _TABLE)
    if complaint and not flag_setting(settings, "ignore_damage", source.name):
        raise _unreadable(
            source.name,
            f"{complaint}, after {frame.height} rows",
            "an intact file; --set ignore_damage=true reads the rows that are left",
        )
    if not frame.height:
        raise ReadError("the test holds no rows", code="LI-READ-009", where=source.name, got=f"0 rows in {_TABLE}")
    numbers = frame.with_columns(pl.col("Test_ID", "Data_Point").cast(pl.Int64)).sort("Test_ID", "Data_Point")
    about = _table(source, "Global_Table")[0] if "Global_Table" in tables else None
    tests = numbers.partition_by("Test_ID", maintain_order=True)
    records = [_test(test, about, source.name) for test in tests]
    if complaint:
        records = [record.changed(f"LI-W-DAMAGE a part of the file is lost: {complaint}") for record in records]
    names = [f"test {test['Test_ID'][0]}" for test in tests]
    return chosen_part(records, names, settings, source.name)


def _test(test: pl.DataFrame, about: pl.DataFrame | None, where: str) -> RawRecord:
    import polars as pl

    def column(name: str) -> np.typing.NDArray[np.float64]:
        return test[name].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()

    missing = [name for name in ("Test_Time", "Voltage", "Current") if name not in test.columns]
    if missing:
        raise ReadError(f"the table {_TABLE} has no {missing[0]}", code="LI-READ-004", where=where)
    time = column("Test_Time")
    days = column("DateTime")[0] if "DateTime" in test.columns else float("nan")
    cycles = test["Cycle_Index"].cast(pl.Int64, strict=False) if "Cycle_Index" in test.columns else None
    raw = RawRecord(
        time=time,
        voltage=column("Voltage"),
        current=column("Current"),
        vendor_cycle_number=None if cycles is None or cycles.null_count() else cycles.to_numpy(),
        start=clock.from_ole(float(days)) - float(time[0]) if np.isfinite(days) and np.isfinite(time[0]) else None,
        software="mdbtools",
    )
    if about is None or "Test_ID" not in about.columns:
        return raw
    rows = about.filter(pl.col("Test_ID") == str(test["Test_ID"][0]))
    if not rows.height:
        return raw
    found = {name: str(value).strip() for name, value in rows.row(0, named=True).items() if value not in (None, "")}
    identity = {"channel": found["Channel_Index"]} if "Channel_Index" in found else {}
    if found.get("Item_ID"):
        identity["cell_id"] = found["Item_ID"]
    return evolve(raw, identity=identity, details={k: found[v] for k, v in _DETAILS.items() if found.get(v)})


def _table(source: Source, name: str) -> tuple[pl.DataFrame, str]:
    """Return a table as text, and what mdbtools complained of."""
    import polars as pl

    exported, complaint = _run(["mdb-export", str(source.path.resolve()), name], source.name)
    try:
        return pl.read_csv(io.BytesIO(exported.encode()), infer_schema=False), complaint
    except pl.exceptions.PolarsError as error:
        raise _unreadable(source.name, str(error).splitlines()[0]) from error


def _require_tools(where: str) -> None:
    missing = [name for name in ("mdb-tables", "mdb-export") if shutil.which(name) is None]
    if missing:
        raise ReadError(
            "Arbin's result files are databases of Microsoft Access, which mdbtools reads, and it is not installed",
            code="LI-READ-015",
            where=where,
            got=f"no program {missing[0]}",
            expected="Debian and Ubuntu: apt-get install mdbtools; macOS: brew install mdbtools; or an export as csv "
            "from MITS",
        )


def _run(command: list[str], where: str) -> tuple[str, str]:
    """Return what a program of mdbtools wrote, and the last line of what it complained of."""
    try:
        # The path is one argument of a program that is named here: no shell reads it.
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise _unreadable(where, f"{command[0]} did not end within {_TIMEOUT:g} s") from error
    except OSError as error:
        raise _unreadable(where, f"{command[0]}: {error}") from error
    complaints = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode != 0:
        raise _unreadable(where, f"{command[0]}: {complaints[-1] if complaints else f'exit code {done.returncode}'}")
    return done.stdout.decode(errors="replace"), complaints[-1] if complaints else ""


def _unreadable(where: str, reason: str, expected: str | None = None) -> ReadError:
    return ReadError("the Arbin result file is damaged", code="LI-READ-003", where=where, got=reason, expected=expected)


METADATA_READER = Reader(METADATA.name, METADATA.title, (), sniff_metadata, read_metadata)
DATABASE_READER = Reader(
    "arbin-res",
    "Arbin result file (.res)",
    (*COMMON_SETTINGS, "ignore_damage", "part"),
    sniff_database,
    read_database,
)
