"""Fixtures that every test may use."""

from __future__ import annotations

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
