"""Impedance of full cells: the Jacobian of the compiled equations, limits, grids, causality."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.constants import GAS_CONSTANT
from lithiate.core.cell import FullCell
from lithiate.core.full_experiments import FullImpedance, FullImpedanceTemperature, FullTafel
from lithiate.errors import SimulationError
from lithiate.formulas.circuit import porous_line
from lithiate.library import load_cathode, load_electrolyte, load_separator
from lithiate.twin import solve
from lithiate.twin.full_equations import full_right_hand_side
from lithiate.twin.full_impedance import full_cell_at_rest, full_impedance, relaxed
from lithiate.twin.full_model import build_full_model, new_full_scratch, spread_particles
from lithiate.twin.full_states import CATHODE_FILM, FULL_OUTPUTS, make_sizes
from lithiate.twin.impedance import NUMBERS, TRANSFER, electrode_impedance
from lithiate.twin.lithium_cell import describe_full_anode
from lithiate.twin.parameters import load_parameters
from lithiate.twin.porous_electrode import EXCHANGE
from lithiate.twin.spectra import full_model_at_temperature
from lithiate.twin.states import (
    EXCESS_SALT,
    OUT_PLATING,
    OUT_STRIPPING,
    OUT_VOLTAGE,
    Q_RESERVOIR,
    Q_TOP,
    REST,
    SALT,
)

PARAMETERS = load_parameters().in_electrolyte("carbonate")
STOICHIOMETRY = 0.55
PROBE = 1e-2
"""Current density of the linear response [A/m2]."""


class Bench:
    """A full cell with even salt and particles, taken apart; side reactions are off, so that no pore changes."""

    def __init__(self, particles=1, shells=20, cathode_cells=10, anode="Li foil", **cell):
        cell = FullCell(anode, **cell)
        electrolyte = load_electrolyte(cell.electrolyte)
        sizes = make_sizes(shells=shells, cathode=cathode_cells)
        model = build_full_model(
            cell, describe_full_anode(cell), load_cathode(cell.cathode), 298.15, electrolyte,
            load_separator(cell.separator), PARAMETERS, sizes=sizes,
        )  # fmt: skip
        self.model = model.with_particles(particles)
        for name in ("calendar_current", "galvanic_current"):
            self.model.electrodes[0][name] = 0.0
        self.model.cathode["cathode_loss_rate"] = self.model.cathode["shuttle_rate"] = 0.0
        self.sizes = self.model.sizes
        self.y = self.model.initial_state.copy()
        self.first = SALT + self.sizes.salt_cells
        whole = float(self.model.cathode["particle_capacity"]) / particles
        self.y[self.first :] = STOICHIOMETRY * whole / self.model.shells[1]
        self.y[Q_TOP] = 4000.0
        self.y[CATHODE_FILM] = 20e-4
        self.y = relaxed(self.model, self.y)

    def evaluate(self, y, current=0.0):
        """Return derivatives, and the voltage less what the lithium electrode takes, at a current that charges."""
        drive = self.model.drive(
            plating=0 if current > 0.0 else 1, current=abs(current), plating_loss=0.0, stripping_loss=0.0
        )
        if current == 0.0:
            drive = drive._replace(control=REST)
        dy, out, scratch = np.zeros(y.size), np.zeros(FULL_OUTPUTS), new_full_scratch(self.sizes)
        for _ in range(2):
            full_right_hand_side(y, drive, dy, out, scratch)
        return dy, out[OUT_VOLTAGE] - out[OUT_PLATING] + out[OUT_STRIPPING]

    def reference(self, frequency):
        """Return c (i w - J)^-1 b + d from numerical derivatives of the compiled equations: salt and cathode alone."""
        states = np.append(EXCESS_SALT, np.arange(SALT, self.y.size))
        jacobian, seen = np.empty((states.size, states.size)), np.empty(states.size)
        for k, state in enumerate(states):
            step = 1e-5 * self.y[state]
            sides = []
            for sign in (1.0, -1.0):
                moved = self.y.copy()
                moved[state] += sign * step
                sides.append(self.evaluate(moved))
            jacobian[:, k] = (sides[0][0] - sides[1][0])[states] / (2.0 * step)
            seen[k] = (sides[0][1] - sides[1][1]) / (2.0 * step)
        up, down = self.evaluate(self.y, PROBE), self.evaluate(self.y, -PROBE)
        driven, direct = (up[0] - down[0])[states] / (2.0 * PROBE), (up[1] - down[1]) / (2.0 * PROBE)
        one = np.eye(states.size)
        return np.array([seen @ np.linalg.solve(2j * math.pi * f * one - jacobian, driven) + direct for f in frequency])

    def at_rest(self):
        scratch, numbers = new_full_scratch(self.sizes), np.empty(NUMBERS)
        cathode = np.empty((3, self.sizes.cathode))
        ohmic, _, _ = full_cell_at_rest(self.y, self.model.drive(), scratch, numbers, cathode)
        return ohmic, numbers, scratch

    def without_lithium(self, frequency):
        """Return the impedance less that of the lithium electrode."""
        frequency = np.asarray(frequency)
        layer, film = PARAMETERS["double_layer_capacitance"], PARAMETERS["film_capacitance"]
        lithium = electrode_impedance(self.at_rest()[1], "", layer, film, 2.0 * math.pi * frequency)
        return full_impedance(self.model, self.y, PARAMETERS, frequency) - lithium


SLOW = np.logspace(-4, -1, 7)
"""Hz, well below the arcs."""


@pytest.mark.parametrize("particles", [1, 10])
def test_slow_impedance_is_that_of_the_compiled_equations(particles):
    cell = Bench(particles, shells=40)
    found, expected = cell.without_lithium(SLOW), cell.reference(SLOW)
    assert np.abs(found / expected - 1.0).max() < 1e-3
    # it is no plain resistor: half of it is diffusion
    assert np.ptp(expected.real) > 0.3 * expected.real.min()


def test_shells_approach_the_analytic_sphere_with_the_second_order():
    errors = []
    for shells in (20, 40):
        cell = Bench(shells=shells)
        errors.append(np.abs(cell.without_lithium(np.array([0.03])) - cell.reference(np.array([0.03])))[0])
    assert math.log2(errors[0] / errors[1]) > 1.7


def without_salt(cell):
    """Let lithium ions carry all the current: no concentration differences."""
    cell.model.transport[:, 4], cell.model.transport[:, 5:8] = 1.0, 0.0
    return cell


def reaction(cell, angular):
    """Return the impedance of all particle surface together, from plain numbers [ohm m2]."""
    record, table = cell.model.cathode, cell.model.potential
    scale = float(record["stoichiometries_per_unit"])
    place = (STOICHIOMETRY - float(record["first_stoichiometry"])) * scale
    k = int(place)
    slope = (table[k, 1] + (place - k) * (table[k + 1, 1] - table[k, 1])) * scale
    area, charge = float(record["particle_surface"]), float(record["particle_capacity"])
    exchange = area * float(record["cathode_exchange_current"]) * 2.0 * math.sqrt(STOICHIOMETRY * (1.0 - STOICHIOMETRY))
    share = float(record["slow_share"])
    slow = share + (1.0 - share) / (
        1.0 + math.exp((STOICHIOMETRY - float(record["slow_above"])) / float(record["slow_width"]))
    )
    s = 1j * angular
    nu = np.sqrt(s / (float(record["particle_diffusion_rate"]) * slow))
    sphere = -slope / charge / s * nu**2 / 3.0 * np.tanh(nu) / (nu - np.tanh(nu))
    transfer = float(cell.model.cell["thermal"]) / exchange
    faradaic = 1.0 / (1.0 / (transfer + sphere) + s * 0.2 * area)
    film = 20e-4 / area
    time_constant = PARAMETERS["film_capacitance"] * PARAMETERS["film_resistance"]
    return faradaic + film / (1.0 + s * time_constant)


FREQUENCY = np.logspace(6, -4, 41)


def test_a_cathode_of_fast_solid_is_a_porous_line():
    """de Levie's line over the whole band; the grid approaches it with the second order."""
    errors = []
    for cells in (10, 20):
        cell = without_salt(Bench(cells, cathode_cells=cells, cathode_loading="20 mg/cm^2"))
        cell.model.cathode["solid_conductivity"] = 1e9
        ohmic, _, scratch = cell.at_rest()
        front = cell.sizes.dead + cell.sizes.separator
        line = float((scratch.salt[1, front:] * scratch.salt[2, front:] / scratch.salt[6, front:]).sum())
        expected = porous_line(reaction(cell, 2.0 * math.pi * FREQUENCY), 1.0, line)
        found = cell.without_lithium(FREQUENCY) - ohmic - float(cell.model.cathode["contact_resistance"])
        errors.append(np.abs(found - expected)[FREQUENCY < 1e3].max())
        assert np.abs(found - expected).max() < 0.5 * line / cells
    assert errors[0] < 5e-3 * line
    assert math.log2(errors[0] / errors[1]) > 1.7


