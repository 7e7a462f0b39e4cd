"""Attention patterns, computed from recorded queries and keys instead of being stored."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def visible_keys(length: int, window: int | None, spans: Iterable[tuple[int, int]] = ()) -> np.ndarray:
    """True where a query may read a key: not in its future and inside its window of keys, itself included.

    Inside each span (start, end) the tokens also see the later ones: the pictures of a local layer.

    Shapes: -> [T,S] bool with S = T.
    """
    positions = np.arange(length)
    distance = positions[:, None] - positions[None, :]
    allowed = distance >= 0
    for start, end in spans:
        allowed[start:end, start:end] = True
    return allowed if window is None else allowed & (distance < window)


def attention_pattern(queries: np.ndarray, keys: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Softmax over the visible keys of query times key.

    Gemma 4 divides by nothing: queries and keys are normed, and their learned scales set the size of a score.

    Shapes: queries [T,H], keys [S,H], visible [T,S] bool -> [T,S] float32, rows sum to 1.
    Source: transformers modeling_gemma4.py, Gemma4TextAttention (scaling = 1.0, softmax in float32).
    """
    scores = queries.astype(np.float32) @ keys.astype(np.float32).T
    scores = np.where(visible, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)
