"""Which equations a drive belongs to: the integrator calls these five, and each cell brings its own.

They are found by the type of `drive` when the integrator is compiled for it; called from Python they do nothing.
"""

from __future__ import annotations

from typing import Any

from lithiate._jit import Record, Vector, by_drive
from lithiate.twin.equations import right_hand_side
from lithiate.twin.full_equations import (
    full_electrode_rates,
    full_event_values,
    full_right_hand_side,
    prepare_full_step,
    solve_full_stage,
)
from lithiate.twin.full_states import FullDrive
from lithiate.twin.implicit import lithium_event_values, prepare_lithium_step, solve_lithium_stage
from lithiate.twin.states import Drive


def derivatives(y: Vector, drive: Any, dy: Vector, out: Vector, scratch: Record) -> None:  # noqa: ANN401
    """Write the derivatives of all states [per s] and the outputs."""


def electrode_rates(y: Vector, drive: Any, dy: Vector, out: Vector, scratch: Record) -> None:  # noqa: ANN401
    """Write at least the derivatives of the lithium electrodes, whose own states alone were changed."""


def prepare_step(y: Vector, shift: float, drive: Any, scratch: Record) -> tuple[float, float]:  # noqa: ANN401
    """Factor `shift` - W at a state; return the slope of the saturated share and the pore volume [m3/m2]."""
    raise NotImplementedError


def solve_stage(
    y: Vector,
    shift: float,
    drive: Any,  # noqa: ANN401
    scratch: Record,
    wet_slope: float,
    pores: float,
    stage: Vector,
    fast: Vector,
) -> None:
    """Solve (`shift` - W) x = `stage` in place; `fast` is scratch."""


def event_values(y: Vector, out: Vector, drive: Any, limits: Vector, values: Vector) -> None:  # noqa: ANN401
    """Fill `values` (EVENTS,): each is positive until its event."""


_EQUATIONS: dict[Any, tuple[Any, ...]] = {
    Drive: (right_hand_side, right_hand_side, prepare_lithium_step, solve_lithium_stage, lithium_event_values),
    FullDrive: (full_right_hand_side, full_electrode_rates, prepare_full_step, solve_full_stage, full_event_values),
}
for _position, _stub in enumerate((derivatives, electrode_rates, prepare_step, solve_stage, event_values)):
    by_drive(_stub, {kind: functions[_position] for kind, functions in _EQUATIONS.items()}.__getitem__)
