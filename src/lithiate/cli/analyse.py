"""``lithiate analyse``: the analyses of a study, on files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lithiate.cli.console import message, print_table

if TYPE_CHECKING:
    from lithiate.analysis import Result
    from lithiate.analysis.full_cell_result import FullCellResult
    from lithiate.core.measurement import CyclingRecord, Measurement


def analyse(
    files: Annotated[
        list[Path], typer.Argument(help="Files of ONE cell; several are joined in time.", metavar="FILE...")
    ],
    technique: Annotated[str | None, typer.Option(help="What the instrument recorded, such as cycling.")] = None,
    kind: Annotated[str | None, typer.Option(help="What was done to the cell, such as critical-current.")] = None,
    area: Annotated[str | None, typer.Option(help='Electrode area with its unit: "1.13 cm^2".')] = None,
    cell: Annotated[str | None, typer.Option(help="symmetric, plating, full or three-electrode.")] = None,
    cathode_mass: Annotated[
        str | None, typer.Option(help='Active mass of the cathode of a full cell with its unit: "2.26 mg".')
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Setting of a reader or an analysis.", metavar="KEY=VALUE")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for a figure, the results and the measurement.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON to stdout.")] = False,
) -> None:
    """Read an instrument's files and print what they tell about the cell."""
    from lithiate.analysis import analyse as analyse_measurement
    from lithiate.readers import read

    for_analysis, for_reader = split_settings(parse_settings(settings or ()))
    record = read(
        list(files), area=area, cell=cell, cathode_mass=cathode_mass, technique=technique, settings=for_reader
    )
    result = analyse_measurement(record, technique=technique, kind=kind, **for_analysis)
    content = result.to_dict()
    if out is not None:
        _save(record, result, out, kind)
    if as_json:
        typer.echo(json.dumps(content, ensure_ascii=False, allow_nan=False))
    else:
        _print(content)
    for warning in _all_warnings(content):
        message(f"warning: {warning}")


def parse_settings(pairs: Sequence[str]) -> dict[str, str]:
    """Return ``KEY=VALUE`` texts as a mapping.

    Raises
    ------
    typer.BadParameter
        When one of them has no key or no ``=``.
    """
    table = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key.strip() and equals):
            raise typer.BadParameter(f"expected KEY=VALUE, got {pair!r}", param_hint="--set")
        table[key.strip()] = value.strip()
    return table


