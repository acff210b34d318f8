"""Analytic limits of the assembled model: salt, ohmic resistance, linear resistance, activation energies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from lithiate.constants import FARADAY, GAS_CONSTANT
from lithiate.twin.parameters import load_parameters
from lithiate.twin.salt import diffusion_matrix, grid
from lithiate.twin.states import (
    DEAD_CELLS,
    OUT_CONCENTRATION,
    OUT_INTERIOR_SHARE,
    OUT_OHMIC,
    OUT_PLATING,
    OUT_STRIPPING,
    PER_ELECTRODE,
    Q_RESERVOIR,
    Q_TOP,
    ROUGHNESS,
    SALT,
    SALT_CELLS,
    SEPARATOR_CELLS,
)


def lay_grid(cell):
    """Return liquid volume [m], length [m] and tau/(eps s^n) of the grid's cells."""
    liquid, length, factor = np.zeros((3, SALT_CELLS))
    grid(cell.y, cell.model.cell, cell.model.electrodes, liquid, length, factor)
    return liquid, length, factor


@pytest.fixture
def steady(bench, cycling):
    """Foil after ten minutes of plating at 10 mA/cm2, without exchange at the edge: steady salt."""
    cell = bench("Li foil", cycling(current_density="10 mA/cm^2", areal_capacity="5 mAh/cm^2"))
    cell.model.cell["edge_exchange"] = 0.0
    cell.begin()
    cell.advance(cell.y, 0, 600.0, tolerance=1e-7)
    return cell


def test_steady_salt_profile_in_the_separator(steady):
    """Delta c = (1 - t+) i L tau / (F D eps), between the middles of its first and last cell: 5/6 of it."""
    liquid, _, _ = lay_grid(steady)
    concentration = (steady.y[SALT:] / liquid)[DEAD_CELLS : DEAD_CELLS + SEPARATOR_CELLS]
    whole = (1.0 - 0.42) * 100.0 * 25e-6 * 2.5 / (FARADAY * 4e-10 * 0.41)
    # A plates, so that salt is poorer there; the separator stays in place while the dead layers grow by micrometres
    np.testing.assert_allclose(np.diff(concentration), whole / SEPARATOR_CELLS, rtol=2e-3)
    assert concentration[-1] - concentration[0] == pytest.approx(whole * 5.0 / 6.0, rel=2e-3)


def test_concentration_overpotential_of_the_steady_profile(steady):
    """(2RT/F)(1 - t+)(TDF) ln(c_s/c_p) with faces from a profile that is linear in each layer."""
    liquid, length, factor = lay_grid(steady)
    per_current = (1.0 - 0.42) / (FARADAY * 4e-10)
    gain = per_current * 100.0 * length * factor
    relative = np.cumsum(gain) - 0.5 * gain
    middle = steady.y[SALT:].sum() / liquid.sum() - (relative * liquid).sum() / liquid.sum()
    plating_face, stripping_face = middle, middle + gain.sum()
    assert plating_face > 500.0
    expected = 2.0 * GAS_CONSTANT * 298.15 / FARADAY * (1.0 - 0.42) * 1.5 * math.log(stripping_face / plating_face)
    assert steady.evaluate(steady.y, 0)[1][OUT_CONCENTRATION] == pytest.approx(expected, rel=2e-3)


def test_slowest_mode_of_diffusion_in_the_separator(bench, cycling):
    """L^2 tau/(pi^2 D) for a slab with closed ends; six cells give (sin(x)/x)^2 of it, x = pi/12."""
    cell = bench("Li foil", cycling())
    cell.model.cell["dead_layer_initial_thickness"] = 1e-9
    liquid, length, factor = lay_grid(cell)
    lower, diagonal, upper = np.zeros((3, SALT_CELLS))
    diffusion_matrix(cell.model.cell, liquid, length, factor, lower, diagonal, upper)
    matrix = np.diag(diagonal) + np.diag(lower[1:], -1) + np.diag(upper[:-1], 1)
    assert np.abs(matrix.sum(axis=0)).max() <= 1e-12 * np.abs(matrix).max()
    symmetric = matrix * np.sqrt(liquid[None, :] / liquid[:, None])
    rates = np.sort(-np.linalg.eigvalsh(0.5 * (symmetric + symmetric.T)))
    continuum = math.pi**2 * 4e-10 / 2.5 / 25e-6**2
    x = 0.5 * math.pi / SEPARATOR_CELLS
    assert rates[1] == pytest.approx(continuum * (math.sin(x) / x) ** 2, rel=1e-3)
    assert rates[1] == pytest.approx(continuum, rel=0.03)


