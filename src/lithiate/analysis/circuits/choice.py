"""Which circuit a spectrum speaks for, of a few candidates: an information criterion, and whether parts are seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

from lithiate.analysis.circuits.circuit import Circuit, Leaf
from lithiate.analysis.circuits.fit import STARTS, fit_circuits
from lithiate.analysis.circuits.identifiability import BLAMED, Flag, identifiability, widening
from lithiate.analysis.circuits.library import USUAL, NamedCircuit, library_circuit, with_inductance
from lithiate.analysis.circuits.result import CircuitFit
from lithiate.analysis.coded_warnings import coded
from lithiate.errors import AnalysisError
from lithiate.formulas.circuit import ComplexArray, FloatArray

EVIDENCE = 6.0
"""Difference of Akaike's criterion that a more complex circuit must gain over a simpler one to be preferred.

Odds of exp(6/2) = 20 to 1. Of 1,200 spectra of arcs with and without a tail, 4 and 6 gave one a part too many, 0 gave
27, and up to 10 none lost a part (docs/verification.md).
"""
REFUTED = 10.0
"""Difference beyond which a circuit is refuted, be all its parts seen: it has "essentially no support" (Burnham &
Anderson, Model Selection and Multimodel Inference, 2nd ed. (2002), section 2.6)."""

MOST_ROWS = 5.0
"""Rows that count as one at most where residuals go together; else what fits badly would refute nothing."""
SLOW, SMALL = 0.1, 0.03
"""Time constant, by the slowest that a spectrum shows, and share of |Z|, with which a further part begins."""


@frozen(eq=False)
class Candidate:
    """A circuit fitted to a spectrum as one of several.

    Parameters
    ----------
    name : str
        Of the library, or the circuit's text.
    fit : CircuitFit
    flags : tuple of Flag
        What the fit does not tell.
    akaike : float
        Corrected for few data.
    weight : float
        exp(-difference from the lowest/2), over the sum of all: Akaike's weight.
    """

    name: str
    fit: CircuitFit
    flags: tuple[Flag, ...]
    akaike: float
    weight: float

    @property
    def identifiable(self) -> bool:
        """Whether all parts are seen; but for a lone resistor, which all candidates have, and which may be nothing."""
        return not self.blamed

    @property
    def blamed(self) -> tuple[Flag, ...]:
        """Flags that say that the circuit has more parts than the spectrum shows."""
        parts = self.fit.circuit.root.parts
        lone = {f"{part}.resistance" for part in parts if isinstance(part, Leaf) and part.element.symbol == "R"}
        return tuple(flag for flag in self.flags if flag.kind in BLAMED and not set(flag.parameters) <= lone)


@frozen(eq=False)
class CircuitChoice:
    """Candidates for one spectrum, and which one is preferred.

    Parameters
    ----------
    candidates : tuple of Candidate
        By rising Akaike's criterion.
    preferred : Candidate
    reason : str
        A sentence.
    """

    candidates: tuple[Candidate, ...]
    preferred: Candidate
    reason: str

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the preferred fit does not tell, each behind its code."""
        found = tuple(flag.warning for flag in self.preferred.flags)
        return found if self.preferred.identifiable else (coded("LI-W-ANA-149", self.reason), *found)

    def candidate(self, name: str) -> Candidate:
        """Return a candidate by its name."""
        return next(each for each in self.candidates if each.name == name)


def choose_circuit(
    frequency: ArrayLike,
    impedance: ArrayLike,
    candidates: Sequence[str | NamedCircuit] = USUAL,
    *,
    weights: str | ArrayLike = "modulus",
    starts: int = STARTS,
    progress: Callable[[float], None] | None = None,
) -> CircuitChoice:
    """Choose a circuit for one spectrum; see `choose_circuits`."""
    spectrum = np.atleast_2d(np.asarray(impedance))
    return choose_circuits(frequency, spectrum, candidates, weights=weights, starts=starts, progress=progress)[0]


