"""Elements: limits derived by hand, derivatives at the far ends, registration, other people's formulas."""

from __future__ import annotations

import importlib.util
import sys
import types

import numpy as np
import pytest
from attrs import evolve

from lithiate.errors import DataError
from lithiate.formulas import circuit as formulas
from lithiate.formulas import elements
from lithiate.formulas.elements import ELEMENTS, Element, ElementParameter, find_element, register

RESISTANCE, TIME = 7.0, 0.02
EXTENDED = np.finfo(np.longdouble).eps < 1e-18


def respond(symbol, frequency, *values):
    """Impedance and derivatives, with w = `frequency`."""
    w = np.atleast_2d(np.asarray(frequency, dtype=float))
    impedance, slopes = ELEMENTS[symbol].response(w, np.log(1j * w), *(np.array([[value]]) for value in values))
    # What does not depend on the frequency may come as one number.
    return np.broadcast_to(impedance, w.shape)[0], [np.broadcast_to(slope, w.shape)[0] for slope in slopes]


def impedance(symbol, frequency, *values):
    return respond(symbol, frequency, *values)[0]


SLOW, FAST = np.array([1e-7, 1e-5]), np.array([1e9, 1e11])
LIMITS = {
    # symbol: (parameters, as w -> 0, as w -> infinity), by hand; relative errors are of the order (w T)^n.
    "Ws": ((RESISTANCE, TIME), lambda w: RESISTANCE + 0 * w, lambda w: RESISTANCE / np.sqrt(1j * w * TIME)),
    "Wo": (
        (RESISTANCE, TIME),
        lambda w: RESISTANCE / (1j * w * TIME) + RESISTANCE / 3,
        lambda w: RESISTANCE / np.sqrt(1j * w * TIME),
    ),
    "G": ((RESISTANCE, TIME), lambda w: RESISTANCE + 0 * w, lambda w: RESISTANCE / np.sqrt(1j * w * TIME)),
    "ZARC": ((RESISTANCE, TIME, 0.9), lambda w: RESISTANCE + 0 * w, lambda w: RESISTANCE / (1j * w * TIME) ** 0.9),
}


@pytest.mark.parametrize("symbol", LIMITS)
def test_low_and_high_frequencies_approach_the_limits_derived_by_hand(symbol):
    values, slow, fast = LIMITS[symbol]
    np.testing.assert_allclose(impedance(symbol, SLOW, *values), slow(SLOW), rtol=3e-6)
    np.testing.assert_allclose(impedance(symbol, FAST, *values), fast(FAST), rtol=3e-7)


def test_diffusion_towards_a_wall_is_a_capacitor_and_a_third_of_the_resistance():
    w = np.array([1e-2])
    rest = impedance("Wo", w, RESISTANCE, TIME) - RESISTANCE / (1j * w * TIME)
    # The next term of u coth u is -u^4/45.
    np.testing.assert_allclose(rest, RESISTANCE / 3 - RESISTANCE * 1j * w * TIME / 45, rtol=1e-8)


def test_a_short_porous_electrode_is_its_wall_and_a_third_of_its_line():
    line, surface = 1e-3, 50.0
    w = np.logspace(-3, 3, 13)
    wall = surface / (1 + (1j * w * TIME) ** 0.8)
    found = impedance("TLM", w, line, surface, TIME, 0.8)
    np.testing.assert_allclose(found - wall, line / 3 + 0j * w, rtol=1e-4)
    coefficient = 1e-4
    blocking = 1 / (coefficient * (1j * w) ** 0.8)
    found = impedance("TLMo", w, line, coefficient, 0.8)
    np.testing.assert_allclose(found - blocking, line / 3 + 0j * w, rtol=1e-4)


def test_a_long_porous_electrode_is_the_geometric_mean_of_line_and_wall():
    line, surface = 5e4, 2.0
    w = np.logspace(-3, 3, 13)
    wall = surface / (1 + (1j * w * TIME) ** 0.8)
    np.testing.assert_allclose(impedance("TLM", w, line, surface, TIME, 0.8), np.sqrt(line * wall), rtol=1e-12)
    fast = np.array([1e8])
    np.testing.assert_allclose(
        impedance("TLMo", fast, 40.0, 1e-2, 0.8), np.sqrt(40.0 / (1e-2 * (1j * fast) ** 0.8)), rtol=1e-12
    )


