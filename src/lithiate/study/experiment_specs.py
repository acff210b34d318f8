"""The kinds of experiment that a study file may name, and which keys belong to which kind of cell."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Tag

from lithiate.study.cell_specs import (
    CellExperimentSpec,
    CriticalCurrentSpec,
    ImpedanceSpec,
    ImpedanceTemperatureSpec,
    NucleationSpec,
    PlatingEfficiencySpec,
    ProtocolSpec,
    SymmetricCyclingSpec,
    TafelSpec,
)
from lithiate.study.full_cell_specs import (
    AnodeFreeSpec,
    FullCyclingSpec,
    FullImpedanceSpec,
    FullImpedanceTemperatureSpec,
    FullProtocolSpec,
    FullTafelSpec,
    RateSpec,
)

EXPERIMENT_SPECS: dict[str, type[CellExperimentSpec]] = {
    "symmetric-cycling": SymmetricCyclingSpec,
    "nucleation": NucleationSpec,
    "critical-current": CriticalCurrentSpec,
    "plating-efficiency": PlatingEfficiencySpec,
    "full-cycling": FullCyclingSpec,
    "rate": RateSpec,
    "anode-free": AnodeFreeSpec,
    "tafel": TafelSpec,
    "impedance": ImpedanceSpec,
    "impedance-temperature": ImpedanceTemperatureSpec,
    "protocol": ProtocolSpec,
}
"""Kind -> what a study file may say about it, for the cell that it has where the file names none."""

FULL_CELL_SPECS: dict[str, type[CellExperimentSpec]] = {
    "tafel": FullTafelSpec,
    "impedance": FullImpedanceSpec,
    "impedance-temperature": FullImpedanceTemperatureSpec,
    "protocol": FullProtocolSpec,
}
"""Kind -> what a study file may say about it with ``cell = "full"``."""

FULL_CELL = " of a full cell"
"""What follows a kind where its keys are those of a full cell."""

ALL_SPECS = EXPERIMENT_SPECS | {f"{kind}{FULL_CELL}": spec for kind, spec in FULL_CELL_SPECS.items()}
"""Kind, with `FULL_CELL` where the cell decides -> what a study file may say about it."""


def _tag(entry: Any) -> str | None:  # noqa: ANN401 - whatever TOML holds, or a model that was made already
    table = entry if isinstance(entry, dict) else vars(entry)
    kind = table.get("kind")
    if kind is None:
        return None
    return f"{kind}{FULL_CELL}" if table.get("cell") == "full" and kind in FULL_CELL_SPECS else str(kind)


ExperimentSpec = Annotated[
    Annotated[SymmetricCyclingSpec, Tag("symmetric-cycling")]
    | Annotated[NucleationSpec, Tag("nucleation")]
    | Annotated[CriticalCurrentSpec, Tag("critical-current")]
    | Annotated[PlatingEfficiencySpec, Tag("plating-efficiency")]
    | Annotated[FullCyclingSpec, Tag("full-cycling")]
    | Annotated[RateSpec, Tag("rate")]
    | Annotated[AnodeFreeSpec, Tag("anode-free")]
    | Annotated[TafelSpec, Tag("tafel")]
    | Annotated[FullTafelSpec, Tag("tafel of a full cell")]
    | Annotated[ImpedanceSpec, Tag("impedance")]
    | Annotated[FullImpedanceSpec, Tag("impedance of a full cell")]
    | Annotated[ImpedanceTemperatureSpec, Tag("impedance-temperature")]
    | Annotated[FullImpedanceTemperatureSpec, Tag("impedance-temperature of a full cell")]
    | Annotated[ProtocolSpec, Tag("protocol")]
    | Annotated[FullProtocolSpec, Tag("protocol of a full cell")],
    Discriminator(_tag),
]


def _families() -> tuple[frozenset[str], frozenset[str]]:
    """Return the keys that only full cells know, and those that only the others know."""
    keys: dict[bool, set[str]] = {True: set(), False: set()}
    for spec in ALL_SPECS.values():
        keys[is_full(spec)] |= set(spec.model_fields)
    return frozenset(keys[True] - keys[False]), frozenset(keys[False] - keys[True])


def is_full(spec: type[BaseModel]) -> bool:
    """Return whether a model is of experiments on full cells."""
    return "cathode" in spec.model_fields


_FULL_ONLY, _OTHERS_ONLY = _families()
_COUNTERPARTS = {"c_rate": "current_density", "c_rates": "current_densities", "lower_voltage": "cut_off_voltage"}
_COUNTERPARTS |= {"charge_c_rate": "stripping_current_density"}
_COUNTERPARTS |= {other: full for full, other in _COUNTERPARTS.items()}


def foreign_key(model: type[BaseModel], key: str) -> str | None:
    """Return why a key is none of a model's where it belongs to another kind of cell, with what stands in for it."""
    if model not in ALL_SPECS.values():
        return None
    if is_full(model) and key in _OTHERS_ONLY:
        text = "belongs to cells without a cathode, and this is a full cell"
    elif not is_full(model) and key in _FULL_ONLY:
        text = "belongs to full cells, and this is a cell without a cathode"
        if any(kind == model.model_fields["kind"].annotation.__args__[0] for kind in FULL_CELL_SPECS):  # type: ignore[union-attr]
            text += ' (cell = "full" makes it one)'
    else:
        return None
    instead = _COUNTERPARTS.get(key)
    return text + (f"; expected {instead!r}" if instead in model.model_fields else "")
