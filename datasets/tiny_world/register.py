"""A short list of names with their words, other sentences, and the list again in other orders: pairs, from far away."""

import numpy as np

from .document import Document, draw
from .pairs import WORDS
from .recall import gap
from .words import alphabet, pick, some

ROUNDS = 4


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write two to six entries, filler, and the entries again; each entry, name with word, decides the split."""
    names = some(rng, alphabet(difficulty), int(rng.integers(2, 7)))
    words = {name: draw(lambda name=name: (name, pick(rng, WORDS)), held_out)[1] for name in names}
    document = Document("register", "register", about={"words": words})
    document.add("Remember:").given("".join(f" {name} {word}," for name, word in words.items()))
    document.add("\n").add(gap(rng, difficulty), 0.3).add("\nAgain:")
    for _ in range(ROUNDS):
        for place in rng.permutation(len(names)):
            document.given(f" {names[place]}").answer(f" {words[names[place]]}").add(",")
    return document.add("\n")
