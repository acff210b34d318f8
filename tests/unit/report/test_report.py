"""The report: it needs nothing but its folder, mixes nothing, and reads well when there is little to say."""

from __future__ import annotations

import re

import attrs
import pytest

from lithiate.errors import SpecError
from lithiate.report import build_report
from lithiate.report.compare import compare, judge
from lithiate.report.content import summary_sentences
from lithiate.report.wording import interval_text, number, pretty_unit, quantity_text, value_text
from lithiate.study.results import ResultRow
from lithiate.study.run import run_study


def row(**changes) -> ResultRow:
    values = dict.fromkeys(attrs.fields_dict(ResultRow))
    values |= {"anode": "Li foil", "specimen": "Li foil", "cell_id": "cell 1", "experiment": "e", "unit": "h"}
    values |= {"kind": "symmetric-cycling", "quantity": "hysteresis_onset_time", "origin": "simulated"}
    values |= {"role": "predicted", "definition": "d", "conditions": {}, "warnings": ()}
    return ResultRow(**(values | changes))


def test_cells_that_ended_in_different_cycles_are_compared_at_one_they_share():
    def at(anode, cycle, value):
        words = {"kind": "full-cycling", "quantity": "capacity_retention", "unit": "1", "experiment": "e"}
        return row(anode=anode, specimen=anode, value=value, conditions={"cycle": float(cycle)}, **words)

    rows = [at("a", 50, 0.99), at("a", 400, 0.6), at("b", 50, 0.97), at("b", 66, 0.96)]
    (sentence,) = summary_sentences(rows)
    assert sentence == (
        "e (simulated): the capacity retention, cycle 50 is lowest for b (0.97) and highest for a (0.99)."
    )


@pytest.fixture
def page(fake_twin, study_file, tmp_path):
    return build_report(run_study(study_file, tmp_path / "out").folder).read_text(encoding="utf-8")


def test_the_page_asks_nothing_of_a_network(page):
    # The plotting library names its home page in a comment; nothing is loaded from there.
    loads = re.findall(r"""(?:src|href|srcset|action)\s*=\s*["']?([^"'\s>]+)|url\(([^)]*)\)|@import""", page)
    targets = [a or b for a, b in loads]
    assert targets
    assert all(target.startswith(("data:", "#")) for target in targets)
    assert "default-src 'none'" in page
    assert page.count("<script") == 3


def test_every_row_and_figure_is_there(page, tmp_path):
    from lithiate.study.results import load_results

    assert page.count('<tr class="result">') == len(load_results(tmp_path / "out").rows)
    figures = sorted(path.name.rsplit("-", 2)[-1] for path in (tmp_path / "out" / "figures").iterdir())
    assert len(figures) == 4
    assert page.count("<figure>") == 4


def test_a_report_is_the_same_each_time(page, tmp_path):
    assert build_report(tmp_path / "out").read_text(encoding="utf-8") == page


def test_intervals_and_provenance_are_explained(page):
    for words in ("prior ensemble, no posterior", "With 3 members", "seed 3", "study.lock.toml", "no measured cells"):
        assert words in page


def test_names_are_escaped(fake_twin, study_file, tmp_path):
    text = study_file.read_text(encoding="utf-8").replace('"Stand-in"', '"<script>alert(1)</script>"')
    text = text.replace('name = "symmetric 1 mA"', 'name = "</script><b>"')
    study_file.write_text(text, encoding="utf-8")
    page = build_report(run_study(study_file, tmp_path / "out").folder).read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "</script><b>" not in page


def test_without_an_ensemble_the_page_says_so(fake_twin, study_file, tmp_path):
    text = study_file.read_text(encoding="utf-8").replace("ensemble_size = 3\n", "").replace("published =", "# ")
    study_file.write_text(text, encoding="utf-8")
    page = build_report(run_study(study_file, tmp_path / "out").folder).read_text(encoding="utf-8")
    assert "asked for no ensemble" in page
    assert "There is nothing to compare with" in page


def test_when_everything_failed_the_page_says_so(fake_twin, study_file, tmp_path):
    fake_twin.failing |= {(a, k) for a in ("Li foil", "WN/Mo2N@HCN/Li") for k in ("symmetric-cycling", "nucleation")}
    page = build_report(run_study(study_file, tmp_path / "out").folder).read_text(encoding="utf-8")
    assert "every one of its tasks failed" in page
    assert "There are no results." in page
    assert "LI-TWIN-002" in page


def test_a_folder_without_results(tmp_path):
    with pytest.raises(SpecError, match=r"results\.json"):
        build_report(tmp_path)


def test_a_folder_that_lost_a_file(fake_twin, study_file, tmp_path):
    folder = run_study(study_file, tmp_path / "out").folder
    (folder / "hysteresis.parquet").unlink()
    with pytest.raises(SpecError, match="LI-SPEC-003"):
        build_report(folder)


@pytest.mark.parametrize(
    ("interval", "kind", "value", "at_least", "verdict"),
    [
        ((500.0, 700.0), "posterior", 600.0, None, "inside interval"),
        ((500.0, 700.0), "posterior", 500.0, None, "inside interval"),
        ((500.0, 700.0), "posterior", 800.0, None, "outside"),
        ((500.0, None), "posterior", 800.0, None, "inside interval"),
        ((500.0, None), "posterior", 400.0, None, "outside"),
        ((1400.0, None), "censoring", 700.0, None, "outside"),
        ((60.0, None), "censoring", 700.0, None, "not comparable"),
        ((1400.0, None), "censoring", None, 1400.0, "inside interval"),
        ((60.0, None), "censoring", None, 1400.0, "not comparable"),
        ((500.0, 700.0), "posterior", None, 1400.0, "outside"),
        ((500.0, 1500.0), "posterior", None, 1400.0, "inside interval"),
        ((500.0, 700.0), "sampling", 600.0, None, "not comparable"),
        (None, None, 600.0, None, "not comparable"),
        ((500.0, 700.0), "posterior", None, None, "not comparable"),
    ],
)
def test_verdicts(interval, kind, value, at_least, verdict):
    assert judge(row(interval=interval, interval_kind=kind), value, at_least, "h")[0] == verdict


