"""A full cell in space: what is known in closed form, and the orders of its grids."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from scipy.optimize import brentq

from lithiate.constants import FARADAY
from lithiate.library import load_cathode
from lithiate.twin.full_cell import single_particle_error
from lithiate.twin.full_equations import steady_potential
from lithiate.twin.full_model import make_sizes
from lithiate.twin.full_salt import CONCENTRATION, DIFFUSIVITY, FACTOR, LENGTH, LIQUID, TRANSFERENCE, lay_grid
from lithiate.twin.full_states import OUT_SURFACE
from lithiate.twin.porous_electrode import FACE_CURRENT, REACTION
from lithiate.twin.solver import COMPLETE
from lithiate.twin.states import ADDITIVE, ELECTROLYTE, OUT_VOLTAGE, Q_DEAD, SALT

SHELLS = (10, 20, 40, 80)
NOTHING_LOST = ("cathode_loss", "cathode_film_growth", "shuttle", "film_growth", "galvanic_corrosion")
ETHER = "LiTFSI-DOL-DME-LiNO3"
"""Its diffusivity and transference number are constants."""


def order(values, counts):
    """Slope of successive differences over grids that double: Richardson, with no grid taken as exact."""
    differences = np.abs(np.diff(values))
    return -np.polyfit(np.log(counts[:-1]), np.log(differences), 1)[0]


def constant_cathode():
    return evolve(load_cathode("NCM811"), slow_above=None, slow_share=1.0)


def sphere_surface(rate, diffusion, time):
    """Fall of x at the surface of a sphere whose mean falls at `rate` [1/s], D/R2 = `diffusion` [1/s].

    Crank, The Mathematics of Diffusion, eq. 6.45 at r = a: (rate/3k) (3 tau + 1/5 - 2 sum exp(-l^2 tau)/l^2), with
    tan l = l and tau = k t.
    """
    roots = np.array(
        [brentq(lambda v: np.sin(v) - v * np.cos(v), (n + 0.5) * np.pi - 0.5, (n + 0.5) * np.pi) for n in range(1, 60)]
    )
    tau = diffusion * time
    return rate / (3.0 * diffusion) * (3.0 * tau + 0.2 - 2.0 * (np.exp(-(roots**2) * tau) / roots**2).sum())


@pytest.mark.parametrize("tau", [0.005, 0.02])
def test_surface_of_the_particles_converges_to_the_analytic_sphere(full_bench, tau, record_property):
    """While lithium leaves a thin layer, at the times tau R^2/D; later the error falls faster still."""
    errors = []
    for shells in SHELLS:
        cell = full_bench(cathode=constant_cathode(), sizes=make_sizes(shells=shells), off=NOTHING_LOST)
        part = cell.begin("Charge at 1 C until 4.3 V")
        record = cell.model.cathode
        rate, diffusion = part.current / record["particle_capacity"], record["particle_diffusion_rate"]
        time = tau / diffusion
        y = cell.y.copy()
        x_0 = cell.evaluate(y, part)[1][OUT_SURFACE]
        assert cell.advance(y, part, time, tolerance=1e-9)[0] == COMPLETE
        fall = x_0 - cell.evaluate(y, part)[1][OUT_SURFACE]
        errors.append(abs(fall - sphere_surface(rate, diffusion, time)))
    slope = -np.polyfit(np.log(SHELLS), np.log(errors), 1)[0]
    record_property("errors", errors)
    assert slope == pytest.approx(2.0, abs=0.3), errors
    assert errors[1] < 5e-5  # the shells that ship


def test_order_two_in_the_radius_where_diffusion_slows_down(full_bench, record_property):
    """NCM811 as it ships, in the discharge: surface and voltage, where the surface has come to the slow part."""
    surfaces, voltages = [], []
    for shells in SHELLS:
        cell = full_bench(sizes=make_sizes(shells=shells), off=NOTHING_LOST)
        first = SALT + cell.sizes.salt_cells
        y = cell.y.copy()
        y[first:] *= 0.8
        part = cell.begin("Discharge at 1 C until 2.8 V")
        assert cell.advance(y, part, 300.0, tolerance=1e-9)[0] == COMPLETE
        out = cell.evaluate(y, part)[1]
        surfaces.append(out[OUT_SURFACE])
        voltages.append(out[OUT_VOLTAGE])
    record_property("voltages", voltages)
    assert order(surfaces, SHELLS) == pytest.approx(2.0, abs=0.3), surfaces
    assert order(voltages, SHELLS) == pytest.approx(2.0, abs=0.3), voltages
    assert abs(voltages[1] - voltages[-1]) < 1e-4


def with_dead_layer(cell, amount=10000.0):
    """Give the lithium a dead layer [C/m2], filled at the mean concentration."""
    y = cell.y.copy()
    y[Q_DEAD] = amount
    work = np.zeros((11, cell.sizes.salt_cells))
    lay_grid(y, cell.model.drive(), work)
    y[SALT : SALT + cell.sizes.salt_cells] = float(cell.model.cell["concentration"]) * work[LIQUID]
    return y


@pytest.mark.parametrize("one", [True, False])
def test_order_two_in_the_electrolyte(full_bench, one, record_property):
    """Cells of dead layer, separator and cathode refined together; 2 mAh/cm2 at 1 C, 20 s and 120 s of discharge."""
    finer, voltages = (1, 2, 4, 8), []
    for factor in finer:
        sizes = make_sizes(5 * factor, 6 * factor, 10 * factor, 10)
        cell = full_bench(one=one, sizes=sizes, off=NOTHING_LOST, cathode_loading="10 mg/cm^2")
        y = with_dead_layer(cell)
        y[SALT + cell.sizes.salt_cells :] *= 0.6
        part = cell.begin("Discharge at 1 C until 2.8 V")
        found = []
        for time in (20.0, 100.0):
            assert cell.advance(y, part, time, tolerance=1e-8)[0] == COMPLETE
            found.append(cell.evaluate(y, part)[1][OUT_VOLTAGE])
        voltages.append(found)
    record_property("voltages", voltages)
    for values in np.array(voltages).T:
        assert order(values, finer) == pytest.approx(2.0, abs=0.3), values
        assert abs(values[0] - values[-1]) < 1e-3


def test_steady_salt_is_linear_in_the_separator_and_parabolic_in_a_cathode_of_uniform_reaction(full_bench):
    """With constant properties, and no exchange with the liquid beside the stack, the cells hold the exact profile."""

    def closed(model):
        model.cell["edge_exchange"] = 0.0
        model.cell["short_rate"] = 0.0

    cell = full_bench(electrolyte=ETHER, off=NOTHING_LOST, change=closed, cathode_loading="5 mg/cm^2")
    part = cell.begin("Charge at 1 C until 4.3 V")
    y = cell.y.copy()
    assert cell.advance(y, part, 1200.0, tolerance=1e-9)[0] == COMPLETE
    out = cell.evaluate(y, part)[1]
    work, sizes = cell.run.scratch.salt, cell.sizes
    through = float(out[10])
    pull = (1.0 - work[TRANSFERENCE, 0]) * through / (FARADAY * work[DIFFUSIVITY, 0])
    front, count = sizes.dead + sizes.separator, sizes.cathode
    falls = np.diff(work[CONCENTRATION])
    width, factor = work[LENGTH], work[FACTOR]
    separator = pull * width[front - 1] * factor[front - 1]
    np.testing.assert_allclose(falls[sizes.dead : front - 1], separator, rtol=1e-3)
    # c = c_L - b (x - x^2/2L), between midpoints: b h (1 - (k + 1)/n)
    k = np.arange(1, count)
    parabola = pull * width[-1] * factor[-1] * (1.0 - k / count)
    np.testing.assert_allclose(falls[front:], parabola, rtol=1e-3, atol=1e-4 * separator)
    assert separator > 1.0


@pytest.mark.parametrize("ratio", [1.0, 10.0])
def test_reaction_follows_the_hyperbolic_cosine_of_linear_kinetics(full_bench, ratio, record_property):
    """Newman: j L/I = nu (kappa cosh(nu x) + sigma cosh(nu (1 - x)))/((kappa + sigma) sinh nu), at even salt.

    nu^2 = L (1/kappa + 1/sigma) over the resistance of the reaction of the whole electrode, here 9; `ratio` is
    sigma/kappa. Equal conductivities make a symmetric profile, with the two ends alike.
    """
    nu, errors, counts = 3.0, [], (10, 20, 40)
    for count in counts:
        cell = full_bench(one=False, sizes=make_sizes(cathode=count, shells=10), cathode_loading="10 mg/cm^2")
        y = cell.y.copy()
        y[SALT + cell.sizes.salt_cells :] *= 0.5
        part = cell.begin("Charge at 0.01 C until 4.3 V")
        cell.evaluate(y, part)
        salt = cell.run.scratch.salt
        pores = salt[LENGTH, -1] * salt[FACTOR, -1] / salt[6, -1] * count  # ohm m2
        record = cell.model.cathode
        record["solid_conductivity"] = ratio * record["cathode_thickness"] / pores
        wanted = pores * (1.0 + 1.0 / ratio) / nu**2
        # i_0 of the whole electrode is thermal over resistance; one evaluation shows what salt and x = 1/2 make of it
        present = cell.run.scratch.porous[2, :count].sum()
        record["cathode_exchange_current"] *= float(cell.model.cell["thermal"]) / wanted / present
        part = cell.begin("Charge at 0.001 C until 4.3 V")
        out = cell.evaluate(y, part)[1]
        reaction = cell.run.scratch.porous[REACTION, :count] * count / out[10]
        edges = np.linspace(0.0, 1.0, count + 1)
        # the mean of each cell, exactly: differences of the integral
        integral = (np.sinh(nu * edges) - ratio * np.sinh(nu * (1.0 - edges))) / ((1.0 + ratio) * np.sinh(nu))
        exact = np.diff(integral) * count
        assert reaction.mean() == pytest.approx(1.0, abs=1e-9)
        if ratio == 1.0:
            np.testing.assert_allclose(reaction, reaction[::-1], rtol=1e-4)
        errors.append(np.abs(reaction - exact).max())
    record_property("errors", errors)
    assert errors[0] < 0.05
    assert -np.polyfit(np.log(counts), np.log(errors), 1)[0] == pytest.approx(2.0, abs=0.3), errors


def test_single_particle_is_the_limit_of_a_thin_electrode(full_bench, record_property):
    """At a C-rate the spread over the cathode falls as thickness^2, and what it costs as its square."""
    loadings, spreads, costs = (1.0, 2.0, 4.0, 8.0), [], []
    for loading in loadings:
        cell = full_bench(cathode_loading=f"{loading} mg/cm^2")
        many = full_bench(cathode_loading=f"{loading} mg/cm^2", one=False)
        current = cell.model.one_c
        uniform, spread = steady_potential(cell.y, cell.model.drive(), current, cell.fresh_scratch())
        balanced, _ = steady_potential(many.y, many.model.drive(), current, many.fresh_scratch())
        spreads.append(spread)
        costs.append(abs(balanced - uniform))
    record_property("costs", costs)
    assert np.polyfit(np.log(loadings), np.log(spreads), 1)[0] == pytest.approx(2.0, abs=0.3), spreads
    assert np.polyfit(np.log(loadings), np.log(costs), 1)[0] == pytest.approx(4.0, abs=0.5), costs


def test_an_estimate_that_has_no_number_is_infinite(full_bench):
    """Salt that would run out before it is steady: the estimate must not be blind to that."""
    cell = full_bench(cathode_loading="40 mg/cm^2")
    assert single_particle_error(cell.model, cell.y, 5.0 * cell.model.one_c) == np.inf
    assert 0.0 < single_particle_error(cell.model, cell.y, 0.1 * cell.model.one_c) < 2e-3


@pytest.mark.parametrize("one", [True, False])
def test_rest_without_losses_keeps_everything_at_the_open_circuit_voltage(full_bench, one):
    off = (*NOTHING_LOST, "soft_shorts")
    cell = full_bench(one=one, off=off)
    first = SALT + cell.sizes.salt_cells
    part = cell.begin("Charge at 1 C until 4.3 V")
    y = cell.y.copy()
    assert cell.advance(y, part, 1200.0)[0] == COMPLETE
    part = cell.begin("Rest for 24 hours")
    before = y.copy()
    assert cell.advance(y, part, 86400.0)[0] == COMPLETE
    out = cell.evaluate(y, part)[1]
    x = y[first:].sum() / float(cell.model.cathode["particle_capacity"])
    assert out[OUT_VOLTAGE] == pytest.approx(float(cell.cathode.open_circuit_potential(x)), abs=2e-5)
    assert out[OUT_SURFACE] == pytest.approx(x, abs=1e-6)
    np.testing.assert_array_equal(y[:10], before[:10])
    np.testing.assert_array_equal(y[[ELECTROLYTE, ADDITIVE]], before[[ELECTROLYTE, ADDITIVE]])
    assert y[first:].sum() == pytest.approx(before[first:].sum(), rel=1e-12)
    assert np.abs(cell.run.scratch.porous[FACE_CURRENT]).max() < 1e-6
