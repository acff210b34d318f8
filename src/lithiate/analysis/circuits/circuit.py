"""Circuits from strings such as ``R-p(R,CPE)-p(R,CPE)-W``, with impedance and analytic derivatives for many at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike

from lithiate.errors import AnalysisError, nearest_match
from lithiate.formulas.circuit import ComplexArray, FloatArray
from lithiate.formulas.elements import ELEMENTS, Element, ElementParameter

MOST_PARAMETERS = 40
"""A circuit with more parameters is taken for a mistake."""
DEEPEST = 20
"""A circuit with more p( ) inside one another is taken for a mistake."""

EXAMPLE = "R-p(R,CPE)-W"
"""Shown where a string is no circuit."""
_SIDE_BY_SIDE = f"p(..., ...) for parts side by side, as in {EXAMPLE}"

_TOKEN = re.compile(r"\s*(?:(p\s*\()|([A-Za-z]+)(\d*)|([-,)]))")


@frozen
class CircuitParameter:
    """A parameter of a circuit: that of an element with the label that the element has there."""

    label: str
    of_element: ElementParameter

    @property
    def name(self) -> str:
        """Label and name: ``R1.resistance``."""
        return f"{self.label}.{self.of_element.name}"


@frozen(eq=False)
class Leaf:
    """An element at its place: its parameters are those from `first` on."""

    label: str
    element: Element
    first: int
    rows: slice = field(init=False)
    """Places of its parameters."""

    @rows.default
    def _rows(self) -> slice:
        return slice(self.first, self.first + len(self.element.parameters))

    def leaves(self) -> Iterator[Leaf]:
        """Iterate over the elements."""
        yield self

    def response(
        self, w: FloatArray, log_iw: ComplexArray, values: FloatArray, slopes: ComplexArray | None
    ) -> ComplexArray:
        """Return the impedance (m, n or 1); write derivatives into the element's rows of `slopes` (m, p, n), if any."""
        impedance, own = self.element.response(w, log_iw, *values.T[self.rows, :, None])
        if slopes is not None:
            for k, slope in enumerate(own):
                slopes[:, self.first + k] = slope
        return impedance

    def __str__(self) -> str:
        return self.label


@frozen(eq=False)
class _Composite:
    """Parts that stand together."""

    parts: tuple[Node, ...]
    rows: slice = field(init=False)
    """Places of the parameters of the parts."""

    @rows.default
    def _rows(self) -> slice:
        return slice(self.parts[0].rows.start, self.parts[-1].rows.stop)

    def leaves(self) -> Iterator[Leaf]:
        """Iterate over the elements."""
        for part in self.parts:
            yield from part.leaves()


@frozen(eq=False)
class Series(_Composite):
    """Parts in series."""

    def response(
        self, w: FloatArray, log_iw: ComplexArray, values: FloatArray, slopes: ComplexArray | None
    ) -> ComplexArray:
        """Return the sum of the impedances (m, n); write derivatives into `slopes` (m, p, n), if any."""
        total = self.parts[0].response(w, log_iw, values, slopes)
        for part in self.parts[1:]:
            total = total + part.response(w, log_iw, values, slopes)
        return total

    def __str__(self) -> str:
        return "-".join(str(part) for part in self.parts)


@frozen(eq=False)
class Parallel(_Composite):
    """Branches side by side."""

    depressed: bool = field(init=False)
    """Whether it is a resistor beside a constant-phase element, in that order."""

    @depressed.default
    def _is_depressed(self) -> bool:
        return [str(part).rstrip("0123456789") for part in self.parts] == ["R", "CPE"]

    def response(
        self, w: FloatArray, log_iw: ComplexArray, values: FloatArray, slopes: ComplexArray | None
    ) -> ComplexArray:
        """Return 1/sum(1/Z_k) (m, n); write (Z/Z_k)^2 dZ_k/dp into `slopes` (m, p, n), if any."""
        if self.depressed:
            return self._depressed(log_iw, values, slopes)
        admittances = [1.0 / part.response(w, log_iw, values, slopes) for part in self.parts]
        total = 1.0 / sum(admittances[1:], start=admittances[0])
        if slopes is not None:
            for part, admittance in zip(self.parts, admittances, strict=True):
                share = total * admittance
                slopes[:, part.rows] *= (share * share)[:, None]
        return np.asarray(total)

    def _depressed(self, log_iw: ComplexArray, values: FloatArray, slopes: ComplexArray | None) -> ComplexArray:
        """Return R/(1 + R Q (i w)^n), which nearly all circuits have: the same as above with half of the operations."""
        resistance, coefficient, exponent = values.T[self.rows, :, None]
        power = np.exp(exponent * log_iw.real) * np.exp(0.5j * np.pi * exponent)
        impedance: ComplexArray = 1.0 / (coefficient * power + 1.0 / resistance)
        if slopes is None:
            return impedance
        square = impedance * impedance
        power *= square
        first = self.rows.start
        np.multiply(square, 1.0 / (resistance * resistance), out=slopes[:, first])
        np.negative(power, out=slopes[:, first + 1])
        power *= log_iw
        np.multiply(power, -coefficient, out=slopes[:, first + 2])
        return impedance

    def __str__(self) -> str:
        return f"p({','.join(str(part) for part in self.parts)})"


