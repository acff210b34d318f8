"""Measure fits of circuits to spectra with known answers: ``python docs/measure_circuit_fits.py``.

Spectra of 60 rows from 100 kHz to 10 mHz, made of depressed arcs and Warburg elements whose parameters are drawn, with
noise that is a share of |Z|, real and imaginary part each by itself. Two studies: what the intervals of the slower
arc's resistance hold, over 1,000 spectra of separated and 1,000 of overlapping arcs, and how far the errors are from
the Cramer-Rao bound; and which circuit is preferred. Writes ``docs/circuit_fits.json``, which
`tests/verification/test_circuit_fits.py` judges.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lithiate.analysis.circuits import (
    CircuitChoice,
    CircuitFit,
    choose_circuits,
    fit_circuits,
    fitted_parameters,
    identifiability,
    parse_circuit,
)
from lithiate.analysis.circuits.choice import prefer
from lithiate.analysis.circuits.identifiability import BLAMED

RESULT = Path(__file__).with_name("circuit_fits.json")
FREQUENCY = np.logspace(5, -2, 60)
CIRCUIT = "R-p(R,CPE)-p(R,CPE)-W"
FITTED = ("R1.resistance", "R2.resistance", "CPE1.coefficient", "CPE1.exponent",
          "R3.resistance", "CPE2.coefficient", "CPE2.exponent", "W1.coefficient")  # fmt: skip
CHARGE_TRANSFER = "R3.resistance"
RATIOS = {"separated": (30.0, 1000.0), "overlapping": (4.0, 20.0)}
"""Ratios of the two time constants."""

SPECTRA = 1000
SEED = 5
NOISE = 0.01
CHOICES = 200
CHOICE_NOISES = (0.01, 0.003)
EVIDENCES = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
"""Differences of Akaike's criterion by which a simpler circuit may lose."""

CLOSE_RATIOS = ((1.5, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 10.0), (10.0, 30.0))
MADE_OF = {
    "one arc": "R-ZARC",
    "two arcs": "R-ZARC-ZARC",
    "two arcs, diffusion": "R-ZARC-ZARC-W",
    "Randles": "R-p(R-W,CPE)",
}
_FOOT = math.sqrt(2.0 * math.pi * 0.01)
"""Square root of the lowest angular frequency: what a Warburg coefficient is of |Z| there."""

Array = NDArray[np.float64]
Spectra = NDArray[np.complex128]


def draw(rng: np.random.Generator, ratio: tuple[float, float]) -> list[float]:
    """Return R0, R1, tau1, n1, R2, tau2, n2, A of two arcs with a tail."""

    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    fast = between(2e-5, 3e-4)
    slow = fast * between(*ratio)
    first, second = between(10.0, 300.0), between(10.0, 300.0)
    return [between(1.0, 10.0), first, fast, rng.uniform(0.75, 0.95), second, slow, rng.uniform(0.75, 0.95),
            between(0.05, 0.5) * (first + second) * _FOOT]  # fmt: skip


def noisy(rng: np.random.Generator, impedance: Spectra, noise: float) -> Spectra:
    """Return a spectrum with noise that is a share of |Z|."""
    scatter = rng.standard_normal(impedance.size) + 1j * rng.standard_normal(impedance.size)
    return np.asarray(impedance + noise * np.abs(impedance) * scatter)


def two_arcs_with_tails(count: int, ratio: tuple[float, float]) -> tuple[Array, Spectra]:
    """Return parameters (m, 8) in the order of `FITTED`, and noisy spectra (m, n)."""
    rng = np.random.default_rng(SEED)
    model = parse_circuit(MADE_OF["two arcs, diffusion"])
    truths, spectra = [], []
    for _ in range(count):
        drawn = draw(rng, ratio)
        spectra.append(noisy(rng, model.impedance(FREQUENCY, drawn), NOISE))
        ohmic, first, fast, n_first, second, slow, n_second, tail = drawn
        truths.append([ohmic, first, fast**n_first / first, n_first, second, slow**n_second / second, n_second, tail])
    return np.array(truths), np.array(spectra)


def spectrum_of(name: str, seed: int, noise: float, ratio: tuple[float, float]) -> tuple[list[float], Spectra]:
    """Return what was drawn and the noisy spectrum of a kind of circuit."""
    rng = np.random.default_rng([seed, list(MADE_OF).index(name)])
    drawn = draw(rng, ratio)
    ohmic, first, fast, exponent, _, slow, _, tail = drawn
    middle = math.sqrt(fast * slow)
    values = {
        "one arc": [ohmic, first, middle, exponent],
        "two arcs": drawn[:7],
        "two arcs, diffusion": drawn,
        "Randles": [ohmic, first, tail, middle**exponent / first, exponent],
    }[name]
    return drawn, noisy(rng, parse_circuit(MADE_OF[name]).impedance(FREQUENCY, values), noise)


def least_spreads(truth: Array) -> Array:
    """Return the Cramer-Rao bounds (p,) of ln p, or of an exponent, at the true parameters."""
    circuit = parse_circuit(CIRCUIT)
    w = 2.0 * np.pi * FREQUENCY[None, :]
    impedance, slopes = circuit.response(w, np.log(1j * w), truth[None, :])
    per_unit = np.where([name.endswith("exponent") for name in circuit.names], 1.0, truth)
    relative = slopes[0] * per_unit[:, None] / (NOISE * np.abs(impedance[0]))
    jacobian = np.concatenate([relative.real, relative.imag], axis=1)
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(jacobian @ jacobian.T))))


