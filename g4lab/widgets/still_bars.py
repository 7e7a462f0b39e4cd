"""A bar for each expert in a still picture, at its place, on its own band of chance and its own line of chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from g4lab.widgets.still import ACCENT, BAND, INK, LINE, SOFT, WARN, Still

LEFT, TALL, UNDER = 44, 84, 22
"""Pixels for the numbers beside the bars, of the bars, and for the numbers below."""
LEGEND = "grey: the band of chance; orange line: its mean"


class Bar(NamedTuple):
    """A value beside its null; without a band where `high` is None, and no bar at all where it is skipped."""

    name: int
    value: float
    expected: float
    low: float | None = None
    high: float | None = None
    chosen: bool = False
    skip: bool = False


def pitch_of(room: float, count: int) -> int:
    """From one bar to the next, in so many pixels."""
    return min(20, max(3, int((room - LEFT) / count)))


def highest(bars: Sequence[Bar], firm: bool) -> float:
    """The end of the scale: the largest value or null of those that are drawn."""
    drawn = [bar for bar in bars if not bar.skip]
    ends = [part for bar in drawn for part in (bar.value, bar.expected, bar.high if firm else None)]
    return max((float(end) for end in ends if end is not None and end == end), default=0.0) or 1.0


def strip(still: Still, x: float, top: float, room: float, bars: Sequence[Bar], firm: bool) -> None:
    """The bars from the left of `room` pixels; `firm` says that a claim is allowed, else they are hollow."""
    pitch = pitch_of(room, len(bars))
    most, base, left = highest(bars, firm), top + TALL, x + LEFT

    def y_of(value: float) -> float:
        return base - value / most * TALL

    still.text(left - 6, top + 5, f"{most:.3g}", SOFT, 11, "rm")
    still.text(left - 6, base - 4, "0", SOFT, 11, "rm")
    still.line([(left, base), (left + pitch * len(bars), base)], LINE)
    inset = 1 if pitch > 5 else 0
    for place, bar in enumerate(bars):
        at = left + pitch * place
        if bar.skip:
            still.box(at, base - 2, pitch - 1, 2, LINE)
            continue
        if firm and bar.high is not None:
            still.bar(at, y_of(bar.high), pitch, y_of(bar.low) - y_of(bar.high), BAND)
        color, height = ACCENT if bar.chosen else INK, base - y_of(bar.value)
        if height > 0:
            fill, edge = (color, None) if firm else (None, color)
            still.box(at + inset, y_of(bar.value), pitch - 1 - inset, height, fill, edge)
        if bar.expected == bar.expected:
            still.box(at, y_of(bar.expected) - 0.5, pitch - inset, 1, WARN)
    step = next((n for n in (1, 2, 4, 8, 16, 32, 64) if n * pitch >= 26), 128)
    for place in range(0, len(bars), step):
        still.text(left + (place + 0.5) * pitch, base + 11, str(bars[place].name), SOFT, 11, "mm")
