"""The files of one cell: those of a folder, whether they are of one cell, and the clock that they share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from attrs import evolve

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Measurement
from lithiate.errors import ReadError
from lithiate.readers.specimen import looks_full, looks_symmetric

LARGEST_OVERLAP = 0.1
"""Two records of one cell overlap by at most this share of the shorter one: clocks are set while a test runs."""

LONGEST_OVERLAP = 2 * 3600.0
"""And by at most this [s], the change to summer time among them."""

LONGEST_PAUSE = 0.5 * 365.25 * 86400.0
"""Two files of one cell lie by their clocks at most this [s] apart: a longer pause is rather another cell."""

_ONE_PART = "one of the cells of this file, --set part=1 and so on"
_SAME_CELL = "--set same_cell=true joins them all the same"


def files_of_folder(folder: Path) -> list[Path]:
    """Return the files of a folder in the natural order of their names, without hidden ones and sidecars.

    Raises
    ------
    ReadError
        ``LI-SPEC-003`` when there is none.
    """
    names = [item for item in folder.iterdir() if item.is_file() and not item.name.startswith(".")]
    parquet = {item.with_suffix("").name for item in names if item.suffix.lower() == ".parquet"}
    kept = [
        item
        for item in names
        if item.suffix.lower() != ".toml" and not (item.suffix.lower() == ".json" and item.stem in parquet)
    ]
    if not kept:
        raise ReadError(
            "the folder holds no files of a cell",
            code="LI-SPEC-003",
            where=str(folder),
            got=f"{len(names)} files",
            expected="a folder with the files of ONE cell",
        )
    return sorted(kept, key=lambda item: natural_order(item.name))


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Return a key by which ``part2`` stands before ``part10``."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def require_one_cell(records: Sequence[Measurement], *, folder: bool) -> None:
    """Refuse files that are of different cells, as far as files can tell.

    Parameters
    ----------
    records : sequence of Measurement
    folder : bool
        The files are those of a folder, which nobody named one by one: then records that overlap in time and carry no
        clock of their own are refused too.

    Raises
    ------
    ReadError
        ``LI-READ-012`` with what differs.
    """
    for key in ("channel", "cell_id"):
        _require_alike(records, [_identity(record).get(key) for record in records], key.replace("_", " "))
    _require_alike(records, [_kind(record) for record in records], "kind of cell, by its voltage")
    cycling = [record for record in records if isinstance(record, CyclingRecord)]
    starts = [start_of(record) for record in cycling]
    if all(start is not None for start in starts):
        spans = [
            (s + float(r.time[0]), s + float(r.time[-1])) for s, r in zip(starts, cycling, strict=True) if s is not None
        ]
        _require_apart(cycling, spans)
    elif folder and len(cycling) > 1:
        _require_one_clock(cycling)


def _identity(record: Measurement) -> dict[str, str]:
    found = record.provenance.details.get("identity", {})
    return dict(found)


def start_of(record: Measurement) -> float | None:
    """Return the instant of the record's time zero [s since 1970, clock of the instrument's computer], or None."""
    start = record.provenance.details.get("start")
    return None if start is None else float(start)


def _require_alike(records: Sequence[Measurement], words: Sequence[str | None], what: str) -> None:
    known = [(record.provenance.source, word) for record, word in zip(records, words, strict=True) if word]
    if len({word for _source, word in known}) > 1:
        one_file = len({source for source, _word in known}) == 1
        raise ReadError(
            f"these files are not of one cell: the {what} differs",
            code="LI-READ-012",
            where=", ".join(source for source, _word in known),
            got=", ".join(str(word) for _source, word in known),
            expected=f"{_ONE_PART if one_file else 'files of ONE cell'} ({_SAME_CELL})",
        )


def _kind(record: Measurement) -> str | None:
    if not isinstance(record, CyclingRecord):
        return None
    if looks_symmetric(record.voltage):
        return "symmetric"
    return "full" if looks_full(record.voltage, record.current) else None


def _require_apart(records: Sequence[CyclingRecord], spans: Sequence[tuple[float, float]]) -> None:
    order = sorted(range(len(records)), key=lambda k: spans[k])
    for a, b in zip(order[:-1], order[1:], strict=True):
        overlap = min(spans[a][1], spans[b][1]) - spans[b][0]
        shorter = min(spans[a][1] - spans[a][0], spans[b][1] - spans[b][0])
        if overlap > min(LARGEST_OVERLAP * shorter, LONGEST_OVERLAP):
            raise ReadError(
                "these files are not of one cell: they were recorded at the same time",
                code="LI-READ-012",
                where=f"{records[a].provenance.source}, {records[b].provenance.source}",
                got=f"an overlap of {overlap / 3600.0:.4g} h",
                expected=f"files of ONE cell, each record once ({_SAME_CELL})",
            )
        pause = spans[b][0] - spans[a][1]
        sources = [records[k].provenance.source for k in (a, b)]
        if pause > LONGEST_PAUSE and sources[0] != sources[1]:
            raise ReadError(
                "these files are hardly of one cell: by their clocks they lie more than half a year apart",
                code="LI-READ-012",
                where=", ".join(sources),
                got=f"{pause / 86400.0:.4g} days between them",
                expected=f"files of ONE cell, from instruments whose clocks are right ({_SAME_CELL})",
            )


def _require_one_clock(records: Sequence[CyclingRecord]) -> None:
    ordered = sorted(records, key=lambda record: float(record.time[0]))
    for a, b in zip(ordered[:-1], ordered[1:], strict=True):
        if a.time[-1] > b.time[0]:
            raise ReadError(
                "nothing tells whether these files are parts of one record, or of several cells: their times overlap, "
                "and they carry no clock",
                code="LI-READ-012",
                where=f"{a.provenance.source}, {b.provenance.source}",
                got=f"{a.time[0] / 3600.0:.4g} to {a.time[-1] / 3600.0:.4g} h and "
                f"{b.time[0] / 3600.0:.4g} to {b.time[-1] / 3600.0:.4g} h",
                expected=f"the files of one cell named one by one, in their order ({_SAME_CELL})",
            )


def on_one_clock(records: Sequence[Measurement]) -> list[Measurement]:
    """Return the records with their times counted from the start of the earliest cycling record that has one.

    Spectra alone that all have a start count from the earliest of them.
    Times of a record without a start stay as they are: linked techniques of one run count from the same zero.
    """
    starts = [start_of(record) for record in records if isinstance(record, CyclingRecord)]
    known = [start for start in starts if start is not None]
    if not starts:
        of_spectra = [start_of(record) for record in records]
        known = [start for start in of_spectra if start is not None] if None not in of_spectra else []
    if not known:
        return list(records)
    reference = min(known)
    return [_shifted(record, reference) for record in records]


def _shifted(record: Measurement, reference: float) -> Measurement:
    start = start_of(record)
    if start is None or start == reference or not isinstance(record, CyclingRecord | ImpedanceSpectra):
        return record
    if record.time is None:
        return record
    details = {**record.provenance.details, "start": reference}
    return evolve(record, time=record.time + (start - reference), provenance=evolve(record.provenance, details=details))


def same_rows(records: Sequence[CyclingRecord]) -> tuple[CyclingRecord, CyclingRecord] | None:
    """Return two records with the same rows, as when one test was exported in two formats, or None."""
    for k, a in enumerate(records):
        for b in records[k + 1 :]:
            alike = a.time.size == b.time.size and np.allclose(a.time, b.time, rtol=1e-5, atol=1e-3)
            if alike and np.allclose(a.voltage, b.voltage, rtol=1e-3, atol=1e-4):
                return a, b
    return None
