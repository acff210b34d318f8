"""Figure of a symmetric cell's half cycles: levels, hysteresis and the shape of the trace, against time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lithiate.analysis.half_cycle_table import arcing_index, peaking_index
from lithiate.analysis.symmetric_result import SymmetricCyclingResult
from lithiate.figures.style import COLOURS, new_figure

_HOUR = 3600.0
_MILLI = 1e3
# One half cycle that was cut off, or a short at the end, would press all others together.
_SHOWN_QUANTILES = (0.005, 0.995)
_HEADROOM = 0.12
_MANY = 60

Array = NDArray[np.float64]


@frozen(eq=False)
class _Line:
    """One quantity of a panel: its name in the legend, its values at each half cycle or cycle, its colour."""

    label: str
    time: Array
    values: Array
    colour: str


def plot_half_cycles(result: SymmetricCyclingResult, *, label: str | None = None) -> Figure:
    """Return four panels against time: levels of each half cycle, their end, hysteresis, peaking and arcing index.

    Half cycles that were cut off are left out. An index below what noise allows is not drawn. A cell that was plated
    one way has few points and no hysteresis; the panel says so.

    Parameters
    ----------
    result : SymmetricCyclingResult
    label : str, optional
        Title; by default the name of the specimen.
    """
    half, cycles = result.half_cycles, result.cycles
    figure, (levels, ends, hysteresis, shape) = new_figure(2, 2, height=4.6, shared_x=True)
    origin = float(half.start[0])
    shown = half.complete
    time = (half.start[shown] - origin) / _HOUR
    _draw(
        levels,
        (
            _Line("tip", time, half.tip[shown] * _MILLI, COLOURS[1]),
            _Line("plateau", time, half.plateau[shown] * _MILLI, COLOURS[0]),
        ),
        "|Voltage| / mV",
    )
    _draw(
        ends,
        (
            _Line("last row", time, half.end_voltage[shown] * _MILLI, COLOURS[3]),
            _Line("last tenth", time, half.late_level[shown] * _MILLI, COLOURS[2]),
            _Line("plateau", time, half.plateau[shown] * _MILLI, COLOURS[0]),
        ),
        "|Voltage| / mV",
    )
    cycle_time = (cycles.start - origin) / _HOUR
    _draw(
        hysteresis,
        (_Line(result.settings.hysteresis_definition, cycle_time, cycles.hysteresis * _MILLI, COLOURS[6]),),
        "Hysteresis / mV",
    )
    if len(cycles) == 0:
        text = f"no cycles ({result.direction})"
        hysteresis.annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center", fontsize=8)
    _draw(
        shape,
        (
            _Line("peaking", time, peaking_index(half)[0][shown], COLOURS[1]),
            _Line("arcing", time, arcing_index(half)[0][shown], COLOURS[2]),
        ),
        "Share of the plateau",
    )
    shape.axhline(0.0, color="#808080", lw=0.6)
    titles = ("Tip and plateau", "End of the half cycle", "Voltage hysteresis", "Peaking and arcing index")
    for panel, title in zip((levels, ends, hysteresis, shape), titles, strict=True):
        panel.set_title(title, loc="left", pad=3, fontsize=9)
    for panel in (hysteresis, shape):
        panel.set_xlabel("Time / h")
    shape.set_xlim(0.0, float(half.end[-1] - origin) / _HOUR)
    figure.suptitle(label or result.specimen, fontsize=9.5)
    return figure


def _draw(panel: Axes, lines: Sequence[_Line], words: str) -> None:
    """Draw lines as points where there are few, and show nearly all of them."""
    known = [line.values[np.isfinite(line.values)] for line in lines]
    for line, values in zip(lines, known, strict=True):
        many = line.time.size > _MANY
        panel.plot(
            line.time,
            line.values,
            color=line.colour,
            label=line.label if values.size else f"{line.label}: none",
            lw=0.0,
            marker="o",
            ms=1.2 if many else 3.0,
            mew=0.0,
            rasterized=line.time.size > 3000,
        )
    panel.set_ylabel(words)
    scale = 3.0 if max(line.time.size for line in lines) > _MANY else 1.0
    panel.legend(fontsize=7.5, frameon=False, markerscale=scale, ncols=len(lines), loc="upper center")
    drawn = np.concatenate(known)
    if drawn.size == 0:
        return
    low, high = (float(value) for value in np.quantile(drawn, _SHOWN_QUANTILES))
    low = min(low, 0.0)
    room = _HEADROOM * max(high - low, 1e-9)
    panel.set_ylim(low - (room if low < 0.0 else 0.0), high + 2.5 * room)
