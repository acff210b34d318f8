"""The twin's cell of two lithium electrodes as a PyBaMM model, for one polarity of constant current.

Equations and numbers are those of `lithiate.twin` (default closures, no shorts, no noise): 40 of its 44 states are
differential here, and what the twin finds by a scalar solve is algebraic: the overpotential of each electrode and the
current density of each of its branches. The saturated share of the pores and its rate are algebraic too: explicit they
make the Jacobian dense, and PyBaMM takes minutes to process the expressions.

Left out, in favour of PyBaMM, are states that need no equation while nothing is left to chance and the current is set:
short conductance, leaked charge, set voltage (zero), passed charge (i t). So are limits of quantities that no state of
such a run can pass (a charge below zero), except where one rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pybamm
from numpy.typing import NDArray

from lithiate.constants import FARADAY
from lithiate.twin.kinetics import RAMP
from lithiate.twin.model import Model
from lithiate.twin.sei import LARGEST_LOSS
from lithiate.twin.states import (
    CELL_STATES,
    DEAD_CELLS,
    ELECTRODE_STATES,
    LITHIUM_VOLUME,
    SALT_CELLS,
    SEPARATOR_CELLS,
)
from lithiate.twin.transport import FLOOR

Expression = Any
"""A PyBaMM expression or a number; PyBaMM has no types."""

NAMES = [
    *(f"{name} {e}" for e in "AB" for name in ELECTRODE_STATES),
    *CELL_STATES,
    *(f"salt {k}" for k in range(SALT_CELLS)),
]
LEFT_OUT = ("short_conductance", "leaked_charge", "passed_charge", "set_voltage")
KEPT = [k for k, name in enumerate(NAMES) if name not in LEFT_OUT]
"""Indices in the twin's state of the states that the PyBaMM model has, in its order."""
pybamm.settings.max_y_value = 1e99  # charges in C/m2 are large numbers; PyBaMM would log an error for each
SMALLEST_WIDTH = 1e-12
"""Added to a width of barriers that may fade to zero [V]."""


@dataclass
class Built:
    """A discretised model: PyBaMM's, the names of its algebraic unknowns and a guess of each."""

    model: pybamm.BaseModel
    unknowns: list[str] = field(default_factory=list)
    guesses: list[float] = field(default_factory=list)


def build(model: Model, plating: int, current: float, losses: Sequence[float], *, discretised: bool = True) -> Built:
    """Return the PyBaMM model of a cell while electrode `plating` (0 is A, 1 is B) plates at `current` [A/m2].

    Its one input "given" is a vector: initial states, first guesses of the unknowns, intact shares of sites of A and B
    (a scalar input for each costs PyBaMM 2 ms a call). `losses` are the factors on losses of plating and stripping.
    """
    peer = pybamm.BaseModel("Li||Li " + "AB"[plating])
    built = Built(peer)
    states = {NAMES[k]: pybamm.Variable(NAMES[k]) for k in KEPT}
    unknowns = 8 if not any(model.electrodes["is_host"]) else 12
    given = pybamm.InputParameter("given", expected_size=len(KEPT) + unknowns + 2)
    _Cell(model, plating, current, losses, states, built, given).assemble()
    assert len(built.unknowns) == unknowns, built.unknowns
    for number, (name, state) in enumerate(states.items()):
        assert state in peer.rhs, name
        peer.initial_conditions[state] = pybamm.Index(given, number)
    # the order of the state vector is that of the keys
    peer.rhs = {state: peer.rhs[state] for state in states.values()}
    if discretised:
        pybamm.Discretisation().process_model(peer)
    return built


def inputs(y: NDArray[np.float64], guess: Sequence[float], intact: NDArray[np.float64]) -> dict[str, Any]:
    """Return the input of a model for the twin's state `y` (STATES,), a guess of unknowns and intact shares (2,)."""
    return {"given": np.concatenate([y[KEPT], guess, intact])[:, None]}


