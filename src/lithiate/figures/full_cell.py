"""Figures of full cells: capacity and coulombic efficiency against cycle, capacity by rate, voltage profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lithiate.figures.style import LineStyle

Array = NDArray[np.float64]


@frozen(eq=False)
class CapacityCurve:
    """Discharge capacity and coulombic efficiency of each cycle of one cell.

    Parameters
    ----------
    anode, label : str
    measured : bool
    cycle : (n,) int64
    capacity : (n,) float64
        In C/kg where `basis` is ``specific``, in C/m2 where it is ``areal``, in C where it is ``total``.
    efficiency : (n,) float64
        0 to 1; NaN where a cycle has none.
    c_rate : (n,) float64 or None, 1/h
        Of each cycle; the figure of a rate test writes it over the runs.
    basis : {"specific", "areal", "total"}
        The same for all curves of a figure.
    band_cycle : (m,) int64 or None
    low, high : (m,) float64 or None
        80 % interval of the capacity over the members of an ensemble, in the unit of `capacity`.
    efficiency_low, efficiency_high : (m,) float64 or None
        The same for the coulombic efficiency.
    """

    anode: str
    label: str
    measured: bool
    cycle: NDArray[np.int64]
    capacity: Array
    efficiency: Array
    c_rate: Array | None = None
    basis: str = "specific"
    band_cycle: NDArray[np.int64] | None = None
    low: Array | None = None
    high: Array | None = None
    efficiency_low: Array | None = None
    efficiency_high: Array | None = None


@frozen(eq=False)
class VoltageProfile:
    """Voltage against capacity of one charge or discharge of one cell.

    Parameters
    ----------
    anode, label : str
    measured : bool
    cycle : int
    charging : bool
    capacity : (n,) float64
        From 0, in the unit of `basis` as in `CapacityCurve`.
    voltage : (n,) float64, V
    basis : {"specific", "areal", "total"}
    """

    anode: str
    label: str
    measured: bool
    cycle: int
    charging: bool
    capacity: Array
    voltage: Array
    basis: str = "specific"


def plot_capacity(curves: Sequence[CapacityCurve], styles: Mapping[str, LineStyle]) -> Figure:
    """Return discharge capacity (above) and coulombic efficiency (below) against cycle, with the ensemble's bands."""
    raise NotImplementedError


def plot_rate_capacity(curves: Sequence[CapacityCurve], styles: Mapping[str, LineStyle]) -> Figure:
    """Return discharge capacity against cycle of a rate test, the rate written over each run of cycles."""
    raise NotImplementedError


def plot_voltage_profiles(profiles: Sequence[VoltageProfile], styles: Mapping[str, LineStyle]) -> Figure:
    """Return voltage against capacity of chosen cycles, a panel a cell."""
    raise NotImplementedError
