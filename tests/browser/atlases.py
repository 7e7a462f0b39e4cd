"""What the browser tests of SoftTokenAtlas look at: a picture whose soft tokens have one colour each."""

from __future__ import annotations

import numpy as np

from g4lab import widgets
from tests.models import seeing

COLOURS = [(40 * u, 255 - 40 * u, 100) for u in range(6)]
PROMPT = "What colour is the ball?"


def blocks() -> np.ndarray:
    """2 x 3 soft tokens, of the size that the model reads. Shapes: -> uint8 [96,144,3]."""
    return np.array(COLOURS, np.uint8).reshape(2, 3, 3).repeat(48, 0).repeat(48, 1)


def make() -> widgets.SoftTokenAtlas:
    """The picture, two frames and a sound before a question, and an answer of one token."""
    media = {"images": [blocks()], "video": [seeing.film(2)], "audio": [seeing.sound(0.4)]}
    return widgets.SoftTokenAtlas(seeing.lab(), PROMPT, **media, answer=" red")
