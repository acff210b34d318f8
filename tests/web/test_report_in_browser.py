"""The report in a real browser: it draws, it throws no error, it asks nothing of a network."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lithiate.report import build_report
from lithiate.study.run import run_study

STUDY = """\
schema_version = 1
title = "In the browser"
anodes = ["WN/Mo2N@HCN/Li", "Li foil"]

[[experiments]]
name = "short"
kind = "symmetric-cycling"
current_density = "1 mA/cm^2"
areal_capacity = "1 mAh/cm^2"
cycles = 4
"""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--window-size=1100,3000",
]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> tuple[str, str, Path, int]:
    """The document after its scripts ran, the browser's console, a screenshot, and the number of rows."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium on this machine")
    folder = tmp_path_factory.mktemp("report")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    results = run_study(folder / "study.toml", folder / "out")
    page = build_report(results.folder)
    picture = folder / "page.png"
    places = [f"--user-data-dir={folder / 'profile'}", f"--screenshot={picture}", "--dump-dom", page.as_uri()]
    done = subprocess.run([browser, *FLAGS, *places], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr, picture, len(results.rows)


def test_the_table_has_every_row(shown):
    document, _, _, rows = shown
    assert rows > 10
    assert document.count('<tr class="result">') == rows


def test_the_scripts_ran_without_an_error(shown):
    document, console, _, _ = shown
    assert 'class="uplot' in document
    assert "<canvas" in document
    assert len(re.findall(r"<option", document)) >= 3
    errors = [line for line in console.splitlines() if "CONSOLE" in line]
    assert errors == []


def test_no_address_of_another_machine(shown):
    document = shown[0]
    addresses = re.findall(r"""(?:src|href)=["'](\w+:)?//[^"']*""", document)
    assert addresses == []


def test_a_picture_was_taken(shown):
    assert shown[2].stat().st_size > 50_000
