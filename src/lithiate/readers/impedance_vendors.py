"""Vendors' texts of impedance spectra: what tells each, where its table stands, what its header holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import takewhile
from pathlib import Path

from lithiate.errors import ReadError
from lithiate.readers.impedance_blocks import Block, Lines, Names, Table, table_below, table_blocks
from lithiate.readers.impedance_text import SETTINGS, SpectrumDialect, read, reader_of
from lithiate.readers.source import Reader

_ZPLOT_NAMES = ("Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'", "Z''", "GD", "Err", "Range")
_FRA_NAMES = ("frequency", "Z'", "-Z''", "3", "4", "5", "6", "7", "8")
_IVIUM_NAMES = ("Z'", "Z''", "frequency")
_DATA_POINTS = re.compile(r"\s*Data Points:\s*(\d{1,9})\s*")


def zplot_blocks(lines: Lines, where: str) -> Table:
    """Return the table of a ZPlot file, below its line of names: nine columns, parted by tabs or commas."""
    at = next((index for index, (_n, line) in enumerate(lines) if re.match(r'\s*"?\s*Freq\s*\(Hz\)', line)), None)
    if at is None:
        raise ReadError(
            "no line names the columns of the table",
            code="LI-READ-004",
            where=where,
            got=f"{len(lines)} lines",
            expected="Freq(Hz) Ampl Bias Time(Sec) Z'(a) Z''(b) GD Err Range",
        )
    delimiter = "\t" if any("\t" in line for _n, line in lines[at + 1 : at + 5]) else ","
    table = table_below(lines, Names(at, delimiter, _ZPLOT_NAMES))
    stated = [match[1] for _n, line in lines[:at] if (match := _DATA_POINTS.fullmatch(line))]
    above = lines[at - 1][1].strip() if at else ""
    announced = int(stated[-1]) if stated else int(above) if above.isdigit() and len(above) < 10 else None
    return Table(
        [Block(b.names, b.rows, b.lines, announced if k == 0 else None) for k, b in enumerate(table.blocks)],
        table.warnings,
    )


def versastudio_blocks(lines: Lines, where: str) -> Table:
    """Return the segments of a VersaStudio file, which looks like XML and is none."""
    segments: list[tuple[list[str], list[list[str]], list[int]]] = []
    inside = False
    for number, line in lines:
        if re.match(r"<Segment\d+>", line):
            inside = True
        elif line.startswith("</Segment"):
            inside = False
        elif inside and line.startswith("Definition="):
            segments.append(([name.strip() for name in line.removeprefix("Definition=").split(",")], [], []))
        elif inside and segments and re.match(r"[-+.\d]", line):
            segments[-1][1].append([cell.strip() for cell in line.split(",")])
            segments[-1][2].append(number)
    return Table([_without_dummy(Block(*segment)) for segment in segments])


def _without_dummy(block: Block) -> Block:
    """Return a segment without the dummy name ``0`` at the end of its definition, which has no cells."""
    dummy = block.names[-1:] == ["0"] and all(len(row) < len(block.names) for row in block.rows)
    return Block(block.names[:-1], block.rows, block.lines) if dummy else block


def ivium_blocks(lines: Lines, where: str) -> Table:
    """Return the blocks ``primary_data`` of an Ivium file: the number of columns, that of rows, and the rows."""
    blocks = []
    for at, (_number, line) in enumerate(lines):
        if line.strip() != "primary_data":
            continue
        counts = [words[1].strip() for words in lines[at + 1 : at + 3]]
        if len(counts) < 2 or counts[0] != "3" or not counts[1].isdigit() or len(counts[1]) > 9:
            raise ReadError(
                "the data block is none of an impedance spectrum",
                code="LI-READ-009",
                where=where,
                got=f"columns and rows {', '.join(counts)}",
                expected="3 columns: Z', Z'' and the frequency; d.c. techniques are not read",
            )
        body = lines[at + 3 : at + 3 + int(counts[1])]
        rows = list(takewhile(lambda row: len(row[0]) == 3, ((row.split(), number) for number, row in body)))
        blocks.append(Block(_IVIUM_NAMES, [row for row, _ in rows], [number for _, number in rows], int(counts[1])))
    return Table(blocks)


def fra_blocks(lines: Lines, where: str) -> Table:
    """Return the points of an Autolab FRA file: nine numbers a point, one a line."""
    numbers = [(number, line.strip()) for number, line in lines[3:]]
    count = lines[1][1].strip() if len(lines) > 1 else ""
    if not count.isdigit() or len(numbers) != 9 * int(count):
        raise ReadError(
            "the number of lines does not fit the number of points",
            code="LI-READ-003",
            where=where,
            got=f"{len(numbers)} numbers, {count!r} points",
            expected="nine numbers a point",
        )
    rows = [[cell for _n, cell in numbers[k : k + 9]] for k in range(0, len(numbers), 9)]
    return Table([Block(_FRA_NAMES, rows, [numbers[k][0] for k in range(0, len(numbers), 9)])])


def _sniff_ivium(head: bytes, path: Path) -> bool:
    # Its first bytes are a length and zeros, so it is no text to the other readers.
    return b"primary_data" in head and re.search(rb"^(?:Title|Method|starttime)=", head, re.MULTILINE) is not None


ZPLOT = SpectrumDialect(
    name="zplot-text",
    title="Scribner ZPlot and ZView text (.z)",
    mark=r"\A(?:ZPLOT2 ASCII|\"ZPlotW Data File)",
    blocks=zplot_blocks,
    header={
        "technique": r"Experiment Type:\s*(.+)",
        "open_circuit_potential": r"Open Circuit Potential \(V\):\s*([-+.\deE]+)",
        "stored_area": r"Surface Area:\s*([-+.\deE]+)",
    },
    date=r"Date:\s*(?P<date>\S+)\s+Time:\s*(?P<time>\S+)",
    overload="Err",
)
AUTOLAB = SpectrumDialect(
    name="autolab-text",
    title="Metrohm Autolab text (Z60W)",
    mark=r"\A\"Z60W Data File",
    blocks=zplot_blocks,
    overload="Err",
)
AUTOLAB_FRA = SpectrumDialect(
    name="autolab-fra",
    title="Metrohm Autolab FRA (.dfr)",
    mark=r"\AVERSION8\.0\s*\n\s*\d+\s*\n",
    blocks=fra_blocks,
)
VERSASTUDIO = SpectrumDialect(
    name="versastudio-text",
    title="Princeton Applied Research VersaStudio (.par)",
    mark=r"^<Application>\s*\nName=VersaStudio",
    blocks=versastudio_blocks,
    header={
        "technique": r"^Name=(.*Impedance.*|.*EIS.*)$",
        "open_circuit_potential": r"^Measured Open Circuit=(.+)$",
        "stored_area": r"^Working Electrode Area \(cm2\)=(.+)$",
    },
    date=r"^TimeAcquired=(?P<time>.+)\nDateAcquired=\w+, (?P<date>.+)$",
)
PARSTAT = SpectrumDialect(
    name="parstat-text",
    title="PARSTAT PowerSine text",
    mark=r"\APotential \(V\)\tCurrent \(A\)\tElapsed Time \(s\)\tFrequency \(Hz\)\tZre \(ohms\)\tZim \(ohms\)",
    blocks=table_blocks,
)
CH_INSTRUMENTS = SpectrumDialect(
    name="chi-text",
    title="CH Instruments text",
    mark=r"^Instrument Model:\s*CHI",
    unless=r"^Time/s",  # its d.c. records against time are tables like any other
    blocks=table_blocks,
    header={
        "technique": r"\A[^\n]*\n\s*([^\n]+)\n",
        "instrument": r"^Instrument Model:\s*(.+)$",
        "initial_voltage": r"^Init E \(V\) = (.+)$",
        "amplitude": r"^Amplitude \(V\) = (.+)$",
    },
    date=r"\A(?P<date>[A-Z][a-z]+\.? \d{1,2}, \d{4})\s+(?P<time>\S+)",
)
POWERSUITE = SpectrumDialect(
    name="powersuite-text",
    title="PowerSuite text",
    mark=r"\AFrequency\s*\t\s*Zre\s*\t\s*Zimg\s*$",
    blocks=table_blocks,
    units={"frequency": "Hz", "impedance": "ohm"},
)
RELAXIS = SpectrumDialect(
    name="relaxis-text",
    title="RelaxIS text",
    mark=r"\ARelaxIS [\d.]+ Spectrum export",
    blocks=table_blocks,
    header={"parameters": r"^(DC=[^\t]*|T=[^\t]*)\t", "spectrum": r"^[^\t\n]*\tModel:[^\t\n]*\t([^\t\n]+)"},
    units={"frequency": "Hz", "impedance": "ohm", "phase": "deg"},
)
IVIUM = SpectrumDialect(
    name="ivium",
    title="Ivium data file (.idf, .ids)",
    mark="",
    blocks=ivium_blocks,
    units={"frequency": "Hz", "impedance": "ohm"},
)


def _readers() -> Iterator[Reader]:
    for dialect in (ZPLOT, AUTOLAB, AUTOLAB_FRA, VERSASTUDIO, PARSTAT, CH_INSTRUMENTS, POWERSUITE, RELAXIS):
        yield reader_of(dialect)
    yield Reader(IVIUM.name, IVIUM.title, SETTINGS, _sniff_ivium, partial(read, dialect=IVIUM))


READERS: tuple[Reader, ...] = tuple(_readers())
"""Readers of vendors' texts that hold impedance spectra alone."""
