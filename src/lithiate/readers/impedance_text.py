"""Texts of impedance spectra by description: a `SpectrumDialect` says what a file looks like, and one engine reads.

A format is one `SpectrumDialect` and the `Reader` that `reader_of` makes of it. Columns are told by their headings
(`impedance_headings`), so that most dialects only say how a file is recognised and what its header holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from attrs import evolve, field, frozen
from numpy.typing import NDArray

from lithiate.core.measurement import SIMULATED_MARK
from lithiate.errors import ReadError
from lithiate.readers import clock, marks, text, values
from lithiate.readers.impedance_blocks import Block, Lines, Table, unfinished, whole_block
from lithiate.readers.impedance_headings import (
    COLUMN_SETTINGS,
    UNIT_SETTINGS,
    chosen_columns,
    is_spectrum,
    named_columns,
)
from lithiate.readers.impedance_values import Arrays, block_arrays
from lithiate.readers.source import HEAD_SIZE, RawSpectra, Reader, Source, flag_setting
from lithiate.readers.spectra import SIGN_SETTING, assembled_spectra, spectrum_starts, without_frequency

SETTINGS = (*COLUMN_SETTINGS, *UNIT_SETTINGS, marks.SETTING, SIGN_SETTING, "tolerate_bad_rows")

_MOST_MISSING_AT_THE_END = 0.5
_FEWEST_POINTS = 5
_MONTH_FIRST = re.compile(r"([A-Z][a-z]{2})[a-z]*\.?\s+(\d{1,2}),\s*(\d{4})\s+")


@frozen(kw_only=True)
class SpectrumDialect:
    """What a vendor's file of impedance spectra looks like.

    Parameters
    ----------
    name, title : str
    mark : str
        Pattern that the beginning of the file holds, lines by lines.
    unless : str or None
        Pattern that it does not hold.
    blocks : callable
        Gives the tables of the file from its lines.
    header : mapping of str to str
        Name of a detail -> pattern whose first group is its value, in the whole text.
    date : str or None
        Pattern whose groups ``date`` and ``time`` are those of the start.
    units : mapping of str to str
        Units of kinds (frequency, impedance, phase) that the headings do not state, or not in words.
    overload : str or None
        Heading of the column that is not 0 where the instrument was overloaded.
    """

    name: str
    title: str
    mark: str
    blocks: Callable[[Lines, str], Table]
    unless: str | None = None
    header: Mapping[str, str] = field(factory=dict)
    date: str | None = None
    units: Mapping[str, str] = field(factory=dict)
    overload: str | None = None


def sniff(head: bytes, path: Path, dialect: SpectrumDialect) -> bool:
    """Recognise the mark of a dialect."""
    decoded = text.head_text(head)
    if decoded is None or not re.search(dialect.mark, decoded, re.MULTILINE):
        return False
    return dialect.unless is None or not re.search(dialect.unless, decoded, re.MULTILINE)


def read(source: Source, settings: Mapping[str, str], dialect: SpectrumDialect) -> RawSpectra:
    """Read the spectra of a file of the dialect.

    Rows at the end without an impedance are those of a run that was stopped: they are left out, and a warning says so.

    Raises
    ------
    ReadError
        ``LI-READ-003...006`` for faults of the table, ``LI-READ-008`` for missing values and impedances of 0,
        ``LI-READ-009`` when no spectrum is left, or the file holds d.c. data alone, ``LI-READ-010`` when the phase
        contradicts the impedance.
    """
    whole = text.plain_text(source.content)
    lines = [(number, line) for number, line in enumerate(whole.split("\n"), 1) if line.strip()]
    table = dialect.blocks(lines, source.name)
    given = {**{f"{kind}_unit": unit for kind, unit in dialect.units.items()}, **settings}
    return evolve(
        spectra_of_table(
            table,
            given,
            source.name,
            overload=dialect.overload,
            cut=not whole.endswith("\n"),
            vendor=bool(dialect.mark),
        ),
        software=dialect.title,
        simulated=SIMULATED_MARK in whole[:HEAD_SIZE],
        start=_start(whole[:HEAD_SIZE], dialect.date),
        details=_details(whole, dialect.header),
    )


def _start(head: str, pattern: str | None) -> float | None:
    """Return the start [s since 1970], None where the file states none or its date reads in two ways."""
    match = None if pattern is None else re.search(pattern, head, re.MULTILINE)
    if match is None:
        return None
    words = _MONTH_FIRST.sub(r"\2-\1-\3 ", f"{match['date']} {match['time'].strip()}")
    found = clock.parse_instant(words, clock.date_order([words]) or "month")
    return None if clock.needs_order(words) or not np.isfinite(found) else float(found)


def _details(whole: str, header: Mapping[str, str]) -> dict[str, str]:
    found = {name: re.search(pattern, whole, re.MULTILINE) for name, pattern in header.items()}
    words = {name: match[1].strip() for name, match in found.items() if match}
    return {name: value for name, value in words.items() if value}


def spectra_of_table(
    table: Table,
    settings: Mapping[str, str],
    where: str,
    *,
    overload: str | None = None,
    cut: bool = False,
    vendor: bool = False,
) -> RawSpectra:
    """Return the spectra in the blocks of a table.

    `cut` says that the text does not end with a line's end, `vendor` that the format is one of a vendor, whose
    frequencies are in Hz where no heading states another unit.
    """
    drop = flag_setting(settings, "tolerate_bad_rows", where)
    named = any(name in settings for name in COLUMN_SETTINGS)
    blocks = [block for block in table.blocks if block.rows]
    fitting = [block for block in blocks if named or is_spectrum(named_columns(block.names))]
    if not table.blocks:
        raise _dc_alone("no line that names a frequency", where)
    if not blocks:
        raise ReadError("the table has names and no rows", code="LI-READ-009", where=where, got="0 rows")
    if not fitting and not any(c.quantity == "frequency" for block in blocks for c in named_columns(block.names)):
        raise _dc_alone(f"columns {', '.join(repr(name) for name in blocks[0].names[:20])}", where)
    warnings = list(table.warnings)
    parts: list[Arrays] = []
    states: list[str] = []
    areal = False
    for block in fitting or blocks[:1]:
        columns = chosen_columns(block.names, settings, where)
        areal = areal or any(columns[name].areal for name in ("real", "magnitude", "complex") if name in columns)
        if not (vendor or table.warnings or columns["frequency"].unit):
            warnings.append(_hertz_assumed(columns["frequency"].text))
        arrays, more = block_arrays(whole_block(block, where, drop=drop, cut=cut), columns, settings, where)
        parts.append(arrays)
        if "state" in columns:
            states += [row[columns["state"].index] if columns["state"].index < len(row) else "" for row in block.rows]
        warnings += more
        warnings += unfinished(block) if cut and block is blocks[-1] else []
        if overload is not None and overload in block.names:
            warnings += _overloads(block, block.names.index(overload))
    raw = _spectra(parts, fitting or blocks[:1], states, list(dict.fromkeys(warnings)), settings, where)
    return evolve(raw, areal=areal)


def _hertz_assumed(heading: str) -> str:
    return f"LI-W-COLUMNS the heading {heading!r} states no unit: Hz is taken (--set frequency_unit=kHz says another)"


def _dc_alone(got: str, where: str) -> ReadError:
    return ReadError(
        "the file holds d.c. data alone, no impedance spectrum",
        code="LI-READ-009",
        where=where,
        got=got,
        expected="rows with a frequency above 0 and an impedance",
    )


def _spectra(
    parts: Sequence[Arrays],
    blocks: Sequence[Block],
    states: Sequence[str],
    warnings: list[str],
    settings: Mapping[str, str],
    where: str,
) -> RawSpectra:
    drop = flag_setting(settings, "tolerate_bad_rows", where)
    parts, ended = _without_the_end(parts)
    warnings += ended
    names = [name for name in parts[0] if all(name in part for part in parts)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    if not columns["frequency"].any():
        raise _dc_alone(f"{columns['frequency'].size} rows, all with a frequency of 0", where)
    number = np.repeat(np.arange(len(parts), dtype=np.float64), [part["frequency"].size for part in parts])
    counters = [columns[name] for name in ("spectrum", "cycle") if name in columns and np.isfinite(columns[name]).all()]
    words = states[: number.size] if len(states) >= number.size and any(states) else None
    if words is not None:
        counters.append(np.unique(words, return_inverse=True)[1].astype(np.float64))
    starts = spectrum_starts(columns["frequency"], [number, *counters])
    warnings += without_frequency(columns)
    raw, first = assembled_spectra(columns, starts, where, drop=drop)
    points = float(np.median(np.diff(raw.offsets)))
    if first.size > len(parts) and points < _FEWEST_POINTS:
        warnings.append(
            f"LI-W-SPECTRUM the frequency turns back so often that {first.size} spectra have {points:.2g} points in "
            "the median: rows of one spectrum stand in the order of their frequencies"
        )
    announced = [block.announced for block in blocks if block.announced is not None]
    rows = sum(len(block.rows) for block in blocks)
    if announced and rows < sum(announced):
        warnings.append(
            f"LI-W-ABORTED the file announces {sum(announced)} points and holds {rows}: the run ended before, or "
            "points were taken out; those there are kept"
        )
    return evolve(
        raw,
        warnings=(*warnings, *raw.warnings),
        cycle=_cycles(columns.get("cycle"), first),
        temperature=_temperatures(columns.get("temperature"), first),
        state=None if words is None else tuple(words[row] for row in first),
    )


def _cycles(cycle: NDArray[np.float64] | None, first: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the cycle of each spectrum, None where it is not a whole number from 0 throughout."""
    found = np.array([np.nan]) if cycle is None else cycle[first]
    if not (np.isfinite(found).all() and (found >= 0.0).all() and (found < values.LARGEST_COUNTER).all()):
        return None
    return found.astype(np.int64) if (found == np.round(found)).all() else None


