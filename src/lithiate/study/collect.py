"""From what the tasks gave to the rows of the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen

from lithiate.core.estimate import Estimate
from lithiate.core.measurement import Measurement
from lithiate.core.store import slug
from lithiate.core.techniques import KINDS
from lithiate.library import PublishedValue, list_names, load_anode, published_values
from lithiate.readers import read
from lithiate.study.beside import is_beside
from lithiate.study.ensemble import ENDED_MEMBERS, EnsembleSummary, summarise_members
from lithiate.study.estimates import CycleCurve, EstimateKey, cycle_curves, keyed, kind_estimates
from lithiate.study.experiment_specs import ExperimentSpec
from lithiate.study.plan import Task
from lithiate.study.results import ResultRow, Subject, make_row
from lithiate.study.simulate import Outcome, analyse_record
from lithiate.study.spec import MeasurementSpec, Study
from lithiate.twin.parameters import SET_TO


@frozen(eq=False, kw_only=True)
class SimulatedCells:
    """All simulated cells of one anode in one experiment.

    Parameters
    ----------
    experiment : ExperimentSpec
    anode : str
    nominal : tuple of (Task, Outcome)
        The cells whose rows are reported.
    members : tuple of Outcome
        Of the ensemble; empty without one.
    calibrated : tuple of PublishedValue
        Of this experiment and anode, those that the twin's parameters may be fitted to.
    """

    experiment: ExperimentSpec
    anode: str
    nominal: tuple[tuple[Task, Outcome], ...]
    members: tuple[Outcome, ...]
    calibrated: tuple[PublishedValue, ...] = ()

    @classmethod
    def gather(
        cls,
        study: Study,
        experiment: ExperimentSpec,
        anode: str,
        tasks: Sequence[Task],
        outcomes: Mapping[Task, Outcome],
    ) -> SimulatedCells:
        """Pick the outcomes of one anode in one experiment out of all."""
        own = [task for task in tasks if (task.experiment, task.anode) == (experiment.name, anode) and task in outcomes]
        return cls(
            experiment=experiment,
            anode=anode,
            nominal=tuple((task, outcomes[task]) for task in own if task.nominal),
            members=tuple(outcomes[task] for task in own if task.member is not None),
            calibrated=_calibrated(study, experiment, anode),
        )

    def records(self) -> Iterator[tuple[str, Outcome]]:
        """Iterate over the reported cells with the name of their files."""
        for task, outcome in self.nominal:
            yield measurement_stem(task), outcome


@frozen(eq=False, kw_only=True)
class MeasuredCell:
    """A real cell: its record, its estimates, its curves by cycle."""

    spec: MeasurementSpec
    anode: str
    stem: str
    record: Measurement
    estimates: tuple[Estimate, ...]
    curves: tuple[CycleCurve, ...]
    warnings: tuple[str, ...]
    soft_short_check: str

    @property
    def experiment(self) -> str:
        """The experiment that it is compared with, else its kind."""
        return self.spec.experiment or self.spec.kind


def measurement_stem(task: Task) -> str:
    """Return the name of the files of a task's record."""
    return slug(f"{task.experiment} {task.anode} cell {task.replicate}")


def simulated_rows(cells: SimulatedCells) -> list[ResultRow]:
    """Return the rows of all reported cells of one anode in one experiment."""
    ensemble = _summaries(cells.members)
    rows = []
    for task, outcome in cells.nominal:
        subject = Subject(
            anode=cells.anode,
            specimen=outcome.record.specimen.name if outcome.record else cells.anode,
            cell_id=f"cell {task.replicate}",
            experiment=task.experiment,
            kind=task.protocol.kind,
            measurement=measurement_stem(task),
            origin="simulated",
        )
        table = keyed(outcome.estimates)
        fitted = {_fitted(value, table) for value in cells.calibrated}
        for key, estimate in table.items():
            rows.append(
                make_row(
                    estimate,
                    subject,
                    conditions=task_conditions(task),
                    role="calibrated" if key in fitted else "predicted",
                    ensemble=ensemble.get(key),
                    warnings=outcome.warnings,
                )
            )
    return rows


