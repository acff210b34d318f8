"""Headings of tables of impedances in any style: what a column holds, in which unit, and with which sign."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from lithiate.constants import ZERO_CELSIUS
from lithiate.errors import ReadError, nearest_match

COLUMN_SETTINGS = tuple(f"{name}_column" for name in ("frequency", "real", "imaginary"))
UNIT_SETTINGS = ("frequency_unit", "impedance_unit", "phase_unit")

_PARTS = ("real", "imaginary", "magnitude", "complex")
_UNITS: dict[str, dict[str, float]] = {
    "frequency": {"Hz": 1.0, "mHz": 1e-3, "kHz": 1e3, "MHz": 1e6, "rad/s": 0.5 / math.pi},
    "impedance": {"ohm": 1.0, "mohm": 1e-3, "kohm": 1e3, "Mohm": 1e6, "Gohm": 1e9},
    "areal": {"ohm cm2": 1e-4, "ohm m2": 1.0, "kohm cm2": 1e-1, "mohm cm2": 1e-7},
    "phase": {"deg": math.pi / 180.0, "rad": 1.0, "mrad": 1e-3},
    "time": {"s": 1.0, "min": 60.0, "h": 3600.0},
    "temperature": {"K": 1.0, "degC": 1.0},
}
"""Kind of unit -> unit -> factor to SI; those of impedances times an area stand apart."""

_SPELLINGS = {"sec": "s", "secs": "s", "seconds": "s", "hz": "Hz", "khz": "kHz", "hertz": "Hz", "degree": "deg"}
_SPELLINGS |= {
    "degrees": "deg",
    "°": "deg",
    "º": "deg",
    "°c": "degC",
    "degc": "degC",
    "c": "degC",
    "k": "K",
    "1/s": "Hz",
}

_LOGARITHM = re.compile(r"(?:log|log10|lg)\(?(?:f|freq|frequency)(?:/hz)?\)?")
_NAMES: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "frequency": "f freq frequency frequenz fréquence frequencia 频率 freqhz",
        "angular": "omega ω angularfrequency",
        "real": "z' zs' zre re(z) rez re real zreal real(z) realz zr realpart z're realimpedance impedancereal zprime "
        "r(z) z're(z) zrealpart realteil",
        "imaginary": "z'' zs'' zim zimag zimg im(z) imz im imag zimaginary imag(z) imagz imaginary zi imaginarypart "
        "imagimpedance impedanceimag imaginaryimpedance zdoubleprime zimagpart imagpart imaginärteil",
        "magnitude": "|z| |zs| zmod absz abs(z) mod(z) modz modulus magnitude zmagnitude zabs zmag mag z zs impedance "
        "zmodulus impedancemodulus impedancemagnitude betrag",
        "complex": "z impedance zcomplex complexz compleximpedance",
        "phase": "phase phase(z) phasez zphz theta theta(z) θ phi φ arg(z) argz phaseangle zphase phz zphi angle "
        "phaseofz phase(zs) phaseshift",
        "time": "time t elapsedtime testtime",
        "temperature": "temperature temp celltemperature",
        "cycle": "cycle cyclenumber cycleindex completecycles",
        "spectrum": "spectrum spectrumnumber sweep spectrumindex",
        "state": "state",
    }.items()
}
_KIND = {"angular": "frequency", "real": "impedance", "imaginary": "impedance", "magnitude": "impedance"}
_KIND["complex"] = "impedance"
_PRIMES = str.maketrans({"′": "'", "’": "'", "´": "'", "`": "'", "″": "''", "”": "''", '"': "''", "−": "-", "–": "-"})


@frozen
class ImpedanceColumn:
    """A column of a table of impedances.

    Parameters
    ----------
    index : int
    text : str
        Its heading.
    quantity : str
        frequency, real, imaginary, magnitude, complex, phase, time, temperature, cycle, spectrum or state.
    negative : bool
        The heading says that the column holds the negative of it, as ``-Z''``.
    unit : str or None
        None where the heading states none.
    logarithm : bool
        The column holds the decimal logarithm of the number in its unit.
    """

    index: int
    text: str
    quantity: str
    negative: bool = False
    unit: str | None = None
    logarithm: bool = False

    @property
    def kind(self) -> str:
        """Kind of its unit."""
        return _KIND.get(self.quantity, self.quantity)

    @property
    def areal(self) -> bool:
        """Its unit is that of an impedance times an area."""
        return self.unit in _UNITS["areal"]

    @property
    def factor(self) -> float:
        """Factor from its unit, or from Hz, ohm and s where it has none, to SI."""
        known = {**_UNITS.get(self.kind, {}), **(_UNITS["areal"] if self.kind == "impedance" else {})}
        return 1.0 if self.unit is None else known[self.unit]

    @property
    def zero(self) -> float:
        """Value in SI of 0 in its unit."""
        return ZERO_CELSIUS if self.unit == "degC" else 0.0


@frozen
class ImpedanceColumns:
    """The columns of a table of impedances that were chosen, by quantity."""

    chosen: Mapping[str, ImpedanceColumn] = field(factory=dict)

    def __getitem__(self, quantity: str) -> ImpedanceColumn:
        return self.chosen[quantity]

    def __contains__(self, quantity: object) -> bool:
        return quantity in self.chosen


def named_columns(names: Sequence[str]) -> list[ImpedanceColumn]:
    """Return what each heading says; a heading may fit two quantities (``Z``: complex, or a magnitude)."""
    return [column for index, name in enumerate(names) for column in _meanings(name, index)]


def is_spectrum(columns: Sequence[ImpedanceColumn]) -> bool:
    """Say whether there are a frequency and an impedance."""
    found = {column.quantity for column in columns}
    pairs = ({"real", "imaginary"}, {"magnitude", "phase"}, {"complex"})
    return "frequency" in found and any(pair <= found for pair in pairs)


def plain_unit(text: str, kind: str) -> str | None:
    """Return the unit of a kind that a text spells, or None."""
    plain = text.strip().replace("µ", "u").replace("Ω", "ohm").replace("\N{OHM SIGN}", "ohm").replace("²", "2")
    plain = re.sub(r"\s*[·*^.]\s*|\s+", " ", plain.replace("^", "")).strip()
    plain = re.sub(r"ohms?\b", "ohm", plain, flags=re.IGNORECASE)
    plain = re.sub(r"ohm ?(cm|m)2", r"ohm \1 2", plain, flags=re.IGNORECASE).replace("m 2", "m2")
    words = {**_UNITS.get(kind, {}), **(_UNITS["areal"] if kind == "impedance" else {})}
    for word in (plain, _SPELLINGS.get(plain.lower(), "")):
        if word in words:
            return word
    return None


def _meanings(text: str, index: int) -> list[ImpedanceColumn]:
    clean = text.strip().translate(_PRIMES).lstrip("#%~ ").removeprefix("Data:").strip()
    negative = bool(re.match(r"-\s*\(?[^\d\s]|neg(?:ative)?[ _.]|minus[ _]", clean, re.IGNORECASE))
    clean = re.sub(r"^(?:-\s*|neg(?:ative)?[ _.]|minus[ _])", "", clean, flags=re.IGNORECASE) if negative else clean
    if _LOGARITHM.fullmatch(re.sub(r"[\s_.]+", "", clean).lower().replace("[hz]", "/hz")):
        return [ImpedanceColumn(index, text.strip(), "frequency", unit="Hz", logarithm=True)]
    name, unit = _split(clean)
    key = re.sub(r"[\s_.:]+", "", name).lower().replace("<", "").replace(">", "")
    found = []
    for quantity, words in _NAMES.items():
        if key not in words:
            continue
        column = ImpedanceColumn(index, text.strip(), quantity, negative)
        spelled = None if unit is None else plain_unit(unit, column.kind)
        if quantity == "angular":
            column = evolve(column, quantity="frequency")
            spelled = "rad/s"
        if quantity == "frequency" and spelled is None and unit is not None:
            spelled = unit  # refused where it is used
        found.append(evolve(column, unit=spelled or unit))
    return found


def _split(text: str) -> tuple[str, str | None]:
    """Split a heading into its name and the text of its unit: ``Z' (ohm)``, ``Freq.[Hz]``, ``|Z|/Ohm``, ``zre_ohm``."""
    match = re.fullmatch(r"(.*?)\s*[(\[{]([^()\[\]{}]*)[)\]}]\s*", text)
    if match and match[1] and (text[match.end(1) :].lstrip()[0] != "(" or not _is_argument(match[2])):
        return match[1], match[2]
    match = re.fullmatch(r"([^/]+?)\s*/\s*(.+)", text)
    if match:
        return match[1], match[2].strip("()[] ")
    match = re.fullmatch(r"(.+?)(?:_|,\s*|\s+| in )([A-Za-zΩ°\N{OHM SIGN}]+)", text)
    if match and any(plain_unit(match[2], kind) for kind in ("frequency", "impedance", "phase", "time")):
        return match[1], match[2]
    return text, None


