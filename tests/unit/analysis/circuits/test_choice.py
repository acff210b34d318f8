"""Choice between circuits, and what their fits do not tell."""

import numpy as np
import pytest
from attrs import evolve

from lithiate.analysis.circuits import (
    LIBRARY,
    choose_circuit,
    choose_circuits,
    fit_circuit,
    fitted_parameters,
    identifiability,
    library_circuit,
    parse_circuit,
)
from lithiate.errors import AnalysisError

FREQUENCY = np.logspace(5, -2, 60)
TRUTHS = {
    "blocking": ("R-CPE", (5.0, 1e-4, 0.9)),
    "one arc": ("R-ZARC", (5.0, 50.0, 1e-3, 0.85)),
    "two arcs": ("R-ZARC-ZARC", (5.0, 50.0, 1e-4, 0.85, 80.0, 1e-2, 0.9)),
    "two arcs, diffusion": ("R-ZARC-ZARC-W", (5.0, 50.0, 1e-4, 0.85, 80.0, 1e-2, 0.9, 8.0)),
}


def noisy(text, values, *, noise=0.01, seed=0, frequency=FREQUENCY):
    impedance = parse_circuit(text).impedance(frequency, values)
    rng = np.random.default_rng(seed)
    scatter = rng.standard_normal(frequency.size) + 1j * rng.standard_normal(frequency.size)
    return impedance + noise * np.abs(impedance) * scatter


def kinds(fit):
    return {flag.kind for flag in identifiability(fit)}


@pytest.mark.parametrize("name", list(TRUTHS))
@pytest.mark.parametrize("noise", [0.01, 0.003])
def test_prefers_the_circuit_that_a_spectrum_is_made_of(name, noise):
    choice = choose_circuit(FREQUENCY, noisy(*TRUTHS[name], noise=noise))
    assert choice.preferred.name == name
    assert sum(each.weight for each in choice.candidates) == pytest.approx(1.0)
    assert [each.akaike for each in choice.candidates] == sorted(each.akaike for each in choice.candidates)


def test_no_noise_buys_no_parts():
    spectra = np.array([parse_circuit(text).impedance(FREQUENCY, values) for text, values in TRUTHS.values()])
    chosen = choose_circuits(FREQUENCY, spectra)
    assert [choice.preferred.name for choice in chosen] == list(TRUTHS)


def test_a_batch_chooses_as_each_alone():
    spectra = np.array([noisy(*truth, seed=4) for truth in TRUTHS.values()])
    together = choose_circuits(FREQUENCY, spectra)
    assert [each.preferred.name for each in together] == [
        choose_circuit(FREQUENCY, spectrum).preferred.name for spectrum in spectra
    ]


@pytest.mark.parametrize("noise", [0.003, 0.01, 0.03])
def test_two_arcs_that_nearly_coincide_are_taken_for_one_or_for_two_with_a_known_sum(noise):
    spectrum = noisy("R-ZARC-ZARC", (5.0, 50.0, 1e-3, 0.85, 40.0, 2e-3, 0.85), noise=noise)
    preferred = choose_circuit(FREQUENCY, spectrum).preferred
    name = "R2.resistance" if preferred.name == "one arc" else "R2.resistance + R3.resistance"
    assert preferred.name == "one arc" or (preferred.name == "two arcs" and "inseparable" in kinds(preferred.fit))
    found = fitted_parameters([preferred.fit], [name])[0][name]
    assert found.value == pytest.approx(90.0, rel=0.02)
    assert found.standard_uncertainty is not None


def test_leads_show_where_the_first_rows_are_inductive():
    spectrum = noisy(*TRUTHS["two arcs"], noise=0.003) + 2j * np.pi * FREQUENCY * 3e-5
    choice = choose_circuit(FREQUENCY, spectrum)
    assert str(choice.preferred.fit.circuit) == "L1-R1-p(R2,CPE1)-p(R3,CPE2)"
    assert choice.preferred.fit.value("L1.inductance") == pytest.approx(3e-5, rel=0.02)


def test_standard_deviations_stay_with_their_spectra():
    plain = noisy(*TRUTHS["one arc"])
    spectra = np.array([plain, plain + 2j * np.pi * FREQUENCY * 3e-5])
    deviations = np.array([0.01, 0.02])[:, None] * np.abs(spectra)
    together = choose_circuits(FREQUENCY, spectra, ["one arc"], weights=deviations)
    for choice, spectrum, deviation in zip(together, spectra, deviations, strict=True):
        alone = choose_circuit(FREQUENCY, spectrum, ["one arc"], weights=deviation)
        np.testing.assert_array_equal(choice.preferred.fit.weight, alone.preferred.fit.weight)
        np.testing.assert_allclose(choice.preferred.fit.values, alone.preferred.fit.values, rtol=1e-4)


