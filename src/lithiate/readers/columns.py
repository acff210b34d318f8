"""Headings of tables: name and unit in any style, and which column is the time, the voltage, the current."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from attrs import frozen

from lithiate.errors import ReadError, nearest_match

SI_UNITS = {"time": "s", "voltage": "V", "current": "A", "current_density": "A/m^2"}

UNIT_SPELLINGS: dict[str, dict[str, str]] = {
    "time": {
        "s": "s sec secs second seconds 秒",
        "ms": "ms msec millisecond milliseconds 毫秒",
        "min": "min mins minute minutes 分 分钟",
        "h": "h hr hrs hour hours std 小时",
        "d": "d day days 天",
    },
    "voltage": {"V": "V v volt volts 伏", "mV": "mV millivolt millivolts", "uV": "uV"},
    "current": {
        "A": "A amp amps ampere amperes 安",
        "mA": "mA milliamp milliampere",
        "uA": "uA microamp",
        "nA": "nA",
        "kA": "kA",
    },
    "current_density": {
        "A/m^2": "A/m2 Am-2",
        "mA/cm^2": "mA/cm2 mAcm-2 mA.cm-2",
        "uA/cm^2": "uA/cm2 uAcm-2 uA.cm-2",
    },
}
"""Quantity -> unit that `lithiate.units` knows -> its spellings in headings, after `_plain_unit`."""

_UNITS = {
    quantity: {word: unit for unit, words in table.items() for word in words.split()}
    for quantity, table in UNIT_SPELLINGS.items()
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Earlier groups win over later ones: "Total Time" beside "Time" is the test time, and then "Time" that of the step.
_NAMES: dict[str, tuple[frozenset[str], ...]] = {
    "time": (
        _words("testtime totaltime cumulativetime elapsedtime runtime test 总时间 测试时间 累计时间"),
        _words("time t zeit 时间"),
    ),
    "voltage": (_words("voltage cellvoltage ecell vcell ewe ewe-ece volt volts potential spannung v u e δe δv 电压"),),
    "current": (
        _words("current i icell cur amp amps amperes strom 电流"),
        _words("currentdensity j 电流密度"),
    ),
    "cycle": (_words("cycleindex cyclenumber cyclecount cycle cycleid cyc cyc# cyclec cyc-count 循环号 循环序号"),),
    "step_type": (_words("steptype stepname instructionname state status md command 工步类型 状态"),),
    "clock": (_words("datetime dateandtime date dpttime absolutetime realtime timestamp 绝对时间 系统时间"),),
}

# A name that is its own unit; and names too short or too common to count without one.
_IMPLIED = {"amps": "A", "amperes": "A", "volts": "V"}
_NEEDS_UNIT = frozenset({"test"})
_PLAIN = str.maketrans({"µ": "u", "μ": "u", "²": "2", "⁻": "-", "−": "-", "·": "."})
_DENSITIES = _NAMES["current"][1]
_CASE_MATTERS = {"t": "t", "i": "Ii", "v": "Vv", "u": "Uu", "e": "E"}


@frozen
class Heading:
    """One heading of a table: its text, the plain key of its name, its unit's text (None where it has none)."""

    text: str
    key: str
    unit: str | None


@frozen
class Choice:
    """The column that was chosen, the quantity that it holds, and the unit of its numbers.

    `quantity` is ``current_density`` where a current was asked for and the unit is one of a density.
    `assumed` says that nothing stated the unit.
    """

    index: int
    text: str
    quantity: str
    unit: str
    assumed: bool = False


def parse_heading(text: str) -> Heading:
    """Split a heading such as ``Ewe/V``, ``E [mV]``, ``Time (h)`` or ``test_time_s`` into name and unit."""
    clean = text.strip().strip('"').strip().lstrip("#~%").replace("<", "").replace(">", "").strip()
    for pattern in (r"(.*?)\s*[(\[{]([^()\[\]{}]*)[)\]}]\s*", r"([^/]+?)\s*/\s*(.+)"):
        match = re.fullmatch(pattern, clean)
        if match and match[1]:
            return Heading(text.strip(), _key(match[1]), match[2].strip())
    match = re.fullmatch(r"(.+?)(?:[_\s,]+| in )([A-Za-z]+)", clean)
    if match and any(_unit(match[2], q) and _named(_key(match[1]), q) for q in ("time", "voltage", "current")):
        return Heading(text.strip(), _key(match[1]), match[2])
    return Heading(text.strip(), _key(clean), None)


def _key(name: str) -> str:
    # The increment sign U+2206 stands for a capital delta in many exports.
    return re.sub(r"[\s_.:]+", "", name.replace("∆", "Δ")).lower()


def _plain_unit(text: str) -> str:
    return re.sub(r"[\s^]+", "", text.translate(_PLAIN))


def _unit(text: str, quantity: str) -> tuple[str, str] | None:
    """Return the quantity and the unit that a heading's unit text means, or None."""
    plain = _plain_unit(re.sub(r"\s+vs\b.*", "", text))  # V vs. Li/Li+
    for kind in (quantity, "current_density") if quantity == "current" else (quantity,):
        table = _UNITS[kind]
        # Case tells mV from MV; words of three letters and more, and units of time, have no such twin.
        unit = table.get(plain) or (table.get(plain.lower()) if len(plain) > 2 or kind == "time" else None)
        if unit:
            return kind, unit
    # (hh:mm:ss) describes text, which is parsed into seconds.
    return ("time", "s") if quantity == "time" and ":" in plain else None


