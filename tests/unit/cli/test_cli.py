"""The command line: exit codes, what goes to stdout and what to stderr."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from lithiate import __version__
from lithiate.cli import main


@pytest.fixture
def lithiate(monkeypatch, capsys):
    """Run the command line and return exit code, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["lithiate", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture
def record_file(tmp_path):
    time = np.arange(0.0, 120 * 3600.0, 120.0)
    voltage = np.where((time // 3600) % 2 == 0, -0.03, 0.03)
    path = tmp_path / "cell7.csv"
    lines = [f"{t:.0f},{v}" for t, v in zip(time, voltage, strict=True)]
    path.write_text("time/s,voltage/V\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_version(lithiate):
    assert lithiate("--version") == (0, f"lithiate {__version__}\n", "")


def test_help_names_the_commands(lithiate):
    code, out, _ = lithiate("--help")
    assert code == 0
    assert all(word in out for word in ("run", "analyse", "library"))


@pytest.mark.parametrize("arguments", [("nonsense",), ("run",), ("analyse",), ("run", "x.toml", "--workers", "0")])
def test_wrong_usage(lithiate, arguments):
    code, out, err = lithiate(*arguments)
    assert code == 2
    assert out == ""
    assert "Usage" in err


def test_run_ends_with_the_path_of_the_report(lithiate, fake_twin, study_file, tmp_path):
    code, out, err = lithiate("run", study_file, "--out", tmp_path / "out")
    assert code == 0
    assert out.splitlines()[-1] == str(tmp_path / "out" / "report.html")
    assert (tmp_path / "out" / "report.html").is_file()
    assert "results in" in err


def test_run_with_a_faulty_study(lithiate, study_file, tmp_path):
    study_file.write_text(study_file.read_text(encoding="utf-8").replace("seed", "sead"), encoding="utf-8")
    code, out, err = lithiate("run", study_file, "--out", tmp_path / "out")
    assert (code, out) == (1, "")
    assert "did you mean 'seed'?" in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_run_without_a_study(lithiate, tmp_path):
    code, _, err = lithiate("run", tmp_path / "none.toml")
    assert code == 1
    assert "LI-SPEC-003" in err


def test_run_into_a_file(lithiate, fake_twin, study_file, tmp_path):
    (tmp_path / "out").write_text("x", encoding="utf-8")
    code, _, err = lithiate("run", study_file, "--out", tmp_path / "out")
    assert code == 1
    assert "LI-WRITE-001" in err


def test_run_with_a_failing_task(lithiate, fake_twin, study_file, tmp_path):
    fake_twin.failing.add(("Li foil", "nucleation"))
    code, out, err = lithiate("run", study_file, "--out", tmp_path / "out")
    assert code == 3
    assert out.splitlines()[-1].endswith("report.html")
    assert "failed: first plating / Li foil / cell 1" in err
    assert json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["results"]


def test_ctrl_c(lithiate, fake_twin, study_file, tmp_path, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("lithiate.study.run._wait", interrupted)
    code, out, err = lithiate("run", study_file, "--out", tmp_path / "out")
    assert (code, out) == (130, "")
    assert "interrupted" in err
    assert not (tmp_path / "out" / "results.json").exists()


def test_analyse_prints_a_table(lithiate, record_file):
    code, out, err = lithiate("analyse", record_file, "--cell", "symmetric")
    assert code == 0
    assert "120 half cycles" in out
    assert "voltage_hysteresis (cycles 5-24)" in out
    assert "LI-W-" in err


def test_analyse_prints_json_and_nothing_else_to_stdout(lithiate, record_file):
    code, out, _ = lithiate("analyse", record_file, "--area", "1.13 cm^2", "--json", "--set", "onset_ratio=2")
    content = json.loads(out, parse_constant=lambda word: pytest.fail(word))
    assert code == 0
    assert content["half_cycle_count"] == 120
    assert content["settings"]["onset_ratio"] == 2.0
    early = content["estimates"][0]
    assert (early["quantity"], early["unit"]) == ("voltage_hysteresis", "mV")
    assert early["value"] == pytest.approx(60.0)


def test_analyse_saves(lithiate, record_file, tmp_path):
    code, _, err = lithiate("analyse", record_file, "--out", tmp_path / "out")
    assert code == 0
    content = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert {row["origin"] for row in content["results"]} == {"measured"}
    assert list((tmp_path / "out" / "figures").glob("*.svg"))
    assert len(list((tmp_path / "out" / "measurements").iterdir())) == 2
    assert str(tmp_path / "out" / "results.json") in err


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--area", "1.13 cm"), 1, "LI-UNIT-002"),
        (("--set", "onset_ratio=high"), 1, "LI-ANA-001"),
        (("--set", "onset_ration=2"), 1, "onset_ration"),
        (("--set", "onset_ratio"), 2, "KEY=VALUE"),
        (("--technique", "impedance"), 1, "impedance"),
        (("--cell", "full"), 1, "full"),
    ],
)
def test_analyse_with_a_wrong_option(lithiate, record_file, arguments, code, word):
    got, out, err = lithiate("analyse", record_file, *arguments)
    assert (got, out) == (code, "")
    assert word in err
    assert "Traceback" not in err


def test_analyse_a_missing_file(lithiate, record_file):
    code, out, err = lithiate("analyse", record_file.with_name("cell8.csv"), "--json")
    assert (code, out) == (1, "")
    assert "cell7.csv" in err


def test_library_lists_and_describes(lithiate):
    assert "WN/Mo2N@HCN/Li" in lithiate("library")[1]
    assert lithiate("library", "anodes")[1].splitlines()[-1] == "Li foil"
    code, out, _ = lithiate("library", "anodes", "Li foil")
    assert code == 0
    assert "thickness" in out
    assert "measured" in out


def test_library_protocols_state_their_defaults(lithiate):
    _, out, _ = lithiate("library", "protocols")
    lines = [line.split() for line in out.splitlines()]
    assert ["symmetric-cycling", "voltage_limit", "5", "V"] in lines
    assert ["symmetric-cycling", "area", "1.131", "cm^2"] in lines
    assert ["nucleation", "current_density", "required"] in lines


@pytest.mark.parametrize("arguments", [("anode",), ("anodes", "Li fol"), ("protocols", "nucleatoin")])
def test_library_with_a_wrong_name(lithiate, arguments):
    code, _, err = lithiate("library", *arguments)
    assert code == 1
    assert "did you mean" in err


@pytest.fixture
def plating_file(tmp_path):
    """Eight cycles of a plating cell: 1 h at -1 mA, 0.9 h at 1 mA to 1 V."""
    time = np.arange(30.0, 8 * 1.9 * 3600.0, 60.0)
    plating = time % (1.9 * 3600.0) < 3600.0
    ends = ~plating & np.append(plating[1:], True)
    voltage = np.where(plating, -0.02, np.where(ends, 1.0, 0.02))
    lines = [f"{t:.0f},{v},{-1e-3 if p else 1e-3}" for t, v, p in zip(time, voltage, plating, strict=True)]
    path = tmp_path / "copper3.csv"
    path.write_text("time/s,voltage/V,current/A\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_analyse_a_plating_cell(lithiate, plating_file, tmp_path):
    arguments = ("analyse", plating_file, "--cell", "plating", "--area", "1 cm^2", "--set", "first_cycle=2")
    code, out, _ = lithiate(*arguments, "--out", tmp_path / "out")
    assert code == 0
    assert "coulombic_efficiency (cycle, cycles 2-8)" in out
    rows = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["results"]
    row = next(row for row in rows if row["quantity"] == "coulombic_efficiency")
    assert (row["kind"], row["unit"], row["conditions"]["method"]) == ("plating-efficiency", "1", "cycle")
    assert row["value"] == pytest.approx(0.9, abs=1e-3)


def test_analyse_a_critical_current_test(lithiate, plating_file):
    arguments = ("analyse", plating_file, "--cell", "symmetric", "--area", "1 cm^2", "--kind", "critical-current")
    code, out, _ = lithiate(*arguments)
    assert code == 0
    assert "voltage_hysteresis (1 mA/cm^2, cycles 1-" in out


def test_analyse_a_kind_that_is_not_known(lithiate, plating_file):
    code, out, err = lithiate("analyse", plating_file, "--kind", "plating-eficiency")
    assert (code, out) == (1, "")
    assert "did you mean 'plating-efficiency'?" in err


def test_analyse_a_polarisation_curve(lithiate, tmp_path):
    from lithiate.core.measurement import PolarisationCurve, Provenance, Specimen
    from lithiate.core.store import save_measurement

    eta = np.linspace(-0.2, 0.2, 401)
    curve = PolarisationCurve(
        specimen=Specimen("cell", cell="symmetric", area=1e-4),
        provenance=Provenance("measured"),
        conditions={"temperature": 298.15},
        voltage=2.0 * eta,
        current=2e-3 * np.sinh(eta / (2.0 * 0.0256926)),
    )
    save_measurement(curve, tmp_path / "sweep")
    code, out, _ = lithiate("analyse", tmp_path / "sweep.parquet", "--out", tmp_path / "out")
    assert code == 0
    assert re.search(r"exchange_current_density \(butler-volmer\)\s+1 ", out)
    assert "(tafel)" in out
    rows = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["results"]
    assert {row["kind"] for row in rows} == {"tafel"}
    estimators = {"butler-volmer", "marcus-hush", "marcus-hush-chidsey", "tafel", "linear"}
    assert {row["conditions"]["estimator"] for row in rows} == estimators
    assert "laws of charge transfer, the best by AICc first" in out
    assert len(list((tmp_path / "out" / "figures").glob("*-kinetics.svg"))) == 1
    (path,) = (tmp_path / "out" / "tables").glob("*-kinetics.csv")
    table = path.read_text(encoding="utf-8").splitlines()
    assert table[0].startswith("Overpotential / mV,Current Density / mA/cm^2,Butler Volmer Current Density / mA/cm^2")
    assert len(table) == 402
    (path,) = (tmp_path / "out" / "tables").glob("*-kinetic-models.csv")
    assert "butler-volmer" in path.read_text(encoding="utf-8")


@pytest.fixture
def rate_file(tmp_path):
    """Three cycles at 1 mA and three at 2 mA: 1 mAh charged, 0.9 mAh discharged, straight profiles."""
    lines, time = ["time/h,voltage/V,current/mA"], 0.0
    for current in (1.0, 1.0, 1.0, 2.0, 2.0, 2.0):
        for held, sign, (first, last) in ((1.0, 1.0, (3.5, 4.3)), (0.9, -1.0, (4.2, 2.8))):
            lines.append(f"{time},{first},{sign * current}")
            time += held / current
            lines.append(f"{time},{last},{sign * current}")
    path = tmp_path / "cell12.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_analyse_a_full_cell(lithiate, rate_file, tmp_path):
    arguments = ("analyse", rate_file, "--area", "2 cm^2", "--cathode-mass", "6 mg", "--kind", "rate")
    code, out, err = lithiate(*arguments, "--set", "nominal_capacity=0.5 mAh/cm^2", "--out", tmp_path / "out")
    assert code == 0
    assert re.search(r"^coulombic_efficiency \(full-cell, cycles 2-6\)\s+0.9 ", out, re.MULTILINE)
    assert re.search(r"^specific_capacity \(2 C\)\s+150 ", out, re.MULTILINE)
    assert re.search(r"^cycle_life\s+-\s", out, re.MULTILINE)
    assert "C-rates by the nominal capacity" in out
    assert re.search(r"^2 C\s+4-6\s+150\s+0.9000\s+0.8077\s+3.9\s+3.5$", out, re.MULTILINE)
    assert "LI-W-ANA-064" in err
    rows = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["results"]
    assert {row["kind"] for row in rows} == {"rate"}
    by_rate = {row["conditions"]["c_rate"]: row["value"] for row in rows if "rate_order" in row["conditions"]}
    assert by_rate == pytest.approx({1.0: 150.0, 2.0: 150.0})
    figures = sorted(path.name.rsplit("-", 1)[1] for path in (tmp_path / "out" / "figures").iterdir())
    assert figures == ["capacity.svg", "profiles.svg", "rate.svg", "resistances.svg"]
    tables = {path.name for path in (tmp_path / "out" / "tables").iterdir()}
    stem = rows[0]["measurement"]
    assert {f"{stem}-{word}.csv" for word in ("half-cycles", "cycles", "rates", "current-steps")} <= tables
    heads = (tmp_path / "out" / "tables" / f"{stem}-cycles.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert {"Discharge Capacity / mAh", "Specific Discharge Capacity / mAh/g", "Mean Charge Voltage / mV"} <= set(heads)
    assert {"Coulombic Efficiency / 1", "C Rate / 1/h", "Start / h", "Charge Energy / mWh"} <= set(heads)


def test_analyse_a_full_cell_without_its_mass(lithiate, rate_file):
    code, out, err = lithiate("analyse", rate_file)
    assert code == 0
    assert "LI-W-CELL the cell is taken as full" in err
    assert re.search(r"^specific_capacity\s+-\s", out, re.MULTILINE)
    assert re.search(r"^1.11 C\s+1-3\s+0.9\s", out, re.MULTILINE)
    assert "discharge / mAh " in out
    code, out, err = lithiate("analyse", rate_file, "--cathode-mass", "6 cm")
    assert (code, out) == (1, "")
    assert "cathode_mass: the unit has the wrong dimension" in err
