"""The likeliest next tokens in a still picture: before a change, and after it."""

from __future__ import annotations

from typing import Any

from g4lab.widgets.still import INK, LINE, SOFT, WARN, Still
from g4lab.widgets.still_parts import LEFT, Part, stacked, title
from g4lab.widgets.token_words import piece

ROW, BARS, LONG = 22, 180, 420
"""Pixels of a row, where its bar begins, and how long one of probability 1 is."""


def next_tokens(following: dict[str, Any] | None, changes: str) -> Part | None:
    """Bars of the probabilities, the run before outlined where there is one after; None where nothing is known.

    `following` is what `routing_content.next_tokens` gives.
    """
    if following is None:
        return None
    changed, rows = following["change"] is not None, following["rows"]

    def draw(still: Still, top: float) -> None:
        for index, row in enumerate(rows):
            _row(still, row, top + ROW * index, changed)
        if changed:
            moved = f"changes by {following['change']:+.2f} nats"
            words = f"the log-probability of “{piece(following['favourite'])}” {moved}"
            still.text(LEFT, top + ROW * len(rows) + 10, words, INK, 12)

    named = f"next token; outlined: before, filled: with {changes}" if changed else "next token"
    return stacked(title(named), Part(ROW * (len(rows) + changed) + 6, draw))


def _row(still: Still, row: dict[str, Any], y: float, changed: bool) -> None:
    still.text(BARS - 10, y + ROW / 2, piece(row["text"]), INK, 12, "rm")
    still.line([(BARS, y + 2), (BARS, y + ROW - 2)], LINE)
    still.box(BARS, y + 5, LONG * (row["after"] if changed else row["before"]), ROW - 10, INK)
    if changed:
        still.box(BARS, y + 2, LONG * row["before"], ROW - 4, None, WARN)
    number = f"{percent(row['before'])} to {percent(row['after'])}" if changed else percent(row["before"])
    still.text(BARS + LONG + 12, y + ROW / 2, number, SOFT, 12)


def percent(probability: float) -> str:
    """A probability as the page writes it."""
    return "< 0.1 %" if probability < 0.0005 else f"{100 * probability:.1f} %"