def _fitted(published: PublishedValue, table: Mapping[EstimateKey, Estimate]) -> EstimateKey | None:
    """Return what the twin may be fitted to with a published value: the first that it is beside."""
    found = (key for key, estimate in table.items() if is_beside(published, estimate.quantity, estimate.conditions))
    return next(found, None)


def task_conditions(task: Task) -> dict[str, float]:
    """Return the numbers of a task's cell and protocol in SI, defaults included.

    What is a list (currents, temperatures, cycles of spectra, steps) is no condition of a whole cell: each row has its
    own of them. Words stand in the list of used values.
    """
    return {
        name: float(value)
        for name, value in task.settings().items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _summaries(members: Sequence[Outcome]) -> dict[EstimateKey, EnsembleSummary]:
    values: dict[EstimateKey, list[Estimate]] = {}
    for member in members:
        for key, estimate in keyed(member.estimates).items():
            values.setdefault(key, []).append(estimate)
    summaries = {key: summarise_members(estimates) for key, estimates in values.items()}
    return {
        key: _with_ended_members(summary, key, len(values[key]), len(members))
        for key, summary in summaries.items()
        if summary is not None
    }


def _with_ended_members(summary: EnsembleSummary, key: EstimateKey, count: int, members: int) -> EnsembleSummary:
    """Say how many members have no such cycle: they ended earlier, so that the interval is that of the survivors."""
    if not key[1].startswith(("cycle", "rate")) or count == members:
        return summary
    text = ENDED_MEMBERS.format(ended=members - count, count=members, moment=key[1])
    return evolve(summary, warnings=(*summary.warnings, text))


def _calibrated(study: Study, experiment: ExperimentSpec, anode: str) -> tuple[PublishedValue, ...]:
    if experiment.published is None or anode in changed_anodes(study):
        return ()
    moved = SET_TO.get(study.spec.parameters, frozenset())
    return tuple(
        value
        for value in published_values(experiment.published)
        if value.role == "calibrate" and anode in value.anodes and value.quantity in moved
    )


def changed_anodes(study: Study) -> frozenset[str]:
    """Return the anodes that are not the library's: overridden, or from a file that has a library's name.

    Published values are about another specimen than these.
    """
    overridden = {study.references[reference] for reference in study.spec.anode_overrides}
    own = {name for name, anode in study.anodes.items() if name in list_names("anodes") and anode != load_anode(name)}
    return frozenset(overridden | own)


_CELLS_OF_KINDS = {"plating-efficiency": "plating", "full-cycling": "full", "rate": "full", "anode-free": "full"}


def read_measurement(study: Study, spec: MeasurementSpec) -> MeasuredCell:
    """Read the files of one real cell and analyse them.

    Raises
    ------
    ReadError
        When the files cannot be read.
    AnalysisError
        When the analysis does not apply to them.
    """
    anode = study.references[spec.anode]
    record = read(
        study.measurement_files(spec),
        area=spec.area,
        cell=spec.cell or _CELLS_OF_KINDS.get(spec.kind),
        cell_id=spec.cell_id,
        anode=anode,
        cathode_mass=spec.cathode_mass,
        settings={name: str(value) for name, value in spec.settings.items()},
        technique=KINDS[spec.kind],
    )
    result, warnings = analyse_record(record, spec.kind)
    return MeasuredCell(
        spec=spec,
        anode=anode,
        stem=slug(f"measured {anode} {spec.cell_id} {' '.join(spec.files)}"),
        record=record,
        estimates=() if result is None else tuple(kind_estimates(result, spec.kind)),
        curves=cycle_curves(result),
        warnings=warnings,
        soft_short_check=getattr(result, "soft_short_floor", ""),
    )


def measured_rows(cell: MeasuredCell) -> list[ResultRow]:
    """Return the rows of one real cell."""
    specimen = cell.record.specimen
    subject = Subject(
        anode=cell.anode,
        specimen=specimen.name,
        cell_id=specimen.cell_id,
        experiment=cell.experiment,
        kind=cell.spec.kind,
        measurement=cell.stem,
        origin="measured",
    )
    area = {} if specimen.area is None else {"area": specimen.area}
    conditions = {**cell.record.conditions, **area}
    return [make_row(e, subject, conditions=conditions, warnings=cell.warnings) for e in cell.estimates]
