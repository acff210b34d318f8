"""Several files of one cell, joined into one record in time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve

from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Measurement, PolarisationCurve, Provenance
from lithiate.errors import ReadError
from lithiate.readers.cell_files import same_rows, start_of

_OPTIONAL = ("electrode_potential", "vendor_cycle_number")


def joined(records: Sequence[Measurement]) -> list[Measurement]:
    """Join the records of one cell, so that there is one of each technique.

    Raises
    ------
    ReadError
        ``LI-READ-002`` when several files hold a polarisation curve, ``LI-READ-010`` when a record stands there
        twice.
    """
    _require_distinct(records)
    cycling = [record for record in records if isinstance(record, CyclingRecord)]
    spectra = [record for record in records if isinstance(record, ImpedanceSpectra)]
    curves = [record for record in records if isinstance(record, PolarisationCurve)]
    if len(curves) > 1:
        raise ReadError(
            "polarisation curves are not joined",
            code="LI-READ-002",
            where=", ".join(curve.provenance.source for curve in curves),
            got=f"{len(curves)} polarisation curves",
            expected="one curve at a time",
        )
    together: list[Measurement] = []
    if cycling:
        together.append(cycling[0] if len(cycling) == 1 else joined_cycling(cycling))
    together.extend(curves)
    if spectra:
        together.append(spectra[0] if len(spectra) == 1 else joined_spectra(spectra))
    return together


def joined_spectra(records: Sequence[ImpedanceSpectra]) -> ImpedanceSpectra:
    """Return the spectra of all records, one after the other; times, cycles and temperatures where all have them.

    Where every file states its start the spectra stand in the order of the clock, else in the order given.
    """
    begins = [_instant(record) for record in records]
    by_clock = all(instant is not None for instant in begins)
    if by_clock:
        order = sorted(range(len(records)), key=lambda k: begins[k] or 0.0)
        records = [records[k] for k in order]

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
    how = "their spectra follow in time" if by_clock or time is not None else "their spectra follow in the order given"
    warnings += _left_out(records)
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


def _instant(record: ImpedanceSpectra) -> float | None:
    """Return the instant of the first point [s since 1970], None where the file does not state its start."""
    start = start_of(record)
    return None if start is None else start + (0.0 if record.time is None else float(record.time[0]))


def _left_out(records: Sequence[ImpedanceSpectra]) -> list[str]:
    """Return a warning for each of temperature, cycle and state that only some of the files have."""
    found = []
    for name in ("temperature", "cycle", "state"):
        missing = [record.provenance.source for record in records if getattr(record, name) is None]
        if missing and len(missing) < len(records):
            found.append(
                f"LI-W-JOIN the {name} of {len(records) - len(missing)} of {len(records)} files is LEFT OUT, since "
                f"{', '.join(missing)} has none"
            )
    return found


def _require_distinct(records: Sequence[Measurement]) -> None:
    """Refuse one test that stands there twice, as when it was exported in two formats."""
    cycling = [record for record in records if isinstance(record, CyclingRecord)]
    twins = same_rows(cycling)
    if twins is not None:
        raise ReadError(
            "two files hold the same record",
            code="LI-READ-010",
            where=", ".join(record.provenance.source for record in twins),
            got=f"{twins[0].time.size} rows with the same times and voltages",
            expected="each record of a cell once: one of the two files",
        )


def joined_cycling(records: Sequence[CyclingRecord]) -> CyclingRecord:
    """Join cycling records in time.

    Where the spans of the files do not overlap, their times are one clock: they are put in order and kept. Else every
    file began anew, and in the order given each is moved to begin where the one before it ends. A warning says which.

    A current that only some of the files have is left out: a record has one in every row, or none.
    """
    ordered = sorted(records, key=lambda record: float(record.time[0]))
    one_clock = all(a.time[-1] <= b.time[0] for a, b in zip(ordered[:-1], ordered[1:], strict=True))
    parts = ordered if one_clock else list(records)
    offsets = [0.0] * len(parts) if one_clock else _offsets(parts)
    names = ", ".join(part.provenance.source for part in parts)
    how = _how(parts) if one_clock else "each was moved to begin where the one before it ends"
    arrays: dict[str, Any] = {
        "time": np.concatenate([part.time + offset for part, offset in zip(parts, offsets, strict=True)]),
        "voltage": np.concatenate([part.voltage for part in parts]),
        "row_flags": np.concatenate([part.row_flags for part in parts]),
    }
    for name in ("current", *_OPTIONAL):
        columns = [getattr(part, name) for part in parts]
        arrays[name] = None if any(column is None for column in columns) else np.concatenate(columns)
    warnings = [warning for part in parts for warning in part.warnings]
    missing = [part.provenance.source for part in parts if part.current is None]
    if missing and len(missing) < len(parts):
        warnings.append(
            f"LI-W-CURRENT the current of {len(parts) - len(missing)} of {len(parts)} files is LEFT OUT, since "
            f"{', '.join(missing)} has none; name the files with a current alone to use it"
        )
    return evolve(
        parts[0],
        provenance=_provenance(parts, offsets),
        warnings=(*dict.fromkeys(warnings), f"LI-W-JOIN {len(parts)} files were joined ({names}): {how}"),
        **arrays,
    )


def _how(parts: Sequence[CyclingRecord]) -> str:
    gaps = [float(b.time[0] - a.time[-1]) for a, b in zip(parts[:-1], parts[1:], strict=True)]
    return f"their times follow one another, with up to {max(gaps) / 3600.0:.3g} h between two files"


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
