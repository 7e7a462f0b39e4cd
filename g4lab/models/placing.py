"""Which soft token stands where: from the placeholders in a text to the rows of `Gemma4.soft_tokens`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from g4lab.config import TextConfig
from g4lab.errors import InputError
from g4lab.models.masks import EMPTY

KINDS = ("image", "video", "audio")
"""In the order in which `Gemma4.soft_tokens` gives them."""


def arranged(
    tokens: np.ndarray, positions: np.ndarray, media: Mapping[str, Mapping[str, np.ndarray]], config: TextConfig
) -> tuple[np.ndarray, np.ndarray]:
    """`places` and `ends` of `SoftTokens`: each medium fills the placeholders of its kind in their order.

    The media of a batch are in the order of their placeholders, row after row. `media` as `Gemma4.soft_tokens` takes
    it, in numpy.

    Shapes: tokens and positions int [B,T] -> int32 [B,T], int32 [B,T].
    Raises: InputError when there are more placeholders than soft tokens, or the other way round.
    """
    places = np.full(tokens.shape, EMPTY, np.int32)
    first = 0
    for kind in KINDS:
        slots = tokens == getattr(config, f"{kind}_id")
        count, rows = _soft_rows(kind, media[kind], config) if kind in media else (0, np.zeros(0, np.int32))
        if slots.sum() != len(rows):
            raise InputError(
                f"the text has room for {slots.sum()} soft tokens of {kind}, and there are {len(rows)}",
                "the model's input",
                f"give one placeholder {getattr(config, f'{kind}_id')} for each soft token",
            )
        places[slots] = first + rows
        first += count
    return places, picture_ends(tokens, positions, config)


def picture_ends(tokens: np.ndarray, positions: np.ndarray, config: TextConfig) -> np.ndarray:
    """The position of the last token of the picture (or frame) that a token belongs to, or its own position.

    A picture is an unbroken run of placeholders.

    Shapes: tokens and positions int [B,T] -> int32 [B,T].
    """
    pictured = (tokens == config.image_id) | (tokens == config.video_id)
    ends = positions.astype(np.int32)
    for t in range(tokens.shape[1] - 2, -1, -1):
        ends[:, t] = np.where(pictured[:, t] & pictured[:, t + 1], ends[:, t + 1], ends[:, t])
    return ends


def _soft_rows(kind: str, medium: Mapping[str, np.ndarray], config: TextConfig) -> tuple[int, np.ndarray]:
    """How many rows of soft tokens an encoder gives for a medium, and which of them are no filler."""
    if kind == "audio":
        there = medium["valid"][:, ::4]
    else:
        patches = (medium["positions"][..., 0] != EMPTY).sum(axis=1)
        square = config.vision.pooling**2
        there = np.arange(medium["positions"].shape[1] // square) < patches[:, None] // square
    return there.size, np.flatnonzero(there).astype(np.int32)
