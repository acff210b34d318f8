"""Figures of full cells against time: the voltage in V, and what each electrode contributes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lithiate.figures.cycling import COLUMNS, CellTrace, envelope, first_current
from lithiate.figures.style import LineStyle, new_figure, shared_legend

_HOUR = 3600.0
_MILLI = 1e3


def plot_full_voltage(traces: Sequence[CellTrace], styles: Mapping[str, LineStyle]) -> Figure:
    """Return the voltage [V] of full cells against time, one panel a cell; a long record as its extremes."""
    figure, panels = new_figure(len(traces), height=0.6 + 1.3 * len(traces), shared_x=True)
    for panel, trace in zip(panels, traces, strict=True):
        time, voltage, colour = trace.record.time, trace.record.voltage, styles[trace.anode].colour
        if time.size <= 2 * COLUMNS:
            panel.plot(time / _HOUR, voltage, color=colour, lw=0.8)
        else:
            centre, low, high = envelope(time, voltage)
            panel.fill_between(centre / _HOUR, low, high, facecolor=colour, edgecolor=colour, lw=0.3, step="mid")
        panel.set_title(trace.label, loc="left", pad=3, fontsize=9)
    figure.supylabel("Voltage / V", fontsize=9)
    panels[-1].set_xlabel("Time / h")
    panels[-1].set_xlim(0.0, max(float(trace.record.time[-1]) for trace in traces) / _HOUR)
    return figure


def plot_full_potentials(traces: Sequence[CellTrace], styles: Mapping[str, LineStyle], duration: float) -> Figure:
    """Return the potentials of cathode [V] and anode [mV] against lithium, of the first `duration` [s] under current.

    The potential of the anode is that of the cathode less the voltage. Records without a reference electrode are left
    out.
    """
    figure, (above, below) = new_figure(2, height=4.2, shared_x=True)
    for trace in traces:
        record, style = trace.record, styles[trace.anode]
        if record.electrode_potential is None:
            continue
        start = first_current(record)
        shown = (record.time >= start) & (record.time <= start + duration)
        time = (record.time[shown] - start) / _HOUR
        cathode = record.electrode_potential[shown]
        dashes = ":" if trace.measured else style.dashes
        above.plot(time, cathode, color=style.colour, ls=dashes, label=trace.label)
        below.plot(time, (cathode - record.voltage[shown]) * _MILLI, color=style.colour, ls=dashes)
    drawn = np.concatenate([np.asarray(line.get_ydata(), dtype=np.float64) for line in below.lines])
    limit = 1.15 * float(np.quantile(np.abs(drawn), 0.995))
    below.set_ylim(-max(limit, 1.0), max(limit, 1.0))
    above.set_ylabel("Cathode vs Li/Li$^+$ / V")
    below.set(xlabel="Time / h", ylabel="Anode vs Li/Li$^+$ / mV", xlim=(0.0, duration / _HOUR))
    shared_legend(figure, above)
    return figure
