"""Activation energies of a solid electrolyte from a published fit's own conductivities, in the form ln(sigma T)."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lithiate.analysis.arrhenius import fit_arrhenius

ELECTRONVOLT = 96485.33212
"""J/mol"""
STATED = {"Bulk": (0.5869, 0.0163), "Gb": (0.8919, 0.0025), "Total": (0.8555, 0.0006)}
"""Energy and standard error in eV, as the report states them."""


@pytest.fixture(scope="module")
def conductivities(shared_data):
    """Temperature [K], conductivity and its error [S/cm] of each part of the report."""
    text = (shared_data / "impedance/temperature_series/Arrhenius_Analysis_Report.txt").read_text(encoding="utf-8")
    found = {}
    for part in STATED:
        lines = text.split(f"{part} Analysis:")[1].split("Analysis:")[0].splitlines()
        rows = [line.split() for line in lines if re.match(r"\s+\d+\.\d\s", line)]
        found[part] = np.array(rows, dtype=np.float64).T[:3]
    return found


@pytest.mark.realdata
@pytest.mark.parametrize("part", STATED)
def test_energies_are_recovered_within_their_errors(conductivities, part):
    kelvin, values, errors = conductivities[part]
    energy, error = STATED[part]
    # The report counted all temperatures alike.
    fit = fit_arrhenius(kelvin, values, conductance=True, form="ln R/T")
    assert kelvin.size == 7
    assert abs(fit.activation_energy / ELECTRONVOLT - energy) < error
    assert fit.standard_uncertainty / ELECTRONVOLT == pytest.approx(error, rel=0.1)
    assert energy - fit.other_form_energy / ELECTRONVOLT == pytest.approx(8.314 * 443.0 / ELECTRONVOLT, rel=0.01)
    weighted = fit_arrhenius(kelvin, values, errors, conductance=True, form="ln R/T")
    low, high = weighted.interval
    assert low < energy * ELECTRONVOLT < high
