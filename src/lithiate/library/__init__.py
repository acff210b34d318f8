"""What is known: anodes, materials, electrolytes, separators, published values; each number with its source and status.

``status`` is ``measured`` where the number was read in its source, and ``assumed`` where it was recalled, estimated or
chosen; a computed number has the worst status of its inputs.
"""

from __future__ import annotations

from lithiate.library.anodes import anode_with, load_anode
from lithiate.library.catalogue import SECTIONS, Row, describe, list_names
from lithiate.library.composition import load_composition, load_host_materials
from lithiate.library.materials import load_electrolyte, load_material, load_separator
from lithiate.library.published import PublishedValue, published_values

__all__ = [
    "SECTIONS",
    "PublishedValue",
    "Row",
    "anode_with",
    "describe",
    "list_names",
    "load_anode",
    "load_composition",
    "load_electrolyte",
    "load_host_materials",
    "load_material",
    "load_separator",
    "published_values",
]
