"""Full cells in a study file: what they become, what is written out, and where their faults are told."""

from __future__ import annotations

import tomllib

import pytest

from lithiate.core.cell import FullCell
from lithiate.core.full_experiments import (
    AnodeFree,
    FullCycling,
    FullImpedance,
    FullImpedanceTemperature,
    FullTafel,
    Rate,
)
from lithiate.core.protocol import Protocol
from lithiate.errors import SpecError
from lithiate.library import load_cathode
from lithiate.study.collect import task_conditions
from lithiate.study.plan import plan_tasks
from lithiate.study.spec import load_study
from lithiate.study.toml_text import toml_text
from lithiate.study.used_values import used_values

HEAD = 'schema_version = 1\ntitle = "t"\nanodes = ["Li foil"]\n[[experiments]]\nname = "a"\n'
KINDS = {
    "full-cycling": ("", FullCycling),
    "rate": ("c_rates = [0.2, 0.5, 1, 2, 5, 10]\n", Rate),
    "anode-free": ("", AnodeFree),
    "impedance": ('cell = "full"\nafter_cycles = [0, 50]\n', FullImpedance),
    "impedance-temperature": ('cell = "full"\n', FullImpedanceTemperature),
    "tafel": ('cell = "full"\n', FullTafel),
}


def study(tmp_path, keys):
    path = tmp_path / "study.toml"
    path.write_text(HEAD + keys, encoding="utf-8")
    return load_study(path)


def faults(tmp_path, keys) -> str:
    with pytest.raises(SpecError) as caught:
        study(tmp_path, keys)
    assert caught.value.code == "LI-SPEC-002"
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_full_cell(tmp_path, kind):
    own, does = KINDS[kind]
    keys = 'cathode = "NCM811"\ncathode_loading = "20 mg/cm^2"\nelectrolyte_to_cathode_ratio = "2 uL/mg"\n'
    (task,) = plan_tasks(study(tmp_path, f'kind = "{kind}"\n{own}{keys}formation_cycles = 2\nformation_rate = 0.1\n'))
    assert type(task.protocol) is does
    assert isinstance(task.cell, FullCell)
    assert task.cell.cathode_loading == pytest.approx(0.2)
    # 2 uL for each of 20 mg on a square centimetre.
    assert task.cell.electrolyte_volume == pytest.approx(40e-5)
    assert task.cell.anode_free == (kind == "anode-free")
    assert (task.protocol.lower_voltage, task.protocol.upper_voltage) == load_cathode("NCM811").voltage_window
    assert task.protocol.formation_rate == 0.1


def test_the_lock_file_says_what_the_study_left_open(tmp_path):
    loaded = study(tmp_path, 'kind = "full-cycling"\ncycles = 400\nupper_voltage = "4.2 V"\n')
    text = toml_text(used_values(loaded, plan_tasks(loaded), {}, []))
    (entry,) = tomllib.loads(text)["experiments"]
    values = entry["values"]
    assert entry["cell"] == "full"
    assert values["cycles"] == {"value": 400, "status": "stated"}
    assert values["c_rate"] == {"value": 1.0, "unit": "1/h", "status": "default"}
    assert values["charge_c_rate"] == {"value": 1.0, "unit": "1/h", "status": "default"}
    assert values["specific_current_at_one_c"] == {"value": 200.0, "unit": "mA/g", "status": "default"}
    assert values["cathode"] == {"value": "NCM811", "status": "default"}
    assert values["cathode_loading"] == {"value": 2.0, "unit": "mg/cm^2", "status": "default"}
    assert values["electrolyte_volume"] == {"value": 35.0, "unit": "uL/cm^2", "status": "default"}
    assert values["lower_voltage"] == {"value": 2.8, "unit": "V", "status": "default"}
    assert values["upper_voltage"] == {"value": 4.2, "unit": "V", "status": "stated"}
    assert values["electrolyte"]["value"] == "LiPF6-EC-DEC"
    assert values["area"]["value"] == pytest.approx(1.130973, rel=1e-6)
    assert set(task_conditions(plan_tasks(loaded)[0])) <= set(values)
    assert tomllib.loads(text)["cathodes"]["NCM811"]["density"]["status"] in ("measured", "assumed")


