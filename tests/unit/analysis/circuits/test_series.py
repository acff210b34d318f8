"""One circuit for a series: which is taken, arcs that are followed, parameters in common."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis.circuits.arcs import Arc, arcs_of, track_arcs
from lithiate.analysis.circuits.circuit import parse_circuit
from lithiate.analysis.circuits.fit import fit_circuit
from lithiate.analysis.circuits.series import fit_series
from lithiate.errors import AnalysisError

FREQUENCY = np.logspace(5, -2, 50)
TWO = "R-p(R,CPE)-p(R,CPE)-W"


def noisy(text, values, noise=0.003, seed=0, frequency=FREQUENCY):
    draws = np.random.default_rng(seed)
    impedance = parse_circuit(text).impedance(frequency, values)
    scatter = draws.standard_normal(frequency.size) + 1j * draws.standard_normal(frequency.size)
    return frequency, impedance * (1.0 + noise * scatter)


def aged(k):
    """Two arcs that change places in size, and of which the slow one becomes slower."""
    return [5.0, 40.0 - 3.0 * k, 2e-6, 0.9, 20.0 + 6.0 * k, 1e-3, 0.85, 2.0]


def test_a_series_has_the_circuit_that_made_it_and_its_arcs_are_followed():
    fitted = fit_series([noisy(TWO, aged(k), seed=k) for k in range(6)])
    assert fitted.name == "two arcs, diffusion"
    assert fitted.scores[0].akaike == min(score.akaike for score in fitted.scores)
    tracks = track_arcs([each.arcs for each in fitted.spectra])
    assert tracks.shape == (6, 2)
    for k, each in enumerate(fitted.spectra):
        fast, slow = (each.arcs[place] for place in tracks[k])
        assert fast.resistance == pytest.approx(40.0 - 3.0 * k, rel=0.05)
        assert slow.resistance == pytest.approx(20.0 + 6.0 * k, rel=0.05)
        known = each.parameters[slow.resistance_name]
        assert known.interval[0] < known.value < known.interval[1]


def test_spectra_of_unequal_length_share_a_circuit():
    short = FREQUENCY[:40]
    fitted = fit_series([noisy(TWO, aged(0)), noisy(TWO, aged(0), seed=1, frequency=short)], TWO)
    assert [each.fit.frequency.size for each in fitted.spectra] == [50, 40]
    assert fitted.scores == ()


def test_a_spectrum_with_too_few_rows_has_no_fit():
    fitted = fit_series([noisy(TWO, aged(0)), noisy(TWO, aged(0), frequency=FREQUENCY[:4])], TWO)
    assert fitted.spectra[0] is not None
    assert fitted.spectra[1] is None
    assert fit_series([noisy(TWO, aged(0), frequency=FREQUENCY[:4])], "auto") is None


def test_shared_exponents_are_the_same_and_narrow_the_rest():
    spectra = [noisy(TWO, aged(k), noise=0.01, seed=k) for k in range(5)]
    alone = fit_series(spectra, TWO)
    together = fit_series(spectra, TWO, shared=("exponents",))
    assert "CPE1.exponent, CPE2.exponent" in together.reason
    exponents = np.array([each.fit.value("CPE2.exponent") for each in together.spectra])
    assert np.ptp(exponents) < 1e-12
    name = "R3.resistance"
    for k, (one, all_) in enumerate(zip(alone.spectra, together.spectra, strict=True)):
        known = all_.parameters[name]
        assert known.standard_uncertainty < 1.05 * one.parameters[name].standard_uncertainty
        assert abs(known.value - aged(k)[4]) < 4.0 * known.standard_uncertainty


def test_spectra_of_unequal_length_cannot_share():
    spectra = [noisy(TWO, aged(0)), noisy(TWO, aged(0), frequency=FREQUENCY[:40])]
    with pytest.raises(AnalysisError, match="one number of rows"):
        fit_series(spectra, TWO, shared=("exponents",))


def test_arcs_of_circuits():
    randles = fit_circuit("R-p(R-W,CPE)", *noisy("R-p(R-W,CPE)", [5.0, 40.0, 3.0, 1e-4, 0.9]))
    (arc,) = arcs_of(randles)
    assert arc.resistance_name == "R2.resistance"
    assert arc.time_constant == pytest.approx((40.0 * 1e-4) ** (1.0 / 0.9), rel=0.1)
    assert arc.capacitance == pytest.approx(arc.time_constant / arc.resistance)
    tail = fit_circuit("R-Ws", *noisy("R-Ws", [5.0, 40.0, 1.0]))
    assert arcs_of(tail) == []


def test_tracks_follow_arcs_that_cross():
    """Two arcs whose time constants cross keep their resistances."""
    fast = [Arc("a", "a", 10.0, 10.0 ** (-4 + 0.5 * k)) for k in range(5)]
    slow = [Arc("b", "b", 500.0, 1e-3) for _ in range(5)]
    spectra = [sorted(pair, key=lambda arc: arc.time_constant) for pair in zip(fast, slow, strict=True)]
    tracks = track_arcs(spectra)
    first = [spectra[k][tracks[k, 0]].resistance for k in range(5)]
    assert first == [10.0] * 5
    assert track_arcs([[], spectra[0], []]).tolist() == [[-1, -1], [0, 1], [-1, -1]]
    assert track_arcs([]).shape == (0, 0)


def test_a_misspelt_name_of_the_library_is_answered_with_the_name():
    spectrum = FREQUENCY, parse_circuit("R-p(R,CPE)").impedance(FREQUENCY, (5.0, 50.0, 1e-4, 0.9))
    with pytest.raises(AnalysisError, match="did you mean 'Randles'") as caught:
        fit_series([spectrum], "Randels")
    assert caught.value.code == "LI-ANA-002"
