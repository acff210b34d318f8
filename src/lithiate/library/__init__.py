"""What is known: anodes, cathodes, materials, substrates, electrolytes, separators, published values, all with sources.

``status`` is ``measured`` where the number was read in its source, and ``assumed`` where it was recalled, estimated or
chosen; a computed number has the worst status of its inputs.
"""

from __future__ import annotations

from lithiate.library.anodes import anode_with, load_anode
from lithiate.library.catalogue import SECTIONS, Row, describe, list_names
from lithiate.library.cathodes import load_cathode, window_stoichiometries
from lithiate.library.composition import (
    infusion_parameters,
    load_composition,
    load_host_materials,
    load_infusion,
    load_sites,
    without_lithium,
)
from lithiate.library.electrolytes import load_electrolyte
from lithiate.library.materials import load_material, load_melt, load_separator, load_substrate
from lithiate.library.published import PublishedValue, published_values

__all__ = [
    "SECTIONS",
    "PublishedValue",
    "Row",
    "anode_with",
    "describe",
    "infusion_parameters",
    "list_names",
    "load_anode",
    "load_cathode",
    "load_composition",
    "load_electrolyte",
    "load_host_materials",
    "load_infusion",
    "load_material",
    "load_melt",
    "load_separator",
    "load_sites",
    "load_substrate",
    "published_values",
    "window_stoichiometries",
    "without_lithium",
]
