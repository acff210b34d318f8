"""Laws of electron transfer: against their definitions, quadrature, limits, and the twin's own solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc

from lithiate.constants import FARADAY, thermal_voltage
from lithiate.formulas.electron_transfer import (
    butler_volmer_current,
    butler_volmer_overpotential,
    log_chidsey_integral,
    marcus_hush_chidsey_current,
    marcus_hush_current,
)

ROOM = 298.15
THERMAL = thermal_voltage(ROOM)
ETA = np.linspace(-0.4, 0.4, 41)


@pytest.mark.parametrize(
    "law",
    [
        lambda eta: butler_volmer_current(eta, 7.0, ROOM, transfer_coefficient=0.3),
        lambda eta: marcus_hush_current(eta, 7.0, 0.3 * FARADAY, ROOM),
        lambda eta: marcus_hush_chidsey_current(eta, 7.0, 0.3 * FARADAY, ROOM),
    ],
)
def test_the_slope_at_zero_is_the_exchange_current(law):
    assert law(1e-6) / 1e-6 == pytest.approx(7.0 / THERMAL, rel=1e-4)
    assert law(0.0) == 0.0


@pytest.mark.parametrize(("anodic", "cathodic"), [(math.inf, math.inf), (300.0, 40.0), (math.inf, 25.0)])
def test_the_explicit_overpotential_is_the_inverse(anodic, cathodic):
    current = butler_volmer_current(ETA, 5.0, ROOM, anodic_limit=anodic, cathodic_limit=cathodic)
    assert -cathodic < current.min() < 0.0 < current.max() < anodic
    back = butler_volmer_overpotential(current, 5.0, ROOM, anodic_limit=anodic, cathodic_limit=cathodic)
    # Where a limit leaves 1e-3 of the rate, the voltage amplifies rounding by as much.
    assert back == pytest.approx(ETA, abs=1e-9)
    forward, backward = np.exp(ETA / (2.0 * THERMAL)), np.exp(-ETA / (2.0 * THERMAL))
    implicit = 5.0 * ((1.0 - current / anodic) * forward - (1.0 + current / cathodic) * backward)
    assert current == pytest.approx(implicit, rel=1e-8, abs=1e-10)


def test_no_overpotential_belongs_to_a_current_above_its_limit():
    found = butler_volmer_overpotential([-30.0, -20.0, 20.0], 5.0, ROOM, cathodic_limit=25.0)
    assert np.isnan(found).tolist() == [True, False, False]


def chidsey_by_quadrature(eta, energy):
    """j/j0 from the two rates, each integrated by adaptive quadrature."""
    h, reduced = eta / THERMAL, energy / THERMAL

    def rate(shift):
        def inside(x):
            return math.exp(-((x - reduced + shift) ** 2) / (4.0 * reduced)) / (1.0 + math.exp(x))

        middle = min(reduced - shift, 0.0) - 2.0
        limits = {"epsabs": 0.0, "epsrel": 1e-11, "limit": 400}
        parts = [quad(inside, low, high, **limits)[0] for low, high in ((-300.0, middle), (middle, 5.0), (5.0, 300.0))]
        return sum(parts)

    return (rate(h) - rate(-h)) / rate(0.0)


@pytest.mark.parametrize("energy", [0.05, 0.2, 0.5, 1.5])
@pytest.mark.parametrize("eta", [0.005, 0.05, 0.2, 0.4])
def test_the_chidsey_integral_against_quadrature(energy, eta):
    found = marcus_hush_chidsey_current([eta, -eta], 1.0, energy * FARADAY, ROOM)
    assert found[0] == pytest.approx(chidsey_by_quadrature(eta, energy), rel=1e-7)
    assert found[1] == -found[0]


def test_the_chidsey_integral_against_the_closed_form_of_zeng():
    """Zeng et al. 2014, eq. 17: within a few per cent of the integral."""
    energy, h = 0.3 / THERMAL, ETA[ETA > 0.0] / THERMAL

    def closed(h):
        edge = (energy - np.sqrt(1.0 + math.sqrt(energy) + h**2)) / (2.0 * math.sqrt(energy))
        return np.tanh(0.5 * h) * erfc(edge)

    found = marcus_hush_chidsey_current(h * THERMAL, 1.0, 0.3 * FARADAY, ROOM)
    ratio = found / closed(h)
    assert ratio == pytest.approx(np.full(h.shape, ratio[0]), rel=0.05)


def test_slopes_of_the_integral_are_its_derivatives():
    h, bending, step = np.array([0.0, 1.0, 5.0, 15.0]), 0.12, 1e-5
    _, slope, by_bending = log_chidsey_integral(h, bending)
    up, down = (log_chidsey_integral(h + s, bending)[0] for s in (step, -step))
    assert slope == pytest.approx((up - down) / (2 * step), abs=1e-7)
    up, down = (log_chidsey_integral(h, bending + s)[0] for s in (step, -step))
    assert by_bending == pytest.approx((up - down) / (2 * step), rel=1e-7)


def test_all_laws_are_butler_volmer_for_an_infinite_reorganisation_energy():
    plain = butler_volmer_current(ETA, 3.0, ROOM)
    assert marcus_hush_current(ETA, 3.0, 1e6 * FARADAY, ROOM) == pytest.approx(plain, rel=1e-4)
    # The levels beside the Fermi level do not go away: their tail is that of pi^2/(4 L).
    assert marcus_hush_chidsey_current(ETA, 3.0, 1e4 * FARADAY, ROOM) == pytest.approx(plain, rel=1e-3)


def test_chidsey_saturates_where_marcus_inverts():
    eta = np.array([0.5, 0.8, 1.2])
    assert np.all(np.diff(marcus_hush_current(eta, 1.0, 0.2 * FARADAY, ROOM)) < 0.0)
    saturated = marcus_hush_chidsey_current(eta, 1.0, 0.2 * FARADAY, ROOM)
    assert saturated[2] == pytest.approx(saturated[1], rel=1e-3)
    assert np.all(np.diff(saturated) > 0.0)


def test_the_twin_has_the_same_marcus_hush_law():
    """The twin's compiled solver of one bare branch, below 0.8 of its reorganisation energy."""
    from lithiate.twin.kinetics import BRANCH_COLUMNS, solve_parallel_branches

    branch = np.zeros((1, BRANCH_COLUMNS))
    branch[0, 0] = 1.0
    for energy, law in ((0.35, marcus_hush_current), (0.0, None)):
        eta = np.array([0.004, 0.05, 0.2])
        current = butler_volmer_current(eta, 6.0, ROOM) if law is None else law(eta, 6.0, energy * FARADAY, ROOM)
        shares = np.zeros(1)
        inverse = 1.0 / energy if energy else 0.0
        found = [solve_parallel_branches(float(j), branch, (6.0, THERMAL, inverse), 0.0, shares)[0] for j in current]
        assert found == pytest.approx(eta, rel=1e-6)
