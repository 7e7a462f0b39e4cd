"""RMS norm, the only norm of the text decoder."""

from __future__ import annotations

from keras import ops

from g4lab.models.part import Part


def rms_norm(x, scale=None, eps: float = 1e-6):
    """Divide by the root mean square over the last axis, in float32, and multiply by `scale` as it is.

    Shapes: x [..., D], scale [D] or None -> [..., D] in x's dtype.
    Differs: Gemma 1 to 3 multiply by (1 + scale); Gemma 4 multiplies by scale.
    """
    y = ops.rms_normalization(ops.cast(x, "float32"), scale, epsilon=eps)
    return ops.cast(y, x.dtype)


class RMSNorm(Part):
    """An RMS norm with one learned scale for each of `size` features."""

    def __init__(self, size: int, eps: float, dtype=None):
        super().__init__(dtype=dtype)
        self.eps = eps
        self.scale = self.add_weight(shape=(size,), initializer="ones", name="scale")

    def call(self, x):
        return rms_norm(x, self.scale, self.eps)
