"""The still picture of LogitLens: the top token of each row at the last positions, shaded by its probability."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.widgets.lens_reading import Reading
from g4lab.widgets.pointed import NOTHING, Pointed, first_of
from g4lab.widgets.still import INK, LINE, PAPER, SOFT, WARN, Still, shade

NAMES, CELL, ROW, SHOWN, BARS = 92, 74, 22, 10, 330
SHADINGS = {"top": "its probability", "probability": "the probability of the {}", "rank": "the rank of the {}"}
WORDS = {"true": "true next token", "predicted": "predicted token", "chosen": "token that is followed"}


def picture(
    trace: Trace, reading: Reading, texts: Mapping[int, str], sentence: str, pointed: Pointed = NOTHING
) -> Still:
    """The last positions, or those about the token that is pointed at."""
    count = len(trace) - reading.start
    here = None if pointed.token is None else pointed.token - reading.start
    here = here if here is not None and 0 <= here < count else None
    first = first_of(count, SHOWN, here)
    columns = min(SHOWN, count - first)
    asked = pointed.own.get("target")
    target = asked if asked in reading.targets else next(iter(reading.targets))
    shading = pointed.own.get("shade")
    shading = shading if shading in SHADINGS else "top"
    explained = target if asked == target else "predicted" if "predicted" in reading.targets else target
    parts = _parts(reading, explained, count - 1 if here is None else here)
    rows = len(reading.rows)
    heading = f"{trace.model['name']} · {trace.model['label']}"
    of = WORDS.get(target, target)
    what = f"what each row would say, shaded by {SHADINGS[shading].format(of)}; the number is the rank of the {of}"
    width = NAMES + CELL * columns + (BARS + 40 if parts else 16)
    still = Still(max(width, 560), ROW * (rows + 1) + 34, heading, what, sentence)
    for column in range(columns):
        token = trace.tokens[reading.start + first + column]
        x = NAMES + CELL * column
        still.place(f"token.{reading.start + first + column}", x - 1, still.top, CELL, ROW * (rows + 1))
        still.text(NAMES + CELL * column + 3, still.top + ROW / 2, _short(token.text, 9), SOFT, 11)
    for row, described in enumerate(reading.rows):
        y = still.top + ROW * (rows - row)
        still.text(16, y + ROW / 2, described["name"], INK if described["kind"] == "global" else SOFT)
        key = f"row.{row}" if described.get("index") is None else f"layer.{described['index']}"
        still.place(key, 12, y, NAMES - 14 + CELL * columns, ROW)
        for column in range(columns):
            value = _shade(reading, target, shading, row, first + column)
            _cell(still, reading, texts, target, value, row, first + column, NAMES + CELL * column, y)
    if parts:
        at = reading.start + (count - 1 if here is None else here)
        title = f"what each layer adds to the logit of the {WORDS.get(explained, explained)} at {at}"
        _bars(still, reading, parts, NAMES + CELL * columns + 24, title)
    y = still.top + ROW * (rows + 1) + 16
    low, high = (f"rank {reading.vocabulary}", "rank 1") if shading == "rank" else ("0", "1")
    still.text(NAMES - 6, y, low, SOFT, 11, "rm")
    still.ramp(NAMES, y)
    still.text(NAMES + 102, y, high, SOFT, 11)
    return still


def _shade(reading: Reading, target: str, shading: str, row: int, column: int) -> float:
    """How dark a cell is, from 0 to 1; ranks on a logarithmic scale. A cell without a target is not shaded."""
    if shading == "top":
        return float(reading.top_probability[row, column, 0])
    found = reading.targets[target]
    if found.ids[column] < 0:
        return 0.0
    if shading == "probability":
        return float(found.probability[row, column])
    return 1 - float(np.log(found.rank[row, column]) / np.log(reading.vocabulary))


def _cell(
    still: Still, reading: Reading, texts: Mapping[int, str], target: str, value: float, row: int, column: int, x, y
) -> None:
    fill = shade(value)
    still.bar(x, y + 1, CELL - 2, ROW - 2, fill, LINE)
    ink = PAPER if sum(fill) < 380 else INK
    rank = int(reading.targets[target].rank[row, column])
    still.text(x + 4, y + ROW / 2, _short(texts[int(reading.top_ids[row, column, 0])], 7), ink, 11)
    if rank:
        still.text(x + CELL - 5, y + ROW / 2, str(rank), ink, 9, "rm")


def _parts(reading: Reading, target: str, column: int) -> list[tuple[int | None, float]]:
    """What each part adds; nothing where there is no attribution, or no target at this position."""
    if not reading.components or reading.targets[target].ids[column] < 0:
        return []
    values = reading.targets[target].parts[column]
    return [(c["layer"], float(v)) for c, v in zip(reading.components, values, strict=True)]


def _bars(still: Still, reading: Reading, parts: list[tuple[int | None, float]], left: int, title: str) -> None:
    rows, zero = len(reading.rows), left + BARS / 2
    sums = [sum(value for layer, value in parts if layer == row["index"]) for row in reading.rows]
    most = float(np.max(np.abs(sums))) or 1.0
    still.text(left, still.top + ROW / 2, title, SOFT, 11)
    still.line([(zero, still.top + ROW), (zero, still.top + ROW * (rows + 1))], LINE)
    for row, value in enumerate(sums):
        y, length = still.top + ROW * (rows - row), abs(value) / most * (BARS / 2 - 40)
        if value >= 0:
            still.bar(zero, y + 5, length, ROW - 10)
        else:
            still.bar(zero - length, y + 5, length, ROW - 10, None, WARN)
        side = "lm" if value >= 0 else "rm"
        still.text(zero + (length + 5) * (1 if value >= 0 else -1), y + ROW / 2, f"{value:+.2f}", SOFT, 10, side)


def _short(text: str, most: int) -> str:
    shown = text.replace(" ", "·").replace("\n", "⏎").replace("\t", "⇥")
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
