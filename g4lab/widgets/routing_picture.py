"""The still picture of RoutingExplorer: layers upward, experts as places, load beside the dashed line of chance."""

from __future__ import annotations

import io

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.widgets import routing_content as content

PAPER, INK, SOFT, LINE, BAND = "#ffffff", "#1b1f24", "#59636e", "#d0d7de", "#e6e9ed"
CIVIDIS = ("#ffffff", "#fdea8c", "#d9c55f", "#a59c74", "#707173", "#3b496c", "#00224e")
"""The sequential scale on white paper: nothing is quiet, much is dark."""

CELL, ROW, LEFT, TOP, GAP, LOAD, FOOT = 18, 26, 92, 78, 28, 224, 74


def picture(trace: Trace, sentence: str) -> bytes:
    """A PNG of every expert's mean effective weight and of its load. Raises: ImportError without Pillow."""
    from PIL import Image, ImageDraw

    arrays = content.run_arrays(trace)
    weights, counts = arrays["mean_weight"], arrays["counts"]
    rows, experts = weights.shape
    right = LEFT + experts * CELL + GAP
    image = Image.new("RGB", (right + LOAD + 24, TOP + rows * ROW + FOOT), PAPER)
    draw = ImageDraw.Draw(image)
    top = float(weights.max()) or 1.0
    _heading(draw, trace)
    for row, layer in enumerate(trace.routed_layers):
        y = TOP + (rows - 1 - row) * ROW
        draw.text((16, y + 6), f"layer {layer}", fill=INK, font=_font(13))
        for expert, weight in enumerate(weights[row]):
            x = LEFT + expert * CELL
            draw.rectangle((x, y + 2, x + CELL - 2, y + ROW - 3), fill=_shade(weight / top), outline=LINE)
        _load(draw, right, y, counts[row], content.null(trace), int(counts.max()))
    _numbers(draw, experts, right)
    _legend(draw, TOP + rows * ROW + 10, top, sentence, image.width)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _heading(draw, trace: Trace) -> None:
    draw.text((16, 12), f"{trace.model['name']} · {trace.model['label']}", fill=INK, font=_font(15))
    draw.text((16, 34), "mean effective weight of each expert", fill=SOFT, font=_font(12))


def _numbers(draw, experts: int, right: int) -> None:
    step = 8 if experts <= 64 else 16
    for expert in {*range(0, experts, step), experts - 1}:
        middle = LEFT + expert * CELL + CELL // 2 - 1
        draw.text((middle, TOP - 10), str(expert), fill=SOFT, font=_font(11), anchor="mm")
    draw.text((right, TOP - 10), "load, and the line of chance", fill=SOFT, font=_font(11), anchor="lm")


def _load(draw, left: int, y: int, counts: np.ndarray, null: dict, top: int) -> None:
    base, scale = y + ROW - 3, (ROW - 5) / max(top, null["high"], 1)
    width = LOAD / len(counts)
    draw.rectangle((left, base - null["high"] * scale, left + LOAD, base - null["low"] * scale), fill=BAND)
    for expert, count in enumerate(counts):
        x = left + expert * width
        if count:
            draw.rectangle((x, base - float(count) * scale, x + width - 2, base), fill=INK)
    chance = base - null["tokens"] * null["load"] * scale
    for x in np.arange(left, left + LOAD, 6):
        draw.line((x, chance, x + 3, chance), fill="#b35900")


def _legend(draw, y: int, top: float, sentence: str, width: int) -> None:
    draw.text((LEFT, y + 7), "0", fill=SOFT, font=_font(11), anchor="rm")
    for step in range(96):
        draw.line((LEFT + 6 + step, y, LEFT + 6 + step, y + 14), fill=_shade(step / 95))
    draw.text((LEFT + 108, y + 7), f"{top:.3f}", fill=SOFT, font=_font(11), anchor="lm")
    for line, text in enumerate(_wrapped(sentence, int((width - 32) / 6.1))[:2]):
        draw.text((16, y + 26 + 17 * line), text, fill=INK, font=_font(12))


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)


def _shade(value: float) -> tuple[int, int, int]:
    place = min(max(float(value), 0.0), 1.0) * (len(CIVIDIS) - 1)
    low = min(int(place), len(CIVIDIS) - 2)
    ends = [np.array([int(CIVIDIS[low + i][1 + 2 * c : 3 + 2 * c], 16) for c in range(3)]) for i in (0, 1)]
    return tuple(int(c) for c in np.rint(ends[0] + (place - low) * (ends[1] - ends[0])))


def _font(size: int):
    from PIL import ImageFont

    return ImageFont.load_default(size)
