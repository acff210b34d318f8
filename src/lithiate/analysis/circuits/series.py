"""One circuit for a series of spectra, so that its parts can be followed over cycles, time, state and temperature."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from attrs import evolve, frozen

from lithiate.analysis.circuits.arcs import Arc, arcs_of
from lithiate.analysis.circuits.choice import EVIDENCE, MOST_ROWS, REFUTED, Candidate, choose_circuits
from lithiate.analysis.circuits.circuit import parse_circuit
from lithiate.analysis.circuits.fit import fit_circuits
from lithiate.analysis.circuits.identifiability import (
    FittedParameter,
    Flag,
    fitted_parameters,
    identifiability,
    parameters_by_spreads,
    widening,
)
from lithiate.analysis.circuits.library import LIBRARY
from lithiate.analysis.circuits.result import CircuitFit
from lithiate.analysis.circuits.shared import fit_shared
from lithiate.errors import AnalysisError
from lithiate.formulas.circuit import ComplexArray, FloatArray

TIERS = (
    (
        "resistor",
        "blocking",
        "one arc",
        "one arc, diffusion",
        "one arc, layer diffusion",
        "one arc, blocking",
        "two arcs",
        "two arcs, diffusion",
        "two arcs, layer diffusion",
        "two arcs, blocking",
        "three arcs",
    ),
    ("three arcs, blocking",),
)
"""Circuits of the library that a series is tried with; the second row where none of the first leaves noise alone."""
FEWEST_ROWS = 8
"""Rows from which a circuit is chosen."""
EXPONENTS = "exponents"
"""Word for all exponents of a circuit."""
SEEN_SHARE = 0.5
"""Share of the spectra in which all parts of a circuit must be seen for the series to have it."""
LEAST_WEIGHT = 1e-3
"""Akaike weight below which a circuit has no say."""

_CHOOSING = 0.8
"""Share of the time of a fit that the choice of the circuit takes."""

Spectrum = tuple[FloatArray, ComplexArray]


@frozen
class CandidateScore:
    """A circuit tried on a series.

    Parameters
    ----------
    name, text : str
    parameters : int
    akaike : float
        Akaike's criterion in all spectra together.
    misfit : float
        Root mean square of the residuals over |Z|.
    seen : float
        Share of the spectra in which all of its parts are seen.
    unseen : float
        Flags, a spectrum, of parts that are not.
    widening : float
        Mean of `identifiability.widening` squared: how many rows count as one.
    """

    name: str
    text: str
    parameters: int
    akaike: float
    misfit: float
    seen: float
    unseen: float
    widening: float


@frozen(eq=False)
class SpectrumFit:
    """The circuit of a series fitted to one of its spectra.

    Parameters
    ----------
    fit : CircuitFit
    flags : tuple of Flag
        What it does not tell.
    parameters : mapping of str to FittedParameter
        All parameters by name, with intervals.
    arcs : tuple of Arc
        The fastest first.
    others : tuple of (float, CircuitFit)
        What else was tried, with the weight of Akaike that the series gives each circuit: all weights, with that of the
        one that is taken, add up to 1. Empty where the caller chose.
    """

    fit: CircuitFit
    flags: tuple[Flag, ...]
    parameters: Mapping[str, FittedParameter]
    arcs: tuple[Arc, ...]
    others: tuple[tuple[float, CircuitFit], ...] = ()


@frozen(eq=False, kw_only=True)
class SeriesFit:
    """A circuit fitted to all spectra of a series.

    Parameters
    ----------
    name, text : str
        Of the circuit, in words and as a string.
    reason : str
        Why this one.
    scores : tuple of CandidateScore
        Of all that were tried, by rising criterion; empty where the caller chose.
    spectra : tuple of SpectrumFit or None
        None for a spectrum with too few rows.
    """

    name: str
    text: str
    reason: str
    scores: tuple[CandidateScore, ...]
    spectra: tuple[SpectrumFit | None, ...]


def fit_series(
    spectra: Sequence[Spectrum],
    circuit: str = "auto",
    *,
    weights: str = "modulus",
    fixed: Mapping[str, float] | None = None,
    shared: Sequence[str] = (),
    progress: Callable[[float], None] | None = None,
) -> SeriesFit | None:
    """Fit one circuit to each spectrum of a series.

    Parameters
    ----------
    spectra : sequence of ((n,) float64 [Hz], (n,) complex128 [ohm])
        Rows may differ in number.
    circuit : str
        A name of the library, a string for `parse_circuit`, or ``auto``: the candidate of lowest criterion in all
        spectra together whose parts are seen in at least half of them, or a simpler one that is as good.
    weights : {"modulus", "proportional", "unit"}
    fixed : mapping of parameter to value, optional
        Of a circuit that is not ``auto``.
    shared : sequence of str
        Parameters of such a circuit that are the same in all spectra, or ``exponents`` for all of these.
    progress : callable, optional
        Is given the share, 0 to 1, that is done.

    Returns
    -------
    SeriesFit or None
        None where no spectrum has rows enough.
    """
    texts = {named.name: named.text for named in LIBRARY}
    if circuit != "auto":
        text = texts.get(circuit, circuit)
        if shared and len(spectra) > 1:
            return _together(circuit, text, spectra, weights, fixed, shared)
        return _series(circuit, text, "as asked for", (), _fits(spectra, text, weights, fixed))
    candidates = _candidates(spectra, weights, progress)
    scores = _scores([each for each in candidates if each])
    if not scores:
        return None
    best, reason = _preferred(scores)
    found = [each[best.name].fit if each else None for each in candidates]
    # A spectrum that alone is too short to choose by, or that alone begins inductive, is fitted with the others'.
    if any(fit is None or str(fit.circuit) != best.text for fit in found):
        found = _fits(spectra, best.text, weights, None)
    described = _series(best.name, best.text, reason, scores, found)
    return None if described is None else _with_others(described, candidates)


def _with_others(series: SeriesFit, candidates: Sequence[Mapping[str, Candidate]]) -> SeriesFit:
    """Return a series whose spectra know what else was tried, and is seen in all of its parts.

    Where residuals of the closest circuit go together from row to row, differences count by the rows that are left.
    """
    first = series.scores[0]
    plain = {
        each.name: math.exp(-0.5 * (each.akaike - first.akaike) / max(first.widening, 1.0)) for each in series.scores
    }
    total = math.fsum(plain.values())
    spectra = [
        each
        and evolve(
            each,
            others=tuple(
                (weight / total, known[name].fit)
                for name, weight in plain.items()
                if name != series.name and weight > LEAST_WEIGHT * total and name in known and known[name].identifiable
            ),
        )
        for each, known in zip(series.spectra, candidates, strict=True)
    ]
    return evolve(series, spectra=tuple(spectra))


def _series(
    name: str, text: str, reason: str, scores: tuple[CandidateScore, ...], fits: Sequence[CircuitFit | None]
) -> SeriesFit | None:
    if not any(fits):
        return None
    return SeriesFit(name=name, text=text, reason=reason, scores=scores, spectra=_described(fits))


def _together(
    name: str,
    text: str,
    spectra: Sequence[Spectrum],
    weights: str,
    fixed: Mapping[str, float] | None,
    shared: Sequence[str],
) -> SeriesFit:
    """Return the fit of a series with parameters in common: uncertainties are those of the fit of all."""
    sizes = {frequency.size for frequency, _ in spectra}
    if len(sizes) > 1:
        raise AnalysisError(
            "parameters can be shared by spectra of one number of rows only",
            code="LI-ANA-001",
            got=f"{min(sizes)} to {max(sizes)} rows",
        )
    circuit = parse_circuit(text)
    exponents = [one for one in circuit.names if one.endswith(".exponent")]
    names = [one for each in shared for one in (exponents if each == EXPONENTS else [each])]
    joint = fit_shared(circuit, *_stacked(spectra, range(len(spectra))), names, weights=weights, fixed=fixed)
    described = []
    for fit in joint.fits:
        flags = identifiability(fit)
        described.append(SpectrumFit(fit, flags, parameters_by_spreads(fit, flags), tuple(arcs_of(fit))))
    reason = f"as asked for, with {', '.join(names)} the same in all spectra"
    return SeriesFit(name=name, text=text, reason=reason, scores=(), spectra=tuple(described))


def _described(fits: Sequence[CircuitFit | None]) -> tuple[SpectrumFit | None, ...]:
    """Return fits with what they tell and what they do not; those of one length at once."""
    described: list[SpectrumFit | None] = [None] * len(fits)
    for members in _groups([0 if fit is None else fit.frequency.size for fit in fits]).values():
        known = [(k, fit) for k in members for fit in (fits[k],) if fit is not None]
        if not known:
            continue
        flags = [identifiability(fit) for _, fit in known]
        found = fitted_parameters([fit for _, fit in known], known[0][1].circuit.names, flags=flags)
        for (k, fit), own, parameters in zip(known, flags, found, strict=True):
            described[k] = SpectrumFit(fit, own, parameters, tuple(arcs_of(fit)))
    return tuple(described)


def _groups(sizes: Sequence[int]) -> dict[int, list[int]]:
    """Return the numbers of the spectra by their number of rows: those are fitted at once."""
    groups: dict[int, list[int]] = {}
    for k, size in enumerate(sizes):
        groups.setdefault(size, []).append(k)
    return groups


def _stacked(spectra: Sequence[Spectrum], members: Sequence[int]) -> Spectrum:
    return np.stack([spectra[k][0] for k in members]), np.stack([spectra[k][1] for k in members])


def _candidates(
    spectra: Sequence[Spectrum], weights: str, progress: Callable[[float], None] | None
) -> list[dict[str, Candidate]]:
    """Return the candidates of each spectrum by name; none for a spectrum of too few rows."""
    found: list[dict[str, Candidate]] = [{} for _ in spectra]
    groups = _groups([frequency.size for frequency, _ in spectra])
    for number, tier in enumerate(TIERS):
        for place, (rows, members) in enumerate(groups.items()):
            if rows < FEWEST_ROWS:
                continue

            def report(share: float, before: float = number + place / len(groups)) -> None:
                if progress is not None:
                    progress(_CHOOSING * (before + share / len(groups)) / len(TIERS))

            choices = choose_circuits(*_stacked(spectra, members), tier, weights=weights, progress=report)
            for k, choice in zip(members, choices, strict=True):
                found[k].update({each.name: each for each in choice.candidates})
        if all(any(leaves_noise(one.flags) for one in each.values()) for each in found if each):
            break
    return found


def leaves_noise(flags: Sequence[Flag]) -> bool:
    """Return whether a fit leaves nothing but noise of its spectrum: more parts would describe noise."""
    return not any(flag.kind in ("correlated residuals", "misfit") for flag in flags)


def _fits(
    spectra: Sequence[Spectrum], text: str, weights: str, fixed: Mapping[str, float] | None
) -> list[CircuitFit | None]:
    circuit = parse_circuit(text)
    found: list[CircuitFit | None] = [None] * len(spectra)
    for rows, members in _groups([frequency.size for frequency, _ in spectra]).items():
        if 2 * rows <= len(circuit.parameters) + 2:
            continue
        fits = fit_circuits(circuit, *_stacked(spectra, members), weights=weights, fixed=fixed)
        for k, fit in zip(members, fits, strict=True):
            found[k] = fit
    return found


def _scores(spectra: Sequence[Mapping[str, Candidate]]) -> tuple[CandidateScore, ...]:
    """Return the circuits that all spectra were tried with, by rising criterion."""
    if not spectra:
        return ()
    found = []
    for name in set.intersection(*map(set, spectra)):
        of_name = [candidates[name] for candidates in spectra]
        texts = [str(each.fit.circuit) for each in of_name]
        text = max(set(texts), key=texts.count)
        found.append(
            CandidateScore(
                name=name,
                text=text,
                parameters=max(len(each.fit.circuit.parameters) for each in of_name),
                akaike=math.fsum(each.akaike for each in of_name),
                misfit=math.sqrt(math.fsum(each.fit.root_mean_square**2 for each in of_name) / len(of_name)),
                unseen=sum(len(each.blamed) for each in of_name) / len(of_name),
                widening=math.fsum(widening(each.fit) ** 2 for each in of_name) / len(of_name),
                seen=sum(each.identifiable for each in of_name) / len(of_name),
            )
        )
    return tuple(sorted(found, key=lambda each: (each.akaike, each.name)))


def _preferred(scores: Sequence[CandidateScore]) -> tuple[CandidateScore, str]:
    """Return the circuit of a series and why it is taken; for one spectrum that is the rule of `choice.prefer`."""
    first = scores[0]
    left = [each for each in scores if each.akaike - first.akaike <= REFUTED * min(first.widening, MOST_ROWS)]
    seen = [each for each in left if each.seen >= SEEN_SHARE]
    if not seen:
        least = min(left, key=lambda each: (round(each.unseen), each.akaike))
        return (
            least,
            "no circuit that fits has all parts seen in half of the spectra; this one has the fewest that are not",
        )
    best = seen[0]
    simpler = [each for each in seen if each.parameters < best.parameters and each.akaike - best.akaike <= EVIDENCE]
    if simpler:
        chosen = min(simpler, key=lambda each: (each.parameters, each.akaike))
        return chosen, f"simpler than {best.name}, whose criterion is lower by {chosen.akaike - best.akaike:.1f} only"
    if best is first:
        return best, "lowest information criterion, and its parts are seen"
    gain = best.akaike - first.akaike
    return best, (
        f"{first.name} has a criterion lower by {gain:.1f}, but all of its parts are seen in {first.seen:.0%} of the "
        "spectra only"
    )
