"""Parts of a still picture that stand one below the other: each knows how tall it is before it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from g4lab.widgets.still import INK, Color, Still, wrapped

WIDTH, LEFT = 900, 16
"""Of every part, and where it begins."""
LINE = 17


class Part(NamedTuple):
    """`draw(still, top)` paints `height` pixels from `top` down."""

    height: float
    draw: Callable[[Still, float], None]


def stacked(*parts: Part) -> Part:
    """Parts as one, the first on top."""

    def draw(still: Still, top: float) -> None:
        for part in parts:
            part.draw(still, top)
            top += part.height

    return Part(sum(part.height for part in parts), draw)


def paragraph(words: str, fill: Color = INK, size: int = 12) -> Part:
    """Words in as many lines as they take."""
    lines = wrapped(words, WIDTH - 2 * LEFT)

    def draw(still: Still, top: float) -> None:
        for index, line in enumerate(lines):
            still.text(LEFT, top + LINE * index + 9, line, fill, size)

    return Part(LINE * len(lines) + 5, draw)


def title(words: str) -> Part:
    """The name of what follows, with room above it."""
    return Part(38, lambda still, top: still.text(LEFT, top + 26, words, INK, 13))
