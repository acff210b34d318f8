"""A laboratory bench for lithium-metal anodes: simulate them, measure them, compare them.

The names below are imported when they are first used (PEP 562), so that ``import lithiate`` costs next to nothing.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lithiate.analysis import analyse
    from lithiate.conversion import convert
    from lithiate.core.anode import Anode
    from lithiate.core.cell import FullCell, PlatingCell, SymmetricCell
    from lithiate.core.estimate import Estimate
    from lithiate.core.experiments import PlatingEfficiency, SymmetricCycling
    from lithiate.core.full_experiments import FullCycling, Rate
    from lithiate.core.measurement import Measurement
    from lithiate.core.protocol import Protocol
    from lithiate.errors import LithiateError
    from lithiate.library import load_anode
    from lithiate.readers import read
    from lithiate.study.run import run_study
    from lithiate.study.spec import load_study
    from lithiate.twin import simulate
    from lithiate.writers import write

__version__ = "0.1.0"

_MODULES = {
    "Anode": "lithiate.core.anode",
    "Estimate": "lithiate.core.estimate",
    "FullCell": "lithiate.core.cell",
    "FullCycling": "lithiate.core.full_experiments",
    "LithiateError": "lithiate.errors",
    "Measurement": "lithiate.core.measurement",
    "PlatingCell": "lithiate.core.cell",
    "PlatingEfficiency": "lithiate.core.experiments",
    "Protocol": "lithiate.core.protocol",
    "Rate": "lithiate.core.full_experiments",
    "SymmetricCell": "lithiate.core.cell",
    "SymmetricCycling": "lithiate.core.experiments",
    "analyse": "lithiate.analysis",
    "convert": "lithiate.conversion",
    "load_anode": "lithiate.library",
    "load_study": "lithiate.study.spec",
    "read": "lithiate.readers",
    "run_study": "lithiate.study.run",
    "simulate": "lithiate.twin",
    "write": "lithiate.writers",
}

__all__ = [
    "Anode",
    "Estimate",
    "FullCell",
    "FullCycling",
    "LithiateError",
    "Measurement",
    "PlatingCell",
    "PlatingEfficiency",
    "Protocol",
    "Rate",
    "SymmetricCell",
    "SymmetricCycling",
    "__version__",
    "analyse",
    "convert",
    "load_anode",
    "load_study",
    "read",
    "run_study",
    "simulate",
    "write",
]


# A library does not decide where its log goes; the command line does.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562: any of the names above
    if name == "experiments":
        return importlib.import_module("lithiate.experiments")
    if name not in _MODULES:
        raise AttributeError(f"module 'lithiate' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
