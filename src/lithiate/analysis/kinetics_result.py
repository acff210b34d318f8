"""What the analysis of a polarisation curve gives: settings and result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from lithiate.analysis.plain import settings_to_dict
from lithiate.analysis.settings import setting_error
from lithiate.analysis.symmetric_result import estimate_to_dict
from lithiate.core.estimate import Estimate
from lithiate.core.fields import to_si

ESTIMATORS = ("butler-volmer", "tafel", "linear")
ANALYSIS = "kinetics"


def _voltage(value: str | float) -> float:
    return to_si(value, "V")


def _temperature(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "K")


def _resistance(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "ohm m^2")


@frozen(kw_only=True)
class KineticsSettings:
    """Settings of the analysis of a polarisation curve. Windows are overpotentials of one electrode.

    Parameters
    ----------
    estimator : {"butler-volmer", "tafel", "linear"}
        The one that stands first in the result.
    linear_window : str or float, V
        The slope is taken within this overpotential on both sides of zero; 10 mV bends by 0.6 %.
    tafel_window_low, tafel_window_high : str or float, V
        The straight part: from where the back reaction is below 5 % (77 mV) up to the end of the curve.
    least_decades : float
        Decades of current that a Tafel line must span.
    ohmic_resistance : str or float, ohm m2, optional
        Of the whole cell, from impedance: taken off before the estimators. Without it the joint fit leaves a series
        resistance free, and the other two are not corrected.
    largest_misfit : float
        An estimator is refused above this misfit: residual or curvature as a share of what is fitted.
    temperature : str or float, K, optional
        By default the record's condition, else 25 degC.
    """

    estimator: str = "butler-volmer"
    linear_window: float = field(default=0.010, converter=_voltage)
    tafel_window_low: float = field(default=0.077, converter=_voltage)
    tafel_window_high: float = field(default=1.0, converter=_voltage)
    least_decades: float = field(default=1.0, converter=float)
    ohmic_resistance: float | None = field(default=None, converter=_resistance)
    largest_misfit: float = field(default=0.03, converter=float)
    temperature: float | None = field(default=None, converter=_temperature)

    def __attrs_post_init__(self) -> None:
        if self.estimator not in ESTIMATORS:
            raise setting_error(ANALYSIS, "estimator", self.estimator, " or ".join(ESTIMATORS))
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
        if self.temperature is not None and not self.temperature > 0.0:
            raise setting_error(ANALYSIS, "temperature", self.temperature, "a temperature above 0 K")


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
    settings : KineticsSettings
    specimen : str
    warnings : tuple of str
    """

    exchange_current_density: Estimate
    by_estimator: Mapping[str, Estimate]
    electrodes: int
    settings: KineticsSettings
    specimen: str
    warnings: tuple[str, ...]

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
            "estimates": [estimate_to_dict(estimate) for estimate in self.estimates()],
            "settings": settings_to_dict(self.settings),
            "warnings": list(self.warnings),
        }
