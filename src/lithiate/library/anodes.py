"""Anodes of the library and of users' files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from lithiate.core.anode import Anode, Host
from lithiate.core.sourced import Sourced
from lithiate.core.toml_source import TomlSource, read_toml
from lithiate.errors import SpecError, UnitError, nearest_match
from lithiate.library.faults import table_model, validate
from lithiate.library.files import read_data_file, unknown_name
from lithiate.library.materials import load_substrate, names_of, numbers, particle_materials
from lithiate.units import split_quantity

if TYPE_CHECKING:
    from pydantic import BaseModel

    from lithiate.library.schema import FoilAnodeFile, HostAnodeFile, SubstrateAnodeFile

    AnodeFile = HostAnodeFile | FoilAnodeFile | SubstrateAnodeFile

ANODE_FILES = {
    "WN/Mo2N@HCN/Li": "anodes/wn-mo2n-hcn-li.toml",
    "WN@HCN/Li": "anodes/wn-hcn-li.toml",
    "Mo2N@HCN/Li": "anodes/mo2n-hcn-li.toml",
    "HCN/Li": "anodes/hcn-li.toml",
    "Li foil": "anodes/li-foil.toml",
}
OVERRIDE_SOURCE = "override"


def load_anode(name_or_path: str | Path) -> Anode:
    """Return an anode or a bare substrate of the library, or an anode of a file in the library's own form.

    Parameters
    ----------
    name_or_path : str or Path
        A path is a `Path`, text that ends in ``.toml``, or the name of an existing file; all else is a library name: of
        an anode, or of a substrate (``"Cu foil"``).

    Raises
    ------
    LibraryError
        ``LI-LIB-001`` when the name is not in the library.
    SpecError
        ``LI-SPEC-001/003`` when the file cannot be read; ``LI-SPEC-002`` with all faults of the file and their lines.
    """
    if isinstance(name_or_path, Path) or name_or_path.endswith(".toml") or Path(name_or_path).is_file():
        source = read_toml(name_or_path)
    elif name_or_path in ANODE_FILES:
        source = read_data_file(ANODE_FILES[name_or_path])
    elif name_or_path in names_of("substrates"):
        return _bare(name_or_path)
    else:
        raise unknown_name(name_or_path, "anodes", [*ANODE_FILES, *names_of("substrates")])
    return _build(validate(_model(source.data), source.data, source=source), source)


def _bare(name: str) -> Anode:
    """Return a substrate as an anode without lithium."""
    substrate = load_substrate(name)
    sources = {"thickness": substrate.sources["thickness"]}
    return Anode(name, "substrate", substrate.thickness, material=name, sources=sources)


def anode_with(anode: Anode, overrides: Mapping[str, Any]) -> Anode:
    """Return a copy of an anode with some fields of its description changed.

    Parameters
    ----------
    anode : Anode
    overrides : mapping
        Field names as in an anode's file, dotted (``"host.bet_area"``) or nested, with text and units
        (``"400 um"``, ``"1:4"``), plain numbers for fields without unit, or inline tables with source and status.

    Returns
    -------
    Anode
        Overridden numbers have the source "override" and the status "assumed", unless a table says more.

    Raises
    ------
    SpecError
        ``LI-SPEC-002`` with all faults of the overrides.
    """
    changes = _flatten(overrides)
    document = _document(anode)
    model = _model({**document, **changes})
    for name, value in changes.items():
        *parents, key = name.split(".")
        table: dict[str, Any] = document
        target: type[BaseModel] | None = model
        for parent in parents:
            if not isinstance(table.get(parent), dict):
                table[parent] = {}
            table = table[parent]
            target = table_model(target, parent)
        is_number = _is_number(target, key) or parents == ["host", "particles"]
        table[key] = _as_entry(value) if is_number else value
    origin = f"override of {anode.name!r}"
    changed = _build(validate(model, document, source=origin), origin)
    kept = {name: number for name, number in anode.sources.items() if name not in changes}
    return evolve(changed, sources={**changed.sources, **kept})


def _flatten(overrides: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested tables into dotted names; an inline table with a value is a number, not a level."""
    flat: dict[str, Any] = {}
    for key, value in overrides.items():
        if isinstance(value, Mapping) and "value" not in value:
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _document(anode: Anode) -> dict[str, Any]:
    """Write an anode in the form of its file, numbers in SI units."""
    document: dict[str, Any] = {"schema_version": 1, "name": anode.name, "kind": anode.kind}
    if anode.material is not None:
        document["material"] = anode.material
    if anode.host is not None:
        document["host"] = {
            "molybdenum_nitride_converted": anode.host.molybdenum_nitride_converted,
            "tungsten_nitride_inert": anode.host.tungsten_nitride_inert,
        }
    for name, number in anode.sources.items():
        *parents, key = name.split(".")
        table = document
        for parent in parents:
            table = table.setdefault(parent, {})
        table[key] = _entry(number)
    return document


