"""Attention rollout: from which token each position could have got something, through all layers together.

A heuristic: it takes half of every layer's output to be the stream itself, and knows nothing of the values, the
feed-forward parts, PLE or the norms. Its null is the rollout of uniform heads, which has the same windows.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from g4lab.tracing.row_scores import uniform_pattern
from g4lab.tracing.trace import Trace


def rollout(patterns: Iterable[np.ndarray]) -> np.ndarray:
    """Multiply (A + 1)/2 of the layers, rows kept at a sum of 1; A is the mean of a layer's heads.

    Shapes: patterns [T,S] each, from the input upward -> [L,T,S]: what has been passed on up to each layer.
    Source: Abnar and Zuidema, Quantifying Attention Flow in Transformers (arXiv 2005.00928).
    """
    steps: list[np.ndarray] = []
    for pattern in patterns:
        mixed = (pattern + np.eye(len(pattern))) / 2
        mixed = mixed / mixed.sum(-1, keepdims=True)
        steps.append(mixed @ steps[-1] if steps else mixed)
    return np.stack(steps)


def trace_rollout(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """The rollout of a trace, and that of uniform heads with the same windows.

    Shapes: -> [L,T,S], [L,T,S].
    Raises: InputError when the queries or keys of some layer were not recorded.
    """
    layers = range(len(trace.plan))
    return (
        rollout(mean_pattern(trace, layer) for layer in layers),
        rollout(uniform_pattern(trace.visible(layer)) for layer in layers),
    )


def mean_pattern(trace: Trace, layer: int) -> np.ndarray:
    """The mean of a layer's heads. Shapes: -> [T,S]."""
    heads = trace.plan[layer]["heads"]
    return sum(trace.attention(layer, head).astype(np.float64) for head in range(heads)) / heads
