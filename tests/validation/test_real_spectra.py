"""Real impedance spectra of others: sums of arcs against a published activation energy, and a series without a fall."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.constants import GAS_CONSTANT, ZERO_CELSIUS
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen

pytestmark = pytest.mark.realdata
ELECTRONVOLT = 96485.33212
"""J/mol per eV and particle."""


def test_a_temperature_series_gives_the_published_activation_energy(shared_data):
    """Bulk and grain boundary of a ceramic, 140-200 degC: 0.8555(6) eV from ln(sigma T) of their sum.

    Spectra and value: EISFitpython (MIT), example data and its Arrhenius report.
    """
    files = sorted((shared_data / "impedance/temperature_series").glob("s04147-*deg.txt"))
    assert len(files) == 7
    spectra = [np.loadtxt(path, skiprows=3, usecols=(0, 1, 2)) for path in files]
    temperatures = [float(path.stem.split("-")[1].removesuffix("deg")) + ZERO_CELSIUS for path in files]
    record = ImpedanceSpectra(
        specimen=Specimen(name="ceramic"),
        provenance=Provenance("measured"),
        frequency=np.concatenate([rows[:, 0] for rows in spectra]),
        impedance=np.concatenate([rows[:, 1] + 1j * rows[:, 2] for rows in spectra]),
        offsets=np.cumsum([0, *(len(rows) for rows in spectra)]),
        temperature=temperatures,
    )
    found = analyse(record, tail_frequency=0).spectra
    total = np.array([s.ohmic_resistance.value + s.interfacial_resistance.value for s in found])
    inverse = 1.0 / (GAS_CONSTANT * np.array(temperatures))
    energy = np.polyfit(inverse, np.log(total / np.array(temperatures)), 1)[0] / ELECTRONVOLT
    assert energy == pytest.approx(0.8555, abs=0.005)
    # two arcs are seen at every temperature; with the fit's own intercept, which is small, they make up the sum
    for spectrum, whole in zip(found, total, strict=True):
        parts = spectrum.sei_resistance.value + spectrum.charge_transfer_resistance.value
        assert 0.9 * whole < parts < 1.02 * whole


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
        ohmic = analyse(record).spectra[0].ohmic_resistance
        assert 0.5 * impedance.real.min() < ohmic.value < 1.2 * impedance.real.min()
