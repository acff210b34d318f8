"""What the analysis of a polarisation curve gives: settings and result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from attrs import asdict, field, frozen
from numpy.typing import NDArray

from lithiate.analysis.plain import settings_to_dict
from lithiate.analysis.robust import FloatArray
from lithiate.analysis.settings import setting_error
from lithiate.analysis.symmetric_result import estimate_to_dict
from lithiate.core.estimate import Estimate
from lithiate.core.fields import to_si

ESTIMATORS = ("butler-volmer", "marcus-hush", "marcus-hush-chidsey", "tafel", "linear")
RESIDUALS = ("log", "linear")
ANALYSIS = "kinetics"
TEMPERATURES = (150.0, 600.0)
"""Temperatures [K] of a cell that are plausible; others are degrees Celsius without their unit."""


def _voltage(value: str | float) -> float:
    return to_si(value, "V")


def _temperature(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "K")


def _resistance(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "ohm m^2")


def _flag(value: str | float | bool) -> bool:
    text = str(value).strip().lower()
    if text not in ("true", "yes", "1", "false", "no", "0"):
        raise ValueError(f"true or false, not {value!r}")
    return text in ("true", "yes", "1")


@frozen(kw_only=True)
class KineticsSettings:
    """Settings of the analysis of a polarisation curve. Windows are overpotentials of one electrode.

    Parameters
    ----------
    estimator : {"butler-volmer", "marcus-hush", "marcus-hush-chidsey", "tafel", "linear"}
        The one that stands first in the result.
    residuals : {"log", "linear"}
        Of the fits to the whole curve: ``log`` counts each row by its share of the current (less near zero, where the
        residuals show noise of another kind), ``linear`` counts all rows alike, so that the largest currents decide.
    linear_window : str or float, V
        The slope is taken within this overpotential on both sides of zero; 10 mV bends by 0.6 %.
    tafel_window_low, tafel_window_high : str or float, V
        The straight part: from where the back reaction is below 5 % (77 mV) up to the end of the curve.
    least_decades : float
        Decades of current that a Tafel line must span.
    ohmic_resistance : str or float, ohm m2, optional
        Of the whole cell, from impedance: taken off before the estimators; 0 for overpotentials that have no drop in
        them. Without it the fits to the whole curve look for a series resistance, and the other two are not corrected.
    largest_misfit : float
        An estimator is refused above this misfit: residual or curvature as a share of what is fitted.
    temperature : str or float, K, optional
        From 150 to 600 K; by default the record's condition, else 25 degC.
    magnitudes : bool
        The record's current has no sign: it gets that of the voltage.
    """

    estimator: str = "butler-volmer"
    residuals: str = "log"
    linear_window: float = field(default=0.010, converter=_voltage)
    tafel_window_low: float = field(default=0.077, converter=_voltage)
    tafel_window_high: float = field(default=1.0, converter=_voltage)
    least_decades: float = field(default=1.0, converter=float)
    ohmic_resistance: float | None = field(default=None, converter=_resistance)
    largest_misfit: float = field(default=0.03, converter=float)
    temperature: float | None = field(default=None, converter=_temperature)
    magnitudes: bool = field(default=False, converter=_flag)

    def __attrs_post_init__(self) -> None:
        if self.estimator not in ESTIMATORS:
            raise setting_error(ANALYSIS, "estimator", self.estimator, " or ".join(ESTIMATORS))
        if self.residuals not in RESIDUALS:
            raise setting_error(ANALYSIS, "residuals", self.residuals, " or ".join(RESIDUALS))
        if not self.linear_window > 0.0:
            raise setting_error(ANALYSIS, "linear_window", self.linear_window, "a voltage above 0")
        if not 0.0 < self.tafel_window_low < self.tafel_window_high:
            got = f"{self.tafel_window_low:g} to {self.tafel_window_high:g} V"
            raise setting_error(ANALYSIS, "tafel_window_low", got, "0 < tafel_window_low < tafel_window_high")
        if not (self.least_decades > 0.0 and self.largest_misfit > 0.0):
            got = f"{self.least_decades:g}, {self.largest_misfit:g}"
            raise setting_error(ANALYSIS, "least_decades", got, "least_decades and largest_misfit above 0")
        if self.ohmic_resistance is not None and not self.ohmic_resistance >= 0.0:
            raise setting_error(ANALYSIS, "ohmic_resistance", self.ohmic_resistance, "not below 0")
        low, high = TEMPERATURES
        if self.temperature is not None and not low <= self.temperature <= high:
            expected = f"{low:g} to {high:g} K, in kelvin or in degC with its unit ('25 degC')"
            raise setting_error(ANALYSIS, "temperature", f"{self.temperature:g} K", expected)


@frozen(kw_only=True)
class KineticModel:
    """A law of charge transfer as it was fitted to the whole curve, to be compared with the others.

    Parameters
    ----------
    law : {"butler-volmer", "marcus-hush", "marcus-hush-chidsey"}
    exchange_current_density : float or None, A/m2
        Without regard to whether the fit is good enough for an estimate; None without an area.
    series_resistance : float or None, ohm m2
        0 where it was not looked for or is not asked for; None without an area.
    cell_resistance : float, ohm
        The same of the whole cell, which needs no area.
    limiting_current_density : float or None, A/m2
        None where there is none, or no area.
    limiting_current : float or None, A
        The same of the whole cell.
    limited : {"none", "cathodic", "both"}
    reorganisation_energy : float or None, J/mol
        Of this law: that of another law is another number on the same data.
    parameters : int
        That were free.
    aicc, difference : float or None
        Corrected Akaike information criterion, and above the least of all laws; None where rows are too few.
    weight : float
        Akaike weight, of all laws together 1.
    misfit : float
        Root mean square distance from the curve.
    refused : str or None
        Why the fit has no value.
    """

    law: str
    exchange_current_density: float | None
    series_resistance: float | None
    cell_resistance: float
    limiting_current_density: float | None
    limiting_current: float | None
    limited: str
    reorganisation_energy: float | None
    parameters: int
    aicc: float | None
    difference: float | None
    weight: float
    misfit: float
    refused: str | None


@frozen(eq=False, kw_only=True)
class KineticCurves:
    """The curve that was fitted, and what each law gives.

    Parameters
    ----------
    overpotential : (n,) float64, V
        Of one electrode, counted from zero current, a given ohmic drop taken off; a free one is still in it.
    current_density : (n,) float64, A/m2
        In A, where no area is known.
    areal : bool
        Whether it is.
    grid : (m,) float64, V
        Overpotentials at which the laws stand.
    laws : mapping of str to (m,) float64, A/m2
    """

    overpotential: FloatArray
    current_density: FloatArray
    areal: bool
    grid: FloatArray
    laws: Mapping[str, FloatArray]

    def table(self) -> dict[str, tuple[FloatArray, str]]:
        """Return overpotential and current density as measured, with the columns of the laws at the same rows."""
        word, unit = ("current_density", "A/m^2") if self.areal else ("current", "A")
        found = {"overpotential": (self.overpotential, "V"), word: (self.current_density, unit)}
        for law, values in self.laws.items():
            name = f"{law.replace('-', '_')}_{word}"
            found[name] = (np.interp(self.overpotential, self.grid, values), unit)
        return found


@frozen(eq=False, kw_only=True)
class KineticsResult:
    """Exchange current densities of a polarisation curve, one an estimator.

    Parameters
    ----------
    exchange_current_density : Estimate
        By the estimator that the settings name.
    by_estimator : mapping of str to Estimate
        All of them, by name.
    electrodes : int
        Electrodes that share the voltage: 2 like ones without a reference electrode, 1 with one; 1 for a full cell,
        whose electrodes are unlike and count as one.
    models : tuple of KineticModel
        The laws that were fitted to the whole curve, the best by AICc first; none where rows are too few.
    ohmic_bias : mapping of str to float
        Of the estimators that do not know of a series resistance: what they give over what they give with the R of the
        joint fit taken off. Without an entry where either is not known.
    curves : KineticCurves
        For figures and tables.
    settings : KineticsSettings
    specimen : str
    warnings : tuple of str
    """

    exchange_current_density: Estimate
    by_estimator: Mapping[str, Estimate]
    electrodes: int
    models: tuple[KineticModel, ...]
    ohmic_bias: Mapping[str, float]
    curves: KineticCurves
    settings: KineticsSettings
    specimen: str
    warnings: tuple[str, ...]

    @property
    def preferred(self) -> str | None:
        """The law with the least AICc, or None where none was fitted."""
        return self.models[0].law if self.models and self.models[0].aicc is not None else None

    @property
    def preference_is_clear(self) -> bool:
        """Whether that law has at least 95 % of the Akaike weights."""
        return self.preferred is not None and self.models[0].weight >= 0.95

    def model_table(self) -> dict[str, tuple[NDArray[Any], str]]:
        """Return the laws as a table, the best first; what is not known is NaN."""
        units = {
            "exchange_current_density": "A/m^2",
            "series_resistance": "ohm m^2",
            "cell_resistance": "ohm",
            "limiting_current_density": "A/m^2",
            "limiting_current": "A",
            "reorganisation_energy": "J/mol",
            "parameters": "1",
            "aicc": "1",
            "difference": "1",
            "weight": "1",
            "misfit": "1",
        }
        columns = {name: [getattr(model, name) for model in self.models] for name in units}
        plain = {
            name: (np.array([math.nan if value is None else value for value in values], dtype=np.float64), units[name])
            for name, values in columns.items()
        }
        return {"law": (np.array([model.law for model in self.models]), ""), **plain}

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates: the one that the settings name, then the others."""
        yield self.exchange_current_density
        for estimate in self.by_estimator.values():
            if estimate is not self.exchange_current_density:
                yield estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain types for JSON: SI numbers, and beside them the units of the contract."""
        return {
            "schema_version": 1,
            "technique": "polarisation",
            "analysis": ANALYSIS,
            "specimen": self.specimen,
            "electrodes": self.electrodes,
            "preferred": self.preferred,
            "preference_is_clear": self.preference_is_clear,
            "models": [asdict(model) for model in self.models],
            "ohmic_bias": dict(self.ohmic_bias),
            "estimates": [estimate_to_dict(estimate) for estimate in self.estimates()],
            "settings": settings_to_dict(self.settings),
            "warnings": list(self.warnings),
        }
