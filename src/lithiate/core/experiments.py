"""The kinds of experiment on a cell, with their defaults: each says of which steps it consists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attrs import frozen

from lithiate.constants import REFERENCE_TEMPERATURE
from lithiate.core.fields import count, counts, one_of, quantities, quantity
from lithiate.core.frequencies import FrequencyGrid
from lithiate.core.full_experiments import (
    AnodeFree,
    FullCycling,
    FullImpedance,
    FullImpedanceTemperature,
    FullTafel,
    Rate,
)
from lithiate.core.protocol import Protocol, Step
from lithiate.errors import SpecError

ONE = {"current_density": 10.0, "areal_capacity": 36000.0}
"""The usual test: 1 mA/cm2, 1 mAh/cm2 [SI]."""


@frozen(kw_only=True)
class CellExperiment:
    """What every experiment on a cell may say.

    Parameters
    ----------
    temperature : str or float, K
        Text with its unit, or a number in SI. Default 25 degC.
    voltage_limit : str or float, V
        The test ends when |V| reaches it (the range of a common cycler, assumed).
    rest_after_assembly : str or float, s
        Rest before anything else; default none.
    formation_cycles : int
        Cycles at `formation_rate` before the experiment proper; default none.
    formation_rate : str or float, A/m2
        Current density of formation; default 0.1 mA/cm2 (assumed).
    """

    kind: ClassVar[str]

    temperature: float = quantity("K", REFERENCE_TEMPERATURE)
    voltage_limit: float = quantity("V", 5.0)
    rest_after_assembly: float = quantity("s", 0.0, zero=True)
    formation_cycles: int = count(0, least=0)
    formation_rate: float = quantity("A/m^2", 1.0)

    def __attrs_post_init__(self) -> None:
        """Check what fields alone do not show; each kind adds its own."""

    def _prelude(self, areal_capacity: float, until_voltage: float | None = None) -> Iterator[Step]:
        if self.rest_after_assembly > 0.0:
            yield Step(action="rest", duration=self.rest_after_assembly)
        plate = Step(action="plate", current_density=self.formation_rate, areal_capacity=areal_capacity)
        strip = Step(
            action="strip",
            current_density=self.formation_rate,
            areal_capacity=areal_capacity,
            until_voltage=until_voltage,
        )
        for _ in range(self.formation_cycles):
            yield plate
            yield strip

    @property
    def prelude_steps(self) -> int:
        """Number of steps before the experiment proper."""
        return 2 * self.formation_cycles + (self.rest_after_assembly > 0.0)


@frozen(kw_only=True)
class SymmetricCycling(CellExperiment):
    """Plating and stripping of a symmetric cell at constant current.

    Parameters
    ----------
    current_density : str or float, A/m2
        Text with its unit, or a number in SI.
    areal_capacity : str or float, C/m2
        Charge of each half cycle.
    duration : str or float, s, or cycles : int
        Length of the test, its rests included and its prelude not: one of the two, never both. The last half cycle is
        whole.
    stripping_current_density : str or float, A/m2
        Where the working electrode strips at another current density than it plates; the charge is the same.
    rest : str or float, s
        After each half cycle; default none.
    cut_off_voltage : str or float, V
        A half cycle ends early when |V| reaches it, and the test goes on; default none.
    """

    kind = "symmetric-cycling"

    current_density: float = quantity("A/m^2")
    areal_capacity: float = quantity("C/m^2")
    duration: float | None = quantity("s", None)
    cycles: int | None = count(None)
    stripping_current_density: float | None = quantity("A/m^2", None)
    rest: float = quantity("s", 0.0, zero=True)
    cut_off_voltage: float | None = quantity("V", None)

    def __attrs_post_init__(self) -> None:
        if (self.duration is None) == (self.cycles is None):
            raise SpecError(
                "give either 'duration' or 'cycles'",
                code="LI-SPEC-002",
                where=self.kind,
                got="both" if self.cycles is not None else "neither",
            )

    @property
    def half_cycle_duration(self) -> float:
        """Duration of a plating half cycle [s]."""
        return self.areal_capacity / self.current_density

    @property
    def half_cycles(self) -> int:
        """Number of half cycles, at least 1."""
        if self.cycles is not None:
            return 2 * self.cycles
        assert self.duration is not None
        stripping = self.areal_capacity / (self.stripping_current_density or self.current_density)
        return max(1, round(self.duration / (0.5 * (self.half_cycle_duration + stripping) + self.rest)))

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test."""
        yield from self._prelude(self.areal_capacity)
        charge, cut_off = self.areal_capacity, self.cut_off_voltage
        halves = (
            Step(
                action="plate",
                current_density=self.current_density,
                areal_capacity=charge,
                until_voltage=None if cut_off is None else -cut_off,
            ),
            Step(
                action="strip",
                current_density=self.stripping_current_density or self.current_density,
                areal_capacity=charge,
                until_voltage=cut_off,
            ),
        )
        pause = Step(action="rest", duration=self.rest) if self.rest > 0.0 else None
        for k in range(self.half_cycles):
            yield halves[k % 2]
            if pause is not None:
                yield pause

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.prelude_steps + self.half_cycles * (2 if self.rest > 0.0 else 1)


