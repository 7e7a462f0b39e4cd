"""What AttentionExplorer shows: thumbnails of all heads, who sees whom, and scores beside their nulls."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.heads import HeadScores
from g4lab.tracing.row_scores import Rows
from g4lab.tracing.sweep import Block
from g4lab.tracing.trace import Trace
from g4lab.tracing.value_weighted import SITES, weighted_by
from g4lab.widgets import attention_holding as holding
from g4lab.widgets.pack import smallest_uint

HELD_BYTES = 1_000_000
"""Full-size heads that a live view begins with; the kernel sends the others when they are asked for."""

PAGE_BYTES = 1_800_000
"""HTML of a static page with as many heads as fit; an output has a still picture as well, and 2 MB in all."""

EXACT_BYTES = 4_000_000
"""A head that is fetched comes with all its digits up to this size; above it, its exact rows are fetched one by one."""

THUMB, THUMBS_BYTES = 64, 600_000
"""The most cells on a side of a thumbnail, and the most bytes of all of them."""


def checked(trace: Trace) -> Trace:
    """The trace, if queries and keys of every layer are in it. Raises: InputError."""
    for row in trace.plan:
        for site in (f"layers.{row['index']}.attention.q", f"layers.{row['owner']}.attention.k"):
            if site not in trace:
                advice = f"record it: model.trace(prompt, sites={list(SITES)})"
                raise InputError(f'the trace holds no "{site}"', repr(trace), advice)
    return trace


def side(trace: Trace) -> int:
    """Cells on a side of a thumbnail: fewer where there are many heads."""
    heads = sum(row["heads"] for row in trace.plan)
    return max(8, min(len(trace), THUMB, int((THUMBS_BYTES / heads) ** 0.5))) if len(trace) > 8 else len(trace)


def max_pooled(patterns: np.ndarray, tokens: int, cells: int, rows: Rows) -> tuple[slice, slice, np.ndarray]:
    """The largest weight in each cell of a coarser grid; a mean would wash out stripes one token wide.

    Shapes: patterns [N,R,S], the rows of a block -> the cells that it reaches (queries, keys), [N,cells,cells].
    """
    return _pooled(patterns, np.arange(cells) * tokens // cells, rows.queries, rows.places)


def pooled_head(trace: Trace, layer: int, head: int, most: int, lengths: np.ndarray | None = None) -> np.ndarray:
    """One head, with the largest weight in each cell where it has more than `most` rows; by its values, with lengths.

    Shapes: lengths [S] -> [P,P].
    """
    cells = min(len(trace), most)
    starts, pooled = np.arange(cells) * len(trace) // cells, np.zeros((cells, cells), np.float32)
    for rows, seen, block in trace.attention_blocks(layer, head):
        places = (np.arange(part.start, part.stop) for part in (rows, seen))
        # a block has every key that its rows see, so that the sum of a row is whole
        block = block if lengths is None else weighted_by(block, lengths[seen])
        queries, keys, found = _pooled(block, starts, *places)
        here = pooled[queries, keys]
        np.maximum(here, found[0], out=here)
    return pooled


def pooled_null(trace: Trace, layer: int, most: int, lengths: np.ndarray | None = None) -> np.ndarray:
    """The null of `pooled_head`: every row reads all that it sees with one weight. Shapes: lengths [S] -> [P,P]."""
    cells = min(len(trace), most)
    starts, pooled = np.arange(cells) * len(trace) // cells, np.zeros((cells, cells), np.float32)
    for query, (first, end) in enumerate(zip(*trace.key_bounds(layer), strict=True)):
        row = np.full((1, 1, end - first), 1 / (end - first))
        row = row if lengths is None else weighted_by(row, lengths[first:end])
        queries, keys, found = _pooled(row, starts, np.array([query]), np.arange(first, end))
        here = pooled[queries, keys]
        np.maximum(here, found[0], out=here)
    return pooled


def _pooled(patterns, starts, queries, places) -> tuple[slice, slice, np.ndarray]:
    rows, firsts = _cells(starts, queries)
    keys, columns = _cells(starts, places)
    return rows, keys, np.maximum.reduceat(np.maximum.reduceat(patterns, columns, axis=2), firsts, axis=1)


def _cells(starts: np.ndarray, places: np.ndarray) -> tuple[slice, np.ndarray]:
    """The cells that some positions in a row lie in, and where among them each cell begins."""
    low, high = np.searchsorted(starts, (places[0], places[-1]), side="right")
    cells = slice(int(low) - 1, int(high))
    return cells, np.maximum(starts[cells] - places[0], 0)


class Thumbnails:
    """Every head, max-pooled, block by block. Shapes: `pooled` float32 [heads of all layers, P, P]."""

    def __init__(self, trace: Trace):
        self.tokens, self.cells = len(trace), side(trace)
        heads = [row["heads"] for row in trace.plan]
        self.starts = np.cumsum([0, *heads])
        self.pooled = np.zeros((self.starts[-1], self.cells, self.cells), np.float32)

    def take(self, block: Block) -> None:
        """Pool some rows of the heads of one layer."""
        queries, keys, pooled = max_pooled(block.patterns, self.tokens, self.cells, block.rows)
        here = self.pooled[self.starts[block.layer] : self.starts[block.layer + 1], queries, keys]
        np.maximum(here, pooled, out=here)

    def shades(self) -> np.ndarray:
        """The square root of a weight in 255 steps, so that small weights are seen. Shapes: -> uint8, as `pooled`."""
        return np.rint(255 * np.sqrt(np.minimum(self.pooled, 1))).astype(np.uint8)


def all_heads(trace: Trace) -> list[tuple[int, int]]:
    """Every (layer, head), from the input upward."""
    return [(row["index"], head) for row in trace.plan for head in range(row["heads"])]


def bounds(trace: Trace) -> tuple[list[int], dict[str, np.ndarray]]:
    """Which keys each query sees, once for all layers that are alike: for each layer its row in the arrays.

    Shapes: before, after, in unsigned bytes [kinds of layers, T]: how many keys before and after its own it sees.
    """
    places = np.arange(len(trace))
    kinds: dict[bytes, int] = {}
    of_layer, before, after = [], [], []
    for row in trace.plan:
        first, end = trace.key_bounds(row["index"])
        kind = kinds.setdefault(np.stack([first, end]).tobytes(), len(kinds))
        of_layer.append(kind)
        if kind == len(before):
            before.append(places - first)
            after.append(end - 1 - places)
    packed = {"before": np.stack(before), "after": np.stack(after)}
    return of_layer, {name: smallest_uint(array, int(array.max()) + 1) for name, array in packed.items()}


def visible_pairs(trace: Trace) -> int:
    """Pairs of query and key in all heads."""
    bounds = ((row["heads"], *trace.key_bounds(row["index"])) for row in trace.plan)
    return sum(heads * int((end - first).sum(dtype=np.int64)) for heads, first, end in bounds)


def whole_head(trace: Trace, layer: int, head: int) -> tuple[dict[str, Any], list[np.ndarray]]:
    """One head as the kernel sends it: exactly, or the roots of its weights in 255 steps where that is too large."""
    held = holding.choose(trace, [(layer, head)], EXACT_BYTES)
    if held:
        arrays = list(holding.arrays_of(trace, held[0]).values())
        return {"form": held[0].form}, arrays
    weights = holding.packed_rows(trace, layer, head)
    return {"form": "steps"}, [np.rint(255 * np.sqrt(weights)).astype(np.uint8)]


def score_header(scores: Mapping[str, HeadScores]) -> list[dict[str, Any]]:
    """Names, with each layer's null and how many rows could answer; NaN is None, which JSON can hold."""
    return [
        {
            "name": name,
            "nulls": [None if np.isnan(null) else float(null) for null in found.nulls],
            "rows": found.rows.tolist(),
        }
        for name, found in scores.items()
    ]


