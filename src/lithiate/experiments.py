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
from lithiate.core.full_experiments import (
    AnodeFree,
    FullCycling,
    FullImpedance,
    FullImpedanceTemperature,
    FullTafel,
    Rate,
)
from lithiate.core.protocol import Protocol, Repeat, Step, parse_step

__all__ = [
    "AnodeFree",
    "CriticalCurrent",
    "Experiment",
    "FullCycling",
    "FullImpedance",
    "FullImpedanceTemperature",
    "FullTafel",
    "Impedance",
    "ImpedanceTemperature",
    "Nucleation",
    "PlatingEfficiency",
    "Protocol",
    "Rate",
    "Repeat",
    "Step",
    "SymmetricCycling",
    "Tafel",
    "parse_step",
]
