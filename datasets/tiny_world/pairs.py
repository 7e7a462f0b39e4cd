"""A handful of names, each with its word right behind it, in random order for as long as the page lasts.

The barest form of recall: a name that was there before tells the next word. One token of distance and a small
alphabet that grows make it quick to learn; the facts of `recall` ask for the same skill in sentences.
"""

import numpy as np

from .document import Document, draw
from .words import ANIMALS, COLOURS, PEOPLE, THINGS, alphabet, pick, some

WORDS = COLOURS + ANIMALS + PEOPLE + THINGS
MENTIONS = 110


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write three to eight pairs again and again; each pair, name with word, decides the split."""
    names = some(rng, alphabet(difficulty), size(rng))
    words = {name: draw(lambda name=name: (name, pick(rng, WORDS)), held_out)[1] for name in names}
    document = Document("pairs", "pairs", about={"words": words})
    told: set[str] = set()
    for _ in range(-(-MENTIONS // len(words))):
        for name in rng.permutation(list(words)):
            document.given(f" {name}")
            word = f" {words[name]}"
            document = document.answer(word) if name in told else document.given(word)
            told.add(name)
    return document


def size(rng: np.random.Generator) -> int:
    """Draw how many pairs a page holds."""
    return int(rng.integers(3, 9))
