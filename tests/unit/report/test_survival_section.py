"""Replicate cells in the report: from rows to survival, its tables and its figure."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from lithiate.analysis.survival import compare_survival
from lithiate.analysis.survival_result import SurvivalTime
from lithiate.figures.style import anode_styles, save
from lithiate.figures.survival import plot_survival
from lithiate.report import build_report
from lithiate.report.folder import ExperimentContent
from lithiate.report.survival import experiment_survivals, survival_tables
from lithiate.study.results import ResultRow
from lithiate.study.run import run_study


def row(anode, cell, value=None, bound=None, quantity="hysteresis_onset_time", **changes):
    values = dict.fromkeys(attrs.fields_dict(ResultRow))
    values |= {"anode": anode, "specimen": anode, "cell_id": cell, "experiment": "e", "unit": "h", "warnings": ()}
    values |= {"kind": "symmetric-cycling", "quantity": quantity, "origin": "simulated", "definition": quantity}
    values |= {"measurement": f"{anode} {cell}", "conditions": {}, "value": value}
    if value is None:
        values |= {"interval": (bound, None), "interval_kind": "censoring", "censored": "right"}
        values |= {"censored_by": "end of test"}
    return ResultRow(**(values | changes))


def content(rows):
    return ExperimentContent("e", "symmetric-cycling", tuple(rows), (), (), (), None, {})


def two_anodes(cells):
    early = [row("Li foil", f"cell {k}", 190.0 + k) for k in range(1, cells + 1)]
    return [*early, *(row("HCN/Li", f"cell {k}", bound=1400.0) for k in range(1, cells + 1))]


def test_few_replicates_can_tell_nothing_and_the_report_says_so():
    (table,) = survival_tables([content(two_anodes(3))])
    assert [(g["name"], g["cells"], g["median"]) for g in table["groups"]] == [
        ("Li foil", "3 of 3", "192 h"),
        ("HCN/Li", "0 of 3", "not reached"),
    ]
    assert table["pairs"][0]["p_value"] == table["pairs"][0]["smallest"] == "0.1"
    assert "no evidence that there is none" in table["sentences"][0]
    assert {"LI-W-ANA-080", "LI-W-ANA-083", "LI-W-ANA-084"} == {w["code"] for w in table["warnings"]}


def test_more_replicates_tell_a_difference():
    (table,) = survival_tables([content(two_anodes(6))])
    assert table["groups"][1]["median"] == "> 1400 h"
    assert table["sentences"][0].startswith("Li foil and HCN/Li: they differ: Li foil fails sooner")


def test_one_cell_each_has_no_section_and_origins_are_not_mixed():
    assert survival_tables([content(two_anodes(1))]) == []
    measured = [attrs.evolve(r, origin="measured") for r in two_anodes(2)]
    found = experiment_survivals(content([*two_anodes(2), *measured]))
    assert [survival.origin for survival in found] == ["simulated", "measured"]
    assert all(sum(curve.cells for curve in survival.result.curves) == 4 for survival in found)


def test_the_first_failure_stands_beside_onset_and_short():
    rows = two_anodes(2)
    rows += [row("Li foil", f"cell {k}", 300.0, quantity="time_to_short_circuit") for k in (1, 2)]
    rows += [row("HCN/Li", f"cell {k}", bound=1400.0, quantity="time_to_short_circuit") for k in (1, 2)]
    found = {survival.result.quantity: survival for survival in experiment_survivals(content(rows))}
    assert set(found) == {"hysteresis_onset_time", "time_to_short_circuit", "failure"}
    assert found["failure"].event == "first failure"
    assert found["failure"].result.curves[0].median == pytest.approx(191.0 * 3600.0)


def test_the_interval_of_an_ensemble_is_not_that_of_a_cell():
    rows = [
        row("Li foil", f"cell {k}", 190.0 + k, interval=(50.0, 900.0), interval_kind="posterior") for k in range(1, 13)
    ]
    (survival,) = experiment_survivals(content(rows))
    low, high = survival.result.curves[0].interval
    assert (low, high) == pytest.approx((193.0 * 3600.0, 200.0 * 3600.0), rel=0.02)


def test_cycle_lives_are_counted_in_cycles():
    rows = [row("Li foil", f"cell {k}", 100.0 + k, quantity="cycle_life", unit="cycles") for k in range(1, 4)]
    (table,) = survival_tables([content(rows)])
    assert table["groups"][0]["median"] == "102 cycles"


def test_the_page_has_the_section_where_there_are_replicates(fake_twin, study_file, tmp_path):
    text = study_file.read_text(encoding="utf-8").replace("cycles = 30", "cycles = 30\nreplicates = 2")
    study_file.write_text(text, encoding="utf-8")
    page = build_report(run_study(study_file, tmp_path / "out").folder).read_text(encoding="utf-8")
    assert '<section id="survival">' in page
    assert "How long replicate cells last" in page
    assert "Replicate cells: voltage hysteresis" in page
    assert "Replicate cells: discharge capacity" not in page
    assert page.count('<tr class="survival">') >= 2


def test_the_figure_draws_curves_bands_and_cells_at_risk(tmp_path):
    def times(values):
        return [
            SurvivalTime(
                cell="", time=3600.0 * abs(v), happened=v > 0, earliest=0.0, latest=3600.0 * abs(v), ended_by="x"
            )
            for v in values
        ]

    groups = {"Li foil": times([150, 180, 190, 210, 220, 260]), "HCN/Li": times([280, 330, 350, 390, -400, -400])}
    result = compare_survival(groups, quantity="hysteresis_onset_time", definition="d")
    figure = plot_survival(result, anode_styles(groups))
    (panel,) = figure.axes
    heights = {line.get_label(): line.get_ydata() for line in panel.lines if "(" in str(line.get_label())}
    np.testing.assert_allclose(heights["Li foil (6 of 6)"], np.arange(6, -1, -1) / 6)
    assert heights["HCN/Li (4 of 6)"][-1] == pytest.approx(2 / 6)
    assert panel.get_xlabel() == "Time / h"
    texts = [text.get_text() for text in panel.texts]
    assert texts[:2] == ["Cells observed", "6"]
    assert save(figure, tmp_path / "survival.svg").stat().st_size > 5000
    figure.savefig(tmp_path / "survival.png", dpi=80)
