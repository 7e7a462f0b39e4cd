"""All heads of a trace, some rows at a time: scores and thumbnails read every pattern, and no pattern is ever whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from g4lab.tracing.attention import between, grouped_patterns, row_blocks
from g4lab.tracing.row_scores import Rows
from g4lab.tracing.trace import Trace


class Block(NamedTuple):
    """Some rows of all heads of one layer. Shapes: patterns float32 [N,R,S]."""

    layer: int
    rows: Rows
    patterns: np.ndarray


def sweep(trace: Trace, layers: Iterable[int] | None = None) -> Iterator[tuple[Rows, Iterator[Block]]]:
    """Blocks of rows, and for each the layers whose queries see the same keys: what rows are is worked out once.

    In single precision, as the model itself computes: a weight here is that of `Trace.attention` up to its rounding.

    Raises: InputError, when it reaches a layer that does not exist or whose queries or keys were not recorded.
    """
    ids = np.array([token.id for token in trace.tokens])
    for group in alike(trace, layers):
        first, end = trace.key_bounds(group[0])
        heads = max(trace.plan[layer]["heads"] for layer in group)
        for queries, keys in row_blocks(first, end, heads):
            visible = between(first[queries], end[queries], keys.start, keys.stop)
            rows = Rows(ids, visible, queries.start, keys.start)
            yield rows, (Block(layer, rows, _patterns(trace, layer, queries, keys, visible)) for layer in group)


def alike(trace: Trace, layers: Iterable[int] | None = None) -> list[list[int]]:
    """The layers (None: all) in groups whose queries may read the same keys: the local ones, the global ones."""
    groups: dict[bytes, list[int]] = {}
    for layer in range(len(trace.plan)) if layers is None else layers:
        bounds = np.stack(trace.key_bounds(layer))
        groups.setdefault(bounds.tobytes(), []).append(layer)
    return list(groups.values())


def _patterns(trace: Trace, layer: int, queries: slice, keys: slice, visible: np.ndarray) -> np.ndarray:
    q = trace[f"layers.{layer}.attention.q"][queries]
    k = trace[f"layers.{trace.plan[layer]['owner']}.attention.k"][keys]
    return grouped_patterns(q, k, visible, np.float32)
