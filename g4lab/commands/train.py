"""`g4lab train`: train a member of the tiny family from its generated corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from g4lab.errors import InputError


def train(
    name: Annotated[str, typer.Argument(help="Which model: tiny-moe.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints and the loss log; runs/NAME if not given.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps instead of the recipe's.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the weights and of the corpus.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in the folder.")] = False,
    publish: Annotated[
        Path | None, typer.Option(help="When trained: write the checkpoint here, examine it, and write its card.")
    ] = None,
    questions: Annotated[int, typer.Option(min=1, help="Questions of each kind in that examination.")] = 150,
) -> None:
    """Train NAME from scratch, or go on with a run that was stopped."""
    out = out or Path("runs") / name
    begun = out.is_dir() and any(out.iterdir())
    if begun and not resume:
        raise InputError(f"{out} already holds a run", out, "add --resume to go on with it, or name another --out")
    if resume and not begun:
        raise InputError(f"{out} holds no run to go on with", out, "leave out --resume to begin one")
    from g4lab import training

    training.run(name, out, steps, seed)
    if publish:
        training.publish(name, out, publish, questions)
