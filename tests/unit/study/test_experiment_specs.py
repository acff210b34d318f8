"""Every kind of experiment in a study file: what it becomes, and where its faults are told."""

from __future__ import annotations

import pytest

from lithiate.core.cell import FullCell, PlatingCell, SymmetricCell
from lithiate.core.techniques import KINDS
from lithiate.errors import SpecError
from lithiate.study.collect import task_conditions
from lithiate.study.experiment_specs import EXPERIMENT_SPECS
from lithiate.study.plan import plan_tasks
from lithiate.study.spec import load_study
from lithiate.study.used_values import used_values

HEAD = 'schema_version = 1\ntitle = "t"\nanodes = ["Li foil"]\n'
PLATING = 'current_density = "1 mA/cm^2"\nareal_capacity = "1 mAh/cm^2"\n'
KEYS = {
    "symmetric-cycling": PLATING + "cycles = 3\n",
    "nucleation": PLATING,
    "critical-current": 'current_densities = ["1 mA/cm^2", "2 mA/cm^2"]\nhalf_cycle_duration = "1 h"\n',
    "plating-efficiency": PLATING,
    "full-cycling": "",
    "rate": "c_rates = [0.2, 1]\n",
    "anode-free": "",
    "tafel": "",
    "impedance": "",
    "impedance-temperature": "",
    "protocol": 'steps = ["Rest for 1 h"]\n',
}


def study(tmp_path, kind, keys="", head=HEAD):
    path = tmp_path / "study.toml"
    path.write_text(f'{head}[[experiments]]\nname = "a"\nkind = "{kind}"\n{KEYS[kind]}{keys}', encoding="utf-8")
    return load_study(path)


def faults(tmp_path, kind, keys="", head=HEAD) -> str:
    with pytest.raises(SpecError) as caught:
        study(tmp_path, kind, keys, head)
    assert caught.value.code == "LI-SPEC-002"
    return str(caught.value)


def test_every_kind_has_a_model():
    assert set(EXPERIMENT_SPECS) == set(KINDS) == set(KEYS)
    assert all(spec.does.kind == kind for kind, spec in EXPERIMENT_SPECS.items())


@pytest.mark.parametrize("kind", KEYS)
def test_a_kind_becomes_its_experiment_and_writes_all_its_values_out(tmp_path, kind):
    loaded = study(tmp_path, kind, 'stack_pressure = "1 MPa"\nreference_electrode = true\ntemperature = "40 degC"\n')
    (task,) = plan_tasks(loaded)
    assert type(task.protocol) is EXPERIMENT_SPECS[kind].does
    full = kind in ("full-cycling", "rate", "anode-free")
    assert isinstance(task.cell, FullCell if full else PlatingCell if kind == "plating-efficiency" else SymmetricCell)
    assert (task.cell.stack_pressure, task.cell.reference_electrode) == (pytest.approx(1e6), True)
    assert task.protocol.temperature == pytest.approx(313.15)
    conditions = task_conditions(task)
    assert all(type(value) is float for value in conditions.values())
    assert conditions["stack_pressure"] == pytest.approx(1e6)
    (entry,) = used_values(loaded, [task], {}, [])["experiments"]
    assert entry["values"]["stack_pressure"] == {"value": 1.0, "unit": "MPa", "status": "stated"}
    assert entry["values"]["electrolyte_volume"]["status"] == "default"
    assert set(conditions) <= set(entry["values"])


@pytest.mark.parametrize("kind", ["nucleation", "tafel", "impedance", "impedance-temperature", "protocol"])
def test_a_cell_may_be_a_plating_cell(tmp_path, kind):
    (task,) = plan_tasks(study(tmp_path, kind, 'cell = "plating"\n'))
    assert isinstance(task.cell, PlatingCell)


def test_lists_become_si_and_no_condition_of_the_cell(tmp_path):
    loaded = study(tmp_path, "impedance-temperature", 'temperatures = ["0 degC", "25 degC"]\n')
    (task,) = plan_tasks(loaded)
    assert task.protocol.temperatures == pytest.approx((273.15, 298.15))
    assert "temperatures" not in task_conditions(task)
    (entry,) = used_values(loaded, [task], {}, [])["experiments"]
    assert entry["values"]["temperatures"]["value"] == [0.0, 25.0]


def test_what_stands_in_for_an_open_field_is_written_out(tmp_path):
    (task,) = plan_tasks(study(tmp_path, "plating-efficiency", 'method = "reservoir"\n'))
    assert task_conditions(task)["reservoir_capacity"] == pytest.approx(5 * 36000.0)
    (task,) = plan_tasks(study(tmp_path, "symmetric-cycling"))
    assert task_conditions(task)["stripping_current_density"] == pytest.approx(10.0)


