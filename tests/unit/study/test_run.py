"""Running a study: what it leaves, that it does not depend on the number of workers, and what failures leave."""

from __future__ import annotations

import errno
import json
import math
import os
import tomllib
from pathlib import Path

import numpy as np
import polars
import pytest

from lithiate import __version__
from lithiate.core.store import load_measurement
from lithiate.errors import Cancelled, SpecError, StudyError, WriteError
from lithiate.study.folder_lock import LOCK_NAME
from lithiate.study.results import load_results
from lithiate.study.run import run_study

ROW_FIELDS = [
    "anode",
    "specimen",
    "cell_id",
    "experiment",
    "kind",
    "measurement",
    "quantity",
    "value",
    "unit",
    "uncertainty",
    "median",
    "interval",
    "interval_80",
    "interval_kind",
    "origin",
    "role",
    "posterior",
    "definition",
    "conditions",
    "warnings",
    "censored",
    "censored_by",
]


@pytest.fixture
def results(fake_twin, study_file, tmp_path):
    return run_study(study_file, tmp_path / "out")


def rows_of(results, **wanted):
    return results.select(**wanted)


def test_results_json_has_the_documented_layout(results):
    text = (results.folder / "results.json").read_text(encoding="utf-8")
    content = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in results.json"))
    assert content["schema_version"] == 1
    assert content["lithiate"] == __version__
    assert content["study"] == "Stand-in"
    assert content["failures"] == []
    assert all(list(row) == ROW_FIELDS for row in content["results"])
    assert {row["origin"] for row in content["results"]} == {"simulated"}
    assert {row["posterior"] for row in content["results"]} == {None}


def test_values_are_in_units_of_print(results):
    (early,) = (
        row for row in rows_of(results, quantity="voltage_hysteresis", anode="Li foil") if "cycle" not in row.conditions
    )
    # The stand-in's plateau is 20 mV, and its tip lies before cycle 5.
    assert early.value == pytest.approx(40.0, rel=1e-9)
    assert early.unit == "mV"
    (dead,) = rows_of(results, quantity="dead_lithium", anode="Li foil")
    assert dead.value == pytest.approx(1e-3, rel=1e-12)
    assert dead.unit == "mAh/cm^2"
    assert early.conditions["current_density"] == pytest.approx(10.0)
    assert early.conditions["temperature"] == 298.15
    assert early.conditions["electrolyte_volume"] == 3.5e-4


def test_the_late_level_names_its_cycle(results):
    levels = rows_of(results, quantity="voltage_hysteresis", anode="Li foil")
    assert [row.conditions.get("cycle") for row in levels] == [None, 30.0]


def test_ensemble_gives_intervals_that_say_what_they_are(results):
    (early, _) = rows_of(results, quantity="voltage_hysteresis", anode="Li foil")
    low, high = early.interval
    assert early.interval_kind == "posterior"
    assert low <= early.interval_80[0] <= early.median <= early.interval_80[1] <= high
    assert early.uncertainty > 0
    assert any(warning.startswith("LI-W-STUDY-001") for warning in early.warnings)
    assert any(warning.startswith("LI-W-STUDY-002") for warning in early.warnings)


def test_censored_rows_hold_their_bound_and_no_infinity(results):
    (onset,) = rows_of(results, quantity="hysteresis_onset_time", anode="Li foil")
    assert onset.value is None
    assert onset.censored == "right"
    assert onset.interval == (pytest.approx(60.0), None)
    assert onset.interval_kind == "censoring"
    assert onset.conditions["censored_at"] == pytest.approx(60 * 3600.0)


def test_roles_follow_the_published_values(results):
    (early, late) = rows_of(results, quantity="voltage_hysteresis", anode="WN/Mo2N@HCN/Li")
    assert (early.role, late.role) == ("calibrated", "predicted")
    (onset,) = rows_of(results, quantity="hysteresis_onset_time", anode="WN/Mo2N@HCN/Li")
    assert onset.role == "predicted"
    assert {row.role for row in rows_of(results, anode="Li foil")} == {"predicted"}


def test_nucleation_is_reported_by_tip_and_plateau(results):
    rows = rows_of(results, experiment="first plating", anode="Li foil")
    assert [row.quantity for row in rows] == ["nucleation_overpotential", "plateau_overpotential"]
    assert rows[1].value == pytest.approx(20.0, rel=1e-9)
    assert rows[0].value == pytest.approx(5.0, rel=0.05)


def test_the_same_rows_lie_in_the_parquet(results):
    frame = polars.read_parquet(results.folder / "results.parquet")
    assert frame.columns == ROW_FIELDS
    assert frame["value"].to_list() == [row.value for row in results.rows]
    assert [json.loads(text) for text in frame["conditions"]] == [dict(row.conditions) for row in results.rows]
    assert frame["interval"].to_list() == [None if row.interval is None else list(row.interval) for row in results.rows]


