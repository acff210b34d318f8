"""Which analysis a measurement goes to."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis import analyse, setting_names
from lithiate.core.measurement import ImpedanceSpectra, PolarisationCurve, Provenance, Specimen
from lithiate.core.techniques import KINDS
from lithiate.errors import AnalysisError


@pytest.fixture
def records(square_cell, make_record):
    """One measurement a technique, and one of each lithium cell."""
    time, voltage, current = square_cell(half_cycles=60).arrays()
    cycling = make_record(time, voltage, current)
    eta = np.linspace(-0.1, 0.1, 101)
    more = {"specimen": cycling.specimen, "provenance": Provenance("measured")}
    omega = 2j * np.pi * np.geomspace(1e5, 1e-1, 61)
    return {
        "symmetric": cycling,
        "plating": evolve(cycling, specimen=Specimen("cell", cell="plating", area=1.13e-4)),
        "full": evolve(cycling, specimen=Specimen("cell", cell="full", area=1.13e-4), voltage=3.7 + voltage),
        "unstated": evolve(cycling, specimen=Specimen("cell", area=1.13e-4)),
        "polarisation": PolarisationCurve(voltage=2 * eta, current=np.sinh(eta / 0.05), **more),
        "impedance": ImpedanceSpectra(
            frequency=np.geomspace(1e5, 1e-1, 61), impedance=5.0 + 20.0 / (1.0 + omega * 1e-3), **more
        ),
    }


@pytest.mark.parametrize(
    ("name", "kind", "analysis"),
    [
        ("symmetric", None, "symmetric"),
        ("symmetric", "symmetric-cycling", "symmetric"),
        ("symmetric", "nucleation", "symmetric"),
        ("symmetric", "protocol", "symmetric"),
        ("symmetric", "critical-current", "critical-current"),
        ("unstated", None, "symmetric"),
        ("unstated", "plating-efficiency", "plating-efficiency"),
        ("unstated", "critical-current", "critical-current"),
        ("plating", None, "plating-efficiency"),
        ("plating", "nucleation", "plating-efficiency"),
        ("plating", "protocol", "plating-efficiency"),
        ("full", None, "full-cycling"),
        ("full", "full-cycling", "full-cycling"),
        ("full", "rate", "full-cycling"),
        ("full", "anode-free", "full-cycling"),
        ("full", "protocol", "full-cycling"),
        ("unstated", "rate", "full-cycling"),
        ("polarisation", None, "kinetics"),
        ("polarisation", "tafel", "kinetics"),
        ("impedance", None, "impedance"),
        ("impedance", "impedance-temperature", "impedance"),
    ],
)
def test_every_kind_has_its_analysis(records, name, kind, analysis):
    result = analyse(records[name], kind=kind)
    content = result.to_dict()
    assert content["analysis"] == analysis
    assert len(list(result.estimates())) == len(content["estimates"]) > 0


def test_every_kind_of_the_contract_is_tried_above(records):
    tried = {"symmetric-cycling", "nucleation", "protocol", "critical-current", "plating-efficiency"}
    tried |= {"full-cycling", "rate", "anode-free"}
    tried |= {"tafel", "impedance", "impedance-temperature"}
    assert tried == set(KINDS)


@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("symmetric", {"kind": "critical-curent"}, "did you mean 'critical-current'"),
        ("symmetric", {"technique": "cyclin"}, "did you mean 'cycling'"),
        ("symmetric", {"kind": "tafel"}, "not recorded by technique 'cycling'"),
        ("symmetric", {"kind": "plating-efficiency"}, "not for this cell"),
        ("plating", {"kind": "symmetric-cycling"}, "not for this cell"),
        ("plating", {"kind": "critical-current"}, "not for this cell"),
        ("full", {"kind": "symmetric-cycling"}, "not for this cell"),
        ("full", {"kind": "nucleation"}, "not for this cell"),
        ("symmetric", {"kind": "rate"}, "not for this cell"),
        ("plating", {"kind": "full-cycling"}, "not for this cell"),
        ("full", {"life_treshold": 0.7}, "did you mean 'life_threshold'"),
        ("symmetric", {"technique": "impedance"}, "there is no analysis of technique 'impedance'"),
        ("polarisation", {"technique": "cycling"}, "there is no analysis of technique 'cycling'"),
        ("polarisation", {"linear_windo": 0.1}, "did you mean 'linear_window'"),
    ],
)
def test_what_does_not_fit_is_refused_with_words(records, name, arguments, word):
    with pytest.raises(AnalysisError, match=word) as caught:
        analyse(records[name], **arguments)
    assert caught.value.code == "LI-ANA-001"


def test_a_three_electrode_cell_is_refused(records):
    other = evolve(records["symmetric"], specimen=Specimen("cell", cell="three-electrode"))
    with pytest.raises(AnalysisError, match="this kind of cell"):
        analyse(other)


def test_the_settings_of_all_analyses_are_known_by_name():
    expected = {"hysteresis_definition", "first_cycle", "voltage_limit", "estimator", "tail_frequency"}
    expected |= {"reference_cycle", "nominal_capacity"}
    assert expected <= setting_names()
