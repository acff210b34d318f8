"""The columns of a BioLogic ``.mpr`` table: ids, names, units, types, and the row that a list of ids makes.

Ids are 16-bit little-endian numbers in every version. (Taken as big-endian from one byte before, as some programs do,
an id with a high byte shifts into its neighbours.)
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.errors import ReadError

FLAG_BITS: dict[int, tuple[str, int]] = {
    1: ("mode", 0x03),
    2: ("ox/red", 0x04),
    3: ("error", 0x08),
    21: ("control changes", 0x10),
    31: ("Ns changes", 0x20),
    65: ("counter inc.", 0x80),
}
"""Ids that share one byte -> name, bits. The bit 0x40 is set in most files and never exported."""

_HARMONICS = [(486, "Ewe"), (492, "I"), (498, "Ece")]
# Seen in files beside their text export.
_SEEN = """
4 f8 time/s; 5 f4 control/V/mA; 6 f4 Ewe/V; 7 f8 dq/mA.h; 8 f4 I/mA; 9 f4 Ece/V; 11 f8 <I>/mA; 13 f8 (Q-Qo)/mA.h;
16 f4 Analog IN 1/V; 17 f4 Analog IN 2/V; 19 f4 control/V; 20 f4 control/mA; 23 f8 dQ/mA.h; 24 f8 cycle number;
32 f4 freq/Hz; 33 f4 |Ewe|/V; 34 f4 |I|/A; 35 f4 Phase(Z)/deg; 36 f4 |Z|/Ohm; 37 f4 Re(Z)/Ohm; 38 f4 -Im(Z)/Ohm;
39 u2 I Range; 70 f4 P/W; 74 f8 |Energy|/W.h; 76 f4 <I>/mA; 77 f4 <Ewe>/V; 96 f4 |Ece|/V;
98 f4 Phase(Zce)/deg; 99 f4 |Zce|/Ohm; 100 f4 Re(Zce)/Ohm; 101 f4 -Im(Zce)/Ohm;
123 f8 Energy charge/W.h; 124 f8 Energy discharge/W.h; 125 f8 Capacitance charge/µF; 126 f8 Capacitance discharge/µF;
131 u2 Ns; 168 f4 Rcmp/Ohm; 169 f4 Cs/µF; 172 f4 Cp/µF; 174 f4 <Ewe>/V;
430 f4 Phase(Zwe-ce)/deg; 431 f4 |Zwe-ce|/Ohm; 432 f4 Re(Zwe-ce)/Ohm; 433 f4 -Im(Zwe-ce)/Ohm;
434 f4 (Q-Qo)/C; 435 f4 dQ/C; 438 f8 step time/s; 441 f4 <Ece>/V; 467 f8 Q charge/discharge/mA.h;
468 u4 half cycle; 469 u4 z cycle; 471 f4 <Ece>/V; 473 f4 THD Ewe/%; 474 f4 THD I/%; 475 f4 THD Ece/%;
476 f4 NSD Ewe/%; 477 f4 NSD I/%; 478 f4 NSD Ece/%; 479 f4 NSR Ewe/%; 480 f4 NSR I/%; 481 f4 NSR Ece/%;
880 f8 Energy we/W.h; 883 f8 Energy ce charge/W.h; 884 f8 Energy ce discharge/W.h
"""
# Stated in lists of others and seen in no file; the size of the row and the checks of the table are their test.
_LISTED = """
26 f4 Rapp/Ohm; 27 f4 Ewe-Ece/V; 69 f4 R/Ohm; 75 f4 Analog OUT/V; 78 f4 Cs-2/µF-2; 163 f4 |Estack|/V; 173 f4 Cp-2/µF-2;
241 f4 |E1|/V; 242 f4 |E2|/V; 271 f4 Phase(Z1)/deg; 272 f4 Phase(Z2)/deg; 301 f4 |Z1|/Ohm; 302 f4 |Z2|/Ohm;
331 f4 Re(Z1)/Ohm; 332 f4 Re(Z2)/Ohm; 361 f4 -Im(Z1)/Ohm; 362 f4 -Im(Z2)/Ohm; 391 f4 <E1>/V; 392 f4 <E2>/V;
422 f4 Phase(Zstack)/deg; 423 f4 |Zstack|/Ohm; 424 f4 Re(Zstack)/Ohm; 425 f4 -Im(Zstack)/Ohm; 426 f4 <Estack>/V;
462 f4 Temperature/°C
"""
# Lists disagree on these: harmonics of 4 bytes, or charges of 8. The size of the row decides.
_DISPUTED = ((498, 499), (498, 499, 500, 501, 502))
_FACTORS = {
    "s": 1.0,
    "V": 1.0,
    "A": 1.0,
    "mA": 1e-3,
    "mA.h": 3.6,
    "C": 1.0,
    "Hz": 1.0,
    "Ohm": 1.0,
    "deg": math.pi / 180.0,
    "µF": 1e-6,
    "W": 1.0,
    "W.h": 3600.0,
    "%": 0.01,
}
_WIDTHS = (1, 2, 4, 8)
_BLOCK = 16384


@frozen
class Column:
    """One stored column.

    `unit` is None where the numbers have none or where it changes from row to row (``control/V/mA``: V in mode 2, mA in
    mode 1); `factor` turns the numbers into SI, None where that is not known. `bits` are those of a flag in its byte.
    `listed` says that the id is known from lists alone.
    """

    id: int
    name: str
    kind: str
    offset: int
    unit: str | None = None
    factor: float | None = None
    bits: int | None = None
    listed: bool = False


@frozen
class RowLayout:
    """The columns of a packed row, its size in bytes, and what had to be assumed."""

    columns: Mapping[int, Column]
    size: int
    warnings: tuple[str, ...] = ()
    assumed: tuple[int, ...] = ()


@frozen
class Table:
    """The rows of a data module: `raw` is (rows * size,) uint8 over the bytes of the file, without a copy."""

    layout: RowLayout
    raw: NDArray[np.uint8]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.raw.size) // self.layout.size

    def has(self, *ids: int) -> bool:
        """Say whether all these ids are columns of the table."""
        return all(number in self.layout.columns for number in ids)

    def first(self, *ids: int) -> int | None:
        """Return the first of these ids that is a column of the table."""
        return next((number for number in ids if number in self.layout.columns), None)

    def earliest(self, *ids: int) -> int | None:
        """Return that of these ids which stands first in the table."""
        return next((number for number in self.layout.columns if number in ids), None)

    def stored(self, number: int) -> NDArray[Any]:
        """Return the column of an id (rows,) as the file stores it; of flags the bits, moved down to the lowest."""
        column = self.layout.columns[number]
        values: NDArray[Any] = self._records([column])[str(number)]
        if column.bits is None:
            return values
        return (values & column.bits) // (column.bits & -column.bits)

    def load(self, ids: Collection[int]) -> dict[int, NDArray[np.float64]]:
        """Return columns (rows,) as float64 in SI, by id; as stored where the unit is not known.

        Read in blocks of rows that fit a processor's cache, because the columns of a packed row stride over all of it.
        """
        columns = [self.layout.columns[number] for number in ids]
        records = self._records(columns)
        found = {column.id: np.empty(self.rows) for column in columns}
        for first in range(0, self.rows, _BLOCK):
            part = slice(first, first + _BLOCK)
            for column in columns:
                values = records[str(column.id)][part]
                if column.bits is not None:
                    values = (values & column.bits) // (column.bits & -column.bits)
                with np.errstate(over="ignore", invalid="ignore"):  # damaged numbers are judged by the checks
                    found[column.id][part] = values
                    if column.factor is not None and column.factor != 1.0:
                        found[column.id][part] *= column.factor
        return found

    def _records(self, columns: Sequence[Column]) -> NDArray[Any]:
        return self.raw.view(
            np.dtype(
                {
                    "names": [str(column.id) for column in columns],
                    "formats": [column.kind for column in columns],
                    "offsets": [column.offset for column in columns],
                    "itemsize": self.layout.size,
                }
            )
        )


def _known() -> dict[int, tuple[str, str, bool]]:
    """Return id -> type, name, known from lists alone."""
    found = {}
    for text, listed in ((_SEEN, False), (_LISTED, True)):
        for entry in text.replace("\n", " ").split(";"):
            number, kind, name = entry.strip().split(" ", 2)
            found[int(number)] = ("<" + kind, name, listed)
    for first, of in _HARMONICS:
        unit = "A" if of == "I" else "V"
        found.update({first + n: ("<f4", f"|{of} h{n + 2}|/{unit}", False) for n in range(6)})
    return found


COLUMNS = _known()
"""Id -> NumPy type, EC-Lab's name, known from lists alone; the ids of `FLAG_BITS` stand apart."""


