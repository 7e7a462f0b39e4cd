"""From generated ids to text: rows that end at a stop, characters that are never cut in two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from g4lab.errors import InputError
from g4lab.generation.loop import STEPS, generate
from g4lab.generation.sampling import Sampling
from g4lab.generation.stopping import StopStrings
from g4lab.models.sites import Edit
from g4lab.models.watched import Watched
from g4lab.text.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to generate, and when to stop."""

    rows: Sequence[Sequence[int]]
    max_new_tokens: int
    sampling: Sampling
    seed: int | None
    stop_ids: frozenset[int]
    stop_texts: tuple[str, ...] = ()
    edits: Sequence[tuple[str, Edit]] = ()
    steps: int = STEPS
    """The most tokens between two results."""
    least: int = 16
    """The shortest sequence that is compiled for."""
    soft: Callable | None = None
    """As in `loop.generate`."""

    def __post_init__(self):
        if self.max_new_tokens < 1:
            raise InputError(f"max_new_tokens is {self.max_new_tokens}", "generation", "give 1 or more")
        if self.seed is not None and self.seed < 0:
            raise InputError(f"seed is {self.seed}", "generation", "give 0 or more, or None")


def new_ids(watched: Watched, request: Request) -> Iterator[list[list[int]]]:
    """New ids of each row, piece by piece, up to but without the first stop."""
    seed = np.random.SeedSequence().entropy if request.seed is None else request.seed
    pieces = generate(
        watched,
        request.rows,
        request.max_new_tokens,
        request.sampling,
        sorted(request.stop_ids),
        seed,
        request.edits,
        request.steps,
        request.least,
        request.soft,
    )
    open_rows = [True] * len(request.rows)
    for piece in pieces:
        new: list[list[int]] = [[] for _ in request.rows]
        for b, row in enumerate(piece.tolist()):
            for id in row:
                open_rows[b] = open_rows[b] and id not in request.stop_ids
                if not open_rows[b]:
                    break
                new[b].append(id)
        yield new


def texts(watched: Watched, tokenizer: Tokenizer, request: Request) -> Iterator[list[str]]:
    """The whole text of each row so far, after every piece."""
    decoders = [tokenizer.stream() for _ in request.rows]
    endings = [StopStrings(request.stop_texts) for _ in request.rows]
    made = [""] * len(request.rows)
    for new in new_ids(watched, request):
        for b, ids in enumerate(new):
            for id in ids:
                if not endings[b].found:
                    made[b] += endings[b].push(decoders[b].push(id))
        yield list(made)
        if all(ending.found for ending in endings):
            return
    for b, (decoder, ending) in enumerate(zip(decoders, endings, strict=True)):
        if not ending.found:
            made[b] += ending.push(decoder.flush())
        if not ending.found:
            made[b] += ending.flush()
    yield list(made)


def pieces(whole: Iterator[list[str]]) -> Iterator[str]:
    """What each text of one row adds to the text before it."""
    shown = 0
    for (text,) in whole:
        if len(text) > shown:
            yield text[shown:]
            shown = len(text)


def stops(stop: Any) -> tuple[tuple[str, ...], frozenset[int]]:
    """The texts and the token ids at which to stop, from one of them, a sequence of both, or None.

    Raises: InputError for anything else, and for an empty text.
    """
    given = [stop] if isinstance(stop, str | Integral) else list(() if stop is None else stop)
    found = tuple(stop for stop in given if isinstance(stop, str) and stop)
    ids = [int(stop) for stop in given if isinstance(stop, Integral)]
    if len(found) + len(ids) < len(given):
        raise InputError(f"cannot stop at {given}", "generation", "give texts (not empty ones) and token ids")
    return found, frozenset(ids)
