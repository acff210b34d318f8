"""The parameter set: every entry is complete, and draws are what they say."""

from __future__ import annotations

import math
import tomllib
from importlib.resources import files

import numpy as np
import pytest

from lithiate.errors import SimulationError
from lithiate.twin.parameters import SCATTERED, Parameter, draw_ensemble, load_parameters


@pytest.fixture(scope="module")
def nominal():
    return load_parameters("nominal")


@pytest.fixture(scope="module")
def entries():
    folder = files("lithiate.library").joinpath("data", "parameters", "nominal.toml")
    table = tomllib.loads(folder.read_text(encoding="utf-8"))
    return {key: entry for scope in table.values() for key, entry in scope.items()}


def test_every_entry_is_complete(nominal, entries):
    assert set(entries) == set(nominal.parameters)
    assert len(entries) >= 50
    for name, entry in entries.items():
        keys = {"value", "unit", "distribution", "spread", "range", "status", "meaning", "source"}
        assert set(entry) == keys, name
        assert entry["status"] in {"assumed", "measured", "calibrated"}, name
        assert entry["distribution"] in {"lognormal", "normal"}, name
        assert entry["meaning"].strip(), name
        assert entry["source"].strip(), name
        low, high = entry["range"]
        assert low <= entry["value"] <= high, name
        assert entry["spread"] > 0.0, name


def test_values_are_in_si(nominal):
    # by hand: 8 ohm cm2, 0.02 mAh/cm2, 5 mV, 48 kJ/mol, 0.03 1/um, 2.5 uL/cm2, 0.01 1/h, 2 mS/cm2, 3 cm2/mAh
    expected = {
        "film_resistance": 8e-4,
        "nucleation_charge": 720.0,
        "capillary_potential": 5e-3,
        "film_activation_energy": 48e3,
        "dead_layer_tortuosity_growth": 3e4,
        "bound_electrolyte": 2.5e-5,
        "short_rate": 0.01 / 3600.0,
        "short_conductance": 20.0,
        "short_healing_time": 1800.0,
        "roughness_source": 3.0 / 36000.0,
        "exchange_current_density": 100.0,
    }
    for name, value in expected.items():
        assert nominal[name] == pytest.approx(value, rel=1e-12), name


def test_parameters_can_be_changed_within_their_range(nominal):
    changed = nominal.with_values({"film_resistance": 1e-3}, origin="a test")
    assert changed["film_resistance"] == 1e-3
    assert changed.origin == "a test"
    assert nominal["film_resistance"] == pytest.approx(8e-4)
    assert changed["dead_loss"] == nominal["dead_loss"]


def test_unknown_parameter_names_the_nearest(nominal):
    with pytest.raises(SimulationError, match="film_resistance") as caught:
        nominal.with_values({"film_resistence": 1e-3})
    assert caught.value.code == "LI-TWIN-003"
    assert caught.value.nearest == "film_resistance"


@pytest.mark.parametrize("value", [1e-6, 1.0, math.nan])
def test_value_outside_its_range_is_refused(nominal, value):
    with pytest.raises(SimulationError, match=r"film_resistance: parameter outside its range") as caught:
        nominal.with_values({"film_resistance": value})
    assert caught.value.code == "LI-TWIN-003"


def test_unknown_set_is_refused():
    with pytest.raises(SimulationError, match="nominal") as caught:
        load_parameters("nominl")
    assert caught.value.code == "LI-TWIN-003"
    assert caught.value.nearest == "nominal"


def values(member):
    return {name: member[name] for name in member.parameters}


def test_member_does_not_depend_on_the_size_of_the_ensemble(nominal):
    small, large = draw_ensemble(nominal, 3, seed=5), draw_ensemble(nominal, 8, seed=5)
    assert [values(member) for member in small] == [values(member) for member in large[:3]]


def test_members_and_seeds_differ(nominal):
    drawn = [*draw_ensemble(nominal, 4, seed=5), *draw_ensemble(nominal, 4, seed=6)]
    assert len({member["film_resistance"] for member in drawn}) == 8


def test_draws_keep_their_prior(nominal):
    members = draw_ensemble(nominal, 400, seed=0)
    for name, parameter in nominal.parameters.items():
        drawn = np.array([member[name] for member in members])
        if name in SCATTERED:
            continue
        assert drawn.min() >= parameter.low, name
        assert drawn.max() <= parameter.high, name
        middle, width = (
            (np.log(parameter.value), parameter.spread)
            if parameter.distribution == "lognormal"
            else (parameter.value, parameter.spread)
        )
        found = np.median(np.log(drawn) if parameter.distribution == "lognormal" else drawn)
        # The median of 400 has a standard error of 0.063 widths; ranges that cut unevenly move it by less than 0.25.
        assert abs(found - middle) < 0.5 * width, name


def test_loss_rates_of_a_cell_share_one_factor(nominal):
    cell = nominal.with_cell_scatter(7)
    factors = {round(cell[name] / nominal[name], 12) for name in SCATTERED}
    assert len(factors) == 1
    assert factors != {1.0}
    assert cell["film_resistance"] == nominal["film_resistance"]
    assert nominal.with_cell_scatter(7)["dead_loss"] == cell["dead_loss"]
    logs = [math.log(nominal.with_cell_scatter(k)["dead_loss"] / nominal["dead_loss"]) for k in range(400)]
    # a standard deviation of 0.35 from 400 draws has a standard error of 3.5 %
    assert np.std(logs) == pytest.approx(nominal["cell_scatter"], rel=0.12)


def test_impossible_prior_is_refused():
    parameter = Parameter(
        "x", "host", 1.0, "normal", 1e-3, 5.0, 6.0, "1", "1", "assumed", "a value outside its own range", "a test"
    )
    with pytest.raises(SimulationError) as caught:
        parameter.draw(np.random.default_rng(0))
    assert caught.value.code == "LI-TWIN-003"


def test_used_values_print_in_their_units(nominal):
    used = nominal.used()
    assert used["film_resistance"]["value"] == pytest.approx(8.0)
    assert used["film_resistance"]["unit"] == "ohm cm^2"
    assert used["film_resistance"]["range"] == pytest.approx([2.0, 30.0])
    assert set(used) == set(nominal.parameters)
