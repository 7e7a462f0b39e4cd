"""The still picture of AttentionExplorer: the thumbnails of all heads, layers upward, heads in their K/V groups."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.widgets.attention_content import pooled_head
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import INK, LINE, SOFT, WARN, Still, shade

NAMES, GAP, GROUP, FULL = 132, 4, 10, 288
MARKED = 512
"""Tokens of which a page without a kernel can mark every row of a head."""


def picture(
    trace: Trace,
    thumbs: np.ndarray,
    chosen: tuple[int, int],
    cuts: Iterable[tuple[int, int]],
    sentence: str,
    pointed: Pointed = NOTHING,
) -> Still:
    """All heads, the chosen one and those that are cut outlined, and the chosen one at full size."""
    plan, cuts = trace.plan, set(cuts)
    most = max(row["heads"] for row in plan)
    box = max(20, min(72, 900 // most))
    groups = max(row["kv_heads"] for row in plan)
    heading = f"{trace.model['name']} · {trace.model['label']}"
    what = f"attention of {len(trace)} tokens; the largest weight in each cell, shaded by its square root"
    right = NAMES + (box + GAP) * most + GROUP * groups + 16
    still = Still(max(600, right + FULL + 24), max((box + GAP) * len(plan) + 28, FULL + 40), heading, what, sentence)
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
    still.text(NAMES, still.bottom - 12, "heads, those of one K/V head side by side", SOFT, 11)
    _full(still, trace, chosen, scale, right, pointed.token)
    return still


def _full(still: Still, trace: Trace, chosen: tuple[int, int], scale: np.ndarray, left: int, token) -> None:
    """One head: queries downward, keys across; of a long text the largest weight in each cell."""
    layer, head = chosen
    pooled = pooled_head(trace, layer, head, FULL)
    top, cells = still.top + 20, len(pooled)
    still.text(left, top - 10, f"layer {layer}, head {head}: queries down, keys across", INK, 11)
    still.tile(left, top, FULL, FULL, scale[np.rint(255 * np.sqrt(np.minimum(pooled, 1))).astype(np.uint8)])
    still.box(left - 1, top - 1, FULL + 2, FULL + 2, None, LINE)
    # a row of less than a few pixels is outlined all the same, as wide as an outline needs
    tall = max(FULL / len(trace), 4)
    marked = range(len(trace)) if len(trace) <= MARKED else () if token is None or token >= len(trace) else (token,)
    for token in marked:
        middle = top + (token + 0.5) * FULL / len(trace)
        still.place(f"token.{token}", left - 3, middle - tall / 2 - 1, FULL + 6, tall + 2)
    if cells < len(trace):
        still.text(left, top + FULL + 10, "largest weight in each cell", SOFT, 11)