def test_verdicts_convert_units():
    assert judge(row(interval=(1.0, 3.0), interval_kind="posterior"), 7200.0, None, "s")[0] == "inside interval"
    assert judge(row(interval=(1.0, 3.0), interval_kind="posterior"), 2.0, None, "mV")[0] == "not comparable"


def test_a_resistance_in_ohm_is_taken_per_area_of_the_simulated_cell_and_says_so():
    # 41.21 ohm on 1.13 cm2 are 46.57 ohm cm2.
    words = {"quantity": "charge_transfer_resistance", "unit": "ohm cm^2", "interval_kind": "posterior"}
    inside = row(interval=(46.0, 47.0), conditions={"area": 1.13e-4}, **words)
    verdict, reason = judge(inside, 41.21, None, "ohm")
    assert verdict == "inside interval"
    assert reason == "per area of the simulated cell, 1.13 cm²: the publication has none"
    assert judge(row(interval=(40.0, 42.0), conditions={"area": 1.13e-4}, **words), 41.21, None, "ohm")[0] == "outside"
    assert judge(row(interval=(40.0, 42.0), **words), 41.21, None, "ohm")[0] == "not comparable"


def test_roles_are_not_mixed():
    used = {
        "anodes": [{"name": "WN/Mo2N@HCN/Li", "changed": False}, {"name": "WN@HCN/Li", "changed": False}],
        "experiments": [{"name": "e", "published": "symmetric 1 mA/cm2, 1 mAh/cm2, ether"}],
    }
    rows = [
        row(anode="WN/Mo2N@HCN/Li", interval=(1500.0, None), interval_kind="censoring", censored="right"),
        row(anode="WN@HCN/Li", interval=(500.0, 650.0), interval_kind="posterior", value=550.0),
    ]
    lines = {line.anode: line for line in compare(rows, used) if line.quantity == "hysteresis onset time"}
    assert lines["WN/Mo2N@HCN/Li"].role == "check"
    assert lines["WN/Mo2N@HCN/Li"].reference == "≥ 1400 h"
    assert lines["WN@HCN/Li"].role == "calibrated"
    used["anodes"][1]["changed"] = True
    assert "WN@HCN/Li" not in {line.anode for line in compare(rows, used)}


def test_measured_cells_are_references():
    rows = [
        row(value=100.0, interval=(90.0, 110.0), interval_kind="posterior"),
        row(value=120.0, origin="measured", role=None, cell_id="cell7"),
    ]
    (line,) = compare(rows, {})
    assert (line.role, line.verdict, line.reference) == ("measured", "outside", "120 h (cell7)")


def test_sentences_of_censored_cells():
    (text,) = summary_sentences([row(interval=(60.0, None), interval_kind="censoring", censored="right")])
    assert (
        text == "e (simulated): no cell showed a lasting rise of its voltage before its test ended (at 60 h or later)."
    )


def test_spectra_are_told_one_by_one_and_like_values_are_not_ordered():
    def spectrum(anode, cycle, value):
        words = {"kind": "impedance", "quantity": "interfacial_resistance", "unit": "ohm cm^2", "specimen": anode}
        return row(anode=anode, value=value, conditions={"cycle": cycle}, **words)

    rows = [spectrum("a", 0.0, 75.3), spectrum("a", 10.0, 8.0), spectrum("b", 0.0, 75.4), spectrum("b", 10.0, 20.0)]
    fresh, cycled = summary_sentences(rows)
    assert fresh.endswith("interfacial resistance, fresh is alike in all cells, 75.3 ohm cm² to 75.4 ohm cm².")
    assert "after 10 cycles is lowest for a (8 ohm cm²) and highest for b (20 ohm cm²)" in cycled


def test_rows_of_one_quantity_say_which_they_are():
    def words(**changes):
        return quantity_text(row(quantity="voltage_hysteresis", **changes))

    assert words(kind="critical-current", conditions={"current_density": 20.0, "first_cycle": 1.0}).endswith(
        ", at 2 mA/cm²"
    )
    assert words(conditions={"first_cycle": 5.0, "last_cycle": 24.0}) == "voltage hysteresis, cycles 5–24"
    assert words(kind="impedance", conditions={"cycle": 1.0}) == "voltage hysteresis, after 1 cycle"
    assert words(kind="impedance-temperature", conditions={"temperature": 273.15}).endswith(", at 0 °C")
    assert words(conditions={"method": "reservoir", "conditioning_included": 1.0}).endswith(
        "(reservoir, conditioning included)"
    )


def test_numbers_and_intervals_in_words():
    assert number(None) == "–"
    assert number(1400.0) == "1400"
    assert number(123456.0) == "123500"
    assert number(0.0003089620) == "3.090e-04"
    assert interval_text((46.77, None)) == "> 46.77"
    assert interval_text((None, None)) == "–"
    assert interval_text((1.0, 2.0)) == "1 … 2"
    assert pretty_unit("uL/cm^2") == "µL/cm²"
    assert pretty_unit("mAh/cm^2") == "mAh/cm²"
    assert pretty_unit("1") == ""
    bound = row(interval=(46.0, None), censored="right", conditions={"censored_at": 364 * 3600.0})
    assert value_text(bound) == "> 364 h"
