"""From patches to soft tokens: the mean over each square of patches, by position."""

from __future__ import annotations

from keras import ops

from g4lab.models.masks import EMPTY


def pooled(x, positions, pooling: int):
    """The mean over the pooling x pooling patches of each soft token, row by row; zeros past a picture's last one.

    A picture has whole squares of patches, so patches / pooling^2 soft tokens have room for all of them.

    Shapes: x [B,T,D], positions [B,T,2] of (column, row), EMPTY where there is no patch -> float32 [B,U,D].
    Source: transformers `Gemma4VisionPooler`.
    """
    there = positions[..., 0] != EMPTY
    positions = ops.maximum(positions, 0)
    columns = (ops.max(positions[..., 0], axis=1, keepdims=True) + 1) // pooling
    token = positions[..., 0] // pooling + columns * (positions[..., 1] // pooling)
    token = ops.where(there, token, -1)  # a patch that is none belongs to no token
    numbers = ops.arange(x.shape[1] // pooling**2, dtype=token.dtype)
    share = ops.cast(token[:, None, :] == numbers[None, :, None], "float32") / pooling**2
    # 0 times what padding holds must be 0
    x = ops.where(there[..., None], ops.cast(x, "float32"), 0.0)
    return ops.matmul(share, x)
