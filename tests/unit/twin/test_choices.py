"""Closures by name and mechanisms that switch off: each does what it says, and nothing else is needed to undo it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lithiate.core.cell import FullCell, SymmetricCell
from lithiate.core.experiments import SymmetricCycling
from lithiate.core.full_experiments import FullCycling
from lithiate.errors import SimulationError
from lithiate.twin import solve
from lithiate.twin.closures import CLOSURES, MECHANISMS, Choices, concerns
from lithiate.twin.lithium_cell import describe_electrodes
from lithiate.twin.mechanics import fatigue_by_charge, fatigue_increment
from lithiate.twin.model import build_model, contact_loss, pressed_porosity
from lithiate.twin.nucleation import mean_barrier
from lithiate.twin.parameters import load_parameters
from lithiate.twin.roughness import SMALLEST_ROUGHNESS, roughness_growth, roughness_levelling
from lithiate.twin.sei import film_growth
from lithiate.twin.states import (
    LEAKED,
    OUT_CONCENTRATION,
    PER_ELECTRODE,
    Q_DEAD,
    Q_INTERIOR,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
    ROUGHNESS,
)

COMPOSITE = "WN/Mo2N@HCN/Li"
FIVE = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=5)


FOUR = FullCycling(cycles=4)


def run(kind="symmetric", **choices):
    if kind == "full":
        return solve(FullCell(COMPOSITE), FOUR, chance=False, **choices)
    return solve(SymmetricCell(COMPOSITE), FIVE, chance=False, **choices)


def model(**choices):
    from lithiate.library import load_electrolyte, load_separator

    cell = SymmetricCell(COMPOSITE)
    return build_model(
        cell,
        describe_electrodes(cell),
        298.15,
        load_electrolyte(cell.electrolyte),
        load_separator(cell.separator),
        load_parameters(),
        Choices(**choices),
    )


@pytest.fixture(scope="module")
def default():
    return run()


@pytest.fixture(scope="module")
def default_full():
    return run("full")


def test_defaults_spelled_out_change_no_bit(default):
    spelled = run(closures={name: next(iter(alternatives)) for name, alternatives in CLOSURES.items()})
    np.testing.assert_array_equal(spelled.states, default.states)
    np.testing.assert_array_equal(spelled.samples, default.samples)


@pytest.mark.parametrize(
    ("closure", "alternative"),
    [(name, other) for name, alternatives in CLOSURES.items() for other in list(alternatives)[1:]],
)
def test_every_alternative_runs_and_matters(default, default_full, closure, alternative):
    """Losses depend on the rate only away from 1 mA/cm2 and 1 mAh/cm2, where that closure is normalised.

    Cathodes need a full cell; that one particle stands for this cathode is what the default finds.
    """
    if not concerns(closure, "symmetric"):
        one, other = default_full, run("full", closures={closure: alternative})
        if alternative == "single-particle":
            np.testing.assert_array_equal(other.states, one.states)
            return
    elif closure == "loss":
        away = SymmetricCycling(current_density="2 mA/cm^2", areal_capacity="0.5 mAh/cm^2", cycles=2)
        one, other = (
            solve(SymmetricCell(COMPOSITE), away, chance=False, closures=chosen)
            for chosen in ({}, {"loss": alternative})
        )
    else:
        one, other = default, run(closures={closure: alternative})
    assert other.stopped_by == "end of test"
    changed = not np.array_equal(other.states, one.states) or not np.array_equal(other.intact_sites, one.intact_sites)
    assert changed
    assert other.choices.all_closures()[closure] == alternative


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_can_be_switched_off(default, default_full, mechanism):
    """Without it the numbers differ, unless it never acts in five cycles without chance."""
    if concerns(mechanism, "symmetric"):
        other = run(disabled_mechanisms=[mechanism])
    else:
        default, other = default_full, run("full", disabled_mechanisms=[mechanism])
    assert other.stopped_by == "end of test"
    assert np.isfinite(other.samples).all()
    if mechanism not in ("area_noise",):
        assert not np.array_equal(other.states, default.states) or not np.array_equal(
            other.intact_sites, default.intact_sites
        )


def test_disabled_mechanisms_leave_nothing_behind():
    off = run(
        disabled_mechanisms=[
            "plating_interphase", "film_growth", "galvanic_corrosion", "dead_lithium", "roughness", "soft_shorts",
        ]
    )  # fmt: skip
    end, start = off.states[-1], off.initial_state
    for offset in (0, PER_ELECTRODE):
        assert end[offset + Q_DEAD] == 0.0
        assert end[offset + Q_SEI_TOP] == 0.0
        assert end[offset + Q_SEI_INTERIOR] == 0.0
        assert end[offset + ROUGHNESS] <= start[offset + ROUGHNESS]
    assert end[LEAKED] == 0.0
    flat = run(disabled_mechanisms=["salt_polarisation"])
    assert np.abs(flat.samples[:, 2 + OUT_CONCENTRATION]).max() < 1e-12
    outside = run(disabled_mechanisms=["interior_deposition"])
    assert outside.states[:, Q_INTERIOR].max() < 1e-9


@pytest.mark.parametrize(
    ("choices", "where", "nearest"),
    [
        ({"closures": {"sei_grow": "transport-limited"}}, "closures", "sei_growth"),
        ({"closures": {"sei_growth": "transport limited"}}, "closures.sei_growth", "transport-limited"),
        ({"disabled_mechanisms": ["soft_short"]}, "disabled_mechanisms", "soft_shorts"),
    ],
)
def test_unknown_names_tell_the_nearest(choices, where, nearest):
    with pytest.raises(SimulationError) as caught:
        run(**choices)
    assert (caught.value.code, caught.value.where, caught.value.nearest) == ("LI-TWIN-004", where, nearest)


def test_closures_set_the_numbers_they_name():
    assert model(closures={"sei_growth": "reaction-limited"}).electrodes["growth_film_charge"][0] == math.inf
    assert model().electrodes["inverse_reorganisation"][0] == 0.0
    marcus = model(closures={"charge_transfer": "marcus-hush"}).electrodes["inverse_reorganisation"][0]
    assert 1.0 / marcus == pytest.approx(0.311, abs=0.001)  # 30 kJ/mol over the Faraday constant, in V
    assert model(closures={"load_sharing": "displacement-control"}).rigid_share == (0.0, 0.0)
    assert 0.3 < model().rigid_share[0] < 0.6


# ------------------------------------------------------------------------------------------------ the closures alone


def test_film_growth_is_parabolic_once_the_film_is_thick():
    """dq/dt = i/(1 + q/q_f): integrated it grows with the square root of time; with an infinite q_f, linearly."""
    film, current = 10.0, 1e-3
    found = solve_ivp(lambda _t, q: [film_growth(current, q[0], film)], (0, 1e7), [0.0], rtol=1e-9, atol=1e-9)
    end = found.y[0, -1]
    assert end == pytest.approx(film * (math.sqrt(1.0 + 2.0 * current * 1e7 / film) - 1.0), rel=1e-6)
    assert film_growth(current, 1e6, math.inf) == current
    assert film_growth(current, -5.0, film) == current


@pytest.mark.parametrize(("feedback", "power"), [(0.0, 1.0), (-1.0, 0.5)])
def test_roughness_grows_with_a_power_of_the_charge(feedback, power):
    """Far below its limit: linear for a constant source, with the square root of the charge for deposit at random."""
    rate = 1e-6
    found = solve_ivp(
        lambda _t, h: [roughness_growth(rate, 10.0, 10.0, 1.0, h[0], feedback, 1e9)], (0, 4e6), [0.1],
        rtol=1e-8, t_eval=[1e6, 4e6],
    )  # fmt: skip
    grown = found.y[0] ** (1.0 / power) - 0.1 ** (1.0 / power)
    assert grown[1] / grown[0] == pytest.approx(4.0, rel=1e-4)


def test_roughness_amplifies_itself_exponentially():
    rate = 1e-7
    found = solve_ivp(
        lambda _t, h: [roughness_growth(rate, 10.0, 10.0, 1.0, h[0], 1.0, 1e9)], (0, 2e6), [0.1], rtol=1e-8
    )
    assert found.y[0, -1] == pytest.approx(0.1 * math.exp(rate * 10.0 * 2e6), rel=1e-4)
    assert roughness_growth(rate, 10.0, 10.0, 1.0, 0.0, 1.0, 1e9) == pytest.approx(rate * 10.0 * SMALLEST_ROUGHNESS)


def test_roughness_stops_at_its_limit_and_is_levelled_by_stripping():
    assert roughness_growth(1e-5, 10.0, 10.0, 0.5, 3.0, 0.0, 3.0) == 0.0
    assert roughness_levelling(1e-5, 2.0, 10.0) == pytest.approx(-2e-4)


def test_mean_barrier_is_that_of_the_mixture():
    barrier, width = mean_barrier(0.25, 0.002, 0.001, 0.030, 0.004)
    assert barrier == pytest.approx(0.25 * 0.002 + 0.75 * 0.030)
    assert width == pytest.approx(math.sqrt(0.25 * 0.001**2 + 0.75 * 0.004**2))
    assert mean_barrier(1.0, 0.002, 0.001, 0.030, 0.004) == pytest.approx((0.002, 0.001))


def test_fatigue_by_charge_counts_throughput_alone():
    """Six half cycles of 0.5 mAh/cm2 do what one of 3 does; by amplitude they do far less."""
    small, large = (fatigue_by_charge(0.5, 0.3, charge, 3.0) for charge in (18000.0, 108000.0))
    assert 6.0 * small == pytest.approx(large)
    assert 6.0 * fatigue_increment(0.5, 0.3, 0.1, 3.0) < 0.1 * fatigue_increment(0.5, 0.3, 0.6, 3.0)
    assert fatigue_by_charge(0.5, 0.3, -1.0, 3.0) == 0.0


def test_pressure_acts_the_way_it_is_seen_to():
    """More pressure: less lithium loses contact, denser dead layers; 1 at the pressure of a coin cell."""
    assert contact_loss(3.0e5, 5e5) == pytest.approx(1.0)
    assert contact_loss(1.0e6, 5e5) == pytest.approx((1 + 0.6) / (1 + 2.0))
    assert pressed_porosity(0.5, 3.0e5, 2e6) == pytest.approx(0.5)
    assert pressed_porosity(0.5, 1.3e6, 2e6) == pytest.approx(0.5 * math.exp(-0.5))
    assert pressed_porosity(0.5, 1e9, 2e6) == pytest.approx(0.1)
    losses = [
        solve(SymmetricCell("Li foil", stack_pressure=pressure), FIVE, chance=False).states[-1, Q_DEAD]
        for pressure in ("0.1 MPa", "0.3 MPa", "1 MPa")
    ]
    assert losses[0] > losses[1] > losses[2] > 0.0
