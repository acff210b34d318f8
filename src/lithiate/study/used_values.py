"""Every value that a study used, stated or not: the content of study.lock.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lithiate import __version__
from lithiate.core.anode import Anode
from lithiate.core.protocol import Repeat, Step
from lithiate.library import load_cathode, load_electrolyte, load_separator
from lithiate.study.collect import MeasuredCell, changed_anodes, measurement_stem
from lithiate.study.experiment_specs import ExperimentSpec
from lithiate.study.layout import PRINTED_UNITS, SCHEMA_VERSION, is_c_rate
from lithiate.study.plan import Task, ensemble_seed
from lithiate.study.profiles import ProfileRepeat
from lithiate.study.simulate import Outcome
from lithiate.study.spec import Study
from lithiate.twin.closures import Choices
from lithiate.units import convert


def used_values(
    study: Study, tasks: Sequence[Task], outcomes: Mapping[Task, Outcome], measured: Sequence[MeasuredCell]
) -> dict[str, Any]:
    """Return every value that a study used, in units of print, each with its status.

    The status of an experiment's number is ``stated`` (in the study) or ``default``; that of a library's number is
    ``measured`` or ``assumed``, with its source.
    """
    electrolytes = dict.fromkeys(task.cell.electrolyte for task in tasks)
    separators = dict.fromkeys(task.cell.separator for task in tasks)
    cathodes = dict.fromkeys(task.settings()["cathode"] for task in tasks if task.cell.kind == "full")
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "lithiate": __version__,
        "title": study.title,
        "seed": study.seed,
        "parameters": study.spec.parameters,
        "ensemble_size": study.ensemble_size,
        "ensemble_seed": ensemble_seed(study) if study.ensemble_size else None,
        "closures": Choices(closures=study.spec.closures).all_closures(),
        "disabled_mechanisms": list(study.spec.disabled_mechanisms),
        "ablation": None if study.spec.ablation is None else study.spec.ablation.model_dump(mode="json"),
        "experiments": [_experiment(study, experiment, tasks) for experiment in study.experiments],
        "anodes": [_anode(study, anode) for anode in study.anodes.values()],
        "electrolytes": {name: _sourced(load_electrolyte(name).sources) for name in electrolytes},
        "cathodes": {name: _sourced(load_cathode(name).sources) for name in cathodes},
        "separators": {name: _sourced(load_separator(name).sources) for name in separators},
        "tasks": [
            {"name": task.name, "experiment": task.experiment, "anode": task.anode, "seed": task.seed}
            | {"measurement": measurement_stem(task), "soft_short_check": outcome.soft_short_check}
            | {"scatter_seed": task.scatter_seed, "used": {name: dict(value) for name, value in outcome.used.items()}}
            for task, outcome in outcomes.items()
            if task.nominal
        ],
        "measurements": [_measurement(cell) for cell in measured],
    }
    return {key: value for key, value in document.items() if value not in (None, [], {})}


def _experiment(study: Study, experiment: ExperimentSpec, tasks: Sequence[Task]) -> dict[str, Any]:
    task = next(task for task in tasks if task.experiment == experiment.name)
    return {
        "name": experiment.name,
        "kind": experiment.kind,
        "cell": task.cell.kind,
        "published": experiment.published,
        "replicates": experiment.replicates,
        "anodes": list(study.anodes_of(experiment)),
        "values": {name: _value(experiment, name, value) for name, value in task.settings().items()},
    }


def _value(experiment: ExperimentSpec, name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a cell or an experiment
    """Return a value that was used, in its unit of print where it has one, and whether the study states it."""
    status = "stated" if name in experiment.model_fields_set else "default"
    if name == "electrolyte_volume" and "electrolyte_to_cathode_ratio" in experiment.model_fields_set:
        status = "stated"  # it follows from the ratio
    if name == "steps":
        return {"value": [_step_text(item) for item in value], "status": status}
    if is_c_rate(name, full_cell=experiment.cell_kind == "full"):
        return {"value": list(value) if isinstance(value, tuple) else value, "unit": "1/h", "status": status}
    if name in PRINTED_UNITS:
        si_unit, unit = PRINTED_UNITS[name]
        several = isinstance(value, tuple)
        numbers = [_rounded(convert(float(number), si_unit, unit)) for number in (value if several else (value,))]
        return {"value": numbers if several else numbers[0], "unit": unit, "status": status}
    return {"value": list(value) if isinstance(value, tuple) else value, "status": status}


def _step_text(item: Step | Repeat) -> str:
    if isinstance(item, Step | ProfileRepeat):
        return str(item)
    return f"{item.times} times: {'; '.join(_step_text(inner) for inner in item.steps)}"


def _anode(study: Study, anode: Anode) -> dict[str, Any]:
    switches = {}
    if anode.host is not None:
        for name in ("molybdenum_nitride_converted", "tungsten_nitride_inert"):
            switches[name] = getattr(anode.host, name)
    return {
        "name": anode.name,
        "kind": anode.kind,
        "changed": anode.name in changed_anodes(study),
        **switches,
        "values": _sourced(anode.sources),
    }


def _sourced(sources: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "value": _rounded(number.printed_value),
            "unit": number.printed_unit,
            "status": number.status,
            "source": number.source,
        }
        for name, number in sources.items()
    }


def _measurement(cell: MeasuredCell) -> dict[str, Any]:
    area = cell.record.specimen.area
    return {
        "anode": cell.anode,
        "kind": cell.spec.kind,
        "experiment": cell.experiment,
        "cell_id": cell.spec.cell_id,
        "files": list(cell.spec.files),
        "measurement": cell.stem,
        "soft_short_check": cell.soft_short_check,
        "reader": cell.record.provenance.reader,
        "sha256": cell.record.provenance.sha256,
        "area": None if area is None else {"value": _rounded(convert(area, "m^2", "cm^2")), "unit": "cm^2"},
        "settings": dict(cell.spec.settings) or None,
    }


def _rounded(value: float) -> float:
    # Conversions leave a last digit such as 360.00000000000006; no value is known to 12 figures.
    return float(f"{value:.12g}")
