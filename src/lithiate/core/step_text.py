"""Steps in words: their grammar, the spellings of their units, and numbers that read back with the same bits."""

from __future__ import annotations

import difflib
import re

from lithiate.errors import SpecError, UnitError
from lithiate.units import convert

SI_UNITS = {
    "current_density": "A/m^2",
    "areal_capacity": "C/m^2",
    "duration": "s",
    "voltage": "V",
    "scan_rate": "V/s",
    "c_rate": "1/h",
}
"""Kind of quantity -> its unit in a step: SI, but C-rates are counted per hour."""

FORMS = (
    "Plate at 1 mA/cm2 for 1 hour",
    "Plate at 1 mA/cm2 until 2 mAh/cm2",
    "Plate at 1 mA/cm2 until -0.2 V",
    "Strip at 0.5 mA/cm2 for 1 hour",
    "Strip at 0.5 mA/cm2 until 1 V",
    "Strip at 1 mA/cm2 for 1 hour or until 1 V",
    "Rest for 24 hours",
    "Sweep from 0 V to -0.2 V at 1 mV/s",
    "Hold at -5 mV for 10 minutes",
    "Hold at -5 mV until 0.01 mA/cm2",
    "Charge at 0.2 C until 4.3 V",
    "Discharge at 1 C until 2.8 V",
    "Discharge at 2 mA/cm2 for 30 minutes or until 2.8 V",
    "Hold at 4.3 V until 0.05 C",
)
"""One example of each form that `parse_step` reads."""


# --- text of quantities ---------------------------------------------------------------------------------------------

_SPELLINGS = str.maketrans({"µ": "u", "μ": "u", "²": "2", "⁻": "-", "−": "-"} | dict.fromkeys("^*·. ()"))


def _unit_keys() -> dict[str, tuple[str, str]]:
    """Return plain spelling -> kind of quantity and the unit as `lithiate.units` knows it."""
    words = {
        "duration": {
            "s": "s sec secs second seconds",
            "min": "min mins minute minutes",
            "h": "h hr hrs hour hours",
            "d": "d day days",
        },
        "voltage": {"V": "v volt volts", "mV": "mv millivolt millivolts"},
        "scan_rate": {"V/s": "v/s vs-1", "mV/s": "mv/s mvs-1"},
        "c_rate": {"1/h": "1/h h-1"},
    }
    keys = {key: (kind, unit) for kind, table in words.items() for unit, text in table.items() for key in text.split()}
    for kind, units in (("current_density", "A/m^2 mA/cm^2 uA/cm^2"), ("areal_capacity", "mAh/cm^2 C/m^2 C/cm^2")):
        for unit in units.split():
            plain = unit.replace("^", "").lower()
            over, under = plain.split("/")
            keys[plain] = keys[f"{over}{under[:-1]}-2"] = (kind, unit)
    return keys


_UNITS = _unit_keys()
_PRINTED = {
    "current_density": {"mA/cm^2": "mA/cm2"},
    "areal_capacity": {"mAh/cm^2": "mAh/cm2"},
    "duration": {"h": "hour", "min": "minute", "s": "second"},
    "voltage": {"V": "V", "mV": "mV"},
    "scan_rate": {"mV/s": "mV/s", "V/s": "V/s"},
    "c_rate": {"1/h": "C"},
}
"""Kind of quantity -> units in print, the favourite first; the SI unit stands in where no other gives the same bits."""


def printed_quantity(value: float, kind: str) -> str:
    """Return the shortest text in a unit of the field that reads back as the same number."""
    unit = SI_UNITS[kind]
    found = []
    for field_unit, word in _PRINTED[kind].items():
        number = convert(value, unit, field_unit)
        texts = [text for text in (f"{number:.15g}", repr(number)) if convert(float(text), field_unit, unit) == value]
        found += [(text, word) for text in texts[:1]]
    text, word = min(found, key=lambda pair: len(pair[0]), default=(repr(value), unit.replace("^", "")))
    return f"{text} {word}{'s' if kind == 'duration' and text != '1' else ''}"


# --- text of steps --------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"\s*([+\-−]?(?:\d+\.?\d*|\.\d+)(?:[eE][+\-−]?\d+)?)")
_C_RATE = re.compile(r"\s*(?:C\s*/\s*(\d+\.?\d*)|(\d+\.?\d*(?:e[+-]?\d+)?)?\s*C)(?=\s|$)", re.IGNORECASE)
_UNIT = re.compile(r"\s*(.*?)\s*(?=\s(?:for|until|or|to|at)\s|$)", re.IGNORECASE | re.DOTALL)


_SWEEP = (
    ("from", "start_voltage", "voltage"),
    ("to", "end_voltage", "voltage"),
    ("at", "scan_rate", "scan_rate"),
)


