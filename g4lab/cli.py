"""The `g4lab` command: one file in `g4lab.commands` for each word."""

from __future__ import annotations

from typing import Annotated

import typer
from typer.core import TyperGroup

from g4lab import __version__
from g4lab.commands import bench, doctor, generate, info, lab, train
from g4lab.commands.output import show_error
from g4lab.errors import G4LabError


class Commands(TyperGroup):
    """The commands, with a user's mistake shown as a panel and exit code 1 instead of a traceback."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except G4LabError as error:
            show_error(error)
            raise typer.Exit(1) from error


app = typer.Typer(
    name="g4lab",
    cls=Commands,
    help="Open Gemma 4, look at every number inside it, change one, and see what happens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (lab.lab, info.info, generate.generate, train.train, bench.bench, doctor.doctor):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"g4lab {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Open Gemma 4, look at every number inside it, change one, and see what happens."""


def main() -> None:
    """Run the command line."""
    app()
