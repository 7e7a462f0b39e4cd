"""Softmax as Gemma takes it: in float32, whatever goes in."""

from __future__ import annotations

from keras import ops


def softmax(x):
    """Positive numbers that sum to one over the last axis.

    Shapes: x [...,S] -> float32 [...,S].
    """
    x = ops.cast(x, "float32")
    # Keras warns of a softmax over a single entry; a query that has one key to read is no mistake.
    return ops.ones_like(x) if x.shape[-1] == 1 else ops.softmax(x, axis=-1)
