"""Several cells of one anode as a median with a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lithiate.figures.style import LineStyle, new_figure, shared_legend

_ALL_OF_FEW = 5
"""Below so many cells the band reaches from the lowest to the highest; from here on from 16 to 84 %."""

_QUANTILES = (0.16, 0.84)

Array = NDArray[np.float64]


@frozen(eq=False)
class ReplicateBand:
    """Median and band of replicates.

    Parameters
    ----------
    x : (n,) float64
    median, low, high : (n,) float64
        NaN where no cell has a value.
    cells : (n,) int64
        How many cells have a value.
    words : str
        What the band is, for a legend: ``min-max of 3 cells`` or ``16-84 % of 8 cells``.
    """

    x: Array
    median: Array
    low: Array
    high: Array
    cells: NDArray[np.int64]
    words: str


def replicate_band(curves: Sequence[tuple[Array, Array]], x: Array | None = None) -> ReplicateBand:
    """Return the median and the band of several curves.

    Parameters
    ----------
    curves : sequence of ((n,) float64, (n,) float64)
        x (rising) and y of each cell, in any unit; y may hold NaN, which is left out.
    x : (m,) float64, optional
        Where to take them; by default every x that a curve has (cycles). Between the points of a curve y is
        interpolated, beyond its ends a cell has no value.

    Notes
    -----
    Where fewer cells are left (a test ended), the band is of those; the median of few cells moves when one drops out.

    Raises
    ------
    ValueError
        When there is no curve.
    """
    if not curves:
        raise ValueError("a band of replicates needs at least one curve")
    known = [
        (np.asarray(a, dtype=np.float64)[keep], b[keep])
        for a, b, keep in ((a, np.asarray(b, dtype=np.float64), np.isfinite(b)) for a, b in curves)
    ]
    at = np.unique(np.concatenate([a for a, _ in known])) if x is None else np.asarray(x, dtype=np.float64)
    values = np.full((len(known), at.size), np.nan)
    for row, (a, b) in enumerate(known):
        if a.size:
            values[row] = np.interp(at, a, b, left=np.nan, right=np.nan)
    cells = np.isfinite(values).sum(axis=0)
    few = len(known) < _ALL_OF_FEW
    median, low, high = (np.full(at.size, np.nan) for _ in range(3))
    there = cells > 0
    if there.any():
        median[there] = np.nanmedian(values[:, there], axis=0)
        ends = (0.0, 1.0) if few else _QUANTILES
        low[there], high[there] = (np.nanquantile(values[:, there], end, axis=0) for end in ends)
    count = len(known)
    words = f"{'min-max' if few else '16-84 %'} of {count} cell{'s' if count > 1 else ''}"
    return ReplicateBand(at, median, low, high, cells, words)


def draw_replicates(panel: Axes, band: ReplicateBand, style: LineStyle, label: str, *, factor: float = 1.0) -> None:
    """Draw the median as a line and the band as a shade; the legend says what the band is."""
    panel.fill_between(band.x, band.low * factor, band.high * factor, color=style.colour, alpha=0.18, lw=0)
    panel.plot(
        band.x, band.median * factor, color=style.colour, ls=style.dashes, label=f"{label} (median, {band.words})"
    )


def plot_replicates(
    bands: Mapping[str, ReplicateBand],
    styles: Mapping[str, LineStyle],
    *,
    x_label: str,
    y_label: str,
    factor: float = 1.0,
    from_zero: bool = True,
) -> Figure:
    """Return one panel with the bands of several anodes; `factor` turns their y into the unit of `y_label`."""
    figure, (panel,) = new_figure(height=3.4)
    for anode, band in bands.items():
        draw_replicates(panel, band, styles[anode], anode, factor=factor)
    if from_zero:
        panel.set_ylim(bottom=0.0)
    panel.set_xlim(left=0.0)
    panel.set(xlabel=x_label, ylabel=y_label)
    shared_legend(figure, panel)
    return figure
