"""The only module that imports numba.

The compiled code is cached in a folder named by a hash of the sources that are compiled, because numba's own cache
does not notice that a *called* function in another module has changed and would give a stale answer. The folder lies in
the user's cache, or in a temporary folder where that cannot be written (read-only installation, no home).
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numba.extending
import numpy as np
from numpy.typing import NDArray


def _source_hash() -> str:
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([Path(__file__), root / "constants.py", *root.glob("formulas/*.py"), *root.glob("twin/*.py")]):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    name = f"numba-{_source_hash()}"
    candidates = [Path(tempfile.gettempdir()) / f"lithiate-{os.environ.get('USER', 'user')}" / name]
    home = os.environ.get("XDG_CACHE_HOME")
    with contextlib.suppress(RuntimeError):  # there may be no home folder; the temporary folder serves then
        candidates.insert(0, (Path(home) if home else Path.home() / ".cache") / "lithiate" / name)
    for folder in candidates:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="lithiate-numba-"))


# Set after the import, and in this process alone: numba may have been imported by others before, and a child that
# inherited a changed environment would name its folder anew. A folder that the user chose gets a part of our own.
_config: Any = numba.config  # its attributes are made when it is imported
_chosen = _config.CACHE_DIR
CACHE_FOLDER = Path(_chosen) / f"lithiate-{_source_hash()}" if _chosen else _cache_folder()
"""Where the compiled code of these sources is kept."""
_config.CACHE_DIR = str(CACHE_FOLDER)

Vector = NDArray[np.float64]
"""One-dimensional array of compiled code."""

Matrix = NDArray[np.float64]
"""Two-dimensional array of compiled code."""

Record = Any
"""A record (or an array of records) with named float fields; compiled code reads them as attributes."""

# Compiled code here allocates nothing: its arrays are the caller's, who holds them. Counting references to them (atomic
# operations, at each slice and call) would cost more than the arithmetic does.
_OPTIONS: dict[str, Any] = {
    "_nrt": False, "nogil": True, "error_model": "numpy", "fastmath": False, "no_cfunc_wrapper": True,
}  # fmt: skip

njit = numba.njit(**_OPTIONS)
"""Compile a function: without the interpreter lock, IEEE arithmetic in the order written."""

_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True}
njit_inner = numba.njit(**_INNER)
"""The same for what compiled code alone calls: the entry for the interpreter would be an eighth of the compilation."""

njit_inline = numba.njit(inline="always", **_OPTIONS)
"""The same for what is part of its only caller: compiled with it, not once for itself and again with each caller."""

njit_cached = numba.njit(cache=True, **_OPTIONS)
"""The same for the functions that the interpreter calls: they are kept on disk with all that they call."""


def by_drive(stub: Any, implementations: Callable[[Any], Any]) -> None:  # noqa: ANN401 - compiled functions have no type of their own
    """Let compiled code call `stub`, which does nothing itself, with what belongs to the type of its argument `drive`.

    `implementations` is called with the class of that argument (a NamedTuple) and returns the compiled function; each
    system of equations so gets an integrator of its own from one source.
    """
    parameters = list(inspect.signature(stub).parameters)
    position = parameters.index("drive")
    names = ", ".join(parameters)

    def choose(*types: Any) -> Any:  # noqa: ANN401 - numba's types in, a function out
        found = implementations(types[position].instance_class)
        scope: dict[str, Any] = {"found": found}
        exec(f"def call({names}):\n    return found({names})", scope)  # numba asks for the very names of the stub
        return scope["call"]

    scope: dict[str, Any] = {"choose": choose}
    exec(f"def choosing({names}):\n    return choose({names})", scope)
    options: Any = _INNER
    numba.extending.overload(stub, jit_options=options)(scope["choosing"])
