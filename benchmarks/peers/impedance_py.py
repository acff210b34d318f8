"""Makes the peer impedance.py (https://github.com/ECSHackWeek/impedance.py) importable from scripts of this folder."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]


def find_impedance_py() -> bool:
    """Return whether the peer's package `impedance` is installed, and clear its way.

    The folder of benchmarks has an impedance.py of ours, which Python would take for the peer: it leaves the search
    path. Version 1.7.1 imports pandas for its figures without declaring it: where it is missing, an empty module stands
    in.
    """
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != BENCHMARKS]
    if importlib.util.find_spec("impedance") is None:
        return False
    if "pandas" not in sys.modules and importlib.util.find_spec("pandas") is None:
        sys.modules["pandas"] = types.ModuleType("pandas")
    return True
