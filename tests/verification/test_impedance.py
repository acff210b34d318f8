"""Impedance of the twin: a dense reference with explicit states, closed forms, limits, causality, the time domain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lithiate.analysis import analyse
from lithiate.constants import FARADAY, GAS_CONSTANT
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen
from lithiate.errors import SimulationError
from lithiate.twin import impedance as twin
from lithiate.twin.impedance import cell_at_rest, impedance
from lithiate.twin.parameters import load_parameters
from lithiate.twin.states import (
    ELECTROLYTE,
    EXCESS_SALT,
    OUT_OHMIC,
    OUT_PLATING,
    OUT_STRIPPING,
    OUT_VOLTAGE,
    PER_ELECTRODE,
    Q_DEAD,
    Q_INTERIOR,
    Q_ON_CARBON,
    Q_ON_SITES,
    Q_RESERVOIR,
    Q_SEI_TOP,
    Q_TOP,
    ROUGHNESS,
    SALT,
    SALT_CELLS,
    SHORT,
)

PARAMETERS = load_parameters()
DOUBLE_LAYER, FILM = 0.2, 0.01
"""F/m2: 20 and 1 uF/cm2."""
THERMAL = GAS_CONSTANT * 298.15 / FARADAY


def spectrum(cell, frequency, parameters=PARAMETERS):
    return impedance(cell.model, cell.y, parameters, np.atleast_1d(np.asarray(frequency, dtype=float)))


def fill_with_salt(cell):
    """Give the grid and the edge the mean concentration, 1 M."""
    layers = np.empty((6, SALT_CELLS))
    twin.grid(cell.y, cell.model.cell, cell.model.electrodes, *layers[:3])
    cell.y[SALT:] = 1000.0 * layers[0]
    cell.y[EXCESS_SALT] = 1000.0 * (cell.y[ELECTROLYTE] - layers[0].sum())


def cycled(bench, cycling, anode, half_cycles=3, **conditions):
    """A cell after an odd number of half cycles: its electrodes differ, its salt has gradients."""
    cell = bench(anode, cycling(**conditions))
    for k in range(half_cycles):
        cell.begin()
        cell.advance(cell.y, k % 2, cell.duration)
    return cell


# --- the dense reference -----------------------------------------------------------------------------------------


def graded_elements(elements, ratio, order=9):
    """Return (stiffness (n, n), weights (n,)) on 0...1 of spectral elements that grow by `ratio` away from 0."""
    inner = np.polynomial.legendre.Legendre.basis(order).deriv().roots()
    nodes = np.concatenate([[-1.0], np.sort(inner.real), [1.0]])
    leading = np.polynomial.legendre.Legendre.basis(order)(nodes)
    weights = 2.0 / (order * (order + 1) * leading**2)
    derivative = np.zeros((order + 1, order + 1))
    for i in range(order + 1):
        for j in range(order + 1):
            if i != j:
                derivative[i, j] = leading[i] / leading[j] / (nodes[i] - nodes[j])
    derivative[np.arange(order + 1), np.arange(order + 1)] = -derivative.sum(axis=1)
    sizes = ratio ** np.arange(elements)
    sizes = sizes / sizes.sum()
    total = elements * order + 1
    stiffness, mass = np.zeros((total, total)), np.zeros(total)
    for k, size in enumerate(sizes):
        part = slice(k * order, (k + 1) * order + 1)
        stiffness[part, part] += derivative.T @ (weights[:, None] * derivative) * 2.0 / size
        mass[part] += weights * size / 2.0
    return stiffness, mass


LINE = graded_elements(7, 2.0)
LAYER = graded_elements(14, 3.0)


class DenseReference:
    """Every double layer, film, pore and layer of salt with states of its own: M dx/dt = F(x, i), V = V(x, i).

    The derivatives of F and V come from complex steps, so that Butler-Volmer kinetics and logarithms stand here as they
    are. Areas, resistances and the grid are inputs.
    """

    def __init__(self, cell):
        self.numbers, self.faces, self.layers = np.empty((2, twin.NUMBERS)), np.empty(4), np.empty((6, SALT_CELLS))
        model = cell.model
        self.ohmic = cell_at_rest(cell.y, model.electrodes, model.cell, self.numbers, self.faces, self.layers)
        self.cell = model.cell
        self.short = cell.y[SHORT]
        self.amount = np.append(cell.y[SALT:], cell.y[EXCESS_SALT])
        self.volume = np.append(self.layers[0], cell.y[ELECTROLYTE] - self.layers[0].sum())
        self.mass: list[np.ndarray] = []
        self.rest: list[np.ndarray] = []
        self.size = 0
        self.salt = self.take(np.ones(SALT_CELLS + 1), self.amount)
        self.half = [self.take_layer(self.time_constant(row)) for row in (0, SALT_CELLS - 1)]
        self.electrodes = [self.take_electrode(numbers) for numbers in self.numbers]

    def take(self, mass, rest=0.0):
        """Reserve states with these entries of M."""
        mass = np.atleast_1d(mass)
        self.mass.append(mass)
        self.rest.append(np.broadcast_to(rest, mass.shape))
        self.size += mass.size
        return slice(self.size - mass.size, self.size)

    def take_layer(self, time_constant):
        return self.take(np.append(time_constant * LAYER[1][:-1], 0.0))

    def time_constant(self, row):
        liquid, length, factor = self.layers[:3, row]
        return (length / 2) ** 2 * factor * (liquid / length) / float(self.cell["diffusivity"])

    def take_electrode(self, numbers):
        parts = {"eta": self.take(0.0), "branches": [], "line": None}
        fresh = numbers[twin.FRESH_FILM]
        for area, film in ((twin.TOP_AREA, twin.TOP_FILM), (twin.BARE_AREA, twin.NATIVE_FILM)):
            if numbers[area] > 0.0:
                states = self.take(np.array([FILM * fresh / numbers[film], DOUBLE_LAYER, 0.0]))
                parts["branches"].append((numbers[area], numbers[film], states))
        if numbers[twin.INTERIOR_SHARE] > 0.0:
            n = LINE[1].size
            capacity = FILM * fresh / numbers[twin.INTERIOR_FILM]
            parts["line"] = {
                "film": self.take(np.full(n, capacity)),
                "layer": self.take(np.full(n, DOUBLE_LAYER)),
                "wall": self.take(np.zeros(n)),
                "current": self.take(0.0),
                "depth": self.take_layer(numbers[twin.DEPTH_TIME]),
            }
        return parts

    def transfer(self, voltage, numbers):
        exchange = float(self.cell["thermal"]) / numbers[twin.TRANSFER]
        return 2.0 * exchange * np.sinh(voltage / (2.0 * float(self.cell["thermal"])))

    def layer_residual(self, out, x, part, flux):
        """Tau u_t = u_xx, -u_x(0) = flux, u(1) = 0."""
        u = x[part]
        right = -(LAYER[0] @ u)
        right[0] += flux
        right[-1] = -u[-1]
        out[part] = right
        return u[0]

    def electrode_residual(self, out, x, parts, numbers, current):
        eta = x[parts["eta"]][0]
        total = 0.0
        for area, film, states in parts["branches"]:
            u_film, u_layer, density = x[states]
            out[states] = [
                density - u_film / film,
                density - self.transfer(u_layer, numbers),
                eta - u_film - u_layer,
            ]
            total = total + area * density
        line = parts["line"]
        if line is not None:
            u_film, u_layer, density = x[line["film"]], x[line["layer"]], x[line["wall"]]
            inside = x[line["current"]][0]
            wall = u_film + u_layer
            out[line["film"]] = density - u_film / numbers[twin.INTERIOR_FILM]
            out[line["layer"]] = density - self.transfer(u_layer, numbers)
            load = numbers[twin.LINE_RESISTANCE] * numbers[twin.INTERIOR_AREA] * LINE[1] * density
            balance = LINE[0] @ wall + load
            balance[0] -= numbers[twin.LINE_RESISTANCE] * inside
            out[line["wall"]] = balance
            flux = inside * numbers[twin.DEPTH_RESISTANCE]
            supply = self.layer_residual(out, x, line["depth"], flux)
            out[line["current"]] = eta - wall[0] - supply
            total = total + numbers[twin.INTERIOR_SHARE] * inside
        out[parts["eta"]] = current - total
        return eta

    def residual(self, x, current):
        """Return F and the voltage [V] at a current density through the cell [A/m2] that strips electrode A."""
        out = np.zeros(x.shape, dtype=complex)
        concentration = x[self.salt] / self.volume
        _, length, factor = self.layers[:3]
        diffusivity = float(self.cell["diffusivity"])
        path = 0.5 * (length[:-1] * factor[:-1] + length[1:] * factor[1:])
        flux = diffusivity * (concentration[:-2] - concentration[1:-1]) / path
        edge = float(self.cell["edge_exchange"]) * length / factor * (concentration[-1] - concentration[:-1])
        change = np.append(edge, -edge.sum())
        change[: SALT_CELLS - 1] -= flux
        change[1:SALT_CELLS] += flux
        transference = float(self.cell["transference"])
        source = (1.0 - transference) / FARADAY * current
        change[0] += source
        change[SALT_CELLS - 1] -= source
        out[self.salt] = change
        logarithms = []
        for k, row, sign in ((0, 0, 1.0), (1, SALT_CELLS - 1, -1.0)):
            extra = self.layer_residual(out, x, self.half[k], self.faces[2 + k] * current)
            plain = concentration[row] + sign * extra
            floor = 1e-3 * float(self.cell["concentration"])
            logarithms.append(np.log(0.5 * plain + np.sqrt(0.25 * plain**2 + floor**2)))
        gain = 2.0 * float(self.cell["thermal"]) * (1.0 - transference) * float(self.cell["thermodynamic_factor"])
        voltage = self.ohmic * current + gain * (logarithms[0] - logarithms[1])
        for parts, numbers in zip(self.electrodes, self.numbers, strict=True):
            voltage = voltage + self.electrode_residual(out, x, parts, numbers, current)
        return out, voltage

    def impedance(self, frequency):
        rest = np.concatenate(self.rest).astype(complex)
        step = 1e-30
        jacobian, seen = np.empty((self.size, self.size)), np.empty(self.size)
        for k in range(self.size):
            moved = rest.copy()
            moved[k] += 1j * step
            out, voltage = self.residual(moved, 0.0)
            jacobian[:, k], seen[k] = out.imag / step, voltage.imag / step
        out, voltage = self.residual(rest, 1j * step)
        driven, direct = out.imag / step, voltage.imag / step
        mass = np.concatenate(self.mass)
        result = []
        for f in frequency:
            matrix = np.diag(2j * math.pi * f * mass) - jacobian
            result.append(seen @ np.linalg.solve(matrix, driven.astype(complex)) + direct)
        through = np.array(result)
        return 1.0 / (self.short + 1.0 / through)


def composite_with_everything(bench, cycling):
    """All branches open on both sides, electrodes that differ, a soft short."""
    cell = cycled(bench, cycling, "WN/Mo2N@HCN/Li", current_density="2 mA/cm^2", areal_capacity="3 mAh/cm^2")
    cell.y[[Q_TOP, PER_ELECTRODE + Q_TOP]] = 4000.0, 200.0
    cell.y[[Q_INTERIOR, PER_ELECTRODE + Q_INTERIOR]] = 9000.0, 3000.0
    cell.model.electrodes[1]["exchange_current_density"] *= 0.3
    cell.model.electrodes[1]["film_resistance"] *= 1.7
    cell.y[SHORT] = 150.0
    return cell


def dead_layers(bench, cycling):
    """Foil under a thick dead layer on one side."""
    cell = cycled(bench, cycling, "Li foil")
    cell.y[Q_DEAD], cell.y[PER_ELECTRODE + Q_SEI_TOP] = 1.5e5, 3e4
    fill_with_salt(cell)
    return cell


CELLS = {
    "fresh foil": lambda bench, cycling: bench("Li foil", cycling()),
    "cycled foil": lambda bench, cycling: cycled(bench, cycling, "Li foil"),
    "dead layers": dead_layers,
    "composite": composite_with_everything,
}


@pytest.mark.parametrize("name", CELLS)
def test_same_digits_as_the_dense_reference(bench, cycling, name):
    cell = CELLS[name](bench, cycling)
    frequency = np.logspace(6, -4, 11)
    expected = DenseReference(cell).impedance(frequency)
    np.testing.assert_allclose(spectrum(cell, frequency), expected, rtol=1e-8)


# --- closed forms and limits --------------------------------------------------------------------------------------


def test_fresh_foil_is_the_closed_form_circuit(bench, cycling):
    """R + 2 [R_sei || C_sei + R_ct || C_dl] + finite-length diffusion, all from plain numbers.

    Films of 5 um as porous as the separator make one layer of 35 um with it.
    """
    cell = bench("Li foil", cycling())
    layer = {"initial_thickness": 5e-6, "porosity": 0.41, "tortuosity": 2.5, "tortuosity_growth": 0.0}
    for name, value in layer.items():
        cell.model.cell[f"dead_layer_{name}"] = value
    cell.model.cell["edge_exchange"] = 0.0
    fill_with_salt(cell)
    frequency = np.logspace(6, -5, 67)
    w = 2j * math.pi * frequency
    film, transfer = 35e-4, THERMAL / 100.0
    interfaces = 2.0 * (film / (1.0 + w * film * FILM * 8.0 / 35.0) + transfer / (1.0 + w * transfer * DOUBLE_LAYER))
    ohmic = 35e-6 * 2.5 / (0.41 * 1.1)
    # two halves of the layer, the concentration in the middle stays
    root = np.sqrt(w * (17.5e-6) ** 2 * 2.5 / 4e-10)
    steady = 2.0 * THERMAL * 0.58**2 * 1.5 / FARADAY * 35e-6 * 2.5 / (4e-10 * 0.41 * 1000.0)
    expected = ohmic + interfaces + steady * np.tanh(root) / root
    found = spectrum(cell, frequency)
    # all that differs is the grid: 1 um beside the lithium, 4 um in the separator
    assert np.abs(found - expected).max() < 0.02 * steady
    slow, fast = frequency < 1e-4, frequency > 1e4
    np.testing.assert_allclose(found[slow], expected[slow], rtol=1e-5)
    np.testing.assert_allclose(found[fast], expected[fast], rtol=1e-5)


@pytest.mark.parametrize("name", ["fresh foil", "cycled foil", "dead layers", "composite"])
def test_the_high_frequency_limit_is_the_ohmic_resistance(bench, cycling, name):
    cell = CELLS[name](bench, cycling)
    cell.y[SHORT] = 0.0
    _, out = cell.evaluate(cell.y, 1, 1.0)
    ohmic = out[OUT_OHMIC] / 1.0
    limit = spectrum(cell, 1e13)[0]
    assert limit.real == pytest.approx(ohmic, rel=1e-5)
    assert abs(limit.imag) < 1e-4 * ohmic


def open_everywhere(cell):
    """Take away what the time domain has beyond linear branches: barriers, noise, exhaustion, closing by filling."""
    electrodes = cell.model.electrodes
    for name in (
        "capillary_potential",
        "unwetted_capillary_potential",
        "lithiophilic_barrier",
        "carbon_barrier",
        "barrier_width_carbon",
    ):
        electrodes[name] = 0.0
    electrodes["filling_exponent"] = 1e4
    electrodes["exhaustion_charge"] = 1.0
    electrodes["native_film_resistance"] = 1e9  # its pits open at any current
    for offset in (0, PER_ELECTRODE):
        cell.y[offset + Q_TOP] = 2e5
        cell.y[[offset + Q_ON_SITES, offset + Q_ON_CARBON]] = 1e6


def test_low_frequency_limit_of_covered_foil_is_the_slope_of_the_steady_voltage(bench, cycling):
    cell = bench("Li foil", cycling())
    open_everywhere(cell)
    cell.current = 1e-2
    start = cell.y.copy()
    cell.begin()
    cell.advance(cell.y, 1, 600.0, tolerance=1e-9)
    _, out = cell.evaluate(cell.y, 1)
    cell.y = start
    assert spectrum(cell, 1e-5)[0].real == pytest.approx(out[OUT_VOLTAGE] / 1e-2, rel=2e-5)


@pytest.mark.parametrize("lithium", [500.0, 20000.0])
def test_low_frequency_limit_of_a_host_is_that_of_its_branches(bench, cycling, lithium):
    """Top and interior side by side, the interior with its depth: the overpotentials of the time domain."""
    cell = bench("WN/Mo2N@HCN/Li", cycling())
    for offset in (0, PER_ELECTRODE):
        cell.y[offset + Q_RESERVOIR] -= 72000.0
        cell.y[offset + Q_INTERIOR] = lithium
    open_everywhere(cell)
    _, out = cell.evaluate(cell.y, 1, 1e-3)
    numbers, faces, layers = np.empty((2, twin.NUMBERS)), np.empty(4), np.empty((6, SALT_CELLS))
    model = cell.model
    ohmic = cell_at_rest(cell.y, model.electrodes, model.cell, numbers, faces, layers)
    salt = twin.salt_impedance(model.cell, cell.y, faces, layers, np.array([1e-9]))
    both = (spectrum(cell, 1e-9 / (2 * math.pi))[0] - ohmic - salt[0]).real
    assert both == pytest.approx((out[OUT_PLATING] + out[OUT_STRIPPING]) / 1e-3, rel=1e-5)


@pytest.mark.parametrize("frequency", [0.01, 0.1, 1.0])
def test_a_slow_sine_through_the_time_domain(bench, cycling, frequency):
    """The equations of the time domain under a small sine; below 1 Hz double layers follow at once."""
    cell = bench("Li foil", cycling())
    open_everywhere(cell)
    cell.y[[Q_DEAD, PER_ELECTRODE + Q_DEAD]] = 2e4, 4e4  # layers of 6 and 12 um, so that salt matters
    fill_with_salt(cell)
    w, periods = 2.0 * math.pi * frequency, max(3, round(30 * frequency))

    def current(t):
        return 1e-3 * (1.0 + 0.5 * math.sin(w * t))

    moving = slice(EXCESS_SALT, SALT + SALT_CELLS)

    def change(t, amounts):
        y = cell.y.copy()
        y[moving] = amounts
        return cell.evaluate(y, 1, current(t))[0][moving]

    # what grows and swells takes up liquid; here the volumes stand still
    for name in ("sei_loss_top", "dead_loss", "calendar_current"):
        cell.model.electrodes[name] = 0.0
    end = periods / frequency
    times = np.linspace(end - 1.0 / frequency, end, 60, endpoint=False)
    done = solve_ivp(
        change, (0.0, end), cell.y[moving], "BDF", times, rtol=1e-10, atol=1e-14, max_step=0.05 / frequency
    )
    voltage = []
    for t, amounts in zip(times, done.y.T, strict=True):
        y = cell.y.copy()
        y[moving] = amounts
        voltage.append(cell.evaluate(y, 1, current(t))[1][OUT_VOLTAGE])
    design = np.stack([np.sin(w * times), np.cos(w * times), np.ones(60), times], axis=1)
    sine, cosine, _, _ = np.linalg.lstsq(design, np.array(voltage), rcond=None)[0]
    found = spectrum(cell, frequency)[0]
    tail = abs(spectrum(cell, 1e-5)[0] - spectrum(cell, 100.0)[0])
    # the half cells of the grid relax here and not in the time domain: 1 % of the tail at 1 Hz, less below
    assert abs(complex(sine, cosine) / 0.5e-3 - found) < 0.015 * min(1.0, 0.1 + frequency) * tail
    assert found.imag < -0.02 * tail


def test_the_film_of_an_impedance_has_its_activation_energy(bench, cycling):
    """With charge transfer made fast, the width of the only arc gives back 48 kJ/mol."""
    logs, inverse = [], []
    for temperature in (283.15, 298.15, 313.15):
        cell = bench("Li foil", cycling(temperature=temperature))
        cell.model.electrodes["exchange_current_density"] = 1e9
        arc = spectrum(cell, 100.0)[0].real - spectrum(cell, 1e9)[0].real
        logs.append(math.log(arc))
        inverse.append(1.0 / (GAS_CONSTANT * temperature))
    assert np.polyfit(inverse, logs, 1)[0] == pytest.approx(48e3, rel=1e-3)


def test_swapped_electrodes_have_the_same_impedance(bench, cycling):
    cell = composite_with_everything(bench, cycling)
    frequency = np.logspace(6, -3, 28)
    before = spectrum(cell, frequency)
    cell.model.electrodes[:] = cell.model.electrodes[::-1].copy()
    a, b = cell.y[:PER_ELECTRODE].copy(), cell.y[PER_ELECTRODE : 2 * PER_ELECTRODE].copy()
    cell.y[:PER_ELECTRODE], cell.y[PER_ELECTRODE : 2 * PER_ELECTRODE] = b, a
    cell.y[SALT:] = cell.y[SALT:][::-1].copy()
    np.testing.assert_allclose(spectrum(cell, frequency), before, rtol=1e-11)


@pytest.mark.parametrize("name", ["dead layers", "composite"])
def test_kramers_and_kronig(bench, cycling, name):
    """Z'(w) = Z'(oo) + 2/pi int (x Z''(x) - w Z''(w)) / (w^2 - x^2) dx, with Z'' = Im Z."""
    cell = CELLS[name](bench, cycling)
    cell.y[SHORT] = 0.0
    x = np.logspace(-9, 15, 24 * 40 + 1)
    z = spectrum(cell, x / (2.0 * math.pi))
    middle = 0.5 * (np.log(x)[1:] + np.log(x)[:-1])[200:-300:40]
    w = np.exp(middle)
    at = spectrum(cell, w / (2.0 * math.pi))
    for frequency, value in zip(w, at, strict=True):
        kernel = (x * z.imag - frequency * value.imag) / (frequency**2 - x**2) * x
        integral = np.trapezoid(kernel, np.log(x))
        assert value.real == pytest.approx(z[-1].real + 2.0 / math.pi * integral, rel=2e-3)
    assert (z.imag < 0.0).all()
    assert (np.diff(z.real) <= 1e-12 * z.real[0]).all()


def test_what_cannot_be(bench, cycling):
    cell = bench("Li foil", cycling())
    with pytest.raises(SimulationError, match="frequencies must be positive"):
        spectrum(cell, [1.0, 0.0])
    cell.y[[Q_TOP, Q_RESERVOIR]] = 0.0
    with pytest.raises(SimulationError, match="no lithium touches the electrolyte") as error:
        spectrum(cell, [1.0])
    assert "electrode A" in str(error.value)
    assert error.value.code == "LI-TWIN-001"


def test_roughness_and_area(bench, cycling):
    """A covered surface of roughness 1 has 1.6 times the area of a flat one, and so less resistance."""
    cell = bench("Li foil", cycling())
    open_everywhere(cell)
    values = []
    for roughness in (0.0, 1.0):
        cell.y[[ROUGHNESS, PER_ELECTRODE + ROUGHNESS]] = roughness
        values.append(spectrum(cell, 10.0)[0].real - spectrum(cell, 1e12)[0].real)
    tail = spectrum(cell, 10.0)[0].real - spectrum(cell, 1e12)[0].real - 2.0 * (8e-4 + THERMAL / 100.0) / 1.6
    assert abs(tail) < 0.05 * values[0]
    assert (values[0] - tail) / (values[1] - tail) == pytest.approx(1.6, rel=1e-3)


@pytest.mark.parametrize("noise", [0.0, 0.002])
def test_the_analysis_finds_what_was_put_in(bench, cycling, noise):
    """Fresh foil at three temperatures, 2 x 35 ohm cm2 of native film: the numbers and the activation energy."""
    frequency = np.logspace(7, -2, 91)
    area, draws, impedances, ohmic = 1.13e-4, np.random.default_rng(0), [], []
    temperatures = (283.15, 298.15, 313.15)
    for temperature in temperatures:
        cell = bench("Li foil", cycling(temperature=temperature))
        ohmic.append(cell.evaluate(cell.y, 1, 1.0)[1][OUT_OHMIC])
        z = spectrum(cell, frequency) / area
        impedances.append(z * (1.0 + noise * (draws.standard_normal(91) + 1j * draws.standard_normal(91))))
    record = ImpedanceSpectra(
        specimen=Specimen(name="Li foil", cell="symmetric", area=area),
        provenance=Provenance("simulated"),
        frequency=np.tile(frequency, 3),
        impedance=np.concatenate(impedances),
        offsets=[0, 91, 182, 273],
        temperature=temperatures,
    )
    logs, inverse = [], []
    for temperature, known, found in zip(temperatures, ohmic, analyse(record).spectra, strict=True):
        warm = math.exp(48e3 / GAS_CONSTANT * (1.0 / temperature - 1.0 / 298.15))
        transfer = 2.0 * GAS_CONSTANT * temperature / FARADAY / 100.0
        transfer *= math.exp(40e3 / GAS_CONSTANT * (1.0 / temperature - 1.0 / 298.15))
        truths = (known, 70e-4 * warm + transfer, 70e-4 * warm, transfer)
        for estimate, truth in zip(found.estimates(), truths, strict=True):
            if estimate.value is not None:
                assert abs(estimate.value - truth) <= 3.0 * estimate.standard_uncertainty, estimate
                assert estimate.standard_uncertainty < 0.3 * truth
        assert found.interfacial_resistance.value is not None
        logs.append(math.log(found.interfacial_resistance.value))
        inverse.append(1.0 / (GAS_CONSTANT * temperature))
    # charge transfer is 7 % of it, with 40 kJ/mol less RT
    assert np.polyfit(inverse, logs, 1)[0] == pytest.approx(47.3e3, rel=0.01)
