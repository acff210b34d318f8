"""Circuits of lithium cells that spectra are tried with: few, each with what its parts stand for.

What is left out, and why: a circuit of two capacitors nested (``p(C,R-p(R,C))``) has the spectrum of two arcs in series
with other numbers, so no spectrum tells them apart; more than three arcs or two tails are not seen in 60 rows with 1 %
noise; a Gerischer element is no part of lithium metal.
"""

from __future__ import annotations

from attrs import frozen

from lithiate.analysis.circuits.circuit import Circuit, parse_circuit
from lithiate.errors import AnalysisError, nearest_match


@frozen
class NamedCircuit:
    """A circuit of the library.

    Parameters
    ----------
    name : str
        In words: ``two arcs, diffusion``.
    text : str
        As `parse_circuit` reads it.
    title : str
    meaning : tuple of (str, str)
        Label of an element or part, and what it stands for.
    """

    name: str
    text: str
    title: str
    meaning: tuple[tuple[str, str], ...]

    @property
    def circuit(self) -> Circuit:
        """The circuit, parsed."""
        return parse_circuit(self.text)


_OHMIC = ("R1", "electrolyte, separator, leads")
_FILM = "interphase (film) on the lithium, or all interfaces in one arc"
_FAST = "interphase (film) on the lithium"
_SLOW = "charge transfer beside its double layer"
_DIFFUSION = "diffusion of lithium ions, without an end in sight"