def normal_integral(z: Expression) -> Expression:
    """Return the integral of the normal distribution's Phi from minus infinity to z."""
    if isinstance(z, float):
        return z * 0.5 * math.erfc(-z * math.sqrt(0.5)) + math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    phi = 0.5 * pybamm.erfc(-z * math.sqrt(0.5))
    return z * phi + pybamm.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def drive_over_barrier(overpotential: Expression, mean: Expression, width: Expression) -> Expression:
    """Return the mean drive over a distribution of barriers [V]."""
    if isinstance(width, float) and width < 1e-9:
        return overpotential if mean == 0.0 else pybamm.maximum(overpotential - mean, 0.0)
    return width * (normal_integral((overpotential - mean) / width) - normal_integral(-mean / width))


def above_equilibrium(overpotential: Expression, equilibrium: Expression) -> Expression:
    """Return the overpotential above an equilibrium, over the twin's one-sided ramp; nothing below [V]."""
    if isinstance(equilibrium, float) and equilibrium == 0.0:
        return overpotential
    above = pybamm.maximum(overpotential - equilibrium, 0.0)
    return above * above / (above + RAMP)


class _Cell:
    """The equations, put together once."""

    def __init__(
        self,
        model: Model,
        plating: int,
        current: float,
        losses: Sequence[float],
        states: dict[str, Expression],
        built: Built,
        given: Expression,
    ) -> None:
        self.records, self.cell, self.y, self.built = model.electrodes, model.cell, states, built
        self.number = {name: float(model.cell[name]) for name in model.cell.dtype.names}
        self.intact = {e: pybamm.Index(given, given._expected_size - 2 + k) for k, e in enumerate("AB")}
        self.given = given
        self.plating, self.current, self.step_losses = plating, current, losses
        self.rates: dict[str, Expression] = {}

    def assemble(self) -> None:
        """Write all equations and the voltage into the model."""
        n, i = self.number, self.current
        self._grid()
        cover = self.y["additive"] / (self.y["additive"] + n["additive_half_protection"] * n["initial_additive"])
        self.losses = 1.0 + n["additive_protection"] * (1.0 - cover)
        ohmic, faces = self._salt_potentials()
        into, out_of = "AB"[self.plating], "AB"[1 - self.plating]
        eta_plating, side_plating = self._plate(into, faces[into])
        eta_stripping, side_stripping = self._strip(out_of, faces[out_of])
        side = side_plating + side_stripping
        by_additive = n["additive_share"] * cover * side
        self.rates["additive"] = -by_additive
        self.rates["electrolyte_volume"] = -n["solvent_consumption"] * (side - by_additive)
        reach = (self.y["roughness A"] * self.thickness["A"] + self.y["roughness B"] * self.thickness["B"]) * 0.5
        self.rates["hazard"] = n["short_rate"] * (reach / n["separator_thickness"]) ** 2
        self._salt_states()
        for name, rate in self.rates.items():
            self.built.model.rhs[self.y[name]] = rate
        gain = 2.0 * n["thermal"] * (1.0 - n["transference"]) * n["thermodynamic_factor"]
        voltage = eta_plating + eta_stripping + gain * pybamm.log(faces[out_of] / faces[into]) + i * ohmic
        self.built.model.variables = {"Voltage [V]": voltage, **self.y}

    def _unknown(self, name: str, guess: float) -> Expression:
        variable = pybamm.Variable(name)
        self.built.model.initial_conditions[variable] = pybamm.Index(self.given, len(KEPT) + len(self.built.unknowns))
        self.built.unknowns.append(name)
        self.built.guesses.append(guess)
        return variable

    def _branches(self, e: str, exchange: Expression, branches: list[tuple[Expression, ...]]) -> tuple[Expression, ...]:
        """Add overpotential and branch currents as unknowns; return it and the current densities per electrode area."""
        thermal, i, algebraic = self.number["thermal"], self.current, self.built.model.algebraic
        eta = self._unknown(f"overpotential {e}", 0.05)
        algebraic[eta] = 0.0  # takes its place in the order of unknowns
        shares, total = [], 0.0
        for k, (area, resistance, mean, width, equilibrium) in enumerate(branches):
            density = self._unknown(f"branch current {e} {k}", i)
            loss = density * resistance + 2.0 * thermal * pybamm.arcsinh(density / (2.0 * exchange))
            drive = drive_over_barrier(above_equilibrium(eta, equilibrium), mean, width)
            algebraic[density] = (drive - loss) / thermal
            shares.append(area * density)
            total = total + shares[-1]
        algebraic[eta] = total / i - 1.0
        return (eta, *shares)

    def _capacity(self, e: str, r: dict[str, float]) -> Expression:
        opened = r["opened_fraction"] * (r["initial_reservoir"] - self.y[f"reservoir_lithium {e}"])
        closed = self.number["sei_swelling"] * self.y[f"interior_sei_lithium {e}"]
        return pybamm.maximum(r["initial_void"] + opened - closed, 1.0)

    def _record(self, e: str) -> dict[str, float]:
        record = self.records["AB".index(e)]
        return {name: float(record[name]) for name in record.dtype.names}

    def _covered(self, charge: Expression, covering: float) -> Expression:
        return 1.0 - pybamm.exp(-pybamm.maximum(charge, 0.0) / covering)

    def _film(self, fresh: float, interphase: Expression, doubling: float) -> Expression:
        return fresh * (1.0 + interphase / doubling)

    def _exchange(self, r: dict[str, float], face: Expression) -> Expression:
        return r["exchange_current_density"] * pybamm.sqrt(face / self.number["concentration"])

    def _conductivity_ratio(self, concentration: Expression) -> Expression:
        reference, at_maximum = self.number["concentration"], self.number["concentration_of_maximum"]
        return concentration / reference * pybamm.exp((reference - concentration) / at_maximum)

    def _interior(self, e: str, r: dict[str, float], face: Expression) -> tuple[Expression, ...]:
        """Return share of lithiophilic sites, resistance, capacity, filling and area of an interior."""
        n, sei = self.number, self.y[f"interior_sei_lithium {e}"]
        served = (r["nitride_capture"] * self.intact[e] + r["other_capture"]) * pybamm.exp(-sei / r["burying_charge"])
        theta = 1.0 - pybamm.exp(-served)
        resistance = self._film(r["film_resistance"], sei, r["interior_film_doubling"])
        capacity = self.capacity[e]
        depth = capacity / r["capacity_density"]
        fill = pybamm.minimum(pybamm.maximum(self.y[f"interior_lithium {e}"] / capacity, 0.0), 1.0)
        porosity = pybamm.maximum(r["liquid_share"] * (1.0 - fill), 0.05)
        factor = porosity * pybamm.sqrt(porosity) * self.wet ** n["saturation_exponent"]
        conductivity = n["conductivity"] * factor * self._conductivity_ratio(face)
        surface = resistance + n["thermal"] / self._exchange(r, face)
        nu = depth * pybamm.sqrt(r["area_density"] / (conductivity * surface))
        reached = r["area_density"] * depth * pybamm.tanh(nu) / nu
        limit = 2.0 * FARADAY * face * n["diffusivity"] * factor / ((1.0 - n["transference"]) * depth)
        return theta, resistance + reached * n["thermal"] / limit, capacity, fill, reached * self.wet

    def _deposit(self, e: str, r: dict[str, float], cover: Expression) -> Expression:
        return cover * (1.0 + r["roughness_area"] * self.y[f"roughness {e}"])

    def _standing(self, e: str, r: dict[str, float], cover: Expression) -> Expression:
        """Add what flows at rest and always to the rates; return it."""
        film = self.y[f"top_sei_lithium {e}"] + self.y[f"interior_sei_lithium {e}"]
        growth = r["calendar_current"] * self.losses / (1.0 + film / r["growth_film_charge"])
        total = growth * (1.0 + r["roughness_area"] * self.y[f"roughness {e}"] * cover)
        total = total + r["galvanic_current"] * r["bare_share"] * (1.0 - cover)
        reservoir = self._covered(self.y[f"reservoir_lithium {e}"], 0.1 * r["exhaustion_charge"])
        from_reservoir, from_top = total * reservoir, total * (1.0 - reservoir) * cover
        self.rates[f"reservoir_lithium {e}"] = self.rates[f"reservoir_lithium {e}"] - from_reservoir
        self.rates[f"top_lithium {e}"] = self.rates[f"top_lithium {e}"] - from_top
        into = f"{'interior' if r['is_host'] > 0.0 else 'top'}_sei_lithium {e}"
        self.rates[into] = self.rates[into] + from_reservoir + from_top
        return from_reservoir + from_top

    def _loss(self, e: str, r: dict[str, float], share: float, *, rough: bool) -> Expression:
        share = share * self.losses
        if rough:
            share = share * ((self.y[f"roughness {e}"] + 0.3) / 1.3) ** r["loss_roughness_exponent"]
        return pybamm.minimum(share, LARGEST_LOSS)

    def _plate(self, e: str, face: Expression) -> tuple[Expression, Expression]:
        """Write the electrode that plates; return overpotential and side current."""
        r, y = self._record(e), self.y
        cover = self._covered(y[f"top_lithium {e}"], r["covering_charge"])
        b_w = r["capillary_potential"]
        film = self._film(r["film_resistance"], y[f"top_sei_lithium {e}"], r["top_film_doubling"])
        theta: Expression = 0.0
        branches: list[tuple[Expression, ...]] = []
        if r["is_host"] > 0.0:
            theta, resistance, _, fill, area = self._interior(e, r, face)
            area = area * (1.0 - fill ** r["filling_exponent"])
            b_site = r["lithiophilic_barrier"] * pybamm.exp(-y[f"charge_on_sites {e}"] / r["nucleation_charge"])
            persists = r["carbon_barrier_persistence"]
            fading = persists + (1.0 - persists) * pybamm.exp(-y[f"charge_on_carbon {e}"] / r["nucleation_charge"])
            b_carbon = theta * b_w + r["unwetted_capillary_potential"] + r["carbon_barrier"] * fading
            branches += [
                (area * theta, resistance, b_site, 0.5 * b_site + SMALLEST_WIDTH, (1.0 - theta) * b_w),
                (area * (1.0 - theta), resistance, b_carbon, r["barrier_width_carbon"], (1.0 - theta) * b_w),
            ]
        branches.append((self.wet * self._deposit(e, r, cover), film, 0.0, 0.0, b_w))
        if r["is_host"] > 0.0:
            barrier = r["lithiophilic_barrier"]
            branches.append((self.wet * (1.0 - cover) * theta, film, barrier, 0.5 * barrier, b_w))
        bare = self.wet * (1.0 - cover) * (1.0 - theta)
        branches.append((bare, film, r["carbon_barrier"], r["barrier_width_carbon"], b_w))
        eta, *shares = self._branches(e, self._exchange(r, face), branches)
        inside = shares[:2] if r["is_host"] > 0.0 else [pybamm.Scalar(0.0), pybamm.Scalar(0.0)]
        into, top = inside[0] + inside[1], sum(shares[-3:] if r["is_host"] > 0.0 else shares)
        sei_inside = self._loss(e, r, r["sei_loss_interior"] * self.step_losses[0], rough=False) * into
        sei_top = self._loss(e, r, r["sei_loss_top"] * self.step_losses[0], rough=True) * top
        height, n = y[f"roughness {e}"], self.number
        growth = (
            r["roughness_drive"]
            * (pybamm.maximum(top, 1e-9) / n["reference_current"]) ** (r["roughness_current_exponent"])
        )
        zero = pybamm.Scalar(0.0)
        self.rates |= {
            f"interior_lithium {e}": into - sei_inside,
            f"top_lithium {e}": top - sei_top,
            f"reservoir_lithium {e}": zero,
            f"dead_lithium {e}": zero,
            f"top_sei_lithium {e}": sei_top,
            f"interior_sei_lithium {e}": sei_inside,
            f"roughness {e}": growth * (1.0 - height / r["roughness_limit"]) * top,
            f"pitted_charge {e}": zero,
            f"charge_on_sites {e}": inside[0],
            f"charge_on_carbon {e}": inside[1],
        }
        return eta - b_w, sei_inside + sei_top + self._standing(e, r, cover)

    def _strip(self, e: str, face: Expression) -> tuple[Expression, Expression]:
        """Write the electrode that strips; return overpotential and side current."""
        r, y = self._record(e), self.y
        cover = self._covered(y[f"top_lithium {e}"], r["covering_charge"])
        film = self._film(r["film_resistance"], y[f"top_sei_lithium {e}"], r["top_film_doubling"])
        branches: list[tuple[Expression, ...]] = []
        if r["is_host"] > 0.0:
            theta, resistance, _, _, area = self._interior(e, r, face)
            held = self._covered(y[f"interior_lithium {e}"], r["exhaustion_charge"])
            branches.append((area * held, resistance, 0.0, 0.0, theta * r["capillary_potential"]))
        branches.append((self.wet * self._deposit(e, r, cover), film, 0.0, 0.0, 0.0))
        reservoir = self._covered(y[f"reservoir_lithium {e}"], 0.1 * r["exhaustion_charge"])
        pits = self.wet * (1.0 + r["pitting_area"] * y[f"pitted_charge {e}"]) * reservoir
        barrier = r["pitting_barrier"]
        branches.append((pits, r["native_film_resistance"], barrier, 0.4 * barrier, 0.0))
        eta, *shares = self._branches(e, self._exchange(r, face), branches)
        lost = self._loss(e, r, r["dead_loss"] * self.step_losses[1], rough=True)
        zero, height = pybamm.Scalar(0.0), y[f"roughness {e}"]
        self.rates |= {
            f"interior_lithium {e}": -shares[0] if r["is_host"] > 0.0 else zero,
            f"top_lithium {e}": -shares[-2] * (1.0 + lost),
            f"reservoir_lithium {e}": -shares[-1],
            f"dead_lithium {e}": shares[-2] * lost,
            f"top_sei_lithium {e}": zero,
            f"interior_sei_lithium {e}": zero,
            f"roughness {e}": -r["roughness_levelling"] * height * shares[-2],
            f"pitted_charge {e}": shares[-1],
            f"charge_on_sites {e}": zero,
            f"charge_on_carbon {e}": zero,
        }
        return eta, self._standing(e, r, cover)

    def _grid(self) -> None:
        """Lay the salt grid."""
        n = self.number
        solid = LITHIUM_VOLUME / (1.0 - n["dead_layer_porosity"])
        self.thickness, self.capacity, host_liquid = {}, {}, 0.0
        for e in "AB":
            r, sei = self._record(e), self.y[f"top_sei_lithium {e}"]
            layer = self.y[f"dead_lithium {e}"] + n["sei_swelling"] * sei
            self.thickness[e] = n["dead_layer_initial_thickness"] + solid * layer
            if r["is_host"] > 0.0:
                self.capacity[e] = self._capacity(e, r)
                room = pybamm.maximum(self.capacity[e] - self.y[f"interior_lithium {e}"], 0.0)
                host_liquid = host_liquid + LITHIUM_VOLUME * room
        self.pores = (
            n["separator_porosity"] * n["separator_thickness"]
            + n["dead_layer_porosity"] * (self.thickness["A"] + self.thickness["B"])
            + host_liquid
            + n["bound_electrolyte"]
        )
        fill = self.y["electrolyte_volume"] / self.pores
        sixth = 1.0 + fill**6
        self.wet, self.wet_slope = self._unknown("saturated share", 1.0), sixth ** (-7.0 / 6.0)
        self.built.model.algebraic[self.wet] = self.wet - fill / sixth ** (1.0 / 6.0)
        drying = self.wet ** n["saturation_exponent"]
        layer_of = {}
        for e in "AB":
            tortuosity = n["dead_layer_tortuosity"] + n["dead_layer_tortuosity_growth"] * self.thickness[e]
            porosity, length = n["dead_layer_porosity"], self.thickness[e] / DEAD_CELLS
            layer_of[e] = (self.wet * (porosity * length), length, tortuosity / (porosity * drying))
        porosity, length = n["separator_porosity"], n["separator_thickness"] / SEPARATOR_CELLS
        separator = (self.wet * (porosity * length), length, n["separator_tortuosity"] / porosity / drying)
        self.layers = [layer_of["A"]] * DEAD_CELLS + [separator] * SEPARATOR_CELLS + [layer_of["B"]] * DEAD_CELLS
        self.concentration = [self.y[f"salt {k}"] / self.layers[k][0] for k in range(SALT_CELLS)]

    def _floored(self, concentration: Expression) -> Expression:
        half = 0.5 * concentration
        return half + pybamm.sqrt(half * half + (FLOOR * self.number["concentration"]) ** 2)

    def _salt_potentials(self) -> tuple[Expression, dict[str, Expression]]:
        """Return the ohmic resistance and the concentrations at the lithium."""
        n = self.number
        resistance: Expression = 0.0
        for (_, length, factor), concentration in zip(self.layers, self.concentration, strict=True):
            kappa = n["conductivity"] * self._conductivity_ratio(self._floored(concentration))
            resistance = resistance + length * factor / kappa
        pull = (1.0 - n["transference"]) / (FARADAY * n["diffusivity"]) * 0.5 * self.current
        sign = 1.0 if self.plating == 1 else -1.0
        (_, length_a, factor_a), (_, length_b, factor_b) = self.layers[0], self.layers[-1]
        return resistance, {
            "A": self._floored(self.concentration[0] + sign * pull * length_a * factor_a),
            "B": self._floored(self.concentration[-1] - sign * pull * length_b * factor_b),
        }

    def _host_liquid_rate(self, e: str) -> Expression:
        r = self._record(e)
        if r["is_host"] <= 0.0:
            return 0.0
        opening = -r["opened_fraction"] * self.rates[f"reservoir_lithium {e}"]
        opening = opening - self.number["sei_swelling"] * self.rates[f"interior_sei_lithium {e}"]
        return LITHIUM_VOLUME * (opening - self.rates[f"interior_lithium {e}"])

    def _salt_states(self) -> None:
        """Write the salt: diffusion, sources at the lithium, liquid that flows in or out, exchange at the edge."""
        n, y = self.number, self.y
        porosity = n["dead_layer_porosity"]
        solid = LITHIUM_VOLUME / (1.0 - porosity)
        growth = {
            e: solid * (self.rates[f"dead_lithium {e}"] + n["sei_swelling"] * self.rates[f"top_sei_lithium {e}"])
            for e in "AB"
        }
        pore_rate = porosity * (growth["A"] + growth["B"])
        pore_rate = pore_rate + self._host_liquid_rate("A") + self._host_liquid_rate("B")
        moved_volume = self.rates["electrolyte_volume"] - y["electrolyte_volume"] / self.pores * pore_rate
        wet_rate = self._unknown("rate of saturation", 0.0)
        self.built.model.algebraic[wet_rate] = 1e4 * (wet_rate - self.wet_slope * moved_volume / self.pores)
        in_grid = self.wet * (
            n["separator_porosity"] * n["separator_thickness"] + porosity * (self.thickness["A"] + self.thickness["B"])
        )
        excess = y["excess_salt"] / pybamm.maximum(y["electrolyte_volume"] - in_grid, 1e-9)
        flow = {"A": wet_rate * porosity * self.thickness["A"] + self.wet * porosity * growth["A"]}
        flow["B"] = wet_rate * porosity * self.thickness["B"] + self.wet * porosity * growth["B"]
        flow["separator"] = wet_rate * (n["separator_porosity"] * n["separator_thickness"])
        inflows = []
        for where, cells in (("A", DEAD_CELLS), ("separator", SEPARATOR_CELLS), ("B", DEAD_CELLS)):
            share = flow[where] / cells
            inflows += [(pybamm.maximum(share, 0.0), pybamm.minimum(share, 0.0))] * cells
        rates: list[Expression] = []
        lost: Expression = 0.0
        for (_, length, factor), concentration, (gain, drain) in zip(
            self.layers, self.concentration, inflows, strict=True
        ):
            edge = n["edge_exchange"] * length / factor
            moved = gain * excess + drain * concentration + edge * (excess - concentration)
            rates.append(moved)
            lost = lost - moved
        self.rates["excess_salt"] = lost
        for k in range(SALT_CELLS - 1):
            (_, length, factor), (_, next_length, next_factor) = self.layers[k], self.layers[k + 1]
            path = 0.5 * (length * factor + next_length * next_factor)
            flux = n["diffusivity"] / path * (self.concentration[k] - self.concentration[k + 1])
            rates[k], rates[k + 1] = rates[k] - flux, rates[k + 1] + flux
        source = (1.0 - n["transference"]) * self.current / FARADAY * (1.0 if self.plating == 1 else -1.0)
        rates[0], rates[-1] = rates[0] + source, rates[-1] - source
        self.rates |= {f"salt {k}": rate for k, rate in enumerate(rates)}
