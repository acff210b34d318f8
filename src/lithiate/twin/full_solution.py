"""What the twin knows of a full cell after a run, and the record that an instrument would have made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.cell import FullCell
from lithiate.core.full_experiments import FullProbe, FullTafel
from lithiate.core.materials import Cathode
from lithiate.core.measurement import Specimen
from lithiate.twin.full_model import FullModel
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.solution import Solution
from lithiate.twin.states import (
    ELECTROLYTE,
    METALLIC,
    OUT_ELECTRODE_A,
    OUT_VOLTAGE,
    PASSED,
    Q_DEAD,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
)

if TYPE_CHECKING:
    from lithiate.twin.spectra import Point

NEARLY_WET = 0.98
"""Share of the pores that the electrolyte fills, below which a cell counts as starting partially wetted."""


@frozen(eq=False, kw_only=True)
class FullSolution(Solution):
    """The result of `solve` for a full cell.

    As `Solution`; the counter electrode is the lithium. `step_sides` are 1 for a charge, 0 for a discharge, -1 for a
    rest; the voltage in `samples` has its sign.

    Parameters
    ----------
    cathode : Cathode
    used_parameters : ParameterSet
        Those of the family of the electrolyte.
    single_particle_error : float, V
        Largest estimated error of the steps in which one particle stood for the cathode.
    """

    cell: FullCell
    model: FullModel  # type: ignore[assignment]
    cathode: Cathode
    used_parameters: ParameterSet
    single_particle_error: float

    @property
    def voltage(self) -> NDArray[np.float64]:
        """Cell voltage of the samples (n,) [V]."""
        return self.samples[:, 2 + OUT_VOLTAGE]

    @property
    def electrode_potential(self) -> NDArray[np.float64]:
        """Potential of the cathode against lithium in the separator (n,) [V]."""
        return self.samples[:, 2 + OUT_ELECTRODE_A]

    def _spectra_points(self) -> list[Point]:
        from lithiate.twin.spectra import full_spectra_points

        return full_spectra_points(self)

    def specimen(self, cell_id: str | None = None) -> Specimen:
        """Return what the twin simulated, in the words of a measurement."""
        cell = self.cell
        return Specimen(
            name=self.anode.name,
            anode=self.anode.name,
            cell=cell.kind,
            cell_id=cell_id,
            area=cell.area,
            electrolyte=cell.electrolyte,
            cathode=self.cathode.name,
            cathode_mass=cell.cathode_loading * cell.area,
        )

    def conditions(self) -> dict[str, float]:
        """Return the numbers of cell and experiment that a record states [SI]."""
        return {
            **self._probed(),
            "temperature": self.experiment.temperature,
            "electrolyte_volume": self.cell.electrolyte_volume,
            "stack_pressure": self.cell.stack_pressure,
            "cathode_loading": self.cell.cathode_loading,
            "nominal_capacity": float(self.model.cathode["one_c_capacity"]),
        }

    def _probed(self) -> dict[str, float]:
        """Return the state in which a spectrum or a sweep was taken; open circuit is the end of the rest before it."""
        found = {}
        if isinstance(self.experiment, FullProbe):
            found["state_of_charge"] = self.experiment.state_of_charge
        if isinstance(self.experiment, FullTafel) and len(self.step_ends) == self.experiment.number_of_steps:
            rested = np.searchsorted(self.samples[:, 0], self.step_ends[-2], side="right") - 1
            found["open_circuit_voltage"] = float(self.voltage[rested])
        return found

    def warnings(self) -> tuple[str, ...]:
        """Return coded warnings about the run."""
        found = list(super().warnings())
        if self.model.initial_wet < NEARLY_WET:
            found.append(
                f"LI-W-TWIN-003 the electrolyte fills {100 * self.model.initial_wet:.0f} % of the pores at the start: "
                "the cell starts partially wetted"
            )
        left = self.states[:, list(METALLIC)].sum(axis=1) if len(self.states) else np.array([np.inf])
        empty = left < 0.02 * float(self.model.cathode["one_c_capacity"])
        if not self.cell.anode_free and empty.any():
            step = int(np.argmax(empty))
            began = min(getattr(self.experiment, "prelude_steps", 0), step)
            cycle = cycle_of_step(self.step_sides, began, step)
            found.append(f"LI-W-TWIN-004 the lithium of the anode runs out about cycle {cycle}")
        return tuple(found)

    def cycle_table(self) -> dict[str, NDArray[np.float64]]:
        """Return what the twin knows of each cycle, see `lithiate.twin.fade`."""
        from lithiate.twin.fade import cycle_table

        return cycle_table(self)

    def inventory(self) -> dict[str, float]:
        """Return what is left and lost at the end, by the words of `QUANTITIES` [SI]."""
        end = self.states[-1] if len(self.states) else self.initial_state
        return {
            "dead_lithium": float(end[Q_DEAD]),
            "sei_lithium": float(end[Q_SEI_TOP] + end[Q_SEI_INTERIOR]),
            "lithium_left": float(sum(end[k] for k in METALLIC)),
            "electrolyte_left": float(end[ELECTROLYTE]),
            "cumulative_capacity": float(end[PASSED]),
        }


def cycle_of_step(sides: NDArray[np.int64], began: int, step: int) -> int:
    """Return the number, from 1, of the cycle of a step; cycles begin with a charge after a discharge, from `began`."""
    acts = sides[began : step + 1]
    acts = acts[acts >= 0]
    return 1 + int(np.count_nonzero(np.diff(acts) > 0))
