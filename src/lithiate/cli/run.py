"""``lithiate run``: simulate, analyse, compare, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lithiate.cli.console import message, progress_display, twin_is_compiled

SOME_TASKS_FAILED = 3


def run(
    study: Annotated[Path, typer.Argument(help="Study file (TOML).", metavar="STUDY.toml")],
    out: Annotated[Path | None, typer.Option(help="Output folder; default results/STUDY.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Simulations at a time; default up to 4.")] = None,
) -> None:
    """Simulate, analyse, compare and report a study; the last line printed is the path of the report."""
    from lithiate.study.spec import load_study

    # A fault of the study is told before the slow imports.
    checked = load_study(study)
    from lithiate.report import build_report
    from lithiate.study.run import run_study

    if checked.experiments and not twin_is_compiled():
        message("compiling the twin (first run only, about 25 s)")
    with progress_display(f"running {study.name}") as progress:
        results = run_study(checked, out, workers=workers, progress=progress)
    report = build_report(results.folder)
    for failure in results.failures:
        message(f"failed: {failure.task}: {failure.message}")
    message(f"{len(results.rows)} results in {results.folder}")
    typer.echo(str(report))
    if results.failures:
        message(f"{len(results.failures)} tasks failed [LI-STUDY-001]; the rest is complete and saved")
        raise typer.Exit(SOME_TASKS_FAILED)