def measure_intervals(name: str, count: int = SPECTRA) -> dict[str, Any]:
    """Return what intervals of the slower arc's resistance held, and errors against the Cramer-Rao bound."""
    truths, spectra = two_arcs_with_tails(count, RATIOS[name])
    fits = fit_circuits(CIRCUIT, FREQUENCY, spectra)
    flags = [identifiability(fit) for fit in fits]
    found = [row[CHARGE_TRANSFER] for row in fitted_parameters(fits, [CHARGE_TRANSFER], flags=flags)]
    place = FITTED.index(CHARGE_TRANSFER)
    truth = truths[:, place]
    blamed = np.array([any(flag.kind in BLAMED for flag in own) for own in flags])
    held = np.array([holds(each.interval, value) for each, value in zip(found, truth, strict=True)])
    narrow = np.array([holds(each.interval_80, value) for each, value in zip(found, truth, strict=True)])
    is_open = np.array([None in each.interval for each in found])
    spread = np.array([fit.spreads[place] for fit in fits])
    covariance = np.abs(np.log([fit.value(CHARGE_TRANSFER) for fit in fits] / truth)) < 1.98 * spread
    ratio = squared_errors(fits, truths)
    widths = [each.interval[1] / each.interval[0] for each in found if None not in each.interval]
    return {
        "spectra": count,
        "held": int(held.sum()),
        "held_80": int(narrow.sum()),
        "held_by_covariance": int(covariance.sum()),
        "open": int(is_open.sum()),
        "flagged": int(blamed.sum()),
        "held_of_unflagged": [int(held[~blamed].sum()), int((~blamed).sum())],
        "within_10_percent": int((np.abs(np.array([each.value for each in found]) / truth - 1.0) < 0.1).sum()),
        "median_width": round(float(np.median(widths)) - 1.0, 4),
        "median_squared_error_over_bound": {
            each: round(float(value), 3)
            for each, value in zip(FITTED, np.median(ratio, axis=0) / _MEDIAN_SQUARE, strict=True)
        },
    }


_MEDIAN_SQUARE = 0.4549364
"""Median of the square of a normal variable with standard deviation 1."""


def squared_errors(fits: list[CircuitFit], truths: Array) -> Array:
    """Return squared errors over the Cramer-Rao bound (m, p)."""
    values = np.array([[fit.value(name) for name in FITTED] for fit in fits])
    exponent = np.array([name.endswith("exponent") for name in FITTED])
    error = np.where(exponent, values - truths, np.log(values / truths))
    return np.asarray((error / np.array([least_spreads(truth) for truth in truths])) ** 2)


def holds(interval: tuple[float | None, float | None], value: float) -> bool:
    """Return whether an interval, open where it has no end, holds a value."""
    low, high = interval
    return (low is None or low <= value) and (high is None or value <= high)


def measure_choice(name: str, noise: float, count: int = CHOICES) -> dict[str, Any]:
    """Return how often each circuit was preferred, and had the lowest criterion."""
    spectra = np.array([spectrum_of(name, seed, noise, RATIOS["separated"])[1] for seed in range(count)])
    chosen = choose_circuits(FREQUENCY, spectra)
    return {
        "of": count,
        "preferred": dict(Counter(choice.preferred.name for choice in chosen).most_common()),
        "exact_at_evidence": {
            f"{evidence:g}": sum(prefer(choice.candidates, evidence)[0].name == name for choice in chosen)
            for evidence in EVIDENCES
        },
        "lowest": dict(Counter(choice.candidates[0].name for choice in chosen).most_common()),
    }


def measure_close_arcs(ratio: tuple[float, float], noise: float, count: int = CHOICES) -> dict[str, Any]:
    """Return what became of two arcs close to one another."""
    drawn, spectra = zip(*(spectrum_of("two arcs", seed, noise, ratio) for seed in range(count)), strict=True)
    chosen = choose_circuits(FREQUENCY, np.array(spectra))
    found = Counter(_fate(choice, truth) for choice, truth in zip(chosen, drawn, strict=True))
    return {"of": count, **{fate: found[fate] for fate in FATES}}


FATES = ("merged, sum held", "merged, sum missed", "two, both held", "two, one missed", "other")
"""What becomes of two arcs: one arc whose interval holds the sum of both, or two whose intervals hold each."""


def _fate(choice: CircuitChoice, truth: list[float]) -> str:
    fit = choice.preferred.fit
    flags = [choice.preferred.flags]
    if choice.preferred.name in ("one arc", "one arc, diffusion", "one arc, blocking", "Randles"):
        arc = fitted_parameters([fit], ["R2.resistance"], flags=flags)[0]["R2.resistance"]
        return FATES[0] if holds(arc.interval, truth[1] + truth[4]) else FATES[1]
    if choice.preferred.name == "two arcs":
        arcs = fitted_parameters([fit], ["R2.resistance", "R3.resistance"], flags=flags)[0].values()
        held = [holds(arc.interval, value) for arc, value in zip(arcs, (truth[1], truth[4]), strict=True)]
        return FATES[2] if all(held) else FATES[3]
    return FATES[4]


def main() -> None:
    """Measure, print, write."""
    content: dict[str, Any] = {"intervals": {name: measure_intervals(name) for name in RATIOS}}
    content["choice"] = {
        f"{name}, {noise:.1%}": measure_choice(name, noise) for name in MADE_OF for noise in CHOICE_NOISES
    }
    content["close_arcs"] = {
        f"{low:g} to {high:g}, {noise:.1%}": measure_close_arcs((low, high), noise)
        for low, high in CLOSE_RATIOS
        for noise in CHOICE_NOISES
    }
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
