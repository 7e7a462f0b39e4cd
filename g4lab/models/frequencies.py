"""How fast each pair of features turns: the numbers of rotary positions, without a backend."""

from __future__ import annotations

import numpy as np


def inverse_frequencies(head_dim: int, theta: float, rotary_pairs: int) -> np.ndarray:
    """Radians per position of each pair; pairs past `rotary_pairs` stand still (p-RoPE).

    Shapes: -> [H/2] float32.
    Differs: the exponent is divided by the whole head dim, not by the rotated part of it.
    Source: transformers `_compute_proportional_rope_parameters`.
    """
    exponents = np.arange(0, head_dim, 2, dtype=np.float32) / head_dim
    turning = np.arange(head_dim // 2) < rotary_pairs
    return np.where(turning, 1.0 / np.power(np.float32(theta), exponents), 0.0).astype(np.float32)
