"""Circuit elements, each declared with its formula, its parameters, its limits and its analytic derivatives.

`register` compares the code of an element with the formula that it declares, and the derivatives with those of the
formula by contour integration: an element that does not do what it says cannot be registered.

Resistances may be those of a cell (ohm) or per area (ohm m2); all other units follow. Im Z < 0 is capacitive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from lithiate.errors import DataError, nearest_match
from lithiate.formulas.circuit import ComplexArray, FloatArray

Array = NDArray[Any]
Response = tuple[Array, tuple[Array, ...]]
"""An impedance and its derivative after each parameter, complex128."""

EXPONENT = (0.3, 1.0)
"""Limits of the exponent of a constant-phase element."""

_CHECKED_AT = np.logspace(-3.0, 5.0, 9)
_AGREEMENT = 1e-8


@frozen
class ElementParameter:
    """A parameter of an element.

    Parameters
    ----------
    name : str
        In words, as results show it: ``resistance``.
    symbol : str
        As the formula of the element has it: ``R``.
    unit : str
        For impedances in ohm.
    scale : {-1, 0, 1}
        Power by which the parameter goes with the size of the impedance: 1 for a resistance, -1 for a capacitance, 0
        for a time constant or an exponent.
    limits : (float, float)
        Beyond which a value makes no sense.
    """

    name: str
    symbol: str
    unit: str
    scale: int = 0
    limits: tuple[float, float] = (1e-18, 1e18)


@frozen
class Element:
    """An element of a circuit.

    Parameters
    ----------
    symbol : str
        As strings of circuits have it: letters.
    title : str
    parameters : tuple of ElementParameter
    formula : str
        Of the impedance, in the parameters' symbols and the angular frequency ``w``, with numpy's ``sqrt``, ``exp``,
        ``tanh``; ``1j`` is the imaginary unit.
    response : callable
        (w, log_iw, *parameters) -> impedance and its derivatives, each of a shape that broadcasts to (m, n). ``w``
        [rad/s] and ``log_iw = ln(i w)`` have the shape (1, n) or (m, n), parameters (m, 1).
    at_unit : callable
        time constant [s] -> parameters of an element that has an impedance of about 1 ohm at that time constant.
    source : str
    """

    symbol: str
    title: str
    parameters: tuple[ElementParameter, ...]
    formula: str
    response: Callable[..., Response]
    at_unit: Callable[[float], tuple[float, ...]]
    source: str = field(default="")


def _resistor(w: FloatArray, log_iw: ComplexArray, resistance: FloatArray) -> Response:
    return resistance + 0j, (np.ones((1, 1)),)


def _inductor(w: FloatArray, log_iw: ComplexArray, inductance: FloatArray) -> Response:
    slope = 1j * w
    return inductance * slope, (slope,)


def _capacitor(w: FloatArray, log_iw: ComplexArray, capacitance: FloatArray) -> Response:
    impedance = -1j / (w * capacitance)
    return impedance, (-impedance / capacitance,)


def _power(log_iw: Array, exponent: Array) -> Array:
    """Return (i w)^n as w^n times a phase: a real exponential takes a fraction of a complex one's time."""
    return np.asarray(np.exp(exponent * log_iw.real) * np.exp(0.5j * np.pi * exponent))


def _constant_phase(w: FloatArray, log_iw: ComplexArray, coefficient: FloatArray, exponent: FloatArray) -> Response:
    impedance = _power(log_iw, -exponent) / coefficient
    fall = -impedance
    return impedance, (fall / coefficient, fall * log_iw)


def _arc(
    w: FloatArray, log_iw: ComplexArray, resistance: FloatArray, time_constant: FloatArray, exponent: FloatArray
) -> Response:
    logarithm = log_iw + np.log(time_constant)
    power = _power(logarithm, exponent)
    share = 1.0 / (1.0 + power)
    impedance = resistance * share
    fall = impedance * power * share
    return impedance, (share, -fall * (exponent / time_constant), -fall * logarithm)


def _warburg(w: FloatArray, log_iw: ComplexArray, coefficient: FloatArray) -> Response:
    slope = (1.0 - 1.0j) / np.sqrt(w)
    return coefficient * slope, (slope,)


def _hyperbolic(root: Array, ratio: Array) -> tuple[Array, Array]:
    """Return f = r(u)/u and u df/du for r = tanh or coth, both of which have r' = 1 - r^2."""
    quotient = ratio / root
    return quotient, (1.0 - ratio * ratio) - quotient


def _warburg_open(w: FloatArray, log_iw: ComplexArray, resistance: FloatArray, time_constant: FloatArray) -> Response:
    root = np.sqrt(1j * w * time_constant)
    shape, slope = _hyperbolic(root, 1.0 / np.tanh(root))
    return resistance * shape, (shape, resistance * slope / (2.0 * time_constant))


