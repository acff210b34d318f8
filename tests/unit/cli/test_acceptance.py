"""What a stranger tripped over once, and must not again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lithiate.errors import AnalysisError, ReadError, SpecError
from lithiate.library.files import DATA
from lithiate.readers import read
from lithiate.study.collect import changed_anodes
from lithiate.study.spec import load_study

CSV = "time (s),voltage (V),current (A)\n" + "".join(
    f"{k},{0.1 * (-1) ** (k // 10)},{(-1) ** (k // 10)}\n" for k in range(60)
)
STUDY = """schema_version = 1
title = "t"
seed = 1
anodes = ["{anode}"]
[[experiments]]
name = "s"
kind = "symmetric-cycling"
current_density = "{current}"
areal_capacity = "1 mAh/cm^2"
cycles = 30
published = "symmetric 1 mA/cm2, 1 mAh/cm2, ether"
"""


def study_file(folder: Path, anode="Li foil", current="1 mA/cm^2") -> Path:
    path = folder / "study.toml"
    path.write_text(STUDY.format(anode=anode, current=current), encoding="utf-8")
    return path


def test_a_changed_copy_under_a_library_name_is_not_the_published_specimen(tmp_path):
    source = next(path for path in (DATA / "anodes").glob("*.toml") if 'name = "Li foil"' in path.read_text("utf-8"))
    copy = tmp_path / "own.toml"
    shutil.copy(source, copy)
    assert changed_anodes(load_study(study_file(tmp_path, "own.toml"))) == frozenset()
    copy.write_text(copy.read_text("utf-8").replace("value = 360", "value = 200"), encoding="utf-8")
    assert changed_anodes(load_study(study_file(tmp_path, "own.toml"))) == {"Li foil"}


def test_published_values_want_their_own_conditions(tmp_path):
    load_study(study_file(tmp_path, current="10 A/m^2"))
    with pytest.raises(SpecError, match="published values were measured at '1 mA/cm"):
        load_study(study_file(tmp_path, current="3 mA/cm^2"))


def test_one_file_twice_is_no_longer_record(tmp_path):
    path = tmp_path / "cell.csv"
    path.write_text(CSV, encoding="utf-8")
    with pytest.raises(ReadError, match="more than once") as caught:
        read([path, path])
    assert caught.value.code == "LI-READ-010"


def test_a_short_record_of_a_full_cell_is_refused(tmp_path):
    from lithiate.analysis import analyse

    path = tmp_path / "full.csv"
    path.write_text("time (s),voltage (V),current (A)\n" + "".join(f"{k},3.8,1\n" for k in range(50)), encoding="utf-8")
    with pytest.raises(AnalysisError, match="does not look like a symmetric cell"):
        analyse(read(path))


def test_warnings_reach_stderr_beside_json(tmp_path, capsys, monkeypatch):
    from lithiate.cli import main

    path = tmp_path / "cell.csv"
    path.write_text(CSV, encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["lithiate", "analyse", str(path), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert ended.value.code == 0
    assert json.loads(out)["half_cycle_count"] == 6
    assert "LI-W-AREA" in err


def test_analyse_leaves_a_study_alone(tmp_path, capsys, monkeypatch):
    from lithiate.cli import main

    path, folder = tmp_path / "cell.csv", tmp_path / "study"
    path.write_text(CSV, encoding="utf-8")
    folder.mkdir()
    (folder / "study.lock.toml").write_text("", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["lithiate", "analyse", str(path), "--out", str(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "LI-WRITE-001" in capsys.readouterr().err
    assert [entry.name for entry in folder.iterdir()] == ["study.lock.toml"]
