"""Several files of one cell, joined into one record in time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Measurement, Provenance
from lithiate.errors import ReadError

_OPTIONAL = ("electrode_potential", "vendor_cycle_number")


def joined(records: Sequence[Measurement]) -> Measurement:
    """Join the records of one cell: cycling records in time, spectra in the order given.

    Raises
    ------
    ReadError
        ``LI-READ-002`` when the files are of several techniques or hold polarisation curves, ``LI-READ-004`` when only
        some cycling records have a current, ``LI-READ-010`` when one file stands there twice.
    """
    _require_distinct(records)
    cycling = [record for record in records if isinstance(record, CyclingRecord)]
    spectra = [record for record in records if isinstance(record, ImpedanceSpectra)]
    if len(cycling) == len(records):
        return joined_cycling(cycling)
    if len(spectra) == len(records):
        return joined_spectra(spectra)
    raise ReadError(
        "these files are not parts of one record",
        code="LI-READ-002",
        where=" + ".join(record.provenance.source for record in records),
        got=", ".join(record.technique for record in records),
        expected="cycling records only, or impedance spectra only",
    )


def joined_spectra(records: Sequence[ImpedanceSpectra]) -> ImpedanceSpectra:
    """Return the spectra of all records, one after the other; times, cycles and temperatures where all have them."""

    def together(name: str) -> Any:  # noqa: ANN401 - arrays of several kinds
        arrays = [getattr(record, name) for record in records]
        return None if any(array is None for array in arrays) else np.concatenate(arrays)

    sizes = np.cumsum([0, *(record.frequency.size for record in records)])
    time = together("time")
    if time is not None and bool((np.diff(time) < 0).any()):
        time = None  # every file counts from its own start
    states = [record.state for record in records]
    names = ", ".join(record.provenance.source for record in records)
    warnings = [warning for record in records for warning in record.warnings]
    how = "their spectra follow in the order given"
    return evolve(
        records[0],
        provenance=_provenance(records, None),
        warnings=(*dict.fromkeys(warnings), f"LI-W-JOIN {len(records)} files were joined ({names}): {how}"),
        frequency=together("frequency"),
        impedance=together("impedance"),
        offsets=np.concatenate(
            [[0], *(record.offsets[1:] + size for record, size in zip(records, sizes, strict=False))]
        ),
        time=time,
        cycle=together("cycle"),
        temperature=together("temperature"),
        state=None if any(state is None for state in states) else sum((state or () for state in states), ()),
    )


def _require_distinct(records: Sequence[Measurement]) -> None:
    contents = [record.provenance.sha256 for record in records]
    for record, content in zip(records, contents, strict=True):
        if content is not None and contents.count(content) > 1:
            raise ReadError(
                "the same content is named more than once for one cell",
                code="LI-READ-010",
                where=record.provenance.source,
                expected="each file of a cell once",
            )


def joined_cycling(records: Sequence[CyclingRecord]) -> CyclingRecord:
    """Join cycling records in time.

    Where the spans of the files do not overlap, their times are one clock: they are put in order and kept. Else every
    file began anew, and in the order given each is moved to begin where the one before it ends. A warning says which.

    Raises
    ------
    ReadError
        ``LI-READ-004`` when only some of the files have a current.
    """
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


def _provenance(parts: Sequence[Measurement], offsets: Sequence[float] | None) -> Provenance:
    files: list[dict[str, Any]] = [
        {"source": part.provenance.source, "sha256": part.provenance.sha256} for part in parts
    ]
    for file, offset in zip(files, offsets or (), strict=False):
        file["time_offset"] = offset
    digests = "".join(str(file["sha256"]) for file in files)
    return evolve(
        parts[0].provenance,
        source=" + ".join(part.provenance.source for part in parts),
        sha256=hashlib.sha256(digests.encode()).hexdigest(),
        details={**parts[0].provenance.details, "files": files},
    )
