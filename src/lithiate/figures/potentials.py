"""Figures of cells with a reference electrode: what each electrode contributes to the voltage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lithiate.figures.cycling import CellTrace, first_current
from lithiate.figures.style import LineStyle, new_figure

_HOUR = 3600.0
_MILLI = 1e3
_VOLTAGE_COLOUR = "#777777"


def plot_electrode_potentials(traces: Sequence[CellTrace], styles: Mapping[str, LineStyle], duration: float) -> Figure:
    """Return voltage and electrode potentials of the first `duration` [s] since the current came on, a panel a cell.

    The potential of the counter electrode follows from the record: that of the working electrode less the voltage.
    Records without a reference electrode are left out.
    """
    known = [trace for trace in traces if trace.record.electrode_potential is not None]
    figure, panels = new_figure(len(known), height=0.7 + 1.5 * len(known), shared_x=True)
    for panel, trace in zip(panels, known, strict=True):
        record, style = trace.record, styles[trace.anode]
        assert record.electrode_potential is not None
        start = first_current(record)
        shown = (record.time >= start) & (record.time <= start + duration)
        time = (record.time[shown] - start) / _HOUR
        working = record.electrode_potential[shown] * _MILLI
        voltage = record.voltage[shown] * _MILLI
        panel.plot(time, voltage, color=_VOLTAGE_COLOUR, lw=0.9, label="cell voltage")
        panel.plot(time, working, color=style.colour, label="working electrode vs Li/Li$^+$")
        panel.plot(time, working - voltage, color=style.colour, ls="--", label="counter electrode vs Li/Li$^+$")
        panel.set_title(trace.label, loc="left", pad=3, fontsize=9)
        limit = 1.15 * float(np.quantile(np.abs(np.concatenate([voltage, working, working - voltage])), 0.99))
        if limit > 0.0:
            panel.set_ylim(-limit, limit)
    figure.supylabel("Voltage, potential / mV", fontsize=9)
    panels[-1].set_xlabel("Time / h")
    panels[-1].set_xlim(0.0, duration / _HOUR)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    return figure