@pytest.mark.parametrize("function", [choose_circuit, choose_circuits])
def test_a_misspelt_setting_is_refused_by_the_function_that_was_called(function):
    with pytest.raises(TypeError, match=rf"{function.__name__}\(\) got an unexpected keyword argument 'weigths'"):
        function(FREQUENCY, noisy(*TRUTHS["one arc"]), weigths="unit")


def test_a_resistor_is_a_resistor():
    choice = choose_circuit(FREQUENCY, np.full(FREQUENCY.size, 10.0 + 0.0j))
    assert choice.preferred.name == "resistor"
    assert choice.preferred.fit.value("R1.resistance") == pytest.approx(10.0, rel=1e-6)
    assert not choice.preferred.flags
    assert choose_circuit(FREQUENCY, noisy("R", (10.0,))).preferred.name == "resistor"


def test_the_choice_does_not_depend_on_the_unit():
    spectrum = noisy(*TRUTHS["two arcs, diffusion"])
    plain, huge = (choose_circuit(FREQUENCY, factor * spectrum) for factor in (1.0, 1e9))
    assert plain.preferred.name == huge.preferred.name
    assert huge.preferred.akaike == pytest.approx(plain.preferred.akaike, abs=1e-3)
    np.testing.assert_allclose(
        huge.preferred.fit.value("R3.resistance"), 1e9 * plain.preferred.fit.value("R3.resistance"), rtol=1e-4
    )


def test_where_no_candidate_is_seen_in_full_it_says_so():
    spectrum = noisy(*TRUTHS["one arc"])
    choice = choose_circuit(FREQUENCY, spectrum, ["two arcs", "three arcs"])
    assert choice.preferred.name == "two arcs"
    assert not choice.preferred.identifiable
    assert choice.warnings[0].startswith("LI-W-ANA-149 no candidate")
    assert len(choice.warnings) == 1 + len(choice.preferred.flags) > 1
    assert choose_circuit(FREQUENCY, spectrum).warnings == ()


def test_a_circuit_that_is_far_off_is_not_preferred_for_being_seen_in_full():
    spectrum = noisy(*TRUTHS["two arcs"])
    choice = choose_circuit(FREQUENCY, spectrum, ["resistor", "three arcs"])
    assert choice.candidate("resistor").identifiable
    assert choice.preferred.name == "three arcs"


def test_an_ohmic_resistance_that_is_nothing_speaks_against_no_circuit():
    values = (1e-6, *TRUTHS["two arcs"][1][1:])
    choice = choose_circuit(FREQUENCY[20:], noisy("R-ZARC-ZARC", values)[20:])
    assert choice.preferred.name == "two arcs"
    assert any(flag.parameters == ("R1.resistance",) for flag in choice.preferred.flags)


def test_candidates_may_be_strings():
    choice = choose_circuit(FREQUENCY, noisy(*TRUTHS["one arc"]), ["R-p(R,C)", "R-p(R,CPE)", "one arc, diffusion"])
    assert choice.preferred.name == "R-p(R,CPE)"
    assert choice.candidate("R-p(R,C)").weight < 1e-6


def test_an_unknown_candidate_has_a_nearest_name():
    with pytest.raises(AnalysisError, match="two arcs") as caught:
        choose_circuit(FREQUENCY, noisy(*TRUTHS["one arc"]), ["two arc"])
    assert caught.value.code == "LI-ANA-002"


def test_a_spectrum_too_short_for_any_candidate_is_refused():
    with pytest.raises(AnalysisError, match="too short") as caught:
        choose_circuit(FREQUENCY[:2], noisy("R", (10.0,))[:2], ["one arc", "two arcs"])
    assert caught.value.code == "LI-ANA-001"


def test_circuits_of_the_library_are_circuits_with_meanings_for_their_parts():
    assert len({named.name for named in LIBRARY}) == len(LIBRARY)
    for named in LIBRARY:
        labels = {leaf.label for leaf in named.circuit.root.leaves()} | {str(part) for part in named.circuit.root.parts}
        assert {label for label, _ in named.meaning} <= labels, named.name
        assert library_circuit(named.name) is named


def test_a_fit_of_what_is_there_has_no_flags():
    for text, values in TRUTHS.values():
        fit = fit_circuit(text, FREQUENCY, noisy(text, values))
        assert identifiability(fit) == (), text


def test_an_arc_too_many_is_flagged_and_its_resistance_has_no_uncertainty():
    fit = fit_circuit("R-p(R,CPE)-p(R,CPE)", FREQUENCY, noisy(*TRUTHS["one arc"]))
    assert kinds(fit) & {"inseparable", "unseen", "not determined", "close"}
    found = fitted_parameters([fit], ["R2.resistance", "R3.resistance", "R2.resistance + R3.resistance"])[0]
    lost = [found[f"R{k}.resistance"] for k in (2, 3)]
    assert any(each.standard_uncertainty is None and each.reason for each in lost)
    total = found["R2.resistance + R3.resistance"]
    assert total.interval[0] < 50.0 < total.interval[1]


