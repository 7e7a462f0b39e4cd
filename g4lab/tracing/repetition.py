"""Consecutive repetition: do neighbouring tokens go to the same experts?"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Literal

import numpy as np

from g4lab.tracing.measure import DRAWS, LEVEL, MEAN_TOKENS, Measure, null_of_draws
from g4lab.tracing.shuffles import arrangements_needed, count_orders, joined, orders

Kind = Literal["any", "first"]


def repeats(experts: np.ndarray, kind: Kind = "any") -> np.ndarray:
    """True where a token shares an expert with the next one ("any"), or its first choice ("first").

    Shapes: experts int [T,C], best first -> bool [T-1].
    Source: Jiang et al., Mixtral of Experts (arXiv 2401.04088), section 5.
    """
    now, then = experts[:-1], experts[1:]
    if kind == "first":
        return now[:, 0] == then[:, 0]
    return (now[:, :, None] == then[:, None, :]).any((1, 2))


def _as_bits(experts: np.ndarray, count: int) -> np.ndarray:
    """A token's experts as bits, so that two tokens are compared by a few words. Shapes: -> uint64 [T,E/64]."""
    chose = np.zeros((len(experts), -(-count // 64) * 64), np.uint8)
    np.put_along_axis(chose, experts.astype(np.int64), 1, axis=1)
    return np.packbits(chose, axis=1).view(np.uint64)


def chance_repetition(count: int, chosen: int, kind: Kind = "any") -> float:
    """What even random routing gives: 1 - (E-C choose C)/(E choose C), or 1/E for the first choice.

    For 8 of 128: 41 % share an expert, 0.78 % their first choice.
    """
    return 1 / count if kind == "first" else 1 - comb(count - chosen, chosen) / comb(count, chosen)


def consecutive_repetition(
    documents: Sequence[np.ndarray],
    count: int,
    kind: Kind = "any",
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """The share of neighbours that repeat, beside the same documents with their tokens in random order.

    Neighbours are of the same document. The null keeps every document's load, `even` does not.

    Shapes: one array a document, experts int [T,C], best first.
    """
    experts, lengths = joined(documents, "experts")
    inside = np.ones(len(experts) - 1, bool)
    inside[np.cumsum(lengths)[:-1] - 1] = False
    name = "consecutive repetition"
    convention = {"any": "at least one expert in common", "first": "the same first choice"}[kind]
    pairs = int(inside.sum())
    if pairs < MEAN_TOKENS:
        return Measure(name, pairs, MEAN_TOKENS, of="pairs of neighbours", convention=convention)
    ways, needed = count_orders(lengths), arrangements_needed(level)
    if ways < needed:
        return Measure(name, ways, needed, of="orders of the tokens in their documents", convention=convention)
    bits = _as_bits(experts, count)
    first = experts[:, 0]

    def share(order: np.ndarray) -> float:
        if kind == "first":
            return (first[order[:-1]] == first[order[1:]])[inside].mean()
        ordered = bits[order]
        common = ordered[:-1] & ordered[1:]
        return np.bitwise_or.reduce(common, axis=1)[inside].astype(bool).mean()

    found = [share(order) for order in orders(lengths, draws, seed)]
    null = null_of_draws(np.array(found), f"tokens of each document in random order, {draws} draws, seed {seed}", level)
    return Measure(
        name,
        pairs,
        MEAN_TOKENS,
        float(repeats(experts, kind)[inside].mean()),
        null,
        of="pairs of neighbours",
        convention=convention,
        even=chance_repetition(count, experts.shape[1], kind),
    )
