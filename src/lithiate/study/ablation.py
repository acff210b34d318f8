"""What each mechanism and each choice of a closure is worth: quantities of a cell with it and without it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from lithiate.core.estimate import Estimate
from lithiate.core.store import atomic_write_bytes, atomic_write_text, parquet_bytes
from lithiate.core.techniques import QUANTITIES
from lithiate.errors import SpecError
from lithiate.study.estimates import keyed
from lithiate.study.layout import ABLATION_JSON, ABLATION_PARQUET, SCHEMA_VERSION
from lithiate.study.results import TaskFailure
from lithiate.units import convert

if TYPE_CHECKING:  # a report reads ablations and needs no twin
    from lithiate.study.plan import Task
    from lithiate.study.simulate import Outcome


@frozen(kw_only=True)
class AblationRow:
    """One quantity of one cell, with and without a change of the twin; values in `unit`.

    Parameters
    ----------
    experiment, anode, kind : str
        Of the experiment, as in a row of results.
    change : {"mechanism", "closure"}
    name : str
    alternative : str or None
        What the closure was replaced by.
    label, meaning : str
        The change in words.
    quantity, unit : str
    conditions : mapping
        Of the estimate, in SI: which cycle, temperature or current density.
    nominal, changed : float or None
        The value as the study has it, and with the change; None where there is none.
    nominal_bound, changed_bound : float or None
        Where it did not happen within the test: the time up to which it was waited for.
    difference : float or None
        ``changed - nominal``; None unless both have a value.
    ratio : float or None
        ``changed / nominal - 1``; None unless both have a value and the nominal one is not zero.
    """

    experiment: str
    anode: str
    kind: str
    change: str
    name: str
    alternative: str | None
    label: str
    meaning: str
    quantity: str
    unit: str
    conditions: Mapping[str, float | str]
    nominal: float | None
    nominal_bound: float | None
    changed: float | None
    changed_bound: float | None
    difference: float | None
    ratio: float | None


@frozen
class AblationResults:
    """The content of ablation.json: title of the study, version, rows, and what could not be run."""

    study: str
    lithiate: str
    rows: tuple[AblationRow, ...]
    failures: tuple[TaskFailure, ...] = ()


def ablation_rows(outcomes: Mapping[Task, Outcome]) -> tuple[AblationRow, ...]:
    """Return the rows of all changes beside the first nominal cell of the same experiment and anode.

    A quantity that the nominal cell has and a changed one has not (a test that ended early) has a row without a value.
    """
    nominal = {
        (task.experiment, task.anode): outcome
        for task, outcome in outcomes.items()
        if task.nominal and task.replicate == 1
    }
    rows = []
    for task, outcome in outcomes.items():
        reference = nominal.get((task.experiment, task.anode))
        if task.change is None or reference is None:
            continue
        found = keyed(outcome.estimates)
        rows += [_row(task, estimate, found.get(key)) for key, estimate in keyed(reference.estimates).items()]
    return tuple(rows)


def _row(task: Task, nominal: Estimate, changed: Estimate | None) -> AblationRow:
    change = task.change
    assert change is not None
    unit = QUANTITIES[nominal.quantity].unit
    before, before_bound = _printed(nominal, unit)
    after, after_bound = (None, None) if changed is None else _printed(changed, unit)
    both = None if before is None or after is None else (before, after)
    return AblationRow(
        experiment=task.experiment,
        anode=task.anode,
        kind=task.protocol.kind,
        change=change.kind,
        name=change.name,
        alternative=change.alternative,
        label=change.label,
        meaning=change.meaning,
        quantity=nominal.quantity,
        unit=unit,
        conditions=dict(nominal.conditions),
        nominal=before,
        nominal_bound=before_bound,
        changed=after,
        changed_bound=after_bound,
        difference=None if both is None else both[1] - both[0],
        ratio=None if both is None or both[0] == 0.0 else both[1] / both[0] - 1.0,
    )


def _printed(estimate: Estimate, unit: str) -> tuple[float | None, float | None]:
    """Return value and, where it is censored, bound of an estimate in a unit of print."""
    value = None if estimate.value is None else float(convert(estimate.value, estimate.unit, unit))
    bound = estimate.interval[0] if estimate.censored and estimate.interval else None
    return value, None if bound is None else float(convert(bound, estimate.unit, unit))


def save_ablation(results: AblationResults, folder: Path) -> None:
    """Write ablation.json and ablation.parquet.

    Raises
    ------
    WriteError
        ``LI-WRITE-001`` when the folder cannot be written.
    """
    content = {
        "schema_version": SCHEMA_VERSION,
        "study": results.study,
        "lithiate": results.lithiate,
        "changes": [attrs.asdict(row) for row in results.rows],
        "failures": [attrs.asdict(failure) for failure in results.failures],
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    atomic_write_bytes(folder / ABLATION_PARQUET, _parquet(results.rows))
    atomic_write_text(folder / ABLATION_JSON, text + "\n")


def _parquet(rows: tuple[AblationRow, ...]) -> bytes:
    import polars

    numbers = ("nominal", "nominal_bound", "changed", "changed_bound", "difference", "ratio")
    names = list(attrs.fields_dict(AblationRow))
    table: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in names}
    table["conditions"] = [json.dumps(dict(row.conditions), allow_nan=False) for row in rows]
    schema = {name: polars.Float64 if name in numbers else polars.String for name in names}
    return parquet_bytes(polars.DataFrame(table, schema=schema))


def load_ablation(folder: Path | str) -> AblationResults | None:
    """Return the ablation that a study left in `folder`, or None where it asked for none.

    Raises
    ------
    SpecError
        ``LI-SPEC-002`` when the file is damaged or of another schema.
    """
    path = Path(folder) / ABLATION_JSON
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {content['schema_version']}")
        return AblationResults(
            content["study"],
            content["lithiate"],
            tuple(AblationRow(**row) for row in content["changes"]),
            tuple(TaskFailure(**failure) for failure in content["failures"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError("the ablation is damaged", code="LI-SPEC-002", where=str(path), got=str(error)) from error