def test_measurements_are_saved_and_named(results):
    names = {row.measurement for row in results.rows}
    assert len(names) == 4
    for name in names:
        record = load_measurement(results.folder / "measurements" / name)
        assert record.provenance.origin == "simulated"
        assert record.specimen.cell_id == "cell 1"


def test_used_values_are_written_with_their_status(results):
    used = tomllib.loads((results.folder / "study.lock.toml").read_text(encoding="utf-8"))
    values = used["experiments"][0]["values"]
    assert values["current_density"] == {"value": 1.0, "unit": "mA/cm^2", "status": "stated"}
    assert values["voltage_limit"] == {"value": 5.0, "unit": "V", "status": "default"}
    assert values["electrolyte"] == {"value": "LiTFSI-DOL-DME-LiNO3", "status": "default"}
    foil = next(anode for anode in used["anodes"] if anode["name"] == "Li foil")
    assert foil["values"]["thickness"]["value"] == 360.0
    assert used["tasks"][0]["used"]["film_resistance"]["source"] == "a test"
    assert used["electrolytes"]["LiTFSI-DOL-DME-LiNO3"]["conductivity"]["unit"]


def test_results_can_be_loaded_again(results):
    assert load_results(results.folder).to_dict() == results.to_dict()


def test_the_number_of_workers_changes_nothing(fake_twin, study_file, tmp_path):
    one = run_study(study_file, tmp_path / "one", workers=1)
    four = run_study(study_file, tmp_path / "four", workers=4)
    assert one.to_dict() == four.to_dict()
    for name in ("results.json", "results.parquet", "study.lock.toml", "hysteresis.parquet"):
        assert (one.folder / name).read_bytes() == (four.folder / name).read_bytes()


def test_replicates_give_one_row_a_cell(fake_twin, study_file, tmp_path):
    text = study_file.read_text(encoding="utf-8").replace("cycles = 30", "cycles = 30\nreplicates = 2")
    study_file.write_text(text, encoding="utf-8")
    results = run_study(study_file, tmp_path / "out")
    rows = results.select(quantity="dead_lithium", anode="Li foil")
    assert [row.cell_id for row in rows] == ["cell 1", "cell 2"]
    assert len({row.measurement for row in rows}) == 2


def test_without_an_ensemble_the_interval_is_that_of_sampling(fake_twin, study_file, tmp_path):
    study_file.write_text(study_file.read_text(encoding="utf-8").replace("= 3\n\n[[", "= 0\n\n[["), encoding="utf-8")
    results = run_study(study_file, tmp_path / "out")
    (early, _) = results.select(quantity="voltage_hysteresis", anode="Li foil")
    assert early.interval_kind == "sampling"
    assert early.median is None


def test_a_failing_task_leaves_the_rest_complete(fake_twin, study_file, tmp_path):
    fake_twin.failing.add(("Li foil", "nucleation"))
    results = run_study(study_file, tmp_path / "out")
    assert len(results.failures) == 4
    assert results.failures[0].task == "first plating / Li foil / cell 1"
    assert results.failures[0].error == "LI-TWIN-002"
    assert "step size" in results.failures[0].message
    assert {(row.experiment, row.anode) for row in results.rows} == {
        ("symmetric 1 mA", "WN/Mo2N@HCN/Li"),
        ("symmetric 1 mA", "Li foil"),
        ("first plating", "WN/Mo2N@HCN/Li"),
    }
    assert load_results(tmp_path / "out").failures == results.failures