def test_the_volume_that_follows_from_a_ratio_is_written_out_as_stated(tmp_path):
    loaded = study(tmp_path, 'kind = "rate"\nc_rates = [1]\nelectrolyte_to_cathode_ratio = "3 uL/mg"\n')
    (entry,) = used_values(loaded, plan_tasks(loaded), {}, [])["experiments"]
    assert entry["values"]["electrolyte_volume"] == {"value": 6.0, "unit": "uL/cm^2", "status": "stated"}
    assert entry["values"]["electrolyte_to_cathode_ratio"] == {"value": 3.0, "unit": "uL/mg", "status": "stated"}
    assert entry["values"]["c_rates"] == {"value": [1.0], "unit": "1/h", "status": "stated"}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            'kind = "rate"\nc_rates = [0.2, 0]\n',
            "study.toml:7: experiments[0].c_rates[1]: is not a C-rate; got 0; expected a number of 0.01 to 50",
        ),
        ('kind = "rate"\nc_rates = ["1 C"]\n', "experiments[0].c_rates[0]: is not a C-rate; got '1 C'"),
        ('kind = "rate"\nc_rates = "0.2 C"\n', "experiments[0].c_rates: input should be a valid tuple; got '0.2 C'"),
        ('kind = "rate"\nc_rates = []\n', "study.toml:7: experiments[0].c_rates"),
        ('kind = "rate"\n', "experiments[0].c_rates: a required key is missing"),
        ('kind = "full-cycling"\nc_rate = true\n', "experiments[0].c_rate: is not a C-rate; got True"),
        ('kind = "full-cycling"\nc_rate = nan\n', "experiments[0].c_rate: is not a C-rate; got nan"),
        (
            'kind = "full-cycling"\ncathode_loading = "0 mg/cm^2"\n',
            "study.toml:7: experiments[0].cathode_loading: must be positive; got '0 mg/cm^2'",
        ),
        ('kind = "full-cycling"\ncathode_loading = "2 mg"\n', "cathode_loading: the unit has the wrong dimension"),
        (
            'kind = "full-cycling"\nelectrolyte_volume = "35 uL/cm^2"\nelectrolyte_to_cathode_ratio = "2 uL/mg"\n',
            "study.toml:8: experiments[0].electrolyte_to_cathode_ratio: the amount of electrolyte is given twice",
        ),
        (
            'kind = "full-cycling"\nupper_voltage = "4.9 V"\n',
            "study.toml:7: experiments[0].upper_voltage: outside the open-circuit potential of 'NCM811'; got '4.9 V'",
        ),
        ('kind = "full-cycling"\nlower_voltage = "1 V"\n', "experiments[0].lower_voltage: outside the open-circuit"),
        ('kind = "rate"\nc_rates = [1]\nlower_voltage = "4.3 V"\n', "experiments[0].lower_voltage: the lower voltage"),
        ('kind = "anode-free"\nvoltage_limit = "4 V"\n', "experiments[0].voltage_limit: the test would end before"),
        (
            'kind = "full-cycling"\ncathode = "NCM881"\n',
            "study.toml:7: experiments[0].cathode: not in the library's cathodes; got 'NCM881'",
        ),
        ('kind = "full-cycling"\ncathode = "NCM881"\n', "did you mean 'NCM811'?"),
        ('kind = "full-cycling"\ncell = "symmetric"\n', "experiments[0].cell: input should be 'full'; got 'symmetric'"),
        (
            'kind = "impedance"\ncell = "full"\ncurrent_density = "1 mA/cm^2"\n',
            "study.toml:8: experiments[0].current_density: belongs to cells without a cathode, and this is a full cell",
        ),
        (
            'kind = "impedance"\nc_rate = 1\n',
            "a cell without a cathode (cell = \"full\" makes it one); expected 'current_density'",
        ),
        (
            'kind = "nucleation"\ncurrent_density = "1 mA/cm^2"\nareal_capacity = "1 mAh/cm^2"\ncathode = "NCM811"\n',
            "study.toml:9: experiments[0].cathode: belongs to full cells, and this is a cell without a cathode\n",
        ),
        ('kind = "full-cycling"\nformation_rate = "0.1 mA/cm^2"\n', "experiments[0].formation_rate: is not a C-rate"),
        ('kind = "full-cycling"\ncathod = "NCM811"\n', "unknown key; did you mean 'cathode'?"),
        ('kind = "impedance"\ncell = "full"\nstate_of_charge = 50\n', "experiments[0].state_of_charge"),
        ('kind = "full-cyclin"\n', "unknown kind; got 'full-cyclin'; available: symmetric-cycling, nucleation"),
        ('kind = "tafel"\ncell = "full"\ncurrent_density = "1 mA/cm^2"\n', "full cell; expected 'c_rate'"),
        ('kind = "full-cyclin"\n', "did you mean 'full-cycling'?"),
    ],
)
def test_a_faulty_full_cell(tmp_path, keys, expected):
    assert expected in faults(tmp_path, keys)


