"""Studies of full cells with a stand-in for the twin: rows, roles, bands, comparison, figures."""

from __future__ import annotations

import attrs
import numpy as np
import polars
import pytest

from lithiate.errors import ReadError
from lithiate.report import build_report
from lithiate.report.ablation import is_notable
from lithiate.report.compare import compare
from lithiate.report.fade import fade_splits, fade_tables
from lithiate.report.folder import read_folder
from lithiate.study.ablation import AblationRow
from lithiate.study.cycle_tables import load_cycle_table
from lithiate.study.run import run_study

STUDY = """\
schema_version = 1
title = "Stand-in"
seed = 3
anodes = ["WN/Mo2N@HCN/Li", "Li foil"]
ensemble_size = 4

[[experiments]]
name = "cycling"
kind = "full-cycling"
cycles = 60
published = "full cell NCM811, carbonate, standard"

[[experiments]]
name = "rate"
kind = "rate"
c_rates = [0.2, 1, 10, 0.2]
cycles_per_rate = 3
published = "rate, NCM811, carbonate"

[[experiments]]
name = "drive"
kind = "protocol"
cell = "full"
steps = [{ profile = "drive.csv", repeat = 5 }]
anodes = ["Li foil"]
"""


@pytest.fixture(scope="module")
def results(fake_twin_of_module, tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    (folder / "drive.csv").write_text("Time / s,C-rate\n0,-1\n10,1\n20,0\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return run_study(folder / "study.toml", folder / "out")


def values(results, experiment, quantity, name, anode="WN/Mo2N@HCN/Li"):
    """Return the values of a quantity by one of its conditions."""
    rows = results.select(experiment=experiment, quantity=quantity, anode=anode)
    return {row.conditions[name]: row.value for row in rows if name in row.conditions}


def test_rows_of_cycling_are_those_of_their_cycles(results):
    # The stand-in discharges 180 mAh/g at first, 0.1 % of it less in each cycle, and takes in 1 % more.
    assert not results.failures
    assert values(results, "cycling", "specific_capacity", "cycle") == pytest.approx(
        {1.0: 180.0, 50.0: 180.0 * 0.951, 60.0: 180.0 * 0.941}, rel=1e-6
    )
    assert values(results, "cycling", "capacity_retention", "cycle") == pytest.approx({50.0: 0.951, 60.0: 0.941})
    assert values(results, "cycling", "coulombic_efficiency", "first_cycle") == pytest.approx({2.0: 0.99}, rel=1e-4)
    (life,) = results.select(experiment="cycling", quantity="cycle_life", anode="Li foil")
    assert (life.value, life.censored) == (None, "right")
    assert results.select(experiment="cycling", quantity="dead_lithium")


def test_rows_of_a_rate_test_are_those_of_its_runs(results):
    # The median of a run leaves its first cycle out: cycles 2 and 3 of the first run. A millisecond at 10 C is 3e-6.
    found = values(results, "rate", "specific_capacity", "rate_order")
    assert found == pytest.approx({n: 180.0 * (1.0 - 1e-3 * (3 * n - 1.5)) for n in (1, 2, 3, 4)}, rel=1e-5)
    rates = values(results, "rate", "specific_capacity", "rate_order")
    rows = results.select(experiment="rate", quantity="specific_capacity", anode="Li foil")
    assert [row.conditions["c_rate"] for row in rows] == pytest.approx([0.2, 1.0, 10.0, 0.2])
    assert len(rates) == len(rows) == 4
    assert len(results.select(experiment="rate", quantity="coulombic_efficiency", anode="Li foil")) == 1


def test_only_what_was_published_under_the_same_conditions_counts_as_calibrated(results):
    rows = [row for row in results.rows if row.role == "calibrated"]
    found = {(row.experiment, row.anode, row.quantity, row.conditions.get("cycle")) for row in rows}
    cells = "WN/Mo2N@HCN/Li"
    assert found == {
        ("cycling", cells, "specific_capacity", 1.0),
        ("rate", cells, "specific_capacity", None),
    }
    assert [row.conditions["rate_order"] for row in rows if row.experiment == "rate"] == [1.0, 2.0, 3.0]


def test_members_that_ended_are_told(results):
    rows = results.select(experiment="cycling", quantity="capacity_retention", anode="Li foil")
    assert [row.conditions["cycle"] for row in rows] == [50.0, 60.0]
    for row in rows:
        (text,) = (w for w in row.warnings if w.startswith("LI-W-STUDY-006"))
        assert "of 4 members have no cycle" in text
    first = next(r for r in results.select(quantity="specific_capacity") if r.conditions.get("cycle") == 1.0)
    assert not any(w.startswith("LI-W-STUDY-006") for w in first.warnings)


def test_curves_hold_every_cycle_and_the_band(results):
    frame = polars.read_parquet(results.folder / "capacity.parquet")
    cell = frame.filter(experiment="cycling", anode="Li foil", series="cell")
    assert cell["cycle"].to_list() == list(range(1, 61))
    assert cell["specific_capacity"][0] == pytest.approx(180.0 * 3600.0, rel=1e-6)
    assert set(frame.filter(experiment="cycling")["series"]) == {"cell", "low", "median", "high"}


def test_a_current_profile_has_no_cycles(results):
    rows = results.select(experiment="drive")
    assert {row.quantity for row in rows} == {"dead_lithium", "electrolyte_left"}
    assert all("a current profile has no half cycles" in " ".join(row.warnings) for row in rows)


def test_published_values_stand_beside_the_rows_of_their_cycle_and_rate(results):
    content = read_folder(results.folder)
    lines = compare(results.rows, content.used)
    beside = {(line.experiment, line.anode, line.quantity): line for line in lines}
    rates = [key for key in beside if key[0] == "rate"]
    assert [key[2] for key in rates] == [
        "specific capacity, at 0.2 C, run 1",
        "specific capacity, at 1 C, run 2",
        "specific capacity, at 10 C, run 3",
    ]
    assert beside[rates[0]].reference == "203.2 mAh/g"
    # The stand-in ran 60 of the 400 cycles that were published.
    late = beside["cycling", "Li foil", "capacity retention, cycle 400"]
    assert (late.verdict, late.reason) == ("not comparable", "the simulated test has no such value")


def test_the_report_draws_full_cells(results):
    page = build_report(results.folder).read_text(encoding="utf-8")
    figures = {path.name.rsplit("-", 1)[-1] for path in (results.folder / "figures").iterdir()}
    assert {"capacity.svg", "rate.svg", "profiles.svg", "voltage.svg", "fade.svg"} == figures
    for words in (
        "specific capacity at 10 C / mAh/g",
        "cycle 60",
        "Voltage profiles",
        "capacity retention",
        "<td>1 C</td>",
    ):
        assert words in page


def test_what_the_twin_knows_of_each_cycle_is_kept_and_shown(results):
    content = read_folder(results.folder)
    cycling = next(experiment for experiment in content.experiments if experiment.name == "cycling")
    assert cycling.cells[0].cycle_table["lost_cathode"][-1] == pytest.approx(0.75 * 0.059)
    (split, _) = fade_splits(cycling)
    assert split.cycles == (1, 10, 50, 60)
    assert split.lost["cathode"] == pytest.approx((0.0, 0.00675, 0.03675, 0.04425))
    table = fade_tables(content.experiments)[0]
    assert table["heads"] == ["cycle 1", "cycle 10", "cycle 50", "cycle 60"]
    assert table["lines"][0] == {"name": "lost: cathode / %", "cells": ["0", "0.675", "3.68", "4.43"]}
    assert table["lines"][2] == {"name": "SEI resistance / ohm cm²", "cells": ["20"] * 4}


def test_cycles_without_a_split_are_not_drawn():
    class Cell:
        label = "a"
        cycle_table = {
            "cycle": np.arange(1.0, 13.0),
            "lost_cathode": np.array([0.0, *[np.nan] * 8, 0.01, np.nan, 0.02]),
        }

    class Experiment:
        cells = (Cell(), evolve_empty(Cell()))

    (split,) = fade_splits(Experiment())
    assert split.cycles == (1, 10, 12)
    assert split.lost == {"cathode": (0.0, 0.01, 0.02)}


def evolve_empty(cell):
    cell.cycle_table = {"cycle": np.empty(0), "lost_cathode": np.empty(0)}
    return cell


def test_a_damaged_table_of_cycles_is_told(tmp_path):
    (tmp_path / "a-cycles.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ReadError, match="LI-READ-003"):
        load_cycle_table(tmp_path, "a")
    assert load_cycle_table(tmp_path, "b") is None


# Three cycles, of 0.39 mAh, 0.388 mAh and 0.386 mAh in the discharge.
CYCLER = """\
Time / h,Voltage / V,Current / mA
0.0000,3.5750,0.2
2.0000,4.3000,0.2
2.0000,4.2250,-0.2
3.9500,2.8000,-0.2
3.9500,3.5750,0.2
5.9250,4.3000,0.2
5.9250,4.2250,-0.2
7.8650,2.8000,-0.2
7.8650,3.5750,0.2
9.8250,4.3000,0.2
9.8250,4.2250,-0.2
11.7550,2.8000,-0.2
"""


def test_a_real_cell_stands_beside_the_simulated_one(fake_twin, tmp_path):
    (tmp_path / "cell3.csv").write_text(CYCLER, encoding="utf-8")
    head = STUDY.split("[[experiments]]")[0] + '[[experiments]]\nname = "cycling"\nkind = "full-cycling"\ncycles = 3\n'
    measured = '[[measurements]]\nanode = "Li foil"\nkind = "full-cycling"\nfiles = ["cell3.csv"]\narea = "1.13 cm^2"\n'
    text = f'{head}{measured}cathode_mass = "2 mg"\nexperiment = "cycling"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    results = run_study(tmp_path / "study.toml", tmp_path / "out")
    rows = [row for row in results.select(quantity="specific_capacity") if row.origin == "measured"]
    assert {row.conditions["cycle"]: row.value for row in rows} == pytest.approx({1.0: 195.0, 3.0: 193.0}, rel=1e-6)
    lines = [line for line in compare(results.rows, {}) if line.role == "measured"]
    beside = [line.quantity for line in lines if line.quantity.startswith("specific capacity")]
    # Each cycle beside the same cycle, and no other.
    assert beside == ["specific capacity, cycle 1", "specific capacity, cycle 3"]
    build_report(results.folder)


def test_the_last_cycle_of_the_nominal_cell_says_nothing_about_a_changed_one():
    values = dict.fromkeys(attrs.fields_dict(AblationRow))
    values |= {"quantity": "capacity_retention", "unit": "1", "nominal": 0.8, "kind": "full-cycling"}
    assert not is_notable(AblationRow(**values | {"conditions": {"cycle": 288.0}}))
    assert is_notable(AblationRow(**values | {"conditions": {"cycle": 200.0}, "changed": 0.7, "ratio": -0.125}))
    assert is_notable(AblationRow(**values | {"quantity": "coulombic_efficiency", "conditions": {}}))
