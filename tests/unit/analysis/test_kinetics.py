"""Exchange current densities of curves that are computed from known ones."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from lithiate.analysis import analyse
from lithiate.analysis.kinetic_estimators import Curve, fit_curve, fit_linear, runs_probability
from lithiate.analysis.kinetic_fits import fit_laws
from lithiate.analysis.kinetics_result import KineticsSettings
from lithiate.constants import FARADAY, thermal_voltage
from lithiate.core.measurement import PolarisationCurve, Provenance, Specimen
from lithiate.errors import AnalysisError
from lithiate.formulas.electron_transfer import marcus_hush_current

AREA = 1.13e-4
ROOM = 298.15


def codes(warnings):
    return {warning.split()[0] for warning in warnings}


def curve(
    exchange=10.0, series=0.0, *, electrodes=2, overpotential=0.2, points=401, temperature=ROOM, shift=0.0, **specimen
):
    """A sweep of the overpotential of one electrode (with `electrodes` of them and a resistance in series) [SI]."""
    eta = np.linspace(-overpotential, overpotential, points)
    density = 2.0 * exchange * np.sinh(eta / (2.0 * thermal_voltage(temperature)))
    voltage = electrodes * eta + series * density + shift
    return PolarisationCurve(
        specimen=Specimen("cell", **{"cell": "symmetric", "area": AREA, **specimen}),
        provenance=Provenance("measured"),
        conditions={"temperature": temperature},
        voltage=voltage,
        current=density * AREA,
        electrode_potential=voltage if electrodes == 1 else None,
    )


@settings(max_examples=15, deadline=None)
@given(exchange=st.floats(-0.5, 2.0).map(lambda x: 10.0**x), series=st.floats(0.0, 50e-4), electrodes=st.integers(1, 2))
def test_the_joint_fit_finds_what_the_curve_was_made_of(exchange, series, electrodes):
    result = analyse(curve(exchange, series, electrodes=electrodes))
    found = result.exchange_current_density
    assert result.electrodes == electrodes
    assert found.value == pytest.approx(exchange, rel=2e-3)
    assert found.conditions["series_resistance"] == pytest.approx(series, rel=1e-3, abs=2e-7)


@pytest.mark.parametrize("temperature", [263.15, 333.15])
def test_the_temperature_is_that_of_the_record_or_of_the_settings(temperature):
    record = curve(temperature=temperature)
    assert analyse(record).exchange_current_density.value == pytest.approx(10.0, rel=2e-3)
    unstated = evolve(record, conditions={})
    result = analyse(unstated)
    assert "LI-W-ANA-044" in codes(result.warnings)
    off = result.by_estimator["linear"].value / 10.0
    assert off == pytest.approx(ROOM / temperature, rel=0.01)
    given_there = analyse(unstated, temperature=f"{temperature - 273.15} degC")
    assert given_there.exchange_current_density.value == pytest.approx(10.0, rel=2e-3)


@pytest.mark.parametrize(("series", "expected"), [(0.0, 1.0), (5e-4, 0.84), (20e-4, 0.56), (50e-4, 0.34)])
def test_the_bias_of_the_linear_estimator_is_that_of_the_drop(series, expected):
    """True 1 mA/cm2, one electrode, 5, 20, 50 ohm cm2 that nobody took off: j0 / (1 + j0 R F/RT)."""
    found = analyse(curve(series=series, electrodes=1)).by_estimator["linear"]
    assert found.value / 10.0 == pytest.approx(expected, abs=0.006)
    assert found.conditions["ohmic_drop_corrected"] == 0.0
    told = next(text for text in found.warnings if "LI-W-ANA-043" in text)
    if series > 0.0:
        assert f"{series * 1e4:.3g} ohm cm2 in series" in told
        assert f"{expected:.2f}"[:3] in told


def test_a_given_resistance_is_taken_off_before_all_estimators():
    result = analyse(curve(series=20e-4), ohmic_resistance="20 ohm cm^2")
    for name, estimate in result.by_estimator.items():
        assert estimate.value == pytest.approx(10.0, rel=0.06 if name == "tafel" else 0.01)
        assert estimate.conditions["ohmic_drop_corrected"] == 1.0
        assert "LI-W-ANA-043" not in codes(estimate.warnings)


def test_every_estimate_covers_the_truth_on_a_clean_curve():
    for estimate in analyse(curve()).estimates():
        # A fit of exact numbers leaves rounding and the tolerance of the solver.
        assert estimate.interval[0] * (1.0 - 1e-6) <= 10.0 <= estimate.interval[1] * (1.0 + 1e-6)
        assert "LI-W-ANA-040" in codes(estimate.warnings)


def test_tafel_gives_the_intercept_and_the_transfer_coefficient():
    found = analyse(curve(overpotential=0.3), tafel_window_low="150 mV").by_estimator["tafel"]
    assert found.value == pytest.approx(10.0, rel=0.005)
    assert found.conditions["transfer_coefficient"] == pytest.approx(0.5, rel=0.002)
    # ln 10 x 2RT/F a decade
    assert found.conditions["decades"] == pytest.approx(0.15 / (2 * thermal_voltage(ROOM) * math.log(10)), rel=0.01)


def test_a_tafel_region_shorter_than_a_decade_is_refused():
    """+/-0.2 V over two electrodes leaves 77 to 100 mV of each: a fifth of a decade."""
    short = curve(overpotential=0.1, points=801)
    found = analyse(short).by_estimator["tafel"]
    assert found.value is None
    refusal = next(text for text in found.warnings if "LI-W-ANA-041" in text)
    assert "0.21 decades" in refusal
    assert "would have given" in refusal
    allowed = analyse(short, least_decades=0.1).by_estimator["tafel"]
    assert allowed.value == pytest.approx(10.0, rel=0.2)


def test_a_tafel_region_that_an_ohmic_drop_bends_is_refused():
    found = analyse(curve(series=5e-4, overpotential=0.3), least_decades=0.5).by_estimator["tafel"]
    assert found.value is None
    assert "LI-W-ANA-042" in codes(found.warnings)


def test_a_curve_of_another_shape_has_no_value():
    """Steps in the current: no law of charge transfer has them."""
    record = curve(overpotential=0.1)
    stepped = evolve(record, current=record.current * (1.0 + 0.5 * np.sign(np.sin(200.0 * record.voltage))))
    result = analyse(stepped)
    assert {estimate.value for estimate in result.estimates()} == {None}
    assert "LI-W-ANA-042" in codes(result.warnings)


def test_a_limiting_current_is_found_where_there_is_one():
    """j = j0 (e^x - (1 + j/j_l) e^-x), solved by halving for each row."""
    record = curve(electrodes=1, points=161)
    up = np.exp(record.voltage / (2.0 * thermal_voltage(ROOM)))
    low, high = np.full(up.shape, -40.0), np.full(up.shape, 1e4)
    for _ in range(80):
        middle = 0.5 * (low + high)
        above = middle - 10.0 * (up - (1.0 + middle / 40.0) / up) > 0.0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    noise = 1.0 + 0.005 * np.random.default_rng(1).standard_normal(up.size)
    found = analyse(evolve(record, current=middle * noise * AREA)).exchange_current_density
    assert found.conditions["limited"] == "cathodic"
    assert found.value == pytest.approx(10.0, rel=0.005)
    assert found.conditions["limiting_current_density"] == pytest.approx(40.0, rel=0.01)
    assert "LI-W-ANA-126" in codes(found.warnings)


def test_a_kink_at_zero_is_refused_by_the_linear_estimator():
    """Plating and stripping with different slopes: there is no slope at zero."""
    record = curve(overpotential=0.05)
    kinked = evolve(record, current=np.where(record.current > 0, 1.5, 1.0) * record.current)
    assert analyse(kinked).by_estimator["linear"].value is None


def test_a_straight_line_does_not_tell_kinetics_from_a_resistor():
    record = curve(overpotential=0.05)
    line = evolve(record, current=record.voltage / 20e-4 * AREA)
    found = analyse(line).exchange_current_density
    assert found.value is None
    assert "series resistance" in " ".join(found.warnings)


def noisy_curves(rows):
    """200 curves with noise of 1 mV and 5 ohm cm2, unevenly sampled; seeds fixed."""
    whole = curve(series=5e-4, points=1601)
    for seed in range(200):
        draw = np.random.default_rng(seed)
        kept = np.sort(draw.choice(1601, rows, replace=False))
        yield whole.voltage[kept] + draw.normal(0.0, 1e-3, rows), whole.current[kept] / AREA


def covers(fit):
    return abs(fit.log_value - math.log(10.0)) <= student.ppf(0.975, fit.freedom) * fit.uncertainty


def test_noise_is_covered_by_the_uncertainty_of_the_slope():
    """Inside the 99 % band for 95 %."""
    thermal = thermal_voltage(ROOM)
    fits = [fit_linear(Curve(v, j, 2, thermal).less(5e-4), KineticsSettings()) for v, j in noisy_curves(400)]
    assert 181 <= sum(map(covers, fits)) <= 197


@pytest.mark.slow
def test_noise_is_covered_by_the_uncertainty_of_the_joint_fit():
    """Inside the 99 % band for 95 %."""
    laws = ["butler-volmer"]
    fits = [fit_laws(v, j, electrodes=2, thermal=thermal_voltage(ROOM), laws=laws) for v, j in noisy_curves(400)]
    assert 181 <= sum(covers(fit_curve(fit.by_law[laws[0]], given=False)) for fit in fits) <= 197


def test_the_chosen_estimator_stands_first():
    result = analyse(curve(), estimator="linear")
    first, *others = result.estimates()
    assert first is result.exchange_current_density
    assert first.conditions["estimator"] == "linear"
    assert {estimate.conditions["estimator"] for estimate in others} == {
        "butler-volmer",
        "marcus-hush",
        "marcus-hush-chidsey",
        "tafel",
    }
    assert result.to_dict()["estimates"][0]["value"] == pytest.approx(1.0, rel=0.01)


def test_the_zero_is_where_the_current_is():
    result = analyse(curve(shift=0.02))
    assert result.exchange_current_density.value == pytest.approx(10.0, rel=2e-3)
    assert "LI-W-ANA-046" in codes(result.warnings)


def test_without_an_area_there_is_no_density():
    result = analyse(curve(area=None))
    assert [estimate.value for estimate in result.estimates()] == [None] * 5
    assert "LI-W-ANA-001" in codes(result.warnings)


def test_resistance_and_limiting_current_of_the_cell_need_no_area():
    record = curve(series=20e-4)
    limited = evolve(record, current=record.current / (1.0 + np.abs(record.current) / (AREA * 300.0)))
    for sweep in (record, limited):
        with_area, without = analyse(sweep), analyse(evolve(sweep, specimen=evolve(sweep.specimen, area=None)))
        known, bare = ({model.law: model for model in result.models} for result in (with_area, without))
        for law, model in bare.items():
            assert (model.series_resistance, model.limiting_current_density) == (None, None)
            assert model.cell_resistance == pytest.approx(known[law].cell_resistance, rel=1e-3, abs=1e-3)
            assert known[law].cell_resistance == pytest.approx(known[law].series_resistance / AREA)
            assert (model.limiting_current is None) is (known[law].limiting_current_density is None)
            if model.limiting_current is not None:
                assert model.limiting_current == pytest.approx(known[law].limiting_current_density * AREA, rel=1e-2)
    # The last sweep is the one that is made with a limiting current.
    assert bare["butler-volmer"].limiting_current is not None
    assert {model.law: model for model in analyse(record).models}["butler-volmer"].cell_resistance == pytest.approx(
        20e-4 / AREA, rel=1e-3
    )


def test_magnitudes_get_the_sign_of_the_voltage():
    record = curve(series=5e-4)
    unsigned = evolve(record, current=np.abs(record.current))
    with pytest.raises(AnalysisError, match="magnitudes=true"):
        analyse(unsigned)
    assert analyse(unsigned, magnitudes="true").exchange_current_density.value == pytest.approx(10.0, rel=2e-3)
    with pytest.raises(AnalysisError, match="true or false"):
        analyse(unsigned, magnitudes="perhaps")


def test_one_branch_has_a_tafel_line_and_says_so():
    record = curve(overpotential=0.3)
    kept = record.voltage > 0.02
    branch = evolve(record, voltage=record.voltage[kept], current=record.current[kept])
    result = analyse(branch, tafel_window_low="150 mV")
    tafel = result.by_estimator["tafel"]
    assert tafel.value == pytest.approx(10.0, rel=0.005)
    assert tafel.conditions["branches"] == 1.0
    assert "of the one branch" in tafel.definition
    assert result.exchange_current_density.value == pytest.approx(10.0, rel=0.01)
    assert "LI-W-ANA-123" in codes(result.warnings)
    assert result.by_estimator["linear"].value is None
    plating = evolve(record, voltage=-branch.voltage, current=-branch.current)
    assert "plates" in next(text for text in analyse(plating).warnings if "LI-W-ANA-123" in text)


def test_a_gap_about_zero_leaves_the_zero_of_the_record():
    record = curve(electrodes=1)
    kept = (record.voltage < -0.021) | (record.voltage > 0.043)
    gap = evolve(
        record, voltage=record.voltage[kept], electrode_potential=record.voltage[kept], current=record.current[kept]
    )
    result = analyse(gap)
    assert "LI-W-ANA-125" in codes(result.warnings)
    assert result.exchange_current_density.value == pytest.approx(10.0, rel=1e-3)


def test_a_loop_is_told():
    """Forth and back; on the way back the current is 20 % lower."""
    record = curve(points=201)
    voltage = np.concatenate([record.voltage, record.voltage[::-1]])
    for share, told in ((0.8, True), (1.0, False)):
        current = np.concatenate([record.current, share * record.current[::-1]])
        noise = 1.0 + 0.02 * np.random.default_rng(0).standard_normal(current.size)
        result = analyse(evolve(record, voltage=voltage, current=current * noise))
        assert ("LI-W-ANA-124" in codes(result.warnings)) is told


def test_the_laws_are_compared():
    """A curve of Marcus-Hush kinetics without a drop, and one of Butler-Volmer with a drop."""
    draw = np.random.default_rng(3)
    eta = np.linspace(-0.25, 0.25, 161)
    noise = 1.0 + 0.01 * draw.standard_normal(eta.size)
    record = curve(electrodes=1)
    bent = evolve(
        record,
        voltage=eta,
        electrode_potential=eta,
        current=marcus_hush_current(eta, 10.0, 0.3 * FARADAY, ROOM) * AREA * noise,
    )
    result = analyse(bent, ohmic_resistance=0.0)
    assert result.preferred == "marcus-hush"
    assert result.preference_is_clear
    found = result.by_estimator["marcus-hush"]
    assert found.value == pytest.approx(10.0, rel=0.02)
    assert found.conditions["reorganisation_energy"] == pytest.approx(0.3 * FARADAY, rel=0.02)
    assert "0.3" in found.definition.split("reorganisation energy")[-1]
    assert "LI-W-ANA-121" in codes(result.by_estimator["butler-volmer"].warnings)
    assert sum(model.weight for model in result.models) == pytest.approx(1.0)
    assert [model.difference for model in result.models] == sorted(model.difference for model in result.models)
    ohmic = curve(20.0, 10e-4, electrodes=1, overpotential=0.15, points=161)
    straight = analyse(evolve(ohmic, current=ohmic.current * noise))
    assert straight.preferred == "butler-volmer"
    content = straight.to_dict()
    assert content["models"][0]["law"] == "butler-volmer"
    assert content["models"][0]["series_resistance"] == pytest.approx(10e-4, rel=0.02)
    assert content["preferred"] == "butler-volmer"


def test_no_reorganisation_energy_is_told_where_nothing_bends():
    found = analyse(curve(electrodes=1), ohmic_resistance=0.0).by_estimator["marcus-hush"]
    assert "reorganisation_energy" not in found.conditions
    assert found.value == pytest.approx(10.0, rel=0.01)
    assert "LI-W-ANA-120" in codes(found.warnings)


def test_the_bias_of_the_drop_is_a_number():
    result = analyse(curve(series=20e-4, electrodes=1))
    assert result.ohmic_bias["linear"] == pytest.approx(0.56, abs=0.006)
    assert result.by_estimator["linear"].conditions["ohmic_bias"] == result.ohmic_bias["linear"]
    assert result.to_dict()["ohmic_bias"] == dict(result.ohmic_bias)
    assert analyse(curve(series=20e-4, electrodes=1), ohmic_resistance=20e-4).ohmic_bias == {}


def test_linear_residuals_let_the_largest_currents_decide():
    """The ends of a curve are another reaction's, ten times slower: linear residuals see little else."""
    record = curve(exchange=10.0, points=101)
    slower = np.where(np.abs(record.voltage) > 0.3, 0.1, 1.0)
    mixed = evolve(record, current=record.current * slower)
    found = {kind: analyse(mixed, residuals=kind, ohmic_resistance=0.0).models for kind in ("log", "linear")}
    values = {
        kind: next(m.exchange_current_density for m in models if m.law == "marcus-hush")
        for kind, models in found.items()
    }
    assert values["linear"] != pytest.approx(values["log"], rel=0.05)


