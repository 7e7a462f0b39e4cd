"""The still picture of RoutingExplorer: layers upward, experts as places, load beside the dashed line of chance."""

from __future__ import annotations

import math

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.widgets import routing_content as content
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import BAND, INK, LINE, SOFT, Still, shade
from g4lab.widgets.still_parts import WIDTH, Part

CELL, ROW, LEFT, GAP, LOAD = 18, 26, 92, 28, 224


def picture(trace: Trace, sentence: str, pointed: Pointed = NOTHING, below: Part | None = None) -> Still:
    """Every expert's effective weight, or probability, on the mean or for the token pointed at; and its load.

    `below` stands under the map: the open panel, and what comes next.
    """
    counts = content.run_arrays(trace)["counts"]
    weights, what = _values(trace, pointed)
    rows, experts = weights.shape
    right = LEFT + experts * CELL + GAP
    heading = f"{trace.model['name']} · {trace.model['label']}"
    width, tall = right + LOAD + 24, rows * ROW + 56
    if below is not None:
        width, tall = max(width, WIDTH), tall + math.ceil(below.height)
    still = Still(width, tall, heading, what, sentence)
    top, most = still.top + 20, float(weights.max()) or 1.0
    _numbers(still, experts, right)
    for row, layer in enumerate(trace.routed_layers):
        y = top + (rows - 1 - row) * ROW
        still.text(16, y + ROW / 2, f"layer {layer}", INK, 13)
        still.place(f"layer.{layer}", 10, y, right + LOAD - 4, ROW)
        for expert in range(experts):
            still.place(f"expert.{layer}.{expert}", LEFT + expert * CELL - 1, y + 1, CELL + 1, ROW - 2)
        for expert, weight in enumerate(weights[row]):
            still.bar(LEFT + expert * CELL, y + 2, CELL - 1, ROW - 4, shade(weight / most), LINE)
        _load(still, right, y, counts[row], content.null(trace), int(counts.max()))
    y = top + rows * ROW + 17
    still.text(LEFT, y, "0", SOFT, 11, "rm")
    still.ramp(LEFT + 6, y)
    still.text(LEFT + 108, y, f"{most:.3f}", SOFT, 11)
    if below is not None:
        below.draw(still, y + 16)
    return still


def _values(trace: Trace, pointed: Pointed) -> tuple[np.ndarray, str]:
    """What the cells are shaded by, and its name. Shapes: -> [L,E]."""
    layers = [trace.routing(layer) for layer in trace.routed_layers]
    probable = pointed.own.get("show") == "prob"
    noun = "probability" if probable else "effective weight"
    if pointed.token is None or pointed.token >= len(trace):
        mean = content.run_arrays(trace)["mean_probability" if probable else "mean_weight"]
        return mean, f"mean {noun} of each expert"
    token = pointed.token
    each = [layer.probabilities[token] if probable else layer.dense_weights()[token] for layer in layers]
    return np.stack(each), f"{noun} of each expert for token {token}, {trace.tokens[token].text!r}"


def _numbers(still: Still, experts: int, right: int) -> None:
    step = 8 if experts <= 64 else 16
    for expert in sorted({*range(0, experts, step), experts - 1}):
        still.text(LEFT + expert * CELL + CELL // 2 - 1, still.top + 10, str(expert), SOFT, 11, "mm")
    still.text(right, still.top + 10, "load, and the line of chance", SOFT, 11)


def _load(still: Still, left: int, y: int, counts: np.ndarray, null: dict, top: int) -> None:
    base, scale = y + ROW - 3, (ROW - 5) / max(top, null["high"], 1)
    width = LOAD / len(counts)
    still.bar(left, base - null["high"] * scale, LOAD, (null["high"] - null["low"]) * scale, BAND)
    for expert, count in enumerate(counts):
        if count:
            still.box(left + expert * width, base - float(count) * scale, width - 1, float(count) * scale, INK)
    still.dashes(left, base - null["tokens"] * null["load"] * scale, LOAD)