def _is_argument(text: str) -> bool:
    """Say whether what stands in round brackets is what a function is of, as in ``Re(Z)``."""
    return re.fullmatch(r"\|?[zZfF][A-Za-z']*\|?|freq|frequency", text.strip()) is not None


def chosen_columns(names: Sequence[str], settings: Mapping[str, str], where: str) -> ImpedanceColumns:
    """Choose the columns of a table of impedances by their headings and the caller's settings.

    Real and imaginary part come before magnitude and phase, and these before complex numbers.

    Raises
    ------
    ReadError
        ``LI-READ-004`` when a frequency or an impedance is missing, or several columns could be one of them,
        ``LI-READ-005`` when a unit is not known.
    """
    columns = named_columns(names)
    chosen: dict[str, ImpedanceColumn] = {}
    for quantity in ("frequency", "real", "imaginary", "magnitude", "phase", "complex", *_NAMES):
        if quantity in chosen or quantity == "angular":
            continue
        found = _called(names, quantity, settings, where) or [c for c in columns if c.quantity == quantity]
        if len(found) > 1 and quantity in ("frequency", "real", "imaginary"):
            raise ReadError(
                f"several columns could be the {_title(quantity)}",
                code="LI-READ-004",
                where=where,
                got=", ".join(repr(column.text) for column in found),
                expected=f"one of them, chosen with --set {quantity}_column=NAME",
            )
        if found:
            chosen[quantity] = found[0]
    if not is_spectrum(list(chosen.values())):
        missing = "frequency" if "frequency" not in chosen else "impedance"
        raise ReadError(
            f"no column is the {missing}" if missing == "frequency" else "no columns are the parts of an impedance",
            code="LI-READ-004",
            where=where,
            got="columns " + ", ".join(repr(name) for name in names[:40]),
            expected="a frequency, and Z' and Z'' (or |Z| and a phase, or complex numbers); --set "
            "frequency_column=NAME, real_column=NAME and imaginary_column=NAME name them",
        )
    return ImpedanceColumns({quantity: _with_unit(column, settings, where) for quantity, column in chosen.items()})