def test_one_particle_is_as_good_as_one_a_cell_in_a_thin_cathode():
    """By how much they differ falls with the square of the resistance of the pores over that of the reaction."""
    apart = []
    for loading in ("2 mg/cm^2", "0.2 mg/cm^2"):
        one = Bench(1, cathode_loading=loading).without_lithium(FREQUENCY)
        many = Bench(10, cathode_loading=loading).without_lithium(FREQUENCY)
        apart.append(np.abs(one / many - 1.0)[FREQUENCY < 1e4].max())
    assert apart[0] < 2e-2
    assert apart[1] < 1e-4


def test_at_high_frequency_pores_and_solid_stand_side_by_side():
    """R_contact + R_ohm + L/(kappa + sigma), but for the half cells of the grid at both ends."""
    cell = Bench(40, cathode_cells=40)
    cell.model.cathode["solid_conductivity"] = 0.1
    ohmic, _, scratch = cell.at_rest()
    front = cell.sizes.dead + cell.sizes.separator
    pores = float((scratch.salt[1, front:] * scratch.salt[2, front:] / scratch.salt[6, front:]).sum())
    solid = float(cell.model.cathode["cathode_thickness"]) / 0.1
    limit = cell.without_lithium([1e12])[0] - ohmic - float(cell.model.cathode["contact_resistance"])
    side_by_side = 1.0 / (1.0 / pores + 1.0 / solid)
    assert abs(limit.imag) < 1e-5 * pores
    assert 0.0 < limit.real - side_by_side < 0.5 * (pores + solid) / 40
    assert limit.real > 0.5 * pores / 40


