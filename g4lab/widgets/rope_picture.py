"""The still picture of RopeDial: tokens a turn for every pair, and the dot product by distance beside chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.rope_content import Rotation, dot_by_distance
from g4lab.widgets.still import ACCENT, BAND, INK, LINE, SOFT, WARN, Still

PANEL, LEFT, MIDDLE, WIDTH = 190, 60, 460, 900
FARTHEST = 4_096


def picture(rotations: list[Rotation], model: dict[str, Any], sentence: str, pointed: Pointed = NOTHING) -> Still:
    """A row for each way of turning; a line at the distance that is looked at."""
    heading = f"{model['name']} · {model['label']}"
    still = Still(
        WIDTH, PANEL * len(rotations), heading, "left: tokens a turn; right: dot product by distance", sentence
    )
    for row, rotation in enumerate(rotations):
        top = still.top + PANEL * row
        turning = f"{rotation.rotary_pairs} of {rotation.head_dim // 2} pairs turn"
        words = f"{rotation.name}, theta {rotation.theta:,.0f}, {turning}"
        still.text(16, top + 12, words, INK, 13)
        _periods(still, rotation, top + 30, row)
        here = pointed.number("kind", len(rotations)) == row
        _curve(still, rotation, top + 30, pointed.number("distance", FARTHEST + 1) if here else None)
    return still


def _periods(still: Still, rotation: Rotation, top: int, kind: int) -> None:
    """One bar a pair, on a logarithmic scale up to ten million tokens; a gap for pairs that never turn."""
    height, pairs = PANEL - 60, rotation.head_dim // 2
    width = (MIDDLE - 60 - LEFT) / pairs
    still.bar(LEFT, top, MIDDLE - 60 - LEFT, height, None, LINE)
    for power in (1, 3, 5, 7):
        still.text(LEFT - 6, top + height - height * power / 7, f"1e{power}", SOFT, 10, "rm")
    for pair, frequency in enumerate(rotation.frequencies):
        still.place(f"pair.{kind}.{pair}", LEFT + pair * width - 2, top, max(width, 1.5) + 4, height)
        if frequency > 0:
            tall = height * min(1.0, np.log10(2 * np.pi / float(frequency)) / 7)
            x = LEFT + pair * width
            still.box(x, top + height - tall, max(width, 1.5), tall, INK)
    if rotation.rotary_pairs < pairs:
        start = LEFT + rotation.rotary_pairs * width
        still.text((start + MIDDLE - 60) / 2, top + height / 2, "never turn", SOFT, 12, "mm")
    still.text(LEFT, top + height + 12, "pair 0", SOFT, 10)
    still.text(MIDDLE - 60, top + height + 12, str(pairs - 1), SOFT, 10, "rm")


def _curve(still: Still, rotation: Rotation, top: int, looked_at: int | None) -> None:
    """The dot product from -0.5 to 1, by distance on a logarithmic scale; a grey band where chance lies."""
    height, left, right = PANEL - 60, MIDDLE, WIDTH - 40
    distances = np.unique(np.geomspace(1, FARTHEST, 500).astype(int))
    values = dot_by_distance(rotation.frequencies, distances)

    def x_of(distance: float) -> float:
        return left + (right - left) * np.log(distance) / np.log(FARTHEST)

    def y_of(value: float) -> float:
        return top + height * (1 - value) / 1.5

    chance = rotation.head_dim**-0.5
    still.bar(left, y_of(chance), right - left, y_of(-chance) - y_of(chance), BAND)
    still.bar(left, top, right - left, height, None, LINE)
    for value in (1, 0.5, 0):
        still.text(left - 6, y_of(value), str(value), SOFT, 10, "rm")
    for distance in (1, 10, 100, 1_000):
        still.text(x_of(distance), top + height + 12, f"{distance:,}", SOFT, 10, "mm")
    kept = 1 - rotation.rotary_pairs / (rotation.head_dim // 2)
    if kept:
        still.dashes(left, y_of(kept), right - left)
        still.text(right - 4, top + height - 9, f"dashed: {kept:.2f} from pairs that never turn", WARN, 10, "rm")
    if rotation.window and rotation.window < FARTHEST:
        edge = x_of(rotation.window)
        still.line([(edge, top), (edge, top + height)], ACCENT)
        still.text(edge - 4, top + 8, f"window {rotation.window:,}", ACCENT, 10, "rm")
    if looked_at:
        still.line([(x_of(looked_at), top), (x_of(looked_at), top + height)], WARN)
        still.text(x_of(looked_at) + 4, top + height - 22, f"{looked_at:,} tokens apart", WARN, 10)
    still.line([(x_of(d), y_of(v)) for d, v in zip(distances, values, strict=True)], INK, 2)
