"""The kinds of experiment on a full cell: each says of which steps it consists."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Self

from attrs import Attribute, evolve, field, frozen

from lithiate.constants import REFERENCE_TEMPERATURE
from lithiate.core.fields import count, counts, quantities, quantity
from lithiate.core.frequencies import FrequencyGrid
from lithiate.core.protocol import Step
from lithiate.errors import SpecError

LOWEST_C_RATE, HIGHEST_C_RATE = 0.01, 50.0
"""C-rates that a test may ask for [1/h]."""


def _rates(instance: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - attrs validates any field
    for number in value if isinstance(value, tuple) else (value,):
        if number is None and attribute.default is None:
            continue
        plain = isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
        if not plain or not LOWEST_C_RATE <= number <= HIGHEST_C_RATE:
            raise SpecError(
                "is not a C-rate",
                code="LI-SPEC-002",
                where=attribute.name,
                got=number,
                expected=f"a number of {LOWEST_C_RATE:g} to {HIGHEST_C_RATE:g} (per hour), such as 0.5",
            )


def c_rate(default: Any) -> Any:  # noqa: ANN401 - attrs types its fields by the annotation
    """Return a field for a C-rate, a plain number per hour; None only as a default."""
    return field(default=default, validator=_rates)


def c_rates() -> Any:  # noqa: ANN401 - attrs types its fields by the annotation
    """Return a field for one or more C-rates, as a tuple."""

    def to_tuple(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - what the caller gave
        return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)

    return field(converter=to_tuple, validator=_rates)


@frozen(kw_only=True)
class FullCellExperiment:
    """What every experiment on a full cell may say. C-rates are plain numbers per hour of the nominal capacity.

    Charge and discharge end by voltage; `in_window` fills in the cut-offs before the steps are asked for.

    Parameters
    ----------
    temperature : str or float, K
        Default 25 degC.
    voltage_limit : str or float, V
        The test ends when |V| reaches it (the range of a common cycler, assumed).
    lower_voltage, upper_voltage : str or float, V
        Cut-offs; by default the usual window of the cathode.
    charge_c_rate : float or None
        Where the cell is charged at another rate than it is discharged.
    hold_until_c_rate : float or None
        Hold the upper voltage after each charge until the current has fallen to this; default none (CC).
    rest : str or float, s
        After each half cycle; default none.
    rest_after_assembly : str or float, s
        Rest before anything else; default none.
    formation_cycles : int
        Cycles at `formation_rate` before the experiment proper; default none.
    formation_rate : float
        C-rate of formation; default 0.1 (assumed).
    """

    kind: ClassVar[str]

    temperature: float = quantity("K", REFERENCE_TEMPERATURE)
    voltage_limit: float = quantity("V", 5.0)
    lower_voltage: float | None = quantity("V", None)
    upper_voltage: float | None = quantity("V", None)
    charge_c_rate: float | None = c_rate(None)
    hold_until_c_rate: float | None = c_rate(None)
    rest: float = quantity("s", 0.0, zero=True)
    rest_after_assembly: float = quantity("s", 0.0, zero=True)
    formation_cycles: int = count(0, least=0)
    formation_rate: float = c_rate(0.1)

    def __attrs_post_init__(self) -> None:
        low, high = self.lower_voltage, self.upper_voltage
        if low is not None and high is not None and not low < high:
            raise SpecError(
                "the lower voltage must lie below the upper",
                code="LI-SPEC-002",
                where="lower_voltage",
                got=f"{low:g} V, upper {high:g} V",
            )

    def in_window(self, window: tuple[float, float]) -> Self:
        """Return the experiment with both cut-offs: what was left open is that of a cathode's usual `window` [V].

        Steps exist only once both cut-offs are known.
        """
        low = window[0] if self.lower_voltage is None else self.lower_voltage
        high = window[1] if self.upper_voltage is None else self.upper_voltage
        return evolve(self, lower_voltage=low, upper_voltage=high)

    def half_cycles_of(self, charge: float, discharge: float) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """Return the steps of a charge and of a discharge at C-rates, up to the cut-offs of the cell."""
        pause = (Step(action="rest", duration=self.rest),) if self.rest > 0.0 else ()
        up: tuple[Step, ...] = (Step(action="charge", c_rate=charge, until_voltage=self.upper_voltage),)
        if self.hold_until_c_rate is not None:
            up += (Step(action="hold", voltage=self.upper_voltage, until_c_rate=self.hold_until_c_rate),)
        down = (Step(action="discharge", c_rate=discharge, until_voltage=self.lower_voltage),)
        return (*up, *pause), (*down, *pause)

    def cycle_at(self, rate: float) -> tuple[Step, ...]:
        """Return the steps of a cycle, discharged at a C-rate."""
        up, down = self.half_cycles_of(self.charge_c_rate or rate, rate)
        return (*up, *down)

    def _prelude(self) -> Iterator[Step]:
        if self.rest_after_assembly > 0.0:
            yield Step(action="rest", duration=self.rest_after_assembly)
        up, down = self.half_cycles_of(self.formation_rate, self.formation_rate)
        for _ in range(self.formation_cycles):
            yield from (*up, *down)

    @property
    def steps_per_cycle(self) -> int:
        """Number of steps of a cycle."""
        return 2 * (1 + (self.rest > 0.0)) + (self.hold_until_c_rate is not None)

    @property
    def prelude_steps(self) -> int:
        """Number of steps before the experiment proper."""
        return self.steps_per_cycle * self.formation_cycles + (self.rest_after_assembly > 0.0)


@frozen(kw_only=True)
class FullCycling(FullCellExperiment):
    """Charging and discharging of a full cell, from the cathode as it is assembled.

    Parameters
    ----------
    c_rate : float
        Default 1.
    cycles : int
        Default 100.
    """

    kind = "full-cycling"

    c_rate: float = c_rate(1.0)
    cycles: int = count(100)

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test."""
        yield from self._prelude()
        cycle = self.cycle_at(self.c_rate)
        for _ in range(self.cycles):
            yield from cycle

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.prelude_steps + self.steps_per_cycle * self.cycles


