"""A still picture as PNG: the marks drawn with Pillow, one function for each kind."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from g4lab.widgets.still import Still

PAPER = "#ffffff"


def draw(still: Still) -> bytes:
    """The file."""
    image = Image.new("RGB", (still.width, still.height), PAPER)
    canvas = ImageDraw.Draw(image)
    for kind, values in still.marks:
        if kind == "tile":
            _tile(image, **values)
        else:
            _PAINT[kind](canvas, **values)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _text(canvas, x, y, words, fill, size, anchor) -> None:
    canvas.text((x, y), words, fill=fill, font=ImageFont.load_default(size), anchor=anchor)


def _box(canvas, x, y, width, height, fill, outline, edge, radius) -> None:
    corners = (x, y, x + width - 1, y + height - 1)  # Pillow paints the last pixel too
    canvas.rounded_rectangle(corners, radius, fill=fill, outline=outline, width=edge)


def _line(canvas, points, fill, width) -> None:
    canvas.line(list(points), fill=fill, width=width)


def _dashes(canvas, x, y, width, fill) -> None:
    for start in np.arange(x, x + width, 6):
        canvas.line((start, y, min(start + 3, x + width), y), fill=fill)


def _area(canvas, points, fill) -> None:
    canvas.polygon(list(points), fill=fill)


def _dot(canvas, x, y, radius, fill, outline) -> None:
    canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill, outline=outline)


def _tile(image, x, y, width, height, pixels) -> None:
    stretched = Image.fromarray(pixels).resize((width, height), Image.Resampling.NEAREST)
    image.paste(stretched, (round(x), round(y)))


_PAINT = {"text": _text, "box": _box, "line": _line, "dashes": _dashes, "area": _area, "dot": _dot}
