"""Measure how often a series without a short passes for one with: ``python docs/measure_short_false_alarms.py``.

The null model is a set of series of log |V| per block, in which nothing happens but what honest cells and instruments
do: scatter that is independent or remembers the blocks before it (first-order autoregressive), with normal or heavy
tails (Student t, 5 degrees of freedom), drift that is itself random (a random walk), scatter that grows fourfold, and
the end of life of a cell (twentyfold rise of the voltage, tenfold scatter). Every series is scored by
`lithiate.analysis.change_points.score_falls` with no least fall, and scores of all sizes of falls are counted. For each
number of blocks and each rate of false alarms the *worst* of the models sets the score. Seeds are fixed by the place in
the tables. Takes some minutes; writes ``docs/short_false_alarms.json`` and prints the table of
`lithiate.analysis.change_points.NULL_SCORES`, which is rounded up.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from lithiate.analysis.change_points import NULL_ALARMS, NULL_SIZES, score_falls

RESULT = Path(__file__).with_name("short_false_alarms.json")
VALUES = 60_000
"""Blocks of each model and size."""

_WARM_UP = 300

Model = Callable[[np.random.Generator, int], NDArray[np.float64]]


def autoregressive(memory: float, freedom: float) -> Model:
    """Return scatter that keeps the share `memory` from block to block; `freedom` of Student's t, inf for normal."""

    def draw(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        count = size + _WARM_UP
        steps = rng.standard_normal(count) if math.isinf(freedom) else rng.standard_t(freedom, size=count)
        return np.asarray(lfilter([1.0], [1.0, -memory], steps)[_WARM_UP:])

    return draw


def random_walk(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a drift that is random."""
    return np.cumsum(rng.standard_normal(size))


def wandering(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return independent scatter on a drift that is random, a fifth of it in size."""
    return 0.2 * random_walk(rng, size) + rng.standard_normal(size)


def louder(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return scatter that grows fourfold over the second half."""
    late = np.clip(2.0 * np.arange(size) / size - 1.0, 0.0, 1.0)
    return autoregressive(0.6, math.inf)(rng, size) * (1.0 + 3.0 * late)


def end_of_life(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Return a voltage that rises twentyfold over the last fifth while its scatter grows tenfold, from 1 %."""
    late = np.clip(5.0 * np.arange(size) / size - 4.0, 0.0, 1.0)
    return 0.01 * autoregressive(0.6, math.inf)(rng, size) * (1.0 + 9.0 * late) + 3.0 * late**2


MODELS: dict[str, Model] = {
    **{
        f"memory {memory:g}, {tails}": autoregressive(memory, freedom)
        for memory in (0.0, 0.6, 0.9, 0.98)
        for tails, freedom in (("normal", math.inf), ("heavy tails", 5.0))
    },
    "random walk": random_walk,
    "scatter on a random walk": wandering,
    "scatter grows fourfold": louder,
    "end of life": end_of_life,
}


def null_scores(model: Model, size: int, seed: list[int], values: int = VALUES) -> list[float]:
    """Return the scores that falls of the null series pass at each rate of `NULL_ALARMS`."""
    rng = np.random.default_rng(seed)
    series = -(-values // size)
    scores = np.sort(np.concatenate([score_falls(model(rng, size)).score for _ in range(series)]))[::-1]
    places = [int(rate * series * size / 1000.0) for rate in NULL_ALARMS]
    return [float(scores[place]) if place < scores.size else 0.0 for place in places]


def main() -> None:
    """Measure, print, write."""
    measured = {
        str(size): {
            name: null_scores(model, size, [size, number]) for number, (name, model) in enumerate(MODELS.items())
        }
        for size in NULL_SIZES
    }
    RESULT.write_text(
        json.dumps({"alarms": NULL_ALARMS, "values": VALUES, "scores": measured}, indent=1) + "\n", "utf-8"
    )
    for models in measured.values():
        worst = np.max(list(models.values()), axis=0)
        print("    (" + ", ".join(f"{math.ceil(10.0 * score) / 10.0:g}" for score in worst) + "),")


if __name__ == "__main__":
    main()
