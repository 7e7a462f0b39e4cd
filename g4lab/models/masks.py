"""Who may look at whom."""

from __future__ import annotations

from keras import ops

EMPTY = -1
"""The position of a slot that holds no token (padding, or a cache slot not yet written)."""

HIDDEN = -1e30
"""Added to a score that must not count; finite, so that a row without any visible key gives no NaN."""


def visible(query_positions, key_positions, window: int | None):
    """True where a query may read a key: not in its future, inside its window, and not an empty slot.

    Shapes: query_positions [B,T], key_positions [B,S] -> [B,T,S] bool.
    """
    distance = query_positions[:, :, None] - key_positions[:, None, :]
    allowed = ops.logical_and(distance >= 0, key_positions[:, None, :] >= 0)
    return allowed if window is None else ops.logical_and(allowed, distance < window)
