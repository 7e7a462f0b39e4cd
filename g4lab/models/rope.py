"""Rotary positions: a pair of features turns by an angle that grows with the token's position."""

from __future__ import annotations

from keras import ops


def angles(positions, frequencies):
    """Cosine and sine for each position and pair, always in float32.

    Shapes: positions [B,T] int, frequencies [H/2] -> two of [B,T,1,H/2].
    """
    turn = ops.cast(positions, "float32")[:, :, None, None] * ops.convert_to_tensor(frequencies)
    return ops.cos(turn), ops.sin(turn)


def rotate(x, cos, sin):
    """Turn feature i together with feature i + H/2.

    Shapes: x [B,T,N,H], cos and sin [B,T,1,H/2] -> [B,T,N,H].
    """
    first, second = ops.split(ops.cast(x, "float32"), 2, axis=-1)
    turned = ops.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
    return ops.cast(turned, x.dtype)