def _entry(number: Sourced) -> dict[str, Any]:
    bounds = None if number.range is None else list(number.range)
    return {
        "value": number.value, "unit": number.unit, "range": bounds, "source": number.source, "status": number.status,
        "note": number.note,
    }  # fmt: skip


def _is_number(model: type[BaseModel] | None, key: str) -> bool:
    from lithiate.library.entry_schema import Entry

    table = table_model(model, key)
    return table is not None and issubclass(table, Entry)


def _as_entry(value: Any) -> Any:  # noqa: ANN401 - an override may be anything before it is validated
    """Turn the value of an override into the inline table that the schema reads."""
    if isinstance(value, Mapping):
        return {"source": OVERRIDE_SOURCE, "status": "assumed", **value}
    number: Any = value
    unit = "1"
    if isinstance(value, str) and ":" not in value:
        try:
            number, unit = split_quantity(value)
        except UnitError:
            # The schema reports it together with the other faults.
            number = value
    return {"value": number, "unit": unit, "source": OVERRIDE_SOURCE, "status": "assumed"}


def _model(data: Mapping[str, Any]) -> type[AnodeFile]:
    from lithiate.library.schema import FoilAnodeFile, HostAnodeFile, SubstrateAnodeFile

    if data.get("kind") == "foil":
        return FoilAnodeFile
    return SubstrateAnodeFile if data.get("kind") == "substrate" else HostAnodeFile


def _build(file: AnodeFile, source: TomlSource | str) -> Anode:
    """Turn a validated file into an anode; names of materials must be in the library."""
    from lithiate.library.schema import FoilAnodeFile, HostAnodeFile

    values, sources = numbers(file)
    material = None if isinstance(file, FoilAnodeFile) else file.material
    if material is not None:
        _check_name(material, "material", "substrates", source)
    host = _host(file, values, source) if isinstance(file, HostAnodeFile) else None
    of_anode = {name: value for name, value in values.items() if "." not in name}
    return Anode(file.name, file.kind, **of_anode, host=host, material=material, sources=sources)


def _host(file: HostAnodeFile, values: Mapping[str, float], source: TomlSource | str) -> Host:
    in_host = {name.removeprefix("host."): value for name, value in values.items() if name.startswith("host.")}
    particles = {name.removeprefix("particles."): in_host.pop(name) for name in list(in_host) if "." in name}
    for name in particles:
        _check_name(name, f"host.particles.{name}", "materials", source)
    return Host(
        **in_host,
        particles=particles,
        molybdenum_nitride_converted=file.host.molybdenum_nitride_converted,
        tungsten_nitride_inert=file.host.tungsten_nitride_inert,
    )


def _check_name(name: str, key: str, section: str, source: TomlSource | str) -> None:
    known = names_of(section) if section == "substrates" else particle_materials()
    if name not in known:
        raise SpecError(
            f"{key}: the name is not in the library's {section}",
            code="LI-SPEC-002",
            where=source if isinstance(source, str) else source.where(tuple(key.split("."))),
            got=name,
            expected=f"one of {', '.join(known)}",
            nearest=nearest_match(name, known),
        )
