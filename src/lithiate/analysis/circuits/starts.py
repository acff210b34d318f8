"""Where fits of a circuit begin: variable projection over a dictionary of time constants, without a user's guess.

Whatever a circuit has in series is an amplitude times a shape. The shapes of each part are tabulated over time
constants; for each choice of one shape a part, the amplitudes follow by linear least squares, and the sum of squares
tells how good the choice is. The best choices that are not neighbours of one another are the starts.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lithiate.analysis.circuits.circuit import Leaf, Node, Parallel
from lithiate.analysis.circuits.least_squares import Problem
from lithiate.formulas.circuit import ComplexArray, FloatArray

GRID = 22
"""Time constants of the dictionary over the frequencies of a spectrum."""
MOST_CHOICES = 1500
"""Choices that are tried; of more, so many are drawn at random, always the same ones."""
MOST_SHAPES = 1500
"""Shapes of one part; of more, the first are tried."""
SEPARATION = 3
"""Steps of the grid, in all parts together, by which starts differ."""
_SPREAD = (1.0 / 300.0, 0.1, 30.0, 1000.0)
"""Time constants of further elements of a part, as multiples of its first."""
_SMALLEST_AMPLITUDE = 1e-3


def starting_points(problem: Problem, count: int) -> FloatArray:
    """Return starts u of each spectrum, the most promising first.

    Parameters
    ----------
    problem : Problem
    count : int

    Returns
    -------
    (m, count, p) float64
        Where fewer choices differ, some repeat.
    """
    parts = problem.circuit.root.parts
    highest, lowest = float(problem.w.max()), float(problem.w[problem.w > 0.0].min())
    grid = np.geomspace(0.3 / highest, 1.0 / lowest, GRID)
    shapes = [_shapes(part, grid) for part in parts]
    tabulated = _responses(problem, parts, shapes)
    # Parts that are alike, but for bounds that the caller gave, are interchangeable.
    bounds = np.concatenate([problem.lower[:1], problem.upper[:1]])
    kinds = tuple(f"{_kind(part)} {bounds[:, part.rows].tolist()}" for part in parts)
    choices = _choices(kinds, tuple(len(table) for table in shapes))
    amplitudes, costs = _amplitudes(problem, tabulated, _offsets(shapes), choices)
    return _chosen(problem, parts, shapes, choices, amplitudes, costs, count)


def _shapes(part: Node, grid: FloatArray) -> FloatArray:
    """Return sets of the parameters of a part (k, q), each with an impedance of about 1 ohm."""
    leaves = list(part.leaves())
    if len(leaves) == 1 and not _has_time(leaves[0]):
        return np.array([leaves[0].element.at_unit(float(np.sqrt(grid[0] * grid[-1])))])
    timed = [leaf.label for leaf in leaves if leaf.element.symbol != "R"]
    multiples = [(1.0,), *([_SPREAD] * (len(timed) - 1))]
    sets = []
    combined = list(itertools.islice(itertools.product(*multiples), MOST_SHAPES // GRID))
    for time_constant in grid:
        for multiple in combined:
            times = dict(zip(timed, multiple, strict=True))
            sets.append([
                value
                for leaf in leaves
                for value in leaf.element.at_unit(float(time_constant * times.get(leaf.label, 1.0)))
            ])  # fmt: skip
    return np.array(sets)


def _has_time(leaf: Leaf) -> bool:
    return any(parameter.name == "time_constant" for parameter in leaf.element.parameters) or leaf.element.symbol == (
        "TLMo"
    )


def _responses(problem: Problem, parts: tuple[Node, ...], shapes: list[FloatArray]) -> ComplexArray:
    """Return the impedance of each shape of each part, one below the other: (1 or m, shapes, n)."""
    size = len(problem.circuit.parameters)
    found = []
    for w, log_iw in zip(problem.w, problem.log_iw, strict=True):
        rows = []
        for part, table in zip(parts, shapes, strict=True):
            values = np.ones((len(table), size))
            values[:, part.rows] = table
            slopes = np.empty((len(table), size, w.size), dtype=np.complex128)
            impedance = part.response(w[None], log_iw[None], values, slopes)
            rows.append(np.broadcast_to(impedance, (len(table), w.size)))
        found.append(np.concatenate(rows))
    return np.array(found)


def _offsets(shapes: list[FloatArray]) -> list[int]:
    return [0, *itertools.accumulate(len(table) for table in shapes)][:-1]


@lru_cache(maxsize=64)
def _choices(kinds: tuple[str, ...], counts: tuple[int, ...]) -> NDArray[np.int64]:
    """Return one shape for each part (k, parts). Parts that are alike come in order of their time constants."""
    total = int(np.prod([float(count) for count in counts]))
    if total <= 50 * MOST_CHOICES:
        grids = np.indices(counts).reshape(len(counts), -1).T
    else:
        draw = np.random.default_rng(0)
        grids = np.column_stack([draw.integers(0, count, 50 * MOST_CHOICES) for count in counts])
    kept = np.unique(_in_order(grids, kinds), axis=0)
    apart = np.ones(len(kept), dtype=bool)
    for first, second in itertools.combinations(range(len(kinds)), 2):
        if kinds[first] == kinds[second] and counts[first] > 1:
            apart &= kept[:, second] - kept[:, first] >= 2
    kept = kept[apart] if apart.any() else kept
    if len(kept) > MOST_CHOICES:
        kept = kept[np.sort(np.random.default_rng(0).choice(len(kept), MOST_CHOICES, replace=False))]
    return kept.astype(np.int64)


def _in_order(choices: NDArray[np.int64], kinds: tuple[str, ...]) -> NDArray[np.int64]:
    """Return choices in which parts that are alike come in the order of their shapes."""
    ordered = choices.copy()
    for kind in set(kinds):
        alike = [k for k, each in enumerate(kinds) if each == kind]
        ordered[:, alike] = np.sort(choices[:, alike], axis=1)
    return ordered


def _kind(part: Node) -> str:
    """Return what a part is made of, without the numbers of its elements."""
    if isinstance(part, Leaf):
        return part.element.symbol
    inner = [_kind(each) for each in part.parts]
    return f"p({','.join(inner)})" if isinstance(part, Parallel) else "-".join(inner)


def _amplitudes(
    problem: Problem, tabulated: ComplexArray, offsets: list[int], choices: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Return amplitudes (m, choices, parts), above 0, and the weighted sums of squares (m, choices)."""
    columns = tabulated.view(np.float64) * problem.weight[:, None, :]
    target = problem.impedance.view(np.float64) * problem.weight
    products = columns @ columns.transpose(0, 2, 1)
    toward = (columns @ target[:, :, None])[:, :, 0]
    size = np.einsum("mn,mn->m", target, target)
    places = choices + np.array(offsets)
    gram, right = products[:, places[:, :, None], places[:, None, :]], toward[:, places]
    parts = places.shape[1]
    ridge = 1e-9 * np.trace(gram, axis1=2, axis2=3)
    solved = np.linalg.solve(gram + ridge[:, :, None, None] * np.eye(parts), right[..., None])[..., 0]
    largest = np.abs(solved * np.sqrt(np.einsum("mcii->mci", gram))).max(axis=2, keepdims=True)
    least = _SMALLEST_AMPLITUDE * largest / np.sqrt(np.einsum("mcii->mci", gram))
    amplitude = np.maximum(solved, least)
    quadratic = np.einsum("mci,mci->mc", (gram @ amplitude[..., None])[..., 0], amplitude)
    return amplitude, size[:, None] - 2.0 * np.einsum("mci,mci->mc", amplitude, right) + quadratic


