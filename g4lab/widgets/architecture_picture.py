"""The still picture of ArchitectureMap: layers upward, K/V lent along lines, parameters and cache as bars."""

from __future__ import annotations

from typing import Any

from g4lab.config import TextConfig
from g4lab.widgets import architecture_content as content
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import ACCENT, INK, LINE, SOFT, WARN, Still

ROW, TOKENS = 18, 32_768
NAME, SHARING, HEADS, PARAMETERS, CACHE = 16, 92, 168, 330, 640
GREYS = {"attention": INK, "dense MLP": "#6d7782", "router": WARN, "experts": "#aab4be", "PLE projections": LINE}


def picture(config: TextConfig, model: dict[str, Any], sentence: str, pointed: Pointed = NOTHING) -> Still:
    """The plan."""
    rows = content.layer_rows(config)
    tokens = pointed.number("tokens", config.max_positions + 1) or min(TOKENS, config.max_positions)
    still = Still(
        900, ROW * len(rows) + 64, f"{model['name']} · {model['label']}", "the input is at the bottom", sentence
    )
    top = still.top + 22
    places = {row["index"]: top + ROW * (len(rows) - 1 - row["index"]) for row in rows}
    titles = {NAME: "layer", SHARING: "K/V", HEADS: "heads", PARAMETERS: "parameters"}
    for x, words in (titles | {CACHE: f"cache after {tokens:,} tokens; dashed: without"}).items():
        still.text(x, still.top + 8, words, SOFT, 11)
    most = {
        "parameters": max(sum(row["parameters"].values()) for row in rows),
        "cache": max(row["alone_per_token"] * tokens for row in rows),
    }
    for row in rows:
        still.place(f"layer.{row['index']}", NAME - 6, places[row["index"]], still.width - NAME - 12, ROW)
        _row(still, row, places[row["index"]], tokens, most)
    _lines(still, rows, places)
    _legend(still, rows, top + ROW * len(rows) + 14)
    return still


def _row(still: Still, row: dict[str, Any], y: int, tokens: int, most: dict[str, int]) -> None:
    still.text(NAME, y + ROW / 2, f"{row['index']}  {row['kind']}", INK if row["kind"] == "global" else SOFT, 12)
    words = f"{row['heads']} on {row['kv_heads']} x {row['head_dim']}"
    still.text(HEADS, y + ROW / 2, words, INK, 12)
    x, scale = float(PARAMETERS), (CACHE - PARAMETERS - 30) / most["parameters"]
    for part, count in row["parameters"].items():
        still.bar(x, y + 3, count * scale, ROW - 6, GREYS.get(part, INK))
        x += count * scale
    room = (still.width - CACHE - 30) / most["cache"]
    still.bar(CACHE, y + 4, content.cached_bytes(row, tokens) * room, ROW - 8)
    still.dashes(CACHE, y + ROW - 3, row["alone_per_token"] * tokens * room)


def _lines(still: Still, rows: list[dict[str, Any]], places: dict[int, int]) -> None:
    lenders = [row for row in rows if row["borrowers"]]
    for row in rows:
        if not row["borrows"]:
            y = places[row["index"]] + ROW / 2
            still.dot(SHARING + 3, y, 3, INK if row["borrowers"] else None, INK)
    for lane, row in enumerate(lenders):
        spine, start = SHARING + 16 + 12 * lane, places[row["index"]] + ROW / 2
        still.line([(SHARING + 6, start), (spine, start)], ACCENT)
        for borrower in row["borrowers"]:
            y = places[borrower] + ROW / 2
            still.line([(spine, start), (spine, y), (SHARING + 52, y)], ACCENT)
            still.area([(SHARING + 56, y), (SHARING + 50, y - 3), (SHARING + 50, y + 3)], ACCENT)


def _legend(still: Still, rows: list[dict[str, Any]], y: int) -> None:
    x = PARAMETERS - 160
    for part, fill in GREYS.items():
        if any(part in row["parameters"] for row in rows):
            still.bar(x, y - 5, 10, 10, fill)
            still.text(x + 14, y, part, SOFT, 11)
            x += 34 + 7 * len(part)
