"""Which heads AttentionExplorer shows unasked: those furthest above what uniform rows would score."""

from __future__ import annotations

from collections.abc import Mapping

from g4lab.tracing.heads import FoundHead, HeadScores
from g4lab.tracing.trace import Trace

SHARES = ("induction", "previous token", "duplicate token", "sink mass")
"""Scores that are a share of attention, so that their excess over the null can be compared."""


def standing_out(
    trace: Trace, scores: Mapping[str, HeadScores], rows: int = 1, kind: str | None = None
) -> tuple[str, FoundHead] | None:
    """The head (of layers of a kind) furthest above its null by a share, where so many rows could answer."""
    ranked = [(name, found) for name in SHARES if name in scores for found in scores[name].ranked("excess")]
    fit = [(name, f) for name, f in ranked if f.rows >= rows and kind in (None, trace.plan[f.layer]["kind"])]
    return max(fit, key=lambda pair: pair[1].excess, default=None)


def worth_holding(trace: Trace, scores: Mapping[str, HeadScores]) -> list[tuple[int, int]]:
    """A head of a global layer, since local ones show nothing of what is far, and the two best by each score."""
    far = standing_out(trace, scores, kind="global")
    tops = [found for each in scores.values() for found in each.ranked("excess")[:2]]
    return [(found.layer, found.head) for found in ([far[1]] if far else []) + tops]
