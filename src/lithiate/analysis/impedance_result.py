"""What the analysis of impedance spectra gives: settings, the resistances of a spectrum, and the result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import asdict, field, fields, frozen

from lithiate.analysis.circuits.fit import WEIGHTS
from lithiate.analysis.circuits.series import SeriesFit
from lithiate.analysis.half_cycle_table import Table
from lithiate.analysis.impedance_series import ArcCollapse, ImpedanceSeries
from lithiate.analysis.impedance_tables import (
    candidate_table,
    check_table,
    circuit_to_dict,
    parameter_table,
    peak_table,
)
from lithiate.analysis.kramers_kronig_result import KramersKronigCheck
from lithiate.analysis.plain import finite_list, settings_to_dict
from lithiate.analysis.relaxation_times import RelaxationTimes
from lithiate.analysis.settings import setting_error
from lithiate.analysis.symmetric_result import estimate_to_dict
from lithiate.core.estimate import Estimate
from lithiate.core.fields import to_si

ANALYSIS = "impedance"
LIKE_INTERFACES = {"symmetric": 2}
"""Kind of cell -> its interfaces, where they are alike."""


def _flag(value: str | bool) -> bool:
    if isinstance(value, str):
        if value.lower() not in ("true", "false"):
            raise setting_error(ANALYSIS, "relaxation_times or leave_out_offending", value, "true or false")
        return value.lower() == "true"
    return bool(value)


_FIXED = "NAME=NUMBER, more of them behind commas, such as CPE1.exponent=1, R1.resistance=2.5"


def _frequency(value: str | float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise setting_error(ANALYSIS, "tail_frequency", value, "a number of Hz, such as 10") from error


def _fixed(value: str | float | Mapping[str, float]) -> dict[str, float]:
    """Return fixed parameters from ``"CPE1.exponent=1, R1.resistance=2.5"``, in ohm, s and what follows from them."""
    pairs: list[tuple[str, str | float]]
    if isinstance(value, str):
        parts = [part.partition("=") for part in value.split(",")] if value.strip() else []
        pairs = [(name.strip(), number.strip()) for name, _, number in parts]
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        raise setting_error(ANALYSIS, "fixed", value, _FIXED)
    found = {}
    for name, number in pairs:
        try:
            found[name] = float(number)
        except (TypeError, ValueError) as error:
            raise setting_error(ANALYSIS, "fixed", f"{name}={number}", _FIXED) from error
    return found


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else tuple(value)


def _kelvin(value: str | float | None) -> float | None:
    return None if value is None else to_si(value, "K")


def _interfaces(value: str | float | None) -> int | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not number.is_integer():
        raise setting_error(ANALYSIS, "interfaces", value, "a whole number, at least 1, such as 2")
    return int(number)


@frozen(kw_only=True)
class ImpedanceSettings:
    """Settings of the analysis of impedance spectra.

    Parameters
    ----------
    tail_frequency : float, Hz
        Below it an arc is taken for diffusion.
    circuit : str
        A circuit such as ``R-p(R,CPE)-p(R,CPE)-W``, or a name of the library; ``auto`` (the default) chooses one for
        all spectra of the record, ``none`` fits none.
    weights : {"modulus", "proportional", "unit"}
        Of the fit; see `lithiate.analysis.circuits.fit_circuits`.
    fixed : str or mapping
        Parameters of `circuit` that are known: ``"CPE1.exponent=1"``, in ohm of the cell and seconds.
    shared : str or sequence of str
        Parameters of `circuit` that are the same in all spectra: ``"CPE1.exponent, R1.resistance"``, or ``exponents``
        for all of these.
    temperature_uncertainty : str or float, K, optional
        Standard uncertainty of each temperature of a series, for activation energies.
    interfaces : int, optional
        Like interfaces that share the resistances; 2 for a symmetric cell.
    relaxation_times : bool
        Whether to fit the distribution of relaxation times.
    leave_out_offending : bool
        Leave out rows that break Kramers-Kronig before all else. They are shown either way.
    """

    tail_frequency: float = field(default=10.0, converter=_frequency)
    circuit: str = "auto"
    weights: str = "modulus"
    fixed: Mapping[str, float] = field(factory=dict, converter=_fixed)
    shared: tuple[str, ...] = field(default=(), converter=_names)
    temperature_uncertainty: float | None = field(default=None, converter=_kelvin)
    interfaces: int | None = field(default=None, converter=_interfaces)
    relaxation_times: bool = field(default=True, converter=_flag)
    leave_out_offending: bool = field(default=False, converter=_flag)

    def __attrs_post_init__(self) -> None:
        if not self.tail_frequency >= 0.0:
            raise setting_error(ANALYSIS, "tail_frequency", self.tail_frequency, "at least 0 Hz")
        if self.interfaces is not None and self.interfaces < 1:
            raise setting_error(ANALYSIS, "interfaces", self.interfaces, "a whole number, at least 1")
        if self.weights not in WEIGHTS:
            raise setting_error(ANALYSIS, "weights", self.weights, " or ".join(WEIGHTS))
        for name in ("fixed", "shared"):
            if getattr(self, name) and self.circuit in ("auto", "none"):
                raise setting_error(
                    ANALYSIS, name, getattr(self, name), "a circuit (setting 'circuit') that it belongs to"
                )
        if self.temperature_uncertainty is not None and not self.temperature_uncertainty >= 0.0:
            raise setting_error(ANALYSIS, "temperature_uncertainty", self.temperature_uncertainty, "at least 0 K")

    def interfaces_of(self, cell: str | None) -> int | None:
        """Return how many like interfaces a cell has, None where they are not alike or not known."""
        return self.interfaces if self.interfaces is not None else LIKE_INTERFACES.get(cell or "")


@frozen(kw_only=True)
class SpectrumResistances:
    """Resistances read from one spectrum, in ohm m2, or in ohm where the area is not known."""

    state: str | None
    ohmic_resistance: Estimate
    interfacial_resistance: Estimate
    sei_resistance: Estimate
    charge_transfer_resistance: Estimate

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates, in the order of the attributes."""
        return (getattr(self, entry.name) for entry in fields(type(self)) if entry.name != "state")


