"""What a study file may say, and what it means: TOML in, a checked `Study` out, all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from attrs import field, frozen
from pydantic import BaseModel, Field, ValidationError

from lithiate.core.anode import Anode
from lithiate.core.toml_source import TomlSource, read_toml
from lithiate.core.validity import check_steps
from lithiate.errors import LibraryError, SimulationError, SpecError
from lithiate.study.experiment_specs import ALL_SPECS, ExperimentSpec, foreign_key
from lithiate.study.faults import Fault, model_faults, raise_faults, words
from lithiate.study.references import resolve_anodes, unresolved_references
from lithiate.study.spec_fields import Area, Mass, Name, SpecModel

PLANNED_KINDS = (
    "deposit",
    "sorption",
    "xrd",
    "xps",
    "topography",
    "surface-potential",
    "modulus",
    "contact-angle",
    "micrograph",
    "elements-map",
    "composition",
)
"""Kinds of the full product that this version does not run."""


class MeasurementSpec(SpecModel):
    """Files of one real cell."""

    anode: str
    kind: Literal[
        "symmetric-cycling",
        "nucleation",
        "critical-current",
        "plating-efficiency",
        "full-cycling",
        "rate",
        "anode-free",
        "tafel",
        "impedance",
        "impedance-temperature",
        "protocol",
    ]
    files: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
    cell_id: str | None = None
    area: Area | None = None
    cathode_mass: Mass | None = None
    experiment: str | None = None
    cell: Literal["symmetric", "plating", "full"] | None = None
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)


class AnodeVariantSpec(SpecModel):
    """An anode that differs from another in a few fields."""

    name: Name
    base: str
    overrides: dict[str, Any] = Field(min_length=1)


class AblationSpec(SpecModel):
    """What is run again without each mechanism, and with each other closure."""

    experiments: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
    anodes: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]


class StudySpec(SpecModel):
    """The content of a study file."""

    schema_version: Literal[1]
    title: Name
    seed: Annotated[int, Field(ge=0)] = 0
    anodes: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
    parameters: Literal["nominal"] = "nominal"
    ensemble_size: Annotated[int, Field(ge=0, le=10000)] = 0
    closures: dict[str, str] = Field(default_factory=dict)
    disabled_mechanisms: Annotated[tuple[str, ...], Field(strict=False)] = ()
    ablation: AblationSpec | None = None
    anode_overrides: dict[str, dict[str, Any]] = Field(default_factory=dict)
    anode_variants: Annotated[tuple[AnodeVariantSpec, ...], Field(strict=False)] = ()
    experiments: Annotated[tuple[ExperimentSpec, ...], Field(strict=False)] = ()
    measurements: Annotated[tuple[MeasurementSpec, ...], Field(strict=False)] = ()


_TABLES: dict[str, dict[str, type[BaseModel]]] = {
    "experiments": dict(ALL_SPECS),
    "measurements": {"": MeasurementSpec},
    "ablation": {"": AblationSpec},
    "anode_variants": {"": AnodeVariantSpec},
}


@frozen(kw_only=True)
class Study:
    """A study that was read and checked.

    Parameters
    ----------
    path : Path
        The study file; relative paths in it are relative to its folder.
    spec : StudySpec
        What the file says, in SI.
    anodes : mapping of str to Anode
        All anodes by name in the study's order, overrides applied, variants last.
    references : mapping of str to str
        What the study file may call an anode (its name, or its file as written) -> its name.
    """

    path: Path
    spec: StudySpec
    anodes: Mapping[str, Anode]
    references: Mapping[str, str] = field(repr=False)

    @property
    def title(self) -> str:
        """Title of the study."""
        return self.spec.title

    @property
    def seed(self) -> int:
        """Seed of everything random in the study."""
        return self.spec.seed

    @property
    def ensemble_size(self) -> int:
        """Number of members of the ensemble; 0 gives no intervals."""
        return self.spec.ensemble_size

    @property
    def experiments(self) -> tuple[ExperimentSpec, ...]:
        """The simulated experiments."""
        return self.spec.experiments

    @property
    def measurements(self) -> tuple[MeasurementSpec, ...]:
        """The real cells."""
        return self.spec.measurements

    def anode(self, reference: str) -> Anode:
        """Return the anode that the study file calls `reference`."""
        return self.anodes[self.references[reference]]

    def anodes_of(self, experiment: ExperimentSpec) -> tuple[str, ...]:
        """Return the names of the anodes that an experiment is simulated for."""
        if experiment.anodes is None:
            return tuple(self.anodes)
        return tuple(self.references[reference] for reference in experiment.anodes)

    def measurement_files(self, measurement: MeasurementSpec) -> list[Path]:
        """Return the files of a measurement."""
        return [self.path.parent / name for name in measurement.files]


def load_study(path: Path | str) -> Study:
    """Read a study file and check all that can be checked before anything runs.

    Parameters
    ----------
    path : Path or str
        TOML file.

    Raises
    ------
    SpecError
        ``LI-SPEC-001`` when it is not valid TOML, ``LI-SPEC-003`` when it cannot be read, ``LI-SPEC-002`` with all
        faults, each with its line, key, what was got and expected, and the nearest match.
    """
    source = read_toml(path)
    spec, faults = _validate(source, Path(path).parent)
    if spec is not None:
        faults += _conditions_out_of_range(spec)
    anodes, references, anode_faults = resolve_anodes(source.data, Path(path).parent)
    faults += anode_faults
    faults += unresolved_references(source.data, references, Path(path).parent)
    if spec is None or faults:
        raise_faults(source, faults)
    return Study(path=Path(path), spec=spec, anodes=anodes, references=references)


def _validate(source: TomlSource, folder: Path) -> tuple[StudySpec | None, list[Fault]]:
    try:
        return StudySpec.model_validate(source.data, context={"folder": folder}), []
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, model_faults(details, StudySpec, _TABLES, PLANNED_KINDS, foreign_key)


def _conditions_out_of_range(spec: StudySpec) -> list[Fault]:
    """Return where steps that follow from the keys of an experiment lie outside what the twin is valid for."""
    faults = []
    for index, experiment in enumerate(spec.experiments):
        try:
            check_steps(experiment.protocol(), full=experiment.cell_kind == "full")
        except (SpecError, LibraryError):
            continue  # the words of a step, and names, have their own faults
        except SimulationError as error:
            stated = [key for key in (error.where, "half_cycle_duration") if key in experiment.model_fields_set]
            faults.append(Fault(("experiments", index, *stated[:1]), f"{error.where}: {words(error)}"))
    return faults
