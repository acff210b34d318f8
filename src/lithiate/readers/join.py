"""Several files of one cell, joined into one record in time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve

from lithiate.core.measurement import CyclingRecord, Provenance
from lithiate.errors import ReadError

_OPTIONAL = ("electrode_potential", "vendor_cycle_number")


def joined(records: Sequence[CyclingRecord]) -> CyclingRecord:
    """Join the records of one cell.

    Where the spans of the files do not overlap, their times are one clock: they are put in order and kept. Else every
    file began anew, and in the order given each is moved to begin where the one before it ends. A warning says which.

    Raises
    ------
    ReadError
        ``LI-READ-004`` when only some of the files have a current, ``LI-READ-010`` when one stands there twice.
    """
    contents = [record.provenance.sha256 for record in records]
    for record, content in zip(records, contents, strict=True):
        if content is not None and contents.count(content) > 1:
            raise ReadError(
                "the same content is named more than once for one cell",
                code="LI-READ-010",
                where=record.provenance.source,
                expected="each file of a cell once",
            )
    with_current = [record.current is not None for record in records]
    if any(with_current) and not all(with_current):
        missing = records[with_current.index(False)].provenance.source
        raise ReadError(
            "only some of the files of this cell have a current, so they are not one record",
            code="LI-READ-004",
            where=missing,
            expected="a current in all files, or in none",
        )
    ordered = sorted(records, key=lambda record: float(record.time[0]))
    one_clock = all(a.time[-1] <= b.time[0] for a, b in zip(ordered[:-1], ordered[1:], strict=True))
    parts = ordered if one_clock else list(records)
    offsets = [0.0] * len(parts) if one_clock else _offsets(parts)
    names = ", ".join(part.provenance.source for part in parts)
    how = "their times follow one another" if one_clock else "each was moved to begin where the one before it ends"
    arrays: dict[str, Any] = {
        "time": np.concatenate([part.time + offset for part, offset in zip(parts, offsets, strict=True)]),
        "voltage": np.concatenate([part.voltage for part in parts]),
        "row_flags": np.concatenate([part.row_flags for part in parts]),
    }
    for name in ("current", *_OPTIONAL):
        columns = [getattr(part, name) for part in parts]
        arrays[name] = None if any(column is None for column in columns) else np.concatenate(columns)
    warnings = [warning for part in parts for warning in part.warnings]
    return evolve(
        parts[0],
        provenance=_provenance(parts, offsets),
        warnings=(*dict.fromkeys(warnings), f"LI-W-JOIN {len(parts)} files were joined ({names}): {how}"),
        **arrays,
    )


def _offsets(parts: Sequence[CyclingRecord]) -> list[float]:
    offsets, end = [], None
    for part in parts:
        offset = 0.0 if end is None else end - float(part.time[0])
        offsets.append(offset)
        end = float(part.time[-1]) + offset
    return offsets


def _provenance(parts: Sequence[CyclingRecord], offsets: Sequence[float]) -> Provenance:
    files = [
        {"source": part.provenance.source, "sha256": part.provenance.sha256, "time_offset": offset}
        for part, offset in zip(parts, offsets, strict=True)
    ]
    digests = "".join(str(file["sha256"]) for file in files)
    return evolve(
        parts[0].provenance,
        source=" + ".join(part.provenance.source for part in parts),
        sha256=hashlib.sha256(digests.encode()).hexdigest(),
        details={**parts[0].provenance.details, "files": files},
    )
