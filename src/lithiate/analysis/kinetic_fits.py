"""The laws of charge transfer fitted to a polarisation curve, with one likelihood for all, so that they compare."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import evolve, field, frozen

from lithiate.analysis.kinetic_models import (
    BENDING,
    COUNT,
    EXCHANGE,
    LAWS,
    LIMIT,
    SERIES,
    ZERO,
    Minimum,
    Rate,
    Residuals,
    Rows,
    minimise,
    predict,
    rate_of,
)
from lithiate.analysis.robust import FloatArray

ENOUGH_ROWS = 30
"""Rows from which the residuals tell noise of the voltage, or a floor of that of the current, from a share of it."""
MOST_ROWS = 2000
"""Rows that are fitted; of more, evenly spaced ones."""
LEAST_GAIN = 4.0
"""AICc by which a limiting current must better a curve to be in a model."""
LARGEST_LIMIT = 4.0
"""Limiting current over the largest one of its direction up to which a curve tells of it."""
LARGEST_SPREAD = 0.5
"""Standard uncertainty of ln j0 above which a series resistance and a reorganisation energy are not told apart."""
_BEND_AT = 0.01
_REACH = 0.5


@frozen(eq=False)
class Noise:
    """What scatters about a curve: a share of the current, and beside it a voltage or a current.

    Parameters
    ----------
    share : float
        Standard deviation as a share of the current.
    voltage : float, V
    floor : float, A/m2
    """

    share: float = 0.0
    voltage: float = 0.0
    floor: float = 0.0


@frozen(eq=False)
class CurveFit:
    """One law fitted to a curve.

    Parameters
    ----------
    law, limit : str
        Of `LAWS` and `LIMITS`.
    free : tuple of int
        Parameters that were fitted.
    minimum : Minimum
    rows : Rows
    aicc : float
        Corrected Akaike information criterion, ``n ln(S/n) + 2K + 2K(K+1)/(n-K-1)``, K with one for the noise; infinite
        where n is too small. Only differences between fits of one curve mean something.
    covariance : (k, k) float64
        Of the free parameters.
    spread_of_choice : float
        Standard deviation of ln j0 that the choice among limiting currents adds: that of the others about this one, by
        their Akaike weights.
    resistance_hidden : bool
        A series resistance would better the fit, and the curve does not tell it from the reorganisation energy: it was
        left out.
    """

    law: str
    limit: str
    free: tuple[int, ...]
    minimum: Minimum
    rows: Rows
    aicc: float
    covariance: FloatArray
    spread_of_choice: float = 0.0
    resistance_hidden: bool = False

    @property
    def freedom(self) -> int:
        """Rows less parameters."""
        return max(self.rows.current.size - len(self.free), 1)

    @property
    def log_exchange(self) -> float:
        """Ln of j0 in A/m2."""
        return float(self.minimum.parameters[EXCHANGE]) + math.log(self.rows.scale)

    @property
    def series_resistance(self) -> float:
        """In series [ohm m2], 0 where it was not free."""
        return float(self.minimum.parameters[SERIES]) * self.rows.unit

    @property
    def limiting_current_density(self) -> float | None:
        """Magnitude [A/m2], or None where there is none."""
        return self.rows.scale / float(self.minimum.parameters[LIMIT]) if LIMIT in self.free else None

    @property
    def reorganisation_voltage(self) -> float | None:
        """Reorganisation energy over F [V], or None where the law has none, or an infinite one."""
        bending = float(self.minimum.parameters[BENDING])
        return self.rows.thermal / bending if BENDING in self.free and bending > 0.0 else None

    def uncertainty(self, parameter: int) -> float | None:
        """Return the standard uncertainty of a parameter on its own scale, or None where it was not free."""
        if parameter not in self.free:
            return None
        k = self.free.index(parameter)
        return math.sqrt(max(float(self.covariance[k, k]), 0.0))

    def current(self, voltage: FloatArray) -> FloatArray:
        """Return the current density [A/m2] at other voltages [V] about zero current."""
        rows = evolve(self.rows, voltage=voltage, current=np.zeros_like(voltage))
        rate = rate_of(self.law, float(np.abs(voltage).max()) / rows.thermal)
        with np.errstate(all="ignore"):
            return predict(self.minimum.parameters, rows, rate, self.limit).current


@frozen(eq=False)
class LawFits:
    """The fits of one curve, one a law that can follow it, and the noise by which they were weighted."""

    by_law: dict[str, CurveFit] = field(factory=dict)
    noise: Noise = field(factory=Noise)


@frozen(eq=False)
class _Task:
    """A curve with what all its fits share."""

    rows: Rows
    residuals: Residuals
    shift_free: bool
    series_free: bool
    highest: float

    def limited(self, limit: str) -> float:
        """Return the largest current of the direction that a limit belongs to, over the scale."""
        cathodic = limit == "cathodic" and self.rows.electrodes == 1
        largest = float((-self.rows.current).max()) if cathodic else self.rows.scale
        return largest / self.rows.scale if largest > 0.0 else 1.0

    def bounds(self, law: str, limit: str) -> tuple[FloatArray, FloatArray]:
        """Return the limits of the parameters."""
        largest = self.limited(limit)
        thermal = self.rows.thermal
        least = 2.0 * thermal if law == "marcus-hush-chidsey" else max(4.0 * thermal, self.highest)
        # Below zero a resistance takes some of what the law itself drops; the sum must rise with the current.
        lowest = -1.2 * thermal * self.rows.electrodes / (self.rows.scale * self.rows.unit)
        return (
            np.array([-25.0, -4.0, lowest, 1.0 / (LARGEST_LIMIT * largest), 0.0]),
            np.array([12.0, 4.0, 10.0, 2.0 / largest, thermal / least]),
        )


def akaike_weights(values: Sequence[float]) -> list[float]:
    """Return the weights of models from their AICc, which sum to 1: exp(-difference/2) over the sum.

    References
    ----------
    Burnham and Anderson, *Model Selection and Multimodel Inference*, 2nd ed., 2002, sections 2.9 and 4.3.
    """
    least = min(values)
    if not math.isfinite(least):
        return [1.0 / len(values)] * len(values)
    raw = [math.exp(-0.5 * min(value - least, 1400.0)) for value in values]
    return [weight / sum(raw) for weight in raw]


def fit_laws(
    voltage: FloatArray,
    current: FloatArray,
    *,
    electrodes: int,
    thermal: float,
    residuals: str = "log",
    series_free: bool = True,
    shift_free: bool = True,
    one_limit: bool = False,
    laws: Sequence[str] = LAWS,
) -> LawFits:
    """Fit every law of `LAWS` to a curve.

    Parameters
    ----------
    voltage : (n,) float64, V
        About zero current.
    current : (n,) float64, A/m2
    electrodes : int
        That share the voltage, 1 or 2.
    thermal : float, V
        RT/F.
    residuals : {"log", "linear"}
        ``log``: each row counts by its share of the current. From `ENOUGH_ROWS` rows on, what the residuals show
        beyond a share, noise of the voltage or a floor of the current (whichever is likelier), takes weight from rows
        near zero. ``linear``: each row counts alike in A/m2.
    series_free, shift_free : bool
        Whether a series resistance, and a zero of the voltage, are looked for.
    one_limit : bool
        The two electrodes are unlike and count as one: a limiting current is of either direction.
    laws : sequence of str
        That are fitted.

    Notes
    -----
    A limiting current is looked for with Butler-Volmer kinetics alone; a reorganisation energy bends like one. It is
    in where it betters AICc by `LEAST_GAIN`. With a reorganisation energy the series resistance is in where it betters
    AICc; the two bend alike, and few curves tell both.
    """
    rows = _rows(voltage, current, electrodes, thermal)
    log = residuals == "log"
    bend = _bend(rows) if log else math.inf
    spread = np.ones_like(rows.current) if log else np.full_like(rows.current, rows.scale)
    task = _Task(rows, Residuals(bend, spread), shift_free, series_free, _highest(rows))
    limits = ("both",) if one_limit else ("cathodic",) if electrodes == 2 else ("cathodic", "both")
    plain = _butler_volmer(task, limits, None)
    noise = Noise()
    if log:
        # How much each row counts is told from the best of the plainer models, and then is the same for all of them.
        task = _Task(rows, task.residuals, shift_free, series_free, _highest(rows, plain))
        bent = _with_reorganisation(task, "marcus-hush", plain)
        best = min((plain, bent), key=lambda fit: fit.aicc)
        noise, weights = _noise(best, bend)
        task = _Task(rows, Residuals(bend, weights), shift_free, series_free, task.highest)
        plain = _butler_volmer(task, limits, plain)
    task = _Task(rows, task.residuals, shift_free, series_free, _highest(rows, plain))
    found = {law: plain if law == LAWS[0] else _with_reorganisation(task, law, plain) for law in laws}
    return LawFits({law: fit for law, fit in found.items() if math.isfinite(fit.minimum.cost)}, noise)


def _rows(voltage: FloatArray, current: FloatArray, electrodes: int, thermal: float) -> Rows:
    stride = 1 + (voltage.size - 1) // MOST_ROWS
    voltage, current = voltage[::stride], current[::stride]
    scale = float(np.abs(current).max())
    return Rows(voltage, current, electrodes, thermal, scale, float(np.ptp(voltage)) / (2.0 * scale))


def _bend(rows: Rows) -> float:
    """Return the current about 10 mV an electrode, below which a logarithm says little."""
    size = np.abs(rows.voltage)
    order = np.argsort(size)
    at = _BEND_AT * rows.electrodes
    near = float(np.interp(at, size[order], np.abs(rows.current)[order]))
    return max(near * min(1.0, at / float(size[order][0] or at)), 1e-9 * rows.scale)


def _highest(rows: Rows, fit: CurveFit | None = None) -> float:
    """Return the largest overpotential of one electrode [V], less the ohmic drop that a fit finds."""
    drop = 0.0 if fit is None else max(fit.series_resistance, 0.0)
    return float(np.abs(rows.voltage - drop * rows.current).max()) / rows.electrodes


def _fit(task: _Task, law: str, limit: str, free: Sequence[int], starts: Sequence[FloatArray], rate: Rate) -> CurveFit:
    bounds = task.bounds(law, limit)
    best = min(
        (minimise(start, free, bounds, task.rows, rate, limit, task.residuals) for start in starts),
        key=lambda found: found.cost,
    )
    count, k = task.rows.current.size, len(free) + 1
    rest = count - k - 1
    if not math.isfinite(best.cost):
        # Far from what the law can do: no start gave finite currents.
        return CurveFit(law, limit, tuple(free), best, task.rows, math.inf, np.full((len(free), len(free)), math.inf))
    mean = max(best.cost / count, 1e-30)
    aicc = count * math.log(mean) + 2.0 * k + 2.0 * k * (k + 1) / rest if rest > 0 else math.inf
    normal = best.jacobian.T @ best.jacobian
    size = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    try:
        inverse = np.linalg.inv(normal / np.outer(size, size)) / np.outer(size, size)
    except np.linalg.LinAlgError:
        inverse = np.full_like(normal, math.inf)
    covariance = inverse * best.cost / max(count - len(free), 1)
    return CurveFit(law, limit, tuple(free), best, task.rows, aicc, covariance)


def _start(task: _Task, log_rate: float, share: float, *, limit: float = 0.0, bending: float = 0.0) -> FloatArray:
    start = np.zeros(COUNT)
    start[EXCHANGE], start[SERIES] = log_rate, share if task.series_free else 0.0
    start[LIMIT], start[BENDING] = limit, bending
    return start


def _butler_volmer(task: _Task, limits: Sequence[str], warm: CurveFit | None) -> CurveFit:
    """Fit without a limiting current, and with each kind; keep the simpler one unless another is clearly better."""
    free = [EXCHANGE, *([ZERO] if task.shift_free else []), *([SERIES] if task.series_free else [])]
    rate = rate_of(LAWS[0], 0.0)
    # Small and large exchange currents are two valleys where R is free: begin in both, keep the deeper.
    starts = [_start(task, -3.0, 0.1), _start(task, 0.5, 0.5)]
    if warm is not None and warm.limit == "none":
        starts = [warm.minimum.parameters]
    best = _fit(task, LAWS[0], "none", free, starts, rate)
    if task.rows.current.size < len(free) + 4:
        return best
    plain = best.minimum.parameters
    candidates = [best]
    for limit in limits:
        kept = plain.copy()
        largest = task.limited(limit)
        kept[LIMIT] = 0.67 / largest
        starts = [kept, _start(task, -3.0, 0.05, limit=0.9 / largest)]
        if warm is not None and warm.limit == limit:
            starts = [warm.minimum.parameters]
        limited = _fit(task, LAWS[0], limit, [*free, LIMIT], starts, rate)
        bar = LEAST_GAIN if best.limit == "none" else 0.0
        if LIMIT in limited.minimum.at_bound:
            continue
        candidates.append(limited)
        if limited.aicc < best.aicc - bar:
            best = limited
    weights = akaike_weights([fit.aicc for fit in candidates])
    apart = [(fit.log_exchange - best.log_exchange) ** 2 for fit in candidates]
    return evolve(best, spread_of_choice=math.sqrt(sum(w * a for w, a in zip(weights, apart, strict=True))))


def _with_reorganisation(task: _Task, law: str, plain: CurveFit) -> CurveFit:
    """Fit a law with a reorganisation energy, with and without a series resistance; keep the better by AICc."""
    reach = min(float(np.abs(task.rows.voltage).max()) / task.rows.electrodes, max(4.0 * task.highest, _REACH))
    rate = rate_of(law, reach / task.rows.thermal)
    free = [EXCHANGE, *([ZERO] if task.shift_free else []), BENDING]
    log_rate = float(plain.minimum.parameters[EXCHANGE])
    starts = [_start(task, log_rate, 0.0, bending=0.5 * task.bounds(law, "none")[1][BENDING])]
    bent = _fit(task, law, "none", free, starts, rate)
    if task.series_free and task.rows.current.size >= len(free) + 3:
        share = float(plain.minimum.parameters[SERIES])
        starts = [_start(task, log_rate, share, bending=0.01), bent.minimum.parameters]
        joint = _fit(task, law, "none", [*free, SERIES], starts, rate)
        if joint.aicc < bent.aicc:
            told = (joint.uncertainty(EXCHANGE) or 0.0) < LARGEST_SPREAD
            return joint if told else evolve(bent, resistance_hidden=True)
    return bent


def _noise(fit: CurveFit, bend: float) -> tuple[Noise, FloatArray]:
    """Return the noise about a fit, and the standard deviation of each row on the scale of the residuals.

    Beside a share s of the current the variance has that of a voltage, or a floor; their ratio to s is taken from a
    grid by the likelihood of normal residuals.
    """
    model, slope = fit.minimum.predicted.current, fit.minimum.predicted.slope
    count = model.size
    size = np.hypot(model, 2.0 * bend)
    smallest = 1e-6 * float(np.abs(fit.rows.voltage).max())
    of_share, of_voltage = model**2, slope**2
    if count < ENOUGH_ROWS:
        weight = np.sqrt(of_share + (smallest * slope) ** 2)
        error = (fit.rows.current - model) / weight
        return Noise(share=math.sqrt(float(error @ error) / count)), np.asarray(weight / size)
    square = (fit.rows.current - model) ** 2
    at_zero = float(np.median(slope[np.argsort(np.abs(fit.rows.voltage))[: max(count // 20, 3)]]))
    best = (math.inf, Noise(), of_share)
    for name in ("voltage", "floor"):
        # Ratios of the standard deviation, as a voltage, to the share: from nothing to all.
        for ratio in np.geomspace(smallest, 10.0, 60):
            other = of_voltage if name == "voltage" else np.full(count, at_zero**2)
            variance = of_share + ratio**2 * other
            mean = float(np.mean(square / variance))
            likelihood = count * math.log(max(mean, 1e-300)) + float(np.log(variance).sum())
            if likelihood < best[0] - 1e-9:
                share = math.sqrt(mean)
                other_size = share * float(ratio) * (1.0 if name == "voltage" else at_zero)
                best = (likelihood, Noise(share=share, **{name: other_size}), variance)
    return best[1], np.asarray(np.sqrt(best[2]) / size)
