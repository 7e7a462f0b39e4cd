"""Local attention of a long text, window by window.

A local layer of a text of many windows would score every pair of tokens and hide nearly all. Cut into windows of W, a
token's W keys lie in its own window and the one before: 2W scores a token, whatever the length. The windows stand in
the batch, so that attention itself does not know. Positions must rise along the text (padding aside), as they do
wherever tokens stand in order.
"""

from __future__ import annotations

from keras import ops

from g4lab.models.masks import EMPTY, visible


def worth_cutting(queries: int, keys: int, window: int | None) -> bool:
    """Whether windows save work: all keys are the queries' own tokens, and more than two windows of them."""
    return window is not None and queries == keys and queries > 2 * window


def visible_in_windows(positions, window: int):
    """As `visible`, for every window's queries and the keys of that window and the one before.

    Shapes: positions [B,T] -> [B * windows, W, 2W] bool.
    """
    return visible(_windows(positions, window, 1, EMPTY), _windows_and_before(positions, window, 1, EMPTY), window)


def cut(query, keys, values, window: int):
    """Shapes: query [B,T,N,H], keys and values [B,K,T,H] -> [B * windows, W, N, H], twice [B * windows, K, 2W, H]."""
    return _windows(query, window, 1), _windows_and_before(keys, window, 2), _windows_and_before(values, window, 2)


def joined(x, length: int):
    """Shapes: [B * windows, W, ...] -> [B,T,...], without what filled the last window."""
    windows = -(-length // x.shape[1])
    return ops.reshape(x, (-1, windows * x.shape[1], *x.shape[2:]))[:, :length]


def _windows(x, window: int, axis: int, filler=0):
    """Shapes: [B,...,T,...] -> [B * windows, ..., W, ...]."""
    return _into_batch(_split(x, window, axis, 0, filler), axis)


def _windows_and_before(x, window: int, axis: int, filler=0):
    """Shapes: [B,...,T,...] -> [B * windows, ..., 2W, ...]; before the first window there is filler."""
    split = _split(x, window, axis, window, filler)
    count = split.shape[axis]
    before, own = (ops.take(split, ops.arange(i, count - 1 + i, dtype="int32"), axis=axis) for i in (0, 1))
    return _into_batch(ops.concatenate([before, own], axis=axis + 1), axis)


def _split(x, window: int, axis: int, front: int, filler):
    """Shapes: [B,...,T,...] -> [B,...,windows,W,...], with `front` and what the last window lacks filled."""
    length = x.shape[axis]
    padding = [(front, -length % window) if i == axis else (0, 0) for i in range(len(x.shape))]
    padded = ops.pad(x, padding, constant_values=filler)
    return ops.reshape(padded, (-1, *x.shape[1:axis], padded.shape[axis] // window, window, *x.shape[axis + 1 :]))


def _into_batch(x, axis: int):
    """Shapes: [B,...,windows,W,...] -> [B * windows, ..., W, ...]."""
    axes = (0, axis, *(i for i in range(1, len(x.shape)) if i != axis))
    x = ops.transpose(x, axes)
    return ops.reshape(x, (-1, *x.shape[2:]))
