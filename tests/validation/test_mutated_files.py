"""Real files, damaged in every way that a copy, a disk or an editor can: a record or a coded error, in bounded time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.realdata

LARGEST = 700_000
LONGEST = 20.0
MEMORY = 2 << 30
RUNNER = Path(__file__).parents[1] / "mutate.py"
FOLDERS = ("cycler", "lithium_symmetric", "impedance")


def small_files(shared_data: Path) -> list[Path]:
    files = [path for folder in FOLDERS for path in sorted((shared_data / folder).rglob("*")) if path.is_file()]
    return [path for path in files if path.stat().st_size < LARGEST]


def mutated_reports(files: list[Path], seed: int, count: int) -> tuple[list[dict[str, Any]], str]:
    """Return what became of each file, and why the program ended early, with the file it was at, if it did."""
    command = [sys.executable, str(RUNNER), str(seed), str(count), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=len(files) * count * 0.5 + 60)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    at = files[len(reports)].name if len(reports) < len(files) else ""
    return reports, f"died at {at}: {done.stderr[-2000:]}" if done.returncode or at else ""


def faults_of(reports: list[dict[str, Any]]) -> list[str]:
    """Return crashes, hangs and swollen memory, each with its file."""
    faults = [f"{report['file']}: {fault}" for report in reports for fault in report["faults"]]
    faults += [f"{report['file']}: {report['longest']:.1f} s" for report in reports if report["longest"] > LONGEST]
    return faults + [f"{report['file']}: {report['peak']} bytes" for report in reports if report["peak"] > MEMORY]


def refused(reports: list[dict[str, Any]]) -> int:
    """Return how many mutations were refused: damage is noticed, or nothing was looked at."""
    return sum(n for report in reports for word, n in report["counts"].items() if word != "read")


def test_a_few_mutations_of_every_small_file(shared_data) -> None:
    files = small_files(shared_data)
    reports, death = mutated_reports(files, seed=0, count=8)
    assert death == ""
    assert faults_of(reports) == []
    assert refused(reports) > 0.2 * 8 * len(files)


@pytest.mark.slow
def test_many_mutations_of_every_small_file(shared_data) -> None:
    files = small_files(shared_data)
    reports, death = mutated_reports(files, seed=1, count=80)
    assert death == ""
    assert faults_of(reports) == []
    assert refused(reports) > 0.2 * 80 * len(files)
