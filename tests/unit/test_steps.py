"""Steps in words, repeats and protocols."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lithiate.core.protocol import Protocol, Repeat, Step, parse_step
from lithiate.core.step_text import FORMS
from lithiate.errors import SpecError, UnitError

POSITIVE = st.floats(1e-12, 1e12)
VOLTAGE = st.floats(-10, 10)


def ends() -> st.SearchStrategy[dict[str, float]]:
    found = {"duration": POSITIVE, "areal_capacity": POSITIVE, "until_voltage": VOLTAGE}
    return st.fixed_dictionaries({}, optional=found).filter(bool)


STEPS = st.one_of(
    st.builds(
        lambda action, density, conditions: Step(action=action, current_density=density, **conditions),
        st.sampled_from(["plate", "strip"]),
        POSITIVE,
        ends(),
    ),
    st.builds(Step, action=st.just("rest"), duration=POSITIVE),
    st.builds(Step, action=st.just("sweep"), start_voltage=VOLTAGE, end_voltage=st.just(11.0), scan_rate=POSITIVE),
    st.builds(
        lambda voltage, conditions: Step(action="hold", voltage=voltage, **conditions),
        VOLTAGE,
        st.fixed_dictionaries({}, optional={"duration": POSITIVE, "until_current_density": POSITIVE}).filter(bool),
    ),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plate at 1 mA/cm2 for 1 hour", {"action": "plate", "current_density": 10.0, "duration": 3600.0}),
        ("Plate at 1 mA/cm2 until 2 mAh/cm2", {"action": "plate", "current_density": 10.0, "areal_capacity": 72000.0}),
        ("Strip at 0.5 mA/cm2 until 1 V", {"action": "strip", "current_density": 5.0, "until_voltage": 1.0}),
        (
            "Strip at 1 mA/cm2 for 1 hour or until 1 V",
            {"action": "strip", "current_density": 10.0, "duration": 3600.0, "until_voltage": 1.0},
        ),
        ("Rest for 24 hours", {"action": "rest", "duration": 86400.0}),
        (
            "Sweep from 0 V to -0.2 V at 1 mV/s",
            {"action": "sweep", "start_voltage": 0.0, "end_voltage": -0.2, "scan_rate": 1e-3},
        ),
        ("Hold at -5 mV for 10 minutes", {"action": "hold", "voltage": -0.005, "duration": 600.0}),
        ("Hold at -5 mV until 0.01 mA/cm2", {"action": "hold", "voltage": -0.005, "until_current_density": 0.1}),
    ],
)
def test_forms(text, expected) -> None:
    assert parse_step(text) == Step(**expected)
    assert str(parse_step(text)) == text


@pytest.mark.parametrize(
    "density",
    [
        "1 mA/cm2",
        "1mA/cm^2",
        "1 mA cm-2",
        "1 mA cm^-2",
        "1 mA·cm⁻²",
        "1 MA/CM2",
        "1e3 uA/cm2",
        "1000 µA/cm²",
        "10 A m-2",
    ],
)
@pytest.mark.parametrize("capacity", ["2 mAh/cm2", "2 mAh cm-2", "2 mA h/cm^2", "72000 C/m2", "7.2 C/cm²"])
def test_spellings_of_units(density, capacity) -> None:
    step = parse_step(f"  PLATE  at {density}   until {capacity} ")
    assert step == Step(action="plate", current_density=10.0, areal_capacity=72000.0)


@pytest.mark.parametrize(
    "text", ["1 h", "1 hr", "1 Hour", "1hours", "60 min", "60 minutes", "3600 s", "3600 Seconds", "3.6e3 sec"]
)
def test_spellings_of_durations(text) -> None:
    assert parse_step(f"Rest for {text}").duration == 3600.0
    assert parse_step("rest for 1 day").duration == 86400.0


def test_units_outside_the_table_go_through_pint() -> None:
    assert parse_step("Rest for 2 weeks").duration == pytest.approx(14 * 86400.0)
    assert parse_step("Plate at 1 mA/cm2 until 500 uAh/cm2").areal_capacity == pytest.approx(18000.0)
    assert parse_step("Sweep from 0 V to 1 V at 6 mV/min").scan_rate == pytest.approx(1e-4)


def test_conditions_in_any_order() -> None:
    a = parse_step("Plate at 1 mA/cm2 until -0.5 V or until 1 mAh/cm2 or for 2 h")
    b = parse_step("Plate at 1 mA/cm2 for 2 h or until 1 mAh/cm2 or until -0.5 V.")
    assert a == b
    assert a.until_voltage == -0.5


@settings(max_examples=300, deadline=None)
@given(step=STEPS)
def test_text_reads_back_as_the_same_step(step) -> None:
    assert parse_step(str(step)) == step
    assert parse_step(str(step).upper()) == step


@pytest.mark.parametrize(
    ("text", "stopped", "nearest"),
    [
        (
            "Plate at 1 mA/cm2 fro 1 hour",
            "expected 'for' or 'until' after 'Plate at 1 mA/cm2'",
            "Plate at 1 mA/cm2 for 1 hour",
        ),
        ("Plate at 1 mA/cm2 for 1 furlong", "no unit of duration after 'Plate at 1 mA/cm2 for'", FORMS[0]),
        ("Plate at 1 mA/cm2", "'for' or 'until' after 'Plate at 1 mA/cm2'", FORMS[0]),
        ("Plate at 1 mA for 1 hour", "'mA' is no unit of current density after 'Plate at'", FORMS[0]),
        ("Plate at 0,5 mA/cm2 for 1 hour", "no unit of current density", FORMS[0]),
        ("Plate at 1 mA/cm2 until 1 hour", "no unit of areal capacity or voltage", FORMS[0]),
        ("Plate at 1 mA/cm2 for 1 h for 2 h", "expected the end of the step", FORMS[0]),
        ("Plate at 1 mA/cm2 for 1 h or for 2 h", "a second duration", FORMS[0]),
        ("Plate for 1 hour at 1 mA/cm2", "expected 'at' after 'Plate'", FORMS[0]),
        ("Plait at 1 mA/cm2 for 1 hour", "expected 'plate' or 'strip'", FORMS[0]),
        ("Rest until 1 hour", "expected 'for' after 'Rest'", "Rest for 24 hours"),
        ("Rest for 3", "the unit is missing", "Rest for 24 hours"),
        ("Rest for ever", "expected a number with its unit (duration)", "Rest for 24 hours"),
        ("Rest for 1 hour and a half", "expected the end of the step after 'Rest for 1 hour'", "Rest for 24 hours"),
        ("Sweep from 0 V at 1 mV/s", "expected 'to' after 'Sweep from 0 V'", FORMS[7]),
        ("Hold at -5 mV until 1 V", "no unit of current density", FORMS[9]),
        ("", "expected 'plate'", None),
    ],
)
def test_errors_say_where_reading_stopped(text, stopped, nearest) -> None:
    with pytest.raises(SpecError) as error:
        parse_step(text, where="study.toml:7")
    assert error.value.code == "LI-SPEC-002"
    assert error.value.where == "study.toml:7"
    assert stopped in error.value.what
    assert error.value.got == text
    assert nearest is None or error.value.nearest.split()[0] == nearest.split()[0]


@pytest.mark.parametrize(
    "text",
    [
        "Plate at -1 mA/cm2 for 1 hour",
        "Plate at 0 mA/cm2 for 1 hour",
        "Rest for 0 s",
        "Strip at 1 mA/cm2 until -1 mAh/cm2",
        "Sweep from 1 V to 1 V at 1 mV/s",
        "Sweep from 1 V to 0 V at -1 mV/s",
        "Hold at 0 V until 0 mA/cm2",
        "Rest for 1e999 s",
    ],
)
def test_nonsense_is_refused(text) -> None:
    with pytest.raises(SpecError) as error:
        parse_step(text)
    assert error.value.code == "LI-SPEC-002"
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"action": "plait", "duration": 1.0}, "did you mean 'plate'"),
        ({"action": "plate", "duration": 1.0}, "'current_density' is missing"),
        ({"action": "plate", "current_density": 1.0}, "nothing says when the step ends"),
        ({"action": "rest", "duration": 1.0, "until_voltage": 1.0}, "'until_voltage' means nothing here"),
        ({"action": "hold", "voltage": 0.0}, "nothing says when the step ends"),
        ({"action": "sweep", "start_voltage": 0.0, "end_voltage": 1.0}, "'scan_rate' is missing"),
        ({"action": "plate", "current_density": float("nan"), "duration": 1.0}, "must be a positive number"),
    ],
)
def test_fields_that_do_not_fit(changes, words) -> None:
    with pytest.raises(SpecError, match=words):
        Step(**changes)


def test_fields_take_text_with_units() -> None:
    step = Step(action="plate", current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2")
    assert (step.current_density, step.areal_capacity) == (10.0, 36000.0)
    with pytest.raises(UnitError):
        Step(action="rest", duration="1 V")


def test_what_follows_from_a_step() -> None:
    plate = parse_step("Plate at 1 mA/cm2 for 1 h or until 0.5 mAh/cm2")
    assert (plate.signed_current_density, plate.longest_duration) == (-10.0, 1800.0)
    strip = parse_step("Strip at 1 mA/cm2 until 1 V")
    assert (strip.signed_current_density, strip.longest_duration) == (10.0, None)
    assert parse_step("Sweep from 0 V to -0.2 V at 1 mV/s").longest_duration == pytest.approx(200.0)
    assert parse_step("Rest for 1 h").signed_current_density == 0.0
    with pytest.raises(SpecError, match="controls the voltage"):
        _ = parse_step("Hold at 0 V for 1 h").signed_current_density


def test_protocol_from_toml() -> None:
    table = tomllib.loads(
        """
        steps = [
          "Rest for 24 hours",
          { repeat = 2, steps = ["Plate at 1 mA/cm2 for 1 h", { repeat = 3, steps = ["Rest for 1 min"] }] },
          "Strip at 1 mA/cm2 until 1 V",
        ]
        temperature = "40 degC"
        """
    )
    protocol = Protocol(**table)
    assert [step.action for step in protocol.flatten()] == ["rest", *(["plate"] + ["rest"] * 3) * 2, "strip"]
    assert protocol.number_of_steps == 10
    assert (protocol.temperature, protocol.voltage_limit) == (pytest.approx(313.15), 5.0)
    assert protocol == Protocol(
        steps=(
            Step(action="rest", duration="24 h"),
            Repeat(["Plate at 1 mA/cm2 for 1 h", Repeat([Step(action="rest", duration=60.0)], 3)], 2),
            "Strip at 1 mA/cm2 until 1 V",
        ),
        temperature=313.15,
    )


def test_flatten_is_lazy() -> None:
    body = ["Plate at 1 mA/cm2 for 1 h", "Strip at 1 mA/cm2 for 1 h"]
    protocol = Protocol(steps=[{"repeat": 10**12, "steps": body}])
    assert protocol.number_of_steps == 2 * 10**12
    assert [step.action for step in itertools.islice(protocol.flatten(), 3)] == ["plate", "strip", "plate"]
    assert sum(1 for _ in Protocol(steps=[{"repeat": 4000, "steps": body}]).flatten()) == 8000


@pytest.mark.parametrize(
    ("steps", "where", "words"),
    [
        ([], "steps", "holds no step"),
        ("Rest for 1 h", "steps", "must be a list"),
        (["Rest for 1 h", 3], "steps[1]", "neither a step nor a repeat"),
        ([{"repeat": 2, "step": ["Rest for 1 h"]}], "steps[0]", "neither a step nor a repeat"),
        ([{"repeat": 0, "steps": ["Rest for 1 h"]}], "steps[0].repeat", "whole number of repeats"),
        ([{"repeat": True, "steps": ["Rest for 1 h"]}], "steps[0].repeat", "whole number of repeats"),
        ([{"repeat": 2, "steps": ["Rest for 1 h", "Rost for 1 h"]}], "steps[0].steps[1]", "cannot be read"),
    ],
)
def test_faults_of_a_protocol_name_their_place(steps, where, words) -> None:
    with pytest.raises(SpecError, match=words) as error:
        Protocol(steps=steps)
    assert error.value.where == where


def test_conditions_of_a_protocol() -> None:
    with pytest.raises(SpecError, match="temperature: must be positive"):
        Protocol(steps=["Rest for 1 h"], temperature=-1.0)
    with pytest.raises(SpecError, match="voltage_limit: must be positive"):
        Protocol(steps=["Rest for 1 h"], voltage_limit=float("inf"))


def test_every_form_is_read_without_pint() -> None:
    program = (
        "import sys; from lithiate.core.step_text import FORMS; from lithiate.core.protocol import parse_step\n"
        "assert all(str(parse_step(form)) == form for form in FORMS)\n"
        "print('pint' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
