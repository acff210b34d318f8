"""Equivalent circuits: from a string to a fit with honest uncertainties."""

from __future__ import annotations

from lithiate.analysis.circuits.choice import CircuitChoice, choose_circuit, choose_circuits
from lithiate.analysis.circuits.circuit import Circuit, parse_circuit
from lithiate.analysis.circuits.fit import fit_circuit, fit_circuits
from lithiate.analysis.circuits.identifiability import FittedParameter, Flag, fitted_parameters, identifiability
from lithiate.analysis.circuits.library import LIBRARY, NamedCircuit, library_circuit
from lithiate.analysis.circuits.profile import profile_intervals
from lithiate.analysis.circuits.result import CircuitFit
from lithiate.analysis.circuits.shared import SharedFit, fit_shared

__all__ = [
    "LIBRARY",
    "Circuit",
    "CircuitChoice",
    "CircuitFit",
    "FittedParameter",
    "Flag",
    "NamedCircuit",
    "SharedFit",
    "choose_circuit",
    "choose_circuits",
    "fit_circuit",
    "fit_circuits",
    "fit_shared",
    "fitted_parameters",
    "identifiability",
    "library_circuit",
    "parse_circuit",
    "profile_intervals",
]
