"""Distribution of relaxation times of a spectrum: how its resistance is spread over time constants."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.kramers_kronig import ACCURACY, row_scales
from lithiate.analysis.one_spectrum import falling_order
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray
from lithiate.errors import AnalysisError
from lithiate.formulas.circuit import ComplexArray

PER_DECADE = 10
"""Grid points a decade of time constants."""
BEYOND = 1.0
"""Decades by which the grid goes beyond 1/(2 pi f) of the first and the last row."""
STRENGTHS = tuple(10.0 ** (0.5 * k) for k in range(2, -16, -1))
"""Strengths of the penalty that are tried, from the smoothest distribution to the roughest."""
EVIDENCE = 10.0
"""Difference of AICc up to which a smoother distribution is preferred to one that fits better."""
_LOWEST, _CLEAREST, _MOST = 0.01, 3.0, 6
"""Height over the highest, and over its standard uncertainty, of peaks that may be resolved; how many of them."""
_STRIDE = 2
"""Grid points from one end of such a stretch to the next: every one costs time and changes no answer."""
_TAIL = 0.02
"""Share of the resistance beyond the frequencies that is told."""
_TOGETHER, _MISFIT = 0.5, 0.01
"""Correlation of neighbouring residuals, and their largest share of |Z|, above which the fit counts as none."""
_EXCHANGES = 25
"""Steps of the exchange method before the slow one takes over."""
_LEAST = 1e-4
"""Share of |Z| below which residuals count as rounding."""
_NODES = np.polynomial.legendre.leggauss(4)


@frozen(kw_only=True)
class RelaxationPeak:
    """One peak of a distribution of relaxation times.

    Parameters
    ----------
    time_constant : float, s
        Of its highest point; `frequency` is 1/(2 pi tau) [Hz].
    resistance : float
        Between the minima that part it from the next needed peaks, in the unit of the impedance, without what lies
        beyond the frequencies; `standard_uncertainty` by noise alone.
    height : float
        Of its highest point over that of the highest peak.
    resolved : bool
        Whether the spectrum needs it, and it lies within the frequencies. One that is not needed comes from the penalty
        or from noise: its resistance is given by itself, and once more within that of the resolved peak beside it.
    at_edge : bool
        Whether its time constant lies beyond the frequencies: it stands for what happens there, it is no process.
    """

    time_constant: float
    frequency: float
    resistance: float
    standard_uncertainty: float
    height: float
    resolved: bool
    at_edge: bool


@frozen(eq=False, kw_only=True)
class RelaxationTimes:
    """Distribution of relaxation times of one spectrum, in the unit of its impedance.

    Parameters
    ----------
    time_constant : (m,) float64, s
        Equally spaced in logarithm, rising.
    distribution : (m,) float64
        g = dR/d ln tau, not negative, piecewise linear in ln tau.
    standard_uncertainty : (m,) float64
        Of g, by noise alone: what the penalty smooths away is not in it.
    series_resistance, inductance, elastance : float
        R, L [H or H m2] and 1/C [1/F or m2/F] in series with it; 0 where the spectrum needs none.
    polarisation_resistance, polarisation_uncertainty : float
        Integral of g over time constants within the frequencies, and its standard uncertainty by noise.
    fast_tail, slow_tail : float
        Integral of g over time constants below and above those of the frequencies: not resolved.
    strength : float
        Of the penalty, and by what it was chosen in `chosen_by`.
    noise : (n,) float64
        Standard deviation of real and imaginary part over |Z|, with what grid and penalty miss of an ideal arc.
    frequency : (n,) float64, Hz
        Falling; `impedance`, `fitted` and `residual` = (measured - fitted)/|measured| are (n,) complex128.
    peaks : tuple of RelaxationPeak
        By rising time constant.
    warnings : tuple of str
    """

    time_constant: FloatArray
    distribution: FloatArray
    standard_uncertainty: FloatArray
    series_resistance: float
    inductance: float
    elastance: float
    polarisation_resistance: float
    polarisation_uncertainty: float
    fast_tail: float
    slow_tail: float
    strength: float
    chosen_by: str
    noise: FloatArray
    frequency: FloatArray
    impedance: ComplexArray
    fitted: ComplexArray
    residual: ComplexArray
    peaks: tuple[RelaxationPeak, ...]
    warnings: tuple[str, ...]


def fit_relaxation_times(
    frequency: FloatArray, impedance: ComplexArray, *, strength: float | None = None
) -> RelaxationTimes:
    """Return the distribution of relaxation times of a spectrum: Tikhonov's penalty, nothing negative.

    Z = R + i w L + 1/(i w C) + integral of g(ln tau)/(1 + i w tau) d ln tau, g >= 0, R, L, 1/C >= 0. Minimises

    sum |(Z - Z_measured)/scale|^2 + strength * integral of (g''/<|Z|>)^2 d ln tau,

    scale that of `lithiate.analysis.kramers_kronig.row_scales`, <|Z|> the median of |Z|; g is piecewise linear on ten
    points a decade, integrated within each piece.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        In any order, each once.
    impedance : (n,) complex128, ohm or ohm m2
        Im Z < 0 is capacitive. Should obey the Kramers-Kronig relations: see `check_kramers_kronig`.
    strength : float, optional
        Of the penalty; chosen from `STRENGTHS` by AICc by default, whose number of parameters is the trace of the
        matrix that takes the data to the fit.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for a strength that is not positive, and see `lithiate.analysis.one_spectrum.falling_order`.

    Notes
    -----
    The strength is the largest whose AICc is within `EVIDENCE` of the least. A peak is needed where a distribution that
    only rises up to it and only falls after it, added to those of the higher peaks, lets the least squares without any
    penalty fall by more than `EVIDENCE` in n ln(sum of squares).

    A peak is not a process: diffusion has a series of peaks, and inductive loops (g < 0) cannot be shown. A line in
    truth (an ideal arc) comes out with the width that the penalty leaves it. Arcs whose time constants are within a
    factor of about ten come out as one peak, or as two whose areas mean little.

    References
    ----------
    Wan, Saccoccio, Chen & Ciucci, Electrochim. Acta 184, 483 (2015), doi:10.1016/j.electacta.2015.09.097; Kim & Park,
    SIAM J. Sci. Comput. 33, 3261 (2011), doi:10.1137/110821172 (block principal pivoting).
    """
    frequency, impedance = np.asarray(frequency, dtype=np.float64), np.asarray(impedance, dtype=np.complex128)
    order = falling_order(frequency, impedance, "distribution of relaxation times")
    if strength is not None and not (math.isfinite(strength) and strength > 0.0):
        raise AnalysisError(
            "the strength of the penalty is not valid", code="LI-ANA-001", got=strength, expected="more than 0"
        )
    frequency, impedance = frequency[order], impedance[order]
    size = row_scales(frequency, impedance)
    scale = float(np.median(np.abs(impedance)))
    log_tau = _grid(frequency)
    design = _design(frequency, size / scale, log_tau)
    target = np.concatenate([impedance.real / size, impedance.imag / size])
    fit = _fit(design, target, _penalty(log_tau), STRENGTHS if strength is None else (strength,))
    misfit = target - design @ fit.values
    residual = np.asarray(misfit[: size.size] + 1j * misfit[size.size :], dtype=np.complex128)
    covariance = fit.covariance * scale**2
    values = fit.values * scale
    step = float(log_tau[1] - log_tau[0])
    span = np.log(1.0 / (2.0 * math.pi * frequency[[0, -1]]))
    fast, slow = log_tau < span[0] - 1e-9, log_tau > span[1] + 1e-9
    inside = ~(fast | slow)
    g, spread = values[3:], covariance[3:, 3:]
    needed = _needed_peaks(design, target, fit)
    polarisation = step * float(g[inside].sum())
    tails = step * float(g[fast].sum()), step * float(g[slow].sum())
    return RelaxationTimes(
        time_constant=np.exp(log_tau),
        distribution=g,
        standard_uncertainty=np.sqrt(np.maximum(np.diag(spread), 0.0)),
        series_resistance=float(values[0]),
        inductance=float(values[1] / (2.0 * math.pi * frequency[0])),
        elastance=float(values[2] * 2.0 * math.pi * frequency[-1]),
        polarisation_resistance=polarisation,
        polarisation_uncertainty=step * math.sqrt(max(float(spread[np.ix_(inside, inside)].sum()), 0.0)),
        fast_tail=tails[0],
        slow_tail=tails[1],
        strength=fit.strength,
        chosen_by="AICc" if strength is None else "given",
        noise=np.asarray(fit.noise * size / np.abs(impedance), dtype=np.float64),
        frequency=frequency,
        impedance=impedance,
        fitted=impedance - residual * size,
        residual=residual * size / np.abs(impedance),
        peaks=_peaks(log_tau, g, spread, inside, needed),
        warnings=_warnings(polarisation, tails, residual, scale),
    )


def _grid(frequency: FloatArray) -> FloatArray:
    """Return ln tau from beyond the fastest to beyond the slowest row."""
    reach = BEYOND * math.log(10.0)
    fast, slow = -math.log(2.0 * math.pi * frequency[0]), -math.log(2.0 * math.pi * frequency[-1])
    inner = max(2, round((slow - fast) / math.log(10.0) * PER_DECADE))
    step = (slow - fast) / inner
    extra = math.ceil(reach / step)
    return np.asarray(fast + step * np.arange(-extra, inner + extra + 1), dtype=np.float64)


def _design(frequency: FloatArray, size: FloatArray, log_tau: FloatArray) -> FloatArray:
    """Return the columns of R, L, 1/C and of each hat function, over |Z|, (2 n, 3 + m)."""
    count, step = frequency.size, float(log_tau[1] - log_tau[0])
    nodes, weights = _NODES
    share = 0.5 * (1.0 + nodes)
    # Both halves of a hat: below and above its top.
    places = np.concatenate([share - 1.0, share]) * step
    heights = np.concatenate([share, 1.0 - share]) * np.tile(weights, 2) * 0.5 * step
    log_turns = np.log(2.0 * math.pi * frequency)[:, None] + log_tau
    columns = np.zeros((2 * count, 3 + log_tau.size))
    turns = np.exp(log_turns)
    for place, height in zip(np.exp(places), heights, strict=True):
        here = turns * place
        real = height / (1.0 + here * here)
        columns[:count, 3:] += real
        columns[count:, 3:] -= real * here
    columns[:count, 0] = 1.0
    columns[count:, 1] = frequency / frequency[0]
    columns[count:, 2] = -frequency[-1] / frequency
    return np.asarray(columns / np.tile(size, 2)[:, None], dtype=np.float64)


def _penalty(log_tau: FloatArray) -> FloatArray:
    """Return the matrix of the integral of g''^2, (3 + m, 3 + m); g is zero beyond the grid."""
    step, count = float(log_tau[1] - log_tau[0]), log_tau.size
    bends = (np.eye(count + 2, count) - 2.0 * np.eye(count + 2, count, -1) + np.eye(count + 2, count, -2)) / step**2
    penalty = np.zeros((count + 3, count + 3))
    penalty[3:, 3:] = step * (bends.T @ bends)
    return penalty


@frozen(eq=False, kw_only=True)
class _Fit:
    """Values that are not negative, their covariance by noise, and how they were found."""

    values: FloatArray
    covariance: FloatArray
    strength: float
    noise: float


def _fit(design: FloatArray, target: FloatArray, penalty: FloatArray, strengths: tuple[float, ...]) -> _Fit:
    """Solve for each strength, from one to the next, and keep the one with the least AICc."""
    from scipy.linalg.lapack import dposv

    gram, moment, rows = design.T @ design, design.T @ target, target.size
    # Rounding must not make it indefinite where columns are next to equal.
    gram[np.diag_indices_from(gram)] *= 1.0 + 1e-12
    passive = np.ones(moment.size, dtype=np.bool_)
    tried: list[tuple[float, FloatArray, BoolArray, float, float]] = []
    for strength in strengths:
        values, passive = solve_not_negative(gram + strength * penalty, moment, passive)
        free = np.flatnonzero(passive)
        misfit = target - design[:, free] @ values[free]
        squares = float(misfit @ misfit)
        within = gram[np.ix_(free, free)]
        parameters = float(np.trace(dposv(within + strength * penalty[np.ix_(free, free)], within)[1]))
        criterion = rows * math.log(squares / rows + _LEAST**2)
        criterion += 2.0 * (parameters + 1.0) * rows / max(rows - parameters - 2.0, 1.0)
        tried.append((criterion, values, passive, strength, squares / max(rows - parameters, 1.0)))
        if criterion > min(entry[0] for entry in tried) + 2.0 * EVIDENCE:
            break
    least = min(entry[0] for entry in tried)
    _, values, passive, strength, variance = next(entry for entry in tried if entry[0] <= least + EVIDENCE)
    free = np.flatnonzero(passive)
    chosen = np.ix_(free, free)
    inverse = np.linalg.inv(gram[chosen] + strength * penalty[chosen])
    covariance = np.zeros_like(gram)
    covariance[chosen] = variance * inverse @ gram[chosen] @ inverse
    return _Fit(values=values, covariance=covariance, strength=strength, noise=math.sqrt(variance))


def solve_not_negative(matrix: FloatArray, moment: FloatArray, passive: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Minimise x M x / 2 - m x over x >= 0 by block principal pivoting; return x and where it is not held at zero.

    Parameters
    ----------
    matrix : (k, k) float64
        Symmetric and positive definite.
    moment : (k,) float64
    passive : (k,) bool
        Where x is free to begin with.
    """
    from scipy.linalg import solve_triangular
    from scipy.linalg.lapack import dposv
    from scipy.optimize import nnls

    size, passive = moment.size, passive.copy()
    scale = np.sqrt(np.diag(matrix))
    matrix, moment = matrix / np.outer(scale, scale), moment / scale
    tolerance = 1e-10 * float(np.abs(moment).max())
    values = np.zeros(size)
    for _ in range(_EXCHANGES):
        free = np.flatnonzero(passive)
        values[:] = 0.0
        if free.size:
            values[free] = dposv(matrix[free][:, free], moment[free])[1]
        wrong = np.where(passive, values < 0.0, matrix @ values - moment < -tolerance)
        if not wrong.any():
            return values / scale, passive
        passive ^= wrong
    # Exchanging many at once may go round in circles, which Lawson and Hanson's one by one never does.
    root = np.linalg.cholesky(matrix)
    values = nnls(root.T, solve_triangular(root, moment, lower=True))[0]
    return values / scale, values > 0.0


