"""Names of the files in an output folder, and units in which the numbers of an experiment are printed.

``ablation.json`` is there when the study asks for an ablation: ``{"schema_version", "study", "lithiate", "changes",
"failures"}``; a change has the fields of `lithiate.study.ablation.AblationRow`, values in their unit of print.
``ablation.parquet`` has the same rows as a table. They stay out of ``results.json``: its rows tell of the study's own
cells only.
"""

from __future__ import annotations

SCHEMA_VERSION = 1
"""Of results.json, ablation.json and study.lock.toml."""

RESULTS_JSON = "results.json"
RESULTS_PARQUET = "results.parquet"
ABLATION_JSON = "ablation.json"
ABLATION_PARQUET = "ablation.parquet"
USED_VALUES = "study.lock.toml"
CURVE_FILES = {
    "voltage_hysteresis": "hysteresis.parquet",
    "coulombic_efficiency": "efficiency.parquet",
    "specific_capacity": "capacity.parquet",
}
"""Quantity that a cell has in each of its cycles -> file of its curves."""
MEASUREMENTS = "measurements"
FIGURES = "figures"
TABLES = "tables"
REPORT_HTML = "report.html"

PRINTED_UNITS = {
    "current_density": ("A/m^2", "mA/cm^2"),
    "current_densities": ("A/m^2", "mA/cm^2"),
    "stripping_current_density": ("A/m^2", "mA/cm^2"),
    "formation_rate": ("A/m^2", "mA/cm^2"),
    "specific_current_at_one_c": ("A/kg", "mA/g"),
    "areal_capacity": ("C/m^2", "mAh/cm^2"),
    "reservoir_capacity": ("C/m^2", "mAh/cm^2"),
    "duration": ("s", "h"),
    "half_cycle_duration": ("s", "h"),
    "rest": ("s", "h"),
    "rest_after_assembly": ("s", "h"),
    "rest_after_plating": ("s", "h"),
    "temperature": ("K", "degC"),
    "temperatures": ("K", "degC"),
    "voltage_limit": ("V", "V"),
    "cut_off_voltage": ("V", "V"),
    "voltage_window": ("V", "V"),
    "lower_voltage": ("V", "V"),
    "upper_voltage": ("V", "V"),
    "rest_before_probe": ("s", "h"),
    "scan_rate": ("V/s", "mV/s"),
    "highest_frequency": ("1/s", "1/s"),
    "lowest_frequency": ("1/s", "1/s"),
    "area": ("m^2", "cm^2"),
    "electrolyte_volume": ("m", "uL/cm^2"),
    "cathode_loading": ("kg/m^2", "mg/cm^2"),
    "electrolyte_to_cathode_ratio": ("m^3/kg", "uL/mg"),
    "stack_pressure": ("Pa", "MPa"),
}
"""Number of an experiment -> its SI unit, its unit in print; counts and words are not here."""

_C_RATES = ("c_rate", "c_rates", "charge_c_rate", "hold_until_c_rate")


def is_c_rate(name: str, *, full_cell: bool) -> bool:
    """Return whether a number of an experiment is a C-rate, per hour in memory and in print.

    ``formation_rate`` is one in a full cell, and a current density in another.
    """
    return name in _C_RATES or (full_cell and name == "formation_rate")
