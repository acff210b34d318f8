"""The composition of an anode with the library's materials."""

from __future__ import annotations

from lithiate.core.anode import Anode
from lithiate.core.composition import Composition, HostMaterials, compose
from lithiate.library.materials import load_material


def load_host_materials() -> HostMaterials:
    """Return the materials that hosts are made of and turn into."""
    return HostMaterials(
        lithium=load_material("lithium"),
        carbon=load_material("carbon"),
        molybdenum_nitride=load_material("Mo2N_gamma"),
        tungsten_nitride=load_material("WN_delta"),
        lithium_nitride=load_material("Li3N"),
        molybdenum=load_material("Mo"),
        tungsten=load_material("W"),
    )


def load_composition(anode: Anode) -> Composition:
    """Return the composition of an anode with the densities and molar masses of the library."""
    return compose(anode, load_host_materials())
