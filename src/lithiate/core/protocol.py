"""A free protocol: steps in words (``"Plate at 1 mA/cm2 for 1 hour"``), repeats of them, and the whole.

Signs are those of a record: voltage = working minus counter electrode, current > 0 oxidises the working electrode.
So plating, at negative current, drives the cell voltage down, and stripping drives it up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from attrs import Attribute, field, fields, frozen

from lithiate.constants import REFERENCE_TEMPERATURE
from lithiate.core.fields import to_si
from lithiate.core.step_text import SI_UNITS, printed_quantity, read_step
from lithiate.errors import SpecError, nearest_match

_ENDS = ("duration", "areal_capacity", "until_voltage")
_RATES = ("current_density", "c_rate")
# Action -> fields that it needs, and fields that it may have; the others stay None.
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plate": (("current_density",), _ENDS),
    "strip": (("current_density",), _ENDS),
    "charge": ((), _ENDS),
    "discharge": ((), _ENDS),
    "rest": (("duration",), ()),
    "sweep": (("start_voltage", "end_voltage", "scan_rate"), ()),
    "hold": (("voltage",), ("duration", "until_current_density", "until_c_rate")),
}
ACTIONS = tuple(_FIELDS)
"""What a step may do."""


def _quantity(kind: str, *, positive: bool = True) -> Any:  # noqa: ANN401 - attrs types its fields by the annotation
    """Return an optional attrs field: text with a unit or an SI number, finite, and above zero where asked."""

    def check(instance: object, attribute: Attribute[Any], value: float | None) -> None:
        if value is None or (math.isfinite(value) and (value > 0 or not positive)):
            return
        raise SpecError(
            "must be a positive number" if positive else "must be a finite number",
            code="LI-SPEC-002",
            where=attribute.name,
            got=f"{value:g} {SI_UNITS[kind]}",
            expected="a magnitude above zero: the action says the direction" if positive else None,
        )

    return field(default=None, converter=lambda v: None if v is None else to_si(v, SI_UNITS[kind]), validator=check)


@frozen(kw_only=True)
class Step:
    """One step: what is done to the cell, and when it ends. The first end condition that is met ends it.

    Parameters
    ----------
    action : {"plate", "strip", "charge", "discharge", "rest", "sweep", "hold"}
        Plate and strip: lithium onto and off the working electrode at constant current. Charge and discharge: the same
        of a full cell, whose working electrode is the cathode; charging takes lithium out of it.
    current_density : str or float, A/m2
        Plate, strip, charge, discharge: its magnitude.
    c_rate : float, 1/h
        Charge, discharge: in its place, over the nominal capacity of the cathode; 1 empties it in an hour.
    duration : str or float, s
        All but sweep: the longest time.
    areal_capacity : str or float, C/m2
        Plate, strip, charge, discharge: charge passed in the step.
    until_voltage : str or float, V
        Plate, strip, charge, discharge: cell voltage with its sign, as measured. Plating and discharging end once the
        voltage is at or **below** it, stripping and charging once it is at or **above** it.
    start_voltage, end_voltage : str or float, V, and scan_rate : str or float, V/s
        Sweep: cell voltages with their signs, and the magnitude of the rate. In a full cell they count from the
        open-circuit voltage at which the sweep begins.
    voltage : str or float, V, and until_current_density : str or float, A/m2, or until_c_rate : float, 1/h
        Hold: cell voltage with its sign; the step ends once the magnitude of the current density is at or below it.

    Raises
    ------
    SpecError
        ``LI-SPEC-002`` for an unknown action, a field that the action lacks or needs, no end condition, or a value
        that is not finite or has the wrong sign.
    UnitError
        ``LI-UNIT-001/002`` when text is no quantity of the right dimension.
    """

    action: str
    current_density: float | None = _quantity("current_density")
    duration: float | None = _quantity("duration")
    areal_capacity: float | None = _quantity("areal_capacity")
    until_voltage: float | None = _quantity("voltage", positive=False)
    start_voltage: float | None = _quantity("voltage", positive=False)
    end_voltage: float | None = _quantity("voltage", positive=False)
    scan_rate: float | None = _quantity("scan_rate")
    voltage: float | None = _quantity("voltage", positive=False)
    until_current_density: float | None = _quantity("current_density")
    c_rate: float | None = _quantity("c_rate")
    until_c_rate: float | None = _quantity("c_rate")

    def __attrs_post_init__(self) -> None:
        if self.action not in _FIELDS:
            nearest = nearest_match(str(self.action), ACTIONS)
            _refuse("unknown action", "action", self.action, ", ".join(ACTIONS), nearest)
        needed, ends = _FIELDS[self.action]
        given = [item.name for item in fields(Step) if getattr(self, item.name) is not None and item.name != "action"]
        for name in needed:
            if name not in given:
                _refuse(f"'{name}' is missing", self.action, given or "nothing", ", ".join(needed))
        if self.action in ("charge", "discharge"):
            rates = [name for name in _RATES if name in given]
            if len(rates) != 1:
                _refuse("give either a current density or a C-rate", self.action, rates or "neither", "one of them")
            needed = (rates[0],)
        for name in given:
            if name not in needed + ends:
                _refuse(f"'{name}' means nothing here", self.action, name, ", ".join(needed + ends))
        if ends and not set(ends) & set(given):
            _refuse("nothing says when the step ends", self.action, "no end condition", " or ".join(ends))
        if self.action == "sweep" and self.start_voltage == self.end_voltage:
            _refuse("a sweep begins where it ends", self.action, f"{self.end_voltage:g} V", "two voltages")

    @property
    def signed_current_density(self) -> float:
        """Current density with the sign of a record [A/m2]: plating, discharging < 0, stripping, charging > 0, rest 0.

        Raises
        ------
        SpecError
            ``LI-SPEC-002`` for a sweep and a hold, which control the voltage, and for a C-rate without its cathode.
        """
        if self.action in ("sweep", "hold"):
            _refuse("the step controls the voltage, not the current", self.action, None, None)
        if self.c_rate is not None:
            _refuse("a C-rate is a current only with its cathode", self.action, f"{self.c_rate:g} 1/h", None)
        magnitude = self.current_density or 0.0
        return -magnitude if self.action in ("plate", "discharge") else magnitude

    @property
    def longest_duration(self) -> float | None:
        """Time after which the step has ended whatever the voltage does [s], or None where nothing bounds it."""
        if self.start_voltage is not None and self.end_voltage is not None and self.scan_rate is not None:
            return abs(self.end_voltage - self.start_voltage) / self.scan_rate
        times = [] if self.duration is None else [self.duration]
        if self.areal_capacity is not None and self.current_density is not None:
            times.append(self.areal_capacity / self.current_density)
        return min(times, default=None)

    def __str__(self) -> str:
        def text(name: str, kind: str | None = None) -> str:
            return printed_quantity(getattr(self, name), kind or name)

        if self.action == "rest":
            return f"Rest for {text('duration')}"
        if self.action == "sweep":
            between = f"from {text('start_voltage', 'voltage')} to {text('end_voltage', 'voltage')}"
            return f"Sweep {between} at {text('scan_rate')}"
        name = "voltage" if self.action == "hold" else "current_density" if self.c_rate is None else "c_rate"
        at = text(name)
        ends = {
            "duration": ("for", "duration"),
            "areal_capacity": ("until", "areal_capacity"),
            "until_voltage": ("until", "voltage"),
            "until_current_density": ("until", "current_density"),
            "until_c_rate": ("until", "c_rate"),
        }
        given = [f"{word} {text(name, kind)}" for name, (word, kind) in ends.items() if getattr(self, name) is not None]
        return f"{self.action.capitalize()} at {at} {' or '.join(given)}"


def _refuse(what: str, where: str, got: object, expected: str | None, nearest: str | None = None) -> NoReturn:
    raise SpecError(what, code="LI-SPEC-002", where=where, got=got, expected=expected, nearest=nearest)


def parse_step(text: str, *, where: str | None = None) -> Step:
    """Parse a step in words; upper and lower case mean the same, in units too ("MA/CM2" is mA/cm2).

    Parameters
    ----------
    text : str
        One of `lithiate.core.step_text.FORMS` with other numbers and units; conditions in any order, joined with "or".
    where : str, optional
        ``file:line`` or dotted key, for the message of an error.

    Raises
    ------
    SpecError
        ``LI-SPEC-002`` with what was read, where reading stopped, and the nearest form; or when the step makes no
        sense (see `Step`).

    Examples
    --------
    >>> parse_step("strip at 0.5 mA cm-2 for 90 min or until 1 V").until_voltage
    1.0
    >>> print(parse_step("plate at 10 A/m^2 for 5400 s"))
    Plate at 1 mA/cm2 for 90 minutes
    """
    action, found = read_step(text, where)
    try:
        return Step(action=action, **found)
    except SpecError as error:
        place = f"{where}: {text!r}" if where else repr(text)
        raise SpecError(
            f"{error.where}: {error.what}", code=error.code, where=place, got=error.got, expected=error.expected
        ) from None


def _parsed(items: Sequence[Any], where: str = "steps") -> tuple[Step | Repeat, ...]:
    """Turn steps, their text, repeats and tables ``{repeat = 10, steps = [...]}`` into steps and repeats."""
    if isinstance(items, str | Mapping) or not isinstance(items, Sequence):
        _refuse("must be a list of steps", where, items, 'a list such as ["Plate at 1 mA/cm2 for 1 hour"]')
    if not items:
        _refuse("holds no step", where, "an empty list", "at least one step")
    return tuple(_item(item, f"{where}[{index}]") for index, item in enumerate(items))


def _item(item: Any, where: str) -> Step | Repeat:  # noqa: ANN401 - whatever TOML or the caller holds
    if isinstance(item, Step | Repeat):
        return item
    if isinstance(item, str):
        return parse_step(item, where=where)
    if isinstance(item, Mapping) and set(item) == {"repeat", "steps"}:
        _check_times(item["repeat"], f"{where}.repeat")
        return Repeat(_parsed(item["steps"], f"{where}.steps"), item["repeat"])
    _refuse("is neither a step nor a repeat", where, item, '"Rest for 1 hour" or { repeat = 10, steps = [...] }')


def _check_times(times: Any, where: str) -> None:  # noqa: ANN401 - whatever TOML or the caller holds
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        _refuse("must be a whole number of repeats", where, times, ">= 1")


@frozen
class Repeat:
    """Steps that are done `times` times, one after the other; repeats may hold repeats.

    Parameters
    ----------
    steps : sequence of Step, str, Repeat or mapping
        As in `Protocol`.
    times : int
        At least 1.
    """

    steps: tuple[Step | Repeat, ...] = field(converter=_parsed)
    times: int = field()

    def __attrs_post_init__(self) -> None:
        _check_times(self.times, "times")


def _limit(value: str | float) -> float:
    return to_si(value, "V")


def _temperature(value: str | float) -> float:
    return to_si(value, "K")


def _positive(instance: object, attribute: Attribute[Any], value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        _refuse("must be positive", attribute.name, value, "> 0")


@frozen(kw_only=True)
class Protocol:
    """A free protocol: steps one after the other, under fixed conditions.

    Parameters
    ----------
    steps : sequence of Step, str, Repeat or mapping
        Steps, their text (`parse_step`), repeats, or tables as in TOML:
        ``["Rest for 1 h", { repeat = 10, steps = ["Plate at 1 mA/cm2 for 1 h", "Strip at 1 mA/cm2 for 1 h"] }]``.
    temperature : str or float, K
        Default 25 degC.
    voltage_limit : str or float, V
        The test ends when |V| reaches it (the range of a common cycler, assumed).

    Raises
    ------
    SpecError
        ``LI-SPEC-002`` with the place, such as ``steps[2].steps[0]``.
    """

    kind = "protocol"

    steps: tuple[Step | Repeat, ...] = field(converter=_parsed)
    temperature: float = field(default=REFERENCE_TEMPERATURE, converter=_temperature, validator=_positive)
    voltage_limit: float = field(default=5.0, converter=_limit, validator=_positive)

    def flatten(self) -> Iterator[Step]:
        """Yield every step in its order; repeats are walked through and never written out in memory."""
        return _walk(self.steps)

    @property
    def number_of_steps(self) -> int:
        """How many steps `flatten` yields, counted without walking."""
        return _count(self.steps)


def _walk(items: tuple[Step | Repeat, ...]) -> Iterator[Step]:
    for item in items:
        if isinstance(item, Step):
            yield item
        else:
            for _ in range(item.times):
                yield from _walk(item.steps)


def _count(items: tuple[Step | Repeat, ...]) -> int:
    return sum(1 if isinstance(item, Step) else item.times * _count(item.steps) for item in items)
