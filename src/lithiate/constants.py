"""Physical constants in SI units (CODATA 2018 and IUPAC standard atomic weights; exact where SI defines them)."""

from __future__ import annotations

FARADAY = 96485.33212
"""Faraday constant [C/mol]."""

GAS_CONSTANT = 8.31446261815324
"""Molar gas constant [J/(mol K)]."""

ZERO_CELSIUS = 273.15
"""0 degC [K]."""

REFERENCE_TEMPERATURE = 298.15
"""25 degC [K], at which the library states its values unless said otherwise."""

LITHIUM_MOLAR_MASS = 6.94e-3
"""Molar mass of lithium [kg/mol]."""


def thermal_voltage(temperature: float) -> float:
    """Return R T / F [V] at an absolute `temperature` [K]."""
    return GAS_CONSTANT * temperature / FARADAY
