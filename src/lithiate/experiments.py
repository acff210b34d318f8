"""All experiments that can be simulated."""

from __future__ import annotations

from lithiate.core.protocol import Experiment, Nucleation, SymmetricCycling

__all__ = ["Experiment", "Nucleation", "SymmetricCycling"]
