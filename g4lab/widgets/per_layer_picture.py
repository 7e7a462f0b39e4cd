"""The still picture of PerLayerEmbeddings: the map of ratios, and each layer's mean beside its null."""

from __future__ import annotations

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.widgets import per_layer_content as content
from g4lab.widgets.pointed import NOTHING, Pointed, first_of
from g4lab.widgets.still import INK, LINE, SOFT, WARN, Still, shade

NAMES, ROW, MEANS, SHOWN = 92, 22, 210, 64


def picture(trace: Trace, arrays: dict[str, np.ndarray], sentence: str, pointed: Pointed = NOTHING) -> Still:
    """The last tokens' ratios, or those about the token that is pointed at."""
    rows = content.layers_with_ple(trace)
    first = first_of(len(trace), SHOWN, pointed.token)
    columns = min(SHOWN, len(trace) - first)
    cell = max(8, min(40, 640 // columns))
    heading = f"{trace.model['name']} · {trace.model['label']}"
    shuffled = pointed.own.get("show") == "null_mean" and "null_mean" in arrays
    of = "the same tokens shuffled" if shuffled else "what PLE adds"
    what = f"{of}, relative to the stream, tokens {first} to {first + columns - 1}"
    still = Still(NAMES + cell * columns + MEANS + 40, ROW * len(rows) + 44, heading, what, sentence)
    ratio, null = arrays["ratio"], arrays.get("null_mean")
    shown = null if shuffled else ratio
    most = float(max(ratio.max(), 0 if null is None else null.max())) or 1.0
    means = ratio.mean(1)
    widest = float(max(means.max(), 0 if null is None else null.mean(1).max())) or 1.0
    left = NAMES + cell * columns + 24
    for column in range(columns):
        still.place(f"token.{first + column}", NAMES + cell * column - 1, still.top - 1, cell + 1, ROW * len(rows) + 2)
    for row, layer in enumerate(rows):
        y = still.top + ROW * (len(rows) - 1 - row)
        still.place(f"layer.{layer['index']}", 12, y, left + MEANS - 12, ROW)
        still.text(16, y + ROW / 2, f"layer {layer['index']}", INK if layer["kind"] == "global" else SOFT)
        for column in range(columns):
            fill = shade(float(shown[row, first + column]) / most)
            still.bar(NAMES + cell * column, y + 1, cell - 1, ROW - 2, fill, LINE)
        still.bar(left, y + 5, means[row] / widest * (MEANS - 50), ROW - 10)
        still.text(left + MEANS - 4, y + ROW / 2, f"{means[row]:.3g}", SOFT, 11, "rm")
        if null is not None:
            x = left + float(null[row].mean()) / widest * (MEANS - 50)
            still.line([(x, y + 2), (x, y + ROW - 2)], WARN, 2)
    _legend(still, still.top + ROW * len(rows) + 16, most, left, null is not None)
    return still


def _legend(still: Still, y: int, most: float, left: int, with_null: bool) -> None:
    still.text(NAMES - 6, y, "0", SOFT, 11, "rm")
    still.ramp(NAMES, y)
    still.text(NAMES + 102, y, f"{most:.3g}", SOFT, 11)
    still.text(left, y, "mean; line: the same tokens shuffled" if with_null else "mean", SOFT, 11)