def _tops(g: FloatArray) -> IntArray:
    padded = np.concatenate([[0.0], g, [0.0]])
    return np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))


def _needed_peaks(design: FloatArray, target: FloatArray, fit: _Fit) -> IntArray:
    """Return the grid points of the peaks without which the spectrum cannot be fitted, rising."""
    from scipy.optimize import nnls

    g, spread = fit.values[3:], np.sqrt(np.diag(fit.covariance)[3:])
    tops = _tops(g)
    tops = tops[(g[tops] > _LOWEST * g.max(initial=0.0)) & (g[tops] > _CLEAREST * spread[tops])]
    columns, hats = [design[:, :3]], design[:, 3:]
    floor, needed = target.size * _LEAST**2, []
    squares = nnls(columns[0], target)[1] ** 2 + floor
    for top in tops[np.argsort(-g[tops])][:_MOST]:
        # Sums of hats over stretches that begin or end at the top, none negative: one peak of whatever shape.
        rising = np.cumsum(hats[:, top::-1], axis=1)[:, ::_STRIDE]
        falling = np.cumsum(hats[:, top + 1 :], axis=1)[:, ::_STRIDE]
        more = np.concatenate([*columns, rising, falling], axis=1)
        _, length = nnls(more / np.linalg.norm(more, axis=0), target, maxiter=20 * more.shape[1])
        if target.size * math.log(squares / (length**2 + floor)) > EVIDENCE:
            columns += [rising, falling]
            squares = length**2 + floor
            needed.append(int(top))
    return np.sort(np.array(needed, dtype=np.int64))


