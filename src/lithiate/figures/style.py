"""What all figures share: size, colours, and how they are saved."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lithiate.core.store import atomic_write_bytes

WIDTH = 7.0
"""Width of a figure [inch]: two columns of a journal."""

LIGHTEST = 0.62
"""Share of white in the first of several lines of one colour; the last has none."""

# Okabe and Ito (2008): told apart with every common colour blindness, and in this order also by lightness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", "-.", ":")
_SETTINGS: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9,
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "grid.color": "#d8d8d8",
    "grid.linewidth": 0.5,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "svg.fonttype": "path",
    "svg.hashsalt": "lithiate",
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


@frozen
class LineStyle:
    """Colour and dashes of one anode, the same in every figure of a study."""

    colour: str
    dashes: str


def anode_styles(names: Iterable[str]) -> dict[str, LineStyle]:
    """Return a style for each name, by the order of first appearance; dashes tell more than seven anodes apart."""
    count = len(COLOURS)
    return {
        name: LineStyle(COLOURS[index % count], _DASHES[index // count % len(_DASHES)])
        for index, name in enumerate(dict.fromkeys(names))
    }


def new_figure(rows: int = 1, columns: int = 1, *, height: float, shared_x: bool = False) -> tuple[Figure, list[Axes]]:
    """Return an empty figure of the common width on the Agg canvas, and its axes row by row.

    Parameters
    ----------
    rows, columns : int
    height : float
        Of the whole figure [inch].
    shared_x : bool
        Whether all axes have the same horizontal limits.
    """
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(rows, columns, squeeze=False, sharex=shared_x)
    return figure, list(grid.flat)


def shared_legend(figure: Figure, panel: Axes, columns: int = 3) -> None:
    """Put one legend above a figure, of what is labelled in `panel`, in so many columns at most."""
    handles, labels = panel.get_legend_handles_labels()
    if handles:
        figure.legend(
            handles, labels, loc="outside upper center", ncols=min(columns, len(handles)), frameon=False, fontsize=8
        )


def tint(colour: str, share: float) -> tuple[float, float, float]:
    """Return a colour with a share of white in it."""
    red, green, blue = (channel + (1.0 - channel) * share for channel in to_rgb(colour))
    return red, green, blue


def save(figure: Figure, path: Path) -> Path:
    """Save a figure as SVG, the same bytes for the same figure: letters as paths, no date, fixed identifiers.

    Raises
    ------
    WriteError
        ``LI-WRITE-001`` when the target cannot be written; nothing is left of a half-written file.
    """
    buffer = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return atomic_write_bytes(path, buffer.getvalue())
