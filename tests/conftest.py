"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real instrument files, or a skip with its reason."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"the real instrument files are not beside the project ({folder})")
    return folder


@pytest.fixture
def record_property(record_property: Callable[[str, object], None]) -> Callable[[str, object], None]:
    """Write properties down as text: numbers of NumPy do not pass between processes that share the tests."""
    return lambda name, value: record_property(name, str(value))