Node = Leaf | Series | Parallel


@frozen(eq=False)
class Circuit:
    """A circuit: elements in series and side by side.

    Parameters
    ----------
    root : Series
        Its parts are what the circuit has in series.
    parameters : tuple of CircuitParameter
        In the order in which their elements stand in the text.
    """

    root: Series
    parameters: tuple[CircuitParameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters: ``R1.resistance``, ``CPE1.exponent``."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def scales(self) -> FloatArray:
        """Power (p,) by which each parameter goes with the size of the impedance."""
        return np.array([parameter.of_element.scale for parameter in self.parameters], dtype=np.float64)

    def __str__(self) -> str:
        return str(self.root)

    def impedance(self, frequency: ArrayLike, values: ArrayLike) -> ComplexArray:
        """Return the impedance.

        Parameters
        ----------
        frequency : (n,) array-like, Hz
        values : (p,) or (m, p) array-like
            Parameters in SI units, in the order of `names`; m sets at once.

        Returns
        -------
        (n,) or (m, n) complex128

        Raises
        ------
        AnalysisError
            ``LI-ANA-001`` for frequencies that are not above 0, or another number of values than of parameters.
        """
        w = 2.0 * np.pi * np.atleast_2d(np.asarray(frequency, dtype=np.float64))
        sets = np.asarray(values, dtype=np.float64)
        if not (w > 0.0).all():
            raise AnalysisError("a frequency is not above 0", code="LI-ANA-001", got=f"{w.min() / (2.0 * np.pi):g} Hz")
        if sets.ndim not in (1, 2) or sets.shape[-1] != len(self.parameters):
            raise AnalysisError(
                f"the values do not fit {self}",
                code="LI-ANA-001",
                got=f"an array of shape {sets.shape}",
                expected=", ".join(self.names),
            )
        impedance = self.without_slopes(w, np.log(1j * w), np.atleast_2d(sets))
        return impedance[0] if sets.ndim == 1 else impedance

    def without_slopes(self, w: FloatArray, log_iw: ComplexArray, values: FloatArray) -> ComplexArray:
        """Return the impedance (m, n) of m sets of parameters, as `response` does, in half of its time."""
        impedance = self.root.response(w, log_iw, values, None)
        if impedance.shape[1] != w.shape[1]:  # resistors alone
            impedance = np.tile(impedance, (1, w.shape[1]))
        return impedance

    def response(self, w: FloatArray, log_iw: ComplexArray, values: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        """Return impedance (m, n) and derivatives (m, p, n) of m sets of parameters.

        Parameters
        ----------
        w : (1, n) or (m, n) float64, rad/s
        log_iw : as w, complex128
            ln(i w).
        values : (m, p) float64
        """
        slopes = np.empty((values.shape[0], values.shape[1], w.shape[1]), dtype=np.complex128)
        impedance = self.root.response(w, log_iw, values, slopes)
        if impedance.shape[1] != w.shape[1]:  # resistors alone
            impedance = np.tile(impedance, (1, w.shape[1]))
        return impedance, slopes


def parse_circuit(text: str) -> Circuit:
    """Return the circuit of a string.

    Parameters
    ----------
    text : str
        Elements by their symbols (`lithiate.formulas.elements.ELEMENTS`), ``-`` in series, ``p(..., ...)`` side by
        side, nested as need be: ``R-p(R-W,CPE)``. Elements are numbered by symbol from 1 in their order, unless the
        text numbers them: ``R0-p(R1,CPE1)``.

    Raises
    ------
    AnalysisError
        ``LI-ANA-002`` for a string that is no circuit, with the place and the nearest element.
    """
    return _Parser(text).circuit()


class _Parser:
    """Recursive descent: series := part ('-' part)*, part := element | 'p(' series (',' series)+ ')'."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.counts: dict[str, int] = {}
        self.parameters: list[CircuitParameter] = []
        self.labels: set[str] = set()
        self.depth = 0
        self.numbered = re.search(r"[A-Za-z]\d", text) is not None

    def circuit(self) -> Circuit:
        root = self.series()
        if self.text[self.at :].strip():
            raise self.error("the circuit goes on after its end", f"'-', or nothing; {_SIDE_BY_SIDE}")
        if len(self.parameters) > MOST_PARAMETERS:
            raise self.error(f"the circuit has {len(self.parameters)} parameters", f"at most {MOST_PARAMETERS}")
        return Circuit(root, tuple(self.parameters))

    def series(self) -> Series:
        parts = [self.part()]
        while self.peek() == "-":
            self.at = self.end
            parts.append(self.part())
        return Series(tuple(parts))

    def part(self) -> Node:
        match = _TOKEN.match(self.text, self.at)
        if match is None or match[4]:
            raise self.error("an element is missing", f"one of {', '.join(ELEMENTS)}, or {_SIDE_BY_SIDE}")
        if match[1]:
            self.at = match.end()
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.error(f"more than {DEEPEST} p( ) stand inside one another", f"at most {DEEPEST}")
            branches = [self.branch()]
            while self.peek() == ",":
                self.at = self.end
                branches.append(self.branch())
            if self.peek() != ")" or len(branches) < 2:
                raise self.error("p( ) is not closed, or has one branch", f"',' or ')'; {_SIDE_BY_SIDE}")
            self.at = self.end
            self.depth -= 1
            return Parallel(tuple(branches))
        leaf = self.leaf(match[2], match[3])
        self.at = match.end()
        return leaf

    def branch(self) -> Node:
        series = self.series()
        return series.parts[0] if len(series.parts) == 1 else series

    def leaf(self, symbol: str, number: str) -> Leaf:
        if symbol not in ELEMENTS:
            raise self.no_element(symbol)
        if self.numbered and not number:
            raise self.error(
                f"{symbol} has no number where others have",
                f"numbers for all elements, as in R0-p(R1,CPE1)-W1, or for none, as in {EXAMPLE}",
            )
        self.counts[symbol] = self.counts.get(symbol, 0) + 1
        label = symbol + (number or str(self.counts[symbol]))
        if label in self.labels:
            raise self.error(f"{label} stands twice", "a number of its own for each element")
        self.labels.add(label)
        leaf = Leaf(label, ELEMENTS[symbol], len(self.parameters))
        self.parameters += [CircuitParameter(label, parameter) for parameter in leaf.element.parameters]
        return leaf

    def peek(self) -> str | None:
        match = _TOKEN.match(self.text, self.at)
        self.end = match.end() if match else self.at
        return match[4] if match else None

    def no_element(self, symbol: str) -> AnalysisError:
        what, elements = f"there is no element {symbol!r}", ", ".join(ELEMENTS)
        if symbol == "P":
            return self.error(what, f"{_SIDE_BY_SIDE}, with a small p", "p")
        # The library parses its circuits with this module.
        from lithiate.analysis.circuits.library import LIBRARY

        texts = {named.name: named.text for named in LIBRARY}
        word = self.text.strip()
        if word in texts:
            return self.error(f"{what}; {word!r} names a circuit of the library", texts[word], texts[word])
        nearest = nearest_match(symbol, list(ELEMENTS))
        if not set(word) & set("-()"):
            nearest = nearest_match(word, [*texts, *ELEMENTS]) or nearest
        of_library = f", or a circuit of the library, where {nearest!r} is {texts[nearest]}" if nearest in texts else ""
        return self.error(what, f"{elements}{of_library}", nearest)

    def error(self, what: str, expected: str, nearest: str | None = None) -> AnalysisError:
        rest = self.text[self.at :]
        return AnalysisError(
            what,
            code="LI-ANA-002",
            where=f"circuit {self.text!r}, character {self.at + len(rest) - len(rest.lstrip()) + 1}",
            expected=expected,
            nearest=_repaired(self.text) or nearest,
        )


def _repaired(text: str) -> str | None:
    """Return the circuit that was meant where p( , ) is written in another way; None where that is no circuit."""
    found = re.sub(r"\s*[|/]+\s*", "|", text)
    found = re.sub(r"\b\w+(?:\|\w+)+", lambda match: f"p({match[0].replace('|', ',')})", found)
    found = re.sub(r"[pP]?\s*\(", "p(", found.replace(";", ","))
    if found == text:
        return None
    try:
        _Parser(found).circuit()
    except AnalysisError:
        return None
    return found
