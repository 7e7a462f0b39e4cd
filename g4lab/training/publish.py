"""From a run to a checkpoint with its card: export, examine, write down."""

from __future__ import annotations

from pathlib import Path

from g4lab.training.recipes import recipe


def publish(name: str, run: Path, directory: Path, questions: int) -> None:
    """Write the run's checkpoint into `directory`, ask it `questions` of each kind, and put the scores in its card."""
    from rich.console import Console

    import g4lab
    from g4lab.training.card import write_card
    from g4lab.training.evaluate import evaluate
    from g4lab.training.export import export

    console = Console()
    export(run, directory)
    # The weights are rounded to bfloat16 in the file; computing in float32 is what g4lab.load(name) does with them.
    lab = g4lab.load(str(directory), dtype="float32")
    scores = evaluate(lab, questions, lambda score: console.print(f"{score.name}: {score.value:.3f}"))
    write_card(directory, run, recipe(name), scores)
