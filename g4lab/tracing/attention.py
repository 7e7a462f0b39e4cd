"""Attention patterns, computed from recorded queries and keys instead of being stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from g4lab.tracing.threads import one_thread

BLOCK_PAIRS = 1 << 20
"""Pairs of query and key that are worked on at a time: 4 MB of float32, which a cache holds."""


def key_bounds(length: int, window: int | None, spans: Iterable[tuple[int, int]] = ()) -> tuple[np.ndarray, np.ndarray]:
    """The first key that each query may read, and the one after its last; it may read all between them.

    Inside each span (start, end) the tokens also see the later ones: the pictures of a local layer. The window counts
    there as well: of a picture longer than the window, its oldest part is out of sight. (keras-hub shows a picture all
    of itself. The two differ for pictures of more than W tokens only.)

    Shapes: -> int32 [T] each.
    Source: transformers modeling_gemma4.py, create_masks_for_vision_model: window and (causal or the same picture).
    """
    positions = np.arange(length, dtype=np.int32)
    first = np.zeros_like(positions) if window is None else np.maximum(positions - np.int32(window - 1), 0)
    end = positions + np.int32(1)
    for start, stop in spans:
        end[start:stop] = np.maximum(end[start:stop], min(stop, length))
    return first, end


def visible_keys(length: int, window: int | None, spans: Iterable[tuple[int, int]] = ()) -> np.ndarray:
    """True where a query may read a key: `key_bounds` as a mask.

    Shapes: -> [T,S] bool with S = T.
    """
    return between(*key_bounds(length, window, spans), 0, length)


def between(first: np.ndarray, end: np.ndarray, low: int, high: int) -> np.ndarray:
    """The mask of some rows' bounds over the keys from `low` up to `high`. Shapes: first, end [R] -> [R,S] bool."""
    places = np.arange(low, high)
    return (places >= first[:, None]) & (places < end[:, None])


def row_blocks(
    first: np.ndarray, end: np.ndarray, heads: int = 1, start: int = 0, stop: int | None = None
) -> Iterator[tuple[slice, slice]]:
    """Blocks of rows from `start` up to `stop`, each with the keys that some of its rows may read.

    So a local layer costs its window for each token, not the whole text, and a global one half of it.
    """
    stop = len(first) if stop is None else stop
    while start < stop:
        width = max(1, int(end[start] - first[start]))
        # many more rows than a window is wide would make pairs that no row sees
        rows = min(max(min(BLOCK_PAIRS // (heads * width), 2 * width), 32), 256, stop - start)
        block = slice(start, start + rows)
        yield block, slice(int(first[block].min()), int(end[block].max()))
        start += rows


def softmax_of_visible(scores: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Softmax over the visible keys, written over the scores. Shapes: scores [...,T,S], visible [T,S] bool."""
    np.copyto(scores, -np.inf, where=~visible)
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def attention_pattern(queries: np.ndarray, keys: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Softmax over the visible keys of query times key.

    Gemma 4 divides by nothing: queries and keys are normed, and their learned scales set the size of a score. The
    sums are made in double precision and rounded once, so that a weight is the same number to its last digit
    whichever rows are computed together, and in a page that computes it for itself.

    Shapes: queries [T,H], keys [S,H], visible [T,S] bool -> [T,S] float32, rows sum to 1.
    Source: transformers modeling_gemma4.py, Gemma4TextAttention (scaling = 1.0, softmax in float32).
    """
    return grouped_patterns(queries[:, None], keys[:, None], visible, np.float64)[0].astype(np.float32)


def grouped_patterns(queries: np.ndarray, keys: np.ndarray, visible: np.ndarray, dtype: type) -> np.ndarray:
    """The patterns of several heads, of which G = N/K share the keys of one K/V head; all sums in `dtype`.

    Shapes: queries [T,N,H], keys [S,K,H], visible [T,S] bool -> [N,T,S].
    """
    (length, heads, _), kv_heads = queries.shape, keys.shape[1]
    # heads that share keys stand side by side: one product for each K/V head
    grouped = queries.astype(dtype).reshape(length, kv_heads, heads // kv_heads, -1).transpose(1, 2, 0, 3)
    stacked = grouped.reshape(kv_heads, heads // kv_heads * length, -1)
    with one_thread():
        scores = stacked @ keys.astype(dtype).transpose(1, 2, 0)
    return softmax_of_visible(scores.reshape(heads, length, -1), visible)
