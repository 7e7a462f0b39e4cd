"""The still picture of AttentionExplorer: the thumbnails of all heads, layers upward, heads in their K/V groups."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.widgets.attention_content import pooled_head, pooled_null
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import INK, LINE, SOFT, WARN, Still, shade

NAMES, GAP, GROUP, FULL, NULL = 132, 4, 10, 288, 144
MARKED = 512
"""Tokens of which a page without a kernel can mark every row of a head."""


def picture(
    trace: Trace,
    thumbs: np.ndarray,
    chosen: tuple[int, int],
    cuts: Iterable[tuple[int, int]],
    sentence: str,
    pointed: Pointed = NOTHING,
    lengths: np.ndarray | None = None,
) -> Still:
    """All heads, the chosen one and those that are cut outlined, and the chosen one at full size above its null.

    With the `lengths` of its values [S] the chosen one is weighted by them; the thumbnails stay with the weights.
    """
    plan, cuts = trace.plan, set(cuts)
    most = max(row["heads"] for row in plan)
    box = max(20, min(72, 900 // most))
    groups = max(row["kv_heads"] for row in plan)
    heading = f"{trace.model['name']} · {trace.model['label']}"
    what = f"attention of {len(trace)} tokens; the largest weight in each cell, shaded by its square root"
    right = NAMES + (box + GAP) * most + GROUP * groups + 16
    width, height = max(600, right + FULL + 24), max((box + GAP) * len(plan) + 28, FULL + NULL + 64)
    still = Still(width, height, heading, what, sentence)
    scale = np.array([shade(step / 255) for step in range(256)], np.uint8)
    index = 0
    for place, row in enumerate(plan):
        y = still.top + (box + GAP) * (len(plan) - 1 - place)
        reach = "global" if row["window"] is None else f"window {row['window']}"
        still.text(16, y + box / 2 - 7, f"layer {row['index']}", INK)
        lent = f"{reach}, K/V of {row['owner']}" if row["owner"] != row["index"] else reach
        still.text(16, y + box / 2 + 8, lent, SOFT, 11)
        shared = row["heads"] // row["kv_heads"]
        for head in range(row["heads"]):
            x = NAMES + (box + GAP) * head + GROUP * (head // shared)
            still.place(f"head.{row['index']}.{head}", x - 2, y - 2, box + 4, box + 4)
            still.tile(x, y, box, box, scale[thumbs[index]])
            if row["window"] is not None and 5 * len(trace) <= box * row["window"] < box * len(trace):
                out = box * row["window"] / len(trace)
                still.line([(x, y + out), (x + box - out, y + box)], WARN)
            here, cut = (row["index"], head) == chosen, (row["index"], head) in cuts
            edge = INK if here else WARN if cut else LINE
            still.box(x - 1, y - 1, box + 2, box + 2, None, edge, 2 if here or cut else 1)
            if cut:
                still.line([(x, y), (x + box, y + box)], WARN, 2)
            index += 1
    shaded = "" if lengths is None else "; by their weights"
    still.text(NAMES, still.bottom - 12, f"heads, those of one K/V head side by side{shaded}", SOFT, 11)
    _full(still, trace, chosen, scale, right, pointed.token, lengths)
    return still


def _full(still: Still, trace: Trace, chosen: tuple[int, int], scale: np.ndarray, left: int, token, lengths) -> None:
    """One head: queries downward, keys across; of a long text the largest weight in each cell. Its null below it."""
    layer, head = chosen
    pooled, null = pooled_head(trace, layer, head, FULL, lengths), pooled_null(trace, layer, NULL, lengths)
    top, cells = still.top + 20, len(pooled)
    number = "weight" if lengths is None else "weight x value, of the row's sum"
    still.text(left, top - 10, f"layer {layer}, head {head}: {number}", INK, 11)
    for y, side, values in ((top, FULL, pooled), (top + FULL + 28, NULL, null)):
        still.tile(left, y, side, side, scale[np.rint(255 * np.sqrt(np.minimum(values, 1))).astype(np.uint8)])
        still.box(left - 1, y - 1, side + 2, side + 2, None, LINE)
    said = ["its null:", "uniform weights", *(() if lengths is None else ("x the same values", "of the row's sum"))]
    for line, words in enumerate(["queries down,", "keys across", "", *said]):
        still.text(left + NULL + 10, top + FULL + 36 + 15 * line, words, SOFT, 11)
    # a row of less than a few pixels is outlined all the same, as wide as an outline needs
    tall = max(FULL / len(trace), 4)
    marked = range(len(trace)) if len(trace) <= MARKED else () if token is None or token >= len(trace) else (token,)
    for token in marked:
        middle = top + (token + 0.5) * FULL / len(trace)
        still.place(f"token.{token}", left - 3, middle - tall / 2 - 1, FULL + 6, tall + 2)
    if cells < len(trace):
        still.text(left, top + FULL + 10, "largest weight in each cell", SOFT, 11)