def _warburg_short(w: FloatArray, log_iw: ComplexArray, resistance: FloatArray, time_constant: FloatArray) -> Response:
    root = np.sqrt(1j * w * time_constant)
    shape, slope = _hyperbolic(root, np.tanh(root))
    return resistance * shape, (shape, resistance * slope / (2.0 * time_constant))


def _gerischer(w: FloatArray, log_iw: ComplexArray, resistance: FloatArray, time_constant: FloatArray) -> Response:
    inside = 1.0 + 1j * w * time_constant
    shape = 1.0 / np.sqrt(inside)
    impedance = resistance * shape
    return impedance, (shape, -0.5j * w * impedance / inside)


def _porous(
    w: FloatArray,
    log_iw: ComplexArray,
    line_resistance: FloatArray,
    surface_resistance: FloatArray,
    time_constant: FloatArray,
    exponent: FloatArray,
) -> Response:
    logarithm = log_iw + np.log(time_constant)
    power = _power(logarithm, exponent)
    root = np.sqrt(line_resistance / surface_resistance * (1.0 + power))
    shape, slope = _hyperbolic(root, 1.0 / np.tanh(root))
    half = 0.5 * line_resistance * slope
    rise = half * power / (1.0 + power)
    return line_resistance * shape, (
        shape + 0.5 * slope,
        -half / surface_resistance,
        rise * (exponent / time_constant),
        rise * logarithm,
    )


def _porous_blocking(
    w: FloatArray, log_iw: ComplexArray, line_resistance: FloatArray, coefficient: FloatArray, exponent: FloatArray
) -> Response:
    root = np.sqrt(line_resistance * coefficient * _power(log_iw, exponent))
    shape, slope = _hyperbolic(root, 1.0 / np.tanh(root))
    half = 0.5 * line_resistance * slope
    return line_resistance * shape, (shape + 0.5 * slope, half / coefficient, half * log_iw)


ELEMENTS: dict[str, Element] = {}
"""Symbol -> element, in the order of registration."""


def register(element: Element) -> None:
    """Add an element, after comparing its code with its declared formula.

    Raises
    ------
    DataError
        ``LI-DATA-001`` when the symbol is taken or no word of letters, or when impedance or a derivative is not that of
        the formula within 1e-8.
    """
    letters = element.symbol.isascii() and element.symbol.isalpha()
    if element.symbol in ELEMENTS or not letters or element.symbol == "p":
        raise DataError(
            "an element needs a symbol of its own, in letters, other than p",
            code="LI-DATA-001",
            got=element.symbol,
            expected=f"none of {', '.join(ELEMENTS)}",
        )
    _check(element)
    ELEMENTS[element.symbol] = element


def find_element(symbol: str) -> Element:
    """Return the element of a symbol; raises ``LI-DATA-001`` with the nearest one when there is none."""
    if symbol not in ELEMENTS:
        raise DataError(
            "there is no such element",
            code="LI-DATA-001",
            got=symbol,
            expected=", ".join(ELEMENTS),
            nearest=nearest_match(symbol, list(ELEMENTS)),
        )
    return ELEMENTS[symbol]


def _check(element: Element) -> None:
    """Compare impedance and derivatives with the formula at three sets of parameters and nine frequencies."""
    formula = compile(element.formula, element.symbol, "eval")
    names = [parameter.symbol for parameter in element.parameters]
    w = _CHECKED_AT[None, :]

    def declared(values: Sequence[complex]) -> NDArray[np.complex128]:
        known = {"w": w, "sqrt": np.sqrt, "exp": np.exp, "tanh": np.tanh, "__builtins__": {}}
        known.update(zip(names, values, strict=True))
        # The text is that of a registered element, which is code as well.
        return np.asarray(eval(formula, known), dtype=np.complex128)  # noqa: S307

    for time_constant, size, exponent in ((1e-2, 30.0, 0.8), (1.0, 1.0, 0.55), (30.0, 0.1, 0.93)):
        values = [
            exponent if parameter.name == "exponent" else value * size**parameter.scale
            for parameter, value in zip(element.parameters, element.at_unit(time_constant), strict=True)
        ]
        impedance, slopes = element.response(w, np.log(1j * w), *(np.array([[value]]) for value in values))
        _require_close(impedance, declared(values), element, "impedance")
        if len(slopes) != len(values):
            raise DataError("a derivative is missing", code="LI-DATA-001", where=element.symbol, got=len(slopes))
        for k, name in enumerate(names):
            _require_close(slopes[k], _contour_derivative(declared, values, k), element, f"derivative after {name}")


def _contour_derivative(
    formula: Callable[[Sequence[complex]], NDArray[np.complex128]], values: Sequence[float], k: int
) -> NDArray[np.complex128]:
    """Return df/dp_k by Cauchy's integral over a circle about p_k, exact to rounding for an analytic formula."""
    radius, turns = 0.1 * values[k], np.exp(2j * np.pi * np.arange(24) / 24)
    total = sum(formula([*values[:k], values[k] + radius * turn, *values[k + 1 :]]) / turn for turn in turns)
    return np.asarray(total / (24 * radius), dtype=np.complex128)