def _peaks(
    log_tau: FloatArray, g: FloatArray, covariance: FloatArray, inside: BoolArray, needed: IntArray
) -> tuple[RelaxationPeak, ...]:
    """Return the table of all peaks."""
    tops, step, within = _tops(g), float(log_tau[1] - log_tau[0]), np.flatnonzero(inside)
    peaks = []
    for top in tops:
        rivals = needed if top in needed else tops
        low, high = _valley(g, int(top), rivals[rivals < top], -1), _valley(g, int(top), rivals[rivals > top], 1)
        if inside[top]:
            low, high = max(low, within[0]), min(high, within[-1])
        part = slice(low, high + 1)
        share = np.ones(part.stop - part.start)
        # A minimum belongs by half to the peak on either side.
        share[[0, -1]] = 0.5
        place = _top(log_tau, g, int(top))
        peaks.append(
            RelaxationPeak(
                time_constant=math.exp(place),
                frequency=math.exp(-place) / (2.0 * math.pi),
                resistance=step * float(share @ g[part]),
                standard_uncertainty=step * math.sqrt(max(float(share @ covariance[part, part] @ share), 0.0)),
                height=float(g[top] / g.max()),
                resolved=bool(inside[top] and top in needed),
                at_edge=not inside[top],
            )
        )
    return tuple(peaks)


