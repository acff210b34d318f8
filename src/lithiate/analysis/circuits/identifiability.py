"""What a fit of a circuit does not tell: parts that a spectrum does not show, or does not show apart."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from attrs import frozen

from lithiate.analysis.circuits.circuit import Leaf, Node
from lithiate.analysis.circuits.fit import time_constant
from lithiate.analysis.circuits.profile import LEVELS, PLUS, profile_intervals
from lithiate.analysis.circuits.result import CircuitFit
from lithiate.analysis.coded_warnings import coded
from lithiate.formulas.circuit import ComplexArray, FloatArray

LARGEST_SPREAD = 0.5
"""Standard deviation of ln p above which a parameter is not determined: it could be half or double."""
SMALLEST_RATIO = 3.0
"""Ratio of time constants below which two arcs are one."""
TIGHT_CORRELATION = -0.8
"""Correlation of ln R of two arcs below which one makes up for the other."""
SHARED_SPREAD = 0.25
"""Standard deviation of ln R of either arc above which arcs that make up for one another are not told apart."""
MUCH_MISFIT = 2.0
"""Residuals larger than this many times the scatter from row to row are the circuit's fault, not the noise's."""
ELSEWHERE = 0.2
"""Difference of ln p, or of an exponent, beyond which another start ended elsewhere."""
_WAVE = {"Ws": 2.54, "Wo": 2.54}
"""w times time constant at the top of -Im Z where it is not 1."""

CODES = {
    "at bound": "LI-W-ANA-140",
    "not determined": "LI-W-ANA-141",
    "outside": "LI-W-ANA-142",
    "inseparable": "LI-W-ANA-143",
    "close": "LI-W-ANA-144",
    "unseen": "LI-W-ANA-145",
    "another solution": "LI-W-ANA-146",
    "correlated residuals": "LI-W-ANA-147",
    "misfit": "LI-W-ANA-148",
}
"""Kind of a flag -> code of its warning."""

BLAMED = ("at bound", "not determined", "outside", "inseparable", "close", "unseen")
"""Kinds that say that a circuit has more parts than its spectrum shows."""


@frozen
class Flag:
    """Something that a fit does not tell.

    Parameters
    ----------
    kind : str
        ``at bound``, ``not determined``, ``outside`` (a time constant outside the frequencies), ``inseparable`` or
        ``close`` (two arcs), ``unseen`` (a part below the noise), ``another solution``, ``correlated residuals``,
        ``misfit``.
    parameters : tuple of str
        Names of those that it concerns; empty where it concerns all.
    text : str
        A sentence.
    """

    kind: str
    parameters: tuple[str, ...]
    text: str

    @property
    def warning(self) -> str:
        """The sentence behind its code."""
        return coded(CODES[self.kind], self.text)


@frozen
class FittedParameter:
    """A parameter, or a sum of some, with what a fit tells of it.

    Parameters
    ----------
    name : str
    value : float
        In SI units.
    standard_uncertainty : float, optional
        None where the value is open on a side or not determined.
    interval, interval_80 : (low, high)
        95 % and 80 %; None on a side that is open.
    reason : str
        Why a side is open or there is no uncertainty; empty where nothing is missing.
    """

    name: str
    value: float
    standard_uncertainty: float | None
    interval: tuple[float | None, float | None]
    interval_80: tuple[float | None, float | None]
    reason: str


def identifiability(fit: CircuitFit) -> tuple[Flag, ...]:
    """Return what a fit does not tell; nothing for a circuit all of whose parts are seen.

    An exponent at its upper limit is no flag: it is a capacitor. Parameters that the caller fixed are taken as known.
    """
    return (
        *_at_bounds(fit),
        *_undetermined(fit),
        *_outside(fit),
        *_pairs(fit),
        *_unseen(fit),
        *_another_solution(fit),
        *_residuals(fit),
    )


def widening(fit: CircuitFit) -> float:
    """Return by how much residuals that go together from row to row widen uncertainties; 1 unless that is significant.

    sqrt((1 + r)/(1 - r)) with the correlation r of neighbours, where r > 2/sqrt(n): a first-order autoregressive
    process. What a circuit leaves of a spectrum that is not made like it is smooth, and counts as fewer rows.
    """
    together = _correlation(fit)
    rows = int(np.count_nonzero(fit.used))
    return autoregressive_widening(together, rows) if together > 2.0 / math.sqrt(rows) else 1.0


def autoregressive_widening(correlation: float, rows: int) -> float:
    """Return sqrt((1 + r)/(1 - r)) for a correlation r of neighbouring rows, at least 1, of a number of rows."""
    together = min(max(correlation, 0.0), 1.0 - 1.0 / rows)
    return math.sqrt((1.0 + together) / (1.0 - together))


def fitted_parameters(
    fits: Sequence[CircuitFit], names: Sequence[str], *, flags: Sequence[Sequence[Flag]] | None = None
) -> list[dict[str, FittedParameter]]:
    """Return parameters of fits of one circuit with intervals that admit what the spectra do not tell.

    Parameters
    ----------
    fits : sequence of CircuitFit
    names : sequence of str
        Parameters, or sums such as ``R2.resistance + R3.resistance``.
    flags : sequence of sequence of Flag, optional
        Of each fit, where `identifiability` has been called already.

    Notes
    -----
    Intervals are those of profile likelihood, noise widened for residuals that go together. The standard uncertainty is
    half the width of the 80 % interval over Student's quantile; there is none where a side is open, where ln p is
    known to worse than `LARGEST_SPREAD`, or where the part is not seen.
    """
    chosen = [identifiability(fit) for fit in fits] if flags is None else flags
    profiles = profile_intervals(fits, names, widening=[widening(fit) for fit in fits])
    return [
        {name: _parameter(fit, profile[name].value, name, profile[name].intervals, own) for name in names}
        for fit, profile, own in zip(fits, profiles, chosen, strict=True)
    ]


def parameters_by_spreads(fit: CircuitFit, flags: Sequence[Flag]) -> dict[str, FittedParameter]:
    """Return the parameters of a fit by their spreads, where a profile is not that of the fit: of spectra together.

    A logarithm, or an exponent, is normal with the fit's spread, widened for residuals that go together.
    """
    from scipy.special import stdtrit

    found = {}
    spreads = fit.spreads * widening(fit)
    for name, value, spread, logarithmic in zip(fit.circuit.names, fit.values, spreads, fit.logarithmic, strict=True):
        reasons = [flag.text for flag in flags if flag.kind in BLAMED and name in flag.parameters]
        if reasons or not math.isfinite(spread):
            known = fit.fixed[fit.circuit.names.index(name)]
            ends = (float(value), float(value)) if known else (None, None)
            reason = "fixed by the caller" if known else "; ".join(reasons) or "it ended at its bound"
            found[name] = FittedParameter(name, float(value), None, ends, ends, reason)
            continue
        intervals = []
        for level in LEVELS:
            wide = float(stdtrit(fit.freedom, 0.5 + 0.5 * level)) * spread
            ends = (value * math.exp(-wide), value * math.exp(wide)) if logarithmic else (value - wide, value + wide)
            intervals.append(ends)
        deviation = float(value * spread) if logarithmic else float(spread)
        found[name] = FittedParameter(name, float(value), deviation, intervals[0], intervals[1], "")
    return found


def _parameter(
    fit: CircuitFit,
    value: float,
    name: str,
    intervals: object,
    flags: Sequence[Flag],
) -> FittedParameter:
    from scipy.special import stdtrit

    wide, narrow = (intervals[level] for level in LEVELS)  # type: ignore[index]
    members = name.split(PLUS)
    if all(fit.fixed[fit.circuit.names.index(member)] for member in members):
        return FittedParameter(name, value, None, (value, value), (value, value), "fixed by the caller")
    reasons = [
        flag.text
        for flag in flags
        if flag.kind in BLAMED and _concerns(flag, members) and not _is_shared_sum(flag, members)
    ]
    if None in (*wide, *narrow):
        reasons.insert(0, "open on a side: the sum of squares stays low as far as it was followed")
        return FittedParameter(name, value, None, wide, narrow, "; ".join(dict.fromkeys(reasons)))
    half = 0.5 * (narrow[1] - narrow[0])
    spread = half / float(stdtrit(fit.freedom, 0.5 + 0.5 * LEVELS[1]))
    lost = reasons and (not value > 0.0 or spread > LARGEST_SPREAD * value or len(members) == 1)
    return FittedParameter(name, value, None if lost else spread, wide, narrow, "; ".join(reasons) if lost else "")


def _concerns(flag: Flag, members: Sequence[str]) -> bool:
    return any(member in flag.parameters for member in members)


def _is_shared_sum(flag: Flag, members: Sequence[str]) -> bool:
    """Return whether a flag says that parts are known by their sum alone, and the sum is what is asked for."""
    return flag.kind in ("inseparable", "close") and set(flag.parameters) <= set(members)


def _at_bounds(fit: CircuitFit) -> list[Flag]:
    found = []
    for k in np.flatnonzero(fit.held):
        parameter, name = fit.circuit.parameters[k], fit.circuit.names[k]
        low = abs(fit.values[k] - fit.lower[k]) <= abs(fit.values[k] - fit.upper[k])
        if parameter.of_element.name == "exponent" and not low and fit.values[k] == 1.0:
            continue
        side = "lower" if low else "upper"
        found.append(Flag("at bound", (name,), f"{name} ended at its {side} bound, {fit.values[k]:.3g}"))
    return found


def _undetermined(fit: CircuitFit) -> list[Flag]:
    return [
        Flag("not determined", (name,), f"{name} is not determined: {_to_within(spread)}")
        for name, spread, logarithmic in zip(fit.circuit.names, fit.spreads, fit.logarithmic, strict=True)
        if logarithmic and not math.isnan(spread) and spread * widening(fit) > LARGEST_SPREAD
        and not _is_coefficient(name)
    ]  # fmt: skip


def _to_within(spread: float) -> str:
    """Return in words how well a logarithm is known."""
    return f"it is known to a factor of {math.exp(spread):.2g}" if spread < 3.0 else "it may have any size"


def _is_coefficient(name: str) -> bool:
    """Return whether a parameter is the coefficient of a constant-phase element, which stretches with its exponent."""
    return name.startswith("CPE") and name.endswith(".coefficient")


def _timed(fit: CircuitFit) -> list[tuple[Node, float]]:
    """Return the parts in series that have a time constant, with it [s]."""
    pairs = [(part, time_constant(part, fit.values)) for part in fit.circuit.root.parts]
    return [(part, time) for part, time in pairs if math.isfinite(time) and time > 0.0]


def _names(fit: CircuitFit, part: Node) -> tuple[str, ...]:
    return fit.circuit.names[part.rows]


def _resistance_of(fit: CircuitFit, part: Node) -> int | None:
    """Return the place of the resistance of an arc."""
    for k in range(part.rows.start, part.rows.stop):
        if fit.circuit.parameters[k].of_element.name == "resistance":
            return k
    return None


def _outside(fit: CircuitFit) -> list[Flag]:
    frequency = fit.frequency[fit.used]
    found = []
    for part, time in _timed(fit):
        wave = _WAVE.get(part.element.symbol, 1.0) if isinstance(part, Leaf) else 1.0
        peak = wave / (2.0 * math.pi * time)
        if not frequency.min() <= peak <= frequency.max():
            side = "below" if peak < frequency.min() else "above"
            text = f"{part} peaks at {peak:.2g} Hz, {side} the measured frequencies"
            found.append(Flag("outside", _names(fit, part), text))
    return found


def _pairs(fit: CircuitFit) -> list[Flag]:
    """Return arcs that cannot be told apart: one makes up for the other, or their time constants are too close."""
    found = []
    covariance = fit.inverse_curvature * fit.variance * widening(fit) ** 2
    for (first, early), (second, late) in itertools.combinations(_timed(fit), 2):
        i, j = _resistance_of(fit, first), _resistance_of(fit, second)
        if i is None or j is None or fit.fixed[i] or fit.fixed[j]:
            continue
        total = float(fit.values[i] + fit.values[j])
        spread, spread_of_sum, correlation = _of_sum(covariance, fit.values, i, j)
        names = (fit.circuit.names[i], fit.circuit.names[j])
        if spread > SHARED_SPREAD and correlation < TIGHT_CORRELATION and spread_of_sum < 0.5 * spread:
            text = (
                f"{first} and {second} cannot be told apart: only their sum is known: "
                f"{total:.4g} +- {total * spread_of_sum:.2g}"
            )
            found.append(Flag("inseparable", names, text))
        elif max(early, late) < SMALLEST_RATIO * min(early, late):
            ratio = max(early, late) / min(early, late)
            text = f"{first} and {second} have time constants of the ratio {ratio:.2g}, and may be one"
            found.append(Flag("close", names, text))
    return found


def _of_sum(covariance: FloatArray, values: FloatArray, i: int, j: int) -> tuple[float, float, float]:
    """Return the larger spread of ln R of two, that of the logarithm of their sum, and their correlation."""
    block = covariance[np.ix_([i, j], [i, j])]
    if not np.isfinite(block).all() or min(block[0, 0], block[1, 1]) <= 0.0:
        return math.inf, math.inf, 0.0
    shares = values[[i, j]] / (values[i] + values[j])
    correlation = float(block[0, 1] / math.sqrt(block[0, 0] * block[1, 1]))
    return math.sqrt(float(block.diagonal().max())), math.sqrt(max(float(shares @ block @ shares), 0.0)), correlation


def _unseen(fit: CircuitFit) -> list[Flag]:
    """Return parts in series whose whole impedance, squared and summed, is below what noise gives their parameters."""
    w = 2.0 * math.pi * fit.frequency[None, :]
    found = []
    for part in fit.circuit.root.parts:
        impedance = part.response(w, np.log(1j * w), fit.values[None, :], None)[0]
        parts = np.ascontiguousarray(np.broadcast_to(impedance, fit.frequency.shape)).view(np.float64) * fit.weight
        count = part.rows.stop - part.rows.start
        if float(parts @ parts) < 4.0 * count * fit.variance:
            text = f"{part} is not seen: its impedance is below the noise at all frequencies"
            found.append(Flag("unseen", _names(fit, part), text))
    return found


def _another_solution(fit: CircuitFit) -> list[Flag]:
    """Return whether another start ended in another place that fits as well, beyond what spreads tell already."""
    if fit.rival is None:
        return []
    spreads = np.nan_to_num(fit.spreads, nan=0.0, posinf=math.inf)
    away = np.abs(np.where(fit.logarithmic, np.log(fit.rival / fit.values), fit.rival - fit.values))
    far = np.flatnonzero(away > np.maximum(ELSEWHERE, 5.0 * spreads))
    if not far.size:
        return []
    names = tuple(fit.circuit.names[k] for k in far)
    there = ", ".join(f"{fit.circuit.names[k]} {fit.rival[k]:.3g} instead of {fit.values[k]:.3g}" for k in far)
    return [Flag("another solution", names, f"another solution is as good: {there}")]


def _residuals(fit: CircuitFit) -> list[Flag]:
    found = []
    together, rows = _correlation(fit), int(np.count_nonzero(fit.used))
    if together > 2.0 / math.sqrt(rows):
        text = f"residuals go together from row to row (correlation {together:.2f}): the circuit misses something"
        found.append(Flag("correlated residuals", (), text))
    scatter = _scatter(fit)
    size = math.sqrt(fit.sum_of_squares / fit.freedom)
    if size > MUCH_MISFIT * max(scatter, math.sqrt(fit.least_variance)):
        text = f"residuals are {size / max(scatter, 1e-300):.2g} times the scatter from row to row"
        found.append(Flag("misfit", (), text))
    return found


def _correlation(fit: CircuitFit) -> float:
    """Return the correlation of the residuals of neighbouring rows; 0 where they are below what instruments can do."""
    return 0.0 if fit.sum_of_squares / fit.freedom < fit.least_variance else correlation_of_rows(fit)


def correlation_of_rows(fit: CircuitFit) -> float:
    """Return the correlation of the weighted residuals of neighbouring rows, however small they are."""
    misfit = _in_order(fit)
    power = float((np.abs(misfit) ** 2).sum())
    return float((misfit[1:] * misfit[:-1].conj()).real.sum()) / power if power > 0.0 else 0.0


def _in_order(fit: CircuitFit) -> ComplexArray:
    """Return the weighted residuals of the rows that count, in the order of their frequencies."""
    order = np.argsort(fit.frequency[fit.used], kind="stable")
    return np.asarray(fit.residuals[fit.used][order])


def _scatter(fit: CircuitFit) -> float:
    """Return the scatter of weighted residuals from row to row, by fourth differences, which what is smooth lacks."""
    misfit = _in_order(fit)
    if misfit.size < 8:
        return math.inf
    bends = np.convolve(misfit, [1.0, -4.0, 6.0, -4.0, 1.0], "valid")
    return math.sqrt(float(np.mean(np.abs(bends) ** 2)) / 140.0)
