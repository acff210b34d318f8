"""Conditions under which the twin holds: told when a study is read, and refused when a cell is run."""

from __future__ import annotations

from lithiate.core.experiments import Experiment
from lithiate.core.protocol import Step
from lithiate.errors import SimulationError

VALID_CURRENT = (0.1, 200.0)
"""Current density of a step [A/m2]."""
VALID_CAPACITY = (720.0, 720000.0)
"""Areal capacity of a step [C/m2]."""
VALID_TEMPERATURE = (273.15, 333.15)
"""Temperature [K]: Arrhenius laws with one activation energy."""
VALID_PRESSURE = (1.0e4, 5.0e6)
"""Stack pressure [Pa]."""
VALID_VOLTAGE = 0.5
"""Largest set voltage of a cell [V]: Butler-Volmer rates beyond it are far out of their range."""
MOST_STEPS = 200_000
"""Steps of a test: 100,000 cycles, some minutes of simulation."""


def check_steps(experiment: Experiment, *, full: bool = False) -> set[Step]:
    """Return the distinct steps of an experiment, each checked as `check_step` does; `full` for those of a full cell.

    Raises
    ------
    SimulationError
        ``LI-TWIN-001`` also for more steps than `MOST_STEPS`, which are then not walked through.
    """
    count = experiment.number_of_steps
    if count > MOST_STEPS:
        raise SimulationError(
            "the test is too long",
            code="LI-TWIN-001",
            where="cycles" if getattr(experiment, "cycles", None) else experiment.kind,
            got=f"{count} steps",
            expected=f"at most {MOST_STEPS}",
        )
    steps = set(experiment.flatten())
    for step in steps:
        check_step(step, full=full)
    return steps


_WITHOUT_CATHODE, _WITH_CATHODE = ("plate", "strip"), ("charge", "discharge")


def check_step(step: Step, *, full: bool = False) -> None:
    """Raise ``LI-TWIN-001`` for a step whose current, charge or voltage is outside the range of validity.

    Also for a step of another kind of cell: without a cathode lithium is plated and stripped, a full cell is charged
    and discharged.
    """
    if step.action in (_WITHOUT_CATHODE if full else _WITH_CATHODE):
        raise SimulationError(
            "this step is of another kind of cell",
            code="LI-TWIN-001",
            where="full cell" if full else "cell without a cathode",
            got=step.action,
            expected=" or ".join(_WITH_CATHODE if full else _WITHOUT_CATHODE),
        )
    if step.current_density is not None:
        check_range("current_density", step.current_density, VALID_CURRENT, "mA/cm^2", 0.1)
        charge = step.areal_capacity
        if charge is None and step.duration is not None:
            charge = step.current_density * step.duration
        if charge is not None:
            # Steps of a current profile are short: a full cell is judged by all that passes, not by one of them.
            least = 0.0 if full else VALID_CAPACITY[0]
            check_range("areal_capacity", charge, (least, VALID_CAPACITY[1]), "mAh/cm^2", 1 / 36000)
    for name in ("start_voltage", "end_voltage", "voltage"):
        value = getattr(step, name)
        if value is not None and not (full and name == "voltage"):
            check_range(name, value, (-VALID_VOLTAGE, VALID_VOLTAGE), "V", 1.0)


def check_range(name: str, value: float, limits: tuple[float, float], unit: str, factor: float) -> None:
    """Raise ``LI-TWIN-001`` unless a value lies within `limits`, both SI; `factor` turns them into `unit`."""
    if not limits[0] <= value <= limits[1]:
        raise SimulationError(
            "the twin is not valid there",
            code="LI-TWIN-001",
            where=name,
            got=f"{value * factor:g} {unit}",
            expected=f"{limits[0] * factor:g} ... {limits[1] * factor:g} {unit}",
        )
