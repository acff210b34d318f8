"""``lithiate analyse`` on a folder with a cycling record and spectra of one cell."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import lithiate as li
from lithiate.analysis import analyse_cell
from lithiate.cli import app
from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Provenance, Specimen
from lithiate.errors import AnalysisError
from lithiate.readers import read_all


def cycling() -> CyclingRecord:
    time = np.arange(0.0, 60 * 3600.0, 60.0)
    current = np.where((time // 3600) % 2 == 0, 1e-4, -1e-4)
    return CyclingRecord(
        specimen=Specimen(name="a", cell="symmetric"),
        provenance=Provenance(origin="measured", source="a"),
        time=time,
        voltage=0.05 * np.sign(current),
        current=current,
    )


def spectra(points: int = 40) -> ImpedanceSpectra:
    frequency = np.geomspace(1e5, 0.1, points)
    omega = 2 * np.pi * frequency
    return ImpedanceSpectra(
        specimen=Specimen(name="a", cell="symmetric"),
        provenance=Provenance(origin="measured", source="a"),
        frequency=frequency,
        impedance=5.0 + 30.0 / (1 + 1j * omega * 1e-4) + 60.0 / (1 + 1j * omega * 2e-2),
        time=60 * 3600.0 + np.arange(points),
    )


@pytest.fixture
def folder(tmp_path):
    li.write(cycling(), tmp_path / "cell" / "01_GCPL.mpt")
    li.write(spectra(), tmp_path / "cell" / "02_PEIS.mpt")
    return tmp_path / "cell"


def test_everything_of_a_cell_is_analysed(folder, tmp_path) -> None:
    arguments = ["analyse", str(folder), "--area", "1.13 cm^2", "--cell", "symmetric"]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out"), "--json"])
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["technique"] == "cycling"
    assert [other["technique"] for other in content["also"]] == ["impedance"]
    rows = json.loads((tmp_path / "out" / "results.json").read_text())["results"]
    assert {"voltage_hysteresis", "ohmic_resistance"} <= {row["quantity"] for row in rows}
    assert len({row["measurement"] for row in rows}) == 2
    shown = CliRunner().invoke(app, arguments)
    assert "voltage_hysteresis" in shown.stdout
    assert "ohmic_resistance" in shown.stdout


def test_settings_go_to_the_analysis_that_knows_them(folder) -> None:
    records = read_all(folder, area="1.13 cm^2", cell="symmetric")
    (_, result), _others = analyse_cell(records, hysteresis_definition="|V|")
    assert result.voltage_hysteresis.to("mV") == pytest.approx(50.0, rel=1e-3)


def test_one_technique_only(folder) -> None:
    records = read_all(folder, area="1.13 cm^2", cell="symmetric")
    ((record, _result),) = analyse_cell(records, technique="impedance")
    assert record.technique == "impedance"


def test_a_further_record_that_cannot_be_analysed_is_named(monkeypatch) -> None:
    def refuse(*_arguments, **_settings):
        raise AnalysisError("no spectrum", code="LI-ANA-001")

    monkeypatch.setattr("lithiate.analysis.impedance.analyse_impedance", refuse)
    ((_, result),) = analyse_cell([cycling(), spectra()])
    assert "LI-W-ANA-090 the impedance was not analysed: no spectrum [LI-ANA-001]" in result.warnings
    with pytest.raises(AnalysisError):
        analyse_cell([spectra(), cycling()])
