"""`g4lab bench`: the side-by-side benchmarks of the repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from g4lab import places
from g4lab.errors import InputError, SetupError


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Which benchmarks; all of them if none is named.")] = None,
) -> None:
    """Run the benchmarks against keras-hub and transformers and print the ratios."""
    root = places.checkout()
    if root is None:
        raise SetupError(
            "the benchmarks are not part of the installed package",
            places.PACKAGE,
            "run `make bench` in a clone of the g4lab repository",
        )
    scripts = {path.stem: path for path in sorted((root / "benchmarks").glob("[!_]*.py"))}
    unknown = sorted(set(names or ()) - set(scripts))
    if unknown:
        raise InputError(
            f"there is no benchmark {', '.join(unknown)}",
            root / "benchmarks",
            f"choose from {', '.join(scripts)}",
        )
    failed = [name for name in names or scripts if _run(scripts[name], root) != 0]
    if failed:
        typer.echo(f"failed: {', '.join(failed)}", err=True)
        raise typer.Exit(1)


def _run(script: Path, root: Path) -> int:
    # A process each: a benchmark chooses backends, and a backend cannot be changed once Keras is imported.
    typer.echo(f"== {script.stem}")
    return subprocess.call([sys.executable, "-m", f"benchmarks.{script.stem}"], cwd=root)
