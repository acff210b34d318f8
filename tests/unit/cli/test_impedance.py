"""``lithiate analyse`` of impedance spectra: what it prints, and what it leaves in a folder."""

from __future__ import annotations

import json
from contextlib import contextmanager

import numpy as np
import polars as pl
import pytest
from attrs import evolve
from typer.testing import CliRunner

import lithiate as li
from lithiate.analysis.impedance import analyse_impedance
from lithiate.cli import analyse as command
from lithiate.cli import app
from lithiate.cli.analysis_text import all_warnings, print_result
from lithiate.cli.impedance_files import arrhenius_traces, save_impedance, shown_spectra
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen

FREQUENCY = np.geomspace(1e5, 0.1, 43)
AREA = 2e-4


def record(count=1, fall=1.0, area=AREA, **series):
    rng = np.random.default_rng(1)
    omega = 2 * np.pi * FREQUENCY
    spectra = [5.0 + 30.0 * fall**k / (1 + 1j * omega * 1e-3) for k in range(count)]
    impedance = np.concatenate(spectra)
    impedance = impedance * (
        1 + 1e-3 * (rng.standard_normal(impedance.size) + 1j * rng.standard_normal(impedance.size))
    )
    return ImpedanceSpectra(
        specimen=Specimen(name="cell", cell="symmetric", area=area),
        provenance=Provenance(origin="measured", source="cell"),
        frequency=np.tile(FREQUENCY, count),
        impedance=impedance,
        offsets=np.arange(count + 1) * FREQUENCY.size,
        time=np.arange(impedance.size, dtype=float),
        **series,
    )