@frozen(eq=False, kw_only=True)
class ImpedanceResult:
    """What the spectra of a record tell.

    Parameters
    ----------
    specimen : str
    area : float or None, m2
        By which resistances of `spectra` and `series` are multiplied; `circuit`, `checks` and `relaxation_times` are of
        the cell, in ohm.
    spectra : tuple of SpectrumResistances
        One each; the estimates carry cycle and temperature.
    activation_energies : tuple of Estimate
        Of each resistance that is known at three temperatures or more.
    series : ImpedanceSeries
        One row a spectrum, with the arcs of the circuit.
    circuit : SeriesFit or None
        The circuit of the record, None where none was fitted.
    checks : tuple of KramersKronigCheck or None
        One each; None where a spectrum has too few rows.
    relaxation_times : tuple of RelaxationTimes or None
        One each; empty where not asked for.
    collapse : ArcCollapse or None
    settings : ImpedanceSettings
    warnings : tuple of str
    """

    specimen: str
    area: float | None
    spectra: tuple[SpectrumResistances, ...]
    activation_energies: tuple[Estimate, ...]
    series: ImpedanceSeries
    circuit: SeriesFit | None
    checks: tuple[KramersKronigCheck | None, ...]
    relaxation_times: tuple[RelaxationTimes | None, ...]
    collapse: ArcCollapse | None
    settings: ImpedanceSettings
    warnings: tuple[str, ...]

    def estimates(self) -> Iterator[Estimate]:
        """Iterate over the estimates of all spectra, then over the activation energies."""
        for spectrum in self.spectra:
            yield from spectrum.estimates()
        yield from self.activation_energies

    def tables(self) -> dict[str, Table]:
        """Return the tables to be saved: the series, the circuit's parameters, validity by row, peaks of relaxation."""
        found = {"spectra": self.series.columns}
        if self.circuit is not None:
            found["circuit-parameters"] = parameter_table(self.circuit)
            found["circuit-candidates"] = candidate_table(self.circuit)
        found["kramers-kronig"] = check_table(self.checks)
        found["relaxation-times"] = peak_table(self.relaxation_times)
        return {name: table for name, table in found.items() if table and len(next(iter(table.values()))[0])}

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain types for JSON; what is not known is None."""
        return {
            "schema_version": 2,
            "technique": "impedance",
            "analysis": "impedance",
            "specimen": self.specimen,
            "area": self.area,
            "spectrum_count": len(self.spectra),
            "states": [spectrum.state for spectrum in self.spectra],
            "estimates": [estimate_to_dict(estimate) for estimate in self.estimates()],
            "circuit": None if self.circuit is None else circuit_to_dict(self.circuit),
            "tables": {
                name: {column: finite_list(values) for column, (values, _unit) in table.items()}
                for name, table in self.tables().items()
            },
            "interfaces": self.series.interfaces,
            "collapse": None if self.collapse is None else asdict(self.collapse),
            "settings": settings_to_dict(self.settings),
            "warnings": list(self.warnings),
        }