def _chosen(
    problem: Problem,
    parts: tuple[Node, ...],
    shapes: list[FloatArray],
    choices: NDArray[np.int64],
    amplitudes: FloatArray,
    costs: FloatArray,
    count: int,
) -> FloatArray:
    scales = problem.circuit.scales
    picked = _distinct(choices, costs, count)
    found = np.empty((*picked.shape, scales.size))
    for k, (part, table) in enumerate(zip(parts, shapes, strict=True)):
        amplitude = np.take_along_axis(amplitudes[:, :, k], picked, axis=1)[:, :, None]
        found[:, :, part.rows] = table[choices[picked, k]] * amplitude ** scales[part.rows]
    return problem.point(found)


def _distinct(choices: NDArray[np.int64], costs: FloatArray, count: int) -> NDArray[np.int64]:
    """Return the best choices (m, count) that lie `SEPARATION` apart; the best again where there are too few."""
    spectra = np.arange(len(costs))
    picked = np.empty((len(costs), count), dtype=np.int64)
    left = costs.copy()
    for place in range(count):
        best = np.argmin(left, axis=1)
        picked[:, place] = np.where(np.isfinite(left[spectra, best]), best, picked[:, 0] if place else best)
        near = np.abs(choices[None, :, :] - choices[picked[:, place], None, :]).sum(axis=2) < SEPARATION
        left[near] = np.inf
    return picked
