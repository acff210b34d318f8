"""Figures of impedance spectra: the Nyquist plot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from attrs import field, frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lithiate.core.measurement import ImpedanceSpectra
from lithiate.figures.style import LIGHTEST, LineStyle, new_figure, shared_legend, tint

_OHM_CM2 = 1e4
_MOST_COLUMNS = 3


@frozen
class SpectraTrace:
    """The spectra of one cell: the anode (its colour), its label, whether it was measured, the record.

    `shown` are the spectra that are drawn, by default all of them.
    """

    anode: str
    label: str
    measured: bool
    record: ImpedanceSpectra
    shown: tuple[int, ...] = field()

    @shown.default
    def _all(self) -> tuple[int, ...]:
        return tuple(range(len(self.record)))

    def spectrum_label(self, spectrum: int) -> str:
        """Return what tells a spectrum from the others of its cell: cycles, temperature, state."""
        parts = []
        record = self.record
        if record.cycle is not None and len(set(record.cycle.tolist())) > 1:
            cycle = int(record.cycle[spectrum])
            parts.append("fresh" if cycle == 0 else f"{cycle} cycle{'s' if cycle > 1 else ''}")
        if record.temperature is not None and np.ptp(record.temperature) > 0.0:
            parts.append(f"{record.temperature[spectrum] - 273.15:.0f} °C")
        if not parts and record.state is not None:
            parts.append(record.state[spectrum])
        return ", ".join(parts) or f"spectrum {spectrum + 1}"


def plot_nyquist(traces: Sequence[SpectraTrace], styles: Mapping[str, LineStyle]) -> Figure:
    """Return -Im Z against Re Z on equal axes, in ohm cm2 where every area is known, else in ohm.

    Cells with one spectrum share a panel; where a cell has several, each cell has its own panel and its spectra grow
    darker in their order. Points mark whole decades of the frequency.
    """
    areal = all(trace.record.areal_impedance is not None for trace in traces)
    several = any(len(trace.shown) > 1 for trace in traces)
    count = len(traces) if several else 1
    columns = min(_MOST_COLUMNS, count)
    rows = math.ceil(count / columns)
    height = 3.4 if count == 1 else 0.4 + 1.95 * rows
    figure, panels = new_figure(rows, columns, height=height)
    for index, trace in enumerate(traces):
        panel = panels[index if several else 0]
        for place, spectrum in enumerate(trace.shown):
            shade = 1.0 if len(trace.shown) == 1 else place / (len(trace.shown) - 1)
            label = trace.spectrum_label(spectrum) if several else trace.label
            # Spectra that coincide stay visible side by side: the first is the widest.
            width = 1.2 if several else 1.2 + 1.1 * (len(traces) - 1 - index)
            _draw(panel, trace, spectrum, styles[trace.anode], areal=areal, shade=shade, label=label, width=width)
        if several:
            panel.set_title(trace.label, fontsize=9)
            panel.legend(fontsize=7, loc="upper left", handlelength=1.2, borderaxespad=0.2)
    for panel in panels[count:]:
        panel.set_visible(False)
    unit = r"$\Omega$ cm$^2$" if areal else r"$\Omega$"
    for panel in panels[:count]:
        _equal_axes(panel, headroom=several)
        panel.set(xlabel=f"Re Z / {unit}", ylabel=f"−Im Z / {unit}")
    if not several:
        shared_legend(figure, panels[0])
    return figure


def _draw(
    panel: Axes,
    trace: SpectraTrace,
    spectrum: int,
    style: LineStyle,
    *,
    areal: bool,
    shade: float,
    label: str,
    width: float,
) -> None:
    rows = trace.record.rows(spectrum)
    scaled = trace.record.areal_impedance
    values = trace.record.impedance[rows] if not areal or scaled is None else scaled[rows] * _OHM_CM2
    order = np.argsort(-trace.record.frequency[rows], kind="stable")
    values, frequency = values[order], trace.record.frequency[rows][order]
    colour = tint(style.colour, LIGHTEST * (1.0 - shade))
    dashes = ":" if trace.measured else style.dashes
    panel.plot(values.real, -values.imag, color=colour, ls=dashes, lw=width, label=label)
    decades = _decades(frequency)
    panel.plot(values.real[decades], -values.imag[decades], color=colour, ls="", marker="o", ms=1.6 + width)


def _decades(frequency: NDArray[np.float64]) -> list[int]:
    """Return the rows that lie nearest to whole decades of the frequency, where one lies within 5 %."""
    log = np.log10(frequency)
    wanted = range(math.ceil(log.min() - 1e-9), math.floor(log.max() + 1e-9) + 1)
    nearest = [int(np.argmin(np.abs(log - decade))) for decade in wanted]
    return [row for row, decade in zip(nearest, wanted, strict=True) if abs(log[row] - decade) < 0.02]


def _equal_axes(panel: Axes, *, headroom: bool) -> None:
    """Give both axes one scale, from zero; room above for a legend within the panel."""
    lines = [line for line in panel.lines if np.size(line.get_xdata())]
    real = max(float(np.max(line.get_xdata())) for line in lines)
    top = max(float(np.max(line.get_ydata())) for line in lines)
    bottom = min(0.0, *(float(np.min(line.get_ydata())) for line in lines))
    panel.set_aspect("equal", adjustable="box")
    panel.set_xlim(0.0, 1.05 * real)
    panel.set_ylim(1.05 * bottom, (1.6 if headroom else 1.15) * max(top, 0.2 * real))
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.yaxis.set_major_locator(MaxNLocator(5))
