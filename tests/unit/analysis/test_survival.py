"""Survival by hand, against oracles, and by counts over fixed seeds."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from lithiate.analysis import analyse
from lithiate.analysis.log_rank import holm, log_rank_scores, permutation_p_value
from lithiate.analysis.survival import (
    analyse_survival,
    compare_survival,
    first_failure,
    kaplan_meier,
    median_confidence,
    survival_time,
)
from lithiate.analysis.survival_result import SurvivalTime
from lithiate.core.estimate import Estimate
from lithiate.errors import AnalysisError

HOUR = 3600.0


def codes(warnings):
    return {warning.split()[0] for warning in warnings}


def times(*values, width=0.0):
    """Survival times; below zero: censored."""
    return [
        SurvivalTime(
            cell=f"cell {k}",
            time=abs(v),
            happened=v > 0,
            earliest=abs(v) - width * (v > 0),
            latest=abs(v) + width * (v > 0),
            ended_by="hysteresis_onset_time" if v > 0 else "end of test",
        )
        for k, v in enumerate(values, start=1)
    ]


def happened(quantity, value, width=0.0):
    ends = (value - width, value + width)
    return Estimate(quantity, value, "s", quantity, interval=ends, interval_kind="sampling")


def censored(quantity, bound, by="end of test"):
    return Estimate(
        quantity,
        None,
        "s",
        quantity,
        interval=(bound, None),
        interval_kind="censoring",
        censored="right",
        censored_by=by,
    )


def compared(groups):
    return compare_survival(groups, quantity="failure", definition="a test")


# Remission times of leukaemia patients [weeks], Freireich et al., Blood 21, 699 (1963), recalled: the usual example.
TREATED = (6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35)
PLACEBO = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)


def test_the_estimator_by_hand():
    curve = kaplan_meier(times(*TREATED))
    steps = dict(zip(curve.steps.time, curve.steps.survival, strict=True))
    assert steps[6.0] == pytest.approx(18 / 21)
    assert steps[7.0] == pytest.approx(18 / 21 * 16 / 17)
    assert steps[10.0] == pytest.approx(18 / 21 * 16 / 17 * 14 / 15)
    assert steps[35.0] == pytest.approx(18 / 21 * 16 / 17 * 14 / 15 * 11 / 12 * 10 / 11 * 6 / 7 * 5 / 6)
    assert (curve.cells, curve.events, curve.median) == (21, 9, 23.0)
    row = list(curve.steps.time).index(10.0)
    assert [int(a[row]) for a in (curve.steps.at_risk, curve.steps.events, curve.steps.censored)] == [15, 1, 1]
    assert curve.steps.at_risk[0] == curve.steps.events.sum() + curve.steps.censored.sum() == 21


def test_the_band_is_greenwoods_on_the_log_log_scale():
    steps = kaplan_meier(times(*TREATED)).steps
    greenwood = np.cumsum(steps.events / (steps.at_risk * (steps.at_risk - steps.events)))
    spread = stats.norm.ppf(0.975) * np.sqrt(greenwood) / np.abs(np.log(steps.survival))
    np.testing.assert_allclose(steps.low, steps.survival ** np.exp(spread), rtol=1e-9)
    np.testing.assert_allclose(steps.high, steps.survival ** np.exp(-spread), rtol=1e-9)


def test_two_groups_by_hand_and_against_the_literature():
    result = compared({"treated": times(*TREATED), "placebo": times(*PLACEBO)})
    (pair,) = result.comparisons
    # 16.79 on one degree of freedom is what every textbook gives [recalled].
    assert pair.statistic**2 == pytest.approx(16.79, abs=0.005)
    assert pair.method == "asymptotic"
    assert pair.outcome == "they differ: placebo fails sooner"
    assert [curve.interval for curve in result.curves] == [(13.0, None), (4.0, 11.0)]


def test_scores_sum_to_observed_less_expected():
    draw = np.random.default_rng(0)
    time = np.round(draw.exponential(10.0, 15))
    event = draw.uniform(size=15) < 0.7
    first = np.arange(15) < 6
    expected = 0.0
    for moment in np.unique(time[event]):
        at_risk = time >= moment
        expected += (event & (time == moment)).sum() * (at_risk & first).sum() / at_risk.sum()
    scores = log_rank_scores(time, event)
    assert scores[first].sum() == pytest.approx(event[first].sum() - expected)
    assert scores.sum() == pytest.approx(0.0, abs=1e-12)


def test_exact_p_values_agree_with_a_permutation_test_of_scipy():
    one, other = times(3, 7, -9, 12), times(5, 8, 15, -20, 21)
    time = np.array([t.time for t in [*one, *other]])
    event = np.array([t.happened for t in [*one, *other]])
    scores = log_rank_scores(time, event)
    found = stats.permutation_test(
        (scores[:4], scores[4:]),
        lambda a, _b: abs(a.sum()),
        permutation_type="independent",
        n_resamples=np.inf,
        alternative="greater",
    )
    assert permutation_p_value(one, other)[0] == pytest.approx(found.pvalue)


def test_three_cells_against_three_can_tell_nothing():
    result = compared({"short": times(1, 2, 3), "long": times(10, 11, 12)})
    (pair,) = result.comparisons
    # 20 orders; the best and its mirror image.
    assert pair.p_value == pair.smallest_p_value == pytest.approx(2 / 20)
    assert pair.outcome.startswith("nothing can be told")
    (text,) = [warning for warning in result.warnings if warning.startswith("LI-W-ANA-080")]
    assert "4 cells of each group" in text
    four = compared({"short": times(1, 2, 3, 4), "long": times(10, 11, 12, 13)})
    assert four.comparisons[0].p_value == pytest.approx(2 / 70)
    assert four.comparisons[0].outcome == "they differ: short fails sooner"
    assert "LI-W-ANA-080" not in codes(four.warnings)


def test_more_pairs_ask_for_more_cells():
    groups = {f"anode {k}": times(*(10.0 * k + np.arange(4.0) + 1.0)) for k in range(5)}
    result = compared(groups)
    assert len(result.comparisons) == 10
    assert all(pair.holm_p_value == pytest.approx(min(1.0, 10 * 2 / 70)) for pair in result.comparisons)
    assert "among 10 pairs" in result.comparisons[0].outcome
    (text,) = [warning for warning in result.warnings if warning.startswith("LI-W-ANA-080")]
    assert "6 cells of each group" in text


def test_without_an_event_nothing_is_told():
    result = compared({"one": times(-5, -5, -5), "other": times(-6, -6, -6)})
    (pair,) = result.comparisons
    assert (pair.p_value, pair.statistic) == (1.0, None)
    assert "nothing happened" in pair.outcome
    assert all("LI-W-ANA-084" in codes(curve.warnings) for curve in result.curves)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_exact_test_keeps_its_level():
    """Two groups alike, with censoring at one time: p = 2/70 or less in 2/70 of 1000 cases, seeds fixed."""
    low = 0
    for seed in range(1000):
        draw = np.random.default_rng(seed).exponential(1.0, 8)
        low += permutation_p_value(times(*draw[:4]), times(*draw[4:]))[0] <= 2 / 70 + 1e-9
    # p values of 8 distinct times come in steps: at most 2/70 of the orders are that extreme.
    inside = stats.binom.interval(0.99, 1000, 2 / 70)
    assert inside[0] <= low <= inside[1]


@pytest.mark.parametrize("cells", [3, 10])
def test_the_interval_of_the_median_has_the_confidence_that_it_states(cells):
    """400 groups without censoring, seeds fixed; judged by the exact 99 % binomial band."""
    true, held = np.log(2.0), 0
    for seed in range(400):
        low, high = kaplan_meier(times(*np.random.default_rng(seed).exponential(1.0, cells))).interval
        held += low <= true and (high is None or true < high)
    band = stats.binom.interval(0.99, 400, median_confidence(cells))
    assert band[0] <= held <= band[1]


def test_the_stated_confidence_by_hand():
    # From the first of three times on: not all three are later than the median.
    assert median_confidence(3) == pytest.approx(1 - 1 / 8)
    assert median_confidence(1) == pytest.approx(1 / 2)
    assert min(median_confidence(n) for n in range(4, 41)) > 0.92


def test_a_group_without_events_has_a_bound_only_with_six_cells():
    assert kaplan_meier(times(*[-9.0] * 5)).interval == (0.0, None)
    six = kaplan_meier(times(*[-9.0] * 5, -7.0), quantity="hysteresis_onset_time")
    assert six.interval == (7.0, None)
    found = six.estimate
    assert (found.value, found.censored, found.censored_by, found.interval_kind) == (
        None,
        "right",
        "end of test",
        "censoring",
    )


def test_dates_that_are_intervals_widen_that_of_the_median():
    sharp, wide = kaplan_meier(times(*range(10, 22))), kaplan_meier(times(*range(10, 22), width=2.0))
    assert wide.median == sharp.median
    assert wide.interval == (sharp.interval[0] - 2.0, sharp.interval[1] + 2.0)


def test_a_hard_short_censors_the_onset():
    short = happened("time_to_short_circuit", 40.0)
    cells = [
        [censored("hysteresis_onset_time", 40.0, "short_circuit"), short],
        # Too few cycles before the short for an early level: neither value nor bound.
        [Estimate("hysteresis_onset_time", None, "s", "onset"), happened("time_to_short_circuit", 20.0)],
        [happened("hysteresis_onset_time", 100.0), censored("time_to_short_circuit", 200.0)],
    ]
    result = analyse_survival({"foil": cells})
    (curve,) = result.curves
    assert [(t.time, t.happened, t.ended_by) for t in curve.times] == [
        (20.0, False, "short_circuit"),
        (40.0, False, "short_circuit"),
        (100.0, True, "hysteresis_onset_time"),
    ]
    assert "LI-W-ANA-082" in codes(result.warnings)
    combined = analyse_survival({"foil": cells}, quantity="failure").curves[0]
    assert [(t.time, t.ended_by) for t in combined.times] == [
        (20.0, "time_to_short_circuit"),
        (40.0, "time_to_short_circuit"),
        (100.0, "hysteresis_onset_time"),
    ]
    assert combined.estimate is None
    assert "the first of 2 event(s)" in combined.definition


def test_the_first_failure_reaches_back_to_where_another_was_last_watched():
    # A run above the threshold was cut off at 80: the onset may have come before the short at 90.
    found = first_failure([censored("hysteresis_onset_time", 80.0), happened("time_to_short_circuit", 90.0, 1.0)])
    assert (found.time, found.earliest, found.latest) == (90.0, 80.0, 91.0)
    neither = first_failure([censored("hysteresis_onset_time", 80.0), censored("time_to_short_circuit", 90.0)])
    assert (neither.time, neither.happened) == (80.0, False)
    assert first_failure([Estimate("hysteresis_onset_time", None, "s", "onset")]) is None


def test_a_cell_without_value_and_bound_is_left_out_and_named():
    nothing = [Estimate("hysteresis_onset_time", None, "s", "onset")]
    result = analyse_survival({"foil": [nothing, [happened("hysteresis_onset_time", 5.0)]]})
    assert result.left_out == ("foil, cell 1",)
    assert "LI-W-ANA-081" in codes(result.warnings)
    with pytest.raises(AnalysisError, match="no cell has a time"):
        analyse_survival({"foil": [nothing]})


def test_only_the_interval_of_a_cell_itself_dates_it():
    of_ensemble = Estimate("cycle_life", 100.0, "1", "life", interval=(50.0, 200.0), interval_kind="posterior")
    assert survival_time(of_ensemble).earliest == 100.0
    assert survival_time(happened("hysteresis_onset_time", 10.0, 2.0)).earliest == 8.0


def test_what_is_no_event_is_refused():
    with pytest.raises(AnalysisError, match="hysteresis_onset_time"):
        analyse_survival({}, quantity="hysteresis_onset")


def test_the_result_is_plain_and_its_tables_have_units():
    result = compared({"short": times(1, 2, -3), "long": times(10, 11, 12)})
    json.dumps(result.to_dict(), allow_nan=False)
    tables = result.tables()
    assert {len(values) for values, _ in tables["survival"].values()} == {6}
    assert tables["survival"]["time"][1] == "s"
    assert tables["survival_times"]["happened"][0].tolist() == [True, True, False, True, True, True]


def test_records_of_replicates_from_end_to_end(square_cell, make_record):
    """Five cells whose level steps up to twice at known cycles; two run to the end of their test."""
    steps = {"early": (30, 34, 38), "late": (44, None, None)}
    cells = {}
    for anode, onsets in steps.items():
        cells[anode] = []
        for onset in onsets:

            def shape(share, half, onset=onset):
                return np.ones_like(share) if onset is None else np.where(half >= 2 * onset, 2.0, 1.0)

            record = make_record(*square_cell(half_cycles=120).arrays(shape))
            cells[anode].append(list(analyse(record).estimates()))
    result = analyse_survival(cells)
    early, late = result.curves
    assert [t.time / HOUR for t in early.times] == pytest.approx([2.0 * onset for onset in steps["early"]], abs=0.02)
    assert (late.events, late.cells) == (1, 3)
    assert late.times[-1].time / HOUR == pytest.approx(120.0, abs=0.02)
    assert early.estimate.to("h") == pytest.approx(68.0, abs=0.02)
    (pair,) = result.comparisons
    extreme = [sum(scores) for scores in combinations(_scores(early, late), 3)]
    known = np.mean(np.abs(extreme) >= abs(sum(_scores(early, late)[:3])) - 1e-9)
    assert pair.p_value == pytest.approx(known)


def _scores(one, other):
    both = [*one.times, *other.times]
    return log_rank_scores(np.array([t.time for t in both]), np.array([t.happened for t in both]))