def table(trace: Trace, scores: Mapping[str, HeadScores], cuts: Iterable[tuple[int, int]]) -> str:
    """CSV with one line for each head: each score, and what a head with uniform rows scores."""
    out, cuts = io.StringIO(), set(cuts)
    lines = csv.writer(out, lineterminator="\n")
    columns = [part for name in scores for part in (name, f"{name}: uniform", f"{name}: rows")]
    lines.writerow(["layer", "kind", "window", "head", "kv_head", "kv_owner", "cut", *columns])
    for place, row in enumerate(trace.plan):
        for head in range(row["heads"]):
            group = head // (row["heads"] // row["kv_heads"])
            start = [row["index"], row["kind"], row["window"], head, group, row["owner"], (row["index"], head) in cuts]
            values = [
                part
                for found in scores.values()
                for part in (
                    repr(float(found.values[place, head])),
                    repr(float(found.nulls[place])),
                    int(found.rows[place]),
                )
            ]
            lines.writerow([*start, *values])
    return out.getvalue()


def pattern_table(trace: Trace, layer: int, head: int, lengths: np.ndarray | None = None) -> str:
    """CSV with one line for each visible pair of one head; by its values too, where their lengths are given."""
    out, texts = io.StringIO(), [token.text for token in trace.tokens]
    lines = csv.writer(out, lineterminator="\n")
    by_value = [] if lengths is None else ["value_weighted", "value_weighted_uniform"]
    lines.writerow(["query", "query_text", "key", "key_text", "weight", "uniform", *by_value])
    first, end = trace.key_bounds(layer)
    for rows, keys, block in trace.attention_blocks(layer, head):
        for query, row in zip(range(rows.start, rows.stop), block[0], strict=True):
            seen = np.arange(first[query], end[query])
            weights = row[seen - keys.start]
            columns = [weights, np.full(len(seen), 1 / len(seen))]
            if lengths is not None:
                columns += [weighted_by(part, lengths[seen]) for part in columns]
            for key, *numbers in zip(seen, *columns, strict=True):
                lines.writerow([query, texts[query], key, texts[key], *(repr(float(number)) for number in numbers)])
    return out.getvalue()
