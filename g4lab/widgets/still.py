"""What still pictures share: colours on white paper, the marks that they are made of, and the ways to a file.

A picture is a list of marks. PNG is for readers that show nothing else, SVG for print and for slides; both are made
from the same list, so neither can show what the other does not.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from g4lab.widgets.pointed import Pointed

PAPER, INK, SOFT, LINE, BAND, ACCENT, WARN = "#ffffff", "#1b1f24", "#59636e", "#d0d7de", "#e6e9ed", "#0a58ca", "#b04a00"
CIVIDIS = ("#ffffff", "#fee838", "#bcae6c", "#7d7c78", "#434e6c", "#00224e")
"""The sequential scale: nothing is the paper, much is dark."""
DIVERGING = ("#1b4b9e", "#8fb1e0", "#ffffff", "#f0b27a", "#a34700")
"""The scale for differences: blue below 0, the paper at 0, orange above."""

Color = str | tuple[int, int, int] | None
"""As "#rrggbb" or three numbers from 0 to 255; None paints nothing."""
FOOT = 20
"""Paper below the last line."""
RAMP = 96
"""How wide the scale of a legend is, in pixels."""


class Mark(NamedTuple):
    """One thing that is painted: `kind` is the name of the function of `still_png` and `still_svg` that paints it."""

    kind: str
    values: dict[str, Any]


class Still:
    """A picture in the making: a heading on top, the sentence at the foot. Units: pixels, from the upper left."""

    def __init__(self, width: int, height: int, heading: str, subheading: str, sentence: str):
        self.width, self.top, self.bottom = width, 58, 58 + height
        self.height = self.bottom + FOOT
        self.heading, self.subheading, self.sentence = heading, subheading, ""
        self.marks: list[Mark] = []
        self.places: dict[str, tuple[float, float, float, float]] = {}
        self.text(16, 20, heading, INK, 15)
        self.text(16, 40, subheading, SOFT, 12)
        self.say(sentence)

    def say(self, words: str) -> None:
        """One more paragraph at the foot, and in the description."""
        for line in wrapped(words, self.width - 32):
            self.text(16, self.height - FOOT + 14, line, INK, 12)
            self.height += 17
        self.sentence = f"{self.sentence} {words}".strip()

    def place(self, key: str, x: float, y: float, width: float, height: float) -> None:
        """Where something lies that can be selected, such as "token.3" (`Pointed.keys`)."""
        self.places[key] = (round(x, 2), round(y, 2), round(width, 2), round(height, 2))

    def outline(self, pointed: Pointed) -> None:
        """Outline what is selected, as far as it is in the picture, and say it."""
        for key in pointed.keys():
            if key in self.places:
                self.box(*self.places[key], None, ACCENT, 2)
        if pointed.said():
            self.say(pointed.said())

    def text(self, x: float, y: float, words: str, fill: Color = INK, size: int = 12, anchor: str = "lm") -> None:
        """Words, upright about y; `anchor` lm, mm or rm says whether x is their left, middle or right."""
        self._add("text", x=x, y=y, words=words, fill=fill, size=size, anchor=anchor)

    def bar(
        self, x: float, y: float, width: float, height: float, fill: Color = INK, outline: Color = None, edge: int = 1
    ) -> None:
        """A rectangle, its outline inside; nothing where the width rounds to less than half a pixel."""
        if width >= 0.5:
            self.box(x, y, width, height, fill, outline, edge)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: Color = None,
        outline: Color = None,
        edge: int = 1,
        radius: int = 0,
    ) -> None:
        """A rectangle, however narrow, with round corners if asked for."""
        size = {"width": max(1.0, width), "height": max(1.0, height)}
        self._add("box", x=x, y=y, **size, fill=fill, outline=outline, edge=edge, radius=radius)

    def line(self, points: Sequence[tuple[float, float]], fill: Color = INK, width: int = 1) -> None:
        """A line through points."""
        self._add("line", points=points, fill=fill, width=width)

    def dashes(self, x: float, y: float, width: float, fill: Color = WARN) -> None:
        """A thin dashed line: what chance, or the lack of a mechanism, would give."""
        if width > 0:
            self._add("dashes", x=x, y=y, width=width, fill=fill)

    def area(self, points: Sequence[tuple[float, float]], fill: Color = INK) -> None:
        """A filled shape."""
        self._add("area", points=points, fill=fill)

    def dot(self, x: float, y: float, radius: float, fill: Color, outline: Color = None) -> None:
        """A circle about a middle."""
        self._add("dot", x=x, y=y, radius=radius, fill=fill, outline=outline)

    def tile(self, x: float, y: float, width: int, height: int, pixels: np.ndarray) -> None:
        """A picture of pixels stretched over a rectangle, each pixel sharp. Shapes: pixels uint8 [rows, columns, 3]."""
        self._add("tile", x=x, y=y, width=width, height=height, pixels=pixels)

    def ramp(self, x: float, y: float, scale: tuple[str, ...] = CIVIDIS) -> None:
        """The colours of a scale from its low to its high end, for a legend; `y` is its middle."""
        colors = np.array([[shade(step / (RAMP - 1), scale) for step in range(RAMP)]], np.uint8)
        self.box(x - 1, y - 8, RAMP + 2, 16, BAND)
        self.tile(x, y - 7, RAMP, 14, colors)

    def png(self) -> bytes:
        """The picture as a PNG file. Raises: ImportError without Pillow."""
        from g4lab.widgets import still_png

        return still_png.draw(self)

    def svg(self) -> str:
        """The picture as an SVG file: text stays text, and nothing is fetched."""
        from g4lab.widgets import still_svg

        return still_svg.write(self)

    def _add(self, kind: str, **values: Any) -> None:
        self.marks.append(Mark(kind, values))


def wrapped(words: str, width: float) -> list[str]:
    """The lines that words of the usual size take in so many pixels."""
    return textwrap.wrap(words, max(20, int(width / 6.3)))


def shade(value: float, scale: tuple[str, ...] = CIVIDIS) -> tuple[int, int, int]:
    """The colour at a place from 0 to 1 of a scale."""
    place = min(max(float(value), 0.0), 1.0) * (len(scale) - 1)
    low = min(int(place), len(scale) - 2)
    ends = [np.array([int(scale[low + i][1 + 2 * c : 3 + 2 * c], 16) for c in range(3)]) for i in (0, 1)]
    return tuple(int(c) for c in np.rint(ends[0] + (place - low) * (ends[1] - ends[0])))
