"""The analysis of a record of spectra: circuit, series, collapse, settings."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.analysis.circuits.circuit import parse_circuit
from lithiate.core.measurement import ImpedanceSpectra, Provenance, Specimen
from lithiate.errors import AnalysisError

FREQUENCY = np.logspace(5, -2, 50)
TWO = "R-p(R,CPE)-p(R,CPE)-W"
AREA = 2e-4


def record(values, noise=0.003, area=AREA, cell="symmetric", text=TWO, **fields):
    draws = np.random.default_rng(1)
    impedance = np.concatenate([parse_circuit(text).impedance(FREQUENCY, each) for each in values])
    scatter = draws.standard_normal(impedance.size) + 1j * draws.standard_normal(impedance.size)
    return ImpedanceSpectra(
        specimen=Specimen(name="x", cell=cell, area=area),
        provenance=Provenance("measured"),
        frequency=np.tile(FREQUENCY, len(values)),
        impedance=impedance * (1.0 + noise * scatter),
        offsets=np.arange(len(values) + 1) * FREQUENCY.size,
        **fields,
    )


def cell_values(film, transfer):
    return [5.0, film, 2e-5 / film, 0.95, transfer, 5e-3 / transfer, 0.9, 0.2]


def test_interphase_and_charge_transfer_are_those_of_the_circuit():
    result = analyse(record([cell_values(40.0, 20.0)]))
    found = result.spectra[0]
    assert result.circuit.text == "R1-p(R2,CPE1)-p(R3,CPE2)-W1"
    for name, truth in (("sei_resistance", 40.0), ("charge_transfer_resistance", 20.0)):
        estimate = getattr(found, name)
        assert "of the circuit R1-p(R2,CPE1)-p(R3,CPE2)-W1" in estimate.definition
        assert estimate.interval[0] < truth * AREA < estimate.interval[1]
        assert estimate.standard_uncertainty < 0.03 * truth * AREA
    assert result.checks[0].passed
    tops = sorted(peak.resistance for peak in result.relaxation_times[0].peaks if peak.resolved)
    assert tops[-1] == pytest.approx(40.0, rel=0.1)


def test_the_table_is_per_area_and_counts_interfaces():
    areal = analyse(record([cell_values(40.0, 20.0)]), relaxation_times="false").series
    plain = analyse(record([cell_values(40.0, 20.0)], area=None), relaxation_times=False).series
    assert areal.columns["arc_1_resistance"][1] == "ohm m^2"
    assert areal.values("arc_1_resistance")[0] == pytest.approx(AREA * plain.values("arc_1_resistance")[0], rel=1e-6)
    assert areal.values("arc_1_capacitance")[0] == pytest.approx(plain.values("arc_1_capacitance")[0] / AREA, rel=1e-6)
    assert areal.interfaces == 2
    whole, each = areal.values("interfacial_resistance")[0], areal.values("interfacial_resistance_per_interface")[0]
    assert each == pytest.approx(0.5 * whole)
    full = analyse(record([cell_values(40.0, 20.0)], cell="full"), relaxation_times=False, circuit="none")
    assert full.series.interfaces is None
    assert full.circuit is None
    one = analyse(
        record([cell_values(40.0, 20.0)], cell="full"), circuit="none", relaxation_times=False, interfaces="1"
    )
    assert one.series.interfaces == 1


def test_a_collapse_is_found_where_it_is_and_not_elsewhere():
    healthy = [cell_values(40.0, 20.0)] * 8
    shorted = healthy + [cell_values(8.0, 4.0)] * 6
    found = analyse(record(shorted), circuit="none", relaxation_times=False)
    assert found.collapse.spectrum == 8
    assert found.collapse.after == pytest.approx(12.0 * AREA, rel=0.15)
    assert any(text.startswith("LI-W-ANA-150") for text in found.warnings)
    assert analyse(record(healthy + healthy), circuit="none", relaxation_times=False).collapse is None
    declining = [cell_values(40.0 * 0.8**k, 20.0 * 0.8**k) for k in range(12)]
    assert analyse(record(declining), circuit="none", relaxation_times=False).collapse is None
    recovered = [*healthy, cell_values(8.0, 4.0), *healthy]
    assert analyse(record(recovered), circuit="none", relaxation_times=False).collapse is None


def test_everything_is_json():
    result = analyse(record([cell_values(40.0, 20.0), cell_values(50.0, 25.0)], cycle=[0, 10]), circuit=TWO)
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert content["circuit"]["text"] == TWO
    assert content["tables"]["spectra"]["cycle"] == [0, 10]
    assert len(content["tables"]["circuit-parameters"]["parameter"]) == 16
    assert content["tables"]["circuit-parameters"]["unit"][0] == "ohm"
    assert len(content["tables"]["kramers-kronig"]["frequency"]) == 100
    assert content["interfaces"] == 2
    for table in result.tables().values():
        assert len({len(values) for values, _unit in table.values()}) == 1


def test_rows_that_break_the_relations_may_be_left_out():
    clean = record([cell_values(40.0, 20.0)])
    impedance = clean.impedance.copy()
    impedance[20] *= 1.3
    spoiled = ImpedanceSpectra(
        specimen=clean.specimen, provenance=clean.provenance, frequency=clean.frequency, impedance=impedance
    )
    kept = analyse(spoiled, circuit=TWO, relaxation_times=False)
    assert kept.checks[0].offending[20]
    assert any("LI-W-ANA-130" in text for text in kept.warnings)
    left_out = analyse(spoiled, circuit=TWO, relaxation_times=False, leave_out_offending="true")
    assert left_out.circuit.spectra[0].fit.frequency.size == 49
    assert left_out.series.values("misfit")[0] < 0.3 * kept.series.values("misfit")[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"circuit": "R-X"}, "there is no element 'X'"),
        ({"circuit": TWO, "fixed": "CPE9.exponent=1"}, "no such parameter"),
        ({"circuit": TWO, "fixed": "CPE1.exponent"}, "NAME=NUMBER"),
        ({"circuit": TWO, "fixed": "CPE1.exponent=one"}, "NAME=NUMBER"),
        ({"fixed": "CPE1.exponent=1"}, "that it belongs to"),
        ({"shared": "exponents"}, "that it belongs to"),
        ({"weights": "modulu"}, "modulus or"),
        ({"interfaces": 0}, "at least 1"),
        ({"relaxation_times": "maybe"}, "true or false"),
        ({"circuits": "auto"}, "did you mean 'circuit'"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(AnalysisError, match=message):
        analyse(record([cell_values(40.0, 20.0)]), **settings)


def test_a_fixed_parameter_stays_and_says_so():
    result = analyse(record([cell_values(40.0, 20.0)]), circuit=TWO, fixed="CPE1.exponent=0.95", relaxation_times=False)
    known = result.circuit.spectra[0].parameters["CPE1.exponent"]
    assert known.value == pytest.approx(0.95)
    assert known.standard_uncertainty is None
    assert known.reason == "fixed by the caller"


def test_arcs_that_cannot_be_told_apart_have_no_small_error():
    """One depressed arc given to a circuit of two: each alone is not known, and the words say it."""
    values = [5.0, 40.0, 1e-4, 0.8, 0.2]
    result = analyse(record([values], text="R-p(R,CPE)-W", noise=0.01), circuit=TWO, relaxation_times=False)
    each = result.circuit.spectra[0]
    parts = [each.parameters[name] for name in ("R2.resistance", "R3.resistance")]
    unsure = [part.standard_uncertainty is None or part.standard_uncertainty > 0.2 * part.value for part in parts]
    assert any(unsure)
    assert each.flags


def test_a_slow_arc_is_named_where_it_counts_as_diffusion():
    """An arc that peaks at 2 Hz is in no resistance by default, and the words say how to count it."""
    values = [5.0, 40.0, 2e-5 / 40.0, 0.95, 60.0, 0.08 / 60.0, 0.95]
    made = record([values], text="R-p(R,CPE)-p(R,CPE)")
    result = analyse(made, relaxation_times=False)
    assert result.spectra[0].interfacial_resistance.value == pytest.approx(40.0 * AREA, rel=0.1)
    (text,) = [each for each in result.warnings if each.startswith("LI-W-ANA-153")]
    assert "tail_frequency=" in text
    setting = text.split("tail_frequency=")[1].split()[0]
    whole = analyse(made, relaxation_times=False, tail_frequency=setting)
    assert whole.spectra[0].interfacial_resistance.value == pytest.approx(100.0 * AREA, rel=0.02)
    assert whole.spectra[0].charge_transfer_resistance.value == pytest.approx(60.0 * AREA, rel=0.02)


def test_a_large_tail_does_not_bias_the_interface():
    """A Warburg tail that runs into the arcs: the circuit's sum is the value, and the reading's is named."""
    values = [8.0, 40.0, 2e-5 / 40.0, 0.95, 30.0, 4e-3 / 30.0, 0.95, 60.0]
    result = analyse(record([values]), relaxation_times=False)
    low, high = result.spectra[0].interfacial_resistance.interval
    assert low < 70.0 * AREA < high
    assert high - low < 0.1 * 70.0 * AREA
    assert any(text.startswith("LI-W-ANA-151") for text in result.warnings)


def test_a_spectrum_of_no_cell_has_no_values():
    """Re Z constant and Im Z far from zero at all frequencies: nothing that obeys Kramers-Kronig."""
    specimen = Specimen(name="x", cell="symmetric", area=AREA)
    fields = {"specimen": specimen, "provenance": Provenance("measured"), "frequency": FREQUENCY}
    impossible = 100.0 - 1j * np.linspace(20.0, 60.0, 50)
    result = analyse(ImpedanceSpectra(**fields, impedance=impossible), relaxation_times=False, circuit="none")
    assert [estimate.value for estimate in result.estimates()] == [None] * 4
    assert any(text.startswith("LI-W-ANA-154") for text in result.warnings)
    negative = parse_circuit(TWO).impedance(FREQUENCY, cell_values(40.0, 20.0)) - 40.0
    result = analyse(ImpedanceSpectra(**fields, impedance=negative), relaxation_times=False, circuit="none")
    assert result.spectra[0].ohmic_resistance.value is None