def test_a_voltage_that_never_changes_is_refused():
    record = curve()
    with pytest.raises(AnalysisError, match="never changes"):
        analyse(evolve(record, voltage=np.zeros_like(record.voltage)))


def test_what_cannot_be_analysed_is_refused():
    with pytest.raises(AnalysisError, match="does not cross"):
        analyse(evolve(curve(), current=np.abs(curve().current) + 1e-6))


def test_a_full_cell_counts_as_one_electrode_about_its_own_zero():
    """A cell of 3.8 V at rest whose one kinetics are known; the drift of a sweep moves the zero by 30 mV."""
    plain = evolve(curve(electrodes=1, series=5e-4, cell="full"), electrode_potential=None)
    shifted = evolve(plain, voltage=plain.voltage + 3.83)
    result = analyse(shifted)
    assert result.electrodes == 1
    assert result.exchange_current_density.value == pytest.approx(10.0, rel=2e-3)
    assert "lithium, cathode" in result.exchange_current_density.definition
    assert "LI-W-ANA-047" in codes(result.warnings)
    assert "LI-W-ANA-046" not in codes(result.warnings)  # nothing is known of its rest
    stated = analyse(evolve(shifted, conditions={**shifted.conditions, "open_circuit_voltage": 3.8}))
    text = next(text for text in stated.warnings if "LI-W-ANA-046" in text)
    assert "3830 mV, +30 mV from open circuit" in text
    assert stated.exchange_current_density.value == result.exchange_current_density.value


