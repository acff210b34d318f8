"""What a study file says wrongly about full cells: amounts of electrolyte stated twice, cut-offs a cathode has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import fields_dict

from lithiate.core.cell import FullCell
from lithiate.core.fields import to_si
from lithiate.core.full_experiments import FullCycling
from lithiate.core.materials import Cathode
from lithiate.core.toml_source import Location
from lithiate.errors import LithiateError
from lithiate.library import list_names, load_cathode
from lithiate.study.faults import Fault
from lithiate.study.spec_fields import CellKind

_KINDS = ("full-cycling", "rate", "anode-free")
_WINDOW = ("lower_voltage", "upper_voltage")
_LOWEST = 2.0
"""Cut-off [V] down to which a discharge may run below the open-circuit potential of the lithiated cathode."""


def cell_of(entry: Mapping[str, Any]) -> CellKind:
    """Return the kind of cell that an entry among the experiments is about."""
    kind, cell = entry.get("kind"), entry.get("cell")
    if kind in _KINDS or cell == "full":
        return "full"
    return "plating" if kind == "plating-efficiency" or cell == "plating" else "symmetric"


def full_cell_faults(entry: Mapping[str, Any], location: Location) -> Iterator[Fault]:
    """Yield what is wrong with the amount of electrolyte and with the cut-offs of a full cell."""
    if cell_of(entry) != "full":
        return
    ratio, volume = entry.get("electrolyte_to_cathode_ratio"), entry.get("electrolyte_volume")
    if ratio is not None and volume is not None:
        text = f"the amount of electrolyte is given twice; got {ratio!r} and an electrolyte_volume of {volume!r}"
        yield Fault((*location, "electrolyte_to_cathode_ratio"), f"{text}; expected one of them")
    name = entry.get("cathode", fields_dict(FullCell)["cathode"].default)
    if name in list_names("cathodes"):
        yield from _window_faults(entry, location, load_cathode(name))


def _window_faults(entry: Mapping[str, Any], location: Location, cathode: Cathode) -> Iterator[Fault]:
    stated = {key: _volts(entry[key]) for key in (*_WINDOW, "voltage_limit") if key in entry}
    potential = cathode.open_circuit_potential.y
    # Currents take a discharge below the end of the equilibrium; beyond its other end lithiation is not known.
    lowest, highest = min(*potential, _LOWEST), max(*potential, cathode.voltage_window[1])
    for key in _WINDOW:
        value = stated.get(key)
        if value is not None and not lowest <= value <= highest:
            text = f"outside the open-circuit potential of {cathode.name!r}; got {entry[key]!r}"
            yield Fault((*location, key), f"{text}; expected {lowest:.4g} ... {highest:.4g} V")
            return
    low, high = (stated.get(key) or default for key, default in zip(_WINDOW, cathode.voltage_window, strict=True))
    if not low < high:
        key = next(key for key in _WINDOW if key in entry)
        yield Fault((*location, key), f"the lower voltage must lie below the upper; got {low:g} V and {high:g} V")
    default: Any = fields_dict(FullCycling)["voltage_limit"].default
    limit = stated.get("voltage_limit") or float(default)
    if limit < high:
        key = next(key for key in ("voltage_limit", "upper_voltage") if key in entry)
        text = f"the test would end before the cell is charged; got a limit of {limit:g} V"
        yield Fault((*location, key), f"{text}; expected one above {high:g} V")


def _volts(value: object) -> float | None:
    """Return a voltage in V; None where it cannot be read, which is a fault of its own."""
    try:
        return to_si(value, "V") if isinstance(value, str) else None
    except LithiateError:
        return None
