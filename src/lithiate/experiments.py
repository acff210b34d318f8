"""The kinds of experiment."""

from __future__ import annotations

from lithiate.core.experiments import (
    CriticalCurrent,
    Experiment,
    Impedance,
    ImpedanceTemperature,
    Nucleation,
    PlatingEfficiency,
    SymmetricCycling,
    Tafel,
)
from lithiate.core.protocol import Protocol, Repeat, Step, parse_step

__all__ = [
    "CriticalCurrent",
    "Experiment",
    "Impedance",
    "ImpedanceTemperature",
    "Nucleation",
    "PlatingEfficiency",
    "Protocol",
    "Repeat",
    "Step",
    "SymmetricCycling",
    "Tafel",
    "parse_step",
]