def test_unstated_and_plating_cells_are_told():
    for cell in (None, "plating"):
        assert "LI-W-ANA-003" in codes(analyse(curve(cell=cell)).warnings)


@pytest.mark.parametrize(
    "setting",
    [
        {"estimator": "marcus"},
        {"residuals": "square"},
        {"linear_window": "0 V"},
        {"tafel_window_low": 2.0},
        {"ohmic_resistance": -1.0},
        {"temperature": 25.0},
        {"temperature": "700 K"},
    ],
)
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(AnalysisError, match=next(iter(setting))):
        analyse(curve(), **setting)


def test_few_points_are_no_estimate():
    result = analyse(curve(points=5))
    assert [estimate.value for estimate in result.estimates()] == [None] * 5
    assert "LI-W-ANA-045" in codes(result.warnings)


def test_the_runs_test_against_all_arrangements():
    """Seven up, seven down: the normal approximation beside the count of all 3432 arrangements."""
    runs = []
    for up in combinations(range(14), 7):
        sign = np.full(14, -1.0)
        sign[list(up)] = 1.0
        runs.append(1 + int(np.count_nonzero(np.diff(sign))))
    counted = np.array(runs)
    for blocks in ([7, 7], [4, 4, 3, 3], [2, 2, 2, 2, 3, 3]):
        pattern = np.repeat(np.resize([1.0, -1.0], len(blocks)), blocks)
        assert runs_probability(pattern) == pytest.approx(float(np.mean(counted <= len(blocks))), abs=0.08)
    assert runs_probability(np.repeat([1.0, -1.0], 50)) < 1e-20
    assert runs_probability(np.resize([1.0, -1.0], 100)) > 0.999


