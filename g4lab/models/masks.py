"""Who may look at whom."""

from __future__ import annotations

from keras import ops

EMPTY = -1
"""The position of a slot that holds no token (padding, or a cache slot not yet written)."""

HIDDEN = -1e30
"""Added to a score that must not count; finite, so that a row without any visible key gives no NaN."""


def visible(query_positions, key_positions, window: int | None, ends=None):
    """True where a query may read a key: not in its future, inside its window, and not an empty slot.

    Where `ends` are given, a query sees up to that position: tokens of one picture see each other both ways. The
    window counts there too, so of a picture longer than the window the oldest part is out of sight.

    Shapes: query_positions and ends [B,T], key_positions [B,S] -> [B,T,S] bool.
    Differs: keras-hub shows a picture all of itself, whatever the window, and none of its later tokens where it reads
    a prompt into a cache.
    Source: transformers `create_masks_for_vision_model`: window and (causal or the same picture).
    """
    distance = query_positions[:, :, None] - key_positions[:, None, :]
    past = distance >= 0 if ends is None else key_positions[:, None, :] <= ends[:, :, None]
    allowed = ops.logical_and(past, key_positions[:, None, :] >= 0)
    return allowed if window is None else ops.logical_and(allowed, distance < window)
