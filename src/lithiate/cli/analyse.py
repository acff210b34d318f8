"""``lithiate analyse``: the analyses of a study, on files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Sized
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lithiate.cli.analysis_text import all_warnings, print_result
from lithiate.cli.console import message, progress_display

if TYPE_CHECKING:
    from lithiate.core.measurement import Measurement
    from lithiate.readers.source import UnknownSettingError

_MANY_SPECTRA = 20
"""Spectra from which progress is shown."""


def analyse(
    files: Annotated[
        list[Path],
        typer.Argument(help="Files, or a folder, of ONE cell; several are joined in time.", metavar="FILE..."),
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
    from lithiate.analysis import analyse_cell
    from lithiate.readers import read_all
    from lithiate.readers.source import UnknownSettingError

    for_analysis, for_reader = split_settings(parse_settings(settings or ()))
    try:
        records = read_all(
            list(files), area=area, cell=cell, cathode_mass=cathode_mass, technique=technique, settings=for_reader
        )
    except UnknownSettingError as error:
        raise (_of_both(error) if error.setting in for_reader else error) from None
    with _progress(records) as progress:
        analysed = analyse_cell(records, technique=technique, kind=kind, progress=progress, **for_analysis)
    contents = [result.to_dict() for _record, result in analysed]
    if out is not None:
        from lithiate.cli.analysis_files import save_analysis

        save_analysis(analysed, out, kind)
    if as_json:
        content = contents[0] if len(contents) == 1 else {**contents[0], "also": contents[1:]}
        typer.echo(json.dumps(content, ensure_ascii=False, allow_nan=False))
    else:
        for content in contents:
            print_result(content)
    for warning in dict.fromkeys(text for content in contents for text in all_warnings(content)):
        message(f"warning: {warning}")


def _of_both(error: UnknownSettingError) -> UnknownSettingError:
    """Return the error for a setting that is neither one of the reader nor one of an analysis."""
    from lithiate.analysis import setting_names
    from lithiate.readers.series import SERIES_SETTINGS
    from lithiate.readers.source import UnknownSettingError

    what = f"the setting {error.setting!r} is known neither to the reader nor to an analysis"
    known = (*error.known, "same_cell", *SERIES_SETTINGS)
    return UnknownSettingError(error.setting, known, what, error.where, sorted(setting_names()))


def _progress(records: Sequence[Measurement]) -> AbstractContextManager[Callable[[float], None] | None]:
    """Return a display of progress where there are spectra enough to wait for."""
    spectra = [record for record in records if record.technique == "impedance"]
    if any(len(record) >= _MANY_SPECTRA for record in spectra if isinstance(record, Sized)):
        return progress_display("analysing spectra")
    return nullcontext()


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
