"""Ablation: which changes are run, what comes of them, and that they stay apart from the results."""

from __future__ import annotations

import json

import polars
import pytest

from lithiate.errors import SpecError
from lithiate.report import build_report
from lithiate.report.ablation import ablation_panels, ablation_tables, change_text, is_notable
from lithiate.study.ablation import AblationResults, AblationRow, load_ablation
from lithiate.study.changes import all_changes
from lithiate.study.plan import plan_tasks
from lithiate.study.run import run_study
from lithiate.study.spec import load_study
from lithiate.twin.closures import CLOSURES, MECHANISMS

ABLATION = '[ablation]\nexperiments = ["symmetric 1 mA"]\nanodes = ["Li foil"]\n\n'


@pytest.fixture
def ablation_file(study_file):
    text = study_file.read_text(encoding="utf-8").replace("[[experiments]]", ABLATION + "[[experiments]]", 1)
    study_file.write_text(text, encoding="utf-8")
    return study_file


def row(**changes) -> AblationRow:
    values = {"experiment": "e", "anode": "a", "kind": "symmetric-cycling", "change": "mechanism", "name": "pitting"}
    values |= {"alternative": None, "label": "without pitting", "meaning": "m", "quantity": "hysteresis_onset_time"}
    values |= {"unit": "h", "conditions": {}} | dict.fromkeys(
        ("nominal", "nominal_bound", "changed", "changed_bound", "difference", "ratio")
    )
    return AblationRow(**(values | changes))


def test_every_mechanism_and_every_other_closure_is_a_change_once():
    changes = all_changes({}, ())
    assert [c.name for c in changes if c.kind == "mechanism"] == list(MECHANISMS)
    assert sum(c.kind == "closure" for c in changes) == sum(len(a) - 1 for a in CLOSURES.values())
    fewer = all_changes({"sei_growth": "reaction-limited"}, ("pitting",))
    assert "pitting" not in {c.name for c in fewer}
    assert [c.alternative for c in fewer if c.name == "sei_growth"] == ["transport-limited"]
    assert len(fewer) == len(changes) - 1


def test_changes_run_with_the_seed_and_the_choices_of_the_nominal_cell(ablation_file):
    text = ablation_file.read_text(encoding="utf-8")
    ablation_file.write_text(text.replace("[ablation]", 'disabled_mechanisms = ["pitting"]\n\n[ablation]'), "utf-8")
    tasks = plan_tasks(load_study(ablation_file))
    changed = [task for task in tasks if task.change is not None]
    nominal = next(t for t in tasks if t.nominal and t.anode == "Li foil" and t.experiment == "symmetric 1 mA")
    assert len(changed) == len(all_changes({}, ("pitting",)))
    assert {(task.anode, task.experiment, task.seed) for task in changed} == {
        ("Li foil", "symmetric 1 mA", nominal.seed)
    }
    assert all(task.disabled_mechanisms[0] == "pitting" for task in changed)
    assert len({(task.disabled_mechanisms, tuple(task.closures.items())) for task in changed}) == len(changed)
    assert not any(task.nominal for task in changed)


def test_an_ablation_leaves_its_own_files_and_the_results_as_they_are(fake_twin, ablation_file, tmp_path):
    with_ablation = run_study(ablation_file, tmp_path / "with")
    ablation_file.write_text(ablation_file.read_text(encoding="utf-8").replace(ABLATION, ""), encoding="utf-8")
    without = run_study(ablation_file, tmp_path / "without")
    assert with_ablation.to_dict() == without.to_dict()
    assert load_ablation(tmp_path / "without") is None
    found = load_ablation(tmp_path / "with")
    content = json.loads((tmp_path / "with" / "ablation.json").read_text(encoding="utf-8"))
    assert content["schema_version"] == 1
    assert len(content["changes"]) == len(found.rows)
    frame = polars.read_parquet(tmp_path / "with" / "ablation.parquet")
    assert frame["label"].to_list() == [r.label for r in found.rows]
    assert {(r.experiment, r.anode) for r in found.rows} == {("symmetric 1 mA", "Li foil")}
    early = [r for r in found.rows if r.quantity == "voltage_hysteresis" and "cycle" not in r.conditions]
    # The stand-in knows no mechanisms: nothing may change.
    assert all(r.nominal == pytest.approx(40.0) for r in early)
    assert {(r.changed - r.nominal, r.difference, r.ratio) for r in early} == {(0.0, 0.0, 0.0)}
    onset = next(r for r in found.rows if r.quantity == "hysteresis_onset_time")
    assert (onset.nominal, onset.nominal_bound, onset.changed_bound) == (None, pytest.approx(60), pytest.approx(60))
    page = build_report(tmp_path / "with").read_text(encoding="utf-8")
    assert "What each mechanism is worth" in page
    assert "What each mechanism is worth" not in build_report(tmp_path / "without").read_text(encoding="utf-8")


def test_a_second_run_forgets_an_ablation(fake_twin, ablation_file, tmp_path):
    run_study(ablation_file, tmp_path / "out")
    ablation_file.write_text(ablation_file.read_text(encoding="utf-8").replace(ABLATION, ""), encoding="utf-8")
    run_study(ablation_file, tmp_path / "out")
    assert not (tmp_path / "out" / "ablation.json").exists()


def test_a_damaged_ablation_is_refused(tmp_path):
    (tmp_path / "ablation.json").write_text('{"schema_version": 2}', encoding="utf-8")
    with pytest.raises(SpecError, match="LI-SPEC-002"):
        load_ablation(tmp_path)


@pytest.mark.parametrize(
    ("changes", "notable", "text"),
    [
        ({"nominal": 600.0, "changed": 300.0, "difference": -300.0, "ratio": -0.5}, True, "-300 h (-50 %)"),
        ({"nominal": 600.0, "changed": 601.0, "difference": 1.0, "ratio": 1 / 600}, False, "+1 h (0 %)"),
        ({"nominal_bound": 1400.0, "changed": 620.0}, True, "< -780 h"),
        ({"nominal": 600.0, "changed_bound": 1400.0}, True, "> +800 h"),
        ({"nominal_bound": 1400.0, "changed_bound": 1400.0}, False, "–"),
        ({"nominal_bound": 1400.0, "changed_bound": 300.0}, True, "both tests ended before it"),
        ({"unit": "mV", "nominal": 16.0, "changed": 20.0, "difference": 4.0, "ratio": 0.25}, True, "+25 %"),
        ({"unit": "mV", "nominal": 16.0}, True, "–"),
    ],
)
def test_changes_in_words(changes, notable, text):
    assert (is_notable(row(**changes)), change_text(row(**changes))) == (notable, text)


def test_the_table_lists_what_moves_and_names_what_does_not():
    moved = row(nominal_bound=1400.0, changed=620.0)
    idle = row(label="without roughness", name="roughness", nominal_bound=1400.0, changed_bound=1400.0)
    (table,) = ablation_tables(AblationResults("s", "0", (moved, idle)))
    assert table["idle"] == ["without roughness"]
    ((group,), (line,)) = table["groups"], table["groups"][0]["lines"]
    assert (group["label"], line["nominal"], line["changed"]) == ("without pitting", "> 1400 h", "620 h")
    ((_, _, ((name, bars),)),) = ablation_panels(AblationResults("s", "0", (moved, idle)))
    assert name == "hysteresis onset time"
    assert [(bar.label, bar.percent, bar.text) for bar in bars] == [("without pitting", None, "< -780 h")]
