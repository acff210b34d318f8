"""The reference study, whole: what it was set with comes out, and what it says is complete and finite."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from lithiate.report import build_report
from lithiate.study.run import run_study

STUDY = Path(__file__).resolve().parents[2] / "studies" / "ding2022.toml"
ANODES = ("WN/Mo2N@HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "HCN/Li", "Li foil")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("reference") / "out"
    run_study(STUDY, out)
    return out


@pytest.fixture(scope="module")
def rows(folder):
    return json.loads((folder / "results.json").read_text("utf-8"))["results"]


def value(rows, anode, quantity):
    """Return the row of an anode: of the early level where there is a late one too."""
    found = [r for r in rows if r["anode"] == anode and r["quantity"] == quantity and "cycle" not in r["conditions"]]
    return next(r for r in found if r["kind"] != "nucleation" or quantity == "nucleation_overpotential")


@pytest.mark.slow
def test_what_the_parameters_were_set_with_comes_out(rows):
    """16 mV, 600 h and 700 h, each within what reading them off leaves open. This is no evidence for the twin."""
    assert value(rows, "WN/Mo2N@HCN/Li", "voltage_hysteresis")["value"] == pytest.approx(16.0, abs=1.0)
    assert value(rows, "WN@HCN/Li", "hysteresis_onset_time")["value"] == pytest.approx(600.0, rel=0.15)
    assert value(rows, "Mo2N@HCN/Li", "hysteresis_onset_time")["value"] == pytest.approx(700.0, rel=0.15)


@pytest.mark.slow
def test_checks_of_the_paper(rows):
    """What no parameter was moved towards: the composite outlasts 1400 h; foil rises first, then the bare host."""
    assert value(rows, "WN/Mo2N@HCN/Li", "hysteresis_onset_time")["censored"] == "right"
    foil, carbon, tungsten = (
        value(rows, anode, "hysteresis_onset_time")["value"] for anode in ("Li foil", "HCN/Li", "WN@HCN/Li")
    )
    assert foil < carbon < tungsten
    nucleation = [value(rows, anode, "nucleation_overpotential")["value"] for anode in ANODES]
    composite, tungsten, molybdenum, carbon, foil = nucleation
    assert composite == pytest.approx(molybdenum, rel=0.1)
    assert max(composite, molybdenum) < min(tungsten, carbon, foil)


@pytest.mark.slow
def test_results_are_complete_and_finite(folder, rows):
    assert set(ANODES) <= {r["anode"] for r in rows}
    for row in rows:
        numbers = [
            row["value"],
            row["uncertainty"],
            row["median"],
            *(row["interval"] or []),
            *(row["interval_80"] or []),
        ]
        assert all(number is None or math.isfinite(number) for number in numbers)
        assert row["definition"]
        assert row["unit"]
    page = build_report(folder).read_text("utf-8")
    assert all(anode in page for anode in ANODES)
