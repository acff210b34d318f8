"""Real impedance spectra of others: published resistances and energies, a series of 130, a cell that shorts."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.analysis.arrhenius import fit_arrhenius
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen
from lithiate.readers import read, read_all

pytestmark = pytest.mark.realdata
ELECTRONVOLT = 96485.33212
"""J/mol per eV and particle."""


@pytest.fixture
def ceramic(shared_data):
    """Seven spectra of a ceramic, 140-200 degC, each a file of its own: EISFitpython (MIT), example data."""
    files = sorted((shared_data / "impedance/temperature_series").glob("s04147-*deg.txt"))
    assert len(files) == 7
    return read(files, settings={"temperatures": "names"})


def test_a_temperature_series_gives_the_published_activation_energy(ceramic):
    """Without a circuit: 0.8555(6) eV from ln(sigma T) of bulk and grain boundary together."""
    found = analyse(ceramic, tail_frequency=0, circuit="none", relaxation_times=False).spectra
    total = np.array([s.ohmic_resistance.value + s.interfacial_resistance.value for s in found])
    energy = fit_arrhenius(ceramic.temperature, total, form="ln R/T").activation_energy / ELECTRONVOLT
    assert energy == pytest.approx(0.8555, abs=0.005)
    # two arcs are seen at every temperature; with the fit's own intercept, which is small, they make up the sum
    for spectrum, whole in zip(found, total, strict=True):
        parts = spectrum.sei_resistance.value + spectrum.charge_transfer_resistance.value
        assert 0.9 * whole < parts < 1.02 * whole


def test_the_published_circuit_gives_the_published_values_and_energies(ceramic):
    """Bulk 0.5869(163) and grain boundary 0.8919(25) eV from ln(sigma T); 146.2(12.5) kohm, 2.012(17) Mohm at 140 degC.

    Values and errors are those of the reports beside the files. Both forms are stated.
    """
    result = analyse(ceramic, circuit="p(R,CPE)-p(R,CPE)-CPE", tail_frequency=0, relaxation_times=False)
    bulk, boundary = (result.series.values(f"arc_{k}_resistance") for k in (1, 2))
    assert bulk[0] == pytest.approx(1.462e5, rel=1e-3)
    assert boundary[0] == pytest.approx(2.012e6, rel=1e-3)
    for values, uncertainty, published, error in (
        (bulk, result.series.values("arc_1_resistance_uncertainty"), 0.5869, 0.0163),
        (boundary, result.series.values("arc_2_resistance_uncertainty"), 0.8919, 0.0025),
    ):
        known = np.isfinite(values)
        assert known.sum() >= 5
        of = (np.asarray(ceramic.temperature)[known], values[known], uncertainty[known])
        energy = fit_arrhenius(*of, form="ln R/T").activation_energy / ELECTRONVOLT
        assert abs(energy - published) < error
        plain = fit_arrhenius(*of).activation_energy / ELECTRONVOLT
        assert energy - plain == pytest.approx(8.617e-5 * 443.0, rel=0.05)  # k T
    energies = {e.conditions["of"]: e for e in result.activation_energies}
    slow = energies["charge_transfer_resistance"]
    assert slow.conditions["by_ln_r_over_t"] / ELECTRONVOLT == pytest.approx(0.8919, abs=0.0025)


@pytest.mark.slow
def test_130_battery_spectra_are_described_by_one_circuit(shared_data):
    """AutoEIS (MIT), 9.9 kHz to 21 mHz: no guess, one circuit for all, median residual below 1 %."""
    series = np.load(shared_data / "impedance/battery_series/battery_data.npy")
    record = ImpedanceSpectra(
        specimen=Specimen(name="battery"),
        provenance=Provenance("measured"),
        frequency=series[:, 0].real.ravel(),
        impedance=series[:, 1].ravel(),
        offsets=np.arange(131) * 57,
    )
    result = analyse(record, relaxation_times=False)
    misfit = result.series.values("misfit")
    assert misfit.size == 130
    assert np.median(misfit) < 0.01
    assert misfit.max() < 0.02
    assert len(result.circuit.scores) >= 10


def test_the_arc_of_a_shorting_cell_is_followed(shared_data):
    """TEGDME, 45 spectra an hour apart: Re Z from 500 to 0.8 Hz falls from 63 to 2.7 ohm; the collapse is at 24 h."""
    files = list((shared_data / "lithium_symmetric/tegdme_soft_short").glob("*02_GEIS_C05.mpr"))
    record = next(each for each in read_all(files) if each.technique == "impedance")
    result = analyse(record, relaxation_times=False)
    width = result.series.values("width")
    assert width[0] == pytest.approx(63.05, abs=0.01)
    assert width[-1] == pytest.approx(2.69, abs=0.01)
    assert result.collapse is not None
    assert result.series.values("time")[result.collapse.spectrum] == pytest.approx(24.3 * 3600.0, abs=600.0)
    assert any(text.startswith("LI-W-ANA-150") for text in result.warnings)


def test_a_series_of_130_battery_spectra_is_read_without_a_fall(shared_data):
    """AutoEIS (MIT), 9.9 kHz to 21 mHz: every ohmic resistance is one of the rows' own size."""
    series = np.load(shared_data / "impedance/battery_series/battery_data.npy")
    assert series.shape == (130, 2, 57)
    for frequency, impedance in series[::10]:
        record = ImpedanceSpectra(
            specimen=Specimen(name="battery"),
            provenance=Provenance("measured"),
            frequency=frequency.real,
            impedance=impedance,
        )
        ohmic = analyse(record, circuit="none", relaxation_times=False).spectra[0].ohmic_resistance
        assert 0.5 * impedance.real.min() < ohmic.value < 1.2 * impedance.real.min()
