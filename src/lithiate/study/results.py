"""The rows of a study's results, in the units of print, and their files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from lithiate.core.estimate import Estimate
from lithiate.core.store import atomic_write_bytes, atomic_write_text
from lithiate.core.techniques import QUANTITIES
from lithiate.errors import SpecError, nearest_match
from lithiate.study.ensemble import EnsembleSummary
from lithiate.study.layout import RESULTS_JSON, RESULTS_PARQUET, SCHEMA_VERSION
from lithiate.units import convert

Interval = tuple[float | None, float | None]


@frozen(kw_only=True)
class ResultRow:
    """One number of a study with all that is needed to judge it; fields as in the documented row layout.

    `value`, `uncertainty`, `median` and the intervals are in `unit`, a unit of print; `conditions` are in SI.
    """

    anode: str
    specimen: str
    cell_id: str | None
    experiment: str
    kind: str
    measurement: str | None
    quantity: str
    value: float | None
    unit: str
    uncertainty: float | None
    median: float | None
    interval: Interval | None
    interval_80: Interval | None
    interval_kind: str | None
    origin: str
    role: str | None
    posterior: str | None
    definition: str
    conditions: Mapping[str, float | str]
    warnings: tuple[str, ...]
    censored: str | None
    censored_by: str | None


@frozen(kw_only=True)
class Subject:
    """What a row is about: the first fields of `ResultRow`, shared by all rows of one cell."""

    anode: str
    specimen: str
    cell_id: str | None
    experiment: str
    kind: str
    measurement: str | None
    origin: str


@frozen
class TaskFailure:
    """A task that could not be done: its name, the code of the error, and its message."""

    task: str
    error: str
    message: str


@frozen(kw_only=True)
class StudyResults:
    """All that a study gave.

    Parameters
    ----------
    study : str
        Title of the study.
    lithiate : str
        Version that made the results.
    rows : tuple of ResultRow
    failures : tuple of TaskFailure
        Empty when the study is complete.
    folder : Path
        Where the results lie.
    """

    study: str
    lithiate: str
    rows: tuple[ResultRow, ...]
    failures: tuple[TaskFailure, ...] = ()
    folder: Path = field(factory=Path)

    def select(self, **wanted: object) -> tuple[ResultRow, ...]:
        """Return the rows whose fields equal those given, such as ``select(quantity="voltage_hysteresis")``."""
        return tuple(row for row in self.rows if all(getattr(row, name) == value for name, value in wanted.items()))

    def to_dict(self) -> dict[str, Any]:
        """Return the content of results.json: no NaN, no infinity."""
        return {
            "schema_version": SCHEMA_VERSION,
            "study": self.study,
            "lithiate": self.lithiate,
            "results": [attrs.asdict(row) for row in self.rows],
            "failures": [attrs.asdict(failure) for failure in self.failures],
        }


def make_row(
    estimate: Estimate,
    subject: Subject,
    *,
    conditions: Mapping[str, float | str],
    role: str | None = None,
    ensemble: EnsembleSummary | None = None,
    warnings: tuple[str, ...] = (),
) -> ResultRow:
    """Return the row of an estimate; intervals and median are the ensemble's where there is one.

    Parameters
    ----------
    estimate : Estimate
        In SI.
    subject : Subject
    conditions : mapping of str to float
        SI numbers of the experiment; those of the estimate win.
    role : {"calibrated", "predicted"} or None
        None for a measured row.
    ensemble : EnsembleSummary, optional
        Of the same quantity, in SI.
    warnings : tuple of str
        Coded warnings of the cell, put before the estimate's own.

    Raises
    ------
    UnitError
        When the estimate's unit has not the dimension of its quantity.
    """
    word = QUANTITIES[estimate.quantity]
    # A resistance of a cell whose area is not known stays that of the cell.
    unit = "ohm" if (word.si_unit, estimate.unit) == ("ohm m^2", "ohm") else word.unit

    def printed(value: float | None) -> float | None:
        return None if value is None else float(convert(value, estimate.unit, unit))

    def printed_difference(value: float | None) -> float | None:
        # A standard deviation in K is the same in degC: the zero points of scales do not enter.
        return None if value is None else float(convert(value, estimate.unit, unit) - convert(0.0, estimate.unit, unit))

    def printed_pair(pair: Interval | None) -> Interval | None:
        return None if pair is None else (printed(pair[0]), printed(pair[1]))

    uncertainty, median = estimate.standard_uncertainty, None
    interval, interval_80, interval_kind = estimate.interval, estimate.interval_80, estimate.interval_kind
    own_conditions = dict(estimate.conditions)
    if ensemble is not None:
        if estimate.censored and interval and interval[0] is not None:
            # The ensemble takes the place of the interval, which held the bound of this cell.
            own_conditions["censored_at"] = interval[0]
        uncertainty, median = ensemble.standard_deviation, ensemble.median
        interval, interval_80, interval_kind = ensemble.interval, ensemble.interval_80, ensemble.interval_kind
        warnings = (*warnings, *ensemble.warnings)
    return ResultRow(
        **attrs.asdict(subject),
        quantity=estimate.quantity,
        value=printed(estimate.value),
        unit=unit,
        uncertainty=printed_difference(uncertainty),
        median=printed(median),
        interval=printed_pair(interval),
        interval_80=printed_pair(interval_80),
        interval_kind=interval_kind,
        role=role,
        posterior=None,
        definition=estimate.definition,
        conditions={**conditions, **own_conditions},
        warnings=tuple(dict.fromkeys((*warnings, *estimate.warnings))),
        censored=estimate.censored,
        censored_by=estimate.censored_by,
    )


def save_results(results: StudyResults) -> None:
    """Write results.parquet and then results.json into the folder of the results.

    results.json comes last: where it stands, everything else of the study stands too.

    Raises
    ------
    WriteError
        ``LI-WRITE-001`` when the folder cannot be written or the disk is full.
    """
    text = json.dumps(results.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    atomic_write_bytes(results.folder / RESULTS_PARQUET, _parquet(results.rows))
    atomic_write_text(results.folder / RESULTS_JSON, text + "\n")


def _parquet(rows: tuple[ResultRow, ...]) -> bytes:
    import polars

    number_list = polars.List(polars.Float64)
    types: dict[str, Any] = dict.fromkeys(("value", "uncertainty", "median"), polars.Float64)
    types |= {"interval": number_list, "interval_80": number_list, "warnings": polars.List(polars.String)}
    table: dict[str, list[Any]] = {name: [] for name in attrs.fields_dict(ResultRow)}
    for row in rows:
        for name, value in attrs.asdict(row).items():
            if name == "conditions":
                value = json.dumps(value, allow_nan=False)
            table[name].append(list(value) if isinstance(value, tuple) else value)
    frame = polars.DataFrame(table, schema={name: types.get(name, polars.String) for name in table})
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def load_results(folder: Path | str) -> StudyResults:
    """Return the results that a study left in `folder`.

    Raises
    ------
    SpecError
        ``LI-SPEC-003`` when there is no results.json; ``LI-SPEC-002`` when it is damaged or of another schema.
    """
    path = Path(folder) / RESULTS_JSON
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(
            "there are no results of a complete study here",
            code="LI-SPEC-003",
            where=str(folder),
            expected=f"a file {RESULTS_JSON}",
            nearest=_nearest_file(Path(folder)),
        ) from error
    except ValueError as error:
        raise SpecError("the results are damaged", code="LI-SPEC-002", where=str(path), got=str(error)) from error
    if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
        version = content.get("schema_version") if isinstance(content, dict) else type(content).__name__
        raise SpecError(
            "results of another schema",
            code="LI-SPEC-002",
            where=str(path),
            got=f"schema_version {version}",
            expected=f"schema_version {SCHEMA_VERSION} (run the study again with this version of lithiate)",
        )
    try:
        return StudyResults(
            study=content["study"],
            lithiate=content["lithiate"],
            rows=tuple(_load_row(row) for row in content["results"]),
            failures=tuple(TaskFailure(**failure) for failure in content["failures"]),
            folder=Path(folder),
        )
    except (KeyError, TypeError) as error:
        raise SpecError("the results are damaged", code="LI-SPEC-002", where=str(path), got=str(error)) from error


def _load_row(row: dict[str, Any]) -> ResultRow:
    pairs = {name: None if row[name] is None else tuple(row[name]) for name in ("interval", "interval_80")}
    return ResultRow(**{**row, **pairs, "warnings": tuple(row["warnings"])})


def _nearest_file(folder: Path) -> str | None:
    try:
        return nearest_match(RESULTS_JSON, [path.name for path in folder.iterdir()])
    except OSError:
        return None
