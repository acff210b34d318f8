"""What the commands print: results to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence

import typer

_LINE_EVERY = 5.0


def message(text: str) -> None:
    """Print a message to stderr."""
    typer.echo(text, err=True)


@contextlib.contextmanager
def progress_display(what: str) -> Iterator[Callable[[float], None]]:
    """Give a callable that shows a share, 0 to 1: a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _line_printer(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _line_printer(what: str) -> Callable[[float], None]:
    last = time.monotonic()

    def show(share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _LINE_EVERY:
            last = now
            message(f"{what}: {100 * share:.0f} %")

    return show


def print_table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table to stdout in columns of plain text; the last column may be longer than the line."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *lines, strict=True)]
    for line in (heads, ["-" * width for width in widths], *lines):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        typer.echo("  ".join(cells).rstrip())


def twin_is_compiled() -> bool:
    """Return whether the compiled twin lies in the cache of this version's sources."""
    from lithiate._jit import CACHE_FOLDER

    return any(CACHE_FOLDER.rglob("*.nbc"))