def run(*arguments):
    done = CliRunner().invoke(app, ["analyse", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cell_PEIS.mpt"
    li.write(record(), path)
    return path


def test_one_spectrum_is_told_with_circuit_validity_and_peaks(file, tmp_path):
    out = tmp_path / "out"
    done = run(file, "--area", "2 cm^2", "--cell", "symmetric", "--out", out)
    lines = done.stdout.splitlines()
    assert len(lines) < 40
    (circuit,) = [line for line in lines if line.startswith("circuit: ")]
    assert "R1-p(R2,CPE1)" in circuit or "R1-p(R2,C1)" in circuit
    (resistance,) = [line.split() for line in lines if line.startswith("R2.resistance")]
    # 30 ohm on 2 cm2.
    assert float(resistance[1]) == pytest.approx(60.0, rel=0.01)
    assert resistance[-2:] == ["ohm", "cm^2"]
    assert any(line.startswith("2 interfaces share the interfacial resistance: ") for line in lines)
    assert "Kramers-Kronig: consistent" in lines
    (peaks,) = [line for line in lines if line.startswith("peaks of relaxation times: ")]
    assert peaks.endswith("ohm cm^2")
    assert "Hz" in peaks
    (figure,) = (out / "figures").iterdir()
    assert figure.name.endswith("-spectrum.svg")
    wanted = ("spectra", "circuit-parameters", "circuit-candidates", "kramers-kronig", "relaxation-times")
    for name in wanted:
        assert len([*(out / "tables").glob(f"*{name}.csv"), *(out / "tables").glob(f"*{name}.parquet")]) == 2
    (peaks,) = (out / "tables").glob("*relaxation-times.csv")
    assert "Time Constant / s" in peaks.read_text().splitlines()[0]
    (spectra,) = (out / "tables").glob("*-spectra.parquet")
    assert pl.read_parquet(spectra)["Ohmic Resistance / ohm cm^2"][0] == pytest.approx(10.0, rel=0.1)


def test_json_has_all_of_it(file):
    done = run(file, "--area", "2 cm^2", "--json", "--set", "circuit=R-p(R,C)", "--set", "interfaces=3")
    content = json.loads(done.stdout)
    assert content["area"] == pytest.approx(AREA)
    assert content["circuit"]["text"] == "R-p(R,C)"
    assert content["interfaces"] == 3
    parameters = content["tables"]["circuit-parameters"]
    # In ohm of the cell.
    assert parameters["value"][parameters["parameter"].index("R2.resistance")] == pytest.approx(30.0, rel=0.01)


def test_a_series_is_a_table_of_changes_with_its_collapse(capsys):
    long = record(9)
    fallen = long.impedance.copy()
    fallen[5 * 43 :] = (fallen[5 * 43 :] - 5.0) * 0.2 + 5.0
    series = evolve(long, impedance=fallen)
    result = analyse_impedance(series, circuit="R-p(R,C)", relaxation_times="false")
    content = result.to_dict()
    print_result(content)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 30
    assert lines[0] == "cell: 9 spectra"
    (row,) = [line for line in lines if line.startswith("interfacial_resistance  ")]
    first, last = map(float, row.split()[1:3])
    assert first == pytest.approx(60.0, rel=0.02)
    assert last == pytest.approx(12.0, rel=0.02)
    (heads,) = [line for line in lines if line.startswith("parameter")]
    assert heads.split()[1:] == ["spectrum", "1", "spectrum", "5", "spectrum", "9", "unit"]
    (store,) = [line for line in lines if line.startswith("C1.capacitance")]
    # 1 ms over 30 ohm, on 2 cm2.
    assert float(store.split()[1]) == pytest.approx(1e-3 / 30.0 / 2.0, rel=0.02)
    assert store.endswith("F/cm^2")
    assert lines[-1].startswith("the arcs collapsed after spectrum 5")


def test_a_record_over_temperatures_has_an_arrhenius_figure(tmp_path):
    warm = record(3, fall=0.5, area=None, temperature=[273.15, 288.15, 298.15])
    result = analyse_impedance(warm, circuit="R-p(R,C)", relaxation_times="false", temperature_uncertainty=0.5)
    (energy,) = (each for each in result.activation_energies if each.conditions["of"] == "interfacial_resistance")
    traces = {trace.label: trace for trace in arrhenius_traces(warm, result)}
    assert traces["interfacial"].fit.activation_energy == pytest.approx(energy.value, rel=1e-9)
    assert traces["interfacial"].fit.standard_uncertainty == pytest.approx(energy.standard_uncertainty, rel=1e-9)
    assert traces["interfacial"].resistance == pytest.approx([30.0, 15.0, 7.5], rel=0.02)
    save_impedance(warm, result, tmp_path, "warm", "warm")
    numbers = [f"warm-spectrum-{k}.svg" for k in (1, 2, 3)]
    wanted = ["warm-arrhenius.svg", "warm-nyquist.svg", "warm-series.svg", *numbers]
    assert sorted(path.name for path in tmp_path.iterdir()) == wanted


def test_progress_is_shown_of_many_spectra_and_rises_to_one(tmp_path, monkeypatch):
    shares, shown = [], []

    @contextmanager
    def display(what):
        shown.append(what)
        yield shares.append

    monkeypatch.setattr(command, "progress_display", display, raising=False)
    for count, name in ((20, "many"), (2, "few")):
        li.write(record(count), tmp_path / f"{name}_PEIS.mpt")
    quick = ("--set", "circuit=R-p(R,C)", "--area", "2 cm^2")
    run(tmp_path / "few_PEIS.mpt", *quick)
    assert shown == []
    run(tmp_path / "many_PEIS.mpt", *quick)
    assert shown == ["analysing spectra"]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_the_choice_of_a_circuit_reports_each_candidate():
    shares = []
    analyse_impedance(record(), progress=shares.append, relaxation_times="false")
    of_fit = [share for share in shares if share > 0.2]
    assert len(of_fit) >= 10
    assert of_fit == sorted(of_fit)
    assert of_fit[-1] <= 0.8 + 1e-9


def warned(count, *warnings):
    return {"spectrum_count": count, "estimates": [], "warnings": list(warnings)}


def test_warnings_of_many_spectra_are_one_line_a_code():
    same = [f"LI-W-ANA-022 followed to the axis (spectrum {k})" for k in range(1, 21)]
    alike = [f"LI-W-ANA-148 residuals are {k} times the scatter (spectrum {k})" for k in range(3, 18)]
    alone = "LI-W-ANA-020 the area is not known"
    numbers = "spectra 3, 4, 5, 6, 7, 8, 9, 10 ... (15 in all)"
    assert all_warnings(warned(20, alone, *same, *alike)) == [
        alone,
        "LI-W-ANA-022 followed to the axis (spectra 1, 2, 3, 4, 5, 6, 7, 8 ... (20 in all))",
        f"LI-W-ANA-148 residuals are 3 times the scatter (spectrum 3); such in {numbers}",
    ]


def test_warnings_of_few_spectra_keep_their_words():
    texts = [f"LI-W-ANA-148 residuals are {k} times the scatter (spectrum {k})" for k in (1, 2, 3)]
    assert all_warnings(warned(3, *texts)) == texts
    assert all_warnings(warned(3, "LI-W-X a (spectrum 1)", "LI-W-X a (spectrum 3)")) == ["LI-W-X a (spectra 1, 3)"]


def test_shown_spectra_are_evenly_spaced():
    assert shown_spectra(1) == (0,)
    assert shown_spectra(4) == (0, 1, 2, 3)
    assert shown_spectra(131) == (0, 26, 52, 78, 104, 130)


@pytest.mark.parametrize(
    ("setting", "near"),
    [("circiut=auto", "circuit"), ("temprature=300", "temperature"), ("tolerate_bad_row=true", "tolerate_bad_rows")],
)
def test_a_setting_that_nobody_knows_is_compared_with_those_of_readers_and_analyses(file, setting, near):
    done = CliRunner().invoke(app, ["analyse", str(file), "--set", setting])
    assert done.exit_code != 0
    assert done.exception.nearest == near
    assert {"tolerate_bad_rows", "temperatures", "circuit"} <= set(
        done.exception.expected.replace(";", ",").replace("analysis: ", ", ").replace(" ", "").split(",")
    )
