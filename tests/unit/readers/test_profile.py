"""Current profiles: what rows become, and what is refused with its line."""

from __future__ import annotations

import pytest

from lithiate.core.protocol import Step
from lithiate.errors import ReadError
from lithiate.readers.profile import read_profile


def profile(tmp_path, text, **options):
    path = tmp_path / "drive.csv"
    path.write_text(text, encoding="utf-8")
    return read_profile(path, **options)


def test_each_row_holds_until_the_next_and_equal_rows_are_one_step(tmp_path):
    text = "Time / s,Current density / mA/cm2\n0,1\n1,1\n2,-2\n3,0\n4,0\n6,5\n"
    assert profile(tmp_path, text) == (
        Step(action="charge", current_density=10.0, duration=2.0),
        Step(action="discharge", current_density=20.0, duration=1.0),
        Step(action="rest", duration=3.0),
    )


def test_a_cell_without_a_cathode_strips_and_plates(tmp_path):
    steps = profile(tmp_path, "time (min);j / A m-2\n0;5\n1,5;-5\n2;0\n", cell="symmetric")
    assert steps == (
        Step(action="strip", current_density=5.0, duration=90.0),
        Step(action="plate", current_density=5.0, duration=30.0),
    )


@pytest.mark.parametrize("heading", ["C-rate", "C-rate / 1/h", "C-rate / C", "c_rate"])
def test_c_rates_are_per_hour(tmp_path, heading):
    steps = profile(tmp_path, f"# a drive\nTime / h\tVoltage / V\t{heading}\n\n0\t3\t-0.5\n0.5\t3\t0.25\n1\t3\t0\n")
    assert steps == (
        Step(action="discharge", c_rate=0.5, duration=1800.0),
        Step(action="charge", c_rate=0.25, duration=1800.0),
    )


def test_a_long_profile_loses_no_time(tmp_path):
    # 20,000 rows of 0.1 s: durations come from the times, so their rounding does not add up.
    rows = "".join(f"{k / 10:.1f},{1 if k % 7 else -1}\n" for k in range(20_001))
    steps = profile(tmp_path, "Time / s,C-rate\n" + rows)
    assert sum(step.duration for step in steps) == pytest.approx(2_000.0, rel=1e-12)
    assert len(steps) == 2 * 2858 - 1  # one of each sign for every multiple of 7, the last of which ends the profile


HEAD = "Time / s,C-rate\n"


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("", "LI-READ-001", "drive.csv: the file is empty"),
        ("Voltage / V,C-rate\n0,1\n1,1\n", "LI-READ-004", "drive.csv:1: no column is a time"),
        ("Time / s,Voltage / V\n0,1\n1,1\n", "LI-READ-004", "drive.csv:1: no column is a current density or a C-rate"),
        ("0,1\n1,1\n2,1\n", "LI-READ-004", "no column is a time; got '0, 1'"),
        (HEAD.replace("C-rate", "C-rate,j / mA/cm2") + "0,1,1\n", "LI-READ-004", "several columns"),
        ("Time,C-rate\n0,1\n1,1\n", "LI-READ-005", "the unit of a column is missing; got 'Time'"),
        ("Time / s,Current density\n0,1\n1,1\n", "LI-READ-005", "'Current density / mA/cm2'"),
        ("Time / s,Current / mA\n0,1\n1,1\n", "LI-READ-005", "got 'Current / mA'; expected a unit like mA/cm2, or a C"),
        (HEAD + "0,1\n1,fast\n2,1\n", "LI-READ-006", "drive.csv:3: a cell is not a number; got 'fast'"),
        (HEAD + "0,1\n\n1,nan\n2,1\n", "LI-READ-008", "drive.csv:4: a value is missing or not finite; got 'nan'"),
        (HEAD + "0,1\n1\n2,1\n", "LI-READ-008", "drive.csv:3: a value is missing or not finite; got 'an empty cell'"),
        (HEAD + "0,1\n1,inf\n2,1\n", "LI-READ-008", "drive.csv:3"),
        (HEAD + "0,1\n1,1e999\n2,1\n", "LI-READ-006", "drive.csv:3"),
        (HEAD + "0,1\n2,1\n1,1\n", "LI-READ-007", "drive.csv:4: the times do not rise; got '1 s after 2 s'"),
        (HEAD + "0,1\n1,1\n1,2\n2,1\n", "LI-READ-007", "drive.csv:4"),
        (HEAD + "0,1\n", "LI-READ-009", "got '1 row'"),
        (HEAD + "0,1\n1,1\n2,1\n13,1\n", "LI-READ-010", "drive.csv:5: there is a gap in the profile; got '11 s with"),
    ],
)
def test_what_is_refused(tmp_path, text, code, expected):
    with pytest.raises(ReadError) as caught:
        profile(tmp_path, text)
    assert caught.value.code == code
    assert expected in str(caught.value)


def test_a_spacing_of_ten_medians_is_no_gap(tmp_path):
    assert len(profile(tmp_path, HEAD + "0,1\n1,2\n2,1\n12,3\n")) == 3


def test_a_c_rate_needs_a_cathode_and_a_file_must_exist(tmp_path):
    with pytest.raises(ReadError, match="a symmetric cell has no nominal capacity"):
        profile(tmp_path, HEAD + "0,1\n1,1\n", cell="symmetric")
    with pytest.raises(ReadError, match="LI-SPEC-003"):
        read_profile(tmp_path / "other.csv")
