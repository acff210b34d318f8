"""Cathodes of the library, by name."""

from __future__ import annotations

from functools import cache
from typing import Any

from lithiate.core.curve import Curve
from lithiate.core.materials import Cathode
from lithiate.library.materials import load_table, numbers

_CURVES = ("open_circuit_potential", "entropic_coefficient")


@cache
def load_cathode(name: str) -> Cathode:
    """Return a cathode of the library; raises `LibraryError` ``LI-LIB-001`` when there is none of that name.

    In `sources` a curve stands with its value in the middle of its range, and the cut-offs of the voltage window stand
    apart as ``lower_voltage`` and ``upper_voltage``.
    """
    from lithiate.library.schema import CathodeTable

    table = load_table("cathodes", name, CathodeTable)
    found, sources = numbers(table)
    window = (found.pop("lower_voltage"), found.pop("upper_voltage"))
    values: dict[str, Any] = dict(found)
    for key in _CURVES:
        entry = getattr(table, key)
        if entry is not None:
            values[key] = entry.curve()
            sources[key] = entry.sourced()
    return Cathode(name, voltage_window=window, sources=sources, **values)


def window_stoichiometries(cathode: Cathode) -> tuple[float, float]:
    """Return the stoichiometries at rest at the upper and at the lower cut-off of a cathode.

    Notes
    -----
    U(x) = V, by bisection; a cut-off beyond the curve's last point is taken at that point.
    """
    low, high = cathode.voltage_window
    return _stoichiometry(cathode.open_circuit_potential, high), _stoichiometry(cathode.open_circuit_potential, low)


def _stoichiometry(curve: Curve, potential: float) -> float:
    from scipy.optimize import brentq

    first, last = curve.x[0], curve.x[-1]
    if potential >= curve.y[0]:
        return first
    if potential <= curve.y[-1]:
        return last
    return float(brentq(lambda x: float(curve(x)) - potential, first, last))
