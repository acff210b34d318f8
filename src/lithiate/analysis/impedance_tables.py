"""The tables of the analysis of impedance spectra: parameters of the circuit, validity row by row, relaxation times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lithiate.analysis.circuits.series import SeriesFit
from lithiate.analysis.half_cycle_table import Table
from lithiate.analysis.kramers_kronig_result import KramersKronigCheck
from lithiate.analysis.relaxation_times import RelaxationTimes
from lithiate.analysis.robust import FloatArray


def numbers(values: Iterable[float | None]) -> FloatArray:
    """Return numbers as an array, NaN for None."""
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def parameter_table(fitted: SeriesFit) -> Table:
    """Return one row for each parameter of each spectrum, in ohm of the cell, with intervals and what is not known."""
    rows = [
        (k + 1, known, parameter.of_element.unit)
        for k, each in enumerate(fitted.spectra)
        if each is not None
        for parameter in each.fit.circuit.parameters
        for known in (each.parameters[parameter.name],)
    ]
    found = [known for _, known, _ in rows]
    return {
        "spectrum": (np.array([k for k, _, _ in rows]), "1"),
        "parameter": (np.array([known.name for known in found]), ""),
        "value": (numbers(known.value for known in found), ""),
        "uncertainty": (numbers(known.standard_uncertainty for known in found), ""),
        "interval_low": (numbers(known.interval[0] for known in found), ""),
        "interval_high": (numbers(known.interval[1] for known in found), ""),
        "unit": (np.array([unit for _, _, unit in rows]), ""),
        "reason": (np.array([known.reason for known in found]), ""),
    }


def candidate_table(fitted: SeriesFit) -> Table:
    """Return the circuits that were tried, by rising criterion."""
    scores = fitted.scores
    lowest = scores[0].akaike if scores else 0.0
    return {
        "circuit": (np.array([each.name for each in scores]), ""),
        "text": (np.array([each.text for each in scores]), ""),
        "parameters": (np.array([each.parameters for each in scores], dtype=np.int64), "1"),
        "akaike_difference": (numbers(each.akaike - lowest for each in scores), "1"),
        "seen": (numbers(each.seen for each in scores), "1"),
    }


def check_table(checks: Sequence[KramersKronigCheck | None]) -> Table:
    """Return one row for each row of each spectrum: residuals of the Kramers-Kronig check over |Z|."""
    known = [(k + 1, check) for k, check in enumerate(checks) if check is not None]
    if not known:
        return {}

    def joined(name: str) -> Any:  # noqa: ANN401 - arrays of several types
        return np.concatenate([getattr(check, name) for _, check in known])

    return {
        "spectrum": (np.concatenate([np.full(check.frequency.size, k) for k, check in known]), "1"),
        "frequency": (joined("frequency"), "Hz"),
        "real_residual": (joined("residual").real, "1"),
        "imaginary_residual": (joined("residual").imag, "1"),
        "offending": (joined("offending"), "1"),
    }


def peak_table(spectra: Sequence[RelaxationTimes | None]) -> Table:
    """Return the peaks of the distributions of relaxation times, in ohm of the cell."""
    rows = [(k + 1, peak) for k, each in enumerate(spectra) if each is not None for peak in each.peaks]
    units = {
        "time_constant": "s",
        "frequency": "Hz",
        "resistance": "ohm",
        "standard_uncertainty": "ohm",
        "height": "1",
        "resolved": "1",
        "at_edge": "1",
    }
    columns: Table = {"spectrum": (np.array([k for k, _ in rows], dtype=np.int64), "1")}
    return columns | {name: (np.array([getattr(peak, name) for _, peak in rows]), unit) for name, unit in units.items()}


def circuit_to_dict(fitted: SeriesFit) -> dict[str, Any]:
    """Return the circuit of a series, and why it was taken, as plain types."""
    return {
        "name": fitted.name,
        "text": fitted.text,
        "reason": fitted.reason,
        "misfit": [each.fit.root_mean_square if each else None for each in fitted.spectra],
        "flags": [[flag.text for flag in each.flags] if each else [] for each in fitted.spectra],
    }
