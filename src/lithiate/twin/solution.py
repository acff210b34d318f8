"""What the twin knows after a run, and the record that an instrument would have made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.anode import Anode
from lithiate.core.cell import Cell
from lithiate.core.experiments import Experiment, Tafel
from lithiate.core.full_experiments import FullTafel
from lithiate.core.measurement import (
    CyclingRecord,
    ImpedanceSpectra,
    Measurement,
    PolarisationCurve,
    Provenance,
    RowFlag,
    Specimen,
)
from lithiate.core.techniques import KINDS
from lithiate.errors import SimulationError
from lithiate.twin.closures import Choices
from lithiate.twin.extrapolation import Leaps
from lithiate.twin.instrument import Instrument
from lithiate.twin.model import Model
from lithiate.twin.parameters import ParameterSet
from lithiate.twin.states import (
    ELECTROLYTE,
    LEAKED,
    METALLIC,
    OUT_CURRENT,
    OUT_ELECTRODE_A,
    OUT_PLATING,
    OUT_STRIPPING,
    OUT_VOLTAGE,
    PASSED,
    PER_ELECTRODE,
    Q_DEAD,
    Q_SEI_INTERIOR,
    Q_SEI_TOP,
)

if TYPE_CHECKING:
    from lithiate.twin.spectra import Point

LARGEST_OVERPOTENTIAL = 0.1
"""Overpotential of an electrode up to which symmetric Butler-Volmer kinetics hold [V]."""


@frozen(eq=False)
class Solution:
    """The result of `solve`.

    Parameters
    ----------
    anode : Anode
        The working electrode, as it went into the cell.
    choices : Choices
        Closures and disabled mechanisms.
    model : Model
    samples : (n, 2 + OUTPUTS) float
        Time [s], side that plates (0 or 1), and the outputs of the right-hand side, signed along the polarity.
    step_ends : (m,) float, s
    step_sides : (m,) int
        Side that plated in each step (0 the working electrode, 1 the counter electrode), -1 for a rest.
    states : (m, STATES) float
        State at the end of each step.
    intact_sites : (m, 2) float
        Share of lithiophilic sites that fatigue has left, per electrode.
    stopped_by : str
        ``end of test``, ``voltage limit``, ``lithium exhausted``, ``salt depletion`` or ``short circuit``.
    integrator_steps : int
        Accepted steps of the integrator.
    leaps : Leaps
        Cycles that were extrapolated.
    """

    cell: Cell
    anode: Anode
    experiment: Experiment
    parameters: ParameterSet
    choices: Choices
    model: Model
    seed: int
    samples: NDArray[np.float64]
    step_ends: NDArray[np.float64]
    step_sides: NDArray[np.int64]
    states: NDArray[np.float64]
    intact_sites: NDArray[np.float64]
    stopped_by: str
    integrator_steps: int
    leaps: Leaps

    @property
    def initial_state(self) -> NDArray[np.float64]:
        """State of the fresh cell (STATES,)."""
        return self.model.initial_state

    @property
    def sign(self) -> NDArray[np.float64]:
        """Sign (n,) that turns outputs along the polarity into those of a record: -1 where the working side plates."""
        return np.where(self.samples[:, 1] == 0, -1.0, 1.0)

    @property
    def voltage(self) -> NDArray[np.float64]:
        """Cell voltage of the samples with the sign of a record (n,) [V]."""
        return self.sign * self.samples[:, 2 + OUT_VOLTAGE]

    @property
    def electrode_potential(self) -> NDArray[np.float64]:
        """Potential of the working electrode against lithium in the separator, as `voltage` (n,) [V]."""
        return self.sign * self.samples[:, 2 + OUT_ELECTRODE_A]

    def measurement(self, instrument: Instrument | None = None, *, cell_id: str | None = None) -> Measurement:
        """Return what the technique of the experiment records."""
        technique = KINDS[self.experiment.kind]
        if technique == "polarisation":
            return self.polarisation_curve(instrument, cell_id=cell_id)
        if technique == "impedance":
            return self.impedance_spectra(instrument, cell_id=cell_id)
        return self.record(instrument, cell_id=cell_id)

    def record(self, instrument: Instrument | None = None, *, cell_id: str | None = None) -> CyclingRecord:
        """Return the record of a cycler: signed voltage and current against time.

        It begins with the test proper, at time 0: rest after assembly and formation are in `samples` alone, since their
        half cycles are not what the experiment asks about.

        Plating on the working electrode is negative, in current and in voltage. With a reference electrode the
        potential of the working electrode is recorded too.
        """
        begin, start = self._test_proper()
        samples, sign, device = self.samples[begin:], self.sign[begin:], instrument or Instrument()
        potential = None
        if self.cell.reference_electrode:
            potential = device.record(self.electrode_potential[begin:], self.seed, channel=1)
        return CyclingRecord(
            specimen=self.specimen(cell_id),
            provenance=self.provenance(),
            conditions=self.conditions(),
            warnings=self.warnings(),
            time=samples[:, 0] - start,
            voltage=device.record(self.voltage[begin:], self.seed),
            current=sign * samples[:, 2 + OUT_CURRENT] * self.cell.area,
            electrode_potential=potential,
            row_flags=self._row_flags()[begin:],
        )

    def _test_proper(self) -> tuple[int, float]:
        """Return the first row of the test proper and the time at which it begins [s].

        Raises
        ------
        SimulationError
            ``LI-TWIN-001`` when the test ended before it.
        """
        before = getattr(self.experiment, "prelude_steps", 0)
        if before == 0:
            return 0, 0.0
        if len(self.step_ends) <= before:
            raise SimulationError(
                "the test ended before formation was over",
                code="LI-TWIN-001",
                where=f"{self.experiment.kind}, {self.anode.name}",
                got=self.stopped_by,
            )
        start = float(self.step_ends[before - 1])
        return int(np.searchsorted(self.samples[:, 0], start, side="right")), start

    def _row_flags(self) -> NDArray[np.uint8]:
        """Return the flags of the rows: those of leaps are interpolated."""
        flags = np.zeros(len(self.samples), dtype=np.uint8)
        for start, end in self.leaps.spans:
            inside = (self.samples[:, 0] > start) & (self.samples[:, 0] <= end)
            flags[inside] = np.uint8(RowFlag.INTERPOLATED)
        return flags

    def polarisation_curve(
        self, instrument: Instrument | None = None, *, cell_id: str | None = None
    ) -> PolarisationCurve:
        """Return the sweep that the experiment ends with, as a potentiostat records it.

        Raises
        ------
        SimulationError
            ``LI-TWIN-001`` when the test ended before the sweep.
        """
        if self.stopped_by != "end of test" or not isinstance(self.experiment, Tafel | FullTafel):
            raise SimulationError(
                "there is no sweep to record",
                code="LI-TWIN-001",
                where=self.anode.name,
                got=f"{self.experiment.kind}, {self.stopped_by}",
            )
        ends = self.step_ends
        rows = self.samples[:, 0] > (ends[-2] if len(ends) > 1 else -1.0)
        sign, samples = self.sign[rows], self.samples[rows]
        device = instrument or Instrument()
        return PolarisationCurve(
            specimen=self.specimen(cell_id),
            provenance=self.provenance(),
            conditions={**self.conditions(), "scan_rate": self.experiment.scan_rate},
            warnings=self.warnings(),
            time=samples[:, 0],
            voltage=device.record(self.voltage[rows], self.seed),
            current=sign * samples[:, 2 + OUT_CURRENT] * self.cell.area,
        )

    def impedance_spectra(
        self, instrument: Instrument | None = None, *, cell_id: str | None = None
    ) -> ImpedanceSpectra:
        """Return the spectra of the experiment: at rest after its cycles, or at its temperatures.

        Spectra of cycles that the cell did not live to see are left out, with a warning.

        Raises
        ------
        SimulationError
            ``LI-TWIN-001`` when the experiment has no spectra, or the cell lived to see none.
        """
        points = self._spectra_points()
        device = instrument or Instrument()
        rows = [device.spectrum(point.impedance / self.cell.area, self.seed, k) for k, point in enumerate(points)]
        size = points[0].frequency.size
        return ImpedanceSpectra(
            specimen=self.specimen(cell_id),
            provenance=self.provenance(),
            conditions=self.conditions(),
            warnings=self.warnings(),
            frequency=np.concatenate([point.frequency for point in points]),
            impedance=np.concatenate(rows),
            offsets=size * np.arange(len(points) + 1),
            cycle=np.array([point.cycle for point in points]),
            temperature=np.array([point.temperature for point in points]),
            state=tuple(point.state for point in points),
        )

    def _spectra_points(self) -> list[Point]:
        from lithiate.twin.spectra import spectra_points

        return spectra_points(self)

    def specimen(self, cell_id: str | None = None) -> Specimen:
        """Return what the twin simulated, in the words of a measurement."""
        return Specimen(
            name=self.anode.name,
            anode=self.anode.name,
            cell=self.cell.kind,
            cell_id=cell_id,
            area=self.cell.area,
            electrolyte=self.cell.electrolyte,
        )

    def provenance(self) -> Provenance:
        """Return where a record of this comes from."""
        return Provenance(
            origin="simulated",
            source=f"{self.experiment.kind}, {self.anode.name}",
            software="lithiate twin",
            details={
                "parameters": self.parameters.origin,
                "seed": self.seed,
                "stopped_by": self.stopped_by,
                "closures": self.choices.all_closures(),
                "disabled_mechanisms": list(self.choices.disabled_mechanisms),
            },
        )

    def conditions(self) -> dict[str, float]:
        """Return the numbers of cell and experiment that a record states [SI]."""
        numbers = {
            name: getattr(self.experiment, name)
            for name in ("current_density", "areal_capacity", "temperature")
            if getattr(self.experiment, name, None) is not None
        }
        return {
            **numbers,
            "electrolyte_volume": self.cell.electrolyte_volume,
            "stack_pressure": self.cell.stack_pressure,
        }

    def warnings(self) -> tuple[str, ...]:
        """Return coded warnings about the run: an early end, overpotentials outside the range of the kinetics."""
        found = []
        if self.stopped_by != "end of test":
            hours = float(self.step_ends[-1]) / 3600.0
            found.append(f"LI-W-STOP the simulated test ended early after {hours:.1f} h: {self.stopped_by}")
        if self.leaps.cycles:
            found.append(
                f"LI-W-TWIN-002 {self.leaps.cycles} of {len(self.step_ends) // 2} cycles were extrapolated; estimated "
                f"error {100 * self.leaps.error:.2g} % of the scale of the worst state"
            )
        if self.choices.chosen("charge_transfer") == "butler-volmer" and len(self.samples):
            on = self.samples[:, 2 + OUT_CURRENT] > 0.0
            both = self.samples[on][:, [2 + OUT_PLATING, 2 + OUT_STRIPPING]].max(axis=1, initial=0.0)
            share = float(np.mean(both > LARGEST_OVERPOTENTIAL)) if on.any() else 0.0
            if share > 0.05:
                found.append(
                    f"LI-W-TWIN-001 an electrode passes 100 mV in {100 * share:.0f} % of the samples; symmetric "
                    "Butler-Volmer kinetics hold below it (charge_transfer = 'marcus-hush' bends as measured rates do)"
                )
        return tuple(found)

    def inventory(self) -> dict[str, float]:
        """Return what is left and lost at the end, by the words of `QUANTITIES` [SI].

        Lithium is that of both electrodes, except `lithium_left`, which is that of the poorer one.
        """
        end = self.states[-1] if len(self.states) else self.initial_state
        electrodes = (end[:PER_ELECTRODE], end[PER_ELECTRODE : 2 * PER_ELECTRODE])
        return {
            "dead_lithium": float(sum(e[Q_DEAD] for e in electrodes)),
            "sei_lithium": float(sum(e[Q_SEI_TOP] + e[Q_SEI_INTERIOR] for e in electrodes)),
            "lithium_left": float(min(sum(e[k] for k in METALLIC) for e in electrodes)),
            "electrolyte_left": float(end[ELECTROLYTE]),
            "cumulative_capacity": float(end[PASSED] - end[LEAKED]),
        }

    def used(self) -> dict[str, dict[str, Any]]:
        """Return every parameter value that was used, with unit, status and source."""
        return self.parameters.used()
