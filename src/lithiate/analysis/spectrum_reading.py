"""What one impedance spectrum tells without a circuit: where it meets the axis, and where its arcs end."""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from lithiate.analysis.circuits.result import ACCURACY
from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.robust import FloatArray, normal_quantile
from lithiate.analysis.two_arcs import TwoArcs, resolve_two_arcs
from lithiate.core.estimate import Estimate
from lithiate.formulas.circuit import ComplexArray

CLOSED = 0.1
"""An arc whose -Im Z has fallen to this share of its height has closed."""
PROMINENCE = 0.02
"""A bump of -Im Z below this share of its range is none."""
VALLEY = 0.5
"""A valley of -Im Z that falls below this share of its height before the tail parts arcs, and does not end them."""
SLANT = 0.3
"""Share of Im Z in the first row by which a depressed arc may miss a circle's way to the axis (cot(63 deg)/sqrt(3))."""
REAL = 0.01
"""A row whose Im Z is below this share of |Z| lies on the real axis."""
FEWEST_ROWS = 8
LARGEST_VIOLATION = 0.1
"""Share of |Z| by which a spectrum may break Kramers-Kronig and still be read."""

OHMIC = "Re Z where Im Z changes its sign at high frequency, linear between rows"
INTERFACIAL = (
    "mean Re Z of the rows about the minimum of -Im Z that ends the arcs, minus the ohmic resistance; the tail that "
    "follows peaks below {tail_frequency:g} Hz; both electrodes of the cell"
)
SPLIT = (
    "of two depressed arcs fitted between the ohmic intercept and the tail, the {which}; {whose}; "
    "given where two arcs beat one by the Bayesian information criterion"
)
BOTH = "both electrodes of the cell"


def read_spectrum(
    frequency: FloatArray, impedance: ComplexArray, tail_frequency: float, violation: float = 0.0
) -> list[Estimate]:
    """Return the four resistances of one spectrum, frequencies falling.

    `violation` is the share of |Z| by which the spectrum breaks Kramers-Kronig: it counts as noise, and there is no
    value where it is above `LARGEST_VIOLATION`.
    """
    if violation > LARGEST_VIOLATION:
        text = coded(
            "LI-W-ANA-154",
            f"the spectrum breaks Kramers-Kronig by {100.0 * violation:.2g} % of |Z|: it is that of no cell at rest",
        )
        return [_without("ohmic_resistance", OHMIC, text), *_no_arc(tail_frequency, text)]
    if frequency.size < FEWEST_ROWS:
        text = coded("LI-W-ANA-023", f"a spectrum of {frequency.size} rows; {FEWEST_ROWS} are needed")
        return [_without("ohmic_resistance", OHMIC, text), *_no_arc(tail_frequency, text)]
    height = -impedance.imag
    noise = np.maximum(_noise(impedance), violation * np.abs(impedance))
    ohmic, first = _ohmic(impedance, noise)
    if ohmic.value is not None and ohmic.value < 0.0:
        text = coded(
            "LI-W-ANA-154", f"Re Z is negative where Im Z changes its sign, {ohmic.value:.3g}: of no passive cell"
        )
        return [_without("ohmic_resistance", OHMIC, text), *_no_arc(tail_frequency, text)]
    ends = _end_of_arcs(frequency, height, noise, tail_frequency)
    if ends is None:
        text = coded("LI-W-ANA-023", "no arc stands out of the noise, or the spectrum ends on its rise")
        return [ohmic, *_no_arc(tail_frequency, text)]
    before, end, tail = ends
    foot = impedance[before : end + 1]
    value = float(foot.real.mean()) - (ohmic.value or 0.0)
    hidden = [float(np.abs(foot.imag).mean() + noise[end]), 0.5 * float(np.ptp(foot.real))]
    parts = [
        ohmic.standard_uncertainty or 0.0,
        float(noise[end]) / math.sqrt(foot.size),
        *np.array(hidden) / math.sqrt(3),
    ]
    spread = float(np.linalg.norm(parts))
    top = first + int(np.argmax(height[first:before])) if before > first else first
    definition = INTERFACIAL.format(tail_frequency=tail_frequency)
    interfacial = _estimate("interfacial_resistance", value, spread, definition)
    if not tail and height[end] > CLOSED * height[top]:
        text = coded("LI-W-ANA-023", "the arc has not closed at the lowest frequency: the value is a lower bound")
        bound = value - normal_quantile(0.95) * spread, None
        interfacial = evolve(interfacial, standard_uncertainty=None, interval=bound, interval_80=None, warnings=(text,))
    part = slice(first, before + 1)
    two = resolve_two_arcs(frequency[part], impedance[part], width=value, tail=tail)
    return [ohmic, interfacial, *_split(two)]


def _noise(impedance: ComplexArray) -> FloatArray:
    """Return the standard deviation of real and imaginary part in each row, taken as one share of |Z|.

    From fourth differences, which smooth arcs at ten rows a decade hardly have; never below what instruments can do.
    """
    weights = np.array([1.0, -4.0, 6.0, -4.0, 1.0])
    size = np.abs(impedance)
    bends = np.convolve(impedance, weights, "valid") / size[2:-2]
    scatter = 1.4826 * float(np.median(np.abs([bends.real, bends.imag]))) / math.sqrt(70.0)
    return np.asarray(max(scatter, ACCURACY) * size, dtype=np.float64)