def test_faults_of_form_and_of_meaning_are_told_together(tmp_path):
    text = faults(tmp_path, 'kind = "rate"\nc_rates = [0]\ncathode = "NCM81"\nupper_voltage = "6 V"\nfoo = 1\n')
    # The window of a cathode that nobody knows is no fault of its own.
    assert text.splitlines()[0].endswith("3 faults")


def test_steps_of_a_protocol_fit_the_cell(tmp_path):
    text = faults(tmp_path, 'kind = "protocol"\ncell = "full"\nsteps = ["Plate at 1 mA/cm2 for 1 h"]\n')
    assert "study.toml:8: experiments[0].steps[0]: a full cell charges and discharges" in text
    assert "expected 'discharge'" in text
    text = faults(tmp_path, 'kind = "protocol"\nsteps = ["Charge at 1 C until 4.3 V"]\n')
    assert "a symmetric cell plates and strips; got 'Charge at 1 C until 4.3 V'" in text
    assert 'cell = "full"' in text


def test_a_protocol_of_a_full_cell_may_hold_its_voltage(tmp_path):
    steps = '["Charge at 0.5 C until 4.3 V", "Hold at 4.3 V until 0.05 C", "Discharge at 1 C until 2.8 V"]'
    (task,) = plan_tasks(study(tmp_path, f'kind = "protocol"\ncell = "full"\nsteps = {steps}\n'))
    assert isinstance(task.protocol, Protocol)
    assert isinstance(task.cell, FullCell)
    assert [step.action for step in task.protocol.flatten()] == ["charge", "hold", "discharge"]


DRIVE = "Time / s,C-rate\n0,-1\n10,-1\n20,0.5\n30,0\n40,0\n"


def test_a_profile_is_steps_and_stands_in_the_lock_file_by_its_name(tmp_path):
    (tmp_path / "drive.csv").write_text(DRIVE, encoding="utf-8")
    steps = '["Charge at 1 C until 4.3 V", { repeat = 2, steps = [{ profile = "drive.csv", repeat = 20 }] }]'
    loaded = study(tmp_path, f'kind = "protocol"\ncell = "full"\nsteps = {steps}\n')
    (task,) = plan_tasks(loaded)
    assert task.protocol.number_of_steps == 1 + 2 * 20 * 3
    durations = [step.duration for step in task.protocol.flatten()][1:4]
    assert durations == [20.0, 10.0, 10.0]
    (entry,) = used_values(loaded, [task], {}, [])["experiments"]
    charge, drive = entry["values"]["steps"]["value"]
    assert charge == "Charge at 1 C until 4.3 V"
    assert drive.startswith("2 times: 20 times: profile drive.csv (sha256 ")
    assert drive.endswith("), 3 steps, 0.0111111 h")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            '{ profile = "drve.csv" }',
            "study.toml:9: experiments[0].steps[0].profile: there is no such file; got 'drve.csv'",
        ),
        ('{ profile = "drve.csv" }', "did you mean 'drive.csv'?"),
        ('{ profile = "drive.csv", repeat = 0 }', "steps[0].repeat: must be a whole number of repeats"),
        ('{ profile = "drive.csv", repeats = 2 }', "steps[0].repeats: unknown key; expected one of profile, repeat"),
        ("{ profile = 3 }", "steps[0].profile: must be the name of a file beside the study; got 3"),
        ('{ profile = "bad.csv" }', "steps[0].profile: bad.csv:4: the times do not rise"),
        ('{ profile = "strong.csv" }', "current_density: the twin is not valid there; got '100 mA/cm^2'"),
    ],
)
def test_a_faulty_profile(tmp_path, entry, expected):
    (tmp_path / "drive.csv").write_text(DRIVE, encoding="utf-8")
    (tmp_path / "bad.csv").write_text("Time / s,C-rate\n0,1\n2,1\n1,1\n", encoding="utf-8")
    strong = "Time / s,Current density / mA/cm2\n0,100\n2,1\n3,1\n"
    (tmp_path / "strong.csv").write_text(strong, encoding="utf-8")
    text = faults(tmp_path, f'kind = "protocol"\ncell = "full"\nsteps = [\n  {entry},\n]\n')
    assert expected in text