def test_at_zero_frequency_the_porous_electrode_is_a_ladder_of_resistors():
    """Rungs of a ladder, summed from the closed end; the middle of a rung carries its wall: of second order."""
    line, surface, rungs = 30.0, 12.0, 50_000
    total = surface * rungs + line / rungs / 2
    for _ in range(rungs - 1):
        total += line / rungs / 2
        total = 1 / (1 / total + 1 / (surface * rungs))
        total += line / rungs / 2
    found = impedance("TLM", [1e-12], line, surface, 1.0, 1.0)[0]
    assert found.real == pytest.approx(total, rel=1e-8)


def test_forty_five_degrees():
    w = np.logspace(4, 8, 5)
    for found in (
        impedance("W", w, 3.0),
        impedance("Wo", w, 3.0, 100.0),
        impedance("Ws", w, 3.0, 100.0),
    ):
        np.testing.assert_allclose(np.angle(found, deg=True), -45.0, atol=1e-6)
    np.testing.assert_allclose(np.angle(impedance("CPE", w, 1e-3, 0.7), deg=True), -63.0, atol=1e-9)
    np.testing.assert_allclose(np.angle(impedance("CPE", w, 1e-3, 1.0), deg=True), -90.0, atol=1e-9)


def test_special_cases_of_one_another():
    w = np.logspace(-3, 6, 19)
    np.testing.assert_allclose(impedance("CPE", w, 1e-4, 1.0), impedance("C", w, 1e-4), rtol=1e-13)
    # A W of the coefficient A is a CPE of Q = 1/(A sqrt 2), n = 1/2.
    np.testing.assert_allclose(impedance("W", w, 3.0), impedance("CPE", w, 1 / (3 * np.sqrt(2)), 0.5), rtol=1e-13)
    arc = 1 / (1 / impedance("R", w, 20.0) + 1 / impedance("CPE", w, 1e-3, 0.8))
    np.testing.assert_allclose(impedance("ZARC", w, 20.0, (20.0 * 1e-3) ** (1 / 0.8), 0.8), arc, rtol=1e-13)
    # A wall without resistance of its own to leave by: TLM of a large S is TLMo of Q = T^n/S.
    large = 1e17
    np.testing.assert_allclose(
        impedance("TLM", w, 20.0, large, (large * 1e-3) ** (1 / 0.8), 0.8),
        impedance("TLMo", w, 20.0, 1e-3, 0.8),
        rtol=1e-9,
    )


def test_agreement_with_the_formulas_of_the_twin():
    w = np.logspace(-3, 6, 19)
    np.testing.assert_allclose(
        impedance("ZARC", w, 20.0, 1e-3, 0.8), formulas.depressed_arc(w, 20.0, 1e-3, 0.8), rtol=1e-13
    )
    np.testing.assert_allclose(
        impedance("Ws", w, 20.0, 1e-3), formulas.finite_length_diffusion(w, 20.0, 1e-3), rtol=1e-13
    )
    arc = 1 / (1 / impedance("R", w, 20.0) + 1 / impedance("C", w, 1e-3))
    np.testing.assert_allclose(arc, formulas.parallel_resistor_capacitor(w, 20.0, 1e-3), rtol=1e-13)
    wall = formulas.depressed_arc(w, 30.0, 1e-2, 0.9)
    np.testing.assert_allclose(
        impedance("TLM", w, 20.0, 30.0 / 4.0, 1e-2, 0.9), formulas.porous_line(wall, 4.0, 20.0), rtol=1e-12
    )


def extended_formula(element, values, w):
    """The declared formula in extended precision, if the machine has it."""
    known = {name: getattr(np, name) for name in ("sqrt", "exp", "tanh")}
    known |= {"w": w} | dict(zip((p.symbol for p in element.parameters), values, strict=True))
    text = element.formula.replace("1j", "unit")
    return eval(text, known | {"unit": np.clongdouble(1j)})