def _require_close(got: ComplexArray, expected: ComplexArray, element: Element, what: str) -> None:
    size = np.maximum(np.abs(expected), 1e-12 * np.abs(expected).max())
    miss = float((np.abs(got - expected) / size).max())
    if not miss < _AGREEMENT:
        raise DataError(
            f"the {what} of an element is not that of its formula",
            code="LI-DATA-001",
            where=element.symbol,
            got=f"a relative difference of {miss:.2g}",
            expected=element.formula,
        )


def _resistance(name: str = "resistance", symbol: str = "R") -> ElementParameter:
    return ElementParameter(name, symbol, "ohm", scale=1)


_TIME = ElementParameter("time_constant", "T", "s")
_EXPONENT = ElementParameter("exponent", "n", "1", limits=EXPONENT)
_COEFFICIENT = ElementParameter("coefficient", "Q", "s^n/ohm", scale=-1)
_USUAL = 0.85
"""Exponent to start from."""
_BARSOUKOV = "Barsoukov & Macdonald, Impedance Spectroscopy, 2nd ed. (2005), section 2.1.3"

for _element in (
    Element("R", "resistor", (_resistance(),), "R + 0*w", _resistor, lambda t: (1.0,)),
    Element(
        "L",
        "inductor",
        (ElementParameter("inductance", "L", "ohm s", scale=1),),
        "1j*w*L",
        _inductor,
        lambda t: (t,),
    ),
    Element(
        "C",
        "capacitor",
        (ElementParameter("capacitance", "C", "s/ohm", scale=-1),),
        "1/(1j*w*C)",
        _capacitor,
        lambda t: (t,),
    ),
    Element(
        "CPE",
        "constant-phase element",
        (_COEFFICIENT, _EXPONENT),
        "1/(Q*(1j*w)**n)",
        _constant_phase,
        lambda t: (t**_USUAL, _USUAL),
        "Brug et al., J. Electroanal. Chem. 176, 275 (1984)",
    ),
    Element(
        "ZARC",
        "depressed arc: a resistor beside a constant-phase element",
        (_resistance(), _TIME, _EXPONENT),
        "R/(1 + (1j*w*T)**n)",
        _arc,
        lambda t: (1.0, t, _USUAL),
        "Cole & Cole, J. Chem. Phys. 9, 341 (1941)",
    ),
    Element(
        "W",
        "Warburg element: diffusion without end",
        (ElementParameter("coefficient", "A", "ohm/s^0.5", scale=1),),
        "A*(1 - 1j)/sqrt(w)",
        _warburg,
        lambda t: (t**-0.5,),
        _BARSOUKOV,
    ),
    Element(
        "Wo",
        "Warburg element, open: diffusion towards a wall that nothing passes",
        (_resistance(), _TIME),
        "R/(tanh(sqrt(1j*w*T))*sqrt(1j*w*T))",
        _warburg_open,
        lambda t: (1.0, t),
        _BARSOUKOV,
    ),
    Element(
        "Ws",
        "Warburg element, short: diffusion through a layer whose far side keeps its concentration",
        (_resistance(), _TIME),
        "R*tanh(sqrt(1j*w*T))/sqrt(1j*w*T)",
        _warburg_short,
        lambda t: (1.0, t),
        _BARSOUKOV,
    ),
    Element(
        "G",
        "Gerischer element: diffusion with a reaction on the way",
        (_resistance(), _TIME),
        "R/sqrt(1 + 1j*w*T)",
        _gerischer,
        lambda t: (1.0, t),
        "Gerischer, Z. Phys. Chem. 198, 286 (1951)",
    ),
    Element(
        "TLM",
        "porous electrode (transmission line, closed at its end), its wall a resistor beside a constant-phase element",
        (_resistance("line_resistance", "R"), _resistance("surface_resistance", "S"), _TIME, _EXPONENT),
        "R/(sqrt(R/S*(1 + (1j*w*T)**n))*tanh(sqrt(R/S*(1 + (1j*w*T)**n))))",
        _porous,
        lambda t: (1.0, 1.0, t, _USUAL),
        "de Levie, Electrochim. Acta 8, 751 (1963)",
    ),
    Element(
        "TLMo",
        "porous electrode (transmission line, closed at its end), its wall a constant-phase element",
        (_resistance("line_resistance", "R"), _COEFFICIENT, _EXPONENT),
        "R/(sqrt(R*Q*(1j*w)**n)*tanh(sqrt(R*Q*(1j*w)**n)))",
        _porous_blocking,
        lambda t: (1.0, t**_USUAL, _USUAL),
        "de Levie, Electrochim. Acta 8, 751 (1963)",
    ),
):
    register(_element)