def test_ohmic_resistance_of_the_separator(bench, cycling):
    """25 um x 2.5/(0.41 x 1.1 S/m) = 1.386 ohm cm2, and two films of 0.5 um at tau 4.015 and porosity 0.55."""
    cell = bench("Li foil", cycling())
    _, out = cell.evaluate(cell.y, 0)
    films = 2.0 * 0.5e-6 * (4.0 + 0.03 * 0.5) / 0.55 / 1.1
    assert out[OUT_OHMIC] / 10.0 == pytest.approx(1.38581e-4 + films, rel=1e-5)


def covered_foil(bench, experiment):
    """Foil whose both sides are covered with fresh deposit, so that nothing nucleates; areas 1 + 0.6 x 0.2."""
    cell = bench("Li foil", experiment)
    for offset in (0, PER_ELECTRODE):
        cell.y[offset + Q_TOP] = 2e5
        assert cell.y[offset + ROUGHNESS] == 0.2
    return cell


def test_small_current_sees_linear_resistances(bench, cycling):
    """Film 8 ohm cm2 and RT/(F j0) over the rough area; stripping has the pits that are open at rest beside it."""
    cell = covered_foil(bench, cycling())
    current = 1e-3
    _, out = cell.evaluate(cell.y, 0, current)
    transfer = GAS_CONSTANT * 298.15 / FARADAY / 100.0
    plating = (8e-4 + transfer) / (1.0 + 0.6 * 0.2)
    # barrier 12 mV, standard deviation 0.4 of it: Phi(-2.5) of the reservoir's area, under its native film
    pits = norm.cdf(-2.5) / (35e-4 + transfer)
    assert out[OUT_PLATING] / current == pytest.approx(plating, rel=1e-5)
    assert out[OUT_STRIPPING] / current == pytest.approx(1.0 / (1.0 / plating + pits), rel=1e-4)


def apparent_activation_energy(bench, cycling, index, **records):
    """Slope of ln R over 1/(R T) between 10 and 40 degC at small current [J/mol]."""
    logs, inverse = [], []
    for temperature in (283.15, 298.15, 313.15):
        cell = covered_foil(bench, cycling(temperature=temperature))
        for name, value in records.items():
            cell.model.electrodes[name] = value
        logs.append(math.log(cell.evaluate(cell.y, 0, 1e-3)[1][index]))
        inverse.append(1.0 / (GAS_CONSTANT * temperature))
    return np.polyfit(inverse, logs, 1)[0]


def test_film_has_its_activation_energy(bench, cycling):
    """With charge transfer made fast, 48 kJ/mol; as it is, between that and the 40 kJ/mol of charge transfer."""
    alone = apparent_activation_energy(bench, cycling, OUT_PLATING, exchange_current_density=1e9)
    assert alone == pytest.approx(48e3, rel=1e-4)
    # R T in RT/(F j0) takes about 2.5 kJ/mol off its own share
    together = apparent_activation_energy(bench, cycling, OUT_PLATING)
    share = 8.0 / (8.0 + GAS_CONSTANT * 298.15 / FARADAY / 100.0 * 1e4)
    expected = share * 48e3 + (1.0 - share) * (40e3 - GAS_CONSTANT * 298.15)
    assert together == pytest.approx(expected, rel=0.01)


def test_ohmic_drop_has_the_activation_energy_of_the_conductivity(bench, cycling):
    assert -apparent_activation_energy(bench, cycling, OUT_OHMIC) == pytest.approx(-8e3, rel=1e-4)


def test_slow_diffusion_into_the_host_moves_current_to_the_top(bench, cycling):
    """A limit of the interior's supply costs overpotential there, and the top takes what the interior loses."""
    shares = []
    for factor in (2.2, 1.0, 0.4):
        parameters = load_parameters().with_values({"diffusivity_factor": factor})
        cell = bench("WN/Mo2N@HCN/Li", cycling(1, current_density="5 mA/cm^2", areal_capacity="5 mAh/cm^2"), parameters)
        cell.y[Q_TOP] = 3600.0
        cell.y[Q_RESERVOIR] -= 180000.0
        shares.append(cell.evaluate(cell.y, 0)[1][OUT_INTERIOR_SHARE])
    assert 0.0 < shares[2] < shares[1] < shares[0] < 1.0
