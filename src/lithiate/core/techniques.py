"""The fixed words of the contract: techniques, kinds of experiment, and quantities with their units.

A *technique* is what an instrument records; a *kind* is what was done to the cell, and names its technique.
"""

from __future__ import annotations

from attrs import frozen

TECHNIQUES = ("cycling", "impedance", "polarisation")
"""Techniques that this version reads, simulates and analyses."""

KINDS: dict[str, str] = {
    "symmetric-cycling": "cycling",
    "nucleation": "cycling",
    "critical-current": "cycling",
    "plating-efficiency": "cycling",
    "full-cycling": "cycling",
    "rate": "cycling",
    "anode-free": "cycling",
    "protocol": "cycling",
    "impedance": "impedance",
    "impedance-temperature": "impedance",
    "tafel": "polarisation",
}
"""Kind of experiment -> technique that records it."""


@frozen
class Quantity:
    """A fixed word of the results: its SI unit in memory, its unit in print, and what it is."""

    name: str
    si_unit: str
    unit: str
    description: str


QUANTITIES: dict[str, Quantity] = {
    q.name: q
    for q in (
        Quantity("voltage_hysteresis", "V", "mV", "gap between stripping and plating, 2 x mean |V| of a cycle"),
        Quantity(
            "hysteresis_onset_time", "s", "h", "start of the lasting rise of the hysteresis above its early level"
        ),
        Quantity("time_to_short_circuit", "s", "h", "onset of a confirmed hard short"),
        Quantity("time_to_soft_short", "s", "h", "onset of the first sudden fall of |V| that the cell survived"),
        Quantity("nucleation_overpotential", "V", "mV", "tip minus plateau of the first half cycle"),
        Quantity("plateau_overpotential", "V", "mV", "median |V| over 25-75 % of a half cycle's charge"),
        Quantity("coulombic_efficiency", "1", "1", "charge stripped over charge plated, by a named method"),
        Quantity("dead_lithium", "C/m^2", "mAh/cm^2", "lithium cut off from the electrode"),
        Quantity("sei_lithium", "C/m^2", "mAh/cm^2", "lithium bound in the solid electrolyte interphase"),
        Quantity("lithium_left", "C/m^2", "mAh/cm^2", "metallic lithium in contact with the electrode"),
        Quantity("cumulative_capacity", "C/m^2", "mAh/cm^2", "charge plated and stripped in all"),
        Quantity("electrolyte_left", "m", "uL/cm^2", "electrolyte volume per area"),
        Quantity("ohmic_resistance", "ohm m^2", "ohm cm^2", "electrolyte, separator and leads: where Z is real"),
        Quantity("sei_resistance", "ohm m^2", "ohm cm^2", "solid electrolyte interphase, both electrodes of a cell"),
        Quantity("charge_transfer_resistance", "ohm m^2", "ohm cm^2", "charge transfer, both electrodes of a cell"),
        Quantity("interfacial_resistance", "ohm m^2", "ohm cm^2", "solid electrolyte interphase and charge transfer"),
        Quantity("specific_capacity", "C/kg", "mAh/g", "charge of a discharge over the active mass of the cathode"),
        Quantity("capacity_retention", "1", "1", "discharge capacity over that of cycle 1"),
        Quantity("cycle_life", "1", "cycles", "first cycle below 80 % of the discharge capacity of cycle 3"),
        Quantity("energy_efficiency", "1", "1", "energy of a discharge over that of the charge before it"),
        Quantity("exchange_current_density", "A/m^2", "mA/cm^2", "as a named estimator returns it, per electrode area"),
        Quantity("activation_energy", "J/mol", "kJ/mol", "from the slope of a logarithm over 1/(R T)"),
    )
}
"""Name -> quantity; the rows of a study's results use these words and no others."""