def split_settings(settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings of the analysis, and all others, which are the reader's."""
    from lithiate.analysis import setting_names

    names = setting_names()
    own = {key: value for key, value in settings.items() if key in names}
    return own, {key: value for key, value in settings.items() if key not in names}


_COUNTS = {"half_cycle_count": "half cycles", "cycle_count": "cycles", "spectrum_count": "spectra"}
_KINDS = {"symmetric": "symmetric-cycling", "kinetics": "tafel"}


def _print(content: Mapping[str, Any]) -> None:
    counts = [f"{content[name]} {words}" for name, words in _COUNTS.items() if name in content]
    typer.echo(f"{content['specimen']}: {', '.join(counts) or content['technique']}")
    lines = [_line(estimate) for estimate in content["estimates"]]
    print_table(("quantity", "value", "uncertainty", "95 % interval", "unit"), lines)
    if "soft_short_floor" in content:
        typer.echo(f"soft-short check: {content['soft_short_floor']}")
    if "rates" in content:
        _print_rates(content)


# Column of the table of rates -> SI value of the unit of print, and its name; the first that is known is printed.
_CAPACITIES = {
    "specific_discharge_capacity": (3600.0, "mAh/g"),
    "areal_discharge_capacity": (3.6e4, "mAh/cm^2"),
    "discharge_capacity": (3.6, "mAh"),
}


def _print_rates(content: Mapping[str, Any]) -> None:
    """Print one line a run of cycles at one rate."""
    rates = content["rates"]
    column = next(name for name in _CAPACITIES if rates[name] is not None)
    scale, unit = _CAPACITIES[column]
    lines = [
        (
            f"{rates['c_rate'][run]:.3g} C",
            f"{rates['first_cycle'][run]}-{rates['last_cycle'][run]}",
            f"{rates[column][run] / scale:.4g}",
            f"{rates['coulombic_efficiency'][run]:.4f}",
            f"{rates['energy_efficiency'][run]:.4f}",
            f"{rates['mean_charge_voltage'][run]:.4g}",
            f"{rates['mean_discharge_voltage'][run]:.4g}",
        )
        for run in range(len(rates["order"]))
    ]
    typer.echo(f"medians by rate (the first cycle of each run left out; C-rates by the {content['rate_basis']}):")
    heads = ("rate", "cycles", f"discharge / {unit}", "CE", "energy eff.", "charge / V", "discharge / V")
    print_table(heads, lines)


def _details(conditions: Mapping[str, Any]) -> str:
    """Return what tells apart the estimates of one quantity."""
    parts = [str(conditions[name]) for name in ("method", "estimator") if name in conditions]
    if conditions.get("conditioning_included"):
        parts.append("with conditioning")
    if "current_density" in conditions:
        parts.append(f"{conditions['current_density'] / 10.0:.4g} mA/cm^2")
    if "cycle" in conditions:
        parts.append(f"cycle {conditions['cycle']:.0f}")
    if "c_rate" in conditions:
        parts.append(f"{conditions['c_rate']:.3g} C")
    if "first_cycle" in conditions:
        parts.append(f"cycles {conditions['first_cycle']:.0f}-{conditions['last_cycle']:.0f}")
    return f" ({', '.join(parts)})" if parts else ""


def _line(estimate: Mapping[str, Any]) -> tuple[str, ...]:
    def text(value: float | None) -> str:
        return "-" if value is None else f"{value:.4g}"

    name = estimate["quantity"] + _details(estimate["conditions"])
    low, high = estimate["interval"] or (None, None)
    if low is None and high is None:
        interval = "-"
    else:
        interval = f"> {text(low)}" if high is None else f"{text(low)} ... {text(high)}"
    value = "not within the record" if estimate["censored"] else text(estimate["value"])
    return name, value, text(estimate["uncertainty"]), interval, estimate["unit"]


def _all_warnings(content: Mapping[str, Any]) -> list[str]:
    own = [warning for estimate in content["estimates"] for warning in estimate["warnings"]]
    return list(dict.fromkeys([*content["warnings"], *own]))


def _save(record: Measurement, result: Result, folder: Path, kind: str | None) -> None:
    from lithiate import __version__
    from lithiate.analysis.full_cell_result import FullCellResult
    from lithiate.core.measurement import CyclingRecord
    from lithiate.core.store import save_measurement, slug
    from lithiate.errors import WriteError
    from lithiate.figures.cycling import CellTrace, plot_voltage
    from lithiate.figures.style import anode_styles, save
    from lithiate.study.estimates import kind_estimates
    from lithiate.study.layout import FIGURES, MEASUREMENTS, RESULTS_JSON, USED_VALUES
    from lithiate.study.results import StudyResults, Subject, make_row, save_results

    specimen = record.specimen
    stem = slug(specimen.name)
    if (folder / USED_VALUES).exists():
        raise WriteError(
            "the folder holds the results of a study",
            code="LI-WRITE-001",
            where=str(folder),
            expected="another folder (--out)",
        )
    save_measurement(record, folder / MEASUREMENTS / stem)
    if isinstance(record, CyclingRecord) and isinstance(result, FullCellResult):
        _save_full_cell(record, result, folder / FIGURES, stem)
    elif isinstance(record, CyclingRecord):
        trace = CellTrace(specimen.name, specimen.name, record.provenance.origin == "measured", record)
        save(plot_voltage([trace], anode_styles([specimen.name])), folder / FIGURES / f"{stem}-voltage.svg")
    analysis = result.to_dict()["analysis"]
    done = kind if kind and isinstance(result, FullCellResult) else _KINDS.get(analysis, analysis)
    subject = Subject(
        anode=specimen.anode or specimen.name,
        specimen=specimen.name,
        cell_id=specimen.cell_id,
        experiment="analysis",
        kind=done,
        measurement=stem,
        origin=record.provenance.origin,
    )
    conditions = dict(record.conditions) | ({} if specimen.area is None else {"area": specimen.area})
    rows = [
        make_row(estimate, subject, conditions=conditions, warnings=result.warnings)
        for estimate in (kind_estimates(result, done) if done == "symmetric-cycling" else result.estimates())
    ]
    save_results(StudyResults(study=specimen.name, lithiate=__version__, rows=tuple(rows), folder=folder))
    message(f"saved: {folder / RESULTS_JSON}")


def _save_full_cell(record: CyclingRecord, result: FullCellResult, folder: Path, stem: str) -> None:
    """Save capacity against cycle, by rate where there is more than one, and voltage profiles."""
    from lithiate.figures import full_cell as figures
    from lithiate.figures.style import anode_styles, save

    name, measured = record.specimen.name, record.provenance.origin == "measured"
    styles, basis = anode_styles([name]), figures.common_basis([result])
    curve = figures.capacity_curve(result, anode=name, label=name, measured=measured, basis=basis)
    save(figures.plot_capacity([curve], styles), folder / f"{stem}-capacity.svg")
    if len(result.rates) > 1:
        save(figures.plot_rate_capacity([curve], styles), folder / f"{stem}-rate.svg")
    shown = figures.shown_cycles(result)
    profiles = figures.voltage_profiles(record, result, shown, anode=name, label=name, measured=measured, basis=basis)
    save(figures.plot_voltage_profiles(profiles, styles), folder / f"{stem}-profiles.svg")