def choose_circuits(
    frequency: ArrayLike,
    impedance: ArrayLike,
    candidates: Sequence[str | NamedCircuit] = USUAL,
    *,
    weights: str | ArrayLike = "modulus",
    starts: int = STARTS,
    progress: Callable[[float], None] | None = None,
) -> list[CircuitChoice]:
    """Choose a circuit for each of some spectra.

    Parameters
    ----------
    frequency : (n,) or (m, n) array-like, Hz
    impedance : (m, n) array-like, complex, ohm or ohm m2
    candidates : sequence of str or NamedCircuit
        Names in the library, or circuits as `parse_circuit` reads them.
    weights : str or (m, n) array-like
    starts : int
        As `fit_circuits` takes them.
    progress : callable, optional
        Is given the share, 0 to 1, that is done.

    Returns
    -------
    list of CircuitChoice

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` as `fit_circuits`, and where no candidate has fewer parameters than the spectra have numbers.

    Notes
    -----
    Circuits whose criterion is more than `REFUTED` above the lowest are out. Of those left all of whose parts are seen,
    the one of lowest criterion sets the mark, and the one with the fewest parameters within `EVIDENCE` of it is
    preferred. Where no circuit left is seen in full, it is the one with the fewest flags, and the reason says so. Where
    the residuals of the best go together from row to row, as those of most measured spectra do, differences count by
    the rows that are left of them (`widening`). A fit counts as no closer than instruments are (`ACCURACY`), so that
    spectra without noise buy no parts.

    A spectrum whose first rows lie above the real axis (Im Z > 0) is tried with an inductance in front.
    """
    spectra = np.atleast_2d(np.asarray(impedance, dtype=np.complex128))
    frequencies = np.atleast_2d(np.asarray(frequency, dtype=np.float64))
    if spectra.shape[1] == 0:
        raise AnalysisError("a spectrum has no rows", code="LI-ANA-001", got="no impedance")
    inductive = _is_inductive(frequencies, spectra)
    found: dict[int, CircuitChoice] = {}
    done, of_all = itertools.count(1), len(candidates) * np.unique(inductive).size

    def fitted() -> None:
        if progress is not None:
            progress(next(done) / of_all)

    for group in (False, True):
        rows = np.flatnonzero(inductive == group)
        if rows.size:
            own = frequencies[rows] if len(frequencies) > 1 else frequencies
            texts = _texts(candidates, inductive=group)
            own_weights = np.asarray(weights)[rows] if np.shape(weights) == spectra.shape else weights
            chosen = _choices(own, spectra[rows], texts, own_weights, starts, fitted)
            found.update(zip(rows.tolist(), chosen, strict=True))
    return [found[k] for k in range(len(spectra))]


def _is_inductive(frequency: FloatArray, impedance: ComplexArray) -> NDArray[np.bool_]:
    """Return whether the two rows of highest frequency lie clearly above the real axis."""
    order = np.broadcast_to(np.argsort(-frequency, axis=1, kind="stable")[:, :2], (len(impedance), 2))
    first = np.take_along_axis(impedance, order, axis=1)
    return np.asarray((first.imag > 0.02 * np.abs(first)).all(axis=1))


def _texts(candidates: Sequence[str | NamedCircuit], *, inductive: bool) -> dict[str, str]:
    named = [
        each
        if isinstance(each, NamedCircuit)
        else NamedCircuit(each, each, "", ())
        if _is_text(each)
        else library_circuit(each)
        for each in candidates
    ]
    return {each.name: with_inductance(each.text) if inductive else each.text for each in named}


def _is_text(name: str) -> bool:
    return "-" in name or "(" in name


