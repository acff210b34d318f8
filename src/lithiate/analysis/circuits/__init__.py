"""Equivalent circuits: from a string to a fit with honest uncertainties."""

from __future__ import annotations

from lithiate.analysis.circuits.circuit import Circuit, parse_circuit
from lithiate.analysis.circuits.fit import fit_circuit, fit_circuits
from lithiate.analysis.circuits.result import CircuitFit

__all__ = ["Circuit", "CircuitFit", "fit_circuit", "fit_circuits", "parse_circuit"]
