"""Exchange current densities of real lithium: digitised curves of Boyle et al., ACS Energy Lett. 2020, 5, 701.

Their published Marcus-Hush values, in mA/cm2, are 1.90 (PC), 2.14 (DEC), 8.58 (EC:DEC) and 13.2 (10 % FEC). Where the
overpotentials are taken to be free of an ohmic drop, Marcus-Hush kinetics are preferred to Butler-Volmer's in all four.
Butler-Volmer kinetics with a free series resistance are another model: they describe the curves as well or better, the
bend goes into R, and the exchange current comes out larger.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.constants import FARADAY
from lithiate.core.measurement import PolarisationCurve, Provenance, Specimen

PUBLISHED = {"PC": 1.90, "DEC": 2.14, "ECDEC": 8.58, "10pc tFEC": 13.2}


@pytest.fixture(scope="module")
def curves(shared_data):
    """The four curves: overpotential in V, current density in mA/cm2 with the sign of the overpotential."""
    path = shared_data / "lithium_kinetics/boyle2020/Boyle Figure 4a.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        names, _, *rows = csv.reader(file)
    found = {}
    for column in range(0, len(names), 2):
        pairs = sorted((float(row[column]), float(row[column + 1])) for row in rows if row[column])
        eta, density = np.array(pairs).T
        found[names[column]] = PolarisationCurve(
            specimen=Specimen(names[column], cell="three-electrode", area=1e-4),
            provenance=Provenance("measured", source=path.name),
            conditions={"temperature": 298.15},
            voltage=eta,
            electrode_potential=eta,
            current=np.sign(eta) * density * 10.0 * 1e-4,
        )
    return found


def by_law(result):
    return {model.law: model for model in result.models}


@pytest.mark.realdata
def test_marcus_hush_values_are_those_published(curves):
    """With linear residuals, as published; within 20 % was asked for, 2 % is what comes out."""
    for name, published in PUBLISHED.items():
        result = analyse(curves[name], ohmic_resistance=0.0, residuals="linear", largest_misfit=0.2)
        assert result.by_estimator["marcus-hush"].value / 10.0 == pytest.approx(published, rel=0.02)


@pytest.mark.realdata
def test_log_residuals_and_reorganisation_energies(curves):
    """The default residuals; 0.29-0.33 eV of Marcus-Hush is 0.18-0.22 eV of Marcus-Hush-Chidsey on the same data."""
    values, energies = {}, {"marcus-hush": [], "marcus-hush-chidsey": []}
    for name, record in curves.items():
        result = analyse(record, ohmic_resistance=0.0, largest_misfit=0.2)
        values[name] = result.by_estimator["marcus-hush"].value / 10.0
        for law, found in energies.items():
            found.append(result.by_estimator[law].conditions["reorganisation_energy"] / FARADAY)
    # As an independent least-squares fit of ln|j| gives them.
    assert values == pytest.approx({"PC": 2.18, "DEC": 2.53, "ECDEC": 9.55, "10pc tFEC": 14.65}, rel=0.005)
    assert 0.285 < min(energies["marcus-hush"]) < max(energies["marcus-hush"]) < 0.335
    assert 0.175 < min(energies["marcus-hush-chidsey"]) < max(energies["marcus-hush-chidsey"]) < 0.22


@pytest.mark.realdata
@pytest.mark.parametrize("residuals", ["log", "linear"])
def test_marcus_hush_is_preferred_where_there_is_no_ohmic_drop(curves, residuals):
    for record in curves.values():
        models = by_law(analyse(record, ohmic_resistance=0.0, residuals=residuals))
        # Over Butler-Volmer kinetics with whatever limiting current betters them.
        assert models["marcus-hush"].aicc < models["butler-volmer"].aicc


@pytest.mark.realdata
def test_a_free_resistance_bends_as_well(curves):
    """Nothing in these curves tells a reorganisation energy from a few tenths to three ohm cm2."""
    found = {}
    for name, record in curves.items():
        result = analyse(record, largest_misfit=0.2)
        models = by_law(result)
        assert models["butler-volmer"].aicc < models["marcus-hush"].aicc
        found[name] = result.exchange_current_density.value / 10.0
        assert 0.5 < found[name] / PUBLISHED[name] < 2.0
        assert 0.3e-4 < models["butler-volmer"].series_resistance < 4e-4
        told = " ".join(result.by_estimator["marcus-hush"].warnings)
        assert any(f"LI-W-ANA-{code}" in told for code in (121, 122, 127))
    assert max(found["PC"], found["DEC"]) < found["ECDEC"] < found["10pc tFEC"]


@pytest.mark.realdata
def test_digitised_points_have_no_slope_at_zero_and_no_straight_tafel_line(curves):
    for curve in curves.values():
        result = analyse(curve)
        assert result.by_estimator["linear"].value is None
        assert result.by_estimator["tafel"].value is None
