"""The form of a curve in the library's files: points as they stand in the source, or a named formula."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from lithiate.core.curve import Curve
from lithiate.core.sourced import Sourced, Status
from lithiate.errors import LibraryError, UnitError, nearest_match
from lithiate.library.entry_schema import Number, Table, Text, words
from lithiate.library.forms import FORMS, coefficient_names
from lithiate.units import convert

Numbers = tuple[Number, ...]


class CurveTable(Table):
    """A quantity over one variable: either ``x`` and ``y``, or ``form``, ``coefficients``, ``x_range`` and ``count``.

    A formula is evaluated on an even grid when the file is read, at 25 degC.
    """

    si_unit: ClassVar[str] = "1"
    x_unit: ClassVar[str] = "1"
    x_si_unit: ClassVar[str] = "1"
    lowest: ClassVar[float] = -math.inf
    lowest_allowed: ClassVar[bool] = False
    falling: ClassVar[bool] = False

    unit: Text
    x: Numbers | None = None
    y: Numbers | None = None
    form: Text | None = None
    coefficients: dict[Text, Number | Numbers] = Field(default_factory=dict)
    x_range: tuple[Number, Number] | None = None
    count: Annotated[int, Field(strict=True, ge=2, le=5000)] | None = None

    @field_validator("unit")
    @classmethod
    def _check_unit(cls, unit: str) -> str:
        try:
            convert(1.0, unit, cls.si_unit)
        except UnitError as error:
            raise ValueError(words(error)) from None
        return unit

    @model_validator(mode="after")
    def _check_points(self) -> Self:
        by_points = (self.x, self.y, self.form, self.x_range, self.count)
        given = tuple(part is not None for part in by_points)
        if given not in {(True, True, False, False, False), (False, False, True, True, True)}:
            raise ValueError("a curve has either 'x' and 'y' or 'form', 'coefficients', 'x_range' and 'count'")
        if self.form is not None:
            self._check_form(self.form)
        try:
            curve = self.curve()
        except LibraryError as error:
            raise ValueError(words(error)) from None
        self._check_limit(min(curve.y))
        if self.falling and not (np.diff(curve.y) < 0.0).all():
            at = curve.x[int(np.argmax(np.diff(curve.y)))]
            raise ValueError(f"the curve must fall everywhere; it does not at x = {at:g}")
        return self

    def _check_limit(self, value: float) -> None:
        if value < self.lowest or (value == self.lowest and not self.lowest_allowed):
            low = f"{'at least' if self.lowest_allowed else 'more than'} {self.lowest:g} {self.si_unit}".removesuffix(
                " 1"
            )
            raise ValueError(f"the curve is out of its limits; got down to {value:g}; expected {low}")

    def _check_form(self, form: str) -> None:
        if form not in FORMS:
            match = nearest_match(form, FORMS)
            raise ValueError(f"the form is not known; got {form!r}" + (f"; did you mean {match!r}?" if match else ""))
        if set(self.coefficients) != set(coefficient_names(form)):
            got, expected = (", ".join(names) for names in (self.coefficients, coefficient_names(form)))
            raise ValueError(f"the coefficients do not fit the form; got {got}; expected {expected}")

    def curve(self) -> Curve:
        """Return the curve in SI units."""
        if self.form is None:
            x, y = np.array(self.x or ()), np.array(self.y or ())
        else:
            low, high = self.x_range or (0.0, 0.0)
            x = np.linspace(low, high, self.count or 2)
            with np.errstate(all="ignore"):  # what is not finite is refused as such
                y = FORMS[self.form](x, **self.coefficients)
        factor, x_factor = convert(1.0, self.unit, self.si_unit), convert(1.0, self.x_unit, self.x_si_unit)
        return Curve(tuple(x_factor * x), tuple(factor * y))


class StoichiometryCurve(CurveTable):
    """A property of a cathode over the stoichiometry."""

    source: Text
    status: Status
    note: Text | None = None

    def sourced(self) -> Sourced:
        """Return the curve's value in the middle of its range with its source."""
        curve = self.curve()
        middle = 0.5 * (curve.x[0] + curve.x[-1])
        note = f"at x = {middle:.3g}, of a curve over x = {curve.x[0]:.4g} to {curve.x[-1]:.4g}"
        note += f". {self.note}" if self.note else ""
        return Sourced(float(curve(middle)), self.si_unit, self.source, self.status, self.unit, None, note)

    @model_validator(mode="after")
    def _check_stoichiometry(self) -> Self:
        x = self.curve().x
        if x[0] < 0.0 or x[-1] > 1.0:
            raise ValueError(f"a stoichiometry lies between 0 and 1; got {x[0]:g} to {x[-1]:g}")
        return self


class OpenCircuitPotential(StoichiometryCurve):
    """Potential against lithium over the stoichiometry."""

    si_unit = "V"
    lowest = 0.0
    falling = True


class EntropicCoefficient(StoichiometryCurve):
    """Temperature coefficient of the potential over the stoichiometry."""

    si_unit = "V/K"


class ConcentrationCurve(CurveTable):
    """A property of an electrolyte over the concentration of the salt [mol/L]; its source is that of the whole set."""

    x_unit = "mol/L"
    x_si_unit = "mol/m^3"
    lowest = 0.0

    relative_uncertainty: Annotated[float, Field(strict=True, gt=0.0, lt=1.0)]

    @model_validator(mode="after")
    def _check_dilute(self) -> Self:
        # The end slope goes on where salt is depleted.
        self._check_limit(float(self.curve()(0.0)))
        return self

    def sourced(self, concentration: float, source: str, status: Status, note: str) -> Sourced:
        """Return the value at a concentration [mol/m^3] with the source of the set."""
        value = float(self.curve()(concentration))
        bounds = (value * (1.0 - self.relative_uncertainty), value * (1.0 + self.relative_uncertainty))
        return Sourced(value, self.si_unit, source, status, self.unit, bounds, note)


class ConductivityCurve(ConcentrationCurve):
    """An ionic conductivity; 0 without salt."""

    si_unit = "S/m"
    lowest_allowed = True


class DiffusivityCurve(ConcentrationCurve):
    """A salt diffusivity."""

    si_unit = "m^2/s"


class TransferenceCurve(ConcentrationCurve):
    """A transference number; a fit may miss 0 by its error."""

    lowest = -0.1


class ThermodynamicFactorCurve(ConcentrationCurve):
    """A thermodynamic factor."""