def far_values(element, time_constant, size, exponent, ratio):
    values = [
        exponent if parameter.name == "exponent" else value * size**parameter.scale
        for parameter, value in zip(element.parameters, element.at_unit(time_constant), strict=True)
    ]
    return [values[0] * ratio, *values[1:]] if element.symbol == "TLM" else values


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_at_the_far_ends_nothing_overflows_and_digits_stay(symbol):
    """Impedance to 1e-11 and p dZ/dp to 1e-11 |Z|, for w T from 1e-22 to 1e25, against extended precision."""
    element = ELEMENTS[symbol]
    w = np.array([1e-4, 1.0, 1e4, 1e7])
    turns = np.exp(2j * np.pi * np.arange(8) / 8).astype(np.clongdouble)
    for time_constant in (1e-18, 1e-9, 1e-3, 1.0, 1e3, 1e9, 1e18):
        for size, exponent, ratio in ((1e-6, 0.3, 1e-12), (1.0, 0.85, 1.0), (1e6, 1.0, 1e12)):
            values = far_values(element, time_constant, size, exponent, ratio)
            got, slopes = respond(symbol, w, *values)
            with np.errstate(over="ignore", invalid="ignore"):
                exact = extended_formula(element, [np.longdouble(v) for v in values], w.astype(np.longdouble))
            scale = np.abs(got)
            assert np.isfinite(got).all()
            assert np.isfinite(slopes).all()
            np.testing.assert_array_less(np.abs(got - exact), 1e-11 * scale)
            if not EXTENDED:
                continue
            for k, value in enumerate(values):
                moved = np.longdouble(value) * (1 + np.longdouble(1e-3) * turns)
                around = [
                    extended_formula(
                        element, [*map(np.longdouble, values[:k]), m, *map(np.longdouble, values[k + 1 :])], w
                    )
                    for m in moved
                ]
                derivative = sum(a / t for a, t in zip(around, turns, strict=True)) / (8 * np.longdouble(1e-3))
                np.testing.assert_array_less(np.abs(slopes[k] * value - derivative), 1e-11 * scale)


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_passive_elements_do_not_give_energy(symbol):
    element = ELEMENTS[symbol]
    w = np.logspace(-6, 8, 57)
    for time_constant in (1e-9, 1e-3, 1e3):
        found = impedance(symbol, w, *element.at_unit(time_constant))
        assert (found.real >= -1e-12 * np.abs(found)).all()
        if symbol == "L":
            assert (found.imag > 0.0).all()
        else:
            assert (found.imag <= 0.0).all()


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_of_unit_size_at_its_time_constant(symbol):
    """`at_unit` sets up starts: its impedance at w = 1/t is within a factor of 3 of 1 ohm."""
    for time_constant in (1e-6, 1e-2, 1e2):
        size = abs(impedance(symbol, [1 / time_constant], *ELEMENTS[symbol].at_unit(time_constant))[0])
        assert 1 / 3 < size < 3


@pytest.mark.parametrize("symbol", ELEMENTS)
def test_scale_says_how_a_parameter_goes_with_the_size(symbol):
    element = ELEMENTS[symbol]
    w = np.logspace(-2, 5, 8)
    values = element.at_unit(1e-2)
    larger = [value * 1e4**p.scale for value, p in zip(values, element.parameters, strict=True)]
    np.testing.assert_allclose(impedance(symbol, w, *larger), 1e4 * impedance(symbol, w, *values), rtol=1e-12)


@pytest.fixture
def registry(monkeypatch):
    """The elements, to be left as they were."""
    monkeypatch.setattr(elements, "ELEMENTS", dict(ELEMENTS))
    return elements.ELEMENTS


def leaky(w, log_iw, conductance):
    one = 1.0 + 0j * w * conductance
    return one / conductance, (-one / conductance**2,)


LEAK = Element(
    "Leak",
    "conductor",
    (ElementParameter("conductance", "g", "S", scale=-1),),
    "1/g + 0*w",
    leaky,
    lambda t: (1.0,),
)


