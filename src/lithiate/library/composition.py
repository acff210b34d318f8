"""The composition of an anode, and its infusion, with the library's materials."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from attrs import fields

from lithiate.core.anode import Anode
from lithiate.core.composition import Composition, compose
from lithiate.core.composition import without_lithium as _without_lithium
from lithiate.core.host import HostMaterials
from lithiate.core.infusion import Infusion, InfusionParameters, infuse
from lithiate.core.sites import Sites, lithiophilic_sites
from lithiate.library.anodes import load_anode
from lithiate.library.files import read_data_file
from lithiate.library.materials import load_material, load_melt, particle_materials
from lithiate.units import convert

NAMED = {"molybdenum_nitride": "Mo2N_gamma", "tungsten_nitride": "WN_delta"}
"""Particles that an anode's file gives by their metal."""


@cache
def load_host_materials() -> HostMaterials:
    """Return the materials that hosts are made of and turn into."""
    return HostMaterials(
        lithium=load_material("lithium"),
        carbon=load_material("carbon"),
        lithium_nitride=load_material("Li3N"),
        molybdenum=load_material("Mo"),
        tungsten=load_material("W"),
        **{phase: load_material(name) for phase, name in NAMED.items()},
        particles={name: load_material(name) for name in particle_materials() if name not in NAMED.values()},
    )


@cache
def _nominal() -> dict[str, float]:
    """Return the nominal parameters of infusion and sites in SI units."""
    entries = {
        key: entry for scope in read_data_file("parameters/nominal.toml").data.values() for key, entry in scope.items()
    }
    found = {}
    for parameter in fields(InfusionParameters):
        entry = entries[parameter.name]
        found[parameter.name] = float(convert(entry["value"], entry["unit"], parameter.metadata["unit"]))
    return found


def infusion_parameters(values: Mapping[str, float] | None = None) -> InfusionParameters:
    """Return the parameters of infusion and sites, nominal where `values` [SI, by name] does not say otherwise."""
    return InfusionParameters(**{**_nominal(), **(values or {})})


def load_composition(anode: Anode) -> Composition:
    """Return the composition of an anode with the densities and molar masses of the library."""
    return compose(anode, load_host_materials(), _nominal()["packing_fraction"])


def load_infusion(anode: Anode, values: Mapping[str, float] | None = None) -> Infusion:
    """Return what the infusion made of a host and its lithium; see `lithiate.core.infusion.infuse`.

    Parameters
    ----------
    anode : Anode
    values : mapping of str to float or None
        Parameters of infusion and sites that differ from the nominal ones, SI.
    """
    return infuse(anode, load_host_materials(), load_melt(), infusion_parameters(values))


def load_sites(anode: Anode, values: Mapping[str, float] | None = None) -> Sites | None:
    """Return the lithiophilic sites of a host, with lithium or without; None where there is no host."""
    if anode.host is None:
        return None
    return lithiophilic_sites(anode.host, load_host_materials(), infusion_parameters(values))


def without_lithium(anode: Anode) -> Anode:
    """Return the host of an infused anode alone, on copper, or bare copper foil for a lithium foil.

    For Li||host and Li||Cu cells. The host keeps its mass per area, so it is thinner than the disc with lithium was.
    """
    return _without_lithium(anode, load_host_materials(), _nominal()["packing_fraction"], load_anode("Cu foil"))
