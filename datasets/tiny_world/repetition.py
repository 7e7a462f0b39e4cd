"""A random sequence, said again and again: the only way to continue it is to look back one period."""

import string

import numpy as np

from .document import Document, draw
from .words import ANIMALS, COLOURS, PLACES, THINGS, pick, syllable

LENGTH = 420  # characters of a document, about
KINDS = ("letters", "digits", "words", "syllables")


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write a sequence several times; the sequence decides the split, so no held-out one was ever seen.

    Difficulty lets the period grow from 3 to 32 items and the alphabet from 4 symbols to all of them.
    """
    kind = KINDS[rng.integers(len(KINDS))]
    grown = difficulty**2  # it is learned slowly at first
    longest = round(4 + 28 * grown)
    size = max(4, round(40 * grown))

    def make() -> tuple[str, ...]:
        alphabet = [symbol(rng, kind) for _ in range(size)]
        return tuple(alphabet[place] for place in rng.integers(size, size=rng.integers(3, longest + 1)))

    sequence = draw(make, held_out)
    once = "".join(" " + item for item in sequence)
    document = Document("repetition", kind, about={"sequence": sequence})
    document.given(once)
    return document.answer(once * (1 + LENGTH // len(once)))


def symbol(rng: np.random.Generator, kind: str) -> str:
    """Draw one item of a sequence."""
    if kind == "letters":
        return pick(rng, string.ascii_letters)
    if kind == "digits":
        return str(rng.integers(10))
    if kind == "words":
        return pick(rng, ANIMALS + COLOURS + PLACES + THINGS)
    return syllable(rng)
