"""Run a study: simulate, read, analyse, and leave everything in one folder."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from lithiate import __version__
from lithiate.core.store import atomic_write_bytes, atomic_write_text, save_measurement
from lithiate.errors import Cancelled, LithiateError
from lithiate.study.ablation import AblationResults, ablation_rows, save_ablation
from lithiate.study.collect import MeasuredCell, SimulatedCells, measured_rows, read_measurement, simulated_rows
from lithiate.study.curves import curves_parquet
from lithiate.study.cycle_tables import SUFFIX, save_cycle_table
from lithiate.study.folder_lock import locked
from lithiate.study.layout import (
    ABLATION_JSON,
    ABLATION_PARQUET,
    CURVE_FILES,
    MEASUREMENTS,
    REPORT_HTML,
    RESULTS_JSON,
    RESULTS_PARQUET,
    USED_VALUES,
)
from lithiate.study.plan import Task, ensemble_seed, plan_tasks
from lithiate.study.results import ResultRow, StudyResults, TaskFailure, load_results, save_results
from lithiate.study.simulate import Outcome, simulate_task
from lithiate.study.spec import Study, load_study
from lithiate.study.toml_text import toml_text
from lithiate.study.used_values import used_values
from lithiate.twin.parameters import ParameterSet, draw_ensemble, load_parameters

MOST_WORKERS = 4

_LOGGER = logging.getLogger(__name__)
_POLL = 0.1


def run_study(
    path_or_spec: Path | str | Study,
    out: Path | str | None = None,
    *,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> StudyResults:
    """Run a study and leave its results in a folder.

    Parameters
    ----------
    path_or_spec : Path, str or Study
        A study file, or what `load_study` made of one.
    out : Path or str, optional
        Output folder; default ``results/`` and the name of the study file without its suffix.
    workers : int, optional
        Simulations at a time; default the number of processors, at most 4. The results do not depend on it.
    progress : callable, optional
        Called often with the share done, 0 to 1, in the caller's thread; it cancels by raising `Cancelled`.

    Returns
    -------
    StudyResults
        Also as results.json in the folder, written last. Tasks that failed are listed in `failures`; the rest is
        complete. `lithiate.report.build_report` makes figures and the report of the folder.

    Raises
    ------
    SpecError
        When the study is faulty.
    StudyError
        ``LI-STUDY-002`` when another run uses the folder.
    WriteError
        ``LI-WRITE-001`` when the folder cannot be written; it then holds no results.json.
    Cancelled, KeyboardInterrupt
        When the call was cancelled; it then leaves no results.json.
    """
    study = path_or_spec if isinstance(path_or_spec, Study) else load_study(path_or_spec)
    folder = Path("results") / study.path.stem if out is None else Path(out)
    with locked(folder):
        _forget(folder)
        tasks = plan_tasks(study)
        nominal = load_parameters(study.spec.parameters)
        _LOGGER.info("%d simulations, %d measured cells", len(tasks), len(study.measurements))
        members = draw_ensemble(nominal, study.ensemble_size, ensemble_seed(study)) if study.ensemble_size else []
        outcomes, failures = _run_tasks(tasks, nominal, members, workers, progress)
        return _save(study, folder, tasks, outcomes, failures)


def _forget(folder: Path) -> None:
    """Delete the files of an earlier run, those that its results name and no others."""
    try:
        earlier = load_results(folder)
    except LithiateError:
        # Without readable results nothing tells which files are ours; new ones replace those of the same name.
        (folder / RESULTS_JSON).unlink(missing_ok=True)
        return
    (folder / RESULTS_JSON).unlink()
    for name in {Path(row.measurement).name for row in earlier.rows if row.measurement}:
        for suffix in (".parquet", ".json", SUFFIX):
            (folder / MEASUREMENTS / f"{name}{suffix}").unlink(missing_ok=True)
    others = (RESULTS_PARQUET, REPORT_HTML, USED_VALUES, ABLATION_JSON, ABLATION_PARQUET, *CURVE_FILES.values())
    for name in others:
        (folder / name).unlink(missing_ok=True)


def _run_tasks(
    tasks: Sequence[Task],
    nominal: ParameterSet,
    members: Sequence[ParameterSet],
    workers: int | None,
    progress: Callable[[float], None] | None,
) -> tuple[dict[Task, Outcome], list[TaskFailure]]:
    """Run all tasks in threads: the compiled twin works without the interpreter lock."""
    shares = [0.0] * len(tasks)
    stop = threading.Event()

    def run(index: int, task: Task) -> Outcome:
        def note(share: float) -> None:
            if stop.is_set():
                raise Cancelled
            shares[index] = share

        note(0.0)
        _LOGGER.info("%s", task.name)
        outcome = simulate_task(task, nominal if task.member is None else members[task.member], note)
        shares[index] = 1.0
        return outcome

    pool = ThreadPoolExecutor(workers or min(MOST_WORKERS, os.cpu_count() or 1), thread_name_prefix="lithiate-study")
    try:
        futures = [pool.submit(run, index, task) for index, task in enumerate(tasks)]
        _wait(futures, shares, progress)
    except BaseException:
        # Ctrl-C and a cancelling `progress` end the simulations at their next sign of progress.
        stop.set()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    outcomes, failures = {}, []
    for task, future in zip(tasks, futures, strict=True):
        error = future.exception()
        if error is None:
            outcomes[task] = future.result()
        elif isinstance(error, Cancelled) or not isinstance(error, Exception):
            raise error
        else:
            failures.append(_failure(task.name, error))
    return outcomes, failures


def _wait(
    futures: Sequence[Future[Outcome]], shares: Sequence[float], progress: Callable[[float], None] | None
) -> None:
    pending = set(futures)
    while pending:
        _, pending = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
        if progress is not None:
            # A task that failed is done as well.
            done = [1.0 if future.done() else share for future, share in zip(futures, shares, strict=True)]
            progress(sum(done) / len(done))


def _failure(task: str, error: Exception) -> TaskFailure:
    # An error that is not ours is a defect of the program; the study's other tasks are worth keeping all the same.
    name = error.code if isinstance(error, LithiateError) else type(error).__name__
    return TaskFailure(task, name, str(error))


def _save(
    study: Study, folder: Path, tasks: Sequence[Task], outcomes: Mapping[Task, Outcome], failures: list[TaskFailure]
) -> StudyResults:
    rows: list[ResultRow] = []
    cells: list[SimulatedCells] = []
    for experiment in study.experiments:
        for anode in study.anodes_of(experiment):
            group = SimulatedCells.gather(study, experiment, anode, tasks, outcomes)
            cells.append(group)
            rows += simulated_rows(group)
            for stem, outcome in group.records():
                if outcome.record is not None:
                    save_measurement(outcome.record, folder / MEASUREMENTS / stem)
                if outcome.cycle_table:
                    save_cycle_table(outcome.cycle_table, folder / MEASUREMENTS, stem)
    measured = []
    for measurement in study.measurements:
        try:
            cell = read_measurement(study, measurement)
        except LithiateError as error:
            failures.append(_failure(f"measurement {', '.join(measurement.files)}", error))
            continue
        measured.append(cell)
        rows += measured_rows(cell)
        save_measurement(cell.record, folder / MEASUREMENTS / cell.stem)
    for quantity, name in CURVE_FILES.items():
        if quantity == "voltage_hysteresis" or _has_curves(quantity, cells, measured):
            atomic_write_bytes(folder / name, curves_parquet(quantity, cells, measured))
    atomic_write_text(folder / USED_VALUES, toml_text(used_values(study, tasks, outcomes, measured)))
    if study.spec.ablation is not None:
        rows_of_changes = ablation_rows(outcomes)
        save_ablation(AblationResults(study.title, __version__, rows_of_changes, _of_changes(tasks, failures)), folder)
    results = StudyResults(
        study=study.title, lithiate=__version__, rows=tuple(rows), failures=tuple(failures), folder=folder
    )
    save_results(results)
    return results


def _has_curves(quantity: str, cells: Sequence[SimulatedCells], measured: Sequence[MeasuredCell]) -> bool:
    curves = [curve for group in cells for _, outcome in group.nominal for curve in outcome.curves]
    curves += [curve for cell in measured for curve in cell.curves]
    return any(curve.quantity == quantity for curve in curves)


def _of_changes(tasks: Sequence[Task], failures: Sequence[TaskFailure]) -> tuple[TaskFailure, ...]:
    names = {task.name for task in tasks if task.change is not None}
    return tuple(failure for failure in failures if failure.task in names)