def _ohmic(impedance: ComplexArray, noise: FloatArray) -> tuple[Estimate, int]:
    """Return the ohmic resistance and the first row of the arcs."""
    height, real = -impedance.imag, impedance.real
    rise = height[: 1 + int(np.argmax(height))]
    inductive = np.flatnonzero(rise < 0.0)
    if inductive.size and inductive[-1] + 1 < height.size:
        k = int(inductive[-1])
        share = float(height[k] / (height[k] - height[k + 1]))
        value = float(real[k] + share * (real[k + 1] - real[k]))
        spread = math.hypot(float(noise[k]), float(real[k + 1] - real[k]) / math.sqrt(12.0))
        return _estimate("ohmic_resistance", value, spread, OHMIC), k + 1
    k = int(np.argmin(np.abs(rise)))
    if abs(rise[k]) < REAL * abs(impedance[k]):
        spread = math.hypot(float(noise[k]), float(rise[k]))
        return _estimate("ohmic_resistance", float(real[k]), spread, OHMIC), k
    value = _axis_of_circle(impedance[: max(3, rise.size // 2)])
    spread = math.hypot(math.hypot(float(noise[0]), float(real[0]) - value), SLANT * float(height[0]))
    text = coded(
        "LI-W-ANA-022", "Im Z does not change its sign: a circle through the first rows is followed to the axis"
    )
    return evolve(_estimate("ohmic_resistance", value, spread, OHMIC), warnings=(text,)), 0


def _axis_of_circle(impedance: ComplexArray) -> float:
    """Return where a circle about the real axis through the rows meets it on the left, within 0 ... Re Z of row 0.

    Re^2 + Im^2 = 2 m Re + r^2 - m^2 is linear in the middle m.
    """
    real, first = impedance.real, float(impedance.real[0])
    offset = real - real.mean()
    span = float(offset @ offset)
    if not span > (1e-3 * abs(impedance.imag[0])) ** 2:
        return first
    squares = np.abs(impedance) ** 2
    middle = 0.5 * float(offset @ squares) / span
    radius = math.sqrt(max(float(squares.mean()) - 2.0 * middle * float(real.mean()) + middle**2, 0.0))
    return min(max(middle - radius, 0.0), first)


def _end_of_arcs(
    frequency: FloatArray, height: FloatArray, noise: FloatArray, tail: float
) -> tuple[int, int, bool] | None:
    """Return the first and the last row in which the arcs may end, and whether a tail follows; None without an arc."""
    from scipy.signal import find_peaks

    smooth = np.convolve(np.pad(height, 2, mode="edge"), np.full(5, 0.2), "valid")
    scatter = noise / math.sqrt(5.0)
    needed = np.maximum(PROMINENCE * float(np.ptp(smooth)), 5.0 * scatter)
    peaks, valleys = find_peaks(smooth, prominence=needed)[0], find_peaks(-smooth, prominence=needed)[0]
    arcs = peaks[frequency[peaks] > tail]
    if not arcs.size:
        return None
    last = int(arcs[-1])
    after = [int(valley) for valley in valleys[valleys > last] if _ends_arcs(smooth, frequency > tail, int(valley))]
    lowest = after[0] if after else last + int(np.argmin(smooth[last:][frequency[last:] > tail]))
    if not after and smooth[lowest] > CLOSED * smooth[arcs].max():
        # A tail that drowns in noise, or a slow arc: nothing tells them apart below the frequency of tails.
        return lowest, last + int(np.argmin(smooth[last:])), lowest < height.size - 1
    flat = np.flatnonzero(smooth > smooth[lowest] + 2.0 * scatter[lowest])
    return int(flat[flat < lowest][-1]) + 1, int(np.append(flat, height.size)[np.sum(flat < lowest)]) - 1, True


def _ends_arcs(smooth: FloatArray, above: NDArray[np.bool_], valley: int) -> bool:
    """Return whether the arcs may end in a valley; `above` are the rows before the tail.

    What comes after the valley that parts two arcs lies lower: the second may be too flat to count as a peak.
    """
    before = smooth[valley:][above[valley:]]
    return before.size == 0 or bool(before.min() > VALLEY * smooth[valley])


def _split(two: TwoArcs | None) -> list[Estimate]:
    names = {"sei_resistance": "faster one", "charge_transfer_resistance": "slower one"}
    if two is None:
        text = coded("LI-W-ANA-021", "no two arcs are told apart above the tail")
        return [_without(name, SPLIT.format(which=which, whose=BOTH), text) for name, which in names.items()]
    return [
        _estimate(name, value, spread, SPLIT.format(which=which, whose=BOTH))
        for (name, which), value, spread in zip(names.items(), two.resistances, two.uncertainties, strict=True)
    ]


def _no_arc(tail_frequency: float, text: str) -> list[Estimate]:
    definition = INTERFACIAL.format(tail_frequency=tail_frequency)
    return [_without("interfacial_resistance", definition, text), *_split(None)]


def _without(quantity: str, definition: str, text: str) -> Estimate:
    return Estimate(quantity, None, "ohm", definition, warnings=(text,))


def _estimate(quantity: str, value: float, spread: float, definition: str) -> Estimate:
    wide, narrow = normal_quantile(0.95) * spread, normal_quantile(0.80) * spread
    return Estimate(
        quantity,
        value,
        "ohm",
        definition,
        standard_uncertainty=spread,
        interval=(value - wide, value + wide),
        interval_80=(value - narrow, value + narrow),
        interval_kind="sampling",
    )
