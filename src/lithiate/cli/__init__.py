"""The command line. Heavy imports stay inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from lithiate import __version__
from lithiate.cli import analyse, convert, library, run
from lithiate.cli.console import message

INPUT_IS_WRONG = 1
INTERRUPTED = 130

app = typer.Typer(
    name="lithiate",
    help="A laboratory bench for lithium-metal anodes: simulate them, measure them, compare them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("analyse")(analyse.analyse)
app.command("convert")(convert.convert)
app.command("library")(library.library)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"lithiate {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    verbose: Annotated[int, typer.Option("-v", count=True, help="Say more: -v what is done, -vv everything.")] = 0,
) -> None:
    logger = logging.getLogger("lithiate")
    logger.setLevel({0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG))
    if verbose and not any(type(handler) is logging.StreamHandler for handler in logger.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)


def main() -> None:
    """Run the command line and exit: 0 done, 1 wrong input, 2 wrong usage, 3 some tasks failed, 130 interrupted."""
    from lithiate.errors import LithiateError

    try:
        app()
    except LithiateError as error:
        message(f"error: {error}")
        sys.exit(INPUT_IS_WRONG)
    except OSError as error:
        # What a command writes itself raises WriteError; what is left is a stdout that takes no more.
        message(f"error: the output cannot be written: {error.strerror or error} [LI-WRITE-001]")
        # The interpreter flushes stdout once more at its end, which must not end in a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(INPUT_IS_WRONG)
    except (KeyboardInterrupt, SystemExit) as ended:
        # typer turns Ctrl-C into this exit without a word.
        if isinstance(ended, SystemExit) and ended.code != INTERRUPTED:
            raise
        message("interrupted; nothing was left that looks complete")
        sys.exit(INTERRUPTED)
