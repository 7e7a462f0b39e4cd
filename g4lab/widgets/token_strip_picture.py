"""The still picture of TokenStrip: boxes in reading order, their ids below, shaded by the first score."""

from __future__ import annotations

from typing import Any

import numpy as np

from g4lab.widgets.pointed import NOTHING, Pointed, first_of
from g4lab.widgets.still import CIVIDIS, DIVERGING, INK, LINE, SOFT, WARN, Still, shade
from g4lab.widgets.token_strip_content import Piece, Score, Strip

SHOWN, WIDTH, ROW = 240, 900, 44
VISIBLE = {" ": "·", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def picture(strip: Strip, model: dict[str, Any], sentence: str, pointed: Pointed = NOTHING) -> Still:
    """The first tokens, or those about the one that is pointed at, shaded by the score on show, or the first."""
    name, score = _score(strip, pointed)
    values = None if score is None else score.values
    first = 0 if (pointed.token or 0) < SHOWN else first_of(len(strip.pieces), SHOWN, pointed.token)
    pieces = strip.pieces[first : first + SHOWN]
    places = list(_places(pieces))
    rows = places[-1][1] + 1
    subheading = "pieces and ids" + ("" if len(pieces) == len(strip.pieces) else _part(first, len(pieces), strip))
    heading = f"{model['name']} · {model['label']}"
    still = Still(WIDTH, rows * ROW + 40, heading, subheading, sentence)
    low, top = _range(values)
    for index, (x, row, width) in enumerate(places, first):
        value = None if values is None or np.isnan(values[index]) else float(values[index])
        _box(still, strip.pieces[index], x, still.top + row * ROW, width, _fill(value, low, top))
        still.place(f"token.{index}", x - 2, still.top + row * ROW - 2, width + 5, ROW - 3)
    if name is not None:
        _legend(still, name, score, low, top, still.top + rows * ROW + 14)
    return still


def shown(piece: Piece) -> str:
    """A piece as it is written in its box: white space visible, a byte as two digits."""
    if piece.kind == "byte":
        return f"0x{piece.bytes.hex().upper()}"
    return "".join(VISIBLE.get(character, character) for character in piece.text)[:28]


def _score(strip: Strip, pointed: Pointed) -> tuple[str | None, Score | None]:
    """The score that the boxes are shaded by; the page says which, "" for none."""
    chosen = pointed.own.get("score")
    if chosen in strip.scores:
        return chosen, strip.scores[chosen]
    return (None, None) if chosen == "" else next(iter(strip.scores.items()), (None, None))


def _part(first: int, count: int, strip: Strip) -> str:
    return f", tokens {first} to {first + count - 1} of {len(strip.pieces)}"


def _places(pieces: tuple[Piece, ...]):
    x, row = 16, 0
    for piece in pieces:
        width = max(40, 16 + int(7.2 * max(len(shown(piece)), len(str(piece.id)))))
        if x + width > WIDTH - 16:
            x, row = 16, row + 1
        yield x, row, width
        x += width + 4


def _range(values: np.ndarray | None) -> tuple[float, float]:
    """The ends of the scale: 0 and the highest, or alike on both sides of 0 where values are negative."""
    if values is None or np.isnan(values).all():
        return 0.0, 1.0
    most = float(np.nanmax(np.abs(values))) or 1.0
    return (-most if np.nanmin(values) < 0 else 0.0), most


def _fill(value: float | None, low: float, top: float) -> tuple[int, int, int] | None:
    if value is None:
        return None
    return shade((value - low) / (top - low), DIVERGING if low < 0 else CIVIDIS)


def _box(still: Still, piece: Piece, x: int, y: int, width: int, fill: tuple[int, int, int] | None) -> None:
    outline = WARN if piece.kind == "control" else SOFT if piece.kind == "byte" else LINE
    still.box(x, y, width + 1, 23, fill, outline, radius=8 if piece.kind == "control" else 3)
    dark = fill is not None and 0.3 * fill[0] + 0.6 * fill[1] + 0.1 * fill[2] < 128
    still.text(x + width / 2, y + 11, shown(piece), "#ffffff" if dark else INK, 12, "mm")
    still.text(x + width / 2, y + 31, str(piece.id), SOFT, 10, "mm")


def _legend(still: Still, name: str, score, low: float, top: float, y: int) -> None:
    still.text(16, y, f"{name} {low:.4g}", SOFT, 11)
    left = 16 + 7 * len(f"{name} {low:.4g}") + 8
    still.ramp(left, y, DIVERGING if low < 0 else CIVIDIS)
    chance = "" if score.chance is None else f"   chance: {score.chance:.4g}"
    still.text(left + 104, y, f"{top:.4g} {score.unit}{chance}", SOFT, 11)
