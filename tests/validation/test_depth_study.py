"""The deep study, whole: every kind gives its numbers, nothing fails, and trends that physics demands are there."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from lithiate.core.techniques import KINDS
from lithiate.report import build_report
from lithiate.study.ablation import load_ablation
from lithiate.study.estimates import KIND_QUANTITIES
from lithiate.study.run import run_study

STUDY = Path(__file__).resolve().parents[2] / "studies" / "lithium_depth.toml"
WITHOUT_CATHODE = set(KINDS) - {"full-cycling", "rate", "anode-free"}
"""The kinds of this study; those of full cells are in studies/full_cells.toml and studies/ding2022.toml."""
ANODES = ("WN/Mo2N@HCN/Li", "Li foil")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run_study(STUDY, tmp_path_factory.mktemp("depth") / "out")


@pytest.mark.slow
def test_every_kind_gives_its_numbers(results):
    assert results.failures == ()
    assert {row.kind for row in results.rows} == WITHOUT_CATHODE
    for kind in WITHOUT_CATHODE:
        for anode in ANODES:
            found = {row.quantity for row in results.select(kind=kind, anode=anode)}
            assert found & set(KIND_QUANTITIES[kind]), f"{kind}, {anode}"
    for row in results.rows:
        assert all(number is None or math.isfinite(number) for number in (row.value, *(row.interval or ())))


@pytest.mark.slow
@pytest.mark.parametrize("anode", ANODES)
def test_trends_that_physics_demands(results, anode):
    """More current and less heat cost more voltage; spectra shrink with temperature (Arrhenius)."""
    steps = results.select(experiment="stepped current", anode=anode, quantity="voltage_hysteresis")
    levels = [row.value for row in steps]
    assert len(levels) >= 3
    assert levels == sorted(levels)
    cold, hot = (
        next(row.value for row in results.select(experiment=name, anode=anode, quantity="voltage_hysteresis"))
        for name in ("0 degC", "60 degC")
    )
    assert cold > hot
    series = results.select(kind="impedance-temperature", anode=anode, quantity="interfacial_resistance")
    resistances = [row.value for row in sorted(series, key=lambda row: row.conditions["temperature"])]
    assert resistances == sorted(resistances, reverse=True)


@pytest.mark.slow
def test_the_ablation_and_the_report_are_complete(results):
    ablation = load_ablation(results.folder)
    assert ablation.failures == ()
    assert {row.anode for row in ablation.rows} == set(ANODES)
    sites = next(
        row
        for row in ablation.rows
        if (row.anode, row.name, row.quantity) == (ANODES[0], "lithiophilic_sites", "hysteresis_onset_time")
    )
    # The composite outlives the test; without its sites it does not.
    assert sites.nominal is None
    assert sites.changed is not None
    page = build_report(results.folder).read_text("utf-8")
    assert page.count("<figure>") >= len({row.experiment for row in results.rows})