def test_the_analysis_does_not_look_at_provenance():
    plain = curve(series=5e-4)
    other = evolve(plain, provenance=Provenance("simulated", source="twin"))
    assert analyse(plain).to_dict() == analyse(other).to_dict()


def test_a_current_of_the_other_sign_is_refused_with_the_way_out():
    record = curve()
    turned = evolve(record, current=-record.current)
    with pytest.raises(AnalysisError, match=r"falls with the voltage.*invert_current=true.*magnitudes=true"):
        analyse(turned)
    by_magnitude = analyse(turned, magnitudes="true").exchange_current_density
    assert by_magnitude.value == pytest.approx(10.0, rel=2e-3)


def test_an_uncertainty_has_a_floor_and_the_drop_its_estimator():
    result = analyse(curve(points=61))
    for name, found in result.by_estimator.items():
        if found.value is not None:
            assert found.standard_uncertainty >= 1e-3 * found.value * (1.0 - 1e-12), name
    assert result.exchange_current_density.standard_uncertainty == pytest.approx(
        1e-3 * result.exchange_current_density.value
    )
    for name in ("linear", "tafel"):
        told = [text for text in result.by_estimator[name].warnings if text.startswith("LI-W-ANA-043")]
        assert told
        assert all(text.startswith(f"LI-W-ANA-043 {name}: ") for text in told)


def test_a_drop_that_exceeds_the_voltage_is_refused():
    record = curve(10.0, 5e-4)
    slope = float(record.voltage @ record.current / (record.current @ record.current)) * AREA
    with pytest.raises(AnalysisError, match=f"exceeds the voltage.*own slope, {slope * 1e4:.4g} ohm cm2"):
        analyse(record, ohmic_resistance=1.001 * slope)
    assert analyse(record, ohmic_resistance=5e-4).exchange_current_density.value == pytest.approx(10.0, rel=2e-3)
