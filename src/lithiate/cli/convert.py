"""``lithiate convert``: from one file format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lithiate.cli.analyse import parse_settings


def convert(
    source: Annotated[Path, typer.Argument(help="A file, or a folder with the files of ONE cell.", metavar="IN")],
    target: Annotated[
        Path, typer.Argument(help="NAME.bdf.csv, NAME.bdf.parquet, NAME.parquet, NAME.mpt ...", metavar="OUT")
    ],
    technique: Annotated[str | None, typer.Option(help="Which record, where the source holds several.")] = None,
    area: Annotated[str | None, typer.Option(help='Electrode area with its unit: "1.13 cm^2".')] = None,
    cell: Annotated[str | None, typer.Option(help="symmetric, plating, full or three-electrode.")] = None,
    cathode_mass: Annotated[
        str | None, typer.Option(help='Active mass of the cathode with its unit: "2.26 mg".')
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Setting of a reader.", metavar="KEY=VALUE")
    ] = None,
) -> None:
    """Convert to and from Battery Data Format (csv, Parquet), lithiate's own files and vendors' text."""
    from lithiate.conversion import convert as convert_files

    written = convert_files(
        source,
        target,
        area=area,
        cell=cell,
        cathode_mass=cathode_mass,
        settings=parse_settings(settings or ()),
        technique=technique,
    )
    for path in written:
        typer.echo(str(path))
