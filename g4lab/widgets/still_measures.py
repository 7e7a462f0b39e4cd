"""Metrics beside their nulls in a still picture; the rows are those of the page (routing_statistics.measure_row)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from g4lab.widgets.still import BAND, INK, LINE, SOFT, WARN, Still, wrapped
from g4lab.widgets.still_parts import LEFT, WIDTH, Part

ROW, VALUE, GAUGE, GAUGED, WORDS = 36, 396, 410, 130, 552
PLACES = {-1: "below its band", 0: "inside its band", 1: "above its band"}


def too_small(row: dict[str, Any]) -> str:
    """That a sample is too small for a claim."""
    return f"too few {row['of']} for a claim ({row['sample']}; it needs {row['needed']})"


def against_null(row: dict[str, Any]) -> str:
    """How a value stands to its null: "x 2.3 of chance, above its band"."""
    if not row["enough"]:
        return too_small(row)
    if "expected" not in row:
        return ""
    against, expected = row["against"], row["expected"]
    ratio = f"x {row['value'] / expected:.2g} of {against}" if expected else f"{against} gives 0"
    place = PLACES.get(row["beyond"])
    return f"{ratio}, {place}" if place else ratio


def null_in_numbers(row: dict[str, Any]) -> str:
    """The null of a row that allows a claim as a number with its band: "null 0.21 (0.11 to 0.33 in 99 %)"."""
    parts = []
    if "expected" in row:
        low = "up" if row["low"] is None else f"{row['low']:.3g}"
        band = "" if row["high"] is None else f" ({low} to {row['high']:.3g} in {100 * row['level']:g} %)"
        parts.append(f"null {row['expected']:.3g}{band}")
    if row["even"] is not None:
        parts.append(f"even: {row['even']:.3g}")
    return "; ".join(parts)


def measures(rows: Sequence[dict[str, Any]]) -> Part:
    """Two lines a row: name, value, bar on the band of the null and the words; below them what both are."""

    def draw(still: Still, top: float) -> None:
        for index, row in enumerate(rows):
            _row(still, row, top + ROW * index)

    return Part(ROW * len(rows) + 8, draw)


def _row(still: Still, row: dict[str, Any], y: float) -> None:
    still.line([(LEFT, y), (WIDTH - LEFT, y)], LINE)
    still.text(LEFT, y + 11, row["name"], INK, 12)
    still.text(LEFT, y + 26, row["convention"], SOFT, 11)
    # where there is no claim there is no null either, and its line is free for words
    for line, words in enumerate(wrapped(against_null(row), WIDTH - LEFT - WORDS)):
        still.text(WORDS, y + 11 + 15 * line, words, INK, 11)
    if row["enough"]:
        still.text(WORDS, y + 26, null_in_numbers(row), SOFT, 11)
    if row["enough"] and row["value"] is not None:
        still.text(VALUE, y + 11, f"{row['value']:.7g}", INK, 12, "rm")
        _gauge(still, row, y + 6)


def _gauge(still: Still, row: dict[str, Any], y: float) -> None:
    """The value from 0 as a bar, on the band of its null, crossed by the line of the null."""
    value, expected, low, high = row["value"], row.get("expected", 0.0), row.get("low"), row.get("high")
    ends = [value, expected, low or 0.0, high or 0.0]
    least = min(0.0, *ends)
    scale = GAUGED / (1.08 * max(max(ends) - least, 1e-12))

    def at(number: float) -> float:
        return GAUGE + (number - least) * scale

    if high is not None:
        still.bar(at(least if low is None else low), y, at(high) - at(least if low is None else low), 18, BAND)
    still.box(min(at(0), at(value)), y + 5, abs(at(value) - at(0)), 8, INK)
    still.line([(at(expected), y), (at(expected), y + 18)], WARN, 2)
