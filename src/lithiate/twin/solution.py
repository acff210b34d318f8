"""What the twin knows after a run, and the record that an instrument would have made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.anode import Anode
from lithiate.core.cell import SymmetricCell
from lithiate.core.measurement import CyclingRecord, Provenance, Specimen
from lithiate.core.protocol import Experiment
from lithiate.twin.instrument import Instrument
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.states import (
    ELECTROLYTE,
    LEAKED,
    METALLIC,
    OUT_VOLTAGE,
    PER_ELECTRODE,
    Q_DEAD,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
)


@frozen(eq=False)
class Solution:
    """The result of `solve`.

    Parameters
    ----------
    samples : (n, 2 + OUTPUTS) float
        Time [s], side that plates (0 or 1), and the outputs of the right-hand side, signed along the
        half cycle.
    half_cycle_ends : (m,) float, s
    states : (m, STATES) float
        State at the end of each half cycle.
    initial_state : (STATES,) float
    intact_sites : (m, 2) float
        Share of lithiophilic sites that fatigue has left, per electrode.
    stopped_by : str
        ``end of test``, ``voltage limit``, ``lithium exhausted``, ``salt depletion`` or ``short circuit``.
    steps : int
        Accepted steps of the integrator.
    """

    cell: SymmetricCell
    anode: Anode
    experiment: Experiment
    parameters: ParameterSet
    seed: int
    samples: NDArray[np.float64]
    half_cycle_ends: NDArray[np.float64]
    states: NDArray[np.float64]
    initial_state: NDArray[np.float64]
    intact_sites: NDArray[np.float64]
    stopped_by: str
    steps: int

    def record(self, instrument: Instrument | None = None, *, cell_id: str | None = None) -> CyclingRecord:
        """Return the record of an instrument: signed voltage and current against time.

        Electrode A is the working electrode; the first half cycle plates on it, so that current and voltage begin
        negative.
        """
        sign = np.where(self.samples[:, 1] == 0, -1.0, 1.0)
        voltage = (instrument or Instrument()).record(sign * self.samples[:, 2 + OUT_VOLTAGE], self.seed)
        warnings: tuple[str, ...] = ()
        if self.stopped_by != "end of test":
            hours = float(self.half_cycle_ends[-1]) / 3600.0
            warnings = (f"LI-W-STOP the simulated test ended early after {hours:.1f} h: {self.stopped_by}",)
        return CyclingRecord(
            specimen=Specimen(
                name=self.anode.name,
                anode=self.anode.name,
                cell="symmetric",
                cell_id=cell_id,
                area=self.cell.area,
                electrolyte=self.cell.electrolyte,
            ),
            provenance=Provenance(
                origin="simulated",
                source=f"{self.experiment.kind}, {self.anode.name}",
                software="lithiate twin",
                details={"parameters": self.parameters.origin, "seed": self.seed, "stopped_by": self.stopped_by},
            ),
            conditions={
                "current_density": self.experiment.current_density,
                "areal_capacity": self.experiment.areal_capacity,
                "temperature": self.experiment.temperature,
                "electrolyte_volume": self.cell.electrolyte_volume,
            },
            warnings=warnings,
            time=self.samples[:, 0],
            voltage=voltage,
            current=sign * self.experiment.current_density * self.cell.area,
        )

    def inventory(self) -> dict[str, float]:
        """Return what is left and lost at the end, by the words of `QUANTITIES` [SI].

        Lithium is that of both electrodes, except `lithium_left`, which is that of the poorer one.
        """
        end = self.states[-1]
        electrodes = (end[:PER_ELECTRODE], end[PER_ELECTRODE : 2 * PER_ELECTRODE])
        return {
            "dead_lithium": float(sum(e[Q_DEAD] for e in electrodes)),
            "sei_lithium": float(sum(e[Q_SEI_TOP] + e[Q_SEI_INTERIOR] for e in electrodes)),
            "lithium_left": float(min(sum(e[k] for k in METALLIC) for e in electrodes)),
            "electrolyte_left": float(end[ELECTROLYTE]),
            "cumulative_capacity": float(self.experiment.current_density * self.half_cycle_ends[-1] - end[LEAKED]),
        }

    def used(self) -> dict[str, dict[str, Any]]:
        """Return every parameter value that was used, with unit, status and source."""
        return self.parameters.used()