LIBRARY = (
    NamedCircuit("resistor", "R", "A resistor: a shorted cell, or frequencies above all arcs", (_OHMIC,)),
    NamedCircuit(
        "blocking", "R-CPE", "A blocking electrode", (_OHMIC, ("CPE1", "double layer of an electrode without reaction"))
    ),
    NamedCircuit("one arc", "R-p(R,CPE)", "One interface", (_OHMIC, ("p(R2,CPE1)", _FILM))),
    NamedCircuit(
        "one arc, diffusion",
        "R-p(R,CPE)-W",
        "One interface, and diffusion that is much slower",
        (_OHMIC, ("p(R2,CPE1)", _FILM), ("W1", _DIFFUSION)),
    ),
    NamedCircuit(
        "Randles",
        "R-p(R-W,CPE)",
        "Charge transfer with the diffusion that feeds it",
        (_OHMIC, ("R2", "charge transfer"), ("W1", _DIFFUSION), ("CPE1", "double layer")),
    ),
    NamedCircuit(
        "one arc, blocking",
        "R-p(R,CPE)-CPE",
        "One interface before a blocking electrode: a bare collector, a cell at rest",
        (_OHMIC, ("p(R2,CPE1)", _FILM), ("CPE2", "double layer of the blocking side, or solid diffusion")),
    ),
    NamedCircuit(
        "one arc, layer diffusion",
        "R-p(R,CPE)-Ws",
        "One interface, and diffusion across the electrolyte between two lithium electrodes",
        (_OHMIC, ("p(R2,CPE1)", _FILM), ("Ws1", "salt diffusion through the separator, which ends")),
    ),
    NamedCircuit(
        "two arcs",
        "R-p(R,CPE)-p(R,CPE)",
        "Film and charge transfer",
        (_OHMIC, ("p(R2,CPE1)", _FAST), ("p(R3,CPE2)", _SLOW)),
    ),
    NamedCircuit(
        "two arcs, diffusion",
        "R-p(R,CPE)-p(R,CPE)-W",
        "Film, charge transfer and diffusion",
        (_OHMIC, ("p(R2,CPE1)", _FAST), ("p(R3,CPE2)", _SLOW), ("W1", _DIFFUSION)),
    ),
    NamedCircuit(
        "two arcs, layer diffusion",
        "R-p(R,CPE)-p(R,CPE)-Ws",
        "Film, charge transfer, and diffusion across the electrolyte between two lithium electrodes",
        (
            _OHMIC,
            ("p(R2,CPE1)", _FAST),
            ("p(R3,CPE2)", _SLOW),
            ("Ws1", "salt diffusion through the separator, which ends"),
        ),
    ),
    NamedCircuit(
        "two arcs, walled diffusion",
        "R-p(R,CPE)-p(R,CPE)-Wo",
        "Film, charge transfer, and diffusion within the particles of a cathode",
        (
            _OHMIC,
            ("p(R2,CPE1)", _FAST),
            ("p(R3,CPE2)", _SLOW),
            ("Wo1", "solid diffusion in particles, towards their centre"),
        ),
    ),
    NamedCircuit(
        "two arcs, blocking",
        "R-p(R,CPE)-p(R,CPE)-CPE",
        "Film and charge transfer, and a tail of any slope: blocking, or diffusion in a cathode",
        (_OHMIC, ("p(R2,CPE1)", _FAST), ("p(R3,CPE2)", _SLOW), ("CPE3", "the blocking side, or solid diffusion")),
    ),
    NamedCircuit(
        "three arcs",
        "R-p(R,CPE)-p(R,CPE)-p(R,CPE)",
        "Film, charge transfer of the lithium and of the other electrode",
        (_OHMIC, ("p(R2,CPE1)", _FAST), ("p(R3,CPE2)", _SLOW), ("p(R4,CPE3)", "the slower electrode's " + _SLOW)),
    ),
    NamedCircuit(
        "three arcs, diffusion",
        "R-p(R,CPE)-p(R,CPE)-p(R,CPE)-W",
        "Film, charge transfer of both electrodes, and diffusion",
        (
            _OHMIC,
            ("p(R2,CPE1)", _FAST),
            ("p(R3,CPE2)", _SLOW),
            ("p(R4,CPE3)", "the slower electrode's " + _SLOW),
            ("W1", _DIFFUSION),
        ),
    ),
    NamedCircuit(
        "three arcs, blocking",
        "R-p(R,CPE)-p(R,CPE)-p(R,CPE)-CPE",
        "Film, charge transfer of both electrodes, and a tail of any slope: blocking, or diffusion in a cathode",
        (
            _OHMIC,
            ("p(R2,CPE1)", _FAST),
            ("p(R3,CPE2)", _SLOW),
            ("p(R4,CPE3)", "the slower electrode's " + _SLOW),
            ("CPE4", "the blocking side, or solid diffusion"),
        ),
    ),
    NamedCircuit(
        "porous host",
        "R-TLM",
        "A porous host with a reaction on its walls",
        (_OHMIC, ("TLM1", "electrolyte in the pores, charge transfer and double layer on their walls")),
    ),
    NamedCircuit(
        "porous host, one arc",
        "R-p(R,CPE)-TLM",
        "A porous host against lithium foil",
        (
            _OHMIC,
            ("p(R2,CPE1)", "interphase (film)"),
            ("TLM1", "electrolyte in the pores, charge transfer and double layer on their walls"),
        ),
    ),
    NamedCircuit(
        "blocking porous host",
        "R-TLMo",
        "A porous host without a reaction, as in cells of two equal hosts",
        (_OHMIC, ("TLMo1", "electrolyte in the pores, double layer on their walls")),
    ),
)
"""The circuits, the simpler before those that contain them."""

USUAL = (
    "resistor",
    "blocking",
    "one arc",
    "one arc, diffusion",
    "Randles",
    "one arc, blocking",
    "two arcs",
    "two arcs, diffusion",
    "three arcs",
)
"""Names of the circuits that a spectrum is tried with unless others are asked for.

What these lack needs more than a spectrum to be believed: where a finite diffusion ends, or that pores are there.
"""


def library_circuit(name: str) -> NamedCircuit:
    """Return a circuit of the library by its name; raises ``LI-ANA-002`` with the nearest one when there is none."""
    for named in LIBRARY:
        if named.name == name:
            return named
    names = [named.name for named in LIBRARY]
    raise AnalysisError(
        "the library has no such circuit",
        code="LI-ANA-002",
        got=name,
        expected=", ".join(names),
        nearest=nearest_match(name, names),
    )


def with_inductance(text: str) -> str:
    """Return the text of a circuit with the inductance of its leads in front."""
    return f"L-{text}"
