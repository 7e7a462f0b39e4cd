"""Printed three-digit numbers: two faces, several sizes, places, colours; slightly turned, slanted, noisy."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from . import canvas, palette
from .document import draw
from .seen import Seen
from .words import pick

QUESTIONS = (
    "What number is this?",
    "Which number is printed?",
    "What number do you see?",
    "Read the number.",
    "What does it say?",
)
FACES = ("font", "bold", "segments")
# Height of a digit in units of the picture, 48 to 96 pixels of 240: the least is as tall as a soft token.
HEIGHTS = (0.2, 0.4)
TURN, SLANT = 8.0, 0.2  # degrees to either side; pixels sideways for each pixel up
_FINE = 2  # masks are drawn so many times larger


def number(rng: np.random.Generator, held_out: bool) -> Seen:
    """Ask for the number; the number itself decides the split."""
    value = draw(lambda: f"{rng.integers(1000):03d}", held_out, lambda found: ("number", found))
    size, face = canvas.size(rng), pick(rng, FACES)
    ink = palette.shade(rng, pick(rng, palette.COLOURS))
    picture = canvas.background(rng, size, palette.ground(rng, [ink], ink))
    while True:
        height = canvas.unit(size) * rng.uniform(*HEIGHTS)
        turn, slant = rng.uniform(-TURN, TURN), rng.uniform(-SLANT / 2, SLANT)
        mask = ink_of(value, face, height, turn, slant)
        room = [side - used - 8 for side, used in zip(size[::-1], mask.size, strict=True)]
        if min(room) >= 0:
            break
    left, top = (4 + int(rng.integers(free + 1)) for free in room)
    picture.paste(ink, (left, top), mask)
    about = {"size": size, "number": value, "face": face, "height": height, "turn": turn, "slant": slant, "ink": ink}
    about["box"] = (left, top, left + mask.width, top + mask.height)
    return Seen("number", pick(rng, QUESTIONS), value, pictures=(canvas.noisy(rng, picture),), about=about)


def ink_of(text: str, face: str, height: float, turn: float = 0.0, slant: float = 0.0) -> Image.Image:
    """A text as a mask, cut to its ink: digits, or with a font any letters, `height` pixels high."""
    tall = round(height * _FINE)
    mask = _segments(text, tall) if face == "segments" else _font(text, tall, bold=face == "bold")
    if slant:
        lean = abs(slant) * mask.height
        shift = -lean if slant > 0 else 0.0
        form = (1, slant, shift, 0, 1, 0)
        mask = mask.transform((mask.width + int(lean) + 1, mask.height), Image.Transform.AFFINE, form, _BILINEAR)
    if turn:
        mask = mask.rotate(turn, _BILINEAR, expand=True)
    mask = mask.crop(mask.getbbox())
    return mask.resize([max(1, side // _FINE) for side in mask.size], Image.Resampling.BOX)


_BILINEAR = Image.Resampling.BILINEAR


def _font(text: str, tall: int, bold: bool) -> Image.Image:
    """Pillow's own font, whose digits are 0.73 of its size high."""
    font, stroke = font_of(round(tall / 0.73)), tall // 24 if bold else 0
    left, top, right, bottom = font.getbbox(text, stroke_width=stroke)
    mask = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(mask).text((1 - left, 1 - top), text, 255, font, stroke_width=stroke)
    return mask


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, Aileron, which comes with it under CC0."""
    return ImageFont.load_default(size)


# The seven strokes of a digit on a grid 1 wide and 2 high: from, to.
_STROKES = {
    "a": ((0, 0), (1, 0)),
    "b": ((1, 0), (1, 1)),
    "c": ((1, 1), (1, 2)),
    "d": ((0, 2), (1, 2)),
    "e": ((0, 1), (0, 2)),
    "f": ((0, 0), (0, 1)),
    "g": ((0, 1), (1, 1)),
}
_LIT = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgcde", "abc", "abcdefg", "abcdfg")


def _segments(digits: str, tall: int) -> Image.Image:
    """Digits of seven strokes, as on a clock."""
    thick = tall * 0.15
    cell, step = (tall - thick) / 2, tall * 0.72
    mask = Image.new("L", (int(step * len(digits)), tall + 1))
    pen = ImageDraw.Draw(mask)
    for place, digit in enumerate(digits):
        for stroke in _LIT[int(digit)]:
            ends = np.array(_STROKES[stroke]) * cell + (place * step + thick / 2, thick / 2)
            (x0, y0), (x1, y1) = ends
            box = [x0 - thick / 2, y0 - thick / 2, x1 + thick / 2, y1 + thick / 2]
            pen.rounded_rectangle([round(edge) for edge in box], thick / 3, fill=255)
    return mask
