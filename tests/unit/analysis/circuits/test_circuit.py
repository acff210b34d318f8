"""Strings of circuits, their impedance and derivatives."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lithiate.analysis.circuits import LIBRARY, library_circuit, parse_circuit
from lithiate.analysis.circuits.circuit import DEEPEST, EXAMPLE, MOST_PARAMETERS, Leaf, Parallel, Series
from lithiate.errors import AnalysisError
from lithiate.formulas.elements import ELEMENTS

FREQUENCY = np.logspace(-2, 5, 15)
W = 2 * np.pi * FREQUENCY


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("R", "R1"),
        ("  R - p( R ,CPE )-W ", "R1-p(R2,CPE1)-W1"),
        ("R-p(R,CPE)-p(R,CPE)-W", "R1-p(R2,CPE1)-p(R3,CPE2)-W1"),
        ("R0-p(R1,CPE1)-Wo7", "R0-p(R1,CPE1)-Wo7"),
        ("R2-R1", "R2-R1"),
        ("p(R-p(R-W,C),CPE,L)", "p(R1-p(R2-W1,C1),CPE1,L1)"),
        ("p(p(R,C),R)", "p(p(R1,C1),R2)"),
        ("TLM-TLMo-ZARC-G-Ws", "TLM1-TLMo1-ZARC1-G1-Ws1"),
    ],
)
def test_strings_are_read_and_numbered(text, printed):
    circuit = parse_circuit(text)
    assert str(circuit) == printed
    assert str(parse_circuit(printed)) == printed


def test_parameters_stand_in_the_order_of_the_text():
    circuit = parse_circuit("R-p(TLM,CPE)-R")
    assert circuit.names == (
        "R1.resistance",
        "TLM1.line_resistance",
        "TLM1.surface_resistance",
        "TLM1.time_constant",
        "TLM1.exponent",
        "CPE1.coefficient",
        "CPE1.exponent",
        "R2.resistance",
    )
    np.testing.assert_array_equal(circuit.scales, [1, 1, 1, 0, 0, -1, 0, 1])


def test_the_tree_is_what_the_text_says():
    root = parse_circuit("R-p(R-W,CPE)").root
    assert isinstance(root, Series)
    first, second = root.parts
    assert isinstance(first, Leaf)
    assert isinstance(second, Parallel)
    assert isinstance(second.parts[0], Series)
    assert [leaf.label for leaf in root.leaves()] == ["R1", "R2", "W1", "CPE1"]
    assert second.rows == slice(1, 5)


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", 1, "missing"),
        ("   ", 4, "missing"),
        ("-R", 1, "missing"),
        ("R-", 3, "missing"),
        ("R--C", 3, "missing"),
        ("R-  X", 5, "no element 'X'"),
        ("R-p(R,QPE)", 7, "no element 'QPE'"),
        ("r", 1, "no element 'r'"),
        ("R-P(R,C)", 3, "no element 'P'"),
        ("RC", 1, "no element 'RC'"),
        ("p1(R,C)", 1, "no element 'p'"),
        ("p(R)", 4, "one branch"),
        ("p()", 3, "missing"),
        ("p(R,)", 5, "missing"),
        ("p(,R)", 3, "missing"),
        ("p(R,C", 6, "not closed"),
        ("R-p(R,C)-p(R,C", 15, "not closed"),
        ("p(R;C)", 4, "not closed"),
        ("R,C", 2, "goes on"),
        ("R)", 2, "goes on"),
        ("R R", 3, "goes on"),
        ("(R-C)", 1, "missing"),
        ("R+C", 2, "goes on"),
        ("R1-C", 4, "no number"),
        ("R-C1", 1, "no number"),
        ("R1-R1", 4, "stands twice"),
        ("R1.5", 3, "goes on"),
    ],
)
def test_what_is_no_circuit_is_refused_with_its_place(text, place, what):
    with pytest.raises(AnalysisError, match=what) as caught:
        parse_circuit(text)
    assert caught.value.code == "LI-ANA-002"
    assert f"character {place}:" in str(caught.value)
    assert repr(text) in str(caught.value)


def test_the_nearest_element_is_named():
    with pytest.raises(AnalysisError) as caught:
        parse_circuit("R-p(R,CPF)")
    assert caught.value.nearest == "CPE"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("R-P(R,C)", "R-p(R,C)"),
        ("R-(R,C)", "R-p(R,C)"),
        ("R|C", "p(R,C)"),
        ("R-R||C-W", "R-p(R,C)-W"),
        ("R-(R;CPE)", "R-p(R,CPE)"),
        ("R0-p(R1;C1)", "R0-p(R1,C1)"),
    ],
)
def test_other_ways_to_write_side_by_side_are_understood_but_not_taken(text, meant):
    with pytest.raises(AnalysisError, match="side by side") as caught:
        parse_circuit(text)
    assert caught.value.nearest == meant
    parse_circuit(meant)


def test_a_large_p_is_told_where_the_rest_is_wrong_too():
    with pytest.raises(AnalysisError, match="small p") as caught:
        parse_circuit("R-P(R,C")
    assert caught.value.nearest == "p"


@pytest.mark.parametrize("text", ["R-(R,C)", "R|C", "R0-p(R;C)", "R-p(R", "R-(R", "R/C)"])
def test_what_is_no_circuit_is_answered_with_an_example(text):
    with pytest.raises(AnalysisError, match=re.escape(EXAMPLE)):
        parse_circuit(text)
    parse_circuit(EXAMPLE)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("Randels", "Randles"), ("two arc", "two arcs"), (" one arc diffusion", "one arc, diffusion"), ("CPF", "CPE")],
)
def test_a_word_near_a_name_of_the_library_is_answered_with_that_name(text, nearest):
    with pytest.raises(AnalysisError) as caught:
        parse_circuit(text)
    assert caught.value.nearest == nearest
    if nearest in {named.name for named in LIBRARY}:
        assert library_circuit(nearest).text in str(caught.value)


def test_a_name_of_the_library_is_answered_with_its_circuit():
    with pytest.raises(AnalysisError, match="names a circuit of the library") as caught:
        parse_circuit("two arcs")
    assert caught.value.nearest == library_circuit("two arcs").text


def test_endless_circuits_are_refused():
    most = "-".join(["R"] * MOST_PARAMETERS)
    assert len(parse_circuit(most).names) == MOST_PARAMETERS
    with pytest.raises(AnalysisError, match=f"{MOST_PARAMETERS + 1} parameters"):
        parse_circuit(most + "-R")
    for depth in (DEEPEST + 1, 5000):
        with pytest.raises(AnalysisError, match="inside one another"):
            parse_circuit("p(" * depth + "R" + ",C)" * depth)
    parse_circuit("p(" * DEEPEST + "R" + ",C)" * DEEPEST)
    # Side by side is not inside one another.
    parse_circuit("-".join(["p(p(R,L),R)"] * 13))


@given(st.text(alphabet="RCLWp(),-0123 PEZAosTMG", max_size=25))
def test_any_text_is_a_circuit_or_refused(text):
    refused = None
    try:
        printed = str(parse_circuit(text))
    except AnalysisError as error:
        refused = error.code
    if refused is None:
        assert str(parse_circuit(printed)) == printed
    else:
        assert refused == "LI-ANA-002"


def test_impedance_by_hand():
    resistance, capacitance, series, inductance = 50.0, 1e-5, 3.0, 1e-6
    found = parse_circuit("L-R-p(R,C)").impedance(FREQUENCY, [inductance, series, resistance, capacitance])
    by_hand = 1j * W * inductance + series + resistance / (1 + 1j * W * resistance * capacitance)
    np.testing.assert_allclose(found, by_hand, rtol=1e-14)
    found = parse_circuit("R-p(R-W,C)").impedance(FREQUENCY, [series, resistance, 8.0, capacitance])
    faradaic = resistance + 8.0 * (1 - 1j) / np.sqrt(W)
    np.testing.assert_allclose(found, series + 1 / (1 / faradaic + 1j * W * capacitance), rtol=1e-14)
    found = parse_circuit("p(R,C,L)").impedance(FREQUENCY, [resistance, capacitance, inductance])
    np.testing.assert_allclose(
        found, 1 / (1 / resistance + 1j * W * capacitance + 1 / (1j * W * inductance)), rtol=1e-13
    )


@pytest.mark.parametrize(
    ("frequency", "values", "what"),
    [
        ([1.0], [5.0], "do not fit"),
        ([1.0], [5.0, 1.0, 2.0], "do not fit"),
        ([1.0], 5.0, "do not fit"),
        ([1.0], [[[5.0, 1.0]]], "do not fit"),
        ([0.0, 1.0], [5.0, 1.0], "not above 0"),
        ([-1.0], [5.0, 1.0], "not above 0"),
        ([np.nan], [5.0, 1.0], "not above 0"),
    ],
)
def test_values_and_frequencies_that_do_not_fit_are_refused(frequency, values, what):
    with pytest.raises(AnalysisError, match=what) as caught:
        parse_circuit("R-C").impedance(frequency, values)
    assert caught.value.code == "LI-ANA-001"


@st.composite
def trees(draw, depth=3):
    """A circuit as nested lists: a symbol, ["-", ...] or ["p", ...]."""
    kind = draw(st.sampled_from(["leaf", "leaf", "series", "parallel"])) if depth else "leaf"
    if kind == "leaf":
        return draw(st.sampled_from(sorted(ELEMENTS)))
    inner = draw(st.lists(trees(depth=depth - 1), min_size=2, max_size=3))
    return ["-" if kind == "series" else "p", *inner]


def text_of(tree):
    if isinstance(tree, str):
        return tree
    inner = [text_of(branch) for branch in tree[1:]]
    return "-".join(inner) if tree[0] == "-" else f"p({','.join(inner)})"


def symbols_of(tree):
    return [tree] if isinstance(tree, str) else [symbol for branch in tree[1:] for symbol in symbols_of(branch)]


def impedance_of(tree, values):
    """Impedance from the declared formulas, one element after the other; takes from `values`."""
    if isinstance(tree, str):
        element = ELEMENTS[tree]
        known = {p.symbol: values.pop(0) for p in element.parameters}
        return eval(element.formula, {"sqrt": np.sqrt, "exp": np.exp, "tanh": np.tanh, "w": W} | known)
    inner = [impedance_of(branch, values) for branch in tree[1:]]
    return sum(inner) if tree[0] == "-" else 1 / sum(1 / each for each in inner)


def values_for(symbols, seed):
    draw = np.random.default_rng(seed)
    found = []
    for symbol in symbols:
        element = ELEMENTS[symbol]
        for parameter, value in zip(element.parameters, element.at_unit(10 ** draw.uniform(-4, 1)), strict=True):
            exponent = parameter.name == "exponent"
            found.append(draw.uniform(0.5, 1.0) if exponent else value * 10 ** draw.uniform(-1, 1))
    return np.array(found)


few = trees().filter(lambda tree: sum(len(ELEMENTS[s].parameters) for s in symbols_of(tree)) <= MOST_PARAMETERS)


@settings(deadline=None)
@given(few, st.integers(0, 2**32 - 1))
def test_random_circuits_are_what_their_formulas_say(tree, seed):
    circuit = parse_circuit(text_of(tree))
    values = values_for(symbols_of(tree), seed)
    found = circuit.impedance(FREQUENCY, values)
    np.testing.assert_allclose(found, impedance_of(tree, list(values)), rtol=1e-9)
    again = parse_circuit(str(circuit))
    assert again.names == circuit.names
    np.testing.assert_array_equal(again.impedance(FREQUENCY, values), found)


@settings(deadline=None)
@given(few, st.integers(0, 2**32 - 1))
def test_derivatives_of_random_circuits_are_those_of_central_differences(tree, seed):
    circuit = parse_circuit(text_of(tree))
    values = values_for(symbols_of(tree), seed)
    impedance, slopes = circuit.response(W[None], np.log(1j * W[None]), values[None])
    size = np.abs(impedance[0])
    step = 1e-4
    for k, value in enumerate(values):
        moves = np.repeat(values[None], 4, axis=0)
        moves[:, k] *= 1 + step * np.array([1, -1, 2, -2])
        one, other, far, far_other = circuit.impedance(FREQUENCY, moves)
        # Of fourth order in the step.
        difference = (8 * (one - other) - (far - far_other)) / (12 * step)
        np.testing.assert_array_less(np.abs(slopes[0, k] * value - difference), 1e-7 * size)


@settings(deadline=None)
@given(few)
def test_many_at_once_are_those_one_by_one(tree):
    circuit = parse_circuit(text_of(tree))
    sets = np.array([values_for(symbols_of(tree), seed) for seed in range(5)])
    together = circuit.impedance(FREQUENCY, sets)
    assert together.shape == (5, FREQUENCY.size)
    for one, values in zip(together, sets, strict=True):
        np.testing.assert_allclose(one, circuit.impedance(FREQUENCY, values), rtol=1e-13)


def test_sets_may_have_frequencies_of_their_own():
    circuit = parse_circuit("R-p(R,CPE)-Ws")
    sets = np.array([values_for(["R", "R", "CPE", "Ws"], seed) for seed in range(3)])
    own = W[None] * np.array([[1.0], [3.0], [0.1]])
    together, slopes = circuit.response(own, np.log(1j * own), sets)
    for k in range(3):
        one, its_slopes = circuit.response(own[k : k + 1], np.log(1j * own[k : k + 1]), sets[k : k + 1])
        np.testing.assert_allclose(together[k], one[0], rtol=1e-14)
        np.testing.assert_allclose(slopes[k], its_slopes[0], rtol=1e-13)


def test_impedance_scales_as_the_parameters_say():
    circuit = parse_circuit("L-R-p(R,CPE)-p(TLM,C)-TLMo-Wo-G-W-Ws-ZARC")
    values = values_for([leaf.element.symbol for leaf in circuit.root.leaves()], 0)
    larger = values * 1e6**circuit.scales
    np.testing.assert_allclose(
        circuit.impedance(FREQUENCY, larger), 1e6 * circuit.impedance(FREQUENCY, values), rtol=1e-11
    )
