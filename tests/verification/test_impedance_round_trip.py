"""Spectra of the twin through noise, a vendor's layout and a reader: resistances and activation energies come back.

Seeds are 0 to n - 1, fixed before the first run (`docs/measure_impedance_round_trip.py`).
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from scipy import stats

SCRIPT = Path(__file__).parents[2] / "docs" / "measure_impedance_round_trip.py"
ARCS = ("sei_resistance", "charge_transfer_resistance")
BY_CIRCUIT = ("interfacial_resistance", *ARCS)
READ = ("ohmic_resistance",)
ENERGY = 1.5e3
"""Distance within which an activation energy comes back [J/mol]."""


@pytest.fixture(scope="module")
def script():
    # Under its name in the table of modules, so that other processes find its functions.
    spec = importlib.util.spec_from_file_location("measure_impedance_round_trip", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def band(count):
    """Return the exact 99 % band of how many of `count` 95 % intervals hold the truth."""
    low, high = stats.binom.interval(0.99, count, 0.95)
    return int(low), int(high)


def faults_of_resistances(content, count):
    """Return what is not as it must be, by name."""
    low, high = band(count)
    faults = [
        name for name in (*READ, *BY_CIRCUIT) if not content[name]["cases"] == content[name]["with_value"] == count
    ]
    faults += [name for name in BY_CIRCUIT if not low <= content[name]["covered"] <= high]
    # What is read without a circuit has limits, not chances, in its interval: it holds the truth oftener.
    return faults + [name for name in READ if content[name]["covered"] < low]


def faults_of_energies(content, count):
    low, high = band(count)
    faults = [name for name in ARCS if not content[name]["cases"] == content[name]["with_value"] == count]
    faults += [name for name in ARCS if not content[name]["largest_distance"] <= ENERGY]
    faults += [name for name in ARCS if content[name]["covered"] < low]
    return faults + [name for name in ("sei_resistance",) if content[name]["covered"] > high]


def faults_of_exchange(content):
    found, narrow = content["all"], content["interval narrower than 10 %"]
    low, high = band(found["with_value"])
    must = {
        "cases": found["cases"] == 400,
        "with a value": found["with_value"] >= 300,
        "coverage": low <= found["covered"] <= high,
        "narrow ones within 5 %": narrow["within_5_percent"] == narrow["cases"] >= 150,
    }
    return [name for name, holds in must.items() if not holds]


def test_the_band_is_that_of_the_rule():
    assert band(400) == (368, 390)
    assert band(200) == (181, 197)


def test_the_numbers_of_the_document_are_those_that_are_asked_for(script):
    content = json.loads(script.RESULT.read_text(encoding="utf-8"))
    assert faults_of_resistances(content["resistances"], 400) == []
    assert faults_of_energies(content["energies"], 200) == []
    assert faults_of_exchange(content["exchange"]) == []


@pytest.mark.xfail(
    strict=True,
    reason="all 200 intervals of the activation energy of charge transfer hold the truth, 197 at most are asked "
    "for: what the tail leaves in the arc shifts all temperatures alike, and counts for each as if it were its own",
)
def test_intervals_of_activation_energies_of_charge_transfer_are_no_wider_than_they_say(script):
    content = json.loads(script.RESULT.read_text(encoding="utf-8"))
    assert content["energies"]["charge_transfer_resistance"]["covered"] <= band(200)[1]


@pytest.mark.parametrize("seed", [0, 1])
def test_one_cell_through_each_layout(script, seed):
    rows = {row["quantity"]: row for row in script.resistances(seed)}
    fast, slow = rows["sei_resistance"]["peaks"]
    assert 3e5 >= fast >= 10.0 * slow >= 200.0
    for name in ARCS:
        row = rows[name]
        assert 10e-4 <= row["truth"] <= 200e-4
        assert row["low"] < row["found"] < row["high"]
        assert row["found"] == pytest.approx(row["truth"], rel=0.05)
        assert row["found"] != row["truth"]
    total = sum(rows[name]["truth"] for name in ARCS)
    assert rows["interfacial_resistance"]["truth"] == pytest.approx(total, rel=1e-12)


def test_activation_energies_of_one_cell(script):
    film, transfer = script.energies(0)
    assert film["put_in"] == 52.95e3
    assert film["truth"] == pytest.approx(52.95e3, rel=1e-9)
    # R_ct goes as T/j0: less than what was put in, by RT.
    assert transfer["truth"] == pytest.approx(60.38e3 - 2.5e3, abs=0.2e3)
    assert transfer["over_temperature"] == pytest.approx(60.38e3, abs=ENERGY)
    for row in (film, transfer):
        assert row["found"] == pytest.approx(row["truth"], abs=ENERGY)
        assert row["low"] < row["found"] < row["high"]


@pytest.mark.parametrize("seed", [4, 5])
def test_an_exchange_current_through_each_layout(script, seed):
    (row,) = script.exchange_currents(seed)
    assert row["low"] < row["found"] < row["high"]
    assert row["found"] == pytest.approx(row["truth"], rel=0.05)
    assert row["found"] != row["truth"]


@pytest.mark.slow
def test_resistances_of_400_cells(script):
    rows = script.each(script.resistances, range(400))
    assert faults_of_resistances(script.by_quantity(rows), 400) == []


@pytest.mark.slow
def test_activation_energies_of_200_series(script):
    rows = script.each(script.energies, range(200))
    assert faults_of_energies(script.by_quantity(rows), 200) == []


@pytest.mark.slow
def test_exchange_currents_of_400_sweeps(script):
    assert faults_of_exchange(script.by_share(script.each(script.exchange_currents, range(400)))) == []