@frozen(kw_only=True)
class Nucleation(CellExperiment):
    """The first plating of a cell: one half cycle at constant current.

    Parameters
    ----------
    current_density : str or float, A/m2
    areal_capacity : str or float, C/m2
    """

    kind = "nucleation"

    current_density: float = quantity("A/m^2")
    areal_capacity: float = quantity("C/m^2")
    half_cycles: ClassVar[int] = 1

    @property
    def half_cycle_duration(self) -> float:
        """Duration of the half cycle [s]."""
        return self.areal_capacity / self.current_density

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test."""
        yield from self._prelude(self.areal_capacity)
        yield Step(action="plate", current_density=self.current_density, areal_capacity=self.areal_capacity)

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.prelude_steps + 1


@frozen(kw_only=True)
class CriticalCurrent(CellExperiment):
    """Cycling of a symmetric cell at stepped current densities, until it shorts or meets the voltage limit.

    Parameters
    ----------
    current_densities : sequence of str or float, A/m2
        In the order in which they are run.
    areal_capacity : str or float, C/m2, or half_cycle_duration : str or float, s
        What each half cycle keeps when the current changes: its charge, or its time. One of the two.
    cycles_per_step : int
        Cycles at each current density.
    """

    kind = "critical-current"

    current_densities: tuple[float, ...] = quantities("A/m^2")
    areal_capacity: float | None = quantity("C/m^2", None)
    half_cycle_duration: float | None = quantity("s", None)
    cycles_per_step: int = count(5)

    def __attrs_post_init__(self) -> None:
        if not self.current_densities:
            raise SpecError("no current density", code="LI-SPEC-002", where="current_densities", got="an empty list")
        if (self.areal_capacity is None) == (self.half_cycle_duration is None):
            raise SpecError(
                "give either 'areal_capacity' or 'half_cycle_duration'",
                code="LI-SPEC-002",
                where=self.kind,
                got="both" if self.areal_capacity is not None else "neither",
            )

    @property
    def half_cycles(self) -> int:
        """Number of half cycles."""
        return 2 * self.cycles_per_step * len(self.current_densities)

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test."""
        first = self.areal_capacity or self.current_densities[0] * (self.half_cycle_duration or 0.0)
        yield from self._prelude(first)
        for current in self.current_densities:
            charge = self.areal_capacity or current * (self.half_cycle_duration or 0.0)
            plate = Step(action="plate", current_density=current, areal_capacity=charge)
            strip = Step(action="strip", current_density=current, areal_capacity=charge)
            for _ in range(self.cycles_per_step):
                yield plate
                yield strip

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.prelude_steps + self.half_cycles


@frozen(kw_only=True)
class PlatingEfficiency(CellExperiment):
    """Coulombic efficiency of plating on a surface without lithium of its own (Li||Cu, Li||host).

    Parameters
    ----------
    current_density : str or float, A/m2
    areal_capacity : str or float, C/m2
        Charge of each plating.
    cycles : int
    method : {"cycle", "reservoir"}
        ``cycle``: each cycle strips to the cut-off voltage. ``reservoir``: one conditioning cycle, a reservoir is
        plated, `cycles` cycles of `areal_capacity` run on it, and all is stripped at the end (Aurbach's method in the
        protocol of Adams et al., Adv. Energy Mater. 8, 1702097 (2018)).
    reservoir_capacity : str or float, C/m2
        Default 5 mAh/cm2, and never less than twice `areal_capacity` (assumed).
    cut_off_voltage : str or float, V
        Where stripping ends; default 1 V.
    rest_after_plating : str or float, s
        Default none.
    """

    kind = "plating-efficiency"

    current_density: float = quantity("A/m^2")
    areal_capacity: float = quantity("C/m^2")
    cycles: int = count(10)
    method: str = one_of("cycle", "reservoir")
    reservoir_capacity: float | None = quantity("C/m^2", None)
    cut_off_voltage: float = quantity("V", 1.0)
    rest_after_plating: float = quantity("s", 0.0, zero=True)

    @property
    def half_cycle_duration(self) -> float:
        """Duration of a plating half cycle [s]."""
        return self.areal_capacity / self.current_density

    @property
    def reservoir(self) -> float:
        """Charge of the reservoir [C/m2]."""
        return self.reservoir_capacity or max(5.0 * ONE["areal_capacity"], 2.0 * self.areal_capacity)

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test."""
        yield from self._prelude(self.areal_capacity, self.cut_off_voltage)
        plate = Step(action="plate", current_density=self.current_density, areal_capacity=self.areal_capacity)
        strip_all = Step(action="strip", current_density=self.current_density, until_voltage=self.cut_off_voltage)
        pause = self.rest_after_plating
        rest = (Step(action="rest", duration=pause),) if pause > 0.0 else ()
        if self.method == "cycle":
            for _ in range(self.cycles):
                yield from (plate, *rest, strip_all)
            return
        fill = Step(action="plate", current_density=self.current_density, areal_capacity=self.reservoir)
        strip = Step(
            action="strip",
            current_density=self.current_density,
            areal_capacity=self.areal_capacity,
            until_voltage=self.cut_off_voltage,
        )
        yield from (fill, *rest, strip_all, fill, *rest)
        for _ in range(self.cycles):
            yield from (strip, plate, *rest)
        yield strip_all

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        rests = 1 if self.rest_after_plating > 0.0 else 0
        if self.method == "cycle":
            return self.prelude_steps + (2 + rests) * self.cycles
        return self.prelude_steps + 4 + 2 * rests + (2 + rests) * self.cycles


@frozen(kw_only=True)
class Tafel(CellExperiment):
    """A slow sweep of the voltage of a cell, fresh or cycled; its ohmic drop is in it.

    Parameters
    ----------
    scan_rate : str or float, V/s
        Default 1 mV/s.
    voltage_window : str or float, V
        The sweep runs from minus to plus this; default 0.2 V.
    after_cycles : int
        Cycles at `current_density` and `areal_capacity` before the sweep; default none.
    """

    kind = "tafel"

    scan_rate: float = quantity("V/s", 1e-3)
    voltage_window: float = quantity("V", 0.2)
    after_cycles: int = count(0, least=0)
    current_density: float = quantity("A/m^2", ONE["current_density"])
    areal_capacity: float = quantity("C/m^2", ONE["areal_capacity"])

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test."""
        yield from self._prelude(self.areal_capacity)
        yield from _cycles(self.current_density, self.areal_capacity, self.after_cycles)
        yield Step(
            action="sweep",
            start_voltage=-self.voltage_window,
            end_voltage=self.voltage_window,
            scan_rate=self.scan_rate,
        )

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.prelude_steps + 2 * self.after_cycles + 1