def _title(quantity: str) -> str:
    return f"{quantity} part" if quantity in ("real", "imaginary") else quantity


def _called(names: Sequence[str], quantity: str, settings: Mapping[str, str], where: str) -> list[ImpedanceColumn]:
    wanted = settings.get(f"{quantity}_column")
    if wanted is None:
        return []
    texts = [name.strip() for name in names]
    if texts.count(wanted.strip()) != 1:
        raise ReadError(
            f"--set {quantity}_column names no column of the file, or more than one",
            code="LI-READ-004",
            where=where,
            got=wanted,
            expected="columns " + ", ".join(repr(name) for name in texts[:40]),
            nearest=nearest_match(wanted, texts),
        )
    index = texts.index(wanted.strip())
    meant = [column for column in _meanings(texts[index], index) if column.quantity == quantity]
    if meant:
        return meant
    negative = texts[index].translate(_PRIMES).startswith("-")
    unit = _split(texts[index])[1]
    return [ImpedanceColumn(index, texts[index], quantity, negative and quantity == "imaginary", unit)]


def _with_unit(column: ImpedanceColumn, settings: Mapping[str, str], where: str) -> ImpedanceColumn:
    kind = column.kind
    if kind not in ("frequency", "impedance", "phase"):
        known = None if column.unit is None else plain_unit(column.unit, kind)
        return evolve(column, unit=known)
    text = settings.get(f"{kind}_unit") or column.unit
    unit = None if text is None else plain_unit(text, kind)
    if text is not None and unit is None:
        known_units = [*_UNITS[kind], *(_UNITS["areal"] if kind == "impedance" else ())]
        raise ReadError(
            f"the unit of the column {column.text!r} is not known",
            code="LI-READ-005",
            where=where,
            got=text,
            expected=f"{', '.join(known_units)} (--set {kind}_unit=UNIT says it)",
            nearest=nearest_match(text, known_units),
        )
    return evolve(column, unit=unit)
