"""Tables of voltage and current without a time, as publications and spreadsheets hold polarisation curves.

Two columns, or several pairs of them side by side with the names of the curves in the line above.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from attrs import frozen

from lithiate.core.measurement import PolarisationCurve, Provenance, Specimen
from lithiate.errors import ReadError, nearest_match
from lithiate.readers import text
from lithiate.readers.columns import SI_UNITS, UNIT_SPELLINGS
from lithiate.readers.source import RawSweep, Reader, Source, flag_setting
from lithiate.units import convert

_NAMES = {
    "overpotential": ("overpotential", "eta", "η"),
    "voltage": ("voltage", "cellvoltage", "potential", "ecell", "ewe", "v", "u", "e"),
    "current": ("current", "i"),
    "current_density": ("currentdensity", "j"),
}
"""What a column is -> its names, in small letters without blanks; each needs its unit, and one without is refused."""

_KINDS = {name: kind for kind, names in _NAMES.items() for name in names}
_PLAIN = str.maketrans({"µ": "u", "μ": "u", "²": "2", "⁻": "-", "−": "-", "·": "."})
_SEPARATORS = re.compile(r"[\s,;(\[/]+")
NOMINAL_AREA = 1e-4
"""Area [m2] that a table of current densities counts for where none is stated; densities do not depend on it."""


@frozen
class _Column:
    """What a column holds, and the unit of its numbers, empty where the heading states none."""

    kind: str
    unit: str


@frozen
class _Layout:
    """Where a table stands in a text: its delimiter, first row, pairs of columns, and names of the pairs."""

    delimiter: str
    first_row: int
    pairs: tuple[tuple[int, int], ...]
    columns: tuple[_Column | None, ...]
    names: tuple[str, ...]


def sniff(head: bytes, path: Path) -> bool:
    """Recognise a table whose named columns are voltages and currents, in pairs, and nothing else."""
    decoded = text.head_text(head)
    return decoded is not None and _layout(text.head_lines(decoded)) is not None


def read(source: Source, settings: Mapping[str, str]) -> RawSweep:
    """Read one curve of the table; the setting ``curve`` says which, by its name or its number from 1.

    ``invert_current=true`` turns the sign of the current round.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when the text is damaged or a row has more fields than there are names, ``LI-READ-004`` when
        there are several curves and none is chosen, ``LI-READ-005`` when a heading states no unit, ``LI-READ-008``
        when a cell is no finite number, ``LI-READ-009`` when fewer than two rows remain.
    """
    decoded = text.decode(source.content)
    layout = None if decoded is None else _layout(text.head_lines(decoded))
    if decoded is None or layout is None:
        raise ReadError("the text is damaged", code="LI-READ-003", where=source.name, got="bytes that are no table")
    chosen = _chosen(layout, settings, source.name)
    voltage_at, current_at = layout.pairs[chosen]
    values = _numbers(decoded.split("\n")[layout.first_row :], layout, (voltage_at, current_at), source)
    columns = [layout.columns[at] for at in (voltage_at, current_at)]
    assert columns[0] is not None
    assert columns[1] is not None
    bare = [name for name, column in (("voltage", columns[0]), ("current", columns[1])) if not column.unit]
    if bare:
        raise ReadError(
            f"the heading of the {' and that of the '.join(bare)} states no unit",
            code="LI-READ-005",
            where=source.name,
            expected="headings with their units, as 'Voltage / V', 'Current / mA', 'Current density / mA/cm^2'",
        )
    voltage = convert(values[:, 0], columns[0].unit, "V")
    current = convert(values[:, 1], columns[1].unit, SI_UNITS[columns[1].kind])
    return RawSweep(
        voltage=voltage,
        current=-current if flag_setting(settings, "invert_current", source.name) else current,
        is_density=columns[1].kind == "current_density",
        is_overpotential=columns[0].kind == "overpotential",
        curve=layout.names[chosen] if len(layout.pairs) > 1 else None,
    )


def measured(raw: RawSweep, specimen: Specimen, provenance: Provenance) -> PolarisationCurve:
    """Return the polarisation curve; current densities count for `NOMINAL_AREA` where no area is stated."""
    from attrs import evolve

    warnings = []
    area, current = specimen.area, raw.current
    if raw.is_density:
        if area is None:
            area = NOMINAL_AREA
            warnings.append("LI-W-SWEEP the table states current densities and no area: currents are those of 1 cm^2")
        current = current * area
    if raw.is_overpotential:
        warnings.append("LI-W-SWEEP overpotentials are taken as those of one electrode, against its own equilibrium")
    name = specimen.name if raw.curve is None else f"{specimen.name} {raw.curve}"
    return PolarisationCurve(
        specimen=evolve(specimen, name=name, area=area),
        provenance=provenance,
        warnings=tuple(warnings),
        voltage=raw.voltage,
        current=current,
        electrode_potential=raw.voltage if raw.is_overpotential else None,
    )


def _layout(lines: Sequence[str]) -> _Layout | None:
    """Return where the table stands, or None where the lines hold no such table."""
    found = text.find_rows(lines)
    if found is None:
        return None
    delimiter, first = found
    if first == 0:
        return None
    columns = tuple(_column(field) for field in text.split_line(lines[first - 1], delimiter))
    named = [field for field in text.split_line(lines[first - 1], delimiter) if field]
    kinds = [None if column is None else column.kind for column in columns]
    if len(named) != sum(kind is not None for kind in kinds):
        return None
    voltages = [at for at, kind in enumerate(kinds) if kind in ("overpotential", "voltage")]
    currents = [at for at, kind in enumerate(kinds) if kind in ("current", "current_density")]
    if not voltages or len(voltages) != len(currents):
        return None
    pairs = tuple(zip(voltages, currents, strict=True))
    if any(abs(voltage - current) != 1 for voltage, current in pairs):
        return None
    above = text.split_line(lines[first - 2], delimiter) if first > 1 else []
    names = tuple(
        " ".join(above[at] for at in sorted(pair) if at < len(above) and above[at]) or str(number)
        for number, pair in enumerate(pairs, 1)
    )
    return _Layout(delimiter, first, pairs, columns, names)


def _column(heading: str) -> _Column | None:
    """Return what a heading such as ``Overpotential,V``, ``Current Density, mA/cm^2`` or ``E (mV)`` names, or None."""
    clean = re.sub(r"\s+vs\b[^)\]]*", "", heading.strip().strip('"').translate(_PLAIN))
    bare = _KINDS.get(re.sub(r"[\s_.]+", "", clean).lower())
    if bare is not None:
        return _Column(bare, "")
    for match in _SEPARATORS.finditer(clean):
        kind = _KINDS.get(re.sub(r"[\s_.]+", "", clean[: match.start()]).lower())
        unit = re.sub(r"[\s^)\]]+", "", clean[match.end() :])
        if kind is None:
            continue
        for quantity in ("voltage",) if kind in ("overpotential", "voltage") else ("current", "current_density"):
            for known, spellings in UNIT_SPELLINGS[quantity].items():
                if unit in spellings.split():
                    return _Column(kind if quantity == "voltage" else quantity, known)
    return None


def _chosen(layout: _Layout, settings: Mapping[str, str], where: str) -> int:
    wanted = settings.get("curve")
    if wanted is None and len(layout.pairs) == 1:
        return 0
    numbers = [str(number) for number in range(1, len(layout.pairs) + 1)]
    listed = "; ".join(f"{number} ({name})" for number, name in zip(numbers, layout.names, strict=True))
    if wanted is None:
        raise ReadError(
            "the table holds several polarisation curves",
            code="LI-READ-004",
            where=where,
            got=listed,
            expected="one of them, chosen with --set curve=NAME",
        )
    word = wanted.strip()
    if word in layout.names:
        return layout.names.index(word)
    if word in numbers:
        return numbers.index(word)
    raise ReadError(
        "the setting 'curve' names no curve of the table",
        code="LI-READ-011",
        where=where,
        got=wanted,
        expected=listed,
        nearest=nearest_match(word, layout.names),
    )


def _numbers(
    rows: Sequence[str], layout: _Layout, at: tuple[int, int], source: Source
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return two columns; rows in which both cells are empty belong to longer curves beside this one."""
    found = []
    for index, row in enumerate(rows):
        fields = text.split_line(row, layout.delimiter)
        if any(fields[len(layout.columns) :]):
            line = text.line_in_file(source.content, layout.first_row + index)
            raise ReadError(
                "a row has more fields than the line of names",
                code="LI-READ-003",
                where=f"{source.name}:{line}",
                got=f"{len(fields)} fields",
                expected=f"{len(layout.columns)} fields in a row, and one row a point",
            )
        cells = [fields[k] if k < len(fields) else "" for k in at]
        if not any(cells):
            continue
        numbers = [_number(cell, layout.delimiter) for cell in cells]
        if not all(map(math.isfinite, numbers)):
            line = text.line_in_file(source.content, layout.first_row + index)
            raise ReadError(
                "a cell of the polarisation curve is empty or no finite number",
                code="LI-READ-008",
                where=f"{source.name}:{line}",
                got=repr(row[:80]),
                expected="a voltage and a current in each row",
            )
        found.append(numbers)
    if len(found) < 2:
        raise ReadError(
            "a polarisation curve needs at least two rows",
            code="LI-READ-009",
            where=source.name,
            got=f"{len(found)} rows",
        )
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def _number(cell: str, delimiter: str) -> float:
    """Return a number; a comma is its decimal mark where it is not the delimiter."""
    plain = cell if delimiter == "," else cell.replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        return math.nan


READER = Reader(
    name="sweep-table",
    title="table of voltage and current without a time",
    settings=("curve", "invert_current"),
    sniff=sniff,
    read=read,
)