def test_steps_are_written_out_in_words(tmp_path):
    path = tmp_path / "study.toml"
    steps = 'steps = ["Rest for 1 h", { repeat = 2, steps = ["Plate at 1 mA/cm2 for 1 h"] }]\n'
    path.write_text(f'{HEAD}[[experiments]]\nname = "a"\nkind = "protocol"\n{steps}', encoding="utf-8")
    loaded = load_study(path)
    (entry,) = used_values(loaded, plan_tasks(loaded), {}, [])["experiments"]
    assert entry["values"]["steps"]["value"] == ["Rest for 1 hour", "2 times: Plate at 1 mA/cm2 for 1 hour"]


@pytest.mark.parametrize(
    ("kind", "keys", "expected"),
    [
        ("impedance", 'temperature = "90 degC"\n', "study.toml:7: experiments[0].temperature: the twin is not valid"),
        ("impedance", "after_cycles = [0, -1]\n", "experiments[0].after_cycles[1]"),
        ("impedance", 'highest_frequency = "1 mHz"\n', "the highest frequency must lie above the lowest"),
        ("impedance", 'cell = "ful"\n', "input should be 'symmetric', 'plating' or 'full'; got 'ful'"),
        ("nucleation", 'cell = "full"\n', "experiments[0].cell: input should be 'symmetric' or 'plating'; got 'full'"),
        ("tafel", 'voltage_window = "0.8 V"\n', "experiments[0].voltage_window: the twin is not valid there"),
        ("tafel", 'stack_pressure = "20 MPa"\n', "got '20 MPa'; expected 0.01 ... 5 MPa"),
        ("plating-efficiency", 'cell = "symmetric"\n', "experiments[0].cell: unknown key"),
        ("plating-efficiency", 'method = "aurbach"\n', "experiments[0].method: input should be 'cycle' or 'reservoir'"),
        (
            "critical-current",
            'areal_capacity = "1 mAh/cm^2"\n',
            "'areal_capacity' or 'half_cycle_duration'",
        ),
        ("protocol", 'rest_after_assembly = "1 h"\n', "experiments[0].rest_after_assembly: unknown key"),
        ("symmetric-cycling", 'rest = "-1 h"\n', "experiments[0].rest: must not be negative"),
        ("nucleation", 'stack_presure = "1 MPa"\n', "did you mean 'stack_pressure'?"),
        (
            "tafel",
            'published = "tafel, NCM811 full cell, carbonate"\n',
            "published values were measured at 'full'; got 'symmetric'",
        ),
    ],
)
def test_a_faulty_experiment(tmp_path, kind, keys, expected):
    assert expected in faults(tmp_path, kind, keys)


def test_a_charge_that_follows_from_others_is_told_at_its_key(tmp_path):
    path = tmp_path / "study.toml"
    keys = 'current_densities = ["1 mA/cm^2", "10 mA/cm^2"]\nhalf_cycle_duration = "4 h"\n'
    path.write_text(f'{HEAD}[[experiments]]\nname = "a"\nkind = "critical-current"\n{keys}', encoding="utf-8")
    with pytest.raises(SpecError, match=r"study.toml:8: experiments\[0\].half_cycle_duration: areal_capacity"):
        load_study(path)


def test_every_faulty_step_is_told_with_its_line(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        HEAD + '[[experiments]]\nname = "a"\nkind = "protocol"\nsteps = [\n  "Rest for 1 hour",\n'
        '  "Plate at 1 mA/cm2 fro 1 hour",\n  { repeat = 0, steps = ["Strip at 500 mA/cm2 for 1 h"] },\n  3,\n]\n',
        encoding="utf-8",
    )
    with pytest.raises(SpecError) as caught:
        load_study(path)
    text = str(caught.value)
    assert "study.toml:9: experiments[0].steps[1]: the step cannot be read" in text
    assert "did you mean 'Plate at 1 mA/cm2 for 1 hour'?" in text
    assert "study.toml:10: experiments[0].steps[2].repeat: must be a whole number of repeats, at least 1; got 0" in text
    assert "experiments[0].steps[2].steps[0]: the twin is not valid there" in text
    assert "study.toml:11: experiments[0].steps[3]: is neither a step in words" in text


def test_names_of_closures_mechanisms_and_ablation_have_nearest_matches(tmp_path):
    head = (
        HEAD + 'disabled_mechanisms = ["pitting", "soft_short"]\nclosures = { sei_groth = "x", roughness = "sauce" }\n'
        '[ablation]\nexperiments = ["b"]\nanodes = ["Li foil", "Li foyl"]\n'
    )
    text = faults(tmp_path, "tafel", head=head)
    for expected in (
        "study.toml:4: disabled_mechanisms[1]: not a mechanism of the twin; got 'soft_short'",
        "did you mean 'soft_shorts'?",
        "study.toml:5: closures.sei_groth: not a closure of the twin",
        "did you mean 'sei_growth'?",
        "closures.roughness: not an alternative of this closure; got 'sauce'",
        "study.toml:7: ablation.experiments[0]: not an experiment of this study; got 'b'",
        "study.toml:8: ablation.anodes[1]: not an anode of this study; got 'Li foyl'; expected one of 'Li foil'",
    ):
        assert expected in text
