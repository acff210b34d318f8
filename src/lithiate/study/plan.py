"""From a study to its tasks: which cell is simulated how often, with which parameters and which seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, field, fields_dict, frozen

from lithiate.core.cell import Cell, FullCell
from lithiate.core.experiments import Experiment, PlatingEfficiency, SymmetricCycling
from lithiate.core.full_experiments import FullCellExperiment, Rate
from lithiate.core.materials import Cathode
from lithiate.library import load_cathode
from lithiate.study.changes import Change, all_changes
from lithiate.study.spec import Study

_SEED_BITS = 32


@frozen(eq=False, kw_only=True)
class Task:
    """One simulation.

    Parameters
    ----------
    experiment : str
        Name of the experiment in the study.
    anode : str
        Name of the anode in the study.
    replicate : int
        Number of the cell, from 1.
    member : int or None
        Index into the ensemble of parameters, from 0; None for the nominal parameters.
    seed : int
        Of everything random in the simulation.
    scatter_seed : int or None
        Of the scatter from cell to cell; None for a cell without it.
    cell : SymmetricCell, PlatingCell or FullCell
    protocol : Experiment
    closures : mapping of str to str
    disabled_mechanisms : tuple of str
    change : Change or None
        What an ablation changes; None for the study's own cells.
    """

    experiment: str
    anode: str
    replicate: int
    member: int | None
    seed: int
    scatter_seed: int | None
    cell: Cell
    protocol: Experiment
    closures: Mapping[str, str] = field(factory=dict)
    disabled_mechanisms: tuple[str, ...] = ()
    change: Change | None = None

    @property
    def nominal(self) -> bool:
        """Whether this is one of the study's own cells, whose record is kept."""
        return self.member is None and self.change is None

    def settings(self) -> dict[str, Any]:
        """Return every field of cell and experiment by name, with what stands in for those that were left open."""
        parts = (self.cell, self.protocol)
        found = {name: getattr(part, name) for part in parts for name in fields_dict(type(part)) if name != "anode"}
        if isinstance(self.protocol, SymmetricCycling):
            found["stripping_current_density"] = self.protocol.stripping_current_density or found["current_density"]
        if isinstance(self.protocol, PlatingEfficiency):
            found["reservoir_capacity"] = self.protocol.reservoir if self.protocol.method == "reservoir" else None
        if isinstance(self.cell, FullCell):
            found |= self._full_cell_settings(self.cell)
        return {name: value for name, value in found.items() if value is not None}

    def _full_cell_settings(self, cell: FullCell) -> dict[str, Any]:
        """Return what a full cell's C-rates mean, and at which one it is charged."""
        cathode = cell.cathode if isinstance(cell.cathode, Cathode) else load_cathode(cell.cathode)
        found: dict[str, Any] = {"cathode": cathode.name}
        found["specific_current_at_one_c"] = cathode.nominal_capacity / 3600.0
        if isinstance(self.protocol, FullCellExperiment) and not isinstance(self.protocol, Rate):
            found["charge_c_rate"] = self.protocol.charge_c_rate or getattr(self.protocol, "c_rate", None)
        return found

    @property
    def name(self) -> str:
        """The task in words, as it stands in messages and failures."""
        part = f"cell {self.replicate}" if self.member is None else f"ensemble member {self.member + 1}"
        part += "" if self.change is None else f" {self.change.label}"
        return f"{self.experiment} / {self.anode} / {part}"


def derive_seed(study_seed: int, experiment: str, replicate: int, purpose: str) -> int:
    """Return a seed in [0, 2^32) from what it is for.

    Neither the anode nor the parameters enter: two anodes meet the same random numbers, so that their difference is
    not blurred by them (common random numbers). The first 32 bits of SHA-256 of the four joined by line ends.
    """
    text = "\n".join((str(study_seed), experiment, str(replicate), purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[: _SEED_BITS // 8], "big")


def ensemble_seed(study: Study) -> int:
    """Return the seed of the ensemble of parameters: one ensemble for all experiments and anodes of a study."""
    return derive_seed(study.seed, "", 0, "ensemble")


def plan_tasks(study: Study) -> list[Task]:
    """Return all simulations of a study, in the order of its experiments and anodes.

    Each pair of experiment and anode has its replicates, and the members of the ensemble. A single replicate is the
    nominal cell; several are cells with scatter from cell to cell, each with its own seed. An ablation repeats the
    first cell of its experiments and anodes with each change; these tasks come last.
    """
    tasks: list[Task] = []
    for experiment in study.experiments:
        protocol = experiment.protocol()
        for name in study.anodes_of(experiment):
            cell = experiment.make_cell(study.anodes[name])
            for replicate, member in _runs(experiment.replicates, study.ensemble_size):
                purpose = "solve" if member is None else f"solve member {member}"
                several = member is None and experiment.replicates > 1
                tasks.append(
                    Task(
                        experiment=experiment.name,
                        anode=name,
                        replicate=replicate,
                        member=member,
                        seed=derive_seed(study.seed, experiment.name, replicate, purpose),
                        scatter_seed=_scatter_seed(study.seed, experiment.name, replicate) if several else None,
                        cell=cell,
                        protocol=protocol,
                        closures=study.spec.closures,
                        disabled_mechanisms=study.spec.disabled_mechanisms,
                    )
                )
    return tasks + list(_ablation_tasks(study, tasks))


def _ablation_tasks(study: Study, tasks: list[Task]) -> Iterator[Task]:
    """Yield the first cell of each pair again with each change: same seeds, same settings of the integrator."""
    if study.spec.ablation is None:
        return
    wanted = {study.references[anode] for anode in study.spec.ablation.anodes}
    changes = all_changes(study.spec.closures, study.spec.disabled_mechanisms)
    for task in tasks:
        first = task.nominal and task.replicate == 1
        if first and task.experiment in study.spec.ablation.experiments and task.anode in wanted:
            for change in changes:
                yield evolve(
                    task,
                    change=change,
                    closures=change.closures(task.closures),
                    disabled_mechanisms=change.disabled_mechanisms(task.disabled_mechanisms),
                )


def _runs(replicates: int, ensemble_size: int) -> list[tuple[int, int | None]]:
    nominal: list[tuple[int, int | None]] = [(replicate, None) for replicate in range(1, replicates + 1)]
    return nominal + [(1, member) for member in range(ensemble_size)]


def _scatter_seed(study_seed: int, experiment: str, replicate: int) -> int:
    return derive_seed(study_seed, experiment, replicate, "cell")
