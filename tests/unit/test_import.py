"""Importing lithiate costs next to nothing, and its names are all there."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import lithiate

HEAVY = ("matplotlib", "numba", "pint", "polars", "pydantic", "fastnda", "jinja2", "rich", "scipy", "numpy", "attrs")
HEAVY_FOR_HELP = ("matplotlib", "numba", "pint", "polars", "pydantic", "fastnda", "jinja2", "numpy")


def loaded_after(code: str, names: tuple[str, ...]) -> str:
    script = f"import sys\n{code}\nprint(*[name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_import_loads_nothing_heavy():
    assert loaded_after("import lithiate", HEAVY) == ""


def test_help_loads_nothing_heavy():
    code = (
        "import contextlib, io\nfrom lithiate.cli import main\nsys.argv = ['lithiate', '--help']\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n    main()"
    )
    assert loaded_after(code, HEAVY_FOR_HELP) == ""


@pytest.mark.parametrize("name", lithiate.__all__)
def test_every_name_is_there(name):
    assert getattr(lithiate, name) is not None
    assert name in dir(lithiate)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'analyze'"):
        lithiate.analyze  # noqa: B018 - the access is the test


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert lithiate.__version__ == project["project"]["version"]


def test_experiments():
    from lithiate.experiments import Nucleation, SymmetricCycling

    assert (SymmetricCycling.kind, Nucleation.kind) == ("symmetric-cycling", "nucleation")


def test_building_a_report_loads_no_twin():
    assert loaded_after("import lithiate.report", ("numba", "lithiate.twin", "pydantic")) == ""
