"""The nine domains behind one call: `document(domain, seed, index)`."""

from collections.abc import Iterator

import numpy as np

from . import arithmetic, functions, pairs, phrases, recall, register, repetition, stories, tools
from .document import Document

DOMAINS = {
    "stories": stories.write,
    "arithmetic": arithmetic.write,
    "functions": functions.write,
    "phrases": phrases.write,
    "tools": tools.write,
    "recall": recall.write,
    "repetition": repetition.write,
    "pairs": pairs.write,
    "register": register.write,
}


def document(domain: str, seed: int, index: int, split: str = "train", difficulty: float = 1.0) -> Document:
    """Write document number `index` of a domain: the same arguments give the same text on every machine.

    `split` is "train" or "held-out"; the two share no operand pair, name, function or sequence.
    `difficulty` in [0, 1] shortens recall and repetition, the two domains that are learned by a curriculum.
    Raises: ValueError for an unknown domain or split.
    """
    if domain not in DOMAINS:
        raise ValueError(f"unknown domain {domain!r}: choose one of {', '.join(DOMAINS)}")
    if split not in ("train", "held-out"):
        raise ValueError(f"unknown split {split!r}: choose train or held-out")
    place = list(DOMAINS).index(domain)
    rng = np.random.default_rng([seed, place, int(split == "held-out"), index])
    return DOMAINS[domain](rng, split == "held-out", difficulty)


def documents(domain: str, seed: int, count: int, split: str = "train") -> Iterator[Document]:
    """Write the first `count` documents of a domain."""
    return (document(domain, seed, index, split) for index in range(count))