def _choices(
    frequency: FloatArray,
    impedance: ComplexArray,
    texts: Mapping[str, str],
    weights: str | ArrayLike,
    starts: int,
    fitted: Callable[[], None],
) -> list[CircuitChoice]:
    rows = 2 * impedance.shape[1]
    fits: dict[str, list[CircuitFit]] = {}
    for name, text in texts.items():
        circuit = NamedCircuit(name, text, "", ()).circuit
        if len(circuit.parameters) + 2 < rows:
            guess = _with_another_part(circuit, fits.values())
            fits[name] = fit_circuits(circuit, frequency, impedance, weights=weights, starts=starts, guess=guess)
        fitted()
    if not fits:
        raise AnalysisError(
            "the spectrum is too short for any candidate",
            code="LI-ANA-001",
            got=f"{rows // 2} points",
            expected="more numbers than parameters",
        )
    return [_choose({name: own[k] for name, own in fits.items()}) for k in range(len(impedance))]


def _with_another_part(circuit: Circuit, fitted: Iterable[Sequence[CircuitFit]]) -> FloatArray | None:
    """Return a further start (m, p) of a circuit that is one already fitted with a part more, else None.

    The new part begins as a small tail. So no circuit ends with more misfit than one that it contains.
    """
    for fits in fitted:
        known = fits[0].circuit
        if len(circuit.root.parts) == len(known.root.parts) + 1 and str(circuit).startswith(f"{known}-"):
            return np.array([np.concatenate([fit.values, _small_tail(circuit, fit)]) for fit in fits])
    return None


def _small_tail(circuit: Circuit, fit: CircuitFit) -> FloatArray:
    """Return values of the last part of a circuit with which it is small, and slow."""
    part = circuit.root.parts[-1]
    time_constant = SLOW / (2.0 * math.pi * float(fit.frequency.min()))
    values = [value for leaf in part.leaves() for value in leaf.element.at_unit(time_constant)]
    size = SMALL * float(np.abs(fit.measured).max())
    return np.asarray(np.array(values) * size ** circuit.scales[part.rows])


def _choose(fits: Mapping[str, CircuitFit]) -> CircuitChoice:
    criteria = {name: fit.akaike for name, fit in fits.items()}
    lowest = min(criteria.values())
    total = sum(math.exp(-0.5 * (each - lowest)) for each in criteria.values())
    candidates = [
        Candidate(name, fit, identifiability(fit), criteria[name], math.exp(-0.5 * (criteria[name] - lowest)) / total)
        for name, fit in fits.items()
    ]
    candidates.sort(key=lambda each: each.akaike)
    return CircuitChoice(tuple(candidates), *prefer(candidates))


def prefer(candidates: Sequence[Candidate], evidence: float = EVIDENCE) -> tuple[Candidate, str]:
    """Return which of candidates, by rising criterion, is preferred, and why."""
    first = candidates[0]
    # Residuals that go together count as fewer rows, and differences of the criterion grow with the rows.
    rows = min(widening(first.fit) ** 2, MOST_ROWS)
    left = [each for each in candidates if each.akaike - first.akaike <= REFUTED * rows]
    seen = [each for each in left if each.identifiable]
    if not seen:
        least = min(left, key=lambda each: (len(each.blamed), each.akaike))
        return least, "no candidate has parts that are all seen, and fits; this one has the fewest that are not"
    best = seen[0]
    as_good = [each for each in seen if each.akaike - best.akaike <= evidence]
    preferred = min(as_good, key=lambda each: (_size(each.fit.circuit), each.akaike))
    if preferred is first:
        return preferred, "lowest information criterion, and all parts are seen"
    if preferred is not best:
        return (
            preferred,
            f"simpler than {best.name}, whose criterion is lower by {preferred.akaike - best.akaike:.1f} only",
        )
    kinds = ", ".join(sorted({flag.kind for flag in first.blamed}))
    gain = preferred.akaike - first.akaike
    return preferred, f"{first.name} has a criterion lower by {gain:.1f}, but not all of its parts are seen ({kinds})"


def _size(circuit: Circuit) -> int:
    return len(circuit.parameters)
