"""A still picture as SVG: the marks written as elements, one function for each kind; nothing in it is fetched."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from g4lab.widgets.still import Color, Still

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" role="img" xml:space="preserve" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif">'
    "<title>{title}</title><desc>{sentence}</desc>"
    '<rect width="100%" height="100%" fill="#ffffff"/>\n'
)
ANCHORS = {"lm": "start", "mm": "middle", "rm": "end"}
# a token may hold characters that no XML file may
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(still: Still) -> str:
    """The file, in ASCII, so that it reads the same in any encoding; the sentence is its description."""
    head = HEAD.format(
        width=still.width, height=still.height, title=_words(still.heading), sentence=_words(still.sentence)
    )
    marks = (_WRITE[kind](**values) for kind, values in still.marks)
    return (head + "\n".join(marks) + "\n</svg>\n").encode("ascii", "xmlcharrefreplace").decode()


def _text(x, y, words, fill, size, anchor) -> str:
    place = f'x="{_n(x)}" y="{_n(y)}" dy=".35em" font-size="{size}"{_anchored(anchor)}'
    return f"<text {place}{_fill(fill)}>{_words(words)}</text>"


def _box(x, y, width, height, fill, outline, edge, radius) -> str:
    # an outline lies on both sides of its path; ours lies inside
    inset = edge / 2 if outline else 0
    size = f'width="{_n(width - 2 * inset)}" height="{_n(height - 2 * inset)}"'
    corners = f' rx="{radius}"' if radius else ""
    stroke = f'{_stroke(outline)} stroke-width="{edge}"' if outline else ""
    return f'<rect x="{_n(x + inset)}" y="{_n(y + inset)}" {size}{corners}{_fill(fill)}{stroke}/>'


def _line(points, fill, width) -> str:
    return f'<polyline points="{_points(points)}" fill="none"{_stroke(fill)} stroke-width="{width}"/>'


def _dashes(x, y, width, fill) -> str:
    return f'<path d="M{_n(x)} {_n(y)}h{_n(width)}" fill="none"{_stroke(fill)} stroke-dasharray="3"/>'


def _area(points, fill) -> str:
    return f'<polygon points="{_points(points)}"{_fill(fill)}/>'


def _dot(x, y, radius, fill, outline) -> str:
    stroke = _stroke(outline) if outline else ""
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"{_fill(fill)}{stroke}/>'


def _tile(x, y, width, height, pixels) -> str:
    place = f'x="{_n(x)}" y="{_n(y)}" width="{width}" height="{height}" preserveAspectRatio="none"'
    data = base64.b64encode(png_of(pixels)).decode()
    return f'<image {place} style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'


_WRITE = {"text": _text, "box": _box, "line": _line, "dashes": _dashes, "area": _area, "dot": _dot, "tile": _tile}


def png_of(pixels: np.ndarray) -> bytes:
    """Pixels as a PNG file, without Pillow. Shapes: uint8 [rows, columns, 3]."""
    rows, columns, _ = pixels.shape
    # 8 bits for each of red, green and blue; each row begins with a 0: it is not predicted from the one above
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _words(text: str) -> str:
    return escape(FORBIDDEN.sub("\ufffd", text), quote=False)


def _anchored(anchor: str) -> str:
    return "" if anchor == "lm" else f' text-anchor="{ANCHORS[anchor]}"'


def _fill(color: Color) -> str:
    return f' fill="{_css(color)}"'


def _stroke(color: Color) -> str:
    return f' stroke="{_css(color)}"'


def _css(color: Color) -> str:
    if color is None:
        return "none"
    return color if isinstance(color, str) else "#{:02x}{:02x}{:02x}".format(*color)


def _points(points) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    """A length to a hundredth of a pixel."""
    return f"{round(float(value), 2):.10g}"