def _temperatures(temperature: NDArray[np.float64] | None, first: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Return the mean temperature of each spectrum [K], None where a row has none."""
    if temperature is None or not np.isfinite(temperature).all() or not (temperature > 0.0).all():
        return None
    parts = np.split(temperature, first[1:])
    return np.array([part[0] if (part == part[0]).all() else part.mean() for part in parts])


def _without_the_end(parts: Sequence[Arrays]) -> tuple[list[Arrays], list[str]]:
    """Return the blocks without rows at the end that have a frequency and no impedance, and a warning for them."""
    last = parts[-1]
    impedance = np.hypot(last["real"], last["imaginary"])
    there = np.flatnonzero(np.isfinite(last["frequency"]) & np.isfinite(impedance) & (impedance > 0.0))
    size = last["frequency"].size
    count = size - 1 - int(there[-1]) if there.size else 0
    if not count or count > _MOST_MISSING_AT_THE_END * size or not (last["frequency"][-count:] != 0.0).all():
        return list(parts), []
    text_of_it = f"LI-W-ABORTED the last {count} rows hold no impedance: the run seems to have been stopped there"
    return [*parts[:-1], {name: array[: size - count] for name, array in last.items()}], [text_of_it]


def _overloads(block: Block, index: int) -> list[str]:
    marked = sum(row[index].strip(" 0.") != "" for row in block.rows if index < len(row))
    return [f"LI-W-OVERLOAD {marked} of {len(block.rows)} rows carry an overload mark"] if marked else []


def reader_of(dialect: SpectrumDialect) -> Reader:
    """Return the reader of a dialect."""
    return Reader(
        name=dialect.name,
        title=dialect.title,
        settings=SETTINGS,
        sniff=partial(sniff, dialect=dialect),
        read=partial(read, dialect=dialect),
    )
