"""Real files, damaged in every way that a copy, a disk or an editor can: a record or a coded error, in bounded time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.realdata

LARGEST = 700_000
LONGEST = 20.0
MEMORY = 2 << 30
RUNNER = Path(__file__).parents[1] / "mutate.py"
FOLDERS = ("cycler", "lithium_symmetric", "impedance/vendors")


def small_files(shared_data: Path) -> list[Path]:
    files = [path for folder in FOLDERS for path in sorted((shared_data / folder).rglob("*")) if path.is_file()]
    return [path for path in files if path.stat().st_size < LARGEST]


def check(shared_data: Path, seed: int, count: int) -> None:
    """No crash, no hang, no memory blow-up; a run that dies or hangs shows which file it was at."""
    files = small_files(shared_data)
    command = [sys.executable, str(RUNNER), str(seed), str(count), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=len(files) * count * 0.5 + 60)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    at = files[len(reports)].name if len(reports) < len(files) else ""
    assert done.returncode == 0, f"died at {at}: {done.stderr[-2000:]}"
    faults = [f"{report['file']}: {fault}" for report in reports for fault in report["faults"]]
    assert faults == []
    slow = {report["file"]: report["longest"] for report in reports if report["longest"] > LONGEST}
    assert slow == {}
    assert max(report["peak"] for report in reports) < MEMORY
    # Damage is noticed: of all mutations a good part must be refused, or nothing was looked at.
    refused = sum(n for report in reports for word, n in report["counts"].items() if word != "read")
    assert refused > 0.2 * count * len(files)


def test_a_few_mutations_of_every_small_file(shared_data) -> None:
    check(shared_data, seed=0, count=8)


@pytest.mark.slow
def test_many_mutations_of_every_small_file(shared_data) -> None:
    check(shared_data, seed=1, count=80)