@frozen(kw_only=True)
class AnodeFree(FullCycling):
    """Cycling of a full cell whose anode holds no lithium of its own: all of it is the cathode's."""

    kind = "anode-free"


@frozen(kw_only=True)
class Rate(FullCellExperiment):
    """Cycling of a full cell at one C-rate after the other.

    Parameters
    ----------
    c_rates : sequence of float
        In the order in which they are run.
    cycles_per_rate : int
        Default 5 (assumed).
    """

    kind = "rate"

    c_rates: tuple[float, ...] = c_rates()
    cycles_per_rate: int = count(5)

    def __attrs_post_init__(self) -> None:
        if not self.c_rates:
            raise SpecError("no C-rate", code="LI-SPEC-002", where="c_rates", got="an empty list")
        super().__attrs_post_init__()

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test."""
        yield from self._prelude()
        for rate in self.c_rates:
            for _ in range(self.cycles_per_rate):
                yield from self.cycle_at(rate)

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.prelude_steps + self.steps_per_cycle * self.cycles_per_rate * len(self.c_rates)


@frozen(kw_only=True)
class FullProbe(FullCellExperiment):
    """What a spectrum or a sweep of a full cell needs: cycles before, then a charge to a state, and a rest.

    Parameters
    ----------
    c_rate : float
        Of the cycles and of the charge before each probe; default 1.
    state_of_charge : float
        Charge that the cell takes from its discharged state before it is probed, over the nominal capacity; 0 probes it
        discharged. A fresh cell is as assembled before that. Default 0.5.
    rest_before_probe : str or float, s
        Default 1 h.
    """

    c_rate: float = c_rate(1.0)
    state_of_charge: float = field(default=0.5)
    rest_before_probe: float = quantity("s", 3600.0)

    @state_of_charge.validator
    def _share(self, attribute: Attribute[Any], value: float) -> None:
        if isinstance(value, bool | str) or not 0.0 <= value <= 1.0:
            raise SpecError("must be a share", code="LI-SPEC-002", where=attribute.name, got=value, expected="0 to 1")

    def _to_state(self) -> tuple[Step, ...]:
        """Return the steps that lead from the discharged cell to where it is probed."""
        rate = self.charge_c_rate or self.c_rate
        rest = Step(action="rest", duration=self.rest_before_probe)
        if self.state_of_charge == 0.0:
            return (rest,)
        duration = 3600.0 * self.state_of_charge / rate
        return (Step(action="charge", c_rate=rate, duration=duration, until_voltage=self.upper_voltage), rest)


@frozen(kw_only=True)
class FullSpectra(FrequencyGrid, FullProbe):
    """What experiments that take spectra of full cells have in common."""

    @property
    def probed_cycles(self) -> tuple[int, ...]:
        """Numbers of cycles after which the cell is probed, rising."""
        raise NotImplementedError

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test: cycles, and before each spectrum a charge to its state and a rest."""
        yield from self._prelude()
        cycle, back = self.cycle_at(self.c_rate), self.half_cycles_of(self.c_rate, self.c_rate)[1]
        done = 0
        for number in self.probed_cycles:
            for _ in range(number - done):
                yield from cycle
            done = number
            yield from self._to_state()
            if number != self.probed_cycles[-1] and self.state_of_charge > 0.0:
                yield from back

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.probe_steps[-1]

    @property
    def probe_steps(self) -> tuple[int, ...]:
        """Number of steps before each spectrum."""
        probe, back = (2, 1 + (self.rest > 0.0)) if self.state_of_charge > 0.0 else (1, 0)
        return tuple(
            self.prelude_steps + self.steps_per_cycle * number + (k + 1) * probe + k * back
            for k, number in enumerate(self.probed_cycles)
        )