def test_an_element_that_does_what_it_says_is_registered(registry):
    register(LEAK)
    assert registry["Leak"] is LEAK
    assert find_element("Leak") is LEAK


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"formula": "1/g + 1e-6*w/g"}, "impedance"),
        ({"formula": "1.0000001/g + 0*w"}, "impedance"),
        ({"response": lambda w, s, g: (leaky(w, s, g)[0], (leaky(w, s, g)[1][0] * (1 + 1e-6),))}, "derivative after g"),
        ({"response": lambda w, s, g: (leaky(w, s, g)[0], (-leaky(w, s, g)[1][0],))}, "derivative after g"),
        ({"response": lambda w, s, g: (leaky(w, s, g)[0] * np.nan, leaky(w, s, g)[1])}, "impedance"),
        ({"response": lambda w, s, g: (leaky(w, s, g)[0], (leaky(w, s, g)[1][0] * np.nan,))}, "derivative after g"),
        ({"response": lambda w, s, g: (leaky(w, s, g)[0], ())}, "derivative is missing"),
        ({"symbol": "ZARC"}, "symbol of its own"),
        ({"symbol": "p"}, "symbol of its own"),
        ({"symbol": "Q1"}, "symbol of its own"),
        ({"symbol": ""}, "symbol of its own"),
        ({"symbol": "Ω"}, "symbol of its own"),
    ],
)
def test_registration_refuses_what_is_not_as_declared(registry, change, what):
    before = dict(registry)
    with pytest.raises(DataError, match=what) as caught:
        register(evolve(LEAK, **change))
    assert caught.value.code == "LI-DATA-001"
    assert registry == before


def test_an_unknown_element_is_named_with_its_nearest():
    with pytest.raises(DataError, match="ZARQ") as caught:
        find_element("ZARQ")
    assert caught.value.nearest == "ZARC"


def test_declarations_are_complete():
    for symbol, element in ELEMENTS.items():
        assert element.title
        assert symbol == element.symbol
        assert len({p.name for p in element.parameters}) == len(element.parameters)
        for parameter in element.parameters:
            assert parameter.symbol in element.formula
            assert parameter.scale in (-1, 0, 1)
            assert 0.0 < parameter.limits[0] < parameter.limits[1]


@pytest.mark.filterwarnings("ignore")
def test_agreement_with_impedance_py(monkeypatch):
    if importlib.util.find_spec("pandas") is None:
        # impedance.py 1.7.1 imports it for its figures, and does not declare it.
        monkeypatch.setitem(sys.modules, "pandas", types.ModuleType("pandas"))
    theirs = pytest.importorskip("impedance.models.circuits.elements")
    frequency = np.logspace(-3, 5, 17)
    w = 2 * np.pi * frequency
    pairs = {
        "R": ([7.0], theirs.R, [7.0]),
        "C": ([1e-3], theirs.C, [1e-3]),
        "L": ([1e-6], theirs.L, [1e-6]),
        "W": ([3.0], theirs.W, [3.0]),
        "Wo": ([7.0, 0.5], theirs.Wo, [7.0, 0.5]),
        "Ws": ([7.0, 0.5], theirs.Ws, [7.0, 0.5]),
        "CPE": ([1e-3, 0.8], theirs.CPE, [1e-3, 0.8]),
        "G": ([7.0, 0.5], theirs.G, [7.0, 0.5]),
        "ZARC": ([7.0, 0.5, 0.8], theirs.Zarc, [7.0, 0.5, 0.8]),
        # T(A, B, a, b) = A coth(x)/x + B/(x sinh x), x = sqrt(a + b i w): B = 0 leaves a porous electrode of R = A.
        "TLM": ([7.0, 3.5, 0.5, 1.0], theirs.T, [7.0, 0.0, 2.0, 1.0]),
        # R_ion, Q_s, n.
        "TLMo": ([7.0, 0.02, 0.8], theirs.TLMQ, [7.0, 0.02, 0.8]),
    }
    assert set(pairs) == set(ELEMENTS)
    for symbol, (values, peer, its_values) in pairs.items():
        its = np.asarray(peer(its_values, list(frequency)))
        np.testing.assert_allclose(impedance(symbol, w, *values), its, rtol=1e-10, err_msg=symbol)
