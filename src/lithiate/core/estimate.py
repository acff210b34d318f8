"""A number with its uncertainty, its definition and its unit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from attrs import field, frozen

from lithiate.errors import DataError


def _finite_or_none(instance: object, attribute: object, value: float | None) -> None:
    if value is not None and not math.isfinite(value):
        raise DataError("an estimate must be finite, or None with a reason", code="LI-DATA-001", got=value)


@frozen
class Estimate:
    """A value in SI units with its standard uncertainty (k = 1), or the reason why there is none.

    Parameters
    ----------
    quantity : str
        A name of `lithiate.core.techniques.QUANTITIES`.
    value : float or None
        In `unit` (SI). None when the quantity has no value: see `censored` and `warnings`.
    standard_uncertainty : float or None
        One standard deviation in `unit`; None when it is not known (`warnings` says why).
    unit : str
        SI unit.
    definition : str
        The definition in words, with every setting that was used.
    interval, interval_80 : (float, float) or None
        95 % and 80 % intervals in `unit`. For a censored value `interval` holds the bound and None.
    interval_kind : {"sampling", "posterior", "censoring"} or None
    conditions : mapping of str to float or str
        SI numbers by name that the value belongs to, such as ``cycle``; words only where a method has a name.
    warnings : tuple of str
        Coded warnings, ``"LI-W-... text"``.
    censored : {"right"} or None
        ``right`` when the event did not happen within the record.
    censored_by : {"end of test", "short_circuit"} or None
    """

    quantity: str
    value: float | None = field(validator=_finite_or_none)
    unit: str
    definition: str
    standard_uncertainty: float | None = field(default=None, validator=_finite_or_none)
    interval: tuple[float | None, float | None] | None = None
    interval_80: tuple[float | None, float | None] | None = None
    interval_kind: str | None = None
    conditions: Mapping[str, float | str] = field(factory=dict)
    warnings: tuple[str, ...] = ()
    censored: str | None = None
    censored_by: str | None = None

    def to(self, unit: str) -> float | None:
        """Return the value in another unit of the same dimension, or None when there is no value."""
        from lithiate.units import convert

        return None if self.value is None else convert(self.value, self.unit, unit)

    def __str__(self) -> str:
        if self.value is None:
            bound = "" if self.interval is None else f" > {self.interval[0]:.4g}"
            return f"{self.quantity}{bound} [{self.unit}] ({self.censored or 'no value'})"
        spread = "" if self.standard_uncertainty is None else f" +/- {self.standard_uncertainty:.2g}"
        return f"{self.quantity} = {self.value:.5g}{spread} {self.unit}"
