"""What the analysis of survival times gives: curves of groups of cells, comparisons of pairs, result."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen

from lithiate.analysis.plain import columns_to_dict
from lithiate.analysis.robust import FloatArray, IntArray
from lithiate.analysis.symmetric_result import estimate_to_dict
from lithiate.core.estimate import Estimate
from lithiate.core.techniques import QUANTITIES

FAILURE = "failure"
"""Name of the combined event, the first of several; it is no word of `QUANTITIES`, so it has no Estimate."""

Bounds = tuple[float | None, float | None]


@frozen(kw_only=True)
class SurvivalTime:
    """When an event befell one cell, or until when it had not.

    Parameters
    ----------
    cell : str
    time : float
        Of the event, else the end of its observation [s, or cycles].
    happened : bool
    earliest : float
        Lower end of the date; `time` where it is not known to be wider.
    latest : float or None
        Upper end of the date; None where it is open.
    ended_by : str
        The quantity that happened, else what ended the observation: ``end of test`` or ``short_circuit``.
    """

    cell: str
    time: float
    happened: bool
    earliest: float
    latest: float | None
    ended_by: str


@frozen(eq=False, kw_only=True)
class SurvivalSteps:
    """One row a time at which an event happened or an observation ended, as arrays of length k.

    Parameters
    ----------
    time : (k,) float64, s (or cycles)
    at_risk, events, censored : (k,) int64
        Cells observed just before, events at it, observations that ended at it.
    survival, low, high : (k,) float64
        Kaplan-Meier estimate from this time on, and its pointwise 95 % band; NaN where the log-log interval is not
        defined, at a survival of 1 or 0.
    """

    time: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray


@frozen(eq=False, kw_only=True)
class SurvivalCurve:
    """The survival of one group of cells.

    Parameters
    ----------
    group, quantity, unit : str
        `unit` is ``s`` or ``1`` (cycles).
    definition : str
    times : tuple of SurvivalTime
        One a cell, sorted.
    steps : SurvivalSteps
    median : float or None
        First time at which the curve is at or below one half; None where it stays above.
    interval, interval_80 : (float, float or None)
        Of the median; its lower end is a bound where the median was not reached, its upper end None where it is open.
    warnings : tuple of str
    """

    group: str
    quantity: str
    unit: str
    definition: str
    times: tuple[SurvivalTime, ...]
    steps: SurvivalSteps
    median: float | None
    interval: Bounds
    interval_80: Bounds
    warnings: tuple[str, ...]

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.times)

    @property
    def events(self) -> int:
        """Number of cells that it happened to."""
        return sum(time.happened for time in self.times)

    @property
    def estimate(self) -> Estimate | None:
        """The median as an Estimate; None for the combined failure, which is no fixed word."""
        if self.quantity not in QUANTITIES:
            return None
        reached = self.median is not None
        shorted = any(not time.happened and time.ended_by == "short_circuit" for time in self.times)
        return Estimate(
            self.quantity,
            self.median,
            self.unit,
            self.definition,
            interval=self.interval,
            interval_80=self.interval_80 if reached else None,
            interval_kind="sampling" if reached else "censoring",
            conditions={"statistic": "median survival", "cells": float(self.cells), "events": float(self.events)},
            warnings=self.warnings,
            censored=None if reached else "right",
            censored_by=None if reached else "short_circuit" if shorted else "end of test",
        )


@frozen(kw_only=True)
class LogRankComparison:
    """Whether two groups survive alike.

    Parameters
    ----------
    groups : (str, str)
    cells, events : (int, int)
    statistic : float or None
        Normal deviate of the log-rank test, positive where the first group fails sooner; None without any event.
    p_value : float
        Two-sided.
    holm_p_value : float
        Corrected for all pairs of the result.
    smallest_p_value : float
        What the most different order of these cells would give.
    method : {"exact permutation", "asymptotic"}
    outcome : str
        In words.
    """

    groups: tuple[str, str]
    cells: tuple[int, int]
    events: tuple[int, int]
    statistic: float | None
    p_value: float
    holm_p_value: float
    smallest_p_value: float
    method: str
    outcome: str


@frozen(eq=False, kw_only=True)
class SurvivalResult:
    """Survival of groups of cells under one definition of the event.

    Parameters
    ----------
    quantity, unit, definition : str
    curves : tuple of SurvivalCurve
        One a group with at least one cell.
    comparisons : tuple of LogRankComparison
        Of all pairs of groups with at least two cells each.
    left_out : tuple of str
        Cells that have neither a value nor a bound.
    warnings : tuple of str
    """

    quantity: str
    unit: str
    definition: str
    curves: tuple[SurvivalCurve, ...]
    comparisons: tuple[LogRankComparison, ...]
    left_out: tuple[str, ...]
    warnings: tuple[str, ...]

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the medians; there are none for the combined failure."""
        for curve in self.curves:
            if curve.estimate is not None:
                yield curve.estimate

    def tables(self) -> dict[str, dict[str, tuple[Any, str]]]:
        """Return the tables to save: name -> column -> (values in SI, unit); words have the unit ``""``."""
        unit = self.unit
        rows = [(curve.group, curve.steps) for curve in self.curves]
        steps: dict[str, tuple[Any, str]] = {"group": ([name for name, s in rows for _ in s.time], "")}
        units = {"time": unit, "at_risk": "1", "events": "1", "censored": "1"}
        for name in ("time", "at_risk", "events", "censored", "survival", "low", "high"):
            steps[name] = (np.concatenate([getattr(table, name) for _, table in rows]), units.get(name, "1"))
        cells = [(curve.group, time) for curve in self.curves for time in curve.times]
        latest = [math.nan if time.latest is None else time.latest for _, time in cells]
        return {
            "survival": steps,
            "survival_times": {
                "group": ([group for group, _ in cells], ""),
                "cell": ([time.cell for _, time in cells], ""),
                "time": (np.array([time.time for _, time in cells]), unit),
                "happened": (np.array([time.happened for _, time in cells]), ""),
                "earliest": (np.array([time.earliest for _, time in cells]), unit),
                "latest": (np.array(latest), unit),
                "ended_by": ([time.ended_by for _, time in cells], ""),
            },
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain types for JSON: SI numbers; never NaN or Infinity."""
        return {
            "schema_version": 1,
            "analysis": "survival",
            "quantity": self.quantity,
            "si_unit": self.unit,
            "definition": self.definition,
            "curves": [_curve_to_dict(curve) for curve in self.curves],
            "comparisons": [_plain(comparison) for comparison in self.comparisons],
            "left_out": list(self.left_out),
            "warnings": list(self.warnings),
        }


def _curve_to_dict(curve: SurvivalCurve) -> dict[str, Any]:
    return {
        "group": curve.group,
        "cells": curve.cells,
        "events": curve.events,
        "median": curve.median,
        "interval": list(curve.interval),
        "interval_80": list(curve.interval_80),
        "estimate": None if curve.estimate is None else estimate_to_dict(curve.estimate),
        "times": [_plain(time) for time in curve.times],
        "steps": columns_to_dict(curve.steps),
        "warnings": list(curve.warnings),
    }


def _plain(entry: Any) -> dict[str, Any]:  # noqa: ANN401 - any attrs class of plain values
    from attrs import asdict

    values = asdict(entry)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