def _valley(g: FloatArray, top: int, rivals: IntArray, side: int) -> int:
    """Return the lowest grid point between a peak and the next one of its rivals, or the end of the grid."""
    if not rivals.size:
        return 0 if side < 0 else g.size - 1
    low, high = sorted((top, int(rivals[-1] if side < 0 else rivals[0])))
    # Ripples of the penalty between two peaks must not decide where one ends: a mean over a quarter of the way does.
    half = (high - low) // 8
    between = np.pad(g[low : high + 1], half, mode="edge")
    smooth = np.convolve(between, np.ones(2 * half + 1), "valid")
    lowest = np.flatnonzero(smooth <= smooth.min() + 1e-9 * smooth.max())
    return low + int(lowest[lowest.size // 2])


def _warnings(polarisation: float, tails: tuple[float, float], residual: ComplexArray, size: float) -> tuple[str, ...]:
    texts = []
    for code, tail, end in (("LI-W-ANA-134", tails[1], "lowest"), ("LI-W-ANA-135", tails[0], "highest")):
        if tail > max(_TAIL * (polarisation + sum(tails)), ACCURACY * size):
            share = 100.0 * tail / (polarisation + sum(tails))
            texts.append(coded(code, f"{share:.2g} % of the resistance lie beyond the {end} frequency: not resolved"))
    together, worst = float((residual[1:] * residual[:-1].conj()).real.sum()), float(np.abs(residual).max())
    if worst > _MISFIT and together > _TOGETHER * float((np.abs(residual) ** 2).sum()):
        text = f"residuals of up to {100.0 * worst:.2g} % of |Z| go together from row to row"
        texts.append(coded("LI-W-ANA-136", f"no distribution without negative parts fits the spectrum: {text}"))
    return tuple(texts)


def _top(log_tau: FloatArray, g: FloatArray, top: int) -> float:
    """Return where the parabola through a maximum and its neighbours is highest."""
    if not 0 < top < g.size - 1:
        return float(log_tau[top])
    before, here, after = (float(value) for value in g[top - 1 : top + 2])
    bend = before - 2.0 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(log_tau[top] + shift * (log_tau[1] - log_tau[0]))
