"""Figure of short circuits: the voltage with its events, and the spectra of the cell beneath it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from lithiate.analysis.linked_spectra import LinkedSpectra
from lithiate.analysis.short_events import ShortEvent, ShortEvents
from lithiate.core.measurement import CyclingRecord
from lithiate.figures.cycling import COLUMNS, envelope
from lithiate.figures.style import COLOURS, new_figure

KIND_COLOURS = {"hard": COLOURS[1], "soft": COLOURS[3], "fall": COLOURS[5], "noise": COLOURS[2]}
"""Kind of an event -> colour, the same in every figure."""

KIND_WORDS = {
    "hard": "hard short",
    "soft": "soft short",
    "fall": "fall, slow or after a pause",
    "noise": "growth of noise",
}

MOST_IN_LEGEND = 8
"""Events that the legend spells out."""

_HOUR = 3600.0
_MILLI = 1e3
_TRACE = "#404040"
# A spike or the end of life would press the rest into a line.
_SHOWN_QUANTILE = 0.98
_HEADROOM = 1.6


def plot_shorts(record: CyclingRecord, events: ShortEvents, spectra: LinkedSpectra | None = None) -> Figure:
    """Return the voltage against time with every event marked, and beneath it Re Z of the spectra where there are any.

    Events are numbered above the panel. A band is the interval of an onset, the line in it the onset; a pale band from
    there on lasts until the voltage was back. Times count from the first row of the record.
    """
    rows = 1 if spectra is None else 2
    figure, panels = new_figure(rows, height=3.2 if rows == 1 else 4.9, shared_x=True)
    _draw_voltage(panels[0], record, events.origin)
    if spectra is not None:
        _draw_spectra(panels[1], spectra, events.origin)
    for panel in panels:
        for event in events:
            _mark(panel, event, events.origin)
    panels[-1].set_xlabel("Time / h")
    panels[-1].set_xlim(0.0, float(record.time[-1] - events.origin) / _HOUR)
    _number_events(panels[0], events)
    _legend(figure, events, spectra)
    return figure


def _draw_voltage(panel: Axes, record: CyclingRecord, origin: float) -> None:
    time, voltage = (record.time - origin) / _HOUR, record.voltage * _MILLI
    if time.size > 2 * COLUMNS:
        centre, low, high = envelope(time, voltage)
        panel.fill_between(centre, low, high, facecolor=_TRACE, edgecolor=_TRACE, lw=0.3, step="mid")
    else:
        panel.plot(time, voltage, color=_TRACE, lw=0.8)
    limit = _HEADROOM * float(np.quantile(np.abs(voltage), _SHOWN_QUANTILE))
    panel.set_ylim(-limit if float(record.voltage.min()) < 0.0 else 0.0, limit)
    panel.set_ylabel("Voltage / mV")


def _draw_spectra(panel: Axes, spectra: LinkedSpectra, origin: float) -> None:
    """Draw Re Z at both ends of the spectra; what lies between is the arc."""
    time = (spectra.time - origin) / _HOUR
    low, high = spectra.low_frequency_resistance, spectra.high_frequency_resistance
    panel.fill_between(time, high, low, color=COLOURS[0], alpha=0.15, lw=0.0)
    panel.plot(time, low, color=COLOURS[0], marker="o", ms=3.0, lw=1.0)
    panel.plot(time, high, color=COLOURS[0], marker="s", ms=3.0, lw=1.0, mfc="white")
    panel.plot(time, spectra.dc_resistance, color=_TRACE, ls=":", lw=1.2)
    panel.set_ylabel("Resistance / ohm")
    panel.set_ylim(bottom=0.0)


def _mark(panel: Axes, event: ShortEvent, origin: float) -> None:
    colour = KIND_COLOURS[event.kind]
    onset, first, last = ((t - origin) / _HOUR for t in (event.onset, event.not_before, event.not_after))
    panel.axvspan(first, last, color=colour, alpha=0.45, lw=0.0, zorder=0.5)
    panel.axvline(onset, color=colour, lw=1.0)
    if event.recovered_at is not None:
        panel.axvspan(onset, (event.recovered_at - origin) / _HOUR, color=colour, alpha=0.13, lw=0.0, zorder=0.4)


def _number_events(panel: Axes, events: ShortEvents) -> None:
    """Put the number of each event above the panel; numbers that would touch stand one above the other."""
    width = float(np.diff(panel.get_xlim())[0])
    shown: list[float] = []
    for number, event in enumerate(events, start=1):
        at = (event.onset - events.origin) / _HOUR
        height = sum(abs(at - other) < 0.025 * width for other in shown[-3:])
        shown.append(at)
        panel.annotate(
            str(number),
            (at, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2 + 9 * height),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            color=KIND_COLOURS[event.kind],
        )


def _words(number: int, event: ShortEvent, origin: float) -> str:
    words = f"{number} {KIND_WORDS[event.kind]}, {(event.onset - origin) / _HOUR:.4g} h"
    if event.fall is not None:
        words += f", −{event.fall:.0%}"
    if event.recovered_at is not None:
        words += f", back at {(event.recovered_at - origin) / _HOUR:.4g} h"
    return words


def _legend(figure: Figure, events: ShortEvents, spectra: LinkedSpectra | None) -> None:
    handles: list[Line2D | Patch] = [
        Patch(color=KIND_COLOURS[event.kind], label=_words(number, event, events.origin))
        for number, event in enumerate(events.events[:MOST_IN_LEGEND], start=1)
    ]
    if len(events) > MOST_IN_LEGEND:
        handles.append(Patch(color="none", label=f"and {len(events) - MOST_IN_LEGEND} more"))
    if spectra is not None:
        low, high = float(np.median(spectra.low_frequency)), float(np.median(spectra.high_frequency))
        handles += [
            Line2D([], [], color=COLOURS[0], marker="o", ms=3.0, lw=1.0, label=f"Re Z at {low:.3g} Hz"),
            Line2D([], [], color=COLOURS[0], marker="s", ms=3.0, lw=1.0, mfc="white", label=f"Re Z at {high:.3g} Hz"),
        ]
        if bool((spectra.dc_resistance > 0.0).any()):
            handles.append(Line2D([], [], color=_TRACE, ls=":", lw=1.2, label="|V|/|I| before it"))
    if handles:
        figure.legend(
            handles=handles, loc="outside upper center", ncols=min(3, len(handles)), frameon=False, fontsize=8
        )
