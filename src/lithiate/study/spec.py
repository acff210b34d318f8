"""What a study file may say, and what it means: TOML in, a checked `Study` out, all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from attrs import field, frozen
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lithiate.core.anode import Anode
from lithiate.core.experiments import Experiment, Nucleation, SymmetricCycling
from lithiate.core.toml_source import TomlSource, read_toml
from lithiate.errors import UnitError
from lithiate.study.faults import Fault, model_faults, raise_faults, words
from lithiate.study.references import resolve_anodes, unresolved_references
from lithiate.units import parse_quantity

PLANNED_KINDS = (
    "plating-efficiency",
    "critical-current",
    "anode-free",
    "full-cycling",
    "rate",
    "impedance",
    "impedance-temperature",
    "tafel",
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


def _positive_quantity(unit: str) -> BeforeValidator:
    def parse(value: object) -> float:
        try:
            number = parse_quantity(value, unit)  # type: ignore[arg-type]  # other types are refused there
        except UnitError as error:
            raise ValueError(words(error)) from None
        if not number > 0:
            raise ValueError(f"must be positive; got {value!r}")
        return number

    return BeforeValidator(parse)


CurrentDensity = Annotated[float, _positive_quantity("A/m^2")]
ArealCapacity = Annotated[float, _positive_quantity("C/m^2")]
Duration = Annotated[float, _positive_quantity("s")]
Temperature = Annotated[float, _positive_quantity("K")]
ArealVolume = Annotated[float, _positive_quantity("m")]
Voltage = Annotated[float, _positive_quantity("V")]
Area = Annotated[float, _positive_quantity("m^2")]
Name = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _CellExperiment(_Model):
    """What every experiment on a symmetric cell may say; None is the default of the cell or the protocol."""

    name: Name
    current_density: CurrentDensity
    areal_capacity: ArealCapacity
    electrolyte: str | None = None
    separator: str | None = None
    temperature: Temperature | None = None
    electrolyte_volume: ArealVolume | None = None
    voltage_limit: Voltage | None = None
    replicates: Annotated[int, Field(ge=1, le=1000)] = 1
    published: str | None = None
    anodes: tuple[str, ...] | None = Field(default=None, strict=False, min_length=1)

    def _protocol_fields(self) -> dict[str, Any]:
        stated = {name: getattr(self, name) for name in ("temperature", "voltage_limit")}
        given = {name: value for name, value in stated.items() if value is not None}
        return {"current_density": self.current_density, "areal_capacity": self.areal_capacity, **given}


class SymmetricCyclingSpec(_CellExperiment):
    """An experiment of kind ``symmetric-cycling``: a length is given as `duration` or as `cycles`."""

    kind: Literal["symmetric-cycling"]
    duration: Duration | None = None
    cycles: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_length(self) -> SymmetricCyclingSpec:
        if (self.duration is None) == (self.cycles is None):
            got = "neither" if self.cycles is None else "both"
            raise ValueError(f"give either 'duration' or 'cycles'; got {got}")
        return self

    def protocol(self) -> Experiment:
        """Return what is done to the cell."""
        return SymmetricCycling(**self._protocol_fields(), duration=self.duration, cycles=self.cycles)


class NucleationSpec(_CellExperiment):
    """An experiment of kind ``nucleation``: the first plating alone."""

    kind: Literal["nucleation"]

    def protocol(self) -> Experiment:
        """Return what is done to the cell."""
        return Nucleation(**self._protocol_fields())


ExperimentSpec = SymmetricCyclingSpec | NucleationSpec


class MeasurementSpec(_Model):
    """Files of one real cell."""

    anode: str
    kind: Literal["symmetric-cycling", "nucleation"]
    files: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
    cell_id: str | None = None
    area: Area | None = None
    experiment: str | None = None
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)


class AnodeVariantSpec(_Model):
    """An anode that differs from another in a few fields."""

    name: Name
    base: str
    overrides: dict[str, Any] = Field(min_length=1)


class StudySpec(_Model):
    """The content of a study file."""

    schema_version: Literal[1]
    title: Name
    seed: Annotated[int, Field(ge=0)] = 0
    anodes: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
    parameters: Literal["nominal"] = "nominal"
    ensemble_size: Annotated[int, Field(ge=0, le=10000)] = 0
    anode_overrides: dict[str, dict[str, Any]] = Field(default_factory=dict)
    anode_variants: Annotated[tuple[AnodeVariantSpec, ...], Field(strict=False)] = ()
    experiments: Annotated[tuple[Annotated[ExperimentSpec, Field(discriminator="kind")], ...], Field(strict=False)] = ()
    measurements: Annotated[tuple[MeasurementSpec, ...], Field(strict=False)] = ()


_TABLES: dict[str, dict[str, type[BaseModel]]] = {
    "experiments": {"symmetric-cycling": SymmetricCyclingSpec, "nucleation": NucleationSpec},
    "measurements": {"": MeasurementSpec},
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
    spec, faults = _validate(source)
    anodes, references, anode_faults = resolve_anodes(source.data, Path(path).parent)
    faults += anode_faults
    faults += unresolved_references(source.data, references, Path(path).parent)
    if spec is None or faults:
        raise_faults(source, faults)
    return Study(path=Path(path), spec=spec, anodes=anodes, references=references)


def _validate(source: TomlSource) -> tuple[StudySpec | None, list[Fault]]:
    try:
        return StudySpec.model_validate(source.data), []
    except ValidationError as error:
        return None, model_faults(error.errors(include_url=False), StudySpec, _TABLES, PLANNED_KINDS)