def test_the_slowest_impedance_is_the_capacity_of_the_cathode():
    cell = Bench(10)
    w = 2.0 * math.pi * 1e-8
    found = cell.without_lithium([1e-8])[0]
    slope = reaction(cell, np.array([w]))[0].imag
    assert found.imag == pytest.approx(slope, rel=1e-4)


def test_the_grid_of_ten_cells_is_fine_enough():
    frequency = np.logspace(6, -3, 28)
    coarse = Bench(10).without_lithium(frequency)
    fine = Bench(40, cathode_cells=40).without_lithium(frequency)
    assert np.abs(coarse / fine - 1.0).max() < 2e-3


@pytest.mark.parametrize("particles", [1, 10])
def test_kramers_and_kronig(particles):
    """Z'(w) = Z'(oo) + 2/pi int (x Z''(x) - w Z''(w)) / (w^2 - x^2) dx; the pole of the capacity adds nothing."""
    cell = Bench(particles)
    x = np.logspace(-9, 15, 24 * 40 + 1)
    z = full_impedance(cell.model, cell.y, PARAMETERS, x / (2.0 * math.pi))
    middle = 0.5 * (np.log(x)[1:] + np.log(x)[:-1])[200:-300:40]
    w = np.exp(middle)
    at = full_impedance(cell.model, cell.y, PARAMETERS, w / (2.0 * math.pi))
    for frequency, value in zip(w, at, strict=True):
        kernel = (x * z.imag - frequency * value.imag) / (frequency**2 - x**2) * x
        integral = np.trapezoid(kernel, np.log(x))
        assert value.real == pytest.approx(z[-1].real + 2.0 / math.pi * integral, rel=2e-3)
    assert (z.imag < 0.0).all()
    assert (z.real > 0.0).all()


