"""The library as lists and tables, for the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from lithiate.core.curve import Curve
from lithiate.core.materials import Cathode, Electrolyte, Material, Separator, Substrate
from lithiate.core.sourced import Sourced
from lithiate.core.toml_source import Location, dotted, read_toml
from lithiate.errors import LibraryError, nearest_match
from lithiate.library.anodes import ANODE_FILES, load_anode
from lithiate.library.cathodes import load_cathode, window_stoichiometries
from lithiate.library.composition import load_composition, load_infusion, load_sites
from lithiate.library.electrolytes import PROPERTY_OF, load_electrolyte
from lithiate.library.files import DATA, read_data_file, unknown_name
from lithiate.library.materials import load_material, load_separator, load_substrate, names_of
from lithiate.units import convert

_LOADERS: dict[str, Callable[[str], Material | Substrate | Cathode | Electrolyte | Separator]] = {
    "materials": load_material,
    "substrates": load_substrate,
    "cathodes": load_cathode,
    "electrolytes": load_electrolyte,
    "separators": load_separator,
}
SECTIONS = ("anodes", "cathodes", "materials", "substrates", "electrolytes", "separators", "studies")


@frozen
class Row:
    """One line of a description; value and range in `unit`, the unit of print."""

    field: str
    value: float | bool | str
    unit: str = ""
    range: tuple[float, float] | None = None
    status: str = ""
    source: str = ""
    note: str | None = None


def list_names(section: str) -> list[str]:
    """Return the names in a section of the library.

    Raises
    ------
    LibraryError
        ``LI-LIB-001`` when there is no such section.
    """
    if section == "anodes":
        return list(ANODE_FILES)
    if section == "studies":
        return sorted(path.stem for path in studies_folder().glob("*.toml"))
    if section in SECTIONS:
        return names_of(section)
    raise LibraryError(
        "there is no such section of the library",
        code="LI-LIB-001",
        got=section,
        expected=f"one of {', '.join(SECTIONS)}",
        nearest=nearest_match(section, SECTIONS),
    )


def describe(section: str, name: str) -> list[Row]:
    """Return what the library says about one name: its numbers in units of print, then words and switches.

    Raises
    ------
    LibraryError
        ``LI-LIB-001`` when there is no such section or name.
    """
    names = list_names(section)
    if name not in names:
        raise unknown_name(name, section, names)
    if section == "studies":
        return list(_leaves(read_toml(studies_folder() / f"{name}.toml").data))
    if section == "anodes":
        sources, table = load_anode(name).sources, read_data_file(ANODE_FILES[name]).data
    else:
        sources, table = _LOADERS[section](name).sources, read_data_file(f"{section}.toml").data[name]
    curves = _curves(section, name)
    numbers = [_number_row(field, number) for field, number in sources.items() if field not in curves]
    numbers += [_curve_row(field, curve, sources) for field, curve in curves.items()]
    hidden = (*(f"{field}." for field in sources), "transport.")
    words = [row for row in _leaves(table) if not row.field.startswith(hidden)]
    return numbers + words + _computed(section, name)


def _computed(section: str, name: str) -> list[Row]:
    if section == "anodes":
        return _composition_rows(name) + _infusion_rows(name)
    return _window_rows(name) if section == "cathodes" else []


def _curves(section: str, name: str) -> dict[str, Curve]:
    """Return the curves of a cathode or an electrolyte by field."""
    if section not in {"cathodes", "electrolytes"}:
        return {}
    fields = asdict(_LOADERS[section](name), recurse=False)
    return {field: value for field, value in fields.items() if isinstance(value, Curve)}


def _curve_row(field: str, curve: Curve, sources: Mapping[str, Sourced]) -> Row:
    """Return the ends of a curve in words, with the source of the number that it gives."""
    number = sources[PROPERTY_OF.get(field, field)]
    first, last = curve.x[0], curve.x[-1]
    over = f"x = {first:.4g} to {last:.4g}"
    if field in PROPERTY_OF:
        over = f"{convert(first, 'mol/m^3', 'mol/L'):g} to {convert(last, 'mol/m^3', 'mol/L'):g} mol/L"
    ends = [f"{convert(y, number.unit, number.printed_unit):.4g}" for y in curve.y[:: len(curve.y) - 1]]
    return Row(
        field,
        f"{ends[0]} to {ends[1]} over {over}",
        number.printed_unit,
        None,
        number.status,
        number.source,
        number.note,
    )


def _window_rows(name: str) -> list[Row]:
    """Return what a cathode holds at rest between its cut-offs, and how fast its particles are."""
    cathode = load_cathode(name)
    charged, discharged = window_stoichiometries(cathode)
    computed = [
        ("charged_stoichiometry", charged, "1", "1"),
        ("discharged_stoichiometry", discharged, "1", "1"),
        ("specific_capacity", cathode.capacity * (discharged - charged), "C/kg", "mAh/g"),
        ("diffusion_rate", cathode.diffusivity / cathode.particle_radius**2, "1/s", "1/s"),
    ]
    return _computed_rows("window", computed, "at rest between the cut-offs; diffusivity over radius squared")


def studies_folder() -> Path:
    """Return where the studies lie that ship with lithiate: in the package, or in the checkout it runs from."""
    packaged = DATA / "studies"
    return packaged if packaged.is_dir() else DATA.parents[3] / "studies"


def _composition_rows(name: str) -> list[Row]:
    """Return what follows from the description of an anode; computed, never stored."""
    composition = load_composition(load_anode(name))
    computed = [
        ("lithium_areal_mass", composition.lithium_areal_mass, "kg/m^2", "mg/cm^2"),
        ("host_areal_mass", composition.host_areal_mass, "kg/m^2", "mg/cm^2"),
        ("areal_capacity", composition.areal_capacity, "C/m^2", "mAh/cm^2"),
        ("theoretical_specific_capacity", composition.theoretical_specific_capacity, "C/kg", "mAh/g"),
        *((f"volume_fraction.{part}", share, "1", "1") for part, share in composition.volume_fractions.items()),
        ("pore_capacity", composition.pore_capacity, "C/m^2", "mAh/cm^2"),
        ("pore_share_of_lithium", composition.pore_share_of_lithium, "1", "1"),
        ("sphere_volume_fraction", composition.sphere_volume_fraction, "1", "1"),
    ]
    if composition.bounds is not None:
        computed += [
            ("reuss_bound", composition.bounds.reuss, "Pa", "GPa"),
            ("voigt_bound", composition.bounds.voigt, "Pa", "GPa"),
        ]
    source = "without voids, from the description and the library's densities and moduli"
    return _computed_rows("composition", computed, source)


def _infusion_rows(name: str) -> list[Row]:
    """Return what infusion and particles make of a host, with the nominal parameters; nothing for others."""
    anode = load_anode(name)
    sites = load_sites(anode)
    if sites is None:
        return []
    infusion = load_infusion(anode)
    computed = [
        ("wetting_cosine", infusion.wetting_cosine, "1", "1"),
        ("filled_share", infusion.filled_share, "1", "1"),
        ("void_fraction", infusion.void_fraction, "1", "1"),
        ("bulk_density", infusion.bulk_density, "kg/m^3", "g/cm^3"),
        ("host_areal_mass", infusion.host_areal_mass, "kg/m^2", "mg/cm^2"),
        ("areal_capacity", infusion.areal_capacity, "C/m^2", "mAh/cm^2"),
        ("void_capacity", infusion.void_capacity, "C/m^2", "mAh/cm^2"),
        ("reaction_charge", infusion.reaction_charge, "C/m^2", "mAh/cm^2"),
        ("exposed_carbon_area_per_area", infusion.exposed_carbon_area_per_area, "1", "1"),
        ("sei_charge_on_exposed_carbon", infusion.sei_charge_on_exposed_carbon, "C/m^2", "mAh/cm^2"),
        ("lithiophilic_share", sites.share, "1", "1"),
        ("site_barrier", sites.barrier, "V", "mV"),
    ]
    return _computed_rows("infusion", computed, "from the description and the nominal parameters, all assumed")


def _computed_rows(prefix: str, computed: list[tuple[str, float, str, str]], source: str) -> list[Row]:
    return [
        Row(f"{prefix}.{field}", float(f"{convert(value, si, unit):.4g}"), unit, None, "computed", source)
        for field, value, si, unit in computed
    ]


def _number_row(field: str, number: Sourced) -> Row:
    return Row(
        field,
        number.printed_value,
        number.printed_unit,
        number.printed_range,
        number.status,
        number.source,
        number.note,
    )


def _leaves(table: Mapping[str, Any], prefix: Location = ()) -> Iterator[Row]:
    """Yield every plain value of a document."""
    for key, value in table.items():
        location = (*prefix, key)
        if isinstance(value, Mapping):
            yield from _leaves(value, location)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for index, item in enumerate(value):
                yield from _leaves(item, (*location, index))
        else:
            yield Row(dotted(location), ", ".join(map(str, value)) if isinstance(value, list) else value)
