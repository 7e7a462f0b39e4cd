"""Cutting heads: what a head writes is put to 0, for every token."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from g4lab.models.sites import Edit


def edits(cuts: Iterable[tuple[int, int]], heads: int) -> dict[str, Edit]:
    """Edits that zero the output of (layer, head) pairs, before the output projection mixes the heads.

    The mask is an operand, so that cutting another head of a layer compiles nothing anew.

    Shapes: layers.i.attention.heads [B,T,N,H] times a mask [N,1].
    """
    cuts = sorted(set(cuts))
    found = {}
    for layer in sorted({layer for layer, _ in cuts}):
        mask = np.ones((heads, 1), np.float32)
        mask[[head for other, head in cuts if other == layer]] = 0
        found[f"layers.{layer}.attention.heads"] = Edit(_masked, mask)
    return found


def _masked(x, mask):
    from keras import ops

    return x * ops.cast(mask, x.dtype)