def test_measured_cells_stand_in_the_same_table(fake_twin, study_file, tmp_path):
    time = np.arange(0.0, 120 * 3600.0, 120.0)
    voltage = np.where((time // 3600) % 2 == 0, -0.03, 0.03)
    lines = [f"{t:.0f},{v}" for t, v in zip(time, voltage, strict=True)]
    (tmp_path / "cell7.csv").write_text("time/s,voltage/V\n" + "\n".join(lines) + "\n", encoding="utf-8")
    text = study_file.read_text(encoding="utf-8")
    study_file.write_text(
        text + '\n[[measurements]]\nanode = "Li foil"\nkind = "symmetric-cycling"\ncell_id = "cell7"\n'
        'files = ["cell7.csv"]\narea = "1.13 cm^2"\nexperiment = "symmetric 1 mA"\n',
        encoding="utf-8",
    )
    results = run_study(study_file, tmp_path / "out")
    early, late = results.select(origin="measured", quantity="voltage_hysteresis")
    assert early.value == pytest.approx(60.0, rel=1e-9)
    assert (early.role, early.cell_id, early.experiment) == (None, "cell7", "symmetric 1 mA")
    assert early.conditions["area"] == pytest.approx(1.13e-4)
    assert late.conditions["cycle"] > 24
    assert load_measurement(results.folder / "measurements" / early.measurement).provenance.origin == "measured"


def test_a_measurement_that_cannot_be_read_is_a_failure(fake_twin, study_file, tmp_path):
    (tmp_path / "cell7.csv").write_bytes(b"\x00\x01\x02\x03" * 100)
    text = study_file.read_text(encoding="utf-8")
    entry = '\n[[measurements]]\nanode = "Li foil"\nkind = "symmetric-cycling"\nfiles = ["cell7.csv"]\n'
    study_file.write_text(text + entry, encoding="utf-8")
    results = run_study(study_file, tmp_path / "out")
    assert [failure.task for failure in results.failures] == ["measurement cell7.csv"]
    assert results.failures[0].error.startswith("LI-READ-")
    assert results.rows


def test_progress_reaches_one_and_never_falls(fake_twin, study_file, tmp_path):
    shares: list[float] = []
    run_study(study_file, tmp_path / "out", progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("error", [KeyboardInterrupt, Cancelled])
def test_an_interrupted_run_leaves_no_results(fake_twin, study_file, tmp_path, error):
    run_study(study_file, tmp_path / "out")

    def stop(share):
        raise error

    with pytest.raises(error):
        run_study(study_file, tmp_path / "out", progress=stop)
    assert not (tmp_path / "out" / "results.json").exists()
    assert not (tmp_path / "out" / LOCK_NAME).exists()


def test_a_file_in_place_of_the_output_folder(fake_twin, study_file, tmp_path):
    (tmp_path / "out").write_text("x", encoding="utf-8")
    with pytest.raises(WriteError, match="LI-WRITE-001") as caught:
        run_study(study_file, tmp_path / "out")
    assert str(tmp_path / "out") in str(caught.value)
    assert fake_twin.calls == []


def test_a_full_disk_leaves_no_results(fake_twin, study_file, tmp_path, monkeypatch):
    real = os.replace

    def full(source, target):
        if Path(target).name == "results.parquet":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WriteError, match="No space left on device"):
        run_study(study_file, tmp_path / "out")
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert not {"results.json", "results.parquet", LOCK_NAME} & left
    assert not [name for name in left if name.endswith(".part")]


def test_a_folder_in_use_is_refused(fake_twin, study_file, tmp_path):
    import socket

    (tmp_path / "out").mkdir()
    lock = tmp_path / "out" / LOCK_NAME
    lock.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}), encoding="utf-8")
    with pytest.raises(StudyError, match="LI-STUDY-002"):
        run_study(study_file, tmp_path / "out")
    lock.write_text(json.dumps({"pid": 1, "host": "elsewhere"}), encoding="utf-8")
    with pytest.raises(StudyError, match="process 1 on elsewhere"):
        run_study(study_file, tmp_path / "out")
    assert lock.exists()


@pytest.mark.parametrize("content", ["dead", ""])
def test_the_lock_of_a_dead_process_is_taken_over(fake_twin, study_file, tmp_path, content):
    import socket
    import subprocess
    import sys

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "out").mkdir()
    text = json.dumps({"pid": ended.pid, "host": socket.gethostname()}) if content else ""
    (tmp_path / "out" / LOCK_NAME).write_text(text, encoding="utf-8")
    assert run_study(study_file, tmp_path / "out").rows
    assert not (tmp_path / "out" / LOCK_NAME).exists()


def test_a_second_run_forgets_the_first_and_nothing_else(fake_twin, study_file, tmp_path):
    first = run_study(study_file, tmp_path / "out")
    mine = tmp_path / "out" / "measurements" / "mine.parquet"
    mine.write_bytes(b"x")
    text = study_file.read_text(encoding="utf-8").replace("first plating", "other plating")
    study_file.write_text(text.replace('"other plating, symmetric"', '"first plating, symmetric"'), encoding="utf-8")
    second = run_study(study_file, tmp_path / "out")
    kept = {path.stem for path in (tmp_path / "out" / "measurements").glob("*.parquet")}
    assert kept == {row.measurement for row in second.rows} | {"mine"}
    assert {row.measurement for row in first.rows} - kept


def test_the_default_folder_is_named_after_the_study(fake_twin, study_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_study(study_file).folder == Path("results/stand-in")


def test_damaged_results_are_refused(tmp_path):
    with pytest.raises(SpecError, match="LI-SPEC-003"):
        load_results(tmp_path)
    for text in ("{", "[]", '{"schema_version": 2}', '{"schema_version": 1, "results": []}'):
        (tmp_path / "results.json").write_text(text, encoding="utf-8")
        with pytest.raises(SpecError, match="LI-SPEC-002"):
            load_results(tmp_path)


def test_every_number_of_the_results_is_finite(results):
    for row in results.rows:
        for value in (row.value, row.uncertainty, row.median, *(row.interval or ()), *(row.interval_80 or ())):
            assert value is None or math.isfinite(value)
