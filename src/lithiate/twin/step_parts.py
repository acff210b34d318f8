"""From a step of a protocol to what the integrator runs: constant polarity, one control, limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from attrs import frozen

from lithiate.core.protocol import Step
from lithiate.twin.closures import Choices
from lithiate.twin.model import REFERENCE_CAPACITY, REFERENCE_CURRENT, loss_factors
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.states import CURRENT, REST, VOLTAGE


@frozen(kw_only=True)
class Part:
    """A piece of a step: one polarity, one control.

    Parameters
    ----------
    action : str
        Of the step it belongs to.
    control : int
        CURRENT, REST or VOLTAGE.
    plating : int
        0 where the working electrode plates, 1 where it strips; -1 (the polarity of the step before) at rest.
    current : float, A/m2
        Applied, or the scale of a step at a set voltage.
    duration : float, s
        Infinite where only a limit ends the part.
    set_voltage, scan_rate : float, V and V/s
        Along the polarity.
    voltage_limit : float, V
        Along the polarity, where the part ends; infinite without one.
    current_limit : float, A/m2
        Where a hold ends; minus infinity without one.
    losses : (float, float)
        Factors on interphase and on dead lithium.
    """

    action: str
    control: int
    plating: int
    current: float
    duration: float
    set_voltage: float = 0.0
    scan_rate: float = 0.0
    voltage_limit: float = math.inf
    current_limit: float = -math.inf
    losses: tuple[float, float] = (1.0, 1.0)


def step_parts(step: Step, scale: float, parameters: ParameterSet, choices: Choices) -> Iterator[Part]:
    """Iterate over the parts of a step; `scale` is a usual current density [A/m2]."""
    if step.action == "rest":
        assert step.duration is not None
        yield Part(action="rest", control=REST, plating=-1, current=scale, duration=step.duration)
    elif step.action in ("plate", "strip"):
        yield _at_current(step, parameters, choices)
    elif step.action == "hold":
        assert step.voltage is not None
        yield Part(
            action="hold",
            control=VOLTAGE,
            plating=0 if step.voltage <= 0.0 else 1,
            current=scale,
            duration=math.inf if step.duration is None else step.duration,
            set_voltage=abs(step.voltage),
            current_limit=-math.inf if step.until_current_density is None else step.until_current_density,
        )
    else:
        assert step.start_voltage is not None
        assert step.end_voltage is not None
        assert step.scan_rate is not None
        yield from _sweep(step.start_voltage, step.end_voltage, step.scan_rate, scale)


def _at_current(step: Step, parameters: ParameterSet, choices: Choices) -> Part:
    current = step.current_density
    assert current is not None
    plating = 0 if step.action == "plate" else 1
    ends = [math.inf if step.duration is None else step.duration]
    if step.areal_capacity is not None:
        ends.append(step.areal_capacity / current)
    limit = math.inf
    if step.until_voltage is not None:
        limit = -step.until_voltage if plating == 0 else step.until_voltage
    return Part(
        action=step.action,
        control=CURRENT,
        plating=plating,
        current=current,
        duration=min(ends),
        voltage_limit=limit,
        losses=loss_factors(step, parameters, choices),
    )


def _sweep(start: float, end: float, rate: float, scale: float) -> Iterator[Part]:
    """Iterate over the parts of a sweep: it is cut where the voltage changes sign, and with it the polarity."""
    corners = [start, 0.0, end] if start * end < 0.0 else [start, end]
    for first, last in zip(corners[:-1], corners[1:], strict=True):
        plating = 0 if first + last < 0.0 else 1
        yield Part(
            action="sweep",
            control=VOLTAGE,
            plating=plating,
            current=scale,
            duration=abs(last - first) / rate,
            set_voltage=abs(first),
            scan_rate=math.copysign(rate, abs(last) - abs(first)),
        )


def step_scales(steps: Iterable[Step]) -> tuple[float, float]:
    """Return a usual current density [A/m2] and the least charge of steps [C/m2]: scales of errors, first guesses."""
    currents, charges = [], []
    for step in steps:
        if step.current_density is not None:
            currents.append(step.current_density)
            planned = [step.areal_capacity, step.duration and step.duration * step.current_density]
            charges += [charge for charge in planned if charge]
    return max(currents, default=REFERENCE_CURRENT), min(charges, default=REFERENCE_CAPACITY)
