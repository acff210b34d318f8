"""Study files: what they mean, and every fault in one message with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lithiate.core.techniques import KINDS
from lithiate.errors import SpecError
from lithiate.library import load_anode
from lithiate.library.published import PUBLISHED_CONDITIONS
from lithiate.study.spec import PLANNED_KINDS, load_study

ROOT = Path(__file__).resolve().parents[3]
HEAD = 'schema_version = 1\ntitle = "t"\nanodes = ["Li foil"]\n'
EXPERIMENT = (
    '[[experiments]]\nname = "a"\nkind = "symmetric-cycling"\ncurrent_density = "1 mA/cm^2"\n'
    'areal_capacity = "1 mAh/cm^2"\n'
)


def load(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


def faults(tmp_path, text) -> str:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, text)
    assert caught.value.code == "LI-SPEC-002"
    return str(caught.value)


def test_values_become_si(study_file):
    study = load_study(study_file)
    experiment = study.experiments[0]
    assert experiment.current_density == pytest.approx(10.0, rel=1e-15)
    assert experiment.areal_capacity == pytest.approx(36000.0, rel=1e-15)
    protocol = experiment.protocol()
    assert protocol.half_cycles == 60
    assert protocol.temperature == 298.15
    assert study.seed == 3
    assert list(study.anodes) == ["WN/Mo2N@HCN/Li", "Li foil"]


def test_the_shipped_studies_are_valid():
    kinds = {
        name: {experiment.kind for experiment in load_study(ROOT / "studies" / f"{name}.toml").experiments}
        for name in ("minimal", "ding2022", "lithium_depth", "full_cells")
    }
    assert kinds["minimal"] == {"symmetric-cycling", "nucleation"}
    full = {"full-cycling", "rate", "anode-free"}
    probes = {"impedance", "impedance-temperature", "tafel"}
    assert (
        kinds["ding2022"] == {"symmetric-cycling", "nucleation", "plating-efficiency", "full-cycling", "rate"} | probes
    )
    assert kinds["lithium_depth"] == set(KINDS) - full
    assert kinds["full_cells"] == full | probes | {"protocol"}


def test_every_published_label_of_a_cell_has_its_experiment():
    study = load_study(ROOT / "studies" / "ding2022.toml")
    used = {experiment.published for experiment in study.experiments}
    # The host's photoelectron spectra are the only label that is no experiment on a cell.
    assert set(PUBLISHED_CONDITIONS) - used == {"xps"}


def test_ding2022_is_the_published_experiment():
    study = load_study(ROOT / "studies" / "ding2022.toml")
    assert len(study.anodes_of(study.experiments[0])) == 5
    assert study.experiments[0].protocol().half_cycles == 1400
    assert study.experiments[0].published == "symmetric 1 mA/cm2, 1 mAh/cm2, ether"


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path):
    text = faults(
        tmp_path,
        'schema_version = 1\ntitel = "t"\nanodes = ["Li foill"]\n'
        + EXPERIMENT.replace("current_density", "curent_density").replace("1 mAh/cm^2", "1 mA")
        + 'duration = "1 h"\nelectrolyte = "LiTFSI"\n',
    )
    lines = [line.strip() for line in text.splitlines()[1:-1]]
    assert "faults" in text.splitlines()[0]
    numbers = [int(line.split(":")[1]) for line in lines]
    assert numbers == sorted(numbers)
    for expected in (
        "study.toml:2: titel: unknown key; did you mean 'title'?",
        "title: a required key is missing",
        "study.toml:3: anodes[0]: the name is not in the library's anodes; got 'Li foill'",
        "did you mean 'Li foil'?",
        "study.toml:7: experiments[0].curent_density: unknown key; did you mean 'current_density'?",
        "study.toml:8: experiments[0].areal_capacity: the unit has the wrong dimension; got '1 mA'",
        "study.toml:10: experiments[0].electrolyte: not in the library's electrolytes; got 'LiTFSI'",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("", "give either 'duration' or 'cycles'; got 'neither'"),
        ('duration = "1 h"\ncycles = 3\n', "give either 'duration' or 'cycles'; got 'both'"),
        ("cycles = 0\n", "study.toml:9: experiments[0].cycles: input should be greater than or equal to 1; got 0"),
        ("cycles = 3\nreplicates = 0\n", "experiments[0].replicates"),
        ('cycles = 3\ntemperature = "25"\n', "experiments[0].temperature: a unit is missing; got '25'"),
        ("cycles = 3\ntemperature = 25\n", "experiments[0].temperature: a unit is missing; got 25"),
        ('cycles = 3\nvoltage_limit = "-1 V"\n', "experiments[0].voltage_limit: must be positive; got '-1 V'"),
        ('cycles = 3\nanodes = ["HCN/Li"]\n', "experiments[0].anodes[0]: not an anode of this study; got 'HCN/Li'"),
        ('cycles = 3\npublished = "first plating"\n', "did you mean 'first plating, symmetric'?"),
        ('cycles = 3\nseparator = "Celgard 2401"\n', "did you mean 'Celgard 2400'?"),
    ],
)
def test_a_faulty_experiment(tmp_path, change, expected):
    assert expected in faults(tmp_path, HEAD + EXPERIMENT + change)


@pytest.mark.parametrize("kind", PLANNED_KINDS)
def test_a_planned_kind_says_that_it_is_planned(tmp_path, kind):
    text = faults(tmp_path, HEAD + EXPERIMENT.replace("symmetric-cycling", kind))
    assert f"the kind '{kind}' is planned, not available in this version; available: symmetric-cycling" in text


def test_an_unknown_kind_has_a_nearest_match(tmp_path):
    text = faults(tmp_path, HEAD + EXPERIMENT.replace("symmetric-cycling", "nucleatoin"))
    assert "unknown kind; got 'nucleatoin'" in text
    assert "did you mean 'nucleation'?" in text


def test_names_are_unique(tmp_path):
    text = faults(tmp_path, HEAD + EXPERIMENT + "cycles = 1\n" + EXPERIMENT + "cycles = 2\n")
    assert "study.toml:11: experiments[1].name: the experiment 'a' is there already" in text
    text = faults(tmp_path, HEAD.replace('"Li foil"', '"Li foil", "Li foil"') + EXPERIMENT + "cycles = 1\n")
    assert "anodes[1]: the anode 'Li foil' is there already" in text


def test_a_negative_thickness_has_the_line_of_its_override(tmp_path):
    text = faults(tmp_path, HEAD + '[anode_overrides."Li foil"]\nthickness = "-3 um"\n' + EXPERIMENT + "cycles = 1\n")
    assert 'study.toml:5: anode_overrides."Li foil".thickness' in text
    assert "got -3 um" in text


def test_an_override_of_an_unknown_anode_or_field(tmp_path):
    text = faults(tmp_path, HEAD + '[anode_overrides."Li fol"]\nthickness = "3 um"\n' + EXPERIMENT + "cycles = 1\n")
    assert "not an anode of this study; got 'Li fol'" in text
    text = faults(tmp_path, HEAD + '[anode_overrides."Li foil"]\nthicknes = "3 um"\n' + EXPERIMENT + "cycles = 1\n")
    assert "did you mean 'thickness'?" in text


def test_overrides_and_variants_change_the_anode(tmp_path):
    study = load(
        tmp_path,
        'schema_version = 1\ntitle = "t"\nanodes = ["WN/Mo2N@HCN/Li"]\n'
        '[anode_overrides."WN/Mo2N@HCN/Li"]\nthickness = "200 um"\n'
        '[[anode_variants]]\nname = "1:4"\nbase = "WN/Mo2N@HCN/Li"\n'
        'overrides = { host_to_lithium_mass_ratio = "1:4" }\n' + EXPERIMENT + "cycles = 1\n",
    )
    assert list(study.anodes) == ["WN/Mo2N@HCN/Li", "1:4"]
    assert study.anodes["1:4"].name == "1:4"
    assert study.anodes["1:4"].host_to_lithium_mass_ratio == 0.25
    assert study.anodes["1:4"].thickness == pytest.approx(200e-6, rel=1e-14)
    assert load_anode("WN/Mo2N@HCN/Li").thickness == pytest.approx(360e-6, rel=1e-14)


def test_an_anode_file_is_found_beside_the_study(tmp_path):
    import lithiate.library

    text = (Path(lithiate.library.__file__).parent / "data/anodes/li-foil.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace('name = "Li foil"', 'name = "mine"'), encoding="utf-8")
    study = load(tmp_path, HEAD.replace("Li foil", "mine.toml") + EXPERIMENT + 'anodes = ["mine.toml"]\ncycles = 1\n')
    assert study.anodes_of(study.experiments[0]) == ("mine",)
    text = faults(tmp_path, HEAD.replace("Li foil", "other.toml") + EXPERIMENT + "cycles = 1\n")
    assert "anodes[0]: the file cannot be read" in text


def test_measurements_are_checked(tmp_path):
    (tmp_path / "cell7.csv").write_text("x", encoding="utf-8")
    text = faults(
        tmp_path,
        HEAD + '[[measurements]]\nanode = "HCN/Li"\nkind = "symmetric-cycling"\nfiles = ["cell8.csv"]\n'
        'area = "1.13 cm"\nexperiment = "b"\nfoo = 1\n',
    )
    for expected in (
        "study.toml:5: measurements[0].anode: not an anode of this study; got 'HCN/Li'",
        "study.toml:7: measurements[0].files[0]: there is no such file or folder; got 'cell8.csv'; did you mean",
        "study.toml:8: measurements[0].area: the unit has the wrong dimension",
        "study.toml:9: measurements[0].experiment: not an experiment of this study; got 'b'",
        "study.toml:10: measurements[0].foo: unknown key; expected one of anode, kind, files",
    ):
        assert expected in text


def test_a_study_needs_something_to_do(tmp_path):
    assert "the study has nothing to do" in faults(tmp_path, HEAD)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('parameters = "ding2022-calibrated"', "parameters: input should be 'nominal'; got 'ding2022-calibrated'"),
        ("ensemble_size = -1", "ensemble_size"),
        ('seed = "1"', "seed: input should be a valid integer; got '1'"),
        ("schema_version = 2", "schema_version: input should be 1; got 2"),
    ],
)
def test_a_faulty_head(tmp_path, line, expected):
    head = HEAD.replace("schema_version = 1\n", "") if "schema_version" in line else HEAD
    assert expected in faults(tmp_path, f"{line}\n{head}{EXPERIMENT}cycles = 1\n")


def test_no_toml_and_no_file(tmp_path):
    with pytest.raises(SpecError, match="LI-SPEC-001"):
        load(tmp_path, "title = ")
    with pytest.raises(SpecError, match="LI-SPEC-003"):
        load_study(tmp_path / "none.toml")
