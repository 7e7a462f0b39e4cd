"""The marks of a saved picture, found in its SVG by kind, colour and place."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from g4lab.widgets.still import WARN
from g4lab.widgets.still_bars import TALL

SVG = "{http://www.w3.org/2000/svg}"


def rects(svg: str, below: float = 0, **attributes: str) -> list[dict[str, float]]:
    """The rectangles with these attributes below a height, from left to right, then downward."""
    sides = ("x", "y", "width", "height")
    found = [
        {side: float(e.get(side)) for side in sides}
        for e in ET.fromstring(svg).iter(f"{SVG}rect")
        if e.get("x") and all(e.get(name) == value for name, value in attributes.items())
    ]
    return sorted((r for r in found if r["y"] > below), key=lambda r: (r["x"], r["y"]))


def texts(svg: str) -> list[str]:
    return [e.text or "" for e in ET.fromstring(svg).iter(f"{SVG}text")]


def height_of(svg: str, words: str) -> float:
    """Where the first text that begins so stands."""
    return next(float(e.get("y")) for e in ET.fromstring(svg).iter(f"{SVG}text") if (e.text or "").startswith(words))


def strip_of(svg: str, fill: str, below: str) -> list[dict[str, float]]:
    """The bars between a heading and the numbers below them: those that end on the line of 0."""
    lines = [r for r in rects(svg, height_of(svg, below), fill=WARN, height="1")]
    top = min(r["y"] for r in lines) - TALL
    found = [r for r in rects(svg, top, fill=fill) if r["y"] < top + 3 * TALL]
    base = max(r["y"] + r["height"] for r in found if r["y"] < max(line["y"] for line in lines) + TALL / 2)
    return [r for r in found if abs(r["y"] + r["height"] - base) < 0.1]
