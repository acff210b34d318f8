"""Claim: an impedance spectrum of 70 points takes at most a tenth of PyBaMM's time on an equal model, same digits.

The cell is Li||Li with foil under native film: films, double layers and Butler-Volmer kinetics at both electrodes, salt
diffusion on the twin's own grid of 16 cells and the edge. PyBaMM (https://pybamm.org, `EISSimulation`) gets the same
equations as a model of 22 unknowns. It has no element for the half cells of the grid beside the lithium, so there they
are immediate resistances, and so they are in ours while digits are compared; ours is timed with them as they are.
A dense reference with explicit states, from the tests, checks the digits of the whole.

Peer and ours run in turn in one process; times are medians after one call of each for compilation.

Usage: python benchmarks/impedance.py        (with PyBaMM installed beside lithiate; it is no dependency)
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import statistics
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

from lithiate.constants import FARADAY
from lithiate.core.cell import SymmetricCell
from lithiate.core.protocol import SymmetricCycling
from lithiate.formulas.circuit import finite_length_diffusion
from lithiate.library import load_anode, load_composition, load_electrolyte, load_separator
from lithiate.twin import impedance as twin
from lithiate.twin.model import build_model
from lithiate.twin.parameters import load_parameters
from lithiate.twin.states import ELECTROLYTE, EXCESS_SALT, SALT, SALT_CELLS

PROJECT = Path(__file__).resolve().parents[1]
RESULT = PROJECT / "benchmarks/results/impedance.json"
FREQUENCY = np.logspace(6, -2, 70)
ROUNDS = 15
LIMIT = 0.1
LIMIT_SECONDS = 4e-3
DIGITS = 1e-8


def fresh_foil() -> SimpleNamespace:
    """Return model, state and parameters of a fresh Li||Li cell."""
    parameters = load_parameters()
    anode = load_anode("Li foil")
    cell = SymmetricCell(anode)
    experiment = SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=1)
    model = build_model(
        cell,
        experiment,
        anode,
        load_composition(anode),
        load_electrolyte(cell.electrolyte),
        load_separator(cell.separator),
        parameters,
    )
    return SimpleNamespace(model=model, y=model.initial_state, parameters=parameters)


def ours(cell: SimpleNamespace) -> np.ndarray:
    """Return the spectrum of the twin [ohm m2]."""
    return twin.impedance(cell.model, cell.y, cell.parameters, FREQUENCY)


def numbers_of(cell: SimpleNamespace) -> SimpleNamespace:
    """Return the plain numbers of which both models are made."""
    numbers, faces, layers = np.empty((2, twin.NUMBERS)), np.empty(4), np.empty((3, SALT_CELLS))
    ohmic = twin.cell_at_rest(cell.y, cell.model.electrodes, cell.model.cell, numbers, faces, layers)
    record = cell.model.cell
    transference = float(record["transference"])
    gain = 2.0 * float(record["thermal"]) * (1.0 - transference) * float(record["thermodynamic_factor"])
    return SimpleNamespace(
        ohmic=ohmic, numbers=numbers, faces=faces, layers=layers, record=record, transference=transference, gain=gain
    )


def with_immediate_half_cells(cell: SimpleNamespace, spectrum: np.ndarray) -> np.ndarray:
    """Return our spectrum with the half cells of the grid beside the lithium as immediate resistances."""
    made = numbers_of(cell)
    liquid, length, factor = made.layers
    changed = spectrum.copy()
    for k, row in ((0, 0), (1, SALT_CELLS - 1)):
        resistance = made.gain * made.faces[k] * made.faces[2 + k]
        time_constant = 0.25 * length[row] * factor[row] * liquid[row] / float(made.record["diffusivity"])
        relaxing = finite_length_diffusion(2.0 * math.pi * FREQUENCY, resistance, time_constant)
        changed += resistance - relaxing
    return changed


def peer_simulation(cell: SimpleNamespace) -> Any:  # noqa: ANN401 - PyBaMM may not be installed
    """Return the same cell as a PyBaMM `EISSimulation` of 22 unknowns."""
    import pybamm

    made = numbers_of(cell)
    record = made.record
    model = pybamm.BaseModel("Li||Li")
    model.param = SimpleNamespace(Q=pybamm.Scalar(1), A_cc=pybamm.Scalar(1))  # currents and areas as they are
    current = pybamm.FunctionParameter("Current function [A]", {"Time [s]": pybamm.t})
    faces = salt_of_peer(pybamm, model, made, cell.y, current)
    floor = (1e-3 * float(record["concentration"])) ** 2
    logarithms = [pybamm.log(face / 2 + pybamm.sqrt(face * face / 4 + floor)) for face in faces]
    voltage = made.ohmic * current + made.gain * (logarithms[0] - logarithms[1])
    thermal, film = float(record["thermal"]), cell.parameters["film_capacitance"]
    for name, row in zip("AB", made.numbers, strict=True):
        film_voltage = pybamm.Variable(f"Film voltage {name} [V]")
        layer_voltage = pybamm.Variable(f"Double-layer voltage {name} [V]")
        density = current / row[twin.BARE_AREA]
        capacity = film * row[twin.FRESH_FILM] / row[twin.NATIVE_FILM]
        transfer = 2.0 * thermal / row[twin.TRANSFER] * pybamm.sinh(layer_voltage / (2.0 * thermal))
        model.rhs[film_voltage] = (density - film_voltage / row[twin.NATIVE_FILM]) / capacity
        model.rhs[layer_voltage] = (density - transfer) / cell.parameters["double_layer_capacitance"]
        model.initial_conditions[film_voltage] = pybamm.Scalar(0)
        model.initial_conditions[layer_voltage] = pybamm.Scalar(0)
        voltage = voltage + film_voltage + layer_voltage
    # PyBaMM's impedance is that of a discharge: it takes the voltage to fall with the current
    model.variables = {"Voltage [V]": -voltage, "Current [A]": current}
    values = pybamm.ParameterValues({"Current function [A]": 0.0})
    return pybamm.EISSimulation(model, parameter_values=values, skip_surface_form_check=True)


def salt_of_peer(
    pybamm: Any,  # noqa: ANN401
    model: Any,  # noqa: ANN401
    made: SimpleNamespace,
    y: np.ndarray,
    current: Any,  # noqa: ANN401
) -> list[Any]:
    """Add the salt of the grid and of the edge to a PyBaMM model; return the concentrations at the lithium."""
    liquid, length, factor = made.layers
    diffusivity, edge = float(made.record["diffusivity"]), float(made.record["edge_exchange"])
    volume = np.append(liquid, y[ELECTROLYTE] - liquid.sum())
    start = np.append(y[SALT:], y[EXCESS_SALT]) / volume
    path = 0.5 * (length[:-1] * factor[:-1] + length[1:] * factor[1:])
    cells = [pybamm.Variable(f"Salt concentration {k} [mol.m-3]") for k in range(volume.size)]
    inflow: list[Any] = [pybamm.Scalar(0)] * volume.size
    exchanges = [(k, k + 1, diffusivity / path[k]) for k in range(SALT_CELLS - 1)]
    exchanges += [(k, SALT_CELLS, edge * length[k] / factor[k]) for k in range(SALT_CELLS)]
    for one, other, conductance in exchanges:
        flux = conductance * (cells[one] - cells[other])
        inflow[one], inflow[other] = inflow[one] - flux, inflow[other] + flux
    source = (1.0 - made.transference) / FARADAY * current
    inflow[0], inflow[SALT_CELLS - 1] = inflow[0] + source, inflow[SALT_CELLS - 1] - source
    for k, concentration in enumerate(cells):
        model.rhs[concentration] = inflow[k] / volume[k]
        model.initial_conditions[concentration] = pybamm.Scalar(start[k])
    return [cells[0] + made.faces[2] * current, cells[SALT_CELLS - 1] - made.faces[3] * current]


def dense_reference() -> type:
    """Return the class of the tests that solves the same cell with explicit states."""
    path = PROJECT / "tests/verification/test_impedance.py"
    specification = importlib.util.spec_from_file_location("impedance_reference", path)
    assert specification is not None
    assert specification.loader is not None
    module: ModuleType = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    found: type = module.DenseReference
    return found


def measure(cell: SimpleNamespace, peer: Any) -> tuple[list[float], list[float]]:  # noqa: ANN401
    """Return the wall times [s] of the peer and of ours, in pairs."""
    theirs, mine = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        peer.solve(FREQUENCY)
        middle = time.perf_counter()
        ours(cell)
        theirs.append(middle - start)
        mine.append(time.perf_counter() - middle)
    return theirs, mine


def largest_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest relative difference of two spectra."""
    return float(np.max(np.abs(one - other) / np.abs(other)))


