"""The arcs of fitted circuits, and which arc of one spectrum is which of the next."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.analysis.circuits.circuit import Leaf, Node, Parallel, Series
from lithiate.analysis.circuits.fit import time_constant
from lithiate.analysis.circuits.result import CircuitFit

_OF_RESISTANCE = 0.3
"""How much a change of ln R counts beside one of ln(time constant) where arcs are followed."""


@frozen
class Arc:
    """An arc of a fitted circuit: a resistance beside a capacitance, constant-phase or not.

    Parameters
    ----------
    part : str
        As the circuit has it: ``p(R2,CPE1)``.
    resistance_name : str
        Of the parameter: ``R2.resistance``.
    resistance : float, ohm or ohm m2
    time_constant : float, s
    capacitance : float, F or F/m2
        Time constant over resistance: what a capacitor of that time constant would have (Hsu & Mansfeld, Corrosion 57,
        747 (2001)).
    """

    part: str
    resistance_name: str
    resistance: float
    time_constant: float

    @property
    def capacitance(self) -> float:
        """Time constant over resistance [F or F/m2]."""
        return self.time_constant / self.resistance


def arcs_of(fit: CircuitFit) -> list[Arc]:
    """Return the arcs of a fit, the fastest first; diffusion elements are none."""
    found = []
    for part in fit.circuit.root.parts:
        time, resistor = _time_constant(part, fit), _resistor(part)
        if resistor is not None and math.isfinite(time):
            found.append(Arc(str(part), fit.circuit.names[resistor], float(fit.values[resistor]), time))
    return sorted(found, key=lambda arc: arc.time_constant)


def _resistor(part: Node) -> int | None:
    """Return the place of the resistance of an arc, None where the part is none."""
    if isinstance(part, Leaf):
        return part.first if part.element.symbol == "ZARC" else None
    if not isinstance(part, Parallel):
        return None
    leaves = [branch.parts[0] if isinstance(branch, Series) else branch for branch in part.parts]
    resistors = [leaf.first for leaf in leaves if isinstance(leaf, Leaf) and leaf.element.symbol == "R"]
    stores = [leaf for leaf in leaves if isinstance(leaf, Leaf) and leaf.element.symbol in ("C", "CPE")]
    return resistors[0] if len(resistors) == 1 and len(stores) == 1 and len(leaves) == 2 else None


def _time_constant(part: Node, fit: CircuitFit) -> float:
    """Return the time constant of an arc; of one with diffusion in its branch, that of its resistor and its store."""
    own = time_constant(part, fit.values)
    if math.isfinite(own) or not isinstance(part, Parallel):
        return own
    resistor = _resistor(part)
    stores = [branch for branch in part.parts if isinstance(branch, Leaf) and branch.element.symbol in ("C", "CPE")]
    if resistor is None or len(stores) != 1:
        return math.nan
    store = fit.values[stores[0].rows]
    product = float(fit.values[resistor] * store[0])
    return product if store.size == 1 else product ** (1.0 / float(store[1]))


def track_arcs(spectra: Sequence[Sequence[Arc]]) -> NDArray[np.int64]:
    """Return which arc of each spectrum belongs to each track, (m, tracks), -1 where there is none.

    Tracks begin with the spectrum that has most arcs, in the order of their time constants, and are followed from
    spectrum to spectrum both ways by the least change of time constants and resistances in all.

    Parameters
    ----------
    spectra : sequence of sequence of Arc
    """
    from scipy.optimize import linear_sum_assignment

    most = max((len(arcs) for arcs in spectra), default=0)
    found = np.full((len(spectra), most), -1, dtype=np.int64)
    if most == 0:
        return found
    begin = next(k for k, arcs in enumerate(spectra) if len(arcs) == most)
    for way in (range(begin, len(spectra)), range(begin, -1, -1)):
        last = [_place(arc) for arc in spectra[begin]]
        for k in way:
            if not spectra[k]:
                continue
            here = [_place(arc) for arc in spectra[k]]
            cost = [[abs(a[0] - b[0]) + _OF_RESISTANCE * abs(a[1] - b[1]) for b in here] for a in last]
            for track, arc in zip(*linear_sum_assignment(np.array(cost)), strict=True):
                found[k, track] = arc
                last[track] = here[arc]
    return found


def _place(arc: Arc) -> tuple[float, float]:
    return math.log(arc.time_constant), math.log(arc.resistance)
