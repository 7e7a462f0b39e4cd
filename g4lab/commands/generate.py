"""`g4lab generate`: continue a prompt, piece by piece."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from g4lab.commands.output import show_json
from g4lab.errors import InputError


def generate(
    source: Annotated[str, typer.Argument(help="An embedded name (tiny-moe), a preset (e2b-it) or a directory.")],
    prompt: Annotated[str, typer.Argument(help="The text to continue; - reads it from standard input.")],
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Stop after so many tokens.")] = 128,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 always takes the likeliest token.")] = 1.0,
    top_k: Annotated[int, typer.Option(min=1, help="Draw from the k likeliest tokens.")] = 64,
    top_p: Annotated[float, typer.Option(min=0.0, max=1.0, help="... that together hold this probability.")] = 0.95,
    seed: Annotated[int | None, typer.Option(help="The same seed draws the same text.")] = None,
    image: Annotated[list[str] | None, typer.Option(help="A picture's path; may be given again.")] = None,
    audio: Annotated[list[str] | None, typer.Option(help="A sound's path; may be given again.")] = None,
    video: Annotated[list[str] | None, typer.Option(help="A film's path; may be given again.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document at the end.")] = False,
) -> None:
    """Continue PROMPT with the model SOURCE, streaming to standard output.

    With pictures, sounds or films PROMPT is a question about them: the user's turn of a conversation.
    """
    text = sys.stdin.read() if prompt == "-" else prompt
    if not text:
        raise InputError("the prompt is empty", "g4lab generate", "give some text to continue")
    import g4lab

    model = g4lab.load(source)
    started = time.perf_counter()
    pieces = []
    for piece in model.stream(
        _asked(text, image=image, audio=audio, video=video),
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        seed=seed,
    ):
        pieces.append(piece)
        if not json:
            print(piece, end="", flush=True)
    if not json:
        print()
        return
    show_json(
        {
            "model": model.name,
            "label": model.label,
            "prompt": text,
            "text": "".join(pieces),
            "seed": seed,
            "seconds": round(time.perf_counter() - started, 3),
        }
    )


def _asked(text: str, **paths: list[str] | None) -> str | list[dict]:
    """The text alone, or a user's turn of media and the text."""
    media = [{"type": kind, kind: path} for kind, given in paths.items() for path in given or ()]
    return [{"role": "user", "content": [*media, {"type": "text", "text": text}]}] if media else text
