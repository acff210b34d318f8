"""Conversion to and from the Battery Data Format and lithiate's own files loses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from attrs import asdict, evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import lithiate as li
from lithiate.cli import app
from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, Provenance, Specimen
from lithiate.core.store import load_cycling_record, save_measurement
from lithiate.errors import WriteError

_FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
_VOLTAGES = st.floats(-9.0, 9.0)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@st.composite
def records(draw: st.DrawFn) -> CyclingRecord:
    size = draw(st.integers(2, 30))

    def array(elements: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(elements, min_size=size, max_size=size)))

    steps = array(st.floats(1e-3, 1e4))
    optional = {
        "electrode_potential": draw(st.booleans()) and array(_VOLTAGES),
        "vendor_cycle_number": draw(st.booleans()) and array(st.integers(0, 2**40)).astype(np.int64),
        "row_flags": draw(st.booleans()) and array(st.integers(0, 7)).astype(np.uint8),
    }
    return CyclingRecord(
        specimen=Specimen(
            name=draw(_TEXT),
            anode=draw(st.none() | _TEXT),
            cell=draw(st.sampled_from(["symmetric", "plating", "full"])),
            cell_id=draw(st.none() | _TEXT),
            area=draw(st.none() | st.floats(1e-6, 0.9)),
            cathode_mass=draw(st.none() | st.floats(1e-9, 1.0)),
        ),
        provenance=Provenance(origin=draw(st.sampled_from(["measured", "simulated"])), source="cell7.ndax"),
        conditions=draw(st.dictionaries(_TEXT, _FINITE, max_size=3)),
        time=np.cumsum(steps),
        voltage=array(_VOLTAGES),
        current=array(st.floats(-10.0, 10.0)),
        **{name: value for name, value in optional.items() if value is not False},
    )


@pytest.mark.parametrize("suffix", [".bdf.csv", ".bdf.parquet"])
@given(record=records())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_own_file_to_bdf_and_back(tmp_path: Path, suffix: str, record: CyclingRecord) -> None:
    save_measurement(record, tmp_path / "own")
    li.convert(tmp_path / "own.parquet", tmp_path / f"there{suffix}")
    li.convert(tmp_path / f"there{suffix}", tmp_path / "back.parquet")
    back = load_cycling_record(tmp_path / "back")
    for name in ("time", "voltage", "current", "electrode_potential", "vendor_cycle_number", "row_flags"):
        before, after = getattr(record, name), getattr(back, name)
        assert (before is None) == (after is None), name
        if before is not None:
            assert before.tobytes() == after.tobytes(), name
    assert asdict(back.specimen) == asdict(record.specimen)
    assert back.conditions == record.conditions
    assert back.provenance.origin == record.provenance.origin
    assert back.provenance.details["converted_from"]["source"] == "cell7.ndax"


def simple() -> CyclingRecord:
    time = np.arange(0.0, 400.0, 10.0)
    current = np.where((time // 100) % 2 == 0, 1e-3, -1e-3)
    return CyclingRecord(
        specimen=Specimen(name="a", cell="symmetric", area=1e-4),
        provenance=Provenance(origin="measured", source="a"),
        time=time,
        voltage=0.1 * np.sign(current),
        current=current,
    )


def test_a_record_without_current_goes_to_lithiates_own_format_only(tmp_path) -> None:
    path = tmp_path / "gel.csv"
    path.write_text("time/s;E/V\n" + "".join(f"{t};{0.1 if t % 2 else -0.1}\n" for t in range(20)))
    with pytest.raises(WriteError, match="requires a current") as error:
        li.convert(path, tmp_path / "gel.bdf.csv")
    assert error.value.code == "LI-WRITE-002"
    assert not list(tmp_path.glob("gel.bdf*"))
    assert li.convert(path, tmp_path / "gel.parquet", cell="symmetric")[0].is_file()
    assert li.read(tmp_path / "gel.parquet").specimen.cell == "symmetric"


def test_the_other_techniques_of_a_source_go_beside_it(tmp_path) -> None:
    record = simple()
    spectra = ImpedanceSpectra(
        specimen=record.specimen,
        provenance=record.provenance,
        frequency=[100.0, 10.0, 1.0],
        impedance=[1.0 - 1j, 2.0 - 2j, 3.0 - 1j],
        time=[401.0, 402.0, 403.0],
    )
    folder = tmp_path / "cell"
    li.write(record, folder / "one.mpt")
    li.write(spectra, folder / "two.mpt")
    written = li.convert(folder, tmp_path / "out.bdf.parquet", cell="symmetric")
    assert [path.name for path in written] == [
        "out.bdf.parquet",
        "out.bdf.parquet.toml",
        "out-impedance.parquet",
        "out-impedance.json",
    ]
    assert li.read(tmp_path / "out-impedance.parquet").frequency.tolist() == [100.0, 10.0, 1.0]
    only = li.convert(folder, tmp_path / "spectra.mpt", technique="impedance", cell="symmetric")
    assert [path.name for path in only] == ["spectra.mpt", "spectra.mpt.toml"]


def test_an_unknown_suffix_is_told_before_anything_is_read(tmp_path) -> None:
    with pytest.raises(WriteError, match=r"suffix of the target names no format.*\.bdf\.csv") as error:
        li.convert(tmp_path / "missing.csv", tmp_path / "out.docx")
    assert error.value.code == "LI-WRITE-002"


def test_the_command(tmp_path) -> None:
    save_measurement(simple(), tmp_path / "a")
    done = CliRunner().invoke(app, ["convert", str(tmp_path / "a.parquet"), str(tmp_path / "b.bdf.csv")])
    assert done.exit_code == 0, done.output
    assert done.output.split() == [str(tmp_path / "b.bdf.csv"), str(tmp_path / "b.bdf.csv.toml")]
    record = li.read(tmp_path / "b.bdf.csv")
    assert json.dumps(record.provenance.details["converted_from"])
    assert record.specimen.area == 1e-4


def test_a_file_is_not_overwritten_by_its_own_conversion(tmp_path: Path) -> None:
    source = tmp_path / "cell" / "one.csv"
    source.parent.mkdir()
    text = "Time / s,Voltage / V,Current / A\n0,0.1,1e-3\n60,0.1,1e-3\n120,-0.1,-1e-3\n"
    for target in (source.with_name("one.bdf.csv"), source.with_name("one.mpt")):
        target.write_text(text)
        for named in (target, target.parent):
            with pytest.raises(WriteError, match="would be lost") as caught:
                li.convert(named, target)
            assert caught.value.code == "LI-WRITE-001"
        assert target.read_text() == text


def test_what_somebody_else_wrote_is_never_overwritten(tmp_path) -> None:
    save_measurement(simple(), tmp_path / "own")
    for name in ("theirs.parquet", "theirs.bdf.csv"):
        (tmp_path / name).write_text("an instrument's", encoding="utf-8")
        with pytest.raises(WriteError, match="the target exists already") as error:
            li.convert(tmp_path / "own.parquet", tmp_path / name)
        assert error.value.code == "LI-WRITE-001"
        assert (tmp_path / name).read_text(encoding="utf-8") == "an instrument's"
    for _again in range(2):  # what a conversion wrote may be written anew
        assert li.convert(tmp_path / "own.parquet", tmp_path / "ours.bdf.csv")
        assert li.convert(tmp_path / "own.parquet", tmp_path / "ours.parquet")


def test_parts_of_a_cell_keep_their_clocks_and_names_through_a_conversion(tmp_path) -> None:
    def part(name: str, start: float) -> CyclingRecord:
        details = {"start": start, "identity": {"channel": "7"}}
        record = evolve(simple(), specimen=Specimen(name=name, cell="symmetric", area=1e-4))
        record = evolve(record, voltage=record.voltage * (1.0 + 1e-4 * start))
        return evolve(record, provenance=Provenance(origin="simulated", source=name, details=details))

    for name, start in (("formation", 5000.0), ("cycling", 1000.0)):
        save_measurement(part(name, start), tmp_path / name)
        li.convert(tmp_path / f"{name}.parquet", tmp_path / "cell" / f"{name}.bdf.csv")
    record = li.read(tmp_path / "cell")
    assert record.provenance.source == "cycling.bdf.csv + formation.bdf.csv"
    assert record.provenance.origin == "simulated"
    assert record.time[40] - record.time[0] == 4000.0
    assert (record.specimen.name, record.specimen.area) == ("cell", 1e-4)
