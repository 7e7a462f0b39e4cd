"""Nulls without a formula: shuffles that respect documents, because the tokens of a document resemble each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import factorial, prod

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.measure import LEVEL


def rotations(lengths: Sequence[int], draws: int, seed: int) -> Iterator[np.ndarray]:
    """Places of tokens after each document was turned round by a random amount.

    Turning one recorded sequence against another breaks only their pairing: what is frequent in a document stays
    frequent, and neighbours stay neighbours.

    Shapes: each [T], T the sum of `lengths`.
    """
    lengths = np.asarray(lengths)
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    own = np.repeat(lengths, lengths)
    places = np.arange(len(starts)) - starts
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield starts + (places + np.repeat(rng.integers(lengths), lengths)) % own


def orders(lengths: Sequence[int], draws: int, seed: int) -> Iterator[np.ndarray]:
    """Places of tokens after each document's tokens were put in a random order. Shapes: each [T]."""
    document = np.repeat(np.arange(len(lengths)), lengths)
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        # random() is below 1, so the sort never crosses a document's border
        yield np.argsort(document + rng.random(len(document)))


def count_rotations(lengths: Sequence[int]) -> int:
    """How many different rotations there are."""
    return prod(int(length) for length in lengths)


def count_orders(lengths: Sequence[int]) -> int:
    """How many orders within documents there are."""
    return prod(factorial(min(int(length), 20)) for length in lengths)


def count_dealings(labels: Sequence[str]) -> int:
    """In how many ways documents can be grouped into as many groups of the same sizes; names do not count."""
    sizes = Counter(labels).values()
    ways = factorial(len(labels)) // prod(factorial(size) for size in sizes)
    return ways // prod(factorial(same) for same in Counter(sizes).values())


def arrangements_needed(level: float = LEVEL, tails: int = 2) -> int:
    """The fewest arrangements among which a band of `level` exists: one of them lies beyond each end."""
    return round(tails / (1 - level))


def joined_pair(
    one: Sequence[np.ndarray], two: Sequence[np.ndarray], what: str
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Two sequences of the same documents end to end, and the documents' lengths.

    Raises: InputError when they differ in length, or hold no token.
    """
    first, lengths = joined(one, what)
    second, others = joined(two, what)
    if lengths != others:
        raise InputError(
            "the documents differ in length", f"{what}: {lengths} and {others} tokens", "give both of the same tokens"
        )
    return first, second, lengths


def joined(documents: Sequence[np.ndarray], what: str) -> tuple[np.ndarray, list[int]]:
    """All documents end to end, and their lengths.

    Raises: InputError when there is none, or only empty ones.
    """
    lengths = [len(document) for document in documents]
    if not sum(lengths):
        raise InputError("there are no tokens", what, "give one array a document, with at least one token")
    return np.concatenate([np.asarray(document) for document in documents]), lengths
