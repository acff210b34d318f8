"""Tables of impedances of anyone: columns in any order under names in any style, or three columns without names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lithiate.readers import text
from lithiate.readers.impedance_blocks import Block, Lines, Table, find_names, table_below
from lithiate.readers.impedance_text import SETTINGS, SpectrumDialect, read
from lithiate.readers.source import RawSpectra, Reader, Source

_NAMELESS = ("frequency", "real", "imaginary")
_LEAST_SPAN = 50.0
_LEAST_ROWS = 5
_MOST_UNEVEN = 2.0


def sniff(head: bytes, path: Path) -> bool:
    """Recognise a line that names a frequency, or three columns without names whose first runs as frequencies do."""
    decoded = text.head_text(head)
    if decoded is None:
        return False
    lines = _numbered(decoded)
    return find_names(lines) is not None or _without_names(lines) is not None


def _numbered(decoded: str) -> Lines:
    return [(number, line) for number, line in enumerate(decoded.split("\n"), 1) if line.strip()]


def blocks(lines: Lines, where: str) -> Table:
    """Return the tables of a text by their names, else the three columns of one that has none, with a warning."""
    names = find_names(lines)
    if names is not None:
        return table_below(lines, names)
    found = _without_names(lines)
    if found is None:
        return Table(())
    warning = (
        "LI-W-COLUMNS the table has three columns and no names: they are taken as frequency [Hz], Z' and Z'' [ohm], "
        "negative where capacitive; a line of names above them says otherwise"
    )
    return Table([found], (warning,))


def _without_names(lines: Lines) -> Block | None:
    """Return a table of three columns that no line names, where the first runs evenly over decades, else None."""
    kept = [(number, line) for number, line in lines if not line.lstrip().startswith(("#", "%"))]
    found = text.find_rows([line for _number, line in kept[:200]])
    if found is None:
        return None
    delimiter, first = found
    if any(
        sum(c.isalpha() for c in word) > 1 for _n, line in kept[:first] for word in text.split_line(line, delimiter)
    ):
        return None
    rows = [(text.split_line(line, delimiter), number) for number, line in kept[first:]]
    if len(rows) < _LEAST_ROWS or any(len(row) != len(_NAMELESS) for row, _number in rows):
        return None
    try:
        frequency = np.array([float(row[0].replace(",", ".")) for row, _number in rows])
    except ValueError:
        return None
    return Block(_NAMELESS, [row for row, _ in rows], [number for _, number in rows]) if _runs(frequency) else None


def _runs(frequency: NDArray[np.float64]) -> bool:
    """Say whether numbers are positive, run over decades and step evenly in their logarithm, as times do not."""
    if not (np.isfinite(frequency).all() and (frequency > 0.0).all()):
        return False
    steps = np.abs(np.diff(np.log(frequency)))
    small, large = np.quantile(steps, (0.1, 0.9))
    return bool(frequency.max() > _LEAST_SPAN * frequency.min() and 0.0 < large < _MOST_UNEVEN * small)


TABLE = SpectrumDialect(name="impedance-table", title="text with a frequency and an impedance", mark="", blocks=blocks)


def _read(source: Source, settings: Mapping[str, str]) -> RawSpectra:
    return read(source, settings, TABLE)


READER = Reader(TABLE.name, TABLE.title, SETTINGS, sniff, _read)
