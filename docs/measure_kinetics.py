"""Measure how sweeps and Arrhenius lines with known answers come back: ``python docs/measure_kinetics.py``.

Sweeps are computed from Butler-Volmer kinetics explicit in the current, with a series resistance and, in some, a
limiting current, and get noise; nothing of the fit is used to make them. Seeds are 0 upwards, fixed before the first
run. Takes some minutes; writes ``docs/kinetics.json``.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lithiate.analysis.arrhenius import fit_arrhenius
from lithiate.analysis.kinetics import analyse_kinetics
from lithiate.analysis.kinetics_result import KineticsResult
from lithiate.constants import GAS_CONSTANT
from lithiate.core.measurement import PolarisationCurve, Provenance, Specimen
from lithiate.formulas.electron_transfer import butler_volmer_current, butler_volmer_overpotential

RESULT = Path(__file__).with_name("kinetics.json")
CASES = 400
REPEATS = 20
ROOM = 298.15
ROWS = 121
WARM = np.array([25.0, 35.0, 45.0, 55.0, 65.0]) + 273.15

Array = NDArray[np.float64]


def sweep(exchange: float, series: float, electrodes: int, limit: float, window: float = 0.2) -> tuple[Array, Array]:
    """Return voltage [V] and current density [A/m2] of a sweep through `window` an electrode; plating is limited."""
    law = {"exchange_current_density": exchange, "temperature": ROOM}
    if electrodes == 1:
        eta = np.linspace(-window, window, ROWS)
        current = butler_volmer_current(eta, **law, cathodic_limit=limit)
        return eta + series * current, current
    plating = np.linspace(0.0, window, ROWS // 2 + 1)
    current = -butler_volmer_current(-plating, **law, cathodic_limit=limit)
    voltage = plating + butler_volmer_overpotential(current, **law) + series * current
    return np.concatenate([-voltage[:0:-1], voltage]), np.concatenate([-current[:0:-1], current])


def analysed(voltage: Array, current: Array, electrodes: int) -> KineticsResult:
    """Return the analysis of a sweep of 1 m2, by the defaults."""
    return analyse_kinetics(
        PolarisationCurve(
            specimen=Specimen("sweep", cell="symmetric" if electrodes == 2 else "three-electrode", area=1.0),
            provenance=Provenance("measured"),
            conditions={"temperature": ROOM},
            voltage=voltage,
            electrode_potential=voltage if electrodes == 1 else None,
            current=current,
        )
    )


def biases() -> list[dict[str, Any]]:
    """Return what each estimator makes of 1 mA/cm2 behind 0 to 50 ohm cm2: 1 % noise of the current, one electrode."""
    rows = []
    for limit in (math.inf, 200.0):
        for series in (0.0, 5e-4, 20e-4, 50e-4):
            voltage, current = sweep(10.0, series, 1, limit)
            found: dict[str, list[float]] = {"butler-volmer": [], "tafel": [], "linear": []}
            for seed in range(REPEATS):
                noise = 1.0 + 0.01 * np.random.default_rng(seed).standard_normal(ROWS)
                result = analysed(voltage, current * noise, 1)
                found["butler-volmer"].append((result.exchange_current_density.value or math.nan) / 10.0)
                for name in ("tafel", "linear"):
                    one = result.by_estimator[name]
                    # A refused estimator says in its warning what it would have given.
                    found[name].append((one.value or _would_have_given(one.warnings)) / 10.0)
            rows.append(
                {
                    "series": series * 1e4,
                    "limit": None if math.isinf(limit) else limit / 10.0,
                    "median": {name: float(np.median(values)) for name, values in found.items()},
                    "largest_error": float(np.abs(np.array(found["butler-volmer"]) - 1.0).max()),
                }
            )
    return rows


def _would_have_given(warnings: tuple[str, ...]) -> float:
    mark = "it would have given "
    told = [text.split(mark)[1].split()[0] for text in warnings if mark in text]
    return 10.0 * float(told[0]) if told else math.nan


def coverage_of_exchange() -> dict[str, Any]:
    """Return how often the interval of the joint fit holds j0: drawn j0, R, limit, electrodes, noise."""
    inside = narrow = refused = limited = 0
    errors, widths = [], []
    for seed in range(CASES):
        draw = np.random.default_rng(seed)
        electrodes, exchange = int(draw.integers(1, 3)), 10.0 ** draw.uniform(0.0, 2.0)
        series, has_limit = float(draw.choice([0.0, 5e-4, 20e-4, 50e-4])), bool(draw.random() < 1.0 / 3.0)
        free = sweep(exchange, 0.0, electrodes, math.inf)[1]
        limit = float(np.abs(free).max() * draw.uniform(0.3, 1.5)) if has_limit else math.inf
        voltage, current = sweep(exchange, series, electrodes, limit)
        current = current * (1.0 + 0.01 * draw.standard_normal(current.size))
        if draw.random() < 0.5:
            voltage = voltage + 2e-4 * draw.standard_normal(voltage.size)
        found = analysed(voltage, current, electrodes).exchange_current_density
        if found.value is None or found.interval is None or found.interval_80 is None:
            refused += 1
            continue
        (low, high), (low_80, high_80) = found.interval, found.interval_80
        assert low is not None
        assert high is not None
        assert low_80 is not None
        assert high_80 is not None
        inside += low <= exchange <= high
        narrow += low_80 <= exchange <= high_80
        limited += "limiting_current_density" in found.conditions
        errors.append(abs(found.value / exchange - 1.0))
        widths.append((high - low) / found.value)
    return {
        "cases": CASES,
        "refused": refused,
        "inside": inside,
        "inside_80": narrow,
        "limits_found": limited,
        "median_width": float(np.median(widths)),
        "median_error": float(np.median(errors)),
        "within_5_percent": int(np.count_nonzero(np.array(errors) < 0.05)),
        "largest_error": float(np.max(errors)),
    }


def line(energy: float, kelvin: Array) -> Array:
    """Return resistances on an Arrhenius line."""
    return np.asarray(5.0 * np.exp(energy / GAS_CONSTANT * (1.0 / kelvin - 1.0 / ROOM)))


def coverage_of_energy() -> dict[str, Any]:
    """Return how often the interval holds the energy: drawn energies, temperatures with errors, unequal noise."""
    inside, narrow = 0, 0
    errors, widths = [], []
    for seed in range(CASES):
        draw = np.random.default_rng(seed)
        energy, count = draw.uniform(20e3, 80e3), int(draw.integers(5, 10))
        kelvin = np.linspace(0.0, 65.0, count) + 273.15
        of_kelvin, share = float(draw.choice([0.0, 0.3, 1.0])), draw.uniform(0.01, 0.06, count)
        noise = np.exp(share * draw.standard_normal(count))
        values = line(energy, kelvin + of_kelvin * draw.standard_normal(count)) * noise
        fit = fit_arrhenius(kelvin, values, share * values, temperature_uncertainty=of_kelvin)
        inside += fit.interval[0] <= energy <= fit.interval[1]
        narrow += fit.interval_80[0] <= energy <= fit.interval_80[1]
        errors.append(abs(fit.activation_energy - energy) * 1e-3)
        widths.append((fit.interval[1] - fit.interval[0]) * 1e-3)
    return {
        "cases": CASES,
        "inside": inside,
        "inside_80": narrow,
        "median_width": float(np.median(widths)),
        "median_error": float(np.median(errors)),
        "largest_error": float(np.max(errors)),
    }


def energies() -> dict[str, dict[str, float]]:
    """Return how far two energies come back off from resistances with 1 % noise at 25 to 65 degC."""
    found = {}
    for energy in (52.95, 60.38):
        errors = []
        for seed in range(CASES):
            values = line(energy * 1e3, WARM) * (1.0 + 0.01 * np.random.default_rng(seed).standard_normal(WARM.size))
            errors.append(abs(fit_arrhenius(WARM, values, 0.01 * values).activation_energy * 1e-3 - energy))
        found[f"{energy:g}"] = {"median_error": float(np.median(errors)), "largest_error": float(np.max(errors))}
    return found


def main() -> None:
    """Measure and write."""
    content = {
        "biases": biases(),
        "exchange_current_density": coverage_of_exchange(),
        "activation_energy": coverage_of_energy(),
        "energies": energies(),
    }
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
