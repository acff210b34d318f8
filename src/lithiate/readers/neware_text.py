"""Text exports of Neware's BTS: flat tables, English or Chinese, and the layout of cycle, step and record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from attrs import evolve, frozen
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import delimited, text, vendor_text
from lithiate.readers.choices import Habits
from lithiate.readers.columns import parse_heading
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, Reader, Source, flag_setting
from lithiate.readers.vendor_text import Dialect, words

DIALECT = Dialect(
    name="neware-text",
    title="Neware text export (flat or multi-level)",
    names=(
        words("datapoint recordid recordindex recordnumber record 记录序号 数据序号 记录号"),
        words("time totaltime cumulativetime relativetime testtime 时间 相对时间 总时间 测试时间 累计时间"),
        words("current cur 电流"),
        words("voltage volt 电压"),
    ),
    row=r"\d:\d{2}:\d{2}",
    columns={
        # Old versions call the time of the test absolute, newer ones the clock: a date tells.
        "time": words("totaltime cumulativetime testtime 总时间 累计时间 测试时间 absolutetime 绝对时间"),
        "voltage": words("voltage volt 电压"),
        "current": words("current cur 电流"),
        "cycle": words("cycleindex cycleid cycle 循环号 循环序号"),
        "step_type": words("steptype status state 工步类型 工步状态 状态"),
        "step": words("stepindex stepid steps step 工步号 工步序号 步次"),
        "clock": words("date realtime absolutetime 绝对时间 系统时间 日期"),
    },
    step_time=words("relativetime time steptime 相对时间 时间 工步时间"),
    habits=Habits(date_order="month"),
)

_CYCLES = frozenset(words("cycleindex cycleid cycle 循环号 循环序号"))
_STEP_TYPES = frozenset(words("steptype status state 工步类型 状态"))


@frozen
class _Levels:
    """The three lines of names of a multi-level export."""

    delimiter: str
    cycle: Sequence[str]
    step: Sequence[str]


def _levels(decoded: str | None) -> _Levels | None:
    """Return the names of the upper levels: the second line begins with one empty field, the third with two."""
    lines = [] if decoded is None else decoded.split("\n", 4)[:4]
    if len(lines) < 4:
        return None
    for delimiter in "\t;,":
        fields = [text.split_line(line, delimiter) for line in lines]
        indents = [next((i for i, item in enumerate(row) if item), None) for row in fields]
        first = parse_heading(fields[0][0]).key if fields[0] else ""
        keys = frozenset(parse_heading(item).key for item in fields[2])
        if indents[:3] == [0, 1, 2] and first in _CYCLES and all(keys.intersection(g) for g in DIALECT.names[1:]):
            return _Levels(delimiter, _trimmed(fields[0]), _trimmed(fields[1]))
    return None


def _trimmed(fields: Sequence[str]) -> list[str]:
    while fields and not fields[-1]:
        fields = fields[:-1]
    return list(fields)


def sniff(head: bytes, path: Path) -> bool:
    """Recognise either layout by its names."""
    return _levels(text.head_text(head)) is not None or vendor_text.sniff(head, path, DIALECT)


def read(source: Source, settings: Mapping[str, str]) -> RawRecord | tuple[RawRecord, ...]:
    """Read either layout; units stand in the names and vary (A, mA, uA).

    Raises
    ------
    ReadError
        As `vendor_text.read`; ``LI-READ-003`` also when a record of the multi-level layout stands before any cycle.
    """
    decoded = text.decode(source.content)
    levels = _levels(decoded)
    if decoded is None or levels is None:
        return vendor_text.read(source, settings, DIALECT)
    return _read_levels(source, decoded, levels, settings)


def _read_levels(source: Source, decoded: str, levels: _Levels, settings: Mapping[str, str]) -> RawRecord:
    """Read the multi-level layout: the level of a row is the number of its leading empty fields.

    The first step of a cycle stands in the line of the cycle, behind its fields.
    """
    import polars as pl

    mark = levels.delimiter
    lines = decoded.rstrip("\n").split("\n")
    level = np.array([2 if row.startswith(mark * 2) else 1 if row.startswith(mark) else 0 for row in lines])
    at = np.flatnonzero(level == 2)[1:]  # the first is the line of names
    if not at.size:
        raise ReadError("the table has names and no rows", code="LI-READ-009", where=source.name, got="0 rows")
    body = "\n".join(lines[int(index)] for index in at) + ("\n" if decoded.endswith("\n") else "")
    names = text.split_line(lines[2], mark)
    layout = text.layout_below([lines[2], *(lines[int(index)] for index in at[:50])], 0, mark, source.name)
    layout = evolve(layout, first_row=0)
    cells = vendor_text.first_cells(layout)
    choices = vendor_text.choose([parse_heading(name) for name in names], cells, DIALECT, settings, source.name)
    tolerate = flag_setting(settings, "tolerate_bad_rows", source.name)

    def line(row: int) -> int:
        return text.line_in_file(source.content, int(at[row]))

    columns = text.load_columns(body, layout, choices.indices, source.name, line=line, tolerate=tolerate)
    extra = {
        layout.width: _cycles(lines, level, at, mark, source),
        layout.width + 1: _step_types(lines, level, at, levels),
    }
    choices = evolve(choices, cycle=layout.width, step_type=layout.width + 1)
    raw = delimited.record_of_columns(
        {**columns, **{index: pl.Series(values) for index, values in extra.items()}},
        choices,
        settings,
        source.name,
        layout.sample,
        line=line,
        habits=DIALECT.habits,
    )
    return evolve(raw, software=f"polars {pl.__version__}")


def _cycles(
    lines: Sequence[str], level: NDArray[np.int64], at: NDArray[np.int64], mark: str, source: Source
) -> Sequence[str]:
    """Return the number of the cycle of each record."""
    heads = np.flatnonzero(level == 0)[1:]
    owner = np.searchsorted(heads, at) - 1
    if owner[0] < 0:
        raise ReadError(
            "a record stands before the first cycle",
            code="LI-READ-003",
            where=f"{source.name}:{text.line_in_file(source.content, int(at[0]))}",
            got=f"{lines[int(at[0])][:60]!r}",
        )
    numbers = [lines[int(index)].split(mark, 1)[0].strip('" ') for index in heads]
    return [numbers[int(index)] for index in owner]


def _step_types(
    lines: Sequence[str], level: NDArray[np.int64], at: NDArray[np.int64], levels: _Levels
) -> Sequence[str]:
    """Return the step type of each record, from the line of its step or, for the first of a cycle, of its cycle."""
    keys = [parse_heading(name).key for name in levels.step]
    place = next((index for index, key in enumerate(keys) if key in _STEP_TYPES), None)
    heads = np.flatnonzero(level < 2)
    types = [""] * len(lines)
    for index in heads:
        fields = text.split_line(lines[int(index)], levels.delimiter)
        if level[index] == 0:
            rest = fields[len(levels.cycle) :]
            shift = next((i for i, item in enumerate(rest) if item), len(rest))
            fields = ["", *rest[shift:]]  # the names of steps have one empty field before them
        if place is not None and place < len(fields):
            types[index] = fields[place]
    owner = heads[np.searchsorted(heads, at) - 1]
    return [types[int(index)] for index in owner]


READER = Reader(
    name=DIALECT.name,
    title=DIALECT.title,
    settings=(*delimited.TEXT_SETTINGS, *COMMON_SETTINGS),
    sniff=sniff,
    read=read,
)
