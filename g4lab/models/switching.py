"""Switching off one branch of a mixture layer: what the dense MLP, or the experts beside it, would add is put to 0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from g4lab.models.sites import Edit

Branch = Literal["dense", "experts"]
BRANCHES: tuple[Branch, ...] = ("dense", "experts")


def edits(off: Iterable[tuple[int, Branch]], layers: Iterable[int]) -> dict[str, Edit]:
    """The edits that put the output of (layer, branch) pairs to 0, in the form that Lab.trace takes.

    Every branch of `layers` gets the same function with its own factor, so that switching another one compiles
    nothing anew. The other branch of the layer then passes the norm of their sum alone.
    """
    off = set(off)
    return {
        f"layers.{layer}.{branch}.output": Edit(_scaled, np.float32((layer, branch) not in off))
        for layer in layers
        for branch in BRANCHES
    }


def _scaled(x, factor):
    """Shapes: x [B,T,D], factor a number."""
    from keras import ops

    return x * ops.cast(factor, x.dtype)