def test_arcs_that_make_up_for_one_another_have_a_known_sum():
    spectrum = noisy("R-ZARC-ZARC", (5.0, 50.0, 1e-3, 0.85, 40.0, 5e-3, 0.85), noise=0.02, seed=3)
    fit = fit_circuit("R-ZARC-ZARC", FREQUENCY, spectrum)
    flags = identifiability(fit)
    (flag,) = (each for each in flags if each.kind == "inseparable")
    assert set(flag.parameters) == {"ZARC1.resistance", "ZARC2.resistance"}
    assert "only their sum is known" in flag.text
    assert flag.warning.startswith("LI-W-ANA-143 ")
    single, total = "ZARC1.resistance", "ZARC1.resistance + ZARC2.resistance"
    found = fitted_parameters([fit], [single, total])[0]
    assert found[single].standard_uncertainty is None
    assert found[total].standard_uncertainty is not None
    assert found[total].interval[0] < 90.0 < found[total].interval[1]


def test_an_arc_below_the_measured_frequencies_is_flagged():
    spectrum = noisy(*TRUTHS["two arcs"], noise=0.001)
    cut = FREQUENCY > 40.0
    fit = fit_circuit("R-p(R,CPE)-p(R,CPE)", FREQUENCY[cut], spectrum[cut])
    assert "outside" in kinds(fit)


def test_a_parameter_at_its_bound_is_flagged_and_its_interval_is_open_beyond():
    spectrum = noisy(*TRUTHS["one arc"])
    fit = fit_circuit("R-ZARC", FREQUENCY, spectrum, bounds={"ZARC1.resistance": (None, 30.0)})
    flag = next(each for each in identifiability(fit) if each.kind == "at bound")
    assert flag.parameters == ("ZARC1.resistance",)
    assert "upper bound, 30" in flag.text
    found = fitted_parameters([fit], ["ZARC1.resistance"])[0]["ZARC1.resistance"]
    assert found.standard_uncertainty is None
    assert found.interval[1] is None
    assert "bound" in found.reason


def test_an_exponent_of_one_is_a_capacitor_and_no_flag():
    fit = fit_circuit("R-p(R,CPE)", FREQUENCY, noisy("R-p(R,C)", (5.0, 50.0, 1e-5), seed=1))
    assert fit.value("CPE1.exponent") == pytest.approx(1.0, abs=0.005)
    assert identifiability(fit) == ()


def test_a_circuit_that_misses_something_shows_in_its_residuals():
    fit = fit_circuit("R-p(R,CPE)", FREQUENCY, noisy(*TRUTHS["two arcs"]))
    assert {"correlated residuals", "misfit"} <= kinds(fit)


def test_another_minimum_that_fits_as_well_is_told():
    spectrum = noisy(*TRUTHS["two arcs, diffusion"])
    fit = fit_circuit("R-ZARC-ZARC-W", FREQUENCY, spectrum)
    # The worse of the two starts that were followed came to the same place.
    np.testing.assert_allclose(fit.rival, fit.values, rtol=1e-2)
    assert "another solution" not in kinds(fit)
    elsewhere = fit.values.copy()
    elsewhere[4] *= 1.5
    (flag,) = identifiability(evolve(fit, rival=elsewhere))
    assert flag.kind == "another solution"
    assert flag.parameters == ("ZARC2.resistance",)


def test_no_circuit_ends_with_more_misfit_than_one_that_it_contains():
    """Two semicircles and the small tail of a layer: from the dictionary alone the layer takes the second arc."""
    frequency = np.logspace(6, -2, 81)
    truths = (
        (1.2, 182.139, 1.81773e-8, 33.8819, 2.77341e-5, 0.537854, 5.35318),
        (1.2, 106.215, 1.06497e-8, 33.7604, 2.39647e-6, 1.20854, 4.76501),
        (1.2, 128.573, 1.02432e-7, 39.8094, 5.71453e-5, 1.1009, 5.78491),
    )
    text = "R-p(R,C)-p(R,C)-Ws"
    spectra = [noisy(text, each, noise=0.005, seed=k, frequency=frequency) for k, each in enumerate(truths)]
    names = ["two arcs", "two arcs, diffusion", "two arcs, layer diffusion", "two arcs, blocking"]
    for truth, choice in zip(truths, choose_circuits(frequency, spectra, names), strict=True):
        smallest = choice.candidate("two arcs").fit.sum_of_squares
        for name in names[1:]:
            assert choice.candidate(name).fit.sum_of_squares <= smallest * (1.0 + 1e-6), name
        layer = choice.candidate("two arcs, layer diffusion").fit
        assert layer.value("R3.resistance") == pytest.approx(truth[3], rel=0.1)