@frozen(kw_only=True)
class FullImpedance(FullSpectra):
    """Impedance of a full cell at rest, fresh and after cycles, at a state of charge.

    Parameters
    ----------
    after_cycles : sequence of int
        Cycles after which a spectrum is taken; 0 is the fresh cell.
    """

    kind = "impedance"

    after_cycles: tuple[int, ...] = counts((0,))

    @property
    def probed_cycles(self) -> tuple[int, ...]:
        """Numbers of cycles after which the cell is probed, rising."""
        return tuple(sorted(set(self.after_cycles)))


@frozen(kw_only=True)
class FullImpedanceTemperature(FullSpectra):
    """Impedance of a full cell at several temperatures, for activation energies.

    Parameters
    ----------
    temperatures : sequence of str or float, K
    after_cycles : int
        Cycles at `temperature` before the spectra; default none.
    """

    kind = "impedance-temperature"

    temperatures: tuple[float, ...] = quantities("K", (273.15, 283.15, 293.15, 303.15, 313.15, 323.15))
    after_cycles: int = count(0, least=0)

    @property
    def probed_cycles(self) -> tuple[int, ...]:
        """Number of cycles before the spectra."""
        return (self.after_cycles,)


@frozen(kw_only=True)
class FullTafel(FullProbe):
    """A slow sweep of the voltage of a full cell about its open-circuit voltage; its ohmic drop is in it.

    Parameters
    ----------
    scan_rate : str or float, V/s
        Default 1 mV/s.
    voltage_window : str or float, V
        The sweep runs from minus to plus this, counted from the open-circuit voltage; default 0.2 V.
    after_cycles : int
        Cycles before the sweep; default none.
    """

    kind = "tafel"

    scan_rate: float = quantity("V/s", 1e-3)
    voltage_window: float = quantity("V", 0.2)
    after_cycles: int = count(0, least=0)

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test."""
        yield from self._prelude()
        cycle = self.cycle_at(self.c_rate)
        for _ in range(self.after_cycles):
            yield from cycle
        yield from self._to_state()
        yield Step(
            action="sweep",
            start_voltage=-self.voltage_window,
            end_voltage=self.voltage_window,
            scan_rate=self.scan_rate,
        )

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.prelude_steps + self.steps_per_cycle * self.after_cycles + (2 + (self.state_of_charge > 0.0))
