"""Bar charts of three to five bars, with letters below them or colours for names."""

from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageDraw

from . import canvas, palette
from .document import draw
from .printed import ink_of
from .seen import Seen
from .words import pick, some

LETTERS = tuple("ABCDEFGHKM")
ASKS = {
    ("letter", "tallest"): ("Which bar is tallest?", "Which bar is the tallest?", "Name the tallest bar."),
    ("letter", "shortest"): ("Which bar is shortest?", "Which bar is the shortest?", "Name the shortest bar."),
    ("colour", "tallest"): ("What colour is the tallest bar?", "Which colour has the tallest bar?"),
    ("colour", "shortest"): ("What colour is the shortest bar?", "Which colour has the shortest bar?"),
}
SIZES = {(240, 240): 0.75, (192, 288): 0.1, (288, 192): 0.05, (360, 360): 0.05, (180, 180): 0.05}
LEAST, MARGIN = 0.15, 0.12  # height of a bar, and lead of the one asked for, in heights of the plot


@dataclass(frozen=True)
class Bar:
    """A bar in a picture: its edges in pixels, the right and the bottom one not part of it."""

    label: str
    shade: palette.RGB
    left: int
    top: int
    right: int
    bottom: int


def bar(rng: np.random.Generator, held_out: bool) -> Seen:
    """Ask for the tallest or shortest bar; the names in order, what is asked and the answer decide the split."""
    named = "letter" if rng.random() < 0.65 else "colour"
    asked = "tallest" if rng.random() < 0.75 else "shortest"
    number, size = int(rng.integers(3, 6)), canvas.size(rng, SIZES)
    at = int(rng.integers(number))
    labels = draw(
        lambda: tuple(some(rng, LETTERS if named == "letter" else palette.COLOURS, number)),
        held_out,
        lambda found: ("bar", asked, at, *found),
    )
    heights = _heights(rng, number, asked, at)
    shades = _shades(rng, labels, named)
    ink = palette.shade(rng, ("black", "white")[rng.integers(2)])
    picture = canvas.background(rng, size, palette.ground(rng, shades, ink))
    bars = _drawn(rng, picture, labels, heights, shades, ink, named == "letter")
    about = {"size": size, "asked": asked, "named": named, "ink": ink, "bars": [asdict(one) for one in bars]}
    question = pick(rng, ASKS[named, asked])
    return Seen("bar", question, labels[at], pictures=(canvas.noisy(rng, picture),), about=about)


def _heights(rng: np.random.Generator, number: int, asked: str, at: int) -> np.ndarray:
    """Heights of which the one asked for leads clearly and stands at place `at`. Shapes: -> [number]."""
    while True:
        heights = np.sort(rng.uniform(LEAST, 1, number))
        if asked == "tallest":
            heights = heights[::-1]
        if abs(heights[0] - heights[1]) >= MARGIN:
            others = rng.permutation(heights[1:])
            return np.insert(others, at, heights[0])


def _shades(rng: np.random.Generator, labels: tuple[str, ...], named: str) -> list[palette.RGB]:
    """Colours of the bars: those they are named by, or all alike, or each another."""
    if named == "colour":
        return [palette.shade(rng, label) for label in labels]
    if rng.random() < 0.5:
        return [palette.shade(rng, pick(rng, palette.COLOURS))] * len(labels)
    return [palette.shade(rng, colour) for colour in some(rng, palette.COLOURS, len(labels))]


def _drawn(
    rng: np.random.Generator,
    picture: Image.Image,
    labels: tuple[str, ...],
    heights: np.ndarray,
    shades: list[palette.RGB],
    ink: palette.RGB,
    lettered: bool,
) -> list[Bar]:
    """Draw bars on a line, letters below it; a bar's height is counted in whole pixels."""
    unit = canvas.unit(picture.size[::-1])
    border, letter = 0.05 * unit, 0.105 * unit
    floor = round(picture.height - border - (letter + 0.04 * unit if lettered else 0))
    slot = (picture.width - 2 * border) / len(labels)
    wide = slot * rng.uniform(0.5, 0.75)
    pen = ImageDraw.Draw(picture)
    bars = []
    for index, (label, height, shade) in enumerate(zip(labels, heights, shades, strict=True)):
        middle = border + (index + 0.5) * slot
        left, right = round(middle - wide / 2), round(middle + wide / 2)
        top = floor - round(height * (floor - border))
        pen.rectangle([left, top, right - 1, floor - 1], fill=shade)
        bars.append(Bar(label, shade, left, top, right, floor))
        if lettered:
            canvas.put(picture, ink_of(label, "bold", letter), ink, middle, floor + 0.04 * unit + letter / 2)
    pen.rectangle([round(border), floor, picture.width - round(border) - 1, floor + max(1, round(unit / 120)) - 1], ink)
    return bars