def compare(cell: SimpleNamespace, spectrum: np.ndarray) -> dict[str, Any]:
    """Return what PyBaMM gives beside ours; nothing where it is not installed."""
    if importlib.util.find_spec("pybamm") is None:
        print("PyBaMM is not installed: no comparison with it", file=sys.stderr)
        return {}
    import pybamm

    peer = peer_simulation(cell)
    from_peer = np.asarray(peer.solve(FREQUENCY).impedance)
    theirs, mine = measure(cell, peer)
    immediate = with_immediate_half_cells(cell, spectrum)
    return {
        "pybamm": pybamm.__version__,
        "pybamm_seconds": theirs,
        "lithiate_seconds_beside_it": mine,
        "ratio_median": statistics.median(b / a for a, b in zip(theirs, mine, strict=True)),
        "difference_from_pybamm": largest_difference(immediate, from_peer),
        "share_of_half_cells": largest_difference(immediate, spectrum),
    }


def own_times(cell: SimpleNamespace) -> list[float]:
    """Return the wall times [s] of ours alone."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        ours(cell)
        times.append(time.perf_counter() - start)
    return times


def main() -> int:
    """Run the comparison; 0 when the limits hold, 1 when they do not. Without PyBaMM its part is left out."""
    cell = fresh_foil()
    spectrum = ours(cell)
    alone = own_times(cell)
    difference = largest_difference(spectrum, dense_reference()(cell).impedance(FREQUENCY))
    beside = compare(cell, spectrum)
    holds = difference <= DIGITS and statistics.median(alone) <= LIMIT_SECONDS
    if beside:
        holds = holds and beside["ratio_median"] <= LIMIT and beside["difference_from_pybamm"] <= DIGITS
    result = {
        "claim": f"70 points in at most {LIMIT} x PyBaMM's time and {LIMIT_SECONDS * 1e3:g} ms, digits to {DIGITS}",
        "points": FREQUENCY.size,
        "lithiate_seconds": alone,
        "difference_from_dense_reference": difference,
        **beside,
        "holds": holds,
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(
        f"70 points: {statistics.median(alone) * 1e3:.2f} ms (limit {LIMIT_SECONDS * 1e3:g} ms), largest relative "
        f"difference from the dense reference {difference:.1e}"
    )
    if beside:
        print(
            f"PyBaMM {beside['pybamm']}: {statistics.median(beside['pybamm_seconds']) * 1e3:.2f} ms, ratio "
            f"{beside['ratio_median']:.4f} (limit {LIMIT}), difference {beside['difference_from_pybamm']:.1e}"
        )
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