def _named(key: str, quantity: str) -> bool:
    return any(key in names for names in _NAMES[quantity])


def find_column(headings: Sequence[Heading], quantity: str) -> int | None:
    """Return the index of a column without a unit (cycle, step type, clock), or None."""
    for names in _NAMES[quantity]:
        for index, heading in enumerate(headings):
            if heading.key in names:
                return index
    return None


def is_record(headings: Sequence[Heading]) -> bool:
    """Say whether the headings hold a time and a voltage, whatever their units."""
    return bool(_candidates(headings, "time") and _candidates(headings, "voltage"))


def _candidates(headings: Sequence[Heading], quantity: str) -> list[int]:
    """Return the columns whose name fits, those of the best group only."""
    for names in _NAMES[quantity]:
        found = [
            index
            for index, heading in enumerate(headings)
            if heading.key in names and not (heading.unit is None and _too_bare(heading))
        ]
        if found:
            return found
    return []


def _too_bare(heading: Heading) -> bool:
    letters = _CASE_MATTERS.get(heading.key)
    return heading.key in _NEEDS_UNIT or (letters is not None and heading.text.strip('"#~% ') not in letters)


def choose_column(headings: Sequence[Heading], quantity: str, settings: Mapping[str, str], where: str) -> Choice:
    """Choose the column of a quantity that the record needs; see `choose_optional_column`.

    Raises
    ------
    ReadError
        ``LI-READ-004`` also when no column fits.
    """
    choice = choose_optional_column(headings, quantity, settings, where)
    if choice is None:
        raise _missing(headings, quantity, where)
    return choice


def choose_optional_column(
    headings: Sequence[Heading], quantity: str, settings: Mapping[str, str], where: str
) -> Choice | None:
    """Choose the column of a quantity, by a setting ``<quantity>_column`` or by name and unit; None without one.

    Raises
    ------
    ReadError
        ``LI-READ-004`` when several columns fit, ``LI-READ-005`` when the unit is not known.
    """
    named = settings.get(f"{quantity}_column")
    if named is not None:
        found = [_column_called(headings, named, quantity, where)]
    else:
        found = _candidates(headings, quantity)
        found = [i for i in found if headings[i].unit is None or _unit(headings[i].unit or "", quantity)] or found
    if not found:
        return None
    if len(found) > 1:
        raise ReadError(
            f"several columns could be the {quantity}",
            code="LI-READ-004",
            where=where,
            got=", ".join(repr(headings[i].text) for i in found),
            expected=f"one of them, chosen with --set {quantity}_column=NAME",
        )
    return with_unit(headings[found[0]], found[0], quantity, settings, where)


def _column_called(headings: Sequence[Heading], name: str, quantity: str, where: str) -> int:
    texts = [heading.text.strip('"') for heading in headings]
    if texts.count(name.strip()) == 1:
        return texts.index(name.strip())
    raise ReadError(
        f"--set {quantity}_column names no column of the file, or more than one",
        code="LI-READ-004",
        where=where,
        got=name,
        expected=_listed(headings),
        nearest=nearest_match(name, texts),
    )


def _missing(headings: Sequence[Heading], quantity: str, where: str) -> ReadError:
    return ReadError(
        f"no column is a {quantity}",
        code="LI-READ-004",
        where=where,
        got=_listed(headings),
        expected=f"a heading such as '{quantity.title()} / {SI_UNITS[quantity]}', or --set {quantity}_column=NAME",
    )


def _listed(headings: Sequence[Heading]) -> str:
    return "columns " + ", ".join(repr(heading.text) for heading in headings[:40])


def with_unit(
    heading: Heading,
    index: int,
    quantity: str,
    settings: Mapping[str, str],
    where: str,
    *,
    otherwise: str | None = None,
) -> Choice:
    """Return the choice of a column with the unit of its numbers: the caller's, the heading's, else `otherwise`.

    Raises
    ------
    ReadError
        ``LI-READ-005`` when the unit is not known.
    """
    text = settings.get(f"{quantity}_unit") or heading.unit or _IMPLIED.get(heading.key) or otherwise
    if text is None and heading.key not in _DENSITIES:
        return Choice(index, heading.text, quantity, SI_UNITS[quantity], assumed=True)
    unit = None if text is None else _unit(text, quantity)
    if unit is None:
        kinds = (quantity, "current_density") if quantity == "current" else (quantity,)
        known = [unit for kind in kinds for unit in UNIT_SPELLINGS[kind]]
        raise ReadError(
            f"the unit of the {quantity} column {heading.text!r} is not known",
            code="LI-READ-005",
            where=where,
            got=text,
            expected=f"{', '.join(known)} (--set {quantity}_unit=UNIT says it)",
            nearest=None if text is None else nearest_match(text, known),
        )
    return Choice(index, heading.text, *unit)