def unit_of(name: str) -> str | None:
    """Return the unit in a name of EC-Lab: what stands behind the last stroke, or None."""
    return name.rsplit("/", 1)[1] if "/" in name and name not in ("control/V/mA", "ox/red") else None


def row_layout(ids: Sequence[int], size: int | None, where: str) -> RowLayout:
    """Return the packed row of a list of ids.

    Parameters
    ----------
    ids : sequence of int
        In the order of the file.
    size : int or None
        Bytes of a row as the module states it; None where it states none (no rows, or a length that does not fit).
    where : str
        Name of the file, for messages.

    Raises
    ------
    ReadError
        ``LI-READ-003`` when an id stands there twice or the widths do not make up the row, ``LI-READ-002`` when ids
        are not known and the size of the row does not tell their widths.
    """
    if len(set(ids)) < len(ids):
        raise ReadError("a column stands twice in the table", code="LI-READ-003", where=where, got=f"ids {list(ids)}")
    unknown = [number for number in ids if number not in COLUMNS and number not in FLAG_BITS]
    known = _width([number for number in ids if number not in unknown], {})
    missing = 0 if size is None else size - known
    widths: dict[int, int] = {}
    warnings: list[str] = []
    if unknown:
        widths = _unknown_widths(unknown, missing, stated=size is not None, where=where)
        listed = ", ".join(str(number) for number in unknown)
        warnings.append(f"LI-W-COLUMNS the column ids {listed} are not known; their values are not read")
    elif missing:
        wide = [[number for number in group if number in ids] for group in _DISPUTED]
        fitting = next((group for group in wide if group and missing == 4 * len(group)), None)
        if fitting is None:
            raise ReadError(
                "the columns do not make up a row of the table",
                code="LI-READ-003",
                where=where,
                got=f"{size} bytes a row, ids {list(ids)}",
                expected=f"{known} bytes",
            )
        widths = dict.fromkeys(fitting, 8)
    listed_only = [number for number in ids if number in COLUMNS and COLUMNS[number][2]]
    if listed_only:
        names = ", ".join(f"{number} ({COLUMNS[number][1]})" for number in listed_only)
        warnings.append(f"LI-W-COLUMNS the columns {names} are known from lists alone")
    columns, end = _placed(ids, widths)
    return RowLayout(columns, end, tuple(warnings), tuple(unknown) if len(unknown) > 1 else ())