def test_what_cannot_be():
    cell = Bench()
    with pytest.raises(SimulationError, match="frequencies must be positive"):
        full_impedance(cell.model, cell.y, PARAMETERS, np.array([1.0, 0.0]))
    cell.y[[Q_TOP, Q_RESERVOIR]] = 0.0
    with pytest.raises(SimulationError, match="no lithium touches the electrolyte"):
        full_impedance(cell.model, cell.y, PARAMETERS, np.array([1.0]))


def test_even_salt_is_conserved_and_even():
    cell = Bench()
    uneven = cell.y.copy()
    part = slice(SALT, cell.first)
    uneven[part] *= np.linspace(0.5, 1.5, cell.sizes.salt_cells)
    even = relaxed(cell.model, uneven)
    assert even[part].sum() == pytest.approx(uneven[part].sum(), rel=1e-13)
    assert np.delete(even, np.r_[part]) == pytest.approx(np.delete(uneven, np.r_[part]), rel=0.0)
    dy, _ = cell.evaluate(even)
    assert np.abs(dy[part]).max() < 0.05 * np.abs(cell.evaluate(uneven)[0][part]).max()


# --- whole cells: what a solution records, and what an analysis makes of it ---------------------------------------


@pytest.mark.parametrize("energy", [45e3, 60e3, 75e3])
def test_the_activation_energy_of_the_film_comes_back(energy):
    """The film's arc stands apart from the cathode's at six temperatures from 0 to 50 degC."""
    parameters = load_parameters().with_values({"film_activation_energy_carbonate": energy})
    record = solve(FullCell("Li foil"), FullImpedanceTemperature(), parameters=parameters).measurement()
    found = next(e for e in analyse(record).activation_energies if e.conditions["of"] == "sei_resistance")
    assert found.interval[0] < energy < found.interval[1]
    assert found.value == pytest.approx(energy, rel=0.03)
    assert found.interval[1] - found.interval[0] < 0.12 * energy


def test_arcs_are_named_for_what_they_are():
    """Foil at 25 degC: the faster arc is the film's, the slower the charge transfer of both and a little of pores."""
    solution = solve(FullCell("Li foil"), FullImpedance())
    model, used = full_model_at_temperature(solution, 298.15), solution.used_parameters
    state = relaxed(model, spread_particles(solution.states[-1], solution.model.sizes, model.sizes.particles))
    scratch, numbers, still = new_full_scratch(model.sizes), np.empty(NUMBERS), np.array([1e-3])
    full_cell_at_rest(state, model.drive(), scratch, numbers, np.empty((3, model.sizes.cathode)))
    layer, film = used["double_layer_capacitance"], used["film_capacitance"]
    lithium = electrode_impedance(numbers, "", layer, film, still)[0].real
    numbers[TRANSFER] *= 1e-6
    of_film = electrode_impedance(numbers, "", layer, film, still)[0].real
    of_cathode = float(model.cell["thermal"]) / scratch.porous[EXCHANGE, :-1].sum()
    found = analyse(solution.measurement()).spectra[0]
    assert found.sei_resistance.value == pytest.approx(of_film, rel=0.08)
    assert 1.0 < found.charge_transfer_resistance.value / (lithium - of_film + of_cathode) < 1.15
    assert "taken for the lithium's film" in found.sei_resistance.definition
    assert "cathode and lithium" in found.charge_transfer_resistance.definition


