"""Vocabulary specialisation: does a token's id decide which expert reads it?

VS(i, x) is the share of the tokens with id x whose first choice is expert i. "Id" can be the one that the model
reads (input), the one that it then predicts, or the one that truly follows (next). A layer's score is the mean
over ids of the largest VS: 1 where every id always goes to the same expert.

The largest of E shares is large by chance when an id is seen seldom: hence ids seen at least ten times, and a
null that turns each document's ids against its routing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.measure import DRAWS, LEVEL, Measure, null_of_draws
from g4lab.tracing.shuffles import arrangements_needed, count_rotations, joined_pair, rotations
from g4lab.tracing.trace import Trace

SEEN = 10
"""An id counts when it is seen this often."""

LEFT_OUT = -1
"""In place of an id: this token does not count."""


def ids_of(
    trace: Trace, by: Literal["input", "predicted", "next"] = "input", kinds: Sequence[str] = ("text",)
) -> np.ndarray:
    """The id that each position reads, predicts, or is followed by; -1 where it has none or is not of `kinds`.

    Shapes: -> int [T].
    Raises: InputError when the predictions ("logits") were not recorded.
    """
    read = np.array([token.id for token in trace.tokens], int)
    if by == "input":
        ids = read
    elif by == "predicted":
        ids = trace["logits"].argmax(-1)
    elif by == "next":
        ids = np.append(read[1:], LEFT_OUT)
    else:
        raise InputError(f"an id is not found by {by!r}", "ids_of", 'give "input", "predicted" or "next"')
    return np.where([token.kind in kinds for token in trace.tokens], ids, LEFT_OUT)


def vocabulary_shares(
    ids: np.ndarray, first: np.ndarray, count: int, seen: int = SEEN
) -> tuple[np.ndarray, np.ndarray]:
    """The ids seen at least `seen` times, and VS(i, x): which part of each goes to each expert first.

    Shapes: ids, first int [T] -> ids [X], shares [X,E], rows sum to 1.
    Source: Muennighoff et al., OLMoE (arXiv 2409.02060), section 5.4 and its code (ids seen ten times).
    """
    kept = ids != LEFT_OUT
    known, place, times = np.unique(ids[kept], return_inverse=True, return_counts=True)
    table = np.bincount(place * count + first[kept], minlength=len(known) * count).reshape(len(known), count)
    often = times >= seen
    return known[often], table[often] / times[often, None]


def vocabulary_specialisation(
    ids: Sequence[np.ndarray],
    experts: Sequence[np.ndarray],
    count: int,
    seen: int = SEEN,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """The layer's score: the mean over ids of the largest VS.

    Shapes: one array a document: ids int [T] (as `ids_of` gives them), experts int [T,C], best first.
    Raises: InputError when the ids and experts of a document differ in length.
    """
    all_ids, first, lengths = joined_pair(ids, [document[:, 0] for document in experts], "ids and experts")
    name, convention = "vocabulary specialisation", f"first choice, ids seen at least {seen} times"
    known, shares = vocabulary_shares(all_ids, first, count, seen)
    if not len(known):
        most = int(max(np.unique(all_ids[all_ids != LEFT_OUT], return_counts=True)[1], default=0))
        return Measure(name, most, seen, of="occurrences of the most frequent id", convention=convention)
    ways, needed = count_rotations(lengths), arrangements_needed(level)
    if ways < needed:
        return Measure(name, ways, needed, of="ways to turn ids against routing", convention=convention)
    found = [
        vocabulary_shares(all_ids, first[turned], count, seen)[1].max(1).mean()
        for turned in rotations(lengths, draws, seed)
    ]
    null = null_of_draws(
        np.array(found), f"each document's routing turned against its ids, {draws} draws, seed {seed}", level
    )
    value = float(shares.max(1).mean())
    return Measure(name, len(known), 1, value, null, of="ids", convention=convention, even=1 / count)