class _Cursor:
    """Walks through the text of one step and says where it stopped."""

    def __init__(self, text: str, where: str | None) -> None:
        self.text, self.where, self.at = text.strip().rstrip("."), where, 0

    def word(self, *words: str) -> str | None:
        """Take the next word where it is one of `words`."""
        match = re.compile(rf"\s*({'|'.join(words)})\b", re.IGNORECASE).match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return match[1].lower()

    def expect(self, *words: str) -> str:
        """Take the next word, which has to be one of `words`."""
        found = self.word(*words)
        if found is None:
            raise self.fault("expected " + " or ".join(f"'{word}'" for word in words))
        return found

    def quantity(self, *kinds: str) -> tuple[str, float]:
        """Take a number and its unit; return which of `kinds` it is and its value in SI."""
        names = " or ".join(kind.replace("_", " ") for kind in kinds)
        rate = _C_RATE.match(self.text, self.at) if "c_rate" in kinds else None
        if rate is not None and float(rate[1] or 1.0) > 0.0:
            self.at = rate.end()
            return "c_rate", 1.0 / float(rate[1]) if rate[1] else float(rate[2] or 1.0)
        number = _NUMBER.match(self.text, self.at)
        if number is None:
            raise self.fault(f"expected a number with its unit ({names})")
        value = float(number[1].replace("−", "-"))
        written = _UNIT.match(self.text, number.end())
        unit, end = (written[1], written.end()) if written else ("", number.end())
        if not unit:
            raise self.fault(f"the unit is missing ({names})")
        words = list(re.finditer(r"\S+", unit))
        # The longest run of words that is a unit: what stands behind it is for the grammar to refuse.
        for word in reversed(words):
            key = unit[: word.end()].translate(_SPELLINGS).lower()
            if key in _UNITS and _UNITS[key][0] in kinds:
                kind, name = _UNITS[key]
                self.at = number.end() + self.text[number.end() :].index(unit) + word.end()
                return kind, convert(value, name, SI_UNITS[kind])
        for kind in kinds:
            try:
                found = convert(value, unit, SI_UNITS[kind])
            except UnitError:
                continue
            self.at = end
            return kind, found
        raise self.fault(f"{unit!r} is no unit of {names}")

    def end(self) -> None:
        """Refuse text that is left."""
        if self.text[self.at :].strip():
            raise self.fault("expected the end of the step")

    def fault(self, what: str) -> SpecError:
        """Return the error that says what was read, where it stopped, and the nearest form."""
        read, left = self.text[: self.at].strip(), self.text[self.at :].strip()
        head = self.text.lower().split()[:1]
        alike = [form for form in FORMS if head and form.lower().startswith(head[0])] or list(FORMS)
        table = {form.lower(): form for form in alike}
        nearest = difflib.get_close_matches(self.text.lower(), list(table), n=1, cutoff=0.0)
        return SpecError(
            f"the step cannot be read: {what} after {read!r}" if read else f"the step cannot be read: {what}",
            code="LI-SPEC-002",
            where=self.where,
            got=self.text,
            expected=f"other words at {left!r}" if left else "more words at its end",
            nearest=table[nearest[0]],
        )


def read_step(text: str, where: str | None = None) -> tuple[str, dict[str, float]]:
    """Return the action of a step in words and the fields that its words give, in SI.

    Raises
    ------
    SpecError
        ``LI-SPEC-002`` with what was read, where reading stopped, and the nearest of `FORMS`.
    """
    cursor = _Cursor(text, where)
    action = cursor.expect("plate", "strip", "charge", "discharge", "rest", "sweep", "hold")
    found: dict[str, float] = {}
    if action == "rest":
        cursor.expect("for")
        found["duration"] = cursor.quantity("duration")[1]
    elif action == "sweep":
        for word, name, kind in _SWEEP:
            cursor.expect(word)
            found[name] = cursor.quantity(kind)[1]
    else:
        cursor.expect("at")
        kinds = {"hold": ("voltage",), "plate": ("current_density",), "strip": ("current_density",)}
        name, value = cursor.quantity(*kinds.get(action, ("current_density", "c_rate")))
        found[name] = value
        _conditions(cursor, action, found)
    cursor.end()
    return action, found


def _conditions(cursor: _Cursor, action: str, found: dict[str, float]) -> None:
    """Take "for DURATION" and "until QUANTITY", joined with "or"."""
    names = {"duration": "duration", "areal_capacity": "areal_capacity", "voltage": "until_voltage"}
    kinds: tuple[str, ...] = ("areal_capacity", "voltage")
    if action == "hold":
        names = {"duration": "duration", "current_density": "until_current_density", "c_rate": "until_c_rate"}
        kinds = ("current_density", "c_rate")
    while True:
        before = cursor.at
        word = cursor.expect("for", "until")
        kind, value = cursor.quantity(*(("duration",) if word == "for" else kinds))
        if names[kind] in found:
            cursor.at = before
            raise cursor.fault(f"a second {kind.replace('_', ' ')}, which would contradict the first,")
        found[names[kind]] = value
        if cursor.word("or") is None:
            return
