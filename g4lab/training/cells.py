"""What the soft tokens of a batch should say, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from g4lab.training.corpus import tiny_world

PLACES = 5
"""Digits of the longest number or string."""
NO_DIGIT = 10


@dataclass(frozen=True)
class Cells:
    """What the soft tokens of a batch should say.

    Shapes: words float32 [R,W], equal shares of all words that hold, nothing where none is known; at float32 [R,2],
    across and down; placed float32 [R]; digits int32 [R,PLACES], NO_DIGIT where there is none; known [R,PLACES].
    """

    words: np.ndarray
    at: np.ndarray
    placed: np.ndarray
    digits: np.ndarray
    known: np.ndarray

    @classmethod
    def of(cls, cells: list) -> Cells:
        """The targets of cells, None for a soft token that only fills the batch."""
        index = {word: place for place, word in enumerate(tiny_world().WORDS_OF_CELLS)}
        words = np.zeros((len(cells), len(index)), np.float32)
        at, placed = np.zeros((len(cells), 2), np.float32), np.zeros(len(cells), np.float32)
        digits = np.full((len(cells), PLACES), NO_DIGIT, np.int32)
        known = np.zeros((len(cells), PLACES), np.float32)
        for row, cell in enumerate(cells):
            if cell is None or not cell.words:
                continue
            known[row] = 1
            for word in cell.words:
                words[row, index[word]] += 1 / len(cell.words)
            if cell.at is not None:
                at[row], placed[row] = cell.at, 1
            for place, digit in cell.digits:
                digits[row, place] = int(digit)
        return cls(words, at, placed, digits, known)

    @property
    def targets(self) -> dict[str, np.ndarray]:
        """As the loss takes them."""
        return vars(self)
