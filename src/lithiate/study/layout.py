"""Names of the files in an output folder, and units in which the numbers of an experiment are printed."""

from __future__ import annotations

SCHEMA_VERSION = 1
"""Of results.json and study.lock.toml."""

RESULTS_JSON = "results.json"
RESULTS_PARQUET = "results.parquet"
USED_VALUES = "study.lock.toml"
CURVES_PARQUET = "hysteresis.parquet"
MEASUREMENTS = "measurements"
FIGURES = "figures"
REPORT_HTML = "report.html"

PRINTED_UNITS = {
    "current_density": ("A/m^2", "mA/cm^2"),
    "areal_capacity": ("C/m^2", "mAh/cm^2"),
    "duration": ("s", "h"),
    "cycles": ("1", "1"),
    "temperature": ("K", "degC"),
    "voltage_limit": ("V", "V"),
    "area": ("m^2", "cm^2"),
    "electrolyte_volume": ("m", "uL/cm^2"),
}
"""Number of an experiment -> its SI unit, its unit in print."""