def _unknown_widths(unknown: Sequence[int], missing: int, *, stated: bool, where: str) -> dict[int, int]:
    each = missing // len(unknown)
    allowed = _WIDTHS if len(unknown) == 1 else (4, 8)
    if stated and missing == each * len(unknown) and each in allowed:
        return dict.fromkeys(unknown, each)
    raise ReadError(
        "columns of the table are not known, and the size of a row does not tell their widths",
        code="LI-READ-002",
        where=where,
        got=f"ids {', '.join(str(number) for number in unknown)}, {missing} bytes of a row for them",
    )


def _width(ids: Collection[int], widths: Mapping[int, int]) -> int:
    flags = any(number in FLAG_BITS for number in ids)
    columns = [number for number in ids if number not in FLAG_BITS]
    return int(flags) + sum(widths.get(number) or np.dtype(COLUMNS[number][0]).itemsize for number in columns)


def _placed(ids: Sequence[int], widths: Mapping[int, int]) -> tuple[dict[int, Column], int]:
    columns: dict[int, Column] = {}
    flags: int | None = None
    at = 0
    for number in ids:
        if number in FLAG_BITS:
            if flags is None:
                flags, at = at, at + 1
            name, bits = FLAG_BITS[number]
            columns[number] = Column(number, name, "u1", flags, bits=bits)
            continue
        if number in widths:  # raw bytes: whether they are a float is not known
            columns[number] = Column(number, f"id_{number}", f"V{widths[number]}", at)
            at += widths[number]
            continue
        kind, name, listed = COLUMNS[number]
        unit = unit_of(name)
        factor = None if unit is None else _FACTORS.get(unit)
        columns[number] = Column(number, name, kind, at, unit, factor, listed=listed)
        at += np.dtype(kind).itemsize
    return columns, at
