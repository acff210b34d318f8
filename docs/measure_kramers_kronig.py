"""Measure false alarms and power of the Kramers-Kronig check, and the errors of distributions of relaxation times.

``python docs/measure_kramers_kronig.py`` takes some minutes and writes ``docs/kramers_kronig.json``. Seeds are
0 ... n - 1, fixed before the first run. Noise is normal, the same share of |Z| in real and imaginary part of every row.
With ``--small`` a fiftieth of the seeds is run and nothing is written.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lithiate.analysis.kramers_kronig import check_kramers_kronig
from lithiate.analysis.relaxation_times import fit_relaxation_times
from lithiate.formulas.circuit import depressed_arc, finite_length_diffusion

RESULT = Path(__file__).with_name("kramers_kronig.json")
SEEDS = 200
POWER_SEEDS = 100
PEAK_SEEDS = 50
NOISE = (1e-3, 3e-3, 1e-2, 3e-2)
FAST = np.geomspace(1e6, 0.1, 70)
SLOW = np.geomspace(1e5, 1e-2, 64)

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


def faultless() -> dict[str, tuple[Array, Complex]]:
    """Return spectra that obey the Kramers-Kronig relations."""
    fast, slow = 2.0 * math.pi * FAST, 2.0 * math.pi * SLOW
    arc = 5.0 + depressed_arc(slow, 40.0, 1e-3, 0.9)
    root = np.sqrt(1j * slow * 5.0)
    blocked = 20.0 + depressed_arc(slow, 100.0, 1e-5, 0.95)
    return {
        "one arc": (FAST, 10.0 + depressed_arc(fast, 50.0, 1e-4, 1.0)),
        "two depressed arcs": (FAST, two_arcs()),
        "diffusion without end": (SLOW, arc + 15.0 / np.sqrt(1j * slow)),
        "diffusion through a layer": (SLOW, arc + finite_length_diffusion(slow, 60.0, 5.0)),
        "diffusion into a layer": (SLOW, arc + 30.0 / np.tanh(root) / root),
        "inductive leads": (
            FAST,
            2.0 + 1e-6j * fast + depressed_arc(fast, 5.0, 1e-4, 0.9) + depressed_arc(fast, 3.0, 0.1, 0.95),
        ),
        "Gerischer": (SLOW, 5.0 + 60.0 / np.sqrt(1.0 + 0.3j * slow)),
        "blocking": (SLOW, blocked + 1e5 / (1j * slow)),
        "blocking, constant phase": (SLOW, blocked + 1e5 / (1j * slow) ** 0.9),
        "inductive loop": (FAST, 5.0 + depressed_arc(fast, 40.0, 1e-4, 1.0) - depressed_arc(fast, 8.0, 0.3, 1.0)),
    }


def two_arcs(exponent: float = 0.85) -> Complex:
    """Return two arcs of 50 and 80 ohm, three decades apart."""
    angular = 2.0 * math.pi * FAST
    fast, slow = depressed_arc(angular, 50.0, 1e-5, exponent), depressed_arc(angular, 80.0, 1e-2, exponent)
    return np.asarray(10.0 + fast + slow, dtype=np.complex128)


def with_noise(impedance: Complex, share: float, rng: np.random.Generator) -> Complex:
    """Add noise to a spectrum."""
    draw = rng.standard_normal(impedance.size) + 1j * rng.standard_normal(impedance.size)
    return np.asarray(impedance + share * np.abs(impedance) * draw, dtype=np.complex128)


def drifting(growth: float) -> Complex:
    """Return a spectrum whose charge transfer of 60 ohm grows during the sweep, by equal numbers of periods a row."""
    angular, passed = 2.0 * math.pi * SLOW, np.cumsum(1.0 / SLOW)
    now = 1.0 + growth * passed / passed[-1]
    film = depressed_arc(angular, 30.0, 1e-5, 0.9)
    return np.asarray(10.0 + film + 60.0 * now / (1.0 + (1j * angular * 3e-3 * now) ** 0.85), dtype=np.complex128)


def count_false_alarms(seeds: int) -> dict[str, dict[str, int]]:
    """Return how many of `seeds` faultless spectra fail, by spectrum and noise."""
    return {
        name: {
            f"{share:g}": sum(
                not check_kramers_kronig(frequency, with_noise(z, share, np.random.default_rng([seed, 1]))).passed
                for seed in range(seeds)
            )
            for share in NOISE
        }
        for name, (frequency, z) in faultless().items()
    }


def measure_drift(seeds: int) -> list[dict[str, float]]:
    """Return how many drifting spectra fail and what the drift is estimated as, with the true change of Re Z."""
    rows = []
    for share in NOISE[:3]:
        for growth in (0.02, 0.05, 0.1, 0.2, 0.3):
            z = drifting(growth)
            checks = [
                check_kramers_kronig(SLOW, with_noise(z, share, np.random.default_rng([seed, 2])))
                for seed in range(seeds)
            ]
            known = [check.drift.change for check in checks if check.drift.change is not None]
            rows.append(
                {
                    "noise": share,
                    "growth": growth,
                    "flagged": sum(not check.passed for check in checks),
                    "low_frequency_end": sum(check.verdict == "low-frequency end" for check in checks),
                    "estimates": len(known),
                    "true_change": 60.0 * growth / abs(z[-1]),
                    "mean_change": float(np.mean(known)),
                    "spread_of_change": float(np.std(known)),
                }
            )
    return rows


def measure_outliers(seeds: int) -> list[dict[str, float]]:
    """Return how many single wrong rows are named, and how many right ones with them; place and phase at random."""
    rows = []
    for share in (1e-3, 1e-2):
        for size in (5.0, 7.0, 10.0, 15.0):
            named = others = 0
            for seed in range(seeds):
                rng = np.random.default_rng([seed, 3])
                z = with_noise(two_arcs(), share, rng)
                row, phase = int(rng.integers(z.size)), 2.0 * math.pi * rng.random()
                z[row] += size * share * abs(z[row]) * complex(math.cos(phase), math.sin(phase))
                offending = check_kramers_kronig(FAST, z).offending
                named += int(offending[row])
                others += int(offending.sum() - offending[row])
            rows.append({"noise": share, "size": size, "named": named, "others": others})
    return rows


def measure_kinks(seeds: int) -> list[dict[str, float]]:
    """Return how many spectra fail whose real part is wrong by one factor below the middle frequency."""
    rows = []
    for share in (1e-3, 3e-3):
        for step in (0.005, 0.01, 0.02):
            z = two_arcs()
            z[z.size // 2 :] += step * z[z.size // 2 :].real
            flagged = sum(
                not check_kramers_kronig(FAST, with_noise(z, share, np.random.default_rng([seed, 4]))).passed
                for seed in range(seeds)
            )
            rows.append({"noise": share, "step": step, "flagged": flagged})
    return rows


def measure_peaks(seeds: int) -> list[dict[str, Any]]:
    """Return errors of two arcs three decades apart: peaks, places, areas, whole; 90 % of the seeds are below each."""
    rows = []
    for exponent in (0.8, 0.85, 0.9, 1.0):
        for share in NOISE[:3]:
            counts, places, areas, wholes = [], [], [], []
            for seed in range(seeds):
                z = with_noise(two_arcs(exponent), share, np.random.default_rng([seed, 5]))
                found = fit_relaxation_times(FAST, z)
                peaks = [peak for peak in found.peaks if peak.resolved]
                counts.append(len(peaks))
                wholes.append(abs(found.polarisation_resistance / 130.0 - 1.0))
                if len(peaks) == 2:
                    places += [abs(math.log10(p.time_constant / t)) for p, t in zip(peaks, (1e-5, 1e-2), strict=True)]
                    areas += [abs(p.resistance / r - 1.0) for p, r in zip(peaks, (50.0, 80.0), strict=True)]
            errors = {"place_decades": places, "area": areas, "whole": wholes}
            rows.append(
                {
                    "exponent": exponent,
                    "noise": share,
                    "fewer": sum(count < 2 for count in counts),
                    "more": sum(count > 2 for count in counts),
                    **{name: float(np.quantile(values, 0.9)) for name, values in errors.items()},
                }
            )
    return rows


def main() -> None:
    """Measure, print, write."""
    part = 50 if "--small" in sys.argv else 1
    measured = {
        "seeds": SEEDS // part,
        "power_seeds": POWER_SEEDS // part,
        "peak_seeds": PEAK_SEEDS // part,
        "false_alarms": count_false_alarms(SEEDS // part),
        "drift": measure_drift(POWER_SEEDS // part),
        "outliers": measure_outliers(POWER_SEEDS // part),
        "kinks": measure_kinks(POWER_SEEDS // part),
        "peaks": measure_peaks(PEAK_SEEDS // part),
    }
    print(json.dumps(measured, indent=1))
    if part == 1:
        RESULT.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
