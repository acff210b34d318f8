"""Figures of polarisation curves: current against voltage, on a linear and on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.figure import Figure

from lithiate.core.measurement import PolarisationCurve
from lithiate.figures.style import LineStyle, new_figure, shared_legend

_MILLI = 1e3
_MILLIAMPERE_PER_CM2 = 0.1
_DECADES = 3.5


@frozen
class PolarisationTrace:
    """One swept cell: the anode (its colour), its label, whether it was measured, the record."""

    anode: str
    label: str
    measured: bool
    record: PolarisationCurve


def plot_polarisation(traces: Sequence[PolarisationTrace], styles: Mapping[str, LineStyle]) -> Figure:
    """Return current against voltage as swept (left), and its magnitude on a logarithmic axis (right, a Tafel plot).

    Current densities in mA/cm2 where every area is known, else currents in mA. The ohmic drop is in the voltage.
    """
    areal = all(trace.record.areal_current is not None for trace in traces)
    figure, (linear, logarithmic) = new_figure(1, 2, height=3.1)
    largest = 0.0
    for trace in traces:
        style = styles[trace.anode]
        density = trace.record.areal_current
        scaled = trace.record.current * _MILLI if not areal or density is None else density * _MILLIAMPERE_PER_CM2
        voltage = trace.record.voltage * _MILLI
        dashes = ":" if trace.measured else style.dashes
        linear.plot(voltage, scaled, color=style.colour, ls=dashes, label=trace.label)
        flowing = scaled != 0.0
        logarithmic.plot(voltage[flowing], np.abs(scaled[flowing]), color=style.colour, ls=dashes)
        largest = max(largest, float(np.abs(scaled).max()))
    unit = "mA cm$^{-2}$" if areal else "mA"
    word = "Current density" if areal else "Current"
    logarithmic.set_yscale("log")
    if largest > 0.0:
        # Around 0 V the logarithm falls without end; what lies decades below the largest current says nothing.
        logarithmic.set_ylim(largest * 10.0**-_DECADES, 1.5 * largest)
    linear.set(xlabel="Voltage / mV", ylabel=f"{word} / {unit}")
    logarithmic.set(xlabel="Voltage / mV", ylabel=f"|{word}| / {unit}")
    shared_legend(figure, linear)
    return figure
