"""The first reading of impedance spectra: known circuits, noise, and what a spectrum does not show."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.analysis.impedance_result import ImpedanceSettings
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen
from lithiate.errors import AnalysisError
from lithiate.formulas.circuit import depressed_arc, finite_length_diffusion, parallel_resistor_capacitor

FREQUENCY = np.logspace(6, -2, 70)
W = 2.0 * np.pi * FREQUENCY
TAIL = finite_length_diffusion(W, 3.0, 2.0)
AREA = 2e-4


def measured(impedance, frequency=FREQUENCY, *, area=AREA, noise=0.0, seed=0, **fields):
    """A record of one cell; impedance in ohm, noise a share of |Z| in both parts."""
    draws = np.random.default_rng(seed)
    z = np.array(impedance, dtype=complex)
    z += noise * np.abs(z) * (draws.standard_normal(z.size) + 1j * draws.standard_normal(z.size))
    specimen = Specimen(name="x", cell="symmetric", area=area)
    return ImpedanceSpectra(
        specimen=specimen, provenance=Provenance("measured"), frequency=frequency, impedance=z, **fields
    )


READING = {"circuit": "none", "relaxation_times": False}


def only(record, **settings):
    """The reading without a circuit."""
    return analyse(record, **READING, **settings).spectra[0]


def two_arcs(ratio=100.0, first=30.0, second=10.0, fast=3e-5):
    arcs = parallel_resistor_capacitor(W, first, fast / first)
    return 1.4 + arcs + parallel_resistor_capacitor(W, second, fast * ratio / second) + TAIL


def agrees(estimate, truth, factor=2.0):
    assert estimate.unit == "ohm m^2"
    assert estimate.standard_uncertainty < 0.5 * truth
    return abs(estimate.value - truth) <= factor * estimate.standard_uncertainty


def test_two_arcs_and_a_tail():
    found = only(measured(two_arcs()))
    assert agrees(found.ohmic_resistance, 1.4 * AREA)
    assert agrees(found.interfacial_resistance, 40.0 * AREA)
    assert agrees(found.sei_resistance, 30.0 * AREA)
    assert agrees(found.charge_transfer_resistance, 10.0 * AREA)
    assert found.sei_resistance.to("ohm cm^2") == pytest.approx(60.0, rel=0.01)
    low, high = found.sei_resistance.interval
    assert low < 30.0 * AREA < high
    assert found.sei_resistance.warnings == ()


def test_intervals_of_noisy_spectra_hold_the_truth():
    """Seeds 0...19: at least 16 of 20, the lower end of the exact 99 % band of 95 %."""
    truths = {
        "ohmic_resistance": 1.4,
        "interfacial_resistance": 40.0,
        "sei_resistance": 30.0,
        "charge_transfer_resistance": 10.0,
    }
    hits = dict.fromkeys(truths, 0)
    for seed in range(20):
        for estimate in only(measured(two_arcs(), noise=0.005, seed=seed)).estimates():
            low, high = estimate.interval
            hits[estimate.quantity] += low <= truths[estimate.quantity] * AREA <= high
            assert estimate.standard_uncertainty < 0.1 * truths[estimate.quantity] * AREA
    assert min(hits.values()) >= 16, hits


@pytest.mark.parametrize("seed", range(10))
def test_one_depressed_arc_is_never_two(seed):
    found = only(measured(1.4 + depressed_arc(W, 40.0, 1e-4, 0.8) + TAIL, noise=0.01, seed=seed))
    assert found.sei_resistance.value is None
    assert found.charge_transfer_resistance.value is None
    assert "LI-W-ANA-021" in found.sei_resistance.warnings[0]
    assert agrees(found.interfacial_resistance, 40.0 * AREA, factor=3.0)


@pytest.mark.parametrize("seed", range(5))
def test_overlapping_arcs_are_not_split_under_noise(seed):
    found = only(measured(two_arcs(ratio=2.5), noise=0.01, seed=seed))
    assert found.sei_resistance.value is None
    assert agrees(found.interfacial_resistance, 40.0 * AREA, factor=3.0)


def test_the_ohmic_intercept_is_interpolated_below_an_inductance():
    z = two_arcs() + 1j * W * 2e-7
    found = only(measured(z))
    # the intercept itself, by bisection on a fine grid of the same circuit
    fine = 2.0 * np.pi * np.logspace(6, 3, 200001)
    circuit = 1.4 + parallel_resistor_capacitor(fine, 30.0, 1e-6) + parallel_resistor_capacitor(fine, 10.0, 3e-4)
    circuit += finite_length_diffusion(fine, 3.0, 2.0) + 1j * fine * 2e-7
    intercept = circuit.real[np.argmin(np.abs(circuit.imag))]
    assert found.ohmic_resistance.warnings == ()
    assert found.ohmic_resistance.value == pytest.approx(intercept * AREA, rel=2e-3)


def test_a_spectrum_that_begins_late_says_so():
    found = only(measured(two_arcs()))
    assert found.ohmic_resistance.warnings[0].startswith("LI-W-ANA-022")


def test_an_arc_that_has_not_closed_is_a_bound():
    part = slice(10, 30)
    found = only(measured((1.4 + depressed_arc(W, 40.0, 1e-4, 0.8))[part], FREQUENCY[part]))
    interfacial = found.interfacial_resistance
    assert interfacial.standard_uncertainty is None
    assert interfacial.interval[1] is None
    assert interfacial.interval[0] < 40.0 * AREA
    assert interfacial.warnings[0].startswith("LI-W-ANA-023")


@pytest.mark.parametrize("z", [0.4 + 1e-9j * W, 0.4 + 0.0 * W, 0.4 + parallel_resistor_capacitor(W, 1e4, 1.0)])
def test_no_arc_no_interface(z):
    """A short, a plain resistor, and a blocking electrode."""
    found = only(measured(z, noise=1e-3))
    assert agrees(found.ohmic_resistance, 0.4 * AREA, factor=3.0)
    for name in ("interfacial_resistance", "sei_resistance", "charge_transfer_resistance"):
        assert getattr(found, name).value is None
    assert found.interfacial_resistance.warnings[0].startswith("LI-W-ANA-023")


def test_no_area_gives_ohm_and_a_warning():
    result = analyse(measured(two_arcs(), area=None), **READING)
    assert any(text.startswith("LI-W-ANA-020") for text in result.warnings)
    with_area = only(measured(two_arcs()))
    for plain, areal in zip(result.estimates(), with_area.estimates(), strict=True):
        assert plain.unit == "ohm"
        assert plain.value * AREA == pytest.approx(areal.value, rel=1e-5)
    rows = result.to_dict()["estimates"]
    assert rows[2]["unit"] == "ohm"
    assert rows[2]["value"] == pytest.approx(30.0, rel=0.01)


def test_several_spectra_keep_their_conditions_and_order():
    """Two spectra in one record, the second with its rows reversed, give what each gives alone."""
    first, second = two_arcs(), two_arcs(first=60.0)
    record = measured(
        np.concatenate([first, second[::-1]]),
        np.concatenate([FREQUENCY, FREQUENCY[::-1]]),
        offsets=[0, 70, 140],
        cycle=[0, 50],
        temperature=[298.15, 313.15],
        state=("fresh", "cycled"),
    )
    result = analyse(record, **READING)
    for k, z in enumerate((first, second)):
        alone = only(measured(z))
        for estimate, expected in zip(result.spectra[k].estimates(), alone.estimates(), strict=True):
            assert estimate.value == pytest.approx(expected.value, rel=1e-6)
            assert estimate.conditions == {
                "spectrum": k + 1.0,
                "cycle": [0.0, 50.0][k],
                "temperature": [298.15, 313.15][k],
            }
    assert [spectrum.state for spectrum in result.spectra] == ["fresh", "cycled"]
    text = json.dumps(result.to_dict(), allow_nan=False)
    content = json.loads(text)
    assert content["spectrum_count"] == 2
    assert content["estimates"][2]["unit"] == "ohm cm^2"
    assert content["estimates"][6]["value"] == pytest.approx(120.0, rel=0.01)


def test_the_tail_is_told_by_its_frequency():
    """A slow arc counts as diffusion below 10 Hz, and as an arc when the setting says so."""
    z = 1.4 + parallel_resistor_capacitor(W, 30.0, 1e-6) + parallel_resistor_capacitor(W, 10.0, 0.02)
    assert only(measured(z)).interfacial_resistance.value == pytest.approx(30.0 * AREA, rel=0.02)
    whole = only(measured(z), tail_frequency="0.1")
    assert whole.interfacial_resistance.value == pytest.approx(40.0 * AREA, rel=0.02)
    assert "0.1 Hz" in whole.interfacial_resistance.definition


def test_a_handful_of_rows_gives_nothing():
    found = only(measured(two_arcs()[:5], FREQUENCY[:5]))
    assert [estimate.value for estimate in found.estimates()] == [None] * 4


def test_provenance_plays_no_part():
    record = measured(two_arcs(), noise=0.003)
    other = ImpedanceSpectra(
        specimen=record.specimen,
        provenance=Provenance("simulated"),
        frequency=record.frequency,
        impedance=record.impedance,
    )
    assert analyse(record).to_dict() == analyse(other).to_dict()


def test_what_is_refused(make_record):
    record = measured(two_arcs())
    with pytest.raises(AnalysisError, match="did you mean 'tail_frequency'"):
        analyse(record, tail_frequence=3)
    with pytest.raises(AnalysisError, match="not valid"):
        analyse(record, tail_frequency=-1)
    with pytest.raises(AnalysisError, match="no analysis of technique 'cycling' for this measurement"):
        analyse(record, technique="cycling")
    cycling = make_record(np.arange(3.0), np.array([1.0, -1.0, 1.0]))
    with pytest.raises(AnalysisError, match="no analysis of technique 'impedance'"):
        analyse(cycling, technique="impedance")


def test_a_valley_between_two_arcs_does_not_end_them():
    """The second arc rises over the valley by little more than the noise of its rows, whose |Z| is larger."""
    frequency = np.logspace(6, -2, 81)
    w = 2.0 * np.pi * frequency
    arcs = parallel_resistor_capacitor(w, 97.2, 2.25e-5 / 97.2) + parallel_resistor_capacitor(w, 66.3, 3.78e-4 / 66.3)
    ends = []
    for seed in range(20):
        found = only(measured(1.5 + arcs, frequency, area=1.0, noise=0.005, seed=seed)).interfacial_resistance
        assert found.value == pytest.approx(163.5, rel=0.03)
        ends.append(found.interval[1] - found.interval[0])
    assert np.median(ends) < 0.1 * 163.5


def test_an_arc_that_may_hold_the_tail_is_as_uncertain_as_that():
    """Noise hides a tail of 1 % of |Z|: circuits without it and with it describe the spectrum, and differ."""
    frequency = np.logspace(6, -2, 81)
    w = 2.0 * np.pi * frequency
    clean = (
        1.6 + parallel_resistor_capacitor(w, 122.0, 7e-6 / 122.0) + parallel_resistor_capacitor(w, 41.0, 5.4e-4 / 41.0)
    )
    clean += finite_length_diffusion(w, 1.3, 4.0)
    inside = wider = 0
    for seed in range(20):
        result = analyse(measured(clean, frequency, area=1.0, noise=0.005, seed=seed), relaxation_times=False)
        found = result.spectra[0].charge_transfer_resistance
        own = result.circuit.spectra[0].parameters["R3.resistance"]
        assert found.value == own.value
        assert found.standard_uncertainty >= own.standard_uncertainty
        wider += found.standard_uncertainty > 1.3 * own.standard_uncertainty
        inside += found.interval[0] <= 41.0 <= found.interval[1]
        total = sum(weight for weight, _ in result.circuit.spectra[0].others)
        assert 0.0 <= total < 1.0
    assert inside >= 17
    # Circuits whose parts are not all seen have no say, and few of these spectra have a rival left.
    assert wider >= 1


def test_a_circuit_that_was_asked_for_has_no_others_beside_it():
    result = analyse(measured(two_arcs(), noise=0.005), circuit="two arcs, layer diffusion", relaxation_times=False)
    assert result.circuit.spectra[0].others == ()


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("tail_frequency", "low", "a number of Hz"),
        ("fixed", "R1.resistance=1;CPE1.exponent=1", "commas"),
        ("fixed", "R1.resistance", "NAME=NUMBER"),
        ("fixed", "R1.resistance=", "NAME=NUMBER"),
        ("fixed", {"R1.resistance": "one"}, "NAME=NUMBER"),
        ("fixed", {"R1.resistance": None}, "NAME=NUMBER"),
        ("fixed", 1.0, "NAME=NUMBER"),
        ("interfaces", "2.5", "a whole number"),
        ("interfaces", 2.5, "a whole number"),
        ("interfaces", "two", "a whole number"),
        ("interfaces", float("inf"), "a whole number"),
        ("interfaces", 0, "a whole number"),
    ],
)
def test_a_setting_that_does_not_fit_is_named_with_what_is_expected(setting, value, expected):
    with pytest.raises(AnalysisError) as caught:
        analyse(measured(two_arcs()), circuit="R-p(R,CPE)", **{setting: value})
    assert caught.value.code == "LI-ANA-001"
    assert f"'{setting}'" in str(caught.value)
    assert expected in caught.value.expected
    for word in ("could not convert", "invalid literal", "cannot convert", "argument"):
        assert word not in str(caught.value)


def test_settings_are_read_from_text():
    settings = ImpedanceSettings(
        circuit="R-p(R,CPE)", fixed="CPE1.exponent=1, R1.resistance = 2.5", interfaces="2", tail_frequency="3"
    )
    assert settings.fixed == {"CPE1.exponent": 1.0, "R1.resistance": 2.5}
    assert settings.interfaces == 2
    assert settings.tail_frequency == 3.0
    assert ImpedanceSettings(circuit="R-p(R,CPE)", fixed=" ").fixed == {}
