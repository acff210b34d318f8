"""Fits of a circuit to spectra, without a user's guess."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lithiate.analysis.circuits.circuit import Circuit, Leaf, Node, Parallel, parse_circuit
from lithiate.analysis.circuits.least_squares import Minimum, Problem, held_at_bound, minimise
from lithiate.analysis.circuits.result import CircuitFit
from lithiate.analysis.circuits.starts import starting_points
from lithiate.errors import AnalysisError, nearest_match
from lithiate.formulas.circuit import ComplexArray, FloatArray

STARTS = 8
"""Starts of each spectrum."""
FIRST_ITERATIONS, FIRST_TOLERANCE = 8, 1e-4
"""Of all starts."""
SURVIVORS = 2
"""Starts that are followed to their minimum."""
ITERATIONS, TOLERANCE = 80, 1e-6
AGREEMENT = 1.01
"""Starts whose sums of squares differ by less than this factor found the same minimum."""
SAME_BY_NOISE = 4.0
"""Rise of the sum of squares, in units of the mean square of a residual, that noise makes: the 95 % quantile of F."""
CHUNK = 50
"""Spectra that are fitted at once: their derivatives stay in the cache of a processor."""
LEAST_FREEDOM = 2
"""Numbers that a spectrum must have beyond the parameters: with fewer, nothing tells how good a fit is."""
WEIGHTS = ("modulus", "proportional", "unit")
_AMPLITUDES = (1e-5, 1e3)
_TIMES = (1e-2, 1e2)


def fit_circuit(
    circuit: Circuit | str,
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    weights: str | ArrayLike = "modulus",
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed: Mapping[str, float] | None = None,
    starts: int = STARTS,
    guess: ArrayLike | None = None,
) -> CircuitFit:
    """Fit a circuit to one spectrum (n,); see `fit_circuits`."""
    if np.ndim(impedance) != 1:
        raise _unfit("one spectrum is a row of numbers", f"an array of shape {np.shape(impedance)}", "fit_circuits")
    return fit_circuits(
        circuit, frequency, impedance, weights=weights, bounds=bounds, fixed=fixed, starts=starts, guess=guess
    )[0]


def fit_circuits(
    circuit: Circuit | str,
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    weights: str | ArrayLike = "modulus",
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed: Mapping[str, float] | None = None,
    starts: int = STARTS,
    guess: ArrayLike | None = None,
) -> list[CircuitFit]:
    """Fit a circuit to spectra, each on its own, many at once.

    Starts come from a dictionary of time constants by variable projection (`starts`). All are followed for a few
    iterations by Levenberg-Marquardt with analytic derivatives, the best to their minimum.

    Parameters
    ----------
    circuit : Circuit or str
    frequency : (n,) or (m, n) array-like, Hz
    impedance : (m, n) array-like, complex, ohm or ohm m2
        Im < 0 is capacitive.
    weights : {"modulus", "proportional", "unit"} or (m, n) array-like
        Residuals are relative to |Z| (the default), real and imaginary parts each to itself, or as they are; or to
        standard deviations of real and imaginary part, of which 0 or infinity takes a row out.
    bounds : mapping of parameter to (low, high), optional
        Where a limit is None, it is far outside of what the spectrum can show.
    fixed : mapping of parameter to value, optional
    starts : int
    guess : (p,) or (m, p) array-like, optional
        A further start above 0, in the order of `Circuit.names`.

    Returns
    -------
    list of CircuitFit
        Parts that are alike are in the order of their time constants, the fastest first, unless the caller set them
        apart by bounds or fixed values.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` for spectra that are no numbers, too short for the circuit, or zero; for weights, bounds, fixed
        values, starts or a guess that do not fit; ``LI-ANA-002`` for a string that is no circuit.
    """
    if not len(np.atleast_2d(np.asarray(impedance))):
        return []
    if starts < 1:
        raise _unfit("a fit needs a start", f"starts = {starts}", "at least 1")
    frequencies, problem = prepared(circuit, frequency, impedance, weights, bounds, fixed)
    guesses = None if guess is None else problem.point(_guesses(guess, problem))
    fits: list[CircuitFit] = []
    for first in range(0, len(problem.impedance), CHUNK):
        part = np.arange(first, min(first + CHUNK, len(problem.impedance)))
        chunk = problem.at(part)
        minimum, agreeing, other = search(chunk, starts, None if guesses is None else guesses[part])
        fits += _results(chunk, minimum, agreeing, other, frequencies[part if len(frequencies) > 1 else [0]])
    return fits


def prepared(
    circuit: Circuit | str,
    frequency: ArrayLike,
    impedance: ArrayLike,
    weights: str | ArrayLike,
    bounds: Mapping[str, tuple[float | None, float | None]] | None,
    fixed: Mapping[str, float] | None,
) -> tuple[FloatArray, Problem]:
    """Return the frequencies (1 or m, n) and the problem of what `fit_circuits` is given; raises as it does."""
    chosen = parse_circuit(circuit) if isinstance(circuit, str) else circuit
    if not np.size(impedance):
        raise _unfit("a spectrum has no rows", "no impedance", f"at least {len(chosen.parameters) // 2 + 1} rows")
    frequencies, spectra = _arrays(frequency, impedance)
    weight = _weights(weights, spectra)
    _require_rows(chosen, weight)
    return frequencies, _problem(chosen, frequencies, spectra, weight, bounds or {}, fixed or {})


def _guesses(guess: ArrayLike, problem: Problem) -> FloatArray:
    values = np.asarray(guess, dtype=np.float64)
    shape = problem.lower.shape
    if values.shape not in ((shape[1],), shape):
        raise _unfit("the guess does not fit", f"shape {values.shape}", ", ".join(problem.circuit.names))
    if not (np.isfinite(values).all() and (values > 0.0).all()):
        raise _unfit("the guess is not above 0 throughout", values.tolist())
    return np.broadcast_to(values, shape)


def _arrays(frequency: ArrayLike, impedance: ArrayLike) -> tuple[FloatArray, ComplexArray]:
    frequencies = np.atleast_2d(np.asarray(frequency, dtype=np.float64))
    spectra = np.ascontiguousarray(np.atleast_2d(np.asarray(impedance, dtype=np.complex128)))
    if frequencies.shape[1:] != spectra.shape[1:] or frequencies.shape[0] not in (1, spectra.shape[0]):
        raise _unfit("frequencies and impedances differ in number", f"{frequencies.shape} and {spectra.shape}")
    if not (np.isfinite(frequencies).all() and np.isfinite(spectra).all()):
        raise _unfit("a frequency or an impedance is no finite number", "NaN or infinity")
    if not (frequencies > 0.0).all():
        raise _unfit("a frequency is not above 0", f"{frequencies.min():g} Hz")
    if frequencies.shape[1] > 1 and bool((np.ptp(frequencies, axis=1) == 0.0).any()):
        raise _unfit("all rows of a spectrum have one frequency", f"{frequencies.min():g} Hz", "a sweep of frequencies")
    if bool((spectra == 0.0).all(axis=1).any()):
        raise _unfit("a spectrum is zero throughout", "0 ohm")
    return frequencies, spectra


def _unfit(what: str, got: object, expected: str | None = None, nearest: str | None = None) -> AnalysisError:
    return AnalysisError(what, code="LI-ANA-001", got=got, expected=expected, nearest=nearest)


def _weights(weights: str | ArrayLike, spectra: ComplexArray) -> FloatArray:
    """Return the weights (m, 2n) of real and imaginary parts in turn."""
    parts = spectra.view(np.float64)
    if isinstance(weights, str):
        if weights not in WEIGHTS:
            raise _unfit("there are no such weights", weights, " or ".join(WEIGHTS), nearest_match(weights, WEIGHTS))
        if weights == "unit":
            size = np.abs(spectra).max(axis=1, keepdims=True)
            return np.broadcast_to(1.0 / size, parts.shape).copy()
        # A part that passes through zero would count without limit.
        size = np.repeat(np.abs(spectra), 2, axis=1)
        scale = size if weights == "modulus" else np.maximum(np.abs(parts), 0.01 * size)
    else:
        given = np.asarray(weights, dtype=np.float64)
        if given.shape not in (spectra.shape, spectra.shape[1:]):
            raise _unfit("standard deviations and impedances differ in number", f"{given.shape} and {spectra.shape}")
        scale = np.repeat(np.broadcast_to(given, spectra.shape), 2, axis=1)
        if np.isnan(scale).any() or (scale < 0.0).any():
            raise _unfit("standard deviations are not numbers from 0 up", f"{scale[~(scale >= 0.0)][0]:g}")
    return np.asarray(np.divide(1.0, scale, out=np.zeros(parts.shape), where=scale > 0.0))


def _require_rows(circuit: Circuit, weight: FloatArray) -> None:
    rows = int(np.count_nonzero(weight[:, ::2], axis=1).min())
    if 2 * rows < len(circuit.parameters) + LEAST_FREEDOM:
        raise _unfit(
            f"the spectrum has {rows} points, too few for {circuit}",
            f"{2 * rows} numbers for {len(circuit.parameters)} parameters",
            f"at least {(len(circuit.parameters) + LEAST_FREEDOM + 1) // 2} points",
        )


def _problem(
    circuit: Circuit,
    frequency: FloatArray,
    impedance: ComplexArray,
    weight: FloatArray,
    bounds: Mapping[str, tuple[float | None, float | None]],
    fixed: Mapping[str, float],
) -> Problem:
    """Return the problem with bounds: the elements' limits, what the spectrum can show, and what the caller says."""
    used = weight[:, ::2] > 0.0
    size = np.abs(impedance)
    largest = np.where(used, size, 0.0).max(axis=1)
    smallest = np.maximum(np.where(used, size, np.inf).min(axis=1), 1e-6 * largest)
    w = 2.0 * math.pi * frequency
    fastest = np.broadcast_to(1.0 / np.where(used, w, 0.0).max(axis=1), largest.shape)
    slowest = np.broadcast_to(1.0 / np.where(used, w, np.inf).min(axis=1), largest.shape)
    low, high = (np.empty((len(impedance), len(circuit.parameters))) for _ in range(2))
    amplitudes = np.array([_AMPLITUDES[0] * smallest, _AMPLITUDES[1] * largest])[[0, 0, 1, 1]]
    times = np.array([_TIMES[0] * fastest, _TIMES[1] * slowest])[[0, 1, 0, 1]]
    sets = _unit_values(circuit, amplitudes, times)
    limits = np.array([parameter.of_element.limits for parameter in circuit.parameters])
    exponent = np.array([parameter.of_element.name == "exponent" for parameter in circuit.parameters])
    low = np.where(exponent, limits[:, 0], np.maximum(sets.min(axis=0), limits[:, 0]))
    high = np.where(exponent, limits[:, 1], np.minimum(sets.max(axis=0), limits[:, 1]))
    for name, (least, most) in {**bounds, **{name: (value, value) for name, value in fixed.items()}}.items():
        k = place_of(circuit, name)
        smallest_ever, largest_ever = circuit.parameters[k].of_element.limits
        for table, value in ((low, least), (high, most)):
            if value is not None:
                if not smallest_ever <= value <= largest_ever:
                    raise _unfit(
                        f"the bound or value of {name} makes no sense", value, f"{smallest_ever:g} to {largest_ever:g}"
                    )
                table[:, k] = value
        if bool((low[:, k] > high[:, k]).any()):
            raise _unfit(f"the bounds of {name} leave no room", f"{low[:, k].max():g} to {high[:, k].min():g}")
    problem = Problem(circuit, w, impedance, weight, low, high)
    problem.lower[:], problem.upper[:] = problem.point(low), problem.point(high)
    return problem


def _unit_values(circuit: Circuit, amplitude: FloatArray, time: FloatArray) -> FloatArray:
    columns = [
        np.broadcast_to(value * amplitude**parameter.scale, amplitude.shape)
        for leaf in circuit.root.leaves()
        for parameter, value in zip(leaf.element.parameters, leaf.element.at_unit(time), strict=True)  # type: ignore[arg-type]
    ]
    return np.stack(columns, axis=-1)


def place_of(circuit: Circuit, name: str) -> int:
    """Return the place of a parameter; raises ``LI-ANA-001`` with the nearest one when there is none."""
    if name not in circuit.names:
        raise _unfit(
            f"{circuit} has no such parameter", name, ", ".join(circuit.names), nearest_match(name, circuit.names)
        )
    return circuit.names.index(name)


def search(problem: Problem, starts: int, guesses: FloatArray | None) -> tuple[Minimum, NDArray[np.int64], Minimum]:
    """Return the lowest minimum of each spectrum, how many of the starts followed agree, and where the worst ended."""
    points = starting_points(problem, starts)
    if guesses is not None:
        points = np.concatenate([guesses[:, None, :], points], axis=1)
    spectra = len(points)
    early = _from_all(problem, points, iterations=FIRST_ITERATIONS, tolerance=FIRST_TOLERANCE)
    best = np.argsort(early.cost.reshape(spectra, -1), axis=1)[:, :SURVIVORS]
    points = np.take_along_axis(early.point.reshape(points.shape), best[:, :, None], axis=1)
    late = _from_all(problem, points, iterations=ITERATIONS, tolerance=TOLERANCE, accelerate=True)
    survivors = points.shape[1]
    costs = late.cost.reshape(spectra, survivors)
    winner = np.argmin(costs, axis=1)
    first = np.arange(spectra) * survivors
    agreeing = (costs <= AGREEMENT * costs.min(axis=1, keepdims=True)).sum(axis=1)
    return late.at(first + winner), agreeing, late.at(first + np.argmax(costs, axis=1))


def _from_all(problem: Problem, points: FloatArray, **how: Any) -> Minimum:  # noqa: ANN401 - as `minimise` takes
    """Minimise from all points (m, k, p) of each of m spectra."""
    spectra, count, size = points.shape
    return minimise(problem.at(np.repeat(np.arange(spectra), count)), points.reshape(-1, size), **how)


def _results(
    problem: Problem, minimum: Minimum, agreeing: NDArray[np.int64], other: Minimum, frequency: FloatArray
) -> list[CircuitFit]:
    held = held_at_bound(problem, minimum.point, minimum.gradient)
    fixed = problem.lower == problem.upper
    values = problem.values(minimum.point)
    # An exponent at 1 is that of a capacitor, if the circuit is right; uncertainties do not count on it.
    free = ~held | (~problem.logarithmic & (values >= 1.0) & ~fixed)
    fitted = problem.circuit.impedance(frequency if len(frequency) > 1 else frequency[0], values)
    results = []
    for k in range(len(values)):
        used = problem.weight[k, ::2] > 0.0
        order = _order(problem, k, values[k])
        covariance = least_inverse(minimum.curvature[k], free[k])
        freedom = max(2 * int(np.count_nonzero(used)) - int(np.count_nonzero(free[k])), 1)
        rival = problem.values(other.point[k])
        as_good = other.cost[k] < (1.0 + SAME_BY_NOISE / freedom) * minimum.cost[k]
        results.append(
            CircuitFit(
                circuit=problem.circuit,
                frequency=frequency[k if len(frequency) > 1 else 0],
                measured=problem.impedance[k],
                fitted=fitted[k],
                used=used,
                values=values[k][order],
                logarithmic=problem.logarithmic[order],
                held=(held[k] & ~fixed[k])[order],
                fixed=fixed[k][order],
                lower=problem.values(problem.lower[k])[order],
                upper=problem.values(problem.upper[k])[order],
                sum_of_squares=float(minimum.cost[k]),
                freedom=freedom,
                inverse_curvature=covariance[np.ix_(order, order)],
                weight=problem.weight[k],
                converged=bool(minimum.converged[k]),
                agreeing_starts=int(agreeing[k]),
                rival=rival[_order(problem, k, rival)] if as_good else None,
            )
        )
    return results


def least_inverse(curvature: FloatArray, free: NDArray[np.bool_]) -> FloatArray:
    """Return (J^T J)^-1 over the free parameters; infinite where the spectrum does not see one of them."""
    size = curvature.shape[0]
    inverse = np.zeros((size, size))
    block = curvature[np.ix_(free, free)]
    scale = np.sqrt(np.diag(block))
    seen = scale > 1e-12 * scale.max() if scale.size else np.zeros(0, dtype=bool)
    found = np.full(block.shape, 0.0)
    found[np.diag_indices(len(block))] = np.inf
    if seen.any():
        scaled = block[np.ix_(seen, seen)] / np.outer(scale[seen], scale[seen])
        power, directions = np.linalg.eigh(scaled)
        power = np.maximum(power, 1e-13)
        solved = (directions / power) @ directions.T
        found[np.ix_(seen, seen)] = solved / np.outer(scale[seen], scale[seen])
    inverse[np.ix_(free, free)] = found
    return inverse


def _order(problem: Problem, spectrum: int, values: FloatArray) -> NDArray[np.int64]:
    """Return the places of parameters that put parts of one kind in the order of their time constants.

    Parts with bounds of their own stay where they are: the bounds are meant for them.
    """
    order = np.arange(values.size)
    lower, upper = problem.lower[spectrum], problem.upper[spectrum]
    kinds: dict[str, list[Node]] = {}
    for part in problem.circuit.root.parts:
        kind = _arc_kind(part)
        if kind:
            kinds.setdefault(kind, []).append(part)
    for parts in kinds.values():
        first = parts[0].rows
        if any((limit[part.rows] != limit[first]).any() for part in parts for limit in (lower, upper)):
            continue
        ranked = sorted(parts, key=lambda part: time_constant(part, values))
        for part, source in zip(parts, ranked, strict=True):
            order[part.rows] = np.arange(source.rows.start, source.rows.stop)
    return order


def _arc_kind(part: Node) -> str:
    """Return what kind of arc a part is; empty where it has no time constant."""
    if isinstance(part, Leaf):
        names = [parameter.name for parameter in part.element.parameters]
        return part.element.symbol if "time_constant" in names else ""
    if isinstance(part, Parallel) and len(part.parts) == 2 and all(isinstance(branch, Leaf) for branch in part.parts):
        symbols = [branch.element.symbol for branch in part.leaves()]
        if sorted(symbols) in (["C", "R"], ["CPE", "R"]):
            return f"p({','.join(symbols)})"
    return ""


def time_constant(part: Node, values: FloatArray) -> float:
    """Return the time constant [s] of an arc, (R Q)^(1/n) where it is made of R and CPE; NaN of what is no arc."""
    kind = _arc_kind(part)
    own = values[part.rows]
    if kind in ("p(R,C)", "p(C,R)"):
        return float(own[0] * own[1])
    if kind == "p(R,CPE)":
        return float((own[0] * own[1]) ** (1.0 / own[2]))
    if kind == "p(CPE,R)":
        return float((own[0] * own[2]) ** (1.0 / own[1]))
    if isinstance(part, Leaf) and kind:
        names = [parameter.name for parameter in part.element.parameters]
        return float(own[names.index("time_constant")])
    return math.nan
