"""What lets benchmarks import their peers."""

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def peer():
    specification = importlib.util.spec_from_file_location("impedance_py", BENCHMARKS / "peers/impedance_py.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("installed", "found", "stands_in"),
    [((), False, False), (("impedance",), True, True), (("impedance", "pandas"), True, False)],
)
def test_pandas_is_stood_in_for_only_where_the_peer_lacks_it(peer, monkeypatch, installed, found, stands_in):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if name in installed else None)
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), "elsewhere"])
    monkeypatch.setitem(sys.modules, "pandas", None)
    del sys.modules["pandas"]
    assert peer.find_impedance_py() is found
    assert ("pandas" in sys.modules) is stands_in
    assert sys.path == ["elsewhere"]