def test_a_solution_records_spectra_at_its_states():
    cell = FullCell("Li foil")
    experiment = FullImpedance(after_cycles=(0, 2), state_of_charge=0.3, rest="10 min")
    solution = solve(cell, experiment)
    record = solution.measurement()
    assert record.cycle.tolist() == [0, 2]
    assert record.state == ("30 % state of charge",) * 2
    assert record.temperature.tolist() == [298.15] * 2
    assert record.conditions["state_of_charge"] == 0.3
    steps = experiment.probe_steps
    for k in range(2):
        model = solution.model.with_particles(solution.model.sizes.cathode)
        state = spread_particles(solution.states[steps[k] - 1], solution.model.sizes, model.sizes.particles)
        expected = full_impedance(model, relaxed(model, state), solution.used_parameters, experiment.frequencies)
        np.testing.assert_allclose(record.areal_impedance[record.rows(k)], expected, rtol=1e-12)
    # a rest of an hour leaves nothing of the salt's gradients
    unrelaxed = full_impedance(model, state, solution.used_parameters, experiment.frequencies)
    np.testing.assert_allclose(unrelaxed, expected, rtol=1e-5)


def test_a_cold_cell_keeps_its_state():
    solution = solve(FullCell("Li foil"), FullImpedanceTemperature(temperatures=("0 degC", "25 degC", "40 degC")))
    cold = full_model_at_temperature(solution, 273.15)
    warm = full_model_at_temperature(solution, 298.15)
    assert cold.sizes == warm.sizes
    assert cold.sizes.particles == cold.sizes.cathode
    ratio = float(cold.electrodes[0]["film_resistance"] / warm.electrodes[0]["film_resistance"])
    energy = solution.used_parameters["film_activation_energy"]
    assert math.log(ratio) == pytest.approx(energy / GAS_CONSTANT * (1.0 / 273.15 - 1.0 / 298.15), rel=1e-9)
    record = solution.measurement()
    low = record.areal_impedance[record.frequency == record.frequency.min()].real
    assert low[0] > low[1] > low[2]


@pytest.mark.parametrize("anode", ["Li foil", "WN/Mo2N@HCN/Li"])
@pytest.mark.parametrize("rate", [1e-3, 1e-4])
def test_a_sweep_passes_zero_with_the_signs_of_a_record(anode, rate):
    solution = solve(FullCell(anode), FullTafel(scan_rate=rate))
    assert solution.stopped_by == "end of test"
    record = solution.measurement()
    density, rest = record.areal_current, record.conditions["open_circuit_voltage"]
    assert record.conditions["scan_rate"] == rate
    assert record.voltage[0] == pytest.approx(rest - 0.2, abs=1e-4)
    assert record.voltage[-1] == pytest.approx(rest + 0.2, abs=1e-4)
    assert (np.diff(record.voltage) > 0.0).all()
    assert density[0] < -1.0
    assert density[-1] > 1.0
    assert np.count_nonzero(np.diff(np.sign(density))) == 1
    # the voltage at which lithium plates and strips differs by the capillary potential of a host: the current jumps
    crossing = int(np.flatnonzero(np.diff(np.sign(density)))[0])
    jump = density[crossing + 1] - density[crossing]
    assert jump < (0.5 if anode != "Li foil" else 2e-3)


def test_a_leak_near_zero_current_is_no_hard_short():
    """Side products carry a little current; where the sweep passes zero they carry all of it."""
    parameters = load_parameters()
    solution = solve(FullCell("Li foil"), FullTafel(after_cycles=3), parameters=parameters)
    assert solution.inventory()["sei_lithium"] > 0.0
    assert solution.stopped_by == "end of test"


def test_the_polarisation_of_a_full_cell_has_an_apparent_exchange_current():
    result = analyse(solve(FullCell("Li foil"), FullTafel()).measurement())
    found = result.by_estimator["linear"]
    assert result.electrodes == 1
    assert "of a full cell as one electrode" in found.definition
    # the slope at zero is at least that of all arcs of the impedance: RT/F over it is what the estimator gives
    spectra = analyse(solve(FullCell("Li foil"), FullImpedance()).measurement()).spectra[0]
    arcs = spectra.ohmic_resistance.value + spectra.interfacial_resistance.value
    assert 0.2 < found.value * arcs / 0.025693 < 1.0
