"""Scores of every head of a trace, and the heads that stand out by one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.measure import MEAN_TOKENS, Measure, Null
from g4lab.tracing.row_scores import SCORES, Rows, RowScore, share_on, uniform_pattern
from g4lab.tracing.sweep import Block, sweep
from g4lab.tracing.trace import Segment, Trace

UNIFORM = "the same weight for every key that the row may see"


class FoundHead(NamedTuple):
    """A head with its score, and what a uniform head of its layer scores."""

    layer: int
    head: int
    value: float
    null: float
    rows: int

    @property
    def excess(self) -> float:
        """How far the score lies above the null."""
        return self.value - self.null


@dataclass(frozen=True, eq=False)
class HeadScores:
    """One score of all heads, averaged over the rows that could answer.

    NaN where no row of the layer could: for its window, or because nothing repeats. `nulls` are the scores of a head
    that gives every visible key the same weight. The mean of fewer than `MEAN_TOKENS` rows is no ground for a claim.

    Shapes: layers int [L], values [L,N], nulls [L], rows int [L].
    """

    name: str
    layers: tuple[int, ...]
    values: np.ndarray
    nulls: np.ndarray
    rows: np.ndarray

    @cached_property
    def excess(self) -> np.ndarray:
        """Shapes: -> [L,N]."""
        return self.values - self.nulls[:, None]

    def ranked(self, by: str = "value", lowest: bool = False) -> list[FoundHead]:
        """All heads that have a score, the highest (or lowest) first.

        `by` is "value", or "excess" over the null, which is fairer between layers that see different numbers of keys.

        Raises: InputError.
        """
        if by not in ("value", "excess"):
            raise InputError(f"heads cannot be ranked by {by!r}", "HeadScores.ranked", 'give "value" or "excess"')
        key = (self.values if by == "value" else self.excess).ravel()
        places = [i for i in np.argsort(key if lowest else -key, kind="stable") if np.isfinite(key[i])]
        return [self._found(*np.unravel_index(i, self.values.shape)) for i in places]

    def measure(self, layer: int, head: int) -> Measure:
        """One head's score beside its null, or that too few rows could answer.

        Raises: InputError when the head was not scored.
        """
        if layer not in self.layers or not 0 <= head < self.values.shape[1]:
            raise InputError(f"head {head} of layer {layer} was not scored", self.name, f"layers: {self.layers}")
        found = self._found(self.layers.index(layer), head)
        if found.rows < MEAN_TOKENS:
            return Measure(self.name, found.rows, MEAN_TOKENS, of="rows")
        return Measure(self.name, found.rows, MEAN_TOKENS, found.value, Null(found.null, UNIFORM), of="rows")

    def _found(self, row: int, head: int) -> FoundHead:
        return FoundHead(
            self.layers[row], int(head), float(self.values[row, head]), float(self.nulls[row]), int(self.rows[row])
        )


def score_heads(
    trace: Trace,
    scores: Sequence[str] | dict[str, RowScore] | str = tuple(SCORES),
    layers: Iterable[int] | None = None,
    queries: slice | Sequence[int] | np.ndarray | None = None,
    watch: Callable[[Block], None] | None = None,
) -> dict[str, HeadScores]:
    """Score every head of the layers (None: all) by each of the scores; each pattern is computed once.

    `scores` are names of `SCORES`, or functions by any name. `queries` are the rows to average over (None: all), such
    as the tokens that were generated. `watch` is shown every block of rows that is computed on the way.

    Raises: InputError for an unknown score or layer, or when queries and keys were not recorded.
    """
    functions = _functions(scores)
    layers = tuple(range(len(trace.plan)) if layers is None else layers)
    in_blocks = {name: score for name, score in functions.items() if getattr(score, "of_blocks", False)}
    asked = np.zeros(len(trace), bool)
    asked[slice(None) if queries is None else queries] = True
    means = {name: _Means(trace, layers) for name in functions}
    if in_blocks or watch:
        for rows, blocks in sweep(trace, layers):
            here = asked[rows.queries]
            uniform = uniform_pattern(rows.visible)
            nulls = {name: score(uniform, rows)[here] for name, score in in_blocks.items()}
            for block in blocks:
                for name, score in in_blocks.items():
                    means[name].add(block.layer, score(block.patterns, rows)[:, here], nulls[name])
                if watch:
                    watch(block)
    for name in functions.keys() - in_blocks.keys():
        for layer in layers:
            rows = Rows(np.array([token.id for token in trace.tokens]), trace.visible(layer))
            patterns = (trace.attention(layer, head) for head in range(trace.plan[layer]["heads"]))
            found = np.stack([functions[name](pattern, rows)[asked] for pattern in patterns])
            means[name].add(layer, found, functions[name](uniform_pattern(rows.visible), rows)[asked])
    return {name: means[name].scores(name) for name in functions}


def find_heads(
    trace: Trace,
    score: str | RowScore,
    k: int = 10,
    by: str = "value",
    lowest: bool = False,
    layers: Iterable[int] | None = None,
) -> list[FoundHead]:
    """The k heads with the highest (or lowest) score, by name or by a function of (pattern, rows).

    Raises: InputError, also when no row of any layer could answer.
    """
    if callable(score):
        score = {getattr(score, "__name__", "score"): score}
    ((name, scores),) = score_heads(trace, score, layers).items()
    found = scores.ranked(by, lowest)
    if not found:
        raise InputError(
            f'"{name}" has no answer in any row',
            f"{trace!r}",
            "no token has what it asks for inside a window: use a longer text, or one that repeats",
        )
    return found[:k]


def segment_scores(trace: Trace, layers: Iterable[int] | None = None, queries=None) -> dict[Segment, HeadScores]:
    """How much every head reads from each segment of the trace, beside the segment's share of the visible keys.

    Raises: InputError when the trace has no segments.
    """
    if not trace.segments:
        raise InputError("the trace has no segments", repr(trace), "trace a conversation, or use share_on(start, end)")
    names = {f"share on {s.kind} {s.start}-{s.end}": s for s in trace.segments}
    functions = {name: share_on(segment.start, segment.end) for name, segment in names.items()}
    return {names[name]: scores for name, scores in score_heads(trace, functions, layers, queries).items()}


def sink_rate(scores: HeadScores, above: float = 0.3) -> float:
    """The share of heads whose mean sink mass is above a threshold; heads without an answer do not count.

    Source: Gu et al., When Attention Sink Emerges in Language Models (arXiv 2410.10781), threshold 0.3.
    """
    known = scores.values[np.isfinite(scores.values)]
    return float((known > above).mean()) if known.size else float("nan")


def _functions(scores) -> dict[str, RowScore]:
    if isinstance(scores, dict):
        return scores
    names = [scores] if isinstance(scores, str) else list(scores)
    for name in names:
        if name not in SCORES:
            raise InputError(f"no score is called {name!r}", "score_heads", f"choose from {', '.join(SCORES)}")
    return {name: SCORES[name] for name in names}


class _Means:
    """Means over rows that come in blocks; rows without an answer do not count."""

    def __init__(self, trace: Trace, layers: tuple[int, ...]):
        self.layers = layers
        known = [layer for layer in layers if 0 <= layer < len(trace.plan)]
        most = max((trace.plan[layer]["heads"] for layer in known), default=0)
        # the last column is the null
        self.total, self.rows = np.zeros((len(layers), most + 1)), np.zeros((len(layers), most + 1), int)

    def add(self, layer: int, found: np.ndarray, null: np.ndarray) -> None:
        """Shapes: found [N,R], null [R]."""
        place = self.layers.index(layer)
        for values, columns in ((found, slice(len(found))), (null[None], slice(-1, None))):
            known = np.isfinite(values)
            self.total[place, columns] += np.where(known, values, 0).sum(-1, dtype=np.float64)
            self.rows[place, columns] += known.sum(-1)

    def scores(self, name: str) -> HeadScores:
        nothing = np.full(self.total.shape, np.nan)
        means = np.divide(self.total, self.rows, out=nothing, where=self.rows > 0)
        return HeadScores(name, self.layers, means[:, :-1], means[:, -1], self.rows[:, -1])
