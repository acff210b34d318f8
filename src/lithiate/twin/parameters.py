"""The twin's parameters: names, units, scope; one set, or an ensemble drawn from their stated ranges.

The numbers live in one place, ``library/data/parameters/NAME.toml``, each with its unit, prior, range, status and
source.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve, frozen

from lithiate.errors import SimulationError, nearest_match

SETS = ("nominal",)
"""Parameter sets that ship with this version."""

SET_TO = {
    "nominal": frozenset(
        {
            "voltage_hysteresis",
            "hysteresis_onset_time",
            "specific_capacity",
            "capacity_retention",
            "coulombic_efficiency",
        }
    )
}
"""Set -> quantities to whose published values (those with the role ``calibrate``) its centres were moved.

A simulated value beside another published one is a prediction, whatever that one was meant for.
"""

SCATTERED = (
    "sei_loss_top",
    "sei_loss_interior",
    "dead_loss",
    "sei_loss_top_carbonate",
    "sei_loss_interior_carbonate",
    "dead_loss_carbonate",
)
"""Parameters that differ from cell to cell: loss rates, by one common factor."""


@frozen
class Parameter:
    """One parameter of the twin: SI value, prior and range, and where it comes from.

    `distribution` is ``lognormal`` (`spread` is the standard deviation of the logarithm) or ``normal`` (`spread` in
    SI); both are cut to `low` ... `high` (SI).
    """

    name: str
    scope: str
    value: float
    distribution: str
    spread: float
    low: float
    high: float
    si_unit: str
    unit: str
    status: str
    meaning: str
    source: str

    def draw(self, generator: np.random.Generator) -> float:
        """Draw from the prior; outside the range is drawn again."""
        for _ in range(1000):
            z = generator.standard_normal()
            if self.distribution == "lognormal":
                value = self.value * float(np.exp(self.spread * z))
            else:
                value = self.value + self.spread * float(z)
            if self.low <= value <= self.high:
                return value
        raise SimulationError(
            "the range of a prior holds next to none of its distribution",
            code="LI-TWIN-003",
            where=self.name,
            got=f"{self.low:g} ... {self.high:g} {self.si_unit}",
        )


@frozen
class ParameterSet:
    """A named set of parameters: `set["film_resistance"]` is the SI value.

    `origin` says in words what the numbers are (nominal, a prior draw, ...).
    """

    name: str
    origin: str
    parameters: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> float:
        return self.parameters[name].value

    def with_values(self, values: Mapping[str, float], origin: str | None = None) -> ParameterSet:
        """Return a copy with other SI values; an unknown name or a value outside its range raises LI-TWIN-003."""
        table = dict(self.parameters)
        for name, value in values.items():
            if name not in table:
                raise SimulationError(
                    "unknown parameter", code="LI-TWIN-003", got=name, nearest=nearest_match(name, table)
                )
            known = table[name]
            if not known.low <= value <= known.high:
                raise SimulationError(
                    "parameter outside its range",
                    code="LI-TWIN-003",
                    where=name,
                    got=f"{value:g} {known.si_unit}",
                    expected=f"{known.low:g} ... {known.high:g} {known.si_unit}",
                )
            table[name] = evolve(known, value=float(value))
        return evolve(self, parameters=table, origin=origin or self.origin)

    def in_electrolyte(self, family: str) -> ParameterSet:
        """Return the parameters of cells with an electrolyte of a family.

        A lithium surface belongs to its electrolyte: where there is a parameter ``NAME_carbonate``, that is what NAME
        is in carbonates. The set itself is that of ethers.
        """
        ending = f"_{family}"
        own = {
            name.removesuffix(ending): evolve(known, name=name.removesuffix(ending))
            for name, known in self.parameters.items()
            if name.endswith(ending)
        }
        return evolve(self, parameters={**self.parameters, **own})

    def with_cell_scatter(self, seed: int) -> ParameterSet:
        """Return the parameters of one cell: loss rates off by one lognormal factor, within their ranges."""
        width = self["cell_scatter"]
        factor = float(np.exp(width * _generator("cell scatter", seed).standard_normal()))
        table = dict(self.parameters)
        for name in SCATTERED:
            known = table[name]
            table[name] = evolve(known, value=min(max(known.value * factor, known.low), known.high))
        return evolve(self, parameters=table, origin=f"{self.origin}, cell {seed}")

    def used(self) -> dict[str, dict[str, Any]]:
        """Return every value with its unit, status, meaning and source, in printed units, for `study.lock.toml`."""
        from lithiate.units import convert

        return {
            p.name: {
                "value": convert(p.value, p.si_unit, p.unit),
                "unit": p.unit,
                "range": [convert(p.low, p.si_unit, p.unit), convert(p.high, p.si_unit, p.unit)],
                "status": p.status,
                "meaning": p.meaning,
                "source": p.source,
            }
            for p in self.parameters.values()
        }


_SI_UNITS = {
    "1": "1",
    "mV": "V",
    "mAh/cm^2": "C/m^2",
    "cm^2/mAh": "m^2/C",
    "ohm cm^2": "ohm m^2",
    "kJ/mol": "J/mol",
    "mA/cm^2": "A/m^2",
    "1/um": "1/m",
    "um": "m",
    "um/s": "m/s",
    "uL/mAh": "m^3/C",
    "uL/cm^2": "m",
    "1/h": "1/s",
    "mS/cm^2": "S/m^2",
    "uF/cm^2": "F/m^2",
    "h": "s",
    "mol/m^3": "mol/m^3",
    "MPa": "Pa",
}


def load_parameters(name: str = "nominal") -> ParameterSet:
    """Load a parameter set of the library by its name.

    Raises
    ------
    SimulationError
        ``LI-TWIN-003`` for an unknown name.
    """
    from lithiate.units import convert

    if name not in SETS:
        raise SimulationError(
            "unknown parameter set",
            code="LI-TWIN-003",
            got=name,
            expected=", ".join(SETS),
            nearest=nearest_match(name, SETS),
        )
    path = Path(str(files("lithiate.library"))) / "data" / "parameters" / f"{name}.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    parameters: dict[str, Parameter] = {}
    for scope, entries in table.items():
        for key, entry in entries.items():
            si_unit = _SI_UNITS[entry["unit"]]

            def si(value: float, unit: str = entry["unit"], target: str = si_unit) -> float:
                return float(convert(value, unit, target))

            spread = entry["spread"] if entry["distribution"] == "lognormal" else si(entry["spread"])
            low, high = (si(bound) for bound in entry["range"])
            parameters[key] = Parameter(
                name=key,
                scope=scope,
                value=si(entry["value"]),
                distribution=entry["distribution"],
                spread=spread,
                low=low,
                high=high,
                si_unit=si_unit,
                unit=entry["unit"],
                status=entry["status"],
                meaning=entry["meaning"],
                source=entry["source"],
            )
    return ParameterSet(name=name, origin=name, parameters=parameters)


def draw_ensemble(parameters: ParameterSet, size: int, seed: int) -> list[ParameterSet]:
    """Draw `size` parameter sets from the priors, each for a cell of its own.

    This is no posterior: the draws know nothing of any measurement beyond what the nominal values were set with.
    Member k depends on `seed` and k alone, so that a larger ensemble begins with the smaller one.
    """
    members = []
    for k in range(size):
        generator = _generator("prior", seed, k)
        values = {name: parameter.draw(generator) for name, parameter in parameters.parameters.items()}
        drawn = parameters.with_values(values, origin=f"prior draw {k + 1} of {size}, seed {seed}")
        members.append(drawn.with_cell_scatter(seed * 100003 + k))
    return members


def _generator(purpose: str, *numbers: int) -> np.random.Generator:
    text = ":".join([purpose, *map(str, numbers)])
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little"))
