"""Published values that a study's results stand beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from lithiate.library.files import read_data_file

SOURCE = "Ding et al., Energy Mater 2022, 2, 200039, 10.20517/energymater.2022.53"


@frozen
class PublishedValue:
    """One published number, or a statement in words.

    Parameters
    ----------
    experiment : str
        Label that an experiment of a study refers to by ``published``.
    anodes : tuple of str
        Anodes that the value or the statement is about.
    quantity : str
    value : float or None
        As published, in `unit`. None for a bound or a statement.
    at_least : float or None
        Lower bound in `unit`, where the publication gives no more.
    statement : str or None
        What the publication says in words.
    unit : str
        Unit as published; ``1`` for a fraction.
    role : {"input", "calibrate", "check", "analysis"}
        What the project may use it for.
    component : str or None
        Part of the sample, such as a peak of a spectrum.
    conditions : mapping of str to float
        ``cycle``, or ``c_rate`` [1/h].
    note : str or None
    """

    experiment: str
    anodes: tuple[str, ...]
    quantity: str
    unit: str
    role: str
    value: float | None = None
    at_least: float | None = None
    statement: str | None = None
    component: str | None = None
    conditions: Mapping[str, float] = field(factory=dict)
    note: str | None = None


PUBLISHED_CONDITIONS: dict[str, dict[str, str]] = {
    "symmetric 1 mA/cm2, 1 mAh/cm2, ether": {
        "kind": "symmetric-cycling",
        "current_density": "1 mA/cm^2",
        "areal_capacity": "1 mAh/cm^2",
        "electrolyte": "LiTFSI-DOL-DME-LiNO3",
    },
    "first plating, symmetric": {"kind": "nucleation", "cell": "symmetric"},
    "impedance, symmetric, ether": {
        "kind": "impedance",
        "cell": "symmetric",
        "electrolyte": "LiTFSI-DOL-DME-LiNO3",
    },
    "full cell NCM811, carbonate, standard": {"kind": "full-cycling"},
    "rate, NCM811, carbonate": {"kind": "rate"},
    "impedance, NCM811 full cell, carbonate": {"kind": "impedance", "cell": "full"},
    "impedance with cycles, NCM811 full cell": {"kind": "impedance", "cell": "full"},
    "impedance-temperature, NCM811 full cell, carbonate": {"kind": "impedance-temperature", "cell": "full"},
    "tafel, NCM811 full cell, carbonate": {"kind": "tafel", "cell": "full"},
    "xps": {"kind": "xps"},
}
"""Label of published values -> what an experiment must be that stands beside them (no `cell`: symmetric)."""


def published_values(experiment: str | None = None) -> list[PublishedValue]:
    """Return the published values of ding2022, one row a number; of one experiment where its label is given."""
    rows = [row for entry in read_data_file("reference/ding2022.toml").data["values"] for row in _rows(entry)]
    return [row for row in rows if experiment in (None, row.experiment)]


def _rows(entry: Mapping[str, Any]) -> Iterator[PublishedValue]:
    """Yield one row for each number of an entry: a list goes with its C-rates, a table with its components."""
    anode, value = entry["anode"], entry["value"]
    common = {
        "experiment": entry["experiment"],
        "anodes": (anode,) if isinstance(anode, str) else tuple(anode),
        "quantity": entry["quantity"],
        "unit": entry.get("unit", "1"),
        "role": entry["role"],
        "note": entry.get("note"),
    }
    conditions = {"cycle": float(entry["cycle"])} if "cycle" in entry else {}
    if isinstance(value, str):
        yield PublishedValue(**common, statement=value, conditions=conditions)
    elif isinstance(value, list):
        for c_rate, number in zip(entry["c_rates"], value, strict=True):
            yield PublishedValue(**common, value=float(number), conditions={**conditions, "c_rate": float(c_rate)})
    elif isinstance(value, Mapping) and "at_least" in value:
        yield PublishedValue(**common, at_least=float(value["at_least"]), conditions=conditions)
    elif isinstance(value, Mapping):
        for component, number in value.items():
            yield PublishedValue(**common, value=float(number), component=component, conditions=conditions)
    else:
        yield PublishedValue(**common, value=float(value), conditions=conditions)