@frozen(kw_only=True)
class Spectra(FrequencyGrid, CellExperiment):
    """What experiments that take spectra of cells without a cathode have in common: the cycles before.

    Parameters
    ----------
    current_density : str or float, A/m2;  areal_capacity : str or float, C/m2
        Of the cycles before a spectrum.
    """

    current_density: float = quantity("A/m^2", ONE["current_density"])
    areal_capacity: float = quantity("C/m^2", ONE["areal_capacity"])

    @property
    def last_cycle(self) -> int:
        """Cycles before the last spectrum."""
        raise NotImplementedError

    def flatten(self) -> Iterator[Step]:
        """Iterate over the steps of the test: the cycles up to the last spectrum."""
        yield from self._prelude(self.areal_capacity)
        yield from _cycles(self.current_density, self.areal_capacity, self.last_cycle)

    @property
    def number_of_steps(self) -> int:
        """Number of steps."""
        return self.prelude_steps + 2 * self.last_cycle


@frozen(kw_only=True)
class Impedance(Spectra):
    """Impedance of a cell at rest, fresh and after cycles.

    Parameters
    ----------
    after_cycles : sequence of int
        Cycles after which a spectrum is taken; 0 is the fresh cell.
    """

    kind = "impedance"

    after_cycles: tuple[int, ...] = counts((0,))

    def __attrs_post_init__(self) -> None:
        if not self.after_cycles:
            raise SpecError("no spectrum", code="LI-SPEC-002", where="after_cycles", got="an empty list")
        super().__attrs_post_init__()

    @property
    def last_cycle(self) -> int:
        """Cycles before the last spectrum."""
        return max(self.after_cycles)


@frozen(kw_only=True)
class ImpedanceTemperature(Spectra):
    """Impedance of a cell at several temperatures, for activation energies.

    Parameters
    ----------
    temperatures : sequence of str or float, K
    after_cycles : int
        Cycles at `temperature` before the spectra; default none.
    """

    kind = "impedance-temperature"

    temperatures: tuple[float, ...] = quantities("K", (273.15, 283.15, 293.15, 303.15, 313.15, 323.15))
    after_cycles: int = count(0, least=0)

    def __attrs_post_init__(self) -> None:
        if not self.temperatures:
            raise SpecError("no temperature", code="LI-SPEC-002", where="temperatures", got="an empty list")
        super().__attrs_post_init__()

    @property
    def last_cycle(self) -> int:
        """Cycles before the spectra."""
        return self.after_cycles


def _cycles(current_density: float, areal_capacity: float, count: int) -> Iterator[Step]:
    plate = Step(action="plate", current_density=current_density, areal_capacity=areal_capacity)
    strip = Step(action="strip", current_density=current_density, areal_capacity=areal_capacity)
    for _ in range(count):
        yield plate
        yield strip


Experiment = (
    SymmetricCycling
    | Nucleation
    | CriticalCurrent
    | PlatingEfficiency
    | Tafel
    | Impedance
    | ImpedanceTemperature
    | FullCycling
    | AnodeFree
    | Rate
    | FullTafel
    | FullImpedance
    | FullImpedanceTemperature
    | Protocol
)
"""Anything that can be done to a cell: `flatten()` iterates over its steps, `number_of_steps` counts them."""
